//! VPC endpoints with their policies.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{State, VpcEndpoint};

use super::{PAGE, arn, name, tags};
use crate::account::item::{document, word};
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

pub(super) const ENDPOINTS: Read = Read::list("ec2:DescribeVpcEndpoints", &["AWS::EC2::VPCEndpoint"]);

pub(super) async fn endpoints(reader: &Reader, client: &Client) {
    let pages = client.describe_vpc_endpoints().max_results(PAGE).into_paginator().items().send();
    for endpoint in reader.list(&ENDPOINTS, pages).await {
        if !is_gone(&endpoint) {
            reader.push(of_endpoint(reader, &endpoint));
        }
    }
}

/// The service writes states in either case (`available`, `Available`).
fn is_gone(endpoint: &VpcEndpoint) -> bool {
    let state = endpoint.state().map_or("", State::as_str).to_ascii_lowercase();
    matches!(state.as_str(), "deleted" | "failed" | "rejected" | "expired")
}

pub(super) fn of_endpoint(reader: &Reader, endpoint: &VpcEndpoint) -> Item {
    let id = endpoint.vpc_endpoint_id().unwrap_or_default();
    let groups: Vec<&str> = endpoint.groups().iter().filter_map(|group| group.group_id()).collect();
    let filled = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    Item::new("AWS::EC2::VPCEndpoint", arn(reader, endpoint.owner_id(), &format!("vpc-endpoint/{id}")))
        .name(name(endpoint.tags()))
        .means("Ref", Some(id))
        .set("VpcEndpointType", word(endpoint.vpc_endpoint_type()))
        .set("ServiceName", endpoint.service_name())
        .set("VpcId", endpoint.vpc_id())
        .set("PolicyDocument", endpoint.policy_document().filter(|text| !text.is_empty()).map(document))
        .set("RouteTableIds", filled(endpoint.route_table_ids()))
        .set("SubnetIds", filled(endpoint.subnet_ids()))
        .set("SecurityGroupIds", (!groups.is_empty()).then_some(groups))
        .set("PrivateDnsEnabled", endpoint.private_dns_enabled())
        .set("Tags", tags(endpoint.tags()))
}
