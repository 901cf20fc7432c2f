//! An evaluated template as whoever deploys it needs it: resources that a service API makes, with the intrinsics that
//! are left as JSON. What the service itself would take apart (the OpenAPI document of an HTTP API) is taken apart.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use sra_guard::input::{Context, Resource, cloudformation};
use sra_guard::source::SourceMap;
use sra_guard::value::{Kind, Part, Reference, Value};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-central-1";
const STACK: &str = "desk";

/// A resource to be deployed.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Plain {
    pub logical: String,
    pub kind: String,
    pub properties: Json,
    /// The resource of the template that it is (a part of).
    pub of: String,
    pub after: Vec<String>,
}

/// Where a template is deployed to.
pub(crate) fn context(account: &str) -> Context {
    Context { account: Some(account.to_owned()), region: Some(REGION.to_owned()), ..Context::default() }
}

/// The resources of a template that has no conditions.
pub(crate) fn plain(template: &str, account: &str) -> Vec<Plain> {
    let sources = std::sync::Arc::new(SourceMap::default());
    let unit = cloudformation::unit_from_text("template.yaml", template, &context(account), &sources).unwrap();
    let worlds = unit.worlds();
    assert_eq!(worlds.list.len(), 1, "a deployment is one world");
    let resources = unit.evaluate(&worlds.list[0]).resources;
    let names: BTreeMap<&str, &str> =
        resources.iter().map(|resource| (&*resource.address.0, &*resource.name)).collect();
    let writer = Writer { names, account };
    resources.iter().flat_map(|resource| writer.resource(resource)).collect()
}

struct Writer<'a> {
    /// Address → logical id.
    names: BTreeMap<&'a str, &'a str>,
    account: &'a str,
}

impl Writer<'_> {
    fn resource(&self, resource: &Resource) -> Vec<Plain> {
        let logical = resource.name.to_string();
        let plain = Plain {
            of: logical.clone(),
            logical,
            kind: resource.kind.to_string(),
            properties: self.json(&resource.properties),
            after: resource
                .depends_on
                .iter()
                .filter_map(|on| self.names.get(&*on.0))
                .map(ToString::to_string)
                .collect(),
        };
        if plain.kind == "AWS::ApiGatewayV2::Api" && plain.properties.get("Body").is_some() {
            return imported(&plain);
        }
        vec![plain]
    }

    fn json(&self, value: &Value) -> Json {
        match &value.kind {
            Kind::List(items) => Json::Array(items.iter().map(|item| self.json(item)).collect()),
            Kind::Map(map) => {
                assert!(map.open.is_none(), "{:?}", map.open);
                map.members.iter().map(|member| (member.key.to_string(), self.json(&member.value))).collect()
            }
            Kind::Ref(reference) => self.reference(reference),
            Kind::Text(parts) => {
                let parts: Vec<Json> = parts
                    .iter()
                    .map(|part| match part {
                        Part::Literal(text) => json!(text),
                        Part::Ref(reference) => self.reference(reference),
                        Part::Unknown(reason) => panic!("{reason}"),
                    })
                    .collect();
                json!({ "Fn::Join": ["", parts] })
            }
            Kind::Unknown(reason) => panic!("{reason}"),
            Kind::Null | Kind::Scalar(_) => value.to_json(),
        }
    }

    fn reference(&self, reference: &Reference) -> Json {
        match reference {
            Reference::Resource { address, attribute, .. } => {
                let name = self.names[&*address.0];
                match attribute {
                    None => json!({ "Ref": name }),
                    Some(attribute) => json!({ "Fn::GetAtt": [name, attribute] }),
                }
            }
            Reference::Pseudo(name) => json!(match &**name {
                "AWS::StackName" => STACK,
                "AWS::Region" => REGION,
                "AWS::AccountId" => self.account,
                "AWS::Partition" => "aws",
                "AWS::URLSuffix" => "amazonaws.com",
                name => panic!("{name}"),
            }),
        }
    }
}

/// The API, its routes, integrations and authorizers, as `ImportApi` makes them of an OpenAPI document. Source: Amazon API
/// Gateway Developer Guide, "OpenAPI definitions for HTTP APIs".
fn imported(api: &Plain) -> Vec<Plain> {
    let body = &api.properties["Body"];
    let part = |name: &str, kind: &str, properties: Json| Plain {
        logical: format!("{}{name}", api.logical),
        kind: format!("AWS::ApiGatewayV2::{kind}"),
        properties,
        of: api.logical.clone(),
        after: Vec::new(),
    };
    let api_id = json!({ "Ref": api.logical });
    let none = Map::new();
    let object = |value: &Json| value.as_object().cloned().unwrap_or_default();
    let mut parts = Vec::new();
    let schemes = object(&body["components"]["securitySchemes"]);
    for (name, scheme) in &schemes {
        let Some(authorizer) = scheme.get("x-amazon-apigateway-authorizer") else { continue };
        assert_eq!(authorizer["type"], "jwt");
        let jwt = &authorizer["jwtConfiguration"];
        let mut configuration = json!({ "Issuer": jwt["issuer"] });
        if !jwt["audience"].is_null() {
            configuration["Audience"] = jwt["audience"].clone();
        }
        let properties = json!({
            "ApiId": api_id, "Name": name, "AuthorizerType": "JWT",
            "IdentitySource": [authorizer["identitySource"]], "JwtConfiguration": configuration,
        });
        parts.push(part(&format!("Authorizer{name}"), "Authorizer", properties));
    }
    for (path, methods) in body["paths"].as_object().unwrap_or(&none) {
        for (method, operation) in object(methods) {
            let key = format!("{} {path}", method.to_uppercase());
            let from = &operation["x-amazon-apigateway-integration"];
            let integration = part(
                &format!("Integration {key}"),
                "Integration",
                json!({
                    "ApiId": api_id, "IntegrationType": "AWS_PROXY", "IntegrationMethod": from["httpMethod"],
                    "PayloadFormatVersion": from["payloadFormatVersion"], "IntegrationUri": from["uri"],
                }),
            );
            let mut route = json!({
                "ApiId": api_id, "RouteKey": key, "AuthorizationType": "NONE",
                "Target": { "Fn::Join": ["/", ["integrations", { "Ref": integration.logical }]] },
            });
            let security = operation["security"].as_array().or(body["security"].as_array());
            for (name, scopes) in security.into_iter().flatten().flat_map(object) {
                if schemes[&name].get("x-amazon-apigateway-authorizer").is_none() {
                    continue;
                }
                route["AuthorizationType"] = json!("JWT");
                route["AuthorizerId"] = json!({ "Ref": format!("{}Authorizer{name}", api.logical) });
                if scopes.as_array().is_some_and(|scopes| !scopes.is_empty()) {
                    route["AuthorizationScopes"] = scopes;
                }
            }
            parts.push(integration);
            parts.push(part(&format!(" {key}"), "Route", route));
        }
    }
    let mut properties = json!({ "Name": body["info"]["title"], "ProtocolType": "HTTP" });
    for (key, value) in object(&api.properties) {
        if key != "Body" {
            properties[key] = value;
        }
    }
    parts.insert(0, Plain { properties, ..api.clone() });
    parts
}
