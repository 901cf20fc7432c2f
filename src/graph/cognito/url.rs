//! URLs of app clients, taken apart as far as they are known: `!Sub https://${Alb.DNSName}/oauth2/idpresponse` has a
//! known scheme and path although its host is only known after deployment.

use std::sync::Arc;

use crate::graph::{Resources, Typed, text};
use crate::source::Span;
use crate::value::{Address, Kind, Part, Reason, Reference, Value};

#[derive(Clone, Debug, PartialEq)]
pub struct Url {
    pub span: Span,
    /// As written, references as `${…}`.
    pub text: String,
    /// Lower case; empty when the text is no URL.
    pub scheme: Result<String, Reason>,
    pub host: Host,
    /// From the first `/` on, without query and fragment; `/` when there is none.
    pub path: Result<String, Reason>,
    pub has_fragment: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Host {
    /// Lower case, without port and user.
    Name(String),
    /// An attribute of a resource, such as a load balancer's `DNSName`, or its own domain
    /// (`${Api}.execute-api.…`).
    Of(Address),
    Unknown(Reason),
    /// The URL has no host (`myapp:/callback`).
    Absent,
}

impl Url {
    pub fn read(value: &Value, resources: &Resources) -> Self {
        let unknown = |reason: Reason| Self {
            span: value.span,
            text: "?".to_owned(),
            scheme: Err(reason.clone()),
            host: Host::Unknown(reason.clone()),
            path: Err(reason),
            has_fragment: false,
        };
        let parts: Vec<Part> = match &value.kind {
            Kind::Scalar(scalar) => vec![Part::Literal(Arc::from(&*scalar.text))],
            Kind::Ref(reference) => vec![Part::Ref(reference.clone())],
            Kind::Text(parts) => parts.clone(),
            Kind::Unknown(reason) => return unknown(reason.clone()),
            Kind::Null | Kind::List(_) | Kind::Map(_) => {
                return unknown(Reason::NotUnderstood(Arc::from("a URL was expected here")));
            }
        };
        // A private-use character stands for each part that is not literal, so that the text can be cut.
        let mut text = String::new();
        let mut holes = Vec::new();
        for part in parts {
            match part {
                Part::Literal(literal) => text.push_str(&literal),
                hole => {
                    text.push(HOLE);
                    holes.push(hole);
                }
            }
        }
        let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
            if let Some(reason) = holes.first().map(reason_of) {
                return unknown(reason);
            }
            // Cognito refuses it, so it is never taken for compliant.
            let reason = Reason::NotUnderstood(format!("`{text}` is not an absolute URL").into());
            return Self { text, ..unknown(reason) };
        };
        let authority_start = rest.strip_prefix("//");
        let rest = authority_start.unwrap_or(rest);
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let skipped = scheme.matches(HOLE).count();
        let host = if authority_start.is_some() {
            host(authority, holes.get(skipped..).unwrap_or_default(), resources)
        } else {
            Host::Absent
        };
        let path = tail.split(['?', '#']).next().unwrap_or_default();
        let first = holes.first().map(reason_of);
        let literal = |piece: &str| match &first {
            Some(reason) if piece.contains(HOLE) => Err(reason.clone()),
            _ => Ok(piece.to_owned()),
        };
        Self {
            span: value.span,
            text: value.shown().unwrap_or_default(),
            scheme: literal(&scheme.to_ascii_lowercase()),
            host,
            path: literal(if path.is_empty() { "/" } else { path }),
            has_fragment: tail.contains('#'),
        }
    }
}

/// RFC 3986, section 3.1; what is not literal may be one.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == HOLE)
        && text.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.' | HOLE))
}

const RECORD: &str = "AWS::Route53::RecordSet";

const HOLE: char = '\u{e000}';

fn reason_of(part: &Part) -> Reason {
    match part {
        Part::Literal(_) => Reason::NotUnderstood(Arc::from("text")),
        Part::Ref(reference) => Reason::Attribute(Arc::from(reference.to_string())),
        Part::Unknown(reason) => reason.clone(),
    }
}

fn host(authority: &str, holes: &[Part], resources: &Resources) -> Host {
    if !authority.contains(HOLE) {
        let name = authority.rsplit('@').next().unwrap_or(authority);
        let name = name.split(':').next().unwrap_or(name);
        return Host::Name(name.trim_end_matches('.').to_ascii_lowercase());
    }
    // Only a host that *starts* with the reference is the resource's own: `${Api}.execute-api.…`, `${Alb.DNSName}`.
    if let (true, Some(Part::Ref(Reference::Resource { address, .. }))) = (authority.starts_with(HOLE), holes.first())
        && let Some(resource) = resources.get(address)
    {
        // A record is called what it names.
        return match text(resource.prop("Name")) {
            Typed::Known(name, _) if &*resource.kind == RECORD => {
                Host::Name(name.trim_end_matches('.').to_ascii_lowercase())
            }
            _ => Host::Of(address.clone()),
        };
    }
    let unknown = holes.iter().find(|part| !matches!(part, Part::Literal(_))).map(reason_of);
    Host::Unknown(unknown.unwrap_or_else(|| Reason::NotUnderstood(Arc::from("the host is not known"))))
}
