//! `DynamoDB`: tables, how they are encrypted and kept, and who may reach them by a policy of their own.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::get_resource_policy::GetResourcePolicyOutput;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, ContinuousBackupsDescription, GlobalSecondaryIndexDescription, KeySchemaElement,
    LocalSecondaryIndexDescription, PointInTimeRecoveryDescription, Projection, ReplicaDescription, SseDescription,
    SseStatus, TableDescription,
};

use super::{Scope, Service};
use crate::account::item::{Object, document, word, words};
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "dynamodb",
    scope: Scope::Regional,
    reads: &[&TABLES, &TABLE, &BACKUPS, &POLICY],
    collect: |reader| Box::pin(collect(reader)),
};

const TABLE_KIND: &str = "AWS::DynamoDB::Table";
const GLOBAL_KIND: &str = "AWS::DynamoDB::GlobalTable";

const TABLES: Read = Read::list("dynamodb:ListTables", &[TABLE_KIND, GLOBAL_KIND]);
const TABLE: Read = Read::detail("dynamodb:DescribeTable");
const BACKUPS: Read = Read::detail("dynamodb:DescribeContinuousBackups");
const POLICY: Read = Read::detail("dynamodb:GetResourcePolicy");

async fn collect(reader: &Reader) {
    let client = &Client::new(&reader.config);
    let names = reader.list(&TABLES, client.list_tables().into_paginator().items().send()).await;
    reader.each(names, |name| table(reader, client, name)).await;
}

async fn table(reader: &Reader, client: &Client, name: String) {
    let arn = reader.arn("dynamodb", &format!("table/{name}"));
    let described = reader.get(&TABLE, &arn, client.describe_table().table_name(&name).send()).await;
    let Ok(Some(described)) = described.map(|output| output.table) else {
        return reader.push(unread(&arn, &name));
    };
    let backups = client.describe_continuous_backups().table_name(&name).send();
    let policy = client.get_resource_policy().resource_arn(&arn).send();
    let (backups, policy) = tokio::join!(
        reader.get(&BACKUPS, &arn, backups),
        reader.find(&POLICY, &arn, &["PolicyNotFoundException"], policy)
    );
    let details = Details {
        recovery: backups.map(|output| output.continuous_backups_description.as_ref().and_then(of_recovery)),
        policy: policy.map(|output| output.as_ref().and_then(GetResourcePolicyOutput::policy).map(document)),
        region: &reader.region,
    };
    reader.push(of_table(&arn, &described, details));
}

/// What other calls tell of a table.
struct Details<'a> {
    recovery: Result<Option<Object>, Unread>,
    policy: Result<Option<serde_json::Value>, Unread>,
    region: &'a str,
}

/// A table of which only the name is known.
fn unread(arn: &str, name: &str) -> Item {
    let details = ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "SSESpecification"];
    let kept =
        ["DeletionProtectionEnabled", "PointInTimeRecoverySpecification", "ResourcePolicy", "StreamSpecification"];
    let item = Item::new(TABLE_KIND, arn).name(Some(name)).means("Arn", Some(arn)).set("TableName", name);
    details.into_iter().chain(kept).fold(item, |item, key| item.set(key, Err::<String, _>(Unread(TABLE.api))))
}

fn of_table(arn: &str, table: &TableDescription, details: Details<'_>) -> Item {
    let global = !table.replicas().is_empty();
    let indexes = table.global_secondary_indexes();
    let local = table.local_secondary_indexes();
    let billing = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
    let stream = table.stream_specification().filter(|stream| stream.stream_enabled());
    let item = Item::new(if global { GLOBAL_KIND } else { TABLE_KIND }, arn)
        .name(table.table_name())
        .means("Arn", Some(arn))
        .means("StreamArn", table.latest_stream_arn())
        .set("TableName", table.table_name())
        .set("AttributeDefinitions", table.attribute_definitions().iter().map(of_attribute).collect::<Vec<_>>())
        .set("KeySchema", of_keys(table.key_schema()))
        .set("GlobalSecondaryIndexes", filled(indexes.iter().map(of_global_index)))
        .set("LocalSecondaryIndexes", filled(local.iter().map(of_local_index)))
        .set("BillingMode", word(billing))
        .set("StreamSpecification", stream.map(|it| Object::new().set("StreamViewType", word(it.stream_view_type()))));
    let protection = table.deletion_protection_enabled();
    let policy = details.policy.map(|policy| policy.map(|policy| Object::new().set("PolicyDocument", policy)));
    let key = table.sse_description().and_then(SseDescription::kms_master_key_arn);
    if !global {
        return item
            .set("SSESpecification", table.sse_description().map(|sse| of_encryption(sse).set("KMSMasterKeyId", key)))
            .set("DeletionProtectionEnabled", protection)
            .set("PointInTimeRecoverySpecification", details.recovery)
            .set("ResourcePolicy", policy);
    }
    // `AWS::DynamoDB::GlobalTable` says these of each replica; those of other regions are told where they are.
    let here = Object::new()
        .set("Region", details.region)
        .set("SSESpecification", key.map(|key| Object::new().set("KMSMasterKeyId", key)))
        .set("DeletionProtectionEnabled", protection)
        .set("PointInTimeRecoverySpecification", details.recovery)
        .set("ResourcePolicy", policy);
    let elsewhere = |replica: &&ReplicaDescription| replica.region_name() != Some(details.region);
    let replicas = table.replicas().iter().filter(elsewhere).map(of_replica);
    item.set("SSESpecification", table.sse_description().map(of_encryption))
        .set("Replicas", std::iter::once(here).chain(replicas).collect::<Vec<_>>())
}

fn of_replica(replica: &ReplicaDescription) -> Object {
    let key = replica.kms_master_key_id().map(|key| Object::new().set("KMSMasterKeyId", key));
    Object::new().set("Region", replica.region_name()).set("SSESpecification", key)
}

/// Without a description the table is encrypted with a key that `DynamoDB` owns (API reference, `SSEDescription`).
fn of_encryption(sse: &SseDescription) -> Object {
    let on = matches!(sse.status(), Some(SseStatus::Enabled | SseStatus::Enabling | SseStatus::Updating));
    Object::new().set("SSEEnabled", on).set("SSEType", word(sse.sse_type()))
}

fn of_recovery(backups: &ContinuousBackupsDescription) -> Option<Object> {
    let recovery = backups.point_in_time_recovery_description()?;
    let status = recovery.point_in_time_recovery_status()?;
    Some(
        Object::new()
            .set("PointInTimeRecoveryEnabled", status.as_str() == "ENABLED")
            .set("RecoveryPeriodInDays", PointInTimeRecoveryDescription::recovery_period_in_days(recovery)),
    )
}

fn of_attribute(attribute: &AttributeDefinition) -> Object {
    let kind = attribute.attribute_type().as_str();
    Object::new().set("AttributeName", attribute.attribute_name()).set("AttributeType", kind)
}

fn of_keys(keys: &[KeySchemaElement]) -> Vec<Object> {
    let of = |key: &KeySchemaElement| {
        Object::new().set("AttributeName", key.attribute_name()).set("KeyType", key.key_type().as_str())
    };
    keys.iter().map(of).collect()
}

fn of_global_index(index: &GlobalSecondaryIndexDescription) -> Object {
    of_index(index.index_name(), index.key_schema(), index.projection())
}

fn of_local_index(index: &LocalSecondaryIndexDescription) -> Object {
    of_index(index.index_name(), index.key_schema(), index.projection())
}

fn of_index(name: Option<&str>, keys: &[KeySchemaElement], projection: Option<&Projection>) -> Object {
    let projection = projection.map(|it| {
        let attributes = it.non_key_attributes();
        Object::new().set("ProjectionType", word(it.projection_type())).set("NonKeyAttributes", words(attributes))
    });
    Object::new().set("IndexName", name).set("KeySchema", of_keys(keys)).set("Projection", projection)
}

fn filled(objects: impl Iterator<Item = Object>) -> Option<Vec<Object>> {
    let objects: Vec<Object> = objects.collect();
    (!objects.is_empty()).then_some(objects)
}

#[cfg(test)]
mod tests;
