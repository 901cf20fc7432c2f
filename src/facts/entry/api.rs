//! Entry paths of API Gateway: one a route.

use super::{Backend, EntryPath, open};
use crate::facts::api::authorization;
use crate::facts::{Fact, Step};
use crate::graph::apigateway::{Api, Destination, Integration, Protocol, Route};
use crate::graph::ec2::may_be_declared;
use crate::graph::lambda::FunctionRef;
use crate::graph::{Graph, Target, Typed};

pub(super) fn paths(graph: &Graph) -> Vec<EntryPath> {
    let apis = graph.apigateway.apis.iter();
    apis.flat_map(|api| {
        let known = graph.apigateway.routes_of(&api.key).map(|route| path(graph, api, route));
        known.chain(unread(api))
    })
    .collect()
}

/// What an API of a live account serves beside its known routes, where that could not be read.
fn unread(api: &Api) -> Option<EntryPath> {
    let (reason, span) = api.unread.iter().find(|(reason, _)| reason.is_failed_read())?;
    let address = api.address.as_ref()?;
    let evidence = vec![Step::new("routes that could not be read", *span)];
    Some(EntryPath {
        front: address.clone(),
        door: address.clone(),
        door_span: *span,
        via: via(api.protocol),
        request: "routes that could not be read".to_owned(),
        authentication: Fact::unknown(reason.clone(), evidence.clone()),
        exempt: false,
        internet_facing: internet_facing(api),
        backends: Vec::new(),
        backends_open: Some(reason.clone()),
        evidence,
    })
}

fn via(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Rest => "rest_api",
        Protocol::Http => "http_api",
        Protocol::WebSocket => "websocket_api",
    }
}

fn internet_facing(api: &Api) -> Fact<bool> {
    match &api.private {
        Typed::Known(private, span) => {
            let label = if *private { "only interface endpoints lead to the API" } else { "the API is public" };
            Fact::known(!private, vec![Step::new(label, *span)])
        }
        other => Fact::of(other.clone(), "the API's endpoint type"),
    }
}

fn path(graph: &Graph, api: &Api, route: &Route) -> EntryPath {
    let resolved = authorization::resolve(graph, route);
    let mut authentication = resolved.authorization;
    if authentication.value.as_deref() == Ok("lambda") {
        authentication.value = Ok("lambda_authorizer".to_owned());
    }
    let request = route.label();
    let mut evidence = vec![Step::new(format!("`{request}`"), route.span)];
    evidence.extend(authentication.evidence.iter().cloned());
    evidence.push(Step::new(format!("`{request}` is integrated with its backend"), route.integration.span));
    EntryPath {
        front: api.address.clone().unwrap_or_else(|| route.address.clone()),
        door: route.address.clone(),
        door_span: route.span,
        via: via(route.protocol),
        request,
        authentication,
        exempt: false,
        internet_facing: internet_facing(api),
        backends: backends(&route.integration),
        backends_open: match &route.integration.destination {
            Destination::Unknown(reason) => Some(reason.clone()).filter(may_be_declared),
            Destination::Function(function) => open(&function.function),
            Destination::None | Destination::Private(_) | Destination::Url(_) | Destination::Action { .. } => None,
        },
        evidence,
    }
}

fn backends(integration: &Integration) -> Vec<Backend> {
    match &integration.destination {
        Destination::None | Destination::Unknown(_) => Vec::new(),
        Destination::Function(function) => function_backend(function),
        Destination::Private(target) => vec![backend(target)],
        Destination::Url(url) => vec![Backend::Outside(url.clone())],
        Destination::Action { action, role } => {
            let role = role.known().and_then(Target::address).cloned();
            vec![Backend::Action { action: action.clone(), role }]
        }
    }
}

pub(super) fn function_backend(function: &FunctionRef) -> Vec<Backend> {
    function.function.known().map(backend).into_iter().collect()
}

fn backend(target: &Target) -> Backend {
    match target {
        Target::Resource(address) => Backend::Resource(address.clone()),
        Target::Outside(text) => Backend::Outside(text.clone()),
    }
}
