//! Amazon ECS: clusters, services and task sets, tasks that no service keeps, the task definitions that they run, and
//! capacity providers.
//!
//! Clusters, services and container instances are described by the batch. Task definitions are asked for one at a time,
//! which is all that the service offers, and only those that something runs.

mod service;
mod task;
mod task_definition;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{
    CapacityProvider, CapacityProviderStrategyItem, Cluster, ClusterField, ContainerInstance, Tag,
};

use super::tags::{self, Tags};
use super::{Scope, Service};
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "ecs",
    scope: Scope::Regional,
    reads: &[
        &LIST_CLUSTERS,
        &CLUSTERS,
        &LIST_INSTANCES,
        &INSTANCES,
        &CAPACITY_PROVIDERS,
        &service::LIST_SERVICES,
        &service::SERVICES,
        &task::LIST_TASKS,
        &task::TASKS,
        &task_definition::TASK_DEFINITION,
    ],
    collect: |reader| Box::pin(collect(reader)),
};

const CLUSTER: &str = "AWS::ECS::Cluster";
const LIST_CLUSTERS: Read = Read::list(
    "ecs:ListClusters",
    &[CLUSTER, "AWS::ECS::Service", task::TASK, "AWS::ECS::TaskDefinition", "AWS::ECS::TaskSet"],
);
const CLUSTERS: Read = Read::list("ecs:DescribeClusters", &[CLUSTER]);
const LIST_INSTANCES: Read = Read::detail("ecs:ListContainerInstances");
const INSTANCES: Read = Read::detail("ecs:DescribeContainerInstances");
const CAPACITY_PROVIDERS: Read = Read::list("ecs:DescribeCapacityProviders", &["AWS::ECS::CapacityProvider"]);

/// Resources of one `DescribeClusters` or `DescribeContainerInstances`. Source: Amazon ECS API Reference.
const AT_ONCE: usize = 100;

async fn collect(reader: &Reader) {
    let client = &Client::new(&reader.config);
    let clusters = client.list_clusters().into_paginator().items().send();
    let (clusters, providers) = tokio::join!(reader.list(&LIST_CLUSTERS, clusters), capacity_providers(reader, client));
    let (running, kept) = tokio::join!(
        describe_clusters(reader, client, &clusters, &providers),
        service::services(reader, client, &clusters, &providers),
    );
    // Where services keep all that runs, there is no other task to ask for.
    let others = |cluster: &String| running.get(cluster).is_none_or(|tasks| *tasks != kept.tasks_in(cluster));
    let others = clusters.into_iter().filter(others).collect();
    let mut definitions = task::tasks(reader, client, others).await;
    definitions.extend(kept.definitions);
    task_definition::task_definitions(reader, client, definitions).await;
}

/// ARNs of capacity providers by name. Clusters and services name theirs, and a name means something in its region only.
type Providers = BTreeMap<String, String>;

async fn capacity_providers(reader: &Reader, client: &Client) -> Providers {
    let page = |token| async {
        let answer = client.describe_capacity_providers().set_next_token(token).send().await?;
        Ok((answer.capacity_providers.unwrap_or_default(), answer.next_token))
    };
    let mut arns = Providers::new();
    for provider in reader.pages(&CAPACITY_PROVIDERS, page).await {
        // Those of Fargate exist everywhere, and have no instances.
        if provider.auto_scaling_group_provider().is_none() && provider.managed_instances_provider().is_none() {
            continue;
        }
        if let (Some(name), Some(arn)) = (provider.name(), provider.capacity_provider_arn()) {
            arns.insert(name.to_owned(), arn.to_owned());
        }
        reader.push(of_provider(&provider));
    }
    arns
}

/// Returns how many tasks each cluster runs.
async fn describe_clusters(
    reader: &Reader,
    client: &Client,
    arns: &[String],
    providers: &Providers,
) -> BTreeMap<String, i32> {
    let describe = |chunk: &[String]| {
        let call = client
            .describe_clusters()
            .set_clusters(Some(chunk.to_vec()))
            .include(ClusterField::Configurations)
            .include(ClusterField::Settings)
            .include(ClusterField::Tags);
        async move {
            let page = |_| async { Ok((call.clone().send().await?.clusters.unwrap_or_default(), None)) };
            reader.pages(&CLUSTERS, page).await
        }
    };
    let clusters: Vec<Cluster> = reader.map(arns.chunks(AT_ONCE), describe).await.into_iter().flatten().collect();
    let count = |cluster: &Cluster| {
        let arn = cluster.cluster_arn()?.to_owned();
        Some((arn, cluster.running_tasks_count() + cluster.pending_tasks_count()))
    };
    let running = clusters.iter().filter_map(count).collect();
    reader
        .each(clusters, |cluster| async move {
            if cluster.status() == Some("INACTIVE") {
                return;
            }
            let instances = instances(reader, client, &cluster).await;
            reader.push(of_cluster(&cluster, instances, providers));
        })
        .await;
    running
}

/// The EC2 instances that run a cluster's tasks.
async fn instances(reader: &Reader, client: &Client, cluster: &Cluster) -> Result<Vec<String>, Unread> {
    let arn = cluster.cluster_arn().unwrap_or_default();
    let mut found = BTreeSet::new();
    if cluster.registered_container_instances_count() == 0 {
        return Ok(Vec::new());
    }
    let mut token = None;
    loop {
        let call = client.list_container_instances().cluster(arn).set_next_token(token.clone()).send();
        let page = reader.get(&LIST_INSTANCES, arn, call).await?;
        let listed = page.container_instance_arns.unwrap_or_default();
        for chunk in listed.chunks(AT_ONCE) {
            let call = client.describe_container_instances().cluster(arn).set_container_instances(Some(chunk.to_vec()));
            let answer = reader.get(&INSTANCES, arn, call.send()).await?;
            let ids = answer.container_instances().iter().filter_map(ContainerInstance::ec2_instance_id);
            found.extend(ids.map(str::to_owned));
        }
        if page.next_token.is_none() || page.next_token == token {
            return Ok(found.into_iter().collect());
        }
        token = page.next_token;
    }
}

fn of_provider(provider: &CapacityProvider) -> Item {
    let arn = provider.capacity_provider_arn().unwrap_or_default();
    let group = provider
        .auto_scaling_group_provider()
        .map(|group| Object::new().set("AutoScalingGroupArn", group.auto_scaling_group_arn()));
    Item::new("AWS::ECS::CapacityProvider", arn)
        .name(provider.name())
        .means("Arn", Some(arn))
        .set("Name", provider.name())
        .set("AutoScalingGroupProvider", group)
        .set("Tags", tags(provider.tags()))
}

/// `ContainerInstances` is no property of `CloudFormation`, where instances join a cluster by what their user data says.
fn of_cluster(cluster: &Cluster, instances: Result<Vec<String>, Unread>, providers: &Providers) -> Item {
    let arn = cluster.cluster_arn().unwrap_or_default();
    let named: Vec<&str> = cluster.capacity_providers().iter().map(|name| provider_arn(providers, name)).collect();
    let strategy = strategy(cluster.default_capacity_provider_strategy(), providers);
    let settings: Vec<Object> = cluster
        .settings()
        .iter()
        .map(|setting| Object::new().set("Name", word(setting.name())).set("Value", setting.value()))
        .collect();
    let instances = instances.map(|ids| {
        let instance = |id: &String| Object::new().set("Ec2InstanceId", id);
        (!ids.is_empty()).then(|| ids.iter().map(instance).collect::<Vec<_>>())
    });
    Item::new(CLUSTER, arn)
        .name(cluster.cluster_name())
        .means("Arn", Some(arn))
        .set("ClusterName", cluster.cluster_name())
        .set("CapacityProviders", (!named.is_empty()).then_some(named))
        .set("DefaultCapacityProviderStrategy", strategy)
        .set("ClusterSettings", (!settings.is_empty()).then_some(settings))
        .set("ContainerInstances", instances)
        .set("Tags", tags(cluster.tags()))
}

fn provider_arn<'a>(providers: &'a Providers, name: &'a str) -> &'a str {
    providers.get(name).map_or(name, String::as_str)
}

fn strategy(items: &[CapacityProviderStrategyItem], providers: &Providers) -> Option<Vec<Object>> {
    let item = |item: &CapacityProviderStrategyItem| {
        Object::new()
            .set("CapacityProvider", provider_arn(providers, item.capacity_provider()))
            .set("Base", item.base())
            .set("Weight", item.weight())
    };
    (!items.is_empty()).then(|| items.iter().map(item).collect())
}

fn tags(tags: &[Tag]) -> Tags {
    tags::of(tags.iter().map(|tag| (tag.key(), tag.value())))
}

#[cfg(test)]
mod tests;
