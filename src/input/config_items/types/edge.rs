//! Distributions, and the certificates that they and load balancers show.

use serde_json::{Map, Value, json};

use super::autoscaling::texts;
use crate::input::config_items::item::{Made, Recorded, at, unread};

pub(super) fn certificate(item: &Recorded<'_>) -> Made {
    let arn = item.text("certificateArn").map_or_else(|| item.arn(), str::to_owned);
    let made = item.resource("AWS::CertificateManager::Certificate").named(item.text("domainName"));
    let rows = [("domainName", "DomainName"), ("keyAlgorithm", "KeyAlgorithm"), ("status", "Status")];
    let made = made.means("Ref", Some(&arn)).take(item.configuration, &rows);
    made.set("SubjectAlternativeNames", texts(item.list("subjectAlternativeNames")).unwrap_or_default())
}

const DISTRIBUTION: &[(&str, &str)] = &[
    ("enabled", "Enabled"),
    ("webACLId", "WebACLId"),
    ("httpVersion", "HttpVersion"),
    ("isIPV6Enabled", "IPV6Enabled"),
    ("staging", "Staging"),
    ("defaultRootObject", "DefaultRootObject"),
];

pub(super) fn distribution(item: &Recorded<'_>) -> Made {
    let made = item.resource(item.kind).named(Some(item.text("id").unwrap_or(item.id)));
    let host = item.text("domainName").map(str::to_ascii_lowercase);
    let made = made.means("Ref", Some(item.text("id").unwrap_or(item.id))).means("Arn", Some(&item.arn()));
    let made = made.means("DomainName", host.as_deref());
    let Some(config) = item.get("distributionConfig") else {
        return made.unread(&["DistributionConfig"], "cloudfront:GetDistributionConfig");
    };
    let mut content = taken(config, DISTRIBUTION);
    let mut list = |path: &str, property: &str, of: fn(&Value) -> Value| {
        let items: Vec<Value> = items(at(config, path)).iter().map(of).collect();
        if !items.is_empty() {
            content.insert(property.to_owned(), items.into());
        }
    };
    list("aliases", "Aliases", Value::clone);
    list("origins", "Origins", origin);
    list("cacheBehaviors", "CacheBehaviors", behavior);
    if let Some(default) = at(config, "defaultCacheBehavior") {
        content.insert("DefaultCacheBehavior".to_owned(), behavior(default));
    }
    if let Some(certificate) = at(config, "viewerCertificate") {
        content.insert("ViewerCertificate".to_owned(), taken(certificate, CERTIFICATE).into());
    }
    if let Some(logging) = at(config, "logging").filter(|logging| flag(logging, "enabled")) {
        content.insert("Logging".to_owned(), taken(logging, LOGGING).into());
    }
    made.set("DistributionConfig", content)
}

const CERTIFICATE: &[(&str, &str)] = &[
    ("cloudFrontDefaultCertificate", "CloudFrontDefaultCertificate"),
    ("acmCertificateArn", "AcmCertificateArn"),
    ("iamCertificateId", "IamCertificateId"),
    ("sslSupportMethod", "SslSupportMethod"),
    ("minimumProtocolVersion", "MinimumProtocolVersion"),
];

const LOGGING: &[(&str, &str)] = &[("bucket", "Bucket"), ("prefix", "Prefix"), ("includeCookies", "IncludeCookies")];

const ORIGIN: &[(&str, &str)] =
    &[("id", "Id"), ("originPath", "OriginPath"), ("originAccessControlId", "OriginAccessControlId")];

/// Custom headers often carry the secret by which an origin knows the distribution: only their names are kept.
fn origin(origin: &Value) -> Value {
    let mut made = taken(origin, ORIGIN);
    let host = at(origin, "domainName").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    made.insert("DomainName".to_owned(), host.into());
    let headers = items(at(origin, "customHeaders"));
    let headers: Vec<Value> =
        headers.iter().filter_map(|header| Some(json!({ "HeaderName": at(header, "headerName")? }))).collect();
    if !headers.is_empty() {
        made.insert("OriginCustomHeaders".to_owned(), headers.into());
    }
    let custom = at(origin, "customOriginConfig").map(|config| {
        let rows =
            [("httpPort", "HTTPPort"), ("httpsPort", "HTTPSPort"), ("originProtocolPolicy", "OriginProtocolPolicy")];
        let mut custom = taken(config, &rows);
        custom.insert("OriginSSLProtocols".to_owned(), items(at(config, "originSslProtocols")).to_vec().into());
        custom
    });
    let bucket =
        at(origin, "s3OriginConfig").map(|config| taken(config, &[("originAccessIdentity", "OriginAccessIdentity")]));
    let vpc = at(origin, "vpcOriginConfig").map(|config| taken(config, &[("vpcOriginId", "VpcOriginId")]));
    // Each origin is of one of the three; that in a VPC may not be recorded.
    if custom.is_none() && bucket.is_none() && vpc.is_none() {
        made.insert("VpcOriginConfig".to_owned(), unread("cloudfront:GetDistributionConfig"));
    }
    let parts = [("CustomOriginConfig", custom), ("S3OriginConfig", bucket), ("VpcOriginConfig", vpc)];
    made.extend(parts.into_iter().filter_map(|(key, part)| Some((key.to_owned(), part?.into()))));
    made.into()
}

const BEHAVIOR: &[(&str, &str)] = &[
    ("pathPattern", "PathPattern"),
    ("targetOriginId", "TargetOriginId"),
    ("viewerProtocolPolicy", "ViewerProtocolPolicy"),
    ("cachePolicyId", "CachePolicyId"),
    ("originRequestPolicyId", "OriginRequestPolicyId"),
    ("responseHeadersPolicyId", "ResponseHeadersPolicyId"),
    ("fieldLevelEncryptionId", "FieldLevelEncryptionId"),
    ("realtimeLogConfigArn", "RealtimeLogConfigArn"),
];

fn behavior(behavior: &Value) -> Value {
    let mut made = taken(behavior, BEHAVIOR);
    let mut list = |property: &str, items: Vec<Value>| {
        if !items.is_empty() {
            made.insert(property.to_owned(), items.into());
        }
    };
    list("AllowedMethods", items(at(behavior, "allowedMethods")).to_vec());
    let groups = at(behavior, "trustedKeyGroups").filter(|groups| flag(groups, "enabled"));
    list("TrustedKeyGroups", items(groups).to_vec());
    let function = |one: &Value| Value::from(taken(one, &[("eventType", "EventType"), ("functionARN", "FunctionARN")]));
    list("FunctionAssociations", items(at(behavior, "functionAssociations")).iter().map(function).collect());
    let rows = [("eventType", "EventType"), ("lambdaFunctionARN", "LambdaFunctionARN"), ("includeBody", "IncludeBody")];
    let lambda = |one: &Value| Value::from(taken(one, &rows));
    list("LambdaFunctionAssociations", items(at(behavior, "lambdaFunctionAssociations")).iter().map(lambda).collect());
    made.into()
}

/// The items of a list, which CloudFront writes with their number beside them.
fn items(list: Option<&Value>) -> &[Value] {
    list.and_then(|list| list.get("items").unwrap_or(list).as_array()).map_or(&[], Vec::as_slice)
}

fn flag(value: &Value, key: &str) -> bool {
    at(value, key).and_then(Value::as_bool) == Some(true)
}

fn taken(from: &Value, rows: &[(&str, &str)]) -> Map<String, Value> {
    let of = |(path, property): &(&str, &str)| {
        let value = at(from, path).filter(|value| value.as_str() != Some(""))?;
        Some(((*property).to_owned(), value.clone()))
    };
    rows.iter().filter_map(of).collect()
}
