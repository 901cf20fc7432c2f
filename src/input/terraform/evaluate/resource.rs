//! Resources: their instances, their arguments, and all of them together.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::atoms::Consulted;
use super::expand::{Repetition, instance_address, seen};
use super::expression::Scope;
use super::module::ModuleInstance;
use super::run::{Fault, Frame, Memo, Node, Run};
use super::traverse::extended;
use super::{Evaluated, Usage};
use crate::input::NoteLevel;
use crate::input::terraform::instance::{AbsentModule, Instance};
use crate::input::terraform::map;
use crate::input::terraform::module::{Call, Declared};
use crate::input::terraform::value::{Attribute, Kind, Member, Object, Part, Value};
use crate::source::Span;
use crate::source::hcl::{Expression, ExpressionKind, Step};

/// Instances of one root.
const MAX_INSTANCES: usize = 200_000;

pub(super) struct ResourceInstance<'a> {
    pub address: Arc<str>,
    pub module: Rc<ModuleInstance<'a>>,
    pub declared: &'a Declared,
    pub repetition: Repetition,
    pub is_data: bool,
    /// It exists only because of how open questions are answered.
    pub supposed: bool,
    pub arguments: Memo<'a, Option<Value>>,
}

/// The instances of a resource.
pub(super) struct Expansion<'a> {
    pub address: Arc<str>,
    pub instances: Vec<Rc<ResourceInstance<'a>>>,
    /// What references see.
    pub value: Value,
}

/// Arguments that Terraform itself reads.
const META: [&str; 5] = ["count", "for_each", "provider", "depends_on", "lifecycle"];

/// Blocks that are no configuration of the resource.
const META_BLOCKS: [&str; 3] = ["lifecycle", "provisioner", "connection"];

/// Arguments that no judgement depends on, however they come about.
const IGNORED: [&str; 26] = [
    "ami",
    "availability_zone",
    "availability_zone_id",
    "cpu",
    "description",
    "desired_capacity",
    "desired_count",
    "ebs_optimized",
    "function_name",
    "image_id",
    "instance_type",
    "key_name",
    "max_size",
    "memory",
    "memory_size",
    "min_size",
    "monitoring",
    "name",
    "name_prefix",
    "publish",
    "reserved_concurrent_executions",
    "retention_in_days",
    "tags_all",
    "timeouts",
    "user_data",
    "user_data_base64",
];

impl<'a> Run<'a> {
    /// The instances of a resource or data source, by its name in a module.
    pub(super) fn expansion(
        &self,
        module: &ModuleInstance<'a>,
        name: &'a str,
        index: usize,
        is_data: bool,
        span: Span,
    ) -> Result<Rc<Expansion<'a>>, Fault> {
        let address = || Arc::from(format!("{}{name}", module.prefix));
        self.once(
            &module.expansions,
            name,
            span,
            || Frame::Keys(address()),
            || {
                let all = if is_data { &module.declared.data } else { &module.declared.resources };
                Rc::new(match all.get(index) {
                    Some(declared) => self.expand(module, declared, address(), is_data),
                    None => Expansion { address: address(), instances: Vec::new(), value: Value::null(span) },
                })
            },
        )
    }

    fn expand(
        &self,
        module: &ModuleInstance<'a>,
        declared: &'a Declared,
        address: Arc<str>,
        is_data: bool,
    ) -> Expansion<'a> {
        let repetitions =
            self.supposing(module.supposed, || self.repetitions(&declared.block.body, &address, Scope::of(module)));
        let supposed = module.supposed || !self.asked.is_unasked();
        let value = seen(&repetitions, &address, &declared.kind, declared.name_span);
        let here = self.modules.borrow().get(module.id).cloned();
        let mut instances = Vec::with_capacity(repetitions.list.len());
        let Some(here) = here else { return Expansion { address, instances, value } };
        for repetition in repetitions.list {
            let own = instance_address(&address, &repetition);
            let mut nodes = self.nodes.borrow_mut();
            if nodes.len() >= MAX_INSTANCES {
                drop(nodes);
                let message = format!("more than {MAX_INSTANCES} instances of resources are not evaluated");
                self.note(NoteLevel::Error, message, declared.name_span);
                break;
            }
            let instance = Rc::new(ResourceInstance {
                address: Arc::clone(&own),
                module: Rc::clone(&here),
                declared,
                repetition,
                is_data,
                supposed,
                arguments: RefCell::default(),
            });
            nodes.insert(own, Node::Resource(Rc::clone(&instance)));
            instances.push(instance);
        }
        Expansion { address, instances, value }
    }

    /// An argument as it is configured; `None` when it is not written.
    pub(super) fn argument(&self, of: &ResourceInstance<'a>, name: &str, span: Span) -> Result<Option<Value>, Fault> {
        let body = &of.declared.block.body;
        let scope = Scope::repeated(&of.module, &of.repetition);
        let frame = |name| Frame::Argument(Arc::clone(&of.address), name);
        if let Some(attribute) = body.attribute(name).filter(|_| !META.contains(&name)) {
            let name = &*attribute.name.text;
            return self.once(
                &of.arguments,
                name,
                span,
                || frame(name),
                || self.supposing(of.supposed, || Some(self.value(&attribute.value, scope))),
            );
        }
        match super::blocks::named(body, name) {
            Some(name) if !META_BLOCKS.contains(&name) => self.once(
                &of.arguments,
                name,
                span,
                || frame(name),
                || self.supposing(of.supposed, || self.blocks(body, name, scope)),
            ),
            _ => Ok(None),
        }
    }

    /// `aws_subnet.a.cidr_block`: what is configured, or else what the provider computes.
    pub(super) fn resource_attribute(
        &self,
        of: &ResourceInstance<'a>,
        handle: &Arc<Attribute>,
        name: &str,
        span: Span,
    ) -> Result<Value, Fault> {
        let Some(value) = self.argument(of, name, span)?.filter(|value| !value.is_null()) else {
            return Ok(extended(handle, name, span));
        };
        let blocks = of.declared.block.body.attribute(name).is_none();
        let origin = || Arc::new(Attribute { path: Arc::from(name), ..(**handle).clone() });
        let identifies = map::attributes(&of.declared.kind).any(|attribute| attribute == name);
        Ok(originating(value, blocks, identifies, origin).at(span))
    }

    pub(super) fn everything(&self) -> Evaluated {
        let mut evaluated = Evaluated::default();
        let Some(root) = self.root() else { return evaluated };
        let mut asked = Vec::new();
        let mut pending = vec![(Rc::clone(&root), Consulted::default())];
        while let Some((module, because)) = pending.pop() {
            for (index, name) in module.prepared.order.iter().enumerate() {
                self.resources(&module, name, index, &because, &mut evaluated, &mut asked);
            }
            let mut called = Vec::new();
            for (name, call) in &module.declared.calls {
                let (made, consulted) = self.asked.apart(|| {
                    self.asked.consult(&because);
                    self.call_of(&module, name, call.name.span)
                });
                let Ok(made) = made else { continue };
                let address: Arc<str> = Arc::from(format!("{}module.{name}", module.prefix));
                if made.instances.is_empty() {
                    asked.push((Arc::clone(&address), Arc::from("module"), consulted.clone()));
                }
                if let Some(reason) = &made.absent {
                    evaluated.absent.push(AbsentModule {
                        address,
                        source: Arc::clone(&call.described),
                        arguments: self.call_arguments(&module, call),
                        reason: reason.clone(),
                        span: call.block.span,
                        name_span: call.name.span,
                    });
                }
                called.extend(made.instances.iter().map(|instance| (Rc::clone(instance), consulted.clone())));
            }
            pending.extend(called.into_iter().rev());
        }
        for (name, output) in &root.declared.outputs {
            if let Ok(value) = self.output(&root, name, output.name.span) {
                evaluated.outputs.insert(Arc::clone(name), value);
            }
        }
        let exported: BTreeSet<Arc<str>> = evaluated.outputs.values().flat_map(instances_in).collect();
        for instance in &mut evaluated.instances {
            instance.exported = exported.contains(&instance.address);
        }
        if self.asked.any() {
            evaluated.usage = self.usage(&evaluated, asked);
        }
        evaluated
    }

    fn resources(
        &self,
        module: &Rc<ModuleInstance<'a>>,
        name: &'a str,
        index: usize,
        because: &Consulted,
        evaluated: &mut Evaluated,
        asked: &mut Vec<Asker>,
    ) {
        let Some(declared) = module.declared.resources.get(index) else { return };
        let (expansion, keys) = self.asked.apart(|| {
            self.asked.consult(because);
            self.expansion(module, name, index, false, declared.name_span)
        });
        let Ok(expansion) = expansion else { return };
        for instance in &expansion.instances {
            let (finished, consulted) = self.asked.apart(|| {
                self.asked.consult(&keys);
                self.finished(instance)
            });
            evaluated.instances.push(finished);
            asked.push((Arc::clone(&instance.address), Arc::clone(&declared.kind), consulted));
        }
        if expansion.instances.is_empty() {
            asked.push((Arc::clone(&expansion.address), Arc::clone(&declared.kind), keys));
        }
    }

    /// What a call hands to its module.
    fn call_arguments(&self, module: &ModuleInstance<'a>, call: &'a Call) -> Value {
        let attributes = call.block.body.attributes.iter();
        let own = attributes.filter(|attribute| !super::module::META.contains(&&*attribute.name.text));
        let members = own.map(|attribute| {
            // With several instances, what tells them apart is not known.
            let repetition = Repetition::of_any(&call.block.body, attribute.value.span);
            let scope = Scope::repeated(module, &repetition);
            let value = self.value(&attribute.value, scope);
            Member { key: Arc::clone(&attribute.name.text), key_span: attribute.name.span, value }
        });
        Value::object(call.block.span, Object::new(members.collect()))
    }

    fn finished(&self, of: &ResourceInstance<'a>) -> Instance {
        let declared = of.declared;
        let body = &declared.block.body;
        let mut members = Vec::with_capacity(body.attributes.len() + 2);
        for (name, key_span) in super::blocks::names(body) {
            if META.contains(&name) || META_BLOCKS.contains(&name) {
                continue;
            }
            let (value, consulted) = self.asked.apart(|| self.argument(of, name, key_span));
            if !IGNORED.contains(&name) {
                self.asked.consult(&consulted);
            }
            match value {
                Ok(Some(value)) if !value.is_null() => {
                    let value = self.without_rest(value);
                    members.push(Member { key: Arc::from(name), key_span, value });
                }
                Ok(_) => {}
                Err(fault) => {
                    let value = self.wrong(&fault, key_span);
                    members.push(Member { key: Arc::from(name), key_span, value });
                }
            }
        }
        let depends_on = body.attribute("depends_on").map(|attribute| &attribute.value.kind);
        let depends_on = match depends_on {
            Some(ExpressionKind::List(items)) => {
                items.iter().flat_map(|item| self.depended(item, &of.module)).collect()
            }
            _ => Vec::new(),
        };
        let provider = self.provider_of(of.module.as_ref(), declared);
        Instance {
            address: Arc::clone(&of.address),
            kind: Arc::clone(&declared.kind),
            arguments: Value::object(declared.block.span, Object::new(members)),
            span: declared.block.span,
            name_span: declared.name_span,
            calls: of.module.calls.clone(),
            provider,
            depends_on,
            exported: false,
        }
    }

    /// The instances that an item of `depends_on` names.
    fn depended(&self, item: &Expression, module: &ModuleInstance<'a>) -> Vec<Arc<str>> {
        let ExpressionKind::Traversal(of, steps) = &item.kind else { return Vec::new() };
        let (ExpressionKind::Variable(kind), Some(Step::Attribute(name))) = (&of.kind, steps.first()) else {
            return Vec::new();
        };
        let name = format!("{kind}.{}", name.text);
        let Some((name, index)) = module.prepared.resources.get_key_value(&*name) else { return Vec::new() };
        let expansion = self.expansion(module, name, *index, false, item.span);
        expansion.map(|all| all.instances.iter().map(|one| Arc::clone(&one.address)).collect()).unwrap_or_default()
    }

    /// Where one instance stands for all of a resource, the list of them has no further elements.
    pub(super) fn without_rest(&self, value: Value) -> Value {
        let symbolic = self.symbolic.borrow();
        if symbolic.is_empty() { value } else { stripped(&value, &symbolic).unwrap_or(value) }
    }

    fn usage(&self, evaluated: &Evaluated, asked: Vec<Asker>) -> Vec<Usage> {
        let mut links: BTreeMap<&Arc<str>, Vec<Arc<str>>> = BTreeMap::new();
        for instance in &evaluated.instances {
            let members = instance.arguments.as_object().map(Object::members).unwrap_or_default();
            let values = members.iter().filter(|member| !IGNORED.contains(&&*member.key) && &*member.key != "tags");
            let mut found: BTreeSet<Arc<str>> = values.flat_map(|member| instances_in(&member.value)).collect();
            found.extend(instance.depends_on.iter().cloned());
            links.insert(&instance.address, found.into_iter().collect());
        }
        let usage = asked.into_iter().map(|(address, kind, consulted)| Usage {
            links: links.remove(&address).unwrap_or_default(),
            atoms: self.asked.symbols_of(&consulted),
            address,
            kind,
        });
        usage.collect()
    }
}

/// A value that was read from a resource. Of nested blocks the origin is kept as well, since the provider may compute
/// more than is configured in them. What `identifies` the resource, such as its name, stands for it, wherever it was
/// taken from; any other argument for what it names.
pub(super) fn originating(
    mut value: Value,
    blocks: bool,
    identifies: bool,
    origin: impl FnOnce() -> Arc<Attribute>,
) -> Value {
    let traced = match &value.kind {
        Kind::Text(_) | Kind::Number(_) | Kind::Partial(_) | Kind::Unknown(_) => true,
        Kind::Attribute(_) => identifies,
        Kind::List(_) | Kind::Object(_) => blocks,
        _ => false,
    };
    if traced && (identifies || value.origin.is_none()) {
        value.origin = Some(origin());
    }
    value
}

/// Address and kind of what asks, and what it consulted.
type Asker = (Arc<str>, Arc<str>, Consulted);

fn stripped(value: &Value, symbolic: &std::collections::HashSet<Arc<str>>) -> Option<Value> {
    match &value.kind {
        Kind::List(items) | Kind::Set(items) => {
            let mut changed = false;
            let mut kept = Vec::with_capacity(items.len());
            for item in items.iter() {
                if let Kind::Rest(unknown) = &item.kind
                    && unknown.symbol.as_ref().is_some_and(|symbol| symbolic.contains(symbol))
                {
                    changed = true;
                    continue;
                }
                let inner = stripped(item, symbolic);
                changed |= inner.is_some();
                kept.push(inner.unwrap_or_else(|| item.clone()));
            }
            let kind =
                if matches!(value.kind, Kind::Set(_)) { Kind::Set(kept.into()) } else { Kind::List(kept.into()) };
            changed.then(|| value.clone().with(kind))
        }
        Kind::Object(object) => {
            let mut changed = false;
            let members: Vec<Member> = object
                .members()
                .iter()
                .map(|member| match stripped(&member.value, symbolic) {
                    Some(value) => {
                        changed = true;
                        Member { value, ..member.clone() }
                    }
                    None => member.clone(),
                })
                .collect();
            let mut made = Object::new(members);
            made.open.clone_from(&object.open);
            changed.then(|| value.clone().with(Kind::Object(Arc::new(made))))
        }
        Kind::Json(inner) => {
            let inner = stripped(inner, symbolic)?;
            Some(value.clone().with(Kind::Json(Arc::new(inner))))
        }
        _ => None,
    }
}

/// Addresses of the instances that a value refers to.
fn instances_in(value: &Value) -> Vec<Arc<str>> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<Arc<str>>) {
    found.extend(value.origin.iter().map(|origin| Arc::clone(&origin.instance)));
    match &value.kind {
        Kind::Attribute(attribute) => found.push(Arc::clone(&attribute.instance)),
        Kind::List(items) | Kind::Set(items) => items.iter().for_each(|item| collect(item, found)),
        Kind::Object(object) => object.members().iter().for_each(|member| collect(&member.value, found)),
        Kind::Json(inner) => collect(inner, found),
        Kind::Partial(parts) => {
            for part in parts.iter() {
                if let Part::Value(value) = part {
                    collect(value, found);
                }
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Rest(_) | Kind::Unknown(_) => {}
    }
}
