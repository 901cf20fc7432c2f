//! Templates: text with interpolations and directives.

use std::sync::Arc;

use super::expression::Scope;
use super::loops::Binding;
use super::run::{Fault, Run};
use crate::input::terraform::types::to_text;
use crate::input::terraform::value::{Kind, Part, Piece, Text, Value};
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
                let pieces = may_be_document(text).then(|| Arc::from([Piece { start: 0, span: *at }]));
                return Ok(Value::new(span, Kind::Text(Text { text: Arc::clone(text), pieces })));
            }
            _ => {}
        }
        let mut writer = Writer::default();
        self.write(parts, scope, &mut writer)?;
        Ok(writer.finish(span))
    }

    fn write(&self, parts: &[TemplatePart], scope: Scope<'_, 'a>, writer: &mut Writer) -> Result<(), Fault> {
        for part in parts {
            if writer.length > MAX_TEXT {
                return Ok(());
            }
            match part {
                TemplatePart::Literal(text, span) => writer.literal(text, *span),
                TemplatePart::Interpolation(expression) => {
                    let value = self.evaluate(expression, scope).and_then(|value| textual(value));
                    writer.value(self.recover(value, expression.span)?);
                }
                TemplatePart::If(choice) => {
                    let condition = self.evaluate(&choice.condition, scope)?;
                    writer.sensitive |= condition.sensitive;
                    let taken = if self.decide(condition, scope)? { &choice.then } else { &choice.otherwise };
                    self.write(taken, scope, writer)?;
                }
                TemplatePart::For(each) => {
                    let collection = self.evaluate(&each.collection, scope)?;
                    writer.sensitive |= collection.sensitive;
                    let span = collection.span;
                    let turns = self.turns(&collection)?;
                    for (key, value) in &turns.list {
                        self.spend(each.body.len());
                        let outer = Binding { name: &each.value, value, outer: scope.bindings };
                        let inner = each.key.as_deref().map(|name| Binding { name, value: key, outer: Some(&outer) });
                        self.write(&each.body, scope.bound(inner.as_ref().unwrap_or(&outer)), writer)?;
                    }
                    if let Some(more) = turns.more {
                        writer.value(Value::new(span, Kind::Unknown(more)));
                    }
                }
            }
        }
        Ok(())
    }
}

fn textual(value: Value) -> Result<Value, Fault> {
    let span = value.span;
    if value.is_null() {
        return Err(Fault::new(span, "a null value cannot stand in a text"));
    }
    to_text(value).map_err(|mismatch| Fault::new(span, mismatch.to_string()))
}

/// Whether the places of its pieces may be of use.
pub(super) fn may_be_document(text: &str) -> bool {
    text.contains(['\n', '{'])
}

/// Text in the making.
#[derive(Default)]
struct Writer {
    done: Vec<Part>,
    text: String,
    pieces: Vec<Piece>,
    length: usize,
    sensitive: bool,
}

impl Writer {
    fn literal(&mut self, text: &str, span: Span) {
        self.length += text.len();
        let start = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.pieces.push(Piece { start, span });
        self.text.push_str(text);
    }

    /// Of text that is made of pieces, each piece stays at its place.
    fn text(&mut self, text: &Text, span: Span) {
        match &text.pieces {
            Some(pieces) => {
                let offset = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
                let moved = |piece: &Piece| Piece { start: piece.start.saturating_add(offset), ..*piece };
                self.pieces.extend(pieces.iter().map(moved));
                self.length += text.text.len();
                self.text.push_str(&text.text);
            }
            None => self.literal(&text.text, span),
        }
    }

    fn value(&mut self, value: Value) {
        self.sensitive |= value.sensitive;
        match &value.kind {
            Kind::Text(text) => self.text(text, value.span),
            Kind::Partial(parts) => {
                for part in parts.iter() {
                    match part {
                        Part::Literal(text, span) => self.text(text, *span),
                        Part::Value(inner) => self.part(inner.clone()),
                    }
                }
            }
            _ => self.part(value),
        }
    }

    fn part(&mut self, value: Value) {
        self.flush();
        self.length += 1;
        self.done.push(Part::Value(value));
    }

    fn flush(&mut self) {
        if self.text.is_empty() {
            self.pieces.clear();
            return;
        }
        let (Some(first), Some(last)) = (self.pieces.first(), self.pieces.last()) else { return };
        let whole = first.span.join(last.span);
        let text = std::mem::take(&mut self.text);
        let pieces = std::mem::take(&mut self.pieces);
        let pieces = may_be_document(&text).then(|| Arc::from(pieces));
        self.done.push(Part::Literal(Text { text: Arc::from(text), pieces }, whole));
    }

    fn finish(mut self, span: Span) -> Value {
        if self.length > MAX_TEXT {
            let reason = Reason::Limit(Arc::from("the text is too long"));
            return Value::unknown(span, reason, None).marked(self.sensitive);
        }
        self.flush();
        let kind = match self.done.len() {
            0 => Kind::Text(Text { text: Arc::from(""), pieces: None }),
            1 => match self.done.pop() {
                Some(Part::Literal(text, _)) => Kind::Text(text),
                Some(part) => Kind::Partial(Arc::from([part])),
                None => Kind::Null,
            },
            _ => Kind::Partial(Arc::from(self.done)),
        };
        Value::new(span, kind).marked(self.sensitive)
    }
}
