//! A root module with all that it calls, as far as it is on disk.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::installed::Installed;
use super::library::{Library, below};
use super::module::{Call, Module};
use crate::input::files::resolve;
use crate::input::{Note, NoteLevel, not_understood};
use crate::source::Span;
use crate::value::Reason;

/// Directories of one tree; more are not read.
const MAX_MODULES: usize = 1_000;
/// Module calls on the way from the root.
const MAX_DEPTH: usize = 64;

#[derive(Debug, Default)]
pub struct Tree {
    /// One a directory, shared by all calls of it.
    pub modules: Vec<Arc<Module>>,
    pub root: usize,
    /// Where each call leads (by the module that it stands in, and its name), or why not there. Following calls
    /// always ends: those that would lead in a circle or too deep are errors.
    pub calls: BTreeMap<(usize, Arc<str>), Result<usize, Reason>>,
    /// What is wrong with the files and the calls.
    pub notes: Vec<Note>,
}

impl Tree {
    /// Reads a root module, by the display name of its directory, and what it calls.
    pub fn load(root: &str, library: &Library) -> Result<Self, Reason> {
        let mut loading = Loading {
            library,
            installed: Installed::read(root, &**library.files()),
            places: BTreeMap::new(),
            tree: Self::default(),
            failed: BTreeSet::new(),
            pending: VecDeque::new(),
        };
        let index = loading.add(root, "")?;
        while let Some((index, path)) = loading.pending.pop_front() {
            loading.calls(index, &path);
        }
        let mut tree = loading.tree;
        tree.root = index;
        tree.cut();
        tree.notes.extend(tree.modules.iter().flat_map(|module| module.notes.iter().cloned()));
        Ok(tree)
    }

    pub fn module(&self, index: usize) -> Option<&Module> {
        self.modules.get(index).map(|module| &**module)
    }

    /// Makes calls that lead in a circle, or too deep, errors.
    fn cut(&mut self) {
        let mut walk = Walk { state: vec![State::New; self.modules.len()], order: Vec::new(), circular: Vec::new() };
        self.visit(self.root, &mut walk);
        for (from, name, to) in std::mem::take(&mut walk.circular) {
            let around = |index| self.module(index).map_or_else(String::new, |module| module.directory.to_string());
            let message = format!("module `{name}` leads back to `{}`, which calls it", around(to));
            self.refuse(from, &name, not_understood(message.clone()), message);
        }
        let mut depth = vec![0; self.modules.len()];
        for from in walk.order.into_iter().rev() {
            let here = depth.get(from).copied().unwrap_or(0);
            for (name, to) in self.calls_of(from) {
                if here >= MAX_DEPTH {
                    let message = format!("module `{name}` is nested deeper than {MAX_DEPTH} calls and is not read");
                    self.refuse(from, &name, Reason::Limit(Arc::from(message.as_str())), message);
                } else if let Some(depth) = depth.get_mut(to) {
                    *depth = (here + 1).max(*depth);
                }
            }
        }
    }

    fn visit(&self, index: usize, walk: &mut Walk) {
        walk.set(index, State::Open);
        for (name, to) in self.calls_of(index) {
            match walk.state.get(to) {
                Some(State::New) => self.visit(to, walk),
                Some(State::Open) => walk.circular.push((index, name, to)),
                Some(State::Done) | None => {}
            }
        }
        walk.set(index, State::Done);
        walk.order.push(index);
    }

    fn calls_of(&self, index: usize) -> Vec<(Arc<str>, usize)> {
        let range = self.calls.range((index, Arc::from(""))..(index + 1, Arc::from("")));
        range.filter_map(|((_, name), to)| Some((Arc::clone(name), *to.as_ref().ok()?))).collect()
    }

    fn refuse(&mut self, from: usize, name: &Arc<str>, reason: Reason, message: String) {
        let span = self.module(from).and_then(|module| module.calls.get(name)).map(Call::place);
        self.notes.push(Note { level: NoteLevel::Error, message, span, related: None });
        self.calls.insert((from, Arc::clone(name)), Err(reason));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

struct Walk {
    state: Vec<State>,
    /// Callees before their callers.
    order: Vec<usize>,
    circular: Vec<(usize, Arc<str>, usize)>,
}

impl Walk {
    fn set(&mut self, index: usize, state: State) {
        if let Some(slot) = self.state.get_mut(index) {
            *slot = state;
        }
    }
}

struct Loading<'l> {
    library: &'l Library,
    installed: Installed,
    /// Display name of a directory → its module.
    places: BTreeMap<Arc<str>, usize>,
    tree: Tree,
    /// Why paths lead nowhere. Each is noted once, however many calls have it.
    failed: BTreeSet<Reason>,
    /// Modules whose calls are still to be followed, with the dotted path of the calls that led there first.
    pending: VecDeque<(usize, String)>,
}

impl Loading<'_> {
    fn add(&mut self, directory: &str, path: &str) -> Result<usize, Reason> {
        if let Some(index) = self.places.get(directory) {
            return Ok(*index);
        }
        if self.tree.modules.len() == MAX_MODULES {
            return Err(Reason::Limit(Arc::from(format!("more than {MAX_MODULES} modules are not read"))));
        }
        let module = self.library.module(directory)?;
        let index = self.tree.modules.len();
        self.tree.modules.push(module);
        self.places.insert(Arc::from(directory), index);
        self.pending.push_back((index, path.to_owned()));
        Ok(index)
    }

    fn calls(&mut self, index: usize, path: &str) {
        let Some(module) = self.tree.modules.get(index).cloned() else { return };
        for (name, call) in &module.calls {
            let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
            let found = self.call(&module, call, &path);
            self.tree.calls.insert((index, Arc::clone(name)), found);
        }
    }

    fn call(&mut self, from: &Module, call: &Call, path: &str) -> Result<usize, Reason> {
        let name = &call.name.text;
        let Some(source) = &call.source else {
            return Err(not_understood(format!("module `{name}` has no `source`")));
        };
        let Some(text) = source.value.literal_text() else {
            let message = format!("the `source` of module `{name}` is no literal text, so it is not read");
            return Err(self.wrong(message, source.value.span, not_understood));
        };
        if is_local(&text) {
            let directory = local(&from.directory, &text).ok_or_else(|| not_understood("it is no path"));
            return directory.and_then(|directory| self.add(&directory, path)).map_err(|why| {
                let message = format!("module `{name}` is not read: {why}");
                if self.failed.insert(why) {
                    return self.wrong(message, source.value.span, |message| Reason::File(message.into()));
                }
                Reason::File(message.into())
            });
        }
        let absent = |why: &str| {
            let advice = "run `terraform init` and scan again";
            Reason::File(Arc::from(format!("module `{name}` ({}) is not on disk{why}; {advice}", call.described)))
        };
        let directory = self.installed.directory(path, &text).map(str::to_owned).ok_or_else(|| absent(""))?;
        self.add(&directory, path).map_err(|why| absent(&format!(" ({why})")))
    }

    fn wrong(&mut self, message: String, span: Span, reason: impl FnOnce(String) -> Reason) -> Reason {
        let reason = reason(message.clone());
        self.tree.notes.push(Note { level: NoteLevel::Error, message, span: Some(span), related: None });
        reason
    }
}

/// Whether a source is a path and not something that `terraform init` fetches.
pub fn is_local(source: &str) -> bool {
    source.starts_with("./") || source.starts_with("../")
}

/// The display name of the directory that a path in the source of a module leads to.
pub fn local(from: &str, source: &str) -> Option<String> {
    // Any file of a directory stands for it.
    let directory = resolve(&below(from, "_"), source)?;
    Some(if directory.is_empty() { ".".to_owned() } else { directory })
}

impl Call {
    /// Where a note about the call as a whole points.
    fn place(&self) -> Span {
        self.source.as_ref().map_or(self.name.span, |source| source.value.span)
    }
}
