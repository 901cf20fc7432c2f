//! What of a stage's export the analyses read. The rest (models, parameters, responses, templates) may hold keys that an
//! integration sends, and is most of its size.

use std::collections::HashMap;

use serde_json::{Map, Value};

pub(super) const POLICY: &str = "x-amazon-apigateway-policy";

const INTEGRATION: &str = "x-amazon-apigateway-integration";

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
    for (name, by) in variables.into_iter().flatten().collect::<std::collections::BTreeMap<_, _>>() {
        *text = text.replace(&format!("${{stageVariables.{name}}}"), by);
    }
}
