//! What several test modules need.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sra_guard::finding::{Finding, Verdict};
use sra_guard::input::{Context, cloudformation};
use sra_guard::rule::RuleSet;
use sra_guard::scan;
use sra_guard::source::SourceMap;

pub(crate) fn rules() -> &'static RuleSet {
    static RULES: OnceLock<RuleSet> = OnceLock::new();
    RULES.get_or_init(|| RuleSet::builtin().unwrap())
}

pub(crate) fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// All findings of a template, passes included.
pub(crate) fn findings(template: &str) -> Vec<Finding> {
    let sources = std::sync::Arc::new(SourceMap::default());
    let unit = cloudformation::unit_from_text("template.yaml", template, &Context::default(), &sources).unwrap();
    scan::judge(unit.as_ref(), rules(), true).findings
}

/// (rule, subject and message) of everything that does not pass.
pub(crate) fn failed_rules(template: &str) -> Vec<(String, String)> {
    findings(template)
        .into_iter()
        .filter(|finding| !matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable))
        .map(|finding| {
            let text = format!("{} {}: {} {:?}", finding.verdict, finding.subject.id, finding.message, finding.reasons);
            (finding.rule.id.clone(), text)
        })
        .collect()
}
