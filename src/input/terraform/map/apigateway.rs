//! API Gateway's REST APIs. A method, its integration and their responses are one resource in CloudFormation.

mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Shape::{Json, Link, Plain};
use super::{Found, Mapper, Property, Service, United, append, find, property};
use crate::input::Resource;
use crate::input::terraform::instance::Instance;
use crate::input::terraform::value as tf;
use crate::value::{Address, Kind, Map, Part, Reason, Value};

pub(super) const SERVICE: Service = Service { rows: rows::ROWS, unite: Some(unite) };

const METHOD: &str = "AWS::ApiGateway::Method";

const INTEGRATION: &[Property] = &[
    property("Type", "type", Plain),
    property("CacheKeyParameters", "cache_key_parameters", Plain),
    property("CacheNamespace", "cache_namespace", Plain),
    property("ConnectionId", "connection_id", Link),
    property("ConnectionType", "connection_type", Plain),
    property("ContentHandling", "content_handling", Plain),
    property("Credentials", "credentials", Link),
    property("IntegrationHttpMethod", "integration_http_method", Plain),
    property("IntegrationTarget", "integration_target", Link),
    property("PassthroughBehavior", "passthrough_behavior", Plain),
    property("RequestParameters", "request_parameters", Plain),
    property("RequestTemplates", "request_templates", Plain),
    property("TimeoutInMillis", "timeout_milliseconds", Plain),
    property("Uri", "uri", Link),
];

const INTEGRATION_RESPONSE: &[Property] = &[
    property("StatusCode", "status_code", Plain),
    property("ContentHandling", "content_handling", Plain),
    property("ResponseParameters", "response_parameters", Plain),
    property("ResponseTemplates", "response_templates", Plain),
    property("SelectionPattern", "selection_pattern", Plain),
];

const METHOD_RESPONSE: &[Property] = &[
    property("StatusCode", "status_code", Plain),
    property("ResponseModels", "response_models", Plain),
    property("ResponseParameters", "response_parameters", Plain),
];

const METHOD_SETTING: &[Property] = &[
    property("CacheDataEncrypted", "settings.cache_data_encrypted", Plain),
    property("CacheTtlInSeconds", "settings.cache_ttl_in_seconds", Plain),
    property("CachingEnabled", "settings.caching_enabled", Plain),
    property("DataTraceEnabled", "settings.data_trace_enabled", Plain),
    property("LoggingLevel", "settings.logging_level", Plain),
    property("MetricsEnabled", "settings.metrics_enabled", Plain),
    property("ThrottlingBurstLimit", "settings.throttling_burst_limit", Plain),
    property("ThrottlingRateLimit", "settings.throttling_rate_limit", Plain),
];

/// Depth of a path; far beyond what API Gateway accepts.
const MAX_SEGMENTS: usize = 100;

/// The full path of a resource. `None` when a segment or a parent is not known.
fn path(mapper: &Mapper<'_>, attribute: &tf::Attribute) -> Option<Vec<Part>> {
    let mut segments = Vec::new();
    let mut at = mapper.instance(&attribute.instance)?;
    for _ in 0..MAX_SEGMENTS {
        let Found::Value(segment) = find(&at.arguments, "path_part") else { return None };
        let tf::Kind::Text(segment) = &segment.value.kind else { return None };
        segments.push(Arc::clone(&segment.text));
        let Found::Value(parent) = find(&at.arguments, "parent_id") else { return None };
        let tf::Kind::Attribute(parent) = &parent.value.kind else { return None };
        match (&*parent.kind, &*parent.path) {
            ("aws_api_gateway_resource", "id") => at = mapper.instance(&parent.instance)?,
            ("aws_api_gateway_rest_api", "root_resource_id") => {
                let path: String = segments.iter().rev().map(|segment| format!("/{segment}")).collect();
                return Some(vec![Part::Literal(path.into())]);
            }
            _ => return None,
        }
    }
    None
}

fn unite(united: &mut United<'_>) {
    let methods = Methods::new(united);
    integrations(united, &methods);
    for instance in united.instances_of("aws_api_gateway_integration_response") {
        let response = united.mapper.properties(&instance.arguments, INTEGRATION_RESPONSE);
        if let Which::One(address) = methods.of(united, instance)
            && let Some(method) = united.at(&address)
        {
            append(method, "Integration.IntegrationResponses", response.span, response);
        }
    }
    for instance in united.instances_of("aws_api_gateway_method_response") {
        let response = united.mapper.properties(&instance.arguments, METHOD_RESPONSE);
        if let Which::One(address) = methods.of(united, instance)
            && let Some(method) = united.at(&address)
        {
            append(method, "MethodResponses", response.span, response);
        }
    }
    method_settings(united);
    policies(united);
}

/// Puts integrations into their methods. One whose method is not known may be that of any which has none.
fn integrations(united: &mut United<'_>, methods: &Methods) {
    let mut astray = Vec::new();
    for instance in united.instances_of("aws_api_gateway_integration") {
        match methods.of(united, instance) {
            Which::One(address) => {
                let integration = united.mapper.properties(&instance.arguments, INTEGRATION);
                if let Some(method) = united.at(&address) {
                    set(method, "Integration", integration);
                }
            }
            Which::None => {}
            Which::Unknown(reason) => astray.push((instance, reason)),
        }
    }
    for (instance, reason) in astray {
        let unknown = Value::unknown(instance.name_span, reason);
        let bare = |resource: &&mut Resource| &*resource.kind == METHOD && resource.prop("Integration").is_absent();
        united.resources.iter_mut().filter(bare).for_each(|method| set(method, "Integration", unknown.clone()));
    }
}

fn set(resource: &mut Resource, path: &str, value: Value) {
    if let Kind::Map(map) = &mut resource.properties.kind {
        super::put(map, path, super::member("", value.span, value));
    }
}

/// Methods by what identifies them: API, resource and verb.
struct Methods {
    by_key: BTreeMap<String, Address>,
}

enum Which {
    One(Address),
    None,
    Unknown(Reason),
}

impl Methods {
    fn new(united: &United<'_>) -> Self {
        let methods = united.instances_of("aws_api_gateway_method");
        let by_key = methods
            .filter_map(|method| Some((key(united, method).ok()?, united.mapper.address(&method.address))))
            .collect();
        Self { by_key }
    }

    /// The method of an integration or a response.
    fn of(&self, united: &United<'_>, instance: &Instance) -> Which {
        for argument in ["http_method", "resource_id"] {
            if let Found::Value(member) = find(&instance.arguments, argument)
                && let Some(attribute) = read_from(&member.value)
                && &*attribute.kind == "aws_api_gateway_method"
            {
                return Which::One(united.mapper.address(&attribute.instance));
            }
        }
        match key(united, instance) {
            Ok(key) => self.by_key.get(&key).cloned().map_or(Which::None, Which::One),
            Err(reason) => Which::Unknown(reason),
        }
    }
}

/// The attribute that a value is or was read from.
fn read_from(value: &tf::Value) -> Option<&tf::Attribute> {
    match (&value.origin, &value.kind) {
        (Some(origin), _) => Some(origin),
        (None, tf::Kind::Attribute(attribute)) => Some(attribute),
        _ => None,
    }
}

fn key(united: &United<'_>, instance: &Instance) -> Result<String, Reason> {
    let part = |argument: &str, read: &dyn Fn(&tf::Value) -> Value| match find(&instance.arguments, argument) {
        Found::Absent => Ok(String::new()),
        Found::Unknown(unknown, _) => Err(unknown.reason.clone()),
        Found::Value(member) => {
            let value = read(&member.value);
            match (value.template(), value.reason()) {
                // A variable has one value, wherever it stands.
                (_, Some(reason)) if !matches!(reason, Reason::Variable(_)) => Err(reason.clone()),
                (Some(text), _) => Ok(format!("{text} {:?}", value.reason())),
                (None, reason) => Ok(format!("{reason:?}")),
            }
        }
    };
    let link = |value: &tf::Value| united.mapper.link(value);
    let plain = |value: &tf::Value| united.mapper.plain(value);
    Ok(format!("{}|{}|{}", part("rest_api_id", &link)?, part("resource_id", &link)?, part("http_method", &plain)?))
}

/// `aws_api_gateway_method_settings` are settings of their stage.
fn method_settings(united: &mut United<'_>) {
    for instance in united.instances_of("aws_api_gateway_method_settings") {
        let mut setting = united.mapper.properties(&instance.arguments, METHOD_SETTING);
        if let (Kind::Map(map), Found::Value(path)) = (&mut setting.kind, find(&instance.arguments, "method_path")) {
            place(map, &united.mapper.plain(&path.value));
        }
        let stage = stage(united, instance);
        if let Some(stage) = stage.and_then(|address| united.at(&address)) {
            append(stage, "MethodSettings", setting.span, setting);
        }
    }
}

/// `*/*` and `path~1to/GET` as path and verb. Source: API Gateway API reference, `UpdateStage`.
fn place(map: &mut Map, path: &Value) {
    let (resource, method) = match path.as_str().and_then(|path| path.rsplit_once('/')) {
        Some((resource, method)) => {
            let resource = format!("/{}", resource.trim_start_matches('/').replace("~1", "/"));
            (Value::text_at(path.span, resource), Value::text_at(path.span, method))
        }
        None => (path.clone(), path.clone()),
    };
    super::put(map, "ResourcePath", super::member("", path.span, resource));
    super::put(map, "HttpMethod", super::member("", path.span, method));
}

/// The stage that `stage_name` was read from, else the one of this API and name.
fn stage(united: &United<'_>, instance: &Instance) -> Option<Address> {
    let Found::Value(name) = find(&instance.arguments, "stage_name") else { return None };
    if let Some(attribute) = read_from(&name.value).filter(|it| &*it.kind == "aws_api_gateway_stage") {
        return Some(united.mapper.address(&attribute.instance));
    }
    let Found::Value(api) = find(&instance.arguments, "rest_api_id") else { return None };
    let (api, name) = (united.mapper.link(&api.value), united.mapper.plain(&name.value));
    let same = |resource: &&Resource| {
        let is = |property: &str, wanted: &Value| {
            resource.prop(property).known().is_some_and(|known| known.kind == wanted.kind)
        };
        &*resource.kind == "AWS::ApiGateway::Stage" && is("RestApiId", &api) && is("StageName", &name)
    };
    united.resources.iter().find(same).map(|stage| stage.address.clone())
}

/// `aws_api_gateway_rest_api_policy` is the `Policy` of its API.
fn policies(united: &mut United<'_>) {
    for instance in united.instances_of("aws_api_gateway_rest_api_policy") {
        let owner = united.owner(instance, "rest_api_id", "AWS::ApiGateway::RestApi", &[]);
        let table: &[Property] = &[property("Policy", "policy", Json)];
        let policy = united.mapper.properties(&instance.arguments, table);
        let value = policy.as_map().and_then(|map| map.get("Policy")).unwrap_or(&policy);
        united.replace(&owner, "AWS::ApiGateway::RestApi", "Policy", value);
    }
}
