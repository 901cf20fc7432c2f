//! Backends with every front door that leads to them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Fact, Step, Subject, fact_struct};
use super::{Backend, EntryPath};
use crate::graph::Graph;
use crate::value::{Address, Reason};

fact_struct! {
    /// A function, service, instance or Auto Scaling group that requests from outside reach.
    pub struct BackendFacts {
        /// Front doors (load balancers, APIs, Function URLs) that lead to it.
        fronts: i64,
        /// Paths to it that authenticate, or may.
        authenticated: Vec<Way>,
        /// Paths through another front door than one that authenticates. Sign-in handlers and paths of the same front
        /// are left out: the rules of that front judge those.
        side_doors: Vec<Way>,
    }
}

fact_struct! {
    /// One entry path.
    pub struct Way {
        /// Logical id of the load balancer, API or Function URL.
        front: String,
        /// `alb`, `nlb`, `http_api`, `rest_api`, `websocket_api` or `function_url`.
        via: String,
        /// What gets this path: a method and path, or the listener rule.
        request: String,
        /// `none`, `cognito`, `oidc`, `jwt`, `iam` or `lambda_authorizer`.
        authentication: Fact<String>,
        /// The path starts in the Internet.
        internet_facing: Fact<bool>,
    }
}

pub(super) fn subjects(graph: &Graph, entries: &[EntryPath]) -> Vec<Subject> {
    let mut by_backend: BTreeMap<&Address, Vec<&EntryPath>> = BTreeMap::new();
    for entry in entries {
        let addresses: BTreeSet<_> = entry.backends.iter().filter_map(Backend::address).collect();
        for address in addresses {
            by_backend.entry(address).or_default().push(entry);
        }
    }
    by_backend
        .into_iter()
        .filter_map(|(address, paths)| {
            let resource = graph.resources.get(address)?;
            Some(Subject::of("backends", resource, &facts(graph, &paths)))
        })
        .collect()
}

fn facts(graph: &Graph, paths: &[&EntryPath]) -> BackendFacts {
    let fronts: BTreeSet<_> = paths.iter().map(|path| &path.front).collect();
    let guarded: Vec<_> = paths.iter().filter(|path| path.authentication.value.as_deref() != Ok("none")).collect();
    let side: Vec<_> = paths
        .iter()
        .filter(|path| !path.exempt)
        .filter_map(|path| {
            let beside = guarded.iter().filter(|other| other.front != path.front);
            // One that is surely another front is the better proof.
            let beside = beside.min_by_key(|other| unknown_front(graph, other) || unknown_front(graph, path))?;
            Some(side_door(graph, path, beside))
        })
        .collect();
    BackendFacts {
        fronts: i64::try_from(fronts.len()).unwrap_or(i64::MAX),
        authenticated: guarded.iter().map(|path| way(graph, path)).collect(),
        side_doors: side,
    }
}

/// A door of an API or load balancer that is not known may belong to any front. A route of an OpenAPI document has no
/// resource but the API.
fn unknown_front(graph: &Graph, path: &EntryPath) -> bool {
    const FRONTS: &[&str] = &["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api", "AWS::Lambda::Url"];
    let known = |kind: &str| FRONTS.contains(&kind);
    path.front == path.door && graph.resources.get(&path.front).is_none_or(|front| !known(&front.kind))
}

/// A path whose proof shows first the door that authenticates.
fn side_door(graph: &Graph, path: &EntryPath, beside: &EntryPath) -> Way {
    let guard = beside.authentication.value.as_deref().unwrap_or("something that is not known");
    let label = format!("`{}` authenticates with {guard}: {}", name(graph, &beside.front), beside.request);
    let mut evidence = vec![Step::new(label, beside.door_span)];
    let label = format!("`{}` leads to the same target: {}", name(graph, &path.front), path.request);
    evidence.push(Step::new(label, path.door_span));
    let mut way = way(graph, path);
    evidence.append(&mut way.authentication.evidence);
    way.authentication.evidence = evidence;
    if unknown_front(graph, path) || unknown_front(graph, beside) {
        let what = "the API or load balancer of this path".into();
        way.authentication.value = way.authentication.value.and_then(|word| match word.as_str() {
            "none" => Err(Reason::Outside(what)),
            _ => Ok(word),
        });
    }
    way
}

fn way(graph: &Graph, path: &EntryPath) -> Way {
    Way {
        front: name(graph, &path.front),
        via: path.via.to_owned(),
        request: path.request.clone(),
        authentication: path.authentication.clone(),
        internet_facing: path.internet_facing.clone(),
    }
}

fn name(graph: &Graph, address: &Address) -> String {
    graph.resources.get(address).map_or_else(|| address.to_string(), |resource| resource.name.to_string())
}
