//! A function's execution role: who else runs with it, and who else may assume it.

use std::sync::Arc;

use super::sharing::Sharing;
use crate::facts::{Describe as _, Fact, Step, Subject, SubjectKind, fact_struct};
use crate::graph::lambda::Function;
use crate::graph::{Graph, Target, Typed};
use crate::iam::document::PrincipalKind;
use crate::input::{Resource, not_understood};
use crate::value::{Address, Reason};

pub(super) const SUBJECT: SubjectKind = SubjectKind { name: "functions", shape: LambdaFunction::shape };

fact_struct! {
    /// A Lambda function.
    pub struct LambdaFunction {
        /// Logical id of the execution role, or its ARN when it was not scanned.
        role: Fact<String>,
        /// Other users of the role: functions of another component (tag `sra:component`), instance profiles, tasks, …;
        /// the first few, and how many more.
        role_shared_with: Fact<Vec<String>>,
        /// Whom the role trusts beside `lambda.amazonaws.com` (and `edgelambda.amazonaws.com`, for Lambda@Edge).
        role_trusts_others: Fact<Vec<String>>,
        /// Whether Lambda is among the trusted.
        role_trusts_lambda: Fact<bool>,
    }
}

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let sharing = Sharing::new(graph);
    let functions = graph.lambda.functions.iter();
    functions
        .filter_map(|function| {
            let resource = graph.resources.get(&function.address)?;
            Some(Subject::of(SUBJECT.name, resource, &facts(graph, &sharing, function, resource)))
        })
        .collect()
}

fn facts(graph: &Graph, sharing: &Sharing<'_>, function: &Function, resource: &Resource) -> LambdaFunction {
    let span = function.role.span();
    let step = |label: &str| vec![Step::new(label, span)];
    let unknown = |reason: Reason, shared: Vec<String>| LambdaFunction {
        role: Fact::unknown(reason.clone(), step("the execution role")),
        role_shared_with: if shared.is_empty() {
            Fact::unknown(reason.clone(), step("the execution role"))
        } else {
            Fact::known(shared, step("the execution role"))
        },
        role_trusts_others: Fact::unknown(reason.clone(), step("the execution role")),
        role_trusts_lambda: Fact::unknown(reason, step("the execution role")),
    };
    match &function.role {
        Typed::Known(Target::Resource(address), _) => of_role(graph, sharing, function, resource, address),
        Typed::Known(Target::Outside(arn), _) => {
            let mut facts = unknown(
                Reason::Outside(Arc::from(format!("role `{arn}`"))),
                sharing.of_words(function, resource).names(),
            );
            facts.role = Fact::known(arn.clone(), step("the execution role"));
            facts
        }
        Typed::Unknown(reason, _) => unknown(reason.clone(), sharing.of_words(function, resource).names()),
        Typed::Absent(_) => unknown(not_understood("`Role` is not set"), Vec::new()),
    }
}

fn of_role(
    graph: &Graph,
    sharing: &Sharing<'_>,
    function: &Function,
    resource: &Resource,
    address: &Address,
) -> LambdaFunction {
    let uses = Step::new(format!("`{}` names its role", resource.name), function.role.span());
    let Some(role) = graph.iam.role(address) else {
        let open = || Fact::unknown(not_understood("the role could not be read"), vec![uses.clone()]);
        return LambdaFunction {
            role: open(),
            role_shared_with: Fact::unknown(not_understood("the role could not be read"), vec![uses.clone()]),
            role_trusts_others: Fact::unknown(not_understood("the role could not be read"), vec![uses.clone()]),
            role_trusts_lambda: Fact::unknown(not_understood("the role could not be read"), vec![uses]),
        };
    };
    let sharers = sharing.of_role(address, resource);
    let mut shared = vec![uses.clone(), Step::new(format!("role `{}`", role.name), role.span)];
    shared.extend(sharers.named.iter().map(|(name, span)| Step::new(format!("{name} runs with it too"), *span)));
    let (trusted, open) = role.trusted();
    let (mut others, mut lambda, mut unclear) = (Vec::new(), false, open);
    let mut trust = vec![uses];
    for principal in trusted {
        match (is_lambda(principal.kind, &principal.value), principal.reason) {
            (true, _) => lambda = true,
            (false, None) => {
                trust.push(Step::new(format!("the role trusts `{}`", principal.value), principal.span));
                others.push(principal.value);
            }
            (false, Some(reason)) => unclear = unclear.or(Some(reason)),
        }
    }
    if others.is_empty() {
        trust.push(Step::new(format!("trust policy of `{}`", role.name), role.trust.whole));
    }
    let (role_trusts_others, role_trusts_lambda) = match unclear {
        // What is trusted for certain is a finding whatever else there may be.
        Some(reason) if others.is_empty() => {
            let lambda = if lambda { Ok(true) } else { Err(reason.clone()) };
            (Fact::unknown(reason, trust.clone()), Fact { value: lambda, evidence: trust })
        }
        _ => (Fact::known(others, trust.clone()), Fact::known(lambda, trust)),
    };
    LambdaFunction {
        role: Fact::known(role.name.to_string(), Vec::new()),
        role_shared_with: match sharing.may_share(resource) {
            Some(reason) if sharers.named.is_empty() => Fact::unknown(reason.clone(), shared),
            _ => Fact::known(sharers.names(), shared),
        },
        role_trusts_others,
        role_trusts_lambda,
    }
}

/// Source: IAM user guide, "AWS services that work with IAM"; Lambda@Edge needs a principal of its own.
fn is_lambda(kind: PrincipalKind, value: &str) -> bool {
    let suffix = value.strip_prefix("lambda.").or_else(|| value.strip_prefix("edgelambda."));
    kind == PrincipalKind::Service
        && suffix.is_some_and(|suffix| ["amazonaws.com", "amazonaws.com.cn", "${AWS::URLSuffix}"].contains(&suffix))
}
