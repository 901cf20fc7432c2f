//! Terraform's values as values of the architecture.

use std::sync::Arc;

use super::{Found, Mapper, Returns, find, row};
use crate::input::assemble::assemble;
use crate::input::terraform::decode::{pieces, text_map};
use crate::input::terraform::functions::write_json;
use crate::input::terraform::instance::Instance;
use crate::input::terraform::text::Assembly;
use crate::input::terraform::value::{self as tf, Attribute, Kind};
use crate::input::{document, url_suffix};
use crate::source::embedded::TextMap;
use crate::source::{Scalar, Span};
use crate::value::{self, Map, Member, Part, Reason, Reference, Value};

impl Mapper<'_> {
    /// A value as it is: what is known is literal, what the provider computes is a reference.
    pub(super) fn plain(&self, value: &tf::Value) -> Value {
        Value::new(value.span, self.kind(value, false))
    }

    /// A value that leads to other resources: a known name that was read from a resource is a reference to it.
    pub(super) fn link(&self, value: &tf::Value) -> Value {
        Value::new(value.span, self.kind(value, true))
    }

    fn kind(&self, value: &tf::Value, link: bool) -> value::Kind {
        if let (true, Some(origin)) = (link, value.origin.as_ref().filter(|origin| leads_on(origin))) {
            return self.reference(value.span, origin);
        }
        if value.sensitive && matches!(value.kind, Kind::Text(_) | Kind::Partial(_) | Kind::Number(_)) {
            return value::Kind::Unknown(Reason::NotUnderstood(Arc::from("a sensitive value is not read")));
        }
        let each = |items: &[tf::Value]| {
            value::Kind::List(items.iter().map(|item| Value::new(item.span, self.kind(item, link))).collect())
        };
        match &value.kind {
            Kind::Null => value::Kind::Null,
            Kind::Bool(known) => scalar(known.to_string(), true),
            Kind::Number(number) => scalar(number.to_string(), true),
            Kind::Text(text) => scalar(text.text.to_string(), false),
            Kind::Partial(parts) => assemble(value.span, self.parts(parts)).kind,
            Kind::Json(inner) => {
                let mut text = Assembly::new(value.span);
                write_json(inner, &mut text);
                self.kind(&text.finish(), false)
            }
            Kind::List(items) | Kind::Set(items) => each(items),
            Kind::Object(object) => {
                let members = object.members().iter().map(|member| Member {
                    key: Arc::clone(&member.key),
                    key_span: member.key_span,
                    value: Value::new(member.value.span, self.kind(&member.value, link)),
                });
                value::Kind::Map(Map {
                    members: members.collect(),
                    open: object.open.as_ref().map(|open| open.reason.clone()),
                })
            }
            Kind::Attribute(attribute) => self.reference(value.span, attribute),
            Kind::Rest(unknown) | Kind::Unknown(unknown) => value::Kind::Unknown(unknown.reason.clone()),
        }
    }

    /// A policy or definition: its structure when the text is JSON, else as it is.
    pub(in crate::input::terraform) fn json(&self, value: &tf::Value) -> Value {
        self.structured(value, |span, parts, map| document::json(span, parts, |_| map))
    }

    /// The same for text that may also be YAML.
    pub(super) fn document(&self, value: &tf::Value) -> Value {
        self.structured(value, |span, parts, map| document::json_or_yaml(span, parts, |_| map))
    }

    fn structured(&self, value: &tf::Value, read: impl FnOnce(Span, &[Part], TextMap) -> Option<Value>) -> Value {
        if value.sensitive {
            return self.plain(value);
        }
        let found = match &value.kind {
            Kind::Json(inner) => Some(Value::new(value.span, self.kind(inner, false))),
            Kind::Text(text) => {
                let parts = [Part::Literal(Arc::clone(&text.text))];
                read(value.span, &parts, text_map(value.span, &pieces(text, value.span)))
            }
            Kind::Partial(parts) => {
                let converted: Vec<Vec<Part>> =
                    parts.iter().map(|part| self.parts(std::slice::from_ref(part))).collect();
                let flat = converted.concat();
                read(value.span, &flat, text_map(value.span, &written(parts, &converted)))
            }
            _ => None,
        };
        found.unwrap_or_else(|| self.plain(value))
    }

    /// The tags of an instance; its own go before the provider's default ones. `None` when there are none.
    pub(super) fn with_default_tags(&self, instance: &Instance, argument: &str) -> Option<Member> {
        let defaults = instance.provider.default_tags.as_ref().filter(|tags| !tags.is_null());
        let own = instance.arguments.as_object().and_then(|arguments| arguments.member(argument));
        let own = own.filter(|own| !own.value.is_null());
        let (key_span, tags) = match (own, defaults) {
            (None, None) => return None,
            (Some(own), None) => (own.key_span, own.value.clone()),
            (None, Some(defaults)) => (instance.name_span, defaults.clone()),
            (Some(own), Some(defaults)) => (own.key_span, merged(&own.value, defaults)),
        };
        Some(Member { key: Arc::from(""), key_span, value: self.pairs(&tags, "Key", "Value") })
    }

    /// Links under keys in CloudFormation's writing: `security_group_ids` as `SecurityGroupIds`, `jobRoleArn` as
    /// `JobRoleArn`. Not below `keep`, whose keys are the user's own.
    pub(super) fn renamed_but(&self, value: &tf::Value, keep: &[&str]) -> Value {
        let mut renamed = self.link(value);
        rename(&mut renamed, keep);
        renamed
    }

    /// The same for every key but those of tags.
    pub(super) fn renamed(&self, value: &tf::Value) -> Value {
        self.renamed_but(value, &["tags", "tags_all"])
    }

    /// The same for a value that is converted already.
    pub(super) fn capitalised(mut value: Value, keep: &[&str]) -> Value {
        rename(&mut value, keep);
        value
    }

    /// A value where CloudFormation has a list.
    pub(super) fn one(&self, value: &tf::Value) -> Value {
        Value::new(value.span, value::Kind::List(vec![self.link(value)]))
    }

    /// A map as a list of mappings with two keys, such as `{Key, Value}`.
    pub(super) fn pairs(&self, value: &tf::Value, key: &str, name: &str) -> Value {
        let Kind::Object(object) = &value.kind else { return self.plain(value) };
        let mut items: Vec<Value> = object
            .members()
            .iter()
            .map(|member| {
                let entry = |key: &str, value: Value| Member { key: Arc::from(key), key_span: member.key_span, value };
                let members = vec![
                    entry(key, Value::text_at(member.key_span, &*member.key)),
                    entry(name, self.plain(&member.value)),
                ];
                Value::new(member.value.span, value::Kind::Map(Map { members, open: None }))
            })
            .collect();
        items.extend(object.open.iter().map(|open| Value::unknown(value.span, open.reason.clone())));
        Value::new(value.span, value::Kind::List(items))
    }

    pub(super) fn parts(&self, parts: &[tf::Part]) -> Vec<Part> {
        let mut converted = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                tf::Part::Literal(text, _) => converted.push(Part::Literal(Arc::clone(&text.text))),
                tf::Part::Value(value) => match self.kind(value, false) {
                    value::Kind::Text(inner) => converted.extend(inner),
                    value::Kind::Ref(reference) => converted.push(Part::Ref(reference)),
                    value::Kind::Scalar(scalar) => converted.push(Part::Literal(Arc::from(&*scalar.text))),
                    value::Kind::Unknown(reason) => converted.push(Part::Unknown(reason)),
                    value::Kind::Null | value::Kind::List(_) | value::Kind::Map(_) => {}
                },
            }
        }
        converted
    }

    /// An attribute that the provider computes, under CloudFormation's name.
    fn reference(&self, span: Span, attribute: &Attribute) -> value::Kind {
        let address = self.address(&attribute.instance);
        let reference =
            |attribute: Option<Arc<str>>| Reference::Resource { address: address.clone(), attribute, written: None };
        let named = |name: &str| value::Kind::Ref(reference(Some(Arc::from(name))));
        // Only the root's own provider works where the resources are; another one has its own account and region.
        if attribute.kind.starts_with("data.") && attribute.instance != attribute.kind {
            let reason = Reason::LookedUp(Arc::clone(&attribute.instance));
            return value::Kind::Unknown(reason);
        }
        let known = row(&attribute.kind).and_then(|row| {
            row.attributes.iter().find(|(name, _)| *name == &*attribute.path).map(|(_, returns)| *returns)
        });
        match known {
            Some(Returns::Ref) => value::Kind::Ref(reference(None)),
            Some(Returns::GetAtt(name)) => named(name),
            Some(Returns::Sub(template)) => assemble(span, self.substituted(template, attribute, &reference)).kind,
            Some(Returns::Made(make)) => {
                make(self, attribute).map_or_else(|| named(&attribute.path), |parts| assemble(span, parts).kind)
            }
            None if attribute.path.is_empty() => value::Kind::Ref(reference(None)),
            None => named(&attribute.path),
        }
    }

    /// The parts of a template; see [`Returns::Sub`].
    fn substituted(
        &self,
        template: &str,
        attribute: &Attribute,
        reference: &dyn Fn(Option<Arc<str>>) -> Reference,
    ) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            parts.push(Part::Literal(Arc::from(before)));
            match (name.get(..1), name.get(1..)) {
                (Some("."), Some(own)) => parts.push(Part::Ref(reference(Some(Arc::from(own))))),
                (Some("@"), Some(argument)) => parts.extend(self.argument(attribute, argument, reference)),
                (Some(_), _) => parts.push(self.pseudo(name, attribute)),
                (None, _) => parts.push(Part::Ref(reference(None))),
            }
            rest = after;
        }
        parts.push(Part::Literal(Arc::from(rest)));
        parts
    }

    /// A pseudo parameter as it is where an instance lives.
    fn pseudo(&self, name: &str, attribute: &Attribute) -> Part {
        let own = || {
            let region = self.instance(&attribute.instance)?.provider.region.as_ref()?;
            if let Kind::Text(region) = &region.kind { Some(&*region.text) } else { None }
        };
        let region = || match find(&self.instance(&attribute.instance)?.arguments, "region") {
            Found::Value(tf::Member { value: tf::Value { kind: Kind::Text(text), .. }, .. }) => Some(&*text.text),
            _ => None,
        };
        let known = match name {
            "AWS::Partition" => Some(self.given.partition()),
            "AWS::URLSuffix" => Some(url_suffix(self.given.partition())),
            "AWS::Region" => region().or_else(own).or(self.given.region.as_deref()),
            "AWS::AccountId" => self.given.account.as_deref(),
            _ => None,
        };
        known.map_or_else(|| Part::Ref(Reference::Pseudo(Arc::from(name))), |known| Part::Literal(Arc::from(known)))
    }

    /// What an instance says of itself, as part of a text.
    fn argument(
        &self,
        attribute: &Attribute,
        argument: &str,
        reference: &dyn Fn(Option<Arc<str>>) -> Reference,
    ) -> Vec<Part> {
        let found = self.instance(&attribute.instance).filter(|_| self.nested.get() < MAX_NESTED);
        let found = found.map(|instance| find(&instance.arguments, argument));
        match found {
            Some(Found::Value(member)) => {
                self.nested.set(self.nested.get() + 1);
                let parts = self.parts(&[tf::Part::Value(member.value.clone())]);
                self.nested.set(self.nested.get() - 1);
                parts
            }
            Some(Found::Unknown(unknown, _)) => vec![Part::Unknown(unknown.reason.clone())],
            Some(Found::Absent) | None => vec![Part::Ref(reference(Some(Arc::from(argument))))],
        }
    }
}

fn rename(value: &mut Value, keep: &[&str]) {
    match &mut value.kind {
        value::Kind::List(items) => items.iter_mut().for_each(|item| rename(item, keep)),
        value::Kind::Map(map) => {
            for member in &mut map.members {
                if !keep.contains(&&*member.key) {
                    rename(&mut member.value, keep);
                }
                member.key = camel(&member.key);
            }
        }
        _ => {}
    }
}

fn camel(key: &str) -> Arc<str> {
    let word = |word: &str| {
        let mut chars = word.chars();
        let first = chars.next().into_iter().flat_map(char::to_uppercase);
        first.chain(chars).collect::<String>()
    };
    key.split('_').map(word).collect::<String>().into()
}

/// Whether a value that was read from a resource tells which one it was: by an argument that CloudFormation knows as an
/// attribute, such as a name, not by one in which the resource itself names another.
fn leads_on(origin: &Attribute) -> bool {
    row(&origin.kind).is_some_and(|row| row.attributes.iter().any(|(name, _)| *name == &*origin.path))
}

/// Attributes that are made of arguments that are such attributes.
const MAX_NESTED: u8 = 4;

/// Tags of which the first ones win.
fn merged(own: &tf::Value, defaults: &tf::Value) -> tf::Value {
    let (Some(first), Some(second)) = (own.as_object(), defaults.as_object()) else {
        // Of what is not known, nothing more is known with the defaults.
        return if own.as_object().is_some() { defaults.clone() } else { own.clone() };
    };
    let mut object = tf::Object::new([second.members(), first.members()].concat());
    object.open = first.open.clone().or_else(|| second.open.clone());
    tf::Value::object(own.span, object)
}

/// The pieces of a text with parts, and their places: each part that is no literal is the one character that stands for it.
fn written(parts: &[tf::Part], converted: &[Vec<Part>]) -> Vec<(String, Span)> {
    let mut found = Vec::new();
    let mut index = 0;
    for (part, converted) in parts.iter().zip(converted) {
        match part {
            tf::Part::Literal(text, span) => {
                found.extend(pieces(text, *span));
                index += 1;
            }
            tf::Part::Value(value) => {
                for part in converted {
                    let text = match part {
                        Part::Literal(text) => text.to_string(),
                        Part::Ref(_) | Part::Unknown(_) => document::mark(index).map(String::from).unwrap_or_default(),
                    };
                    found.push((text, value.span));
                    index += 1;
                }
            }
        }
    }
    found
}

fn scalar(text: String, plain: bool) -> value::Kind {
    value::Kind::Scalar(Scalar { text: text.into(), plain })
}
