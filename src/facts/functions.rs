//! Lambda functions and their roles, Function URLs, and who else may invoke them.

pub mod permission;
pub mod role;
mod sharing;
mod source;
pub mod url;

use super::{Subject, SubjectKind};
use crate::graph::Graph;

pub(super) const SUBJECTS: &[SubjectKind] = &[role::SUBJECT, url::SUBJECT, permission::SUBJECT];

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let mut subjects = role::derive(graph);
    subjects.extend(url::derive(graph));
    subjects.extend(permission::derive(graph));
    subjects
}
