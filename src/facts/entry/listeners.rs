//! Listeners and their rules as subjects.

use std::sync::Arc;

use super::super::{Fact, Step, Subject, fact_struct};
use super::doors::{Door, describe};
use super::tls;
use crate::graph::ec2::may_be_declared;
use crate::graph::elbv2::rule::Redirect;
use crate::graph::elbv2::{ActionKind, Listener, LoadBalancer, Rule};
use crate::graph::{Graph, Typed};
use crate::value::{Address, Reason};

fact_struct! {
    /// A listener of a load balancer, with what it does to requests that arrive in clear text.
    pub struct ListenerFacts {
        /// Logical id of the load balancer; empty when it was not scanned.
        load_balancer: String,
        /// `application`, `network` or `gateway`.
        load_balancer_type: Fact<String>,
        /// `internet` or `internal`. A load balancer behind an internet-facing one counts as `internet`.
        exposure: Fact<String>,
        /// `HTTP`, `HTTPS`, `TCP`, `TLS`, `UDP`, `TCP_UDP`, …, or `GENEVE` for gateway load balancers.
        protocol: Fact<String>,
        /// The port on which it accepts connections.
        port: Fact<i64>,
        /// Name of the security policy, or of the default one when none is set; `none` for listeners without TLS.
        tls_policy: Fact<String>,
        /// The oldest TLS version that it accepts, such as `TLSv1.2`; `none` for listeners without TLS.
        oldest_tls: Fact<String>,
        /// Its rules in the order in which they are tried, the default one last.
        rules: Vec<Outcome>,
        /// True, or unknown when a rule exists of which it is not known whether it belongs to this listener.
        rules_complete: Fact<bool>,
        /// The load balancer has an HTTPS listener, or all requests are sent on to another HTTPS front door. True when
        /// the load balancer was not scanned.
        https_available: Fact<bool>,
    }
}

fact_struct! {
    /// How a rule answers.
    pub struct Outcome {
        /// `default`, or `priority 10`.
        rule: String,
        /// `forward`, `redirect_https`, `redirect_cleartext`, `fixed_response`, or `mixed` for several actions of which
        /// none forwards.
        outcome: Fact<String>,
        /// Forwards to a target that counts as application.
        reaches_app: Fact<bool>,
        /// What a redirect does badly: `temporary` (not 301) or `dead_port` (no HTTPS listener there); `none`.
        redirect_flaw: Fact<String>,
    }
}

fact_struct! {
    /// A rule of a listener, its default action included: what a request meets on the way to a target.
    pub struct RuleFacts {
        /// What messages call it: ``default action of `Https` `` or ``rule `Admin` (priority 10)``.
        door: String,
        /// The conditions in words, and which earlier rules take all such requests.
        requests: String,
        /// `application`, `network` or `gateway`.
        load_balancer_type: Fact<String>,
        /// `internet` or `internal`. A load balancer behind an internet-facing one counts as `internet`.
        exposure: Fact<String>,
        /// `HTTP`, `HTTPS`, `TCP`, ….
        protocol: Fact<String>,
        /// Forwards to a target group; one with weight 0 does not count.
        forwards: Fact<bool>,
        /// Forwards to a target that counts as application: every one that is not tagged `sra:tier=edge`.
        reaches_app: Fact<bool>,
        /// What authenticates before the forward: `none`, `cognito`, `oidc` or `jwt`.
        authentication: Fact<String>,
        /// What happens to a request without a session: `authenticate`, `deny` or `allow`; `none` where no session is kept.
        on_unauthenticated: Fact<String>,
        /// The rule is for sign-in paths only (`/login`, `/logout`, `/oauth2/idpresponse`, `/healthz`, `/favicon.ico`,
        /// `/robots.txt`, or such a path and more), on a listener that could authenticate, and does not.
        claims_exemption: Fact<bool>,
        /// Each of its path patterns is one of those paths, literally.
        exact_paths: Fact<bool>,
        /// No rule for other paths, on any listener, leads to the same targets. False where no exemption is claimed.
        dedicated_targets: Fact<bool>,
        /// Rewrites the URL or host of what it forwards.
        rewritten: Fact<bool>,
        /// False when earlier rules provably take every request that this one could match.
        reachable: bool,
        /// Those rules.
        shadowed_by: String,
        /// A request that certainly gets this rule, such as `GET /admin/x`; empty when none could be made up.
        witness: String,
    }
}

pub(super) fn rules(graph: &Graph, doors: &[Door<'_>]) -> Vec<Subject> {
    doors.iter().filter_map(|door| rule(graph, door)).collect()
}

fn rule(graph: &Graph, door: &Door<'_>) -> Option<Subject> {
    let facts = RuleFacts {
        door: door.title(),
        requests: requests(door),
        load_balancer_type: door.kind.clone(),
        exposure: door.exposure.clone(),
        protocol: door.protocol.clone(),
        forwards: door.forwards.clone(),
        reaches_app: door.reaches_app.clone(),
        authentication: witnessed(door),
        on_unauthenticated: door.on_unauthenticated.clone(),
        claims_exemption: door.exemption.claimed.clone(),
        exact_paths: door.exemption.exact_paths.clone(),
        dedicated_targets: door.exemption.dedicated_targets.clone(),
        rewritten: door.exemption.rewritten.clone(),
        reachable: door.shadowed_by.is_empty(),
        shadowed_by: door.shadowed_by.join(", "),
        witness: door.witness.clone().unwrap_or_default(),
    };
    let subject = Subject::of("listener_rules", graph.resources.get(&door.rule.address)?, &facts);
    Some(if door.rule.is_default { subject.part("default", door.rule.span) } else { subject })
}

fn requests(door: &Door<'_>) -> String {
    let own = if door.rule.is_default { "what no other rule takes".to_owned() } else { describe(door.rule) };
    if door.shadowed_by.is_empty() {
        return own;
    }
    format!("{own} (nothing as long as {} takes it all)", door.shadowed_by.join(", "))
}

/// The proof of a missing authentication ends with a request that gets through, or with why none does.
fn witnessed(door: &Door<'_>) -> Fact<String> {
    let mut fact = door.authentication.clone();
    if fact.value.as_deref() != Ok("none") {
        return fact;
    }
    if !door.shadowed_by.is_empty() {
        let label = format!("no request gets this rule: {} takes them all", door.shadowed_by.join(", "));
        fact.evidence.push(Step::new(label, door.rule.span));
    } else if let Some(witness) = &door.witness {
        fact.evidence.push(Step::new(format!("`{witness}` gets this rule"), door.rule.span));
    }
    fact
}

pub(super) fn listeners(graph: &Graph, doors: &[Door<'_>]) -> Vec<Subject> {
    let listeners = graph.elbv2.listeners.iter();
    listeners
        .filter_map(|listener| {
            let own: Vec<_> = doors
                .iter()
                .filter(|door| door.listener.is_some_and(|found| found.address == listener.address))
                .collect();
            let facts = facts(graph, listener, &own)?;
            Some(Subject::of("listeners", graph.resources.get(&listener.address)?, &facts))
        })
        .collect()
}

fn facts(graph: &Graph, listener: &Listener, doors: &[&Door<'_>]) -> Option<ListenerFacts> {
    let last = doors.last()?;
    let load_balancer = last.load_balancer;
    let (tls_policy, oldest_tls) = tls_facts(listener, &last.protocol);
    Some(ListenerFacts {
        load_balancer: load_balancer.map(|found| found.name.to_string()).unwrap_or_default(),
        load_balancer_type: last.kind.clone(),
        exposure: last.exposure.clone(),
        protocol: last.protocol.clone(),
        port: Fact::of(listener.port.clone(), format!("port of listener `{}`", listener.name)),
        tls_policy,
        oldest_tls,
        rules: doors.iter().map(|door| outcome(graph, listener, door)).collect(),
        rules_complete: match &listener.rules_open {
            Some(reason) => Fact::unknown(reason.clone(), vec![Step::new("may have more rules", listener.name_span)]),
            None => Fact::known(true, Vec::new()),
        },
        https_available: https_available(graph, listener, load_balancer),
    })
}

fn tls_facts(listener: &Listener, protocol: &Fact<String>) -> (Fact<String>, Fact<String>) {
    let none = || Fact::known("none".to_owned(), protocol.evidence.clone());
    match protocol.value.as_deref() {
        Ok("HTTPS" | "TLS") => {}
        Ok(_) => return (none(), none()),
        Err(reason) => {
            let unknown = Fact::unknown(reason.clone(), protocol.evidence.clone());
            return (unknown.clone(), unknown);
        }
    }
    let with = |label: String, span| [protocol.evidence.as_slice(), &[Step::new(label, span)]].concat();
    let (policy, evidence) = match &listener.ssl_policy {
        Typed::Known(name, span) => (name.as_str(), with(format!("security policy `{name}`"), *span)),
        Typed::Absent(_) => {
            let policy = tls::default_policy();
            (policy, with(format!("no `SslPolicy`: the default is `{policy}`"), listener.name_span))
        }
        Typed::Unknown(reason, span) => {
            let unknown = Fact::unknown(reason.clone(), with("the security policy is not known".to_owned(), *span));
            return (unknown.clone(), unknown);
        }
    };
    let name = Fact::known(policy.to_owned(), evidence.clone());
    let oldest = match tls::oldest(policy) {
        Some(version) => Fact::known(version.to_owned(), evidence),
        None => Fact::unknown(
            Reason::NotUnderstood(Arc::from(format!("`{policy}` is not among the predefined security policies"))),
            evidence,
        ),
    };
    (name, oldest)
}

fn outcome(graph: &Graph, listener: &Listener, door: &Door<'_>) -> Outcome {
    let rule = door.rule;
    let approach = [door.exposure.evidence.as_slice(), &door.protocol.evidence].concat();
    let with = |steps: Vec<Step>| [approach.as_slice(), &steps].concat();
    let forwards = || Fact::known("forward".to_owned(), with(door.reaches_app.evidence.clone()));
    let said = |word: &str, label: String, span| Fact::known(word.to_owned(), with(vec![Step::new(label, span)]));
    let none = Fact::known("none".to_owned(), Vec::new());
    let (outcome, redirect_flaw) = match (&door.forwards.value, rule.actions.known().map(Vec::as_slice)) {
        (Ok(true), _) => (forwards(), none),
        (Err(reason), _) => {
            let unknown = Fact::unknown(reason.clone(), with(door.forwards.evidence.clone()));
            (unknown, none)
        }
        (Ok(false), Some([only])) => match &only.kind {
            ActionKind::Redirect(redirect) => {
                (redirects(redirect, &approach), flaw(graph, listener, redirect, &approach))
            }
            // All its groups have weight 0: it answers with an error.
            ActionKind::Forward(_) | ActionKind::FixedResponse => {
                (said("fixed_response", "answers itself".to_owned(), only.span), none)
            }
            _ => (said("mixed", "neither redirects nor answers".to_owned(), only.span), none),
        },
        (Ok(false), _) => (said("mixed", "has several actions".to_owned(), rule.span), none),
    };
    Outcome { rule: rule.label(), outcome, reaches_app: door.reaches_app.clone(), redirect_flaw }
}

fn redirects(redirect: &Redirect, approach: &[Step]) -> Fact<String> {
    let with = |label: String, span| [approach, &[Step::new(label, span)]].concat();
    match &redirect.protocol {
        Typed::Known(word, span) => {
            let secure = word.eq_ignore_ascii_case("HTTPS");
            let kept = if word == "#{protocol}" { ", that of the request" } else { "" };
            let evidence = with(format!("redirects to protocol `{word}`{kept}"), *span);
            Fact::known(if secure { "redirect_https" } else { "redirect_cleartext" }.to_owned(), evidence)
        }
        Typed::Unknown(reason, span) => {
            Fact::unknown(reason.clone(), with("redirects to a protocol that is not known".to_owned(), *span))
        }
        Typed::Absent(span) => {
            Fact::known("redirect_cleartext".to_owned(), with("redirects without a protocol".to_owned(), *span))
        }
    }
}

fn flaw(graph: &Graph, listener: &Listener, redirect: &Redirect, approach: &[Step]) -> Fact<String> {
    let with = |label: String, span| [approach, &[Step::new(label, span)]].concat();
    let found = |word: &str, label, span| Fact::known(word.to_owned(), with(label, span));
    let unread = |reason: &Reason, what: &str, span| Fact::unknown(reason.clone(), with(what.to_owned(), span));
    match &redirect.status_code {
        Typed::Known(code, span) if code != "HTTP_301" => {
            return found("temporary", format!("redirects with `{code}`"), *span);
        }
        Typed::Unknown(reason, span) => return unread(reason, "redirects with a status code that is not known", *span),
        Typed::Known(..) | Typed::Absent(_) => {}
    }
    let Some(balancer) = listener.load_balancer.address().filter(|_| keeps_host(redirect)) else {
        return Fact::known("none".to_owned(), Vec::new());
    };
    let port = match &redirect.port {
        Typed::Known(text, _) if text == "#{port}" => listener.port.clone(),
        other => other.clone().and_then("a port", |text| text.parse().ok()),
    };
    match &port {
        Typed::Unknown(reason, span) => unread(reason, "redirects to a port that is not known", *span),
        Typed::Known(port, _) if *port != 443 => match answers_https(graph, balancer, *port) {
            Some(Err(reason)) => unread(&reason, "what listens on that port is not known", redirect.port.span()),
            Some(Ok(())) => Fact::known("none".to_owned(), Vec::new()),
            None => found("dead_port", format!("redirects to port {port}"), redirect.port.span()),
        },
        Typed::Known(..) | Typed::Absent(_) => Fact::known("none".to_owned(), Vec::new()),
    }
}

/// Whether an HTTPS listener of the load balancer accepts a port; `None` when none does.
fn answers_https(graph: &Graph, balancer: &Address, port: i64) -> Option<Result<(), Reason>> {
    let mut doubt = None;
    for other in graph.elbv2.listeners_of(balancer) {
        match (&other.protocol, &other.port) {
            (Typed::Known(protocol, _), _) if protocol != "HTTPS" => {}
            (_, Typed::Known(open, _)) if *open != port => {}
            (Typed::Known(..), Typed::Known(..)) => return Some(Ok(())),
            (Typed::Unknown(reason, _), _) | (_, Typed::Unknown(reason, _)) => doubt = Some(Err(reason.clone())),
            (Typed::Absent(_), _) | (_, Typed::Absent(_)) => {}
        }
    }
    doubt
}

fn keeps_host(redirect: &Redirect) -> bool {
    redirect.host.known().is_some_and(|host| host.contains("#{host}"))
}

fn https_available(graph: &Graph, listener: &Listener, load_balancer: Option<&LoadBalancer>) -> Fact<bool> {
    let Some(load_balancer) = load_balancer else {
        return match &listener.load_balancer {
            Typed::Unknown(reason, span) if may_be_declared(reason) => {
                Fact::unknown(reason.clone(), vec![Step::new("the load balancer is not known", *span)])
            }
            _ => Fact::known(true, Vec::new()),
        };
    };
    if has_https(graph, load_balancer).value == Ok(true) {
        return Fact::known(true, Vec::new());
    }
    let elsewhere: Vec<_> = listener.rules.iter().filter_map(|rule| front_elsewhere(graph, rule)).collect();
    if !elsewhere.is_empty() && elsewhere.len() == listener.rules.len() {
        let doubt = elsewhere.into_iter().find(|front| front.value != Ok(true));
        return doubt.unwrap_or_else(|| Fact::known(true, Vec::new()));
    }
    has_https(graph, load_balancer)
}

fn has_https(graph: &Graph, load_balancer: &LoadBalancer) -> Fact<bool> {
    let mut doubt = None;
    for other in graph.elbv2.listeners_of(&load_balancer.address) {
        match &other.protocol {
            Typed::Known(word, _) if word == "HTTPS" => return Fact::known(true, Vec::new()),
            Typed::Unknown(reason, span) => {
                let step = Step::new(format!("protocol of listener `{}` is not known", other.name), *span);
                doubt = Some(Fact::unknown(reason.clone(), vec![step]));
            }
            Typed::Known(..) | Typed::Absent(_) => {}
        }
    }
    let label = format!("load balancer `{}` has no HTTPS listener", load_balancer.name);
    doubt.unwrap_or_else(|| Fact::known(false, vec![Step::new(label, load_balancer.name_span)]))
}

/// Whether a rule that sends every request to another host sends it to an HTTPS front door; `None` when it does not
/// send requests elsewhere.
fn front_elsewhere(graph: &Graph, rule: &Rule) -> Option<Fact<bool>> {
    let [only] = rule.actions.known()?.as_slice() else { return None };
    let ActionKind::Redirect(redirect) = &only.kind else { return None };
    if keeps_host(redirect) {
        return None;
    }
    let host = redirect.host_value.as_ref()?;
    let fronts = host.references().into_iter().filter_map(|reference| match reference {
        crate::value::Reference::Resource { address, .. } => graph.resources.get(address),
        crate::value::Reference::Pseudo(_) => None,
    });
    for front in fronts {
        match (&*front.kind, graph.elbv2.load_balancer(&front.address)) {
            (_, Some(other)) => return Some(has_https(graph, other)),
            ("AWS::CloudFront::Distribution" | "AWS::ApiGateway::DomainName" | "AWS::ApiGatewayV2::DomainName", _) => {
                return Some(Fact::known(true, Vec::new()));
            }
            _ => {}
        }
    }
    let step = Step::new("redirects to another host", host.span);
    let reason = Reason::Outside(Arc::from("the front door of the host that requests are redirected to"));
    Some(Fact::unknown(reason, vec![step]))
}
