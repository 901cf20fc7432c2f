use aws_sdk_ecs::types::{
    AssignPublicIp, Attachment, AwsVpcConfiguration, ContainerDefinition, DeploymentController,
    DeploymentControllerType, KeyValuePair, LaunchType, LoadBalancer, LogConfiguration, LogDriver,
    NetworkConfiguration, PortMapping, Task, TaskDefinition, TaskSet,
};
use serde_json::{Value, json};

use super::service::of_service;
use super::task_definition::of_definition;
use super::*;

fn network() -> NetworkConfiguration {
    let vpc = AwsVpcConfiguration::builder()
        .subnets("subnet-1")
        .security_groups("sg-1")
        .assign_public_ip(AssignPublicIp::Disabled)
        .build()
        .unwrap();
    NetworkConfiguration::builder().awsvpc_configuration(vpc).build()
}

#[test]
fn a_service_that_codedeploy_deploys_is_what_its_primary_task_set_is() {
    let balancer = LoadBalancer::builder().target_group_arn("arn:tg").container_name("web").container_port(80).build();
    let set = TaskSet::builder()
        .status("PRIMARY")
        .task_definition("arn:td")
        .launch_type(LaunchType::Fargate)
        .network_configuration(network())
        .load_balancers(balancer)
        .build();
    let controller = DeploymentController::builder().r#type(DeploymentControllerType::CodeDeploy).build().unwrap();
    let service = aws_sdk_ecs::types::Service::builder()
        .service_arn("arn:service")
        .service_name("web")
        .cluster_arn("arn:cluster")
        .deployment_controller(controller)
        .task_sets(set)
        .build();
    assert_eq!(
        Value::Object(of_service(&service, &Providers::new()).properties),
        json!({
            "ServiceName": "web",
            "Cluster": "arn:cluster",
            "TaskDefinition": "arn:td",
            "LaunchType": "FARGATE",
            "DeploymentController": { "Type": "CODE_DEPLOY" },
            "DesiredCount": 0,
            "EnableExecuteCommand": false,
            "NetworkConfiguration": { "AwsvpcConfiguration": {
                "Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "DISABLED",
            } },
            "LoadBalancers": [{ "TargetGroupArn": "arn:tg", "ContainerName": "web", "ContainerPort": 80 }],
        })
    );
}

#[test]
fn a_task_definition_keeps_no_value_that_may_be_a_secret() {
    let log =
        LogConfiguration::builder().log_driver(LogDriver::Splunk).options("splunk-token", "planted").build().unwrap();
    let container = ContainerDefinition::builder()
        .name("web")
        .image("nginx")
        .command("--password=planted")
        .environment(KeyValuePair::builder().name("DB_PASSWORD").value("planted").build())
        .port_mappings(PortMapping::builder().container_port(80).host_port(0).build())
        .log_configuration(log)
        .build();
    let definition = TaskDefinition::builder()
        .task_definition_arn("arn:aws:ecs:us-east-1:111122223333:task-definition/web:3")
        .family("web")
        .container_definitions(container)
        .build();
    let item = of_definition(&definition);
    assert_eq!(item.name.as_deref(), Some("web:3"));
    assert_eq!(
        Value::Object(item.properties),
        json!({
            "Family": "web",
            "ContainerDefinitions": [{
                "Name": "web",
                "Image": "nginx",
                "PortMappings": [{ "ContainerPort": 80, "HostPort": 0 }],
                "Environment": [{ "Name": "DB_PASSWORD", "Value": "***" }],
                "LogConfiguration": { "LogDriver": "splunk" },
            }],
        })
    );
}

#[test]
fn a_cluster_names_its_capacity_providers_by_arn_and_the_instances_that_joined_it() {
    let cluster = Cluster::builder()
        .cluster_arn("arn:cluster")
        .cluster_name("web")
        .capacity_providers("own")
        .capacity_providers("FARGATE")
        .build();
    let providers = Providers::from([("own".to_owned(), "arn:provider".to_owned())]);
    assert_eq!(
        Value::Object(of_cluster(&cluster, Ok(vec!["i-1".to_owned()]), &providers).properties),
        json!({
            "ClusterName": "web",
            "CapacityProviders": ["arn:provider", "FARGATE"],
            "ContainerInstances": [{ "Ec2InstanceId": "i-1" }],
        })
    );
}

#[test]
fn tasks_that_no_service_keeps_are_told_by_their_group() {
    let task = |group: &str, interface: Option<&str>| {
        let detail = interface.map(|id| KeyValuePair::builder().name("networkInterfaceId").value(id).build());
        let own = Attachment::builder().r#type("ElasticNetworkInterface").set_details(detail.map(|one| vec![one]));
        Task::builder()
            .cluster_arn("arn:cluster")
            .group(group)
            .task_definition_arn("arn:td")
            .attachments(own.build())
            .build()
    };
    let tasks = [task("family:job", Some("eni-2")), task("family:job", Some("eni-1")), task("family:host", None)];
    let items = task::of_tasks(&tasks.iter().collect::<Vec<_>>());
    let [job] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((job.kind.as_str(), job.id.as_str()), ("AWS::ECS::Task", "arn:cluster/family:job"));
    assert_eq!(
        Value::Object(job.properties.clone()),
        json!({
            "Cluster": "arn:cluster",
            "Group": "family:job",
            "TaskDefinitions": ["arn:td"],
            "NetworkInterfaces": [{ "NetworkInterfaceId": "eni-1" }, { "NetworkInterfaceId": "eni-2" }],
        })
    );
}
