//! The directories of modules, each read once.
//!
//! The syntax trees of many root modules together would be large, so a directory is parsed for whoever is at work on
//! it and shared only while somebody is; its text is kept, because reports show it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rayon::prelude::*;

use super::module::{File, Module};
use crate::input::files::Files;
use crate::source::{FileId, SourceMap, hcl};
use crate::value::Reason;

#[derive(Debug)]
pub struct Library {
    sources: SourceMap,
    files: Arc<dyn Files>,
    texts: Mutex<BTreeMap<Arc<str>, Result<Texts, Reason>>>,
    parsed: Mutex<BTreeMap<Arc<str>, Weak<Module>>>,
}

/// Names and texts of the files of one directory.
pub type Texts = Arc<[(Arc<str>, FileId)]>;

impl Library {
    /// `files` reads what modules may consist of.
    pub fn new(files: Arc<dyn Files>, sources: &SourceMap) -> Self {
        Self { sources: sources.clone(), files, texts: Mutex::default(), parsed: Mutex::default() }
    }

    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    pub fn files(&self) -> &Arc<dyn Files> {
        &self.files
    }

    /// The module in a directory, by its display name; an error when there is none or it may not be read.
    pub fn module(&self, directory: &str) -> Result<Arc<Module>, Reason> {
        let texts = self.texts(directory)?;
        let known = |parsed: &BTreeMap<Arc<str>, Weak<Module>>| parsed.get(directory).and_then(Weak::upgrade);
        if let Some(known) = known(&self.parsed.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(known);
        }
        let files =
            texts.iter().map(|(name, file)| File { name: Arc::clone(name), parsed: hcl::parse(&self.sources, *file) });
        let module = Arc::new(Module::read(directory, files.collect()));
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever was faster serves both.
        if let Some(known) = known(&parsed) {
            return Ok(known);
        }
        parsed.insert(Arc::from(directory), Arc::downgrade(&module));
        Ok(module)
    }

    /// The files of the module in a directory; none when it cannot be read.
    pub fn files_of(&self, directory: &str) -> Texts {
        self.texts(directory).unwrap_or_default()
    }

    /// Reads directories in parallel, so that whoever asks for one later finds it. The order of `directories` is that
    /// in which the files become known.
    pub fn prepare(&self, directories: &[Arc<str>]) {
        let read: Vec<_> = directories.par_iter().map(|directory| self.read(directory)).collect();
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        for (directory, read) in directories.iter().zip(read) {
            texts.entry(Arc::clone(directory)).or_insert_with(|| self.add(read));
        }
    }

    fn texts(&self, directory: &str) -> Result<Texts, Reason> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = texts.get(directory) {
            return known.clone();
        }
        let read = self.add(self.read(directory));
        texts.insert(Arc::from(directory), read.clone());
        read
    }

    fn add(&self, read: Result<Vec<(String, String)>, Reason>) -> Result<Texts, Reason> {
        let add = |(name, text): (String, String)| (Arc::from(name.as_str()), self.sources.add(name, text));
        Ok(read?.into_iter().map(add).collect())
    }

    /// Names and texts of the files of a directory.
    fn read(&self, directory: &str) -> Result<Vec<(String, String)>, Reason> {
        let listed = self.files.list(directory)?;
        let names = configuration(&listed);
        if names.is_empty() {
            return Err(Reason::File(Arc::from(format!("folder `{directory}` contains no `.tf` file"))));
        }
        let names = names.into_iter().map(|name| below(directory, name));
        names.map(|name| Ok((name.clone(), self.files.read(&name)?))).collect()
    }
}

/// The names of those files of a directory that configure its module.
///
/// Source: Terraform language documentation, "Files and Configuration Structure"; `OpenTofu` documentation, "Files and
/// Directories": `x.tofu` replaces `x.tf`, `x.tofu.json` replaces `x.tf.json`.
fn configuration(names: &[String]) -> Vec<&str> {
    let replaced = |name: &str| {
        let replacing = match name.strip_suffix(".tf") {
            Some(stem) => format!("{stem}.tofu"),
            None => format!("{}.tofu.json", name.strip_suffix(".tf.json")?),
        };
        Some(replacing)
    };
    let is_replaced = |name: &str| replaced(name).is_some_and(|replacing| names.contains(&replacing));
    names.iter().map(String::as_str).filter(|name| is_configuration(name) && !is_replaced(name)).collect()
}

/// Whether Terraform or `OpenTofu` reads a file of this name.
pub fn is_configuration(name: &str) -> bool {
    let known = [".tf", ".tf.json", ".tofu", ".tofu.json"].iter().any(|extension| name.ends_with(extension));
    // What editors leave behind is not read, and a bare extension is a hidden file.
    known && !name.starts_with('.') && !(name.starts_with('#') && name.ends_with('#'))
}

/// The display name of a file or folder in a directory.
pub(super) fn below(directory: &str, name: &str) -> String {
    match directory {
        "." => name.to_owned(),
        directory => format!("{}/{name}", directory.trim_end_matches('/')),
    }
}
