//! What several test modules need.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use sra_guard::finding::{Finding, Verdict};
use sra_guard::input::{Context, cloudformation, terraform};
use sra_guard::report::Occasion;
use sra_guard::rule::RuleSet;
use sra_guard::scan;
use sra_guard::source::SourceMap;

pub(crate) fn rules() -> &'static RuleSet {
    static RULES: OnceLock<RuleSet> = OnceLock::new();
    RULES.get_or_init(|| RuleSet::builtin().unwrap())
}

/// What formats are told that say when and whose a finding is.
pub(crate) fn occasion() -> Occasion {
    Occasion {
        as_of: Some("2026-01-02T03:04:05Z".parse().unwrap()),
        account: Some("111122223333".to_owned()),
        region: Some("eu-west-1".to_owned()),
        partition: None,
    }
}

pub(crate) fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// All findings of a template, passes included.
pub(crate) fn findings(template: &str) -> Vec<Finding> {
    let sources = Arc::new(SourceMap::default());
    let unit = cloudformation::unit_from_text("template.yaml", template, &Context::default(), &sources).unwrap();
    scan::judge(unit.as_ref(), rules(), true).findings
}

/// All findings of a Terraform root module, passes included.
pub(crate) fn findings_of_files(files: &BTreeMap<String, String>) -> Vec<Finding> {
    let sources = Arc::new(SourceMap::default());
    let unit = terraform::unit_from_files(files, ".", &Context::default(), &sources).unwrap();
    scan::judge(unit.as_ref(), rules(), true).findings
}

/// The good architecture as a template.
pub(crate) fn good_template() -> String {
    fs::read_to_string(root("tests/fixtures/good/template.yaml")).unwrap()
}

/// The good architecture as a Terraform root module.
pub(crate) fn good_terraform() -> BTreeMap<String, String> {
    files(&root("tests/fixtures/good/terraform"))
}

/// Every file below a folder, by its path from there.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// (rule, subject and message) of everything that does not pass.
pub(crate) fn failed_rules(template: &str) -> Vec<(String, String)> {
    failures(findings(template))
}

pub(crate) fn failures(findings: Vec<Finding>) -> Vec<(String, String)> {
    findings
        .into_iter()
        .filter(|finding| !matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable))
        .map(|finding| {
            let text = format!("{} {}: {} {:?}", finding.verdict, finding.subject.id, finding.message, finding.reasons);
            (finding.rule.id.clone(), text)
        })
        .collect()
}

/// A folder that lives as long as the test that uses it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("folder-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.0.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
