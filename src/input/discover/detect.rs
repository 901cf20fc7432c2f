//! What a document is, judged by its content.

use super::super::change_set::{self, ChangeSet};
use super::super::cloudformation::is_template;
use super::super::{Format, Note, NoteLevel, config_items, plan, snapshot};
use super::note;
use crate::source::embedded::parse_embedded;
use crate::source::{Limits, Node, Parsed, SourceMap, Span};

pub(super) enum Seen {
    Template {
        root: Box<Node>,
        format: Format,
        resources: usize,
        notes: Vec<Note>,
    },
    Plan(Box<plan::Document>),
    Snapshot(snapshot::Document),
    /// What stands beside the sections of a snapshot.
    Manifest(Span),
    ChangeSet(ChangeSet),
    /// A snapshot that cannot be judged: why, and where.
    Damaged(String, Span),
    /// Of the right program, but without what is needed: what is, and where.
    Refused(String, Span),
    /// Could be meant as a template: why it is not taken as one.
    Suspect(String, Span),
    Other,
}

/// Whether a text may be a template or a part of one. Every template has `Resources`, and no type is without `AWS::`
/// but custom ones.
pub(super) fn mentions_resources(bytes: &[u8]) -> bool {
    const WORDS: [&[u8]; 2] = [b"Resources", b"AWS::"];
    // UTF-16 keeps these words, with zeros between the letters.
    let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let narrow: Vec<u8>;
    let bytes = if wide {
        narrow = bytes.iter().copied().filter(|byte| *byte != 0).collect();
        &narrow
    } else {
        bytes
    };
    WORDS.iter().any(|word| find(bytes, word))
}

fn find(bytes: &[u8], word: &[u8]) -> bool {
    let Some(first) = word.first() else { return true };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        let Some(from) = rest.get(at..) else { return false };
        if from.starts_with(word) {
            return true;
        }
        rest = from.get(1..).unwrap_or_default();
    }
    false
}

pub(super) fn see(parsed: Parsed, sources: &SourceMap) -> Seen {
    if let Some(seen) = parsed.documents.first().and_then(plan::see) {
        return match seen {
            plan::Seen::Document(document) => Seen::Plan(document),
            plan::Seen::Refused(why, span) => Seen::Refused(why, span),
        };
    }
    if let Some((root, seen)) = parsed.documents.first().and_then(|root| Some((root, snapshot::see(root)?))) {
        return match seen {
            snapshot::Seen::Snapshot(document) => Seen::Snapshot(document),
            snapshot::Seen::Refused(why, span) => Seen::Damaged(why, span),
            snapshot::Seen::Manifest => Seen::Manifest(root.span),
        };
    }
    if let Some((root, document)) = parsed.documents.first().and_then(|root| Some((root, config_items::see(root)?))) {
        sources.conceal(root.span.file, &config_items::concealed(root));
        return Seen::Snapshot(document);
    }
    if let Some(set) = parsed.documents.first().and_then(|root| change_set::see(root, sources)) {
        return Seen::ChangeSet(set);
    }
    if let Some((why, span)) = parsed.documents.first().and_then(described) {
        return Seen::Refused(why, span);
    }
    let several = parsed.documents.len() > 1;
    let mut suspect = None;
    let mut template = None;
    for document in parsed.documents {
        let document = template_body(document, sources);
        if is_template(&document) {
            if let Some((_, notes)) = &mut template {
                let message = "a template file holds one document; this one is not read".to_owned();
                let notes: &mut Vec<Note> = notes;
                notes.push(note(NoteLevel::Error, message, Some(document.span)));
            } else {
                template = Some((document, Vec::new()));
            }
        } else if suspect.is_none() {
            suspect = doubt(&document);
        }
    }
    match (template, suspect) {
        (Some((root, mut notes)), _) => {
            if several && notes.is_empty() {
                let message = "a template file holds one document; the others are not read".to_owned();
                notes.push(note(NoteLevel::Warning, message, Some(root.span)));
            }
            let kinds = || members(root.get("Resources")).filter_map(|(_, node)| kind(node));
            let serverless = has_transform(&root, "AWS::Serverless-2016-10-31")
                || kinds().any(|kind| kind.starts_with("AWS::Serverless::"));
            let format = if serverless { Format::Sam } else { Format::CloudFormation };
            let resources = root.get("Resources").and_then(Node::as_map).map_or(0, <[_]>::len);
            Seen::Template { root: Box::new(root), format, resources, notes }
        }
        (None, Some((why, span))) => Seen::Suspect(why, span),
        (None, None) => Seen::Other,
    }
}

/// Descriptions of stacks, which have no properties of resources.
fn described(root: &Node) -> Option<(String, Span)> {
    let of_stack = |item: &Node| item.get("StackName").or_else(|| item.get("StackId")).is_some();
    let listed = |key: &str, item: &dyn Fn(&Node) -> bool| {
        root.entry(key).filter(|entry| entry.value.as_seq().is_some_and(|items| items.iter().any(item)))
    };
    if let Some(entry) = listed("Stacks", &|item| of_stack(item) && item.get("StackStatus").is_some()) {
        let why = "is the output of `describe-stacks`, which has no resources: scan that of `aws cloudformation \
                   get-template`, and give this one with `--parameters` for the values of the parameters";
        return Some((why.to_owned(), entry.key_span));
    }
    let summary = |item: &Node| item.get("LogicalResourceId").is_some() && item.get("ResourceStatus").is_some();
    let entry = ["StackResources", "StackResourceSummaries"].iter().find_map(|key| listed(key, &summary))?;
    let why = "lists the resources of a stack without their properties: scan the output of `aws cloudformation \
               get-template` instead";
    Some((why.to_owned(), entry.key_span))
}

/// The template in the output of `aws cloudformation get-template`, else the document itself.
fn template_body(document: Node, sources: &SourceMap) -> Node {
    let Some(body) = document.get("TemplateBody") else { return document };
    if is_template(body) {
        return body.clone();
    }
    let embedded = parse_embedded(sources, body, Limits::default()).and_then(Result::ok);
    embedded.and_then(|parsed| parsed.documents.into_iter().find(is_template)).unwrap_or(document)
}

/// Why something that is no template may be meant as one, and where.
fn doubt(root: &Node) -> Option<(String, Span)> {
    let resources = root.entry("Resources");
    if let Some(entry) = resources.filter(|entry| entry.value.as_map().is_some_and(|members| !members.is_empty())) {
        let why = "looks like a template, but no resource in `Resources` has a type";
        return Some((why.to_owned(), entry.key_span));
    }
    if let Some(entry) = resources
        && let Some(items) = entry.value.as_seq()
        && items.iter().any(|item| kind(item).is_some())
    {
        return Some(("looks like a template, but `Resources` is not a mapping".to_owned(), entry.key_span));
    }
    if root.get("service").is_some() && root.get("provider").is_some_and(|provider| provider.get("name").is_some()) {
        let why =
            "is a service of the Serverless Framework: run `serverless package` and scan the template in `.serverless`";
        return Some((why.to_owned(), root.entry("service")?.key_span));
    }
    let typed = |node: &Node| kind(node).is_some_and(|kind| kind.starts_with("AWS::"));
    if let Some((span, _)) = members(Some(root)).find(|(_, node)| typed(node)) {
        return Some((
            "declares resources without a `Resources` section, so it is no template by itself".to_owned(),
            span,
        ));
    }
    let (span, _) = members(Some(root)).find(|(_, node)| members(Some(node)).any(|(_, member)| typed(member)))?;
    Some(("looks like a template, but its resources are not in a section `Resources`".to_owned(), span))
}

fn members(node: Option<&Node>) -> impl Iterator<Item = (Span, &Node)> {
    node.and_then(Node::as_map).unwrap_or_default().iter().map(|entry| (entry.key_span, &entry.value))
}

/// The type of something that looks like a resource.
fn kind(node: &Node) -> Option<&str> {
    node.get("Type").and_then(Node::as_str).filter(|kind| kind.contains("::"))
}

fn has_transform(root: &Node, name: &str) -> bool {
    let is_it = |node: &Node| node.as_str() == Some(name);
    root.get("Transform").is_some_and(|node| is_it(node) || node.as_seq().is_some_and(|items| items.iter().any(is_it)))
}
