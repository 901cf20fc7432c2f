//! Listener rules: priority, conditions, actions in the order in which they are performed, transforms.
//!
//! Source: "Listener rules", "Condition types for listener rules" and "Action types for listener rules", Elastic Load
//! Balancing user guide for Application Load Balancers.

use std::sync::Arc;

use super::super::{Resources, Target, Typed, integer, list, target, text};
use super::{LISTENER, LISTENER_RULE, Listener, OrphanRule, TARGET_GROUP};
use crate::input::{Format, Resource};
use crate::source::Span;
use crate::value::{Address, Kind, Prop, Reason, Value};

#[derive(Clone, Debug)]
pub struct Rule {
    /// The listener rule, or the listener whose default it is.
    pub address: Address,
    pub name: Arc<str>,
    /// The logical id of a rule, or the `DefaultActions` of a listener.
    pub span: Span,
    pub format: Format,
    pub is_default: bool,
    /// `Absent` for the default rule.
    pub priority: Typed<i64>,
    /// All must hold. Empty for the default rule.
    pub conditions: Typed<Vec<Condition>>,
    /// In the order in which they are performed.
    pub actions: Typed<Vec<Action>>,
    /// URL and host rewrites; `Absent` or empty means that the request arrives as it was sent.
    pub transforms: Typed<Vec<Value>>,
}

#[derive(Clone, Debug)]
pub struct Condition {
    pub span: Span,
    pub test: Test,
}

/// What a condition looks at; one of its values must match.
#[derive(Clone, Debug)]
pub enum Test {
    /// Case-sensitive; `*` and `?` are wildcards.
    Path {
        values: Vec<Typed<String>>,
        regex: Vec<Regex>,
    },
    /// Not case-sensitive; `*` and `?` are wildcards.
    Host {
        values: Vec<Typed<String>>,
        regex: Vec<Regex>,
    },
    /// Not case-sensitive; `*` and `?` are wildcards.
    Header {
        name: Typed<String>,
        values: Vec<Typed<String>>,
        regex: Vec<Regex>,
    },
    /// Case-sensitive, no wildcards.
    Method {
        values: Vec<Typed<String>>,
    },
    /// Not case-sensitive; `*` and `?` are wildcards unless escaped with a backslash. Without a key any key matches.
    Query {
        pairs: Vec<(Typed<String>, Typed<String>)>,
    },
    /// CIDR blocks of the peer, never of `X-Forwarded-For`.
    SourceIp {
        values: Vec<Typed<String>>,
    },
    Unknown(Reason),
}

pub type Regex = Typed<String>;

#[derive(Clone, Debug)]
pub struct Action {
    pub span: Span,
    /// As written; actions without one are performed in the order of the list.
    pub order: Typed<i64>,
    pub kind: ActionKind,
}

#[derive(Clone, Debug)]
pub enum ActionKind {
    Forward(Vec<Forward>),
    Redirect(Redirect),
    FixedResponse,
    AuthenticateCognito(AuthenticateCognito),
    AuthenticateOidc(AuthenticateOidc),
    JwtValidation(JwtValidation),
    /// With the target groups that it names, in case that it forwards; their weights are unknown.
    Unknown(Reason, Vec<Forward>),
}

/// One target group of a forward action.
#[derive(Clone, Debug)]
pub struct Forward {
    pub target_group: Typed<Target>,
    /// 0 to 999; a group with weight 0 receives nothing. `Absent` when written as a plain `TargetGroupArn`.
    pub weight: Typed<i64>,
    pub span: Span,
}

impl Forward {
    /// Receives no requests, for certain.
    pub fn is_idle(&self) -> bool {
        self.weight.known() == Some(&0)
    }
}

/// Defaults are `#{protocol}`, `#{port}`, `#{host}`, `/#{path}`, `#{query}`: what the request had.
#[derive(Clone, Debug)]
pub struct Redirect {
    pub protocol: Typed<String>,
    pub port: Typed<String>,
    pub host: Typed<String>,
    /// The host as written, for following it to another front door.
    pub host_value: Option<Value>,
    pub status_code: Typed<String>,
}

/// What happens to a request without a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unauthenticated {
    Authenticate,
    Deny,
    Allow,
}

#[derive(Clone, Debug)]
pub struct AuthenticateCognito {
    /// The whole configuration, with `UserPoolArn`, `UserPoolClientId`, `UserPoolDomain`, `Scope`, `SessionTimeout`.
    pub config: Value,
    /// Default `authenticate`; never `Absent`.
    pub on_unauthenticated: Typed<Unauthenticated>,
}

#[derive(Clone, Debug)]
pub struct AuthenticateOidc {
    /// The whole configuration but for `ClientSecret`, with `Issuer`, `AuthorizationEndpoint`, `TokenEndpoint`, ….
    pub config: Value,
    /// Default `authenticate`; never `Absent`.
    pub on_unauthenticated: Typed<Unauthenticated>,
}

#[derive(Clone, Debug)]
pub struct JwtValidation {
    pub config: Value,
}

impl Action {
    /// The word under which facts know what this action authenticates with.
    pub fn authentication(&self) -> Option<&'static str> {
        match &self.kind {
            ActionKind::AuthenticateCognito(_) => Some("cognito"),
            ActionKind::AuthenticateOidc(_) => Some("oidc"),
            ActionKind::JwtValidation(_) => Some("jwt"),
            ActionKind::Forward(_) | ActionKind::Redirect(_) | ActionKind::FixedResponse | ActionKind::Unknown(..) => {
                None
            }
        }
    }

    /// What it does with a request that has no session; token validation always rejects it.
    pub fn on_unauthenticated(&self) -> Option<&Typed<Unauthenticated>> {
        match &self.kind {
            ActionKind::AuthenticateCognito(action) => Some(&action.on_unauthenticated),
            ActionKind::AuthenticateOidc(action) => Some(&action.on_unauthenticated),
            ActionKind::JwtValidation(_)
            | ActionKind::Forward(_)
            | ActionKind::Redirect(_)
            | ActionKind::FixedResponse
            | ActionKind::Unknown(..) => None,
        }
    }

    fn new(item: &Value, resources: &Resources) -> Self {
        let kind = match text(item.prop("Type")) {
            Typed::Known(word, _) => match word.as_str() {
                "forward" => ActionKind::Forward(forwards(item, resources)),
                "redirect" => ActionKind::Redirect(Redirect::new(item)),
                "fixed-response" => ActionKind::FixedResponse,
                "authenticate-cognito" => {
                    let (config, on_unauthenticated) = authentication(item, "AuthenticateCognitoConfig");
                    ActionKind::AuthenticateCognito(AuthenticateCognito { config, on_unauthenticated })
                }
                "authenticate-oidc" => {
                    let (config, on_unauthenticated) = authentication(item, "AuthenticateOidcConfig");
                    let config = without(config, "ClientSecret");
                    ActionKind::AuthenticateOidc(AuthenticateOidc { config, on_unauthenticated })
                }
                "jwt-validation" => {
                    let config = member(item, "JwtValidationConfig");
                    ActionKind::JwtValidation(JwtValidation { config })
                }
                other => undecided(item, resources, unrecognised("action type", other)),
            },
            Typed::Unknown(reason, _) => undecided(item, resources, reason),
            Typed::Absent(_) => undecided(item, resources, Reason::NotUnderstood(Arc::from("an action has no `Type`"))),
        };
        Self { span: item.span, order: integer(item.prop("Order")), kind }
    }
}

fn undecided(item: &Value, resources: &Resources, reason: Reason) -> ActionKind {
    let names_group = |key| !item.prop(key).is_absent();
    let mut groups = Vec::new();
    if names_group("TargetGroupArn") || names_group("ForwardConfig") {
        groups = forwards(item, resources);
        for group in &mut groups {
            group.weight = Typed::Unknown(reason.clone(), group.span);
        }
    }
    ActionKind::Unknown(reason, groups)
}

fn unrecognised(what: &str, word: &str) -> Reason {
    Reason::NotUnderstood(Arc::from(format!("`{word}` is no {what} that is known here")))
}

/// A property as a value: unknown when it is missing, so that what is read below it is unknown too.
fn member(item: &Value, key: &str) -> Value {
    match item.prop(key) {
        Prop::Known(value) => value.clone(),
        Prop::Unknown(reason, span) => Value::unknown(span, reason.clone()),
        Prop::Absent(span) => Value::unknown(span, Reason::NotUnderstood(Arc::from(format!("`{key}` is not set")))),
    }
}

fn authentication(item: &Value, key: &str) -> (Value, Typed<Unauthenticated>) {
    let config = member(item, key);
    let on_unauthenticated = text(config.prop("OnUnauthenticatedRequest"))
        .and_then("`authenticate`, `deny` or `allow`", |word| match word.as_str() {
            "authenticate" => Some(Unauthenticated::Authenticate),
            "deny" => Some(Unauthenticated::Deny),
            "allow" => Some(Unauthenticated::Allow),
            _ => None,
        })
        .or_default(Unauthenticated::Authenticate);
    (config, on_unauthenticated)
}

fn without(mut config: Value, key: &str) -> Value {
    if let Kind::Map(map) = &mut config.kind {
        map.members.retain(|member| &*member.key != key);
    }
    config
}

/// `TargetGroupArn` and `ForwardConfig.TargetGroups`; a group named in both counts once, with its weight.
fn forwards(item: &Value, resources: &Resources) -> Vec<Forward> {
    let mut found = Vec::new();
    match list(item.prop("ForwardConfig.TargetGroups")) {
        Typed::Known(entries, _) => {
            for entry in &entries {
                let arn = entry.prop("TargetGroupArn");
                found.push(Forward {
                    target_group: target(resources, arn, &[TARGET_GROUP]),
                    weight: integer(entry.prop("Weight")),
                    span: arn.span(),
                });
            }
        }
        Typed::Unknown(reason, span) => {
            found.push(Forward { target_group: Typed::Unknown(reason, span), weight: Typed::Absent(span), span });
        }
        Typed::Absent(_) => {}
    }
    let plain = item.prop("TargetGroupArn");
    if plain.is_absent() && !found.is_empty() {
        return found;
    }
    let target_group = target(resources, plain, &[TARGET_GROUP]);
    if !found.iter().any(|forward| forward.target_group.known() == target_group.known()) {
        found.push(Forward { target_group, weight: Typed::Absent(plain.span()), span: plain.span() });
    }
    found
}

impl Redirect {
    fn new(item: &Value) -> Self {
        let config = member(item, "RedirectConfig");
        let part = |key: &str, default: &str| text(config.prop(key)).or_default(default.to_owned());
        Self {
            protocol: part("Protocol", "#{protocol}"),
            port: part("Port", "#{port}"),
            host: part("Host", "#{host}"),
            host_value: config.prop("Host").known().cloned(),
            status_code: text(config.prop("StatusCode")),
        }
    }
}

impl Rule {
    pub(super) fn default_of(listener: &Resource, resources: &Resources) -> Self {
        let prop = listener.prop("DefaultActions");
        let span = prop.span();
        Self {
            address: listener.address.clone(),
            name: Arc::clone(&listener.name),
            span,
            format: listener.format,
            is_default: true,
            priority: Typed::Absent(span),
            conditions: Typed::Known(Vec::new(), span),
            actions: actions(prop, resources),
            transforms: Typed::Absent(span),
        }
    }

    fn new(resource: &Resource, resources: &Resources) -> Self {
        let conditions = match list(resource.prop("Conditions")) {
            Typed::Known(items, span) => Typed::Known(items.iter().map(Condition::new).collect(), span),
            Typed::Absent(span) => Typed::Known(Vec::new(), span),
            Typed::Unknown(reason, span) => Typed::Unknown(reason, span),
        };
        Self {
            address: resource.address.clone(),
            name: Arc::clone(&resource.name),
            span: resource.name_span,
            format: resource.format,
            is_default: false,
            priority: integer(resource.prop("Priority")),
            conditions,
            actions: actions(resource.prop("Actions"), resources),
            transforms: list(resource.prop("Transforms")),
        }
    }

    /// `default`, or the priority: what tells the rules of a listener apart for a reader.
    pub fn label(&self) -> String {
        match &self.priority {
            _ if self.is_default => "default".to_owned(),
            Typed::Known(priority, _) => format!("priority {priority}"),
            Typed::Absent(_) | Typed::Unknown(..) => "of unknown priority".to_owned(),
        }
    }

    /// The target groups of the graph that may receive requests from this rule.
    pub fn target_groups(&self) -> impl Iterator<Item = &Address> {
        self.forwards().filter(|forward| !forward.is_idle()).filter_map(|forward| forward.target_group.address())
    }

    /// Every target group of every action that forwards or may do so, those with weight 0 included.
    pub fn forwards(&self) -> impl Iterator<Item = &Forward> {
        self.actions.known().into_iter().flatten().flat_map(|action| match &action.kind {
            ActionKind::Forward(groups) | ActionKind::Unknown(_, groups) => groups.as_slice(),
            _ => &[],
        })
    }
}

fn actions(prop: Prop<'_>, resources: &Resources) -> Typed<Vec<Action>> {
    list(prop).map(|items| {
        let mut actions: Vec<_> = items.iter().map(|item| Action::new(item, resources)).collect();
        // Without an order, actions run as listed; the sort is stable, so ties do as well.
        if actions.iter().all(|action| action.order.known().is_some()) {
            actions.sort_by_key(|action| action.order.known().copied());
        }
        actions
    })
}

impl Condition {
    fn new(item: &Value) -> Self {
        let field = text(item.prop("Field"));
        let word = match &field {
            Typed::Known(word, _) => word.as_str(),
            Typed::Unknown(reason, span) => return Self { span: *span, test: Test::Unknown(reason.clone()) },
            Typed::Absent(_) => implied_field(item),
        };
        let values = |config: &str| texts(item, config, "Values");
        let regex = |config: &str| texts(item, config, "RegexValues");
        let test = match word {
            "path-pattern" => Test::Path { values: values("PathPatternConfig"), regex: regex("PathPatternConfig") },
            "host-header" => Test::Host { values: values("HostHeaderConfig"), regex: regex("HostHeaderConfig") },
            "http-header" => Test::Header {
                name: text(item.prop("HttpHeaderConfig.HttpHeaderName")),
                values: values("HttpHeaderConfig"),
                regex: regex("HttpHeaderConfig"),
            },
            "http-request-method" => Test::Method { values: values("HttpRequestMethodConfig") },
            "query-string" => Test::Query { pairs: pairs(item) },
            "source-ip" => Test::SourceIp { values: values("SourceIpConfig") },
            other => Test::Unknown(unrecognised("condition field", other)),
        };
        Self { span: item.span, test }
    }
}

/// The field of a condition that only has a configuration.
fn implied_field(item: &Value) -> &'static str {
    [
        ("PathPatternConfig", "path-pattern"),
        ("HostHeaderConfig", "host-header"),
        ("HttpHeaderConfig", "http-header"),
        ("HttpRequestMethodConfig", "http-request-method"),
        ("QueryStringConfig", "query-string"),
        ("SourceIpConfig", "source-ip"),
    ]
    .into_iter()
    .find_map(|(config, field)| (!item.prop(config).is_absent()).then_some(field))
    .unwrap_or("")
}

/// The values of a condition: the `…Config` form, and for `Values` the plain form beside it.
fn texts(item: &Value, config: &str, key: &str) -> Vec<Typed<String>> {
    let mut found = Vec::new();
    let plain = (key == "Values").then(|| item.prop(key));
    for prop in plain.into_iter().chain([item.prop(&format!("{config}.{key}"))]) {
        match list(prop) {
            Typed::Known(values, _) => found.extend(values.iter().map(|value| text(as_prop(value)))),
            Typed::Unknown(reason, span) => found.push(Typed::Unknown(reason, span)),
            Typed::Absent(_) => {}
        }
    }
    found
}

fn as_prop(value: &Value) -> Prop<'_> {
    match &value.kind {
        Kind::Unknown(reason) => Prop::Unknown(reason, value.span),
        _ => Prop::Known(value),
    }
}

fn pairs(item: &Value) -> Vec<(Typed<String>, Typed<String>)> {
    match list(item.prop("QueryStringConfig.Values")) {
        Typed::Known(values, _) => {
            values.iter().map(|pair| (text(pair.prop("Key")), text(pair.prop("Value")))).collect()
        }
        Typed::Unknown(reason, span) => vec![(Typed::Absent(span), Typed::Unknown(reason, span))],
        Typed::Absent(_) => Vec::new(),
    }
}

/// Gives each listener its rules and returns those whose listener was not scanned. A rule whose listener cannot be told
/// leaves every listener's list open, unless it comes from outside: a parameter or import never names a listener of the
/// stacks that are scanned together, because references between those are resolved.
pub(super) fn attach(resources: &Resources, listeners: &mut [Listener]) -> Vec<OrphanRule> {
    let mut orphans = Vec::new();
    for resource in resources.of_kind(LISTENER_RULE) {
        let rule = Rule::new(resource, resources);
        let to = target(resources, resource.prop("ListenerArn"), &[LISTENER]);
        match listeners.iter_mut().find(|listener| to.address() == Some(&listener.address)) {
            Some(listener) => {
                let before = listener.rules.len().saturating_sub(1);
                listener.rules.insert(before, rule);
            }
            None => orphans.push(OrphanRule { listener: to, rule }),
        }
    }
    for listener in listeners {
        listener.rules.sort_by_key(|rule| (rule.is_default, rule.priority.known().is_none(), priority(rule)));
        listener.rules_open = orphans.iter().find_map(|orphan| match &orphan.listener {
            Typed::Unknown(Reason::Parameter(_) | Reason::Import(_) | Reason::DynamicReference(_), _)
            | Typed::Known(..)
            | Typed::Absent(_) => None,
            Typed::Unknown(reason, _) => Some(reason.clone()),
        });
    }
    orphans
}

fn priority(rule: &Rule) -> i64 {
    rule.priority.known().copied().unwrap_or(i64::MAX)
}
