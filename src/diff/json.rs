//! A diff as JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{ArchitectureChange, Diff, FindingChange, Place, ResourceChange, Side, Uncompared};
use crate::finding::{Severity, Verdict};

/// Raised when a field changes its meaning or goes away.
const VERSION: u32 = 1;

pub fn write(diff: &Diff, before: &Side, after: &Side, out: &mut dyn Write) -> io::Result<()> {
    let side = |side: &Side| {
        json!({
            "world": if side.is_live() { "account" } else { "template" },
            "files": side.report.files_read(),
            "resources": side.resources.len(),
        })
    };
    let document = json!({
        "version": VERSION,
        "tool": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
        "before": side(before),
        "after": side(after),
        "paired": diff.paired,
        "architecture": diff.architecture.iter().map(architecture).collect::<Vec<_>>(),
        "resources": diff.resources.iter().map(resource).collect::<Vec<_>>(),
        "findings": diff.findings.iter().map(finding).collect::<Vec<_>>(),
        "uncompared": diff.uncompared.iter().map(uncompared).collect::<Vec<_>>(),
    });
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

fn resource(change: &ResourceChange) -> Value {
    let property = |property: &super::PropertyChange| json!({ "path": property.path, "before": property.before, "after": property.after });
    json!({
        "type": change.kind,
        "change": change.change.key(),
        "before": change.before.as_ref().map(place),
        "after": change.after.as_ref().map(place),
        "paired_by": change.basis.map(super::Basis::key),
        "properties": change.properties.iter().map(property).collect::<Vec<_>>(),
        "why": change.why,
        "apart": change.is_apart,
    })
}

fn architecture(change: &ArchitectureChange) -> Value {
    let side = |said: Option<&String>, place_of: Option<&Place>| {
        place_of.map(|subject| json!({ "subject": place(subject), "says": said }))
    };
    json!({
        "aspect": change.aspect.key(),
        "request": (!change.part.is_empty()).then_some(&change.part),
        "before": side(change.before.as_ref(), change.subject.as_ref()),
        "after": side(change.after.as_ref(), change.now.as_ref()),
    })
}

fn finding(change: &FindingChange) -> Value {
    let (one, other) = change.severities.unzip();
    let side =
        |verdict: Option<Verdict>, severity: Option<Severity>, place_of: Option<&Place>, said: Option<&String>| {
            // Where both fail, and one more gravely.
            let severity = severity.map(Severity::key);
            verdict.map(|verdict| {
            json!({ "verdict": verdict.key(), "severity": severity, "subject": place_of.map(place), "message": said })
        })
        };
    json!({
        "rule": change.rule,
        "title": change.title,
        "severity": change.severity.key(),
        "change": change.key(),
        "before": side(change.before, one, change.subject.as_ref(), change.said_before.as_ref()),
        "after": side(change.after, other, change.now.as_ref(), change.said_after.as_ref()),
    })
}

fn uncompared(finding: &Uncompared) -> Value {
    json!({
        "rule": finding.rule,
        "severity": finding.severity.key(),
        "verdict": finding.verdict.key(),
        "side": if finding.is_before { "before" } else { "after" },
        "subject": place(&finding.subject),
        "why": finding.why,
    })
}

fn place(place: &Place) -> Value {
    json!({ "id": place.id, "name": place.name, "location": place.location })
}

impl FindingChange {
    pub fn key(&self) -> &'static str {
        match (self.before, self.after) {
            (None, _) => "new",
            (_, None) => "resolved",
            _ => "changed",
        }
    }
}
