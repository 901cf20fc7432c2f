//! Facts of the area `network`.

use super::{Subject, SubjectKind};
use crate::graph::Graph;

pub(super) const SUBJECTS: &[SubjectKind] = &[];

pub(super) fn derive(_graph: &Graph) -> Vec<Subject> {
    Vec::new()
}
