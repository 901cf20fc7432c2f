//! Text of which parts are only known after deployment: taking `Fn::Sub` strings and joined texts apart.

use std::ops::Range;
use std::sync::Arc;

use crate::input::assemble::{assemble, literal};
use crate::source::{Scalar, Span};
use crate::value::{Kind, Part, Value};

/// Text that the user or a default gives.
pub(super) fn given(span: Span, text: &str) -> Value {
    literal(span, &Scalar { text: Box::from(text), plain: false })
}

/// A piece of a `Fn::Sub` string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    Literal(&'t str),
    /// The name in `${Name}`.
    Name(&'t str),
}

/// Splits a `Fn::Sub` string; `${!Name}` stands for a literal `${Name}`, an unclosed `${` for itself.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    located(text).into_iter().map(|(_, piece)| piece).collect()
}

/// As [`pieces`], with the place of each. Only the literal in place of an escape is shorter than its place.
pub(super) fn located(text: &str) -> Vec<(Range<usize>, Piece<'_>)> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut at = 0;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, remaining)) = after.split_once('}') else { break };
        let start = at + before.len();
        if !before.is_empty() {
            found.push((at..start, Piece::Literal(before)));
        }
        let end = text.len() - remaining.len();
        if let Some(literal) = name.strip_prefix('!') {
            found.push((start..start + 3, Piece::Literal("${")));
            if !literal.is_empty() {
                found.push((start + 3..end - 1, Piece::Literal(literal)));
            }
            found.push((end - 1..end, Piece::Literal("}")));
        } else {
            found.push((start..end, Piece::Name(name.trim())));
        }
        rest = remaining;
        at = end;
    }
    if !rest.is_empty() {
        found.push((at..text.len(), Piece::Literal(rest)));
    }
    found
}

/// The text of a scalar as CloudFormation compares and joins it: a plain YAML boolean is written in lower case.
pub(super) fn canonical(scalar: &Scalar) -> &str {
    match &*scalar.text {
        "True" | "TRUE" if scalar.plain => "true",
        "False" | "FALSE" if scalar.plain => "false",
        text => text,
    }
}

/// A value as parts of a text; `None` for lists and mappings.
pub(super) fn parts_of(value: Value) -> Option<Vec<Part>> {
    match value.kind {
        Kind::Scalar(scalar) => Some(vec![Part::Literal(Arc::from(canonical(&scalar)))]),
        Kind::Ref(reference) => Some(vec![Part::Ref(reference)]),
        Kind::Text(parts) => Some(parts),
        Kind::Unknown(reason) => Some(vec![Part::Unknown(reason)]),
        Kind::Null => Some(Vec::new()),
        Kind::List(_) | Kind::Map(_) => None,
    }
}

/// Splits text at a delimiter that no reference in it contains.
pub(super) fn split(span: Span, parts: &[Part], delimiter: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut current = Vec::new();
    for part in parts {
        let Part::Literal(text) = part else {
            current.push(part.clone());
            continue;
        };
        let mut pieces = text.split(delimiter);
        if let Some(first) = pieces.next() {
            current.push(Part::Literal(Arc::from(first)));
        }
        for piece in pieces {
            items.push(assemble(span, std::mem::take(&mut current)));
            current.push(Part::Literal(Arc::from(piece)));
        }
    }
    items.push(assemble(span, current));
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sub_strings_come_apart() {
        use Piece::{Literal, Name};
        assert_eq!(pieces("a${B}c"), [Literal("a"), Name("B"), Literal("c")]);
        assert_eq!(pieces("${!B}"), [Literal("${"), Literal("B"), Literal("}")]);
        assert_eq!(pieces("x${open"), [Literal("x${open")]);
        assert_eq!(pieces("${A.B.C}${AWS::Region}"), [Name("A.B.C"), Name("AWS::Region")]);
        assert_eq!(pieces(""), []);
    }
}
