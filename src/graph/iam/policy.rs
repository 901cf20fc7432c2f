//! Policy documents as resources carry them, with the place of every statement.

use std::sync::Arc;

use crate::graph::Resources;
use crate::iam::document::{Document, Raw, Statement};
use crate::iam::managed::ManagedPolicy;
use crate::iam::pattern::Piece;
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Kind, Part, Prop, Reference, Value};

/// An identity policy that the account's owner writes.
#[derive(Debug)]
pub struct Policy {
    /// `PolicyName`, else the logical id.
    pub name: String,
    pub origin: Origin,
    /// The resource in which it is written.
    pub owner: Address,
    pub span: Span,
    pub content: PolicyDocument,
    /// The roles that the policy itself names, and where.
    pub roles: Vec<(Value, Span)>,
    /// Whether it names, or stands in, any identity at all.
    pub attached: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In a role, user or group.
    Inline,
    /// A resource of its own that belongs to the identities it names.
    Separate,
    /// A customer managed policy.
    Managed,
}

/// A document and where its statements stand.
#[derive(Debug)]
pub struct PolicyDocument {
    pub document: Document,
    pub whole: Span,
    statements: Vec<Value>,
}

impl PolicyDocument {
    pub fn of(prop: Prop<'_>) -> Self {
        match prop {
            Prop::Known(value) => Self::read(value),
            Prop::Absent(span) => {
                Self { document: Document { statements: Vec::new(), open: None }, whole: span, statements: Vec::new() }
            }
            Prop::Unknown(reason, span) => Self {
                document: Document { statements: Vec::new(), open: Some(reason.clone()) },
                whole: span,
                statements: Vec::new(),
            },
        }
    }

    fn read(value: &Value) -> Self {
        if let Some(document) = super::looked_up(value) {
            return Self { document, whole: value.span, statements: Vec::new() };
        }
        let statements = value.prop("Statement").known().and_then(Value::items).unwrap_or_default().to_vec();
        let raw = super::embedded::read(value).unwrap_or_else(|| raw(value));
        let mut document = Document::read(&raw);
        for (index, statement) in statements.iter().enumerate() {
            if let Some(other) = super::looked_up(statement) {
                include(&mut document, index, other);
            }
        }
        Self { document, whole: value.span, statements }
    }

    /// The whole of a statement.
    pub fn span(&self, index: usize) -> Span {
        self.statements.get(index).map_or(self.whole, |statement| statement.span)
    }

    /// One item of a statement's element such as `Action`; the statement when it is not there.
    pub fn item_span(&self, index: usize, element: &str, item: usize) -> Span {
        self.item(index, element, item).map_or_else(|| self.span(index), |value| value.span)
    }

    /// The value of one item of a statement's element, as it was evaluated.
    pub fn item(&self, index: usize, element: &str, item: usize) -> Option<&Value> {
        self.statements.get(index)?.prop(element).known()?.items()?.get(item)
    }

    /// The whole of a statement's element such as `Condition`.
    pub fn element_span(&self, index: usize, element: &str) -> Span {
        self.statements.get(index).map_or(self.whole, |statement| statement.prop(element).span())
    }
}

/// Puts the statements of a document in the place of the one at an index.
fn include(document: &mut Document, index: usize, other: Document) {
    let at = document.statements.iter().position(|statement| statement.index >= index);
    document.statements.retain(|statement| statement.index != index);
    let at = at.unwrap_or(document.statements.len()).min(document.statements.len());
    let statements = other.statements.into_iter().map(|statement| Statement { index, ..statement });
    document.statements.splice(at..at, statements);
    document.open = document.open.take().or(other.open);
}

/// Every identity policy of the account's owner, in source order of its kind.
pub(super) fn collect(resources: &Resources) -> Vec<Policy> {
    let mut policies = Vec::new();
    for kind in [super::ROLE, "AWS::IAM::User", "AWS::IAM::Group"] {
        policies.extend(resources.of_kind(kind).flat_map(inline));
    }
    for kind in ["AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy"] {
        policies.extend(resources.of_kind(kind).map(|resource| separate(resource, Origin::Separate)));
    }
    // Whoever attaches the policies of AWS is judged, not they.
    let managed = resources.of_kind(super::MANAGED_POLICY).filter(|resource| !resource.is_policy_of_aws());
    policies.extend(managed.map(|resource| separate(resource, Origin::Managed)));
    policies
}

/// The name of a policy by its ARN or path: names are unique across paths.
pub(super) fn name_of(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// The policies of AWS whose documents were read of the account.
pub(super) fn of_aws(resources: &Resources) -> impl Iterator<Item = ManagedPolicy> {
    resources.of_kind(super::MANAGED_POLICY).filter(|resource| resource.is_policy_of_aws()).filter_map(|resource| {
        let said = |property: &str| resource.prop(property).known().and_then(Value::as_str).unwrap_or_default();
        let document = PolicyDocument::of(resource.prop("PolicyDocument")).document;
        // One that is not known says less than the data.
        let known = document.open.is_none() && !document.statements.is_empty();
        known.then(|| ManagedPolicy {
            name: name_of(&resource.address.0),
            path: said("Path").to_owned(),
            version: said("DefaultVersionId").to_owned(),
            updated: said("UpdateDate").split('T').next().unwrap_or_default().to_owned(),
            document,
        })
    })
}

fn inline(resource: &Resource) -> Vec<Policy> {
    let policies = resource.prop("Policies");
    if let Prop::Unknown(_, span) = policies {
        return vec![Policy {
            name: "inline policies".to_owned(),
            origin: Origin::Inline,
            owner: resource.address.clone(),
            span,
            content: PolicyDocument::of(policies),
            roles: Vec::new(),
            attached: true,
        }];
    }
    let policies = policies.known().and_then(Value::items).unwrap_or_default();
    policies
        .iter()
        .enumerate()
        .map(|(index, policy)| Policy {
            name: policy
                .prop("PolicyName")
                .known()
                .and_then(Value::template)
                .unwrap_or_else(|| format!("inline policy {}", index + 1)),
            origin: Origin::Inline,
            owner: resource.address.clone(),
            span: policy.span,
            content: PolicyDocument::of(policy.prop("PolicyDocument")),
            roles: Vec::new(),
            attached: true,
        })
        .collect()
}

fn separate(resource: &Resource, origin: Origin) -> Policy {
    let names = |property: &str| match resource.prop(property) {
        Prop::Known(value) => value.items().unwrap_or_default().to_vec(),
        Prop::Unknown(reason, span) => vec![Value::unknown(span, reason.clone())],
        Prop::Absent(_) => Vec::new(),
    };
    let roles: Vec<(Value, Span)> =
        [names("Roles"), names("RoleName")].concat().into_iter().map(|role| (role.clone(), role.span)).collect();
    let belongs = |property: &str| !resource.prop(property).is_absent();
    Policy {
        name: ["PolicyName", "ManagedPolicyName"]
            .iter()
            .find_map(|property| resource.prop(property).known()?.as_str().map(str::to_owned))
            .unwrap_or_else(|| resource.name.to_string()),
        origin,
        owner: resource.address.clone(),
        span: resource.name_span,
        content: PolicyDocument::of(resource.prop("PolicyDocument")),
        attached: ["Roles", "RoleName", "Users", "UserName", "Groups", "GroupName"].into_iter().any(belongs),
        roles,
    }
}

/// An evaluated value as the reader of documents wants it. References become symbols: they stand for one thing.
pub(super) fn raw(value: &Value) -> Raw {
    match &value.kind {
        Kind::Null => Raw::Null,
        Kind::Scalar(scalar) => Raw::Text(vec![Piece::Literal(Arc::from(&*scalar.text))]),
        Kind::List(items) => Raw::List(items.iter().map(raw).collect()),
        Kind::Map(map) => Raw::Map(
            map.members.iter().map(|member| (Arc::clone(&member.key), raw(&member.value))).collect(),
            map.open.clone(),
        ),
        Kind::Ref(reference) => Raw::Text(vec![Piece::Symbol(symbol(reference))]),
        Kind::Text(parts) => Raw::Text(
            parts
                .iter()
                .map(|part| match part {
                    Part::Literal(text) => Piece::Literal(Arc::clone(text)),
                    Part::Ref(reference) => Piece::Symbol(symbol(reference)),
                    Part::Unknown(reason) => Piece::Unknown(reason.clone()),
                })
                .collect(),
        ),
        Kind::Unknown(reason) => Raw::Unknown(reason.clone()),
    }
}

/// Unique for a reference, unlike its text for people, which leaves the template out.
pub fn symbol(reference: &Reference) -> Arc<str> {
    match reference {
        Reference::Resource { address, attribute: Some(attribute), .. } => Arc::from(format!("{address}.{attribute}")),
        Reference::Resource { address, attribute: None, .. } => Arc::clone(&address.0),
        Reference::Pseudo(name) => Arc::clone(name),
    }
}
