//! JWT authorizers: whose tokens they accept, and for whom the tokens must have been issued.

use std::sync::Arc;

use crate::facts::{Fact, Step, Subject, fact_struct};
use crate::graph::apigateway::Authorizer;
use crate::graph::{Graph, Link, Typed};
use crate::input::{Resource, not_understood};
use crate::source::Span;
use crate::value::{Kind, Part, Reason, Reference, Value};

const POOL: &str = "AWS::Cognito::UserPool";
const CLIENT: &str = "AWS::Cognito::UserPoolClient";

fact_struct! {
    /// A JWT authorizer of an HTTP API.
    pub struct JwtAuthorizer {
        /// Logical id, or the name of the security scheme.
        authorizer: String,
        /// `cognito` for a user pool, `other` for another issuer over HTTPS, `insecure` for one without HTTPS, `none`
        /// when no issuer is set.
        issuer: Fact<String>,
        /// The user pool that issues the tokens: its logical id, or its literal id when it was not scanned; empty when
        /// the issuer is no user pool.
        pool: Fact<String>,
        /// The accepted audiences.
        audiences: Fact<Vec<Audience>>,
        /// Whether the token may come in the query string, where logs and histories keep it.
        token_in_query: Fact<bool>,
    }
}

fact_struct! {
    /// One accepted audience.
    pub struct Audience {
        /// As it is written; references as `${Name}`.
        value: String,
        /// `client` (an app client of the issuing pool), `foreign_client` (an app client of another pool), `wildcard`
        /// (empty or with `*`), or `literal` where the issuer is no user pool; unknown when the client was not scanned.
        kind: Fact<String>,
    }
}

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    graph.apigateway.authorizers.iter().filter_map(|authorizer| subject(graph, authorizer)).collect()
}

fn subject(graph: &Graph, authorizer: &Authorizer) -> Option<Subject> {
    let resource = graph.resources.get(&authorizer.key.address)?;
    match &authorizer.kind {
        Typed::Known(kind, _) if kind != "JWT" => return None,
        // Only JWT authorizers have an issuer, and only others have a function.
        Typed::Unknown(..) if matches!(authorizer.issuer, Typed::Absent(_)) && authorizer.function.is_some() => {
            return None;
        }
        Typed::Unknown(reason, span) if matches!(authorizer.issuer, Typed::Absent(_)) => {
            return Some(located(authorizer, resource, &unread(authorizer, reason, *span)));
        }
        Typed::Absent(_) => return None,
        _ => {}
    }
    let issuer = Issuer::read(graph, &authorizer.issuer);
    let facts = JwtAuthorizer {
        authorizer: authorizer.name.to_string(),
        audiences: audiences(graph, authorizer, &issuer),
        issuer: issuer.kind,
        pool: issuer.pool,
        token_in_query: token_in_query(authorizer),
    };
    Some(located(authorizer, resource, &facts))
}

fn located(authorizer: &Authorizer, resource: &Resource, facts: &JwtAuthorizer) -> Subject {
    let subject = Subject::of("jwt_authorizers", resource, facts);
    match &authorizer.key.scheme {
        Some(scheme) => subject.part(scheme, authorizer.span),
        None => subject,
    }
}

/// An authorizer of which it is not known whether it takes tokens.
fn unread(authorizer: &Authorizer, reason: &Reason, span: Span) -> JwtAuthorizer {
    let step = || vec![Step::new("the authorizer's type", span)];
    JwtAuthorizer {
        authorizer: authorizer.name.to_string(),
        issuer: Fact::unknown(reason.clone(), step()),
        pool: Fact::unknown(reason.clone(), step()),
        audiences: Fact::unknown(reason.clone(), step()),
        token_in_query: Fact::unknown(reason.clone(), step()),
    }
}

struct Issuer<'a> {
    kind: Fact<String>,
    pool: Fact<String>,
    resource: Option<&'a Resource>,
    /// A literal pool id.
    literal: Option<String>,
}

impl<'a> Issuer<'a> {
    fn read(graph: &'a Graph, issuer: &Typed<Value>) -> Self {
        let (value, span) = match issuer {
            Typed::Known(value, span) => (value, *span),
            Typed::Absent(span) => {
                let step = vec![Step::new("no issuer is set", *span)];
                return Self::of(Ok("none"), Ok(String::new()), step);
            }
            Typed::Unknown(reason, span) => {
                let step = vec![Step::new("the issuer", *span)];
                return Self::of(Err(reason.clone()), Err(reason.clone()), step);
            }
        };
        let text = value.template().unwrap_or_default();
        let step = |label: String| vec![Step::new(label, span)];
        if text.trim().is_empty() && value.reason().is_none() {
            return Self::of(Ok("none"), Ok(String::new()), step("the issuer is empty".to_owned()));
        }
        if let Some(pool) = pool_of(graph, value) {
            if !is_https(value, &text) {
                return Self::of(Ok("insecure"), Ok(pool.name.to_string()), step(format!("issuer `{text}`")));
            }
            let label = format!("user pool `{}` issues the tokens", pool.name);
            let mut issuer = Self::of(Ok("cognito"), Ok(pool.name.to_string()), step(label));
            issuer.resource = Some(pool);
            return issuer;
        }
        if let Some(id) = literal_pool(&text) {
            let mut issuer = Self::of(Ok("cognito"), Ok(id.clone()), step(format!("issuer `{text}`")));
            issuer.literal = Some(id);
            return issuer;
        }
        if let Some(reason) = value.reason() {
            return Self::of(Err(reason.clone()), Err(reason.clone()), step("the issuer".to_owned()));
        }
        if let Kind::Ref(reference) = &value.kind {
            let reason = Reason::Attribute(Arc::from(reference.to_string()));
            return Self::of(Err(reason.clone()), Err(reason), step("the issuer".to_owned()));
        }
        let kind = if text.starts_with("https://") { "other" } else { "insecure" };
        Self::of(Ok(kind), Ok(String::new()), step(format!("issuer `{text}`")))
    }

    fn of(kind: Result<&str, Reason>, pool: Result<String, Reason>, steps: Vec<Step>) -> Self {
        let kind = Fact { value: kind.map(str::to_owned), evidence: steps.clone() };
        Self { kind, pool: Fact { value: pool, evidence: steps }, resource: None, literal: None }
    }
}

fn pool_of<'a>(graph: &'a Graph, issuer: &Value) -> Option<&'a Resource> {
    match graph.resources.link(issuer, &[POOL]) {
        Link::To(pool) => Some(pool),
        Link::Outside(_) | Link::Unknown(_) => None,
    }
}

/// An HTTPS URL, written out or as the pool's own `ProviderURL`.
fn is_https(issuer: &Value, text: &str) -> bool {
    let provider_url = |reference: &Reference| matches!(reference, Reference::Resource { attribute: Some(attribute), .. } if &**attribute == "ProviderURL");
    match &issuer.kind {
        Kind::Ref(reference) => provider_url(reference),
        Kind::Text(parts) => match parts.iter().find(|part| !matches!(part, Part::Literal(text) if text.is_empty())) {
            Some(Part::Ref(reference)) => provider_url(reference),
            _ => text.starts_with("https://"),
        },
        _ => text.starts_with("https://"),
    }
}

/// The pool's id in `https://cognito-idp.{region}.amazonaws.com/{id}`, when it is literal.
fn literal_pool(issuer: &str) -> Option<String> {
    let (host, id) = issuer.strip_prefix("https://cognito-idp.")?.split_once('/')?;
    let id = id.trim_end_matches('/');
    let literal = !id.is_empty() && !id.contains(['?', '$', '/']);
    (host.contains(".amazonaws.com") && literal).then(|| id.to_owned())
}

fn audiences(graph: &Graph, authorizer: &Authorizer, issuer: &Issuer<'_>) -> Fact<Vec<Audience>> {
    match &authorizer.audience {
        Typed::Known(items, span) => {
            let audiences = items.iter().map(|item| audience(graph, item, issuer)).collect();
            Fact::known(audiences, vec![Step::new("the accepted audiences", *span)])
        }
        Typed::Absent(span) => Fact::known(Vec::new(), vec![Step::new("no audience is set", *span)]),
        Typed::Unknown(reason, span) => Fact::unknown(reason.clone(), vec![Step::new("the audiences", *span)]),
    }
}

fn audience(graph: &Graph, item: &Value, issuer: &Issuer<'_>) -> Audience {
    let written = item.shown().unwrap_or_else(|| "?".to_owned());
    let known = |kind: &str, label: String| Fact::known(kind.to_owned(), vec![Step::new(label, item.span)]);
    let unknown = |reason: Reason| Fact::unknown(reason, vec![Step::new("an audience", item.span)]);
    let kind = match graph.resources.link(item, &[CLIENT]) {
        Link::To(client) => match client_pool(graph, client) {
            Ok(Some(pool)) => match (issuer.resource, &issuer.kind.value) {
                (Some(wanted), _) if wanted.address == pool.address => {
                    known("client", format!("`{}` is an app client of `{}`", client.name, pool.name))
                }
                (_, Err(reason)) => unknown(reason.clone()),
                _ => known("foreign_client", format!("`{}` is an app client of `{}`", client.name, pool.name)),
            },
            Ok(None) => match (&issuer.literal, literal_client_pool(client)) {
                (Some(wanted), Some(own)) if *wanted == own => {
                    known("client", format!("`{}` is an app client of `{own}`", client.name))
                }
                (_, Some(own)) if issuer.resource.is_none() && issuer.kind.value.is_ok() => {
                    known("foreign_client", format!("`{}` is an app client of `{own}`", client.name))
                }
                _ => unknown(Reason::Outside(Arc::from("the app client's user pool"))),
            },
            Err(reason) => unknown(reason),
        },
        Link::Outside(text) if text.trim().is_empty() || text.contains('*') => {
            known("wildcard", format!("audience `{text}`"))
        }
        Link::Outside(text) => match issuer.kind.value.as_deref() {
            Ok("cognito") => {
                unknown(Reason::Outside(Arc::from(format!("app client `{text}`, which the audience names,"))))
            }
            Ok(_) => known("literal", format!("audience `{text}`")),
            Err(reason) => unknown(reason.clone()),
        },
        Link::Unknown(reason) => unknown(reason),
    };
    Audience { value: written, kind }
}

/// The pool of an app client; `None` when it is a literal id.
fn client_pool<'a>(graph: &'a Graph, client: &Resource) -> Result<Option<&'a Resource>, Reason> {
    let Some(pool) = client.prop("UserPoolId").known() else {
        return Err(not_understood(format!("the user pool of app client `{}` is not known", client.name)));
    };
    match graph.resources.link(pool, &[POOL]) {
        Link::To(pool) => Ok(Some(pool)),
        Link::Outside(_) => Ok(None),
        Link::Unknown(reason) => Err(reason),
    }
}

fn literal_client_pool(client: &Resource) -> Option<String> {
    client.prop("UserPoolId").known().and_then(Value::as_str).map(str::to_owned)
}

fn sources(authorizer: &Authorizer) -> Result<Vec<String>, Reason> {
    match &authorizer.identity_source {
        Typed::Known(items, _) => items
            .iter()
            .map(|item| match &item.kind {
                Kind::Scalar(scalar) => Ok(scalar.text.to_string()),
                // `!Sub` takes `$request…` literally, so that only parameters are left to be unknown.
                Kind::Text(parts) => parts
                    .iter()
                    .map(|part| match part {
                        Part::Literal(text) => Ok(text.to_string()),
                        Part::Ref(reference) => Err(Reason::Attribute(Arc::from(reference.to_string()))),
                        Part::Unknown(reason) => Err(reason.clone()),
                    })
                    .collect(),
                Kind::Ref(Reference::Resource { .. } | Reference::Pseudo(_)) => {
                    Err(not_understood("an identity source was expected here"))
                }
                _ => Err(item
                    .reason()
                    .cloned()
                    .unwrap_or_else(|| not_understood("an identity source was expected here"))),
            })
            .collect(),
        Typed::Absent(_) => Ok(Vec::new()),
        Typed::Unknown(reason, _) => Err(reason.clone()),
    }
}

fn token_in_query(authorizer: &Authorizer) -> Fact<bool> {
    let step = vec![Step::new("the identity source", authorizer.identity_source.span())];
    let value = sources(authorizer).map(|sources| sources.iter().any(|source| source.contains(".querystring.")));
    Fact { value, evidence: step }
}

#[cfg(test)]
mod tests {
    use super::literal_pool;

    #[test]
    fn only_literal_pool_ids_are_taken_from_an_issuer() {
        let of = |issuer| literal_pool(issuer);
        assert_eq!(of("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc").as_deref(), Some("eu-west-1_abc"));
        assert_eq!(
            of("https://cognito-idp.${AWS::Region}.amazonaws.com/eu-west-1_abc").as_deref(),
            Some("eu-west-1_abc")
        );
        assert_eq!(of("https://cognito-idp.eu-west-1.amazonaws.com/?"), None);
        assert_eq!(of("https://login.example.com/"), None);
    }
}
