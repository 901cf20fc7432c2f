//! Resource policies as the statements that `AddPermission` and `AddLayerVersionPermission` made of them.
//!
//! Source: "Working with resource-based IAM policies in Lambda", AWS Lambda developer guide: which condition keys there are.

use serde_json::{Map, Value, json};

use super::{LAYER_PERMISSION_KIND, PERMISSION_KIND, part};
use crate::account::item::document;
use crate::account::reader::Unread;
use crate::input::snapshot::format::Item;

/// Permissions of a function, a version or an alias. A policy that cannot be read is a permission of which nothing is known.
pub(super) fn of_function(on: &str, policy: Result<Option<&str>, Unread>) -> Vec<Item> {
    let statements = match policy.and_then(|policy| statements(policy).ok_or(Unread(super::POLICY.api))) {
        Ok(statements) => statements,
        Err(unread) => {
            let item = part(on, "policy", PERMISSION_KIND).set("FunctionName", on);
            let hidden = ["Action", "Principal", "PrincipalOrgID", "SourceAccount", "SourceArn"];
            return vec![hidden.into_iter().fold(item, |item, key| item.set(key, Err::<String, _>(unread)))];
        }
    };
    let mut items = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let sid = sid(statement, index);
        // `AddPermission` writes one of each; a policy of another making may have several.
        let principals = principals(statement);
        let actions = listed(statement.get("Action"));
        let sources = each(condition(statement, "aws:SourceArn"));
        let mut made = Vec::new();
        for principal in &principals {
            for action in &actions {
                for source in &sources {
                    made.push((principal, action, source));
                }
            }
        }
        let single = made.len() == 1;
        for (number, (principal, action, source)) in made.into_iter().enumerate() {
            let id = if single { format!("policy/{sid}") } else { format!("policy/{sid}/{number}") };
            let through_url = condition(statement, "lambda:InvokedViaFunctionUrl");
            items.push(
                part(on, &id, PERMISSION_KIND)
                    .name(Some(sid.as_str()))
                    .set("FunctionName", on)
                    .set("Action", action.clone())
                    .set("Principal", principal.clone())
                    .set("SourceArn", source.clone())
                    .set("SourceAccount", first(condition(statement, "aws:SourceAccount")))
                    .set("PrincipalOrgID", first(condition(statement, "aws:PrincipalOrgID")))
                    .set("EventSourceToken", first(condition(statement, "lambda:EventSourceToken")))
                    .set("FunctionUrlAuthType", first(condition(statement, "lambda:FunctionUrlAuthType")))
                    .set("InvokedViaFunctionUrl", through_url.and_then(truth)),
            );
        }
    }
    items
}

/// Permissions of a version of a layer.
pub(super) fn of_layer(version: &str, policy: Result<Option<&str>, Unread>) -> Vec<Item> {
    let statements = match policy.and_then(|policy| statements(policy).ok_or(Unread(super::LAYER_POLICY.api))) {
        Ok(statements) => statements,
        Err(unread) => {
            let item = part(version, "policy", LAYER_PERMISSION_KIND).set("LayerVersionArn", version);
            let hidden = ["OrganizationId", "Principal"];
            return vec![hidden.into_iter().fold(item, |item, key| item.set(key, Err::<String, _>(unread)))];
        }
    };
    let mut items = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        let sid = sid(statement, index);
        for (number, principal) in principals(statement).into_iter().enumerate() {
            let id = if number == 0 { format!("policy/{sid}") } else { format!("policy/{sid}/{number}") };
            items.push(
                part(version, &id, LAYER_PERMISSION_KIND)
                    .name(Some(sid.as_str()))
                    .set("LayerVersionArn", version)
                    .set("Action", first(statement.get("Action")))
                    .set("Principal", principal)
                    .set("OrganizationId", first(condition(statement, "aws:PrincipalOrgID"))),
            );
        }
    }
    items
}

/// The statements that allow something. Neither API can make another, and a denial only takes away.
fn statements(policy: Option<&str>) -> Option<Vec<Map<String, Value>>> {
    let Some(policy) = policy else { return Some(Vec::new()) };
    let statements = match document(policy) {
        Value::Object(mut policy) => policy.remove("Statement")?,
        _ => return None,
    };
    let list = match statements {
        Value::Array(list) => list,
        single => vec![single],
    };
    let objects = list.into_iter().filter_map(|statement| match statement {
        Value::Object(statement) => Some(statement),
        _ => None,
    });
    Some(objects.filter(|statement| statement.get("Effect").and_then(Value::as_str) != Some("Deny")).collect())
}

fn sid(statement: &Map<String, Value>, index: usize) -> String {
    statement.get("Sid").and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned)
}

/// `*`, a service, an account or an ARN. An account's root is written as the account, as `AddPermission` takes it.
fn principals(statement: &Map<String, Value>) -> Vec<Value> {
    let named = match statement.get("Principal") {
        Some(Value::Object(kinds)) => kinds.values().flat_map(|names| listed(Some(names))).collect(),
        other => listed(other),
    };
    named
        .into_iter()
        .map(|principal| {
            let text = principal.as_str().unwrap_or_default();
            let root = text.strip_suffix(":root").and_then(|arn| arn.split(':').nth(4));
            root.map_or_else(|| principal.clone(), Value::from)
        })
        .collect()
}

/// The values of a condition key, whatever the operator. Keys are compared without case (IAM user guide, "Condition").
fn condition<'a>(statement: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    let operators = statement.get("Condition")?.as_object()?.values().filter_map(Value::as_object);
    operators.flatten().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

fn listed(value: Option<&Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(values)) => values.clone(),
        Some(value) => vec![value.clone()],
        None => Vec::new(),
    }
}

/// Each value; nothing is one way to have none.
fn each(value: Option<&Value>) -> Vec<Value> {
    let values = listed(value);
    if values.is_empty() { vec![Value::Null] } else { values }
}

fn first(value: Option<&Value>) -> Value {
    listed(value).into_iter().next().unwrap_or_default()
}

fn truth(value: &Value) -> Option<Value> {
    match first(Some(value)) {
        Value::Bool(value) => Some(json!(value)),
        Value::String(text) => Some(json!(text.eq_ignore_ascii_case("true"))),
        _ => None,
    }
}
