//! Exports and imports across the templates of one scan.
//!
//! A name is often built from the stack's name, which no template knows. Such a name is a pattern: it links an import
//! to its export when exactly one scanned template can be meant, and that one lies in the same folder or above it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Library;
use super::conditions::Assumptions;
use super::documents::Documents;
use super::functions::Call;
use super::stack::{Run, nested_location};
use super::template::Template;
use crate::input::Context;
use crate::source::{Entry, Node, NodeValue, SourceMap};

/// An exported output.
#[derive(Clone, Debug)]
pub(super) struct Export {
    /// `*` stands for what is only known after deployment.
    pattern: String,
    /// The file that declares it.
    file: Arc<str>,
    /// Its stack's prefix and its name.
    prefix: Arc<str>,
    output: Arc<str>,
}

impl<'a> Run<'a> {
    /// The stack and output that an import by this name means; `None` when there is none, or more than one.
    pub(super) fn exporter(&self, importer: &str, name: &str) -> Option<(usize, &'a str)> {
        let export = find(&self.library.exports, importer, name)?;
        let stack = self.stacks.iter().position(|stack| stack.prefix == export.prefix)?;
        Some((stack, &export.output))
    }
}

fn find<'e>(exports: &'e [Export], importer: &str, name: &str) -> Option<&'e Export> {
    let wanted = pattern(name);
    let exact = |export: &&Export| !wanted.contains('*') && export.pattern == wanted;
    let similar = |export: &&Export| {
        let related =
            folder(importer).starts_with(folder(&export.file)) || folder(&export.file).starts_with(folder(importer));
        related && (export.pattern == wanted || matches(&export.pattern, &wanted) || matches(&wanted, &export.pattern))
    };
    only(exports.iter().filter(exact)).or_else(|| {
        let unclear = exports.iter().any(|export| exact(&export));
        if unclear { None } else { only(exports.iter().filter(similar)) }
    })
}

fn only<'e>(mut found: impl Iterator<Item = &'e Export>) -> Option<&'e Export> {
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

fn folder(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The literal parts of a text, `*` for the rest.
fn pattern(template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        out.push('*');
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.replace('?', "*")
}

/// Whether a text fits a pattern of which at least three characters are literal.
fn matches(pattern: &str, text: &str) -> bool {
    if !pattern.contains('*') || pattern.chars().filter(|char| *char != '*').count() < 3 {
        return false;
    }
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Groups root templates that import from each other into libraries.
pub(super) fn group(
    roots: &[Arc<Template>],
    documents: &Arc<Documents>,
    context: &Context,
    sources: &Arc<SourceMap>,
) -> Vec<Library> {
    let library = |roots: Vec<Arc<Template>>, exports: &Arc<[Export]>| Library {
        roots,
        documents: Arc::clone(documents),
        context: context.clone(),
        sources: Arc::clone(sources),
        exports: Arc::clone(exports),
    };
    let alone = |root: &Arc<Template>, exports: &Arc<[Export]>| library(vec![Arc::clone(root)], exports);
    let none: Arc<[Export]> = Arc::from([]);
    let mut exports = Vec::new();
    let mut owners = Vec::new();
    for (index, root) in roots.iter().enumerate() {
        let found = exports_of(&alone(root, &none));
        owners.extend(std::iter::repeat_n(index, found.len()));
        exports.extend(found);
    }
    let exports: Arc<[Export]> = Arc::from(exports);
    if exports.is_empty() {
        return roots.iter().map(|root| alone(root, &exports)).collect();
    }
    let mut leader: Vec<usize> = (0..roots.len()).collect();
    for (index, root) in roots.iter().enumerate() {
        for (importer, name) in imports_of(&alone(root, &none)) {
            let Some(export) = find(&exports, &importer, &name) else { continue };
            let Some(at) = exports.iter().position(|other| std::ptr::eq(other, export)) else { continue };
            let (Some(from), Some(to)) =
                (leader.get(index).copied(), owners.get(at).and_then(|at| leader.get(*at)).copied())
            else {
                continue;
            };
            for slot in &mut leader {
                if *slot == from.max(to) {
                    *slot = from.min(to);
                }
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<Arc<Template>>> = BTreeMap::new();
    for (root, leader) in roots.iter().zip(&leader) {
        groups.entry(*leader).or_default().push(Arc::clone(root));
    }
    groups.into_values().map(|roots| library(roots, &exports)).collect()
}

/// Whether anything in the template or nested in it can be an export or import: most templates have none.
fn may_share(library: &Library, section: &str, key: &str) -> bool {
    library.roots.iter().any(|root| {
        let nests = |entry: &Entry| nested_location(&entry.value).is_some();
        root.root.get("Resources").and_then(Node::as_map).is_some_and(|entries| entries.iter().any(nests))
            || root.root.get(section).is_some_and(|node| mentions(node, key))
    })
}

fn mentions(node: &Node, key: &str) -> bool {
    if node.tag.as_ref().is_some_and(|tag| tag.name.strip_prefix('!') == key.strip_prefix("Fn::")) {
        return true;
    }
    match &node.value {
        NodeValue::Seq(items) => items.iter().any(|item| mentions(item, key)),
        NodeValue::Map(entries) => entries.iter().any(|entry| &*entry.key == key || mentions(&entry.value, key)),
        NodeValue::Scalar(_) | NodeValue::Null => false,
    }
}

fn exports_of(library: &Library) -> Vec<Export> {
    if !may_share(library, "Outputs", "Export") {
        return Vec::new();
    }
    let run = Run::new(library, Assumptions::default());
    let mut found = Vec::new();
    for stack in &run.stacks {
        for declared in &stack.outputs.list {
            let Some(name) = declared.node.get("Export").and_then(|export| export.get("Name")) else { continue };
            let name = run.scope(stack).within(&declared.loops).eval(name);
            if let Some(name) = name.and_then(|name| name.template()) {
                found.push(Export {
                    pattern: pattern(&name),
                    file: Arc::clone(&stack.template.name),
                    prefix: Arc::clone(&stack.prefix),
                    output: Arc::clone(&declared.name),
                });
            }
        }
    }
    found
}

/// The importing files and the names that they import.
fn imports_of(library: &Library) -> Vec<(Arc<str>, String)> {
    if !may_share(library, "Resources", "Fn::ImportValue") {
        return Vec::new();
    }
    let run = Run::new(library, Assumptions::default());
    let mut found = Vec::new();
    for stack in &run.stacks {
        let mut calls = Vec::new();
        import_calls(&stack.template.root, &mut calls);
        for call in calls {
            if let Some(name) = run.scope(stack).argument(&call).and_then(|name| name.template()) {
                found.push((Arc::clone(&stack.template.name), name));
            }
        }
    }
    found
}

fn import_calls<'n>(node: &'n Node, found: &mut Vec<Call<'n>>) {
    found.extend(Call::of(node).filter(|call| call.name == "ImportValue"));
    match &node.value {
        NodeValue::Seq(items) => items.iter().for_each(|item| import_calls(item, found)),
        NodeValue::Map(entries) => entries.iter().for_each(|entry| import_calls(&entry.value, found)),
        NodeValue::Scalar(_) | NodeValue::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_patterns() {
        assert_eq!(pattern("${AWS::StackName}-VpcId"), "*-VpcId");
        assert_eq!(pattern("net-VpcId"), "net-VpcId");
        assert_eq!(pattern("?-VpcId"), "*-VpcId");
    }

    #[test]
    fn patterns_match_whole_names() {
        assert!(matches("*-VpcId", "net-VpcId"));
        assert!(matches("a*-b*-c", "a1-b2-c"));
        assert!(!matches("*-VpcId", "net-VpcId2"));
        assert!(!matches("a*", "abc"));
        assert!(!matches("net", "net"));
    }
}
