//! Where a document spells out what Terraform calls sensitive, so that no excerpt shows it.

use std::collections::BTreeSet;

use super::value::is_true;
use crate::source::{Node, NodeValue, Span};

/// The places of all sensitive scalars.
pub(super) fn spans(root: &Node) -> Vec<Span> {
    let mut found = Found::default();
    for values in ["planned_values", "values"] {
        found.values(root.get(values));
    }
    found.values(root.get("prior_state").and_then(|state| state.get("values")));
    for key in ["resource_changes", "resource_drift"] {
        for resource in root.get(key).and_then(Node::as_seq).unwrap_or_default() {
            found.change(resource);
        }
    }
    for output in members(root.get("output_changes")) {
        found.both(output);
    }
    let module = root.get("configuration").and_then(|configuration| configuration.get("root_module"));
    found.configuration(module, root.get("variables"), 0);
    found.spans
}

const MAX_DEPTH: usize = 64;

#[derive(Default)]
struct Found<'n> {
    spans: Vec<Span>,
    /// Type and argument.
    arguments: BTreeSet<(&'n str, &'n str)>,
}

impl<'n> Found<'n> {
    fn values(&mut self, values: Option<&'n Node>) {
        let Some(values) = values else { return };
        for output in members(values.get("outputs")) {
            if output.get("sensitive").is_some_and(is_true) {
                self.whole(output.get("value"));
            }
        }
        self.module(values.get("root_module"), 0);
    }

    fn module(&mut self, module: Option<&'n Node>, depth: usize) {
        let Some(module) = module.filter(|_| depth < MAX_DEPTH) else { return };
        for resource in module.get("resources").and_then(Node::as_seq).unwrap_or_default() {
            let marks = resource.get("sensitive_values");
            self.resource(resource, marks);
            self.marked(resource.get("values"), marks);
        }
        for child in module.get("child_modules").and_then(Node::as_seq).unwrap_or_default() {
            self.module(Some(child), depth + 1);
        }
    }

    fn change(&mut self, resource: &'n Node) {
        let Some(change) = resource.get("change") else { return };
        for marks in ["before_sensitive", "after_sensitive"] {
            self.resource(resource, change.get(marks));
        }
        self.both(change);
    }

    fn both(&mut self, change: &'n Node) {
        self.marked(change.get("before"), change.get("before_sensitive"));
        self.marked(change.get("after"), change.get("after_sensitive"));
    }

    /// The arguments of a type that are sensitive in one place are in all.
    fn resource(&mut self, resource: &'n Node, marks: Option<&'n Node>) {
        let Some(kind) = resource.get("type").and_then(Node::as_str) else { return };
        for entry in marks.and_then(Node::as_map).unwrap_or_default() {
            if has_mark(&entry.value) {
                self.arguments.insert((kind, &entry.key));
            }
        }
    }

    fn configuration(&mut self, module: Option<&'n Node>, values: Option<&'n Node>, depth: usize) {
        let Some(module) = module.filter(|_| depth < MAX_DEPTH) else { return };
        let variables = module.get("variables").and_then(Node::as_map).unwrap_or_default();
        let sensitive: Vec<&str> = variables
            .iter()
            .filter(|variable| variable.value.get("sensitive").is_some_and(is_true))
            .map(|variable| &*variable.key)
            .collect();
        for name in &sensitive {
            self.whole(module.get("variables").and_then(|all| all.get(name)?.get("default")));
            self.whole(values.and_then(|all| all.get(name)));
        }
        for resource in module.get("resources").and_then(Node::as_seq).unwrap_or_default() {
            let kind = resource.get("type").and_then(Node::as_str).unwrap_or_default();
            for argument in resource.get("expressions").and_then(Node::as_map).unwrap_or_default() {
                if self.arguments.contains(&(kind, &*argument.key)) {
                    self.whole(Some(&argument.value));
                }
            }
        }
        for call in members(module.get("module_calls")) {
            self.configuration(call.get("module"), call.get("expressions"), depth + 1);
        }
    }

    fn marked(&mut self, value: Option<&'n Node>, marks: Option<&'n Node>) {
        let (Some(value), Some(marks)) = (value, marks) else { return };
        if is_true(marks) {
            return self.whole(Some(value));
        }
        match (&value.value, &marks.value) {
            (NodeValue::Map(_), NodeValue::Map(entries)) => {
                for entry in entries {
                    self.marked(value.get(&entry.key), Some(&entry.value));
                }
            }
            (NodeValue::Seq(values), NodeValue::Seq(marks)) => {
                for (value, marks) in values.iter().zip(marks) {
                    self.marked(Some(value), Some(marks));
                }
            }
            _ => {}
        }
    }

    fn whole(&mut self, value: Option<&'n Node>) {
        let Some(value) = value else { return };
        match &value.value {
            NodeValue::Scalar(_) => self.spans.push(value.span),
            NodeValue::Seq(items) => {
                for item in items {
                    self.whole(Some(item));
                }
            }
            NodeValue::Map(entries) => {
                for entry in entries {
                    self.whole(Some(&entry.value));
                }
            }
            NodeValue::Null => {}
        }
    }
}

fn members(node: Option<&Node>) -> impl Iterator<Item = &Node> {
    node.and_then(Node::as_map).unwrap_or_default().iter().map(|entry| &entry.value)
}

/// Whether anything in a value is marked.
pub(super) fn has_mark(marks: &Node) -> bool {
    match &marks.value {
        NodeValue::Map(entries) => entries.iter().any(|entry| has_mark(&entry.value)),
        NodeValue::Seq(items) => items.iter().any(has_mark),
        _ => is_true(marks),
    }
}
