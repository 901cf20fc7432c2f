//! The same architecture as AWS Config records it and as it is collected from the account has the same findings, wherever
//! both know it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sra_guard::finding::Verdict;
use sra_guard::input::config_items::{Extent, recording};
use sra_guard::input::snapshot::format::{Item, Section, Snapshot, VERSION};

use crate::deployed::{difference, judged, of_account};

const ACCOUNT: &str = "111122223333";

fn arn(service: &str, path: &str) -> String {
    format!("arn:aws:{service}:eu-west-1:{ACCOUNT}:{path}")
}

#[expect(clippy::needless_pass_by_value, reason = "callers write it in place")]
fn recorded(kind: &str, id: &str, arn: &str, configuration: Value, supplementary: Value) -> Value {
    json!({
        "configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-01-02T03:04:05.000Z",
        "awsAccountId": ACCOUNT, "awsRegion": if kind.starts_with("AWS::IAM::") { "global" } else { "eu-west-1" },
        "configurationItemStatus": "OK", "resourceType": kind, "resourceId": id, "ARN": arn, "tags": {},
        "configuration": configuration, "supplementaryConfiguration": supplementary,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "callers write it in place")]
fn collected(kind: &str, id: &str, ids: Value, properties: Value) -> Value {
    json!({ "Type": kind, "Id": id, "Ids": ids, "Properties": properties })
}

/// What varies.
#[derive(Clone, Copy)]
struct Flaw {
    /// Who may connect to the application's instance.
    from: &'static str,
    /// Whether the instance has a public address.
    public: bool,
    protocol: &'static str,
    scheme: &'static str,
    /// Whom the function lets in.
    caller: &'static str,
    /// What the role may do.
    action: &'static str,
}

const GOOD: Flaw = Flaw {
    from: "10.0.0.0/16",
    public: false,
    protocol: "HTTPS",
    scheme: "internal",
    caller: "events.amazonaws.com",
    action: "dynamodb:GetItem",
};

/// Each resource as an item, and as what is collected of it.
fn architecture(flaw: Flaw) -> (Vec<Value>, Vec<Value>) {
    let (mut items, mut resources) = (Vec::new(), Vec::new());
    network(flaw, &mut items, &mut resources);
    entries(flaw, &mut items, &mut resources);
    functions(flaw, &mut items, &mut resources);
    (items, resources)
}

fn network(flaw: Flaw, items: &mut Vec<Value>, resources: &mut Vec<Value>) {
    let ec2 = |path: &str| arn("ec2", path);
    items.extend([
        recorded("AWS::EC2::VPC", "vpc-1", &ec2("vpc/vpc-1"), json!({ "vpcId": "vpc-1", "cidrBlock": "10.0.0.0/16",
            "isDefault": false, "instanceTenancy": "default", "state": { "value": "available" } }), json!({})),
        recorded("AWS::EC2::Subnet", "subnet-1", &ec2("subnet/subnet-1"), json!({ "subnetId": "subnet-1", "vpcId": "vpc-1",
            "cidrBlock": "10.0.1.0/24", "mapPublicIpOnLaunch": false, "ipv6CidrBlockAssociationSet": [] }), json!({})),
        recorded("AWS::EC2::InternetGateway", "igw-1", &ec2("internet-gateway/igw-1"),
            json!({ "attachments": [{ "state": "available", "vpcId": "vpc-1" }] }), json!({})),
        recorded("AWS::EC2::RouteTable", "rtb-1", &ec2("route-table/rtb-1"), json!({ "routeTableId": "rtb-1", "vpcId": "vpc-1",
            "routes": [{ "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local" },
                { "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "state": "active" }],
            "associations": [{ "main": true, "routeTableAssociationId": "rtbassoc-1" }] }), json!({})),
        recorded("AWS::EC2::SecurityGroup", "sg-1", &ec2("security-group/sg-1"), json!({ "groupId": "sg-1", "groupName": "app",
            "description": "app", "vpcId": "vpc-1", "ipPermissionsEgress": [], "ipPermissions": [{ "ipProtocol": "tcp",
                "fromPort": 443, "toPort": 443, "ipv4Ranges": [{ "cidrIp": flaw.from }], "userIdGroupPairs": [] }] }), json!({})),
        recorded("AWS::EC2::Instance", "i-1", &ec2("instance/i-1"), json!({ "instanceId": "i-1", "imageId": "ami-1",
            "instanceType": "t3.micro", "subnetId": "subnet-1", "vpcId": "vpc-1", "state": { "code": 16, "name": "running" },
            "sourceDestCheck": true, "securityGroups": [{ "groupId": "sg-1" }], "metadataOptions": { "httpTokens": "required" },
            "networkInterfaces": [{ "subnetId": "subnet-1", "attachment": { "deviceIndex": 0 }, "ipv6Addresses": [],
                "groups": [{ "groupId": "sg-1" }], "association": flaw.public.then(|| json!({ "ipOwnerId": ACCOUNT })) }] }),
            json!({})),
    ]);
    resources.extend([
        collected(
            "AWS::EC2::VPC",
            &ec2("vpc/vpc-1"),
            json!({ "Ref": "vpc-1" }),
            json!({ "CidrBlock": "10.0.0.0/16", "IsDefault": false, "InstanceTenancy": "default" }),
        ),
        collected(
            "AWS::EC2::Subnet",
            &ec2("subnet/subnet-1"),
            json!({ "Ref": "subnet-1" }),
            json!({ "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "MapPublicIpOnLaunch": false }),
        ),
        collected("AWS::EC2::InternetGateway", &ec2("internet-gateway/igw-1"), json!({ "Ref": "igw-1" }), json!({})),
        collected(
            "AWS::EC2::VPCGatewayAttachment",
            &ec2("internet-gateway/igw-1/vpc-1"),
            json!({}),
            json!({ "InternetGatewayId": "igw-1", "VpcId": "vpc-1" }),
        ),
        collected(
            "AWS::EC2::RouteTable",
            &ec2("route-table/rtb-1"),
            json!({ "Ref": "rtb-1" }),
            json!({ "VpcId": "vpc-1" }),
        ),
        collected(
            "AWS::EC2::Route",
            &ec2("route-table/rtb-1/0.0.0.0/0"),
            json!({}),
            json!({ "RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1" }),
        ),
        collected(
            "AWS::EC2::SubnetRouteTableAssociation",
            &ec2("route-table/rtb-1/rtbassoc-1"),
            json!({}),
            json!({ "RouteTableId": "rtb-1", "Main": true, "VpcId": "vpc-1" }),
        ),
        collected(
            "AWS::EC2::SecurityGroup",
            &ec2("security-group/sg-1"),
            json!({ "Ref": "sg-1" }),
            json!({ "GroupName": "app",
            "GroupDescription": "app", "VpcId": "vpc-1", "SecurityGroupEgress": [], "SecurityGroupIngress": [
                { "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": flaw.from }] }),
        ),
        collected(
            "AWS::EC2::Instance",
            &ec2("instance/i-1"),
            json!({ "Ref": "i-1" }),
            json!({ "ImageId": "ami-1",
            "InstanceType": "t3.micro", "SubnetId": "subnet-1", "VpcId": "vpc-1", "SourceDestCheck": true,
            "SecurityGroupIds": ["sg-1"], "MetadataOptions": { "HttpTokens": "required" }, "NetworkInterfaces": [
                { "DeviceIndex": "0", "SubnetId": "subnet-1", "GroupSet": ["sg-1"], "AssociatePublicIpAddress": false,
                    "Ipv6AddressCount": 0 }] }),
        ),
    ]);
    // An elastic address is a resource of its own.
    if flaw.public {
        let address = ec2("elastic-ip/eipalloc-1");
        items.push(recorded(
            "AWS::EC2::EIP",
            "eipalloc-1",
            &address,
            json!({ "allocationId": "eipalloc-1", "domain": "vpc",
            "publicIp": "198.51.100.1", "instanceId": "i-1" }),
            json!({}),
        ));
        resources.push(collected(
            "AWS::EC2::EIP",
            &address,
            json!({ "AllocationId": "eipalloc-1" }),
            json!({ "Domain": "vpc", "PublicIp": "198.51.100.1", "InstanceId": "i-1" }),
        ));
    }
}

fn entries(flaw: Flaw, items: &mut Vec<Value>, resources: &mut Vec<Value>) {
    let balancer = arn("elasticloadbalancing", "loadbalancer/app/web/1");
    let listener = arn("elasticloadbalancing", "listener/app/web/1/2");
    let classic = arn("elasticloadbalancing", "loadbalancer/old");
    let attributes = json!([{ "key": "routing.http.drop_invalid_header_fields.enabled", "value": "true" }]);
    let shown = json!([{ "Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true" }]);
    items.extend([
        recorded("AWS::ElasticLoadBalancingV2::LoadBalancer", &balancer, &balancer, json!({ "loadBalancerArn": balancer,
            "loadBalancerName": "web", "type": "application", "scheme": flaw.scheme, "vpcId": "vpc-1", "ipAddressType": "ipv4",
            "availabilityZones": [{ "zoneName": "eu-west-1a", "subnetId": "subnet-1" }], "securityGroups": ["sg-1"] }),
            json!({ "LoadBalancerAttributes": attributes })),
        recorded("AWS::ElasticLoadBalancingV2::Listener", &listener, &listener, json!({ "ListenerArn": listener,
            "LoadBalancerArn": balancer, "Port": 443, "Protocol": flaw.protocol,
            "DefaultActions": [{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }] }), json!({})),
        recorded("AWS::ElasticLoadBalancing::LoadBalancer", "old", &classic, json!({ "loadBalancerName": "old",
            "scheme": flaw.scheme, "vpcid": "vpc-1", "subnets": ["subnet-1"], "securityGroups": ["sg-1"],
            "dnsname": "old-1.eu-west-1.elb.amazonaws.com", "instances": [{ "instanceId": "i-1" }],
            "listenerDescriptions": [{ "listener": { "protocol": flaw.protocol, "loadBalancerPort": 443, "instancePort": 80,
                "instanceProtocol": "HTTP" }, "policyNames": [] }] }), json!({})),
    ]);
    resources.extend([
        collected("AWS::ElasticLoadBalancingV2::LoadBalancer", &balancer, json!({ "Ref": balancer }), json!({ "Name": "web",
            "Type": "application", "Scheme": flaw.scheme, "VpcId": "vpc-1", "IpAddressType": "ipv4", "Subnets": ["subnet-1"],
            "SecurityGroups": ["sg-1"], "LoadBalancerAttributes": shown })),
        collected("AWS::ElasticLoadBalancingV2::Listener", &listener, json!({ "Ref": listener }), json!({
            "LoadBalancerArn": balancer, "Port": 443, "Protocol": flaw.protocol,
            "DefaultActions": [{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }] })),
        collected("AWS::ElasticLoadBalancing::LoadBalancer", &classic,
            json!({ "Arn": classic, "DNSName": "old-1.eu-west-1.elb.amazonaws.com" }), json!({ "LoadBalancerName": "old",
            "Scheme": flaw.scheme, "VPCId": "vpc-1", "Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "Instances": ["i-1"],
            "Listeners": [{ "LoadBalancerPort": 443, "Protocol": flaw.protocol, "InstancePort": 80,
                "InstanceProtocol": "HTTP" }] })),
    ]);
}

fn functions(flaw: Flaw, items: &mut Vec<Value>, resources: &mut Vec<Value>) {
    let function = arn("lambda", "function:f");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/app");
    let trust = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "lambda.amazonaws.com" } }] });
    let inline = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": flaw.action,
        "Resource": "*" }] });
    let who = if flaw.caller == "*" { json!("*") } else { json!({ "Service": flaw.caller }) };
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Sid": "s", "Effect": "Allow",
        "Action": "lambda:InvokeFunction", "Principal": who }] });
    items.extend([
        recorded(
            "AWS::Lambda::Function",
            "f",
            &function,
            json!({ "functionName": "f", "functionArn": function, "role": role,
            "runtime": "python3.13", "handler": "h", "timeout": 3 }),
            json!({ "Policy": policy.to_string() }),
        ),
        recorded(
            "AWS::IAM::Role",
            "AROA1",
            &role,
            json!({ "roleName": "app", "path": "/", "arn": role,
            "assumeRolePolicyDocument": trust.to_string(), "attachedManagedPolicies": [], "instanceProfileList": [],
            "rolePolicyList": [{ "policyName": "p", "policyDocument": inline.to_string() }] }),
            json!({}),
        ),
    ]);
    resources.extend([
        collected(
            "AWS::Lambda::Function",
            &function,
            json!({ "Arn": function }),
            json!({ "FunctionName": "f", "Role": role,
            "Runtime": "python3.13", "Handler": "h", "Timeout": 3,
            "Environment": { "Unread": "lambda:GetFunctionConfiguration" } }),
        ),
        collected(
            "AWS::Lambda::Permission",
            &format!("{function}/policy/s"),
            json!({}),
            json!({ "FunctionName": function,
            "Action": "lambda:InvokeFunction", "Principal": flaw.caller }),
        ),
        collected(
            "AWS::IAM::Role",
            &role,
            json!({ "Arn": role }),
            json!({ "RoleName": "app", "Path": "/",
            "AssumeRolePolicyDocument": trust, "Policies": [{ "PolicyName": "p", "PolicyDocument": inline }] }),
        ),
    ]);
}

/// Verdicts by the addresses of subjects.
fn verdicts(sections: &[Section]) -> crate::deployed::Verdicts {
    let snapshot = Snapshot { sra_guard_snapshot: VERSION, sections: sections.to_vec() };
    let findings = judged(&serde_json::to_string(&snapshot).unwrap());
    let addresses = findings.iter().map(|finding| finding.subject.address.to_string());
    let names: BTreeMap<String, String> = addresses.map(|address| (address.clone(), address)).collect();
    of_account(findings, &names)
}

#[test]
fn what_is_recorded_has_the_findings_of_what_is_collected() {
    let flaws = [
        GOOD,
        Flaw { from: "0.0.0.0/0", ..GOOD },
        Flaw { from: "0.0.0.0/0", public: true, ..GOOD },
        Flaw { protocol: "HTTP", scheme: "internet-facing", ..GOOD },
        Flaw { from: "0.0.0.0/0", scheme: "internet-facing", ..GOOD },
        Flaw { caller: "*", ..GOOD },
        Flaw { action: "*", ..GOOD },
    ];
    let mut before = None;
    for flaw in flaws {
        let (items, resources) = architecture(flaw);
        let recorded = recording(&items, &Extent { complete: true, ..Extent::default() }).sections;
        // The same reads, so that both know of the same types.
        let mut collected = recorded.clone();
        for section in &mut collected {
            let kinds: Vec<String> = section.resources.iter().map(|item| item.kind.clone()).collect();
            let own = resources.iter().filter(|item| kinds.iter().any(|kind| item["Type"] == **kind));
            section.resources = own.map(|item| serde_json::from_value::<Item>(item.clone()).unwrap()).collect();
        }
        let count = |sections: &[Section]| sections.iter().map(|section| section.resources.len()).sum::<usize>();
        assert_eq!((count(&recorded), count(&collected)), (resources.len(), resources.len()));
        let (one, other) = (verdicts(&recorded), verdicts(&collected));
        let differences = difference(&other, &one);
        assert!(differences.is_empty(), "{differences:#?}");
        assert!(one.keys().any(|(_, _, verdict)| *verdict == Verdict::Pass));
        if let Some(before) = before.replace(one.clone()) {
            assert_ne!(before, one, "the flaw is seen");
        }
    }
}
