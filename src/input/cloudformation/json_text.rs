//! Documents written as JSON text inside of a template: policies, state machines, API bodies.
//!
//! They become structured values, so that nobody after the reader parses text, and their spans point into the text
//! as it is written. References that `Fn::Sub` or `Fn::Join` put into the text stay references.

use std::ops::Range;
use std::sync::Arc;

use super::text::{Piece, assemble, located};
use crate::source::embedded::TextMap;
use crate::source::{Limits, Node, NodeValue, SourceMap};
use crate::value::{Kind, Map, Member, Part, Value};

/// Properties that take a document as text. Source: CloudFormation template reference, properties of type `Json`, and
/// `AWS::StepFunctions::StateMachine`.
const DOCUMENTS: [&str; 12] = [
    "AccessPolicies",
    "AssumeRolePolicyDocument",
    "Body",
    "Definition",
    "DefinitionBody",
    "DefinitionString",
    "FilterPolicy",
    "KeyPolicy",
    "Policy",
    "PolicyDocument",
    "RepositoryPolicyText",
    "ResourcePolicy",
];

/// Replaces the documents in a resource's properties by what they say. Text that is no JSON stays.
pub(super) fn structure(value: &mut Value, sources: &SourceMap) {
    match &mut value.kind {
        Kind::List(items) => items.iter_mut().for_each(|item| structure(item, sources)),
        Kind::Map(map) => {
            for member in &mut map.members {
                if let Kind::Scalar(_) | Kind::Text(_) = member.value.kind
                    && DOCUMENTS.contains(&&*member.key)
                    && let Some(document) = parse_json_text(&member.value, sources)
                {
                    member.value = document;
                } else {
                    structure(&mut member.value, sources);
                }
            }
        }
        _ => {}
    }
}

/// First of the characters that stand for the parts of a text that are no literals: they are in a private area, so
/// that no parser gives them a meaning.
const FIRST_MARK: u32 = 0xF_0000;
const MARKS: usize = 60_000;

/// Reads a text as a JSON mapping or list; a value that is one already stays as it is. `None` when it is neither.
pub fn parse_json_text(value: &Value, sources: &SourceMap) -> Option<Value> {
    let parts = match &value.kind {
        Kind::List(_) | Kind::Map(_) => return Some(value.clone()),
        Kind::Scalar(scalar) => vec![Part::Literal(Arc::from(&*scalar.text))],
        Kind::Text(parts) => parts.clone(),
        Kind::Null | Kind::Ref(_) | Kind::Unknown(_) => return None,
    };
    let text = marked(&parts)?;
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let map = TextMap::written(sources, value.span)
        .and_then(|written| aligned(&written, &text))
        .unwrap_or_else(|| TextMap::new(sources, value.span, &text));
    let document = map.parse(Limits::default()).ok()?.documents.into_iter().next()?;
    Some(Value { span: value.span, ..unmarked(&document, &parts) })
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
            Part::Ref(_) | Part::Unknown(_) => text.push(char::from_u32(FIRST_MARK + u32::try_from(index).ok()?)?),
        }
    }
    Some(text)
}

fn part_index(char: char) -> Option<usize> {
    let index = usize::try_from(u32::from(char).checked_sub(FIRST_MARK)?).ok()?;
    (index < MARKS).then_some(index)
}

/// Replaces the `${…}` of a `Fn::Sub` text as it is written by what they came to, when that gives exactly `text`.
fn aligned(written: &TextMap, text: &str) -> Option<TextMap> {
    let pieces = located(written.text());
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut rest = text;
    let mut pieces = pieces.into_iter().peekable();
    while let Some((range, piece)) = pieces.next() {
        match piece {
            Piece::Literal(literal) => {
                rest = rest.strip_prefix(literal)?;
                if range.len() != literal.len() {
                    edits.push((range, literal.to_owned()));
                }
            }
            Piece::Name(_) => {
                let mut end = range.end;
                while let Some((next, _)) = pieces.next_if(|(_, piece)| matches!(piece, Piece::Name(_))) {
                    end = next.end;
                }
                let length = match pieces.peek() {
                    Some((_, Piece::Literal(literal))) => rest.find(literal)?,
                    _ => rest.len(),
                };
                let (with, after) = rest.split_at_checked(length)?;
                edits.push((range.start..end, with.to_owned()));
                rest = after;
            }
        }
    }
    rest.is_empty().then(|| written.replace(&edits))
}

fn unmarked(node: &Node, parts: &[Part]) -> Value {
    let kind = match &node.value {
        NodeValue::Null => Kind::Null,
        NodeValue::Scalar(scalar) => {
            if !scalar.text.chars().any(|char| part_index(char).is_some()) {
                return super::text::literal(node.span, scalar);
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
