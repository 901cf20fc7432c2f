//! IAM. A policy that is attached by a resource of its own belongs to the role, user or group after all.

use std::collections::BTreeSet;

use super::Returns::{GetAtt, Ref, Sub};
use super::Shape::{Blocks, Json, Link, Plain, Tags, With};
use super::{Draft, Found, Owner, Property, Row, Service, United, find, part, property};
use crate::input::terraform::instance::Instance;
use crate::value::{Kind, Value};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: Some(unite) };

const ROLE: &str = "AWS::IAM::Role";
const USER: &str = "AWS::IAM::User";
const GROUP: &str = "AWS::IAM::Group";
const MANAGED_POLICY: &str = "AWS::IAM::ManagedPolicy";

const INLINE: &[Property] = &[property("PolicyName", "name", Plain), property("PolicyDocument", "policy", Json)];

const ROWS: &[Row] = &[
    Row {
        from: "aws_iam_role",
        to: ROLE,
        properties: &[
            property("RoleName", "name", Plain),
            property("AssumeRolePolicyDocument", "assume_role_policy", Json),
            property("Description", "description", Plain),
            property("ManagedPolicyArns", "managed_policy_arns", Link),
            property("MaxSessionDuration", "max_session_duration", Plain),
            property("Path", "path", Plain),
            property("PermissionsBoundary", "permissions_boundary", Link),
            property("Policies", "inline_policy", Blocks(INLINE)),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("name", Ref), ("arn", GetAtt("Arn")), ("unique_id", GetAtt("RoleId"))],
        finish: Some(without_empty_policies),
    },
    Row {
        from: "aws_iam_role_policy",
        to: "AWS::IAM::RolePolicy",
        properties: &[
            property("PolicyName", "name", Plain),
            property("PolicyDocument", "policy", Json),
            property("RoleName", "role", Link),
        ],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_iam_user_policy",
        to: "AWS::IAM::UserPolicy",
        properties: &[
            property("PolicyName", "name", Plain),
            property("PolicyDocument", "policy", Json),
            property("UserName", "user", Link),
        ],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_iam_group_policy",
        to: "AWS::IAM::GroupPolicy",
        properties: &[
            property("PolicyName", "name", Plain),
            property("PolicyDocument", "policy", Json),
            property("GroupName", "group", Link),
        ],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_iam_policy",
        to: MANAGED_POLICY,
        properties: &[
            property("ManagedPolicyName", "name", Plain),
            property("PolicyDocument", "policy", Json),
            property("Description", "description", Plain),
            property("Path", "path", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("arn", Ref), ("policy_id", GetAtt("PolicyId"))],
        finish: None,
    },
    Row {
        from: "aws_iam_instance_profile",
        to: "AWS::IAM::InstanceProfile",
        properties: &[
            property("InstanceProfileName", "name", Plain),
            property("Path", "path", Plain),
            property("Roles", "role", With(|role, mapper| mapper.one(role))),
        ],
        attributes: &[("id", Ref), ("name", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    Row {
        from: "aws_iam_user",
        to: USER,
        properties: &[
            property("UserName", "name", Plain),
            property("Path", "path", Plain),
            property("PermissionsBoundary", "permissions_boundary", Link),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("name", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    Row {
        from: "aws_iam_group",
        to: GROUP,
        properties: &[property("GroupName", "name", Plain), property("Path", "path", Plain)],
        attributes: &[("id", Ref), ("name", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    Row {
        from: "aws_iam_group_membership",
        to: "AWS::IAM::UserToGroupAddition",
        properties: &[property("GroupName", "group", Link), property("Users", "users", Link)],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_iam_access_key",
        to: "AWS::IAM::AccessKey",
        properties: &[property("Status", "status", Plain), property("UserName", "user", Link)],
        attributes: &[("id", Ref), ("secret", GetAtt("SecretAccessKey"))],
        finish: None,
    },
    Row {
        from: "aws_iam_openid_connect_provider",
        to: "AWS::IAM::OIDCProvider",
        properties: &[
            property("Url", "url", Plain),
            property("ClientIdList", "client_id_list", Plain),
            property("ThumbprintList", "thumbprint_list", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    Row {
        from: "aws_iam_saml_provider",
        to: "AWS::IAM::SAMLProvider",
        properties: &[property("Name", "name", Plain), property("Tags", "tags", Tags)],
        attributes: &[("id", Ref), ("arn", Ref)],
        finish: None,
    },
    Row {
        from: "aws_iam_server_certificate",
        to: "AWS::IAM::ServerCertificate",
        properties: &[property("ServerCertificateName", "name", Plain), property("Path", "path", Plain)],
        attributes: &[("id", Ref), ("arn", GetAtt("Arn"))],
        finish: None,
    },
    Row {
        from: "aws_iam_service_linked_role",
        to: "AWS::IAM::ServiceLinkedRole",
        properties: &[
            property("AWSServiceName", "aws_service_name", Plain),
            property("CustomSuffix", "custom_suffix", Plain),
            property("Description", "description", Plain),
        ],
        attributes: &[("name", Ref)],
        finish: None,
    },
    part("aws_iam_role_policy_attachment"),
    part("aws_iam_role_policy_attachments_exclusive"),
    // It only takes away what the configuration does not name.
    part("aws_iam_role_policies_exclusive"),
    part("aws_iam_user_policy_attachment"),
    part("aws_iam_group_policy_attachment"),
    part("aws_iam_policy_attachment"),
    part("aws_iam_user_group_membership"),
    Row { from: "data.aws_caller_identity", to: "", properties: &[], attributes: IDENTITY, finish: None },
    Row { from: "data.aws_partition", to: "", properties: &[], attributes: PARTITION, finish: None },
    Row { from: "data.aws_region", to: "", properties: &[], attributes: REGION, finish: None },
];

const IDENTITY: super::Attributes = &[("account_id", Sub("${AWS::AccountId}")), ("id", Sub("${AWS::AccountId}"))];

const PARTITION: super::Attributes = &[
    ("partition", Sub("${AWS::Partition}")),
    ("id", Sub("${AWS::Partition}")),
    ("dns_suffix", Sub("${AWS::URLSuffix}")),
];

const REGION: super::Attributes = &[
    ("name", Sub("${AWS::Region}")),
    ("region", Sub("${AWS::Region}")),
    ("id", Sub("${AWS::Region}")),
    ("endpoint", Sub("ec2.${AWS::Region}.${AWS::URLSuffix}")),
];

/// `inline_policy {}` removes the inline policies that others wrote; it is none itself.
fn without_empty_policies(draft: &mut Draft<'_>) {
    let Kind::Map(properties) = &mut draft.resource.properties.kind else { return };
    let policies = properties.members.iter_mut().find(|member| &*member.key == "Policies");
    if let Some(Kind::List(policies)) = policies.map(|member| &mut member.value.kind) {
        policies.retain(|policy| policy.as_map().is_none_or(|map| map.open.is_some() || !map.members.is_empty()));
    }
}

/// Types of attachments: the argument with the policies, and those with whom they are attached to.
const ATTACHMENTS: &[(&str, &str, Holders)] = &[
    ("aws_iam_role_policy_attachment", "policy_arn", &[("role", Identity::Role)]),
    ("aws_iam_role_policy_attachments_exclusive", "policy_arns", &[("role_name", Identity::Role)]),
    ("aws_iam_user_policy_attachment", "policy_arn", &[("user", Identity::User)]),
    ("aws_iam_group_policy_attachment", "policy_arn", &[("group", Identity::Group)]),
    (
        "aws_iam_policy_attachment",
        "policy_arn",
        &[("roles", Identity::Role), ("users", Identity::User), ("groups", Identity::Group)],
    ),
];

/// Arguments and whom they name.
type Holders = &'static [(&'static str, Identity)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Identity {
    Role,
    User,
    Group,
}

impl Identity {
    fn kind(self) -> &'static str {
        match self {
            Self::Role => ROLE,
            Self::User => USER,
            Self::Group => GROUP,
        }
    }

    /// The property of `AWS::IAM::ManagedPolicy` that names such identities.
    fn property(self) -> &'static str {
        match self {
            Self::Role => "Roles",
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// The property with the literal name.
    fn name(self) -> &'static str {
        match self {
            Self::Role => "RoleName",
            Self::User => "UserName",
            Self::Group => "GroupName",
        }
    }
}

fn unite(united: &mut United<'_>) {
    let mut seen = BTreeSet::new();
    for (kind, policies, identities) in ATTACHMENTS {
        for instance in united.instances_of(kind) {
            for policy in values(united, instance, policies) {
                for (argument, identity) in *identities {
                    for holder in values(united, instance, argument) {
                        if seen.insert(format!("{:?} {:?} {identity:?}", policy.kind, holder.kind)) {
                            attach(united, &policy, &holder, *identity);
                        }
                    }
                }
            }
        }
    }
    for instance in united.instances_of("aws_iam_user_group_membership") {
        let groups = values(united, instance, "groups");
        for user in values(united, instance, "user") {
            let owner = united.owner_of(&user, USER, &["UserName"]);
            for group in &groups {
                united.attach(&owner, USER, "Groups", group);
            }
        }
    }
}

/// The items of an argument, as links; what is not known is one unknown item.
fn values(united: &United<'_>, instance: &Instance, argument: &str) -> Vec<Value> {
    match find(&instance.arguments, argument) {
        Found::Absent => Vec::new(),
        Found::Unknown(unknown, span) => vec![Value::unknown(span, unknown.reason.clone())],
        Found::Value(member) => match united.mapper.link(&member.value) {
            Value { kind: Kind::List(items), .. } => items,
            single => vec![single],
        },
    }
}

/// A policy that is declared names its holders itself, as in CloudFormation; any other is named by its holders.
fn attach(united: &mut United<'_>, policy: &Value, holder: &Value, identity: Identity) {
    let of_aws = policy.template().is_some_and(|arn| arn.contains(crate::input::POLICY_OF_AWS));
    match united.owner_of(policy, MANAGED_POLICY, &["ManagedPolicyName"]) {
        own @ Owner::Is(_) if !of_aws => united.attach(&own, MANAGED_POLICY, identity.property(), holder),
        _ => {
            let owner = united.owner_of(holder, identity.kind(), &[identity.name()]);
            united.attach(&owner, identity.kind(), "ManagedPolicyArns", policy);
        }
    }
}
