//! What the provider reports in two places: the rules of a security group, the routes of a table, the policies of a role.
//!
//! Once a resource of their own exists, the provider shows it as an argument of what it belongs to as well. Where the
//! configuration does not write that argument, such parts are the other resource's and are not counted twice; what
//! remains was made by somebody else. Source: the notes on conflicting arguments in the Terraform AWS provider's
//! documentation of these resources.

use std::collections::HashMap;
use std::sync::Arc;

use super::configuration::{Configuration, Expression};
use super::record::{Recorded, Records};
use crate::input::terraform::value::{Kind, Member, Object, Value};
use crate::source::Node;

/// An argument that shows what other resources make.
struct Mirror {
    kind: &'static str,
    argument: &'static str,
    /// The other type, and its argument that names the resource.
    other: &'static str,
    owner: &'static str,
    /// What is left of an element of the argument, beside one such resource; `None` when nothing is.
    rest: fn(&Value, &Node) -> Option<Value>,
}

const fn mirror(
    kind: &'static str,
    argument: &'static str,
    other: &'static str,
    owner: &'static str,
    rest: fn(&Value, &Node) -> Option<Value>,
) -> Mirror {
    Mirror { kind, argument, other, owner, rest }
}

const MIRRORS: &[Mirror] = &[
    mirror("aws_security_group", "ingress", "aws_security_group_rule", "security_group_id", ingress_rule),
    mirror("aws_security_group", "egress", "aws_security_group_rule", "security_group_id", egress_rule),
    mirror("aws_security_group", "ingress", "aws_vpc_security_group_ingress_rule", "security_group_id", vpc_rule),
    mirror("aws_security_group", "egress", "aws_vpc_security_group_egress_rule", "security_group_id", vpc_rule),
    mirror("aws_default_security_group", "ingress", "aws_security_group_rule", "security_group_id", ingress_rule),
    mirror("aws_default_security_group", "egress", "aws_security_group_rule", "security_group_id", egress_rule),
    mirror(
        "aws_default_security_group",
        "ingress",
        "aws_vpc_security_group_ingress_rule",
        "security_group_id",
        vpc_rule,
    ),
    mirror("aws_default_security_group", "egress", "aws_vpc_security_group_egress_rule", "security_group_id", vpc_rule),
    mirror("aws_route_table", "route", "aws_route", "route_table_id", route),
    mirror("aws_default_route_table", "route", "aws_route", "route_table_id", route),
    mirror("aws_network_acl", "ingress", "aws_network_acl_rule", "network_acl_id", acl_ingress),
    mirror("aws_network_acl", "egress", "aws_network_acl_rule", "network_acl_id", acl_egress),
    mirror("aws_iam_role", "inline_policy", "aws_iam_role_policy", "role", inline_policy),
    mirror("aws_iam_role", "managed_policy_arns", "aws_iam_role_policy_attachment", "role", attachment),
    mirror("aws_s3_bucket", "policy", "aws_s3_bucket_policy", "bucket", whole),
    mirror("aws_sqs_queue", "policy", "aws_sqs_queue_policy", "queue_url", whole),
    mirror("aws_sns_topic", "policy", "aws_sns_topic_policy", "arn", whole),
    mirror("aws_secretsmanager_secret", "policy", "aws_secretsmanager_secret_policy", "secret_arn", whole),
    mirror("aws_api_gateway_rest_api", "policy", "aws_api_gateway_rest_api_policy", "rest_api_id", whole),
    mirror("aws_vpc_endpoint", "policy", "aws_vpc_endpoint_policy", "vpc_endpoint_id", whole),
    mirror(
        "aws_autoscaling_group",
        "target_group_arns",
        "aws_autoscaling_attachment",
        "autoscaling_group_name",
        target_group,
    ),
    mirror("aws_elb", "instances", "aws_elb_attachment", "elb", attached_instance),
];

/// The resources of a document that others may mirror, by type and what they belong to.
pub(super) struct Mirrored<'n>(HashMap<(&'static str, &'n str), Vec<&'n Node>>);

impl<'n> Mirrored<'n> {
    pub(super) fn of(records: &Records<'n>) -> Self {
        let mut found: HashMap<(&'static str, &'n str), Vec<&'n Node>> = HashMap::new();
        for recorded in records.list.iter().filter(|recorded| recorded.managed) {
            let Some(mirror) = MIRRORS.iter().find(|mirror| mirror.other == &*recorded.kind) else { continue };
            let owner = recorded.values.and_then(|values| Some((values, values.get(mirror.owner)?.as_str()?)));
            if let Some((values, owner)) = owner.filter(|(_, owner)| !owner.is_empty()) {
                found.entry((mirror.other, owner)).or_default().push(values);
            }
        }
        Self(found)
    }

    /// Takes away what other resources make. `written` are the arguments that the configuration beside the plan gives.
    pub(super) fn without(
        &self,
        arguments: Value,
        recorded: &Recorded<'n>,
        configuration: &Configuration<'n>,
        written: Option<&Value>,
    ) -> Value {
        let mirrors: Vec<&Mirror> = MIRRORS.iter().filter(|mirror| mirror.kind == &*recorded.kind).collect();
        let Some(object) = arguments.as_object().filter(|_| !mirrors.is_empty() && !self.0.is_empty()) else {
            return arguments;
        };
        let resource = configuration.module(&recorded.calls).and_then(|module| module.resource(&recorded.local));
        let expressions = resource.map_or(Expression::Absent, Expression::of_resource);
        let mut members: Vec<Member> = object.members().to_vec();
        for mirror in mirrors {
            let is_written = written.is_some_and(|written| written.get(mirror.argument).is_some());
            if is_written || !expressions.member(mirror.argument).is_absent() {
                continue;
            }
            for other in self.belonging(mirror, recorded) {
                for member in members.iter_mut().filter(|member| &*member.key == mirror.argument) {
                    member.value = left(&member.value, other, mirror.rest);
                }
            }
        }
        members.retain(|member| !member.value.is_null());
        let mut kept = Object::new(members);
        kept.open.clone_from(&object.open);
        Value::object(arguments.span, kept)
    }

    fn belonging(&self, mirror: &Mirror, recorded: &Recorded<'n>) -> Vec<&'n Node> {
        let names = ["id", "arn", "name"].iter().filter_map(|key| recorded.values?.get(key)?.as_str());
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names.dedup();
        names.iter().filter_map(|name| self.0.get(&(mirror.other, *name))).flatten().copied().collect()
    }
}

/// What is left of an argument: of a list, element by element.
fn left(value: &Value, other: &Node, rest: fn(&Value, &Node) -> Option<Value>) -> Value {
    match value.elements() {
        Some(items) => {
            let items: Vec<Value> = items.iter().filter_map(|item| rest(item, other)).collect();
            value.clone().with(Kind::List(items.into()))
        }
        None => rest(value, other).unwrap_or_else(|| Value::null(value.span)),
    }
}

fn whole(_: &Value, _: &Node) -> Option<Value> {
    None
}

/// An argument of an element, as text; empty when it is not there.
fn of(element: &Value, key: &str) -> Arc<str> {
    match element.get(key).map(|value| &value.kind) {
        Some(Kind::Text(text)) => Arc::clone(&text.text),
        Some(Kind::Number(number)) => Arc::from(number.to_string()),
        Some(Kind::Bool(known)) => Arc::from(known.to_string()),
        _ => Arc::from(""),
    }
}

fn in_other<'n>(other: &'n Node, key: &str) -> &'n str {
    other.get(key).and_then(Node::as_str).unwrap_or_default()
}

fn keep_unless(same: bool, element: &Value) -> Option<Value> {
    (!same).then(|| element.clone())
}

fn inline_policy(element: &Value, other: &Node) -> Option<Value> {
    keep_unless(*of(element, "name") == *in_other(other, "name"), element)
}

fn is_text(element: &Value, text: &str) -> bool {
    matches!(&element.kind, Kind::Text(own) if *own.text == *text)
}

fn attachment(element: &Value, other: &Node) -> Option<Value> {
    keep_unless(is_text(element, in_other(other, "policy_arn")), element)
}

fn target_group(element: &Value, other: &Node) -> Option<Value> {
    keep_unless(is_text(element, in_other(other, "lb_target_group_arn")), element)
}

fn attached_instance(element: &Value, other: &Node) -> Option<Value> {
    keep_unless(is_text(element, in_other(other, "instance")), element)
}

fn route(element: &Value, other: &Node) -> Option<Value> {
    let pairs = [
        ("cidr_block", "destination_cidr_block"),
        ("ipv6_cidr_block", "destination_ipv6_cidr_block"),
        ("destination_prefix_list_id", "destination_prefix_list_id"),
    ];
    keep_unless(pairs.iter().all(|(own, theirs)| *of(element, own) == *in_other(other, theirs)), element)
}

fn acl_ingress(element: &Value, other: &Node) -> Option<Value> {
    acl_rule(element, other, "false")
}

fn acl_egress(element: &Value, other: &Node) -> Option<Value> {
    acl_rule(element, other, "true")
}

fn acl_rule(element: &Value, other: &Node, egress: &str) -> Option<Value> {
    let of_direction = in_other(other, "egress") == egress || egress == "false" && in_other(other, "egress").is_empty();
    keep_unless(of_direction && *of(element, "rule_no") == *in_other(other, "rule_number"), element)
}

fn ingress_rule(element: &Value, other: &Node) -> Option<Value> {
    if in_other(other, "type") == "ingress" { group_rule(element, other) } else { Some(element.clone()) }
}

fn egress_rule(element: &Value, other: &Node) -> Option<Value> {
    if in_other(other, "type") == "egress" { group_rule(element, other) } else { Some(element.clone()) }
}

/// A security group shows rules of the same ports as one, with the peers of all of them.
fn group_rule(element: &Value, other: &Node) -> Option<Value> {
    if !same_ports(element, other, "protocol") {
        return Some(element.clone());
    }
    let texts = |key: &str| other.get(key).and_then(Node::as_seq).unwrap_or_default().iter().filter_map(Node::as_str);
    let mut peers: Vec<(&str, &str)> = Vec::new();
    for key in ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids"] {
        peers.extend(texts(key).map(|text| (key, text)));
    }
    peers.push(("security_groups", in_other(other, "source_security_group_id")));
    without_peers(element, &peers, in_other(other, "self") == "true")
}

fn vpc_rule(element: &Value, other: &Node) -> Option<Value> {
    if !same_ports(element, other, "ip_protocol") {
        return Some(element.clone());
    }
    let group = in_other(other, "referenced_security_group_id");
    let peers = [
        ("cidr_blocks", in_other(other, "cidr_ipv4")),
        ("ipv6_cidr_blocks", in_other(other, "cidr_ipv6")),
        ("prefix_list_ids", in_other(other, "prefix_list_id")),
        ("security_groups", group),
    ];
    let own = !group.is_empty() && group == in_other(other, "security_group_id");
    without_peers(element, &peers, own)
}

fn same_ports(element: &Value, other: &Node, protocol: &str) -> bool {
    let normal = |text: &str| match text.to_ascii_lowercase().as_str() {
        "all" | "-1" => "-1".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        "58" => "icmpv6".to_owned(),
        other => other.to_owned(),
    };
    let (own, theirs) = (normal(&of(element, "protocol")), normal(in_other(other, protocol)));
    let same = |key: &str| *of(element, key) == *in_other(other, key);
    own == theirs && (own == "-1" || same("from_port") && same("to_port"))
}

/// An element without some of its peers; `None` when none is left.
fn without_peers(element: &Value, peers: &[(&str, &str)], own: bool) -> Option<Value> {
    let object = element.as_object()?;
    let is_peer = |key: &str, item: &Value| peers.iter().any(|(kind, peer)| *kind == key && is_text(item, peer));
    let mut left = false;
    let members = object.members().iter().map(|member| {
        let mut member = member.clone();
        if let Some(items) = member.value.elements() {
            let kept: Vec<Value> = items.iter().filter(|item| !is_peer(&member.key, item)).cloned().collect();
            left |= !kept.is_empty();
            member.value = member.value.clone().with(Kind::List(kept.into()));
        } else if &*member.key == "self" && matches!(member.value.kind, Kind::Bool(true)) {
            left |= !own;
            member.value = member.value.clone().with(Kind::Bool(!own));
        }
        member
    });
    let members: Vec<Member> = members.collect();
    left.then(|| Value::object(element.span, Object::new(members)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;

    #[test]
    fn rules_that_are_resources_are_not_counted_in_their_group_too() {
        let state = r#"{"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": [
            {"address": "aws_security_group.g", "mode": "managed", "type": "aws_security_group", "name": "g", "values": {
                "id": "sg-0a1b2c3d4e5f60718", "ingress": [
                {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8", "0.0.0.0/0"],
                 "security_groups": [], "self": false},
                {"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["10.0.0.0/8"], "security_groups": []}]}},
            {"address": "aws_security_group_rule.r", "mode": "managed", "type": "aws_security_group_rule", "name": "r", "values": {
                "type": "ingress", "security_group_id": "sg-0a1b2c3d4e5f60718", "protocol": "6", "from_port": 443,
                "to_port": 443, "cidr_blocks": ["10.0.0.0/8"]}},
            {"address": "aws_vpc_security_group_ingress_rule.r", "mode": "managed",
             "type": "aws_vpc_security_group_ingress_rule", "name": "r", "values": {
                "security_group_id": "sg-0a1b2c3d4e5f60718", "ip_protocol": "tcp", "from_port": 80, "to_port": 80,
                "cidr_ipv4": "10.0.0.0/8"}}]}}}"#;
        let found = read(state);
        let group: Vec<&String> =
            found.iter().filter(|line| line.starts_with("aws_security_group.g ingress")).collect();
        let left = r#"[{cidr_blocks: ["0.0.0.0/0"], from_port: 443, protocol: "tcp", security_groups: [], self: false, to_port: 443}]"#;
        assert_eq!(group, [&format!("aws_security_group.g ingress = {left}")]);
    }

    #[test]
    fn policies_that_are_resources_are_not_counted_in_their_role_too() {
        let state = r#"{"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": {"resources": [
            {"address": "aws_iam_role.r", "mode": "managed", "type": "aws_iam_role", "name": "r", "values": {
                "id": "app", "name": "app", "inline_policy": [{"name": "own", "policy": "{}"}, {"name": "other", "policy": "{}"}],
                "managed_policy_arns": ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"]}},
            {"address": "aws_iam_role_policy.p", "mode": "managed", "type": "aws_iam_role_policy", "name": "p",
             "values": {"name": "own", "role": "app", "policy": "{}"}},
            {"address": "aws_iam_role_policy_attachment.a", "mode": "managed", "type": "aws_iam_role_policy_attachment",
             "name": "a", "values": {"role": "app", "policy_arn": "arn:aws:iam::aws:policy/A"}}]}}}"#;
        let found = read(state);
        let has = |line: &str| assert!(found.iter().any(|found| found == line), "{line} in {found:#?}");
        has(r#"aws_iam_role.r inline_policy = [{name: "other", policy: "{}"}]"#);
        has(r#"aws_iam_role.r managed_policy_arns = ["arn:aws:iam::aws:policy/B"]"#);
    }
}
