//! Users, groups, roles and policies, as IAM lists them all at once.

use std::fmt::Write as _;
use std::ops::Range;

use serde_json::{Value as Json, json};

use super::super::{ACCOUNT, Call, Cut, xml};
use super::{AWS_POLICIES, Size, profile_arn, role_arn, role_name};
use crate::loopback::Answer;

/// Source: `GetAccountAuthorizationDetails`, IAM API Reference.
const CUT: Cut = Cut { size: "MaxItems", token: "Marker", most: 1000, default: 100 };

const SINCE: &str = "2025-01-01T00:00:00Z";

/// Those of AWS's policies that roles have, by what follows `policy/` in their ARNs.
pub(crate) const ATTACHED: &[&str] = &[
    "AmazonSSMManagedInstanceCore",
    "CloudWatchAgentServerPolicy",
    "AWSXRayDaemonWriteAccess",
    "service-role/AWSLambdaBasicExecutionRole",
    "service-role/AWSLambdaVPCAccessExecutionRole",
];

pub(super) fn answer(size: Size, call: &Call) -> Option<Answer> {
    if call.api != "iam:GetAccountAuthorizationDetails" {
        return None;
    }
    let page = call.page(&CUT, size.identities());
    let marker = page.next.map(|next| format!("<Marker>{next}</Marker>")).unwrap_or_default();
    let mut text = format!("<IsTruncated>{}</IsTruncated>{marker}", !marker.is_empty());
    let mut from = 0;
    let mut list = |name: &str, count: usize, member: &dyn Fn(usize) -> String| {
        let part = within(&page.items, from, count);
        from += count;
        let _ = write!(text, "<{name}>");
        for index in part {
            let _ = write!(text, "<member>{}</member>", member(index));
        }
        let _ = write!(text, "</{name}>");
    };
    list("UserDetailList", size.users(), &|user| of_user(size, user));
    list("GroupDetailList", size.user_groups(), &of_group);
    list("RoleDetailList", size.roles, &|role| of_role(size, role));
    list("Policies", size.policies() + AWS_POLICIES, &|policy| of_policy(size, policy));
    Some(xml(call, &text))
}

/// What of a page is in a list that begins at a number.
fn within(page: &Range<usize>, from: usize, count: usize) -> Range<usize> {
    page.start.clamp(from, from + count) - from..page.end.clamp(from, from + count) - from
}

/// Documents are percent-encoded. Source: `GetAccountAuthorizationDetails`, IAM API Reference.
fn encoded(document: &Json) -> String {
    let mut text = String::new();
    for byte in document.to_string().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(byte.into());
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn allowed(actions: &[&str], resource: &str) -> Json {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": resource }],
    })
}

fn policy_arn(size: Size, policy: usize) -> String {
    match policy.checked_sub(size.policies()) {
        None => format!("arn:aws:iam::{ACCOUNT}:policy/team-{policy}"),
        Some(number) => match ATTACHED.get(number) {
            Some(name) => format!("arn:aws:iam::aws:policy/{name}"),
            None => format!("arn:aws:iam::aws:policy/AWSPolicy{number}"),
        },
    }
}

fn attached(size: Size, policies: &[usize]) -> String {
    let members = policies.iter().map(|policy| {
        let arn = policy_arn(size, *policy);
        let name = arn.rsplit('/').next().unwrap();
        format!("<member><PolicyName>{name}</PolicyName><PolicyArn>{arn}</PolicyArn></member>")
    });
    format!("<AttachedManagedPolicies>{}</AttachedManagedPolicies>", members.collect::<String>())
}

fn of_user(size: Size, user: usize) -> String {
    format!(
        "<Path>/</Path><UserName>user-{user}</UserName><UserId>AIDA{user:016}</UserId><Arn>arn:aws:iam::{ACCOUNT}:user/\
         user-{user}</Arn><CreateDate>{SINCE}</CreateDate><GroupList><member>group-{}</member></GroupList>\
         <AttachedManagedPolicies/><Tags/>",
        user % size.user_groups()
    )
}

fn of_group(group: usize) -> String {
    format!(
        "<Path>/</Path><GroupName>group-{group}</GroupName><GroupId>AGPA{group:016}</GroupId><Arn>arn:aws:iam::{ACCOUNT}:\
         group/group-{group}</Arn><CreateDate>{SINCE}</CreateDate><GroupPolicyList/><AttachedManagedPolicies/>"
    )
}

fn of_role(size: Size, role: usize) -> String {
    let service = if role.is_multiple_of(5) { "ec2.amazonaws.com" } else { "lambda.amazonaws.com" };
    let trust = encoded(&json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" }],
    }));
    let (name, arn) = (role_name(role), role_arn(role));
    let inline = encoded(&allowed(
        &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
        &format!("arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/table-{role}"),
    ));
    let known = format!(
        "<Path>/service/</Path><RoleName>{name}</RoleName><RoleId>AROA{role:016}</RoleId><Arn>{arn}</Arn>\
         <CreateDate>{SINCE}</CreateDate><AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument>"
    );
    let profile = if role.is_multiple_of(5) {
        format!(
            "<member><Path>/service/</Path><InstanceProfileName>{name}</InstanceProfileName><InstanceProfileId>\
             AIPA{role:016}</InstanceProfileId><Arn>{}</Arn><CreateDate>{SINCE}</CreateDate><Roles><member>{known}\
             </member></Roles></member>",
            profile_arn(role / 5)
        )
    } else {
        String::new()
    };
    let policies = [role % size.policies(), size.policies() + role % ATTACHED.len()];
    format!(
        "{known}<InstanceProfileList>{profile}</InstanceProfileList><RolePolicyList><member><PolicyName>own</PolicyName>\
         <PolicyDocument>{inline}</PolicyDocument></member></RolePolicyList>{}<Tags><member><Key>team</Key><Value>{}\
         </Value></member></Tags><RoleLastUsed><LastUsedDate>{SINCE}</LastUsedDate></RoleLastUsed>",
        attached(size, &policies),
        role % 30
    )
}

/// First the own ones, then AWS's.
fn of_policy(size: Size, policy: usize) -> String {
    let arn = policy_arn(size, policy);
    let name = arn.rsplit('/').next().unwrap();
    let document = encoded(&allowed(&["s3:GetObject", "s3:ListBucket"], &format!("arn:aws:s3:::bucket-{policy}/*")));
    format!(
        "<PolicyName>{name}</PolicyName><PolicyId>ANPA{policy:016}</PolicyId><Arn>{arn}</Arn><Path>/</Path>\
         <DefaultVersionId>v1</DefaultVersionId><AttachmentCount>1</AttachmentCount><PermissionsBoundaryUsageCount>0\
         </PermissionsBoundaryUsageCount><IsAttachable>true</IsAttachable><CreateDate>{SINCE}</CreateDate><UpdateDate>\
         {SINCE}</UpdateDate><PolicyVersionList><member><Document>{document}</Document><VersionId>v1</VersionId>\
         <IsDefaultVersion>true</IsDefaultVersion><CreateDate>{SINCE}</CreateDate></member></PolicyVersionList>"
    )
}
