//! What leads out of a VPC: gateways of each kind, and what they are attached to.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    AttachmentStatus, CarrierGateway, CarrierGatewayState, EgressOnlyInternetGateway, InternetGateway, NatGateway,
    NatGatewayState, TransitGateway, TransitGatewayAttachmentState, TransitGatewayState, TransitGatewayVpcAttachment,
    VpcPeeringConnection, VpcPeeringConnectionStateReasonCode, VpnGateway, VpnState,
};

use super::{PAGE, arn, name, tags};
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

const ATTACHMENT: &str = "AWS::EC2::VPCGatewayAttachment";

pub(super) const INTERNET: Read =
    Read::list("ec2:DescribeInternetGateways", &["AWS::EC2::InternetGateway", ATTACHMENT]);
pub(super) const EGRESS_ONLY: Read =
    Read::list("ec2:DescribeEgressOnlyInternetGateways", &["AWS::EC2::EgressOnlyInternetGateway"]);
pub(super) const NAT: Read = Read::list("ec2:DescribeNatGateways", &["AWS::EC2::NatGateway"]);
pub(super) const CARRIER: Read = Read::list("ec2:DescribeCarrierGateways", &["AWS::EC2::CarrierGateway"]);
pub(super) const VPN: Read = Read::list("ec2:DescribeVpnGateways", &["AWS::EC2::VPNGateway"]);
pub(super) const TRANSIT: Read = Read::list("ec2:DescribeTransitGateways", &["AWS::EC2::TransitGateway"]);
pub(super) const TRANSIT_ATTACHMENTS: Read =
    Read::list("ec2:DescribeTransitGatewayVpcAttachments", &["AWS::EC2::TransitGatewayVpcAttachment"]);
pub(super) const PEERINGS: Read = Read::list("ec2:DescribeVpcPeeringConnections", &["AWS::EC2::VPCPeeringConnection"]);

pub(super) async fn collect(reader: &Reader, client: &Client) {
    tokio::join!(
        internet(reader, client),
        egress_only(reader, client),
        nat(reader, client),
        carrier(reader, client),
        vpn(reader, client),
        transit(reader, client),
        transit_attachments(reader, client),
        peerings(reader, client),
    );
}

async fn internet(reader: &Reader, client: &Client) {
    let pages = client.describe_internet_gateways().max_results(PAGE).into_paginator().items().send();
    for gateway in reader.list(&INTERNET, pages).await {
        for item in of_internet_gateway(reader, &gateway) {
            reader.push(item);
        }
    }
}

async fn egress_only(reader: &Reader, client: &Client) {
    let pages = client.describe_egress_only_internet_gateways().max_results(255).into_paginator().items().send();
    for gateway in reader.list(&EGRESS_ONLY, pages).await {
        reader.push(of_egress_only(reader, &gateway));
    }
}

async fn nat(reader: &Reader, client: &Client) {
    let pages = client.describe_nat_gateways().max_results(PAGE).into_paginator().items().send();
    for gateway in reader.list(&NAT, pages).await {
        if !matches!(gateway.state(), Some(NatGatewayState::Deleted | NatGatewayState::Failed)) {
            reader.push(of_nat(reader, &gateway));
        }
    }
}

async fn carrier(reader: &Reader, client: &Client) {
    let pages = client.describe_carrier_gateways().max_results(PAGE).into_paginator().items().send();
    for gateway in reader.list(&CARRIER, pages).await {
        if gateway.state() != Some(&CarrierGatewayState::Deleted) {
            reader.push(of_carrier(reader, &gateway));
        }
    }
}

async fn vpn(reader: &Reader, client: &Client) {
    let page = |_| async {
        let answer = client.describe_vpn_gateways().send().await?;
        Ok((answer.vpn_gateways.unwrap_or_default(), None))
    };
    for gateway in reader.pages(&VPN, page).await {
        if gateway.state() != Some(&VpnState::Deleted) {
            for item in of_vpn_gateway(reader, &gateway) {
                reader.push(item);
            }
        }
    }
}

async fn transit(reader: &Reader, client: &Client) {
    let pages = client.describe_transit_gateways().max_results(PAGE).into_paginator().items().send();
    for gateway in reader.list(&TRANSIT, pages).await {
        if gateway.state() != Some(&TransitGatewayState::Deleted) {
            reader.push(of_transit_gateway(reader, &gateway));
        }
    }
}

async fn transit_attachments(reader: &Reader, client: &Client) {
    use TransitGatewayAttachmentState as State;
    let pages = client.describe_transit_gateway_vpc_attachments().max_results(PAGE).into_paginator().items().send();
    for attachment in reader.list(&TRANSIT_ATTACHMENTS, pages).await {
        if !matches!(attachment.state(), Some(State::Deleted | State::Failed | State::Rejected)) {
            reader.push(of_transit_attachment(reader, &attachment));
        }
    }
}

async fn peerings(reader: &Reader, client: &Client) {
    use VpcPeeringConnectionStateReasonCode as Code;
    let pages = client.describe_vpc_peering_connections().max_results(PAGE).into_paginator().items().send();
    for peering in reader.list(&PEERINGS, pages).await {
        let code = peering.status().and_then(|status| status.code());
        if !matches!(code, Some(Code::Deleted | Code::Expired | Code::Failed | Code::Rejected)) {
            reader.push(of_peering(reader, &peering));
        }
    }
}

/// Attached, or about to be. An internet gateway that is attached is `available`, which the service's list of states
/// leaves out.
fn is_attached(state: Option<&AttachmentStatus>) -> bool {
    !matches!(state, Some(AttachmentStatus::Detached | AttachmentStatus::Detaching))
}

pub(super) fn of_internet_gateway(reader: &Reader, gateway: &InternetGateway) -> Vec<Item> {
    let id = gateway.internet_gateway_id().unwrap_or_default();
    let arn = arn(reader, gateway.owner_id(), &format!("internet-gateway/{id}"));
    let own = Item::new("AWS::EC2::InternetGateway", arn.clone())
        .name(name(gateway.tags()))
        .means("Ref", Some(id))
        .set("Tags", tags(gateway.tags()));
    let attached = gateway.attachments().iter().filter(|attachment| is_attached(attachment.state()));
    let attached = attached
        .filter_map(|attachment| attachment.vpc_id())
        .map(|vpc| Item::new(ATTACHMENT, format!("{arn}/{vpc}")).set("InternetGatewayId", id).set("VpcId", vpc));
    std::iter::once(own).chain(attached).collect()
}

pub(super) fn of_vpn_gateway(reader: &Reader, gateway: &VpnGateway) -> Vec<Item> {
    let id = gateway.vpn_gateway_id().unwrap_or_default();
    let arn = reader.arn("ec2", &format!("vpn-gateway/{id}"));
    let own = Item::new("AWS::EC2::VPNGateway", arn.clone())
        .name(name(gateway.tags()))
        .means("Ref", Some(id))
        .set("Tags", tags(gateway.tags()));
    let attached = gateway.vpc_attachments().iter().filter(|attachment| is_attached(attachment.state()));
    let attached = attached
        .filter_map(|attachment| attachment.vpc_id())
        .map(|vpc| Item::new(ATTACHMENT, format!("{arn}/{vpc}")).set("VpnGatewayId", id).set("VpcId", vpc));
    std::iter::once(own).chain(attached).collect()
}

pub(super) fn of_egress_only(reader: &Reader, gateway: &EgressOnlyInternetGateway) -> Item {
    let id = gateway.egress_only_internet_gateway_id().unwrap_or_default();
    let attached = gateway.attachments().iter().find(|attachment| is_attached(attachment.state()));
    Item::new("AWS::EC2::EgressOnlyInternetGateway", reader.arn("ec2", &format!("egress-only-internet-gateway/{id}")))
        .name(name(gateway.tags()))
        .means("Ref", Some(id))
        .set("VpcId", attached.and_then(|attachment| attachment.vpc_id()))
        .set("Tags", tags(gateway.tags()))
}

pub(super) fn of_nat(reader: &Reader, gateway: &NatGateway) -> Item {
    let id = gateway.nat_gateway_id().unwrap_or_default();
    let address = gateway.nat_gateway_addresses().first();
    Item::new("AWS::EC2::NatGateway", reader.arn("ec2", &format!("natgateway/{id}")))
        .name(name(gateway.tags()))
        .means("Ref", Some(id))
        .set("SubnetId", gateway.subnet_id())
        .set("VpcId", gateway.vpc_id())
        .set("ConnectivityType", word(gateway.connectivity_type()))
        .set("AllocationId", address.and_then(|address| address.allocation_id()))
        .set("PrivateIpAddress", address.and_then(|address| address.private_ip()))
        .set("Tags", tags(gateway.tags()))
}

pub(super) fn of_carrier(reader: &Reader, gateway: &CarrierGateway) -> Item {
    let id = gateway.carrier_gateway_id().unwrap_or_default();
    Item::new("AWS::EC2::CarrierGateway", arn(reader, gateway.owner_id(), &format!("carrier-gateway/{id}")))
        .name(name(gateway.tags()))
        .means("Ref", Some(id))
        .set("VpcId", gateway.vpc_id())
        .set("Tags", tags(gateway.tags()))
}

pub(super) fn of_transit_gateway(reader: &Reader, gateway: &TransitGateway) -> Item {
    let id = gateway.transit_gateway_id().unwrap_or_default();
    let own = gateway.transit_gateway_arn().map(str::to_owned);
    let own = own.unwrap_or_else(|| arn(reader, gateway.owner_id(), &format!("transit-gateway/{id}")));
    let options = gateway.options();
    let accept = options.and_then(|options| options.auto_accept_shared_attachments());
    Item::new("AWS::EC2::TransitGateway", own)
        .name(name(gateway.tags()))
        .means("Ref", Some(id))
        .set("Description", gateway.description())
        .set("AutoAcceptSharedAttachments", word(accept))
        .set(
            "DefaultRouteTableAssociation",
            word(options.and_then(|options| options.default_route_table_association())),
        )
        .set(
            "DefaultRouteTablePropagation",
            word(options.and_then(|options| options.default_route_table_propagation())),
        )
        .set("Tags", tags(gateway.tags()))
}

pub(super) fn of_transit_attachment(reader: &Reader, attachment: &TransitGatewayVpcAttachment) -> Item {
    let id = attachment.transit_gateway_attachment_id().unwrap_or_default();
    let options = attachment.options().map(|options| {
        Object::new()
            .set("DnsSupport", word(options.dns_support()))
            .set("Ipv6Support", word(options.ipv6_support()))
            .set("ApplianceModeSupport", word(options.appliance_mode_support()))
    });
    let arn = arn(reader, None, &format!("transit-gateway-attachment/{id}"));
    Item::new("AWS::EC2::TransitGatewayVpcAttachment", arn)
        .name(name(attachment.tags()))
        .means("Ref", Some(id))
        .set("TransitGatewayId", attachment.transit_gateway_id())
        .set("VpcId", attachment.vpc_id())
        .set("SubnetIds", attachment.subnet_ids())
        .set("Options", options.and_then(Object::filled))
        .set("Tags", tags(attachment.tags()))
}

pub(super) fn of_peering(reader: &Reader, peering: &VpcPeeringConnection) -> Item {
    let id = peering.vpc_peering_connection_id().unwrap_or_default();
    let (own, peer) = (peering.requester_vpc_info(), peering.accepter_vpc_info());
    Item::new("AWS::EC2::VPCPeeringConnection", reader.arn("ec2", &format!("vpc-peering-connection/{id}")))
        .name(name(peering.tags()))
        .means("Ref", Some(id))
        .set("VpcId", own.and_then(|vpc| vpc.vpc_id()))
        .set("PeerVpcId", peer.and_then(|vpc| vpc.vpc_id()))
        .set("PeerOwnerId", peer.and_then(|vpc| vpc.owner_id()))
        .set("PeerRegion", peer.and_then(|vpc| vpc.region()))
        .set("Status", word(peering.status().and_then(|status| status.code())))
        .set("Tags", tags(peering.tags()))
}
