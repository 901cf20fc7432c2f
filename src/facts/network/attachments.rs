//! What a security group is attached to, and whether that is a front door which serves the ports that a rule opens.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::super::{Fact, Step, fact_struct};
use super::{front, groups, placement, routing};
use crate::graph::ec2::security_group::Ports;
use crate::graph::ec2::{self, Pointer, Traffic, leads_to, may_be_declared};
use crate::graph::elbv2::{LoadBalancer, LoadBalancerType};
use crate::graph::{Graph, Target, Typed, elb, elbv2, target, text};
use crate::input::{Format, Resource};
use crate::source::Span;
use crate::value::{Address, Kind, Reason, Reference, Value};

fact_struct! {
    /// Something that a security group is attached to.
    pub struct Attachment {
        /// Its logical id.
        name: String,
        /// `load_balancer`; `private` for what has no public address and takes no connection from the Internet: the
        /// interfaces of VPC endpoints, functions and file systems; `other`.
        kind: String,
        /// A load balancer that the Internet can reach.
        internet_facing: Fact<bool>,
        /// Its listeners serve everything that the rule opens.
        serves: Fact<bool>,
    }
}

/// The ports on which a load balancer listens, by transport protocol.
#[derive(Clone, Debug, Default)]
pub(super) struct Served {
    pub(super) tcp: Vec<Typed<Ports>>,
    pub(super) udp: Vec<Typed<Ports>>,
}

/// Resources that only describe or pass on a group.
const NOT_ATTACHING: &[&str] =
    &["AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"];

/// Resources whose interfaces only have private addresses. Source: "Access an AWS service using an interface VPC
/// endpoint" (AWS `PrivateLink` Guide), "Giving Lambda functions access to resources in an Amazon VPC" (AWS Lambda
/// Developer Guide), "Managing mount targets" (Amazon EFS User Guide).
const PRIVATE: &[&str] = &["AWS::EC2::VPCEndpoint", "AWS::Lambda::Function", "AWS::EFS::MountTarget"];

/// Interfaces of live accounts that are the same. Source: Amazon EC2 API Reference, `NetworkInterface`, `interfaceType`.
const PRIVATE_INTERFACES: &[&str] =
    &["api_gateway_managed", "efs", "lambda", "quicksight", "transit_gateway", "vpc_endpoint"];

/// What an interface of a live account may belong to, with the same groups.
const OWNERS: &[&str] = &[ec2::INSTANCE, elb::LOAD_BALANCER, elbv2::LOAD_BALANCER, "AWS::EC2::VPCEndpoint"];

/// Who uses which security group.
#[derive(Debug)]
pub(super) struct Users<'g> {
    graph: &'g Graph,
    /// A group, or the VPC whose default group is meant → the resources that name it, in source order.
    by_group: BTreeMap<&'g Address, Vec<&'g Resource>>,
    /// Group and user, for each that is in `by_group`: an account may have thousands that use the same group.
    known: HashSet<(&'g Address, &'g Address)>,
    /// Resources with groups that are not known.
    unread: Vec<(&'g Resource, Reason, Span)>,
}

impl<'g> Users<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        let mut users = Self { graph, by_group: BTreeMap::new(), known: HashSet::new(), unread: Vec::new() };
        for resource in graph.resources.iter().filter(|resource| !NOT_ATTACHING.contains(&&*resource.kind)) {
            let user = owner(graph, resource);
            for reference in resource.properties.references() {
                let Reference::Resource { address, attribute, .. } = reference else { continue };
                let default = attribute.as_ref().is_some_and(|attribute| &**attribute == "DefaultSecurityGroup");
                match graph.resources.get(address).map(|named| &*named.kind) {
                    _ if passes_on(graph, resource) => {}
                    Some(ec2::SECURITY_GROUP) => users.add(address, user),
                    Some(ec2::VPC) if default => {
                        if let Some(vpc) = graph.resources.get(address) {
                            users.add(ec2::default_group(&graph.resources, vpc), user);
                        }
                    }
                    _ => {}
                }
            }
            // What is wholly unknown may contain a list of groups.
            if !is_opaque(graph, resource)
                && !is_beside(resource)
                && let Some((reason, span)) = unread(&resource.properties, true)
            {
                users.unread.push((resource, reason, span));
            }
        }
        for balancer in graph.elbv2.load_balancers.iter() {
            let Some(resource) = graph.resources.get(&balancer.address) else { continue };
            // The groups that it names it refers to; the default one it does not.
            for pointer in front::groups_of(graph, balancer) {
                if let Some(group) = pointer.address().and_then(|address| graph.resources.get(address)) {
                    users.add(&group.address, resource);
                }
            }
        }
        // Nor do other interfaces.
        for workload in placement::workloads(graph) {
            for nic in workload.interfaces.iter().flatten() {
                if let (Typed::Absent(_), Some(vpc)) = (&nic.groups, routing::declared_vpc(graph, &nic.place)) {
                    users.add(ec2::default_group(&graph.resources, vpc), workload.resource);
                }
            }
        }
        users
    }

    fn add(&mut self, group: &'g Address, resource: &'g Resource) {
        if self.known.insert((group, &resource.address)) {
            self.by_group.entry(group).or_default().push(resource);
        }
    }

    /// Everything that uses the group of a rule, or why that is not known.
    pub(super) fn of(&self, group: &Pointer, traffic: &Typed<Traffic>) -> Fact<Vec<Attachment>> {
        let address = match group {
            Typed::Known(Target::Resource(address), _) => address,
            Typed::Known(Target::Outside(id), span) => {
                let reason = Reason::Outside(Arc::from(format!("what security group `{id}` is attached to")));
                return Fact::unknown(reason, vec![Step::new("the security group is not declared", *span)]);
            }
            Typed::Unknown(reason, span) => {
                return Fact::unknown(reason.clone(), vec![Step::new("the security group is not known", *span)]);
            }
            Typed::Absent(span) => return Fact::known(Vec::new(), vec![Step::new("no security group", *span)]),
        };
        let users = self.by_group.get(address).map_or(&[][..], Vec::as_slice);
        if let Some(user) = users.iter().find(|user| is_opaque(self.graph, user)) {
            let what = format!("what `{}` does with the security group", user.name);
            let label = format!("`{}` may use the security group", user.name);
            return Fact::unknown(Reason::Outside(Arc::from(what)), vec![Step::new(label, user.name_span)]);
        }
        let hidden = |(resource, ..): &&(&Resource, Reason, Span)| !self.known.contains(&(address, &resource.address));
        if let Some((resource, reason, span)) = self.unread.iter().find(hidden) {
            let label = format!("`{}` may use the security group", resource.name);
            return Fact::unknown(reason.clone(), vec![Step::new(label, *span)]);
        }
        let declared = self.graph.resources.get(address);
        if let Some(group) = declared.filter(|group| users.is_empty() && group.exported) {
            let what = format!("what other stacks attach security group `{}` to", group.name);
            let label = "an output hands the security group on";
            return Fact::unknown(Reason::Outside(Arc::from(what)), vec![Step::new(label, group.name_span)]);
        }
        let step = |user: &&Resource| Step::new(format!("`{}` uses the security group", user.name), user.name_span);
        let found = users.iter().map(|user| attachment(self.graph, user, traffic)).collect();
        Fact::known(found, users.iter().map(step).collect())
    }
}

/// What could not be read of a live account, and has no groups. A template may leave anything open, but a snapshot only
/// what is collected.
fn is_beside(resource: &Resource) -> bool {
    const WITH_GROUPS: &[&str] = &[
        "AWS::ApiGatewayV2::VpcLink",
        "AWS::AutoScaling::LaunchConfiguration",
        "AWS::EC2::Instance",
        "AWS::EC2::LaunchTemplate",
        "AWS::EC2::NetworkInterface",
        "AWS::EC2::VPCEndpoint",
        "AWS::ECS::Service",
        "AWS::ECS::TaskSet",
        "AWS::ElasticLoadBalancing::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::Lambda::Function",
    ];
    let unread = matches!(resource.properties.kind, Kind::Unknown(_));
    unread && resource.format == Format::Account && !WITH_GROUPS.contains(&&*resource.kind)
}

/// Who uses the groups of an interface: what it belongs to, where a live account tells. A load balancer and its
/// interfaces are one user of a group, and not the others' kind of user.
fn owner<'g>(graph: &'g Graph, resource: &'g Resource) -> &'g Resource {
    if &*resource.kind != ec2::INTERFACE {
        return resource;
    }
    let owner = target(&graph.resources, resource.prop("UsedBy"), OWNERS);
    owner.address().and_then(|address| graph.resources.get(address)).unwrap_or(resource)
}

/// A stack that was read hands the group on to its own resources, which name it themselves.
fn passes_on(graph: &Graph, resource: &Resource) -> bool {
    &*resource.kind == "AWS::CloudFormation::Stack" && !is_opaque(graph, resource)
}

/// A custom resource, a stack or module that was not read, or a resource of another provider may do anything with a
/// group that is handed to it.
fn is_opaque(graph: &Graph, resource: &Resource) -> bool {
    match &*resource.kind {
        "AWS::CloudFormation::CustomResource" | "AWS::SSM::Parameter" => true,
        "AWS::CloudFormation::Stack" => {
            let inside = format!("{}/", resource.address);
            !graph.resources.iter().any(|other| other.address.0.starts_with(&inside))
        }
        // Types of CloudFormation have colons; those of Terraform begin with their provider's name.
        kind => kind.starts_with("Custom::") || !(kind.contains("::") || kind.starts_with("aws_")),
    }
}

/// A list of security groups that is not known and may contain a declared one.
fn unread(value: &Value, in_groups: bool) -> Option<(Reason, Span)> {
    match &value.kind {
        Kind::Unknown(reason) if in_groups && may_be_declared(reason) => Some((reason.clone(), value.span)),
        Kind::List(items) => items.iter().find_map(|item| unread(item, in_groups)),
        Kind::Text(_) if in_groups => {
            value.reason().filter(|reason| may_be_declared(reason)).map(|reason| (reason.clone(), value.span))
        }
        Kind::Map(map) => map.members.iter().find_map(|member| {
            let key = &*member.key;
            let holds = key.contains("SecurityGroup") || key == "GroupSet" || key == "Groups";
            unread(&member.value, holds)
        }),
        _ => None,
    }
}

fn attachment(graph: &Graph, resource: &Resource, traffic: &Typed<Traffic>) -> Attachment {
    let name = resource.name.to_string();
    let at = |label: String| vec![Step::new(label, resource.name_span)];
    let (internet_facing, served) = match &*resource.kind {
        elbv2::LOAD_BALANCER => match graph.elbv2.load_balancer(&resource.address) {
            Some(balancer) if balancer.kind.known() != Some(&LoadBalancerType::Gateway) => {
                (balancer.internet_facing.clone(), served(graph, balancer))
            }
            _ => return other(name, Vec::new()),
        },
        elb::LOAD_BALANCER => {
            match graph.elb.load_balancers.iter().find(|balancer| balancer.address == resource.address) {
                Some(balancer) => (balancer.internet_facing.clone(), classic(balancer)),
                None => return other(name, Vec::new()),
            }
        }
        kind => {
            let label = format!("`{name}` ({kind}) is not a load balancer");
            let interface = text(resource.prop("InterfaceType"));
            let is_private = PRIVATE.contains(&kind)
                || (kind == ec2::INTERFACE
                    && interface.known().is_some_and(|kind| PRIVATE_INTERFACES.contains(&kind.as_str())));
            let private = if is_private { "private" } else { "other" };
            return Attachment { kind: private.to_owned(), ..other(name, at(label)) };
        }
    };
    let facing = match internet_facing.known() {
        Some(true) => format!("load balancer `{name}` is internet-facing"),
        Some(false) => format!("load balancer `{name}` is internal"),
        None => format!("the scheme of load balancer `{name}`"),
    };
    Attachment {
        kind: "load_balancer".to_owned(),
        internet_facing: Fact::of(internet_facing, facing),
        serves: serves(&name, resource.name_span, &served, traffic),
        name,
    }
}

fn other(name: String, evidence: Vec<Step>) -> Attachment {
    Attachment {
        name,
        kind: "other".to_owned(),
        internet_facing: Fact::known(false, evidence.clone()),
        serves: Fact::known(false, evidence),
    }
}

/// Whether a load balancer listens on every port that the traffic opens. ICMP opens none; AWS recommends it for path
/// MTU discovery. Source: Application Load Balancers user guide, "Security groups".
pub(super) fn serves(name: &str, span: Span, served: &Served, traffic: &Typed<Traffic>) -> Fact<bool> {
    let step = |label: String| vec![Step::new(label, span)];
    let (ports, allowed) = match traffic {
        Typed::Known(Traffic::Icmp, span) => {
            return Fact::known(true, vec![Step::new("ICMP opens no port", *span)]);
        }
        Typed::Known(Traffic::Tcp(ports), _) => (*ports, &served.tcp),
        Typed::Known(Traffic::Udp(ports), _) => (*ports, &served.udp),
        Typed::Known(Traffic::All | Traffic::Protocol(_), span) => {
            return Fact::known(false, vec![Step::new("every port is open", *span)]);
        }
        Typed::Unknown(reason, span) => {
            return Fact::unknown(reason.clone(), vec![Step::new("the ports are not known", *span)]);
        }
        Typed::Absent(span) => {
            let reason = Reason::NotUnderstood(Arc::from("the rule names no protocol"));
            return Fact::unknown(reason, vec![Step::new("no protocol", *span)]);
        }
    };
    match groups::within(ports, allowed) {
        Ok(true) => {
            let there = allowed.iter().filter_map(|port| match port {
                Typed::Known(served, span) if served.from <= ports.to && ports.from <= served.to => Some(*span),
                _ => None,
            });
            let label = format!("load balancer `{name}` listens there");
            Fact::known(true, there.map(|span| Step::new(label.clone(), span)).collect())
        }
        Ok(false) => Fact::known(false, step(format!("load balancer `{name}` does not listen on all of port {ports}"))),
        Err(reason) => Fact::unknown(reason, step(format!("the listeners of load balancer `{name}`"))),
    }
}

/// The ports of a load balancer's listeners. A listener whose load balancer cannot be told may listen on any port.
pub(super) fn served(graph: &Graph, balancer: &LoadBalancer) -> Served {
    let mut served = Served::default();
    let this = Target::Resource(balancer.address.clone());
    for listener in graph.elbv2.listeners.near(&this) {
        let port = match leads_to(&listener.load_balancer, &this) {
            Ok(false) => continue,
            Ok(true) => front::as_ports(&listener.port),
            Err(reason) => Typed::Unknown(reason.clone(), listener.name_span),
        };
        match &listener.protocol {
            Typed::Known(protocol, _) if protocol == "UDP" || protocol == "QUIC" => served.udp.push(port),
            Typed::Known(protocol, _) if protocol == "TCP_UDP" || protocol == "TCP_QUIC" => {
                served.udp.push(port.clone());
                served.tcp.push(port);
            }
            Typed::Known(..) => served.tcp.push(port),
            Typed::Unknown(reason, span) => {
                let open = Typed::Unknown(reason.clone(), *span);
                served.udp.push(open.clone());
                served.tcp.push(open);
            }
            // Only gateway load balancers have listeners without a protocol.
            Typed::Absent(_) => {}
        }
    }
    served
}

fn classic(balancer: &elb::LoadBalancer) -> Served {
    let tcp = match &balancer.ports {
        Typed::Known(ports, _) => ports.iter().map(front::as_ports).collect(),
        Typed::Unknown(reason, span) => vec![Typed::Unknown(reason.clone(), *span)],
        Typed::Absent(_) => Vec::new(),
    };
    Served { tcp, udp: Vec::new() }
}
