//! Placement and reachability: where workloads stand, from where packets can reach them, and what faces the Internet.

pub mod attachments;
mod front;
mod groups;
pub mod ingress_rules;
pub mod load_balancers;
mod placement;
mod prefixes;
mod routing;
pub mod workloads;

use super::{Describe as _, Fact, Subject, SubjectKind};
use crate::graph::ec2::Pointer;
use crate::graph::{Graph, Target};
use crate::input::Resource;

pub(super) const SUBJECTS: &[SubjectKind] = &[
    SubjectKind { name: workloads::KIND, shape: workloads::Workload::shape },
    SubjectKind { name: ingress_rules::KIND, shape: ingress_rules::IngressRule::shape },
    SubjectKind { name: load_balancers::KIND, shape: load_balancers::LoadBalancerFacts::shape },
];

/// Each declared subnet, and whether it has a route to an internet or carrier gateway.
pub fn subnets(graph: &Graph) -> Vec<(&Resource, Fact<bool>)> {
    let declared = graph.resources.iter().filter(|resource| graph.ec2.subnets.contains_key(&resource.address));
    declared.map(|subnet| (subnet, routing::subnet_is_public(graph, subnet))).collect()
}

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let mut subjects = workloads::derive(graph);
    subjects.extend(ingress_rules::derive(graph));
    subjects.extend(load_balancers::derive(graph));
    subjects
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
