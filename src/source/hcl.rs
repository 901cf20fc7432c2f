//! Terraform's configuration language, as it is written: `.tf` (HCL native syntax) and `.tf.json` in one tree.
//!
//! Nothing is evaluated here. Every expression keeps its span; the literal pieces of templates and heredocs keep
//! theirs, so that a policy document in a heredoc can be shown line by line. Source: HCL Native Syntax Specification
//! and HCL JSON Syntax Specification.

mod body;
mod expression;
mod json;
mod scan;
mod template;

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use self::scan::{Parser, Place};
use super::{FileId, SourceMap, Span, SyntaxError};

/// Parses a file: one whose name ends in `.json` as the JSON form, else as the native syntax.
///
/// In the JSON form, a block that a resource type's schema defines is an attribute whose value is an object, or a list
/// of objects, and so is a block within it: whoever reads `ingress` of a resource reads both.
pub fn parse(sources: &SourceMap, file: FileId) -> Parsed {
    let source = sources.file(file);
    if let Some(stem) = source.name.strip_suffix(".json") {
        return json::parse(file, &source.text, stem.ends_with(".tfvars"));
    }
    Parser::new(&source.text, Place { file, base: 0, jumps: &[] }).file()
}

/// Parses a text that is one expression and starts at `base` in its file.
pub fn parse_expression(file: FileId, text: &str, base: usize) -> Result<Expression, SyntaxError> {
    let mut parser = Parser::new(text, Place { file, base, jumps: &[] });
    parser.newline_ends = false;
    let expression = parser.expression()?;
    parser.skip();
    if parser.at < text.len() {
        return Err(parser.expected("the end of the expression"));
    }
    parser.errors.into_iter().next().map_or(Ok(expression), Err)
}

/// Parses a whole file that is a template, as `templatefile` reads it.
pub fn parse_template(file: FileId, text: &str) -> Result<Vec<TemplatePart>, SyntaxError> {
    let mut parser = Parser::new(text, Place { file, base: 0, jumps: &[] });
    let parts = parser.template()?;
    parser.errors.into_iter().next().map_or(Ok(parts), Err)
}

/// What a parser makes of one file. A top-level block that is malformed is an error; the others are still read.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    pub body: Body,
    pub errors: Vec<SyntaxError>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// In source order. Of an attribute that is written twice, the last; the first is an error of the file.
    pub attributes: Vec<Attribute>,
    /// In source order.
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    pub name: Name,
    pub value: Expression,
}

/// An identifier and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    pub text: Arc<str>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// `resource`, `ingress`, `dynamic`.
    pub kind: Name,
    pub labels: Vec<Name>,
    pub body: Body,
    /// From the first letter of the header to the closing brace.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    pub span: Span,
    pub kind: ExpressionKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    Null,
    Bool(bool),
    Number(Number),
    /// A quoted string or heredoc: its literal pieces, interpolations and directives, strip markers and heredoc
    /// indentation applied. An empty string has no parts; an interpolation alone is the value itself, not its text.
    Template(Vec<TemplatePart>),
    List(Vec<Expression>),
    /// As it is written: of a key that stands twice, the last counts.
    Object(Vec<ObjectItem>),
    /// The root of a reference: `var`, `local`, `aws_subnet`, a `for` variable.
    Variable(Arc<str>),
    /// `of` followed by at least one step.
    Traversal(Box<Expression>, Vec<Step>),
    Unary(UnaryOperator, Box<Expression>),
    Binary(BinaryOperator, Box<(Expression, Expression)>),
    Conditional(Box<Conditional>),
    For(Box<For>),
    Call(Box<Call>),
}

/// A number as Terraform holds it, as far as architectures need it: whole numbers exactly, others as `f64`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Whole(i128),
    Float(f64),
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => Some(a.cmp(b)),
            _ => self.as_f64().partial_cmp(&other.as_f64()),
        }
    }
}

impl Number {
    /// The nearest `f64`.
    #[expect(clippy::cast_precision_loss, reason = "the nearest is what is asked for")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Float(number) => number,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum TemplatePart {
    /// Decoded text and where it is written. A piece whose text is as long as its span maps byte for byte; an escape
    /// is a piece of its own, as is each line of an indented heredoc.
    Literal(Arc<str>, Span),
    Interpolation(Box<Expression>),
    If(Box<TemplateIf>),
    For(Box<TemplateFor>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct TemplateIf {
    pub condition: Expression,
    pub then: Vec<TemplatePart>,
    pub otherwise: Vec<TemplatePart>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TemplateFor {
    pub key: Option<Arc<str>>,
    pub value: Arc<str>,
    pub collection: Expression,
    pub body: Vec<TemplatePart>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ObjectItem {
    /// A bare identifier is a text; `(expression)` is what it evaluates to.
    pub key: Expression,
    pub value: Expression,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `.name`.
    Attribute(Name),
    /// `[expression]`, and the legacy `.0`.
    Index(Box<Expression>),
    /// `[*]`: all following steps apply to each element.
    Splat(Span),
    /// `.*`: the attributes that follow apply to each element, an index again to the whole.
    AttributeSplat(Span),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    Not,
    Negate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Conditional {
    pub condition: Expression,
    pub then: Expression,
    pub otherwise: Expression,
}

/// `[for k, v in c : value if condition]`, or with `{}` and `key => value`.
#[derive(Clone, Debug, PartialEq)]
pub struct For {
    pub key_variable: Option<Arc<str>>,
    pub value_variable: Arc<str>,
    pub collection: Expression,
    /// Set for an object.
    pub key: Option<Expression>,
    pub value: Expression,
    /// `value...`: values of one key are collected in a list.
    pub grouping: bool,
    pub condition: Option<Expression>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub name: Name,
    pub arguments: Vec<Expression>,
    /// `f(list...)`.
    pub expand_last: bool,
}

impl Body {
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name.text == name)
    }

    /// The nested blocks of a type, in source order.
    pub fn blocks_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| &*block.kind.text == kind)
    }
}

impl Expression {
    /// The text of a template without interpolations.
    pub fn literal_text(&self) -> Option<String> {
        let ExpressionKind::Template(parts) = &self.kind else { return None };
        parts.iter().map(|part| if let TemplatePart::Literal(text, _) = part { Some(&**text) } else { None }).collect()
    }
}

#[cfg(test)]
mod tests;
