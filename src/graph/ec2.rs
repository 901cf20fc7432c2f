//! VPC networking and instances: where things stand, which way packets leave, which groups let packets in, and what
//! instances are launched with.

pub mod cidr;
pub mod compute;
pub mod routing;
pub mod security_group;

use std::collections::BTreeMap;

use super::{Pointing, Resources, Target, Typed, target};
use crate::input::Resource;
use crate::source::Span;
use crate::value::{Address, Kind, Part, Prop, Reason, Reference, Value};
pub use cidr::{Cidr, Family};
pub use compute::{ElasticIp, Interface, Launch};
pub use routing::{
    Association, Destination, GatewayAttachment, MainTable, PublicAccessBlock, Route, RouteTarget, Subnet,
};
pub use security_group::{Ingress, PrefixList, SecurityGroup, Source, Traffic};

pub const VPC: &str = "AWS::EC2::VPC";
pub const SUBNET: &str = "AWS::EC2::Subnet";
pub const ROUTE_TABLE: &str = "AWS::EC2::RouteTable";
pub const INTERNET_GATEWAY: &str = "AWS::EC2::InternetGateway";
pub const SECURITY_GROUP: &str = "AWS::EC2::SecurityGroup";
pub const PREFIX_LIST: &str = "AWS::EC2::PrefixList";
pub const INSTANCE: &str = "AWS::EC2::Instance";
pub const INTERFACE: &str = "AWS::EC2::NetworkInterface";
pub const LAUNCH_TEMPLATE: &str = "AWS::EC2::LaunchTemplate";

/// The attribute of a VPC that is the id of its main route table. CloudFormation has none; other readers use it.
pub const MAIN_ROUTE_TABLE: &str = "MainRouteTable";

/// What a property that holds an id leads to. A security group may also lead to a VPC: then its default group is
/// meant (`!GetAtt Vpc.DefaultSecurityGroup`), unless that is a resource of its own. So may a route table: then the
/// main one of the VPC is meant.
pub type Pointer = Typed<Target>;

#[derive(Debug, Default)]
pub struct Ec2 {
    pub subnets: BTreeMap<Address, Subnet>,
    /// By their subnets.
    pub associations: Pointing<Association>,
    /// By their VPCs.
    pub main_tables: Pointing<MainTable>,
    /// By their tables. One that names the main table of a VPC may stand in any, where some resource says which that is.
    pub routes: Pointing<Route>,
    /// By their internet gateways.
    pub attachments: Pointing<GatewayAttachment>,
    pub public_access_block: PublicAccessBlock,
    pub prefix_lists: BTreeMap<Address, PrefixList>,
    pub groups: BTreeMap<Address, SecurityGroup>,
    /// Inline ones and those of `AWS::EC2::SecurityGroupIngress`, in source order; by their groups.
    pub ingress: Pointing<Ingress>,
    pub interfaces: BTreeMap<Address, Interface>,
    /// Instances, in source order.
    pub instances: Vec<Launch>,
    pub launch_templates: BTreeMap<Address, Launch>,
    pub elastic_ips: Vec<ElasticIp>,
}

impl Ec2 {
    pub fn new(resources: &Resources) -> Self {
        let mut ec2 = Self::default();
        routing::decode(resources, &mut ec2);
        security_group::decode(resources, &mut ec2);
        compute::decode(resources, &mut ec2);
        ec2
    }
}

/// See [`Reason::may_be_declared`].
pub fn may_be_declared(reason: &Reason) -> bool {
    reason.may_be_declared()
}

/// How a pointer relates to one target: it is it, it is not, or it may be it.
pub fn leads_to<'p>(pointer: &'p Pointer, wanted: &Target) -> Result<bool, &'p Reason> {
    match pointer {
        Typed::Known(target, _) => Ok(target == wanted),
        Typed::Absent(_) => Ok(false),
        // An id that is handed in may be any outside one, but nothing that the template itself creates.
        Typed::Unknown(reason, _) => {
            if matches!(wanted, Target::Resource(_)) && !may_be_declared(reason) {
                Ok(false)
            } else {
                Err(reason)
            }
        }
    }
}

/// A property as a list of ids. Nested lists are flattened, and text that joins ids with commas is taken apart, as the
/// service does (`VPCZoneIdentifier: [!Join [",", …]]`).
pub fn pointers(resources: &Resources, prop: Prop<'_>, kinds: &[&str]) -> Typed<Vec<Pointer>> {
    match prop {
        Prop::Absent(span) => Typed::Absent(span),
        Prop::Unknown(reason, span) => Typed::Unknown(reason.clone(), span),
        Prop::Known(value) => value.items().map_or_else(
            || Typed::Unknown(Reason::NotUnderstood("a list was expected here".into()), value.span),
            |items| match pointers_of(resources, items, kinds) {
                // An empty list leaves the choice to the service, like no list at all.
                found if found.is_empty() => Typed::Absent(value.span),
                found => Typed::Known(found, value.span),
            },
        ),
    }
}

/// The same for a list that is already at hand.
pub fn pointers_of(resources: &Resources, items: &[Value], kinds: &[&str]) -> Vec<Pointer> {
    let mut found = Vec::new();
    for item in items {
        match &item.kind {
            Kind::Null => {}
            Kind::List(nested) => found.extend(pointers_of(resources, nested, kinds)),
            Kind::Scalar(scalar) if scalar.text.contains(',') => {
                let ids = scalar.text.split(',').map(str::trim).filter(|id| !id.is_empty());
                found.extend(ids.map(|id| Typed::Known(Target::Outside(id.to_owned()), item.span)));
            }
            Kind::Text(parts) if parts.iter().any(|part| matches!(part, Part::Literal(text) if text.contains(','))) => {
                found.extend(joined(resources, parts, item.span, kinds));
            }
            _ => found.push(group_or(resources, item, kinds)),
        }
    }
    found
}

fn joined(resources: &Resources, parts: &[Part], span: Span, kinds: &[&str]) -> Vec<Pointer> {
    let mut found = Vec::new();
    for part in parts {
        match part {
            Part::Literal(text) => {
                let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
                found.extend(ids.map(|id| Typed::Known(Target::Outside(id.to_owned()), span)));
            }
            Part::Ref(reference) => {
                let value = Value { span, kind: Kind::Ref(reference.clone()) };
                found.push(group_or(resources, &value, kinds));
            }
            Part::Unknown(reason) => found.push(Typed::Unknown(reason.clone(), span)),
        }
    }
    found
}

/// A property that names one security group.
pub fn group(resources: &Resources, prop: Prop<'_>) -> Pointer {
    match prop {
        Prop::Known(value) => group_or(resources, value, &[SECURITY_GROUP]),
        other => target(resources, other, &[SECURITY_GROUP]),
    }
}

fn group_or(resources: &Resources, value: &Value, kinds: &[&str]) -> Pointer {
    if kinds.contains(&SECURITY_GROUP)
        && let Some(vpc) = vpc_whose(resources, value, "DefaultSecurityGroup")
    {
        return Typed::Known(Target::Resource(default_group(resources, vpc).clone()), value.span);
    }
    target(resources, Prop::Known(value), kinds)
}

/// The VPC of which a value is one attribute.
fn vpc_whose<'r>(resources: &'r Resources, value: &Value, wanted: &str) -> Option<&'r Resource> {
    match &value.kind {
        Kind::Ref(Reference::Resource { address, attribute: Some(attribute), .. }) if &**attribute == wanted => {
            resources.get(address).filter(|resource| &*resource.kind == VPC)
        }
        _ => None,
    }
}

/// The default security group of a VPC when it is declared, as a group named `default`, a name that no other group
/// may have (`CreateSecurityGroup`, Amazon EC2 API Reference); else the VPC itself.
pub fn default_group<'r>(resources: &'r Resources, vpc: &'r Resource) -> &'r Address {
    let is_default = |group: &&Resource| {
        group.prop("GroupName").known().and_then(Value::as_str) == Some("default")
            && match target(resources, group.prop("VpcId"), &[VPC]) {
                Typed::Absent(_) => routing::is_default(vpc),
                of => of.address() == Some(&vpc.address),
            }
    };
    resources.of_kind(SECURITY_GROUP).find(is_default).map_or(&vpc.address, |group| &group.address)
}

/// The value of a tag, whichever resource carries it: tags are a list of `{Key, Value}` or, for a few types, a map.
pub fn tag(resource: &Resource, key: &str) -> Typed<String> {
    let tags = match resource.prop("Tags") {
        Prop::Known(tags) => tags,
        Prop::Absent(span) => return Typed::Absent(span),
        Prop::Unknown(reason, span) => return Typed::Unknown(reason.clone(), span),
    };
    if tags.as_map().is_some() {
        return super::text(tags.prop(key));
    }
    let mut unread = None;
    for item in tags.items().unwrap_or_default() {
        match item.prop("Key") {
            Prop::Known(name) if name.as_str() == Some(key) => return super::text(item.prop("Value")),
            Prop::Known(name) if name.as_str().is_some() => {}
            Prop::Known(name) => unread = unread.or_else(|| name.reason().cloned().map(|reason| (reason, name.span))),
            Prop::Unknown(reason, span) => unread = unread.or_else(|| Some((reason.clone(), span))),
            Prop::Absent(_) => {}
        }
    }
    unread.map_or(Typed::Absent(tags.span), |(reason, span)| Typed::Unknown(reason, span))
}

/// Whether a mapping writes a property at all, known or not.
fn present(prop: &Prop<'_>) -> bool {
    !prop.is_absent()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_is_handed_in_is_not_what_the_template_creates() {
        let span = Span::new(crate::source::SourceMap::default().add("t", ""), 0, 0);
        let created = Target::Resource(Address(Arc::from("t#Subnet")));
        let outside = Target::Outside("subnet-1".to_owned());
        let parameter: Pointer = Typed::Unknown(Reason::Parameter(Arc::from("Id")), span);
        let attribute: Pointer = Typed::Unknown(Reason::Attribute(Arc::from("Custom.Id")), span);
        assert_eq!(leads_to(&parameter, &created), Ok(false));
        assert!(leads_to(&parameter, &outside).is_err());
        assert!(leads_to(&attribute, &created).is_err());
        assert_eq!(leads_to(&Typed::Known(created.clone(), span), &created), Ok(true));
        assert_eq!(leads_to(&Typed::Known(outside, span), &created), Ok(false));
    }
}
