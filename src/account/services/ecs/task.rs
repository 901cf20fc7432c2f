//! Tasks that no service keeps: somebody, a schedule or a state machine ran them.
//!
//! `CloudFormation` has no such type. Those of one group of one cluster are one resource, so that it outlives each of them.
//! Tasks without an interface of their own share that of their instance, which is a resource itself.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{Attachment, Task, TaskField};

use super::tags;
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

pub(super) const TASK: &str = "AWS::ECS::Task";
const HIDDEN: &[&str] = &[TASK, "AWS::ECS::TaskDefinition"];
pub(super) const LIST_TASKS: Read = Read::list("ecs:ListTasks", HIDDEN);
pub(super) const TASKS: Read = Read::list("ecs:DescribeTasks", HIDDEN);

/// Tasks of one `DescribeTasks`. Source: Amazon ECS API Reference.
const AT_ONCE: usize = 100;

/// Reads the tasks of clusters. Returns the task definitions that they run.
pub(super) async fn tasks(reader: &Reader, client: &Client, clusters: Vec<String>) -> BTreeSet<String> {
    let of_cluster = |cluster: String| async move {
        let arns =
            reader.list(&LIST_TASKS, client.list_tasks().cluster(&cluster).into_paginator().items().send()).await;
        let mut found = Vec::new();
        for chunk in arns.chunks(AT_ONCE) {
            let call =
                client.describe_tasks().cluster(&cluster).set_tasks(Some(chunk.to_vec())).include(TaskField::Tags);
            let page = |_| async { Ok((call.clone().send().await?.tasks.unwrap_or_default(), None)) };
            found.extend(reader.pages(&TASKS, page).await);
        }
        found
    };
    let found: Vec<Task> = reader.map(clusters, of_cluster).await.into_iter().flatten().collect();
    let alone: Vec<&Task> = found.iter().filter(|task| !of_service(task)).collect();
    reader.extend(of_tasks(&alone));
    alone.into_iter().filter_map(Task::task_definition_arn).map(str::to_owned).collect()
}

/// Source: Amazon ECS API Reference, `Task`, `group`.
fn of_service(task: &Task) -> bool {
    task.group().is_some_and(|group| group.starts_with("service:"))
}

pub(super) fn of_tasks(tasks: &[&Task]) -> Vec<Item> {
    let mut groups: BTreeMap<(&str, &str), Vec<&Task>> = BTreeMap::new();
    for task in tasks.iter().filter(|task| interfaces(task).next().is_some()) {
        let key = (task.cluster_arn().unwrap_or_default(), task.group().unwrap_or_default());
        groups.entry(key).or_default().push(task);
    }
    groups.into_iter().filter_map(|((cluster, group), tasks)| of_group(cluster, group, &tasks)).collect()
}

fn of_group(cluster: &str, group: &str, tasks: &[&Task]) -> Option<Item> {
    let first = tasks.first()?;
    let own: BTreeSet<&str> = tasks.iter().flat_map(|task| interfaces(task)).collect();
    let own: Vec<Object> = own.into_iter().map(|id| Object::new().set("NetworkInterfaceId", id)).collect();
    let definitions: BTreeSet<&str> = tasks.iter().filter_map(|task| task.task_definition_arn()).collect();
    let item = Item::new(TASK, format!("{cluster}/{group}"))
        .name(Some(group))
        .set("Cluster", cluster)
        .set("Group", group)
        .set("LaunchType", word(first.launch_type()))
        .set("TaskDefinitions", definitions.into_iter().collect::<Vec<_>>())
        .set("NetworkInterfaces", own)
        .set("Tags", tags(first.tags()));
    Some(item)
}

/// Source: Amazon ECS API Reference, `Attachment`.
fn interfaces(task: &Task) -> impl Iterator<Item = &str> {
    let own = task.attachments().iter().filter(|attachment| attachment.r#type() == Some("ElasticNetworkInterface"));
    own.flat_map(Attachment::details)
        .filter(|detail| detail.name() == Some("networkInterfaceId"))
        .filter_map(|detail| detail.value())
}
