//! Which properties of two resources that are the same thing differ.
//!
//! What is not known on either side is not compared. Lists are compared as sets, because services return them in any
//! order. Between a template and an account, or a template and a module, only what both say is compared: an account says
//! every default, and a template what an account does not return.

use serde_json::Value as Json;

use super::pair::Pairing;
use crate::input::Resource;
use crate::report::secret::mask_properties;
use crate::value::{Kind, Map, Reference, Value};

/// A property with another value, or on one side only. Secrets are masked.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyChange {
    /// `VpcConfig.SubnetIds`.
    pub path: String,
    pub before: Option<Json>,
    pub after: Option<Json>,
}

/// Not compared between languages: in an account, services and CloudFormation add tags of their own.
const NOT_ACROSS: &str = "Tags";

/// Deeper values count as the same.
const DEPTH: usize = 64;

pub(super) fn compare(before: &Resource, after: &Resource, pairing: &Pairing) -> Vec<PropertyChange> {
    let mut paths = Vec::new();
    let comparing = Comparing { pairing };
    comparing.value(&before.properties, &after.properties, &mut Vec::new(), &mut paths);
    let shown = |resource: &Resource| {
        let mut json = resource.properties.to_json();
        mask_properties(&mut json);
        json
    };
    let (one, other) = (shown(before), shown(after));
    let at = |json: &Json, path: &[String]| path.iter().try_fold(json, |json, key| json.get(key)).cloned();
    let change =
        |path: Vec<String>| PropertyChange { before: at(&one, &path), after: at(&other, &path), path: path.join(".") };
    paths.into_iter().map(change).collect()
}

struct Comparing<'a> {
    pairing: &'a Pairing,
}

impl Comparing<'_> {
    fn value(&self, a: &Value, b: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        if path.len() > DEPTH {
            return;
        }
        match (&a.kind, &b.kind) {
            (Kind::Unknown(_), _) | (_, Kind::Unknown(_)) => {}
            (Kind::Map(a), Kind::Map(b)) => self.map(a, b, path, found),
            (Kind::List(_), _) | (_, Kind::List(_)) => {
                let (Some(a), Some(b)) = (a.items(), b.items()) else { return };
                if !self.same_items(a, b) {
                    found.push(path.clone());
                }
            }
            _ if self.differ(a, b) => found.push(path.clone()),
            _ => {}
        }
    }

    fn map(&self, a: &Map, b: &Map, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        let loose = self.pairing.loose;
        let skipped = if loose && path.is_empty() { NOT_ACROSS } else { "" };
        for member in a.members.iter().filter(|member| &*member.key != skipped) {
            path.push(member.key.to_string());
            match b.get(&member.key) {
                Some(other) => self.value(&member.value, other, path, found),
                None if !loose && b.open.is_none() && says(&member.value) => found.push(path.clone()),
                None => {}
            }
            path.pop();
        }
        if loose || a.open.is_some() {
            return;
        }
        for member in b.members.iter().filter(|member| a.get(&member.key).is_none() && says(&member.value)) {
            path.push(member.key.to_string());
            found.push(path.clone());
            path.pop();
        }
    }

    fn same_items(&self, a: &[Value], b: &[Value]) -> bool {
        if a.len() != b.len() {
            // An item that is not known may be none or many.
            return a.iter().chain(b).any(|item| matches!(item.kind, Kind::Unknown(_)));
        }
        let mut free: Vec<&Value> = b.iter().collect();
        a.iter().all(|item| {
            let same = |other: &&Value| {
                let mut found = Vec::new();
                self.value(item, other, &mut Vec::new(), &mut found);
                found.is_empty()
            };
            match free.iter().position(same) {
                Some(at) => {
                    free.swap_remove(at);
                    true
                }
                None => false,
            }
        })
    }

    /// Whether two values that are no lists are certainly not the same.
    fn differ(&self, a: &Value, b: &Value) -> bool {
        let loose = self.pairing.loose;
        match (&a.kind, &b.kind) {
            (Kind::Scalar(a), Kind::Scalar(b)) => {
                !a.text.eq_ignore_ascii_case(&b.text) || (!a.plain && a.text != b.text)
            }
            (
                Kind::Ref(Reference::Resource { address: one, attribute: first, .. }),
                Kind::Ref(Reference::Resource { address: other, attribute: second, .. }),
            ) => match self.pairing.partner(one) {
                Some(partner) => partner != other || (!loose && first != second),
                None => !loose,
            },
            _ if loose => false,
            _ => {
                if a.reason().is_some() || b.reason().is_some() {
                    return false;
                }
                a.template() != b.template() || matches!((&a.kind, &b.kind), (Kind::Map(_), _) | (_, Kind::Map(_)))
            }
        }
    }
}

fn says(value: &Value) -> bool {
    !matches!(value.kind, Kind::Null | Kind::Unknown(_))
}
