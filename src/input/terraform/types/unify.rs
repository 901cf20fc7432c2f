//! One type for several values: elements of a list, branches of a conditional.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Field, Mismatch, Type, convert};
use crate::input::terraform::symbol;
use crate::input::terraform::value::Value;

/// The type that all of the values convert to without a choice; `None` when there is none.
pub fn common<'a>(values: impl IntoIterator<Item = &'a Value>) -> Option<Type> {
    // Null is of each type.
    let kinds: Vec<Type> = values.into_iter().filter(|value| !value.is_null()).map(Type::of).collect();
    unify_types(&kinds)
}

/// Converts values to the type that they have in common. `Err` when there is none.
pub fn unify(values: Vec<Value>) -> Result<Vec<Value>, Mismatch> {
    let kind = common(&values).ok_or_else(|| Mismatch::new("all elements must be of one type".to_owned()))?;
    let unified: Result<Vec<Value>, Mismatch> = values.iter().map(|value| adapt(value.clone(), &kind)).collect();
    match unified {
        Err(_) if values.iter().any(|value| symbol::reason(value).is_some()) => Ok(values),
        unified => unified,
    }
}

/// Converts a value to a type that it has in common with others. What may be of another type stays as it is.
pub fn adapt(value: Value, common: &Type) -> Result<Value, Mismatch> {
    if matches!(Type::of(&value), Type::Any) { Ok(value) } else { convert(value, common) }
}

/// The common type of several. What has any type agrees with all.
pub(super) fn unify_types(types: &[Type]) -> Option<Type> {
    let mut known = types.iter().filter(|kind| !matches!(kind, Type::Any));
    let Some(first) = known.next() else { return Some(Type::Any) };
    if known.all(|kind| kind.is(first)) {
        return Some(first.clone());
    }
    let known: Vec<&Type> = types.iter().filter(|kind| !matches!(kind, Type::Any)).collect();
    // A text among those that are not known makes texts of numbers and booleans.
    different(&known).or_else(|| (known.len() < types.len()).then_some(Type::Any))
}

fn different(types: &[&Type]) -> Option<Type> {
    let all = |is: fn(&Type) -> bool| types.iter().all(|kind| is(kind));
    let any = |is: fn(&Type) -> bool| types.iter().any(|kind| is(kind));
    if all(|kind| matches!(kind, Type::Bool | Type::Number | Type::Text)) {
        return any(|kind| matches!(kind, Type::Text)).then_some(Type::Text);
    }
    if all(|kind| matches!(kind, Type::Object(_))) {
        return if has_same_attributes(types) { attributes(types) } else { elements(types).map(Type::Map) };
    }
    if all(|kind| matches!(kind, Type::Tuple(_))) {
        return if has_same_length(types) { columns(types) } else { elements(types).map(Type::List) };
    }
    if all(|kind| matches!(kind, Type::Map(_) | Type::Object(_))) {
        return elements(types).map(Type::Map);
    }
    if all(|kind| matches!(kind, Type::List(_) | Type::Tuple(_))) {
        return elements(types).map(Type::List);
    }
    // With sets among them, one of the types as it is has to do for all.
    let only = |is: fn(&Type) -> bool| types.iter().copied().filter(|kind| is(kind)).collect::<Vec<_>>();
    let (lists, sets) = (only(|kind| matches!(kind, Type::List(_))), only(|kind| matches!(kind, Type::Set(_))));
    if sets.is_empty() || !all(|kind| matches!(kind, Type::List(_) | Type::Tuple(_) | Type::Set(_))) {
        return None;
    }
    if lists.is_empty() { elements(&sets).map(Type::Set) } else { elements(&lists).map(Type::List) }
}

/// The common type of all elements of all collections.
fn elements(types: &[&Type]) -> Option<Box<Type>> {
    let mut found = Vec::new();
    for kind in types {
        match kind {
            Type::List(element) | Type::Set(element) | Type::Map(element) => found.push((**element).clone()),
            Type::Tuple(elements) => found.extend(elements.iter().cloned()),
            Type::Object(fields) => found.extend(fields.values().map(|field| field.kind.clone())),
            Type::Any | Type::Bool | Type::Number | Type::Text => {}
        }
    }
    unify_types(&found).map(Box::new)
}

fn has_same_attributes(types: &[&Type]) -> bool {
    types.windows(2).all(|pair| match pair {
        [Type::Object(a), Type::Object(b)] => a.len() == b.len() && a.keys().all(|name| b.contains_key(name)),
        _ => false,
    })
}

/// The object type of objects that have the same attributes.
fn attributes(types: &[&Type]) -> Option<Type> {
    let mut across: BTreeMap<Arc<str>, Vec<Type>> = BTreeMap::new();
    for kind in types {
        let Type::Object(fields) = kind else { return None };
        for (name, field) in fields {
            across.entry(Arc::clone(name)).or_default().push(field.kind.clone());
        }
    }
    let unified = across
        .into_iter()
        .map(|(name, kinds)| unify_types(&kinds).map(|kind| (name, Field { kind, optional: false, default: None })));
    unified.collect::<Option<BTreeMap<_, _>>>().map(Type::Object)
}

fn has_same_length(types: &[&Type]) -> bool {
    types.windows(2).all(|pair| matches!(pair, [Type::Tuple(a), Type::Tuple(b)] if a.len() == b.len()))
}

/// The tuple type of tuples of one length.
fn columns(types: &[&Type]) -> Option<Type> {
    let tuples: Vec<&Vec<Type>> =
        types.iter().filter_map(|kind| if let Type::Tuple(items) = kind { Some(items) } else { None }).collect();
    let column = |index: usize| {
        let kinds: Vec<Type> = tuples.iter().filter_map(|tuple| tuple.get(index).cloned()).collect();
        unify_types(&kinds)
    };
    let length = tuples.first().map_or(0, |first| first.len());
    (0..length).map(column).collect::<Option<Vec<_>>>().map(Type::Tuple)
}
