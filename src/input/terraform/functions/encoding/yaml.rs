//! YAML as Terraform reads it (plain scalars as in YAML 1.2, with the booleans of 1.1) and writes it.

use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};

use crate::input::terraform::decode;
use crate::input::terraform::functions::{Call, Outcome, Stop, rendered};
use crate::input::terraform::symbol;
use crate::input::terraform::types::number;
use crate::input::terraform::value::{Kind, Member, Number, Object, Value};
use crate::source::{Node, NodeValue, Scalar, Span};

pub(super) fn decode(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    match decode::document(value) {
        // What the text is as a whole then depends on the unknown part.
        Some(Ok(document)) if document.root.as_str().is_some() && matches!(value.kind, Kind::Partial(_)) => {
            Err(Stop::Unknown)
        }
        Some(Ok(document)) => tree(&document.root, &document),
        Some(Err(message)) => call.refuse(0, &message),
        None => Err(Stop::Unknown),
    }
}

fn tree(node: &Node, document: &decode::Document) -> Outcome {
    if let Some(tag) = &node.tag {
        return Err(Stop::Error(Some(0), format!("has the tag `{}`, which is not supported", tag.name)));
    }
    match &node.value {
        NodeValue::Null => Ok(Value::null(node.span)),
        NodeValue::Scalar(scalar) => match scalar.plain.then(|| plain(scalar, node.span)).transpose()?.flatten() {
            Some(value) => Ok(value),
            None => Ok(document.text(scalar, node.span)),
        },
        NodeValue::Seq(items) => {
            let items: Result<Vec<Value>, Stop> = items.iter().map(|item| tree(item, document)).collect();
            Ok(Value::list(node.span, items?))
        }
        NodeValue::Map(entries) => {
            let open = entries.iter().find_map(|entry| document.unknown_key(&entry.key));
            let known = entries.iter().filter(|entry| document.unknown_key(&entry.key).is_none());
            let members = known.map(|entry| {
                Ok(Member { key: key(&entry.key), key_span: entry.key_span, value: tree(&entry.value, document)? })
            });
            let mut object = Object::new(members.collect::<Result<_, Stop>>()?);
            object.open = open.and_then(symbol::unknown);
            Ok(Value::object(node.span, object))
        }
    }
}

/// A key has a type first, too.
fn key(text: &str) -> Arc<str> {
    match boolean(text) {
        Some(known) => Arc::from(known.to_string()),
        None => Arc::from(text),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// A scalar without quotes that is no text.
fn plain(scalar: &Scalar, span: Span) -> Result<Option<Value>, Stop> {
    let text = &*scalar.text;
    if let Some(known) = boolean(text) {
        return Ok(Some(Value::new(span, Kind::Bool(known))));
    }
    match text {
        ".nan" | ".NaN" | ".NAN" => return Err(Stop::Error(Some(0), "has a number that is none".to_owned())),
        _ if text.trim_start_matches(['+', '-']).eq_ignore_ascii_case(".inf") => return Err(Stop::Unknown),
        _ => {}
    }
    let based = |prefix: &str, base: u32| {
        let digits = text.strip_prefix(prefix)?;
        i128::from_str_radix(digits, base).ok().filter(|_| !digits.starts_with(['+', '-'])).map(Number::Whole)
    };
    let decimal = || {
        text.starts_with(|first: char| first.is_ascii_digit() || ".+-".contains(first))
            .then(|| number::parse(text))
            .flatten()
    };
    if let Some(number) = based("0x", 16).or_else(|| based("0o", 8)).or_else(decimal) {
        return Ok(Some(Value::new(span, Kind::Number(number))));
    }
    Ok(timestamp(text).map(|text| Value::text(span, text)))
}

/// A date, with or without a time, in RFC 3339.
fn timestamp(text: &str) -> Option<String> {
    let year = text.get(..5)?;
    if !year.ends_with('-') || !year.bytes().take(4).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, ""),
    };
    let mut fields = date.split('-').map(|field| field.parse::<i16>().ok());
    let (year, month, day) = (fields.next()??, fields.next()??, fields.next()??);
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    if time.is_empty() && date.to_string().len() >= text.len() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let spaced = text.contains(' ');
    let zone = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone)?;
    if spaced != zone.is_empty() {
        return None;
    }
    let mut fields = clock.split([':', '.']).map(|field| field.parse::<i8>().ok());
    let (hour, minute, second) = (fields.next()??, fields.next()??, fields.next()??);
    let seconds = DateTime::from_parts(date, Time::new(hour, minute, second, 0).ok()?);
    Some(format!("{seconds}{}", if spaced { "Z" } else { zone }))
}

pub(super) fn encode(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    let mut written = String::new();
    match &value.kind {
        Kind::Null => written.push_str("null\n...\n"),
        Kind::Bool(_) | Kind::Number(_) => {
            scalar(value, 0, &mut written)?;
            written.push_str("\n...\n");
        }
        _ => {
            block(value, 0, &mut written)?;
            written.push('\n');
        }
    }
    call.give_text(written)
}

/// Writes a value that starts at the current column; the lines that follow are indented by `indent`.
fn block(value: &Value, indent: usize, out: &mut String) -> Result<(), Stop> {
    let margin = " ".repeat(indent);
    match &value.kind {
        Kind::List(items) | Kind::Set(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push('\n');
                    out.push_str(&margin);
                }
                out.push_str("- ");
                if is_nested(item) {
                    block(item, indent + 2, out)?;
                } else {
                    scalar(item, indent, out)?;
                }
            }
        }
        Kind::Object(object) if object.open.is_some() => return Err(Stop::Unknown),
        Kind::Object(object) if !object.members().is_empty() => {
            for (index, member) in object.members().iter().enumerate() {
                if index > 0 {
                    out.push('\n');
                    out.push_str(&margin);
                }
                quoted(&member.key, out, indent);
                out.push(':');
                let nested = match &member.value.kind {
                    Kind::List(items) | Kind::Set(items) if !items.is_empty() => Some(indent),
                    Kind::Object(inner) if !inner.members().is_empty() => Some(indent + 2),
                    _ => None,
                };
                if let Some(nested) = nested {
                    out.push('\n');
                    out.push_str(&" ".repeat(nested));
                    block(&member.value, nested, out)?;
                } else {
                    out.push(' ');
                    block(&member.value, indent, out)?;
                }
            }
        }
        _ => scalar(value, indent, out)?,
    }
    Ok(())
}

fn is_nested(value: &Value) -> bool {
    match &value.kind {
        Kind::List(items) | Kind::Set(items) => !items.is_empty(),
        Kind::Object(object) => !object.members().is_empty() || object.open.is_some(),
        _ => false,
    }
}

fn scalar(value: &Value, indent: usize, out: &mut String) -> Result<(), Stop> {
    match &value.kind {
        Kind::Null => out.push_str("null"),
        Kind::Bool(known) => out.push_str(if *known { "true" } else { "false" }),
        Kind::Number(known) => out.push_str(&known.to_string()),
        Kind::List(_) | Kind::Set(_) => out.push_str("[]"),
        Kind::Object(_) => out.push_str("{}"),
        Kind::Text(text) => text_scalar(&text.text, indent, out),
        Kind::Json(inner) => match rendered(inner, value.span).kind {
            Kind::Text(text) => text_scalar(&text.text, indent, out),
            _ => return Err(Stop::Unknown),
        },
        Kind::Partial(_) | Kind::Attribute(_) | Kind::Rest(_) | Kind::Unknown(_) => return Err(Stop::Unknown),
    }
    Ok(())
}

fn text_scalar(text: &str, indent: usize, out: &mut String) {
    if !text.contains('\n') || text.chars().any(|character| character != '\n' && needs_escape(character)) {
        return quoted(text, out, indent);
    }
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    let body = text.strip_suffix('\n');
    match body {
        None => out.push('-'),
        Some(body) if body.is_empty() || body.ends_with('\n') => out.push('+'),
        Some(_) => {}
    }
    let margin = " ".repeat(indent + 2);
    for line in body.unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&margin);
            out.push_str(line);
        }
    }
}

fn needs_escape(character: char) -> bool {
    matches!(character, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{2028}' | '\u{2029}')
}

/// Columns after which a space is a place to break the line.
const WIDTH: usize = 80;

fn quoted(text: &str, out: &mut String, indent: usize) {
    out.push('"');
    let last = text.chars().count().saturating_sub(1);
    let mut spaces = false;
    for (index, character) in text.chars().enumerate() {
        let column = out.rsplit('\n').next().map_or(0, |line| line.chars().count());
        if character == ' ' && !spaces && column > WIDTH && index > 0 && index < last {
            out.push('\n');
            out.push_str(&" ".repeat(indent + 2));
            let next = text.chars().nth(index + 1);
            if next == Some(' ') {
                out.push('\\');
            }
            spaces = true;
            continue;
        }
        spaces = character == ' ';
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            _ if needs_escape(character) => {
                let code = u32::from(character);
                out.push_str(&if code < 0x100 { format!("\\x{code:02X}") } else { format!("\\u{code:04X}") });
            }
            '\u{10000}'.. => out.push_str(&format!("\\U{:08X}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out.push('"');
}
