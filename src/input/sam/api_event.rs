//! `Api` and `HttpApi` events: the route in the API's definition and the permission to invoke its target.

use crate::value::{Kind, Member, Reference, Value};

use super::events::Event;
use super::openapi::{ANY_METHOD, Api, INTEGRATION, normal_method, require, requirements};
use super::shape::{At, Fields, get, given, map_mut};
use super::{Serverless, Target, Transform, alphanumeric, reason_of};

impl Transform<'_> {
    /// The API of an event, and its index among those of the template.
    fn api_of(&self, event: &Event, key: &str, implicit: &str, apis: &[Api]) -> (Value, Option<usize>) {
        let api = event.get(key).cloned().unwrap_or_else(|| self.reference(event.at(), implicit));
        let id = self.referred(&api);
        let index = apis.iter().position(|api| Some(&api.source.id) == id.as_ref());
        (api, index)
    }

    pub(super) fn rest_event(&mut self, source: &Serverless, event: &Event, target: &Target) {
        let (api, index) = self.api_of(event, "RestApiId", "ServerlessRestApi", &self.rest_apis);
        let stage = index
            .and_then(|index| self.rest_apis.get(index))
            .map(|api| get(&api.source.properties, "StageName").and_then(Value::as_str).unwrap_or("Stage").to_owned());
        let arn = self.route_arn(event, &api, false);
        let id = format!("{}Permission{}", event.id, alphanumeric(&stage.unwrap_or_else(|| "AllStages".to_owned())));
        self.permission_named(source, event, &id, target, "apigateway.amazonaws.com", |fields| {
            fields.set("SourceArn", arn)
        });
        let Some(index) = index else {
            self.foreign_api(event, &api);
            return;
        };
        let streams = event.get("ResponseTransferMode").and_then(Value::as_str) == Some("RESPONSE_STREAM");
        let uri = self.invocation_uri(event.at(), target, streams);
        let at = event.at();
        let mut integration = Fields::new(at.0)
            .set("type", at.text("aws_proxy"))
            .set("httpMethod", at.text("POST"))
            .set("uri", uri)
            .maybe("responseTransferMode", streams.then(|| at.text("STREAM")))
            .maybe("timeoutInMillis", given(&event.properties, "TimeoutInMillis").cloned());
        let api_auth = self.rest_apis.get(index).and_then(Api::auth).cloned();
        if let Some(credentials) = self.caller_credentials(event, api_auth.as_ref()) {
            integration = integration.set("credentials", credentials);
        }
        self.rest_route(source, event, index, integration.done());
    }

    /// Adds a route to a REST API that the transform defines, with what the event demands of its callers.
    pub(super) fn rest_route(&mut self, source: &Serverless, event: &Event, index: usize, integration: Value) {
        let Some(mut api) = self.rest_apis.get_mut(index).map(|api| std::mem::replace(api, placeholder(api))) else {
            return;
        };
        adopt(&mut api, source, event);
        let merges = given(&api.source.properties, "MergeDefinitions").is_some();
        if api.managed || merges {
            let at = event.at();
            if let Some(operation) = route(&mut api, event).and_then(map_mut) {
                operation.put(INTEGRATION, at.0, integration);
                operation.enter("responses", at.0, || at.map([]));
                request_checks(operation, event);
            }
            self.event_auth(&mut api, event);
        } else if given(&event.properties, "Auth.OverrideApiAuth").is_some() {
            self.event_auth(&mut api, event);
        }
        if let Some(place) = self.rest_apis.get_mut(index) {
            *place = api;
        }
    }

    pub(super) fn rest_api_index(&self, event: &Event) -> (Value, Option<usize>) {
        self.api_of(event, "RestApiId", "ServerlessRestApi", &self.rest_apis)
    }

    pub(super) fn foreign_api(&mut self, event: &Event, api: &Value) {
        if matches!(api.kind, Kind::Scalar(_)) {
            self.warn("an event names its API by a reference to one of the same template", event.span);
        }
    }

    pub(super) fn http_event(&mut self, source: &Serverless, event: &Event, target: &Target) {
        let (api, index) = self.api_of(event, "ApiId", "ServerlessHttpApi", &self.http_apis);
        let mut event = Event {
            properties: event.properties.clone(),
            kind: event.kind.clone(),
            id: event.id.clone(),
            span: event.span,
        };
        if event.get("Path").is_none() && event.get("Method").is_none() {
            let at = event.at();
            if let Some(map) = map_mut(&mut event.properties) {
                map.put("Path", at.0, at.text("$default"));
                map.put("Method", at.0, at.text(ANY_METHOD));
            }
        }
        let default_is_same = index
            .and_then(|index| self.http_apis.get(index))
            .is_some_and(|api| default_target(api).is_some_and(|found| found == source.id));
        if !default_is_same || event.get("Path").and_then(Value::as_str) == Some("$default") {
            let arn = self.route_arn(&event, &api, true);
            self.permission(source, &event, target, "apigateway.amazonaws.com", |fields| fields.set("SourceArn", arn));
        }
        let Some(index) = index else {
            self.foreign_api(&event, &api);
            return;
        };
        let uri = self.invocation_uri(event.at(), target, false);
        let Some(mut api) = self.http_apis.get_mut(index).map(|api| std::mem::replace(api, placeholder(api))) else {
            return;
        };
        adopt(&mut api, source, &event);
        if !api.imported {
            self.http_route(&mut api, &event, uri);
        }
        if let Some(place) = self.http_apis.get_mut(index) {
            *place = api;
        }
    }

    fn http_route(&mut self, api: &mut Api, event: &Event, uri: Value) {
        let at = event.at();
        let (path, method) = literal_route(event);
        let present = api.has_integration(&path, &method);
        if let Some(operation) = route(api, event).and_then(map_mut)
            && !present
        {
            let version = event.get("PayloadFormatVersion").cloned().unwrap_or_else(|| at.text("2.0"));
            let integration = Fields::new(at.0)
                .set("type", at.text("aws_proxy"))
                .set("httpMethod", at.text("POST"))
                .set("payloadFormatVersion", version)
                .set("uri", uri)
                .maybe("timeoutInMillis", given(&event.properties, "TimeoutInMillis").cloned());
            operation.put(INTEGRATION, at.0, integration.done());
            if path == "$default" && method == ANY_METHOD {
                operation.put("isDefaultRoute", at.0, at.plain(true));
            }
            operation.enter("responses", at.0, || at.map([]));
        }
        self.http_event_auth(api, event);
        if let Some(settings) = event.get("RouteSettings") {
            let key = if method == ANY_METHOD { path } else { format!("{} {path}", method.to_ascii_uppercase()) };
            let member = Member { key: key.into(), key_span: event.span, value: settings.clone() };
            api.route_settings.push(member);
        }
    }

    /// The ARN of the requests that an event admits, as a permission names it.
    fn route_arn(&self, event: &Event, api: &Value, http: bool) -> Value {
        let at = event.at();
        let path = event.required("Path");
        let method = event.required("Method");
        let method = match method.as_str() {
            Some(method) if normal_method(method) == ANY_METHOD => at.text("*"),
            Some(method) => at.text(method.to_ascii_uppercase()),
            None => method,
        };
        let path = match path.as_str() {
            Some("$default") if http => at.text(""),
            Some(path) => at.text(wild_path(path, http)),
            None => path,
        };
        if http && path.as_str() == Some("/$default") && method.as_str() == Some("*") {
            return self.filled(
                at,
                "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${api}/*/$default",
                &[("api", api)],
            );
        }
        self.filled(
            at,
            "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${api}/*/${method}${path}",
            &[("api", api), ("method", &method), ("path", &path)],
        )
    }

    pub(super) fn invocation_uri(&self, at: At, target: &Target, streams: bool) -> Value {
        let (version, call) =
            if streams { ("2021-11-15", "response-streaming-invocations") } else { ("2015-03-31", "invocations") };
        let template = format!(
            "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/{version}/functions/${{function}}/{call}"
        );
        self.filled(at, &template, &[("function", &target.arn)])
    }

    /// With which credentials a route behind `AWS_IAM` invokes its function: those of the caller unless another role
    /// is named. Source: `InvokeRole` of the `ApiFunctionAuth` property type.
    fn caller_credentials(&self, event: &Event, api_auth: Option<&Value>) -> Option<Value> {
        let own = event.get("Auth");
        let iam = match own.and_then(|auth| get(auth, "Authorizer")) {
            Some(authorizer) => authorizer.as_str() == Some("AWS_IAM"),
            None => {
                given(&event.properties, "Auth").is_none()
                    && api_auth.and_then(|auth| get(auth, "DefaultAuthorizer")).and_then(Value::as_str)
                        == Some("AWS_IAM")
            }
        };
        if !iam {
            return None;
        }
        // An explicit null means no credentials.
        let role = |auth: Option<&Value>| auth.and_then(Value::as_map).and_then(|map| map.get("InvokeRole")).cloned();
        let role = role(own).or_else(|| role(api_auth));
        match role {
            Some(role) if role.kind == Kind::Null || role.as_str() == Some("NONE") => None,
            Some(role) if role.as_str() != Some("CALLER_CREDENTIALS") => Some(role),
            _ => Some(self.filled(event.at(), "arn:${AWS::Partition}:iam::*:user/*", &[])),
        }
    }
}

/// Stands in for an API while it is being worked on.
fn placeholder(api: &Api) -> Api {
    Api {
        source: api.source.clone(),
        position: api.position,
        implicit: api.implicit,
        managed: false,
        imported: true,
        body: None,
        route_settings: Vec::new(),
    }
}

/// An implicit API stands where the first event that uses it stands.
fn adopt(api: &mut Api, source: &Serverless, event: &Event) {
    if api.implicit && !api.has_paths() {
        api.source.resource.name_span = event.span;
        api.source.resource.span = source.resource.span;
        api.source.resource.properties.span = event.span;
        let own = map_mut(&mut api.source.properties)
            .and_then(|map| map.members.iter_mut().find(|own| &*own.key == "StageName"));
        if let Some(stage) = own {
            stage.key_span = event.span;
            stage.value.span = event.span;
        }
    }
}

/// Path and method of an event as the definition writes them; empty when they are not literal.
fn literal_route(event: &Event) -> (String, String) {
    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("Path"), normal_method(&text("Method")))
}

/// The operation of an event in the definition. A route whose path or method is not known leaves the paths open.
fn route<'a>(api: &'a mut Api, event: &Event) -> Option<&'a mut Value> {
    let (path, method) = (event.required("Path"), event.required("Method"));
    for part in [&path, &method] {
        if part.as_str().is_none() {
            api.open_paths(reason_of(part));
            return None;
        }
    }
    let (path_text, method_text) = literal_route(event);
    api.operation((&path_text, path.span), (&method_text, method.span), event.at())
}

/// The function behind the `$default` route, when a permission for all of its requests covers the others.
fn default_target(api: &Api) -> Option<String> {
    let body = api.body.as_ref()?;
    let operation = get(body, "paths")?.as_map()?.get("$default")?.as_map()?.get(ANY_METHOD)?;
    let uri = operation.as_map()?.get(INTEGRATION)?.as_map()?.get("uri")?;
    uri.references().into_iter().find_map(|reference| match reference {
        Reference::Resource { address, attribute: Some(attribute), .. } if &**attribute == "Arn" => {
            address.0.rsplit(['#', '/']).next().map(str::to_owned)
        }
        _ => None,
    })
}

/// A path with `*` for its parameters and without a trailing slash.
///
/// Of greedy parameters, HTTP APIs only know `{proxy+}` here, as the translator does.
pub(super) fn wild_path(path: &str, http: bool) -> String {
    let path = if path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path };
    let mut result = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        result.push_str(before);
        let Some((inner, tail)) = after.split_once('}') else {
            result.push('{');
            rest = after;
            continue;
        };
        let name = inner.strip_suffix('+').unwrap_or(inner);
        let plain = |one: char| one.is_ascii_alphanumeric() || "._-".contains(one);
        if !name.is_empty() && name.chars().all(plain) && (!http || inner == name || name == "proxy") {
            result.push('*');
        } else {
            result.extend(["{", inner, "}"]);
        }
        rest = tail;
    }
    result + rest
}

/// `RequestModel` and `RequestParameters`: what API Gateway checks before it invokes anything.
fn request_checks(operation: &mut crate::value::Map, event: &Event) {
    let flag = |key: &str| given(&event.properties, &format!("RequestModel.{key}")).is_some();
    let Some(model) = given(&event.properties, "RequestModel") else { return };
    let at = At(model.span);
    let name = match (flag("ValidateBody"), flag("ValidateParameters")) {
        (true, true) => "body-and-params",
        (true, false) => "body-only",
        (false, true) => "params-only",
        (false, false) => return,
    };
    operation.put("x-amazon-apigateway-request-validator", at.0, at.text(name));
}

/// Adds to what an operation demands.
pub(super) fn demand(operation: &mut Value, at: At, requirement: Value) {
    if let Some(operation) = map_mut(operation) {
        let mut all = requirements(operation);
        all.push(requirement);
        require(operation, at, all);
    }
}

impl Api {
    /// The operation of an event, when it is there.
    pub(super) fn event_operation(&mut self, event: &Event) -> Option<&mut Value> {
        let (path, method) = literal_route(event);
        if !self.has_integration(&path, &method) {
            return None;
        }
        self.operation((&path, event.span), (&method, event.span), event.at())
    }
}
