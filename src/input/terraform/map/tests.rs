//! Terraform text and its CloudFormation twin give the same resources, property by property.

mod apis;
mod cognito;
mod data;
mod iam;
mod lambda;
mod services;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::input::cloudformation::evaluate_text;
use crate::input::terraform::{files_of, unit_from_files};
use crate::input::{Context, Evaluation, Resource};
use crate::source::SourceMap;

/// What the first world of a configuration has.
pub(super) fn evaluated(text: &str) -> (SourceMap, Evaluation) {
    let sources = SourceMap::default();
    let unit = unit_from_files(&files_of(text), ".", &Context::default(), &sources).unwrap();
    let evaluation = unit.evaluate(&unit.worlds().list[0]);
    (sources, evaluation)
}

/// Type and properties by logical id. `aws_iam_role.app_role` is the twin of `AppRole`, what is made of its policy
/// that of `AppRolePolicy`.
fn twins(text: &str) -> BTreeMap<String, Json> {
    let (_, evaluation) = evaluated(text);
    let notes: Vec<_> = evaluation.notes.iter().map(|note| &note.message).collect();
    assert!(notes.is_empty(), "{notes:?}");
    let mut names: Vec<(String, String)> = evaluation
        .resources
        .iter()
        .map(|resource| {
            let local = resource.address.0.split('#').nth(1).unwrap();
            let words = local.split_once('.').unwrap().1.split(['_', '/', '.']);
            let capital = |word: &str| format!("{}{}", word.get(..1).unwrap().to_uppercase(), word.get(1..).unwrap());
            (local.to_owned(), words.map(capital).collect())
        })
        .collect();
    names.sort_by_key(|(local, _)| std::cmp::Reverse(local.len()));
    let renamed = |resource: &Resource| {
        let mut text = shown(resource).to_string();
        for (local, name) in &names {
            text = text.replace(local, name);
        }
        serde_json::from_str(&text).unwrap()
    };
    let name = |resource: &Resource| names.iter().find(|(local, _)| resource.address.0.ends_with(&format!("#{local}")));
    evaluation.resources.iter().map(|resource| (name(resource).unwrap().1.clone(), renamed(resource))).collect()
}

fn shown(resource: &Resource) -> Json {
    json!({"Type": *resource.kind, "Properties": resource.properties.to_json()})
}

fn cloudformation(text: &str) -> BTreeMap<String, Json> {
    let (_, evaluation) = evaluate_text(&format!("Resources:\n{text}"));
    assert!(evaluation.notes.is_empty(), "{:?}", evaluation.notes);
    evaluation.resources.iter().map(|resource| (resource.name.to_string(), shown(resource))).collect()
}

#[track_caller]
pub(super) fn same(terraform: &str, template: &str) {
    let (ours, theirs) = (twins(terraform), cloudformation(template));
    for (name, resource) in &theirs {
        assert_eq!(ours.get(name), Some(resource), "{name}");
    }
    let names = |resources: &BTreeMap<String, Json>| resources.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&theirs));
}

/// One property of a resource of a configuration, as JSON.
fn property(terraform: &str, address: &str, path: &str) -> Json {
    let (_, evaluation) = evaluated(terraform);
    let resource = evaluation.resources.iter().find(|it| it.address.0.ends_with(&format!("#{address}"))).unwrap();
    resource.properties.prop(path).known().map_or(Json::Null, crate::value::Value::to_json)
}
