use aws_sdk_cognitoidentityprovider::operation::get_user_pool_mfa_config::GetUserPoolMfaConfigOutput;
use aws_sdk_cognitoidentityprovider::types::{
    IdentityProviderTypeType, OAuthFlowType, SoftwareTokenMfaConfigType, UserPoolClientType, UserPoolMfaType,
    UserPoolType,
};
use serde_json::json;

use super::*;

const ARN: &str = "arn:aws:cognito-idp:eu-west-1:111122223333:userpool/eu-west-1_abc";
const ID: &str = "eu-west-1_abc";

fn listed() -> UserPoolDescriptionType {
    UserPoolDescriptionType::builder().id(ID).name("users").build()
}

#[test]
fn the_factors_of_a_pool_come_from_its_mfa_configuration() {
    let mfa = GetUserPoolMfaConfigOutput::builder()
        .mfa_configuration(UserPoolMfaType::On)
        .software_token_mfa_configuration(SoftwareTokenMfaConfigType::builder().enabled(true).build())
        .build();
    let pool = UserPoolType::builder().mfa_configuration(UserPoolMfaType::Off).build();
    let item = pool::of_pool(ARN, &listed(), Ok(&pool), Ok(mfa));
    assert_eq!(item.ids["Ref"], ID);
    assert_eq!(item.properties["MfaConfiguration"], "ON");
    assert_eq!(item.properties["EnabledMfas"], json!(["SOFTWARE_TOKEN_MFA"]));
    let item = pool::of_pool(ARN, &listed(), Ok(&pool), Err(Unread(MFA.api)));
    assert_eq!(item.properties["MfaConfiguration"], "OFF");
    assert_eq!(item.properties["EnabledMfas"], json!({"Unread": "cognito-idp:GetUserPoolMfaConfig"}));
}

#[test]
fn nothing_is_known_of_a_pool_that_cannot_be_described() {
    let item = pool::of_pool(ARN, &listed(), Err(&Unread(POOL.api)), Err(Unread(MFA.api)));
    assert_eq!(item.properties["MfaConfiguration"], json!({"Unread": "cognito-idp:GetUserPoolMfaConfig"}));
    assert_eq!(item.properties["UserPoolTier"], json!({"Unread": "cognito-idp:DescribeUserPool"}));
}

#[test]
fn of_a_client_s_secret_only_its_existence_is_kept() {
    let listed = UserPoolClientDescription::builder().client_id("c1").client_name("web").build();
    let told = UserPoolClientType::builder()
        .client_id("c1")
        .client_secret("planted-secret")
        .allowed_o_auth_flows_user_pool_client(true)
        .allowed_o_auth_flows(OAuthFlowType::Code)
        .callback_urls("https://app.example/cb")
        .build();
    let item = client::of_client(ARN, ID, &listed, Ok(told));
    assert_eq!(item.properties["GenerateSecret"], true);
    assert_eq!(item.properties["AllowedOAuthFlows"], json!(["code"]));
    assert!(!serde_json::to_string(&item).unwrap().contains("planted-secret"));
    let unread = client::of_client(ARN, ID, &listed, Err(Unread(CLIENT.api)));
    assert_eq!(unread.properties["CallbackURLs"], json!({"Unread": "cognito-idp:DescribeUserPoolClient"}));
}

#[test]
fn of_a_provider_only_details_that_are_public_are_kept() {
    let listed = ProviderDescription::builder().provider_name("g").provider_type(IdentityProviderTypeType::Google);
    let told = IdentityProviderType::builder()
        .provider_details("client_id", "id")
        .provider_details("client_secret", "planted-secret")
        .provider_details("private_key", "planted-key")
        .build();
    let item = of_provider(ARN, ID, &listed.build(), Ok(told));
    assert_eq!(item.properties["ProviderDetails"], json!({"client_id": "id"}));
    assert_eq!(item.properties["ProviderType"], "Google");
}

#[test]
fn groups_and_servers_belong_to_their_pool() {
    let group = GroupType::builder().group_name("admins").role_arn("arn:aws:iam::111122223333:role/admin").build();
    let item = of_group(ARN, ID, &group);
    assert_eq!(item.id, format!("{ARN}/group/admins"));
    assert_eq!(item.properties["RoleArn"], "arn:aws:iam::111122223333:role/admin");
    let scope = ResourceServerScopeType::builder().scope_name("write").scope_description("w").build().unwrap();
    let server = ResourceServerType::builder().identifier("posts").name("Posts").scopes(scope).build();
    let item = of_server(ARN, ID, &server);
    assert_eq!(item.properties["Scopes"], json!([{"ScopeName": "write", "ScopeDescription": "w"}]));
}
