//! IAM: users, groups, roles, their policies and instance profiles, all from one listing.

use std::collections::{BTreeMap, BTreeSet};

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
    let pages = client.get_account_authorization_details().max_items(PAGE).into_paginator().send();
    let mut found = Found::default();
    reader.take(&DETAILS, pages, |page| found.add(&page)).await;
    reader.extend(found.items());
}

/// What the pages tell that were read so far.
#[derive(Debug, Default)]
struct Found {
    items: Vec<Item>,
    /// By their ARNs: a profile is listed with each of its roles.
    profiles: BTreeMap<String, Item>,
    /// AWS has more than a thousand policies; those that nobody has say nothing about the account.
    of_aws: Vec<Item>,
    attached: BTreeSet<String>,
}

impl Found {
    fn add(&mut self, page: &GetAccountAuthorizationDetailsOutput) {
        for role in page.role_detail_list() {
            self.attach(role.attached_managed_policies(), role.permissions_boundary());
            self.items.push(of_role(role));
            let profiles = role.instance_profile_list().iter();
            self.profiles.extend(profiles.map(|profile| (profile.arn().to_owned(), of_profile(profile))));
        }
        for user in page.user_detail_list() {
            self.attach(user.attached_managed_policies(), user.permissions_boundary());
            self.items.push(of_user(user));
        }
        for group in page.group_detail_list() {
            self.attach(group.attached_managed_policies(), None);
            self.items.push(of_group(group));
        }
        let policies = page.policies().iter().filter(|policy| policy.arn().is_some()).map(of_policy);
        let (of_aws, own): (Vec<Item>, Vec<Item>) = policies.partition(|policy| is_aws_managed(&policy.id));
        self.of_aws.extend(of_aws);
        self.items.extend(own);
    }

    fn attach(&mut self, policies: &[AttachedPolicy], boundary: Option<&AttachedPermissionsBoundary>) {
        let boundary = boundary.and_then(AttachedPermissionsBoundary::permissions_boundary_arn);
        let arns = policies.iter().filter_map(AttachedPolicy::policy_arn).chain(boundary);
        self.attached.extend(arns.map(str::to_owned));
    }

    fn items(self) -> impl Iterator<Item = Item> {
        let Self { items, profiles, of_aws, attached } = self;
        let of_aws = of_aws.into_iter().filter(move |policy| attached.contains(&policy.id));
        items.into_iter().chain(profiles.into_values()).chain(of_aws)
    }
}

fn is_aws_managed(arn: &str) -> bool {
    arn.contains(crate::input::POLICY_OF_AWS)
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
