//! Bodies: attributes and blocks; and how reading goes on behind a block that is malformed.

use std::sync::Arc;

use super::scan::{Parser, Result};
use super::{Attribute, Block, Body, Name, Parsed, SyntaxError};

/// Blocks that stand in no other block, with the number of their labels. Where one starts a line within a block, that
/// block was not closed.
const TOP_ONLY: &[(&str, usize)] = &[("resource", 2), ("module", 1), ("variable", 1), ("output", 1), ("locals", 0)];

/// First words of a file's blocks.
const TOP: &[&str] = &[
    "resource",
    "data",
    "variable",
    "output",
    "locals",
    "module",
    "provider",
    "terraform",
    "moved",
    "import",
    "removed",
    "check",
    "ephemeral",
];

/// Each malformed block may cost as much as reading the file.
const MALFORMED: usize = 50;

impl Parser<'_> {
    /// The whole text as a file's body.
    pub(super) fn file(mut self) -> Parsed {
        let mut body = Body::default();
        // Looking for the ends of malformed blocks costs at most as much as reading the file a few times.
        let mut budget = self.text.len().saturating_mul(2);
        let mut malformed = 0;
        loop {
            self.skip_lines();
            if self.at >= self.text.len() {
                break;
            }
            let start = self.at;
            if let Err(error) = self.item(&mut body) {
                malformed += 1;
                if malformed > MALFORMED {
                    let message = format!("more than {MALFORMED} malformed blocks: the rest of the file is not read");
                    self.errors.push(self.error(message, start, start + 1));
                    break;
                }
                self.errors.push(error);
                (self.depth, self.height, self.newline_ends) = (0, 0, true);
                self.at = self.resume(start, &mut budget);
            }
        }
        self.keep_last(&mut body);
        let mut errors = self.errors;
        errors.sort_by_key(|error| error.span.start);
        errors.dedup();
        Parsed { body, errors }
    }

    /// An attribute or a block, and the end of its line.
    fn item(&mut self, body: &mut Body) -> Result<()> {
        let start = self.at;
        let name = self.item_name()?;
        self.skip();
        if self.peek() == Some(b'=') && self.peek_after(1) != Some(b'=') {
            self.at += 1;
            let value = self.expression()?;
            body.attributes.push(Attribute { name, value });
            return self.end_of_item("the value");
        }
        let mut labels = Vec::new();
        loop {
            self.skip();
            match self.peek() {
                Some(b'{') => break,
                Some(b'"') => labels.push(self.quoted_name()?),
                _ if self.peek_identifier().is_some() => labels.push(self.identifier("a label")?),
                _ if labels.is_empty() => return Err(self.expected(&format!("`=` or `{{` after `{}`", name.text))),
                _ => return Err(self.expected("a label or `{`")),
            }
        }
        labels.shrink_to_fit();
        let open = self.at;
        self.at += 1;
        let inside = self.nested(|parser| parser.block_body(&name, start, open + 1))?;
        body.blocks.push(Block { kind: name, labels, body: inside, span: self.place.span(start, self.at) });
        self.end_of_item("the block")
    }

    fn item_name(&mut self) -> Result<Name> {
        if self.peek() == Some(b'"') {
            let start = self.at;
            let name = self.quoted_name()?;
            self.report(self.error("an argument's name is not quoted", start, self.at));
            return Ok(name);
        }
        self.identifier("an argument or a block")
    }

    /// A string without interpolations.
    fn quoted_name(&mut self) -> Result<Name> {
        let start = self.at;
        let parts = self.quoted()?;
        let mut text = String::new();
        for part in &parts {
            match part {
                super::TemplatePart::Literal(literal, _) => text.push_str(literal),
                _ => return Err(self.error("interpolations are not possible here", start, self.at)),
            }
        }
        Ok(Name { text: Arc::from(text), span: self.place.span(start + 1, self.at - 1) })
    }

    fn block_body(&mut self, kind: &Name, start: usize, header: usize) -> Result<Body> {
        let mut body = Body::default();
        self.skip();
        let mut one_line = !matches!(self.peek(), None | Some(b'\n' | b'}'));
        loop {
            self.skip_lines();
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                None => return Err(self.unclosed(kind, start, header)),
                Some(_) if self.at_line_start() && self.at_top_only() => {
                    return Err(self.unclosed(kind, start, header));
                }
                Some(_) => {
                    self.item(&mut body)?;
                    let closes = self.peek() == Some(b'}');
                    if one_line && !(closes && body.blocks.is_empty()) {
                        self.report(self.error(
                            "a block that starts on its header's line is one argument",
                            start,
                            header,
                        ));
                    } else if closes && !one_line {
                        self.report(self.error("`}` stands on a line of its own", self.at, self.at + 1));
                    }
                    one_line = false;
                }
            }
        }
        self.keep_last(&mut body);
        // A file has more blocks than anything else, and its tree stays until it is judged.
        body.attributes.shrink_to_fit();
        body.blocks.shrink_to_fit();
        Ok(body)
    }

    fn unclosed(&self, kind: &Name, start: usize, header: usize) -> SyntaxError {
        self.error(format!("the block `{}` is not closed", kind.text), start, header)
    }

    fn at_line_start(&self) -> bool {
        self.at == 0 || self.bytes.get(self.at - 1) == Some(&b'\n')
    }

    fn at_top_only(&self) -> bool {
        let Some(word) = self.peek_identifier() else { return false };
        let Some((_, labels)) = TOP_ONLY.iter().find(|(top, _)| *top == word) else { return false };
        let line = self.slice(self.at + word.len(), self.line_end(self.at));
        let Some((header, _)) = line.split_once('{') else { return false };
        header.matches('"').count() == labels * 2 && !header.contains('=')
    }

    /// A new line, the end of the text, or the brace that closes a block of one line.
    fn end_of_item(&mut self, what: &str) -> Result<()> {
        self.skip();
        match self.peek() {
            None | Some(b'\n' | b'}') => Ok(()),
            Some(_) => Err(self.expected(&format!("a new line after {what}"))),
        }
    }

    /// Of an attribute that is written twice, the last counts.
    fn keep_last(&mut self, body: &mut Body) {
        let attributes = &body.attributes;
        let name = |at: usize| attributes.get(at).map(|attribute| &attribute.name);
        let mut order: Vec<usize> = (0..attributes.len()).collect();
        order.sort_by_key(|at| (name(*at).map(|name| &name.text), *at));
        let (mut shadowed, mut errors) = (Vec::new(), Vec::new());
        for pair in order.windows(2) {
            if let [first, second] = *pair
                && let (Some(first_name), Some(second_name)) = (name(first), name(second))
                && first_name.text == second_name.text
            {
                let message = format!("`{}` is set again further down; it may be set only once", first_name.text);
                errors.push(SyntaxError { message, span: first_name.span });
                shadowed.push(first);
            }
        }
        if !shadowed.is_empty() {
            for error in errors {
                self.report(error);
            }
            shadowed.sort_unstable();
            let mut at = 0;
            body.attributes.retain(|_| {
                at += 1;
                shadowed.binary_search(&(at - 1)).is_err()
            });
        }
    }

    /// Where reading goes on after the item that starts at `start` was given up: behind it, or, when its brackets do
    /// not match, at the next line that starts like a block of a file.
    fn resume(&mut self, start: usize, budget: &mut usize) -> usize {
        self.at = start;
        if let Some(end) = self.matching_end(budget) {
            return end;
        }
        let mut line = self.line_end(start);
        while line < self.text.len() {
            self.at = line + 1;
            if self.peek_identifier().is_some_and(|word| TOP.contains(&word)) {
                return self.at;
            }
            line = self.line_end(self.at);
        }
        self.text.len()
    }

    /// The end of the line on which all brackets from here on are closed, or where the next block of a file starts.
    fn matching_end(&mut self, budget: &mut usize) -> Option<usize> {
        let start = self.at;
        let mut open = Vec::new();
        while let Some(byte) = self.peek() {
            *budget = budget.checked_sub(1)?;
            let quoted = open.last() == Some(&b'"');
            match byte {
                b'\n' if open.is_empty() => return Some(self.at),
                b'\n' if quoted => {
                    open.pop();
                    continue;
                }
                b'"' if quoted => {
                    open.pop();
                }
                b'\\' if quoted => self.at += 1,
                b'$' | b'%' if quoted && self.peek_after(1) == Some(b'{') => {
                    self.at += 1;
                    open.push(b'{');
                }
                _ if quoted => {}
                b'"' | b'{' | b'[' | b'(' => open.push(byte),
                b'}' => {
                    let brace = open.iter().rposition(|open| *open == b'{');
                    open.truncate(brace.unwrap_or(open.len()));
                }
                b']' | b')' => {
                    let opener = if byte == b']' { b'[' } else { b'(' };
                    open.pop_if(|open| *open == opener);
                }
                b'<' if self.peek_after(1) == Some(b'<') => self.pass_heredoc(budget)?,
                b'#' | b'/' => {
                    let before = self.at;
                    self.skip();
                    if self.at > before {
                        continue;
                    }
                }
                _ if self.at > start && self.at_line_start() && self.at_top_only() => return Some(self.at),
                _ => {}
            }
            self.at += 1;
        }
        open.is_empty().then_some(self.text.len())
    }

    /// Passes over a heredoc up to the last character of its closing marker, if it has one.
    fn pass_heredoc(&mut self, budget: &mut usize) -> Option<()> {
        let start = self.at;
        self.at += 2;
        self.eat(b'-');
        let marker = self.peek_identifier().unwrap_or_default();
        let mut line = self.line_end(self.at);
        while !marker.is_empty() && line < self.text.len() {
            let end = self.line_end(line + 1);
            *budget = budget.checked_sub(end - line)?;
            if self.slice(line, end).trim() == marker {
                self.at = end - 1;
                return Some(());
            }
            line = end;
        }
        self.at = start + 1;
        Some(())
    }
}
