//! Security groups with their rules, and the prefix lists that rules and routes name.

use std::collections::BTreeSet;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{IpPermission, ManagedPrefixList, PrefixListEntry, PrefixListState, SecurityGroup};

use super::{PAGE, name, tags};
use crate::account::item::Object;
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const GROUPS: Read = Read::list("ec2:DescribeSecurityGroups", &["AWS::EC2::SecurityGroup"]);
pub(super) const PREFIX_LISTS: Read = Read::list("ec2:DescribeManagedPrefixLists", &["AWS::EC2::PrefixList"]);
pub(super) const PREFIX_LIST_ENTRIES: Read = Read::detail("ec2:GetManagedPrefixListEntries");

/// Returns the prefix lists that rules name.
pub(super) async fn groups(reader: &Reader, client: &Client) -> BTreeSet<String> {
    let pages = client.describe_security_groups().max_results(PAGE).into_paginator().items().send();
    let mut named = BTreeSet::new();
    let take = |group: SecurityGroup| {
        let lists = group.ip_permissions().iter().chain(group.ip_permissions_egress());
        let lists = lists.flat_map(IpPermission::prefix_list_ids);
        named.extend(lists.filter_map(|list| list.prefix_list_id().map(str::to_owned)));
        reader.push(of_group(reader, &group));
    };
    reader.take(&GROUPS, pages, take).await;
    named
}

/// Lists of AWS that nothing names are left out; those that are named count like the account's own.
pub(super) async fn prefix_lists(reader: &Reader, client: &Client, named: &BTreeSet<String>) {
    let pages = client.describe_managed_prefix_lists().max_results(100).into_paginator().items().send();
    let lists = reader.list(&PREFIX_LISTS, pages).await;
    let wanted = lists.into_iter().filter(|list| is_wanted(reader, list, named));
    reader.each(wanted, |list| async move { reader.push(prefix_list(reader, client, &list).await) }).await;
}

fn is_wanted(reader: &Reader, list: &ManagedPrefixList, named: &BTreeSet<String>) -> bool {
    let own = list.owner_id() == Some(reader.account.as_str());
    let there = list.state() != Some(&PrefixListState::DeleteComplete);
    there && (own || list.prefix_list_id().is_some_and(|id| named.contains(id)))
}

async fn prefix_list(reader: &Reader, client: &Client, list: &ManagedPrefixList) -> Item {
    let id = list.prefix_list_id().unwrap_or_default();
    let arn = prefix_list_arn(reader, list);
    let mut entries = Vec::new();
    let mut token = None;
    loop {
        let call = client
            .get_managed_prefix_list_entries()
            .prefix_list_id(id)
            .max_results(100)
            .set_next_token(token.clone())
            .send();
        match reader.get(&PREFIX_LIST_ENTRIES, &arn, call).await {
            Err(unread) => return of_prefix_list(reader, list, Err(unread)),
            Ok(page) => {
                entries.extend(page.entries.unwrap_or_default());
                if page.next_token.is_none() || page.next_token == token {
                    return of_prefix_list(reader, list, Ok(entries));
                }
                token = page.next_token;
            }
        }
    }
}

pub(super) fn of_group(reader: &Reader, group: &SecurityGroup) -> Item {
    let id = group.group_id().unwrap_or_default();
    let own = group.security_group_arn().map(str::to_owned);
    let arn = own.unwrap_or_else(|| super::arn(reader, group.owner_id(), &format!("security-group/{id}")));
    let rules = |permissions: &[IpPermission], side: &Side| -> Vec<Object> {
        permissions.iter().flat_map(|permission| rules(permission, side)).collect()
    };
    Item::new("AWS::EC2::SecurityGroup", arn)
        .name(group.group_name())
        .means("Ref", Some(id))
        .set("GroupName", group.group_name())
        .set("GroupDescription", group.description())
        .set("VpcId", group.vpc_id())
        .set("SecurityGroupIngress", rules(group.ip_permissions(), &INGRESS))
        .set("SecurityGroupEgress", rules(group.ip_permissions_egress(), &EGRESS))
        .set("Tags", tags(group.tags()))
}

/// What the properties of a rule are called on its side.
struct Side {
    group: &'static str,
    list: &'static str,
    /// Egress rules have no property for the account of a group.
    owner: Option<&'static str>,
}

const INGRESS: Side =
    Side { group: "SourceSecurityGroupId", list: "SourcePrefixListId", owner: Some("SourceSecurityGroupOwnerId") };
const EGRESS: Side = Side { group: "DestinationSecurityGroupId", list: "DestinationPrefixListId", owner: None };

/// A permission holds several sources of the same traffic; a rule has one.
fn rules(permission: &IpPermission, side: &Side) -> Vec<Object> {
    let rule = |description: Option<&str>| {
        Object::new()
            .set("IpProtocol", permission.ip_protocol())
            .set("FromPort", permission.from_port())
            .set("ToPort", permission.to_port())
            .set("Description", description)
    };
    let mut found = Vec::new();
    found.extend(permission.ip_ranges().iter().map(|range| rule(range.description()).set("CidrIp", range.cidr_ip())));
    found.extend(
        permission.ipv6_ranges().iter().map(|range| rule(range.description()).set("CidrIpv6", range.cidr_ipv6())),
    );
    found.extend(
        permission.prefix_list_ids().iter().map(|list| rule(list.description()).set(side.list, list.prefix_list_id())),
    );
    found.extend(permission.user_id_group_pairs().iter().map(|pair| {
        let rule = rule(pair.description()).set(side.group, pair.group_id());
        match side.owner {
            Some(owner) => rule.set(owner, pair.user_id()),
            None => rule,
        }
    }));
    found
}

pub(super) fn prefix_list_arn(reader: &Reader, list: &ManagedPrefixList) -> String {
    let id = list.prefix_list_id().unwrap_or_default();
    let own = list.prefix_list_arn().map(str::to_owned);
    own.unwrap_or_else(|| super::arn(reader, list.owner_id(), &format!("prefix-list/{id}")))
}

pub(super) fn of_prefix_list(
    reader: &Reader,
    list: &ManagedPrefixList,
    entries: Result<Vec<PrefixListEntry>, Unread>,
) -> Item {
    let entry =
        |entry: &PrefixListEntry| Object::new().set("Cidr", entry.cidr()).set("Description", entry.description());
    Item::new("AWS::EC2::PrefixList", prefix_list_arn(reader, list))
        .name(list.prefix_list_name().or_else(|| name(list.tags())))
        .means("Ref", list.prefix_list_id())
        .set("PrefixListName", list.prefix_list_name())
        .set("AddressFamily", list.address_family())
        .set("MaxEntries", list.max_entries())
        .set("Entries", entries.map(|entries| entries.iter().map(entry).collect::<Vec<_>>()))
        .set("Tags", tags(list.tags()))
}
