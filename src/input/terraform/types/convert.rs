//! Conversion of a value to a type.

use std::fmt;
use std::sync::Arc;

use super::{Field, Type, apart, number, set_of, unify};
use crate::input::terraform::symbol;
use crate::input::terraform::value::{Kind, Member, Object, Text, Unknown, Value};
use crate::value::Reason;

/// A value that does not fit a type, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Mismatch {
    /// `.ingress[0].port`; empty for the value itself.
    pub path: String,
    pub message: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "`{path}`: {}", self.message),
        }
    }
}

impl Mismatch {
    pub(super) fn new(message: String) -> Self {
        Self { path: String::new(), message }
    }

    pub(in crate::input::terraform) fn of_null() -> Self {
        Self::new("null has no text".to_owned())
    }

    fn required(kind: &Type) -> Self {
        let article = if matches!(kind, Type::Any | Type::Object(_)) { "an" } else { "a" };
        Self::new(format!("{article} {kind} is required"))
    }

    fn below(mut self, step: &str) -> Self {
        self.path.insert_str(0, step);
        self
    }
}

/// Converts a value as Terraform does for a variable, or a function's parameter. Null stays null, and what is not
/// known as a whole stays as it is.
pub fn convert(value: Value, to: &Type) -> Result<Value, Mismatch> {
    match &value.kind {
        Kind::Rest(more) => return Ok(further(&value, more, to)),
        Kind::Null | Kind::Attribute(_) | Kind::Unknown(_) => return Ok(value),
        _ => {}
    }
    match to {
        Type::Any => Ok(value),
        Type::Bool => to_bool(value),
        Type::Number => to_number(value),
        Type::Text => to_text(value),
        Type::List(element) => {
            let items = elements(&value, element).ok_or_else(|| Mismatch::required(to))??;
            if value.is_unordered() {
                let items = if value.uniform { items } else { apart(items) };
                return Ok(value.with(Kind::Set(items.into())).collected());
            }
            Ok(value.with(Kind::List(items.into())).collected())
        }
        Type::Set(element) => {
            let items = elements(&value, element).ok_or_else(|| Mismatch::required(to))??;
            // Sets are sensitive as a whole only.
            let sensitive = value.sensitive || items.iter().any(Value::sensitive_within);
            Ok(value.with(Kind::Set(set_of(items).into())).marked(sensitive))
        }
        Type::Map(element) => map(value, element, to),
        Type::Tuple(kinds) => tuple(value, kinds, to),
        Type::Object(fields) => object(value, fields, to),
    }
}

/// Further elements; one that does not fit is of no use.
fn further(value: &Value, more: &Unknown, to: &Type) -> Value {
    let element = more.element.as_ref().and_then(|element| convert(Value::clone(element), to).ok());
    value.clone().with(Kind::Rest(Arc::new(Unknown { element: element.map(Arc::new), ..more.clone() })))
}

fn elements(value: &Value, kind: &Type) -> Option<Result<Vec<Value>, Mismatch>> {
    let items = value.elements()?;
    if matches!(kind, Type::Any) {
        return Some(unify::unify(items.to_vec()));
    }
    let one = |(index, item): (usize, &Value)| {
        convert(item.clone(), kind).map_err(|mismatch| mismatch.below(&format!("[{index}]")))
    };
    Some(items.iter().enumerate().map(one).collect())
}

fn map(value: Value, kind: &Type, to: &Type) -> Result<Value, Mismatch> {
    let Kind::Object(object) = &value.kind else { return Err(Mismatch::required(to)) };
    let values = object.members().iter().map(|member| member.value.clone());
    let values: Vec<Value> = if matches!(kind, Type::Any) {
        match unify::unify(values.clone().collect()) {
            // A text among further elements makes texts of numbers and booleans.
            Err(_) if object.open.is_some() => values.collect(),
            unified => unified?,
        }
    } else {
        let one = |member: &Member| {
            convert(member.value.clone(), kind).map_err(|bad| bad.below(&format!("[\"{}\"]", member.key)))
        };
        object.members().iter().map(one).collect::<Result<_, _>>()?
    };
    let members = object.members().iter().zip(values).map(|(member, value)| Member { value, ..member.clone() });
    let mut result = Object::new(members.collect());
    result.open.clone_from(&object.open);
    Ok(value.with(Kind::Object(Arc::new(result))).collected())
}

fn tuple(value: Value, kinds: &[Type], to: &Type) -> Result<Value, Mismatch> {
    let Kind::List(items) = &value.kind else { return Err(Mismatch::required(to)) };
    if value.items().is_none() {
        return Ok(value);
    }
    if items.len() != kinds.len() {
        return Err(Mismatch::new(format!("a tuple of {} elements is required", kinds.len())));
    }
    let converted = items.iter().zip(kinds).enumerate().map(|(index, (item, kind))| {
        convert(item.clone(), kind).map_err(|mismatch| mismatch.below(&format!("[{index}]")))
    });
    let converted = converted.collect::<Result<Vec<_>, _>>()?;
    Ok(value.with(Kind::List(converted.into())))
}

fn object(value: Value, fields: &std::collections::BTreeMap<Arc<str>, Field>, to: &Type) -> Result<Value, Mismatch> {
    let Kind::Object(object) = &value.kind else { return Err(Mismatch::required(to)) };
    let mut members = Vec::with_capacity(fields.len());
    for (name, field) in fields {
        let written = object.member(name);
        let key_span = written.map_or(value.span, |member| member.key_span);
        let default = || field.default.as_ref().map(|default| (**default).clone().at(value.span));
        let found = match written {
            Some(member) if member.value.is_null() => default().unwrap_or_else(|| member.value.clone()),
            Some(member) => {
                convert(member.value.clone(), &field.kind).map_err(|mismatch| mismatch.below(&format!(".{name}")))?
            }
            // It stays among the further members.
            None if object.open.is_some() => continue,
            None if field.optional => default().unwrap_or_else(|| Value::null(value.span)),
            None => return Err(Mismatch::new(format!("attribute `{name}` is required"))),
        };
        members.push(Member { key: Arc::clone(name), key_span, value: found });
    }
    let mut converted = Object::new(members);
    converted.open.clone_from(&object.open);
    Ok(value.with(Kind::Object(Arc::new(converted))))
}

/// As in a template: numbers and booleans become text. What is not known stays as it is.
pub fn to_text(value: Value) -> Result<Value, Mismatch> {
    let text: Arc<str> = match &value.kind {
        Kind::Bool(known) => Arc::from(known.to_string()),
        Kind::Number(known) => Arc::from(known.to_string()),
        Kind::List(_) | Kind::Set(_) | Kind::Object(_) => return Err(Mismatch::required(&Type::Text)),
        Kind::Null
        | Kind::Text(_)
        | Kind::Partial(_)
        | Kind::Json(_)
        | Kind::Attribute(_)
        | Kind::Rest(_)
        | Kind::Unknown(_) => return Ok(value),
    };
    Ok(value.with(Kind::Text(Text { text, pieces: None })))
}

pub fn to_number(value: Value) -> Result<Value, Mismatch> {
    let required = || Mismatch::required(&Type::Number);
    let kind = match &value.kind {
        Kind::Text(text) => Kind::Number(number::parse(&text.text).ok_or_else(required)?),
        Kind::Partial(_) => return Ok(undecided("tonumber", &value)),
        Kind::Bool(_) | Kind::List(_) | Kind::Set(_) | Kind::Object(_) | Kind::Json(_) => return Err(required()),
        Kind::Null | Kind::Number(_) | Kind::Attribute(_) | Kind::Rest(_) | Kind::Unknown(_) => return Ok(value),
    };
    Ok(value.with(kind))
}

pub fn to_bool(value: Value) -> Result<Value, Mismatch> {
    let required = || Mismatch::required(&Type::Bool);
    let kind = match &value.kind {
        Kind::Text(text) => Kind::Bool(match &*text.text {
            "true" | "1" => true,
            "false" | "0" => false,
            _ => return Err(required()),
        }),
        Kind::Partial(_) => return Ok(undecided("tobool", &value)),
        Kind::Number(_) | Kind::List(_) | Kind::Set(_) | Kind::Object(_) | Kind::Json(_) => return Err(required()),
        Kind::Null | Kind::Bool(_) | Kind::Attribute(_) | Kind::Rest(_) | Kind::Unknown(_) => return Ok(value),
    };
    Ok(value.with(kind))
}

fn undecided(function: &str, value: &Value) -> Value {
    let reason = symbol::reason(value).unwrap_or_else(|| Reason::NotUnderstood(Arc::from("text with unknown parts")));
    let symbol = symbol::of_call(function, std::slice::from_ref(value));
    Value::unknown(value.span, reason, symbol).marked(value.sensitive)
}
