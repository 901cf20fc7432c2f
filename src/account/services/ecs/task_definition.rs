//! Task definitions. Values of environment variables, commands and options of log drivers other than those of
//! `CloudWatch` are left out, because secrets are written there.

use std::collections::BTreeSet;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{ContainerDefinition, LogConfiguration, PortMapping, Secret, TaskDefinition};
use serde_json::{Map, Value};

use super::tags;
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const TASK_DEFINITION: Read = Read::detail("ecs:DescribeTaskDefinition");

pub(super) async fn task_definitions(reader: &Reader, client: &Client, arns: BTreeSet<String>) {
    reader
        .each(arns, |arn| async move {
            let call = client.describe_task_definition().task_definition(&arn).include("TAGS".into()).send();
            let answer = reader.get(&TASK_DEFINITION, &arn, call).await;
            let item = match answer {
                Ok(answer) => {
                    let item = answer.task_definition.as_ref().map(of_definition);
                    item.map(|item| item.set("Tags", tags(answer.tags.as_deref().unwrap_or_default())))
                }
                Err(unread) => Some(of_unread(&arn, unread)),
            };
            if let Some(item) = item {
                reader.push(item);
            }
        })
        .await;
}

/// One that something runs but that cannot be read: it exists, and nothing else is known.
fn of_unread(arn: &str, unread: Unread) -> Item {
    let unknown = || Err::<Object, _>(unread);
    Item::new("AWS::ECS::TaskDefinition", arn)
        .means("Ref", Some(arn))
        .set("NetworkMode", unknown())
        .set("TaskRoleArn", unknown())
        .set("ExecutionRoleArn", unknown())
        .set("ContainerDefinitions", unknown())
}

pub(super) fn of_definition(definition: &TaskDefinition) -> Item {
    let arn = definition.task_definition_arn().unwrap_or_default();
    let needs: Vec<&str> = definition.requires_compatibilities().iter().map(AsRef::as_ref).collect();
    let name = arn.rsplit('/').next();
    Item::new("AWS::ECS::TaskDefinition", arn)
        .name(name)
        .means("Ref", Some(arn))
        .set("Family", definition.family())
        .set("NetworkMode", word(definition.network_mode()))
        .set("RequiresCompatibilities", (!needs.is_empty()).then_some(needs))
        .set("TaskRoleArn", definition.task_role_arn().filter(|arn| !arn.is_empty()))
        .set("ExecutionRoleArn", definition.execution_role_arn().filter(|arn| !arn.is_empty()))
        .set("PidMode", word(definition.pid_mode()))
        .set("IpcMode", word(definition.ipc_mode()))
        .set("Cpu", definition.cpu())
        .set("Memory", definition.memory())
        .set("ContainerDefinitions", definition.container_definitions().iter().map(of_container).collect::<Vec<_>>())
}

/// Stands for a value that is there but is nobody's business.
const MASKED: &str = "***";

fn of_container(container: &ContainerDefinition) -> Object {
    let variables = container.environment().iter().filter_map(|pair| pair.name());
    let variables: Vec<Object> = variables.map(|name| Object::new().set("Name", name).set("Value", MASKED)).collect();
    let ports: Vec<Object> = container.port_mappings().iter().map(of_port).collect();
    Object::new()
        .set("Name", container.name())
        .set("Image", container.image())
        .set("Essential", container.essential())
        .set("PortMappings", (!ports.is_empty()).then_some(ports))
        .set("Environment", (!variables.is_empty()).then_some(variables))
        .set("Secrets", of_secrets(container.secrets()))
        .set("LogConfiguration", container.log_configuration().map(of_log))
        .set("Privileged", container.privileged())
        .set("ReadonlyRootFilesystem", container.readonly_root_filesystem())
        .set("User", container.user())
}

fn of_port(port: &PortMapping) -> Object {
    Object::new()
        .set("ContainerPort", port.container_port())
        .set("HostPort", port.host_port())
        .set("Protocol", word(port.protocol()))
}

/// Where secrets are kept, not what they are.
fn of_secrets(secrets: &[Secret]) -> Option<Vec<Object>> {
    let one = |secret: &Secret| Object::new().set("Name", secret.name()).set("ValueFrom", secret.value_from());
    (!secrets.is_empty()).then(|| secrets.iter().map(one).collect())
}

fn of_log(log: &LogConfiguration) -> Object {
    let mut options: Vec<_> = log.options().into_iter().flatten().collect();
    options.sort_unstable();
    let options: Map<String, Value> = options
        .into_iter()
        .filter(|(key, _)| key.starts_with("awslogs-"))
        .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
        .collect();
    Object::new()
        .set("LogDriver", log.log_driver().as_str())
        .set("Options", (!options.is_empty()).then_some(Value::Object(options)))
        .set("SecretOptions", of_secrets(log.secret_options()))
}
