use serde_json::{Value, json};

use super::*;

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

/// The sections of a snapshot that AWS Config delivered.
fn snapshot(items: &[Value]) -> Vec<Section> {
    recording(items, &Extent { complete: true, ..Extent::default() }).sections
}

fn found(items: &[Value]) -> Vec<Item> {
    snapshot(items).into_iter().flat_map(|section| section.resources).collect()
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

/// Why a type is hidden in an account and region; `None` when all of its resources are known.
fn hidden(sections: &[Section], region: &str, kind: &str) -> Option<String> {
    let own = sections.iter().filter(|section| section.region == region);
    let reads: Vec<&ReadRecord> = own.flat_map(|section| &section.reads).collect();
    let has = |kinds: &[String]| kinds.iter().any(|known| known == kind);
    let listed = reads.iter().any(|read| has(&read.finds));
    let hidden = reads.iter().find(|read| has(&read.hides)).map(|read| read.error.clone().unwrap());
    assert_ne!(listed, hidden.is_some(), "{kind} of {region} is either known or hidden");
    hidden
}

fn vpc() -> Value {
    recorded("AWS::EC2::VPC", "vpc-1", json!({ "cidrBlock": "10.0.0.0/16" }))
}

/// An item of a service without regions.
fn user() -> Value {
    let mut user = recorded("AWS::IAM::User", "AIDA1", json!({ "userName": "u", "path": "/" }));
    user["awsRegion"] = json!("global");
    user
}

fn recorder(region: &str, configuration: Value) -> Value {
    let mut item = recorded(RECORDER, &format!("default-{region}"), configuration);
    item["awsRegion"] = json!(region);
    item
}

const VPC: &str = "AWS::EC2::VPC";
const SUBNET: &str = "AWS::EC2::Subnet";
const USER: &str = "AWS::IAM::User";
const HOME: &str = "eu-west-1";

#[test]
fn without_a_recorder_only_types_with_items_are_known() {
    let sections = snapshot(&[vpc()]);
    assert_eq!(hidden(&sections, HOME, VPC), None);
    assert!(hidden(&sections, HOME, SUBNET).is_some());
    assert!(hidden(&sections, GLOBAL, USER).is_some());
    assert!(hidden(&sections, HOME, "AWS::ElasticLoadBalancingV2::ListenerRule").is_some());
    let history = recording(&[vpc()], &Extent::default()).sections;
    assert_eq!(hidden(&history, HOME, VPC).as_deref(), Some(CHANGES_ONLY));
}

#[test]
fn a_recorder_of_everything_makes_what_has_no_item_absent() {
    let all = |group: Value| snapshot(&[vpc(), recorder(HOME, json!({ "RecordingGroup": group }))]);
    for group in [
        json!({ "AllSupported": true, "IncludeGlobalResourceTypes": false }),
        json!({ "AllSupported": true, "RecordingStrategy": { "UseOnly": "ALL_SUPPORTED_RESOURCE_TYPES" } }),
        json!({ "RecordingStrategy": { "UseOnly": "EXCLUSION_BY_RESOURCE_TYPES" },
            "ExclusionByResourceTypes": { "ResourceTypes": [USER] } }),
    ] {
        let sections = all(group);
        assert_eq!(hidden(&sections, HOME, SUBNET), None);
        assert!(hidden(&sections, GLOBAL, USER).is_some(), "users are recorded only when that is asked for");
        assert!(hidden(&sections, HOME, "AWS::ElasticLoadBalancingV2::ListenerRule").is_some());
        // Not every region has the types that are read through the registry.
        assert!(hidden(&sections, HOME, "AWS::ECS::Service").is_some());
        // Not all prefix lists are recorded, whatever the recorder does.
        assert!(hidden(&sections, HOME, "AWS::EC2::PrefixList").is_some());
    }
    let global = all(json!({ "AllSupported": true, "IncludeGlobalResourceTypes": true }));
    assert_eq!(hidden(&global, GLOBAL, USER), None);
    assert!(hidden(&global, GLOBAL, "AWS::CloudFront::Distribution").is_some(), "only us-east-1 records it");
    let camel = snapshot(&[vpc(), recorder(HOME, json!({ "recordingGroup": { "allSupported": true } }))]);
    assert_eq!(hidden(&camel, HOME, SUBNET), None);
}

#[test]
fn items_of_a_type_that_is_left_out_are_of_the_past() {
    let of = |group: Value| {
        let items = [vpc(), user(), recorder(HOME, json!({ "Recording": true, "RecordingGroup": group }))];
        snapshot(&items)
    };
    let kinds = |sections: &[Section]| -> Vec<String> {
        sections.iter().flat_map(|section| &section.resources).map(|item| item.kind.clone()).collect()
    };
    let excluded = of(json!({ "RecordingStrategy": { "UseOnly": "EXCLUSION_BY_RESOURCE_TYPES" },
        "ExclusionByResourceTypes": { "ResourceTypes": [VPC] } }));
    assert_eq!(hidden(&excluded, HOME, VPC).as_deref(), Some("its recorder leaves this type out"));
    assert_eq!(hidden(&excluded, HOME, SUBNET), None);
    assert_eq!(kinds(&excluded), [USER]);
    // What is listed for another strategy than the one in use does not count.
    let included =
        of(json!({ "AllSupported": false, "RecordingStrategy": { "UseOnly": "INCLUSION_BY_RESOURCE_TYPES" },
        "ResourceTypes": [SUBNET], "ExclusionByResourceTypes": { "ResourceTypes": [SUBNET] } }));
    assert!(hidden(&included, HOME, VPC).is_some() && hidden(&included, GLOBAL, USER).is_some());
    assert_eq!(hidden(&included, HOME, SUBNET), None);
    assert_eq!(kinds(&included), [""; 0]);
    let unknown = of(json!({ "RecordingStrategy": { "UseOnly": "SOMETHING_NEW" } }));
    assert!(hidden(&unknown, HOME, SUBNET).is_some() && hidden(&unknown, HOME, VPC).is_none());
}

#[test]
fn a_recorder_that_does_not_record_leaves_everything_unknown() {
    let all = json!({ "AllSupported": true, "IncludeGlobalResourceTypes": true });
    let stopped = recorder(HOME, json!({ "Recording": false, "RecordingGroup": all }));
    let mut deleted = recorder(HOME, json!({ "RecordingGroup": all }));
    deleted["configurationItemStatus"] = json!("ResourceDeleted");
    for gone in [stopped, deleted] {
        let sections = snapshot(&[vpc(), user(), gone]);
        assert_eq!(hidden(&sections, HOME, VPC).as_deref(), Some(recorder::STOPPED));
        assert!(hidden(&sections, GLOBAL, USER).is_some());
        assert!(sections.iter().all(|section| section.resources.is_empty()));
    }
}

#[test]
fn users_are_known_by_any_recorder_of_the_account_that_can_record_them() {
    let all = json!({ "RecordingGroup": { "AllSupported": true, "IncludeGlobalResourceTypes": true } });
    let none = json!({ "RecordingGroup": { "AllSupported": true } });
    let of = |own: &Value, other: &str, theirs: &Value| {
        snapshot(&[vpc(), recorder(HOME, own.clone()), recorder(other, theirs.clone())])
    };
    assert_eq!(hidden(&of(&none, "us-east-1", &all), GLOBAL, USER), None);
    assert!(hidden(&of(&none, "us-east-1", &none), GLOBAL, USER).is_some());
    assert!(hidden(&of(&none, "eu-south-2", &all), GLOBAL, USER).is_some(), "that region cannot record users");
    assert_eq!(hidden(&of(&none, "us-east-1", &none), GLOBAL, "AWS::CloudFront::Distribution"), None);
}

#[test]
fn recorders_of_services_say_nothing() {
    let all = json!({ "Name": "AWSConfigurationRecorderForAnything", "RecordingGroup": { "AllSupported": true } });
    let sections = snapshot(&[vpc(), recorder(HOME, all)]);
    assert!(hidden(&sections, HOME, SUBNET).is_some());
}

#[test]
fn a_resource_that_is_not_recorded_any_more_is_not_deleted() {
    for status in ["ResourceNotRecorded", "ResourceDeletedNotRecorded"] {
        let mut second = recorded(VPC, "vpc-2", json!({ "cidrBlock": "10.2.0.0/16" }));
        second["configurationItemStatus"] = json!(status);
        let sections = snapshot(&[vpc(), second]);
        assert_eq!(hidden(&sections, HOME, VPC).as_deref(), Some(ENDED), "{status}");
    }
}

#[test]
fn what_did_not_arrive_is_unknown() {
    let all = json!({ "RecordingGroup": { "AllSupported": true, "IncludeGlobalResourceTypes": true },
        "RecordingMode": { "RecordingFrequency": "DAILY" } });
    let account = || "111122223333".to_owned();
    let place = |region: &str| (account(), region.to_owned());
    let unread = [(place(HOME), "it failed".to_owned()), (place("eu-west-2"), "it failed".to_owned())].into();
    let extent = Extent { complete: true, unread, types: None };
    let found = recording(&[vpc(), user(), recorder(HOME, all.clone())], &extent);
    assert_eq!(found.daily, [place(HOME)]);
    for region in [HOME, "eu-west-2"] {
        assert_eq!(hidden(&found.sections, region, VPC).as_deref(), Some("it failed"));
    }
    assert!(hidden(&found.sections, GLOBAL, USER).is_some(), "users are recorded where it failed");
    assert!(found.sections.iter().all(|section| section.resources.is_empty()));
    let limited =
        Extent { complete: true, types: Some([RECORDER.to_owned(), VPC.to_owned()].into()), ..Extent::default() };
    let found = recording(&[vpc(), recorder(HOME, all)], &limited).sections;
    assert_eq!(hidden(&found, HOME, VPC), None);
    assert_eq!(hidden(&found, HOME, SUBNET).as_deref(), Some(NOT_COLLECTED));
}

#[test]
fn each_type_is_listed_once_and_its_items_become_it() {
    let kinds: Vec<&str> = types::KNOWN.iter().map(|(kind, _)| *kind).collect();
    assert!(kinds.is_sorted_by(|a, b| a < b), "sorted, without doubles");
    for source in recorded_types() {
        let items = found(&[recorded(source, "x-1", json!({ "state": { "value": "available" } }))]);
        let made: BTreeSet<&str> = items.iter().map(|item| item.kind.as_str()).collect();
        let own = types::KNOWN.iter().find(|(_, told)| told.source() == Some(source)).map(|(kind, _)| *kind);
        assert!(own.is_some_and(|_| !made.is_empty()), "nothing becomes of {source}");
        for kind in made {
            let told = types::KNOWN.iter().find(|(known, _)| *known == kind).and_then(|(_, told)| told.source());
            assert_eq!(told, Some(source), "{kind} is made of {source}");
        }
    }
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
