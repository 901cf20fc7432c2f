//! Data sources: what can be known of them without asking AWS.

use std::sync::Arc;

use super::expression::Scope;
use super::host::ModuleHost;
use super::resource::ResourceInstance;
use super::run::{Fault, Run};
use crate::input::terraform::value::{Attribute, Kind, Member, Object, Part, Text, Value};
use crate::input::terraform::{functions, policy_document};
use crate::source::Span;
use crate::value::Reason;

/// An attribute of a data source.
pub(super) fn data_attribute<'a>(
    run: &Run<'a>,
    of: &ResourceInstance<'a>,
    name: &str,
    span: Span,
) -> Result<Value, Fault> {
    let inputs = &run.configuration.inputs;
    let given = |text: &Arc<str>| Value::text(span, Arc::clone(text));
    let read = inputs.data.get(&of.address).and_then(|read| read.get(name)).map(|value| value.clone().at(span));
    let known = match (&*of.declared.kind, name) {
        ("aws_iam_policy_document", "json" | "minified_json") => {
            Some(policy_document::document(&arguments(run, of)?).at(span))
        }
        ("aws_iam_policy", "arn" | "policy") => policy_arn(run, of, span)?,
        ("aws_service_principal", "name" | "id") => service_principal(run, of, span)?,
        ("template_file", "rendered") => rendered(run, of, span)?,
        ("local_file", "content") => content(run, of, span)?,
        ("aws_partition", "partition" | "id") => inputs.partition.as_ref().map(given),
        ("aws_partition", "dns_suffix") => inputs.partition.as_deref().and_then(|partition| {
            let suffix = match partition {
                "aws" | "aws-us-gov" => "amazonaws.com",
                "aws-cn" => "amazonaws.com.cn",
                _ => return None,
            };
            Some(Value::text(span, suffix))
        }),
        ("aws_caller_identity", "account_id" | "id") => inputs.account.as_ref().map(given),
        ("aws_region", "name" | "id" | "region") => {
            let configured = run.provider_of(of.module.as_ref(), of.declared).region.clone();
            let configured = configured.filter(|region| matches!(region.kind, Kind::Text(_)));
            configured.map(|region| region.at(span)).or_else(|| inputs.region.as_ref().map(given))
        }
        _ => None,
    };
    // A policy says more when it is made here.
    let known = if &*of.declared.kind == "aws_iam_policy_document" { known.or(read) } else { read.or(known) };
    if let Some(known) = known {
        return Ok(known);
    }
    if let Some(resource) = looked_up(run, of, span)? {
        return run.of_instance(&Arc::new(resource), name, span);
    }
    let pseudo = match (&*of.declared.kind, name) {
        ("aws_partition", "partition" | "id" | "dns_suffix") => Some(if name == "id" { "partition" } else { name }),
        ("aws_caller_identity", "account_id" | "id") => Some("account_id"),
        ("aws_region", "name" | "id" | "region") => Some("region"),
        _ => None,
    };
    if let Some(path) = pseudo {
        // The same for every module, unless another provider is named.
        let named = of.declared.block.body.attribute("provider").is_some();
        let instance = if named { of.address.to_string() } else { format!("data.{}", of.declared.kind) };
        let kind = Arc::from(format!("data.{}", of.declared.kind));
        let attribute = Attribute { instance: Arc::from(instance), kind, path: Arc::from(path) };
        return Ok(Value::new(span, Kind::Attribute(Arc::new(attribute))));
    }
    // What is asked for by its id has that id.
    if let Some(value) = run.argument(of, name, span)?.filter(|value| !value.is_null()) {
        return Ok(value.at(span));
    }
    let address = &of.address;
    if &*of.declared.kind == "aws_availability_zones" && matches!(name, "names" | "zone_ids") {
        // Every region has some.
        run.asked.at_least(&Arc::from(format!("length({address}.{name})")), 1);
    }
    // What is looked up by something that is made here may be made here, too.
    let reason = if arguments(run, of).is_ok_and(|arguments| is_made_here(&arguments)) {
        Reason::Attribute(Arc::from(format!("{address}.{name}")))
    } else {
        Reason::LookedUp(Arc::clone(address))
    };
    Ok(run.unknown(span, reason, Some(Arc::from(format!("{address}.{name}")))))
}

/// Data sources that find one thing by this argument. Source: their pages in the documentation of the Terraform AWS
/// provider.
const FOUND_BY: [(&str, &str); 12] = [
    ("aws_cognito_user_pool", "user_pool_id"),
    ("aws_dynamodb_table", "name"),
    ("aws_iam_role", "name"),
    ("aws_lambda_function", "function_name"),
    ("aws_lb", "arn"),
    ("aws_lb_listener", "arn"),
    ("aws_lb_target_group", "arn"),
    ("aws_route_table", "route_table_id"),
    ("aws_s3_bucket", "bucket"),
    ("aws_security_group", "id"),
    ("aws_subnet", "id"),
    ("aws_vpc", "id"),
];

/// The resource of the same type that a data source looks up: `data.aws_subnet` by the id of an `aws_subnet`.
fn looked_up<'a>(run: &Run<'a>, of: &ResourceInstance<'a>, span: Span) -> Result<Option<Attribute>, Fault> {
    let Some((_, argument)) = FOUND_BY.iter().find(|(kind, _)| *kind == &*of.declared.kind) else { return Ok(None) };
    let Some(value) = run.argument(of, argument, span)? else { return Ok(None) };
    let attribute = match (&value.origin, &value.kind) {
        (None, Kind::Attribute(attribute)) => Some(attribute),
        (origin, _) => origin.as_ref(),
    };
    let same = attribute.filter(|attribute| attribute.kind == of.declared.kind);
    Ok(same.map(|attribute| Attribute { path: Arc::from(""), ..(**attribute).clone() }))
}

/// The ARN of a policy, which also stands for what it says. That of one that is found by its name lacks its owner: the
/// account or AWS.
fn policy_arn<'a>(run: &Run<'a>, of: &ResourceInstance<'a>, span: Span) -> Result<Option<Value>, Fault> {
    if let Some(arn) = run.argument(of, "arn", span)?.filter(|arn| !arn.is_null()) {
        return Ok(Some(arn.at(span)));
    }
    let Some(Kind::Text(name)) = run.argument(of, "name", span)?.map(|name| name.kind) else { return Ok(None) };
    let partition = run.configuration.inputs.partition.as_deref().unwrap_or("aws");
    let reason = Reason::LookedUp(Arc::clone(&of.address));
    let owner = run.unknown(span, reason, Some(Arc::from(format!("{}.owner", of.address))));
    let literal = |text: String| Part::Literal(Text { text: text.into(), pieces: None }, span);
    let parts =
        [literal(format!("arn:{partition}:iam::")), Part::Value(owner), literal(format!(":policy/{}", name.text))];
    Ok(Some(Value::new(span, Kind::Partial(Arc::from(parts)))))
}

/// Source: the data source's page in the documentation of the Terraform AWS provider.
fn service_principal<'a>(run: &Run<'a>, of: &ResourceInstance<'a>, span: Span) -> Result<Option<Value>, Fault> {
    let Some(Kind::Text(service)) = run.argument(of, "service_name", span)?.map(|name| name.kind) else {
        return Ok(None);
    };
    // In other partitions it depends on the service.
    let usual = run.configuration.inputs.partition.as_deref() == Some("aws");
    Ok(usual.then(|| Value::text(span, format!("{}.amazonaws.com", service.text))))
}

/// Whether a value is, or contains, something of a managed resource.
fn is_made_here(value: &Value) -> bool {
    let managed = |attribute: &Arc<Attribute>| !attribute.kind.starts_with("data.");
    value.origin.as_ref().is_some_and(managed)
        || match &value.kind {
            Kind::Attribute(attribute) => managed(attribute),
            Kind::Partial(parts) => parts.iter().any(|part| matches!(part, Part::Value(value) if is_made_here(value))),
            Kind::Json(inner) => is_made_here(inner),
            Kind::List(items) | Kind::Set(items) => items.iter().any(is_made_here),
            Kind::Object(object) => object.members().iter().any(|member| is_made_here(&member.value)),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Rest(_) | Kind::Unknown(_) => false,
        }
}

/// What a template of the old `template` provider makes of its variables.
fn rendered<'a>(run: &Run<'a>, of: &ResourceInstance<'a>, span: Span) -> Result<Option<Value>, Fault> {
    let Some(template) = run.argument(of, "template", span)?.filter(|template| !template.is_null()) else {
        return Ok(None);
    };
    let none = || Value::object(span, Object::default());
    let variables = run.argument(of, "vars", span)?.filter(|variables| !variables.is_null()).unwrap_or_else(none);
    let made = functions::call("templatestring", vec![template, variables], span, &host(run, of, "templatestring"));
    made.map(Some).map_err(|problem| Fault::new(span, problem.message))
}

fn content<'a>(run: &Run<'a>, of: &ResourceInstance<'a>, span: Span) -> Result<Option<Value>, Fault> {
    let Some(name) = run.argument(of, "filename", span)?.filter(|name| !name.is_null()) else { return Ok(None) };
    let made = functions::call("file", vec![name], span, &host(run, of, "file"));
    made.map(Some).map_err(|problem| Fault::new(span, problem.message))
}

fn host<'r, 'a>(run: &'r Run<'a>, of: &'r ResourceInstance<'a>, function: &'r str) -> ModuleHost<'r, 'r, 'a> {
    ModuleHost { run, scope: Scope::repeated(&of.module, &of.repetition), function }
}

fn arguments<'a>(run: &Run<'a>, of: &ResourceInstance<'a>) -> Result<Value, Fault> {
    let body = &of.declared.block.body;
    let mut members = Vec::new();
    for (name, key_span) in super::blocks::names(body) {
        if let Some(value) = run.argument(of, name, key_span)?.filter(|value| !value.is_null()) {
            members.push(Member { key: Arc::from(name), key_span, value: run.without_rest(value) });
        }
    }
    Ok(Value::object(of.declared.block.span, Object::new(members)))
}
