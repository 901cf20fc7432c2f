//! `AWS::Serverless::Api`: the REST API with its definition, deployment and stage.

use crate::value::{Kind, Value};

use super::openapi::{ANY_METHOD, Api};
use super::shape::{At, Fields, get, given, map_mut, members};
use super::{Serverless, Transform, alphanumeric, tag_list};

const CONFIGURATION: &str = "x-amazon-apigateway-endpoint-configuration";
const ALL_METHODS: &[&str] = &["OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"];

impl Transform<'_> {
    pub(super) fn declare_rest_api(&mut self, source: Serverless, position: usize) {
        let skeleton = self.skeleton(&source);
        let api = self.declare_api(source, position, skeleton, false);
        self.rest_apis.push(api);
    }

    pub(super) fn rest_api(&mut self, mut api: Api) {
        if api.implicit && !api.has_paths() {
            return;
        }
        self.position = api.position;
        if !api.imported {
            self.rest_cors(&mut api);
        }
        self.rest_auth(&mut api);
        let source = api.source.clone();
        let (properties, at) = (&source.properties, source.at());
        if !api.imported {
            Self::rest_extensions(&mut api);
        }

        let uri = given(properties, "DefinitionUri").filter(|_| api.body.is_none());
        let endpoint = given(properties, "EndpointConfiguration").map(endpoint_configuration);
        let rest = Fields::new(source.resource.properties.span)
            .copy(
                properties,
                &[
                    "Name",
                    "Description",
                    "BinaryMediaTypes",
                    "MinimumCompressionSize",
                    "FailOnWarnings",
                    "Mode",
                    "ApiKeySourceType",
                    "Policy",
                    "SecurityPolicy",
                    "EndpointAccessMode",
                ],
            )
            .maybe("EndpointConfiguration", endpoint)
            .maybe("BodyS3Location", uri.map(Self::definition_location))
            .maybe("Body", api.body.clone());
        self.emit_main(&source, rest.done());

        let deployment = format!("{}Deployment", source.id);
        let extra = get(properties, "OpenApiVersion").is_none().then(|| at.text("Stage"));
        let fields = Fields::new(at.0).set("RestApiId", self.reference(at, &source.id)).maybe("StageName", extra);
        self.emit(&source, &deployment, "AWS::ApiGateway::Deployment", at, fields.done());

        let name = get(properties, "StageName");
        let stage = format!("{}{}Stage", source.id, alphanumeric(name.and_then(Value::as_str).unwrap_or_default()));
        let stage_at = At(name.map_or(at.0, |name| name.span));
        let fields = Fields::new(source.resource.properties.span)
            .set("RestApiId", self.reference(at, &source.id))
            .set("DeploymentId", self.reference(at, &deployment))
            .copy(
                properties,
                &[
                    "StageName",
                    "CacheClusterEnabled",
                    "CacheClusterSize",
                    "Variables",
                    "MethodSettings",
                    "AccessLogSetting",
                    "CanarySetting",
                    "TracingEnabled",
                ],
            )
            .maybe("Tags", tag_list(at, get(properties, "Tags")));
        self.emit(&source, &stage, "AWS::ApiGateway::Stage", stage_at, fields.done());
        for (name, id) in [("Deployment", &deployment), ("Stage", &stage)] {
            self.renamed.insert(format!("{}.{name}", source.id), id.clone());
        }
        self.authorizer_permissions(&api, |authorizer| {
            given(authorizer, "UserPoolArn").is_none()
                && given(authorizer, "DisableFunctionDefaultPermissions").and_then(Value::as_bool) != Some(true)
        });
        self.rest_domain(&source, &stage);
        self.usage_plan(&api, &stage);
    }

    /// What the properties add to the definition beside routes and security.
    fn rest_extensions(api: &mut Api) {
        let source = api.source.clone();
        let three = api.body.as_ref().is_some_and(|body| get(body, "openapi").is_some());
        if let Some(disabled) = get(&source.properties, "DisableExecuteApiEndpoint") {
            disable_endpoint(api, disabled, three);
        }
        for response in members(given(&source.properties, "GatewayResponses")) {
            let at = At(response.key_span);
            if let Some(all) = api.section(&["x-amazon-apigateway-gateway-responses"]) {
                let fields = Fields::new(at.0)
                    .copy_as(&response.value, "StatusCode", "statusCode")
                    .copy_as(&response.value, "ResponseTemplates", "responseTemplates")
                    .maybe("responseParameters", get(&response.value, "ResponseParameters").map(response_parameters));
                all.put(&response.key, response.key_span, fields.done());
            }
        }
        let models = members(given(&source.properties, "Models"));
        if !models.is_empty()
            && let Some(all) =
                if three { api.section(&["components", "schemas"]) } else { api.section(&["definitions"]) }
        {
            for model in models {
                all.put(&model.key.to_lowercase(), model.key_span, model.value.clone());
            }
        }
        let mut validators = Vec::new();
        api.each_operation(|_, _, operation| {
            if let Some(name) = operation.get("x-amazon-apigateway-request-validator") {
                validators.push((name.as_str().unwrap_or_default().to_owned(), At(name.span)));
            }
        });
        let managed = api.managed;
        for (name, at) in validators.into_iter().filter(|_| managed) {
            if let Some(all) = api.section(&["x-amazon-apigateway-request-validators"]) {
                let flags = [
                    ("validateRequestBody", at.plain(name.starts_with("body"))),
                    ("validateRequestParameters", at.plain(name.ends_with("params") || name == "params-only")),
                ];
                all.enter(&name, at.0, || at.map(flags));
            }
        }
    }

    /// `Cors`: an `OPTIONS` method on each path, which answers by itself.
    fn rest_cors(&mut self, api: &mut Api) {
        let Some(cors) = given(&api.source.properties, "Cors").cloned() else { return };
        let at = At(cors.span);
        if let Kind::Unknown(reason) = &cors.kind {
            let message = format!("`Cors` of `{}` is not known: {reason}", api.source.id);
            self.warn(&message, cors.span);
            return;
        }
        let part = |key: &str| if matches!(cors.kind, Kind::Map(_)) { get(&cors, key).cloned() } else { None };
        let origin = if matches!(cors.kind, Kind::Map(_)) {
            part("AllowOrigin").unwrap_or_else(|| at.text("'*'"))
        } else {
            cors.clone()
        };
        let Some(paths) = api.section(&["paths"]) else { return };
        let mut done: Vec<String> = Vec::new();
        for path in &mut paths.members {
            let normal = if path.key.len() > 1 { path.key.trim_end_matches('/') } else { &path.key };
            if done.iter().any(|one| one == normal) {
                continue;
            }
            done.push(normal.to_owned());
            let Some(item) = map_mut(&mut path.value) else { continue };
            let mut methods: Vec<String> = item.members.iter().map(|member| member.key.to_uppercase()).collect();
            if item.get(ANY_METHOD).is_some() {
                methods = ALL_METHODS.iter().map(|method| (*method).to_owned()).collect();
            } else {
                methods.push("OPTIONS".to_owned());
            }
            methods.sort();
            methods.dedup();
            item.enter("options", at.0, || {
                let allowed = part("AllowMethods").unwrap_or_else(|| at.text(format!("'{}'", methods.join(","))));
                let header = |name: &str| format!("method.response.header.Access-Control-Allow-{name}");
                let mut parameters = Fields::new(at.0)
                    .set(&header("Origin"), origin.clone())
                    .maybe(&header("Headers"), part("AllowHeaders"))
                    .set(&header("Methods"), allowed)
                    .maybe("method.response.header.Access-Control-Max-Age", part("MaxAge"));
                if part("AllowCredentials").and_then(|value| value.as_bool()) == Some(true) {
                    parameters = parameters.set(&header("Credentials"), at.text("'true'"));
                }
                preflight(at, parameters.done())
            });
        }
    }
}

/// The answer to a preflight request.
fn preflight(at: At, parameters: Value) -> Value {
    let answer = Fields::new(at.0).set("statusCode", at.text("200")).set("responseParameters", parameters).done();
    let integration = at.map([
        ("type", at.text("mock")),
        ("requestTemplates", at.map([("application/json", at.text("{\"statusCode\": 200}"))])),
        ("responses", at.map([("default", answer)])),
    ]);
    at.map([
        ("summary", at.text("CORS support")),
        (super::openapi::INTEGRATION, integration),
        ("responses", at.map([("200", at.map([("description", at.text("Default response for CORS method"))]))])),
    ])
}

/// `EndpointConfiguration`: a type, or a type with VPC endpoints.
fn endpoint_configuration(value: &Value) -> Value {
    let at = At(value.span);
    match &value.kind {
        Kind::Map(_) => Fields::new(at.0)
            .maybe("Types", get(value, "Type").map(|kind| At(kind.span).list([kind.clone()])))
            .copy_as(value, "VPCEndpointIds", "VpcEndpointIds")
            .copy(value, &["VpcEndpointIds", "Types", "IpAddressType"])
            .done(),
        Kind::Unknown(_) => value.clone(),
        _ => at.map([("Types", at.list([value.clone()]))]),
    }
}

pub(super) fn disable_endpoint(api: &mut Api, disabled: &Value, servers: bool) {
    let at = At(disabled.span);
    if !servers {
        if let Some(configuration) = api.section(&[CONFIGURATION]) {
            configuration.put("disableExecuteApiEndpoint", at.0, disabled.clone());
        }
        return;
    }
    let Some(body) = api.section(&[]) else { return };
    let Some(servers) = body.enter("servers", at.0, || at.list([at.map([])])) else { return };
    if let Kind::List(items) = &mut servers.kind {
        for server in items {
            let configuration =
                map_mut(server).and_then(|server| server.enter(CONFIGURATION, at.0, || at.map([]))).and_then(map_mut);
            if let Some(configuration) = configuration {
                configuration.put("disableExecuteApiEndpoint", at.0, disabled.clone());
            }
        }
    }
}

fn response_parameters(value: &Value) -> Value {
    let groups = [
        ("Headers", "gatewayresponse.header."),
        ("Paths", "gatewayresponse.path."),
        ("QueryStrings", "gatewayresponse.querystring."),
    ];
    let mut fields = Fields::new(value.span);
    for (group, prefix) in groups {
        for member in members(get(value, group)) {
            fields = fields.set(&format!("{prefix}{}", member.key), member.value.clone());
        }
    }
    fields.done()
}
