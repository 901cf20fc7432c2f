//! Strict JSON (RFC 8259) with byte spans.
//!
//! Its own scanner, because no JSON crate gives the byte span of every value and key, and because a key may be longer
//! than a YAML parser looks ahead.

use super::assembly::Assembly;
use super::{FileId, Limits, Node, NodeValue, Parsed, Scalar, SyntaxError};

/// Parses one JSON text. A byte order mark before it is skipped; a lone surrogate escape becomes U+FFFD.
pub(super) fn parse(file: FileId, text: &str, limits: Limits) -> Result<Parsed, SyntaxError> {
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut scanner =
        Scanner { text, bytes: text.as_bytes(), at, tree: Assembly::new(file, limits), closers: Vec::new() };
    scanner.document()?;
    Ok(scanner.tree.finish())
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    tree: Assembly,
    /// The bracket that ends each open collection.
    closers: Vec<u8>,
}

impl Scanner<'_> {
    fn document(&mut self) -> Result<(), SyntaxError> {
        self.value()?;
        while let Some(closer) = self.closers.last().copied() {
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    if closer == b'}' {
                        self.key()?;
                    }
                    self.value()?;
                }
                Some(byte) if byte == closer => self.close()?,
                _ if closer == b'}' => return Err(self.expected("`,` or `}`")),
                _ => return Err(self.expected("`,` or `]`")),
            }
        }
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("the end of the document")),
        }
    }

    /// Reads a scalar or an empty collection, or opens a collection and reads up to its first scalar.
    fn value(&mut self) -> Result<(), SyntaxError> {
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.tree.open_map(self.at, None, 0)?;
                    self.at += 1;
                    self.closers.push(b'}');
                    if self.peek() == Some(b'}') {
                        return self.close();
                    }
                    self.key()?;
                }
                Some(b'[') => {
                    self.tree.open_seq(self.at, None, 0)?;
                    self.at += 1;
                    self.closers.push(b']');
                    if self.peek() == Some(b']') {
                        return self.close();
                    }
                }
                Some(b'"') => {
                    let start = self.at;
                    let text = self.string()?;
                    return self.scalar(start, NodeValue::Scalar(Scalar { text, plain: false }));
                }
                Some(b'-' | b'0'..=b'9' | b'a'..=b'z') => return self.word(),
                _ => return Err(self.expected("a value")),
            }
        }
    }

    fn close(&mut self) -> Result<(), SyntaxError> {
        self.at += 1;
        self.closers.pop();
        self.tree.close(Some(self.at))
    }

    fn key(&mut self) -> Result<(), SyntaxError> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key in double quotes"));
        }
        let start = self.at;
        let text = self.string()?;
        self.tree.key(text, start, self.at, false)?;
        if self.peek() != Some(b':') {
            return Err(self.expected("`:`"));
        }
        self.at += 1;
        Ok(())
    }

    fn scalar(&mut self, start: usize, value: NodeValue) -> Result<(), SyntaxError> {
        let span = self.tree.span(start, self.at);
        self.tree.scalar(Node { span, tag: None, value }, 0)
    }

    /// `true`, `false`, `null` or a number.
    fn word(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        let is_word = |byte: &u8| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'_');
        while self.bytes.get(self.at).is_some_and(is_word) {
            self.at += 1;
        }
        let word = self.text.get(start..self.at).unwrap_or_default();
        match word {
            "null" => self.scalar(start, NodeValue::Null),
            "true" | "false" => self.scalar(start, NodeValue::Scalar(Scalar { text: word.into(), plain: true })),
            _ if is_number(word) => self.scalar(start, NodeValue::Scalar(Scalar { text: word.into(), plain: true })),
            _ => Err(self.tree.error(format!("`{word}` is not a JSON value"), start, self.at)),
        }
    }

    /// The decoded string whose opening quote is next.
    fn string(&mut self) -> Result<Box<str>, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut decoded = String::new();
        loop {
            let run = self.at;
            while self.bytes.get(self.at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            let literal = self.text.get(run..self.at).unwrap_or_default();
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    if decoded.is_empty() {
                        return Ok(literal.into());
                    }
                    decoded.push_str(literal);
                    return Ok(decoded.into_boxed_str());
                }
                Some(b'\\') => {
                    decoded.push_str(literal);
                    decoded.push(self.escape()?);
                }
                Some(_) => {
                    let message = "control characters inside of a string must be escaped";
                    return Err(self.tree.error(message, self.at, self.at + 1));
                }
                None => return Err(self.tree.error("the string is not closed", start, start + 1)),
            }
        }
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let start = self.at;
        let letter = self.bytes.get(start + 1).copied();
        self.at += 2;
        Ok(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let Some(unit) = self.hex() else {
                    return Err(self.tree.error("`\\u` needs four hexadecimal digits", start, start + 2));
                };
                self.at += 4;
                match unit {
                    0xd800..=0xdbff => self.low_surrogate(unit),
                    _ => char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER),
                }
            }
            _ => return Err(self.tree.error("unknown escape", start, start + 1)),
        })
    }

    /// The character of a surrogate pair whose first half was read.
    fn low_surrogate(&mut self, high: u32) -> char {
        if self.bytes.get(self.at) == Some(&b'\\') && self.bytes.get(self.at + 1) == Some(&b'u') {
            self.at += 2;
            if let Some(low @ 0xdc00..=0xdfff) = self.hex() {
                self.at += 4;
                let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            }
            self.at -= 2;
        }
        char::REPLACEMENT_CHARACTER
    }

    fn hex(&self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if all_hex { u32::from_str_radix(digits, 16).ok() } else { None }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn expected(&self, what: &str) -> SyntaxError {
        let found = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        match found {
            Some(found) => {
                let shown = if found.is_control() { found.escape_debug().to_string() } else { found.to_string() };
                let message = format!("expected {what}, found `{shown}`");
                self.tree.error(message, self.at, self.at + found.len_utf8())
            }
            None => self.tree.error(format!("expected {what}, found the end of the file"), self.at, self.at),
        }
    }
}

fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}
