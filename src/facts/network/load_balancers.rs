//! Load balancers as the network sees them: what their security groups open beside what they serve.

use std::sync::Arc;

use super::super::{Fact, Step, Subject, fact_struct};
use super::attachments::{served, serves};
use super::front;
use super::groups::{self, Rule};
use crate::graph::ec2::security_group::Ports;
use crate::graph::ec2::{Traffic, leads_to};
use crate::graph::elbv2::{ActionKind, Listener, LoadBalancer, LoadBalancerType};
use crate::graph::{Graph, Target, Typed};
use crate::value::Reason;

fact_struct! {
    /// An Application, Network or Gateway Load Balancer.
    pub struct LoadBalancerFacts {
        /// `application`, `network` or `gateway`.
        kind: Fact<String>,
        /// False when its scheme is internal.
        internet_facing: Fact<bool>,
        /// It names security groups. Without any, an Application Load Balancer gets the default group of its VPC.
        has_groups: Fact<bool>,
        /// What its security groups open.
        openings: Vec<Opening>,
        /// A web ACL is associated with it.
        web_acl: Fact<bool>,
    }
}

fact_struct! {
    /// One ingress rule of one security group of a load balancer.
    pub struct Opening {
        /// The security group.
        group: String,
        /// What the rule lets in, for people: `tcp 443 from 0.0.0.0/0`.
        rule: String,
        /// The load balancer listens on everything that the rule opens.
        served: Fact<bool>,
        /// The rule opens port 80, but the listener there does more than redirect or answer by itself.
        cleartext: Fact<bool>,
    }
}

pub(super) const KIND: &str = "load_balancers";

const HTTP: u16 = 80;

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let subject = |balancer: &LoadBalancer| {
        let resource = graph.resources.get(&balancer.address)?;
        Some(Subject::of(KIND, resource, &facts(graph, balancer)))
    };
    graph.elbv2.load_balancers.iter().filter_map(subject).collect()
}

fn facts(graph: &Graph, balancer: &LoadBalancer) -> LoadBalancerFacts {
    let kind = balancer.kind.clone().map(|kind| {
        let word = match kind {
            LoadBalancerType::Application => "application",
            LoadBalancerType::Network => "network",
            LoadBalancerType::Gateway => "gateway",
        };
        word.to_owned()
    });
    let facing = match balancer.internet_facing.known() {
        Some(true) => "the load balancer is internet-facing",
        Some(false) => "the load balancer is internal",
        None => "the scheme of the load balancer",
    };
    let has_groups = match &balancer.security_groups {
        Typed::Known(groups, span) => Typed::Known(!groups.is_empty(), *span),
        Typed::Absent(span) => Typed::Known(false, *span),
        Typed::Unknown(reason, span) => Typed::Unknown(reason.clone(), *span),
    };
    let named = if has_groups.known() == Some(&false) { "no security groups are named" } else { "its security groups" };
    LoadBalancerFacts {
        kind: Fact::of(kind, "the type of the load balancer"),
        internet_facing: Fact::of(balancer.internet_facing.clone(), facing),
        openings: openings(graph, balancer),
        has_groups: Fact::of(has_groups, named),
        web_acl: match graph.wafv2.protecting(&balancer.address) {
            Ok(Some(association)) => {
                Fact::known(true, vec![Step::new("a web ACL is associated with it", association.span)])
            }
            Ok(None) => Fact::known(false, vec![Step::new("no web ACL is associated with it", balancer.name_span)]),
            Err(reason) => Fact::unknown(reason, vec![Step::new("web ACL of the load balancer", balancer.name_span)]),
        },
    }
}

fn openings(graph: &Graph, balancer: &LoadBalancer) -> Vec<Opening> {
    let served = served(graph, balancer);
    let mut found = Vec::new();
    for group in front::groups_of(graph, balancer) {
        for admission in groups::admissions(graph, &group) {
            let unread = |reason: &Reason, label: &str| {
                let unknown = || Fact::unknown(reason.clone(), vec![Step::new(label, admission.span)]);
                Opening {
                    group: admission.group.clone(),
                    rule: label.to_owned(),
                    served: unknown(),
                    cleartext: unknown(),
                }
            };
            found.push(match &admission.rule {
                Rule::Unread(reason) => unread(reason, "the rules of the security group"),
                Rule::Perhaps(_, reason) => unread(reason, "a rule that may belong to the security group"),
                Rule::Members => Opening {
                    group: admission.group.clone(),
                    rule: "all traffic from its own members".to_owned(),
                    served: Fact::known(
                        false,
                        vec![Step::new("the default security group lets its own members in", admission.span)],
                    ),
                    cleartext: Fact::known(false, Vec::new()),
                },
                Rule::Declared(ingress) => {
                    let rule = groups::describe(ingress);
                    let step = Step::new(format!("security group `{}` admits {rule}", admission.group), admission.span);
                    let mut answered = serves(&balancer.name, balancer.name_span, &served, &ingress.traffic);
                    answered.evidence.insert(0, step.clone());
                    let mut cleartext = cleartext(graph, balancer, &ingress.traffic);
                    cleartext.evidence.insert(0, step);
                    Opening { group: admission.group.clone(), rule, served: answered, cleartext }
                }
            });
        }
    }
    found
}

/// Whether traffic opens port 80 while the listener there forwards requests.
fn cleartext(graph: &Graph, balancer: &LoadBalancer, traffic: &Typed<Traffic>) -> Fact<bool> {
    let opens = match traffic {
        Typed::Known(traffic, span) => {
            let opens = traffic.tcp().is_some_and(|ports| ports.contains(HTTP));
            let label = if opens { "the rule opens port 80" } else { "the rule does not open port 80" };
            Fact::known(opens, vec![Step::new(label, *span)])
        }
        Typed::Unknown(reason, span) => Fact::unknown(reason.clone(), vec![Step::new("the ports of the rule", *span)]),
        Typed::Absent(_) => Fact::known(false, Vec::new()),
    };
    let this = Target::Resource(balancer.address.clone());
    let forwarding = graph.elbv2.listeners.near(&this).map(|listener| {
        let unknown =
            |reason: &Reason| Fact::unknown(reason.clone(), vec![Step::new("a listener", listener.name_span)]);
        let of_this = match leads_to(&listener.load_balancer, &this) {
            Ok(of_this) => Fact::known(of_this, Vec::new()),
            Err(reason) => unknown(reason),
        };
        let on_port = match front::as_ports(&listener.port) {
            Typed::Known(ports, _) => Fact::known(ports == Ports::one(HTTP), Vec::new()),
            Typed::Unknown(reason, _) => unknown(&reason),
            Typed::Absent(_) => Fact::known(false, Vec::new()),
        };
        Fact::all([of_this, on_port, forwards(listener)])
    });
    let forwarding = Fact::any(forwarding);
    let mut fact = Fact::all([opens, forwarding.clone()]);
    if fact.is(true) {
        fact.evidence = forwarding.evidence;
    }
    fact
}

/// Whether a listener does anything with a request but redirect it or answer it by itself.
fn forwards(listener: &Listener) -> Fact<bool> {
    let open = listener.rules_open.iter().map(|reason| {
        Fact::unknown(reason.clone(), vec![Step::new("a rule that may belong to the listener", listener.name_span)])
    });
    let rules = listener.rules.iter().map(|rule| match &rule.actions {
        Typed::Unknown(reason, span) => {
            Fact::unknown(reason.clone(), vec![Step::new("the actions of a listener rule", *span)])
        }
        Typed::Absent(span) => {
            let reason = Reason::NotUnderstood(Arc::from("a listener rule without actions"));
            Fact::unknown(reason, vec![Step::new("no actions", *span)])
        }
        Typed::Known(actions, _) => Fact::any(actions.iter().map(|action| match &action.kind {
            ActionKind::Forward(_) => {
                let label = format!("listener `{}` forwards what arrives on port 80", listener.name);
                Fact::known(true, vec![Step::new(label, action.span)])
            }
            ActionKind::Unknown(reason, _) => {
                Fact::unknown(reason.clone(), vec![Step::new("an action that is not understood", action.span)])
            }
            _ => Fact::known(false, Vec::new()),
        })),
    });
    Fact::any(rules.chain(open))
}
