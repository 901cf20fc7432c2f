use aws_sdk_lambda::types::{
    AliasRoutingConfiguration, EnvironmentResponse, FunctionUrlAuthType, FunctionUrlConfig, VpcConfigResponse,
};
use serde_json::json;

use super::*;

const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:api";

fn function() -> aws_sdk_lambda::types::builders::FunctionConfigurationBuilder {
    FunctionConfiguration::builder().function_name("api").function_arn(ARN)
}

#[test]
fn of_the_environment_only_the_keys_are_kept() {
    let environment = EnvironmentResponse::builder().variables("DB_PASSWORD", "planted-secret").build();
    let item = function::of_function(&function().environment(environment).build(), Ok(Some(5)));
    assert_eq!(item.properties["Environment"], json!({"Variables": {"DB_PASSWORD": "****"}}));
    assert_eq!(item.properties["ReservedConcurrentExecutions"], 5);
    assert!(!serde_json::to_string(&item).unwrap().contains("planted-secret"));
}

#[test]
fn a_function_outside_of_a_vpc_has_no_network() {
    let outside = function().vpc_config(VpcConfigResponse::builder().vpc_id("").build()).build();
    let item = function::of_function(&outside, Err(Unread(CONCURRENCY.api)));
    assert!(!item.properties.contains_key("VpcConfig"));
    let api = "lambda:GetFunctionConcurrency";
    assert_eq!(item.properties["ReservedConcurrentExecutions"], json!({ "Unread": api }));
    let inside = function().vpc_config(VpcConfigResponse::builder().subnet_ids("subnet-1").build()).build();
    let item = function::of_function(&inside, Ok(None));
    assert_eq!(item.properties["VpcConfig"]["SubnetIds"], json!(["subnet-1"]));
    assert!(!item.properties.contains_key("ReservedConcurrentExecutions"));
}

#[test]
fn a_url_of_an_alias_is_the_function_s_with_a_qualifier() {
    let url = |arn: &str| {
        FunctionUrlConfig::builder()
            .function_url("https://abc.lambda-url.eu-west-1.on.aws/")
            .function_arn(arn)
            .auth_type(FunctionUrlAuthType::None)
            .creation_time("t")
            .last_modified_time("t")
            .build()
            .unwrap()
    };
    let alias = function::of_url(ARN, &url(&format!("{ARN}:live")));
    assert_eq!((alias.id.as_str(), &alias.properties["Qualifier"]), (&*format!("{ARN}/url/live"), &json!("live")));
    let own = function::of_url(ARN, &url(ARN));
    assert!(!own.properties.contains_key("Qualifier"));
    assert_eq!(own.properties["AuthType"], "NONE");
}

#[test]
fn an_alias_leads_to_each_version_that_gets_a_share() {
    let routing = AliasRoutingConfiguration::builder().additional_version_weights("7", 0.1).build();
    let alias = AliasConfiguration::builder().name("live").function_version("6").routing_config(routing).build();
    assert_eq!(leads_to(&alias).collect::<Vec<_>>(), ["6", "7"]);
    let latest = AliasConfiguration::builder().name("dev").function_version("$LATEST").build();
    assert_eq!(leads_to(&latest).count(), 0);
    assert_eq!(versioned(&format!("{ARN}:12")), Some((ARN, "12")));
    assert_eq!(versioned(&format!("{ARN}:live")), None);
    assert_eq!(versioned(ARN), None);
}

#[test]
fn statements_become_the_permissions_that_made_them() {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {
            "Sid": "api", "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": ARN,
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Condition": {
                "ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:eu-west-1:111122223333:abc/*/GET/posts"},
                "StringEquals": {"AWS:SourceAccount": "111122223333"},
            },
        },
        {
            "Sid": "url", "Effect": "Allow", "Action": "lambda:InvokeFunction", "Principal": "*",
            "Condition": {
                "StringEquals": {"lambda:FunctionUrlAuthType": "NONE"},
                "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
            },
        },
        {"Sid": "other", "Effect": "Allow", "Action": "lambda:*", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}},
        {"Sid": "no", "Effect": "Deny", "Action": "lambda:*", "Principal": "*"},
    ]});
    let items = policy::of_function(ARN, Ok(Some(&policy.to_string())));
    let properties: Vec<serde_json::Value> = items.into_iter().map(|item| item.properties.into()).collect();
    assert_eq!(
        properties,
        [
            json!({
                "FunctionName": ARN, "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
                "SourceArn": "arn:aws:execute-api:eu-west-1:111122223333:abc/*/GET/posts",
                "SourceAccount": "111122223333",
            }),
            json!({
                "FunctionName": ARN, "Action": "lambda:InvokeFunction", "Principal": "*",
                "FunctionUrlAuthType": "NONE", "InvokedViaFunctionUrl": true,
            }),
            json!({"FunctionName": ARN, "Action": "lambda:*", "Principal": "444455556666"}),
        ]
    );
}

#[test]
fn each_source_of_a_statement_is_a_permission() {
    let policy = json!({"Statement": {
        "Effect": "Allow", "Action": "lambda:InvokeFunction", "Principal": {"Service": ["s3.amazonaws.com"]},
        "Condition": {"ArnLike": {"aws:SourceArn": ["arn:aws:s3:::a", "arn:aws:s3:::b"]}},
    }});
    let items = policy::of_function(ARN, Ok(Some(&policy.to_string())));
    assert_eq!(items.len(), 2);
    assert_eq!(items[1].properties["SourceArn"], "arn:aws:s3:::b");
    assert_ne!(items[0].id, items[1].id);
}

#[test]
fn a_policy_that_is_not_understood_is_a_permission_of_which_nothing_is_known() {
    let items = policy::of_function(ARN, Ok(Some("<html>")));
    assert_eq!(items[0].properties["Principal"], json!({"Unread": "lambda:GetPolicy"}));
    assert_eq!(policy::of_function(ARN, Err(Unread(POLICY.api))), items);
    assert!(policy::of_function(ARN, Ok(None)).is_empty());
}

#[test]
fn a_layer_that_everyone_may_use_says_so() {
    let arn = "arn:aws:lambda:eu-west-1:111122223333:layer:common:3";
    let policy = json!({"Statement": [{
        "Sid": "public", "Effect": "Allow", "Principal": "*", "Action": "lambda:GetLayerVersion", "Resource": arn,
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    }]});
    let items = policy::of_layer(arn, Ok(Some(&policy.to_string())));
    assert_eq!(
        serde_json::Value::from(items[0].properties.clone()),
        json!({
            "LayerVersionArn": arn, "Action": "lambda:GetLayerVersion", "Principal": "*", "OrganizationId": "o-1",
        })
    );
}
