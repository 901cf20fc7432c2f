//! Facts about workflows: human approval in state machines.

use super::entry::EntryPath;
use super::{Subject, SubjectKind};
use crate::graph::Graph;

pub(super) const SUBJECTS: &[SubjectKind] = &[];

pub(super) fn derive(_graph: &Graph, _entries: &[EntryPath]) -> Vec<Subject> {
    Vec::new()
}
