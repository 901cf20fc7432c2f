//! Configuration items as AWS Config writes them, and resources as they are made of them.

use serde_json::{Map, Value, json};

use super::types;
use crate::input::collected::GLOBAL;
use crate::input::collected::partition_of;
use crate::input::snapshot::format::{Item, UNREAD};

/// A configuration item. Files and queries write some of its keys otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recorded<'a> {
    pub kind: &'a str,
    pub id: &'a str,
    pub name: Option<&'a str>,
    pub account: &'a str,
    pub captured: &'a str,
    region: &'a str,
    arn: &'a str,
    status: &'a str,
    pub configuration: &'a Value,
    pub supplementary: &'a Value,
    tags: &'a Value,
}

impl<'a> Recorded<'a> {
    pub(super) fn of(item: &'a Value) -> Option<Self> {
        let text = |keys: &[&str]| keys.iter().find_map(|key| item.get(*key)?.as_str());
        Some(Self {
            kind: text(&["resourceType"])?,
            id: text(&["resourceId"])?,
            name: text(&["resourceName"]).filter(|name| !name.is_empty()),
            account: text(&["awsAccountId", "accountId"])?,
            captured: text(&["configurationItemCaptureTime"]).unwrap_or_default(),
            region: text(&["awsRegion"]).unwrap_or(GLOBAL),
            arn: text(&["ARN", "arn"]).unwrap_or_default(),
            status: text(&["configurationItemStatus"]).unwrap_or_default(),
            configuration: item.get("configuration").unwrap_or(&Value::Null),
            supplementary: item.get("supplementaryConfiguration").unwrap_or(&Value::Null),
            tags: item.get("tags").unwrap_or(&Value::Null),
        })
    }

    /// [`GLOBAL`] for services without regions, whichever region recorded them.
    pub(super) fn region(&self) -> &'a str {
        if types::is_global(self.kind) { GLOBAL } else { self.region }
    }

    /// Its ARN; what stands for one where none is recorded.
    pub(super) fn arn(&self) -> String {
        if self.arn.starts_with("arn:") {
            return self.arn.to_owned();
        }
        let service = self.kind.split("::").nth(1).unwrap_or_default().to_ascii_lowercase();
        format!("arn:{}:{service}:{}:{}:{}", self.partition(), self.region, self.account, self.id)
    }

    pub(super) fn partition(&self) -> &'a str {
        let told = self.arn.split(':').nth(1).filter(|partition| !partition.is_empty());
        told.unwrap_or_else(|| partition_of(self.region))
    }

    /// Nothing is left of it that counts. Source: AWS Config API reference, `ConfigurationItem`, `configurationItemStatus`.
    pub(super) fn is_deleted(&self) -> bool {
        self.status.starts_with("ResourceDeleted") || self.is_unrecorded()
    }

    /// The type is not recorded any more, so that this tells nothing of the resource. Source: the same.
    pub(super) fn is_unrecorded(&self) -> bool {
        matches!(self.status, "ResourceNotRecorded" | "ResourceDeletedNotRecorded")
    }

    pub(super) fn get(&self, path: &str) -> Option<&'a Value> {
        at(self.configuration, path)
    }

    pub(super) fn text(&self, path: &str) -> Option<&'a str> {
        self.get(path)?.as_str().filter(|text| !text.is_empty())
    }

    /// The items of a list; nothing when there is none.
    pub(super) fn list(&self, path: &str) -> &'a [Value] {
        self.get(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The resource with its tags.
    pub(super) fn resource(&self, kind: &str) -> Made {
        let tag = |key: &str| {
            let of_list = || {
                let is_it = |pair: &&Value| pair.get("key").and_then(Value::as_str) == Some(key);
                self.tags.as_array()?.iter().find(is_it)?.get("value")?.as_str()
            };
            self.tags.get(key).and_then(Value::as_str).or_else(of_list)
        };
        let mut made = Made::new(kind, self.arn());
        made.0.name = tag("Name").or(self.name).map(str::to_owned);
        let pair = |key: &str, value: &Value| json!({ "Key": key, "Value": value });
        let tags: Vec<Value> = match self.tags {
            Value::Object(tags) => tags.iter().map(|(key, value)| pair(key, value)).collect(),
            Value::Array(tags) => {
                let of = |tag: &Value| Some(pair(tag.get("key")?.as_str()?, tag.get("value")?));
                tags.iter().filter_map(of).collect()
            }
            _ => Vec::new(),
        };
        if tags.is_empty() { made } else { made.set("Tags", Value::from(tags)) }
    }
}

/// Follows a path of keys; nulls and `{"value": …}`, as AWS Config writes enumerations, are seen through.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let found = path.split('.').try_fold(value, |value, key| value.get(key))?;
    plain(found)
}

pub(super) fn plain(value: &Value) -> Option<&Value> {
    match value {
        Value::Null => None,
        Value::Object(members) if members.len() == 1 => members.get("value").or(Some(value)),
        _ => Some(value),
    }
}

/// A resource that is being made.
#[derive(Debug)]
pub(super) struct Made(pub Item);

impl Made {
    pub(super) fn new(kind: &str, id: String) -> Self {
        Self(Item { kind: kind.to_owned(), id, ..Item::default() })
    }

    pub(super) fn named(mut self, name: Option<&str>) -> Self {
        self.0.name = name.map(str::to_owned).or(self.0.name);
        self
    }

    /// A text that means it wherever it stands.
    pub(super) fn means(mut self, attribute: &str, text: Option<&str>) -> Self {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.0.ids.insert(attribute.to_owned(), text.to_owned());
        }
        self
    }

    pub(super) fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.properties.insert(key.to_owned(), value.into());
        self
    }

    pub(super) fn maybe(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.set(key, value),
            None => self,
        }
    }

    /// Takes values over: (path in `from`, property).
    pub(super) fn take(self, from: &Value, rows: &[(&str, &str)]) -> Self {
        rows.iter().fold(self, |made, (path, property)| {
            let value = at(from, path).filter(|value| value.as_str() != Some(""));
            made.maybe(property, value.cloned())
        })
    }

    /// What is not recorded, by the API that would tell it.
    pub(super) fn unread(self, keys: &[&str], api: &str) -> Self {
        keys.iter().fold(self, |made, key| made.set(key, unread(api)))
    }
}

pub(super) fn unread(api: &str) -> Value {
    json!({ UNREAD: api })
}

/// Keys as `CloudFormation` writes them, at any depth: `securityGroupIds` → `SecurityGroupIds`. Nulls are left out.
pub(super) fn pascal(value: &Value) -> Value {
    match plain(value) {
        Some(Value::Object(members)) => {
            let named = members.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| {
                let mut letters = key.chars();
                let first = letters.next().map(|letter| letter.to_ascii_uppercase());
                (first.into_iter().chain(letters).collect::<String>(), pascal(value))
            });
            Value::Object(named.collect::<Map<_, _>>())
        }
        Some(Value::Array(items)) => items.iter().map(pascal).collect(),
        Some(value) => value.clone(),
        None => Value::Null,
    }
}

/// What stands for the value of a secret.
const MASK: &str = "****";

/// A value in the shape of `CloudFormation` without what may be secret: values of environment variables, client secrets,
/// user data.
pub(super) fn harmless(value: &Value) -> Value {
    let masked = |value: &Value| match value {
        Value::Object(members) => Value::Object(members.keys().map(|key| (key.clone(), MASK.into())).collect()),
        _ => Value::from(MASK),
    };
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(key, value)| !SECRET.contains(&key.as_str()) && !value.is_null());
            let of = |(key, value): (&String, &Value)| match key.as_str() {
                "Variables" | "StageVariables" | "EnvironmentVariables" => (key.clone(), masked(value)),
                "Environment" if value.is_array() => {
                    let pairs = value.as_array().into_iter().flatten();
                    let pair = |pair: &Value| json!({ "Name": pair.get("Name"), "Value": MASK });
                    (key.clone(), pairs.map(pair).collect())
                }
                _ => (key.clone(), harmless(value)),
            };
            Value::Object(kept.map(of).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(harmless).collect(),
        value => value.clone(),
    }
}

/// Keys whose values are never kept.
const SECRET: &[&str] = &["ClientSecret", "UserData", "SecretString", "Password", "MasterUserPassword", "AuthToken"];

/// A document that is recorded as text, percent-encoded where IAM hands it out so. What is no JSON is not known.
pub(super) fn document(value: Option<&Value>) -> Value {
    match value.and_then(plain) {
        Some(Value::String(text)) => parsed(text)
            .or_else(|| parsed(&crate::input::document::percent_decoded(text)?))
            .unwrap_or_else(|| unread(super::API)),
        Some(value @ Value::Object(_)) => value.clone(),
        _ => unread(super::API),
    }
}

/// JSON, perhaps itself written as a JSON text.
fn parsed(text: &str) -> Option<Value> {
    match serde_json::from_str(text).ok()? {
        Value::String(inner) => serde_json::from_str(&inner).ok().filter(Value::is_object),
        value => Some(value).filter(Value::is_object),
    }
}
