//! Network interfaces, which tell what uses a security group, and elastic IP addresses.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Address, GroupIdentifier, NetworkInterface};

use super::{PAGE, arn, name, tags};
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

pub(super) const INTERFACES: Read = Read::list("ec2:DescribeNetworkInterfaces", &["AWS::EC2::NetworkInterface"]);
pub(super) const ADDRESSES: Read = Read::list("ec2:DescribeAddresses", &["AWS::EC2::EIP"]);

pub(super) async fn collect(reader: &Reader, client: &Client) {
    tokio::join!(interfaces(reader, client), addresses(reader, client));
}

async fn interfaces(reader: &Reader, client: &Client) {
    let pages = client.describe_network_interfaces().max_results(PAGE).into_paginator().items().send();
    reader.take(&INTERFACES, pages, |interface| reader.push(of_interface(reader, &interface))).await;
}

async fn addresses(reader: &Reader, client: &Client) {
    let page = |_| async {
        let answer = client.describe_addresses().send().await?;
        Ok((answer.addresses.unwrap_or_default(), None))
    };
    for address in reader.pages(&ADDRESSES, page).await {
        reader.push(of_address(reader, &address));
    }
}

pub(super) fn of_interface(reader: &Reader, interface: &NetworkInterface) -> Item {
    let id = interface.network_interface_id().unwrap_or_default();
    let kind = word(interface.interface_type());
    Item::new("AWS::EC2::NetworkInterface", arn(reader, interface.owner_id(), &format!("network-interface/{id}")))
        .name(name(interface.tag_set()).or(interface.description()).filter(|name| !name.is_empty()).or(Some(id)))
        .means("Ref", Some(id))
        .set("Description", interface.description().filter(|text| !text.is_empty()))
        .set("InterfaceType", kind)
        .set("SubnetId", interface.subnet_id())
        .set("VpcId", interface.vpc_id())
        .set("PrivateIpAddress", interface.private_ip_address())
        .set("PublicIp", public_address(interface))
        .set("PrivateIpAddresses", private_addresses(interface))
        .set("Ipv6Addresses", ipv6_addresses(interface))
        .set("GroupSet", group_ids(interface.groups()))
        .set("SourceDestCheck", interface.source_dest_check())
        .set("UsedBy", used_by(reader, interface))
        .set("Tags", tags(interface.tag_set()))
}

/// The address of AWS's that it has; elastic ones are resources of their own. `CloudFormation` has no such property.
fn public_address(interface: &NetworkInterface) -> Option<&str> {
    let association = interface.association().filter(|association| association.ip_owner_id() == Some("amazon"))?;
    association.public_ip()
}

fn private_addresses(interface: &NetworkInterface) -> Vec<Object> {
    let address = |address: &aws_sdk_ec2::types::NetworkInterfacePrivateIpAddress| {
        Object::new().set("PrivateIpAddress", address.private_ip_address()).set("Primary", address.primary())
    };
    interface.private_ip_addresses().iter().map(address).collect()
}

fn ipv6_addresses(interface: &NetworkInterface) -> Vec<Object> {
    let addresses = interface.ipv6_addresses().iter();
    addresses.map(|address| Object::new().set("Ipv6Address", address.ipv6_address())).collect()
}

pub(super) fn group_ids(groups: &[GroupIdentifier]) -> Vec<&str> {
    groups.iter().filter_map(GroupIdentifier::group_id).collect()
}

/// What an interface belongs to, by the id or ARN that means it: an instance, or what the service that made it says in
/// the description. `CloudFormation` has no such property; those who judge groups need it, because a load balancer and
/// its interfaces are one user of a group. Source: "Requester-managed network interfaces" (Amazon EC2 User Guide),
/// "Check load balancer network interfaces" (Elastic Load Balancing user guides).
fn used_by(reader: &Reader, interface: &NetworkInterface) -> Option<String> {
    if let Some(instance) = interface.attachment().and_then(|attachment| attachment.instance_id()) {
        return Some(instance.to_owned());
    }
    if interface.requester_managed() != Some(true) {
        return None;
    }
    let description = interface.description()?;
    if let Some(balancer) = description.strip_prefix("ELB ") {
        let (partition, region) = (&reader.partition, &reader.region);
        let account = interface.owner_id().unwrap_or(&reader.account);
        return Some(format!("arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{balancer}"));
    }
    let id = description.strip_prefix("VPC Endpoint Interface ");
    id.or_else(|| description.strip_prefix("Interface for NAT Gateway ")).map(str::to_owned)
}

pub(super) fn of_address(reader: &Reader, address: &Address) -> Item {
    let allocation = address.allocation_id();
    let id = allocation.or(address.public_ip()).unwrap_or_default();
    Item::new("AWS::EC2::EIP", reader.arn("ec2", &format!("elastic-ip/{id}")))
        .name(name(address.tags()))
        .means("AllocationId", allocation)
        .set("Domain", word(address.domain()))
        .set("PublicIp", address.public_ip())
        .set("InstanceId", address.instance_id().filter(|id| !id.is_empty()))
        .set("NetworkInterfaceId", address.network_interface_id().filter(|id| !id.is_empty()))
        .set("PrivateIpAddress", address.private_ip_address())
        .set("Tags", tags(address.tags()))
}
