//! User pools: how their own users prove who they are.

use crate::facts::{Fact, Step, Subject, fact_struct};
use crate::graph::cognito::{Cognito, USER_POOL, UserPool as Pool};
use crate::graph::{Graph, Typed};
use crate::input::Resource;
use crate::value::Reason;

fact_struct! {
    /// A Cognito user pool.
    pub struct UserPool {
        /// `ON`, `OFF` (the default) or `OPTIONAL`.
        mfa: Fact<String>,
        /// Text messages are the only second factor.
        sms_only: Fact<bool>,
        /// `ENFORCED`, `AUDIT` or `OFF` (the default).
        threat_protection: Fact<String>,
        /// `LITE`, `ESSENTIALS` (the default) or `PLUS`; threat protection needs `PLUS`.
        tier: Fact<String>,
        /// Every client of the pool signs in through another identity provider or is a machine, so that the pool's own
        /// passwords are never asked for.
        federation_only: Fact<bool>,
    }
}

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let pools = graph.cognito.pools.iter();
    pools
        .filter_map(|pool| {
            let resource = graph.resources.get(&pool.address)?;
            let facts = UserPool {
                mfa: Fact { evidence: vec![mfa_step(pool, resource)], ..Fact::of(pool.mfa.clone(), "") },
                sms_only: sms_only(pool),
                threat_protection: Fact::of(pool.threat_protection.clone(), "threat protection of the pool"),
                tier: Fact::of(pool.tier.clone(), "feature tier of the pool"),
                federation_only: federation_only(&graph.cognito, pool),
            };
            Some(Subject::of("user_pools", resource, &facts))
        })
        .filter(|subject| &*subject.resource_type == USER_POOL)
        .collect()
}

fn mfa_step(pool: &Pool, resource: &Resource) -> Step {
    match &pool.mfa {
        _ if resource.prop("MfaConfiguration").is_absent() => {
            Step::new("no `MfaConfiguration`: the default is OFF", resource.name_span)
        }
        Typed::Known(mode, span) => Step::new(format!("multi-factor authentication is {mode}"), *span),
        other => Step::new("multi-factor authentication of the pool", other.span()),
    }
}

fn sms_only(pool: &Pool) -> Fact<bool> {
    let step = vec![Step::new("second factors of the pool", pool.factors.span())];
    match &pool.factors {
        Typed::Absent(_) => Fact::known(false, step),
        Typed::Unknown(reason, _) => Fact::unknown(reason.clone(), step),
        Typed::Known(factors, _) => {
            let other = |factor: &Typed<String>| factor.known().is_some_and(|name| name != "SMS_MFA");
            let hidden = factors.iter().find_map(|factor| match factor {
                Typed::Unknown(reason, _) => Some(reason.clone()),
                Typed::Known(..) | Typed::Absent(_) => None,
            });
            match hidden {
                _ if factors.iter().any(other) => Fact::known(false, step),
                Some(reason) => Fact::unknown(reason, step),
                None => Fact::known(!factors.is_empty(), step),
            }
        }
    }
}

/// A pool without a client is not federation-only: whoever adds one gets its passwords.
fn federation_only(cognito: &Cognito, pool: &Pool) -> Fact<bool> {
    let (clients, open) = cognito.clients_of(&pool.address);
    let mut evidence = Vec::new();
    let mut unknown: Option<Reason> = None;
    for client in &clients {
        evidence.push(Step::new(format!("client `{}` of the pool", client.name), client.name_span));
        match (client.is_federation_only(), client.is_machine_only()) {
            (Some(true), _) | (_, Some(true)) => {}
            (Some(false), Some(false)) => return Fact::known(false, Vec::new()),
            _ => {
                let reason = || Reason::Attribute(format!("{} sign-in", client.name).into());
                unknown = unknown.or_else(|| Some(reason()));
            }
        }
    }
    match (unknown.or(open), clients.is_empty()) {
        // A client of a pool that is handed in is none of this one.
        (Some(reason), true) if !reason.may_be_declared() => Fact::known(false, evidence),
        (Some(reason), _) => Fact::unknown(reason, evidence),
        (None, none) => Fact::known(!none, evidence),
    }
}
