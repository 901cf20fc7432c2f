//! Whether a condition on `dynamodb:LeadingKeys` confines a caller to partition keys derived from its own identity.
//!
//! Source: "Using IAM policy conditions for fine-grained access control" (Amazon DynamoDB Developer Guide): the key has
//! several values and must be compared with `ForAllValues`, which is true when the key is missing.

use crate::iam::condition::{Condition, SetOperator};
use crate::iam::document::Statement;
use crate::iam::pattern::{Pattern, Token};
use crate::value::Reason;

pub(super) const KEY: &str = "dynamodb:leadingkeys";

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Confinement {
    Confined,
    /// Why other people's items can be reached.
    Open(String),
    Unknown(Reason),
}

/// Judges the conditions of an allowing statement for actions that carry the key.
pub(super) fn of_items(statement: &Statement) -> Confinement {
    let mut best = match &statement.conditions_open {
        Some(reason) => Confinement::Unknown(reason.clone()),
        None => Confinement::Open("no condition on `dynamodb:LeadingKeys`".to_owned()),
    };
    // All conditions must hold: the strictest decides.
    for condition in statement.conditions.iter().filter(|condition| &*condition.key == KEY) {
        match (judge(condition), &best) {
            (Confinement::Confined, _) => return Confinement::Confined,
            (Confinement::Unknown(reason), Confinement::Open(_)) => best = Confinement::Unknown(reason),
            (Confinement::Open(problem), Confinement::Open(_)) => best = Confinement::Open(problem),
            _ => {}
        }
    }
    best
}

/// Judges the conditions of an allowing statement for actions that never carry the key.
pub(super) fn of_keyless(statement: &Statement) -> Confinement {
    let on_key = || statement.conditions.iter().filter(|condition| &*condition.key == KEY);
    if on_key().any(Condition::requires_key) {
        // The statement never applies to such an action.
        return Confinement::Confined;
    }
    if let Some(reason) = &statement.conditions_open {
        return Confinement::Unknown(reason.clone());
    }
    if let Some(condition) = on_key().find(|it| it.set == SetOperator::ForAllValues || it.if_exists) {
        return Confinement::Open(format!("they carry no leading keys, and `{condition}` then holds"));
    }
    Confinement::Open("they carry no leading keys".to_owned())
}

fn judge(condition: &Condition) -> Confinement {
    if !condition.compares_text() {
        return Confinement::Open(format!("`{condition}` does not name the keys that are wanted"));
    }
    match condition.set {
        SetOperator::ForAllValues => {}
        SetOperator::None => {
            return Confinement::Open(format!(
                "`{condition}` compares a key of several values without `ForAllValues:`"
            ));
        }
        SetOperator::ForAnyValue => {
            return Confinement::Open(format!("`{condition}` is content with one own key among foreign ones"));
        }
    }
    if condition.values.is_empty() {
        return Confinement::Open(format!("`{condition}` names no value"));
    }
    let mut confinement = Confinement::Confined;
    for value in &condition.values {
        match anchored(value, condition.has_wildcards()) {
            Confinement::Confined => {}
            Confinement::Open(problem) => return Confinement::Open(problem),
            Confinement::Unknown(reason) => confinement = Confinement::Unknown(reason),
        }
    }
    confinement
}

/// Whether a value stands only for keys of the caller: it starts with a variable of the caller's identity, or with
/// fixed text and a delimiter before it, and a wildcard does not let a longer identity through.
fn anchored(value: &Pattern, wildcards: bool) -> Confinement {
    let open = |why: &str| Confinement::Open(format!("the value `{value}` {why}"));
    let wild = |token: &Token| wildcards && matches!(token, Token::Star | Token::One);
    let delimits = |token: &Token| matches!(token, Token::Char(char) if !char.is_alphanumeric());
    let identity =
        value.tokens.iter().position(|token| matches!(token, Token::Variable { name, .. } if is_identity(name)));
    let Some(at) = identity else {
        return match value.reason() {
            Some(reason) if !value.tokens.first().is_some_and(wild) => Confinement::Unknown(reason.clone()),
            _ => open("does not depend on who calls"),
        };
    };
    let before = value.tokens.get(..at).unwrap_or_default();
    let after = value.tokens.get(at + 1..).unwrap_or_default();
    if before.iter().any(wild) {
        return open("has a wildcard before the identity");
    }
    if before.iter().any(|token| matches!(token, Token::Variable { .. })) {
        return open("starts with a variable that is no identity");
    }
    if let Some(reason) = before.iter().chain(after).find_map(reason_of) {
        return Confinement::Unknown(reason);
    }
    let Some(Token::Variable { name, default }) = value.tokens.get(at) else { return Confinement::Confined };
    if default.is_some() {
        return open("has a default, which callers without the identity share");
    }
    // An identity id is a region and a GUID: no other id begins with it or ends in it.
    if &**name == "cognito-identity.amazonaws.com:sub" {
        return Confinement::Confined;
    }
    if before.last().is_some_and(|token| !delimits(token)) {
        return open("has no delimiter before the identity");
    }
    match after.iter().position(wild) {
        Some(wildcard) if !after.get(..wildcard).unwrap_or_default().iter().any(delimits) => {
            open("also matches identities that begin with the caller's: put a delimiter before the wildcard")
        }
        _ => Confinement::Confined,
    }
}

fn reason_of(token: &Token) -> Option<Reason> {
    match token {
        Token::Unknown(reason) => Some(reason.clone()),
        _ => None,
    }
}

/// Variables whose value the identity provider or the one who grants the session decides, never the caller. Source: "IAM
/// and AWS STS condition context keys" (IAM User Guide).
fn is_identity(name: &str) -> bool {
    const KEYS: &[&str] = &["www.amazon.com:user_id", "graph.facebook.com:id"];
    KEYS.contains(&name) || name.ends_with(":sub") || name.starts_with("aws:principaltag/")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::iam::pattern::{Piece, Reading};

    fn value(text: &str) -> Confinement {
        let pattern = Pattern::new(&[Piece::Literal(Arc::from(text))], Reading { variables: true, fold_case: false });
        anchored(&pattern, true)
    }

    #[test]
    fn a_value_that_begins_with_the_identity_confines() {
        for text in [
            "${cognito-identity.amazonaws.com:sub}",
            "${cognito-identity.amazonaws.com:sub}*",
            "USER#${cognito-identity.amazonaws.com:sub}#*",
            "${aws:PrincipalTag/tenant}",
            "T#${aws:PrincipalTag/tenant}#*",
            "${www.amazon.com:user_id}",
        ] {
            assert_eq!(value(text), Confinement::Confined, "{text}");
        }
    }

    #[test]
    fn a_value_that_other_callers_share_or_can_extend_is_open() {
        for text in [
            "*",
            "shared",
            "*${cognito-identity.amazonaws.com:sub}",
            "*${cognito-identity.amazonaws.com:sub}*",
            "T#${aws:PrincipalTag/tenant}*",
            "${graph.facebook.com:id}*",
            "${aws:PrincipalTag/tenant, 'demo'}",
            "T${aws:PrincipalTag/tenant}",
            "${aws:RequestTag/tenant}#x",
            "${aws:username}",
        ] {
            assert!(matches!(value(text), Confinement::Open(_)), "{text}");
        }
    }
}
