//! Templates: text with interpolations and directives.

use std::sync::Arc;

use super::expression::Scope;
use super::loops::{Binding, Turn};
use super::run::{Fault, Run};
use crate::input::terraform::text::Assembly;
use crate::input::terraform::value::{Kind, Piece, Text, Value};
use crate::source::Span;
use crate::source::hcl::TemplatePart;
use crate::value::Reason;

/// Bytes of one text.
const MAX_TEXT: usize = 4 * 1024 * 1024;

impl<'a> Run<'a> {
    pub(super) fn template(&self, parts: &[TemplatePart], span: Span, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        match parts {
            [] => return Ok(Value::text(span, "")),
            // What is only interpolated stays what it is.
            [TemplatePart::Interpolation(expression)] => return self.evaluate(expression, scope),
            [TemplatePart::Literal(text, at)] => {
                // Only of what may be a document the places of its pieces are of use.
                let pieces = text.contains(['\n', '{', '[']).then(|| Arc::from([Piece { start: 0, span: *at }]));
                return Ok(Value::new(span, Kind::Text(Text { text: Arc::clone(text), pieces })));
            }
            _ => {}
        }
        let mut assembly = Assembly::new(span);
        self.write(parts, scope, &mut assembly)?;
        if assembly.length() > MAX_TEXT {
            return Ok(Value::unknown(span, Reason::Limit(Arc::from("the text is too long")), None));
        }
        Ok(assembly.finish())
    }

    fn write(&self, parts: &[TemplatePart], scope: Scope<'_, 'a>, assembly: &mut Assembly) -> Result<(), Fault> {
        for part in parts {
            if assembly.length() > MAX_TEXT {
                return Ok(());
            }
            match part {
                TemplatePart::Literal(text, span) => assembly.literal(text, *span),
                TemplatePart::Interpolation(expression) => {
                    let span = expression.span;
                    let value = self.evaluate(expression, scope).map(|value| value.at(span));
                    let value = self.recover(value, span)?;
                    if let Err(mismatch) = assembly.value(&value) {
                        let wrong = self.recover(Err(Fault::new(span, mismatch.to_string())), span)?;
                        assembly.unknown(wrong);
                    }
                }
                TemplatePart::If(choice) => {
                    let condition = self.evaluate(&choice.condition, scope)?;
                    if condition.sensitive {
                        assembly.mark();
                    }
                    let taken = if self.decide(condition, scope)? { &choice.then } else { &choice.otherwise };
                    self.write(taken, scope, assembly)?;
                }
                TemplatePart::For(each) => {
                    let collection = self.evaluate(&each.collection, scope)?;
                    if collection.sensitive {
                        assembly.mark();
                    }
                    let span = collection.span;
                    let turns = self.turns(&collection)?;
                    for turn in &turns.list {
                        self.spend(each.body.len());
                        let (key, value) = match turn {
                            Turn::One { key, value } => (key, value),
                            Turn::More(more) => {
                                assembly.unknown(Value::new(span, Kind::Unknown(Arc::clone(more))));
                                continue;
                            }
                        };
                        let outer = Binding { name: &each.value, value, outer: scope.bindings };
                        let inner = each.key.as_deref().map(|name| Binding { name, value: key, outer: Some(&outer) });
                        self.write(&each.body, scope.bound(inner.as_ref().unwrap_or(&outer)), assembly)?;
                    }
                }
            }
        }
        Ok(())
    }
}
