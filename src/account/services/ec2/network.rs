//! VPCs and subnets, and what filters and records their traffic as a whole.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    BlockPublicAccessStates, FlowLog, NetworkAcl, NetworkAclEntry, Subnet, SubnetCidrBlockStateCode,
    SubnetIpv6CidrBlockAssociation, Vpc, VpcBlockPublicAccessExclusion, VpcBlockPublicAccessExclusionState,
    VpcBlockPublicAccessOptions,
};

use super::{PAGE, arn, name, tags};
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

pub(super) const VPCS: Read = Read::list("ec2:DescribeVpcs", &["AWS::EC2::VPC"]);
pub(super) const SUBNETS: Read = Read::list("ec2:DescribeSubnets", &["AWS::EC2::Subnet"]);
pub(super) const ACLS: Read = Read::list(
    "ec2:DescribeNetworkAcls",
    &["AWS::EC2::NetworkAcl", "AWS::EC2::NetworkAclEntry", "AWS::EC2::SubnetNetworkAclAssociation"],
);
pub(super) const BLOCK_OPTIONS: Read =
    Read::list("ec2:DescribeVpcBlockPublicAccessOptions", &["AWS::EC2::VPCBlockPublicAccessOptions"]);
pub(super) const BLOCK_EXCLUSIONS: Read =
    Read::list("ec2:DescribeVpcBlockPublicAccessExclusions", &["AWS::EC2::VPCBlockPublicAccessExclusion"]);
pub(super) const FLOW_LOGS: Read = Read::list("ec2:DescribeFlowLogs", &["AWS::EC2::FlowLog"]);

pub(super) async fn collect(reader: &Reader, client: &Client) {
    tokio::join!(
        vpcs(reader, client),
        subnets(reader, client),
        acls(reader, client),
        block_options(reader, client),
        block_exclusions(reader, client),
        flow_logs(reader, client),
    );
}

async fn vpcs(reader: &Reader, client: &Client) {
    let pages = client.describe_vpcs().max_results(PAGE).into_paginator().items().send();
    for vpc in reader.list(&VPCS, pages).await {
        reader.push(of_vpc(reader, &vpc));
    }
}

async fn subnets(reader: &Reader, client: &Client) {
    let pages = client.describe_subnets().max_results(PAGE).into_paginator().items().send();
    for subnet in reader.list(&SUBNETS, pages).await {
        reader.push(of_subnet(reader, &subnet));
    }
}

async fn acls(reader: &Reader, client: &Client) {
    let pages = client.describe_network_acls().max_results(PAGE).into_paginator().items().send();
    for acl in reader.list(&ACLS, pages).await {
        for item in of_acl(reader, &acl) {
            reader.push(item);
        }
    }
}

async fn block_options(reader: &Reader, client: &Client) {
    let page = |_| async {
        let answer = client.describe_vpc_block_public_access_options().send().await?;
        Ok((answer.vpc_block_public_access_options.into_iter().collect(), None))
    };
    for options in reader.pages(&BLOCK_OPTIONS, page).await {
        reader.push(of_block_options(reader, &options));
    }
}

async fn block_exclusions(reader: &Reader, client: &Client) {
    let page = |token| async {
        let answer =
            client.describe_vpc_block_public_access_exclusions().max_results(PAGE).set_next_token(token).send().await?;
        Ok((answer.vpc_block_public_access_exclusions.unwrap_or_default(), answer.next_token))
    };
    for exclusion in reader.pages(&BLOCK_EXCLUSIONS, page).await {
        if is_in_force(&exclusion) {
            reader.push(of_block_exclusion(reader, &exclusion));
        }
    }
}

async fn flow_logs(reader: &Reader, client: &Client) {
    let pages = client.describe_flow_logs().max_results(PAGE).into_paginator().items().send();
    for log in reader.list(&FLOW_LOGS, pages).await {
        reader.push(of_flow_log(reader, &log));
    }
}

pub(super) fn of_vpc(reader: &Reader, vpc: &Vpc) -> Item {
    let id = vpc.vpc_id().unwrap_or_default();
    let ipv6: Vec<&str> =
        vpc.ipv6_cidr_block_association_set().iter().filter_map(|block| block.ipv6_cidr_block()).collect();
    Item::new("AWS::EC2::VPC", arn(reader, vpc.owner_id(), &format!("vpc/{id}")))
        .name(name(vpc.tags()))
        .means("Ref", Some(id))
        .set("CidrBlock", vpc.cidr_block())
        .set("Ipv6CidrBlocks", (!ipv6.is_empty()).then_some(ipv6))
        .set("InstanceTenancy", word(vpc.instance_tenancy()))
        .set("IsDefault", vpc.is_default())
        .set("Tags", tags(vpc.tags()))
}

pub(super) fn of_subnet(reader: &Reader, subnet: &Subnet) -> Item {
    let id = subnet.subnet_id().unwrap_or_default();
    let own = subnet.subnet_arn().map(str::to_owned);
    Item::new("AWS::EC2::Subnet", own.unwrap_or_else(|| arn(reader, subnet.owner_id(), &format!("subnet/{id}"))))
        .name(name(subnet.tags()))
        .means("Ref", Some(id))
        .set("VpcId", subnet.vpc_id())
        .set("CidrBlock", subnet.cidr_block())
        .set("Ipv6CidrBlock", ipv6_block(subnet.ipv6_cidr_block_association_set()))
        .set("Ipv6Native", subnet.ipv6_native())
        .set("AvailabilityZone", subnet.availability_zone())
        .set("MapPublicIpOnLaunch", subnet.map_public_ip_on_launch())
        .set("AssignIpv6AddressOnCreation", subnet.assign_ipv6_address_on_creation())
        .set("DefaultForAz", subnet.default_for_az())
        .set("BlockPublicAccessStates", block_states(subnet.block_public_access_states()))
        .set("Tags", tags(subnet.tags()))
}

/// The IPv6 block of a subnet, which has one at most. One that is being taken away does not count.
fn ipv6_block(blocks: &[SubnetIpv6CidrBlockAssociation]) -> Option<&str> {
    let holds = |block: &&SubnetIpv6CidrBlockAssociation| {
        !matches!(
            block.ipv6_cidr_block_state().and_then(|state| state.state()),
            Some(
                SubnetCidrBlockStateCode::Disassociated
                    | SubnetCidrBlockStateCode::Disassociating
                    | SubnetCidrBlockStateCode::Failed
            )
        )
    };
    blocks.iter().find(holds)?.ipv6_cidr_block()
}

/// What Block Public Access does to a subnet. Source: `AWS::EC2::Subnet`, `BlockPublicAccessStates`.
fn block_states(states: Option<&BlockPublicAccessStates>) -> Option<Object> {
    let mode = states?.internet_gateway_block_mode()?;
    Some(Object::new().set("InternetGatewayBlockMode", mode.as_str()))
}

pub(super) fn of_block_options(reader: &Reader, options: &VpcBlockPublicAccessOptions) -> Item {
    Item::new("AWS::EC2::VPCBlockPublicAccessOptions", reader.arn("ec2", "vpc-block-public-access-options"))
        .set("InternetGatewayBlockMode", word(options.internet_gateway_block_mode()))
}

fn is_in_force(exclusion: &VpcBlockPublicAccessExclusion) -> bool {
    use VpcBlockPublicAccessExclusionState as State;
    !matches!(
        exclusion.state(),
        Some(
            State::CreateInProgress
                | State::CreateFailed
                | State::DeleteInProgress
                | State::DeleteComplete
                | State::DisableInProgress
                | State::DisableComplete
        )
    )
}

pub(super) fn of_block_exclusion(reader: &Reader, exclusion: &VpcBlockPublicAccessExclusion) -> Item {
    let id = exclusion.exclusion_id().unwrap_or_default();
    let of = exclusion.resource_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
    let property = if of.starts_with("vpc-") { "VpcId" } else { "SubnetId" };
    let arn = reader.arn("ec2", &format!("vpc-block-public-access-exclusion/{id}"));
    Item::new("AWS::EC2::VPCBlockPublicAccessExclusion", arn)
        .name(name(exclusion.tags()))
        .means("Ref", Some(id))
        .set(property, of)
        .set("InternetGatewayExclusionMode", word(exclusion.internet_gateway_exclusion_mode()))
        .set("Tags", tags(exclusion.tags()))
}

/// The number of the entry that ends every list and denies what is left. It cannot be changed. Source: "Default network
/// ACL", Amazon VPC User Guide.
const LAST_ENTRY: i32 = 32767;

pub(super) fn of_acl(reader: &Reader, acl: &NetworkAcl) -> Vec<Item> {
    let id = acl.network_acl_id().unwrap_or_default();
    let arn = arn(reader, acl.owner_id(), &format!("network-acl/{id}"));
    let own = Item::new("AWS::EC2::NetworkAcl", arn.clone())
        .name(name(acl.tags()))
        .means("Ref", Some(id))
        .set("VpcId", acl.vpc_id())
        .set("IsDefault", acl.is_default())
        .set("Tags", tags(acl.tags()));
    let entries = acl.entries().iter().filter(|entry| entry.rule_number() != Some(LAST_ENTRY));
    let entries = entries.map(|entry| of_acl_entry(&arn, id, entry));
    let associations = acl.associations().iter().map(|association| {
        let part = association.network_acl_association_id().unwrap_or_default();
        Item::new("AWS::EC2::SubnetNetworkAclAssociation", format!("{arn}/{part}"))
            .set("NetworkAclId", id)
            .set("SubnetId", association.subnet_id())
    });
    let parts: Vec<Item> = entries.chain(associations).collect();
    std::iter::once(own).chain(parts).collect()
}

pub(super) fn of_acl_entry(acl: &str, id: &str, entry: &NetworkAclEntry) -> Item {
    let egress = entry.egress().unwrap_or_default();
    let direction = if egress { "egress" } else { "ingress" };
    let number = entry.rule_number().unwrap_or_default();
    let ports = entry.port_range().map(|range| Object::new().set("From", range.from()).set("To", range.to()));
    let icmp = entry.icmp_type_code().map(|icmp| Object::new().set("Type", icmp.r#type()).set("Code", icmp.code()));
    Item::new("AWS::EC2::NetworkAclEntry", format!("{acl}/{direction}/{number}"))
        .set("NetworkAclId", id)
        .set("RuleNumber", number)
        .set("Egress", egress)
        .set("Protocol", entry.protocol().and_then(|number| number.parse::<i32>().ok()))
        .set("RuleAction", word(entry.rule_action()))
        .set("CidrBlock", entry.cidr_block())
        .set("Ipv6CidrBlock", entry.ipv6_cidr_block())
        .set("PortRange", ports)
        .set("Icmp", icmp)
}

pub(super) fn of_flow_log(reader: &Reader, log: &FlowLog) -> Item {
    let id = log.flow_log_id().unwrap_or_default();
    Item::new("AWS::EC2::FlowLog", reader.arn("ec2", &format!("vpc-flow-log/{id}")))
        .name(name(log.tags()))
        .means("Ref", Some(id))
        .set("ResourceId", log.resource_id())
        .set("ResourceType", log.resource_id().and_then(recorded))
        .set("TrafficType", word(log.traffic_type()))
        .set("LogDestinationType", word(log.log_destination_type()))
        .set("LogDestination", log.log_destination())
        .set("LogGroupName", log.log_group_name())
        .set("LogFormat", log.log_format())
        .set("MaxAggregationInterval", log.max_aggregation_interval())
        .set("DeliverLogsPermissionArn", log.deliver_logs_permission_arn())
        .set("DeliverLogsStatus", log.deliver_logs_status())
        .set("Tags", tags(log.tags()))
}

/// What kind of resource a flow log records. Source: `AWS::EC2::FlowLog`, `ResourceType`.
fn recorded(id: &str) -> Option<&'static str> {
    let kinds = [
        ("vpc-", "VPC"),
        ("subnet-", "Subnet"),
        ("eni-", "NetworkInterface"),
        ("tgw-attach-", "TransitGatewayAttachment"),
        ("tgw-", "TransitGateway"),
        ("nat-", "RegionalNatGateway"),
    ];
    kinds.into_iter().find(|(prefix, _)| id.starts_with(prefix)).map(|(_, kind)| kind)
}
