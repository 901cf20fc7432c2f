//! The architecture: resources, what refers to what, and one typed view a service.
//!
//! A service's file knows the CloudFormation properties of its types and their defaults; the analyses below
//! [`crate::facts`] only use the typed views.

pub mod acm;
pub mod addressed;
pub mod apigateway;
pub mod autoscaling;
pub mod cognito;
pub mod dynamodb;
pub mod ec2;
pub mod ecs;
pub mod elb;
pub mod elbv2;
pub mod iam;
pub mod kinds;
pub mod lambda;
pub mod pointing;
pub mod route53;
pub mod stepfunctions;
pub mod wafv2;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Kind, Part, Prop, Reason, Reference, Value};
pub use addressed::Addressed;
pub use kinds::understands;
pub use pointing::Pointing;

/// All resources of one world, indexed.
#[derive(Debug, Default)]
pub struct Resources {
    list: Vec<Resource>,
    by_address: HashMap<Address, usize>,
    by_kind: BTreeMap<Arc<str>, Vec<usize>>,
    /// Literal physical names (`RoleName: x`) → resources of that kind.
    by_name: HashMap<(Arc<str>, String), Vec<usize>>,
    /// Those of which nothing is known: they stand for what a list that failed may hide.
    unread: Vec<usize>,
}

/// Where a value leads.
#[derive(Clone, Debug)]
pub enum Link<'a> {
    To(&'a Resource),
    /// A literal id, name or ARN of something that was not scanned.
    Outside(String),
    Unknown(Reason),
}

impl Resources {
    pub fn new(list: Vec<Resource>) -> Self {
        let mut resources = Self { list, ..Self::default() };
        for (index, resource) in resources.list.iter().enumerate() {
            resources.by_address.insert(resource.address.clone(), index);
            resources.by_kind.entry(Arc::clone(&resource.kind)).or_default().push(index);
            if resource.is_unread() {
                resources.unread.push(index);
            }
            if let Some(name) = physical_name(resource) {
                resources.by_name.entry((Arc::clone(&resource.kind), name.to_owned())).or_default().push(index);
            }
        }
        resources
    }

    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.list.iter()
    }

    /// The resources of a kind, in source order.
    pub fn of_kind<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a Resource> + use<'a> {
        self.by_kind.get(kind).into_iter().flatten().filter_map(|index| self.list.get(*index))
    }

    /// Those of a kind of which nothing is known: they stand for what a list that failed may hide.
    pub fn unread<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a Address> {
        let unread = self.unread.iter().filter_map(|index| self.list.get(*index));
        unread.filter(move |resource| &*resource.kind == kind).map(|resource| &resource.address)
    }

    pub fn get(&self, address: &Address) -> Option<&Resource> {
        self.by_address.get(address).and_then(|index| self.list.get(*index))
    }

    /// Follows a value to a resource of one of `kinds`: by reference (`!Ref`, `!GetAtt`, inside `!Sub`), else by a
    /// literal physical name or an ARN that ends with one.
    pub fn link(&self, value: &Value, kinds: &[&str]) -> Link<'_> {
        let wanted = |reference: &Reference| match reference {
            Reference::Resource { address, .. } => {
                self.get(address).filter(|resource| kinds.contains(&&*resource.kind))
            }
            Reference::Pseudo(_) => None,
        };
        match &value.kind {
            Kind::Ref(reference) => match (wanted(reference), reference) {
                (Some(resource), _) => Link::To(resource),
                (None, Reference::Resource { .. }) => {
                    Link::Unknown(Reason::Attribute(Arc::from(reference.to_string())))
                }
                (None, Reference::Pseudo(name)) => Link::Unknown(Reason::Attribute(Arc::clone(name))),
            },
            Kind::Text(parts) => {
                let found = parts.iter().find_map(|part| match part {
                    Part::Ref(reference) => wanted(reference),
                    _ => None,
                });
                if let Some(resource) = found {
                    return Link::To(resource);
                }
                if let Some(reason) = value.reason() {
                    return Link::Unknown(reason.clone());
                }
                self.literal(value.template().unwrap_or_default(), kinds)
            }
            Kind::Scalar(scalar) => self.literal(scalar.text.to_string(), kinds),
            Kind::Unknown(reason) => Link::Unknown(reason.clone()),
            Kind::Null | Kind::List(_) | Kind::Map(_) => {
                Link::Unknown(Reason::NotUnderstood(Arc::from("a reference was expected here")))
            }
        }
    }

    /// What is not found is outside of what was scanned, unless it may be among what could not be read.
    fn literal(&self, text: String, kinds: &[&str]) -> Link<'_> {
        if let Some(resource) = self.named(&text, kinds) {
            return Link::To(resource);
        }
        let unread = self.unread.iter().filter_map(|index| self.list.get(*index));
        let mut hiding = unread.filter(|resource| kinds.contains(&&*resource.kind) && may_hide(resource, &text));
        match hiding.find_map(|resource| resource.properties.reason()) {
            Some(reason) => Link::Unknown(reason.clone()),
            None => Link::Outside(text),
        }
    }

    fn named(&self, text: &str, kinds: &[&str]) -> Option<&Resource> {
        let last = text.rsplit([':', '/']).next().unwrap_or(text);
        kinds.iter().find_map(|kind| {
            let (kind, _) = self.by_kind.get_key_value(*kind)?;
            let named = self.by_name.get(&(Arc::clone(kind), last.to_owned()))?;
            let mut named = named.iter().filter_map(|index| self.list.get(*index)).filter(|one| may_be_at(one, text));
            // What may be any of several is none of them.
            named.next().filter(|_| named.next().is_none())
        })
    }
}

/// Whether an ARN may be that of a resource, by region and account: both are known of what is in a live account.
fn may_be_at(resource: &Resource, text: &str) -> bool {
    let own = &*resource.address.0;
    if !own.starts_with("arn:") || !text.starts_with("arn:") {
        return true;
    }
    let place = |arn: &str| arn.split(':').skip(3).take(2).map(str::to_owned).collect::<Vec<_>>();
    place(own).iter().zip(place(text)).all(|(one, other)| one.is_empty() || other.is_empty() || *one == other)
}

/// Whether an id or ARN may be one of the resources that a failed list hides: those of one account and region, which the
/// resource that stands for them has in its address. An id that is no ARN may be of any.
fn may_hide(unread: &Resource, text: &str) -> bool {
    let mut fields = text.split(':');
    if fields.next() != Some("arn") {
        return true;
    }
    let mut place = unread.address.0.split('/');
    let (own_account, own_region) = (place.next().unwrap_or_default(), place.next().unwrap_or_default());
    let (region, account) = (fields.nth(2).unwrap_or_default(), fields.next().unwrap_or_default());
    (account.is_empty() || account == own_account)
        && (region.is_empty() || own_region == "global" || region == own_region)
}

/// Where a property leads, for views that outlive the borrow: a [`Link`] without its unknown case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    Resource(Address),
    /// A literal id, name or ARN of something that was not scanned.
    Outside(String),
}

impl Target {
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::Resource(address) => Some(address),
            Self::Outside(_) => None,
        }
    }
}

/// The literal name that the user gives a resource, if any. Source: the `Name`-like property of each type in the
/// CloudFormation resource reference.
fn physical_name(resource: &Resource) -> Option<&str> {
    let property = match &*resource.kind {
        "AWS::IAM::Role" => "RoleName",
        "AWS::IAM::ManagedPolicy" => "ManagedPolicyName",
        "AWS::IAM::InstanceProfile" => "InstanceProfileName",
        "AWS::Lambda::Function" => "FunctionName",
        "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" => "TableName",
        "AWS::StepFunctions::StateMachine" => "StateMachineName",
        "AWS::ECS::Cluster" => "ClusterName",
        "AWS::ECS::CapacityProvider" => "Name",
        "AWS::Cognito::UserPoolDomain" => "Domain",
        "AWS::ApiGateway::DomainName" | "AWS::ApiGatewayV2::DomainName" => "DomainName",
        _ => return None,
    };
    resource.prop(property).known()?.as_str()
}

/// A typed property: known, absent (the service default decides) or unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum Typed<T> {
    Known(T, Span),
    Absent(Span),
    Unknown(Reason, Span),
}

impl Typed<Target> {
    /// The resource that the property leads to, when it is one of the graph.
    pub fn address(&self) -> Option<&Address> {
        self.known().and_then(Target::address)
    }
}

impl<T> Typed<T> {
    pub fn span(&self) -> Span {
        match self {
            Self::Known(_, span) | Self::Absent(span) | Self::Unknown(_, span) => *span,
        }
    }

    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value, _) => Some(value),
            Self::Absent(_) | Self::Unknown(..) => None,
        }
    }

    #[must_use]
    pub fn map<U>(self, read: impl FnOnce(T) -> U) -> Typed<U> {
        match self {
            Self::Known(value, span) => Typed::Known(read(value), span),
            Self::Absent(span) => Typed::Absent(span),
            Self::Unknown(reason, span) => Typed::Unknown(reason, span),
        }
    }

    /// Reads a word of a closed vocabulary: one that is not in it is unknown, because `what` was expected.
    #[must_use]
    pub fn and_then<U>(self, what: &str, read: impl FnOnce(T) -> Option<U>) -> Typed<U> {
        match self {
            Self::Known(value, span) => read(value).map_or_else(
                || Typed::Unknown(Reason::NotUnderstood(Arc::from(format!("{what} was expected here"))), span),
                |known| Typed::Known(known, span),
            ),
            Self::Absent(span) => Typed::Absent(span),
            Self::Unknown(reason, span) => Typed::Unknown(reason, span),
        }
    }

    /// Fills in the service default for an absent property, with the place that evidence should show instead of the
    /// mapping in which it is missing.
    #[must_use]
    pub fn or_default_at(self, default: T, span: Span) -> Self {
        match self {
            Self::Absent(_) => Self::Known(default, span),
            other => other,
        }
    }

    /// Fills in the service default for an absent property.
    #[must_use]
    pub fn or_default(self, default: T) -> Self {
        match self {
            Self::Absent(span) => Self::Known(default, span),
            other => other,
        }
    }
}

fn typed<T>(prop: Prop<'_>, what: &str, read: impl FnOnce(&Value) -> Option<T>) -> Typed<T> {
    match prop {
        Prop::Absent(span) => Typed::Absent(span),
        Prop::Unknown(reason, span) => Typed::Unknown(reason.clone(), span),
        Prop::Known(value) => read(value).map_or_else(
            || {
                let reason = match &value.kind {
                    Kind::Ref(reference) => Reason::Attribute(Arc::from(reference.to_string())),
                    _ => value
                        .reason()
                        .cloned()
                        .unwrap_or_else(|| Reason::NotUnderstood(Arc::from(format!("{what} was expected here")))),
                };
                Typed::Unknown(reason, value.span)
            },
            |known| Typed::Known(known, value.span),
        ),
    }
}

/// A property as literal text.
pub fn text(prop: Prop<'_>) -> Typed<String> {
    typed(prop, "text", |value| value.as_str().map(str::to_owned))
}

pub fn boolean(prop: Prop<'_>) -> Typed<bool> {
    typed(prop, "a boolean", Value::as_bool)
}

pub fn integer(prop: Prop<'_>) -> Typed<i64> {
    typed(prop, "a number", Value::as_i64)
}

/// A property as a list; a single value counts as a list of one.
pub fn list(prop: Prop<'_>) -> Typed<Vec<Value>> {
    typed(prop, "a list", |value| value.items().map(<[Value]>::to_vec))
}

/// A property as a reference to a resource of one of `kinds`; see [`Resources::link`].
pub fn target(resources: &Resources, prop: Prop<'_>, kinds: &[&str]) -> Typed<Target> {
    match prop {
        Prop::Absent(span) => Typed::Absent(span),
        Prop::Unknown(reason, span) => Typed::Unknown(reason.clone(), span),
        Prop::Known(value) => match resources.link(value, kinds) {
            Link::To(resource) => Typed::Known(Target::Resource(resource.address.clone()), value.span),
            Link::Outside(text) => Typed::Known(Target::Outside(text), value.span),
            Link::Unknown(reason) => Typed::Unknown(reason, value.span),
        },
    }
}

/// The architecture of one world.
#[derive(Debug)]
pub struct Graph {
    pub resources: Resources,
    pub acm: acm::Acm,
    pub apigateway: apigateway::ApiGateway,
    pub autoscaling: autoscaling::AutoScaling,
    pub cognito: cognito::Cognito,
    pub dynamodb: dynamodb::DynamoDb,
    pub ec2: ec2::Ec2,
    pub ecs: ecs::Ecs,
    pub elb: elb::Elb,
    pub elbv2: elbv2::Elbv2,
    pub iam: iam::Iam,
    pub lambda: lambda::Lambda,
    pub route53: route53::Route53,
    pub stepfunctions: stepfunctions::StepFunctions,
    pub wafv2: wafv2::Wafv2,
}

impl Graph {
    pub fn new(resources: Vec<Resource>) -> Self {
        let resources = Resources::new(resources);
        let autoscaling = autoscaling::AutoScaling::new(&resources);
        let cognito = cognito::Cognito::new(&resources);
        let dynamodb = dynamodb::DynamoDb::new(&resources);
        let ec2 = ec2::Ec2::new(&resources);
        let ecs = ecs::Ecs::new(&resources);
        let iam = iam::Iam::new(&resources);
        let lambda = lambda::Lambda::new(&resources);
        let apigateway = apigateway::ApiGateway::new(&resources, &lambda);
        let elb = elb::Elb::new(&resources);
        let elbv2 = elbv2::Elbv2::new(elbv2::Views {
            resources: &resources,
            lambda: &lambda,
            ecs: &ecs,
            autoscaling: &autoscaling,
        });
        let route53 = route53::Route53::new(&resources);
        let stepfunctions = stepfunctions::StepFunctions::new(&resources);
        let acm = acm::Acm::new(&resources);
        let wafv2 = wafv2::Wafv2::new(&resources);
        Self {
            resources,
            acm,
            apigateway,
            autoscaling,
            cognito,
            dynamodb,
            ec2,
            ecs,
            elb,
            elbv2,
            iam,
            lambda,
            route53,
            stepfunctions,
            wafv2,
        }
    }
}
