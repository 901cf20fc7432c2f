//! An account before and after a change, and beside the template that it was made of: what a reader is told.

use serde_json::{Value, json};

use super::{ACCOUNT, diff, document, resources, written};
use crate::support::Folder;

fn arn(path: &str) -> String {
    format!("arn:aws:ec2:eu-west-1:{ACCOUNT}:{path}")
}

fn item(kind: &str, path: &str, id: Option<&str>, properties: &Value) -> Value {
    let ids = id.map_or_else(|| json!({}), |id| json!({ "Ref": id }));
    let name = properties["Tags"][0]["Value"].as_str().or(properties["GroupName"].as_str());
    json!({ "Type": kind, "Id": arn(path), "Ids": ids, "Name": name, "Properties": properties })
}

fn named(name: &str) -> Value {
    json!([{ "Key": "Name", "Value": name }])
}

/// An instance in a private subnet, beside a public one; and what AWS makes by itself.
fn account() -> Vec<Value> {
    let table =
        |id: &str| item("AWS::EC2::RouteTable", &format!("route-table/{id}"), Some(id), &json!({ "VpcId": "vpc-1" }));
    let association = |id: &str, properties: Value| {
        item("AWS::EC2::SubnetRouteTableAssociation", &format!("route-table/{id}"), None, &properties)
    };
    let subnet = |id: &str, name: &str, range: &str| {
        let properties =
            json!({ "VpcId": "vpc-1", "CidrBlock": range, "MapPublicIpOnLaunch": false, "Tags": named(name) });
        item("AWS::EC2::Subnet", &format!("subnet/{id}"), Some(id), &properties)
    };
    let group = |id: &str, name: &str, ingress: Value| {
        let properties = json!({ "GroupName": name, "VpcId": "vpc-1", "GroupDescription": "g", "SecurityGroupEgress": [],
            "SecurityGroupIngress": ingress });
        item("AWS::EC2::SecurityGroup", &format!("security-group/{id}"), Some(id), &properties)
    };
    let inside = json!([{ "IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "CidrIp": "10.20.0.0/24" }]);
    vec![
        item(
            "AWS::EC2::VPC",
            "vpc/vpc-1",
            Some("vpc-1"),
            &json!({ "CidrBlock": "10.20.0.0/16", "Tags": named("shop") }),
        ),
        item("AWS::EC2::VPC", "vpc/vpc-0", Some("vpc-0"), &json!({ "CidrBlock": "172.31.0.0/16", "IsDefault": true })),
        item("AWS::EC2::InternetGateway", "internet-gateway/igw-1", Some("igw-1"), &json!({})),
        item(
            "AWS::EC2::VPCGatewayAttachment",
            "internet-gateway/igw-1/vpc-1",
            None,
            &json!({ "InternetGatewayId": "igw-1", "VpcId": "vpc-1" }),
        ),
        subnet("subnet-1", "public", "10.20.0.0/24"),
        subnet("subnet-2", "app", "10.20.1.0/24"),
        table("rtb-0"),
        table("rtb-1"),
        table("rtb-2"),
        association("rtb-0/main", json!({ "RouteTableId": "rtb-0", "VpcId": "vpc-1", "Main": true })),
        association("rtb-1/1", json!({ "RouteTableId": "rtb-1", "SubnetId": "subnet-1" })),
        association("rtb-2/2", json!({ "RouteTableId": "rtb-2", "SubnetId": "subnet-2" })),
        route("rtb-1"),
        group("sg-0", "default", json!([{ "IpProtocol": "-1", "SourceSecurityGroupId": "sg-0" }])),
        group("sg-1", "shop-app", inside),
        item(
            "AWS::EC2::Instance",
            "instance/i-1",
            Some("i-1"),
            &json!({ "SubnetId": "subnet-2", "ImageId": "ami-1",
            "SecurityGroupIds": ["sg-1"], "Tags": named("app") }),
        ),
    ]
}

fn route(table: &str) -> Value {
    item(
        "AWS::EC2::Route",
        &format!("route-table/{table}/0.0.0.0/0"),
        None,
        &json!({ "RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1" }),
    )
}

/// Somebody gives the subnet of the application a route to the Internet, and opens its group.
fn opened() -> Vec<Value> {
    let mut resources = account();
    resources.push(route("rtb-2"));
    let group = resources.iter_mut().find(|one| one["Name"] == "shop-app").unwrap();
    let rules = group["Properties"]["SecurityGroupIngress"].as_array_mut().unwrap();
    rules.push(json!({ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0" }));
    resources
}

/// A snapshot that could not read one thing.
fn snapshot(resources: &[Value]) -> String {
    let mut kinds: Vec<&str> = resources.iter().map(|one| one["Type"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let denied = "ec2:DescribeVpcBlockPublicAccessExclusions";
    json!({ "SraGuardSnapshot": 1, "Sections": [{
        "Account": ACCOUNT, "Region": "eu-west-1", "Partition": "aws", "Service": "ec2", "Resources": resources,
        "Reads": [
            { "Api": "ec2:Describe", "Outcome": "ok", "Calls": 1, "Permission": "ec2:Describe", "Finds": kinds },
            { "Api": denied, "Outcome": "denied", "Calls": 1, "Permission": denied,
              "Hides": ["AWS::EC2::VPCBlockPublicAccessExclusion"] },
        ],
    }] })
    .to_string()
}

const TEMPLATE: &str = "\
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: { CidrBlock: 10.20.0.0/16, Tags: [{ Key: Name, Value: shop }] }
  Gateway:
    Type: AWS::EC2::InternetGateway
  Attachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: { VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway }
  PublicSubnet:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: !Ref Vpc, CidrBlock: 10.20.0.0/24, Tags: [{ Key: Name, Value: public }] }
  AppSubnet:
    Type: AWS::EC2::Subnet
    Properties: { VpcId: !Ref Vpc, CidrBlock: 10.20.1.0/24, Tags: [{ Key: Name, Value: app }] }
  PublicTable:
    Type: AWS::EC2::RouteTable
    Properties: { VpcId: !Ref Vpc }
  PublicRoute:
    Type: AWS::EC2::Route
    DependsOn: Attachment
    Properties: { RouteTableId: !Ref PublicTable, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway }
  PublicAssociation:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: { SubnetId: !Ref PublicSubnet, RouteTableId: !Ref PublicTable }
  AppTable:
    Type: AWS::EC2::RouteTable
    Properties: { VpcId: !Ref Vpc }
  AppAssociation:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: { SubnetId: !Ref AppSubnet, RouteTableId: !Ref AppTable }
  AppGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupName: shop-app
      GroupDescription: g
      VpcId: !Ref Vpc
      SecurityGroupIngress: [{ IpProtocol: tcp, FromPort: 8080, ToPort: 8080, CidrIp: 10.20.0.0/24 }]
  App:
    Type: AWS::EC2::Instance
    Properties: { ImageId: ami-1, SubnetId: !Ref AppSubnet, SecurityGroupIds: [!Ref AppGroup], Tags: [{ Key: Name, Value: app }] }
";

#[test]
fn a_route_that_makes_a_subnet_public_is_told_by_what_it_does() {
    let folder = Folder::new();
    let before = written(&folder, "before.json", &snapshot(&account()));
    let after = written(&folder, "after.json", &snapshot(&opened()));
    let (code, found) = document(&before, &after);
    assert_eq!(code, 1);
    let told = &found["architecture"];
    assert_eq!(told.as_array().unwrap().len(), 1, "{told:#}");
    assert_eq!(
        (&told[0]["aspect"], &told[0]["before"]["says"], &told[0]["after"]["says"]),
        (&json!("subnet"), &json!("private"), &json!("public"))
    );
    let (_, text) = diff(&[&before, &after]);
    assert!(text.contains("~ subnet `app`: was private, is public"), "{text}");
    assert!(text.contains("+ AWS::EC2::Route `route-table/rtb-2/0.0.0.0/0`"), "{text}");
    assert_eq!(document(&before, &before).1["architecture"], json!([]));
}

#[test]
fn of_a_list_the_items_that_differ_are_shown() {
    let folder = Folder::new();
    let before = written(&folder, "before.json", &snapshot(&account()));
    let after = written(&folder, "after.json", &snapshot(&opened()));
    let (_, text) = diff(&[&before, &after]);
    let lines: Vec<&str> =
        text.lines().skip_while(|line| !line.contains("SecurityGroupIngress:")).skip(1).take(2).collect();
    assert_eq!(lines[0].trim(), "+ IpProtocol tcp, FromPort 22, ToPort 22, CidrIp 0.0.0.0/0", "{text}");
    assert!(!lines[1].contains("8080"), "what stays is not shown: {text}");
    let (_, back) = diff(&[&after, &before]);
    assert!(back.contains("        - IpProtocol tcp, FromPort 22, ToPort 22, CidrIp 0.0.0.0/0"), "{back}");
}

#[test]
fn what_neither_snapshot_could_read_hides_no_difference_between_them() {
    let folder = Folder::new();
    let before = written(&folder, "before.json", &snapshot(&account()));
    let after = written(&folder, "after.json", &snapshot(&opened()));
    let (_, found) = document(&before, &after);
    let new: Vec<&Value> = found["findings"].as_array().unwrap().iter().filter(|one| one["change"] == "new").collect();
    assert!(new.iter().any(|one| one["rule"] == "SRA-NET-004" && one["after"]["verdict"] == "fail"), "{found:#}");
    assert_eq!(found["uncompared"], json!([]));
    // What only one of them could read does.
    let whole = snapshot(&account()).replace("\"denied\"", "\"ok\"");
    let before = written(&folder, "whole.json", &whole);
    let (_, found) = document(&before, &after);
    assert!(
        found["findings"].as_array().unwrap().iter().any(|one| one["rule"] == "SRA-NET-004"),
        "before, all was known"
    );
    let (_, found) = document(&after, &before);
    assert!(!found["findings"].as_array().unwrap().is_empty());
}

#[test]
fn a_network_that_is_as_written_is_paired_in_full() {
    let folder = Folder::new();
    let template = written(&folder, "template.yaml", TEMPLATE);
    let same = written(&folder, "account.json", &snapshot(&account()));
    let (code, found) = document(&template, &same);
    assert_eq!(code, 0);
    assert_eq!(found["paired"], 12, "{found:#}");
    assert_eq!((&found["architecture"], &found["findings"]), (&json!([]), &json!([])));
    let beside = found["resources"].as_array().unwrap();
    assert!(!beside.is_empty() && beside.iter().all(|one| one["apart"] == true), "{found:#}");
    let (_, text) = diff(&[&template, &same]);
    assert!(!text.contains("vpc-0") && !text.contains("sg-0"), "{text}");
    assert!(text.contains("have nothing to do with what is written"), "{text}");
}

#[test]
fn drift_of_a_network_is_told_by_what_it_does() {
    let folder = Folder::new();
    let template = written(&folder, "template.yaml", TEMPLATE);
    let drifted = written(&folder, "account.json", &snapshot(&opened()));
    let (code, found) = document(&template, &drifted);
    assert_eq!(code, 1);
    assert!(resources(&found).contains(&(
        "added".to_owned(),
        "AWS::EC2::Route".to_owned(),
        "route-table/rtb-2/0.0.0.0/0".to_owned()
    )));
    let (_, text) = diff(&[&template, &drifted]);
    assert!(text.contains("~ subnet `app`: was private, is public"), "{text}");
    assert!(text.contains("`app`: template says pass, account says fail"), "{text}");
}

#[test]
fn a_door_that_was_opened_is_a_way_in() {
    let folder = Folder::new();
    let section = |resources: &[Value]| super::snapshot_of(&super::listed(), resources);
    let before = written(&folder, "before.json", &section(&[super::function("orders")]));
    let after = written(&folder, "after.json", &section(&[super::function("orders"), super::url("NONE")]));
    let (_, text) = diff(&[&before, &after]);
    let lines: Vec<&str> = text.lines().skip_while(|line| *line != "architecture").collect();
    assert!(lines[1].starts_with("  + way in `function:orders/url`"), "{text}");
    assert!(lines[1].contains("from the internet without authentication"), "{text}");
    let (_, text) = diff(&[&after, &before]);
    assert!(text.contains("  - way in `function:orders/url`"), "{text}");
}

#[test]
fn what_another_language_leaves_out_is_no_change() {
    let folder = Folder::new();
    let template = "Resources:\n  Vpc:\n    Type: AWS::EC2::VPC\n    Properties: { CidrBlock: 10.20.0.0/16, EnableDnsHostnames: \
                    true, Tags: [{ Key: Name, Value: shop }] }\n";
    let template = written(&folder, "template.yaml", template);
    for (block, changed) in [("10.20.0.0/16", 0), ("10.21.0.0/16", 1)] {
        let module = format!(
            "resource \"aws_vpc\" \"vpc\" {{\n  cidr_block = \"{block}\"\n  tags = {{ Name = \"shop\" }}\n}}\n"
        );
        folder.write("module/main.tf", &module);
        let (_, found) = document(&template, folder.path().join("module").to_str().unwrap());
        let told = resources(&found).iter().filter(|(change, _, _)| change == "changed").count();
        assert_eq!(told, changed, "{found:#}");
    }
}

#[test]
fn what_every_account_shows_of_aws_is_there_once() {
    let folder = Folder::new();
    let policy = json!({
        "Type": "AWS::IAM::ManagedPolicy", "Id": "arn:aws:iam::aws:policy/ReadOnlyAccess", "Name": "ReadOnlyAccess", "Ids": {},
        "Properties": { "ManagedPolicyName": "ReadOnlyAccess", "PolicyDocument": { "Version": "2012-10-17", "Statement": [] } },
    });
    let listed = json!([{ "Api": "iam:GetAccountAuthorizationDetails", "Outcome": "ok", "Calls": 1,
        "Permission": "iam:GetAccountAuthorizationDetails", "Finds": ["AWS::IAM::ManagedPolicy"] }]);
    let section = |account: &str| {
        json!({ "Account": account, "Region": "global", "Partition": "aws", "Service": "iam", "Reads": listed,
            "Resources": [policy] })
    };
    let sections = [section("111122223333"), section("444455556666")];
    let text = json!({ "SraGuardSnapshot": 1, "Sections": sections }).to_string();
    let (before, after) = (written(&folder, "before.json", &text), written(&folder, "after.json", &text));
    let (code, found) = document(&before, &after);
    assert_eq!((code, resources(&found)), (0, Vec::new()), "{found:#}");
}

#[test]
fn a_failure_that_became_graver_is_a_change() {
    let folder = Folder::new();
    let template = |policy: &str| {
        format!(
            "Resources:\n  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: {{ Statement: [{{ Effect: \
             Allow, Action: 'sts:AssumeRole', Principal: {{ Service: lambda.amazonaws.com }} }}] }}\n      ManagedPolicyArns: \
             ['arn:aws:iam::aws:policy/{policy}']\n"
        )
    };
    let before = written(&folder, "before.yaml", &template("AmazonDynamoDBFullAccess"));
    let after = written(&folder, "after.yaml", &template("AdministratorAccess"));
    let (code, found) = document(&before, &after);
    assert_eq!(code, 1);
    let change = &found["findings"][0];
    assert_eq!(change["severity"], "critical", "{found:#}");
    assert_eq!((&change["before"]["severity"], &change["after"]["severity"]), (&json!("high"), &json!("critical")));
    let (_, text) = diff(&[&before, &after]);
    assert!(text.contains("was fail (high), is fail (critical)"), "{text}");
}
