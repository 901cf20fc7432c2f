//! What to write: the findings of a run beside those that Security Hub holds of earlier ones.
//!
//! | this run says | Security Hub holds | |
//! |---|---|---|
//! | failed, unknown, waived | nothing | create |
//! | failed, unknown, waived | something else, or the same for long, or archived | update |
//! | failed, unknown, waived | the same | leave |
//! | passed, does not apply | active | resolve |
//! | nothing, and it was looked at | active | resolve, with a note |
//! | nothing, and it was not looked at | active | leave |
//! | anything | what a later run wrote | leave |
//!
//! What people do with a finding (workflow status, note, severity of their own) is never written.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::finding::{Earlier, Gone, Report, Verdict};
use crate::report::asff::{AS_OF, CONTENT, DESCRIPTION, clip, written};

/// A finding of this run.
#[derive(Clone, Debug)]
pub struct Current {
    pub verdict: Verdict,
    pub asff: Value,
}

impl Current {
    /// Whether it says that something is wrong, or not known.
    pub fn is_open(&self) -> bool {
        !matches!(self.verdict, Verdict::Pass | Verdict::NotApplicable)
    }
}

/// A finding to write, and what becomes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub step: Step,
    pub finding: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Create,
    Update,
    Resolve,
}

/// What to write to the Security Hub of one account and region.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Creations first, then updates, then what is resolved; each by id.
    pub changes: Vec<Change>,
    /// Findings that are as they should be.
    pub unchanged: usize,
    /// Findings that a later run wrote.
    pub newer: usize,
    /// Active findings that this run did not make and cannot resolve: why → how many.
    pub left: BTreeMap<String, usize>,
    /// Ids of findings that are waived in this run and not suppressed yet.
    pub waived: Vec<String>,
    /// Ids of findings that this program has suppressed, and that are not waived any more.
    pub no_longer_waived: Vec<String>,
}

/// Security Hub forgets what nobody updates for 90 days, so what stays is written anew long before. Source: user guide,
/// "Creating and updating findings in Security Hub".
const REFRESH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Who suppresses findings that are waived, as their note says.
pub const SUPPRESSED_BY: &str = "sra-guard";

/// Compares the findings of a run with those that a Security Hub holds of this program.
pub fn plan(current: &[Current], held: &[Value], report: &Report) -> Plan {
    let mut plan = Plan::default();
    let mut held: BTreeMap<&str, &Value> =
        held.iter().filter_map(|finding| Some((text(finding, "/Id")?, finding))).collect();
    for finding in current {
        let Current { verdict, asff } = finding;
        let Some(id) = text(asff, "/Id") else { continue };
        let before = held.remove(id);
        if before.is_some_and(|before| is_newer(before, asff)) {
            plan.newer += 1;
            continue;
        }
        match verdict {
            Verdict::Waived if !before.is_some_and(is_suppressed) => plan.waived.push(id.to_owned()),
            Verdict::Fail if before.is_some_and(was_suppressed) => plan.no_longer_waived.push(id.to_owned()),
            _ => {}
        }
        let settled = !finding.is_open();
        let step = match before {
            None if settled => continue,
            None => Step::Create,
            Some(before) if settled && is_active(before) => Step::Resolve,
            Some(before) if !settled && is_stale(before, asff) => Step::Update,
            Some(_) => {
                plan.unchanged += 1;
                continue;
            }
        };
        let mut finding = asff.clone();
        if let Some(before) = before {
            carry_over(before, &mut finding);
        }
        if step == Step::Resolve {
            resolve(&mut finding);
        }
        plan.changes.push(Change { step, finding });
    }
    let run = current.iter().filter_map(|current| text(&current.asff, AS_OF_AT)?.parse().ok()).max();
    let run = run.or_else(|| report.collected.iter().filter_map(|part| part.at.as_deref()?.parse().ok()).max());
    for before in held.into_values().filter(|before| is_active(before)) {
        match gone(before, report, run) {
            Ok(finding) => plan.changes.push(Change { step: Step::Resolve, finding }),
            Err(Left::Newer) => plan.newer += 1,
            Err(Left::Unsure(why)) => *plan.left.entry(why).or_default() += 1,
        }
    }
    let id = |change: &Change| text(&change.finding, "/Id").unwrap_or_default().to_owned();
    plan.changes.sort_by_cached_key(|change| (change.step, id(change)));
    plan
}

const AS_OF_AT: &str = "/ProductFields/sra-guard~1as-of";

enum Left {
    Newer,
    Unsure(String),
}

/// The resolved form of a finding that this run did not make, if it is certain that it is gone.
fn gone(before: &Value, report: &Report, run: Option<Timestamp>) -> Result<Value, Left> {
    let unsure = |why: &str| Left::Unsure(why.to_owned());
    let field = |key: &str| before.pointer(&format!("/ProductFields/sra-guard~1{key}")).and_then(Value::as_str);
    let foreign = || unsure("another version of this program wrote it");
    let account = text(before, "/AwsAccountId").ok_or_else(foreign)?;
    let earlier = Earlier {
        rule: field("rule").ok_or_else(foreign)?,
        account,
        region: field("region").ok_or_else(foreign)?,
        resource: field("resource").ok_or_else(foreign)?,
        resource_type: field("resource-type").ok_or_else(foreign)?,
    };
    if earlier.resource.ends_with('…') {
        return Err(unsure("the id of its resource was too long to be kept"));
    }
    let gone = report.gone(earlier).map_err(Left::Unsure)?;
    let run = run.ok_or_else(|| unsure("the time of the snapshot is not known; give `--as-of`"))?;
    if timestamp(before, AS_OF_AT).is_some_and(|before| before > run) {
        return Err(Left::Newer);
    }
    let note = match gone {
        Gone::Resource => format!("Resolved: the resource was not there any more at {run}. "),
        Gone::Subject => format!("Resolved: the resource has nothing any more that this rule judges, at {run}. "),
    };
    let description = text(before, "/Description").unwrap_or_default();
    let mut finding = before.clone();
    if let Some(object) = finding.as_object_mut() {
        object.retain(|key, _| PROVIDED.contains(&key.as_str()));
        object.insert("Description".to_owned(), json!(clip(&format!("{note}{description}"), DESCRIPTION)));
        object.insert("UpdatedAt".to_owned(), json!(written(after(before, run))));
        if let Some(Value::Object(fields)) = object.get_mut("ProductFields") {
            own_fields(fields);
            fields.insert(AS_OF.to_owned(), json!(written(run)));
        }
    }
    for part in ["/Severity", "/FindingProviderFields/Severity"] {
        if let Some(severity) = finding.pointer_mut(part).and_then(Value::as_object_mut) {
            // "No issue was found".
            severity.insert("Label".to_owned(), json!("INFORMATIONAL"));
            plain(severity);
        }
    }
    keep_judgement(before, &mut finding);
    resolve(&mut finding);
    Ok(finding)
}

/// What a provider may send of what it has read back; the rest is the service's or the users'.
const PROVIDED: &[&str] = &[
    "SchemaVersion",
    "Id",
    "ProductArn",
    "ProductName",
    "GeneratorId",
    "AwsAccountId",
    "Types",
    "Severity",
    "FindingProviderFields",
    "FirstObservedAt",
    "LastObservedAt",
    "CreatedAt",
    "UpdatedAt",
    "Title",
    "Description",
    "Remediation",
    "Compliance",
    "Resources",
    "ProductFields",
    "RecordState",
];

/// Without the numbers that the service derives from the label.
fn plain(severity: &mut Map<String, Value>) {
    severity.retain(|key, _| key == "Label" || key == "Original");
}

/// Security Hub adds fields of its own (`aws/securityhub/…`).
fn own_fields(fields: &mut Map<String, Value>) {
    fields.retain(|key, _| key.starts_with(crate::report::asff::OWN));
}

fn resolve(finding: &mut Value) {
    if let Some(compliance) = finding.get_mut("Compliance").and_then(Value::as_object_mut) {
        compliance.insert("Status".to_owned(), json!("PASSED"));
        compliance.retain(|key, _| key == "Status" || key == "RelatedRequirements");
    }
    if let Some(object) = finding.as_object_mut() {
        object.insert("RecordState".to_owned(), json!("ARCHIVED"));
    }
}

/// What an update keeps of what is there.
fn carry_over(before: &Value, finding: &mut Value) {
    let at = timestamp(finding, "/UpdatedAt").unwrap_or_default();
    let updated = written(after(before, at));
    if let Some(object) = finding.as_object_mut() {
        for key in ["CreatedAt", "FirstObservedAt"] {
            if let Some(first) = before.get(key) {
                object.insert(key.to_owned(), first.clone());
            }
        }
        object.insert("UpdatedAt".to_owned(), json!(updated));
    }
    keep_judgement(before, finding);
}

/// A severity and types that people gave a finding. A provider's own stand in `FindingProviderFields`; the fields above it
/// are the users'. Source: API reference, `FindingProviderFields`.
fn keep_judgement(before: &Value, finding: &mut Value) {
    let kept: Vec<(&str, Value)> = [("Severity", "/Label"), ("Types", "")]
        .into_iter()
        .filter_map(|(key, part)| {
            let users = before.pointer(&format!("/{key}{part}"))?;
            let ours = before.pointer(&format!("/FindingProviderFields/{key}{part}"))?;
            let mut kept = before.get(key).filter(|_| users != ours)?.clone();
            kept.as_object_mut().into_iter().for_each(plain);
            Some((key, kept))
        })
        .collect();
    if let Some(object) = finding.as_object_mut() {
        for (key, value) in kept {
            object.insert(key.to_owned(), value);
        }
    }
}

/// The time of an update. The service ignores one that is not later than what it has.
fn after(before: &Value, at: Timestamp) -> Timestamp {
    let last = timestamp(before, "/UpdatedAt").unwrap_or_default();
    let next = last.checked_add(SignedDuration::from_millis(1)).unwrap_or(last);
    at.max(next)
}

fn is_active(finding: &Value) -> bool {
    text(finding, "/RecordState") != Some("ARCHIVED")
}

/// Whether a run over later input has written it.
fn is_newer(before: &Value, finding: &Value) -> bool {
    timestamp(before, AS_OF_AT) > timestamp(finding, AS_OF_AT)
}

/// Whether it says something else, or would be forgotten.
fn is_stale(before: &Value, finding: &Value) -> bool {
    let pointer = format!("/ProductFields/{}", CONTENT.replace('/', "~1"));
    let old = || {
        let (last, now) = (timestamp(before, "/UpdatedAt")?, timestamp(finding, "/UpdatedAt")?);
        Some(now.duration_since(last) >= REFRESH)
    };
    !is_active(before) || text(before, &pointer) != text(finding, &pointer) || old().unwrap_or(true)
}

fn is_suppressed(finding: &Value) -> bool {
    text(finding, "/Workflow/Status") == Some("SUPPRESSED")
}

/// Not by a person.
fn was_suppressed(finding: &Value) -> bool {
    is_suppressed(finding) && text(finding, "/Note/UpdatedBy") == Some(SUPPRESSED_BY)
}

fn text<'a>(finding: &'a Value, pointer: &str) -> Option<&'a str> {
    finding.pointer(pointer).and_then(Value::as_str)
}

fn timestamp(finding: &Value, pointer: &str) -> Option<Timestamp> {
    text(finding, pointer)?.parse().ok()
}
