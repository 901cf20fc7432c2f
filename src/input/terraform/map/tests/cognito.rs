use serde_json::json;

use super::{property, same};

#[test]
fn a_pool_with_clients_domain_and_identity_pool() {
    same(
        r#"
resource "aws_cognito_user_pool" "pool" {
  name              = "pool"
  mfa_configuration = "ON"
  software_token_mfa_configuration {
    enabled = true
  }
  user_pool_add_ons {
    advanced_security_mode = "ENFORCED"
  }
  password_policy {
    minimum_length = 12
  }
  lambda_config {
    pre_sign_up = aws_lambda_function.fn.arn
  }
}
resource "aws_lambda_function" "fn" {
  function_name = "fn"
  role          = "arn:aws:iam::111122223333:role/x"
}
resource "aws_cognito_user_pool_client" "client" {
  name                                 = "client"
  user_pool_id                         = aws_cognito_user_pool.pool.id
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid"]
  callback_urls                        = ["https://app.acme.io/cb"]
  supported_identity_providers         = ["COGNITO", aws_cognito_identity_provider.google.provider_name]
  generate_secret                      = true
}
resource "aws_cognito_identity_provider" "google" {
  user_pool_id  = aws_cognito_user_pool.pool.id
  provider_name = "Google"
  provider_type = "Google"
}
resource "aws_cognito_user_pool_domain" "domain" {
  domain       = "acme"
  user_pool_id = aws_cognito_user_pool.pool.id
}
resource "aws_cognito_user_group" "admins" {
  name         = "admins"
  user_pool_id = aws_cognito_user_pool.pool.id
  role_arn     = aws_iam_role.users.arn
}
resource "aws_cognito_identity_pool" "identities" {
  identity_pool_name = "identities"
  cognito_identity_providers {
    client_id     = aws_cognito_user_pool_client.client.id
    provider_name = aws_cognito_user_pool.pool.endpoint
  }
}
resource "aws_cognito_identity_pool_roles_attachment" "roles" {
  identity_pool_id = aws_cognito_identity_pool.identities.id
  roles            = { authenticated = aws_iam_role.users.arn }
  role_mapping {
    identity_provider = "graph.facebook.com"
    type              = "Rules"
    mapping_rule {
      claim      = "isAdmin"
      match_type = "Equals"
      value      = "yes"
      role_arn   = aws_iam_role.users.arn
    }
  }
}
resource "aws_iam_role" "users" { assume_role_policy = "{}" }
"#,
        "
  Pool:
    Type: AWS::Cognito::UserPool
    Properties:
      UserPoolName: pool
      LambdaConfig: {PreSignUp: !GetAtt Fn.Arn}
      MfaConfiguration: 'ON'
      Policies: {PasswordPolicy: {MinimumLength: 12}}
      UserPoolAddOns: {AdvancedSecurityMode: ENFORCED}
      EnabledMfas: [SOFTWARE_TOKEN_MFA]
  Fn:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: fn, Role: 'arn:aws:iam::111122223333:role/x'}
  Client:
    Type: AWS::Cognito::UserPoolClient
    Properties:
      UserPoolId: !Ref Pool
      ClientName: client
      AllowedOAuthFlows: [code]
      AllowedOAuthFlowsUserPoolClient: true
      AllowedOAuthScopes: [openid]
      CallbackURLs: ['https://app.acme.io/cb']
      GenerateSecret: true
      SupportedIdentityProviders: [COGNITO, Google]
  Google:
    Type: AWS::Cognito::UserPoolIdentityProvider
    Properties: {UserPoolId: !Ref Pool, ProviderName: Google, ProviderType: Google}
  Domain: {Type: AWS::Cognito::UserPoolDomain, Properties: {UserPoolId: !Ref Pool, Domain: acme}}
  Admins:
    Type: AWS::Cognito::UserPoolGroup
    Properties: {UserPoolId: !Ref Pool, GroupName: admins, RoleArn: !GetAtt Users.Arn}
  Identities:
    Type: AWS::Cognito::IdentityPool
    Properties:
      IdentityPoolName: identities
      AllowUnauthenticatedIdentities: 'false'
      CognitoIdentityProviders: [{ClientId: !Ref Client, ProviderName: !GetAtt Pool.ProviderName}]
  Roles:
    Type: AWS::Cognito::IdentityPoolRoleAttachment
    Properties:
      IdentityPoolId: !Ref Identities
      RoleMappings:
        mapping0:
          IdentityProvider: graph.facebook.com
          RulesConfiguration:
            Rules: [{Claim: isAdmin, MatchType: Equals, RoleARN: !GetAtt Users.Arn, Value: 'yes'}]
          Type: Rules
      Roles: {authenticated: !GetAtt Users.Arn}
  Users: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}
",
    );
}

#[test]
fn second_factors_are_listed() {
    let factors = |blocks: &str| {
        let text =
            format!("variable \"on\" {{}}\nresource \"aws_cognito_user_pool\" \"p\" {{\n name = \"p\"\n{blocks}\n}}");
        property(&text, "aws_cognito_user_pool.p", "EnabledMfas")
    };
    let sms = "sms_configuration {\n external_id = \"x\"\n sns_caller_arn = \"arn:aws:iam::111122223333:role/x\"\n}";
    let token = |enabled: &str| format!("software_token_mfa_configuration {{\n enabled = {enabled}\n}}");
    assert_eq!(factors(""), json!(null));
    assert_eq!(factors(sms), json!(["SMS_MFA"]));
    assert_eq!(factors(&format!("{sms}\n{}", token("true"))), json!(["SMS_MFA", "SOFTWARE_TOKEN_MFA"]));
    assert_eq!(factors(&format!("{sms}\n{}", token("false"))), json!(["SMS_MFA"]));
    assert!(factors(&token("var.on"))[0].get("unknown").is_some());
}
