//! API Gateway's HTTP and WebSocket APIs.

use super::Returns::{GetAtt, Ref, Sub};
use super::Shape::{Block, Blocks, Document, Json, Link, Plain, Tags};
use super::{Draft, Found, Mapper, Property, Row, Service, member, property};
use crate::input::terraform::value as tf;
use crate::value::{Kind, Map, Value};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const ROUTE_SETTINGS: &[Property] = &[
    property("DataTraceEnabled", "data_trace_enabled", Plain),
    property("DetailedMetricsEnabled", "detailed_metrics_enabled", Plain),
    property("LoggingLevel", "logging_level", Plain),
    property("ThrottlingBurstLimit", "throttling_burst_limit", Plain),
    property("ThrottlingRateLimit", "throttling_rate_limit", Plain),
];

const ROWS: &[Row] = &[
    Row {
        from: "aws_apigatewayv2_api",
        to: "AWS::ApiGatewayV2::Api",
        properties: &[
            property("Name", "name", Plain),
            property("ProtocolType", "protocol_type", Plain),
            property("ApiKeySelectionExpression", "api_key_selection_expression", Plain),
            property("Body", "body", Document),
            property(
                "CorsConfiguration",
                "cors_configuration",
                Block(&[
                    property("AllowCredentials", "allow_credentials", Plain),
                    property("AllowHeaders", "allow_headers", Plain),
                    property("AllowMethods", "allow_methods", Plain),
                    property("AllowOrigins", "allow_origins", Plain),
                    property("ExposeHeaders", "expose_headers", Plain),
                    property("MaxAge", "max_age", Plain),
                ]),
            ),
            property("CredentialsArn", "credentials_arn", Link),
            property("Description", "description", Plain),
            property("DisableExecuteApiEndpoint", "disable_execute_api_endpoint", Plain),
            property("FailOnWarnings", "fail_on_warnings", Plain),
            property("IpAddressType", "ip_address_type", Plain),
            property("RouteKey", "route_key", Plain),
            property("RouteSelectionExpression", "route_selection_expression", Plain),
            property("Target", "target", Link),
            property("Version", "version", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[
            ("id", Ref),
            ("api_endpoint", GetAtt("ApiEndpoint")),
            ("arn", Sub("arn:${AWS::Partition}:apigateway:${AWS::Region}::/apis/${}")),
            ("execution_arn", Sub("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${}")),
        ],
        finish: None,
    },
    Row {
        from: "aws_apigatewayv2_route",
        to: "AWS::ApiGatewayV2::Route",
        properties: &[
            property("ApiId", "api_id", Link),
            property("RouteKey", "route_key", Plain),
            property("ApiKeyRequired", "api_key_required", Plain),
            property("AuthorizationScopes", "authorization_scopes", Plain),
            property("AuthorizationType", "authorization_type", Plain),
            property("AuthorizerId", "authorizer_id", Link),
            property("ModelSelectionExpression", "model_selection_expression", Plain),
            property("OperationName", "operation_name", Plain),
            property("RequestModels", "request_models", Plain),
            property("RouteResponseSelectionExpression", "route_response_selection_expression", Plain),
            property("Target", "target", Link),
        ],
        attributes: &[("id", Ref)],
        finish: None,
    },
    Row {
        from: "aws_apigatewayv2_integration",
        to: "AWS::ApiGatewayV2::Integration",
        properties: &[
            property("ApiId", "api_id", Link),
            property("ConnectionId", "connection_id", Link),
            property("ConnectionType", "connection_type", Plain),
            property("ContentHandlingStrategy", "content_handling_strategy", Plain),
            property("CredentialsArn", "credentials_arn", Link),
            property("Description", "description", Plain),
            property("IntegrationMethod", "integration_method", Plain),
            property("IntegrationSubtype", "integration_subtype", Plain),
            property("IntegrationType", "integration_type", Plain),
            property("IntegrationUri", "integration_uri", Link),
            property("PassthroughBehavior", "passthrough_behavior", Plain),
            property("PayloadFormatVersion", "payload_format_version", Plain),
            property("RequestParameters", "request_parameters", Plain),
            property("RequestTemplates", "request_templates", Plain),
            property("TemplateSelectionExpression", "template_selection_expression", Plain),
            property("TimeoutInMillis", "timeout_milliseconds", Plain),
            property("TlsConfig.ServerNameToVerify", "tls_config.server_name_to_verify", Plain),
        ],
        attributes: &[("id", Ref)],
        finish: None,
    },
    Row {
        from: "aws_apigatewayv2_authorizer",
        to: "AWS::ApiGatewayV2::Authorizer",
        properties: &[
            property("ApiId", "api_id", Link),
            property("Name", "name", Plain),
            property("AuthorizerCredentialsArn", "authorizer_credentials_arn", Link),
            property("AuthorizerPayloadFormatVersion", "authorizer_payload_format_version", Plain),
            property("AuthorizerResultTtlInSeconds", "authorizer_result_ttl_in_seconds", Plain),
            property("AuthorizerType", "authorizer_type", Plain),
            property("AuthorizerUri", "authorizer_uri", Link),
            property("EnableSimpleResponses", "enable_simple_responses", Plain),
            property("IdentitySource", "identity_sources", Plain),
            property(
                "JwtConfiguration",
                "jwt_configuration",
                Block(&[property("Audience", "audience", Link), property("Issuer", "issuer", Link)]),
            ),
        ],
        attributes: &[("id", Ref)],
        finish: None,
    },
    Row {
        from: "aws_apigatewayv2_stage",
        to: "AWS::ApiGatewayV2::Stage",
        properties: &[
            property("ApiId", "api_id", Link),
            property("StageName", "name", Plain),
            property("AccessLogSettings.DestinationArn", "access_log_settings.destination_arn", Link),
            property("AccessLogSettings.Format", "access_log_settings.format", Plain),
            property("AutoDeploy", "auto_deploy", Plain),
            property("ClientCertificateId", "client_certificate_id", Plain),
            property("DefaultRouteSettings", "default_route_settings", Block(ROUTE_SETTINGS)),
            property("DeploymentId", "deployment_id", Link),
            property("Description", "description", Plain),
            property("StageVariables", "stage_variables", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[
            ("id", Ref),
            ("name", Ref),
            ("arn", Sub("arn:${AWS::Partition}:apigateway:${AWS::Region}::/apis/${@api_id}/stages/${}")),
            (
                "execution_arn",
                Sub("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${@api_id}/${@name}"),
            ),
            ("invoke_url", Sub("https://${@api_id}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${@name}")),
        ],
        finish: Some(stage),
    },
    Row {
        from: "aws_apigatewayv2_domain_name",
        to: "AWS::ApiGatewayV2::DomainName",
        properties: &[
            property("DomainName", "domain_name", Plain),
            property(
                "DomainNameConfigurations",
                "domain_name_configuration",
                Blocks(&[
                    property("CertificateArn", "certificate_arn", Link),
                    property("EndpointType", "endpoint_type", Plain),
                    property("IpAddressType", "ip_address_type", Plain),
                    property("OwnershipVerificationCertificateArn", "ownership_verification_certificate_arn", Link),
                    property("SecurityPolicy", "security_policy", Plain),
                ]),
            ),
            property("MutualTlsAuthentication.TruststoreUri", "mutual_tls_authentication.truststore_uri", Plain),
            property(
                "MutualTlsAuthentication.TruststoreVersion",
                "mutual_tls_authentication.truststore_version",
                Plain,
            ),
            property("Tags", "tags", Tags),
        ],
        attributes: &[
            ("id", Ref),
            ("domain_name", Ref),
            ("domain_name_configuration.0.target_domain_name", GetAtt("RegionalDomainName")),
            ("domain_name_configuration.0.hosted_zone_id", GetAtt("RegionalHostedZoneId")),
        ],
        finish: None,
    },
    Row {
        from: "aws_apigatewayv2_api_mapping",
        to: "AWS::ApiGatewayV2::ApiMapping",
        properties: &[
            property("ApiId", "api_id", Link),
            property("ApiMappingKey", "api_mapping_key", Plain),
            property("DomainName", "domain_name", Link),
            property("Stage", "stage", Link),
        ],
        attributes: &[("id", Ref)],
        finish: None,
    },
    Row {
        from: "aws_apigatewayv2_vpc_link",
        to: "AWS::ApiGatewayV2::VpcLink",
        properties: &[
            property("Name", "name", Plain),
            property("SecurityGroupIds", "security_group_ids", Link),
            property("SubnetIds", "subnet_ids", Link),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref)],
        finish: None,
    },
    Row {
        from: "aws_apigatewayv2_deployment",
        to: "AWS::ApiGatewayV2::Deployment",
        properties: &[property("ApiId", "api_id", Link), property("Description", "description", Plain)],
        attributes: &[("id", Ref)],
        finish: None,
    },
    Row {
        from: "aws_apigatewayv2_model",
        to: "AWS::ApiGatewayV2::Model",
        properties: &[
            property("ApiId", "api_id", Link),
            property("ContentType", "content_type", Plain),
            property("Name", "name", Plain),
            property("Schema", "schema", Json),
        ],
        attributes: &[("id", Ref)],
        finish: None,
    },
    Row {
        from: "aws_apigatewayv2_route_response",
        to: "AWS::ApiGatewayV2::RouteResponse",
        properties: &[
            property("ApiId", "api_id", Link),
            property("RouteId", "route_id", Link),
            property("RouteResponseKey", "route_response_key", Plain),
        ],
        attributes: &[("id", Ref)],
        finish: None,
    },
    Row {
        from: "aws_apigatewayv2_integration_response",
        to: "AWS::ApiGatewayV2::IntegrationResponse",
        properties: &[
            property("ApiId", "api_id", Link),
            property("IntegrationId", "integration_id", Link),
            property("IntegrationResponseKey", "integration_response_key", Plain),
            property("ResponseTemplates", "response_templates", Plain),
        ],
        attributes: &[("id", Ref)],
        finish: None,
    },
];

/// `route_settings` blocks are a mapping of route keys.
fn stage(draft: &mut Draft<'_>) {
    let Found::Value(settings) = draft.argument("route_settings") else { return };
    let value = by_route(&settings.value, draft.mapper);
    draft.set("RouteSettings", settings.key_span, value);
}

fn by_route(blocks: &tf::Value, mapper: &Mapper<'_>) -> Value {
    let Some(elements) = blocks.elements() else { return mapper.plain(blocks) };
    let mut map = Map::default();
    for block in elements {
        let key = block.get("route_key").map(|key| mapper.plain(key));
        match key.as_ref().and_then(Value::as_str) {
            Some(key) => map.members.push(member(key, block.span, mapper.properties(block, ROUTE_SETTINGS))),
            None => map.open = map.open.take().or_else(|| mapper.plain(block).reason().cloned()),
        }
    }
    Value::new(blocks.span, Kind::Map(map))
}
