//! Evaluates a [`Predicate`](super::predicate::Predicate) over a subject's facts by Kleene's three-valued logic.
//!
//! Every outcome knows what decided it: the evidence of the facts that were compared, the reasons of the unknown
//! ones, and the messages of the clauses that failed.

mod select;
#[cfg(test)]
pub(super) mod tests;

use super::predicate::{Block, Bound, Clause, Comparison, Constant, Message, MessagePart, Number, Order, Test};
use crate::facts::{Step, Tree, TreeKind};
use crate::value::Reason;
use select::{Item, Selection};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    False,
    Unknown,
    True,
}

impl Truth {
    #[must_use]
    fn negate_if(self, negated: bool) -> Self {
        match (self, negated) {
            (Self::True, true) => Self::False,
            (Self::False, true) => Self::True,
            (same, _) => same,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// A truth with what decided it.
#[derive(Clone, Debug)]
pub(super) struct Outcome<'a> {
    pub truth: Truth,
    pub evidence: Vec<&'a Step>,
    /// Only when unknown.
    pub reasons: Vec<&'a Reason>,
    /// Only when false.
    pub messages: Vec<String>,
}

impl<'a> Outcome<'a> {
    fn new(truth: Truth, evidence: Vec<&'a Step>) -> Self {
        Self { truth, evidence, reasons: Vec::new(), messages: Vec::new() }
    }

    fn unknown(reasons: Vec<&'a Reason>, evidence: Vec<&'a Step>) -> Self {
        Self { truth: Truth::Unknown, evidence, reasons, messages: Vec::new() }
    }

    fn absorb(&mut self, other: Self) {
        self.evidence.extend(other.evidence);
        self.reasons.extend(other.reasons);
        self.messages.extend(other.messages);
    }

    /// True only if all are: a false one decides, else an unknown one.
    fn all(outcomes: impl IntoIterator<Item = Self>) -> Self {
        Self::combine(outcomes, Truth::True)
    }

    /// False only if all are: a true one decides, else an unknown one.
    fn any(outcomes: impl IntoIterator<Item = Self>) -> Self {
        Self::combine(outcomes, Truth::False)
    }

    /// `neutral` is the result of none; its opposite decides, then unknown. What did not decide leaves no trace.
    fn combine(outcomes: impl IntoIterator<Item = Self>, neutral: Truth) -> Self {
        let rank = |truth: Truth| match truth {
            Truth::Unknown => 1,
            same if same == neutral => 0,
            _ => 2,
        };
        let mut result = Self::new(neutral, Vec::new());
        for outcome in outcomes {
            match rank(outcome.truth).cmp(&rank(result.truth)) {
                std::cmp::Ordering::Greater => result = outcome,
                std::cmp::Ordering::Equal => result.absorb(outcome),
                std::cmp::Ordering::Less => {}
            }
        }
        result
    }
}

/// What names mean at one level: the current element and the variables, and the level around it.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'a> {
    pub item: &'a Tree,
    pub variables: &'s [Value<'a>],
    pub outer: Option<&'s Scope<'s, 'a>>,
    /// The logical id, for messages.
    pub name: &'s str,
}

/// The value of a variable.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Selection(Selection<'a>),
    Count(Selection<'a>),
}

impl<'s, 'a> Scope<'s, 'a> {
    fn out(&self, up: usize) -> Option<&Scope<'s, 'a>> {
        (0..up).try_fold(self, |scope, _| scope.outer)
    }

    fn inner<'i>(&'i self, item: &'a Tree) -> Scope<'i, 'a> {
        Scope { item, variables: &[], outer: Some(self), name: self.name }
    }

    /// Evaluates variables in order: each may use those before it.
    pub(super) fn values(&self, lets: &'a [Bound]) -> Vec<Value<'a>> {
        let mut values = Vec::with_capacity(lets.len());
        for bound in lets {
            let scope = Scope { variables: &values, ..*self };
            let value = match bound {
                Bound::Query(query) => Value::Selection(scope.select(query)),
                Bound::Count(query) => Value::Count(scope.select(query)),
            };
            values.push(value);
        }
        values
    }

    pub(super) fn block(&self, block: &'a Block) -> Outcome<'a> {
        if block.lets.is_empty() {
            return self.lines(&block.lines);
        }
        let values = self.values(&block.lets);
        Scope { variables: &values, ..*self }.lines(&block.lines)
    }

    fn lines(&self, lines: &'a [Vec<Clause>]) -> Outcome<'a> {
        Outcome::all(lines.iter().map(|line| Outcome::any(line.iter().map(|clause| self.clause(clause)))))
    }

    fn clause(&self, clause: &'a Clause) -> Outcome<'a> {
        let mut outcome = match &clause.test {
            Test::Compare { left, some, compare, negated } => {
                let left = self.select(left);
                #[cfg(test)]
                if *some && matches!(compare, Comparison::Equal(_) | Comparison::Among(_)) {
                    tests::GUARD_DIFFERS.set(true);
                }
                left.quantify(*some, |item| self.compare(item, compare, *negated))
            }
            Test::EmptySelection { query, negated } => self.select(query).is_empty(*negated),
            Test::EmptyValue { query, some, negated } => {
                self.select(query).quantify(*some, |item| item.is_empty(*negated))
            }
            Test::Each { query, some, block } => self.select(query).quantify(*some, |item| {
                let Item::Tree { tree, trail, .. } = item else {
                    return Outcome::new(Truth::True, Vec::new());
                };
                let mut outcome = self.inner(tree).block(block);
                outcome.evidence.splice(0..0, trail.iter().copied());
                outcome
            }),
            Test::When { condition, block } => {
                let condition = self.block(condition);
                #[cfg(test)]
                if condition.truth == Truth::False {
                    tests::GUARD_DIFFERS.set(true);
                }
                match condition.truth {
                    Truth::False => Outcome::new(Truth::True, condition.evidence),
                    Truth::True => {
                        let mut outcome = self.block(block);
                        outcome.evidence.splice(0..0, condition.evidence);
                        outcome
                    }
                    Truth::Unknown => {
                        let mut outcome = self.block(block);
                        if outcome.truth != Truth::True {
                            outcome.truth = Truth::Unknown;
                            outcome.messages.clear();
                            outcome.absorb(condition);
                        }
                        outcome
                    }
                }
            }
        };
        if outcome.truth == Truth::False
            && let Some(message) = &clause.message
        {
            outcome.messages = vec![self.render(message)];
        }
        outcome
    }

    fn compare(&self, left: &Item<'a>, compare: &'a Comparison, negated: bool) -> Outcome<'a> {
        let mut outcome = match compare {
            Comparison::OneOf(constants) => left.one_of(constants),
            Comparison::Equal(query) => {
                let right = self.select(query);
                // One value by the checks at load: "for each" is "for the one".
                right.quantify(false, |right| left.equals(right))
            }
            Comparison::Among(query) => {
                let mut outcome = self.select(query).quantify(true, |right| left.equals(right));
                if outcome.truth == Truth::False {
                    outcome.evidence = left.evidence();
                }
                outcome
            }
            Comparison::Order(order, Number::Constant(number)) => left.ordered(*order, Some((*number, Some(*number)))),
            Comparison::Order(order, Number::Query(query)) => {
                let right = self.select(query);
                let right_item = right.first();
                let mut outcome = left.ordered(*order, right_item.as_ref().and_then(Item::interval));
                if let Some(right) = right_item {
                    outcome.evidence.extend(right.evidence());
                    if outcome.truth == Truth::Unknown {
                        outcome.reasons.extend(right.reasons());
                    }
                }
                outcome
            }
        };
        outcome.truth = outcome.truth.negate_if(negated);
        outcome
    }

    fn render(&self, message: &Message) -> String {
        message.0.iter().fold(String::new(), |mut text, part| {
            match part {
                MessagePart::Text(literal) => text.push_str(literal),
                MessagePart::SubjectName => text.push_str(self.name),
                MessagePart::Field { up, key } => {
                    let field = self.out(*up).and_then(|scope| scope.item.get(key));
                    text.push_str(&field.map_or_else(|| "?".to_owned(), show));
                }
            }
            text
        })
    }
}

/// A fact as text for a message.
fn show(tree: &Tree) -> String {
    const MOST: usize = 5;
    match &tree.kind {
        TreeKind::Bool(value) => value.to_string(),
        TreeKind::Int(value) => value.to_string(),
        TreeKind::Text(value) => value.to_string(),
        TreeKind::List(items) => {
            let mut shown: Vec<_> = items.iter().take(MOST).map(show).collect();
            if items.len() > MOST {
                shown.push(format!("{} more", items.len() - MOST));
            }
            shown.join(", ")
        }
        TreeKind::Map(_) | TreeKind::Unknown(_) => "?".to_owned(),
    }
}

impl<'a> Item<'a> {
    fn one_of(&self, constants: &'a [Constant]) -> Outcome<'a> {
        let tree = match self {
            Item::Count { least, most, .. } => return self.counted(constants, *least, *most),
            Item::Tree { tree, .. } => *tree,
        };
        let mut truth = Truth::False;
        let mut reasons = Vec::new();
        for constant in constants {
            let equal = match (&tree.kind, constant) {
                (TreeKind::Unknown(_), _) => return Outcome::unknown(self.reasons(), self.evidence()),
                (TreeKind::Bool(value), Constant::Bool(constant)) => value == constant,
                (TreeKind::Int(value), Constant::Int(constant)) => value == constant,
                (TreeKind::Int(value), Constant::Range(low, high)) => low <= value && value <= high,
                (TreeKind::Text(value), Constant::Text(constant)) => **value == **constant,
                (TreeKind::Text(value), Constant::Matches(pattern)) => {
                    pattern.regex.is_match(&**value).unwrap_or_else(|_| {
                        truth = Truth::Unknown;
                        reasons.push(&pattern.limit);
                        false
                    })
                }
                _ => false,
            };
            if equal {
                return Outcome::new(Truth::True, self.evidence());
            }
        }
        // No constants at all: an unknown value is not among them either, so only a known tree gets here.
        Outcome { truth, evidence: self.evidence(), reasons, messages: Vec::new() }
    }

    fn counted(&self, constants: &[Constant], least: usize, most: Option<usize>) -> Outcome<'a> {
        let bounds = constants.iter().filter_map(|constant| match constant {
            Constant::Int(number) => Some((*number, *number)),
            Constant::Range(low, high) => Some((*low, *high)),
            _ => None,
        });
        let (least, most) = (int(least), most.map(int));
        let mut possible = false;
        for (low, high) in bounds {
            if low <= least && most.is_some_and(|most| most <= high) {
                return Outcome::new(Truth::True, self.evidence());
            }
            possible |= low <= high && least <= high && most.is_none_or(|most| low <= most);
        }
        if possible {
            Outcome::unknown(self.reasons(), self.evidence())
        } else {
            Outcome::new(Truth::False, self.evidence())
        }
    }

    fn equals(&self, other: &Self) -> Outcome<'a> {
        let mut evidence = self.evidence();
        evidence.extend(other.evidence());
        if let (Item::Tree { tree: left, .. }, Item::Tree { tree: right, .. }) = (self, other) {
            let equal = match (&left.kind, &right.kind) {
                (TreeKind::Unknown(_), _) | (_, TreeKind::Unknown(_)) => None,
                (TreeKind::Bool(left), TreeKind::Bool(right)) => Some(left == right),
                (TreeKind::Int(left), TreeKind::Int(right)) => Some(left == right),
                (TreeKind::Text(left), TreeKind::Text(right)) => Some(left == right),
                _ => Some(false),
            };
            if let Some(equal) = equal {
                return Outcome::new(equal.into(), evidence);
            }
        } else if let (Some((least, Some(most))), Some((low, Some(high)))) = (self.interval(), other.interval()) {
            if least == most && low == high {
                return Outcome::new((least == low).into(), evidence);
            }
            if most < low || high < least {
                return Outcome::new(Truth::False, evidence);
            }
        }
        let mut reasons = self.reasons();
        reasons.extend(other.reasons());
        Outcome::unknown(reasons, evidence)
    }

    /// Compares with a number of the given bounds (no upper bound: unlimited; `None`: unknown).
    fn ordered(&self, order: Order, right: Option<(i64, Option<i64>)>) -> Outcome<'a> {
        let truth = match (self.interval(), right) {
            (Some(left), Some(right)) => match order {
                Order::Less => less(left, right, false),
                Order::LessOrEqual => less(left, right, true),
                Order::Greater => less(right, left, false),
                Order::GreaterOrEqual => less(right, left, true),
            },
            _ => Truth::Unknown,
        };
        match truth {
            Truth::Unknown => Outcome::unknown(self.reasons(), self.evidence()),
            known => Outcome::new(known, self.evidence()),
        }
    }

    /// The least and the greatest value that it may have.
    fn interval(&self) -> Option<(i64, Option<i64>)> {
        match self {
            Item::Count { least, most, .. } => Some((int(*least), most.map(int))),
            Item::Tree { tree, .. } => match tree.kind {
                TreeKind::Int(value) => Some((value, Some(value))),
                _ => None,
            },
        }
    }
}

fn less(left: (i64, Option<i64>), right: (i64, Option<i64>), or_equal: bool) -> Truth {
    let below = |a: i64, b: i64| a < b || (or_equal && a == b);
    if left.1.is_some_and(|most| below(most, right.0)) {
        Truth::True
    } else if right.1.is_some_and(|most| !below(left.0, most)) {
        Truth::False
    } else {
        Truth::Unknown
    }
}

fn int(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
