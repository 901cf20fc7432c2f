//! Messages: `<<text with {name} and {fact}>>`.

use super::{Compiler, kind, known};
use crate::facts::Shape;
use crate::rule::predicate::{Message, MessagePart};

impl Compiler<'_> {
    /// `{fact}` is a fact of the innermost enclosing element that has it; `{name}` is the logical id of the subject
    /// unless an enclosing element has a fact of that name.
    pub(super) fn message(&mut self, text: &str) -> Result<Message, String> {
        let mut parts = Vec::new();
        let mut rest = text.trim();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((key, after)) = after.split_once('}') else {
                return Err(format!("`{{` without `}}` in the message `{text}`"));
            };
            if !before.is_empty() {
                parts.push(MessagePart::Text(before.to_owned()));
            }
            let part = self.field(key)?;
            if matches!(&part, MessagePart::Field { up, .. } if up + 1 == self.scopes.len()) {
                self.shows.insert(key.to_owned());
            }
            parts.push(part);
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(MessagePart::Text(rest.to_owned()));
        }
        Ok(Message(parts))
    }

    fn field(&self, key: &str) -> Result<MessagePart, String> {
        let outermost = self.scopes.len().saturating_sub(1);
        for (up, scope) in self.scopes.iter().rev().enumerate() {
            if up == outermost && key == "name" {
                return Ok(MessagePart::SubjectName);
            }
            let Shape::Map { fields, .. } = known(&scope.item) else {
                continue;
            };
            if let Some(field) = fields.iter().find(|field| field.name == key) {
                let shown = match known(&field.shape) {
                    Shape::List(element) => known(element),
                    other => other,
                };
                return match shown {
                    Shape::Bool | Shape::Int | Shape::Text => Ok(MessagePart::Field { up, key: key.to_owned() }),
                    other => Err(format!("`{{{key}}}` in a message is {}, which has no text", kind(other))),
                };
            }
        }
        Err(format!("`{{{key}}}` in a message is no fact"))
    }
}
