//! CloudFormation templates: parameters, mappings, conditions, intrinsics, nested stacks, imports.
//!
//! A [`Library`] holds what one unit needs to read: its root templates, those nested in them, included snippets and
//! the user's context. A *run* evaluates it in one world: the stacks are laid out, then each resource whose
//! condition holds is evaluated. Nothing is read from disk while a run evaluates.

mod cidr;
mod conditions;
mod documents;
mod exports;
mod functions;
mod json_text;
mod parameters;
mod scope;
mod stack;
mod template;
mod text;
mod usage;
mod worlds;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

pub use json_text::parse_json_text;
pub use parameters::{parameters_from_file, parameters_from_text};
pub use template::is_template;

use crate::input::assemble;
use crate::input::construct::{self, Construct};
use crate::input::files::{Companions, Files, NoFiles};
use crate::input::{Context, Evaluation, Format, Note, NoteLevel, Resource, Unit, sam};
use crate::source::{FileId, Limits, Node, NodeValue, SourceMap, Span, parse};
use crate::value::{Address, Kind, Map, Member, Reference, Value};
use crate::world::{NamedCondition, World, Worlds};
use documents::Documents;
use exports::Export;
use scope::Scope;
use stack::{Run, Stack};
use template::{Declared, LANGUAGE_EXTENSIONS, SERVERLESS, Template, transforms};
use usage::ConditionId;
pub(in crate::input) use usage::IGNORED_KEYS;
use worlds::Plan;

/// What one unit reads.
#[derive(Debug)]
struct Library {
    /// Sorted by name.
    roots: Vec<Arc<Template>>,
    documents: Arc<Documents>,
    context: Context,
    sources: Arc<SourceMap>,
    /// Of all scanned templates.
    exports: Arc<[Export]>,
}

/// Groups templates into units. `templates` are the scanned ones: those that another one nests are evaluated there.
pub fn units(
    templates: Vec<(FileId, Node)>,
    context: &Context,
    sources: &SourceMap,
    files: &dyn Files,
) -> Vec<Box<dyn Unit>> {
    let scanned: BTreeMap<String, Arc<Template>> = templates
        .into_iter()
        .map(|(file, root)| {
            let name = sources.file(file).name.clone();
            let template = Template { name: Arc::from(name.as_str()), root: Arc::new(root) };
            (name, Arc::new(template))
        })
        .collect();
    let documents = Arc::new(Documents::load(&scanned, &mut Companions::new(sources, files)));
    let strangers = undeclared_parameters(&scanned, context);
    let groups = exports::group(&documents.roots(&scanned), &documents, context, &Arc::new(sources.clone()));
    groups
        .into_iter()
        .enumerate()
        .map(|(index, library)| -> Box<dyn Unit> {
            let notes = if index == 0 { strangers.clone() } else { Vec::new() };
            Box::new(Stacks { library, plan: OnceLock::new(), notes })
        })
        .collect()
}

/// Given parameters that no template has: probably misspelt, and certainly without effect.
fn undeclared_parameters(scanned: &BTreeMap<String, Arc<Template>>, context: &Context) -> Vec<Note> {
    let declared = |name: &str| {
        let mut sections = scanned.values().filter_map(|template| template.root.get("Parameters"));
        name.starts_with("AWS::") || sections.any(|section| section.get(name).is_some())
    };
    let names: BTreeSet<&str> = context.parameters.iter().map(|(name, _)| &**name).collect();
    names
        .into_iter()
        .filter(|name| !declared(name))
        .map(|name| Note {
            level: NoteLevel::Warning,
            message: format!("no template has the given parameter `{name}`"),
            span: None,
            related: None,
        })
        .collect()
}

/// A unit of root stacks with what is nested in them.
#[derive(Debug)]
struct Stacks {
    library: Library,
    /// What is to be said whichever world is evaluated.
    notes: Vec<Note>,
    plan: OnceLock<Plan>,
}

impl Stacks {
    fn plan(&self) -> &Plan {
        self.plan.get_or_init(|| Plan::of(&self.library))
    }
}

impl Unit for Stacks {
    fn files(&self) -> Vec<String> {
        let roots: Vec<&str> = self.library.roots.iter().map(|root| &*root.name).collect();
        let nested = self.library.documents.nested_in(roots.iter().copied());
        let nested = nested.into_iter().filter(|name| !roots.contains(name));
        roots.iter().copied().chain(nested).map(str::to_owned).collect()
    }

    fn worlds(&self) -> Worlds {
        self.plan().worlds.clone()
    }

    fn evaluate(&self, world: &World) -> Evaluation {
        let plan = self.plan();
        let run = Run::new(&self.library, plan.assumptions(world));
        let mut evaluation = evaluate(&run);
        evaluation.conditions = named_conditions(&run, &plan.varied);
        if run.exhausted()
            && let Some(root) = self.library.roots.first()
        {
            run.note(NoteLevel::Error, "the template expands to more than is evaluated", root.root.span);
        }
        evaluation.notes.extend(run.take_notes());
        evaluation.gaps = run.take_gaps();
        evaluation.notes.extend(self.notes.iter().cloned());
        evaluation.notes.sort();
        evaluation.notes.dedup();
        evaluation
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
    let exported: BTreeSet<Address> =
        run.stacks.iter().filter(|stack| stack.parent.is_none()).flat_map(|stack| handed_on(run, stack)).collect();
    for resource in &mut evaluation.resources {
        resource.exported = exported.contains(&resource.address);
    }
    evaluation
}

/// The resources that the outputs of a stack mention.
fn handed_on(run: &Run<'_>, stack: &Stack<'_>) -> Vec<Address> {
    let mut found = Vec::new();
    for declared in &stack.outputs.list {
        let scope = run.scope(stack).within(&declared.loops);
        let value = declared.node.get("Value").and_then(|node| scope.eval(node));
        let references = value.iter().flat_map(Value::references);
        found.extend(references.filter_map(|reference| match reference {
            Reference::Resource { address, .. } => Some(address.clone()),
            Reference::Pseudo(_) => None,
        }));
    }
    found
}

fn exists(run: &Run<'_>, stack: &Stack<'_>, name: &str) -> bool {
    let Some(declared) = stack.resources.get(name) else { return false };
    let Some(condition) = declared.node.get("Condition") else { return true };
    let scope = run.scope(stack).within(&declared.loops);
    let Some(name) = condition.as_str() else {
        run.note(NoteLevel::Error, "`Condition` needs the name of a condition", condition.span);
        return true;
    };
    scope.holds(&scope.substitute(name), condition.span)
}

/// The truth of each condition that is not the same in all worlds.
fn named_conditions(run: &Run<'_>, varied: &BTreeMap<ConditionId, Span>) -> Vec<NamedCondition> {
    let named = varied.iter().filter_map(|(id, place)| {
        let stack = run.stacks.iter().find(|stack| stack.prefix == id.0)?;
        // Of several root stacks, the file tells whose condition it is.
        let path = if run.library.roots.len() > 1 { &stack.prefix } else { &stack.path };
        Some(NamedCondition { name: Arc::from(format!("{path}{}", id.1)), holds: worlds::holds(run, id, Some(*place)) })
    });
    let mut found: Vec<NamedCondition> = named.collect();
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
            run.gap(format!("transform `{name}` is not evaluated, and may add resources"));
        }
    }
    if stack.serverless {
        resources = expand(run, stack, resources, &mut evaluation.notes);
    }
    evaluation.resources.extend(resources);
}

/// The name of a function or a packaging tool's directive, such as `Rain::Module`.
fn directive(node: &Node) -> Option<&str> {
    match (&node.tag, node.as_map()) {
        (Some(tag), _) => Some(tag.name.trim_start_matches('!')),
        (None, Some([entry])) => Some(&entry.key),
        _ => None,
    }
}

fn resource(run: &Run<'_>, stack: &Stack<'_>, declared: &Declared<'_>) -> Option<Resource> {
    let scope = run.scope(stack).within(&declared.loops);
    let node = declared.node;
    let kind = match node.get("Type") {
        None => Err("has no type".to_owned()),
        Some(kind) => kind.as_str().filter(|_| kind.tag.is_none()).ok_or_else(|| match directive(kind) {
            Some(name) => format!("is made by `{name}`, which is not evaluated; scan the packaged template"),
            None => "has a type that is no text".to_owned(),
        }),
    };
    let kind = match kind {
        Ok(kind) => kind,
        Err(problem) => {
            run.note(NoteLevel::Error, format!("resource `{}` {problem}", declared.name), declared.name_span);
            return None;
        }
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
    let kind: Arc<str> = Arc::from(&*scope.substitute(kind));
    let mut properties = properties;
    packaged(run, stack, &kind, &mut properties);
    json_text::structure(&mut properties, &run.library.sources);
    let metadata = node.get("Metadata").and_then(|node| scope.eval(node));
    Some(Resource {
        address: stack.address(&declared.name),
        name: Arc::clone(&declared.name),
        kind,
        properties,
        span: declared.name_span.join(node.span),
        name_span: declared.name_span,
        origin: None,
        calls: Vec::new(),
        construct: construct::path(metadata.as_ref()).map(|path| Construct { path, place: None }),
        metadata,
        depends_on: depends_on(&scope, node),
        deletion_policy: node.get("DeletionPolicy").and_then(|node| scope.eval(node)),
        exported: false,
        format: if stack.serverless { Format::Sam } else { Format::CloudFormation },
    })
}

/// Puts a local document in place of the property that names it, as `aws cloudformation package` does later on.
fn packaged(run: &Run<'_>, stack: &Stack<'_>, kind: &str, properties: &mut Value) {
    let (from, to) = match kind {
        "AWS::ApiGateway::RestApi" | "AWS::ApiGatewayV2::Api" => ("BodyS3Location", "Body"),
        "AWS::StepFunctions::StateMachine" => ("DefinitionS3Location", "Definition"),
        _ => return,
    };
    let Kind::Map(map) = &mut properties.kind else { return };
    let Some(member) = map.members.iter_mut().find(|member| &*member.key == from) else { return };
    let document = member.value.as_str().map(|path| run.library.documents.document(&stack.template.name, path));
    if let Some(Ok(document)) = document {
        member.key = Arc::from(to);
        member.value = literal(document);
    }
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
    let template = sam::Template {
        globals: globals.as_ref(),
        prefix: &stack.prefix,
        pseudo: &|name| scope.reference(name, span).unwrap_or_else(|| Value::new(span, Kind::Null)),
        attribute: &|name, attribute| {
            let declared = stack.resources.get(name)?;
            run.scope(stack).within(&declared.loops).eval(declared.node.get(attribute)?)
        },
        file: &|path| run.library.documents.document(&stack.template.name, path).map(literal),
    };
    sam::expand(&template, resources, notes)
}

/// A node as the value that it literally says, tags and function names included as plain text and keys.
pub fn literal(node: &Node) -> Value {
    let kind = match &node.value {
        NodeValue::Null => Kind::Null,
        NodeValue::Scalar(scalar) => return assemble::literal(node.span, scalar),
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
    sources: &SourceMap,
) -> Result<Box<dyn Unit>, Vec<Note>> {
    let file = sources.add(name, text);
    let error =
        |message: String, span| vec![Note { level: NoteLevel::Error, message, span: Some(span), related: None }];
    let parsed = parse(sources, file, Limits::default()).map_err(|problem| error(problem.message, problem.span))?;
    let root = parsed.documents.into_iter().next().filter(is_template);
    let unit = root.and_then(|root| units(vec![(file, root)], context, sources, &NoFiles).pop());
    unit.ok_or_else(|| error("this is not a template".to_owned(), Span::new(file, 0, text.len())))
}

/// The base world of one template, with nothing given. What cannot be parsed is a note.
pub fn evaluate_text(text: &str) -> (SourceMap, Evaluation) {
    let sources = SourceMap::default();
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
