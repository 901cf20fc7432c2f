//! Entry paths of Application and Network Load Balancers.
//!
//! A rule that no request can get opens nothing, and a Network Load Balancer in front of an Application Load Balancer is
//! a hop on the way to the latter's rules, which carry its exposure; neither is an entry path of its own.

use super::doors::{self, Door};
use super::{Backend, EntryPath, open};
use crate::graph::ec2::may_be_declared;
use crate::graph::elbv2::TargetType;
use crate::graph::{Graph, Target, Typed};
use crate::value::Reason;

pub(super) fn paths(graph: &Graph) -> Vec<EntryPath> {
    doors::all(graph).iter().filter_map(|door| path(graph, door)).collect()
}

fn path(graph: &Graph, door: &Door<'_>) -> Option<EntryPath> {
    if !door.shadowed_by.is_empty() || door.forwards.value == Ok(false) || inward(graph, door) {
        return None;
    }
    let of = door.listener.map(|listener| format!(" of listener `{}`", listener.name)).unwrap_or_default();
    let request = if door.rule.is_default {
        format!("default action{of}")
    } else {
        format!("rule {}{of}: {}", door.rule.label(), doors::describe(door.rule))
    };
    let front = door.listener.and_then(|listener| listener.load_balancer.address());
    let authentication = door.effective_authentication();
    Some(EntryPath {
        front: front.or(door.listener.map(|listener| &listener.address)).unwrap_or(&door.rule.address).clone(),
        door: door.rule.address.clone(),
        door_span: door.rule.span,
        via: if door.kind.value.as_deref() == Ok("network") { "nlb" } else { "alb" },
        request,
        evidence: authentication.evidence.clone(),
        authentication,
        exempt: door.exemption.holds(),
        internet_facing: super::Fact {
            value: door.exposure.value.as_ref().map(|word| word == "internet").map_err(Clone::clone),
            evidence: door.exposure.evidence.clone(),
        },
        backends: backends(graph, door),
        backends_open: backends_open(graph, door),
    })
}

/// Leads to another load balancer and nothing else.
fn inward(graph: &Graph, door: &Door<'_>) -> bool {
    let mut groups = door.rule.target_groups().filter_map(|address| graph.elbv2.target_group(address)).peekable();
    groups.peek().is_some() && groups.all(|group| group.target_type.known() == Some(&TargetType::Alb))
}

fn backends(graph: &Graph, door: &Door<'_>) -> Vec<Backend> {
    let mut found = Vec::new();
    for forward in door.rule.forwards().filter(|forward| !forward.is_idle()) {
        match &forward.target_group {
            Typed::Known(Target::Outside(text), _) => found.push(Backend::Outside(text.clone())),
            Typed::Known(Target::Resource(address), _) => {
                let members = graph.elbv2.target_group(address).map_or(&[][..], |group| &group.members);
                let known = members.iter().filter_map(|member| member.target.address());
                let before = found.len();
                found.extend(known.cloned().map(Backend::Resource));
                if found.len() == before {
                    // Nothing of what it holds was scanned: then the group stands for it.
                    found.push(Backend::Resource(address.clone()));
                }
            }
            Typed::Unknown(..) | Typed::Absent(_) => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

fn backends_open(graph: &Graph, door: &Door<'_>) -> Option<Reason> {
    let actions = match &door.rule.actions {
        Typed::Unknown(reason, _) => Some(reason.clone()).filter(may_be_declared),
        Typed::Known(..) | Typed::Absent(_) => None,
    };
    actions.or_else(|| {
        door.rule.forwards().filter(|forward| !forward.is_idle()).find_map(|forward| {
            let group = || graph.elbv2.target_group(forward.target_group.address()?)?.leads_further();
            open(&forward.target_group).or_else(group)
        })
    })
}
