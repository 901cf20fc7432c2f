use aws_sdk_iam::types::{PermissionsBoundaryAttachmentType, PolicyVersion, Role};
use aws_smithy_types::DateTime;
use serde_json::json;

use super::*;

const ACCOUNT: &str = "arn:aws:iam::111122223333";

fn attached(arn: &str) -> AttachedPolicy {
    AttachedPolicy::builder().policy_name("p").policy_arn(arn).build()
}

fn policy(arn: &str, document: &str) -> ManagedPolicyDetail {
    let old = PolicyVersion::builder().version_id("v1").document("%7B%7D").build();
    let version = PolicyVersion::builder().version_id("v2").is_default_version(true).document(document).build();
    ManagedPolicyDetail::builder()
        .arn(arn)
        .policy_name("p")
        .policy_version_list(old)
        .policy_version_list(version)
        .build()
}

fn profile(role: &str) -> InstanceProfile {
    let now = DateTime::from_secs(0);
    let role = Role::builder().path("/").role_name(role).role_id("r").arn(format!("{ACCOUNT}:role/{role}"));
    InstanceProfile::builder()
        .path("/")
        .instance_profile_name("web")
        .instance_profile_id("i")
        .arn(format!("{ACCOUNT}:instance-profile/web"))
        .create_date(now)
        .roles(role.create_date(now).build().unwrap())
        .build()
        .unwrap()
}

#[test]
fn a_role_carries_its_trust_its_policies_and_its_boundary() {
    let role = RoleDetail::builder()
        .role_name("app")
        .path("/team/")
        .arn(format!("{ACCOUNT}:role/team/app"))
        .assume_role_policy_document("%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D")
        .role_policy_list(PolicyDetail::builder().policy_name("own").policy_document(r#"{"Statement":[]}"#).build())
        .attached_managed_policies(attached("arn:aws:iam::aws:policy/ReadOnlyAccess"))
        .permissions_boundary(
            AttachedPermissionsBoundary::builder()
                .permissions_boundary_type(PermissionsBoundaryAttachmentType::Policy)
                .permissions_boundary_arn(format!("{ACCOUNT}:policy/edge"))
                .build(),
        )
        .build();
    let item = of_role(&role);
    assert_eq!(item.ids["Arn"], format!("{ACCOUNT}:role/team/app"));
    assert_eq!(
        serde_json::Value::from(item.properties),
        json!({
            "RoleName": "app",
            "Path": "/team/",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
            "Policies": [{"PolicyName": "own", "PolicyDocument": {"Statement": []}}],
            "PermissionsBoundary": "arn:aws:iam::111122223333:policy/edge",
        })
    );
}

#[test]
fn a_document_that_the_answer_leaves_out_is_not_taken_for_an_empty_one() {
    let item = of_policy(&ManagedPolicyDetail::builder().arn(format!("{ACCOUNT}:policy/p")).build());
    assert_eq!(item.properties["PolicyDocument"], json!({"Unread": "iam:GetAccountAuthorizationDetails"}));
}

#[test]
fn of_aws_s_policies_only_those_in_use_are_kept_and_nothing_refers_to_them() {
    let role = RoleDetail::builder()
        .arn(format!("{ACCOUNT}:role/app"))
        .attached_managed_policies(attached("arn:aws:iam::aws:policy/ReadOnlyAccess"))
        .instance_profile_list(profile("app"))
        .instance_profile_list(profile("app"))
        .build();
    let page = GetAccountAuthorizationDetailsOutput::builder()
        .role_detail_list(role)
        .policies(policy("arn:aws:iam::aws:policy/ReadOnlyAccess", r#"{"Statement":[{"Effect":"Allow"}]}"#))
        .policies(policy("arn:aws:iam::aws:policy/AdministratorAccess", "{}"))
        .policies(policy(&format!("{ACCOUNT}:policy/own"), "{}"))
        .build();
    let mut found = Found::default();
    found.add(&page);
    let items: Vec<Item> = found.items().collect();
    let kept: Vec<(&str, bool)> = items.iter().map(|item| (item.id.as_str(), item.ids.is_empty())).collect();
    assert_eq!(
        kept,
        [
            ("arn:aws:iam::111122223333:role/app", false),
            ("arn:aws:iam::111122223333:policy/own", false),
            ("arn:aws:iam::111122223333:instance-profile/web", false),
            ("arn:aws:iam::aws:policy/ReadOnlyAccess", true),
        ]
    );
    assert_eq!(items[2].properties["Roles"], json!(["arn:aws:iam::111122223333:role/app"]));
    assert_eq!(items[3].properties["PolicyDocument"], json!({"Statement": [{"Effect": "Allow"}]}));
}
