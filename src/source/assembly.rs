//! Builds the [`Node`] tree from a parser's events: one place for bounds, duplicate keys, aliases and merge keys.
//!
//! Nothing here recurses over the input, and no tree comes out that is deeper than [`Limits::depth`], so later layers
//! may recurse.

use std::collections::HashMap;

use super::{DuplicateKey, Entry, FileId, Limits, Node, NodeValue, Parsed, Span, SyntaxError, Tag};

/// A mapping with more members looks its keys up by hash.
const LINEAR_KEYS: usize = 16;

/// Text of this many bytes weighs as much as one value, so that repeating a long text is bounded too.
const BYTES_PER_NODE: usize = 256;

pub(super) struct Assembly {
    file: FileId,
    limits: Limits,
    weight: usize,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    parsed: Parsed,
}

struct Frame {
    start: usize,
    /// Where the last member ends.
    end: usize,
    tag: Option<Tag>,
    anchor: usize,
    weight_before: usize,
    /// Levels of nesting below this one.
    height: usize,
    body: Body,
}

enum Body {
    Seq(Vec<Node>),
    Map(Members),
}

#[derive(Default)]
struct Members {
    entries: Vec<Entry>,
    key: Option<Key>,
    index: HashMap<Box<str>, usize>,
    /// Positions of entries that a later one with the same key replaces, ascending only by chance.
    replaced: Vec<usize>,
    merged: Vec<Entry>,
}

struct Key {
    text: Box<str>,
    span: Span,
    merge: bool,
}

/// What an alias stands for.
struct Anchored {
    node: Node,
    weight: usize,
    height: usize,
}

impl Assembly {
    pub(super) fn new(file: FileId, limits: Limits) -> Self {
        Self {
            file,
            limits,
            weight: 0,
            stack: Vec::new(),
            anchors: HashMap::new(),
            parsed: Parsed { documents: Vec::new(), duplicates: Vec::new() },
        }
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    pub(super) fn error(&self, message: impl Into<String>, start: usize, end: usize) -> SyntaxError {
        SyntaxError { message: message.into(), span: self.span(start, end) }
    }

    /// Whether the next scalar is a mapping's key.
    pub(super) fn wants_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { body: Body::Map(members), .. }) if members.key.is_none())
    }

    /// The span of the key whose value comes next.
    pub(super) fn current_key(&self) -> Option<Span> {
        match &self.stack.last()?.body {
            Body::Map(members) => members.key.as_ref().map(|key| key.span),
            Body::Seq(_) => None,
        }
    }

    /// Takes the key of the value that comes next; `merge` is set for YAML's `<<`.
    pub(super) fn key(&mut self, text: Box<str>, start: usize, end: usize, merge: bool) -> Result<(), SyntaxError> {
        self.grow(1 + text.len() / BYTES_PER_NODE, start, end)?;
        let span = self.span(start, end);
        if let Some(Frame { body: Body::Map(members), .. }) = self.stack.last_mut() {
            members.key = Some(Key { text, span, merge });
        }
        Ok(())
    }

    pub(super) fn open_seq(&mut self, start: usize, tag: Option<Tag>, anchor: usize) -> Result<(), SyntaxError> {
        self.open(start, tag, anchor, Body::Seq(Vec::new()))
    }

    pub(super) fn open_map(&mut self, start: usize, tag: Option<Tag>, anchor: usize) -> Result<(), SyntaxError> {
        self.open(start, tag, anchor, Body::Map(Members::default()))
    }

    fn open(&mut self, start: usize, tag: Option<Tag>, anchor: usize, body: Body) -> Result<(), SyntaxError> {
        if self.wants_key() {
            return Err(self.error("a mapping's key must be text", start, start));
        }
        if self.stack.len() >= self.limits.depth {
            return Err(self.too_deep(start));
        }
        let weight_before = self.weight;
        self.grow(1, start, start)?;
        self.stack.push(Frame { start, end: start, tag, anchor, weight_before, height: 1, body });
        Ok(())
    }

    /// Ends the innermost collection: at `end` when a bracket closes it, else where its last member ends.
    pub(super) fn close(&mut self, end: Option<usize>) -> Result<(), SyntaxError> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let value = match frame.body {
            Body::Seq(items) => NodeValue::Seq(items),
            Body::Map(members) => NodeValue::Map(members.finish()),
        };
        let span = self.span(frame.start, end.unwrap_or(frame.end));
        let weight = self.weight - frame.weight_before;
        self.add(Node { span, tag: frame.tag, value }, frame.anchor, weight, frame.height)
    }

    /// Takes a scalar or null as the next value.
    pub(super) fn scalar(&mut self, node: Node, anchor: usize) -> Result<(), SyntaxError> {
        let weight = 1 + node.as_str().map_or(0, |text| text.len() / BYTES_PER_NODE);
        self.grow(weight, node.span.start as usize, node.span.end as usize)?;
        self.add(node, anchor, weight, 0)
    }

    /// Repeats the value of an anchor, or its text when a key is wanted.
    pub(super) fn alias(&mut self, anchor: usize, start: usize, end: usize) -> Result<(), SyntaxError> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(self.error("the alias stands inside of the value that it repeats", start, end));
        };
        let (weight, height) = (anchored.weight, anchored.height);
        if self.weight.saturating_add(weight) > self.limits.nodes {
            return Err(self.too_many(start, end));
        }
        if self.stack.len() + height > self.limits.depth {
            return Err(self.too_deep(start));
        }
        let node = anchored.node.clone();
        if self.wants_key() {
            return match node.as_str() {
                Some(text) => self.key(text.into(), start, end, false),
                None => Err(self.error("a mapping's key must be text", start, end)),
            };
        }
        self.weight += weight;
        self.add(node, 0, weight, height)?;
        if let Some(frame) = self.stack.last_mut() {
            // The repeated value's own span lies elsewhere; the collection ends behind the alias.
            frame.end = frame.end.max(end);
        }
        Ok(())
    }

    /// Ends a document: anchors are local to it.
    pub(super) fn end_document(&mut self) {
        self.anchors.clear();
    }

    pub(super) fn finish(self) -> Parsed {
        self.parsed
    }

    fn add(&mut self, node: Node, anchor: usize, weight: usize, height: usize) -> Result<(), SyntaxError> {
        if anchor != 0 {
            self.grow(weight, node.span.start as usize, node.span.end as usize)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), weight, height });
        }
        let Some(frame) = self.stack.last_mut() else {
            self.parsed.documents.push(node);
            return Ok(());
        };
        frame.height = frame.height.max(height + 1);
        let end = node.span.end as usize;
        if (node.span.start as usize) >= frame.end {
            frame.end = end;
        }
        match &mut frame.body {
            Body::Seq(items) => items.push(node),
            Body::Map(members) => {
                let Some(key) = members.key.take() else { return Ok(()) };
                frame.end = frame.end.max(key.span.end as usize);
                if key.merge {
                    members.merge(node, key.span)?;
                } else if let Some(duplicate) = members.insert(key, node) {
                    self.parsed.duplicates.push(duplicate);
                }
            }
        }
        Ok(())
    }

    fn grow(&mut self, weight: usize, start: usize, end: usize) -> Result<(), SyntaxError> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight > self.limits.nodes { Err(self.too_many(start, end)) } else { Ok(()) }
    }

    fn too_many(&self, start: usize, end: usize) -> SyntaxError {
        let limit = self.limits.nodes;
        self.error(format!("the document has more than {limit} values, repetitions by aliases included"), start, end)
    }

    pub(super) fn too_deep(&self, start: usize) -> SyntaxError {
        self.error(format!("nested deeper than {} levels", self.limits.depth), start, start)
    }
}

impl Members {
    fn insert(&mut self, key: Key, value: Node) -> Option<DuplicateKey> {
        let position = self.entries.len();
        let before = if position < LINEAR_KEYS {
            // The last one, because those before it are replaced already.
            self.entries.iter().rposition(|entry| entry.key == key.text)
        } else {
            if self.index.is_empty() {
                self.index = self.entries.iter().enumerate().map(|(at, entry)| (entry.key.clone(), at)).collect();
            }
            self.index.insert(key.text.clone(), position)
        };
        let duplicate = before.and_then(|before| {
            self.replaced.push(before);
            let first = self.entries.get(before)?.key_span;
            Some(DuplicateKey { key: key.text.to_string(), first, last: key.span })
        });
        self.entries.push(Entry { key: key.text, key_span: key.span, value });
        duplicate
    }

    /// Remembers the members of `<<: *other` or `<<: [*one, *other]`.
    fn merge(&mut self, value: Node, span: Span) -> Result<(), SyntaxError> {
        let refused = || SyntaxError { message: "`<<` takes a mapping or a list of mappings".to_owned(), span };
        match value.value {
            NodeValue::Map(entries) => self.merged.extend(entries),
            NodeValue::Seq(items) => {
                for item in items {
                    let NodeValue::Map(entries) = item.value else { return Err(refused()) };
                    self.merged.extend(entries);
                }
            }
            NodeValue::Null => {}
            NodeValue::Scalar(_) => return Err(refused()),
        }
        Ok(())
    }

    /// Own members in source order, then merged ones that no own or earlier merged member overrides.
    fn finish(mut self) -> Vec<Entry> {
        if !self.replaced.is_empty() {
            self.replaced.sort_unstable();
            let mut position = 0;
            let mut replaced = self.replaced.iter().peekable();
            self.entries.retain(|_| {
                let keep = replaced.next_if_eq(&&position).is_none();
                position += 1;
                keep
            });
        }
        if !self.merged.is_empty() {
            let mut seen: std::collections::HashSet<Box<str>> =
                self.entries.iter().map(|entry| entry.key.clone()).collect();
            self.entries.extend(self.merged.into_iter().filter(|entry| seen.insert(entry.key.clone())));
        }
        self.entries
    }
}
