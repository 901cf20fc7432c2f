//! ECS services and task sets: where their tasks stand and which target groups they join.

use std::collections::BTreeMap;

use super::ec2::{INSTANCE, INTERFACE, Pointer, SECURITY_GROUP, SUBNET, pointers};
use super::{Resources, Typed, autoscaling, integer, list, target, text};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Prop, Value};

pub const SERVICE: &str = "AWS::ECS::Service";
pub const TASK_SET: &str = "AWS::ECS::TaskSet";
/// Tasks of one group that no service keeps, as live accounts tell them.
pub const TASK: &str = "AWS::ECS::Task";
pub const CLUSTER: &str = "AWS::ECS::Cluster";
pub const TASK_DEFINITION: &str = "AWS::ECS::TaskDefinition";
const CAPACITY_PROVIDER: &str = "AWS::ECS::CapacityProvider";

#[derive(Debug, Default)]
pub struct Ecs {
    /// Services and task sets, in source order.
    pub services: Vec<Service>,
    pub task_definitions: BTreeMap<Address, TaskDefinition>,
    /// Tasks that no service keeps, with their interfaces.
    pub tasks: Vec<(Address, Typed<Vec<Pointer>>)>,
    /// Auto Scaling groups behind capacity providers.
    pub capacity_providers: BTreeMap<Address, Pointer>,
    /// Capacity providers of a cluster, its own and those associated with it.
    pub cluster_providers: Vec<(Pointer, Pointer)>,
    /// Cluster → the instances that joined it, where that is known: live accounts tell it (`ContainerInstances`).
    pub container_instances: BTreeMap<Address, Typed<Vec<Pointer>>>,
}

#[derive(Clone, Debug)]
pub struct Service {
    pub address: Address,
    pub span: Span,
    /// A task set of a service, not the service itself.
    pub task_set: bool,
    /// An external deployment controller: the task sets say where tasks run.
    pub external: Typed<bool>,
    /// Absent: the account's default cluster.
    pub cluster: Pointer,
    pub task_definition: Pointer,
    /// `EC2`, `FARGATE`, `EXTERNAL`; absent when a capacity provider strategy is given, else `EC2`.
    pub launch_type: Typed<String>,
    pub capacity_providers: Vec<Pointer>,
    /// `AwsvpcConfiguration`: absent for the bridge and host network modes, whose tasks share the instance's interface.
    pub network: Typed<Network>,
    pub load_balancers: Typed<Vec<Registration>>,
}

#[derive(Clone, Debug)]
pub struct Network {
    pub span: Span,
    pub subnets: Typed<Vec<Pointer>>,
    pub groups: Typed<Vec<Pointer>>,
    /// `ENABLED` or `DISABLED`. Source: Amazon ECS API Reference, `AwsVpcConfiguration`: `DISABLED` by default.
    pub assign_public_ip: Typed<String>,
}

/// A container port that is registered in a target group.
#[derive(Clone, Debug)]
pub struct Registration {
    pub span: Span,
    pub target_group: Pointer,
    pub container: Typed<String>,
    pub port: Typed<i64>,
}

#[derive(Clone, Debug)]
pub struct TaskDefinition {
    pub address: Address,
    pub span: Span,
    /// `bridge` by default on Linux.
    pub network_mode: Typed<String>,
    pub mappings: Typed<Vec<Mapping>>,
}

/// A container port and the port of the host that leads to it.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub container: Typed<String>,
    pub container_port: Typed<i64>,
    /// Absent or 0: an ephemeral port chosen when the task starts.
    pub host_port: Typed<i64>,
}

impl Ecs {
    pub fn new(resources: &Resources) -> Self {
        let mut ecs = Self::default();
        for kind in [SERVICE, TASK_SET] {
            ecs.services.extend(resources.of_kind(kind).map(|resource| service(resources, resource)));
        }
        for resource in resources.of_kind(TASK_DEFINITION) {
            ecs.task_definitions.insert(resource.address.clone(), task_definition(resource));
        }
        for resource in resources.of_kind(TASK) {
            let own = list(resource.prop("NetworkInterfaces")).map(|own| {
                own.iter().map(|one| target(resources, one.prop("NetworkInterfaceId"), &[INTERFACE])).collect()
            });
            ecs.tasks.push((resource.address.clone(), own));
        }
        for resource in resources.of_kind(CAPACITY_PROVIDER) {
            let group = resource.prop("AutoScalingGroupProvider.AutoScalingGroupArn");
            ecs.capacity_providers.insert(resource.address.clone(), target(resources, group, &[autoscaling::GROUP]));
        }
        for resource in resources.of_kind(CLUSTER) {
            let cluster = super::Target::Resource(resource.address.clone());
            let providers = pointers(resources, resource.prop("CapacityProviders"), &[CAPACITY_PROVIDER]);
            ecs.associate(&Typed::Known(cluster, resource.name_span), providers);
            let joined = list(resource.prop("ContainerInstances")).map(|joined| {
                joined.iter().map(|one| target(resources, one.prop("Ec2InstanceId"), &[INSTANCE])).collect()
            });
            ecs.container_instances.insert(resource.address.clone(), joined);
        }
        for resource in resources.of_kind("AWS::ECS::ClusterCapacityProviderAssociations") {
            let cluster = target(resources, resource.prop("Cluster"), &[CLUSTER]);
            let providers = pointers(resources, resource.prop("CapacityProviders"), &[CAPACITY_PROVIDER]);
            ecs.associate(&cluster, providers);
        }
        ecs
    }

    fn associate(&mut self, cluster: &Pointer, providers: Typed<Vec<Pointer>>) {
        match providers {
            Typed::Known(providers, _) => {
                self.cluster_providers.extend(providers.into_iter().map(|provider| (cluster.clone(), provider)));
            }
            Typed::Unknown(reason, span) => {
                self.cluster_providers.push((cluster.clone(), Typed::Unknown(reason, span)));
            }
            Typed::Absent(_) => {}
        }
    }
}

fn service(resources: &Resources, resource: &Resource) -> Service {
    let controller = text(resource.prop("DeploymentController.Type"));
    let external = match controller {
        Typed::Known(kind, span) => Typed::Known(kind == "EXTERNAL", span),
        Typed::Absent(span) => Typed::Known(false, span),
        Typed::Unknown(reason, span) => Typed::Unknown(reason, span),
    };
    Service {
        address: resource.address.clone(),
        span: resource.name_span,
        task_set: &*resource.kind == TASK_SET,
        external,
        cluster: target(resources, resource.prop("Cluster"), &[CLUSTER]),
        task_definition: target(resources, resource.prop("TaskDefinition"), &[TASK_DEFINITION]),
        launch_type: text(resource.prop("LaunchType")),
        capacity_providers: strategy(resources, resource),
        network: network(resources, resource.prop("NetworkConfiguration.AwsvpcConfiguration")),
        load_balancers: registrations(resources, resource.prop("LoadBalancers")),
    }
}

fn strategy(resources: &Resources, resource: &Resource) -> Vec<Pointer> {
    match list(resource.prop("CapacityProviderStrategy")) {
        Typed::Known(items, _) => items
            .iter()
            .map(|item| target(resources, item.prop("CapacityProvider"), &[CAPACITY_PROVIDER]))
            .filter(|provider| !matches!(provider, Typed::Absent(_)))
            .collect(),
        Typed::Unknown(reason, span) => vec![Typed::Unknown(reason, span)],
        Typed::Absent(_) => Vec::new(),
    }
}

fn network(resources: &Resources, prop: Prop<'_>) -> Typed<Network> {
    match prop {
        Prop::Absent(span) => Typed::Absent(span),
        Prop::Unknown(reason, span) => Typed::Unknown(reason.clone(), span),
        Prop::Known(at) => Typed::Known(
            Network {
                span: at.span,
                subnets: pointers(resources, at.prop("Subnets"), &[SUBNET]),
                groups: pointers(resources, at.prop("SecurityGroups"), &[SECURITY_GROUP]),
                assign_public_ip: text(at.prop("AssignPublicIp")).or_default("DISABLED".to_owned()),
            },
            at.span,
        ),
    }
}

fn registrations(resources: &Resources, prop: Prop<'_>) -> Typed<Vec<Registration>> {
    let one = |item: &Value, group: &str| Registration {
        span: item.span,
        target_group: target(resources, item.prop(group), &[super::elbv2::TARGET_GROUP]),
        container: text(item.prop("ContainerName")),
        port: integer(item.prop("ContainerPort")),
    };
    // A blue/green deployment moves the tasks between two groups.
    let alternate = "AdvancedConfiguration.AlternateTargetGroupArn";
    let both = |item: &Value| {
        let other = (!item.prop(alternate).is_absent()).then(|| one(item, alternate));
        std::iter::once(one(item, "TargetGroupArn")).chain(other).collect::<Vec<_>>()
    };
    match list(prop) {
        Typed::Known(items, span) => Typed::Known(items.iter().flat_map(both).collect(), span),
        Typed::Unknown(reason, span) => Typed::Unknown(reason, span),
        Typed::Absent(span) => Typed::Absent(span),
    }
}

fn task_definition(resource: &Resource) -> TaskDefinition {
    let mappings = match list(resource.prop("ContainerDefinitions")) {
        Typed::Known(containers, span) => {
            let mut found = Vec::new();
            let mut unread = None;
            for container in &containers {
                match list(container.prop("PortMappings")) {
                    Typed::Known(ports, _) => found.extend(ports.iter().map(|port| Mapping {
                        container: text(container.prop("Name")),
                        container_port: integer(port.prop("ContainerPort")),
                        host_port: integer(port.prop("HostPort")),
                    })),
                    Typed::Unknown(reason, span) => unread = Some((reason, span)),
                    Typed::Absent(_) => {}
                }
            }
            unread.map_or(Typed::Known(found, span), |(reason, span)| Typed::Unknown(reason, span))
        }
        Typed::Unknown(reason, span) => Typed::Unknown(reason, span),
        Typed::Absent(span) => Typed::Known(Vec::new(), span),
    };
    TaskDefinition {
        address: resource.address.clone(),
        span: resource.name_span,
        network_mode: text(resource.prop("NetworkMode")),
        mappings,
    }
}
