//! Rules: one YAML file each, loaded, checked against the fact schema, and judged per subject.
//!
//! `docs/rules.md` is the reference for those who write them.

mod compile;
mod eval;
pub mod examples;
pub mod guard;
pub mod load;
pub mod merge;
pub mod predicate;
pub mod raw;
pub mod verdict;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use crate::facts::{Step, Subject};
use crate::finding::{RuleInfo, Severity, Verdict};

/// A loaded rule: valid, compiled, ready to judge.
#[derive(Clone, Debug)]
pub struct Rule {
    pub info: Arc<RuleInfo>,
    pub tier: Tier,
    pub predicate: load::Compiled,
    /// Where it was loaded from, for error messages.
    pub file: PathBuf,
    /// The rule file; its examples are read on demand ([`Rule::examples`]).
    pub text: Cow<'static, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// What the reference architecture demands of everybody.
    Core,
    /// What goes beyond it.
    Ext,
}

/// An example of a rule file: documentation and test in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    pub name: String,
    pub expect: Verdict,
    pub severity: Option<Severity>,
    /// Other rules that the same template cannot but fail.
    pub also: Vec<String>,
    /// Format key: `cloudformation`, `sam`, `terraform`.
    pub format: String,
    pub source: String,
}

/// The verdict of one rule on one subject in one world.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    pub verdict: Verdict,
    pub severity: Severity,
    pub message: String,
    pub evidence: Vec<Step>,
    pub reasons: Vec<String>,
}

/// Rules indexed by the subject kind that they judge.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// Sorted by id.
    pub rules: Vec<Rule>,
}

impl RuleSet {
    pub fn judge(&self, subject: &Subject) -> Vec<(Arc<RuleInfo>, Judgement)> {
        self.rules
            .iter()
            .filter(|rule| rule.info.subject == subject.kind)
            .map(|rule| (Arc::clone(&rule.info), verdict::judge(rule, subject)))
            .collect()
    }
}
