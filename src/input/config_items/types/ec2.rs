//! Networks, and what stands in them.

use serde_json::{Map, Value};

use crate::input::config_items::item::{Made, Recorded, at, document, pascal};

pub(super) fn resources(item: &Recorded<'_>) -> Vec<Made> {
    let own =
        |rows: &[(&str, &str)]| item.resource(item.kind).means("Ref", Some(item.id)).take(item.configuration, rows);
    match item.kind {
        "AWS::EC2::VPC" => {
            vec![own(&[("cidrBlock", "CidrBlock"), ("instanceTenancy", "InstanceTenancy"), ("isDefault", "IsDefault")])]
        }
        "AWS::EC2::Subnet" => vec![subnet(item, own(SUBNET))],
        "AWS::EC2::RouteTable" => route_table(item, own(&[("vpcId", "VpcId")])),
        "AWS::EC2::InternetGateway" => internet_gateway(item, own(&[])),
        "AWS::EC2::NatGateway" => {
            vec![own(&[("subnetId", "SubnetId"), ("vpcId", "VpcId"), ("connectivityType", "ConnectivityType")])]
        }
        "AWS::EC2::SecurityGroup" => vec![
            own(&[("groupName", "GroupName"), ("description", "GroupDescription"), ("vpcId", "VpcId")])
                .named(item.text("groupName"))
                .set("SecurityGroupIngress", rules(item.list("ipPermissions"), "Source"))
                .set("SecurityGroupEgress", rules(item.list("ipPermissionsEgress"), "Destination")),
        ],
        "AWS::EC2::NetworkInterface" => {
            let made = own(INTERFACE).set("GroupSet", group_ids(item.list("groups")));
            vec![made.maybe("UsedBy", item.get("attachment.instanceId").cloned())]
        }
        "AWS::EC2::Instance" => vec![instance(item, own(INSTANCE))],
        "AWS::EC2::EIP" => vec![address(item)],
        "AWS::EC2::VPCEndpoint" => endpoint(item, own(ENDPOINT)).into_iter().collect(),
        "AWS::EC2::VPNGateway" => vpn_gateway(item, own(&[])),
        _ => Vec::new(),
    }
}

const SUBNET: &[(&str, &str)] = &[
    ("vpcId", "VpcId"),
    ("cidrBlock", "CidrBlock"),
    ("availabilityZone", "AvailabilityZone"),
    ("mapPublicIpOnLaunch", "MapPublicIpOnLaunch"),
    ("assignIpv6AddressOnCreation", "AssignIpv6AddressOnCreation"),
    ("ipv6Native", "Ipv6Native"),
    ("defaultForAz", "DefaultForAz"),
];

const INTERFACE: &[(&str, &str)] = &[
    ("vpcId", "VpcId"),
    ("subnetId", "SubnetId"),
    ("description", "Description"),
    ("interfaceType", "InterfaceType"),
    ("privateIpAddress", "PrivateIpAddress"),
    ("sourceDestCheck", "SourceDestCheck"),
];

const INSTANCE: &[(&str, &str)] = &[
    ("imageId", "ImageId"),
    ("instanceType", "InstanceType"),
    ("subnetId", "SubnetId"),
    ("vpcId", "VpcId"),
    ("privateIpAddress", "PrivateIpAddress"),
    ("publicIpAddress", "PublicIp"),
    ("sourceDestCheck", "SourceDestCheck"),
    ("iamInstanceProfile.arn", "IamInstanceProfile"),
    ("keyName", "KeyName"),
];

fn subnet(item: &Recorded<'_>, made: Made) -> Made {
    let blocks = item.list("ipv6CidrBlockAssociationSet").iter();
    let associated =
        |block: &&Value| at(block, "ipv6CidrBlockState.state").and_then(Value::as_str) == Some("associated");
    let block = blocks.filter(associated).find_map(|block| at(block, "ipv6CidrBlock").cloned());
    made.maybe("Ipv6CidrBlock", block)
}

const ROUTE: &[(&str, &str)] = &[
    ("destinationCidrBlock", "DestinationCidrBlock"),
    ("destinationIpv6CidrBlock", "DestinationIpv6CidrBlock"),
    ("destinationPrefixListId", "DestinationPrefixListId"),
    ("gatewayId", "GatewayId"),
    ("natGatewayId", "NatGatewayId"),
    ("egressOnlyInternetGatewayId", "EgressOnlyInternetGatewayId"),
    ("transitGatewayId", "TransitGatewayId"),
    ("vpcPeeringConnectionId", "VpcPeeringConnectionId"),
    ("carrierGatewayId", "CarrierGatewayId"),
    ("localGatewayId", "LocalGatewayId"),
    ("instanceId", "InstanceId"),
];

/// With its routes, but the local one that every table has, and with the subnets that use it. The main table of a VPC is
/// told like a subnet's, with `Main` and the VPC in place of the subnet.
fn route_table(item: &Recorded<'_>, own: Made) -> Vec<Made> {
    let arn = item.arn();
    let mut all = vec![own];
    for route in item.list("routes") {
        let text = |key: &str| at(route, key).and_then(Value::as_str).filter(|text| !text.is_empty());
        if text("gatewayId") == Some("local") {
            continue;
        }
        let destinations = ["destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"];
        let destination = destinations.into_iter().find_map(text).unwrap_or_default();
        // An instance is reached through its interface, which is recorded beside it.
        let interface = text("networkInterfaceId").filter(|_| text("instanceId").is_none());
        all.push(
            Made::new("AWS::EC2::Route", format!("{arn}/{destination}"))
                .named(Some(destination))
                .set("RouteTableId", item.id)
                .take(route, ROUTE)
                .maybe("NetworkInterfaceId", interface),
        );
    }
    for association in item.list("associations") {
        let text = |key: &str| at(association, key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let state = text("associationState.state");
        if text("gatewayId").is_some() || matches!(state, Some("disassociating" | "disassociated" | "failed")) {
            continue;
        }
        let main = at(association, "main").and_then(Value::as_bool) == Some(true);
        let part = text("routeTableAssociationId").unwrap_or_default();
        let made =
            Made::new("AWS::EC2::SubnetRouteTableAssociation", format!("{arn}/{part}")).set("RouteTableId", item.id);
        let made = made.maybe("SubnetId", text("subnetId")).maybe("Main", main.then_some(true));
        all.push(made.maybe("VpcId", item.text("vpcId").filter(|_| main)));
    }
    all
}

fn internet_gateway(item: &Recorded<'_>, own: Made) -> Vec<Made> {
    with_attachments(item, own, "attachments", "InternetGatewayId")
}

fn vpn_gateway(item: &Recorded<'_>, own: Made) -> Vec<Made> {
    if matches!(item.text("state"), Some("deleting" | "deleted")) {
        return Vec::new();
    }
    with_attachments(item, own, "vpcAttachments", "VpnGatewayId")
}

/// A gateway, and one resource for each VPC that it is attached to.
fn with_attachments(item: &Recorded<'_>, own: Made, list: &str, property: &str) -> Vec<Made> {
    let arn = item.arn();
    let attached = item.list(list).iter().filter_map(|attachment| {
        let vpc = at(attachment, "vpcId")?.as_str()?;
        let state = at(attachment, "state").and_then(Value::as_str);
        let made = Made::new("AWS::EC2::VPCGatewayAttachment", format!("{arn}/{vpc}"));
        let made = made.set(property, item.id).set("VpcId", vpc);
        (!matches!(state, Some("detaching" | "detached"))).then_some(made)
    });
    std::iter::once(own).chain(attached).collect()
}

const ADDRESS: &[(&str, &str)] = &[
    ("domain", "Domain"),
    ("publicIp", "PublicIp"),
    ("instanceId", "InstanceId"),
    ("networkInterfaceId", "NetworkInterfaceId"),
    ("privateIpAddress", "PrivateIpAddress"),
];

/// `Ref` returns an address, which is no name of its resource.
fn address(item: &Recorded<'_>) -> Made {
    item.resource(item.kind).means("AllocationId", item.text("allocationId")).take(item.configuration, ADDRESS)
}

const ENDPOINT: &[(&str, &str)] = &[
    ("vpcEndpointType", "VpcEndpointType"),
    ("serviceName", "ServiceName"),
    ("vpcId", "VpcId"),
    ("privateDnsEnabled", "PrivateDnsEnabled"),
];

fn endpoint(item: &Recorded<'_>, made: Made) -> Option<Made> {
    let state = item.text("state").unwrap_or_default().to_ascii_lowercase();
    if matches!(state.as_str(), "deleted" | "failed" | "rejected" | "expired") {
        return None;
    }
    let filled = |list: Vec<Value>| (!list.is_empty()).then_some(list);
    let made = made.maybe("RouteTableIds", filled(item.list("routeTableIds").to_vec()));
    let made = made.maybe("SubnetIds", filled(item.list("subnetIds").to_vec()));
    let made = made.maybe("SecurityGroupIds", filled(group_ids(item.list("groups"))));
    Some(match item.get("policyDocument") {
        Some(policy) => made.set("PolicyDocument", document(Some(policy))),
        None => made.unread(&["PolicyDocument"], "ec2:DescribeVpcEndpoints"),
    })
}

fn group_ids(groups: &[Value]) -> Vec<Value> {
    groups.iter().filter_map(|group| at(group, "groupId").cloned()).collect()
}

/// Each permission as one rule for each of its peers. `side` is `Source` or `Destination`.
fn rules(permissions: &[Value], side: &str) -> Vec<Value> {
    let mut rules = Vec::new();
    for permission in permissions {
        let list = |key: &str| permission.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let group_property = format!("{side}SecurityGroupId");
        let list_property = format!("{side}PrefixListId");
        let peers = [
            ("ipv4Ranges", "cidrIp", "CidrIp"),
            ("ipv6Ranges", "cidrIpv6", "CidrIpv6"),
            ("prefixListIds", "prefixListId", list_property.as_str()),
            ("userIdGroupPairs", "groupId", group_property.as_str()),
        ];
        let mut add = |property: &str, peer: &Value, description: Option<&Value>| {
            let ports = [("ipProtocol", "IpProtocol"), ("fromPort", "FromPort"), ("toPort", "ToPort")];
            let ports = ports.iter().filter_map(|(key, name)| Some(((*name).to_owned(), at(permission, key)?.clone())));
            let mut rule: Map<String, Value> = ports.collect();
            rule.insert(property.to_owned(), peer.clone());
            if let Some(description) = description.filter(|text| !text.is_null()) {
                rule.insert("Description".to_owned(), description.clone());
            }
            rules.push(Value::Object(rule));
        };
        for (key, peer, property) in peers {
            for range in list(key) {
                if let Some(peer) = at(range, peer) {
                    add(property, peer, range.get("description"));
                }
            }
        }
        // Items of before 2017 have only this.
        if list("ipv4Ranges").is_empty() {
            for range in list("ipRanges").iter().filter(|range| range.is_string()) {
                add("CidrIp", range, None);
            }
        }
    }
    rules
}

fn instance(item: &Recorded<'_>, made: Made) -> Made {
    let running = item.text("state.name") == Some("running");
    let interfaces = item.list("networkInterfaces").iter().map(|interface| {
        // An elastic address is a resource of its own; an instance that does not run has given its address back.
        let public = at(interface, "association.ipOwnerId").and_then(Value::as_str) == Some("amazon");
        let addresses = interface.get("ipv6Addresses").and_then(Value::as_array).map_or(0, Vec::len);
        let mut members = Map::new();
        members.insert("DeviceIndex".to_owned(), index(interface));
        members.insert("SubnetId".to_owned(), at(interface, "subnetId").cloned().unwrap_or_default());
        let groups = interface.get("groups").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        members.insert("GroupSet".to_owned(), group_ids(groups).into());
        if public || running {
            members.insert("AssociatePublicIpAddress".to_owned(), public.into());
        }
        members.insert("Ipv6AddressCount".to_owned(), addresses.into());
        members.retain(|_, value| !value.is_null());
        Value::Object(members)
    });
    let interfaces: Vec<Value> = interfaces.collect();
    let made = made.set("SecurityGroupIds", group_ids(item.list("securityGroups")));
    let made = made.maybe("MetadataOptions", item.get("metadataOptions").map(pascal));
    made.maybe("NetworkInterfaces", (!interfaces.is_empty()).then_some(interfaces))
}

fn index(interface: &Value) -> Value {
    at(interface, "attachment.deviceIndex").map_or(Value::Null, |index| index.to_string().into())
}
