//! YAML with byte spans.

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle};

use super::assembly::Assembly;
use super::embedded::Inserted;
use super::{FileId, Limits, Node, NodeValue, Parsed, Scalar, SyntaxError, Tag};

/// Repairs of a text stop when this many bytes were read for them.
const MAX_REPAIR_BYTES: usize = 16 << 20;

/// Parses all documents of a YAML 1.2 text, as leniently as `libyaml`, which is what other tools for templates use.
///
/// The parser insists that the continuation lines of a quoted scalar are indented and that a comment is set off from a
/// quoted scalar; `libyaml` does not. The missing spaces are inserted in a copy. They change no value, because they are
/// dropped when lines are folded, or stand before a comment.
pub(super) fn parse(file: FileId, text: &str, limits: Limits) -> Result<Parsed, SyntaxError> {
    let mut insertions = match Reader::new(file, text, limits).read(limits) {
        Ok(parsed) => return Ok(parsed),
        Err(Refused { error, repair: None }) => return Err(error),
        Err(Refused { repair: Some(insertions), .. }) => insertions,
    };
    let mut read = text.len();
    loop {
        let copy = Inserted::spaces(text, &insertions);
        read = read.saturating_add(copy.text.len());
        let to_file = |span| copy.span(file, span);
        match Reader::new(file, &copy.text, limits).read(limits) {
            Ok(mut parsed) => {
                parsed.map_spans(&to_file);
                return Ok(parsed);
            }
            Err(Refused { error, repair }) => {
                let known = insertions.len();
                let more = repair.unwrap_or_default().into_iter().map(|(at, count)| (copy.original(at), count));
                insertions.extend(more);
                insertions.sort_unstable();
                insertions.dedup_by_key(|(at, _)| *at);
                if insertions.len() == known || read > MAX_REPAIR_BYTES {
                    return Err(SyntaxError { span: to_file(error.span), ..error });
                }
            }
        }
    }
}

struct Refused {
    error: SyntaxError,
    /// Where to insert how many spaces to get further.
    repair: Option<Vec<(usize, usize)>>,
}

impl From<SyntaxError> for Refused {
    fn from(error: SyntaxError) -> Self {
        Self { error, repair: None }
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Bytes before the part that the parser sees.
    base: usize,
    tree: Assembly,
    /// Whether each open collection is written with brackets.
    flow: Vec<bool>,
    /// Where the last event ends.
    seen: usize,
}

impl<'a> Reader<'a> {
    fn new(file: FileId, text: &'a str, limits: Limits) -> Self {
        let base = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, base, tree: Assembly::new(file, limits), flow: Vec::new(), seen: base }
    }

    fn read(mut self, limits: Limits) -> Result<Parsed, Refused> {
        let mut options = granit_parser::options! {
            // CloudFormation takes keys of any length, in particular in JSON-like flow mappings.
            simple_key_max_lookahead: usize::MAX,
            flow_nesting_limit: limits.depth,
            block_nesting_limit: limits.depth,
        };
        options.set_emit_comments(false);
        let body = self.text.get(self.base..).unwrap_or_default();
        for next in Parser::new_from_str_with_options(body, options) {
            let (event, span) = next.map_err(|error| self.refusal(&error))?;
            let start = self.offset(&span.start);
            let end = self.offset(&span.end);
            let before = self.seen;
            if !matches!(event, Event::DocumentStart(..) | Event::DocumentEnd | Event::StreamStart) {
                self.seen = self.seen.max(start).max(end);
            }
            let tag_at = span.tag_span().map(|tag| (self.offset(&tag.start), self.offset(&tag.end)));
            match event {
                Event::SequenceStart(style, anchor, tag) => {
                    let tag = tag.and_then(|tag| self.local_tag(&tag, tag_at));
                    let flow = style == StructureStyle::Flow;
                    self.flow.push(flow);
                    // The parser starts a sequence that is not indented at its first item's value.
                    let from = tag_at.map_or(before, |tag| tag.1);
                    let dash = if flow { None } else { self.first_of(&['-'], from, start) };
                    self.tree.open_seq(dash.unwrap_or(start), tag, anchor)?;
                }
                Event::MappingStart(style, anchor, tag) => {
                    let tag = tag.and_then(|tag| self.local_tag(&tag, tag_at));
                    self.flow.push(style == StructureStyle::Flow);
                    self.tree.open_map(start, tag, anchor)?;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    // The single pair in `[a: b]` is a flow mapping without brackets.
                    let bracket = self.text.get(..end).is_some_and(|before| before.ends_with([']', '}']));
                    let flow = self.flow.pop().unwrap_or(false);
                    self.tree.close((flow && bracket).then_some(end))?;
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let (start, end) = self.scalar_range(start, end, style, before, tag_at.map(|tag| tag.1));
                    if self.tree.wants_key() {
                        let flow = self.flow.last() == Some(&true);
                        if flow && self.text.get(start..end).is_some_and(|key| key.contains('\n')) {
                            return Err(self.tree.error("a key must stand on one line", start, end).into());
                        }
                        let merge = style == ScalarStyle::Plain && text == "<<" && tag.is_none();
                        self.tree.key(text.into(), start, end, merge)?;
                    } else {
                        let value = resolve(&text, style, tag.as_deref());
                        let tag = tag.and_then(|tag| self.local_tag(&tag, tag_at));
                        let span = self.tree.span(start, end);
                        self.tree.scalar(Node { span, tag, value }, anchor)?;
                    }
                }
                Event::Alias(anchor) => self.tree.alias(anchor, start, end)?,
                Event::DocumentEnd => self.tree.end_document(),
                _ => {}
            }
        }
        Ok(self.tree.finish())
    }

    fn offset(&self, marker: &granit_parser::Marker) -> usize {
        self.base + marker.byte_offset().unwrap_or(0)
    }

    /// The part of the file that a scalar takes: block scalars with their header and without the line breaks that
    /// follow, an absent value right behind its key. It stands behind `seen` and behind its tag.
    fn scalar_range(
        &self,
        start: usize,
        end: usize,
        style: ScalarStyle,
        seen: usize,
        tag_end: Option<usize>,
    ) -> (usize, usize) {
        let written = self.text.get(start..end).unwrap_or_default();
        match style {
            ScalarStyle::Plain if written.is_empty() => {
                let after_key = || {
                    let key = self.tree.current_key()?.end as usize;
                    let rest = self.text.get(key..)?;
                    let colon = rest.len() - rest.trim_start().strip_prefix(':')?.len();
                    Some(key + colon)
                };
                let before = |offset: usize| self.text.get(..offset).map_or(offset, |before| trimmed(before).len());
                let at = tag_end.or_else(after_key).unwrap_or_else(|| before(start));
                (at, at)
            }
            ScalarStyle::Plain => (start, start + trimmed(written).len()),
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let header = self.block_header(start, tag_end.unwrap_or(seen)).unwrap_or(start);
                (header, header + self.text.get(header..end).map_or(0, |block| trimmed(block).len()))
            }
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => (start, end),
        }
    }

    fn local_tag(&self, tag: &granit_parser::Tag, at: Option<(usize, usize)>) -> Option<Tag> {
        if tag.handle() == "tag:yaml.org,2002:" || tag.is_yaml_core_schema() || tag.suffix().is_empty() {
            return None;
        }
        let (start, end) = at?;
        let name = format!("{}{}", tag.original_handle(), tag.suffix());
        Some(Tag { name: name.into_boxed_str(), span: self.tree.span(start, end) })
    }

    /// The offset of the `|` or `>` of a block scalar whose content starts at `content`.
    fn block_header(&self, content: usize, from: usize) -> Option<usize> {
        let before = trimmed(self.text.get(from..content)?);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.get(line_start..)?;
        let is_header = |at: usize| {
            let after = line.get(at + 1..)?.trim_start_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
            (after.is_empty() || after.starts_with([' ', '\t']) && after.trim_start().starts_with('#')).then_some(at)
        };
        let found = line.match_indices(['|', '>']).find_map(|(at, _)| is_header(at))?;
        Some(from + line_start + found)
    }

    fn refusal(&self, error: &ScanError) -> Refused {
        let start = self.offset(error.marker());
        let width = self.text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let repair = match error.kind() {
            ErrorKind::InvalidQuotedScalarIndent => self.quoted_lines(start),
            ErrorKind::CommentNotSeparated => Some(vec![(start, 1)]),
            _ => None,
        };
        let refused = match error.kind() {
            ErrorKind::RecursionLimitExceeded => self.tree.too_deep(start),
            kind => self.tree.error(refusal_message(kind), start, start + width),
        };
        Refused { error: refused, repair }
    }

    /// The starts of the lines at and after `at` that belong to the quoted scalar around it, with the number of spaces
    /// that indents them deeply enough.
    fn quoted_lines(&self, at: usize) -> Option<Vec<(usize, usize)>> {
        let opening = self.first_of(&['"', '\''], self.seen, at)?;
        let quote = self.text.as_bytes().get(opening)?;
        let line_start =
            |offset: usize| self.text.get(..offset).map(|before| before.rfind('\n').map_or(0, |at| at + 1));
        let column = opening - line_start(opening)? + 1;
        let mut lines = vec![(line_start(at)?, column)];
        let mut rest = self.text.bytes().enumerate().skip(at);
        while let Some((offset, byte)) = rest.next() {
            match byte {
                b'\n' => lines.push((offset + 1, column)),
                b'\\' if *quote == b'"' => {
                    if let Some((offset, b'\n')) = rest.next() {
                        lines.push((offset + 1, column));
                    }
                }
                _ if byte == *quote => {
                    let doubled = *quote == b'\'' && self.text.as_bytes().get(offset + 1) == Some(quote);
                    if !doubled {
                        break;
                    }
                    rest.next();
                }
                _ => {}
            }
        }
        Some(lines)
    }

    /// The first of some characters between two offsets, past white space, indicators, properties and comments.
    fn first_of(&self, wanted: &[char], from: usize, to: usize) -> Option<usize> {
        let mut offset = from;
        while offset < to {
            let rest = self.text.get(offset..to)?;
            let first = rest.chars().next()?;
            offset += match first {
                _ if wanted.contains(&first) => return Some(offset),
                '#' => rest.find('\n')?,
                '!' | '&' => rest.find(char::is_whitespace)?,
                _ if first.is_whitespace() || matches!(first, ':' | '-' | '?') => first.len_utf8(),
                _ => return None,
            };
        }
        None
    }
}

/// What a parser error means for whoever wrote the file; rare ones keep the parser's words.
fn refusal_message(kind: &ErrorKind) -> String {
    let message = match kind {
        ErrorKind::MappingValueNotAllowed => "unexpected `:`: quote the text before it, or correct the indentation",
        ErrorKind::ExpectedBlockMappingKey => "expected a key at the indentation of the keys before it",
        ErrorKind::ExpectedBlockSequenceEntry => "expected `-` at the indentation of the items before it",
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => "expected `:` behind this key",
        ErrorKind::ExpectedFlowMappingSeparator => "expected `,` or `}`",
        ErrorKind::ExpectedFlowSequenceSeparator => "expected `,` or `]`",
        ErrorKind::ExpectedDocumentStart => "unexpected text behind the end of the document",
        ErrorKind::ExpectedNodeContent => "expected a value",
        ErrorKind::UnclosedQuotedScalar => "the quoted text is not closed",
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            "unexpected text behind the closing quote"
        }
        ErrorKind::UnknownQuotedScalarEscape => "unknown escape",
        ErrorKind::UnknownAnchor => "the alias has no anchor before it",
        ErrorKind::UndeclaredTagHandle => "the tag's handle is not declared",
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => "a tab cannot indent: use spaces",
        ErrorKind::UnclosedFlowCollection { open } => return format!("`{open}` is not closed"),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return format!("`{open}` cannot be closed by `{close}`");
        }
        other => return other.to_string(),
    };
    message.to_owned()
}

/// Without the white space at the end that YAML knows; U+0085 and its like are text.
fn trimmed(text: &str) -> &str {
    text.trim_end_matches([' ', '\t', '\n', '\r'])
}

/// Null only for what is written plainly as such; everything else keeps its text.
fn resolve(text: &str, style: ScalarStyle, tag: Option<&granit_parser::Tag>) -> NodeValue {
    let written_plain = style == ScalarStyle::Plain;
    let is_null = written_plain && matches!(text, "" | "~" | "null" | "Null" | "NULL");
    let core = tag.and_then(granit_parser::Tag::core_suffix);
    let plain = match (core, tag) {
        (Some("null"), _) => return NodeValue::Null,
        (Some("int" | "float" | "bool"), _) => true,
        (Some(_), _) => false,
        (None, Some(tag)) if tag.suffix().is_empty() => false,
        (None, Some(_)) if text.is_empty() && written_plain => return NodeValue::Null,
        (None, None) if is_null => return NodeValue::Null,
        (None, _) => written_plain,
    };
    NodeValue::Scalar(Scalar { text: text.into(), plain })
}
