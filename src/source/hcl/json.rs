//! The JSON form: `.tf.json` and `.tfvars.json` in the same tree. Source: HCL JSON Syntax Specification.
//!
//! JSON does not tell a block from an argument; the schema does. The blocks of the language itself are known here.
//! What a resource type's schema says is not: its nested blocks come as arguments whose values are objects, or lists
//! of objects. Strings are templates, except where Terraform expects a reference or reads them literally.

use std::sync::Arc;

use super::expression::number;
use super::scan::{DEPTH, Parser, Place, Result};
use super::{
    Attribute, Block, Body, Expression, ExpressionKind, Name, Number, ObjectItem, Parsed, Span, SyntaxError,
    TemplatePart,
};
use crate::source::{Entry, FileId, Limits, Node, NodeValue, json};

/// What stands in a body: a block's kind and the number of its labels.
type Schema = &'static [(&'static str, usize)];

const FILE: Schema = &[
    ("resource", 2),
    ("data", 2),
    ("ephemeral", 2),
    ("variable", 1),
    ("output", 1),
    ("locals", 0),
    ("module", 1),
    ("provider", 1),
    ("terraform", 0),
    ("moved", 0),
    ("import", 0),
    ("removed", 0),
    ("check", 1),
];

fn schema(kind: &str) -> Schema {
    match kind {
        "resource" | "data" | "ephemeral" | "removed" => {
            &[("dynamic", 1), ("lifecycle", 0), ("provisioner", 1), ("connection", 0)]
        }
        "provisioner" => &[("connection", 0)],
        "lifecycle" => &[("precondition", 0), ("postcondition", 0)],
        "provider" | "content" => &[("dynamic", 1)],
        "dynamic" => &[("content", 0)],
        "variable" => &[("validation", 0)],
        "output" => &[("precondition", 0)],
        "terraform" => &[("required_providers", 0), ("backend", 1), ("cloud", 0), ("provider_meta", 1)],
        "cloud" => &[("workspaces", 0)],
        "check" => &[("data", 2), ("assert", 0)],
        _ => &[],
    }
}

/// How the strings of an argument are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strings {
    Templates,
    /// As they are: Terraform evaluates nothing here.
    Literal,
    /// Each is an expression of the native syntax.
    Expressions,
}

fn strings(kind: &str, argument: &str) -> Strings {
    match (kind, argument) {
        (_, "depends_on")
        | ("resource" | "data" | "ephemeral" | "import", "provider")
        | ("module", "providers")
        | ("variable", "type")
        | ("moved" | "removed", "from" | "to")
        | ("import", "to")
        | ("lifecycle", "ignore_changes" | "replace_triggered_by") => Strings::Expressions,
        ("variable" | "terraform" | "required_providers" | "backend" | "cloud" | "workspaces", _)
        | ("module", "source" | "version") => Strings::Literal,
        _ => Strings::Templates,
    }
}

/// Reads a file of variable values when `values` is set, else of configuration.
pub(super) fn parse(file: FileId, text: &str, values: bool) -> Parsed {
    // Half of the depth, because an argument's text may hold brackets of its own.
    let limits = Limits { depth: DEPTH / 2, ..Limits::default() };
    let parsed = match json::parse(file, text, limits) {
        Ok(parsed) => parsed,
        Err(error) => return Parsed { body: Body::default(), errors: vec![error] },
    };
    let mut reader = Reader { text, errors: Vec::new() };
    for duplicate in parsed.duplicates {
        let message = format!("`{}` is set again further down; only the last is read", duplicate.key);
        reader.errors.push(SyntaxError { message, span: duplicate.first });
    }
    let mut body = Body::default();
    for document in &parsed.documents {
        for (object, _) in reader.objects(document, "a file") {
            if values {
                for entry in object {
                    let value = reader.expression(&entry.value, Strings::Literal);
                    body.attributes.push(Attribute { name: reader.name(entry), value });
                }
            } else {
                reader.blocks(object, "", &mut body);
            }
        }
    }
    let mut errors = reader.errors;
    errors.sort_by_key(|error| error.span.start);
    Parsed { body, errors }
}

struct Reader<'a> {
    text: &'a str,
    errors: Vec<SyntaxError>,
}

impl Reader<'_> {
    /// A body of the given kind; of a whole file when the kind is empty.
    fn blocks(&mut self, entries: &[Entry], kind: &str, body: &mut Body) {
        let known = if kind.is_empty() { FILE } else { schema(kind) };
        for entry in entries {
            let name = self.name(entry);
            if &*entry.key == "//" {
                continue;
            }
            if let Some((_, labels)) = known.iter().find(|(block, _)| *block == &*entry.key) {
                self.labelled(&entry.value, &name, &mut Vec::new(), *labels, name.span, body);
            } else if kind.is_empty() {
                let message = format!("`{}` is not a kind of block", entry.key);
                self.errors.push(SyntaxError { message, span: name.span });
            } else {
                let value = self.expression(&entry.value, strings(kind, &entry.key));
                body.attributes.push(Attribute { name, value });
            }
        }
    }

    /// The blocks of one kind: `missing` more levels of labels, then an object or a list of them.
    fn labelled(
        &mut self,
        node: &Node,
        kind: &Name,
        labels: &mut Vec<Name>,
        missing: usize,
        start: Span,
        body: &mut Body,
    ) {
        for (entries, own) in self.objects(node, &kind.text) {
            let Some(deeper) = missing.checked_sub(1) else {
                let mut inside = Body::default();
                self.blocks(entries, &kind.text, &mut inside);
                let span = if own == node.span { start.join(own) } else { own };
                body.blocks.push(Block { kind: kind.clone(), labels: labels.clone(), body: inside, span });
                continue;
            };
            for entry in entries.iter().filter(|entry| &*entry.key != "//") {
                let label = self.name(entry);
                let start = label.span;
                labels.push(label);
                self.labelled(&entry.value, kind, labels, deeper, start, body);
                labels.pop();
            }
        }
    }

    /// An object, or the objects of a list. `null` stands for none.
    fn objects<'n>(&mut self, node: &'n Node, what: &str) -> Vec<(&'n [Entry], Span)> {
        match &node.value {
            NodeValue::Map(entries) => vec![(entries, node.span)],
            NodeValue::Seq(items) => items.iter().flat_map(|item| self.objects(item, what)).collect(),
            NodeValue::Null => Vec::new(),
            NodeValue::Scalar(_) => {
                let message = format!("`{what}` takes an object or a list of objects");
                self.errors.push(SyntaxError { message, span: node.span });
                Vec::new()
            }
        }
    }

    fn name(&self, entry: &Entry) -> Name {
        Name { text: Arc::from(&*entry.key), span: self.inside(entry.key_span) }
    }

    /// What stands between the quotes.
    fn inside(&self, span: Span) -> Span {
        let quoted = self.text.as_bytes().get(span.start as usize) == Some(&b'"');
        let quote = usize::from(quoted);
        Span::new(span.file, span.start as usize + quote, (span.end as usize).saturating_sub(quote))
    }

    fn expression(&mut self, node: &Node, strings: Strings) -> Expression {
        let kind = match &node.value {
            NodeValue::Null => ExpressionKind::Null,
            NodeValue::Seq(items) => {
                ExpressionKind::List(items.iter().map(|item| self.expression(item, strings)).collect())
            }
            NodeValue::Map(entries) => {
                let mut item = |entry: &Entry| ObjectItem {
                    key: self.string(&entry.key, entry.key_span, strings),
                    value: self.expression(&entry.value, strings),
                };
                ExpressionKind::Object(entries.iter().map(&mut item).collect())
            }
            NodeValue::Scalar(scalar) if !scalar.plain => return self.string(&scalar.text, node.span, strings),
            NodeValue::Scalar(scalar) => match &*scalar.text {
                "true" => ExpressionKind::Bool(true),
                "false" => ExpressionKind::Bool(false),
                number => ExpressionKind::Number(signed(number)),
            },
        };
        Expression { span: node.span, kind }
    }

    fn string(&mut self, text: &str, span: Span, strings: Strings) -> Expression {
        let inside = self.inside(span);
        let raw = self.text.get(inside.start as usize..inside.end as usize).unwrap_or_default();
        let jumps = jumps(raw, inside.start as usize);
        let place = Place { file: span.file, base: inside.start as usize, jumps: &jumps };
        let read = match strings {
            Strings::Templates => self.template(text, place).map(ExpressionKind::Template),
            Strings::Expressions => native(text, place),
            Strings::Literal => Ok(ExpressionKind::Template(literal(text, place))),
        };
        let kind = read.unwrap_or_else(|error| {
            self.errors.push(error);
            ExpressionKind::Template(literal(text, place))
        });
        Expression { span, kind }
    }

    fn template(&mut self, text: &str, place: Place<'_>) -> Result<Vec<TemplatePart>> {
        let mut parser = Parser::new(text, place);
        parser.depth = DEPTH / 2;
        let parts = parser.template()?;
        self.errors.append(&mut parser.errors);
        Ok(parts)
    }
}

/// An expression in a string: `"aws_x.y"`, and as it was written before Terraform 0.12, `"${aws_x.y}"`.
fn native(text: &str, place: Place<'_>) -> Result<ExpressionKind> {
    let mut parser = Parser::new(text, place);
    parser.depth = DEPTH / 2;
    parser.newline_ends = false;
    let wrapped = text.starts_with("${");
    parser.at = if wrapped { 2 } else { 0 };
    let expression = parser.expression()?;
    if wrapped {
        parser.expect("}")?;
    }
    parser.skip();
    if parser.at < text.len() {
        return Err(parser.expected("the end of the reference"));
    }
    Ok(expression.kind)
}

fn literal(text: &str, place: Place<'_>) -> Vec<TemplatePart> {
    let mut parts = Vec::new();
    place.split(text, 0, text.len(), &mut parts);
    parts
}

fn signed(text: &str) -> Number {
    match (text.strip_prefix('-'), number(text.trim_start_matches('-'))) {
        (Some(_), Number::Whole(number)) => Number::Whole(-number),
        (Some(_), Number::Float(number)) => Number::Float(-number),
        (None, number) => number,
    }
}

/// Where an escape starts and ends, in the decoded text and in the file.
fn jumps(raw: &str, base: usize) -> Vec<(usize, usize)> {
    let mut jumps = Vec::new();
    let (mut at, mut decoded) = (0, 0);
    while let Some(run) = raw.get(at..).and_then(|rest| rest.find('\\')) {
        at += run;
        decoded += run;
        jumps.push((decoded, base + at));
        let (width, length) = escape(raw.get(at..).unwrap_or_default());
        at += width;
        decoded += length;
        jumps.push((decoded, base + at));
    }
    jumps
}

/// How long an escape is, and what it stands for. A lone surrogate stands for U+FFFD.
fn escape(text: &str) -> (usize, usize) {
    let unit = |at: usize| text.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    if !text.starts_with("\\u") {
        return (2, 1);
    }
    match unit(2) {
        Some(0xd800..=0xdbff) if text.get(6..8) == Some("\\u") && matches!(unit(8), Some(0xdc00..=0xdfff)) => (12, 4),
        Some(code) => (6, char::from_u32(code).map_or(char::REPLACEMENT_CHARACTER.len_utf8(), char::len_utf8)),
        None => (2, 1),
    }
}
