//! Step Functions.

use super::Returns::{GetAtt, Ref, Sub};
use super::Shape::{Json, Link, Plain, Tags, With};
use super::{Row, Service, member, property};
use crate::value::{Kind, Map, Value};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const ROWS: &[Row] = &[
    Row {
        from: "aws_sfn_state_machine",
        to: "AWS::StepFunctions::StateMachine",
        properties: &[
            property("StateMachineName", "name", Plain),
            property("DefinitionString", "definition", Json),
            property("EncryptionConfiguration.KmsKeyId", "encryption_configuration.kms_key_id", Link),
            property("EncryptionConfiguration.Type", "encryption_configuration.type", Plain),
            property(
                "LoggingConfiguration.Destinations",
                "logging_configuration.log_destination",
                With(|group, mapper| destinations(mapper.link(group))),
            ),
            property(
                "LoggingConfiguration.IncludeExecutionData",
                "logging_configuration.include_execution_data",
                Plain,
            ),
            property("LoggingConfiguration.Level", "logging_configuration.level", Plain),
            property("RoleArn", "role_arn", Link),
            property("StateMachineType", "type", Plain),
            property("TracingConfiguration.Enabled", "tracing_configuration.enabled", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("arn", GetAtt("Arn")), ("name", GetAtt("Name"))],
        finish: None,
    },
    Row {
        from: "aws_sfn_activity",
        to: "AWS::StepFunctions::Activity",
        properties: &[property("Name", "name", Plain), property("Tags", "tags", Tags)],
        // So that whoever reads the ARN sees what it is of.
        attributes: &[("id", ACTIVITY), ("arn", ACTIVITY), ("name", GetAtt("Name"))],
        finish: None,
    },
    Row {
        from: "aws_sfn_alias",
        to: "AWS::StepFunctions::StateMachineAlias",
        properties: &[property("Name", "name", Plain), property("Description", "description", Plain)],
        attributes: &[("id", Ref), ("arn", Ref)],
        finish: None,
    },
];

const ACTIVITY: super::Returns = Sub("arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:activity:${.Name}");

fn destinations(group: Value) -> Value {
    let span = group.span;
    let map = |key: &str, value: Value| {
        Value::new(span, Kind::Map(Map { members: vec![member(key, span, value)], open: None }))
    };
    Value::new(span, Kind::List(vec![map("CloudWatchLogsLogGroup", map("LogGroupArn", group))]))
}
