//! Functions and what leads to them.

use aws_sdk_lambda::types::{
    AliasConfiguration, Cors, EventSourceMappingConfiguration, FunctionConfiguration, FunctionUrlConfig, Layer,
    LayerVersionsListItem, LoggingConfig, VpcConfigResponse,
};

use super::{ALIAS_KIND, EVENT_SOURCE_KIND, LAYER_KIND, URL_KIND, VERSION_KIND, part};
use crate::account::item::{Object, masked, word, words};
use crate::account::reader::Unread;
use crate::input::snapshot::format::Item;

/// `reserved` is the number of executions that are kept for the function, if any are.
pub(super) fn of_function(function: &FunctionConfiguration, reserved: Result<Option<i32>, Unread>) -> Item {
    let arn = function.function_arn().unwrap_or_default();
    let variables = function.environment().and_then(|environment| masked(environment.variables()));
    let layers: Vec<&str> = function.layers().iter().filter_map(Layer::arn).collect();
    let architectures = words(function.architectures());
    let tracing = function.tracing_config().and_then(|tracing| tracing.mode());
    let queue = function.dead_letter_config().and_then(|config| config.target_arn());
    Item::new("AWS::Lambda::Function", arn)
        .name(function.function_name())
        .means("Arn", Some(arn))
        .set("FunctionName", function.function_name())
        .set("Description", function.description().filter(|text| !text.is_empty()))
        .set("Role", function.role())
        .set("Runtime", word(function.runtime()))
        .set("Handler", function.handler())
        .set("PackageType", word(function.package_type()))
        .set("Architectures", architectures)
        .set("MemorySize", function.memory_size())
        .set("Timeout", function.timeout())
        .set("VpcConfig", function.vpc_config().and_then(of_vpc))
        .set("Environment", variables.map(|variables| Object::new().set("Variables", variables)))
        .set("KmsKeyArn", function.kms_key_arn())
        .set("Layers", words(&layers))
        .set("DeadLetterConfig", queue.map(|arn| Object::new().set("TargetArn", arn)))
        .set("TracingConfig", tracing.map(|mode| Object::new().set("Mode", mode.as_str())))
        .set("LoggingConfig", function.logging_config().map(of_logging))
        .set("ReservedConcurrentExecutions", reserved)
}

/// A function outside of any VPC has lists, but they are empty.
fn of_vpc(vpc: &VpcConfigResponse) -> Option<Object> {
    (!vpc.subnet_ids().is_empty()).then(|| {
        Object::new()
            .set("SubnetIds", vpc.subnet_ids())
            .set("SecurityGroupIds", vpc.security_group_ids())
            .set("Ipv6AllowedForDualStack", vpc.ipv6_allowed_for_dual_stack())
    })
}

fn of_logging(logging: &LoggingConfig) -> Object {
    Object::new()
        .set("LogFormat", word(logging.log_format()))
        .set("LogGroup", logging.log_group())
        .set("ApplicationLogLevel", word(logging.application_log_level()))
        .set("SystemLogLevel", word(logging.system_log_level()))
}

pub(super) fn of_alias(function: &str, alias: &AliasConfiguration) -> Item {
    let name = alias.name().unwrap_or_default();
    let arn = alias.alias_arn().map_or_else(|| format!("{function}:{name}"), str::to_owned);
    Item::new(ALIAS_KIND, &arn)
        .name(Some(name))
        .means("Ref", Some(&arn))
        .set("FunctionName", function)
        .set("Name", name)
        .set("FunctionVersion", alias.function_version())
}

pub(super) fn of_version(function: &str, version: &str) -> Item {
    let arn = format!("{function}:{version}");
    Item::new(VERSION_KIND, &arn).means("Ref", Some(&arn)).set("FunctionName", function)
}

/// The ARN that a URL is listed with names the alias that it belongs to, if it does to one.
pub(super) fn of_url(function: &str, url: &FunctionUrlConfig) -> Item {
    let qualifier = url.function_arn().strip_prefix(function).and_then(|rest| rest.strip_prefix(':'));
    let id = qualifier.map_or_else(|| "url".to_owned(), |qualifier| format!("url/{qualifier}"));
    part(function, &id, URL_KIND)
        .means("FunctionUrl", Some(url.function_url()))
        .set("TargetFunctionArn", function)
        .set("Qualifier", qualifier)
        .set("AuthType", url.auth_type().as_str())
        .set("InvokeMode", word(url.invoke_mode()))
        .set("Cors", url.cors().map(of_cors))
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

pub(super) fn of_event_source(source: &EventSourceMappingConfiguration) -> Item {
    let uuid = source.uuid().unwrap_or_default();
    let function = source.function_arn().unwrap_or_default();
    let id = source.event_source_mapping_arn().map_or_else(|| format!("{function}/source/{uuid}"), str::to_owned);
    let failure = source.destination_config().and_then(|it| it.on_failure()).and_then(|it| it.destination());
    let destinations = failure.map(|arn| Object::new().set("OnFailure", Object::new().set("Destination", arn)));
    Item::new(EVENT_SOURCE_KIND, id)
        .name(source.uuid())
        .means("Ref", source.uuid())
        .set("FunctionName", source.function_arn())
        .set("EventSourceArn", source.event_source_arn())
        .set("Enabled", source.state().map(|state| !state.starts_with("Disabl")))
        .set("BatchSize", source.batch_size())
        .set("StartingPosition", word(source.starting_position()))
        .set("BisectBatchOnFunctionError", source.bisect_batch_on_function_error())
        .set("MaximumRetryAttempts", source.maximum_retry_attempts())
        .set("MaximumRecordAgeInSeconds", source.maximum_record_age_in_seconds())
        .set("DestinationConfig", destinations)
}

pub(super) fn of_layer(name: &str, version: &LayerVersionsListItem) -> Item {
    let arn = version.layer_version_arn().unwrap_or_default();
    let runtimes = words(version.compatible_runtimes());
    Item::new(LAYER_KIND, arn)
        .name(Some(format!("{name}:{}", version.version())))
        .means("Ref", Some(arn))
        .set("LayerName", name)
        .set("CompatibleRuntimes", runtimes)
}
