//! Files and paths of the module. What a template makes of its variables the host knows.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use regex::Regex;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::hashes::{base64_of, hex_of};
use super::{Call, Content, Function, Marks, Outcome, Stop, Takes, Template, Unread, function, is_open};
use crate::input::terraform::symbol;
use crate::input::terraform::types::set_of;
use crate::input::terraform::value::{Kind, Text, Value};
use crate::value::Reason;

pub(super) const FUNCTIONS: &[Function] = &[
    function("abspath", &[Takes::Text], None, |call| {
        let path = call.text(0)?;
        if path.starts_with('/') { call.give_text(clean(&path)) } else { Err(Stop::Unknown) }
    }),
    function("basename", &[Takes::Text], None, |call| call.give_text(last(&call.text(0)?))),
    function("dirname", &[Takes::Text], None, |call| {
        let path = call.text(0)?;
        call.give_text(clean(path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or_default()))
    }),
    function("file", &[Takes::Text], None, file),
    function("filebase64", &[Takes::Text], None, |call| of_file(call, |bytes| STANDARD.encode(bytes))),
    function("filebase64sha256", &[Takes::Text], None, |call| of_file(call, base64_of::<Sha256>)),
    function("filebase64sha512", &[Takes::Text], None, |call| of_file(call, base64_of::<Sha512>)),
    function("fileexists", &[Takes::Text], None, |call| match call.host.read(&call.text(0)?) {
        Ok(_) => call.give(Kind::Bool(true)),
        Err(Unread::Absent) => call.give(Kind::Bool(false)),
        Err(Unread::Unknown(reason)) => unread(call, reason),
    }),
    function("filemd5", &[Takes::Text], None, |call| of_file(call, hex_of::<Md5>)),
    function("fileset", &[Takes::Text, Takes::Text], None, fileset),
    function("filesha1", &[Takes::Text], None, |call| of_file(call, hex_of::<Sha1>)),
    function("filesha256", &[Takes::Text], None, |call| of_file(call, hex_of::<Sha256>)),
    function("filesha512", &[Takes::Text], None, |call| of_file(call, hex_of::<Sha512>)),
    function("pathexpand", &[Takes::Text], None, |call| {
        let path = call.text(0)?;
        if path.starts_with('~') { Err(Stop::Unknown) } else { call.give_text(path) }
    }),
    function("templatefile", &[Takes::Text, Takes::Any], None, |call| {
        let path = call.text(0)?;
        render(call, Template::File(&path))
    })
    .marks(Marks::Given),
    function("templatestring", &[Takes::Text, Takes::Any], None, |call| {
        render(call, Template::Text(call.argument(0)?))
    })
    .marks(Marks::Given),
];

/// Files that a `fileset` has at most.
const MAX_FILES: usize = 10_000;

/// The shortest path that means the same, as Go's `path.Clean` has it.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if rooted => {}
            part => kept.push(part),
        }
    }
    let joined = kept.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

fn last(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match (path.is_empty(), trimmed.is_empty()) {
        (true, _) => ".",
        (false, true) => "/",
        _ => trimmed.rsplit('/').next().unwrap_or(trimmed),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it ends functions")]
fn unread(call: &Call<'_>, reason: Reason) -> Outcome {
    Ok(Value::unknown(call.span, reason, symbol::of_call(call.name, call.arguments)))
}

fn content(call: &Call<'_>) -> Result<Result<Content, Reason>, Stop> {
    let path = call.text(0)?;
    match call.host.read(&path) {
        Ok(content) => Ok(Ok(content)),
        Err(Unread::Absent) => Err(Stop::Error(Some(0), format!("there is no file `{path}`"))),
        Err(Unread::Unknown(reason)) => Ok(Err(reason)),
    }
}

fn file(call: &Call<'_>) -> Outcome {
    let content = match content(call)? {
        Ok(content) => content,
        Err(reason) => return unread(call, reason),
    };
    match std::str::from_utf8(&content.bytes) {
        Ok(text) => call.give(Kind::Text(Text { text: Arc::from(text), pieces: content.pieces })),
        Err(_) => call.refuse(0, "names a file that is not text in UTF-8"),
    }
}

fn of_file(call: &Call<'_>, text: impl Fn(&[u8]) -> String) -> Outcome {
    match content(call)? {
        Ok(content) => call.give_text(text(&content.bytes)),
        Err(reason) => unread(call, reason),
    }
}

fn render(call: &Call<'_>, template: Template<'_>) -> Outcome {
    let variables = call.argument(1)?;
    match &variables.kind {
        Kind::Object(variables) => call.host.render(template, variables, call.span).map_err(Stop::Call),
        _ if is_open(variables) => Err(Stop::Unknown),
        _ => call.refuse(1, "a map or object is required"),
    }
}

fn fileset(call: &Call<'_>) -> Outcome {
    let (directory, pattern) = (call.text(0)?, call.text(1)?);
    let pattern = clean(&pattern);
    if pattern.starts_with("..") {
        return Err(Stop::Unknown);
    }
    let Some(pattern) = glob(&pattern) else { return call.refuse(1, "is not a pattern of file names") };
    let mut names = match call.host.list(&directory) {
        Ok(names) => names,
        Err(Unread::Absent) => Vec::new(),
        Err(Unread::Unknown(reason)) => return unread(call, reason),
    };
    names.retain(|name| pattern.is_match(name));
    if names.len() > MAX_FILES {
        return Err(Stop::Limit("too many elements"));
    }
    let names = names.into_iter().map(|name| Value::text(call.span, name)).collect();
    call.give(Kind::Set(set_of(names).into()))
}

/// A pattern of paths: `*` within a name, `**` across directories, `?`, `[a-z]` and `{a,b}`.
fn glob(pattern: &str) -> Option<Regex> {
    let mut out = String::from("^");
    let mut alternatives = 0_usize;
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        let before = pattern.len() - rest.len();
        let starts = before == 0 || pattern.get(..before).is_some_and(|before| before.ends_with('/'));
        rest = rest.get(character.len_utf8()..)?;
        match character {
            '*' if starts && rest.starts_with("*/") => {
                rest = rest.get(2..)?;
                out.push_str("(?:[^/]+/)*");
            }
            '*' if starts && rest == "*" => {
                rest = "";
                out.push_str(".*");
            }
            '*' => {
                rest = rest.trim_start_matches('*');
                out.push_str("[^/]*");
            }
            '?' => out.push_str("[^/]"),
            '[' => {
                let (class, behind) = rest.split_once(']')?;
                let (negated, class) = match class.strip_prefix('^') {
                    Some(class) => ("^", class),
                    None => ("", class),
                };
                out.push_str(&format!("[{negated}{}]", class.replace('\\', "\\\\").replace('[', "\\[")));
                rest = behind;
            }
            '{' => {
                alternatives += 1;
                out.push_str("(?:");
            }
            '}' if alternatives > 0 => {
                alternatives -= 1;
                out.push(')');
            }
            ',' if alternatives > 0 => out.push('|'),
            '\\' => {
                let escaped = rest.chars().next()?;
                out.push_str(&regex::escape(escaped.encode_utf8(&mut [0; 4])));
                rest = rest.get(escaped.len_utf8()..)?;
            }
            _ => out.push_str(&regex::escape(character.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    Regex::new(&out).ok()
}
