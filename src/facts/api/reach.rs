//! What the code behind a route could do with data, from the policies of its role: it decides how much an open route
//! is worth, never whether it is open.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::facts::{Fact, Step};
use crate::graph::apigateway::{Destination, Integration};
use crate::graph::iam::{Attached, Role};
use crate::graph::{Graph, Target, Typed};
use crate::iam::catalogue::{self, Level};
use crate::iam::document::{Document, Element};
use crate::iam::pattern::Pattern;
use crate::value::{Address, Reason};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Access {
    None,
    Read,
    Write,
}

/// Services whose read actions return the application's own data.
const STORES: &[&str] =
    &["dynamodb", "s3", "rds-data", "redshift-data", "secretsmanager", "ssm", "timestream", "es", "aoss", "neptune-db"];

/// Services that a function needs for telemetry only, and networking that VPC functions need.
const TELEMETRY: &[&str] = &["logs", "xray", "cloudwatch", "lambda-telemetry"];

/// Changes that every function in a VPC may make. Source: Lambda developer guide, "Giving Lambda functions access to
/// resources in an Amazon VPC".
const NETWORK_INTERFACES: &[&str] = &[
    "ec2:createnetworkinterface",
    "ec2:deletenetworkinterface",
    "ec2:assignprivateipaddresses",
    "ec2:unassignprivateipaddresses",
];

/// Weighs each role once: the routes of an API tend to share a few.
pub(super) struct Reach<'a> {
    graph: &'a Graph,
    roles: BTreeMap<Address, Fact<String>>,
}

impl<'a> Reach<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        Self { graph, roles: BTreeMap::new() }
    }

    /// `write`, `read` or `none`.
    pub(super) fn backend_access(&mut self, integration: &Integration) -> Fact<String> {
        let step = |label: String| vec![Step::new(label, integration.span)];
        match &integration.destination {
            Destination::None => Fact::known("none".to_owned(), step("no backend".to_owned())),
            Destination::Action { action, .. } => {
                let access = of_action(action);
                Fact::known(access.key().to_owned(), step(format!("the route calls `{action}`")))
            }
            Destination::Function(function) => match &function.function {
                Typed::Known(Target::Resource(address), _) => self.of_function(address),
                Typed::Known(Target::Outside(name), _) => {
                    Fact::unknown(Reason::Outside(Arc::from(format!("function `{name}`"))), Vec::new())
                }
                Typed::Unknown(reason, _) => Fact::unknown(reason.clone(), Vec::new()),
                Typed::Absent(_) => Fact::unknown(Reason::Outside(Arc::from("the backend")), Vec::new()),
            },
            Destination::Private(_) | Destination::Url(_) => {
                Fact::known("none".to_owned(), step("the route lends no role to its backend".to_owned()))
            }
            Destination::Unknown(reason) => Fact::unknown(reason.clone(), Vec::new()),
        }
    }

    fn of_function(&mut self, address: &Address) -> Fact<String> {
        let role = self.graph.lambda.function(address).map(|function| &function.role);
        let role = match role {
            Some(Typed::Known(Target::Resource(role), _)) => self.graph.iam.role(role),
            Some(Typed::Unknown(reason, _)) => return Fact::unknown(reason.clone(), Vec::new()),
            _ => None,
        };
        let Some(role) = role else {
            return Fact::unknown(Reason::Outside(Arc::from("the function's role")), Vec::new());
        };
        let graph = self.graph;
        self.roles.entry(role.address.clone()).or_insert_with(|| of_role(graph, role)).clone()
    }
}

fn of_role(graph: &Graph, role: &Role) -> Fact<String> {
    let mut access = Access::None;
    let mut unclear = role.attachments_open.as_ref().map(|(reason, _)| reason.clone());
    let mut steps = vec![Step::new(format!("the backend runs as role `{}`", role.name), role.span)];
    for attachment in &role.attachments {
        let document = match &attachment.policy {
            Attached::AwsManaged(policy) => Some(&policy.document),
            own => graph.iam.policy(own).map(|policy| &policy.content.document),
        };
        let Some(document) = document else {
            unclear = unclear.or_else(|| attachment.policy.reason());
            continue;
        };
        let granted = of_document(document);
        if granted > access {
            access = granted;
            let label = format!("policy `{}` lets it {}", attachment.policy.label(&graph.iam), granted.phrase());
            steps.push(Step::new(label, attachment.span));
        }
        unclear = unclear.or_else(|| unread(document));
    }
    match unclear {
        Some(reason) if access != Access::Write => Fact::unknown(reason, steps),
        _ => Fact::known(access.key().to_owned(), steps),
    }
}

/// Denials and boundaries are not subtracted: what is left of a grant would still be a reason to close the route.
fn of_document(document: &Document) -> Access {
    let grants = document.allows().map(|statement| match &statement.actions {
        Element::Except(_) => Access::Write,
        Element::Only(patterns) => patterns.iter().map(of_pattern).max().unwrap_or(Access::None),
        Element::Absent | Element::Unknown(_) => Access::None,
    });
    grants.max().unwrap_or(Access::None)
}

fn unread(document: &Document) -> Option<Reason> {
    let in_statement = document.statements.iter().find_map(|statement| statement.actions.reason().cloned());
    document.open.clone().or(in_statement)
}

fn of_pattern(pattern: &Pattern) -> Access {
    let prefix = pattern.literal_prefix();
    let Some((service, _)) = prefix.split_once(':') else {
        return if pattern.is_any() { Access::Write } else { Access::None };
    };
    let Some(service) = catalogue::service(service) else { return Access::None };
    if TELEMETRY.contains(&service.prefix) {
        return Access::None;
    }
    let actions = catalogue::expand(service, pattern);
    actions.map(|action| level(service.prefix, action.name, action.level)).max().unwrap_or(Access::None)
}

fn of_action(action: &str) -> Access {
    of_pattern(&Pattern::action(action))
}

fn level(service: &str, action: &str, level: Level) -> Access {
    if level.writes() {
        let qualified = catalogue::qualified(service, action);
        return if NETWORK_INTERFACES.contains(&qualified.as_str()) { Access::None } else { Access::Write };
    }
    if level == Level::Read && STORES.contains(&service) { Access::Read } else { Access::None }
}

impl Access {
    fn key(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    fn phrase(self) -> &'static str {
        match self {
            Self::None => "do nothing with data",
            Self::Read => "read data",
            Self::Write => "change data or other state",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, of_action};

    #[test]
    fn actions_are_weighed_by_what_they_change() {
        assert!(of_action("dynamodb:GetItem") == Access::Read);
        assert!(of_action("dynamodb:*") == Access::Write);
        assert!(of_action("states:SendTaskSuccess") == Access::Write);
        assert!(of_action("logs:*") == Access::None);
        assert!(of_action("ec2:CreateNetworkInterface") == Access::None);
        assert!(of_action("s3:Get*") == Access::Read);
    }
}
