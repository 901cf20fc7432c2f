//! Finds the templates and Terraform modules below the given paths, reads them in parallel and says how every file was taken.
//!
//! What a file is follows from its content, not from its name. A file that could be a template but is not understood
//! is never passed over in silence: it is a note and counts as failed. Other YAML and JSON is counted as ignored.
//!
//! | what it looks like | what becomes of it |
//! |---|---|
//! | a template (CloudFormation, SAM, synthesised by the CDK, `get-template` output) | read |
//! | a change set (`describe-change-set`) | read; beside its template, it only tells what changes |
//! | a snapshot of a live account, also compressed | read; the files of a snapshot folder belong together |
//! | what stands at the place of a section of a snapshot folder, and is none | failed, error |
//! | a configuration snapshot or history file of AWS Config, also compressed | read as a snapshot of what it records |
//! | a plan or state of Terraform: `terraform show -json`, a state file | read |
//! | malformed text that mentions `Resources` or `AWS::`; a template that is no UTF-8 or too large | failed, error |
//! | `Resources` without types, resources without `Resources`, a Serverless Framework service | failed, warning |
//! | a template in a CDK assembly whose manifest does not name it; files of a CDK asset | ignored, the former with a warning |
//! | `.tf`, `.tf.json`, `.tofu`, `.tofu.json` | read as modules, a directory at a time |
//! | a root module of which a plan is given | judged as that plan |
//! | any other file that was given by name | ignored, warning |
//! | any other file | ignored |

mod assembly;
mod detect;
mod snapshots;
mod terraform;
mod walk;

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::change_set::{ChangeSet, Paired};
use super::construct::Constructs;
use super::files::{Files, Folders};
use super::terraform::Shared;
use super::terraform::library::Library;
use super::terraform::variables::Assignments;
use super::{Context, Format, InputFile, Loaded, Note, NoteLevel, Outcome, cloudformation, plan, snapshot};
use crate::source::{FileId, Limits, Node, Parsed, SourceMap, Span, parse};
use crate::value::Reason;
use detect::Seen;
use walk::Candidate;

/// Larger files are not read.
pub const MAX_BYTES: u64 = 100 << 20;

/// Reads everything below `paths` (`-` is standard input). `progress` is told how many files are done, of how many;
/// it may be called from any thread.
pub fn load(
    paths: &[PathBuf],
    context: &Context,
    sources: &SourceMap,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Loaded {
    let mut walk = walk::walk(paths);
    let mut notes = std::mem::take(&mut walk.notes);
    let mut constructs = Constructs::default();
    notes.extend(assembly::apply(&mut walk, &mut constructs));
    let called = |candidate: Candidate| match &context.called {
        Some((folder, called)) => candidate.called(folder, called),
        None => candidate,
    };
    let mut candidates: Vec<Candidate> = walk.candidates.into_values().map(called).collect();
    let mut folders = snapshots::Folders::of(&mut candidates);

    let done = AtomicUsize::new(0);
    let advance = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, candidates.len());
    // Texts are added in the order of their names, so that file ids are the same in every run.
    let texts: Vec<Text> = candidates.par_iter().map(text).collect();
    let added: Vec<(&Candidate, Result<FileId, Taken>)> = candidates
        .iter()
        .zip(texts)
        .map(|(candidate, text)| match text {
            Text::Read(text) => (candidate, Ok(sources.add(candidate.name.as_str(), text))),
            Text::Ignored => (candidate, Err(Taken::ignored(candidate))),
            Text::Failed(level, message) => (candidate, Err(Taken::failed(note(level, message, None)))),
        })
        .collect();
    let taken: Vec<Taken> = added
        .into_par_iter()
        .map(|(candidate, file)| {
            let taken = file.map_or_else(|taken| taken, |file| take(candidate, file, sources));
            advance();
            taken
        })
        .collect();

    let mut templates = Vec::new();
    let mut plans = Vec::new();
    let mut snapshots = Vec::new();
    let mut sets = Vec::new();
    let mut suspects = Vec::new();
    let mut files = Vec::with_capacity(candidates.len());
    for (candidate, taken) in candidates.iter().zip(taken) {
        let taken = folders.accept(candidate, taken);
        files.push(InputFile { name: candidate.name.clone(), outcome: taken.outcome, resources: taken.resources });
        if taken.suspect {
            suspects.push((files.len() - 1, taken.notes));
        } else {
            notes.extend(taken.notes);
        }
        templates.extend(taken.template);
        plans.extend(taken.plan);
        snapshots.extend(taken.snapshot.map(|(file, document)| (folders.origin(candidate), file, document)));
        sets.extend(taken.set);
    }
    snapshots.extend(folders.missing(sources));
    notes.extend(folders.notes(&snapshots));
    let nothing = templates.is_empty()
        && plans.is_empty()
        && snapshots.is_empty()
        && sets.is_empty()
        && walk.terraform.is_empty()
        && suspects.is_empty();
    if nothing && notes.is_empty() {
        let given: Vec<String> = paths.iter().map(|path| format!("`{}`", walk::name(path))).collect();
        let message =
            format!("no CloudFormation or SAM template, no Terraform module and no snapshot in {}", given.join(", "));
        notes.push(note(NoteLevel::Warning, message, None));
    }

    let folders = Folders::new(walk.roots);
    let shared = Arc::new(Shared {
        library: Library::new(Arc::new(folders.with_work_trees()), sources),
        assignments: Assignments::read(&context.terraform, sources),
        context: context.clone(),
        folders: Some(folders.clone()),
    });
    let (planned, represented) = terraform::planned(plans, &walk.terraform, &shared, sources);
    let found = terraform::find(&walk.terraform, &represented, &shared);
    files.extend(found.files);
    notes.extend(found.notes);
    let companions = Recorded { folders, read: Mutex::default() };
    let mut paired = Paired::of(templates, sets, sources);
    notes.extend(paired.notes.iter().cloned());
    for file in files.iter_mut().filter(|file| paired.refused.iter().any(|id| sources.file(*id).name == file.name)) {
        file.outcome = Outcome::Failed;
    }
    let parameters = paired.parameters.iter().chain(&context.parameters).cloned().collect();
    let context = Context { parameters, ..context.clone() };
    let templates = std::mem::take(&mut paired.templates);
    let units = cloudformation::units(templates, &context, sources, &companions);
    let mut units = constructs.tell(paired.tell(units));
    units.extend(planned);
    units.extend(snapshot::units(snapshots, sources));
    let included = companions.read.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (index, warnings) in suspects {
        match files.get_mut(index) {
            // A template includes it, so it is read there.
            Some(file) if included.contains(&file.name) => file.outcome = Outcome::Ignored,
            _ => notes.extend(warnings),
        }
    }
    units.extend(found.units);
    files.sort();
    Loaded { units, files, notes, terraform: found.coverage }
}

enum Text {
    Read(String),
    /// Nothing in it could be part of a template.
    Ignored,
    Failed(NoteLevel, String),
}

/// How one file was taken.
struct Taken {
    outcome: Outcome,
    resources: usize,
    template: Option<(FileId, Node)>,
    plan: Option<(FileId, plan::Document)>,
    snapshot: Option<(FileId, snapshot::Document)>,
    set: Option<(FileId, ChangeSet)>,
    /// It is the manifest of a snapshot.
    manifest: bool,
    notes: Vec<Note>,
    /// Only a failure when no template includes it.
    suspect: bool,
}

impl Taken {
    fn ignored(candidate: &Candidate) -> Self {
        let message = || format!("`{}` is no CloudFormation or SAM template", candidate.name);
        let notes = candidate.explicit.then(|| note(NoteLevel::Warning, message(), None)).into_iter().collect();
        Self { outcome: Outcome::Ignored, notes, ..Self::read(Format::CloudFormation) }
    }

    fn read(format: Format) -> Self {
        Self {
            outcome: Outcome::Read(format),
            resources: 0,
            template: None,
            plan: None,
            snapshot: None,
            set: None,
            manifest: false,
            notes: Vec::new(),
            suspect: false,
        }
    }

    fn failed(note: Note) -> Self {
        Self { outcome: Outcome::Failed, notes: vec![note], ..Self::read(Format::CloudFormation) }
    }
}

fn note(level: NoteLevel, message: String, span: Option<Span>) -> Note {
    Note { level, message, span, related: None }
}

/// What a file that is compressed with gzip begins with. Source: RFC 1952, section 2.3.1.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The content of a file, cut one byte past the bound, and whether it was compressed.
fn bytes(candidate: &Candidate) -> std::io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    if candidate.is_standard_input() {
        std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(&candidate.path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    }
    if bytes.starts_with(&GZIP) {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).take(MAX_BYTES + 1).read_to_end(&mut plain)?;
        return Ok((plain, true));
    }
    Ok((bytes, false))
}

/// Reads a file as far as it may be a template.
fn text(candidate: &Candidate) -> Text {
    let name = &candidate.name;
    let failed =
        |why: &dyn std::fmt::Display| Text::Failed(NoteLevel::Error, format!("`{name}` cannot be read: {why}"));
    let (bytes, compressed) = match bytes(candidate) {
        Ok(read) => read,
        Err(error) => return failed(&error),
    };
    if bytes.len() as u64 > MAX_BYTES {
        // Far past what CloudFormation takes (1 MB), so among many files it is data.
        let level = if candidate.is_wanted() { NoteLevel::Error } else { NoteLevel::Warning };
        let larger = if compressed { "holds, compressed, more than" } else { "is larger than" };
        return Text::Failed(level, format!("`{name}` {larger} {} MB and was not read", MAX_BYTES >> 20));
    }
    let may_be_plan = plan::may_be_one(&bytes);
    if !candidate.is_wanted() && !may_be_plan && !detect::mentions_resources(&bytes) {
        return Text::Ignored;
    }
    if let Some(advice) = plan::advice(name, &bytes) {
        return Text::Failed(NoteLevel::Error, advice);
    }
    if let Some(text) = plan::wide_text(&bytes).filter(|_| may_be_plan) {
        return Text::Read(plan::readable(text));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Text::Read(plan::readable(text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            failed(&format!("it is not UTF-8 text (at byte {at})"))
        }
    }
}

/// Parses a text and decides what it is. The text of what is no template is dropped.
fn take(candidate: &Candidate, file: FileId, sources: &SourceMap) -> Taken {
    let parsed = match parse(sources, file, Limits::default()) {
        Ok(parsed) => parsed,
        Err(error) => {
            let text = sources.file(file);
            if candidate.is_wanted() || detect::mentions_resources(text.text.as_bytes()) {
                return Taken::failed(note(NoteLevel::Error, error.message, Some(error.span)));
            }
            sources.forget(file);
            return Taken::ignored(candidate);
        }
    };
    let duplicates: Vec<Note> = duplicates(&parsed).collect();
    match detect::see(parsed, sources) {
        Seen::Template { root, format, resources, mut notes } => {
            notes.extend(duplicates);
            let template = Some((file, *root));
            Taken { resources, template, notes, ..Taken::read(format) }
        }
        Seen::Plan(document) => Taken {
            resources: document.resources(),
            plan: Some((file, *document)),
            notes: duplicates,
            ..Taken::read(Format::TerraformPlan)
        },
        Seen::Snapshot(document) => Taken {
            resources: document.resources(),
            snapshot: Some((file, document)),
            notes: duplicates,
            ..Taken::read(Format::Account)
        },
        Seen::Manifest(span) if candidate.explicit => {
            let why = "is the manifest of a snapshot; give the folder that it is in".to_owned();
            Taken::failed(note(NoteLevel::Error, why, Some(span)))
        }
        Seen::Manifest(_) => {
            sources.forget(file);
            Taken { manifest: true, ..Taken::read(Format::Account) }
        }
        Seen::Damaged(why, span) => Taken::failed(note(NoteLevel::Error, why, Some(span))),
        Seen::ChangeSet(set) => Taken {
            resources: set.resources(),
            set: Some((file, set)),
            notes: duplicates,
            ..Taken::read(Format::CloudFormation)
        },
        Seen::Refused(why, span) if candidate.explicit => Taken::failed(note(NoteLevel::Error, why, Some(span))),
        Seen::Refused(why, span) => Taken::failed(note(NoteLevel::Warning, why, Some(span))),
        Seen::Suspect(why, span) => Taken { suspect: true, ..Taken::failed(note(NoteLevel::Warning, why, Some(span))) },
        Seen::Other => {
            sources.forget(file);
            Taken::ignored(candidate)
        }
    }
}

fn duplicates(parsed: &Parsed) -> impl Iterator<Item = Note> {
    parsed.duplicates.iter().map(|duplicate| Note {
        level: NoteLevel::Warning,
        message: format!("key `{}` is written twice; the last one counts", duplicate.key),
        span: Some(duplicate.last),
        related: Some((duplicate.first, "first written here".to_owned())),
    })
}

/// Remembers which companions templates ask for.
#[derive(Debug)]
struct Recorded {
    folders: Folders,
    read: Mutex<BTreeSet<String>>,
}

impl Files for Recorded {
    fn read(&self, name: &str) -> Result<String, Reason> {
        let text = self.folders.read(name)?;
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        Ok(text)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, Reason> {
        self.folders.list(folder)
    }

    fn exists(&self, name: &str) -> Option<bool> {
        self.folders.exists(name)
    }
}

#[cfg(test)]
mod tests;
