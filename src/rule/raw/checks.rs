//! The failed checks in cfn-guard's structured output.

use serde_json::Value as Json;

/// One clause that failed for one value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Check {
    /// Key of the resource; empty for a check of the template as a whole.
    pub resource: String,
    /// Below the resource, with slashes.
    pub path: String,
    /// What is missing there; empty when the value itself is at fault.
    pub missing: String,
    /// The author's message; empty without one.
    pub message: String,
    /// The clause, for checks without a message.
    pub clause: String,
    /// Another rule on whose failure it depends.
    pub rule: Option<String>,
}

pub(super) fn failed(rule: &Json) -> Vec<Check> {
    let mut checks = Vec::new();
    collect(rule.get("checks").unwrap_or(&Json::Null), &mut checks);
    checks
}

fn collect(json: &Json, checks: &mut Vec<Check>) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| collect(item, checks)),
        Json::Object(members) => {
            let value = members.get("check").or_else(|| members.get("unresolved").map(|_| json));
            match value {
                Some(value) => checks.push(check(json, value)),
                None => members.values().for_each(|member| collect(member, checks)),
            }
        }
        _ => {}
    }
}

fn check(clause: &Json, value: &Json) -> Check {
    let text = |json: &Json, pointer: &str| json.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned();
    let found = ["/Resolved/from/path", "/Resolved/value/path", "/InResolved/from/path"];
    let missing = ["/UnResolved/value", "/unresolved"];
    let mut path = found.iter().map(|pointer| text(value, pointer)).find(|path| !path.is_empty()).unwrap_or_default();
    let mut rest = String::new();
    for pointer in missing {
        if let Some(unresolved) = value.pointer(pointer) {
            path = text(unresolved, "/traversed_to/path");
            rest = text(unresolved, "/remaining_query");
        }
    }
    let below = path.strip_prefix("/Resources/").unwrap_or_default();
    let (resource, below) = below.split_once('/').unwrap_or((below, ""));
    let context = text(clause, "/context");
    let unresolved = value.get("UnResolvedContext").and_then(Json::as_str);
    Check {
        resource: resource.to_owned(),
        path: below.to_owned(),
        missing: rest,
        message: text(clause, "/messages/custom_message").trim().trim_end_matches(';').trim().to_owned(),
        clause: context.split_whitespace().collect::<Vec<_>>().join(" "),
        rule: unresolved.filter(|_| context.starts_with("Rule(")).map(str::to_owned),
    }
}
