//! Questions that the configuration leaves open, such as `var.create`, and what a world assumes about them.
//!
//! An atom is named by its normal form as seen from the root module, so the same question in two modules is one atom.
//! `!x`, `a && b` and `x != y` are no atoms: they follow from those that they are made of. What is assumed about an
//! expression (`var.env == "prod"`) is also its value, wherever it is read.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::input::terraform::value::{Kind, Number, Text, Value};

/// A question and what it claims.
#[derive(Clone, Debug, PartialEq)]
pub struct Atom {
    /// `var.env == "prod"`.
    pub symbol: Arc<str>,
    /// The answer in the base world.
    pub base: bool,
    claim: Claim,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Claim {
    /// An expression, by its symbol, has this value.
    Is(Arc<str>, Literal),
    /// It is a number above this one.
    Above(Arc<str>, i128),
    Opaque,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Number(Number),
    Text(Arc<str>),
}

impl Literal {
    /// Booleans are not among them: a boolean is its own question.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match &value.kind {
            Kind::Null => Some(Self::Null),
            Kind::Number(number) => Some(Self::Number(*number)),
            Kind::Text(text) => Some(Self::Text(Arc::clone(&text.text))),
            _ => None,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Number(number) => Kind::Number(*number),
            Self::Text(text) => Kind::Text(Text { text: Arc::clone(text), pieces: None }),
        }
    }
}

impl Atom {
    fn new(symbol: &Arc<str>, claim: Claim) -> Self {
        // More exists in the base world than in others, and nothing has a special value.
        let base = !matches!(claim, Claim::Is(..));
        Self { symbol: Arc::clone(symbol), base, claim }
    }

    /// The expression that it is about.
    fn about(&self) -> &Arc<str> {
        match &self.claim {
            Claim::Is(about, _) | Claim::Above(about, _) => about,
            Claim::Opaque => &self.symbol,
        }
    }
}

/// The answers of one world, and what follows from them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assumptions {
    /// By the symbols of atoms.
    pub truths: BTreeMap<Arc<str>, bool>,
    equal: BTreeMap<Arc<str>, Literal>,
    bounds: BTreeMap<Arc<str>, Vec<(i128, bool)>>,
    /// Expression → symbols of the atoms about it.
    about: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

impl Assumptions {
    pub fn assume(&mut self, atom: &Atom, holds: bool) {
        self.truths.insert(Arc::clone(&atom.symbol), holds);
        self.about.entry(Arc::clone(atom.about())).or_default().push(Arc::clone(&atom.symbol));
        match &atom.claim {
            Claim::Is(about, literal) if holds => {
                self.equal.insert(Arc::clone(about), literal.clone());
            }
            Claim::Above(about, bound) => {
                self.bounds.entry(Arc::clone(about)).or_default().push((*bound, holds));
            }
            Claim::Is(..) | Claim::Opaque => {}
        }
    }

    /// The answer to a question, if it is assumed or follows.
    pub fn implied(&self, atom: &Atom) -> Option<bool> {
        self.answer(&atom.symbol, &atom.claim)
    }

    fn answer(&self, symbol: &str, claim: &Claim) -> Option<bool> {
        if let Some(holds) = self.truths.get(symbol) {
            return Some(*holds);
        }
        match claim {
            Claim::Is(about, literal) => {
                if let Some(equal) = self.equal.get(about) {
                    return Some(equal == literal);
                }
                let Literal::Number(Number::Whole(number)) = literal else { return None };
                let excluded = self
                    .bounds
                    .get(about)?
                    .iter()
                    .any(|(bound, above)| if *above { number <= bound } else { number > bound });
                excluded.then_some(false)
            }
            Claim::Above(about, bound) => {
                if let Some(Literal::Number(number)) = self.equal.get(about) {
                    return Some(*number > Number::Whole(*bound));
                }
                let known = self.bounds.get(about)?;
                let higher = known.iter().any(|(other, above)| *above && other >= bound);
                let lower = known.iter().any(|(other, above)| !*above && other <= bound);
                higher.then_some(true).or(lower.then_some(false))
            }
            Claim::Opaque => None,
        }
    }
}

/// Which atoms something depends on: one bit each, by their order of appearance.
#[derive(Clone, Debug, Default)]
pub(super) struct Consulted(Vec<u64>);

impl Consulted {
    fn insert(&mut self, index: usize) {
        if self.0.len() <= index / 64 {
            self.0.resize(index / 64 + 1, 0);
        }
        if let Some(word) = self.0.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    pub(super) fn extend(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }

    fn indices(&self) -> impl Iterator<Item = usize> {
        let words = self.0.iter().enumerate();
        words.flat_map(|(at, word)| (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| at * 64 + bit))
    }
}

/// What an expression that is no atom says about others.
#[derive(Clone, Debug)]
pub(super) enum Formula {
    Not(Arc<str>),
    And(Arc<str>, Arc<str>),
    Or(Arc<str>, Arc<str>),
    Claim(Claim),
}

/// What was asked so far in one evaluation.
pub(super) struct Asked<'a> {
    assumptions: &'a Assumptions,
    open: RefCell<Vec<Atom>>,
    /// Symbols of atoms in the order of their appearance, and their places.
    symbols: RefCell<Vec<Arc<str>>>,
    indices: RefCell<HashMap<Arc<str>, usize>>,
    formulas: RefCell<HashMap<Arc<str>, Formula>>,
    /// Expressions that are at least this number.
    least: RefCell<HashMap<Arc<str>, i128>>,
    consulted: RefCell<Consulted>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(assumptions: &'a Assumptions) -> Self {
        Self {
            assumptions,
            open: RefCell::default(),
            symbols: RefCell::default(),
            indices: RefCell::default(),
            formulas: RefCell::default(),
            least: RefCell::default(),
            consulted: RefCell::default(),
        }
    }

    /// The open atoms, and the symbols of all that came up.
    pub(super) fn finish(self) -> (Vec<Atom>, Vec<Arc<str>>) {
        (self.open.into_inner(), self.symbols.into_inner())
    }

    /// Whether any question came up at all.
    pub(super) fn any(&self) -> bool {
        !self.symbols.borrow().is_empty()
    }

    /// Whether nothing was consulted so far for what is going on.
    pub(super) fn is_unasked(&self) -> bool {
        self.consulted.borrow().0.is_empty()
    }

    /// What is consulted from here on is collected apart; see [`Self::end`].
    pub(super) fn begin(&self) -> Consulted {
        self.consulted.take()
    }

    /// What was consulted since; it counts for what was going on before as well.
    pub(super) fn end(&self, mut outer: Consulted) -> Consulted {
        let mut consulted = self.consulted.borrow_mut();
        outer.extend(&consulted);
        std::mem::replace(&mut consulted, outer)
    }

    /// What is consulted meanwhile, apart from what was going on before.
    pub(super) fn apart<T>(&self, then: impl FnOnce() -> T) -> (T, Consulted) {
        let outer = self.consulted.take();
        let result = then();
        (result, self.consulted.replace(outer))
    }

    pub(super) fn consult(&self, consulted: &Consulted) {
        if !consulted.0.is_empty() {
            self.consulted.borrow_mut().extend(consulted);
        }
    }

    pub(super) fn symbols_of(&self, consulted: &Consulted) -> Vec<Arc<str>> {
        let symbols = self.symbols.borrow();
        consulted.indices().filter_map(|index| symbols.get(index).cloned()).collect()
    }

    /// Says what an expression is made of.
    pub(super) fn define(&self, symbol: &Arc<str>, formula: Formula) {
        self.formulas.borrow_mut().entry(Arc::clone(symbol)).or_insert(formula);
    }

    /// What an expression is the opposite of.
    pub(super) fn negated(&self, symbol: &str) -> Option<Arc<str>> {
        match self.formulas.borrow().get(symbol) {
            Some(Formula::Not(inner)) => Some(Arc::clone(inner)),
            _ => None,
        }
    }

    pub(super) fn at_least(&self, symbol: &Arc<str>, number: i128) {
        self.least.borrow_mut().insert(Arc::clone(symbol), number);
    }

    /// The value that this world assumes for an expression.
    pub(super) fn assumed(&self, symbol: &str) -> Option<Kind> {
        if self.assumptions.truths.is_empty() {
            return None;
        }
        if let Some(literal) = self.assumptions.equal.get(symbol) {
            self.consult_about(symbol);
            return Some(literal.kind());
        }
        self.known(symbol).map(Kind::Bool)
    }

    /// The truth of an expression as far as it is assumed; nothing is asked.
    fn known(&self, symbol: &str) -> Option<bool> {
        let formula = self.formulas.borrow().get(symbol).cloned();
        match formula {
            Some(Formula::Not(inner)) => self.known(&inner).map(|holds| !holds),
            Some(Formula::And(left, right)) => match (self.known(&left), self.known(&right)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Some(Formula::Or(left, right)) => match (self.known(&left), self.known(&right)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Some(Formula::Claim(claim)) => self.answered(symbol, &claim),
            None => self.answered(symbol, &Claim::Opaque),
        }
    }

    fn answered(&self, symbol: &str, claim: &Claim) -> Option<bool> {
        if let Claim::Above(about, bound) = claim
            && self.least.borrow().get(about).is_some_and(|least| least > bound)
        {
            return Some(true);
        }
        let answer = self.assumptions.answer(symbol, claim)?;
        match claim {
            Claim::Is(about, _) | Claim::Above(about, _) => self.consult_about(about),
            Claim::Opaque => self.consult_about(symbol),
        }
        Some(answer)
    }

    /// The truth of an expression in this world. What is not assumed is as in the base world, and open.
    pub(super) fn truth(&self, symbol: &Arc<str>) -> bool {
        if let Some(known) = self.known(symbol) {
            return known;
        }
        let formula = self.formulas.borrow().get(symbol).cloned();
        let claim = match formula {
            Some(Formula::Not(inner)) => return !self.truth(&inner),
            Some(Formula::And(left, right)) => return self.truth(&left) && self.truth(&right),
            Some(Formula::Or(left, right)) => return self.truth(&left) || self.truth(&right),
            Some(Formula::Claim(claim)) => claim,
            None => Claim::Opaque,
        };
        let index = self.index(symbol);
        self.consulted.borrow_mut().insert(index);
        let atom = Atom::new(symbol, claim);
        let base = atom.base;
        let mut open = self.open.borrow_mut();
        if !open.iter().any(|known| known.symbol == atom.symbol) {
            open.push(atom);
        }
        base
    }

    fn consult_about(&self, about: &str) {
        for symbol in self.assumptions.about.get(about).into_iter().flatten() {
            let index = self.index(symbol);
            self.consulted.borrow_mut().insert(index);
        }
    }

    fn index(&self, symbol: &Arc<str>) -> usize {
        if let Some(index) = self.indices.borrow().get(symbol) {
            return *index;
        }
        let mut symbols = self.symbols.borrow_mut();
        symbols.push(Arc::clone(symbol));
        self.indices.borrow_mut().insert(Arc::clone(symbol), symbols.len() - 1);
        symbols.len() - 1
    }
}
