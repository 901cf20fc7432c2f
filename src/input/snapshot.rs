//! Snapshots of live accounts: what `sra-guard collect` writes.
//!
//! The resources are in CloudFormation's shape already. What is left to do is to find out what refers to what: a live
//! account has literal ids and ARNs where a template has references. One account is one unit, whatever the number of
//! its regions and files.
//!
//! What could not be read is never absent. A value that could not be read is unknown; a list that could not be read (to
//! its end) leaves one more resource of each type that it hides, of which nothing is known.

pub mod format;
mod identity;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use self::format::Outcome;
use self::identity::Identities;
use super::collected::{Collected, Failed, Held, partition_of};
use super::{Evaluation, Format, Note, NoteLevel, Resource, Unit};
use crate::source::{Entry, FileId, Node, NodeValue, Scalar, SourceMap, Span};
use crate::value::{Address, Kind, Map, Member, Reason, Value};
use crate::world::{World, Worlds};

/// A snapshot file as it was read.
#[derive(Clone, Debug)]
pub struct Document {
    sections: Vec<Section>,
}

/// What was read of one service, in one region of one account.
#[derive(Clone, Debug)]
struct Section {
    account: String,
    region: String,
    partition: String,
    service: String,
    reads: Vec<Read>,
    resources: Vec<Node>,
    span: Span,
    /// It stands for one that was not read.
    missing: bool,
}

/// A section that was not read.
#[derive(Clone, Debug)]
pub struct Missing {
    /// Account, region and service.
    pub key: (String, String, String),
    /// Types of resources that it would tell.
    pub types: Vec<String>,
    /// Of its file, below the folder.
    pub name: String,
    /// Why it was not read, and what to do.
    pub why: String,
}

/// An API that did not answer as it should.
#[derive(Clone, Debug)]
struct Read {
    api: String,
    of: Option<String>,
    outcome: Outcome,
    permission: String,
    error: Option<String>,
    hides: Vec<String>,
    finds: Vec<String>,
    /// In place of what its outcome says.
    why: Option<Arc<str>>,
    span: Span,
}

/// What a document is.
#[derive(Debug)]
pub enum Seen {
    Snapshot(Document),
    /// What stands beside the sections of a snapshot.
    Manifest,
    /// A snapshot, but not one that can be judged: why, and where.
    Refused(String, Span),
}

/// Recognises a snapshot and its manifest.
pub fn see(root: &Node) -> Option<Seen> {
    if root.get("SraGuardManifest").is_some() {
        return Some(Seen::Manifest);
    }
    let version = root.entry("SraGuardSnapshot")?;
    if version.value.as_str() != Some(&format::VERSION.to_string()) {
        let why = format!(
            "is a snapshot in a format that this version does not read (it reads {}): collect again, or use the version that \
             wrote it",
            format::VERSION
        );
        return Some(Seen::Refused(why, version.value.span));
    }
    let Some(sections) = root.get("Sections").and_then(Node::as_seq) else {
        return Some(Seen::Refused("is a snapshot without sections: it was cut off".to_owned(), version.key_span));
    };
    let read: Option<Vec<Section>> = sections.iter().map(Section::of).collect();
    Some(match read {
        Some(sections) => Seen::Snapshot(Document { sections }),
        None => Seen::Refused("is a snapshot with a section that is not understood".to_owned(), version.key_span),
    })
}

impl Section {
    fn of(node: &Node) -> Option<Self> {
        let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        Some(Self {
            account: text("Account")?,
            region: text("Region")?,
            partition: text("Partition").unwrap_or_else(|| "aws".to_owned()),
            service: text("Service")?,
            reads: node.get("Reads")?.as_seq()?.iter().map(Read::of).collect::<Option<_>>()?,
            resources: node.get("Resources")?.as_seq()?.to_vec(),
            span: node.span,
            missing: false,
        })
    }

    /// By API.
    fn failed(&self) -> HashMap<&str, FailedReads<'_>> {
        let mut failed = HashMap::new();
        for read in self.reads.iter().filter(|read| read.outcome != Outcome::Ok) {
            let of_api =
                failed.entry(read.api.as_str()).or_insert_with(|| FailedReads { first: read, of: HashMap::new() });
            if let Some(of) = &read.of {
                of_api.of.entry(of.as_str()).or_insert(read);
            }
        }
        failed
    }

    /// What it tells beside its resources. `at` is when it was collected.
    fn collected(&self, at: Option<&str>) -> Collected {
        let (ended, failed): (Vec<&Read>, Vec<&Read>) = self.reads.iter().partition(|read| read.outcome == Outcome::Ok);
        let mut listed: Vec<String> = ended.into_iter().flat_map(|read| read.finds.clone()).collect();
        listed.sort();
        listed.dedup();
        let failed = failed.into_iter().map(|read| Failed {
            api: read.api.clone(),
            outcome: read.outcome,
            permission: read.permission.clone(),
            error: read.error.clone(),
            span: read.span,
            of: read.of.clone(),
            hides: read.hides.clone(),
        });
        let mut resources: Vec<Held> = self.resources.iter().filter_map(held).collect();
        resources.sort_by_key(|held| held.span.start);
        Collected {
            account: self.account.clone(),
            region: self.region.clone(),
            partition: self.partition.clone(),
            service: self.service.clone(),
            at: at.map(str::to_owned),
            span: self.span,
            listed,
            failed: failed.collect(),
            resources,
        }
    }
}

fn held(node: &Node) -> Option<Held> {
    let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    let properties = node.get("Properties").and_then(Node::as_map).unwrap_or_default();
    let scalar = |entry: &Entry| match &entry.value.value {
        NodeValue::Scalar(scalar) => Some((entry.key.to_string(), scalar.clone())),
        _ => None,
    };
    Some(Held {
        id: text("Id")?,
        kind: text("Type")?,
        name: text("Name"),
        span: node.span,
        scalars: properties.iter().filter_map(scalar).collect(),
    })
}

impl Read {
    fn of(node: &Node) -> Option<Self> {
        let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        let texts = |key: &str| -> Vec<String> {
            let items = node.get(key).and_then(Node::as_seq).unwrap_or_default();
            items.iter().filter_map(Node::as_str).map(str::to_owned).collect()
        };
        Some(Self {
            api: text("Api")?,
            of: text("Of"),
            outcome: Outcome::of_key(&text("Outcome")?)?,
            permission: text("Permission")?,
            error: text("Error"),
            hides: texts("Hides"),
            finds: texts("Finds"),
            why: None,
            span: node.span,
        })
    }

    fn reason(&self) -> Reason {
        if let Some(why) = &self.why {
            return Reason::Unread(Arc::clone(why));
        }
        let api = &self.api;
        let said = self.error.as_deref().map(|error| format!(" ({error})")).unwrap_or_default();
        match self.outcome {
            Outcome::Denied => Reason::Denied(Arc::from(self.permission.as_str())),
            Outcome::Throttled => Reason::Unread(Arc::from(format!("`{api}` was throttled to the end; collect again"))),
            Outcome::Unsupported => {
                Reason::Unread(Arc::from(format!("`{api}` does not exist in this region{said}; it was not read")))
            }
            Outcome::Unrecorded => {
                Reason::Unread(Arc::from(format!("AWS Config does not tell it{said}; collect from the account itself")))
            }
            Outcome::Failed | Outcome::Ok => {
                Reason::Unread(Arc::from(format!("`{api}` could not be read{said}; collect again")))
            }
        }
    }
}

impl Document {
    /// Resources that it holds.
    pub fn resources(&self) -> usize {
        self.sections.iter().map(|section| section.resources.len()).sum()
    }

    /// Whether it is of one service, in one region of one account.
    pub fn is_of(&self, account: &str, region: &str, service: &str) -> bool {
        let is_it =
            |section: &Section| section.account == account && section.region == region && section.service == service;
        !self.sections.is_empty() && self.sections.iter().all(is_it)
    }

    /// The account and region of each of its sections.
    pub fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sections.iter().map(|section| (section.account.as_str(), section.region.as_str()))
    }

    /// What stands for sections that were not read: everything that they would tell is hidden. `span` is where they are
    /// told of.
    pub fn of_missing(missing: impl Iterator<Item = Missing>, span: Span) -> Self {
        let section = |missing: Missing| {
            let (account, region, service) = missing.key;
            let read = Read {
                api: missing.name,
                of: None,
                outcome: Outcome::Failed,
                permission: String::new(),
                error: None,
                hides: missing.types,
                finds: Vec::new(),
                why: Some(missing.why.into()),
                span,
            };
            let partition = partition_of(&region).to_owned();
            Section {
                account,
                region,
                partition,
                service,
                reads: vec![read],
                resources: Vec::new(),
                span,
                missing: true,
            }
        };
        Self { sections: missing.map(section).collect() }
    }
}

/// The document of sections that were made of something else. `place` tells where what an id names is written.
pub(super) fn of_sections(sections: Vec<format::Section>, place: &dyn Fn(&str) -> Span) -> Document {
    let sections = sections.into_iter().map(|section| {
        let top = place(&section.account);
        let reads = section.reads.into_iter().map(|read| Read {
            api: read.api,
            of: read.of,
            outcome: read.outcome,
            permission: read.permission,
            error: read.error,
            hides: read.hides,
            finds: read.finds,
            why: None,
            span: top,
        });
        let resources = section.resources.into_iter().map(|item| {
            let span = place(&item.id);
            let value = serde_json::to_value(item).unwrap_or_default();
            node(&value, span)
        });
        Section {
            account: section.account,
            region: section.region,
            partition: section.partition,
            service: section.service,
            reads: reads.collect(),
            resources: resources.collect(),
            span: top,
            missing: false,
        }
    });
    Document { sections: sections.collect() }
}

/// A value that is written in one place as a whole.
fn node(value: &serde_json::Value, span: Span) -> Node {
    use serde_json::Value as Json;
    let scalar = |text: String, plain: bool| NodeValue::Scalar(Scalar { text: text.into(), plain });
    let value = match value {
        Json::Null => NodeValue::Null,
        Json::Bool(value) => scalar(value.to_string(), true),
        Json::Number(value) => scalar(value.to_string(), true),
        Json::String(value) => scalar(value.clone(), false),
        Json::Array(items) => NodeValue::Seq(items.iter().map(|item| node(item, span)).collect()),
        Json::Object(members) => NodeValue::Map(
            members
                .iter()
                .map(|(key, value)| Entry { key: key.as_str().into(), key_span: span, value: node(value, span) })
                .collect(),
        ),
    };
    Node { span, tag: None, value }
}

/// One account of one snapshot.
#[derive(Debug)]
struct Account {
    id: String,
    /// When it was collected.
    at: Option<String>,
    files: Vec<String>,
    sections: Vec<Section>,
}

/// A snapshot, as far as its files have it in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Its folder, or the one file that it is.
    pub name: String,
    /// When it was collected, as its manifest says.
    pub at: Option<String>,
}

/// Makes a unit of each account. Files of one snapshot belong together.
pub fn units(documents: Vec<(Origin, FileId, Document)>, sources: &SourceMap) -> Vec<Box<dyn Unit>> {
    let mut accounts: BTreeMap<(Origin, String), Account> = BTreeMap::new();
    for (snapshot, file, document) in documents {
        let name = sources.file(file).name.clone();
        for section in document.sections {
            let id = section.account.clone();
            let account = accounts.entry((snapshot.clone(), id.clone())).or_insert_with(|| Account {
                id,
                at: snapshot.at.clone(),
                files: Vec::new(),
                sections: Vec::new(),
            });
            if account.files.last() != Some(&name) {
                account.files.push(name.clone());
            }
            account.sections.push(section);
        }
    }
    accounts.into_values().map(|account| Box::new(account) as Box<dyn Unit>).collect()
}

impl Unit for Account {
    fn files(&self) -> Vec<String> {
        self.files.clone()
    }

    fn worlds(&self) -> Worlds {
        Worlds { list: vec![World::default()], incomplete: None }
    }

    fn collected(&self) -> Vec<Collected> {
        self.sections.iter().map(|section| section.collected(self.at.as_deref())).collect()
    }

    fn evaluate(&self, _: &World) -> Evaluation {
        let identities = Identities::of(self.sections.iter().flat_map(|section| &section.resources));
        let mut evaluation = Evaluation::default();
        let mut seen = HashSet::new();
        for section in &self.sections {
            let reading = Reading { account: self, section, identities: &identities, failed: section.failed() };
            for node in &section.resources {
                match reading.resource(node) {
                    // A list that changed while its pages were read may name a resource on two of them.
                    Some(resource) if seen.insert((Arc::clone(&resource.kind), resource.address.clone())) => {
                        evaluation.resources.push(resource);
                    }
                    Some(_) => {}
                    None => evaluation.notes.push(not_understood(node.span)),
                }
            }
            evaluation.resources.extend(section.reads.iter().flat_map(|read| reading.hidden(read)));
            evaluation.notes.extend(section.reads.iter().filter_map(|read| reading.note(read)));
        }
        evaluation
    }
}

fn not_understood(span: Span) -> Note {
    let message = "a resource of this snapshot has no type, id or properties".to_owned();
    Note { level: NoteLevel::Error, message, span: Some(span), related: None }
}

/// Reads the resources of one section.
struct Reading<'a> {
    account: &'a Account,
    section: &'a Section,
    identities: &'a Identities<'a>,
    failed: HashMap<&'a str, FailedReads<'a>>,
}

/// Reads of one API that did not end well: the first, and those that were about one resource, by its id.
struct FailedReads<'a> {
    first: &'a Read,
    of: HashMap<&'a str, &'a Read>,
}

impl Reading<'_> {
    fn resource(&self, node: &Node) -> Option<Resource> {
        let text = |key: &str| node.get(key).and_then(Node::as_str);
        let id = node.entry("Id")?;
        let address = id.value.as_str()?;
        let properties = node.get("Properties")?;
        properties.as_map()?;
        let name = text("Name").unwrap_or_else(|| short(address));
        let properties = self.value(properties, address);
        Some(made(address, name, text("Type")?, properties, node.span, id.value.span))
    }

    /// The resources that a read hides because it did not end well: one of each type, of which nothing is known.
    fn hidden<'r>(&'r self, read: &'r Read) -> impl Iterator<Item = Resource> + 'r {
        read.hides.iter().map(move |kind| {
            let (region, account) = (&self.section.region, &self.account.id);
            let address = format!("{account}/{region}/{kind} not read by {}", read.api);
            let what = kind.rsplit("::").next().unwrap_or(kind);
            let name = format!("{what} of {region} that could not be read");
            let properties = Value::unknown(read.span, read.reason());
            made(&address, &name, kind, properties, read.span, read.span)
        })
    }

    fn note(&self, read: &Read) -> Option<Note> {
        // What is missing was said for the snapshot as a whole.
        if read.outcome == Outcome::Ok || self.section.missing {
            return None;
        }
        let Section { account, region, service, .. } = self.section;
        let of = read.of.as_deref().map(|of| format!(" of `{of}`")).unwrap_or_default();
        let message = format!("{}{of} in account {account}, {region}, {service}", read.reason());
        Some(Note { level: NoteLevel::Warning, message, span: Some(read.span), related: None })
    }

    fn value(&self, node: &Node, own: &str) -> Value {
        let kind = match &node.value {
            NodeValue::Null => Kind::Null,
            NodeValue::Scalar(scalar) => self.identities.kind(scalar, own),
            NodeValue::Seq(items) => Kind::List(items.iter().map(|item| self.value(item, own)).collect()),
            NodeValue::Map(entries) => {
                if let [only] = entries.as_slice()
                    && &*only.key == format::UNREAD
                {
                    return Value::unknown(node.span, self.reason(only.value.as_str().unwrap_or_default(), own));
                }
                let member = |entry: &Entry| Member {
                    key: Arc::from(&*entry.key),
                    key_span: entry.key_span,
                    value: self.value(&entry.value, own),
                };
                Kind::Map(Map { members: entries.iter().map(member).collect(), open: None })
            }
        };
        Value::new(node.span, kind)
    }

    /// Why a detail of a resource could not be read.
    fn reason(&self, api: &str, own: &str) -> Reason {
        let unread = || Reason::Unread(Arc::from(format!("`{api}` was not read; collect again")));
        let failed = self.failed.get(api);
        failed.map_or_else(unread, |failed| failed.of.get(own).unwrap_or(&failed.first).reason())
    }
}

fn made(address: &str, name: &str, kind: &str, properties: Value, span: Span, name_span: Span) -> Resource {
    Resource {
        address: Address(Arc::from(address)),
        name: Arc::from(name),
        kind: Arc::from(kind),
        properties,
        span,
        name_span,
        origin: None,
        calls: Vec::new(),
        metadata: None,
        depends_on: Vec::new(),
        deletion_policy: None,
        construct: None,
        exported: false,
        format: Format::Account,
    }
}

/// What an ARN is about, without the account.
fn short(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}
