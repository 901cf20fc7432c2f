//! Actions and conditions of listeners and their rules.

use std::sync::Arc;

use super::super::Shape::{Block, Blocks, Link, Plain};
use super::super::{Draft, Found, Mapper, Property, find, member, property, put};
use crate::input::terraform::value::{self as tf, Kind as Terraform};
use crate::value::{Kind, Map, Reason, Value};

pub(super) const ACTION: &[Property] = &[
    property("Type", "type", Plain),
    property("Order", "order", Plain),
    property("TargetGroupArn", "target_group_arn", Link),
    property("ForwardConfig", "forward", Block(FORWARD)),
    property("RedirectConfig", "redirect", Block(REDIRECT)),
    property("FixedResponseConfig", "fixed_response", Block(FIXED_RESPONSE)),
    property("AuthenticateCognitoConfig", "authenticate_cognito", Block(COGNITO)),
    property("AuthenticateOidcConfig", "authenticate_oidc", Block(OIDC)),
    property("JwtValidationConfig", "jwt_validation", Block(JWT)),
];

const FORWARD: &[Property] = &[
    property("TargetGroups", "target_group", Blocks(TARGET_GROUP)),
    property("TargetGroupStickinessConfig.DurationSeconds", "stickiness.duration", Plain),
    property("TargetGroupStickinessConfig.Enabled", "stickiness.enabled", Plain),
];

const TARGET_GROUP: &[Property] = &[property("TargetGroupArn", "arn", Link), property("Weight", "weight", Plain)];

const REDIRECT: &[Property] = &[
    property("Host", "host", Plain),
    property("Path", "path", Plain),
    property("Port", "port", Plain),
    property("Protocol", "protocol", Plain),
    property("Query", "query", Plain),
    property("StatusCode", "status_code", Plain),
];

const FIXED_RESPONSE: &[Property] = &[
    property("ContentType", "content_type", Plain),
    property("MessageBody", "message_body", Plain),
    property("StatusCode", "status_code", Plain),
];

const COGNITO: &[Property] = &[
    property("AuthenticationRequestExtraParams", "authentication_request_extra_params", Plain),
    property("OnUnauthenticatedRequest", "on_unauthenticated_request", Plain),
    property("Scope", "scope", Plain),
    property("SessionCookieName", "session_cookie_name", Plain),
    property("SessionTimeout", "session_timeout", Plain),
    property("UserPoolArn", "user_pool_arn", Link),
    property("UserPoolClientId", "user_pool_client_id", Link),
    property("UserPoolDomain", "user_pool_domain", Link),
];

const OIDC: &[Property] = &[
    property("AuthenticationRequestExtraParams", "authentication_request_extra_params", Plain),
    property("AuthorizationEndpoint", "authorization_endpoint", Plain),
    property("ClientId", "client_id", Plain),
    property("ClientSecret", "client_secret", Plain),
    property("Issuer", "issuer", Plain),
    property("OnUnauthenticatedRequest", "on_unauthenticated_request", Plain),
    property("Scope", "scope", Plain),
    property("SessionCookieName", "session_cookie_name", Plain),
    property("SessionTimeout", "session_timeout", Plain),
    property("TokenEndpoint", "token_endpoint", Plain),
    property("UserInfoEndpoint", "user_info_endpoint", Plain),
];

const JWT: &[Property] = &[
    property("AdditionalClaims", "additional_claim", Blocks(CLAIM)),
    property("Issuer", "issuer", Plain),
    property("JwksEndpoint", "jwks_endpoint", Plain),
];

const CLAIM: &[Property] =
    &[property("Format", "format", Plain), property("Name", "name", Plain), property("Values", "values", Plain)];

pub(super) const TRANSFORM: &[Property] = &[
    property("Type", "type", Plain),
    property("HostHeaderRewriteConfig.Rewrites", "host_header_rewrite_config.rewrite", Blocks(REWRITE)),
    property("UrlRewriteConfig.Rewrites", "url_rewrite_config.rewrite", Blocks(REWRITE)),
];

const REWRITE: &[Property] = &[property("Regex", "regex", Plain), property("Replace", "replace", Plain)];

/// Numbers the actions without an order by their place, as the provider does. Source: Terraform AWS provider,
/// `aws_lb_listener`.
pub(super) fn number(draft: &mut Draft<'_>, actions: &str) {
    let Kind::Map(properties) = &mut draft.resource.properties.kind else { return };
    let actions = properties.members.iter_mut().find(|member| &*member.key == actions);
    let Some(Kind::List(items)) = actions.map(|actions| &mut actions.value.kind) else { return };
    let mut unsure = None;
    for (place, item) in (1..).zip(items) {
        let span = item.span;
        match &mut item.kind {
            Kind::Unknown(reason) => unsure = Some(reason.clone()),
            Kind::Map(map) if map.get("Order").is_none_or(|order| order.as_i64() == Some(0)) => {
                let order = match &unsure {
                    Some(reason) => Value::unknown(span, reason.clone()),
                    None => Value::text_at(span, u32::to_string(&place)),
                };
                put(map, "Order", member("", span, order));
            }
            _ => {}
        }
    }
}

/// What the blocks of a condition are in CloudFormation: the field and its configuration.
const FIELDS: &[(&str, &str, &str)] = &[
    ("host_header", "host-header", "HostHeaderConfig"),
    ("http_header", "http-header", "HttpHeaderConfig"),
    ("http_request_method", "http-request-method", "HttpRequestMethodConfig"),
    ("path_pattern", "path-pattern", "PathPatternConfig"),
    ("query_string", "query-string", "QueryStringConfig"),
    ("source_ip", "source-ip", "SourceIpConfig"),
];

const VALUES: &[Property] = &[
    property("HttpHeaderName", "http_header_name", Plain),
    property("RegexValues", "regex_values", Plain),
    property("Values", "values", Plain),
];

const PAIR: &[Property] = &[property("Key", "key", Plain), property("Value", "value", Plain)];

/// As the first versions of the provider have it.
const PLAIN: &[Property] = &[property("Field", "field", Plain), property("Values", "values", Plain)];

/// The conditions of a rule; every block has one.
pub(super) fn conditions(value: &tf::Value, mapper: &Mapper<'_>) -> Value {
    let mut found = Vec::new();
    for block in value.elements().unwrap_or(std::slice::from_ref(value)) {
        let before = found.len();
        for (argument, field, config) in FIELDS {
            let (key_span, made) = match find(block, argument) {
                Found::Absent => continue,
                Found::Unknown(unknown, span) => (span, Value::unknown(span, unknown.reason.clone())),
                Found::Value(argument) => match configuration(&argument.value, config, mapper) {
                    Some(made) => (argument.key_span, made),
                    None => continue,
                },
            };
            if matches!(made.kind, Kind::Unknown(_)) && !matches!(block.kind, Terraform::Object(_)) {
                found.push(made);
                break;
            }
            let field = member("Field", key_span, Value::text_at(key_span, *field));
            let config = member(config, key_span, made);
            found.push(Value::new(block.span, Kind::Map(Map { members: vec![field, config], open: None })));
        }
        if found.len() == before {
            let plain = mapper.properties(block, PLAIN);
            let unread = plain.as_map().is_some_and(|map| map.members.is_empty());
            let reason = || Reason::NotUnderstood(Arc::from("a condition says nothing"));
            found.push(if unread { Value::unknown(block.span, reason()) } else { plain });
        }
    }
    Value::new(value.span, Kind::List(found))
}

/// The configuration of a condition; `None` when its block is not there.
fn configuration(value: &tf::Value, config: &str, mapper: &Mapper<'_>) -> Option<Value> {
    if let Some([]) = value.elements() {
        return None;
    }
    if config == "QueryStringConfig" {
        let pairs = mapper.each(value, |block| mapper.properties(block, PAIR));
        let values = member("Values", value.span, pairs);
        return Some(Value::new(value.span, Kind::Map(Map { members: vec![values], open: None })));
    }
    Some(mapper.shape(value, Block(VALUES)))
}
