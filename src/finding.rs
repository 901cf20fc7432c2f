//! What rules conclude and reports show.

mod evaluated;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::facts::Step;
use crate::input::collected::Collected;
use crate::input::construct::Construct;
use crate::input::terraform::condition;
use crate::source::Span;
use crate::value::Address;
use crate::world::NamedCondition;
pub use evaluated::{Earlier, Gone};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Pass,
    NotApplicable,
    /// Failed, but declared acceptable with a reason, an owner and an end date.
    Waived,
    /// Cannot be decided from what was given; the reasons say what would decide it.
    Unknown,
    Fail,
    /// The rule itself could not be evaluated.
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

/// One (rule, subject) with its verdict.
#[derive(Clone, Debug)]
pub struct Finding {
    pub rule: Arc<RuleInfo>,
    pub verdict: Verdict,
    pub severity: Severity,
    pub subject: SubjectRef,
    /// What is wrong (or unknown), in one sentence about this subject.
    pub message: String,
    /// The branch in which it holds; empty when it always holds.
    pub conditions: Vec<NamedCondition>,
    /// The proof, in reading order.
    pub evidence: Vec<Step>,
    /// For `unknown`: what is not known and what would resolve it.
    pub reasons: Vec<String>,
    pub fingerprint: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubjectRef {
    /// The fact array: `listeners`.
    pub kind: String,
    /// `template.yaml#Logical`, with a discriminator for parts of a resource.
    pub id: String,
    pub resource_type: String,
    /// The logical id.
    pub name: String,
    pub span: Span,
    /// Key of the format in which the user writes it: `cloudformation`, `sam`, ….
    pub format: &'static str,
    /// The resource that it is (a part of).
    pub address: Address,
    /// The calls of Terraform modules that lead to it, the outermost first.
    pub calls: Vec<Span>,
    /// What created that resource in a CDK app.
    pub construct: Option<Construct>,
}

/// What reports say about a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    pub id: String,
    pub title: String,
    /// The default; a finding's own severity may differ.
    pub severity: Severity,
    pub subject: String,
    /// Why it matters, a sentence or two.
    pub why: String,
    /// What to do, in words.
    pub remedy: String,
    /// Format key → snippet.
    pub snippets: BTreeMap<String, String>,
    /// Framework → control ids: `security_hub` → `ELB.1`.
    pub mappings: BTreeMap<String, Vec<String>>,
}

/// How a rule fared over all its subjects.
#[derive(Clone, Debug)]
pub struct RuleCount {
    pub rule: Arc<RuleInfo>,
    pub verdicts: BTreeMap<Verdict, usize>,
}

/// Everything a report needs.
#[derive(Debug, Default)]
pub struct Report {
    /// Sorted by severity (highest first), rule, subject.
    pub findings: Vec<Finding>,
    /// One an evaluated rule, also when it met no subject.
    pub rules: Vec<RuleCount>,
    pub files: Vec<crate::input::InputFile>,
    pub notes: Vec<crate::input::Note>,
    pub terraform: crate::input::TerraformCoverage,
    /// Terraform modules that are not on disk: source → addresses of the calls, sorted.
    pub absent_modules: BTreeMap<String, BTreeSet<String>>,
    /// Resource type → (resources, whether any subject or edge of the graph understands it).
    pub resource_types: BTreeMap<String, (usize, bool)>,
    /// What was collected of live accounts, sorted by account, region and service.
    pub collected: Vec<Collected>,
    /// Findings about what does not change, by verdict, when only those about what changes were asked for.
    pub unchanged: BTreeMap<Verdict, usize>,
}

/// Stable under reordering and line shifts: it knows the rule and the subject, not where it stands.
pub fn fingerprint(rule: &str, subject: &SubjectRef) -> String {
    let mut hash = Sha256::new();
    for part in [rule, &subject.kind, &subject.id] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(16).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

impl Verdict {
    pub fn key(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not_applicable",
            Self::Waived => "waived",
            Self::Error => "error",
        }
    }
}

impl Severity {
    pub fn key(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl Finding {
    /// The remedy's snippet for the format of the subject, with that format; SAM falls back to CloudFormation,
    /// a plan to Terraform.
    pub fn snippet(&self) -> Option<(&str, &str)> {
        let own = self.rule.snippets.get_key_value(self.subject.format);
        let fallback = || match self.subject.format {
            "sam" => self.rule.snippets.get_key_value("cloudformation"),
            "terraform_plan" => self.rule.snippets.get_key_value("terraform"),
            _ => None,
        };
        own.or_else(fallback).map(|(format, text)| (format.as_str(), text.as_str()))
    }

    /// "when `IsProd` is false and `HasCert` is true"; `None` when the finding always holds. Conditions of the subject's
    /// own file need no file name.
    pub fn branch(&self) -> Option<String> {
        if self.conditions.is_empty() {
            return None;
        }
        Some(format!("when {}", self.subject.said(&self.conditions)))
    }

    /// The message with the branch in which it holds.
    pub fn sentence(&self) -> String {
        self.branch().map_or_else(|| self.message.clone(), |branch| format!("{} ({branch})", self.message))
    }
}

impl SubjectRef {
    /// "`IsProd` is false and `HasCert` is true", for people.
    pub fn said(&self, conditions: &[NamedCondition]) -> String {
        if ["terraform", "terraform_plan"].contains(&self.format) {
            return condition::said(conditions);
        }
        let home = self.address.home();
        let local = |name| str::strip_prefix(name, home).and_then(|rest| rest.strip_prefix('#')).unwrap_or(name);
        let each = conditions.iter().map(|condition| format!("`{}` is {}", local(&condition.name), condition.holds));
        each.collect::<Vec<_>>().join(" and ")
    }
}

impl RuleCount {
    pub fn of(&self, verdict: Verdict) -> usize {
        self.verdicts.get(&verdict).copied().unwrap_or(0)
    }

    pub fn subjects(&self) -> usize {
        self.verdicts.values().sum()
    }
}

impl Report {
    pub fn files_read(&self) -> usize {
        self.files.iter().filter(|file| matches!(file.outcome, crate::input::Outcome::Read(_))).count()
    }

    /// Whether accounts were to be read, and none of what is in them could be listed.
    pub fn nothing_listed(&self) -> bool {
        !self.collected.is_empty()
            && self.collected.iter().all(|part| part.listed.is_empty() && !part.failed.is_empty())
    }

    /// Failures of exactly this severity.
    pub fn failures(&self, severity: Severity) -> usize {
        let failed = |finding: &&Finding| finding.verdict == Verdict::Fail && finding.severity == severity;
        self.findings.iter().filter(failed).count()
    }
}
