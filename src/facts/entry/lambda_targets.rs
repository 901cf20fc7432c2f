//! Target groups of functions: who else may invoke the function in the name of a load balancer.
//!
//! Registering a function needs a permission first, and a permission for the group needs the group first, so templates
//! pin the permission to the group's name: `…:targetgroup/NAME/*`. That counts as the group, because names are unique in
//! a region of an account. Source: "Lambda functions as targets", Elastic Load Balancing user guide for Application Load
//! Balancers.

use std::sync::Arc;

use super::super::{Fact, Step, Subject, fact_struct};
use crate::graph::elbv2::{Member, MemberKind, TARGET_GROUP, TargetGroup, TargetType};
use crate::graph::lambda::{Permission, Qualifier};
use crate::graph::{Graph, Target, Typed};
use crate::value::{Address, Kind, Part, Prop, Reason, Reference, Value};

fact_struct! {
    /// A target group whose target is a function, or may be one.
    pub struct LambdaTargetFacts {
        /// Logical id of the function; empty when it was not scanned.
        function: String,
        /// Permissions of load balancers on the registered form of the function.
        permissions: Vec<Grant>,
        /// The function and all its permissions are known.
        complete: Fact<bool>,
    }
}

fact_struct! {
    /// One permission for `elasticloadbalancing.amazonaws.com` (or for everyone).
    pub struct Grant {
        /// Logical id of the permission.
        permission: String,
        /// Whom it admits: `group` (this target group), `other_group` (another one), `account` (any group of an account)
        /// or `anyone` (load balancers of every account).
        scope: Fact<String>,
    }
}

const PRINCIPAL: &str = "elasticloadbalancing.amazonaws.com";

pub(super) fn subjects(graph: &Graph) -> Vec<Subject> {
    let groups = graph.elbv2.target_groups.iter();
    groups
        .filter(|group| group.target_type.known().is_none_or(|kind| *kind == TargetType::Lambda))
        .filter_map(|group| {
            let resource = graph.resources.get(&group.address)?;
            Some(Subject::of("lambda_targets", resource, &facts(graph, group)))
        })
        .collect()
}

fn facts(graph: &Graph, group: &TargetGroup) -> LambdaTargetFacts {
    // A group of this type holds at most one function.
    let member = group.members.iter().find(|member| member.kind == MemberKind::Function);
    let function = member.and_then(|member| member.target.address());
    let name = function.and_then(|address| graph.resources.get(address)).map(|found| found.name.to_string());
    let grants = member.zip(function).map(|(member, function)| grants(graph, group, member, function));
    LambdaTargetFacts {
        function: name.unwrap_or_default(),
        permissions: grants.unwrap_or_default(),
        complete: complete(graph, group, member),
    }
}

fn complete(graph: &Graph, group: &TargetGroup, member: Option<&Member>) -> Fact<bool> {
    if let Typed::Unknown(reason, span) = &group.target_type {
        return Fact::unknown(reason.clone(), vec![Step::new("the type of the targets is not known", *span)]);
    }
    let Some(member) = member else {
        let reason = group.members_open.clone().unwrap_or_else(|| {
            Reason::Outside(Arc::from(format!("what is registered in target group `{}`", group.name)))
        });
        let label = match group.members_open {
            Some(_) => "what is registered here is not known",
            None => "no function is registered here",
        };
        return Fact::unknown(reason, vec![Step::new(label, group.name_span)]);
    };
    let step = |label: &str| vec![Step::new(label, member.span)];
    match (&member.target, &member.qualifier) {
        (Typed::Known(Target::Outside(text), _), _) => {
            let reason = Reason::Outside(Arc::from(format!("function `{text}`")));
            Fact::unknown(reason, step("this function is the target"))
        }
        (Typed::Unknown(reason, _), _) | (_, Qualifier::Unknown(reason)) => {
            Fact::unknown(reason.clone(), step("this function is the target"))
        }
        (Typed::Known(Target::Resource(_), _), _) => match unread(graph) {
            Some((reason, span)) => {
                Fact::unknown(reason, vec![Step::new("whom this permission is for is not known", span)])
            }
            None => Fact::known(true, step("this function is the target")),
        },
        (Typed::Absent(_), _) => Fact::unknown(Reason::NotUnderstood(Arc::from("no target is given")), Vec::new()),
    }
}

/// A permission that may be for any function.
fn unread(graph: &Graph) -> Option<(Reason, crate::source::Span)> {
    graph.lambda.permissions.iter().find_map(|permission| match &permission.function.function {
        Typed::Unknown(reason, span) if crate::graph::ec2::may_be_declared(reason) => Some((reason.clone(), *span)),
        _ => None,
    })
}

fn grants(graph: &Graph, group: &TargetGroup, member: &Member, function: &Address) -> Vec<Grant> {
    let permissions = graph.lambda.permissions_of(function);
    permissions.filter_map(|permission| grant(graph, group, member, permission)).collect()
}

fn grant(graph: &Graph, group: &TargetGroup, member: &Member, permission: &Permission) -> Option<Grant> {
    let resource = graph.resources.get(&permission.address)?;
    let other_form = match (&permission.function.qualifier, &member.qualifier) {
        (Qualifier::Unknown(_), _) | (_, Qualifier::Unknown(_)) => false,
        (ours, theirs) => ours != theirs,
    };
    let action = permission.action.known().map(|action| action.to_ascii_lowercase());
    let invokes = action.is_none_or(|action| matches!(action.as_str(), "lambda:invokefunction" | "lambda:*" | "*"));
    let principal = permission.principal.known().and_then(Value::as_str);
    let concerned = principal.is_none_or(|principal| principal == PRINCIPAL || principal == "*");
    if other_form || !invokes || !concerned || permission.invoked_via_function_url.known() == Some(&true) {
        return None;
    }
    let mut steps = vec![
        Step::new(format!("`{}` invokes the function", group.name), member.span),
        Step::new(format!("permission `{}` lets load balancers invoke it", resource.name), resource.name_span),
    ];
    let unread = unread_word(&permission.principal).or_else(|| unread_word(&permission.action));
    let scope = match unread {
        Some(reason) => Err(reason),
        None => scope(graph, group, permission, &mut steps),
    };
    Some(Grant {
        permission: resource.name.to_string(),
        scope: Fact { value: scope.map(str::to_owned), evidence: steps },
    })
}

fn unread_word<T>(word: &Typed<T>) -> Option<Reason> {
    match word {
        Typed::Unknown(reason, _) => Some(reason.clone()),
        Typed::Known(..) | Typed::Absent(_) => None,
    }
}

fn scope(
    graph: &Graph,
    group: &TargetGroup,
    permission: &Permission,
    steps: &mut Vec<Step>,
) -> Result<&'static str, Reason> {
    let pinned_account = !matches!(permission.source_account, Typed::Absent(_));
    let arn = match &permission.source_arn {
        Typed::Absent(_) if pinned_account => {
            steps.push(Step::new("only the account is given", permission.source_account.span()));
            return Ok("account");
        }
        Typed::Absent(_) => return Ok("anyone"),
        Typed::Unknown(reason, _) => return Err(reason.clone()),
        Typed::Known(arn, span) => {
            steps.push(Step::new("`SourceArn` says which target group", *span));
            arn
        }
    };
    let mut groups = arn.references().into_iter().filter_map(|reference| match reference {
        Reference::Resource { address, .. } => {
            graph.resources.get(address).filter(|found| &*found.kind == TARGET_GROUP)
        }
        Reference::Pseudo(_) => None,
    });
    if let Some(named) = groups.next() {
        return Ok(if named.address == group.address { "group" } else { "other_group" });
    }
    let Some(text) = colonless(arn) else { return Err(undecided(arn)) };
    if text == "*" {
        return Ok("anyone");
    }
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let [_, _, _, _, account, resource] = parts.as_slice() else { return Err(undecided(arn)) };
    let own_account = !account.is_empty() && !account.contains('*');
    if account.contains('?') && !pinned_account {
        return Err(undecided(arn));
    }
    let Some(rest) = resource.strip_prefix("targetgroup/") else {
        return match (resource.starts_with('*'), own_account || pinned_account) {
            (true, true) => Ok("account"),
            (true, false) => Ok("anyone"),
            (false, _) => Err(undecided(arn)),
        };
    };
    let name = rest.split('/').next().unwrap_or_default();
    match (own_account || pinned_account, own_name(graph, group)) {
        (false, _) => Ok("anyone"),
        (true, Some(own)) if own == name => Ok("group"),
        (true, _) if name.contains('*') => Ok("account"),
        (true, Some(_)) if !name.contains('?') && !name.contains('$') => Ok("other_group"),
        (true, _) => Err(undecided(arn)),
    }
}

fn undecided(arn: &Value) -> Reason {
    arn.reason().cloned().unwrap_or_else(|| match &arn.kind {
        Kind::Ref(reference) => Reason::Attribute(Arc::from(reference.to_string())),
        _ => Reason::NotUnderstood(Arc::from("which target group `SourceArn` means is not decided")),
    })
}

fn own_name(graph: &Graph, group: &TargetGroup) -> Option<String> {
    match graph.resources.get(&group.address)?.prop("Name") {
        Prop::Known(name) => colonless(name).filter(|name| !name.contains('?')),
        Prop::Absent(_) | Prop::Unknown(..) => None,
    }
}

/// The text with references in place of what they stand for, but without the colons of pseudo parameters, so that an
/// ARN can be taken apart. `?` stands for what is not known.
fn colonless(value: &Value) -> Option<String> {
    let Kind::Text(parts) = &value.kind else { return value.as_str().map(str::to_owned) };
    let word = |part: &Part| match part {
        Part::Ref(reference) => format!("${{{reference}}}").replace(':', "."),
        Part::Literal(_) | Part::Unknown(_) => part.to_string(),
    };
    Some(parts.iter().map(word).collect())
}
