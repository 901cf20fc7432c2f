//! Quoted strings, heredocs and whole template files. Source: HCL Native Syntax Specification, "Templates".
//!
//! As in Terraform, a strip marker reaches to the end of the neighbouring literal, and outside of quotes every line is
//! a literal of its own.

use std::iter::Peekable;
use std::sync::Arc;
use std::vec::IntoIter;

use super::scan::{DEPTH, Parser, Place, Result};
use super::{Expression, Span, SyntaxError, TemplateFor, TemplateIf, TemplatePart};

/// A stretch of literal text: decoded, and its offsets in the parsed text.
#[derive(Debug)]
struct Piece {
    /// Set when the text is not what stands there.
    decoded: Option<Box<str>>,
    start: usize,
    end: usize,
}

#[derive(Debug)]
enum Token {
    Literal(Vec<Piece>),
    Interpolation(Box<Expression>),
    If(Box<Expression>, Span),
    Else(Span),
    EndIf(Span),
    For { key: Option<Arc<str>>, value: Arc<str>, collection: Box<Expression>, span: Span },
    EndFor(Span),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Quoted,
    /// A heredoc, or a text that is a template as a whole.
    Lines,
}

/// Tokens as they are read.
#[derive(Debug, Default)]
struct Tokens {
    list: Vec<Token>,
    /// `~}` was the last: the literal that follows loses its leading white space.
    strip_next: bool,
    /// `if` and `for` directives within each other, at most.
    tallest: usize,
    open: usize,
}

impl Tokens {
    fn literal(&mut self, parser: &Parser, mut pieces: Vec<Piece>) {
        if pieces.is_empty() {
            return;
        }
        if std::mem::take(&mut self.strip_next) {
            while let Some(first) = pieces.first_mut() {
                let text = parser.piece_text(first);
                let kept = text.trim_start().len();
                if kept > 0 {
                    first.start += text.len() - kept;
                    break;
                }
                pieces.remove(0);
            }
        }
        self.list.push(Token::Literal(pieces));
    }

    /// `${~` follows: the literal before it loses its trailing white space.
    fn strip_last(&mut self, parser: &Parser) {
        let Some(Token::Literal(pieces)) = self.list.last_mut() else { return };
        while let Some(last) = pieces.last_mut() {
            let text = parser.piece_text(last);
            let kept = text.trim_end().len();
            if kept > 0 {
                last.end -= text.len() - kept;
                break;
            }
            pieces.pop();
        }
    }

    /// Takes the indentation that all lines share from each line. Blank lines neither count nor change.
    fn unindent(&mut self, parser: &Parser) {
        let mut shared = usize::MAX;
        let mut lines = Vec::new();
        let mut line_start = true;
        for (at, token) in self.list.iter().enumerate() {
            let Token::Literal(pieces) = token else {
                shared = if line_start { 0 } else { shared };
                line_start = false;
                continue;
            };
            let first = pieces.first().map_or("", |piece| parser.piece_text(piece));
            let ends_line = pieces.last().is_some_and(|piece| parser.piece_text(piece).ends_with('\n'));
            let text = first.trim_start();
            if line_start && !(text.is_empty() && pieces.len() == 1 && ends_line) {
                shared = shared.min(first.len() - text.len());
                lines.push(at);
            }
            line_start = ends_line;
        }
        for at in lines {
            if let Some(Token::Literal(pieces)) = self.list.get_mut(at)
                && let Some(first) = pieces.first_mut()
            {
                first.start += shared;
            }
        }
    }
}

impl Parser<'_> {
    /// The string whose opening quote is next.
    pub(super) fn quoted(&mut self) -> Result<Vec<TemplatePart>> {
        let quote = self.at;
        self.at += 1;
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'$' | b'%' | b'\n'));
        if let Some(length) = plain
            && rest.get(length) == Some(&b'"')
            && self.place.jumps.is_empty()
        {
            self.at = start + length + 1;
            if length == 0 {
                return Ok(Vec::new());
            }
            let text = Arc::from(self.slice(start, start + length));
            return Ok(vec![TemplatePart::Literal(text, self.place.span(start, start + length))]);
        }
        let mut tokens = Tokens::default();
        loop {
            let literal = self.literal(Style::Quoted);
            tokens.literal(self, literal);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return self.tree(tokens);
                }
                _ if self.at_sequence() => self.sequence(&mut tokens)?,
                _ => return Err(self.error("the string is not closed on its line", quote, self.at)),
            }
        }
    }

    /// The heredoc whose `<<` is next. Left at the end of its closing marker.
    pub(super) fn heredoc(&mut self) -> Result<Vec<TemplatePart>> {
        let start = self.at;
        self.at += 2;
        let indented = self.eat(b'-');
        let Some(marker) = self.peek_identifier() else { return Err(self.expected("a heredoc's marker after `<<`")) };
        self.at += marker.len();
        let header = self.at;
        self.eat(b'\r');
        if !self.eat(b'\n') {
            return Err(self.expected("a new line after a heredoc's marker"));
        }
        let mut tokens = Tokens::default();
        let mut line_start = true;
        loop {
            if line_start {
                let line = self.slice(self.at, self.line_end(self.at));
                if line.trim() == marker {
                    self.at += line.trim_end().len();
                    if indented {
                        tokens.unindent(self);
                    }
                    return self.tree(tokens);
                }
            }
            if self.at >= self.text.len() {
                let message = format!("the heredoc has no line with its closing `{marker}`");
                return Err(self.error(message, start, header));
            }
            let literal = self.literal(Style::Lines);
            line_start = self.bytes.get(self.at.wrapping_sub(1)) == Some(&b'\n') && !literal.is_empty();
            tokens.literal(self, literal);
            if self.at_sequence() {
                self.sequence(&mut tokens)?;
            }
        }
    }

    /// A whole text that is a template.
    pub(super) fn template(&mut self) -> Result<Vec<TemplatePart>> {
        let mut tokens = Tokens::default();
        loop {
            let literal = self.literal(Style::Lines);
            tokens.literal(self, literal);
            if self.at >= self.text.len() {
                return self.tree(tokens);
            }
            if self.at_sequence() {
                self.sequence(&mut tokens)?;
            }
        }
    }

    /// Literal text up to an interpolation, a directive or the end of the literal.
    fn literal(&mut self, style: Style) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' | b'\n' if style == Style::Quoted => break,
                b'\n' if style == Style::Lines => {
                    self.at += 1;
                    break;
                }
                b'\\' if style == Style::Quoted => {
                    let escape = self.at;
                    let decoded = self.escape();
                    push(&mut pieces, start, escape);
                    pieces.push(Piece { decoded: Some(decoded), start: escape, end: self.at });
                    start = self.at;
                }
                b'$' | b'%' => {
                    if self.at_sequence() {
                        break;
                    }
                    if self.peek_after(1) == Some(byte) && self.peek_after(2) == Some(b'{') {
                        push(&mut pieces, start, self.at);
                        let decoded = if byte == b'$' { "${" } else { "%{" };
                        pieces.push(Piece { decoded: Some(decoded.into()), start: self.at, end: self.at + 3 });
                        self.at += 3;
                        start = self.at;
                    } else {
                        self.at += 1;
                    }
                }
                _ => self.at += 1,
            }
        }
        push(&mut pieces, start, self.at);
        pieces
    }

    /// An escape that is not one is an error, and stays as it is written.
    fn escape(&mut self) -> Box<str> {
        let start = self.at;
        let width = match self.peek_after(1) {
            Some(b'u') => 6,
            Some(b'U') => 10,
            _ => 2,
        };
        let decoded = match self.peek_after(1) {
            Some(b'n') => Some('\n'),
            Some(b'r') => Some('\r'),
            Some(b't') => Some('\t'),
            Some(b'"') => Some('"'),
            Some(b'\\') => Some('\\'),
            Some(b'u' | b'U') => {
                let digits = self.slice(start + 2, start + width);
                let all_hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                if all_hex { u32::from_str_radix(digits, 16).ok().and_then(char::from_u32) } else { None }
            }
            _ => None,
        };
        if let Some(decoded) = decoded {
            self.at = start + width;
            return decoded.to_string().into();
        }
        self.at = start + 1;
        let shown = self.rest().chars().next().unwrap_or_default();
        let message = format!("`\\{shown}` is not an escape; a backslash is written `\\\\`");
        self.report(self.error(message, start, start + 1 + shown.len_utf8()));
        "\\".into()
    }

    fn at_sequence(&self) -> bool {
        matches!(self.peek(), Some(b'$' | b'%')) && self.peek_after(1) == Some(b'{')
    }

    /// `${…}` or `%{…}`.
    fn sequence(&mut self, tokens: &mut Tokens) -> Result<()> {
        let start = self.at;
        let directive = self.peek() == Some(b'%');
        self.at += 2;
        if self.eat(b'~') {
            tokens.strip_last(self);
        }
        tokens.strip_next = false;
        let token = self.within(false, |parser| {
            let token = if directive {
                parser.directive(start, tokens)?
            } else {
                Token::Interpolation(Box::new(parser.expression()?))
            };
            parser.skip();
            tokens.strip_next = parser.eat(b'~');
            if !parser.eat(b'}') {
                return Err(parser.expected("`}` at the end of a template's interpolation or directive"));
            }
            Ok(token)
        })?;
        tokens.list.push(token);
        Ok(())
    }

    fn directive(&mut self, start: usize, tokens: &mut Tokens) -> Result<Token> {
        self.skip();
        let word = self.peek_identifier().unwrap_or_default();
        let span = self.place.span(start, self.at + word.len());
        if matches!(word, "if" | "else" | "endif" | "for" | "endfor") {
            self.at += word.len();
        }
        match word {
            "if" | "for" => {
                if self.depth >= DEPTH {
                    return Err(self.error(format!("nested more than {DEPTH} levels deep"), start, self.at));
                }
                self.depth += 1;
                tokens.open += 1;
                tokens.tallest = tokens.tallest.max(tokens.open);
            }
            "endif" | "endfor" if tokens.open > 0 => {
                self.depth -= 1;
                tokens.open -= 1;
            }
            _ => {}
        }
        Ok(match word {
            "if" => Token::If(Box::new(self.expression()?), span),
            "else" => Token::Else(span),
            "endif" => Token::EndIf(span),
            "for" => {
                let (key, value) = self.for_variables()?;
                Token::For { key, value, collection: Box::new(self.expression()?), span }
            }
            "endfor" => Token::EndFor(span),
            _ => return Err(self.expected("`if`, `else`, `endif`, `for` or `endfor`")),
        })
    }

    fn tree(&mut self, tokens: Tokens) -> Result<Vec<TemplatePart>> {
        self.height += tokens.tallest;
        // An emptied literal beside an interpolation keeps the whole a text: `" ${~ x}"` is never a list.
        let keep_empty = tokens.list.len() == 2;
        let mut rest = tokens.list.into_iter().peekable();
        let parts = self.parts(&mut rest, keep_empty)?;
        match rest.next() {
            Some(Token::Else(span)) => Err(stray("else", "if", span)),
            Some(Token::EndIf(span)) => Err(stray("endif", "if", span)),
            Some(Token::EndFor(span)) => Err(stray("endfor", "for", span)),
            _ => Ok(parts),
        }
    }

    /// Parts up to the end or to a token that ends a directive's branch.
    fn parts(&self, rest: &mut Peekable<IntoIter<Token>>, keep_empty: bool) -> Result<Vec<TemplatePart>> {
        let mut parts = Vec::new();
        let mut literal = Vec::new();
        let inside = |token: &Token| !matches!(token, Token::Else(_) | Token::EndIf(_) | Token::EndFor(_));
        while let Some(token) = rest.next_if(inside) {
            if let Token::Literal(pieces) = token {
                if pieces.is_empty() && keep_empty {
                    parts.push(TemplatePart::Literal(Arc::from(""), self.place.span(self.at, self.at)));
                }
                literal.extend(pieces);
                continue;
            }
            self.literal_parts(&mut literal, &mut parts);
            parts.push(match token {
                Token::Interpolation(expression) => TemplatePart::Interpolation(expression),
                Token::If(condition, span) => {
                    let then = self.parts(rest, false)?;
                    let otherwise = match rest.next_if(|token| matches!(token, Token::Else(_))) {
                        Some(_) => self.parts(rest, false)?,
                        None => Vec::new(),
                    };
                    if rest.next_if(|token| matches!(token, Token::EndIf(_))).is_none() {
                        return Err(open("if", span));
                    }
                    TemplatePart::If(Box::new(TemplateIf { condition: *condition, then, otherwise }))
                }
                Token::For { key, value, collection, span } => {
                    let body = self.parts(rest, false)?;
                    if rest.next_if(|token| matches!(token, Token::EndFor(_))).is_none() {
                        return Err(open("for", span));
                    }
                    TemplatePart::For(Box::new(TemplateFor { key, value, collection: *collection, body }))
                }
                Token::Literal(_) | Token::Else(_) | Token::EndIf(_) | Token::EndFor(_) => continue,
            });
        }
        self.literal_parts(&mut literal, &mut parts);
        Ok(parts)
    }

    /// Neighbouring pieces that stand as they are become one part; where decoding moved the text, a part ends.
    fn literal_parts(&self, pieces: &mut Vec<Piece>, parts: &mut Vec<TemplatePart>) {
        let mut pieces = std::mem::take(pieces).into_iter().peekable();
        while let Some(mut piece) = pieces.next() {
            let as_written = piece.decoded.is_none();
            while let Some(next) =
                pieces.next_if(|next| as_written && next.decoded.is_none() && next.start == piece.end)
            {
                piece.end = next.end;
            }
            if as_written {
                self.place.split(self.text, piece.start, piece.end, parts);
                continue;
            }
            let text = Arc::from(self.piece_text(&piece));
            parts.push(TemplatePart::Literal(text, self.place.span(piece.start, piece.end)));
        }
    }

    fn piece_text<'p>(&self, piece: &'p Piece) -> &'p str
    where
        Self: 'p,
    {
        piece.decoded.as_deref().unwrap_or_else(|| self.slice(piece.start, piece.end))
    }
}

impl Place<'_> {
    /// A stretch of text as literal parts; where decoding moved the text, a part ends.
    pub(super) fn split(&self, text: &str, mut start: usize, end: usize, parts: &mut Vec<TemplatePart>) {
        while start < end {
            let part = self.jump_within(start, end).unwrap_or(end);
            let literal = Arc::from(text.get(start..part).unwrap_or_default());
            parts.push(TemplatePart::Literal(literal, self.span(start, part)));
            start = part;
        }
    }
}

fn push(pieces: &mut Vec<Piece>, start: usize, end: usize) {
    if start < end {
        // Most literals are one piece, and a file has as many of them as lines.
        pieces.reserve_exact(usize::from(pieces.is_empty()));
        pieces.push(Piece { decoded: None, start, end });
    }
}

fn stray(word: &str, opener: &str, span: Span) -> SyntaxError {
    SyntaxError { message: format!("`{word}` without a `{opener}` before it"), span }
}

fn open(word: &str, span: Span) -> SyntaxError {
    SyntaxError { message: format!("the directive `{word}` is not closed with `end{word}`"), span }
}
