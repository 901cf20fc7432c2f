//! What a JSON document is: a plan, a state, or something that only looks like one.

use std::sync::Arc;

use crate::source::{Entry, Node, NodeValue, Scalar, Span};

/// What was written by `terraform show -json`, or is as good as that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DocumentKind {
    /// What will be.
    Plan,
    /// What is.
    State,
}

/// A plan or state within a document.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) kind: DocumentKind,
    /// In the form of `terraform show -json`.
    pub(super) root: Node,
}

/// What a document turns out to be.
#[derive(Debug)]
pub enum Seen {
    Document(Box<Document>),
    /// Of Terraform's making but without what is needed: why, what would help, and where.
    Refused(String, Span),
}

/// Keys under which other programs hand a plan on: Spacelift's policies, Terraform Enterprise's run tasks and OPA's
/// `input`, wrappers around the command line.
const WRAPPERS: [&str; 5] = ["terraform", "plan", "tfplan", "input", "stdout"];

/// Whether a text may be a plan or state. Each names the version of its format or, a state file, its lineage.
pub fn may_be_one(bytes: &[u8]) -> bool {
    // UTF-16, as PowerShell redirects.
    let wide = wide_text(bytes);
    let text = wide.as_deref().or_else(|| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    let mentions = |word: &str| text.contains(word);
    mentions("\"terraform_version\"") && (mentions("\"format_version\"") || mentions("\"lineage\""))
        || mentions("\"resource_changes\"")
}

fn is_wide(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])
}

/// The text of a plan in UTF-16; `None` for other bytes.
pub fn wide_text(bytes: &[u8]) -> Option<String> {
    let little = bytes.starts_with(&[0xff, 0xfe]);
    if !is_wide(bytes) {
        return None;
    }
    let unit = |pair: &[u8]| match *pair {
        [first, second] if little => Some(u16::from_le_bytes([first, second])),
        [first, second] => Some(u16::from_be_bytes([first, second])),
        _ => None,
    };
    let units: Option<Vec<u16>> = bytes.get(2..)?.chunks(2).map(unit).collect();
    String::from_utf16(&units?).ok()
}

/// What to scan instead of a file that only Terraform reads, or of the wrong output.
pub fn advice(name: &str, bytes: &[u8]) -> Option<String> {
    // A plan file is a ZIP archive whose first file is called `tfplan`.
    if bytes.starts_with(b"PK\x03\x04") && bytes.get(30..).is_some_and(|name| name.starts_with(b"tfplan")) {
        return Some(format!(
            "`{name}` is a plan in Terraform's own format: run `terraform show -json {name}` and scan its output"
        ));
    }
    // `terraform plan -json` streams events, one a line; none of them has the plan.
    let start: String = bytes.iter().take(400).map(|byte| char::from(*byte)).collect();
    (start.starts_with("{\"@level\"") && start.contains("\"@module\":\"terraform.")).then(|| {
        format!(
            "`{name}` is the log of `terraform plan -json`: run `terraform plan -out=FILE`, then \
             `terraform show -json FILE`, and scan that output"
        )
    })
}

/// A plan that a wrapper around `terraform show -json` printed, with blanks for what the wrapper adds before and after
/// it, so that offsets stay as they are.
pub fn readable(text: String) -> String {
    let body = text.trim_start_matches('\u{feff}').trim();
    if body.starts_with('{') && body.ends_with('}') || !may_be_one(text.as_bytes()) {
        return text;
    }
    let opens =
        |at: &usize| text.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with(['\n', '\u{feff}']));
    let start = text.match_indices('{').map(|(at, _)| at).find(opens);
    let (Some(start), Some(end)) = (start, text.rfind('}')) else { return text };
    let blank = |part: &str| -> String {
        part.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { ' ' }).collect()
    };
    match (text.get(..start), text.get(start..=end), text.get(end + 1..)) {
        (Some(before), Some(plan), Some(after)) => format!("{}{plan}{}", blank(before), blank(after)),
        _ => text,
    }
}

/// Recognises a document by its content. Source: Terraform, "JSON Output Format" (versions 0.1 to 1.2).
pub fn see(root: &Node) -> Option<Seen> {
    unwrapped(root).or_else(|| WRAPPERS.iter().find_map(|key| unwrapped(root.get(key)?)))
}

fn unwrapped(root: &Node) -> Option<Seen> {
    let found = |kind, root: &Node| Some(Seen::Document(Box::new(Document { kind, root: root.clone() })));
    let version = root.entry("format_version");
    if let Some(version) = version
        && version.value.as_str().is_some_and(|text| !matches!(text.split('.').next(), Some("0" | "1")))
    {
        let why = "has a format version that is not known here".to_owned();
        return is_terraform(root).then_some(Seen::Refused(why, version.value.span));
    }
    let resources = |key: &str| root.get(key).is_some_and(|values| values.get("root_module").is_some());
    let changes = root.get("resource_changes").is_some_and(|changes| changes.as_seq().is_some());
    if resources("planned_values") || changes {
        return found(DocumentKind::Plan, root);
    }
    if resources("values") {
        return found(DocumentKind::State, root);
    }
    // A plan that changes nothing and a state of nothing still say which Terraform wrote them.
    if version.is_some() && root.get("terraform_version").is_some() {
        let kind = if root.get("planned_values").is_some() { DocumentKind::Plan } else { DocumentKind::State };
        return found(kind, root);
    }
    if let Some(entry) = root.entry("lineage")
        && root.get("serial").is_some()
    {
        if root.get("version").and_then(Node::as_str) == Some("4") {
            return found(DocumentKind::State, &shown(root));
        }
        let why = "is a Terraform state of an old version: run `terraform show -json` and scan its output";
        return Some(Seen::Refused(why.to_owned(), entry.key_span));
    }
    None
}

fn is_terraform(root: &Node) -> bool {
    root.get("terraform_version").is_some()
        && ["planned_values", "values", "resource_changes"].iter().any(|key| root.get(key).is_some())
}

/// A state file as `terraform show -json` shows it, with its own spans. Source: the state file format, version 4.
fn shown(state: &Node) -> Node {
    let mut modules: Vec<(String, Vec<Node>)> = vec![(String::new(), Vec::new())];
    for resource in state.get("resources").and_then(Node::as_seq).unwrap_or_default() {
        let module = resource.get("module").and_then(Node::as_str).unwrap_or_default();
        let at = modules.iter().position(|(name, _)| name == module).unwrap_or_else(|| {
            modules.push((module.to_owned(), Vec::new()));
            modules.len() - 1
        });
        for instance in resource.get("instances").and_then(Node::as_seq).unwrap_or_default() {
            // A deposed object waits for its removal beside the one that replaces it.
            if instance.get("deposed").is_none()
                && let Some((_, resources)) = modules.get_mut(at)
            {
                resources.extend(shown_instance(module, resource, instance));
            }
        }
    }
    let span = state.span;
    let mut children = Vec::new();
    let mut own = Vec::new();
    for (name, resources) in modules {
        if name.is_empty() {
            own.push(entry("resources", list(span, resources)));
        } else {
            let module = vec![entry("address", text(span, &name)), entry("resources", list(span, resources))];
            children.push(map(span, module));
        }
    }
    own.push(entry("child_modules", list(span, children)));
    let mut members = vec![entry("values", map(span, vec![entry("root_module", map(span, own))]))];
    members.extend(state.entry("terraform_version").cloned());
    map(span, members)
}

fn shown_instance(module: &str, resource: &Node, instance: &Node) -> Option<Node> {
    let word = |key: &str| resource.get(key).and_then(Node::as_str);
    let (mode, kind, name) = (word("mode")?, word("type")?, word("name")?);
    let span = resource.entry("name").map_or(resource.span, |entry| entry.value.span);
    let key = instance.get("index_key");
    let index = key.and_then(|key| match &key.value {
        NodeValue::Scalar(scalar) if scalar.plain => Some(format!("[{}]", scalar.text)),
        NodeValue::Scalar(scalar) => Some(format!("[{}]", quoted(&scalar.text))),
        _ => None,
    });
    let dot = if module.is_empty() { "" } else { "." };
    let data = if mode == "data" { "data." } else { "" };
    let address = format!("{module}{dot}{data}{kind}.{name}{}", index.unwrap_or_default());
    let mut members = vec![entry("address", text(span, &address))];
    members.extend(["mode", "type", "name"].iter().filter_map(|key| resource.entry(key).cloned()));
    members.extend(key.map(|key| entry("index", key.clone())));
    let renamed = |from: &str, to: &str| instance.entry(from).map(|found| Entry { key: to.into(), ..found.clone() });
    members.extend(renamed("attributes", "values"));
    members.extend(renamed("dependencies", "depends_on"));
    let mut sensitive = map(span, Vec::new());
    for path in instance.get("sensitive_attributes").and_then(Node::as_seq).unwrap_or_default() {
        mark(&mut sensitive, path.as_seq().unwrap_or_default());
    }
    members.push(entry("sensitive_values", sensitive));
    Some(map(instance.span, members))
}

/// Marks a path of a state's `sensitive_attributes`, as far as it goes by names; what is below an index is marked as
/// a whole.
fn mark(at: &mut Node, path: &[Node]) {
    let Some((first, rest)) = path.split_first() else {
        at.value = NodeValue::Scalar(Scalar { text: "true".into(), plain: true });
        return;
    };
    let step = first.get("value");
    let name = step.and_then(|value| value.as_str().or_else(|| value.get("value").and_then(Node::as_str)));
    let by_name = first.get("type").and_then(Node::as_str) == Some("get_attr");
    let span = at.span;
    match (&mut at.value, name) {
        (NodeValue::Map(entries), Some(name)) if by_name => {
            if !entries.iter().any(|entry| &*entry.key == name) {
                entries.push(entry(name, map(span, Vec::new())));
            }
            if let Some(found) = entries.iter_mut().find(|entry| &*entry.key == name) {
                mark(&mut found.value, rest);
            }
        }
        _ => mark(at, &[]),
    }
}

/// A key as Terraform writes it in addresses.
pub(super) fn quoted(key: &str) -> Arc<str> {
    let mut text = String::from("\"");
    for char in key.chars() {
        match char {
            '"' | '\\' => text.extend(['\\', char]),
            '\n' => text.push_str("\\n"),
            _ => text.push(char),
        }
    }
    text.push('"');
    Arc::from(text)
}

fn entry(key: &str, value: Node) -> Entry {
    Entry { key: key.into(), key_span: value.span, value }
}

fn text(span: Span, text: &str) -> Node {
    Node { span, tag: None, value: NodeValue::Scalar(Scalar { text: text.into(), plain: false }) }
}

fn list(span: Span, items: Vec<Node>) -> Node {
    Node { span, tag: None, value: NodeValue::Seq(items) }
}

fn map(span: Span, members: Vec<Entry>) -> Node {
    Node { span, tag: None, value: NodeValue::Map(members) }
}
