//! CloudFormation templates: parameters, mappings, conditions, intrinsics, nested stacks, imports.
//!
//! A [`Library`] holds what one unit needs to read: its root templates, those nested in them, included snippets and
//! the user's context. A *run* evaluates it in one world: the stacks are laid out, then each resource whose
//! condition holds is evaluated. Nothing is read from disk while a run evaluates.

mod cidr;
mod conditions;
mod functions;
mod parameters;
mod scope;
mod stack;
mod template;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use parameters::parameters_from_file;
pub use template::is_template;

use crate::input::files::{Beside, Companions, NoFiles};
use crate::input::{Context, Evaluation, Format, Note, NoteLevel, Resource, Unit, not_understood, sam};
use crate::source::{FileId, Limits, Node, NodeValue, SourceMap, parse};
use crate::value::{Address, Kind, Map, Member, Value};
use crate::world::{NamedCondition, World, Worlds};
use conditions::{Assumptions, Progress};
use scope::Scope;
use stack::{Run, Stack};
use template::{Declared, INCLUDE, LANGUAGE_EXTENSIONS, SERVERLESS, Template, transforms};

/// What one unit reads.
#[derive(Debug)]
struct Library {
    /// Sorted by name.
    roots: Vec<Arc<Template>>,
    /// Templates that may be nested, by name.
    nested: BTreeMap<String, Arc<Template>>,
    /// Local files of `AWS::Include`, by name.
    snippets: BTreeMap<String, Arc<Node>>,
    context: Context,
    companions: Arc<Companions>,
}

impl Library {
    fn export(&self, _name: &str) -> Option<(usize, &str)> {
        None
    }
}

/// Groups templates into units. `templates` are the scanned ones: those that another one nests are evaluated there.
pub fn units(templates: Vec<(FileId, Node)>, context: &Context, companions: &Arc<Companions>) -> Vec<Box<dyn Unit>> {
    let scanned: BTreeMap<String, Arc<Template>> = templates
        .into_iter()
        .map(|(file, root)| {
            let name = companions.sources().file(file).name.clone();
            let template = Template { name: Arc::from(name.as_str()), file, root: Arc::new(root) };
            (name, Arc::new(template))
        })
        .collect();
    let mut found = Found::default();
    for template in scanned.values() {
        found.search(template, &scanned, companions);
    }
    let mut units: Vec<Box<dyn Unit>> = Vec::new();
    for root in found.roots(&scanned) {
        let library = Library {
            roots: vec![root],
            nested: found.nested.clone(),
            snippets: found.snippets.clone(),
            context: context.clone(),
            companions: Arc::clone(companions),
        };
        units.push(Box::new(Stacks { library }));
    }
    units
}

/// The files that templates mention.
#[derive(Debug, Default)]
struct Found {
    nested: BTreeMap<String, Arc<Template>>,
    snippets: BTreeMap<String, Arc<Node>>,
    /// Template → the templates nested in it.
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Found {
    fn search(&mut self, template: &Template, scanned: &BTreeMap<String, Arc<Template>>, companions: &Companions) {
        if self.edges.contains_key(&*template.name) || self.edges.len() > 2_000 {
            return;
        }
        self.edges.insert(template.name.to_string(), BTreeSet::new());
        let beside = companions.beside(template.file);
        let mut paths = Vec::new();
        mentioned(&template.root, &mut paths);
        for (use_, path) in paths {
            let Some(name) = beside.name(path) else { continue };
            match use_ {
                Mention::Snippet => {
                    if let Ok(node) = beside.parse(path) {
                        self.snippets.insert(name, node);
                    }
                }
                Mention::Template => {
                    let nested = scanned.get(&name).cloned().or_else(|| load(&beside, &name, path));
                    if let Some(nested) = nested {
                        self.edges.entry(template.name.to_string()).or_default().insert(name.clone());
                        self.nested.insert(name, Arc::clone(&nested));
                        self.search(&nested, scanned, companions);
                    }
                }
            }
        }
    }

    /// The scanned templates that none of the others reaches; of a cycle, the first by name.
    fn roots(&self, scanned: &BTreeMap<String, Arc<Template>>) -> Vec<Arc<Template>> {
        let targets: BTreeSet<&String> = self.edges.values().flatten().collect();
        let mut reached: BTreeSet<&String> = BTreeSet::new();
        let mut roots = Vec::new();
        let free = scanned.iter().filter(|(name, _)| !targets.contains(name));
        let bound = scanned.iter().filter(|(name, _)| targets.contains(name));
        for (name, template) in free.chain(bound) {
            if reached.contains(name) {
                continue;
            }
            roots.push(Arc::clone(template));
            let mut stack = vec![name];
            while let Some(at) = stack.pop() {
                if reached.insert(at) {
                    stack.extend(self.edges.get(at).into_iter().flatten());
                }
            }
        }
        roots.sort_by(|left, right| left.name.cmp(&right.name));
        roots
    }
}

fn load(beside: &Beside<'_>, name: &str, path: &str) -> Option<Arc<Template>> {
    let root = beside.parse(path).ok()?;
    let file = beside.read(path).ok()?;
    Some(Arc::new(Template { name: Arc::from(name), file, root }))
}

#[derive(Clone, Copy, Debug)]
enum Mention {
    Template,
    Snippet,
}

/// Every literal path that may name a nested template or a snippet, in whichever branch it stands.
fn mentioned<'n>(node: &'n Node, found: &mut Vec<(Mention, &'n str)>) {
    match &node.value {
        NodeValue::Map(entries) => {
            if let Some(property) = stack::nested_location(node)
                && let Some(location) = node.get("Properties").and_then(|properties| properties.get(property))
            {
                texts(location, &mut |text| found.push((Mention::Template, text)));
            }
            if node.get("Name").and_then(Node::as_str) == Some(INCLUDE)
                && let Some(location) = node.get("Parameters").and_then(|parameters| parameters.get("Location"))
            {
                texts(location, &mut |text| found.push((Mention::Snippet, text)));
            }
            entries.iter().for_each(|entry| mentioned(&entry.value, found));
        }
        NodeValue::Seq(items) => items.iter().for_each(|item| mentioned(item, found)),
        NodeValue::Scalar(_) | NodeValue::Null => {}
    }
}

fn texts<'n>(node: &'n Node, found: &mut impl FnMut(&'n str)) {
    match &node.value {
        NodeValue::Scalar(scalar) => found(&scalar.text),
        NodeValue::Seq(items) => items.iter().for_each(|item| texts(item, found)),
        NodeValue::Map(entries) => entries.iter().for_each(|entry| texts(&entry.value, found)),
        NodeValue::Null => {}
    }
}

/// A unit of root stacks with what is nested in them.
#[derive(Debug)]
struct Stacks {
    library: Library,
}

impl Unit for Stacks {
    fn files(&self) -> Vec<String> {
        self.library.roots.iter().map(|root| root.name.to_string()).collect()
    }

    fn worlds(&self) -> Worlds {
        Worlds::single()
    }

    fn evaluate(&self, _world: &World) -> Evaluation {
        let run = Run::new(&self.library, Assumptions::default());
        evaluate(&run)
    }
}

fn evaluate(run: &Run<'_>) -> Evaluation {
    let mut evaluation = Evaluation::default();
    let mut living = vec![false; run.stacks.len()];
    for (index, stack) in run.stacks.iter().enumerate() {
        let lives = match &stack.parent {
            None => true,
            Some(parent) => {
                living.get(parent.stack) == Some(&true)
                    && run.stacks.get(parent.stack).is_some_and(|above| exists(run, above, &parent.name))
            }
        };
        if let Some(slot) = living.get_mut(index) {
            *slot = lives;
        }
        if lives {
            stack_resources(run, stack, &mut evaluation);
        }
    }
    for (stack, lives) in run.stacks.iter().zip(living) {
        if lives {
            evaluation.conditions.extend(open_conditions(run, stack));
        }
    }
    evaluation.notes.extend(run.take_notes());
    evaluation.notes.sort();
    evaluation.notes.dedup();
    evaluation
}

fn exists(run: &Run<'_>, stack: &Stack<'_>, name: &str) -> bool {
    let Some(declared) = stack.resources.get(name) else { return false };
    let Some(condition) = declared.node.get("Condition") else { return true };
    let scope = run.scope(stack).within(&declared.loops);
    match condition.as_str() {
        Some(name) => scope.holds(&scope.substitute(name), condition.span),
        None => {
            run.note(NoteLevel::Error, "`Condition` needs the name of a condition", condition.span);
            true
        }
    }
}

/// The conditions of a stack that something open decides.
fn open_conditions(run: &Run<'_>, stack: &Stack<'_>) -> Vec<NamedCondition> {
    let progress = stack.progress.borrow();
    let mut found: Vec<NamedCondition> = stack
        .conditions
        .list
        .iter()
        .filter_map(|declared| match progress.get(&declared.name) {
            Some(Progress::Done { holds, open: true }) => {
                Some(NamedCondition { name: Arc::from(format!("{}{}", stack.path, declared.name)), holds: *holds })
            }
            _ => None,
        })
        .collect();
    let _ = run;
    found.sort();
    found
}

fn stack_resources(run: &Run<'_>, stack: &Stack<'_>, evaluation: &mut Evaluation) {
    let mut resources = Vec::with_capacity(stack.resources.list.len());
    for declared in &stack.resources.list {
        if exists(run, stack, &declared.name) {
            resources.extend(resource(run, stack, declared));
        }
    }
    for (name, node) in transforms(&stack.template.root) {
        if ![SERVERLESS, LANGUAGE_EXTENSIONS].contains(&name) {
            run.note(
                NoteLevel::Warning,
                format!("transform `{name}` is not evaluated; scan the processed template to check what it changes"),
                node.span,
            );
        }
    }
    if stack.serverless {
        resources = expand(run, stack, resources, &mut evaluation.notes);
    }
    evaluation.resources.extend(resources);
}

fn resource(run: &Run<'_>, stack: &Stack<'_>, declared: &Declared<'_>) -> Option<Resource> {
    let scope = run.scope(stack).within(&declared.loops);
    let node = declared.node;
    let Some(kind) = node.get("Type").and_then(Node::as_str) else {
        run.note(NoteLevel::Error, format!("resource `{}` has no type", declared.name), declared.name_span);
        return None;
    };
    let properties = node.get("Properties").and_then(|properties| scope.eval(properties));
    let properties = match properties {
        None => Value::new(declared.name_span, Kind::Map(Map::default())),
        Some(value) => match value.kind {
            Kind::Map(_) | Kind::Unknown(_) => value,
            Kind::Null => Value::new(value.span, Kind::Map(Map::default())),
            _ => scope.malformed(format!("the properties of `{}` are not a mapping", declared.name), value.span),
        },
    };
    Some(Resource {
        address: stack.address(&declared.name),
        name: Arc::clone(&declared.name),
        kind: Arc::from(&*scope.substitute(kind)),
        properties,
        span: declared.name_span.join(node.span),
        name_span: declared.name_span,
        origin: None,
        metadata: node.get("Metadata").and_then(|node| scope.eval(node)),
        depends_on: depends_on(&scope, node),
        deletion_policy: node.get("DeletionPolicy").and_then(|node| scope.eval(node)),
        format: if stack.serverless { Format::Sam } else { Format::CloudFormation },
    })
}

fn depends_on(scope: &Scope<'_, '_>, node: &Node) -> Vec<Address> {
    let Some(value) = node.get("DependsOn").and_then(|node| scope.eval(node)) else { return Vec::new() };
    let names = value.items().unwrap_or_default().iter().filter_map(Value::as_str);
    names.map(|name| scope.stack.address(name)).collect()
}

/// Applies the Serverless transform.
fn expand(run: &Run<'_>, stack: &Stack<'_>, resources: Vec<Resource>, notes: &mut Vec<Note>) -> Vec<Resource> {
    let scope = run.scope(stack);
    let root = &stack.template.root;
    let globals = root.get("Globals").and_then(|node| scope.eval(node));
    let span = root.span;
    let beside = run.library.companions.beside(stack.template.file);
    let template = sam::Template {
        globals: globals.as_ref(),
        prefix: &stack.prefix,
        pseudo: &|name| scope.reference(name, span).unwrap_or_else(|| Value::new(span, Kind::Null)),
        attribute: &|name, attribute| {
            let declared = stack.resources.get(name)?;
            run.scope(stack).within(&declared.loops).eval(declared.node.get(attribute)?)
        },
        file: &|path| beside.parse(path).map(|node| literal(&node)),
    };
    sam::expand(&template, resources, notes)
}

/// A node as the value that it literally says, tags and function names included as plain text and keys.
pub fn literal(node: &Node) -> Value {
    let kind = match &node.value {
        NodeValue::Null => Kind::Null,
        NodeValue::Scalar(scalar) => return text::literal(node.span, scalar),
        NodeValue::Seq(items) => Kind::List(items.iter().map(literal).collect()),
        NodeValue::Map(entries) => {
            let members = entries.iter().map(|entry| Member {
                key: Arc::from(&*entry.key),
                key_span: entry.key_span,
                value: literal(&entry.value),
            });
            Kind::Map(Map { members: members.collect(), open: None })
        }
    };
    Value { span: node.span, kind }
}

/// A unit of one template that has no folder: rule examples and tests.
pub fn unit_from_text(
    name: &str,
    text: &str,
    context: &Context,
    sources: &Arc<SourceMap>,
) -> Result<Box<dyn Unit>, Vec<Note>> {
    let file = sources.add(name, text);
    let error =
        |message: String, span| vec![Note { level: NoteLevel::Error, message, span: Some(span), related: None }];
    let parsed = parse(sources, file, Limits::default()).map_err(|problem| error(problem.message, problem.span))?;
    let whole = crate::source::Span::new(file, 0, text.len());
    let root = parsed.documents.into_iter().next().filter(is_template);
    let root = root.ok_or_else(|| error("this is not a template".to_owned(), whole))?;
    let companions = Arc::new(Companions::new(Arc::clone(sources), NoFiles));
    let unit = units(vec![(file, root)], context, &companions).pop();
    unit.ok_or_else(|| error(not_understood("this is not a template").to_string(), whole))
}

/// The base world of one template, with nothing given. What cannot be parsed is a note.
pub fn evaluate_text(text: &str) -> (Arc<SourceMap>, Evaluation) {
    let sources = Arc::new(SourceMap::default());
    let evaluation = match unit_from_text("template.yaml", text, &Context::default(), &sources) {
        Ok(unit) => {
            let worlds = unit.worlds();
            worlds.list.first().map(|world| unit.evaluate(world)).unwrap_or_default()
        }
        Err(notes) => Evaluation { notes, ..Evaluation::default() },
    };
    (sources, evaluation)
}

#[cfg(test)]
mod tests;
