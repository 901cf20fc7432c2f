//! How many resources a statement names.

use crate::iam::document::{Element, Statement};
use crate::iam::pattern::{Pattern, Token};
use crate::value::Reason;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every resource names one thing, or what lies beneath it: a table and its indexes, a bucket and its objects.
    Named,
    /// A wildcard stands for several things: `table/*`, `table/prod-*`.
    Several,
    /// `*`, or an ARN that is nothing but wildcards after the service.
    Everything,
    Unknown(Reason),
}

/// The widest of a statement's resources; an unknown one counts unless another is already everything.
pub fn of(statement: &Statement) -> Scope {
    let patterns = match &statement.resources {
        Element::Absent | Element::Except(_) => return Scope::Everything,
        Element::Unknown(reason) => return Scope::Unknown(reason.clone()),
        Element::Only(patterns) => patterns,
    };
    let mut widest = Scope::Named;
    for scope in patterns.iter().map(of_pattern) {
        widest = match (widest, scope) {
            (Scope::Everything, _) | (_, Scope::Everything) => Scope::Everything,
            (Scope::Unknown(reason), _) | (_, Scope::Unknown(reason)) => Scope::Unknown(reason),
            (Scope::Several, _) | (_, Scope::Several) => Scope::Several,
            (Scope::Named, Scope::Named) => Scope::Named,
        };
    }
    widest
}

/// The scope of one resource: an ARN `arn:partition:service:region:account:resource`, or a reference to one.
pub fn of_pattern(pattern: &Pattern) -> Scope {
    if pattern.is_any() {
        return Scope::Everything;
    }
    // `!GetAtt Table.Arn`, alone or with something below it.
    if let Some(Token::Symbol(_)) = pattern.tokens.first() {
        return pattern.reason().map_or(Scope::Named, |reason| Scope::Unknown(reason.clone()));
    }
    let colons: Vec<usize> =
        pattern.tokens.iter().enumerate().filter(|(_, token)| **token == Token::Char(':')).map(|(at, _)| at).collect();
    let (Some(service), Some(resource)) = (segment(pattern, &colons, 2), colons.get(4)) else {
        return match pattern.reason() {
            Some(reason) => Scope::Unknown(reason.clone()),
            // A shorter ARN is padded with wildcards.
            None if pattern.has_wildcard() => Scope::Everything,
            None => Scope::Named,
        };
    };
    let tokens = pattern.tokens.get(resource + 1..).unwrap_or_default();
    let tail = Pattern { tokens: tokens.to_vec() };
    // API Gateway's resources are paths: `arn:aws:apigateway:*::/*`.
    let path = Pattern { tokens: tokens.iter().filter(|token| **token != Token::Char('/')).cloned().collect() };
    if tail.is_any() || path.is_any() {
        return Scope::Everything;
    }
    if let Some(reason) = tail.reason() {
        return Scope::Unknown(reason.clone());
    }
    if names_one(&service, tokens) { Scope::Named } else { Scope::Several }
}

fn segment(pattern: &Pattern, colons: &[usize], index: usize) -> Option<String> {
    let start = colons.get(index.checked_sub(1)?)? + 1;
    let tokens = pattern.tokens.get(start..*colons.get(index)?)?;
    Some(Pattern { tokens: tokens.to_vec() }.to_string())
}

/// Whether the resource part of an ARN stands for one thing of the service: without wildcards, or with wildcards only
/// where the thing's own parts follow.
fn names_one(service: &str, tokens: &[Token]) -> bool {
    // Qualifiers of a function, streams of a log group.
    let tokens = match tokens {
        [head @ .., Token::Char(':'), Token::Star] => head,
        _ => tokens,
    };
    let wild = |token: &Token| matches!(token, Token::Star | Token::One);
    let Some(first) = tokens.iter().position(wild) else { return true };
    let fixed = tokens.get(..first).unwrap_or_default();
    let slashes = fixed.iter().filter(|token| **token == Token::Char('/')).count();
    match service {
        // bucket/objects
        "s3" => slashes >= 1,
        // table/name/index/…
        "dynamodb" => slashes >= 2,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::iam::pattern::{Piece, Reading};

    fn scope(pieces: &[Piece]) -> Scope {
        of_pattern(&Pattern::new(pieces, Reading { variables: true, fold_case: false }))
    }

    fn literal(text: &str) -> Scope {
        scope(&[Piece::Literal(Arc::from(text))])
    }

    #[test]
    fn wildcards_after_the_service_are_everything() {
        for text in
            ["*", "arn:aws:s3:::*", "arn:aws:logs:*:*:*", "arn:aws:dynamodb:*", "arn:*", "arn:aws:apigateway:*::/*"]
        {
            assert_eq!(literal(text), Scope::Everything, "{text}");
        }
    }

    #[test]
    fn one_thing_and_what_lies_beneath_it_is_named() {
        for text in [
            "arn:aws:dynamodb:*:*:table/Posts",
            "arn:aws:dynamodb:eu-west-1:123456789012:table/Posts/index/*",
            "arn:aws:s3:::reports/*",
            "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/post:*",
        ] {
            assert_eq!(literal(text), Scope::Named, "{text}");
        }
        let table = Piece::Symbol(Arc::from("t.yaml#Table.Arn"));
        assert_eq!(scope(std::slice::from_ref(&table)), Scope::Named);
        assert_eq!(scope(&[table, Piece::Literal(Arc::from("/index/*"))]), Scope::Named);
    }

    #[test]
    fn a_wildcard_for_the_name_is_several() {
        for text in [
            "arn:aws:dynamodb:*:*:table/*",
            "arn:aws:dynamodb:*:*:table/prod-*",
            "arn:aws:s3:::team-*",
            "arn:aws:logs:*:*:log-group:/aws/lambda/*:*",
        ] {
            assert_eq!(literal(text), Scope::Several, "{text}");
        }
    }

    #[test]
    fn an_unknown_name_is_unknown_unless_it_is_only_the_region() {
        let unknown = || Piece::Unknown(Reason::Parameter(Arc::from("Name")));
        let text = |text: &str| Piece::Literal(Arc::from(text));
        assert!(matches!(scope(&[text("arn:aws:sqs:*:*:"), unknown()]), Scope::Unknown(_)));
        assert_eq!(scope(&[text("arn:aws:sqs:"), unknown(), text(":1:*")]), Scope::Everything);
        assert!(matches!(scope(&[unknown()]), Scope::Unknown(_)));
    }
}
