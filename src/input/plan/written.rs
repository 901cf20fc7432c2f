//! What the configuration beside a plan adds to what the plan knows: where things are written, what they are made of.

use std::sync::Arc;

use super::value::scalar_value;
use crate::input::terraform::value::{Kind, Member, Object, Part, Text, Value};
use crate::source::embedded::TextMap;
use crate::source::{Limits, Node, NodeValue, SourceMap, Span};

/// A known value, where and as it is written. What the configuration computes to something else is of another day.
pub(super) fn reconciled(known: Value, written: &Value, sources: &SourceMap) -> Value {
    let span = written.span;
    let Kind::Text(text) = known.kind.clone() else { return known.at(span) };
    let agreed = match &written.kind {
        // The identity of a resource says more than its text.
        Kind::Attribute(_) => Some(written.clone()),
        Kind::Text(own) if own.text == text.text => Some(written.clone()),
        Kind::Partial(parts) => filled(parts, &text.text).map(|parts| written.clone().with(simplest(parts))),
        Kind::Json(inner) => document(&known, &text, inner, sources).map(|inner| written.clone().with(inner)),
        _ => None,
    };
    agreed.unwrap_or_else(|| {
        let place = if is_document(&text.text) { known.span } else { span };
        known.at(place)
    })
}

/// A text whose structure is shown line by line, so that its place must be where it stands.
fn is_document(text: &str) -> bool {
    text.contains(['{', '\n'])
}

/// The parts of a text with the unknown ones read off from the text that they make up. `None` when they do not.
fn filled(parts: &[Part], text: &str) -> Option<Vec<Part>> {
    let mut found = Vec::with_capacity(parts.len());
    let mut rest = text;
    let mut parts = parts.iter().peekable();
    while let Some(part) = parts.next() {
        match part {
            Part::Literal(literal, _) => {
                rest = rest.strip_prefix(&*literal.text)?;
                found.push(part.clone());
            }
            Part::Value(value) => {
                let end = match parts.peek() {
                    None => rest.len(),
                    Some(Part::Literal(next, _)) => {
                        // The last literal is at the end, wherever else it may be.
                        let last = parts.clone().count() == 1;
                        if last { rest.strip_suffix(&*next.text)?.len() } else { rest.find(&*next.text)? }
                    }
                    Some(Part::Value(_)) => return None,
                };
                let (own, after) = rest.split_at_checked(end)?;
                rest = after;
                found.push(match &value.kind {
                    Kind::Unknown(_) => Part::Literal(Text { text: Arc::from(own), pieces: None }, value.span),
                    _ => part.clone(),
                });
            }
        }
    }
    rest.is_empty().then_some(found)
}

fn simplest(parts: Vec<Part>) -> Kind {
    match parts.as_slice() {
        [Part::Value(value)] => value.kind.clone(),
        [Part::Literal(text, _)] => Kind::Text(text.clone()),
        _ => Kind::Partial(parts.into()),
    }
}

/// A document whose structure the configuration tells, with what it does not know read from the plan.
fn document(known: &Value, text: &Text, written: &Value, sources: &SourceMap) -> Option<Kind> {
    let map = TextMap::new(sources, known.span, &text.text);
    let parsed = map.parse(Limits::default()).ok()?.documents.into_iter().next()?;
    Some(Kind::Json(Arc::new(merged(&parsed, written, sources))))
}

fn merged(known: &Node, written: &Value, sources: &SourceMap) -> Value {
    match (&known.value, &written.kind) {
        (NodeValue::Null, _) => Value::null(written.span),
        (NodeValue::Scalar(scalar), Kind::Bool(_) | Kind::Number(_)) if scalar.plain => written.clone(),
        (NodeValue::Scalar(scalar), _) => reconciled(scalar_value(known.span, scalar, sources), written, sources),
        (NodeValue::Seq(items), _) => {
            let pairs = pair(Some(written), items, items.len());
            let items = items.iter().zip(pairs).map(|(item, written)| {
                written.map_or_else(|| plain(item, sources), |written| merged(item, written, sources))
            });
            Value::list(written.span, items.collect::<Vec<Value>>())
        }
        (NodeValue::Map(entries), _) => {
            let object = written.as_object();
            let members = entries.iter().map(|entry| {
                let member = object.and_then(|object| object.member(&entry.key));
                Member {
                    key: Arc::from(&*entry.key),
                    key_span: member.map_or(entry.key_span, |member| member.key_span),
                    value: match member {
                        Some(member) => merged(&entry.value, &member.value, sources),
                        None => plain(&entry.value, sources),
                    },
                }
            });
            let span = if object.is_some() { written.span } else { known.span };
            Value::object(span, Object::new(members.collect()))
        }
    }
}

/// A known value of which nothing is written.
pub(super) fn plain(node: &Node, sources: &SourceMap) -> Value {
    match &node.value {
        NodeValue::Null => Value::null(node.span),
        NodeValue::Scalar(scalar) => scalar_value(node.span, scalar, sources),
        NodeValue::Seq(items) => {
            Value::list(node.span, items.iter().map(|item| plain(item, sources)).collect::<Vec<Value>>())
        }
        NodeValue::Map(entries) => {
            let members = entries.iter().map(|entry| Member {
                key: Arc::from(&*entry.key),
                key_span: entry.key_span,
                value: plain(&entry.value, sources),
            });
            Value::object(node.span, Object::new(members.collect()))
        }
    }
}

/// The object that a value is; a nested block of which there can be only one stands in a list.
pub(super) fn only(written: &Value) -> Option<&Object> {
    match written.elements() {
        Some([only]) => only.as_object(),
        Some(_) => None,
        None => written.as_object(),
    }
}

/// Of each known element, what is written for it. Sets are sorted by what is in them, so elements are told by it.
pub(super) fn pair<'p>(written: Option<&'p Value>, known: &[Node], length: usize) -> Vec<Option<&'p Value>> {
    let Some(elements) = written.and_then(Value::elements) else {
        // One block, written where several may stand.
        let one = written.filter(|written| written.as_object().is_some() && length == 1);
        return vec![one; length];
    };
    let closed = !elements.iter().any(|element| matches!(element.kind, Kind::Rest(_)));
    if closed && elements.len() == length && elements.iter().zip(known).all(|(written, known)| fits(known, written)) {
        return elements.iter().map(Some).collect();
    }
    let mut free: Vec<&Value> = elements.iter().collect();
    let mut found = vec![None; length];
    for (slot, known) in found.iter_mut().zip(known) {
        if free.len() > MAX_PAIRED {
            break;
        }
        let at = free
            .iter()
            .position(|written| !matches!(written.kind, Kind::Rest(_) | Kind::Unknown(_)) && fits(known, written));
        *slot = at.map(|at| free.remove(at));
    }
    found
}

/// Larger collections are not paired.
const MAX_PAIRED: usize = 500;

/// Whether a value may be what is written: nothing that both say differs.
fn fits(known: &Node, written: &Value) -> bool {
    match (&known.value, &written.kind) {
        (NodeValue::Scalar(scalar), Kind::Bool(own)) => *scalar.text == own.to_string(),
        (NodeValue::Scalar(scalar), Kind::Number(own)) => *scalar.text == own.to_string(),
        (NodeValue::Scalar(scalar), Kind::Text(own)) => *scalar.text == *own.text,
        (NodeValue::Scalar(scalar), Kind::Partial(parts)) => filled(parts, &scalar.text).is_some(),
        (NodeValue::Map(entries), Kind::Object(object)) => {
            entries.iter().all(|entry| object.get(&entry.key).is_none_or(|own| fits(&entry.value, own)))
        }
        (NodeValue::Seq(items), Kind::List(own) | Kind::Set(own)) => {
            items.len() == own.len()
                && (items.len() > MAX_PAIRED || items.iter().all(|item| own.iter().any(|own| fits(item, own))))
        }
        (NodeValue::Seq(_) | NodeValue::Map(_), Kind::Bool(_) | Kind::Number(_) | Kind::Text(_)) => false,
        _ => true,
    }
}

/// Where a value is written, for what has no place of its own.
pub(super) fn place(written: Option<&Value>, otherwise: Span) -> Span {
    written.map_or(otherwise, |written| written.span)
}
