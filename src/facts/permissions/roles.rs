//! Roles with the AWS managed policies on them.

use super::listed;
use crate::facts::{Fact, Step, Subject, fact_struct};
use crate::graph::Graph;
use crate::graph::iam::{Attached, Attachment, Iam, Role};
use crate::iam::breadth::{self, Breadth};
use crate::iam::document::PrincipalKind;
use crate::iam::managed::ManagedPolicy;
use crate::value::Reason;

fact_struct! {
    /// A managed policy on a role that the scanned templates do not write: AWS's own, or one whose content is unknown.
    pub struct ManagedAttachment {
        /// Its name, or its ARN when it is not one of AWS's.
        name: String,
        /// `limited`, `services` (all of a service on every resource, without a condition) or `admin` (everything,
        /// everything but a few services, or all of IAM). Judged by the policy's content.
        breadth: Fact<String>,
    }
}

fact_struct! {
    /// An IAM role.
    pub struct RoleFacts {
        /// Code runs with it: a function, instance, task, state machine or build project names it, or it trusts a
        /// service that runs code.
        workload: Fact<bool>,
        /// A role of AWS's own, which nobody else can change: its path is `/aws-service-role/`.
        service_linked: bool,
        /// The managed policies on it that no scanned template writes.
        managed_policies: Fact<Vec<ManagedAttachment>>,
        /// The wide ones among them with what they grant, for messages.
        wide: String,
    }
}

/// Services that run the account's own code with a role. Source: "AWS services that work with IAM", service principals
/// without `amazonaws.com`.
const COMPUTE: &[&str] =
    &["lambda", "edgelambda", "ec2", "ecs-tasks", "states", "codebuild", "tasks.apprunner", "pods.eks"];

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    graph
        .iam
        .roles()
        .filter_map(|role| {
            let resource = graph.resources.get(&role.address)?;
            Some(Subject::of("roles", resource, &facts(&graph.iam, role)))
        })
        .collect()
}

fn facts(iam: &Iam, role: &Role) -> RoleFacts {
    let workload = workload(role);
    let mut managed_policies: Vec<ManagedAttachment> =
        role.attachments.iter().filter_map(|attachment| managed(iam, attachment, &workload.evidence)).collect();
    if let Some((reason, span)) = &role.attachments_open {
        let step = Step::new("the policies of the role are not known", *span);
        managed_policies
            .push(ManagedAttachment { name: String::new(), breadth: Fact::unknown(reason.clone(), vec![step]) });
    }
    let wide: Vec<String> = role
        .attachments
        .iter()
        .filter_map(|attachment| match &attachment.policy {
            Attached::AwsManaged(policy) => match breadth::classify(&policy.document) {
                Breadth::Limited => None,
                wide => Some(format!("`{}` ({})", policy.name, grants(&wide))),
            },
            _ => None,
        })
        .collect();
    let none = format!("no managed policy of AWS is attached to role `{}`", role.name);
    let evidence = if managed_policies.is_empty() { vec![Step::new(none, role.span)] } else { Vec::new() };
    RoleFacts {
        workload,
        service_linked: role.service_linked,
        managed_policies: Fact::known(managed_policies, evidence),
        wide: wide.join(" and "),
    }
}

fn managed(iam: &Iam, attachment: &Attachment, users: &[Step]) -> Option<ManagedAttachment> {
    let name = attachment.policy.label(iam);
    let unknown =
        |reason: Reason| Fact::unknown(reason, vec![Step::new(format!("`{name}` is attached"), attachment.span)]);
    match &attachment.policy {
        Attached::Own(_) => None,
        Attached::AwsManaged(policy) => {
            let breadth = breadth::classify(&policy.document);
            let key = match breadth {
                Breadth::Limited => "limited",
                Breadth::Services(_) => "services",
                Breadth::Admin(_) => "admin",
            };
            let mut proof = users.to_vec();
            proof.push(Step::new(describe(policy, &breadth), attachment.span));
            Some(ManagedAttachment { breadth: Fact::known(key.to_owned(), proof), name })
        }
        Attached::AwsUnlisted(..) | Attached::Outside(_) | Attached::Unknown(_) => {
            Some(ManagedAttachment { breadth: unknown(attachment.policy.reason()?), name })
        }
    }
}

fn describe(policy: &ManagedPolicy, breadth: &Breadth) -> String {
    format!("`{}` ({}) grants {}", policy.name, policy.edition(), grants(breadth))
}

fn grants(breadth: &Breadth) -> String {
    match breadth {
        Breadth::Limited => "named actions".to_owned(),
        Breadth::Services(services) => {
            let services: Vec<String> = services.iter().map(|service| format!("{service}:*")).collect();
            format!("{} on every resource", listed(&services, 4))
        }
        Breadth::Admin(what) => what.clone(),
    }
}

fn workload(role: &Role) -> Fact<bool> {
    let holders: Vec<Step> = role
        .holders
        .iter()
        .filter(|holder| holder.kind.is_compute())
        .map(|holder| {
            Step::new(format!("{} `{}` runs with role `{}`", holder.kind.label(), holder.name, role.name), holder.span)
        })
        .collect();
    if !holders.is_empty() {
        return Fact::known(true, holders);
    }
    let (trusted, mut open) = role.trusted();
    for principal in &trusted {
        if principal.kind != PrincipalKind::Service {
            continue;
        }
        if runs_code(&principal.value) {
            let step =
                Step::new(format!("role `{}` may be assumed by `{}`", role.name, principal.value), principal.span);
            return Fact::known(true, vec![step]);
        }
        open = open.or_else(|| principal.reason.clone());
    }
    let step = Step::new(format!("the trust policy of role `{}`", role.name), role.trust.whole);
    match open {
        Some(reason) => Fact::unknown(reason, vec![step]),
        None => Fact::known(false, vec![step]),
    }
}

/// `states.eu-west-1.amazonaws.com`, `ec2.amazonaws.com.cn` and `lambda.${AWS::URLSuffix}` count as well.
fn runs_code(principal: &str) -> bool {
    COMPUTE.iter().any(|service| principal.strip_prefix(service).is_some_and(|rest| rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::runs_code;

    #[test]
    fn compute_services_are_told_from_others_with_the_same_beginning() {
        for principal in ["lambda.amazonaws.com", "states.eu-west-1.amazonaws.com", "ec2.amazonaws.com.cn"] {
            assert!(runs_code(principal), "{principal}");
        }
        for principal in
            ["lambda-alias.amazonaws.com", "ec2fleet.amazonaws.com", "glue.amazonaws.com", "tasks.amazonaws.com"]
        {
            assert!(!runs_code(principal), "{principal}");
        }
    }
}
