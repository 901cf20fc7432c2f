//! Where values of root variables come from, and which one wins.

use super::{folder, json, notes, run};

const MAIN: &str =
    "variable \"a\" {}\nvariable \"ports\" {\n  type = list(number)\n}\nresource \"aws_vpc\" \"main\" {}\n";

#[test]
fn values_that_fit_nothing_are_said_where_they_are_given() {
    let folder = folder(&[
        ("main.tf", MAIN),
        ("terraform.tfvars", "ports = [1, \"x\"]\nunused = 1\n"),
        ("z.auto.tfvars.json", "{\"a\": [1]}"),
        ("broken.auto.tfvars", "a = upper(\"x\")\n"),
    ]);
    assert_eq!(
        notes(&json(&folder, &[".", "--var", "portz=[1]"])),
        [
            "error broken.auto.tfvars:1 a given value is literal: no references, functions or operators",
            "error terraform.tfvars:1 variable `ports` cannot have the given value: `[1]`: a number is required",
            "warning no root module has the given variable `portz`; did you mean `ports`?",
            "warning terraform.tfvars:2 the root module has no variable `unused`",
        ]
    );
}

#[test]
fn a_broken_option_is_refused_with_advice() {
    let folder = folder(&[("main.tf", MAIN)]);
    let error = |arguments: &[&str]| {
        let output = run(&folder, arguments);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(error(&["scan", "--var", "a"]).contains("`a` is no NAME=VALUE; write for instance `--var stage=prod`"));
    assert!(error(&["scan", "--var-file", "no.tfvars"]).contains("`no.tfvars` does not exist"));
    let notes = notes(&json(&folder, &[".", "--var", "ports=[1,"]));
    assert!(notes[0].starts_with("error --var ports:1 variable `ports` cannot have the given value: "), "{notes:?}");
}
