//! The schema of the facts is generated, and what facts print conforms to it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use sra_guard::facts;
use sra_guard::graph::Graph;
use sra_guard::input::config_items;
use sra_guard::input::snapshot::format;
use sra_guard::rule::RuleSet;
use sra_guard::source::SourceMap;

#[test]
fn the_committed_schema_is_the_generated_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/facts.schema.json");
    let generated = format!("{}\n", serde_json::to_string_pretty(&facts::schema()).unwrap());
    if std::env::var_os("SRA_GUARD_UPDATE").is_some() {
        std::fs::write(&file, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == generated, "docs/facts.schema.json is stale: run the tests with SRA_GUARD_UPDATE=1");
}

#[test]
fn the_committed_schema_of_snapshots_is_the_generated_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/snapshot.schema.json");
    let generated = format!("{}\n", serde_json::to_string_pretty(&format::schema()).unwrap());
    if std::env::var_os("SRA_GUARD_UPDATE").is_some() {
        std::fs::write(&file, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == generated, "docs/snapshot.schema.json is stale: run the tests with SRA_GUARD_UPDATE=1");
}

#[test]
fn snapshots_and_manifests_conform_to_their_schema() {
    let validator = jsonschema::validator_for(&format::schema()).unwrap();
    let item = serde_json::json!({
        "resourceType": "AWS::EC2::VPC", "resourceId": "vpc-1", "awsAccountId": "111122223333", "awsRegion": "eu-west-1",
        "ARN": "arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1", "configuration": { "cidrBlock": "10.0.0.0/16" },
    });
    let sections = config_items::recording(&[item], &config_items::Extent::default()).sections;
    let snapshot = format::Snapshot { sra_guard_snapshot: format::VERSION, sections };
    let snapshot = serde_json::to_value(snapshot).unwrap();
    let manifest = serde_json::to_value(format::Manifest::default()).unwrap();
    for document in [&snapshot, &manifest] {
        let errors: Vec<_> = validator.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
    }
    let mut broken = snapshot;
    broken["Sections"][0]["Reads"][0]["Outcome"] = "perhaps".into();
    assert!(!validator.is_valid(&broken));
}

#[test]
fn the_schema_is_a_valid_one() {
    jsonschema::validator_for(&facts::schema()).unwrap();
}

/// Judging relies on it: a fact that is not there or has another type would make its clauses mean nothing.
#[test]
fn derived_facts_conform_to_the_schema() {
    let validator = jsonschema::validator_for(&facts::schema()).unwrap();
    for rule in RuleSet::builtin().unwrap().rules {
        for example in rule.examples().unwrap() {
            let Ok(unit) = example.unit(&SourceMap::default()) else {
                continue; // Reported by the test of the examples.
            };
            for world in &unit.worlds().list {
                let mut arrays: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
                for subject in facts::derive(&Graph::new(unit.evaluate(world).resources)) {
                    arrays.entry(subject.kind).or_default().push(subject.tree.to_json(None));
                }
                let arrays = serde_json::to_value(arrays).unwrap();
                let errors: Vec<_> =
                    validator.iter_errors(&arrays).map(|e| format!("{}: {e}", e.instance_path())).collect();
                assert!(errors.is_empty(), "{} `{}`:\n{}", rule.info.id, example.name, errors.join("\n"));
            }
        }
    }
}
