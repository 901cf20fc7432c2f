//! The directories of modules, each read once.
//!
//! The syntax trees of many root modules together would be large, so a directory is parsed for whoever is at work on
//! it and shared only while somebody is; its text is kept, because reports show it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

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
type Texts = Arc<[(Arc<str>, FileId)]>;

impl Library {
    /// `files` reads what modules may consist of.
    pub fn new(files: Arc<dyn Files>, sources: &SourceMap) -> Self {
        Self { sources: sources.clone(), files, texts: Mutex::default(), parsed: Mutex::default() }
    }

    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    pub fn files(&self) -> &dyn Files {
        &*self.files
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

    fn texts(&self, name: &str) -> Result<Texts, Reason> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = texts.get(name) {
            return known.clone();
        }
        let read = self.read(name);
        texts.insert(Arc::from(name), read.clone());
        read
    }

    fn read(&self, name: &str) -> Result<Texts, Reason> {
        let names = configuration(self.files.list(name)?);
        if names.is_empty() {
            return Err(Reason::File(Arc::from(format!("folder `{name}` contains no `.tf` file"))));
        }
        let texts = names.into_iter().map(|file| {
            let file = below(name, &file);
            let text = self.files.read(&file)?;
            let id = self.sources.add(file.as_str(), text);
            Ok((Arc::from(file), id))
        });
        texts.collect()
    }
}

/// The names of those files of a directory that configure its module.
///
/// Source: Terraform language documentation, "Files and Configuration Structure"; OpenTofu documentation, "Files and
/// Directories": `x.tofu` replaces `x.tf`, `x.tofu.json` replaces `x.tf.json`.
pub(super) fn configuration(names: Vec<String>) -> Vec<String> {
    let replaced = |name: &str| {
        let replacing = match name.strip_suffix(".tf") {
            Some(stem) => format!("{stem}.tofu"),
            None => format!("{}.tofu.json", name.strip_suffix(".tf.json")?),
        };
        Some(replacing)
    };
    let is_replaced = |name: &String| replaced(name).is_some_and(|replacing| names.contains(&replacing));
    names.iter().filter(|name| is_configuration(name) && !is_replaced(name)).cloned().collect()
}

/// Whether Terraform or OpenTofu reads a file of this name.
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
