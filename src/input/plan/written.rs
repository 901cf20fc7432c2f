//! What the configuration beside a plan adds to what the plan knows: where things are written, what they are made of.

use std::sync::Arc;

use super::record::Records;
use super::value::scalar_value;
use crate::input::terraform::value::{Attribute, Kind, Member, Object, Part, Text, Value};
use crate::source::embedded::TextMap;
use crate::source::{Limits, Node, NodeValue, SourceMap, Span};

/// Joins what a plan knows with what is written.
pub(super) struct Reconciler<'r, 'n> {
    pub sources: &'r SourceMap,
    pub records: &'r Records<'n>,
}

impl Reconciler<'_, '_> {
    /// A known value, where and as it is written. What the configuration computes to something else is of another day.
    pub(super) fn reconciled(&self, known: Value, written: &Value) -> Value {
        let span = written.span;
        let Kind::Text(text) = known.kind.clone() else { return known.at(span) };
        let agreed = match &written.kind {
            // The identity of a resource says more than its text.
            Kind::Attribute(attribute) => {
                (is_managed(attribute) && self.may_be(attribute, &text.text)).then(|| written.clone())
            }
            Kind::Text(own) if own.text == text.text => Some(written.clone()),
            Kind::Partial(parts) => self.filled(parts, &text.text).map(|parts| written.clone().with(simplest(parts))),
            Kind::Json(inner) => self.document(&known, &text, inner).map(|inner| written.clone().with(inner)),
            _ => None,
        };
        agreed.unwrap_or_else(|| {
            let place = if is_document(&text.text) { known.span } else { span };
            known.at(place)
        })
    }

    /// Whether an attribute may have a value: not when the plan knows it to have another.
    fn may_be(&self, attribute: &Attribute, text: &str) -> bool {
        let Some(mut at) = self.records.at(&attribute.instance).and_then(|recorded| recorded.values) else {
            return true;
        };
        for step in attribute.path.split('.') {
            let inner = match step.parse::<usize>() {
                Ok(index) => at.as_seq().and_then(|items| items.get(index)),
                Err(_) => at.get(step),
            };
            match inner {
                Some(inner) => at = inner,
                None => return true,
            }
        }
        at.as_str().is_none_or(|known| known == text)
    }

    /// The parts of a text with the unknown ones read off from the text that they make up. `None` when they do not.
    fn filled(&self, parts: &[Part], text: &str) -> Option<Vec<Part>> {
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
                        Kind::Attribute(attribute) if is_managed(attribute) => {
                            self.may_be(attribute, own).then(|| part.clone())?
                        }
                        _ => Part::Literal(Text { text: Arc::from(own), pieces: None }, value.span),
                    });
                }
            }
        }
        rest.is_empty().then_some(found)
    }

    /// A document whose structure the configuration tells, with what it does not know read from the plan.
    fn document(&self, known: &Value, text: &Text, written: &Value) -> Option<Kind> {
        let map = TextMap::new(self.sources, known.span, &text.text);
        let parsed = map.parse(Limits::default()).ok()?.documents.into_iter().next()?;
        Some(Kind::Json(Arc::new(self.merged(&parsed, written))))
    }

    fn merged(&self, known: &Node, written: &Value) -> Value {
        match (&known.value, &written.kind) {
            (NodeValue::Null, _) => Value::null(written.span),
            (NodeValue::Scalar(scalar), Kind::Bool(_) | Kind::Number(_)) if scalar.plain => written.clone(),
            (NodeValue::Scalar(scalar), _) => self.reconciled(scalar_value(known.span, scalar, self.sources), written),
            (NodeValue::Seq(items), _) => {
                let pairs = self.pair(Some(written), items, items.len());
                let items = items.iter().zip(pairs).map(|(item, written)| {
                    written.map_or_else(|| plain(item, self.sources), |written| self.merged(item, written))
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
                            Some(member) => self.merged(&entry.value, &member.value),
                            None => plain(&entry.value, self.sources),
                        },
                    }
                });
                let span = if object.is_some() { written.span } else { known.span };
                Value::object(span, Object::new(members.collect()))
            }
        }
    }

    /// Of each known element, what is written for it. Sets are sorted by what is in them, so elements are told by it.
    pub(super) fn pair<'p>(&self, written: Option<&'p Value>, known: &[Node], length: usize) -> Vec<Option<&'p Value>> {
        let Some(elements) = written.and_then(Value::elements) else {
            // One block, written where several may stand.
            let one = written.filter(|written| written.as_object().is_some() && length == 1);
            return vec![one; length];
        };
        let closed = !elements.iter().any(|element| matches!(element.kind, Kind::Rest(_)));
        if closed
            && elements.len() == length
            && elements.iter().zip(known).all(|(written, known)| self.fits(known, written))
        {
            return elements.iter().map(Some).collect();
        }
        let mut free: Vec<&Value> = elements.iter().collect();
        let mut found = vec![None; length];
        for (slot, known) in found.iter_mut().zip(known) {
            if free.len() > MAX_PAIRED {
                break;
            }
            let at = free.iter().position(|written| {
                !matches!(written.kind, Kind::Rest(_) | Kind::Unknown(_)) && self.fits(known, written)
            });
            *slot = at.map(|at| free.remove(at));
        }
        found
    }

    /// Whether a value may be what is written: nothing that both say differs.
    fn fits(&self, known: &Node, written: &Value) -> bool {
        match (&known.value, &written.kind) {
            (NodeValue::Scalar(scalar), Kind::Bool(own)) => *scalar.text == own.to_string(),
            (NodeValue::Scalar(scalar), Kind::Number(own)) => *scalar.text == own.to_string(),
            (NodeValue::Scalar(scalar), Kind::Text(own)) => *scalar.text == *own.text,
            (NodeValue::Scalar(scalar), Kind::Partial(parts)) => self.filled(parts, &scalar.text).is_some(),
            (NodeValue::Scalar(scalar), Kind::Attribute(attribute)) => self.may_be(attribute, &scalar.text),
            (NodeValue::Map(entries), Kind::Object(object)) => {
                entries.iter().all(|entry| object.get(&entry.key).is_none_or(|own| self.fits(&entry.value, own)))
            }
            (NodeValue::Seq(items), Kind::List(own) | Kind::Set(own)) => {
                items.len() == own.len()
                    && (items.len() > MAX_PAIRED || items.iter().all(|item| own.iter().any(|own| self.fits(item, own))))
            }
            (NodeValue::Seq(_) | NodeValue::Map(_), Kind::Bool(_) | Kind::Number(_) | Kind::Text(_)) => false,
            _ => true,
        }
    }
}

/// Whether it is of a resource, not of a data source, whose attributes are what they are.
fn is_managed(attribute: &Attribute) -> bool {
    !attribute.kind.starts_with("data.")
}

/// A text whose structure is shown line by line, so that its place must be where it stands.
fn is_document(text: &str) -> bool {
    text.contains(['{', '\n'])
}

fn simplest(parts: Vec<Part>) -> Kind {
    match parts.as_slice() {
        [Part::Value(value)] => value.kind.clone(),
        [Part::Literal(text, _)] => Kind::Text(text.clone()),
        _ => Kind::Partial(parts.into()),
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

/// Larger collections are not paired.
const MAX_PAIRED: usize = 500;

/// Where a value is written, for what has no place of its own.
pub(super) fn place(written: Option<&Value>, otherwise: Span) -> Span {
    written.map_or(otherwise, |written| written.span)
}
