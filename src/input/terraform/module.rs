//! A module as it is written: what the `.tf` and `.tf.json` files of one directory declare.

mod merge;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use read::File;

use crate::input::Note;
use crate::source::hcl::{Attribute, Block, Expression, Name};
use crate::source::{FileId, Span};

/// The declarations of one directory, override files applied.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Display name of the directory: `infra/modules/vpc`, `.`.
    pub directory: Arc<str>,
    /// Display names of the files, sorted.
    pub files: Vec<Arc<str>>,
    pub variables: BTreeMap<Arc<str>, Variable>,
    pub locals: BTreeMap<Arc<str>, Local>,
    /// Managed resources by `type.name`, in source order.
    pub resources: Vec<Declared>,
    /// Data sources by `data.type.name`, in source order.
    pub data: Vec<Declared>,
    pub calls: BTreeMap<Arc<str>, Call>,
    pub outputs: BTreeMap<Arc<str>, Output>,
    /// By `aws` or `aws.alias`.
    pub providers: BTreeMap<Arc<str>, Block>,
    /// What is wrong with the files, syntax errors included.
    pub notes: Vec<Note>,
}

#[derive(Clone, Debug)]
pub struct Variable {
    pub name: Name,
    /// The type constraint; one that is written as a text is parsed.
    pub kind: Option<Expression>,
    pub default: Option<Expression>,
    /// True by default.
    pub nullable: bool,
    pub sensitive: bool,
}

#[derive(Clone, Debug)]
pub struct Local {
    pub name: Name,
    pub value: Expression,
}

#[derive(Clone, Debug)]
pub struct Output {
    pub name: Name,
    pub value: Expression,
    pub sensitive: bool,
}

/// A resource or data source.
#[derive(Clone, Debug)]
pub struct Declared {
    /// `aws_subnet`.
    pub kind: Arc<str>,
    pub name: Arc<str>,
    /// Both labels in the header.
    pub name_span: Span,
    /// With its meta-arguments (`count`, `for_each`, `provider`, `depends_on`, `lifecycle`). References in `provider`
    /// and `depends_on` that are written as texts, as in JSON, are parsed.
    pub block: Block,
}

/// A `module` block.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: Name,
    pub source: Option<Attribute>,
    /// `source` and, for a registry module, its version: `terraform-aws-modules/vpc/aws 5.1.0`.
    pub described: Arc<str>,
    /// Without `source` and `version`; see [`Declared::block`], also for `providers`.
    pub block: Block,
}

impl Module {
    /// Whether anything of the module stands in a file.
    pub fn declares_in(&self, file: FileId) -> bool {
        let spans = self.variables.values().map(|variable| variable.name.span);
        let spans = spans.chain(self.locals.values().map(|local| local.name.span));
        let spans = spans.chain(self.outputs.values().map(|output| output.name.span));
        let spans = spans.chain(self.calls.values().map(|call| call.name.span));
        let spans = spans.chain(self.providers.values().map(|provider| provider.span));
        let mut spans = spans.chain(self.resources.iter().chain(&self.data).map(|declared| declared.name_span));
        spans.any(|span| span.file == file)
    }
}
