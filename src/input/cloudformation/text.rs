//! Text of which parts are only known after deployment: assembling it, and taking `Fn::Sub` strings apart.

use std::ops::Range;
use std::sync::Arc;

use crate::source::{Scalar, Span};
use crate::value::{Kind, Part, Reason, Value};

/// The simplest value that says the same: adjacent literals are merged, wholly literal text is a scalar, a lone
/// reference is a reference. Dynamic references (`{{resolve:service:…}}`) become unknown and lose their text.
pub(super) fn assemble(span: Span, parts: Vec<Part>) -> Value {
    let dynamic = parts.iter().any(|part| matches!(part, Part::Literal(text) if text.contains(DYNAMIC)));
    let mut merged = merge(if dynamic { mask_dynamic(parts) } else { parts });
    let kind = match merged.len() {
        0 => Kind::Scalar(Scalar { text: Box::from(""), plain: false }),
        1 => match merged.pop() {
            Some(Part::Literal(text)) => Kind::Scalar(Scalar { text: Box::from(&*text), plain: false }),
            Some(Part::Ref(reference)) => Kind::Ref(reference),
            Some(Part::Unknown(reason)) => Kind::Unknown(reason),
            None => Kind::Null,
        },
        _ => Kind::Text(merged),
    };
    Value { span, kind }
}

const DYNAMIC: &str = "{{resolve:";

/// A literal scalar; the common case costs one search.
pub(super) fn literal(span: Span, scalar: &Scalar) -> Value {
    if scalar.text.contains(DYNAMIC) {
        return assemble(span, vec![Part::Literal(Arc::from(&*scalar.text))]);
    }
    Value { span, kind: Kind::Scalar(scalar.clone()) }
}

/// Text that the user or a default gives.
pub(super) fn given(span: Span, text: &str) -> Value {
    literal(span, &Scalar { text: Box::from(text), plain: false })
}

fn merge(parts: Vec<Part>) -> Vec<Part> {
    let mut merged: Vec<Part> = Vec::with_capacity(parts.len());
    let mut pending = String::new();
    for part in parts {
        if let Part::Literal(text) = &part {
            pending.push_str(text);
            continue;
        }
        if !pending.is_empty() {
            merged.push(Part::Literal(Arc::from(std::mem::take(&mut pending))));
        }
        merged.push(part);
    }
    if !pending.is_empty() {
        merged.push(Part::Literal(Arc::from(pending)));
    }
    merged
}

/// Replaces each `{{resolve:service:…}}` by an unknown that names only the service. What stands inside, references
/// included, is dropped.
fn mask_dynamic(parts: Vec<Part>) -> Vec<Part> {
    let mut masked = Vec::with_capacity(parts.len());
    let mut inside = false;
    let parts = merge(parts);
    for (index, part) in parts.iter().enumerate() {
        let closed_later =
            || parts.iter().skip(index + 1).any(|part| matches!(part, Part::Literal(text) if text.contains("}}")));
        let Part::Literal(text) = part else {
            if !inside {
                masked.push(part.clone());
            }
            continue;
        };
        let mut rest: &str = text;
        loop {
            if inside {
                let Some((_, after)) = rest.split_once("}}") else { break };
                inside = false;
                rest = after;
            }
            // Without its end it is no dynamic reference, unless it is joined with one later.
            let found = rest.split_once(DYNAMIC).filter(|(_, after)| after.contains("}}") || closed_later());
            let Some((before, after)) = found else {
                masked.push(Part::Literal(Arc::from(rest)));
                break;
            };
            masked.push(Part::Literal(Arc::from(before)));
            let service =
                after.split([':', '}']).next().filter(|name| !name.is_empty()).unwrap_or("an unnamed service");
            masked.push(Part::Unknown(Reason::DynamicReference(Arc::from(service))));
            inside = true;
            rest = after;
        }
    }
    masked.retain(|part| !matches!(part, Part::Literal(text) if text.is_empty()));
    masked
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
    use crate::source::SourceMap;

    fn span() -> Span {
        Span::new(SourceMap::default().add("t", ""), 0, 0)
    }

    #[test]
    fn sub_strings_come_apart() {
        use Piece::{Literal, Name};
        assert_eq!(pieces("a${B}c"), [Literal("a"), Name("B"), Literal("c")]);
        assert_eq!(pieces("${!B}"), [Literal("${"), Literal("B"), Literal("}")]);
        assert_eq!(pieces("x${open"), [Literal("x${open")]);
        assert_eq!(pieces("${A.B.C}${AWS::Region}"), [Name("A.B.C"), Name("AWS::Region")]);
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn dynamic_references_lose_their_text() {
        let value = assemble(span(), vec![Part::Literal(Arc::from("u:{{resolve:ssm-secure:/top/secret:1}}@h"))]);
        assert_eq!(value.template().as_deref(), Some("u:?@h"));
        assert!(!format!("{value:?}").contains("top"));
        let whole = assemble(span(), vec![Part::Literal(Arc::from("{{resolve:secretsmanager:x}}"))]);
        assert_eq!(whole.kind, Kind::Unknown(Reason::DynamicReference(Arc::from("secretsmanager"))));
        let unclosed = assemble(span(), vec![Part::Literal(Arc::from("{{resolve:ssm:/a"))]);
        assert_eq!(unclosed.as_str(), Some("{{resolve:ssm:/a"));
    }
}
