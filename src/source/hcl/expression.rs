//! Expressions of the native syntax. Source: HCL Native Syntax Specification, "Expressions".

use std::sync::Arc;

use super::scan::{HEIGHT, Parser, Result};
use super::{
    BinaryOperator, Call, Conditional, Expression, ExpressionKind, For, Name, Number, ObjectItem, Step, TemplatePart,
    UnaryOperator,
};

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expression> {
        let before = std::mem::take(&mut self.height);
        let expression = self.nested(Self::conditional);
        self.height = before.max(self.height + 1);
        expression
    }

    fn conditional(&mut self) -> Result<Expression> {
        let condition = self.binary(0)?;
        self.skip();
        if !self.eat(b'?') {
            return Ok(condition);
        }
        let then = self.expression()?;
        self.expect(":")?;
        let otherwise = self.expression()?;
        Ok(Expression {
            span: condition.span.join(otherwise.span),
            kind: ExpressionKind::Conditional(Box::new(Conditional { condition, then, otherwise })),
        })
    }

    /// Operands joined by operators that bind at least as tightly as `weakest`. All operators group to the left.
    fn binary(&mut self, weakest: u8) -> Result<Expression> {
        let mut left = self.operand()?;
        loop {
            self.skip();
            let Some((operator, width, strength)) = self.peek_operator() else { return Ok(left) };
            if strength < weakest {
                return Ok(left);
            }
            let at = self.at;
            self.at += width;
            let of_left = std::mem::take(&mut self.height);
            let right = self.binary(strength + 1)?;
            self.height = of_left.max(self.height) + 1;
            if self.depth + self.height > HEIGHT {
                let message = format!("more than {HEIGHT} operators in one expression");
                return Err(self.error(message, at, at + width));
            }
            let span = left.span.join(right.span);
            left = Expression { span, kind: ExpressionKind::Binary(operator, Box::new((left, right))) };
        }
    }

    /// The binary operator that is next, how long it is and how tightly it binds.
    fn peek_operator(&self) -> Option<(BinaryOperator, usize, u8)> {
        let second = self.peek_after(1);
        Some(match (self.peek()?, second) {
            (b'|', Some(b'|')) => (BinaryOperator::Or, 2, 0),
            (b'&', Some(b'&')) => (BinaryOperator::And, 2, 1),
            (b'=', Some(b'=')) => (BinaryOperator::Equal, 2, 2),
            (b'!', Some(b'=')) => (BinaryOperator::NotEqual, 2, 2),
            (b'<', Some(b'=')) => (BinaryOperator::LessOrEqual, 2, 3),
            (b'>', Some(b'=')) => (BinaryOperator::GreaterOrEqual, 2, 3),
            (b'<', Some(b'<')) => return None,
            (b'<', _) => (BinaryOperator::Less, 1, 3),
            (b'>', _) => (BinaryOperator::Greater, 1, 3),
            (b'+', _) => (BinaryOperator::Add, 1, 4),
            (b'-', _) => (BinaryOperator::Subtract, 1, 4),
            (b'*', _) => (BinaryOperator::Multiply, 1, 5),
            (b'/', _) => (BinaryOperator::Divide, 1, 5),
            (b'%', _) => (BinaryOperator::Modulo, 1, 5),
            _ => return None,
        })
    }

    fn operand(&mut self) -> Result<Expression> {
        self.skip();
        let operator = match self.peek() {
            Some(b'!') => UnaryOperator::Not,
            Some(b'-') => UnaryOperator::Negate,
            _ => return self.traversal(),
        };
        let start = self.at;
        self.at += 1;
        let operand = self.nested(Self::operand)?;
        self.height += 1;
        let span = self.place.span(start, start + 1).join(operand.span);
        Ok(Expression { span, kind: ExpressionKind::Unary(operator, Box::new(operand)) })
    }

    fn traversal(&mut self) -> Result<Expression> {
        let of = self.primary()?;
        let mut steps = Vec::new();
        let mut span = of.span;
        loop {
            self.skip();
            match self.peek() {
                Some(b'.') if self.peek_after(1) != Some(b'.') => steps.push(self.attribute_step()?),
                Some(b'[') => steps.push(self.index_step()?),
                _ => break,
            }
            // Every step ends where it was read to; nothing is skipped behind it.
            span = span.join(self.place.span(self.at, self.at));
        }
        if steps.is_empty() {
            return Ok(of);
        }
        steps.shrink_to_fit();
        Ok(Expression { span, kind: ExpressionKind::Traversal(Box::new(of), steps) })
    }

    fn attribute_step(&mut self) -> Result<Step> {
        self.at += 1;
        self.skip();
        let start = self.at;
        if self.eat(b'*') {
            return Ok(Step::AttributeSplat(self.place.span(start, self.at)));
        }
        if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.digits();
            let kind = ExpressionKind::Number(number(self.slice(start, self.at)));
            return Ok(Step::Index(Box::new(Expression { span: self.place.span(start, self.at), kind })));
        }
        Ok(Step::Attribute(self.identifier("an attribute name, a number or `*` after `.`")?))
    }

    fn index_step(&mut self) -> Result<Step> {
        self.at += 1;
        self.within(false, |parser| {
            parser.skip();
            let start = parser.at;
            if parser.eat(b'*') {
                let span = parser.place.span(start, parser.at);
                parser.expect("]")?;
                return Ok(Step::Splat(span));
            }
            let index = parser.expression()?;
            parser.expect("]")?;
            Ok(Step::Index(Box::new(index)))
        })
    }

    fn primary(&mut self) -> Result<Expression> {
        let start = self.at;
        let kind = match self.peek() {
            Some(b'"') => ExpressionKind::Template(self.quoted()?),
            Some(b'<') if self.peek_after(1) == Some(b'<') => ExpressionKind::Template(self.heredoc()?),
            Some(b'[') => self.list()?,
            Some(b'{') => self.object()?,
            Some(b'(') => {
                self.at += 1;
                self.within(false, |parser| {
                    let inside = parser.expression()?;
                    parser.expect(")")?;
                    Ok(inside.kind)
                })?
            }
            Some(b'0'..=b'9') => {
                self.number_end();
                let more = self.peek() == Some(b'.') && self.peek_after(1).is_some_and(|byte| byte.is_ascii_digit());
                if more || self.peek_identifier().is_some() {
                    return Err(self.error("not a number; a text is written in quotes", start, self.at));
                }
                ExpressionKind::Number(number(self.slice(start, self.at)))
            }
            _ => return self.word(),
        };
        Ok(Expression { span: self.place.span(start, self.at), kind })
    }

    /// A literal word, a variable or a function call.
    fn word(&mut self) -> Result<Expression> {
        let Some(text) = self.peek_identifier() else { return Err(self.expected("a value")) };
        let start = self.at;
        self.at += text.len();
        let end = self.at;
        self.skip();
        let namespaced = self.rest().starts_with("::");
        if namespaced || self.peek() == Some(b'(') {
            return self.call(start, end);
        }
        let kind = match text {
            "null" => ExpressionKind::Null,
            "true" => ExpressionKind::Bool(true),
            "false" => ExpressionKind::Bool(false),
            _ => ExpressionKind::Variable(Arc::from(text)),
        };
        Ok(Expression { span: self.place.span(start, end), kind })
    }

    /// A call whose name's first part was read: `provider::aws::arn_parse(…)` has several.
    fn call(&mut self, start: usize, mut end: usize) -> Result<Expression> {
        let mut text = self.slice(start, end).to_owned();
        while self.rest().starts_with("::") {
            self.at += 2;
            let part = self.identifier("a function's name")?;
            text.push_str("::");
            text.push_str(&part.text);
            end = self.at;
            self.skip();
        }
        let name = Name { text: Arc::from(text), span: self.place.span(start, end) };
        self.expect("(")?;
        self.within(false, |parser| {
            let (mut arguments, mut expand_last) = (Vec::new(), false);
            loop {
                parser.skip();
                if parser.eat(b')') {
                    break;
                }
                arguments.push(parser.expression()?);
                parser.skip();
                if parser.rest().starts_with("...") {
                    parser.at += 3;
                    expand_last = true;
                    parser.skip();
                    parser.eat(b',');
                    parser.expect(")")?;
                    break;
                }
                if !parser.eat(b',') {
                    parser.closing(b')', "`,` or `)`")?;
                    break;
                }
            }
            let span = parser.place.span(start, parser.at);
            Ok(Expression { span, kind: ExpressionKind::Call(Box::new(Call { name, arguments, expand_last })) })
        })
    }

    fn closing(&mut self, bracket: u8, what: &str) -> Result<()> {
        if self.eat(bracket) { Ok(()) } else { Err(self.expected(what)) }
    }

    fn list(&mut self) -> Result<ExpressionKind> {
        self.at += 1;
        self.within(false, |parser| {
            if parser.at_for() {
                return parser.for_expression(b']');
            }
            let mut items = Vec::new();
            loop {
                parser.skip();
                if parser.eat(b']') {
                    break;
                }
                items.push(parser.expression()?);
                parser.skip();
                if !parser.eat(b',') {
                    parser.closing(b']', "`,` or `]`")?;
                    break;
                }
            }
            Ok(ExpressionKind::List(items))
        })
    }

    fn object(&mut self) -> Result<ExpressionKind> {
        self.at += 1;
        if self.within(false, |parser| Ok(parser.at_for()))? {
            return self.within(false, |parser| parser.for_expression(b'}'));
        }
        self.within(true, |parser| {
            let mut items = Vec::new();
            loop {
                parser.skip_lines();
                if parser.eat(b'}') {
                    break;
                }
                let key = parser.object_key()?;
                parser.skip();
                if !parser.eat(b'=') && !parser.eat(b':') {
                    return Err(parser.expected("`=` or `:` after an object's key"));
                }
                let value = parser.expression()?;
                items.push(ObjectItem { key, value });
                parser.skip();
                if !parser.eat(b',') && !parser.eat(b'\n') {
                    parser.closing(b'}', "`,`, a new line or `}`")?;
                    break;
                }
            }
            Ok(ExpressionKind::Object(items))
        })
    }

    /// A word alone is a text; anything else is evaluated.
    fn object_key(&mut self) -> Result<Expression> {
        let start = self.at;
        if let Some(text) = self.peek_identifier() {
            self.at += text.len();
            let end = self.at;
            self.skip();
            let assigned = match self.peek() {
                Some(b'=') => self.peek_after(1) != Some(b'='),
                byte => byte == Some(b':') && self.peek_after(1) != Some(b':'),
            };
            if assigned {
                let span = self.place.span(start, end);
                let kind = ExpressionKind::Template(vec![TemplatePart::Literal(Arc::from(text), span)]);
                return Ok(Expression { span, kind });
            }
            self.at = start;
        }
        self.expression()
    }

    /// Whether `for` and a variable follow, rather than something that is called `for`.
    fn at_for(&mut self) -> bool {
        self.skip();
        let start = self.at;
        let found = self.keyword("for") && {
            self.skip();
            self.peek_identifier().is_some()
        };
        self.at = start;
        found
    }

    fn for_expression(&mut self, bracket: u8) -> Result<ExpressionKind> {
        self.keyword("for");
        let (key_variable, value_variable) = self.for_variables()?;
        let collection = self.expression()?;
        self.expect(":")?;
        let mut value = self.expression()?;
        let mut key = None;
        let mut grouping = false;
        if bracket == b'}' {
            self.expect("=>")?;
            key = Some(std::mem::replace(&mut value, self.expression()?));
            self.skip();
            if self.rest().starts_with("...") {
                self.at += 3;
                grouping = true;
            }
        }
        let condition = if self.keyword("if") { Some(self.expression()?) } else { None };
        self.skip();
        self.closing(bracket, if bracket == b'}' { "`if` or `}`" } else { "`if` or `]`" })?;
        Ok(ExpressionKind::For(Box::new(For {
            key_variable,
            value_variable,
            collection,
            key,
            value,
            grouping,
            condition,
        })))
    }

    /// `k, v in` or `v in`.
    pub(super) fn for_variables(&mut self) -> Result<(Option<Arc<str>>, Arc<str>)> {
        let first = self.identifier("a variable's name")?.text;
        self.skip();
        let variables =
            if self.eat(b',') { (Some(first), self.identifier("a variable's name")?.text) } else { (None, first) };
        if !self.keyword("in") {
            return Err(self.expected("`in`"));
        }
        Ok(variables)
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn number_end(&mut self) {
        let is_digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
        self.digits();
        if self.peek() == Some(b'.') && is_digit(self.peek_after(1)) {
            self.at += 1;
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            let signed = matches!(self.peek_after(1), Some(b'+' | b'-'));
            if is_digit(self.peek_after(1 + usize::from(signed))) {
                self.at += 1 + usize::from(signed);
                self.digits();
            }
        }
    }
}

/// A number as it is written, without a sign.
#[expect(clippy::cast_possible_truncation, reason = "checked to be a whole number that f64 holds exactly")]
pub(super) fn number(text: &str) -> Number {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    };
    if let Ok(number) = whole.parse() {
        return Number::Whole(number);
    }
    let number: f64 = text.parse().unwrap_or(f64::NAN);
    if number.fract() == 0.0 && number.abs() <= EXACT { Number::Whole(number as i128) } else { Number::Float(number) }
}
