//! Lambda.

use std::sync::Arc;

use super::Returns::{GetAtt, Made, Ref, Sub};
use super::Shape::{Block, Blocks, Json, Link, Plain, Tags, With};
use super::draft::member;
use super::{Draft, Found, Mapper, Row, Service, property};
use crate::input::terraform::value as tf;
use crate::source::Span;
use crate::value::{Address, Kind, Part, Reference, Value};

pub(super) const SERVICE: Service = Service { rows: ROWS, unite: None };

const ROWS: &[Row] = &[
    Row {
        from: "aws_lambda_function",
        to: "AWS::Lambda::Function",
        properties: &[
            property("FunctionName", "function_name", Plain),
            property("Role", "role", Link),
            property("Architectures", "architectures", Plain),
            property("Code.ImageUri", "image_uri", Plain),
            property("Code.S3Bucket", "s3_bucket", Link),
            property("Code.S3Key", "s3_key", Plain),
            property("Code.S3ObjectVersion", "s3_object_version", Plain),
            property("CodeSigningConfigArn", "code_signing_config_arn", Link),
            property("DeadLetterConfig.TargetArn", "dead_letter_config.target_arn", Link),
            property("Description", "description", Plain),
            property("Environment.Variables", "environment.variables", Plain),
            property("EphemeralStorage.Size", "ephemeral_storage.size", Plain),
            property(
                "FileSystemConfigs",
                "file_system_config",
                Blocks(&[property("Arn", "arn", Link), property("LocalMountPath", "local_mount_path", Plain)]),
            ),
            property("Handler", "handler", Plain),
            property("ImageConfig.Command", "image_config.command", Plain),
            property("ImageConfig.EntryPoint", "image_config.entry_point", Plain),
            property("KmsKeyArn", "kms_key_arn", Link),
            property("Layers", "layers", Link),
            property("LoggingConfig.LogFormat", "logging_config.log_format", Plain),
            property("LoggingConfig.LogGroup", "logging_config.log_group", Link),
            property("MemorySize", "memory_size", Plain),
            property("PackageType", "package_type", Plain),
            property("ReservedConcurrentExecutions", "reserved_concurrent_executions", Plain),
            property("Runtime", "runtime", Plain),
            property("SnapStart.ApplyOn", "snap_start.apply_on", Plain),
            property("Timeout", "timeout", Plain),
            property("TracingConfig.Mode", "tracing_config.mode", Plain),
            property("VpcConfig.Ipv6AllowedForDualStack", "vpc_config.ipv6_allowed_for_dual_stack", Plain),
            property("VpcConfig.SecurityGroupIds", "vpc_config.security_group_ids", Link),
            property("VpcConfig.SubnetIds", "vpc_config.subnet_ids", Link),
            property("Tags", "tags", Tags),
        ],
        attributes: &[
            ("id", Ref),
            ("function_name", Ref),
            ("arn", GetAtt("Arn")),
            ("invoke_arn", INVOKE),
            ("response_streaming_invoke_arn", INVOKE_STREAMING),
            ("version", Made(|mapper, attribute| Some(vec![version(mapper, attribute, Some("Version"))?]))),
            ("qualified_arn", Made(|mapper, attribute| Some(vec![version(mapper, attribute, None)?]))),
            ("qualified_invoke_arn", Made(qualified_invoke_arn)),
        ],
        finish: Some(function),
    },
    Row {
        from: "aws_lambda_permission",
        to: "AWS::Lambda::Permission",
        properties: &[
            property("FunctionName", "function_name", Link),
            property("Action", "action", Plain),
            property("Principal", "principal", Link),
            property("EventSourceToken", "event_source_token", Plain),
            property("FunctionUrlAuthType", "function_url_auth_type", Plain),
            property("InvokedViaFunctionUrl", "invoked_via_function_url", Plain),
            property("PrincipalOrgID", "principal_org_id", Plain),
            property("SourceAccount", "source_account", Plain),
            property("SourceArn", "source_arn", Link),
        ],
        attributes: &[],
        finish: Some(qualified),
    },
    Row {
        from: "aws_lambda_function_url",
        to: "AWS::Lambda::Url",
        properties: &[
            property("TargetFunctionArn", "function_name", Link),
            property("Qualifier", "qualifier", Link),
            property("AuthType", "authorization_type", Plain),
            property("InvokeMode", "invoke_mode", Plain),
            property(
                "Cors",
                "cors",
                Block(&[
                    property("AllowCredentials", "allow_credentials", Plain),
                    property("AllowHeaders", "allow_headers", Plain),
                    property("AllowMethods", "allow_methods", Plain),
                    property("AllowOrigins", "allow_origins", Plain),
                    property("ExposeHeaders", "expose_headers", Plain),
                    property("MaxAge", "max_age", Plain),
                ]),
            ),
        ],
        attributes: &[("function_arn", GetAtt("FunctionArn")), ("function_url", GetAtt("FunctionUrl"))],
        finish: Some(public),
    },
    Row {
        from: "aws_lambda_alias",
        to: "AWS::Lambda::Alias",
        properties: &[
            property("FunctionName", "function_name", Link),
            property("FunctionVersion", "function_version", Plain),
            property("Name", "name", Plain),
            property("Description", "description", Plain),
        ],
        attributes: &[("id", Ref), ("arn", Ref), ("invoke_arn", INVOKE_ALIAS)],
        finish: None,
    },
    Row {
        from: "aws_lambda_layer_version",
        to: "AWS::Lambda::LayerVersion",
        properties: &[
            property("LayerName", "layer_name", Plain),
            property("CompatibleArchitectures", "compatible_architectures", Plain),
            property("CompatibleRuntimes", "compatible_runtimes", Plain),
            property("Content.S3Bucket", "s3_bucket", Link),
            property("Content.S3Key", "s3_key", Plain),
            property("Description", "description", Plain),
            property("LicenseInfo", "license_info", Plain),
        ],
        attributes: &[("id", Ref), ("arn", Ref)],
        finish: None,
    },
    Row {
        from: "aws_lambda_layer_version_permission",
        to: "AWS::Lambda::LayerVersionPermission",
        properties: &[
            property("LayerVersionArn", "layer_name", Link),
            property("Action", "action", Plain),
            property("OrganizationId", "organization_id", Plain),
            property("Principal", "principal", Plain),
        ],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_lambda_event_source_mapping",
        to: "AWS::Lambda::EventSourceMapping",
        properties: &[
            property("FunctionName", "function_name", Link),
            property("EventSourceArn", "event_source_arn", Link),
            property("BatchSize", "batch_size", Plain),
            property("BisectBatchOnFunctionError", "bisect_batch_on_function_error", Plain),
            property("DestinationConfig.OnFailure.Destination", "destination_config.on_failure.destination_arn", Link),
            property("Enabled", "enabled", Plain),
            property(
                "FilterCriteria.Filters",
                "filter_criteria.filter",
                Blocks(&[property("Pattern", "pattern", Json)]),
            ),
            property("FunctionResponseTypes", "function_response_types", Plain),
            property("KmsKeyArn", "kms_key_arn", Link),
            property("MaximumRetryAttempts", "maximum_retry_attempts", Plain),
            property("Queues", "queues", Plain),
            property(
                "SelfManagedEventSource.Endpoints",
                "self_managed_event_source.endpoints",
                With(|endpoints, mapper| mapper.renamed(endpoints)),
            ),
            property(
                "SourceAccessConfigurations",
                "source_access_configuration",
                Blocks(&[property("Type", "type", Plain), property("URI", "uri", Link)]),
            ),
            property("StartingPosition", "starting_position", Plain),
            property("Topics", "topics", Plain),
            property("Tags", "tags", Tags),
        ],
        attributes: &[("id", Ref), ("uuid", Ref), ("arn", GetAtt("EventSourceMappingArn"))],
        finish: None,
    },
    Row {
        from: "aws_lambda_function_event_invoke_config",
        to: "AWS::Lambda::EventInvokeConfig",
        properties: &[
            property("FunctionName", "function_name", Link),
            property("DestinationConfig.OnFailure.Destination", "destination_config.on_failure.destination", Link),
            property("DestinationConfig.OnSuccess.Destination", "destination_config.on_success.destination", Link),
            property("MaximumEventAgeInSeconds", "maximum_event_age_in_seconds", Plain),
            property("MaximumRetryAttempts", "maximum_retry_attempts", Plain),
            property("Qualifier", "qualifier", Plain),
        ],
        attributes: &[],
        finish: None,
    },
    Row {
        from: "aws_lambda_code_signing_config",
        to: "AWS::Lambda::CodeSigningConfig",
        properties: &[
            property(
                "AllowedPublishers.SigningProfileVersionArns",
                "allowed_publishers.signing_profile_version_arns",
                Link,
            ),
            property(
                "CodeSigningPolicies.UntrustedArtifactOnDeployment",
                "policies.untrusted_artifact_on_deployment",
                Plain,
            ),
            property("Description", "description", Plain),
        ],
        attributes: &[("id", Ref), ("arn", GetAtt("CodeSigningConfigArn"))],
        finish: None,
    },
];

/// Source: API Gateway API reference, `Integration.uri`.
const INVOKE: super::Returns =
    Sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${.Arn}/invocations");
const INVOKE_STREAMING: super::Returns = Sub(
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2021-11-15/functions/${.Arn}/response-streaming-invocations",
);
/// An alias's `Ref` is its ARN.
const INVOKE_ALIAS: super::Returns =
    Sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${}/invocations");

/// The version that a function publishes, which is a resource of its own in CloudFormation.
const VERSION: &str = "version";

/// Part of a text that is the published version. `None` when the function publishes none.
fn version(mapper: &Mapper<'_>, attribute: &tf::Attribute, of: Option<&str>) -> Option<Part> {
    let function = mapper.instance(&attribute.instance)?;
    publishes(&function.arguments).then(|| {
        let address: Address = mapper.address(&format!("{}/{VERSION}", attribute.instance));
        Part::Ref(Reference::Resource { address, attribute: of.map(Arc::from), written: None })
    })
}

fn publishes(arguments: &tf::Value) -> bool {
    matches!(arguments.get("publish").map(|publish| &publish.kind), Some(tf::Kind::Bool(true)))
}

fn qualified_invoke_arn(mapper: &Mapper<'_>, attribute: &tf::Attribute) -> Option<Vec<Part>> {
    let whole = tf::Attribute { path: Arc::from("invoke_arn"), ..attribute.clone() };
    let span = mapper.instance(&attribute.instance)?.name_span;
    let unqualified = tf::Value::new(span, tf::Kind::Attribute(Arc::new(whole)));
    let qualified = version(mapper, attribute, None)?;
    let parts = text(&unqualified, mapper);
    let named = |part: &Part| matches!(part, Part::Ref(Reference::Resource { .. }));
    Some(parts.into_iter().map(|part| if named(&part) { qualified.clone() } else { part }).collect())
}

/// `-1` reserves nothing, which CloudFormation says by leaving it out.
fn function(draft: &mut Draft<'_>) {
    if publishes(&draft.instance.arguments) {
        let span = draft.instance.name_span;
        let function = member("FunctionName", span, draft.itself(span));
        draft.also(VERSION, "AWS::Lambda::Version", vec![function]);
    }
    let Kind::Map(properties) = &mut draft.resource.properties.kind else { return };
    properties.members.retain(|member| {
        &*member.key != "ReservedConcurrentExecutions" || member.value.as_i64().is_none_or(|count| count >= 0)
    });
}

/// CloudFormation has no qualifier here: the name of the function carries it.
fn qualified(draft: &mut Draft<'_>) {
    if let Some((key_span, name)) = qualified_name(draft) {
        draft.set("FunctionName", key_span, name);
    }
}

fn qualified_name(draft: &Draft<'_>) -> Option<(Span, Value)> {
    let Found::Value(qualifier) = draft.argument("qualifier") else { return None };
    let name = match alias(&qualifier.value, draft.mapper) {
        Some(alias) => alias,
        None => match draft.argument("function_name") {
            Found::Value(function) => {
                let parts = [text(&function.value, draft.mapper), vec![Part::Literal(Arc::from(":"))]].concat();
                let parts = [parts, text(&qualifier.value, draft.mapper)].concat();
                crate::input::assemble::assemble(qualifier.value.span, parts)
            }
            Found::Absent | Found::Unknown(..) => return None,
        },
    };
    Some((qualifier.key_span, name))
}

/// The provider itself adds the permission that opens a URL without authorization to everyone.
/// Source: terraform-provider-aws, the create function of `aws_lambda_function_url`.
fn public(draft: &mut Draft<'_>) {
    let Found::Value(kind) = draft.argument("authorization_type") else { return };
    let tf::Kind::Text(written) = &kind.value.kind else { return };
    if &*written.text != "NONE" {
        return;
    }
    let name = qualified_name(draft).or_else(|| match draft.argument("function_name") {
        Found::Value(name) => Some((name.key_span, draft.mapper.link(&name.value))),
        Found::Absent | Found::Unknown(..) => None,
    });
    let Some((key_span, name)) = name else { return };
    let literal = |key: &str, text: &str| member(key, kind.key_span, Value::text_at(kind.value.span, text));
    let properties = vec![
        member("FunctionName", key_span, name),
        literal("Action", "lambda:InvokeFunctionUrl"),
        literal("Principal", "*"),
        literal("FunctionUrlAuthType", "NONE"),
    ];
    draft.also("permission", "AWS::Lambda::Permission", properties);
}

/// The alias whose name is the qualifier, or the version whose number it is.
fn alias(qualifier: &tf::Value, mapper: &Mapper<'_>) -> Option<Value> {
    let attribute = match (&qualifier.origin, &qualifier.kind) {
        (Some(origin), _) => origin,
        (None, tf::Kind::Attribute(attribute)) => attribute,
        _ => return None,
    };
    match (&*attribute.kind, &*attribute.path) {
        ("aws_lambda_alias", "name") => {
            let whole = tf::Attribute { path: Arc::from(""), ..tf::Attribute::clone(attribute) };
            Some(mapper.plain(&tf::Value::new(qualifier.span, tf::Kind::Attribute(Arc::new(whole)))))
        }
        ("aws_lambda_function", "version") => match version(mapper, attribute, None)? {
            Part::Ref(reference) => Some(Value::new(qualifier.span, Kind::Ref(reference))),
            Part::Literal(_) | Part::Unknown(_) => None,
        },
        _ => None,
    }
}

fn text(value: &tf::Value, mapper: &Mapper<'_>) -> Vec<Part> {
    match mapper.link(value).kind {
        Kind::Ref(reference) => vec![Part::Ref(reference)],
        Kind::Text(parts) => parts,
        Kind::Unknown(reason) => vec![Part::Unknown(reason)],
        Kind::Scalar(scalar) => vec![Part::Literal(Arc::from(&*scalar.text))],
        Kind::Null | Kind::List(_) | Kind::Map(_) => Vec::new(),
    }
}
