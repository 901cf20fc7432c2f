//! Constants: booleans, whole numbers, texts, regular expressions, ranges.

use fancy_regex::Regex;
use serde_json::Value as Json;

use crate::facts::Shape;
use crate::input::not_understood;
use crate::rule::guard::MARK;
use crate::rule::predicate::{Constant, Pattern};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rule) enum Literal {
    Bool(bool),
    Int(i64),
    Text(String),
    Regex(String),
    Range(i64, i64),
}

/// One constant, or the constants of a list.
pub(super) fn constants(json: &Json) -> Result<Vec<Literal>, String> {
    match json {
        Json::Array(items) => items.iter().map(literal).collect(),
        single => literal(single).map(|literal| vec![literal]),
    }
}

fn literal(json: &Json) -> Result<Literal, String> {
    match json {
        Json::Bool(value) => Ok(Literal::Bool(*value)),
        Json::Number(number) => {
            number.as_i64().map(Literal::Int).ok_or_else(|| format!("`{number}` is not a whole number"))
        }
        Json::String(text) => {
            if let Some(text) = text.strip_prefix(MARK) {
                return Ok(Literal::Text(text.to_owned()));
            }
            let regex = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
            regex
                .map(|regex| Literal::Regex(regex.to_owned()))
                .or_else(|| range(text))
                .ok_or_else(|| format!("`{text}` is no constant that predicates support; ranges are of whole numbers"))
        }
        Json::Null => {
            Err("facts are never null: an absent thing is an empty list, `\"\"` or a documented word".to_owned())
        }
        Json::Array(_) | Json::Object(_) => Err("lists and objects within a list are not supported".to_owned()),
    }
}

/// `(1,5]` → inclusive bounds.
fn range(text: &str) -> Option<Literal> {
    let open = text.chars().next()?;
    let close = text.chars().last()?;
    let (low, high) = text.get(1..text.len().checked_sub(1)?)?.split_once(',')?;
    let low: i64 = low.trim().parse().ok()?;
    let high: i64 = high.trim().parse().ok()?;
    let low = if open == '(' { low.checked_add(1)? } else { low };
    let high = if close == ')' { high.checked_sub(1)? } else { high };
    Some(Literal::Range(low, high))
}

impl Literal {
    /// The constant for comparing it with values of a shape.
    pub(super) fn constant(&self, shape: &Shape) -> Result<Constant, String> {
        match (self, super::known(shape)) {
            (Self::Bool(value), Shape::Bool) => Ok(Constant::Bool(*value)),
            (Self::Int(value), Shape::Int) => Ok(Constant::Int(*value)),
            (Self::Text(value), Shape::Text) => Ok(Constant::Text(value.clone())),
            (Self::Range(low, high), Shape::Int) => Ok(Constant::Range(*low, *high)),
            (Self::Regex(text), Shape::Text) => {
                let regex = Regex::new(text).map_err(|error| format!("`/{text}/`: {error}"))?;
                let limit = not_understood(format!("matching `/{text}/` takes too many steps"));
                Ok(Constant::Matches(Box::new(Pattern { regex, limit })))
            }
            (_, shape) => Err(format!("{} is never equal to {}", super::kind(shape), self.kind())),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "a number",
            Self::Text(_) => "a text",
            Self::Regex(_) => "a regular expression's match",
            Self::Range(..) => "a number of a range",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_inclusive_bounds() {
        assert_eq!(range("(1,5]"), Some(Literal::Range(2, 5)));
        assert_eq!(range("[1,5)"), Some(Literal::Range(1, 4)));
        assert_eq!(range("[a,b]"), None);
        assert_eq!(range("é"), None);
    }
}
