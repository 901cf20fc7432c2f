//! Characters, blanks, comments and identifiers of the native syntax, and where they stand.

use std::sync::Arc;

use super::{Name, Span, SyntaxError};
use crate::source::FileId;

/// How deep blocks, brackets, templates and branches may be nested. Written by hand, nobody reaches it; without it a
/// file of brackets would exhaust the stack.
pub(super) const DEPTH: usize = 100;

/// How high a tree may become, counting the operators of a chain (`a || b || c`): whoever walks it recurses so deep.
pub(super) const HEIGHT: usize = 200;

const REPORTED: usize = 200;

pub(super) type Result<T> = std::result::Result<T, SyntaxError>;

/// Where a text stands in its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) file: FileId,
    /// The file's offset of the text's first byte.
    pub(super) base: usize,
    /// For a text that was decoded: (offset in the text, offset in the file) where the distance of both changes.
    pub(super) jumps: &'a [(usize, usize)],
}

impl Place<'_> {
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, self.offset(start), self.offset(end))
    }

    /// The first offset between two others where the distance to the file's offsets changes.
    pub(super) fn jump_within(&self, start: usize, end: usize) -> Option<usize> {
        let next = self.jumps.partition_point(|(text, _)| *text <= start);
        self.jumps.get(next).map(|(text, _)| *text).filter(|text| *text < end)
    }

    fn offset(&self, at: usize) -> usize {
        let next = self.jumps.partition_point(|(text, _)| *text <= at);
        match next.checked_sub(1).and_then(|last| self.jumps.get(last)) {
            Some((text, file)) => file + (at - text),
            None => self.base + at,
        }
    }
}

/// Reads one text. What is wrong but leaves no doubt about what is meant goes to `errors`; what stops the
/// construct is returned.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) place: Place<'a>,
    /// A new line ends the expression: in a body and in an object, not within other brackets.
    pub(super) newline_ends: bool,
    pub(super) depth: usize,
    /// Of the tallest expression read since it was last cleared.
    pub(super) height: usize,
    pub(super) errors: Vec<SyntaxError>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, place: Place<'a>) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, bytes: text.as_bytes(), at, place, newline_ends: true, depth: 0, height: 0, errors: Vec::new() }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn peek_after(&self, distance: usize) -> Option<u8> {
        self.bytes.get(self.at + distance).copied()
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<()> {
        self.skip();
        if !self.rest().starts_with(text) {
            return Err(self.expected(&format!("`{text}`")));
        }
        self.at += text.len();
        Ok(())
    }

    /// Passes over blanks and comments, and over line ends where they mean nothing.
    pub(super) fn skip(&mut self) {
        self.blanks(!self.newline_ends);
    }

    /// Passes over blanks, comments and line ends.
    pub(super) fn skip_lines(&mut self) {
        self.blanks(true);
    }

    fn blanks(&mut self, lines: bool) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\n') if lines => self.at += 1,
                Some(b'#') => self.line_comment(),
                Some(b'/') if self.peek_after(1) == Some(b'/') => self.line_comment(),
                Some(b'/') if self.peek_after(1) == Some(b'*') => {
                    let comment = self.text.get(self.at + 2..).and_then(|rest| rest.find("*/"));
                    if comment.is_none() {
                        self.report(self.error("the comment is not closed", self.at, self.at + 2));
                    }
                    self.at = comment.map_or(self.text.len(), |length| self.at + 2 + length + 2);
                }
                _ => return,
            }
        }
    }

    fn line_comment(&mut self) {
        self.at = self.line_end(self.at);
    }

    /// The offset of the next line feed, or of the end.
    pub(super) fn line_end(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        rest.iter().position(|byte| *byte == b'\n').map_or(self.text.len(), |length| from + length)
    }

    /// The identifier that is next, not passed over.
    pub(super) fn peek_identifier(&self) -> Option<&'a str> {
        let rest = self.rest();
        let ascii = rest
            .bytes()
            .position(|byte| !matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-'))
            .unwrap_or(rest.len());
        let end = match rest.as_bytes().get(ascii) {
            Some(128..) => rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len()),
            _ => ascii,
        };
        let identifier = rest.get(..end)?;
        identifier.starts_with(|c: char| c.is_alphabetic() || c == '_').then_some(identifier)
    }

    pub(super) fn identifier(&mut self, what: &str) -> Result<Name> {
        self.skip();
        let Some(text) = self.peek_identifier() else { return Err(self.expected(what)) };
        let start = self.at;
        self.at += text.len();
        Ok(Name { text: Arc::from(text), span: self.place.span(start, self.at) })
    }

    /// Passes over a word that has a meaning here.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        self.skip();
        let found = self.peek_identifier() == Some(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// What stands between brackets: there, line ends mean something (an object) or nothing.
    pub(super) fn within<T>(&mut self, newline_ends: bool, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outside = std::mem::replace(&mut self.newline_ends, newline_ends);
        let inside = parse(self);
        self.newline_ends = outside;
        inside
    }

    /// One level deeper.
    pub(super) fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH {
            let message = format!("nested more than {DEPTH} levels deep");
            return Err(self.error(message, self.at, self.at + 1));
        }
        let outside = self.depth;
        self.depth += 1;
        let inside = parse(self);
        self.depth = outside;
        inside
    }

    /// Notes what does not stop the construct. Of a text full of it, enough is noted to find it.
    pub(super) fn report(&mut self, error: SyntaxError) {
        if self.errors.len() < REPORTED {
            self.errors.push(error);
        }
    }

    pub(super) fn error(&self, message: impl Into<String>, start: usize, end: usize) -> SyntaxError {
        let end = end.min(self.text.len());
        SyntaxError { message: message.into(), span: self.place.span(start.min(end), end) }
    }

    pub(super) fn expected(&self, what: &str) -> SyntaxError {
        let found = match self.rest().chars().next() {
            None => "the end of the text".to_owned(),
            Some('\n' | '\r') => "the end of the line".to_owned(),
            Some(_) if self.peek_identifier().is_some_and(|word| word.len() <= 40) => {
                format!("`{}`", self.peek_identifier().unwrap_or_default())
            }
            Some(found) if found.is_control() => format!("`{}`", found.escape_debug()),
            Some(found) => format!("`{found}`"),
        };
        let width = match self.peek_identifier() {
            Some(word) => word.len(),
            None => self.rest().chars().next().map_or(0, char::len_utf8),
        };
        self.error(format!("expected {what}, found {found}"), self.at, self.at + width)
    }
}
