//! Elastic Load Balancing v2: load balancers, listeners, target groups and what is registered in them.

mod rule;

use super::Returns::{GetAtt, Ref};
use super::Shape::{Attributes, Block, Blocks, Link, Plain, Tags, With, Word, Wrap};
use super::{Draft, Mapper, Property, Row, Service, United, member, property, put};
use crate::input::Resource;
use crate::input::terraform::value as tf;
use crate::source::Span;
use crate::value::{Kind, Map, Reason, Value};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: Some(unite) };

const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const LISTENER_RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";

const ROWS: &[Row] = &[
    Row::new(
        "aws_lb",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        &[
            property("Name", "name", Plain),
            property("IpAddressType", "ip_address_type", Plain),
            property("LoadBalancerAttributes", "", Attributes(LOAD_BALANCER_ATTRIBUTES)),
            property("Scheme", "internal", Word("internal", "internet-facing")),
            property("SecurityGroups", "security_groups", Link),
            property("SubnetMappings", "subnet_mapping", Blocks(SUBNET_MAPPING)),
            property("Subnets", "subnets", Link),
            property("Type", "load_balancer_type", Plain),
            property("Tags", "tags", Tags),
        ],
        &[
            ("id", Ref),
            ("arn", Ref),
            ("arn_suffix", GetAtt("LoadBalancerFullName")),
            ("dns_name", GetAtt("DNSName")),
            ("name", GetAtt("LoadBalancerName")),
            ("zone_id", GetAtt("CanonicalHostedZoneID")),
        ],
    ),
    Row::new(
        "aws_lb_listener",
        LISTENER,
        &[
            property("LoadBalancerArn", "load_balancer_arn", Link),
            property("Port", "port", Plain),
            property("Protocol", "protocol", Plain),
            property("SslPolicy", "ssl_policy", Plain),
            property("AlpnPolicy", "alpn_policy", With(|policy, mapper| mapper.one(policy))),
            property("Certificates", "certificate_arn", With(certificates)),
            property("DefaultActions", "default_action", Blocks(rule::ACTION)),
            property("ListenerAttributes", "", Attributes(LISTENER_ATTRIBUTES)),
            property("MutualAuthentication", "mutual_authentication", Block(MUTUAL_AUTHENTICATION)),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref), ("arn", Ref)],
    )
    .then(listener_defaults),
    Row::new(
        "aws_lb_listener_rule",
        LISTENER_RULE,
        &[
            property("ListenerArn", "listener_arn", Link),
            property("Priority", "priority", Plain),
            property("Actions", "action", Blocks(rule::ACTION)),
            property("Conditions", "condition", With(rule::conditions)),
            property("Transforms", "transform", Blocks(rule::TRANSFORM)),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref), ("arn", Ref)],
    )
    .then(|draft| rule::number(draft, "Actions")),
    Row::new(
        "aws_lb_listener_certificate",
        "AWS::ElasticLoadBalancingV2::ListenerCertificate",
        &[
            property("ListenerArn", "listener_arn", Link),
            property("Certificates", "certificate_arn", With(certificates)),
        ],
        &[],
    ),
    Row::new(
        "aws_lb_target_group",
        TARGET_GROUP,
        &[
            property("Name", "name", Plain),
            property("Port", "port", Plain),
            property("Protocol", "protocol", Plain),
            property("ProtocolVersion", "protocol_version", Plain),
            property("IpAddressType", "ip_address_type", Plain),
            property("TargetType", "target_type", Plain),
            property("VpcId", "vpc_id", Link),
            property("HealthCheckEnabled", "health_check.enabled", Plain),
            property("HealthCheckIntervalSeconds", "health_check.interval", Plain),
            property("HealthCheckPath", "health_check.path", Plain),
            property("HealthCheckPort", "health_check.port", Plain),
            property("HealthCheckProtocol", "health_check.protocol", Plain),
            property("HealthCheckTimeoutSeconds", "health_check.timeout", Plain),
            property("HealthyThresholdCount", "health_check.healthy_threshold", Plain),
            property("UnhealthyThresholdCount", "health_check.unhealthy_threshold", Plain),
            property("Matcher.HttpCode", "health_check.matcher", Plain),
            property("TargetGroupAttributes", "", Attributes(TARGET_GROUP_ATTRIBUTES)),
            property("Tags", "tags", Tags),
        ],
        &[
            ("id", Ref),
            ("arn", Ref),
            ("arn_suffix", GetAtt("TargetGroupFullName")),
            ("name", GetAtt("TargetGroupName")),
        ],
    ),
    Row::new(
        "aws_lb_trust_store",
        "AWS::ElasticLoadBalancingV2::TrustStore",
        &[
            property("Name", "name", Plain),
            property("CaCertificatesBundleS3Bucket", "ca_certificates_bundle_s3_bucket", Link),
            property("CaCertificatesBundleS3Key", "ca_certificates_bundle_s3_key", Plain),
            property("CaCertificatesBundleS3ObjectVersion", "ca_certificates_bundle_s3_object_version", Plain),
            property("Tags", "tags", Tags),
        ],
        &[("id", Ref), ("arn", Ref)],
    ),
    Row::new(
        "aws_lb_trust_store_revocation",
        "AWS::ElasticLoadBalancingV2::TrustStoreRevocation",
        &[
            property("TrustStoreArn", "trust_store_arn", Link),
            property("RevocationContents", "revocations_s3_bucket", Wrap("S3Bucket")),
        ],
        &[],
    ),
    Row::part("aws_lb_target_group_attachment"),
];

const LOAD_BALANCER_ATTRIBUTES: &[(&str, &str)] = &[
    ("access_logs.s3.bucket", "access_logs.bucket"),
    ("access_logs.s3.enabled", "access_logs.enabled"),
    ("access_logs.s3.prefix", "access_logs.prefix"),
    ("client_keep_alive.seconds", "client_keep_alive"),
    ("connection_logs.s3.bucket", "connection_logs.bucket"),
    ("connection_logs.s3.enabled", "connection_logs.enabled"),
    ("connection_logs.s3.prefix", "connection_logs.prefix"),
    ("deletion_protection.enabled", "enable_deletion_protection"),
    ("dns_record.client_routing_policy", "dns_record_client_routing_policy"),
    ("health_check_logs.s3.bucket", "health_check_logs.bucket"),
    ("health_check_logs.s3.enabled", "health_check_logs.enabled"),
    ("health_check_logs.s3.prefix", "health_check_logs.prefix"),
    ("idle_timeout.timeout_seconds", "idle_timeout"),
    ("load_balancing.cross_zone.enabled", "enable_cross_zone_load_balancing"),
    ("routing.http.desync_mitigation_mode", "desync_mitigation_mode"),
    ("routing.http.drop_invalid_header_fields.enabled", "drop_invalid_header_fields"),
    ("routing.http.preserve_host_header.enabled", "preserve_host_header"),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "enable_tls_version_and_cipher_suite_headers"),
    ("routing.http.xff_client_port.enabled", "enable_xff_client_port"),
    ("routing.http.xff_header_processing.mode", "xff_header_processing_mode"),
    ("routing.http2.enabled", "enable_http2"),
    ("waf.fail_open.enabled", "enable_waf_fail_open"),
    ("zonal_shift.config.enabled", "enable_zonal_shift"),
];

const LISTENER_ATTRIBUTES: &[(&str, &str)] = &[
    ("routing.http.response.server.enabled", "routing_http_response_server_enabled"),
    (
        "routing.http.response.strict_transport_security.header_value",
        "routing_http_response_strict_transport_security_header_value",
    ),
    (
        "routing.http.response.content_security_policy.header_value",
        "routing_http_response_content_security_policy_header_value",
    ),
    (
        "routing.http.response.x_content_type_options.header_value",
        "routing_http_response_x_content_type_options_header_value",
    ),
    ("routing.http.response.x_frame_options.header_value", "routing_http_response_x_frame_options_header_value"),
    ("tcp.idle_timeout.seconds", "tcp_idle_timeout_seconds"),
];

const TARGET_GROUP_ATTRIBUTES: &[(&str, &str)] = &[
    ("deregistration_delay.connection_termination.enabled", "connection_termination"),
    ("deregistration_delay.timeout_seconds", "deregistration_delay"),
    ("lambda.multi_value_headers.enabled", "lambda_multi_value_headers_enabled"),
    ("load_balancing.algorithm.anomaly_mitigation", "load_balancing_anomaly_mitigation"),
    ("load_balancing.algorithm.type", "load_balancing_algorithm_type"),
    ("load_balancing.cross_zone.enabled", "load_balancing_cross_zone_enabled"),
    ("preserve_client_ip.enabled", "preserve_client_ip"),
    ("proxy_protocol_v2.enabled", "proxy_protocol_v2"),
    ("slow_start.duration_seconds", "slow_start"),
    ("stickiness.app_cookie.cookie_name", "stickiness.cookie_name"),
    ("stickiness.enabled", "stickiness.enabled"),
    ("stickiness.lb_cookie.duration_seconds", "stickiness.cookie_duration"),
    ("stickiness.type", "stickiness.type"),
    ("target_failover.on_deregistration", "target_failover.on_deregistration"),
    ("target_failover.on_unhealthy", "target_failover.on_unhealthy"),
];

const SUBNET_MAPPING: &[Property] = &[
    property("SubnetId", "subnet_id", Link),
    property("AllocationId", "allocation_id", Link),
    property("IPv6Address", "ipv6_address", Plain),
    property("PrivateIPv4Address", "private_ipv4_address", Plain),
];

const MUTUAL_AUTHENTICATION: &[Property] = &[
    property("AdvertiseTrustStoreCaNames", "advertise_trust_store_ca_names", Plain),
    property("IgnoreClientCertificateExpiry", "ignore_client_certificate_expiry", Plain),
    property("Mode", "mode", Plain),
    property("TrustStoreArn", "trust_store_arn", Link),
];

/// The one certificate that Terraform lets a listener or an attachment name.
fn certificates(arn: &tf::Value, mapper: &Mapper<'_>) -> Value {
    let members = vec![member("CertificateArn", arn.span, mapper.link(arn))];
    Value::new(arn.span, Kind::List(vec![Value::new(arn.span, Kind::Map(Map { members, open: None }))]))
}

/// A listener with a port and without a protocol is one for HTTP; only those of gateway load balancers have neither.
/// Source: Terraform AWS provider, `aws_lb_listener`.
fn listener_defaults(draft: &mut Draft<'_>) {
    rule::number(draft, "DefaultActions");
    if draft.resource.prop("Protocol").is_absent() && !draft.resource.prop("Port").is_absent() {
        let span = draft.instance.name_span;
        draft.set("Protocol", span, Value::text_at(span, "HTTP"));
    }
}

const TARGET: &[Property] = &[
    property("Id", "target_id", Link),
    property("Port", "port", Plain),
    property("AvailabilityZone", "availability_zone", Plain),
];

fn unite(united: &mut United<'_>) {
    for instance in united.instances_of("aws_lb_target_group_attachment") {
        let owner = united.owner(instance, "target_group_arn", TARGET_GROUP, &["Name"]);
        let target = united.mapper.properties(&instance.arguments, TARGET);
        united.attach(&owner, TARGET_GROUP, "Targets", &target);
    }
    let unordered: Vec<_> =
        united.resources.iter().filter(|rule| unordered(rule)).map(|rule| rule.address.clone()).collect();
    for address in unordered {
        let Some(rule) = united.get(&address) else { continue };
        let (listener, span) = (listener(rule), rule.name_span);
        let alone = united.resources.iter().filter(|other| is_rule(other)).all(|other| {
            other.address == address
                || matches!((listener, self::listener(other)), (Some(one), Some(other)) if one != other)
        });
        let priority = priority(alone, span);
        if let Some(rule) = united.at(&address)
            && let Kind::Map(map) = &mut rule.properties.kind
        {
            put(map, "Priority", member("", span, priority));
        }
    }
}

fn is_rule(resource: &Resource) -> bool {
    &*resource.kind == LISTENER_RULE
}

fn unordered(resource: &Resource) -> bool {
    is_rule(resource) && resource.prop("Priority").is_absent()
}

/// Which listener a rule belongs to, when that is known.
fn listener(rule: &Resource) -> Option<&Kind> {
    rule.prop("ListenerArn").known().map(|value| &value.kind)
}

/// What the provider does with a rule without a priority: when the rule is created, it comes after those that are
/// already there. Rules are created in no certain order. Source: Terraform AWS provider, `aws_lb_listener_rule`.
fn priority(alone: bool, span: Span) -> Value {
    if alone {
        return Value::text_at(span, "1");
    }
    let reason = "no `priority` is set: the rule gets the first free one when it is created";
    Value::unknown(span, Reason::NotUnderstood(reason.into()))
}
