//! Entry paths: each way in which a request from outside reaches a backend, and what authenticates it on the way.
//!
//! One [`EntryPath`] a (load-balancer rule | API route | Function URL) and backend. Rules about single listeners and
//! routes have richer subjects of their own; this common form is for questions that cut across services, such as
//! "is there a second, unauthenticated door to the same function".

pub mod alb;
pub mod api;
pub mod backends;
mod doors;
pub mod function_url;
pub mod lambda_targets;
pub mod listeners;
mod pattern;
mod simulate;
mod tls;

use super::{Describe as _, Fact, Step, Subject, SubjectKind};
use crate::graph::ec2::may_be_declared;
use crate::graph::{Graph, Target, Typed};
use crate::source::Span;
use crate::value::{Address, Reason};

/// One way in.
#[derive(Clone, Debug)]
pub struct EntryPath {
    /// The load balancer, API or function URL whose door it is (the door itself when that is not known). Two doors of
    /// one front belong together: a hole in one of them is judged where that front is judged.
    pub front: Address,
    /// The resource that opens it: listener, listener rule, route, method or URL.
    pub door: Address,
    pub door_span: Span,
    /// `alb`, `nlb`, `http_api`, `rest_api`, `websocket_api` or `function_url`.
    pub via: &'static str,
    /// For people: `GET /posts`, `listener rule priority 10: /login`.
    pub request: String,
    /// What authenticates the caller before the backend is reached: `none`, `cognito`, `oidc`, `jwt`, `iam`,
    /// `lambda_authorizer`, or unknown.
    pub authentication: Fact<String>,
    /// A declared exemption such as the login handler (ALB-006): never a hole by itself.
    pub exempt: bool,
    pub internet_facing: Fact<bool>,
    /// The function, target group member or service integration at its end; empty when it ends at the door
    /// (redirect, fixed response, mock).
    pub backends: Vec<Backend>,
    /// Why it may lead to further resources of the graph: a target that cannot be told, but may be declared here.
    pub backends_open: Option<Reason>,
    /// From the outside inwards.
    pub evidence: Vec<Step>,
}

/// What an entry path ends at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Backend {
    /// A function, instance, service or Auto Scaling group of the graph, or a target group of which no member is.
    Resource(Address),
    /// A direct AWS service integration of API Gateway: `states:SendTaskSuccess`, with the role that it uses.
    Action { action: String, role: Option<Address> },
    /// A literal ARN or address that was not scanned.
    Outside(String),
}

impl Backend {
    /// The resource of the graph, if it is one.
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::Resource(address) => Some(address),
            Self::Action { .. } | Self::Outside(_) => None,
        }
    }
}

/// The reason why a target is not known, when it may be a resource of the graph nevertheless.
fn open(target: &Typed<Target>) -> Option<Reason> {
    match target {
        Typed::Unknown(reason, _) if may_be_declared(reason) => Some(reason.clone()),
        Typed::Known(..) | Typed::Absent(_) | Typed::Unknown(..) => None,
    }
}

pub(super) const SUBJECTS: &[SubjectKind] = &[
    SubjectKind { name: "listeners", shape: listeners::ListenerFacts::shape },
    SubjectKind { name: "listener_rules", shape: listeners::RuleFacts::shape },
    SubjectKind { name: "lambda_targets", shape: lambda_targets::LambdaTargetFacts::shape },
    SubjectKind { name: "backends", shape: backends::BackendFacts::shape },
];

/// Every way in of the architecture.
pub fn paths(graph: &Graph) -> Vec<EntryPath> {
    let mut paths = alb::paths(graph);
    paths.extend(api::paths(graph));
    paths.extend(function_url::paths(graph));
    paths
}

pub(super) fn derive(graph: &Graph, entries: &[EntryPath]) -> Vec<Subject> {
    let doors = doors::all(graph);
    let mut subjects = listeners::listeners(graph, &doors);
    subjects.extend(listeners::rules(graph, &doors));
    subjects.extend(lambda_targets::subjects(graph));
    subjects.extend(backends::subjects(graph, entries));
    subjects
}
