//! Companion files of a template: nested templates, included snippets, `OpenAPI` documents, code.
//!
//! Templates are untrusted, so a path in one must not reach further than what the user asked to scan: a companion is
//! read only when it lies below one of the scanned folders, after `..` and symbolic links are resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::source::{Limits, Node, SourceMap, parse};
use crate::value::Reason;

/// Reads files by the name under which they are shown (`/` separators, `.` and `..` resolved).
pub trait Files: Send + Sync + fmt::Debug {
    /// The text of a file, or why it cannot be read.
    fn read(&self, name: &str) -> Result<String, Reason>;

    /// What lies directly in a folder (`.` is the current one), sorted; the names of folders end in `/`.
    fn list(&self, folder: &str) -> Result<Vec<String>, Reason>;

    /// Whether there is such a file; `None` where nothing may be read.
    fn exists(&self, name: &str) -> Option<bool>;
}

/// For input that has no folder: nothing can be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, name: &str) -> Result<String, Reason> {
        Err(file_reason(name, "is not available"))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, Reason> {
        Err(folder_reason(folder, "is not available"))
    }

    fn exists(&self, _name: &str) -> Option<bool> {
        None
    }
}

/// Files below the scanned folders.
#[derive(Clone, Debug)]
pub struct Folders {
    roots: Vec<PathBuf>,
}

const GIT: &str = ".git";

/// Larger companions are not read.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// Folders with more entries are not read.
const MAX_ENTRIES: usize = 100_000;

impl Folders {
    /// `roots` are the scanned folders, or the folders of the scanned files.
    pub fn new(roots: impl IntoIterator<Item = PathBuf>) -> Self {
        let roots = roots.into_iter().map(|root| if root.as_os_str().is_empty() { PathBuf::from(".") } else { root });
        Self { roots: roots.filter_map(|root| root.canonicalize().ok()).collect() }
    }

    /// These folders and others.
    #[must_use]
    pub fn and(&self, others: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut folders = Self::new(others);
        folders.roots.extend(self.roots.iter().cloned());
        folders
    }

    /// These folders, and the git work trees that they lie in.
    #[must_use]
    pub fn with_work_trees(&self) -> Self {
        let work_tree = |root: &PathBuf| root.ancestors().find(|above| above.join(GIT).exists()).map(Path::to_path_buf);
        self.and(self.roots.iter().filter_map(work_tree))
    }

    fn permit(&self, path: &Path) -> bool {
        // Git's own files may hold credentials.
        let inside = |root: &PathBuf| path.strip_prefix(root).is_ok_and(|below| below.iter().all(|name| name != GIT));
        self.roots.iter().any(inside)
    }
}

impl Files for Folders {
    fn read(&self, name: &str) -> Result<String, Reason> {
        let path = Path::new(name).canonicalize().map_err(|_| file_reason(name, "does not exist"))?;
        if !self.permit(&path) {
            return Err(file_reason(name, "lies outside of the scanned folders; scan it as well"));
        }
        match path.metadata() {
            Ok(meta) if meta.is_file() && meta.len() <= MAX_BYTES => {}
            Ok(meta) if meta.is_file() => return Err(file_reason(name, "is too large")),
            _ => return Err(file_reason(name, "is not a file")),
        }
        std::fs::read_to_string(&path).map_err(|_| file_reason(name, "cannot be read as text"))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, Reason> {
        let path = Path::new(folder).canonicalize().map_err(|_| folder_reason(folder, "does not exist"))?;
        if !self.permit(&path) {
            return Err(folder_reason(folder, "lies outside of the scanned folders; scan it as well"));
        }
        let entries = std::fs::read_dir(&path).map_err(|_| folder_reason(folder, "cannot be read"))?;
        let mut names = Vec::new();
        for entry in entries.flatten() {
            if names.len() == MAX_ENTRIES {
                return Err(folder_reason(folder, "has too many entries"));
            }
            let Ok(mut name) = entry.file_name().into_string() else { continue };
            // Symbolic links are followed here; whether what they lead to may be read is decided when it is read.
            if entry.path().is_dir() {
                name.push('/');
            }
            names.push(name);
        }
        names.sort();
        Ok(names)
    }

    fn exists(&self, name: &str) -> Option<bool> {
        let path = Path::new(name);
        // Of a file that does not exist, the nearest folder that does decides whether it would be permitted.
        let real = path.ancestors().find_map(|above| {
            let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
            above.canonicalize().ok()
        })?;
        self.permit(&real).then(|| path.is_file())
    }
}

/// Files that exist only in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(pub BTreeMap<String, String>);

impl Files for MemoryFiles {
    fn read(&self, name: &str) -> Result<String, Reason> {
        self.0.get(name).cloned().ok_or_else(|| file_reason(name, "does not exist"))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, Reason> {
        let prefix = if folder == "." { String::new() } else { format!("{}/", folder.trim_end_matches('/')) };
        let below = self.0.keys().filter_map(|name| name.strip_prefix(&prefix));
        let names: BTreeSet<String> = below
            .map(|name| name.split_once('/').map_or_else(|| name.to_owned(), |(first, _)| format!("{first}/")))
            .collect();
        if names.is_empty() { Err(folder_reason(folder, "does not exist")) } else { Ok(names.into_iter().collect()) }
    }

    fn exists(&self, name: &str) -> Option<bool> {
        Some(self.0.contains_key(name))
    }
}

pub(crate) fn file_reason(name: &str, why: &str) -> Reason {
    Reason::File(Arc::from(format!("file `{name}` {why}")))
}

fn folder_reason(name: &str, why: &str) -> Reason {
    Reason::File(Arc::from(format!("folder `{name}` {why}")))
}

/// All companions of a run: each is read and parsed once.
#[derive(Debug)]
pub struct Companions<'s> {
    pub sources: &'s SourceMap,
    files: &'s dyn Files,
    parsed: BTreeMap<String, Result<Arc<Node>, Reason>>,
}

impl<'s> Companions<'s> {
    pub fn new(sources: &'s SourceMap, files: &'s dyn Files) -> Self {
        Self { sources, files, parsed: BTreeMap::new() }
    }

    /// Reads and parses a YAML or JSON file by the name that [`resolve`] gives it.
    pub fn parse(&mut self, name: &str) -> Result<Arc<Node>, Reason> {
        if let Some(known) = self.parsed.get(name) {
            return known.clone();
        }
        let parsed = self.files.read(name).and_then(|text| {
            let file = self.sources.add(name, text);
            let parsed = parse(self.sources, file, Limits::default())
                .map_err(|error| file_reason(name, &format!("cannot be parsed: {error}")))?;
            let root = parsed.documents.into_iter().next().ok_or_else(|| file_reason(name, "is empty"))?;
            Ok(Arc::new(root))
        });
        self.parsed.insert(name.to_owned(), parsed.clone());
        parsed
    }
}

/// `path` relative to the folder of the file `from`, with `.` and `..` resolved as text.
pub fn resolve(from: &str, path: &str) -> Option<String> {
    let path = path.strip_prefix("file://").unwrap_or(path);
    if path.is_empty() || path.starts_with('/') || path.contains("://") || path.contains(['\0', '\\']) {
        return None;
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let absolute = from.starts_with('/');
    let mut names: Vec<&str> = Vec::new();
    for name in folder.split('/').chain(path.split('/')) {
        match name {
            "" | "." => {}
            ".." if names.last().is_some_and(|last| *last != "..") => {
                names.pop();
            }
            _ => names.push(name),
        }
    }
    let joined = names.join("/");
    Some(if absolute { format!("/{joined}") } else { joined })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_resolve_relative_to_the_template() {
        assert_eq!(resolve("a/b/t.yaml", "./x.yaml").as_deref(), Some("a/b/x.yaml"));
        assert_eq!(resolve("a/b/t.yaml", "../x.yaml").as_deref(), Some("a/x.yaml"));
        assert_eq!(resolve("t.yaml", "../x.yaml").as_deref(), Some("../x.yaml"));
        assert_eq!(resolve("/r/t.yaml", "n/x.yaml").as_deref(), Some("/r/n/x.yaml"));
        assert_eq!(resolve("t.yaml", "https://s3.amazonaws.com/b/x.yaml"), None);
        assert_eq!(resolve("t.yaml", "s3://b/x.yaml"), None);
        assert_eq!(resolve("t.yaml", "/etc/passwd"), None);
    }

    #[test]
    fn files_outside_of_the_scanned_folders_are_refused() {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let files = Folders::new([root.join("src")]);
        let inside = root.join("src/lib.rs").display().to_string();
        let outside = root.join("src/../Cargo.toml").display().to_string();
        assert!(files.read(&inside).is_ok());
        assert!(matches!(files.read(&outside), Err(Reason::File(why)) if why.contains("outside")));
    }
}
