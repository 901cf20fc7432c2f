//! Facts: what rules may ask. Flat, documented JSON with one array a subject kind; each derived fact carries the
//! evidence that proves it. The schema ([`schema`]) is generated from the same declarations.
//!
//! An area's file declares its subjects with [`fact_struct!`] and derives them from the [`Graph`].

pub mod api;
pub mod entry;
pub mod functions;
pub mod identity;
mod logic;
pub mod network;
pub mod permissions;
pub mod schema;
pub mod tree;
pub mod workflow;

use std::sync::Arc;

use crate::graph::{Graph, Typed};
use crate::input::construct::Construct;
use crate::input::{Format, Resource};
use crate::source::Span;
use crate::value::{Address, Reason};
pub use schema::schema;
pub(crate) use tree::fact_struct;
pub use tree::{Describe, Shape, ToTree, Tree, TreeKind};

/// One step of a proof: what stands there, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step {
    /// Lower case, no full stop, user input in backticks: "route table `PublicRt` sends 0.0.0.0/0 to `Igw`".
    pub label: String,
    pub span: Option<Span>,
}

impl Step {
    pub fn new(label: impl Into<String>, span: Span) -> Self {
        Self { label: label.into(), span: Some(span) }
    }
}

/// A derived value with its proof: known, or unknown with the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact<T> {
    pub value: Result<T, Reason>,
    /// In the order in which the proof is read.
    pub evidence: Vec<Step>,
}

impl<T> Fact<T> {
    pub fn known(value: T, evidence: Vec<Step>) -> Self {
        Self { value: Ok(value), evidence }
    }

    pub fn unknown(reason: Reason, evidence: Vec<Step>) -> Self {
        Self { value: Err(reason), evidence }
    }

    /// From a property whose default was filled in; an absent one without a default is unknown.
    pub fn of(typed: Typed<T>, label: impl Into<String>) -> Self {
        let step = Step::new(label, typed.span());
        match typed {
            Typed::Known(value, _) => Self::known(value, vec![step]),
            Typed::Unknown(reason, _) => Self::unknown(reason, vec![step]),
            Typed::Absent(_) => Self::unknown(Reason::NotUnderstood(Arc::from("the property is not set")), vec![step]),
        }
    }
}

/// One thing that rules judge.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The array it stands in: `listeners`.
    pub kind: &'static str,
    /// Unique within its kind; stable under reordering and line shifts.
    pub id: String,
    /// The logical id of the resource that the user edits.
    pub name: Arc<str>,
    pub address: Address,
    pub resource_type: Arc<str>,
    /// Where a finding about it points.
    pub span: Span,
    pub format: Format,
    /// See [`Resource::calls`].
    pub calls: Vec<Span>,
    /// See [`Resource::construct`].
    pub construct: Option<Construct>,
    pub tree: Tree,
}

impl Subject {
    /// A subject that is a resource as a whole.
    pub fn of(kind: &'static str, resource: &Resource, facts: &impl ToTree) -> Self {
        Self {
            kind,
            id: resource.address.to_string(),
            name: Arc::clone(&resource.name),
            address: resource.address.clone(),
            resource_type: Arc::clone(&resource.kind),
            span: resource.name_span,
            format: resource.format,
            calls: resource.calls.clone(),
            construct: resource.construct.clone(),
            tree: facts.tree(),
        }
    }

    /// A part of a resource, such as one rule of a listener: the discriminator makes the id unique.
    #[must_use]
    pub fn part(mut self, discriminator: &str, span: Span) -> Self {
        self.id = format!("{}:{discriminator}", self.id);
        self.span = span;
        self
    }
}

/// A subject kind for the schema and for checking rules.
#[derive(Clone, Copy, Debug)]
pub struct SubjectKind {
    pub name: &'static str,
    pub shape: fn() -> Shape,
}

/// Every subject kind, in pipeline order.
pub fn subject_kinds() -> Vec<SubjectKind> {
    [
        network::SUBJECTS,
        entry::SUBJECTS,
        api::SUBJECTS,
        functions::SUBJECTS,
        identity::SUBJECTS,
        permissions::SUBJECTS,
        workflow::SUBJECTS,
    ]
    .concat()
}

/// All subjects of an architecture, in a stable order.
pub fn derive(graph: &Graph) -> Vec<Subject> {
    let entries = entry::paths(graph);
    let mut subjects = network::derive(graph);
    subjects.extend(entry::derive(graph, &entries));
    subjects.extend(api::derive(graph));
    subjects.extend(functions::derive(graph));
    subjects.extend(identity::derive(graph));
    subjects.extend(permissions::derive(graph));
    subjects.extend(workflow::derive(graph, &entries));
    subjects
}
