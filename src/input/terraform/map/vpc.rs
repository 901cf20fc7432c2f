//! VPCs, subnets, gateways, endpoints and what else packets pass on their way.
//!
//! The default VPC and its subnets exist before Terraform adopts them, so they say with properties of their own what
//! CloudFormation has no word for: `IsDefault` of a VPC and `DefaultForAz` of a subnet. Source: Amazon EC2 API
//! Reference, `Vpc` and `Subnet`.

use super::Returns::{GetAtt, Ref, Sub};
use super::Shape::{Blocks, Json, Link, Or, Plain, Tags};
use super::routes::MAIN_ROUTE_TABLE;
use super::{Draft, Found, Property, Row, Service, United, member, property};
use crate::value::Value;

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: Some(unite) };

const ENDPOINT: &str = "AWS::EC2::VPCEndpoint";
const PREFIX_LIST: &str = "AWS::EC2::PrefixList";
const ATTACHMENT: &str = "AWS::EC2::VPCGatewayAttachment";

const VPC_ATTRIBUTES: super::Attributes = &[
    ("id", Ref),
    ("arn", Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc/${}")),
    ("cidr_block", GetAtt("CidrBlock")),
    ("default_network_acl_id", GetAtt("DefaultNetworkAcl")),
    ("default_security_group_id", GetAtt("DefaultSecurityGroup")),
    ("default_route_table_id", GetAtt(MAIN_ROUTE_TABLE)),
    ("main_route_table_id", GetAtt(MAIN_ROUTE_TABLE)),
];

const SUBNET_ATTRIBUTES: super::Attributes = &[
    ("id", Ref),
    ("arn", Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:subnet/${}")),
    ("cidr_block", GetAtt("CidrBlock")),
    ("availability_zone", GetAtt("AvailabilityZone")),
];

const ROWS: &[Row] = &[
    Row::new(
        "aws_vpc",
        "AWS::EC2::VPC",
        &[
            property("CidrBlock", "cidr_block", Plain),
            property("EnableDnsHostnames", "enable_dns_hostnames", Plain),
            property("EnableDnsSupport", "enable_dns_support", Plain),
            property("InstanceTenancy", "instance_tenancy", Plain),
            property("Ipv4IpamPoolId", "ipv4_ipam_pool_id", Plain),
            property("Ipv4NetmaskLength", "ipv4_netmask_length", Plain),
            property("Tags", "tags", Tags),
        ],
        VPC_ATTRIBUTES,
    )
    .then(generated_ipv6),
    Row::new(
        "aws_default_vpc",
        "AWS::EC2::VPC",
        &[
            property("IsDefault", "", Or("true")),
            property("EnableDnsHostnames", "enable_dns_hostnames", Or("true")),
            property("EnableDnsSupport", "enable_dns_support", Plain),
            property("Tags", "tags", Tags),
        ],
        VPC_ATTRIBUTES,
    ),
    Row::new(
        "aws_vpc_ipv4_cidr_block_association",
        "AWS::EC2::VPCCidrBlock",
        &[property("VpcId", "vpc_id", Link), property("CidrBlock", "cidr_block", Plain)],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_vpc_ipv6_cidr_block_association",
        "AWS::EC2::VPCCidrBlock",
        &[property("VpcId", "vpc_id", Link), property("Ipv6CidrBlock", "ipv6_cidr_block", Plain)],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_subnet",
        "AWS::EC2::Subnet",
        &[
            property("VpcId", "vpc_id", Link),
            property("CidrBlock", "cidr_block", Plain),
            property("Ipv6CidrBlock", "ipv6_cidr_block", Plain),
            property("Ipv6Native", "ipv6_native", Plain),
            property("AvailabilityZone", "availability_zone", Plain),
            property("AvailabilityZoneId", "availability_zone_id", Plain),
            property("AssignIpv6AddressOnCreation", "assign_ipv6_address_on_creation", Plain),
            property("EnableDns64", "enable_dns64", Plain),
            property("MapPublicIpOnLaunch", "map_public_ip_on_launch", Plain),
            property("OutpostArn", "outpost_arn", Plain),
            property("Tags", "tags", Tags),
        ],
        SUBNET_ATTRIBUTES,
    ),
    Row::new(
        "aws_default_subnet",
        "AWS::EC2::Subnet",
        &[
            property("DefaultForAz", "", Or("true")),
            property("AvailabilityZone", "availability_zone", Plain),
            property("AssignIpv6AddressOnCreation", "assign_ipv6_address_on_creation", Plain),
            property("Ipv6CidrBlock", "ipv6_cidr_block", Plain),
            property("Ipv6Native", "ipv6_native", Plain),
            property("MapPublicIpOnLaunch", "map_public_ip_on_launch", Or("true")),
            property("Tags", "tags", Tags),
        ],
        SUBNET_ATTRIBUTES,
    ),
    Row::new(
        "aws_internet_gateway",
        "AWS::EC2::InternetGateway",
        &[property("Tags", "tags", Tags)],
        &[("id", Ref), ("arn", Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:internet-gateway/${}"))],
    )
    .then(|draft| attached(draft, "InternetGatewayId")),
    Row::new(
        "aws_internet_gateway_attachment",
        ATTACHMENT,
        &[property("InternetGatewayId", "internet_gateway_id", Link), property("VpcId", "vpc_id", Link)],
        &[],
    ),
    Row::new(
        "aws_vpn_gateway",
        "AWS::EC2::VPNGateway",
        &[
            property("Type", "", Or("ipsec.1")),
            property("AmazonSideAsn", "amazon_side_asn", Plain),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref)],
    )
    .then(|draft| attached(draft, "VpnGatewayId")),
    Row::new(
        "aws_vpn_gateway_attachment",
        ATTACHMENT,
        &[property("VpnGatewayId", "vpn_gateway_id", Link), property("VpcId", "vpc_id", Link)],
        &[],
    ),
    Row::new(
        "aws_egress_only_internet_gateway",
        "AWS::EC2::EgressOnlyInternetGateway",
        &[property("VpcId", "vpc_id", Link), property("Tags", "tags", Tags)],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_carrier_gateway",
        "AWS::EC2::CarrierGateway",
        &[property("VpcId", "vpc_id", Link), property("Tags", "tags", Tags)],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_nat_gateway",
        "AWS::EC2::NatGateway",
        &[
            property("AllocationId", "allocation_id", Link),
            property("AvailabilityMode", "availability_mode", Plain),
            property("ConnectivityType", "connectivity_type", Plain),
            property("PrivateIpAddress", "private_ip", Plain),
            property("SubnetId", "subnet_id", Link),
            property("VpcId", "vpc_id", Link),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_vpc_endpoint",
        ENDPOINT,
        &[
            property("VpcId", "vpc_id", Link),
            property("ServiceName", "service_name", Plain),
            property("VpcEndpointType", "vpc_endpoint_type", Plain),
            property("PolicyDocument", "policy", Json),
            property("PrivateDnsEnabled", "private_dns_enabled", Plain),
            property("RouteTableIds", "route_table_ids", Link),
            property("SecurityGroupIds", "security_group_ids", Link),
            property("SubnetIds", "subnet_ids", Link),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_vpc_endpoint_service",
        "AWS::EC2::VPCEndpointService",
        &[
            property("AcceptanceRequired", "acceptance_required", Plain),
            property("GatewayLoadBalancerArns", "gateway_load_balancer_arns", Link),
            property("NetworkLoadBalancerArns", "network_load_balancer_arns", Link),
        ],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_vpc_peering_connection",
        "AWS::EC2::VPCPeeringConnection",
        &[
            property("VpcId", "vpc_id", Link),
            property("PeerVpcId", "peer_vpc_id", Link),
            property("PeerOwnerId", "peer_owner_id", Plain),
            property("PeerRegion", "peer_region", Plain),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_ec2_transit_gateway",
        "AWS::EC2::TransitGateway",
        &[
            property("AutoAcceptSharedAttachments", "auto_accept_shared_attachments", Plain),
            property("DefaultRouteTableAssociation", "default_route_table_association", Plain),
            property("DefaultRouteTablePropagation", "default_route_table_propagation", Plain),
            property("Description", "description", Plain),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref), ("arn", GetAtt("TransitGatewayArn"))],
    ),
    Row::new(
        "aws_ec2_transit_gateway_vpc_attachment",
        "AWS::EC2::TransitGatewayVpcAttachment",
        &[
            property("SubnetIds", "subnet_ids", Link),
            property("TransitGatewayId", "transit_gateway_id", Link),
            property("VpcId", "vpc_id", Link),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_ec2_transit_gateway_route_table",
        "AWS::EC2::TransitGatewayRouteTable",
        &[property("TransitGatewayId", "transit_gateway_id", Link), property("Tags", "tags", Tags)],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_ec2_transit_gateway_route",
        "AWS::EC2::TransitGatewayRoute",
        &[
            property("Blackhole", "blackhole", Plain),
            property("DestinationCidrBlock", "destination_cidr_block", Plain),
            property("TransitGatewayAttachmentId", "transit_gateway_attachment_id", Link),
            property("TransitGatewayRouteTableId", "transit_gateway_route_table_id", Link),
        ],
        &[],
    ),
    Row::new(
        "aws_vpc_block_public_access_options",
        "AWS::EC2::VPCBlockPublicAccessOptions",
        &[property("InternetGatewayBlockMode", "internet_gateway_block_mode", Plain)],
        &[],
    ),
    Row::new(
        "aws_vpc_block_public_access_exclusion",
        "AWS::EC2::VPCBlockPublicAccessExclusion",
        &[
            property("InternetGatewayExclusionMode", "internet_gateway_exclusion_mode", Plain),
            property("SubnetId", "subnet_id", Link),
            property("VpcId", "vpc_id", Link),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_ec2_managed_prefix_list",
        PREFIX_LIST,
        &[
            property("PrefixListName", "name", Plain),
            property("AddressFamily", "address_family", Plain),
            property("MaxEntries", "max_entries", Plain),
            property("Entries", "entry", Blocks(ENTRY)),
            property("Tags", "tags", Tags),
        ],
        &[("id", GetAtt("PrefixListId")), ("arn", GetAtt("Arn"))],
    ),
    Row::new(
        "aws_flow_log",
        "AWS::EC2::FlowLog",
        &[
            property("DeliverLogsPermissionArn", "iam_role_arn", Link),
            property("LogDestination", "log_destination", Link),
            property("LogDestinationType", "log_destination_type", Plain),
            property("LogFormat", "log_format", Plain),
            property("LogGroupName", "log_group_name", Link),
            property("MaxAggregationInterval", "max_aggregation_interval", Plain),
            property("TrafficType", "traffic_type", Plain),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref)],
    )
    .then(logged),
    Row::part("aws_vpc_endpoint_route_table_association"),
    Row::part("aws_vpc_endpoint_security_group_association"),
    Row::part("aws_vpc_endpoint_subnet_association"),
    Row::part("aws_ec2_managed_prefix_list_entry"),
    Row::part("aws_vpc_peering_connection_accepter"),
    Row::part("aws_vpc_peering_connection_options"),
];

const ENTRY: &[Property] = &[property("Cidr", "cidr", Link), property("Description", "description", Plain)];

/// `assign_generated_ipv6_cidr_block` is a resource of its own in CloudFormation.
fn generated_ipv6(draft: &mut Draft<'_>) {
    let Found::Value(argument) = draft.argument("assign_generated_ipv6_cidr_block") else { return };
    let (key_span, value) = (argument.key_span, draft.mapper.plain(&argument.value));
    if value.as_bool() != Some(false) {
        let vpc = draft.itself(key_span);
        let properties = vec![member("VpcId", key_span, vpc), member("AmazonProvidedIpv6CidrBlock", key_span, value)];
        draft.also("ipv6", "AWS::EC2::VPCCidrBlock", properties);
    }
}

/// A gateway that names its VPC is attached to it.
fn attached(draft: &mut Draft<'_>, gateway: &str) {
    let Some(vpc) = draft.mapper.linked(draft.instance, "vpc_id") else { return };
    let span = vpc.span;
    let properties = vec![member(gateway, span, draft.itself(span)), member("VpcId", span, vpc)];
    draft.also("attachment", ATTACHMENT, properties);
}

/// What a flow log records, and its type.
fn logged(draft: &mut Draft<'_>) {
    const LOGGED: &[(&str, &str)] = &[
        ("vpc_id", "VPC"),
        ("subnet_id", "Subnet"),
        ("eni_id", "NetworkInterface"),
        ("transit_gateway_id", "TransitGateway"),
        ("transit_gateway_attachment_id", "TransitGatewayAttachment"),
    ];
    for (argument, kind) in LOGGED {
        if let Some(id) = draft.mapper.linked(draft.instance, argument) {
            let span = id.span;
            draft.set("ResourceId", span, id);
            draft.set("ResourceType", span, Value::text_at(span, *kind));
        }
    }
}

/// Types of associations with an endpoint: what they associate, and the property of the endpoint.
const ASSOCIATIONS: &[(&str, &str, &str)] = &[
    ("aws_vpc_endpoint_route_table_association", "route_table_id", "RouteTableIds"),
    ("aws_vpc_endpoint_security_group_association", "security_group_id", "SecurityGroupIds"),
    ("aws_vpc_endpoint_subnet_association", "subnet_id", "SubnetIds"),
];

fn unite(united: &mut United<'_>) {
    for (kind, argument, path) in ASSOCIATIONS {
        for instance in united.instances_of(kind) {
            let owner = united.owner(instance, "vpc_endpoint_id", ENDPOINT, &[]);
            if let Some(item) = united.mapper.linked(instance, argument) {
                united.attach(&owner, ENDPOINT, path, &item);
            }
        }
    }
    for instance in united.instances_of("aws_ec2_managed_prefix_list_entry") {
        let owner = united.owner(instance, "prefix_list_id", PREFIX_LIST, &[]);
        let entry = united.mapper.properties(&instance.arguments, ENTRY);
        united.attach(&owner, PREFIX_LIST, "Entries", &entry);
    }
}
