//! The built-in rules against cfn-guard's own evaluator, as the oracle.

use serde_json::Value as Json;

use super::*;
use crate::facts::{Tree, TreeKind};
use crate::rule::eval::tests::GUARD_DIFFERS;
use crate::rule::guard;

/// The predicates of a rule as a file for cfn-guard, with the parameters in place.
fn as_guard(rule: &Rule) -> String {
    let file: Json = yaml_serde::from_str(&rule.text).unwrap();
    let text = |key: &str| file[key].as_str().unwrap_or_default().to_owned();
    let mut rules = format!("{}\nrule asserts {{\n{}\n}}\n", text("let"), text("assert"));
    if !text("applies").trim().is_empty() {
        rules = format!("{rules}rule applies {{\n{}\n}}\n", text("applies"));
    }
    for (name, value) in file["params"].as_object().into_iter().flatten() {
        rules = rules.replace(&format!("params.{name}"), &value.to_string());
    }
    rules
}

fn knows_all(tree: &Tree) -> bool {
    match &tree.kind {
        TreeKind::Unknown(_) => false,
        TreeKind::List(items) => items.iter().all(knows_all),
        TreeKind::Map(members) => members.iter().all(|(_, member)| knows_all(member)),
        TreeKind::Bool(_) | TreeKind::Int(_) | TreeKind::Text(_) => true,
    }
}

#[test]
fn on_known_facts_guard_gives_the_same_verdicts() {
    let rules = RuleSet::builtin().unwrap().rules;
    let mut wrong = Vec::new();
    for rule in &rules {
        let text = as_guard(rule);
        for example in rule.examples().unwrap() {
            let Ok(architectures) = Architectures::of(&example) else {
                continue; // Reported where the examples are tested.
            };
            for subject in architectures.worlds.iter().flat_map(|(_, subjects)| subjects) {
                if subject.kind != rule.info.subject || !knows_all(&subject.tree) {
                    continue;
                }
                GUARD_DIFFERS.set(false);
                let ours = verdict::judge(rule, subject).verdict;
                if GUARD_DIFFERS.get() {
                    continue;
                }
                let results = guard::evaluate(&text, &[subject.tree.to_json(None).to_string()]).unwrap();
                let failed = |name| {
                    let failures = results[0]["not_compliant"].as_array().unwrap();
                    failures.iter().any(|failure| failure["Rule"]["name"] == name)
                };
                let theirs = match (failed("applies"), failed("asserts")) {
                    (true, _) => Verdict::NotApplicable,
                    (false, true) => Verdict::Fail,
                    (false, false) => Verdict::Pass,
                };
                if ours != theirs {
                    let facts = subject.tree.to_json(None);
                    wrong.push(format!("{} `{}`: {ours}, Guard {theirs}\n{facts}", rule.info.id, example.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
