//! IAM: users, groups, roles, their policies and instance profiles, all from one listing.

use std::collections::BTreeSet;

use aws_sdk_iam::Client;
use aws_sdk_iam::operation::get_account_authorization_details::GetAccountAuthorizationDetailsOutput;
use aws_sdk_iam::types::{
    AttachedPermissionsBoundary, AttachedPolicy, GroupDetail, InstanceProfile, ManagedPolicyDetail, PolicyDetail,
    RoleDetail, Tag, UserDetail,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::{Scope, Service};
use crate::account::item::{Object, document, words};
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service =
    Service { name: "iam", scope: Scope::Global, reads: &[&DETAILS], collect: |reader| Box::pin(collect(reader)) };

const DETAILS: Read = Read::list(
    "iam:GetAccountAuthorizationDetails",
    &["AWS::IAM::Group", "AWS::IAM::InstanceProfile", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::IAM::User"],
);

/// The most that are listed at once, of all kinds together. Source: IAM API Reference.
const PAGE: i32 = 1000;

async fn collect(reader: &Reader) {
    let client = Client::new(&reader.config);
    let pages =
        reader.list(&DETAILS, client.get_account_authorization_details().max_items(PAGE).into_paginator().send()).await;
    reader.extend(of_details(&pages));
}

fn of_details(pages: &[GetAccountAuthorizationDetailsOutput]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut attached = BTreeSet::new();
    for page in pages {
        for role in page.role_detail_list() {
            attached.extend(arns(role.attached_managed_policies(), role.permissions_boundary()));
            items.push(of_role(role));
            items.extend(role.instance_profile_list().iter().map(of_profile));
        }
        for user in page.user_detail_list() {
            attached.extend(arns(user.attached_managed_policies(), user.permissions_boundary()));
            items.push(of_user(user));
        }
        for group in page.group_detail_list() {
            attached.extend(arns(group.attached_managed_policies(), None));
            items.push(of_group(group));
        }
    }
    // A profile is listed with each of its roles.
    items.sort_by(|a, b| a.id.cmp(&b.id));
    items.dedup_by(|a, b| a.id == b.id);
    let policies = pages.iter().flat_map(GetAccountAuthorizationDetailsOutput::policies);
    // AWS has more than a thousand policies; those that nobody has say nothing about the account.
    let matters =
        |policy: &&ManagedPolicyDetail| policy.arn().is_some_and(|arn| !is_aws_managed(arn) || attached.contains(arn));
    items.extend(policies.filter(matters).map(of_policy));
    items
}

fn is_aws_managed(arn: &str) -> bool {
    arn.contains(":iam::aws:policy/")
}

fn arns<'a>(
    policies: &'a [AttachedPolicy],
    boundary: Option<&'a AttachedPermissionsBoundary>,
) -> impl Iterator<Item = &'a str> {
    let boundary = boundary.and_then(AttachedPermissionsBoundary::permissions_boundary_arn);
    policies.iter().filter_map(AttachedPolicy::policy_arn).chain(boundary)
}

fn of_role(role: &RoleDetail) -> Item {
    Item::new("AWS::IAM::Role", role.arn().unwrap_or_default())
        .name(role.role_name())
        .means("Arn", role.arn())
        .set("RoleName", role.role_name())
        .set("Path", role.path())
        .set("AssumeRolePolicyDocument", written(role.assume_role_policy_document()))
        .set("ManagedPolicyArns", attachments(role.attached_managed_policies()))
        .set("Policies", inline(role.role_policy_list()))
        .set("PermissionsBoundary", boundary(role.permissions_boundary()))
        .set("Tags", tags(role.tags()))
}

fn of_user(user: &UserDetail) -> Item {
    let groups = user.group_list();
    Item::new("AWS::IAM::User", user.arn().unwrap_or_default())
        .name(user.user_name())
        .means("Arn", user.arn())
        .set("UserName", user.user_name())
        .set("Path", user.path())
        .set("Groups", words(groups))
        .set("ManagedPolicyArns", attachments(user.attached_managed_policies()))
        .set("Policies", inline(user.user_policy_list()))
        .set("PermissionsBoundary", boundary(user.permissions_boundary()))
        .set("Tags", tags(user.tags()))
}

fn of_group(group: &GroupDetail) -> Item {
    Item::new("AWS::IAM::Group", group.arn().unwrap_or_default())
        .name(group.group_name())
        .means("Arn", group.arn())
        .set("GroupName", group.group_name())
        .set("Path", group.path())
        .set("ManagedPolicyArns", attachments(group.attached_managed_policies()))
        .set("Policies", inline(group.group_policy_list()))
}

fn of_profile(profile: &InstanceProfile) -> Item {
    let roles: Vec<&str> = profile.roles().iter().map(aws_sdk_iam::types::Role::arn).collect();
    Item::new("AWS::IAM::InstanceProfile", profile.arn())
        .name(Some(profile.instance_profile_name()))
        .means("Arn", Some(profile.arn()))
        .set("InstanceProfileName", profile.instance_profile_name())
        .set("Path", profile.path())
        .set("Roles", roles)
}

/// AWS's own policies are in the snapshot because their text may be newer than the program. Nothing refers to them: what
/// attaches one keeps its ARN, by which the graph tells that it is AWS's.
fn of_policy(policy: &ManagedPolicyDetail) -> Item {
    let arn = policy.arn().unwrap_or_default();
    let default = policy.policy_version_list().iter().find(|version| version.is_default_version());
    Item::new("AWS::IAM::ManagedPolicy", arn)
        .name(policy.policy_name())
        .means("Ref", (!is_aws_managed(arn)).then_some(arn))
        .set("ManagedPolicyName", policy.policy_name())
        .set("Path", policy.path())
        .set("DefaultVersionId", policy.default_version_id().filter(|_| is_aws_managed(arn)))
        .set("UpdateDate", policy.update_date().filter(|_| is_aws_managed(arn)).map(dated))
        .set("PolicyDocument", written(default.and_then(|version| version.document())))
}

/// `2021-01-29T00:00:00Z`
fn dated(time: &DateTime) -> String {
    time.fmt(Format::DateTime).unwrap_or_default()
}

/// A policy document; one that the answer leaves out is not read, not empty.
fn written(text: Option<&str>) -> Result<serde_json::Value, Unread> {
    text.map(document).ok_or(Unread(DETAILS.api))
}

fn inline(policies: &[PolicyDetail]) -> Option<Vec<Object>> {
    let of = |policy: &PolicyDetail| {
        Object::new().set("PolicyName", policy.policy_name()).set("PolicyDocument", written(policy.policy_document()))
    };
    (!policies.is_empty()).then(|| policies.iter().map(of).collect())
}

fn attachments(policies: &[AttachedPolicy]) -> Option<Vec<&str>> {
    (!policies.is_empty()).then(|| policies.iter().filter_map(AttachedPolicy::policy_arn).collect())
}

fn boundary(boundary: Option<&AttachedPermissionsBoundary>) -> Option<&str> {
    boundary.and_then(AttachedPermissionsBoundary::permissions_boundary_arn)
}

fn tags(tags: &[Tag]) -> Option<Vec<Object>> {
    let of = |tag: &Tag| Object::new().set("Key", tag.key()).set("Value", tag.value());
    (!tags.is_empty()).then(|| tags.iter().map(of).collect())
}

#[cfg(test)]
mod tests;
