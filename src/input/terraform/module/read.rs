//! Parsed files → the declarations of a module.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::merge::merge;
use super::{Call, Declared, Local, Module, Output, Variable};
use crate::input::{Note, NoteLevel};
use crate::source::Span;
use crate::source::hcl::{self, Attribute, Block, Body, Expression, ExpressionKind, Name, Parsed};

/// One parsed file of a module.
#[derive(Debug)]
pub struct File {
    /// Display name.
    pub name: Arc<str>,
    pub parsed: Parsed,
}

/// Blocks at the top of a file and how many labels they have.
const LABELS: [(&str, usize); 15] = [
    ("action", 2),
    ("check", 1),
    ("data", 2),
    ("ephemeral", 2),
    ("import", 0),
    ("language", 0),
    ("locals", 0),
    ("module", 1),
    ("moved", 0),
    ("output", 1),
    ("provider", 1),
    ("removed", 0),
    ("resource", 2),
    ("terraform", 0),
    ("variable", 1),
];

/// Those of them that an architecture is read from.
const READ: [&str; 7] = ["data", "locals", "module", "output", "provider", "resource", "variable"];

/// What distinguishes a declaration from others of its module: the kind of block and its labels, for providers also
/// the alias.
type Header = (Arc<str>, Vec<Arc<str>>);

impl Module {
    /// What the parsed files of a directory declare.
    ///
    /// Source: Terraform language documentation, "Files and Configuration Structure" and "Override Files".
    pub fn read(directory: impl Into<Arc<str>>, mut files: Vec<File>) -> Self {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let mut module = Self {
            directory: directory.into(),
            files: files.iter().map(|file| Arc::clone(&file.name)).collect(),
            ..Self::default()
        };
        let (overriding, plain): (Vec<File>, Vec<File>) = files.into_iter().partition(|file| overrides(&file.name));
        let mut reader = Reader::default();
        for (file, overrides) in
            plain.into_iter().map(|file| (file, false)).chain(overriding.into_iter().map(|file| (file, true)))
        {
            reader.file(file, overrides);
        }
        let Reader { blocks, locals, mut notes, .. } = reader;
        module.locals = locals;
        for block in blocks {
            module.declare(block, &mut notes);
        }
        module.notes = notes;
        module
    }

    fn declare(&mut self, mut block: Block, notes: &mut Vec<Note>) {
        let [first, rest @ ..] = block.labels.as_slice() else { return };
        let (name, second) = (first.clone(), rest.first().cloned());
        match &*block.kind.text {
            "resource" | "data" => {
                let Some(second) = second else { return };
                references(&mut block.body, &["depends_on", "provider"], notes);
                let list = if &*block.kind.text == "data" { &mut self.data } else { &mut self.resources };
                let quotes = quotes(&block);
                let (kind_span, own_span) = (around(name.span, quotes), around(second.span, quotes));
                // In JSON, types and names are keys of different objects.
                let labels = kind_span.join(own_span);
                let written_together = labels.end.saturating_sub(labels.start) as usize
                    <= name.text.len() + second.text.len() + LABEL_SPACE;
                list.push(Declared {
                    kind: name.text,
                    name: second.text,
                    name_span: if written_together { labels } else { own_span },
                    block,
                });
            }
            "variable" => {
                let mut kind = take(&mut block.body, "type").map(|attribute| attribute.value);
                if let Some(kind) = &mut kind {
                    unquote(kind, notes);
                }
                let variable = Variable {
                    kind,
                    default: take(&mut block.body, "default").map(|attribute| attribute.value),
                    nullable: flag(&block.body, "nullable").unwrap_or(true),
                    sensitive: flag(&block.body, "sensitive").unwrap_or(false),
                    name: name.clone(),
                };
                self.variables.insert(name.text, variable);
            }
            "output" => match take(&mut block.body, "value") {
                Some(value) => {
                    let sensitive = flag(&block.body, "sensitive").unwrap_or(false);
                    self.outputs.insert(Arc::clone(&name.text), Output { name, value: value.value, sensitive });
                }
                None => notes.push(error(format!("output `{}` has no `value`", name.text), name.span)),
            },
            "module" => {
                references(&mut block.body, &["depends_on", "providers"], notes);
                let source = take(&mut block.body, "source");
                let version = take(&mut block.body, "version");
                if source.is_none() {
                    notes.push(error(format!("module `{}` has no `source`", name.text), name.span));
                }
                let described = described(source.as_ref(), version.as_ref());
                let name = Name { span: around(name.span, quotes(&block)), ..name };
                self.calls.insert(Arc::clone(&name.text), Call { name, source, described, block });
            }
            "provider" => {
                self.providers.insert(provider_name(&block), block);
            }
            _ => {}
        }
    }
}

/// What may stand between two labels of a header: quotes, and room for alignment.
const LABEL_SPACE: usize = 16;

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    places: BTreeMap<Header, usize>,
    locals: BTreeMap<Arc<str>, Local>,
    notes: Vec<Note>,
}

impl Reader {
    fn file(&mut self, file: File, overrides: bool) {
        let Parsed { body, errors } = file.parsed;
        self.notes.extend(errors.into_iter().map(|syntax| error(syntax.message, syntax.span)));
        for attribute in body.attributes {
            let message = format!("argument `{}` stands outside of any block and is not read", attribute.name.text);
            self.notes.push(warning(message, attribute.name.span));
        }
        for block in body.blocks {
            self.block(block, overrides);
        }
    }

    fn block(&mut self, block: Block, overrides: bool) {
        let kind = &block.kind.text;
        let Some((kind, labels)) = LABELS.iter().find(|(known, _)| *known == &**kind) else {
            let message = format!("block `{kind}` is not understood and not read");
            return self.notes.push(warning(message, block.kind.span));
        };
        if !READ.contains(kind) {
            return;
        }
        if block.labels.len() != *labels {
            let wanted = ["no label", "one label, its name,", "two labels, type and name,"];
            let wanted = wanted.get(*labels).copied().unwrap_or_default();
            return self.notes.push(error(format!("`{kind}` needs {wanted} before its `{{`"), block.kind.span));
        }
        if let Some(label) = block.labels.iter().find(|label| !is_identifier(&label.text)) {
            let message = format!("`{}` is no name: letters, digits, `_` and `-` only, a letter first", label.text);
            return self.notes.push(error(message, label.span));
        }
        match *kind {
            "locals" => self.locals(block.body, overrides),
            _ if overrides => self.overriding(block),
            _ => self.plain(block),
        }
    }

    fn plain(&mut self, block: Block) {
        let header = header(&block);
        match self.places.entry(header) {
            Entry::Vacant(place) => {
                place.insert(self.blocks.len());
                self.blocks.push(block);
            }
            Entry::Occupied(place) => {
                let first = self.blocks.get(*place.get()).map(header_span);
                self.notes.push(twice(&shown(place.key()), header_span(&block), first));
            }
        }
    }

    fn overriding(&mut self, block: Block) {
        let header = header(&block);
        match self.places.get(&header).and_then(|place| self.blocks.get_mut(*place)) {
            Some(base) => merge(base, block, &mut self.notes),
            // That a provider without a block is configured by an override is how Terraform is documented to work.
            None if &*header.0 == "provider" && header.1.len() == 1 => self.plain(block),
            None => {
                let message = format!("{} overrides nothing: no other file declares it", shown(&header));
                self.notes.push(error(message, header_span(&block)));
            }
        }
    }

    fn locals(&mut self, body: Body, overrides: bool) {
        for Attribute { name, value } in body.attributes {
            let local = Local { name, value };
            match (self.locals.entry(Arc::clone(&local.name.text)), overrides) {
                (Entry::Occupied(mut known), true) => {
                    known.insert(local);
                }
                (Entry::Vacant(place), false) => {
                    place.insert(local);
                }
                (Entry::Occupied(known), false) => {
                    let shown = format!("local value `{}`", local.name.text);
                    self.notes.push(twice(&shown, local.name.span, Some(known.get().name.span)));
                }
                (Entry::Vacant(_), true) => {
                    let message =
                        format!("local value `{}` overrides nothing: no other file declares it", local.name.text);
                    self.notes.push(error(message, local.name.span));
                }
            }
        }
    }
}

/// Whether a file is an override file by its name.
fn overrides(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = [".tf.json", ".tofu.json", ".tf", ".tofu"].iter().find_map(|extension| file.strip_suffix(extension));
    stem.is_some_and(|stem| stem == "override" || stem.ends_with("_override"))
}

fn header(block: &Block) -> Header {
    let mut labels: Vec<Arc<str>> = block.labels.iter().map(|label| Arc::clone(&label.text)).collect();
    if &*block.kind.text == "provider" {
        labels.extend(alias(block).map(Arc::from));
    }
    (Arc::clone(&block.kind.text), labels)
}

fn alias(block: &Block) -> Option<String> {
    block.body.attribute("alias").and_then(|alias| alias.value.literal_text())
}

fn provider_name(block: &Block) -> Arc<str> {
    header(block).1.join(".").into()
}

/// `resource "aws_subnet" "a"`: the labels, or the word when there are none.
fn header_span(block: &Block) -> Span {
    block.labels.last().map_or(block.kind.span, |label| label.span)
}

/// Whether the labels of a block are quoted: there is more than a space before them. In JSON there are no others.
fn quotes(block: &Block) -> bool {
    let first = block.labels.first().map_or(block.kind.span, |label| label.span);
    !(block.kind.span.end..=block.kind.span.end + 1).contains(&first.start)
}

/// The place of a label with its quotes.
fn around(label: Span, quoted: bool) -> Span {
    let quote = u32::from(quoted);
    Span { start: label.start.saturating_sub(quote), end: label.end.saturating_add(quote), ..label }
}

fn shown((kind, labels): &Header) -> String {
    format!("{kind} `{}`", labels.join("."))
}

fn twice(what: &str, span: Span, first: Option<Span>) -> Note {
    Note {
        level: NoteLevel::Error,
        message: format!("{what} is declared twice"),
        span: Some(span),
        related: first.map(|first| (first, "first declared here".to_owned())),
    }
}

fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|char| char.is_alphanumeric() || matches!(char, '_' | '-'))
}

/// A literal boolean argument, which may be written as a text.
fn flag(body: &Body, name: &str) -> Option<bool> {
    let value = &body.attribute(name)?.value;
    match &value.kind {
        ExpressionKind::Bool(flag) => Some(*flag),
        _ => value.literal_text()?.parse().ok(),
    }
}

/// The source of a module and its version, without credentials.
fn described(source: Option<&Attribute>, version: Option<&Attribute>) -> Arc<str> {
    let text = |attribute: Option<&Attribute>| attribute.and_then(|attribute| attribute.value.literal_text());
    let Some(mut source) = text(source) else { return Arc::from("?") };
    if let Some((scheme, rest)) = source.split_once("://")
        && let Some((user, host)) = rest.split_once('@')
        && user.contains(':')
        && !user.contains('/')
    {
        source = format!("{scheme}://****@{host}");
    }
    match text(version) {
        Some(version) => Arc::from(format!("{source} {version}")),
        None => Arc::from(source),
    }
}

/// Parses references that are written as texts: always in JSON, and in configurations for Terraform before 0.12.
fn references(body: &mut Body, names: &[&str], notes: &mut Vec<Note>) {
    for attribute in body.attributes.iter_mut().filter(|attribute| names.contains(&&*attribute.name.text)) {
        match &mut attribute.value.kind {
            ExpressionKind::List(items) => items.iter_mut().for_each(|item| unquote(item, notes)),
            ExpressionKind::Object(items) => items.iter_mut().for_each(|item| unquote(&mut item.value, notes)),
            _ => unquote(&mut attribute.value, notes),
        }
    }
}

fn unquote(expression: &mut Expression, notes: &mut Vec<Note>) {
    let Some(text) = expression.literal_text() else { return };
    match hcl::parse_expression(expression.span.file, &text, expression.span.start as usize + 1) {
        Ok(parsed) => *expression = parsed,
        Err(syntax) => notes.push(error(syntax.message, expression.span)),
    }
}

pub(super) fn error(message: String, span: Span) -> Note {
    Note { level: NoteLevel::Error, message, span: Some(span), related: None }
}

fn warning(message: String, span: Span) -> Note {
    Note { level: NoteLevel::Warning, ..error(message, span) }
}

/// Takes an argument out.
fn take(body: &mut Body, name: &str) -> Option<Attribute> {
    let at = body.attributes.iter().position(|attribute| &*attribute.name.text == name)?;
    Some(body.attributes.remove(at))
}
