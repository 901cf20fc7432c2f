//! `Globals`: what they give to each resource of a type. Mappings are merged, lists concatenated (the global items
//! first), anything else is overridden by the resource. Source: Globals section of the AWS SAM template.

use crate::value::{Kind, Map, Value};

use super::shape::{get, members};

/// Lists that a resource replaces instead of extending.
const REPLACED: &[&str] = &["Architectures"];

/// The properties of a resource with the globals of its type. `ignored` is its `IgnoreGlobals` attribute.
pub(super) fn merged(properties: &Value, globals: Option<&Value>, section: &str, ignored: Option<&Value>) -> Value {
    let Some(global) = globals.and_then(|globals| get(globals, section)) else { return properties.clone() };
    if ignored.and_then(Value::as_str) == Some("*") {
        return properties.clone();
    }
    let ignored: Vec<&str> =
        ignored.and_then(Value::items).unwrap_or_default().iter().filter_map(Value::as_str).collect();
    let kept = match &global.kind {
        Kind::Map(map) => {
            let kept = map.members.iter().filter(|member| !ignored.contains(&&*member.key)).cloned().collect();
            Value::new(global.span, Kind::Map(Map { members: kept, open: map.open.clone() }))
        }
        _ => global.clone(),
    };
    Value { span: properties.span, ..merge(&kept, properties) }
}

fn merge(global: &Value, local: &Value) -> Value {
    match (&global.kind, &local.kind) {
        (Kind::Map(outer), Kind::Map(inner)) => {
            let mut result = outer.clone();
            for member in &inner.members {
                let value = match outer.get(&member.key) {
                    Some(value) if !REPLACED.contains(&&*member.key) => merge(value, &member.value),
                    _ => member.value.clone(),
                };
                result.put(&member.key, member.key_span, value);
            }
            result.open = outer.open.clone().or_else(|| inner.open.clone());
            Value::new(local.span, Kind::Map(result))
        }
        (Kind::List(outer), Kind::List(inner)) => {
            Value::new(local.span, Kind::List(outer.iter().chain(inner).cloned().collect()))
        }
        _ => local.clone(),
    }
}

/// The sections that the template's globals name, with the place of each.
pub(super) fn sections(globals: Option<&Value>) -> Vec<(&str, crate::source::Span)> {
    members(globals).iter().map(|member| (&*member.key, member.key_span)).collect()
}
