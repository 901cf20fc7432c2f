//! A function's execution role: who else runs with it, and who else may assume it.

use std::sync::Arc;

use crate::facts::{Describe as _, Fact, Step, Subject, SubjectKind, fact_struct};
use crate::graph::lambda::Function;
use crate::graph::{Graph, Target, Typed};
use crate::iam::document::PrincipalKind;
use crate::input::{Resource, not_understood};
use crate::value::{Address, Reason, Value};

pub(super) const SUBJECT: SubjectKind = SubjectKind { name: "functions", shape: LambdaFunction::shape };

fact_struct! {
    /// A Lambda function.
    pub struct LambdaFunction {
        /// Logical id of the execution role, or its ARN when it was not scanned.
        role: Fact<String>,
        /// Other users of the role: functions of another component (tag `sra:component`), instance profiles, tasks, ….
        role_shared_with: Fact<Vec<String>>,
        /// Whom the role trusts beside `lambda.amazonaws.com` (and `edgelambda.amazonaws.com`, for Lambda@Edge).
        role_trusts_others: Fact<Vec<String>>,
        /// Whether Lambda is among the trusted.
        role_trusts_lambda: Fact<bool>,
    }
}

pub(super) fn derive(graph: &Graph) -> Vec<Subject> {
    let functions = graph.lambda.functions.iter();
    functions
        .filter_map(|function| {
            let resource = graph.resources.get(&function.address)?;
            Some(Subject::of(SUBJECT.name, resource, &facts(graph, function, resource)))
        })
        .collect()
}

fn facts(graph: &Graph, function: &Function, resource: &Resource) -> LambdaFunction {
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
        Typed::Known(Target::Resource(address), _) => of_role(graph, function, resource, address),
        Typed::Known(Target::Outside(arn), _) => {
            let mut facts =
                unknown(Reason::Outside(Arc::from(format!("role `{arn}`"))), same_role(graph, function, resource));
            facts.role = Fact::known(arn.clone(), step("the execution role"));
            facts
        }
        Typed::Unknown(reason, _) => unknown(reason.clone(), same_role(graph, function, resource)),
        Typed::Absent(_) => unknown(not_understood("`Role` is not set"), Vec::new()),
    }
}

fn of_role(graph: &Graph, function: &Function, resource: &Resource, address: &Address) -> LambdaFunction {
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
    let (mut shared, mut sharing) =
        (Vec::new(), vec![uses.clone(), Step::new(format!("role `{}`", role.name), role.span)]);
    for holder in &role.holders {
        if holder.address == function.address || same_component(graph, resource, &holder.address) {
            continue;
        }
        let label = format!("{} `{}`", holder.kind.label(), holder.name);
        sharing.push(Step::new(format!("{label} runs with it too"), holder.span));
        shared.push(label);
    }
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
        role_shared_with: match may_share(graph, function, resource) {
            Some(reason) if shared.is_empty() => Fact::unknown(reason.clone(), sharing),
            _ => Fact::known(shared, sharing),
        },
        role_trusts_others,
        role_trusts_lambda,
    }
}

/// Why another function of the same template may run with the same role. What a parameter, an import or an attribute
/// stands for is no role of this template.
fn may_share<'a>(graph: &'a Graph, function: &Function, resource: &Resource) -> Option<&'a Reason> {
    let file = |address: &Address| address.0.split('#').next().map(str::to_owned);
    graph
        .lambda
        .functions
        .iter()
        .filter(|other| other.address != function.address && file(&other.address) == file(&function.address))
        .filter(|other| !same_component(graph, resource, &other.address))
        .find_map(|other| match &other.role {
            Typed::Unknown(reason @ (Reason::Transform(_) | Reason::NotUnderstood(_) | Reason::Conditions(_)), _) => {
                Some(reason)
            }
            _ => None,
        })
}

/// Source: IAM user guide, "AWS services that work with IAM"; Lambda@Edge needs a principal of its own.
fn is_lambda(kind: PrincipalKind, value: &str) -> bool {
    let suffix = value.strip_prefix("lambda.").or_else(|| value.strip_prefix("edgelambda."));
    kind == PrincipalKind::Service
        && suffix.is_some_and(|suffix| ["amazonaws.com", "amazonaws.com.cn", "${AWS::URLSuffix}"].contains(&suffix))
}

/// Other functions that name the same role in the same words: a literal ARN, or the same parameter of a template.
fn same_role(graph: &Graph, function: &Function, resource: &Resource) -> Vec<String> {
    let file = |address: &Address| address.0.split('#').next().map(str::to_owned);
    let own = resource.prop("Role").known().map(|role| &role.kind);
    let same = |other: &Function| match (&function.role, &other.role) {
        (Typed::Known(own, _), Typed::Known(other, _)) => own == other,
        (Typed::Unknown(Reason::Parameter(own), _), Typed::Unknown(Reason::Parameter(other_name), _)) => {
            own == other_name && file(&function.address) == file(&other.address)
        }
        _ => false,
    };
    let same_text = |other: &Function| {
        let other = graph.resources.get(&other.address).and_then(|it| it.prop("Role").known());
        own.is_none() || other.is_none_or(|other| Some(&other.kind) == own)
    };
    let others = graph.lambda.functions.iter().filter(|other| other.address != function.address);
    others
        .filter(|other| same(other) && same_text(other) && !same_component(graph, resource, &other.address))
        .filter_map(|other| graph.resources.get(&other.address))
        .map(|other| format!("function `{}`", other.name))
        .collect()
}

fn same_component(graph: &Graph, resource: &Resource, other: &Address) -> bool {
    let component = component(resource);
    component.is_some() && graph.resources.get(other).and_then(self::component) == component
}

fn component(resource: &Resource) -> Option<&str> {
    let tags = resource.prop("Tags").known()?.items()?;
    let tag = tags
        .iter()
        .filter_map(Value::as_map)
        .find(|tag| tag.get("Key").and_then(Value::as_str) == Some("sra:component"))?;
    tag.get("Value")?.as_str().filter(|component| !component.is_empty())
}
