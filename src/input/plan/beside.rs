//! The configuration beside a plan: which one it is, and what it makes of what the plan was given.
//!
//! It is evaluated with the variables of the plan and with what its data sources have read, so that it says of every
//! argument how it comes about: which resource an unknown id is of, and what a policy consists of that is only put
//! together at apply.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::configuration::Configuration;
use super::document::{Document, DocumentKind};
use super::record::Records;
use super::written::plain;
use crate::input::terraform::Shared;
use crate::input::terraform::evaluate::{self, Assumptions, Inputs};
use crate::input::terraform::instance::Instance;
use crate::input::terraform::library::Library;
use crate::input::terraform::module::Module;
use crate::input::terraform::tree::Tree;
use crate::input::terraform::types;
use crate::input::terraform::value::{Member, Object, Value};
use crate::input::{Note, NoteLevel};
use crate::source::SourceMap;
use crate::value::Reason;

/// The root module that a plan was made of.
#[derive(Clone, Debug)]
pub struct Beside {
    pub directory: Arc<str>,
    pub shared: Arc<Shared>,
}

/// What the configuration tells.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// By address.
    pub instances: BTreeMap<Arc<str>, Instance>,
    pub files: Vec<String>,
    pub notes: Vec<Note>,
}

/// A directory and what its module declares: the addresses of managed resources and the names of calls.
#[derive(Debug)]
pub struct Declaring {
    directory: Arc<str>,
    names: BTreeSet<String>,
}

impl Declaring {
    /// Without a module nothing is declared.
    pub fn read(directory: &str, library: &Library) -> Self {
        let names = library.module(directory).map(|module| declared_in(&module)).unwrap_or_default();
        Self { directory: Arc::from(directory), names }
    }

    fn all_of(&self, wanted: &[String]) -> bool {
        wanted.iter().all(|name| self.names.contains(name))
    }
}

/// The directory whose root module a plan was made of: that in which the plan lies, else one of `others`. It declares
/// every resource and module call of the plan's configuration, and at least one.
pub fn directory<'d>(
    document: &Document,
    plan: &str,
    library: &Library,
    others: impl FnOnce() -> &'d [Declaring],
) -> Option<Arc<str>> {
    if document.kind != DocumentKind::Plan {
        return None;
    }
    let configuration = Configuration::of(&document.root);
    let wanted: Vec<String> = configuration.root.as_ref()?.declared().collect();
    if wanted.is_empty() {
        return None;
    }
    let own = plan.rsplit_once('/').map_or(".", |(folder, _)| if folder.is_empty() { "/" } else { folder });
    let own = Declaring::read(own, library);
    if own.all_of(&wanted) {
        return Some(own.directory);
    }
    // Of several that declare all of it, none is known to be the one.
    let mut others = others().iter().filter(|other| other.all_of(&wanted));
    let first = others.next()?;
    others.next().is_none().then(|| Arc::clone(&first.directory))
}

fn declared_in(module: &Module) -> BTreeSet<String> {
    let resources = module.resources.iter().map(|declared| format!("{}.{}", declared.kind, declared.name));
    resources.chain(module.calls.keys().map(|name| format!("module.{name}"))).collect()
}

impl Written {
    /// Evaluates a configuration with what a plan was given.
    pub(super) fn read(beside: &Beside, document: &Document, sources: &SourceMap) -> Result<Self, Reason> {
        let Beside { directory, shared } = beside;
        let tree = Tree::load(directory, &shared.library)?;
        let mut inputs = Inputs::from(&shared.context);
        inputs.directory = shared.working_directory(directory);
        if let Some(module) = tree.module(tree.root) {
            inputs.variables = variables(module, &Configuration::of(&document.root), sources);
        }
        let records = Records::of(document);
        inputs.data = data(&records, sources);
        let folders = shared.files(&tree);
        let files = tree.modules.iter().flat_map(|module| &module.files).map(ToString::to_string).collect();
        let configuration = evaluate::Configuration::new(tree, inputs, folders, sources.clone());
        let evaluated = configuration.evaluate(&Assumptions::default());
        let mut notes = Vec::new();
        let complete = evaluated.open.is_empty() && document.is_complete();
        let missing = evaluated.instances.iter().filter(|instance| {
            complete && records.at(&instance.address).is_none() && !instance.address.contains("[*]")
        });
        let missing: Vec<&Instance> = missing.collect();
        if let Some(first) = missing.first() {
            let others = match missing.len() {
                1 => String::new(),
                more => format!(" and {} more", more - 1),
            };
            let message = format!("`{}`{others} is not in the plan, which is older: plan again", first.address);
            notes.push(Note { level: NoteLevel::Warning, message, span: Some(first.name_span), related: None });
        }
        let instances = evaluated.instances.into_iter().map(|instance| (Arc::clone(&instance.address), instance));
        Ok(Self { instances: instances.collect(), files, notes })
    }
}

/// The values of the root module's variables, in the variables' types.
fn variables(module: &Module, configuration: &Configuration<'_>, sources: &SourceMap) -> BTreeMap<Arc<str>, Value> {
    let mut found = BTreeMap::new();
    for (name, node) in configuration.given() {
        let Some((name, variable)) = module.variables.get_key_value(name) else { continue };
        let value = plain(node, sources).marked(variable.sensitive);
        let kind = variable.kind.as_ref().and_then(|kind| types::parse(kind).ok());
        let typed = match kind {
            Some(kind) => types::convert(value, &kind).ok(),
            None => Some(value),
        };
        found.extend(typed.map(|value| (Arc::clone(name), value)));
    }
    found
}

/// What data sources have read, by their addresses. What is only read at apply is not among their members.
fn data(records: &Records<'_>, sources: &SourceMap) -> BTreeMap<Arc<str>, Value> {
    let mut found = BTreeMap::new();
    for recorded in records.list.iter().filter(|recorded| !recorded.managed) {
        let Some(values) = recorded.values else { continue };
        let entries = values.as_map().unwrap_or_default();
        let is_sensitive = |key: &str| {
            recorded.sensitive.iter().flatten().any(|marks| marks.get(key).is_some_and(super::secret::has_mark))
        };
        let is_unknown =
            |key: &str| recorded.unknown.and_then(|marks| marks.get(key)).is_some_and(super::secret::has_mark);
        let members = entries.iter().filter(|entry| !is_unknown(&entry.key)).map(|entry| Member {
            key: Arc::from(&*entry.key),
            key_span: entry.key_span,
            value: plain(&entry.value, sources).marked(is_sensitive(&entry.key)),
        });
        found.insert(Arc::clone(&recorded.address), Value::object(values.span, Object::new(members.collect())));
    }
    found
}
