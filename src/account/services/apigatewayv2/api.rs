//! What becomes of the answers. Parameters that an integration sets stay out: they may hold keys.

use aws_sdk_apigatewayv2::operation::get_authorizer::GetAuthorizerOutput;
use aws_sdk_apigatewayv2::types::{
    Api, ApiMapping, Authorizer, Cors, DomainName, DomainNameConfiguration, Integration, JwtConfiguration, Route,
    RouteSettings, Stage, VpcLink,
};

use super::{
    API_KIND, AUTHORIZER_KIND, DOMAIN_KIND, INTEGRATION_KIND, LINK_KIND, MAPPING_KIND, REST_MAPPING_KIND, ROUTE_KIND,
    STAGE_KIND,
};
use crate::account::item::{Object, masked, texts, word, words};
use crate::input::snapshot::format::Item;

pub(super) fn of_api(arn: &str, api: &Api) -> Item {
    Item::new(API_KIND, arn)
        .name(api.name())
        .means("Ref", api.api_id())
        .means("ApiEndpoint", api.api_endpoint())
        .set("Name", api.name())
        .set("ProtocolType", word(api.protocol_type()))
        .set("RouteSelectionExpression", api.route_selection_expression())
        .set("DisableExecuteApiEndpoint", api.disable_execute_api_endpoint())
        .set("CorsConfiguration", api.cors_configuration().map(of_cors))
        .set("Tags", texts(api.tags()))
}

fn of_cors(cors: &Cors) -> Object {
    Object::new()
        .set("AllowCredentials", cors.allow_credentials())
        .set("AllowHeaders", words(cors.allow_headers()))
        .set("AllowMethods", words(cors.allow_methods()))
        .set("AllowOrigins", words(cors.allow_origins()))
        .set("ExposeHeaders", words(cors.expose_headers()))
        .set("MaxAge", cors.max_age())
}

pub(super) fn of_route(arn: &str, api: &str, route: &Route) -> Item {
    let id = route.route_id().unwrap_or_default();
    Item::new(ROUTE_KIND, format!("{arn}/routes/{id}"))
        .name(route.route_key())
        .set("ApiId", api)
        .set("RouteKey", route.route_key())
        .set("AuthorizationType", word(route.authorization_type()))
        .set("AuthorizerId", route.authorizer_id().filter(|id| !id.is_empty()))
        .set("AuthorizationScopes", words(route.authorization_scopes()))
        .set("ApiKeyRequired", route.api_key_required())
        .set("OperationName", route.operation_name())
        .set("Target", route.target())
}

pub(super) fn of_integration(arn: &str, api: &str, integration: &Integration) -> Item {
    let id = integration.integration_id().unwrap_or_default();
    let tls = integration.tls_config().and_then(|tls| tls.server_name_to_verify());
    Item::new(INTEGRATION_KIND, format!("{arn}/integrations/{id}"))
        .means("Ref", Some(id))
        .set("ApiId", api)
        .set("IntegrationType", word(integration.integration_type()))
        .set("IntegrationSubtype", integration.integration_subtype())
        .set("IntegrationUri", integration.integration_uri())
        .set("IntegrationMethod", integration.integration_method())
        .set("CredentialsArn", integration.credentials_arn())
        .set("ConnectionType", word(integration.connection_type()))
        .set("ConnectionId", integration.connection_id())
        .set("PayloadFormatVersion", integration.payload_format_version())
        .set("TimeoutInMillis", integration.timeout_in_millis())
        .set("TlsConfig", tls.map(|name| Object::new().set("ServerNameToVerify", name)))
}

/// The answer about one authorizer as an entry of the list.
pub(super) fn authorizer(told: GetAuthorizerOutput) -> Authorizer {
    Authorizer::builder()
        .set_authorizer_credentials_arn(told.authorizer_credentials_arn)
        .set_authorizer_id(told.authorizer_id)
        .set_authorizer_payload_format_version(told.authorizer_payload_format_version)
        .set_authorizer_result_ttl_in_seconds(told.authorizer_result_ttl_in_seconds)
        .set_authorizer_type(told.authorizer_type)
        .set_authorizer_uri(told.authorizer_uri)
        .set_enable_simple_responses(told.enable_simple_responses)
        .set_identity_source(told.identity_source)
        .set_jwt_configuration(told.jwt_configuration)
        .set_name(told.name)
        .build()
}

pub(super) fn of_authorizer(arn: &str, api: &str, authorizer: &Authorizer) -> Item {
    let id = authorizer.authorizer_id().unwrap_or_default();
    Item::new(AUTHORIZER_KIND, format!("{arn}/authorizers/{id}"))
        .name(authorizer.name())
        .means("Ref", Some(id))
        .set("ApiId", api)
        .set("Name", authorizer.name())
        .set("AuthorizerType", word(authorizer.authorizer_type()))
        .set("AuthorizerUri", authorizer.authorizer_uri())
        .set("AuthorizerCredentialsArn", authorizer.authorizer_credentials_arn())
        .set("AuthorizerPayloadFormatVersion", authorizer.authorizer_payload_format_version())
        .set("AuthorizerResultTtlInSeconds", authorizer.authorizer_result_ttl_in_seconds())
        .set("EnableSimpleResponses", authorizer.enable_simple_responses())
        .set("IdentitySource", words(authorizer.identity_source()))
        .set("JwtConfiguration", authorizer.jwt_configuration().map(of_jwt))
}

fn of_jwt(jwt: &JwtConfiguration) -> Object {
    Object::new().set("Issuer", jwt.issuer()).set("Audience", words(jwt.audience()))
}

pub(super) fn of_stage(arn: &str, api: &str, stage: &Stage) -> Item {
    let name = stage.stage_name().unwrap_or_default();
    let logs = stage
        .access_log_settings()
        .map(|logs| Object::new().set("DestinationArn", logs.destination_arn()).set("Format", logs.format()));
    let sorted = stage.route_settings().into_iter().flatten().collect::<std::collections::BTreeMap<_, _>>();
    let routes = sorted.into_iter().fold(Object::new(), |all, (key, it)| all.set(key, of_settings(it))).filled();
    Item::new(STAGE_KIND, format!("{arn}/stages/{name}"))
        .name(Some(name))
        .set("ApiId", api)
        .set("StageName", name)
        .set("AutoDeploy", stage.auto_deploy())
        .set("DeploymentId", stage.deployment_id())
        .set("AccessLogSettings", logs)
        .set("DefaultRouteSettings", stage.default_route_settings().and_then(of_settings))
        .set("RouteSettings", routes)
        .set("StageVariables", masked(stage.stage_variables()))
        .set("Tags", texts(stage.tags()))
}

fn of_settings(settings: &RouteSettings) -> Option<Object> {
    Object::new()
        .set("DataTraceEnabled", settings.data_trace_enabled())
        .set("DetailedMetricsEnabled", settings.detailed_metrics_enabled())
        .set("LoggingLevel", word(settings.logging_level()))
        .set("ThrottlingBurstLimit", settings.throttling_burst_limit())
        .set("ThrottlingRateLimit", settings.throttling_rate_limit())
        .filled()
}

/// The same domain may be among those of REST APIs, under its ARN; here it is the domain of HTTP and WebSocket APIs.
fn domain_id(arn: &str) -> String {
    format!("{arn}/v2")
}

pub(super) fn of_domain(arn: &str, domain: &DomainName) -> Item {
    let configuration = |it: &DomainNameConfiguration| {
        Object::new()
            .set("CertificateArn", it.certificate_arn())
            .set("EndpointType", word(it.endpoint_type()))
            .set("SecurityPolicy", word(it.security_policy()))
    };
    let certificate = domain.mutual_tls_authentication();
    let id = domain_id(arn);
    Item::new(DOMAIN_KIND, &id)
        .name(domain.domain_name())
        .means("Ref", Some(&id))
        .set("DomainName", domain.domain_name())
        .set(
            "DomainNameConfigurations",
            domain.domain_name_configurations().iter().map(configuration).collect::<Vec<_>>(),
        )
        .set(
            "MutualTlsAuthentication",
            certificate.map(|it| {
                Object::new()
                    .set("TruststoreUri", it.truststore_uri())
                    .set("TruststoreVersion", it.truststore_version())
            }),
        )
        .set("Tags", texts(domain.tags()))
}

pub(super) fn of_mapping(arn: &str, mapping: &ApiMapping) -> Item {
    let id = mapping.api_mapping_id().unwrap_or_default();
    Item::new(MAPPING_KIND, format!("{}/apimappings/{id}", domain_id(arn)))
        .set("DomainName", domain_id(arn))
        .set("ApiId", mapping.api_id())
        .set("ApiMappingKey", mapping.api_mapping_key())
        .set("Stage", mapping.stage())
}

/// The other mappings of REST APIs are read where those are.
pub(super) fn of_rest_mapping(arn: &str, domain: &str, mapping: &ApiMapping) -> Option<Item> {
    let path = mapping.api_mapping_key().filter(|key| key.contains('/'))?;
    let item = Item::new(REST_MAPPING_KIND, format!("{arn}/basepathmappings/{path}"))
        .set("DomainName", domain)
        .set("RestApiId", mapping.api_id())
        .set("BasePath", path)
        .set("Stage", mapping.stage());
    Some(item)
}

pub(super) fn of_link(arn: &str, link: &VpcLink) -> Item {
    Item::new(LINK_KIND, arn)
        .name(link.name())
        .means("Ref", link.vpc_link_id())
        .set("Name", link.name())
        .set("SubnetIds", link.subnet_ids())
        .set("SecurityGroupIds", link.security_group_ids())
}
