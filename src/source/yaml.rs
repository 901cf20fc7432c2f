//! YAML with byte spans.

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StructureStyle};

use super::assembly::Assembly;
use super::{FileId, Limits, Node, NodeValue, Parsed, Scalar, SyntaxError, Tag};

pub(super) fn parse(file: FileId, text: &str, limits: Limits) -> Result<Parsed, SyntaxError> {
    let base = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = text.get(base..).unwrap_or_default();
    Reader { text, base, tree: Assembly::new(file, limits), flow: Vec::new() }.read(body, limits)
}

struct Reader<'a> {
    text: &'a str,
    /// Bytes before the part that the parser sees.
    base: usize,
    tree: Assembly,
    /// Whether each open collection is written with brackets.
    flow: Vec<bool>,
}

impl Reader<'_> {
    fn read(mut self, body: &str, limits: Limits) -> Result<Parsed, SyntaxError> {
        let mut options = granit_parser::options! {
            // CloudFormation takes keys of any length, in particular in JSON-like flow mappings.
            simple_key_max_lookahead: usize::MAX,
            // One more than allowed, so that the tree's own bound speaks first.
            flow_nesting_limit: limits.depth.saturating_add(1),
            block_nesting_limit: limits.depth.saturating_add(1),
        };
        options.set_emit_comments(false);
        for next in Parser::new_from_str_with_options(body, options) {
            let (event, span) = next.map_err(|error| self.refusal(&error))?;
            let start = self.offset(&span.start);
            let end = self.offset(&span.end);
            let tag_at = span.tag_span().map(|tag| (self.offset(&tag.start), self.offset(&tag.end)));
            match event {
                Event::SequenceStart(style, anchor, tag) => {
                    let tag = tag.and_then(|tag| self.local_tag(&tag, tag_at));
                    self.flow.push(style == StructureStyle::Flow);
                    self.tree.open_seq(start, tag, anchor)?;
                }
                Event::MappingStart(style, anchor, tag) => {
                    let tag = tag.and_then(|tag| self.local_tag(&tag, tag_at));
                    self.flow.push(style == StructureStyle::Flow);
                    self.tree.open_map(start, tag, anchor)?;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    let flow = self.flow.pop().unwrap_or(false);
                    self.tree.close(flow.then_some(end))?;
                }
                Event::Scalar(text, style, anchor, tag) => {
                    let (start, end) = self.scalar_range(start, end, style);
                    if self.tree.wants_key() {
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

    /// The part of the file that a scalar takes: block scalars without the line breaks that follow, an absent value
    /// right behind its key.
    fn scalar_range(&self, start: usize, end: usize, style: ScalarStyle) -> (usize, usize) {
        let written = self.text.get(start..end).unwrap_or_default();
        match style {
            ScalarStyle::Plain if written.is_empty() => {
                let after_key = self.tree.current_key().and_then(|key| {
                    let colon = self.text.get(key.end as usize..start)?.find(':')?;
                    Some(key.end as usize + colon + 1)
                });
                let at =
                    after_key.unwrap_or_else(|| self.text.get(..start).map_or(start, |before| before.trim_end().len()));
                (at, at)
            }
            ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => {
                (start, start + written.trim_end().len())
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

    fn refusal(&self, error: &ScanError) -> SyntaxError {
        let start = self.offset(error.marker());
        let width = self.text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        self.tree.error(error.info(), start, start + width)
    }
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
        (None, Some(_)) => written_plain,
        (None, None) if is_null => return NodeValue::Null,
        (None, None) => written_plain,
    };
    NodeValue::Scalar(Scalar { text: text.into(), plain })
}
