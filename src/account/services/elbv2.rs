//! Elastic Load Balancing v2: load balancers, listeners with their rules, target groups and what is registered there.
//!
//! Listeners are listed by load balancer, rules and certificates by listener, and what is registered by target group:
//! the service has no wider lists. Only Application Load Balancers have rules beside the default one.

mod action;
mod listener;
mod target_group;

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{LoadBalancer, LoadBalancerAttribute, LoadBalancerTypeEnum};

use super::tags::{self, Tags};
use super::{Scope, Service};
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "elbv2",
    scope: Scope::Regional,
    reads: &[
        &LOAD_BALANCERS,
        &ATTRIBUTES,
        &TAGS,
        &listener::LISTENERS,
        &listener::CERTIFICATES,
        &listener::RULES,
        &target_group::GROUPS,
        &target_group::ATTRIBUTES,
        &target_group::HEALTH,
    ],
    collect: |reader| Box::pin(collect(reader)),
};

const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
/// What is asked for by load balancer is hidden with them.
const LOAD_BALANCERS: Read =
    Read::list("elasticloadbalancing:DescribeLoadBalancers", &[LOAD_BALANCER, listener::LISTENER, listener::RULE]);
const ATTRIBUTES: Read = Read::detail("elasticloadbalancing:DescribeLoadBalancerAttributes");
const TAGS: Read = Read::detail("elasticloadbalancing:DescribeTags");

/// The most that lists answer with at once. Source: Elastic Load Balancing API Reference.
const PAGE: i32 = 400;

async fn collect(reader: &Reader) {
    let client = &Client::new(&reader.config);
    tokio::join!(load_balancers(reader, client), target_group::groups(reader, client));
}

async fn load_balancers(reader: &Reader, client: &Client) {
    let pages = client.describe_load_balancers().page_size(PAGE).into_paginator().items().send();
    let balancers = reader.list(&LOAD_BALANCERS, pages).await;
    let arns = balancers.iter().filter_map(|balancer| balancer.load_balancer_arn());
    let tags = tags_of(reader, client, arns).await;
    let read = |balancer: LoadBalancer| {
        let tags = tags_in(&tags, balancer.load_balancer_arn());
        async move {
            let arn = balancer.load_balancer_arn().unwrap_or_default();
            let call = client.describe_load_balancer_attributes().load_balancer_arn(arn).send();
            let attributes = reader.get(&ATTRIBUTES, arn, call).await;
            let attributes = attributes.map(|answer| answer.attributes.unwrap_or_default());
            reader.push(of_load_balancer(&balancer, attributes, tags));
            listener::listeners(reader, client, &balancer).await
        }
    };
    let listeners = reader.map(balancers, read).await;
    let listeners = listeners.into_iter().flatten();
    reader.each(listeners, |found| async move { found.read(reader, client).await }).await;
}

/// What is known of the tags of each resource, by ARN.
type TagsByArn = BTreeMap<String, Result<Tags, Unread>>;

/// Resources of one `DescribeTags`. Source: Elastic Load Balancing API Reference.
const TAGGED_AT_ONCE: usize = 20;

async fn tags_of<'a>(reader: &Reader, client: &Client, arns: impl Iterator<Item = &'a str>) -> TagsByArn {
    let arns: Vec<String> = arns.map(str::to_owned).collect();
    let read = |chunk: &[String]| {
        let chunk = chunk.to_vec();
        async move {
            let of = chunk.first().cloned().unwrap_or_default();
            let call = client.describe_tags().set_resource_arns(Some(chunk.clone())).send();
            match reader.get(&TAGS, &of, call).await {
                Ok(answer) => answer
                    .tag_descriptions()
                    .iter()
                    .map(|of| {
                        let pairs = of.tags().iter().map(|tag| (tag.key(), tag.value()));
                        (of.resource_arn().unwrap_or_default().to_owned(), Ok(tags::of(pairs)))
                    })
                    .collect(),
                Err(unread) => chunk.into_iter().map(|arn| (arn, Err(unread))).collect::<Vec<_>>(),
            }
        }
    };
    let found = reader.map(arns.chunks(TAGGED_AT_ONCE), read).await;
    found.into_iter().flatten().collect()
}

fn tags_in(tags: &TagsByArn, arn: Option<&str>) -> Result<Tags, Unread> {
    arn.and_then(|arn| tags.get(arn).cloned()).unwrap_or(Ok(None))
}

fn of_load_balancer(
    balancer: &LoadBalancer,
    attributes: Result<Vec<LoadBalancerAttribute>, Unread>,
    tags: Result<Tags, Unread>,
) -> Item {
    let arn = balancer.load_balancer_arn().unwrap_or_default();
    let subnets: Vec<&str> = balancer.availability_zones().iter().filter_map(|zone| zone.subnet_id()).collect();
    let attributes = attributes.map(|list| of_attributes(list.iter().map(|one| (one.key(), one.value()))));
    Item::new(LOAD_BALANCER, arn)
        .name(balancer.load_balancer_name())
        .means("Ref", Some(arn))
        .means("LoadBalancerFullName", arn.split_once(":loadbalancer/").map(|(_, name)| name))
        .means("DNSName", balancer.dns_name().map(str::to_ascii_lowercase))
        .set("Name", balancer.load_balancer_name())
        .set("Type", balancer.r#type().map(LoadBalancerTypeEnum::as_str))
        .set("Scheme", word(balancer.scheme()))
        .set("VpcId", balancer.vpc_id())
        .set("IpAddressType", word(balancer.ip_address_type()))
        .set("SecurityGroups", balancer.security_groups())
        .set("Subnets", subnets)
        .set("LoadBalancerAttributes", attributes)
        .set("Tags", tags)
}

/// Pairs of `Key` and `Value`, sorted by key.
fn of_attributes<'a>(pairs: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>) -> Vec<Object> {
    tags::of(pairs).unwrap_or_default()
}

#[cfg(test)]
mod tests;
