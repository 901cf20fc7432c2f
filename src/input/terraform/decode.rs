//! JSON text as values, each at the place where it is written.

use std::sync::Arc;

use super::symbol;
use super::types::number;
use super::value::{Kind, Member, Object, Part, Text, Value};
use crate::input::document;
use crate::source::embedded::TextMap;
use crate::source::{Limits, Node, NodeValue, Scalar, Span};

/// A document in a text, with what stands for the parts of the text that are no literals.
pub(super) struct Document {
    pub root: Node,
    holes: Vec<Part>,
}

/// Parses a text as JSON or YAML. `None` when it is no text.
pub(super) fn document(value: &Value) -> Option<Result<Document, String>> {
    let (written, holes) = match &value.kind {
        Kind::Text(text) => (pieces(text, value.span), Vec::new()),
        Kind::Partial(parts) => {
            let mut written = Vec::new();
            let mut holes = Vec::new();
            for part in parts.iter() {
                match part {
                    Part::Literal(text, span) => written.extend(pieces(text, *span)),
                    Part::Value(value) => {
                        written.push((document::mark(holes.len())?.to_string(), value.span));
                        holes.push(part.clone());
                    }
                }
            }
            (written, holes)
        }
        _ => return None,
    };
    let parsed = text_map(value.span, &written).parse(Limits::default());
    Some(match parsed.map(|parsed| <[Node; 1]>::try_from(parsed.documents)) {
        Ok(Ok([root])) => Ok(Document { root, holes }),
        Ok(Err(_)) => Err("is not one document".to_owned()),
        Err(error) => Err(error.message),
    })
}

/// The structure of a text that is a JSON mapping or list, parts that are no literals included. `None` when it is not.
pub(super) fn structure(value: &Value) -> Option<Value> {
    let starts = |text: &str| text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']);
    match &value.kind {
        Kind::Json(inner) => return Some(Value::clone(inner)),
        Kind::Text(text) if starts(&text.text) => {}
        Kind::Partial(parts) if matches!(parts.first(), Some(Part::Literal(text, _)) if starts(&text.text)) => {}
        _ => return None,
    }
    let document = document(value)?.ok()?;
    let found = read(&document.root, &document.holes);
    Some(found.marked(value.sensitive).at(value.span))
}

impl Document {
    /// A scalar as text.
    pub(super) fn text(&self, scalar: &Scalar, span: Span) -> Value {
        read_scalar(&Scalar { text: scalar.text.clone(), plain: false }, span, &self.holes)
    }

    /// What stands in a key, when a key has an unknown part.
    pub(super) fn unknown_key(&self, key: &str) -> Option<&Value> {
        unknown_key(key, &self.holes)
    }
}

fn unknown_key<'a>(key: &str, holes: &'a [Part]) -> Option<&'a Value> {
    holes.iter().enumerate().find_map(|(index, hole)| match hole {
        Part::Value(value) if document::mark(index).is_some_and(|mark| key.contains(mark)) => Some(value),
        _ => None,
    })
}

/// The pieces of a text with their places; all at `span` when the text does not know them.
pub(super) fn pieces(text: &Text, span: Span) -> Vec<(String, Span)> {
    let Some(pieces) = &text.pieces else { return vec![(text.text.to_string(), span)] };
    let ends = pieces.iter().skip(1).map(|piece| piece.start as usize).chain([text.text.len()]);
    let slice = |start: u32, end: usize| text.text.get(start as usize..end).unwrap_or_default().to_owned();
    pieces.iter().zip(ends).map(|(piece, end)| (slice(piece.start, end), piece.span)).collect()
}

/// Where a text is written: in the file that all its pieces are in, when that is not the one that uses it.
pub(super) fn text_map(span: Span, pieces: &[(String, Span)]) -> TextMap {
    let mut places = pieces.iter().map(|(_, place)| *place);
    let whole = places
        .next()
        .and_then(|first| places.try_fold(first, |whole, place| (place.file == whole.file).then(|| whole.join(place))));
    TextMap::of(whole.filter(|whole| whole.file != span.file).unwrap_or(span), pieces)
}

fn read(node: &Node, holes: &[Part]) -> Value {
    match &node.value {
        NodeValue::Null => Value::null(node.span),
        NodeValue::Scalar(scalar) => read_scalar(scalar, node.span, holes),
        NodeValue::Seq(items) => Value::list(node.span, items.iter().map(|item| read(item, holes)).collect::<Vec<_>>()),
        NodeValue::Map(entries) => {
            let open = entries.iter().find_map(|entry| unknown_key(&entry.key, holes));
            let known = entries.iter().filter(|entry| unknown_key(&entry.key, holes).is_none());
            let members = known.map(|entry| Member {
                key: Arc::from(&*entry.key),
                key_span: entry.key_span,
                value: read(&entry.value, holes),
            });
            let mut object = Object::new(members.collect());
            object.open = open.and_then(symbol::unknown);
            Value::object(node.span, object)
        }
    }
}

fn read_scalar(scalar: &Scalar, span: Span, holes: &[Part]) -> Value {
    if scalar.plain
        && let Some(known) = plain(&scalar.text)
    {
        return Value::new(span, known);
    }
    let mut parts = Vec::new();
    let mut literal = String::new();
    for char in scalar.text.chars() {
        match (0..holes.len()).find(|index| document::mark(*index) == Some(char)).and_then(|index| holes.get(index)) {
            None => literal.push(char),
            Some(hole) => {
                if !literal.is_empty() {
                    parts.push(literal_part(std::mem::take(&mut literal), span));
                }
                parts.push(hole.clone());
            }
        }
    }
    match parts.pop() {
        None => Value::text(span, literal),
        Some(Part::Value(only)) if parts.is_empty() && literal.is_empty() => only,
        Some(last) => {
            parts.push(last);
            if !literal.is_empty() {
                parts.push(literal_part(literal, span));
            }
            Value::new(span, Kind::Partial(parts.into()))
        }
    }
}

fn literal_part(text: String, span: Span) -> Part {
    Part::Literal(Text { text: text.into(), pieces: None }, span)
}

fn plain(text: &str) -> Option<Kind> {
    match text {
        "true" => Some(Kind::Bool(true)),
        "false" => Some(Kind::Bool(false)),
        _ => number::parse(text).map(Kind::Number),
    }
}
