//! What prefix lists contain: the entries of one that the template declares; those of others are not known.

use std::sync::Arc;

use super::super::{Fact, Step};
use super::name_of;
use crate::graph::ec2::Cidr;
use crate::graph::{Graph, Target, Typed};
use crate::value::Reason;

/// Whether one of the entries is as wanted.
pub(super) fn any(graph: &Graph, list: &Target, wanted: impl Fn(&Cidr) -> bool) -> Fact<bool> {
    match entries(graph, list) {
        Err(unknown) => unknown,
        Ok(entries) => Fact::any(entries.iter().map(|entry| match entry {
            Typed::Known(cidr, span) => {
                let label = format!("prefix list `{}` contains {cidr}", name_of(list));
                Fact::known(wanted(cidr), vec![Step::new(label, *span)])
            }
            Typed::Unknown(reason, span) => {
                Fact::unknown(reason.clone(), vec![Step::new("a prefix list entry", *span)])
            }
            Typed::Absent(_) => Fact::known(false, Vec::new()),
        })),
    }
}

/// The entries, or why they are not known.
pub(super) fn entries<'g>(graph: &'g Graph, list: &Target) -> Result<&'g [Typed<Cidr>], Fact<bool>> {
    let declared = list.address().and_then(|address| graph.ec2.prefix_lists.get(address));
    match declared.map(|list| &list.entries) {
        Some(Typed::Known(entries, _)) => Ok(entries),
        Some(Typed::Unknown(reason, span)) => {
            Err(Fact::unknown(reason.clone(), vec![Step::new("the entries of the prefix list", *span)]))
        }
        Some(Typed::Absent(_)) => Ok(&[]),
        None => {
            let reason = Reason::Outside(Arc::from(format!("prefix list `{}`", name_of(list))));
            Err(Fact::unknown(reason, Vec::new()))
        }
    }
}
