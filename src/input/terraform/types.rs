//! Type constraints, and what Terraform does to values because of types: conversion, unification, equality.
//!
//! Values carry no types of their own except for the difference between a list or map and a tuple or object
//! ([`Value::uniform`](super::value::Value::uniform)). Whatever is not known has any type, so that what may be right is
//! never an error. Source: Type Constraints, in the Terraform language documentation.

mod convert;
mod equal;
pub mod number;
mod parse;
mod unify;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

pub use convert::{Mismatch, convert, to_bool, to_number, to_text};
pub use equal::{apart, equal, set_of};
pub use parse::{Malformed, parse};
pub use unify::{adapt, common, unify};

use super::value::{Kind, Value};

#[derive(Clone, Debug)]
pub enum Type {
    /// Not constrained, or not known. As the element of a collection: one type, whichever.
    Any,
    Bool,
    Number,
    Text,
    List(Box<Type>),
    Set(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Object(BTreeMap<Arc<str>, Field>),
}

/// An attribute of an object type.
#[derive(Clone, Debug)]
pub struct Field {
    pub kind: Type,
    /// May be left out; it is then the default, or null.
    pub optional: bool,
    pub default: Option<Box<Value>>,
}

impl Type {
    /// The type of a value, as far as it is known.
    pub fn of(value: &Value) -> Self {
        let element = |items: &mut dyn Iterator<Item = &Value>| {
            let kinds: Vec<Self> = items.map(Self::of).collect();
            Box::new(unify::unify_types(&kinds).unwrap_or(Self::Any))
        };
        match &value.kind {
            Kind::Bool(_) => Self::Bool,
            Kind::Number(_) => Self::Number,
            Kind::Text(_) | Kind::Partial(_) | Kind::Json(_) => Self::Text,
            Kind::List(items) if value.uniform => Self::List(element(&mut items.iter())),
            Kind::List(_) => match value.items() {
                Some(items) => Self::Tuple(items.iter().map(Self::of).collect()),
                None => Self::Any,
            },
            Kind::Set(items) if value.uniform => Self::List(element(&mut items.iter())),
            Kind::Set(items) => Self::Set(element(&mut items.iter())),
            Kind::Object(object) if value.uniform => {
                Self::Map(element(&mut object.members().iter().map(|member| &member.value)))
            }
            Kind::Object(object) if object.open.is_none() => {
                let field = |value| Field { kind: Self::of(value), optional: false, default: None };
                let fields = object.members().iter().map(|member| (Arc::clone(&member.key), field(&member.value)));
                Self::Object(fields.collect())
            }
            Kind::Null | Kind::Object(_) | Kind::Attribute(_) | Kind::Rest(_) | Kind::Unknown(_) => Self::Any,
        }
    }

    /// The same type, defaults aside.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, Self::Any)
            | (Self::Bool, Self::Bool)
            | (Self::Number, Self::Number)
            | (Self::Text, Self::Text) => true,
            (Self::List(a), Self::List(b)) | (Self::Set(a), Self::Set(b)) | (Self::Map(a), Self::Map(b)) => a.is(b),
            (Self::Tuple(a), Self::Tuple(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is(b)),
            (Self::Object(a), Self::Object(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && a.kind.is(&b.kind))
            }
            _ => false,
        }
    }
}

/// In the words of Terraform's messages: `list of string`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any type"),
            Self::Bool => f.write_str("bool"),
            Self::Number => f.write_str("number"),
            Self::Text => f.write_str("string"),
            Self::List(element) => write!(f, "list of {element}"),
            Self::Set(element) => write!(f, "set of {element}"),
            Self::Map(element) => write!(f, "map of {element}"),
            Self::Tuple(_) => f.write_str("tuple"),
            Self::Object(_) => f.write_str("object"),
        }
    }
}
