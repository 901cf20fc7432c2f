//! Instances, launch templates, network interfaces and elastic IP addresses.

use super::{Ec2, INSTANCE, INTERFACE, LAUNCH_TEMPLATE, Pointer, SECURITY_GROUP, SUBNET, pointers};
use crate::graph::{Resources, Target, Typed, boolean, integer, list, target};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Kind, Prop, Reason, Reference, Value};

/// A network interface: a resource of its own, or a specification inside of an instance or launch template.
#[derive(Clone, Debug)]
pub struct Interface {
    pub span: Span,
    pub subnet: Pointer,
    /// Absent: the default group of the VPC.
    pub groups: Typed<Vec<Pointer>>,
    /// Absent: the subnet decides.
    pub associate_public_ip: Typed<bool>,
    /// Whether it asks for IPv6 addresses. Absent: the subnet decides.
    pub ipv6: Typed<bool>,
    /// An interface that exists already and is attached at launch.
    pub existing: Pointer,
}

/// What an instance is launched with: an `AWS::EC2::Instance`, a launch template or a launch configuration. The
/// instance's own properties override those of its template one by one.
#[derive(Clone, Debug)]
pub struct Launch {
    pub address: Address,
    pub span: Span,
    pub interfaces: Typed<Vec<Interface>>,
    pub subnet: Pointer,
    pub groups: Typed<Vec<Pointer>>,
    /// Of launch configurations only: instances and templates say it in an interface.
    pub associate_public_ip: Typed<bool>,
    pub ipv6: Typed<bool>,
    /// Of instances only.
    pub template: Pointer,
    /// Interfaces that an `AWS::EC2::NetworkInterfaceAttachment` adds to an instance.
    pub attached: Vec<Pointer>,
    /// What its user data and its cloud-init metadata mention, such as the ECS cluster that it joins.
    pub mentions: Vec<Address>,
}

/// An elastic IP address and what it is bound to.
#[derive(Clone, Debug)]
pub struct ElasticIp {
    pub span: Span,
    pub instance: Pointer,
    pub interface: Pointer,
}

pub(super) fn decode(resources: &Resources, ec2: &mut Ec2) {
    for resource in resources.of_kind(INTERFACE) {
        ec2.interfaces.insert(resource.address.clone(), interface(resources, &resource.properties, resource.name_span));
    }
    for resource in resources.of_kind(INSTANCE) {
        ec2.instances.push(instance(resources, resource));
    }
    for resource in resources.of_kind("AWS::EC2::NetworkInterfaceAttachment") {
        attach(resources, resource, ec2);
    }
    for resource in resources.of_kind(LAUNCH_TEMPLATE) {
        ec2.launch_templates.insert(resource.address.clone(), launch_template(resources, resource));
    }
    for kind in ["AWS::EC2::EIP", "AWS::EC2::EIPAssociation"] {
        for resource in resources.of_kind(kind) {
            ec2.elastic_ips.push(ElasticIp {
                span: resource.name_span,
                instance: target(resources, resource.prop("InstanceId"), &[INSTANCE]),
                interface: target(resources, resource.prop("NetworkInterfaceId"), &[INTERFACE]),
            });
        }
    }
}

fn interface(resources: &Resources, at: &Value, span: Span) -> Interface {
    let groups = match pointers(resources, at.prop("GroupSet"), &[SECURITY_GROUP]) {
        Typed::Absent(_) => pointers(resources, at.prop("Groups"), &[SECURITY_GROUP]),
        other => other,
    };
    Interface {
        span,
        subnet: target(resources, at.prop("SubnetId"), &[SUBNET]),
        groups,
        associate_public_ip: boolean(at.prop("AssociatePublicIpAddress")),
        ipv6: ipv6(at, span),
        existing: target(resources, at.prop("NetworkInterfaceId"), &[INTERFACE]),
    }
}

/// Whether IPv6 addresses are asked for by number or by address.
fn ipv6(at: &Value, span: Span) -> Typed<bool> {
    match integer(at.prop("Ipv6AddressCount")) {
        Typed::Known(count, span) => return Typed::Known(count > 0, span),
        Typed::Unknown(reason, span) => return Typed::Unknown(reason, span),
        Typed::Absent(_) => {}
    }
    match list(at.prop("Ipv6Addresses")) {
        Typed::Known(addresses, span) if !addresses.is_empty() => Typed::Known(true, span),
        Typed::Unknown(reason, span) => Typed::Unknown(reason, span),
        _ => Typed::Absent(span),
    }
}

fn interfaces(resources: &Resources, prop: Prop<'_>) -> Typed<Vec<Interface>> {
    match list(prop) {
        Typed::Absent(span) => Typed::Absent(span),
        Typed::Unknown(reason, span) => Typed::Unknown(reason, span),
        Typed::Known(items, span) => match items.iter().find(|item| item.as_map().is_none()) {
            Some(item) => Typed::Unknown(
                item.reason()
                    .cloned()
                    .unwrap_or_else(|| Reason::NotUnderstood("a network interface was expected here".into())),
                item.span,
            ),
            None if items.is_empty() => Typed::Absent(span),
            None => Typed::Known(items.iter().map(|item| interface(resources, item, item.span)).collect(), span),
        },
    }
}

fn instance(resources: &Resources, resource: &Resource) -> Launch {
    let by_id = target(resources, resource.prop("LaunchTemplate.LaunchTemplateId"), &[LAUNCH_TEMPLATE]);
    let template = match by_id {
        Typed::Absent(_) => template_by_name(resources, resource.prop("LaunchTemplate.LaunchTemplateName")),
        other => other,
    };
    launch(resources, resource, &resource.properties, template)
}

/// A launch template by its name: one whose `LaunchTemplateName` is the same text, else something outside.
pub(in crate::graph) fn template_by_name(resources: &Resources, name: Prop<'_>) -> Pointer {
    let wanted = target(resources, name, &[LAUNCH_TEMPLATE]);
    if let Prop::Known(value) = name
        && !matches!(value.kind, Kind::Unknown(_))
    {
        let same = |template: &&Resource| {
            template.prop("LaunchTemplateName").known().is_some_and(|other| other.kind == value.kind)
        };
        if let Some(template) = resources.of_kind(LAUNCH_TEMPLATE).find(same) {
            return Typed::Known(Target::Resource(template.address.clone()), value.span);
        }
    }
    wanted
}

fn launch_template(resources: &Resources, resource: &Resource) -> Launch {
    let none = Typed::Absent(resource.name_span);
    match resource.prop("LaunchTemplateData") {
        Prop::Known(data) => launch(resources, resource, data, none),
        // Every property below an unknown value is unknown as well.
        Prop::Unknown(reason, span) => {
            let data = Value { span, kind: Kind::Unknown(reason.clone()) };
            launch(resources, resource, &data, none)
        }
        Prop::Absent(span) => launch(resources, resource, &Value { span, kind: Kind::Null }, none),
    }
}

/// Reads what instances, launch templates and launch configurations have in common.
pub(in crate::graph) fn launch(resources: &Resources, resource: &Resource, at: &Value, template: Pointer) -> Launch {
    let groups = match pointers(resources, at.prop("SecurityGroupIds"), &[SECURITY_GROUP]) {
        Typed::Absent(_) => pointers(resources, at.prop("SecurityGroups"), &[SECURITY_GROUP]),
        other => other,
    };
    let mut mentions: Vec<Address> =
        at.prop("UserData").known().map(|data| clusters(resources, data)).unwrap_or_default();
    let metadata = resource.metadata.as_ref();
    for value in at.prop("UserData").known().into_iter().chain(metadata) {
        mentions.extend(value.references().into_iter().filter_map(|reference| match reference {
            Reference::Resource { address, .. } => Some(address.clone()),
            Reference::Pseudo(_) => None,
        }));
    }
    mentions.sort();
    mentions.dedup();
    Launch {
        address: resource.address.clone(),
        span: resource.name_span,
        interfaces: interfaces(resources, at.prop("NetworkInterfaces")),
        subnet: target(resources, at.prop("SubnetId"), &[SUBNET]),
        groups,
        associate_public_ip: boolean(at.prop("AssociatePublicIpAddress")),
        ipv6: ipv6(at, resource.name_span),
        template,
        attached: Vec::new(),
        mentions,
    }
}

/// The clusters that user data lets the ECS agent join by their literal names. Source: Amazon ECS Developer Guide,
/// "Amazon ECS container agent configuration", `ECS_CLUSTER`.
fn clusters(resources: &Resources, user_data: &Value) -> Vec<Address> {
    const SETTING: &str = "ECS_CLUSTER=";
    let text = user_data.template().unwrap_or_default();
    let settings = text.match_indices(SETTING).filter_map(|(at, _)| {
        let rest = text.get(at + SETTING.len()..)?.trim_start_matches(['"', '\'']);
        rest.split(|char: char| !(char.is_alphanumeric() || "-_".contains(char))).next()
    });
    let joined: Vec<&str> = settings.collect();
    let is_joined = |cluster: &&Resource| {
        cluster.prop("ClusterName").known().and_then(Value::as_str).is_some_and(|name| joined.contains(&name))
    };
    resources.of_kind("AWS::ECS::Cluster").filter(is_joined).map(|cluster| cluster.address.clone()).collect()
}

/// An interface that is attached by a resource of its own counts as one of the instance's.
fn attach(resources: &Resources, resource: &Resource, ec2: &mut Ec2) {
    let instance = target(resources, resource.prop("InstanceId"), &[INSTANCE]);
    let existing = target(resources, resource.prop("NetworkInterfaceId"), &[INTERFACE]);
    for launch in &mut ec2.instances {
        let this = Target::Resource(launch.address.clone());
        match super::leads_to(&instance, &this) {
            Ok(false) => {}
            Ok(true) => launch.attached.push(existing.clone()),
            Err(reason) => launch.attached.push(Typed::Unknown(reason.clone(), instance.span())),
        }
    }
}
