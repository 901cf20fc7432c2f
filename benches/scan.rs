//! How long each step of a scan takes, on the seed architecture and on copies of it up to CloudFormation's limit of 500
//! resources, and how long a scan takes of copies of it in Terraform up to 10,000: `cargo bench --bench scan`.

#![expect(clippy::expect_used, reason = "a benchmark without its input has nothing to measure")]

use std::collections::BTreeMap;
use std::sync::Arc;

use divan::Bencher;
use sra_guard::facts;
use sra_guard::graph::Graph;
use sra_guard::input::{Context, Unit, cloudformation, terraform};
use sra_guard::rule::RuleSet;
use sra_guard::scan::judge;
use sra_guard::source::SourceMap;

fn main() {
    divan::main();
}

const ARCHITECTURE: &str = include_str!("../examples/alb-login-lambda/template.yaml");

/// Copies of the architecture in one template; 15 of them have 510 resources.
const COPIES: [usize; 2] = [1, 15];

/// The architecture several times over in one template, with numbered logical ids.
fn template(copies: usize) -> String {
    let (head, resources) = ARCHITECTURE.split_once("Resources:\n").unwrap_or((ARCHITECTURE, ""));
    let is_id = |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
    let ids: Vec<&str> = resources.lines().filter(is_id).map(|line| line.trim().trim_end_matches(':')).collect();
    let numbered = (0..copies).map(|copy| {
        let mut text = resources.to_owned();
        for id in &ids {
            let places =
                [("  ", ":\n"), ("!Ref ", "\n"), ("!Ref ", "]"), ("!Ref ", ","), ("!GetAtt ", "."), ("${", "}")];
            for (before, after) in places {
                text = text.replace(&format!("{before}{id}{after}"), &format!("{before}{id}{copy}{after}"));
            }
        }
        text
    });
    format!("{head}Resources:\n{}", numbered.collect::<String>())
}

fn unit(copies: usize) -> Box<dyn Unit> {
    let sources = Arc::new(SourceMap::default());
    let unit = cloudformation::unit_from_text("template.yaml", &template(copies), &Context::default(), &sources);
    unit.expect("the template is valid")
}

#[divan::bench]
fn load_rules(bencher: Bencher<'_, '_>) {
    bencher.bench(RuleSet::builtin);
}

#[divan::bench(args = COPIES)]
fn resolve(bencher: Bencher<'_, '_>, copies: usize) {
    let unit = unit(copies);
    let worlds = unit.worlds();
    bencher.bench_local(|| worlds.list.first().map(|world| unit.evaluate(world)));
}

#[divan::bench(args = COPIES)]
fn graph(bencher: Bencher<'_, '_>, copies: usize) {
    let unit = unit(copies);
    let worlds = unit.worlds();
    let evaluation = worlds.list.first().map(|world| unit.evaluate(world)).unwrap_or_default();
    bencher.with_inputs(|| evaluation.resources.clone()).bench_local_values(Graph::new);
}

#[divan::bench(args = COPIES)]
fn derive_facts(bencher: Bencher<'_, '_>, copies: usize) {
    let unit = unit(copies);
    let worlds = unit.worlds();
    let evaluation = worlds.list.first().map(|world| unit.evaluate(world)).unwrap_or_default();
    let graph = Graph::new(evaluation.resources);
    bencher.bench_local(|| facts::derive(&graph));
}

#[divan::bench(args = COPIES)]
fn apply_rules(bencher: Bencher<'_, '_>, copies: usize) {
    let unit = unit(copies);
    let rules = RuleSet::builtin().unwrap_or_default();
    let worlds = unit.worlds();
    let evaluation = worlds.list.first().map(|world| unit.evaluate(world)).unwrap_or_default();
    let subjects = facts::derive(&Graph::new(evaluation.resources));
    bencher.bench_local(|| subjects.iter().map(|subject| rules.judge(subject).len()).sum::<usize>());
}

#[divan::bench(args = COPIES)]
fn whole_scan(bencher: Bencher<'_, '_>, copies: usize) {
    let text = template(copies);
    let rules = RuleSet::builtin().unwrap_or_default();
    bencher.bench_local(|| {
        let sources = Arc::new(SourceMap::default());
        cloudformation::unit_from_text("template.yaml", &text, &Context::default(), &sources)
            .map(|unit| judge(unit.as_ref(), &rules, false).findings.len())
    });
}

/// The same architecture in Terraform.
const MODULE: [(&str, &str); 5] = [
    ("main.tf", include_str!("../examples/alb-login-lambda/terraform/main.tf")),
    ("functions.tf", include_str!("../examples/alb-login-lambda/terraform/functions.tf")),
    ("identity.tf", include_str!("../examples/alb-login-lambda/terraform/identity.tf")),
    ("network.tf", include_str!("../examples/alb-login-lambda/terraform/network.tf")),
    ("variables.tf", include_str!("../examples/alb-login-lambda/terraform/variables.tf")),
];

/// Copies of it in one root module: 27 have 999 resources, 270 have 9,990.
const MODULES: [usize; 2] = [27, 270];

/// A root module that calls the architecture several times over, each time from a directory of its own.
fn root_module(copies: usize) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut root = String::new();
    for copy in 0..copies {
        for (name, text) in MODULE {
            files.insert(format!("portal{copy}/{name}"), text.to_owned());
        }
        root.push_str(&format!(
            r#"module "portal{copy}" {{
  source          = "./portal{copy}"
  certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/{copy}"
  hosted_zone_id  = "Z{copy}"
}}
"#
        ));
    }
    files.insert("main.tf".to_owned(), root);
    files
}

#[divan::bench(args = MODULES)]
fn whole_scan_of_terraform(bencher: Bencher<'_, '_>, copies: usize) {
    let files = root_module(copies);
    let rules = RuleSet::builtin().unwrap_or_default();
    bencher.bench_local(|| {
        let sources = SourceMap::default();
        terraform::unit_from_files(&files, ".", &Context::default(), &sources)
            .map(|unit| judge(unit.as_ref(), &rules, false).findings.len())
    });
}
