//! How generated values are put together: each carries the span of the line that caused it.

use std::sync::Arc;

use crate::input::not_understood;
use crate::source::{Scalar, Span};
use crate::value::{Kind, Map, Member, Part, Value};

/// Builds values that all point at one place.
#[derive(Clone, Copy)]
pub(super) struct At(pub(super) Span);

impl At {
    pub(super) fn text(self, text: impl Into<Box<str>>) -> Value {
        Value::text_at(self.0, text)
    }

    /// A number or boolean.
    pub(super) fn plain(self, text: impl std::fmt::Display) -> Value {
        Value::new(self.0, Kind::Scalar(Scalar { text: text.to_string().into(), plain: true }))
    }

    pub(super) fn list(self, items: impl IntoIterator<Item = Value>) -> Value {
        Value::new(self.0, Kind::List(items.into_iter().collect()))
    }

    pub(super) fn texts(self, items: &[&str]) -> Value {
        self.list(items.iter().map(|item| self.text(*item)))
    }

    pub(super) fn map<'k>(self, members: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
        members.into_iter().fold(Fields::new(self.0), |fields, (key, value)| fields.set(key, value)).done()
    }

    pub(super) fn not_understood(self, what: impl Into<String>) -> Value {
        Value::unknown(self.0, not_understood(what))
    }

    /// Text joined from values; literal when all of them are.
    pub(super) fn joined(self, pieces: impl IntoIterator<Item = Value>) -> Value {
        let mut parts: Vec<Part> = Vec::new();
        let push_text = |parts: &mut Vec<Part>, text: &str| match parts.last_mut() {
            Some(Part::Literal(last)) => *last = Arc::from(format!("{last}{text}")),
            _ => parts.push(Part::Literal(Arc::from(text))),
        };
        for piece in pieces {
            match piece.kind {
                Kind::Scalar(scalar) => push_text(&mut parts, &scalar.text),
                Kind::Ref(reference) => parts.push(Part::Ref(reference)),
                Kind::Text(inner) => {
                    for part in inner {
                        match part {
                            Part::Literal(text) => push_text(&mut parts, &text),
                            other => parts.push(other),
                        }
                    }
                }
                Kind::Unknown(reason) => parts.push(Part::Unknown(reason)),
                Kind::Null | Kind::List(_) | Kind::Map(_) => {
                    parts.push(Part::Unknown(not_understood("text was expected here")));
                }
            }
        }
        match parts.as_slice() {
            [] => self.text(""),
            [Part::Literal(text)] => self.text(&**text),
            [Part::Ref(reference)] => Value::new(self.0, Kind::Ref(reference.clone())),
            [Part::Unknown(reason)] => Value::unknown(self.0, reason.clone()),
            _ => Value::new(self.0, Kind::Text(parts)),
        }
    }

    /// Text with `${name}` in it, as in `Fn::Sub`; `value` gives the value of a name.
    pub(super) fn filled(self, template: &str, value: &dyn Fn(&str) -> Value) -> Value {
        let mut pieces = Vec::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, tail)) = after.split_once('}') else { break };
            pieces.push(self.text(before));
            pieces.push(value(name));
            rest = tail;
        }
        pieces.push(self.text(rest));
        self.joined(pieces)
    }
}

/// A mapping under construction.
pub(super) struct Fields {
    at: Span,
    map: Map,
}

impl Fields {
    pub(super) fn new(at: Span) -> Self {
        Self { at, map: Map::default() }
    }

    #[must_use]
    pub(super) fn set(mut self, key: &str, value: Value) -> Self {
        self.map.members.push(Member { key: Arc::from(key), key_span: self.at, value });
        self
    }

    #[must_use]
    pub(super) fn maybe(self, key: &str, value: Option<Value>) -> Self {
        match value {
            Some(value) => self.set(key, value),
            None => self,
        }
    }

    /// Takes over properties with their spans. When the source may have members that could not be read, so may the
    /// result.
    #[must_use]
    pub(super) fn copy(self, from: &Value, keys: &[&str]) -> Self {
        keys.iter().fold(self, |fields, key| fields.copy_as(from, key, key))
    }

    #[must_use]
    pub(super) fn copy_as(mut self, from: &Value, key: &str, name: &str) -> Self {
        match &from.kind {
            Kind::Map(map) => {
                if let Some(member) = map.member(key).filter(|member| member.value.kind != Kind::Null) {
                    self.map.members.push(Member { key: Arc::from(name), ..member.clone() });
                } else if self.map.open.is_none() {
                    self.map.open.clone_from(&map.open);
                }
            }
            Kind::Unknown(reason) if self.map.open.is_none() => self.map.open = Some(reason.clone()),
            _ => {}
        }
        self
    }

    pub(super) fn done(self) -> Value {
        Value::new(self.at, Kind::Map(self.map))
    }
}

/// The value of a key unless it is absent or null.
pub(super) fn get<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let mut at = value;
    for key in path.split('.') {
        at = at.as_map()?.get(key)?;
    }
    (at.kind != Kind::Null).then_some(at)
}

pub(super) fn text<'v>(value: &'v Value, path: &str) -> Option<&'v str> {
    get(value, path)?.as_str()
}

/// As Python's truth, which the translator applies to most properties: absent, empty, zero and false are false. What
/// is only known after deployment counts as given.
pub(super) fn given<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    get(value, path).filter(|value| match &value.kind {
        Kind::Null => false,
        Kind::Scalar(scalar) => !(scalar.text.is_empty() || scalar.plain && scalar.as_bool() == Some(false)),
        Kind::List(items) => !items.is_empty(),
        Kind::Map(map) => !map.members.is_empty() || map.open.is_some(),
        Kind::Ref(_) | Kind::Text(_) | Kind::Unknown(_) => true,
    })
}

/// The members of a mapping; none for anything else.
pub(super) fn members(value: Option<&Value>) -> &[Member] {
    value.and_then(Value::as_map).map_or(&[], |map| &map.members)
}

/// The mapping's members, to edit. Anything but a mapping becomes an empty one, unless it is unknown.
pub(super) fn map_mut(value: &mut Value) -> Option<&mut Map> {
    if !matches!(value.kind, Kind::Map(_) | Kind::Unknown(_)) {
        value.kind = Kind::Map(Map::default());
    }
    match &mut value.kind {
        Kind::Map(map) => Some(map),
        _ => None,
    }
}

/// Whether two values say the same, wherever they are written.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (&one.kind, &other.kind) {
        (Kind::List(one), Kind::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Kind::Map(_), Kind::Map(_)) => {
            let (one, other) = (members(Some(one)), members(Some(other)));
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| one.key == other.key && same(&one.value, &other.value))
        }
        (one, other) => one == other,
    }
}

impl Map {
    /// Sets a key, replacing a value it may have.
    pub(super) fn put(&mut self, key: &str, key_span: Span, value: Value) {
        match self.members.iter_mut().find(|member| &*member.key == key) {
            Some(member) => *member = Member { key: Arc::from(key), key_span, value },
            None => self.members.push(Member { key: Arc::from(key), key_span, value }),
        }
    }

    /// The value of a key, made when it is missing or null.
    pub(super) fn enter(&mut self, key: &str, key_span: Span, made: impl FnOnce() -> Value) -> Option<&mut Value> {
        if self.get(key).is_none_or(|value| value.kind == Kind::Null) {
            self.put(key, key_span, made());
        }
        self.members.iter_mut().find(|member| &*member.key == key).map(|member| &mut member.value)
    }
}
