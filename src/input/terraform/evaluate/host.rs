//! What functions see of a module: its files, and templates.

use std::sync::Arc;

use super::Configuration;
use super::expression::Scope;
use super::run::Run;
use crate::input::files::{file_reason, resolve};
use crate::input::terraform::functions::{CallError, Content, Host, Template, Unread};
use crate::input::terraform::value::{Kind, Object, Piece, Text, Value};
use crate::source::hcl::{TemplatePart, parse_template};
use crate::source::{FileId, Span};

pub(super) struct ModuleHost<'r, 's, 'a> {
    pub run: &'r Run<'a>,
    pub scope: Scope<'s, 'a>,
    /// The function that asks.
    pub function: &'r str,
}

/// Files below a directory that are listed.
const MAX_LISTED: usize = 10_000;

impl Configuration {
    /// The name of a file that a path of the root module leads to.
    fn name_of(&self, path: &str) -> Option<String> {
        let root = self.tree.module(self.tree.root).map_or(".", |root| &*root.directory);
        resolve(&format!("{root}/_"), path)
    }

    fn read(&self, name: &str) -> Result<Content, Unread> {
        let mut read = self.read.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = read.get(name) {
            return known.clone();
        }
        let content = self
            .files
            .read(name)
            .map(|text| self.content(name, &text))
            .map_err(|reason| if self.exists(name) { Unread::Unknown(reason) } else { Unread::Absent });
        read.insert(name.to_owned(), content.clone());
        content
    }

    fn content(&self, name: &str, text: &str) -> Content {
        let file = self.sources.add(name, text);
        let piece = Piece { start: 0, span: Span::new(file, 0, text.len()) };
        Content { bytes: Arc::from(text.as_bytes()), pieces: Some(Arc::from([piece])) }
    }

    /// Whether a file may be there. What lies outside of what may be read may.
    fn exists(&self, name: &str) -> bool {
        self.files.exists(name).unwrap_or(true)
    }
}

impl Host for ModuleHost<'_, '_, '_> {
    fn read(&self, path: &str) -> Result<Content, Unread> {
        match self.run.configuration.name_of(path) {
            Some(name) => match self.run.configuration.read(&name) {
                // What is built before Terraform runs, such as a package, need not be there.
                Err(Unread::Absent) if !self.run.trying.get() && self.function != "fileexists" => {
                    Err(Unread::Unknown(file_reason(path, "does not exist")))
                }
                read => read,
            },
            None => Err(Unread::Unknown(file_reason(path, "lies outside of the scanned folders"))),
        }
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, Unread> {
        let configuration = self.run.configuration;
        let Some(start) = configuration.name_of(directory) else { return Err(Unread::Absent) };
        let start = if start.is_empty() { ".".to_owned() } else { start };
        let mut found = Vec::new();
        let mut pending = vec![String::new()];
        while let Some(below) = pending.pop() {
            let folder = match (&*start, &*below) {
                (start, "") => start.to_owned(),
                (".", below) => below.to_owned(),
                (start, below) => format!("{start}/{below}"),
            };
            let names = configuration.files.list(folder.trim_end_matches('/'));
            let names = match names {
                Ok(names) => names,
                Err(reason) if below.is_empty() => return Err(Unread::Unknown(reason)),
                Err(_) => continue,
            };
            for name in names {
                let name = format!("{below}{name}");
                if found.len() + pending.len() > MAX_LISTED {
                    let reason = file_reason(directory, "has too many files below it");
                    return Err(Unread::Unknown(reason));
                }
                if name.ends_with('/') {
                    pending.push(name);
                } else {
                    found.push(name);
                }
            }
        }
        Ok(found)
    }

    fn render(&self, template: Template<'_>, variables: &Arc<Object>, span: Span) -> Result<Value, CallError> {
        let error = |message: String| CallError { argument: Some(0), message };
        let (file, text) = match template {
            Template::File(path) => {
                let content = match self.read(path) {
                    Ok(content) => content,
                    Err(Unread::Absent) => return Err(error(format!("there is no file `{path}`"))),
                    Err(Unread::Unknown(reason)) => return Ok(Value::unknown(span, reason, None)),
                };
                let Some(file) = content.pieces.as_ref().and_then(|pieces| pieces.first()).map(|piece| piece.span.file)
                else {
                    return Err(error(format!("`{path}` is no text")));
                };
                (file, self.run.configuration.sources.file(file).text.to_string())
            }
            Template::Text(value) => match &value.kind {
                Kind::Text(text) => (self.file_of(text, span), text.text.to_string()),
                _ => return Ok(Value::unknown(span, super::operators::unknown_in(&[value]).reason.clone(), None)),
            },
        };
        let parts: Vec<TemplatePart> = parse_template(file, &text)
            .map_err(|problem| error(format!("the template is malformed: {}", problem.message)))?;
        let scope = Scope { template: Some(variables), bindings: None, repetition: None, ..self.scope };
        let rendered = self.run.deeper(span, || self.run.template(&parts, span, scope));
        match rendered {
            Ok(Some(value)) => Ok(value.at(span)),
            Ok(None) => Ok(Run::limit(span)),
            Err(fault) => Err(error(fault.message().to_owned())),
        }
    }
}

impl ModuleHost<'_, '_, '_> {
    /// The file that a template was read from; for one that is no file something that stands for it, so that its
    /// parts have a place.
    fn file_of(&self, template: &Text, span: Span) -> FileId {
        let configuration = self.run.configuration;
        let sources = &configuration.sources;
        let text = &*template.text;
        if let Some([piece]) = template.pieces.as_deref()
            && *sources.file(piece.span.file).text == *text
        {
            return piece.span.file;
        }
        let name = format!("template at {}:{}", sources.file(span.file).name, sources.position(span));
        let key = format!("{name}\n{text}");
        let mut read = configuration.read.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let content = read.entry(key).or_insert_with(|| Ok(configuration.content(&name, text)));
        let piece = content.as_ref().ok().and_then(|content| content.pieces.as_ref()?.first().copied());
        piece.map_or(span.file, |piece| piece.span.file)
    }
}
