//! Policy documents: tolerant of everything that IAM accepts (scalars for lists, one statement without a list), and
//! three-valued where a part is not known.

use std::sync::Arc;

use super::condition::{self, Condition};
use super::pattern::{Pattern, Piece, Reading};
use crate::value::Reason;

/// A document before it is understood, from any source.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    Null,
    Text(Vec<Piece>),
    List(Vec<Raw>),
    /// With the reason when further members may exist that could not be read.
    Map(Vec<(Arc<str>, Raw)>, Option<Reason>),
    Unknown(Reason),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub statements: Vec<Statement>,
    /// Set when there may be statements that could not be read.
    pub open: Option<Reason>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Position in the document.
    pub index: usize,
    pub sid: Option<String>,
    pub effect: Effect,
    pub actions: Element,
    pub resources: Element,
    pub principals: Principals,
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// Set when there may be conditions that could not be read.
    pub conditions_open: Option<Reason>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
    Unknown(Reason),
}

/// `Action`/`NotAction` or `Resource`/`NotResource`.
#[derive(Clone, Debug, PartialEq)]
pub enum Element {
    /// Trust policies have no `Resource`.
    Absent,
    Only(Vec<Pattern>),
    /// Everything but these.
    Except(Vec<Pattern>),
    Unknown(Reason),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Principals {
    Absent,
    Only(Vec<Principal>),
    Except(Vec<Principal>),
    Unknown(Reason),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Principal {
    pub kind: PrincipalKind,
    /// Principals know no wildcards but a lone `*`.
    pub value: Pattern,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrincipalKind {
    /// `"Principal": "*"`, which is everyone.
    Everyone,
    Aws,
    Service,
    Federated,
    Other,
}

/// Text of one document that is read, in bytes. IAM's own limit is far lower: "IAM and AWS STS quotas".
const MAX_TEXT: usize = 256 * 1024;

impl Document {
    /// Reads a document; what is malformed becomes unknown, never an error, because IAM decides what is valid.
    pub fn read(raw: &Raw) -> Self {
        if text_size(raw) > MAX_TEXT {
            let reason = Reason::Limit(Arc::from("the policy document is longer than IAM accepts"));
            return Self { statements: Vec::new(), open: Some(reason) };
        }
        let (members, mut open) = match raw {
            Raw::Map(members, open) => (members.as_slice(), open.clone()),
            Raw::Unknown(reason) => return Self { statements: Vec::new(), open: Some(reason.clone()) },
            Raw::Null | Raw::Text(_) | Raw::List(_) => {
                return Self {
                    statements: Vec::new(),
                    open: Some(not_understood("a policy document was expected here")),
                };
            }
        };
        // Without a version the document has that of 2008, which does not know variables.
        let variables = match member(members, "Version") {
            None => open.is_some(),
            Some(Raw::Text(pieces)) if plain(pieces).is_some() => plain(pieces) != Some("2008-10-17"),
            Some(unclear) => {
                open = Some(match unclear {
                    Raw::Unknown(reason) => reason.clone(),
                    Raw::Text(pieces) => reason_of(pieces, "the version is only known after deployment"),
                    _ => not_understood("a version was expected here"),
                });
                true
            }
        };
        let statements = match member(members, "Statement") {
            Some(Raw::Unknown(reason)) => {
                open = Some(reason.clone());
                Vec::new()
            }
            Some(statements) => items(statements)
                .iter()
                .enumerate()
                .map(|(index, statement)| Statement::read(index, statement, variables))
                .collect(),
            None => Vec::new(),
        };
        Self { statements, open }
    }

    /// Statements that allow, or may allow.
    pub fn allows(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.effect != Effect::Deny)
    }

    pub fn denies(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.effect == Effect::Deny)
    }
}

impl Statement {
    fn read(index: usize, raw: &Raw, variables: bool) -> Self {
        let (members, open) = match raw {
            Raw::Map(members, open) => (members.as_slice(), open.clone()),
            Raw::Unknown(reason) => (&[] as &[_], Some(reason.clone())),
            Raw::Null | Raw::Text(_) | Raw::List(_) => {
                (&[] as &[_], Some(not_understood("a policy statement was expected here")))
            }
        };
        let effect = match (member(members, "Effect"), &open) {
            (Some(Raw::Text(pieces)), _) => match plain(pieces) {
                Some("Allow") => Effect::Allow,
                Some("Deny") => Effect::Deny,
                Some(other) => Effect::Unknown(not_understood(format!("`{other}` is not an effect"))),
                None => Effect::Unknown(reason_of(pieces, "the effect is only known after deployment")),
            },
            (Some(Raw::Unknown(reason)), _) | (None, Some(reason)) => Effect::Unknown(reason.clone()),
            (Some(_), _) => Effect::Unknown(not_understood("`Allow` or `Deny` was expected here")),
            (None, None) => Effect::Unknown(not_understood("the statement has no effect")),
        };
        let element = |only: &str, except: &str, fold_case: bool| {
            let read = |raw| patterns(raw, Reading { variables: variables && !fold_case, fold_case });
            match (member(members, only), member(members, except), &open) {
                (Some(Raw::Unknown(reason)), ..)
                | (None, Some(Raw::Unknown(reason)), _)
                | (None, None, Some(reason)) => Element::Unknown(reason.clone()),
                (Some(raw), ..) => Element::Only(read(raw)),
                (None, Some(raw), _) => Element::Except(read(raw)),
                (None, None, None) => Element::Absent,
            }
        };
        let principals = match (member(members, "Principal"), member(members, "NotPrincipal"), &open) {
            (Some(raw), ..) => principals(raw).map_or_else(Principals::Unknown, Principals::Only),
            (None, Some(raw), _) => principals(raw).map_or_else(Principals::Unknown, Principals::Except),
            (None, None, Some(reason)) => Principals::Unknown(reason.clone()),
            (None, None, None) => Principals::Absent,
        };
        let (conditions, conditions_open) = match member(members, "Condition") {
            Some(raw) => condition::read(raw, variables),
            None => (Vec::new(), open.clone()),
        };
        Self {
            index,
            sid: match member(members, "Sid") {
                Some(Raw::Text(pieces)) => plain(pieces).filter(|sid| !sid.is_empty()).map(str::to_owned),
                _ => None,
            },
            effect,
            actions: match element("Action", "NotAction", true) {
                Element::Absent => Element::Unknown(not_understood("the statement names no action")),
                named => named,
            },
            resources: element("Resource", "NotResource", false),
            principals,
            conditions,
            conditions_open,
        }
    }

    /// Certainly without a condition.
    pub fn is_unconditional(&self) -> bool {
        self.conditions.is_empty() && self.conditions_open.is_none()
    }
}

impl Element {
    /// Whether the element includes everything: `*` among its patterns, or nothing excepted.
    pub fn is_everything(&self) -> Option<bool> {
        match self {
            Self::Absent => Some(true),
            Self::Only(patterns) if patterns.iter().any(Pattern::is_any) => Some(true),
            Self::Only(patterns) => {
                if patterns.iter().any(|pattern| pattern.reason().is_some()) {
                    None
                } else {
                    Some(false)
                }
            }
            Self::Except(patterns) => Some(patterns.is_empty()),
            Self::Unknown(_) => None,
        }
    }

    /// Whether the element includes a text; `None` when that is not known.
    pub fn includes(&self, text: &str) -> Option<bool> {
        match self {
            Self::Absent => Some(true),
            Self::Only(patterns) => any(patterns, text),
            Self::Except(patterns) => any(patterns, text).map(|included| !included),
            Self::Unknown(_) => None,
        }
    }

    pub fn patterns(&self) -> &[Pattern] {
        match self {
            Self::Only(patterns) | Self::Except(patterns) => patterns,
            Self::Absent | Self::Unknown(_) => &[],
        }
    }

    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Unknown(reason) => Some(reason),
            Self::Only(patterns) | Self::Except(patterns) => patterns.iter().find_map(Pattern::reason),
            Self::Absent => None,
        }
    }

    /// Whether everything that `pattern` stands for is certainly included.
    pub fn covers(&self, pattern: &Pattern) -> bool {
        match self {
            Self::Absent => true,
            Self::Only(patterns) => patterns.iter().any(|own| own.covers(pattern)),
            Self::Except(patterns) => !patterns.iter().any(|own| own.overlaps(pattern)),
            Self::Unknown(_) => false,
        }
    }
}

/// Kleene disjunction over the patterns.
fn any(patterns: &[Pattern], text: &str) -> Option<bool> {
    let mut answer = Some(false);
    for pattern in patterns {
        match pattern.matches(text) {
            Some(true) => return Some(true),
            None => answer = None,
            Some(false) => {}
        }
    }
    answer
}

pub(super) fn member<'a>(members: &'a [(Arc<str>, Raw)], key: &str) -> Option<&'a Raw> {
    members.iter().find(|(name, value)| &**name == key && *value != Raw::Null).map(|(_, value)| value)
}

/// A list, or a single value as a list of one.
pub(super) fn items(raw: &Raw) -> &[Raw] {
    match raw {
        Raw::List(items) => items,
        Raw::Null => &[],
        _ => std::slice::from_ref(raw),
    }
}

pub(super) fn patterns(raw: &Raw, reading: Reading) -> Vec<Pattern> {
    items(raw).iter().map(|item| pattern(item, reading)).collect()
}

fn text_size(raw: &Raw) -> usize {
    match raw {
        Raw::Text(pieces) => pieces.iter().map(Piece::size).sum(),
        Raw::List(items) => items.iter().map(text_size).sum(),
        Raw::Map(members, _) => members.iter().map(|(key, value)| key.len() + text_size(value)).sum(),
        Raw::Null | Raw::Unknown(_) => 0,
    }
}

fn pattern(raw: &Raw, reading: Reading) -> Pattern {
    let unknown = |reason| Pattern::new(&[Piece::Unknown(reason)], reading);
    match raw {
        Raw::Text(pieces) => Pattern::new(pieces, reading),
        Raw::Unknown(reason) => unknown(reason.clone()),
        Raw::Null | Raw::List(_) | Raw::Map(..) => unknown(not_understood("text was expected here")),
    }
}

fn principals(raw: &Raw) -> Result<Vec<Principal>, Reason> {
    let reading = Reading { variables: false, fold_case: false };
    match raw {
        Raw::Unknown(reason) | Raw::Map(_, Some(reason)) => Err(reason.clone()),
        Raw::Map(members, None) => Ok(members
            .iter()
            .flat_map(|(kind, values)| {
                let kind = match &**kind {
                    "AWS" => PrincipalKind::Aws,
                    "Service" => PrincipalKind::Service,
                    "Federated" => PrincipalKind::Federated,
                    _ => PrincipalKind::Other,
                };
                patterns(values, reading).into_iter().map(move |value| Principal { kind, value })
            })
            .collect()),
        other => Ok(patterns(other, reading)
            .into_iter()
            .map(|value| Principal {
                kind: if value.is_any() { PrincipalKind::Everyone } else { PrincipalKind::Other },
                value,
            })
            .collect()),
    }
}

/// The text, when it is literal throughout.
fn plain(pieces: &[Piece]) -> Option<&str> {
    match pieces {
        [Piece::Literal(text)] => Some(text),
        [] => Some(""),
        _ => None,
    }
}

fn reason_of(pieces: &[Piece], otherwise: &str) -> Reason {
    pieces
        .iter()
        .find_map(|piece| match piece {
            Piece::Unknown(reason) => Some(reason.clone()),
            _ => None,
        })
        .unwrap_or_else(|| not_understood(otherwise))
}

fn not_understood(what: impl Into<String>) -> Reason {
    Reason::NotUnderstood(Arc::from(what.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::managed;

    fn document(json: &str) -> Document {
        let json = serde_json::from_str(json).unwrap();
        Document::read(&managed::raw(&json, &|text| Raw::Text(vec![Piece::Literal(Arc::from(text))])))
    }

    #[test]
    fn one_statement_and_one_value_need_no_list() {
        let one = document(r#"{"Statement": {"Effect": "Allow", "Action": "S3:GetObject", "Resource": "*"}}"#);
        let many = document(r#"{"Statement": [{"Effect": "Allow", "Action": ["s3:getobject"], "Resource": ["*"]}]}"#);
        assert_eq!(one, many);
        assert_eq!(one.statements[0].actions.includes("s3:getobject"), Some(true));
        assert_eq!(one.statements[0].resources.is_everything(), Some(true));
    }

    #[test]
    fn variables_need_the_version_of_2012() {
        let value = |version: &str| {
            let statement = r#"{"Effect": "Allow", "Action": "a:b", "Resource": "${aws:username}"}"#;
            let document = document(&format!(r#"{{{version} "Statement": {statement}}}"#));
            document.statements[0].resources.patterns()[0].literal()
        };
        assert_eq!(value(r#""Version": "2012-10-17","#), None);
        assert_eq!(value(r#""Version": "2008-10-17","#).as_deref(), Some("${aws:username}"));
        assert_eq!(value("").as_deref(), Some("${aws:username}"));
    }

    #[test]
    fn not_action_is_everything_else() {
        let statement =
            &document(r#"{"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}"#).statements[0];
        assert_eq!(statement.actions.includes("iam:passrole"), Some(false));
        assert_eq!(statement.actions.includes("s3:getobject"), Some(true));
        assert!(statement.actions.covers(&Pattern::action("s3:*")));
        assert!(!statement.actions.covers(&Pattern::action("i*")));
    }

    #[test]
    fn what_is_malformed_is_unknown() {
        assert!(document("[]").open.is_some());
        let statements = document(r#"{"Statement": ["x", {"Effect": "allow"}, {}]}"#).statements;
        assert!(statements.iter().all(|statement| matches!(statement.effect, Effect::Unknown(_))));
        let long = format!(r#"{{"Statement": {{"Effect": "Allow", "Action": "{}"}}}}"#, "a".repeat(MAX_TEXT));
        assert!(matches!(document(&long).open, Some(Reason::Limit(_))));
        let long = format!(r#"{{"Statement": {{"Effect": "Allow", "Action": "{}"}}}}"#, "a".repeat(4000));
        assert!(document(&long).statements[0].actions.reason().is_some());
    }

    #[test]
    fn conditions_tell_operator_set_and_key_without_case() {
        let condition = r#"{"forallvalues:stringlikeIfExists": {"DynamoDB:LeadingKeys": "x"}, "Null": {"a:b": false}}"#;
        let statement =
            &document(&format!(r#"{{"Statement": {{"Effect": "Allow", "Condition": {condition}}}}}"#)).statements[0];
        let shown: Vec<String> = statement.conditions.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["ForAllValues:StringLikeIfExists dynamodb:leadingkeys", "Null a:b"]);
        assert!(!statement.conditions[0].requires_key());
        assert!(statement.conditions[1].requires_key());
        assert!(!statement.is_unconditional());
    }
}
