//! The values that the variables of root modules are given: on the command line, in files, by the environment.
//!
//! Source: Terraform language documentation, "Input Variables", "Variable Definition Precedence".

mod literal;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::library::{Library, below};
use super::module::{Module, Variable};
use super::types;
use super::value::Value;
use crate::input::files::Files;
use crate::input::{Assignment, Note, NoteLevel, TerraformContext};
use crate::source::hcl::{self, ExpressionKind};
use crate::source::{FileId, SourceMap, Span};
use crate::value::Reason;

/// What all root modules of a run are given alike.
#[derive(Debug, Default)]
pub struct Assignments {
    environment: Vec<Assigned>,
    /// `--var` and `--var-file`, in order.
    command: Vec<Assigned>,
    /// What is wrong with the files.
    pub notes: Vec<Note>,
}

/// One value for one variable.
#[derive(Clone, Debug)]
struct Assigned {
    name: Arc<str>,
    /// Where a note about it points.
    place: Span,
    form: Form,
    /// Given by `--var`, one variable at a time, so the user means one that there is.
    single: bool,
}

#[derive(Clone, Debug)]
enum Form {
    Value(Value),
    /// An expression, or the text itself when the variable's type is that of a text, number or boolean.
    Text(FileId),
}

/// The values of one root module's variables.
#[derive(Debug, Default)]
pub struct Given {
    /// Of the types of their variables.
    pub values: BTreeMap<Arc<str>, Value>,
    pub notes: Vec<Note>,
}

impl Assignments {
    pub fn read(context: &TerraformContext, sources: &SourceMap) -> Self {
        let mut read = Self::default();
        for (name, text) in &context.environment {
            let file = sources.add(format!("TF_VAR_{name}"), text.as_str());
            read.environment.push(assigned_text(name, text, file, false));
        }
        for assignment in &context.given {
            match assignment {
                Assignment::Value { name, text } => {
                    let file = sources.add(format!("--var {name}"), text.as_str());
                    read.command.push(assigned_text(name, text, file, true));
                }
                Assignment::File(path) => {
                    let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
                    let (assigned, notes) = assigned_file(&shown(path), text, sources);
                    read.command.extend(assigned);
                    read.notes.extend(notes);
                }
            }
        }
        read
    }

    /// A warning for each `--var` that no root module declares; `declared` are the variables of all of them.
    pub fn strangers(&self, declared: &BTreeSet<Arc<str>>) -> Vec<Note> {
        let strangers = self.command.iter().filter(|assigned| assigned.single && !declared.contains(&assigned.name));
        let mut notes: Vec<Note> = strangers
            .map(|assigned| {
                let near = near(&assigned.name, declared.iter().map(|name| &**name));
                let advice = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                let message = format!("no root module has the given variable `{}`{advice}", assigned.name);
                Note { level: NoteLevel::Warning, message, span: None, related: None }
            })
            .collect();
        notes.dedup();
        notes
    }

    /// The values for one root module: of several for a variable, that with the highest precedence.
    pub fn of(&self, module: &Module, library: &Library) -> Given {
        let sources = library.sources();
        let mut given = Given::default();
        let mut assigned: BTreeMap<&str, &Assigned> = BTreeMap::new();
        let found = automatic(&module.directory, &**library.files(), sources, &mut given.notes);
        for value in &found {
            if !module.variables.contains_key(&value.name) {
                let message = format!("the root module has no variable `{}`", value.name);
                given.notes.push(Note { level: NoteLevel::Warning, message, span: Some(value.place), related: None });
            }
        }
        for value in self.environment.iter().chain(&found).chain(&self.command) {
            assigned.insert(&value.name, value);
        }
        for (name, variable) in &module.variables {
            let Some(assigned) = assigned.get(&**name) else { continue };
            let value = typed(assigned, variable, sources).unwrap_or_else(|(message, span)| {
                given.notes.push(Note {
                    level: NoteLevel::Error,
                    message: format!("variable `{name}` cannot have the given value: {message}"),
                    span: Some(span),
                    related: Some((variable.name.span, "declared here".to_owned())),
                });
                Value::unknown(
                    span,
                    Reason::NotUnderstood(Arc::from(format!("the value given for variable `{name}` does not fit"))),
                    None,
                )
            });
            given.values.insert(Arc::clone(name), value);
        }
        given
    }
}

/// What Terraform reads by itself, in the order of precedence.
fn automatic(directory: &str, files: &dyn Files, sources: &SourceMap, notes: &mut Vec<Note>) -> Vec<Assigned> {
    let names = files.list(directory).unwrap_or_default();
    let rank = |name: &str| match name {
        "terraform.tfvars" => Some(0),
        "terraform.tfvars.json" => Some(1),
        _ if name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json") => Some(2),
        _ => None,
    };
    let mut names: Vec<(u8, String)> = names.into_iter().filter_map(|name| Some((rank(&name)?, name))).collect();
    names.sort();
    let mut found = Vec::new();
    for (_, name) in names {
        let name = below(directory, &name);
        let text = files.read(&name).map_err(|why| why.to_string());
        let (assigned, wrong) = assigned_file(&name, text, sources);
        found.extend(assigned);
        notes.extend(wrong);
    }
    found
}

fn assigned_text(name: &str, text: &str, file: FileId, single: bool) -> Assigned {
    Assigned { name: Arc::from(name), place: Span::new(file, 0, text.len()), form: Form::Text(file), single }
}

fn assigned_file(name: &str, text: Result<String, String>, sources: &SourceMap) -> (Vec<Assigned>, Vec<Note>) {
    let error = |message: String, span: Option<Span>| Note { level: NoteLevel::Error, message, span, related: None };
    let text = match text {
        Ok(text) => text,
        Err(why) => return (Vec::new(), vec![error(format!("`{name}` cannot be read: {why}"), None)]),
    };
    let file = sources.add(name, text);
    let (values, errors) = literal::values(file, sources);
    let assigned = values.into_iter().map(|(name, value)| Assigned {
        name: name.text,
        place: name.span,
        form: Form::Value(value),
        single: false,
    });
    (assigned.collect(), errors.into_iter().map(|syntax| error(syntax.message, Some(syntax.span))).collect())
}

/// The value in the type of its variable, or why not and where.
fn typed(assigned: &Assigned, variable: &Variable, sources: &SourceMap) -> Result<Value, (String, Span)> {
    let value = match &assigned.form {
        Form::Value(value) => value.clone(),
        Form::Text(file) => {
            let text = Arc::clone(&sources.file(*file).text);
            if is_text(variable) {
                Value::text(assigned.place, text)
            } else {
                let parsed = hcl::parse_expression(*file, &text, 0).map_err(|syntax| (syntax.message, syntax.span))?;
                literal::value(&parsed).map_err(|syntax| (syntax.message, syntax.span))?
            }
        }
    };
    let Some(kind) = &variable.kind else { return Ok(value) };
    // A malformed type is reported where it is written.
    let Ok(kind) = types::parse(kind) else { return Ok(value) };
    let span = value.span;
    types::convert(value, &kind).map_err(|mismatch| (mismatch.to_string(), span))
}

/// Whether a text that is given for a variable is its value as it is.
fn is_text(variable: &Variable) -> bool {
    match &variable.kind {
        None => true,
        Some(kind) => match &kind.kind {
            ExpressionKind::Variable(name) => matches!(&**name, "string" | "number" | "bool"),
            _ => false,
        },
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// The name that is probably meant by one that does not exist.
pub(super) fn near<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    // What stands before the last dot is rarely misspelt, and makes any two names alike.
    let own = name.rsplit('.').next().unwrap_or(name).chars().count();
    let allowed = (own / 3).clamp(1, 2);
    let near = names.into_iter().filter_map(|other| Some((distance(name, other)?, other)));
    near.filter(|(distance, _)| *distance <= allowed).min().map(|(_, other)| other)
}

/// How many letters are missing, added, different or swapped; `None` when it is clearly another name.
fn distance(name: &str, other: &str) -> Option<usize> {
    let (name, other): (Vec<char>, Vec<char>) = (name.chars().collect(), other.chars().collect());
    if name.len().abs_diff(other.len()) > 2 || name.len() < 3 {
        return None;
    }
    let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, char) in name.iter().enumerate() {
        let mut next = vec![index + 1];
        for (at, expected) in other.iter().enumerate() {
            let replaced = cell(&row, at) + usize::from(char != expected);
            let mut best = replaced.min(cell(&row, at + 1) + 1).min(cell(&next, at) + 1);
            let (Some(earlier), Some(earlier_expected)) = (index.checked_sub(1), at.checked_sub(1)) else {
                next.push(best);
                continue;
            };
            if name.get(earlier) == Some(expected) && other.get(earlier_expected) == Some(char) {
                best = best.min(cell(&before, earlier_expected) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied()
}
