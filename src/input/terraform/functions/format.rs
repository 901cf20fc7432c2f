//! `format` and `formatlist`.

use unicode_segmentation::UnicodeSegmentation as _;

use super::strings::{MAX_TEXT, refused};
use super::{Call, Function, Outcome, Stop, Takes, function, is_open, known_text};
use crate::input::terraform::text::Assembly;
use crate::input::terraform::types::{number, to_bool, to_number, to_text};
use crate::input::terraform::value::{Kind, Number, Text, Unknown, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("format", &[Takes::Text], Some(Takes::Nullable), |call| {
        formatted(call, call.arguments.get(1..).unwrap_or_default())
    }),
    function("formatlist", &[Takes::Text], Some(Takes::Nullable), formatlist),
];

/// One verb such as `%-10.3f` or `%[2]s`.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "the flags are independent")]
struct Verb {
    zero: bool,
    sharp: bool,
    plus: bool,
    minus: bool,
    space: bool,
    width: Option<usize>,
    precision: Option<usize>,
    /// 1-based.
    argument: usize,
    mode: char,
}

impl Verb {
    /// Reads what stands behind `%`; the rest of the text is left.
    fn read(rest: &mut &str, next: usize) -> Option<Self> {
        let mut verb = Self { argument: next, ..Self::default() };
        let mut after = *rest;
        loop {
            let flag = match after.bytes().next()? {
                b'0' => &mut verb.zero,
                b'#' => &mut verb.sharp,
                b'+' => &mut verb.plus,
                b'-' => &mut verb.minus,
                b' ' => &mut verb.space,
                _ => break,
            };
            *flag = true;
            after = after.get(1..)?;
        }
        verb.width = digits(&mut after);
        if let Some(behind) = after.strip_prefix('.') {
            after = behind;
            verb.precision = Some(digits(&mut after).unwrap_or(0));
        }
        if let Some(behind) = after.strip_prefix('[') {
            after = behind;
            verb.argument = digits(&mut after).filter(|index| *index > 0)?;
            after = after.strip_prefix(']')?;
        }
        verb.mode = after.chars().next().filter(char::is_ascii_alphabetic)?;
        *rest = after.get(1..)?;
        Some(verb)
    }

    fn is_plain(&self) -> bool {
        self.width.is_none() && self.precision.is_none()
    }

    fn padded(&self, text: &str) -> String {
        let missing = self.width.unwrap_or(0).saturating_sub(text.graphemes(true).count());
        let pads = if self.zero { "0" } else { " " }.repeat(missing);
        if self.minus { format!("{text}{pads}") } else { format!("{pads}{text}") }
    }

    /// A number with its sign, padded as in Go.
    fn signed(&self, negative: bool, prefix: &str, digits: &str, zero: bool) -> String {
        let sign = match (negative, self.plus, self.space) {
            (true, _, _) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        };
        let missing = self.width.unwrap_or(0).saturating_sub(sign.len() + prefix.len() + digits.len());
        match (self.minus, zero) {
            (true, _) => format!("{sign}{prefix}{digits}{}", " ".repeat(missing)),
            (false, true) => format!("{sign}{prefix}{}{digits}", "0".repeat(missing)),
            (false, false) => format!("{}{sign}{prefix}{digits}", " ".repeat(missing)),
        }
    }
}

/// A number without leading zeros.
fn digits(rest: &mut &str) -> Option<usize> {
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at_checked(length)?;
    *rest = after;
    if number.is_empty() { None } else { Some(number.parse().unwrap_or(usize::MAX)) }
}

/// The text for one set of arguments.
fn formatted(call: &Call<'_>, arguments: &[Value]) -> Outcome {
    let format_text = call.text(0)?;
    let literal = match &call.argument(0)?.kind {
        Kind::Text(text) => text.clone(),
        _ => Text { text: format_text.clone(), pieces: None },
    };
    let mut written = Assembly::new(call.span);
    let malformed = || Stop::Error(Some(0), "is not a valid format".to_owned());
    let mut rest: &str = &format_text;
    let (mut next, mut highest) = (1, 0);
    while let Some(at) = rest.find('%') {
        let from = format_text.len() - rest.len();
        written.text(&literal.slice(from..from + at), call.span);
        rest = rest.get(at + 1..).unwrap_or_default();
        if let Some(after) = rest.strip_prefix('%') {
            written.literal("%", call.span);
            rest = after;
            continue;
        }
        let verb = Verb::read(&mut rest, next).ok_or_else(malformed)?;
        if verb.width.is_some_and(|width| width > MAX_TEXT) || verb.precision.is_some_and(|wide| wide > MAX_TEXT) {
            return Err(Stop::Limit("too long a text"));
        }
        highest = highest.max(verb.argument);
        next = verb.argument.saturating_add(1);
        match arguments.get(verb.argument - 1) {
            None => return Err(Stop::Error(Some(0), "has more verbs than there are arguments".to_owned())),
            Some(argument) => append(call, &verb, argument, &mut written)?,
        }
    }
    let from = format_text.len() - rest.len();
    written.text(&literal.slice(from..format_text.len()), call.span);
    if highest < arguments.len() {
        return Err(Stop::Error(Some(highest + 1), "is not used by the format".to_owned()));
    }
    Ok(written.finish())
}

fn append(call: &Call<'_>, verb: &Verb, argument: &Value, written: &mut Assembly) -> Result<(), Stop> {
    let index = verb.argument;
    if argument.is_null() && verb.mode != 'v' {
        return call.refuse(index, "null cannot be formatted");
    }
    let known = match verb.mode {
        'v' => match &argument.kind {
            Kind::Number(number) if !verb.sharp => verb.padded(&shortest(*number, None, 6)),
            Kind::Text(_) | Kind::Partial(_) | Kind::Json(_) if !verb.sharp && verb.is_plain() => {
                return written.value(argument).map_err(refused(index));
            }
            Kind::Text(text) if !verb.sharp => verb.padded(&text.text),
            _ if is_open(argument) && verb.is_plain() => return written.value(argument).map_err(refused(index)),
            _ if is_open(argument) => return written.value(&derived(call, argument)).map_err(refused(index)),
            _ => {
                let json = super::rendered(argument, call.span);
                match &json.kind {
                    Kind::Text(text) => verb.padded(&text.text),
                    _ if verb.is_plain() => return written.value(&json).map_err(refused(index)),
                    _ => return written.value(&derived(call, argument)).map_err(refused(index)),
                }
            }
        },
        't' => match to_bool(argument.clone()).map_err(refused(index))?.kind {
            Kind::Bool(known) => known.to_string(),
            _ => return written.value(argument).map_err(refused(index)),
        },
        's' | 'q' => {
            let value = to_text(argument.clone()).map_err(refused(index))?;
            if verb.mode == 's' && verb.is_plain() {
                return written.value(&value).map_err(refused(index));
            }
            match known_text(&value) {
                Ok(text) => {
                    let wanted = verb.precision.filter(|wanted| *wanted > 0).unwrap_or(usize::MAX);
                    let cut: String = text.graphemes(true).take(wanted).collect();
                    let quoted = || super::rendered(&Value::text(call.span, cut.as_str()), call.span);
                    match (verb.mode, quoted().kind) {
                        ('q', Kind::Text(json)) => verb.padded(&json.text),
                        _ => verb.padded(&cut),
                    }
                }
                Err(_) if verb.mode == 'q' && verb.is_plain() => {
                    return written.value(&super::rendered(&value, call.span)).map_err(refused(index));
                }
                Err(_) => return written.value(&derived(call, &value)).map_err(refused(index)),
            }
        }
        'b' | 'd' | 'o' | 'x' | 'X' | 'e' | 'E' | 'f' | 'g' | 'G' => {
            match to_number(argument.clone()).map_err(refused(index))?.kind {
                Kind::Number(number) => numeric(verb, number)
                    .ok_or_else(|| Stop::Error(Some(index), "a whole number is required".to_owned()))?,
                _ if verb.mode == 'd' && verb.is_plain() && !verb.plus && !verb.space => {
                    return written.value(argument).map_err(refused(index));
                }
                _ => return written.value(&derived(call, argument)).map_err(refused(index)),
            }
        }
        _ => return call.refuse(0, "has a verb that is not known"),
    };
    written.literal(&known, call.span);
    Ok(())
}

/// An unknown text that is made of an argument.
fn derived(call: &Call<'_>, argument: &Value) -> Value {
    Value::unknown(call.span, call.reason(argument), None).marked(argument.sensitive)
}

fn numeric(verb: &Verb, number: Number) -> Option<String> {
    let float = number.as_f64();
    let negative = number < Number::Whole(0);
    let exponent = |text: String| if verb.mode.is_ascii_uppercase() { text.to_ascii_uppercase() } else { text };
    let digits = match verb.mode {
        'f' => match (number, verb.precision.unwrap_or(6)) {
            (Number::Whole(whole), 0) => whole.unsigned_abs().to_string(),
            (Number::Whole(whole), places) => format!("{}.{}", whole.unsigned_abs(), "0".repeat(places)),
            (Number::Float(_), places) => format!("{:.places$}", float.abs()),
        },
        'e' | 'E' => exponent(scientific(float.abs(), Some(verb.precision.unwrap_or(6)))),
        'g' | 'G' => exponent(shortest(absolute(number), verb.precision, 6)),
        _ => {
            let whole = number::whole(number)?.unsigned_abs();
            let (prefix, digits) = match verb.mode {
                'b' => ("0b", format!("{whole:b}")),
                'o' => ("0", format!("{whole:o}")),
                'x' => ("0x", format!("{whole:x}")),
                'X' => ("0X", format!("{whole:X}")),
                _ => ("", whole.to_string()),
            };
            let missing = verb.precision.unwrap_or(0).saturating_sub(digits.len());
            let digits = format!("{}{digits}", "0".repeat(missing));
            let prefix = if verb.sharp { prefix } else { "" };
            return Some(verb.signed(negative, prefix, &digits, verb.zero && verb.precision.is_none()));
        }
    };
    Some(verb.signed(negative, "", &digits, verb.zero))
}

fn absolute(number: Number) -> Number {
    if number < Number::Whole(0) { number::negate(number) } else { number }
}

/// As `%e` in Go: at least two digits of exponent.
fn scientific(float: f64, places: Option<usize>) -> String {
    let written = places.map_or_else(|| format!("{float:e}"), |places| format!("{float:.places$e}"));
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// As `%g` in Go: with an exponent when it is below -4 or not below the number of digits.
fn shortest(number: Number, precision: Option<usize>, fallback: usize) -> String {
    let float = number.as_f64();
    let rounded = match precision {
        None => format!("{float:e}"),
        Some(digits) => format!("{float:.*e}", digits.saturating_sub(1)),
    };
    let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let trimmed = if precision.is_some() && mantissa.contains('.') {
        mantissa.trim_end_matches('0').trim_end_matches('.')
    } else {
        mantissa
    };
    let used = trimmed.bytes().filter(u8::is_ascii_digit).count();
    let before_point = exponent + 1;
    let limit = match precision {
        None => fallback,
        Some(digits) => digits.max(1),
    };
    let wide = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let limit = if precision.is_some() && limit > used && wide(used) >= before_point { used } else { limit };
    if exponent < -4 || exponent >= wide(limit) {
        let (sign, exponent) = if exponent < 0 { ('-', -exponent) } else { ('+', exponent) };
        return format!("{trimmed}e{sign}{exponent:02}");
    }
    let negative = if trimmed.starts_with('-') { "-" } else { "" };
    let digits: String = trimmed.chars().filter(char::is_ascii_digit).collect();
    let Ok(point) = usize::try_from(before_point) else {
        let zeros = usize::try_from(-before_point).unwrap_or(0);
        return format!("{negative}0.{}{digits}", "0".repeat(zeros));
    };
    match (point, digits.split_at_checked(point)) {
        (0, _) => format!("{negative}0.{digits}"),
        (_, Some((whole, ""))) => format!("{negative}{whole}"),
        (_, Some((whole, fraction))) => format!("{negative}{whole}.{fraction}"),
        (_, None) => format!("{negative}{digits}{}", "0".repeat(point - digits.len())),
    }
}

fn element_of_rest(item: &Value) -> Option<Value> {
    match &item.kind {
        Kind::Rest(more) => more.element.as_deref().cloned(),
        _ => None,
    }
}

fn formatlist(call: &Call<'_>) -> Outcome {
    let arguments = call.arguments.get(1..).unwrap_or_default();
    let mut length = None;
    let mut rest: Option<&Value> = None;
    if arguments.iter().any(Value::is_unordered) {
        return Err(Stop::Unknown);
    }
    for (index, argument) in arguments.iter().enumerate() {
        match argument.elements() {
            None => {}
            Some(items) => {
                let known = items.iter().take_while(|item| !matches!(item.kind, Kind::Rest(_))).count();
                match (length, items.get(known)) {
                    (Some(other), None) if rest.is_none() && other != known => {
                        return call.refuse(index + 1, "must be as long as the other lists");
                    }
                    (Some(other), further) => {
                        length = Some(known.min(other));
                        rest = rest.or(further);
                    }
                    (None, further) => {
                        length = Some(known);
                        rest = further;
                    }
                }
            }
        }
    }
    // An unknown argument may be a list of any length, unless another argument says the length.
    if length.is_none() && arguments.iter().any(|argument| matches!(argument.kind, Kind::Unknown(_))) {
        return Err(Stop::Unknown);
    }
    let mut items = Vec::new();
    for at in 0..length.unwrap_or(1) {
        let row = arguments.iter().filter_map(|argument| match argument.elements() {
            Some(items) => items.get(at).cloned(),
            None if matches!(argument.kind, Kind::Unknown(_)) => Some(derived(call, argument)),
            None => Some(argument.clone()),
        });
        items.push(formatted(call, &row.collect::<Vec<_>>())?);
    }
    if let Some(rest) = rest {
        let row: Vec<Value> = arguments
            .iter()
            .map(|argument| match argument.elements().map(|items| items.iter().find_map(element_of_rest)) {
                Some(Some(element)) => element,
                _ if argument.elements().is_none() && !matches!(argument.kind, Kind::Unknown(_)) => argument.clone(),
                _ => derived(call, argument),
            })
            .collect();
        let element = formatted(call, &row).ok();
        let further = call.further(rest, element.as_ref());
        // Of one list there is one text for each element.
        let lists = arguments.iter().filter(|argument| argument.elements().is_some()).count();
        items.push(match (&rest.kind, further.kind) {
            (Kind::Rest(of), Kind::Rest(more)) if lists == 1 => {
                let more = Unknown { symbol: of.symbol.clone(), ..(*more).clone() };
                Value::new(rest.span, Kind::Rest(more.into())).marked(further.sensitive)
            }
            (_, kind) => Value::new(rest.span, kind).marked(further.sensitive),
        });
    }
    Ok(Value::list(call.span, items).collected())
}
