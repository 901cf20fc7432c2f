//! Which resource of one side is which of the other.
//!
//! Two snapshots name the same thing by the same ARN, two versions of a template by the same logical id. A template and an
//! account have no name in common, so several signs are tried, the surest first, and each only where it points at exactly
//! one resource on either side: the tags with which CloudFormation marks what it creates, the name that is written, the name
//! that CloudFormation makes of the logical id, the `Name` tag, the ranges of a network and its subnets, and the place in
//! what is paired already. What CloudFormation has marked as another resource is never paired.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Side, Subject};
use crate::input::{Format, Resource};
use crate::value::{Address, Kind, Prop, Reference, Value};

/// Type and logical id.
type Marked = (String, String);

/// How it is known that two resources are the same thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// The ARN, or the logical id.
    Id,
    /// The tag `aws:cloudformation:logical-id`.
    LogicalId,
    Name,
    /// The same place below resources that are paired.
    Position,
}

impl Basis {
    pub fn key(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::LogicalId => "logical_id",
            Self::Name => "name",
            Self::Position => "position",
        }
    }
}

/// Pairs of resources, by their indexes.
#[derive(Debug)]
pub(super) struct Pairing {
    of_before: HashMap<usize, (usize, Basis)>,
    of_after: HashMap<usize, usize>,
    /// Address before → address after.
    partners: HashMap<Address, Address>,
    /// The other way around.
    partners_back: HashMap<Address, Address>,
    left_before: HashMap<String, usize>,
    left_after: HashMap<String, usize>,
    /// One side is written, the other is live.
    across: bool,
    /// The sides are in different languages, so that what one leaves out says nothing.
    pub loose: bool,
    /// The first side is the live one.
    a_live: bool,
    /// Which stack of the account is made of which template.
    stacks: HashMap<String, String>,
}

/// Properties that name a resource, as its owner chose. A name that is not unique pairs nothing.
const NAMES: &[&str] = &[
    "FunctionName",
    "RoleName",
    "GroupName",
    "UserName",
    "ManagedPolicyName",
    "InstanceProfileName",
    "TableName",
    "StateMachineName",
    "ClusterName",
    "UserPoolName",
    "ClientName",
    "IdentityPoolName",
    "LoadBalancerName",
    "AutoScalingGroupName",
    "LaunchTemplateName",
    "LaunchConfigurationName",
    "QueueName",
    "BucketName",
    "Domain",
    "DomainName",
    "ServiceName",
    "Family",
    "Name",
];

/// Properties that say what a resource is a part of or connects.
const PARENTS: &[&str] = &[
    "VpcId",
    "SubnetId",
    "RouteTableId",
    "InternetGatewayId",
    "GroupId",
    "LoadBalancerArn",
    "ListenerArn",
    "RestApiId",
    "ApiId",
    "ParentId",
    "ResourceId",
    "UserPoolId",
    "IdentityPoolId",
    "FunctionName",
    "TargetFunctionArn",
    "RoleName",
    "Cluster",
];

/// Properties that tell the parts of one thing apart.
const PARTS: &[&str] = &[
    "CidrBlock",
    "DestinationCidrBlock",
    "DestinationIpv6CidrBlock",
    "CidrIp",
    "CidrIpv6",
    "FromPort",
    "ToPort",
    "Port",
    "Priority",
    "PathPart",
    "HttpMethod",
    "RouteKey",
    "StageName",
    "PolicyName",
    "ClientName",
    "Principal",
    "Action",
];

impl Pairing {
    pub(super) fn of(before: &Side, after: &Side) -> Self {
        let mut pairing = Self {
            of_before: HashMap::new(),
            of_after: HashMap::new(),
            partners: HashMap::new(),
            partners_back: HashMap::new(),
            left_before: HashMap::new(),
            left_after: HashMap::new(),
            across: before.is_live() != after.is_live(),
            loose: before.is_live() != after.is_live() || before.is_terraform() != after.is_terraform(),
            a_live: before.is_live(),
            stacks: HashMap::new(),
        };
        let (a, b) = (&before.resources, &after.resources);
        let id = |resource: &Resource| Some(resource.address.to_string());
        pairing.by(a, b, Basis::Id, id, id);
        if !(before.is_live() && after.is_live()) {
            pairing.across_worlds(a, b, before.is_live(), after.is_live());
        }
        pairing.left_before = left(a, |index| pairing.of_before.contains_key(&index));
        pairing.left_after = left(b, |index| pairing.of_after.contains_key(&index));
        pairing
    }

    fn across_worlds(&mut self, a: &[Subject], b: &[Subject], a_live: bool, b_live: bool) {
        if a_live == b_live {
            let local = |resource: &Resource| {
                Some(resource.address.0.split_once('#').map_or(&*resource.address.0, |(_, local)| local).to_owned())
            };
            self.by(a, b, Basis::Id, local, local);
        } else {
            self.of_stacks(a, b);
        }
        self.by(a, b, Basis::Name, name(a_live), name(b_live));
        if a_live != b_live {
            self.generated(a, b, a_live);
        }
        if self.loose {
            self.by(a, b, Basis::Name, name_tag, name_tag);
            self.networks(a, b);
        }
        // A place is known when those around it are, so this goes from the outside in; and back out again where names say
        // nothing, as another name in the same language is another resource.
        let exactness: &[Exactness] = if self.loose {
            &[Exactness::Part, Exactness::Whole, Exactness::Around]
        } else {
            &[Exactness::Part, Exactness::Whole]
        };
        loop {
            let mut found = 0;
            for exactness in exactness {
                while self.places(a, b, *exactness) > 0 {
                    found += 1;
                }
            }
            let wholes = if self.loose { self.wholes(a, b) } else { 0 };
            if found + wholes == 0 {
                break;
            }
        }
    }

    /// Pairs what is at the same place. Returns how many.
    fn places(&mut self, a: &[Subject], b: &[Subject], exactness: Exactness) -> usize {
        let partners = self.partners.clone();
        let paired: HashSet<&Address> = partners.values().collect();
        let forward = |resource: &Resource| position(resource, exactness, |address| partners.get(address).cloned());
        let backward = |resource: &Resource| {
            position(resource, exactness, |address| paired.contains(address).then(|| address.clone()))
        };
        self.by(a, b, Basis::Position, forward, backward)
    }

    /// Pairs what pairs are parts of: the tables that the same subnets use. Returns how many.
    fn wholes(&mut self, a: &[Subject], b: &[Subject]) -> usize {
        let index_of = |subjects: &[Subject]| -> HashMap<Address, usize> {
            subjects.iter().enumerate().map(|(index, subject)| (subject.resource.address.clone(), index)).collect()
        };
        let (index_a, index_b) = (index_of(a), index_of(b));
        let mut votes: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (one, other, _) in self.pairs() {
            let (Some(one), Some(other)) = (a.get(one), b.get(other)) else { continue };
            for (property, whole) in parents(&one.resource) {
                let mut theirs = parents(&other.resource).filter(|(known, _)| *known == property);
                let Some((_, theirs)) = theirs.next() else { continue };
                if let (Some(whole), Some(theirs)) = (index_a.get(whole), index_b.get(theirs)) {
                    votes.entry(*whole).or_default().insert(*theirs);
                }
            }
        }
        let mut found = 0;
        for (one, others) in &votes {
            let Some(other) = others.first().filter(|_| others.len() == 1) else { continue };
            let wanted = votes.values().filter(|others| others.contains(other)).count();
            let free = !self.of_before.contains_key(one) && !self.of_after.contains_key(other);
            let (Some(first), Some(second)) = (a.get(*one), b.get(*other)) else { continue };
            let same = first.resource.kind == second.resource.kind;
            if free && wanted == 1 && same && !self.contradicts(&first.resource, &second.resource) {
                self.pair(a, b, *one, *other, Basis::Position);
                found += 1;
            }
        }
        found
    }

    /// Pairs what has the same key, where the key is unique on both sides. Returns how many.
    fn by(
        &mut self,
        a: &[Subject],
        b: &[Subject],
        basis: Basis,
        key_a: impl Fn(&Resource) -> Option<String>,
        key_b: impl Fn(&Resource) -> Option<String>,
    ) -> usize {
        let index_a = unique(a, |index| self.of_before.contains_key(&index), key_a);
        let index_b = unique(b, |index| self.of_after.contains_key(&index), key_b);
        let mut found = 0;
        let mut keys: Vec<_> = index_a.iter().collect();
        keys.sort();
        for (key, one) in keys {
            if let (Some(one), Some(Some(other))) = (one, index_b.get(key))
                && let (Some(first), Some(second)) = (a.get(*one), b.get(*other))
                && !self.contradicts(&first.resource, &second.resource)
            {
                self.pair(a, b, *one, *other, basis);
                found += 1;
            }
        }
        found
    }

    /// `stack-Logical-1ABCDEFGHIJKL`. Source: CloudFormation user guide, "Name type".
    fn generated(&mut self, a: &[Subject], b: &[Subject], a_live: bool) {
        let (written, live) = if a_live { (b, a) } else { (a, b) };
        let mut found: Vec<(usize, usize)> = Vec::new();
        for (index, subject) in written.iter().enumerate() {
            let middle = format!("-{}-", subject.resource.address.name());
            let matches = |other: &Resource| {
                let (stack, random) = other.name.split_once(&middle).unwrap_or_default();
                other.kind == subject.resource.kind
                    && !stack.is_empty()
                    && (8..=13).contains(&random.len())
                    && random.chars().all(|char| char.is_ascii_alphanumeric())
            };
            let fits = |other: &Resource| matches(other) && !self.contradicted(&subject.resource, other);
            let mut candidates = live.iter().enumerate().filter(|(_, other)| fits(&other.resource));
            if let (Some((other, _)), None) = (candidates.next(), candidates.next()) {
                found.push((index, other));
            }
        }
        for (index, other) in found {
            let (one, two) = if a_live { (other, index) } else { (index, other) };
            if !self.of_before.contains_key(&one) && !self.of_after.contains_key(&two) {
                self.pair(a, b, one, two, Basis::Name);
            }
        }
    }

    /// Pairs what `CloudFormation` has marked. A logical id is a name in its stack only, so a template is first found to be
    /// that of a stack: the one with which it has most in common, and more than half of the smaller of the two.
    fn of_stacks(&mut self, a: &[Subject], b: &[Subject]) {
        let (written, live) = if self.a_live { (b, a) } else { (a, b) };
        let mut stacks: BTreeMap<String, HashMap<Marked, Option<usize>>> = BTreeMap::new();
        for (index, subject) in live.iter().enumerate() {
            if let Some((stack, logical)) = stack(&subject.resource).zip(logical_id(&subject.resource)) {
                let known = stacks.entry(stack).or_default().entry((subject.resource.kind.to_string(), logical));
                known.and_modify(|known| *known = None).or_insert(Some(index));
            }
        }
        let mut templates: BTreeMap<String, Vec<(usize, Marked)>> = BTreeMap::new();
        for (index, subject) in written.iter().enumerate() {
            let Resource { kind, address, .. } = &subject.resource;
            let key = (kind.to_string(), address.name().to_owned());
            templates.entry(template(&subject.resource)).or_default().push((index, key));
        }
        for (template, declared) in templates {
            let common = |stack: &HashMap<_, _>| declared.iter().filter(|(_, key)| stack.contains_key(key)).count();
            let mut ranked: Vec<(usize, &String)> = stacks.iter().map(|(name, stack)| (common(stack), name)).collect();
            ranked.sort_by(|a, b| b.cmp(a));
            let Some((most, name)) = ranked.first().copied() else { continue };
            let Some(stack) = stacks.get(name) else { continue };
            let is_tied = ranked.get(1).is_some_and(|(next, _)| *next == most);
            if is_tied || most * 2 <= declared.len().min(stack.len()) {
                continue;
            }
            self.stacks.insert(template, name.clone());
            for (index, key) in &declared {
                if let Some(Some(other)) = stack.get(key) {
                    let (one, two) = if self.a_live { (*other, *index) } else { (*index, *other) };
                    if !self.of_before.contains_key(&one) && !self.of_after.contains_key(&two) {
                        self.pair(a, b, one, two, Basis::LogicalId);
                    }
                }
            }
        }
    }

    /// Networks by their range of addresses, which many have in common: so the ranges of at least half of the subnets must
    /// be there as well.
    fn networks(&mut self, a: &[Subject], b: &[Subject]) {
        let (written, live) = if self.a_live { (b, a) } else { (a, b) };
        let (networks, others) = (by_range(written), by_range(live));
        let (parts, their_parts) = (subnets(written), subnets(live));
        let mut found = Vec::new();
        for (range, same) in networks {
            let [(index, network)] = same.as_slice() else { continue };
            let parts = parts.get(&network.address).into_iter().flatten();
            let fits = |other: &Resource| {
                let names = tag(network, "Name").zip(tag(other, "Name"));
                let theirs = their_parts.get(&other.address);
                let shared = parts.clone().filter(|part| theirs.is_some_and(|theirs| theirs.contains(*part))).count();
                names.is_none_or(|(one, other)| one == other)
                    && shared > 0
                    && shared * 2 >= parts.clone().count()
                    && !self.contradicted(network, other)
            };
            let mut candidates = others.get(range).into_iter().flatten().filter(|(_, other)| fits(other));
            if let (Some((other, _)), None) = (candidates.next(), candidates.next()) {
                found.push((*index, *other));
            }
        }
        for (index, other) in found {
            let (one, two) = if self.a_live { (other, index) } else { (index, other) };
            if !self.of_before.contains_key(&one) && !self.of_after.contains_key(&two) {
                self.pair(a, b, one, two, Basis::Position);
            }
        }
    }

    /// Whether what `CloudFormation` has marked says that a live resource is not the written one.
    fn contradicts(&self, first: &Resource, second: &Resource) -> bool {
        let (written, live) = if self.a_live { (second, first) } else { (first, second) };
        self.across && self.contradicted(written, live)
    }

    fn contradicted(&self, written: &Resource, live: &Resource) -> bool {
        if !matches!(written.format, Format::CloudFormation | Format::Sam) {
            return false;
        }
        let other_name = logical_id(live).is_some_and(|logical| logical != written.address.name());
        let own = self.stacks.get(&template(written));
        other_name || own.zip(stack(live)).is_some_and(|(own, stack)| *own != stack)
    }

    fn pair(&mut self, a: &[Subject], b: &[Subject], one: usize, other: usize, basis: Basis) {
        self.of_before.insert(one, (other, basis));
        self.of_after.insert(other, one);
        if let (Some(one), Some(other)) = (a.get(one), b.get(other)) {
            self.partners.insert(one.resource.address.clone(), other.resource.address.clone());
            self.partners_back.insert(other.resource.address.clone(), one.resource.address.clone());
        }
    }

    /// In the order of the first side.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, usize, Basis)> + use<> {
        let mut pairs: Vec<_> = self.of_before.iter().map(|(a, (b, basis))| (*a, *b, *basis)).collect();
        pairs.sort_unstable();
        pairs.into_iter()
    }

    pub(super) fn is_paired(&self, index: usize, is_before: bool) -> bool {
        if is_before { self.of_before.contains_key(&index) } else { self.of_after.contains_key(&index) }
    }

    /// The resources of a side that are paired.
    pub(super) fn paired(&self, is_before: bool) -> HashSet<Address> {
        if is_before { self.partners.keys().cloned().collect() } else { self.partners_back.keys().cloned().collect() }
    }

    /// Whether a resource of a side is paired.
    pub(super) fn has_partner(&self, address: &Address, is_before: bool) -> bool {
        if is_before { self.partners.contains_key(address) } else { self.partners_back.contains_key(address) }
    }

    /// What is called otherwise on the other side.
    pub(super) fn partner(&self, before: &Address) -> Option<&Address> {
        self.partners.get(before)
    }

    /// Resources of a type on the other side that are paired with nothing.
    pub(super) fn others_left(&self, kind: &str, is_before: bool) -> usize {
        let left = if is_before { &self.left_after } else { &self.left_before };
        left.get(kind).copied().unwrap_or(0)
    }
}

fn left(subjects: &[Subject], paired: impl Fn(usize) -> bool) -> HashMap<String, usize> {
    let mut left = HashMap::new();
    for (_, subject) in subjects.iter().enumerate().filter(|(index, _)| !paired(*index)) {
        *left.entry(subject.resource.kind.to_string()).or_default() += 1;
    }
    left
}

/// Key → the one resource that has it, or `None` when several do.
fn unique(
    subjects: &[Subject],
    paired: impl Fn(usize) -> bool,
    key: impl Fn(&Resource) -> Option<String>,
) -> HashMap<(String, String), Option<usize>> {
    let mut found = HashMap::new();
    for (index, subject) in subjects.iter().enumerate().filter(|(index, _)| !paired(*index)) {
        if let Some(key) = key(&subject.resource).filter(|key| !key.is_empty()) {
            let kind = subject.resource.kind.to_string();
            found.entry((kind, key)).and_modify(|known| *known = None).or_insert(Some(index));
        }
    }
    found
}

fn text<'a>(resource: &'a Resource, property: &str) -> Option<&'a str> {
    resource.prop(property).known()?.as_str()
}

fn tag(resource: &Resource, key: &str) -> Option<String> {
    let Prop::Known(tags) = resource.prop("Tags") else { return None };
    let value = match &tags.kind {
        Kind::Map(map) => map.get(key)?.as_str()?,
        Kind::List(items) => {
            let is_it = |item: &&Value| item.prop("Key").known().and_then(Value::as_str) == Some(key);
            items.iter().find(is_it)?.prop("Value").known()?.as_str()?
        }
        _ => return None,
    };
    Some(value.to_owned())
}

fn logical_id(resource: &Resource) -> Option<String> {
    tag(resource, "aws:cloudformation:logical-id")
}

/// The stack that a live resource is part of.
fn stack(resource: &Resource) -> Option<String> {
    tag(resource, "aws:cloudformation:stack-id").or_else(|| tag(resource, "aws:cloudformation:stack-name"))
}

/// The template, or nested template, that declares a resource.
fn template(resource: &Resource) -> String {
    let address = &*resource.address.0;
    address.strip_suffix(resource.address.name()).unwrap_or(address).to_owned()
}

/// The ranges of the subnets of each network.
fn subnets(subjects: &[Subject]) -> HashMap<&Address, BTreeSet<&str>> {
    let mut found: HashMap<&Address, BTreeSet<&str>> = HashMap::new();
    for Subject { resource, .. } in subjects.iter().filter(|subject| &*subject.resource.kind == "AWS::EC2::Subnet") {
        let network = parents(resource).find(|(property, _)| *property == "VpcId");
        if let Some(((_, network), range)) = network.zip(text(resource, "CidrBlock")) {
            found.entry(network).or_default().insert(range);
        }
    }
    found
}

/// The name that is written; a live one is named in any case.
fn name(live: bool) -> impl Fn(&Resource) -> Option<String> {
    move |resource| {
        let written = NAMES.iter().find_map(|property| text(resource, property));
        written.map(str::to_owned).or_else(|| live.then(|| resource.name.to_string()))
    }
}

/// The `Name` tag, by which what has no name is called.
fn name_tag(resource: &Resource) -> Option<String> {
    tag(resource, "Name").or_else(|| resource.address.is_arn().then(|| resource.name.to_string()))
}

/// Networks by their range of addresses.
fn by_range(subjects: &[Subject]) -> BTreeMap<&str, Vec<(usize, &Resource)>> {
    let mut found: BTreeMap<&str, Vec<(usize, &Resource)>> = BTreeMap::new();
    for (index, Subject { resource, .. }) in subjects.iter().enumerate() {
        if let Some(range) = text(resource, "CidrBlock").filter(|_| &*resource.kind == "AWS::EC2::VPC") {
            found.entry(range).or_default().push((index, resource));
        }
    }
    found
}

/// The resources that one is a part of.
fn parents(resource: &Resource) -> impl Iterator<Item = (&'static str, &Address)> {
    PARENTS.iter().filter_map(|property| match &resource.prop(property).known()?.kind {
        Kind::Ref(Reference::Resource { address, .. }) => Some((*property, address)),
        _ => None,
    })
}

/// How well a place must be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exactness {
    /// All that a resource is a part of, and which part it is.
    Part,
    /// All that it is a part of.
    Whole,
    /// Something that it is a part of.
    Around,
}

/// What a resource is a part of, as far as it must be known. `None` when it is not.
fn position(
    resource: &Resource,
    exactness: Exactness,
    partner: impl Fn(&Address) -> Option<Address>,
) -> Option<String> {
    let mut place = String::new();
    for (property, address) in parents(resource) {
        match partner(address) {
            Some(partner) => place.push_str(&format!("{property}={partner};")),
            None if exactness == Exactness::Around => {}
            None => return None,
        }
    }
    if place.is_empty() {
        return None;
    }
    if exactness == Exactness::Part {
        for property in PARTS {
            let part = text(resource, property).unwrap_or_default();
            place.push_str(&format!("{part};"));
        }
    }
    Some(place)
}
