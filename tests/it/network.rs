//! Laws of the network analyses: they agree with a walk that is written from scratch, and knowing less never makes an
//! architecture look better.

mod traps;

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use sra_guard::facts::{self, Tree, TreeKind};
use sra_guard::finding::Verdict;
use sra_guard::graph::Graph;
use sra_guard::input::Resource;
use sra_guard::input::cloudformation::evaluate_text;
use sra_guard::rule::{RuleSet, verdict};
use sra_guard::value::{Kind, Reason, Value};

use crate::support::rules;

/// A network in numbers: which table each subnet is associated with, and the routes of the tables.
#[derive(Clone, Debug)]
struct Network {
    associations: Vec<Option<usize>>,
    routes: Vec<(usize, usize, usize)>,
}

const TABLES: usize = 3;

/// Destinations, and whether they contain an address of the Internet.
const DESTINATIONS: [(&str, bool); 8] = [
    ("DestinationCidrBlock: 0.0.0.0/0", true),
    ("DestinationIpv6CidrBlock: '::/0'", true),
    ("DestinationCidrBlock: 128.0.0.0/1", true),
    ("DestinationCidrBlock: 8.8.8.0/24", true),
    ("DestinationCidrBlock: 10.0.0.0/8", false),
    ("DestinationCidrBlock: 172.20.0.0/16", false),
    ("DestinationIpv6CidrBlock: 'fd00::/8'", false),
    ("DestinationPrefixListId: !Ref Partners", true),
];

/// Targets, and whether they are a door of the Internet.
const TARGETS: [(&str, bool); 8] = [
    ("GatewayId: !Ref Gateway", true),
    ("GatewayId: igw-0123456789abcdef0", true),
    ("CarrierGatewayId: cagw-0123456789abcdef0", true),
    ("GatewayId: vgw-0123456789abcdef0", false),
    ("NatGatewayId: nat-0123456789abcdef0", false),
    ("TransitGatewayId: tgw-0123456789abcdef0", false),
    ("VpcPeeringConnectionId: pcx-0123456789abcdef0", false),
    ("EgressOnlyInternetGatewayId: eigw-0123456789abcdef0", false),
];

fn network() -> impl Strategy<Value = Network> {
    let associations = prop::collection::vec(prop::option::of(0..TABLES), 1..4);
    let routes = prop::collection::vec((0..TABLES, 0..DESTINATIONS.len(), 0..TARGETS.len()), 0..6);
    (associations, routes).prop_map(|(associations, routes)| Network { associations, routes })
}

impl Network {
    fn template(&self) -> String {
        let mut text = String::from(
            "Resources:\n  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}\n  Gateway: {Type: AWS::EC2::InternetGateway}\n  \
             Partners: {Type: AWS::EC2::PrefixList, Properties: {Entries: [{Cidr: 10.0.0.0/8}, {Cidr: 9.9.9.0/24}]}}\n",
        );
        for table in 0..TABLES {
            text += &format!("  Table{table}: {{Type: AWS::EC2::RouteTable, Properties: {{VpcId: !Ref Vpc}}}}\n");
        }
        for (index, (table, destination, target)) in self.routes.iter().enumerate() {
            let (destination, target) = (DESTINATIONS[*destination].0, TARGETS[*target].0);
            text += &format!(
                "  Route{index}:\n    Type: AWS::EC2::Route\n    Properties:\n      RouteTableId: !Ref Table{table}\n      {destination}\n      {target}\n"
            );
        }
        for (index, association) in self.associations.iter().enumerate() {
            text += &format!("  Subnet{index}: {{Type: AWS::EC2::Subnet, Properties: {{VpcId: !Ref Vpc}}}}\n");
            text +=
                &format!("  App{index}: {{Type: AWS::EC2::Instance, Properties: {{SubnetId: !Ref Subnet{index}}}}}\n");
            if let Some(table) = association {
                text += &format!(
                    "  Association{index}: {{Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {{SubnetId: !Ref Subnet{index}, RouteTableId: !Ref Table{table}}}}}\n"
                );
            }
        }
        text
    }

    /// The whole definition in one line: a route of its table from the Internet through a door.
    fn public(&self, subnet: usize) -> bool {
        self.routes.iter().any(|(table, destination, target)| {
            self.associations[subnet] == Some(*table) && DESTINATIONS[*destination].1 && TARGETS[*target].1
        })
    }
}

fn boolean(tree: &Tree) -> Option<bool> {
    match tree.kind {
        TreeKind::Bool(value) => Some(value),
        _ => None,
    }
}

proptest! {
    #[test]
    fn reachability_agrees_with_a_naive_walk(network in network()) {
        let (_, evaluation) = evaluate_text(&network.template());
        let graph = Graph::new(evaluation.resources);
        let subjects = facts::derive(&graph);
        for subnet in 0..network.associations.len() {
            let name = format!("App{subnet}");
            let app = subjects.iter().find(|subject| subject.kind == "workloads" && *subject.name == *name).unwrap();
            let found = boolean(app.tree.get("in_public_subnet").unwrap());
            prop_assert_eq!(found, Some(network.public(subnet)), "{} in\n{}", name, network.template());
        }
    }
}

/// The worst verdict of each rule on each resource: 2 fails, 1 is unknown, 0 is neither.
fn worst(rules: &RuleSet, resources: Vec<Resource>) -> BTreeMap<(String, String), u8> {
    let graph = Graph::new(resources);
    let subjects = facts::derive(&graph);
    let mut worst = BTreeMap::new();
    for rule in rules.rules.iter().filter(|rule| rule.info.id.starts_with("SRA-NET-")) {
        for subject in subjects.iter().filter(|subject| subject.kind == rule.info.subject) {
            let rank = match verdict::judge(rule, subject).verdict {
                Verdict::Fail | Verdict::Error => 2,
                Verdict::Unknown => 1,
                Verdict::Pass | Verdict::NotApplicable | Verdict::Waived => 0,
            };
            let known = worst.entry((rule.info.id.clone(), subject.address.to_string())).or_insert(0);
            *known = rank.max(*known);
        }
    }
    worst
}

fn leaves(value: &Value) -> usize {
    match &value.kind {
        Kind::List(items) => 1 + items.iter().map(leaves).sum::<usize>(),
        Kind::Map(map) => 1 + map.members.iter().map(|member| leaves(&member.value)).sum::<usize>(),
        _ => 1,
    }
}

/// Makes the value with a number unknown, counting from the root.
fn forget(value: &mut Value, number: &mut usize) {
    if *number == 0 {
        value.kind = Kind::Unknown(Reason::Attribute(Arc::from("Custom.Value")));
    }
    *number = number.wrapping_sub(1);
    if *number == usize::MAX {
        return;
    }
    match &mut value.kind {
        Kind::List(items) => items.iter_mut().for_each(|item| {
            if *number != usize::MAX {
                forget(item, number);
            }
        }),
        Kind::Map(map) => map.members.iter_mut().for_each(|member| {
            if *number != usize::MAX {
                forget(&mut member.value, number);
            }
        }),
        _ => {}
    }
}

/// Each value of each example of the network rules is made unknown in turn. What failed or was unknown before must not
/// pass then.
#[test]
fn knowing_less_never_looks_better() {
    let rules = rules();
    let mut worse = Vec::new();
    let mut tried = 0;
    for rule in rules.rules.iter().filter(|rule| rule.info.id.starts_with("SRA-NET-")) {
        for example in rule.examples().unwrap().iter().filter(|example| example.format == "cloudformation") {
            let (_, evaluation) = evaluate_text(&example.source);
            let base = worst(rules, evaluation.resources.clone());
            for (index, resource) in evaluation.resources.iter().enumerate() {
                for leaf in 0..leaves(&resource.properties) {
                    let mut resources = evaluation.resources.clone();
                    forget(&mut resources[index].properties, &mut leaf.clone());
                    let less = worst(rules, resources);
                    tried += 1;
                    for (key, rank) in base.iter().filter(|(_, rank)| **rank > 0) {
                        if less.get(key).copied().unwrap_or(0) == 0 {
                            worse.push(format!(
                                "{} `{}`: {key:?} had {rank} and passes without value {leaf} of `{}`",
                                rule.info.id, example.name, resource.name
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(tried > 1000, "only {tried}");
    assert!(worse.is_empty(), "{} of {tried}\n{}", worse.len(), worse.join("\n"));
}
