//! Lambda functions with what may invoke them: versions and aliases, Function URLs, resource policies, event sources.
//!
//! A permission, URL or integration may name a function, one of its versions or an alias; [`Lambda::resolve`] brings
//! all of them back to the function, because that is where the code and the role are.

pub mod policy;

use std::collections::BTreeMap;

use super::{Link, Pointing, Resources, Target, Typed, boolean, integer, list, target, text};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Kind, Part, Prop, Reason, Reference, Value};
pub use policy::{LayerPermission, Permission};

pub const FUNCTION: &str = "AWS::Lambda::Function";
pub const VERSION: &str = "AWS::Lambda::Version";
pub const ALIAS: &str = "AWS::Lambda::Alias";

#[derive(Debug, Default)]
pub struct Lambda {
    /// In source order.
    pub functions: Vec<Function>,
    /// Versions and aliases.
    qualified: BTreeMap<Address, Qualified>,
    /// By their functions.
    pub permissions: Pointing<Permission>,
    pub layer_permissions: Vec<LayerPermission>,
    /// By their functions.
    pub urls: Pointing<Url>,
    pub event_sources: Vec<EventSource>,
}

#[derive(Clone, Debug)]
pub struct Function {
    pub address: Address,
    pub function_name: Typed<String>,
    /// An `AWS::IAM::Role`.
    pub role: Typed<Target>,
    /// Absent or empty: the function runs outside of any VPC of the account.
    pub subnets: Typed<Vec<Value>>,
    pub security_groups: Typed<Vec<Value>>,
    pub ipv6_dual_stack: Typed<bool>,
    pub runtime: Typed<String>,
    pub handler: Typed<String>,
    /// `Zip` by default.
    pub package_type: Typed<String>,
    /// `Code.ZipFile`: source that stands in the template.
    pub inline_code: Typed<String>,
    pub reserved_concurrency: Typed<i64>,
}

/// A version or an alias.
#[derive(Clone, Debug)]
struct Qualified {
    function: Typed<Target>,
    /// An alias's name.
    name: Typed<String>,
}

/// What a value that should name a function leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionRef {
    /// The function itself, also when the value names a version or an alias.
    pub function: Typed<Target>,
    pub qualifier: Qualifier,
}

/// Which published form of a function is meant. Policies and URLs of different qualifiers are independent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Qualifier {
    /// The unqualified function.
    None,
    /// A version or alias of the graph.
    Resource(Address),
    /// A literal version number or alias name.
    Name(String),
    Unknown(Reason),
}

#[derive(Clone, Debug)]
pub struct Url {
    pub address: Address,
    pub function: FunctionRef,
    /// `AWS_IAM` or `NONE`; required, no default.
    pub auth_type: Typed<String>,
}

#[derive(Clone, Debug)]
pub struct EventSource {
    pub address: Address,
    pub function: FunctionRef,
    /// The queue, stream, table or cluster that is polled.
    pub source: Typed<Target>,
}

impl Lambda {
    pub fn new(resources: &Resources) -> Self {
        let functions = resources.of_kind(FUNCTION).map(|resource| function(resources, resource)).collect();
        let mut lambda = Self { functions, ..Self::default() };
        for kind in [VERSION, ALIAS] {
            for resource in resources.of_kind(kind) {
                let function = target(resources, resource.prop("FunctionName"), &[FUNCTION, VERSION]);
                let name = if kind == ALIAS { text(resource.prop("Name")) } else { Typed::Absent(resource.span) };
                lambda.qualified.insert(resource.address.clone(), Qualified { function, name });
            }
        }
        let urls = resources.of_kind("AWS::Lambda::Url").map(|resource| lambda.url(resources, resource));
        lambda.urls = Pointing::new(urls.collect(), |url| &url.function.function);
        lambda.event_sources = resources
            .of_kind("AWS::Lambda::EventSourceMapping")
            .map(|resource| EventSource {
                address: resource.address.clone(),
                function: lambda.resolve_prop(resources, resource, "FunctionName"),
                source: target(resources, resource.prop("EventSourceArn"), EVENT_SOURCES),
            })
            .collect();
        let permissions = resources
            .of_kind("AWS::Lambda::Permission")
            .map(|resource| policy::permission(&lambda, resources, resource));
        lambda.permissions = Pointing::new(permissions.collect(), |permission| &permission.function.function);
        lambda.layer_permissions =
            resources.of_kind("AWS::Lambda::LayerVersionPermission").map(|it| policy::layer(resources, it)).collect();
        lambda
    }

    pub fn function(&self, address: &Address) -> Option<&Function> {
        self.functions.iter().find(|function| function.address == *address)
    }

    /// The permissions of a function, those of its versions and aliases included.
    pub fn permissions_of<'a>(&'a self, function: &'a Address) -> impl Iterator<Item = &'a Permission> {
        let near = self.permissions.near(&Target::Resource(function.clone()));
        near.filter(move |permission| permission.function.address() == Some(function))
    }

    /// Follows a value that names a function: a reference, a name, a (partial) ARN, or an API Gateway integration
    /// URI that ends with `functions/{arn}/invocations`.
    pub fn resolve(&self, resources: &Resources, value: &Value) -> FunctionRef {
        let found = |address: &Address, qualifier| FunctionRef {
            function: Typed::Known(Target::Resource(address.clone()), value.span),
            qualifier,
        };
        match resources.link(value, &[FUNCTION, VERSION, ALIAS]) {
            Link::To(resource) if &*resource.kind == FUNCTION => {
                let qualifier = self.literal_qualifier(&resource.address, value);
                found(&resource.address, qualifier)
            }
            Link::To(resource) => self.of_qualified(&resource.address, value.span),
            Link::Outside(written) => {
                let (name, qualifier) = split_name(&written);
                match self.named(name, resources) {
                    Some(function) => {
                        let qualifier = self.qualifier(&function.address, qualifier);
                        found(&function.address, qualifier)
                    }
                    None => FunctionRef {
                        function: Typed::Known(Target::Outside(written.clone()), value.span),
                        qualifier: qualifier.map_or(Qualifier::None, |name| Qualifier::Name(name.to_owned())),
                    },
                }
            }
            Link::Unknown(reason) => match self.same_text(resources, value).or_else(|| self.in_arn(resources, value)) {
                Some(function) => found(&function.address, Qualifier::None),
                None => {
                    FunctionRef { function: Typed::Unknown(reason.clone(), value.span), qualifier: Qualifier::None }
                }
            },
        }
    }

    fn resolve_prop(&self, resources: &Resources, resource: &Resource, property: &str) -> FunctionRef {
        match resource.prop(property) {
            Prop::Known(value) => self.resolve(resources, value),
            Prop::Absent(span) => FunctionRef { function: Typed::Absent(span), qualifier: Qualifier::None },
            Prop::Unknown(reason, span) => {
                FunctionRef { function: Typed::Unknown(reason.clone(), span), qualifier: Qualifier::None }
            }
        }
    }

    fn url(&self, resources: &Resources, resource: &Resource) -> Url {
        let mut function = self.resolve_prop(resources, resource, "TargetFunctionArn");
        match (text(resource.prop("Qualifier")), function.address().cloned()) {
            (Typed::Known(name, _), Some(address)) => function.qualifier = self.qualifier(&address, Some(&name)),
            (Typed::Known(name, _), None) => function.qualifier = Qualifier::Name(name),
            (Typed::Unknown(reason, _), address) => {
                // `Qualifier: !GetAtt Alias.…` still tells which alias is meant.
                let linked = resource
                    .prop("Qualifier")
                    .known()
                    .and_then(|value| value.references().first().and_then(|it| self.alias_of(it, address.as_ref())));
                function.qualifier = linked.map_or(Qualifier::Unknown(reason), Qualifier::Resource);
            }
            (Typed::Absent(_), _) => {}
        }
        Url { address: resource.address.clone(), function, auth_type: text(resource.prop("AuthType")) }
    }

    fn alias_of(&self, reference: &Reference, function: Option<&Address>) -> Option<Address> {
        let Reference::Resource { address, .. } = reference else { return None };
        let qualified = self.qualified.get(address)?;
        let owner = qualified.function.known().and_then(Target::address);
        (function.is_none() || owner == function).then(|| address.clone())
    }

    /// A version or alias → its function; an alias whose function is given through a version takes two steps.
    fn of_qualified(&self, address: &Address, span: Span) -> FunctionRef {
        let mut at = address;
        for _ in 0..3 {
            let Some(qualified) = self.qualified.get(at) else { break };
            match &qualified.function {
                Typed::Known(Target::Resource(next), _) if self.qualified.contains_key(next) => at = next,
                Typed::Known(function, _) => {
                    return FunctionRef {
                        function: Typed::Known(function.clone(), span),
                        qualifier: Qualifier::Resource(address.clone()),
                    };
                }
                Typed::Unknown(reason, _) => {
                    return FunctionRef {
                        function: Typed::Unknown(reason.clone(), span),
                        qualifier: Qualifier::Resource(address.clone()),
                    };
                }
                Typed::Absent(_) => break,
            }
        }
        let reason = crate::input::not_understood(format!("`{at}` does not name a function"));
        FunctionRef { function: Typed::Unknown(reason, span), qualifier: Qualifier::Resource(address.clone()) }
    }

    fn named(&self, name: &str, resources: &Resources) -> Option<&Function> {
        let value = Value::text_at(self.functions.first()?.function_name.span(), name);
        match resources.link(&value, &[FUNCTION]) {
            Link::To(resource) => self.function(&resource.address),
            Link::Outside(_) | Link::Unknown(_) => None,
        }
    }

    /// A function whose `FunctionName` is written in the same, not fully known way: `!Sub "${Stage}-post"` twice.
    fn same_text(&self, resources: &Resources, value: &Value) -> Option<&Function> {
        let mut matching = self.functions.iter().filter(|function| {
            let name = resources.get(&function.address).and_then(|resource| {
                resource.properties.as_map().and_then(|properties| properties.get("FunctionName"))
            });
            name.is_some_and(|name| name.kind == value.kind && same_everywhere(&name.kind))
        });
        let first = matching.next()?;
        matching.next().is_none().then_some(first)
    }

    /// A literal function name in an ARN whose region or account is not known.
    fn in_arn(&self, resources: &Resources, value: &Value) -> Option<&Function> {
        let written = value.template()?;
        let (name, qualifier) = split_name(&written);
        let literal = written.contains(":function:") && qualifier.is_none() && !name.contains(['?', '$']);
        literal.then(|| self.named(name, resources)).flatten()
    }

    /// The qualifier of `${Function.Arn}:prod` or `${Function}:prod`.
    fn literal_qualifier(&self, function: &Address, value: &Value) -> Qualifier {
        let Kind::Text(parts) = &value.kind else { return Qualifier::None };
        let after = parts.iter().skip_while(|part| !matches!(part, Part::Ref(_)));
        let rest: String = after
            .skip_while(|part| match part {
                Part::Ref(Reference::Resource { address, .. }) => address != function,
                _ => true,
            })
            .skip(1)
            .map(ToString::to_string)
            .collect();
        let name = rest.strip_prefix(':').map(|rest| rest.split('/').next().unwrap_or_default());
        match name {
            Some(name) if name.contains(['?', '$']) && name != "$LATEST" => Qualifier::Unknown(
                value
                    .reason()
                    .cloned()
                    .unwrap_or_else(|| crate::input::not_understood(format!("qualifier `{name}` is not a literal"))),
            ),
            name => self.qualifier(function, name),
        }
    }

    fn qualifier(&self, function: &Address, name: Option<&str>) -> Qualifier {
        let Some(name) = name.filter(|name| !name.is_empty() && *name != "$LATEST") else { return Qualifier::None };
        let alias = self.qualified.iter().find(|(_, qualified)| {
            qualified.function.known().and_then(Target::address) == Some(function)
                && qualified.name.known().is_some_and(|known| known == name)
        });
        alias.map_or_else(|| Qualifier::Name(name.to_owned()), |(address, _)| Qualifier::Resource(address.clone()))
    }
}

impl FunctionRef {
    /// The function, when it is one of the graph.
    pub fn address(&self) -> Option<&Address> {
        self.function.known().and_then(Target::address)
    }
}

const EVENT_SOURCES: &[&str] = &[
    "AWS::SQS::Queue",
    "AWS::Kinesis::Stream",
    "AWS::DynamoDB::Table",
    "AWS::DynamoDB::GlobalTable",
    "AWS::MSK::Cluster",
    "AWS::AmazonMQ::Broker",
    "AWS::DocDB::DBCluster",
];

fn function(resources: &Resources, resource: &Resource) -> Function {
    Function {
        address: resource.address.clone(),
        function_name: text(resource.prop("FunctionName")),
        role: target(resources, resource.prop("Role"), &["AWS::IAM::Role"]),
        subnets: list(resource.prop("VpcConfig.SubnetIds")),
        security_groups: list(resource.prop("VpcConfig.SecurityGroupIds")),
        ipv6_dual_stack: boolean(resource.prop("VpcConfig.Ipv6AllowedForDualStack")).or_default(false),
        runtime: text(resource.prop("Runtime")),
        handler: text(resource.prop("Handler")),
        package_type: text(resource.prop("PackageType")).or_default("Zip".to_owned()),
        inline_code: text(resource.prop("Code.ZipFile")),
        reserved_concurrency: integer(resource.prop("ReservedConcurrentExecutions")),
    }
}

/// Name and qualifier of a function name, partial ARN, ARN or invocation URI. Source: Lambda API reference,
/// `FunctionName` formats.
pub fn split_name(written: &str) -> (&str, Option<&str>) {
    let arn = written.rsplit_once("/functions/").map_or(written, |(_, arn)| arn);
    let arn = arn.split('/').next().unwrap_or(arn);
    let name = match arn.split_once(":function:") {
        Some((_, name)) => name,
        None => arn.strip_prefix("function:").unwrap_or(arn),
    };
    match name.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (name, None),
    }
}

/// Whether two equal unknowns are surely the same text: a parameter has one value in a stack.
fn same_everywhere(kind: &Kind) -> bool {
    let fixed = |reason: &Reason| matches!(reason, Reason::Parameter(_) | Reason::Import(_));
    match kind {
        Kind::Unknown(reason) => fixed(reason),
        Kind::Text(parts) => parts.iter().all(|part| match part {
            Part::Unknown(reason) => fixed(reason),
            Part::Literal(_) | Part::Ref(_) => true,
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
