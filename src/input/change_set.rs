//! Change sets: what `aws cloudformation describe-change-set` says.
//!
//! With `--include-property-values` a change set says what each changed resource will be. Alone it is a small template of
//! these resources. Beside the template that it was made of, it tells which of the template's resources change, and
//! what the parameters are. Source: CloudFormation API reference, `DescribeChangeSet`, `ResourceChange`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Changes, Evaluation, Note, NoteLevel, Unit};
use crate::source::embedded::parse_embedded;
use crate::source::{Entry, FileId, Limits, Node, NodeValue, Scalar, SourceMap, Span};
use crate::world::{World, Worlds};

/// A change set as it was read.
#[derive(Clone, Debug)]
pub(super) struct ChangeSet {
    changes: Vec<Change>,
    parameters: Vec<(String, String)>,
    place: Span,
    /// There are further pages.
    partial: Option<Span>,
}

#[derive(Clone, Debug)]
struct Change {
    logical_id: String,
    kind: String,
    /// Where its logical id stands.
    place: Span,
    physical_id: Option<String>,
    removed: bool,
    /// The resource as it will be.
    after: Option<Node>,
}

/// Recognises the output of `describe-change-set`.
pub(super) fn see(root: &Node, sources: &SourceMap) -> Option<ChangeSet> {
    let changes = root.get("Changes")?.as_seq()?;
    let identified = ["ChangeSetId", "ChangeSetName"].iter().any(|key| root.get(key).is_some());
    if !identified || root.get("StackId").or_else(|| root.get("StackName")).is_none() {
        return None;
    }
    let place = root.entry("ChangeSetName").or_else(|| root.entry("Changes")).map_or(root.span, |entry| entry.key_span);
    Some(ChangeSet {
        changes: changes.iter().filter_map(|change| Change::of(change.get("ResourceChange")?, sources)).collect(),
        parameters: super::cloudformation::parameters_from_file(root).unwrap_or_default(),
        place,
        partial: root.entry("NextToken").filter(|token| token.value.as_str().is_some()).map(|token| token.key_span),
    })
}

impl Change {
    fn of(change: &Node, sources: &SourceMap) -> Option<Self> {
        let text = |key: &str| change.get(key).and_then(Node::as_str);
        let logical_id = change.get("LogicalResourceId")?;
        let context = change.get("AfterContext");
        let after = context.and_then(|context| parse_embedded(sources, context, Limits::default()));
        let after = after.and_then(Result::ok).and_then(|parsed| parsed.documents.into_iter().next());
        Some(Self {
            logical_id: logical_id.as_str()?.to_owned(),
            kind: text("ResourceType")?.to_owned(),
            place: logical_id.span,
            physical_id: text("PhysicalResourceId").filter(|id| !id.is_empty()).map(str::to_owned),
            removed: text("Action") == Some("Remove"),
            after: after.filter(|after| after.as_map().is_some()),
        })
    }
}

impl ChangeSet {
    /// Resources that will be there.
    pub(super) fn resources(&self) -> usize {
        self.staying().count()
    }

    fn staying(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| !change.removed)
    }

    /// The values that the change set gives to parameters.
    pub(super) fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// Whether it may have been made of a template: each of its resources is declared there, with the same type.
    pub(super) fn is_of(&self, template: &Node) -> bool {
        let declares = |change: &Change| {
            let resource = template.get("Resources").and_then(|resources| resources.get(&change.logical_id));
            resource.is_some_and(|resource| resource.get("Type").and_then(Node::as_str) == Some(&change.kind))
        };
        // What a transform generates is not declared.
        self.staying().any(declares)
            && self.staying().all(|change| declares(change) || template.get("Transform").is_some())
    }

    /// What it says without a template: its resources, or why there is nothing to judge.
    pub(super) fn template(&self) -> Result<Node, (String, Span)> {
        if self.staying().any(|change| change.after.is_none()) {
            let why = "the change set does not say what its resources will be: add `--include-property-values` to \
                       `aws cloudformation describe-change-set`, or give its template as well";
            return Err((why.to_owned(), self.place));
        }
        let known: BTreeMap<&str, &str> = self
            .staying()
            .filter_map(|change| Some((change.physical_id.as_deref()?, change.logical_id.as_str())))
            .collect();
        let resources = self.staying().map(|change| {
            let mut members = vec![entry("Type", text(change.place, &change.kind))];
            let after = change.after.as_ref().and_then(Node::as_map).unwrap_or_default();
            members.extend(
                after
                    .iter()
                    .map(|entry| Entry { value: linked(&entry.value, &change.logical_id, &known), ..entry.clone() }),
            );
            Entry {
                key: change.logical_id.as_str().into(),
                key_span: change.place,
                value: map(change.after.as_ref().map_or(change.place, |after| after.span), members),
            }
        });
        let resources = map(self.place, resources.collect());
        let version = text(self.place, "2010-09-09");
        Ok(map(self.place, vec![entry("AWSTemplateFormatVersion", version), entry("Resources", resources)]))
    }

    pub(super) fn notes(&self) -> Vec<Note> {
        let note = |message: &str, span| Note {
            level: NoteLevel::Warning,
            message: message.to_owned(),
            span: Some(span),
            related: None,
        };
        let partial = self.partial.map(|span| {
            note("this is one page of the change set: without `--no-paginate` the AWS CLI writes all of them", span)
        });
        let empty = self.changes.is_empty().then(|| note("the change set changes nothing", self.place));
        partial.into_iter().chain(empty).collect()
    }

    fn logical_ids(&self) -> BTreeSet<&str> {
        self.staying().map(|change| change.logical_id.as_str()).collect()
    }
}

/// A value with references in place of the physical ids of other changed resources.
fn linked(node: &Node, own: &str, known: &BTreeMap<&str, &str>) -> Node {
    let value = match &node.value {
        NodeValue::Scalar(scalar) => match known.get(&*scalar.text).filter(|other| **other != own) {
            Some(other) => NodeValue::Map(vec![entry("Ref", text(node.span, other))]),
            None => return node.clone(),
        },
        NodeValue::Seq(items) => NodeValue::Seq(items.iter().map(|item| linked(item, own, known)).collect()),
        NodeValue::Map(entries) => NodeValue::Map(
            entries.iter().map(|entry| Entry { value: linked(&entry.value, own, known), ..entry.clone() }).collect(),
        ),
        NodeValue::Null => return node.clone(),
    };
    Node { value, ..node.clone() }
}

fn entry(key: &str, value: Node) -> Entry {
    Entry { key: key.into(), key_span: value.span, value }
}

fn text(span: Span, text: &str) -> Node {
    Node { span, tag: None, value: NodeValue::Scalar(Scalar { text: text.into(), plain: false }) }
}

fn map(span: Span, members: Vec<Entry>) -> Node {
    Node { span, tag: None, value: NodeValue::Map(members) }
}

/// The templates of a run with the change sets that belong to them.
#[derive(Debug, Default)]
pub(super) struct Paired {
    /// Templates, and change sets that stand for themselves.
    pub(super) templates: Vec<(FileId, Node)>,
    /// Name of a file → the change set that is about it.
    sets: BTreeMap<String, ChangeSet>,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) notes: Vec<Note>,
    /// Change sets that cannot be judged.
    pub(super) refused: Vec<FileId>,
}

impl Paired {
    /// Gives each change set to the one template that it may have been made of.
    pub(super) fn of(templates: Vec<(FileId, Node)>, sets: Vec<(FileId, ChangeSet)>, sources: &SourceMap) -> Self {
        let mut paired = Self { templates, ..Self::default() };
        let given = paired.templates.len();
        for (file, set) in sets {
            let own = sources.file(file).name.clone();
            paired.notes.extend(set.notes());
            let mut fitting = paired.templates.iter().take(given).filter(|(_, template)| set.is_of(template));
            let template = match (fitting.next(), fitting.next()) {
                (Some((template, _)), None) => Some(sources.file(*template).name.clone()),
                _ => None,
            };
            if let Some(template) = template {
                paired.parameters.extend(set.parameters().iter().cloned());
                paired.sets.insert(template, set);
                continue;
            }
            match set.template() {
                Ok(template) => {
                    paired.templates.push((file, template));
                    paired.sets.insert(own, set);
                }
                Err((message, span)) => {
                    paired.refused.push(file);
                    paired.notes.push(Note { level: NoteLevel::Error, message, span: Some(span), related: None });
                }
            }
        }
        paired
    }

    /// Lets units tell what their change sets change.
    pub(super) fn tell(&self, units: Vec<Box<dyn Unit>>) -> Vec<Box<dyn Unit>> {
        if self.sets.is_empty() {
            return units;
        }
        units
            .into_iter()
            .map(|unit| -> Box<dyn Unit> {
                let files = unit.files();
                let sets = self.sets.iter().filter(|(name, _)| files.contains(name));
                let sets: Vec<(String, ChangeSet)> = sets.map(|(name, set)| (name.clone(), set.clone())).collect();
                if sets.is_empty() { unit } else { Box::new(Changed { unit, sets }) }
            })
            .collect()
    }
}

/// A unit of templates with the change sets that are about them.
struct Changed {
    unit: Box<dyn Unit>,
    sets: Vec<(String, ChangeSet)>,
}

impl Unit for Changed {
    fn files(&self) -> Vec<String> {
        self.unit.files()
    }

    fn worlds(&self) -> Worlds {
        self.unit.worlds()
    }

    fn evaluate(&self, world: &World) -> Evaluation {
        self.unit.evaluate(world)
    }

    fn changes(&self) -> Option<Changes> {
        let mut changes = Changes::default();
        for world in &self.unit.worlds().list {
            for resource in self.unit.evaluate(world).resources {
                // A changed nested stack may change everything in it.
                let is_changed = |(name, set): &(String, ChangeSet)| {
                    let local = resource.address.0.strip_prefix(name.as_str()).and_then(|rest| rest.strip_prefix('#'));
                    let first = local.and_then(|local| local.split('/').next());
                    first.is_some_and(|first| set.logical_ids().contains(first))
                };
                if self.sets.iter().any(is_changed) {
                    changes.addresses.insert(resource.address);
                    if !changes.places.contains(&resource.span) {
                        changes.places.push(resource.span);
                    }
                }
            }
        }
        Some(changes)
    }
}
