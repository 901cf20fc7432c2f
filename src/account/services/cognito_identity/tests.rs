use aws_sdk_cognitoidentity::types::{MappingRuleMatchType, RoleMappingType, RulesConfigurationType};
use serde_json::json;

use super::*;

const ID: &str = "eu-west-1:11111111-2222-3333-4444-555555555555";
const ARN: &str =
    "arn:aws:cognito-identity:eu-west-1:111122223333:identitypool/eu-west-1:11111111-2222-3333-4444-555555555555";

#[test]
fn a_pool_says_whether_guests_get_in() {
    let listed = IdentityPoolShortDescription::builder().identity_pool_id(ID).identity_pool_name("app").build();
    let provider = CognitoIdentityProvider::builder()
        .provider_name("cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc")
        .client_id("c1")
        .server_side_token_check(true);
    let pool = DescribeIdentityPoolOutput::builder()
        .identity_pool_id(ID)
        .identity_pool_name("app")
        .allow_unauthenticated_identities(true)
        .cognito_identity_providers(provider.build())
        .build()
        .unwrap();
    assert_eq!(tagged_providers(&pool), ["cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc"]);
    let item = of_pool(ARN, &listed, Ok(pool));
    assert_eq!(item.ids["Ref"], ID);
    assert_eq!(item.properties["AllowUnauthenticatedIdentities"], true);
    assert_eq!(item.properties["CognitoIdentityProviders"][0]["ServerSideTokenCheck"], true);
    let unread = of_pool(ARN, &listed, Err(Unread(POOL.api)));
    let api = "cognito-identity:DescribeIdentityPool";
    assert_eq!(unread.properties["AllowUnauthenticatedIdentities"], json!({ "Unread": api }));
}

#[test]
fn roles_and_the_rules_that_choose_them_are_an_attachment() {
    let rule = MappingRule::builder()
        .claim("custom:group")
        .match_type(MappingRuleMatchType::Equals)
        .value("admin")
        .role_arn("arn:aws:iam::111122223333:role/admin")
        .build()
        .unwrap();
    let mapping = RoleMapping::builder()
        .r#type(RoleMappingType::Rules)
        .rules_configuration(RulesConfigurationType::builder().rules(rule).build().unwrap())
        .build()
        .unwrap();
    let roles = GetIdentityPoolRolesOutput::builder()
        .roles("unauthenticated", "arn:aws:iam::111122223333:role/guest")
        .role_mappings("idp:c1", mapping)
        .build();
    let item = of_roles(ARN, ID, Ok(roles)).unwrap();
    assert_eq!(item.properties["Roles"], json!({"unauthenticated": "arn:aws:iam::111122223333:role/guest"}));
    assert_eq!(
        item.properties["RoleMappings"]["idp:c1"]["RulesConfiguration"]["Rules"][0]["RoleARN"],
        "arn:aws:iam::111122223333:role/admin"
    );
    assert!(of_roles(ARN, ID, Ok(GetIdentityPoolRolesOutput::builder().build())).is_none());
    let unread = of_roles(ARN, ID, Err(Unread(ROLES.api))).unwrap();
    assert_eq!(unread.properties["RoleMappings"], json!({"Unread": "cognito-identity:GetIdentityPoolRoles"}));
}

#[test]
fn tags_that_a_provider_gives_are_told_when_there_are_any() {
    let none = GetPrincipalTagAttributeMapOutput::builder().use_defaults(false).build();
    assert!(of_tags(ARN, ID, "p", Ok(Some(none))).is_none());
    assert!(of_tags(ARN, ID, "p", Ok(None)).is_none());
    let some = GetPrincipalTagAttributeMapOutput::builder().principal_tags("team", "custom:team").build();
    let item = of_tags(ARN, ID, "p", Ok(Some(some))).unwrap();
    assert_eq!(item.properties["PrincipalTags"], json!({"team": "custom:team"}));
}
