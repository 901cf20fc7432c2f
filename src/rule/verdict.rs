//! From a compiled predicate and a subject's facts to a verdict.
//!
//! | `applies` | `assert` | verdict |
//! |---|---|---|
//! | false | – | not applicable |
//! | unknown | false | unknown: it might not apply |
//! | true | false | fail |
//! | – | unknown | unknown |
//! | – | true | pass |

use std::collections::BTreeSet;

use super::eval::{Outcome, Scope, Truth};
use super::merge::CLAUSE_BREAK;
use super::predicate::Predicate;
use super::{Judgement, Rule};
use crate::facts::{Step, Subject};
use crate::finding::{Severity, Verdict};
use crate::value::Reason;

/// Evidence steps of one judgement. A list of hundreds of elements proves no more than its first ones.
pub(super) const MAX_EVIDENCE: usize = 32;

/// Nobody has to repair what passes, so it is enough to see how it is proven.
const MAX_EVIDENCE_OF_PASS: usize = 12;

pub fn judge(rule: &Rule, subject: &Subject) -> Judgement {
    let predicate = match rule.predicate.get() {
        Ok(predicate) => predicate,
        Err(error) => {
            return Judgement {
                verdict: Verdict::Error,
                severity: rule.info.severity,
                message: format!("the rule cannot be judged: {error}"),
                evidence: Vec::new(),
                reasons: Vec::new(),
            };
        }
    };
    let bare = Scope { item: &subject.tree, variables: &[], outer: None, name: &subject.name };
    let values = bare.values(&predicate.lets);
    let scope = Scope { variables: &values, ..bare };

    let applies = scope.block(&predicate.applies);
    if applies.truth == Truth::False {
        return judgement(rule, subject, Verdict::NotApplicable, rule.info.severity, applies);
    }
    let assert = scope.block(&predicate.assert);
    match (applies.truth, assert.truth) {
        (_, Truth::True) => {
            // Where nothing speaks against a subject, that the rule applies is all there is to show.
            let proof = if assert.evidence.is_empty() { applies } else { assert };
            judgement(rule, subject, Verdict::Pass, rule.info.severity, proof)
        }
        (Truth::True, Truth::False) => {
            judgement(rule, subject, Verdict::Fail, severity(rule, predicate, &scope, Verdict::Fail), assert)
        }
        (Truth::True, Truth::Unknown) => {
            judgement(rule, subject, Verdict::Unknown, severity(rule, predicate, &scope, Verdict::Unknown), assert)
        }
        (_, Truth::False) => {
            judgement(rule, subject, Verdict::Unknown, severity(rule, predicate, &scope, Verdict::Unknown), applies)
        }
        (_, Truth::Unknown) => {
            let mut both = applies;
            both.evidence.extend(assert.evidence);
            both.reasons.extend(assert.reasons);
            judgement(rule, subject, Verdict::Unknown, severity(rule, predicate, &scope, Verdict::Unknown), both)
        }
    }
}

/// The severity of the first condition that holds. A failure is as severe as what is proven: a condition that only may
/// hold does not count. While the verdict itself is open, the highest severity that may apply counts.
fn severity(rule: &Rule, predicate: &Predicate, scope: &Scope<'_, '_>, verdict: Verdict) -> Severity {
    let mut highest: Option<Severity> = None;
    for (condition, severity) in &predicate.severities {
        match scope.block(condition).truth {
            Truth::Unknown if verdict == Verdict::Unknown => highest = highest.max(Some(*severity)),
            Truth::Unknown | Truth::False => {}
            Truth::True => return highest.map_or(*severity, |other| other.max(*severity)),
        }
    }
    highest.map_or(rule.info.severity, |other| other.max(rule.info.severity))
}

fn judgement(rule: &Rule, subject: &Subject, verdict: Verdict, severity: Severity, outcome: Outcome<'_>) -> Judgement {
    let (name, title) = (&subject.name, &rule.info.title);
    let message = match verdict {
        Verdict::Fail if outcome.messages.is_empty() => format!("`{name}` violates: {title}"),
        Verdict::Fail => distinct(outcome.messages).join(CLAUSE_BREAK),
        Verdict::NotApplicable => format!("does not apply to `{name}`: {title}"),
        Verdict::Unknown => format!("cannot tell for `{name}`: {title}"),
        _ => format!("`{name}` complies: {title}"),
    };
    let most = if verdict == Verdict::Pass { MAX_EVIDENCE_OF_PASS } else { MAX_EVIDENCE };
    let mut evidence: Vec<Step> = distinct(outcome.evidence).into_iter().take(most).cloned().collect();
    if evidence.is_empty() {
        evidence.push(Step::new(format!("`{name}` is declared here"), subject.span));
    }
    let reasons = if verdict == Verdict::Unknown { distinct(outcome.reasons) } else { Vec::new() };
    let reasons = reasons.into_iter().map(Reason::to_string).collect();
    Judgement { verdict, severity, message, evidence, reasons }
}

/// Without repetitions, in the order of first appearance.
fn distinct<T: Ord + Clone>(items: Vec<T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.into_iter().filter(|item| seen.insert(item.clone())).collect()
}
