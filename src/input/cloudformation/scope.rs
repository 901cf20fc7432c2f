//! Evaluating a node in the scope of one stack.

use std::borrow::Cow;
use std::sync::Arc;

use super::functions::Call;
use super::parameters::{Binding, Parameter};
use super::stack::{Run, Stack};
use super::template::Loops;
use super::text;
use crate::input::assemble::{assemble, literal};
use crate::input::{NoteLevel, not_understood, sam};
use crate::source::{Node, NodeValue, Scalar, Span};
use crate::value::{Kind, Map, Member, Reason, Reference, Value};

/// What a value is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// A property: defaults stand for open parameters, secret ones stay unknown.
    Value,
    /// An operand of a condition: open parameters stay symbols.
    Symbolic,
    /// An operand of a condition in the base world: as `Value`, but secret defaults take part.
    Base,
}

/// Where a node is evaluated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'r, 'a> {
    pub run: &'r Run<'a>,
    pub stack: &'r Stack<'a>,
    pub mode: Mode,
    pub loops: &'r [(Arc<str>, Arc<str>)],
    depth: u16,
}

/// Nesting of nodes and of what they refer to.
const MAX_DEPTH: u16 = 400;

impl<'r, 'a> Scope<'r, 'a> {
    pub(super) fn new(run: &'r Run<'a>, stack: &'r Stack<'a>) -> Self {
        Self { run, stack, mode: Mode::Value, loops: &[], depth: 0 }
    }

    pub(super) fn within(self, loops: &'r Loops) -> Self {
        Self { loops, ..self }
    }

    pub(super) fn mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    pub(super) fn looped<'s>(self, loops: &'s [(Arc<str>, Arc<str>)]) -> Scope<'s, 'a>
    where
        'r: 's,
    {
        Scope { run: self.run, stack: self.stack, mode: self.mode, loops, depth: self.depth }
    }

    pub(super) fn deeper(self) -> Option<Self> {
        (self.depth < MAX_DEPTH && self.run.spend(1)).then_some(Self { depth: self.depth + 1, ..self })
    }

    /// The scope of another stack, for the outputs and parameters that cross stacks.
    pub(super) fn of_stack(self, stack: usize) -> Option<Self> {
        let stack = self.run.stacks.get(stack)?;
        Some(Self { stack, loops: &[], ..self })
    }

    pub(super) fn warn(&self, message: impl Into<String>, span: Span) {
        self.run.note(NoteLevel::Warning, message, span);
    }

    /// Reports something malformed; its value is unknown.
    pub(super) fn malformed(&self, what: impl Into<String>, span: Span) -> Value {
        let what = what.into();
        self.warn(what.clone(), span);
        Value::unknown(span, not_understood(what))
    }

    /// The value of a node; `None` for `AWS::NoValue`, which removes the property or item.
    pub(super) fn eval(&self, node: &Node) -> Option<Value> {
        let Some(scope) = self.deeper() else {
            return Some(Value::unknown(node.span, Reason::Limit(Arc::from("the template expands to too much"))));
        };
        match Call::of(node) {
            Some(call) => scope.call(&call),
            None => Some(scope.untagged(node)),
        }
    }

    /// The value of a node whose tag, if any, was dealt with.
    pub(super) fn untagged(&self, node: &Node) -> Value {
        let kind = match &node.value {
            NodeValue::Null => Kind::Null,
            NodeValue::Scalar(scalar) => return self.scalar(node.span, scalar),
            NodeValue::Seq(items) => Kind::List(items.iter().filter_map(|item| self.eval(item)).collect()),
            NodeValue::Map(_) => Kind::Map(self.map(node)),
        };
        Value { span: node.span, kind }
    }

    fn scalar(&self, span: Span, scalar: &Scalar) -> Value {
        self.run.spend(scalar.text.len());
        match self.substitute(&scalar.text) {
            Cow::Borrowed(_) => literal(span, scalar),
            Cow::Owned(text) => literal(span, &Scalar { text: text.into(), plain: scalar.plain }),
        }
    }

    fn map(&self, node: &Node) -> Map {
        let entries = node.as_map().unwrap_or_default();
        let mut map = Map { members: Vec::with_capacity(entries.len()), open: None };
        for entry in entries {
            if let Some(label) = entry.key.strip_prefix("Fn::ForEach::") {
                self.unroll(label, &entry.value, &mut map);
            } else if &*entry.key == "Fn::Transform" {
                let Value { kind, .. } = self.transform(&entry.value, entry.key_span);
                match kind {
                    Kind::Map(more) => {
                        map.members.extend(more.members);
                        map.open = map.open.or(more.open);
                    }
                    Kind::Unknown(reason) => map.open = Some(reason),
                    _ => map.open = Some(not_understood("`Fn::Transform` gives no mapping here")),
                }
            } else if entry.key.starts_with("Fn::") {
                let what = format!("`{}` must stand alone in its mapping", entry.key);
                self.warn(what.clone(), entry.key_span);
                map.open = Some(not_understood(what));
            } else if let Some(value) = self.eval(&entry.value) {
                map.members.push(Member {
                    key: Arc::from(&*self.substitute(&entry.key)),
                    key_span: entry.key_span,
                    value,
                });
            }
        }
        map
    }

    fn unroll(&self, label: &str, node: &Node, map: &mut Map) {
        let Some(turns) = self.turns(label, node) else {
            map.open = Some(not_understood(format!("the collection of `Fn::ForEach::{label}` is not known")));
            return;
        };
        for turn in turns.values {
            let loops: Vec<_> = self.loops.iter().cloned().chain([(Arc::clone(&turns.variable), turn)]).collect();
            let Some(scope) = self.looped(&loops).deeper() else {
                map.open = Some(Reason::Limit(Arc::from("`Fn::ForEach` produces too much")));
                return;
            };
            let more = scope.map(turns.body);
            map.members.extend(more.members);
            if more.open.is_some() {
                map.open = more.open;
            }
        }
    }

    /// What `Fn::ForEach` iterates over: `[variable, collection, {key: value}]`.
    pub(super) fn turns<'n>(&self, label: &str, node: &'n Node) -> Option<Turns<'n>> {
        let Some([variable, collection, body]) = node.as_seq() else {
            self.warn(format!("`Fn::ForEach::{label}` needs a variable, a collection and a mapping"), node.span);
            return None;
        };
        let values = self.eval(collection)?;
        let known = match &values.kind {
            Kind::List(items) => items.iter().map(|item| item.as_str().map(Arc::from)).collect::<Option<Vec<_>>>(),
            _ => None,
        };
        let Some(values) = known else {
            let why = values.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
            self.warn(format!("the collection of `Fn::ForEach::{label}` is not known{why}"), collection.span);
            return None;
        };
        Some(Turns { variable: Arc::from(variable.as_str()?), values, body })
    }

    /// Text with the loop variables (`${X}`, `&{X}`) filled in; the latter loses what a logical id cannot contain.
    pub(super) fn substitute<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        if self.loops.is_empty() || !text.contains('{') {
            return text;
        }
        for (name, value) in self.loops.iter().rev() {
            for (open, plain) in [("${", true), ("&{", false)] {
                let pattern = format!("{open}{name}}}");
                if text.contains(&pattern) {
                    let value = if plain {
                        value.to_string()
                    } else {
                        value.chars().filter(char::is_ascii_alphanumeric).collect()
                    };
                    text = Cow::Owned(text.replace(&pattern, &value));
                }
            }
        }
        text
    }

    /// `Ref`: a loop variable, a parameter, a pseudo parameter or a resource.
    pub(super) fn reference(&self, name: &str, span: Span) -> Option<Value> {
        if let Some((_, value)) = self.loops.iter().rev().find(|(variable, _)| &**variable == name) {
            return Some(Value::text_at(span, &**value));
        }
        if let Some((declared, binding)) = self.stack.parameters.get(name) {
            return self.parameter(name, declared, binding, span);
        }
        if name.starts_with("AWS::") {
            return self.pseudo(name, span);
        }
        if self.stack.resources.get(name).is_some() {
            return Some(resource(span, self.stack, name, None));
        }
        if self.generates(name) {
            return Some(resource(span, self.stack, name, None));
        }
        Some(self.undeclared(name, span))
    }

    fn generates(&self, name: &str) -> bool {
        let declares = |name: &str| {
            let node = self.stack.resources.get(name)?.node;
            node.get("Type").and_then(Node::as_str).map(str::to_owned)
        };
        self.stack.serverless && sam::may_generate(name, &declares)
    }

    fn undeclared(&self, name: &str, span: Span) -> Value {
        self.warn(format!("`{name}` is neither a parameter nor a resource of this template"), span);
        Value::unknown(span, Reason::Outside(Arc::from(format!("`{name}`"))))
    }

    /// `Fn::GetAtt`.
    pub(super) fn attribute(&self, name: &str, attribute: &str, span: Span) -> Option<Value> {
        if let Some(child) = self.stack.children.get(name)
            && let Some(output) = attribute.strip_prefix("Outputs.")
        {
            return self.output(*child, output, span);
        }
        if self.stack.resources.get(name).is_some() || self.generates(name) {
            return Some(resource(span, self.stack, name, Some(attribute)));
        }
        if self.stack.parameters.contains_key(name) {
            let what = format!("`{name}` is a parameter and has no attribute `{attribute}`");
            return Some(self.malformed(what, span));
        }
        Some(self.undeclared(name, span))
    }

    /// The value of another stack's output, as seen from `span`.
    pub(super) fn output(&self, stack: usize, output: &str, span: Span) -> Option<Value> {
        let scope = self.deeper().and_then(|scope| scope.of_stack(stack))?;
        let declared = scope.stack.outputs.get(output);
        let Some((declared, node)) = declared.and_then(|declared| Some((declared, declared.node.get("Value")?))) else {
            return Some(self.malformed(format!("the nested template has no output `{output}`"), span));
        };
        let mut value = scope.within(&declared.loops).eval(node)?;
        place(&mut value, span);
        Some(value)
    }

    fn parameter(&self, name: &str, declared: &Parameter<'a>, binding: &Binding<'a>, span: Span) -> Option<Value> {
        let unknown = || Value::unknown(span, Reason::Parameter(Arc::from(name)));
        if declared.no_echo && self.mode == Mode::Value {
            return Some(unknown());
        }
        match binding {
            Binding::Given(text) if declared.names_stored(text) => Some(self.stored(name, span)),
            Binding::Given(text) => Some(listed(declared, text::given(span, text))),
            Binding::Parent(node, loops) => {
                let parent = self.stack.parent.as_ref()?.stack;
                let scope = self.deeper().and_then(|scope| scope.of_stack(parent));
                let Some(scope) = scope else { return Some(unknown()) };
                let mut value = scope.looped(loops).eval(node)?;
                place(&mut value, span);
                if declared.is_stored() {
                    return Some(self.stored(name, span));
                }
                Some(listed(declared, value))
            }
            Binding::Computed => {
                Some(Value::unknown(span, not_understood("the parameters of the nested stack are not a plain mapping")))
            }
            Binding::Open if self.stack.parent.is_some() => match declared.default_text() {
                Some(_) if declared.is_stored() => Some(self.stored(name, span)),
                Some(text) => Some(listed(declared, text::given(span, text))),
                None => Some(self.malformed(format!("the parent stack gives no value to parameter `{name}`"), span)),
            },
            Binding::Open => Some(self.open(name, declared, span).unwrap_or_else(unknown)),
        }
    }

    /// A parameter of a root stack that was not given.
    fn open(&self, name: &str, declared: &Parameter<'a>, span: Span) -> Option<Value> {
        let symbol = format!("{}{name}", self.stack.prefix);
        let assumed = self.run.assumptions.known(&symbol);
        let excluded = |text: &str| self.run.assumptions.excludes(&symbol, text);
        if let Some(text) = assumed.or_else(|| declared.only_choice(excluded)) {
            return Some(listed(declared, text::given(span, text)));
        }
        if self.mode == Mode::Symbolic {
            self.run.consulted.borrow_mut().insert(Arc::from(symbol.as_str()));
            let symbol = self.run.assumptions.representative(&symbol);
            return Some(Value::new(span, Kind::Ref(Reference::Pseudo(Arc::from(symbol)))));
        }
        if declared.is_stored() {
            return Some(self.stored(name, span));
        }
        let default = declared.default_text().filter(|text| !excluded(text));
        let text = default.filter(|_| !self.run.assumptions.alters(&symbol))?;
        Some(listed(declared, text::given(span, text)))
    }

    fn stored(&self, name: &str, span: Span) -> Value {
        if self.mode == Mode::Symbolic {
            let symbol = format!("{}{name}", self.stack.prefix);
            return Value::new(span, Kind::Ref(Reference::Pseudo(Arc::from(symbol))));
        }
        Value::unknown(span, Reason::DynamicReference(Arc::from("ssm")))
    }

    fn pseudo(&self, name: &str, span: Span) -> Option<Value> {
        if name == "AWS::NoValue" {
            return None;
        }
        let context = &self.run.library.context;
        let given = context.parameters.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let partition = context.partition();
        let known = match name {
            "AWS::Region" => given.or(context.region.as_deref()),
            "AWS::AccountId" => given.or(context.account.as_deref()),
            "AWS::Partition" => Some(given.unwrap_or(partition)),
            "AWS::URLSuffix" => Some(given.unwrap_or(crate::input::url_suffix(partition))),
            "AWS::StackName" | "AWS::StackId" | "AWS::NotificationARNs" => given,
            _ => return Some(self.malformed(format!("`{name}` is not a pseudo parameter"), span)),
        };
        if let Some(text) = known {
            return Some(Value::text_at(span, text));
        }
        let of_stack = !matches!(name, "AWS::Region" | "AWS::AccountId");
        let symbol = if of_stack { format!("{}{name}", self.stack.prefix) } else { name.to_owned() };
        if let Some(text) = self.run.assumptions.known(&symbol) {
            return Some(Value::text_at(span, text));
        }
        let symbolic = self.mode == Mode::Symbolic;
        let name = if symbolic { self.run.assumptions.representative(&symbol) } else { name };
        Some(Value::new(span, Kind::Ref(Reference::Pseudo(Arc::from(name)))))
    }
}

/// The rounds of a `Fn::ForEach`.
#[derive(Debug)]
pub(super) struct Turns<'n> {
    pub variable: Arc<str>,
    pub values: Vec<Arc<str>>,
    pub body: &'n Node,
}

fn resource(span: Span, stack: &Stack<'_>, name: &str, attribute: Option<&str>) -> Value {
    let reference =
        Reference::Resource { address: stack.address(name), attribute: attribute.map(Arc::from), written: None };
    Value::new(span, Kind::Ref(reference))
}

/// Gives a list-typed parameter's text its items.
fn listed(declared: &Parameter<'_>, value: Value) -> Value {
    if !declared.is_list() {
        return match value.kind {
            // A list passed to a text parameter arrives joined.
            Kind::List(items) => join(value.span, items, ","),
            kind => Value { kind, ..value },
        };
    }
    if value.reason().is_some() {
        return value;
    }
    let span = value.span;
    match value.kind {
        Kind::Scalar(_) | Kind::Text(_) => {
            let parts = text::parts_of(value).unwrap_or_default();
            let mut items = text::split(span, &parts, ",");
            for item in &mut items {
                if let Kind::Scalar(scalar) = &mut item.kind {
                    scalar.text = scalar.text.trim().into();
                }
            }
            Value { span, kind: Kind::List(items) }
        }
        kind => Value { span, kind },
    }
}

fn join(span: Span, items: Vec<Value>, delimiter: &str) -> Value {
    let mut parts = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            parts.push(crate::value::Part::Literal(Arc::from(delimiter)));
        }
        match text::parts_of(item) {
            Some(more) => parts.extend(more),
            None => return Value::unknown(span, not_understood("a list of texts was expected here")),
        }
    }
    assemble(span, parts)
}

/// Moves a value, whole, to where it is used.
pub(super) fn place(value: &mut Value, span: Span) {
    value.span = span;
    match &mut value.kind {
        Kind::List(items) => items.iter_mut().for_each(|item| place(item, span)),
        Kind::Map(map) => map.members.iter_mut().for_each(|member| {
            member.key_span = span;
            place(&mut member.value, span);
        }),
        _ => {}
    }
}
