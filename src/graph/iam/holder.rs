//! Who uses a role: the properties of other services that name one.

use crate::graph::{Link, Resources};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Kind, Prop, Reason, Value};

/// Something that acts with a role's permissions.
#[derive(Clone, Debug, PartialEq)]
pub struct Holder {
    pub kind: HolderKind,
    pub address: Address,
    pub name: String,
    /// Where it names the role.
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HolderKind {
    Function,
    InstanceProfile,
    Task,
    /// Pulls images and writes logs for a task.
    TaskExecution,
    StateMachine,
    BuildProject,
    /// Users who signed in through an identity pool.
    Authenticated,
    /// Users of an identity pool who did not sign in.
    Guest,
    /// Users of an identity pool whom a mapping rule or a group sends here.
    Mapped,
}

impl HolderKind {
    /// Code of the account's owner runs with the role.
    pub fn is_compute(self) -> bool {
        !self.is_end_user()
    }

    pub fn is_end_user(self) -> bool {
        matches!(self, Self::Authenticated | Self::Guest | Self::Mapped)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::InstanceProfile => "instance profile",
            Self::Task => "task definition",
            Self::TaskExecution => "task execution",
            Self::StateMachine => "state machine",
            Self::BuildProject => "build project",
            Self::Authenticated => "signed-in users of identity pool",
            Self::Guest => "guests of identity pool",
            Self::Mapped => "mapped users of",
        }
    }
}

/// Resource type, path of the property that names the role (its name, its ARN or a list), and what that makes it.
const SINGLE: &[(&str, &str, HolderKind)] = &[
    ("AWS::Lambda::Function", "Role", HolderKind::Function),
    ("AWS::IAM::InstanceProfile", "Roles", HolderKind::InstanceProfile),
    ("AWS::ECS::TaskDefinition", "TaskRoleArn", HolderKind::Task),
    ("AWS::ECS::TaskDefinition", "ExecutionRoleArn", HolderKind::TaskExecution),
    ("AWS::Batch::JobDefinition", "ContainerProperties.JobRoleArn", HolderKind::Task),
    ("AWS::AppRunner::Service", "InstanceConfiguration.InstanceRoleArn", HolderKind::Task),
    ("AWS::EKS::PodIdentityAssociation", "RoleArn", HolderKind::Task),
    ("AWS::StepFunctions::StateMachine", "RoleArn", HolderKind::StateMachine),
    ("AWS::CodeBuild::Project", "ServiceRole", HolderKind::BuildProject),
    ("AWS::Cognito::UserPoolGroup", "RoleArn", HolderKind::Mapped),
];

/// Every use of a role of the graph, in source order of its kind, and why an identity pool may hand out further ones.
pub(super) fn collect(resources: &Resources) -> (Vec<(Address, Holder)>, Option<Reason>) {
    let mut found = Vec::new();
    let mut open = None;
    for (kind, path, holder) in SINGLE {
        for resource in resources.of_kind(kind) {
            let Prop::Known(value) = resource.prop(path) else { continue };
            for role in value.items().unwrap_or_default() {
                found.extend(held(resources, resource, &resource.name, role, *holder));
            }
        }
    }
    for resource in resources.of_kind("AWS::Cognito::IdentityPoolRoleAttachment") {
        identity_pool(resources, resource, &mut found, &mut open);
    }
    (found, open)
}

fn identity_pool(
    resources: &Resources,
    resource: &Resource,
    found: &mut Vec<(Address, Holder)>,
    open: &mut Option<Reason>,
) {
    let pool = match resource.prop("IdentityPoolId").known().map(|value| resources.link(value, &[IDENTITY_POOL])) {
        Some(Link::To(pool)) => pool,
        // The attachment stands for the pool that it does not tell.
        _ => resource,
    };
    let mut hand_out = |role: Prop<'_>, kind: HolderKind| match role {
        Prop::Absent(_) => {}
        Prop::Unknown(reason, _) => *open = Some(reason.clone()),
        Prop::Known(role) => match resources.link(role, &[super::ROLE]) {
            Link::Unknown(reason) => *open = Some(reason),
            Link::To(_) | Link::Outside(_) => found.extend(held(resources, pool, &pool.name, role, kind)),
        },
    };
    for (key, kind) in [("authenticated", HolderKind::Authenticated), ("unauthenticated", HolderKind::Guest)] {
        hand_out(resource.prop(&format!("Roles.{key}")), kind);
    }
    match resource.prop("RoleMappings") {
        Prop::Absent(_) => {}
        Prop::Known(Value { kind: Kind::Map(mappings), .. }) => {
            for mapping in &mappings.members {
                let rules = mapping.value.prop("RulesConfiguration.Rules");
                for rule in rules.known().and_then(Value::items).unwrap_or_default() {
                    hand_out(rule.prop("RoleARN"), HolderKind::Mapped);
                }
                if let Prop::Unknown(..) = rules {
                    hand_out(rules, HolderKind::Mapped);
                }
            }
        }
        unread => hand_out(unread, HolderKind::Mapped),
    }
}

pub const IDENTITY_POOL: &str = "AWS::Cognito::IdentityPool";

fn held(
    resources: &Resources,
    resource: &Resource,
    name: &str,
    role: &Value,
    kind: HolderKind,
) -> Option<(Address, Holder)> {
    match resources.link(role, &[super::ROLE]) {
        Link::To(target) => Some((
            target.address.clone(),
            Holder { kind, address: resource.address.clone(), name: name.to_owned(), span: role.span },
        )),
        Link::Outside(_) | Link::Unknown(_) => None,
    }
}
