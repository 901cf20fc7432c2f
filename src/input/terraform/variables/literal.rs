//! Files of values (`.tfvars`): literals only, so nothing is evaluated.

use std::sync::Arc;

use crate::input::terraform::types::number;
use crate::input::terraform::value::{Kind, Member, Object, Text, Value};
use crate::source::hcl::{self, Expression, ExpressionKind, Name, UnaryOperator};
use crate::source::{FileId, Limits, Node, NodeValue, Scalar, SourceMap, Span, SyntaxError, parse};

/// The values in a file, by its name HCL or JSON.
pub(super) fn values(file: FileId, sources: &SourceMap) -> (Vec<(Name, Value)>, Vec<SyntaxError>) {
    if std::path::Path::new(&sources.file(file).name).extension().is_some_and(|extension| extension == "json") {
        return match parse(sources, file, Limits::default()) {
            Ok(parsed) => from_json(file, parsed.documents.first()),
            Err(syntax) => (Vec::new(), vec![syntax]),
        };
    }
    let hcl::Parsed { body, mut errors } = hcl::parse(sources, file);
    errors.extend(body.blocks.iter().map(|block| SyntaxError {
        message: "a file of values has no blocks; write `name = value`".to_owned(),
        span: block.kind.span,
    }));
    let mut values = Vec::new();
    for attribute in body.attributes {
        match value(&attribute.value) {
            Ok(value) => values.push((attribute.name, value)),
            Err(syntax) => errors.push(syntax),
        }
    }
    (values, errors)
}

/// The value of an expression that refers to nothing.
pub(super) fn value(expression: &Expression) -> Result<Value, SyntaxError> {
    let span = expression.span;
    let kind = match &expression.kind {
        ExpressionKind::Null => Kind::Null,
        ExpressionKind::Bool(flag) => Kind::Bool(*flag),
        ExpressionKind::Number(number) => Kind::Number(*number),
        ExpressionKind::Unary(UnaryOperator::Negate, inner) => match value(inner)?.kind {
            Kind::Number(number) => Kind::Number(number::negate(number)),
            _ => return Err(not_literal(span)),
        },
        ExpressionKind::Template(_) => match expression.literal_text() {
            Some(text) => return Ok(Value::text(span, text)),
            None => return Err(not_literal(span)),
        },
        ExpressionKind::List(items) => {
            let items = items.iter().map(value).collect::<Result<Vec<Value>, SyntaxError>>()?;
            return Ok(Value::list(span, items));
        }
        ExpressionKind::Object(items) => {
            let member = |item: &hcl::ObjectItem| {
                let key = match &value(&item.key)?.kind {
                    Kind::Text(text) => Arc::clone(&text.text),
                    Kind::Number(number) => Arc::from(number.to_string()),
                    Kind::Bool(flag) => Arc::from(flag.to_string()),
                    _ => return Err(not_literal(item.key.span)),
                };
                Ok(Member { key, key_span: item.key.span, value: value(&item.value)? })
            };
            let members = items.iter().map(member).collect::<Result<Vec<Member>, SyntaxError>>()?;
            return Ok(Value::object(span, Object::new(members)));
        }
        _ => return Err(not_literal(span)),
    };
    Ok(Value::new(span, kind))
}

fn not_literal(span: Span) -> SyntaxError {
    SyntaxError { message: "a given value is literal: no references, functions or operators".to_owned(), span }
}

fn from_json(file: FileId, document: Option<&Node>) -> (Vec<(Name, Value)>, Vec<SyntaxError>) {
    let Some(entries) = document.and_then(Node::as_map) else {
        let span = document.map_or(Span::new(file, 0, 0), |document| document.span);
        let message = "a file of values is one mapping of names to values".to_owned();
        return (Vec::new(), vec![SyntaxError { message, span }]);
    };
    let value = |entry: &crate::source::Entry| {
        (Name { text: Arc::from(&*entry.key), span: entry.key_span }, json_value(&entry.value))
    };
    (entries.iter().map(value).collect(), Vec::new())
}

fn json_value(node: &Node) -> Value {
    match &node.value {
        NodeValue::Null => Value::null(node.span),
        NodeValue::Scalar(scalar) => Value::new(node.span, json_scalar(scalar)),
        NodeValue::Seq(items) => Value::list(node.span, items.iter().map(json_value).collect::<Vec<_>>()),
        NodeValue::Map(entries) => {
            let members = entries.iter().map(|entry| Member {
                key: Arc::from(&*entry.key),
                key_span: entry.key_span,
                value: json_value(&entry.value),
            });
            Value::object(node.span, Object::new(members.collect()))
        }
    }
}

fn json_scalar(scalar: &Scalar) -> Kind {
    let text = &*scalar.text;
    match text {
        "true" | "false" if scalar.plain => Kind::Bool(text == "true"),
        _ if scalar.plain => number::parse(text).map_or_else(|| text_kind(text), Kind::Number),
        _ => text_kind(text),
    }
}

fn text_kind(text: &str) -> Kind {
    Kind::Text(Text { text: Arc::from(text), pieces: None })
}
