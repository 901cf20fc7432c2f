use serde_json::{Value, json};

use super::*;
use crate::input::snapshot::format::Item;

#[expect(clippy::needless_pass_by_value, reason = "callers write it in place")]
fn recorded(kind: &str, id: &str, configuration: Value) -> Value {
    json!({
        "relatedEvents": [], "relationships": [], "tags": {}, "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": "2026-01-02T03:04:05.000Z", "configurationStateId": 1,
        "awsAccountId": "111122223333", "configurationItemStatus": "OK", "resourceType": kind, "resourceId": id,
        "ARN": format!("arn:aws:x:eu-west-1:111122223333:{id}"), "awsRegion": "eu-west-1",
        "configuration": configuration, "supplementaryConfiguration": {},
    })
}

fn found(items: &[Value]) -> Vec<Item> {
    sections(items, true).into_iter().flat_map(|section| section.resources).collect()
}

fn of<'a>(items: &'a [Item], kind: &str) -> &'a Item {
    items.iter().find(|item| item.kind == kind).unwrap_or_else(|| panic!("no {kind} in {items:#?}"))
}

#[test]
fn networks_become_what_a_template_writes() {
    let items = found(&[
        recorded("AWS::EC2::VPC", "vpc-1", json!({ "cidrBlock": "10.0.0.0/16", "vpcId": "vpc-1", "isDefault": false })),
        recorded(
            "AWS::EC2::Subnet",
            "subnet-1",
            json!({ "vpcId": "vpc-1", "cidrBlock": "10.0.1.0/24", "mapPublicIpOnLaunch": true,
                "state": { "value": "available" }, "ipv6CidrBlockAssociationSet": [] }),
        ),
        recorded(
            "AWS::EC2::RouteTable",
            "rtb-1",
            json!({ "vpcId": "vpc-1", "routes": [
                { "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "origin": "CreateRouteTable" },
                { "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "natGatewayId": null, "state": "active" },
            ], "associations": [
                { "main": true, "routeTableAssociationId": "rtbassoc-1", "subnetId": null },
                { "main": false, "routeTableAssociationId": "rtbassoc-2", "subnetId": "subnet-1" },
            ] }),
        ),
        recorded(
            "AWS::EC2::InternetGateway",
            "igw-1",
            json!({ "attachments": [{ "state": "available", "vpcId": "vpc-1" }] }),
        ),
    ]);
    assert_eq!(
        Value::Object(of(&items, "AWS::EC2::VPC").properties.clone()),
        json!({ "CidrBlock": "10.0.0.0/16", "IsDefault": false })
    );
    assert_eq!(of(&items, "AWS::EC2::VPC").ids["Ref"], "vpc-1");
    assert_eq!(of(&items, "AWS::EC2::Subnet").properties["MapPublicIpOnLaunch"], true);
    let routes: Vec<&Item> = items.iter().filter(|item| item.kind == "AWS::EC2::Route").collect();
    assert_eq!(routes.len(), 1);
    let expected = json!({ "RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1" });
    assert_eq!(Value::Object(routes[0].properties.clone()), expected);
    let associations: Vec<Value> = items
        .iter()
        .filter(|item| item.kind == "AWS::EC2::SubnetRouteTableAssociation")
        .map(|item| Value::Object(item.properties.clone()))
        .collect();
    let main = json!({ "RouteTableId": "rtb-1", "Main": true, "VpcId": "vpc-1" });
    assert_eq!(associations, [main, json!({ "RouteTableId": "rtb-1", "SubnetId": "subnet-1" })]);
    let attachment = &of(&items, "AWS::EC2::VPCGatewayAttachment").properties;
    assert_eq!(Value::Object(attachment.clone()), json!({ "InternetGatewayId": "igw-1", "VpcId": "vpc-1" }));
}

#[test]
fn a_group_keeps_one_rule_for_each_peer_and_says_that_it_has_none() {
    let items = found(&[recorded(
        "AWS::EC2::SecurityGroup",
        "sg-1",
        json!({ "groupName": "web", "description": "d", "vpcId": "vpc-1", "ipPermissionsEgress": [], "ipPermissions": [{
            "ipProtocol": "tcp", "fromPort": 443, "toPort": 443,
            "ipv4Ranges": [{ "cidrIp": "0.0.0.0/0" }], "ipRanges": ["0.0.0.0/0"],
            "ipv6Ranges": [{ "cidrIpv6": "::/0", "description": "all" }],
            "prefixListIds": [], "userIdGroupPairs": [{ "groupId": "sg-2", "userId": "111122223333" }],
        }] }),
    )]);
    let group = of(&items, "AWS::EC2::SecurityGroup");
    let rule = |key: &str, peer: &str| json!({ "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, key: peer });
    let mut six = rule("CidrIpv6", "::/0");
    six["Description"] = json!("all");
    let expected = json!([rule("CidrIp", "0.0.0.0/0"), six, rule("SourceSecurityGroupId", "sg-2")]);
    assert_eq!(group.properties["SecurityGroupIngress"], expected);
    assert_eq!(group.properties["SecurityGroupEgress"], json!([]));
    assert_eq!(group.name.as_deref(), Some("web"));
}

#[test]
fn policies_are_decoded() {
    let trust = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D";
    let mut role = recorded(
        "AWS::IAM::Role",
        "AROA1",
        json!({ "roleName": "app", "path": "/", "assumeRolePolicyDocument": trust,
            "attachedManagedPolicies": [{ "policyName": "p", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess" }],
            "rolePolicyList": [{ "policyName": "inline", "policyDocument": trust }],
            "permissionsBoundary": null,
            "instanceProfileList": [{ "arn": "arn:aws:iam::111122223333:instance-profile/app", "instanceProfileName": "app" }] }),
    );
    role["awsRegion"] = json!("global");
    let items = found(&[role]);
    let role = &of(&items, "AWS::IAM::Role").properties;
    let document = json!({ "Version": "2012-10-17", "Statement": [] });
    assert_eq!(role["AssumeRolePolicyDocument"], document);
    assert_eq!(role["Policies"], json!([{ "PolicyName": "inline", "PolicyDocument": document }]));
    assert_eq!(role["ManagedPolicyArns"], json!(["arn:aws:iam::aws:policy/ReadOnlyAccess"]));
    assert!(!role.contains_key("PermissionsBoundary"));
    assert_eq!(of(&items, "AWS::IAM::InstanceProfile").properties["InstanceProfileName"], "app");
}

#[test]
fn the_policy_of_a_function_is_its_permissions_and_else_unknown() {
    let function = json!({ "functionName": "f", "role": "arn:aws:iam::111122223333:role/r", "vpcConfig": { "subnetIds": [], "securityGroupIds": [] },
        "runtime": "python3.13", "environment": { "variables": { "PASSWORD": "hunter2" } } });
    let mut item = recorded("AWS::Lambda::Function", "f", function);
    let unknown = found(std::slice::from_ref(&item));
    let permission = of(&unknown, "AWS::Lambda::Permission");
    assert_eq!(permission.properties["Principal"], json!({ "Unread": "lambda:GetPolicy" }));
    let text = json!({ "Version": "2012-10-17", "Statement": [{ "Sid": "s", "Effect": "Allow", "Action": "lambda:InvokeFunction",
        "Principal": { "Service": "apigateway.amazonaws.com" }, "Condition": { "ArnLike": { "AWS:SourceArn": "arn:aws:execute-api:x" } } }] });
    item["supplementaryConfiguration"]["Policy"] = json!(text.to_string());
    let known = found(&[item]);
    let permission = &of(&known, "AWS::Lambda::Permission").properties;
    assert_eq!(permission["Principal"], "apigateway.amazonaws.com");
    assert_eq!(permission["SourceArn"], "arn:aws:execute-api:x");
    let function = &of(&known, "AWS::Lambda::Function").properties;
    assert!(!function.contains_key("VpcConfig"));
    assert!(!serde_json::to_string(&known).unwrap().contains("hunter2"));
}

#[test]
fn what_is_recorded_in_the_shape_of_cloudformation_is_taken_over_without_secrets() {
    let items = found(&[
        recorded(
            "AWS::Cognito::UserPoolClient",
            "client1",
            json!({ "ClientId": "client1", "UserPoolId": "eu-west-1_a", "AllowedOAuthFlows": ["code"], "ClientSecret": "hunter2" }),
        ),
        recorded(
            "AWS::ECS::TaskDefinition",
            "t",
            json!({ "Family": "t", "ContainerDefinitions": [{ "Name": "c", "Environment": [{ "Name": "K", "Value": "hunter2" }] }] }),
        ),
    ]);
    let client = of(&items, "AWS::Cognito::UserPoolClient");
    assert_eq!(client.properties["AllowedOAuthFlows"], json!(["code"]));
    assert_eq!(client.properties["GenerateSecret"], json!({ "Unread": "cognito-idp:DescribeUserPoolClient" }));
    assert_eq!(client.ids["Ref"], "client1");
    assert!(!serde_json::to_string(&items).unwrap().contains("hunter2"));
}

#[test]
fn what_is_not_recorded_is_hidden() {
    let vpc = recorded("AWS::EC2::VPC", "vpc-1", json!({ "cidrBlock": "10.0.0.0/16" }));
    let hides = |items: &[Value], complete: bool, kind: &str| {
        let sections = sections(items, complete);
        let mut reads = sections.iter().flat_map(|section| &section.reads);
        reads.any(|read| read.hides.iter().any(|hidden| hidden == kind))
    };
    let one = std::slice::from_ref(&vpc);
    assert!(!hides(one, true, "AWS::EC2::VPC"));
    assert!(hides(one, true, "AWS::EC2::Subnet") && hides(one, true, "AWS::IAM::Role"));
    assert!(hides(one, true, "AWS::ElasticLoadBalancingV2::ListenerRule"));
    assert!(hides(one, false, "AWS::EC2::VPC"), "a history file tells changes only");
    let recorder = recorded(
        "AWS::Config::ConfigurationRecorder",
        "default",
        json!({ "RecordingGroup": { "AllSupported": true } }),
    );
    let both = [vpc, recorder];
    assert!(!hides(&both, true, "AWS::EC2::Subnet"));
    assert!(hides(&both, true, "AWS::ElasticLoadBalancingV2::ListenerRule"));
}

#[test]
fn only_the_last_state_of_what_still_exists_counts() {
    let at = |time: &str, block: &str, status: &str| {
        let mut item = recorded("AWS::EC2::VPC", "vpc-1", json!({ "cidrBlock": block }));
        item["configurationItemCaptureTime"] = json!(time);
        item["configurationItemStatus"] = json!(status);
        item
    };
    let changed = [
        at("2026-01-02T00:00:00Z", "10.1.0.0/16", "OK"),
        at("2026-01-01T00:00:00Z", "10.0.0.0/16", "ResourceDiscovered"),
    ];
    assert_eq!(of(&found(&changed), "AWS::EC2::VPC").properties["CidrBlock"], "10.1.0.0/16");
    let deleted =
        [at("2026-01-01T00:00:00Z", "10.0.0.0/16", "OK"), at("2026-01-02T00:00:00Z", "10.0.0.0/16", "ResourceDeleted")];
    assert!(found(&deleted).is_empty());
}
