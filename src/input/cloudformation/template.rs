//! The sections of a template, as declared: nothing evaluated but `Fn::ForEach`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::source::{Node, NodeValue, Span};

/// A parsed template and the name of its file.
#[derive(Debug)]
pub(super) struct Template {
    pub name: Arc<str>,
    pub root: Arc<Node>,
}

/// Values of the loop variables of the enclosing `Fn::ForEach`, the innermost last.
pub(super) type Loops = Arc<[(Arc<str>, Arc<str>)]>;

/// One named entry of a section.
#[derive(Clone, Debug)]
pub(super) struct Declared<'a> {
    pub name: Arc<str>,
    pub name_span: Span,
    pub node: &'a Node,
    pub loops: Loops,
}

/// The entries of one section, in source order and by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Section<'a> {
    pub list: Vec<Declared<'a>>,
    by_name: HashMap<Arc<str>, usize>,
}

impl<'a> Section<'a> {
    /// The entries as they are written, `Fn::ForEach` and `Fn::Transform` keys included.
    pub(super) fn plain(root: &'a Node, section: &str) -> Self {
        let mut found = Self::default();
        for entry in root.get(section).and_then(Node::as_map).unwrap_or_default() {
            found.push(Declared {
                name: Arc::from(&*entry.key),
                name_span: entry.key_span,
                node: &entry.value,
                loops: no_loops(),
            });
        }
        found
    }

    /// The first entry of a name stands.
    pub(super) fn push(&mut self, declared: Declared<'a>) {
        let index = self.list.len();
        if self.by_name.contains_key(&declared.name) {
            return;
        }
        self.by_name.insert(Arc::clone(&declared.name), index);
        self.list.push(declared);
    }

    pub(super) fn get(&self, name: &str) -> Option<&Declared<'a>> {
        self.by_name.get(name).and_then(|index| self.list.get(*index))
    }

    pub(super) fn index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

pub(super) fn no_loops() -> Loops {
    Arc::from([])
}

/// The transforms that the template as a whole names: a string or a list of strings and `{Name: …}` mappings.
pub(super) fn transforms(root: &Node) -> Vec<(&str, &Node)> {
    let Some(node) = root.get("Transform") else { return Vec::new() };
    let items = match &node.value {
        NodeValue::Seq(items) => items.iter().collect(),
        _ => vec![node],
    };
    items
        .into_iter()
        .filter_map(|item| {
            let name = item.as_str().or_else(|| item.get("Name").and_then(Node::as_str))?;
            Some((name, item))
        })
        .collect()
}

/// Whether the Serverless transform applies. A template that only forgot to name it is read as it is meant.
pub(super) fn is_serverless(root: &Node) -> bool {
    let typed =
        |node: &Node| node.get("Type").and_then(Node::as_str).is_some_and(|kind| kind.starts_with("AWS::Serverless::"));
    transforms(root).iter().any(|(name, _)| *name == SERVERLESS)
        || root
            .get("Resources")
            .and_then(Node::as_map)
            .is_some_and(|entries| entries.iter().any(|entry| typed(&entry.value)))
}

pub(super) const SERVERLESS: &str = "AWS::Serverless-2016-10-31";
pub(super) const LANGUAGE_EXTENSIONS: &str = "AWS::LanguageExtensions";
pub(super) const INCLUDE: &str = "AWS::Include";

/// Whether a document is a CloudFormation or SAM template: it has a `Resources` mapping, and something in it or
/// beside it is CloudFormation's.
pub fn is_template(root: &Node) -> bool {
    if root.get("AWSTemplateFormatVersion").is_some() || !transforms(root).is_empty() {
        return root.get("Resources").is_some() || root.get("AWSTemplateFormatVersion").is_some();
    }
    let typed = |node: &Node| node.get("Type").and_then(Node::as_str).is_some_and(|kind| kind.contains("::"));
    root.get("Resources")
        .and_then(Node::as_map)
        .is_some_and(|entries| entries.iter().any(|entry| typed(&entry.value) || entry.key.starts_with("Fn::ForEach")))
}
