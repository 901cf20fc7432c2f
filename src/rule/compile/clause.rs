//! Clauses: comparisons, `empty`, blocks, `when`.

use serde_json::Value as Json;

use super::{Compiler, Meaning, array, kind, known, variant};
use crate::facts::Shape;
use crate::rule::predicate::{Block, Clause, Comparison, Constant, Message, Number, Order, Query, Start, Step, Test};

impl Compiler<'_> {
    pub(super) fn clauses(&mut self, conjunctions: &[Json]) -> Result<Vec<Vec<Clause>>, String> {
        let line = |compiler: &mut Self, alternatives: &Json| {
            let alternatives = alternatives.as_array().map_or(&[][..], Vec::as_slice);
            alternatives.iter().map(|clause| compiler.clause(clause)).collect()
        };
        conjunctions.iter().map(|alternatives| line(self, alternatives)).collect()
    }

    fn clause(&mut self, json: &Json) -> Result<Clause, String> {
        let (test, message) = self.test(json)?;
        let (line, column) = self.position;
        let (line, column) = self.positions.as_ref().map_or((line, column), |map| map.original(line, column));
        Ok(Clause { test, message, line, column })
    }

    fn test(&mut self, json: &Json) -> Result<(Test, Option<Message>), String> {
        let Some((name, body)) = variant(json) else {
            return Err("this kind of clause is not supported".to_owned());
        };
        match name {
            // The clauses of a rule's block are wrapped once more than those of inner blocks.
            "Clause" if body.get("access_clause").is_none() => self.test(body),
            "Clause" => self.access(body),
            "BlockClause" => {
                self.locate(body);
                let position = self.position;
                let (query, typed) = self.query(body.get("query").unwrap_or(&Json::Null))?;
                if body.get("not_empty") == Some(&Json::Bool(true)) {
                    return Err("`not empty` before a block is not supported: add a clause `… !empty`".to_owned());
                }
                if matches!(known(&typed.shape), Shape::List(_)) {
                    return Err("a block of a list: write `[*]` before it".to_owned());
                }
                let block = body.get("block").unwrap_or(&Json::Null);
                let some = some(body.get("query"));
                let block = self.scoped(typed.shape, |compiler| compiler.block(block))?;
                self.position = position;
                Ok((Test::Each { query, some, block }, None))
            }
            "WhenBlock" => {
                let parts = body.as_array().map_or(&[][..], Vec::as_slice);
                let [condition, block] = parts else {
                    return Err("this kind of `when` is not supported".to_owned());
                };
                let condition = condition.as_array().map_or(&[][..], Vec::as_slice);
                let condition = Block { lets: Vec::new(), lines: self.clauses(condition)? };
                if !array(block, "assignments").is_empty() {
                    return Err("variables in a `when` block are not supported: define them outside".to_owned());
                }
                let block = Block { lets: Vec::new(), lines: self.clauses(array(block, "conjunctions"))? };
                Ok((Test::When { condition, block }, None))
            }
            "NamedRule" | "ParameterizedNamedRule" => {
                self.locate(body.get("named_rule").unwrap_or(body));
                let rule = body.get("named_rule").unwrap_or(body).get("dependent_rule").and_then(Json::as_str);
                let rule = rule.unwrap_or_default();
                Err(format!(
                    "`{rule}` alone is no clause: compare it (`{rule} == true`); other rules cannot be referred to"
                ))
            }
            "TypeBlock" => Err("type blocks are for templates: a rule sees the facts of one subject".to_owned()),
            _ => Err("this kind of clause is not supported".to_owned()),
        }
    }

    fn block(&mut self, json: &Json) -> Result<Block, String> {
        let lets = self.lets(json, None)?;
        let lines = self.clauses(array(json, "conjunctions"))?;
        Ok(Block { lets, lines })
    }

    fn locate(&mut self, json: &Json) {
        let number = |key| {
            let number = json.get("location").and_then(|at| at.get(key)).and_then(Json::as_u64);
            number.and_then(|number| usize::try_from(number).ok())
        };
        if let (Some(line), Some(column)) = (number("line"), number("column")) {
            self.position = (line, column);
        }
    }

    fn access(&mut self, json: &Json) -> Result<(Test, Option<Message>), String> {
        let access = json.get("access_clause").unwrap_or(&Json::Null);
        self.locate(access);
        let position = self.position;
        let query = access.get("query").unwrap_or(&Json::Null);
        let some = some(Some(query));
        let comparator = array(access, "comparator");
        let operator = comparator.first().and_then(Json::as_str).unwrap_or_default();
        let flag = |json: Option<&Json>| json == Some(&Json::Bool(true));
        // `not x != 1` is `x == 1`: the two negations cancel out, as in Guard.
        let negated = flag(comparator.get(1)) != flag(json.get("negation"));
        if some && flag(json.get("negation")) {
            return Err(
                "`not some` reads as \"none\" but would mean \"some not\": write `some … !=`, or `!=` for none"
                    .to_owned(),
            );
        }
        let message = match access.get("custom_message").and_then(Json::as_str) {
            Some(text) => Some(self.message(text)?),
            None => None,
        };
        let test = match operator {
            "Empty" => self.empty(query, some, negated)?,
            "Eq" | "In" | "Gt" | "Ge" | "Lt" | "Le" => {
                let right = access.get("compare_with").unwrap_or(&Json::Null);
                self.comparison(query, some, operator, right, negated)?
            }
            "Exists" => return Err("every fact exists: ask with `!empty` or compare it with `\"\"`".to_owned()),
            _ => return Err("the types of facts are fixed: there is nothing to ask with `is_…`".to_owned()),
        };
        self.position = position;
        Ok((test, message))
    }

    fn empty(&mut self, query: &Json, some: bool, negated: bool) -> Result<Test, String> {
        let (query, typed) = self.query(query)?;
        if typed.selection {
            let selects = query.steps.last().is_none_or(|step| matches!(step, Step::Filter { .. }));
            if !selects {
                return Err("`[*]` with `empty`: ask the list itself, without `[*]`".to_owned());
            }
            if some {
                return Err("`some` with `empty` of a selection: leave `some` out".to_owned());
            }
            return Ok(Test::EmptySelection { query, negated });
        }
        if query.steps.is_empty() && typed.many {
            return match known(&typed.shape) {
                Shape::List(_) => {
                    Err("`empty` of a variable that stands for several lists: ask each in a block".to_owned())
                }
                _ => Ok(Test::EmptySelection { query, negated }),
            };
        }
        match known(&typed.shape) {
            Shape::List(_) | Shape::Text => Ok(Test::EmptyValue { query, some, negated }),
            other => Err(format!("{} is never empty", kind(other))),
        }
    }

    fn comparison(
        &mut self,
        left: &Json,
        some: bool,
        operator: &str,
        right: &Json,
        negated: bool,
    ) -> Result<Test, String> {
        let (left, shape) = self.left(left)?;
        match shape {
            Shape::List(_) => return Err("a list is compared by its elements: write `[*]`".to_owned()),
            Shape::Map { .. } | Shape::Fact(_) => return Err("an object is compared by its facts".to_owned()),
            Shape::Bool | Shape::Int | Shape::Text => {}
        }
        let constants = match variant(right) {
            Some(("Value", literal)) => {
                let value = literal.get("value").unwrap_or(&Json::Null);
                if value.is_array() && operator != "In" {
                    return Err("a list of constants goes with `in`".to_owned());
                }
                Some(super::literal::constants(value)?)
            }
            Some(("AccessClause", query)) => {
                if query.get("match_all") == Some(&Json::Bool(false)) {
                    return Err("`some` belongs to the left side of a comparison".to_owned());
                }
                self.constant(query)?
            }
            _ => return Err("this kind of right side is not supported: use a variable".to_owned()),
        };
        let compare = match (constants, operator) {
            (Some(constants), "Eq" | "In") => {
                let constants = constants.iter().map(|constant| constant.constant(&shape));
                let constants = constants.collect::<Result<Vec<_>, _>>()?;
                if operator == "Eq" && constants.len() != 1 {
                    return Err("a list of constants goes with `in`".to_owned());
                }
                Comparison::OneOf(constants)
            }
            (Some(constants), _) => match constants.as_slice() {
                [only] => match only.constant(&shape)? {
                    Constant::Int(number) => Comparison::Order(order(operator), Number::Constant(number)),
                    _ => return Err("only numbers have an order".to_owned()),
                },
                _ => return Err("a list has no order".to_owned()),
            },
            (None, "In") => {
                let (query, typed) = self.query(right.get("AccessClause").unwrap_or(&Json::Null))?;
                let (query, element) = match known(&typed.shape) {
                    Shape::List(element) => {
                        let mut query = query;
                        query.steps.push(Step::Elements);
                        (query, known(element).clone())
                    }
                    other if typed.many => (query, other.clone()),
                    other => return Err(format!("`in` needs a list; this is {}", kind(other))),
                };
                same(&shape, &element)?;
                Comparison::Among(query)
            }
            (None, _) => {
                let right = right.get("AccessClause").unwrap_or(&Json::Null);
                let (query, other) = self.left(right)?;
                same(&shape, &other)?;
                if self.is_many(right)? {
                    return Err("the right side has several values: use `in`".to_owned());
                }
                match operator {
                    "Eq" => Comparison::Equal(query),
                    _ if shape == Shape::Int => Comparison::Order(order(operator), Number::Query(query)),
                    _ => return Err("only numbers have an order".to_owned()),
                }
            }
        };
        Ok(Test::Compare { left, some, compare, negated })
    }

    fn is_many(&mut self, access: &Json) -> Result<bool, String> {
        match self.count(access)? {
            Some(_) => Ok(false),
            None => self.query(access).map(|(_, typed)| typed.many),
        }
    }

    /// A query, or a variable that stands for a count.
    fn left(&mut self, access: &Json) -> Result<(Query, Shape), String> {
        if let Some(query) = self.count(access)? {
            return Ok((query, Shape::Int));
        }
        let (query, typed) = self.query(access)?;
        Ok((query, known(&typed.shape).clone()))
    }

    fn count(&mut self, access: &Json) -> Result<Option<Query>, String> {
        let [only] = array(access, "query") else {
            return Ok(None);
        };
        let Some(name) = only.get("Key").and_then(Json::as_str).and_then(|key| key.strip_prefix('%')) else {
            return Ok(None);
        };
        match self.variable(name)? {
            (up, Meaning::Count { index }) => {
                Ok(Some(Query { start: Start::Variable { up, index }, steps: Vec::new() }))
            }
            _ => Ok(None),
        }
    }
}

/// Whether a query is satisfied by one of its values.
fn some(query: Option<&Json>) -> bool {
    query.and_then(|query| query.get("match_all")) == Some(&Json::Bool(false))
}

fn order(operator: &str) -> Order {
    match operator {
        "Gt" => Order::Greater,
        "Ge" => Order::GreaterOrEqual,
        "Lt" => Order::Less,
        _ => Order::LessOrEqual,
    }
}

fn same(left: &Shape, right: &Shape) -> Result<(), String> {
    if left == right { Ok(()) } else { Err(format!("{} is never equal to {}", kind(left), kind(right))) }
}
