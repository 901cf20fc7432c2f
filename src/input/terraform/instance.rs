//! What Terraform source, plans and states have in common: resource instances with evaluated arguments.

use std::sync::Arc;

use super::value::Value;
use crate::source::Span;

/// One instance of a managed resource, after `count` and `for_each`.
#[derive(Clone, Debug)]
pub struct Instance {
    /// `module.vpc.aws_subnet.private[0]`; `[*]` stands for the instances of an unknown `count` or `for_each`.
    pub address: Arc<str>,
    /// `aws_subnet`.
    pub kind: Arc<str>,
    /// An object of the arguments. Nested blocks are lists of objects, however many the provider allows, dynamic ones
    /// expanded. What is null or not written is absent. In plans also what the provider computed.
    pub arguments: Value,
    /// The whole block.
    pub span: Span,
    /// Type and name in the block's header: where a finding about the resource as a whole points.
    pub name_span: Span,
    /// The module calls that lead to it, the outermost first.
    pub calls: Vec<Span>,
    pub provider: Arc<Provider>,
    /// Addresses of instances.
    pub depends_on: Vec<Arc<str>>,
    /// An output of the root module refers to it.
    pub exported: bool,
}

/// What a provider block gives to its resources.
#[derive(Clone, Debug, Default)]
pub struct Provider {
    pub region: Option<Value>,
    /// An object.
    pub default_tags: Option<Value>,
}

/// A module whose source is not on disk.
#[derive(Clone, Debug)]
pub struct AbsentModule {
    /// `module.vpc`.
    pub address: Arc<str>,
    /// `terraform-aws-modules/vpc/aws 5.1.0`.
    pub source: Arc<str>,
    /// What the call hands in, as an object; it tells what the module may use.
    pub arguments: Value,
    /// Why it cannot be read and what would help.
    pub reason: crate::value::Reason,
    /// The whole call, and its name.
    pub span: Span,
    pub name_span: Span,
}
