//! Facts about identities: user pools, app clients, sign-in at load balancers, identity pools.

pub mod client;
pub mod guest;
mod hosts;
pub mod pool;
pub mod sign_in;

use super::tree::Describe as _;
use super::{Subject, SubjectKind};
use crate::graph::Graph;

pub(super) const SUBJECTS: &[SubjectKind] = &[
    SubjectKind { name: "user_pools", shape: pool::UserPool::shape },
    SubjectKind { name: "app_clients", shape: client::AppClient::shape },
    SubjectKind { name: "load_balancer_sign_ins", shape: sign_in::SignIn::shape },
    SubjectKind { name: "identity_pools", shape: guest::IdentityPool::shape },
];

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let hosts = hosts::Hosts::new(graph);
    let mut subjects = pool::derive(graph);
    subjects.extend(client::derive(graph, &hosts));
    subjects.extend(sign_in::derive(graph, &hosts));
    subjects.extend(guest::derive(graph));
    subjects
}
