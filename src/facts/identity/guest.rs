//! Identity pools: who gets AWS credentials without signing in, and what these allow.

use crate::facts::{Fact, Step, Subject, fact_struct};
use crate::graph::cognito::IdentityPool as Pool;
use crate::graph::iam::{Attached, Role};
use crate::graph::{Graph, Typed};
use crate::iam::document::{Effect, Element, Statement};
use crate::value::Reason;

fact_struct! {
    /// A Cognito identity pool.
    pub struct IdentityPool {
        /// Callers who did not sign in get credentials.
        guests: Fact<bool>,
        /// What the guest role allows: `none`, `telemetry` (monitoring events and maps only), or `more`.
        guest_access: Fact<String>,
    }
}

/// Actions that are meant for anonymous callers: monitoring events of web clients and maps.
const FOR_GUESTS: &[&str] = &["rum:PutRumEvents", "mobiletargeting:PutEvents", "mobiletargeting:UpdateEndpoint"];

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let pools = graph.cognito.identity_pools.iter();
    pools
        .filter_map(|pool| {
            let resource = graph.resources.get(&pool.address)?;
            let facts = IdentityPool { guests: guests(pool), guest_access: guest_access(graph, pool) };
            Some(Subject::of("identity_pools", resource, &facts))
        })
        .collect()
}

fn guests(pool: &Pool) -> Fact<bool> {
    let allowed = pool.guests.known() == Some(&true);
    let label = match pool.guests.known() {
        Some(true) => "identities that did not sign in are allowed",
        Some(false) => "identities that did not sign in are not allowed",
        None => "whether identities that did not sign in are allowed",
    };
    let mut guests = Fact::of(pool.guests.clone(), label);
    if allowed && let Typed::Known(_, span) = &pool.guest_role {
        guests.evidence.push(Step::new("guests get this role", *span));
    }
    guests
}

fn guest_access(graph: &Graph, pool: &Pool) -> Fact<String> {
    let (target, span) = match &pool.guest_role {
        Typed::Absent(_) => return Fact::known("none".to_owned(), Vec::new()),
        Typed::Unknown(reason, span) => return Fact::unknown(reason.clone(), vec![Step::new("guest role", *span)]),
        Typed::Known(target, span) => (target, *span),
    };
    let evidence = vec![Step::new("guests get this role", span)];
    let Some(role) = target.address().and_then(|address| graph.iam.role(address)) else {
        return Fact::unknown(Reason::Outside("the guest role".into()), evidence);
    };
    match access(graph, role) {
        Ok(access) => Fact::known(access.to_owned(), evidence),
        Err(reason) => Fact::unknown(reason, evidence),
    }
}

fn access(graph: &Graph, role: &Role) -> Result<&'static str, Reason> {
    let mut open = role.attachments_open.as_ref().map(|(reason, _)| reason.clone());
    let mut any = false;
    for attachment in &role.attachments {
        let document = match &attachment.policy {
            Attached::Own(_) => graph.iam.policy(&attachment.policy).map(|policy| &policy.content.document),
            Attached::AwsManaged(policy) => Some(&policy.document),
            Attached::AwsUnlisted(name, None) | Attached::Outside(name) => {
                open = open.or_else(|| Some(Reason::Outside(format!("policy `{name}`").into())));
                None
            }
            Attached::AwsUnlisted(_, Some(reason)) | Attached::Unknown(reason) => {
                open = open.or_else(|| Some(reason.clone()));
                None
            }
        };
        let Some(document) = document else { continue };
        open = open.or_else(|| document.open.clone());
        for statement in document.allows() {
            any = true;
            match harmless(statement) {
                Some(true) => {}
                Some(false) if statement.effect == Effect::Allow => return Ok("more"),
                _ => {
                    open =
                        open.or_else(|| Some(Reason::NotUnderstood("the guest role's actions are not known".into())));
                }
            }
        }
    }
    match open {
        Some(reason) => Err(reason),
        None if any => Ok("telemetry"),
        None => Ok("none"),
    }
}

fn harmless(statement: &Statement) -> Option<bool> {
    let Element::Only(patterns) = &statement.actions else { return Some(false) };
    if patterns.iter().any(|pattern| pattern.reason().is_some()) {
        return None;
    }
    Some(patterns.iter().all(|pattern| {
        let text = pattern.literal().unwrap_or_default();
        text.to_ascii_lowercase().starts_with("geo:")
            || FOR_GUESTS.iter().any(|action| action.eq_ignore_ascii_case(&text))
    }))
}
