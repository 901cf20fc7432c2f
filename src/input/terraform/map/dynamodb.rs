//! DynamoDB.

use super::Returns::{GetAtt, Ref};
use super::Shape::{Blocks, Json, Link, Plain, Tags, With};
use super::{Draft, Found, Mapper, Property, Row, Service, United, find, member, part, property};
use crate::input::terraform::value as tf;
use crate::source::Span;
use crate::value::{Kind, Map, Member, Value};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: Some(unite) };

const TABLE: &str = "AWS::DynamoDB::Table";

const ROWS: &[Row] = &[
    Row {
        from: "aws_dynamodb_table",
        to: TABLE,
        properties: &[
            property("TableName", "name", Plain),
            property(
                "AttributeDefinitions",
                "attribute",
                Blocks(&[property("AttributeName", "name", Plain), property("AttributeType", "type", Plain)]),
            ),
            property("BillingMode", "billing_mode", Plain),
            property("DeletionProtectionEnabled", "deletion_protection_enabled", Plain),
            property("GlobalSecondaryIndexes", "global_secondary_index", With(indexes)),
            property("LocalSecondaryIndexes", "local_secondary_index", With(indexes)),
            property(
                "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled",
                "point_in_time_recovery.enabled",
                Plain,
            ),
            property("ProvisionedThroughput.ReadCapacityUnits", "read_capacity", Plain),
            property("ProvisionedThroughput.WriteCapacityUnits", "write_capacity", Plain),
            property("SSESpecification.KMSMasterKeyId", "server_side_encryption.kms_key_arn", Link),
            property("SSESpecification.SSEEnabled", "server_side_encryption.enabled", Plain),
            property("StreamSpecification.StreamViewType", "stream_view_type", Plain),
            property("TableClass", "table_class", Plain),
            property("TimeToLiveSpecification.AttributeName", "ttl.attribute_name", Plain),
            property("TimeToLiveSpecification.Enabled", "ttl.enabled", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("name", Ref), ("arn", GetAtt("Arn")), ("stream_arn", GetAtt("StreamArn"))],
        finish: Some(table),
    },
    part("aws_dynamodb_resource_policy"),
    // Content, not architecture.
    part("aws_dynamodb_table_item"),
    part("aws_dynamodb_tag"),
];

const INDEX: &[Property] = &[
    property("IndexName", "name", Plain),
    property("Projection.NonKeyAttributes", "non_key_attributes", Plain),
    property("Projection.ProjectionType", "projection_type", Plain),
];

fn table(draft: &mut Draft<'_>) {
    let schema = key_schema(&draft.instance.arguments, draft.mapper);
    let span = draft.instance.name_span;
    if let Some(schema) = schema {
        draft.set("KeySchema", schema.first().map_or(span, |key| key.span), Value::new(span, Kind::List(schema)));
    }
}

fn indexes(blocks: &tf::Value, mapper: &Mapper<'_>) -> Value {
    mapper.each(blocks, |block| {
        let mut index = mapper.properties(block, INDEX);
        if let (Kind::Map(map), Some(schema)) = (&mut index.kind, key_schema(block, mapper)) {
            map.members.push(member("KeySchema", block.span, Value::new(block.span, Kind::List(schema))));
        }
        index
    })
}

/// `hash_key` and `range_key`, or `key_schema` blocks. `None` when there are none: a local index has no `hash_key`.
fn key_schema(arguments: &tf::Value, mapper: &Mapper<'_>) -> Option<Vec<Value>> {
    if let Found::Value(blocks) = find(arguments, "key_schema") {
        const KEY: &[Property] =
            &[property("AttributeName", "attribute_name", Plain), property("KeyType", "key_type", Plain)];
        let blocks = mapper.each(&blocks.value, |block| mapper.properties(block, KEY));
        return blocks.items().map(<[Value]>::to_vec);
    }
    let keys = [("hash_key", "HASH"), ("range_key", "RANGE")].into_iter().filter_map(|(argument, kind)| {
        let (span, name) = match find(arguments, argument) {
            Found::Absent => return None,
            Found::Unknown(unknown, span) => (span, Value::unknown(span, unknown.reason.clone())),
            Found::Value(member) => (member.value.span, mapper.plain(&member.value)),
        };
        Some(key(span, name, kind))
    });
    let keys: Vec<Value> = keys.collect();
    (!keys.is_empty()).then_some(keys)
}

fn key(span: Span, name: Value, kind: &str) -> Value {
    let members: Vec<Member> =
        vec![member("AttributeName", span, name), member("KeyType", span, Value::text_at(span, kind))];
    Value::new(span, Kind::Map(Map { members, open: None }))
}

/// `aws_dynamodb_resource_policy` belongs to its table (or a stream of it, which is another resource).
fn unite(united: &mut United<'_>) {
    const POLICY: &[Property] = &[property("Policy", "policy", Json)];
    for instance in united.instances_of("aws_dynamodb_resource_policy") {
        let owner = united.owner(instance, "resource_arn", TABLE, &["TableName"]);
        let policy = united.mapper.properties(&instance.arguments, POLICY);
        if let Some(document) = policy.as_map().and_then(|map| map.get("Policy")) {
            united.replace(&owner, TABLE, "ResourcePolicy.PolicyDocument", document);
        }
    }
}
