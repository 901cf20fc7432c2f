//! Auto Scaling groups: where their instances stand, what they are launched with, and which target groups they join.

use std::collections::BTreeMap;

use super::ec2::{LAUNCH_TEMPLATE, Launch, Pointer, SUBNET, compute, pointers};
use super::{Resources, Target, Typed, boolean, list, target, text};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Prop, Reason, Value};

pub const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";
pub const LAUNCH_CONFIGURATION: &str = "AWS::AutoScaling::LaunchConfiguration";

#[derive(Debug, Default)]
pub struct AutoScaling {
    /// In source order.
    pub groups: Vec<Group>,
    pub launch_configurations: BTreeMap<Address, Launch>,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub address: Address,
    pub span: Span,
    /// Absent: the default subnets of the given availability zones.
    pub subnets: Typed<Vec<Pointer>>,
    /// The launch templates and configurations that it may launch from: several with a mixed-instances policy.
    pub launches: Vec<Pointer>,
    pub target_groups: Typed<Vec<Pointer>>,
}

impl AutoScaling {
    pub fn new(resources: &Resources) -> Self {
        let groups = resources.of_kind(GROUP).map(|resource| group(resources, resource)).collect();
        let launch_configurations = resources
            .of_kind(LAUNCH_CONFIGURATION)
            .map(|resource| {
                let none = Typed::Absent(resource.name_span);
                (resource.address.clone(), compute::launch(resources, resource, &resource.properties, none))
            })
            .collect();
        Self { groups, launch_configurations }
    }
}

fn group(resources: &Resources, resource: &Resource) -> Group {
    Group {
        address: resource.address.clone(),
        span: resource.name_span,
        subnets: pointers(resources, resource.prop("VPCZoneIdentifier"), &[SUBNET]),
        launches: launches(resources, resource),
        target_groups: target_groups(resources, resource),
    }
}

fn launches(resources: &Resources, resource: &Resource) -> Vec<Pointer> {
    let mut found = Vec::new();
    let configuration = target(resources, resource.prop("LaunchConfigurationName"), &[LAUNCH_CONFIGURATION]);
    if !matches!(configuration, Typed::Absent(_)) {
        found.push(configuration);
    }
    found.extend(specification(resources, resource.prop("LaunchTemplate")));
    let mixed = "MixedInstancesPolicy.LaunchTemplate";
    found.extend(specification(resources, resource.prop(&format!("{mixed}.LaunchTemplateSpecification"))));
    match list(resource.prop(&format!("{mixed}.Overrides"))) {
        Typed::Known(overrides, _) => {
            let own = overrides.iter().map(|one| specification(resources, one.prop("LaunchTemplateSpecification")));
            found.extend(own.flatten());
        }
        Typed::Unknown(reason, span) => found.push(Typed::Unknown(reason, span)),
        Typed::Absent(_) => {}
    }
    if found.is_empty() {
        // `InstanceId` copies a running instance, whose launch configuration is not declared anywhere.
        let prop = resource.prop("InstanceId");
        let what = if prop.is_absent() { "the group names no launch template" } else { "the copied instance" };
        let reason = if prop.is_absent() { Reason::NotUnderstood(what.into()) } else { Reason::Outside(what.into()) };
        found.push(Typed::Unknown(reason, prop.span()));
    }
    found
}

fn specification(resources: &Resources, prop: Prop<'_>) -> Option<Pointer> {
    let at: &Value = match prop {
        Prop::Known(value) => value,
        Prop::Absent(_) => return None,
        Prop::Unknown(reason, span) => return Some(Typed::Unknown(reason.clone(), span)),
    };
    let template = match target(resources, at.prop("LaunchTemplateId"), &[LAUNCH_TEMPLATE]) {
        Typed::Absent(_) => match compute::template_by_name(resources, at.prop("LaunchTemplateName")) {
            Typed::Absent(span) => {
                Typed::Unknown(Reason::NotUnderstood("the launch template is not named".into()), span)
            }
            named => named,
        },
        id => id,
    };
    Some(version(resources, template, at))
}

/// The version of a template that a group launches from. A live account has versions with numbers, and the template is
/// its latest one; a template of `CloudFormation` is what it says. Source: Amazon EC2 Auto Scaling API Reference,
/// `LaunchTemplateSpecification`: without a version, the default one.
fn version(resources: &Resources, template: Pointer, at: &Value) -> Pointer {
    let number = |template: &Resource| text(template.prop("VersionNumber")).known().cloned();
    let Some(latest) = template.address().and_then(|address| resources.get(address)) else { return template };
    let Some(newest) = number(latest) else { return template };
    let wanted = match text(at.prop("Version")) {
        Typed::Known(wanted, _) => wanted,
        Typed::Absent(_) => "$Default".to_owned(),
        Typed::Unknown(reason, span) => return Typed::Unknown(reason, span),
    };
    let is_default = |version: &Resource| boolean(version.prop("DefaultVersion")).known() == Some(&true);
    let is_wanted = |version: &Resource| match wanted.as_str() {
        "$Default" => is_default(version),
        _ => number(version).as_deref() == Some(&wanted),
    };
    if wanted == "$Latest" || newest == wanted || is_wanted(latest) {
        return template;
    }
    let of_same = |version: &&Resource| {
        target(resources, version.prop("LaunchTemplateId"), &[LAUNCH_TEMPLATE]).address() == Some(&latest.address)
    };
    let found = resources.of_kind(LAUNCH_TEMPLATE).filter(of_same).find(|version| is_wanted(version));
    found.map_or_else(
        || {
            let what = format!("version {wanted} of launch template `{}`", latest.name);
            Typed::Unknown(Reason::Outside(what.into()), template.span())
        },
        |version| Typed::Known(Target::Resource(version.address.clone()), template.span()),
    )
}

/// `TargetGroupARNs` and the `elbv2` sources of `TrafficSources` say the same thing.
fn target_groups(resources: &Resources, resource: &Resource) -> Typed<Vec<Pointer>> {
    let kinds = &[super::elbv2::TARGET_GROUP];
    let direct = pointers(resources, resource.prop("TargetGroupARNs"), kinds);
    let (mut found, span) = match direct {
        Typed::Known(found, span) => (found, span),
        Typed::Absent(span) => (Vec::new(), span),
        unknown @ Typed::Unknown(..) => return unknown,
    };
    match list(resource.prop("TrafficSources")) {
        Typed::Known(sources, _) => {
            for source in &sources {
                let kind = text(source.prop("Type"));
                // A missing type is taken from the identifier, which for a target group is its ARN.
                if matches!(kind.known().map(String::as_str), None | Some("elbv2")) {
                    found.push(target(resources, source.prop("Identifier"), kinds));
                }
            }
        }
        Typed::Unknown(reason, span) => found.push(Typed::Unknown(reason, span)),
        Typed::Absent(_) => {}
    }
    Typed::Known(found, span)
}
