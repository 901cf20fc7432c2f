//! Operators, over values that may be unknown.

use std::cmp::Ordering;
use std::sync::Arc;

use super::atoms::{Claim, Formula, Literal};
use super::expression::{Scope, symbol_of};
use super::run::{Fault, Run};
use crate::input::not_understood;
use crate::input::terraform::symbol;
use crate::input::terraform::types::{self, Mismatch, number, to_bool, to_number};
use crate::input::terraform::value::{Kind, Number, Unknown, Value};
use crate::source::Span;
use crate::source::hcl::{BinaryOperator, Expression, UnaryOperator};

/// Symbols that are longer are none.
const MAX_SYMBOL: usize = 160;

impl<'a> Run<'a> {
    pub(super) fn unary(
        &self,
        operator: UnaryOperator,
        operand: &Expression,
        span: Span,
        scope: Scope<'_, 'a>,
    ) -> Result<Value, Fault> {
        let operand = self.evaluate(operand, scope)?;
        let sensitive = operand.sensitive;
        let value = match operator {
            UnaryOperator::Not => {
                let operand = present(operand).and_then(|operand| converted(operand, to_bool))?;
                if let Kind::Bool(known) = &operand.kind {
                    Value::new(span, Kind::Bool(!known))
                } else {
                    let negated = symbol_of(&operand).and_then(|symbol| self.negation(&symbol));
                    self.undecided(span, &[&operand], negated)
                }
            }
            UnaryOperator::Negate => {
                let operand = present(operand).and_then(|operand| converted(operand, to_number))?;
                if let Kind::Number(known) = &operand.kind {
                    Value::new(span, Kind::Number(number::negate(*known)))
                } else {
                    let negated = symbol_of(&operand).map(|symbol| format!("-{}", grouped(&symbol)));
                    self.undecided(span, &[&operand], negated.map(Arc::from))
                }
            }
        };
        Ok(value.marked(sensitive))
    }

    pub(super) fn binary(
        &self,
        operator: BinaryOperator,
        left: &Expression,
        right: &Expression,
        span: Span,
        scope: Scope<'_, 'a>,
    ) -> Result<Value, Fault> {
        use BinaryOperator as Op;
        match operator {
            Op::And | Op::Or => return self.logical(operator == Op::And, left, right, span, scope),
            _ => {}
        }
        let left = self.evaluate(left, scope)?;
        let right = self.evaluate(right, scope)?;
        let sensitive = left.sensitive || right.sensitive;
        let value = match operator {
            Op::Equal | Op::NotEqual => self.compare(operator == Op::Equal, &left, &right, span),
            _ => {
                let left = present(left).and_then(|left| converted(left, to_number))?;
                let right = present(right).and_then(|right| converted(right, to_number))?;
                if let (Kind::Number(a), Kind::Number(b)) = (&left.kind, &right.kind) {
                    Value::new(span, calculated(operator, *a, *b, span)?)
                } else {
                    let symbol = self.calculation(operator, &left, &right);
                    self.undecided(span, &[&left, &right], symbol)
                }
            }
        };
        Ok(value.marked(sensitive))
    }

    /// `&&` and `||`: what the left side decides, the right one is not asked for.
    fn logical(
        &self,
        and: bool,
        left: &Expression,
        right: &Expression,
        span: Span,
        scope: Scope<'_, 'a>,
    ) -> Result<Value, Fault> {
        let left = present(self.evaluate(left, scope)?).and_then(|left| converted(left, to_bool))?;
        if let Kind::Bool(known) = left.kind
            && known != and
        {
            return Ok(left);
        }
        let right = present(self.evaluate(right, scope)?).and_then(|right| converted(right, to_bool))?;
        let sensitive = left.sensitive || right.sensitive;
        let value = match (&left.kind, &right.kind) {
            (Kind::Bool(_), _) => right,
            (_, Kind::Bool(known)) if *known != and => right,
            (_, Kind::Bool(_)) => left,
            _ => {
                let symbols = symbol_of(&left).zip(symbol_of(&right));
                let symbol = symbols.and_then(|(a, b)| {
                    let operator = if and { "&&" } else { "||" };
                    let symbol = short(format!("{} {operator} {}", grouped(&a), grouped(&b)))?;
                    self.asked.define(&symbol, if and { Formula::And(a, b) } else { Formula::Or(a, b) });
                    Some(symbol)
                });
                self.undecided(span, &[&left, &right], symbol)
            }
        };
        Ok(value.marked(sensitive))
    }

    fn compare(&self, wanted: bool, left: &Value, right: &Value, span: Span) -> Value {
        if let Some(equal) = types::equal(left, right) {
            return Value::new(span, Kind::Bool(equal == wanted));
        }
        let symbol = self.equality(left, right);
        let symbol = if wanted { symbol } else { symbol.and_then(|symbol| self.negation(&symbol)) };
        self.undecided(span, &[left, right], symbol)
    }

    /// The symbol of `left == right`, in its normal form.
    pub(super) fn equality(&self, left: &Value, right: &Value) -> Option<Arc<str>> {
        let (value, other) = match left.kind {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => (right, left),
            _ => (left, right),
        };
        let about = symbol_of(value)?;
        if let Kind::Bool(known) = other.kind {
            return if known { Some(about) } else { self.negation(&about) };
        }
        let second = symbol_of(other)?;
        let literal = Literal::of(other).filter(|_| Literal::of(value).is_none());
        if about.starts_with("length(") && matches!(literal, Some(Literal::Number(Number::Whole(0)))) {
            let above = self.above(&about, 0)?;
            return self.negation(&above);
        }
        let (first, second) = match literal {
            None if second < about => (second, Arc::clone(&about)),
            _ => (Arc::clone(&about), second),
        };
        let symbol = short(format!("{} == {}", grouped(&first), grouped(&second)))?;
        if let Some(literal) = literal {
            self.asked.define(&symbol, Formula::Claim(Claim::Is(about, literal)));
        }
        Some(symbol)
    }

    fn above(&self, number: &Arc<str>, bound: i128) -> Option<Arc<str>> {
        let symbol = short(format!("{} > {bound}", grouped(number)))?;
        self.asked.define(&symbol, Formula::Claim(Claim::Above(Arc::clone(number), bound)));
        Some(symbol)
    }

    fn negation(&self, symbol: &Arc<str>) -> Option<Arc<str>> {
        if let Some(inner) = self.asked.negated(symbol) {
            return Some(inner);
        }
        let negated = short(format!("!{}", grouped(symbol)))?;
        self.asked.define(&negated, Formula::Not(Arc::clone(symbol)));
        Some(negated)
    }

    /// The symbol of a calculation or comparison of numbers.
    fn calculation(&self, operator: BinaryOperator, left: &Value, right: &Value) -> Option<Arc<str>> {
        use BinaryOperator as Op;
        let (first, second) = (symbol_of(left)?, symbol_of(right)?);
        // Seen from the side that is not known.
        let (about, bound, seen) = match (&left.kind, &right.kind) {
            (_, Kind::Number(Number::Whole(bound))) => (&first, *bound, operator),
            (Kind::Number(Number::Whole(bound)), _) => {
                let turned = match operator {
                    Op::Less => Op::Greater,
                    Op::LessOrEqual => Op::GreaterOrEqual,
                    Op::Greater => Op::Less,
                    Op::GreaterOrEqual => Op::LessOrEqual,
                    other => other,
                };
                (&second, *bound, turned)
            }
            _ => (&first, 0, Op::Add),
        };
        match seen {
            Op::Greater => return self.above(about, bound),
            Op::GreaterOrEqual => return self.above(about, bound.checked_sub(1)?),
            Op::LessOrEqual => return self.above(about, bound).and_then(|above| self.negation(&above)),
            Op::Less => {
                return self.above(about, bound.checked_sub(1)?).and_then(|above| self.negation(&above));
            }
            _ => {}
        }
        short(format!("{} {} {}", grouped(&first), sign(operator), grouped(&second)))
    }

    /// The result of an operation on what is not known.
    fn undecided(&self, span: Span, operands: &[&Value], symbol: Option<Arc<str>>) -> Value {
        let reason = unknown_in(operands).reason.clone();
        self.unknown(span, reason, symbol)
    }
}

/// Why one of these is not known, and what it is called.
pub(super) fn unknown_in(values: &[&Value]) -> Arc<Unknown> {
    for value in values {
        if let Kind::Unknown(unknown) = &value.kind {
            return Arc::clone(unknown);
        }
        if let Some(reason) = symbol::reason(value) {
            return Arc::new(Unknown::new(reason, symbol_of(value)));
        }
    }
    Arc::new(Unknown::new(not_understood("a value that cannot be compared"), None))
}

fn present(value: Value) -> Result<Value, Fault> {
    if value.is_null() {
        return Err(Fault::new(value.span, "an operand is null"));
    }
    Ok(value)
}

fn converted(value: Value, convert: fn(Value) -> Result<Value, Mismatch>) -> Result<Value, Fault> {
    let span = value.span;
    convert(value).map_err(|mismatch| Fault::new(span, mismatch.to_string()))
}

fn calculated(operator: BinaryOperator, a: Number, b: Number, span: Span) -> Result<Kind, Fault> {
    use BinaryOperator as Op;
    let order = a.partial_cmp(&b);
    let number = match operator {
        Op::Less => return Ok(Kind::Bool(order == Some(Ordering::Less))),
        Op::LessOrEqual => return Ok(Kind::Bool(matches!(order, Some(Ordering::Less | Ordering::Equal)))),
        Op::Greater => return Ok(Kind::Bool(order == Some(Ordering::Greater))),
        Op::GreaterOrEqual => return Ok(Kind::Bool(matches!(order, Some(Ordering::Greater | Ordering::Equal)))),
        Op::Add => number::add(a, b),
        Op::Subtract => number::subtract(a, b),
        Op::Multiply => number::multiply(a, b),
        Op::Divide => number::divide(a, b),
        Op::Modulo => number::remainder(a, b),
        Op::Or | Op::And | Op::Equal | Op::NotEqual => None,
    };
    let problem = match operator {
        Op::Divide | Op::Modulo => "a number cannot be divided by zero",
        _ => "the number is too large",
    };
    number.map(Kind::Number).ok_or_else(|| Fault::new(span, problem))
}

fn sign(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Or => "||",
        BinaryOperator::And => "&&",
        BinaryOperator::Equal => "==",
        BinaryOperator::NotEqual => "!=",
        BinaryOperator::Less => "<",
        BinaryOperator::LessOrEqual => "<=",
        BinaryOperator::Greater => ">",
        BinaryOperator::GreaterOrEqual => ">=",
        BinaryOperator::Add => "+",
        BinaryOperator::Subtract => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Modulo => "%",
    }
}

fn short(symbol: String) -> Option<Arc<str>> {
    (symbol.len() <= MAX_SYMBOL).then(|| Arc::from(symbol))
}

/// In parentheses when it is made by an operator.
fn grouped(symbol: &str) -> std::borrow::Cow<'_, str> {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for character in symbol.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ' ' if depth == 0 => return std::borrow::Cow::Owned(format!("({symbol})")),
            _ => {}
        }
    }
    std::borrow::Cow::Borrowed(symbol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_operator_makes_stands_in_parentheses() {
        assert_eq!(grouped("var.a"), "var.a");
        assert_eq!(grouped("f(a, \"b c\")"), "f(a, \"b c\")");
        assert_eq!(grouped("var.a == \"x\""), "(var.a == \"x\")");
        assert_eq!(grouped("\"a \\\" b\""), "\"a \\\" b\"");
    }
}
