//! Maps and objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Call, Function, Marks, Outcome, Stop, Takes, element_of, function, is_open, known_text};
use crate::input::terraform::symbol;
use crate::input::terraform::types::{self, convert};
use crate::input::terraform::value::{Kind, Member, Object, Unknown, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("keys", &[Takes::Any], None, keys).marks(Marks::Stay),
    function("lookup", &[Takes::Any, Takes::Text], Some(Takes::Nullable), lookup).marks(Marks::Stay),
    function("map", &[], Some(Takes::Any), map),
    function("merge", &[], Some(Takes::Nullable), merge).marks(Marks::Stay),
    function("transpose", &[Takes::TextLists], None, transpose),
    function("values", &[Takes::Any], None, values).marks(Marks::Stay),
    function("zipmap", &[Takes::Texts, Takes::Any], None, zipmap).marks(Marks::Stay),
];

/// The elements for the members of an object. Where further ones are among them is not known.
fn listed(call: &Call<'_>, element: impl Fn(&Member) -> Value) -> Outcome {
    let (map, object) = (call.argument(0)?, call.object(0)?);
    let rest = object.open.as_ref().map(|open| Value::new(map.span, Kind::Rest(Arc::clone(open))));
    let items: Vec<Value> = object.members().iter().map(element).chain(rest).collect();
    if object.open.is_some() && items.len() > 1 {
        return Ok(Value::unordered(call.span, items));
    }
    let list = Value::list(call.span, items);
    Ok(if map.uniform { list.collected() } else { list })
}

fn keys(call: &Call<'_>) -> Outcome {
    listed(call, |member| Value::text(member.key_span, Arc::clone(&member.key)))
}

fn values(call: &Call<'_>) -> Outcome {
    listed(call, |member| member.value.clone())
}

/// `map("key", value, …)`, which Terraform 0.15 removed.
fn map(call: &Call<'_>) -> Outcome {
    let (pairs, []) = call.arguments.as_chunks::<2>() else {
        return Err(Stop::Error(None, "takes keys and values in turn".to_owned()));
    };
    let mut members = Vec::with_capacity(pairs.len());
    for (index, [key, value]) in pairs.iter().enumerate() {
        members.push(Member { key: call.text(index * 2)?, key_span: key.span, value: value.clone() });
    }
    Ok(Value::object(call.span, Object::new(members)).collected())
}

fn lookup(call: &Call<'_>) -> Outcome {
    let default = match call.arguments {
        [_, _] => None,
        [_, _, default] => Some(default),
        _ => return Err(Stop::Error(None, "takes two or three arguments".to_owned())),
    };
    let (map, object) = (call.argument(0)?, call.object(0)?);
    // Whatever the key is, nothing is there.
    if let ([], None, Some(default)) = (object.members(), &object.open, default) {
        return Ok(default.clone());
    }
    let key = call.text(1)?;
    if let Some(found) = object.get(&key) {
        return Ok(found.clone());
    }
    if object.open.is_some() {
        return Err(Stop::Unknown);
    }
    let Some(default) = default else { return Err(Stop::Error(Some(1), format!("the map has no element `{key}`"))) };
    if !map.uniform {
        return Ok(default.clone());
    }
    let kind = types::common(object.members().iter().map(|member| &member.value)).unwrap_or(types::Type::Any);
    convert(default.clone(), &kind).map_err(|mismatch| Stop::Error(Some(2), mismatch.to_string()))
}

fn merge(call: &Call<'_>) -> Outcome {
    let mut merged: BTreeMap<Arc<str>, Member> = BTreeMap::new();
    let mut open: Option<Arc<Unknown>> = None;
    let whole = || symbol::of_call("merge", call.arguments);
    let mut uniform = true;
    for (index, argument) in call.arguments.iter().enumerate() {
        let (members, further) = match &argument.kind {
            Kind::Null => continue,
            Kind::Object(object) => (object.members(), object.open.clone()),
            _ if is_open(argument) => ([].as_slice(), symbol::unknown(argument)),
            _ => return call.refuse(index, "a map or object is required"),
        };
        if let Some(further) = further {
            // It may say otherwise for any key before it.
            for member in merged.values_mut() {
                let symbol = whole().map(|symbol| Arc::from(format!("{symbol}[\"{}\"]", member.key)));
                let unknown = Value::unknown(member.value.span, further.reason.clone(), symbol);
                member.value = unknown.marked(member.value.sensitive || argument.sensitive);
            }
            open = Some(match open {
                None => further,
                Some(first) => Arc::new(Unknown::new(first.reason.clone(), whole())),
            });
        }
        uniform &= argument.uniform;
        merged.extend(members.iter().map(|member| (Arc::clone(&member.key), member.clone())));
    }
    if let (Some(open), true, [_]) = (&open, merged.is_empty(), call.arguments) {
        return Ok(Value::new(call.span, Kind::Unknown(Arc::clone(open))));
    }
    let mut object = Object::new(merged.into_values().collect());
    object.open = open;
    let value = Value::object(call.span, object);
    // Maps of one type make a map, others an object.
    let kinds: Vec<types::Type> = call.arguments.iter().filter(|map| !map.is_null()).map(types::Type::of).collect();
    let same = kinds.windows(2).all(|pair| matches!(pair, [a, b] if a.is(b)));
    Ok(if uniform && same && !kinds.is_empty() { value.collected() } else { value })
}

fn zipmap(call: &Call<'_>) -> Outcome {
    let (keys, values) = (call.ordered(0)?, call.argument(1)?);
    if keys.iter().any(|key| matches!(key.kind, Kind::Rest(_))) || values.is_unordered() {
        return Err(Stop::Unknown);
    }
    let known = match &values.kind {
        Kind::List(items) => Some(items).filter(|_| values.items().is_some()),
        _ if is_open(values) => None,
        _ => return call.refuse(1, "a list is required"),
    };
    if known.is_some_and(|known| known.len() != keys.len()) {
        return call.refuse(1, "must be as long as the keys");
    }
    let mut members = Vec::with_capacity(keys.len());
    let mut open = None;
    for (index, key) in keys.iter().enumerate() {
        let value = match known {
            Some(known) => known.get(index).cloned(),
            None if is_open(values) => element_of(values, index),
            None => {
                let reason = symbol::reason(values).ok_or(Stop::Unknown)?;
                Some(Value::unknown(values.span, reason, None))
            }
        };
        match known_text(key) {
            Ok(key_text) => members.extend(value.map(|value| Member { key: key_text, key_span: key.span, value })),
            Err(_) if key.is_null() => return call.refuse(0, "must not have null elements"),
            Err(_) => {
                let reason = symbol::reason(key).ok_or(Stop::Unknown)?;
                open.get_or_insert(Arc::new(Unknown::new(reason, None)));
            }
        }
    }
    let mut object = Object::new(members);
    if let Some(unknown) = &open {
        // The unknown key may be one of the others.
        let doubted = object.members().iter().map(|member| Member {
            value: Value::unknown(member.value.span, unknown.reason.clone(), None),
            ..member.clone()
        });
        object = Object::new(doubted.collect());
    }
    object.open = open;
    let value = Value::object(call.span, object);
    Ok(if values.uniform { value.collected() } else { value })
}

fn transpose(call: &Call<'_>) -> Outcome {
    let object = call.object(0)?;
    if object.open.is_some() {
        return Err(Stop::Unknown);
    }
    let mut turned: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
    for member in object.members() {
        let Some(items) = member.value.elements() else {
            if is_open(&member.value) {
                return Err(Stop::Unknown);
            }
            return call.refuse(0, "lists of text are required");
        };
        for item in items {
            if item.is_null() {
                return call.refuse(0, "must not have null elements");
            }
            let key = known_text(item)?;
            turned.entry(key).or_default().push(Value::text(member.key_span, Arc::clone(&member.key)));
        }
    }
    let members = turned.into_iter().map(|(key, items)| {
        let span = items.first().map_or(call.span, |first| first.span);
        Member { key, key_span: span, value: Value::list(span, items).collected() }
    });
    Ok(Value::object(call.span, Object::new(members.collect())).collected())
}
