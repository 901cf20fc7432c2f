//! Backends with every front door that leads to them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Fact, Step, Subject, fact_struct};
use super::{Backend, EntryPath};
use crate::graph::Graph;
use crate::value::Address;

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
        .filter(|path| !path.exempt && guarded.iter().any(|other| other.front != path.front))
        .map(|path| {
            let beside = guarded.iter().find(|other| other.front != path.front);
            way(graph, path, beside.map(|other| &***other))
        })
        .collect();
    BackendFacts {
        fronts: i64::try_from(fronts.len()).unwrap_or(i64::MAX),
        authenticated: guarded.iter().map(|path| way(graph, path, None)).collect(),
        side_doors: side,
    }
}

/// A path; with `beside`, the proof shows first the door that authenticates.
fn way(graph: &Graph, path: &EntryPath, beside: Option<&EntryPath>) -> Way {
    let mut evidence = Vec::new();
    if let Some(other) = beside {
        let front = name(graph, &other.front);
        let guard = other.authentication.value.as_deref().unwrap_or("something that is not known");
        let label = format!("`{front}` authenticates with {guard}: {}", other.request);
        evidence.push(Step::new(label, other.door_span));
        let label = format!("`{}` leads to the same target: {}", name(graph, &path.front), path.request);
        evidence.push(Step::new(label, path.door_span));
    }
    evidence.extend(path.authentication.evidence.iter().cloned());
    Way {
        front: name(graph, &path.front),
        via: path.via.to_owned(),
        request: path.request.clone(),
        authentication: Fact { value: path.authentication.value.clone(), evidence },
        internet_facing: path.internet_facing.clone(),
    }
}

fn name(graph: &Graph, address: &Address) -> String {
    graph.resources.get(address).map_or_else(|| address.to_string(), |resource| resource.name.to_string())
}
