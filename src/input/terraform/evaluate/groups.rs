//! Questions that may act together, because resources that are connected by references depend on them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Usage;

/// Types on which no architecture depends.
const IGNORED_TYPES: [&str; 6] = [
    "aws_autoscaling_schedule",
    "aws_budgets_budget",
    "aws_cloudwatch_composite_alarm",
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_metric_alarm",
    "aws_resourcegroups_group",
];

/// Types that nearly everything refers to. What they are decides nothing about how two resources that share one
/// interact, so they connect only when they depend on a question themselves.
const HUB_TYPES: [&str; 5] = ["aws_kms_alias", "aws_kms_key", "aws_route53_zone", "aws_sns_topic", "aws_vpc"];

/// What is known of each resource, over all evaluations so far.
#[derive(Debug, Default)]
pub(super) struct Groups {
    resources: BTreeMap<Arc<str>, Known>,
}

#[derive(Debug, Default)]
struct Known {
    hub: bool,
    atoms: BTreeSet<Arc<str>>,
    links: BTreeSet<Arc<str>>,
}

type Group = BTreeSet<Arc<str>>;

impl Groups {
    pub(super) fn add(&mut self, usage: &[Usage]) {
        for used in usage {
            let foreign = !used.kind.starts_with("aws") && &*used.kind != "module";
            if foreign || IGNORED_TYPES.contains(&&*used.kind) {
                continue;
            }
            let known = self.resources.entry(Arc::clone(&used.address)).or_default();
            known.hub = HUB_TYPES.contains(&&*used.kind);
            known.atoms.extend(used.atoms.iter().cloned());
            known.links.extend(used.links.iter().cloned());
        }
    }

    /// The groups, the smallest first: they are complete even when a large one is not.
    pub(super) fn all(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = self.components().into_iter().map(|(_, atoms)| atoms).collect();
        groups.retain(|group| !group.is_empty());
        groups.sort_by(|left, right| left.len().cmp(&right.len()).then_with(|| left.cmp(right)));
        groups.dedup();
        groups
    }

    /// The questions of everything that a resource is connected to. Hubs are not there: all of their neighbours are.
    pub(super) fn around(&self) -> Vec<(Arc<str>, Group)> {
        let mut around = Vec::new();
        for (members, atoms) in self.components() {
            around.extend(members.into_iter().map(|member| (member, atoms.clone())));
        }
        around
    }

    fn components(&self) -> Vec<(Vec<Arc<str>>, Group)> {
        let indices: BTreeMap<&Arc<str>, usize> =
            self.resources.keys().enumerate().map(|(index, address)| (address, index)).collect();
        let mut parents: Vec<usize> = (0..indices.len()).collect();
        let lone = |known: &Known| known.hub && known.atoms.is_empty();
        for (index, known) in self.resources.values().enumerate() {
            if lone(known) {
                continue;
            }
            for link in &known.links {
                let Some(other) = indices.get(link) else { continue };
                if self.resources.get(link).is_some_and(|known| !lone(known)) {
                    let (left, right) = (root(&mut parents, index), root(&mut parents, *other));
                    if let Some(slot) = parents.get_mut(left.max(right)) {
                        *slot = left.min(right);
                    }
                }
            }
        }
        let mut components: BTreeMap<usize, (Vec<Arc<str>>, Group)> = BTreeMap::new();
        for (index, (address, known)) in self.resources.iter().enumerate() {
            if lone(known) {
                continue;
            }
            let (members, atoms) = components.entry(root(&mut parents, index)).or_default();
            members.push(Arc::clone(address));
            atoms.extend(known.atoms.iter().cloned());
        }
        components.into_values().collect()
    }
}

fn root(parents: &mut [usize], mut at: usize) -> usize {
    while let Some(up) = parents.get(at).copied().filter(|up| *up != at) {
        let above = parents.get(up).copied().unwrap_or(up);
        if let Some(slot) = parents.get_mut(at) {
            *slot = above;
        }
        at = above;
    }
    at
}
