//! Security groups as sets: whom the rules of a group let in, and how wide.

use std::sync::Arc;

use super::super::{Fact, Step};
use super::{name_of, pointer_name, prefixes};
use crate::graph::ec2::security_group::Ports;
use crate::graph::ec2::{Cidr, Family, Ingress, Pointer, Source, Traffic, leads_to};
use crate::graph::{Graph, Target, Typed};
use crate::source::Span;
use crate::value::Reason;

/// A rule as it stands in a group.
#[derive(Clone, Debug)]
pub(super) struct Admission<'g> {
    /// The group's name, for people.
    pub(super) group: String,
    pub(super) span: Span,
    pub(super) rule: Rule<'g>,
}

#[derive(Clone, Debug)]
pub(super) enum Rule<'g> {
    Declared(&'g Ingress),
    /// Declared, but whether it stands in this group cannot be told.
    Perhaps(&'g Ingress, Reason),
    /// The default group of a new VPC lets its own members in. Source: Amazon VPC User Guide, "Default security
    /// groups".
    Members,
    /// The rules of this group are not known.
    Unread(Reason),
}

/// Everything that the rules of one group let in.
pub(super) fn admissions<'g>(graph: &'g Graph, group: &Pointer) -> Vec<Admission<'g>> {
    let (target, span) = match group {
        Typed::Known(target, span) => (target, *span),
        Typed::Unknown(reason, span) => {
            let rule = Rule::Unread(reason.clone());
            return vec![Admission { group: "?".to_owned(), span: *span, rule }];
        }
        Typed::Absent(_) => return Vec::new(),
    };
    let name = name_of(target);
    let made = |span, rule| Admission { group: name.clone(), span, rule };
    let mut found = Vec::new();
    match target {
        Target::Resource(address) if graph.ec2.groups.contains_key(address) => {}
        Target::Resource(_) => found.push(made(span, Rule::Members)),
        Target::Outside(id) => {
            found.push(made(span, Rule::Unread(Reason::Outside(Arc::from(format!("security group `{id}`"))))));
        }
    }
    for ingress in graph.ec2.ingress.near(target) {
        match leads_to(&ingress.group, target) {
            Ok(false) => {}
            Ok(true) => found.push(made(ingress.span, Rule::Declared(ingress))),
            Err(reason) => found.push(made(ingress.span, Rule::Perhaps(ingress, reason.clone()))),
        }
    }
    found
}

/// Whether a rule lets in the Internet: its own source is that wide, or it completes a set of blocks that together
/// leave out no public address.
pub(super) fn open(graph: &Graph, ingress: &Ingress) -> Fact<bool> {
    let step = || vec![Step::new(describe(ingress), ingress.span)];
    let source = match &ingress.source {
        Typed::Known(source, _) => source,
        Typed::Unknown(reason, _) => return Fact::unknown(reason.clone(), step()),
        Typed::Absent(_) => return Fact::unknown(Reason::NotUnderstood(Arc::from("the rule names no source")), step()),
    };
    match source {
        Source::Block(block) => match &block.cidr {
            Typed::Known(cidr, _) => Fact::known(cidr.is_internet_wide() || completes(graph, ingress, cidr), step()),
            _ if block.narrow => Fact::known(false, step()),
            Typed::Unknown(reason, _) => Fact::unknown(reason.clone(), step()),
            Typed::Absent(_) => Fact::known(false, step()),
        },
        Source::PrefixList(Typed::Known(list, _)) => {
            let mut fact = list_is_open(graph, list);
            fact.evidence.splice(0..0, step());
            fact
        }
        Source::PrefixList(Typed::Unknown(reason, _)) => Fact::unknown(reason.clone(), step()),
        Source::Group(_) | Source::PrefixList(Typed::Absent(_)) => Fact::known(false, step()),
    }
}

/// So many blocks that each have an owner are needed at least to leave out no public address.
const FEWEST_BLOCKS: usize = 200;

fn completes(graph: &Graph, ingress: &Ingress, cidr: &Cidr) -> bool {
    let Some(traffic) = ingress.traffic.known() else { return false };
    let Some(group) = ingress.group.known() else { return false };
    if cidr.is_private() || graph.ec2.ingress.len() < FEWEST_BLOCKS {
        return false;
    }
    let beside = graph.ec2.ingress.near(group).filter(|other| {
        other.group.known() == Some(group) && other.traffic.known().is_some_and(|wide| wide.covers(traffic))
    });
    let blocks: Vec<Cidr> = beside
        .filter_map(|other| match other.source.known() {
            Some(Source::Block(block)) => block.cidr.known().copied().filter(|cidr| !cidr.is_internet_wide()),
            _ => None,
        })
        .collect();
    crate::graph::ec2::cidr::cover_internet(&blocks, cidr.family)
}

fn list_is_open(graph: &Graph, list: &Target) -> Fact<bool> {
    let wide = prefixes::any(graph, list, Cidr::is_internet_wide);
    let Ok(entries) = prefixes::entries(graph, list) else { return wide };
    let blocks: Vec<Cidr> = entries.iter().filter_map(|entry| entry.known().copied()).collect();
    let together =
        [Family::V4, Family::V6].into_iter().any(|family| crate::graph::ec2::cidr::cover_internet(&blocks, family));
    if together { Fact::known(true, Vec::new()) } else { wide }
}

/// "tcp 443 from 0.0.0.0/0".
pub(super) fn describe(ingress: &Ingress) -> String {
    format!("{} from {}", traffic_of(ingress), source_of(ingress))
}

pub(super) fn traffic_of(ingress: &Ingress) -> String {
    ingress.traffic.known().map_or_else(|| "unknown traffic".to_owned(), Traffic::to_string)
}

pub(super) fn source_of(ingress: &Ingress) -> String {
    match &ingress.source {
        Typed::Known(Source::Block(block), _) => {
            block.cidr.known().map_or_else(|| "an address block that is not known".to_owned(), Cidr::to_string)
        }
        Typed::Known(Source::PrefixList(list), _) => format!("prefix list {}", pointer_name(list)),
        Typed::Known(Source::Group(group), _) => format!("security group {}", pointer_name(group)),
        Typed::Unknown(..) | Typed::Absent(_) => "an unknown source".to_owned(),
    }
}

/// Whether all ports of `wanted` are among the allowed ranges; a range that is not known may contain any of them.
pub(super) fn within(wanted: Ports, allowed: &[Typed<Ports>]) -> Result<bool, Reason> {
    let mut known: Vec<Ports> = allowed.iter().filter_map(|ports| ports.known().copied()).collect();
    known.sort();
    let mut next = u32::from(wanted.from);
    for ports in known {
        if u32::from(ports.from) > next {
            break;
        }
        next = next.max(u32::from(ports.to) + 1);
    }
    if next > u32::from(wanted.to) {
        return Ok(true);
    }
    let unknown = allowed.iter().find_map(|ports| match ports {
        Typed::Unknown(reason, _) => Some(reason.clone()),
        Typed::Known(..) | Typed::Absent(_) => None,
    });
    unknown.map_or(Ok(false), Err)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn port_ranges_agree_with_counting(
            wanted in (0u16..40, 0u16..10),
            allowed in prop::collection::vec((0u16..40, 0u16..10), 0..6),
        ) {
            let range = |(from, length): (u16, u16)| Ports { from, to: from + length };
            let span = Span::new(crate::source::SourceMap::default().add("t", ""), 0, 0);
            let list: Vec<Typed<Ports>> = allowed.iter().map(|ports| Typed::Known(range(*ports), span)).collect();
            let wanted = range(wanted);
            let naive = (wanted.from..=wanted.to).all(|port| allowed.iter().any(|ports| range(*ports).contains(port)));
            prop_assert_eq!(within(wanted, &list), Ok(naive));
        }
    }
}
