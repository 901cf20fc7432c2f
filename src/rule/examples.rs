//! `rules test`: every example of a rule goes through the whole pipeline and must get the verdict that it promises.
//!
//! With mutation, each clause of a predicate is deleted and negated in turn, and some example must notice: a clause
//! that no example needs is either superfluous or untested.

mod mutate;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use rayon::prelude::*;

use super::merge::Merger;
use super::{Example, Rule, RuleSet, verdict};
use crate::facts::{self, Subject};
use crate::finding::{Finding, Verdict};
use crate::graph::Graph;
use crate::input::{Context, Format, Note, NoteLevel, Unit, cloudformation, terraform};
use crate::source::SourceMap;
use crate::world::{Incomplete, NamedCondition};

/// The outcome of testing rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestReport {
    pub rules: usize,
    pub examples: usize,
    /// Examples that did not get what they expect, and rules without the examples that every rule needs.
    pub problems: Vec<Problem>,
    /// Changed predicates that were tried.
    pub mutants: usize,
    /// Those that no example noticed.
    pub survivors: Vec<Problem>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub rule: String,
    pub file: PathBuf,
    /// Empty when it is about the rule as a whole.
    pub example: String,
    /// What was expected and what happened instead; may have several lines.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.rule, self.file.display())?;
        if !self.example.is_empty() {
            write!(f, ", example `{}`", self.example)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Tests the rules of `all` that `selected` picks. All rules take part, since a failing example must fail no other.
pub fn test(all: &RuleSet, selected: &(dyn Fn(&Rule) -> bool + Sync), mutate: bool) -> TestReport {
    let rules: Vec<&Rule> = all.rules.iter().filter(|rule| selected(rule)).collect();
    let parts: Vec<TestReport> = rules.par_iter().map(|rule| test_rule(all, rule, mutate)).collect();
    let mut report = TestReport { rules: rules.len(), ..TestReport::default() };
    for part in parts {
        report.examples += part.examples;
        report.mutants += part.mutants;
        report.problems.extend(part.problems);
        report.survivors.extend(part.survivors);
    }
    report
}

fn test_rule(all: &RuleSet, rule: &Rule, mutate: bool) -> TestReport {
    let mut report = TestReport::default();
    let problem = |example: &str, message: String| Problem {
        rule: rule.info.id.clone(),
        file: rule.file.clone(),
        example: example.to_owned(),
        message,
    };
    let examples = match rule.examples() {
        Ok(examples) => examples,
        Err(error) => {
            report.problems.push(problem("", error.to_string()));
            return report;
        }
    };
    for needed in [Verdict::Fail, Verdict::Pass] {
        if !examples.iter().any(|example| example.expect == needed) {
            report.problems.push(problem("", format!("no example is expected to {needed}")));
        }
    }
    let mut prepared = Vec::new();
    for example in examples {
        report.examples += 1;
        match Architectures::of(&example) {
            Err(message) => report.problems.push(problem(&example.name, message)),
            Ok(architectures) => {
                let own = architectures.judge(&[rule]);
                let mut result = expectation(&example, rule, &own);
                if result.is_ok() && example.expect == Verdict::Fail {
                    result = others(&example, rule, &architectures.judge(&all.rules.iter().collect::<Vec<_>>()));
                }
                match result {
                    Ok(()) => prepared.push((example, architectures)),
                    Err(message) => report.problems.push(problem(&example.name, message)),
                }
            }
        }
    }
    if mutate && report.problems.is_empty() {
        for mutant in mutate::mutants(rule) {
            report.mutants += 1;
            let notices = |(example, architectures): &(Example, Architectures)| {
                expectation(example, &mutant.rule, &architectures.judge(&[&mutant.rule])).is_err()
            };
            if !prepared.iter().any(notices) {
                report.survivors.push(problem("", mutant.description));
            }
        }
    }
    report
}

impl Example {
    /// What it describes, as if its files were on disk.
    pub fn unit(&self, sources: &SourceMap) -> Result<Box<dyn Unit>, Vec<Note>> {
        let context = Context::default();
        if self.format == Format::Terraform.key() {
            terraform::unit_from_files(&terraform::files_of(&self.source), ".", &context, sources)
        } else {
            cloudformation::unit_from_text("example.yaml", &self.source, &context, sources)
        }
    }
}

/// The subjects of an example in each of its worlds.
struct Architectures {
    worlds: Vec<(Vec<NamedCondition>, Vec<Subject>)>,
    incomplete: Option<Incomplete>,
}

impl Architectures {
    fn of(example: &Example) -> Result<Self, String> {
        let unit = example
            .unit(&SourceMap::default())
            .map_err(|notes| notes.iter().map(|note| note.message.as_str()).collect::<Vec<_>>().join("; "))?;
        let worlds = unit.worlds();
        let mut result = Self { worlds: Vec::new(), incomplete: worlds.incomplete };
        for world in &worlds.list {
            let evaluation = unit.evaluate(world);
            if let Some(note) = evaluation.notes.iter().find(|note| note.level == NoteLevel::Error) {
                return Err(note.message.clone());
            }
            result.worlds.push((evaluation.conditions, facts::derive(&Graph::new(evaluation.resources))));
        }
        Ok(result)
    }

    fn judge(&self, rules: &[&Rule]) -> Vec<Finding> {
        let mut merger = Merger::default();
        for (conditions, subjects) in &self.worlds {
            merger.start_world(conditions.clone());
            for subject in subjects {
                let rules = rules.iter().filter(|rule| rule.info.subject == subject.kind);
                let judged = rules.map(|rule| (std::sync::Arc::clone(&rule.info), verdict::judge(rule, subject)));
                merger.add(subject, judged);
            }
        }
        merger.finish(self.incomplete.as_ref(), |_| true).filter_map(|merged| merged.finding).collect()
    }
}

/// Whether the rule's own findings are those that the example promises.
fn expectation(example: &Example, rule: &Rule, findings: &[Finding]) -> Result<(), String> {
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (fail, unknown, pass) = (count(Verdict::Fail), count(Verdict::Unknown), count(Verdict::Pass));
    let as_promised = match example.expect {
        Verdict::Fail => fail > 0,
        Verdict::Unknown => unknown > 0 && fail == 0,
        Verdict::Pass => pass > 0 && fail + unknown == 0,
        _ => count(Verdict::NotApplicable) > 0 && fail + unknown + pass == 0,
    };
    if !as_promised {
        let subject = &rule.info.subject;
        if findings.is_empty() {
            return Err(format!("expected {}, but the template has none of the `{subject}`", example.expect));
        }
        return Err(format!("expected {}, but got{}", example.expect, list(findings)));
    }
    if let Some(severity) = example.severity {
        let judged = findings.iter().filter(|finding| finding.verdict == example.expect);
        if !judged.clone().any(|finding| finding.severity == severity) {
            return Err(format!("expected severity {severity}, but got{}", list(judged)));
        }
    }
    Ok(())
}

/// Whether a failing example fails this rule only.
fn others(example: &Example, rule: &Rule, findings: &[Finding]) -> Result<(), String> {
    let failing = |id: &str| findings.iter().any(|finding| finding.verdict == Verdict::Fail && finding.rule.id == id);
    if let Some(missing) = example.also.iter().find(|id| !failing(id)) {
        return Err(format!("`also` names `{missing}`, which does not fail"));
    }
    let unwanted: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Fail && finding.rule.id != rule.info.id)
        .filter(|finding| !example.also.contains(&finding.rule.id))
        .collect();
    if unwanted.is_empty() { Ok(()) } else { Err(format!("other rules fail too:{}", list(unwanted))) }
}

fn list<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> String {
    findings.into_iter().fold(String::new(), |mut text, finding| {
        let Finding { rule, verdict, severity, subject, message, reasons, .. } = finding;
        text = format!("{text}\n    {verdict} ({severity}) of {} for `{}`: {message}", rule.id, subject.name);
        for reason in reasons {
            text = format!("{text}\n        because {reason}");
        }
        text
    })
}
