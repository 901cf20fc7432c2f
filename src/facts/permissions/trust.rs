//! Roles that an identity pool may hand out: which pool's users, and in which state, their trust policy admits.
//!
//! Source: "Role trust and permissions" (Amazon Cognito Developer Guide); "Creating a condition with multiple keys or
//! values" (IAM User Guide) for the set operators.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::facts::{Fact, Step, Subject, fact_struct};
use crate::graph::Graph;
use crate::graph::iam::Role;
use crate::graph::iam::holder::{HolderKind, IDENTITY_POOL};
use crate::iam::condition::{Condition, SetOperator};
use crate::iam::document::{Effect, Principal, PrincipalKind, Principals, Statement};
use crate::iam::pattern::{Pattern, Token};
use crate::source::Span;
use crate::value::{Address, Reason};

fact_struct! {
    /// A statement of a trust policy that admits users of identity pools.
    pub struct PoolTrust {
        /// Whose users: `pool` (exactly named identity pools, and the one that hands the role out is among them),
        /// `other_pool` (exactly named, but not that one), `not_a_pool`, `any` (no condition on the audience, or one
        /// that a missing or foreign audience satisfies).
        audience: Fact<String>,
        /// In which state: `authenticated`, `guest`, `both`, `any` (no condition on the state, or one that a missing
        /// key satisfies).
        state: Fact<String>,
        /// Why the audience or the state is not confined, for messages.
        problem: String,
    }
}

fact_struct! {
    /// A role that an identity pool may hand out.
    pub struct FederatedRole {
        /// A statement each that admits users of identity pools.
        trusts: Vec<PoolTrust>,
        /// What identity pools use it for: `authenticated`, `guest`, `both` or `none` (nothing in what was scanned).
        used_for: Fact<String>,
        /// What is wrong with the trust policy, for messages.
        problems: String,
    }
}

const PROVIDER: &str = "cognito-identity.amazonaws.com";
const AUDIENCE: &str = "cognito-identity.amazonaws.com:aud";
const STATE: &str = "cognito-identity.amazonaws.com:amr";

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    graph
        .iam
        .roles()
        .filter(|role| !role.service_linked)
        .filter_map(|role| {
            let trusts = trusts(graph, role);
            let resource = graph.resources.get(&role.address)?;
            let used_for = used_for(graph, role);
            let mut problems: Vec<String> = trusts.iter().map(|trust| trust.problem.clone()).collect();
            if used_for.value.as_deref() == Ok("both") {
                problems.push("guests and signed-in users get the same role".to_owned());
            }
            problems.retain(|problem| !problem.is_empty());
            let facts = FederatedRole { used_for, problems: problems.join("; "), trusts };
            (!facts.trusts.is_empty()).then(|| Subject::of("federated_roles", resource, &facts))
        })
        .collect()
}

fn trusts(graph: &Graph, role: &Role) -> Vec<PoolTrust> {
    let document = &role.trust.document;
    let mut trusts: Vec<PoolTrust> = document
        .allows()
        .filter_map(|statement| match admits(statement) {
            Some(false) => None,
            Some(true) => Some(trust(graph, role, statement)),
            None => Some(unknown(role, &statement_reason(statement), role.trust.span(statement.index))),
        })
        .collect();
    if let Some(reason) = &document.open {
        trusts.push(unknown(role, reason, role.trust.whole));
    }
    trusts
}

/// Whether a statement lets users of identity pools assume the role.
fn admits(statement: &Statement) -> Option<bool> {
    let principal = match &statement.principals {
        Principals::Absent => Some(false),
        Principals::Unknown(_) => None,
        Principals::Only(principals) => any(principals.iter().map(admits_principal)),
        Principals::Except(principals) => any(principals.iter().map(admits_principal)).map(|named| !named),
    };
    let effect = if matches!(statement.effect, Effect::Unknown(_)) { None } else { Some(true) };
    // Tokens of identity pools carry no keys of another provider.
    let foreign = |condition: &Condition| {
        let claim = [":aud", ":sub", ":amr", ":app_id"].iter().any(|claim| condition.key.ends_with(claim));
        claim && !condition.key.starts_with(PROVIDER) && condition.requires_key()
    };
    if principal.is_none() && statement.conditions.iter().any(foreign) {
        return Some(false);
    }
    all([effect, principal, statement.actions.includes("sts:assumerolewithwebidentity")])
}

fn admits_principal(principal: &Principal) -> Option<bool> {
    match principal.kind {
        PrincipalKind::Everyone => Some(true),
        // A reference leads to a provider that the template declares, which identity pools are not.
        PrincipalKind::Federated => match principal.value.tokens.as_slice() {
            [Token::Symbol(_)] => Some(false),
            _ => principal.value.matches(PROVIDER),
        },
        PrincipalKind::Aws | PrincipalKind::Service | PrincipalKind::Other => Some(false),
    }
}

/// Kleene disjunction.
fn any(answers: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let answers: Vec<Option<bool>> = answers.collect();
    if answers.contains(&Some(true)) { Some(true) } else { (!answers.contains(&None)).then_some(false) }
}

/// Kleene conjunction.
fn all(answers: [Option<bool>; 3]) -> Option<bool> {
    any(answers.into_iter().map(|answer| answer.map(|held| !held))).map(|failed| !failed)
}

fn statement_reason(statement: &Statement) -> Reason {
    let principal = match &statement.principals {
        Principals::Unknown(reason) => Some(reason.clone()),
        Principals::Only(all) | Principals::Except(all) => all.iter().find_map(|it| it.value.reason().cloned()),
        Principals::Absent => None,
    };
    let effect = match &statement.effect {
        Effect::Unknown(reason) => Some(reason.clone()),
        Effect::Allow | Effect::Deny => None,
    };
    principal
        .or(effect)
        .or_else(|| statement.actions.reason().cloned())
        .unwrap_or_else(|| Reason::NotUnderstood(Arc::from("whom the statement trusts is only known after deployment")))
}

fn unknown(role: &Role, reason: &Reason, span: Span) -> PoolTrust {
    let fact =
        || Fact::unknown(reason.clone(), vec![Step::new(format!("the trust policy of role `{}`", role.name), span)]);
    PoolTrust { audience: fact(), state: fact(), problem: String::new() }
}

fn trust(graph: &Graph, role: &Role, statement: &Statement) -> PoolTrust {
    let at = role.trust.span(statement.index);
    let condition = role.trust.element_span(statement.index, "Condition");
    let step = Step::new(format!("role `{}` may be assumed by users of identity pools", role.name), at);
    let (audience, first) = judge(statement, AUDIENCE, |found| audience(graph, role, found));
    let (state, second) = judge(statement, STATE, state);
    let problem = [first, second].into_iter().flatten().collect::<Vec<_>>().join("; ");
    let fact = |answer: Result<&'static str, Reason>, what: &str| {
        let evidence = vec![step.clone(), Step::new(format!("the condition on {what}"), condition)];
        match answer {
            Ok(key) => Fact::known(key.to_owned(), evidence),
            Err(reason) => Fact::unknown(reason, evidence),
        }
    };
    PoolTrust { audience: fact(audience, AUDIENCE), state: fact(state, STATE), problem }
}

type Answer = (Result<&'static str, Reason>, Option<String>);

/// Judges all conditions on a key; all must hold, so one that confines is enough.
fn judge(statement: &Statement, key: &str, judge: impl Fn(&Condition) -> Answer) -> Answer {
    let mut best: Option<Answer> = None;
    for condition in statement.conditions.iter().filter(|condition| &*condition.key == key) {
        let answer = judge(condition);
        if answer.1.is_none() && answer.0.is_ok() {
            return answer;
        }
        // Prefer "not known" over "wide": together with the wide one it may still confine.
        if best.as_ref().is_none_or(|best| best.0.is_ok() && answer.0.is_err()) {
            best = Some(answer);
        }
    }
    match (best, &statement.conditions_open) {
        (Some((Err(reason), _)), _) => (Err(reason), None),
        (_, Some(reason)) => (Err(reason.clone()), None),
        (Some(answer), None) => answer,
        (None, None) => (Ok("any"), Some(format!("no condition on `{key}`"))),
    }
}

/// Values of a comparison that a request without the key does not satisfy, or why the comparison does not confine.
fn values<'a>(condition: &'a Condition, sets: &[SetOperator]) -> Result<&'a [Pattern], String> {
    let written = condition.to_string();
    if condition.set == SetOperator::ForAllValues {
        return Err(format!("`{written}` also holds when the key is missing"));
    }
    if condition.if_exists {
        return Err(format!("`{written}` also holds when the key is missing"));
    }
    if !sets.contains(&condition.set) {
        return Err(format!("`{written}` compares a key of several values without `ForAnyValue:`"));
    }
    if !condition.compares_text() {
        return Err(format!("`{written}` does not say which value is wanted"));
    }
    Ok(&condition.values)
}

fn audience(graph: &Graph, role: &Role, condition: &Condition) -> Answer {
    let values = match values(condition, &[SetOperator::None, SetOperator::ForAnyValue]) {
        Ok(values) => values,
        Err(problem) => return (Ok("any"), Some(problem)),
    };
    if let Some(value) = values.iter().find(|value| value.has_wildcard()) {
        return (Ok("any"), Some(format!("the audience `{value}` has a wildcard")));
    }
    let users: BTreeSet<&Address> = role
        .holders
        .iter()
        .filter(|holder| matches!(holder.kind, HolderKind::Authenticated | HolderKind::Guest))
        .map(|holder| &holder.address)
        .collect();
    let own = users.is_empty();
    let is_pool = |address: &&&Address| graph.resources.get(address).is_some_and(|it| &*it.kind == IDENTITY_POOL);
    let mut open = users.iter().find(|address| !is_pool(address)).map(|attachment| {
        Reason::NotUnderstood(Arc::from(format!("the identity pool of `{attachment}` is not known")))
    });
    for value in values {
        match pool(graph, value) {
            Pool::Known(address) if users.contains(address) => return (Ok("pool"), None),
            Pool::Known(_) => {}
            Pool::Other(what) => return (Ok("not_a_pool"), Some(format!("the audience is {what}, no identity pool"))),
            Pool::Literal if users.is_empty() => {}
            Pool::Literal => {
                let reason = Reason::NotUnderstood(Arc::from(format!(
                    "whether `{value}` is the identity pool that hands out the role is only known after deployment; \
                     refer to the pool instead"
                )));
                open = Some(reason);
            }
            Pool::Unknown(reason) => open = Some(reason),
        }
    }
    match (open, own) {
        (Some(reason), _) => (Err(reason), None),
        (None, true) => (Ok("pool"), None),
        (None, false) => (
            Ok("other_pool"),
            Some("the audience is another identity pool than the one that hands out the role".to_owned()),
        ),
    }
}

enum Pool<'a> {
    Known(&'a Address),
    /// A literal id.
    Literal,
    /// Something that cannot be a pool's id.
    Other(String),
    Unknown(Reason),
}

fn pool<'a>(graph: &'a Graph, value: &Pattern) -> Pool<'a> {
    if let Some(reason) = value.reason() {
        return Pool::Unknown(reason.clone());
    }
    let [Token::Symbol(symbol)] = value.tokens.as_slice() else {
        return match value.literal() {
            // `eu-west-1:` and a GUID.
            Some(text) if text.contains(':') => Pool::Literal,
            Some(text) => Pool::Other(format!("`{text}`")),
            None => Pool::Unknown(Reason::Attribute(Arc::from(value.to_string()))),
        };
    };
    let whole = graph.resources.get(&Address(Arc::clone(symbol)));
    let of_attribute =
        || symbol.rsplit_once('.').and_then(|(owner, _)| graph.resources.get(&Address(Arc::from(owner))));
    match whole.or_else(of_attribute) {
        Some(resource) if &*resource.kind == IDENTITY_POOL => Pool::Known(&resource.address),
        // The outputs of a custom resource or a nested stack may be anything.
        Some(resource) if resource.kind.starts_with("AWS::") && !resource.kind.starts_with("AWS::CloudFormation::") => {
            Pool::Other(format!("`{}` ({})", resource.name, resource.kind))
        }
        _ => Pool::Unknown(Reason::Attribute(Arc::from(value.to_string()))),
    }
}

fn state(condition: &Condition) -> Answer {
    let values = match values(condition, &[SetOperator::ForAnyValue]) {
        Ok(values) => values,
        Err(problem) => return (Ok("any"), Some(problem)),
    };
    let admits = |state: &str| {
        any(values.iter().map(|value| {
            if condition.has_wildcards() { value.matches(state) } else { value.literal().map(|text| text == state) }
        }))
    };
    let reason = || {
        values.iter().find_map(|value| value.reason().cloned()).unwrap_or_else(|| Reason::Attribute(Arc::from(STATE)))
    };
    match (admits("authenticated"), admits("unauthenticated")) {
        (Some(true), Some(true)) => (Ok("both"), Some("it admits guests and signed-in users alike".to_owned())),
        (_, Some(true)) => (Ok("guest"), None),
        // Provider names such as `graph.facebook.com` stand for users who signed in there.
        (Some(_), Some(false)) => (Ok("authenticated"), None),
        (None, _) | (_, None) => (Err(reason()), None),
    }
}

fn used_for(graph: &Graph, role: &Role) -> Fact<String> {
    let has = |kind: HolderKind| role.holders.iter().any(|holder| holder.kind == kind);
    let signed_in = has(HolderKind::Authenticated) || has(HolderKind::Mapped);
    let key = match (signed_in, has(HolderKind::Guest), &graph.iam.handed_out_open) {
        (true, true, _) => "both",
        (_, _, Some(reason)) => {
            let step = Step::new(format!("whether an identity pool hands out role `{}`", role.name), role.span);
            return Fact::unknown(reason.clone(), vec![step]);
        }
        (true, false, None) => "authenticated",
        (false, true, None) => "guest",
        (false, false, None) => "none",
    };
    let users = role.holders.iter().filter(|holder| holder.kind.is_end_user());
    let label = |kind: HolderKind, name: &str| format!("{} `{name}` get role `{}`", kind.label(), role.name);
    Fact::known(key.to_owned(), users.map(|holder| Step::new(label(holder.kind, &holder.name), holder.span)).collect())
}
