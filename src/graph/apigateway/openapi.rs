//! OpenAPI documents of an API (`Body`): their operations are its routes, their security schemes its authorizers.
//!
//! Only what API Gateway itself reads on import counts. A scheme without `x-amazon-apigateway-authorizer` (or
//! `awsSigv4`) documents something and protects nothing.

mod security;

use std::sync::Arc;

use super::super::{Typed, boolean, list, text};
use super::{
    Api, ApiGateway, Authorizer, AuthorizerKey, Integration, Protocol, Reader, Route, integration, policy, rest, value,
};
use crate::input::{Resource, not_understood};
use crate::value::{Kind, Map, Member, Part, Prop, Reason, Value};
use security::Schemes;

const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
const AUTHORIZER: &str = "x-amazon-apigateway-authorizer";
const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Reads `Body` of an API into routes and authorizers; what cannot be read is noted as such in `api`.
pub(super) fn read(reader: &Reader<'_>, resource: &Resource, api: &mut Api, gateway: &mut ApiGateway) {
    let body = match resource.prop("Body") {
        Prop::Known(body) => body,
        Prop::Absent(_) => return,
        Prop::Unknown(reason, span) => return api.unread.push((reason.clone(), span)),
    };
    if body.as_map().is_none() {
        let reason = body.reason().cloned().unwrap_or_else(|| not_understood("`Body` is not an OpenAPI document"));
        return api.unread.push((reason, body.span));
    }
    let document = body;
    if let Some(reason) = document.as_map().and_then(|map| map.open.as_ref()) {
        api.unread.push((reason.clone(), document.span));
    }
    if resource.prop("Policy").is_absent() && api.protocol == Protocol::Rest {
        api.network_policy = policy::narrows_network(document.prop("x-amazon-apigateway-policy"));
    }
    if let Prop::Known(configuration) = document.prop("x-amazon-apigateway-endpoint-configuration")
        && !configuration.prop("disableExecuteApiEndpoint").is_absent()
    {
        api.default_endpoint_disabled = boolean(configuration.prop("disableExecuteApiEndpoint"));
    }
    let schemes = Schemes::read(document);
    for scheme in schemes.with_authorizer() {
        gateway.authorizers.push(authorizer(reader, resource, api, scheme));
    }
    let mut document = Document { reader, resource, root: document, schemes: &schemes, api, routes: Vec::new() };
    document.paths();
    gateway.routes.append(&mut document.routes);
}

struct Document<'a> {
    reader: &'a Reader<'a>,
    resource: &'a Resource,
    root: &'a Value,
    schemes: &'a Schemes<'a>,
    api: &'a mut Api,
    routes: Vec<Route>,
}

impl<'a> Document<'a> {
    fn paths(&mut self) {
        let Some(paths) = self.known_map(self.root.prop("paths")) else { return };
        for item in &paths.members {
            let Some(operations) = self.known_map(Prop::Known(&item.value)) else { continue };
            for operation in &operations.members {
                let key = operation.key.to_ascii_lowercase();
                match key.as_str() {
                    "$ref" => {
                        let reason = not_understood(format!("`$ref` of path `{}` is not followed", item.key));
                        self.api.unread.push((reason, operation.key_span));
                    }
                    ANY_METHOD => self.operation(&item.key, "ANY", operation),
                    method if METHODS.contains(&method) => {
                        self.operation(&item.key, &method.to_ascii_uppercase(), operation);
                    }
                    _ => {}
                }
            }
        }
    }

    /// A mapping; whatever of it is unknown may hold routes.
    fn known_map(&mut self, prop: Prop<'a>) -> Option<&'a Map> {
        match prop {
            Prop::Known(value) => {
                let map = value.as_map();
                let reason = map.map_or_else(|| value.reason(), |map| map.open.as_ref());
                if let Some(reason) = reason {
                    self.api.unread.push((reason.clone(), value.span));
                }
                map
            }
            Prop::Unknown(reason, span) => {
                self.api.unread.push((reason.clone(), span));
                None
            }
            Prop::Absent(_) => None,
        }
    }

    fn operation(&mut self, path: &str, method: &str, operation: &'a Member) {
        let span = operation.key_span;
        let value = &operation.value;
        let marked = || value.prop("isDefaultRoute").known().and_then(Value::as_bool) == Some(true);
        let default = self.api.protocol == Protocol::Http && (path.trim_start_matches('/') == "$default" || marked());
        let path = if default { "$default".to_owned() } else { path.to_owned() };
        let authorization =
            self.schemes.authorization(self.root, value, span, &self.resource.address, self.api.protocol);
        let integration = match self.local(value.prop("x-amazon-apigateway-integration")) {
            Ok(prop) => self.reader.integration(prop, &integration::OPENAPI),
            Err(reason) => Integration::unknown(reason, span),
        };
        self.routes.push(Route {
            api: self.api.key.clone(),
            protocol: self.api.protocol,
            address: self.resource.address.clone(),
            part: Some(if default { "$default".to_owned() } else { format!("{method} {path}") }),
            span,
            method: Typed::Known(method.to_owned(), span),
            path: Typed::Known(path, span),
            authorization: authorization.authorization,
            api_key_required: authorization.api_key_required,
            integration,
        });
    }

    /// Follows a `$ref` into the same document, once.
    fn local(&self, prop: Prop<'a>) -> Result<Prop<'a>, Reason> {
        let Prop::Known(value) = prop else { return Ok(prop) };
        let Some(target) = value.as_map().and_then(|map| map.get("$ref")) else { return Ok(prop) };
        let pointer = target.as_str().and_then(|target| target.strip_prefix("#/"));
        let Some(pointer) = pointer else {
            return Err(not_understood("only `$ref`s into the same document are followed"));
        };
        let mut at = self.root;
        for key in pointer.split('/') {
            let key = key.replace("~1", "/").replace("~0", "~");
            match at.as_map().and_then(|map| map.get(&key)) {
                Some(next) => at = next,
                None => return Err(not_understood(format!("`$ref` leads to `{key}`, which does not exist"))),
            }
        }
        Ok(Prop::Known(at))
    }
}

fn authorizer(reader: &Reader<'_>, resource: &Resource, api: &Api, scheme: &Member) -> Authorizer {
    let written = scheme.value.prop(AUTHORIZER);
    let prop = |path: &str| match written {
        Prop::Known(value) => value.prop(path),
        other => other,
    };
    let issuer = match (value(prop("jwtConfiguration.issuer")), scheme.value.prop("openIdConnectUrl")) {
        (Typed::Absent(_), Prop::Known(url)) => Typed::Known(without_discovery(url), url.span),
        (Typed::Absent(_), Prop::Unknown(reason, span)) => Typed::Unknown(reason.clone(), span),
        (issuer, _) => issuer,
    };
    Authorizer {
        key: AuthorizerKey { address: resource.address.clone(), scheme: Some(Arc::clone(&scheme.key)) },
        api: api.key.clone(),
        name: Arc::clone(&scheme.key),
        span: scheme.key_span,
        kind: rest::upper(text(prop("type"))),
        issuer,
        audience: list(prop("jwtConfiguration.audience")),
        identity_source: list(prop("identitySource")),
        pools: list(prop("providerARNs")),
        function: value(prop("authorizerUri")).known().map(|uri| reader.lambda.resolve(reader.resources, uri)),
    }
}

/// The issuer of a discovery URL, as `OpenID` providers publish it.
fn without_discovery(url: &Value) -> Value {
    const SUFFIX: &str = "/.well-known/openid-configuration";
    let strip = |text: &str| text.strip_suffix(SUFFIX).unwrap_or(text).to_owned();
    match &url.kind {
        Kind::Scalar(scalar) => Value::text_at(url.span, strip(&scalar.text)),
        Kind::Text(parts) => {
            let mut parts = parts.clone();
            if let Some(Part::Literal(last)) = parts.last_mut() {
                *last = Arc::from(strip(last));
            }
            Value::new(url.span, Kind::Text(parts))
        }
        _ => url.clone(),
    }
}
