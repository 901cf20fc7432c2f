//! Sign-in at load balancers: whether an authenticate-cognito action, its client, its pool and its domain fit together.

use std::sync::Arc;

use super::client::{allowed_flows, reason_of};
use super::hosts::Hosts;
use crate::facts::{Fact, Step, Subject, fact_struct};
use crate::graph::cognito::{CLIENT, Client, DOMAIN, Host, USER_POOL, Url, includes};
use crate::graph::elbv2::rule::AuthenticateCognito;
use crate::graph::elbv2::{ActionKind, Listener, Rule};
use crate::graph::{Graph, Link, Typed, text};
use crate::source::Span;
use crate::value::{Address, Prop, Reason, Value};

fact_struct! {
    /// An authenticate-cognito action of a listener or one of its rules.
    pub struct SignIn {
        /// The callback URLs of its client.
        callbacks: Fact<Vec<Callback>>,
        /// The client has a secret, which the load balancer needs to exchange the code.
        secret: Fact<bool>,
        /// The client allows the authorization-code grant.
        code_flow: Fact<bool>,
        /// The client allows every scope that the action asks for (`openid` by default).
        scopes_allowed: Fact<bool>,
        /// The client belongs to the pool that the action names.
        client_of_pool: Fact<bool>,
        /// The domain that the action names belongs to that pool.
        domain_of_pool: Fact<bool>,
        /// The domain is a prefix or a name, not a whole URL.
        domain_is_name: Fact<bool>,
    }
}

fact_struct! {
    /// A callback URL as the load balancer sees it.
    pub struct Callback {
        /// As written.
        url: String,
        /// Lower case.
        scheme: Fact<String>,
        /// Exactly `/oauth2/idpresponse`, where the load balancer takes the code.
        idp_response: Fact<bool>,
        /// The host leads to this load balancer.
        this_load_balancer: Fact<bool>,
        /// The host is certainly somebody else's: reserved or a wildcard.
        foreign: Fact<bool>,
    }
}

/// "Authenticate users using an Application Load Balancer", Elastic Load Balancing user guide.
const IDP_RESPONSE: &str = "/oauth2/idpresponse";

pub(super) fn derive(graph: &Graph, hosts: &Hosts<'_>) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (listener, rule) in graph.elbv2.all_rules() {
        let Some(resource) = graph.resources.get(&rule.address) else { continue };
        let subject =
            |facts: &SignIn, span| Subject::of("load_balancer_sign_ins", resource, facts).part("sign-in", span);
        let before = subjects.len();
        for action in rule.actions.known().into_iter().flatten() {
            if let ActionKind::AuthenticateCognito(config) = &action.kind {
                subjects.push(subject(&sign_in(graph, hosts, listener, rule, config), action.span));
            }
        }
        if subjects.len() == before
            && let Some((reason, span)) = unread(rule)
        {
            subjects.push(subject(&unknown(reason, span), span));
        }
    }
    subjects
}

/// What may be a sign-in, and why that is not known.
fn unread(rule: &Rule) -> Option<(&Reason, Span)> {
    match &rule.actions {
        Typed::Known(actions, _) => actions.iter().find_map(|action| match &action.kind {
            ActionKind::Unknown(reason, _) => Some((reason, action.span)),
            _ => None,
        }),
        Typed::Unknown(reason, span) => Some((reason, *span)),
        Typed::Absent(_) => None,
    }
}

fn unknown(reason: &Reason, span: Span) -> SignIn {
    let step = || vec![Step::new("whether this signs users in is not known", span)];
    let fact = || Fact::unknown(reason.clone(), step());
    SignIn {
        callbacks: Fact::unknown(reason.clone(), step()),
        secret: fact(),
        code_flow: fact(),
        scopes_allowed: fact(),
        client_of_pool: fact(),
        domain_of_pool: fact(),
        domain_is_name: fact(),
    }
}

fn sign_in(
    graph: &Graph,
    hosts: &Hosts<'_>,
    listener: Option<&Listener>,
    rule: &Rule,
    action: &AuthenticateCognito,
) -> SignIn {
    let config = &action.config;
    let pool = linked(graph, config.prop("UserPoolArn"), USER_POOL, "the user pool");
    let client_link = linked(graph, config.prop("UserPoolClientId"), CLIENT, "the app client");
    let client = client_link.clone().and_then(|(address, step)| {
        let client = graph.cognito.client(&address).ok_or_else(|| Reason::Outside("the app client".into()))?;
        Ok((client, step))
    });
    let of_client = |read: &dyn Fn(&Client) -> Fact<bool>| match &client {
        Ok((client, step)) => {
            let mut fact = read(client);
            fact.evidence.insert(0, step.clone());
            fact
        }
        Err(reason) => Fact::unknown(reason.clone(), vec![Step::new("the app client is named here", config.span)]),
    };
    SignIn {
        callbacks: match &client {
            Ok((client, _)) => callbacks(hosts, listener, rule, client),
            Err(reason) => Fact::unknown(reason.clone(), vec![Step::new("the app client is named here", config.span)]),
        },
        secret: of_client(&|client| Fact::of(client.secret.clone(), "client secret")),
        code_flow: of_client(&|client| words(client.allows_flow("code"), &allowed_flows(client), &client.flows)),
        scopes_allowed: of_client(&|client| scopes(client, config)),
        client_of_pool: of_client(&|client| belongs(&client.pool, &pool, "the client belongs to this pool")),
        domain_of_pool: domain_of_pool(graph, config, &pool),
        domain_is_name: domain_is_name(config),
    }
}

type Linked = Result<(Address, Step), Reason>;

fn linked(graph: &Graph, prop: Prop<'_>, kind: &str, what: &str) -> Linked {
    match prop {
        Prop::Absent(_) => Err(Reason::NotUnderstood(Arc::from(format!("{what} is not named")))),
        Prop::Unknown(reason, _) => Err(reason.clone()),
        Prop::Known(value) => match graph.resources.link(value, &[kind]) {
            Link::To(resource) => {
                Ok((resource.address.clone(), Step::new(format!("signs in with `{}`", resource.name), value.span)))
            }
            Link::Outside(text) => Err(Reason::Outside(Arc::from(format!("{what} `{text}`")))),
            Link::Unknown(reason) => Err(reason),
        },
    }
}

fn words(answer: Option<bool>, label: &str, list: &Typed<Vec<Typed<String>>>) -> Fact<bool> {
    let evidence = vec![Step::new(label, list.span())];
    answer.map_or_else(
        || Fact::unknown(reason_of(list), evidence.clone()),
        |answer| Fact::known(answer, evidence.clone()),
    )
}

fn scopes(client: &Client, config: &Value) -> Fact<bool> {
    let wanted = match text(config.prop("Scope")).or_default("openid".to_owned()) {
        Typed::Known(wanted, _) => wanted,
        Typed::Unknown(reason, span) => return Fact::unknown(reason, vec![Step::new("requested scope", span)]),
        Typed::Absent(span) => return Fact::known(true, vec![Step::new("requested scope", span)]),
    };
    let label = format!("allowed scopes; the load balancer asks for `{wanted}`");
    let answers: Vec<Option<bool>> = wanted.split_whitespace().map(|scope| includes(&client.scopes, scope)).collect();
    let answer = if answers.contains(&Some(false)) {
        Some(false)
    } else if answers.contains(&None) {
        None
    } else {
        Some(true)
    };
    words(answer, &label, &client.scopes)
}

fn belongs(owner: &Typed<crate::graph::Target>, pool: &Linked, label: &str) -> Fact<bool> {
    let evidence = vec![Step::new(label, owner.span())];
    match (owner, pool) {
        (Typed::Known(owner, _), Ok((pool, _))) => match owner.address() {
            Some(address) => Fact::known(address == pool, evidence),
            None => Fact::unknown(Reason::Outside("the pool of the client".into()), evidence),
        },
        (Typed::Unknown(reason, _), _) | (_, Err(reason)) => Fact::unknown(reason.clone(), evidence),
        (Typed::Absent(_), _) => Fact::unknown(Reason::NotUnderstood("no pool is named".into()), evidence),
    }
}

fn domain_of_pool(graph: &Graph, config: &Value, pool: &Linked) -> Fact<bool> {
    let domain = linked(graph, config.prop("UserPoolDomain"), DOMAIN, "the user pool domain");
    let span = config.prop("UserPoolDomain").span();
    match domain {
        Err(reason) => Fact::unknown(reason, vec![Step::new("the user pool domain is named here", span)]),
        Ok((address, _)) => match graph.cognito.domains.iter().find(|domain| domain.address == address) {
            Some(domain) => {
                let mut fact = belongs(&domain.pool, pool, "the domain belongs to this pool");
                fact.evidence.insert(0, Step::new("the user pool domain is named here", span));
                fact
            }
            None => Fact::unknown(Reason::Outside("the user pool domain".into()), Vec::new()),
        },
    }
}

/// A whole URL in the place of the prefix makes every sign-in fail.
fn domain_is_name(config: &Value) -> Fact<bool> {
    match config.prop("UserPoolDomain") {
        Prop::Known(value) => {
            let evidence = vec![Step::new("the user pool domain is named here", value.span)];
            Fact::known(!value.template().unwrap_or_default().contains("://"), evidence)
        }
        Prop::Absent(span) => Fact::known(false, vec![Step::new("no user pool domain is named", span)]),
        Prop::Unknown(reason, span) => Fact::unknown(reason.clone(), vec![Step::new("the user pool domain", span)]),
    }
}

fn callbacks(hosts: &Hosts<'_>, listener: Option<&Listener>, rule: &Rule, client: &Client) -> Fact<Vec<Callback>> {
    match &client.callbacks {
        Typed::Known(urls, span) => {
            let all = urls.iter().map(|url| callback(hosts, listener, rule, url)).collect();
            Fact::known(all, vec![Step::new(format!("callback URLs of `{}`", client.name), *span)])
        }
        Typed::Absent(_) => {
            let label = format!("client `{}` has no callback URL", client.name);
            Fact::known(Vec::new(), vec![Step::new(label, client.name_span)])
        }
        Typed::Unknown(reason, span) => Fact::unknown(reason.clone(), vec![Step::new("callback URLs", *span)]),
    }
}

fn callback(hosts: &Hosts<'_>, listener: Option<&Listener>, rule: &Rule, url: &Url) -> Callback {
    let step = vec![Step::new(format!("callback `{}`", url.text), url.span)];
    let here = match listener {
        Some(listener) => hosts.is_of_listener(url, listener),
        None => Err(Reason::Outside(Arc::from(format!("the listener of rule `{}`", rule.name)))),
    };
    let foreign = match (hosts.owner(url), &url.host) {
        (Ok(owner), _) => Ok(matches!(owner, "reserved" | "wildcard")),
        (Err(reason), Host::Unknown(_)) => Err(reason),
        // A name that nothing declares may be anyone's, but that alone does not make it foreign.
        (Err(_), _) => Ok(false),
    };
    Callback {
        url: url.text.clone(),
        scheme: Fact { value: url.scheme.clone(), evidence: step.clone() },
        idp_response: Fact { value: url.path.clone().map(|path| path == IDP_RESPONSE), evidence: step.clone() },
        this_load_balancer: Fact { value: here, evidence: step.clone() },
        foreign: Fact { value: foreign, evidence: step },
    }
}
