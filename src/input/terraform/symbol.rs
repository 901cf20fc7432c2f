//! The short normal form of a value: what an unknown result is called, and what makes two unknowns the same.

use std::fmt::Write as _;
use std::sync::Arc;

use super::value::{Attribute, Kind, Part, Unknown, Value};
use crate::value::Reason;

/// Bytes of a symbol, beyond which there is none.
const MAX_LENGTH: usize = 160;

/// The form of a value as seen from the root module: `var.create`, `aws_vpc.main.id`, `["a", var.b]`. `None` when it
/// is too long, has an unknown part without a symbol, or is sensitive.
pub fn of(value: &Value) -> Option<Arc<str>> {
    let mut written = String::new();
    write(value, &mut written)?;
    Some(Arc::from(written))
}

/// `name(a, b)`.
pub fn of_call(name: &str, arguments: &[Value]) -> Option<Arc<str>> {
    let mut written = format!("{name}(");
    for (index, argument) in arguments.iter().enumerate() {
        if index > 0 {
            written.push_str(", ");
        }
        write(argument, &mut written)?;
    }
    written.push(')');
    (written.len() <= MAX_LENGTH).then(|| Arc::from(written))
}

/// Why a value is not wholly known: the reason of its first part that is not. What the provider computes counts as
/// not known.
pub fn reason(value: &Value) -> Option<Reason> {
    match &value.kind {
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => None,
        Kind::Partial(parts) => parts.iter().find_map(|part| match part {
            Part::Literal(..) => None,
            Part::Value(value) => reason(value),
        }),
        Kind::Json(inner) => reason(inner),
        Kind::List(items) | Kind::Set(items) => items.iter().find_map(reason),
        Kind::Object(object) => {
            let open = object.open.as_ref().map(|open| open.reason.clone());
            object.members().iter().find_map(|member| reason(&member.value)).or(open)
        }
        Kind::Attribute(attribute) => Some(Reason::Attribute(name(attribute))),
        Kind::Rest(unknown) | Kind::Unknown(unknown) => Some(unknown.reason.clone()),
    }
}

/// What is not known of a value that is not wholly known.
pub fn unknown(value: &Value) -> Option<Arc<Unknown>> {
    match &value.kind {
        Kind::Rest(unknown) | Kind::Unknown(unknown) => Some(Arc::clone(unknown)),
        _ => Some(Arc::new(Unknown::new(reason(value)?, of(value)))),
    }
}

/// `aws_vpc.main.id`.
pub fn name(attribute: &Attribute) -> Arc<str> {
    match &*attribute.path {
        "" => Arc::clone(&attribute.instance),
        path => Arc::from(format!("{}.{path}", attribute.instance)),
    }
}

fn write(value: &Value, to: &mut String) -> Option<()> {
    if value.sensitive || to.len() > MAX_LENGTH {
        return None;
    }
    match &value.kind {
        Kind::Null => to.push_str("null"),
        Kind::Bool(known) => write!(to, "{known}").ok()?,
        Kind::Number(number) => write!(to, "{number}").ok()?,
        Kind::Text(text) => {
            to.push('"');
            quoted(&text.text, to)?;
            to.push('"');
        }
        Kind::Partial(parts) => {
            to.push('"');
            for part in parts.iter() {
                match part {
                    Part::Literal(text, _) => quoted(&text.text, to)?,
                    Part::Value(value) => {
                        to.push_str("${");
                        write(value, to)?;
                        to.push('}');
                    }
                }
            }
            to.push('"');
        }
        Kind::Json(inner) => {
            to.push_str("jsonencode(");
            write(inner, to)?;
            to.push(')');
        }
        Kind::List(items) => {
            to.push('[');
            listed(items, to)?;
            to.push(']');
        }
        Kind::Set(items) => {
            to.push_str("toset([");
            listed(items, to)?;
            to.push_str("])");
        }
        Kind::Object(object) => {
            to.push('{');
            let mut separator = "";
            for member in object.members() {
                to.push_str(separator);
                separator = ", ";
                quoted(&member.key, to)?;
                to.push_str(" = ");
                write(&member.value, to)?;
            }
            if let Some(open) = &object.open {
                to.push_str(separator);
                further(open, to)?;
            }
            to.push('}');
        }
        Kind::Attribute(attribute) => to.push_str(&name(attribute)),
        Kind::Rest(unknown) => further(unknown, to)?,
        Kind::Unknown(unknown) => to.push_str(unknown.symbol.as_deref()?),
    }
    (to.len() <= MAX_LENGTH).then_some(())
}

fn listed(items: &[Value], to: &mut String) -> Option<()> {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            to.push_str(", ");
        }
        write(item, to)?;
    }
    Some(())
}

fn further(unknown: &Unknown, to: &mut String) -> Option<()> {
    // The symbol tells how many there are, not which.
    if unknown.element.is_some() {
        return None;
    }
    to.push_str(unknown.symbol.as_deref()?);
    to.push_str("...");
    Some(())
}

fn quoted(text: &str, to: &mut String) -> Option<()> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    for character in text.chars() {
        match character {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\n' => to.push_str("\\n"),
            _ => to.push(character),
        }
    }
    Some(())
}
