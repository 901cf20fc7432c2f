//! What a query finds: values that are certainly selected, values that may be, and lists of which not even the
//! length is known.

use std::sync::LazyLock;

use super::{Outcome, Scope, Truth, Value};
use crate::facts::{Step as Evidence, Tree, TreeKind};
use crate::input::not_understood;
use crate::rule::predicate::{Block, Query, Start, Step};
use crate::rule::verdict::MAX_EVIDENCE;
use crate::value::Reason;

#[derive(Clone, Debug)]
pub(in crate::rule) enum Item<'a> {
    Tree {
        tree: &'a Tree,
        /// Evidence of what was passed and tested on the way to it.
        trail: Vec<&'a Evidence>,
        doubt: Option<Doubt<'a>>,
    },
    /// The number of elements of a selection.
    Count { least: usize, most: Option<usize>, reasons: Vec<&'a Reason>, evidence: Vec<&'a Evidence> },
}

/// Why it is not certain that an element is selected.
#[derive(Clone, Debug, Default)]
pub(in crate::rule) struct Doubt<'a> {
    reasons: Vec<&'a Reason>,
    evidence: Vec<&'a Evidence>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::rule) struct Selection<'a> {
    items: Vec<Item<'a>>,
    /// Lists that are unknown: there may be any number of further values.
    open: Vec<Doubt<'a>>,
    /// Evidence of the lists that were walked, for when none of their elements decides.
    lists: Vec<&'a Evidence>,
    /// Why elements were filtered out: the proof when none is left.
    rejected: Vec<&'a Evidence>,
}

impl<'a> Scope<'_, 'a> {
    pub(super) fn select(&self, query: &'a Query) -> Selection<'a> {
        let mut selection = match query.start {
            Start::Item => Selection::of(self.item),
            Start::Variable { up, index } => match self.out(up).and_then(|scope| scope.variables.get(index)) {
                Some(Value::Selection(selection)) => selection.clone(),
                Some(Value::Count(selection)) => Selection { items: vec![selection.count()], ..Selection::default() },
                None => Selection::default(),
            },
        };
        for step in &query.steps {
            selection = self.step(selection, step);
        }
        selection
    }

    fn step(&self, mut result: Selection<'a>, step: &'a Step) -> Selection<'a> {
        let items = std::mem::take(&mut result.items);
        for item in items {
            let Item::Tree { tree, mut trail, doubt } = item else {
                continue;
            };
            match (step, &tree.kind) {
                // A part of something unknown is unknown for the same reason.
                (Step::Key(_), TreeKind::Unknown(_)) => result.items.push(Item::Tree { tree, trail, doubt }),
                (Step::Key(key), _) => {
                    trail.extend(own_evidence(tree));
                    match tree.get(key) {
                        Some(member) => result.items.push(Item::Tree { tree: member, trail, doubt }),
                        None => result.open.push(Doubt { reasons: vec![&MISSING], evidence: trail }),
                    }
                }
                (Step::Elements | Step::Filter { elements: true, .. }, TreeKind::Unknown(reason)) => {
                    let mut open = doubt.unwrap_or_default();
                    open.reasons.push(reason);
                    open.evidence.extend(trail);
                    open.evidence.extend(&tree.evidence);
                    result.open.push(open);
                }
                (Step::Elements | Step::Filter { elements: true, .. }, TreeKind::List(elements)) => {
                    #[cfg(test)]
                    if elements.is_empty() {
                        super::tests::GUARD_DIFFERS.set(true);
                    }
                    result.lists.extend(&tree.evidence);
                    for element in elements {
                        let (trail, doubt) = (trail.clone(), doubt.clone());
                        match step {
                            Step::Filter { block, .. } => self.filter(element, trail, doubt, block, &mut result),
                            _ => result.items.push(Item::Tree { tree: element, trail, doubt }),
                        }
                    }
                }
                (Step::Filter { elements: false, block }, _) => self.filter(tree, trail, doubt, block, &mut result),
                (Step::Elements | Step::Filter { .. }, _) => {
                    result.open.push(Doubt { reasons: vec![&MISSING], evidence: trail });
                }
            }
        }
        result
    }

    fn filter(
        &self,
        tree: &'a Tree,
        mut trail: Vec<&'a Evidence>,
        doubt: Option<Doubt<'a>>,
        block: &'a Block,
        result: &mut Selection<'a>,
    ) {
        let outcome = self.inner(tree).block(block);
        let doubt = match outcome.truth {
            Truth::False => {
                result.reject(trail, outcome.evidence);
                return;
            }
            Truth::True => {
                trail.extend(outcome.evidence);
                doubt
            }
            Truth::Unknown => {
                let mut doubt = doubt.unwrap_or_default();
                doubt.reasons.extend(outcome.reasons);
                doubt.evidence.extend(outcome.evidence);
                Some(doubt)
            }
        };
        result.items.push(Item::Tree { tree, trail, doubt });
    }
}

impl<'a> Selection<'a> {
    fn of(tree: &'a Tree) -> Self {
        let item = Item::Tree { tree, trail: Vec::new(), doubt: None };
        Self { items: vec![item], ..Self::default() }
    }

    fn reject(&mut self, trail: Vec<&'a Evidence>, evidence: Vec<&'a Evidence>) {
        let room = MAX_EVIDENCE.saturating_sub(self.rejected.len());
        self.rejected.extend(trail.into_iter().chain(evidence).take(room));
    }

    /// What proves that nothing is selected.
    fn nothing(&self) -> Vec<&'a Evidence> {
        if self.rejected.is_empty() { self.lists.clone() } else { self.rejected.clone() }
    }

    pub(super) fn first(&self) -> Option<Item<'a>> {
        self.items.first().cloned()
    }

    /// Whether `test` holds for every value, or with `some` for at least one. A value that is only perhaps selected
    /// can make the answer uncertain, but cannot decide it.
    pub(super) fn quantify(&self, some: bool, test: impl Fn(&Item<'a>) -> Outcome<'a>) -> Outcome<'a> {
        #[cfg(test)]
        if self.items.is_empty() {
            super::tests::GUARD_DIFFERS.set(true);
        }
        // The truth of a value that does not matter: a true one among all, a false one among some.
        let idle = if some { Truth::False } else { Truth::True };
        let of_items = self.items.iter().map(|item| {
            let mut outcome = test(item);
            if let Item::Tree { doubt: Some(doubt), .. } = item
                && outcome.truth != idle
            {
                outcome.truth = Truth::Unknown;
                outcome.messages.clear();
                outcome.reasons.extend(&doubt.reasons);
                outcome.evidence.extend(&doubt.evidence);
            }
            outcome
        });
        let of_lists = self.open.iter().map(|open| Outcome::unknown(open.reasons.clone(), open.evidence.clone()));
        let outcomes = of_items.chain(of_lists);
        let mut outcome = if some { Outcome::any(outcomes) } else { Outcome::all(outcomes) };
        if outcome.evidence.is_empty() {
            outcome.evidence = self.nothing();
        }
        outcome
    }

    /// Whether nothing is selected.
    pub(super) fn is_empty(&self, negated: bool) -> Outcome<'a> {
        let certain = self.certain();
        let truth = match (certain.is_empty(), self.doubts().is_empty()) {
            (false, _) => Truth::False,
            (true, true) => Truth::True,
            (true, false) => Truth::Unknown,
        };
        let mut outcome = match truth {
            Truth::False => Outcome::new(truth, certain.into_iter().flat_map(Item::evidence).collect()),
            Truth::True => Outcome::new(truth, self.nothing()),
            Truth::Unknown => self.doubtful(),
        };
        if outcome.evidence.is_empty() {
            outcome.evidence.clone_from(&self.lists);
        }
        outcome.truth = outcome.truth.negate_if(negated);
        outcome
    }

    fn certain(&self) -> Vec<&Item<'a>> {
        self.items.iter().filter(|item| !matches!(item, Item::Tree { doubt: Some(_), .. })).collect()
    }

    fn doubts(&self) -> Vec<&Doubt<'a>> {
        let of_items = self.items.iter().filter_map(|item| match item {
            Item::Tree { doubt, .. } => doubt.as_ref(),
            Item::Count { .. } => None,
        });
        of_items.chain(&self.open).collect()
    }

    fn doubtful(&self) -> Outcome<'a> {
        let doubts = self.doubts();
        let reasons = doubts.iter().flat_map(|doubt| doubt.reasons.iter().copied()).collect();
        let evidence = doubts.iter().flat_map(|doubt| doubt.evidence.iter().copied()).collect();
        Outcome::unknown(reasons, evidence)
    }

    fn count(&self) -> Item<'a> {
        let least = self.certain().len();
        let most = self.open.is_empty().then_some(self.items.len());
        let doubtful = self.doubtful();
        let mut evidence: Vec<_> = self.items.iter().flat_map(Item::evidence).collect();
        evidence.extend(doubtful.evidence);
        if evidence.is_empty() {
            evidence = self.nothing();
        }
        Item::Count { least, most, reasons: doubtful.reasons, evidence }
    }
}

impl<'a> Item<'a> {
    /// What proves the value; for an element without evidence of its own, that of its facts.
    pub(super) fn evidence(&self) -> Vec<&'a Evidence> {
        match self {
            Item::Count { evidence, .. } => evidence.clone(),
            Item::Tree { tree, trail, .. } => {
                let mut steps = trail.clone();
                steps.extend(own_evidence(tree));
                if steps.is_empty() {
                    steps.extend(members(tree).flat_map(|member| &member.evidence));
                }
                steps
            }
        }
    }

    pub(super) fn reasons(&self) -> Vec<&'a Reason> {
        match self {
            Item::Count { reasons, .. } => reasons.clone(),
            Item::Tree { tree, .. } => match &tree.kind {
                TreeKind::Unknown(reason) => vec![reason],
                _ => Vec::new(),
            },
        }
    }

    /// Whether a list has no element, or a text no character.
    pub(super) fn is_empty(&self, negated: bool) -> Outcome<'a> {
        let Item::Tree { tree, .. } = self else {
            return Outcome::new(Truth::False.negate_if(negated), Vec::new());
        };
        let empty = match &tree.kind {
            TreeKind::List(elements) => elements.is_empty(),
            TreeKind::Text(text) => text.is_empty(),
            TreeKind::Unknown(_) => return Outcome::unknown(self.reasons(), self.evidence()),
            TreeKind::Bool(_) | TreeKind::Int(_) | TreeKind::Map(_) => false,
        };
        let mut evidence = self.evidence();
        if let TreeKind::List(elements) = &tree.kind {
            for element in elements {
                evidence.extend(Item::Tree { tree: element, trail: Vec::new(), doubt: None }.evidence());
            }
        }
        Outcome::new(Truth::from(empty).negate_if(negated), evidence)
    }
}

/// Facts that differ from their declared shape: what is not there must not count as an empty list.
static MISSING: LazyLock<Reason> = LazyLock::new(|| not_understood("a fact does not have its declared shape"));

/// Evidence of a value itself: its own, and for an object that of its fact `evidence`, which stands for the whole.
fn own_evidence(tree: &Tree) -> impl Iterator<Item = &Evidence> {
    let whole = tree.get("evidence").map_or(&[][..], |fact| fact.evidence.as_slice());
    whole.iter().chain(&tree.evidence)
}

fn members(tree: &Tree) -> impl Iterator<Item = &Tree> {
    let members = match &tree.kind {
        TreeKind::Map(members) => members.as_slice(),
        _ => &[],
    };
    members.iter().map(|(_, member)| member)
}
