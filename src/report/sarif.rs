//! SARIF 2.1.0 for code scanning: rules with help, the proof as a code flow, stable fingerprints.
//! Property names are those of the OASIS standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::View;
use super::origin::Origins;
use crate::finding::{Finding, RuleInfo, Severity, Verdict};
use crate::input::{Note, NoteLevel};
use crate::source::Span;

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let origins = Origins::of(view);
    let rules: Vec<&RuleInfo> = view.report.rules.iter().map(|count| &*count.rule).collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "sra-guard",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            // Columns of this tool count characters, not UTF-16 units.
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": view.report.notes.iter().all(|note| note.level != NoteLevel::Error),
                "toolExecutionNotifications": view.report.notes.iter().map(|note| notification(view, note)).collect::<Vec<_>>(),
            }],
            "results": view.findings().map(|finding| result(view, &origins, finding, &rules)).collect::<Vec<_>>(),
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    out.write_all(b"\n")
}

fn descriptor(rule: &RuleInfo) -> Value {
    let snippets: String = rule.snippets.iter().fold(String::new(), |text, (format, snippet)| {
        format!("{text}\n\n{format}:\n\n```\n{}\n```", snippet.trim_end())
    });
    let mappings =
        rule.mappings.iter().flat_map(|(framework, ids)| ids.iter().map(move |id| format!("{framework}:{id}")));
    // The standard wants distinct tags.
    let tags: BTreeSet<String> = std::iter::once("security".to_owned()).chain(mappings).collect();
    json!({
        "id": rule.id,
        "name": rule.title,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.why },
        "help": {
            "text": format!("{}\n\n{}", rule.why, rule.remedy),
            "markdown": format!("{}\n\n**How to fix:** {}{snippets}", rule.why, rule.remedy),
        },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "security-severity": score(rule.severity),
            "tags": tags,
        },
    })
}

fn result(view: &View<'_>, origins: &Origins<'_>, finding: &Finding, rules: &[&RuleInfo]) -> Value {
    let mut text = finding.sentence();
    for reason in &finding.reasons {
        text = format!("{text}\nnot known: {reason}");
    }
    let (kind, level) = match finding.verdict {
        Verdict::Fail | Verdict::Error => ("fail", level(finding.severity)),
        // The standard allows a level other than `none` only for failures.
        Verdict::Unknown => ("review", "none"),
        Verdict::Pass => ("pass", "none"),
        Verdict::NotApplicable => ("notApplicable", "none"),
        Verdict::Waived => ("informational", "none"),
    };
    let mut result = json!({
        "ruleId": finding.rule.id,
        "kind": kind,
        "level": level,
        "message": { "text": text },
        "locations": [{
            "physicalLocation": physical(view, finding.subject.span),
            "logicalLocations": logical(finding),
        }],
        "partialFingerprints": { "sraGuard/v1": finding.fingerprint },
        "properties": {
            "verdict": finding.verdict.key(),
            "severity": finding.severity.key(),
            "resourceType": finding.subject.resource_type,
        },
    });
    let steps: Vec<Value> = finding
        .evidence
        .iter()
        .filter_map(|step| {
            let span = step.span?;
            let mut location = json!({ "physicalLocation": physical(view, span), "message": { "text": step.label } });
            if let (Some(owner), Some(object)) = (origins.owner(span), location.as_object_mut()) {
                object.insert(
                    "logicalLocations".to_owned(),
                    json!([{ "fullyQualifiedName": owner, "kind": "resource" }]),
                );
            }
            Some(json!({ "location": location }))
        })
        .collect();
    if let Some(object) = result.as_object_mut() {
        if let Some(index) = rules.iter().position(|rule| rule.id == finding.rule.id) {
            object.insert("ruleIndex".to_owned(), json!(index));
        }
        let calls = finding.subject.calls.iter().map(|call| {
            json!({ "physicalLocation": physical(view, *call), "message": { "text": "the module is called here" } })
        });
        let related: Vec<Value> = calls.chain(created(finding)).collect();
        if !related.is_empty() {
            object.insert("relatedLocations".to_owned(), json!(related));
        }
        if !steps.is_empty() {
            object.insert("codeFlows".to_owned(), json!([{ "threadFlows": [{ "locations": steps }] }]));
        }
    }
    result
}

/// The resource and, in a CDK app, the construct that created it.
fn logical(finding: &Finding) -> Vec<Value> {
    let subject = &finding.subject;
    let resource = json!({ "name": subject.name, "fullyQualifiedName": subject.id, "kind": "resource" });
    let construct = subject.construct.as_ref().map(|construct| {
        let name = construct.path.rsplit('/').find(|name| *name != "Resource").unwrap_or(&construct.path);
        json!({ "name": name, "fullyQualifiedName": construct.path, "kind": "construct" })
    });
    std::iter::once(resource).chain(construct).collect()
}

/// The line of the app that created the construct.
fn created(finding: &Finding) -> Option<Value> {
    let place = finding.subject.construct.as_ref()?.place.as_ref()?;
    Some(json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&place.file) },
            "region": { "startLine": place.line },
        },
        "message": { "text": "the construct is created here" },
    }))
}

fn notification(view: &View<'_>, note: &Note) -> Value {
    let level = match note.level {
        NoteLevel::Error => "error",
        NoteLevel::Warning => "warning",
    };
    let mut notification = json!({ "level": level, "message": { "text": note.message } });
    // Viewers take an empty list of locations for a broken one.
    if let (Some(span), Some(object)) = (note.span, notification.as_object_mut()) {
        object.insert("locations".to_owned(), json!([{ "physicalLocation": physical(view, span) }]));
    }
    notification
}

fn physical(view: &View<'_>, span: Span) -> Value {
    let at = view.sources.position(span);
    // Positions count from 1; an end before the start is no region.
    let (end_line, end_column) = (at.end_line, at.end_column).max((at.line, at.column));
    json!({
        "artifactLocation": { "uri": uri(&view.sources.file(span.file).name) },
        "region": { "startLine": at.line, "startColumn": at.column, "endLine": end_line, "endColumn": end_column },
    })
}

/// A file name as a relative or `file` URI (RFC 3986: everything but unreserved characters and `/` is escaped).
fn uri(name: &str) -> String {
    let escaped = name.trim_start_matches("./").bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    });
    if name.starts_with('/') { format!("file://{escaped}") } else { escaped }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The number by which code scanning sorts: above 9.0 critical, 7.0 high, 4.0 medium, else low.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}
