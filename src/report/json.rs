//! The stable JSON report. Its schema (`reports/report.schema.json`) is generated from these types.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::View;
use super::origin::Origins;
use crate::facts::Step;
use crate::finding::{Finding, RuleCount, Severity, Verdict};
use crate::input::construct::Construct;
use crate::input::{InputFile, Note, NoteLevel, Outcome};
use crate::source::{SourceMap, Span};

/// A whole report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// Version of this format; raised when a field changes its meaning or goes away.
    pub version: u32,
    pub tool: Tool,
    /// Failures, unknowns and errors; with `--all` also passes and not-applicables. Worst first.
    pub findings: Vec<JsonFinding>,
    /// Every file that was considered.
    pub inputs: Vec<JsonInput>,
    /// What could not be read or understood.
    pub notes: Vec<JsonNote>,
    /// Every rule that ran, also when it met no subject.
    pub rules: Vec<JsonRule>,
    pub summary: Summary,
}

/// The program that wrote the report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tool {
    pub name: &'static str,
    pub version: &'static str,
}

/// The verdict of one rule on one subject.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JsonFinding {
    pub rule: String,
    pub title: String,
    /// `info`, `low`, `medium`, `high` or `critical`.
    pub severity: &'static str,
    /// `fail`, `unknown`, `error`, `waived`, `pass` or `not_applicable`.
    pub verdict: &'static str,
    pub subject: JsonSubject,
    pub location: Location,
    /// What is wrong, or not known, about this subject.
    pub message: String,
    /// The branch of the input in which the verdict holds; empty when it always does.
    pub conditions: Vec<JsonCondition>,
    /// The proof, in reading order.
    pub evidence: Vec<JsonStep>,
    /// For `unknown`: what is not known and what would resolve it.
    pub reasons: Vec<String>,
    pub remediation: Remediation,
    /// Stable under reordering and line shifts.
    pub fingerprint: String,
}

/// What was judged.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JsonSubject {
    /// The array of facts it stands in.
    pub kind: String,
    pub id: String,
    /// The resource type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// The logical id.
    pub name: String,
    /// In a live account: the ARN of the resource that it is (a part of).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// In a live account: its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// In a live account: the region; `global` for services without regions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The calls of Terraform modules that lead to it, the outermost first.
    pub called_at: Vec<Location>,
    /// What created the resource in a CDK app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub construct: Option<JsonConstruct>,
}

/// A construct of a CDK app.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JsonConstruct {
    /// Its path in the app's tree.
    pub path: String,
    /// The app's source that creates it, when the app was synthesised with stack traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// A place in a file; lines and columns count from 1, the end is exclusive.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Location {
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

/// A named condition of the input and its truth.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JsonCondition {
    pub name: String,
    pub value: bool,
}

/// One step of a proof.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JsonStep {
    pub label: String,
    /// In a live account: the ARN of the resource that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// How to fix it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Remediation {
    pub text: String,
    /// In the format in which the subject is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<String>,
    /// The format of the snippet: `cloudformation`, `sam`, ….
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

/// A file and how it was taken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JsonInput {
    pub file: String,
    /// `read`, `ignored` or `failed`.
    pub outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<&'static str>,
    pub resources: usize,
}

/// A remark about the input.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JsonNote {
    /// `error` or `warning`.
    pub level: &'static str,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// A rule with the number of its subjects by verdict.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JsonRule {
    pub id: String,
    pub title: String,
    /// The default severity.
    pub severity: &'static str,
    pub subjects: usize,
    pub passed: usize,
    pub failed: usize,
    pub unknown: usize,
    pub not_applicable: usize,
    pub waived: usize,
    pub errors: usize,
    /// Framework → control ids.
    pub mappings: BTreeMap<String, Vec<String>>,
}

/// A call that did not end well, in one region of one account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JsonUnread {
    pub account: String,
    /// `global` for services without regions.
    pub region: String,
    pub api: String,
    /// `denied`, `throttled`, `unsupported`, `failed` or `unrecorded`.
    pub outcome: &'static str,
    /// The permission that the caller needs for it.
    pub permission: String,
    /// The resources that it was about, when it was about single ones.
    pub of: Vec<String>,
    /// What the service said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Totals.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    pub files_read: usize,
    pub files_ignored: usize,
    pub files_failed: usize,
    pub resources: usize,
    /// Terraform root modules that were judged.
    pub terraform_root_modules: usize,
    /// Directories that these consist of.
    pub terraform_modules: usize,
    /// Terraform root modules without anything of AWS.
    pub terraform_foreign: Vec<String>,
    /// Terraform modules that are not on disk, by source: the addresses of their calls.
    pub terraform_absent: BTreeMap<String, BTreeSet<String>>,
    /// What could not be read of live accounts, when there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<Vec<JsonUnread>>,
    /// Resources of types that no rule looks at yet, by type.
    pub not_understood: BTreeMap<String, usize>,
    pub subjects: usize,
    pub failed: usize,
    pub unknown: usize,
    pub errors: usize,
    pub waived: usize,
    /// Findings that `--changed-only` left out, by verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unchanged: Option<BTreeMap<&'static str, usize>>,
    /// Failures by severity.
    pub failed_by_severity: BTreeMap<&'static str, usize>,
}

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &report(view))?;
    out.write_all(b"\n")
}

/// The JSON Schema of the report.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}

fn report(view: &View<'_>) -> Report {
    let (sources, origins) = (view.sources, Origins::of(view));
    Report {
        version: 1,
        tool: Tool { name: "sra-guard", version: env!("CARGO_PKG_VERSION") },
        findings: view.findings().map(|finding| json_finding(finding, sources, &origins)).collect(),
        inputs: view.report.files.iter().map(json_input).collect(),
        notes: view.report.notes.iter().map(|note| json_note(note, sources)).collect(),
        rules: view.report.rules.iter().map(json_rule).collect(),
        summary: summary(view.report),
    }
}

fn json_input(file: &InputFile) -> JsonInput {
    let (outcome, format) = match file.outcome {
        Outcome::Read(format) => ("read", Some(format.key())),
        Outcome::Ignored => ("ignored", None),
        Outcome::Failed => ("failed", None),
    };
    JsonInput { file: file.name.clone(), outcome, format, resources: file.resources }
}

fn json_note(note: &Note, sources: &SourceMap) -> JsonNote {
    let level = match note.level {
        NoteLevel::Error => "error",
        NoteLevel::Warning => "warning",
    };
    JsonNote { level, message: note.message.clone(), location: note.span.map(|span| location(sources, span)) }
}

fn json_finding(finding: &Finding, sources: &SourceMap, origins: &Origins<'_>) -> JsonFinding {
    let origin = origins.origin(finding);
    let live = |text: Option<&str>| text.filter(|_| origin.live).map(str::to_owned);
    let snippet = finding.snippet();
    JsonFinding {
        rule: finding.rule.id.clone(),
        title: finding.rule.title.clone(),
        severity: finding.severity.key(),
        verdict: finding.verdict.key(),
        subject: JsonSubject {
            kind: finding.subject.kind.clone(),
            id: finding.subject.id.clone(),
            resource_type: finding.subject.resource_type.clone(),
            name: finding.subject.name.clone(),
            arn: origin.resource.map(|held| held.id.clone()),
            account: live(origin.account),
            region: live(origin.region),
            called_at: finding.subject.calls.iter().map(|call| location(sources, *call)).collect(),
            construct: finding.subject.construct.as_ref().map(json_construct),
        },
        location: location(sources, finding.subject.span),
        message: finding.message.clone(),
        conditions: finding
            .conditions
            .iter()
            .map(|condition| JsonCondition { name: condition.name.to_string(), value: condition.holds })
            .collect(),
        evidence: finding.evidence.iter().map(|step| json_step(step, sources, origins)).collect(),
        reasons: finding.reasons.clone(),
        remediation: Remediation {
            text: finding.rule.remedy.clone(),
            snippet: snippet.map(|(_, text)| text.to_owned()),
            format: snippet.map(|(format, _)| format.to_owned()),
        },
        fingerprint: finding.fingerprint.clone(),
    }
}

fn json_construct(construct: &Construct) -> JsonConstruct {
    let place = construct.place.as_ref();
    JsonConstruct {
        path: construct.path.to_string(),
        file: place.map(|place| place.file.to_string()),
        line: place.map(|place| place.line),
    }
}

fn json_step(step: &Step, sources: &SourceMap, origins: &Origins<'_>) -> JsonStep {
    JsonStep {
        label: step.label.clone(),
        arn: step.span.and_then(|span| origins.resource(span)).map(|(_, held)| held.id.clone()),
        location: step.span.map(|span| location(sources, span)),
    }
}

fn location(sources: &SourceMap, span: Span) -> Location {
    let at = sources.position(span);
    Location {
        file: sources.file(span.file).name.clone(),
        line: at.line,
        column: at.column,
        end_line: at.end_line,
        end_column: at.end_column,
    }
}

fn json_rule(count: &RuleCount) -> JsonRule {
    JsonRule {
        id: count.rule.id.clone(),
        title: count.rule.title.clone(),
        severity: count.rule.severity.key(),
        subjects: count.subjects(),
        passed: count.of(Verdict::Pass),
        failed: count.of(Verdict::Fail),
        unknown: count.of(Verdict::Unknown),
        not_applicable: count.of(Verdict::NotApplicable),
        waived: count.of(Verdict::Waived),
        errors: count.of(Verdict::Error),
        mappings: count.rule.mappings.clone(),
    }
}

fn summary(report: &crate::finding::Report) -> Summary {
    let total = |verdict| report.rules.iter().map(|count| count.of(verdict)).sum();
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    let not_understood = report.resource_types.iter().filter(|(_, (_, understood))| !understood);
    Summary {
        files_read: report.files_read(),
        files_ignored: report.files.iter().filter(|file| file.outcome == Outcome::Ignored).count(),
        files_failed: report.files.iter().filter(|file| file.outcome == Outcome::Failed).count(),
        resources: report.resource_types.values().map(|(number, _)| number).sum(),
        terraform_root_modules: report.terraform.roots,
        terraform_modules: report.terraform.modules,
        terraform_foreign: report.terraform.foreign.clone(),
        terraform_absent: report.absent_modules.clone(),
        unread: (!report.collected.is_empty()).then(|| unread(report)),
        not_understood: not_understood.map(|(kind, (number, _))| (kind.clone(), *number)).collect(),
        subjects: report.rules.iter().map(RuleCount::subjects).sum(),
        failed: total(Verdict::Fail),
        unknown: total(Verdict::Unknown),
        errors: total(Verdict::Error),
        waived: total(Verdict::Waived),
        unchanged: (!report.unchanged.is_empty())
            .then(|| report.unchanged.iter().map(|(verdict, number)| (verdict.key(), *number)).collect()),
        failed_by_severity: severities.into_iter().map(|level| (level.key(), report.failures(level))).collect(),
    }
}

fn unread(report: &crate::finding::Report) -> Vec<JsonUnread> {
    let mut unread: Vec<JsonUnread> = Vec::new();
    for part in &report.collected {
        for failed in &part.failed {
            let is_same = |known: &&mut JsonUnread| {
                (known.account == part.account && known.region == part.region)
                    && (known.api == failed.api && known.outcome == failed.outcome.key())
            };
            match unread.iter_mut().rev().take_while(|known| known.account == part.account).find(is_same) {
                Some(known) => known.of.extend(failed.of.clone()),
                None => unread.push(JsonUnread {
                    account: part.account.clone(),
                    region: part.region.clone(),
                    api: failed.api.clone(),
                    outcome: failed.outcome.key(),
                    permission: failed.permission.clone(),
                    of: failed.of.clone().into_iter().collect(),
                    error: failed.error.clone(),
                }),
            }
        }
    }
    unread
}
