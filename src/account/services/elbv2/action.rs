//! What a listener rule does with a request. Client secrets are not taken over.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, AuthenticateCognitoActionConfig, AuthenticateOidcActionConfig, FixedResponseActionConfig,
    ForwardActionConfig, JwtValidationActionAdditionalClaim, JwtValidationActionConfig, RedirectActionConfig,
    TargetGroupTuple,
};
use serde_json::{Map, Value};

use crate::account::item::{Object, word};

pub(super) fn of_action(action: &Action) -> Object {
    Object::new()
        .set("Type", word(action.r#type()))
        .set("Order", action.order())
        .set("TargetGroupArn", action.target_group_arn())
        .set("ForwardConfig", action.forward_config().and_then(forward))
        .set("RedirectConfig", action.redirect_config().map(redirect))
        .set("FixedResponseConfig", action.fixed_response_config().map(fixed_response))
        .set("AuthenticateCognitoConfig", action.authenticate_cognito_config().map(cognito))
        .set("AuthenticateOidcConfig", action.authenticate_oidc_config().map(oidc))
        .set("JwtValidationConfig", action.jwt_validation_config().map(jwt))
}

fn forward(config: &ForwardActionConfig) -> Option<Object> {
    let group = |group: &TargetGroupTuple| {
        Object::new().set("TargetGroupArn", group.target_group_arn()).set("Weight", group.weight())
    };
    let groups: Vec<Object> = config.target_groups().iter().map(group).collect();
    let stickiness = config.target_group_stickiness_config().map(|stickiness| {
        Object::new().set("Enabled", stickiness.enabled()).set("DurationSeconds", stickiness.duration_seconds())
    });
    Object::new()
        .set("TargetGroups", (!groups.is_empty()).then_some(groups))
        .set("TargetGroupStickinessConfig", stickiness.and_then(Object::filled))
        .filled()
}

fn redirect(config: &RedirectActionConfig) -> Object {
    Object::new()
        .set("Protocol", config.protocol())
        .set("Host", config.host())
        .set("Port", config.port())
        .set("Path", config.path())
        .set("Query", config.query())
        .set("StatusCode", word(config.status_code()))
}

fn fixed_response(config: &FixedResponseActionConfig) -> Object {
    Object::new().set("StatusCode", config.status_code()).set("ContentType", config.content_type())
}

fn cognito(config: &AuthenticateCognitoActionConfig) -> Object {
    Object::new()
        .set("UserPoolArn", config.user_pool_arn())
        .set("UserPoolClientId", config.user_pool_client_id())
        .set("UserPoolDomain", config.user_pool_domain())
        .set("Scope", config.scope())
        .set("SessionCookieName", config.session_cookie_name())
        .set("SessionTimeout", config.session_timeout())
        .set("OnUnauthenticatedRequest", word(config.on_unauthenticated_request()))
        .set("AuthenticationRequestExtraParams", config.authentication_request_extra_params().map(sorted))
}

fn oidc(config: &AuthenticateOidcActionConfig) -> Object {
    Object::new()
        .set("Issuer", config.issuer())
        .set("AuthorizationEndpoint", config.authorization_endpoint())
        .set("TokenEndpoint", config.token_endpoint())
        .set("UserInfoEndpoint", config.user_info_endpoint())
        .set("ClientId", config.client_id())
        .set("Scope", config.scope())
        .set("SessionCookieName", config.session_cookie_name())
        .set("SessionTimeout", config.session_timeout())
        .set("OnUnauthenticatedRequest", word(config.on_unauthenticated_request()))
        .set("AuthenticationRequestExtraParams", config.authentication_request_extra_params().map(sorted))
}

fn jwt(config: &JwtValidationActionConfig) -> Object {
    let claim = |claim: &JwtValidationActionAdditionalClaim| {
        Object::new().set("Format", word(claim.format())).set("Name", claim.name()).set("Values", claim.values())
    };
    let claims: Vec<Object> = config.additional_claims().iter().map(claim).collect();
    Object::new()
        .set("JwksEndpoint", config.jwks_endpoint())
        .set("Issuer", config.issuer())
        .set("AdditionalClaims", (!claims.is_empty()).then_some(claims))
}

fn sorted(pairs: &HashMap<String, String>) -> Value {
    let mut pairs: Vec<_> = pairs.iter().collect();
    pairs.sort_unstable();
    Value::Object(
        pairs.into_iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect::<Map<_, _>>(),
    )
}
