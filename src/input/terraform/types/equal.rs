//! Equality and the order of sets.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::input::terraform::functions::rendered;
use crate::input::terraform::symbol;
use crate::input::terraform::value::{Attribute, Kind, Part, Unknown, Value};
use crate::source::hcl::Number;

/// Whether two values are equal, as `==` says. Values of different types never are. `None` when it is not known.
pub fn equal(a: &Value, b: &Value) -> Option<bool> {
    match (&a.kind, &b.kind) {
        (Kind::Unknown(a), Kind::Unknown(b)) => (a.symbol.is_some() && a.symbol == b.symbol).then_some(true),
        (Kind::Unknown(_) | Kind::Rest(_), _) | (_, Kind::Unknown(_) | Kind::Rest(_)) => None,
        (Kind::Json(inner), Kind::Text(_) | Kind::Partial(_)) => equal(&rendered(inner, a.span), b),
        (Kind::Text(_) | Kind::Partial(_), Kind::Json(inner)) => equal(a, &rendered(inner, b.span)),
        (Kind::Attribute(a), Kind::Attribute(b)) => attributes(a, b),
        (Kind::Attribute(attribute), known) | (known, Kind::Attribute(attribute)) => {
            let empty = match known {
                Kind::Text(text) => text.text.is_empty(),
                Kind::Partial(_) => false,
                _ => true,
            };
            (empty && is_identity(attribute)).then_some(false)
        }
        (Kind::Null, Kind::Null) => Some(true),
        (Kind::Bool(a), Kind::Bool(b)) => Some(a == b),
        (Kind::Number(a), Kind::Number(b)) => Some(a.partial_cmp(b) == Some(Ordering::Equal)),
        (Kind::Text(a), Kind::Text(b)) => Some(a.text == b.text),
        (Kind::Partial(parts), Kind::Text(text)) | (Kind::Text(text), Kind::Partial(parts)) => {
            if may_be(parts, &text.text) { None } else { Some(false) }
        }
        (Kind::Partial(a), Kind::Partial(b)) => same_parts(a, b),
        (Kind::Json(a), Kind::Json(b)) => equal(a, b).filter(|same| *same),
        (Kind::List(x), Kind::List(y)) => lists(a, b, x, y),
        (Kind::Set(x), Kind::Set(y)) => sets(x, y),
        (Kind::Set(_), Kind::List(_)) if a.is_unordered() || b.items().is_none() => None,
        (Kind::List(_), Kind::Set(_)) if b.is_unordered() || a.items().is_none() => None,
        (Kind::Object(_), Kind::Object(_)) => objects(a, b),
        _ => Some(false),
    }
}

/// All must hold; one that does not decides.
fn all(results: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut undecided = false;
    for result in results {
        match result {
            Some(true) => {}
            Some(false) => return Some(false),
            None => undecided = true,
        }
    }
    (!undecided).then_some(true)
}

fn attributes(a: &Attribute, b: &Attribute) -> Option<bool> {
    if a == b {
        return Some(true);
    }
    let identities = is_identity(a) && is_identity(b) && a.path == b.path && a.kind == b.kind;
    (identities && a.instance != b.instance).then_some(false)
}

/// Resources and their identifiers are never null or empty, and no two resources of a type share one.
fn is_identity(attribute: &Attribute) -> bool {
    matches!(&*attribute.path, "" | "id" | "arn")
}

/// Whether text with unknown parts may read like this.
fn may_be(parts: &[Part], text: &str) -> bool {
    let mut rest = text;
    let mut anchored = true;
    for part in parts {
        match part {
            Part::Literal(literal, _) if anchored => match rest.strip_prefix(&*literal.text) {
                Some(after) => rest = after,
                None => return false,
            },
            Part::Literal(literal, _) => match rest.find(&*literal.text) {
                Some(at) => rest = rest.get(at + literal.text.len()..).unwrap_or_default(),
                None => return false,
            },
            Part::Value(_) => {}
        }
        anchored = matches!(part, Part::Literal(..));
    }
    match parts.last() {
        Some(Part::Literal(literal, _)) => text.ends_with(&*literal.text),
        _ => true,
    }
}

fn same_parts(a: &[Part], b: &[Part]) -> Option<bool> {
    let same = a.len() == b.len()
        && a.iter().zip(b).all(|pair| match pair {
            (Part::Literal(a, _), Part::Literal(b, _)) => a.text == b.text,
            (Part::Value(a), Part::Value(b)) => equal(a, b) == Some(true),
            _ => false,
        });
    same.then_some(true)
}

fn lists(a: &Value, b: &Value, x: &[Value], y: &[Value]) -> Option<bool> {
    if a.items().is_none() || b.items().is_none() {
        let known = x.iter().zip(y).map_while(|(x, y)| {
            let open = matches!(x.kind, Kind::Rest(_)) || matches!(y.kind, Kind::Rest(_));
            (!open).then(|| equal(x, y))
        });
        return all(known).filter(|same| !same);
    }
    if a.uniform != b.uniform || x.len() != y.len() {
        return Some(false);
    }
    all(x.iter().zip(y).map(|(x, y)| equal(x, y)))
}

fn sets(x: &[Value], y: &[Value]) -> Option<bool> {
    let same = x.len() == y.len() && x.iter().zip(y).all(|(x, y)| equal(x, y) == Some(true));
    if same {
        return Some(true);
    }
    let missing = |item: &Value, from: &[Value]| {
        !matches!(item.kind, Kind::Rest(_))
            && from.iter().all(|other| !matches!(other.kind, Kind::Rest(_)) && equal(item, other) == Some(false))
    };
    let differs = x.iter().any(|item| missing(item, y)) || y.iter().any(|item| missing(item, x));
    differs.then_some(false)
}

fn objects(a: &Value, b: &Value) -> Option<bool> {
    let (Kind::Object(x), Kind::Object(y)) = (&a.kind, &b.kind) else { return None };
    let open = x.open.is_some() || y.open.is_some();
    if !open && (a.uniform != b.uniform || x.members().len() != y.members().len()) {
        return Some(false);
    }
    let here = x.members().iter().map(|member| match (y.get(&member.key), &y.open) {
        (Some(other), _) => equal(&member.value, other),
        (None, Some(_)) => None,
        (None, None) => Some(false),
    });
    let there = y.members().iter().filter(|member| x.get(&member.key).is_none()).map(|_| match &x.open {
        Some(_) => None,
        None => Some(false),
    });
    all(here.chain(there)).filter(|same| !same || !open)
}

/// The elements of a set: each once, in Terraform's order. Unknown ones stay, in their order, behind the known.
pub fn set_of(items: Vec<Value>) -> Vec<Value> {
    let mut keyed: Vec<(Rank, Value)> = items.into_iter().map(|item| (Rank::of(&item), item)).collect();
    keyed.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    let mut kept: Vec<Value> = Vec::with_capacity(keyed.len());
    // Where the elements that only a comparison tells apart begin.
    let mut unsure = 0;
    for (rank, item) in keyed {
        let undecided = matches!(rank, Rank::Unknown);
        let earlier =
            if undecided { kept.get(unsure..) } else { kept.len().checked_sub(1).and_then(|last| kept.get(last..)) };
        let known = earlier.unwrap_or_default().iter().any(|other| equal(other, &item) == Some(true));
        if !known {
            kept.push(item);
            if !undecided {
                unsure = kept.len();
            }
        }
    }
    kept
}

/// Elements that a set may have, as those of a list: one that is not known and may be another is perhaps a further
/// element. Attributes count as different from each other.
pub fn apart(items: Vec<Value>) -> Vec<Value> {
    let may_be = |item: &Value| items.iter().any(|other| !std::ptr::eq(item, other) && equal(item, other).is_none());
    let unsure: Vec<bool> =
        items.iter().map(|item| is_open(item) && (items.len() > MAX_COMPARED || may_be(item))).collect();
    let further = |item: Value| match symbol::reason(&item) {
        Some(reason) if !matches!(item.kind, Kind::Rest(_)) => {
            let (span, sensitive) = (item.span, item.sensitive);
            let unknown = Unknown { reason, symbol: None, element: Some(Arc::new(item)) };
            Value::new(span, Kind::Rest(Arc::new(unknown))).marked(sensitive)
        }
        _ => item,
    };
    items.into_iter().zip(unsure).map(|(item, unsure)| if unsure { further(item) } else { item }).collect()
}

/// Whether something in it is not known, attributes aside.
fn is_open(value: &Value) -> bool {
    match &value.kind {
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Attribute(_) => false,
        Kind::Partial(parts) => parts.iter().any(|part| matches!(part, Part::Value(value) if is_open(value))),
        Kind::Json(inner) => is_open(inner),
        Kind::List(items) | Kind::Set(items) => items.iter().any(is_open),
        Kind::Object(object) => object.open.is_some() || object.members().iter().any(|member| is_open(&member.value)),
        Kind::Rest(_) | Kind::Unknown(_) => true,
    }
}

/// Elements that are compared with each other.
const MAX_COMPARED: usize = 2000;

/// The place of an element in a set.
#[derive(PartialEq, PartialOrd)]
enum Rank {
    Bool(bool),
    Number(Number),
    Text(Arc<str>),
    Structure(String),
    Null,
    Unknown,
}

impl Rank {
    fn of(value: &Value) -> Self {
        match &value.kind {
            Kind::Null => Self::Null,
            Kind::Bool(known) => Self::Bool(*known),
            Kind::Number(known) => Self::Number(*known),
            Kind::Text(text) => Self::Text(Arc::clone(&text.text)),
            _ => {
                let mut key = String::new();
                match structure(value, &mut key) {
                    Some(()) => Self::Structure(key),
                    None => Self::Unknown,
                }
            }
        }
    }
}

/// The text by which Terraform orders collections in a set. `None` when a part is unknown.
fn structure(value: &Value, key: &mut String) -> Option<()> {
    match &value.kind {
        Kind::Null => key.push('~'),
        Kind::Bool(known) => key.push(if *known { 'T' } else { 'F' }),
        Kind::Number(known) => write!(key, "{known}").ok()?,
        Kind::Text(text) => write!(key, "{:?}", text.text).ok()?,
        Kind::List(items) | Kind::Set(items) => {
            let tuple = matches!(value.kind, Kind::List(_)) && !value.uniform;
            key.push(if tuple { '<' } else { '[' });
            for item in items.iter() {
                structure(item, key)?;
                key.push(';');
            }
            key.push(if tuple { '>' } else { ']' });
        }
        Kind::Object(object) => {
            if object.open.is_some() {
                return None;
            }
            key.push(if value.uniform { '{' } else { '<' });
            for member in object.members() {
                if value.uniform {
                    write!(key, "{:?}:", member.key).ok()?;
                }
                structure(&member.value, key)?;
                key.push(';');
            }
            key.push(if value.uniform { '}' } else { '>' });
        }
        Kind::Partial(_) | Kind::Json(_) | Kind::Attribute(_) | Kind::Rest(_) | Kind::Unknown(_) => return None,
    }
    Some(())
}
