//! From a compiled predicate and a subject's facts to a verdict, by Kleene logic.

use super::{Judgement, Rule};
use crate::facts::Subject;
use crate::finding::Verdict;

pub fn judge(rule: &Rule, _subject: &Subject) -> Judgement {
    Judgement {
        verdict: Verdict::Error,
        severity: rule.info.severity,
        message: String::new(),
        evidence: Vec::new(),
        reasons: Vec::new(),
    }
}
