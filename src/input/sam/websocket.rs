//! `AWS::Serverless::WebSocketApi`: routes, integrations, the authorizer of `$connect`, and a stage.

use crate::value::Value;

use super::shape::{At, Fields, get, given, members, text};
use super::{Serverless, Transform, alphanumeric, reason_of};

impl Transform<'_> {
    pub(super) fn websocket_api(&mut self, source: &Serverless) {
        let properties = &source.properties;
        let at = source.at();
        let api = self.reference(at, &source.id);
        let fields = Fields::new(source.resource.properties.span).set("ProtocolType", at.text("WEBSOCKET")).copy(
            properties,
            &[
                "ApiKeySelectionExpression",
                "Description",
                "DisableExecuteApiEndpoint",
                "DisableSchemaValidation",
                "IpAddressType",
                "Name",
                "RouteSelectionExpression",
                "Tags",
            ],
        );
        self.emit_main(source, fields.done());
        let stage_name = get(properties, "StageName").cloned().unwrap_or_else(|| at.text("default"));
        for route in members(get(properties, "Routes")) {
            self.socket_route(source, &route.key, &route.value, At(route.key_span), &stage_name);
        }
        let suffix = match text(properties, "StageName") {
            None | Some("default") => "Default".to_owned(),
            Some(name) => alphanumeric(name),
        };
        let stage = format!("{}{suffix}Stage", source.id);
        let fields = Fields::new(source.resource.properties.span)
            .set("ApiId", api)
            .set("StageName", stage_name)
            .set("AutoDeploy", at.plain(true))
            .copy(properties, &["StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings"]);
        self.emit(source, &stage, "AWS::ApiGatewayV2::Stage", at, fields.done());
        self.renamed.insert(format!("{}.Stage", source.id), stage.clone());
        self.socket_authorizer(source);
        self.v2_domain(source, &stage);
    }

    fn socket_route(&mut self, source: &Serverless, key: &str, route: &Value, at: At, stage: &Value) {
        let name = alphanumeric(key);
        let mut letters = name.chars();
        let name: String = letters
            .next()
            .map(|first| first.to_ascii_uppercase())
            .into_iter()
            .chain(letters.map(|one| one.to_ascii_lowercase()))
            .collect();
        let base = format!("{}{name}", source.id);
        let api = self.reference(at, &source.id);
        let function = match get(route, "FunctionArn") {
            Some(function) => function.clone(),
            None => Value::unknown(route.span, reason_of(route)),
        };
        let integration = format!("{base}Integration");
        let reference = self.reference(at, &integration);
        let mut fields = Fields::new(at.0)
            .set("ApiId", api.clone())
            .set("RouteKey", at.text(key))
            .copy(
                route,
                &[
                    "ApiKeyRequired",
                    "ModelSelectionExpression",
                    "OperationName",
                    "RequestModels",
                    "RequestParameters",
                    "RouteResponseSelectionExpression",
                ],
            )
            .set("Target", at.joined([at.text("integrations/"), reference]));
        if let Some(auth) = given(&source.properties, "Auth").filter(|_| key == "$connect") {
            let kind = get(auth, "AuthType").cloned();
            let custom = kind.as_ref().and_then(Value::as_str) == Some("CUSTOM");
            let kind = kind.unwrap_or_else(|| Value::unknown(auth.span, reason_of(auth)));
            fields = fields.set("AuthorizationType", kind);
            if custom {
                let id = format!("{}ConnectAuthorizer", source.id);
                fields = fields.set("AuthorizerId", self.reference(At(auth.span), &id));
            }
        }
        self.emit(source, &format!("{base}Route"), "AWS::ApiGatewayV2::Route", at, fields.done());
        let target = super::Target { name: function.clone(), arn: function.clone() };
        let fields = Fields::new(at.0)
            .set("ApiId", api.clone())
            .set("IntegrationType", at.text("AWS_PROXY"))
            .set("IntegrationUri", self.invocation_uri(at, &target, false))
            .copy_as(route, "IntegrationTimeout", "TimeoutInMillis");
        self.emit(source, &integration, "AWS::ApiGatewayV2::Integration", at, fields.done());
        let id = self.attribute(at, &source.id, "ApiId");
        let arn = self.filled(
            at,
            "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${api}/${stage}/${route}",
            &[("api", &id), ("stage", stage), ("route", &at.text(key))],
        );
        let fields = Fields::new(at.0)
            .set("Action", at.text("lambda:InvokeFunction"))
            .set("FunctionName", function)
            .set("Principal", at.text("apigateway.amazonaws.com"))
            .set("SourceArn", arn);
        self.emit(source, &format!("{base}Permission"), "AWS::Lambda::Permission", at, fields.done());
    }

    fn socket_authorizer(&mut self, source: &Serverless) {
        let Some(auth) = given(&source.properties, "Auth") else { return };
        if text(auth, "AuthType") != Some("CUSTOM") {
            return;
        }
        let at = At(auth.span);
        let Some(function) = get(auth, "AuthArn").cloned() else { return };
        let id = format!("{}ConnectAuthorizer", source.id);
        let target = super::Target { name: function.clone(), arn: function.clone() };
        let fields = Fields::new(at.0)
            .set("ApiId", self.reference(at, &source.id))
            .set("AuthorizerType", at.text("REQUEST"))
            .set("AuthorizerUri", self.invocation_uri(At(function.span), &target, false))
            .copy_as(auth, "InvokeRole", "AuthorizerCredentialsArn")
            .copy(auth, &["IdentitySource"])
            .set("Name", get(auth, "Name").cloned().unwrap_or_else(|| at.text(id.as_str())));
        self.emit(source, &id, "AWS::ApiGatewayV2::Authorizer", at, fields.done());
        if given(auth, "InvokeRole").is_none() {
            let id = format!("{}AuthorizerPermission", source.id);
            self.authorizer_permission(source, &id, at, &function);
        }
    }
}
