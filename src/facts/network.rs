//! Placement and reachability: where workloads stand, from where packets can reach them, and what faces the Internet.

mod front;
mod groups;
mod placement;
mod prefixes;
mod routing;
pub mod workloads;

use super::{Describe as _, Subject, SubjectKind};
use crate::graph::ec2::Pointer;
use crate::graph::{Graph, Target};

pub(super) const SUBJECTS: &[SubjectKind] = &[SubjectKind { name: workloads::KIND, shape: workloads::Workload::shape }];

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    workloads::derive(graph)
}

/// The logical id of a declared resource, or the literal id.
fn name_of(target: &Target) -> String {
    match target {
        Target::Resource(address) => address.0.rsplit(['#', '/']).next().unwrap_or_default().to_owned(),
        Target::Outside(id) => id.clone(),
    }
}

/// The same for an id that may be unknown: `?`.
fn pointer_name(pointer: &Pointer) -> String {
    pointer.known().map_or_else(|| "?".to_owned(), name_of)
}
