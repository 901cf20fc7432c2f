//! Type constraints as they are written.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Field, Type, convert, number};
use crate::input::terraform::value::{Kind, Member, Object, Value};
use crate::source::Span;
use crate::source::hcl::{Call, Expression, ExpressionKind, UnaryOperator};

/// What is written is no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Malformed {
    pub span: Span,
    pub message: String,
}

/// Reads the type constraint of a variable.
pub fn parse(expression: &Expression) -> Result<Type, Malformed> {
    match &expression.kind {
        ExpressionKind::Variable(name) => named(name).ok_or_else(|| no_type(expression)),
        // As Terraform 0.11 wrote it.
        ExpressionKind::Template(_) => match expression.literal_text().as_deref() {
            Some("list") => Ok(Type::List(Box::new(Type::Text))),
            Some("map") => Ok(Type::Map(Box::new(Type::Text))),
            Some("string") => Ok(Type::Text),
            _ => Err(no_type(expression)),
        },
        ExpressionKind::Call(call) => constructed(call, expression),
        _ => Err(no_type(expression)),
    }
}

fn no_type(expression: &Expression) -> Malformed {
    Malformed { span: expression.span, message: "expected a type such as `string` or `list(string)`".to_owned() }
}

fn named(name: &str) -> Option<Type> {
    Some(match name {
        "any" => Type::Any,
        "bool" => Type::Bool,
        "number" => Type::Number,
        "string" => Type::Text,
        "list" => Type::List(Box::new(Type::Any)),
        "set" => Type::Set(Box::new(Type::Any)),
        "map" => Type::Map(Box::new(Type::Any)),
        _ => return None,
    })
}

fn constructed(call: &Call, expression: &Expression) -> Result<Type, Malformed> {
    let malformed = |message: &str| Malformed { span: expression.span, message: message.to_owned() };
    let [argument] = call.arguments.as_slice() else {
        return Err(malformed("a type constructor takes one argument"));
    };
    match &*call.name.text {
        "list" => Ok(Type::List(Box::new(parse(argument)?))),
        "set" => Ok(Type::Set(Box::new(parse(argument)?))),
        "map" => Ok(Type::Map(Box::new(parse(argument)?))),
        "tuple" => match &argument.kind {
            ExpressionKind::List(items) => items.iter().map(parse).collect::<Result<_, _>>().map(Type::Tuple),
            _ => Err(malformed("expected a list of types, such as `tuple([string, number])`")),
        },
        "object" => match &argument.kind {
            ExpressionKind::Object(items) => {
                let mut fields = BTreeMap::new();
                for item in items {
                    let name = name_of(&item.key).ok_or_else(|| malformed("an attribute's name must be literal"))?;
                    fields.insert(name, field(&item.value)?);
                }
                Ok(Type::Object(fields))
            }
            _ => Err(malformed("expected attributes and their types, such as `object({ name = string })`")),
        },
        _ => Err(no_type(expression)),
    }
}

fn field(expression: &Expression) -> Result<Field, Malformed> {
    let ExpressionKind::Call(call) = &expression.kind else {
        return Ok(Field { kind: parse(expression)?, optional: false, default: None });
    };
    if &*call.name.text != "optional" {
        return Ok(Field { kind: parse(expression)?, optional: false, default: None });
    }
    let malformed = |message: String| Malformed { span: expression.span, message };
    let (kind, default) = match call.arguments.as_slice() {
        [kind] => (kind, None),
        [kind, default] => (kind, Some(default)),
        _ => return Err(malformed("`optional` takes a type and a default".to_owned())),
    };
    let kind = parse(kind)?;
    let default = default
        .map(|default| {
            let value = literal(default).ok_or_else(|| malformed("a default must be a constant".to_owned()))?;
            let converted = convert(value, &kind);
            converted.map(Box::new).map_err(|mismatch| malformed(format!("the default does not fit: {mismatch}")))
        })
        .transpose()?;
    Ok(Field { kind, optional: true, default })
}

fn name_of(key: &Expression) -> Option<Arc<str>> {
    match &key.kind {
        ExpressionKind::Variable(name) => Some(Arc::clone(name)),
        _ => key.literal_text().map(Arc::from),
    }
}

/// The value of a constant expression.
fn literal(expression: &Expression) -> Option<Value> {
    let kind = match &expression.kind {
        ExpressionKind::Null => Kind::Null,
        ExpressionKind::Bool(known) => Kind::Bool(*known),
        ExpressionKind::Number(known) => Kind::Number(*known),
        ExpressionKind::Template(_) => return Some(Value::text(expression.span, expression.literal_text()?)),
        ExpressionKind::List(items) => Kind::List(items.iter().map(literal).collect::<Option<Vec<_>>>()?.into()),
        ExpressionKind::Object(items) => {
            let member = |key: &Expression, value: &Expression| {
                Some(Member { key: name_of(key)?, key_span: key.span, value: literal(value)? })
            };
            let members = items.iter().map(|item| member(&item.key, &item.value)).collect::<Option<Vec<_>>>()?;
            Kind::Object(Arc::new(Object::new(members)))
        }
        ExpressionKind::Unary(UnaryOperator::Negate, of) => match literal(of)?.kind {
            Kind::Number(known) => Kind::Number(number::negate(known)),
            _ => return None,
        },
        ExpressionKind::Unary(UnaryOperator::Not, of) => match literal(of)?.kind {
            Kind::Bool(known) => Kind::Bool(!known),
            _ => return None,
        },
        _ => return None,
    };
    Some(Value::new(expression.span, kind))
}
