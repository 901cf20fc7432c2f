//! `facts`, `resources` and `graph`: what the pipeline makes of an input, for rule writers and readers.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::arguments::{Facts, Graph as GraphArguments, GraphFormat, Resources};
use super::{CLEAN, COULD_NOT_CHECK, Error, context, emit};
use crate::facts;
use crate::graph::Graph;
use crate::input::{Evaluation, Loaded, NoteLevel, discover};
use crate::report::architecture::Drawing;
use crate::report::secret::mask_properties;
use crate::source::SourceMap;

fn load(input: &super::Input, sources: &SourceMap) -> Result<Loaded, Error> {
    Ok(discover::load(&input.paths, &context(input)?, sources, &|_, _| {}))
}

/// The base world of each unit.
fn evaluations(loaded: &Loaded) -> impl Iterator<Item = Evaluation> {
    loaded.units.iter().filter_map(|unit| unit.worlds().list.first().map(|world| unit.evaluate(world)))
}

fn code(loaded: &Loaded) -> u8 {
    if loaded.notes.iter().any(|note| note.level == NoteLevel::Error) { COULD_NOT_CHECK } else { CLEAN }
}

fn write_json(value: &Value, out: &mut dyn Write) -> Result<(), Error> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

pub(super) fn facts(arguments: &Facts, out: &mut dyn Write) -> Result<u8, Error> {
    if arguments.schema {
        write_json(&facts::schema(), out)?;
        return Ok(CLEAN);
    }
    let kinds: Vec<&str> = facts::subject_kinds().iter().map(|kind| kind.name).collect();
    if let Some(kind) = arguments.kind.as_ref().filter(|kind| !kinds.contains(&kind.as_str())) {
        return Err(Error::NoSuchKind(kind.clone(), kinds.join(", ")));
    }
    let sources = SourceMap::default();
    let loaded = load(&arguments.input, &sources)?;
    let mut arrays: Map<String, Value> = kinds.iter().map(|kind| ((*kind).to_owned(), json!([]))).collect();
    for evaluation in evaluations(&loaded) {
        for subject in facts::derive(&Graph::new(evaluation.resources)) {
            let Some(Value::Array(array)) = arrays.get_mut(subject.kind) else { continue };
            let mut object = Map::new();
            object.insert("id".to_owned(), json!(subject.id));
            object.insert("name".to_owned(), json!(subject.name));
            object.insert("type".to_owned(), json!(subject.resource_type));
            if let Value::Object(members) = subject.tree.to_json(arguments.evidence.then_some(&sources)) {
                object.extend(members);
            }
            array.push(Value::Object(object));
        }
    }
    if let Some(kind) = &arguments.kind {
        arrays.retain(|name, _| name == kind);
    }
    write_json(&Value::Object(arrays), out)?;
    Ok(code(&loaded))
}

pub(super) fn resources(arguments: &Resources, out: &mut dyn Write) -> Result<u8, Error> {
    let sources = SourceMap::default();
    let loaded = load(&arguments.input, &sources)?;
    let list: Vec<Value> = evaluations(&loaded)
        .flat_map(|evaluation| evaluation.resources)
        .map(|resource| {
            let mut properties = resource.properties.to_json();
            mask_properties(&mut properties);
            json!({
                "id": resource.address.to_string(),
                "name": resource.name,
                "type": resource.kind,
                "origin": resource.origin,
                "properties": properties,
            })
        })
        .collect();
    write_json(&Value::Array(list), out)?;
    Ok(code(&loaded))
}

pub(super) fn graph(arguments: &GraphArguments, out: &mut dyn Write) -> Result<u8, Error> {
    let sources = SourceMap::default();
    let loaded = load(&arguments.input, &sources)?;
    let mut drawing = Drawing::default();
    for evaluation in evaluations(&loaded) {
        drawing.add(&Graph::new(evaluation.resources));
    }
    emit(arguments.output.as_deref(), out, |out| match arguments.format {
        GraphFormat::Mermaid => out.write_all(drawing.mermaid().as_bytes()),
        GraphFormat::Dot => out.write_all(drawing.dot().as_bytes()),
        GraphFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &drawing.json())?;
            out.write_all(b"\n")
        }
    })?;
    Ok(code(&loaded))
}
