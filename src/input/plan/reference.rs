//! What the references of an expression lead to: through variables and outputs to attributes of instances.
//!
//! A plan tells what an expression refers to but not how. Where an argument takes an id or ARN there is little else
//! to do with what is only known after apply than to hand it on, so there a reference is the value; elsewhere it is not
//! known. References that lead to something known cannot be why a value is not.

use std::sync::Arc;

use super::configuration::{Configuration, Expression};
use super::path::{Calls, Key, Step, split_key, steps};
use super::record::{Recorded, Records};
use crate::input::terraform::value::Attribute;
use crate::source::{Node, NodeValue};

/// From where references are seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'n> {
    pub calls: Calls,
    /// Of the instance in whose block the expression stands.
    pub key: Option<Key>,
    pub for_each: Expression<'n>,
}

/// What an expression may consist of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Origins {
    /// In the order of the references; those of one resource in the order of its instances.
    pub attributes: Vec<Attribute>,
    /// It may stand for several, as `aws_subnet.x[*].id`.
    pub many: bool,
    /// It also refers to what cannot be followed, such as a local value.
    pub unclear: bool,
}

pub(super) struct Resolver<'r, 'n> {
    pub configuration: &'r Configuration<'n>,
    pub records: &'r Records<'n>,
    /// Also lead to what has a value already.
    pub with_known: bool,
}

/// Variables and outputs on the way to an attribute.
const MAX_DEPTH: usize = 32;

impl<'n> Resolver<'_, 'n> {
    pub(super) fn scope(&self, recorded: &Recorded<'n>) -> Scope<'n> {
        let module = self.configuration.module(&recorded.calls);
        let for_each = module
            .and_then(|module| module.resource(&recorded.local))
            .and_then(|resource| resource.get("for_each_expression"))
            .map_or(Expression::Absent, Expression::of);
        Scope { calls: recorded.calls.clone(), key: recorded.key.clone(), for_each }
    }

    pub(super) fn origins(&self, expression: Expression<'n>, scope: &Scope<'n>) -> Origins {
        let mut origins = Origins::default();
        self.follow(expression, scope, MAX_DEPTH, &mut origins);
        let mut seen = std::collections::BTreeSet::new();
        origins.attributes.retain(|attribute| seen.insert(attribute.clone()));
        origins
    }

    fn follow(&self, expression: Expression<'n>, scope: &Scope<'n>, depth: usize, found: &mut Origins) {
        let Some(depth) = depth.checked_sub(1) else {
            found.unclear = true;
            return;
        };
        match expression {
            Expression::References(references) => {
                let texts: Vec<&str> = references.iter().filter_map(Node::as_str).collect();
                let keyed = texts.iter().any(|text| ["each.", "count."].iter().any(|root| text.starts_with(root)));
                for text in longest(&texts) {
                    self.reference(text, keyed, scope, depth, found);
                }
            }
            Expression::Blocks(_) | Expression::Block(_) => found.unclear = true,
            Expression::Absent | Expression::Constant(_) => {}
        }
    }

    fn reference(&self, text: &'n str, keyed: bool, scope: &Scope<'n>, depth: usize, found: &mut Origins) {
        let all = steps(text);
        match all.as_slice() {
            [Step::Name("each"), Step::Name("key"), ..] | [Step::Name("count" | "path" | "terraform"), ..] | [] => {}
            [Step::Name("each"), rest @ ..] => {
                let mut values = Origins::default();
                self.follow(scope.for_each, scope, depth, &mut values);
                // The instances that correspond: those of the same key.
                if let Some(key) = &scope.key {
                    let of_key = |attribute: &Attribute| attribute.instance.ends_with(&format!("[{key}]"));
                    values.attributes.retain(of_key);
                }
                values.many = false;
                found.merge(values, rest.get(1..).unwrap_or_default());
            }
            [Step::Name("var"), Step::Name(name), rest @ ..] => {
                let mut value = Origins::default();
                if let Some((parent, call)) = scope.calls.parent() {
                    let calling = self.configuration.module(&parent).and_then(|module| module.call(&call.name));
                    let expressions = calling.and_then(|calling| calling.node.get("expressions"));
                    let argument = expressions.map_or(Expression::Absent, Expression::Block).member(name);
                    let for_each = calling.and_then(|calling| calling.node.get("for_each_expression"));
                    let outer = Scope {
                        calls: parent,
                        key: call.key.clone(),
                        for_each: for_each.map_or(Expression::Absent, Expression::of),
                    };
                    self.follow(argument, &outer, depth, &mut value);
                }
                found.merge(value, rest);
            }
            [Step::Name("module"), Step::Name(name), rest @ ..] => {
                let (key, rest) = split_key(rest);
                let modules = chosen(self.records.modules(&scope.calls, name), key, keyed, scope);
                let [Step::Name(output), rest @ ..] = rest else {
                    found.unclear = true;
                    return;
                };
                found.many |= modules.len() > 1;
                for calls in modules {
                    let output = self.configuration.module(&calls).map_or(Expression::Absent, |it| it.output(output));
                    let mut value = Origins { unclear: output.is_absent(), ..Origins::default() };
                    self.follow(output, &Scope { calls, ..Scope::default() }, depth, &mut value);
                    found.merge(value, rest);
                }
            }
            [Step::Name("local" | "self"), ..] => found.unclear = true,
            [Step::Name("data"), Step::Name(kind), Step::Name(name), rest @ ..] => {
                self.resource(&format!("data.{kind}.{name}"), rest, keyed, scope, found);
            }
            [Step::Name(kind), Step::Name(name), rest @ ..] => {
                self.resource(&format!("{kind}.{name}"), rest, keyed, scope, found);
            }
            _ => found.unclear = true,
        }
    }

    fn resource(&self, local: &str, rest: &[Step<'_>], keyed: bool, scope: &Scope<'n>, found: &mut Origins) {
        let (key, rest) = split_key(rest);
        let path = path(rest);
        let instances: Vec<&Recorded<'n>> = self.records.of_local(&scope.calls, local).collect();
        let one = |wanted: &str| instances.iter().copied().find(|instance| instance.key.as_deref() == Some(wanted));
        let chosen = match key {
            Some(key) => one(key).into_iter().collect(),
            None => match scope.key.as_deref().filter(|_| keyed).and_then(one) {
                Some(corresponding) => vec![corresponding],
                None => instances,
            },
        };
        found.many |= chosen.len() > 1;
        for instance in chosen {
            // What is known already is no reason for something to be unknown.
            if !self.with_known && is_known(instance, rest) {
                continue;
            }
            found.attributes.push(Attribute {
                instance: Arc::clone(&instance.address),
                kind: if instance.managed {
                    Arc::clone(&instance.kind)
                } else {
                    format!("data.{}", instance.kind).into()
                },
                path: Arc::from(path.as_str()),
            });
        }
    }
}

/// The instances of a module that a reference means.
fn chosen(modules: Vec<Calls>, key: Option<&str>, keyed: bool, scope: &Scope<'_>) -> Vec<Calls> {
    let has = |calls: &Calls, wanted: &str| calls.0.last().and_then(|call| call.key.as_deref()) == Some(wanted);
    let corresponding = scope.key.as_deref().filter(|_| keyed);
    let wanted = key.or_else(|| corresponding.filter(|wanted| modules.iter().any(|calls| has(calls, wanted))));
    match wanted {
        Some(wanted) => modules.into_iter().filter(|calls| has(calls, wanted)).collect(),
        None => modules,
    }
}

impl Origins {
    /// Adds what a variable, output or `each.value` stands for, of which `rest` is taken.
    fn merge(&mut self, mut other: Self, rest: &[Step<'_>]) {
        let (index, rest) = split_key(rest);
        if let Some(index) = index {
            // Only the order of one resource's instances is told.
            let at = index.parse::<usize>().ok().filter(|_| other.many);
            match at.and_then(|at| other.attributes.get(at)) {
                Some(attribute) => {
                    other.attributes = vec![attribute.clone()];
                    other.many = false;
                }
                None => other.unclear |= other.attributes.len() > 1,
            }
        }
        for attribute in &mut other.attributes {
            if attribute.path.is_empty() {
                attribute.path = Arc::from(path(rest));
            }
        }
        self.attributes.append(&mut other.attributes);
        self.many |= other.many;
        self.unclear |= other.unclear;
    }
}

/// The references that are no beginnings of others: `aws_subnet.a.id` comes with `aws_subnet.a`.
fn longest<'t>(references: &[&'t str]) -> Vec<&'t str> {
    let extends = |longer: &str, text: &str| longer.strip_prefix(text).is_some_and(|rest| rest.starts_with(['.', '[']));
    let mut found: Vec<&str> = Vec::new();
    for text in references {
        if !references.iter().any(|other| extends(other, text)) && !found.contains(text) {
            found.push(text);
        }
    }
    found
}

/// `vpc_config.0.vpc_id`.
fn path(steps: &[Step<'_>]) -> String {
    let names = steps.iter().map(|step| match step {
        Step::Name(name) => *name,
        Step::Index(index) => index.trim_matches('"'),
    });
    names.collect::<Vec<_>>().join(".")
}

/// Whether an attribute has a value already.
fn is_known(instance: &Recorded<'_>, rest: &[Step<'_>]) -> bool {
    let Some(mut at) = instance.values else { return false };
    if rest.is_empty() {
        return false;
    }
    for step in rest {
        let inner = match step {
            Step::Name(name) => at.get(name),
            Step::Index(index) => match index.parse::<usize>() {
                Ok(position) => at.as_seq().and_then(|items| items.get(position)),
                Err(_) => at.get(index.trim_matches('"')),
            },
        };
        match inner {
            Some(inner) => at = inner,
            None => return false,
        }
    }
    // Among elements, null stands for what is not known.
    rest.len() == 1 || !matches!(at.value, NodeValue::Null)
}
