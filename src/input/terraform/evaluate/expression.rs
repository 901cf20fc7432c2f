//! Expressions → values.

use std::sync::Arc;

use super::atoms::{Claim, Formula};
use super::expand::{ANY, ANY_KEY, Repetition};
use super::loops::Binding;
use super::module::ModuleInstance;
use super::operators::unknown_in;
use super::run::{Fault, Run};
use crate::input::terraform::functions;
use crate::input::terraform::functions::CallError;
use crate::input::terraform::symbol;
use crate::input::terraform::types::{self, to_bool};
use crate::input::terraform::value::{Kind, Member, Object, Unknown, Value};
use crate::source::Span;
use crate::source::hcl::{Call, Conditional, Expression, ExpressionKind, ObjectItem};
use crate::value::Reason;

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'a> {
    pub module: &'s ModuleInstance<'a>,
    /// What `each` and `count` are.
    pub repetition: Option<&'s Repetition>,
    /// Variables of `for` and of dynamic blocks, the innermost first.
    pub bindings: Option<&'s Binding<'s>>,
    /// The variables of a template, when the expression stands in one: nothing else is seen from there.
    pub template: Option<&'s Object>,
}

impl<'s, 'a> Scope<'s, 'a> {
    pub(super) fn of(module: &'s ModuleInstance<'a>) -> Self {
        Self { module, repetition: None, bindings: None, template: None }
    }

    pub(super) fn repeated(module: &'s ModuleInstance<'a>, repetition: &'s Repetition) -> Self {
        Self { module, repetition: Some(repetition), bindings: None, template: None }
    }

    pub(super) fn bound(self, binding: &'s Binding<'s>) -> Self {
        Self { bindings: Some(binding), ..self }
    }
}

impl<'a> Run<'a> {
    /// The value of an expression; an error is noted and its value unknown.
    pub(super) fn value(&self, expression: &Expression, scope: Scope<'_, 'a>) -> Value {
        match self.evaluate(expression, scope) {
            Ok(value) => value,
            Err(fault) => self.wrong(&fault, expression.span),
        }
    }

    /// An element of something larger, which does not fail because of it.
    fn element(&self, expression: &Expression, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        self.recover(self.evaluate(expression, scope), expression.span)
    }

    pub(super) fn evaluate(&self, expression: &Expression, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        let span = expression.span;
        match &expression.kind {
            ExpressionKind::Null => Ok(Value::null(span)),
            ExpressionKind::Bool(known) => Ok(Value::new(span, Kind::Bool(*known))),
            ExpressionKind::Number(number) => Ok(Value::new(span, Kind::Number(*number))),
            _ => {
                let deeper = self.deeper(span, || self.compound(expression, scope))?;
                Ok(deeper.unwrap_or_else(|| Self::limit(span)))
            }
        }
    }

    fn compound(&self, expression: &Expression, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        let span = expression.span;
        let value = match &expression.kind {
            ExpressionKind::Template(parts) => self.template(parts, span, scope)?,
            ExpressionKind::List(items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(self.element(item, scope)?);
                }
                Value::list(span, values)
            }
            ExpressionKind::Object(items) => self.object(items, span, scope)?,
            ExpressionKind::Variable(_) | ExpressionKind::Traversal(..) => self.reference(expression, scope)?,
            ExpressionKind::Unary(operator, operand) => self.unary(*operator, operand, span, scope)?,
            ExpressionKind::Binary(operator, sides) => self.binary(*operator, &sides.0, &sides.1, span, scope)?,
            ExpressionKind::Conditional(conditional) => self.conditional(conditional, scope)?,
            ExpressionKind::For(each) => self.for_expression(each, span, scope)?,
            ExpressionKind::Call(call) => self.call(call, span, scope)?,
            ExpressionKind::Null | ExpressionKind::Bool(_) | ExpressionKind::Number(_) => Value::null(span),
        };
        Ok(value.at(span))
    }

    fn object(&self, items: &[ObjectItem], span: Span, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        let mut members = Vec::with_capacity(items.len());
        let mut open = None;
        for item in items {
            let value = self.element(&item.value, scope)?;
            let key = self.element(&item.key, scope)?;
            match self.key(&key) {
                Some(Ok(key)) => members.push(Member { key, key_span: item.key.span, value }),
                Some(Err(fault)) => {
                    self.recover(Err(fault), span)?;
                }
                None => open = Some(unknown_in(&[&key])),
            }
        }
        let mut object = Object::new(members);
        object.open = open;
        Ok(Value::object(span, object))
    }

    /// A key of a map as text. `None` when it is not known. What is only known after apply stands for itself.
    pub(super) fn key(&self, key: &Value) -> Option<Result<Arc<str>, Fault>> {
        match &key.kind {
            Kind::Text(text) => Some(Ok(Arc::clone(&text.text))),
            Kind::Bool(_) | Kind::Number(_) => match types::to_text(key.clone()).map(|text| text.kind) {
                Ok(Kind::Text(text)) => Some(Ok(text.text)),
                _ => None,
            },
            Kind::Attribute(_) | Kind::Partial(_) | Kind::Unknown(_) => {
                let written = symbol::of(key)?;
                let name: Arc<str> = match &key.kind {
                    Kind::Partial(_) => Arc::from(written.trim_matches('"')),
                    _ => Arc::from(format!("${{{written}}}")),
                };
                self.keys.borrow_mut().insert(Arc::clone(&name), key.clone());
                Some(Ok(name))
            }
            Kind::Null => Some(Err(Fault::new(key.span, "a key cannot be null"))),
            Kind::Json(_) | Kind::Rest(_) => None,
            Kind::List(_) | Kind::Set(_) | Kind::Object(_) => Some(Err(Fault::new(key.span, "a key must be a text"))),
        }
    }

    /// The value of a map's key.
    pub(super) fn key_value(&self, key: &Arc<str>, span: Span) -> Value {
        match self.keys.borrow().get(key) {
            Some(value) => value.clone().at(span),
            None => Value::text(span, Arc::clone(key)),
        }
    }

    fn conditional(&self, conditional: &Conditional, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        let condition = self.evaluate(&conditional.condition, scope)?;
        let sensitive = condition.sensitive;
        if let Some(value) = self.undecidable(&condition, conditional, scope) {
            return Ok(value);
        }
        let holds = self.decide(condition, scope)?;
        let taken = if holds { &conditional.then } else { &conditional.otherwise };
        let value = self.evaluate(taken, scope)?;
        let sensitive = sensitive || value.sensitive;
        Ok(value.marked(sensitive))
    }

    /// What a conditional is when nobody can be asked for its condition, and one of its values is not known anyway.
    fn undecidable(&self, condition: &Value, conditional: &Conditional, scope: Scope<'_, 'a>) -> Option<Value> {
        let open = matches!(condition.kind, Kind::Unknown(_) | Kind::Attribute(_) | Kind::Partial(_));
        if !open || symbol_of(condition).is_some_and(|symbol| symbol.contains("var.")) {
            return None;
        }
        let mut unknown = None;
        for branch in [&conditional.then, &conditional.otherwise] {
            let value = self.tried(branch, scope).ok()?;
            match &value.kind {
                Kind::Unknown(_) => unknown = Some(value),
                Kind::Null => {}
                _ => return None,
            }
        }
        let unknown = unknown?;
        let sensitive = condition.sensitive || unknown.sensitive;
        Some(Value::unknown(unknown.span, unknown_in(&[&unknown]).reason.clone(), None).marked(sensitive))
    }

    /// The truth of a condition in this world.
    pub(super) fn decide(&self, condition: Value, scope: Scope<'_, 'a>) -> Result<bool, Fault> {
        let span = condition.span;
        let condition = to_bool(condition).map_err(|mismatch| Fault::new(span, mismatch.to_string()))?;
        match &condition.kind {
            Kind::Bool(known) => Ok(*known),
            Kind::Null => Err(Fault::new(span, "a condition cannot be null")),
            _ => self.truth(&self.named(&condition, scope), span),
        }
    }

    fn truth(&self, symbol: &Arc<str>, span: Span) -> Result<bool, Fault> {
        if self.silent.get() && self.asked.assumed(symbol).is_none() {
            return Err(Fault::new(span, format!("`{symbol}` is not known")));
        }
        Ok(self.asked.truth(symbol))
    }

    /// The name of a question: the symbol of what is not known, or else its text, with its place where the text may
    /// mean another thing elsewhere.
    pub(super) fn named(&self, value: &Value, scope: Scope<'_, 'a>) -> Arc<str> {
        if let Some(symbol) = symbol_of(value) {
            return symbol;
        }
        let sources = &self.configuration.sources;
        let text: String = sources.slice(value.span).split_whitespace().collect::<Vec<_>>().join(" ");
        if is_name(&text) {
            return Arc::from(format!("{}{text}", scope.module.prefix));
        }
        let shown: String = text.chars().take(60).collect();
        let more = if shown.len() < text.len() { "…" } else { "" };
        let place = sources.position(value.span);
        let file = sources.file(value.span.file);
        let file = file.name.rsplit('/').next().unwrap_or_default();
        Arc::from(format!("{}{shown}{more} ({file}:{place})", scope.module.prefix))
    }

    /// Whether a collection of unknown size has elements in this world.
    pub(super) fn has_elements(&self, collection: &Value, scope: Scope<'_, 'a>) -> Result<bool, Fault> {
        let length = format!("length({})", counted(&self.named(collection, scope)));
        self.is_above(&Arc::from(length), 0, collection.span)
    }

    pub(super) fn is_above(&self, number: &Arc<str>, bound: i128, span: Span) -> Result<bool, Fault> {
        let symbol = Arc::from(format!("{number} > {bound}"));
        self.asked.define(&symbol, Formula::Claim(Claim::Above(Arc::clone(number), bound)));
        self.truth(&symbol, span)
    }

    /// What is known of each further element of a collection.
    pub(super) fn further(&self, more: &Unknown, span: Span) -> Value {
        match (&more.element, &more.symbol) {
            (Some(element), _) => element.as_ref().clone(),
            (None, Some(symbol)) => self.unknown(span, more.reason.clone(), Some(Arc::from(format!("{symbol}{ANY}")))),
            (None, None) => Value::unknown(span, more.reason.clone(), None),
        }
    }

    /// Evaluates without asking questions and without noting errors.
    pub(super) fn silently(&self, evaluate: impl FnOnce() -> Result<Value, Fault>) -> Option<Value> {
        let (trying, silent) = (self.trying.replace(true), self.silent.replace(true));
        let value = evaluate();
        self.trying.set(trying);
        self.silent.set(silent);
        value.ok()
    }

    /// An unknown value, unless this world assumes one.
    pub(super) fn unknown(&self, span: Span, reason: Reason, symbol: Option<Arc<str>>) -> Value {
        match symbol.as_deref().and_then(|symbol| self.asked.assumed(symbol)) {
            Some(kind) => Value::new(span, kind),
            None => Value::unknown(span, reason, symbol),
        }
    }

    /// The same for what a function gave.
    pub(super) fn assumed(&self, value: Value) -> Value {
        match &value.kind {
            Kind::Unknown(unknown) => match unknown.symbol.as_deref().and_then(|symbol| self.asked.assumed(symbol)) {
                Some(kind) => value.with(kind),
                None => value,
            },
            _ => value,
        }
    }

    fn call(&self, call: &Call, span: Span, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        let name = call.name.text.strip_prefix("core::").unwrap_or(&call.name.text);
        match name {
            "try" => return self.attempt(call, span, scope),
            "can" => return self.can(call, span, scope),
            _ => {}
        }
        if !functions::exists(name) {
            return Err(Fault::always(call.name.span, format!("there is no function named `{name}`")));
        }
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            arguments.push(self.element(argument, scope)?);
        }
        if call.expand_last
            && let Some(last) = arguments.pop()
        {
            match last.items() {
                Some(items) => arguments.extend(items.iter().cloned()),
                None if last.is_null() => {
                    return Err(Fault::new(last.span, "a null value cannot be expanded into arguments"));
                }
                None => {
                    arguments.push(last);
                    return Ok(self.unknown_call(name, &arguments, span));
                }
            }
        }
        if let Some(known) = self.representative(name, &arguments).or_else(|| self.length(name, &arguments, span)) {
            return Ok(known);
        }
        let weight: usize = arguments.iter().map(|argument| argument.weight() as usize).sum();
        self.spend(weight / 16);
        let host = super::host::ModuleHost { run: self, scope, function: name };
        match functions::call(&call.name.text, arguments.clone(), span, &host) {
            Ok(value) => {
                self.note_made(name, &arguments, &value);
                Ok(self.assumed(value))
            }
            Err(error) => Err(call_fault(&error, call, span)),
        }
    }

    /// The length of a list or map of which nothing is known is that of what it was made of.
    fn length(&self, name: &str, arguments: &[Value], span: Span) -> Option<Value> {
        let ("length", [collection]) = (name, arguments) else { return None };
        let unknown = match &collection.kind {
            Kind::List(items) => match &**items {
                [Value { kind: Kind::Rest(unknown), .. }] => unknown,
                _ => return None,
            },
            Kind::Object(object) if object.members().is_empty() => object.open.as_ref()?,
            Kind::Unknown(unknown) => unknown,
            _ => return None,
        };
        let symbol = Arc::from(format!("length({})", counted(unknown.symbol.as_ref()?)));
        Some(self.unknown(span, unknown.reason.clone(), Some(symbol)).marked(collection.sensitive))
    }

    fn unknown_call(&self, name: &str, arguments: &[Value], span: Span) -> Value {
        let reason = arguments.iter().rev().find_map(symbol::reason);
        let reason = reason.unwrap_or_else(|| Reason::NotUnderstood(Arc::from("an unknown list of arguments")));
        let symbol = symbol::of_call(name, arguments).map(|symbol| match symbol.strip_suffix(')') {
            Some(open) => Arc::from(format!("{open}...)")),
            None => symbol,
        });
        self.unknown(span, reason, symbol)
    }

    /// Of a list in which one element stands for all, any element is that one.
    fn representative(&self, name: &str, arguments: &[Value]) -> Option<Value> {
        match (name, arguments) {
            ("element", [list, _]) | ("one", [list]) => self.one_for_all(list).map(|(one, _)| one.clone()),
            _ => None,
        }
    }

    /// The one element that stands for all that there are, and what is not known of those.
    pub(super) fn one_for_all<'v>(&self, collection: &'v Value) -> Option<(&'v Value, Arc<Unknown>)> {
        let (one, all) = match &collection.kind {
            Kind::List(items) | Kind::Set(items) => match &**items {
                [one, Value { kind: Kind::Rest(all), .. }] => (one, all),
                _ => return None,
            },
            Kind::Object(object) => match object.members() {
                [one] if &*one.key == ANY_KEY => (&one.value, object.open.as_ref()?),
                _ => return None,
            },
            _ => return None,
        };
        self.symbolic.borrow().contains(all.symbol.as_ref()?).then(|| (one, Arc::clone(all)))
    }

    /// What the symbol of a function's result says about those of its arguments.
    fn note_made(&self, name: &str, arguments: &[Value], value: &Value) {
        let Kind::Unknown(unknown) = &value.kind else { return };
        let Some(symbol) = &unknown.symbol else { return };
        match (name, arguments) {
            ("length", [collection]) => {
                let elements = collection.elements().unwrap_or_default();
                let known = elements.iter().filter(|element| !matches!(element.kind, Kind::Rest(_))).count();
                let members = collection.as_object().map_or(0, |object| object.members().len());
                // Elements of a set may turn out to be the same.
                let least = if matches!(collection.kind, Kind::Set(_)) { known.min(1) } else { known + members };
                if let Ok(least) = i128::try_from(least)
                    && least > 0
                {
                    self.asked.at_least(symbol, least);
                }
            }
            ("contains", [list, sought]) => {
                let Some(items) = list.items() else { return };
                let mut either: Option<Arc<str>> = None;
                for item in items {
                    let Some(equal) = self.equality(item, sought) else { return };
                    either = Some(match either {
                        None => equal,
                        Some(before) => {
                            let both: Arc<str> = Arc::from(format!("{before} || {equal}"));
                            self.asked.define(&both, Formula::Or(before, equal));
                            both
                        }
                    });
                }
                if let Some(either) = either {
                    self.asked.define(symbol, Formula::Or(Arc::clone(&either), either));
                }
            }
            _ => {}
        }
    }

    /// The first argument that is no error.
    fn attempt(&self, call: &Call, span: Span, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        let mut problems = Vec::new();
        for (index, argument) in call.arguments.iter().enumerate() {
            match self.tried(argument, scope) {
                Ok(value) => return Ok(self.perhaps(call, index, value, span, scope)),
                Err(fault) => problems.push(fault.message().to_owned()),
            }
        }
        Err(Fault::new(span, format!("no argument of `try` has a value: {}", problems.join("; "))))
    }

    /// What is not known may turn out to be an error, and the next argument then counts.
    fn perhaps(&self, call: &Call, index: usize, value: Value, span: Span, scope: Scope<'_, 'a>) -> Value {
        let Kind::Unknown(unknown) = &value.kind else { return value };
        let (Some(first), Some(rest)) = (&unknown.symbol, call.arguments.get(index + 1..)) else { return value };
        if rest.is_empty() {
            return value;
        }
        let mut arguments = vec![value.clone()];
        for argument in rest {
            match self.tried(argument, scope) {
                Ok(value) => arguments.push(value),
                Err(_) => arguments.push(Value::null(span)),
            }
        }
        // A variable, local or output by its own name is never an error.
        let plain = call.arguments.get(index).is_some_and(is_plain_name) && !first.contains('[');
        if plain {
            return value;
        }
        let made = self.unknown(span, unknown.reason.clone(), symbol::of_call("try", &arguments));
        made.marked(value.sensitive)
    }

    fn can(&self, call: &Call, span: Span, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        let [argument] = call.arguments.as_slice() else {
            return Err(Fault::new(span, "`can` takes one argument"));
        };
        Ok(match self.tried(argument, scope) {
            Err(_) => Value::new(span, Kind::Bool(false)),
            Ok(value) => match &value.kind {
                Kind::Unknown(unknown) if !is_plain_name(argument) => {
                    let reason = unknown.reason.clone();
                    self.unknown(span, reason, symbol::of_call("can", std::slice::from_ref(&value)))
                }
                _ => Value::new(span, Kind::Bool(true)),
            },
        })
    }

    fn tried(&self, expression: &Expression, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        let trying = self.trying.replace(true);
        let result = self.evaluate(expression, scope);
        self.trying.set(trying);
        result
    }
}

/// `local.roles` and `var.roles` mean one thing in the whole module.
fn is_name(text: &str) -> bool {
    let name = text.strip_prefix("local.").or_else(|| text.strip_prefix("var."));
    name.is_some_and(|name| name.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-'))
}

/// The symbol of a value; what is unknown has one even when it is sensitive, since nothing of it is shown.
pub(super) fn symbol_of(value: &Value) -> Option<Arc<str>> {
    match &value.kind {
        Kind::Unknown(unknown) => unknown.symbol.clone(),
        _ => symbol::of(value),
    }
}

/// The collection that has as many elements as one that is made of it.
pub(super) fn counted(symbol: &str) -> &str {
    let mut at = symbol;
    while let Some(inner) = ["keys(", "values(", "tolist(", "tomap("].iter().find_map(|made| at.strip_prefix(made)) {
        match inner.strip_suffix(')') {
            Some(inner) if !inner.contains([',', ')']) => at = inner,
            _ => break,
        }
    }
    at
}

/// `var.x`, `local.x`, `each.value`.
fn is_plain_name(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Traversal(of, steps) => matches!(of.kind, ExpressionKind::Variable(_)) && steps.len() == 1,
        _ => false,
    }
}

fn call_fault(error: &CallError, call: &Call, span: Span) -> Fault {
    let argument = error.argument.and_then(|index| call.arguments.get(index));
    Fault::new(argument.map_or(span, |argument| argument.span), error.message.as_str())
}
