//! Instances, what they are launched with, network interfaces and elastic IP addresses.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Returns::{GetAtt, Ref, Sub};
use super::Shape::{Block, Blocks, Link, Plain, Tags, With, Wrap};
use super::{Draft, Found, Mapper, Property, Row, Service, append_to, member, property};
use crate::input::Resource;
use crate::input::terraform::value as tf;
use crate::value::{Kind, Map, Member, Reference, Value};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const INSTANCE: &str = "AWS::EC2::Instance";

const INSTANCE_PROPERTIES: &[Property] = &[
    property("AvailabilityZone", "availability_zone", Plain),
    property("BlockDeviceMappings", "ebs_block_device", Blocks(INSTANCE_DEVICE)),
    property("DisableApiTermination", "disable_api_termination", Plain),
    property("EbsOptimized", "ebs_optimized", Plain),
    property("IamInstanceProfile", "iam_instance_profile", Link),
    property("ImageId", "ami", Plain),
    property("InstanceType", "instance_type", Plain),
    property("Ipv6AddressCount", "ipv6_address_count", Plain),
    property("Ipv6Addresses", "ipv6_addresses", Wrap("Ipv6Address")),
    property("KeyName", "key_name", Plain),
    property("LaunchTemplate", "launch_template", Block(TEMPLATE)),
    property("MetadataOptions", "metadata_options", Block(METADATA)),
    property("Monitoring", "monitoring", Plain),
    property("PrivateIpAddress", "private_ip", Plain),
    property("SecurityGroupIds", "vpc_security_group_ids", Link),
    property("SecurityGroups", "security_groups", Link),
    property("SourceDestCheck", "source_dest_check", Plain),
    property("SubnetId", "subnet_id", Link),
    property("Tenancy", "tenancy", Plain),
    property("UserData", "user_data", With(user_data)),
    property("UserData", "user_data_base64", With(user_data)),
    property("Tags", "tags", Tags),
];

const INSTANCE_ATTRIBUTES: super::Attributes = &[
    ("id", Ref),
    ("arn", Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:instance/${}")),
    ("availability_zone", GetAtt("AvailabilityZone")),
    ("primary_network_interface_id", GetAtt("PrimaryNetworkInterfaceId")),
    ("private_dns", GetAtt("PrivateDnsName")),
    ("private_ip", GetAtt("PrivateIp")),
    ("public_dns", GetAtt("PublicDnsName")),
    ("public_ip", GetAtt("PublicIp")),
];

const ROWS: &[Row] = &[
    Row::new("aws_instance", INSTANCE, INSTANCE_PROPERTIES, INSTANCE_ATTRIBUTES).then(interfaces),
    // What the request launches.
    Row::new("aws_spot_instance_request", INSTANCE, INSTANCE_PROPERTIES, SPOT_ATTRIBUTES).then(interfaces),
    Row::new(
        "aws_launch_template",
        "AWS::EC2::LaunchTemplate",
        &[property("LaunchTemplateName", "name", Plain), property("LaunchTemplateData", "", Block(TEMPLATE_DATA))],
        &[
            ("id", Ref),
            ("name", GetAtt("LaunchTemplateName")),
            ("latest_version", GetAtt("LatestVersionNumber")),
            ("default_version", GetAtt("DefaultVersionNumber")),
        ],
    ),
    Row::new(
        "aws_launch_configuration",
        "AWS::AutoScaling::LaunchConfiguration",
        &[
            property("LaunchConfigurationName", "name", Plain),
            property("AssociatePublicIpAddress", "associate_public_ip_address", Plain),
            property("BlockDeviceMappings", "ebs_block_device", Blocks(INSTANCE_DEVICE)),
            property("EbsOptimized", "ebs_optimized", Plain),
            property("IamInstanceProfile", "iam_instance_profile", Link),
            property("ImageId", "image_id", Plain),
            property("InstanceMonitoring", "enable_monitoring", Plain),
            property("InstanceType", "instance_type", Plain),
            property("KeyName", "key_name", Plain),
            property("MetadataOptions", "metadata_options", Block(METADATA)),
            property("SecurityGroups", "security_groups", Link),
            property("UserData", "user_data", With(user_data)),
            property("UserData", "user_data_base64", With(user_data)),
        ],
        &[("id", Ref), ("name", Ref)],
    ),
    Row::new(
        "aws_network_interface",
        "AWS::EC2::NetworkInterface",
        &[
            property("Description", "description", Plain),
            property("GroupSet", "security_groups", Link),
            property("InterfaceType", "interface_type", Plain),
            property("Ipv6AddressCount", "ipv6_address_count", Plain),
            property("Ipv6Addresses", "ipv6_addresses", Wrap("Ipv6Address")),
            property("SourceDestCheck", "source_dest_check", Plain),
            property("SubnetId", "subnet_id", Link),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref), ("private_ip", GetAtt("PrimaryPrivateIpAddress"))],
    )
    .then(attached),
    Row::new(
        "aws_network_interface_attachment",
        "AWS::EC2::NetworkInterfaceAttachment",
        &[
            property("DeviceIndex", "device_index", Plain),
            property("InstanceId", "instance_id", Link),
            property("NetworkInterfaceId", "network_interface_id", Link),
        ],
        &[],
    ),
    Row::new(
        "aws_eip",
        "AWS::EC2::EIP",
        &[
            property("Domain", "domain", Plain),
            property("InstanceId", "instance", Link),
            property("NetworkInterfaceId", "network_interface", Link),
            property("Tags", "tags", Tags),
        ],
        &[("id", GetAtt("AllocationId")), ("allocation_id", GetAtt("AllocationId")), ("public_ip", GetAtt("PublicIp"))],
    )
    .then(of_instance),
    Row::new(
        "aws_eip_association",
        "AWS::EC2::EIPAssociation",
        &[
            property("AllocationId", "allocation_id", Link),
            property("EIP", "public_ip", Link),
            property("InstanceId", "instance_id", Link),
            property("NetworkInterfaceId", "network_interface_id", Link),
        ],
        &[],
    )
    .then(of_instance),
    Row::new(
        "aws_ebs_volume",
        "AWS::EC2::Volume",
        &[
            property("AvailabilityZone", "availability_zone", Plain),
            property("Encrypted", "encrypted", Plain),
            property("KmsKeyId", "kms_key_id", Link),
            property("Size", "size", Plain),
            property("VolumeType", "type", Plain),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref)],
    ),
];

const SPOT_ATTRIBUTES: super::Attributes = &[
    ("spot_instance_id", Ref),
    ("primary_network_interface_id", GetAtt("PrimaryNetworkInterfaceId")),
    ("private_ip", GetAtt("PrivateIp")),
    ("public_ip", GetAtt("PublicIp")),
];

const TEMPLATE: &[Property] = &[
    property("LaunchTemplateId", "id", Link),
    property("LaunchTemplateName", "name", Link),
    property("Version", "version", Plain),
];

const METADATA: &[Property] = &[
    property("HttpEndpoint", "http_endpoint", Plain),
    property("HttpProtocolIpv6", "http_protocol_ipv6", Plain),
    property("HttpPutResponseHopLimit", "http_put_response_hop_limit", Plain),
    property("HttpTokens", "http_tokens", Plain),
    property("InstanceMetadataTags", "instance_metadata_tags", Plain),
];

const INSTANCE_DEVICE: &[Property] =
    &[property("DeviceName", "device_name", Plain), property("Ebs", "", Block(VOLUME))];

const TEMPLATE_DEVICE: &[Property] =
    &[property("DeviceName", "device_name", Plain), property("Ebs", "ebs", Block(VOLUME))];

const VOLUME: &[Property] = &[
    property("DeleteOnTermination", "delete_on_termination", Plain),
    property("Encrypted", "encrypted", Plain),
    property("Iops", "iops", Plain),
    property("KmsKeyId", "kms_key_id", Link),
    property("SnapshotId", "snapshot_id", Plain),
    property("VolumeSize", "volume_size", Plain),
    property("VolumeType", "volume_type", Plain),
];

const TEMPLATE_DATA: &[Property] = &[
    property("BlockDeviceMappings", "block_device_mappings", Blocks(TEMPLATE_DEVICE)),
    property("DisableApiTermination", "disable_api_termination", Plain),
    property("EbsOptimized", "ebs_optimized", Plain),
    property("IamInstanceProfile.Arn", "iam_instance_profile.arn", Link),
    property("IamInstanceProfile.Name", "iam_instance_profile.name", Link),
    property("ImageId", "image_id", Plain),
    property("InstanceType", "instance_type", Plain),
    property("KeyName", "key_name", Plain),
    property("MetadataOptions", "metadata_options", Block(METADATA)),
    property("Monitoring.Enabled", "monitoring.enabled", Plain),
    property("NetworkInterfaces", "network_interfaces", Blocks(TEMPLATE_INTERFACE)),
    property("SecurityGroupIds", "vpc_security_group_ids", Link),
    property("SecurityGroups", "security_group_names", Link),
    property("UserData", "user_data", With(user_data)),
];

const TEMPLATE_INTERFACE: &[Property] = &[
    property("AssociatePublicIpAddress", "associate_public_ip_address", Plain),
    property("AssociateCarrierIpAddress", "associate_carrier_ip_address", Plain),
    property("DeleteOnTermination", "delete_on_termination", Plain),
    property("DeviceIndex", "device_index", Plain),
    property("Groups", "security_groups", Link),
    property("InterfaceType", "interface_type", Plain),
    property("Ipv6AddressCount", "ipv6_address_count", Plain),
    property("Ipv6Addresses", "ipv6_addresses", Wrap("Ipv6Address")),
    property("NetworkInterfaceId", "network_interface_id", Link),
    property("SubnetId", "subnet_id", Link),
];

const EXISTING_INTERFACE: &[Property] =
    &[property("DeviceIndex", "device_index", Plain), property("NetworkInterfaceId", "network_interface_id", Link)];

/// The interfaces of an instance: those that exist already, or one of its own when it says what only an interface of
/// CloudFormation can. Those of secondary networks lead nowhere else.
fn interfaces(draft: &mut Draft<'_>) {
    let mut first = existing(draft, "primary_network_interface");
    first.extend(existing(draft, "network_interface"));
    if !draft.resource.prop("SubnetId").is_absent() {
        // Of an instance that is there already the interface is read as well; where it stands, the instance says.
        let declared = |value: &Value| matches!(value.kind, Kind::Ref(_));
        first.retain(|interface| interface.prop("NetworkInterfaceId").known().is_some_and(declared));
    }
    let public = draft.mapper.linked(draft.instance, "associate_public_ip_address");
    if let (true, Some(public)) = (first.is_empty(), public) {
        first.extend(own(draft, public));
    }
    if let Some(span) = first.first().map(|interface| interface.span) {
        draft.set("NetworkInterfaces", span, Value::new(span, Kind::List(first)));
    }
}

/// The interfaces of an argument.
fn existing(draft: &Draft<'_>, argument: &str) -> Vec<Value> {
    match draft.argument(argument) {
        Found::Absent => Vec::new(),
        Found::Unknown(unknown, span) => vec![Value::unknown(span, unknown.reason.clone())],
        Found::Value(blocks) => {
            let blocks = blocks.value.elements().unwrap_or(std::slice::from_ref(&blocks.value));
            let interface = |block| draft.mapper.properties(block, EXISTING_INTERFACE);
            blocks.iter().map(interface).filter(|made| !made.as_map().is_some_and(is_empty)).collect()
        }
    }
}

/// What an instance says of its first interface, moved into one.
fn own(draft: &mut Draft<'_>, public: Value) -> Option<Value> {
    const MOVED: &[(&str, &str)] = &[
        ("SubnetId", "SubnetId"),
        ("SecurityGroupIds", "GroupSet"),
        ("SecurityGroups", "GroupSet"),
        ("Ipv6AddressCount", "Ipv6AddressCount"),
        ("Ipv6Addresses", "Ipv6Addresses"),
        ("PrivateIpAddress", "PrivateIpAddress"),
    ];
    let Kind::Map(map) = &mut draft.resource.properties.kind else { return None };
    let span = public.span;
    let index = Value::text_at(span, "0");
    let mut members = vec![member("AssociatePublicIpAddress", span, public), member("DeviceIndex", span, index)];
    for (name, inner) in MOVED {
        let Some(at) = map.members.iter().position(|member| &*member.key == *name) else { continue };
        let found = map.members.remove(at);
        if !members.iter().any(|member| &*member.key == *inner) {
            members.push(Member { key: Arc::from(*inner), ..found });
        }
    }
    Some(Value::new(span, Kind::Map(Map { members, open: None })))
}

fn is_empty(map: &Map) -> bool {
    map.members.is_empty() && map.open.is_none()
}

/// Adds a group to the first interface of an instance; false when the instance itself says its groups.
pub(super) fn add_group(instance: &mut Resource, group: &Value) -> bool {
    let Kind::Map(map) = &mut instance.properties.kind else { return false };
    let interfaces = map.members.iter_mut().find(|member| &*member.key == "NetworkInterfaces");
    let Some(Kind::List(interfaces)) = interfaces.map(|member| &mut member.value.kind) else { return false };
    let Some(first) = interfaces.first_mut() else { return false };
    let Kind::Map(first) = &mut first.kind else { return false };
    append_to(first, "GroupSet", group.span, group.clone());
    true
}

const ATTACHMENT: &[Property] =
    &[property("InstanceId", "instance", Link), property("DeviceIndex", "device_index", Plain)];

/// An `attachment` block of an interface.
fn attached(draft: &mut Draft<'_>) {
    let Found::Value(attachments) = draft.argument("attachment") else { return };
    let blocks = attachments.value.elements().unwrap_or_default().to_vec();
    for (index, block) in blocks.iter().enumerate() {
        let made = draft.mapper.properties(block, ATTACHMENT);
        let span = made.span;
        let mut members = vec![member("NetworkInterfaceId", span, draft.itself(span))];
        match made.kind {
            Kind::Map(map) => members.extend(map.members),
            unknown => members.push(member("InstanceId", span, Value::new(span, unknown))),
        }
        draft.also(&format!("attachment {index}"), "AWS::EC2::NetworkInterfaceAttachment", members);
    }
}

/// The first interface of an instance is the instance.
fn of_instance(draft: &mut Draft<'_>) {
    let Kind::Map(map) = &mut draft.resource.properties.kind else { return };
    let Some(interface) = map.members.iter_mut().find(|member| &*member.key == "NetworkInterfaceId") else { return };
    if let Kind::Ref(Reference::Resource { attribute, .. }) = &mut interface.value.kind
        && attribute.as_deref() == Some("PrimaryNetworkInterfaceId")
    {
        *attribute = None;
        interface.key = Arc::from("InstanceId");
    }
}

/// User data, decoded where it is given in Base64: templates write the text itself.
fn user_data(value: &tf::Value, mapper: &Mapper<'_>) -> Value {
    let plain = mapper.plain(value);
    let text = plain.as_str().and_then(|text| String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok());
    match text {
        Some(text) if !text.is_empty() => Value::text_at(value.span, text),
        _ => plain,
    }
}
