//! Security groups: who may open a connection to what is attached to them.

use std::fmt;
use std::sync::Arc;

use super::{Cidr, Ec2, PREFIX_LIST, Pointer, SECURITY_GROUP, SUBNET, VPC, cidr, group, tag};
use crate::graph::{Pointing, Resources, Target, Typed, integer, list, target, text};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Kind, Prop, Reason, Reference, Value};

#[derive(Clone, Debug)]
pub struct SecurityGroup {
    pub address: Address,
    pub span: Span,
    /// Absent: the default VPC.
    pub vpc: Pointer,
    /// Tag `sra:cluster`: its members are meant to talk to each other.
    pub cluster: Typed<String>,
}

/// One rule that lets packets in. A rule with several sources becomes several.
#[derive(Clone, Debug)]
pub struct Ingress {
    /// The group that it belongs to.
    pub group: Pointer,
    /// The resource in which it is written.
    pub written_in: Address,
    /// Its position among the inline rules of a group.
    pub index: Option<usize>,
    pub span: Span,
    pub source: Typed<Source>,
    pub traffic: Typed<Traffic>,
}

/// Which of the source properties is written, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    Block(Block),
    PrefixList(Pointer),
    Group(Pointer),
}

/// An address block. One that is not known may still be known to be no wider than an organisation's: the block of a
/// VPC or subnet, or `!Sub ${Address}/32`.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub cidr: Typed<Cidr>,
    pub narrow: bool,
}

/// What a rule lets in. Source: `AWS::EC2::SecurityGroup` `Ingress`, `IpProtocol`: -1, and any number other than those
/// of tcp, udp, icmp and icmpv6, allows all ports whatever the port properties say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Traffic {
    All,
    Tcp(Ports),
    Udp(Ports),
    /// Types and codes instead of ports.
    Icmp,
    Protocol(u8),
}

/// An inclusive range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ports {
    pub from: u16,
    pub to: u16,
}

/// The blocks of an `AWS::EC2::PrefixList`.
#[derive(Clone, Debug)]
pub struct PrefixList {
    pub address: Address,
    pub span: Span,
    pub entries: Typed<Vec<Typed<Cidr>>>,
}

impl Ports {
    pub const ALL: Self = Self { from: 0, to: u16::MAX };

    pub fn one(port: u16) -> Self {
        Self { from: port, to: port }
    }

    pub fn contains(&self, port: u16) -> bool {
        self.from <= port && port <= self.to
    }

    pub fn within(&self, other: &Self) -> bool {
        other.from <= self.from && self.to <= other.to
    }
}

impl Traffic {
    /// The ports that it opens to TCP.
    pub fn tcp(&self) -> Option<Ports> {
        match self {
            Self::All => Some(Ports::ALL),
            Self::Tcp(ports) => Some(*ports),
            Self::Udp(_) | Self::Icmp | Self::Protocol(_) => None,
        }
    }

    pub fn udp(&self) -> Option<Ports> {
        match self {
            Self::All => Some(Ports::ALL),
            Self::Udp(ports) => Some(*ports),
            Self::Tcp(_) | Self::Icmp | Self::Protocol(_) => None,
        }
    }

    /// Lets every port of its protocol in.
    pub fn all_ports(&self) -> bool {
        match self {
            Self::All | Self::Protocol(_) => true,
            Self::Tcp(ports) | Self::Udp(ports) => *ports == Ports::ALL || (ports.from <= 1 && ports.to == u16::MAX),
            Self::Icmp => false,
        }
    }

    /// Whether everything that `other` lets in is let in.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Tcp(wide), Self::Tcp(narrow)) | (Self::Udp(wide), Self::Udp(narrow)) => narrow.within(wide),
            (Self::All, _) | (Self::Icmp, Self::Icmp) => true,
            (Self::Protocol(one), Self::Protocol(other)) => one == other,
            _ => false,
        }
    }
}

pub(super) fn decode(resources: &Resources, ec2: &mut Ec2) {
    for resource in resources.of_kind(PREFIX_LIST) {
        ec2.prefix_lists.insert(resource.address.clone(), prefix_list(resources, resource));
    }
    let mut ingress = Vec::new();
    for resource in resources.of_kind(SECURITY_GROUP) {
        ec2.groups.insert(
            resource.address.clone(),
            SecurityGroup {
                address: resource.address.clone(),
                span: resource.name_span,
                vpc: target(resources, resource.prop("VpcId"), &[VPC]),
                cluster: tag(resource, "sra:cluster"),
            },
        );
        inline(resources, resource, &mut ingress);
    }
    for resource in resources.of_kind("AWS::EC2::SecurityGroupIngress") {
        let by_id = group(resources, resource.prop("GroupId"));
        let of = if matches!(by_id, Typed::Absent(_)) { group(resources, resource.prop("GroupName")) } else { by_id };
        let of = match of {
            Typed::Absent(span) => Typed::Unknown(Reason::NotUnderstood("the rule names no group".into()), span),
            other => other,
        };
        let at = Written { group: of, resource: &resource.address, index: None, span: resource.name_span };
        rules(resources, &resource.properties, &at, &mut ingress);
    }
    ec2.ingress = Pointing::new(ingress, |rule| &rule.group);
}

struct Written<'a> {
    group: Pointer,
    resource: &'a Address,
    index: Option<usize>,
    span: Span,
}

impl Written<'_> {
    fn rule(&self, source: Typed<Source>, traffic: Typed<Traffic>) -> Ingress {
        Ingress {
            group: self.group.clone(),
            written_in: self.resource.clone(),
            index: self.index,
            span: self.span,
            source,
            traffic,
        }
    }

    fn unknown(&self, reason: &Reason) -> Ingress {
        self.rule(Typed::Unknown(reason.clone(), self.span), Typed::Unknown(reason.clone(), self.span))
    }
}

fn inline(resources: &Resources, resource: &Resource, found: &mut Vec<Ingress>) {
    let itself = |span| Typed::Known(Target::Resource(resource.address.clone()), span);
    let at = |index, span| Written { group: itself(span), resource: &resource.address, index: Some(index), span };
    match list(resource.prop("SecurityGroupIngress")) {
        Typed::Absent(_) => {}
        Typed::Unknown(reason, span) => found.push(at(0, span).unknown(&reason)),
        Typed::Known(items, _) => {
            for (index, item) in flatten(&items).into_iter().enumerate() {
                let at = at(index, item.span);
                match &item.kind {
                    Kind::Map(_) => rules(resources, item, &at, found),
                    Kind::Null => {}
                    _ => {
                        let reason = item.reason().cloned();
                        let reason =
                            reason.unwrap_or_else(|| Reason::NotUnderstood("an ingress rule was expected here".into()));
                        found.push(at.unknown(&reason));
                    }
                }
            }
        }
    }
}

fn flatten(items: &[Value]) -> Vec<&Value> {
    items
        .iter()
        .flat_map(|item| match &item.kind {
            Kind::List(nested) => nested.iter().collect(),
            _ => vec![item],
        })
        .collect()
}

fn rules(resources: &Resources, rule: &Value, at: &Written<'_>, found: &mut Vec<Ingress>) {
    let traffic = traffic(rule);
    let sources = sources(resources, rule, at.span);
    found.extend(sources.into_iter().map(|source| at.rule(source, traffic.clone())));
}

fn sources(resources: &Resources, rule: &Value, span: Span) -> Vec<Typed<Source>> {
    let mut sources = Vec::new();
    for (property, widest) in [("CidrIp", cidr::WIDEST_OWNED_V4), ("CidrIpv6", cidr::WIDEST_OWNED_V6)] {
        let prop = rule.prop(property);
        let cidr = block(resources, prop);
        if !matches!(cidr, Typed::Absent(_)) {
            let narrow = prop.known().is_some_and(|value| is_narrow(resources, value, widest));
            sources.push(Typed::Known(Source::Block(Block { cidr, narrow }), prop.span()));
        }
    }
    let list = target(resources, rule.prop("SourcePrefixListId"), &[PREFIX_LIST]);
    if !matches!(list, Typed::Absent(_)) {
        let span = list.span();
        sources.push(Typed::Known(Source::PrefixList(list), span));
    }
    for property in ["SourceSecurityGroupId", "SourceSecurityGroupName"] {
        let group = group(resources, rule.prop(property));
        if !matches!(group, Typed::Absent(_)) {
            let span = group.span();
            sources.push(Typed::Known(Source::Group(group), span));
        }
    }
    if sources.is_empty() {
        sources.push(Typed::Unknown(Reason::NotUnderstood("the rule names no source".into()), span));
    }
    sources
}

/// Whether a block whose address is not known ends in a prefix length that leaves no room for the Internet.
fn is_narrow(resources: &Resources, value: &Value, widest: u8) -> bool {
    if network_of(resources, value).is_some() {
        return true;
    }
    let template = value.template().unwrap_or_default();
    template.rsplit_once('/').and_then(|(_, length)| length.parse().ok()).is_some_and(|length: u8| length >= widest)
}

/// The VPC or subnet whose own block a value refers to.
fn network_of<'r>(resources: &'r Resources, value: &Value) -> Option<&'r Resource> {
    match &value.kind {
        Kind::Ref(Reference::Resource { address, attribute: Some(attribute), .. }) if &**attribute == "CidrBlock" => {
            resources.get(address).filter(|resource| [VPC, SUBNET].contains(&&*resource.kind))
        }
        _ => None,
    }
}

/// An address block; `!GetAtt Vpc.CidrBlock` is the block that the VPC declares.
pub(super) fn block(resources: &Resources, prop: Prop<'_>) -> Typed<Cidr> {
    let network = prop.known().and_then(|value| network_of(resources, value));
    let declared = network.map_or(prop, |network| network.prop("CidrBlock"));
    let at = prop.span();
    match text(declared) {
        Typed::Known(text, _) => Cidr::parse(&text).map_or_else(
            || Typed::Unknown(Reason::NotUnderstood(format!("`{text}` is not an address block").into()), at),
            |cidr| Typed::Known(cidr, at),
        ),
        Typed::Unknown(reason, _) => Typed::Unknown(reason, at),
        Typed::Absent(_) => network.map_or(Typed::Absent(at), |network| {
            Typed::Unknown(Reason::Attribute(format!("{}.CidrBlock", network.name).into()), at)
        }),
    }
}

fn traffic(rule: &Value) -> Typed<Traffic> {
    let (protocol, span) = match text(rule.prop("IpProtocol")) {
        Typed::Known(protocol, span) => (protocol, span),
        Typed::Unknown(reason, span) => return Typed::Unknown(reason, span),
        Typed::Absent(span) => return Typed::Unknown(Reason::NotUnderstood("`IpProtocol` is missing".into()), span),
    };
    let of_ports = |make: fn(Ports) -> Traffic| match ports(rule) {
        Typed::Known(ports, span) => Typed::Known(make(ports), span),
        Typed::Unknown(reason, span) => Typed::Unknown(reason, span),
        Typed::Absent(_) => Typed::Known(make(Ports::ALL), span),
    };
    match protocol.trim().to_ascii_lowercase().as_str() {
        "-1" | "all" => Typed::Known(Traffic::All, span),
        "tcp" | "6" => of_ports(Traffic::Tcp),
        "udp" | "17" => of_ports(Traffic::Udp),
        "icmp" | "1" | "icmpv6" | "58" => Typed::Known(Traffic::Icmp, span),
        other => other.parse().map_or_else(
            |_| Typed::Unknown(Reason::NotUnderstood(format!("`{other}` is not a protocol").into()), span),
            |number| Typed::Known(Traffic::Protocol(number), span),
        ),
    }
}

/// The port range; absent when neither end is written. An end of -1 leaves that side open.
fn ports(rule: &Value) -> Typed<Ports> {
    let (from, to) = (integer(rule.prop("FromPort")), integer(rule.prop("ToPort")));
    let span = from.span().join(to.span());
    let end = |end: &Typed<i64>, open: u16| match end {
        Typed::Known(-1, _) | Typed::Absent(_) => Ok(open),
        Typed::Known(port, _) => {
            u16::try_from(*port).map_err(|_| Reason::NotUnderstood(Arc::from(format!("`{port}` is not a port"))))
        }
        Typed::Unknown(reason, _) => Err(reason.clone()),
    };
    if let (Typed::Absent(span), Typed::Absent(_)) = (&from, &to) {
        return Typed::Absent(*span);
    }
    match (end(&from, 0), end(&to, u16::MAX)) {
        (Ok(from), Ok(to)) => Typed::Known(Ports { from, to }, span),
        (Err(reason), _) | (_, Err(reason)) => Typed::Unknown(reason, span),
    }
}

fn prefix_list(resources: &Resources, resource: &Resource) -> PrefixList {
    let entries = match list(resource.prop("Entries")) {
        Typed::Known(items, span) => Typed::Known(items.iter().map(|item| entry(resources, item)).collect(), span),
        Typed::Unknown(reason, span) => Typed::Unknown(reason, span),
        Typed::Absent(span) => Typed::Known(Vec::new(), span),
    };
    PrefixList { address: resource.address.clone(), span: resource.name_span, entries }
}

fn entry(resources: &Resources, item: &Value) -> Typed<Cidr> {
    match block(resources, item.prop("Cidr")) {
        Typed::Absent(span) => Typed::Unknown(Reason::NotUnderstood("`Cidr` is missing".into()), span),
        other => other,
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to { write!(f, "{}", self.from) } else { write!(f, "{}-{}", self.from, self.to) }
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all traffic"),
            Self::Tcp(Ports::ALL) => f.write_str("tcp, all ports"),
            Self::Udp(Ports::ALL) => f.write_str("udp, all ports"),
            Self::Tcp(ports) => write!(f, "tcp {ports}"),
            Self::Udp(ports) => write!(f, "udp {ports}"),
            Self::Icmp => f.write_str("icmp"),
            Self::Protocol(number) => write!(f, "protocol {number}"),
        }
    }
}
