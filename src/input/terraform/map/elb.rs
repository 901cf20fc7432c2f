//! Classic load balancers.

use super::Returns::{GetAtt, Ref, Sub};
use super::Shape::{Block, Blocks, Link, Or, Plain, Tags, Word};
use super::{Property, Row, Service, United, property};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: Some(unite) };

const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancing::LoadBalancer";

const ROWS: &[Row] = &[
    Row::new(
        "aws_elb",
        LOAD_BALANCER,
        &[
            property("LoadBalancerName", "name", Plain),
            property("AccessLoggingPolicy", "access_logs", Block(ACCESS_LOGS)),
            property("AvailabilityZones", "availability_zones", Plain),
            property("ConnectionDrainingPolicy.Enabled", "connection_draining", Plain),
            property("ConnectionDrainingPolicy.Timeout", "connection_draining_timeout", Plain),
            property("ConnectionSettings.IdleTimeout", "idle_timeout", Plain),
            property("CrossZone", "cross_zone_load_balancing", Or("true")),
            property("HealthCheck", "health_check", Block(HEALTH_CHECK)),
            property("Instances", "instances", Link),
            property("Listeners", "listener", Blocks(LISTENER)),
            property("Scheme", "internal", Word("internal", "internet-facing")),
            property("SecurityGroups", "security_groups", Link),
            property("Subnets", "subnets", Link),
            property("Tags", "tags", Tags),
        ],
        &[
            ("id", Ref),
            ("name", Ref),
            (
                "arn",
                Sub("arn:${AWS::Partition}:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:loadbalancer/${}"),
            ),
            ("dns_name", GetAtt("DNSName")),
            ("zone_id", GetAtt("CanonicalHostedZoneNameID")),
            ("source_security_group", GetAtt("SourceSecurityGroup.GroupName")),
        ],
    ),
    Row::part("aws_elb_attachment"),
];

/// A block of access logs is one that is on. Source: Terraform AWS provider, `aws_elb`.
const ACCESS_LOGS: &[Property] = &[
    property("EmitInterval", "interval", Plain),
    property("Enabled", "enabled", Or("true")),
    property("S3BucketName", "bucket", Link),
    property("S3BucketPrefix", "bucket_prefix", Plain),
];

const HEALTH_CHECK: &[Property] = &[
    property("HealthyThreshold", "healthy_threshold", Plain),
    property("Interval", "interval", Plain),
    property("Target", "target", Plain),
    property("Timeout", "timeout", Plain),
    property("UnhealthyThreshold", "unhealthy_threshold", Plain),
];

const LISTENER: &[Property] = &[
    property("InstancePort", "instance_port", Plain),
    property("InstanceProtocol", "instance_protocol", Plain),
    property("LoadBalancerPort", "lb_port", Plain),
    property("Protocol", "lb_protocol", Plain),
    property("SSLCertificateId", "ssl_certificate_id", Link),
];

fn unite(united: &mut United<'_>) {
    for instance in united.instances_of("aws_elb_attachment") {
        let owner = united.owner(instance, "elb", LOAD_BALANCER, &["LoadBalancerName"]);
        if let Some(item) = united.mapper.linked(instance, "instance") {
            united.attach(&owner, LOAD_BALANCER, "Instances", &item);
        }
    }
}
