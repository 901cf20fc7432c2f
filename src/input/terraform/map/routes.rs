//! Route tables, their routes, and which subnets and VPCs use them.
//!
//! CloudFormation cannot say which table is the main one of a VPC. Here a `SubnetRouteTableAssociation` with
//! `Main: true` and a `VpcId` in place of the `SubnetId` does (Amazon EC2 API Reference, `RouteTableAssociation`), and
//! `Fn::GetAtt` of [`MAIN_ROUTE_TABLE`] is the id of the main table of a VPC.

use super::Returns::Ref;
use super::Shape::{Link, Or, Tags};
use super::{Draft, Found, Property, Row, Service, United, member, property, reference};
use crate::input::terraform::value as tf;
use crate::value::{Kind, Prop, Value};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: Some(unite) };

/// The attribute of a VPC that is the id of its main route table.
pub(super) const MAIN_ROUTE_TABLE: &str = "MainRouteTable";

const ROUTE: &str = "AWS::EC2::Route";
const ROUTE_TABLE: &str = "AWS::EC2::RouteTable";
const ASSOCIATION: &str = "AWS::EC2::SubnetRouteTableAssociation";

const ROWS: &[Row] = &[
    Row::new(
        "aws_route_table",
        ROUTE_TABLE,
        &[property("VpcId", "vpc_id", Link), property("Tags", "tags", Tags)],
        &[("id", Ref)],
    )
    .then(inline),
    Row::new("aws_default_route_table", ROUTE_TABLE, &[property("Tags", "tags", Tags)], &[("id", Ref)]).then(default),
    Row::new("aws_route", ROUTE, ROUTE_PROPERTIES, &[]).then(|draft| {
        let properties = std::mem::replace(&mut draft.resource.properties.kind, Kind::Null);
        draft.resource.properties.kind = through(properties, &draft.instance.arguments);
    }),
    Row::new(
        "aws_route_table_association",
        ASSOCIATION,
        &[
            property("SubnetId", "subnet_id", Link),
            property("GatewayId", "gateway_id", Link),
            property("RouteTableId", "route_table_id", Link),
        ],
        &[("id", Ref)],
    )
    .then(of_gateway),
    Row::new(
        "aws_main_route_table_association",
        ASSOCIATION,
        &[
            property("Main", "", Or("true")),
            property("RouteTableId", "route_table_id", Link),
            property("VpcId", "vpc_id", Link),
        ],
        &[("id", Ref)],
    ),
];

/// Of an `aws_route`, and of the `route` blocks of a table, which name their destinations otherwise.
const ROUTE_PROPERTIES: &[Property] = &[
    property("RouteTableId", "route_table_id", Link),
    property("DestinationCidrBlock", "destination_cidr_block", Link),
    property("DestinationCidrBlock", "cidr_block", Link),
    property("DestinationIpv6CidrBlock", "destination_ipv6_cidr_block", Link),
    property("DestinationIpv6CidrBlock", "ipv6_cidr_block", Link),
    property("DestinationPrefixListId", "destination_prefix_list_id", Link),
    property("CarrierGatewayId", "carrier_gateway_id", Link),
    property("CoreNetworkArn", "core_network_arn", Link),
    property("EgressOnlyInternetGatewayId", "egress_only_gateway_id", Link),
    property("GatewayId", "gateway_id", Link),
    property("InstanceId", "instance_id", Link),
    property("LocalGatewayId", "local_gateway_id", Link),
    property("NatGatewayId", "nat_gateway_id", Link),
    property("NetworkInterfaceId", "network_interface_id", Link),
    property("OdbNetworkArn", "odb_network_arn", Link),
    property("TransitGatewayId", "transit_gateway_id", Link),
    property("VpcEndpointId", "vpc_endpoint_id", Link),
    property("VpcPeeringConnectionId", "vpc_peering_connection_id", Link),
];

/// The provider takes the id of any of these as `gateway_id`.
const OTHER_GATEWAYS: &[(&str, &str)] = &[
    ("aws_egress_only_internet_gateway", "EgressOnlyInternetGatewayId"),
    ("aws_ec2_transit_gateway", "TransitGatewayId"),
    ("aws_nat_gateway", "NatGatewayId"),
    ("aws_vpc_peering_connection", "VpcPeeringConnectionId"),
];

/// The properties of a route with its gateway under the name that CloudFormation has for its type.
fn through(mut properties: Kind, arguments: &tf::Value) -> Kind {
    if let (Kind::Map(map), Some(gateway)) = (&mut properties, arguments.get("gateway_id"))
        && let tf::Kind::Attribute(attribute) = &gateway.kind
        && let Some((_, name)) = OTHER_GATEWAYS.iter().find(|(kind, _)| *kind == &*attribute.kind)
        && let Some(member) = map.members.iter_mut().find(|member| &*member.key == "GatewayId")
    {
        member.key = (*name).into();
    }
    properties
}

/// The routes that a table says itself.
fn inline(draft: &mut Draft<'_>) {
    let (routes, key_span) = match draft.argument("route") {
        Found::Absent => return,
        Found::Unknown(unknown, span) => {
            return push(draft, "route", Value::unknown(span, unknown.reason.clone()));
        }
        Found::Value(argument) => (argument.value.clone(), argument.key_span),
    };
    let blocks = match routes.elements() {
        Some(blocks) => blocks,
        None => std::slice::from_ref(&routes),
    };
    for (index, block) in blocks.iter().enumerate() {
        let mut route = draft.mapper.properties(block, ROUTE_PROPERTIES);
        route.kind = through(route.kind, block);
        let destinations = ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"];
        let destination = destinations.iter().find_map(|name| route.prop(name).known()?.template());
        let part = destination.unwrap_or_else(|| format!("route {index}"));
        if route.span == routes.span {
            route.span = key_span;
        }
        push(draft, &part, route);
    }
}

/// A route of the table of the draft; where it is written counts as its name.
fn push(draft: &mut Draft<'_>, part: &str, route: Value) {
    let span = route.span;
    let properties = match route.kind {
        Kind::Map(map) => map,
        // A route of which nothing is known leads anywhere.
        unknown => {
            let unknown = |key: &str| member(key, span, Value::new(span, unknown.clone()));
            crate::value::Map { members: vec![unknown("DestinationCidrBlock"), unknown("GatewayId")], open: None }
        }
    };
    let mut members = vec![member("RouteTableId", span, draft.itself(span))];
    members.extend(properties.members);
    draft.also(part, ROUTE, members);
    if let Some(made) = draft.more.last_mut() {
        (made.span, made.name_span) = (span, span);
    }
}

/// The table that a VPC began with. Terraform takes away every route that the configuration does not say.
fn default(draft: &mut Draft<'_>) {
    if let Some(vpc) = vpc_of(draft) {
        let span = vpc.span;
        draft.set("VpcId", span, vpc);
    }
    inline(draft);
}

/// The VPC of an `aws_default_route_table`: the one whose attribute is its id.
fn vpc_of(draft: &Draft<'_>) -> Option<Value> {
    let mut table = draft.mapper.linked(draft.instance, "default_route_table_id")?;
    if let Kind::Ref(crate::value::Reference::Resource { address, attribute: Some(attribute), .. }) = &table.kind
        && &**attribute == MAIN_ROUTE_TABLE
    {
        table = reference(table.span, address, None);
    } else if !matches!(table.kind, Kind::Unknown(_)) {
        let reason = crate::value::Reason::Outside("the VPC of the route table".into());
        table = Value::unknown(table.span, reason);
    }
    Some(table)
}

/// An association with an internet or virtual private gateway is of a type of its own.
fn of_gateway(draft: &mut Draft<'_>) {
    if !draft.resource.prop("GatewayId").is_absent() {
        draft.resource.kind = "AWS::EC2::GatewayRouteTableAssociation".into();
    }
}

/// The default table of a VPC is its main one unless another was made that.
fn unite(united: &mut United<'_>) {
    for instance in united.instances_of("aws_default_route_table") {
        let table = united.mapper.address(&instance.address);
        let vpc = match united.get(&table).map(|table| table.prop("VpcId")) {
            Some(Prop::Known(vpc)) => vpc.clone(),
            Some(Prop::Unknown(reason, span)) => Value::unknown(span, reason.clone()),
            Some(Prop::Absent(_)) | None => continue,
        };
        let replaced = united
            .instances_of("aws_main_route_table_association")
            .any(|other| united.mapper.linked(other, "vpc_id").is_some_and(|other| other.kind == vpc.kind));
        if replaced {
            continue;
        }
        let span = instance.name_span;
        let members = vec![
            member("Main", span, Value::text_at(span, "true")),
            member("RouteTableId", span, reference(span, &table, None)),
            member("VpcId", span, vpc),
        ];
        let properties = Value::new(span, Kind::Map(crate::value::Map { members, open: None }));
        let made = united.mapper.resource(instance, ASSOCIATION, properties);
        let address = united.mapper.address(&format!("{}/main", instance.address));
        united.push(crate::input::Resource { address, ..made });
    }
}
