//! Module instances: variables, locals, outputs, and the modules that they call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::Prepared;
use super::expand::{Repetition, instance_address, seen};
use super::expression::Scope;
use super::reference::missing;
use super::resource::Expansion;
use super::run::{Fault, Frame, Memo, Node, Run};
use crate::input::NoteLevel;
use crate::input::not_understood;
use crate::input::terraform::instance::Provider;
use crate::input::terraform::module::{Call, Module, Variable};
use crate::input::terraform::types::convert;
use crate::input::terraform::value::{Kind, Unknown, Value};
use crate::input::terraform::variables::near;
use crate::source::Span;
use crate::value::Reason;

/// Module instances of one root.
const MAX_MODULES: usize = 20_000;

pub(super) struct ModuleInstance<'a> {
    /// In the order of appearance.
    pub id: usize,
    /// Index in the tree.
    pub index: usize,
    pub declared: &'a Module,
    pub prepared: &'a Prepared,
    /// Stands before the addresses of what is in it: nothing, or `module.vpc[0].`.
    pub prefix: Arc<str>,
    /// The calls that lead to it, the outermost first.
    pub calls: Vec<Span>,
    pub caller: Option<Caller<'a>>,
    /// It exists only because of how open questions are answered.
    pub supposed: bool,
    pub expansions: Memo<'a, Rc<Expansion<'a>>>,
    pub providers: RefCell<HashMap<Arc<str>, Arc<Provider>>>,
    variables: Memo<'a>,
    locals: Memo<'a>,
    outputs: Memo<'a>,
    called: Memo<'a, Rc<Called<'a>>>,
}

/// The instance of a call that makes a module instance.
pub(super) struct Caller<'a> {
    pub module: Rc<ModuleInstance<'a>>,
    pub call: &'a Call,
    pub repetition: Repetition,
}

/// What a call makes.
pub(super) struct Called<'a> {
    pub instances: Vec<Rc<ModuleInstance<'a>>>,
    /// What references see.
    pub value: Value,
    /// Why the module is not there.
    pub absent: Option<Reason>,
}

impl ModuleInstance<'_> {
    /// Lets go of what was found. A module and what is in it hold each other, so neither would ever be freed.
    pub(super) fn forget(&self) {
        self.expansions.borrow_mut().clear();
        self.called.borrow_mut().clear();
    }
}

/// Arguments of a module call that are not variables.
pub(super) const META: [&str; 6] = ["source", "version", "count", "for_each", "providers", "depends_on"];

impl<'a> Run<'a> {
    pub(super) fn root(&self) -> Option<Rc<ModuleInstance<'a>>> {
        self.instantiate(self.configuration.tree.root, Arc::from(""), Vec::new(), None, false)
    }

    fn instantiate(
        &self,
        index: usize,
        prefix: Arc<str>,
        calls: Vec<Span>,
        caller: Option<Caller<'a>>,
        supposed: bool,
    ) -> Option<Rc<ModuleInstance<'a>>> {
        let declared = self.configuration.tree.module(index)?;
        let prepared = self.configuration.prepared.get(index)?;
        let mut modules = self.modules.borrow_mut();
        let module = Rc::new(ModuleInstance {
            id: modules.len(),
            index,
            declared,
            prepared,
            prefix,
            calls,
            caller,
            supposed,
            expansions: RefCell::default(),
            providers: RefCell::default(),
            variables: RefCell::default(),
            locals: RefCell::default(),
            outputs: RefCell::default(),
            called: RefCell::default(),
        });
        modules.push(Rc::clone(&module));
        Some(module)
    }

    pub(super) fn variable(&self, module: &ModuleInstance<'a>, name: &str, span: Span) -> Result<Value, Fault> {
        let Some((name, declared)) = module.declared.variables.get_key_value(name) else {
            let names: Vec<String> = module.declared.variables.keys().map(|name| format!("var.{name}")).collect();
            return Err(missing(&format!("var.{name}"), names.iter().map(String::as_str), module, span));
        };
        let frame = || Frame::Named(Arc::clone(&module.prefix), "var", name);
        let value = self.once(&module.variables, name, span, frame, || {
            self.supposing(module.supposed, || self.given(module, name, declared))
        })?;
        Ok(value.at(span))
    }

    fn given(&self, module: &ModuleInstance<'a>, name: &Arc<str>, declared: &'a Variable) -> Value {
        let given = match &module.caller {
            None => self.configuration.inputs.variables.get(name).cloned(),
            Some(caller) => caller.call.block.body.attribute(name).map(|argument| {
                let scope = Scope::repeated(&caller.module, &caller.repetition);
                self.value(&argument.value, scope)
            }),
        };
        let given = given.filter(|value| declared.nullable || !value.is_null());
        let value = match (given, &declared.default, &module.caller) {
            (Some(value), ..) => value,
            (None, Some(default), _) => self.value(default, Scope::of(module)),
            (None, None, None) => {
                let symbol = Arc::from(format!("var.{name}"));
                self.unknown(declared.name.span, Reason::Variable(Arc::clone(name)), Some(symbol))
            }
            (None, None, Some(caller)) => {
                let message = format!("the call of module `{}` does not give `{name}`", caller.call.name.text);
                self.wrong(&Fault::always(caller.call.name.span, message), caller.call.name.span)
            }
        };
        let value = match module.prepared.types.get(name) {
            None => value,
            Some(kind) => {
                let span = value.span;
                self.spend(value.weight() as usize / 16);
                match convert(value, kind) {
                    Ok(value) => value,
                    Err(mismatch) => self.wrong(&Fault::new(span, format!("variable `{name}`: {mismatch}")), span),
                }
            }
        };
        let sensitive = value.sensitive || declared.sensitive;
        self.called_by_name(value.marked(sensitive), || format!("{}var.{name}", module.prefix))
    }

    /// What is not known and has no short form has one value all the same wherever the name stands for it.
    fn called_by_name(&self, value: Value, name: impl FnOnce() -> String) -> Value {
        match &value.kind {
            Kind::Unknown(unknown) if unknown.symbol.is_none() && !value.sensitive => {
                let unknown = Unknown { symbol: Some(Arc::from(name())), ..Unknown::clone(unknown) };
                self.assumed(value.with(Kind::Unknown(Arc::new(unknown))))
            }
            _ => value,
        }
    }

    pub(super) fn local(&self, module: &ModuleInstance<'a>, name: &str, span: Span) -> Result<Value, Fault> {
        let Some((name, declared)) = module.declared.locals.get_key_value(name) else {
            let names: Vec<String> = module.declared.locals.keys().map(|name| format!("local.{name}")).collect();
            return Err(missing(&format!("local.{name}"), names.iter().map(String::as_str), module, span));
        };
        let frame = || Frame::Named(Arc::clone(&module.prefix), "local", name);
        let value = self.once(&module.locals, name, span, frame, || {
            let value = self.supposing(module.supposed, || self.value(&declared.value, Scope::of(module)));
            self.called_by_name(value, || format!("{}local.{name}", module.prefix))
        })?;
        Ok(value.at(span))
    }

    pub(super) fn output(&self, module: &ModuleInstance<'a>, name: &str, span: Span) -> Result<Value, Fault> {
        let Some((name, declared)) = module.declared.outputs.get_key_value(name) else {
            let advice = near(name, module.declared.outputs.keys().map(|name| &**name));
            let advice = advice.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let message = format!("module `{}` has no output `{name}`{advice}", module.declared.directory);
            return Err(Fault::always(span, message));
        };
        let frame = || Frame::Named(Arc::clone(&module.prefix), "output", name);
        let value = self.once(&module.outputs, name, span, frame, || {
            let value = self.supposing(module.supposed, || self.value(&declared.value, Scope::of(module)));
            let sensitive = value.sensitive || declared.sensitive;
            self.called_by_name(value.marked(sensitive), || format!("{}{name}", module.prefix))
        })?;
        Ok(value.at(span))
    }

    /// What `module.name` is.
    pub(super) fn called(&self, module: &ModuleInstance<'a>, name: &str, span: Span) -> Result<Value, Fault> {
        Ok(self.call_of(module, name, span)?.value.clone().at(span))
    }

    pub(super) fn call_of(&self, module: &ModuleInstance<'a>, name: &str, span: Span) -> Result<Rc<Called<'a>>, Fault> {
        let Some((name, call)) = module.declared.calls.get_key_value(name) else {
            let names: Vec<String> = module.declared.calls.keys().map(|name| format!("module.{name}")).collect();
            return Err(missing(&format!("module.{name}"), names.iter().map(String::as_str), module, span));
        };
        let frame = || Frame::Named(Arc::clone(&module.prefix), "module", name);
        self.once(&module.called, name, span, frame, || {
            self.supposing(module.supposed, || Rc::new(self.make_call(module, name, call)))
        })
    }

    fn make_call(&self, module: &ModuleInstance<'a>, name: &Arc<str>, call: &'a Call) -> Called<'a> {
        let span = call.name.span;
        let address: Arc<str> = Arc::from(format!("{}module.{name}", module.prefix));
        let repetitions = self.repetitions(&call.block.body, &address, Scope::of(module));
        let supposed = module.supposed || !self.asked.is_unasked();
        let mut value = seen(&repetitions, &address, &Arc::from("module"), span);
        let target = self.configuration.tree.calls.get(&(module.index, Arc::clone(name)));
        let index = match target {
            Some(Ok(index)) => *index,
            other => {
                let reason = match other {
                    Some(Err(reason)) => reason.clone(),
                    _ => not_understood(format!("module `{name}` is not read")),
                };
                if !repetitions.list.is_empty() {
                    value = Value::unknown(span, reason.clone(), Some(address));
                }
                let absent = (!repetitions.list.is_empty()).then_some(reason);
                return Called { instances: Vec::new(), value, absent };
            }
        };
        self.check_arguments(call, index);
        let mut instances = Vec::with_capacity(repetitions.list.len());
        let here = self.modules.borrow().get(module.id).cloned();
        let Some(here) = here else { return Called { instances, value, absent: None } };
        for repetition in repetitions.list {
            if self.modules.borrow().len() >= MAX_MODULES {
                let message = format!("more than {MAX_MODULES} instances of modules are not evaluated");
                self.note(NoteLevel::Error, message.as_str(), span);
                let reason = Reason::Limit(Arc::from(message));
                return Called { instances, value, absent: Some(reason) };
            }
            let own = instance_address(&address, &repetition);
            let mut calls = module.calls.clone();
            calls.push(call.name.span);
            let caller = Caller { module: Rc::clone(&here), call, repetition };
            let prefix = Arc::from(format!("{own}."));
            if let Some(instance) = self.instantiate(index, prefix, calls, Some(caller), supposed) {
                self.nodes.borrow_mut().insert(own, Node::Module(Rc::clone(&instance)));
                instances.push(instance);
            }
        }
        Called { instances, value, absent: None }
    }

    /// Arguments that the module has no variable for.
    fn check_arguments(&self, call: &'a Call, index: usize) {
        let Some(target) = self.configuration.tree.module(index) else { return };
        for argument in &call.block.body.attributes {
            let name = &*argument.name.text;
            if META.contains(&name) || target.variables.contains_key(name) {
                continue;
            }
            let advice = near(name, target.variables.keys().map(|name| &**name));
            let advice = advice.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let message = format!("module `{}` has no variable `{name}`{advice}", target.directory);
            self.note(NoteLevel::Error, message, argument.name.span);
        }
    }
}
