//! Amazon EC2 and VPC: networks, what stands in them, and what may reach it.
//!
//! All of it comes from lists of whole regions: the number of calls follows the number of pages, not of resources. Only
//! the entries of prefix lists are asked for one list at a time, and only of lists that are the account's own or that a
//! rule or route names.

mod endpoints;
mod gateways;
mod groups;
mod instances;
mod interfaces;
mod network;
mod routing;
mod templates;

use std::collections::BTreeSet;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::Tag;

use super::tags::{self, Tags};
use super::{Scope, Service};
use crate::account::reader::Reader;

pub(super) const SERVICE: Service = Service {
    name: "ec2",
    scope: Scope::Regional,
    reads: &[
        &network::VPCS,
        &network::SUBNETS,
        &network::ACLS,
        &network::BLOCK_OPTIONS,
        &network::BLOCK_EXCLUSIONS,
        &network::FLOW_LOGS,
        &routing::ROUTE_TABLES,
        &gateways::INTERNET,
        &gateways::EGRESS_ONLY,
        &gateways::NAT,
        &gateways::CARRIER,
        &gateways::VPN,
        &gateways::TRANSIT,
        &gateways::TRANSIT_ATTACHMENTS,
        &gateways::PEERINGS,
        &groups::GROUPS,
        &groups::PREFIX_LISTS,
        &groups::PREFIX_LIST_ENTRIES,
        &interfaces::INTERFACES,
        &interfaces::ADDRESSES,
        &instances::INSTANCES,
        &templates::VERSIONS,
        &endpoints::ENDPOINTS,
    ],
    collect: |reader| Box::pin(collect(reader)),
};

/// The most that lists answer with at once, but for those that say otherwise. Without a number the service answers with
/// all there is, which it slows down and breaks off where there is much. Source: "Pagination", Amazon EC2 API Reference,
/// and `MaxResults` of each action.
const PAGE: i32 = 1000;

async fn collect(reader: &Reader) {
    let client = &Client::new(&reader.config);
    let (by_rules, by_routes, ..) = tokio::join!(
        groups::groups(reader, client),
        routing::route_tables(reader, client),
        network::collect(reader, client),
        gateways::collect(reader, client),
        interfaces::collect(reader, client),
        instances::instances(reader, client),
        templates::templates(reader, client),
        endpoints::endpoints(reader, client),
    );
    let named: BTreeSet<String> = by_rules.into_iter().chain(by_routes).collect();
    groups::prefix_lists(reader, client, &named).await;
}

/// The ARN of what may belong to another account, which shares it. Source: "Actions, resources, and condition keys for
/// Amazon EC2", Service Authorization Reference.
fn arn(reader: &Reader, owner: Option<&str>, resource: &str) -> String {
    owner.map_or_else(
        || reader.arn("ec2", resource),
        |owner| format!("arn:{}:ec2:{}:{owner}:{resource}", reader.partition, reader.region),
    )
}

/// The `Name` tag.
fn name(tags: &[Tag]) -> Option<&str> {
    tags.iter().find(|tag| tag.key() == Some("Name")).and_then(Tag::value)
}

fn tags(tags: &[Tag]) -> Tags {
    tags::of(tags.iter().map(|tag| (tag.key(), tag.value())))
}

#[cfg(test)]
mod tests;
