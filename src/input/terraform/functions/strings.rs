//! Text. What a function does to each character alone it does to the known parts of a text, and each unknown part
//! becomes an unknown result of its own.

use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation as _;

use super::{Call, Function, Outcome, Stop, Takes, function, is_open};
use crate::input::terraform::text::Assembly;
use crate::input::terraform::types::Mismatch;
use crate::input::terraform::value::{Attribute, Kind, Part, Text, Value};
use crate::source::Span;

pub(super) const FUNCTIONS: &[Function] = &[
    function("chomp", &[Takes::Text], None, |call| trimmed(call, false, |character| "\r\n".contains(character))),
    function("endswith", &[Takes::Text, Takes::Text], None, endswith),
    function("indent", &[Takes::Number, Takes::Text], None, indent),
    function("join", &[Takes::Text], Some(Takes::Texts), join),
    function("lower", &[Takes::Text], None, |call| each_character(call, lower)),
    function("split", &[Takes::Text, Takes::Text], None, split),
    function("startswith", &[Takes::Text, Takes::Text], None, startswith),
    function("strcontains", &[Takes::Text, Takes::Text], None, strcontains),
    function("strrev", &[Takes::Text], None, |call| {
        call.give_text(call.text(0)?.graphemes(true).rev().collect::<String>())
    }),
    function("substr", &[Takes::Text, Takes::Number, Takes::Number], None, substr),
    function("title", &[Takes::Text], None, title),
    function("trim", &[Takes::Text, Takes::Text], None, |call| {
        let cutset = call.text(1)?;
        trimmed(call, true, |character| cutset.contains(character))
    }),
    function("trimprefix", &[Takes::Text, Takes::Text], None, trimprefix),
    function("trimspace", &[Takes::Text], None, |call| trimmed(call, true, char::is_whitespace)),
    function("trimsuffix", &[Takes::Text, Takes::Text], None, trimsuffix),
    function("upper", &[Takes::Text], None, |call| each_character(call, upper)),
];

/// Bytes of text that a function makes of little.
pub(super) const MAX_TEXT: usize = 1 << 20;

pub(super) fn refused(index: usize) -> impl Fn(Mismatch) -> Stop {
    move |mismatch| Stop::Error(Some(index), mismatch.to_string())
}

/// The parts of an argument that is text, known or partly.
pub(super) fn parts(call: &Call<'_>, index: usize) -> Result<Vec<Part>, Stop> {
    let value = call.argument(index)?;
    match &value.kind {
        Kind::Text(text) => Ok(vec![Part::Literal(text.clone(), value.span)]),
        Kind::Partial(parts) => Ok(parts.to_vec()),
        Kind::Json(inner) => match super::rendered(inner, value.span).kind {
            Kind::Text(text) => Ok(vec![Part::Literal(text, value.span)]),
            Kind::Partial(parts) => Ok(parts.to_vec()),
            _ => Err(Stop::Unknown),
        },
        _ => Err(Stop::Unknown),
    }
}

/// Lower case as in Go: one character for each.
fn lower(character: char) -> char {
    let mut mapped = character.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        // U+0130, the capital I with a dot.
        (Some(first), Some(_)) => first,
        _ => character,
    }
}

/// Upper case as in Go: characters of which the upper case is several stay.
fn upper(character: char) -> char {
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => character,
    }
}

fn each_character(call: &Call<'_>, map: fn(char) -> char) -> Outcome {
    let mut written = Assembly::new(call.span);
    for part in parts(call, 0)? {
        match part {
            Part::Literal(text, span) => {
                let mapped: String = text.text.chars().map(map).collect();
                let pieces = text.pieces.filter(|_| mapped.len() == text.text.len());
                written.text(&Text { text: mapped.into(), pieces }, span);
            }
            Part::Value(hole) => written.value(&call.derived(0, &hole)).map_err(refused(0))?,
        }
    }
    Ok(written.finish())
}

/// A capital after what is neither letter, digit nor underscore.
fn title(call: &Call<'_>) -> Outcome {
    let mut before = ' ';
    let separates = |character: char| match character {
        '_' => false,
        _ if character.is_ascii() => !character.is_ascii_alphanumeric(),
        _ => !character.is_alphanumeric() && character.is_whitespace(),
    };
    let titled = call
        .text(0)?
        .chars()
        .map(|character| {
            let mapped = if separates(before) { upper(character) } else { character };
            before = character;
            mapped
        })
        .collect::<String>();
    call.give_text(titled)
}

/// Cuts characters at the end of a text, and at its start. An unknown part hides what is cut, except that no identifier
/// begins or ends with white space.
fn trimmed(call: &Call<'_>, at_start: bool, cuts: impl Fn(char) -> bool) -> Outcome {
    let mut parts = parts(call, 0)?;
    let visible = ('!'..='~').any(&cuts);
    let hides = |value: &Value| visible || !matches!(value.kind, Kind::Attribute(_));
    loop {
        match parts.first_mut().filter(|_| at_start) {
            Some(Part::Value(value)) if hides(value) => return Err(Stop::Unknown),
            Some(Part::Value(_)) | None => break,
            Some(Part::Literal(text, _)) => {
                let kept = text.text.trim_start_matches(&cuts).len();
                *text = text.slice(text.text.len() - kept..text.text.len());
                if kept > 0 {
                    break;
                }
                parts.remove(0);
            }
        }
    }
    loop {
        match parts.last_mut() {
            Some(Part::Value(value)) if hides(value) => return Err(Stop::Unknown),
            Some(Part::Value(_)) | None => break,
            Some(Part::Literal(text, _)) => {
                let kept = text.text.trim_end_matches(&cuts).len();
                *text = text.slice(0..kept);
                if kept > 0 {
                    break;
                }
                parts.pop();
            }
        }
    }
    let mut written = Assembly::new(call.span);
    for part in &parts {
        written.part(part);
    }
    Ok(written.finish())
}

fn trimprefix(call: &Call<'_>) -> Outcome {
    let prefix = call.text(1)?;
    let parts = parts(call, 0)?;
    let mut written = Assembly::new(call.span);
    let mut rest = parts.iter();
    match rest.next() {
        Some(Part::Literal(text, span)) if text.text.starts_with(&*prefix) => {
            written.text(&text.slice(prefix.len()..text.text.len()), *span);
        }
        // The prefix may go on in the part that is not known.
        Some(Part::Literal(text, _)) if parts.len() > 1 && prefix.starts_with(&*text.text) => {
            return Err(Stop::Unknown);
        }
        Some(Part::Literal(text, span)) => written.text(text, *span),
        Some(Part::Value(_)) if !prefix.is_empty() => return Err(Stop::Unknown),
        Some(part) => written.part(part),
        None => {}
    }
    rest.for_each(|part| written.part(part));
    Ok(written.finish())
}

fn trimsuffix(call: &Call<'_>) -> Outcome {
    let suffix = call.text(1)?;
    let parts = parts(call, 0)?;
    let mut written = Assembly::new(call.span);
    let Some((last, before)) = parts.split_last() else { return Err(Stop::Unknown) };
    for part in before {
        written.part(part);
    }
    match last {
        Part::Literal(text, span) if text.text.ends_with(&*suffix) => {
            written.text(&text.slice(0..text.text.len() - suffix.len()), *span);
        }
        Part::Literal(text, _) if !before.is_empty() && suffix.ends_with(&*text.text) => return Err(Stop::Unknown),
        Part::Value(_) if !suffix.is_empty() => return Err(Stop::Unknown),
        part => written.part(part),
    }
    Ok(written.finish())
}

fn startswith(call: &Call<'_>) -> Outcome {
    let prefix = call.text(1)?;
    match parts(call, 0)?.as_slice() {
        [Part::Literal(text, _)] => call.give(Kind::Bool(text.text.starts_with(&*prefix))),
        [Part::Literal(text, _), ..] if text.text.starts_with(&*prefix) => call.give(Kind::Bool(true)),
        [Part::Literal(text, _), ..] if !prefix.starts_with(&*text.text) => call.give(Kind::Bool(false)),
        _ if prefix.is_empty() => call.give(Kind::Bool(true)),
        _ => Err(Stop::Unknown),
    }
}

fn endswith(call: &Call<'_>) -> Outcome {
    let suffix = call.text(1)?;
    match parts(call, 0)?.as_slice() {
        [Part::Literal(text, _)] => call.give(Kind::Bool(text.text.ends_with(&*suffix))),
        [.., Part::Literal(text, _)] if text.text.ends_with(&*suffix) => call.give(Kind::Bool(true)),
        [.., Part::Literal(text, _)] if !suffix.ends_with(&*text.text) => call.give(Kind::Bool(false)),
        _ if suffix.is_empty() => call.give(Kind::Bool(true)),
        _ => Err(Stop::Unknown),
    }
}

fn strcontains(call: &Call<'_>) -> Outcome {
    let wanted = call.text(1)?;
    let parts = parts(call, 0)?;
    let found = |part: &Part| matches!(part, Part::Literal(text, _) if text.text.contains(&*wanted));
    match parts.as_slice() {
        _ if parts.iter().any(found) => call.give(Kind::Bool(true)),
        [Part::Literal(..)] => call.give(Kind::Bool(false)),
        _ => Err(Stop::Unknown),
    }
}

fn indent(call: &Call<'_>) -> Outcome {
    let spaces = call.count(0)?;
    if spaces > MAX_TEXT {
        return Err(Stop::Limit("too long a text"));
    }
    let mut written = Assembly::new(call.span);
    let mut length = 0;
    for part in parts(call, 1)? {
        match part {
            Part::Literal(text, span) => {
                let mut from = 0;
                for (at, _) in text.text.match_indices('\n') {
                    length += spaces;
                    if length > MAX_TEXT {
                        return Err(Stop::Limit("too long a text"));
                    }
                    written.text(&text.slice(from..at + 1), span);
                    written.literal(&" ".repeat(spaces), span);
                    from = at + 1;
                }
                written.text(&text.slice(from..text.text.len()), span);
            }
            Part::Value(hole) if matches!(hole.kind, Kind::Attribute(_)) => {
                written.value(&hole).map_err(refused(1))?;
            }
            Part::Value(hole) => written.value(&call.derived(1, &hole)).map_err(refused(1))?,
        }
    }
    Ok(written.finish())
}

fn join(call: &Call<'_>) -> Outcome {
    let separator = call.text(0)?;
    if call.arguments.len() < 2 {
        return Err(Stop::Error(None, "takes at least one list".to_owned()));
    }
    let mut written = Assembly::new(call.span);
    let mut first = true;
    for index in 1..call.arguments.len() {
        let list = call.argument(index)?;
        if is_open(list) || list.is_unordered() {
            return Err(Stop::Unknown);
        }
        for item in call.elements(index)? {
            if item.is_null() {
                return call.refuse(index, "must not have null elements");
            }
            // Further elements, if there are any, have the separators on both of their sides.
            let further = matches!(item.kind, Kind::Rest(_));
            if !std::mem::replace(&mut first, further) && !further {
                written.literal(&separator, call.span);
            }
            written.value(item).map_err(refused(index))?;
        }
    }
    Ok(written.finish())
}

fn split(call: &Call<'_>) -> Outcome {
    let separator = call.text(0)?;
    if let (":", Kind::Attribute(attribute)) = (&*separator, &call.argument(1)?.kind)
        && (&*attribute.kind, &*attribute.path) == ("aws_lambda_function", "arn")
    {
        return Ok(Value::list(call.span, function_arn(call, attribute)?).collected());
    }
    let parts = parts(call, 1)?;
    let fragments = |text: &Text, span: Span| -> Vec<Value> {
        if separator.is_empty() {
            return text.text.chars().map(|character| Value::text(span, character.to_string())).collect();
        }
        let mut at = 0;
        let mut found = Vec::new();
        for piece in text.text.split(&*separator) {
            let kept = text.slice(at..at + piece.len());
            at += piece.len() + separator.len();
            found.push(Value::new(span, Kind::Text(kept)));
        }
        found
    };
    let list = |items: Vec<Value>| Ok(Value::list(call.span, items).collected());
    if let [Part::Literal(text, span)] = parts.as_slice() {
        return list(fragments(text, *span));
    }
    // What is glued to an unknown part is an unknown number of elements.
    let mut items = Vec::new();
    if let Some(Part::Literal(text, span)) = parts.first() {
        items = fragments(text, *span);
        items.pop();
    }
    items.push(call.further(call.argument(1)?, None));
    // A longer separator may begin in the unknown part.
    if let (Some(Part::Literal(text, span)), 1) = (parts.last(), separator.len()) {
        items.extend(fragments(text, *span).into_iter().skip(1));
    }
    list(items)
}

/// The fields of a function's ARN, of which the last is its name. Source: "Actions, resources, and condition keys for AWS
/// Lambda" in the Service Authorization Reference.
fn function_arn(call: &Call<'_>, arn: &Attribute) -> Result<Vec<Value>, Stop> {
    let value = call.argument(1)?;
    let unknown = || Value::unknown(value.span, call.reason(value), None);
    let literal = |text: &str| Value::text(value.span, text);
    let name = Attribute { path: Arc::from("function_name"), ..arn.clone() };
    let name = Value::new(value.span, Kind::Attribute(Arc::new(name)));
    Ok(vec![literal("arn"), unknown(), literal("lambda"), unknown(), unknown(), literal("function"), name])
}

fn substr(call: &Call<'_>) -> Outcome {
    let (offset, length) = (call.whole(1)?, call.whole(2)?);
    let parts = parts(call, 0)?;
    let Some(Part::Literal(text, span)) = parts.first() else { return Err(Stop::Unknown) };
    // The boundary of each character, the end included.
    let starts: Vec<usize> = text.text.grapheme_indices(true).map(|(at, _)| at).chain([text.text.len()]).collect();
    let total = i128::try_from(starts.len() - 1).unwrap_or(i128::MAX);
    // A character may go on in the part that is not known.
    let known = if parts.len() == 1 { total } else { total - 1 };
    let from = if offset < 0 { (offset + total).max(0) } else { offset };
    // As Terraform has it, only with an offset from the start is a length of zero none.
    let to = if length < 0 || (length == 0 && offset < 0) { i128::MAX } else { from.saturating_add(length) };
    if parts.len() > 1 && (offset < 0 || to > known) {
        return Err(Stop::Unknown);
    }
    let at = |index: i128| {
        let index = usize::try_from(index.min(total)).unwrap_or(0);
        starts.get(index).copied().unwrap_or(text.text.len())
    };
    let mut written = Assembly::new(call.span);
    written.text(&text.slice(at(from)..at(to.max(from))), *span);
    Ok(written.finish())
}
