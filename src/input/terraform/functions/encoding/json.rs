//! JSON as Terraform writes it: compact, keys in order, angle brackets and ampersands escaped.

use crate::input::terraform::decode;
use crate::input::terraform::functions::{Call, Outcome, Stop};
use crate::input::terraform::text::Assembly;
use crate::input::terraform::types::number;
use crate::input::terraform::value::{Kind, Member, Object, Part, Value};
use crate::source::Span;

/// The text of a value, with parts where it is not known.
pub(in crate::input::terraform) fn text(value: &Value, span: Span) -> Value {
    let mut written = Assembly::new(span);
    write(value, &mut written);
    written.finish()
}

/// Writes a value as JSON. What is not known becomes a part, quoted when it is an attribute, which is text nearly
/// always.
pub(in crate::input::terraform) fn write(value: &Value, to: &mut Assembly) {
    let span = value.span;
    match &value.kind {
        Kind::Null => to.literal("null", span),
        Kind::Bool(known) => to.literal(if *known { "true" } else { "false" }, span),
        Kind::Number(known) => to.literal(&known.to_string(), span),
        Kind::Text(text) => to.literal(&format!("\"{}\"", escaped(&text.text)), span),
        Kind::Partial(parts) => {
            to.literal("\"", span);
            for part in parts.iter() {
                match part {
                    Part::Literal(text, span) => to.literal(&escaped(&text.text), *span),
                    Part::Value(_) => to.part(part),
                }
            }
            to.literal("\"", span);
        }
        Kind::Json(inner) => match text(inner, span).kind {
            Kind::Text(inner) => to.literal(&format!("\"{}\"", escaped(&inner.text)), span),
            Kind::Partial(parts) => write(&Value::new(span, Kind::Partial(parts)), to),
            _ => write(inner, to),
        },
        Kind::List(items) | Kind::Set(items) => {
            to.literal("[", span);
            let mut first = true;
            for item in items.iter() {
                // Further elements, if there are any, have the commas on both of their sides.
                let further = matches!(item.kind, Kind::Rest(_));
                if !std::mem::replace(&mut first, further) && !further {
                    to.literal(",", span);
                }
                write(item, to);
            }
            to.literal("]", span);
        }
        // Further members may stand anywhere among the others.
        Kind::Object(object) if object.open.is_some() => {
            if let Some(open) = &object.open {
                to.part(&Part::Value(Value::unknown(span, open.reason.clone(), None)));
            }
        }
        Kind::Object(object) => {
            to.literal("{", span);
            for (index, member) in object.members().iter().enumerate() {
                if index > 0 {
                    to.literal(",", span);
                }
                to.literal(&format!("\"{}\":", escaped(&member.key)), member.key_span);
                write(&member.value, to);
            }
            to.literal("}", span);
        }
        Kind::Attribute(_) => {
            to.literal("\"", span);
            to.part(&Part::Value(value.clone()));
            to.literal("\"", span);
        }
        Kind::Rest(unknown) => to.part(&Part::Value(Value::unknown(span, unknown.reason.clone(), None))),
        Kind::Unknown(_) => to.part(&Part::Value(value.clone())),
    }
    if value.sensitive {
        to.mark();
    }
}

/// As Go's encoder escapes, which Terraform uses.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => out.push(character),
        }
    }
    out
}

pub(super) fn decode(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    if let Kind::Json(inner) = &value.kind {
        return Ok(decoded(inner));
    }
    // The reader of documents is more tolerant.
    let known = match &value.kind {
        Kind::Text(text) => {
            let parsed = serde_json::from_str(&text.text);
            Some(parsed.map_err(|error| Stop::Error(Some(0), format!("is not JSON: {error}")))?)
        }
        _ => None,
    };
    if let Some(found) = decode::structure(value) {
        return Ok(found);
    }
    let scalar: serde_json::Value = known.ok_or(Stop::Unknown)?;
    let kind = match &scalar {
        serde_json::Value::Null => Kind::Null,
        serde_json::Value::Bool(known) => Kind::Bool(*known),
        serde_json::Value::Number(known) => {
            Kind::Number(number::parse(&known.to_string()).ok_or(Stop::Limit("too large a number"))?)
        }
        serde_json::Value::String(text) => return call.give_text(text.as_str()),
        _ => return call.refuse(0, "is not JSON"),
    };
    call.give(kind)
}

/// What a value is after a way through JSON: no sets, no types, no marks of documents.
fn decoded(value: &Value) -> Value {
    match &value.kind {
        Kind::List(items) | Kind::Set(items) => Value::list(value.span, items.iter().map(decoded).collect::<Vec<_>>()),
        Kind::Object(object) => {
            let members = object.members().iter();
            let members = members.map(|member| Member { value: decoded(&member.value), ..member.clone() });
            let mut plain = Object::new(members.collect());
            plain.open.clone_from(&object.open);
            Value::object(value.span, plain)
        }
        _ => value.clone(),
    }
    .marked(value.sensitive)
}
