//! The resources of one world as the template that Guard rules expect: `{"Resources": {LogicalId: {Type, …}}}`.
//!
//! Conditions and parameters are resolved, references stand in their long form (`{"Ref": "X"}`). What is unknown is a
//! text that starts with [`UNKNOWN`]; a mapping that may have further members has a member [`OPEN`].

use serde_json::{Map as JsonMap, Value as Json, json};

use crate::input::{Evaluation, Resource};
use crate::source::Span;
use crate::value::{Kind, Map, Reference, Value};

pub(super) const UNKNOWN: &str = "{{unknown:";
pub(super) const OPEN: &str = "{{unknown}}";

pub(super) struct Document<'e> {
    pub json: Json,
    /// Key in `Resources` → resource. Equal logical ids of several stacks get a number.
    pub resources: Vec<(String, &'e Resource)>,
}

impl<'e> Document<'e> {
    pub(super) fn of(evaluation: &'e Evaluation) -> Self {
        let mut resources: Vec<(String, &Resource)> = Vec::new();
        let mut members = JsonMap::new();
        for resource in &evaluation.resources {
            let mut key = resource.name.replace('/', "_");
            let mut number = 2;
            while members.contains_key(&key) {
                key = format!("{}@{number}", resource.name.replace('/', "_"));
                number += 1;
            }
            members.insert(key.clone(), object(resource));
            resources.push((key, resource));
        }
        Self { json: json!({"Resources": members}), resources }
    }
}

fn object(resource: &Resource) -> Json {
    let mut object = JsonMap::new();
    object.insert("Type".to_owned(), json!(resource.kind));
    // Guard rules tell a resource without properties by their absence.
    let bare = matches!(&resource.properties.kind, Kind::Map(Map { members, open: None }) if members.is_empty());
    if !bare {
        object.insert("Properties".to_owned(), value(&resource.properties));
    }
    for (key, part) in [("Metadata", &resource.metadata), ("DeletionPolicy", &resource.deletion_policy)] {
        if let Some(part) = part {
            object.insert(key.to_owned(), value(part));
        }
    }
    Json::Object(object)
}

fn value(of: &Value) -> Json {
    match &of.kind {
        Kind::Null => Json::Null,
        Kind::Scalar(scalar) => match (scalar.plain, &*scalar.text, scalar.as_i64()) {
            (true, "true" | "True" | "TRUE", _) => json!(true),
            (true, "false" | "False" | "FALSE", _) => json!(false),
            // A zero-padded number is an identifier.
            (true, text, Some(number)) if number.to_string() == text => json!(number),
            _ => json!(scalar.text),
        },
        Kind::List(items) => items.iter().map(value).collect(),
        Kind::Map(map) => {
            let mut members: JsonMap<_, _> =
                map.members.iter().map(|member| (member.key.to_string(), value(&member.value))).collect();
            if let Some(reason) = &map.open {
                members.insert(OPEN.to_owned(), json!(reason.to_string()));
            }
            Json::Object(members)
        }
        Kind::Ref(Reference::Resource { attribute: Some(attribute), address, .. }) => {
            let name = Reference::Resource { address: address.clone(), attribute: None, written: None }.to_string();
            json!({"Fn::GetAtt": [name, attribute]})
        }
        Kind::Ref(reference) => json!({"Ref": reference.to_string()}),
        Kind::Text(_) | Kind::Unknown(_) => match (of.reason(), of.template()) {
            (Some(reason), _) => json!(format!("{UNKNOWN}{reason}}}}}")),
            (None, template) => json!({"Fn::Sub": template.unwrap_or_default()}),
        },
    }
}

/// The reason of an unknown value.
pub(super) fn unknown(json: &Json) -> Option<&str> {
    json.as_str()?.strip_prefix(UNKNOWN).map(|text| text.strip_suffix("}}").unwrap_or(text))
}

/// Where the value at a path below a resource is written: the innermost part of the path that is written at all.
pub(super) fn span(resource: &Resource, path: &str) -> Span {
    let ("Properties", rest) = path.split_once('/').unwrap_or((path, "")) else {
        return resource.name_span;
    };
    let mut at = &resource.properties;
    let mut span = if rest.is_empty() { resource.name_span } else { at.span };
    let mut rest = rest;
    // Keys may contain a slash: the longest member that fits is the one.
    while !rest.is_empty() {
        let fits = |key: &str| rest.strip_prefix(key).filter(|after| after.is_empty() || after.starts_with('/'));
        let next = match &at.kind {
            Kind::Map(map) => {
                let found = map.members.iter().filter_map(|member| fits(&member.key).map(|after| (member, after)));
                found.max_by_key(|(member, _)| member.key.len()).map(|(member, after)| {
                    let whole = member.key_span.join(member.value.span);
                    (&member.value, if after.is_empty() { whole } else { member.value.span }, after)
                })
            }
            Kind::List(items) => {
                let (index, after) = rest.split_once('/').map_or((rest, ""), |(index, after)| (index, after));
                let item = index.parse::<usize>().ok().and_then(|index| items.get(index));
                item.map(|item| (item, item.span, after))
            }
            _ => None,
        };
        let Some((value, place, after)) = next else {
            break;
        };
        (at, span, rest) = (value, place, after.trim_start_matches('/'));
    }
    span
}
