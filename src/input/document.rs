//! Documents written as JSON or YAML text: policies, state machines, API bodies.
//!
//! They become structured values, so that nobody after the reader parses text, and their spans point into the text
//! as it is written. References that stand in the text stay references.

use std::sync::Arc;

use super::assemble::{assemble, literal};
use crate::source::embedded::TextMap;
use crate::source::{Limits, Node, NodeValue, Span};
use crate::value::{Kind, Map, Member, Part, Value};

/// First of the characters that stand for the parts of a text that are no literals: they are in a private area, so
/// that no parser gives them a meaning.
const FIRST_MARK: u32 = 0xF_0000;
const MARKS: usize = 60_000;

/// A text without its percent-encoding, in which some APIs hand policies out. `None` when it is malformed.
pub fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        bytes.push(digit(rest.next()?)? * 16 + digit(rest.next()?)?);
    }
    String::from_utf8(bytes).ok()
}

/// Reads a text as a JSON (or YAML flow) mapping or list. `map` tells where the text, with one character in place of
/// each part that is no literal, is written. `None` when it is neither.
pub fn json(span: Span, parts: &[Part], map: impl FnOnce(&str) -> TextMap) -> Option<Value> {
    let text = marked(parts)?;
    text.trim_start().starts_with(['{', '[']).then(|| read(span, parts, &map(&text)))?
}

/// The same for any YAML mapping or list.
pub fn json_or_yaml(span: Span, parts: &[Part], map: impl FnOnce(&str) -> TextMap) -> Option<Value> {
    read(span, parts, &map(&marked(parts)?))
}

fn read(span: Span, parts: &[Part], map: &TextMap) -> Option<Value> {
    let document = map.parse(Limits::default()).ok()?.documents.into_iter().next()?;
    let value = unmarked(&document, parts);
    matches!(value.kind, Kind::Map(_) | Kind::List(_)).then_some(Value { span, ..value })
}

/// The text with one character in place of each part that is no literal.
fn marked(parts: &[Part]) -> Option<String> {
    let mut text = String::new();
    if parts.len() > MARKS {
        return None;
    }
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Literal(literal) if literal.chars().any(|char| part_index(char).is_some()) => return None,
            Part::Literal(literal) => text.push_str(literal),
            Part::Ref(_) | Part::Unknown(_) => text.push(mark(index)?),
        }
    }
    Some(text)
}

fn part_index(char: char) -> Option<usize> {
    let index = usize::try_from(u32::from(char).checked_sub(FIRST_MARK)?).ok()?;
    (index < MARKS).then_some(index)
}

/// The character that stands for a part.
pub(crate) fn mark(index: usize) -> Option<char> {
    char::from_u32(FIRST_MARK + u32::try_from(index).ok()?)
}

fn unmarked(node: &Node, parts: &[Part]) -> Value {
    let kind = match &node.value {
        NodeValue::Null => Kind::Null,
        NodeValue::Scalar(scalar) => {
            if !scalar.text.chars().any(|char| part_index(char).is_some()) {
                return literal(node.span, scalar);
            }
            return assemble(node.span, restored(&scalar.text, parts));
        }
        NodeValue::Seq(items) => Kind::List(items.iter().map(|item| unmarked(item, parts)).collect()),
        NodeValue::Map(entries) => {
            let members = entries.iter().map(|entry| Member {
                key: restored(&entry.key, parts).iter().map(Part::to_string).collect::<String>().into(),
                key_span: entry.key_span,
                value: unmarked(&entry.value, parts),
            });
            Kind::Map(Map { members: members.collect(), open: None })
        }
    };
    Value { span: node.span, kind }
}

fn restored(text: &str, parts: &[Part]) -> Vec<Part> {
    let mut found = Vec::new();
    let mut pending = String::new();
    for char in text.chars() {
        match part_index(char).and_then(|index| parts.get(index)) {
            Some(part) => {
                found.push(Part::Literal(Arc::from(std::mem::take(&mut pending))));
                found.push(part.clone());
            }
            None => pending.push(char),
        }
    }
    found.push(Part::Literal(Arc::from(pending)));
    found.retain(|part| !matches!(part, Part::Literal(text) if text.is_empty()));
    found
}
