//! The facts as JSON, and their JSON Schema: the contract with those who write rules.

use serde_json::{Map, Value, json};

use super::tree::Field;
use super::{Shape, Step, Tree, TreeKind, subject_kinds};
use crate::source::SourceMap;

/// JSON Schema (draft 2020-12) of what `facts` prints: one array a subject kind.
pub fn schema() -> Value {
    let kinds = subject_kinds();
    let mut arrays = Map::new();
    let mut definitions = Map::new();
    for kind in &kinds {
        let items = json!({"$ref": format!("#/$defs/{}", kind.name)});
        arrays.insert(kind.name.to_owned(), json!({"type": "array", "items": items}));
        let mut object = describe(&(kind.shape)());
        if let Some(Value::Object(properties)) = object.get_mut("properties") {
            for (name, about) in [
                ("type", "Resource type of the resource that the user edits."),
                ("name", "Its logical id."),
                ("id", "Unique within the array, stable under reordering."),
            ] {
                properties.shift_insert(0, name.to_owned(), json!({"type": "string", "description": about}));
            }
        }
        definitions.insert(kind.name.to_owned(), object);
    }
    definitions.insert(
        "unknown".to_owned(),
        json!({
            "description": "Not known; the text says why, and what would resolve it.",
            "type": "object",
            "properties": {"unknown": {"type": "string"}},
            "required": ["unknown"],
        }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Facts that rules see",
        "type": "object",
        "properties": arrays,
        "$defs": definitions,
    })
}

fn describe(shape: &Shape) -> Value {
    match shape {
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Int => json!({"type": "integer"}),
        Shape::Text => json!({"type": "string"}),
        Shape::List(element) => json!({"type": "array", "items": describe(element)}),
        Shape::Fact(known) => json!({"anyOf": [describe(known), {"$ref": "#/$defs/unknown"}]}),
        Shape::Map { about, fields } => {
            let property = |field: &Field| {
                let mut schema = describe(&field.shape);
                if let Value::Object(members) = &mut schema {
                    members.insert("description".to_owned(), json!(field.doc));
                }
                (field.name.to_owned(), schema)
            };
            let properties: Map<_, _> = fields.iter().map(property).collect();
            let required: Vec<_> = fields.iter().map(|field| field.name).collect();
            json!({"description": about, "type": "object", "properties": properties, "required": required})
        }
    }
}

impl Tree {
    /// As JSON; something unknown is `{"unknown": REASON}`. Given the sources, a value with evidence becomes
    /// `{"value": …, "evidence": [{"label": …, "at": "FILE:LINE:COLUMN"}]}`.
    pub fn to_json(&self, evidence: Option<&SourceMap>) -> Value {
        let value = match &self.kind {
            TreeKind::Bool(value) => json!(value),
            TreeKind::Int(value) => json!(value),
            TreeKind::Text(value) => json!(value),
            TreeKind::List(items) => items.iter().map(|item| item.to_json(evidence)).collect(),
            TreeKind::Map(members) => {
                members.iter().map(|(name, member)| ((*name).to_owned(), member.to_json(evidence))).collect()
            }
            TreeKind::Unknown(reason) => json!({"unknown": reason.to_string()}),
        };
        match evidence {
            Some(sources) if !self.evidence.is_empty() => {
                let steps: Vec<_> = self.evidence.iter().map(|step| step_json(step, sources)).collect();
                json!({"value": value, "evidence": steps})
            }
            _ => value,
        }
    }
}

fn step_json(step: &Step, sources: &SourceMap) -> Value {
    let mut object = json!({"label": step.label});
    if let (Some(span), Value::Object(members)) = (step.span, &mut object) {
        let place = format!("{}:{}", sources.file(span.file).name, sources.position(span));
        members.insert("at".to_owned(), json!(place));
    }
    object
}
