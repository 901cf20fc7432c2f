//! Snapshot folders: which files are theirs, and which of their sections are not there.
//!
//! A folder is a snapshot by its manifest, and a file is a section of it by its place, whatever is in it. So a file that was
//! lost, cut off or replaced leaves a hole that is known: nothing that it would tell looks absent.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::collected::GLOBAL;
use super::super::snapshot::format::{ENTRY, Expected, MANIFEST, Manifest, VERSION};
use super::super::snapshot::{Document, Missing, Origin};
use super::super::{Format, Note, NoteLevel, Outcome};
use super::walk::{self, Candidate};
use super::{MAX_BYTES, Taken, note};
use crate::source::{FileId, SourceMap, Span};

/// Where a section is: `<folder>/<account>/<region>/<service>.json`, or the same compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    folder: PathBuf,
    key: Key,
}

/// Account, region and service.
type Key = (String, String, String);

impl Place {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let service = name.strip_suffix(".gz").unwrap_or(name).strip_suffix(".json")?;
        let region = path.parent()?;
        let account = region.parent()?;
        let text = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let key = (text(account)?, text(region)?, service.to_owned());
        let is_account = key.0.len() == 12 && key.0.bytes().all(|byte| byte.is_ascii_digit());
        is_account.then_some(())?;
        Some(Self { folder: account.parent()?.to_owned(), key })
    }
}

/// What a folder's manifest says.
#[derive(Debug)]
enum State {
    Known(Box<Manifest>, String),
    /// It is the manifest of a snapshot, but not one that can be used: what is wrong with it.
    Unusable(String),
    /// There is none, or another program's.
    None,
}

#[derive(Debug)]
struct Folder {
    state: State,
    read: BTreeSet<Key>,
    damaged: BTreeSet<Key>,
    /// It has sections, but no manifest that could be used.
    refused: bool,
}

/// The folders of the files that are read.
#[derive(Debug)]
pub(super) struct Folders {
    by_path: BTreeMap<PathBuf, Folder>,
    notes: Vec<Note>,
}

impl Folders {
    /// Finds the folders, and marks the candidates that are at the place of a section.
    pub(super) fn of(candidates: &mut [Candidate]) -> Self {
        let mut by_path: BTreeMap<PathBuf, Folder> = BTreeMap::new();
        for candidate in candidates.iter_mut().filter(|candidate| !candidate.is_standard_input()) {
            let path = &candidate.path;
            let place = Place::of(path).or_else(|| Place::of(&std::path::absolute(path).ok()?));
            let is_manifest = path.file_name() == Some(MANIFEST.as_ref());
            let folder = match (&place, path.parent()) {
                (Some(place), _) => place.folder.clone(),
                (None, Some(folder)) if is_manifest => folder.to_owned(),
                _ => continue,
            };
            let known = by_path.entry(folder).or_insert_with_key(|folder| Folder::of(folder));
            if !matches!(known.state, State::None) {
                candidate.section = place;
            }
        }
        Self { by_path, notes: Vec::new() }
    }

    /// Takes a file for what its place says it is, or not at all.
    pub(super) fn accept(&mut self, candidate: &Candidate, taken: Taken) -> Taken {
        let refused = |taken: Taken, why: Option<String>| {
            let silent = taken.notes.iter().all(|note| note.level != NoteLevel::Error);
            let mut notes = taken.notes;
            notes.extend(why.filter(|_| silent).map(|why| note(NoteLevel::Error, why, None)));
            Taken { outcome: Outcome::Failed, notes, ..Taken::read(Format::Account) }
        };
        let name = &candidate.name;
        if taken.manifest {
            let folder = candidate.path.parent().and_then(|folder| self.by_path.get(folder));
            return match folder.map(|folder| &folder.state) {
                Some(State::Unusable(why)) => refused(taken, Some(format!("`{name}` {why}"))),
                _ => taken,
            };
        }
        let place =
            candidate.section.clone().or_else(|| Place::of(&candidate.path).filter(|_| taken.snapshot.is_some()));
        let Some((place, folder)) = place.and_then(|place| {
            let folder = self.by_path.get_mut(&place.folder)?;
            Some((place, folder))
        }) else {
            return taken;
        };
        let (account, region, service) = &place.key;
        let fits = taken.snapshot.as_ref().is_some_and(|(_, document)| document.is_of(account, region, service));
        match (&folder.state, fits) {
            (State::None, false) => taken,
            (State::None | State::Unusable(_), _) => {
                if !std::mem::replace(&mut folder.refused, true) {
                    let why = match &folder.state {
                        State::Unusable(why) => format!("has a `{MANIFEST}` that {why}"),
                        _ => format!("has no `{MANIFEST}`"),
                    };
                    let folder = walk::name(&place.folder);
                    let why = format!(
                        "the snapshot `{folder}` {why}, without which what is missing of it cannot be told, so it is not \
                         judged; collect again"
                    );
                    self.notes.push(note(NoteLevel::Error, why, None));
                }
                refused(taken, None)
            }
            (State::Known(..), false) => {
                folder.damaged.insert(place.key.clone());
                let why = format!(
                    "`{name}` does not hold what its place in the snapshot says: it was cut off or replaced; collect again"
                );
                refused(taken, Some(why))
            }
            (State::Known(..), true) => {
                if folder.read.insert(place.key.clone()) {
                    return taken;
                }
                refused(
                    taken,
                    Some(format!("`{name}` is in the snapshot twice, compressed and not; remove the older one")),
                )
            }
        }
    }

    /// The snapshot that a file belongs to: that of its folder, else the file itself.
    pub(super) fn origin(&self, candidate: &Candidate) -> Origin {
        let folder = candidate.section.as_ref().map(|place| &place.folder);
        let known = folder.and_then(|folder| Some((folder, self.by_path.get(folder)?)));
        match known {
            Some((path, Folder { state: State::Known(manifest, _), .. })) => origin(path, manifest),
            _ => Origin { name: candidate.name.clone(), at: None },
        }
    }

    /// What stands for the sections that the manifests tell of and that were not read.
    pub(super) fn missing(&mut self, sources: &SourceMap) -> Vec<(Origin, FileId, Document)> {
        let mut found = Vec::new();
        for (path, folder) in &self.by_path {
            let State::Known(manifest, text) = &folder.state else { continue };
            let (missing, wanted) = folder.missing(path, manifest);
            self.notes.extend(summary(path, manifest, &missing, wanted));
            if missing.is_empty() {
                continue;
            }
            let file = sources.add(walk::name(&path.join(MANIFEST)), text.as_str());
            let document = Document::of_missing(missing.into_iter().map(|(missing, _)| missing), Span::new(file, 0, 0));
            found.push((origin(path, manifest), file, document));
        }
        found
    }

    /// What is to be said about the snapshots.
    pub(super) fn notes(&mut self, snapshots: &[(Origin, FileId, Document)]) -> Vec<Note> {
        let mut origins: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for (origin, _, document) in snapshots {
            for (account, region) in document.places().filter(|(_, region)| *region != GLOBAL) {
                origins.entry((account, region)).or_default().insert(&origin.name);
            }
        }
        let mut several: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for ((account, _), names) in origins.into_iter().filter(|(_, names)| names.len() > 1) {
            several.entry(account).or_default().extend(names);
        }
        let mut notes = std::mem::take(&mut self.notes);
        notes.extend(several.into_iter().map(|(account, names)| {
            let message = format!(
                "account {account} is in several snapshots ({}), which are judged each by itself; give the one that counts",
                listed(&names.into_iter().map(str::to_owned).collect::<Vec<_>>())
            );
            note(NoteLevel::Warning, message, None)
        }));
        notes
    }
}

fn origin(folder: &Path, manifest: &Manifest) -> Origin {
    Origin { name: walk::name(folder), at: Some(manifest.collected_at.clone()) }
}

/// Why a section was not read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hole {
    Lost,
    NotCollected,
    Damaged,
    NotGiven,
}

impl Hole {
    /// For whoever meets what it leaves unknown.
    fn why(self, name: &str) -> String {
        match self {
            Self::Lost => format!("`{name}` is not in the snapshot any more; collect again"),
            Self::NotCollected => format!("`{name}` was not collected yet; go on with `--resume`"),
            Self::Damaged => format!("`{name}` is damaged; collect again"),
            Self::NotGiven => format!("`{name}` was not given; give the folder of the snapshot"),
        }
    }
}

impl Folder {
    fn of(path: &Path) -> Self {
        Self { state: State::of(path), read: BTreeSet::new(), damaged: BTreeSet::new(), refused: false }
    }

    /// The sections that are not there, and how many there should be.
    fn missing(&self, path: &Path, manifest: &Manifest) -> (Vec<(Missing, Hole)>, usize) {
        let (mut missing, mut wanted) = (Vec::new(), 0);
        for (account, regions) in &manifest.accounts {
            let entry = (account.clone(), GLOBAL.to_owned(), ENTRY.to_owned());
            if self.read.contains(&entry) {
                wanted += 1;
                continue;
            }
            let expected = sections(manifest, regions);
            if !self.read.iter().chain(&self.damaged).any(|(known, ..)| known == account)
                && expected.iter().all(|(region, expected)| is_there(path, account, region, &expected.service))
            {
                // Another account was given.
                continue;
            }
            for (region, expected) in expected {
                wanted += 1;
                let key = (account.clone(), region.to_owned(), expected.service.clone());
                let closed = (account.clone(), region.to_owned(), ENTRY.to_owned());
                if self.read.contains(&key) || self.read.contains(&closed) {
                    continue;
                }
                let name = format!("{account}/{region}/{}.json", expected.service);
                let exists = is_there(path, account, region, &expected.service);
                let hole = match (self.damaged.contains(&key), exists, manifest.complete) {
                    (true, _, _) => Hole::Damaged,
                    (false, true, _) => Hole::NotGiven,
                    (false, false, true) => Hole::Lost,
                    (false, false, false) => Hole::NotCollected,
                };
                let why = hole.why(&name);
                missing.push((Missing { key, types: expected.types.clone(), name, why }, hole));
            }
        }
        (missing, wanted)
    }
}

fn is_there(folder: &Path, account: &str, region: &str, service: &str) -> bool {
    let name = folder.join(account).join(region).join(format!("{service}.json"));
    name.exists() || name.with_extension("json.gz").exists()
}

/// The sections of an account that has these regions. One that could not be entered has one that stands for all of them.
fn sections<'m>(manifest: &'m Manifest, regions: &'m [String]) -> Vec<(&'m str, Expected)> {
    if regions.is_empty() {
        let types: BTreeSet<String> =
            manifest.services.iter().flat_map(|expected| expected.types.iter().cloned()).collect();
        let entry = Expected { service: ENTRY.to_owned(), global: true, types: types.into_iter().collect() };
        return vec![(GLOBAL, entry)];
    }
    let of = |expected: &'m Expected| {
        let places: Vec<&str> =
            if expected.global { vec![GLOBAL] } else { regions.iter().map(String::as_str).collect() };
        places.into_iter().map(move |place| (place, expected.clone()))
    };
    manifest.services.iter().flat_map(of).collect()
}

/// What is said of the sections that are not there, once a snapshot. Damaged files were told of already.
fn summary(path: &Path, manifest: &Manifest, missing: &[(Missing, Hole)], wanted: usize) -> Vec<Note> {
    let folder = walk::name(path);
    let names = |hole: Hole| -> Vec<String> {
        missing.iter().filter(|(_, known)| *known == hole).map(|(missing, _)| missing.name.clone()).collect()
    };
    let mut notes = Vec::new();
    if !manifest.complete {
        let left = names(Hole::NotCollected).len();
        let message = format!(
            "the snapshot `{folder}` is not complete: collecting was interrupted, and {left} of {wanted} sections are not there, \
             so what they would tell is unknown; go on with `--resume`"
        );
        notes.push(note(NoteLevel::Warning, message, None));
    }
    let (lost, left_out) = (names(Hole::Lost), names(Hole::NotGiven));
    if !lost.is_empty() {
        let message = format!(
            "the snapshot `{folder}` has lost {} of its {wanted} sections ({}), so what they told is unknown; collect again",
            lost.len(),
            listed(&lost)
        );
        notes.push(note(NoteLevel::Error, message, None));
    }
    if !left_out.is_empty() {
        let message = format!(
            "{} of {wanted} sections of the snapshot `{folder}` were not given ({}), so what they tell is unknown; give the \
             folder",
            left_out.len(),
            listed(&left_out)
        );
        notes.push(note(NoteLevel::Warning, message, None));
    }
    notes
}

/// Names that are listed; the others are counted.
const LISTED: usize = 3;

fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(LISTED);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

impl State {
    fn of(folder: &Path) -> Self {
        let mut bytes = Vec::new();
        let read =
            std::fs::File::open(folder.join(MANIFEST)).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
        match read {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Self::None,
            Err(error) => return Self::Unusable(format!("cannot be read ({error})")),
            Ok(_) => {}
        }
        let value: Value = match serde_json::from_slice(&bytes) {
            Ok(value) => value,
            Err(error) => return Self::Unusable(format!("is no JSON ({error})")),
        };
        let Some(version) = value.get("SraGuardManifest") else { return Self::None };
        if version.as_u64() != Some(u64::from(VERSION)) {
            return Self::Unusable("is in a format that this version does not read".to_owned());
        }
        match serde_json::from_value::<Manifest>(value) {
            Ok(manifest) => Self::Known(Box::new(manifest), String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => Self::Unusable(format!("is not understood ({error})")),
        }
    }
}
