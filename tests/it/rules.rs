//! The built-in rules: every file loads, and every example gets the verdict that it promises.

use sra_guard::finding::Verdict;
use sra_guard::rule::{RuleSet, examples};

/// `SRA_GUARD_RULE=SRA-ALB` restricts the tests to rules whose id starts so.
fn selected(rule: &sra_guard::rule::Rule) -> bool {
    std::env::var("SRA_GUARD_RULE").map_or(true, |prefix| rule.info.id.starts_with(&prefix))
}

fn builtin() -> RuleSet {
    RuleSet::builtin().unwrap()
}

#[test]
fn every_example_gets_its_verdict() {
    let report = examples::test(&builtin(), &selected, false);
    let problems: Vec<_> = report.problems.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// What holds for one format must be shown to hold for the other.
#[test]
fn every_rule_has_terraform_examples_and_a_remedy() {
    let mut missing = Vec::new();
    for rule in builtin().rules {
        let examples = rule.examples().unwrap();
        let terraform =
            |verdict| examples.iter().any(|example| example.format == "terraform" && example.expect == verdict);
        for verdict in [Verdict::Fail, Verdict::Pass] {
            if !terraform(verdict) {
                missing.push(format!("{}: a Terraform example that is expected to {verdict}", rule.info.id));
            }
        }
        if !rule.info.snippets.contains_key("terraform") {
            missing.push(format!("{}: a remedy in Terraform", rule.info.id));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_file_is_named_after_its_rule() {
    for rule in builtin().rules {
        assert_eq!(rule.file.file_stem().unwrap().to_string_lossy(), rule.info.id);
    }
}

#[test]
fn every_builtin_predicate_compiles() {
    for rule in &sra_guard::rule::RuleSet::builtin().unwrap().rules {
        assert!(rule.predicate.get().is_ok(), "{:?}", rule.predicate);
    }
}
