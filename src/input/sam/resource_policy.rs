//! `ResourcePolicy` of a REST API: who may call it, from which accounts, addresses and VPC endpoints.
//! Source: `ResourcePolicyStatement` property type of AWS SAM.

use crate::value::{Kind, Value};

use super::Transform;
use super::api_event::wild_path;
use super::openapi::{ANY_METHOD, Api};
use super::shape::{At, Fields, get, same};

impl Transform<'_> {
    /// Adds the statements for one path, or for all paths of the API.
    pub(super) fn resource_policy(api: &mut Api, policy: &Value, path: Option<&str>) {
        let at = At(policy.span);
        if let Kind::Unknown(_) = policy.kind {
            if let Some(body) = api.section(&[]) {
                body.put("x-amazon-apigateway-policy", at.0, policy.clone());
            }
            return;
        }
        let stage = get(&api.source.properties, "StageName").cloned().unwrap_or_else(|| at.text("Stage"));
        let mut statements = Vec::new();
        for (name, methods) in api.path_methods() {
            if path.is_some_and(|path| path != name) {
                continue;
            }
            let resources = at.list(methods.iter().map(|method| {
                let method = if method == ANY_METHOD { "*".to_owned() } else { method.to_ascii_uppercase() };
                let path = wild_path(&name, false);
                at.joined([at.text("execute-api:/"), stage.clone(), at.text(format!("/{method}{path}"))])
            }));
            path_statements(at, policy, &resources, &mut statements);
        }
        statements.extend(
            get(policy, "CustomStatements")
                .and_then(|custom| match &custom.kind {
                    Kind::Unknown(_) => Some(std::slice::from_ref(custom)),
                    _ => custom.items(),
                })
                .unwrap_or_default()
                .iter()
                .cloned(),
        );
        if statements.is_empty() {
            return;
        }
        let Some(document) = api.section(&["x-amazon-apigateway-policy"]) else { return };
        document.enter("Version", at.0, || at.text("2012-10-17"));
        let Some(list) = document.enter("Statement", at.0, || at.list([])) else { return };
        if let Kind::Map(_) = list.kind {
            *list = Value::new(list.span, Kind::List(vec![list.clone()]));
        }
        if let Kind::List(items) = &mut list.kind {
            for statement in statements {
                if !items.iter().any(|known| same(known, &statement)) {
                    items.push(statement);
                }
            }
        }
    }
}

fn path_statements(at: At, policy: &Value, resources: &Value, into: &mut Vec<Value>) {
    let statement = |at: At, effect: &str, principal: Value, condition: Option<Value>| {
        Fields::new(at.0)
            .set("Effect", at.text(effect))
            .set("Action", at.text("execute-api:Invoke"))
            .set("Resource", resources.clone())
            .set("Principal", principal)
            .maybe("Condition", condition)
            .done()
    };
    for (key, effect) in [("AwsAccountWhitelist", "Allow"), ("AwsAccountBlacklist", "Deny")] {
        if let Some(accounts) = get(policy, key) {
            let at = At(accounts.span);
            into.push(statement(at, effect, at.map([("AWS", accounts.clone())]), None));
        }
    }
    // Everyone, except whom the second statement denies.
    let mut restrict = |at: At, operator: &str, keys: Vec<(&str, Value)>| {
        let condition = at.map([(operator, at.map(keys))]);
        into.push(statement(at, "Allow", at.text("*"), None));
        into.push(statement(at, "Deny", at.text("*"), Some(condition)));
    };
    for (key, operator) in [("IpRangeWhitelist", "NotIpAddress"), ("IpRangeBlacklist", "IpAddress")] {
        if let Some(ranges) = get(policy, key) {
            restrict(At(ranges.span), operator, vec![("aws:SourceIp", ranges.clone())]);
        }
    }
    for (list, operator) in [("Blacklist", "StringEquals"), ("Whitelist", "StringNotEquals")] {
        let endpoints = get(policy, &format!("SourceVpc{list}"));
        let named = |prefix: &str| -> Vec<Value> {
            endpoints
                .and_then(Value::items)
                .unwrap_or_default()
                .iter()
                .filter(|item| item.as_str().is_some_and(|text| text.starts_with(prefix)))
                .cloned()
                .collect()
        };
        let referred = |kind: &str| -> Vec<Value> {
            get(policy, &format!("Intrinsic{kind}{list}")).and_then(Value::items).unwrap_or_default().to_vec()
        };
        let networks: Vec<Value> = named("vpc-").into_iter().chain(referred("Vpc")).collect();
        let interfaces: Vec<Value> = named("vpce-").into_iter().chain(referred("Vpce")).collect();
        let mut keys = Vec::new();
        let here = At(networks.iter().chain(&interfaces).next().map_or(at.0, |value| value.span));
        if !networks.is_empty() {
            keys.push(("aws:SourceVpc", here.list(networks)));
        }
        if !interfaces.is_empty() {
            keys.push(("aws:SourceVpce", here.list(interfaces)));
        }
        if !keys.is_empty() {
            restrict(here, operator, keys);
        }
    }
}
