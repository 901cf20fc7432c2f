//! The files that templates name: nested templates, `AWS::Include` snippets, `OpenAPI` and state machine documents.
//!
//! They are read before anything is evaluated, so a path that only a function computes is found when it stands
//! literally in some branch of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::stack::{asset_path, nested_location};
use super::template::{INCLUDE, Template};
use crate::input::files::{Companions, file_reason, resolve};
use crate::source::{Node, NodeValue};
use crate::value::Reason;

/// What was read, by name.
#[derive(Debug, Default)]
pub(super) struct Documents {
    templates: BTreeMap<String, Arc<Template>>,
    others: BTreeMap<String, Result<Arc<Node>, Reason>>,
    /// Template → the templates nested in it.
    edges: BTreeMap<String, BTreeSet<String>>,
}

/// Templates that are read only because another names them. What was given to be scanned does not count.
const MAX_TEMPLATES: usize = 2_000;

impl Documents {
    /// Reads everything that `scanned` and what they nest mention.
    pub(super) fn load(scanned: &BTreeMap<String, Arc<Template>>, companions: &mut Companions<'_>) -> Self {
        let mut documents = Self::default();
        let mut loaded = 0;
        let mut queue: Vec<Arc<Template>> = scanned.values().rev().cloned().collect();
        while let Some(template) = queue.pop() {
            let name = template.name.to_string();
            if documents.edges.contains_key(&name) {
                continue;
            }
            let mut nested = BTreeSet::new();
            let mut paths = Vec::new();
            mentioned(&template.root, &mut paths);
            for (mention, path) in paths {
                let Some(file) = resolve(&name, path) else { continue };
                match mention {
                    Mention::Template => {
                        let found = match scanned.get(&file).or_else(|| documents.templates.get(&file)) {
                            Some(known) => Arc::clone(known),
                            None if loaded < MAX_TEMPLATES => {
                                let Some(read) = load(&file, companions) else { continue };
                                loaded += 1;
                                read
                            }
                            None => continue,
                        };
                        documents.templates.insert(file.clone(), Arc::clone(&found));
                        nested.insert(file);
                        queue.push(found);
                    }
                    Mention::Document => {
                        let read = companions.parse(&file);
                        documents.others.insert(file, read);
                    }
                }
            }
            documents.edges.insert(name, nested);
        }
        documents
    }

    /// A template that may be nested, by its resolved name.
    pub(super) fn template(&self, name: &str) -> Option<&Template> {
        self.templates.get(name).map(|template| &**template)
    }

    /// Any other document that the template `from` names by a relative path.
    pub(super) fn document(&self, from: &str, path: &str) -> Result<&Node, Reason> {
        let name = resolve(from, path).ok_or_else(|| file_reason(path, "is not a local path"))?;
        match self.others.get(&name) {
            Some(Ok(root)) => Ok(root),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err(file_reason(&name, "was not read")),
        }
    }

    /// The names of everything nested in some templates, sorted.
    pub(super) fn nested_in<'d>(&'d self, roots: impl Iterator<Item = &'d str>) -> BTreeSet<&'d str> {
        let mut reached = BTreeSet::new();
        let mut stack: Vec<&str> = roots.collect();
        while let Some(at) = stack.pop() {
            for name in self.edges.get(at).into_iter().flatten() {
                if reached.insert(&**name) {
                    stack.push(name);
                }
            }
        }
        reached
    }

    /// The scanned templates that none of the others nests; of a cycle, the first by name.
    pub(super) fn roots(&self, scanned: &BTreeMap<String, Arc<Template>>) -> Vec<Arc<Template>> {
        let targets: BTreeSet<&String> = self.edges.values().flatten().collect();
        let mut reached: BTreeSet<&String> = BTreeSet::new();
        let mut roots = Vec::new();
        let free = scanned.iter().filter(|(name, _)| !targets.contains(name));
        let bound = scanned.iter().filter(|(name, _)| targets.contains(name));
        for (name, template) in free.chain(bound) {
            if reached.contains(name) {
                continue;
            }
            roots.push(Arc::clone(template));
            let mut stack = vec![name];
            while let Some(at) = stack.pop() {
                if reached.insert(at) {
                    stack.extend(self.edges.get(at).into_iter().flatten());
                }
            }
        }
        roots.sort_by(|left, right| left.name.cmp(&right.name));
        roots
    }
}

fn load(name: &str, companions: &mut Companions<'_>) -> Option<Arc<Template>> {
    let root = companions.parse(name).ok()?;
    Some(Arc::new(Template { name: Arc::from(name), root }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mention {
    Template,
    Document,
}

/// Properties that name a local document until the template is packaged. Source: AWS CLI reference,
/// "`aws cloudformation package`".
pub(super) const DOCUMENT_PROPERTIES: [&str; 4] =
    ["DefinitionUri", "BodyS3Location", "DefinitionS3Location", "SchemaUri"];

/// Every literal path that may name a template or a document, in whichever branch it stands.
fn mentioned<'n>(node: &'n Node, found: &mut Vec<(Mention, &'n str)>) {
    match &node.value {
        NodeValue::Map(entries) => {
            if let Some(property) = nested_location(node)
                && let Some(location) = node.get("Properties").and_then(|properties| properties.get(property))
            {
                texts(location, Mention::Template, found);
                found.extend(asset_path(node).map(|path| (Mention::Template, path)));
            }
            if node.get("Name").and_then(Node::as_str) == Some(INCLUDE)
                && let Some(location) = node.get("Parameters").and_then(|parameters| parameters.get("Location"))
            {
                texts(location, Mention::Document, found);
            }
            for entry in entries {
                if DOCUMENT_PROPERTIES.contains(&&*entry.key) {
                    texts(&entry.value, Mention::Document, found);
                }
                mentioned(&entry.value, found);
            }
        }
        NodeValue::Seq(items) => items.iter().for_each(|item| mentioned(item, found)),
        NodeValue::Scalar(_) | NodeValue::Null => {}
    }
}

fn texts<'n>(node: &'n Node, mention: Mention, found: &mut Vec<(Mention, &'n str)>) {
    match &node.value {
        NodeValue::Scalar(scalar) => found.push((mention, &scalar.text)),
        NodeValue::Seq(items) => items.iter().for_each(|item| texts(item, mention, found)),
        NodeValue::Map(entries) => entries.iter().for_each(|entry| texts(&entry.value, mention, found)),
        NodeValue::Null => {}
    }
}
