//! Auto Scaling groups and what is attached to them.

use super::Returns::{GetAtt, Ref};
use super::Shape::{Block, Blocks, Link, Plain};
use super::{Property, Row, Service, United, property};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: Some(unite) };

const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";

const ROWS: &[Row] = &[
    Row::new(
        "aws_autoscaling_group",
        GROUP,
        &[
            property("AutoScalingGroupName", "name", Plain),
            property("AvailabilityZones", "availability_zones", Plain),
            property("DesiredCapacity", "desired_capacity", Plain),
            property("HealthCheckGracePeriod", "health_check_grace_period", Plain),
            property("HealthCheckType", "health_check_type", Plain),
            property("LaunchConfigurationName", "launch_configuration", Link),
            property("LaunchTemplate", "launch_template", Block(SPECIFICATION)),
            property("LoadBalancerNames", "load_balancers", Link),
            property("MaxSize", "max_size", Plain),
            property("MinSize", "min_size", Plain),
            property("MixedInstancesPolicy", "mixed_instances_policy", Block(MIXED)),
            property("ServiceLinkedRoleARN", "service_linked_role_arn", Link),
            property("TargetGroupARNs", "target_group_arns", Link),
            property("TrafficSources", "traffic_source", Blocks(TRAFFIC_SOURCE)),
            property("VPCZoneIdentifier", "vpc_zone_identifier", Link),
            // As versions of the provider before 5 have it, too.
            property("Tags", "tags", Blocks(TAG)),
            property("Tags", "tag", Blocks(TAG)),
        ],
        &[("id", Ref), ("name", Ref), ("arn", GetAtt("AutoScalingGroupARN"))],
    ),
    Row::part("aws_autoscaling_attachment"),
    Row::part("aws_autoscaling_traffic_source_attachment"),
];

const SPECIFICATION: &[Property] = &[
    property("LaunchTemplateId", "id", Link),
    property("LaunchTemplateName", "name", Link),
    property("Version", "version", Plain),
];

const MIXED: &[Property] = &[
    property(
        "LaunchTemplate.LaunchTemplateSpecification",
        "launch_template.launch_template_specification",
        Block(MIXED_SPECIFICATION),
    ),
    property("LaunchTemplate.Overrides", "launch_template.override", Blocks(OVERRIDE)),
    property("InstancesDistribution.OnDemandBaseCapacity", "instances_distribution.on_demand_base_capacity", Plain),
    property(
        "InstancesDistribution.OnDemandPercentageAboveBaseCapacity",
        "instances_distribution.on_demand_percentage_above_base_capacity",
        Plain,
    ),
];

const MIXED_SPECIFICATION: &[Property] = &[
    property("LaunchTemplateId", "launch_template_id", Link),
    property("LaunchTemplateName", "launch_template_name", Link),
    property("Version", "version", Plain),
];

const OVERRIDE: &[Property] = &[
    property("InstanceType", "instance_type", Plain),
    property("LaunchTemplateSpecification", "launch_template_specification", Block(MIXED_SPECIFICATION)),
    property("WeightedCapacity", "weighted_capacity", Plain),
];

const TAG: &[Property] = &[
    property("Key", "key", Plain),
    property("Value", "value", Plain),
    property("PropagateAtLaunch", "propagate_at_launch", Plain),
];

const TRAFFIC_SOURCE: &[Property] = &[property("Identifier", "identifier", Link), property("Type", "type", Plain)];

/// What `aws_autoscaling_attachment` attaches, and the property of the group.
const ATTACHED: &[(&str, &str)] = &[
    ("lb_target_group_arn", "TargetGroupARNs"),
    ("alb_target_group_arn", "TargetGroupARNs"),
    ("elb", "LoadBalancerNames"),
];

fn unite(united: &mut United<'_>) {
    for instance in united.instances_of("aws_autoscaling_attachment") {
        let owner = united.owner(instance, "autoscaling_group_name", GROUP, &["AutoScalingGroupName"]);
        for (argument, path) in ATTACHED {
            if let Some(item) = united.mapper.linked(instance, argument) {
                united.attach(&owner, GROUP, path, &item);
            }
        }
    }
    for instance in united.instances_of("aws_autoscaling_traffic_source_attachment") {
        let owner = united.owner(instance, "autoscaling_group_name", GROUP, &["AutoScalingGroupName"]);
        if let Some(source) = instance.arguments.get("traffic_source") {
            let source = united.mapper.shape(source, Block(TRAFFIC_SOURCE));
            united.attach(&owner, GROUP, "TrafficSources", &source);
        }
    }
}
