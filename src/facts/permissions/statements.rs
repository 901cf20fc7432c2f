//! The statements of policies that the account's owner writes.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::listed;
use crate::facts::{Fact, Step, Subject, fact_struct};
use crate::graph::Graph;
use crate::graph::iam::Policy;
use crate::iam::breadth::{self, Grant, Scope, Width, scope};
use crate::iam::document::{Effect, Element, Statement};
use crate::value::Reason;

fact_struct! {
    /// What one action pattern stands for.
    pub struct OwnAction {
        /// As written, in lower case; `NotAction` for a statement that excepts actions.
        action: String,
        /// `everything` (`*`), `all_but` (`NotAction`), `service` (`dynamodb:*`), `writes` (a wildcard that spans
        /// several writing actions), `reads` (a wildcard that spans only reading ones) or `single`.
        width: Fact<String>,
    }
}

fact_struct! {
    /// A statement of an inline or customer managed policy.
    pub struct OwnStatement {
        /// The policy's name.
        policy: String,
        /// `allow` or `deny`.
        effect: Fact<String>,
        /// The policy is only used as a permissions boundary, which grants nothing by itself.
        boundary: bool,
        /// What each action pattern stands for, without those that the policy itself denies.
        actions: Vec<OwnAction>,
        /// `everything`, `several` (a wildcard stands for the name) or `named` (each resource names one thing, with
        /// what lies beneath it).
        resources: Fact<String>,
        /// The actions that are wide wherever they are granted, for messages.
        wide: String,
        /// The wildcards that span several writing actions, for messages.
        prefixes: String,
    }
}

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (index, policy) in graph.iam.policies.iter().enumerate() {
        let Some(resource) = graph.resources.get(&policy.owner) else { continue };
        // What is written in a role of AWS is AWS's.
        if graph.iam.role(&policy.owner).is_some_and(|role| role.service_linked) {
            continue;
        }
        let boundary = graph.iam.is_only_boundary(index);
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for statement in &policy.content.document.statements {
            let id = format!("{}/{}", policy.name, discriminator(statement));
            let count = seen.entry(id.clone()).and_modify(|count| *count += 1).or_insert(1);
            let id = if *count == 1 { id } else { format!("{id}-{count}") };
            let facts = facts(policy, statement, boundary);
            subjects
                .push(Subject::of("own_statements", resource, &facts).part(&id, policy.content.span(statement.index)));
        }
        if let Some(reason) = &policy.content.document.open {
            let step = || vec![Step::new(format!("policy `{}`", policy.name), policy.content.whole)];
            let unknown = || Fact::unknown(reason.clone(), step());
            let facts = OwnStatement {
                policy: policy.name.clone(),
                effect: unknown(),
                boundary,
                actions: vec![OwnAction { action: String::new(), width: unknown() }],
                resources: unknown(),
                wide: String::new(),
                prefixes: String::new(),
            };
            let id = format!("{}/…", policy.name);
            subjects.push(Subject::of("own_statements", resource, &facts).part(&id, policy.content.whole));
        }
    }
    subjects
}

/// The statement's own id, else a digest of its actions: stable when statements move, and when a branch gives them
/// other resources.
fn discriminator(statement: &Statement) -> String {
    if let Some(sid) = &statement.sid {
        return sid.clone();
    }
    let mut hash = Sha256::new();
    for pattern in statement.actions.patterns() {
        hash.update(pattern.to_string().as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(4).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn facts(policy: &Policy, statement: &Statement, boundary: bool) -> OwnStatement {
    let content = &policy.content;
    let span = content.span(statement.index);
    let effect = match &statement.effect {
        Effect::Allow => Fact::known("allow".to_owned(), Vec::new()),
        Effect::Deny => Fact::known("deny".to_owned(), vec![Step::new("the statement denies", span)]),
        Effect::Unknown(reason) => Fact::unknown(reason.clone(), vec![Step::new("the effect of the statement", span)]),
    };
    let element = if matches!(statement.actions, Element::Except(_)) { "NotAction" } else { "Action" };
    let grants = breadth::grants(&content.document, statement);
    let written = |wanted: &[&str]| {
        let of = |grant: &&Grant| wanted.contains(&key(&grant.width).unwrap_or_default());
        listed(&grants.iter().filter(of).map(|grant| grant.text.as_str()).collect::<Vec<_>>(), 4)
    };
    let (wide, prefixes) = (written(&["everything", "all_but", "service"]), written(&["writes"]));
    let actions = grants
        .into_iter()
        .map(|grant| {
            let at = content.item_span(statement.index, element, grant.item);
            OwnAction { width: width(&grant, Step::new(describe(&grant), at)), action: grant.text }
        })
        .collect();
    let element = if matches!(statement.resources, Element::Except(_)) { "NotResource" } else { "Resource" };
    let at = content.element_span(statement.index, element);
    let known = |key: &str, label: &str| Fact::known(key.to_owned(), vec![Step::new(label, at)]);
    let resources = match scope::of(statement) {
        Scope::Everything => known("everything", "on every resource"),
        Scope::Several => known("several", "on all resources that match a wildcard"),
        Scope::Named => known("named", "on the resources that are named here"),
        Scope::Unknown(reason) => Fact::unknown(reason, vec![Step::new("the resources are not known", at)]),
    };
    OwnStatement { policy: policy.name.clone(), effect, boundary, actions, resources, wide, prefixes }
}

fn width(grant: &Grant, step: Step) -> Fact<String> {
    match key(&grant.width) {
        Ok(key) => Fact::known(key.to_owned(), vec![step]),
        Err(reason) => Fact::unknown(reason.clone(), vec![step]),
    }
}

fn key(width: &Width) -> Result<&'static str, &Reason> {
    Ok(match width {
        Width::Everything => "everything",
        Width::AllBut(_) => "all_but",
        Width::Service { .. } => "service",
        Width::Wildcard { levels, .. } if levels.writes > 1 => "writes",
        Width::Wildcard { .. } => "reads",
        Width::Single => "single",
        Width::Unknown(reason) => return Err(reason),
    })
}

fn describe(grant: &Grant) -> String {
    let written = &grant.text;
    match &grant.width {
        Width::Everything => format!("`{written}` is every action of every service"),
        Width::AllBut(except) => format!("every action but {}", listed(except, 3)),
        Width::Service { levels, .. } if levels.writes + levels.reads == 0 => {
            format!("`{written}` is every action of the service")
        }
        Width::Service { levels, .. } | Width::Wildcard { levels, .. } => format!(
            "`{written}` stands for {} actions, {} of them writing{}",
            levels.writes + levels.reads,
            levels.writes,
            match levels.permissions {
                0 => String::new(),
                some => format!(" and {some} changing permissions"),
            }
        ),
        Width::Single => format!("`{written}`"),
        Width::Unknown(_) if written.is_empty() => "the action is not known".to_owned(),
        Width::Unknown(_) => format!("what `{written}` stands for is not known"),
    }
}
