//! Snapshot folders as a user meets them: whole, interrupted, in several versions, given in part.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sra_guard::cli::{self, Cli, Terminal};

use crate::support::Folder;

const ACCOUNT: &str = "111122223333";
const KINDS: [&str; 2] = ["AWS::Lambda::Function", "AWS::Lambda::Url"];

fn manifest(complete: bool) -> Value {
    json!({
        "SraGuardManifest": 1, "Tool": "0.1.0", "CollectedAt": "2026-01-02T03:04:05Z", "Complete": complete,
        "Accounts": { ACCOUNT: ["eu-west-1"] }, "Services": [
            { "Service": "iam", "Global": true, "Types": ["AWS::IAM::Role"] },
            { "Service": "lambda", "Global": false, "Types": KINDS },
        ],
    })
}

fn section(region: &str, service: &str, kinds: &[&str], resources: &Value) -> Value {
    let api = format!("{service}:List");
    json!({ "SraGuardSnapshot": 1, "Sections": [{
        "Account": ACCOUNT, "Region": region, "Partition": "aws", "Service": service, "Resources": resources,
        "Reads": [{ "Api": api, "Outcome": "ok", "Calls": 1, "Permission": api, "Finds": kinds }],
    }] })
}

fn functions() -> Value {
    let arn = format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f");
    let url = json!({ "Type": "AWS::Lambda::Url", "Id": format!("{arn}/url"),
        "Properties": { "TargetFunctionArn": arn, "AuthType": "NONE" } });
    let role = format!("arn:aws:iam::{ACCOUNT}:role/r");
    let function = json!({ "Type": "AWS::Lambda::Function", "Id": arn, "Ids": { "Arn": arn },
        "Properties": { "FunctionName": "f", "Role": role } });
    section("eu-west-1", "lambda", &KINDS, &json!([function, url]))
}

/// A whole snapshot below `name`.
fn whole(folder: &Folder, name: &str) {
    folder.write(&format!("{name}/manifest.json"), &manifest(true).to_string());
    folder.write(&format!("{name}/{ACCOUNT}/eu-west-1/lambda.json"), &functions().to_string());
    let role = format!("arn:aws:iam::{ACCOUNT}:role/r");
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "lambda.amazonaws.com" } }] });
    let role = json!({ "Type": "AWS::IAM::Role", "Id": role, "Ids": { "Arn": role },
        "Properties": { "RoleName": "r", "AssumeRolePolicyDocument": trust } });
    let roles = section("global", "iam", &["AWS::IAM::Role"], &json!([role]));
    folder.write(&format!("{name}/{ACCOUNT}/global/iam.json"), &roles.to_string());
}

fn scan(paths: &[&str], folder: &Folder) -> (u8, Value, String) {
    let path = |path: &&str| folder.path().join(path).to_str().unwrap().to_owned();
    let paths: Vec<String> = paths.iter().map(path).collect();
    let run = |format: &str| {
        let arguments = ["sra-guard", "scan", "--format", format, "--color", "never", "--fail-on", "never"];
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).chain(paths.clone());
        let cli = <Cli as clap::Parser>::try_parse_from(arguments).unwrap();
        let mut out = Vec::new();
        let terminal = Terminal { color: false, progress: false, width: 100, ask: None };
        let code = cli::run(&cli, terminal, &mut out).unwrap();
        (code, String::from_utf8(out).unwrap())
    };
    let (code, text) = run("json");
    // Long texts are broken into lines.
    let said = run("terminal").1.split_whitespace().collect::<Vec<_>>().join(" ");
    (code, serde_json::from_str(&text).unwrap(), said)
}

fn unknown(report: &Value) -> usize {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().filter(|finding| finding["verdict"] == "unknown").count()
}

#[test]
fn a_whole_snapshot_is_read_with_its_manifest_and_nothing_is_said() {
    let folder = Folder::new();
    whole(&folder, "snapshot");
    let (code, report, text) = scan(&["snapshot"], &folder);
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("ignored") && !text.contains("manifest"), "{text}");
    assert_eq!(unknown(&report), 0, "{text}");
    assert_eq!(report["findings"][0]["verdict"], "fail");
}

#[test]
fn an_interrupted_snapshot_is_said_to_be_incomplete_and_what_it_lacks_is_unknown() {
    let folder = Folder::new();
    whole(&folder, "snapshot");
    folder.write("snapshot/manifest.json", &manifest(false).to_string());
    let (code, report, text) = scan(&["snapshot"], &folder);
    assert_eq!((code, unknown(&report)), (0, 0), "everything is there, but for the last word");
    assert!(text.contains("is not complete") && text.contains("--resume"), "{text}");
    std::fs::remove_file(folder.path().join(format!("snapshot/{ACCOUNT}/eu-west-1/lambda.json"))).unwrap();
    let (code, report, text) = scan(&["snapshot"], &folder);
    assert_eq!(code, 0);
    assert!(text.contains("1 of 2 sections are not there"), "{text}");
    assert!(unknown(&report) > 0, "{text}");
    assert!(text.contains("was not collected yet; go on with `--resume`"), "{text}");
}

#[test]
fn an_account_that_could_not_be_entered_lacks_nothing_else() {
    let folder = Folder::new();
    let mut closed = manifest(true);
    closed["Accounts"] = json!({ ACCOUNT: [] });
    folder.write("snapshot/manifest.json", &closed.to_string());
    let (code, report, _) = scan(&["snapshot"], &folder);
    assert!(code == 2 && unknown(&report) > 0, "its only section is lost");
    let read = json!({ "Api": "sts:AssumeRole", "Outcome": "denied", "Calls": 1, "Permission": "sts:AssumeRole", "Hides": KINDS });
    let mut entry = section("global", "account", &[], &json!([]));
    entry["Sections"][0]["Reads"] = json!([read]);
    folder.write(&format!("snapshot/{ACCOUNT}/global/account.json"), &entry.to_string());
    let (code, report, text) = scan(&["snapshot"], &folder);
    assert!(code == 2 && unknown(&report) > 0, "{text}");
    assert!(text.contains("NOTHING WAS CHECKED") && !text.contains("has lost"), "{text}");
}

#[test]
fn a_folder_of_several_snapshots_judges_each_and_says_so() {
    let folder = Folder::new();
    whole(&folder, "monday");
    whole(&folder, "tuesday");
    let (code, report, text) = scan(&["."], &folder);
    assert_eq!((code, unknown(&report)), (0, 0), "{text}");
    assert!(text.contains(&format!("account {ACCOUNT} is in several snapshots")), "{text}");
    std::fs::remove_file(folder.path().join(format!("tuesday/{ACCOUNT}/eu-west-1/lambda.json"))).unwrap();
    let (code, report, _) = scan(&["."], &folder);
    assert!(code == 2 && unknown(&report) > 0, "the section of the other day does not stand for it");
}

#[test]
fn what_was_not_given_is_unknown_and_named() {
    let folder = Folder::new();
    whole(&folder, "snapshot");
    let (code, _, text) = scan(&[&format!("snapshot/{ACCOUNT}/eu-west-1/lambda.json")], &folder);
    assert_eq!(code, 0);
    assert!(text.contains("1 of 2 sections of the snapshot") && text.contains("global/iam.json`"), "{text}");
}

#[test]
fn an_account_that_was_not_given_at_all_is_not_missed() {
    let folder = Folder::new();
    whole(&folder, "snapshot");
    let other = "444455556666";
    for place in ["eu-west-1/lambda", "global/iam"] {
        let text = std::fs::read_to_string(folder.path().join(format!("snapshot/{ACCOUNT}/{place}.json"))).unwrap();
        folder.write(&format!("snapshot/{other}/{place}.json"), &text.replace(ACCOUNT, other));
    }
    let mut both = manifest(true);
    both["Accounts"] = json!({ ACCOUNT: ["eu-west-1"], other: ["eu-west-1"] });
    folder.write("snapshot/manifest.json", &both.to_string());
    let (code, report, text) = scan(&[&format!("snapshot/{ACCOUNT}")], &folder);
    assert_eq!((code, unknown(&report)), (0, 0), "{text}");
    assert!(!text.contains("were not given"), "{text}");
    std::fs::remove_file(folder.path().join(format!("snapshot/{other}/global/iam.json"))).unwrap();
    let (code, _, text) = scan(&["snapshot"], &folder);
    assert!(code == 2 && text.contains("has lost 1 of its 4 sections"), "{text}");
}

#[test]
fn a_snapshot_without_a_manifest_that_can_be_used_is_not_judged() {
    let newer = json!({ "SraGuardManifest": 2, "Types": ["AWS::Lambda::Function"] }).to_string();
    let cut = manifest(true).to_string()[..120].to_owned();
    for (text, why) in [(None, "has no `manifest.json`"), (Some(newer), "does not read"), (Some(cut), "no JSON")] {
        let folder = Folder::new();
        whole(&folder, "snapshot");
        match &text {
            None => std::fs::remove_file(folder.path().join("snapshot/manifest.json")).unwrap(),
            Some(text) => _ = folder.write("snapshot/manifest.json", text),
        }
        let (code, report, said) = scan(&["snapshot"], &folder);
        assert_eq!((code, &report["findings"]), (2, &json!([])), "{said}");
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn a_section_of_a_newer_format_is_an_error_wherever_it_is() {
    let folder = Folder::new();
    whole(&folder, "snapshot");
    let mut newer = functions();
    newer["SraGuardSnapshot"] = json!(2);
    folder.write(&format!("snapshot/{ACCOUNT}/eu-west-1/lambda.json"), &newer.to_string());
    folder.write("alone/other.json", &newer.to_string());
    for path in ["snapshot", "alone"] {
        let (code, _, text) = scan(&[path], &folder);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains("a format that this version does not read"), "{text}");
    }
}

#[test]
fn a_section_of_another_account_or_twice_is_refused() {
    let folder = Folder::new();
    whole(&folder, "snapshot");
    let other = functions().to_string().replace(ACCOUNT, "444455556666");
    folder.write(&format!("snapshot/{ACCOUNT}/eu-west-1/lambda.json"), &other);
    let (code, report, text) = scan(&["snapshot"], &folder);
    assert!(code == 2 && unknown(&report) > 0, "{text}");
    assert!(text.contains("does not hold what its place in the snapshot says"), "{text}");
    whole(&folder, "snapshot");
    let packed = folder.path().join(format!("snapshot/{ACCOUNT}/eu-west-1/lambda.json.gz"));
    std::fs::write(packed, gzip(functions().to_string().as_bytes())).unwrap();
    let (code, _, text) = scan(&["snapshot"], &folder);
    assert!(code == 2 && text.contains("is in the snapshot twice"), "{text}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_file_that_inflates_beyond_all_bounds_is_refused_in_words() {
    let folder = Folder::new();
    whole(&folder, "snapshot");
    let name = format!("snapshot/{ACCOUNT}/eu-west-1/lambda.json");
    std::fs::remove_file(folder.path().join(&name)).unwrap();
    let bomb = gzip(&vec![b' '; 101 << 20]);
    assert!(bomb.len() < 1 << 20);
    std::fs::write(folder.path().join(format!("{name}.gz")), bomb).unwrap();
    let (code, report, text) = scan(&["snapshot"], &folder);
    assert!(code == 2 && unknown(&report) > 0, "{text}");
    assert!(text.contains("holds, compressed, more than 100 MB"), "{text}");
}
