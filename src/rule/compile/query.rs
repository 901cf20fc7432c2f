//! Queries: `rules[ open == true ].ports[*]`, `%variable`, `this`.

use serde_json::Value as Json;

use super::{Compiler, Meaning, Typed, kind, known, literal::Literal, variant};
use crate::facts::Shape;
use crate::rule::guard::MARK;
use crate::rule::predicate::{Block, Query, Start, Step};

impl Compiler<'_> {
    /// The constants behind `params.x` or a variable that stands for constants.
    pub(super) fn constant(&mut self, access: &Json) -> Result<Option<Vec<Literal>>, String> {
        let parts = super::array(access, "query");
        match parts {
            [first, second] if key_of(first) == Some("params") => {
                let name = key_of(second).unwrap_or_default();
                let value = self.params.get(name).cloned();
                value.map(Some).ok_or_else(|| format!("the rule has no parameter `{name}`"))
            }
            [first, rest @ ..] => match key_of(first).and_then(|key| key.strip_prefix('%')) {
                // The parser adds `[*]` to a variable that is followed by anything.
                Some(name) => match self.variable(name)? {
                    (_, Meaning::Constants(constants)) if rest.iter().all(is_elements) => Ok(Some(constants)),
                    (_, Meaning::Constants(_)) => Err(format!("`%{name}` is constant: it has no parts")),
                    _ => Ok(None),
                },
                None => Ok(None),
            },
            [] => Ok(None),
        }
    }

    /// Finds a variable, innermost scope first: how many scopes out it is, and what it means.
    pub(super) fn variable(&mut self, name: &str) -> Result<(usize, Meaning), String> {
        for (up, scope) in self.scopes.iter_mut().rev().enumerate() {
            if let Some(variable) = scope.variables.iter_mut().find(|variable| variable.name == name) {
                variable.used = true;
                return Ok((up, variable.meaning.clone()));
            }
        }
        Err(format!("variable `{name}` is not defined (before it is used)"))
    }

    pub(super) fn query(&mut self, access: &Json) -> Result<(Query, Typed), String> {
        let parts = super::array(access, "query");
        let innermost = self.scopes.last().map_or(Shape::Bool, |scope| scope.item.clone());
        let mut typed = Typed { shape: innermost, many: false, selection: false };
        let mut start = Start::Item;
        let mut rest = parts;
        if let Some((first, others)) = parts.split_first() {
            if first.as_str() == Some("This") {
                rest = others;
            } else if let Some(name) = key_of(first).and_then(|key| key.strip_prefix('%')) {
                let (up, meaning) = self.variable(name)?;
                rest = others;
                match meaning {
                    Meaning::Values { index, typed: of } => {
                        start = Start::Variable { up, index };
                        // `%x.y` arrives as `%x[*].y`: of a selection, `[*]` is each of its values.
                        let through = others.first().is_some_and(is_elements)
                            && (of.many || !matches!(known(&of.shape), Shape::List(_)));
                        if through {
                            rest = others.get(1..).unwrap_or_default();
                        }
                        typed = of;
                    }
                    Meaning::Count { .. } => {
                        return Err(format!("`%{name}` is a number: compare it with `%{name} > 0`"));
                    }
                    Meaning::Constants(_) => {
                        return Err(format!("`%{name}` is constant: it belongs to the right side"));
                    }
                }
            } else if key_of(first) == Some("params") {
                return Err("parameters belong to the right side of a comparison".to_owned());
            }
        }
        let mut steps = Vec::new();
        let of_subject = matches!(start, Start::Item) && self.scopes.len() == 1;
        for part in rest {
            let Some(step) = self.step(part, &mut typed, matches!(steps.last(), Some(Step::Filter { .. })))? else {
                continue;
            };
            if let (Step::Key(key), true, true) = (&step, of_subject, steps.is_empty()) {
                self.reads.insert(key.clone());
            }
            steps.push(step);
        }
        Ok((Query { start, steps }, typed))
    }

    fn step(&mut self, part: &Json, typed: &mut Typed, filtered: bool) -> Result<Option<Step>, String> {
        let shape = known(&typed.shape).clone();
        if is_elements(part) {
            return match shape {
                Shape::List(element) => {
                    *typed = Typed { shape: *element, many: true, selection: true };
                    Ok(Some(Step::Elements))
                }
                // As in Guard, a single value counts as a list of one.
                Shape::Map { .. } => Ok(None),
                other => Err(format!("`[*]` needs a list; this is {}", kind(&other))),
            };
        }
        match variant(part) {
            Some(("Key", Json::String(key))) => {
                let key = key.strip_prefix(MARK).unwrap_or(key);
                let fields = match shape {
                    Shape::Map { fields, .. } => fields,
                    Shape::List(_) => return Err(format!("`{key}` of a list: write `[*].{key}` or use a filter")),
                    other => return Err(format!("`{key}` of {}: it has no parts", kind(&other))),
                };
                let Some(field) = fields.iter().find(|field| field.name == key) else {
                    let names: Vec<_> = fields.iter().map(|field| field.name).collect();
                    return Err(format!("there is no fact `{key}`; known here: {}", names.join(", ")));
                };
                *typed = Typed { shape: field.shape.clone(), many: typed.many, selection: false };
                Ok(Some(Step::Key(key.to_owned())))
            }
            Some(("Filter", filter)) => {
                let (element, elements) = match shape {
                    Shape::List(element) => (*element, true),
                    _ if filtered => return Err("join two filters in a row into one".to_owned()),
                    _ if typed.selection => (typed.shape.clone(), false),
                    other => return Err(format!("a filter needs a list; this is {}", kind(&other))),
                };
                let conjunctions = filter.get(1).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
                let lines = self.scoped(element.clone(), |compiler| compiler.clauses(conjunctions))?;
                *typed = Typed { shape: element, many: true, selection: true };
                Ok(Some(Step::Filter { elements, block: Block { lets: Vec::new(), lines } }))
            }
            Some(("Index", _)) => Err("elements have no fixed order: use a filter instead of an index".to_owned()),
            Some(("AllValues", _)) => Err("`.*` is not supported: name the fact".to_owned()),
            Some(("MapKeyFilter", _)) => Err("`keys` filters are not supported: facts have fixed keys".to_owned()),
            _ => Err("this kind of query is not supported".to_owned()),
        }
    }
}

fn key_of(part: &Json) -> Option<&str> {
    part.get("Key").and_then(Json::as_str)
}

/// `[*]`, without a name for the index.
fn is_elements(part: &Json) -> bool {
    part.get("AllIndices").is_some_and(Json::is_null)
}
