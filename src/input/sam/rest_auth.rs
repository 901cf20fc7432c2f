//! `Auth` of REST APIs: authorizers, the default one, API keys and usage plans.

use crate::value::{Kind, Value};

use super::api_event::demand;
use super::events::Event;
use super::openapi::{Api, names_one, require, requirements};
use super::shape::{At, Fields, get, given, members, text};
use super::{Serverless, Transform, reason_of};

/// Marks an operation that opts out of the default authorizer, and one that opts out of API keys.
const NO_AUTHORIZER: &str = "NONE";
const NO_API_KEY: &str = "api_key_false";

/// The usage plan that several APIs share.
pub(super) struct SharedPlan {
    source: Serverless,
    at: At,
    plan: Value,
    stages: Vec<Value>,
    keys: Vec<Value>,
}

impl Transform<'_> {
    /// What an event demands of callers, beside or instead of the API's default.
    pub(super) fn event_auth(&mut self, api: &mut Api, event: &Event) {
        let Some(auth) = given(&event.properties, "Auth") else { return };
        let at = At(auth.span);
        if let Kind::Unknown(reason) = &auth.kind {
            let unknown = Value::unknown(auth.span, reason.clone());
            if let Some(operation) = api.event_operation(event) {
                demand(operation, at, unknown);
            }
            return;
        }
        if let Some(authorizer) = get(auth, "Authorizer") {
            let at = At(authorizer.span);
            let requirement = match authorizer.as_str() {
                Some(name) => {
                    let declared =
                        api.auth().and_then(|auth| get(auth, "Authorizers")).and_then(|all| all.as_map()?.get(name));
                    let undeclared = declared.is_none() && !api.auth().is_some_and(open);
                    if undeclared && !["AWS_IAM", NO_AUTHORIZER].contains(&name) {
                        let message = format!("`{name}` is not among the authorizers of `{}`", api.source.id);
                        self.warn(&message, authorizer.span);
                    }
                    let scopes = get(auth, "AuthorizationScopes")
                        .or_else(|| declared.and_then(|authorizer| get(authorizer, "AuthorizationScopes")))
                        .filter(|_| declared.is_some())
                        .cloned();
                    at.map([(name, scopes.unwrap_or_else(|| at.list([])))])
                }
                None => Value::unknown(authorizer.span, reason_of(authorizer)),
            };
            if authorizer.as_str() == Some("AWS_IAM") {
                declare_iam(api, at);
            }
            if let Some(operation) = api.event_operation(event) {
                demand(operation, at, requirement);
            }
        }
        if let Some(required) = get(auth, "ApiKeyRequired") {
            let at = At(required.span);
            let name = if required.as_bool() == Some(false) { NO_API_KEY } else { "api_key" };
            if name == "api_key" {
                declare_api_key(api, at);
            }
            if let Some(operation) = api.event_operation(event) {
                demand(operation, at, at.map([(name, at.list([]))]));
            }
        }
        if let Some(policy) = given(auth, "ResourcePolicy").cloned() {
            let path = event.get("Path").and_then(Value::as_str).unwrap_or_default().to_owned();
            Self::resource_policy(api, &policy, Some(&path));
        }
    }

    /// `Auth` of the API itself. Events have had their say.
    pub(super) fn rest_auth(&mut self, api: &mut Api) {
        let Some(auth) = api.auth().cloned().filter(|_| !api.imported) else {
            clean(api);
            return;
        };
        if let Kind::Unknown(reason) = &auth.kind {
            api.each_operation(|_, _, operation| {
                let unknown = Value::unknown(auth.span, reason.clone());
                operation.put("security", auth.span, unknown);
            });
            return;
        }
        open_schemes(api, &auth);
        let names: Vec<String> =
            members(get(&auth, "Authorizers")).iter().map(|member| member.key.to_string()).collect();
        for member in members(get(&auth, "Authorizers")) {
            let scheme = self.rest_scheme(&member.key, &member.value, At(member.key_span));
            if let Some(schemes) = api.schemes() {
                schemes.put(&member.key, member.key_span, scheme);
            }
        }
        if let Some(default) = given(&auth, "DefaultAuthorizer") {
            self.rest_default(api, &auth, default, &names);
        }
        if let Some(required) = given(&auth, "ApiKeyRequired") {
            let demanded = match &required.kind {
                Kind::Unknown(_) => required.clone(),
                _ => At(required.span).map([("api_key", At(required.span).list([]))]),
            };
            let preflight = flag(&auth, "AddApiKeyRequiredToCorsPreflight", true);
            let at = At(required.span);
            declare_api_key(api, at);
            api.each_operation(|_, method, operation| {
                let mut all = requirements(operation);
                let opted_out = all.iter().any(|one| names_one(one, &[NO_API_KEY]));
                all.retain(|one| !names_one(one, &["api_key", NO_API_KEY]));
                if !opted_out && (method != "options" || preflight) {
                    all.push(demanded.clone());
                }
                require(operation, at, all);
            });
        }
        if let Some(policy) = given(&auth, "ResourcePolicy").cloned() {
            Self::resource_policy(api, &policy, None);
        }
        clean(api);
    }

    fn rest_default(&mut self, api: &mut Api, auth: &Value, default: &Value, names: &[String]) {
        let at = At(default.span);
        let name = default.as_str();
        if name == Some("AWS_IAM") {
            declare_iam(api, at);
        } else if let Some(name) = name.filter(|name| !open(auth) && !names.iter().any(|known| known == name)) {
            let message = format!("`{name}` is not among the authorizers of `{}`", api.source.id);
            self.warn(&message, default.span);
        }
        let mut known: Vec<&str> = names.iter().map(String::as_str).collect();
        known.push("AWS_IAM");
        let preflight = flag(auth, "AddDefaultAuthorizerToCorsPreflight", true);
        let requirement = match name {
            Some(name) => {
                let scopes = get(auth, "Authorizers")
                    .and_then(|all| get(all.as_map()?.get(name)?, "AuthorizationScopes"))
                    .cloned();
                at.map([(name, scopes.unwrap_or_else(|| at.list([])))])
            }
            None => Value::unknown(default.span, reason_of(default)),
        };
        api.each_operation(|_, method, operation| {
            if method == "options" && !preflight {
                return;
            }
            let all = requirements(operation);
            let decided = all.iter().any(|one| {
                names_one(one, &known) || names_one(one, &[NO_AUTHORIZER]) || matches!(one.kind, Kind::Unknown(_))
            });
            if !decided {
                let rest = all.into_iter().chain([requirement.clone()]).collect();
                require(operation, at, rest);
            }
        });
    }

    /// The security scheme of an authorizer. Source: OpenAPI extensions of API Gateway,
    /// `x-amazon-apigateway-authorizer`.
    fn rest_scheme(&self, name: &str, authorizer: &Value, at: At) -> Value {
        if let Kind::Unknown(reason) = &authorizer.kind {
            return Value::unknown(authorizer.span, reason.clone());
        }
        let payload = text(authorizer, "FunctionPayloadType").unwrap_or("TOKEN");
        let identity = get(authorizer, "Identity");
        let header = identity.and_then(|identity| given(identity, "Header")).cloned();
        let scheme = |kind: &str, header: Value, details: Fields| {
            let details = match identity.and_then(|identity| given(identity, "ValidationExpression")) {
                Some(expression) if payload == "TOKEN" || kind == "cognito_user_pools" => {
                    details.set("identityValidationExpression", expression.clone())
                }
                _ => details,
            };
            Fields::new(at.0)
                .set("type", at.text("apiKey"))
                .set("name", header)
                .set("in", at.text("header"))
                .set("x-amazon-apigateway-authtype", at.text(kind))
                .set("x-amazon-apigateway-authorizer", details.done())
                .done()
        };
        let header_or_default = || header.clone().unwrap_or_else(|| at.text("Authorization"));
        if let Some(pool) = given(authorizer, "UserPoolArn") {
            let pools = match &pool.kind {
                Kind::List(_) | Kind::Unknown(_) => pool.clone(),
                _ => At(pool.span).list([pool.clone()]),
            };
            let details = Fields::new(at.0).set("type", at.text("cognito_user_pools")).set("providerARNs", pools);
            return scheme("cognito_user_pools", header_or_default(), details);
        }
        let Some(function) = given(authorizer, "FunctionArn") else {
            return at.not_understood(format!("authorizer `{name}` has neither a user pool nor a function"));
        };
        let target = super::Target { name: function.clone(), arn: function.clone() };
        let ttl = identity.and_then(|identity| get(identity, "ReauthorizeEvery")).cloned();
        let role = given(authorizer, "FunctionInvokeRole").filter(|role| role.as_str() != Some("NONE")).cloned();
        let request = payload == "REQUEST";
        let sources = identity_sources(
            identity,
            &[
                ("Headers", "method.request.header."),
                ("QueryStrings", "method.request.querystring."),
                ("StageVariables", "stageVariables."),
                ("Context", "context."),
            ],
        );
        let sources = (request && !sources.is_empty()).then(|| {
            let mut joined = Vec::new();
            for source in sources {
                if !joined.is_empty() {
                    joined.push(at.text(", "));
                }
                joined.push(source);
            }
            At(identity.map_or(at.0, |identity| identity.span)).joined(joined)
        });
        let details = Fields::new(at.0)
            .set("type", at.text(if request { "request" } else { "token" }))
            .set("authorizerUri", self.invocation_uri(At(function.span), &target, false))
            .maybe("authorizerResultTtlInSeconds", ttl)
            .maybe("authorizerCredentials", role)
            .maybe("identitySource", sources);
        let header = if request { at.text("Unused") } else { header_or_default() };
        scheme("custom", header, details)
    }

    /// Lets API Gateway invoke the functions that authorize.
    pub(super) fn authorizer_permissions(&mut self, api: &Api, wanted: impl Fn(&Value) -> bool) {
        let Some(auth) = api.auth() else { return };
        for member in members(get(auth, "Authorizers")) {
            let Some(function) = given(&member.value, "FunctionArn").filter(|_| wanted(&member.value)) else {
                continue;
            };
            let id = format!("{}{}AuthorizerPermission", api.source.id, member.key);
            self.authorizer_permission(&api.source, &id, At(member.key_span), function);
        }
    }

    pub(super) fn authorizer_permission(&mut self, source: &Serverless, id: &str, at: At, function: &Value) {
        let api = self.reference(at, &source.id);
        let arn = self.filled(
            at,
            "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${api}/authorizers/*",
            &[("api", &api)],
        );
        let properties = Fields::new(at.0)
            .set("Action", at.text("lambda:InvokeFunction"))
            .set("FunctionName", function.clone())
            .set("Principal", at.text("apigateway.amazonaws.com"))
            .set("SourceArn", arn);
        self.emit(source, id, "AWS::Lambda::Permission", at, properties.done());
    }

    pub(super) fn usage_plan(&mut self, api: &Api, stage: &str) {
        let Some(plan) = api.auth().and_then(|auth| given(auth, "UsagePlan")) else { return };
        let at = At(plan.span);
        let id = &api.source.id;
        let (api_ref, stage_ref) = (self.reference(at, id), self.reference(at, stage));
        let one_stage = at.map([("ApiId", api_ref.clone()), ("Stage", stage_ref.clone())]);
        let one_key = at.map([("RestApiId", api_ref), ("StageName", stage_ref)]);
        match text(plan, "CreateUsagePlan") {
            Some("PER_API") => {
                let names = [format!("{id}UsagePlan"), format!("{id}ApiKey"), format!("{id}UsagePlanKey")];
                self.emit_plan(&api.source, at, plan, &names, vec![one_stage], vec![one_key]);
            }
            Some("SHARED") => {
                let shared = self.usage_plan.get_or_insert_with(|| SharedPlan {
                    source: api.source.clone(),
                    at,
                    plan: plan.clone(),
                    stages: Vec::new(),
                    keys: Vec::new(),
                });
                shared.stages.push(one_stage);
                shared.keys.push(one_key);
            }
            _ => {}
        }
    }

    pub(super) fn shared_usage_plan(&mut self) {
        let Some(SharedPlan { source, at, plan, stages, keys }) = self.usage_plan.take() else { return };
        let names = ["ServerlessUsagePlan", "ServerlessApiKey", "ServerlessUsagePlanKey"].map(str::to_owned);
        self.emit_plan(&source, at, &plan, &names, stages, keys);
    }

    fn emit_plan(
        &mut self,
        source: &Serverless,
        at: At,
        plan: &Value,
        [plan_id, key_id, link_id]: &[String; 3],
        stages: Vec<Value>,
        keys: Vec<Value>,
    ) {
        let properties = Fields::new(at.0)
            .set("ApiStages", at.list(stages))
            .copy(plan, &["UsagePlanName", "Description", "Quota", "Tags", "Throttle"]);
        self.emit(source, plan_id, "AWS::ApiGateway::UsagePlan", at, properties.done());
        let properties = at.map([("Enabled", at.plain(true)), ("StageKeys", at.list(keys))]);
        self.emit(source, key_id, "AWS::ApiGateway::ApiKey", at, properties);
        let properties = at.map([
            ("KeyId", self.reference(at, key_id)),
            ("KeyType", at.text("API_KEY")),
            ("UsagePlanId", self.reference(at, plan_id)),
        ]);
        self.emit(source, link_id, "AWS::ApiGateway::UsagePlanKey", at, properties);
        for (name, id) in [("UsagePlan", plan_id), ("ApiKey", key_id), ("UsagePlanKey", link_id)] {
            self.renamed.insert(format!("{}.{name}", source.id), id.clone());
        }
    }
}

/// What identifies a caller to a function that authorizes, with API Gateway's prefixes.
pub(super) fn identity_sources(identity: Option<&Value>, kinds: &[(&str, &str)]) -> Vec<Value> {
    let Some(identity) = identity else { return Vec::new() };
    let mut found = Vec::new();
    for (key, prefix) in kinds {
        for item in get(identity, key).and_then(Value::items).unwrap_or_default() {
            let at = At(item.span);
            found.push(at.joined([at.text(*prefix), item.clone()]));
        }
    }
    found
}

pub(super) fn flag(value: &Value, key: &str, default: bool) -> bool {
    get(value, key).and_then(Value::as_bool).unwrap_or(default)
}

/// The scheme of signed requests.
pub(super) fn iam_scheme(at: At) -> Value {
    at.map([
        ("type", at.text("apiKey")),
        ("name", at.text("Authorization")),
        ("in", at.text("header")),
        ("x-amazon-apigateway-authtype", at.text("awsSigv4")),
    ])
}

/// Authorizers that are not known may be any: a scheme that is not among the others is then unknown.
pub(super) fn open_schemes(api: &mut Api, auth: &Value) {
    let reason = match get(auth, "Authorizers").map(|all| &all.kind) {
        Some(Kind::Unknown(reason)) => reason.clone(),
        Some(Kind::Map(map)) => match &map.open {
            Some(reason) => reason.clone(),
            None => return,
        },
        _ => return,
    };
    if let Some(schemes) = api.schemes() {
        schemes.open = Some(reason);
    }
}

/// Whether further authorizers may exist.
pub(super) fn open(auth: &Value) -> bool {
    get(auth, "Authorizers").is_some_and(|all| match &all.kind {
        Kind::Unknown(_) => true,
        Kind::Map(map) => map.open.is_some(),
        _ => false,
    })
}

fn declare_iam(api: &mut Api, at: At) {
    if let Some(schemes) = api.schemes() {
        schemes.enter("AWS_IAM", at.0, || iam_scheme(at));
    }
}

fn declare_api_key(api: &mut Api, at: At) {
    if let Some(schemes) = api.schemes() {
        schemes.enter("api_key", at.0, || {
            at.map([("type", at.text("apiKey")), ("name", at.text("x-api-key")), ("in", at.text("header"))])
        });
    }
}

/// Takes out the marks of operations that opt out: what remains says what is demanded.
pub(super) fn clean(api: &mut Api) {
    api.each_operation(|_, _, operation| {
        let Some(Kind::List(items)) =
            operation.members.iter_mut().find(|member| &*member.key == "security").map(|member| &mut member.value.kind)
        else {
            return;
        };
        items.retain(|one| !names_one(one, &[NO_AUTHORIZER, NO_API_KEY]));
    });
}
