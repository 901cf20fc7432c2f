//! One listener rule as a door: who can knock, what it asks of them, and where it leads.
//!
//! Sources: "Listener rules", "Action types for listener rules" and "Authenticate users using an Application Load
//! Balancer", Elastic Load Balancing user guide for Application Load Balancers.

mod exemption;

use std::sync::Arc;

use super::super::{Fact, Step};
use super::simulate::{self, Matcher};
use crate::graph::elbv2::rule::Unauthenticated;
use crate::graph::elbv2::{
    Action, ActionKind, Forward, Listener, LoadBalancer, LoadBalancerType, Member, MemberKind, Rule, TargetGroup,
    TargetType, Test,
};
use crate::graph::{Graph, Target, Typed, ec2};
use crate::value::Reason;

pub(super) use exemption::Exemption;

/// A rule with everything that can be said about the requests that get it.
#[derive(Debug)]
pub(super) struct Door<'a> {
    pub(super) listener: Option<&'a Listener>,
    pub(super) rule: &'a Rule,
    pub(super) load_balancer: Option<&'a LoadBalancer>,
    /// `application`, `network` or `gateway`.
    pub(super) kind: Fact<String>,
    /// `internet` or `internal`.
    pub(super) exposure: Fact<String>,
    pub(super) protocol: Fact<String>,
    pub(super) forwards: Fact<bool>,
    /// At least one target that counts as application may receive requests.
    pub(super) reaches_app: Fact<bool>,
    /// `none`, `cognito`, `oidc` or `jwt`: what stands before the forward.
    pub(super) authentication: Fact<String>,
    /// `authenticate`, `deny` or `allow`; `none` where nothing keeps a session.
    pub(super) on_unauthenticated: Fact<String>,
    pub(super) exemption: Exemption,
    /// Labels of the rules that take all its requests; empty when it can be reached.
    pub(super) shadowed_by: Vec<String>,
    /// A request that certainly gets this rule.
    pub(super) witness: Option<String>,
}

/// All doors, those of one listener in the order in which its rules are tried.
pub(super) fn all(graph: &Graph) -> Vec<Door<'_>> {
    let mut doors = Vec::new();
    for listener in graph.elbv2.listeners.iter() {
        let matchers: Vec<_> = listener.rules.iter().map(Matcher::new).collect();
        for (index, rule) in listener.rules.iter().enumerate() {
            let mut door = Door::new(graph, Some(listener), rule);
            let takers = simulate::shadowed_by(&matchers, index);
            door.shadowed_by = takers.iter().filter_map(|taker| listener.rules.get(*taker)).map(Rule::label).collect();
            if listener.rules_open.is_none() {
                door.witness = simulate::witness(&matchers, index).map(|request| request.to_string());
            }
            doors.push(door);
        }
    }
    doors.extend(graph.elbv2.orphans.iter().map(|orphan| Door::new(graph, None, &orphan.rule)));
    doors
}

/// Kleene's "any": true beats unknown beats false.
fn any(answers: impl IntoIterator<Item = Fact<bool>>) -> Fact<bool> {
    let mut result = Fact::known(false, Vec::new());
    for answer in answers {
        result = match (&result.value, &answer.value) {
            (_, Ok(true)) => return answer,
            (Ok(false), Err(_)) => answer,
            (Ok(false), Ok(false)) => {
                result.evidence.extend(answer.evidence);
                result
            }
            _ => result,
        };
    }
    result
}

impl<'a> Door<'a> {
    fn new(graph: &'a Graph, listener: Option<&'a Listener>, rule: &'a Rule) -> Self {
        let load_balancer =
            listener.and_then(|found| found.load_balancer.address()).and_then(|at| graph.elbv2.load_balancer(at));
        let protocol = protocol(listener);
        let kind = kind(load_balancer, rule, &protocol);
        let exposure = exposure(graph, listener, load_balancer);
        let forwards = forwards(graph, rule);
        let reaches_app = reaches_app(graph, rule);
        let mut approach = exposure.evidence.clone();
        approach.extend(protocol.evidence.iter().cloned());
        approach.push(Step::new(taken(listener, rule), condition_span(rule)));
        let session = session(rule, &protocol, &approach, &reaches_app.evidence);
        let exemption = Exemption::new(graph, rule, &protocol, &approach, &session.authentication);
        Self {
            listener,
            rule,
            load_balancer,
            kind,
            exposure,
            protocol,
            forwards,
            reaches_app,
            authentication: session.authentication,
            on_unauthenticated: session.on_unauthenticated,
            exemption,
            shadowed_by: Vec::new(),
            witness: None,
        }
    }

    /// What messages call it.
    pub(super) fn title(&self) -> String {
        title(self.listener, self.rule)
    }

    /// What stands before the backend in truth: a session that is not required protects nothing.
    pub(super) fn effective_authentication(&self) -> Fact<String> {
        match &self.on_unauthenticated.value {
            Ok(word) if word == "allow" => Fact::known("none".to_owned(), self.on_unauthenticated.evidence.clone()),
            Ok(_) => self.authentication.clone(),
            Err(reason) => Fact::unknown(reason.clone(), self.on_unauthenticated.evidence.clone()),
        }
    }
}

fn protocol(listener: Option<&Listener>) -> Fact<String> {
    let Some(listener) = listener else {
        let reason = Reason::Outside(Arc::from("the listener of this rule"));
        return Fact::unknown(reason, Vec::new());
    };
    let name = &listener.name;
    let port = listener.port.known().map_or(String::new(), |port| format!(" on port {port}"));
    match &listener.protocol {
        Typed::Known(word, span) => {
            Fact::known(word.clone(), vec![Step::new(format!("listener `{name}` accepts {word}{port}"), *span)])
        }
        // Only listeners of gateway load balancers have none.
        Typed::Absent(_) => Fact::known(
            "GENEVE".to_owned(),
            vec![Step::new(format!("listener `{name}` has no protocol"), listener.name_span)],
        ),
        Typed::Unknown(reason, span) => {
            let label = format!("protocol of listener `{name}`{port} is not known");
            Fact::unknown(reason.clone(), vec![Step::new(label, *span)])
        }
    }
}

/// Rules besides the default, and HTTP, exist on Application Load Balancers only.
fn kind(load_balancer: Option<&LoadBalancer>, rule: &Rule, protocol: &Fact<String>) -> Fact<String> {
    let word = |kind: LoadBalancerType| match kind {
        LoadBalancerType::Application => "application",
        LoadBalancerType::Network => "network",
        LoadBalancerType::Gateway => "gateway",
    };
    if let Some(load_balancer) = load_balancer {
        let label = format!("type of load balancer `{}`", load_balancer.name);
        return Fact::of(load_balancer.kind.clone().map(|kind| word(kind).to_owned()), label);
    }
    match &protocol.value {
        _ if !rule.is_default => Fact::known("application".to_owned(), protocol.evidence.clone()),
        Ok(protocol_word) => {
            let kind = match protocol_word.as_str() {
                "HTTP" | "HTTPS" => "application",
                "GENEVE" => "gateway",
                _ => "network",
            };
            Fact::known(kind.to_owned(), protocol.evidence.clone())
        }
        Err(reason) => Fact::unknown(reason.clone(), protocol.evidence.clone()),
    }
}

fn exposure(graph: &Graph, listener: Option<&Listener>, load_balancer: Option<&LoadBalancer>) -> Fact<String> {
    let Some(load_balancer) = load_balancer else {
        let reason = match listener.map(|listener| &listener.load_balancer) {
            Some(Typed::Unknown(reason, _)) => reason.clone(),
            _ => Reason::Outside(Arc::from("the load balancer of this listener")),
        };
        return Fact::unknown(reason, Vec::new());
    };
    let own = scheme(load_balancer);
    if own.value.as_deref() != Ok("internal") {
        return own;
    }
    let mut result = own;
    for front in fronts(graph, load_balancer) {
        match &front.value {
            Ok(word) if word == "internet" => return front,
            Err(_) if result.value.is_ok() => result = front,
            Ok(_) | Err(_) => {}
        }
    }
    result
}

fn scheme(load_balancer: &LoadBalancer) -> Fact<String> {
    let name = &load_balancer.name;
    match &load_balancer.internet_facing {
        Typed::Known(internet, span) => {
            let written = if *span == load_balancer.name_span { " (the default)" } else { "" };
            let word = if *internet { "internet" } else { "internal" };
            let facing = if *internet { "internet-facing" } else { "internal" };
            Fact::known(word.to_owned(), vec![Step::new(format!("load balancer `{name}` is {facing}{written}"), *span)])
        }
        Typed::Absent(span) => Fact::known("internet".to_owned(), vec![Step::new(format!("`{name}`"), *span)]),
        Typed::Unknown(reason, span) => {
            let label = format!("scheme of load balancer `{name}` is not known");
            Fact::unknown(reason.clone(), vec![Step::new(label, *span)])
        }
    }
}

/// The exposure that an internal Application Load Balancer gets from the load balancers that have it as a target.
fn fronts(graph: &Graph, inner: &LoadBalancer) -> Vec<Fact<String>> {
    let mut found = Vec::new();
    for (group, member) in graph.elbv2.registrations(&inner.address) {
        for outer in graph.elbv2.load_balancers_of(&group.address) {
            let mut exposure = scheme(outer);
            let label = format!(
                "`{}` passes requests on to `{}` through target group `{}`",
                outer.name, inner.name, group.name
            );
            exposure.evidence.push(Step::new(label, member.span));
            found.push(exposure);
        }
    }
    found
}

/// The forward action of a rule, if it has one.
fn forward(rule: &Rule) -> Option<(usize, &Action, &[Forward])> {
    rule.actions.known()?.iter().enumerate().find_map(|(index, action)| match &action.kind {
        ActionKind::Forward(groups) => Some((index, action, groups.as_slice())),
        _ => None,
    })
}

fn unread_action(rule: &Rule) -> Option<(&Reason, &Action)> {
    rule.actions.known()?.iter().find_map(|action| match &action.kind {
        ActionKind::Unknown(reason, _) => Some((reason, action)),
        _ => None,
    })
}

fn unknown_actions(rule: &Rule) -> Option<(Reason, Step)> {
    match &rule.actions {
        Typed::Unknown(reason, span) => Some((reason.clone(), Step::new("the actions are not known", *span))),
        Typed::Absent(span) => {
            let reason = Reason::NotUnderstood(Arc::from("the rule has no actions"));
            Some((reason, Step::new("no action is given", *span)))
        }
        Typed::Known(..) => {
            let (reason, action) = unread_action(rule)?;
            Some((reason.clone(), Step::new("this action is not known", action.span)))
        }
    }
}

fn forwards(graph: &Graph, rule: &Rule) -> Fact<bool> {
    let Some((_, _, groups)) = forward(rule) else {
        return unknown_actions(rule).map_or_else(
            || Fact::known(false, vec![Step::new("answers without a target", rule.span)]),
            |(reason, step)| Fact::unknown(reason, vec![step]),
        );
    };
    any(groups.iter().filter(|forward| !forward.is_idle()).map(|forward| {
        let step = forward_step(graph, forward);
        match &forward.weight {
            Typed::Unknown(reason, _) => Fact::unknown(reason.clone(), vec![step]),
            Typed::Known(..) | Typed::Absent(_) => Fact::known(true, vec![step]),
        }
    }))
}

fn forward_step(graph: &Graph, forward: &Forward) -> Step {
    let name = match &forward.target_group {
        Typed::Known(Target::Resource(address), _) => {
            graph.resources.get(address).map_or_else(|| address.to_string(), |group| group.name.to_string())
        }
        Typed::Known(Target::Outside(text), _) => text.clone(),
        Typed::Unknown(..) | Typed::Absent(_) => return Step::new("forwards to a target group", forward.span),
    };
    Step::new(format!("forwards to target group `{name}`"), forward.span)
}

fn reaches_app(graph: &Graph, rule: &Rule) -> Fact<bool> {
    let Some((_, _, groups)) = forward(rule) else { return forwards(graph, rule) };
    any(groups.iter().filter(|forward| !forward.is_idle()).map(|forward| {
        let step = forward_step(graph, forward);
        let mut answer = match &forward.target_group {
            Typed::Known(Target::Resource(address), _) => match graph.elbv2.target_group(address) {
                Some(group) => holds_app(graph, group),
                None => Fact::unknown(Reason::Outside(Arc::from("a target group")), Vec::new()),
            },
            Typed::Known(Target::Outside(text), _) => {
                Fact::unknown(Reason::Outside(Arc::from(format!("target group `{text}`"))), Vec::new())
            }
            Typed::Unknown(reason, _) => Fact::unknown(reason.clone(), Vec::new()),
            Typed::Absent(_) => Fact::unknown(Reason::NotUnderstood(Arc::from("no target group is given")), Vec::new()),
        };
        answer.evidence.insert(0, step);
        match (&answer.value, &forward.weight) {
            (Ok(true), Typed::Unknown(reason, _)) => Fact::unknown(reason.clone(), answer.evidence),
            _ => answer,
        }
    }))
}

/// Whether a target group holds a target that counts as application: everything but what is tagged as edge. The
/// load balancer behind a group of type `alb` is judged at its own listeners.
fn holds_app(graph: &Graph, group: &TargetGroup) -> Fact<bool> {
    if group.target_type.known() == Some(&TargetType::Alb) {
        let label = format!("target group `{}` holds a load balancer", group.name);
        return Fact::known(false, vec![Step::new(label, group.target_type.span())]);
    }
    if group.members.is_empty() {
        let label = match group.members_open {
            Some(_) => format!("what is registered in target group `{}` is not known", group.name),
            None => format!("nothing is registered in target group `{}` here", group.name),
        };
        let reason = group.members_open.clone().unwrap_or_else(|| {
            Reason::Outside(Arc::from(format!("what is registered in target group `{}`", group.name)))
        });
        return Fact::unknown(reason, vec![Step::new(label, group.name_span)]);
    }
    any(group.members.iter().map(|member| is_app(graph, group, member)))
}

fn is_app(graph: &Graph, group: &TargetGroup, member: &Member) -> Fact<bool> {
    let what = match member.kind {
        MemberKind::Instance => "instance",
        MemberKind::Ip => "address",
        MemberKind::Function => "function",
        MemberKind::LoadBalancer => "load balancer",
        MemberKind::EcsService => "service",
        MemberKind::AutoScalingGroup => "Auto Scaling group",
    };
    let resource = member.target.address().and_then(|address| graph.resources.get(address));
    let name = resource.map(|resource| format!(" `{}`", resource.name)).unwrap_or_default();
    let step = Step::new(format!("{what}{name} is a target of `{}`", group.name), member.span);
    match resource.map(|resource| ec2::tag(resource, "sra:tier")) {
        Some(Typed::Known(tier, span)) if tier == "edge" => {
            Fact::known(false, vec![step, Step::new("is tagged as edge", span)])
        }
        Some(Typed::Unknown(reason, _)) => Fact::unknown(reason, vec![step]),
        _ => Fact::known(true, vec![step]),
    }
}

struct Session {
    authentication: Fact<String>,
    on_unauthenticated: Fact<String>,
}

/// What the rule demands before it forwards. `approach` leads to the rule, `onward` from the forward to a target.
fn session(rule: &Rule, protocol: &Fact<String>, approach: &[Step], onward: &[Step]) -> Session {
    let path = |steps: Vec<Step>| [approach, &steps, onward].concat();
    let none = |steps: Vec<Step>| Session {
        authentication: Fact::known("none".to_owned(), path(steps.clone())),
        on_unauthenticated: Fact::known("none".to_owned(), path(steps)),
    };
    let unknown = |reason: &Reason, step: Step| Session {
        authentication: Fact::unknown(reason.clone(), path(vec![step.clone()])),
        on_unauthenticated: Fact::unknown(reason.clone(), path(vec![step])),
    };
    let Some(actions) = rule.actions.known() else {
        return unknown_actions(rule).map_or_else(|| none(Vec::new()), |(reason, step)| unknown(&reason, step));
    };
    let before = forward(rule).map_or(actions.len(), |(index, ..)| index);
    let Some((_, action, word)) = actions
        .iter()
        .enumerate()
        .find_map(|(index, action)| action.authentication().map(|word| (index, action, word)))
        .filter(|(index, ..)| *index < before || unordered(actions).is_some())
    else {
        let late = actions.iter().find(|action| action.authentication().is_some());
        if let Some(late) = late {
            return none(vec![Step::new("authenticates only after the forward", late.order.span())]);
        }
        return match unread_action(rule) {
            Some((reason, action)) => unknown(reason, Step::new("this action is not known", action.span)),
            None => none(Vec::new()),
        };
    };
    if let Some((reason, action)) = unordered(actions) {
        return unknown(reason, Step::new("the order of this action is not known", action.order.span()));
    }
    // An action that is not known may be the forward, and then nothing after it counts.
    if let Some((reason, first)) = unread_action(rule)
        && actions
            .iter()
            .take_while(|action| action.authentication().is_none())
            .any(|action| std::ptr::eq(action, first))
    {
        return unknown(reason, Step::new("this action is not known", first.span));
    }
    let step = Step::new(format!("authenticates with {word}"), action.span);
    let on_unauthenticated = match action.on_unauthenticated() {
        None => Fact::known("none".to_owned(), path(vec![step.clone()])),
        Some(Typed::Known(policy, span)) => {
            let policy = match policy {
                Unauthenticated::Authenticate => "authenticate",
                Unauthenticated::Deny => "deny",
                Unauthenticated::Allow => "allow",
            };
            let label = format!("requests without a session: {policy}");
            Fact::known(policy.to_owned(), path(vec![step.clone(), Step::new(label, *span)]))
        }
        Some(Typed::Unknown(reason, span)) => {
            let label = "what happens to requests without a session is not known";
            Fact::unknown(reason.clone(), path(vec![step.clone(), Step::new(label, *span)]))
        }
        Some(Typed::Absent(_)) => Fact::known("authenticate".to_owned(), path(vec![step.clone()])),
    };
    match protocol.value.as_deref() {
        Ok("HTTPS") => {
            let authentication = match &on_unauthenticated.value {
                Ok(_) => Fact::known(word.to_owned(), path(vec![step])),
                Err(reason) => Fact::unknown(reason.clone(), on_unauthenticated.evidence.clone()),
            };
            Session { authentication, on_unauthenticated }
        }
        Ok(other) => none(vec![Step::new(format!("cannot authenticate over {other}"), action.span)]),
        Err(reason) => Session { authentication: Fact::unknown(reason.clone(), path(vec![step])), on_unauthenticated },
    }
}

/// An action whose order is a value that is not known, when there is more than one.
fn unordered(actions: &[Action]) -> Option<(&Reason, &Action)> {
    actions.iter().filter(|_| actions.len() > 1).find_map(|action| match &action.order {
        Typed::Unknown(reason, _) => Some((reason, action)),
        Typed::Known(..) | Typed::Absent(_) => None,
    })
}

fn condition_span(rule: &Rule) -> crate::source::Span {
    rule.conditions.known().and_then(|conditions| conditions.first()).map_or(rule.span, |first| first.span)
}

fn title(listener: Option<&Listener>, rule: &Rule) -> String {
    if rule.is_default {
        let of = listener.map(|listener| format!(" of `{}`", listener.name)).unwrap_or_default();
        return format!("default action{of}");
    }
    format!("rule `{}` ({})", rule.name, rule.label())
}

fn taken(listener: Option<&Listener>, rule: &Rule) -> String {
    let requests = if rule.is_default { "what no other rule takes".to_owned() } else { describe(rule) };
    format!("{} takes requests for {requests}", title(listener, rule))
}

/// The conditions in words. Values of headers and query strings stay out of it: they may be secrets.
pub(super) fn describe(rule: &Rule) -> String {
    let Some(conditions) = rule.conditions.known() else { return "requests that are not known".to_owned() };
    let quoted = |values: &[Typed<String>], regex: &[Typed<String>]| {
        let written = |value: &Typed<String>| value.known().map_or("?".to_owned(), |text| format!("`{text}`"));
        values.iter().chain(regex).map(written).collect::<Vec<_>>().join(", ")
    };
    let parts: Vec<_> = conditions
        .iter()
        .map(|condition| match &condition.test {
            Test::Path { values, regex } => format!("path {}", quoted(values, regex)),
            Test::Host { values, regex } => format!("host {}", quoted(values, regex)),
            Test::Header { name, .. } => format!("header {}", quoted(std::slice::from_ref(name), &[])),
            Test::Method { values } => format!("method {}", quoted(values, &[])),
            Test::Query { .. } => "a query string".to_owned(),
            Test::SourceIp { values } => format!("source {}", quoted(values, &[])),
            Test::Unknown(_) => "a condition that is not known".to_owned(),
        })
        .collect();
    if parts.is_empty() { "everything".to_owned() } else { parts.join(" and ") }
}
