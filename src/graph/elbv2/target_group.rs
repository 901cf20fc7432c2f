//! Target groups and what is registered in them, wherever the registration is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::lambda::{self, Lambda, Qualifier};
use super::super::{Addressed, Resources, Target, Typed, integer, list, target, text};
use super::{Attributes, LOAD_BALANCER, TARGET_GROUP, Views, flag};
use crate::input::{Format, Resource};
use crate::source::Span;
use crate::value::{Address, Prop, Reason, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetType {
    Instance,
    Ip,
    Lambda,
    Alb,
}

impl TargetType {
    pub fn word(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Ip => "ip",
            Self::Lambda => "lambda",
            Self::Alb => "alb",
        }
    }
}

#[derive(Clone, Debug)]
pub struct TargetGroup {
    pub address: Address,
    pub name: Arc<str>,
    pub name_span: Span,
    pub format: Format,
    /// Default `instance`; never `Absent`.
    pub target_type: Typed<TargetType>,
    /// Absent for Lambda groups.
    pub protocol: Typed<String>,
    pub port: Typed<i64>,
    pub health_check_enabled: Typed<bool>,
    /// A number, or `traffic-port` (the default): the port on which the target receives traffic.
    pub health_check_port: Typed<String>,
    /// From `Targets`, ECS services and Auto Scaling groups, in source order of those.
    pub members: Vec<Member>,
    /// Why there may be members beyond those listed: a registration that cannot be told.
    pub members_open: Option<Reason>,
    /// Why there may be services or Auto Scaling groups beyond those listed: one that does not tell which groups it joins.
    pub joined_open: Option<Reason>,
    attributes: Attributes,
}

/// One registration.
#[derive(Clone, Debug)]
pub struct Member {
    pub kind: MemberKind,
    /// The instance, function, load balancer, service or Auto Scaling group; for addresses the owner, if one is named.
    pub target: Typed<Target>,
    /// Which form of a function is invoked; `None` for everything else.
    pub qualifier: Qualifier,
    /// Overrides the group's port.
    pub port: Typed<i64>,
    /// Where the registration is written.
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberKind {
    Instance,
    Ip,
    Function,
    LoadBalancer,
    EcsService,
    AutoScalingGroup,
}

impl TargetGroup {
    fn new(resource: &Resource, resources: &Resources, lambda: &Lambda) -> Self {
        let target_type = text(resource.prop("TargetType"))
            .and_then("a target type", |word| match word.as_str() {
                "instance" => Some(TargetType::Instance),
                "ip" => Some(TargetType::Ip),
                "lambda" => Some(TargetType::Lambda),
                "alb" => Some(TargetType::Alb),
                _ => None,
            })
            .or_default(TargetType::Instance);
        let mut group = Self {
            address: resource.address.clone(),
            name: Arc::clone(&resource.name),
            name_span: resource.name_span,
            format: resource.format,
            target_type,
            protocol: text(resource.prop("Protocol")).map(|word| word.to_ascii_uppercase()),
            port: integer(resource.prop("Port")),
            health_check_enabled: flag(resource.prop("HealthCheckEnabled"), true),
            health_check_port: text(resource.prop("HealthCheckPort")).or_default("traffic-port".to_owned()),
            members: Vec::new(),
            members_open: None,
            joined_open: None,
            attributes: Attributes(list(resource.prop("TargetGroupAttributes"))),
        };
        match list(resource.prop("Targets")) {
            Typed::Known(items, _) => {
                for item in &items {
                    group.register(item, resources, lambda);
                }
            }
            Typed::Unknown(reason, _) => group.members_open = Some(reason),
            Typed::Absent(_) => {}
        }
        group
    }

    /// A target group attribute by its key, such as `lambda.multi_value_headers.enabled`.
    pub fn attribute(&self, key: &str) -> Typed<String> {
        self.attributes.get(key)
    }

    /// Why requests may reach further resources of the graph than its members that are known.
    pub fn leads_further(&self) -> Option<Reason> {
        let open = self.members_open.iter().chain(&self.joined_open).find(|reason| reason.may_be_declared()).cloned();
        open.or_else(|| self.members.iter().find_map(|member| anywhere(&member.target)))
    }

    fn register(&mut self, item: &Value, resources: &Resources, lambda: &Lambda) {
        let port = integer(item.prop("Port"));
        let prop = item.prop("Id");
        let id = match prop {
            Prop::Known(value) => value,
            Prop::Unknown(reason, _) => return self.members_open = Some(reason.clone()),
            Prop::Absent(_) => return,
        };
        let linked = |kinds: &[&str]| target(resources, prop, kinds);
        let target_type = match &self.target_type {
            Typed::Known(known, _) => *known,
            // A reference still tells what is registered.
            Typed::Unknown(reason, _) => match implied_type(&linked(ANY_MEMBER), resources) {
                Some(implied) => implied,
                None => return self.members_open = Some(reason.clone()),
            },
            Typed::Absent(_) => return,
        };
        let (kind, target, qualifier) = match target_type {
            TargetType::Instance => (MemberKind::Instance, linked(&[INSTANCE]), Qualifier::None),
            // `!GetAtt Host.PrivateIp` names the owner of the address.
            TargetType::Ip => (MemberKind::Ip, linked(&[INSTANCE, NETWORK_INTERFACE]), Qualifier::None),
            TargetType::Alb => (MemberKind::LoadBalancer, linked(&[LOAD_BALANCER]), Qualifier::None),
            TargetType::Lambda => {
                let invoked = lambda.resolve(resources, id);
                (MemberKind::Function, invoked.function, invoked.qualifier)
            }
        };
        self.members.push(Member { kind, target, qualifier, port, span: id.span });
    }
}

const INSTANCE: &str = "AWS::EC2::Instance";
const NETWORK_INTERFACE: &str = "AWS::EC2::NetworkInterface";
const VPC: &str = "AWS::EC2::VPC";
const ANY_MEMBER: &[&str] =
    &[INSTANCE, NETWORK_INTERFACE, LOAD_BALANCER, lambda::FUNCTION, lambda::VERSION, lambda::ALIAS];

fn implied_type(member: &Typed<Target>, resources: &Resources) -> Option<TargetType> {
    match &*resources.get(member.address()?)?.kind {
        INSTANCE => Some(TargetType::Instance),
        NETWORK_INTERFACE => Some(TargetType::Ip),
        LOAD_BALANCER => Some(TargetType::Alb),
        _ => Some(TargetType::Lambda),
    }
}

/// All target groups with their members.
pub(super) fn all(views: Views<'_>) -> Addressed<TargetGroup> {
    let groups =
        views.resources.of_kind(TARGET_GROUP).map(|found| TargetGroup::new(found, views.resources, views.lambda));
    let mut groups: Vec<TargetGroup> = groups.collect();
    follow_addresses(views.resources, &mut groups);
    let joined_open = joined_open(views);
    for group in &mut groups {
        group.joined_open.clone_from(&joined_open);
    }
    let mut groups = Addressed::new(groups, |group| &group.address);
    for service in &views.ecs.services {
        for entry in service.load_balancers.known().into_iter().flatten() {
            let kind = MemberKind::EcsService;
            join(&mut groups, &service.address, kind, &entry.target_group, &entry.port);
        }
    }
    for scaling in &views.autoscaling.groups {
        for group in scaling.target_groups.known().into_iter().flatten() {
            let port = Typed::Absent(group.span());
            join(&mut groups, &scaling.address, MemberKind::AutoScalingGroup, group, &port);
        }
    }
    groups
}

fn joined_open(views: Views<'_>) -> Option<Reason> {
    let services = views.ecs.services.iter().find_map(|service| {
        let mut entries = service.load_balancers.known().into_iter().flatten();
        anywhere(&service.load_balancers).or_else(|| entries.find_map(|entry| anywhere(&entry.target_group)))
    });
    services.or_else(|| {
        views.autoscaling.groups.iter().find_map(|scaling| {
            let mut groups = scaling.target_groups.known().into_iter().flatten();
            anywhere(&scaling.target_groups).or_else(|| groups.find_map(anywhere))
        })
    })
}

/// Why a pointer may lead to any resource of the graph.
fn anywhere<T>(pointer: &Typed<T>) -> Option<Reason> {
    match pointer {
        Typed::Unknown(reason, _) if reason.may_be_declared() => Some(reason.clone()),
        Typed::Known(..) | Typed::Absent(_) | Typed::Unknown(..) => None,
    }
}

/// A literal address is the instance whose interface has it, where a live account tells: in the VPC of the group, because
/// networks use the same private addresses.
fn follow_addresses(resources: &Resources, groups: &mut [TargetGroup]) {
    let is_literal =
        |member: &Member| member.kind == MemberKind::Ip && matches!(member.target, Typed::Known(Target::Outside(_), _));
    if !groups.iter().any(|group| group.members.iter().any(is_literal)) {
        return;
    }
    let vpc_of = |resource: &Resource| target(resources, resource.prop("VpcId"), &[VPC]).known().cloned();
    let mut instances: BTreeMap<(Target, String), Target> = BTreeMap::new();
    for interface in resources.of_kind(NETWORK_INTERFACE) {
        let instance = target(resources, interface.prop("UsedBy"), &[INSTANCE]);
        let (Some(vpc), Some(instance @ Target::Resource(_))) = (vpc_of(interface), instance.known()) else { continue };
        let listed = list(interface.prop("PrivateIpAddresses"));
        let addresses = listed.known().into_iter().flatten().map(|one| text(one.prop("PrivateIpAddress")));
        for address in addresses.chain([text(interface.prop("PrivateIpAddress"))]) {
            if let Typed::Known(address, _) = address {
                instances.insert((vpc.clone(), address), instance.clone());
            }
        }
    }
    for group in groups {
        let Some(vpc) = resources.get(&group.address).and_then(vpc_of) else { continue };
        for member in group.members.iter_mut().filter(|member| is_literal(member)) {
            if let Typed::Known(Target::Outside(address), span) = &member.target
                && let Some(instance) = instances.get(&(vpc.clone(), address.clone()))
            {
                member.target = Typed::Known(instance.clone(), *span);
            }
        }
    }
}

/// Registers a service or Auto Scaling group in the target group that it names.
fn join(
    groups: &mut Addressed<TargetGroup>,
    member: &Address,
    kind: MemberKind,
    to: &Typed<Target>,
    port: &Typed<i64>,
) {
    let Some(group) = to.address().and_then(|address| groups.get_mut(address)) else { return };
    group.members.push(Member {
        kind,
        target: Typed::Known(Target::Resource(member.clone()), to.span()),
        qualifier: Qualifier::None,
        port: port.clone(),
        span: to.span(),
    });
}
