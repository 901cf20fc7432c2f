//! App clients: which grants they allow and where they send people back to.

use super::hosts::Hosts;
use crate::facts::{Fact, Step, Subject, fact_struct};
use crate::graph::cognito::{Client, Url, includes};
use crate::graph::{Graph, Typed};
use crate::value::Reason;

fact_struct! {
    /// A Cognito app client.
    pub struct AppClient {
        /// OAuth flows are switched on (`AllowedOAuthFlowsUserPoolClient`); without it flows and URLs have no effect.
        oauth: Fact<bool>,
        /// Allows the implicit grant.
        implicit: Fact<bool>,
        /// Client credentials are its only flow, so that no browser is ever sent back.
        machine_only: Fact<bool>,
        /// Callback and logout URLs.
        urls: Fact<Vec<ClientUrl>>,
        /// The default redirect URI is one of the callback URLs, or there is none.
        default_redirect_listed: Fact<bool>,
    }
}

fact_struct! {
    /// A URL to which a client sends browsers.
    pub struct ClientUrl {
        /// As written.
        url: String,
        /// `callback` or `logout`.
        role: String,
        /// Lower case: `https`, `http`, or an application's own scheme.
        scheme: Fact<String>,
        /// `own` (a front door of the architecture), `loopback`, `reserved` (can never be one's own), `wildcard` or
        /// `none`; unknown when nothing scanned declares the host.
        host: Fact<String>,
        /// Has a fragment, which OAuth forbids.
        fragment: bool,
    }
}

pub(super) fn derive(graph: &Graph, hosts: &Hosts<'_>) -> Vec<Subject> {
    let clients = graph.cognito.clients.iter();
    clients
        .filter_map(|client| {
            let resource = graph.resources.get(&client.address)?;
            let facts = AppClient {
                oauth: Fact::of(client.oauth.clone(), "OAuth flows of the client are switched on here"),
                implicit: implicit(client),
                machine_only: decided(client.is_machine_only(), &allowed_flows(client), &client.flows),
                urls: urls(client, hosts),
                default_redirect_listed: default_redirect_listed(client),
            };
            Some(Subject::of("app_clients", resource, &facts))
        })
        .collect()
}

/// From a list that shows a word, does not, or may.
fn decided(answer: Option<bool>, label: &str, words: &Typed<Vec<Typed<String>>>) -> Fact<bool> {
    let evidence = vec![Step::new(label, words.span())];
    match answer {
        Some(answer) => Fact::known(answer, evidence),
        None => Fact::unknown(reason_of(words), evidence),
    }
}

/// "allowed flows: `code`", as far as they are known.
pub(super) fn allowed_flows(client: &Client) -> String {
    let known = client.flows.known().map(|flows| flows.iter().filter_map(Typed::known));
    let names: Vec<String> = known.into_iter().flatten().map(|flow| format!("`{flow}`")).collect();
    if names.is_empty() { "allowed flows".to_owned() } else { format!("allowed flows: {}", names.join(", ")) }
}

/// The first reason why a list of words is not wholly known.
pub(super) fn reason_of(words: &Typed<Vec<Typed<String>>>) -> Reason {
    let hidden = match words {
        Typed::Unknown(reason, _) => Some(reason.clone()),
        Typed::Known(words, _) => words.iter().find_map(|word| match word {
            Typed::Unknown(reason, _) => Some(reason.clone()),
            Typed::Known(..) | Typed::Absent(_) => None,
        }),
        Typed::Absent(_) => None,
    };
    hidden.unwrap_or_else(|| Reason::NotUnderstood("the client's flows are not wholly known".into()))
}

fn implicit(client: &Client) -> Fact<bool> {
    let mut fact = decided(includes(&client.flows, "implicit"), &allowed_flows(client), &client.flows);
    if let Typed::Known(flows, _) = &client.flows
        && let Some(Typed::Known(_, span)) =
            flows.iter().find(|flow| flow.known().is_some_and(|name| name == "implicit"))
    {
        fact.evidence = vec![Step::new("the implicit grant is allowed", *span)];
    }
    fact
}

fn urls(client: &Client, hosts: &Hosts<'_>) -> Fact<Vec<ClientUrl>> {
    let mut all = Vec::new();
    for (role, list) in [("callback", &client.callbacks), ("logout", &client.logouts)] {
        match list {
            Typed::Absent(_) => {}
            Typed::Unknown(reason, span) => {
                return Fact::unknown(reason.clone(), vec![Step::new(format!("{role} URLs"), *span)]);
            }
            Typed::Known(urls, _) => all.extend(urls.iter().map(|url| client_url(url, role, hosts))),
        }
    }
    Fact::known(all, Vec::new())
}

fn client_url(url: &Url, role: &str, hosts: &Hosts<'_>) -> ClientUrl {
    let step = vec![Step::new(format!("{role} URL `{}`", url.text), url.span)];
    ClientUrl {
        url: url.text.clone(),
        role: role.to_owned(),
        scheme: Fact { value: url.scheme.clone(), evidence: step.clone() },
        host: Fact { value: hosts.owner(url).map(str::to_owned), evidence: step },
        fragment: url.has_fragment,
    }
}

fn default_redirect_listed(client: &Client) -> Fact<bool> {
    let (redirect, span) = match &client.default_redirect {
        Typed::Absent(_) => return Fact::known(true, Vec::new()),
        Typed::Unknown(reason, span) => {
            return Fact::unknown(reason.clone(), vec![Step::new("default redirect", *span)]);
        }
        Typed::Known(redirect, span) => (redirect, *span),
    };
    let evidence = vec![Step::new(format!("default redirect `{}`", redirect.text), span)];
    match &client.callbacks {
        Typed::Known(callbacks, _) if callbacks.iter().any(|url| url.text == redirect.text) => {
            Fact::known(true, evidence)
        }
        Typed::Known(callbacks, _) => {
            let hidden = callbacks.iter().chain([redirect]).find_map(|url| url.scheme.as_ref().err().cloned());
            hidden
                .map_or_else(|| Fact::known(false, evidence.clone()), |reason| Fact::unknown(reason, evidence.clone()))
        }
        Typed::Absent(_) => Fact::known(false, evidence),
        Typed::Unknown(reason, _) => Fact::unknown(reason.clone(), evidence),
    }
}
