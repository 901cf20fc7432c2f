//! Services and task sets.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{
    DeploymentController, DeploymentControllerType, LoadBalancer, NetworkConfiguration, Service, ServiceField,
    ServiceRegistry, TaskSet,
};

use super::{Providers, strategy, tags};
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

const SERVICE: &str = "AWS::ECS::Service";
const HIDDEN: &[&str] = &[SERVICE, "AWS::ECS::TaskDefinition", "AWS::ECS::TaskSet"];
pub(super) const LIST_SERVICES: Read = Read::list("ecs:ListServices", HIDDEN);
pub(super) const SERVICES: Read = Read::list("ecs:DescribeServices", HIDDEN);

/// Services of one `DescribeServices`. Source: Amazon ECS API Reference.
const AT_ONCE: usize = 10;

/// What services run.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub definitions: BTreeSet<String>,
    /// By the ARN of the cluster.
    tasks: BTreeMap<String, i32>,
}

impl Kept {
    pub(super) fn tasks_in(&self, cluster: &str) -> i32 {
        self.tasks.get(cluster).copied().unwrap_or_default()
    }
}

/// Reads the services of all clusters.
pub(super) async fn services(reader: &Reader, client: &Client, clusters: &[String], providers: &Providers) -> Kept {
    let of_cluster = |cluster: &String| {
        let cluster = cluster.clone();
        async move {
            let pages = client.list_services().cluster(&cluster).max_results(100).into_paginator().items().send();
            let arns = reader.list(&LIST_SERVICES, pages).await;
            let mut found = Vec::new();
            for chunk in arns.chunks(AT_ONCE) {
                let call = client
                    .describe_services()
                    .cluster(&cluster)
                    .set_services(Some(chunk.to_vec()))
                    .include(ServiceField::Tags);
                let page = |_| async { Ok((call.clone().send().await?.services.unwrap_or_default(), None)) };
                found.extend(reader.pages(&SERVICES, page).await);
            }
            found
        }
    };
    let mut kept = Kept::default();
    for service in reader.map(clusters, of_cluster).await.into_iter().flatten() {
        if service.status() == Some("INACTIVE") {
            continue;
        }
        reader.push(of_service(&service, providers));
        let tasks = kept.tasks.entry(service.cluster_arn().unwrap_or_default().to_owned()).or_default();
        *tasks += service.running_count() + service.pending_count();
        kept.definitions.extend(service.task_definition().map(str::to_owned));
        for set in service.task_sets() {
            kept.definitions.extend(set.task_definition().map(str::to_owned));
            if controller(&service) == Some(&DeploymentControllerType::External) {
                reader.push(of_task_set(set, providers));
            }
        }
    }
    kept
}

fn controller(service: &Service) -> Option<&DeploymentControllerType> {
    service.deployment_controller().map(DeploymentController::r#type)
}

/// What a blue/green deployment of `CodeDeploy` runs stands in the primary one of its task sets. Source: Amazon ECS API
/// Reference, `Service`, `taskSets`.
pub(super) fn of_service(service: &Service, providers: &Providers) -> Item {
    let arn = service.service_arn().unwrap_or_default();
    let primary = service.task_sets().iter().find(|set| set.status() == Some("PRIMARY"));
    let primary = primary.filter(|_| controller(service) == Some(&DeploymentControllerType::CodeDeploy));
    let network = service.network_configuration().or_else(|| primary?.network_configuration());
    let definition = service.task_definition().or_else(|| primary?.task_definition());
    let launch = service.launch_type().or_else(|| primary?.launch_type());
    let mut balancers = service.load_balancers();
    if balancers.is_empty() {
        balancers = primary.map(TaskSet::load_balancers).unwrap_or_default();
    }
    let type_of = controller(service).map(|kind| Object::new().set("Type", kind.as_str()));
    Item::new(SERVICE, arn)
        .name(service.service_name())
        .means("Ref", Some(arn))
        .set("ServiceName", service.service_name())
        .set("Cluster", service.cluster_arn())
        .set("TaskDefinition", definition)
        .set("LaunchType", word(launch))
        .set("CapacityProviderStrategy", strategy(service.capacity_provider_strategy(), providers))
        .set("DeploymentController", type_of)
        .set("SchedulingStrategy", word(service.scheduling_strategy()))
        .set("DesiredCount", service.desired_count())
        .set("EnableExecuteCommand", service.enable_execute_command())
        .set("NetworkConfiguration", network.and_then(of_network))
        .set("LoadBalancers", of_balancers(balancers))
        .set("ServiceRegistries", of_registries(service.service_registries()))
        .set("PlatformVersion", service.platform_version())
        .set("Tags", tags(service.tags()))
}

fn of_task_set(set: &TaskSet, providers: &Providers) -> Item {
    let arn = set.task_set_arn().unwrap_or_default();
    Item::new("AWS::ECS::TaskSet", arn)
        .name(set.id())
        .means("Ref", Some(arn))
        .means("Id", set.id())
        .set("Service", set.service_arn())
        .set("Cluster", set.cluster_arn())
        .set("TaskDefinition", set.task_definition())
        .set("LaunchType", word(set.launch_type()))
        .set("CapacityProviderStrategy", strategy(set.capacity_provider_strategy(), providers))
        .set("NetworkConfiguration", set.network_configuration().and_then(of_network))
        .set("LoadBalancers", of_balancers(set.load_balancers()))
        .set("ServiceRegistries", of_registries(set.service_registries()))
        .set("Tags", tags(set.tags()))
}

fn of_network(config: &NetworkConfiguration) -> Option<Object> {
    let config = config.awsvpc_configuration()?;
    let groups = config.security_groups();
    let vpc = Object::new()
        .set("Subnets", config.subnets())
        .set("SecurityGroups", (!groups.is_empty()).then_some(groups))
        .set("AssignPublicIp", word(config.assign_public_ip()));
    Some(Object::new().set("AwsvpcConfiguration", vpc))
}

fn of_balancers(balancers: &[LoadBalancer]) -> Option<Vec<Object>> {
    let one = |balancer: &LoadBalancer| {
        let advanced = balancer.advanced_configuration().map(|config| {
            Object::new()
                .set("AlternateTargetGroupArn", config.alternate_target_group_arn())
                .set("ProductionListenerRule", config.production_listener_rule())
                .set("TestListenerRule", config.test_listener_rule())
                .set("RoleArn", config.role_arn())
        });
        Object::new()
            .set("TargetGroupArn", balancer.target_group_arn())
            .set("LoadBalancerName", balancer.load_balancer_name())
            .set("ContainerName", balancer.container_name())
            .set("ContainerPort", balancer.container_port())
            .set("AdvancedConfiguration", advanced)
    };
    (!balancers.is_empty()).then(|| balancers.iter().map(one).collect())
}

fn of_registries(registries: &[ServiceRegistry]) -> Option<Vec<Object>> {
    let one = |registry: &ServiceRegistry| {
        Object::new()
            .set("RegistryArn", registry.registry_arn())
            .set("Port", registry.port())
            .set("ContainerName", registry.container_name())
            .set("ContainerPort", registry.container_port())
    };
    (!registries.is_empty()).then(|| registries.iter().map(one).collect())
}
