//! CloudFront distributions.

use super::Returns::{GetAtt, Ref, Sub};
use super::Shape::{Block, Blocks, Link, Plain, Tags};
use super::{Property, Row, Service, property};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const ROWS: &[Row] = &[
    Row::new(
        "aws_cloudfront_distribution",
        "AWS::CloudFront::Distribution",
        &[property("DistributionConfig", "", Block(CONFIG)), property("Tags", "tags", Tags)],
        &[
            ("id", Ref),
            ("arn", Sub("arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${}")),
            ("domain_name", GetAtt("DomainName")),
        ],
    ),
    Row::new(
        "aws_cloudfront_origin_access_control",
        "AWS::CloudFront::OriginAccessControl",
        &[
            property("OriginAccessControlConfig.Name", "name", Plain),
            property(
                "OriginAccessControlConfig.OriginAccessControlOriginType",
                "origin_access_control_origin_type",
                Plain,
            ),
            property("OriginAccessControlConfig.SigningBehavior", "signing_behavior", Plain),
            property("OriginAccessControlConfig.SigningProtocol", "signing_protocol", Plain),
        ],
        &[("id", Ref)],
    ),
    Row::new(
        "aws_cloudfront_vpc_origin",
        "AWS::CloudFront::VpcOrigin",
        &[
            property("VpcOriginEndpointConfig.Arn", "vpc_origin_endpoint_config.arn", Link),
            property("VpcOriginEndpointConfig.Name", "vpc_origin_endpoint_config.name", Plain),
            property("VpcOriginEndpointConfig.HTTPPort", "vpc_origin_endpoint_config.http_port", Plain),
            property("VpcOriginEndpointConfig.HTTPSPort", "vpc_origin_endpoint_config.https_port", Plain),
            property(
                "VpcOriginEndpointConfig.OriginProtocolPolicy",
                "vpc_origin_endpoint_config.origin_protocol_policy",
                Plain,
            ),
        ],
        &[("id", Ref), ("arn", GetAtt("Arn"))],
    ),
];

const CONFIG: &[Property] = &[
    property("Aliases", "aliases", Plain),
    property("CacheBehaviors", "ordered_cache_behavior", Blocks(BEHAVIOR)),
    property("Comment", "comment", Plain),
    property("DefaultCacheBehavior", "default_cache_behavior", Block(BEHAVIOR)),
    property("DefaultRootObject", "default_root_object", Plain),
    property("Enabled", "enabled", Plain),
    property("HttpVersion", "http_version", Plain),
    property("IPV6Enabled", "is_ipv6_enabled", Plain),
    property("Logging.Bucket", "logging_config.bucket", Link),
    property("Logging.IncludeCookies", "logging_config.include_cookies", Plain),
    property("Logging.Prefix", "logging_config.prefix", Plain),
    property("Origins", "origin", Blocks(ORIGIN)),
    property("PriceClass", "price_class", Plain),
    property("ViewerCertificate", "viewer_certificate", Block(CERTIFICATE)),
    property("WebACLId", "web_acl_id", Link),
];

const BEHAVIOR: &[Property] = &[
    property("AllowedMethods", "allowed_methods", Plain),
    property("CachePolicyId", "cache_policy_id", Link),
    property("CachedMethods", "cached_methods", Plain),
    property("FunctionAssociations", "function_association", Blocks(FUNCTION)),
    property("LambdaFunctionAssociations", "lambda_function_association", Blocks(LAMBDA)),
    property("OriginRequestPolicyId", "origin_request_policy_id", Link),
    property("PathPattern", "path_pattern", Plain),
    property("ResponseHeadersPolicyId", "response_headers_policy_id", Link),
    property("TargetOriginId", "target_origin_id", Plain),
    property("TrustedKeyGroups", "trusted_key_groups", Link),
    property("ViewerProtocolPolicy", "viewer_protocol_policy", Plain),
];

const FUNCTION: &[Property] =
    &[property("EventType", "event_type", Plain), property("FunctionARN", "function_arn", Link)];

const LAMBDA: &[Property] = &[
    property("EventType", "event_type", Plain),
    property("IncludeBody", "include_body", Plain),
    property("LambdaFunctionARN", "lambda_arn", Link),
];

const ORIGIN: &[Property] = &[
    property("Id", "origin_id", Plain),
    property("DomainName", "domain_name", Plain),
    property("OriginPath", "origin_path", Plain),
    property("OriginAccessControlId", "origin_access_control_id", Link),
    property("OriginCustomHeaders", "custom_header", Blocks(HEADER)),
    property("CustomOriginConfig", "custom_origin_config", Block(CUSTOM_ORIGIN)),
    property("S3OriginConfig.OriginAccessIdentity", "s3_origin_config.origin_access_identity", Link),
    property("VpcOriginConfig.VpcOriginId", "vpc_origin_config.vpc_origin_id", Link),
];

const HEADER: &[Property] = &[property("HeaderName", "name", Plain), property("HeaderValue", "value", Plain)];

const CUSTOM_ORIGIN: &[Property] = &[
    property("HTTPPort", "http_port", Plain),
    property("HTTPSPort", "https_port", Plain),
    property("OriginProtocolPolicy", "origin_protocol_policy", Plain),
    property("OriginSSLProtocols", "origin_ssl_protocols", Plain),
];

const CERTIFICATE: &[Property] = &[
    property("AcmCertificateArn", "acm_certificate_arn", Link),
    property("CloudFrontDefaultCertificate", "cloudfront_default_certificate", Plain),
    property("IamCertificateId", "iam_certificate_id", Link),
    property("MinimumProtocolVersion", "minimum_protocol_version", Plain),
    property("SslSupportMethod", "ssl_support_method", Plain),
];
