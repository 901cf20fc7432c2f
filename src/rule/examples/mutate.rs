//! Predicates with one small change each.

use std::sync::Arc;

use crate::rule::Rule;
use crate::rule::compile::Section;
use crate::rule::load;
use crate::rule::predicate::{Block, Bound, Clause, Comparison, Number, Query, Step, Test};

pub(super) struct Mutant {
    pub rule: Rule,
    /// What was changed, and where.
    pub description: String,
}

/// All mutants of a rule, in the order of its text.
pub(super) fn mutants(rule: &Rule) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    loop {
        // A rule that does not compile has no mutants; its examples have failed already.
        let Ok(mut predicate) = rule.predicate.get().cloned() else { return mutants };
        let mut walk = Walk { left: mutants.len(), done: None };
        walk.section(Section::Let, |walk| walk.lets(&mut predicate.lets));
        walk.section(Section::Applies, |walk| walk.block(&mut predicate.applies));
        walk.section(Section::Assert, |walk| walk.block(&mut predicate.assert));
        for (index, (condition, _)) in predicate.severities.iter_mut().enumerate() {
            walk.section(Section::Severity(index), |walk| walk.block(condition));
        }
        let Some(Change { what, section, line, column }) = walk.done else {
            return mutants;
        };
        let (line, column) = load::place(&rule.text, section.unwrap_or(Section::Assert), line, column);
        let clause = rule.text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
        let description = format!("no example notices when the clause at {line}:{column} is {what}: `{clause}`");
        let rule = Rule { predicate: predicate.into(), info: Arc::clone(&rule.info), ..rule.clone() };
        mutants.push(Mutant { rule, description });
    }
}

/// Visits possible changes in a fixed order and makes the one with number `left`.
struct Walk {
    left: usize,
    done: Option<Change>,
}

struct Change {
    what: &'static str,
    section: Option<Section>,
    line: usize,
    column: usize,
}

impl Walk {
    fn section(&mut self, section: Section, body: impl FnOnce(&mut Self)) {
        body(self);
        if let Some(change) = &mut self.done {
            change.section.get_or_insert(section);
        }
    }

    /// Whether to make this change.
    fn turn(&mut self, what: &'static str, (line, column): (usize, usize)) -> bool {
        if self.done.is_some() {
            return false;
        }
        if self.left == 0 {
            self.done = Some(Change { what, section: None, line, column });
            return true;
        }
        self.left -= 1;
        false
    }

    fn lets(&mut self, lets: &mut [Bound]) {
        for bound in lets {
            let (Bound::Query(query) | Bound::Count(query)) = bound;
            self.query(query);
        }
    }

    fn block(&mut self, block: &mut Block) {
        self.lets(&mut block.lets);
        for line in 0..block.lines.len() {
            let alternatives = block.lines.get(line).map_or(0, Vec::len);
            for alternative in 0..alternatives {
                let Some(clause) = block.lines.get_mut(line).and_then(|clauses| clauses.get_mut(alternative)) else {
                    continue;
                };
                let at = (clause.line, clause.column);
                self.clause(clause);
                if self.turn("deleted", at) {
                    if alternatives == 1 {
                        block.lines.remove(line);
                    } else if let Some(clauses) = block.lines.get_mut(line) {
                        clauses.remove(alternative);
                    }
                    return;
                }
            }
        }
    }

    fn clause(&mut self, clause: &mut Clause) {
        let at = (clause.line, clause.column);
        match &mut clause.test {
            Test::Compare { left, some, compare, negated } => {
                self.query(left);
                match compare {
                    Comparison::Equal(query)
                    | Comparison::Among(query)
                    | Comparison::Order(_, Number::Query(query)) => self.query(query),
                    Comparison::OneOf(_) | Comparison::Order(_, Number::Constant(_)) => {}
                }
                if self.turn("negated", at) {
                    // The negation of "every" is "some … not".
                    *negated = !*negated;
                    *some = !*some;
                }
            }
            Test::EmptySelection { query, negated } => {
                self.query(query);
                if self.turn("negated", at) {
                    *negated = !*negated;
                }
            }
            Test::EmptyValue { query, some, negated } => {
                self.query(query);
                if self.turn("negated", at) {
                    *negated = !*negated;
                    *some = !*some;
                }
            }
            Test::Each { query, block, .. } => {
                self.query(query);
                self.block(block);
            }
            Test::When { condition, block } => {
                self.block(condition);
                self.block(block);
            }
        }
    }

    fn query(&mut self, query: &mut Query) {
        for step in &mut query.steps {
            if let Step::Filter { block, .. } = step {
                self.block(block);
            }
        }
    }
}
