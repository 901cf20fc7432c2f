//! What holds for every function and any arguments: no panic, a bounded result, and what is said of unknown arguments
//! holds whatever they turn out to be.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::*;
use super::{NoFiles, attribute, list, number, object, partial, shown, span, text};
use crate::input::terraform::types::{equal, set_of};
use crate::input::terraform::value::{Member, Part, Text};

/// A generator without a seed from outside, so that a failure repeats.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "ab",
    "a-b",
    "A",
    " a ",
    "a,b",
    "a,b,,c",
    "é☃🤔",
    "x\ny\n",
    "10.0.0.0/16",
    "10.0.1.0/24",
    "fd00::/56",
    "10.0.0.1",
    "%s",
    "%s-%s",
    "%d",
    "%v|%q",
    "%5s",
    "%1000000s",
    "%.2f",
    "/",
    "-",
    ",",
    "/a+/",
    "(a)(b)?",
    "[a-z]+",
    "(?P<x>a)",
    "$1",
    "2020-01-02T03:04:05Z",
    "YYYY-MM",
    "1h30m",
    "{\"a\": [1, \"b\"]}",
    "[1, 2]",
    "a: 1\nb: [x]\n",
    "YWI=",
    "UTF-8",
    "dns",
    "true",
    "1",
    "-1",
    "1.5",
    "0",
    "16",
    "arn:aws:s3:::a/b",
    "AKIA",
    "(",
    "\\",
    "a,b\n1,2\n",
];

const NUMBERS: &[i128] = &[0, 1, 2, 3, 8, 10, 16, -1, 62, 255, 1_000_000_000, i128::MAX, i128::MIN];

fn any(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 6 } else { 10 }) {
        0..3 => text(random.one(TEXTS)),
        3 => number(random.one(NUMBERS)),
        4 => Value::new(span(), Kind::Number(Number::Float(random.one(&[0.5, -1.5, 1e40, 3.25])))),
        5 if random.chance(30) => Value::null(span()),
        5 => Value::new(span(), Kind::Bool(random.chance(50))),
        6 | 7 => items(random, depth),
        // In a list, sets and lists would become each other by way of their common type.
        9 if depth == 3 => {
            let items = items(random, depth);
            call("toset", vec![items.clone()], span(), &NoFiles).unwrap_or(items)
        }
        _ => members(random, depth),
    }
}

fn items(random: &mut Random, depth: usize) -> Value {
    let texts = random.chance(60);
    let item = |random: &mut Random| if texts { text(random.one(TEXTS)) } else { any(random, depth - 1) };
    let found = list((0..random.below(5)).map(|_| item(random)).collect());
    if random.chance(40) { call("tolist", vec![found.clone()], span(), &NoFiles).unwrap_or(found) } else { found }
}

fn members(random: &mut Random, depth: usize) -> Value {
    let keys: Vec<&str> = (0..random.below(4)).map(|_| random.one(&["a", "b", "ab", "k"])).collect();
    object(keys.into_iter().map(|key| (key, any(random, depth - 1))).collect())
}

fn argument(random: &mut Random, takes: Takes) -> Value {
    if random.chance(15) {
        return any(random, 3);
    }
    match takes {
        Takes::Text => text(random.one(TEXTS)),
        Takes::Number => number(random.one(NUMBERS)),
        Takes::List | Takes::Texts | Takes::Set => items(random, 2),
        Takes::Bools => list((0..random.below(4)).map(|_| Value::new(span(), Kind::Bool(random.chance(50)))).collect()),
        Takes::TextLists => members(random, 2),
        Takes::Any | Takes::Nullable => any(random, 3),
    }
}

fn arguments(random: &mut Random, function: &Function) -> Vec<Value> {
    let further = if function.more.is_some() { random.below(4) } else { 0 };
    let takes = function.parameters.iter().copied().chain(function.more.iter().copied().cycle().take(further));
    takes.map(|takes| argument(random, takes)).collect()
}

fn rest() -> Unknown {
    Unknown::new(Reason::Variable(Arc::from("rest")), Some(Arc::from("var.rest")))
}

/// Hides parts of values. What has one value has one name.
struct Veil<'a> {
    random: &'a mut Random,
    names: BTreeMap<String, usize>,
    /// Whether a text is what a resource is called, wherever it occurs.
    references: BTreeMap<String, bool>,
}

impl Veil<'_> {
    fn name(&mut self, value: &Value) -> String {
        let next = self.names.len();
        let key = format!("{}{}", shown(value), value.uniform);
        format!("v{}", self.names.entry(key).or_insert(next))
    }

    fn is_reference(&mut self, text: &str) -> bool {
        let plausible = !text.is_empty() && text.trim() == text && text != "true" && text.parse::<f64>().is_err();
        let chosen = plausible && self.random.chance(20);
        *self.references.entry(text.to_owned()).or_insert(chosen)
    }

    fn unknown(&mut self, value: &Value) -> Value {
        super::unknown(&self.name(value))
    }

    fn over(&mut self, value: &Value) -> Value {
        if self.random.chance(15) {
            return self.unknown(value);
        }
        match &value.kind {
            Kind::Text(known) if self.is_reference(&known.text) => {
                attribute(&format!("aws.{}", self.name(value)), "id")
            }
            Kind::Text(known) if self.random.chance(30) => self.over_text(known),
            Kind::List(items) | Kind::Set(items) => {
                let set = matches!(value.kind, Kind::Set(_));
                let mut hidden: Vec<Value> = items.iter().map(|item| self.over(item)).collect();
                if self.random.chance(25) {
                    let from = self.random.below(hidden.len() + 1);
                    let to = from + self.random.below(hidden.len() - from + 1);
                    let hidden_items = hidden.get(from..to).unwrap_or_default();
                    let same = hidden_items.windows(2).all(|pair| shown(&pair[0]) == shown(&pair[1]));
                    let element = hidden_items.first().filter(|element| same && !matches!(element.kind, Kind::Rest(_)));
                    let more = Unknown { element: element.cloned().map(Arc::new), ..rest() };
                    hidden.splice(from..to, [Value::new(span(), Kind::Rest(more.into()))]);
                }
                let kind = if set { Kind::Set(set_of(hidden).into()) } else { Kind::List(hidden.into()) };
                let hidden = value.clone().with(kind);
                if value.uniform { hidden.collected() } else { hidden }
            }
            Kind::Object(known) => {
                let kept = !self.random.chance(20);
                let mut members: Vec<Member> = Vec::new();
                for member in known.members() {
                    if kept || self.random.chance(50) {
                        members.push(Member { value: self.over(&member.value), ..member.clone() });
                    }
                }
                let mut hidden = Object::new(members);
                hidden.open = if kept { None } else { symbol::unknown(&super::unknown("open")) };
                let hidden = Value::object(span(), hidden);
                if value.uniform { hidden.collected() } else { hidden }
            }
            _ => value.clone(),
        }
    }

    fn over_text(&mut self, known: &Text) -> Value {
        let characters: Vec<char> = known.text.chars().collect();
        let from = self.random.below(characters.len() + 1);
        let to = from + self.random.below(characters.len() - from + 1);
        let collected = |part: &[char]| text(&part.iter().collect::<String>());
        let hole = self.unknown(&collected(&characters[from..to]));
        let parts = [collected(&characters[..from]), hole, collected(&characters[to..])];
        let parts: Vec<Value> =
            parts.into_iter().filter(|part| !matches!(&part.kind, Kind::Text(text) if text.text.is_empty())).collect();
        match parts.as_slice() {
            [only] => only.clone(),
            _ => partial(parts),
        }
    }
}

fn has_no_order(value: &Value) -> bool {
    value.is_unordered()
        || value.elements().unwrap_or_default().iter().any(has_no_order)
        || value.as_object().is_some_and(|object| object.members().iter().any(|member| has_no_order(&member.value)))
}

/// Whether what is said of a value holds for this one.
fn covers(said: &Value, value: &Value) -> bool {
    match (&said.kind, &value.kind) {
        (Kind::Unknown(_) | Kind::Attribute(_), _) => true,
        (Kind::Json(said), Kind::Json(value)) => covers(said, value),
        (_, Kind::Json(inner)) => covers(said, &rendered(inner, span())),
        (Kind::Json(inner), _) => covers(&rendered(inner, span()), value),
        (Kind::Partial(parts), Kind::Text(text)) => covers_text(parts, &text.text),
        (Kind::List(said), Kind::List(values)) => covers_list(said, values),
        // A set, or a list in an order that is not known.
        (Kind::Set(items), Kind::Set(values) | Kind::List(values)) => {
            let open = items.iter().any(|item| matches!(item.kind, Kind::Rest(_)));
            (open || !said.uniform || items.len() == values.len())
                && values.iter().all(|value| items.iter().any(|item| covers_further(item, value)))
                && items
                    .iter()
                    .filter(|item| !matches!(item.kind, Kind::Rest(_)))
                    .all(|item| values.iter().any(|value| covers(item, value)))
        }
        // Whether another argument makes a set of it is not known.
        (Kind::List(items), Kind::Set(_)) => {
            covers(&said.clone().with(Kind::Set(set_of(items.to_vec()).into())), value)
        }
        (Kind::Object(said), Kind::Object(value)) => {
            let keys = said
                .members()
                .iter()
                .all(|member| value.get(&member.key).is_some_and(|value| covers(&member.value, value)));
            keys && (said.open.is_some() || said.members().len() == value.members().len())
        }
        // Without the types of the others, an element stays the number that Terraform makes a text.
        (Kind::Number(_) | Kind::Bool(_), Kind::Text(text)) => shown(said) == *text.text,
        _ => equal(said, value) == Some(true),
    }
}

fn covers_list(said: &[Value], values: &[Value]) -> bool {
    match said.split_first() {
        None => values.is_empty(),
        Some((first, rest)) if matches!(first.kind, Kind::Rest(_)) => {
            let fits = |value: &&Value| covers_further(first, value);
            let most = values.iter().take_while(fits).count();
            (0..=most).any(|skipped| covers_list(rest, &values[skipped..]))
        }
        Some((first, rest)) => {
            values.split_first().is_some_and(|(value, more)| covers(first, value) && covers_list(rest, more))
        }
    }
}

/// Whether a value may be one of the elements that a [`Kind::Rest`] stands for.
fn covers_further(said: &Value, value: &Value) -> bool {
    match &said.kind {
        Kind::Rest(more) => more.element.as_ref().is_none_or(|element| covers(element, value)),
        _ => covers(said, value),
    }
}

fn covers_text(parts: &[Part], text: &str) -> bool {
    match parts.split_first() {
        None => text.is_empty(),
        Some((Part::Literal(literal, _), rest)) => {
            text.strip_prefix(&*literal.text).is_some_and(|after| covers_text(rest, after))
        }
        Some((Part::Value(_), rest)) => text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .any(|at| covers_text(rest, text.get(at..).unwrap_or_default())),
    }
}

fn told(name: &str, arguments: &[Value], result: &Result<Value, CallError>) -> String {
    let arguments: Vec<String> = arguments.iter().map(shown).collect();
    let result = result.as_ref().map_or_else(|error| format!("error {}", error.message), shown);
    format!("{name}({}) = {result}", arguments.join(", "))
}

/// More of them when `SRA_GUARD_ROUNDS` says by how many times.
fn rounds(usual: usize) -> usize {
    let times = std::env::var("SRA_GUARD_ROUNDS").ok().and_then(|times| times.parse().ok());
    usual * times.unwrap_or(1)
}

fn functions() -> Vec<&'static Function> {
    let mut all: Vec<&Function> = FUNCTIONS.values().copied().collect();
    all.sort_by_key(|function| function.name);
    all
}

#[test]
fn what_is_said_of_unknown_arguments_holds_for_any_value_of_them() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut wrong = Vec::new();
    for function in functions() {
        for _ in 0..rounds(400) {
            let known = arguments(&mut random, function);
            let truth = call(function.name, known.clone(), span(), &NoFiles);
            let mut veil = Veil { random: &mut random, names: BTreeMap::new(), references: BTreeMap::new() };
            let hidden: Vec<Value> = known.iter().map(|argument| veil.over(argument)).collect();
            // An unknown part of a document is taken for a part of one of its values, and a document for the same
            // whatever the order of what has none.
            let document = matches!(function.name, "yamldecode" | "jsondecode" | "format" | "formatlist");
            if document
                && hidden.iter().any(|argument| matches!(argument.kind, Kind::Partial(_)) || has_no_order(argument))
            {
                continue;
            }
            let said = call(function.name, hidden.clone(), span(), &NoFiles);
            let holds = match (&truth, &said) {
                (Ok(truth), Ok(said)) => covers(said, truth),
                (Ok(_), Err(_)) => false,
                (Err(_), _) => true,
            };
            if !holds {
                let (truth, said) = (told(function.name, &known, &truth), told(function.name, &hidden, &said));
                wrong.push(format!("{truth}\n    but {said}"));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_arguments_panic_or_make_too_much() {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    for function in functions() {
        for _ in 0..rounds(300) {
            let mut arguments = arguments(&mut random, function);
            if random.chance(20) {
                arguments.push(any(&mut random, 3));
            }
            let mut veil = Veil { random: &mut random, names: BTreeMap::new(), references: BTreeMap::new() };
            let hidden: Vec<Value> = arguments.iter().map(|argument| veil.over(argument)).collect();
            if let Ok(value) = call(function.name, hidden, span(), &NoFiles) {
                assert!(value.weight() < 1 << 20, "{}", told(function.name, &arguments, &Ok(value)));
            }
        }
    }
}

#[test]
fn a_name_that_is_said_of_a_value_is_that_value() {
    fn check(value: &Value, told: &dyn Fn() -> String) {
        if let (Some(origin), Kind::Text(text)) = (&value.origin, &value.kind) {
            assert_eq!(*origin.path, *text.text, "{}", told());
        }
        match &value.kind {
            Kind::List(items) | Kind::Set(items) => items.iter().for_each(|item| check(item, told)),
            Kind::Object(object) => object.members().iter().for_each(|member| check(&member.value, told)),
            Kind::Json(inner) => check(inner, told),
            _ => {}
        }
    }
    fn named(value: &Value) -> Value {
        let kind = match &value.kind {
            Kind::Text(text) => {
                let mut named = value.clone();
                let (instance, kind, path) = (Arc::from("a.b"), Arc::from("a"), Arc::clone(&text.text));
                named.origin = Some(Arc::new(Attribute { instance, kind, path }));
                return named;
            }
            Kind::List(items) => Kind::List(items.iter().map(named).collect()),
            Kind::Object(object) => {
                let members = object.members().iter();
                let members = members.map(|member| Member { value: named(&member.value), ..member.clone() });
                Kind::Object(Arc::new(Object::new(members.collect())))
            }
            _ => return value.clone(),
        };
        let named = value.clone().with(kind);
        if value.uniform { named.collected() } else { named }
    }
    let mut random = Random(0x1234_5678_9ABC_DEF1);
    for function in functions() {
        for _ in 0..rounds(100) {
            let arguments: Vec<Value> = arguments(&mut random, function).iter().map(named).collect();
            let result = call(function.name, arguments.clone(), span(), &NoFiles);
            if let Ok(value) = &result {
                check(value, &|| told(function.name, &arguments, &result));
            }
        }
    }
}
