//! What a route demands of its caller, resolved to an authorizer of the same API.

use std::sync::Arc;

use crate::facts::{Fact, Step};
use crate::graph::apigateway::{AuthorizerLink, Protocol, Route};
use crate::graph::{Graph, Typed};
use crate::input::not_understood;
use crate::value::Reason;

#[derive(Clone, Debug)]
pub struct Resolved {
    /// `none`, `iam`, `jwt`, `cognito` or `lambda`.
    pub authorization: Fact<String>,
    /// Why it is `none`.
    pub gap: String,
}

pub fn is_connect(route: &Route) -> bool {
    route.method.known().is_some_and(|key| key.eq_ignore_ascii_case("$connect"))
}

/// Whether a route rides on the authorization of its API's `$connect` route; `None` when it may be that route itself.
pub fn rides_on_connect(graph: &Graph, route: &Route) -> Option<bool> {
    if route.protocol != Protocol::WebSocket {
        return Some(false);
    }
    match route.method.known() {
        Some(_) => Some(!is_connect(route)),
        None => graph.apigateway.routes_of(&route.api).any(is_connect).then_some(true),
    }
}

/// Only `$connect` of a WebSocket API can carry authorization; every other route is protected by it. Source: API
/// Gateway developer guide, "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers".
pub fn resolve(graph: &Graph, route: &Route) -> Resolved {
    if rides_on_connect(graph, route) != Some(true) {
        return own(graph, route);
    }
    if let Some(connect) = graph.apigateway.routes_of(&route.api).find(|route| is_connect(route)) {
        return own(graph, connect);
    }
    let scanned = graph.apigateway.api(&route.api).is_some_and(|api| api.address.is_some());
    if scanned {
        none("there is no `$connect` route, so anyone connects".to_owned(), Vec::new())
    } else {
        open(Reason::Outside(Arc::from("the `$connect` route")), Vec::new())
    }
}

fn own(graph: &Graph, route: &Route) -> Resolved {
    let authorization = &route.authorization;
    let mut steps = vec![Step::new(authorization.note.clone(), authorization.kind.span())];
    let kind = match &authorization.kind {
        Typed::Known(kind, _) => kind.as_str(),
        Typed::Unknown(reason, _) => return open(reason.clone(), steps),
        Typed::Absent(_) => "NONE",
    };
    let word = match kind {
        "NONE" => return none(authorization.note.clone(), steps),
        "AWS_IAM" => return Resolved { authorization: Fact::known("iam".to_owned(), steps), gap: String::new() },
        "JWT" => "jwt",
        "COGNITO_USER_POOLS" => "cognito",
        "CUSTOM" => "lambda",
        other => return open(not_understood(format!("authorization type `{other}` is not known")), steps),
    };
    let link = match &authorization.authorizer {
        Typed::Known(link, _) => link,
        Typed::Absent(_) => return none(format!("`{kind}` without an `AuthorizerId`"), steps),
        Typed::Unknown(reason, _) => return open(reason.clone(), steps),
    };
    let authorizer = match link {
        AuthorizerLink::Declared(key) => graph.apigateway.authorizer(key),
        AuthorizerLink::Outside(id) => {
            return open(Reason::Outside(Arc::from(format!("authorizer `{id}`"))), steps);
        }
    };
    let Some(authorizer) = authorizer else {
        return open(not_understood("the authorizer could not be read"), steps);
    };
    steps.push(Step::new(format!("authorizer `{}`", authorizer.name), authorizer.span));
    if authorizer.api == route.api {
        return Resolved { authorization: Fact::known(word.to_owned(), steps), gap: String::new() };
    }
    if authorizer.api.is_certain() && route.api.is_certain() {
        none(format!("authorizer `{}` belongs to another API", authorizer.name), steps)
    } else {
        open(
            not_understood(format!("whether authorizer `{}` belongs to the same API is not known", authorizer.name)),
            steps,
        )
    }
}

fn none(gap: String, steps: Vec<Step>) -> Resolved {
    Resolved { authorization: Fact::known("none".to_owned(), steps), gap }
}

fn open(reason: Reason, steps: Vec<Step>) -> Resolved {
    Resolved { authorization: Fact::unknown(reason, steps), gap: String::new() }
}
