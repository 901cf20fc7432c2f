//! The law of unknowns at its source: an argument whose value nobody gave never makes a finding go away.

use std::collections::BTreeSet;

use sra_guard::facts;
use sra_guard::finding::Verdict;
use sra_guard::graph::Graph;
use sra_guard::input::{Context, terraform};
use sra_guard::rule::Rule;
use sra_guard::source::hcl::{self, Block, Body, Expression, ExpressionKind};
use sra_guard::source::{SourceMap, Span};

use crate::support::rules;

/// As in [`crate::unknowns`]: what is hidden there makes the subject.
const EXEMPT: &[&str] = &["SRA-COG-010", "SRA-EDGE-006"];

/// Arguments that Terraform itself reads.
const META: &[&str] = &["count", "for_each", "provider", "depends_on", "lifecycle"];

#[test]
fn an_argument_without_a_value_never_settles_what_was_not() {
    let mut wrong = Vec::new();
    for rule in rules().rules.iter().filter(|rule| is_judged(rule)) {
        for example in rule.examples().unwrap().iter().filter(|example| example.format == "terraform") {
            let settled = settled_by_hiding(&[rule], &example.source);
            wrong.extend(settled.into_iter().map(|what| format!("`{}`: {what}", example.name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

pub(super) fn is_judged(rule: &Rule) -> bool {
    !EXEMPT.contains(&&*rule.info.id)
}

/// What was not settled by some rule and is, as soon as one of the arguments has no value.
pub(super) fn settled_by_hiding(rules: &[&Rule], text: &str) -> Vec<String> {
    let before = unsettled(rules, text);
    let mut wrong = Vec::new();
    for (range, refers) in expressions(text) {
        let argument = text[range.clone()].to_owned();
        let mut hidden = text.to_owned();
        // What hides a resource is not handed in.
        hidden.replace_range(range, if refers { "hidden.thing.id" } else { "var.hidden" });
        hidden.push_str("\n# file: hidden.tf\nvariable \"hidden\" {}\n");
        let after = unsettled(rules, &hidden);
        wrong.extend(before.difference(&after).map(|settled| format!("hiding `{argument}` settles {settled}")));
    }
    wrong
}

/// Rules and resources of which something fails or is unknown in some world.
fn unsettled(rules: &[&Rule], text: &str) -> BTreeSet<String> {
    let sources = SourceMap::default();
    let files = terraform::files_of(text);
    let unit = terraform::unit_from_files(&files, ".", &Context::default(), &sources).unwrap();
    let mut found = BTreeSet::new();
    for world in &unit.worlds().list {
        for subject in facts::derive(&Graph::new(unit.evaluate(world).resources)) {
            for rule in rules.iter().filter(|rule| rule.info.subject == subject.kind) {
                let verdict = sra_guard::rule::verdict::judge(rule, &subject).verdict;
                if matches!(verdict, Verdict::Fail | Verdict::Unknown) {
                    found.insert(format!("{} of {}", rule.info.id, subject.address));
                }
            }
        }
    }
    found
}

/// Where the values of arguments of resources stand in the first file, and whether they refer to resources.
fn expressions(text: &str) -> Vec<(std::ops::Range<usize>, bool)> {
    let sources = SourceMap::default();
    let first = text.split("# file: ").next().unwrap_or_default();
    let file = sources.add("main.tf", first);
    let parsed = hcl::parse(&sources, file);
    let mut found = Vec::new();
    for block in parsed.body.blocks.iter().filter(|block| &*block.kind.text == "resource") {
        of_block(block, &sources, &mut found);
    }
    found
}

fn of_block(block: &Block, sources: &SourceMap, found: &mut Vec<(std::ops::Range<usize>, bool)>) {
    let Body { attributes, blocks } = &block.body;
    for attribute in attributes.iter().filter(|attribute| !META.contains(&&*attribute.name.text)) {
        of_value(&attribute.value, sources, found);
    }
    for inner in blocks.iter().filter(|inner| !META.contains(&&*inner.kind.text)) {
        of_block(inner, sources, found);
    }
}

/// The whole value, and each element of a list.
fn of_value(value: &Expression, sources: &SourceMap, found: &mut Vec<(std::ops::Range<usize>, bool)>) {
    let text = sources.slice(value.span);
    found.push((range(value.span), text.contains("aws_")));
    if let ExpressionKind::List(items) = &value.kind {
        for item in items {
            of_value(item, sources, found);
        }
    }
}

fn range(span: Span) -> std::ops::Range<usize> {
    span.start as usize..span.end as usize
}
