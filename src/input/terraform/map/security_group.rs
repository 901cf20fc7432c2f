//! Security groups. A rule of Terraform names many sources, one of CloudFormation names one.
//!
//! The provider takes away the rule that lets everything out of a new group, so a group without egress rules has none;
//! in CloudFormation it would have that one. Here an empty `SecurityGroupEgress` says so. The default group of a VPC is
//! a group of that name. Source: Terraform AWS provider, `aws_security_group` and `aws_default_security_group`.

use super::Returns::{GetAtt, Sub};
use super::Shape::{Link, Or, Plain, Tags};
use super::{Attributes, Draft, Found, Mapper, Owner, Property, Row, Service, United, find, member, property, put};
use crate::input::terraform::value as tf;
use crate::source::Span;
use crate::value::{Kind, Map, Member, Reason, Value};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: Some(unite) };

const GROUP: &str = "AWS::EC2::SecurityGroup";
const INGRESS: &str = "AWS::EC2::SecurityGroupIngress";
const EGRESS: &str = "AWS::EC2::SecurityGroupEgress";
const INTERFACE: &str = "AWS::EC2::NetworkInterface";
const INSTANCE: &str = "AWS::EC2::Instance";

const ATTRIBUTES: Attributes = &[
    ("id", GetAtt("GroupId")),
    ("arn", Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:security-group/${.GroupId}")),
    ("name", GetAtt("GroupName")),
];

const ROWS: &[Row] = &[
    Row::new(
        "aws_security_group",
        GROUP,
        &[
            property("GroupName", "name", Plain),
            property("GroupDescription", "description", Or("Managed by Terraform")),
            property("VpcId", "vpc_id", Link),
            property("Tags", "tags", Tags),
        ],
        ATTRIBUTES,
    )
    .then(inline),
    Row::new(
        "aws_default_security_group",
        GROUP,
        &[property("GroupName", "", Or("default")), property("VpcId", "vpc_id", Link), property("Tags", "tags", Tags)],
        ATTRIBUTES,
    )
    .then(inline),
    Row::new("aws_security_group_rule", INGRESS, &[property("GroupId", "security_group_id", Link)], &[]).then(rule),
    Row::new(
        "aws_vpc_security_group_ingress_rule",
        INGRESS,
        &[
            property("GroupId", "security_group_id", Link),
            property("Description", "description", Plain),
            property("IpProtocol", "ip_protocol", Plain),
            property("FromPort", "from_port", Plain),
            property("ToPort", "to_port", Plain),
            property("CidrIp", "cidr_ipv4", Link),
            property("CidrIpv6", "cidr_ipv6", Link),
            property("SourcePrefixListId", "prefix_list_id", Link),
            property("SourceSecurityGroupId", "referenced_security_group_id", Link),
            property("Tags", "tags", Tags),
        ],
        &[],
    ),
    Row::new(
        "aws_vpc_security_group_egress_rule",
        EGRESS,
        &[
            property("GroupId", "security_group_id", Link),
            property("Description", "description", Plain),
            property("IpProtocol", "ip_protocol", Plain),
            property("FromPort", "from_port", Plain),
            property("ToPort", "to_port", Plain),
            property("CidrIp", "cidr_ipv4", Link),
            property("CidrIpv6", "cidr_ipv6", Link),
            property("DestinationPrefixListId", "prefix_list_id", Link),
            property("DestinationSecurityGroupId", "referenced_security_group_id", Link),
            property("Tags", "tags", Tags),
        ],
        &[],
    ),
    Row::part("aws_network_interface_sg_attachment"),
];

/// What a rule says beside its sources.
const TRAFFIC: &[Property] = &[
    property("Description", "description", Plain),
    property("IpProtocol", "protocol", Plain),
    property("FromPort", "from_port", Plain),
    property("ToPort", "to_port", Plain),
];

/// Which way the packets of a rule go.
#[derive(Clone, Copy)]
struct Direction {
    prefix_list: &'static str,
    group: &'static str,
}

const IN: Direction = Direction { prefix_list: "SourcePrefixListId", group: "SourceSecurityGroupId" };
const OUT: Direction = Direction { prefix_list: "DestinationPrefixListId", group: "DestinationSecurityGroupId" };

/// The rules that a group says itself, in blocks or in attributes of that form.
fn inline(draft: &mut Draft<'_>) {
    for (argument, property, direction) in
        [("ingress", "SecurityGroupIngress", IN), ("egress", "SecurityGroupEgress", OUT)]
    {
        let (rules, span) = match draft.argument(argument) {
            Found::Absent if argument == "egress" => (Kind::List(Vec::new()), draft.instance.name_span),
            Found::Absent => continue,
            Found::Unknown(unknown, span) => (Kind::Unknown(unknown.reason.clone()), span),
            Found::Value(rules) => {
                let blocks = rules.value.elements().unwrap_or(std::slice::from_ref(&rules.value));
                let made = blocks
                    .iter()
                    .flat_map(|block| sources(draft.mapper, block, direction, &draft.itself_as("GroupId", block.span)));
                (Kind::List(made.collect()), rules.key_span)
            }
        };
        draft.set(property, span, Value::new(span, rules));
    }
}

/// An `aws_security_group_rule`: one resource for each of its sources.
fn rule(draft: &mut Draft<'_>) {
    let word = draft.mapper.linked(draft.instance, "type");
    let (kind, direction) = match word.as_ref().and_then(Value::as_str) {
        Some("egress") => (EGRESS, OUT),
        // One of which that is not known may let packets in.
        _ => (INGRESS, IN),
    };
    let unsure = word.filter(|word| word.as_str().is_none());
    draft.resource.kind = kind.into();
    let span = draft.instance.name_span;
    let group = draft.mapper.linked(draft.instance, "security_group_id");
    let itself = group.clone().unwrap_or_else(|| Value::unknown(span, Reason::NotUnderstood("no group".into())));
    let mut rules = sources(draft.mapper, &draft.instance.arguments, direction, &itself);
    for rule in &mut rules {
        if let (Kind::Map(map), Some(unsure)) = (&mut rule.kind, &unsure) {
            put(map, "IpProtocol", member("", unsure.span, unsure.clone()));
        }
    }
    let mut rules = rules.into_iter();
    for property in rules.next().into_iter().flat_map(members) {
        draft.set(&property.key, property.key_span, property.value);
    }
    for (index, rule) in rules.enumerate() {
        let mut properties = members(rule);
        let source = properties.last().and_then(|source| source.value.as_str());
        let part = source.map_or_else(|| format!("source {}", index + 2), str::to_owned);
        properties.extend(group.clone().map(|group| member("GroupId", span, group)));
        draft.also(&part, kind, properties);
    }
}

fn members(rule: Value) -> Vec<Member> {
    match rule.kind {
        Kind::Map(map) => map.members,
        _ => Vec::new(),
    }
}

/// One rule for each source that a block names; `itself` is the group of the block. A block that names none makes one
/// rule without a source: the service refuses it.
fn sources(mapper: &Mapper<'_>, block: &tf::Value, direction: Direction, itself: &Value) -> Vec<Value> {
    let traffic = mapper.properties(block, TRAFFIC);
    let Kind::Map(traffic) = traffic.kind else { return vec![traffic] };
    let lists = [
        ("cidr_blocks", "CidrIp"),
        ("ipv6_cidr_blocks", "CidrIpv6"),
        ("prefix_list_ids", direction.prefix_list),
        ("security_groups", direction.group),
        ("source_security_group_id", direction.group),
    ];
    let mut found = Vec::new();
    for (argument, property) in lists {
        match find(block, argument) {
            Found::Absent => {}
            Found::Unknown(unknown, span) => found.push((property, span, Value::unknown(span, unknown.reason.clone()))),
            Found::Value(list) => match mapper.link(&list.value) {
                Value { kind: Kind::List(items), .. } => {
                    found.extend(items.into_iter().map(|item| (property, list.key_span, item)));
                }
                one => found.push((property, list.key_span, one)),
            },
        }
    }
    match find(block, "self") {
        Found::Absent => {}
        Found::Unknown(unknown, span) => {
            found.push((direction.group, span, Value::unknown(span, unknown.reason.clone())));
        }
        Found::Value(argument) => match mapper.plain(&argument.value) {
            value if value.as_bool() == Some(true) => {
                found.push((direction.group, argument.key_span, Value { span: value.span, ..itself.clone() }));
            }
            value if value.as_bool() == Some(false) => {}
            value => found.push((direction.group, argument.key_span, value)),
        },
    }
    let rule = |source: Option<(&str, Span, Value)>| {
        let mut members = traffic.members.clone();
        members.extend(source.map(|(property, span, value)| member(property, span, value)));
        Value::new(block.span, Kind::Map(Map { members, open: None }))
    };
    if found.is_empty() { vec![rule(None)] } else { found.into_iter().map(|source| rule(Some(source))).collect() }
}

/// Groups that are put on an interface afterwards. Of an instance it is the first interface.
fn unite(united: &mut United<'_>) {
    for instance in united.instances_of("aws_network_interface_sg_attachment") {
        let Some(group) = united.mapper.linked(instance, "security_group_id") else { continue };
        for (kind, path) in [(INTERFACE, "GroupSet"), (INSTANCE, "SecurityGroupIds")] {
            let owner = united.owner(instance, "network_interface_id", kind, &[]);
            let nested = match &owner {
                Owner::Is(address) => united.at(address).is_some_and(|owner| super::compute::add_group(owner, &group)),
                _ => false,
            };
            if !nested {
                united.attach(&owner, kind, path, &group);
            }
        }
    }
}
