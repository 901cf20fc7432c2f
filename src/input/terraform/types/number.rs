//! Numbers: whole ones exactly, others in the nearest `f64`.
//!
//! Terraform holds 512 bits. The difference shows in the digits of quotients and beyond 38 places.

use crate::source::hcl::Number;

/// Beyond this a float need not be the whole number that it looks like.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The number of a float: whole when it is; `None` when it is not finite.
pub fn of(float: f64) -> Option<Number> {
    if !float.is_finite() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the bounds that a float holds exactly")]
    let whole = (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i128);
    Some(whole.map_or(Number::Float(float), Number::Whole))
}

/// A number as Terraform reads it from text: decimal, with a fraction and an exponent if need be.
pub fn parse(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let negative = text.starts_with('-');
    let significant = fraction.trim_end_matches('0');
    let shift = exponent.checked_sub(i32::try_from(significant.len()).ok()?)?;
    let exact = u32::try_from(shift).ok().and_then(|shift| {
        let all: i128 = format!("{whole}{significant}").parse().ok()?;
        let shifted = if all == 0 { 0 } else { all.checked_mul(10_i128.checked_pow(shift)?)? };
        Some(Number::Whole(if negative { -shifted } else { shifted }))
    });
    exact.or_else(|| text.parse().ok().and_then(of))
}

/// The whole number, if it is one.
pub fn whole(number: Number) -> Option<i128> {
    match number {
        Number::Whole(whole) => Some(whole),
        Number::Float(_) => None,
    }
}

pub fn negate(number: Number) -> Number {
    match number {
        Number::Whole(whole) => whole.checked_neg().map_or(Number::Float(-number.as_f64()), Number::Whole),
        Number::Float(float) => Number::Float(-float),
    }
}

pub fn add(a: Number, b: Number) -> Option<Number> {
    exactly(a, b, i128::checked_add)
        .or_else(|| decimally(a, b, i128::checked_add))
        .or_else(|| of(a.as_f64() + b.as_f64()))
}

pub fn subtract(a: Number, b: Number) -> Option<Number> {
    exactly(a, b, i128::checked_sub)
        .or_else(|| decimally(a, b, i128::checked_sub))
        .or_else(|| of(a.as_f64() - b.as_f64()))
}

pub fn multiply(a: Number, b: Number) -> Option<Number> {
    let decimal = || {
        let ((a, a_places), (b, b_places)) = (decimal(a)?, decimal(b)?);
        of_decimal(a.checked_mul(b)?, a_places + b_places)
    };
    exactly(a, b, i128::checked_mul).or_else(decimal).or_else(|| of(a.as_f64() * b.as_f64()))
}

/// `None` for a division by zero.
pub fn divide(a: Number, b: Number) -> Option<Number> {
    let exact = |a: i128, b: i128| (a.checked_rem(b)? == 0).then(|| a.checked_div(b)).flatten();
    exactly(a, b, exact).or_else(|| of(a.as_f64() / b.as_f64()))
}

/// The remainder has the sign of the dividend. `None` for a division by zero.
pub fn remainder(a: Number, b: Number) -> Option<Number> {
    exactly(a, b, i128::checked_rem).or_else(|| of(a.as_f64() % b.as_f64()))
}

/// Digits that a float certainly holds; one with more comes from a division or the like.
const HELD: u32 = 15;

/// The digits of a number as it is written, and how many of them stand behind the point.
fn decimal(number: Number) -> Option<(i128, u32)> {
    match number {
        Number::Whole(whole) => Some((whole, 0)),
        Number::Float(float) => {
            let written = float.to_string();
            let places = written.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            let digits: i128 = written.replace('.', "").parse().ok()?;
            let held = digits.unsigned_abs() < 10_u128.pow(HELD);
            held.then_some((digits, u32::try_from(places).ok()?))
        }
    }
}

fn of_decimal(digits: i128, places: u32) -> Option<Number> {
    parse(&format!("{digits}e-{places}"))
}

/// What is written as decimals is added as decimals: 0.1 and 0.2 are 0.3.
fn decimally(a: Number, b: Number, operation: impl Fn(i128, i128) -> Option<i128>) -> Option<Number> {
    let ((a, a_places), (b, b_places)) = (decimal(a)?, decimal(b)?);
    let places = a_places.max(b_places);
    let scaled = |digits: i128, own: u32| digits.checked_mul(10_i128.checked_pow(places - own)?);
    of_decimal(operation(scaled(a, a_places)?, scaled(b, b_places)?)?, places)
}

fn exactly(a: Number, b: Number, operation: impl Fn(i128, i128) -> Option<i128>) -> Option<Number> {
    match (a, b) {
        (Number::Whole(a), Number::Whole(b)) => operation(a, b).map(Number::Whole),
        _ => None,
    }
}
