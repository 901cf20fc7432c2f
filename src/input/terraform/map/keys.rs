//! Keys and secrets: KMS, Secrets Manager, SSM parameters. Secret texts are never read.

use super::Returns::{GetAtt, Ref};
use super::Shape::{Json, Link, Plain, Tags};
use super::{Draft, Property, Row, Service, United, part, property};
use crate::value::{Kind, Prop, Value};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: Some(unite) };

const KEY: &str = "AWS::KMS::Key";

const ROWS: &[Row] = &[
    Row {
        from: "aws_kms_key",
        to: KEY,
        properties: &[
            property("Description", "description", Plain),
            property("EnableKeyRotation", "enable_key_rotation", Plain),
            property("Enabled", "is_enabled", Plain),
            property("KeyPolicy", "policy", Json),
            property("KeySpec", "customer_master_key_spec", Plain),
            property("KeyUsage", "key_usage", Plain),
            property("MultiRegion", "multi_region", Plain),
            property("PendingWindowInDays", "deletion_window_in_days", Plain),
            property("RotationPeriodInDays", "rotation_period_in_days", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("key_id", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    part("aws_kms_key_policy"),
    Row {
        from: "aws_kms_alias",
        to: "AWS::KMS::Alias",
        properties: &[property("AliasName", "name", Plain), property("TargetKeyId", "target_key_id", Link)],
        attributes: &[("id", Ref), ("name", Ref)],
        finish: None,
    },
    Row {
        from: "aws_secretsmanager_secret",
        to: "AWS::SecretsManager::Secret",
        properties: &[
            property("Name", "name", Plain),
            property("Description", "description", Plain),
            property("KmsKeyId", "kms_key_id", Link),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("arn", Ref)],
        finish: Some(|draft| super::own_policy(draft, "AWS::SecretsManager::ResourcePolicy", "SecretId", false)),
    },
    Row {
        from: "aws_secretsmanager_secret_policy",
        to: "AWS::SecretsManager::ResourcePolicy",
        properties: &[
            property("SecretId", "secret_arn", Link),
            property("BlockPublicPolicy", "block_public_policy", Plain),
            property("ResourcePolicy", "policy", Json),
        ],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_secretsmanager_secret_rotation",
        to: "AWS::SecretsManager::RotationSchedule",
        properties: &[
            property("SecretId", "secret_id", Link),
            property("RotationLambdaARN", "rotation_lambda_arn", Link),
            property("RotationRules.AutomaticallyAfterDays", "rotation_rules.automatically_after_days", Plain),
            property("RotationRules.ScheduleExpression", "rotation_rules.schedule_expression", Plain),
        ],
        attributes: &[],
        finish: None,
    },
    part("aws_secretsmanager_secret_version"),
    Row {
        from: "aws_ssm_parameter",
        to: "AWS::SSM::Parameter",
        properties: &[
            property("Name", "name", Plain),
            property("Description", "description", Plain),
            property("Type", "type", Plain),
            property("Value", "value", Link),
        ],
        attributes: &[("id", Ref), ("name", Ref)],
        finish: Some(parameter),
    },
];

/// Only of plain parameters is the value read.
fn parameter(draft: &mut Draft<'_>) {
    let plain = draft.resource.prop("Type").known().and_then(Value::as_str).is_some_and(|kind| kind != "SecureString");
    if let (false, Kind::Map(map)) = (plain, &mut draft.resource.properties.kind) {
        map.members.retain(|member| &*member.key != "Value");
    }
}

/// `aws_kms_key_policy` is the policy of its key.
fn unite(united: &mut United<'_>) {
    const POLICY: &[Property] = &[property("KeyPolicy", "policy", Json)];
    for instance in united.instances_of("aws_kms_key_policy") {
        let owner = united.owner(instance, "key_id", KEY, &[]);
        if let Prop::Known(policy) = united.mapper.properties(&instance.arguments, POLICY).prop("KeyPolicy") {
            united.replace(&owner, KEY, "KeyPolicy", policy);
        }
    }
}
