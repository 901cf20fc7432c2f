//! Tables of comma-separated values (RFC 4180), as strict as Terraform is.

use std::sync::Arc;

use crate::input::terraform::functions::{Call, Outcome, Stop};
use crate::input::terraform::value::{Member, Object, Value};

pub(super) fn decode(call: &Call<'_>) -> Outcome {
    let text = call.text(0)?.replace("\r\n", "\n");
    let refused = |message: &str| Stop::Error(Some(0), message.to_owned());
    let mut rest = text.as_str();
    let mut rows = Vec::new();
    let mut names: Option<Vec<Arc<str>>> = None;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('\n') {
            rest = after;
            continue;
        }
        let cells = record(&mut rest).ok_or_else(|| refused("has a quote that does not enclose a whole cell"))?;
        let Some(names) = &names else {
            names = Some(cells.into_iter().map(Arc::from).collect());
            continue;
        };
        if cells.len() != names.len() {
            return Err(refused("has a row that is not as long as the header"));
        }
        let members = names.iter().zip(cells).map(|(name, cell)| Member {
            key: Arc::clone(name),
            key_span: call.span,
            value: Value::text(call.span, cell),
        });
        rows.push(Value::object(call.span, Object::new(members.collect())));
    }
    let names = names.ok_or_else(|| refused("has no header"))?;
    if names.iter().enumerate().any(|(index, name)| names.iter().take(index).any(|other| other == name)) {
        return Err(refused("has a column name twice"));
    }
    Ok(Value::list(call.span, rows).collected())
}

/// The cells of the next record; the rest is left.
fn record(rest: &mut &str) -> Option<Vec<String>> {
    let mut cells = Vec::new();
    loop {
        let (cell, after) = if let Some(quoted) = rest.strip_prefix('"') {
            enclosed(quoted)?
        } else {
            let (cell, after) = rest.split_at_checked(rest.find([',', '\n']).unwrap_or(rest.len()))?;
            if cell.contains('"') {
                return None;
            }
            (cell.to_owned(), after)
        };
        cells.push(cell);
        if let Some(next) = after.strip_prefix(',') {
            *rest = next;
            continue;
        }
        *rest = match after.strip_prefix('\n') {
            Some(next) => next,
            None if after.is_empty() => after,
            None => return None,
        };
        return Some(cells);
    }
}

/// The text up to the closing quote, and what follows. A doubled quote is one.
fn enclosed(text: &str) -> Option<(String, &str)> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        cell.push_str(before);
        let Some(next) = after.strip_prefix('"') else { return Some((cell, after)) };
        cell.push('"');
        rest = next;
    }
}
