//! `aws_…` resources in CloudFormation's terms: one table a service.
//!
//! A [`Row`] says which argument is which property, and what the attributes of a type are called in CloudFormation.
//! What a table cannot say (an `aws_route_table` with inline routes is several resources) its `finish` does; what
//! Terraform splits and CloudFormation does not (`aws_iam_role_policy_attachment`) the service's `unite` puts together
//! once every resource is there. A type without a row keeps its name; its arguments are only renamed, so that what it
//! refers to is seen. Defaults are filled in only where the provider's differ from CloudFormation's.
//! Source: the argument references of the Terraform AWS provider, and the CloudFormation template reference.

mod acl;
mod acm;
mod apigateway;
mod apigatewayv2;
mod appsync;
mod autoscaling;
mod cloudfront;
mod cognito;
mod compute;
mod convert;
mod draft;
mod dynamodb;
mod ecs;
mod elb;
mod elbv2;
mod events;
mod iam;
mod keys;
mod lambda;
mod logs;
mod messaging;
mod route53;
mod routes;
mod s3;
mod security_group;
mod stepfunctions;
mod stores;
mod united;
mod vpc;
mod wafv2;
mod workloads;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::instance::{AbsentModule, Instance};
use super::value::{self as tf, Kind};
use crate::input::{ABSENT_MODULE, Context, Format, Resource};
use crate::source::{SourceMap, Span};
use crate::value::{Address, Map, Member, Part, Reason, Value};
use draft::{Draft, member, own_policy, reference};
use united::{Owner, United, append, append_to};

/// How one resource type becomes CloudFormation.
#[derive(Debug)]
pub(super) struct Row {
    /// `aws_subnet`.
    pub from: &'static str,
    /// `AWS::EC2::Subnet`; empty when the type is only a part of other resources, which `unite` puts together.
    pub to: &'static str,
    pub properties: &'static [Property],
    /// Computed attributes; one that is not here is an attribute of that name without a meaning in CloudFormation.
    pub attributes: Attributes,
    pub finish: Option<fn(&mut Draft<'_>)>,
}

impl Row {
    pub(super) const fn new(
        from: &'static str,
        to: &'static str,
        properties: &'static [Property],
        attributes: Attributes,
    ) -> Self {
        Self { from, to, properties, attributes, finish: None }
    }

    /// A type that is only a part of other resources.
    pub(super) const fn part(from: &'static str) -> Self {
        Self::new(from, "", &[], &[])
    }

    #[must_use]
    pub(super) const fn then(self, finish: fn(&mut Draft<'_>)) -> Self {
        Self { finish: Some(finish), ..self }
    }
}

/// Names in Terraform and what they are in CloudFormation.
pub(super) type Attributes = &'static [(&'static str, Returns)];

/// One property and the argument that it is read from.
#[derive(Debug)]
pub(super) struct Property {
    pub to: &'static str,
    /// A path such as `"vpc_config.subnet_ids"`; a nested block on the way counts as its first. An empty one is the
    /// arguments themselves, of which [`Shape::Block`] and [`Shape::Attributes`] make one property.
    pub from: &'static str,
    pub shape: Shape,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// As it is.
    Plain,
    /// Leads to other resources: followed by reference even when the name is known.
    Link,
    /// A document, structured or as JSON text.
    Json,
    /// The one nested block of its name.
    Block(&'static [Property]),
    /// Every nested block of its name.
    Blocks(&'static [Property]),
    /// A map, as a list of mappings with these two keys.
    Pairs(&'static str, &'static str),
    /// Text that is a JSON or YAML document.
    Document,
    /// Tags with the provider's default ones, as a list of `{Key, Value}`.
    Tags,
    /// As it is; when absent, the provider's default. Without an argument's name it is always that.
    Or(&'static str),
    /// A boolean as one of two words: that for true, that for false.
    Word(&'static str, &'static str),
    /// Each element of a list as a mapping with this one key; a single value counts as a list of one.
    Wrap(&'static str),
    /// Arguments of their own as a list of `{Key, Value}`: each key and the argument that it is read from.
    Attributes(&'static [(&'static str, &'static str)]),
    /// Whatever the function makes of it. An absent argument is not given to it.
    With(fn(&tf::Value, &Mapper<'_>) -> Value),
}

impl Shape {
    /// The properties of the nested blocks.
    pub(super) fn table(self) -> &'static [Property] {
        match self {
            Self::Block(table) | Self::Blocks(table) => table,
            _ => &[],
        }
    }
}

/// What a computed attribute is in CloudFormation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Returns {
    /// What `Ref` returns.
    Ref,
    /// What `Fn::GetAtt` returns.
    GetAtt(&'static str),
    /// As in `Fn::Sub`; `${}` is `Ref`, `${.Arn}` an attribute of the resource itself, `${@name}` what its argument
    /// `name` says.
    Sub(&'static str),
    /// What the function makes of the arguments.
    Made(fn(&Mapper<'_>, &tf::Attribute) -> Option<Vec<Part>>),
}

pub(super) const fn property(to: &'static str, from: &'static str, shape: Shape) -> Property {
    Property { to, from, shape }
}

/// A type that is only a part of others.
const fn part(from: &'static str) -> Row {
    Row { from, to: "", properties: &[], attributes: &[], finish: None }
}

/// The tables of one service.
pub(super) struct Service {
    pub rows: &'static [Row],
    /// Puts together what several resources say of one, mostly with [`United::attach`]: what is attached to something
    /// outside changes nothing here, and what may be attached to a resource that is here makes the property of every
    /// such resource partly unknown.
    pub unite: Option<fn(&mut United<'_>)>,
}

const SERVICES: &[Service] = &[
    acl::SERVICE,
    acm::SERVICE,
    apigateway::SERVICE,
    apigatewayv2::SERVICE,
    appsync::SERVICE,
    autoscaling::SERVICE,
    cloudfront::SERVICE,
    cognito::SERVICE,
    compute::SERVICE,
    dynamodb::SERVICE,
    ecs::SERVICE,
    elb::SERVICE,
    elbv2::SERVICE,
    events::SERVICE,
    iam::SERVICE,
    keys::SERVICE,
    lambda::SERVICE,
    logs::SERVICE,
    messaging::SERVICE,
    route53::SERVICE,
    routes::SERVICE,
    s3::SERVICE,
    security_group::SERVICE,
    stepfunctions::SERVICE,
    stores::SERVICE,
    vpc::SERVICE,
    wafv2::SERVICE,
    workloads::SERVICE,
];

/// Names under which the provider knows the same types a second time.
const ALIASES: &[(&str, &str)] = &[("aws_alb", "aws_lb"), ("aws_alb_", "aws_lb_")];

static ROWS: LazyLock<HashMap<&'static str, &'static Row>> =
    LazyLock::new(|| rows().map(|row| (row.from, row)).collect());

/// All tables, service by service.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    SERVICES.iter().flat_map(|service| service.rows)
}

pub(super) fn row(kind: &str) -> Option<&'static Row> {
    ROWS.get(kind).or_else(|| ROWS.get(&*canonical(kind))).copied()
}

/// The name under which the tables know a type.
fn canonical(kind: &str) -> Cow<'_, str> {
    ALIASES
        .iter()
        .find_map(|(alias, name)| {
            let rest = kind.strip_prefix(alias).filter(|rest| rest.is_empty() || alias.ends_with('_'))?;
            Some(Cow::Owned(format!("{name}{rest}")))
        })
        .unwrap_or(Cow::Borrowed(kind))
}

/// The attributes of a type that the provider computes.
pub(in crate::input) fn attributes(kind: &str) -> impl Iterator<Item = &'static str> {
    row(kind).into_iter().flat_map(|row| row.attributes).map(|(name, _)| *name)
}

/// The arguments of a type that lead to other resources.
pub(in crate::input) fn links(kind: &str) -> impl Iterator<Item = String> {
    fn below(table: &[Property], before: &str, found: &mut Vec<String>) {
        for property in table {
            let path = format!("{before}{}", property.from);
            match property.shape {
                Shape::Link => found.push(path),
                Shape::Block(inner) | Shape::Blocks(inner) => below(inner, &format!("{path}."), found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    below(row(kind).map_or(&[], |row| row.properties), "", &mut found);
    found.into_iter()
}

/// What every conversion needs.
pub(super) struct Mapper<'a> {
    pub sources: &'a SourceMap,
    /// Stands before `#` in addresses.
    pub root: &'a str,
    pub format: Format,
    /// What is known of account and region; the resources' own providers come first.
    given: Cow<'a, Context>,
    instances: &'a [Instance],
    by_address: HashMap<&'a str, &'a Instance>,
    /// How many attributes deep a conversion is; see `convert`.
    nested: Cell<u8>,
}

/// Turns the instances of a plan or state into resources, in their order.
pub(in crate::input) fn planned(sources: &SourceMap, root: &str, instances: &[Instance]) -> Vec<Resource> {
    resources(&Mapper::new(sources, root, Format::TerraformPlan, instances), &[])
}

/// Turns the instances of one root module into resources, in their order.
pub(super) fn resources(mapper: &Mapper<'_>, absent: &[AbsentModule]) -> Vec<Resource> {
    let mut all = Vec::with_capacity(mapper.instances.len() + absent.len());
    for instance in mapper.instances {
        let Some(row) = row(&instance.kind) else {
            all.push(mapper.resource(instance, &instance.kind, mapper.not_mapped(instance)));
            continue;
        };
        let properties = mapper.of_instance(instance, row.properties);
        let resource = mapper.resource(instance, row.to, properties);
        let mut draft = Draft { mapper, instance, resource, more: Vec::new() };
        if let Some(finish) = row.finish {
            finish(&mut draft);
        }
        if !row.to.is_empty() {
            all.push(draft.resource);
        }
        all.extend(draft.more);
    }
    all.extend(absent.iter().map(|module| mapper.absent(module)));
    let mut united = United::new(mapper, all);
    for service in SERVICES {
        if let Some(unite) = service.unite {
            unite(&mut united);
        }
    }
    united.resources
}

impl<'a> Mapper<'a> {
    pub(super) fn new(sources: &'a SourceMap, root: &'a str, format: Format, instances: &'a [Instance]) -> Self {
        let by_address = instances.iter().map(|instance| (&*instance.address, instance)).collect();
        let given = Cow::Owned(Context::default());
        Self { sources, root, format, given, instances, by_address, nested: Cell::new(0) }
    }

    pub(super) fn given(self, context: &'a Context) -> Self {
        Self { given: Cow::Borrowed(context), ..self }
    }

    pub(super) fn instance(&self, address: &str) -> Option<&'a Instance> {
        self.by_address.get(address).copied()
    }
}

impl Mapper<'_> {
    pub(super) fn address(&self, instance: &str) -> Address {
        Address(Arc::from(format!("{}#{instance}", self.root)))
    }

    /// A resource of an instance, of any type.
    pub(super) fn resource(&self, instance: &Instance, kind: &str, properties: Value) -> Resource {
        Resource {
            address: self.address(&instance.address),
            name: Arc::clone(&instance.address),
            kind: Arc::from(kind),
            properties,
            span: instance.span,
            name_span: instance.name_span,
            origin: self.called(&instance.calls),
            calls: instance.calls.clone(),
            metadata: None,
            depends_on: instance.depends_on.iter().map(|address| self.address(address)).collect(),
            deletion_policy: None,
            construct: None,
            exported: instance.exported,
            format: self.format,
        }
    }

    /// "called at main.tf:4", for a resource of a module.
    fn called(&self, calls: &[Span]) -> Option<Arc<str>> {
        let place =
            |span: &Span| format!("{}:{}", self.sources.file(span.file).name, self.sources.position(*span).line);
        let places: Vec<String> = calls.iter().map(place).collect();
        (!places.is_empty()).then(|| Arc::from(format!("called at {}", places.join(", "))))
    }

    /// What stands for the resources of a module that is not there.
    fn absent(&self, module: &AbsentModule) -> Resource {
        Resource {
            address: self.address(&module.address),
            name: Arc::clone(&module.address),
            kind: Arc::from(format!("{ABSENT_MODULE}{}", module.source)),
            properties: self.opaque(&module.arguments, &module.reason),
            span: module.span,
            name_span: module.name_span,
            origin: None,
            calls: Vec::new(),
            metadata: None,
            depends_on: Vec::new(),
            deletion_policy: None,
            construct: None,
            exported: false,
            format: self.format,
        }
    }

    /// An argument as a link, whether it is known or not; `None` when it is not set.
    pub(super) fn linked(&self, instance: &Instance, argument: &str) -> Option<Value> {
        match find(&instance.arguments, argument) {
            Found::Absent => None,
            Found::Unknown(unknown, span) => Some(Value::unknown(span, unknown.reason.clone())),
            Found::Value(member) => Some(self.link(&member.value)),
        }
    }

    /// What a type without a row says.
    fn not_mapped(&self, instance: &Instance) -> Value {
        let reason = Reason::NotUnderstood(Arc::from(format!("`{}` is not understood", instance.kind)));
        self.opaque(&instance.arguments, &reason)
    }

    /// Renamed arguments, since they tell what is referred to; every property beside them is unknown.
    fn opaque(&self, arguments: &tf::Value, reason: &Reason) -> Value {
        let mut properties = self.renamed(arguments);
        match &mut properties.kind {
            crate::value::Kind::Map(map) => map.open = Some(reason.clone()),
            other => *other = crate::value::Kind::Unknown(reason.clone()),
        }
        properties
    }

    fn of_instance(&self, instance: &Instance, table: &[Property]) -> Value {
        let mut properties = self.properties(&instance.arguments, table);
        if let crate::value::Kind::Map(map) = &mut properties.kind {
            for property in table.iter().filter(|property| matches!(property.shape, Shape::Tags)) {
                if let Some(tags) = self.with_default_tags(instance, property.from) {
                    put(map, property.to, tags);
                }
            }
        }
        properties
    }

    /// The properties that a table finds in an object of arguments.
    pub(super) fn properties(&self, arguments: &tf::Value, table: &[Property]) -> Value {
        let span = arguments.span;
        let Kind::Object(object) = &arguments.kind else { return self.plain(arguments) };
        let mut map = Map {
            members: Vec::with_capacity(table.len()),
            open: object.open.as_ref().map(|open| open.reason.clone()),
        };
        for property in table {
            if let Some((key_span, value)) = self.property(arguments, property) {
                put(&mut map, property.to, Member { key: Arc::from(""), key_span, value });
            }
        }
        // Of what a type may have, little is written.
        map.members.shrink_to_fit();
        Value::new(span, crate::value::Kind::Map(map))
    }

    fn property(&self, arguments: &tf::Value, property: &Property) -> Option<(Span, Value)> {
        if property.from.is_empty() && matches!(property.shape, Shape::Block(_) | Shape::Attributes(_)) {
            let made = self.shape(arguments, property.shape);
            return (!is_empty(&made)).then_some((arguments.span, made));
        }
        match find(arguments, property.from) {
            Found::Absent => match property.shape {
                Shape::Or(default) => Some((arguments.span, Value::text_at(arguments.span, default))),
                _ => None,
            },
            Found::Unknown(unknown, span) => Some((span, Value::unknown(span, unknown.reason.clone()))),
            Found::Value(member) => Some((member.key_span, self.shape(&member.value, property.shape))),
        }
    }

    pub(super) fn shape(&self, value: &tf::Value, shape: Shape) -> Value {
        match shape {
            Shape::Plain | Shape::Or(_) => self.plain(value),
            Shape::Link => self.link(value),
            Shape::Json => self.json(value),
            Shape::Document => self.document(value),
            Shape::Tags => self.pairs(value, "Key", "Value"),
            Shape::Block(table) => match value.elements() {
                Some([]) => Value::new(value.span, crate::value::Kind::Null),
                Some([block, ..]) => self.properties(block, table),
                None => self.properties(value, table),
            },
            Shape::Blocks(table) => self.each(value, |block| self.properties(block, table)),
            Shape::Wrap(key) => self.each(value, |item| {
                let member = Member { key: Arc::from(key), key_span: item.span, value: self.link(item) };
                let map = Map { members: vec![member], open: None };
                match &item.kind {
                    Kind::Unknown(_) | Kind::Rest(_) => self.plain(item),
                    _ => Value::new(item.span, crate::value::Kind::Map(map)),
                }
            }),
            Shape::Word(yes, no) => match &value.kind {
                Kind::Bool(known) => Value::text_at(value.span, if *known { yes } else { no }),
                Kind::Text(text) if &*text.text == "true" => Value::text_at(value.span, yes),
                Kind::Text(text) if &*text.text == "false" => Value::text_at(value.span, no),
                _ => self.plain(value),
            },
            Shape::Attributes(table) => {
                let pair = |(key, from): &(&'static str, &'static str)| {
                    let (key_span, value) = self.property(value, &property("Value", from, Shape::Plain))?;
                    let entry = |name: &str, value| Member { key: Arc::from(name), key_span, value };
                    let key = entry("Key", Value::text_at(key_span, *key));
                    let span = value.span;
                    let map = Map { members: vec![key, entry("Value", value)], open: None };
                    Some(Value::new(span, crate::value::Kind::Map(map)))
                };
                Value::new(value.span, crate::value::Kind::List(table.iter().filter_map(pair).collect()))
            }
            Shape::Pairs(key, name) => self.pairs(value, key, name),
            Shape::With(convert) => convert(value, self),
        }
    }

    /// What is made of each element of a list; a single value counts as a list of one.
    pub(super) fn each(&self, value: &tf::Value, make: impl Fn(&tf::Value) -> Value) -> Value {
        let items = match (value.elements(), &value.kind) {
            (Some(items), _) => items,
            (None, Kind::Unknown(_)) => return self.plain(value),
            (None, _) => std::slice::from_ref(value),
        };
        Value::new(value.span, crate::value::Kind::List(items.iter().map(make).collect()))
    }
}

fn is_empty(value: &Value) -> bool {
    match &value.kind {
        crate::value::Kind::Map(map) => map.members.is_empty() && map.open.is_none(),
        crate::value::Kind::List(items) => items.is_empty(),
        _ => false,
    }
}

/// What an argument's path leads to.
pub(super) enum Found<'a> {
    Absent,
    Value(&'a tf::Member),
    Unknown(&'a tf::Unknown, Span),
}

/// Follows a path of arguments; a list on the way counts as its first element. Null is absent, and so is empty text:
/// the provider sends neither.
pub(super) fn find<'a>(arguments: &'a tf::Value, path: &str) -> Found<'a> {
    let mut at = arguments;
    let mut found = None;
    for key in path.split('.') {
        if let Some(items) = at.elements() {
            match items.first() {
                Some(first) => at = first,
                None => return Found::Absent,
            }
        }
        match &at.kind {
            Kind::Object(object) => match (object.member(key), &object.open) {
                (Some(member), _) => {
                    at = &member.value;
                    found = Some(member);
                }
                (None, Some(open)) => return Found::Unknown(open, at.span),
                (None, None) => return Found::Absent,
            },
            Kind::Unknown(unknown) | Kind::Rest(unknown) => return Found::Unknown(unknown, at.span),
            _ => return Found::Absent,
        }
    }
    match found {
        Some(member) if !is_absent(&member.value) => Found::Value(member),
        _ => Found::Absent,
    }
}

fn is_absent(value: &tf::Value) -> bool {
    match &value.kind {
        Kind::Null => true,
        Kind::Text(text) => text.text.is_empty(),
        _ => false,
    }
}

/// Writes a property by its path, such as `"VpcConfig.SubnetIds"`; mappings on the way are made.
pub(super) fn put(map: &mut Map, path: &str, member: Member) {
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    let Some(rest) = rest else {
        map.members.retain(|known| &*known.key != key);
        map.members.push(Member { key: Arc::from(key), ..member });
        return;
    };
    let at = map.members.iter().position(|known| &*known.key == key);
    let index = at.unwrap_or_else(|| {
        let inner = Value::new(member.value.span, crate::value::Kind::Map(Map::default()));
        map.members.push(Member { key: Arc::from(key), key_span: member.key_span, value: inner });
        map.members.len() - 1
    });
    if let Some(Member { value: Value { kind: crate::value::Kind::Map(inner), .. }, .. }) = map.members.get_mut(index) {
        put(inner, rest, member);
    }
}

#[cfg(test)]
mod tests;
