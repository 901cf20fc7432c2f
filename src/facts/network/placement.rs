//! Workloads and their network interfaces: what an instance, a group of instances, a service or a function is attached
//! to the network with, after launch templates, defaults and container hosts are followed.

use std::sync::Arc;

use super::super::Step;
use super::name_of;
use super::routing::Place;
use crate::graph::ec2::security_group::Ports;
use crate::graph::ec2::{Interface, Launch, Pointer, SECURITY_GROUP, SUBNET, leads_to, may_be_declared, pointers_of};
use crate::graph::ecs::{Network, Service};
use crate::graph::{Graph, Target, Typed, autoscaling, text};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Reason};

/// Something that runs code in a VPC.
#[derive(Debug)]
pub(super) struct Workload<'g> {
    pub(super) resource: &'g Resource,
    /// `instance`, `auto_scaling_group`, `ecs_service`, `ecs_task_set`, `ecs_task` or `function`.
    pub(super) kind: &'static str,
    pub(super) interfaces: Result<Vec<Nic>, Unread>,
    pub(super) registrations: Vec<Registration>,
}

/// Why something could not be followed, and where that shows.
#[derive(Clone, Debug)]
pub(super) struct Unread {
    pub(super) reason: Reason,
    pub(super) step: Step,
}

/// A network interface of a workload.
#[derive(Clone, Debug)]
pub(super) struct Nic {
    pub(super) place: Place,
    /// Absent: the default group of the VPC.
    pub(super) groups: Typed<Vec<Pointer>>,
    /// Whether it gets a public IPv4 address at launch. Absent: the subnet decides.
    pub(super) ipv4: Typed<bool>,
    /// Whether it gets IPv6 addresses. Absent: the subnet decides.
    pub(super) ipv6: Typed<bool>,
    /// The resource, when it is one of its own.
    pub(super) interface: Option<Target>,
}

/// A target group in which a workload is registered, and the ports on which it receives traffic from there.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    pub(super) target_group: Pointer,
    /// Absent: the port of the group.
    pub(super) ports: Typed<Ports>,
}

/// Host ports that containers without a fixed one get: the ephemeral ranges of Linux and of the ECS agent. Source:
/// Amazon ECS API Reference, `PortMapping`, `hostPort`.
const EPHEMERAL: Ports = Ports { from: 32768, to: 65535 };

/// Every workload that stands in a VPC or may do so, in the order instances, groups, services, tasks, functions.
pub(super) fn workloads(graph: &Graph) -> Vec<Workload<'_>> {
    let mut found = Vec::new();
    let mut add = |address: &Address, kind, interfaces, registrations| {
        if let Some(resource) = graph.resources.get(address) {
            found.push(Workload { resource, kind, interfaces, registrations });
        }
    };
    for launch in &graph.ec2.instances {
        add(&launch.address, "instance", Ok(instance(graph, launch)), instance_targets(graph, &launch.address));
    }
    for group in &graph.autoscaling.groups {
        let registrations = listed(&group.target_groups, |pointer| Registration {
            ports: Typed::Absent(pointer.span()),
            target_group: pointer.clone(),
        });
        add(&group.address, "auto_scaling_group", Ok(scaling_group(graph, group)), registrations);
    }
    for service in &graph.ecs.services {
        let outside = service.launch_type.known().is_some_and(|kind| kind == "EXTERNAL");
        if service.external.known() == Some(&true) || outside {
            continue;
        }
        let kind = if service.task_set { "ecs_task_set" } else { "ecs_service" };
        add(&service.address, kind, tasks(graph, service), service_targets(graph, service));
    }
    for (address, own) in &graph.ecs.tasks {
        let interfaces = match own {
            Typed::Known(own, _) => Ok(own.iter().map(|pointer| in_use(graph, pointer)).collect()),
            Typed::Absent(_) => Ok(Vec::new()),
            Typed::Unknown(reason, span) => {
                Err(Unread { reason: reason.clone(), step: Step::new("the interfaces of the tasks", *span) })
            }
        };
        add(address, "ecs_task", interfaces, Vec::new());
    }
    for function in &graph.lambda.functions {
        let Some(subnets) = function_subnets(graph, &function.subnets) else { continue };
        let groups = match &function.security_groups {
            Typed::Known(groups, span) => Typed::Known(pointers_of(&graph.resources, groups, &[SECURITY_GROUP]), *span),
            Typed::Absent(span) => Typed::Absent(*span),
            Typed::Unknown(reason, span) => Typed::Unknown(reason.clone(), *span),
        };
        // Hyperplane interfaces of functions take no connections and have no public address.
        let never = |span| Typed::Known(false, span);
        let nics = subnets.into_iter().map(|subnet| Nic {
            ipv4: never(subnet.span()),
            ipv6: never(subnet.span()),
            place: Place::Subnet(subnet),
            groups: groups.clone(),
            interface: None,
        });
        add(&function.address, "function", Ok(nics.collect()), Vec::new());
    }
    found
}

fn function_subnets(graph: &Graph, subnets: &Typed<Vec<crate::value::Value>>) -> Option<Vec<Pointer>> {
    match subnets {
        Typed::Absent(_) => None,
        Typed::Unknown(reason, span) => Some(vec![Typed::Unknown(reason.clone(), *span)]),
        Typed::Known(items, _) => Some(pointers_of(&graph.resources, items, &[SUBNET])).filter(|list| !list.is_empty()),
    }
}

/// The interfaces of an instance: its own properties, then those of its launch template, then the default.
fn instance(graph: &Graph, own: &Launch) -> Vec<Nic> {
    let merged = match &own.template {
        Typed::Absent(_) => own.clone(),
        template => over(own, &launch(graph, template)),
    };
    let mut nics = nics(graph, &merged);
    nics.extend(own.attached.iter().map(|pointer| existing(graph, pointer)));
    nics
}

/// A launch template or configuration; what is not declared is unknown in every respect.
fn launch(graph: &Graph, pointer: &Pointer) -> Launch {
    let declared = pointer.address().and_then(|address| {
        let templates = graph.ec2.launch_templates.get(address);
        templates.or_else(|| graph.autoscaling.launch_configurations.get(address))
    });
    if let Some(launch) = declared {
        return launch.clone();
    }
    let span = pointer.span();
    let reason = match pointer {
        Typed::Unknown(reason, _) => reason.clone(),
        Typed::Known(target, _) => Reason::Outside(Arc::from(format!("launch template `{}`", name_of(target)))),
        Typed::Absent(_) => Reason::NotUnderstood(Arc::from("no launch template is named")),
    };
    Launch {
        address: Address(Arc::from("")),
        span,
        interfaces: Typed::Unknown(reason.clone(), span),
        subnet: Typed::Unknown(reason.clone(), span),
        groups: Typed::Unknown(reason.clone(), span),
        associate_public_ip: Typed::Unknown(reason.clone(), span),
        ipv6: Typed::Unknown(reason, span),
        template: Typed::Absent(span),
        attached: Vec::new(),
        mentions: Vec::new(),
    }
}

fn over(own: &Launch, template: &Launch) -> Launch {
    // Interfaces and an instance-level subnet or group exclude each other, so an instance that names a subnet makes
    // the template's interfaces, if any, a deployment error rather than a question.
    let placed = !matches!(own.subnet, Typed::Absent(_));
    let unread = matches!(template.interfaces, Typed::Unknown(..));
    Launch {
        interfaces: if placed && unread { own.interfaces.clone() } else { or(&own.interfaces, &template.interfaces) },
        subnet: or(&own.subnet, &template.subnet),
        groups: or(&own.groups, &template.groups),
        associate_public_ip: if placed && unread {
            template.associate_public_ip.clone()
        } else {
            or(&own.associate_public_ip, &template.associate_public_ip)
        },
        ipv6: or(&own.ipv6, &template.ipv6),
        ..own.clone()
    }
}

fn or<T: Clone>(first: &Typed<T>, second: &Typed<T>) -> Typed<T> {
    if matches!(first, Typed::Absent(_)) { second.clone() } else { first.clone() }
}

fn nics(graph: &Graph, launch: &Launch) -> Vec<Nic> {
    match &launch.interfaces {
        Typed::Known(interfaces, _) => interfaces.iter().map(|interface| specified(graph, launch, interface)).collect(),
        Typed::Unknown(reason, span) => vec![opaque(reason, *span)],
        Typed::Absent(_) => vec![Nic {
            place: place(&launch.subnet),
            groups: launch.groups.clone(),
            ipv4: launch.associate_public_ip.clone(),
            ipv6: launch.ipv6.clone(),
            interface: None,
        }],
    }
}

fn specified(graph: &Graph, launch: &Launch, interface: &Interface) -> Nic {
    if !matches!(interface.existing, Typed::Absent(_)) {
        return existing(graph, &interface.existing);
    }
    Nic {
        place: place(&or(&interface.subnet, &launch.subnet)),
        groups: or(&interface.groups, &launch.groups),
        ipv4: interface.associate_public_ip.clone(),
        ipv6: or(&interface.ipv6, &launch.ipv6),
        interface: None,
    }
}

/// An interface that exists before the launch: it never gets a public IPv4 address by itself.
fn existing(graph: &Graph, pointer: &Pointer) -> Nic {
    let span = pointer.span();
    let declared = pointer.address().and_then(|address| graph.ec2.interfaces.get(address));
    let Some(interface) = declared else {
        let reason = match pointer {
            Typed::Unknown(reason, _) => reason.clone(),
            Typed::Known(target, _) => Reason::Outside(Arc::from(format!("network interface `{}`", name_of(target)))),
            Typed::Absent(_) => Reason::NotUnderstood(Arc::from("no network interface is named")),
        };
        return opaque(&reason, span);
    };
    Nic {
        place: Place::Subnet(interface.subnet.clone()),
        groups: interface.groups.clone(),
        ipv4: Typed::Known(false, span),
        ipv6: interface.ipv6.clone(),
        interface: pointer.known().cloned(),
    }
}

/// An interface of a live account that a service made for what uses it, with the public address that it has.
fn in_use(graph: &Graph, pointer: &Pointer) -> Nic {
    let nic = existing(graph, pointer);
    let Some(resource) = pointer.address().and_then(|address| graph.resources.get(address)) else { return nic };
    let public = text(resource.prop("PublicIp"));
    let ipv4 = match &public {
        Typed::Known(..) | Typed::Absent(_) => Typed::Known(public.known().is_some(), public.span()),
        Typed::Unknown(reason, span) => Typed::Unknown(reason.clone(), *span),
    };
    Nic { ipv4, ..nic }
}

fn opaque(reason: &Reason, span: Span) -> Nic {
    Nic {
        place: Place::Subnet(Typed::Unknown(reason.clone(), span)),
        groups: Typed::Unknown(reason.clone(), span),
        ipv4: Typed::Unknown(reason.clone(), span),
        ipv6: Typed::Unknown(reason.clone(), span),
        interface: None,
    }
}

fn place(subnet: &Pointer) -> Place {
    match subnet {
        Typed::Absent(span) => Place::DefaultVpc(*span),
        other => Place::Subnet(other.clone()),
    }
}

/// The interfaces of a group's instances: one for each launch template and subnet.
fn scaling_group(graph: &Graph, group: &autoscaling::Group) -> Vec<Nic> {
    let mut found = Vec::new();
    for pointer in &group.launches {
        let launch = launch(graph, pointer);
        let template = nics(graph, &launch);
        let subnets = match &group.subnets {
            Typed::Known(subnets, _) => subnets.iter().map(|subnet| Place::Subnet(subnet.clone())).collect(),
            Typed::Unknown(reason, span) => vec![Place::Subnet(Typed::Unknown(reason.clone(), *span))],
            Typed::Absent(_) => template.iter().map(|nic| nic.place.clone()).collect(),
        };
        for place in subnets {
            // The group's subnets override those of the template's interfaces.
            found.extend(template.iter().map(|nic| Nic { place: place.clone(), ..nic.clone() }));
        }
    }
    found
}

fn tasks(graph: &Graph, service: &Service) -> Result<Vec<Nic>, Unread> {
    match &service.network {
        Typed::Known(network, _) => Ok(task_interfaces(graph, network)),
        Typed::Unknown(reason, span) => {
            Err(Unread { reason: reason.clone(), step: Step::new("the network configuration of the tasks", *span) })
        }
        Typed::Absent(_) => hosts(graph, service),
    }
}

fn task_interfaces(graph: &Graph, network: &Network) -> Vec<Nic> {
    let subnets = match &network.subnets {
        Typed::Known(subnets, _) => subnets.clone(),
        Typed::Unknown(reason, span) => vec![Typed::Unknown(reason.clone(), *span)],
        Typed::Absent(span) => vec![Typed::Unknown(Reason::NotUnderstood(Arc::from("`Subnets` is missing")), *span)],
    };
    let ipv4 = network.assign_public_ip.clone().map(|word| word.eq_ignore_ascii_case("ENABLED"));
    let nic = |subnet: Pointer| Nic {
        ipv6: task_ipv6(graph, &subnet),
        place: Place::Subnet(subnet),
        groups: network.groups.clone(),
        ipv4: ipv4.clone(),
        interface: None,
    };
    subnets.into_iter().map(nic).collect()
}

/// Tasks get IPv6 addresses in a dual-stack subnet when the account allows it. Source: Amazon ECS Developer Guide,
/// "Account settings", `dualStackIPv6`.
fn task_ipv6(graph: &Graph, subnet: &Pointer) -> Typed<bool> {
    match subnet.address().and_then(|address| graph.ec2.subnets.get(address)).map(|subnet| &subnet.has_ipv6) {
        Some(Typed::Known(false, span)) => Typed::Known(false, *span),
        _ => Typed::Unknown(Reason::Outside(Arc::from("the account setting `dualStackIPv6`")), subnet.span()),
    }
}

/// Tasks in the bridge and host modes share the interfaces of the cluster's instances.
fn hosts(graph: &Graph, service: &Service) -> Result<Vec<Nic>, Unread> {
    let providers: Vec<&Pointer> = if service.capacity_providers.is_empty() {
        let of_cluster = |(cluster, _): &&(Pointer, Pointer)| match (&service.cluster, cluster) {
            (Typed::Known(wanted, _), cluster) => leads_to(cluster, wanted) == Ok(true),
            _ => false,
        };
        graph.ecs.cluster_providers.iter().filter(of_cluster).map(|(_, provider)| provider).collect()
    } else {
        service.capacity_providers.iter().collect()
    };
    let groups: Vec<&Address> = providers
        .iter()
        .filter_map(|provider| graph.ecs.capacity_providers.get(provider.address()?)?.address())
        .collect();
    let mentions = |launch: &Launch| service.cluster.address().is_some_and(|cluster| launch.mentions.contains(cluster));
    let mut found = Vec::new();
    for group in &graph.autoscaling.groups {
        let joins =
            groups.contains(&&group.address) || group.launches.iter().any(|pointer| mentions(&launch(graph, pointer)));
        if joins {
            found.extend(scaling_group(graph, group));
        }
    }
    let joined = service.cluster.address().and_then(|cluster| graph.ecs.container_instances.get(cluster));
    if let Some(Typed::Unknown(reason, span)) = joined {
        return Err(Unread { reason: reason.clone(), step: Step::new("the instances of the cluster", *span) });
    }
    let joins = |launch: &Launch| {
        let mut named = joined.into_iter().filter_map(Typed::known).flatten();
        named.any(|pointer| pointer.address() == Some(&launch.address))
    };
    for launch in graph.ec2.instances.iter().filter(|launch| mentions(launch) || joins(launch)) {
        found.extend(instance(graph, launch));
    }
    if found.is_empty() {
        let label = "its tasks share the network of the container instances of the cluster";
        let instance_of =
            |cluster: &str| Reason::Outside(Arc::from(format!("a container instance of cluster `{cluster}`")));
        let reason = match &service.cluster {
            Typed::Known(cluster, _) => instance_of(&name_of(cluster)),
            Typed::Absent(_) => instance_of("default"),
            Typed::Unknown(reason, _) => reason.clone(),
        };
        return Err(Unread { reason, step: Step::new(label, service.span) });
    }
    Ok(found)
}

fn instance_targets(graph: &Graph, address: &Address) -> Vec<Registration> {
    let this = Target::Resource(address.clone());
    let mut found = Vec::new();
    for group in graph.elbv2.target_groups.iter() {
        let itself = Target::Resource(group.address.clone());
        for member in &group.members {
            match leads_to(&member.target, &this) {
                Ok(false) => {}
                Ok(true) => found.push(Registration {
                    target_group: Typed::Known(itself.clone(), member.span),
                    ports: port(&member.port),
                }),
                Err(reason) => found.push(uncertain(reason, member.span)),
            }
        }
        if let Some(reason) = group.members_open.as_ref().filter(|reason| may_be_declared(reason)) {
            found.push(uncertain(reason, group.name_span));
        }
    }
    found
}

fn uncertain(reason: &Reason, span: Span) -> Registration {
    Registration { target_group: Typed::Unknown(reason.clone(), span), ports: Typed::Unknown(reason.clone(), span) }
}

fn service_targets(graph: &Graph, service: &Service) -> Vec<Registration> {
    listed(&service.load_balancers, |registration| Registration {
        target_group: registration.target_group.clone(),
        ports: match &service.network {
            Typed::Known(..) => port(&registration.port),
            Typed::Unknown(reason, span) => Typed::Unknown(reason.clone(), *span),
            Typed::Absent(_) => host_port(graph, service, &registration.container, &registration.port),
        },
    })
    .into_iter()
    .filter(|registration| !matches!(registration.target_group, Typed::Absent(_)))
    .collect()
}

/// The port of the instance that leads to a container's port.
fn host_port(graph: &Graph, service: &Service, container: &Typed<String>, port_in: &Typed<i64>) -> Typed<Ports> {
    let outside = |what: &str| Typed::Unknown(Reason::Outside(Arc::from(what)), service.span);
    let definition = service.task_definition.address().and_then(|address| graph.ecs.task_definitions.get(address));
    let Some(definition) = definition else { return outside("the task definition") };
    match &definition.network_mode {
        Typed::Known(mode, _) if mode == "host" => return port(port_in),
        Typed::Unknown(reason, span) => return Typed::Unknown(reason.clone(), *span),
        Typed::Known(..) | Typed::Absent(_) => {}
    }
    let mappings = match &definition.mappings {
        Typed::Known(mappings, _) => mappings,
        Typed::Unknown(reason, span) => return Typed::Unknown(reason.clone(), *span),
        Typed::Absent(span) => return Typed::Known(EPHEMERAL, *span),
    };
    let same = |mapping: &&crate::graph::ecs::Mapping| {
        mapping.container.known() == container.known() && mapping.container_port.known() == port_in.known()
    };
    match mappings.iter().find(same).map(|mapping| &mapping.host_port) {
        Some(Typed::Known(0, span) | Typed::Absent(span)) => Typed::Known(EPHEMERAL, *span),
        Some(fixed) => port(fixed),
        None => outside("the port mapping of the container"),
    }
}

fn port(port: &Typed<i64>) -> Typed<Ports> {
    match port {
        Typed::Absent(span) => Typed::Absent(*span),
        Typed::Unknown(reason, span) => Typed::Unknown(reason.clone(), *span),
        Typed::Known(number, span) => u16::try_from(*number).map_or_else(
            |_| Typed::Unknown(Reason::NotUnderstood(Arc::from(format!("`{number}` is not a port"))), *span),
            |number| Typed::Known(Ports::one(number), *span),
        ),
    }
}

fn listed<T>(list: &Typed<Vec<T>>, make: impl Fn(&T) -> Registration) -> Vec<Registration> {
    match list {
        Typed::Known(items, _) => items.iter().map(make).collect(),
        Typed::Unknown(reason, span) => vec![uncertain(reason, *span)],
        Typed::Absent(_) => Vec::new(),
    }
}
