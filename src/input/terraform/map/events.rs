//! `EventBridge`: rules with their targets, buses, schedules and pipes.

use super::Returns::{GetAtt, Ref};
use super::Shape::{Json, Link, Plain, Tags, With, Word};
use super::{Property, Row, Service, United, part, property};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: Some(unite) };

const RULE: &str = "AWS::Events::Rule";

const ROWS: &[Row] = &[
    Row {
        from: "aws_cloudwatch_event_rule",
        to: RULE,
        properties: &[
            property("Name", "name", Plain),
            property("Description", "description", Plain),
            property("EventBusName", "event_bus_name", Link),
            property("EventPattern", "event_pattern", Json),
            property("RoleArn", "role_arn", Link),
            property("ScheduleExpression", "schedule_expression", Plain),
            property("State", "is_enabled", Word("ENABLED", "DISABLED")),
            property("State", "state", Plain),
        ],
        attributes: &[("id", Ref), ("name", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    part("aws_cloudwatch_event_target"),
    Row {
        from: "aws_cloudwatch_event_bus",
        to: "AWS::Events::EventBus",
        properties: &[
            property("Name", "name", Plain),
            property("EventSourceName", "event_source_name", Plain),
            property("KmsKeyIdentifier", "kms_key_identifier", Link),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("name", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    Row {
        from: "aws_cloudwatch_event_bus_policy",
        to: "AWS::Events::EventBusPolicy",
        properties: &[property("EventBusName", "event_bus_name", Link), property("Statement", "policy", Json)],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_scheduler_schedule",
        to: "AWS::Scheduler::Schedule",
        properties: &[
            property("Name", "name", Plain),
            property("GroupName", "group_name", Link),
            property("KmsKeyArn", "kms_key_arn", Link),
            property("ScheduleExpression", "schedule_expression", Plain),
            property("State", "state", Plain),
            property("Target.Arn", "target.arn", Link),
            property("Target.Input", "target.input", Json),
            property("Target.RoleArn", "target.role_arn", Link),
        ],
        attributes: &[("name", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    Row {
        from: "aws_pipes_pipe",
        to: "AWS::Pipes::Pipe",
        properties: &[
            property("Name", "name", Plain),
            property("DesiredState", "desired_state", Plain),
            property("Enrichment", "enrichment", Link),
            property("RoleArn", "role_arn", Link),
            property("Source", "source", Link),
            property(
                "SourceParameters",
                "source_parameters",
                With(|block, mapper| mapper.renamed(block.elements().and_then(<[_]>::first).unwrap_or(block))),
            ),
            property("Target", "target", Link),
        ],
        attributes: &[("id", Ref), ("name", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
];

const TARGET: &[Property] = &[
    property("Arn", "arn", Link),
    property("Id", "target_id", Plain),
    property("DeadLetterConfig.Arn", "dead_letter_config.arn", Link),
    property("EcsParameters.TaskDefinitionArn", "ecs_target.task_definition_arn", Link),
    property("EcsParameters.NetworkConfiguration.AwsVpcConfiguration.SecurityGroups", ECS_GROUPS, Link),
    property("EcsParameters.NetworkConfiguration.AwsVpcConfiguration.Subnets", ECS_SUBNETS, Link),
    property("Input", "input", Plain),
    property("InputPath", "input_path", Plain),
    property("RoleArn", "role_arn", Link),
];

const ECS_GROUPS: &str = "ecs_target.network_configuration.security_groups";
const ECS_SUBNETS: &str = "ecs_target.network_configuration.subnets";

/// Targets are part of their rule.
fn unite(united: &mut United<'_>) {
    for instance in united.instances_of("aws_cloudwatch_event_target") {
        let owner = united.owner(instance, "rule", RULE, &["Name"]);
        let target = united.mapper.properties(&instance.arguments, TARGET);
        united.attach(&owner, RULE, "Targets", &target);
    }
}
