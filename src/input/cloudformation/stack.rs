//! Stacks: a template together with the values of its parameters, and the stacks nested in it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Library;
use super::conditions::{Assumptions, Atom, Progress};
use super::functions::Call;
use super::parameters::{Binding, Parameter};
use super::scope::Scope;
use super::template::{Declared, Loops, Section, Template, is_serverless, no_loops};
use crate::input::{Note, NoteLevel};
use crate::source::{Node, NodeValue, Span};
use crate::value::{Address, Kind, Value};

/// A root stack or a nested one.
#[derive(Debug)]
pub(super) struct Stack<'a> {
    pub template: &'a Template,
    /// What stands before a logical id in an address: `template.yaml#` or `template.yaml#Nested/`.
    pub prefix: Arc<str>,
    /// What stands before a condition's name: empty or `Nested/`.
    pub path: Arc<str>,
    pub parent: Option<Parent>,
    pub parameters: HashMap<&'a str, (Parameter<'a>, Binding<'a>)>,
    pub mappings: Section<'a>,
    pub conditions: Section<'a>,
    pub resources: Section<'a>,
    pub outputs: Section<'a>,
    /// Nested stacks by the logical id of the resource that declares them.
    pub children: HashMap<Arc<str>, usize>,
    pub serverless: bool,
    pub progress: RefCell<HashMap<Arc<str>, Progress>>,
}

/// Where a nested stack is declared.
#[derive(Clone, Debug)]
pub(super) struct Parent {
    pub stack: usize,
    pub name: Arc<str>,
}

impl Stack<'_> {
    pub(super) fn address(&self, name: &str) -> Address {
        Address(Arc::from(format!("{}{name}", self.prefix)))
    }
}

/// One evaluation of a unit: its stacks, the assumptions of the world, and what comes up on the way.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub library: &'a Library,
    pub stacks: Vec<Stack<'a>>,
    pub assumptions: Assumptions,
    /// The first open atom that was asked for.
    pub open: RefCell<Option<Atom>>,
    /// The open parameters that operands of the current comparison mention.
    pub consulted: RefCell<BTreeSet<Arc<str>>>,
    notes: RefCell<BTreeSet<Note>>,
    /// Why there may be further resources.
    gaps: RefCell<BTreeSet<String>>,
    budget: Cell<u64>,
}

/// Nodes and bytes of text that one evaluation may produce.
const BUDGET: u64 = 40_000_000;
/// Nested stacks within nested stacks.
const MAX_NESTING: usize = 8;
/// Stacks of one unit.
const MAX_STACKS: usize = 256;
/// Entries that the `Fn::ForEach` of one section may produce.
const MAX_EXPANDED: usize = 20_000;

impl<'a> Run<'a> {
    pub(super) fn new(library: &'a Library, assumptions: Assumptions) -> Self {
        let mut run = Self {
            library,
            stacks: Vec::new(),
            assumptions,
            open: RefCell::default(),
            consulted: RefCell::default(),
            notes: RefCell::default(),
            gaps: RefCell::default(),
            budget: Cell::new(BUDGET),
        };
        for root in &library.roots {
            run.add_stack(root, None, Arc::from(format!("{}#", root.name)), Arc::from(""), None);
        }
        let mut next = 0;
        while next < run.stacks.len() {
            run.add_children(next);
            next += 1;
        }
        run
    }

    /// Starts over under other assumptions; the stacks stay.
    pub(super) fn restart(&mut self, assumptions: Assumptions) {
        self.assumptions = assumptions;
        self.open.replace(None);
        self.budget.set(BUDGET);
        for stack in &self.stacks {
            stack.progress.borrow_mut().clear();
        }
    }

    pub(super) fn note(&self, level: NoteLevel, message: impl Into<String>, span: Span) {
        self.notes.borrow_mut().insert(Note { level, message: message.into(), span: Some(span), related: None });
    }

    pub(super) fn take_notes(&self) -> Vec<Note> {
        self.notes.take().into_iter().collect()
    }

    /// Something that may declare resources was not evaluated.
    pub(super) fn gap(&self, why: String) {
        self.gaps.borrow_mut().insert(why);
    }

    pub(super) fn take_gaps(&self) -> Vec<String> {
        self.gaps.take().into_iter().collect()
    }

    pub(super) fn exhausted(&self) -> bool {
        self.budget.get() == 0
    }

    /// Takes from the budget; `false` when it is used up.
    pub(super) fn spend(&self, amount: usize) -> bool {
        let left = self.budget.get().checked_sub(amount as u64);
        self.budget.set(left.unwrap_or(0));
        left.is_some()
    }

    pub(super) fn scope<'r>(&'r self, stack: &'r Stack<'a>) -> Scope<'r, 'a> {
        Scope::new(self, stack)
    }

    /// Whether an open parameter of a root stack may have this value.
    pub(super) fn allows(&self, symbol: &str, text: &str) -> bool {
        let mut roots = self.stacks.iter().filter(|stack| stack.parent.is_none());
        let declared = roots.find_map(|stack| stack.parameters.get(symbol.strip_prefix(&*stack.prefix)?));
        declared.is_none_or(|(declared, _)| declared.allows(text))
    }

    /// What an open parameter comes to under the assumptions, to tell worlds apart.
    pub(super) fn shown(&self, symbol: &str) -> String {
        let root = self.stacks.iter().find(|stack| symbol.starts_with(&*stack.prefix)).or(self.stacks.first());
        let Some(stack) = root else { return String::new() };
        let name = symbol.strip_prefix(&*stack.prefix).unwrap_or(symbol);
        let value = self.scope(stack).reference(name, stack.template.root.span);
        value.map(|value| format!("{:?}", value.kind)).unwrap_or_default()
    }

    fn add_stack(
        &mut self,
        template: &'a Template,
        parent: Option<Parent>,
        prefix: Arc<str>,
        path: Arc<str>,
        given: Option<&(&'a Node, Loops)>,
    ) {
        let root = &*template.root;
        let mut parameters = HashMap::new();
        for entry in root.get("Parameters").and_then(Node::as_map).unwrap_or_default() {
            let name: &str = &entry.key;
            let binding = match (given, &parent) {
                (Some((node, _)), _) if Call::of(node).is_some() || node.get("Fn::Transform").is_some() => {
                    Binding::Computed
                }
                (Some((node, loops)), _) => {
                    node.get(name).map_or(Binding::Open, |value| Binding::Parent(value, Arc::clone(loops)))
                }
                (None, Some(_)) => Binding::Open,
                (None, None) => {
                    let value = self.library.context.parameters.iter().rev().find(|(key, _)| key == name);
                    value.map_or(Binding::Open, |(_, text)| Binding::Given(Arc::from(text.as_str())))
                }
            };
            let declared = Parameter::decode(&entry.value);
            if let Binding::Given(text) = &binding
                && !declared.allows(text)
            {
                self.note(
                    NoteLevel::Warning,
                    format!("the given value of `{name}` is not an allowed one"),
                    entry.key_span,
                );
            }
            parameters.insert(name, (declared, binding));
        }
        let serverless = is_serverless(root);
        self.stacks.push(Stack {
            template,
            prefix,
            path,
            parent,
            parameters,
            mappings: Section::plain(root, "Mappings"),
            conditions: Section::default(),
            resources: Section::default(),
            outputs: Section::default(),
            children: HashMap::new(),
            serverless,
            progress: RefCell::default(),
        });
        let index = self.stacks.len() - 1;
        for section in ["Conditions", "Resources", "Outputs"] {
            let expanded = self.section(index, section);
            let Some(stack) = self.stacks.get_mut(index) else { return };
            match section {
                "Conditions" => stack.conditions = expanded,
                "Resources" => stack.resources = expanded,
                _ => stack.outputs = expanded,
            }
        }
    }

    /// A section with its loops unrolled and its local includes merged.
    fn section(&self, stack: usize, section: &str) -> Section<'a> {
        let mut found = Section::default();
        if let Some(stack) = self.stacks.get(stack) {
            let root: &'a Node = &stack.template.root;
            if let Some(node) = root.get(section) {
                if node.as_map().is_none() && node.value != NodeValue::Null {
                    self.note(NoteLevel::Error, format!("`{section}` is not a mapping"), node.span);
                }
                self.unroll(stack, node, &no_loops(), &mut found, 0);
            }
        }
        found
    }

    fn unroll(&self, stack: &Stack<'a>, node: &'a Node, loops: &Loops, found: &mut Section<'a>, depth: usize) {
        let scope = self.scope(stack).within(loops);
        for entry in node.as_map().unwrap_or_default() {
            if let Some(label) = entry.key.strip_prefix("Fn::ForEach::") {
                let Some(turns) = scope.turns(label, &entry.value).filter(|_| depth < 8) else {
                    self.gap(format!("what `Fn::ForEach::{label}` repeats is not known"));
                    continue;
                };
                for turn in turns.values {
                    let inner: Loops = loops.iter().cloned().chain([(Arc::clone(&turns.variable), turn)]).collect();
                    if found.list.len() > MAX_EXPANDED || !self.spend(1) {
                        self.note(NoteLevel::Error, "`Fn::ForEach` produces too much", entry.key_span);
                        return;
                    }
                    self.unroll(stack, turns.body, &inner, found, depth + 1);
                }
            } else if &*entry.key == "Fn::Transform" {
                let snippet = scope.included(&entry.value);
                match snippet {
                    Some(snippet) if depth < 8 => self.unroll(stack, snippet, loops, found, depth + 1),
                    _ => {
                        self.note(
                            NoteLevel::Warning,
                            "this transform is not evaluated; what it adds is not checked",
                            entry.key_span,
                        );
                        self.gap("a transform is not evaluated, and may add resources".to_owned());
                    }
                }
            } else {
                let name = scope.substitute(&entry.key);
                found.push(Declared {
                    name: Arc::from(&*name),
                    name_span: entry.key_span,
                    node: &entry.value,
                    loops: Arc::clone(loops),
                });
            }
        }
    }

    fn add_children(&mut self, index: usize) {
        let mut children = Vec::new();
        if let Some(stack) = self.stacks.get(index) {
            for declared in &stack.resources.list {
                let Some(property) = nested_location(declared.node) else { continue };
                let Some(properties) = declared.node.get("Properties") else { continue };
                let Some(location) = properties.get(property) else { continue };
                let url = match asset_path(declared.node) {
                    Some(path) => Some(Value::text_at(location.span, path)),
                    None => self.scope(stack).within(&declared.loops).eval(location),
                };
                if let Some(template) = url.as_ref().and_then(|url| self.nested(stack, url, location.span)) {
                    let given = properties.get("Parameters").map(|node| (node, Arc::clone(&declared.loops)));
                    children.push((Arc::clone(&declared.name), template, given));
                } else {
                    self.gap(format!("the nested template of `{}` was not read, and may declare it", declared.name));
                }
            }
        }
        for (name, template, given) in children {
            let Some(stack) = self.stacks.get(index) else { return };
            let prefix = Arc::from(format!("{}{name}/", stack.prefix));
            let path = Arc::from(format!("{}{name}/", stack.path));
            let child = self.stacks.len();
            if let Some(stack) = self.stacks.get_mut(index) {
                stack.children.insert(Arc::clone(&name), child);
            }
            self.add_stack(template, Some(Parent { stack: index, name }), prefix, path, given.as_ref());
        }
    }

    fn nested(&self, stack: &Stack<'a>, url: &Value, span: Span) -> Option<&'a Template> {
        let Kind::Scalar(scalar) = &url.kind else { return None };
        let Some(name) = crate::input::files::resolve(&stack.template.name, &scalar.text) else {
            self.note(NoteLevel::Warning, "this nested template is not local; its resources are not checked", span);
            return None;
        };
        let Some(template) = self.library.documents.template(&name) else {
            let message = format!("nested template `{name}` was not read; its resources are not checked");
            self.note(NoteLevel::Warning, message, span);
            return None;
        };
        let mut ancestor = Some(stack);
        let mut depth = 0;
        while let Some(at) = ancestor {
            depth += 1;
            if at.template.name == template.name || depth > MAX_NESTING || self.stacks.len() > MAX_STACKS {
                self.note(NoteLevel::Error, format!("nested template `{name}` nests too deeply"), span);
                return None;
            }
            ancestor = at.parent.as_ref().and_then(|parent| self.stacks.get(parent.stack));
        }
        Some(template)
    }
}

/// The file of a nested stack that the AWS CDK has written; its `TemplateURL` names where the file is uploaded.
/// Source: AWS CDK, `cx-api`, keys of asset resource metadata.
pub(super) fn asset_path(resource: &Node) -> Option<&str> {
    let metadata = resource.get("Metadata")?;
    metadata.get("aws:asset:property").and_then(Node::as_str).filter(|property| *property == "TemplateURL")?;
    metadata.get("aws:asset:path").and_then(Node::as_str)
}

/// The property that names the template of a nested stack or application.
pub(super) fn nested_location(resource: &Node) -> Option<&'static str> {
    match resource.get("Type").and_then(Node::as_str)? {
        "AWS::CloudFormation::Stack" => Some("TemplateURL"),
        "AWS::Serverless::Application" => Some("Location"),
        _ => None,
    }
}
