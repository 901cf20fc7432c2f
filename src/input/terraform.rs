//! Terraform: root modules as source, and what plans and states say.
//!
//! `module` (a directory as it is written) → `tree` (what it calls) → `evaluate` (instances, in one world) → `map`
//! (CloudFormation's terms).

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
pub mod text;
pub mod tree;
pub mod types;
pub mod value;
pub mod variables;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::files::{Files, MemoryFiles};
use super::{Context, Evaluation, Format, Note, NoteLevel, Unit};
use crate::source::SourceMap;
use crate::value::Reason;
use crate::world::{World, Worlds};
use evaluate::{Assumptions, Configuration, Inputs};
use library::Library;
use map::Mapper;
use tree::Tree;
use variables::Assignments;

/// A root module with all that it calls. It is read when it is first asked for.
#[derive(Debug)]
pub struct TerraformUnit {
    /// Display name of the directory.
    root: Arc<str>,
    library: Arc<Library>,
    /// What `file` and its like may read.
    files: Arc<dyn Files>,
    context: Arc<Context>,
    loaded: OnceLock<Result<Loaded, Reason>>,
}

#[derive(Debug)]
struct Loaded {
    configuration: Configuration,
    /// What is wrong with the given values.
    notes: Vec<Note>,
}

impl TerraformUnit {
    pub fn new(root: Arc<str>, library: Arc<Library>, files: Arc<dyn Files>, context: Arc<Context>) -> Self {
        Self { root, library, files, context, loaded: OnceLock::new() }
    }

    fn loaded(&self) -> Result<&Loaded, &Reason> {
        let loaded = self.loaded.get_or_init(|| {
            let tree = Tree::load(&self.root, &self.library)?;
            let sources = self.library.sources();
            let assignments = Assignments::read(&self.context.terraform, sources);
            let mut notes = assignments.notes.clone();
            let mut inputs = Inputs::from(&*self.context);
            if let Some(module) = tree.module(tree.root) {
                let given = assignments.of(module, self.library.files(), sources);
                notes.extend(given.notes);
                inputs.variables = given.values;
            }
            let configuration = Configuration::new(tree, inputs, Arc::clone(&self.files), sources.clone());
            Ok(Loaded { configuration, notes })
        });
        loaded.as_ref()
    }
}

impl Unit for TerraformUnit {
    fn files(&self) -> Vec<String> {
        let Ok(loaded) = self.loaded() else { return Vec::new() };
        // The root module is the first that is read.
        loaded
            .configuration
            .tree()
            .modules
            .iter()
            .flat_map(|module| &module.files)
            .map(|name| name.to_string())
            .collect()
    }

    fn worlds(&self) -> Worlds {
        Worlds::single()
    }

    fn evaluate(&self, _world: &World) -> Evaluation {
        let mut evaluation = Evaluation::default();
        match self.loaded() {
            Ok(loaded) => {
                let evaluated = loaded.configuration.evaluate(&Assumptions::default());
                let mapper = Mapper::new(self.library.sources(), &self.root, Format::Terraform, &evaluated.instances);
                evaluation.resources = map::resources(&mapper, &evaluated.absent);
                evaluation.notes.extend(loaded.notes.iter().chain(&loaded.configuration.tree().notes).cloned());
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
    let files: Arc<dyn Files> = Arc::new(MemoryFiles(files.clone()));
    let library = Arc::new(Library::new(Arc::clone(&files), sources));
    let unit = TerraformUnit::new(Arc::from(root), library, files, Arc::new(context.clone()));
    let errors = match unit.loaded() {
        Ok(loaded) => {
            loaded.configuration.tree().notes.iter().filter(|note| note.level == NoteLevel::Error).cloned().collect()
        }
        Err(why) => vec![Note { level: NoteLevel::Error, message: why.to_string(), span: None, related: None }],
    };
    if errors.is_empty() { Ok(Box::new(unit)) } else { Err(errors) }
}

#[cfg(test)]
mod tests;
