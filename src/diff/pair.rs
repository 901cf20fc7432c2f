//! Which resource of one side is which of the other.
//!
//! Two snapshots name the same thing by the same ARN, two versions of a template by the same logical id. A template and an
//! account have no name in common, so several signs are tried, the surest first, and each only where it points at exactly
//! one resource on either side: the tag with which CloudFormation marks what it creates, the name that is written, the name
//! that CloudFormation makes of the logical id, the `Name` tag, and the place in what is paired already.

use std::collections::HashMap;

use super::{Side, Subject};
use crate::input::Resource;
use crate::value::{Address, Kind, Prop, Reference, Value};

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
    left_before: HashMap<String, usize>,
    left_after: HashMap<String, usize>,
    /// One side is written, the other is live.
    pub across: bool,
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
            left_before: HashMap::new(),
            left_after: HashMap::new(),
            across: before.is_live() != after.is_live(),
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
            let logical = |live: bool| {
                move |resource: &Resource| {
                    if live { logical_id(resource) } else { Some(resource.address.name().to_owned()) }
                }
            };
            self.by(a, b, Basis::LogicalId, logical(a_live), logical(b_live));
        }
        self.by(a, b, Basis::Name, name(a_live), name(b_live));
        if a_live != b_live {
            self.generated(a, b, a_live);
            self.by(a, b, Basis::Name, name_tag, name_tag);
            // Another range of addresses is another network; the same one twice is ambiguous.
            self.by(a, b, Basis::Position, range, range);
        }
        // A place is known when those around it are, so this goes from the outside in.
        for exact in [true, false] {
            loop {
                let partners = self.partners.clone();
                let forward = |resource: &Resource| position(resource, exact, |address| partners.get(address).cloned());
                let own = |resource: &Resource| position(resource, exact, |address| Some(address.clone()));
                let paired: std::collections::HashSet<&Address> = partners.values().collect();
                let backward = |resource: &Resource| {
                    let known = parents(resource).all(|(_, address)| paired.contains(address));
                    own(resource).filter(|_| known)
                };
                if self.by(a, b, Basis::Position, forward, backward) == 0 {
                    break;
                }
            }
        }
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
            if let (Some(one), Some(Some(other))) = (one, index_b.get(key)) {
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
            let mut candidates = live.iter().enumerate().filter(|(_, other)| matches(&other.resource));
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

    fn pair(&mut self, a: &[Subject], b: &[Subject], one: usize, other: usize, basis: Basis) {
        self.of_before.insert(one, (other, basis));
        self.of_after.insert(other, one);
        if let (Some(one), Some(other)) = (a.get(one), b.get(other)) {
            self.partners.insert(one.resource.address.clone(), other.resource.address.clone());
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

fn range(resource: &Resource) -> Option<String> {
    (&*resource.kind == "AWS::EC2::VPC").then(|| text(resource, "CidrBlock")).flatten().map(str::to_owned)
}

/// The resources that one is a part of.
fn parents(resource: &Resource) -> impl Iterator<Item = (&'static str, &Address)> {
    PARENTS.iter().filter_map(|property| match &resource.prop(property).known()?.kind {
        Kind::Ref(Reference::Resource { address, .. }) => Some((*property, address)),
        _ => None,
    })
}

/// What a resource is a part of and, when `exact`, which part. `None` when that is not known.
fn position(resource: &Resource, exact: bool, partner: impl Fn(&Address) -> Option<Address>) -> Option<String> {
    let mut place = String::new();
    for (property, address) in parents(resource) {
        place.push_str(&format!("{property}={};", partner(address)?));
    }
    if place.is_empty() {
        return None;
    }
    if exact {
        for property in PARTS {
            let part = text(resource, property).unwrap_or_default();
            place.push_str(&format!("{part};"));
        }
    }
    Some(place)
}
