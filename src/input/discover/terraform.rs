//! Which directories with Terraform files are root modules.
//!
//! A directory that another one calls is judged where it is called, unless it was given by name. One without anything
//! of AWS is not judged.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::note;
use crate::input::terraform::library::Library;
use crate::input::terraform::module::{Call, Module};
use crate::input::terraform::{Shared, TerraformUnit, tree};
use crate::input::{Format, InputFile, Note, NoteLevel, Outcome, TerraformCoverage, Unit, plan};
use crate::source::{FileId, SourceMap};

/// What is found below the given paths.
pub(super) struct Found {
    pub units: Vec<Box<dyn Unit>>,
    pub files: Vec<InputFile>,
    pub notes: Vec<Note>,
    pub coverage: TerraformCoverage,
}

/// Root modules that are judged by a plan, with its name.
pub(super) type Represented = BTreeMap<Arc<str>, String>;

/// The units of plans, and the root modules that they stand for: what a plan says of a configuration is more than what
/// the configuration does, and nothing is to be judged twice.
pub(super) fn planned(
    plans: Vec<(FileId, plan::Document)>,
    directories: &BTreeMap<String, bool>,
    shared: &Arc<Shared>,
    sources: &SourceMap,
) -> (Vec<Box<dyn Unit>>, Represented) {
    let mut units = Vec::new();
    let mut represented = Represented::new();
    let declaring: LazyCell<Vec<plan::Declaring>, _> = LazyCell::new(|| {
        let names: Vec<Arc<str>> = directories.keys().map(|name| Arc::from(name.as_str())).collect();
        shared.library.prepare(&names);
        names.par_iter().map(|name| plan::Declaring::read(name, &shared.library)).collect()
    });
    for (file, document) in plans {
        let name = sources.file(file).name.clone();
        let directory = plan::directory(&document, &name, &shared.library, || declaring.as_slice());
        let beside = directory.map(|directory| {
            represented.insert(Arc::clone(&directory), name);
            plan::Beside { directory, shared: Arc::clone(shared) }
        });
        units.push(plan::unit(file, document, beside, sources));
    }
    (units, represented)
}

/// `directories` are those with Terraform files, by display name, and whether they were given by name.
pub(super) fn find(directories: &BTreeMap<String, bool>, represented: &Represented, shared: &Arc<Shared>) -> Found {
    let surveys = survey(directories, &shared.library);
    let roots = roots(directories, &surveys);
    let (by_plan, roots): (Vec<Arc<str>>, Vec<Arc<str>>) =
        roots.into_iter().partition(|root| represented.contains_key(root));
    let (judged, foreign): (Vec<Arc<str>>, Vec<Arc<str>>) =
        roots.into_iter().partition(|root| reachable(root, &surveys).iter().any(|module| module.aws));

    let declared: BTreeSet<Arc<str>> =
        judged.iter().filter_map(|root| surveys.get(root)).flat_map(|root| root.variables.iter().cloned()).collect();
    let mut notes = shared.assignments.notes.clone();
    notes.extend(by_plan.iter().filter_map(|root| {
        let message =
            format!("`{root}` is judged by its plan `{}`; without the plan, by its files", represented.get(root)?);
        Some(note(NoteLevel::Warning, message, None))
    }));
    notes.extend(shared.assignments.strangers(&declared));
    notes.extend(foreign.iter().flat_map(|root| reachable(root, &surveys)).flat_map(|module| &module.errors).cloned());
    let modules: BTreeSet<&str> =
        judged.iter().flat_map(|root| reachable(root, &surveys)).map(|module| &*module.directory).collect();
    let coverage = TerraformCoverage {
        roots: judged.len(),
        modules: modules.len(),
        foreign: foreign.iter().map(ToString::to_string).collect(),
    };
    let files = surveys.values().flat_map(|survey| survey.files.iter().cloned()).collect();
    let unit = |root| -> Box<dyn Unit> { Box::new(TerraformUnit::new(root, Arc::clone(shared))) };
    Found { units: judged.into_iter().map(unit).collect(), files, notes, coverage }
}

/// What is remembered of a directory.
#[derive(Default)]
struct Survey {
    directory: Arc<str>,
    files: Vec<InputFile>,
    /// Directories that it calls.
    calls: BTreeSet<Arc<str>>,
    variables: Vec<Arc<str>>,
    /// Declares something of AWS, or calls what may.
    aws: bool,
    errors: Vec<Note>,
}

/// The given directories and all that they call, by name. A directory that cannot be read is a note of whoever needs
/// it.
fn survey(directories: &BTreeMap<String, bool>, library: &Library) -> BTreeMap<Arc<str>, Survey> {
    let mut surveys: BTreeMap<Arc<str>, Survey> = BTreeMap::new();
    let mut known: BTreeSet<Arc<str>> = BTreeSet::new();
    let mut next: BTreeSet<Arc<str>> = directories.keys().map(|name| Arc::from(name.as_str())).collect();
    while !next.is_empty() {
        let round: Vec<Arc<str>> = std::mem::take(&mut next).into_iter().collect();
        known.extend(round.iter().cloned());
        library.prepare(&round);
        let found: Vec<Survey> = round.par_iter().map(|directory| Survey::of(directory, library)).collect();
        for survey in found {
            next.extend(survey.calls.iter().filter(|called| !known.contains(*called)).cloned());
            surveys.insert(Arc::clone(&survey.directory), survey);
        }
    }
    surveys
}

impl Survey {
    fn of(directory: &Arc<str>, library: &Library) -> Self {
        let Ok(module) = library.module(directory) else {
            // Whoever judges or calls it says why it cannot be read.
            return Self { aws: true, directory: Arc::clone(directory), ..Self::default() };
        };
        let files = library.files_of(directory);
        let mut kinds = module.resources.iter().chain(&module.data).map(|declared| &*declared.kind);
        let aws = kinds.any(is_aws) || module.calls.values().any(may_be_aws);
        let errors = module.notes.iter().filter(|note| note.level == NoteLevel::Error).cloned().collect();
        Self {
            directory: Arc::clone(directory),
            files: files.iter().map(|(name, file)| input_file(&module, name, *file)).collect(),
            calls: module.calls.values().filter_map(|call| called(directory, call)).collect(),
            variables: module.variables.keys().cloned().collect(),
            aws,
            errors,
        }
    }
}

fn input_file(module: &Module, name: &str, file: FileId) -> InputFile {
    let broken = module
        .notes
        .iter()
        .any(|note| note.level == NoteLevel::Error && note.span.is_some_and(|span| span.file == file));
    let outcome = if broken && !module.declares_in(file) { Outcome::Failed } else { Outcome::Read(Format::Terraform) };
    let resources = module.resources.iter().filter(|declared| declared.block.span.file == file).count();
    InputFile { name: name.to_owned(), outcome, resources }
}

/// The directory that a call leads to when its source is a path.
fn called(from: &str, call: &Call) -> Option<Arc<str>> {
    let source = call.source.as_ref()?.value.literal_text()?;
    tree::is_local(&source).then(|| tree::local(from, &source)).flatten().map(Arc::from)
}

fn is_aws(kind: &str) -> bool {
    kind.starts_with("aws_") || kind.starts_with("awscc_")
}

/// Whether a module that is not in a directory of its own may declare something of AWS. The address of one in a
/// registry ends in the name of its provider.
fn may_be_aws(call: &Call) -> bool {
    let Some(source) = call.source.as_ref().and_then(|source| source.value.literal_text()) else { return true };
    if tree::is_local(&source) {
        return false;
    }
    let address = source.split("//").next().unwrap_or_default();
    let parts: Vec<&str> = address.split('/').collect();
    match parts.as_slice() {
        [_, _, provider] | [_, _, _, provider] if !address.contains(':') && !address.contains("git") => {
            matches!(*provider, "aws" | "awscc")
        }
        _ => true,
    }
}

/// Root modules, sorted: what was given by name, what nobody calls, and one of those that only call each other.
fn roots(directories: &BTreeMap<String, bool>, surveys: &BTreeMap<Arc<str>, Survey>) -> Vec<Arc<str>> {
    let callers = surveys.values().flat_map(|survey| survey.calls.iter().filter(|called| **called != survey.directory));
    let called: BTreeSet<&str> = callers.map(|called| &**called).collect();
    let names = || directories.keys().filter_map(|name| surveys.get_key_value(name.as_str())).map(|(name, _)| name);
    let is_root = |name: &&Arc<str>| directories.get(&***name) == Some(&true) || !called.contains(&***name);
    let mut roots: BTreeSet<Arc<str>> = names().filter(is_root).cloned().collect();
    let below = |root: &str| reachable(root, surveys).into_iter().map(|module| Arc::clone(&module.directory));
    let mut covered: BTreeSet<Arc<str>> = roots.iter().flat_map(|root| below(root)).collect();
    for name in names() {
        if !covered.contains(name) {
            roots.insert(Arc::clone(name));
            covered.extend(below(name));
        }
    }
    roots.into_iter().collect()
}

/// A directory and all that it calls.
fn reachable<'s>(root: &str, surveys: &'s BTreeMap<Arc<str>, Survey>) -> Vec<&'s Survey> {
    let mut found: BTreeMap<&str, &Survey> = BTreeMap::new();
    let mut pending: Vec<&str> = vec![root];
    while let Some(name) = pending.pop() {
        if let Some((_, survey)) = surveys.get_key_value(name)
            && found.insert(&survey.directory, survey).is_none()
        {
            pending.extend(survey.calls.iter().map(|called| &**called));
        }
    }
    found.into_values().collect()
}
