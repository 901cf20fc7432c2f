//! Which values of a template are secrets, told by their keys. They are never copied into what this program writes.

use serde_json::Value;

/// What is written instead of a secret.
pub(super) const MASK: &str = "****";

/// Ends of keys that speak about secrets without being one: lifetimes, addresses, kinds.
const HARMLESS: &[&str] = &[
    "validity",
    "units",
    "length",
    "endpoint",
    "arn",
    "name",
    "type",
    "policy",
    "days",
    "age",
    "duration",
    "lifetime",
    "seconds",
    "minutes",
    "expiration",
    "source",
    "id",
    "path",
    "file",
    "generatesecret",
    "httptokens",
];

/// Whether a key says that its value is a secret.
pub(super) fn is_secret(key: &str) -> bool {
    // Of conditions: `token.actions.githubusercontent.com:aud`.
    if key.contains(':') {
        return false;
    }
    let words = words(key);
    let named = ["secret", "password", "passphrase", "token", "privatekey", "apikey", "accesskey"]
        .iter()
        .any(|word| words.contains(word));
    named && !ends_harmless(&words)
}

/// Whether a key among secrets says that its value is none.
pub(super) fn is_harmless(key: &str) -> bool {
    ends_harmless(&words(key))
}

fn words(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn ends_harmless(words: &str) -> bool {
    HARMLESS.iter().any(|end| words.ends_with(end))
}

/// Replaces the secrets that properties spell out: literals under secret keys, and all literals of environment
/// variables and of demanded header values, since those are secrets wherever somebody found it convenient.
pub fn mask_properties(properties: &mut Value) {
    match properties {
        Value::Object(object) => {
            let header = object.contains_key("HttpHeaderName");
            for (key, value) in object {
                match (key.as_str(), &mut *value) {
                    ("Environment", Value::Object(inner)) if inner.contains_key("Variables") => {
                        inner.values_mut().for_each(mask_literals);
                    }
                    ("Environment", Value::Array(pairs)) => {
                        pairs.iter_mut().filter_map(|pair| pair.get_mut("Value")).for_each(mask_literals);
                    }
                    ("Values", _) if header => mask_literals(value),
                    _ if is_secret(key) => mask_literals(value),
                    _ => mask_properties(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask_properties),
        _ => {}
    }
}

/// Intrinsics stay, so that what refers to what can still be seen.
fn mask_literals(value: &mut Value) {
    match value {
        Value::String(text) => MASK.clone_into(text),
        Value::Number(_) => *value = Value::from(MASK),
        Value::Array(items) => items.iter_mut().for_each(mask_literals),
        Value::Object(object) => {
            let intrinsic = |key: &str| key == "Ref" || key.starts_with("Fn::");
            object.iter_mut().filter(|(key, _)| !intrinsic(key)).for_each(|(_, value)| mask_literals(value));
        }
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn literals_of_secrets_are_masked_and_references_stay() {
        let mut properties = json!({
            "ClientSecret": "x1",
            "RefreshTokenValidity": 30,
            "GenerateSecret": true,
            "Password": {"Ref": "Word"},
            "Environment": {"Variables": {"TABLE": {"Ref": "Table"}, "KEY": "x2"}},
            "ContainerDefinitions": [{"Environment": [{"Name": "KEY", "Value": "x3"}]}],
            "HttpHeaderConfig": {"HttpHeaderName": "x-origin", "Values": ["x4"]},
        });
        mask_properties(&mut properties);
        let masked = json!({
            "ClientSecret": MASK,
            "RefreshTokenValidity": 30,
            "GenerateSecret": true,
            "Password": {"Ref": "Word"},
            "Environment": {"Variables": {"TABLE": {"Ref": "Table"}, "KEY": MASK}},
            "ContainerDefinitions": [{"Environment": [{"Name": "KEY", "Value": MASK}]}],
            "HttpHeaderConfig": {"HttpHeaderName": "x-origin", "Values": [MASK]},
        });
        assert_eq!(properties, masked);
    }
}
