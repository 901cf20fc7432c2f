//! Cognito: user pools and identity pools.

use std::sync::Arc;

use super::Returns::{GetAtt, Ref, Sub};
use super::Shape::{Block, Blocks, Link, Or, Plain, With};
use super::{Draft, Found, Mapper, Property, Row, Service, member, property};
use crate::input::terraform::value as tf;
use crate::source::Span;
use crate::value::{Kind, Map, Value};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const CLIENT: &[Property] = &[
    property("UserPoolId", "user_pool_id", Link),
    property("ClientName", "name", Plain),
    property("AccessTokenValidity", "access_token_validity", Plain),
    property("AllowedOAuthFlows", "allowed_oauth_flows", Plain),
    property("AllowedOAuthFlowsUserPoolClient", "allowed_oauth_flows_user_pool_client", Plain),
    property("AllowedOAuthScopes", "allowed_oauth_scopes", Plain),
    property("AuthSessionValidity", "auth_session_validity", Plain),
    property("CallbackURLs", "callback_urls", Plain),
    property("DefaultRedirectURI", "default_redirect_uri", Plain),
    property("EnablePropagateAdditionalUserContextData", "enable_propagate_additional_user_context_data", Plain),
    property("EnableTokenRevocation", "enable_token_revocation", Plain),
    property("ExplicitAuthFlows", "explicit_auth_flows", Plain),
    property("GenerateSecret", "generate_secret", Plain),
    property("IdTokenValidity", "id_token_validity", Plain),
    property("LogoutURLs", "logout_urls", Plain),
    property("PreventUserExistenceErrors", "prevent_user_existence_errors", Plain),
    property("ReadAttributes", "read_attributes", Plain),
    property("RefreshTokenRotation.Feature", "refresh_token_rotation.feature", Plain),
    property(
        "RefreshTokenRotation.RetryGracePeriodSeconds",
        "refresh_token_rotation.retry_grace_period_seconds",
        Plain,
    ),
    property("RefreshTokenValidity", "refresh_token_validity", Plain),
    property("SupportedIdentityProviders", "supported_identity_providers", Plain),
    property("TokenValidityUnits.AccessToken", "token_validity_units.access_token", Plain),
    property("TokenValidityUnits.IdToken", "token_validity_units.id_token", Plain),
    property("TokenValidityUnits.RefreshToken", "token_validity_units.refresh_token", Plain),
    property("WriteAttributes", "write_attributes", Plain),
];

const ROWS: &[Row] = &[
    Row {
        from: "aws_cognito_user_pool",
        to: "AWS::Cognito::UserPool",
        properties: &[
            property("UserPoolName", "name", Plain),
            property(
                "AccountRecoverySetting.RecoveryMechanisms",
                "account_recovery_setting.recovery_mechanism",
                Blocks(&[property("Name", "name", Plain), property("Priority", "priority", Plain)]),
            ),
            property(
                "AdminCreateUserConfig.AllowAdminCreateUserOnly",
                "admin_create_user_config.allow_admin_create_user_only",
                Plain,
            ),
            property("AliasAttributes", "alias_attributes", Plain),
            property("AutoVerifiedAttributes", "auto_verified_attributes", Plain),
            property("DeletionProtection", "deletion_protection", Plain),
            property(
                "DeviceConfiguration.ChallengeRequiredOnNewDevice",
                "device_configuration.challenge_required_on_new_device",
                Plain,
            ),
            property(
                "DeviceConfiguration.DeviceOnlyRememberedOnUserPrompt",
                "device_configuration.device_only_remembered_on_user_prompt",
                Plain,
            ),
            property("EmailConfiguration.ConfigurationSet", "email_configuration.configuration_set", Plain),
            property("EmailConfiguration.EmailSendingAccount", "email_configuration.email_sending_account", Plain),
            property("EmailConfiguration.From", "email_configuration.from_email_address", Plain),
            property("EmailConfiguration.ReplyToEmailAddress", "email_configuration.reply_to_email_address", Plain),
            property("EmailConfiguration.SourceArn", "email_configuration.source_arn", Link),
            property("LambdaConfig", "lambda_config", With(lambda_config)),
            property("MfaConfiguration", "mfa_configuration", Plain),
            property(
                "Policies.PasswordPolicy",
                "password_policy",
                Block(&[
                    property("MinimumLength", "minimum_length", Plain),
                    property("PasswordHistorySize", "password_history_size", Plain),
                    property("RequireLowercase", "require_lowercase", Plain),
                    property("RequireNumbers", "require_numbers", Plain),
                    property("RequireSymbols", "require_symbols", Plain),
                    property("RequireUppercase", "require_uppercase", Plain),
                    property("TemporaryPasswordValidityDays", "temporary_password_validity_days", Plain),
                ]),
            ),
            property(
                "Policies.SignInPolicy.AllowedFirstAuthFactors",
                "sign_in_policy.allowed_first_auth_factors",
                Plain,
            ),
            property("Schema", "schema", With(|schema, mapper| mapper.renamed(schema))),
            property("SmsConfiguration.ExternalId", "sms_configuration.external_id", Plain),
            property("SmsConfiguration.SnsCallerArn", "sms_configuration.sns_caller_arn", Link),
            property("SmsConfiguration.SnsRegion", "sms_configuration.sns_region", Plain),
            property("UserPoolAddOns.AdvancedSecurityMode", "user_pool_add_ons.advanced_security_mode", Plain),
            property("UserPoolTier", "user_pool_tier", Plain),
            property("UsernameAttributes", "username_attributes", Plain),
            property("UsernameConfiguration.CaseSensitive", "username_configuration.case_sensitive", Plain),
            property("UserPoolTags", "tags", Plain),
        ],
        attributes: &[("id", Ref), ("arn", GetAtt("Arn")), ("endpoint", GetAtt("ProviderName"))],
        finish: Some(factors),
    },
    Row {
        from: "aws_cognito_user_pool_client",
        to: "AWS::Cognito::UserPoolClient",
        properties: CLIENT,
        attributes: &[("id", Ref), ("client_secret", GetAtt("ClientSecret"))],
        finish: None,
    },
    Row {
        from: "aws_cognito_managed_user_pool_client",
        to: "AWS::Cognito::UserPoolClient",
        properties: CLIENT,
        attributes: &[("id", Ref), ("client_secret", GetAtt("ClientSecret"))],
        finish: None,
    },
    Row {
        from: "aws_cognito_user_pool_domain",
        to: "AWS::Cognito::UserPoolDomain",
        properties: &[
            property("UserPoolId", "user_pool_id", Link),
            property("Domain", "domain", Plain),
            property("CustomDomainConfig.CertificateArn", "certificate_arn", Link),
            property("ManagedLoginVersion", "managed_login_version", Plain),
        ],
        attributes: &[
            ("id", Ref),
            ("domain", Ref),
            ("cloudfront_distribution", GetAtt("CloudFrontDistribution")),
            ("cloudfront_distribution_arn", GetAtt("CloudFrontDistribution")),
        ],
        finish: None,
    },
    Row {
        from: "aws_cognito_user_group",
        to: "AWS::Cognito::UserPoolGroup",
        properties: &[
            property("UserPoolId", "user_pool_id", Link),
            property("Description", "description", Plain),
            property("GroupName", "name", Plain),
            property("Precedence", "precedence", Plain),
            property("RoleArn", "role_arn", Link),
        ],
        attributes: &[("name", Ref)],
        finish: None,
    },
    Row {
        from: "aws_cognito_user_in_group",
        to: "AWS::Cognito::UserPoolUserToGroupAttachment",
        properties: &[
            property("UserPoolId", "user_pool_id", Link),
            property("GroupName", "group_name", Link),
            property("Username", "username", Link),
        ],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_cognito_user",
        to: "AWS::Cognito::UserPoolUser",
        properties: &[property("UserPoolId", "user_pool_id", Link), property("Username", "username", Plain)],
        attributes: &[("username", Ref)],
        finish: None,
    },
    Row {
        from: "aws_cognito_resource_server",
        to: "AWS::Cognito::UserPoolResourceServer",
        properties: &[
            property("UserPoolId", "user_pool_id", Link),
            property("Identifier", "identifier", Plain),
            property("Name", "name", Plain),
            property(
                "Scopes",
                "scope",
                Blocks(&[
                    property("ScopeDescription", "scope_description", Plain),
                    property("ScopeName", "scope_name", Plain),
                ]),
            ),
        ],
        attributes: &[("id", Ref)],
        finish: None,
    },
    Row {
        from: "aws_cognito_identity_provider",
        to: "AWS::Cognito::UserPoolIdentityProvider",
        properties: &[
            property("UserPoolId", "user_pool_id", Link),
            property("AttributeMapping", "attribute_mapping", Plain),
            property("IdpIdentifiers", "idp_identifiers", Plain),
            property("ProviderDetails", "provider_details", Plain),
            property("ProviderName", "provider_name", Plain),
            property("ProviderType", "provider_type", Plain),
        ],
        attributes: &[("provider_name", Ref)],
        finish: None,
    },
    Row {
        from: "aws_cognito_user_pool_ui_customization",
        to: "AWS::Cognito::UserPoolUICustomizationAttachment",
        properties: &[
            property("UserPoolId", "user_pool_id", Link),
            property("CSS", "css", Plain),
            property("ClientId", "client_id", Link),
        ],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_cognito_risk_configuration",
        to: "AWS::Cognito::UserPoolRiskConfigurationAttachment",
        properties: &[
            property("UserPoolId", "user_pool_id", Link),
            property("ClientId", "client_id", Link),
            property(
                "AccountTakeoverRiskConfiguration",
                "account_takeover_risk_configuration",
                With(|configuration, mapper| mapper.renamed(configuration)),
            ),
            property(
                "CompromisedCredentialsRiskConfiguration",
                "compromised_credentials_risk_configuration",
                With(|configuration, mapper| mapper.renamed(configuration)),
            ),
        ],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_cognito_identity_pool",
        to: "AWS::Cognito::IdentityPool",
        properties: &[
            property("IdentityPoolName", "identity_pool_name", Plain),
            property("AllowClassicFlow", "allow_classic_flow", Plain),
            property("AllowUnauthenticatedIdentities", "allow_unauthenticated_identities", Or("false")),
            property(
                "CognitoIdentityProviders",
                "cognito_identity_providers",
                Blocks(&[
                    property("ClientId", "client_id", Link),
                    property("ProviderName", "provider_name", Link),
                    property("ServerSideTokenCheck", "server_side_token_check", Plain),
                ]),
            ),
            property("DeveloperProviderName", "developer_provider_name", Plain),
            property("OpenIdConnectProviderARNs", "openid_connect_provider_arns", Link),
            property("SamlProviderARNs", "saml_provider_arns", Link),
            property("SupportedLoginProviders", "supported_login_providers", Plain),
        ],
        attributes: &[
            ("id", Ref),
            ("arn", Sub("arn:${AWS::Partition}:cognito-identity:${AWS::Region}:${AWS::AccountId}:identitypool/${}")),
        ],
        finish: None,
    },
    Row {
        from: "aws_cognito_identity_pool_roles_attachment",
        to: "AWS::Cognito::IdentityPoolRoleAttachment",
        properties: &[
            property("IdentityPoolId", "identity_pool_id", Link),
            property("RoleMappings", "role_mapping", With(role_mappings)),
            property("Roles", "roles", Link),
        ],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_cognito_identity_pool_provider_principal_tag",
        to: "AWS::Cognito::IdentityPoolPrincipalTag",
        properties: &[
            property("IdentityPoolId", "identity_pool_id", Link),
            property("IdentityProviderName", "identity_provider_name", Link),
            property("PrincipalTags", "principal_tags", Plain),
            property("UseDefaults", "use_defaults", Plain),
        ],
        attributes: &[],
        finish: None,
    },
];

/// The functions that a pool calls; the argument is one block.
fn lambda_config(blocks: &tf::Value, mapper: &Mapper<'_>) -> Value {
    mapper.renamed(blocks.elements().and_then(<[_]>::first).unwrap_or(blocks))
}

/// CloudFormation lists the second factors, Terraform has an argument for each. Source: `aws_cognito_user_pool`,
/// "MFA and software tokens".
fn factors(draft: &mut Draft<'_>) {
    let mut factors = Vec::new();
    let mut place: Option<Span> = None;
    let word = |span: Span, word: &str| Value::text_at(span, word);
    for (argument, factor) in [("sms_configuration", "SMS_MFA"), ("email_mfa_configuration", "EMAIL_OTP")] {
        match draft.argument(argument) {
            Found::Value(block) if block.value.elements().is_some_and(<[_]>::is_empty) => {}
            Found::Value(block) => {
                place = place.or(Some(block.key_span));
                factors.push(match block.value.elements() {
                    Some([only]) if matches!(only.kind, tf::Kind::Rest(_)) => draft.mapper.plain(only),
                    None if matches!(block.value.kind, tf::Kind::Unknown(_)) => draft.mapper.plain(&block.value),
                    _ => word(block.value.span, factor),
                });
            }
            Found::Unknown(unknown, span) => factors.push(Value::unknown(span, unknown.reason.clone())),
            Found::Absent => {}
        }
    }
    match draft.argument("software_token_mfa_configuration.enabled") {
        Found::Value(enabled) => {
            place = place.or(Some(enabled.key_span));
            match &enabled.value.kind {
                tf::Kind::Bool(false) => {}
                tf::Kind::Bool(true) => factors.push(word(enabled.value.span, "SOFTWARE_TOKEN_MFA")),
                _ => factors.push(draft.mapper.plain(&enabled.value)),
            }
        }
        Found::Unknown(unknown, span) => factors.push(Value::unknown(span, unknown.reason.clone())),
        Found::Absent => {}
    }
    if let Some(span) = place.or_else(|| factors.first().map(|factor| factor.span)) {
        draft.set("EnabledMfas", span, Value::new(span, Kind::List(factors)));
    }
}

const ROLE_MAPPING: &[Property] = &[
    property("AmbiguousRoleResolution", "ambiguous_role_resolution", Plain),
    property("IdentityProvider", "identity_provider", Plain),
    property(
        "RulesConfiguration.Rules",
        "mapping_rule",
        Blocks(&[
            property("Claim", "claim", Plain),
            property("MatchType", "match_type", Plain),
            property("RoleARN", "role_arn", Link),
            property("Value", "value", Plain),
        ]),
    ),
    property("Type", "type", Plain),
];

/// Blocks as a mapping, whose keys are the user's choice in CloudFormation.
fn role_mappings(blocks: &tf::Value, mapper: &Mapper<'_>) -> Value {
    let Some(elements) = blocks.elements() else { return mapper.plain(blocks) };
    let mut map = Map::default();
    for (index, block) in elements.iter().enumerate() {
        match &block.kind {
            tf::Kind::Rest(unknown) | tf::Kind::Unknown(unknown) => map.open = Some(unknown.reason.clone()),
            _ => {
                let key: Arc<str> = Arc::from(format!("mapping{index}"));
                map.members.push(member(&key, block.span, mapper.properties(block, ROLE_MAPPING)));
            }
        }
    }
    Value::new(blocks.span, Kind::Map(map))
}
