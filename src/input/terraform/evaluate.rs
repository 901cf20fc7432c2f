//! A root module → its instances, in one world.
//!
//! Everything with a name (variables, locals, outputs, the keys of `count` and `for_each`, each argument) is evaluated
//! when it is first asked for, once for each module instance. What is wrong at one place is a note and an unknown value
//! there; everything else goes on.

mod atoms;
mod blocks;
mod data;
mod expand;
mod expression;
mod groups;
mod host;
mod loops;
mod module;
mod operators;
mod provider;
mod reference;
mod resource;
mod run;
mod template;
mod traverse;
pub mod worlds;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex};

use super::functions::{Content, Unread};
use super::instance::{AbsentModule, Instance};
use super::module::Module;
use super::tree::Tree;
use super::types::{self, Type};
use super::value::Value;
use crate::input::files::Files;
use crate::input::{Context, Note, NoteLevel};
use crate::source::SourceMap;
pub use atoms::{Assumptions, Atom};
use run::Run;

/// What a root module is given.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Values of the root module's variables.
    pub variables: BTreeMap<Arc<str>, Value>,
    pub region: Option<Arc<str>>,
    pub account: Option<Arc<str>>,
    pub partition: Option<Arc<str>>,
    /// `default` when not given.
    pub workspace: Option<Arc<str>>,
    /// The directory of the root module from the root of the file system, for `path.cwd`; `None` when it is in memory.
    pub directory: Option<Arc<str>>,
    /// What data sources have read, by their addresses: objects of all that is known.
    pub data: BTreeMap<Arc<str>, Value>,
}

impl From<&Context> for Inputs {
    fn from(context: &Context) -> Self {
        let given = |text: &Option<String>| text.as_deref().map(Arc::from);
        Self {
            variables: BTreeMap::new(),
            region: given(&context.region),
            account: given(&context.account),
            partition: Some(Arc::from(context.partition())),
            workspace: given(&context.terraform.workspace),
            directory: None,
            data: BTreeMap::new(),
        }
    }
}

/// What one world of a root module contains.
#[derive(Clone, Debug, Default)]
pub struct Evaluated {
    /// Those of the root first, then module by module; within one in source order.
    pub instances: Vec<Instance>,
    pub absent: Vec<AbsentModule>,
    pub outputs: BTreeMap<Arc<str>, Value>,
    pub notes: Vec<Note>,
    /// The questions that came up and that the assumptions do not answer, in the order of asking. Each was answered
    /// as in the base world.
    pub open: Vec<Atom>,
    /// Symbols of all atoms that came up, answered or not, in the order of asking.
    pub asked: Vec<Arc<str>>,
    /// Which questions the resources depend on, by the symbols of the atoms; empty when none came up.
    pub usage: Vec<Usage>,
    /// Expressions that were evaluated.
    pub steps: usize,
}

/// What one resource depends on. One that does not exist in this world may stand for what it would be.
#[derive(Clone, Debug)]
pub struct Usage {
    pub address: Arc<str>,
    pub kind: Arc<str>,
    pub atoms: Vec<Arc<str>>,
    /// Addresses of the instances that its arguments refer to.
    pub links: Vec<Arc<str>>,
}

/// A root module with all that it calls, ready to be evaluated in any number of worlds.
pub struct Configuration {
    tree: Tree,
    inputs: Inputs,
    files: Arc<dyn Files>,
    sources: SourceMap,
    /// Of each module of the tree.
    prepared: Vec<Prepared>,
    /// Files that functions have read.
    read: Mutex<HashMap<String, Result<Content, Unread>>>,
}

/// What is the same for all instances of a module.
#[derive(Debug, Default)]
struct Prepared {
    /// `aws_subnet.private` → its place among the resources.
    resources: HashMap<Arc<str>, usize>,
    /// The same in source order.
    order: Vec<Arc<str>>,
    /// `data.aws_vpc.main`.
    data: HashMap<Arc<str>, usize>,
    types: HashMap<Arc<str>, Type>,
    notes: Vec<Note>,
}

impl Prepared {
    fn of(module: &Module) -> Self {
        let mut prepared = Self::default();
        for (index, declared) in module.resources.iter().enumerate() {
            let name: Arc<str> = Arc::from(format!("{}.{}", declared.kind, declared.name));
            prepared.order.push(Arc::clone(&name));
            prepared.resources.insert(name, index);
        }
        for (index, declared) in module.data.iter().enumerate() {
            prepared.data.insert(Arc::from(format!("data.{}.{}", declared.kind, declared.name)), index);
        }
        for (name, variable) in &module.variables {
            match variable.kind.as_ref().map(types::parse) {
                None => {}
                Some(Ok(kind)) => {
                    prepared.types.insert(Arc::clone(name), kind);
                }
                Some(Err(malformed)) => prepared.notes.push(Note {
                    level: NoteLevel::Error,
                    message: malformed.message,
                    span: Some(malformed.span),
                    related: None,
                }),
            }
        }
        prepared
    }
}

/// Address space for the stack of an evaluation: chains of references are followed by recursion, up to
/// [`run::MAX_DEPTH`].
const STACK: usize = 256 * 1024 * 1024;

impl Configuration {
    /// `files` is what functions such as `file` may read.
    pub fn new(tree: Tree, inputs: Inputs, files: Arc<dyn Files>, sources: SourceMap) -> Self {
        let prepared = tree.modules.iter().map(|module| Prepared::of(module)).collect();
        Self { tree, inputs, files, sources, prepared, read: Mutex::default() }
    }

    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Whether the root looks like a module that other configurations call with values of their own: it configures no
    /// provider, and nothing is given to it.
    fn is_to_be_called(&self) -> bool {
        self.inputs.variables.is_empty()
            && self.tree.module(self.tree.root).is_some_and(|root| {
                root.providers.is_empty() && root.variables.values().any(|variable| variable.default.is_some())
            })
    }

    pub fn evaluate(&self, assumptions: &Assumptions) -> Evaluated {
        on_large_stack(|depth| self.evaluate_within(assumptions, depth))
    }

    /// The same on the stack at hand, which bears that many expressions within expressions.
    fn evaluate_within(&self, assumptions: &Assumptions, depth: Depth) -> Evaluated {
        Run::new(self, assumptions, depth.0).finish()
    }
}

/// Expressions within expressions that a stack bears.
#[derive(Clone, Copy, Debug)]
struct Depth(usize);

fn on_large_stack<T: Send>(work: impl Fn(Depth) -> T + Sync) -> T {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(STACK);
        match builder.spawn_scoped(scope, || work(Depth(run::MAX_DEPTH))) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // No thread to be had: what fits on this one's stack.
            Err(_) => work(Depth(run::MAX_DEPTH_HERE)),
        }
    })
}

impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration").field("root", &self.tree.root).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
