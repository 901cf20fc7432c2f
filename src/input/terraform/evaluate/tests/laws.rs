//! Laws over random modules: what is known equals what a naive evaluation gives, and what is not known covers it.

use std::collections::BTreeMap;
use std::fmt;

use super::configuration;
use crate::input::terraform::evaluate::{Assumptions, Evaluated};
use crate::input::terraform::types::Type;
use crate::input::terraform::types::convert;
use crate::input::terraform::value::{Kind, Member, Number, Object, Part, Value};
use crate::source::{SourceMap, Span};

/// Always the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sort {
    Int,
    Bool,
    Text,
    Ints,
    Map,
}

/// An expression.
#[derive(Clone, Debug)]
enum Term {
    Int(i64),
    Bool(bool),
    Text(&'static str),
    List(Vec<Term>),
    Map(Vec<(&'static str, Term)>),
    /// A variable, local or loop variable.
    Name(String),
    Binary(&'static str, Box<Term>, Box<Term>),
    Not(Box<Term>),
    If(Box<Term>, Box<Term>, Box<Term>),
    /// `try(list[index], other)`.
    At(Box<Term>, Box<Term>, Box<Term>),
    For(String, Box<Term>, Box<Term>, Option<Box<Term>>),
    /// The same with a map of the same keys.
    ForMap(String, Box<Term>, Box<Term>, Option<Box<Term>>),
    Call(&'static str, Vec<Term>),
    Template(Vec<Term>),
    Member(Box<Term>),
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |items: &[Term]| items.iter().map(Term::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Self::Int(number) => write!(f, "{number}"),
            Self::Bool(known) => write!(f, "{known}"),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::List(items) => write!(f, "tolist([{}])", joined(items)),
            Self::Map(members) => {
                let members: Vec<String> = members.iter().map(|(key, value)| format!("{key} = {value}")).collect();
                write!(f, "tomap({{ {} }})", members.join(", "))
            }
            Self::Name(name) => f.write_str(name),
            Self::Binary(operator, left, right) => write!(f, "({left} {operator} {right})"),
            Self::Not(term) => write!(f, "!({term})"),
            Self::If(condition, then, otherwise) => write!(f, "({condition} ? {then} : {otherwise})"),
            Self::At(list, index, other) => write!(f, "try({list}[{index}], {other})"),
            Self::For(name, list, body, None) => write!(f, "tolist([for {name} in {list} : {body}])"),
            Self::For(name, list, body, Some(condition)) => {
                write!(f, "tolist([for {name} in {list} : {body} if {condition}])")
            }
            Self::ForMap(name, map, body, None) => write!(f, "tomap({{ for k, {name} in {map} : k => {body} }})"),
            Self::ForMap(name, map, body, Some(condition)) => {
                write!(f, "tomap({{ for k, {name} in {map} : k => {body} if {condition} }})")
            }
            Self::Call(name, arguments) => write!(f, "{name}({})", joined(arguments)),
            Self::Template(parts) => {
                let parts: String = parts.iter().map(|part| format!("x${{{part}}}")).collect();
                write!(f, "\"{parts}\"")
            }
            Self::Member(term) => write!(f, "{{ a = {term}, b = 1 }}.a"),
        }
    }
}

/// What a term comes to.
#[derive(Clone, Debug, PartialEq)]
enum Plain {
    Int(i64),
    Bool(bool),
    Text(String),
    List(Vec<Plain>),
    Map(BTreeMap<String, Plain>),
}

type Names = BTreeMap<String, Plain>;

impl Term {
    fn naive(&self, names: &Names) -> Plain {
        let bool = |term: &Term| term.naive(names) == Plain::Bool(true);
        let list = |term: &Term| match term.naive(names) {
            Plain::List(items) => items,
            other => panic!("{other:?} is no list"),
        };
        let map = |term: &Term| match term.naive(names) {
            Plain::Map(members) => members,
            other => panic!("{other:?} is no map"),
        };
        let int = |term: &Term| match term.naive(names) {
            Plain::Int(number) => number,
            other => panic!("{other:?} is no number"),
        };
        match self {
            Self::Int(number) => Plain::Int(*number),
            Self::Bool(known) => Plain::Bool(*known),
            Self::Text(text) => Plain::Text((*text).to_owned()),
            Self::List(items) => Plain::List(items.iter().map(|item| item.naive(names)).collect()),
            Self::Map(members) => {
                Plain::Map(members.iter().map(|(key, value)| ((*key).to_owned(), value.naive(names))).collect())
            }
            Self::Name(name) => names[name].clone(),
            Self::Binary(operator, left, right) => match *operator {
                "&&" => Plain::Bool(bool(left) && bool(right)),
                "||" => Plain::Bool(bool(left) || bool(right)),
                "==" => Plain::Bool(left.naive(names) == right.naive(names)),
                "!=" => Plain::Bool(left.naive(names) != right.naive(names)),
                "<" => Plain::Bool(int(left) < int(right)),
                ">=" => Plain::Bool(int(left) >= int(right)),
                "+" => Plain::Int(int(left) + int(right)),
                _ => Plain::Int(int(left) - int(right)),
            },
            Self::Not(term) => Plain::Bool(!bool(term)),
            Self::If(condition, then, otherwise) => if bool(condition) { then } else { otherwise }.naive(names),
            Self::At(of, index, other) => {
                let items = list(of);
                let found = usize::try_from(int(index)).ok().and_then(|index| items.get(index).cloned());
                found.unwrap_or_else(|| other.naive(names))
            }
            Self::For(name, of, body, condition) => {
                let mut made = Vec::new();
                for item in list(of) {
                    let mut names = names.clone();
                    names.insert(name.clone(), item);
                    if condition.as_ref().is_none_or(|condition| condition.naive(&names) == Plain::Bool(true)) {
                        made.push(body.naive(&names));
                    }
                }
                Plain::List(made)
            }
            Self::ForMap(name, of, body, condition) => {
                let mut made = BTreeMap::new();
                for (key, item) in map(of) {
                    let mut names = names.clone();
                    names.insert(name.clone(), item);
                    if condition.as_ref().is_none_or(|condition| condition.naive(&names) == Plain::Bool(true)) {
                        made.insert(key, body.naive(&names));
                    }
                }
                Plain::Map(made)
            }
            Self::Call(name, arguments) => match *name {
                "length" => match arguments[0].naive(names) {
                    Plain::Map(members) => Plain::Int(i64::try_from(members.len()).unwrap()),
                    _ => Plain::Int(i64::try_from(list(&arguments[0]).len()).unwrap()),
                },
                "values" => Plain::List(map(&arguments[0]).into_values().collect()),
                "lookup" => match &arguments[1] {
                    Self::Text(key) => {
                        map(&arguments[0]).get(*key).cloned().unwrap_or_else(|| arguments[2].naive(names))
                    }
                    other => panic!("{other} is no key"),
                },
                "merge" => Plain::Map(map(&arguments[0]).into_iter().chain(map(&arguments[1])).collect()),
                "contains" => Plain::Bool(list(&arguments[0]).contains(&arguments[1].naive(names))),
                "reverse" => Plain::List(list(&arguments[0]).into_iter().rev().collect()),
                _ => Plain::List([list(&arguments[0]), list(&arguments[1])].concat()),
            },
            Self::Template(parts) => {
                let shown = parts.iter().map(|part| match part.naive(names) {
                    Plain::Int(number) => format!("x{number}"),
                    Plain::Bool(known) => format!("x{known}"),
                    Plain::Text(text) => format!("x{text}"),
                    Plain::List(_) | Plain::Map(_) => panic!("a collection in a text"),
                });
                Plain::Text(shown.collect())
            }
            Self::Member(term) => term.naive(names),
        }
    }
}

/// Makes terms of names that are there.
struct Maker<'d> {
    dice: &'d mut Dice,
    names: Vec<(String, Sort)>,
    loops: usize,
}

impl Maker<'_> {
    fn term(&mut self, sort: Sort, depth: usize) -> Term {
        let fitting: Vec<String> =
            self.names.iter().filter(|(_, of)| *of == sort).map(|(name, _)| name.clone()).collect();
        if !fitting.is_empty() && self.dice.roll(3) == 0 {
            return Term::Name(fitting[self.dice.roll(fitting.len())].clone());
        }
        if depth == 0 {
            return self.literal(sort);
        }
        match self.dice.roll(8) {
            0 => return self.literal(sort),
            1 => {
                let condition = self.boxed(Sort::Bool, depth);
                return Term::If(condition, self.boxed(sort, depth), self.boxed(sort, depth));
            }
            2 => return Term::Member(self.boxed(sort, depth)),
            _ => {}
        }
        match sort {
            Sort::Int => match self.dice.roll(5) {
                3 => Term::Call("length", vec![self.term(Sort::Map, depth - 1)]),
                4 => {
                    let key = Term::Text(["a", "b"][self.dice.roll(2)]);
                    Term::Call("lookup", vec![self.term(Sort::Map, depth - 1), key, self.term(Sort::Int, depth - 1)])
                }
                0 => {
                    let operator = ["+", "-"][self.dice.roll(2)];
                    Term::Binary(operator, self.boxed(Sort::Int, depth), self.boxed(Sort::Int, depth))
                }
                1 => Term::Call("length", vec![self.term(Sort::Ints, depth - 1)]),
                _ => {
                    let list = self.boxed(Sort::Ints, depth);
                    Term::At(list, self.boxed(Sort::Int, depth), Box::new(Term::Int(7)))
                }
            },
            Sort::Bool => match self.dice.roll(5) {
                0 => Term::Not(self.boxed(Sort::Bool, depth)),
                1 | 2 => {
                    let operator = ["&&", "||"][self.dice.roll(2)];
                    Term::Binary(operator, self.boxed(Sort::Bool, depth), self.boxed(Sort::Bool, depth))
                }
                3 => {
                    let operator = ["==", "!=", "<", ">="][self.dice.roll(4)];
                    Term::Binary(operator, self.boxed(Sort::Int, depth), self.boxed(Sort::Int, depth))
                }
                _ => Term::Call("contains", vec![self.term(Sort::Ints, depth - 1), self.term(Sort::Int, depth - 1)]),
            },
            Sort::Text => {
                let sort = [Sort::Int, Sort::Bool, Sort::Text][self.dice.roll(3)];
                Term::Template(vec![self.term(sort, depth - 1), self.term(Sort::Text, depth - 1)])
            }
            Sort::Map => match self.dice.roll(2) {
                0 => {
                    let (name, map, body, condition) = self.looped(Sort::Map, depth);
                    Term::ForMap(name, map, body, condition)
                }
                _ => Term::Call("merge", vec![self.term(Sort::Map, depth - 1), self.term(Sort::Map, depth - 1)]),
            },
            Sort::Ints => match self.dice.roll(4) {
                3 => Term::Call("values", vec![self.term(Sort::Map, depth - 1)]),
                0 => {
                    let (name, list, body, condition) = self.looped(Sort::Ints, depth);
                    Term::For(name, list, body, condition)
                }
                1 => Term::Call("reverse", vec![self.term(Sort::Ints, depth - 1)]),
                _ => Term::Call("concat", vec![self.term(Sort::Ints, depth - 1), self.term(Sort::Ints, depth - 1)]),
            },
        }
    }

    /// The parts of a loop over a collection of numbers.
    fn looped(&mut self, over: Sort, depth: usize) -> (String, Box<Term>, Box<Term>, Option<Box<Term>>) {
        let name = format!("i{}", self.loops);
        self.loops += 1;
        let collection = self.boxed(over, depth);
        self.names.push((name.clone(), Sort::Int));
        let body = self.boxed(Sort::Int, depth);
        let condition = (self.dice.roll(2) == 0).then(|| self.boxed(Sort::Bool, depth));
        self.names.pop();
        (name, collection, body, condition)
    }

    fn boxed(&mut self, sort: Sort, depth: usize) -> Box<Term> {
        Box::new(self.term(sort, depth - 1))
    }

    fn literal(&mut self, sort: Sort) -> Term {
        match sort {
            Sort::Int => Term::Int(i64::try_from(self.dice.roll(4)).unwrap()),
            Sort::Bool => Term::Bool(self.dice.roll(2) == 0),
            Sort::Text => Term::Text(["", "a", "bc"][self.dice.roll(3)]),
            Sort::Map => {
                let keys = [&["a", "b"][..], &["b"], &["c", "a"], &[]][self.dice.roll(4)];
                Term::Map(keys.iter().map(|key| (*key, self.literal(Sort::Int))).collect())
            }
            Sort::Ints => {
                let length = self.dice.roll(3);
                Term::List((0..length).map(|_| self.literal(Sort::Int)).collect())
            }
        }
    }
}

/// A module: its text, what its variables are given, and what its outputs come to.
struct Case {
    text: String,
    given: Vec<(&'static str, Plain)>,
    expected: BTreeMap<String, Plain>,
}

const VARIABLES: [(&str, Sort, &str); 5] = [
    ("n", Sort::Int, "number"),
    ("on", Sort::Bool, "bool"),
    ("s", Sort::Text, "string"),
    ("list", Sort::Ints, "list(number)"),
    ("map", Sort::Map, "map(number)"),
];

fn case(seed: u64) -> Case {
    let mut dice = Dice(seed);
    let given: Vec<(&str, Plain)> = VARIABLES
        .iter()
        .map(|(name, sort, _)| {
            let mut maker = Maker { dice: &mut dice, names: Vec::new(), loops: 0 };
            (*name, maker.literal(*sort).naive(&Names::new()))
        })
        .collect();
    let mut names: Names = given.iter().map(|(name, value)| (format!("var.{name}"), value.clone())).collect();
    let mut known: Vec<(String, Sort)> =
        VARIABLES.iter().map(|(name, sort, _)| (format!("var.{name}"), *sort)).collect();
    let mut text: String =
        VARIABLES.iter().map(|(name, _, kind)| format!("variable \"{name}\" {{ type = {kind} }}\n")).collect();
    let mut expected = BTreeMap::new();
    let sorts = [Sort::Int, Sort::Bool, Sort::Text, Sort::Ints, Sort::Map];
    for index in 0..6 {
        let sort = sorts[dice.roll(5)];
        let term = Maker { dice: &mut dice, names: known.clone(), loops: 0 }.term(sort, 4);
        let value = term.naive(&names);
        text.push_str(&format!(
            "locals {{\n  l{index} = {term}\n}}\noutput \"o{index}\" {{ value = local.l{index} }}\n"
        ));
        names.insert(format!("local.l{index}"), value.clone());
        known.push((format!("local.l{index}"), sort));
        expected.insert(format!("o{index}"), value);
    }
    Case { text, given, expected }
}

fn value(plain: &Plain, span: Span) -> Value {
    match plain {
        Plain::Int(number) => Value::new(span, Kind::Number(Number::Whole(i128::from(*number)))),
        Plain::Bool(known) => Value::new(span, Kind::Bool(*known)),
        Plain::Text(text) => Value::text(span, text.as_str()),
        Plain::List(items) => {
            let items: Vec<Value> = items.iter().map(|item| value(item, span)).collect();
            convert(Value::list(span, items), &Type::List(Box::new(Type::Number))).unwrap()
        }
        Plain::Map(members) => {
            let member = |(key, plain): (&String, &Plain)| Member {
                key: key.as_str().into(),
                key_span: span,
                value: value(plain, span),
            };
            let object = Object::new(members.iter().map(member).collect());
            convert(Value::object(span, object), &Type::Map(Box::new(Type::Number))).unwrap()
        }
    }
}

/// Whether a value may be this one.
fn covers(value: &Value, plain: &Plain) -> bool {
    match (&value.kind, plain) {
        (Kind::Unknown(_), _) => true,
        (Kind::Number(Number::Whole(number)), Plain::Int(expected)) => *number == i128::from(*expected),
        (Kind::Bool(known), Plain::Bool(expected)) => known == expected,
        (Kind::Text(text), Plain::Text(expected)) => *text.text == **expected,
        (Kind::Partial(parts), Plain::Text(expected)) => may_read(parts, expected),
        (Kind::List(items), Plain::List(expected)) => {
            let rest = |item: &Value| matches!(item.kind, Kind::Rest(_));
            let all =
                |items: &[Value], plain: &[Plain]| items.iter().zip(plain).all(|(item, plain)| covers(item, plain));
            let Some(first) = items.iter().position(rest) else {
                return items.len() == expected.len() && all(items, expected);
            };
            let behind = items.len() - 1 - items.iter().rposition(rest).unwrap();
            let certain = items.iter().filter(|item| !rest(item)).count();
            expected.len() >= certain
                && all(&items[..first], &expected[..first])
                && all(&items[items.len() - behind..], &expected[expected.len() - behind..])
        }
        (Kind::Set(items), Plain::List(expected)) => {
            let among = |plain: &Plain| items.iter().any(|item| covers(item, plain));
            let certain = items.iter().filter(|item| !matches!(item.kind, Kind::Rest(_)));
            let open = items.iter().any(|item| matches!(item.kind, Kind::Rest(_)));
            certain.into_iter().all(|item| expected.iter().any(|plain| covers(item, plain)))
                && (open || expected.iter().all(among))
        }
        (Kind::Object(object), Plain::Map(expected)) => {
            let certain = object.members().iter();
            let all = certain
                .clone()
                .all(|member| expected.get(&*member.key).is_some_and(|expected| covers(&member.value, expected)));
            all && (object.open.is_some() || certain.len() == expected.len())
        }
        _ => false,
    }
}

fn may_read(parts: &[Part], text: &str) -> bool {
    match parts.split_first() {
        None => text.is_empty(),
        Some((Part::Literal(literal, _), rest)) => {
            text.strip_prefix(&*literal.text).is_some_and(|text| may_read(rest, text))
        }
        Some((Part::Value(_), rest)) => {
            (0..=text.len()).filter_map(|end| text.get(end..)).any(|text| may_read(rest, text))
        }
    }
}

fn evaluated(text: &str, given: &[(&str, Value)], assumptions: &Assumptions) -> Evaluated {
    configuration(text, given, &SourceMap::default()).evaluate(assumptions)
}

#[test]
fn what_is_known_equals_a_naive_evaluation() {
    let span = Span::new(SourceMap::default().add("given", ""), 0, 0);
    for seed in 0..400 {
        let case = case(seed);
        let given: Vec<(&str, Value)> = case.given.iter().map(|(name, plain)| (*name, value(plain, span))).collect();
        let evaluated = evaluated(&case.text, &given, &Assumptions::default());
        assert_eq!(evaluated.notes, [], "seed {seed}:\n{}", case.text);
        assert!(evaluated.open.is_empty(), "seed {seed}:\n{}", case.text);
        for (name, expected) in &case.expected {
            let found = &evaluated.outputs[&**name];
            let exact = !matches!(found.kind, Kind::Unknown(_)) && covers(found, expected);
            assert!(exact, "seed {seed}: {name} is {}, not {expected:?}:\n{}", super::show(found), case.text);
        }
    }
}

/// The truth of a question, which is an expression itself, for given values.
fn answer(symbol: &str, text: &str, given: &[(&str, Value)]) -> Option<bool> {
    // Those of elements and of places are none.
    if ["...", "[*]", "(main.tf:"].iter().any(|mark| symbol.contains(mark)) {
        return None;
    }
    let text = format!("{text}\noutput \"question\" {{\n  value = {symbol}\n}}\n");
    let evaluated = evaluated(&text, given, &Assumptions::default());
    match evaluated.outputs.get("question").map(|value| &value.kind) {
        Some(Kind::Bool(answer)) => Some(*answer),
        _ => None,
    }
}

#[test]
fn what_is_said_of_unknown_variables_holds_for_each_of_their_values() {
    let span = Span::new(SourceMap::default().add("given", ""), 0, 0);
    let mut judged = 0;
    for seed in 0..400 {
        let case = case(seed);
        let given: Vec<(&str, Value)> = case.given.iter().map(|(name, plain)| (*name, value(plain, span))).collect();
        // Any part of the variables is unknown.
        let hidden = usize::try_from(seed).unwrap() % 31 + 1;
        let partly: Vec<(&str, Value)> =
            given.iter().enumerate().filter(|(at, _)| hidden & (1 << at) == 0).map(|(_, one)| one.clone()).collect();
        let mut assumptions = Assumptions::default();
        let evaluated = loop {
            let evaluated = evaluated(&case.text, &partly, &assumptions);
            let answers: Option<Vec<bool>> =
                evaluated.open.iter().map(|atom| answer(&atom.symbol, &case.text, &given)).collect();
            let Some(answers) = answers else { break None };
            if answers.is_empty() {
                break Some(evaluated);
            }
            for (atom, answer) in evaluated.open.iter().zip(answers) {
                let implied = assumptions.implied(atom);
                assert!(
                    implied.is_none_or(|implied| implied == answer),
                    "seed {seed}: `{}`\n{}",
                    atom.symbol,
                    case.text
                );
                assumptions.assume(atom, answer);
            }
        };
        // Questions that have no short form are named by their place.
        let Some(evaluated) = evaluated else { continue };
        judged += 1;
        for (name, expected) in &case.expected {
            let found = &evaluated.outputs[&**name];
            assert!(
                covers(found, expected),
                "seed {seed}, {:?}: {name} is {}, not {expected:?}:\n{}",
                assumptions.truths,
                super::show(found),
                case.text
            );
        }
    }
    assert!(judged > 200, "{judged}");
}
