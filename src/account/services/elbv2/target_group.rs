//! Target groups, and what is registered in them.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    TargetGroup, TargetGroupAttribute, TargetHealthDescription, TargetHealthStateEnum,
};

use super::super::tags::Tags;
use super::{PAGE, of_attributes, tags_in, tags_of};
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const GROUPS: Read =
    Read::list("elasticloadbalancing:DescribeTargetGroups", &["AWS::ElasticLoadBalancingV2::TargetGroup"]);
pub(super) const ATTRIBUTES: Read = Read::detail("elasticloadbalancing:DescribeTargetGroupAttributes");
pub(super) const HEALTH: Read = Read::detail("elasticloadbalancing:DescribeTargetHealth");

pub(super) async fn groups(reader: &Reader, client: &Client) {
    let pages = client.describe_target_groups().page_size(PAGE).into_paginator().items().send();
    let groups = reader.list(&GROUPS, pages).await;
    let tags = tags_of(reader, client, groups.iter().filter_map(|group| group.target_group_arn())).await;
    let read = |group: TargetGroup| {
        let tags = tags_in(&tags, group.target_group_arn());
        async move {
            let arn = group.target_group_arn().unwrap_or_default();
            let attributes = client.describe_target_group_attributes().target_group_arn(arn).send();
            let health = client.describe_target_health().target_group_arn(arn).send();
            let (attributes, health) =
                tokio::join!(reader.get(&ATTRIBUTES, arn, attributes), reader.get(&HEALTH, arn, health));
            let attributes = attributes.map(|answer| answer.attributes.unwrap_or_default());
            let health = health.map(|answer| answer.target_health_descriptions.unwrap_or_default());
            reader.push(of_group(&group, attributes, health, tags));
        }
    };
    reader.each(groups, read).await;
}

pub(super) fn of_group(
    group: &TargetGroup,
    attributes: Result<Vec<TargetGroupAttribute>, Unread>,
    health: Result<Vec<TargetHealthDescription>, Unread>,
    tags: Result<Tags, Unread>,
) -> Item {
    let arn = group.target_group_arn().unwrap_or_default();
    let attributes = attributes.map(|list| of_attributes(list.iter().map(|one| (one.key(), one.value()))));
    let matcher = group
        .matcher()
        .and_then(|codes| Object::new().set("HttpCode", codes.http_code()).set("GrpcCode", codes.grpc_code()).filled());
    Item::new("AWS::ElasticLoadBalancingV2::TargetGroup", arn)
        .name(group.target_group_name())
        .means("Ref", Some(arn))
        .means("TargetGroupFullName", arn.rsplit(':').next().filter(|name| name.starts_with("targetgroup/")))
        .set("Name", group.target_group_name())
        .set("TargetType", word(group.target_type()))
        .set("Protocol", word(group.protocol()))
        .set("ProtocolVersion", group.protocol_version())
        .set("Port", group.port())
        .set("VpcId", group.vpc_id())
        .set("IpAddressType", word(group.ip_address_type()))
        .set("HealthCheckEnabled", group.health_check_enabled())
        .set("HealthCheckProtocol", word(group.health_check_protocol()))
        .set("HealthCheckPort", group.health_check_port())
        .set("HealthCheckPath", group.health_check_path())
        .set("Matcher", matcher)
        .set("Targets", health.map(|list| list.iter().filter_map(of_target).collect::<Vec<_>>()))
        .set("TargetGroupAttributes", attributes)
        .set("Tags", tags)
}

/// A target that is draining is registered no more.
fn of_target(health: &TargetHealthDescription) -> Option<Object> {
    let state = health.target_health().and_then(|health| health.state());
    if state == Some(&TargetHealthStateEnum::Draining) {
        return None;
    }
    let target = health.target()?;
    let target = Object::new()
        .set("Id", target.id())
        .set("Port", target.port())
        .set("AvailabilityZone", target.availability_zone())
        .set("Health", state.map(TargetHealthStateEnum::as_str));
    Some(target)
}
