//! Single facts of small templates: the corners of the AWS documentation that rule examples are too large for.

use std::sync::Arc;

use sra_guard::facts::{self, Subject, TreeKind};
use sra_guard::graph::Graph;
use sra_guard::input::Format;
use sra_guard::input::cloudformation::evaluate_text;
use sra_guard::value::{Address, Reason, Value};

/// A VPC with a private and a public subnet that gives public addresses.
const NETWORK: &str = "
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Gateway: {Type: AWS::EC2::InternetGateway}
  Private: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc}}
  Public: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, MapPublicIpOnLaunch: true}}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Route: {Type: AWS::EC2::Route, Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}}
  Association: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: !Ref Public, RouteTableId: !Ref Table}}
";

fn subjects(resources: &str) -> Vec<Subject> {
    let template =
        format!("Parameters:\n  Given: {{Type: String}}\nResources:{NETWORK}{}", resources.trim_start_matches('\n'));
    let (_, evaluation) = evaluate_text(&template);
    facts::derive(&Graph::new(evaluation.resources))
}

/// A fact of the first subject of a kind with this name, as text: `true`, `unknown`, ….
fn fact(resources: &str, kind: &str, name: &str, fact: &str) -> String {
    let subjects = subjects(resources);
    let subject = subjects.iter().find(|subject| subject.kind == kind && *subject.name == *name);
    let subject = subject.unwrap_or_else(|| panic!("no `{name}` among the {kind}"));
    match &subject.tree.get(fact).unwrap_or_else(|| panic!("no fact `{fact}`")).kind {
        TreeKind::Bool(value) => value.to_string(),
        TreeKind::Text(text) => text.to_string(),
        TreeKind::Unknown(_) => "unknown".to_owned(),
        other => panic!("{other:?}"),
    }
}

fn workload(resources: &str, about: &str) -> String {
    fact(resources, "workloads", "App", about)
}

fn app(properties: &str) -> String {
    format!("  App: {{Type: AWS::EC2::Instance, Properties: {{{properties}}}}}\n")
}

#[test]
fn placement_follows_interfaces_and_templates() {
    let cases = [
        (app("SubnetId: !Ref Public"), "true"),
        (app("SubnetId: !Ref Private"), "false"),
        (app("SubnetId: !GetAtt Public.SubnetId"), "true"),
        (app("NetworkInterfaces: [{SubnetId: !Ref Private}, {SubnetId: !Ref Public}]"), "true"),
        (app("SubnetId: !Ref Given"), "unknown"),
        (app("SubnetId: subnet-0123456789abcdef0"), "unknown"),
        (app("ImageId: ami-1"), "true"),
        (
            app("LaunchTemplate: {LaunchTemplateName: app, Version: '1'}")
                + "  Template: {Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateName: app, LaunchTemplateData: {NetworkInterfaces: [{SubnetId: !Ref Private}]}}}\n",
            "false",
        ),
        (app("LaunchTemplate: {LaunchTemplateId: lt-1, Version: '1'}"), "unknown"),
        (app("SubnetId: !Ref Private, LaunchTemplate: {LaunchTemplateId: lt-1, Version: '1'}"), "false"),
        (
            app("NetworkInterfaces: [{NetworkInterfaceId: !Ref Nic, DeviceIndex: '0'}]")
                + "  Nic: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: !Ref Public}}\n",
            "true",
        ),
        (
            app("SubnetId: !Ref Private")
                + "  Nic: {Type: AWS::EC2::NetworkInterface, Properties: {SubnetId: !Ref Public}}\n  Attach: {Type: AWS::EC2::NetworkInterfaceAttachment, Properties: {InstanceId: !Ref App, NetworkInterfaceId: !Ref Nic, DeviceIndex: '1'}}\n",
            "true",
        ),
    ];
    for (resources, expected) in cases {
        assert_eq!(workload(&resources, "in_public_subnet"), expected, "{resources}");
    }
}

#[test]
fn what_may_be_this_subnets_table_leaves_it_open() {
    let association = |subnet: &str| {
        app("SubnetId: !Ref Private")
            + &format!(
                "  Other: {{Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {{SubnetId: {subnet}, RouteTableId: !Ref Table}}}}\n  Custom: {{Type: Custom::Lookup, Properties: {{ServiceToken: x}}}}\n"
            )
    };
    assert_eq!(workload(&association("!GetAtt Custom.Id"), "in_public_subnet"), "unknown");
    // A parameter names something that exists before the stack does.
    assert_eq!(workload(&association("!Ref Given"), "in_public_subnet"), "false");
    assert_eq!(workload(&association("subnet-1"), "in_public_subnet"), "false");
    assert_eq!(workload(&association("!Ref Private"), "in_public_subnet"), "true");
}

#[test]
fn an_association_makes_the_table_of_an_undeclared_subnet_known() {
    let resources = app("SubnetId: subnet-1")
        + "  Other: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {SubnetId: subnet-1, RouteTableId: !Ref Table}}\n";
    assert_eq!(workload(&resources, "in_public_subnet"), "true");
}

#[test]
fn a_route_whose_table_is_not_known_may_be_in_any_table() {
    let route = |gateway: &str| {
        app("SubnetId: !Ref Private")
            + "  Custom: {Type: Custom::Lookup, Properties: {ServiceToken: x}}\n"
            + &format!(
                "  Main: {{Type: AWS::EC2::Route, Properties: {{RouteTableId: !GetAtt Custom.MainTable, DestinationCidrBlock: 0.0.0.0/0, {gateway}}}}}\n"
            )
    };
    assert_eq!(workload(&route("GatewayId: !Ref Gateway"), "in_public_subnet"), "unknown");
    assert_eq!(workload(&route("NatGatewayId: nat-1"), "in_public_subnet"), "false");
}

#[test]
fn block_public_access_spares_what_is_excluded() {
    let block = "  Block: {Type: AWS::EC2::VPCBlockPublicAccessOptions, Properties: {InternetGatewayBlockMode: block-bidirectional}}\n";
    let exclusion = "  Exclusion: {Type: AWS::EC2::VPCBlockPublicAccessExclusion, Properties: {InternetGatewayExclusionMode: allow-bidirectional, VpcId: !Ref Vpc}}\n";
    let public = app("SubnetId: !Ref Public");
    assert_eq!(workload(&public, "blocked"), "false");
    assert_eq!(workload(&(public.clone() + block), "blocked"), "true");
    let outwards = exclusion.replace("allow-bidirectional", "allow-egress");
    assert_eq!(workload(&format!("{public}{block}{outwards}"), "blocked"), "true");
    assert_eq!(workload(&(public + block + exclusion), "blocked"), "false");
}

#[test]
fn public_addresses_are_decided_by_the_nearest_setting() {
    let cases = [
        (app("SubnetId: !Ref Public"), "true"),
        (app("SubnetId: !Ref Private"), "false"),
        (app("NetworkInterfaces: [{SubnetId: !Ref Public, AssociatePublicIpAddress: 'false'}]"), "false"),
        (app("NetworkInterfaces: [{AssociatePublicIpAddress: false}]"), "false"),
        (app("NetworkInterfaces: [{SubnetId: !Ref Private, AssociatePublicIpAddress: !Ref Given}]"), "unknown"),
        (app("SubnetId: subnet-1"), "unknown"),
        (app("SubnetId: !Ref Private, Ipv6AddressCount: 1"), "false"),
        (app("SubnetId: !Ref Private") + "  Ip: {Type: AWS::EC2::EIP, Properties: {InstanceId: !Ref App}}\n", "true"),
        (app("SubnetId: !Ref Private") + "  Ip: {Type: AWS::EC2::EIP, Properties: {Domain: vpc}}\n", "false"),
        (app("SubnetId: !Ref Private") + "  Ip: {Type: AWS::EC2::EIP, Properties: {InstanceId: i-1}}\n", "false"),
    ];
    for (resources, expected) in cases {
        assert_eq!(workload(&resources, "public_address"), expected, "{resources}");
    }
}

#[test]
fn tasks_of_an_external_controller_stand_where_their_task_sets_do() {
    let resources = "
  Service: {Type: AWS::ECS::Service, Properties: {DeploymentController: {Type: EXTERNAL}}}
  App:
    Type: AWS::ECS::TaskSet
    Properties: {Cluster: c, Service: !Ref Service, TaskDefinition: t, LaunchType: FARGATE, NetworkConfiguration: {AwsVpcConfiguration: {Subnets: [!Ref Public]}, AwsvpcConfiguration: {Subnets: [!Ref Public]}}}
";
    assert_eq!(workload(resources, "in_public_subnet"), "true");
    assert_eq!(workload(resources, "public_address"), "false");
    let subjects = subjects(resources);
    assert!(!subjects.iter().any(|subject| subject.kind == "workloads" && *subject.name == *"Service"));
}

#[test]
fn every_template_of_a_mixed_policy_counts() {
    let resources = "
  Quiet: {Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateData: {NetworkInterfaces: [{AssociatePublicIpAddress: false}]}}}
  Loud: {Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateData: {NetworkInterfaces: [{AssociatePublicIpAddress: true}]}}}
  App:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      VPCZoneIdentifier: [!Ref Private]
      MixedInstancesPolicy:
        LaunchTemplate:
          LaunchTemplateSpecification: {LaunchTemplateId: !Ref Quiet, Version: '1'}
          Overrides: [{InstanceType: t3.micro, LaunchTemplateSpecification: {LaunchTemplateId: !Ref Loud, Version: '1'}}]
";
    assert_eq!(workload(resources, "public_address"), "true");
    assert_eq!(workload(resources, "in_public_subnet"), "false");
}

#[test]
fn empty_lists_leave_the_choice_to_the_service() {
    let resources = "
  Template: {Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateData: {ImageId: ami-1}}}
  App: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {VPCZoneIdentifier: [], LaunchTemplate: {LaunchTemplateId: !Ref Template, Version: '1'}}}
";
    assert_eq!(workload(resources, "in_public_subnet"), "true");
}

fn rule(properties: &str, about: &str) -> String {
    let resources = format!(
        "  Group: {{Type: AWS::EC2::SecurityGroup, Properties: {{VpcId: !Ref Vpc}}}}\n  Rule: {{Type: AWS::EC2::SecurityGroupIngress, Properties: {{GroupId: !Ref Group, {properties}}}}}\n"
    );
    fact(&resources, "ingress_rules", "Rule", about)
}

#[test]
fn protocols_decide_what_ports_mean() {
    let cases = [
        ("IpProtocol: '-1', CidrIp: 0.0.0.0/0", "true", "true"),
        ("IpProtocol: -1, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0", "true", "true"),
        ("IpProtocol: '6', FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0", "false", "true"),
        ("IpProtocol: TCP, FromPort: 1, ToPort: 65535, CidrIp: 0.0.0.0/0", "true", "true"),
        ("IpProtocol: tcp, FromPort: -1, ToPort: -1, CidrIp: 0.0.0.0/0", "true", "true"),
        ("IpProtocol: '50', FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0", "true", "true"),
        ("IpProtocol: icmp, FromPort: 22, ToPort: 0, CidrIp: 0.0.0.0/0", "false", "false"),
        ("IpProtocol: icmpv6, CidrIpv6: '::/0'", "false", "false"),
        ("IpProtocol: '58', CidrIpv6: '::/0'", "false", "false"),
        ("IpProtocol: !Ref Given, FromPort: 1, ToPort: 2, CidrIp: 0.0.0.0/0", "unknown", "unknown"),
        ("IpProtocol: nonsense, CidrIp: 0.0.0.0/0", "unknown", "unknown"),
    ];
    for (properties, all, opens) in cases {
        assert_eq!((&*rule(properties, "all_ports"), &*rule(properties, "opens_ports")), (all, opens), "{properties}");
    }
}

#[test]
fn sources_are_as_wide_as_their_blocks() {
    let cases = [
        ("CidrIp: 0.0.0.0/0", "true"),
        ("CidrIp: 0.0.0.0/1", "true"),
        ("CidrIp: 17.0.0.0/8", "false"),
        ("CidrIp: 10.0.0.0/8", "false"),
        ("CidrIpv6: '2000::/3'", "true"),
        ("CidrIpv6: 'fd00::/8'", "false"),
        ("CidrIp: !GetAtt Vpc.CidrBlock", "false"),
        ("CidrIp: !Sub '${Given}/32'", "false"),
        ("CidrIp: !Sub '${Given}/0'", "unknown"),
        ("CidrIp: !Ref Given", "unknown"),
        ("CidrIp: everywhere", "unknown"),
        ("SourceSecurityGroupId: !Ref Given", "false"),
        ("SourcePrefixListId: pl-1", "unknown"),
        ("Description: nothing", "unknown"),
    ];
    for (source, open) in cases {
        let properties = format!("IpProtocol: tcp, FromPort: 443, ToPort: 443, {source}");
        assert_eq!(rule(&properties, "open"), open, "{source}");
    }
}

#[test]
fn blocks_add_up_within_one_group_only() {
    let first_octets = (1..=223).filter(|octet| ![10, 127].contains(octet));
    let list: Vec<String> = first_octets
        .map(|octet| format!("{{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: {octet}.0.0.0/8}}"))
        .collect();
    let group = |list: &[String]| {
        format!(
            "  Group: {{Type: AWS::EC2::SecurityGroup, Properties: {{SecurityGroupIngress: [{}]}}}}\n",
            list.join(", ")
        )
    };
    assert_eq!(fact(&group(&list), "ingress_rules", "Group", "open"), "true");
    assert_eq!(fact(&group(&list[1..]), "ingress_rules", "Group", "open"), "false");
}

#[test]
fn classic_load_balancers_are_front_doors_too() {
    let balancer = |scheme: &str| {
        format!(
            "  Group: {{Type: AWS::EC2::SecurityGroup, Properties: {{SecurityGroupIngress: [{{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}}]}}}}\n  \
             Classic: {{Type: AWS::ElasticLoadBalancing::LoadBalancer, Properties: {{{scheme}SecurityGroups: [!GetAtt Group.GroupId], Listeners: [{{LoadBalancerPort: '443', InstancePort: '80', Protocol: HTTPS}}]}}}}\n"
        )
    };
    assert_eq!(fact(&balancer(""), "ingress_rules", "Group", "front_door"), "true");
    assert_eq!(fact(&balancer("Scheme: internal, "), "ingress_rules", "Group", "front_door"), "false");
    assert_eq!(fact(&balancer("Scheme: internal, "), "ingress_rules", "Group", "internal_only"), "true");
}

#[test]
fn reordering_rules_keeps_their_ids() {
    let ids = |rules: &[&str]| {
        let group = format!(
            "  Group: {{Type: AWS::EC2::SecurityGroup, Properties: {{SecurityGroupIngress: [{}]}}}}\n",
            rules.join(", ")
        );
        let mut ids: Vec<String> = subjects(&group)
            .into_iter()
            .filter(|subject| subject.kind == "ingress_rules")
            .map(|subject| subject.id)
            .collect();
        ids.sort();
        ids
    };
    let (one, other) =
        ("{IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8}", "{IpProtocol: '-1', CidrIp: 0.0.0.0/0}");
    assert_eq!(ids(&[one, other, other]), ids(&[other, one, other]));
    assert_eq!(ids(&[one, other, other]).len(), 3);
}

#[test]
fn a_custom_resource_may_do_anything_with_a_group() {
    let group = "  Group: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}]}}\n";
    let user = |kind: &str| format!("{group}  User: {{Type: {kind}, Properties: {{Id: !Ref Group}}}}\n");
    assert_eq!(fact(group, "ingress_rules", "Group", "unused"), "true");
    assert_eq!(fact(&user("Custom::Thing"), "ingress_rules", "Group", "front_door"), "unknown");
    assert_eq!(fact(&user("AWS::CloudFormation::Stack"), "ingress_rules", "Group", "front_door"), "unknown");
    assert_eq!(fact(&user("AWS::RDS::DBInstance"), "ingress_rules", "Group", "front_door"), "false");
}

/// A group that lets the Internet in, and a load balancer that uses it and serves what it opens.
const FRONT: &str = "  Group: {Type: AWS::EC2::SecurityGroup, Properties: {SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}]}}
  Classic: {Type: AWS::ElasticLoadBalancing::LoadBalancer, Properties: {SecurityGroups: [!Ref Group], Listeners: [{LoadBalancerPort: '443', InstancePort: '80', Protocol: HTTPS}]}}
";

#[test]
fn a_load_balancer_and_its_interfaces_are_one_user_of_a_group() {
    let with = |properties: &str| {
        format!(
            "{FRONT}  Nic: {{Type: AWS::EC2::NetworkInterface, Properties: {{GroupSet: [!Ref Group]{properties}}}}}\n"
        )
    };
    let front_door = |resources: &str| fact(resources, "ingress_rules", "Group", "front_door");
    assert_eq!(front_door(FRONT), "true");
    assert_eq!(front_door(&with(", UsedBy: !GetAtt Classic.Arn")), "true");
    assert_eq!(
        front_door(&with(", UsedBy: 'arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/gone'")),
        "false"
    );
    assert_eq!(front_door(&with("")), "false");
    let group = FRONT.lines().next().unwrap_or_default();
    let private = |kind: &str| {
        let nic = format!(
            "{group}\n  Nic: {{Type: AWS::EC2::NetworkInterface, Properties: {{GroupSet: [!Ref Group]{kind}}}}}\n"
        );
        fact(&nic, "ingress_rules", "Group", "internal_only")
    };
    assert_eq!(private(", InterfaceType: lambda"), "true");
    assert_eq!(private(", InterfaceType: interface"), "false");
}

#[test]
fn each_subnet_says_what_block_public_access_does_to_it() {
    let subnet = |mode: &str| {
        format!(
            "  Mine: {{Type: AWS::EC2::Subnet, Properties: {{VpcId: !Ref Vpc, BlockPublicAccessStates: {{InternetGatewayBlockMode: {mode}}}}}}}\n  \
             Own: {{Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {{SubnetId: !Ref Mine, RouteTableId: !Ref Table}}}}\n  \
             Elsewhere: {{Type: AWS::EC2::VPCBlockPublicAccessOptions, Properties: {{InternetGatewayBlockMode: block-bidirectional}}}}\n{}",
            app("SubnetId: !Ref Mine")
        )
    };
    assert_eq!(workload(&subnet("off"), "blocked"), "false");
    assert_eq!(workload(&subnet("block-ingress"), "blocked"), "true");
}

#[test]
fn a_route_to_a_gateway_that_is_gone_leads_nowhere() {
    let route = |gateway: &str, state: &str| {
        format!(
            "  Left: {{Type: AWS::EC2::RouteTable, Properties: {{VpcId: !Ref Vpc}}}}\n  \
             Stale: {{Type: AWS::EC2::Route, Properties: {{RouteTableId: !Ref Left, DestinationCidrBlock: 0.0.0.0/0, GatewayId: {gateway}, State: {state}}}}}\n  \
             Use: {{Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {{SubnetId: !Ref Private, RouteTableId: !Ref Left}}}}\n{}",
            app("SubnetId: !Ref Private")
        )
    };
    assert_eq!(workload(&route("igw-0123456789abcdef0", "active"), "in_public_subnet"), "true");
    assert_eq!(workload(&route("igw-0123456789abcdef0", "blackhole"), "in_public_subnet"), "false");
    // Detached, but one call away from being attached again.
    assert_eq!(workload(&route("!Ref Gateway", "blackhole"), "in_public_subnet"), "true");
}

#[test]
fn a_group_launches_from_the_version_that_it_names() {
    let group = |version: &str| {
        format!(
            "  Newest: {{Type: AWS::EC2::LaunchTemplate, Properties: {{VersionNumber: '3', LaunchTemplateData: {{NetworkInterfaces: [{{AssociatePublicIpAddress: false}}]}}}}}}\n  \
             Older: {{Type: AWS::EC2::LaunchTemplate, Properties: {{LaunchTemplateId: !Ref Newest, VersionNumber: '1', DefaultVersion: true, LaunchTemplateData: {{NetworkInterfaces: [{{AssociatePublicIpAddress: true}}]}}}}}}\n  \
             App: {{Type: AWS::AutoScaling::AutoScalingGroup, Properties: {{VPCZoneIdentifier: [!Ref Public], LaunchTemplate: {{LaunchTemplateId: !Ref Newest{version}}}}}}}\n"
        )
    };
    assert_eq!(workload(&group(", Version: '3'"), "public_address"), "false");
    assert_eq!(workload(&group(", Version: $Latest"), "public_address"), "false");
    assert_eq!(workload(&group(", Version: '1'"), "public_address"), "true");
    assert_eq!(workload(&group(""), "public_address"), "true");
    assert_eq!(workload(&group(", Version: '2'"), "public_address"), "unknown");
}

#[test]
fn tasks_stand_on_the_instances_that_joined_their_cluster() {
    let service = "  Cluster: {Type: AWS::ECS::Cluster, Properties: {ContainerInstances: [{Ec2InstanceId: !Ref Host}]}}
  Host: {Type: AWS::EC2::Instance, Properties: {SubnetId: !Ref Public}}
  App: {Type: AWS::ECS::Service, Properties: {Cluster: !Ref Cluster, LaunchType: EC2}}
";
    assert_eq!(workload(service, "in_public_subnet"), "true");
    assert_eq!(workload(&service.replace("!Ref Host", "i-0"), "in_public_subnet"), "unknown");
}

#[test]
fn what_could_not_be_read_of_an_account_may_use_a_group_only_if_it_has_groups() {
    let front_door = |kind: &str| {
        let mut resources = evaluate_text(&format!("Resources:\n{FRONT}")).1.resources;
        let mut hidden = resources.first().cloned().unwrap();
        hidden.address = Address(Arc::from("hidden"));
        hidden.kind = Arc::from(kind);
        hidden.format = Format::Account;
        hidden.properties = Value::unknown(hidden.span, Reason::Denied(Arc::from("some:Read")));
        resources.push(hidden);
        let subjects = facts::derive(&Graph::new(resources));
        let subject = subjects.iter().find(|subject| subject.kind == "ingress_rules").unwrap();
        subject.tree.get("front_door").unwrap().kind.clone()
    };
    assert!(matches!(front_door("AWS::ECS::CapacityProvider"), TreeKind::Bool(true)));
    assert!(matches!(front_door("AWS::EC2::NetworkInterface"), TreeKind::Unknown(_)));
}
