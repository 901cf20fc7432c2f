//! The AWS Security Finding Format, as `BatchImportFindings` of Security Hub takes it: a list of findings.
//!
//! Names and limits are those of the Security Hub API reference, `AwsSecurityFinding`, and of the user guide, "AWS
//! Security Finding Format (ASFF)". What is too long is cut and says so.

mod resource;
mod text;

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::View;
use super::origin::{Origin, Origins, missing};
use crate::finding::{Finding, RuleInfo, Severity, Verdict};
use crate::input::collected::{GLOBAL, home_region};
pub use text::{DESCRIPTION, clip};
use text::{FIELD, NAME, TITLE};

/// Before each rule id in `GeneratorId`, and before each key of `ProductFields`.
pub const OWN: &str = "sra-guard/";

/// Items of a list of findings' requirements.
const REQUIREMENTS: usize = 32;

/// Items of a list of findings' resources.
const RESOURCES: usize = 32;

/// Bytes of one finding, with room for the fields that are added last.
const SIZE: usize = 236 << 10;

const BEST_PRACTICES: &str = "Software and Configuration Checks/AWS Security Best Practices";

/// Framework → its finding type. Source: Security Hub user guide, "Types taxonomy for ASFF".
const TYPES: &[(&str, &str)] = &[
    ("isms_p", "Software and Configuration Checks/Industry and Regulatory Standards/K-ISMS Controls (Korea)"),
    (
        "nist_800_53_r5",
        "Software and Configuration Checks/Industry and Regulatory Standards/NIST 800-53 Controls (USA)",
    ),
];

/// Framework → what is written before its controls. Other tools' check ids are no requirements.
const FRAMEWORKS: &[(&str, &str)] =
    &[("isms_p", "ISMS-P "), ("nist_800_53_r5", "NIST.800-53.r5 "), ("security_hub", "AWS Security Hub ")];

/// Makes findings of one report.
#[derive(Debug)]
pub struct Asff<'a> {
    view: &'a View<'a>,
    origins: Origins<'a>,
}

pub fn lacking(view: &View<'_>) -> Option<String> {
    missing(view, "ASFF", true)
}

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    if let Some(why) = lacking(view) {
        return Err(io::Error::other(why));
    }
    let asff = Asff::of(view);
    let findings: Vec<Value> = view.findings().filter_map(|finding| asff.finding(finding)).collect();
    serde_json::to_writer_pretty(&mut *out, &findings)?;
    out.write_all(b"\n")
}

impl<'a> Asff<'a> {
    pub fn of(view: &'a View<'a>) -> Self {
        Self { view, origins: Origins::of(view) }
    }

    /// Nothing when the account, the region or the time is not known.
    pub fn finding(&self, finding: &Finding) -> Option<Value> {
        let origin = self.origins.origin(finding);
        let (account, region, at) = (origin.account?, origin.region?, written(origin.at?));
        let (rule, subject) = (&finding.rule, &finding.subject);
        let severity = json!({ "Label": label(finding), "Original": finding.severity.key() });
        let types = types(rule);
        let description = text::description(finding, &origin, &self.origins, self.view);
        let Value::Object(mut object) = json!({
            "SchemaVersion": "2018-10-08",
            "Id": id(finding, account, region),
            "GeneratorId": clip(&format!("{OWN}{}", rule.id), NAME),
            "ProductName": "sra-guard",
            "AwsAccountId": account,
            "Types": types,
            "Severity": severity,
            "FindingProviderFields": { "Severity": severity, "Types": types },
            "Title": clip(&format!("{} {}", rule.id, rule.title), TITLE),
            "Description": clip(&description, DESCRIPTION),
            "Remediation": { "Recommendation": { "Text": clip(&rule.remedy, text::REMEDY), "Url": url(rule) } },
            "Compliance": compliance(finding),
            "Resources": self.resources(finding, &origin),
            "ProductFields": {
                "sra-guard/rule": clip(&rule.id, FIELD),
                "sra-guard/subject": clip(&subject.id, FIELD),
                "sra-guard/subject-kind": subject.kind,
                "sra-guard/resource": clip(&subject.address.0, FIELD),
                "sra-guard/resource-type": subject.resource_type,
                "sra-guard/region": region,
                "sra-guard/verdict": finding.verdict.key(),
                "sra-guard/fingerprint": finding.fingerprint,
            },
            "RecordState": "ACTIVE",
        }) else {
            return None;
        };
        while serde_json::to_vec(&object).is_ok_and(|text| text.len() > SIZE) {
            let resources = object.get_mut("Resources").and_then(Value::as_array_mut)?;
            // The subject's own resource stays.
            (resources.len() > 1).then(|| resources.pop())?;
        }
        let content = digest(&object);
        if let Some(Value::Object(fields)) = object.get_mut("ProductFields") {
            fields.insert(CONTENT.to_owned(), json!(content));
            fields.insert(AS_OF.to_owned(), json!(at));
            fields.insert("sra-guard/version".to_owned(), json!(env!("CARGO_PKG_VERSION")));
        }
        let place = if region == GLOBAL { home_region(origin.partition) } else { region };
        object.insert("ProductArn".to_owned(), json!(product_arn(origin.partition, place, account)));
        for key in ["FirstObservedAt", "LastObservedAt", "CreatedAt", "UpdatedAt"] {
            object.insert(key.to_owned(), json!(at));
        }
        Some(Value::Object(object))
    }

    /// The subject's resource, and those in which its evidence lies.
    fn resources(&self, finding: &Finding, origin: &Origin<'_>) -> Vec<Value> {
        let subject = &finding.subject;
        let mut resources = vec![resource::of_subject(subject, origin)];
        let mut seen = vec![&*subject.address.0];
        for span in finding.evidence.iter().filter_map(|step| step.span) {
            if let Some((part, held)) = self.origins.resource(span)
                && resources.len() < RESOURCES
                && !seen.contains(&held.id.as_str())
            {
                seen.push(&held.id);
                resources.push(resource::of_held(held, &part.partition, &part.region));
            }
        }
        resources
    }
}

/// Key of `ProductFields`: what a finding says, without its times, so that what did not change need not be written.
pub const CONTENT: &str = "sra-guard/content";

/// Key of `ProductFields`: the time of the input that it was made of.
pub const AS_OF: &str = "sra-guard/as-of";

/// The product that everybody may import findings as. Source: Security Hub user guide, "Using custom product integrations".
pub fn product_arn(partition: &str, region: &str, account: &str) -> String {
    format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default")
}

/// The same for the same rule and subject, whatever the run.
pub(super) fn id(finding: &Finding, account: &str, region: &str) -> String {
    clip(&format!("{OWN}{account}/{region}/{}/{}", finding.rule.id, finding.fingerprint), NAME)
}

/// As timestamps are written, to the millisecond.
pub fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn digest(finding: &Map<String, Value>) -> String {
    let text = serde_json::to_vec(finding).unwrap_or_default();
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn label(finding: &Finding) -> &'static str {
    match (finding.verdict, finding.severity) {
        // "No issue was found".
        (Verdict::Pass | Verdict::NotApplicable, _) | (_, Severity::Info) => "INFORMATIONAL",
        (_, Severity::Low) => "LOW",
        (_, Severity::Medium) => "MEDIUM",
        (_, Severity::High) => "HIGH",
        (_, Severity::Critical) => "CRITICAL",
    }
}

/// `FAILED` is what is proven. What was waived failed all the same.
fn compliance(finding: &Finding) -> Value {
    let status = match finding.verdict {
        Verdict::Fail | Verdict::Waived => "FAILED",
        Verdict::Unknown | Verdict::Error => "WARNING",
        Verdict::Pass => "PASSED",
        Verdict::NotApplicable => "NOT_AVAILABLE",
    };
    let requirements: Vec<String> = requirements(&finding.rule).take(REQUIREMENTS).collect();
    let mut compliance = json!({ "Status": status });
    if let (false, Some(object)) = (requirements.is_empty(), compliance.as_object_mut()) {
        object.insert("RelatedRequirements".to_owned(), json!(requirements));
    }
    compliance
}

/// The controls that a rule serves, with their framework.
pub(super) fn requirements(rule: &RuleInfo) -> impl Iterator<Item = String> {
    FRAMEWORKS.iter().flat_map(|(key, before)| {
        let ids = rule.mappings.get(*key).map(Vec::as_slice).unwrap_or_default();
        ids.iter().map(move |id| clip(&format!("{before}{id}"), text::REQUIREMENT))
    })
}

fn types(rule: &RuleInfo) -> Vec<&'static str> {
    let standards = TYPES.iter().filter(|(framework, _)| rule.mappings.contains_key(*framework)).map(|(_, kind)| *kind);
    std::iter::once(BEST_PRACTICES).chain(standards).collect()
}

/// Where the cure is described: the user guide's page about the control of the same meaning, else the reference
/// architecture.
pub(super) fn url(rule: &RuleInfo) -> String {
    let control = rule.mappings.get("security_hub").and_then(|ids| ids.first());
    let page = control.and_then(|id| {
        let (service, number) = id.split_once('.')?;
        let plain = service.chars().all(|c| c.is_ascii_alphanumeric()) && number.chars().all(|c| c.is_ascii_digit());
        let service = service.to_ascii_lowercase();
        plain.then(|| {
            format!(
                "https://docs.aws.amazon.com/securityhub/latest/userguide/{service}-controls.html#{service}-{number}"
            )
        })
    });
    page.unwrap_or_else(|| {
        "https://docs.aws.amazon.com/prescriptive-guidance/latest/security-reference-architecture/welcome.html"
            .to_owned()
    })
}
