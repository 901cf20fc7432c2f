//! A compiled predicate: what remains of Guard's syntax once names, types and constants are checked.
//!
//! `docs/rules.md` is the reference of the language; [`super::compile`] produces this tree and [`super::eval`]
//! evaluates it.

use std::collections::BTreeSet;

use fancy_regex::Regex;

use crate::finding::Severity;
use crate::value::Reason;

/// All predicates of one rule. They share the variables of the rule's `let`.
#[derive(Clone, Debug)]
pub struct Predicate {
    pub lets: Vec<Bound>,
    pub applies: Block,
    pub assert: Block,
    /// In order; the first that holds decides.
    pub severities: Vec<(Block, Severity)>,
    /// Top-level facts that the predicates read.
    pub reads: BTreeSet<String>,
    /// Top-level facts that only messages show.
    pub shows: BTreeSet<String>,
}

/// Clauses in conjunctive form: every line must hold, and a line holds when one of its alternatives does.
#[derive(Clone, Debug, Default)]
pub struct Block {
    pub lets: Vec<Bound>,
    pub lines: Vec<Vec<Clause>>,
}

/// What a variable stands for. Constants are replaced where they are used.
#[derive(Clone, Debug)]
pub enum Bound {
    Query(Query),
    Count(Query),
}

#[derive(Clone, Debug)]
pub struct Clause {
    pub test: Test,
    pub message: Option<Message>,
    /// In the text of its section, 1-based.
    pub line: usize,
    pub column: usize,
}

#[derive(Clone, Debug)]
pub enum Test {
    /// Each value on the left (with `some`: at least one) compares with the right.
    Compare { left: Query, some: bool, compare: Comparison, negated: bool },
    /// A selection of a filter has no element.
    EmptySelection { query: Query, negated: bool },
    /// Each value (with `some`: at least one), itself a list or a text, is empty.
    EmptyValue { query: Query, some: bool, negated: bool },
    /// The block holds for each value (with `some`: for at least one).
    Each { query: Query, some: bool, block: Block },
    /// The block holds if the condition does.
    When { condition: Block, block: Block },
}

/// A path from the current element, or from a variable, to values.
#[derive(Clone, Debug)]
pub struct Query {
    pub start: Start,
    pub steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
pub enum Start {
    /// The element that the enclosing filter or block looks at; outermost, the subject.
    Item,
    /// A variable of the scope that is `up` levels out.
    Variable { up: usize, index: usize },
}

#[derive(Clone, Debug)]
pub enum Step {
    Key(String),
    /// Every element of a list.
    Elements,
    /// With `elements`: the elements of a list for which the clauses hold; else the value itself if they do.
    Filter {
        elements: bool,
        block: Block,
    },
}

#[derive(Clone, Debug)]
pub enum Comparison {
    /// Equal to one of the constants, or within one of the ranges, or matched by one of the expressions.
    OneOf(Vec<Constant>),
    /// Equal to the only value of a query.
    Equal(Query),
    /// Equal to one of the values of a query.
    Among(Query),
    Order(Order, Number),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug)]
pub enum Number {
    Constant(i64),
    Query(Query),
}

#[derive(Clone, Debug)]
pub enum Constant {
    Bool(bool),
    Int(i64),
    Text(String),
    /// Inclusive bounds.
    Range(i64, i64),
    Matches(Box<Pattern>),
}

#[derive(Clone, Debug)]
pub struct Pattern {
    pub regex: Regex,
    /// Given when matching exceeds the backtracking limit.
    pub limit: Reason,
}

/// The text between `<<` and `>>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(pub Vec<MessagePart>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessagePart {
    Text(String),
    /// The logical id of the subject.
    SubjectName,
    /// A field of the element `up` scopes out.
    Field {
        up: usize,
        key: String,
    },
}
