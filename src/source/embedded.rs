//! Documents inside of a scalar: policy documents as JSON strings, state machine definitions, API bodies.
//!
//! Their spans point into the file as it was written, through quotes, escapes and block scalars, so that a finding in
//! an embedded document shows the line that causes it.

mod scan;

use std::ops::Range;

use super::{FileId, Limits, Node, Parsed, SourceMap, Span, SyntaxError};

/// The decoded text of a scalar and where each part of it is written.
#[derive(Clone, Debug)]
pub struct TextMap {
    text: String,
    /// The whole scalar.
    span: Span,
    /// In order, covering the text without gaps.
    pieces: Vec<Piece>,
}

/// A stretch of decoded text and the file's bytes that it comes from. Of equal length: byte for byte; otherwise (an
/// escape, a folded line break, a replacement) only as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    decoded: Range<usize>,
    source: Range<usize>,
}

impl TextMap {
    /// Maps the text of a scalar that is written at `span`. Where the file does not say `text` at that place (the
    /// value came from elsewhere, or is itself part of an embedded document), every part maps to the whole span.
    pub fn new(sources: &SourceMap, span: Span, text: &str) -> Self {
        let file = sources.file(span.file);
        let source = file.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let pieces = scan::pieces(source, text)
            .unwrap_or_else(|| vec![Piece { decoded: 0..text.len(), source: 0..source.len() }]);
        let base = span.start as usize;
        let pieces = pieces
            .into_iter()
            .map(|piece| Piece { source: piece.source.start + base..piece.source.end + base, ..piece })
            .collect();
        Self { text: text.to_owned(), span, pieces }
    }

    /// A text that is put together from pieces. One that is as long as its place maps byte for byte; one that is
    /// written in another file than `span` maps to all of `span`.
    pub fn of(span: Span, pieces: &[(String, Span)]) -> Self {
        let mut map = Self { text: String::new(), span, pieces: Vec::new() };
        for (text, written) in pieces {
            let place = if written.file == span.file { *written } else { span };
            map.push(text, place.start as usize..place.end as usize);
        }
        map
    }

    /// Maps the text of what is written at `span`: a scalar, or the template of a `Fn::Sub` in any of its spellings.
    /// `None` when it is neither.
    pub fn written(sources: &SourceMap, span: Span) -> Option<Self> {
        let source = sources.slice(span);
        let parsed = super::parse_text(span.file, &source, Limits::default()).ok()?;
        let mut at = parsed.documents.first()?;
        if let Some([entry]) = at.as_map() {
            at = &entry.value;
        }
        if let Some([first, ..]) = at.as_seq() {
            at = first;
        }
        let text = at.as_str()?;
        let base = span.start as usize;
        let inner = Span::new(span.file, base + at.span.start as usize, base + at.span.end as usize);
        Some(Self::new(sources, inner, text))
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The whole scalar as it is written.
    pub fn whole(&self) -> Span {
        self.span
    }

    /// The stretches of the text, each from an offset to the next one's, and where they are written.
    pub fn pieces(&self) -> impl Iterator<Item = (usize, Span)> {
        let place = |piece: &Piece| Span::new(self.span.file, piece.source.start, piece.source.end);
        self.pieces.iter().map(move |piece| (piece.decoded.start, place(piece)))
    }

    /// Where a range of the decoded text is written.
    pub fn span(&self, decoded: Range<usize>) -> Span {
        let start = self.piece(decoded.start).map_or(self.span.end as usize, |piece| {
            if piece.is_literal() {
                piece.source.start + (decoded.start - piece.decoded.start)
            } else {
                piece.source.start
            }
        });
        let end = match decoded.end.checked_sub(1).filter(|last| *last >= decoded.start) {
            Some(last) => self.piece(last).map_or(self.span.end as usize, |piece| {
                if piece.is_literal() {
                    piece.source.start + (decoded.end - piece.decoded.start)
                } else {
                    piece.source.end
                }
            }),
            None => start,
        };
        Span::new(self.span.file, start, end)
    }

    /// The text with some ranges replaced, for instance placeholders by their values. What is inserted maps to what
    /// it replaces. The edits are in ascending order; one that overlaps its predecessor or lies outside is left out.
    #[must_use]
    pub fn replace(&self, edits: &[(Range<usize>, String)]) -> Self {
        let mut changed = Self { text: String::new(), span: self.span, pieces: Vec::new() };
        let mut at = 0;
        for (range, with) in edits {
            if range.start < at || self.text.get(range.clone()).is_none() {
                continue;
            }
            changed.append(self, at..range.start);
            let written = self.span(range.clone());
            changed.push(with, written.start as usize..written.end as usize);
            at = range.end;
        }
        changed.append(self, at..self.text.len());
        changed
    }

    /// Parses the text as JSON or YAML; all spans, those of errors included, point into the file.
    pub fn parse(&self, limits: Limits) -> Result<Parsed, SyntaxError> {
        let to_file = |span: Span| self.span(span.start as usize..span.end as usize);
        match super::parse_text(self.span.file, &self.text, limits) {
            Ok(mut parsed) => {
                parsed.map_spans(&to_file);
                Ok(parsed)
            }
            Err(error) => Err(SyntaxError { span: to_file(error.span), ..error }),
        }
    }

    fn piece(&self, decoded: usize) -> Option<&Piece> {
        self.pieces.get(self.pieces.partition_point(|piece| piece.decoded.end <= decoded))
    }

    fn push(&mut self, text: &str, source: Range<usize>) {
        if !text.is_empty() {
            let start = self.text.len();
            self.text.push_str(text);
            self.pieces.push(Piece { decoded: start..self.text.len(), source });
        }
    }

    fn append(&mut self, other: &Self, range: Range<usize>) {
        let first = other.pieces.partition_point(|piece| piece.decoded.end <= range.start);
        for piece in other.pieces.iter().skip(first).take_while(|piece| piece.decoded.start < range.end) {
            let part = piece.decoded.start.max(range.start)..piece.decoded.end.min(range.end);
            let written = other.span(part.clone());
            self.push(other.text.get(part).unwrap_or_default(), written.start as usize..written.end as usize);
        }
    }
}

impl Piece {
    fn is_literal(&self) -> bool {
        self.decoded.len() == self.source.len()
    }
}

/// Parses the document inside of a scalar. `None` when the node is no scalar.
pub fn parse_embedded(sources: &SourceMap, scalar: &Node, limits: Limits) -> Option<Result<Parsed, SyntaxError>> {
    let text = scalar.as_str()?;
    Some(TextMap::new(sources, scalar.span, text).parse(limits))
}

impl Parsed {
    /// Moves every span, for a text that is part of, or a changed copy of, a file.
    pub(super) fn map_spans(&mut self, to_file: &impl Fn(Span) -> Span) {
        for document in &mut self.documents {
            document.map_spans(to_file);
        }
        for duplicate in &mut self.duplicates {
            duplicate.first = to_file(duplicate.first);
            duplicate.last = to_file(duplicate.last);
        }
    }
}

impl Node {
    fn map_spans(&mut self, to_file: &impl Fn(Span) -> Span) {
        self.span = to_file(self.span);
        if let Some(tag) = &mut self.tag {
            tag.span = to_file(tag.span);
        }
        match &mut self.value {
            super::NodeValue::Seq(items) => items.iter_mut().for_each(|item| item.map_spans(to_file)),
            super::NodeValue::Map(entries) => {
                for entry in entries {
                    entry.key_span = to_file(entry.key_span);
                    entry.value.map_spans(to_file);
                }
            }
            super::NodeValue::Null | super::NodeValue::Scalar(_) => {}
        }
    }
}

/// A changed copy of a text, with the way back to the original's offsets.
pub(super) struct Inserted {
    pub(super) text: String,
    /// Offset in the original before which something was inserted, and the length of all insertions up to there.
    at: Vec<(usize, usize)>,
}

impl Inserted {
    /// Inserts `count` spaces before each of the ascending offsets.
    pub(super) fn spaces(original: &str, insertions: &[(usize, usize)]) -> Self {
        let mut text = String::with_capacity(original.len());
        let mut at = Vec::with_capacity(insertions.len());
        let (mut copied, mut total) = (0, 0);
        for (offset, count) in insertions {
            text.push_str(original.get(copied..*offset).unwrap_or_default());
            text.extend(std::iter::repeat_n(' ', *count));
            copied = *offset;
            total += count;
            at.push((*offset, total));
        }
        text.push_str(original.get(copied..).unwrap_or_default());
        Self { text, at }
    }

    /// The original offset of an offset in the changed text.
    pub(super) fn original(&self, offset: usize) -> usize {
        let after = self.at.partition_point(|(at, total)| at + total <= offset);
        let inserted = after.checked_sub(1).and_then(|last| self.at.get(last)).map_or(0, |(_, total)| *total);
        let limit = self.at.get(after).map_or(usize::MAX, |(at, _)| *at);
        (offset - inserted).min(limit)
    }

    pub(super) fn span(&self, file: FileId, span: Span) -> Span {
        Span::new(file, self.original(span.start as usize), self.original(span.end as usize))
    }
}
