//! Small architectures in Terraform and in CloudFormation: every property and every fact is the same.

mod balancers;
mod compute;
mod containers;
mod groups;
mod hidden;
mod names;
mod routing;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use sra_guard::facts::{self, Tree, TreeKind};
use sra_guard::graph::Graph;
use sra_guard::input::{Context, Resource, cloudformation, terraform};
use sra_guard::source::SourceMap;
use sra_guard::value::{Kind, Value};

use crate::support::rules;

/// The resources that a Terraform text stands for.
fn mapped(text: &str) -> Vec<Resource> {
    let sources = SourceMap::default();
    let unit = terraform::unit_from_files(&terraform::files_of(text), ".", &Context::default(), &sources).unwrap();
    let evaluation = unit.evaluate(unit.worlds().list.first().unwrap());
    assert!(evaluation.notes.is_empty(), "{:?}", evaluation.notes);
    evaluation.resources
}

/// Every property of both must be the same, resource by resource in the order of writing, and so must the facts. The
/// names of Terraform's resources stand for those of CloudFormation's in the same place. And the law of unknowns holds.
fn twins(terraform: &str, cloudformation: &str) {
    let judged: Vec<_> = rules().rules.iter().filter(|rule| hidden::is_judged(rule)).collect();
    let settled = hidden::settled_by_hiding(&judged, terraform);
    assert!(settled.is_empty(), "{}", settled.join("\n"));
    let ours = mapped(terraform);
    let (_, evaluation) = cloudformation::evaluate_text(&format!("Resources:\n{cloudformation}"));
    assert!(evaluation.notes.is_empty(), "{:?}", evaluation.notes);
    let theirs = evaluation.resources;
    let kinds = |list: &[Resource]| list.iter().map(|one| one.kind.to_string()).collect::<Vec<_>>();
    assert_eq!(kinds(&ours), kinds(&theirs));
    let mut names: Vec<(String, String)> = ours
        .iter()
        .zip(&theirs)
        .map(|(our, their)| (our.address.0.split_once('#').unwrap().1.to_owned(), their.name.to_string()))
        .collect();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let renamed = |text: String| names.iter().fold(text, |text, (from, to)| text.replace(from, to));
    for (our, their) in ours.iter().zip(&theirs) {
        let (our, their) =
            (renamed(format!("{:#}", plain(&our.properties))), format!("{:#}", plain(&their.properties)));
        assert_eq!(our, their);
    }
    let ours = renamed(facts_of(ours).replace(".#", "template.yaml#"));
    let theirs = facts_of(theirs);
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&ours), sorted(&theirs));
}

/// Properties as JSON with every scalar as text; null is absent, as are empty lists.
fn plain(value: &Value) -> Json {
    match &value.kind {
        Kind::Scalar(scalar) => json!(scalar.text),
        Kind::List(items) => Json::Array(items.iter().map(plain).collect()),
        Kind::Map(map) => {
            let members = map.members.iter().map(|member| (member.key.to_string(), plain(&member.value)));
            let members = members.filter(|(_, value)| !value.is_null() && *value != json!([]));
            Json::Object(members.collect::<BTreeMap<_, _>>().into_iter().collect::<Map<_, _>>())
        }
        Kind::Null => Json::Null,
        Kind::Ref(_) | Kind::Text(_) => json!(value.template()),
        Kind::Unknown(_) => json!({"unknown": true}),
    }
}

/// One line a subject.
fn facts_of(resources: Vec<Resource>) -> String {
    let subjects = facts::derive(&Graph::new(resources));
    let line = |subject: &facts::Subject| format!("{} {} {}\n", subject.kind, subject.id, tree(&subject.tree));
    subjects.iter().map(line).collect()
}

fn tree(node: &Tree) -> Json {
    match &node.kind {
        TreeKind::Bool(value) => json!(value),
        TreeKind::Int(value) => json!(value),
        TreeKind::Text(text) => json!(text),
        TreeKind::List(items) => Json::Array(items.iter().map(tree).collect()),
        TreeKind::Map(members) => members.iter().map(|(key, value)| (*key, tree(value))).collect(),
        TreeKind::Unknown(_) => json!({"unknown": true}),
    }
}
