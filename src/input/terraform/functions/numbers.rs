//! Numbers.

use super::{Call, Function, Outcome, Stop, Takes, function};
use crate::input::terraform::types::number;
use crate::input::terraform::value::{Kind, Number};

pub(super) const FUNCTIONS: &[Function] = &[
    function("abs", &[Takes::Number], None, |call| {
        let known = call.number(0)?;
        call.give(Kind::Number(if known < Number::Whole(0) { number::negate(known) } else { known }))
    }),
    function("ceil", &[Takes::Number], None, |call| rounded(call, f64::ceil)),
    function("floor", &[Takes::Number], None, |call| rounded(call, f64::floor)),
    function("log", &[Takes::Number, Takes::Number], None, log),
    function("max", &[], Some(Takes::Number), |call| extreme(call, |a, b| a > b)),
    function("min", &[], Some(Takes::Number), |call| extreme(call, |a, b| a < b)),
    function("parseint", &[Takes::Any, Takes::Number], None, parseint),
    function("pow", &[Takes::Number, Takes::Number], None, pow),
    function("signum", &[Takes::Number], None, |call| {
        let known = call.whole(0)?;
        call.give(Kind::Number(Number::Whole(known.signum())))
    }),
];

fn finite(call: &Call<'_>, float: f64) -> Outcome {
    match number::of(float) {
        Some(known) => call.give(Kind::Number(known)),
        None => Err(Stop::Error(None, "the result is not a finite number".to_owned())),
    }
}

fn rounded(call: &Call<'_>, round: fn(f64) -> f64) -> Outcome {
    match call.number(0)? {
        known @ Number::Whole(_) => call.give(Kind::Number(known)),
        Number::Float(float) => finite(call, round(float)),
    }
}

fn extreme(call: &Call<'_>, better: fn(Number, Number) -> bool) -> Outcome {
    if call.arguments.is_empty() {
        return Err(Stop::Error(None, "takes at least one number".to_owned()));
    }
    let mut best = call.number(0)?;
    for index in 1..call.arguments.len() {
        let next = call.number(index)?;
        if better(next, best) {
            best = next;
        }
    }
    call.give(Kind::Number(best))
}

fn log(call: &Call<'_>) -> Outcome {
    finite(call, call.number(0)?.as_f64().ln() / call.number(1)?.as_f64().ln())
}

fn pow(call: &Call<'_>) -> Outcome {
    finite(call, call.number(0)?.as_f64().powf(call.number(1)?.as_f64()))
}

/// Text in a base up to 62: digits, small letters, then capitals. Up to base 36 the case does not matter.
fn parseint(call: &Call<'_>) -> Outcome {
    let text = match &call.argument(0)?.kind {
        Kind::Text(_) | Kind::Json(_) => call.text(0)?,
        Kind::Partial(_) | Kind::Attribute(_) | Kind::Rest(_) | Kind::Unknown(_) => return Err(Stop::Unknown),
        _ => return call.refuse(0, "a string is required"),
    };
    let base = call.whole(1)?;
    if !(2..=62).contains(&base) {
        return call.refuse(1, "must be a whole number from 2 to 62");
    }
    let refused = || Stop::Error(Some(0), format!("is not a whole number in base {base}"));
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    if digits.is_empty() {
        return Err(refused());
    }
    let mut total: i128 = 0;
    for digit in digits.bytes() {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'z' => digit - b'a' + 10,
            b'A'..=b'Z' if base <= 36 => digit - b'A' + 10,
            b'A'..=b'Z' => digit - b'A' + 36,
            _ => return Err(refused()),
        };
        if i128::from(value) >= base {
            return Err(refused());
        }
        let next = total.checked_mul(base).and_then(|total| total.checked_add(i128::from(value)));
        total = next.ok_or(Stop::Limit("too large a number"))?;
    }
    call.give(Kind::Number(Number::Whole(if negative { -total } else { total })))
}
