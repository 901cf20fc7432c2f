//! Credentials that run out on the way: what was not read is unknown and says so, and a run with new ones reads it, and only it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

use super::emulator::{Emulator, account, emulator};
use crate::support::{Folder, files};

const REGION: &str = "us-east-1";

#[test]
fn new_credentials_read_what_the_old_ones_did_not() {
    let (emulator, account) = (emulator(), account());
    emulator.run("seeds.py", &["board", &account], String::new());
    let proxy = Emulator::start("faults.py", &[&emulator.endpoint]);
    let faults = |faults: &Json| proxy.ask("POST", "/_faults", &faults.to_string());
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sra-guard"))
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", format!("EMULATED{account}"))
            .env("AWS_SECRET_ACCESS_KEY", "emulated")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code().is_some_and(|code| code < 2), "{text}");
        text
    };
    let folder = Folder::new();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    let collect = |folder: &Path, more: &[&str]| {
        let place =
            ["collect", "--region", REGION, "--endpoint-url", &proxy.endpoint, "--output", folder.to_str().unwrap()];
        run(&[&place[..], more].concat())
    };
    collect(&whole, &[]);
    faults(&json!([{ "match": "^(lambda|iam|apigateway):", "kind": "expire" }]));
    let said = collect(&broken, &[]);
    assert!(said.contains("calls did not end well") && said.contains("`--resume` tries them again"), "{said}");
    assert_ne!(sections(&broken), sections(&whole));
    let words = "the credentials have expired; sign in again and go on with `--resume`";
    let report = run(&["scan", "--fail-on", "never", broken.to_str().unwrap()]);
    let report = report.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(report.contains(" failed lambda: ") && report.contains(words), "{report}");
    assert!(!report.contains("denied"), "an end is no denial: {report}");

    faults(&json!([]));
    collect(&broken, &["--resume"]);
    assert_eq!(sections(&broken), sections(&whole));
    let told: Json = serde_json::from_str(&proxy.ask("GET", "/_calls", "")).unwrap();
    let again: Vec<&String> = told["calls"].as_object().unwrap().keys().collect();
    let is_new = |call: &&&String| ["lambda:", "iam:", "apigateway:"].iter().any(|service| call.starts_with(service));
    assert!(again.iter().any(|call| is_new(&call)), "{again:?}");
    // What an emulator does not have is asked for again too.
    let read = ["sts:", "lambda:", "iam:", "apigateway:", "ec2:", "ecs:"];
    let idle = again.iter().filter(|call| !read.iter().any(|service| call.starts_with(service)));
    assert_eq!(idle.collect::<Vec<_>>(), Vec::<&&String>::new());
}

/// The sections of a snapshot by their files.
fn sections(folder: &Path) -> BTreeMap<String, String> {
    files(folder).into_iter().filter(|(name, _)| !name.ends_with("manifest.json")).collect()
}
