//! Lists, tuples, and what works on any collection.

use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation as _;

use super::{Call, Function, Marks, Outcome, Stop, Takes, element_of, function, is_open, known_text, rest_of};
use crate::input::terraform::symbol;
use crate::input::terraform::types::{self, Type, equal, number, to_bool, to_number};
use crate::input::terraform::value::{Kind, Number, Part, Unknown, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("alltrue", &[Takes::Bools], None, |call| quantified(call, false)),
    function("anytrue", &[Takes::Bools], None, |call| quantified(call, true)),
    function("chunklist", &[Takes::List, Takes::Number], None, chunklist).marks(Marks::Stay),
    function("coalesce", &[], Some(Takes::Nullable), coalesce),
    function("coalescelist", &[], Some(Takes::Nullable), coalescelist),
    function("compact", &[Takes::Texts], None, compact),
    function("concat", &[], Some(Takes::Any), concat).marks(Marks::Stay),
    function("contains", &[Takes::Any, Takes::Nullable], None, contains),
    function("distinct", &[Takes::List], None, distinct),
    function("element", &[Takes::Any, Takes::Number], None, element).marks(Marks::Stay),
    function("flatten", &[Takes::Any], None, flatten).marks(Marks::Stay),
    function("index", &[Takes::Any, Takes::Any], None, index),
    function("length", &[Takes::Any], None, length).marks(Marks::Stay),
    // Terraform 0.15 removed it.
    function("list", &[], Some(Takes::Any), |call| list_like(call, call.arguments.to_vec(), true)).marks(Marks::Stay),
    function("matchkeys", &[Takes::List, Takes::List, Takes::List], None, matchkeys),
    function("one", &[Takes::Any], None, one),
    function("range", &[], Some(Takes::Number), range),
    function("reverse", &[Takes::Any], None, reverse).marks(Marks::Stay),
    function("slice", &[Takes::Any, Takes::Number, Takes::Number], None, slice).marks(Marks::Stay),
    function("sort", &[Takes::Texts], None, sort),
    function("sum", &[Takes::Any], None, sum),
];

/// Elements that a function makes of nothing.
const MAX_MADE: usize = 10_000;

/// Terraform's own limit.
const MAX_RANGE: usize = 1024;

fn is_rest(value: &Value) -> bool {
    matches!(value.kind, Kind::Rest(_))
}

/// Text that is never empty.
fn has_text(value: &Value) -> bool {
    match &value.kind {
        Kind::Text(text) => !text.text.is_empty(),
        Kind::Partial(parts) => parts.iter().any(|part| matches!(part, Part::Literal(..))),
        Kind::Json(_) | Kind::Attribute(_) => true,
        _ => false,
    }
}

/// A list, of one type when what it is made of was.
#[expect(clippy::unnecessary_wraps, reason = "it ends functions")]
fn list_like(call: &Call<'_>, items: Vec<Value>, uniform: bool) -> Outcome {
    let list = Value::list(call.span, items);
    Ok(if uniform { list.collected() } else { list })
}

/// What a list is made of, as a list; one without a known order when that had none.
fn made_of(call: &Call<'_>, from: &[Value], items: Vec<Value>, uniform: bool) -> Outcome {
    if from.iter().any(Value::is_unordered) {
        let items =
            if from.iter().any(|from| from.is_unordered() && !from.uniform) { types::apart(items) } else { items };
        return Ok(Value::unordered(call.span, items));
    }
    list_like(call, items, uniform)
}

fn concat(call: &Call<'_>) -> Outcome {
    let [_, ..] = call.arguments else { return Err(Stop::Error(None, "takes at least one list".to_owned())) };
    let mut items = Vec::new();
    for (index, argument) in call.arguments.iter().enumerate() {
        match &argument.kind {
            Kind::List(more) => items.extend(more.iter().cloned()),
            Kind::Set(more) if argument.is_unordered() => items.extend(more.iter().cloned()),
            _ => match rest_of(argument) {
                Some(rest) => items.push(rest),
                None => return call.refuse(index, "a list is required"),
            },
        }
    }
    if let ([_], [argument]) = (items.as_slice(), call.arguments)
        && is_open(argument)
    {
        return Ok(argument.clone());
    }
    let uniform = call.arguments.iter().all(|argument| argument.uniform);
    if uniform && let Ok(unified) = types::unify(items.clone()) {
        items = unified;
    }
    made_of(call, call.arguments, items, uniform)
}

fn length(call: &Call<'_>) -> Outcome {
    let value = call.argument(0)?;
    let count = match &value.kind {
        Kind::Text(text) => text.text.graphemes(true).count(),
        Kind::Json(_) => known_text(value)?.graphemes(true).count(),
        Kind::List(_) => call.items(0)?.len(),
        Kind::Set(_) if value.uniform => call.items(0)?.len(),
        Kind::Set(_) => {
            let items = call.items(0)?;
            let unsure =
                |item: &Value| !matches!(item.kind, Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_));
            let unsure: Vec<&Value> = items.iter().filter(|item| unsure(item)).collect();
            for (at, item) in items.iter().enumerate() {
                if items.len() > MAX_MADE || unsure.iter().any(|other| may_be_same(items, at, item, other)) {
                    return Err(Stop::Unknown);
                }
            }
            items.len()
        }
        Kind::Object(object) if object.open.is_none() => object.members().len(),
        Kind::Object(_) | Kind::Partial(_) | Kind::Attribute(_) | Kind::Rest(_) | Kind::Unknown(_) => {
            return Err(Stop::Unknown);
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => return call.refuse(0, "a text or a collection is required"),
    };
    call.give(Kind::Number(whole_of(count)))
}

/// Whether `other` is another element than the one at an index, and not known to differ from it.
fn may_be_same(items: &[Value], at: usize, item: &Value, other: &Value) -> bool {
    !items.get(at).is_some_and(|same| std::ptr::eq(same, other)) && equal(item, other).is_none()
}

pub(super) fn whole_of(count: usize) -> Number {
    Number::Whole(i128::try_from(count).unwrap_or(i128::MAX))
}

fn element(call: &Call<'_>) -> Outcome {
    let items = call.ordered(0)?;
    if items.is_empty() {
        return call.refuse(0, "has no elements");
    }
    let open = items.iter().any(is_rest);
    let index = match (call.whole(1), items) {
        (Err(Stop::Unknown), [only]) if !open => return Ok(only.clone()),
        (index, _) => index?,
    };
    let found = if open {
        let from_start =
            usize::try_from(index).ok().map(|index| items.iter().take_while(|item| !is_rest(item)).nth(index));
        let from_end = || {
            let back = usize::try_from(index.checked_neg()?.checked_sub(1)?).ok()?;
            items.iter().rev().take_while(|item| !is_rest(item)).nth(back)
        };
        from_start.unwrap_or_else(from_end)
    } else {
        let length = i128::try_from(items.len()).unwrap_or(i128::MAX);
        usize::try_from(index.rem_euclid(length)).ok().and_then(|index| items.get(index))
    };
    found.cloned().ok_or(Stop::Unknown)
}

fn slice(call: &Call<'_>) -> Outcome {
    let list = call.argument(0)?;
    let (start, end) = (call.count(1)?, call.count(2)?);
    if start > end {
        return call.refuse(1, "must not be greater than the end");
    }
    if end - start > MAX_MADE {
        return Err(Stop::Limit("too many elements"));
    }
    let further = |index: usize| {
        let from = if is_open(list) { list } else { list.elements()?.iter().find(|item| is_rest(item))? };
        element_of(from, index)
    };
    let items = match call.ordered(0) {
        Ok(items) => items.iter().take_while(|item| !is_rest(item)).collect(),
        Err(Stop::Unknown) => Vec::new(),
        Err(refused) => return Err(refused),
    };
    let taken: Option<Vec<Value>> =
        (start..end).map(|index| items.get(index).map(|item| (*item).clone()).or_else(|| further(index))).collect();
    match taken {
        Some(taken) => list_like(call, taken, list.uniform),
        None => call.refuse(2, "must not be greater than the length of the list"),
    }
}

fn contains(call: &Call<'_>) -> Outcome {
    let wanted = call.argument(1)?;
    let mut unsure = false;
    for item in call.elements(0)? {
        match equal(item, wanted) {
            Some(true) => return call.give(Kind::Bool(true)),
            Some(false) => {}
            None => unsure = true,
        }
    }
    if unsure { Err(Stop::Unknown) } else { call.give(Kind::Bool(false)) }
}

fn index(call: &Call<'_>) -> Outcome {
    let wanted = call.argument(1)?;
    for (at, item) in call.ordered(0)?.iter().enumerate() {
        match equal(item, wanted) {
            Some(true) => return call.give(Kind::Number(whole_of(at))),
            Some(false) => {}
            None => return Err(Stop::Unknown),
        }
    }
    call.refuse(1, "is not in the list")
}

fn distinct(call: &Call<'_>) -> Outcome {
    let mut kept: Vec<Value> = Vec::new();
    let mut unsure = false;
    let items = call.elements(0)?;
    if items.len() > MAX_MADE {
        return Err(Stop::Limit("too many comparisons"));
    }
    for item in items {
        let same: Vec<Option<bool>> = kept.iter().map(|other| equal(other, item)).collect();
        if !same.contains(&Some(true)) {
            unsure |= same.contains(&None);
            kept.push(item.clone());
        }
    }
    // Which of two comes first depends on whether they are one.
    if unsure {
        return Ok(Value::unordered(call.span, types::apart(kept)));
    }
    made_of(call, call.arguments, kept, true)
}

fn flatten(call: &Call<'_>) -> Outcome {
    let mut flat = Flat { items: Vec::new(), sensitive: false, unordered: false };
    call.elements(0)?;
    flat.add(call.arguments);
    let list =
        if flat.unordered { Value::unordered(call.span, flat.items) } else { Value::list(call.span, flat.items) };
    Ok(list.marked(flat.sensitive))
}

struct Flat {
    items: Vec<Value>,
    /// A list on the way is sensitive.
    sensitive: bool,
    unordered: bool,
}

impl Flat {
    fn add(&mut self, items: &[Value]) {
        for item in items {
            match &item.kind {
                Kind::List(inner) | Kind::Set(inner) => {
                    self.sensitive |= item.sensitive;
                    self.unordered |= item.is_unordered();
                    let set = matches!(item.kind, Kind::Set(_)) && !item.uniform;
                    if set { self.add(&types::apart(inner.to_vec())) } else { self.add(inner) }
                }
                // It may be a list.
                Kind::Unknown(_) => self.items.extend(rest_of(item)),
                Kind::Rest(more) => self.add_further(item, more),
                _ => self.items.push(item.clone()),
            }
        }
    }
}

impl Flat {
    /// Adds what further elements are made of: as many of each as there are further elements.
    fn add_further(&mut self, item: &Value, more: &Arc<Unknown>) {
        let Some(Kind::List(inner) | Kind::Set(inner)) = more.element.as_ref().map(|element| &element.kind) else {
            return self.items.push(item.clone());
        };
        let mut each = Self { items: Vec::new(), sensitive: item.sensitive, unordered: self.unordered };
        each.add(inner);
        self.sensitive |= each.sensitive;
        self.unordered |= each.unordered || each.items.len() > 1;
        self.items.extend(each.items.into_iter().map(|element| {
            if matches!(element.kind, Kind::Rest(_)) {
                return element;
            }
            let (span, sensitive) = (element.span, element.sensitive);
            let unknown = Unknown { element: Some(Arc::new(element)), ..(**more).clone() };
            Value::new(span, Kind::Rest(Arc::new(unknown))).marked(sensitive)
        }));
    }
}

fn compact(call: &Call<'_>) -> Outcome {
    let mut kept = Vec::new();
    for item in call.elements(0)? {
        match &item.kind {
            Kind::Null => {}
            Kind::Text(text) if text.text.is_empty() => {}
            Kind::Partial(_) | Kind::Unknown(_) if !has_text(item) => {
                kept.push(call.further(item, Some(item)));
            }
            _ => kept.push(item.clone()),
        }
    }
    made_of(call, call.arguments, kept, true)
}

fn reverse(call: &Call<'_>) -> Outcome {
    let list = call.argument(0)?;
    let items = call.elements(0)?.iter().rev().cloned().collect();
    made_of(call, call.arguments, items, list.uniform || matches!(list.kind, Kind::Set(_)))
}

fn chunklist(call: &Call<'_>) -> Outcome {
    let (list, items, size) = (call.argument(0)?, call.ordered(0)?, call.count(1)?);
    if items.iter().any(is_rest) {
        return Err(Stop::Unknown);
    }
    if items.is_empty() {
        return list_like(call, Vec::new(), true);
    }
    let size = if size == 0 { items.len() } else { size };
    let chunks = items.chunks(size).map(|chunk| Value::list(list.span, chunk.to_vec()).collected()).collect();
    list_like(call, chunks, true)
}

fn sort(call: &Call<'_>) -> Outcome {
    let items = call.elements(0)?;
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        match &item.kind {
            Kind::Text(text) => texts.push((Arc::clone(&text.text), item.clone())),
            Kind::Null => return call.refuse(0, "must not have null elements"),
            _ if items.len() == 1 => return Ok(call.argument(0)?.clone()),
            // The elements are known, only their order is not.
            _ => return Ok(Value::unordered(call.span, items.to_vec())),
        }
    }
    texts.sort_by(|(a, _), (b, _)| a.cmp(b));
    list_like(call, texts.into_iter().map(|(_, item)| item).collect(), true)
}

fn range(call: &Call<'_>) -> Outcome {
    let zero = Number::Whole(0);
    let (start, end, step) = match call.arguments {
        [_] => (zero, call.number(0)?, None),
        [_, _] => (call.number(0)?, call.number(1)?, None),
        [_, _, _] => (call.number(0)?, call.number(1)?, Some(call.number(2)?)),
        _ => return Err(Stop::Error(None, "takes one to three numbers".to_owned())),
    };
    if start == end {
        return list_like(call, Vec::new(), true);
    }
    let down = end < start;
    let step = step.unwrap_or(Number::Whole(if down { -1 } else { 1 }));
    if step == zero {
        return call.refuse(2, "must not be zero");
    }
    if down != (step < zero) {
        return call.refuse(2, "leads away from the end");
    }
    let mut items = Vec::new();
    let mut at = start;
    while if down { at > end } else { at < end } {
        if items.len() >= MAX_RANGE {
            return Err(Stop::Error(None, format!("makes more than {MAX_RANGE} numbers")));
        }
        items.push(Value::new(call.span, Kind::Number(at)));
        at = number::add(at, step).ok_or(Stop::Unknown)?;
    }
    list_like(call, items, true)
}

fn coalesce(call: &Call<'_>) -> Outcome {
    let common = types::common(call.arguments)
        .ok_or_else(|| Stop::Error(None, "all arguments must be of one type".to_owned()))?;
    let texts = matches!(common, Type::Text);
    for (index, argument) in call.arguments.iter().enumerate() {
        match &argument.kind {
            Kind::Null => continue,
            Kind::Text(text) if text.text.is_empty() && texts => continue,
            Kind::Unknown(_) | Kind::Rest(_) => return Err(Stop::Unknown),
            Kind::Partial(_) if !has_text(argument) => return Err(Stop::Unknown),
            _ => {}
        }
        return match types::adapt(argument.clone(), &common) {
            Err(_) if call.arguments.iter().any(|argument| symbol::reason(argument).is_some()) => Ok(argument.clone()),
            Err(mismatch) => call.refuse(index, &mismatch.to_string()),
            Ok(converted) => Ok(converted),
        };
    }
    Err(Stop::Error(None, "all arguments are null or empty".to_owned()))
}

fn coalescelist(call: &Call<'_>) -> Outcome {
    for (index, argument) in call.arguments.iter().enumerate() {
        match &argument.kind {
            Kind::Null => {}
            Kind::List(items) if items.is_empty() => {}
            Kind::List(items) if items.iter().all(is_rest) => return Err(Stop::Unknown),
            Kind::List(_) => return Ok(argument.clone()),
            Kind::Set(items) if argument.is_unordered() && !items.iter().all(is_rest) => return Ok(argument.clone()),
            _ if argument.is_unordered() => return Err(Stop::Unknown),
            _ if is_open(argument) => return Err(Stop::Unknown),
            _ => return call.refuse(index, "a list is required"),
        }
    }
    Err(Stop::Error(None, "all arguments are null or empty".to_owned()))
}

fn one(call: &Call<'_>) -> Outcome {
    let known: Vec<&Value> = call.elements(0)?.iter().filter(|item| !is_rest(item)).collect();
    match known.as_slice() {
        [] if call.items(0).is_ok() => Ok(Value::null(call.span)),
        [] => Err(Stop::Unknown),
        [only] => Ok((*only).clone()),
        _ if matches!(call.argument(0)?.kind, Kind::Set(_)) && known.iter().any(|item| is_open(item)) => {
            Err(Stop::Unknown)
        }
        _ => call.refuse(0, "has more than one element"),
    }
}

fn sum(call: &Call<'_>) -> Outcome {
    let items = call.items(0)?;
    if items.is_empty() {
        return call.refuse(0, "has no elements");
    }
    let mut total = Number::Whole(0);
    for item in items {
        match to_number(item.clone()).map(|item| item.kind) {
            Ok(Kind::Number(next)) => total = number::add(total, next).ok_or(Stop::Unknown)?,
            Ok(Kind::Null) | Err(_) => return call.refuse(0, "numbers are required"),
            Ok(_) => return Err(Stop::Unknown),
        }
    }
    call.give(Kind::Number(total))
}

/// Whether any element is `wanted`.
fn quantified(call: &Call<'_>, wanted: bool) -> Outcome {
    let mut unsure = false;
    for item in call.elements(0)? {
        match to_bool(item.clone()).map(|item| item.kind) {
            Ok(Kind::Bool(known)) if known == wanted => return call.give(Kind::Bool(wanted)),
            // Null is false.
            Ok(Kind::Null) if !wanted => return call.give(Kind::Bool(false)),
            Ok(Kind::Bool(_) | Kind::Null) => {}
            _ => unsure = true,
        }
    }
    if unsure { Err(Stop::Unknown) } else { call.give(Kind::Bool(!wanted)) }
}

fn matchkeys(call: &Call<'_>) -> Outcome {
    let (values, keys, wanted) = (call.ordered(0)?, call.ordered(1)?, call.items(2)?);
    if values.iter().chain(keys).any(is_rest) {
        return Err(Stop::Unknown);
    }
    if values.len() != keys.len() {
        return call.refuse(1, "must be as long as the values");
    }
    if keys.len().saturating_mul(wanted.len()) > MAX_MADE * 100 {
        return Err(Stop::Limit("too many comparisons"));
    }
    // Both are of one type before they are compared.
    let unified = types::unify([keys, wanted].concat())
        .map_err(|mismatch| Stop::Error(Some(2), format!("does not go with the keys: {mismatch}")))?;
    let (keys, wanted) = unified.split_at_checked(keys.len()).unwrap_or((&unified, &[]));
    let mut kept = Vec::new();
    for (value, key) in values.iter().zip(keys) {
        let found: Vec<Option<bool>> = wanted.iter().map(|wanted| equal(key, wanted)).collect();
        if found.contains(&Some(true)) {
            kept.push(value.clone());
        } else if found.contains(&None) {
            kept.push(call.further(key, Some(value)));
        }
    }
    list_like(call, kept, true)
}
