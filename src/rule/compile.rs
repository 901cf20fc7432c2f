//! cfn-guard's parse tree → [`Predicate`], checked against the shape of the subject.
//!
//! Whatever a rule could get wrong without anybody noticing is an error here: a fact that does not exist, a filter
//! on something that is no list, a comparison that can never hold, a construct that our evaluator lacks.

mod clause;
mod literal;
mod message;
mod query;

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::guard::{self, ParseError, Positions};
use super::predicate::{Block, Bound, Predicate};
use crate::facts::Shape;
use crate::facts::tree::Field;
use crate::finding::Severity;
use literal::Literal;

/// The predicate texts of a rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    pub lets: String,
    pub applies: String,
    pub assert: String,
    pub severities: Vec<(String, Severity)>,
}

/// Which text an error is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Let,
    Applies,
    Assert,
    /// The index of the `when` entry.
    Severity(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CompileError {
    pub section: Section,
    /// In the section's own text, 1-based.
    pub line: usize,
    pub column: usize,
    pub message: String,
}

/// Compiles the predicates of a rule about subjects of the given fields.
pub(super) fn compile(texts: &Texts, fields: &[Field], params: &Params) -> Result<Predicate, CompileError> {
    let parse = |section, text: &str| {
        let error = move |ParseError { line, column, message }| CompileError { section, line, column, message };
        if text.trim().is_empty() { Ok(None) } else { guard::parse(text).map(Some).map_err(error) }
    };
    let mut compiler = Compiler {
        scopes: vec![Scope {
            item: Shape::Map { about: String::new(), fields: fields.to_vec() },
            variables: Vec::new(),
        }],
        params,
        reads: BTreeSet::new(),
        shows: BTreeSet::new(),
        position: (1, 1),
        positions: None,
    };
    let mut lets = Vec::new();
    if let Some(parsed) = parse(Section::Let, &texts.lets)? {
        lets = compiler
            .section(parsed.positions, |compiler| {
                if !array(&parsed.block, "conjunctions").is_empty() {
                    return Err("only variables (`let x = …`) are allowed here".to_owned());
                }
                compiler.lets(&parsed.block, Some(&texts.lets))
            })
            .map_err(|error| error.at(Section::Let))?;
    }
    let mut block = |section, text: &str| match parse(section, text)? {
        None => Ok(Block::default()),
        Some(parsed) => compiler
            .section(parsed.positions, |compiler| {
                if array(&parsed.block, "assignments").is_empty() {
                    compiler
                        .clauses(array(&parsed.block, "conjunctions"))
                        .map(|lines| Block { lets: Vec::new(), lines })
                } else {
                    Err("variables of the subject belong to the rule's `let`".to_owned())
                }
            })
            .map_err(|error| error.at(section)),
    };
    let applies = block(Section::Applies, &texts.applies)?;
    let assert = block(Section::Assert, &texts.assert)?;
    if assert.lines.is_empty() {
        let message = "the predicate has no clause".to_owned();
        return Err(CompileError { section: Section::Assert, line: 1, column: 1, message });
    }
    let mut severities = Vec::new();
    for (index, (text, severity)) in texts.severities.iter().enumerate() {
        severities.push((block(Section::Severity(index), text)?, *severity));
    }
    if let Some(unused) = compiler.scopes.first().and_then(Scope::unused) {
        let line = line_of_let(&texts.lets, unused).unwrap_or(1);
        let message = format!("variable `{unused}` is never used");
        return Err(CompileError { section: Section::Let, line, column: 1, message });
    }
    Ok(Predicate { lets, applies, assert, severities, reads: compiler.reads, shows: compiler.shows })
}

/// Constants of the rule, read as `params.name`.
pub(super) type Params = std::collections::BTreeMap<String, Vec<Literal>>;

pub(super) use literal::Literal as ParamValue;

struct Compiler<'a> {
    /// Innermost last.
    scopes: Vec<Scope>,
    params: &'a Params,
    reads: BTreeSet<String>,
    shows: BTreeSet<String>,
    /// Of the clause that is being compiled, as the parser counts.
    position: (usize, usize),
    positions: Option<Positions>,
}

struct Scope {
    item: Shape,
    variables: Vec<Variable>,
}

impl Scope {
    fn unused(&self) -> Option<&str> {
        self.variables.iter().find(|variable| !variable.used).map(|variable| variable.name.as_str())
    }
}

struct Variable {
    name: String,
    meaning: Meaning,
    used: bool,
}

#[derive(Clone)]
enum Meaning {
    /// Index among the scope's [`Bound`]s.
    Values {
        index: usize,
        typed: Typed,
    },
    Count {
        index: usize,
    },
    Constants(Vec<Literal>),
}

/// The static type of a query.
#[derive(Clone, Debug)]
struct Typed {
    /// Of each value, without the unknown layer.
    shape: Shape,
    /// Whether there may be none or several.
    many: bool,
    /// Whether it ends in a selection (`[*]`, a filter), so that `empty` asks about the selection.
    selection: bool,
}

struct Located {
    position: (usize, usize),
    message: String,
}

impl Located {
    fn at(self, section: Section) -> CompileError {
        CompileError { section, line: self.position.0, column: self.position.1, message: self.message }
    }
}

impl Compiler<'_> {
    /// Runs `body` and says where it failed: at the last clause that it looked at.
    fn section<T>(
        &mut self,
        positions: Positions,
        body: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, Located> {
        self.position = (2, 1);
        self.positions = Some(positions);
        let result = body(self);
        let (line, column) = self.position;
        let position = self.positions.as_ref().map_or((line, column), |map| map.original(line, column));
        result.map_err(|message| Located { position, message })
    }

    /// The variables of a block, added to the innermost scope. `text` is given where the tree has no positions.
    fn lets(&mut self, block: &Json, text: Option<&str>) -> Result<Vec<Bound>, String> {
        let mut bounds = Vec::new();
        for assignment in array(block, "assignments") {
            let name = assignment.get("var").and_then(Json::as_str).unwrap_or_default().to_owned();
            if let Some(line) = text.and_then(|text| line_of_let(text, &name)) {
                self.position = (line + 1, 1);
            }
            let taken = |scope: &Scope| scope.variables.iter().any(|variable| variable.name == name);
            if self.scopes.iter().any(taken) {
                return Err(format!("variable `{name}` is defined twice"));
            }
            let meaning = self.bound(assignment.get("value").unwrap_or(&Json::Null), &mut bounds)?;
            if let Some(scope) = self.scopes.last_mut() {
                scope.variables.push(Variable { name, meaning, used: false });
            }
        }
        Ok(bounds)
    }

    fn bound(&mut self, value: &Json, bounds: &mut Vec<Bound>) -> Result<Meaning, String> {
        let index = bounds.len();
        match variant(value) {
            Some(("Value", literal)) => {
                literal::constants(literal.get("value").unwrap_or(&Json::Null)).map(Meaning::Constants)
            }
            Some(("AccessClause", query)) => {
                if query.get("match_all") == Some(&Json::Bool(false)) {
                    return Err("`some` belongs to a comparison, not to a variable".to_owned());
                }
                if let Some(constants) = self.constant(query)? {
                    return Ok(Meaning::Constants(constants));
                }
                let (query, typed) = self.query(query)?;
                bounds.push(Bound::Query(query));
                Ok(Meaning::Values { index, typed })
            }
            Some(("FunctionCall", call)) => {
                let name = call.get("name").and_then(Json::as_str).unwrap_or_default();
                let parameter = match array(call, "parameters") {
                    [only] if name == "count" => variant(only),
                    _ => return Err("of Guard's functions only `count(…)` is supported".to_owned()),
                };
                let Some(("AccessClause", query)) = parameter else {
                    return Err("`count` takes a query".to_owned());
                };
                let (query, typed) = self.query(query)?;
                if !typed.many {
                    return Err("`count` of a single value: count its elements with `[*]` or a filter".to_owned());
                }
                bounds.push(Bound::Count(query));
                Ok(Meaning::Count { index })
            }
            _ => Err("this kind of variable is not supported".to_owned()),
        }
    }

    /// Runs `body` with `item` as the current element, and demands that the variables defined in it are used.
    fn scoped<T>(&mut self, item: Shape, body: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        self.scopes.push(Scope { item, variables: Vec::new() });
        let result = body(self);
        let scope = self.scopes.pop();
        let value = result?;
        match scope.as_ref().and_then(Scope::unused) {
            Some(unused) => Err(format!("variable `{unused}` is never used")),
            None => Ok(value),
        }
    }
}

fn known(shape: &Shape) -> &Shape {
    match shape {
        Shape::Fact(inner) => known(inner),
        other => other,
    }
}

/// For messages.
fn kind(shape: &Shape) -> &'static str {
    match known(shape) {
        Shape::Bool => "a boolean",
        Shape::Int => "a number",
        Shape::Text => "a text",
        Shape::List(_) => "a list",
        Shape::Map { .. } | Shape::Fact(_) => "an object",
    }
}

fn line_of_let(text: &str, name: &str) -> Option<usize> {
    let defines = |line: &str| {
        let rest = line.trim_start().strip_prefix("let ")?.trim_start().strip_prefix(name)?;
        rest.trim_start().starts_with('=').then_some(())
    };
    text.lines().position(|line| defines(line).is_some()).map(|index| index + 1)
}

fn array<'a>(json: &'a Json, key: &str) -> &'a [Json] {
    json.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// An externally tagged enum as serde writes it.
fn variant(json: &Json) -> Option<(&str, &Json)> {
    let mut members = json.as_object()?.iter();
    members.next().map(|(name, value)| (name.as_str(), value))
}
