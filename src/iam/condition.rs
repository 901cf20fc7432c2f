//! The `Condition` block: operators with their set qualifiers, keys and values.

use std::fmt;
use std::sync::Arc;

use super::document::{Raw, patterns};
use super::pattern::{Pattern, Reading};
use crate::value::Reason;

#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub set: SetOperator,
    pub operator: Operator,
    /// `…IfExists`: true when the key is missing from the request.
    pub if_exists: bool,
    /// In lower case: condition keys compare without case.
    pub key: Arc<str>,
    /// Any of them suffices (for a negated operator: none may match).
    pub values: Vec<Pattern>,
}

/// How a key with several values in the request is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOperator {
    None,
    /// True when the key is missing.
    ForAllValues,
    /// False when the key is missing.
    ForAnyValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    /// True when the value says that the key is missing ("true") or present ("false").
    Null,
    /// Any other, in lower case.
    Other(Arc<str>),
}

impl Condition {
    /// A positive comparison with text, whatever its case sensitivity.
    pub fn compares_text(&self) -> bool {
        matches!(self.operator, Operator::StringEquals | Operator::StringEqualsIgnoreCase | Operator::StringLike)
    }

    /// Whether `*` and `?` in the values are wildcards.
    pub fn has_wildcards(&self) -> bool {
        self.operator == Operator::StringLike
    }

    /// Whether the statement cannot apply to a request that lacks the key.
    pub fn requires_key(&self) -> bool {
        match self.operator {
            Operator::Null => {
                !self.values.is_empty()
                    && self
                        .values
                        .iter()
                        .all(|value| value.literal().is_some_and(|text| text.eq_ignore_ascii_case("false")))
            }
            Operator::Other(ref name) if name.contains("not") => false,
            _ => !self.if_exists && self.set != SetOperator::ForAllValues,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.set {
            SetOperator::None => {}
            SetOperator::ForAllValues => f.write_str("ForAllValues:")?,
            SetOperator::ForAnyValue => f.write_str("ForAnyValue:")?,
        }
        let operator = match &self.operator {
            Operator::StringEquals => "StringEquals",
            Operator::StringEqualsIgnoreCase => "StringEqualsIgnoreCase",
            Operator::StringLike => "StringLike",
            Operator::Null => "Null",
            Operator::Other(name) => name,
        };
        write!(f, "{operator}{} {}", if self.if_exists { "IfExists" } else { "" }, self.key)
    }
}

/// The conditions of a block, and the reason when there may be more.
pub(super) fn read(raw: &Raw, variables: bool) -> (Vec<Condition>, Option<Reason>) {
    let (operators, mut open) = match raw {
        Raw::Map(operators, open) => (operators, open.clone()),
        Raw::Unknown(reason) => return (Vec::new(), Some(reason.clone())),
        Raw::Null => return (Vec::new(), None),
        Raw::Text(_) | Raw::List(_) => {
            return (Vec::new(), Some(Reason::NotUnderstood(Arc::from("a condition block was expected here"))));
        }
    };
    let mut conditions = Vec::new();
    for (name, keys) in operators {
        match keys {
            Raw::Map(keys, more) => {
                open = open.or_else(|| more.clone());
                conditions.extend(keys.iter().map(|(key, values)| condition(name, key, values, variables)));
            }
            Raw::Unknown(reason) => open = open.or_else(|| Some(reason.clone())),
            Raw::Null => {}
            Raw::Text(_) | Raw::List(_) => {
                open = open.or_else(|| Some(Reason::NotUnderstood(Arc::from("condition keys were expected here"))));
            }
        }
    }
    (conditions, open)
}

fn condition(name: &str, key: &str, values: &Raw, variables: bool) -> Condition {
    let (set, name) = match name.split_once(':') {
        Some((set, name)) if set.eq_ignore_ascii_case("ForAllValues") => (SetOperator::ForAllValues, name),
        Some((set, name)) if set.eq_ignore_ascii_case("ForAnyValue") => (SetOperator::ForAnyValue, name),
        _ => (SetOperator::None, name),
    };
    let lower = name.to_ascii_lowercase();
    let (operator, if_exists) = match lower.strip_suffix("ifexists") {
        Some(operator) => (operator, true),
        None => (lower.as_str(), false),
    };
    let operator = match operator {
        "stringequals" => Operator::StringEquals,
        "stringequalsignorecase" => Operator::StringEqualsIgnoreCase,
        "stringlike" => Operator::StringLike,
        "null" => Operator::Null,
        other => Operator::Other(Arc::from(other)),
    };
    Condition {
        set,
        operator,
        if_exists,
        key: Arc::from(key.to_lowercase()),
        values: patterns(values, Reading { variables, fold_case: false }),
    }
}
