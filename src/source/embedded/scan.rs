//! Reads a scalar's source text a second time to learn which bytes each part of its value comes from.
//!
//! The parser has decided what the value is; a reading that does not arrive at the same value is discarded. So this
//! needs no error handling and cannot make a value wrong.

use super::Piece;

/// The pieces of `decoded`, with offsets relative to `source`; `None` when they do not belong together.
pub(super) fn pieces(source: &str, decoded: &str) -> Option<Vec<Piece>> {
    match source.as_bytes().first() {
        Some(quote @ (b'"' | b'\'')) => {
            let inner = source.get(1..source.len().checked_sub(1)?)?;
            flow(inner, 1, Some(*quote)).matching(decoded)
        }
        Some(b'|') => block(source, decoded, false),
        Some(b'>') => block(source, decoded, true),
        _ => flow(source, 0, None).matching(decoded),
    }
}

#[derive(Default)]
struct Output {
    text: String,
    pieces: Vec<Piece>,
}

impl Output {
    fn push(&mut self, text: &str, start: usize, end: usize) {
        if text.is_empty() {
            return;
        }
        let decoded = self.text.len()..self.text.len() + text.len();
        self.text.push_str(text);
        self.pieces.push(Piece { decoded, source: start..end });
    }

    fn matching(self, decoded: &str) -> Option<Vec<Piece>> {
        (self.text == decoded).then_some(self.pieces)
    }
}

/// Plain and quoted scalars; `base` is the offset of `inner` in the scalar's source text.
fn flow(inner: &str, base: usize, quote: Option<u8>) -> Output {
    let bytes = inner.as_bytes();
    let mut output = Output::default();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let start = at;
        match byte {
            b'\\' if quote == Some(b'"') => {
                let (text, end) = escape(inner, at);
                output.push(text.as_deref().unwrap_or_default(), base + start, base + end);
                at = end;
            }
            b'\'' if quote == Some(b'\'') => {
                at = (at + 2).min(bytes.len());
                output.push("'", base + start, base + at);
            }
            b' ' | b'\t' | b'\n' | b'\r' => {
                let (breaks, end) = white_space(inner, at);
                match breaks {
                    0 => output.push(inner.get(start..end).unwrap_or_default(), base + start, base + end),
                    1 => output.push(" ", base + start, base + end),
                    more => output.push(&"\n".repeat(more - 1), base + start, base + end),
                }
                at = end;
            }
            _ => {
                while bytes.get(at).is_some_and(|byte| !matches!(byte, b'\\' | b'\'' | b' ' | b'\t' | b'\n' | b'\r')) {
                    at += 1;
                }
                // A backslash or quote that is an ordinary character here.
                at = at.max(start + 1);
                output.push(inner.get(start..at).unwrap_or_default(), base + start, base + at);
            }
        }
    }
    output
}

/// Line breaks in the run of white space at `at`, and where it ends.
fn white_space(text: &str, at: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    let mut breaks = 0;
    let mut end = at;
    while let Some(byte @ (b' ' | b'\t' | b'\n' | b'\r')) = bytes.get(end) {
        end += 1;
        breaks += match byte {
            b'\n' => 1,
            b'\r' if bytes.get(end) != Some(&b'\n') => 1,
            _ => 0,
        };
    }
    (breaks, end)
}

/// What the escape at `at` stands for, and where it ends. `None` for one that stands for nothing.
fn escape(text: &str, at: usize) -> (Option<String>, usize) {
    let bytes = text.as_bytes();
    let hex = |from: usize, digits: usize| {
        text.get(from..from + digits).and_then(|digits| u32::from_str_radix(digits, 16).ok())
    };
    let simple = |found: char| (Some(found.to_string()), at + 2);
    let code = |digits: usize| {
        let found = hex(at + 2, digits).and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
        (Some(found.to_string()), at + 2 + digits)
    };
    match bytes.get(at + 1) {
        Some(b'0') => simple('\0'),
        Some(b'a') => simple('\u{7}'),
        Some(b'b') => simple('\u{8}'),
        Some(b't' | b'\t') => simple('\t'),
        Some(b'n') => simple('\n'),
        Some(b'v') => simple('\u{b}'),
        Some(b'f') => simple('\u{c}'),
        Some(b'r') => simple('\r'),
        Some(b'e') => simple('\u{1b}'),
        Some(b'N') => simple('\u{85}'),
        Some(b'_') => simple('\u{a0}'),
        Some(b'L') => simple('\u{2028}'),
        Some(b'P') => simple('\u{2029}'),
        Some(b'x') => code(2),
        Some(b'U') => code(8),
        Some(b'u') => match (hex(at + 2, 4), hex(at + 8, 4)) {
            (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) if text.get(at + 6..at + 8) == Some("\\u") => {
                let pair = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                (char::from_u32(pair).map(String::from), at + 12)
            }
            _ => code(4),
        },
        Some(b'\n' | b'\r') => {
            // An escaped line break: it goes, and so does the next line's indentation; empty lines stay.
            let (breaks, end) = white_space(text, at + 1);
            (Some("\n".repeat(breaks.saturating_sub(1))), end)
        }
        Some(_) => {
            let found = text.get(at + 1..).and_then(|rest| rest.chars().next());
            (found.map(String::from), at + 1 + found.map_or(1, char::len_utf8))
        }
        None => (None, at + 1),
    }
}

struct Line<'a> {
    start: usize,
    text: &'a str,
}

/// Literal and folded block scalars, header included. The source may lack the white space at the end of the value.
fn block(source: &str, decoded: &str, folded: bool) -> Option<Vec<Piece>> {
    let body = source.find('\n')? + 1;
    let mut lines = Vec::new();
    let mut start = body;
    for line in source.get(body..)?.split_inclusive('\n') {
        lines.push(Line { start, text: line.trim_end_matches(['\n', '\r']) });
        start += line.len();
    }
    let depth = |line: &Line<'_>| line.text.len() - line.text.trim_start_matches(' ').len();
    let first = lines.iter().find(|line| !line.text.trim_start_matches(' ').is_empty())?;
    let header = source.get(..body)?;
    let explicit = header.bytes().take_while(|byte| *byte != b'#').any(|byte| byte.is_ascii_digit());
    let smallest = if explicit { 0 } else { depth(first) };
    // With an indentation indicator the depth is relative to a parent that is not seen here.
    (smallest..=depth(first)).rev().find_map(|indent| {
        let mut output = if folded { fold(&lines, indent) } else { keep(&lines, indent) };
        let tail = decoded.strip_prefix(&*output.text)?;
        if !tail.trim().is_empty() {
            return None;
        }
        output.push(tail, source.len(), source.len());
        Some(output.pieces)
    })
}

/// The line without its indentation, and where that starts.
fn content<'a>(line: &Line<'a>, indent: usize) -> (&'a str, usize) {
    let cut = indent.min(line.text.len() - line.text.trim_start_matches(' ').len());
    (line.text.get(cut..).unwrap_or_default(), line.start + cut)
}

fn keep(lines: &[Line<'_>], indent: usize) -> Output {
    let mut output = Output::default();
    for (index, line) in lines.iter().enumerate() {
        let (text, start) = content(line, indent);
        if index > 0 {
            output.push("\n", line.start.saturating_sub(1), line.start);
        }
        output.push(text, start, start + text.len());
    }
    output
}

fn fold(lines: &[Line<'_>], indent: usize) -> Output {
    let mut output = Output::default();
    let mut empty = 0;
    let mut before: Option<bool> = None;
    let mut break_at = lines.first().map_or(0, |line| line.start);
    for line in lines {
        let (text, start) = content(line, indent);
        if text.is_empty() {
            empty += 1;
            continue;
        }
        let deeper = text.starts_with([' ', '\t']);
        let joint = match before {
            Some(deeper_before) if deeper || deeper_before => "\n".repeat(empty + 1),
            Some(_) if empty == 0 => " ".to_owned(),
            _ => "\n".repeat(empty),
        };
        output.push(&joint, break_at, start);
        output.push(text, start, start + text.len());
        break_at = start + text.len();
        before = Some(deeper);
        empty = 0;
    }
    output
}
