//! Amazon CloudFront: distributions, their origins, and how they treat viewers.

use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::types::{
    CacheBehavior, DefaultCacheBehavior, DistributionConfig, DistributionSummary, FunctionAssociation,
    FunctionAssociations, LambdaFunctionAssociation, LambdaFunctionAssociations, LoggingConfig, Origin,
    ViewerCertificate,
};

use super::{Scope, Service};
use crate::account::item::{Object, word};
use crate::account::reader::{Read, Reader, Unread};
use crate::input::snapshot::format::Item;

pub(super) const SERVICE: Service = Service {
    name: "cloudfront",
    scope: Scope::Global,
    reads: &[&DISTRIBUTIONS, &CONFIG],
    collect: |reader| Box::pin(collect(reader)),
};

const DISTRIBUTIONS: Read = Read::list("cloudfront:ListDistributions", &["AWS::CloudFront::Distribution"]);
const CONFIG: Read = Read::detail("cloudfront:GetDistributionConfig");

async fn collect(reader: &Reader) {
    let client = &Client::new(&reader.config);
    let pages = client.list_distributions().into_paginator().items().send();
    let distributions = reader.list(&DISTRIBUTIONS, pages).await;
    reader
        .each(distributions, |distribution| async move {
            // Only this tells the logs and the root object.
            let call = client.get_distribution_config().id(distribution.id()).send();
            let config = reader.get(&CONFIG, distribution.arn(), call).await;
            let config = config.map(|answer| answer.distribution_config);
            reader.push(of_distribution(&distribution, config.as_ref().map(Option::as_ref).map_err(|unread| *unread)));
        })
        .await;
}

fn of_distribution(distribution: &DistributionSummary, config: Result<Option<&DistributionConfig>, Unread>) -> Item {
    let arn = distribution.arn();
    let aliases: Vec<String> = distribution.aliases().map(|aliases| aliases.items().to_vec()).unwrap_or_default();
    let origins = distribution.origins().map(|origins| origins.items().iter().map(of_origin).collect::<Vec<_>>());
    let behaviors =
        distribution.cache_behaviors().map(aws_sdk_cloudfront::types::CacheBehaviors::items).unwrap_or_default();
    let behaviors: Vec<Object> = behaviors.iter().map(|behavior| Behavior::from(behavior).object()).collect();
    let logging = config.map(|config| config.and_then(DistributionConfig::logging).and_then(of_logging));
    let root = config.map(|config| config.and_then(DistributionConfig::default_root_object));
    let web_acl = Some(distribution.web_acl_id()).filter(|id| !id.is_empty());
    let default = distribution.default_cache_behavior().map(|behavior| Behavior::from(behavior).object());
    let content = Object::new()
        .set("Enabled", distribution.enabled())
        .set("Aliases", (!aliases.is_empty()).then_some(aliases))
        .set("Origins", origins)
        .set("DefaultCacheBehavior", default)
        .set("CacheBehaviors", (!behaviors.is_empty()).then_some(behaviors))
        .set("ViewerCertificate", distribution.viewer_certificate().map(of_certificate))
        .set("WebACLId", web_acl)
        .set("HttpVersion", distribution.http_version().as_str())
        .set("IPV6Enabled", distribution.is_ipv6_enabled())
        .set("Staging", distribution.staging())
        .set("Logging", logging)
        .set("DefaultRootObject", root.map(|root| root.filter(|root| !root.is_empty())));
    Item::new("AWS::CloudFront::Distribution", arn)
        .name(Some(distribution.id()))
        .means("Ref", Some(distribution.id()))
        .means("Arn", Some(arn))
        .means("DomainName", Some(distribution.domain_name().to_ascii_lowercase()))
        .set("DistributionConfig", content)
}

/// The service tells logs that are off as well.
fn of_logging(logging: &LoggingConfig) -> Option<Object> {
    let on = logging.enabled().then(Object::new)?;
    let on = on.set("Bucket", logging.bucket()).set("Prefix", logging.prefix());
    Some(on.set("IncludeCookies", logging.include_cookies()))
}

/// Custom headers often carry the secret by which an origin knows the distribution: only their names are kept.
fn of_origin(origin: &Origin) -> Object {
    let headers = origin.custom_headers().map(aws_sdk_cloudfront::types::CustomHeaders::items).unwrap_or_default();
    let headers: Vec<Object> =
        headers.iter().map(|header| Object::new().set("HeaderName", header.header_name())).collect();
    let custom = origin.custom_origin_config().map(|config| {
        let protocols = config
            .origin_ssl_protocols()
            .map(|protocols| protocols.items().iter().map(AsRef::as_ref).collect::<Vec<_>>());
        Object::new()
            .set("HTTPPort", config.http_port())
            .set("HTTPSPort", config.https_port())
            .set("OriginProtocolPolicy", config.origin_protocol_policy().as_str())
            .set("OriginSSLProtocols", protocols)
    });
    let s3 = origin
        .s3_origin_config()
        .map(|config| Object::new().set("OriginAccessIdentity", config.origin_access_identity()));
    let vpc = origin.vpc_origin_config().map(|config| Object::new().set("VpcOriginId", config.vpc_origin_id()));
    Object::new()
        .set("Id", origin.id())
        .set("DomainName", origin.domain_name().to_ascii_lowercase())
        .set("OriginPath", origin.origin_path().filter(|path| !path.is_empty()))
        .set("OriginCustomHeaders", (!headers.is_empty()).then_some(headers))
        .set("CustomOriginConfig", custom)
        .set("S3OriginConfig", s3)
        .set("VpcOriginConfig", vpc)
        .set("OriginAccessControlId", origin.origin_access_control_id().filter(|id| !id.is_empty()))
}

fn of_certificate(certificate: &ViewerCertificate) -> Object {
    Object::new()
        .set("CloudFrontDefaultCertificate", certificate.cloud_front_default_certificate())
        .set("AcmCertificateArn", certificate.acm_certificate_arn())
        .set("IamCertificateId", certificate.iam_certificate_id())
        .set("SslSupportMethod", word(certificate.ssl_support_method()))
        .set("MinimumProtocolVersion", word(certificate.minimum_protocol_version()))
}

/// What the default behaviour and those for path patterns have in common.
struct Behavior<'a> {
    pattern: Option<&'a str>,
    origin: &'a str,
    viewer_protocol: &'a str,
    methods: Option<Vec<&'a str>>,
    cache_policy: Option<&'a str>,
    origin_request_policy: Option<&'a str>,
    response_headers_policy: Option<&'a str>,
    field_level_encryption: Option<&'a str>,
    realtime_log: Option<&'a str>,
    key_groups: Option<&'a [String]>,
    functions: Option<&'a FunctionAssociations>,
    lambdas: Option<&'a LambdaFunctionAssociations>,
}

macro_rules! behavior_of {
    ($behavior:expr, $pattern:expr) => {
        Behavior {
            pattern: $pattern,
            origin: $behavior.target_origin_id(),
            viewer_protocol: $behavior.viewer_protocol_policy().as_str(),
            methods: $behavior.allowed_methods().map(|methods| methods.items().iter().map(AsRef::as_ref).collect()),
            cache_policy: $behavior.cache_policy_id(),
            origin_request_policy: $behavior.origin_request_policy_id(),
            response_headers_policy: $behavior.response_headers_policy_id(),
            field_level_encryption: $behavior.field_level_encryption_id(),
            realtime_log: $behavior.realtime_log_config_arn(),
            key_groups: $behavior.trusted_key_groups().filter(|groups| groups.enabled()).map(|groups| groups.items()),
            functions: $behavior.function_associations(),
            lambdas: $behavior.lambda_function_associations(),
        }
    };
}

impl<'a> From<&'a DefaultCacheBehavior> for Behavior<'a> {
    fn from(behavior: &'a DefaultCacheBehavior) -> Self {
        behavior_of!(behavior, None)
    }
}

impl<'a> From<&'a CacheBehavior> for Behavior<'a> {
    fn from(behavior: &'a CacheBehavior) -> Self {
        behavior_of!(behavior, Some(behavior.path_pattern()))
    }
}

impl Behavior<'_> {
    fn object(&self) -> Object {
        let some = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let functions = self.functions.map(aws_sdk_cloudfront::types::FunctionAssociations::items).unwrap_or_default();
        let functions: Vec<Object> = functions.iter().map(of_function).collect();
        let lambdas =
            self.lambdas.map(aws_sdk_cloudfront::types::LambdaFunctionAssociations::items).unwrap_or_default();
        let lambdas: Vec<Object> = lambdas.iter().map(of_lambda).collect();
        Object::new()
            .set("PathPattern", self.pattern)
            .set("TargetOriginId", self.origin)
            .set("ViewerProtocolPolicy", self.viewer_protocol)
            .set("AllowedMethods", self.methods.clone())
            .set("CachePolicyId", some(self.cache_policy))
            .set("OriginRequestPolicyId", some(self.origin_request_policy))
            .set("ResponseHeadersPolicyId", some(self.response_headers_policy))
            .set("FieldLevelEncryptionId", some(self.field_level_encryption))
            .set("RealtimeLogConfigArn", some(self.realtime_log))
            .set("TrustedKeyGroups", self.key_groups)
            .set("FunctionAssociations", (!functions.is_empty()).then_some(functions))
            .set("LambdaFunctionAssociations", (!lambdas.is_empty()).then_some(lambdas))
    }
}

fn of_function(association: &FunctionAssociation) -> Object {
    Object::new().set("EventType", association.event_type().as_str()).set("FunctionARN", association.function_arn())
}

fn of_lambda(association: &LambdaFunctionAssociation) -> Object {
    Object::new()
        .set("EventType", association.event_type().as_str())
        .set("LambdaFunctionARN", association.lambda_function_arn())
        .set("IncludeBody", association.include_body())
}

#[cfg(test)]
mod tests;
