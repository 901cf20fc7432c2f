//! API routes and what each of them demands of its caller; JWT authorizers and whom they believe.

pub mod authorization;
pub mod jwt;
pub mod reach;

use super::{Describe, Fact, Step, Subject, SubjectKind, fact_struct};
use crate::graph::Graph;
use crate::graph::apigateway::{Api, Protocol, Route};
use crate::input::Resource;
use crate::source::Span;
use crate::value::Reason;
use reach::Reach;

pub(super) const SUBJECTS: &[SubjectKind] = &[
    SubjectKind { name: "api_routes", shape: ApiRoute::shape },
    SubjectKind { name: "jwt_authorizers", shape: jwt::JwtAuthorizer::shape },
];

fact_struct! {
    /// One method and path of a REST or HTTP API, or one route of a WebSocket API.
    pub struct ApiRoute {
        /// Logical id of the API; empty when the API was not scanned.
        api: String,
        /// `rest`, `http` or `websocket`.
        protocol: String,
        /// `POST /posts`, `$default`, `$connect`; unknown parts are shown as `?`.
        route: String,
        /// `write` (may change something), `read` (`GET` and `HEAD`) or `preflight` (`OPTIONS` answered by a mock).
        effect: Fact<String>,
        /// A browser's preflight method, `OPTIONS`, that reaches a backend.
        options: Fact<bool>,
        /// A WebSocket route other than `$connect`: it carries no authorization of its own.
        rides_on_connect: Fact<bool>,
        /// What authenticates the caller: `none`, `iam`, `jwt`, `cognito`, `lambda` or `mutual_tls`.
        authorization: Fact<String>,
        /// Why nothing authenticates the caller; empty when something does or when it is not known.
        gap: String,
        /// `internet`; `restricted` when a resource policy narrows down the caller's network; `private` when only
        /// interface endpoints lead to it.
        exposure: Fact<String>,
        /// An API key identifies a usage plan and authenticates nobody.
        api_key_required: Fact<bool>,
        /// The API's tag `sra:public-routes` names this route.
        declared_public: bool,
        /// The default endpoint is disabled and every custom domain demands a client certificate.
        mutual_tls: Fact<bool>,
        /// Matches every request that no other route of the API matches.
        catch_all: bool,
        /// What the role behind the route may do with data: `write` (or change any other state), `read` or `none`. A
        /// backend that is a URL or a load balancer has no role of the route's.
        backend_access: Fact<String>,
    }
}

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let mut subjects = Vec::new();
    let mut reach = Reach::new(graph);
    for api in &graph.apigateway.apis {
        let routes: Vec<&Route> = graph.apigateway.routes_of(&api.key).collect();
        if api.protocol == Protocol::WebSocket && !routes.iter().any(|route| authorization::is_connect(route)) {
            let unclear = unclear_route(graph, api, !routes.is_empty());
            if unclear.is_some() || !routes.is_empty() {
                subjects.extend(missing_connect(graph, api, unclear));
            }
        }
        subjects.extend(routes.iter().filter_map(|route| subject(graph, api, route, &mut reach)));
        subjects.extend(unread(graph, api));
    }
    subjects.extend(jwt::derive(graph));
    subjects
}

fn subject(graph: &Graph, api: &Api, route: &Route, reach: &mut Reach<'_>) -> Option<Subject> {
    let resource = graph.resources.get(&route.address)?;
    let label = route.label();
    let mut resolved = authorization::resolve(graph, route);
    let mutual_tls = mutual_tls(api);
    // An API that is not declared has domains that nobody would look for here: its open routes count as such.
    let perhaps = mutual_tls.value.is_err() && api.address.is_some();
    if resolved.authorization.value.as_deref() == Ok("none") && (mutual_tls.is(true) || perhaps) {
        let value = mutual_tls.value.clone().map(|_| "mutual_tls".to_owned());
        resolved.authorization = Fact { value, evidence: mutual_tls.evidence.clone() };
        resolved.gap.clear();
    }
    let backend_access = reach.backend_access(&route.integration);
    if resolved.authorization.value.as_deref() == Ok("none") && backend_access.value.as_deref() != Ok("none") {
        resolved.authorization.evidence.extend(backend_access.evidence.iter().cloned());
    }
    let facts = ApiRoute {
        api: api_name(graph, api),
        protocol: api.protocol.key().to_owned(),
        effect: effect(route),
        options: options(route),
        rides_on_connect: match authorization::rides_on_connect(graph, route) {
            Some(rides) => Fact::known(rides, Vec::new()),
            None => Fact::of(route.method.clone().map(|_| false), "the route key"),
        },
        authorization: resolved.authorization,
        gap: explained(api, route, resolved.gap),
        exposure: exposure(api),
        api_key_required: Fact::of(route.api_key_required.clone(), "whether an API key is required"),
        declared_public: declared_public(api, &label),
        mutual_tls,
        catch_all: catches_all(route),
        backend_access,
        route: label,
    };
    let subject = Subject::of("api_routes", resource, &facts);
    Some(match &route.part {
        Some(part) => subject.part(part, route.span),
        None => subject,
    })
}

/// Adds what looks like protection and is none, and what makes an open route worse.
fn explained(api: &Api, route: &Route, gap: String) -> String {
    if gap.is_empty() {
        return gap;
    }
    let notes = [
        (route.api_key_required.known() == Some(&true), "an API key authenticates nobody"),
        (api.network_policy.known() == Some(&true), "the resource policy only looks at the caller's network"),
        (catches_all(route), "it takes every request that no other route matches"),
    ];
    let notes = notes.into_iter().filter(|(holds, _)| *holds).map(|(_, note)| note.to_owned());
    std::iter::once(gap).chain(notes).collect::<Vec<_>>().join("; ")
}

/// A route that may be the `$connect` route of an API, because its key or its API is not known; or, for an API without
/// routes, a route that may show that it is in use.
fn unclear_route<'a>(graph: &'a Graph, api: &Api, has_routes: bool) -> Option<&'a Route> {
    graph.apigateway.routes.iter().find(|route| {
        let own = route.api == api.key;
        let stray = !own && !route.api.is_certain();
        let open = route.method.known().is_none();
        (own && open) || (stray && (open || !has_routes || authorization::is_connect(route)))
    })
}

/// Clients connect to a WebSocket API that has no `$connect` route without any check.
fn missing_connect(graph: &Graph, api: &Api, unclear: Option<&Route>) -> Option<Subject> {
    let resource = graph.resources.get(api.address.as_ref()?)?;
    let gap = format!("`{}` has no `$connect` route, so anyone connects", resource.name);
    let step = Step::new(gap.clone(), resource.name_span);
    let authorization = match unclear {
        None => Fact::known("none".to_owned(), vec![step.clone()]),
        Some(route) => {
            let reason = match &route.method {
                crate::graph::Typed::Unknown(reason, _) => reason.clone(),
                _ => crate::input::not_understood("the API of a route is not known"),
            };
            unknown(&reason, route.span, "a route that may be `$connect`")
        }
    };
    let facts = ApiRoute {
        effect: Fact::known("write".to_owned(), vec![step]),
        options: Fact::known(false, Vec::new()),
        rides_on_connect: Fact::known(false, Vec::new()),
        authorization,
        gap,
        api_key_required: Fact::known(false, Vec::new()),
        ..placeholder(graph, api, "$connect")
    };
    Some(Subject::of("api_routes", resource, &facts).part("$connect", resource.name_span))
}

/// One subject for everything of an API's definition that could not be read: it may hold any route.
fn unread(graph: &Graph, api: &Api) -> Option<Subject> {
    let (reason, span) = api.unread.first()?;
    let resource = graph.resources.get(api.address.as_ref()?)?;
    let facts = ApiRoute {
        authorization: unknown(reason, *span, "routes that could not be read"),
        effect: unknown(reason, *span, "routes that could not be read"),
        ..placeholder(graph, api, "?")
    };
    Some(Subject::of("api_routes", resource, &facts).part("unread", *span))
}

fn placeholder(graph: &Graph, api: &Api, route: &str) -> ApiRoute {
    let reason = crate::input::not_understood("the routes are not known");
    let open = || Fact::unknown(reason.clone(), Vec::new());
    ApiRoute {
        api: api_name(graph, api),
        protocol: api.protocol.key().to_owned(),
        route: route.to_owned(),
        effect: open(),
        options: Fact::unknown(reason.clone(), Vec::new()),
        rides_on_connect: Fact::known(false, Vec::new()),
        authorization: open(),
        gap: String::new(),
        exposure: exposure(api),
        api_key_required: Fact::unknown(reason.clone(), Vec::new()),
        declared_public: false,
        mutual_tls: mutual_tls(api),
        catch_all: false,
        backend_access: open(),
    }
}

fn unknown(reason: &Reason, span: Span, label: &str) -> Fact<String> {
    Fact::unknown(reason.clone(), vec![Step::new(label, span)])
}

fn api_name(graph: &Graph, api: &Api) -> String {
    let resource: Option<&Resource> = api.address.as_ref().and_then(|address| graph.resources.get(address));
    resource.map_or_else(String::new, |resource| resource.name.to_string())
}

fn effect(route: &Route) -> Fact<String> {
    if route.protocol == Protocol::WebSocket {
        return Fact::known("write".to_owned(), Vec::new());
    }
    let step = |what: String| vec![Step::new(what, route.method.span())];
    match route.method.known().map(String::as_str) {
        Some(method @ ("GET" | "HEAD")) => Fact::known("read".to_owned(), step(format!("method `{method}` reads"))),
        Some("OPTIONS") => match &route.integration.mock {
            crate::graph::Typed::Known(true, span) => {
                Fact::known("preflight".to_owned(), vec![Step::new("a mock answers preflight requests", *span)])
            }
            crate::graph::Typed::Unknown(reason, span) => unknown(reason, *span, "what answers `OPTIONS`"),
            _ => Fact::known("write".to_owned(), step("`OPTIONS` reaches a backend".to_owned())),
        },
        Some(method) => Fact::known("write".to_owned(), step(format!("method `{method}` may write"))),
        None => Fact::of(route.method.clone(), "the route's method"),
    }
}

fn options(route: &Route) -> Fact<bool> {
    match &route.method {
        crate::graph::Typed::Known(method, _) => Fact::known(method == "OPTIONS", Vec::new()),
        _ => Fact::unknown(crate::input::not_understood("the method is not known"), Vec::new()),
    }
}

fn catches_all(route: &Route) -> bool {
    let path = route.path.known().map(String::as_str);
    let any = route.method.known().is_some_and(|method| method == "ANY");
    any && path.is_some_and(|path| path == "$default" || path == "/{proxy+}")
}

fn exposure(api: &Api) -> Fact<String> {
    let private = Fact::of(api.private.clone(), "the API's endpoint type");
    let narrowed = Fact::of(api.network_policy.clone(), "the API's resource policy");
    match (private.value, narrowed.value) {
        (Ok(true), _) => Fact::known("private".to_owned(), private.evidence),
        (Err(reason), _) => Fact::unknown(reason, private.evidence),
        (Ok(false), Ok(true)) => Fact::known("restricted".to_owned(), narrowed.evidence),
        (Ok(false), Ok(false)) => Fact::known("internet".to_owned(), Vec::new()),
        (Ok(false), Err(reason)) => Fact::unknown(reason, narrowed.evidence),
    }
}

fn mutual_tls(api: &Api) -> Fact<bool> {
    let closed = match api.default_endpoint_disabled.known() {
        Some(true) => "the default endpoint is disabled",
        Some(false) => "the default endpoint is open",
        None => "whether the default endpoint is open",
    };
    let closed = Fact::of(api.default_endpoint_disabled.clone(), closed);
    let certificate = match api.domains_demand_certificate.known() {
        Some(true) => "custom domains demand a certificate of this truststore from clients",
        Some(false) => "not every custom domain demands a certificate from clients",
        None => "whether custom domains demand a certificate from clients",
    };
    let certificate = Fact::of(api.domains_demand_certificate.clone(), certificate);
    match (closed.value, certificate.value) {
        (Ok(false), _) | (_, Ok(false)) => Fact::known(false, Vec::new()),
        (Ok(true), Ok(true)) => Fact::known(true, [closed.evidence, certificate.evidence].concat()),
        (Err(reason), _) => Fact::unknown(reason, closed.evidence),
        (_, Err(reason)) => Fact::unknown(reason, certificate.evidence),
    }
}

/// The tag lists routes, separated by commas or white space around them: `GET /health, GET /`.
fn declared_public(api: &Api, route: &str) -> bool {
    let Some(tag) = &api.public_routes_tag else { return false };
    tag.split(',').any(|declared| declared.split_whitespace().collect::<Vec<_>>().join(" ") == route)
}
