//! How far a permission's `SourceArn` and `SourceAccount` narrow down who can make a service call the function.
//!
//! Lambda compares `SourceArn` like `StringLike` does, so a `*` inside it counts. Source: Lambda API reference,
//! `AddPermission`.

use crate::facts::{Fact, Step};
use crate::graph::apigateway::{API, Api, Destination, Protocol, REST_API, Route};
use crate::graph::lambda::{Permission, split_name};
use crate::graph::{Graph, Link, Target, Typed};
use crate::input::not_understood;
use crate::value::{Kind, Part, Reason, Reference, Value};

const BUCKET: &str = "AWS::S3::Bucket";

pub(super) fn of(graph: &Graph, permission: &Permission) -> Fact<String> {
    let account = account(&permission.source_account);
    let span = permission.source_arn.span();
    let step = |label: String| vec![Step::new(label, span)];
    let pinned = || {
        Fact::known(
            "pinned".to_owned(),
            vec![Step::new("the source account is pinned", permission.source_account.span())],
        )
    };
    let arn = match &permission.source_arn {
        Typed::Known(arn, _) => arn,
        Typed::Absent(_) if account == Some(true) || !matches!(permission.event_source_token, Typed::Absent(_)) => {
            return pinned();
        }
        Typed::Absent(span) => {
            return match &permission.source_account {
                Typed::Unknown(reason, _) => Fact::unknown(reason.clone(), step("the source account".to_owned())),
                _ => Fact::known("none".to_owned(), vec![Step::new("neither source ARN nor source account", *span)]),
            };
        }
        Typed::Unknown(..) if account == Some(true) => return pinned(),
        Typed::Unknown(reason, _) => return Fact::unknown(reason.clone(), step("the source ARN".to_owned())),
    };
    let label = format!("`SourceArn` is `{}`", arn.shown().unwrap_or_else(|| "?".to_owned()));
    match narrowness(graph, permission, arn) {
        Ok(Narrowness::Exact) => Fact::known("pinned".to_owned(), step(label)),
        Ok(Narrowness::Route(broad)) => Fact::known("broad_route".to_owned(), [step(label), broad].concat()),
        Ok(_) | Err(_) if account == Some(true) => pinned(),
        Ok(Narrowness::Bucket) => match &permission.source_account {
            Typed::Unknown(reason, _) => Fact::unknown(reason.clone(), step("the source account".to_owned())),
            _ => Fact::known("no_account".to_owned(), step(label)),
        },
        Ok(Narrowness::Wildcard) => Fact::known("wildcard".to_owned(), step(label)),
        Err(reason) => Fact::unknown(reason, step(label)),
    }
}

/// Whether an account is demanded. A parameter of any value pins one: the property takes nothing but an account id.
fn account(account: &Typed<Value>) -> Option<bool> {
    match account {
        Typed::Known(value, _) => Some(value.template().is_some_and(|text| !text.contains('*'))),
        Typed::Unknown(Reason::Parameter(_) | Reason::Import(_), _) => Some(true),
        Typed::Absent(_) => Some(false),
        Typed::Unknown(..) => None,
    }
}

enum Narrowness {
    Exact,
    /// An S3 ARN, which has no account.
    Bucket,
    Wildcard,
    /// More of an API than leads to the function, with the routes that do.
    Route(Vec<Step>),
}

fn narrowness(graph: &Graph, permission: &Permission, arn: &Value) -> Result<Narrowness, Reason> {
    let leading = match &arn.kind {
        Kind::Ref(reference) => Some(reference),
        Kind::Text(parts) => match parts.iter().find(|part| !matches!(part, Part::Literal(text) if text.is_empty())) {
            Some(Part::Ref(reference)) => Some(reference),
            _ => None,
        },
        _ => None,
    };
    if let Some(reference) = leading {
        return match reference {
            Reference::Resource { address, .. } => {
                let bucket = graph.resources.get(address).is_some_and(|resource| &*resource.kind == BUCKET);
                Ok(if bucket { Narrowness::Bucket } else { Narrowness::Exact })
            }
            Reference::Pseudo(name) => Err(Reason::Attribute(std::sync::Arc::clone(name))),
        };
    }
    let Some(text) = arn.template() else {
        return Err(arn.reason().cloned().unwrap_or_else(|| not_understood("an ARN was expected here")));
    };
    if text.trim() == "*" {
        return Ok(Narrowness::Wildcard);
    }
    let plain = arn.masked().unwrap_or_default();
    let fields: Vec<&str> = plain.splitn(6, ':').collect();
    let [scheme, _, service, region, account, resource] = fields.as_slice() else {
        return if text.contains('*') {
            Ok(Narrowness::Wildcard)
        } else {
            Err(arn.reason().cloned().unwrap_or_else(|| not_understood("an ARN was expected here")))
        };
    };
    let open = |part: &str| part.contains('*') || (part.contains('?') && arn.reason().is_none());
    if open(scheme) || open(service) || open(account) || (open(region) && !region.is_empty()) {
        return Ok(Narrowness::Wildcard);
    }
    if account.is_empty() {
        return Ok(if *service == "s3" { Narrowness::Bucket } else { Narrowness::Wildcard });
    }
    if let (true, Some(reason)) = ([*service, *region, *account].iter().any(|it| it.contains('?')), arn.reason()) {
        return Err(reason.clone());
    }
    if *service == "execute-api" { route(graph, permission, arn, resource) } else { Ok(Narrowness::Exact) }
}

/// `{api}/{stage}/{METHOD}/{path}`, `{api}/{stage}/{route key}` for WebSocket APIs and `$default`, and
/// `{api}/authorizers/{id}`. A wildcard stage is accepted: stages share their integrations.
fn route(graph: &Graph, permission: &Permission, arn: &Value, resource: &str) -> Result<Narrowness, Reason> {
    let (api_id, rest) = match (resource.split_once('/'), arn.reason()) {
        (Some(parts), _) => parts,
        (None, None) => (resource, "*"),
        (None, Some(reason)) => return Err(reason.clone()),
    };
    if api_id.contains('*') {
        return Ok(Narrowness::Route(Vec::new()));
    }
    let (stage, request) = rest.split_once('/').unwrap_or((rest, if rest == "*" { "*" } else { "" }));
    if stage == "authorizers" || !request.contains('*') {
        return match arn.reason() {
            Some(reason) if request.contains('?') => Err(reason.clone()),
            _ => Ok(Narrowness::Exact),
        };
    }
    let Some(api) = api_of(graph, arn) else { return Ok(Narrowness::Route(Vec::new())) };
    let wanted = request.trim_end_matches('/');
    let (mut leading, mut unclear) = (Vec::new(), api.unread.first().map(|(reason, _)| reason.clone()));
    for route in graph.apigateway.routes_of(&api.key) {
        match leads_to(route, permission) {
            Ok(false) => {}
            Ok(true) => match narrowest(route) {
                Ok(forms) if forms.iter().any(|form| form == wanted) => return Ok(Narrowness::Exact),
                Ok(_) => leading.push(Step::new(format!("only `{}` leads to the function", route.label()), route.span)),
                Err(reason) => unclear = unclear.or(Some(reason)),
            },
            Err(reason) => unclear = unclear.or(Some(reason)),
        }
    }
    match unclear {
        Some(reason) => Err(reason),
        None => Ok(Narrowness::Route(leading)),
    }
}

fn api_of<'a>(graph: &'a Graph, arn: &Value) -> Option<&'a Api> {
    match graph.resources.link(arn, &[REST_API, API]) {
        Link::To(resource) => graph.apigateway.apis.iter().find(|api| api.address.as_ref() == Some(&resource.address)),
        Link::Outside(_) | Link::Unknown(_) => None,
    }
}

fn leads_to(route: &Route, permission: &Permission) -> Result<bool, Reason> {
    let function = match &route.integration.destination {
        Destination::Function(function) => &function.function,
        Destination::Unknown(reason) => return Err(reason.clone()),
        Destination::None | Destination::Action { .. } | Destination::Private(_) | Destination::Url(_) => {
            return Ok(false);
        }
    };
    match (function, &permission.function.function) {
        (Typed::Known(Target::Outside(own), _), Typed::Known(Target::Outside(other), _)) => {
            Ok(split_name(own).0 == split_name(other).0)
        }
        (Typed::Known(own, _), Typed::Known(other, _)) => Ok(own == other),
        (Typed::Unknown(reason, _), _) | (_, Typed::Unknown(reason, _)) => Err(reason.clone()),
        (Typed::Absent(_), _) | (_, Typed::Absent(_)) => Ok(false),
    }
}

/// What follows the stage in the narrowest ARNs of a route: `POST/posts/*` for `POST /posts/{id}`.
fn narrowest(route: &Route) -> Result<Vec<String>, Reason> {
    let known = |part: &Typed<String>| match part {
        Typed::Known(text, _) => Ok(text.clone()),
        Typed::Unknown(reason, _) => Err(reason.clone()),
        Typed::Absent(_) => Err(not_understood("the route has no key")),
    };
    let method = known(&route.method)?;
    if route.protocol == Protocol::WebSocket {
        return Ok(vec![method]);
    }
    let path = known(&route.path)?;
    if path == "$default" {
        // The Serverless transform writes `*` for it; the route takes every method and path anyway.
        return Ok(vec!["$default".to_owned(), "*/$default".to_owned(), "*".to_owned()]);
    }
    let method = if method == "ANY" { "*" } else { &method };
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { "*" } else { segment });
    let path = segments.collect::<Vec<_>>().join("/");
    Ok(vec![format!("{method}{}", path.trim_end_matches('/'))])
}
