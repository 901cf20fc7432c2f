//! Instances as they run: their interfaces and groups, not those of the template that they were launched from.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    Instance, InstanceMetadataOptionsResponse, InstanceNetworkInterface, InstanceStateName, Reservation,
};

use super::{PAGE, arn, interfaces, name, tags};
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

pub(super) const INSTANCES: Read = Read::list("ec2:DescribeInstances", &["AWS::EC2::Instance"]);

pub(super) async fn instances(reader: &Reader, client: &Client) {
    let pages = client.describe_instances().max_results(PAGE).into_paginator().items().send();
    let take = |reservation: Reservation| {
        let there = reservation.instances().iter().filter(|instance| is_there(instance));
        there.for_each(|instance| reader.push(of_instance(reader, reservation.owner_id(), instance)));
    };
    reader.take(&INSTANCES, pages, take).await;
}

/// Instances that are gone are listed for about an hour. Source: "Terminate Amazon EC2 instances", Amazon EC2 User
/// Guide.
fn is_there(instance: &Instance) -> bool {
    let state = instance.state().and_then(|state| state.name());
    !matches!(state, Some(InstanceStateName::Terminated | InstanceStateName::ShuttingDown))
}

pub(super) fn of_instance(reader: &Reader, owner: Option<&str>, instance: &Instance) -> Item {
    let id = instance.instance_id().unwrap_or_default();
    let profile = instance.iam_instance_profile().and_then(|profile| profile.arn());
    let interfaces = instance.network_interfaces().iter().map(|interface| of_interface(instance, interface));
    let interfaces: Vec<Object> = interfaces.collect();
    let monitoring = instance.monitoring().and_then(|monitoring| monitoring.state());
    Item::new("AWS::EC2::Instance", arn(reader, owner, &format!("instance/{id}")))
        .name(name(instance.tags()))
        .means("Ref", Some(id))
        .set("ImageId", instance.image_id())
        .set("InstanceType", word(instance.instance_type()))
        .set("AvailabilityZone", instance.placement().and_then(|placement| placement.availability_zone()))
        .set("SubnetId", instance.subnet_id())
        .set("VpcId", instance.vpc_id())
        .set("SecurityGroupIds", interfaces::group_ids(instance.security_groups()))
        .set("NetworkInterfaces", (!interfaces.is_empty()).then_some(interfaces))
        .set("PrivateIpAddress", instance.private_ip_address())
        .set("PublicIp", instance.public_ip_address())
        .set("SourceDestCheck", instance.source_dest_check())
        .set("IamInstanceProfile", profile)
        .set("KeyName", instance.key_name())
        .set("Monitoring", monitoring.map(|state| state.as_str() == "enabled"))
        .set("MetadataOptions", instance.metadata_options().and_then(of_metadata))
        .set("State", word(instance.state().and_then(|state| state.name())))
        .set("Tags", tags(instance.tags()))
}

/// An interface as if it were launched with what it has: its subnet, its groups, and whether it has a public address
/// that is not an elastic one (those are resources of their own). An instance that is not running has given its address
/// back and gets another one when it starts: then its subnet decides. Source: "Amazon EC2 instance IP addressing", Amazon
/// EC2 User Guide.
pub(super) fn of_interface(instance: &Instance, interface: &InstanceNetworkInterface) -> Object {
    let owner = interface.association().and_then(|association| association.ip_owner_id());
    let public = owner.is_some_and(|owner| owner == "amazon");
    let running = instance.state().and_then(|state| state.name()) == Some(&InstanceStateName::Running);
    let addresses = i32::try_from(interface.ipv6_addresses().len()).unwrap_or(i32::MAX);
    let index = interface.attachment().and_then(aws_sdk_ec2::types::InstanceNetworkInterfaceAttachment::device_index);
    Object::new()
        .set("DeviceIndex", index.map(|index| index.to_string()))
        .set("SubnetId", interface.subnet_id())
        .set("GroupSet", interfaces::group_ids(interface.groups()))
        .set("PrivateIpAddress", interface.private_ip_address())
        .set("AssociatePublicIpAddress", (public || running).then_some(public))
        .set("Ipv6AddressCount", addresses)
}

pub(super) fn of_metadata(options: &InstanceMetadataOptionsResponse) -> Option<Object> {
    Object::new()
        .set("HttpEndpoint", word(options.http_endpoint()))
        .set("HttpTokens", word(options.http_tokens()))
        .set("HttpPutResponseHopLimit", options.http_put_response_hop_limit())
        .set("HttpProtocolIpv6", word(options.http_protocol_ipv6()))
        .set("InstanceMetadataTags", word(options.instance_metadata_tags()))
        .filled()
}
