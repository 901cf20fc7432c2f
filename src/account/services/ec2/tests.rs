use aws_sdk_ec2::types::{
    AttachmentStatus, GroupIdentifier, Instance, InstanceNetworkInterface, InstanceNetworkInterfaceAssociation,
    InstanceState, InstanceStateName, InternetGateway, InternetGatewayAttachment, IpPermission, IpRange,
    LaunchTemplateVersion, ManagedPrefixList, NetworkInterface, NetworkInterfaceAttachment, PrefixListEntry,
    PrefixListId, Reservation, ResponseLaunchTemplateData, Route, RouteTable, RouteTableAssociation, SecurityGroup,
    Subnet, SubnetCidrBlockState, SubnetCidrBlockStateCode, SubnetIpv6CidrBlockAssociation, UserIdGroupPair,
};
use serde_json::{Value, json};

use super::super::fixture::reader;
use super::*;
use crate::account::reader::Unread;
use crate::input::snapshot::format::Item;

fn properties(item: &Item) -> Value {
    Value::Object(item.properties.clone())
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

#[test]
fn a_shared_subnet_belongs_to_the_account_that_owns_it() {
    let subnet = Subnet::builder()
        .subnet_id("subnet-1")
        .owner_id("444455556666")
        .vpc_id("vpc-1")
        .map_public_ip_on_launch(true)
        .tags(tag("sra:tier", "edge"))
        .tags(tag("Name", "front"))
        .build();
    let item = network::of_subnet(&reader(), &subnet);
    assert_eq!(item.id, "arn:aws:ec2:us-east-1:444455556666:subnet/subnet-1");
    assert_eq!(item.name.as_deref(), Some("front"));
    assert_eq!(
        properties(&item),
        json!({
            "VpcId": "vpc-1",
            "MapPublicIpOnLaunch": true,
            "Tags": [{ "Key": "Name", "Value": "front" }, { "Key": "sra:tier", "Value": "edge" }],
        })
    );
}

#[test]
fn an_ipv6_block_that_is_gone_is_no_block() {
    let block = |block: &str, state| {
        SubnetIpv6CidrBlockAssociation::builder()
            .ipv6_cidr_block(block)
            .ipv6_cidr_block_state(SubnetCidrBlockState::builder().state(state).build())
            .build()
    };
    let gone = block("2001:db8:1::/64", SubnetCidrBlockStateCode::Disassociated);
    let subnet = Subnet::builder().subnet_id("subnet-1").ipv6_cidr_block_association_set(gone.clone());
    assert_eq!(properties(&network::of_subnet(&reader(), &subnet.clone().build())), json!({}));
    let subnet =
        subnet.ipv6_cidr_block_association_set(block("2001:db8:2::/64", SubnetCidrBlockStateCode::Associated)).build();
    assert_eq!(properties(&network::of_subnet(&reader(), &subnet)), json!({ "Ipv6CidrBlock": "2001:db8:2::/64" }));
}

#[test]
fn a_main_table_is_one_of_its_vpc_and_the_local_route_is_left_out() {
    let table = RouteTable::builder()
        .route_table_id("rtb-1")
        .vpc_id("vpc-1")
        .routes(Route::builder().destination_cidr_block("10.0.0.0/16").gateway_id("local").build())
        .routes(Route::builder().destination_ipv6_cidr_block("::/0").gateway_id("igw-1").build())
        .associations(RouteTableAssociation::builder().route_table_association_id("a-1").main(true).build())
        .associations(
            RouteTableAssociation::builder()
                .route_table_association_id("a-2")
                .main(false)
                .subnet_id("subnet-1")
                .build(),
        )
        .associations(RouteTableAssociation::builder().route_table_association_id("a-3").gateway_id("igw-1").build())
        .build();
    let items = routing::of_table(&reader(), &table);
    let told: Vec<(&str, &str, Value)> = items
        .iter()
        .skip(1)
        .map(|item| {
            let part = item.id.strip_prefix("arn:aws:ec2:us-east-1:111122223333:route-table/rtb-1/").unwrap();
            (item.kind.as_str(), part, properties(item))
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "AWS::EC2::Route",
                "::/0",
                json!({ "RouteTableId": "rtb-1", "DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1" })
            ),
            (
                "AWS::EC2::SubnetRouteTableAssociation",
                "a-1",
                json!({ "RouteTableId": "rtb-1", "Main": true, "VpcId": "vpc-1" })
            ),
            (
                "AWS::EC2::SubnetRouteTableAssociation",
                "a-2",
                json!({ "RouteTableId": "rtb-1", "SubnetId": "subnet-1" })
            ),
            ("AWS::EC2::GatewayRouteTableAssociation", "a-3", json!({ "RouteTableId": "rtb-1", "GatewayId": "igw-1" })),
        ]
    );
}

#[test]
fn a_gateway_that_is_available_is_attached() {
    let attachment = |state: &str, vpc: &str| {
        InternetGatewayAttachment::builder().state(AttachmentStatus::from(state)).vpc_id(vpc).build()
    };
    let gateway = InternetGateway::builder()
        .internet_gateway_id("igw-1")
        .attachments(attachment("available", "vpc-1"))
        .attachments(attachment("detaching", "vpc-2"))
        .build();
    let items = gateways::of_internet_gateway(&reader(), &gateway);
    let attached: Vec<Value> = items.iter().skip(1).map(properties).collect();
    assert_eq!(attached, [json!({ "InternetGatewayId": "igw-1", "VpcId": "vpc-1" })]);
}

#[test]
fn each_source_of_a_permission_is_a_rule() {
    let ingress = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(443)
        .to_port(443)
        .ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").description("everyone").build())
        .prefix_list_ids(PrefixListId::builder().prefix_list_id("pl-1").build())
        .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-2").user_id("444455556666").build())
        .build();
    let egress = IpPermission::builder()
        .ip_protocol("-1")
        .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-2").user_id("444455556666").build())
        .build();
    let group = SecurityGroup::builder()
        .group_id("sg-1")
        .group_name("front")
        .vpc_id("vpc-1")
        .ip_permissions(ingress)
        .ip_permissions_egress(egress)
        .build();
    let item = groups::of_group(&reader(), &group);
    let rule = |key: &str, value: &str| json!({ "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, key: value });
    let mut open = rule("CidrIp", "0.0.0.0/0");
    open["Description"] = json!("everyone");
    let mut other = rule("SourceSecurityGroupId", "sg-2");
    other["SourceSecurityGroupOwnerId"] = json!("444455556666");
    assert_eq!(
        properties(&item),
        json!({
            "GroupName": "front",
            "VpcId": "vpc-1",
            "SecurityGroupIngress": [open, rule("SourcePrefixListId", "pl-1"), other],
            "SecurityGroupEgress": [{ "IpProtocol": "-1", "DestinationSecurityGroupId": "sg-2" }],
        })
    );
}

#[test]
fn a_prefix_list_whose_entries_could_not_be_read_is_not_empty() {
    let list = ManagedPrefixList::builder().prefix_list_id("pl-1").owner_id("AWS").build();
    let entry = PrefixListEntry::builder().cidr("203.0.113.0/24").build();
    let read = groups::of_prefix_list(&reader(), &list, Ok(vec![entry]));
    assert_eq!(properties(&read), json!({ "Entries": [{ "Cidr": "203.0.113.0/24" }] }));
    let unread = groups::of_prefix_list(&reader(), &list, Err(Unread("ec2:GetManagedPrefixListEntries")));
    assert_eq!(properties(&unread), json!({ "Entries": { "Unread": "ec2:GetManagedPrefixListEntries" } }));
}

fn used_by(interface: aws_sdk_ec2::types::builders::NetworkInterfaceBuilder) -> Option<Value> {
    let item = interfaces::of_interface(&reader(), &interface.network_interface_id("eni-1").build());
    item.properties.get("UsedBy").cloned()
}

#[test]
fn an_interface_says_what_uses_it() {
    let of_instance = NetworkInterfaceAttachment::builder().instance_id("i-1").build();
    let managed = |description: &str| NetworkInterface::builder().requester_managed(true).description(description);
    assert_eq!(used_by(NetworkInterface::builder().attachment(of_instance)), Some(json!("i-1")));
    assert_eq!(
        used_by(managed("ELB app/front/50dc6c495c0c9188")),
        Some(json!("arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/front/50dc6c495c0c9188"))
    );
    assert_eq!(
        used_by(managed("ELB old")),
        Some(json!("arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/old"))
    );
    assert_eq!(used_by(managed("VPC Endpoint Interface vpce-1")), Some(json!("vpce-1")));
    assert_eq!(used_by(managed("RDSNetworkInterface")), None);
    assert_eq!(used_by(NetworkInterface::builder().description("ELB app/mine/1")), None);
}

fn instance(state: InstanceStateName, owner: Option<&str>) -> Value {
    let association = owner.map(|owner| {
        InstanceNetworkInterfaceAssociation::builder().ip_owner_id(owner).public_ip("198.51.100.1").build()
    });
    let interface = InstanceNetworkInterface::builder()
        .subnet_id("subnet-1")
        .groups(GroupIdentifier::builder().group_id("sg-1").build())
        .set_association(association)
        .build();
    let instance = Instance::builder()
        .instance_id("i-1")
        .state(InstanceState::builder().name(state).build())
        .network_interfaces(interface)
        .build();
    let reservation = Reservation::builder().owner_id("111122223333").instances(instance).build();
    let instance = reservation.instances().first().unwrap();
    properties(&instances::of_instance(&reader(), reservation.owner_id(), instance))["NetworkInterfaces"][0].clone()
}

#[test]
fn an_instance_has_a_public_address_when_amazon_gave_it_one() {
    let public = |state, owner| instance(state, owner).get("AssociatePublicIpAddress").and_then(Value::as_bool);
    assert_eq!(public(InstanceStateName::Running, Some("amazon")), Some(true));
    assert_eq!(public(InstanceStateName::Running, Some("111122223333")), Some(false));
    assert_eq!(public(InstanceStateName::Running, None), Some(false));
    assert_eq!(public(InstanceStateName::Stopped, None), None);
}

#[test]
fn the_default_version_of_a_template_stands_beside_a_later_one() {
    let version = |id: &str, number: i64, default: bool| {
        let data = ResponseLaunchTemplateData::builder().user_data("c2VjcmV0").image_id(format!("ami-{number}"));
        LaunchTemplateVersion::builder()
            .launch_template_id(id)
            .version_number(number)
            .default_version(default)
            .launch_template_data(data.build())
            .build()
    };
    let versions =
        vec![version("lt-1", 1, true), version("lt-1", 3, false), version("lt-2", 1, true), version("lt-2", 1, true)];
    let items = templates::of_versions(&reader(), versions);
    let told: Vec<(&str, Option<&str>, &Value)> = items
        .iter()
        .map(|item| {
            let id = item.id.rsplit_once("launch-template/").unwrap().1;
            (id, item.ids.get("Ref").map(String::as_str), &item.properties["VersionNumber"])
        })
        .collect();
    assert_eq!(
        told,
        [("lt-1", Some("lt-1"), &json!("3")), ("lt-1/1", None, &json!("1")), ("lt-2", Some("lt-2"), &json!("1"))]
    );
    assert!(items.iter().all(|item| !properties(item).to_string().contains("c2VjcmV0")));
}
