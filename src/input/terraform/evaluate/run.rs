//! One evaluation: what is known so far, what is being evaluated, what was asked and noted.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use super::atoms::{Asked, Assumptions, Consulted};
use super::module::ModuleInstance;
use super::resource::ResourceInstance;
use super::{Configuration, Evaluated};
use crate::input::terraform::value::Value;
use crate::input::{Note, NoteLevel, not_understood};
use crate::source::Span;
use crate::value::Reason;

/// Expressions within expressions, along references.
pub(super) const MAX_DEPTH: usize = 4_000;
/// The same on a stack of unknown size.
pub(super) const MAX_DEPTH_HERE: usize = 40;
/// Expressions evaluated in one world.
const MAX_STEPS: usize = 4_000_000;
/// Problems that are listed.
const MAX_NOTES: usize = 1_000;

pub(super) struct Run<'a> {
    pub configuration: &'a Configuration,
    pub asked: Asked<'a>,
    /// The root is the first.
    pub modules: RefCell<Vec<Rc<ModuleInstance<'a>>>>,
    /// What stands at an address.
    pub nodes: RefCell<HashMap<Arc<str>, Node<'a>>>,
    /// Addresses of resources of which one instance stands for all.
    pub symbolic: RefCell<HashSet<Arc<str>>>,
    /// What stands for the keys of maps that are only known after apply.
    pub keys: RefCell<HashMap<Arc<str>, Value>>,
    /// Within `try` or `can` an error is an answer.
    pub trying: Cell<bool>,
    /// Open questions are not asked but errors.
    pub silent: Cell<bool>,
    /// What is evaluated exists only because of how open questions are answered.
    pub supposed: Cell<bool>,
    stack: RefCell<Vec<Frame<'a>>>,
    depth: Cell<usize>,
    max_depth: usize,
    steps: Cell<usize>,
    notes: RefCell<BTreeSet<Note>>,
}

#[derive(Clone)]
pub(super) enum Node<'a> {
    Resource(Rc<ResourceInstance<'a>>),
    Module(Rc<ModuleInstance<'a>>),
}

/// An expression that Terraform refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault(Box<Problem>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Problem {
    span: Span,
    message: String,
    /// Whatever the values are.
    always: bool,
}

impl Fault {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Self {
        Self(Box::new(Problem { span, message: message.into(), always: false }))
    }

    /// One that no value would help against, such as a name that is not declared.
    pub(super) fn always(span: Span, message: impl Into<String>) -> Self {
        Self(Box::new(Problem { span, message: message.into(), always: true }))
    }

    pub(super) fn message(&self) -> &str {
        &self.0.message
    }
}

/// Something with a name that is being evaluated.
#[derive(Clone)]
pub(super) enum Frame<'a> {
    /// Of a module, by its prefix: `var` and a name, for instance.
    Named(Arc<str>, &'static str, &'a str),
    /// The keys of a resource or data source, by its address without them.
    Keys(Arc<str>),
    Argument(Arc<str>, &'a str),
}

impl Frame<'_> {
    fn describe(&self) -> String {
        match self {
            Self::Named(prefix, kind, name) => format!("{prefix}{kind}.{name}"),
            Self::Keys(address) => address.to_string(),
            Self::Argument(address, name) => format!("{address}.{name}"),
        }
    }
}

/// A value by its name, evaluated at most once.
#[derive(Clone)]
pub(super) enum Slot<T> {
    Running,
    Done(T, Consulted),
}

pub(super) type Memo<'a, T = Value> = RefCell<HashMap<&'a str, Slot<T>>>;

impl<'a> Run<'a> {
    pub(super) fn new(configuration: &'a Configuration, assumptions: &'a Assumptions, max_depth: usize) -> Self {
        Self {
            configuration,
            asked: Asked::new(assumptions),
            modules: RefCell::default(),
            nodes: RefCell::default(),
            symbolic: RefCell::default(),
            keys: RefCell::default(),
            trying: Cell::new(false),
            silent: Cell::new(false),
            supposed: Cell::new(false),
            stack: RefCell::default(),
            depth: Cell::new(0),
            max_depth,
            steps: Cell::new(0),
            notes: RefCell::default(),
        }
    }

    pub(super) fn finish(self) -> Evaluated {
        let mut evaluated = self.everything();
        for prepared in &self.configuration.prepared {
            self.notes.borrow_mut().extend(prepared.notes.iter().cloned());
        }
        let mut notes: Vec<Note> = self.notes.take().into_iter().collect();
        if notes.len() > MAX_NOTES {
            notes.truncate(MAX_NOTES);
            notes.push(Note {
                level: NoteLevel::Error,
                message: format!("more than {MAX_NOTES} problems; the others are not listed"),
                span: None,
                related: None,
            });
        }
        evaluated.notes = notes;
        evaluated.steps = self.steps.get();
        (evaluated.open, evaluated.asked) = self.asked.finish();
        self.modules.borrow().iter().for_each(|module| module.forget());
        evaluated
    }

    pub(super) fn note(&self, level: NoteLevel, message: impl Into<String>, span: Span) {
        let mut notes = self.notes.borrow_mut();
        if notes.len() <= MAX_NOTES {
            notes.insert(Note { level, message: message.into(), span: Some(span), related: None });
        }
    }

    /// What a value is when its expression is an error: the error is noted, unless something is tried.
    pub(super) fn recover(&self, result: Result<Value, Fault>, span: Span) -> Result<Value, Fault> {
        match result {
            Err(fault) if !self.trying.get() => Ok(self.wrong(&fault, span)),
            other => other,
        }
    }

    pub(super) fn wrong(&self, fault: &Fault, span: Span) -> Value {
        let Problem { span: place, message, always } = &*fault.0;
        // Not every combination of answers can occur, so what is wrong in one may never be. Nor need a module be
        // right with its defaults alone when others are there to call it.
        let certain =
            *always || !self.supposed.get() && self.asked.is_unasked() && !self.configuration.is_to_be_called();
        self.note(if certain { NoteLevel::Error } else { NoteLevel::Warning }, message.as_str(), *place);
        Value::unknown(span, not_understood(message.as_str()), None)
    }

    pub(super) fn supposing<T>(&self, supposed: bool, then: impl FnOnce() -> T) -> T {
        let outer = self.supposed.replace(supposed);
        let result = then();
        self.supposed.set(outer);
        result
    }

    /// Goes one expression deeper. `None` when that is too deep, or too much in all.
    pub(super) fn deeper<T>(&self, span: Span, then: impl FnOnce() -> Result<T, Fault>) -> Result<Option<T>, Fault> {
        let steps = self.steps.get();
        if steps >= MAX_STEPS {
            if steps == MAX_STEPS {
                self.steps.set(steps + 1);
                self.note(NoteLevel::Error, "the configuration expands to more than is evaluated", span);
            }
            return Ok(None);
        }
        self.steps.set(steps + 1);
        let depth = self.depth.get();
        if depth >= self.max_depth {
            self.note(NoteLevel::Error, "the chain of references that leads here is too long to be followed", span);
            return Ok(None);
        }
        self.depth.set(depth + 1);
        let result = then();
        self.depth.set(depth);
        result.map(Some)
    }

    /// Accounts for work that is no expression.
    pub(super) fn spend(&self, steps: usize) {
        self.steps.set(self.steps.get().saturating_add(steps).min(MAX_STEPS));
    }

    pub(super) fn limit(span: Span) -> Value {
        Value::unknown(span, Reason::Limit(Arc::from("more is asked for than is evaluated")), None)
    }

    /// The value of a name: as it was found before, or made now.
    pub(super) fn once<T: Clone>(
        &self,
        memo: &Memo<'a, T>,
        name: &'a str,
        span: Span,
        frame: impl FnOnce() -> Frame<'a>,
        make: impl FnOnce() -> T,
    ) -> Result<T, Fault> {
        match memo.borrow().get(name) {
            Some(Slot::Done(value, consulted)) => {
                self.asked.consult(consulted);
                return Ok(value.clone());
            }
            Some(Slot::Running) => return Err(self.cycle(&frame(), span)),
            None => {}
        }
        memo.borrow_mut().insert(name, Slot::Running);
        self.stack.borrow_mut().push(frame());
        let outer = self.asked.begin();
        let (trying, silent) = (self.trying.replace(false), self.silent.replace(false));
        let value = make();
        self.trying.set(trying);
        self.silent.set(silent);
        let consulted = self.asked.end(outer);
        self.stack.borrow_mut().pop();
        memo.borrow_mut().insert(name, Slot::Done(value.clone(), consulted));
        Ok(value)
    }

    fn cycle(&self, frame: &Frame<'a>, span: Span) -> Fault {
        let last = frame.describe();
        let stack = self.stack.borrow();
        let names: Vec<String> = stack.iter().map(Frame::describe).collect();
        let start = names.iter().rposition(|name| *name == last).unwrap_or(0);
        let chain: Vec<String> =
            names.iter().skip(start).chain(std::iter::once(&last)).map(|name| format!("`{name}`")).collect();
        let shown = match chain.len() {
            0..=8 => chain.join(" → "),
            _ => format!(
                "{} → … → {last}",
                chain.get(..7).unwrap_or_default().join(" → "),
                last = format_args!("`{last}`")
            ),
        };
        Fault::new(span, format!("`{last}` depends on itself: {shown}"))
    }
}
