//! The resources that one instance stands for.

use std::sync::Arc;

use super::{Found, Mapper, find, put};
use crate::input::Resource;
use crate::input::terraform::instance::Instance;
use crate::source::Span;
use crate::value::{Address, Kind, Map, Member, Reference, Value};

/// A resource in the making.
pub(in crate::input::terraform) struct Draft<'a> {
    pub mapper: &'a Mapper<'a>,
    pub instance: &'a Instance,
    /// The resource of the row.
    pub resource: Resource,
    /// Further resources that the instance stands for.
    pub more: Vec<Resource>,
}

impl<'a> Draft<'a> {
    /// Adds a further resource that the instance stands for: the users know it by the name of the instance.
    pub(super) fn also(&mut self, part: &str, kind: &str, properties: Vec<Member>) {
        let span = self.instance.span;
        let map = Kind::Map(Map { members: properties, open: None });
        let made = self.mapper.resource(self.instance, kind, Value::new(span, map));
        self.more.push(Resource { address: self.mapper.address(&format!("{}/{part}", self.instance.address)), ..made });
    }

    /// A reference to the resource of the row.
    pub(super) fn itself(&self, span: Span) -> Value {
        reference(span, &self.resource.address, None)
    }

    /// An attribute of it.
    pub(super) fn itself_as(&self, attribute: &str, span: Span) -> Value {
        reference(span, &self.resource.address, Some(attribute))
    }

    /// Writes a property of the resource of the row.
    pub(super) fn set(&mut self, path: &str, key_span: Span, value: Value) {
        if let Kind::Map(map) = &mut self.resource.properties.kind {
            put(map, path, Member { key: Arc::from(""), key_span, value });
        }
    }

    /// An argument that is set: its member, or why it is not known.
    pub(super) fn argument(&self, path: &str) -> Found<'a> {
        find(&self.instance.arguments, path)
    }
}

/// The `policy` of a resource as the resource that it is in CloudFormation, where `owner` names what it belongs to.
pub(super) fn own_policy(draft: &mut Draft<'_>, kind: &str, owner: &str, list: bool) {
    let (key_span, policy) = match draft.argument("policy") {
        Found::Absent => return,
        Found::Unknown(unknown, span) => (span, Value::unknown(span, unknown.reason.clone())),
        Found::Value(policy) => (policy.key_span, draft.mapper.json(&policy.value)),
    };
    let document = if kind == "AWS::SecretsManager::ResourcePolicy" { "ResourcePolicy" } else { "PolicyDocument" };
    let itself = draft.itself(draft.instance.name_span);
    let reference = if list { Value::new(itself.span, Kind::List(vec![itself])) } else { itself };
    draft.also("policy", kind, vec![member(document, key_span, policy), member(owner, key_span, reference)]);
}

/// What `Ref`, or `Fn::GetAtt` with an attribute, says.
pub(super) fn reference(span: Span, address: &Address, attribute: Option<&str>) -> Value {
    let reference =
        Reference::Resource { address: address.clone(), attribute: attribute.map(Arc::from), written: None };
    Value::new(span, Kind::Ref(reference))
}

/// A property of a resource that no table makes.
pub(super) fn member(key: &str, key_span: Span, value: Value) -> Member {
    Member { key: Arc::from(key), key_span, value }
}
