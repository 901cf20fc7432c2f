//! `AWS::Serverless::HttpApi`: the HTTP API with its definition and stage.

use std::sync::Arc;

use crate::value::{Kind, Map, Member, Value};

use super::api_event::demand;
use super::events::Event;
use super::openapi::{Api, require};
use super::rest_api::disable_endpoint;
use super::rest_auth::{clean, flag, iam_scheme, identity_sources, open, open_schemes};
use super::shape::{At, Fields, get, given, map_mut, members};
use super::{Serverless, Target, Transform, alphanumeric, reason_of};

impl Transform<'_> {
    pub(super) fn declare_http_api(&mut self, source: Serverless, position: usize) {
        let skeleton = self.skeleton(&source);
        let api = self.declare_api(source, position, skeleton, false);
        self.http_apis.push(api);
    }

    /// What an event demands of callers, instead of the API's default.
    pub(super) fn http_event_auth(&mut self, api: &mut Api, event: &Event) {
        let Some(auth) = given(&event.properties, "Auth") else { return };
        if let Kind::Unknown(_) = auth.kind {
            if let Some(operation) = api.event_operation(event) {
                demand(operation, At(auth.span), auth.clone());
            }
            return;
        }
        let api_auth = api.auth().cloned();
        let default = api_auth.as_ref().and_then(|auth| get(auth, "DefaultAuthorizer"));
        let Some(authorizer) = get(auth, "Authorizer").or(default) else {
            self.warn("`Auth` of an event names no authorizer, and the API has no default", auth.span);
            return;
        };
        let at = At(get(auth, "Authorizer").map_or(auth.span, |authorizer| authorizer.span));
        let requirement = match authorizer.as_str() {
            Some(name @ ("NONE" | "AWS_IAM")) => at.map([(name, at.list([]))]),
            Some(name) => {
                let declared =
                    api_auth.as_ref().and_then(|auth| get(auth, "Authorizers")).and_then(|all| all.as_map()?.get(name));
                if declared.is_none() && !api_auth.as_ref().is_some_and(open) {
                    let message = format!("`{name}` is not among the authorizers of `{}`", api.source.id);
                    self.warn(&message, at.0);
                }
                let scopes = given(auth, "AuthorizationScopes")
                    .or_else(|| declared.and_then(|authorizer| given(authorizer, "AuthorizationScopes")));
                at.map([(name, scopes.cloned().unwrap_or_else(|| at.list([])))])
            }
            None => Value::unknown(authorizer.span, reason_of(authorizer)),
        };
        if let Some(operation) = api.event_operation(event) {
            demand(operation, at, requirement);
        }
    }

    pub(super) fn http_api(&mut self, mut api: Api) {
        if api.implicit && !api.has_paths() {
            return;
        }
        self.position = api.position;
        if !api.imported {
            http_cors(&mut api);
            self.http_auth(&mut api);
            Self::http_extensions(&mut api);
        }
        let source = api.source.clone();
        let (properties, at) = (&source.properties, source.at());
        let uri = given(properties, "DefinitionUri").filter(|_| api.body.is_none());
        let fields = Fields::new(source.resource.properties.span)
            .copy(properties, &["FailOnWarnings"])
            .maybe("BodyS3Location", uri.map(Self::definition_location))
            .maybe("Body", api.body.clone());
        self.emit_main(&source, fields.done());

        self.authorizer_permissions(&api, |authorizer| flag(authorizer, "EnableFunctionDefaultPermissions", false));

        let name = get(properties, "StageName").cloned().unwrap_or_else(|| at.text("$default"));
        let stage = match name.as_str() {
            Some("$default") => format!("{}ApiGatewayDefaultStage", source.id),
            name => format!("{}{}Stage", source.id, alphanumeric(name.unwrap_or_default())),
        };
        let stage_at = At(get(properties, "StageName").map_or(at.0, |name| name.span));
        let mut routes = given(properties, "RouteSettings").cloned();
        if !api.route_settings.is_empty() {
            let mut all = routes.unwrap_or_else(|| at.map([]));
            if let Some(map) = map_mut(&mut all) {
                for Member { key, key_span, value } in std::mem::take(&mut api.route_settings) {
                    map.put(&key, key_span, value);
                }
            }
            routes = Some(all);
        }
        let fields = Fields::new(source.resource.properties.span)
            .set("ApiId", self.reference(at, &source.id))
            .set("StageName", name)
            .set("AutoDeploy", at.plain(true))
            .copy(properties, &["StageVariables", "AccessLogSettings", "DefaultRouteSettings", "Tags"])
            .maybe("RouteSettings", routes);
        self.emit(&source, &stage, "AWS::ApiGatewayV2::Stage", stage_at, fields.done());
        self.renamed.insert(format!("{}.Stage", source.id), stage.clone());
        self.v2_domain(&source, &stage);
    }

    fn http_auth(&mut self, api: &mut Api) {
        let Some(auth) = api.auth().cloned() else {
            clean(api);
            return;
        };
        if let Kind::Unknown(reason) = &auth.kind {
            api.each_operation(|_, _, operation| {
                operation.put("security", auth.span, Value::unknown(auth.span, reason.clone()));
            });
            return;
        }
        if let (Some(enabled), Some(schemes)) = (get(&auth, "EnableIamAuthorizer"), api.schemes()) {
            match (enabled.as_bool(), &enabled.kind) {
                (Some(true), _) => schemes.put("AWS_IAM", enabled.span, iam_scheme(At(enabled.span))),
                (None, Kind::Unknown(reason)) => schemes.open = Some(reason.clone()),
                _ => {}
            }
        }
        open_schemes(api, &auth);
        for member in members(get(&auth, "Authorizers")) {
            let scheme = self.http_scheme(&member.key, &member.value, At(member.key_span));
            if let Some(schemes) = api.schemes() {
                schemes.put(&member.key, member.key_span, scheme);
            }
        }
        if let Some(default) = given(&auth, "DefaultAuthorizer") {
            let at = At(default.span);
            let requirement = match default.as_str() {
                Some(name) => {
                    let all = get(&auth, "Authorizers").and_then(Value::as_map);
                    let scopes = all.and_then(|all| given(all.get(name)?, "AuthorizationScopes")).cloned();
                    if all.is_none_or(|all| all.get(name).is_none()) && name != "AWS_IAM" && !open(&auth) {
                        let message = format!("`{name}` is not among the authorizers of `{}`", api.source.id);
                        self.warn(&message, default.span);
                    }
                    at.map([(name, scopes.unwrap_or_else(|| at.list([])))])
                }
                None => Value::unknown(default.span, reason_of(default)),
            };
            api.each_operation(|_, method, operation| {
                let decided = operation.get("security").is_some_and(|security| match &security.kind {
                    Kind::List(items) => !items.is_empty(),
                    kind => *kind != Kind::Null,
                });
                if method != "options" && !decided {
                    require(operation, at, vec![requirement.clone()]);
                }
            });
        }
        clean(api);
    }

    fn http_scheme(&self, name: &str, authorizer: &Value, at: At) -> Value {
        if let Kind::Unknown(reason) = &authorizer.kind {
            return Value::unknown(authorizer.span, reason.clone());
        }
        if let Some(configuration) = given(authorizer, "JwtConfiguration") {
            let details = Fields::new(at.0)
                .set("jwtConfiguration", lower_keys(configuration))
                .copy_as(authorizer, "IdentitySource", "identitySource")
                .set("type", at.text("jwt"));
            return at.map([("type", at.text("oauth2")), ("x-amazon-apigateway-authorizer", details.done())]);
        }
        let Some(function) = given(authorizer, "FunctionArn") else {
            return at.not_understood(format!("authorizer `{name}` has neither a JWT configuration nor a function"));
        };
        let identity = given(authorizer, "Identity");
        let sources = identity.map(|identity| {
            let kinds = [
                ("Headers", "$request.header."),
                ("QueryStrings", "$request.querystring."),
                ("StageVariables", "$stageVariables."),
                ("Context", "$context."),
            ];
            At(identity.span).list(identity_sources(Some(identity), &kinds))
        });
        let target = Target { name: function.clone(), arn: function.clone() };
        let role = given(authorizer, "FunctionInvokeRole").filter(|role| role.as_str() != Some("NONE")).cloned();
        let ttl = identity.and_then(|identity| get(identity, "ReauthorizeEvery")).cloned();
        let details = Fields::new(at.0)
            .set("type", at.text("request"))
            .set("authorizerUri", self.invocation_uri(At(function.span), &target, false))
            .maybe("authorizerCredentials", role)
            .maybe("authorizerResultTtlInSeconds", ttl)
            .maybe("identitySource", sources)
            .copy_as(authorizer, "AuthorizerPayloadFormatVersion", "authorizerPayloadFormatVersion")
            .maybe("enableSimpleResponses", given(authorizer, "EnableSimpleResponses").cloned());
        at.map([
            ("type", at.text("apiKey")),
            ("name", at.text("Unused")),
            ("in", at.text("header")),
            ("x-amazon-apigateway-authorizer", details.done()),
        ])
    }

    fn http_extensions(api: &mut Api) {
        let properties = api.source.properties.clone();
        if let Some(disabled) = get(&properties, "DisableExecuteApiEndpoint") {
            disable_endpoint(api, disabled, true);
        }
        for (key, name) in [("Name", "title"), ("Description", "description")] {
            if let (Some(value), Some(info)) = (given(&properties, key), api.section(&["info"])) {
                info.put(name, value.span, value.clone());
            }
        }
        if given(&properties, "FailOnWarnings").is_some()
            && let Some(paths) = api.section(&["paths"])
        {
            for path in paths.members.iter_mut().filter(|path| &*path.key == "$default") {
                path.key = Arc::from("/$default");
            }
        }
    }
}

/// `CorsConfiguration`: `true` for every origin, or the settings.
fn http_cors(api: &mut Api) {
    let Some(cors) = given(&api.source.properties, "CorsConfiguration").cloned() else { return };
    let at = At(cors.span);
    let settings = match &cors.kind {
        Kind::Map(map) => {
            // Credentials that are not allowed are left out.
            let denied = |member: &&Member| &*member.key == "AllowCredentials" && member.value.as_bool() == Some(false);
            let members = map.members.iter().filter(|member| !denied(member)).map(|member| {
                let mut key = member.key.to_string();
                if let Some(first) = key.get_mut(..1) {
                    first.make_ascii_lowercase();
                }
                Member { key: Arc::from(key), ..member.clone() }
            });
            Value::new(cors.span, Kind::Map(Map { members: members.collect(), open: map.open.clone() }))
        }
        Kind::Scalar(_) if cors.as_bool() == Some(true) => at.map([("allowOrigins", at.texts(&["*"]))]),
        _ => cors.clone(),
    };
    if let Some(body) = api.section(&[]) {
        if let (Some(Kind::Map(known)), Kind::Map(new)) = (
            body.members
                .iter_mut()
                .find(|member| &*member.key == "x-amazon-apigateway-cors")
                .map(|member| &mut member.value.kind),
            &settings.kind,
        ) {
            for member in &new.members {
                known.put(&member.key, member.key_span, member.value.clone());
            }
            return;
        }
        body.put("x-amazon-apigateway-cors", at.0, settings);
    }
}

fn lower_keys(value: &Value) -> Value {
    let Kind::Map(map) = &value.kind else { return value.clone() };
    let lower = |member: &Member| Member { key: Arc::from(member.key.to_lowercase()), ..member.clone() };
    let map = Map { members: map.members.iter().map(lower).collect(), open: map.open.clone() };
    Value::new(value.span, Kind::Map(map))
}
