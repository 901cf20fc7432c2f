//! What AWS Config recorded, as the sections of a snapshot: a configuration snapshot or history file that it delivered to
//! S3, or the answers of an advanced query.
//!
//! A configuration item has the shape of the service's API (`configuration.vpcId`), or of `CloudFormation` where AWS Config
//! reads through its registry. `types` has one function for each type of the former. What is not recorded is hidden, never
//! absent: types that AWS Config does not record at all, types that the recorder of an account and region leaves out
//! ([`recorder`]), types without an item where no recorder is known, and everything when the file holds changes only.
//!
//! Source: AWS Config developer guide, "Components of a Configuration Item" and "Supported Resource Types"; schemas of
//! configuration items, <https://github.com/awslabs/aws-config-resource-schema>.

mod item;
mod recorder;
mod types;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

use self::item::Recorded;
use self::recorder::{Recorders, Standing};
use self::types::Told;
use super::collected::{GLOBAL, partition_of};
use super::snapshot::format::{Expected, Item, Outcome, ReadRecord, Section};
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
    let sections = recording(&values, &Extent { complete: known("configSnapshotId"), ..Extent::default() }).sections;
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

/// What is recorded, as sections.
#[derive(Debug, Default)]
pub struct Recording {
    pub sections: Vec<Section>,
    /// Accounts and regions whose resources are recorded once a day only.
    pub daily: Vec<(String, String)>,
}

/// What items tell of.
#[derive(Clone, Debug, Default)]
pub struct Extent {
    /// They are all that is recorded, not only what changed.
    pub complete: bool,
    /// Accounts and regions of which nothing current is known, and why.
    pub unread: BTreeMap<(String, String), String>,
    /// The only types of which there may be items; all when `None`.
    pub types: Option<BTreeSet<String>>,
}

/// The sections that configuration items make.
pub fn recording(items: &[Value], extent: &Extent) -> Recording {
    let Extent { complete, unread, types: limit } = extent;
    let mut states = latest(items.iter().filter_map(Recorded::of));
    let recorders = Recorders::of(&states, unread);
    let mut places: BTreeMap<(String, String), Vec<&Recorded<'_>>> = BTreeMap::new();
    for (account, region) in unread.keys() {
        places.entry((account.clone(), GLOBAL.to_owned())).or_default();
        places.entry((account.clone(), region.clone())).or_default();
    }
    let is_unread = |state: &Recorded<'_>| unread.contains_key(&(state.account.to_owned(), state.region().to_owned()));
    // What is not recorded any more still says that its type is not.
    let mut ended: BTreeSet<(String, String, String)> = BTreeSet::new();
    for state in states.iter().filter(|state| state.is_unrecorded()) {
        ended.insert((state.account.to_owned(), state.region().to_owned(), state.kind.to_owned()));
    }
    states.retain(|state| !state.is_deleted() && !is_unread(state));
    for state in &states {
        let (account, region) = (state.account.to_owned(), state.region().to_owned());
        places.entry((account.clone(), GLOBAL.to_owned())).or_default();
        places.entry((account, region)).or_default().push(state);
    }
    let mut sections = Vec::new();
    for ((account, region), mut recorded) in places {
        let standing = |source: &str| {
            if ended.contains(&(account.clone(), region.clone(), source.to_owned())) {
                return Standing::Unrecorded(ENDED);
            }
            if limit.as_ref().is_some_and(|types| !types.contains(source)) {
                return Standing::Unrecorded(NOT_COLLECTED);
            }
            recorders.standing(&account, &region, source)
        };
        recorded.retain(|item| !matches!(standing(item.kind), Standing::Unrecorded(_)));
        let present: BTreeSet<&str> = recorded.iter().map(|item| item.kind).collect();
        let place = Place {
            region: &region,
            complete: *complete,
            unread: unread.get(&(account.clone(), region.clone())),
            present,
        };
        let mut made: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        for item in recorded.iter().flat_map(|item| types::resources(item)) {
            made.entry(service(&item.kind)).or_default().push(item);
        }
        for (service_name, reads) in place.reads(standing) {
            let mut resources = made.remove(&service_name).unwrap_or_default();
            resources.sort_by(|a, b| (&a.kind, &a.id).cmp(&(&b.kind, &b.id)));
            let partition = recorded.first().map_or_else(|| partition_of(&region), |item| item.partition());
            sections.push(Section {
                account: account.clone(),
                region: region.clone(),
                partition: partition.to_owned(),
                service: service_name,
                reads,
                resources,
            });
        }
    }
    let daily = recorders.daily().map(|(account, region)| (account.to_owned(), region.to_owned())).collect();
    Recording { sections, daily }
}

/// Why a type is hidden.
const ENDED: &str = "it is not recorded any more";
const NOT_COLLECTED: &str = "the aggregator does not collect this type";
const CHANGES_ONLY: &str = "a history file holds what changed only";
const NOTHING: &str = "nothing of it is recorded, and no recorder is known that would";

/// What is known of the types in an account and region.
struct Place<'a> {
    region: &'a str,
    complete: bool,
    unread: Option<&'a String>,
    present: BTreeSet<&'a str>,
}

impl Place<'_> {
    /// The reads of each service.
    fn reads(&self, standing: impl Fn(&str) -> Standing) -> BTreeMap<String, Vec<ReadRecord>> {
        let mut services: BTreeMap<String, BTreeMap<Option<String>, Vec<&'static str>>> = BTreeMap::new();
        let is_global = self.region == GLOBAL;
        for (kind, told) in types::KNOWN.iter().filter(|(kind, _)| types::is_global(kind) == is_global) {
            let why = self.hidden(told, &standing);
            services.entry(service(kind)).or_default().entry(why).or_default().push(kind);
        }
        let of = |(service, kinds): (String, BTreeMap<Option<String>, Vec<&str>>)| {
            (service, kinds.into_iter().map(|(why, kinds)| read(why, &kinds)).collect())
        };
        services.into_iter().map(of).collect()
    }

    /// Why there may be resources of a type beside those that have items; `None` when there are not.
    fn hidden(&self, told: &Told, standing: impl Fn(&str) -> Standing) -> Option<String> {
        if let Some(why) = self.unread {
            return Some(why.clone());
        }
        let source = match told {
            Told::By(source) => source,
            Told::Partly(_, why) | Told::Not(why) => return Some((*why).to_owned()),
        };
        if !self.complete {
            return Some(CHANGES_ONLY.to_owned());
        }
        match standing(source) {
            Standing::Unrecorded(why) => Some(why.to_owned()),
            _ if self.present.contains(source) => None,
            Standing::Recorded if types::is_everywhere(source) => None,
            Standing::Recorded => Some("nothing of it is recorded, which this region may not support".to_owned()),
            Standing::Open => Some(NOTHING.to_owned()),
        }
    }
}

/// What is known of types, all of them for the same reason.
fn read(why: Option<String>, kinds: &[&str]) -> ReadRecord {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let (outcome, finds, hides) =
        if why.is_none() { (Outcome::Ok, kinds, Vec::new()) } else { (Outcome::Unrecorded, Vec::new(), kinds) };
    ReadRecord {
        api: API.to_owned(),
        outcome,
        calls: 1,
        of: None,
        permission: API.to_owned(),
        error: why,
        hides,
        finds,
    }
}

/// `ec2`, of `AWS::EC2::VPC`.
fn service(kind: &str) -> String {
    kind.split("::").nth(1).unwrap_or_default().to_ascii_lowercase()
}

/// The sections that each account has.
pub fn expected() -> Vec<Expected> {
    let mut services: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
    for (kind, _) in types::KNOWN {
        services.entry((service(kind), types::is_global(kind))).or_default().push((*kind).to_owned());
    }
    let of = |((service, global), types)| Expected { service, global, types };
    services.into_iter().map(of).collect()
}

/// The types of configuration items that are read, sorted.
pub fn recorded_types() -> Vec<&'static str> {
    let sources = types::KNOWN.iter().filter_map(|(_, told)| told.source());
    sources.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether items of a type have no region.
pub fn is_global(kind: &str) -> bool {
    types::is_global(kind)
}

/// The type of the items that tell what is recorded.
pub const RECORDER: &str = recorder::RECORDER;

/// Whether a resource type is made of items; or why not, in words. `None` for types that are not known here.
pub fn told(kind: &str) -> Option<Result<(), &'static str>> {
    let known = types::KNOWN.iter().find(|(known, _)| *known == kind);
    let elsewhere = || types::ELSEWHERE.iter().find(|(known, _)| *known == kind).map(|(_, why)| Err(*why));
    known.map(|(_, told)| if let Told::Not(why) = told { Err(*why) } else { Ok(()) }).or_else(elsewhere)
}

/// The last state of each resource.
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
    found.into_values().collect()
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
