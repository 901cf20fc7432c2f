//! Text and where every value in it stands.
//!
//! Byte ranges are the truth; line and column are derived when something is shown. One value tree
//! ([`Node`]) serves YAML and JSON, so no later layer knows which syntax a template was written in.
//! Only the files below this module name a parser crate.

mod assembly;
pub mod embedded;
pub mod hcl;
mod json;
mod yaml;

use std::fmt;
use std::sync::{Arc, RwLock};

/// Identifies a file of one [`SourceMap`]. Not stable across runs: sort by file name, never by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

/// Byte range `start..end` in a file's text as it was read (BOM and CR included).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { file, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The smallest span that covers both. `other` is ignored when it lies in another file.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        if self.file != other.file {
            return self;
        }
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// 1-based line and column (columns count characters); the end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

/// One file that was read.
#[derive(Debug)]
pub struct SourceFile {
    /// As shown to the user: the path as it was given or found, with `/` separators.
    pub name: String,
    pub text: Arc<str>,
    line_starts: Vec<u32>,
    /// Characters before each block of [`BLOCK`] bytes: a plan may be one line of megabytes.
    chars_before: Vec<u32>,
}

const BLOCK: usize = 1024;

impl SourceFile {
    fn new(name: String, text: Arc<str>) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts =
            std::iter::once(0).chain(starts.map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX))).collect();
        let mut chars = 0;
        let mut chars_before = vec![0];
        for block in text.as_bytes().chunks(BLOCK) {
            chars += char_count(block);
            chars_before.push(chars);
        }
        Self { name, text, line_starts, chars_before }
    }

    fn line_column(&self, offset: u32) -> (u32, u32) {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0) as usize;
        let mut end = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let column = self.chars_to(end).saturating_sub(self.chars_to(start)).saturating_add(1);
        (u32::try_from(line).unwrap_or(u32::MAX), column)
    }

    /// Characters before an offset.
    fn chars_to(&self, offset: usize) -> u32 {
        let block = offset / BLOCK;
        let rest = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        self.chars_before.get(block).copied().unwrap_or(0) + char_count(rest)
    }
}

/// Characters of a part of a text. Source: RFC 3629, "UTF-8": all bytes of a character but the first begin with `10`.
fn char_count(bytes: &[u8]) -> u32 {
    let begins = bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000);
    u32::try_from(begins.count()).unwrap_or(u32::MAX)
}

/// All files of a run. Append-only and shared between threads; a clone is a second handle to the same files.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Arc<RwLock<Vec<Arc<SourceFile>>>>,
}

impl SourceMap {
    pub fn add(&self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let file = Arc::new(SourceFile::new(name.into(), text.into()));
        let mut files = self.files.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        files.push(file);
        FileId(u32::try_from(files.len() - 1).unwrap_or(u32::MAX))
    }

    /// Drops the text of a file that no span will refer to. Its name stays.
    pub fn forget(&self, id: FileId) {
        let mut files = self.files.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(file) = files.get_mut(id.0 as usize) {
            *file = Arc::new(SourceFile::new(file.name.clone(), Arc::from("")));
        }
    }

    /// Writes over places of a file's text, so that nothing shows what stands there. Offsets stay as they are.
    pub fn conceal(&self, id: FileId, places: &[Span]) {
        let mut files = self.files.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(file) = files.get_mut(id.0 as usize).filter(|_| !places.is_empty()) else { return };
        let mut bytes = file.text.as_bytes().to_vec();
        for place in places.iter().filter(|place| place.file == id) {
            let hidden = bytes.get_mut(place.start as usize..place.end as usize).unwrap_or_default();
            // Quotes keep what stands around it readable.
            hidden.iter_mut().filter(|byte| **byte != b'"').for_each(|byte| *byte = b'*');
        }
        *file = Arc::new(SourceFile::new(file.name.clone(), String::from_utf8_lossy(&bytes).into()));
    }

    /// The file of an id; an empty file for an id of another map.
    pub fn file(&self, id: FileId) -> Arc<SourceFile> {
        let files = self.files.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        files.get(id.0 as usize).cloned().unwrap_or_else(|| Arc::new(SourceFile::new(String::new(), Arc::from(""))))
    }

    /// The text that a span covers.
    pub fn slice(&self, span: Span) -> String {
        self.file(span.file).text.get(span.start as usize..span.end as usize).unwrap_or_default().to_owned()
    }

    pub fn position(&self, span: Span) -> Position {
        let file = self.file(span.file);
        let (line, column) = file.line_column(span.start);
        let (end_line, end_column) = file.line_column(span.end);
        Position { line, column, end_line, end_column }
    }
}

/// A value as it was written: nothing resolved, nothing typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value's own text, quotes included, without its tag and without trailing white space.
    pub span: Span,
    /// A local YAML tag such as `!Ref` (with its `!`); the core-schema tags (`!!str`) are applied, not kept.
    pub tag: Option<Tag>,
    pub value: NodeValue,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    pub name: Box<str>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum NodeValue {
    Null,
    Scalar(Scalar),
    Seq(Vec<Node>),
    /// In source order. A duplicate key stands once, with its last value; see [`Parsed::duplicates`].
    Map(Vec<Entry>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: Box<str>,
    pub key_span: Span,
    pub value: Node,
}

/// A scalar keeps its decoded text whatever it looks like: whether `ON`, `0123` or `1e3` is a string, a number or
/// a boolean is decided by whoever reads it, because CloudFormation decides by the property's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    pub text: Box<str>,
    /// Written without quotes (a JSON number or boolean, a YAML plain scalar), so it may be a number or boolean.
    pub plain: bool,
}

impl Scalar {
    /// `true`/`false` as the CloudFormation service accepts them: any capitalisation, quoted or not, and the
    /// YAML 1.1 words `yes no on off` when written plainly.
    pub fn as_bool(&self) -> Option<bool> {
        match self.text.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            "yes" | "on" if self.plain => Some(true),
            "no" | "off" if self.plain => Some(false),
            _ => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        let text = self.text.trim();
        text.parse().ok().or_else(|| text.strip_suffix(".0").and_then(|whole| whole.parse().ok()))
    }
}

impl Node {
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.value {
            NodeValue::Map(entries) => Some(entries),
            _ => None,
        }
    }

    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.value {
            NodeValue::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The value of a mapping's key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.iter().find(|entry| &*entry.key == key)
    }
}

/// What a parser makes of one file.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The documents of the file; JSON has exactly one, YAML may have several or none.
    pub documents: Vec<Node>,
    pub duplicates: Vec<DuplicateKey>,
}

/// A key written twice in one mapping. The last one wins, as in CloudFormation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateKey {
    pub key: String,
    pub first: Span,
    pub last: Span,
}

/// Why a text could not be parsed, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    pub message: String,
    pub span: Span,
}

/// Bounds that keep hostile input from costing more than its size suggests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Nesting of mappings and sequences.
    pub depth: usize,
    /// Nodes of the finished tree; aliases and merge keys count as often as they are used.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 256, nodes: 4_000_000 }
    }
}

/// Parses a file as JSON when it starts like JSON, else as YAML.
pub fn parse(sources: &SourceMap, file: FileId, limits: Limits) -> Result<Parsed, SyntaxError> {
    parse_text(file, &sources.file(file).text, limits)
}

fn parse_text(file: FileId, text: &str, limits: Limits) -> Result<Parsed, SyntaxError> {
    let body = text.trim_start_matches('\u{feff}').trim_start();
    if body.starts_with('{') || body.starts_with('[') {
        // A YAML flow mapping also starts with `{`: what is not strict JSON gets its second chance there.
        return match json::parse(file, text, limits) {
            Ok(parsed) => Ok(parsed),
            // Of two refusals, the one that got further understood more of the text.
            Err(strict) => yaml::parse(file, text, limits)
                .map_err(|lax| if lax.span.start > strict.span.start { lax } else { strict }),
        };
    }
    yaml::parse(file, text, limits)
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests;
