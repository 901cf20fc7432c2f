//! Amazon EC2 Auto Scaling: groups, and what their instances are launched with. User data is left out.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{
    AutoScalingGroup, InstanceMetadataOptions, LaunchConfiguration, LaunchTemplateOverrides,
    LaunchTemplateSpecification, MixedInstancesPolicy, TrafficSourceIdentifier,
};

use super::tags;
use super::{Scope, Service};
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "autoscaling",
    scope: Scope::Regional,
    reads: &[&GROUPS, &CONFIGURATIONS],
    collect: |reader| Box::pin(collect(reader)),
};

const GROUPS: Read = Read::list("autoscaling:DescribeAutoScalingGroups", &["AWS::AutoScaling::AutoScalingGroup"]);
const CONFIGURATIONS: Read =
    Read::list("autoscaling:DescribeLaunchConfigurations", &["AWS::AutoScaling::LaunchConfiguration"]);

async fn collect(reader: &Reader) {
    let client = Client::new(&reader.config);
    let groups = client.describe_auto_scaling_groups().max_records(100).into_paginator().items().send();
    let configurations = client.describe_launch_configurations().max_records(100).into_paginator().items().send();
    let (groups, configurations) =
        tokio::join!(reader.list(&GROUPS, groups), reader.list(&CONFIGURATIONS, configurations));
    let arns = arns_of(&configurations);
    for configuration in &configurations {
        reader.push(of_configuration(configuration));
    }
    for group in &groups {
        reader.push(of_group(group, &arns));
    }
}

/// Launch configurations by name. Groups name theirs, and a name means something in its region only.
fn arns_of(configurations: &[LaunchConfiguration]) -> BTreeMap<&str, &str> {
    configurations
        .iter()
        .filter_map(|known| Some((known.launch_configuration_name()?, known.launch_configuration_arn()?)))
        .collect()
}

fn of_group(group: &AutoScalingGroup, configurations: &BTreeMap<&str, &str>) -> Item {
    let arn = group.auto_scaling_group_arn().unwrap_or_default();
    // A group in default subnets is told with an empty text.
    let subnets = group.vpc_zone_identifier().unwrap_or_default().split(',').map(str::trim);
    let subnets: Vec<&str> = subnets.filter(|subnet| !subnet.is_empty()).collect();
    let configuration = group.launch_configuration_name();
    let configuration = configuration.map(|name| configurations.get(name).copied().unwrap_or(name));
    let tags = group.tags().iter().map(|tag| (tag.key(), tag.value()));
    let filled = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    let sources: Vec<Object> = group.traffic_sources().iter().map(of_source).collect();
    Item::new("AWS::AutoScaling::AutoScalingGroup", arn)
        .name(group.auto_scaling_group_name())
        .means("Arn", Some(arn))
        .set("AutoScalingGroupName", group.auto_scaling_group_name())
        .set("AvailabilityZones", filled(group.availability_zones()))
        .set("VPCZoneIdentifier", (!subnets.is_empty()).then_some(subnets))
        .set("LaunchConfigurationName", configuration)
        .set("LaunchTemplate", group.launch_template().map(of_specification))
        .set("MixedInstancesPolicy", group.mixed_instances_policy().and_then(of_mixed))
        .set("TargetGroupARNs", filled(group.target_group_arns()))
        .set("LoadBalancerNames", filled(group.load_balancer_names()))
        .set("TrafficSources", (!sources.is_empty()).then_some(sources))
        .set("HealthCheckType", group.health_check_type())
        .set("MinSize", group.min_size().map(|size| size.to_string()))
        .set("MaxSize", group.max_size().map(|size| size.to_string()))
        .set("DesiredCapacity", group.desired_capacity().map(|size| size.to_string()))
        .set("Tags", tags::of(tags))
}

fn of_specification(specification: &LaunchTemplateSpecification) -> Object {
    Object::new()
        .set("LaunchTemplateId", specification.launch_template_id())
        .set(
            "LaunchTemplateName",
            specification.launch_template_name().filter(|_| specification.launch_template_id().is_none()),
        )
        .set("Version", specification.version())
}

fn of_mixed(policy: &MixedInstancesPolicy) -> Option<Object> {
    let template = policy.launch_template()?;
    let of_override = |one: &LaunchTemplateOverrides| {
        Object::new()
            .set("InstanceType", one.instance_type())
            .set("LaunchTemplateSpecification", one.launch_template_specification().map(of_specification))
    };
    let overrides: Vec<Object> = template.overrides().iter().map(of_override).collect();
    let template = Object::new()
        .set("LaunchTemplateSpecification", template.launch_template_specification().map(of_specification))
        .set("Overrides", (!overrides.is_empty()).then_some(overrides));
    Some(Object::new().set("LaunchTemplate", template))
}

fn of_source(source: &TrafficSourceIdentifier) -> Object {
    Object::new().set("Identifier", source.identifier()).set("Type", source.r#type())
}

fn of_configuration(configuration: &LaunchConfiguration) -> Item {
    let arn = configuration.launch_configuration_arn().unwrap_or_default();
    Item::new("AWS::AutoScaling::LaunchConfiguration", arn)
        .name(configuration.launch_configuration_name())
        .means("Arn", Some(arn))
        .set("LaunchConfigurationName", configuration.launch_configuration_name())
        .set("ImageId", configuration.image_id())
        .set("InstanceType", configuration.instance_type())
        .set("KeyName", configuration.key_name().filter(|name| !name.is_empty()))
        .set("SecurityGroups", configuration.security_groups())
        .set("AssociatePublicIpAddress", configuration.associate_public_ip_address())
        .set("IamInstanceProfile", configuration.iam_instance_profile())
        .set("MetadataOptions", configuration.metadata_options().and_then(of_metadata))
}

fn of_metadata(options: &InstanceMetadataOptions) -> Option<Object> {
    Object::new()
        .set("HttpEndpoint", word(options.http_endpoint()))
        .set("HttpTokens", word(options.http_tokens()))
        .set("HttpPutResponseHopLimit", options.http_put_response_hop_limit())
        .filled()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_group_names_its_subnets_and_its_launch_configuration_by_arn() {
        let configuration = LaunchConfiguration::builder()
            .launch_configuration_name("web")
            .launch_configuration_arn("arn:lc/web")
            .user_data("c2VjcmV0")
            .security_groups("sg-1")
            .associate_public_ip_address(true)
            .build();
        let group = AutoScalingGroup::builder()
            .auto_scaling_group_arn("arn:asg/web")
            .auto_scaling_group_name("web")
            .launch_configuration_name("web")
            .vpc_zone_identifier("subnet-1,subnet-2")
            .target_group_arns("arn:tg")
            .build();
        let configurations = [configuration];
        assert_eq!(
            Value::Object(of_group(&group, &arns_of(&configurations)).properties),
            json!({
                "AutoScalingGroupName": "web",
                "VPCZoneIdentifier": ["subnet-1", "subnet-2"],
                "LaunchConfigurationName": "arn:lc/web",
                "TargetGroupARNs": ["arn:tg"],
            })
        );
        let text = Value::Object(configurations.first().map(of_configuration).unwrap().properties).to_string();
        assert!(text.contains("sg-1") && !text.contains("c2VjcmV0"), "{text}");
    }

    #[test]
    fn each_launch_template_of_a_mixed_group_keeps_its_version() {
        let named = |id: &str, version: &str| {
            LaunchTemplateSpecification::builder()
                .launch_template_id(id)
                .launch_template_name("n")
                .version(version)
                .build()
        };
        let template = aws_sdk_autoscaling::types::LaunchTemplate::builder()
            .launch_template_specification(named("lt-1", "$Latest"))
            .overrides(LaunchTemplateOverrides::builder().launch_template_specification(named("lt-2", "3")).build())
            .build();
        let policy = MixedInstancesPolicy::builder().launch_template(template).build();
        let group = AutoScalingGroup::builder().vpc_zone_identifier("").mixed_instances_policy(policy).build();
        assert_eq!(
            Value::Object(of_group(&group, &BTreeMap::new()).properties),
            json!({ "MixedInstancesPolicy": { "LaunchTemplate": {
                "LaunchTemplateSpecification": { "LaunchTemplateId": "lt-1", "Version": "$Latest" },
                "Overrides": [{ "LaunchTemplateSpecification": { "LaunchTemplateId": "lt-2", "Version": "3" } }],
            } } })
        );
    }
}
