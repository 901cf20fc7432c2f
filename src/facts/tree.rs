//! The form in which rules see facts: a tree whose nodes may be unknown and may carry evidence.

use std::sync::Arc;

use super::{Fact, Step};
use crate::value::Reason;

#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    pub kind: TreeKind,
    pub evidence: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TreeKind {
    Bool(bool),
    Int(i64),
    Text(Arc<str>),
    List(Vec<Tree>),
    Map(Vec<(&'static str, Tree)>),
    Unknown(Reason),
}

impl From<TreeKind> for Tree {
    fn from(kind: TreeKind) -> Self {
        Self { kind, evidence: Vec::new() }
    }
}

impl Tree {
    pub fn get(&self, key: &str) -> Option<&Tree> {
        match &self.kind {
            TreeKind::Map(members) => members.iter().find(|(name, _)| *name == key).map(|(_, tree)| tree),
            _ => None,
        }
    }
}

/// The documented type of a fact, from which the JSON Schema and the check of rules' `needs` are made.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Bool,
    Int,
    Text,
    List(Box<Shape>),
    Map {
        /// What such an object stands for.
        about: String,
        fields: Vec<Field>,
    },
    /// May be unknown.
    Fact(Box<Shape>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub name: &'static str,
    pub doc: String,
    pub shape: Shape,
}

pub trait ToTree {
    fn tree(&self) -> Tree;
}

pub trait Describe {
    fn shape() -> Shape;
}

macro_rules! scalar {
    ($type:ty, $shape:ident, $tree:expr) => {
        impl ToTree for $type {
            fn tree(&self) -> Tree {
                let make: fn(&$type) -> TreeKind = $tree;
                make(self).into()
            }
        }

        impl Describe for $type {
            fn shape() -> Shape {
                Shape::$shape
            }
        }
    };
}

scalar!(bool, Bool, |value| TreeKind::Bool(*value));
scalar!(i64, Int, |value| TreeKind::Int(*value));
scalar!(String, Text, |value| TreeKind::Text(Arc::from(value.as_str())));

impl<T: ToTree> ToTree for Vec<T> {
    fn tree(&self) -> Tree {
        TreeKind::List(self.iter().map(ToTree::tree).collect()).into()
    }
}

impl<T: Describe> Describe for Vec<T> {
    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }
}

impl<T: ToTree> ToTree for Fact<T> {
    fn tree(&self) -> Tree {
        let mut tree = match &self.value {
            Ok(value) => value.tree(),
            Err(reason) => TreeKind::Unknown(reason.clone()).into(),
        };
        tree.evidence.extend(self.evidence.iter().cloned());
        tree
    }
}

impl<T: Describe> Describe for Fact<T> {
    fn shape() -> Shape {
        Shape::Fact(Box::new(T::shape()))
    }
}

/// Declares a struct of facts: its documentation is the schema's, its fields the keys that rules use.
///
/// ```ignore
/// fact_struct! {
///     /// A listener of a load balancer.
///     pub struct Listener {
///         /// `HTTP`, `HTTPS`, `TCP`, ….
///         protocol: Fact<String>,
///     }
/// }
/// ```
macro_rules! fact_struct {
    ($(#[doc = $about:literal])* pub struct $name:ident { $($(#[doc = $doc:literal])* $field:ident: $type:ty,)* }) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name { $($(#[doc = $doc])* pub $field: $type,)* }

        impl $crate::facts::ToTree for $name {
            fn tree(&self) -> $crate::facts::Tree {
                $crate::facts::TreeKind::Map(vec![
                    $((stringify!($field), $crate::facts::ToTree::tree(&self.$field)),)*
                ]).into()
            }
        }

        impl $crate::facts::Describe for $name {
            fn shape() -> $crate::facts::Shape {
                $crate::facts::Shape::Map {
                    about: [$($about),*].concat().trim().to_owned(),
                    fields: vec![$($crate::facts::tree::Field {
                        name: stringify!($field),
                        doc: [$($doc),*].concat().trim().to_owned(),
                        shape: <$type as $crate::facts::Describe>::shape(),
                    },)*],
                }
            }
        }
    };
}
pub(crate) use fact_struct;
