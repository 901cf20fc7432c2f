//! Conditions: which are decided by what was given, and which are open.
//!
//! An open comparison is an *atom*. It gets its truth from the assumptions of the world; without one it has the truth
//! that the parameters' defaults give it. A mere default does not decide: whoever deploys may choose another value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::functions::Call;
use super::scope::{Mode, Scope};
use super::text;
use crate::input::NoteLevel;
use crate::source::{Node, NodeValue, Span};
use crate::value::{Kind, Reference, Value};

/// One open comparison.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Atom {
    pub key: Arc<str>,
    pub claim: Claim,
    /// Its truth in the base world.
    pub base: bool,
    /// The open parameters that it mentions.
    pub symbols: BTreeSet<Arc<str>>,
}

/// What an atom claims.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claim {
    /// An open parameter has this value.
    Is(Arc<str>, Arc<str>),
    /// Two open parameters have the same value.
    Same(Arc<str>, Arc<str>),
    /// Anything else: it says nothing about other atoms.
    Opaque,
}

/// The truths of atoms in one world, and what follows for the parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Assumptions {
    pub truths: BTreeMap<Arc<str>, bool>,
    equal: BTreeMap<Arc<str>, Arc<str>>,
    excluded: BTreeSet<(Arc<str>, Arc<str>)>,
    /// Towards the representative of parameters that have the same value.
    same: BTreeMap<Arc<str>, Arc<str>>,
    different: BTreeSet<(Arc<str>, Arc<str>)>,
    /// Parameters of which at least one cannot be at its default: another truth than the default's is assumed.
    altered: BTreeSet<Arc<str>>,
}

impl Assumptions {
    pub(super) fn assume(&mut self, atom: &Atom, holds: bool) {
        self.truths.insert(Arc::clone(&atom.key), holds);
        if holds != atom.base && !matches!(atom.claim, Claim::Is(..)) {
            self.altered.extend(atom.symbols.iter().cloned());
        }
        match (&atom.claim, holds) {
            (Claim::Is(symbol, text), true) => {
                self.equal.insert(Arc::clone(symbol), Arc::clone(text));
            }
            (Claim::Is(symbol, text), false) => {
                self.excluded.insert((Arc::clone(symbol), Arc::clone(text)));
            }
            (Claim::Same(left, right), true) => {
                self.same.insert(Arc::clone(right), Arc::clone(left));
            }
            (Claim::Same(left, right), false) => {
                self.different.insert((Arc::clone(left), Arc::clone(right)));
            }
            (Claim::Opaque, _) => {}
        }
    }

    /// The parameter that stands for all with the same value.
    pub(super) fn representative<'s>(&'s self, symbol: &'s str) -> &'s str {
        let mut at = symbol;
        for _ in 0..=self.same.len() {
            match self.same.get(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    /// The value that a parameter must have.
    pub(super) fn known(&self, symbol: &str) -> Option<&str> {
        let representative = self.representative(symbol);
        self.equal.iter().find(|(of, _)| self.representative(of) == representative).map(|(_, text)| &**text)
    }

    pub(super) fn excludes(&self, symbol: &str, text: &str) -> bool {
        let symbol = self.representative(symbol);
        self.excluded.iter().any(|(of, value)| &**value == text && self.representative(of) == symbol)
    }

    /// Whether the default of a parameter says nothing about its value.
    pub(super) fn alters(&self, symbol: &str) -> bool {
        self.altered.contains(symbol)
    }

    /// Whether two parameters are assumed to differ and to have the same value.
    pub(super) fn contradictory(&self) -> bool {
        let clash = self.equal.iter().any(|(symbol, text)| self.excludes(symbol, text));
        clash
            || self.different.iter().any(|(left, right)| {
                self.representative(left) == self.representative(right)
                    || self.known(left).is_some() && self.known(left) == self.known(right)
            })
    }
}

/// How far the evaluation of a named condition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Running,
    Done(bool),
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Operand {
    Symbol(Arc<str>),
    Opaque(Arc<str>),
    Literal(Arc<str>),
}

impl Operand {
    fn text(&self) -> &str {
        match self {
            Self::Symbol(text) | Self::Opaque(text) | Self::Literal(text) => text,
        }
    }
}

impl Scope<'_, '_> {
    /// The truth of a named condition in this world.
    pub(super) fn holds(&self, name: &str, span: Span) -> bool {
        if let Some(progress) = self.stack.progress.borrow().get(name).copied() {
            return match progress {
                Progress::Done(holds) => holds,
                Progress::Running => {
                    self.run.note(NoteLevel::Error, format!("condition `{name}` depends on itself"), span);
                    self.undecided(name)
                }
            };
        }
        let Some(declared) = self.stack.conditions.get(name) else {
            self.run.note(NoteLevel::Error, format!("condition `{name}` is not declared"), span);
            return self.undecided(name);
        };
        let name = Arc::clone(&declared.name);
        self.stack.progress.borrow_mut().insert(Arc::clone(&name), Progress::Running);
        let holds = self.looped(&declared.loops).condition(declared.node);
        self.stack.progress.borrow_mut().insert(name, Progress::Done(holds));
        holds
    }

    fn condition(&self, node: &Node) -> bool {
        if !self.run.spend(1) {
            return false;
        }
        let Some(scope) = self.deeper() else {
            self.run.note(NoteLevel::Error, "this condition nests too deeply", node.span);
            return false;
        };
        if let Some([entry]) = node.as_map()
            && node.tag.is_none()
            && &*entry.key == "Condition"
            && let Some(name) = entry.value.as_str()
        {
            return scope.holds(&scope.substitute(name), entry.value.span);
        }
        let Some(call) = Call::of(node) else { return scope.misunderstood(node) };
        match (call.name, call.arguments(), call.plain()) {
            ("And", Some(items @ [_, ..]), _) => items.iter().all(|item| scope.condition(item)),
            ("Or", Some(items @ [_, ..]), _) => items.iter().any(|item| scope.condition(item)),
            ("Not", Some([item]), _) => !scope.condition(item),
            ("Equals", Some([left, right]), _) => scope.equals(left, right),
            ("Condition", _, Some(name)) => scope.holds(&scope.substitute(name), node.span),
            _ => scope.misunderstood(node),
        }
    }

    fn misunderstood(&self, node: &Node) -> bool {
        self.run.note(NoteLevel::Error, "this is not a condition", node.span);
        self.undecided(&self.print(node))
    }

    /// Something that is neither true nor false for all that can be read: an atom of its own.
    fn undecided(&self, what: &str) -> bool {
        let key = Arc::from(format!("{}{what}", self.stack.prefix));
        self.truth(Atom { key, claim: Claim::Opaque, base: false, symbols: BTreeSet::new() })
    }

    fn equals(&self, left: &Node, right: &Node) -> bool {
        let outer = self.run.consulted.take();
        let mut sides = [self.operand(left), self.operand(right)];
        let symbols = self.run.consulted.replace(outer);
        sides.sort();
        let [first, second] = sides;
        if first == second {
            return true;
        }
        let claim = match (&first, &second) {
            (Operand::Literal(_), Operand::Literal(_)) => return false,
            (Operand::Symbol(symbol), Operand::Literal(text)) => {
                if !self.run.allows(symbol, text) || self.run.assumptions.excludes(symbol, text) {
                    return false;
                }
                Claim::Is(Arc::clone(symbol), Arc::clone(text))
            }
            (Operand::Symbol(left), Operand::Symbol(right)) => Claim::Same(Arc::clone(left), Arc::clone(right)),
            _ => Claim::Opaque,
        };
        let key = Arc::from(format!("{} == {}", first.text(), second.text()));
        let defaults = self.mode(Mode::Base);
        let base = match (defaults.eval(left), defaults.eval(right)) {
            (Some(left), Some(right)) => match (comparable(&left), comparable(&right)) {
                (Some(left), Some(right)) => left == right,
                _ => false,
            },
            _ => false,
        };
        self.truth(Atom { key, claim, base, symbols })
    }

    fn truth(&self, atom: Atom) -> bool {
        if let Some(holds) = self.run.assumptions.truths.get(&atom.key) {
            return *holds;
        }
        let base = atom.base;
        self.run.open.borrow_mut().get_or_insert(atom);
        base
    }

    fn operand(&self, node: &Node) -> Operand {
        let Some(value) = self.mode(Mode::Symbolic).eval(node) else { return Operand::Literal(Arc::from("")) };
        if let Some(text) = comparable(&value) {
            return Operand::Literal(Arc::from(text));
        }
        match &value.kind {
            Kind::Ref(Reference::Pseudo(symbol)) if !symbol.ends_with(')') => Operand::Symbol(Arc::clone(symbol)),
            // The expression, not what it comes to: that may contain a secret.
            _ => Operand::Opaque(Arc::from(format!("{}{}", self.stack.prefix, self.print(node)))),
        }
    }

    /// In symbolic mode, what cannot be computed is a symbol of its own.
    pub(super) fn opaque(&self, call: &Call<'_>) -> Value {
        let text = format!("{}{}({})", self.stack.prefix, call.name, self.print(call.argument));
        Value::new(call.span, Kind::Ref(Reference::Pseudo(Arc::from(text))))
    }

    /// A node as text, the same for the same expression.
    fn print(&self, node: &Node) -> String {
        let mut out = String::new();
        self.print_to(node, &mut out);
        out
    }

    fn print_to(&self, node: &Node, out: &mut String) {
        if !self.run.spend(1) {
            return;
        }
        if let Some(tag) = &node.tag {
            out.push_str(tag.name.strip_prefix('!').unwrap_or(&tag.name));
            out.push(' ');
        }
        match &node.value {
            NodeValue::Null => {}
            NodeValue::Scalar(scalar) => match scalar.text.split_once("{{resolve:") {
                Some((before, _)) => {
                    // The text of a dynamic reference is not repeated; its place tells it apart.
                    out.push_str(before);
                    out.push_str("a dynamic reference at ");
                    out.push_str(&node.span.start.to_string());
                }
                None => out.push_str(&self.substitute(&scalar.text)),
            },
            NodeValue::Seq(items) => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    self.print_to(item, out);
                }
            }
            NodeValue::Map(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(entry.key.strip_prefix("Fn::").unwrap_or(&entry.key));
                    out.push(' ');
                    self.print_to(&entry.value, out);
                }
            }
        }
    }
}

/// The text by which a known value is compared.
fn comparable(value: &Value) -> Option<&str> {
    match &value.kind {
        Kind::Scalar(scalar) => Some(text::canonical(scalar)),
        Kind::Null => Some(""),
        _ => None,
    }
}
