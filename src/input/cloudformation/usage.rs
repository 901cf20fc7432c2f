//! What a resource depends on, over all branches: conditions, other resources, open parameters.
//!
//! This is read off the template as it is written, so it covers every world at once.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::functions::Call;
use super::parameters::Binding;
use super::scope::Scope;
use super::stack::{Run, Stack, nested_location};
use super::template::Declared;
use super::text::{Piece, pieces};
use crate::source::{Node, NodeValue, Span};
use crate::value::Address;

/// A condition: the prefix of its stack and its name.
pub(super) type ConditionId = (Arc<str>, Arc<str>);

#[derive(Debug, Default)]
struct Usage {
    conditions: BTreeMap<ConditionId, Span>,
    /// Indices over all stacks.
    resources: BTreeSet<usize>,
    symbols: BTreeSet<Arc<str>>,
    seen: HashSet<(usize, Arc<str>)>,
}

/// Conditions that may act together, because resources that are connected by references consult them.
#[derive(Debug, Default)]
pub(super) struct Usages {
    /// The smallest first.
    pub groups: Vec<BTreeSet<ConditionId>>,
    /// Every used condition, with a place that uses it.
    pub places: BTreeMap<ConditionId, Span>,
    /// The conditions of everything that a resource is connected to. Hubs are not there: all of their neighbours are.
    pub around: BTreeMap<Address, BTreeSet<ConditionId>>,
    /// Open parameters that are values somewhere, not only operands of conditions.
    pub symbols: BTreeSet<Arc<str>>,
}

/// Types on which no architecture depends.
const IGNORED_TYPES: [&str; 9] = [
    // Its condition tells a list of regions.
    "AWS::CDK::Metadata",
    "AWS::Budgets::Budget",
    "AWS::CloudFormation::WaitCondition",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::AnomalyDetector",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::ResourceGroups::Group",
];

/// Types that nearly everything refers to. What they are decides nothing about how two resources that share one
/// interact, so they connect only when their own configuration is conditional.
const HUB_TYPES: [&str; 5] =
    ["AWS::EC2::VPC", "AWS::KMS::Alias", "AWS::KMS::Key", "AWS::Route53::HostedZone", "AWS::SNS::Topic"];

/// Properties that say nothing about security: descriptions, physical names, sizes, schedules.
pub(in crate::input) const IGNORED_KEYS: [&str; 39] = [
    "AlarmActions",
    "AlarmDescription",
    "AllocatedStorage",
    "AvailabilityZone",
    "AvailabilityZoneId",
    "BlockDeviceMappings",
    "BucketName",
    "Cpu",
    "DBClusterIdentifier",
    "DBInstanceClass",
    "DBInstanceIdentifier",
    "Description",
    "DesiredCapacity",
    "DesiredCount",
    "EbsOptimized",
    "HostedZoneTags",
    "ImageId",
    "InstanceType",
    "Iops",
    "KeyName",
    "LaunchTemplateName",
    "LoadBalancerName",
    "LogGroupName",
    "MaxSize",
    "Memory",
    "MemorySize",
    "MinSize",
    "Monitoring",
    "NotificationConfigurations",
    "PreferredBackupWindow",
    "PreferredMaintenanceWindow",
    "QueueName",
    "ReadCapacityUnits",
    "TagSpecifications",
    "Tags",
    "TopicName",
    "UserData",
    "UserPoolTags",
    "WriteCapacityUnits",
];

impl Usages {
    pub(super) fn of(run: &Run<'_>) -> Self {
        let mut offsets = Vec::with_capacity(run.stacks.len());
        let mut total = 0;
        for stack in &run.stacks {
            offsets.push(total);
            total += stack.resources.list.len();
        }
        let walker = Walker { run, offsets };
        let mut all = Vec::with_capacity(total);
        let mut hubs = vec![false; total];
        for (index, stack) in run.stacks.iter().enumerate() {
            for declared in &stack.resources.list {
                let usage = walker.resource(index, stack, declared);
                let kind = declared.node.get("Type").and_then(Node::as_str).unwrap_or_default();
                if let Some(hub) = hubs.get_mut(all.len()) {
                    *hub = HUB_TYPES.contains(&kind) && usage.conditions.is_empty();
                }
                all.push(usage);
            }
        }
        let mut components = Components::new(total);
        let mut symbols = BTreeSet::new();
        for (index, usage) in all.iter_mut().enumerate() {
            symbols.append(&mut usage.symbols);
            for other in &usage.resources {
                if hubs.get(*other) == Some(&false) {
                    components.unite(index, *other);
                }
            }
        }
        let mut places = BTreeMap::new();
        let mut grouped: BTreeMap<usize, BTreeSet<ConditionId>> = BTreeMap::new();
        let mut addresses = run
            .stacks
            .iter()
            .flat_map(|stack| stack.resources.list.iter().map(|declared| stack.address(&declared.name)));
        let mut members = Vec::with_capacity(total);
        for (index, usage) in all.into_iter().enumerate() {
            if let Some(address) = addresses.next().filter(|_| hubs.get(index) == Some(&false)) {
                members.push((address, components.find(index)));
            }
            if !usage.conditions.is_empty() {
                let group = grouped.entry(components.find(index)).or_default();
                group.extend(usage.conditions.keys().cloned());
                places.extend(usage.conditions);
            }
        }
        let around = members
            .into_iter()
            .map(|(address, component)| (address, grouped.get(&component).cloned().unwrap_or_default()));
        let around = around.collect();
        // Small groups first: they are complete even when a large one is not.
        let mut groups: Vec<BTreeSet<ConditionId>> = grouped.into_values().collect();
        groups.sort_by(|left, right| left.len().cmp(&right.len()).then_with(|| left.cmp(right)));
        groups.dedup();
        Self { groups, places, around, symbols }
    }
}

struct Walker<'r, 'a> {
    run: &'r Run<'a>,
    offsets: Vec<usize>,
}

impl<'r, 'a> Walker<'r, 'a> {
    fn resource(&self, index: usize, stack: &'r Stack<'a>, declared: &'r Declared<'a>) -> Usage {
        let mut usage = Usage::default();
        let kind = declared.node.get("Type").and_then(Node::as_str).unwrap_or_default();
        if IGNORED_TYPES.contains(&kind) {
            return usage;
        }
        let scope = self.run.scope(stack).within(&declared.loops);
        self.existence(index, &declared.name, &mut usage);
        for entry in declared.node.as_map().unwrap_or_default() {
            match &*entry.key {
                // What a nested stack is given counts for the resources that use it.
                "Properties" if stack.children.contains_key(&declared.name) => {
                    let location = nested_location(declared.node).and_then(|property| entry.value.get(property));
                    if let Some(node) = location {
                        self.walk(index, scope, node, &mut usage);
                    }
                }
                "DependsOn" => {
                    let names = entry.value.as_seq().unwrap_or(std::slice::from_ref(&entry.value));
                    for name in names.iter().filter_map(Node::as_str) {
                        self.mention(index, stack, &scope.substitute(name), &mut usage);
                    }
                }
                "Type" | "Condition" | "Metadata" | "UpdateReplacePolicy" => {}
                _ => self.walk(index, scope, &entry.value, &mut usage),
            }
        }
        if kind.starts_with("AWS::Serverless::")
            && let Some(globals) = stack.template.root.get("Globals")
        {
            self.walk(index, self.run.scope(stack), globals, &mut usage);
        }
        usage
    }

    /// The conditions of a resource and of the nested stacks in which it stands.
    fn existence(&self, index: usize, name: &str, usage: &mut Usage) {
        let Some(stack) = self.run.stacks.get(index) else { return };
        if let Some(declared) = stack.resources.get(name)
            && let Some(condition) = declared.node.get("Condition")
            && let Some(name) = condition.as_str()
        {
            let name = self.run.scope(stack).within(&declared.loops).substitute(name).into_owned();
            usage.conditions.insert((Arc::clone(&stack.prefix), Arc::from(name)), condition.span);
        }
        if let Some(parent) = &stack.parent {
            self.existence(parent.stack, &parent.name, usage);
        }
    }

    fn walk(&self, index: usize, scope: Scope<'_, 'a>, node: &Node, usage: &mut Usage) {
        let Some(scope) = scope.deeper() else { return };
        if let Some(call) = Call::of(node) {
            match (call.name, call.plain(), call.arguments()) {
                ("Ref", Some(name), _) => self.name(index, scope, &scope.substitute(name), usage),
                ("GetAtt", Some(text), _) => {
                    let text = scope.substitute(text);
                    let (name, attribute) = text.split_once('.').unwrap_or((&*text, ""));
                    self.attribute(index, scope, name, attribute, usage);
                }
                ("GetAtt", _, Some([name, attribute, ..])) => {
                    let attribute = attribute.as_str().unwrap_or_default();
                    self.attribute(
                        index,
                        scope,
                        &scope.substitute(name.as_str().unwrap_or_default()),
                        attribute,
                        usage,
                    );
                }
                ("Sub", text, arguments) => {
                    let text = text.or_else(|| arguments.and_then(|items| items.first()).and_then(Node::as_str));
                    let variables = arguments.and_then(|items| items.get(1));
                    self.text(index, scope, &scope.substitute(text.unwrap_or_default()), variables, usage);
                }
                ("If", _, Some([condition, ..])) => {
                    if let Some(name) = condition.as_str() {
                        let name = Arc::from(&*scope.substitute(name));
                        usage.conditions.insert((Arc::clone(&scope.stack.prefix), name), condition.span);
                    }
                }
                ("ImportValue", ..) => {
                    if let Some((stack, output)) = scope.exporter(&call) {
                        self.output(stack, output, usage);
                    }
                }
                _ => {}
            }
        }
        match &node.value {
            NodeValue::Seq(items) => items.iter().for_each(|item| self.walk(index, scope, item, usage)),
            NodeValue::Map(entries) => {
                for entry in entries {
                    if let Some(label) = entry.key.strip_prefix("Fn::ForEach::") {
                        let Some(turns) = scope.turns(label, &entry.value) else { continue };
                        for turn in turns.values {
                            let mut loops = scope.loops.to_vec();
                            loops.push((Arc::clone(&turns.variable), turn));
                            self.walk(index, scope.looped(&loops), turns.body, usage);
                        }
                    } else if !IGNORED_KEYS.contains(&&*entry.key) {
                        self.walk(index, scope, &entry.value, usage);
                    }
                }
            }
            NodeValue::Null | NodeValue::Scalar(_) => {}
        }
    }

    fn text(&self, index: usize, scope: Scope<'_, 'a>, text: &str, variables: Option<&Node>, usage: &mut Usage) {
        for piece in pieces(text) {
            let Piece::Name(name) = piece else { continue };
            if variables.is_some_and(|map| map.get(name).is_some()) {
                continue;
            }
            match name.split_once('.') {
                Some((name, attribute)) => self.attribute(index, scope, name, attribute, usage),
                None => self.name(index, scope, name, usage),
            }
        }
    }

    fn name(&self, index: usize, scope: Scope<'_, 'a>, name: &str, usage: &mut Usage) {
        if scope.loops.iter().any(|(variable, _)| &**variable == name) {
            return;
        }
        let stack = scope.stack;
        match stack.parameters.get(name) {
            Some((_, Binding::Parent(node, loops))) => {
                let Some(parent) = &stack.parent else { return };
                if usage.seen.insert((index, Arc::from(name)))
                    && let Some(outer) = scope.of_stack(parent.stack)
                {
                    self.walk(parent.stack, outer.looped(loops), node, usage);
                }
            }
            Some((_, Binding::Open)) if stack.parent.is_none() => {
                usage.symbols.insert(Arc::from(format!("{}{name}", stack.prefix)));
            }
            Some(_) => {}
            None if name.starts_with("AWS::") => {
                usage.symbols.insert(Arc::from(name));
            }
            None => self.mention(index, stack, name, usage),
        }
    }

    fn attribute(&self, index: usize, scope: Scope<'_, 'a>, name: &str, attribute: &str, usage: &mut Usage) {
        match (scope.stack.children.get(name), attribute.strip_prefix("Outputs.")) {
            (Some(child), Some(output)) => self.output(*child, output, usage),
            _ => self.mention(index, scope.stack, name, usage),
        }
    }

    fn output(&self, stack: usize, output: &str, usage: &mut Usage) {
        let Some(inner) = self.run.stacks.get(stack) else { return };
        let Some(declared) = inner.outputs.get(output) else { return };
        if !usage.seen.insert((stack, Arc::from(format!("output {output}")))) {
            return;
        }
        if let Some(node) = declared.node.get("Value") {
            self.walk(stack, self.run.scope(inner).within(&declared.loops), node, usage);
        }
    }

    /// A resource by name; what the Serverless transform generates is named after its cause.
    fn mention(&self, index: usize, stack: &Stack<'_>, name: &str, usage: &mut Usage) {
        let declared = |name: &str| stack.resources.index(name);
        let found = declared(name).or_else(|| {
            let mut ends = name.char_indices().map(|(end, _)| end).filter(|_| stack.serverless);
            ends.rfind(|end| name.get(..*end).is_some_and(|start| declared(start).is_some()))
                .and_then(|end| declared(name.get(..end)?))
        });
        if let (Some(at), Some(offset)) = (found, self.offsets.get(index)) {
            usage.resources.insert(offset + at);
        }
    }
}

/// Weakly connected components.
struct Components {
    parent: Vec<usize>,
}

impl Components {
    fn new(count: usize) -> Self {
        Self { parent: (0..count).collect() }
    }

    fn find(&mut self, mut at: usize) -> usize {
        while let Some(up) = self.parent.get(at).copied().filter(|up| *up != at) {
            let above = self.parent.get(up).copied().unwrap_or(up);
            if let Some(slot) = self.parent.get_mut(at) {
                *slot = above;
            }
            at = above;
        }
        at
    }

    fn unite(&mut self, left: usize, right: usize) {
        let (left, right) = (self.find(left), self.find(right));
        if let Some(slot) = self.parent.get_mut(left.max(right)) {
            *slot = left.min(right);
        }
    }
}
