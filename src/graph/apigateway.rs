//! API Gateway: REST, HTTP and WebSocket APIs as one model of routes, their authorization and their integrations.
//!
//! A route may be written as a resource (`AWS::ApiGateway::Method`, `AWS::ApiGatewayV2::Route`), as an operation of an
//! OpenAPI document, or not at all (quick create). Analyses see no difference.

pub mod integration;
pub mod openapi;
pub mod policy;
pub mod rest;
pub mod v2;

use std::sync::Arc;

use super::lambda::{FunctionRef, Lambda};
use super::{Link, Resources, Target, Typed, list, text};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Prop, Reason, Value};
pub use integration::{Destination, Integration};

pub const REST_API: &str = "AWS::ApiGateway::RestApi";
pub const API: &str = "AWS::ApiGatewayV2::Api";

/// A live REST API is an API for each deployment that its stages serve. These properties of theirs, which no template has,
/// say of which API and of which stages one is.
const SERVED_API: &str = "RestApiId";
const SERVED_STAGES: &str = "Stages";

#[derive(Debug, Default)]
pub struct ApiGateway {
    /// In source order, REST before HTTP and WebSocket. APIs that routes name but that were not scanned come last.
    pub apis: Vec<Api>,
    pub routes: Vec<Route>,
    pub authorizers: Vec<Authorizer>,
}

/// Identifies an API also when it is not among the resources: two routes with the same `!Ref ApiId` parameter belong
/// to the same API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKey(Arc<str>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    Rest,
    Http,
    WebSocket,
}

#[derive(Clone, Debug)]
pub struct Api {
    pub key: ApiKey,
    /// `None` for an API that was not scanned.
    pub address: Option<Address>,
    pub protocol: Protocol,
    /// Only reachable through interface endpoints. HTTP and WebSocket APIs never are.
    pub private: Typed<bool>,
    /// A resource policy narrows callers down by network origin; it authenticates nobody.
    pub network_policy: Typed<bool>,
    /// The `execute-api` host name does not answer.
    pub default_endpoint_disabled: Typed<bool>,
    /// Every custom domain in front of it demands a client certificate; false without a custom domain.
    pub domains_demand_certificate: Typed<bool>,
    /// Value of the tag `sra:public-routes`.
    pub public_routes_tag: Option<String>,
    /// Parts of the definition that could not be read and may hold further routes.
    pub unread: Vec<(Reason, Span)>,
}

#[derive(Clone, Debug)]
pub struct Route {
    pub api: ApiKey,
    pub protocol: Protocol,
    /// The resource that the user edits: the method or route, or the API when the route stands in its definition.
    pub address: Address,
    /// Tells routes of one definition apart: `POST /posts`. `None` when the resource is the route.
    pub part: Option<String>,
    pub span: Span,
    /// Upper case; `ANY` for all. For WebSocket routes the route key, with an empty path.
    pub method: Typed<String>,
    /// `/posts/{id}`; `$default` for the catch-all route of an HTTP API.
    pub path: Typed<String>,
    pub authorization: Authorization,
    pub api_key_required: Typed<bool>,
    pub integration: Integration,
}

/// What a route demands of its caller.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// `NONE` (also the service default), `AWS_IAM`, `CUSTOM`, `COGNITO_USER_POOLS` or `JWT`.
    pub kind: Typed<String>,
    pub authorizer: Typed<AuthorizerLink>,
    pub scopes: Typed<Vec<Value>>,
    /// What the template says, for evidence: "`AuthorizationType` is `NONE`".
    pub note: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AuthorizerLink {
    Declared(AuthorizerKey),
    /// A literal id of an authorizer that was not scanned.
    Outside(String),
}

/// An authorizer resource, or a security scheme of an API's OpenAPI document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuthorizerKey {
    pub address: Address,
    pub scheme: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
pub struct Authorizer {
    pub key: AuthorizerKey,
    pub api: ApiKey,
    /// The logical id, or the scheme's name.
    pub name: Arc<str>,
    pub span: Span,
    /// `TOKEN`, `REQUEST`, `COGNITO_USER_POOLS` or `JWT`.
    pub kind: Typed<String>,
    pub issuer: Typed<Value>,
    pub audience: Typed<Vec<Value>>,
    pub identity_source: Typed<Vec<Value>>,
    /// User pools of a `COGNITO_USER_POOLS` authorizer.
    pub pools: Typed<Vec<Value>>,
    /// The function of a Lambda authorizer.
    pub function: Option<FunctionRef>,
}

impl ApiGateway {
    pub fn new(resources: &Resources, lambda: &Lambda) -> Self {
        let mut gateway = Self::default();
        let reader = Reader { resources, lambda };
        rest::read(&reader, &mut gateway);
        v2::read(&reader, &mut gateway);
        gateway.add_unscanned();
        gateway
    }

    pub fn api(&self, key: &ApiKey) -> Option<&Api> {
        self.apis.iter().find(|api| api.key == *key)
    }

    pub fn authorizer(&self, key: &AuthorizerKey) -> Option<&Authorizer> {
        self.authorizers.iter().find(|authorizer| authorizer.key == *key)
    }

    pub fn routes_of<'a>(&'a self, api: &'a ApiKey) -> impl Iterator<Item = &'a Route> {
        self.routes.iter().filter(move |route| route.api == *api)
    }

    fn add_unscanned(&mut self) {
        for route in &self.routes {
            if self.apis.iter().any(|api| api.key == route.api) {
                continue;
            }
            let protocol = route.protocol;
            let reason = Reason::Outside(Arc::from("the API"));
            self.apis.push(Api {
                key: route.api.clone(),
                address: None,
                protocol,
                private: match protocol {
                    Protocol::Rest => Typed::Unknown(reason.clone(), route.span),
                    Protocol::Http | Protocol::WebSocket => Typed::Known(false, route.span),
                },
                network_policy: match protocol {
                    Protocol::Rest => Typed::Unknown(reason.clone(), route.span),
                    Protocol::Http | Protocol::WebSocket => Typed::Known(false, route.span),
                },
                default_endpoint_disabled: Typed::Unknown(reason.clone(), route.span),
                domains_demand_certificate: Typed::Unknown(reason, route.span),
                public_routes_tag: None,
                unread: Vec::new(),
            });
        }
    }
}

/// What reading an API needs beside the resource itself.
struct Reader<'a> {
    resources: &'a Resources,
    lambda: &'a Lambda,
}

impl Reader<'_> {
    /// The API that `property` of a resource names.
    fn api_key(&self, resource: &Resource, property: &str, kind: &str) -> ApiKey {
        let file = resource.address.0.split('#').next().unwrap_or_default();
        let named = match resource.prop(property) {
            Prop::Known(value) => match self.resources.link(value, &[kind]) {
                Link::To(api) => api.address.to_string(),
                Link::Outside(id) => format!("id {id}"),
                Link::Unknown(reason) => format!("{file}? {reason}"),
            },
            Prop::Unknown(reason, _) => format!("{file}? {reason}"),
            Prop::Absent(_) => format!("{}? no `{property}`", resource.address),
        };
        ApiKey(Arc::from(named))
    }

    /// Whether a mapping leads to an API; `None` when that is not known.
    fn leads(&self, mapping: &Resource, property: &str, api: &Resource) -> Option<bool> {
        if mapping.is_unread() {
            return if super::may_hide(mapping, &api.address.0) { None } else { Some(false) };
        }
        let named = self.api_key(mapping, property, &api.kind);
        let own = match api.prop(SERVED_API) {
            Prop::Absent(_) => ApiKey::of(&api.address),
            Prop::Known(_) | Prop::Unknown(..) => self.api_key(api, SERVED_API, &api.kind),
        };
        if named != own {
            return if named.is_certain() { Some(false) } else { None };
        }
        let stages = match list(api.prop(SERVED_STAGES)) {
            Typed::Known(stages, _) => stages,
            // An API that is not told apart by its stages is all that it serves.
            Typed::Absent(_) => return Some(true),
            Typed::Unknown(..) => return None,
        };
        match text(mapping.prop("Stage")) {
            Typed::Known(stage, _) => Some(stages.iter().any(|one| one.as_str() == Some(&stage))),
            // Who calls the domain names the stage. Source: API Gateway API reference, `CreateBasePathMapping`, `stage`.
            Typed::Absent(_) => Some(true),
            Typed::Unknown(..) => None,
        }
    }

    /// Whether the custom domains that are mapped to an API all demand a client certificate.
    fn domains_demand_certificate(&self, api: &Resource, mapping: (&str, &str), domain: &str) -> Typed<bool> {
        let (mapping_kind, api_property) = mapping;
        let (mut mapped, mut perhaps, mut unread) = (Typed::Known(false, api.name_span), None, None);
        for resource in self.resources.of_kind(mapping_kind) {
            let leads = self.leads(resource, api_property, api);
            if leads == Some(false) {
                continue;
            }
            let certain = leads == Some(true);
            let domain = super::target(self.resources, resource.prop("DomainName"), &[domain]);
            let demands = match &domain {
                Typed::Known(Target::Resource(address), _) => {
                    self.resources.get(address).map(|it| it.prop("MutualTlsAuthentication.TruststoreUri"))
                }
                _ => None,
            };
            match demands {
                Some(Prop::Known(store)) if certain => mapped = Typed::Known(true, store.span),
                Some(Prop::Known(_)) => {}
                // A mapping that was not read may be the one that leads there.
                _ if !certain && resource.is_unread() => {
                    let reason = resource.properties.reason().cloned();
                    unread = unread.or(reason.map(|reason| Typed::Unknown(reason, resource.name_span)));
                }
                _ if !certain => {
                    let which =
                        Reason::NotUnderstood(Arc::from(format!("which API `{}` maps is not known", resource.name)));
                    perhaps = perhaps.or(Some(Typed::Unknown(which, resource.name_span)));
                }
                Some(Prop::Absent(span)) => return Typed::Known(false, span),
                Some(Prop::Unknown(reason, span)) => return Typed::Unknown(reason.clone(), span),
                None => return Typed::Unknown(Reason::Outside(Arc::from("the custom domain")), domain.span()),
            }
        }
        let perhaps = perhaps.filter(|_| mapped.known() == Some(&true));
        unread.or(perhaps).unwrap_or(mapped)
    }
}

impl Route {
    /// `POST /posts`, `$default` or a WebSocket route key; what is not known is shown as `?`.
    pub fn label(&self) -> String {
        let method = self.method.known().map_or("?", String::as_str);
        match self.path.known().map(String::as_str) {
            Some("") => method.to_owned(),
            Some("$default") => "$default".to_owned(),
            Some(path) => format!("{method} {path}"),
            None => format!("{method} ?"),
        }
    }
}

impl ApiKey {
    /// Whether two different keys are surely two different APIs.
    pub fn is_certain(&self) -> bool {
        !self.0.contains("? ")
    }

    pub fn of(address: &Address) -> Self {
        Self(Arc::clone(&address.0))
    }
}

impl Protocol {
    /// The word that facts and entry paths use.
    pub fn key(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Http => "http",
            Self::WebSocket => "websocket",
        }
    }
}

/// The literal value of a tag, from the list form (REST) or the mapping form (HTTP).
fn tag(resource: &Resource, name: &str) -> Option<String> {
    let tags = resource.prop("Tags").known()?;
    let value = match tags.as_map() {
        Some(map) => map.get(name)?,
        None => tags
            .items()?
            .iter()
            .filter_map(Value::as_map)
            .find(|tag| tag.get("Key").and_then(Value::as_str) == Some(name))?
            .get("Value")?,
    };
    value.as_str().map(str::to_owned)
}

fn value(prop: Prop<'_>) -> Typed<Value> {
    match prop {
        Prop::Known(value) => Typed::Known(value.clone(), value.span),
        Prop::Absent(span) => Typed::Absent(span),
        Prop::Unknown(reason, span) => Typed::Unknown(reason.clone(), span),
    }
}

#[cfg(test)]
mod tests;
