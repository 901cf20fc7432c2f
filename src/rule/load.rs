//! Rule files → [`RuleSet`]: the built-in ones, discovered from `rules/` at build time, and a user's own.
//!
//! What is wrong with a rule file is an error with its place in the file, never a rule that is missing.

mod file;
mod place;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use rayon::prelude::*;

use super::compile::{self, Texts};
use super::predicate::Predicate;
use super::{Example, Rule, RuleSet};
use crate::facts::{Shape, subject_kinds};
use crate::finding::RuleInfo;
use file::{RuleFile, Severities};
pub(super) use place::in_section as place;

/// Name and text of each built-in rule file.
const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// Largest rule file, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// What is wrong with one rule file, and where (1-based; 0 when it is about the file as a whole).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoadError {
    pub file: PathBuf,
    pub line: usize,
    pub column: usize,
    pub message: String,
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for LoadError {}

/// Every error of all files that were to be loaded; never empty.
#[derive(Clone, PartialEq, Eq)]
pub struct LoadErrors(pub Vec<LoadError>);

impl std::fmt::Debug for LoadErrors {
    /// As people read them, since they end up in failed tests.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\n{self}\n")
    }
}

impl std::fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines: Vec<_> = self.0.iter().map(LoadError::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for LoadErrors {}

impl RuleSet {
    /// The rules that come with the program.
    pub fn builtin() -> Result<Self, LoadErrors> {
        let shapes = Shapes::all();
        let load = |(name, text): &(&'static str, &'static str)| {
            load(Path::new(name), Cow::Borrowed(*text), Examples::OnDemand, &shapes)
        };
        Self::collect(BUILTIN.par_iter().map(load).collect())
    }

    /// Every `*.yaml` and `*.yml` file of a folder, at any depth.
    pub fn load_dir(folder: &Path) -> Result<Self, LoadErrors> {
        let mut files = Vec::new();
        let failed = |path: &Path, error: std::io::Error| {
            LoadErrors(vec![LoadError { file: path.to_owned(), line: 0, column: 0, message: error.to_string() }])
        };
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).map_err(|error| failed(&folder, error))? {
                let entry = entry.map_err(|error| failed(&folder, error))?;
                let (path, kind) = (entry.path(), entry.file_type().map_err(|error| failed(&folder, error))?);
                if kind.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
                    files.push(path);
                }
            }
        }
        if files.is_empty() {
            return Err(failed(folder, std::io::Error::other("the folder contains no rule file (`*.yaml`)")));
        }
        files.sort();
        let shapes = Shapes::all();
        Self::collect(files.par_iter().map(|path| load_file(path, &shapes)).collect())
    }

    /// Adds the rules of another set; an id that both have is an error.
    pub fn add(&mut self, other: Self) -> Result<(), LoadErrors> {
        let rules = std::mem::take(&mut self.rules);
        *self = Self::collect(rules.into_iter().chain(other.rules).map(Ok).collect())?;
        Ok(())
    }

    fn collect(loaded: Vec<Result<Rule, LoadError>>) -> Result<Self, LoadErrors> {
        let mut errors = Vec::new();
        let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
        for result in loaded {
            match result {
                Err(error) => errors.push(error),
                Ok(rule) => match rules.get(&rule.info.id) {
                    None => drop(rules.insert(rule.info.id.clone(), rule)),
                    Some(first) => {
                        let message = format!("rule `{}` is already defined in {}", rule.info.id, first.file.display());
                        errors.push(LoadError {
                            line: place::line_of(&rule.text, "id"),
                            column: 1,
                            file: rule.file,
                            message,
                        });
                    }
                },
            }
        }
        errors.sort();
        if errors.is_empty() { Ok(Self { rules: rules.into_values().collect() }) } else { Err(LoadErrors(errors)) }
    }
}

impl Rule {
    /// The examples of the rule file.
    pub fn examples(&self) -> Result<Vec<Example>, LoadError> {
        let file = RuleFile::parse(&self.text).map_err(|error| error.in_file(&self.file))?;
        Ok(file.examples())
    }

    /// Loads one rule from its text; `name` stands for the file in errors.
    pub fn parse(name: &Path, text: &str) -> Result<Self, LoadError> {
        load(name, Cow::Owned(text.to_owned()), Examples::Check, &Shapes::all())
    }
}

/// Whether a pattern names a rule: an id, a family such as `SRA-ALB`, or a prefix that ends with `*`. Case does not
/// matter.
pub fn id_matches(pattern: &str, id: &str) -> bool {
    let (pattern, id) = (pattern.to_ascii_uppercase(), id.to_ascii_uppercase());
    match pattern.strip_suffix('*') {
        Some(prefix) => id.starts_with(prefix),
        None => id.strip_prefix(&pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')),
    }
}

/// The shapes of all subject kinds, made once.
struct Shapes(BTreeMap<&'static str, Shape>);

impl Shapes {
    fn all() -> Self {
        Self(subject_kinds().into_iter().map(|kind| (kind.name, (kind.shape)())).collect())
    }
}

/// Whether examples are read along with the rule. They are most of a file's text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Examples {
    Check,
    OnDemand,
}

fn load_file(path: &Path, shapes: &Shapes) -> Result<Rule, LoadError> {
    let error = |message: String| LoadError { file: path.to_owned(), line: 0, column: 0, message };
    let size = std::fs::metadata(path).map_err(|cause| error(cause.to_string()))?.len();
    if size > MAX_FILE {
        return Err(error(format!("{size} bytes are too many for a rule file; at most {MAX_FILE} are read")));
    }
    let text = std::fs::read_to_string(path).map_err(|cause| error(cause.to_string()))?;
    load(path, Cow::Owned(text), Examples::Check, shapes)
}

fn load(path: &Path, text: Cow<'static, str>, examples: Examples, shapes: &Shapes) -> Result<Rule, LoadError> {
    let without = if examples == Examples::OnDemand { file::without_examples(&text) } else { &*text };
    let file = RuleFile::parse(without).map_err(|error| error.in_file(path))?;
    let error = |key: &str, message: String| LoadError {
        file: path.to_owned(),
        line: place::line_of(&text, key),
        column: 1,
        message,
    };
    file.check().map_err(|(key, message)| error(key, message))?;
    let Some(shape) = shapes.0.get(file.subject.as_str()) else {
        let known: Vec<_> = shapes.0.keys().copied().collect();
        let message = format!("there is no subject kind `{}`; known: {}", file.subject, known.join(", "));
        return Err(error("subject", message));
    };
    let Shape::Map { fields, .. } = shape else {
        return Err(error("subject", format!("subject kind `{}` has no facts", file.subject)));
    };
    let (severity, when) = match &file.severity {
        Severities::Fixed(severity) => (*severity, &[][..]),
        Severities::Conditional(cases) => (cases.default, cases.when.as_slice()),
    };
    let texts = Texts {
        lets: file.lets.clone().unwrap_or_default(),
        applies: file.applies.clone().unwrap_or_default(),
        assert: file.assert.clone(),
        severities: when.iter().map(|case| (case.condition.clone(), case.then)).collect(),
    };
    let (params, needs, fields) = (file.params(), file.needs, fields.clone());
    let (name, source) = (path.to_owned(), text.clone());
    let predicate = Compiled::new(move || {
        let error = |(line, column), message| LoadError { file: name.clone(), line, column, message };
        let predicate = compile::compile(&texts, &fields, &params).map_err(|cause| {
            error(place::in_section(&source, cause.section, cause.line, cause.column), cause.message)
        })?;
        check_needs(&needs, &predicate).map_err(|message| error((place::line_of(&source, "needs"), 1), message))?;
        Ok(predicate)
    });
    if examples == Examples::Check {
        predicate.get().map_err(Clone::clone)?;
    }
    let info = RuleInfo {
        id: file.id,
        title: file.title,
        severity,
        subject: file.subject,
        why: file.why.trim().to_owned(),
        remedy: file.remedy.get("text").map(|text| text.trim().to_owned()).unwrap_or_default(),
        snippets: file.remedy.into_iter().filter(|(key, _)| key != "text").collect(),
        mappings: file.mappings,
    };
    Ok(Rule { info: Arc::new(info), tier: file.tier, predicate, text, file: path.to_owned() })
}

/// A predicate that is compiled when it is first asked for: a run meets subjects of a few kinds, and rules of the other
/// kinds need no predicate. A user's rules are asked at once, so that what is wrong with them is said at the start.
#[derive(Clone)]
pub struct Compiled(Arc<LazyLock<Result<Predicate, LoadError>, Recipe>>);

type Recipe = Box<dyn FnOnce() -> Result<Predicate, LoadError> + Send>;

impl Compiled {
    fn new(recipe: impl FnOnce() -> Result<Predicate, LoadError> + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(recipe))))
    }

    pub fn get(&self) -> Result<&Predicate, &LoadError> {
        (**self.0).as_ref()
    }
}

impl From<Predicate> for Compiled {
    fn from(predicate: Predicate) -> Self {
        Self::new(|| Ok(predicate))
    }
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(f)
    }
}

/// `needs` is the rule's contract with the facts: exactly what the predicate reads, and if the author likes what its
/// messages show.
fn check_needs(needs: &[String], Predicate { reads, shows, .. }: &Predicate) -> Result<(), String> {
    let needs: BTreeSet<_> = needs.iter().cloned().collect();
    let list = |names: Vec<&String>| names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let missing = list(reads.difference(&needs).collect());
    let unread = list(needs.difference(reads).filter(|name| !shows.contains(*name)).collect());
    match (missing.is_empty(), unread.is_empty()) {
        (true, true) => Ok(()),
        (false, true) => Err(format!("the predicate also reads {missing}: add it to `needs`")),
        (true, false) => Err(format!("the predicate does not read {unread}: remove it from `needs`")),
        (false, false) => {
            Err(format!("the predicate reads {missing}, which `needs` lacks, and does not read {unread}"))
        }
    }
}
