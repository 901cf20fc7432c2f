//! Terraform: root modules as source, and what plans and states say.
//!
//! `module` (a directory as it is written) → `tree` (what it calls) → `evaluate` (instances, in one world) → `map`
//! (CloudFormation's terms).

pub mod condition;
mod decode;
pub mod evaluate;
pub mod functions;
mod installed;
pub mod instance;
pub mod library;
pub mod map;
pub mod module;
pub(super) mod policy_document;
pub mod symbol;
pub mod terms;
pub mod text;
pub mod tree;
pub mod types;
pub mod value;
pub mod variables;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::files::{Files, Folders, MemoryFiles};
use super::{Context, Evaluation, Format, Note, NoteLevel, Resource, Unit};
use crate::source::SourceMap;
use crate::value::Reason;
use crate::world::{World, Worlds};
use evaluate::worlds::Plan;
use evaluate::{Configuration, Evaluated, Inputs};
use library::Library;
use map::Mapper;
use tree::Tree;
use variables::Assignments;

/// What all root modules of a run share.
#[derive(Debug)]
pub struct Shared {
    pub library: Library,
    pub assignments: Assignments,
    pub context: Context,
    /// What the files of a module may be read from besides its own directory; `None` when it is in memory.
    pub folders: Option<Folders>,
}

/// A root module with all that it calls. It is read when it is first asked for.
#[derive(Debug)]
pub struct TerraformUnit {
    /// Display name of the directory.
    root: Arc<str>,
    shared: Arc<Shared>,
    loaded: OnceLock<Result<Loaded, Reason>>,
}

#[derive(Debug)]
struct Loaded {
    configuration: Configuration,
    /// What is wrong with the files, the calls and the given values.
    notes: Vec<Note>,
    plan: OnceLock<Plan>,
}

impl Shared {
    /// Where Terraform would run for a root module.
    pub(super) fn working_directory(&self, root: &str) -> Option<Arc<str>> {
        let directory = self.folders.as_ref().and_then(|_| std::path::absolute(root).ok())?;
        Some(Arc::from(directory.to_string_lossy().replace('\\', "/")))
    }

    /// What the files of a tree's modules may be read from.
    pub(super) fn files(&self, tree: &Tree) -> Arc<dyn Files> {
        match &self.folders {
            Some(folders) => Arc::new(folders.and(tree.modules.iter().map(|module| PathBuf::from(&*module.directory)))),
            None => Arc::clone(self.library.files()),
        }
    }
}

impl TerraformUnit {
    pub fn new(root: Arc<str>, shared: Arc<Shared>) -> Self {
        Self { root, shared, loaded: OnceLock::new() }
    }

    fn loaded(&self) -> Result<&Loaded, &Reason> {
        self.loaded.get_or_init(|| Loaded::read(&self.root, &self.shared)).as_ref()
    }

    fn plan<'l>(&self, loaded: &'l Loaded) -> &'l Plan {
        loaded.plan.get_or_init(|| Plan::of(&loaded.configuration, &self.root, &|evaluated| self.resources(evaluated)))
    }

    fn resources(&self, evaluated: &Evaluated) -> Vec<Resource> {
        let sources = self.shared.library.sources();
        let mapper = Mapper::new(sources, &self.root, Format::Terraform, &evaluated.instances);
        map::resources(&mapper.given(&self.shared.context), &evaluated.absent)
    }
}

impl Loaded {
    fn read(root: &str, shared: &Shared) -> Result<Self, Reason> {
        let Shared { library, assignments, context, .. } = shared;
        let tree = Tree::load(root, library)?;
        let mut notes = tree.notes.clone();
        let mut inputs = Inputs::from(context);
        inputs.directory = shared.working_directory(root);
        if let Some(module) = tree.module(tree.root) {
            let given = assignments.of(module, library);
            notes.extend(given.notes);
            inputs.variables = given.values;
        }
        let files = shared.files(&tree);
        let configuration = Configuration::new(tree, inputs, files, library.sources().clone());
        Ok(Self { configuration, notes, plan: OnceLock::new() })
    }
}

impl Unit for TerraformUnit {
    fn files(&self) -> Vec<String> {
        let Ok(loaded) = self.loaded() else { return Vec::new() };
        // The root module is the first that is read.
        let modules = &loaded.configuration.tree().modules;
        modules.iter().flat_map(|module| &module.files).map(std::string::ToString::to_string).collect()
    }

    fn worlds(&self) -> Worlds {
        match self.loaded() {
            Ok(loaded) => self.plan(loaded).worlds.clone(),
            Err(_) => Worlds::single(),
        }
    }

    fn evaluate(&self, world: &World) -> Evaluation {
        let mut evaluation = Evaluation::default();
        match self.loaded() {
            Ok(loaded) => {
                let plan = self.plan(loaded);
                let assumptions = plan.assumptions(world);
                let evaluated = plan.evaluate(&loaded.configuration, &assumptions);
                evaluation.resources = self.resources(&evaluated);
                evaluation.conditions = plan.conditions(&assumptions);
                evaluation.notes.extend(loaded.notes.iter().cloned());
                evaluation.notes.extend(evaluated.notes);
            }
            Err(why) => evaluation.notes.push(Note {
                level: NoteLevel::Error,
                message: format!("the root module `{}` is not read: {why}", self.root),
                span: None,
                related: None,
            }),
        }
        evaluation
    }
}

/// Name of the file that a text starts with.
const FIRST_FILE: &str = "main.tf";
/// Starts a line with the name of the file that follows.
const FILE_MARK: &str = "# file: ";

/// The files that one text stands for: each starts after a line `# file: modules/x/main.tf`, the first is `main.tf`
/// without such a line.
pub fn files_of(text: &str) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut name = FIRST_FILE;
    for line in text.split_inclusive('\n') {
        match line.strip_prefix(FILE_MARK) {
            Some(next) => name = next.trim(),
            None => files.entry(name.to_owned()).or_default().push_str(line),
        }
    }
    files.retain(|_, text| !text.trim().is_empty());
    files
}

/// A root module that exists only in memory: its files by their names, `root` being the directory (`.` for names
/// without one).
pub fn unit_from_files(
    files: &BTreeMap<String, String>,
    root: &str,
    context: &Context,
    sources: &SourceMap,
) -> Result<Box<dyn Unit>, Vec<Note>> {
    let shared = Shared {
        library: Library::new(Arc::new(MemoryFiles(files.clone())), sources),
        assignments: Assignments::read(&context.terraform, sources),
        context: context.clone(),
        folders: None,
    };
    let mut notes = shared.assignments.notes.clone();
    let unit = TerraformUnit::new(Arc::from(root), Arc::new(shared));
    match unit.loaded() {
        Ok(loaded) => notes.extend(loaded.notes.iter().cloned()),
        Err(why) => {
            notes.push(Note { level: NoteLevel::Error, message: why.to_string(), span: None, related: None });
        }
    }
    notes.retain(|note| note.level == NoteLevel::Error);
    if notes.is_empty() { Ok(Box::new(unit)) } else { Err(notes) }
}

#[cfg(test)]
mod tests;
