//! The files below the given paths, by name.
//!
//! Directories are walked as `ripgrep` does: hidden files, what `.gitignore` excludes, and symbolic links are left
//! out. What is given by name is always read.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use ignore::WalkBuilder;

use super::super::terraform::library::is_configuration;
use super::super::{Note, NoteLevel};
use super::note;
use super::snapshots::Place;

/// A file that may be a template.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub name: String,
    pub path: PathBuf,
    /// Given by name, not found in a directory.
    pub explicit: bool,
    /// Where it is in a snapshot folder, when it is in one.
    pub section: Option<Place>,
}

/// What a walk finds.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// By name, so that a file given twice is read once.
    pub candidates: BTreeMap<String, Candidate>,
    /// Directories with Terraform files, by name, and whether they (or one of their files) were given by name.
    pub terraform: BTreeMap<String, bool>,
    /// The directories below which templates may name companions.
    pub roots: Vec<PathBuf>,
    pub notes: Vec<Note>,
}

const EXTENSIONS: [&str; 5] = ["yaml", "yml", "json", "template", "cfn"];

const STANDARD_INPUT: &str = "-";

impl Candidate {
    /// Whether it was meant to be read, whatever is in it.
    pub(super) fn is_wanted(&self) -> bool {
        self.explicit || self.section.is_some()
    }

    pub(super) fn is_standard_input(&self) -> bool {
        self.path.as_os_str() == STANDARD_INPUT
    }
}

pub(super) fn walk(paths: &[PathBuf]) -> Walk {
    let mut walk = Walk::default();
    for path in paths {
        if path.as_os_str() == STANDARD_INPUT {
            walk.add(path, true);
            continue;
        }
        match path.metadata() {
            Ok(meta) if meta.is_dir() => {
                walk.roots.push(path.clone());
                walk.directory(path, true);
                if let Some(given) = walk.terraform.get_mut(&name(path)) {
                    *given = true;
                }
            }
            Ok(_) => {
                let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
                if is_terraform(path) {
                    // A module is always all of its files.
                    walk.terraform.insert(name(&folder), true);
                } else {
                    walk.add(path, true);
                }
                walk.roots.push(folder);
            }
            Err(error) => {
                let message = format!("`{}` cannot be read: {error}", name(path));
                walk.notes.push(note(NoteLevel::Error, message, None));
            }
        }
    }
    walk
}

impl Walk {
    /// Adds the candidates below a directory; without `filters` also what is hidden or excluded by `.gitignore`.
    pub(super) fn directory(&mut self, path: &Path, filters: bool) {
        // What one machine's git leaves out besides must not decide what is checked.
        let mut builder = WalkBuilder::new(path);
        builder.standard_filters(filters).git_global(false).git_exclude(false);
        for entry in builder.build() {
            match entry {
                Ok(entry) => {
                    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                    if is_file && is_terraform(entry.path()) {
                        let folder = entry.path().parent().map(name).unwrap_or_default();
                        self.terraform.entry(folder).or_default();
                        continue;
                    }
                    let plain = entry.path().file_stem().filter(|_| entry.path().extension() == Some("gz".as_ref()));
                    let extension = plain.map_or_else(|| entry.path(), Path::new).extension();
                    let extension = extension.and_then(|extension| extension.to_str());
                    let known = |extension: &str| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension));
                    if is_file && extension.is_some_and(known) {
                        self.add(entry.path(), false);
                    }
                }
                Err(error) => {
                    self.notes.push(note(NoteLevel::Error, format!("a directory cannot be read: {error}"), None));
                }
            }
        }
    }

    pub(super) fn add(&mut self, path: &Path, explicit: bool) {
        let name = name(path);
        let known = self.candidates.entry(name.clone()).or_insert_with(|| Candidate {
            name,
            path: path.to_path_buf(),
            explicit,
            section: None,
        });
        known.explicit |= explicit;
    }
}

impl Candidate {
    /// With another name for a folder that it is in.
    pub(super) fn called(self, folder: &Path, called: &str) -> Self {
        match self.path.strip_prefix(folder) {
            Ok(rest) => Self { name: name(&Path::new(called).join(rest)), ..self },
            Err(_) => self,
        }
    }
}

fn is_terraform(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(is_configuration)
}

/// How a path is shown: with `/`, and without `.` and what `..` takes back.
pub(super) fn name(path: &Path) -> String {
    if path.as_os_str() == STANDARD_INPUT {
        return "<stdin>".to_owned();
    }
    let mut names: Vec<String> = Vec::new();
    let mut root = "";
    for component in path.components() {
        match component {
            Component::RootDir => root = "/",
            Component::CurDir => {}
            Component::ParentDir if names.last().is_some_and(|last| last != "..") => {
                names.pop();
            }
            Component::Prefix(_) | Component::ParentDir | Component::Normal(_) => {
                names.push(component.as_os_str().to_string_lossy().into_owned());
            }
        }
    }
    let joined = names.join("/");
    if root.is_empty() && joined.is_empty() { ".".to_owned() } else { format!("{root}{joined}") }
}
