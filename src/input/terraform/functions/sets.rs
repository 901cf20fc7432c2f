//! Sets.

use super::{Call, Function, Outcome, Stop, Takes, function, is_open, rest_of};
use crate::input::terraform::types::{self, equal, set_of};
use crate::input::terraform::value::{Kind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("setintersection", &[Takes::Set], Some(Takes::Set), setintersection),
    function("setproduct", &[], Some(Takes::Any), setproduct),
    function("setsubtract", &[Takes::Set, Takes::Set], None, setsubtract),
    function("setunion", &[Takes::Set], Some(Takes::Set), setunion),
];

/// Elements of a product, and comparisons of elements.
const MAX_PRODUCT: usize = 20_000;
const MAX_COMPARISONS: usize = 4_000_000;

/// The arguments with one element type; what is unknown as a whole is an unknown number of elements.
fn sets(call: &Call<'_>) -> Result<Vec<Vec<Value>>, Stop> {
    let mut lengths = Vec::with_capacity(call.arguments.len());
    let mut all = Vec::new();
    for argument in call.arguments {
        let before = all.len();
        match argument.elements() {
            Some(elements) => all.extend(elements.iter().cloned()),
            None => all.extend(rest_of(argument)),
        }
        lengths.push(all.len() - before);
    }
    let unified = types::unify(all).map_err(|mismatch| Stop::Error(None, mismatch.to_string()))?;
    let mut rest = unified.into_iter();
    Ok(lengths.into_iter().map(|length| rest.by_ref().take(length).collect()).collect())
}

fn setunion(call: &Call<'_>) -> Outcome {
    call.give(Kind::Set(set_of(sets(call)?.concat()).into()))
}

fn setintersection(call: &Call<'_>) -> Outcome {
    let sets = sets(call)?;
    let Some((first, others)) = sets.split_first() else { return Err(Stop::Unknown) };
    chosen(call, first, others, |found| found)
}

fn setsubtract(call: &Call<'_>) -> Outcome {
    let sets = sets(call)?;
    let Some((first, others)) = sets.split_first() else { return Err(Stop::Unknown) };
    chosen(call, first, others, |found| found.map(|found| !found))
}

/// The elements of a set for whose membership in each of the others `keep` holds. One that may be chosen is perhaps a
/// further element.
fn chosen(
    call: &Call<'_>,
    first: &[Value],
    others: &[Vec<Value>],
    keep: impl Fn(Option<bool>) -> Option<bool>,
) -> Outcome {
    let size: usize = others.iter().map(Vec::len).sum();
    if first.len().saturating_mul(size) > MAX_COMPARISONS {
        return Err(Stop::Limit("too many comparisons"));
    }
    let mut kept = Vec::new();
    for item in first {
        let decided: Vec<Option<bool>> = others.iter().map(|other| keep(is_in(item, other))).collect();
        if decided.contains(&Some(false)) {
            continue;
        }
        if decided.contains(&None) {
            kept.push(call.further(item, Some(item)));
        } else {
            kept.push(item.clone());
        }
    }
    call.give(Kind::Set(set_of(kept).into()))
}

fn is_in(item: &Value, set: &[Value]) -> Option<bool> {
    if matches!(item.kind, Kind::Rest(_)) {
        return if set.is_empty() { Some(false) } else { None };
    }
    let mut unsure = false;
    for other in set {
        match equal(item, other) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => unsure = true,
        }
    }
    (!unsure).then_some(false)
}

fn setproduct(call: &Call<'_>) -> Outcome {
    if call.arguments.len() < 2 {
        return Err(Stop::Error(None, "takes at least two sets".to_owned()));
    }
    let ordered = call.arguments.iter().all(|argument| matches!(argument.kind, Kind::List(_)));
    if call.arguments.iter().any(Value::is_unordered) {
        return Err(Stop::Unknown);
    }
    let mut columns = Vec::with_capacity(call.arguments.len());
    for (index, argument) in call.arguments.iter().enumerate() {
        match argument.elements() {
            Some(elements) => columns.push(elements),
            None if is_open(argument) => columns.push(std::slice::from_ref(argument)),
            None => return call.refuse(index, "a list or set is required"),
        }
    }
    let known = |column: &[Value]| !column.iter().any(|item| matches!(item.kind, Kind::Rest(_)));
    let empty = columns.iter().any(|column| column.is_empty());
    let sized = columns.iter().all(|column| known(column)) && !call.arguments.iter().any(is_open);
    if !empty && !sized {
        return Err(Stop::Unknown);
    }
    let size = columns.iter().fold(1_usize, |size, column| size.saturating_mul(column.len()));
    if size.saturating_mul(columns.len()) > MAX_PRODUCT {
        return Err(Stop::Limit("too many elements"));
    }
    let mut rows: Vec<Vec<Value>> = if empty { Vec::new() } else { vec![Vec::new()] };
    for column in columns.iter().filter(|_| !empty) {
        let longer = |row: &Vec<Value>| {
            let row = row.clone();
            column.iter().map(move |item| row.iter().cloned().chain([item.clone()]).collect()).collect::<Vec<_>>()
        };
        rows = rows.iter().flat_map(longer).collect();
    }
    let tuples: Vec<Value> = rows.into_iter().map(|row| Value::list(call.span, row)).collect();
    let unified = types::unify(tuples).map_err(|mismatch| Stop::Error(None, mismatch.to_string()))?;
    if ordered {
        return Ok(Value::list(call.span, unified).collected());
    }
    call.give(Kind::Set(set_of(unified).into()))
}
