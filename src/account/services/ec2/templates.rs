//! Launch templates: their latest version, and their default one where that is another. User data is left out, because
//! secrets are often written there.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    LaunchTemplateInstanceMetadataOptions, LaunchTemplateInstanceNetworkInterfaceSpecification, LaunchTemplateVersion,
    ResponseLaunchTemplateData,
};

use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

pub(super) const VERSIONS: Read = Read::list("ec2:DescribeLaunchTemplateVersions", &["AWS::EC2::LaunchTemplate"]);

/// Without a template, only `$Latest` and `$Default` can be asked for, of all templates at once. Source:
/// `DescribeLaunchTemplateVersions`, Amazon EC2 API Reference.
pub(super) async fn templates(reader: &Reader, client: &Client) {
    let call = client.describe_launch_template_versions().versions("$Latest").versions("$Default").max_results(200);
    let versions = reader.list(&VERSIONS, call.into_paginator().items().send()).await;
    for item in of_versions(reader, versions) {
        reader.push(item);
    }
}

pub(super) fn of_versions(reader: &Reader, mut versions: Vec<LaunchTemplateVersion>) -> Vec<Item> {
    let key = |version: &LaunchTemplateVersion| {
        (version.launch_template_id().map(str::to_owned), std::cmp::Reverse(version.version_number()))
    };
    versions.sort_by_key(key);
    versions.dedup_by_key(|version| key(version));
    let mut items: Vec<Item> = Vec::new();
    let mut last = None;
    for version in &versions {
        let id = version.launch_template_id();
        // The latest version comes first, and is the template for who names no version of it.
        items.push(of_version(reader, version, last != id));
        last = id;
    }
    items
}

pub(super) fn of_version(reader: &Reader, version: &LaunchTemplateVersion, latest: bool) -> Item {
    let id = version.launch_template_id().unwrap_or_default();
    let number = version.version_number();
    let arn = reader.arn("ec2", &format!("launch-template/{id}"));
    let own = if latest { arn } else { format!("{arn}/{}", number.unwrap_or_default()) };
    Item::new("AWS::EC2::LaunchTemplate", own)
        .name(version.launch_template_name())
        .means("Ref", latest.then_some(id))
        .set("LaunchTemplateId", id)
        .set("LaunchTemplateName", version.launch_template_name())
        .set("VersionNumber", number.map(|number| number.to_string()))
        .set("DefaultVersion", version.default_version())
        .set("VersionDescription", version.version_description())
        .set("LaunchTemplateData", version.launch_template_data().map(of_data))
}

pub(super) fn of_data(data: &ResponseLaunchTemplateData) -> Object {
    let interfaces: Vec<Object> = data.network_interfaces().iter().map(of_interface).collect();
    let listed = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    let profile =
        data.iam_instance_profile().map(|profile| Object::new().set("Arn", profile.arn()).set("Name", profile.name()));
    Object::new()
        .set("ImageId", data.image_id())
        .set("InstanceType", word(data.instance_type()))
        .set("KeyName", data.key_name())
        .set("SecurityGroupIds", listed(data.security_group_ids()))
        .set("SecurityGroups", listed(data.security_groups()))
        .set("NetworkInterfaces", (!interfaces.is_empty()).then_some(interfaces))
        .set("IamInstanceProfile", profile)
        .set("MetadataOptions", data.metadata_options().and_then(of_metadata))
}

pub(super) fn of_interface(interface: &LaunchTemplateInstanceNetworkInterfaceSpecification) -> Object {
    let addresses: Vec<Object> = interface
        .ipv6_addresses()
        .iter()
        .map(|address| Object::new().set("Ipv6Address", address.ipv6_address()))
        .collect();
    let groups = interface.groups();
    Object::new()
        .set("DeviceIndex", interface.device_index())
        .set("SubnetId", interface.subnet_id())
        .set("Groups", (!groups.is_empty()).then_some(groups))
        .set("AssociatePublicIpAddress", interface.associate_public_ip_address())
        .set("AssociateCarrierIpAddress", interface.associate_carrier_ip_address())
        .set("Ipv6AddressCount", interface.ipv6_address_count())
        .set("Ipv6Addresses", (!addresses.is_empty()).then_some(addresses))
        .set("NetworkInterfaceId", interface.network_interface_id())
        .set("InterfaceType", interface.interface_type())
}

pub(super) fn of_metadata(options: &LaunchTemplateInstanceMetadataOptions) -> Option<Object> {
    Object::new()
        .set("HttpEndpoint", word(options.http_endpoint()))
        .set("HttpTokens", word(options.http_tokens()))
        .set("HttpPutResponseHopLimit", options.http_put_response_hop_limit())
        .set("HttpProtocolIpv6", word(options.http_protocol_ipv6()))
        .set("InstanceMetadataTags", word(options.instance_metadata_tags()))
        .filled()
}
