//! What of a stage's export the analyses read. The rest (models, parameters, responses, templates) may hold keys that an
//! integration sends, and is most of its size.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_apigateway::types::MethodSnapshot;
use serde_json::{Map, Value, json};

use crate::input::snapshot::format::UNREAD;

pub(super) const POLICY: &str = "x-amazon-apigateway-policy";

const INTEGRATION: &str = "x-amazon-apigateway-integration";

const ANY: &str = "x-amazon-apigateway-any-method";

/// Keys of the document as a whole.
const DOCUMENT: &[&str] = &["openapi", "security", POLICY];

/// Keys of an operation beside its integration.
const OPERATION: &[&str] = &["isDefaultRoute", "operationId", "security", "x-amazon-apigateway-auth"];

const INTEGRATION_KEYS: &[&str] = &[
    "connectionId",
    "connectionType",
    "credentials",
    "httpMethod",
    "integrationSubtype",
    "integrationTarget",
    "timeoutInMillis",
    "type",
    "uri",
];

/// Nothing when it is no document of `OpenAPI` 3, which was asked for. Stage variables are put in their places: they are the stage's.
pub(super) fn of_export(document: Value, variables: Option<&HashMap<String, String>>) -> Option<Value> {
    let Value::Object(mut document) = document else { return None };
    if !document.get("openapi")?.as_str()?.starts_with("3.") {
        return None;
    }
    let Value::Object(paths) = document.remove("paths")? else { return None };
    let schemes = document.get("components").and_then(|components| components.get("securitySchemes")).cloned();
    let mut kept = only(document, DOCUMENT);
    let paths: Map<String, Value> = paths.into_iter().map(|(path, item)| (path, of_path(item, variables))).collect();
    kept.insert("paths".to_owned(), Value::Object(paths));
    if let Some(schemes) = schemes {
        let components = Map::from_iter([("securitySchemes".to_owned(), schemes)]);
        kept.insert("components".to_owned(), Value::Object(components));
    }
    Some(Value::Object(kept))
}

/// The methods of a deployment as a document. Whose credentials an authorizer takes and what a method leads to is not told.
pub(super) fn of_summary(summary: &HashMap<String, HashMap<String, MethodSnapshot>>) -> Value {
    let (mut paths, mut schemes) = (Map::new(), Map::new());
    for (path, methods) in summary.iter().collect::<BTreeMap<_, _>>() {
        let mut operations = Map::new();
        for (method, told) in methods.iter().collect::<BTreeMap<_, _>>() {
            let mut operation = Map::new();
            operation.insert(INTEGRATION.to_owned(), unread());
            if let Some(scheme) = told.authorization_type().and_then(of_authorization) {
                let name = told.authorization_type().unwrap_or_default();
                schemes.insert(name.to_owned(), scheme);
                operation.insert("security".to_owned(), json!([{ name: unread() }]));
            }
            let key = if method == "ANY" { ANY.to_owned() } else { method.to_ascii_lowercase() };
            operations.insert(key, Value::Object(operation));
        }
        paths.insert(path.clone(), Value::Object(operations));
    }
    json!({ "openapi": "3.0.1", "paths": paths, "components": { "securitySchemes": schemes } })
}

/// The security scheme that a method's type of authorization stands for (API Gateway developer guide, "OpenAPI extensions
/// for API Gateway in REST APIs").
fn of_authorization(kind: &str) -> Option<Value> {
    let authorizer = |kind: &str| {
        json!({ "type": "apiKey", "x-amazon-apigateway-authorizer": {
            "type": kind, "providerARNs": unread(), "authorizerUri": unread(), "identitySource": unread(),
        } })
    };
    match kind {
        "NONE" => None,
        "AWS_IAM" => Some(json!({ "type": "apiKey", "x-amazon-apigateway-authtype": "awsSigv4" })),
        "COGNITO_USER_POOLS" => Some(authorizer("cognito_user_pools")),
        "CUSTOM" => Some(authorizer("request")),
        _ => Some(unread()),
    }
}

fn unread() -> Value {
    json!({ UNREAD: super::EXPORT.api })
}

fn of_path(item: Value, variables: Option<&HashMap<String, String>>) -> Value {
    let Value::Object(operations) = item else { return item };
    let operations = operations.into_iter().filter(|(key, _)| key != "parameters");
    Value::Object(operations.map(|(method, operation)| (method, of_operation(operation, variables))).collect())
}

fn of_operation(operation: Value, variables: Option<&HashMap<String, String>>) -> Value {
    let Value::Object(mut operation) = operation else { return operation };
    let integration = operation.remove(INTEGRATION);
    let mut kept = only(operation, OPERATION);
    if let Some(Value::Object(integration)) = integration {
        let mut integration = only(integration, INTEGRATION_KEYS);
        integration.values_mut().for_each(|value| substitute(value, variables));
        kept.insert(INTEGRATION.to_owned(), Value::Object(integration));
    }
    Value::Object(kept)
}

fn only(object: Map<String, Value>, keys: &[&str]) -> Map<String, Value> {
    object.into_iter().filter(|(key, _)| keys.contains(&key.as_str())).collect()
}

/// `${stageVariables.name}`, as API Gateway resolves it when it calls the integration.
fn substitute(value: &mut Value, variables: Option<&HashMap<String, String>>) {
    let Value::String(text) = value else { return };
    for (name, by) in variables.into_iter().flatten().collect::<BTreeMap<_, _>>() {
        *text = text.replace(&format!("${{stageVariables.{name}}}"), by);
    }
}
