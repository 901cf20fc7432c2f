//! IAM roles: whom they trust, what is attached to them and who uses them; and the policies that a template writes.

mod allows;
mod embedded;
pub mod holder;
pub mod policy;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Link, Resources};
use crate::iam::document::{Document, Effect, Principal, PrincipalKind, Principals};
use crate::iam::managed::{self, ManagedPolicy};
use crate::input::{Format, Resource};
use crate::source::Span;
use crate::value::{Address, Kind, Part, Prop, Reason, Value};
pub use holder::{Holder, HolderKind};
pub use policy::{Origin, Policy, PolicyDocument};

pub const ROLE: &str = "AWS::IAM::Role";
pub const MANAGED_POLICY: &str = "AWS::IAM::ManagedPolicy";

#[derive(Debug, Default)]
pub struct Iam {
    roles: BTreeMap<Address, Role>,
    /// Policies of AWS whose document was read of the account, by name: what is in force there.
    in_force: BTreeMap<String, Arc<ManagedPolicy>>,
    /// Every identity policy that the account's owner writes, whether or not it is attached to a role.
    pub policies: Vec<Policy>,
    /// Policies that name a role which could not be told, as index into `policies`: any role may have them.
    pub astray: Vec<(usize, Reason)>,
    /// Set when an identity pool may hand out a role that could not be read.
    pub handed_out_open: Option<Reason>,
}

#[derive(Debug)]
pub struct Role {
    pub address: Address,
    pub name: Arc<str>,
    pub span: Span,
    /// AWS owns its trust and its permissions, and nobody else can change them. Source: IAM User Guide, "Service-linked
    /// roles": their path is `/aws-service-role/`, which no other role can have.
    pub service_linked: bool,
    pub trust: PolicyDocument,
    pub attachments: Vec<Attachment>,
    /// Set when further policies may be attached that could not be read.
    pub attachments_open: Option<(Reason, Span)>,
    /// `PermissionsBoundary`: what the role may do at most.
    pub boundary: Option<Attachment>,
    /// In source order.
    pub holders: Vec<Holder>,
}

/// A policy on a role.
#[derive(Clone, Debug)]
pub struct Attachment {
    pub policy: Attached,
    /// Where it is attached.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Attached {
    /// Index into [`Iam::policies`].
    Own(usize),
    AwsManaged(Arc<ManagedPolicy>),
    /// An AWS managed policy that the data does not know, by name; with why it was not read, where the account would tell
    /// it.
    AwsUnlisted(String, Option<Reason>),
    /// A customer managed policy that was not scanned.
    Outside(String),
    Unknown(Reason),
}

/// One principal that a trust policy allows to assume the role.
#[derive(Clone, Debug, PartialEq)]
pub struct Trusted {
    pub kind: PrincipalKind,
    /// `lambda.amazonaws.com`, an ARN, an account id or `*`; unknown parts are shown as `…`.
    pub value: String,
    /// Set when part of it is unknown.
    pub reason: Option<Reason>,
    /// Of the statement.
    pub span: Span,
}

impl Iam {
    pub fn new(resources: &Resources) -> Self {
        let mut iam = Self {
            policies: policy::collect(resources),
            in_force: policy::of_aws(resources).map(|policy| (policy.name.clone(), Arc::new(policy))).collect(),
            ..Self::default()
        };
        for resource in resources.of_kind(ROLE) {
            let role = iam.role_of_resource(resources, resource);
            iam.roles.insert(resource.address.clone(), role);
        }
        iam.attach_by_policy(resources);
        let (holders, open) = holder::collect(resources);
        iam.handed_out_open = open;
        for (role, holder) in holders {
            if let Some(role) = iam.roles.get_mut(&role) {
                role.holders.push(holder);
            }
        }
        iam
    }

    /// By address, in its order.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values()
    }

    pub fn role(&self, address: &Address) -> Option<&Role> {
        self.roles.get(address)
    }

    pub fn policy(&self, attached: &Attached) -> Option<&Policy> {
        match attached {
            Attached::Own(index) => self.policies.get(*index),
            _ => None,
        }
    }

    /// Whether a policy is only ever a permissions boundary, and so grants nothing.
    pub fn is_only_boundary(&self, index: usize) -> bool {
        let is = |attachment: &Attachment| matches!(attachment.policy, Attached::Own(own) if own == index);
        self.roles().any(|role| role.boundary.as_ref().is_some_and(is))
            && !self.roles().any(|role| role.attachments.iter().any(is))
            && self.policies.get(index).is_some_and(|policy| !policy.attached)
    }

    fn role_of_resource(&self, resources: &Resources, resource: &Resource) -> Role {
        let mut attachments: Vec<Attachment> = self
            .policies
            .iter()
            .enumerate()
            .filter(|(_, policy)| policy.owner == resource.address)
            .map(|(index, policy)| Attachment { policy: Attached::Own(index), span: policy.span })
            .collect();
        let mut attachments_open = None;
        for property in ["ManagedPolicyArns", "Policies"] {
            match resource.prop(property) {
                Prop::Unknown(reason, span) => attachments_open = Some((reason.clone(), span)),
                Prop::Known(value) if property == "ManagedPolicyArns" => attachments.extend(
                    value.items().unwrap_or_default().iter().map(|arn| self.attachment(resources, resource, arn)),
                ),
                Prop::Known(_) | Prop::Absent(_) => {}
            }
        }
        let boundary = match resource.prop("PermissionsBoundary") {
            Prop::Absent(_) => None,
            Prop::Known(value) => Some(self.attachment(resources, resource, value)),
            Prop::Unknown(reason, span) => Some(Attachment { policy: Attached::Unknown(reason.clone()), span }),
        };
        Role {
            address: resource.address.clone(),
            name: Arc::clone(&resource.name),
            span: resource.name_span,
            service_linked: is_service_linked(resource),
            trust: PolicyDocument::of(resource.prop("AssumeRolePolicyDocument")),
            attachments,
            attachments_open,
            boundary,
            holders: Vec::new(),
        }
    }

    /// Policies that name the roles they belong to, instead of being named by them.
    fn attach_by_policy(&mut self, resources: &Resources) {
        for (index, own) in self.policies.iter().enumerate() {
            for (role, span) in &own.roles {
                match resources.link(role, &[ROLE]) {
                    Link::To(resource) => {
                        if let Some(role) = self.roles.get_mut(&resource.address) {
                            role.attachments.push(Attachment { policy: Attached::Own(index), span: *span });
                        }
                    }
                    Link::Unknown(reason) => self.astray.push((index, reason)),
                    Link::Outside(_) => {}
                }
            }
        }
    }

    /// What `holder` has by `value`.
    fn attachment(&self, resources: &Resources, holder: &Resource, value: &Value) -> Attachment {
        let policy = match aws_managed_name(value) {
            Some(Ok(name)) => {
                let found = self.in_force.get(&name).cloned().or_else(|| managed::find(&name));
                let unlisted = || Attached::AwsUnlisted(name, unread_of_aws(resources, holder, value));
                found.map_or_else(unlisted, Attached::AwsManaged)
            }
            Some(Err(reason)) => Attached::Unknown(reason),
            None => match resources.link(value, &[MANAGED_POLICY]) {
                Link::To(resource) => self
                    .policies
                    .iter()
                    .position(|policy| policy.owner == resource.address)
                    .map_or_else(|| Attached::Outside(resource.name.to_string()), Attached::Own),
                Link::Outside(arn) => Attached::Outside(arn),
                Link::Unknown(reason) => Attached::Unknown(reason),
            },
        };
        Attachment { policy, span: value.span }
    }
}

impl Role {
    /// Whom the trust policy allows to assume the role, and the reason when there may be more. Conditions are not
    /// looked at; a principal that only a `Deny` names is not among them.
    pub fn trusted(&self) -> (Vec<Trusted>, Option<Reason>) {
        let mut open = self.trust.document.open.clone();
        let mut trusted = Vec::new();
        for statement in self.trust.document.allows() {
            let span = self.trust.span(statement.index);
            if let Effect::Unknown(reason) = &statement.effect {
                open = open.or_else(|| Some(reason.clone()));
            }
            match &statement.principals {
                Principals::Only(principals) => trusted.extend(principals.iter().map(|it| Trusted::new(it, span))),
                Principals::Except(_) => trusted.push(Trusted {
                    kind: PrincipalKind::Everyone,
                    value: "everyone but some".to_owned(),
                    reason: None,
                    span,
                }),
                Principals::Unknown(reason) => open = open.or_else(|| Some(reason.clone())),
                Principals::Absent => {}
            }
        }
        (trusted, open)
    }
}

impl Trusted {
    fn new(principal: &Principal, span: Span) -> Self {
        Self {
            kind: principal.kind,
            value: principal.value.to_string(),
            reason: principal.value.reason().cloned(),
            span,
        }
    }
}

impl Attached {
    /// For messages: the policy's name, or its ARN when it was not scanned.
    pub fn label(&self, iam: &Iam) -> String {
        match self {
            Self::Own(_) => iam.policy(self).map_or_else(String::new, |policy| policy.name.clone()),
            Self::AwsManaged(policy) => policy.name.clone(),
            Self::AwsUnlisted(name, _) | Self::Outside(name) => name.clone(),
            Self::Unknown(_) => "a policy that is not known".to_owned(),
        }
    }

    /// Why its content is not known.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Own(_) | Self::AwsManaged(_) => None,
            Self::AwsUnlisted(_, Some(unread)) => Some(unread.clone()),
            Self::AwsUnlisted(name, None) => Some(Reason::NotUnderstood(Arc::from(format!(
                "`{name}` is not among the AWS managed policies of this version's data; update sra-guard"
            )))),
            Self::Outside(arn) => Some(Reason::Outside(Arc::from(format!("policy `{arn}`")))),
            Self::Unknown(reason) => Some(reason.clone()),
        }
    }
}

/// Told by the ARN, which an account alone has: a template cannot make such a role.
fn is_service_linked(resource: &Resource) -> bool {
    resource.format == Format::Account && resource.address.0.contains(":role/aws-service-role/")
}

/// Why the account of `holder` does not tell what a policy of AWS says, by its ARN: the policy was read without its text, or
/// not all policies were read. `None` when they were, and for a template.
fn unread_of_aws(resources: &Resources, holder: &Resource, arn: &Value) -> Option<Reason> {
    if holder.format != Format::Account {
        return None;
    }
    let told = arn.as_str().and_then(|arn| resources.get(&Address(Arc::from(arn))));
    if let Some(Prop::Unknown(reason, _)) = told.map(|policy| policy.prop("PolicyDocument")) {
        return Some(reason.clone());
    }
    let mut hidden = resources.unread(MANAGED_POLICY).filter_map(|address| resources.get(address));
    hidden.find_map(|policies| policies.properties.reason().cloned())
}

/// What a policy says whose ARN stands in the place of a document: Terraform's `data.aws_iam_policy.x.policy`.
fn looked_up(value: &Value) -> Option<Document> {
    let text = value.template().filter(|text| text.starts_with("arn:") && text.contains(":policy/"))?;
    let found = aws_managed_name(value).and_then(Result::ok).and_then(|name| managed::find(&name));
    Some(found.map_or_else(
        || {
            let reason = value.reason().cloned();
            let reason = reason.unwrap_or_else(|| Reason::Outside(Arc::from(format!("policy `{text}`"))));
            Document { statements: Vec::new(), open: Some(reason) }
        },
        |policy| policy.document.clone(),
    ))
}

/// The name of an AWS managed policy, whatever the partition and path:
/// `arn:aws-cn:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`. A policy that was looked up
/// by its name is AWS's when the name is. `None` when the value is no such ARN.
fn aws_managed_name(value: &Value) -> Option<Result<String, Reason>> {
    const OWNER: &str = crate::input::POLICY_OF_AWS;
    let name = policy::name_of;
    match &value.kind {
        Kind::Scalar(scalar) => match scalar.text.split_once(OWNER) {
            Some((_, path)) => Some(Ok(name(path))),
            // SAM names AWS's policies without their ARN.
            None if !scalar.text.contains(':') && managed::find(&scalar.text).is_some() => {
                Some(Ok(scalar.text.to_string()))
            }
            None => None,
        },
        Kind::Text(parts) => {
            if let [Part::Literal(start), Part::Unknown(Reason::Outside(_) | Reason::LookedUp(_)), Part::Literal(end)] =
                parts.as_slice()
                && start.ends_with(":iam::")
                && let Some(path) = end.strip_prefix(":policy/")
                && managed::find(&name(path)).is_some()
            {
                return Some(Ok(name(path)));
            }
            let literal = |part: &Part| match part {
                Part::Literal(text) => Some(text.to_string()),
                _ => None,
            };
            let at = parts.iter().position(|part| literal(part).is_some_and(|text| text.contains(OWNER)))?;
            let mut path = String::new();
            for (index, part) in parts.iter().enumerate().skip(at) {
                match part {
                    Part::Literal(text) if index == at => path.push_str(text.split_once(OWNER).map_or("", |it| it.1)),
                    Part::Literal(text) => path.push_str(text),
                    Part::Ref(reference) => return Some(Err(Reason::Attribute(Arc::from(reference.to_string())))),
                    Part::Unknown(reason) => return Some(Err(reason.clone())),
                }
            }
            Some(Ok(name(&path)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    #[test]
    fn an_arn_in_the_place_of_a_document_is_what_the_policy_says() {
        let span = Span::new(SourceMap::default().add("main.tf", ""), 0, 0);
        let of = |text: &str| PolicyDocument::of(Prop::Known(&Value::text_at(span, text))).document;
        let known = of("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole");
        assert_eq!(known.statements[0].actions.includes("logs:createloggroup"), Some(true));
        let foreign = of("arn:aws:iam::111122223333:policy/ours");
        assert!(matches!(foreign.open, Some(Reason::Outside(_))));
    }

    #[test]
    fn a_policy_that_was_looked_up_by_name_is_aws_s_when_the_name_is() {
        let span = Span::new(SourceMap::default().add("main.tf", ""), 0, 0);
        let name = |owner: Reason, name: &str| {
            let literal = |text: &str| Part::Literal(Arc::from(text));
            let end = literal(&format!(":policy/{name}"));
            let value = Value::new(span, Kind::Text(vec![literal("arn:aws:iam::"), Part::Unknown(owner), end]));
            aws_managed_name(&value).and_then(Result::ok)
        };
        let found = Reason::Outside(Arc::from("data source `data.aws_iam_policy.p`"));
        assert_eq!(name(found.clone(), "ReadOnlyAccess").as_deref(), Some("ReadOnlyAccess"));
        assert_eq!(name(found, "ours"), None);
        assert_eq!(name(Reason::Parameter(Arc::from("Account")), "ReadOnlyAccess"), None);
    }
}
