//! REST APIs: the resource tree with its methods, or an OpenAPI document.

use super::super::{Link, Target, Typed, boolean, list, target, text};
use super::{
    Api, ApiGateway, ApiKey, Authorization, Authorizer, AuthorizerKey, AuthorizerLink, Protocol, REST_API, Reader,
    Route, integration, policy, tag, value,
};
use crate::input::terraform::terms::in_terraform;
use crate::input::{Format, Resource, not_understood};
use crate::source::Span;
use crate::value::{Kind, Prop, Reference, Value};

const RESOURCE: &str = "AWS::ApiGateway::Resource";
const AUTHORIZER: &str = "AWS::ApiGateway::Authorizer";

/// Depth of a path; far beyond what API Gateway accepts.
const MAX_SEGMENTS: usize = 100;

pub(super) fn read(reader: &Reader<'_>, gateway: &mut ApiGateway) {
    for resource in reader.resources.of_kind(REST_API) {
        api(reader, resource, gateway);
    }
    for resource in reader.resources.of_kind(AUTHORIZER) {
        gateway.authorizers.push(authorizer(reader, resource));
    }
    for resource in reader.resources.of_kind("AWS::ApiGateway::Method") {
        gateway.routes.push(method(reader, resource));
    }
}

fn api(reader: &Reader<'_>, resource: &Resource, gateway: &mut ApiGateway) {
    let mut api = Api {
        key: ApiKey::of(&resource.address),
        address: Some(resource.address.clone()),
        protocol: Protocol::Rest,
        private: private(resource),
        network_policy: policy::narrows_network(resource.prop("Policy")),
        default_endpoint_disabled: boolean(resource.prop("DisableExecuteApiEndpoint")).or_default(false),
        domains_demand_certificate: reader.domains_demand_certificate(
            resource,
            ("AWS::ApiGateway::BasePathMapping", "RestApiId"),
            "AWS::ApiGateway::DomainName",
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
    gateway.apis.push(api);
}

/// An API with a `PRIVATE` endpoint has no other. Source: CloudFormation, `EndpointConfiguration`; default `EDGE`.
fn private(resource: &Resource) -> Typed<bool> {
    match list(resource.prop("EndpointConfiguration.Types")) {
        Typed::Known(types, span) => {
            let private =
                types.iter().any(|kind| kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("PRIVATE")));
            match types.iter().find(|kind| kind.as_str().is_none()) {
                Some(unclear) if !private => Typed::Unknown(
                    unclear.reason().cloned().unwrap_or_else(|| not_understood("an endpoint type was expected here")),
                    unclear.span,
                ),
                _ => Typed::Known(private, span),
            }
        }
        Typed::Absent(span) => Typed::Known(false, span),
        Typed::Unknown(reason, span) => Typed::Unknown(reason, span),
    }
}

fn method(reader: &Reader<'_>, resource: &Resource) -> Route {
    let kind = resource.prop("AuthorizationType");
    Route {
        api: reader.api_key(resource, "RestApiId", REST_API),
        protocol: Protocol::Rest,
        address: resource.address.clone(),
        part: None,
        span: resource.name_span,
        method: upper(text(resource.prop("HttpMethod"))),
        path: path(reader, resource.prop("ResourceId")),
        authorization: authorization(reader, resource, kind, AUTHORIZER),
        api_key_required: boolean(resource.prop("ApiKeyRequired")).or_default(false),
        integration: reader.integration(resource.prop("Integration"), &integration::METHOD),
    }
}

/// Reads `AuthorizationType`, `AuthorizerId` and `AuthorizationScopes`, which methods and routes share.
pub(super) fn authorization(
    reader: &Reader<'_>,
    resource: &Resource,
    kind: Prop<'_>,
    authorizer_kind: &str,
) -> Authorization {
    let mut found = authorization_of(reader, &resource.properties, kind, resource.name_span, authorizer_kind);
    // Other subjects show it too: only here it is known which type's property it is.
    if matches!(resource.format, Format::Terraform | Format::TerraformPlan) {
        found.note = in_terraform(&found.note, &resource.kind);
    }
    found
}

pub(super) fn authorization_of(
    reader: &Reader<'_>,
    properties: &Value,
    kind: Prop<'_>,
    default_span: Span,
    authorizer_kind: &str,
) -> Authorization {
    let kind = match text(kind) {
        Typed::Absent(_) => Typed::Absent(default_span),
        written => written,
    };
    let note = match &kind {
        Typed::Known(kind, _) => format!("`AuthorizationType` is `{kind}`"),
        Typed::Absent(_) => "`AuthorizationType` is not set: the default is `NONE`".to_owned(),
        Typed::Unknown(..) => "`AuthorizationType` is not known".to_owned(),
    };
    let authorizer = match target(reader.resources, properties.prop("AuthorizerId"), &[authorizer_kind]) {
        Typed::Known(Target::Resource(address), span) => {
            Typed::Known(AuthorizerLink::Declared(AuthorizerKey { address, scheme: None }), span)
        }
        Typed::Known(Target::Outside(id), span) => Typed::Known(AuthorizerLink::Outside(id), span),
        Typed::Absent(span) => Typed::Absent(span),
        Typed::Unknown(reason, span) => Typed::Unknown(reason, span),
    };
    Authorization {
        kind: kind.or_default("NONE".to_owned()),
        authorizer,
        scopes: list(properties.prop("AuthorizationScopes")),
        note,
    }
}

fn authorizer(reader: &Reader<'_>, resource: &Resource) -> Authorizer {
    Authorizer {
        key: AuthorizerKey { address: resource.address.clone(), scheme: None },
        api: reader.api_key(resource, "RestApiId", REST_API),
        name: std::sync::Arc::clone(&resource.name),
        span: resource.name_span,
        kind: text(resource.prop("Type")),
        issuer: Typed::Absent(resource.span),
        audience: Typed::Absent(resource.span),
        identity_source: list(resource.prop("IdentitySource")),
        pools: list(resource.prop("ProviderARNs")),
        function: value(resource.prop("AuthorizerUri")).known().map(|uri| reader.lambda.resolve(reader.resources, uri)),
    }
}

/// The full path of a resource of the tree, from the root down.
fn path(reader: &Reader<'_>, resource_id: Prop<'_>) -> Typed<String> {
    let span = resource_id.span();
    let mut segments = Vec::new();
    let mut at = resource_id;
    for _ in 0..MAX_SEGMENTS {
        let value = match at {
            Prop::Known(value) => value,
            Prop::Absent(_) => return Typed::Unknown(not_understood("the method names no resource"), span),
            Prop::Unknown(reason, span) => return Typed::Unknown(reason.clone(), span),
        };
        if is_root(value) {
            segments.reverse();
            return Typed::Known(format!("/{}", segments.join("/")), span);
        }
        let parent = match reader.resources.link(value, &[RESOURCE]) {
            Link::To(parent) => parent,
            Link::Outside(id) => {
                let reason = not_understood(format!("the path of resource `{id}` is not declared in what was scanned"));
                return Typed::Unknown(reason, span);
            }
            Link::Unknown(reason) => return Typed::Unknown(reason, span),
        };
        match text(parent.prop("PathPart")) {
            Typed::Known(part, _) => segments.push(part),
            Typed::Absent(span) => return Typed::Unknown(not_understood("`PathPart` is not set"), span),
            Typed::Unknown(reason, span) => return Typed::Unknown(reason, span),
        }
        at = parent.prop("ParentId");
    }
    Typed::Unknown(not_understood("the resource tree has a loop"), span)
}

fn is_root(value: &Value) -> bool {
    matches!(&value.kind, Kind::Ref(Reference::Resource { attribute: Some(attribute), .. })
        if &**attribute == "RootResourceId")
}

pub(super) fn upper(typed: Typed<String>) -> Typed<String> {
    match typed {
        Typed::Known(text, span) => Typed::Known(text.to_ascii_uppercase(), span),
        other => other,
    }
}
