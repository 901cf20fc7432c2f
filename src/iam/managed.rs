//! The policies that AWS manages, as published on the date in `data/MANIFEST.json`. Policies of service-linked roles
//! are left out: nobody can attach them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, RwLock};

use serde_json::Value;

use super::document::{Document, Raw};
use super::pattern::Piece;
use super::shards::Shards;

static POLICIES: Shards =
    Shards::new(include_str!("data/managed-policies.index"), include_bytes!("data/managed-policies.bin"));

/// A run meets the same few policies in every world.
static PARSED: LazyLock<RwLock<BTreeMap<String, Option<Arc<ManagedPolicy>>>>> = LazyLock::new(RwLock::default);

#[derive(Debug, PartialEq)]
pub struct ManagedPolicy {
    pub name: String,
    /// `/`, `/service-role/`, `/job-function/`, ….
    pub path: String,
    /// `v15`; empty when it is not told.
    pub version: String,
    /// `2021-01-29`; empty when it is not told.
    pub updated: String,
    pub document: Document,
}

impl ManagedPolicy {
    /// For messages: `v15 of 2021-01-29`, as far as it is told.
    pub fn edition(&self) -> String {
        match (self.version.as_str(), self.updated.as_str()) {
            ("", "") => "as the account has it".to_owned(),
            (version, "") => version.to_owned(),
            ("", updated) => format!("of {updated}"),
            (version, updated) => format!("{version} of {updated}"),
        }
    }
}

/// A policy by its name, which is unique across paths.
pub fn find(name: &str) -> Option<Arc<ManagedPolicy>> {
    if let Some(known) = PARSED.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(name) {
        return known.clone();
    }
    let found = POLICIES.find(name).and_then(|(name, line)| parse(name, line)).map(Arc::new);
    let mut parsed = PARSED.write().unwrap_or_else(std::sync::PoisonError::into_inner);
    // Names of a scanned template are not kept for ever when they are not AWS's.
    if found.is_some() {
        parsed.insert(name.to_owned(), found.clone());
    }
    found
}

/// Every policy, sorted by name. Parses all of them.
pub fn all() -> impl Iterator<Item = ManagedPolicy> {
    POLICIES.iter().filter_map(|(name, line)| parse(name, line))
}

fn parse(name: &str, line: &str) -> Option<ManagedPolicy> {
    let mut fields = line.splitn(4, '\t');
    let (path, version, updated) = (fields.next()?, fields.next()?, fields.next()?);
    let json: Value = serde_json::from_str(fields.next()?).ok()?;
    Some(ManagedPolicy {
        name: name.to_owned(),
        path: path.to_owned(),
        version: version.to_owned(),
        updated: updated.to_owned(),
        document: Document::read(&raw(&json, &|text| Raw::Text(vec![Piece::Literal(Arc::from(text))]))),
    })
}

/// A JSON document as the reader of documents wants it; `text` reads its strings.
pub fn raw(json: &Value, text: &impl Fn(&str) -> Raw) -> Raw {
    match json {
        Value::Null => Raw::Null,
        Value::Bool(value) => text(if *value { "true" } else { "false" }),
        Value::Number(number) => text(&number.to_string()),
        Value::String(string) => text(string),
        Value::Array(items) => Raw::List(items.iter().map(|item| raw(item, text)).collect()),
        Value::Object(members) => {
            Raw::Map(members.iter().map(|(key, value)| (Arc::from(key.as_str()), raw(value, text))).collect(), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policies_of_the_reference_templates_are_there() {
        let dynamodb = find("AmazonDynamoDBFullAccess").unwrap();
        assert_eq!((dynamodb.path.as_str(), dynamodb.updated.as_str()), ("/", "2021-01-29"));
        assert_eq!(dynamodb.document.statements.len(), 4);
        assert_eq!(find("AWSLambdaBasicExecutionRole").unwrap().path, "/service-role/");
        assert!(find("CloudWatchLogsFullAccess").is_some());
        assert!(find("AmazonDynamoDBFullAcces").is_none());
        assert!(find("").is_none());
    }

    #[test]
    fn every_policy_is_read_without_an_unknown_part() {
        for policy in all() {
            assert!(policy.document.open.is_none(), "{}", policy.name);
            assert!(!policy.document.statements.is_empty(), "{}", policy.name);
            for statement in &policy.document.statements {
                assert!(statement.actions.reason().is_none(), "{}", policy.name);
                assert!(!matches!(statement.effect, crate::iam::document::Effect::Unknown(_)), "{}", policy.name);
            }
        }
    }

    #[test]
    fn a_few_policies_do_not_decode_the_rest() {
        let shards =
            Shards::new(include_str!("data/managed-policies.index"), include_bytes!("data/managed-policies.bin"));
        assert_eq!(shards.decoded(), 0);
        assert!(shards.find("AmazonDynamoDBFullAccess").is_some());
        assert!(shards.find("NoSuchPolicy").is_none());
        assert!(shards.decoded() <= 2);
    }

    #[test]
    fn any_single_policy_is_found_by_its_name() {
        for (name, _) in POLICIES.iter() {
            assert!(POLICIES.find(name).is_some(), "{name}");
        }
    }
}
