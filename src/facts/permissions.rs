//! Facts about permissions: what roles hold, what own policies grant, whom federated roles trust, and what users who
//! get credentials of their own may reach.

pub mod end_users;
mod leading_keys;
pub mod roles;
pub mod statements;
pub mod trust;

use super::{Describe as _, Subject, SubjectKind};
use crate::graph::Graph;

pub(super) const SUBJECTS: &[SubjectKind] = &[
    SubjectKind { name: "roles", shape: roles::RoleFacts::shape },
    SubjectKind { name: "own_statements", shape: statements::OwnStatement::shape },
    SubjectKind { name: "federated_roles", shape: trust::FederatedRole::shape },
    SubjectKind { name: "end_user_roles", shape: end_users::EndUserRole::shape },
];

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let mut subjects = roles::derive(graph);
    subjects.extend(statements::derive(graph));
    subjects.extend(trust::derive(graph));
    subjects.extend(end_users::derive(graph));
    subjects
}

/// "`A`, `B` and 3 more".
fn listed<T: AsRef<str>>(names: &[T], shown: usize) -> String {
    let head = names.iter().take(shown).map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(shown) {
        0 => head,
        more => format!("{head} and {more} more"),
    }
}
