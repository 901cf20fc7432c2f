//! Backends with every front door that leads to them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::super::{Fact, Step, Subject, fact_struct};
use super::{Backend, EntryPath};
use crate::graph::Graph;
use crate::value::{Address, Reason};

fact_struct! {
    /// A function, service, instance or Auto Scaling group that requests from outside reach.
    pub struct BackendFacts {
        /// Front doors (load balancers, APIs, Function URLs) that lead to it. Unknown when it is one, and a path of which
        /// it is not known where it leads may be another.
        fronts: Fact<i64>,
        /// Paths to it that authenticate, or may. What may lead elsewhere counts with unknown authentication.
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
    let mut by_backend: BTreeMap<&Address, Vec<Lead<'_>>> = BTreeMap::new();
    for entry in entries {
        let addresses: BTreeSet<_> = entry.backends.iter().filter_map(Backend::address).collect();
        for address in addresses {
            // A target group stands for what it holds. Where that is not known, it is something else that is reached.
            let group = graph.elbv2.target_group(address);
            let doubt = entry.backends_open.as_ref().filter(|_| group.is_some_and(|it| it.leads_further().is_some()));
            by_backend.entry(address).or_default().push(Lead { path: entry, doubt });
        }
    }
    let may_lead_further = entries.iter().any(|entry| entry.backends_open.is_some());
    for address in BACKENDS.iter().flat_map(|kind| graph.resources.unread(kind)).filter(|_| may_lead_further) {
        by_backend.entry(address).or_default();
    }
    // A front of which nothing was read but itself stands for what it leads to.
    let blind = |entry: &&EntryPath| {
        let failed = entry.backends_open.as_ref().is_some_and(Reason::is_failed_read);
        failed && entry.backends.is_empty() && entry.door == entry.front
    };
    for entry in entries.iter().filter(blind) {
        by_backend.entry(&entry.front).or_default();
    }
    let elsewhere = Elsewhere::new(graph, entries);
    by_backend
        .into_iter()
        .filter_map(|(address, leads)| {
            let resource = graph.resources.get(address)?;
            Some(Subject::of("backends", resource, &facts(graph, leads, &elsewhere)))
        })
        .collect()
}

/// What can be a backend. When those of an account could not be read, one more stands for them.
const BACKENDS: &[&str] = &[
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::EC2::Instance",
    "AWS::ECS::Service",
    "AWS::ECS::TaskSet",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Lambda::Function",
];

/// A path that leads to the backend, or may.
#[derive(Clone, Copy)]
struct Lead<'a> {
    path: &'a EntryPath,
    /// Why it may lead elsewhere.
    doubt: Option<&'a Reason>,
}

impl Lead<'_> {
    fn is_guarded(&self) -> bool {
        self.path.authentication.value.as_deref() != Ok("none")
    }
}

impl EntryPath {
    /// A door of an API or load balancer that is not known may belong to any front. A route of an OpenAPI document has
    /// no resource but the API.
    fn is_stray(&self, graph: &Graph) -> bool {
        const FRONTS: &[&str] = &["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api", "AWS::Lambda::Url"];
        let known = |kind: &str| FRONTS.contains(&kind);
        let front = &self.front;
        *front == self.door && graph.resources.get(front).is_none_or(|resource| !known(&resource.kind))
    }
}

/// The paths that may lead to a backend that is not known, and so to each one. An account may have thousands of them
/// beside thousands of backends, and none of them can make more of a backend than something undecided: few stand for all.
struct Elsewhere<'a> {
    /// One of each front.
    fronts: Vec<&'a EntryPath>,
    /// Of the paths that say the same of a backend, one of each front.
    alike: BTreeMap<Likeness, Vec<&'a EntryPath>>,
}

/// What a path that may lead to a backend says of it, whatever its front is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Likeness {
    open: Option<bool>,
    exempt: bool,
    stray: bool,
}

impl<'a> Elsewhere<'a> {
    /// How many fronts stand for those of paths that are alike: one and, for what goes through that one, another.
    const FRONTS: usize = 2;

    fn new(graph: &Graph, entries: &'a [EntryPath]) -> Self {
        let mut seen = HashSet::new();
        let mut elsewhere = Self { fronts: Vec::new(), alike: BTreeMap::new() };
        let mut alike: BTreeMap<_, HashSet<&Address>> = BTreeMap::new();
        for path in entries.iter().filter(|path| path.backends_open.is_some()) {
            let likeness = || Likeness {
                open: path.authentication.value.as_ref().ok().map(|it| it == "none"),
                exempt: path.exempt,
                stray: path.is_stray(graph),
            };
            if seen.insert(&path.front) {
                elsewhere.fronts.push(path);
            }
            if alike.entry(likeness()).or_default().insert(&path.front) {
                elsewhere.alike.entry(likeness()).or_default().push(path);
            }
        }
        elsewhere
    }

    /// Those that stand for all, but the ones that are known to lead to the backend.
    fn leads(&self, known: &[Lead<'a>]) -> impl Iterator<Item = Lead<'a>> {
        let known: HashSet<_> = known.iter().map(|lead| std::ptr::from_ref(lead.path)).collect();
        let unknown = move |paths: &Vec<&'a EntryPath>| {
            let others = paths.iter().filter(|path| !known.contains(&std::ptr::from_ref(**path)));
            others.take(Self::FRONTS).copied().collect::<Vec<_>>()
        };
        self.alike.values().flat_map(unknown).map(|path| Lead { path, doubt: path.backends_open.as_ref() })
    }
}

fn facts<'a>(graph: &Graph, mut leads: Vec<Lead<'a>>, elsewhere: &Elsewhere<'a>) -> BackendFacts {
    let fronts: BTreeSet<_> = leads.iter().filter(|lead| lead.doubt.is_none()).map(|lead| &lead.path.front).collect();
    // One more path through a front that leads to it anyway is no further front.
    let further = |path: &&EntryPath| !fronts.contains(&path.front);
    let doubt = leads.iter().filter(|lead| further(&lead.path)).find_map(|lead| lead.doubt);
    let doubt = doubt.or_else(|| elsewhere.fronts.iter().copied().find(further)?.backends_open.as_ref());
    let fronts = match (doubt, fronts.len()) {
        (Some(reason), ..2) => Fact::unknown(reason.clone(), Vec::new()),
        (_, count) => Fact::known(i64::try_from(count).unwrap_or(i64::MAX), front_steps(graph, &leads)),
    };
    leads.extend(elsewhere.leads(&leads).collect::<Vec<_>>());

    let guarded: Vec<_> = leads.iter().filter(|lead| lead.is_guarded()).collect();
    // The one that surely is another front of the same backend is the better proof.
    let surest = |lead: &&&Lead<'_>| (lead.path.is_stray(graph), lead.doubt.is_some());
    let first = guarded.iter().min_by_key(surest);
    let second =
        guarded.iter().filter(|lead| first.is_some_and(|it| it.path.front != lead.path.front)).min_by_key(surest);
    let side_doors = leads.iter().filter(|lead| !lead.path.exempt).filter_map(|lead| {
        let beside = first.into_iter().chain(second).find(|other| other.path.front != lead.path.front)?;
        Some(side_door(graph, *lead, **beside))
    });
    BackendFacts {
        fronts,
        side_doors: side_doors.collect(),
        authenticated: guarded
            .iter()
            .map(|lead| {
                let mut way = way(graph, lead.path);
                if let Some(reason) = lead.doubt {
                    way.authentication.value = Err(reason.clone());
                }
                way
            })
            .collect(),
    }
}

/// One way in through each front.
fn front_steps(graph: &Graph, leads: &[Lead<'_>]) -> Vec<Step> {
    let mut seen = BTreeSet::new();
    let first = leads.iter().filter(|lead| lead.doubt.is_none() && seen.insert(&lead.path.front));
    first
        .map(|lead| {
            let label = format!("`{}` leads to it: {}", name(graph, &lead.path.front), lead.path.request);
            Step::new(label, lead.path.door_span)
        })
        .collect()
}

/// A path whose proof shows first the door that authenticates.
fn side_door(graph: &Graph, lead: Lead<'_>, other: Lead<'_>) -> Way {
    let (path, beside) = (lead.path, other.path);
    let guard = beside.authentication.value.as_deref().unwrap_or("something that is not known");
    let label = format!("`{}` authenticates with {guard}: {}", name(graph, &beside.front), beside.request);
    let mut evidence = vec![Step::new(label, beside.door_span)];
    let may = if lead.doubt.or(other.doubt).is_some() { "may lead" } else { "leads" };
    let label = format!("`{}` {may} to the same target: {}", name(graph, &path.front), path.request);
    evidence.push(Step::new(label, path.door_span));
    let mut way = way(graph, path);
    evidence.append(&mut way.authentication.evidence);
    way.authentication.evidence = evidence;
    let stray = || {
        (path.is_stray(graph) || beside.is_stray(graph))
            .then(|| Reason::Outside("the API or load balancer of this path".into()))
    };
    if way.authentication.value.as_deref() == Ok("none")
        && let Some(reason) = lead.doubt.or(other.doubt).cloned().or_else(stray)
    {
        way.authentication.value = Err(reason);
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
