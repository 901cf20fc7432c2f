//! Subnets, route tables, gateways: the raw material of reachability.

use super::security_group::block;
use super::{Cidr, Ec2, INTERNET_GATEWAY, PREFIX_LIST, Pointer, ROUTE_TABLE, SUBNET, VPC, present};
use crate::graph::{Pointing, Resources, Target, Typed, boolean, target, text};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Prop, Reason};

#[derive(Clone, Debug)]
pub struct Subnet {
    pub address: Address,
    pub span: Span,
    /// Absent: the default VPC, of a subnet that is its default one for a zone.
    pub vpc: Pointer,
    /// False by default. Source: `AWS::EC2::Subnet`, `MapPublicIpOnLaunch`.
    pub map_public_ip: Typed<bool>,
    /// False by default. Source: `AWS::EC2::Subnet`, `AssignIpv6AddressOnCreation`.
    pub assign_ipv6: Typed<bool>,
    /// Whether it has an IPv6 block: its own properties or an `AWS::EC2::SubnetCidrBlock`.
    pub has_ipv6: Typed<bool>,
    /// `off`, `block-ingress` or `block-bidirectional`: what Block Public Access is set to where the subnet exists.
    /// Absent in templates: then the account's setting decides.
    pub block_mode: Typed<String>,
}

#[derive(Clone, Debug)]
pub struct Association {
    pub span: Span,
    pub subnet: Pointer,
    pub route_table: Pointer,
}

/// Which table is the main one of a VPC. CloudFormation cannot say it; where other readers know it, they write an
/// `AWS::EC2::SubnetRouteTableAssociation` with `Main: true` and a `VpcId` in place of the `SubnetId`. Source: Amazon
/// EC2 API Reference, `RouteTableAssociation`.
#[derive(Clone, Debug)]
pub struct MainTable {
    pub span: Span,
    pub vpc: Pointer,
    pub route_table: Pointer,
}

#[derive(Clone, Debug)]
pub struct Route {
    pub address: Address,
    pub span: Span,
    pub route_table: Pointer,
    pub destination: Typed<Destination>,
    pub target: Typed<RouteTarget>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Cidr(Cidr),
    PrefixList(Target),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteTarget {
    InternetGateway(Target),
    /// Connects a Wavelength zone to the carrier's network and through it to the Internet.
    CarrierGateway(Target),
    /// Nothing through which the Internet can open a connection: NAT, egress-only gateway, VPN, transit gateway,
    /// peering, endpoint, interface, local. The property that names it.
    Inside(&'static str),
}

#[derive(Clone, Debug)]
pub struct GatewayAttachment {
    pub internet_gateway: Pointer,
    pub span: Span,
}

/// VPC Block Public Access: it stops what routes and groups would let through.
#[derive(Clone, Debug, Default)]
pub struct PublicAccessBlock {
    /// `InternetGatewayBlockMode` of `AWS::EC2::VPCBlockPublicAccessOptions`.
    pub mode: Option<Typed<String>>,
    /// The subnets and VPCs that are excluded from it.
    pub exclusions: Vec<Pointer>,
}

/// The properties of `AWS::EC2::Route` that name a target, `GatewayId` and `CarrierGatewayId` aside.
const INSIDE: &[&str] = &[
    "NatGatewayId",
    "EgressOnlyInternetGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "VpcEndpointId",
    "InstanceId",
    "NetworkInterfaceId",
    "LocalGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
];

pub(super) fn decode(resources: &Resources, ec2: &mut Ec2) {
    let blocks: Vec<Pointer> = resources
        .of_kind("AWS::EC2::SubnetCidrBlock")
        .map(|block| target(resources, block.prop("SubnetId"), &[SUBNET]))
        .collect();
    let default = resources.of_kind(VPC).find(|vpc| is_default(vpc));
    for resource in resources.of_kind(SUBNET) {
        ec2.subnets.insert(resource.address.clone(), subnet(resources, resource, &blocks, default));
    }
    let (mut associations, mut main_tables) = (Vec::new(), Vec::new());
    for resource in resources.of_kind("AWS::EC2::SubnetRouteTableAssociation") {
        let (span, route_table) = (resource.name_span, route_table(resources, resource));
        if boolean(resource.prop("Main")).known() == Some(&true) {
            let vpc = target(resources, resource.prop("VpcId"), &[VPC]);
            main_tables.push(MainTable { span, vpc, route_table });
            continue;
        }
        let subnet = required(target(resources, resource.prop("SubnetId"), &[SUBNET]), "SubnetId");
        associations.push(Association { span, subnet, route_table });
    }
    let routes = resources.of_kind("AWS::EC2::Route").map(|resource| Route {
        address: resource.address.clone(),
        span: resource.name_span,
        route_table: route_table(resources, resource),
        destination: destination(resources, resource),
        target: route_target(resources, resource),
    });
    let of_main = |table: &Target| {
        let named = table.address().and_then(|address| resources.get(address));
        !main_tables.is_empty() && named.is_some_and(|named| &*named.kind == VPC)
    };
    ec2.routes = Pointing::by(routes.collect(), |route| route.route_table.known().filter(|table| !of_main(table)));
    ec2.associations = Pointing::new(associations, |association| &association.subnet);
    ec2.main_tables = Pointing::new(main_tables, |main| &main.vpc);
    let attachments = resources.of_kind("AWS::EC2::VPCGatewayAttachment").map(|resource| GatewayAttachment {
        internet_gateway: target(resources, resource.prop("InternetGatewayId"), &[INTERNET_GATEWAY]),
        span: resource.name_span,
    });
    ec2.attachments = Pointing::new(attachments.collect(), |attachment| &attachment.internet_gateway);
    for resource in resources.of_kind("AWS::EC2::VPCBlockPublicAccessOptions") {
        ec2.public_access_block.mode = Some(text(resource.prop("InternetGatewayBlockMode")));
    }
    for resource in resources.of_kind("AWS::EC2::VPCBlockPublicAccessExclusion") {
        // What only lets traffic out is no way in. Source: Amazon VPC User Guide, "Block public access to VPCs and subnets".
        if text(resource.prop("InternetGatewayExclusionMode")).known().is_some_and(|mode| mode == "allow-egress") {
            continue;
        }
        for property in ["SubnetId", "VpcId"] {
            let excluded = target(resources, resource.prop(property), &[SUBNET, VPC]);
            if !matches!(excluded, Typed::Absent(_)) {
                ec2.public_access_block.exclusions.push(excluded);
            }
        }
    }
}

/// `default` is the default VPC.
fn subnet(resources: &Resources, resource: &Resource, blocks: &[Pointer], default: Option<&Resource>) -> Subnet {
    let own = ["Ipv6CidrBlock", "Ipv6IpamPoolId", "Ipv6NetmaskLength", "Ipv6Native"];
    let written = own.iter().map(|property| resource.prop(property)).find(present);
    let this = Target::Resource(resource.address.clone());
    let has_ipv6 = match written {
        Some(Prop::Known(value)) => Typed::Known(value.as_bool() != Some(false), value.span),
        Some(Prop::Unknown(reason, span)) => Typed::Unknown(reason.clone(), span),
        Some(Prop::Absent(_)) | None => {
            let mut found = Typed::Known(false, resource.name_span);
            for block in blocks {
                match super::leads_to(block, &this) {
                    Ok(true) => found = Typed::Known(true, block.span()),
                    Err(reason) if found.known() == Some(&false) => {
                        found = Typed::Unknown(reason.clone(), block.span());
                    }
                    Ok(false) | Err(_) => {}
                }
            }
            found
        }
    };
    let vpc = target(resources, resource.prop("VpcId"), &[VPC]);
    let is_default = boolean(resource.prop("DefaultForAz")).known() == Some(&true);
    let vpc = match (vpc, default) {
        (Typed::Absent(span), Some(vpc)) if is_default => Typed::Known(Target::Resource(vpc.address.clone()), span),
        (Typed::Absent(span), None) if is_default => Typed::Absent(span),
        (vpc, _) => required(vpc, "VpcId"),
    };
    Subnet {
        address: resource.address.clone(),
        span: resource.name_span,
        vpc,
        map_public_ip: boolean(resource.prop("MapPublicIpOnLaunch")).or_default(false),
        assign_ipv6: boolean(resource.prop("AssignIpv6AddressOnCreation")).or_default(false),
        has_ipv6,
        block_mode: text(resource.prop("BlockPublicAccessStates.InternetGatewayBlockMode")),
    }
}

fn destination(resources: &Resources, resource: &Resource) -> Typed<Destination> {
    for property in ["DestinationCidrBlock", "DestinationIpv6CidrBlock"] {
        match block(resources, resource.prop(property)) {
            Typed::Known(cidr, span) => return Typed::Known(Destination::Cidr(cidr), span),
            Typed::Unknown(reason, span) => return Typed::Unknown(reason, span),
            Typed::Absent(_) => {}
        }
    }
    match required(target(resources, resource.prop("DestinationPrefixListId"), &[PREFIX_LIST]), "DestinationCidrBlock")
    {
        Typed::Known(list, span) => Typed::Known(Destination::PrefixList(list), span),
        Typed::Unknown(reason, span) => Typed::Unknown(reason, span),
        Typed::Absent(span) => Typed::Absent(span),
    }
}

fn route_target(resources: &Resources, resource: &Resource) -> Typed<RouteTarget> {
    let gateways =
        ["AWS::EC2::InternetGateway", "AWS::EC2::VPNGateway", "AWS::EC2::VPCEndpoint", "AWS::EC2::CarrierGateway"];
    for property in ["GatewayId", "CarrierGatewayId"] {
        match target(resources, resource.prop(property), &gateways) {
            Typed::Absent(_) => {}
            Typed::Unknown(reason, span) => return Typed::Unknown(reason, span),
            // Where the gateway is gone, packets are dropped. Source: Amazon EC2 API Reference, `Route`, `state`.
            Typed::Known(Target::Outside(_), span)
                if text(resource.prop("State")).known().is_some_and(|state| state == "blackhole") =>
            {
                return Typed::Known(RouteTarget::Inside(property), span);
            }
            Typed::Known(gateway, span) => {
                return gateway_kind(resources, gateway).map_or_else(
                    |id| Typed::Unknown(Reason::Outside(format!("gateway `{id}`").into()), span),
                    |target| Typed::Known(target, span),
                );
            }
        }
    }
    for property in INSIDE {
        let prop = resource.prop(property);
        if present(&prop) {
            return Typed::Known(RouteTarget::Inside(property), prop.span());
        }
    }
    Typed::Unknown(Reason::NotUnderstood("the route names no target".into()), resource.name_span)
}

/// What kind of gateway an id is. Ids tell by their prefix; source: Amazon VPC User Guide, "Route tables".
fn gateway_kind(resources: &Resources, gateway: Target) -> Result<RouteTarget, String> {
    match &gateway {
        Target::Resource(address) => match resources.get(address).map(|resource| &*resource.kind) {
            Some(INTERNET_GATEWAY) => Ok(RouteTarget::InternetGateway(gateway)),
            Some("AWS::EC2::CarrierGateway") => Ok(RouteTarget::CarrierGateway(gateway)),
            _ => Ok(RouteTarget::Inside("GatewayId")),
        },
        Target::Outside(id) => match id.split_once('-').map_or(&**id, |(kind, _)| kind) {
            "igw" => Ok(RouteTarget::InternetGateway(gateway)),
            "cagw" => Ok(RouteTarget::CarrierGateway(gateway)),
            "vgw" | "vpce" | "eigw" | "lgw" | "nat" | "local" => Ok(RouteTarget::Inside("GatewayId")),
            _ => Err(id.clone()),
        },
    }
}

/// The table of a route or association; a VPC stands for its main one.
fn route_table(resources: &Resources, resource: &Resource) -> Pointer {
    let prop = resource.prop("RouteTableId");
    if let Prop::Known(value) = prop
        && let Some(vpc) = super::vpc_whose(resources, value, super::MAIN_ROUTE_TABLE)
    {
        return Typed::Known(Target::Resource(vpc.address.clone()), value.span);
    }
    required(target(resources, prop, &[ROUTE_TABLE]), "RouteTableId")
}

/// The default VPC, which exists in each region of an account from the beginning. No template creates one; readers of
/// what exists say so with `IsDefault`. Source: Amazon EC2 API Reference, `Vpc`.
pub fn is_default(vpc: &Resource) -> bool {
    boolean(vpc.prop("IsDefault")).known() == Some(&true)
}

/// A required property that is missing makes a template that does not deploy: nothing can be said about it.
fn required(pointer: Pointer, property: &str) -> Pointer {
    match pointer {
        Typed::Absent(span) => Typed::Unknown(Reason::NotUnderstood(format!("`{property}` is missing").into()), span),
        other => other,
    }
}
