//! What AWS Config recorded, as the sections of a snapshot: a configuration snapshot or history file that it delivered to
//! S3, or the answers of an advanced query.
//!
//! A configuration item has the shape of the service's API (`configuration.vpcId`), or of `CloudFormation` where AWS Config
//! reads through its registry. `types` has one function for each type of the former. What is not recorded is hidden, never
//! absent: types that AWS Config does not record at all, types of which nothing is in an account and region (the recorder
//! may leave them out), and everything when the file holds changes only.
//!
//! Source: AWS Config developer guide, "Components of a Configuration Item" and "Supported Resource Types"; schemas of
//! configuration items, <https://github.com/awslabs/aws-config-resource-schema>.

mod item;
mod types;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

use self::item::Recorded;
use super::snapshot::format::{Outcome, ReadRecord, Section};
use super::snapshot::{Document, of_sections};
use crate::source::{Node, NodeValue, Span};

/// What is read of AWS Config.
const API: &str = "config:SelectAggregateResourceConfig";

/// What a document that AWS Config delivered holds; `None` for any other document.
pub fn see(root: &Node) -> Option<Document> {
    let items = root.get("configurationItems")?.as_seq()?;
    let known = |key: &str| root.get(key).is_some();
    if !known("fileVersion") && !known("configSnapshotId") {
        return None;
    }
    let mut places: HashMap<String, Span> = HashMap::new();
    let mut values = Vec::with_capacity(items.len());
    for node in items {
        let value = json(node);
        let place = node.entry("resourceId").map_or(node.span, |entry| entry.value.span);
        if let Some(recorded) = Recorded::of(&value) {
            places.insert(recorded.arn(), place);
        }
        values.push(value);
    }
    let sections = sections(&values, known("configSnapshotId"));
    let place = |id: &str| {
        // Parts of a resource have its ARN, a slash and what tells the part.
        let mut whole = id;
        loop {
            match (places.get(whole), whole.rsplit_once('/')) {
                (Some(place), _) => return *place,
                (None, Some((before, _))) => whole = before,
                (None, None) => return root.entry("configurationItems").map_or(root.span, |entry| entry.key_span),
            }
        }
    };
    Some(of_sections(sections, &place))
}

/// The places of all that the items say of their resources. No evidence points there, and in a file of one line an excerpt
/// would show the values of environment variables beside it.
pub fn concealed(root: &Node) -> Vec<Span> {
    let items = root.get("configurationItems").and_then(Node::as_seq).unwrap_or_default();
    let mut found = Vec::new();
    for item in items {
        for key in ["configuration", "supplementaryConfiguration"] {
            scalars(item.get(key), &mut found);
        }
    }
    found
}

fn scalars(node: Option<&Node>, found: &mut Vec<Span>) {
    let Some(node) = node else { return };
    match &node.value {
        NodeValue::Null => {}
        NodeValue::Scalar(_) => found.push(node.span),
        NodeValue::Seq(items) => items.iter().for_each(|item| scalars(Some(item), found)),
        NodeValue::Map(entries) => entries.iter().for_each(|entry| scalars(Some(&entry.value), found)),
    }
}

/// The sections that configuration items make. `complete` says that they are all that is recorded, not only what changed.
pub fn sections(items: &[Value], complete: bool) -> Vec<Section> {
    let latest = latest(items.iter().filter_map(Recorded::of));
    let mut places: BTreeMap<(String, String), Vec<&Recorded<'_>>> = BTreeMap::new();
    for recorded in &latest {
        let (account, region) = (recorded.account.to_owned(), recorded.region().to_owned());
        places.entry((account.clone(), types::GLOBAL.to_owned())).or_default();
        places.entry((account, region)).or_default().push(recorded);
    }
    let mut sections = Vec::new();
    for ((account, region), recorded) in places {
        let is_global = region == types::GLOBAL;
        let all = complete && recorded.iter().any(|item| types::records_all(item));
        let present: BTreeSet<&str> = recorded.iter().map(|item| item.kind).collect();
        let mut services: BTreeMap<String, (Vec<&'static str>, Vec<&'static str>)> = BTreeMap::new();
        for (kind, source) in types::KNOWN.iter().filter(|(kind, _)| types::is_global(kind) == is_global) {
            let listed = complete && source.is_some_and(|source| all || present.contains(source));
            let (finds, hides) = services.entry(service(kind)).or_default();
            if listed { finds.push(kind) } else { hides.push(kind) }
        }
        for (service_name, (finds, hides)) in services {
            let own = recorded.iter().filter(|item| service(item.kind) == service_name);
            let mut resources: Vec<_> = own.flat_map(|item| types::resources(item)).collect();
            resources.sort_by(|a, b| (&a.kind, &a.id).cmp(&(&b.kind, &b.id)));
            let partition = recorded.first().map_or("aws", |item| item.partition());
            sections.push(Section {
                account: account.clone(),
                region: region.clone(),
                partition: partition.to_owned(),
                service: service_name,
                reads: reads(&finds, &hides, complete),
                resources,
            });
        }
    }
    sections
}

/// `ec2`, of `AWS::EC2::VPC`.
fn service(kind: &str) -> String {
    kind.split("::").nth(1).unwrap_or_default().to_ascii_lowercase()
}

fn reads(finds: &[&str], hides: &[&str], complete: bool) -> Vec<ReadRecord> {
    let owned = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let record = |outcome, error: Option<&str>, finds, hides| ReadRecord {
        api: API.to_owned(),
        outcome,
        calls: 1,
        of: None,
        permission: API.to_owned(),
        error: error.map(str::to_owned),
        hides,
        finds,
    };
    let mut reads = Vec::new();
    if !finds.is_empty() {
        reads.push(record(Outcome::Ok, None, owned(finds), Vec::new()));
    }
    if !hides.is_empty() {
        let why = if complete { "nothing of it is recorded" } else { "a history file holds what changed only" };
        reads.push(record(Outcome::Unrecorded, Some(why), Vec::new(), owned(hides)));
    }
    reads
}

/// The types of configuration items that are read, sorted.
pub fn recorded_types() -> Vec<&'static str> {
    let sources = types::KNOWN.iter().filter_map(|(_, source)| *source).chain([types::RECORDER]);
    sources.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The last state of each resource that still exists.
fn latest<'a>(items: impl Iterator<Item = Recorded<'a>>) -> Vec<Recorded<'a>> {
    let mut found: BTreeMap<(String, String, String, String), Recorded<'_>> = BTreeMap::new();
    for item in items {
        let key = (item.account.to_owned(), item.region().to_owned(), item.kind.to_owned(), item.id.to_owned());
        match found.get(&key) {
            Some(known) if known.captured > item.captured => {}
            _ => {
                found.insert(key, item);
            }
        }
    }
    found.into_values().filter(|item| !item.is_deleted()).collect()
}

fn json(node: &Node) -> Value {
    match &node.value {
        NodeValue::Null => Value::Null,
        NodeValue::Scalar(scalar) if !scalar.plain => Value::from(&*scalar.text),
        NodeValue::Scalar(scalar) => scalar
            .as_bool()
            .map(Value::from)
            .or_else(|| scalar.as_i64().map(Value::from))
            .unwrap_or_else(|| Value::from(&*scalar.text)),
        NodeValue::Seq(items) => items.iter().map(json).collect(),
        NodeValue::Map(entries) => {
            let members = entries.iter().map(|entry| (entry.key.to_string(), json(&entry.value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests;
