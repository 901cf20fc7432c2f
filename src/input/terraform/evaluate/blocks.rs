//! Nested blocks → lists of objects, dynamic ones expanded.

use std::sync::Arc;

use super::expand::ANY;
use super::expression::Scope;
use super::loops::{Binding, Turn};
use super::run::{Fault, Run};
use crate::input::terraform::value::{Kind, Member, Object, Value};
use crate::source::Span;
use crate::source::hcl::{Block, Body, ExpressionKind};

const DYNAMIC: &str = "dynamic";

/// The type of a nested block, which of a dynamic one is its label.
fn kind_of(block: &Block) -> (&Arc<str>, Span) {
    match block.labels.first() {
        Some(label) if &*block.kind.text == DYNAMIC => (&label.text, label.span),
        _ => (&block.kind.text, block.kind.span),
    }
}

/// Names of arguments and nested blocks, each once, in source order.
pub(super) fn names(body: &Body) -> Vec<(&str, Span)> {
    let mut found: Vec<(&str, Span)> =
        body.attributes.iter().map(|attribute| (&*attribute.name.text, attribute.name.span)).collect();
    for block in &body.blocks {
        let (kind, span) = kind_of(block);
        if !found.iter().any(|(known, _)| *known == &**kind) {
            found.push((kind, span));
        }
    }
    found
}

/// The name of a type of nested blocks, if there are any.
pub(super) fn named<'b>(body: &'b Body, name: &str) -> Option<&'b str> {
    body.blocks.iter().map(|block| &**kind_of(block).0).find(|kind| *kind == name)
}

impl<'a> Run<'a> {
    /// The nested blocks of a type. `None` when all are dynamic and there are none in this world.
    pub(super) fn blocks(&self, body: &Body, name: &str, scope: Scope<'_, 'a>) -> Option<Value> {
        let mut items = Vec::new();
        let mut span = None;
        for block in body.blocks.iter().filter(|block| &**kind_of(block).0 == name) {
            let before = items.len();
            if &*block.kind.text == DYNAMIC {
                if let Err(fault) = self.dynamic(block, scope, &mut items) {
                    items.push(self.wrong(&fault, block.span));
                }
            } else {
                items.push(self.body(&block.body, block.span, scope));
            }
            if items.len() > before {
                span = span.or(Some(block.span));
            }
        }
        span.map(|span| Value::list(span, items))
    }

    /// The arguments and nested blocks of a body.
    fn body(&self, body: &Body, span: Span, scope: Scope<'_, 'a>) -> Value {
        let mut members = Vec::with_capacity(body.attributes.len());
        let deeper = self.deeper(span, || {
            for attribute in &body.attributes {
                let value = self.value(&attribute.value, scope);
                if !value.is_null() {
                    let key = Arc::clone(&attribute.name.text);
                    members.push(Member { key, key_span: attribute.name.span, value });
                }
            }
            if body.blocks.is_empty() {
                return Ok(());
            }
            for (name, key_span) in names(body).into_iter().skip(body.attributes.len()) {
                if let Some(value) = self.blocks(body, name, scope) {
                    members.push(Member { key: Arc::from(name), key_span, value });
                }
            }
            Ok(())
        });
        match deeper {
            Ok(Some(())) => Value::object(span, Object::new(members)),
            _ => Self::limit(span),
        }
    }

    fn dynamic(&self, block: &Block, scope: Scope<'_, 'a>, items: &mut Vec<Value>) -> Result<(), Fault> {
        let Some(collection) = block.body.attribute("for_each") else {
            return Err(Fault::new(block.kind.span, "a dynamic block needs `for_each`"));
        };
        let Some(content) = block.body.blocks_of("content").next() else {
            return Err(Fault::new(block.kind.span, "a dynamic block needs a `content` block"));
        };
        let iterator = match block.body.attribute("iterator").map(|iterator| &iterator.value.kind) {
            Some(ExpressionKind::Variable(name)) => name,
            _ => kind_of(block).0,
        };
        let collection = self.evaluate(&collection.value, scope)?;
        let span = collection.span;
        let turns = self.turns(&collection)?;
        let mut made = |key: Value, value: Value| {
            let member = |name: &str, value: Value| Member { key: Arc::from(name), key_span: span, value };
            let both = Object::new(vec![member("key", key), member("value", value)]);
            let both = Value::object(span, both);
            let binding = Binding { name: iterator, value: &both, outer: scope.bindings };
            items.push(self.body(&content.body, block.span, scope.bound(&binding)));
        };
        for turn in turns.list {
            match turn {
                Turn::One { key, value } => made(key, value),
                Turn::More(more) => {
                    if self.has_elements(&Value::new(span, Kind::Unknown(Arc::clone(&more))), scope)? {
                        let symbol = more.symbol.as_ref().map(|symbol| Arc::from(format!("keys({symbol}){ANY}")));
                        made(Value::unknown(span, more.reason.clone(), symbol), self.further(&more, span));
                    }
                }
            }
        }
        Ok(())
    }
}
