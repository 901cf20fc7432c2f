//! What differs between two inputs: two snapshots, or what is written and what an account has.
//!
//! Resources are paired first ([`pair`]); then what is written of them and what was found about them is compared. What one
//! side did not read is neither added nor removed, neither new nor resolved: it is said to be not comparable, and why.

mod architecture;
pub mod json;
mod pair;
mod properties;
pub mod terminal;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::finding::{Report, Severity, Verdict};
use crate::input::collected::{Collected, GLOBAL};
use crate::input::{Format, Resource};
use crate::scan::{self, Progress, Request};
use crate::source::{SourceMap, Span};
use crate::value::{Address, Reference, Value};
pub use architecture::{ArchitectureChange, Aspect};
pub use pair::Basis;
use pair::Pairing;
pub use properties::PropertyChange;
pub use verdicts::{FindingChange, Uncompared};

/// One of the two inputs.
#[derive(Debug)]
pub struct Side {
    pub report: Report,
    pub sources: SourceMap,
    resources: Vec<Subject>,
    /// Resource → (account, region) of the section that it is in.
    homes: HashMap<String, (String, String)>,
    /// Why more may be declared than is there, for what is written.
    gaps: BTreeSet<String>,
    architecture: Vec<architecture::Statement>,
}

/// A resource, over all worlds of its input.
#[derive(Debug)]
struct Subject {
    resource: Resource,
    /// In every world, with the same properties.
    settled: bool,
}

/// What differs.
#[derive(Debug)]
pub struct Diff {
    /// Sorted by type, then by what it is called.
    pub resources: Vec<ResourceChange>,
    /// What the resources come to.
    pub architecture: Vec<ArchitectureChange>,
    /// Worst first.
    pub findings: Vec<FindingChange>,
    pub uncompared: Vec<Uncompared>,
    /// Resources that are the same thing on both sides.
    pub paired: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Added,
    Removed,
    Changed,
    /// On one side only, while the other has others of its type that it may be.
    Unpaired,
    /// On one side only, because the other was not read.
    Unread,
}

#[derive(Debug)]
pub struct ResourceChange {
    pub kind: String,
    pub change: Change,
    pub before: Option<Place>,
    pub after: Option<Place>,
    /// How it is known that both are the same thing.
    pub basis: Option<Basis>,
    pub properties: Vec<PropertyChange>,
    /// Why it is not comparable.
    pub why: Option<String>,
    /// An account has it beside what is written: nothing that is written is connected with it, no rule looks at it, or it
    /// comes with something else by itself.
    pub is_apart: bool,
}

/// What something is called, and where it is written.
#[derive(Clone, Debug)]
pub struct Place {
    /// ARN, or `template.yaml#Logical`.
    pub id: String,
    pub name: String,
    /// `template.yaml:12:3`.
    pub location: String,
}

impl Change {
    pub fn key(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Unpaired => "unpaired",
            Self::Unread => "unread",
        }
    }
}

impl Side {
    /// Reads and judges one input. Passes are kept, whatever the request says.
    pub fn read(request: &Request, progress: &(dyn Fn(Progress) + Sync)) -> Self {
        let sources = SourceMap::default();
        let loaded = scan::load(request, &sources, progress);
        let mut found: BTreeMap<String, (Subject, usize)> = BTreeMap::new();
        let mut worlds_of = HashMap::new();
        let mut gaps = BTreeSet::new();
        let mut architecture = Vec::new();
        for (unit, input) in loaded.units.iter().enumerate() {
            architecture.extend(architecture::of(input.as_ref()));
            let worlds = input.worlds();
            worlds_of.insert(unit, (worlds.list.len(), worlds.incomplete.is_some()));
            if let Some(incomplete) = &worlds.incomplete {
                gaps.insert(format!("not every combination of conditions was looked at: {}", incomplete.reason));
            }
            for world in &worlds.list {
                let evaluation = input.evaluate(world);
                gaps.extend(evaluation.gaps);
                for resource in evaluation.resources {
                    if resource.kind.ends_with(MODULE) {
                        gaps.insert(format!("module `{}` is not evaluated, and may declare it", resource.kind));
                    }
                    if is_stand_in(&resource) {
                        continue;
                    }
                    let mut id = format!("{unit} {}", resource.address);
                    if resource.is_policy_of_aws() {
                        // Each account shows it, with the same ARN.
                        id = resource.address.to_string();
                        if found.contains_key(&id) {
                            continue;
                        }
                    }
                    match found.get_mut(&id) {
                        Some((known, times)) => {
                            known.settled &= known.resource.properties == resource.properties;
                            *times += 1;
                        }
                        None => {
                            found.insert(id, (Subject { resource, settled: true }, 1));
                        }
                    }
                }
            }
        }
        let resources = found.into_iter().map(|(id, (mut subject, times))| {
            let unit = id.split_once(' ').and_then(|(unit, _)| unit.parse::<usize>().ok());
            let (worlds, incomplete) = unit.and_then(|unit| worlds_of.get(&unit)).copied().unwrap_or((1, false));
            subject.settled &= times == worlds && !incomplete;
            subject
        });
        let resources = resources.collect();
        let report = scan::judge_all(loaded, request, &sources, progress);
        let homes = report.collected.iter().flat_map(|part| {
            part.resources.iter().map(|held| (held.id.clone(), (part.account.clone(), part.region.clone())))
        });
        let homes = homes.collect();
        let absent = report.absent_modules.keys();
        gaps.extend(absent.map(|source| format!("module `{source}` is not on disk, and may declare it")));
        Self { report, sources, resources, homes, gaps, architecture }
    }

    /// Whether it is the state of live accounts.
    pub fn is_live(&self) -> bool {
        !self.report.collected.is_empty()
    }

    /// Whether anything was read at all.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.report.collected.is_empty()
    }

    fn place(&self, span: Span) -> String {
        format!("{}:{}", self.sources.file(span.file).name, self.sources.position(span))
    }

    fn place_of(&self, resource: &Resource) -> Place {
        Place {
            id: resource.address.to_string(),
            name: resource.name.to_string(),
            location: self.place(resource.name_span),
        }
    }

    /// Whether the names of its resources are those of Terraform; `None` for live accounts, and where there are both.
    fn is_terraform(&self) -> Option<bool> {
        let of = |subject: &Subject| match subject.resource.format {
            Format::Account => None,
            Format::Terraform | Format::TerraformPlan => Some(true),
            Format::CloudFormation | Format::Sam => Some(false),
        };
        let mut formats = self.resources.iter().map(of);
        let first = formats.next()??;
        formats.all(|other| other == Some(first)).then_some(first)
    }

    /// What refers, over any others, to one of these resources.
    fn connected(&self, paired: &HashSet<Address>) -> HashSet<Address> {
        let mut connected = paired.clone();
        loop {
            let found = self.resources.iter().map(|subject| &subject.resource).filter(|resource| {
                let leads = |reference: &&Reference| match reference {
                    Reference::Resource { address, .. } => connected.contains(address),
                    Reference::Pseudo(_) => false,
                };
                !connected.contains(&resource.address) && resource.properties.references().iter().any(leads)
            });
            let found: Vec<Address> = found.map(|resource| resource.address.clone()).collect();
            if found.is_empty() {
                return connected;
            }
            connected.extend(found);
        }
    }

    /// Whether AWS makes a resource by itself beside what was asked for. Source: Amazon VPC User Guide, "Default security
    /// groups for your VPCs", "Subnet route tables"; Amazon EC2 User Guide, "Elastic network interfaces".
    fn is_made(&self, resource: &Resource) -> bool {
        const ASSOCIATION: &str = "AWS::EC2::SubnetRouteTableAssociation";
        let known = |property: &str| resource.prop(property).known().is_some();
        let is_own =
            |table: &Reference| matches!(table, Reference::Resource { address, .. } if *address == resource.address);
        let is_main = |association: &Resource| {
            association.prop("Main").known().is_some()
                && association.prop("RouteTableId").known().is_some_and(|id| id.references().into_iter().any(is_own))
        };
        let associations =
            || self.resources.iter().map(|subject| &subject.resource).filter(|other| &*other.kind == ASSOCIATION);
        match &*resource.kind {
            "AWS::EC2::SecurityGroup" => resource.prop("GroupName").known().and_then(Value::as_str) == Some("default"),
            ASSOCIATION => known("Main"),
            "AWS::EC2::RouteTable" => associations().any(is_main),
            "AWS::EC2::NetworkInterface" => known("UsedBy"),
            _ => false,
        }
    }

    /// Whether any rule may look at resources of a type.
    fn is_looked_at(&self, kind: &str) -> bool {
        self.report.resource_types.get(kind).is_some_and(|(_, understood)| *understood)
    }

    /// Why it is not certain that there is no such resource here. `home` is where it would be, `None` when that is not
    /// known.
    fn unread(&self, home: Option<&(String, String)>, id: &str, kind: &str) -> Option<String> {
        if !self.is_live() {
            let repeated = |subject: &&Subject| *subject.resource.kind == *kind && is_repeated(&subject.resource);
            let repeated = self
                .resources
                .iter()
                .find(repeated)
                .map(|subject| format!("how many `{}` there are is not known", subject.resource.address.name()));
            return self.gaps.first().cloned().or(repeated);
        }
        if let Some((account, region)) = home {
            return self.report.missing(account, region, id, kind).err();
        }
        // It may be in any of the accounts and regions, so all of them must have been read.
        let collected = &self.report.collected;
        let hidden =
            |part: &&Collected| part.failed.iter().any(|failed| failed.hides.iter().any(|hidden| hidden == kind));
        if let Some(part) = collected.iter().find(hidden) {
            return Some(format!("not all {kind} of account {}, {} could be read", part.account, part.region));
        }
        let homes: BTreeSet<(&str, &str)> =
            collected.iter().map(|part| (part.account.as_str(), part.region.as_str())).collect();
        let read = |(account, region): &(&str, &str)| self.report.missing(account, region, id, kind);
        let (global, regional): (Vec<_>, Vec<_>) = homes.into_iter().partition(|(_, region)| *region == GLOBAL);
        // Services without regions are in one section of the account, the others in that of each region.
        let is_global = global.iter().any(|home| read(home).is_ok()) && regional.iter().all(|home| read(home).is_err());
        let wanted = if is_global || regional.is_empty() { global } else { regional };
        if wanted.is_empty() {
            return Some(format!("{kind} was not read"));
        }
        wanted.iter().find_map(|home| read(home).err())
    }
}

/// Modules of the CloudFormation registry end so. Source: CloudFormation user guide, "Modules".
const MODULE: &str = "::MODULE";

/// How Terraform's `count` and `for_each` name an instance when it is not known how many there are.
const REPEATED: &str = "[*]";

fn is_repeated(resource: &Resource) -> bool {
    matches!(resource.format, Format::Terraform | Format::TerraformPlan) && resource.address.0.contains(REPEATED)
}

/// What stands for something that could not be read, or is none of AWS's.
fn is_stand_in(resource: &Resource) -> bool {
    resource.absent_module().is_some() || resource.is_foreign() || resource.is_unread()
}

/// Compares. `before` is the template where an account is compared with one.
pub fn compare(before: &Side, after: &Side) -> Diff {
    let pairing = Pairing::of(before, after);
    let mut resources = Vec::new();
    for (a, b, basis) in pairing.pairs() {
        let (Some(one), Some(other)) = (before.resources.get(a), after.resources.get(b)) else { continue };
        if !(one.settled && other.settled) {
            continue;
        }
        let changed = properties::compare(&one.resource, &other.resource, &pairing);
        if !changed.is_empty() {
            resources.push(ResourceChange {
                kind: one.resource.kind.to_string(),
                change: Change::Changed,
                before: Some(before.place_of(&one.resource)),
                after: Some(after.place_of(&other.resource)),
                basis: Some(basis),
                properties: changed,
                why: None,
                is_apart: false,
            });
        }
    }
    resources.extend(left_over(before, after, &pairing, true));
    resources.extend(left_over(after, before, &pairing, false));
    let id = |change: &ResourceChange| {
        let place = change.before.as_ref().or(change.after.as_ref());
        (change.kind.clone(), change.change, place.map(|place| place.id.clone()))
    };
    resources.sort_by_cached_key(id);
    let architecture = architecture::compare(before, after, &pairing, &resources);
    let (findings, uncompared) = verdicts::compare(before, after, &pairing);
    Diff { resources, architecture, findings, uncompared, paired: pairing.pairs().count() }
}

/// The resources of `own` that `other` does not have.
fn left_over<'a>(
    own: &'a Side,
    other: &'a Side,
    pairing: &'a Pairing,
    is_before: bool,
) -> impl Iterator<Item = ResourceChange> + 'a {
    // Both call the same thing by the same name.
    let alike = own.is_live() && other.is_live()
        || own.is_terraform().is_some_and(|terraform| other.is_terraform() == Some(terraform));
    let across = own.is_live() && !other.is_live();
    let connected = if across { own.connected(&pairing.paired(is_before)) } else { HashSet::new() };
    let subjects = own.resources.iter().enumerate();
    subjects.filter(move |(index, _)| !pairing.is_paired(*index, is_before)).map(move |(_, subject)| {
        let resource = &subject.resource;
        let home = own.homes.get(resource.address.to_string().as_str());
        let (change, why) = if let Some(why) = other.unread(home, &resource.address.0, &resource.kind) {
            (Change::Unread, Some(why))
        } else if !alike && pairing.others_left(&resource.kind, is_before) > 0 {
            let others = pairing.others_left(&resource.kind, is_before);
            (Change::Unpaired, Some(format!("it may be any of {others} on the other side")))
        } else if !subject.settled && !own.is_live() {
            (Change::Unpaired, Some("it is there only under conditions that are open".to_owned()))
        } else if is_before {
            (Change::Removed, None)
        } else {
            (Change::Added, None)
        };
        let place = Some(own.place_of(resource));
        let (before, after) = if is_before { (place, None) } else { (None, place) };
        let kind = resource.kind.to_string();
        let is_apart =
            across && (!connected.contains(&resource.address) || !own.is_looked_at(&kind) || own.is_made(resource));
        ResourceChange { kind, change, before, after, basis: None, properties: Vec::new(), why, is_apart }
    })
}

impl Diff {
    /// Whether a finding at least this severe has changed.
    pub fn crosses(&self, gate: Severity) -> bool {
        self.findings.iter().any(|change| {
            let failed = |verdict: Option<Verdict>| verdict == Some(Verdict::Fail);
            change.severity >= gate && (failed(change.before) || failed(change.after))
        })
    }
}
