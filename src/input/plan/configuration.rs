//! What a plan repeats of its configuration: which expression refers to what, but not how.

use std::collections::HashMap;

use super::path::Calls;
use super::record::Recorded;
use crate::source::{Node, NodeValue};

/// The configuration of one module.
#[derive(Debug, Default)]
pub(super) struct ModuleConfiguration<'n> {
    /// By `aws_subnet.a` or `data.aws_ami.base`.
    resources: HashMap<&'n str, &'n Node>,
    calls: HashMap<&'n str, CallConfiguration<'n>>,
    outputs: Option<&'n Node>,
    variables: Option<&'n Node>,
}

#[derive(Debug)]
pub(super) struct CallConfiguration<'n> {
    pub node: &'n Node,
    pub module: ModuleConfiguration<'n>,
}

/// The configuration of a plan; states have none.
#[derive(Debug, Default)]
pub(super) struct Configuration<'n> {
    pub root: Option<ModuleConfiguration<'n>>,
    providers: Option<&'n Node>,
    /// Values of the root module's variables.
    variables: Option<&'n Node>,
}

/// An expression as far as a plan tells it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Expression<'n> {
    /// Nothing is written there.
    #[default]
    Absent,
    /// The value is written as a literal.
    Constant(&'n Node),
    /// What it refers to, in whatever way.
    References(&'n [Node]),
    /// Nested blocks of one type.
    Blocks(&'n [Node]),
    /// The arguments of one nested block.
    Block(&'n Node),
}

const MAX_DEPTH: usize = 64;

impl<'n> Configuration<'n> {
    pub(super) fn of(root: &'n Node) -> Self {
        let configuration = root.get("configuration");
        Self {
            root: configuration
                .and_then(|found| found.get("root_module"))
                .map(|module| ModuleConfiguration::of(module, 0)),
            providers: configuration.and_then(|found| found.get("provider_config")),
            variables: root.get("variables"),
        }
    }

    pub(super) fn module(&self, calls: &Calls) -> Option<&ModuleConfiguration<'n>> {
        calls.0.iter().try_fold(self.root.as_ref()?, |module, call| Some(&module.call(&call.name)?.module))
    }

    /// What is configured of a resource; `None` when that is not told.
    pub(super) fn expressions(&self, recorded: &Recorded<'n>) -> Option<Expression<'n>> {
        Some(Expression::of_resource(self.module(&recorded.calls)?.resource(&recorded.local)?))
    }

    /// The value of a variable of the root module.
    pub(super) fn variable(&self, name: &str) -> Option<&'n Node> {
        let given = self.variables.and_then(|variables| variables.get(name)).and_then(|variable| variable.get("value"));
        given.or_else(|| self.root.as_ref()?.default(name))
    }

    /// The values of all variables of the root module that have one.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'n str, &'n Node)> {
        let entries = self.variables.and_then(Node::as_map).unwrap_or_default();
        entries.iter().filter_map(|entry| Some((&*entry.key, entry.value.get("value")?)))
    }

    /// An argument of the provider that a resource names by its `provider_config_key`.
    pub(super) fn provider(&self, key: &str, argument: &str) -> Expression<'n> {
        let expressions = self.providers.and_then(|providers| {
            let local = key.rsplit(':').next().unwrap_or(key);
            providers.get(key).or_else(|| providers.get(local))?.get("expressions")
        });
        expressions.map_or(Expression::Absent, |expressions| Expression::Block(expressions).member(argument))
    }
}

impl<'n> ModuleConfiguration<'n> {
    fn of(module: &'n Node, depth: usize) -> Self {
        let resources = module.get("resources").and_then(Node::as_seq).unwrap_or_default();
        let calls = module.get("module_calls").and_then(Node::as_map).unwrap_or_default();
        let calls = calls.iter().filter(|_| depth < MAX_DEPTH).map(|call| {
            let inner = call.value.get("module");
            let module = inner.map(|inner| Self::of(inner, depth + 1)).unwrap_or_default();
            (&*call.key, CallConfiguration { node: &call.value, module })
        });
        Self {
            resources: resources.iter().filter_map(|node| Some((node.get("address")?.as_str()?, node))).collect(),
            calls: calls.collect(),
            outputs: module.get("outputs"),
            variables: module.get("variables"),
        }
    }

    /// The addresses of its managed resources and the names of its calls.
    pub(super) fn declared(&self) -> impl Iterator<Item = String> {
        let managed = self.resources.keys().filter(|address| !address.starts_with("data.")).map(|it| (*it).to_owned());
        managed.chain(self.calls.keys().map(|name| format!("module.{name}")))
    }

    pub(super) fn resource(&self, local: &str) -> Option<&'n Node> {
        self.resources.get(local).copied()
    }

    pub(super) fn call(&self, name: &str) -> Option<&CallConfiguration<'n>> {
        self.calls.get(name)
    }

    pub(super) fn output(&self, name: &str) -> Expression<'n> {
        let expression = self.outputs.and_then(|outputs| outputs.get(name)?.get("expression"));
        expression.map_or(Expression::Absent, Expression::of)
    }

    pub(super) fn outputs(&self) -> impl Iterator<Item = Expression<'n>> {
        let entries = self.outputs.and_then(Node::as_map).unwrap_or_default();
        entries.iter().filter_map(|entry| entry.value.get("expression")).map(Expression::of)
    }

    pub(super) fn default(&self, variable: &str) -> Option<&'n Node> {
        self.variables?.get(variable)?.get("default")
    }
}

impl<'n> Expression<'n> {
    pub(super) fn of(node: &'n Node) -> Self {
        match &node.value {
            NodeValue::Seq(blocks) => Self::Blocks(blocks),
            NodeValue::Map(members) => {
                if let Some(constant) = node.get("constant_value") {
                    return Self::Constant(constant);
                }
                // An argument may have either name, but then its value is an expression, not a list of texts.
                match node.get("references").and_then(Node::as_seq) {
                    Some(references) if references.iter().all(|item| item.as_str().is_some()) => {
                        Self::References(references)
                    }
                    // Made of literals and functions only.
                    _ if members.is_empty() => Self::References(&[]),
                    _ => Self::Block(node),
                }
            }
            NodeValue::Null | NodeValue::Scalar(_) => Self::Absent,
        }
    }

    /// The arguments of a resource.
    pub(super) fn of_resource(resource: &'n Node) -> Self {
        resource.get("expressions").map_or(Self::Absent, Self::Block)
    }

    pub(super) fn member(self, name: &str) -> Self {
        match self {
            Self::Block(node) => node.get(name).map_or(Self::Absent, Self::of),
            // A single block stands in a list of its own when the provider allows one only.
            Self::Blocks([only]) => Self::Block(only).member(name),
            Self::Absent | Self::Constant(_) | Self::References(_) | Self::Blocks(_) => Self::Absent,
        }
    }

    pub(super) fn is_absent(self) -> bool {
        matches!(self, Self::Absent)
    }
}
