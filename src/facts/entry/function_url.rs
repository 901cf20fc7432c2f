//! Entry paths of Lambda Function URLs.

use super::EntryPath;
use crate::graph::Graph;

pub(super) fn paths(_graph: &Graph) -> Vec<EntryPath> {
    Vec::new()
}
