//! What Terraform splits over several resources and CloudFormation says in one.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Found, Mapper, canonical, find, put};
use crate::input::Resource;
use crate::input::terraform::instance::Instance;
use crate::source::Span;
use crate::value::{Address, Kind, Map, Member, Reason, Reference, Value};

/// All resources, for what spans several.
pub(in crate::input::terraform) struct United<'a> {
    pub mapper: &'a Mapper<'a>,
    pub instances: &'a [Instance],
    pub resources: Vec<Resource>,
    by_address: HashMap<Address, usize>,
    by_kind: HashMap<Arc<str>, Vec<usize>>,
}

/// Whom an attachment adds something to.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::input::terraform) enum Owner {
    Is(Address),
    /// Nothing that is here.
    Outside,
    /// Any resource of its type that is here, for all that is known.
    Unknown(Reason),
}

impl<'a> United<'a> {
    pub(super) fn new(mapper: &'a Mapper<'a>, resources: Vec<Resource>) -> Self {
        let mut united = Self {
            mapper,
            instances: mapper.instances,
            resources: Vec::new(),
            by_address: HashMap::with_capacity(resources.len()),
            by_kind: HashMap::new(),
        };
        for (index, resource) in resources.iter().enumerate() {
            united.index(index, resource);
        }
        united.resources = resources;
        united
    }

    fn index(&mut self, index: usize, resource: &Resource) {
        self.by_address.insert(resource.address.clone(), index);
        match self.by_kind.get_mut(&resource.kind) {
            Some(known) => known.push(index),
            None => {
                self.by_kind.insert(Arc::clone(&resource.kind), vec![index]);
            }
        }
    }

    pub(super) fn get(&self, address: &Address) -> Option<&Resource> {
        self.by_address.get(address).and_then(|index| self.resources.get(*index))
    }

    /// The resource that stands at an address.
    pub(super) fn at(&mut self, address: &Address) -> Option<&mut Resource> {
        let index = *self.by_address.get(address)?;
        self.resources.get_mut(index)
    }

    /// The resource of a type that an argument leads to; see [`Self::owner_of`].
    pub(super) fn owner(&self, instance: &Instance, argument: &str, kind: &str, names: &[&str]) -> Owner {
        match find(&instance.arguments, argument) {
            Found::Absent => Owner::Outside,
            Found::Unknown(unknown, _) => unless_handed_in(&unknown.reason),
            Found::Value(member) => self.owner_of(&self.mapper.link(&member.value), kind, names),
        }
    }

    /// The resource of a type that a link leads to: by reference, else by the name that stands in one of the properties
    /// `names`.
    pub(super) fn owner_of(&self, link: &Value, kind: &str, names: &[&str]) -> Owner {
        let references = link.references();
        let referred = references.iter().find_map(|reference| match reference {
            Reference::Resource { address, .. } => self.get(address),
            Reference::Pseudo(_) => None,
        });
        match (referred, &link.kind) {
            (Some(resource), _) if &*resource.kind == kind => return Owner::Is(resource.address.clone()),
            (Some(resource), Kind::Ref(_)) if resource.kind.starts_with("AWS::") => return Owner::Outside,
            (_, Kind::Ref(Reference::Resource { .. })) => {
                return Owner::Unknown(Reason::Attribute(Arc::from(link.template().unwrap_or_default())));
            }
            _ => {}
        }
        let last = link.as_str().map(|text| text.rsplit([':', '/']).next().unwrap_or(text));
        let is_named = |resource: &&Resource| {
            let properties = resource.properties.as_map();
            let mut known = names.iter().filter_map(|name| properties?.get(name));
            known.any(|name| match last {
                Some(last) => name.as_str() == Some(last),
                // An unknown text has one value however often it is written.
                None => name.kind == link.kind && matches!(name.kind, Kind::Text(_) | Kind::Unknown(_)),
            })
        };
        let mut of_kind = self.by_kind.get(kind).into_iter().flatten().filter_map(|index| self.resources.get(*index));
        match of_kind.find(is_named) {
            Some(found) => Owner::Is(found.address.clone()),
            None => link.reason().map_or(Owner::Outside, unless_handed_in),
        }
    }

    /// Adds an item to a list property of what an argument leads to; see [`super::Service::unite`].
    pub(super) fn attach(&mut self, owner: &Owner, kind: &str, path: &str, item: &Value) {
        match owner {
            Owner::Outside => {}
            Owner::Is(address) => {
                if let Some(resource) = self.at(address) {
                    append(resource, path, item.span, item.clone());
                }
            }
            Owner::Unknown(reason) => {
                for resource in self.resources.iter_mut().filter(|resource| &*resource.kind == kind) {
                    append(resource, path, item.span, Value::unknown(item.span, reason.clone()));
                }
            }
        }
    }

    /// Writes a property of what an argument leads to; when that is not known, the property of every resource of the
    /// type is unknown.
    pub(super) fn replace(&mut self, owner: &Owner, kind: &str, path: &str, value: &Value) {
        let write = |resource: &mut Resource, value: Value| {
            if let Kind::Map(map) = &mut resource.properties.kind {
                put(map, path, Member { key: Arc::from(""), key_span: value.span, value });
            }
        };
        match owner {
            Owner::Outside => {}
            Owner::Is(address) => {
                if let Some(resource) = self.at(address) {
                    write(resource, value.clone());
                }
            }
            Owner::Unknown(reason) => {
                for resource in self.resources.iter_mut().filter(|resource| &*resource.kind == kind) {
                    write(resource, Value::unknown(value.span, reason.clone()));
                }
            }
        }
    }

    pub(super) fn push(&mut self, resource: Resource) {
        self.index(self.resources.len(), &resource);
        self.resources.push(resource);
    }

    /// The instances of a type, with their life kept apart from `self`.
    pub(super) fn instances_of(&self, kind: &'a str) -> impl Iterator<Item = &'a Instance> + use<'a> {
        self.instances.iter().filter(move |instance| canonical(&instance.kind) == kind)
    }
}

/// What is handed in names nothing that is made here.
fn unless_handed_in(reason: &Reason) -> Owner {
    if reason.may_be_declared() { Owner::Unknown(reason.clone()) } else { Owner::Outside }
}

/// Adds an item to the list at a property of a resource.
pub(super) fn append(resource: &mut Resource, path: &str, key_span: Span, item: Value) {
    if let Kind::Map(map) = &mut resource.properties.kind {
        append_to(map, path, key_span, item);
    }
}

/// The same for a mapping. A list that is unknown as a whole stays that.
pub(super) fn append_to(map: &mut Map, path: &str, key_span: Span, item: Value) {
    let Some(mut items) = resource_list(map, path) else { return };
    items.push(item);
    let span = items.first().map_or(key_span, |first| first.span);
    put(map, path, Member { key: Arc::from(""), key_span, value: Value::new(span, Kind::List(items)) });
}

/// The items of a list property so far; `None` when it is unknown as a whole.
fn resource_list(map: &Map, path: &str) -> Option<Vec<Value>> {
    let mut at = map;
    let mut keys = path.split('.').peekable();
    while let Some(key) = keys.next() {
        let Some(value) = at.get(key) else { return Some(Vec::new()) };
        match (&value.kind, keys.peek()) {
            (Kind::Map(inner), Some(_)) => at = inner,
            (Kind::Unknown(_), _) => return None,
            (Kind::List(items), None) => return Some(items.clone()),
            (Kind::Null, _) => return Some(Vec::new()),
            _ => return Some(vec![value.clone()]),
        }
    }
    Some(Vec::new())
}
