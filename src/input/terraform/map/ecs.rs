//! ECS clusters, services and task definitions.

use super::Returns::{GetAtt, Ref};
use super::Shape::{Block, Blocks, Link, Plain, Tags, With, Word};
use super::{Mapper, Property, Row, Service, property};
use crate::input::terraform::value as tf;
use crate::value::Value;

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const ROWS: &[Row] = &[
    Row::new(
        "aws_ecs_cluster",
        "AWS::ECS::Cluster",
        &[
            property("ClusterName", "name", Plain),
            property("CapacityProviders", "capacity_providers", Link),
            property("ClusterSettings", "setting", Blocks(PAIR)),
            property("Tags", "tags", Tags),
        ],
        &[("id", GetAtt("Arn")), ("arn", GetAtt("Arn")), ("name", Ref)],
    ),
    Row::new(
        "aws_ecs_cluster_capacity_providers",
        "AWS::ECS::ClusterCapacityProviderAssociations",
        &[
            property("CapacityProviders", "capacity_providers", Link),
            property("Cluster", "cluster_name", Link),
            property("DefaultCapacityProviderStrategy", "default_capacity_provider_strategy", Blocks(STRATEGY)),
        ],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_ecs_capacity_provider",
        "AWS::ECS::CapacityProvider",
        &[
            property("Name", "name", Plain),
            property("AutoScalingGroupProvider", "auto_scaling_group_provider", Block(GROUP_PROVIDER)),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref), ("arn", Ref), ("name", Ref)],
    ),
    Row::new(
        "aws_ecs_service",
        "AWS::ECS::Service",
        &[
            property("ServiceName", "name", Plain),
            property("CapacityProviderStrategy", "capacity_provider_strategy", Blocks(STRATEGY)),
            property("Cluster", "cluster", Link),
            property("DeploymentController.Type", "deployment_controller.type", Plain),
            property("DesiredCount", "desired_count", Plain),
            property("EnableExecuteCommand", "enable_execute_command", Plain),
            property("LaunchType", "launch_type", Plain),
            property("LoadBalancers", "load_balancer", Blocks(LOAD_BALANCER)),
            property("NetworkConfiguration.AwsvpcConfiguration", "network_configuration", Block(NETWORK)),
            property("PlatformVersion", "platform_version", Plain),
            property("Role", "iam_role", Link),
            property("SchedulingStrategy", "scheduling_strategy", Plain),
            property("ServiceRegistries", "service_registries", Blocks(REGISTRY)),
            property("TaskDefinition", "task_definition", Link),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref), ("arn", Ref), ("name", GetAtt("Name"))],
    ),
    Row::new(
        "aws_ecs_task_set",
        "AWS::ECS::TaskSet",
        &[
            property("CapacityProviderStrategy", "capacity_provider_strategy", Blocks(STRATEGY)),
            property("Cluster", "cluster", Link),
            property("LaunchType", "launch_type", Plain),
            property("LoadBalancers", "load_balancer", Blocks(LOAD_BALANCER)),
            property("NetworkConfiguration.AwsVpcConfiguration", "network_configuration", Block(NETWORK)),
            property("Service", "service", Link),
            property("TaskDefinition", "task_definition", Link),
            property("Tags", "tags", Tags),
        ],
        &[("id", GetAtt("Id"))],
    ),
    Row::new(
        "aws_ecs_task_definition",
        "AWS::ECS::TaskDefinition",
        &[
            property("ContainerDefinitions", "container_definitions", With(containers)),
            property("Cpu", "cpu", Plain),
            property("ExecutionRoleArn", "execution_role_arn", Link),
            property("Family", "family", Plain),
            property("IpcMode", "ipc_mode", Plain),
            property("Memory", "memory", Plain),
            property("NetworkMode", "network_mode", Plain),
            property("PidMode", "pid_mode", Plain),
            property("RequiresCompatibilities", "requires_compatibilities", Plain),
            property("TaskRoleArn", "task_role_arn", Link),
            property("Volumes", "volume", Blocks(VOLUME)),
            property("Tags", "tags", Tags),
        ],
        &[("id", GetAtt("Family")), ("arn", Ref), ("arn_without_revision", Ref), ("family", GetAtt("Family"))],
    ),
];

const PAIR: &[Property] = &[property("Name", "name", Plain), property("Value", "value", Plain)];

const STRATEGY: &[Property] = &[
    property("Base", "base", Plain),
    property("CapacityProvider", "capacity_provider", Link),
    property("Weight", "weight", Plain),
];

const GROUP_PROVIDER: &[Property] = &[
    property("AutoScalingGroupArn", "auto_scaling_group_arn", Link),
    property("ManagedTerminationProtection", "managed_termination_protection", Plain),
];

const LOAD_BALANCER: &[Property] = &[
    property("ContainerName", "container_name", Plain),
    property("ContainerPort", "container_port", Plain),
    property("LoadBalancerName", "elb_name", Link),
    property("TargetGroupArn", "target_group_arn", Link),
    property(
        "AdvancedConfiguration.AlternateTargetGroupArn",
        "advanced_configuration.alternate_target_group_arn",
        Link,
    ),
    property("AdvancedConfiguration.ProductionListenerRule", "advanced_configuration.production_listener_rule", Link),
    property("AdvancedConfiguration.RoleArn", "advanced_configuration.role_arn", Link),
    property("AdvancedConfiguration.TestListenerRule", "advanced_configuration.test_listener_rule", Link),
];

const NETWORK: &[Property] = &[
    property("AssignPublicIp", "assign_public_ip", Word("ENABLED", "DISABLED")),
    property("SecurityGroups", "security_groups", Link),
    property("Subnets", "subnets", Link),
];

const REGISTRY: &[Property] = &[
    property("ContainerName", "container_name", Plain),
    property("ContainerPort", "container_port", Plain),
    property("Port", "port", Plain),
    property("RegistryArn", "registry_arn", Link),
];

const VOLUME: &[Property] = &[
    property("Name", "name", Plain),
    property("Host.SourcePath", "host_path", Plain),
    property("EFSVolumeConfiguration", "efs_volume_configuration", Block(EFS)),
];

const EFS: &[Property] = &[
    property("FilesystemId", "file_system_id", Link),
    property("RootDirectory", "root_directory", Plain),
    property("TransitEncryption", "transit_encryption", Plain),
    property("AuthorizationConfig.AccessPointId", "authorization_config.access_point_id", Link),
    property("AuthorizationConfig.IAM", "authorization_config.iam", Plain),
];

/// Container definitions are written as the ECS API has them, whose keys begin in lower case. Those of options and
/// labels are the user's own.
fn containers(value: &tf::Value, mapper: &Mapper<'_>) -> Value {
    Mapper::capitalised(mapper.json(value), &["options", "dockerLabels", "driverOpts", "labels"])
}
