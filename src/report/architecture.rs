//! The architecture as a drawing: resources, what refers to what, and how requests come in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::json;

use crate::facts::entry::{self, Backend};
use crate::graph::{Graph, understands};
use crate::value::{Address, Reference};

/// Nodes and edges, ready to be written in any notation.
#[derive(Debug, Default)]
pub struct Drawing {
    nodes: BTreeMap<String, Node>,
    edges: BTreeSet<Edge>,
}

#[derive(Debug)]
struct Node {
    name: String,
    kind: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: String,
    to: String,
    label: String,
    /// A way in from outside rather than a reference between resources.
    entry: bool,
}

const INTERNET: &str = "internet";

impl Drawing {
    /// Adds the resources that rules look at, their references, and the entry paths with what authenticates them.
    pub fn add(&mut self, graph: &Graph) {
        let drawn = |address: &Address| graph.resources.get(address).is_some_and(|to| understands(&to.kind));
        for resource in graph.resources.iter().filter(|resource| understands(&resource.kind)) {
            let id = resource.address.to_string();
            let node = Node { name: resource.name.to_string(), kind: resource.kind.to_string() };
            self.nodes.insert(id.clone(), node);
            let Some(properties) = resource.properties.as_map() else { continue };
            for member in &properties.members {
                for reference in member.value.references() {
                    let Reference::Resource { address, .. } = reference else { continue };
                    if drawn(address) && *address != resource.address {
                        let label = member.key.to_string();
                        self.edges.insert(Edge { from: id.clone(), to: address.to_string(), label, entry: false });
                    }
                }
            }
        }
        for path in entry::paths(graph) {
            let authentication = match &path.authentication.value {
                Ok(how) => how.clone(),
                Err(_) => "unknown authentication".to_owned(),
            };
            let from = match path.internet_facing.value {
                Ok(false) => "private network",
                Ok(true) | Err(_) => INTERNET,
            };
            self.outside(from);
            let label = format!("{} [{authentication}]", path.request);
            self.edges.insert(Edge { from: from.to_owned(), to: path.door.to_string(), label, entry: true });
            for backend in &path.backends {
                let to = match backend {
                    Backend::Resource(address) => address.to_string(),
                    Backend::Action { action, .. } => action.clone(),
                    Backend::Outside(text) => text.clone(),
                };
                self.outside(&to);
                self.edges.insert(Edge { from: path.door.to_string(), to, label: String::new(), entry: true });
            }
        }
    }

    fn outside(&mut self, id: &str) {
        self.nodes.entry(id.to_owned()).or_insert_with(|| Node { name: id.to_owned(), kind: String::new() });
    }

    fn number(&self, id: &str) -> usize {
        self.nodes.keys().position(|known| known == id).unwrap_or_default()
    }

    pub fn mermaid(&self) -> String {
        let mut text = "flowchart LR\n".to_owned();
        let quoted = |raw: &str| raw.replace('"', "#quot;").replace(['<', '>'], " ");
        for (index, node) in self.nodes.values().enumerate() {
            let kind = node.kind.rsplit_once("AWS::").map_or(node.kind.as_str(), |(_, kind)| kind);
            let separator = if kind.is_empty() { "" } else { "<br/>" };
            let _ = writeln!(text, "  n{index}[\"{}{separator}{}\"]", quoted(&node.name), quoted(kind));
        }
        for edge in self.edges.iter().filter(|edge| self.nodes.contains_key(&edge.to)) {
            let arrow = if edge.entry { "==>" } else { "-->" };
            let label = if edge.label.is_empty() { String::new() } else { format!("|\"{}\"|", quoted(&edge.label)) };
            let _ = writeln!(text, "  n{} {arrow}{label} n{}", self.number(&edge.from), self.number(&edge.to));
        }
        text
    }

    pub fn dot(&self) -> String {
        let quoted = |raw: &str| raw.replace('\\', "\\\\").replace('"', "\\\"");
        let mut text = "digraph architecture {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n".to_owned();
        for (id, node) in &self.nodes {
            let _ = writeln!(text, "  \"{}\" [label=\"{}\\n{}\"];", quoted(id), quoted(&node.name), quoted(&node.kind));
        }
        for edge in &self.edges {
            let style = if edge.entry { ", style=bold" } else { "" };
            let (from, to, label) = (quoted(&edge.from), quoted(&edge.to), quoted(&edge.label));
            let _ = writeln!(text, "  \"{from}\" -> \"{to}\" [label=\"{label}\"{style}];");
        }
        text.push_str("}\n");
        text
    }

    pub fn json(&self) -> serde_json::Value {
        let nodes: Vec<_> =
            self.nodes.iter().map(|(id, node)| json!({ "id": id, "name": node.name, "type": node.kind })).collect();
        let edges: Vec<_> = self
            .edges
            .iter()
            .map(|edge| {
                let kind = if edge.entry { "entry" } else { "reference" };
                json!({ "from": edge.from, "to": edge.to, "label": edge.label, "kind": kind })
            })
            .collect();
        json!({ "nodes": nodes, "edges": edges })
    }
}
