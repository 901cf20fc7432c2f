//! Regular expressions, in RE2's syntax.

use std::fmt::Write as _;
use std::sync::Arc;

use regex::{Captures, Regex, RegexBuilder};

use super::strings::MAX_TEXT;
use super::{Call, Function, Outcome, Stop, Takes, function};
use crate::input::terraform::text::Assembly;
use crate::input::terraform::value::{Kind, Member, Object, Part, Text, Value};
use crate::source::Span;

pub(super) const FUNCTIONS: &[Function] = &[
    function("regex", &[Takes::Text, Takes::Text], None, first_match),
    function("regexall", &[Takes::Text, Takes::Text], None, all_matches),
    function("replace", &[Takes::Text, Takes::Text, Takes::Text], None, replace),
];

/// Bytes of a compiled expression.
const MAX_COMPILED: usize = 1 << 20;

fn compiled(call: &Call<'_>, index: usize, pattern: &str) -> Result<Regex, Stop> {
    RegexBuilder::new(&translated(pattern))
        .size_limit(MAX_COMPILED)
        .build()
        .or_else(|_| call.refuse(index, "is not a regular expression that can be used"))
}

/// A pattern of RE2 as one of the `regex` crate: the classes of the former are ASCII, a brace that begins no
/// repetition is itself, and a bracket within a class is, too.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut class = false;
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        let after = rest.get(character.len_utf8()..).unwrap_or_default();
        rest = after;
        match character {
            '\\' => {
                let Some(escaped) = after.chars().next() else {
                    out.push('\\');
                    break;
                };
                rest = after.get(escaped.len_utf8()..).unwrap_or_default();
                match (escaped, class) {
                    ('d', false) => out.push_str("[0-9]"),
                    ('d', true) => out.push_str("0-9"),
                    ('D', _) => out.push_str("[^0-9]"),
                    ('w', false) => out.push_str("[0-9A-Za-z_]"),
                    ('w', true) => out.push_str("0-9A-Za-z_"),
                    ('W', _) => out.push_str("[^0-9A-Za-z_]"),
                    ('s', false) => out.push_str("[\\t\\n\\f\\r ]"),
                    ('s', true) => out.push_str("\\t\\n\\f\\r "),
                    ('S', _) => out.push_str("[^\\t\\n\\f\\r ]"),
                    ('b', false) => out.push_str("(?-u:\\b)"),
                    ('<' | '>', _) => out.push(escaped),
                    // `\p{Greek}`, `\x{10FFFF}`.
                    ('p' | 'P' | 'x', _) if rest.starts_with('{') => {
                        let (name, behind) = rest.split_once('}').unwrap_or((rest, ""));
                        out.push('\\');
                        out.push(escaped);
                        out.push_str(name);
                        out.push('}');
                        rest = behind;
                    }
                    ('Q', false) => {
                        let (quoted, behind) = rest.split_once("\\E").unwrap_or((rest, ""));
                        out.push_str(&regex::escape(quoted));
                        rest = behind;
                    }
                    _ => {
                        out.push('\\');
                        out.push(escaped);
                    }
                }
            }
            '[' if class => match after.strip_prefix(':').and_then(|name| name.split_once(":]")) {
                Some((name, behind)) if name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'^') => {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "[:{name}:]");
                    rest = behind;
                }
                _ => out.push_str("\\["),
            },
            '[' => {
                class = true;
                out.push('[');
                for literal in ['^', ']'] {
                    if let Some(behind) = rest.strip_prefix(literal) {
                        out.push_str(if literal == ']' { "\\]" } else { "^" });
                        rest = behind;
                    }
                }
            }
            ']' if class => {
                class = false;
                out.push(']');
            }
            '&' | '~' if class => {
                out.push('\\');
                out.push(character);
            }
            '{' if !class && !begins_repetition(after) => out.push_str("\\{"),
            _ => out.push(character),
        }
    }
    out
}

/// Whether `3}`, `3,}` or `3,5}` follows.
fn begins_repetition(after: &str) -> bool {
    let Some((counts, _)) = after.split_once('}') else { return false };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (least, most) = counts.split_once(',').unwrap_or((counts, ""));
    !least.is_empty() && digits(least) && digits(most)
}

/// The text that matched, or its groups.
fn result(call: &Call<'_>, regex: &Regex, captures: &Captures<'_>) -> Outcome {
    let names: Vec<Option<&str>> = regex.capture_names().skip(1).collect();
    let group = |index: usize| match captures.get(index) {
        Some(found) => Value::text(call.span, found.as_str()),
        None => Value::null(call.span),
    };
    if names.is_empty() {
        return Ok(group(0));
    }
    if names.iter().all(Option::is_none) {
        return call.give_list((1..=names.len()).map(group).collect());
    }
    let mut members = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let Some(name) = name else { return call.refuse(0, "cannot have both named and unnamed groups") };
        members.push(Member { key: Arc::from(*name), key_span: call.span, value: group(index + 1) });
    }
    Ok(Value::object(call.span, Object::new(members)))
}

fn first_match(call: &Call<'_>) -> Outcome {
    let regex = compiled(call, 0, &call.text(0)?)?;
    let text = call.text(1)?;
    match regex.captures(&text) {
        Some(captures) => result(call, &regex, &captures),
        None => call.refuse(1, "has nothing that matches"),
    }
}

fn all_matches(call: &Call<'_>) -> Outcome {
    let regex = compiled(call, 0, &call.text(0)?)?;
    let text = call.text(1)?;
    let matches: Result<Vec<Value>, Stop> =
        regex.captures_iter(&text).map(|captures| result(call, &regex, &captures)).collect();
    Ok(Value::list(call.span, matches?).collected())
}

fn replace(call: &Call<'_>) -> Outcome {
    let wanted = call.text(1)?;
    let pattern = wanted.strip_prefix('/').and_then(|wanted| wanted.strip_suffix('/'));
    if let Some(pattern) = pattern {
        let replacement = call.text(2)?;
        let regex = compiled(call, 1, pattern)?;
        let text = call.text(0)?;
        if text.len().saturating_mul(replacement.len().max(1)) > MAX_TEXT << 4 {
            return Err(Stop::Limit("too long a text"));
        }
        return call.give_text(regex.replace_all(&text, &*replacement).into_owned());
    }
    let parts = super::strings::parts(call, 0)?;
    if parts.len() > 1 && may_straddle(&parts, &wanted) {
        return Err(Stop::Unknown);
    }
    let replacement = call.argument(2)?;
    let replacement = match &replacement.kind {
        Kind::Attribute(_) | Kind::Unknown(_) => vec![Part::Value(replacement.clone())],
        _ => super::strings::parts(call, 2)?,
    };
    let mut written = Assembly::new(call.span);
    for part in &parts {
        match part {
            Part::Literal(text, span) => replaced(text, *span, &wanted, &replacement, &mut written)?,
            Part::Value(hole) => written.value(&call.derived(0, hole)).map_err(super::strings::refused(0))?,
        }
    }
    Ok(written.finish())
}

/// Whether a text may be found that begins or ends in a part that is not known, and goes on in a known one.
fn may_straddle(parts: &[Part], wanted: &str) -> bool {
    let inside = |at: usize| at > 0 && wanted.is_char_boundary(at);
    let cuts: Vec<usize> = (0..wanted.len()).filter(|at| inside(*at)).collect();
    let ends_with = |text: &str| cuts.iter().any(|at| wanted.get(..*at).is_some_and(|begun| text.ends_with(begun)));
    let starts_with = |text: &str| cuts.iter().any(|at| wanted.get(*at..).is_some_and(|rest| text.starts_with(rest)));
    wanted.is_empty()
        || parts.iter().enumerate().any(|(index, part)| match part {
            Part::Literal(text, _) => {
                let (first, last) = (index == 0, index + 1 == parts.len());
                !last && ends_with(&text.text)
                    || !first && starts_with(&text.text)
                    || !first && !last && wanted.len() > text.text.len() && wanted.contains(&*text.text)
            }
            // Nothing is between two of them.
            Part::Value(_) => !cuts.is_empty() && matches!(parts.get(index + 1), Some(Part::Value(_))),
        })
}

fn replaced(text: &Text, span: Span, wanted: &str, with: &[Part], written: &mut Assembly) -> Result<(), Stop> {
    let mut from = 0;
    let mut length = 0;
    for (at, found) in text.text.match_indices(wanted) {
        written.text(&text.slice(from..at), span);
        for part in with {
            match part {
                Part::Literal(text, _) => {
                    length += text.text.len();
                    written.literal(&text.text, span);
                }
                Part::Value(value) => {
                    length += 1;
                    written.value(value).map_err(super::strings::refused(2))?;
                }
            }
        }
        if length > MAX_TEXT {
            return Err(Stop::Limit("too long a text"));
        }
        from = at + found.len();
    }
    written.text(&text.slice(from..text.text.len()), span);
    Ok(())
}
