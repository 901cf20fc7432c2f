//! Compliance Findings of the Open Cybersecurity Schema Framework (OCSF), a list of events.
//!
//! Names and numbers are those of OCSF 1.5.0: class "Compliance Finding" with the profile "Cloud". Times are milliseconds since
//! 1970, as `timestamp_t` has them.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::origin::{Origin, Origins, missing};
use super::{View, asff};
use crate::finding::{Finding, Severity, Verdict};
use crate::input::collected::GLOBAL;

/// Version of the schema.
const VERSION: &str = "1.5.0";

/// Class "Compliance Finding" of the category "Findings".
const CLASS: u32 = 2003;
const CATEGORY: u32 = 2;

/// Activity "Create": a file of findings knows no earlier one.
const CREATE: u32 = 1;

pub(super) fn lacking(view: &View<'_>) -> Option<String> {
    missing(view, "OCSF", false)
}

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    if let Some(why) = lacking(view) {
        return Err(io::Error::other(why));
    }
    let origins = Origins::of(view);
    let events: Vec<Value> =
        view.findings().filter_map(|finding| event(finding, &origins.origin(finding), &origins, view)).collect();
    serde_json::to_writer_pretty(&mut *out, &events)?;
    out.write_all(b"\n")
}

fn event(finding: &Finding, origin: &Origin<'_>, origins: &Origins<'_>, view: &View<'_>) -> Option<Value> {
    let (rule, subject) = (&finding.rule, &finding.subject);
    let time = origin.at?.as_millisecond();
    let (severity_id, severity) = severity(finding);
    let (state_id, state) = state(finding.verdict);
    let evidence: Vec<String> = finding
        .evidence
        .iter()
        .map(|step| match (step.span, origin.live) {
            (None, _) => step.label.clone(),
            (Some(span), false) => format!("{} [{}]", step.label, view.place(span)),
            (Some(span), true) => match origins.resource(span) {
                Some((_, held)) => format!("{} [{}]", step.label, held.id),
                None => step.label.clone(),
            },
        })
        .collect();
    let mut cloud = Map::from_iter([("provider".to_owned(), json!("AWS"))]);
    if let Some(account) = origin.account {
        cloud.insert("account".to_owned(), json!({ "uid": account, "type": "AWS Account", "type_id": 10 }));
    }
    let region = origin.region.filter(|region| *region != GLOBAL);
    if let Some(region) = region {
        cloud.insert("region".to_owned(), json!(region));
    }
    let (status_id, status) = match finding.verdict {
        Verdict::Waived => (3, "Suppressed"),
        Verdict::Pass | Verdict::NotApplicable => (4, "Resolved"),
        Verdict::Fail | Verdict::Unknown | Verdict::Error => (1, "New"),
    };
    let standards: Vec<&str> = STANDARDS
        .iter()
        .filter(|(framework, _)| rule.mappings.contains_key(*framework))
        .map(|(_, standard)| *standard)
        .collect();
    let mut event = json!({
        "activity_id": CREATE,
        "activity_name": "Create",
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Compliance Finding",
        "type_uid": CLASS * 100 + CREATE,
        "type_name": "Compliance Finding: Create",
        "time": time,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": finding.sentence(),
        "metadata": {
            "version": VERSION,
            "product": { "name": "sra-guard", "vendor_name": "sra-guard", "version": env!("CARGO_PKG_VERSION") },
            "profiles": ["cloud"],
            "event_code": rule.id,
        },
        "finding_info": {
            "uid": uid(finding, origin),
            "title": rule.title,
            "desc": finding.sentence(),
            "created_time": time,
            "first_seen_time": time,
            "last_seen_time": time,
            "analytic": { "uid": rule.id, "name": rule.title, "type_id": 1, "type": "Rule" },
        },
        "compliance": {
            "control": rule.id,
            "desc": rule.why,
            "standards": standards,
            "requirements": asff::requirements(rule).collect::<Vec<_>>(),
            "status_id": state_id,
            "status": state,
            "status_details": finding.reasons,
        },
        "remediation": { "desc": rule.remedy, "references": [asff::url(rule)] },
        "resources": [resource(finding, origin, region)],
        "cloud": cloud,
        "unmapped": {
            "verdict": finding.verdict.key(),
            "subject_kind": subject.kind,
            "subject": subject.id,
            "fingerprint": finding.fingerprint,
            "evidence": evidence,
        },
    });
    // A list with nothing in it says nothing.
    if let Some(compliance) = event.get_mut("compliance").and_then(Value::as_object_mut) {
        compliance.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
    }
    Some(event)
}

/// Framework → the standard whose requirements its ids are.
const STANDARDS: &[(&str, &str)] = &[
    ("isms_p", "ISMS-P"),
    ("nist_800_53_r5", "NIST SP 800-53 Rev. 5"),
    ("security_hub", "AWS Foundational Security Best Practices"),
];

/// The id that the finding has in Security Hub too, as far as its owner is known.
fn uid(finding: &Finding, origin: &Origin<'_>) -> String {
    match (origin.account, origin.region) {
        (Some(account), Some(region)) => asff::id(finding, account, region),
        _ => finding.fingerprint.clone(),
    }
}

fn resource(finding: &Finding, origin: &Origin<'_>, region: Option<&str>) -> Value {
    let subject = &finding.subject;
    let mut resource = json!({
        "uid": subject.address.0,
        "name": subject.name,
        "type": subject.resource_type,
        "cloud_partition": origin.partition,
    });
    if let (Some(region), Some(object)) = (region, resource.as_object_mut()) {
        object.insert("region".to_owned(), json!(region));
    }
    resource
}

fn severity(finding: &Finding) -> (u32, &'static str) {
    match (finding.verdict, finding.severity) {
        (Verdict::Pass | Verdict::NotApplicable, _) | (_, Severity::Info) => (1, "Informational"),
        (_, Severity::Low) => (2, "Low"),
        (_, Severity::Medium) => (3, "Medium"),
        (_, Severity::High) => (4, "High"),
        (_, Severity::Critical) => (5, "Critical"),
    }
}

/// Of the check. What is not known gave no result for want of information, which the schema calls a warning.
fn state(verdict: Verdict) -> (u32, &'static str) {
    match verdict {
        Verdict::Pass => (1, "Pass"),
        Verdict::Unknown | Verdict::Error => (2, "Warning"),
        Verdict::Fail | Verdict::Waived => (3, "Fail"),
        Verdict::NotApplicable => (99, "Not applicable"),
    }
}
