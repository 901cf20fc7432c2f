//! Roles whose credentials end users hold, and whether DynamoDB lets them reach only their own items.

mod place;

use std::sync::Arc;

use super::leading_keys::{self, Confinement};
use super::listed;
use crate::facts::{Fact, Step, Subject, fact_struct};
use crate::graph::Graph;
use crate::graph::iam::{Attached, Attachment, PolicyDocument, Role};
use crate::iam::catalogue::{self, Action};
use crate::iam::document::{Document, Effect, Element, PrincipalKind, Principals, Statement};
use crate::source::Span;
use crate::value::Reason;
use place::Place;

fact_struct! {
    /// DynamoDB actions that one statement grants.
    pub struct ItemGrant {
        /// The policy's name.
        policy: String,
        /// The actions, for messages.
        actions: String,
        /// The actions never tell `dynamodb:LeadingKeys`, so that no condition on it can confine them: `Scan`,
        /// `DeleteTable`, ….
        keyless: bool,
        /// Only items whose partition key is derived from the caller's identity can be reached.
        confined: Fact<bool>,
        /// Why not, for messages.
        problem: String,
    }
}

fact_struct! {
    /// A role whose credentials end users hold.
    pub struct EndUserRole {
        /// An identity pool hands it out, it trusts an identity provider of the public, or its own policies confine
        /// items to the caller.
        end_users: Fact<bool>,
        /// Statements that reach items or whole tables; what is not known may be one.
        grants: Vec<ItemGrant>,
        /// What is not confined, for messages.
        problems: String,
    }
}

/// Identity providers of the public. Source: "OIDC federation" and "Available keys for AWS web identity federation" (IAM
/// User Guide); an OIDC provider of a user pool has its issuer in the ARN.
const PROVIDERS: &[&str] =
    &["cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com", "accounts.google.com"];

/// One policy on a role, whose content is known.
struct Held<'a> {
    name: &'a str,
    document: &'a Document,
    /// For a policy of a template.
    content: Option<&'a PolicyDocument>,
    span: Span,
}

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    graph
        .iam
        .roles()
        .filter(|role| !role.service_linked)
        .filter_map(|role| {
            let held: Vec<Held<'_>> = role.attachments.iter().filter_map(|it| known(graph, it)).collect();
            let end_users = end_users(role, &held)?;
            let grants = grants(graph, role, &held);
            if end_users.value.is_err() && grants.is_empty() {
                return None;
            }
            let problems: Vec<String> = grants
                .iter()
                .filter(|grant| !grant.problem.is_empty())
                .map(|grant| format!("policy `{}` allows {}: {}", grant.policy, grant.actions, grant.problem))
                .collect();
            let facts = EndUserRole { end_users, grants, problems: problems.join("; ") };
            Some(Subject::of("end_user_roles", graph.resources.get(&role.address)?, &facts))
        })
        .collect()
}

fn known<'a>(graph: &'a Graph, attachment: &'a Attachment) -> Option<Held<'a>> {
    match &attachment.policy {
        Attached::AwsManaged(policy) => {
            Some(Held { name: &policy.name, document: &policy.document, content: None, span: attachment.span })
        }
        Attached::Own(index) => own(graph, *index),
        Attached::AwsUnlisted(..) | Attached::Outside(_) | Attached::Unknown(_) => None,
    }
}

fn own(graph: &Graph, index: usize) -> Option<Held<'_>> {
    graph.iam.policies.get(index).map(|policy| Held {
        name: &policy.name,
        document: &policy.content.document,
        content: Some(&policy.content),
        span: policy.span,
    })
}

/// `None` for a role that is certainly not for end users.
fn end_users(role: &Role, held: &[Held<'_>]) -> Option<Fact<bool>> {
    let holders: Vec<Step> = role
        .holders
        .iter()
        .filter(|holder| holder.kind.is_end_user())
        .map(|holder| {
            Step::new(format!("{} `{}` get role `{}`", holder.kind.label(), holder.name, role.name), holder.span)
        })
        .collect();
    if !holders.is_empty() {
        return Some(Fact::known(true, holders));
    }
    let mut open = role.trust.document.open.clone();
    for statement in role.trust.document.allows() {
        let span = role.trust.span(statement.index);
        match &statement.principals {
            Principals::Only(principals) => {
                for principal in principals.iter().filter(|it| it.kind == PrincipalKind::Federated) {
                    let value = principal.value.to_string();
                    if PROVIDERS.contains(&value.as_str()) || value.contains("oidc-provider/cognito-idp.") {
                        let step =
                            Step::new(format!("role `{}` may be assumed by users of `{value}`", role.name), span);
                        return Some(Fact::known(true, vec![step]));
                    }
                    open = open.or_else(|| principal.value.reason().cloned());
                }
            }
            Principals::Unknown(reason) => open = open.or_else(|| Some(reason.clone())),
            Principals::Except(_) | Principals::Absent => {}
        }
    }
    for policy in held {
        let confining =
            policy.document.statements.iter().find(|it| it.conditions.iter().any(|it| &*it.key == leading_keys::KEY));
        if let Some(statement) = confining {
            let span = policy.content.map_or(policy.span, |content| content.element_span(statement.index, "Condition"));
            let step = Step::new(format!("policy `{}` is written for callers who own items", policy.name), span);
            return Some(Fact::known(true, vec![step]));
        }
    }
    open.map(|reason| {
        let step = Step::new(format!("the trust policy of role `{}`", role.name), role.trust.whole);
        Fact::unknown(reason, vec![step])
    })
}

fn grants(graph: &Graph, role: &Role, held: &[Held<'_>]) -> Vec<ItemGrant> {
    let boundary = role.boundary.as_ref().map(|it| (it, known(graph, it)));
    let mut denying: Vec<&Document> = held.iter().map(|policy| policy.document).collect();
    denying.extend(boundary.iter().filter_map(|(_, known)| known.as_ref()).map(|policy| policy.document));
    let judge = |policy: &Held<'_>| -> Vec<ItemGrant> {
        let statements = policy.document.allows();
        let mut grants: Vec<ItemGrant> = statements
            .flat_map(|statement| {
                let judge = Judge { graph, policy, statement, denying: &denying, boundary: boundary.as_ref() };
                [judge.grant(false), judge.grant(true)]
            })
            .flatten()
            .collect();
        if let Some(reason) = &policy.document.open {
            grants.push(unknown(policy.name, reason.clone(), policy.span));
        }
        grants
    };
    let mut grants: Vec<ItemGrant> = held.iter().flat_map(judge).collect();
    for (index, reason) in &graph.iam.astray {
        let Some(policy) = own(graph, *index) else { continue };
        if judge(&policy).iter().any(|grant| grant.confined.value != Ok(true)) {
            grants.push(unknown(policy.name, reason.clone(), policy.span));
        }
    }
    for attachment in &role.attachments {
        if let Some(reason) = attachment.policy.reason() {
            grants.push(unknown(&attachment.policy.label(&graph.iam), reason, attachment.span));
        }
    }
    if let Some((reason, span)) = &role.attachments_open {
        grants.push(unknown("", reason.clone(), *span));
    }
    grants
}

fn unknown(policy: &str, reason: Reason, span: Span) -> ItemGrant {
    ItemGrant {
        policy: policy.to_owned(),
        actions: String::new(),
        keyless: false,
        confined: Fact::unknown(reason, vec![Step::new(format!("what policy `{policy}` grants"), span)]),
        problem: String::new(),
    }
}

/// One allowing statement in the light of everything else on the role.
struct Judge<'a> {
    graph: &'a Graph,
    policy: &'a Held<'a>,
    statement: &'a Statement,
    denying: &'a [&'a Document],
    boundary: Option<&'a (&'a Attachment, Option<Held<'a>>)>,
}

impl Judge<'_> {
    fn grant(&self, keyless: bool) -> Option<ItemGrant> {
        let places = place::of(self.graph, &self.statement.resources);
        if places.iter().all(|place| matches!(place, Place::Elsewhere)) {
            return None;
        }
        let actions = self.actions(keyless);
        if actions.is_empty() {
            return None;
        }
        let mut evidence = vec![Step::new(
            format!("policy `{}` allows {}", self.policy.name, names(&actions)),
            self.policy.content.map_or(self.policy.span, |content| content.span(self.statement.index)),
        )];
        let mut confinement = confinement(self.statement, keyless);
        if confinement == Confinement::Confined {
            if let Some(content) = self.policy.content {
                let span = content.element_span(self.statement.index, "Condition");
                evidence.push(Step::new("the condition on `dynamodb:LeadingKeys`", span));
            }
            if !keyless && actions.iter().any(|action| matches!(action.name, "Query" | "PartiQLSelect")) {
                confinement = place::indexes(self.graph, &places, &mut evidence);
            }
        }
        if let Confinement::Open(_) = confinement {
            confinement = self.softened(confinement, &actions, keyless, &places);
        }
        let (confined, problem) = match confinement {
            Confinement::Confined => (Fact::known(true, evidence), String::new()),
            Confinement::Open(problem) => (Fact::known(false, evidence), problem),
            Confinement::Unknown(reason) => (Fact::unknown(reason, evidence), String::new()),
        };
        let policy = self.policy.name.to_owned();
        Some(ItemGrant { policy, actions: names(&actions), keyless, confined, problem })
    }

    /// The actions of interest that the statement allows, or may allow, and that nothing denies altogether.
    fn actions(&self, keyless: bool) -> Vec<Action<'static>> {
        let Some(service) = catalogue::service("dynamodb") else { return Vec::new() };
        service
            .actions()
            .filter(|action| if keyless { reaches_items(*action) } else { action.leading_keys })
            .filter(|action| {
                let name = catalogue::qualified(service.prefix, action.name);
                self.statement.actions.includes(&name) != Some(false) && !self.is_denied(&name)
            })
            .collect()
    }

    fn is_denied(&self, action: &str) -> bool {
        let covers = |deny: &Statement| match &self.statement.resources {
            Element::Only(resources) => resources.iter().all(|resource| deny.resources.covers(resource)),
            _ => deny.resources.is_everything() == Some(true),
        };
        self.denying
            .iter()
            .flat_map(|document| document.denies())
            .any(|deny| deny.is_unconditional() && deny.actions.includes(action) == Some(true) && covers(deny))
    }

    /// An open grant may still be confined by what cannot be read, by a boundary or by a conditional `Deny`.
    fn softened(&self, open: Confinement, actions: &[Action<'_>], keyless: bool, places: &[Place<'_>]) -> Confinement {
        let uncertain = match &self.statement.effect {
            Effect::Unknown(reason) => Some(reason.clone()),
            Effect::Allow | Effect::Deny => None,
        };
        let certain = |action: &Action<'_>| includes(self.statement, action) == Some(true);
        let uncertain = uncertain
            .or_else(|| if actions.iter().any(certain) { None } else { self.statement.actions.reason().cloned() })
            .or_else(|| place::reason(places));
        if let Some(reason) = uncertain {
            return Confinement::Unknown(reason);
        }
        let on_key = |deny: &&Statement| deny.conditions.iter().any(|condition| &*condition.key == leading_keys::KEY);
        let denies = |deny: &&Statement| actions.iter().any(|action| includes(deny, action) != Some(false));
        let by_deny =
            self.denying.iter().flat_map(|document| document.denies()).filter(on_key).any(|deny| denies(&deny));
        if by_deny && !keyless {
            return Confinement::Unknown(Reason::NotUnderstood(Arc::from(
                "a `Deny` on `dynamodb:LeadingKeys` also applies, and its effect is not evaluated; \
                 put the condition on the `Allow`",
            )));
        }
        match self.boundary {
            None => open,
            Some((attachment, None)) => attachment.policy.reason().map_or(open, Confinement::Unknown),
            Some((_, Some(boundary))) => self.within(boundary, open, actions, keyless),
        }
    }

    /// What remains of an open grant inside a permissions boundary.
    fn within(&self, boundary: &Held<'_>, open: Confinement, actions: &[Action<'_>], keyless: bool) -> Confinement {
        if let Some(reason) = &boundary.document.open {
            return Confinement::Unknown(reason.clone());
        }
        let mut remaining = Confinement::Confined;
        for statement in boundary.document.allows() {
            let places = place::of(self.graph, &statement.resources);
            let elsewhere = places.iter().all(|place| matches!(place, Place::Elsewhere));
            if elsewhere || !actions.iter().any(|action| includes(statement, action) != Some(false)) {
                continue;
            }
            match confinement(statement, keyless) {
                Confinement::Confined => {}
                Confinement::Open(_) => return open,
                unknown @ Confinement::Unknown(_) => remaining = unknown,
            }
        }
        remaining
    }
}

fn includes(statement: &Statement, action: &Action<'_>) -> Option<bool> {
    statement.actions.includes(&catalogue::qualified("dynamodb", action.name))
}

fn confinement(statement: &Statement, keyless: bool) -> Confinement {
    if keyless { leading_keys::of_keyless(statement) } else { leading_keys::of_items(statement) }
}

/// Actions that read, change or expose items, or the table as a whole, without telling which items.
fn reaches_items(action: Action<'_>) -> bool {
    const READS: &[&str] = &["Scan", "SearchVectors", "GetRecords", "ReadDataForReplication"];
    !action.leading_keys && (action.level.writes() || READS.contains(&action.name))
}

fn names(actions: &[Action<'_>]) -> String {
    let names: Vec<String> = actions.iter().map(|action| format!("dynamodb:{}", action.name)).collect();
    listed(&names, 3)
}
