use aws_sdk_apigateway::types::{BasePathMapping, CanarySettings, MethodSetting, MethodSnapshot};
use serde_json::json;

use super::*;

const ARN: &str = "arn:aws:apigateway:eu-west-1::/restapis/a1b2c3";

fn stage(name: &str, deployment: &str) -> aws_sdk_apigateway::types::builders::StageBuilder {
    Stage::builder().stage_name(name).deployment_id(deployment)
}

#[test]
fn stages_that_serve_the_same_are_exported_once() {
    let stages = [
        stage("prod", "d1").build(),
        stage("dev", "d2").build(),
        stage("blue", "d1").build(),
        stage("green", "d1").variables("backend", "x").build(),
    ];
    let served = served(&stages);
    let names: Vec<_> = served.iter().map(|alike| api::names(alike)).collect();
    assert_eq!(names, [vec!["blue", "prod"], vec!["dev"], vec!["green"]]);
    let rest = RestApi::builder().id("a1b2c3").build();
    let item = api::of_other_stages(ARN, &rest, &served[0], Err(Unread(EXPORT.api)));
    assert_eq!(item.id, format!("{ARN}/stages/blue/api"));
    assert_eq!(
        (&item.properties["RestApiId"], &item.properties["Stages"]),
        (&json!("a1b2c3"), &json!(["blue", "prod"]))
    );
}

#[test]
fn of_an_export_only_what_is_analysed_is_kept() {
    let export = json!({
        "openapi": "3.0.1",
        "info": {"title": "posts"},
        "servers": [{"url": "https://a1b2c3.execute-api.eu-west-1.amazonaws.com/{basePath}"}],
        "x-amazon-apigateway-policy": {"Statement": []},
        "paths": {"/posts": {
            "parameters": [{"name": "id"}],
            "post": {
                "responses": {"200": {}},
                "security": [{"users": ["posts/write"]}],
                "x-amazon-apigateway-integration": {
                    "type": "aws_proxy",
                    "uri": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:${stageVariables.fn}/invocations",
                    "requestParameters": {"integration.request.header.key": "'planted-secret'"},
                },
            },
        }},
        "components": {
            "schemas": {"Empty": {}},
            "securitySchemes": {"users": {"x-amazon-apigateway-authorizer": {"type": "cognito_user_pools"}}},
        },
    });
    let variables = HashMap::from([("fn".to_owned(), "posts".to_owned())]);
    assert_eq!(
        export::of_export(export, Some(&variables)).unwrap(),
        json!({
            "openapi": "3.0.1",
            "x-amazon-apigateway-policy": {"Statement": []},
            "paths": {"/posts": {"post": {
                "security": [{"users": ["posts/write"]}],
                "x-amazon-apigateway-integration": {
                    "type": "aws_proxy",
                    "uri": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:posts/invocations",
                },
            }}},
            "components": {
                "securitySchemes": {"users": {"x-amazon-apigateway-authorizer": {"type": "cognito_user_pools"}}},
            },
        })
    );
    assert!(export::of_export(json!({"message": "no"}), None).is_none());
    assert!(export::of_export(json!({"swagger": "2.0", "paths": {}}), None).is_none());
}

#[test]
fn of_a_canary_the_methods_are_told_and_what_they_lead_to_is_not() {
    let canary = |percent: f64, deployment: &str| {
        let settings = CanarySettings::builder().percent_traffic(percent).deployment_id(deployment).build();
        stage("prod", "d1").canary_settings(settings).build()
    };
    assert_eq!(super::canary(&canary(10.0, "d2")), Some("d2"));
    assert_eq!((super::canary(&canary(0.0, "d2")), super::canary(&canary(10.0, "d1"))), (None, None));

    let method = |kind: &str| MethodSnapshot::builder().authorization_type(kind).build();
    let methods = HashMap::from([("GET".to_owned(), method("NONE")), ("POST".to_owned(), method("AWS_IAM"))]);
    let unread = json!({"Unread": "apigateway:GetExport"});
    assert_eq!(
        export::of_summary(&HashMap::from([("/posts".to_owned(), methods)])),
        json!({
            "openapi": "3.0.1",
            "paths": {"/posts": {
                "get": {"x-amazon-apigateway-integration": unread},
                "post": {"security": [{"AWS_IAM": unread}], "x-amazon-apigateway-integration": unread},
            }},
            "components": {"securitySchemes": {
                "AWS_IAM": {"type": "apiKey", "x-amazon-apigateway-authtype": "awsSigv4"},
            }},
        })
    );
    let rest = RestApi::builder().id("a1b2c3").name("posts").build();
    let item = api::of_canary(ARN, &rest, &stage("prod", "d1").build(), Err(Unread(DEPLOYMENT.api)));
    assert_eq!(
        (item.id.as_str(), item.ids.len()),
        ("arn:aws:apigateway:eu-west-1::/restapis/a1b2c3/stages/prod/canary", 0)
    );
}

#[test]
fn the_policy_is_the_deployed_one_where_the_export_has_it() {
    let escaped = r#"{\"Version\":\"2012-10-17\",\"Statement\":[]}"#;
    let rest = RestApi::builder().id("a1b2c3").name("posts").root_resource_id("root1").policy(escaped).build();
    let item = api::of_api(ARN, &rest, None);
    assert_eq!(item.ids["RootResourceId"], "root1");
    assert_eq!(item.properties["Policy"], json!({"Version": "2012-10-17", "Statement": []}));
    let deployed = json!({"x-amazon-apigateway-policy": {"Statement": []}, "paths": {}});
    let item = api::of_api(ARN, &rest, Some(Ok(deployed.clone())));
    assert!(!item.properties.contains_key("Policy"));
    let other = api::of_other_stages(ARN, &rest, &[stage("dev", "d2").build()], Ok(deployed));
    assert!(other.ids.is_empty());
    assert_eq!(other.name.as_deref(), Some("posts (stage dev)"));
    let unread = api::of_api(ARN, &rest, Some(Err(Unread(STAGES.api))));
    assert_eq!(unread.properties["Body"], json!({"Unread": "apigateway:GetStages"}));
    assert_eq!(unread.properties["Policy"], json!({"Unread": "apigateway:GetStages"}));
    // What is there now does not tell what a stage serves.
    let unread = api::of_other_stages(ARN, &rest, &[stage("dev", "d2").build()], Err(Unread(EXPORT.api)));
    assert_eq!(unread.properties["Body"], json!({"Unread": "apigateway:GetExport"}));
}

#[test]
fn a_stage_masks_its_variables_and_tells_its_settings_by_path() {
    let settings = MethodSetting::builder().logging_level("INFO").data_trace_enabled(true).build();
    let item = api::of_stage(
        ARN,
        "a1b2c3",
        &stage("prod", "d1").variables("key", "planted-secret").method_settings("~1posts/POST", settings).build(),
    );
    assert_eq!(item.properties["Variables"], json!({"key": "****"}));
    assert_eq!(item.properties["MethodSettings"][0]["ResourcePath"], "/posts");
    assert_eq!(item.properties["MethodSettings"][0]["HttpMethod"], "POST");
    let mapping = api::of_mapping("arn:d", &BasePathMapping::builder().rest_api_id("a1b2c3").build());
    assert_eq!(mapping.id, "arn:d/basepathmappings/(none)");
    let of = |stage: &str| api::of_mapping("arn:d", &BasePathMapping::builder().stage(stage).build());
    assert_eq!(of("prod").properties["Stage"], "prod");
    assert!(!of("(none)").properties.contains_key("Stage"), "callers name the stage");
}
