//! HTTP and WebSocket APIs: routes, quick create and its overrides, or an OpenAPI document.

use std::sync::Arc;

use super::super::{Link, Typed, boolean, list, text};
use super::{
    API, Api, ApiGateway, ApiKey, Authorization, Authorizer, AuthorizerKey, Destination, Integration, Protocol, Reader,
    Route, integration, rest, tag, value,
};
use crate::input::{Resource, not_understood};
use crate::value::{Prop, Reason, Value};

const AUTHORIZER: &str = "AWS::ApiGatewayV2::Authorizer";
const INTEGRATION: &str = "AWS::ApiGatewayV2::Integration";
const OVERRIDES: &str = "AWS::ApiGatewayV2::ApiGatewayManagedOverrides";

pub(super) fn read(reader: &Reader<'_>, gateway: &mut ApiGateway) {
    for resource in reader.resources.of_kind(API) {
        api(reader, resource, gateway);
    }
    for resource in reader.resources.of_kind(AUTHORIZER) {
        gateway.authorizers.push(authorizer(reader, resource));
    }
    for resource in reader.resources.of_kind("AWS::ApiGatewayV2::Route") {
        let route = route(reader, resource, gateway);
        gateway.routes.push(route);
    }
}

/// HTTP APIs only know one selection expression. Source: `AWS::ApiGatewayV2::Api`, `RouteSelectionExpression`.
fn selects_by_message(resource: &Resource) -> bool {
    text(resource.prop("RouteSelectionExpression"))
        .known()
        .is_some_and(|expression| !expression.contains("request.method"))
}

fn api(reader: &Reader<'_>, resource: &Resource, gateway: &mut ApiGateway) {
    let protocol = match text(resource.prop("ProtocolType")) {
        Typed::Known(protocol, _) if protocol.eq_ignore_ascii_case("WEBSOCKET") => Protocol::WebSocket,
        Typed::Unknown(..) if has_connect(reader, resource) || selects_by_message(resource) => Protocol::WebSocket,
        _ => Protocol::Http,
    };
    let mut api = Api {
        key: ApiKey::of(&resource.address),
        address: Some(resource.address.clone()),
        protocol,
        private: Typed::Known(false, resource.name_span),
        network_policy: Typed::Known(false, resource.name_span),
        default_endpoint_disabled: boolean(resource.prop("DisableExecuteApiEndpoint")).or_default(false),
        domains_demand_certificate: reader.domains_demand_certificate(
            resource,
            ("AWS::ApiGatewayV2::ApiMapping", "ApiId"),
            "AWS::ApiGatewayV2::DomainName",
        ),
        public_routes_tag: tag(resource, "sra:public-routes"),
        unread: Vec::new(),
    };
    match resource.prop("BodyS3Location") {
        Prop::Known(location) => {
            api.unread.push((not_understood("the OpenAPI document lies in S3; scan it as `Body`"), location.span));
        }
        Prop::Unknown(reason, span) => api.unread.push((reason.clone(), span)),
        Prop::Absent(_) => {}
    }
    super::openapi::read(reader, resource, &mut api, gateway);
    match resource.prop("Target") {
        Prop::Known(target) => {
            let route = quick_create(reader, resource, target);
            gateway.routes.push(route);
        }
        Prop::Unknown(reason, span) => api.unread.push((reason.clone(), span)),
        Prop::Absent(_) => {}
    }
    gateway.apis.push(api);
}

fn has_connect(reader: &Reader<'_>, api: &Resource) -> bool {
    reader.resources.of_kind("AWS::ApiGatewayV2::Route").any(|route| {
        route.prop("RouteKey").known().and_then(Value::as_str) == Some("$connect")
            && reader.api_key(route, "ApiId", API) == ApiKey::of(&api.address)
    })
}

/// `Target` makes one route without authorization, `$default` unless `RouteKey` says otherwise; only managed overrides
/// can give it an authorizer. Source: CloudFormation, `AWS::ApiGatewayV2::Api`.
fn quick_create(reader: &Reader<'_>, resource: &Resource, target: &Value) -> Route {
    let key = text(resource.prop("RouteKey")).or_default("$default".to_owned());
    let (method, path) = split_key(&key);
    let overridden = reader
        .resources
        .of_kind(OVERRIDES)
        .find(|it| reader.api_key(it, "ApiId", API) == ApiKey::of(&resource.address) && !it.prop("Route").is_absent());
    let authorization = match overridden.map(|it| (it, it.prop("Route"))) {
        Some((it, Prop::Known(route))) => {
            rest::authorization_of(reader, route, route.prop("AuthorizationType"), it.name_span, AUTHORIZER)
        }
        Some((_, Prop::Unknown(reason, span))) => Authorization {
            kind: Typed::Unknown(reason.clone(), span),
            authorizer: Typed::Absent(span),
            scopes: Typed::Absent(span),
            note: "managed overrides are not known".to_owned(),
        },
        Some((_, Prop::Absent(_))) | None => Authorization {
            kind: Typed::Known("NONE".to_owned(), target.span),
            authorizer: Typed::Absent(target.span),
            scopes: Typed::Absent(target.span),
            note: "quick create (`Target`) makes a route without authorization".to_owned(),
        },
    };
    let url = target.template().filter(|text| text.starts_with("http"));
    let destination = match url {
        Some(url) => Destination::Url(url),
        None => Destination::Function(reader.lambda.resolve(reader.resources, target)),
    };
    Route {
        api: ApiKey::of(&resource.address),
        protocol: Protocol::Http,
        address: resource.address.clone(),
        part: Some(key.known().cloned().unwrap_or_else(|| "quick create".to_owned())),
        span: target.span,
        method,
        path,
        authorization,
        api_key_required: Typed::Known(false, target.span),
        integration: Integration { mock: Typed::Known(false, target.span), destination, span: target.span },
    }
}

fn route(reader: &Reader<'_>, resource: &Resource, gateway: &ApiGateway) -> Route {
    let key = text(resource.prop("RouteKey"));
    let api = reader.api_key(resource, "ApiId", API);
    let socket = match gateway.api(&api) {
        Some(api) => api.protocol == Protocol::WebSocket,
        None => key.known().is_some_and(|key| key != "$default" && !key.contains(' ')),
    };
    let (method, path) = match (socket, &key) {
        (true, Typed::Absent(span)) => (Typed::Absent(*span), Typed::Known(String::new(), *span)),
        (true, key) => (key.clone(), Typed::Known(String::new(), key.span())),
        (false, key) => with_literal_method(resource.prop("RouteKey"), split_key(key)),
    };
    Route {
        api,
        protocol: if socket { Protocol::WebSocket } else { Protocol::Http },
        address: resource.address.clone(),
        part: None,
        span: resource.name_span,
        method,
        path,
        authorization: rest::authorization(reader, resource, resource.prop("AuthorizationType"), AUTHORIZER),
        api_key_required: boolean(resource.prop("ApiKeyRequired")).or_default(false),
        integration: route_target(reader, resource.prop("Target")),
    }
}

/// `integrations/${Integration}`.
fn route_target(reader: &Reader<'_>, target: Prop<'_>) -> Integration {
    let value = match target {
        Prop::Known(value) => value,
        Prop::Absent(span) => return Integration::none(span),
        Prop::Unknown(reason, span) => return Integration::unknown(reason.clone(), span),
    };
    match reader.resources.link(value, &[INTEGRATION]) {
        Link::To(resource) => reader.integration(Prop::Known(&resource.properties), &integration::V2),
        Link::Outside(_) => Integration::unknown(Reason::Outside(Arc::from("the integration")), value.span),
        Link::Unknown(reason) => Integration::unknown(reason, value.span),
    }
}

/// `POST /posts` → method and path; `$default` is every method of every path that no other route matches.
fn split_key(key: &Typed<String>) -> (Typed<String>, Typed<String>) {
    match key {
        Typed::Known(key, span) => match key.trim().split_once(' ') {
            Some((method, path)) => {
                (Typed::Known(method.to_ascii_uppercase(), *span), Typed::Known(path.trim().to_owned(), *span))
            }
            None => (Typed::Known("ANY".to_owned(), *span), Typed::Known(key.trim().to_owned(), *span)),
        },
        Typed::Absent(span) => {
            let reason = not_understood("`RouteKey` is not set");
            (Typed::Unknown(reason.clone(), *span), Typed::Unknown(reason, *span))
        }
        Typed::Unknown(reason, span) => (Typed::Unknown(reason.clone(), *span), Typed::Unknown(reason.clone(), *span)),
    }
}

/// `!Sub "POST /${Path}"` tells its method although the path is unknown.
fn with_literal_method(key: Prop<'_>, split: (Typed<String>, Typed<String>)) -> (Typed<String>, Typed<String>) {
    let (method, path) = split;
    let template = key.known().and_then(Value::template);
    match (&method, template.as_deref().and_then(|key| key.split_once(' '))) {
        (Typed::Unknown(_, span), Some((literal, _))) if literal.chars().all(|c| c.is_ascii_alphabetic()) => {
            (Typed::Known(literal.to_ascii_uppercase(), *span), path)
        }
        _ => (method, path),
    }
}

fn authorizer(reader: &Reader<'_>, resource: &Resource) -> Authorizer {
    Authorizer {
        key: AuthorizerKey { address: resource.address.clone(), scheme: None },
        api: reader.api_key(resource, "ApiId", API),
        name: Arc::clone(&resource.name),
        span: resource.name_span,
        kind: rest::upper(text(resource.prop("AuthorizerType"))),
        issuer: value(resource.prop("JwtConfiguration.Issuer")),
        audience: list(resource.prop("JwtConfiguration.Audience")),
        identity_source: list(resource.prop("IdentitySource")),
        pools: Typed::Absent(resource.span),
        function: value(resource.prop("AuthorizerUri")).known().map(|uri| reader.lambda.resolve(reader.resources, uri)),
    }
}
