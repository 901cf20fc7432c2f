//! The program as its users run it: exit codes, options, errors that help, and the same bytes every time.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::reports::SECRETS;
use crate::support::{Folder, root};

const POOL: &str = "Resources:\n  Pool:\n    Type: AWS::Cognito::UserPool\n    Properties: {MfaConfiguration: 'OFF'}\n";
const LOW: &str = "examples/alb-login-lambda/repaired.yaml";

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sra-guard"));
    command.args(arguments).current_dir(root("")).env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(text(&output.stderr), "", "{arguments:?}");
    text(&output.stdout).to_owned()
}

fn code(arguments: &[&str]) -> i32 {
    run(arguments).status.code().unwrap()
}

/// Exit code 2, nothing on standard output, and an error that says all of `parts` in lines without Rust names.
fn refused(arguments: &[&str], parts: &[&str]) {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    let error = text(&output.stderr);
    assert!(error.starts_with("error: "), "{error}");
    for part in parts {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn pool(folder: &Folder) -> String {
    shown(&folder.write("pool.yaml", POOL)).to_owned()
}

#[test]
fn the_exit_code_follows_the_gate() {
    let folder = Folder::new();
    let file = pool(&folder);
    assert_eq!(code(&["scan", LOW]), 0);
    assert_eq!(code(&["scan", LOW, "--strict"]), 0);
    assert_eq!(code(&["scan", &file]), 1);
    assert_eq!(code(&["scan", &file, "--fail-on", "critical"]), 0);
    assert_eq!(code(&["scan", &file, "--fail-on", "info"]), 1);
    assert_eq!(code(&["scan", &file, "--fail-on", "never"]), 0);
}

#[test]
fn an_unknown_stops_a_strict_gate_only() {
    let folder = Folder::new();
    let open = POOL.replace("'OFF'", "!Ref Mfa");
    let file = folder.write("open.yaml", &format!("Parameters: {{Mfa: {{Type: String}}}}\n{open}"));
    let file = shown(&file);
    assert_eq!(code(&["scan", file]), 0);
    assert_eq!(code(&["scan", file, "--strict"]), 1);
    assert_eq!(code(&["scan", file, "--parameter", "Mfa=OFF"]), 1);
    let report = stdout(&["scan", file]);
    assert!(report.contains("= not known: ") && report.contains("`--parameter Mfa=…`"), "{report}");
    assert!(!report.contains("= why") && !report.contains("= fix"), "{report}");
}

#[test]
fn nothing_checked_is_said_aloud() {
    let folder = Folder::new();
    let file = folder.write("topic.yaml", "Resources: {Topic: {Type: AWS::SNS::Topic}}\n");
    for arguments in [vec!["scan", shown(&file)], vec!["scan", shown(&file), "--quiet"]] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains("NOTHING WAS CHECKED"), "{arguments:?}");
    }
    assert_eq!(code(&["scan", shown(&file), "--strict"]), 2);
    let empty = Folder::new();
    assert!(
        stdout(&["scan", shown(empty.path())]).contains("no template, no Terraform module and no snapshot was found")
    );
}

#[test]
fn a_broken_file_does_not_hide_a_good_one() {
    let folder = Folder::new();
    pool(&folder);
    folder.write("broken.yaml", "AWSTemplateFormatVersion: 2010-09-09\nResources:\n  A: {Type: [\n");
    let output = run(&["scan", shown(folder.path())]);
    assert_eq!(output.status.code(), Some(2));
    let report = text(&output.stdout);
    assert!(report.contains("SRA-COG-001") && report.contains("broken.yaml:"), "{report}");
    assert!(report.contains("not read: 1 file"), "{report}");
}

#[test]
fn what_cannot_be_done_is_refused_with_advice() {
    let folder = Folder::new();
    let file = pool(&folder);
    refused(&["scan", "no/such.yaml"], &["`no/such.yaml`", "does not exist", "check the path"]);
    refused(&["scan", &file, "--parameter", "Stage"], &["`Stage`", "--parameter Stage=prod"]);
    refused(&["scan", &file, "--parameters", "no/such.json"], &["`no/such.json`"]);
    refused(&["scan", &file, "--rule", "SRA-NOT-999"], &["`SRA-NOT-999`", "sra-guard rules list"]);
    refused(&["scan", &file, "--skip-rule", "nothing*"], &["`nothing*`"]);
    refused(&["explain", "SRA-NOT-999"], &["`SRA-NOT-999`", "sra-guard rules list"]);
    refused(&["facts", &file, "--kind", "dragons"], &["`dragons`", "listeners"]);
    refused(&["scan", &file, "--output", shown(folder.path())], &["cannot write"]);
    refused(&["scan", &file, "--rules", "no/such"], &["`no/such`", "check the path"]);
    refused(&["scan", &file, "--rules", &file], &["pool.yaml` is no folder"]);
    let empty = Folder::new();
    refused(&["scan", &file, "--rules", shown(empty.path())], &["contains no rule file", "*.yaml"]);
    refused(&["scan", &file, "--guard", "no/such.guard"], &["`no/such.guard`", "check the path"]);
}

#[test]
fn a_broken_rule_is_refused_with_its_place() {
    let folder = Folder::new();
    let file = pool(&folder);
    let rules = Folder::new();
    rules.write("OWN-001.yaml", "id: OWN-001\ntitle: x\nseverity: enormous\n");
    refused(&["scan", &file, "--rules", shown(rules.path())], &["OWN-001.yaml:3"]);
}

#[test]
fn rules_are_chosen_by_id_and_glob() {
    let folder = Folder::new();
    let file = pool(&folder);
    assert_eq!(code(&["scan", &file, "--rule", "SRA-COG-001"]), 1);
    assert_eq!(code(&["scan", &file, "--rule", "SRA-COG-*", "--skip-rule", "SRA-COG-001"]), 0);
    assert_eq!(code(&["scan", &file, "--skip-rule", "SRA-COG-*"]), 0);
}

#[test]
fn the_report_goes_to_a_file() {
    let folder = Folder::new();
    let (file, report) = (pool(&folder), folder.path().join("report.json"));
    let output = run(&["scan", &file, "--format", "json", "--output", shown(&report)]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""));
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    assert_eq!(written["findings"][0]["rule"], "SRA-COG-001");
}

#[test]
fn quiet_leaves_findings_and_all_adds_passes() {
    let folder = Folder::new();
    let file = pool(&folder);
    let (normal, quiet, all) =
        (stdout(&["scan", &file]), stdout(&["scan", &file, "--quiet"]), stdout(&["scan", LOW, "--all"]));
    assert!(normal.contains("result: 1 high") && normal.contains("read: 1 template with 1 resource"), "{normal}");
    assert!(quiet.contains("SRA-COG-001") && !quiet.contains("result:"), "{quiet}");
    assert!(all.contains("pass[SRA-"), "{all}");
}

#[test]
fn colour_is_for_terminals_and_for_whoever_asks() {
    let folder = Folder::new();
    let file = pool(&folder);
    assert!(!stdout(&["scan", &file]).contains('\u{1b}'));
    assert!(!stdout(&["scan", &file, "--color", "never"]).contains('\u{1b}'));
    assert!(stdout(&["scan", &file, "--color", "always"]).contains('\u{1b}'));
    // Asking on the command line outranks the environment.
    let output = program(&["scan", &file, "--color", "always"]).env("NO_COLOR", "1").output().unwrap();
    assert!(text(&output.stdout).contains('\u{1b}'));
    let output = program(&["scan", &file]).env("NO_COLOR", "1").output().unwrap();
    assert!(!text(&output.stdout).contains('\u{1b}'));
}

#[test]
fn a_rule_is_explained_once_in_a_run_of_findings() {
    let folder = Folder::new();
    let second = POOL.replace("Resources:\n", "").replace("Pool:", "Second:");
    let file = folder.write("pools.yaml", &format!("{POOL}{second}"));
    let report = stdout(&["scan", shown(&file)]);
    assert_eq!(report.matches("high[SRA-COG-001]").count(), 2, "{report}");
    assert_eq!(report.matches("= why:").count(), 1, "{report}");
    assert_eq!(report.matches("`sra-guard explain SRA-COG-001`").count(), 1, "{report}");
}

#[test]
fn unknowns_that_one_answer_resolves_are_one() {
    let folder = Folder::new();
    let first = POOL.replace("'OFF'", "!Ref Mfa");
    let second = first.replace("Resources:\n", "").replace("Pool:", "Second:");
    let file = folder.write("open.yaml", &format!("Parameters: {{Mfa: {{Type: String}}}}\n{first}{second}"));
    let report = stdout(&["scan", shown(&file)]);
    assert_eq!(report.matches("unknown[SRA-COG-001]: cannot tell for 2 subjects").count(), 1, "{report}");
    assert!(report.contains("open.yaml:3:3 `Pool`") && report.contains("open.yaml:6:3 `Second`"), "{report}");
    assert!(report.contains("2 unknown"), "{report}");
}

#[test]
fn a_hyphen_reads_standard_input() {
    let mut child = program(&["scan", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(POOL.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("SRA-COG-001"));
}

#[test]
fn rules_are_listed_shown_tested_and_explained() {
    assert!(stdout(&["rules", "list"]).contains("SRA-COG-001"));
    let list: serde_json::Value = serde_json::from_str(&stdout(&["rules", "list", "--format", "json"])).unwrap();
    assert!(list.as_array().unwrap().len() > 20);
    assert!(stdout(&["rules", "list", "--format", "markdown", "--rule", "SRA-COG-*"]).starts_with("| rule |"));
    let file = std::fs::read_to_string(root("rules/cog/SRA-COG-001.yaml")).unwrap();
    assert_eq!(stdout(&["rules", "show", "sra-cog-001"]), file);
    assert!(stdout(&["rules", "test", "--rule", "SRA-COG-001"]).starts_with("1 rule, "));
    let explained = stdout(&["explain", "SRA-COG-001"]);
    assert!(explained.contains("why\n") && explained.contains("MfaConfiguration: \"ON\""), "{explained}");
}

#[test]
fn the_steps_of_the_pipeline_can_be_looked_at() {
    let folder = Folder::new();
    let file = pool(&folder);
    let facts: serde_json::Value = serde_json::from_str(&stdout(&["facts", &file])).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&stdout(&["facts", "--schema"])).unwrap();
    assert_eq!(facts["user_pools"][0]["name"], "Pool");
    assert!(schema["properties"]["user_pools"].is_object());
    let resources: serde_json::Value = serde_json::from_str(&stdout(&["resources", &file])).unwrap();
    assert_eq!(resources[0]["type"], "AWS::Cognito::UserPool");
    let graph = |format| stdout(&["graph", &file, "--format", format]);
    assert!(graph("mermaid").starts_with("flowchart") || graph("mermaid").starts_with("graph"));
    assert!(graph("dot").starts_with("digraph"));
    let _: serde_json::Value = serde_json::from_str(&graph("json")).unwrap();
}

#[test]
fn no_command_prints_a_secret_of_a_template() {
    let folder = Folder::new();
    let file = folder.write("template.yaml", SECRETS);
    for arguments in [
        &["resources"][..],
        &["facts"],
        &["facts", "--evidence"],
        &["graph"],
        &["graph", "--format", "dot"],
        &["graph", "--format", "json"],
    ] {
        let output = stdout(&[arguments, &[shown(&file)]].concat());
        let wrong: Vec<_> = output.lines().filter(|line| line.contains("s3cret")).collect();
        assert!(wrong.is_empty(), "{arguments:?}: {wrong:?}");
    }
}

#[test]
fn shells_get_completions() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(stdout(&["completions", shell]).contains("sra-guard"));
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for format in ["terminal", "json", "sarif", "junit"] {
        let bytes = |threads: &str| {
            let arguments = ["scan", "examples", "--format", format, "--all"];
            program(&arguments).env("RAYON_NUM_THREADS", threads).output().unwrap().stdout
        };
        let first = bytes("1");
        assert!(!first.is_empty());
        assert!(first == bytes("4") && first == bytes("4"), "{format}");
    }
}

/// A reader such as `head` that has seen enough is no error, whatever the command.
#[test]
fn a_closed_pipe_is_no_failure() {
    for arguments in [
        &["scan", "examples"][..],
        &["scan", "examples", "--format", "json"],
        &["scan", "examples", "--format", "sarif"],
        &["scan", "examples", "--format", "junit"],
        &["completions", "bash"],
        &["rules", "list"],
        &["facts", "--schema"],
    ] {
        let mut child = program(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn every_command_has_help() {
    for arguments in [
        &["--help"][..],
        &["scan", "--help"],
        &["facts", "--help"],
        &["resources", "--help"],
        &["graph", "--help"],
        &["rules", "--help"],
        &["rules", "list", "--help"],
        &["rules", "show", "--help"],
        &["rules", "test", "--help"],
        &["explain", "--help"],
        &["completions", "--help"],
    ] {
        let help = stdout(arguments);
        assert!(help.contains("Usage: sra-guard"), "{help}");
        let described = help.lines().filter(|line| line.trim_start().starts_with("--")).all(|line| {
            // A description follows after two spaces, or stands below.
            line.trim().contains("  ") || help.contains(&format!("{line}\n          "))
        });
        assert!(described, "an option without a description in\n{help}");
    }
}

#[test]
fn a_stored_parameter_is_unknown_until_its_value_is_given() {
    let folder = Folder::new();
    let template = "Parameters:\n  Mfa: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /desk/mfa}\nResources:\n  \
                    Pool:\n    Type: AWS::Cognito::UserPool\n    Properties: {MfaConfiguration: !Ref Mfa}\n";
    let file = folder.write("stored.yaml", template);
    let gate = |given: &[&str]| code(&[&["scan", shown(&file), "--strict"], given].concat());
    assert_eq!(gate(&[]), 1);
    assert_eq!(gate(&["--parameter", "Mfa=/desk/other"]), 1, "another name is no value");
    assert_eq!(gate(&["--parameter", "Mfa=ON"]), 0);
    assert_eq!(code(&["scan", shown(&file)]), 0, "unknown alone stops nobody");
    assert_eq!(code(&["scan", shown(&file), "--parameter", "Mfa=OFF"]), 1);
}

#[test]
fn formats_that_need_an_owner_and_a_time_say_so() {
    let folder = Folder::new();
    let file = pool(&folder);
    refused(&["scan", &file, "--format", "asff"], &["`--account`, `--region`, `--as-of`", "pool.yaml"]);
    refused(&["scan", &file, "--format", "ocsf"], &["give `--as-of`"]);
    refused(&["scan", &file, "--format", "ocsf", "--as-of", "yesterday"], &["2026-01-02"]);
    let whole = ["--account", "111122223333", "--region", "eu-west-1", "--as-of", "2026-01-02"];
    let asff = stdout(&[&["scan", &file, "--format", "asff"], whole.as_slice()].concat());
    assert!(asff.contains("\"UpdatedAt\": \"2026-01-02T00:00:00.000Z\""), "{asff}");
    assert_eq!(asff, stdout(&[&["scan", &file, "--format", "asff"], whole.as_slice()].concat()));
}
