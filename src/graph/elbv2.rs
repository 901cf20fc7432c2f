//! Elastic Load Balancing v2: load balancers, listeners with their rules, target groups and what is registered in them.
//!
//! Defaults: `Scheme` internet-facing, `Type` application ("`AWS::ElasticLoadBalancingV2::LoadBalancer`", AWS
//! CloudFormation template reference).

pub mod rule;
pub mod target_group;

use std::sync::Arc;

pub use rule::{Action, ActionKind, Condition, Forward, Regex, Rule, Test};
pub use target_group::{Member, MemberKind, TargetGroup, TargetType};

use super::autoscaling::AutoScaling;
use super::ecs::Ecs;
use super::lambda::Lambda;
use super::{Addressed, Pointing, Resources, Target, Typed, boolean, integer, list, target, text};
use crate::input::{Format, Resource};
use crate::source::Span;
use crate::value::{Address, Prop, Reason, Value};

pub const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
pub const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
pub const LISTENER_RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
pub const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";

/// Everything of the service in one architecture, in source order.
#[derive(Debug, Default)]
pub struct Elbv2 {
    pub load_balancers: Addressed<LoadBalancer>,
    /// By their load balancers.
    pub listeners: Pointing<Listener>,
    /// Rules whose listener is not among [`Self::listeners`]: imported, given by parameter, or not understood.
    pub orphans: Vec<OrphanRule>,
    pub target_groups: Addressed<TargetGroup>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoadBalancerType {
    Application,
    Network,
    Gateway,
}

#[derive(Clone, Debug)]
pub struct LoadBalancer {
    pub address: Address,
    pub name: Arc<str>,
    pub name_span: Span,
    pub kind: Typed<LoadBalancerType>,
    /// Never `Absent`: the default is internet-facing, but a gateway load balancer has no scheme and is internal.
    pub internet_facing: Typed<bool>,
    /// `Absent` on an Application Load Balancer means the VPC's default group, on the others none.
    pub security_groups: Typed<Vec<Value>>,
    /// From `Subnets` or `SubnetMappings`.
    pub subnets: Typed<Vec<Value>>,
    attributes: Attributes,
}

#[derive(Clone, Debug)]
pub struct Listener {
    pub address: Address,
    pub name: Arc<str>,
    pub name_span: Span,
    pub format: Format,
    pub load_balancer: Typed<Target>,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS`, `UDP`, `TCP_UDP`, `GENEVE`, …, in upper case. Absent for gateway load balancers.
    pub protocol: Typed<String>,
    pub port: Typed<i64>,
    pub ssl_policy: Typed<String>,
    pub certificates: Typed<Vec<Value>>,
    /// By priority (rules with an unknown priority after those with a known one), the default rule last.
    pub rules: Vec<Rule>,
    /// Why `rules` may not be all of them: a rule exists whose listener cannot be told.
    pub rules_open: Option<Reason>,
}

/// A rule of a listener that was not scanned.
#[derive(Clone, Debug)]
pub struct OrphanRule {
    pub listener: Typed<Target>,
    pub rule: Rule,
}

/// `LoadBalancerAttributes` and `TargetGroupAttributes`: pairs of `Key` and `Value`.
#[derive(Clone, Debug)]
struct Attributes(Typed<Vec<Value>>);

impl Attributes {
    fn get(&self, key: &str) -> Typed<String> {
        let items = match &self.0 {
            Typed::Known(items, _) => items,
            Typed::Absent(span) => return Typed::Absent(*span),
            Typed::Unknown(reason, span) => return Typed::Unknown(reason.clone(), *span),
        };
        let mut hidden = None;
        for item in items {
            match text(item.prop("Key")) {
                Typed::Known(known, _) if known == key => return text(item.prop("Value")),
                Typed::Unknown(reason, span) => hidden = Some(Typed::Unknown(reason, span)),
                Typed::Known(..) | Typed::Absent(_) => {}
            }
        }
        hidden.unwrap_or(Typed::Absent(self.0.span()))
    }
}

/// The views of the services whose workloads join target groups.
#[derive(Clone, Copy, Debug)]
pub struct Views<'a> {
    pub resources: &'a Resources,
    pub lambda: &'a Lambda,
    pub ecs: &'a Ecs,
    pub autoscaling: &'a AutoScaling,
}

impl Elbv2 {
    pub fn new(views: Views<'_>) -> Self {
        let resources = views.resources;
        let load_balancers = resources.of_kind(LOAD_BALANCER).map(LoadBalancer::new).collect();
        let load_balancers = Addressed::new(load_balancers, |found: &LoadBalancer| &found.address);
        let mut listeners: Vec<_> = resources.of_kind(LISTENER).map(|found| Listener::new(found, resources)).collect();
        let orphans = rule::attach(resources, &mut listeners);
        let listeners = Pointing::new(listeners, |listener| &listener.load_balancer);
        let target_groups = target_group::all(views);
        Self { load_balancers, listeners, orphans, target_groups }
    }

    pub fn load_balancer(&self, address: &Address) -> Option<&LoadBalancer> {
        self.load_balancers.get(address)
    }

    pub fn listener(&self, address: &Address) -> Option<&Listener> {
        self.listeners.iter().find(|found| found.address == *address)
    }

    pub fn target_group(&self, address: &Address) -> Option<&TargetGroup> {
        self.target_groups.get(address)
    }

    pub fn listeners_of<'a>(&'a self, load_balancer: &'a Address) -> impl Iterator<Item = &'a Listener> {
        let near = self.listeners.near(&Target::Resource(load_balancer.clone()));
        near.filter(move |listener| listener.load_balancer.address() == Some(load_balancer))
    }

    /// Every rule with its listener, if that was scanned.
    pub fn all_rules(&self) -> impl Iterator<Item = (Option<&Listener>, &Rule)> {
        let attached = self.listeners.iter().flat_map(|found| found.rules.iter().map(move |rule| (Some(found), rule)));
        attached.chain(self.orphans.iter().map(|orphan| (None, &orphan.rule)))
    }

    /// The load balancers that can send requests to a target group: those of every listener with a rule that forwards
    /// to it. A rule whose listener was not scanned yields none.
    pub fn load_balancers_of(&self, target_group: &Address) -> Vec<&LoadBalancer> {
        let mut found: Vec<&LoadBalancer> = Vec::new();
        for listener in self.listeners.iter() {
            let forwards = listener.rules.iter().any(|rule| rule.target_groups().any(|to| to == target_group));
            let load_balancer = listener.load_balancer.address().and_then(|address| self.load_balancer(address));
            if let Some(load_balancer) = load_balancer.filter(|_| forwards)
                && !found.iter().any(|known| known.address == load_balancer.address)
            {
                found.push(load_balancer);
            }
        }
        found
    }

    /// Where a workload is registered.
    pub fn registrations<'a>(&'a self, member: &'a Address) -> impl Iterator<Item = (&'a TargetGroup, &'a Member)> {
        self.target_groups.iter().flat_map(move |group| {
            group.members.iter().filter(|found| found.target.address() == Some(member)).map(move |found| (group, found))
        })
    }
}

impl LoadBalancer {
    fn new(resource: &Resource) -> Self {
        let kind = text(resource.prop("Type")).and_then("a load balancer type", |word| match word.as_str() {
            "application" => Some(LoadBalancerType::Application),
            "network" => Some(LoadBalancerType::Network),
            "gateway" => Some(LoadBalancerType::Gateway),
            _ => None,
        });
        let kind = kind.or_default(LoadBalancerType::Application);
        let gateway = kind.known() == Some(&LoadBalancerType::Gateway);
        let internet_facing = text(resource.prop("Scheme"))
            .and_then("`internet-facing` or `internal`", |word| match word.as_str() {
                "internet-facing" => Some(true),
                "internal" => Some(false),
                _ => None,
            })
            .or_default_at(!gateway, resource.name_span);
        let subnets = match list(resource.prop("Subnets")) {
            Typed::Absent(_) => mapped_subnets(resource),
            given => given,
        };
        Self {
            address: resource.address.clone(),
            name: Arc::clone(&resource.name),
            name_span: resource.name_span,
            kind,
            internet_facing,
            security_groups: list(resource.prop("SecurityGroups")),
            subnets,
            attributes: Attributes(list(resource.prop("LoadBalancerAttributes"))),
        }
    }

    /// A load balancer attribute by its key, such as `routing.http.drop_invalid_header_fields.enabled`.
    pub fn attribute(&self, key: &str) -> Typed<String> {
        self.attributes.get(key)
    }

    pub fn is_application(&self) -> bool {
        self.kind.known() == Some(&LoadBalancerType::Application)
    }
}

fn mapped_subnets(resource: &Resource) -> Typed<Vec<Value>> {
    let mappings = list(resource.prop("SubnetMappings"));
    let Typed::Known(items, span) = mappings else { return mappings };
    let subnet = |item: &Value| match item.prop("SubnetId") {
        Prop::Known(value) => Some(value.clone()),
        Prop::Unknown(reason, span) => Some(Value::unknown(span, reason.clone())),
        Prop::Absent(_) => None,
    };
    Typed::Known(items.iter().filter_map(subnet).collect(), span)
}

impl Listener {
    fn new(resource: &Resource, resources: &Resources) -> Self {
        Self {
            address: resource.address.clone(),
            name: Arc::clone(&resource.name),
            name_span: resource.name_span,
            format: resource.format,
            load_balancer: target(resources, resource.prop("LoadBalancerArn"), &[LOAD_BALANCER]),
            protocol: text(resource.prop("Protocol")).map(|word| word.to_ascii_uppercase()),
            port: integer(resource.prop("Port")),
            ssl_policy: text(resource.prop("SslPolicy")),
            certificates: list(resource.prop("Certificates")),
            rules: vec![Rule::default_of(resource, resources)],
            rules_open: None,
        }
    }

    pub fn default_rule(&self) -> Option<&Rule> {
        self.rules.last()
    }
}

/// `Enabled`-like properties of target groups and their health checks.
fn flag(value: Prop<'_>, default: bool) -> Typed<bool> {
    boolean(value).or_default(default)
}

#[cfg(test)]
mod tests;
