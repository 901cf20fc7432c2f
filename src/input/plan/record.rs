//! The resources that a plan or state records, each with what is known and what is not.

use std::collections::HashMap;
use std::sync::Arc;

use super::document::{Document, quoted};
use super::path::{Calls, Key};
use crate::source::{Node, NodeValue, Span};

/// An instance of a resource or data source.
#[derive(Debug)]
pub(super) struct Recorded<'n> {
    pub address: Arc<str>,
    /// The module instance that it is in.
    pub calls: Calls,
    pub kind: Arc<str>,
    /// `aws_subnet.private`, `data.aws_ami.base`: its address within the module, without a key.
    pub local: Arc<str>,
    pub key: Option<Key>,
    pub managed: bool,
    pub values: Option<&'n Node>,
    /// `true` in place of what is only known after apply, in the shape of the values.
    pub unknown: Option<&'n Node>,
    /// The same for what is sensitive.
    pub sensitive: [Option<&'n Node>; 2],
    pub span: Span,
    /// Where its address or name stands.
    pub name_span: Span,
}

/// All recorded instances, by address.
#[derive(Debug, Default)]
pub(super) struct Records<'n> {
    pub list: Vec<Recorded<'n>>,
    by_address: HashMap<Arc<str>, usize>,
    by_local: HashMap<Calls, HashMap<Arc<str>, Vec<usize>>>,
}

/// Modules within modules; deeper ones are not read.
const MAX_DEPTH: usize = 64;

impl<'n> Records<'n> {
    pub(super) fn of(document: &'n Document) -> Self {
        let root = &document.root;
        let changes = changes(root);
        let mut records = Self::default();
        let mut read = |values: Option<&'n Node>, wanted: &dyn Fn(&Node) -> bool| {
            let mut found = Vec::new();
            if let Some(module) = values.and_then(|values| values.get("root_module")) {
                resources(module, 0, &mut found);
            }
            for resource in found.into_iter().filter(|resource| wanted(resource)) {
                let change = address(resource).and_then(|address| changes.get(address)).copied();
                records.add(resource, resource.get("values"), change);
            }
        };
        match root.get("planned_values").filter(|values| values.get("root_module").is_some()) {
            Some(values) => read(Some(values), &|_| true),
            None => read(root.get("values"), &|_| true),
        }
        read(root.get("prior_state").and_then(|state| state.get("values")), &|resource| !is_managed(resource));
        if records.list.is_empty() {
            // Only the changes were handed on.
            for change in root.get("resource_changes").and_then(Node::as_seq).unwrap_or_default() {
                let stays = actions(change).iter().any(|action| !matches!(*action, "delete" | "forget"));
                if stays && change.get("deposed").is_none() {
                    records.add(change, change.get("change").and_then(|change| change.get("after")), Some(change));
                }
            }
        }
        records
    }

    fn add(&mut self, resource: &'n Node, values: Option<&'n Node>, change: Option<&'n Node>) {
        let word = |key: &str| resource.get(key).and_then(Node::as_str);
        let (Some(address), Some(kind), Some(name)) = (word("address"), word("type"), word("name")) else { return };
        let managed = is_managed(resource);
        let local: Arc<str> = Arc::from(format!("{}{kind}.{name}", if managed { "" } else { "data." }));
        let calls = Calls::of(address);
        let address: Arc<str> = Arc::from(address);
        let index = self.list.len();
        if *self.by_address.entry(Arc::clone(&address)).or_insert(index) != index {
            return;
        }
        self.by_local.entry(calls.clone()).or_default().entry(Arc::clone(&local)).or_default().push(index);
        let of_change = |key: &str| change.and_then(|change| change.get("change")).and_then(|change| change.get(key));
        self.list.push(Recorded {
            address,
            calls,
            kind: Arc::from(kind),
            local,
            key: resource.get("index").and_then(key),
            managed,
            values: values.filter(|values| values.as_map().is_some()),
            unknown: of_change("after_unknown"),
            sensitive: [resource.get("sensitive_values"), of_change("after_sensitive")],
            span: resource.span,
            name_span: resource.entry("address").map_or(resource.span, |entry| entry.value.span),
        });
    }

    pub(super) fn at(&self, address: &str) -> Option<&Recorded<'n>> {
        self.list.get(*self.by_address.get(address)?)
    }

    /// The instances of a resource in one module instance.
    pub(super) fn of_local<'s>(
        &'s self,
        calls: &Calls,
        local: &str,
    ) -> impl Iterator<Item = &'s Recorded<'n>> + use<'s, 'n> {
        let indices = self.by_local.get(calls).and_then(|locals| locals.get(local));
        indices.into_iter().flatten().filter_map(|index| self.list.get(*index))
    }

    /// The instances of a module call, those that have resources.
    pub(super) fn modules(&self, parent: &Calls, name: &str) -> Vec<Calls> {
        let depth = parent.0.len();
        let mut found: Vec<Calls> = self
            .by_local
            .keys()
            .filter(|calls| {
                calls.0.starts_with(&parent.0) && calls.0.get(depth).is_some_and(|call| &*call.name == name)
            })
            .map(|calls| Calls(calls.0.get(..=depth).unwrap_or_default().to_vec()))
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

fn resources<'n>(module: &'n Node, depth: usize, found: &mut Vec<&'n Node>) {
    found.extend(module.get("resources").and_then(Node::as_seq).unwrap_or_default());
    if depth < MAX_DEPTH {
        for child in module.get("child_modules").and_then(Node::as_seq).unwrap_or_default() {
            resources(child, depth + 1, found);
        }
    }
}

/// The changes of what will be there, by address.
fn changes(root: &Node) -> HashMap<&str, &Node> {
    let changes = root.get("resource_changes").and_then(Node::as_seq).unwrap_or_default();
    let current = changes.iter().filter(|change| change.get("deposed").is_none());
    current.filter_map(|change| Some((address(change)?, change))).collect()
}

pub(super) fn address(resource: &Node) -> Option<&str> {
    resource.get("address")?.as_str()
}

/// What will be done: `create`, `read`, `update`, `delete`, `no-op`, `forget`; a replacement is two of them.
pub(super) fn actions(change: &Node) -> Vec<&str> {
    let actions = change.get("change").and_then(|change| change.get("actions")).and_then(Node::as_seq);
    actions.unwrap_or_default().iter().filter_map(Node::as_str).collect()
}

fn is_managed(resource: &Node) -> bool {
    resource.get("mode").and_then(Node::as_str).is_none_or(|mode| mode == "managed")
}

/// A key as it stands in addresses.
fn key(index: &Node) -> Option<Key> {
    match &index.value {
        NodeValue::Scalar(scalar) if scalar.plain => Some(Arc::from(&*scalar.text)),
        NodeValue::Scalar(scalar) => Some(quoted(&scalar.text)),
        _ => None,
    }
}
