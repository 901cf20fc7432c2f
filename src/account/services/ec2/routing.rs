//! Route tables with their routes, and which subnets they are for.

use std::collections::BTreeSet;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Route, RouteTable, RouteTableAssociation, RouteTableAssociationStateCode};

use super::{arn, name, tags};
use crate::account::item::word;
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

pub(super) const ROUTE_TABLES: Read = Read::list(
    "ec2:DescribeRouteTables",
    &["AWS::EC2::RouteTable", "AWS::EC2::Route", "AWS::EC2::SubnetRouteTableAssociation"],
);

/// Returns the prefix lists that routes name as destinations on the Internet's side. What an endpoint reaches through
/// one is the endpoint's own matter.
pub(super) async fn route_tables(reader: &Reader, client: &Client) -> BTreeSet<String> {
    let pages = client.describe_route_tables().max_results(100).into_paginator().items().send();
    let mut named = BTreeSet::new();
    for table in reader.list(&ROUTE_TABLES, pages).await {
        let open = table.routes().iter().filter(|route| route.gateway_id().is_none_or(|id| !id.starts_with("vpce-")));
        named.extend(open.filter_map(|route| route.destination_prefix_list_id().map(str::to_owned)));
        for item in of_table(reader, &table) {
            reader.push(item);
        }
    }
    named
}

pub(super) fn of_table(reader: &Reader, table: &RouteTable) -> Vec<Item> {
    let id = table.route_table_id().unwrap_or_default();
    let arn = arn(reader, table.owner_id(), &format!("route-table/{id}"));
    let own = Item::new("AWS::EC2::RouteTable", arn.clone())
        .name(name(table.tags()))
        .means("Ref", Some(id))
        .set("VpcId", table.vpc_id())
        .set("Tags", tags(table.tags()));
    let routes = table.routes().iter().filter(|route| route.gateway_id() != Some("local"));
    let routes = routes.map(|route| of_route(&arn, id, route));
    let associations = table.associations().iter().filter(|association| holds(association));
    let associations = associations.map(|association| of_association(&arn, table, association));
    let parts: Vec<Item> = routes.chain(associations).collect();
    std::iter::once(own).chain(parts).collect()
}

/// The local route, which every table has, is left out: no template writes it.
pub(super) fn of_route(table: &str, id: &str, route: &Route) -> Item {
    let destinations =
        [route.destination_cidr_block(), route.destination_ipv6_cidr_block(), route.destination_prefix_list_id()];
    let destination = destinations.into_iter().flatten().next().unwrap_or_default();
    // An instance is reached through its interface, which the answer names beside it.
    let interface = route.network_interface_id().filter(|_| route.instance_id().is_none());
    Item::new("AWS::EC2::Route", format!("{table}/{destination}"))
        .name(Some(destination))
        .set("RouteTableId", id)
        .set("DestinationCidrBlock", route.destination_cidr_block())
        .set("DestinationIpv6CidrBlock", route.destination_ipv6_cidr_block())
        .set("DestinationPrefixListId", route.destination_prefix_list_id())
        .set("GatewayId", route.gateway_id())
        .set("NatGatewayId", route.nat_gateway_id())
        .set("EgressOnlyInternetGatewayId", route.egress_only_internet_gateway_id())
        .set("TransitGatewayId", route.transit_gateway_id())
        .set("VpcPeeringConnectionId", route.vpc_peering_connection_id())
        .set("CarrierGatewayId", route.carrier_gateway_id())
        .set("LocalGatewayId", route.local_gateway_id())
        .set("InstanceId", route.instance_id())
        .set("NetworkInterfaceId", interface)
        .set("CoreNetworkArn", route.core_network_arn())
        .set("OdbNetworkArn", route.odb_network_arn())
        .set("State", word(route.state()))
}

fn holds(association: &RouteTableAssociation) -> bool {
    use RouteTableAssociationStateCode as Code;
    let state = association.association_state().and_then(|state| state.state());
    !matches!(state, Some(Code::Disassociating | Code::Disassociated | Code::Failed))
}

/// The main table of a VPC is told like a subnet's, with `Main` and the VPC in place of the subnet.
pub(super) fn of_association(arn: &str, table: &RouteTable, association: &RouteTableAssociation) -> Item {
    let part = association.route_table_association_id().unwrap_or_default();
    let main = association.main() == Some(true);
    let gateway = association.gateway_id();
    let kind = match gateway {
        Some(_) => "AWS::EC2::GatewayRouteTableAssociation",
        None => "AWS::EC2::SubnetRouteTableAssociation",
    };
    Item::new(kind, format!("{arn}/{part}"))
        .set("RouteTableId", table.route_table_id())
        .set("SubnetId", association.subnet_id())
        .set("GatewayId", gateway)
        .set("Main", main.then_some(true))
        .set("VpcId", table.vpc_id().filter(|_| main))
}
