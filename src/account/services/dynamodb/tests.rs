use aws_sdk_dynamodb::types::{
    ContinuousBackupsStatus, KeyType, PointInTimeRecoveryStatus, ScalarAttributeType, SseType,
};
use serde_json::json;

use super::*;

const ARN: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/Posts";

fn table() -> aws_sdk_dynamodb::types::builders::TableDescriptionBuilder {
    let attribute = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
    TableDescription::builder()
        .table_name("Posts")
        .attribute_definitions(attribute.build().unwrap())
        .key_schema(key.build().unwrap())
        .deletion_protection_enabled(true)
}

fn details() -> Details<'static> {
    let recovery = ContinuousBackupsDescription::builder()
        .continuous_backups_status(ContinuousBackupsStatus::Enabled)
        .point_in_time_recovery_description(
            PointInTimeRecoveryDescription::builder()
                .point_in_time_recovery_status(PointInTimeRecoveryStatus::Enabled)
                .recovery_period_in_days(7)
                .build(),
        )
        .build()
        .unwrap();
    Details { recovery: Ok(of_recovery(&recovery)), policy: Ok(None), region: "eu-west-1" }
}

#[test]
fn a_table_says_how_it_is_encrypted_and_kept() {
    let sse = SseDescription::builder().status(SseStatus::Enabled).sse_type(SseType::Kms).kms_master_key_arn("arn:k");
    let item = of_table(ARN, &table().sse_description(sse.build()).build(), details());
    assert_eq!(item.kind, TABLE_KIND);
    assert_eq!(
        serde_json::Value::from(item.properties),
        json!({
            "TableName": "Posts",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "SSESpecification": {"SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": "arn:k"},
            "DeletionProtectionEnabled": true,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 7},
        })
    );
}

#[test]
fn details_that_could_not_be_read_say_so_in_their_place() {
    let details = Details { recovery: Err(Unread(BACKUPS.api)), policy: Err(Unread(POLICY.api)), region: "eu-west-1" };
    let item = of_table(ARN, &table().build(), details);
    let api = "dynamodb:DescribeContinuousBackups";
    assert_eq!(item.properties["PointInTimeRecoverySpecification"], json!({ "Unread": api }));
    assert_eq!(item.properties["ResourcePolicy"], json!({"Unread": "dynamodb:GetResourcePolicy"}));
    assert!(!item.properties.contains_key("SSESpecification"));
}

#[test]
fn a_table_with_replicas_is_a_global_one() {
    let replica = |region: &str| ReplicaDescription::builder().region_name(region).build();
    let table = table().replicas(replica("eu-west-1")).replicas(replica("us-east-1")).build();
    let item = of_table(ARN, &table, details());
    assert_eq!(item.kind, GLOBAL_KIND);
    assert_eq!(item.properties["Replicas"][0]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(item.properties["Replicas"][1], json!({"Region": "us-east-1"}));
    assert!(!item.properties.contains_key("PointInTimeRecoverySpecification"));
}
