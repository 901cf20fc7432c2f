//! S3. What a bucket's companions say is the bucket's own in CloudFormation.

use super::Returns::{GetAtt, Ref};
use super::Shape::{Blocks, Json, Link, Or, Plain, Tags, With};
use super::{Mapper, Property, Row, Service, United, part, property};
use crate::input::terraform::instance::Instance;
use crate::input::terraform::value as tf;
use crate::value::Value;

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: Some(unite) };

const BUCKET: &str = "AWS::S3::Bucket";

const ROWS: &[Row] = &[
    Row {
        from: "aws_s3_bucket",
        to: BUCKET,
        properties: &[
            property("BucketName", "bucket", Plain),
            property("AccessControl", "acl", With(canned)),
            property("BucketEncryption.ServerSideEncryptionConfiguration", INLINE_ENCRYPTION, Blocks(ENCRYPTION)),
            property("LoggingConfiguration.DestinationBucketName", "logging.target_bucket", Link),
            property("LoggingConfiguration.LogFilePrefix", "logging.target_prefix", Plain),
            property("ObjectLockEnabled", "object_lock_enabled", Plain),
            property(
                "VersioningConfiguration.Status",
                "versioning.enabled",
                super::Shape::Word("Enabled", "Suspended"),
            ),
            property("WebsiteConfiguration.ErrorDocument", "website.error_document", Plain),
            property("WebsiteConfiguration.IndexDocument", "website.index_document", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[
            ("id", Ref),
            ("bucket", Ref),
            ("arn", GetAtt("Arn")),
            ("bucket_domain_name", GetAtt("DomainName")),
            ("bucket_regional_domain_name", GetAtt("RegionalDomainName")),
        ],
        finish: Some(inline_policy),
    },
    Row {
        from: "aws_s3_bucket_policy",
        to: "AWS::S3::BucketPolicy",
        properties: &[property("Bucket", "bucket", Link), property("PolicyDocument", "policy", Json)],
        attributes: &[],
        finish: None,
    },
    part("aws_s3_bucket_acl"),
    part("aws_s3_bucket_cors_configuration"),
    part("aws_s3_bucket_logging"),
    part("aws_s3_bucket_notification"),
    part("aws_s3_bucket_ownership_controls"),
    part("aws_s3_bucket_public_access_block"),
    part("aws_s3_bucket_server_side_encryption_configuration"),
    part("aws_s3_bucket_versioning"),
    part("aws_s3_bucket_website_configuration"),
    // Content, not architecture.
    part("aws_s3_object"),
    part("aws_s3_bucket_object"),
    part("aws_s3_object_copy"),
];

const INLINE_ENCRYPTION: &str = "server_side_encryption_configuration.rule";

const ENCRYPTION: &[Property] = &[
    property("BucketKeyEnabled", "bucket_key_enabled", Plain),
    property(
        "ServerSideEncryptionByDefault.KMSMasterKeyID",
        "apply_server_side_encryption_by_default.kms_master_key_id",
        Link,
    ),
    property(
        "ServerSideEncryptionByDefault.SSEAlgorithm",
        "apply_server_side_encryption_by_default.sse_algorithm",
        Plain,
    ),
];

const CORS_RULE: &[Property] = &[
    property("AllowedHeaders", "allowed_headers", Plain),
    property("AllowedMethods", "allowed_methods", Plain),
    property("AllowedOrigins", "allowed_origins", Plain),
    property("ExposedHeaders", "expose_headers", Plain),
    property("MaxAge", "max_age_seconds", Plain),
];

/// What each companion says, by its type.
const COMPANIONS: &[(&str, &[Property])] = &[
    ("aws_s3_bucket_acl", &[property("AccessControl", "acl", With(canned))]),
    ("aws_s3_bucket_cors_configuration", &[property("CorsConfiguration.CorsRules", "cors_rule", Blocks(CORS_RULE))]),
    (
        "aws_s3_bucket_logging",
        &[
            property("LoggingConfiguration.DestinationBucketName", "target_bucket", Link),
            property("LoggingConfiguration.LogFilePrefix", "target_prefix", Plain),
        ],
    ),
    (
        "aws_s3_bucket_notification",
        &[
            property(
                "NotificationConfiguration.LambdaConfigurations",
                "lambda_function",
                Blocks(&[property("Event", "events", Plain), property("Function", "lambda_function_arn", Link)]),
            ),
            property(
                "NotificationConfiguration.QueueConfigurations",
                "queue",
                Blocks(&[property("Event", "events", Plain), property("Queue", "queue_arn", Link)]),
            ),
            property(
                "NotificationConfiguration.TopicConfigurations",
                "topic",
                Blocks(&[property("Event", "events", Plain), property("Topic", "topic_arn", Link)]),
            ),
        ],
    ),
    (
        "aws_s3_bucket_ownership_controls",
        &[property(
            "OwnershipControls.Rules",
            "rule",
            Blocks(&[property("ObjectOwnership", "object_ownership", Plain)]),
        )],
    ),
    (
        "aws_s3_bucket_public_access_block",
        &[
            property("PublicAccessBlockConfiguration.BlockPublicAcls", "block_public_acls", Or("false")),
            property("PublicAccessBlockConfiguration.BlockPublicPolicy", "block_public_policy", Or("false")),
            property("PublicAccessBlockConfiguration.IgnorePublicAcls", "ignore_public_acls", Or("false")),
            property("PublicAccessBlockConfiguration.RestrictPublicBuckets", "restrict_public_buckets", Or("false")),
        ],
    ),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        &[property("BucketEncryption.ServerSideEncryptionConfiguration", "rule", Blocks(ENCRYPTION))],
    ),
    (
        "aws_s3_bucket_versioning",
        &[property("VersioningConfiguration.Status", "versioning_configuration.status", Plain)],
    ),
    (
        "aws_s3_bucket_website_configuration",
        &[
            property("WebsiteConfiguration.ErrorDocument", "error_document.key", Plain),
            property("WebsiteConfiguration.IndexDocument", "index_document.suffix", Plain),
        ],
    ),
];

fn unite(united: &mut United<'_>) {
    for (kind, table) in COMPANIONS {
        for instance in united.instances_of(kind) {
            companion(united, instance, table);
        }
    }
}

fn companion(united: &mut United<'_>, instance: &Instance, table: &'static [Property]) {
    let owner = united.owner(instance, "bucket", BUCKET, &["BucketName"]);
    let said = united.mapper.properties(&instance.arguments, table);
    for property in table {
        match said.prop(property.to) {
            crate::value::Prop::Known(value) => united.replace(&owner, BUCKET, property.to, value),
            crate::value::Prop::Unknown(reason, span) => {
                united.replace(&owner, BUCKET, property.to, &Value::unknown(span, reason.clone()));
            }
            crate::value::Prop::Absent(_) => {}
        }
    }
}

/// `public-read` as `PublicRead`.
fn canned(acl: &tf::Value, mapper: &Mapper<'_>) -> Value {
    let plain = mapper.plain(acl);
    let Some(text) = plain.as_str() else { return plain };
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect::<String>()
    };
    Value::text_at(acl.span, text.split('-').map(word).collect::<String>())
}

/// The `policy` of a bucket itself, as older configurations have it.
fn inline_policy(draft: &mut super::Draft<'_>) {
    super::own_policy(draft, "AWS::S3::BucketPolicy", "Bucket", false);
}
