//! Log groups and container repositories.

use super::Returns::{GetAtt, Ref, Sub};
use super::Shape::{Json, Link, Plain, Tags};
use super::{Row, Service, property};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const ROWS: &[Row] = &[
    Row {
        from: "aws_cloudwatch_log_group",
        to: "AWS::Logs::LogGroup",
        properties: &[
            property("LogGroupName", "name", Plain),
            property("KmsKeyId", "kms_key_id", Link),
            property("LogGroupClass", "log_group_class", Plain),
            property("RetentionInDays", "retention_in_days", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[
            ("id", Ref),
            ("name", Ref),
            // Unlike the attribute of CloudFormation it has no `:*` at its end.
            ("arn", Sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${}")),
        ],
        finish: None,
    },
    Row {
        from: "aws_ecr_repository",
        to: "AWS::ECR::Repository",
        properties: &[
            property("RepositoryName", "name", Plain),
            property("EncryptionConfiguration.EncryptionType", "encryption_configuration.encryption_type", Plain),
            property("EncryptionConfiguration.KmsKey", "encryption_configuration.kms_key", Link),
            property("ImageScanningConfiguration.ScanOnPush", "image_scanning_configuration.scan_on_push", Plain),
            property("ImageTagMutability", "image_tag_mutability", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("name", Ref), ("arn", GetAtt("Arn")), ("repository_url", GetAtt("RepositoryUri"))],
        finish: None,
    },
    Row {
        from: "aws_cloudwatch_log_resource_policy",
        to: "AWS::Logs::ResourcePolicy",
        properties: &[
            property("PolicyDocument", "policy_document", Json),
            property("PolicyName", "policy_name", Plain),
        ],
        attributes: &[],
        finish: None,
    },
];
