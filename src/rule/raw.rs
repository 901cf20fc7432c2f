//! A user's own cfn-guard rule files (`--guard FILE`), evaluated by cfn-guard over the resolved resources.
//!
//! So rules written for templates also see what parameters and conditions resolve to. A verdict that may hang on
//! something unknown is `unknown` (see [`touch`]), and places are those of the template, not of the JSON that
//! cfn-guard sees. Guard rules have no severity: they count as high, so that they gate.

mod checks;
mod cycle;
mod document;
mod touch;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use super::load::{LoadError, LoadErrors};
use super::merge::CLAUSE_BREAK;
use super::{Judgement, guard};
use crate::facts::{Step, Subject, Tree, TreeKind};
use crate::finding::{RuleInfo, Severity, Verdict};
use crate::input::{Evaluation, Resource};
use crate::value::Address;
use checks::Check;
use document::Document;
use touch::Touched;
pub use worker::{Worker, work};

/// A rule file that cfn-guard can be given: it parses, and nothing in it depends on itself.
#[derive(Clone, Debug)]
pub struct GuardFile {
    /// For people: the path as it was given.
    pub name: String,
    text: String,
    tree: Json,
    /// Its named rules.
    pub rules: Vec<Arc<RuleInfo>>,
}

/// The verdict of one Guard rule on one resource.
#[derive(Clone, Debug)]
pub struct Judged {
    pub rule: Arc<RuleInfo>,
    pub subject: Subject,
    pub judgement: Judgement,
}

impl GuardFile {
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let error = |message: String| LoadError { file: path.to_owned(), line: 0, column: 0, message };
        let size = std::fs::metadata(path).map_err(|cause| error(cause.to_string()))?.len();
        if size > guard::MAX_TEXT as u64 {
            return Err(error(format!(
                "{size} bytes are too many for a rule file; at most {} are read",
                guard::MAX_TEXT
            )));
        }
        let text = std::fs::read_to_string(path).map_err(|cause| error(cause.to_string()))?;
        Self::parse(path, text)
    }

    pub fn parse(path: &Path, text: String) -> Result<Self, LoadError> {
        let error = |line, column, message| LoadError { file: path.to_owned(), line, column, message };
        let tree = guard::tree(&text).map_err(|cause| error(cause.line, cause.column, cause.message))?;
        let cyclic = cycle::cyclic(&tree);
        if !cyclic.is_empty() {
            return Err(error(0, 0, format!("these depend on themselves: `{}`", cyclic.join("`, `"))));
        }
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let rules = tree.get("guard_rules").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        let names: Vec<_> = rules.iter().filter_map(|rule| rule.get("rule_name").and_then(Json::as_str)).collect();
        let distinct: BTreeSet<_> = names.iter().collect();
        if distinct.len() < names.len() {
            return Err(error(
                0,
                0,
                "two rules have the same name: cfn-guard's results do not tell them apart".to_owned(),
            ));
        }
        let info = |name: &&str| {
            Arc::new(RuleInfo {
                id: format!("guard:{file}:{name}"),
                title: format!("Guard rule {name}"),
                severity: Severity::High,
                subject: SUBJECT.to_owned(),
                why: format!("A rule of your own in {file}."),
                remedy: format!("See the message, or the rule in {file}."),
                snippets: BTreeMap::new(),
                mappings: BTreeMap::new(),
            })
        };
        let rules = names.iter().map(info).collect();
        Ok(Self { name: path.to_string_lossy().replace('\\', "/"), text, tree, rules })
    }

    /// Loads several; two files of one name are an error, since a rule's id names its file.
    pub fn load_all(paths: &[PathBuf]) -> Result<Vec<Self>, LoadErrors> {
        let mut files: Vec<Self> = Vec::new();
        let mut errors = Vec::new();
        for path in paths {
            let loaded = Self::load(path).and_then(|file| {
                let taken = files.iter().flat_map(|other| &other.rules).any(|rule| file.rules.contains(rule));
                let message = "another file of this name has rules of the same names: rename one".to_owned();
                let error = LoadError { file: path.clone(), line: 0, column: 0, message };
                if taken { Err(error) } else { Ok(file) }
            });
            match loaded {
                Ok(file) => files.push(file),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(files) } else { Err(LoadErrors(errors)) }
    }

    /// Judges the resources of each world of a unit. An error means that nothing was judged.
    pub fn judge(&self, worlds: &[Evaluation], worker: &Worker) -> Result<Vec<Vec<Judged>>, String> {
        let documents: Vec<Document<'_>> = worlds.iter().map(Document::of).collect();
        let texts: Vec<String> = documents.iter().map(|document| document.json.to_string()).collect();
        let distinct: Vec<String> = texts.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
        let results = worker.evaluate(&self.text, &distinct)?;
        let judge = |(document, text): (&Document<'_>, &String)| {
            let result = distinct.binary_search(text).ok().and_then(|index| results.get(index));
            result.map(|result| self.judge_world(document, result)).ok_or_else(|| "a result is missing".to_owned())
        };
        documents.iter().zip(&texts).map(judge).collect()
    }

    fn judge_world(&self, document: &Document<'_>, result: &Json) -> Vec<Judged> {
        let list = |key: &str| result.get(key).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        let mut failed: BTreeMap<&str, Vec<Check>> = BTreeMap::new();
        for rule in list("not_compliant").iter().filter_map(|rule| rule.get("Rule")) {
            failed.insert(rule.get("name").and_then(Json::as_str).unwrap_or_default(), checks::failed(rule));
        }
        let skipped: BTreeSet<&str> = list("not_applicable").iter().filter_map(Json::as_str).collect();
        let mut judged = Vec::new();
        for info in &self.rules {
            let name = info.id.rsplit(':').next().unwrap_or_default();
            let touched = touch::walk(&self.tree, name, &document.json);
            let checks = with_dependencies(name, &failed);
            let mut keys: BTreeSet<&str> = touched.reached.iter().chain(touched.unknown.keys()).copied().collect();
            keys.extend(checks.iter().map(|check| check.resource.as_str()));
            for (position, (key, resource)) in document.resources.iter().enumerate() {
                // A check of the template as a whole is shown at its first resource.
                let whole = position == 0 && keys.contains("");
                if !keys.contains(key.as_str()) && !whole {
                    continue;
                }
                let own = checks.iter().filter(|check| check.resource == *key || (whole && check.resource.is_empty()));
                let own: Vec<&Check> = own.collect();
                let verdict = verdict(key, &own, &touched, skipped.contains(name), document);
                let judgement = judgement(info, resource, verdict, &own, &touched, key);
                judged.push(Judged { rule: Arc::clone(info), subject: subject(resource), judgement });
            }
        }
        judged
    }
}

/// The array of subjects that Guard rules judge: resources, whatever their type.
const SUBJECT: &str = "resources";

/// The failed checks of a rule and of the rules through which it failed.
fn with_dependencies(name: &str, failed: &BTreeMap<&str, Vec<Check>>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        for check in failed.get(name.as_str()).into_iter().flatten() {
            match &check.rule {
                Some(rule) if failed.contains_key(rule.as_str()) => {
                    if seen.insert(rule.clone()) {
                        open.push(rule.clone());
                    }
                }
                _ => checks.push(check.clone()),
            }
        }
    }
    checks
}

fn verdict(key: &str, failed: &[&Check], touched: &Touched<'_>, skipped: bool, document: &Document<'_>) -> Verdict {
    let known = |check: &&&Check| {
        let at = document.json.pointer("/Resources").and_then(|resources| resources.get(key));
        let value = check.path.split('/').filter(|part| !part.is_empty()).try_fold(at?, |at, part| match at {
            Json::Array(items) => items.get(part.parse::<usize>().ok()?),
            _ => at.get(part),
        });
        let open = |value: &Json| {
            document::unknown(value).is_some() || (!check.missing.is_empty() && value.get(document::OPEN).is_some())
        };
        value.is_none_or(|value| !open(value)).then_some(())
    };
    let unknown = touched.unknown.contains_key(key) || !touched.general.is_empty();
    let decisive = touched.decisive.contains(key) || !touched.general.is_empty();
    if failed.is_empty() {
        return match (unknown, skipped) {
            (true, _) => Verdict::Unknown,
            (false, true) => Verdict::NotApplicable,
            (false, false) => Verdict::Pass,
        };
    }
    if decisive || !failed.iter().any(|check| known(&check).is_some()) { Verdict::Unknown } else { Verdict::Fail }
}

fn judgement(
    info: &RuleInfo,
    resource: &Resource,
    verdict: Verdict,
    failed: &[&Check],
    touched: &Touched<'_>,
    key: &str,
) -> Judgement {
    let name = &resource.name;
    let mut messages = Vec::new();
    let mut evidence = Vec::new();
    for check in failed {
        let message = if check.message.is_empty() {
            format!("`{name}` does not satisfy `{}`", check.clause)
        } else {
            check.message.clone()
        };
        if !messages.contains(&message) {
            messages.push(message);
        }
        let shown = if check.path.is_empty() {
            "the resource".to_owned()
        } else {
            format!("`{}`", check.path.replace('/', "."))
        };
        let label = if check.missing.is_empty() { shown } else { format!("`{}` is missing in {shown}", check.missing) };
        let step = Step::new(label, document::span(resource, &check.path));
        if !evidence.contains(&step) {
            evidence.push(step);
        }
    }
    if evidence.is_empty() {
        evidence.push(Step::new(format!("`{name}` is declared here"), resource.name_span));
    }
    let reasons: BTreeSet<&String> = match verdict {
        Verdict::Unknown => touched.unknown.get(key).into_iter().flatten().chain(&touched.general).collect(),
        _ => BTreeSet::new(),
    };
    let message = match verdict {
        Verdict::Fail => messages.join(CLAUSE_BREAK),
        Verdict::Unknown => format!("cannot tell for `{name}`: {}", info.title),
        Verdict::NotApplicable => format!("does not apply to `{name}`: {}", info.title),
        _ => format!("`{name}` complies: {}", info.title),
    };
    let reasons = reasons.into_iter().cloned().collect();
    Judgement { verdict, severity: info.severity, message, evidence, reasons }
}

fn subject(resource: &Resource) -> Subject {
    Subject {
        kind: SUBJECT,
        id: resource.address.to_string(),
        name: Arc::clone(&resource.name),
        address: Address::clone(&resource.address),
        resource_type: Arc::clone(&resource.kind),
        span: resource.name_span,
        format: resource.format,
        calls: resource.calls.clone(),
        construct: resource.construct.clone(),
        tree: Tree::from(TreeKind::Map(Vec::new())),
    }
}
