//! APIs, their stages and what stands before them.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::{
    BasePathMapping, DomainName, EndpointConfiguration, MethodSetting, RestApi, Stage, VpcLink,
};
use serde_json::Value;

use super::{API_KIND, DOMAIN_KIND, LINK_KIND, MAPPING_KIND, STAGE_KIND};
use crate::account::item::{Object, document, masked, tags, word, words};
use crate::account::reader::Unread;
use crate::input::snapshot::format::Item;

/// `body` is what a stage serves.
pub(super) fn of_api(arn: &str, api: &RestApi, body: Option<Result<Value, Unread>>) -> Item {
    with_properties(Item::new(API_KIND, arn), api, body)
        .name(api.name())
        .means("Ref", api.id())
        .means("RootResourceId", api.root_resource_id())
}

/// The same API as other stages serve it, all of them the same. What names the API means the first one.
pub(super) fn of_other_stages(arn: &str, api: &RestApi, stages: &[Stage], body: Result<Value, Unread>) -> Item {
    let name = stages.first().and_then(Stage::stage_name).unwrap_or_default();
    with_properties(Item::new(API_KIND, format!("{arn}/stages/{name}/api")), api, Some(body))
        .name(Some(format!("{} (stage {name})", api.name().unwrap_or_default())))
        .set("RestApiId", api.id())
        .set("Stages", names(stages))
}

pub(super) fn names(stages: &[Stage]) -> Vec<&str> {
    stages.iter().filter_map(Stage::stage_name).collect()
}

/// The same API as the canary of a stage serves it.
pub(super) fn of_canary(arn: &str, api: &RestApi, stage: &Stage, body: Result<Value, Unread>) -> Item {
    let name = stage.stage_name().unwrap_or_default();
    with_properties(Item::new(API_KIND, format!("{arn}/stages/{name}/canary")), api, Some(body))
        .name(Some(format!("{} (canary of stage {name})", api.name().unwrap_or_default())))
        .set("RestApiId", api.id())
        .set("Stages", vec![name])
}

fn with_properties(item: Item, api: &RestApi, body: Option<Result<Value, Unread>>) -> Item {
    let policy = api.policy().filter(|policy| !policy.is_empty()).map(of_policy);
    // The deployed policy is in the export.
    let policy = match &body {
        Some(Ok(body)) if body.get(super::export::POLICY).is_some() => None,
        Some(Err(unread)) => Some(Err(*unread)),
        _ => policy.map(Ok),
    };
    item.set("Name", api.name())
        .set("EndpointConfiguration", api.endpoint_configuration().map(of_endpoint))
        .set("DisableExecuteApiEndpoint", api.disable_execute_api_endpoint())
        .set("ApiKeySourceType", word(api.api_key_source()))
        .set("SecurityPolicy", word(api.security_policy()))
        .set("Policy", policy)
        .set("Body", body)
        .set("Tags", tags(api.tags()))
}

/// The service hands the policy out as it stands inside of a JSON string: `{\"Version\":…`.
fn of_policy(policy: &str) -> Value {
    let unescaped: Option<String> = serde_json::from_str(&format!("\"{policy}\"")).ok();
    match document(policy) {
        Value::String(text) => document(&unescaped.unwrap_or(text)),
        parsed => parsed,
    }
}

fn of_endpoint(endpoint: &EndpointConfiguration) -> Object {
    let types = words(endpoint.types());
    let endpoints = endpoint.vpc_endpoint_ids();
    Object::new().set("Types", types).set("VpcEndpointIds", words(endpoints))
}

pub(super) fn of_stage(arn: &str, api: &str, stage: &Stage) -> Item {
    let name = stage.stage_name().unwrap_or_default();
    let id = format!("{arn}/stages/{name}");
    let logs = stage
        .access_log_settings()
        .map(|logs| Object::new().set("DestinationArn", logs.destination_arn()).set("Format", logs.format()));
    let sorted: BTreeMap<&String, &MethodSetting> = stage.method_settings().into_iter().flatten().collect();
    let settings: Vec<Object> = sorted.into_iter().map(|(path, settings)| of_settings(path, settings)).collect();
    Item::new(STAGE_KIND, &id)
        .name(Some(name))
        .means("Arn", Some(&id))
        .set("RestApiId", api)
        .set("StageName", name)
        .set("DeploymentId", stage.deployment_id())
        .set("AccessLogSetting", logs)
        .set("MethodSettings", (!settings.is_empty()).then_some(settings))
        .set("TracingEnabled", stage.tracing_enabled())
        .set("ClientCertificateId", stage.client_certificate_id())
        .set("CacheClusterEnabled", stage.cache_cluster_enabled())
        .set("Variables", masked(stage.variables()))
        .set("Tags", tags(stage.tags()))
}

/// The key is `{resource path}/{method}` with `~1` for slashes of the path (API reference, `Stage.methodSettings`).
fn of_settings(key: &str, settings: &MethodSetting) -> Object {
    let (path, method) = key.rsplit_once('/').unwrap_or((key, "*"));
    let path = path.replace("~1", "/");
    let path = if path.starts_with('/') { path } else { format!("/{path}") };
    Object::new()
        .set("ResourcePath", path)
        .set("HttpMethod", method)
        .set("LoggingLevel", settings.logging_level())
        .set("DataTraceEnabled", settings.data_trace_enabled())
        .set("MetricsEnabled", settings.metrics_enabled())
        .set("CachingEnabled", settings.caching_enabled())
        .set("CacheDataEncrypted", settings.cache_data_encrypted())
        .set("ThrottlingBurstLimit", settings.throttling_burst_limit())
        .set("ThrottlingRateLimit", settings.throttling_rate_limit())
}

pub(super) fn of_domain(arn: &str, domain: &DomainName) -> Item {
    let certificate = domain.mutual_tls_authentication().filter(|it| it.truststore_uri().is_some());
    Item::new(DOMAIN_KIND, arn)
        .name(domain.domain_name())
        .means("DomainNameArn", Some(arn))
        .means("RegionalDomainName", domain.regional_domain_name())
        .means("DistributionDomainName", domain.distribution_domain_name())
        .set("DomainName", domain.domain_name())
        .set("CertificateArn", domain.certificate_arn())
        .set("RegionalCertificateArn", domain.regional_certificate_arn())
        .set("SecurityPolicy", word(domain.security_policy()))
        .set("EndpointConfiguration", domain.endpoint_configuration().map(of_endpoint))
        .set(
            "MutualTlsAuthentication",
            certificate.map(|it| {
                Object::new()
                    .set("TruststoreUri", it.truststore_uri())
                    .set("TruststoreVersion", it.truststore_version())
            }),
        )
        .set("Tags", tags(domain.tags()))
}

pub(super) fn of_mapping(domain: &str, mapping: &BasePathMapping) -> Item {
    let path = mapping.base_path().unwrap_or("(none)");
    Item::new(MAPPING_KIND, format!("{domain}/basepathmappings/{path}"))
        .set("DomainName", domain)
        .set("RestApiId", mapping.rest_api_id())
        .set("BasePath", mapping.base_path())
        .set("Stage", mapping.stage().filter(|stage| *stage != "(none)"))
}

pub(super) fn of_link(arn: &str, link: &VpcLink) -> Item {
    Item::new(LINK_KIND, arn)
        .name(link.name())
        .means("Ref", link.id())
        .set("Name", link.name())
        .set("TargetArns", link.target_arns())
}
