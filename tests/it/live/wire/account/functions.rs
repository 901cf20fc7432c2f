//! Functions, as Lambda lists and details them.

use serde_json::{Value as Json, json};

use super::super::{ACCOUNT, Call, Cut, REGION};
use super::{
    EVERY_ALIAS, EVERY_INSIDE, EVERY_POLICY, EVERY_SOURCE, EVERY_URL, Size, function_arn, function_name, group_id,
    role_arn, subnet_id,
};
use crate::loopback::Answer;

/// Source: `ListFunctions` and `ListEventSourceMappings`, Lambda API Reference.
const FUNCTIONS: Cut = Cut { size: "MaxItems", token: "Marker", most: 50, default: 50 };
const SOURCES: Cut = Cut { most: 100, default: 100, ..FUNCTIONS };

pub(super) fn answer(size: Size, call: &Call) -> Option<Answer> {
    let list = |name: &str, cut: &Cut, items: usize, item: &dyn Fn(usize) -> Json| {
        let page = call.page(cut, items);
        let items: Vec<Json> = page.items.map(item).collect();
        Some(Answer::ok(json!({ name: items, "NextMarker": page.next }).to_string()))
    };
    let asked = || -> usize { call.names[0].strip_prefix("function-").unwrap().parse().unwrap() };
    let one = |name: &str, has: bool, item: Json| {
        let items = if has { vec![item] } else { Vec::new() };
        Some(Answer::ok(json!({ name: items }).to_string()))
    };
    match call.api.as_str() {
        "lambda:ListFunctions" => list("Functions", &FUNCTIONS, size.functions, &|it| of_function(size, it)),
        "lambda:ListEventSourceMappings" => {
            list("EventSourceMappings", &SOURCES, size.event_sources(), &|it| of_source(it * EVERY_SOURCE))
        }
        "lambda:GetFunctionConcurrency" => Some(Answer::ok(json!({ "ReservedConcurrentExecutions": 10 }).to_string())),
        "lambda:ListAliases" => one("Aliases", asked().is_multiple_of(EVERY_ALIAS), of_alias(asked())),
        "lambda:ListFunctionUrlConfigs" => {
            one("FunctionUrlConfigs", asked().is_multiple_of(EVERY_URL), of_url(asked()))
        }
        "lambda:GetPolicy" if call.parameter("Qualifier").is_none() && asked().is_multiple_of(EVERY_POLICY) => {
            Some(Answer::ok(json!({ "Policy": policy(asked()).to_string(), "RevisionId": "r" }).to_string()))
        }
        _ => None,
    }
}

fn of_function(size: Size, function: usize) -> Json {
    let inside = function.is_multiple_of(EVERY_INSIDE);
    let subnet = 2 * (function % (size.subnets() / 2)) + 1;
    let vpc = subnet / super::SUBNETS_OF_A_VPC;
    let network = if inside {
        json!({
            "SubnetIds": [subnet_id(subnet)], "SecurityGroupIds": [group_id(vpc)], "VpcId": format!("vpc-{vpc:017x}"),
            "Ipv6AllowedForDualStack": false,
        })
    } else {
        json!({ "SubnetIds": [], "SecurityGroupIds": [], "VpcId": "" })
    };
    // Each has its own, of those that are not an instance's.
    let role = function + function / 4 + 1;
    json!({
        "FunctionName": function_name(function), "FunctionArn": function_arn(function), "Runtime": "python3.12",
        "Role": role_arn(role), "Handler": "app.handler", "CodeSize": 123_456, "Description": "", "Timeout": 30,
        "MemorySize": 256, "LastModified": "2025-06-01T08:30:00.000+0000",
        "CodeSha256": "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=", "Version": "$LATEST", "VpcConfig": network,
        "Environment": { "Variables": { "TABLE": format!("table-{role}"), "LOG_LEVEL": "info" } },
        "TracingConfig": { "Mode": "PassThrough" }, "RevisionId": "0f4a7e7e", "PackageType": "Zip",
        "Architectures": ["x86_64"], "EphemeralStorage": { "Size": 512 },
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{}", function_name(function)) },
    })
}

fn of_source(function: usize) -> Json {
    json!({
        "UUID": format!("0f4a7e7e-1111-2222-3333-{function:012}"), "BatchSize": 10, "State": "Enabled",
        "EventSourceArn": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:queue-{function}"),
        "FunctionArn": function_arn(function), "StateTransitionReason": "USER_INITIATED",
    })
}

fn of_alias(function: usize) -> Json {
    json!({
        "AliasArn": format!("{}:live", function_arn(function)), "Name": "live", "FunctionVersion": "1", "Description": "",
        "RevisionId": "0f4a7e7e",
    })
}

fn of_url(function: usize) -> Json {
    let since = "2025-01-01T00:00:00.000Z";
    json!({
        "FunctionUrl": format!("https://u{function}.lambda-url.{REGION}.on.aws/"), "FunctionArn": function_arn(function),
        "AuthType": "AWS_IAM", "CreationTime": since, "LastModifiedTime": since, "InvokeMode": "BUFFERED",
    })
}

fn policy(function: usize) -> Json {
    json!({
        "Version": "2012-10-17", "Id": "default",
        "Statement": [{
            "Sid": "events", "Effect": "Allow", "Principal": { "Service": "events.amazonaws.com" },
            "Action": "lambda:InvokeFunction", "Resource": function_arn(function),
            "Condition": { "ArnLike": { "AWS:SourceArn": format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/rule-{function}") } },
        }],
    })
}
