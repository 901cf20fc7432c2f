//! From which subnets an internet gateway can be reached, and through which table and route.
//!
//! Source: Amazon VPC User Guide, "Configure route tables": a subnet uses the table that it is explicitly associated
//! with, else the main table of its VPC. A new VPC gets a main table with the local route only; the table of the default
//! VPC leads to an internet gateway.

use std::sync::Arc;

use super::super::{Fact, Step};
use super::{name_of, prefixes};
use crate::graph::ec2::routing::is_default;
use crate::graph::ec2::{Destination, Family, Pointer, Route, RouteTarget, VPC, leads_to};
use crate::graph::{Graph, Target, Typed};
use crate::input::Resource;
use crate::source::Span;
use crate::value::Reason;

/// Where a network interface stands.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Subnet(Pointer),
    /// No subnet is named: EC2 picks a default subnet of the default VPC, whose main table leads to an internet
    /// gateway. Source: Amazon VPC User Guide, "Default VPCs".
    DefaultVpc(Span),
}

/// A table that may be the one that decides.
struct Table {
    id: TableId,
    step: Step,
}

enum TableId {
    /// A table, or a VPC whose main table no resource declares.
    Declared(Target),
    /// The main table of the default VPC.
    Default,
    Unknown(Reason),
}

/// Whether a place has a route of one family to an internet or carrier gateway.
pub(super) fn public(graph: &Graph, place: &Place, family: Family) -> Fact<bool> {
    match place {
        Place::DefaultVpc(span) => {
            let label = "no subnet is named: it stands in a default subnet, which has a route to an internet gateway";
            Fact::known(family == Family::V4, vec![Step::new(label, *span)])
        }
        Place::Subnet(Typed::Known(subnet, span)) => {
            agree(tables(graph, subnet, *span).iter().map(|table| table_is_public(graph, table, family)))
        }
        Place::Subnet(Typed::Unknown(reason, span)) => {
            Fact::unknown(reason.clone(), vec![Step::new("the subnet is not known", *span)])
        }
        Place::Subnet(Typed::Absent(span)) => {
            let reason = Reason::NotUnderstood(Arc::from("no subnet is named"));
            Fact::unknown(reason, vec![Step::new("no subnet is named", *span)])
        }
    }
}

/// Whether a declared subnet has a route of either family to an internet or carrier gateway.
pub(super) fn subnet_is_public(graph: &Graph, subnet: &Resource) -> Fact<bool> {
    let place = Place::Subnet(Typed::Known(Target::Resource(subnet.address.clone()), subnet.name_span));
    Fact::any([Family::V4, Family::V6].map(|family| public(graph, &place, family)))
}

/// Whether none of the internet gateways that make the place public is attached to a VPC: its routes wait for that.
pub(super) fn latent(graph: &Graph, place: &Place) -> Fact<bool> {
    let Place::Subnet(Typed::Known(subnet, span)) = place else { return Fact::known(false, Vec::new()) };
    let tables = tables(graph, subnet, *span);
    let opening: Vec<&Route> = tables.iter().flat_map(|table| opening_routes(graph, table)).collect();
    if opening.is_empty() {
        return Fact::known(false, Vec::new());
    }
    Fact::all(opening.into_iter().map(|route| attached(graph, route).negated()))
}

/// Whether VPC Block Public Access stops what reaches a place from the Internet.
pub(super) fn blocked(graph: &Graph, place: &Place) -> Fact<bool> {
    let block = &graph.ec2.public_access_block;
    let declared = match place {
        Place::Subnet(Typed::Known(subnet, _)) => subnet.address().and_then(|address| graph.ec2.subnets.get(address)),
        Place::Subnet(_) | Place::DefaultVpc(_) => None,
    };
    // Each region has its own setting: a subnet that exists says which holds for it.
    let own = declared.map(|subnet| &subnet.block_mode).filter(|mode| !matches!(mode, Typed::Absent(_)));
    let mode = match own.or(block.mode.as_ref()) {
        None | Some(Typed::Absent(_)) => return Fact::known(false, Vec::new()),
        Some(Typed::Unknown(reason, span)) => Fact::unknown(reason.clone(), vec![Step::new("block mode", *span)]),
        Some(Typed::Known(mode, span)) => {
            let label = format!("VPC Block Public Access is set to `{mode}`");
            Fact::known(mode.starts_with("block-"), vec![Step::new(label, *span)])
        }
    };
    let Place::Subnet(Typed::Known(subnet, _)) = place else { return mode };
    let vpc = declared.and_then(|subnet| subnet.vpc.known());
    let excluded = Fact::any(block.exclusions.iter().flat_map(|exclusion| {
        [Some(subnet), vpc].into_iter().flatten().map(move |wanted| match leads_to(exclusion, wanted) {
            Ok(excluded) => Fact::known(excluded, vec![Step::new("it is excluded from the block", exclusion.span())]),
            Err(reason) => Fact::unknown(reason.clone(), vec![Step::new("an exclusion", exclusion.span())]),
        })
    }));
    Fact::all([mode, excluded.negated()])
}

/// The VPC of a subnet, when both are declared.
pub(super) fn declared_vpc<'g>(graph: &'g Graph, place: &Place) -> Option<&'g Resource> {
    let subnet = match place {
        Place::Subnet(Typed::Known(Target::Resource(subnet), _)) => graph.ec2.subnets.get(subnet)?,
        Place::Subnet(_) => return None,
        Place::DefaultVpc(_) => return graph.resources.of_kind(VPC).find(|vpc| is_default(vpc)),
    };
    graph.resources.get(subnet.vpc.address()?)
}

/// The table of a subnet; several when an association that cannot be told might be this subnet's.
fn tables(graph: &Graph, subnet: &Target, used_at: Span) -> Vec<Table> {
    let name = name_of(subnet);
    let mut explicit = Vec::new();
    let mut possible = Vec::new();
    for association in graph.ec2.associations.near(subnet) {
        let (list, word) = match leads_to(&association.subnet, subnet) {
            Ok(true) => (&mut explicit, "is"),
            Ok(false) => continue,
            Err(_) => (&mut possible, "may be"),
        };
        let (id, table) = match &association.route_table {
            Typed::Known(table, _) => (TableId::Declared(table.clone()), described(graph, table)),
            Typed::Unknown(reason, _) => (TableId::Unknown(reason.clone()), "an unknown route table".to_owned()),
            Typed::Absent(_) => continue,
        };
        let label = format!("subnet `{name}` {word} associated with {table}");
        list.push(Table { id, step: Step::new(label, association.span) });
    }
    if explicit.is_empty() {
        possible.push(main_table(graph, subnet, used_at));
        return possible;
    }
    explicit
}

fn main_table(graph: &Graph, subnet: &Target, used_at: Span) -> Table {
    let name = name_of(subnet);
    let table = |id, label: String, span| Table { id, step: Step::new(label, span) };
    let Some(subnet) = subnet.address().and_then(|address| graph.ec2.subnets.get(address)) else {
        let reason = Reason::Outside(Arc::from(format!("the route table of subnet `{name}`")));
        return table(TableId::Unknown(reason), format!("subnet `{name}` is not declared"), used_at);
    };
    let unknown = |reason, vpc: &str| {
        table(TableId::Unknown(reason), format!("subnet `{name}` uses the main route table of {vpc}"), subnet.span)
    };
    let uses = |id, what: &str, span| table(id, format!("subnet `{name}` has no table of its own: {what}"), span);
    let default =
        || uses(TableId::Default, "the main table of the default VPC leads to an internet gateway", subnet.span);
    if let Some(main) = declared_main(graph, &subnet.vpc) {
        return match main {
            Ok((Typed::Known(table, _), span)) => uses(
                TableId::Declared(table.clone()),
                &format!("its VPC's main one is {}", described(graph, table)),
                span,
            ),
            Ok((Typed::Unknown(reason, _), span)) | Err((reason, span)) => {
                uses(TableId::Unknown(reason.clone()), "the main one of its VPC is not known", span)
            }
            Ok((Typed::Absent(_), span)) => uses(
                TableId::Unknown(Reason::NotUnderstood(Arc::from("`RouteTableId` is missing"))),
                "the main one of its VPC is not named",
                span,
            ),
        };
    }
    match &subnet.vpc {
        Typed::Known(Target::Resource(vpc), _) => {
            if graph.resources.get(vpc).is_some_and(is_default) {
                return default();
            }
            let known = Target::Resource(vpc.clone());
            let added = graph.ec2.routes.near(&known).any(|route| leads_to(&route.route_table, &known) == Ok(true));
            let routes = if added { "" } else { " has only the local route" };
            let what = if added { "it uses the main table of its VPC" } else { "the main table of its VPC" };
            uses(TableId::Declared(known), &format!("{what}{routes}"), subnet.span)
        }
        Typed::Known(Target::Outside(vpc), _) => {
            let reason = Reason::Outside(Arc::from(format!("the main route table of `{vpc}`")));
            unknown(reason, &format!("`{vpc}`, which is not declared"))
        }
        Typed::Unknown(reason, _) => unknown(reason.clone(), "a VPC that is not known"),
        Typed::Absent(_) => default(),
    }
}

/// What a declared association says of the main table of a VPC, and where; an error when it may be of another VPC.
#[expect(clippy::type_complexity, reason = "read in one place")]
fn declared_main<'g>(graph: &'g Graph, vpc: &Pointer) -> Option<Result<(&'g Pointer, Span), (&'g Reason, Span)>> {
    let vpc = vpc.known()?;
    let certain = graph.ec2.main_tables.near(vpc).find(|main| leads_to(&main.vpc, vpc) == Ok(true));
    if let Some(main) = certain {
        return Some(Ok((&main.route_table, main.span)));
    }
    graph.ec2.main_tables.near(vpc).find_map(|main| Some(Err((leads_to(&main.vpc, vpc).err()?, main.span))))
}

/// "route table `Public`", or whose main table it is.
fn described(graph: &Graph, table: &Target) -> String {
    let declared = table.address().and_then(|address| graph.resources.get(address));
    match declared.filter(|declared| &*declared.kind == VPC) {
        Some(vpc) => format!("the main route table of `{}`", vpc.name),
        None => format!("route table `{}`", name_of(table)),
    }
}

fn table_is_public(graph: &Graph, table: &Table, family: Family) -> Fact<bool> {
    let target = match &table.id {
        TableId::Unknown(reason) => return Fact::unknown(reason.clone(), vec![table.step.clone()]),
        TableId::Default => return Fact::known(family == Family::V4, vec![table.step.clone()]),
        TableId::Declared(target) => target,
    };
    let mut verdicts = Vec::new();
    for route in graph.ec2.routes.near(target) {
        match belongs(graph, route, target) {
            Ok(false) => {}
            Ok(true) => verdicts.push(opens(graph, route, family)),
            Err(reason) => {
                let maybe = Fact::unknown(reason.clone(), vec![step_of(graph, route)]);
                verdicts.push(Fact::all([opens(graph, route, family), maybe]));
            }
        }
    }
    if let Target::Outside(id) = target {
        verdicts.push(Fact::unknown(Reason::Outside(Arc::from(format!("route table `{id}`"))), Vec::new()));
    }
    let mut fact = Fact::any(verdicts);
    if fact.is(false) {
        let declared = target.address().and_then(|address| graph.resources.get(address));
        fact.evidence = declared.filter(|table| &*table.kind != VPC).map_or_else(Vec::new, |table| {
            let label = format!("route table `{}` has no route to an internet gateway", table.name);
            vec![Step::new(label, table.name_span)]
        });
    }
    fact.evidence.insert(0, table.step.clone());
    fact
}

/// The routes that make a table public for certain.
fn opening_routes<'g>(graph: &'g Graph, table: &Table) -> Vec<&'g Route> {
    let TableId::Declared(target) = &table.id else { return Vec::new() };
    let certain = |route: &&Route| {
        belongs(graph, route, target) == Ok(true)
            && [Family::V4, Family::V6].into_iter().any(|family| opens(graph, route, family).is(true))
    };
    graph.ec2.routes.near(target).filter(certain).collect()
}

/// Whether a route stands in a table, which it may name as the main one of a VPC.
fn belongs<'g>(graph: &'g Graph, route: &'g Route, table: &Target) -> Result<bool, &'g Reason> {
    let named = match route.route_table.address() {
        Some(address) if graph.resources.get(address).is_some_and(|named| &*named.kind == VPC) => {
            let vpc = Typed::Known(Target::Resource(address.clone()), route.span);
            declared_main(graph, &vpc)
        }
        _ => None,
    };
    match named {
        Some(Ok((main, _))) if main.known() != route.route_table.known() => leads_to(main, table),
        Some(Err((reason, _))) => Err(reason),
        Some(Ok(_)) | None => leads_to(&route.route_table, table),
    }
}

/// Whether a route sends addresses of the Internet to an internet gateway.
fn opens(graph: &Graph, route: &Route, family: Family) -> Fact<bool> {
    let step = || vec![step_of(graph, route)];
    let gateway = match &route.target {
        Typed::Known(target, _) => Fact::known(!matches!(target, RouteTarget::Inside(_)), step()),
        Typed::Unknown(reason, _) => Fact::unknown(reason.clone(), step()),
        Typed::Absent(_) => Fact::known(false, step()),
    };
    let destination = match &route.destination {
        Typed::Known(Destination::Cidr(cidr), _) => Fact::known(cidr.family == family && !cidr.is_private(), step()),
        Typed::Known(Destination::PrefixList(list), _) => {
            prefixes::any(graph, list, |cidr| cidr.family == family && !cidr.is_private())
        }
        Typed::Unknown(reason, _) => Fact::unknown(reason.clone(), step()),
        Typed::Absent(_) => Fact::unknown(Reason::NotUnderstood(Arc::from("the route names no destination")), step()),
    };
    let mut fact = Fact::all([gateway, destination]);
    if !fact.is(false) {
        fact.evidence = step();
    }
    fact
}

fn step_of(graph: &Graph, route: &Route) -> Step {
    let destination = match &route.destination {
        Typed::Known(Destination::Cidr(cidr), _) => cidr.to_string(),
        Typed::Known(Destination::PrefixList(list), _) => format!("prefix list `{}`", name_of(list)),
        Typed::Unknown(..) | Typed::Absent(_) => "an unknown destination".to_owned(),
    };
    let target = match &route.target {
        Typed::Known(RouteTarget::InternetGateway(gateway), _) => format!("internet gateway `{}`", name_of(gateway)),
        Typed::Known(RouteTarget::CarrierGateway(gateway), _) => format!("carrier gateway `{}`", name_of(gateway)),
        Typed::Known(RouteTarget::Inside(property), _) => format!("its `{property}`"),
        Typed::Unknown(..) | Typed::Absent(_) => "an unknown target".to_owned(),
    };
    let name = graph.resources.get(&route.address).map_or("", |resource| &*resource.name);
    Step::new(format!("route `{name}` sends {destination} to {target}"), route.span)
}

/// Whether the gateway of a route is attached to a VPC.
fn attached(graph: &Graph, route: &Route) -> Fact<bool> {
    let Typed::Known(RouteTarget::InternetGateway(gateway), _) = &route.target else {
        return Fact::known(true, Vec::new());
    };
    if let Target::Outside(id) = gateway {
        return Fact::unknown(Reason::Outside(Arc::from(format!("internet gateway `{id}`"))), Vec::new());
    }
    Fact::any(graph.ec2.attachments.near(gateway).map(|attachment| {
        match leads_to(&attachment.internet_gateway, gateway) {
            Ok(attached) => Fact::known(attached, vec![Step::new("the internet gateway is attached", attachment.span)]),
            Err(reason) => Fact::unknown(reason.clone(), vec![Step::new("an attachment", attachment.span)]),
        }
    }))
}

/// What all candidates say; unknown when they differ.
fn agree(verdicts: impl Iterator<Item = Fact<bool>>) -> Fact<bool> {
    let one = |one: Fact<bool>, other: Fact<bool>| {
        if one.value.is_err() || one.value == other.value {
            return one;
        }
        if other.value.is_err() {
            return other;
        }
        let reason = Reason::NotUnderstood(Arc::from("the route table of the subnet cannot be told"));
        Fact::unknown(reason, [one.evidence, other.evidence].concat())
    };
    verdicts.reduce(one).unwrap_or_else(|| Fact::known(false, Vec::new()))
}
