//! Plans and states as `terraform show -json` writes them, and state files.
//!
//! A plan knows the values of everything but what is only known after apply, and of that only what it refers to. So
//! each value is read from the plan, else from the configuration beside it, else by its references; what then remains
//! is unknown. In a state all references are literal ids and ARNs, which are followed to the resources that have them.
//!
//! `document` (what a file is) → `record` (the resources in it) → `value` (arguments, by `configuration`, `reference`
//! and what is `written`) → `identity` (literal ids) → instances, the same as those of the source.

mod beside;
mod configuration;
mod document;
mod identity;
mod link;
mod mirror;
mod path;
mod record;
mod reference;
mod secret;
mod value;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

pub use beside::{Beside, Declaring, directory};
pub use document::{Document, Seen, advice, may_be_one, readable, see, wide_text};

use self::beside::Written;
use self::configuration::{Configuration, Expression, ModuleConfiguration};
use self::document::DocumentKind;
use self::identity::Identities;
use self::mirror::Mirrored;
use self::record::{Recorded, Records};
use self::reference::Resolver;
use self::value::Reader;
use crate::input::terraform::instance::{Instance, Provider};
use crate::input::terraform::map;
use crate::input::terraform::value::{Kind, Member, Object, Value};
use crate::input::{Changes, Evaluation, Note, NoteLevel, Unit};
use crate::source::{FileId, Node, SourceMap};
use crate::value::Address;
use crate::world::{World, Worlds};

/// A plan or state as a unit of its own.
#[derive(Debug)]
struct PlanUnit {
    /// Stands before `#` in addresses.
    name: Arc<str>,
    file: FileId,
    document: Document,
    sources: SourceMap,
    beside: Option<Beside>,
    written: OnceLock<Written>,
    instances: OnceLock<Vec<Instance>>,
}

/// Makes a unit of a document that was read from a file. Sensitive values are taken out of the file's text.
/// `beside` is the configuration that it was made of, when it is there.
pub fn unit(file: FileId, document: Document, beside: Option<Beside>, sources: &SourceMap) -> Box<dyn Unit> {
    sources.conceal(file, &secret::spans(&document.root));
    let name = Arc::from(sources.file(file).name.as_str());
    Box::new(PlanUnit {
        name,
        file,
        document,
        sources: sources.clone(),
        beside,
        written: OnceLock::new(),
        instances: OnceLock::new(),
    })
}

impl Document {
    /// Whether it has all that its configuration asks for.
    fn is_complete(&self) -> bool {
        let says = |key: &str, word: &str| self.root.get(key).and_then(Node::as_str) == Some(word);
        self.kind == DocumentKind::Plan && !says("errored", "true") && !says("complete", "false")
    }

    /// Managed resources that are recorded.
    pub fn resources(&self) -> usize {
        Records::of(self).list.iter().filter(|recorded| recorded.managed).count()
    }
}

impl PlanUnit {
    fn instances(&self) -> &[Instance] {
        self.instances.get_or_init(|| instances(&self.document, &self.written().instances, &self.sources))
    }

    fn written(&self) -> &Written {
        self.written.get_or_init(|| {
            let read = self.beside.as_ref().map(|beside| Written::read(beside, &self.document, &self.sources));
            // What cannot be read is said where the modules are looked for; the plan stands without it.
            read.and_then(Result::ok).unwrap_or_default()
        })
    }

    fn notes(&self) -> Vec<Note> {
        let root = &self.document.root;
        let flag = |key: &str| {
            root.entry(key).filter(|entry| self.document.kind == DocumentKind::Plan && entry.value.as_str().is_some())
        };
        let is = |key: &str, wanted: &str| flag(key).filter(|entry| entry.value.as_str() == Some(wanted));
        let note =
            |level, message: &str, span| Note { level, message: message.to_owned(), span: Some(span), related: None };
        let mut notes = Vec::new();
        if let Some(entry) = is("errored", "true") {
            let message = "planning failed, so this plan has only a part of the resources; repair it and plan again";
            notes.push(note(NoteLevel::Error, message, entry.key_span));
        } else if let Some(entry) = is("complete", "false") {
            let message =
                "this plan leaves out changes (`-target` or deferred actions); what it leaves out is not judged";
            notes.push(note(NoteLevel::Warning, message, entry.key_span));
        }
        notes.extend(self.written().notes.iter().cloned());
        notes
    }
}

impl Unit for PlanUnit {
    fn files(&self) -> Vec<String> {
        let own = self.sources.file(self.file).name.clone();
        std::iter::once(own).chain(self.written().files.iter().cloned()).collect()
    }

    fn worlds(&self) -> Worlds {
        Worlds::single()
    }

    fn evaluate(&self, _: &World) -> Evaluation {
        let resources = map::planned(&self.sources, &self.name, self.instances());
        Evaluation { resources, notes: self.notes(), ..Evaluation::default() }
    }

    fn changes(&self) -> Option<Changes> {
        let changed = changed(&self.document)?;
        let instances = self.instances().iter().filter(|instance| changed.contains(&instance.address));
        let places = instances.clone().map(|instance| instance.span).collect();
        let address = |instance: &Instance| Address(Arc::from(format!("{}#{}", self.name, instance.address)));
        Some(Changes { addresses: instances.map(address).collect(), places })
    }
}

/// The instances of a document. `written` are those of the configuration beside it, by address.
fn instances(document: &Document, written: &BTreeMap<Arc<str>, Instance>, sources: &SourceMap) -> Vec<Instance> {
    let records = Records::of(document);
    let configuration = Configuration::of(&document.root);
    let resolver = |with_known| Resolver { configuration: &configuration, records: &records, with_known };
    let reader = Reader { sources, unknown: resolver(false), known: resolver(true) };
    let exported = exported(&configuration, &reader.known);
    let identities = Identities::of(&records);
    let mirrored = Mirrored::of(&records);
    let managed = records.list.iter().filter(|recorded| recorded.managed);
    let read = managed.map(|recorded| {
        let own = written.get(&recorded.address);
        let written = own.map(|own| &own.arguments);
        let arguments = reader.arguments(recorded, written);
        let mut arguments = mirrored.without(arguments, recorded, &configuration, written);
        if let Some(expressions) = configuration.expressions(recorded) {
            let configured = |argument: &str| {
                !expressions.member(argument).is_absent() || written.is_some_and(|own| own.get(argument).is_some())
            };
            arguments = identities.without_default_network(arguments, &configured);
        }
        let mut instance = Instance {
            address: Arc::clone(&recorded.address),
            kind: Arc::clone(&recorded.kind),
            arguments: with_all_tags(arguments),
            span: own.map_or(recorded.span, |own| own.span),
            name_span: own.map_or(recorded.name_span, |own| own.name_span),
            calls: own.map(|own| own.calls.clone()).unwrap_or_default(),
            provider: own.map_or_else(|| Arc::new(provider(recorded, &configuration)), |own| Arc::clone(&own.provider)),
            depends_on: depends_on(recorded, &configuration, &records),
            exported: exported.contains(&recorded.address) || own.is_some_and(|own| own.exported),
        };
        identities.link(&mut instance);
        instance
    });
    read.collect()
}

/// The instances that outputs of the root module mention.
fn exported(configuration: &Configuration<'_>, resolver: &Resolver<'_, '_>) -> BTreeSet<Arc<str>> {
    let outputs = configuration.root.iter().flat_map(ModuleConfiguration::outputs);
    let origins = outputs.flat_map(|output| resolver.origins(output, &reference::Scope::default()).attributes);
    origins.map(|attribute| attribute.instance).collect()
}

/// Of the tags, those that the provider's default ones are among.
fn with_all_tags(arguments: Value) -> Value {
    let Kind::Object(object) = &arguments.kind else { return arguments };
    let Some(all) = object.member("tags_all").filter(|all| !all.value.is_null()) else { return arguments };
    let tags = Member { key: Arc::from("tags"), ..all.clone() };
    let others = object.members().iter().filter(|member| &*member.key != "tags").cloned();
    let members = others.chain([tags]).collect();
    let mut object = Object::new(members);
    object.open = arguments.as_object().and_then(|own| own.open.clone());
    Value::object(arguments.span, object)
}

fn provider(recorded: &Recorded<'_>, configuration: &Configuration<'_>) -> Provider {
    let resource = configuration.module(&recorded.calls).and_then(|module| module.resource(&recorded.local));
    let key = resource.and_then(|resource| resource.get("provider_config_key")).and_then(Node::as_str);
    let region = key.and_then(|key| match configuration.provider(key, "region") {
        Expression::Constant(node) => Some(node),
        Expression::References([only, ..]) => configuration.variable(only.as_str()?.strip_prefix("var.")?),
        _ => None,
    });
    let text = |node: &Node| Some(Value::text(node.span, node.as_str()?));
    Provider { region: region.and_then(text), default_tags: None }
}

/// The instances of what `depends_on` names.
fn depends_on(recorded: &Recorded<'_>, configuration: &Configuration<'_>, records: &Records<'_>) -> Vec<Arc<str>> {
    let resource = configuration.module(&recorded.calls).and_then(|module| module.resource(&recorded.local));
    let named = resource.and_then(|resource| resource.get("depends_on")).and_then(Node::as_seq).unwrap_or_default();
    let instances = named.iter().filter_map(Node::as_str).flat_map(|local| records.of_local(&recorded.calls, local));
    instances.filter(|instance| instance.managed).map(|instance| Arc::clone(&instance.address)).collect()
}

/// What a plan creates, updates or replaces, and what it takes something away from: the resources that a deleted one
/// names. `None` for a state.
fn changed(document: &Document) -> Option<BTreeSet<Arc<str>>> {
    let changes = document.root.get("resource_changes").and_then(Node::as_seq);
    if document.kind == DocumentKind::State {
        return None;
    }
    let records = Records::of(document);
    let identities = Identities::of(&records);
    let mut found = BTreeSet::new();
    for change in changes.unwrap_or_default() {
        let actions = record::actions(change);
        let address = record::address(change).and_then(|address| records.at(address));
        match address {
            Some(recorded) if actions.iter().any(|action| matches!(*action, "create" | "update")) => {
                found.insert(Arc::clone(&recorded.address));
            }
            None if actions.contains(&"delete") => {
                if let Some(before) = change.get("change").and_then(|change| change.get("before")) {
                    named_in(before, &identities, &mut found);
                }
            }
            _ => {}
        }
    }
    Some(found)
}

fn named_in(node: &Node, identities: &Identities<'_>, found: &mut BTreeSet<Arc<str>>) {
    match (node.as_map(), node.as_seq(), node.as_str()) {
        (Some(entries), ..) => entries.iter().for_each(|entry| named_in(&entry.value, identities, found)),
        (_, Some(items), _) => items.iter().for_each(|item| named_in(item, identities, found)),
        (.., Some(text)) => found.extend(identities.having(text).cloned()),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
