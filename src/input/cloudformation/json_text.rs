//! Documents written as JSON text inside of a template: policies, state machines, API bodies.
//!
//! They become structured values, so that nobody after the reader parses text, and their spans point into the text
//! as it is written. References that `Fn::Sub` or `Fn::Join` put into the text stay references.

use std::ops::Range;
use std::sync::Arc;

use super::text::{Piece, located};
use crate::input::document;
use crate::source::SourceMap;
use crate::source::embedded::TextMap;
use crate::value::{Kind, Part, Value};

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

/// Reads a text as a JSON mapping or list; a value that is one already stays as it is. `None` when it is neither.
pub fn parse_json_text(value: &Value, sources: &SourceMap) -> Option<Value> {
    let parts = match &value.kind {
        Kind::List(_) | Kind::Map(_) => return Some(value.clone()),
        Kind::Scalar(scalar) => vec![Part::Literal(Arc::from(&*scalar.text))],
        Kind::Text(parts) => parts.clone(),
        Kind::Null | Kind::Ref(_) | Kind::Unknown(_) => return None,
    };
    document::json(value.span, &parts, |text| {
        TextMap::written(sources, value.span)
            .and_then(|written| aligned(&written, text))
            .unwrap_or_else(|| TextMap::new(sources, value.span, text))
    })
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
