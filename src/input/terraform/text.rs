//! Text that is put together: templates, `join`, `format`, JSON with unknown parts.

use std::ops::Range;
use std::sync::Arc;

use super::types::{Mismatch, to_text};
use super::value::{Kind, Part, Piece, Text, Value};
use crate::source::Span;

impl Text {
    /// A part of the text, with its places.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let text: Arc<str> = Arc::from(self.text.get(range.clone()).unwrap_or_default());
        let Some(pieces) = &self.pieces else { return Self { text, pieces: None } };
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let first = pieces.partition_point(|piece| piece.start as usize <= range.start).saturating_sub(1);
        let covering =
            pieces.iter().enumerate().skip(first).take_while(|(_, piece)| (piece.start as usize) < range.end);
        let cut = covering.map(|(index, piece)| {
            let start = piece.start as usize;
            let end = pieces.get(index + 1).map_or(self.text.len(), |next| next.start as usize);
            let (from, to) = (start.max(range.start), end.min(range.end));
            let literal = (piece.span.end - piece.span.start) as usize == end - start;
            let within = |at: usize| piece.span.start as usize + at - start;
            let span = if literal { Span::new(piece.span.file, within(from), within(to)) } else { piece.span };
            Piece { start: offset(from - range.start), span }
        });
        let pieces: Arc<[Piece]> = cut.collect();
        Self { text, pieces: Some(pieces) }
    }
}

/// Text in the making: literals and values that are not known.
#[derive(Debug)]
pub struct Assembly {
    span: Span,
    parts: Vec<Part>,
    /// The literal that is being added to, and its pieces.
    literal: String,
    pieces: Vec<Piece>,
    /// The value that all of the text is, as long as nothing else was added.
    only: Option<Value>,
    sensitive: bool,
    /// Bytes of all literals, and one for each other part.
    length: usize,
}

impl Assembly {
    /// `span` is the place of the whole.
    pub fn new(span: Span) -> Self {
        Self {
            span,
            parts: Vec::new(),
            literal: String::new(),
            pieces: Vec::new(),
            only: None,
            sensitive: false,
            length: 0,
        }
    }

    /// Adds a literal and where it is written.
    pub fn literal(&mut self, text: &str, written: Span) {
        if text.is_empty() {
            return;
        }
        self.only = None;
        let start = u32::try_from(self.literal.len()).unwrap_or(u32::MAX);
        self.pieces.push(Piece { start, span: written });
        self.literal.push_str(text);
        self.length += text.len();
    }

    pub fn text(&mut self, text: &Text, written: Span) {
        let Some(pieces) = &text.pieces else { return self.literal(&text.text, written) };
        if text.text.is_empty() {
            return;
        }
        self.only = None;
        let base = u32::try_from(self.literal.len()).unwrap_or(u32::MAX);
        self.pieces
            .extend(pieces.iter().map(|piece| Piece { start: piece.start.saturating_add(base), span: piece.span }));
        self.literal.push_str(&text.text);
        self.length += text.text.len();
    }

    /// Adds a value as text; what has no text is refused. Parts that are not known stay parts.
    pub fn value(&mut self, value: &Value) -> Result<(), Mismatch> {
        let value = match &value.kind {
            // The text of a number of elements, none included.
            Kind::Rest(unknown) => Value::unknown(value.span, unknown.reason.clone(), None).marked(value.sensitive),
            _ => to_text(value.clone())?,
        };
        self.sensitive |= value.sensitive;
        let first = self.is_empty();
        match &value.kind {
            Kind::Text(text) => self.text(text, value.span),
            Kind::Partial(parts) => {
                for part in parts.iter() {
                    self.part(part);
                }
            }
            Kind::Json(inner) => super::functions::write_json(inner, self),
            Kind::Attribute(_) | Kind::Unknown(_) | Kind::Rest(_) => self.hole(value.clone()),
            Kind::Null => return Err(Mismatch::of_null()),
            Kind::Bool(_) | Kind::Number(_) | Kind::List(_) | Kind::Set(_) | Kind::Object(_) => {}
        }
        self.only = first.then_some(value);
        Ok(())
    }

    pub fn part(&mut self, part: &Part) {
        match part {
            Part::Literal(text, span) => self.text(text, *span),
            Part::Value(value) => self.hole(value.clone()),
        }
    }

    /// Adds a part that is not known, whatever it is.
    pub fn unknown(&mut self, value: Value) {
        self.hole(value);
    }

    /// Makes the whole sensitive.
    pub fn mark(&mut self) {
        self.sensitive = true;
    }

    /// Adds a part that is not known.
    fn hole(&mut self, value: Value) {
        self.only = None;
        self.sensitive |= value.sensitive;
        self.flush();
        self.parts.push(Part::Value(value));
        self.length += 1;
    }

    /// How long it is so far.
    pub fn length(&self) -> usize {
        self.length
    }

    fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.literal.is_empty()
    }

    fn flush(&mut self) {
        if self.literal.is_empty() {
            return;
        }
        let text = self.take();
        self.parts.push(Part::Literal(text, self.span));
    }

    fn take(&mut self) -> Text {
        let literal = std::mem::take(&mut self.literal);
        let pieces = std::mem::take(&mut self.pieces);
        // Only a document is looked into.
        let pieces = literal.contains(['\n', '{', '[']).then(|| pieces.into());
        Text { text: Arc::from(literal), pieces }
    }

    pub fn finish(mut self) -> Value {
        if let Some(only) = self.only {
            return only.at(self.span).marked(self.sensitive);
        }
        let kind = if self.parts.is_empty() {
            Kind::Text(self.take())
        } else {
            self.flush();
            match self.parts.as_slice() {
                [Part::Value(only)] => only.kind.clone(),
                _ => Kind::Partial(self.parts.into()),
            }
        };
        Value::new(self.span, kind).marked(self.sensitive)
    }
}
