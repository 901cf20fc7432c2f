//! What stands in front of a workload: the load balancers that forward to the target groups in which it is registered.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::super::{Fact, Step};
use super::placement::{Registration, Workload};
use crate::graph::ec2::security_group::Ports;
use crate::graph::ec2::{Pointer, SECURITY_GROUP, SUBNET, default_group, may_be_declared, pointers_of};
use crate::graph::elbv2::{ActionKind, Listener, LoadBalancer, LoadBalancerType, Rule, TargetGroup};
use crate::graph::{Graph, Target, Typed};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Reason};

/// Finds the front of each workload.
#[derive(Debug)]
pub(super) struct Fronts<'g> {
    graph: &'g Graph,
    /// With its listener, if that was scanned.
    rules: Vec<(Option<&'g Listener>, &'g Rule)>,
    /// The rules that forward to a target group for certain, in their order.
    forwarding: HashMap<&'g Address, Vec<usize>>,
    /// Those that may forward to any, and why.
    open: Vec<(usize, Reason)>,
}

/// The front of one workload.
#[derive(Debug, Default)]
pub(super) struct Front<'g> {
    load_balancers: Vec<&'g LoadBalancer>,
    /// Load balancers that must exist but were not scanned, or may exist.
    unseen: Vec<Unseen>,
    ports: Vec<Typed<Ports>>,
    udp: bool,
    /// Proof that requests are forwarded to it.
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Unseen {
    reason: Reason,
    step: Step,
    /// It forwards to the workload for certain.
    certain: bool,
    /// It may be a Network Load Balancer without security groups.
    may_pass_clients: bool,
}

impl<'g> Fronts<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        let rules: Vec<_> = graph.elbv2.all_rules().collect();
        let mut forwarding: HashMap<_, Vec<usize>> = HashMap::new();
        let mut open = Vec::new();
        for (index, (_, rule)) in rules.iter().enumerate() {
            for group in rule.target_groups() {
                let known = forwarding.entry(group).or_default();
                if known.last() != Some(&index) {
                    known.push(index);
                }
            }
            open.extend(may_forward(rule).map(|reason| (index, reason)));
        }
        Self { graph, rules, forwarding, open }
    }

    pub(super) fn of(&self, workload: &Workload<'g>) -> Front<'g> {
        let mut front = Front::default();
        for registration in &workload.registrations {
            match &registration.target_group {
                Typed::Known(Target::Resource(address), span) => {
                    if let Some(group) = self.graph.elbv2.target_group(address) {
                        self.follow(&mut front, registration, group, *span);
                    }
                }
                Typed::Known(Target::Outside(id), span) => {
                    let reason = Reason::Outside(Arc::from(format!("target group `{id}`")));
                    front.unseen(reason, "it is registered in a target group that is not declared", *span, false);
                }
                Typed::Unknown(reason, span) => {
                    front.unseen(reason.clone(), "it may be registered in a target group", *span, false);
                }
                Typed::Absent(_) => {}
            }
        }
        front
    }

    fn follow(&self, front: &mut Front<'g>, registration: &Registration, group: &'g TargetGroup, span: Span) {
        let registered = Step::new(format!("it is registered in target group `{}`", group.name), span);
        let certain = self.forwarding.get(&group.address).map_or(&[][..], Vec::as_slice);
        // In the order of the rules: for those that only may forward, the reason.
        let mut near: BTreeMap<usize, Option<&Reason>> =
            self.open.iter().map(|(index, reason)| (*index, Some(reason))).collect();
        near.extend(certain.iter().map(|index| (*index, None)));
        for (index, doubt) in near {
            let Some((listener, rule)) = self.rules.get(index) else { continue };
            if let Some(reason) = doubt {
                front.unseen(reason.clone(), "a listener rule may forward to it", rule.span, false);
                continue;
            }
            let step = Step::new(format!("`{}` forwards to target group `{}`", rule.name, group.name), rule.span);
            front.steps.extend([registered.clone(), step.clone()]);
            self.add(front, *listener, step);
        }
        if !certain.is_empty() {
            front.add_ports(registration, group);
        }
    }

    fn add(&self, front: &mut Front<'g>, listener: Option<&'g Listener>, step: Step) {
        let (reason, may_pass_clients) = match listener.map(|listener| &listener.load_balancer) {
            Some(Typed::Known(Target::Resource(address), _)) => {
                if let Some(found) = self.graph.elbv2.load_balancer(address)
                    && !front.load_balancers.iter().any(|known| known.address == found.address)
                {
                    front.load_balancers.push(found);
                }
                return;
            }
            Some(Typed::Known(Target::Outside(id), _)) => {
                (Reason::Outside(Arc::from(format!("load balancer `{id}`"))), true)
            }
            Some(Typed::Unknown(reason, _)) => (reason.clone(), true),
            Some(Typed::Absent(_)) => (Reason::NotUnderstood(Arc::from("`LoadBalancerArn` is missing")), true),
            // Only Application Load Balancers have listener rules.
            None => (Reason::Outside(Arc::from("the listener of the rule")), false),
        };
        front.unseen.push(Unseen { reason, step, certain: true, may_pass_clients });
    }
}

/// Why a rule may forward to any target group of the template.
fn may_forward(rule: &Rule) -> Option<Reason> {
    let actions = match &rule.actions {
        Typed::Known(actions, _) => actions.as_slice(),
        Typed::Unknown(reason, _) => return Some(reason.clone()).filter(may_be_declared),
        Typed::Absent(_) => return None,
    };
    let hidden = actions.iter().find_map(|action| match &action.kind {
        ActionKind::Unknown(reason, _) => Some(reason),
        ActionKind::Forward(groups) => groups.iter().find_map(|group| match &group.target_group {
            Typed::Unknown(reason, _) => Some(reason),
            Typed::Known(..) | Typed::Absent(_) => None,
        }),
        _ => None,
    });
    hidden.filter(|reason| may_be_declared(reason)).cloned()
}

impl Front<'_> {
    fn unseen(&mut self, reason: Reason, label: &str, span: Span, certain: bool) {
        self.unseen.push(Unseen { reason, step: Step::new(label, span), certain, may_pass_clients: true });
    }

    fn add_ports(&mut self, registration: &Registration, group: &TargetGroup) {
        let of_group = as_ports(&group.port);
        if !matches!(registration.ports, Typed::Absent(_)) {
            self.ports.push(registration.ports.clone());
        }
        self.ports.push(of_group);
        match &group.health_check_port {
            Typed::Known(port, _) if port == "traffic-port" => {}
            Typed::Known(port, span) => {
                if let Ok(port) = port.parse() {
                    self.ports.push(Typed::Known(Ports::one(port), *span));
                }
            }
            Typed::Unknown(reason, span) => self.ports.push(Typed::Unknown(reason.clone(), *span)),
            Typed::Absent(_) => {}
        }
        self.udp |= group.protocol.known().is_none_or(|protocol| protocol.contains("UDP") || protocol.contains("QUIC"));
    }

    /// Whether a load balancer forwards requests to the workload.
    pub(super) fn fronted(&self) -> Fact<bool> {
        if !self.load_balancers.is_empty() {
            return Fact::known(true, self.steps.clone());
        }
        match self.unseen.iter().max_by_key(|unseen| unseen.certain) {
            Some(unseen) if unseen.certain => Fact::known(true, self.steps.clone()),
            Some(unseen) => Fact::unknown(unseen.reason.clone(), vec![unseen.step.clone()]),
            None => Fact::known(false, Vec::new()),
        }
    }

    /// The ports on which the load balancers reach the workload.
    pub(super) fn ports(&self) -> &[Typed<Ports>] {
        &self.ports
    }

    pub(super) fn uses_udp(&self) -> bool {
        self.udp
    }

    /// Whether a security group is one of those of the load balancers in front.
    pub(super) fn uses_group(&self, graph: &Graph, group: &Target) -> Result<bool, Reason> {
        let mut unknown = self.unseen.iter().map(|unseen| unseen.reason.clone()).next();
        for balancer in &self.load_balancers {
            for pointer in groups_of(graph, balancer) {
                match crate::graph::ec2::leads_to(&pointer, group) {
                    Ok(true) => return Ok(true),
                    Ok(false) => {}
                    Err(reason) => unknown = unknown.or(Some(reason.clone())),
                }
            }
        }
        unknown.map_or(Ok(false), Err)
    }

    /// Whether every group of every load balancer in front is one that the template declares.
    pub(super) fn groups_are_declared(&self, graph: &Graph) -> bool {
        let declared = |pointer: &Pointer| matches!(pointer, Typed::Known(Target::Resource(_), _));
        self.unseen.is_empty()
            && self.load_balancers.iter().all(|balancer| groups_of(graph, balancer).iter().all(declared))
    }

    /// Why the workload may see the addresses of clients instead of a load balancer's: a Network Load Balancer without
    /// security groups is in front. Source: Network Load Balancers user guide, "Update the security groups".
    pub(super) fn passes_client_addresses(&self) -> Option<Reason> {
        let seen = self.load_balancers.iter().find_map(|balancer| match (&balancer.kind, &balancer.security_groups) {
            (Typed::Known(LoadBalancerType::Application, _), _) => None,
            (_, Typed::Known(groups, _)) if !groups.is_empty() => None,
            (Typed::Unknown(reason, _), _) | (_, Typed::Unknown(reason, _)) => Some(reason.clone()),
            _ => {
                let what =
                    format!("`{}` has no security group and may pass on the addresses of clients", balancer.name);
                Some(Reason::NotUnderstood(Arc::from(format!("{what}; SRA-NET-004 judges the rule"))))
            }
        });
        seen.or_else(|| self.unseen.iter().find(|unseen| unseen.may_pass_clients).map(|unseen| unseen.reason.clone()))
    }
}

/// The security groups of a load balancer. An Application Load Balancer without any has the default group of its VPC.
pub(super) fn groups_of(graph: &Graph, balancer: &LoadBalancer) -> Vec<Pointer> {
    match &balancer.security_groups {
        Typed::Unknown(reason, span) => vec![Typed::Unknown(reason.clone(), *span)],
        Typed::Known(groups, _) if !groups.is_empty() => pointers_of(&graph.resources, groups, &[SECURITY_GROUP]),
        Typed::Known(_, span) | Typed::Absent(span) if balancer.is_application() => {
            let vpc = vpc_of(graph, balancer);
            vec![vpc.map_or_else(
                || Typed::Unknown(Reason::Outside(Arc::from("the default security group of the VPC")), *span),
                |vpc| Typed::Known(Target::Resource(default_group(&graph.resources, vpc).clone()), *span),
            )]
        }
        Typed::Known(..) | Typed::Absent(_) => Vec::new(),
    }
}

fn vpc_of<'g>(graph: &'g Graph, balancer: &LoadBalancer) -> Option<&'g Resource> {
    let subnets = pointers_of(&graph.resources, balancer.subnets.known()?, &[SUBNET]);
    let address = subnets.iter().find_map(|subnet| graph.ec2.subnets.get(subnet.address()?)?.vpc.address())?;
    graph.resources.get(address)
}

pub(super) fn as_ports(port: &Typed<i64>) -> Typed<Ports> {
    match port {
        Typed::Known(number, span) => u16::try_from(*number).map_or_else(
            |_| Typed::Unknown(Reason::NotUnderstood(Arc::from(format!("`{number}` is not a port"))), *span),
            |number| Typed::Known(Ports::one(number), *span),
        ),
        Typed::Unknown(reason, span) => Typed::Unknown(reason.clone(), *span),
        Typed::Absent(span) => Typed::Absent(*span),
    }
}
