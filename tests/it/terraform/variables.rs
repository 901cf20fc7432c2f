//! Where values of root variables come from, and which one wins.

use super::{folder, json, notes, resource, run};

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

/// The name of the one resource, which shows what `var.a` is.
const SHOWN: &str = "variable \"a\" {\n  default = \"default\"\n}\n\
                     variable \"list\" {\n  type    = list(string)\n  default = []\n}\n\
                     resource \"aws_security_group\" \"g\" {\n  name        = var.a\n  \
                     description = join(\",\", var.list)\n}\n";

#[test]
fn values_have_the_precedence_that_terraform_documents() {
    let mut files = vec![("main.tf", SHOWN)];
    let name = |files: &[(&str, &str)], arguments: &[&str]| {
        let folder = folder(files);
        let mut command = super::program(&folder, &[&["resources"], arguments].concat());
        let output = command.env("TF_VAR_a", "environment").output().unwrap();
        super::resources(&output)["aws_security_group.g"]["GroupName"].as_str().unwrap().to_owned()
    };
    assert_eq!(name(&files, &[]), "default");
    assert_eq!(name(&files, &["--tf-var-env"]), "environment");
    for (file, text, expected) in [
        ("terraform.tfvars", "a = \"tfvars\"", "tfvars"),
        ("terraform.tfvars.json", "{\"a\": \"json\"}", "json"),
        ("a.auto.tfvars", "a = \"auto a\"", "auto a"),
        ("b.auto.tfvars.json", "{\"a\": \"auto b\"}", "auto b"),
        ("own.tfvars", "a = \"own\"", "auto b"),
        ("more.tfvars", "a = \"more\"", "auto b"),
    ] {
        files.push((file, text));
        assert_eq!(name(&files, &["--tf-var-env"]), expected, "{file}");
    }
    let own = ["--var-file", "own.tfvars"];
    let given = ["--var", "a=given"];
    assert_eq!(name(&files, &own), "own");
    assert_eq!(name(&files, &["--var-file", "own.tfvars", "--var-file", "more.tfvars"]), "more");
    // The later one counts, whichever way it is given.
    assert_eq!(name(&files, &[own, given].concat()), "given");
    assert_eq!(name(&files, &[given, own].concat()), "own");
}

#[test]
fn a_given_value_is_text_or_an_expression_by_the_type_of_its_variable() {
    let folder = folder(&[("main.tf", SHOWN)]);
    let group = resource(&folder, "aws_security_group.g", &["--var", "a=[1]", "--var", "list=[\"x\", \"y\"]"]);
    assert_eq!((group["GroupName"].as_str(), group["GroupDescription"].as_str()), (Some("[1]"), Some("x,y")));
}

#[test]
fn a_workspace_can_be_chosen() {
    let folder = folder(&[("main.tf", "resource \"aws_security_group\" \"g\" {\n  name = terraform.workspace\n}\n")]);
    let name = |arguments: &[&str]| resource(&folder, "aws_security_group.g", arguments)["GroupName"].clone();
    assert_eq!(name(&[]), "default");
    assert_eq!(name(&["--workspace", "prod"]), "prod");
}
