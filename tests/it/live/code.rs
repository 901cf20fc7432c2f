//! The code of functions: only when it is asked for, whole or not at all, and nothing of how it was got.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use sra_guard::input::snapshot::format::{Item, Outcome};

use super::wire::{ACCOUNT, Part, REGION, Wire, sections};
use crate::loopback::{Answer, serve};
use crate::support::Folder;

/// Whoever has it can download the package.
const SIGNATURE: &str = "planted-signature";

/// What is wrong with functions that are called like it.
const FUNCTIONS: &[&str] = &["good", "image", "denied", "changed", "gone"];

fn package(name: &str) -> Vec<u8> {
    format!("PK\x03\x04 the code of {name}, with a planted-secret").into_bytes()
}

/// Functions, and where their packages are. Tells what was downloaded.
fn functions(names: &'static [&'static str]) -> (Part, Arc<Mutex<Vec<String>>>) {
    let downloads: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&downloads);
    let port = serve(move |request| {
        assert!(request.service.is_empty(), "credentials are not for the package's server");
        let name = request.path.trim_start_matches('/');
        if name == "gone" || !request.query.contains(SIGNATURE) {
            return Answer { status: 403, ..Answer::ok("<Error><Code>AccessDenied</Code></Error>") };
        }
        seen.lock().unwrap().push(name.to_owned());
        Answer::ok(package(name))
    });
    let lambda: Part = Box::new(move |call| {
        let function = |name: &str| {
            let digest = if name == "changed" { Sha256::digest("other") } else { Sha256::digest(package(name)) };
            json!({
                "FunctionName": name, "FunctionArn": format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"),
                "PackageType": if name == "image" { "Image" } else { "Zip" }, "CodeSha256": STANDARD.encode(digest),
                "Role": format!("arn:aws:iam::{ACCOUNT}:role/r"), "Version": "$LATEST",
                "Environment": { "Variables": { "KEY": "planted-secret" } },
            })
        };
        match call.api.as_str() {
            "lambda:ListFunctions" => {
                let listed: Vec<Json> = names.iter().map(|name| function(name)).collect();
                Some(Answer::ok(json!({ "Functions": listed }).to_string()))
            }
            "lambda:GetFunction" if call.names[0] == "denied" => {
                Some(Answer::error(403, "AccessDeniedException", json!({ "Message": "no" }).to_string()))
            }
            "lambda:GetFunction" => {
                let name = &call.names[0];
                let location = format!("http://127.0.0.1:{port}/{name}?X-Amz-Signature={SIGNATURE}");
                let code = json!({ "RepositoryType": "S3", "Location": location });
                Some(Answer::ok(json!({ "Configuration": function(name), "Code": code }).to_string()))
            }
            _ => None,
        }
    });
    (lambda, downloads)
}

fn collect(wire: &Wire, snapshot: &Path, more: &[&str]) -> Output {
    let mut program = wire.program("collect");
    let output = program.arg("--output").arg(snapshot).args(more).env("RUST_LOG", "trace").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// `CodePackage` of each function by its name.
fn packages(snapshot: &Path) -> BTreeMap<String, Json> {
    let lambda = sections(snapshot).remove(&format!("{REGION}/lambda.json")).unwrap();
    let functions = lambda.resources.into_iter().filter(|item| item.kind == "AWS::Lambda::Function");
    let package = |item: Item| (item.name.unwrap(), item.properties.get("CodePackage").cloned().unwrap_or_default());
    functions.map(package).collect()
}

#[test]
fn code_is_not_read_unless_it_is_asked_for() {
    let (lambda, downloads) = functions(FUNCTIONS);
    let wire = Wire::start(vec![lambda]);
    let folder = Folder::new();
    collect(&wire, &folder.path().join("snapshot"), &[]);
    assert_eq!(wire.counts().get("lambda:GetFunction"), None);
    assert!(downloads.lock().unwrap().is_empty());
    assert!(packages(&folder.path().join("snapshot")).values().all(Json::is_null));
}

#[test]
fn the_package_of_each_function_is_beside_the_section_that_names_it() {
    let (lambda, downloads) = functions(FUNCTIONS);
    let wire = Wire::start(vec![lambda]);
    let folder = Folder::new();
    let snapshot = folder.path().join("snapshot");
    let output = collect(&wire, &snapshot, &["--read-code"]);

    let digest: String = Sha256::digest(package("good")).iter().map(|byte| format!("{byte:02x}")).collect();
    let unread = json!({ "Unread": "lambda:GetFunction" });
    let expected = [
        ("changed", unread.clone()),
        ("denied", unread.clone()),
        ("gone", unread),
        ("good", json!({ "File": "lambda-code/good.zip", "Sha256": digest })),
        ("image", json!({ "Omitted": "the code is a container image" })),
    ];
    let expected: BTreeMap<String, Json> = expected.into_iter().map(|(name, told)| (name.to_owned(), told)).collect();
    assert_eq!(packages(&snapshot), expected);
    let place = snapshot.join(ACCOUNT).join(REGION).join("lambda-code");
    let files: Vec<_> = std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["good.zip"], "what is not whole is not there");
    assert_eq!(std::fs::read(place.join("good.zip")).unwrap(), package("good"));

    let lambda = sections(&snapshot).remove(&format!("{REGION}/lambda.json")).unwrap();
    let of = |name: &str| {
        let read = lambda.reads.iter().find(|read| read.of.as_deref().is_some_and(|of| of.ends_with(name))).unwrap();
        (read.api.as_str(), read.outcome, read.error.clone().unwrap())
    };
    assert_eq!(of(":denied").1, Outcome::Denied);
    let changed = "its package is not what the service says: its digest is another".to_owned();
    assert_eq!(of(":changed"), ("lambda:GetFunction", Outcome::Failed, changed));
    let gone = "its package is answered with HTTP status 403".to_owned();
    assert_eq!(of(":gone"), ("lambda:GetFunction", Outcome::Failed, gone));

    // The packages are no part of what is judged, and nothing tells how they were got.
    let mut scan = Command::new(env!("CARGO_BIN_EXE_sra-guard"));
    let scanned = scan.arg("scan").arg(&snapshot).args(["--all", "--format", "json"]).output().unwrap();
    let printed = [output.stdout, output.stderr, scanned.stdout, scanned.stderr].concat();
    let printed = String::from_utf8(printed).unwrap();
    assert!(printed.contains(":function:good") && !printed.contains(".zip"), "{printed}");
    let section = std::fs::read_to_string(snapshot.join(ACCOUNT).join(REGION).join("lambda.json")).unwrap();
    for secret in [SIGNATURE, "planted-secret"] {
        assert!(!printed.contains(secret) && !section.contains(secret), "{secret}");
    }
    downloads.lock().unwrap().sort();
    assert_eq!(*downloads.lock().unwrap(), ["changed", "good"]);

    // Another run tries what failed, and takes nothing twice.
    collect(&wire, &snapshot, &["--read-code", "--resume"]);
    assert_eq!(downloads.lock().unwrap().iter().filter(|name| *name == "good").count(), 1);
}

#[test]
fn a_snapshot_without_code_gets_it_when_it_is_resumed_with_code() {
    let (lambda, downloads) = functions(&["good"]);
    let wire = Wire::start(vec![lambda]);
    let folder = Folder::new();
    let snapshot = folder.path().join("snapshot");
    let resumed = |more: &[&str]| {
        wire.calls();
        collect(&wire, &snapshot, more);
        let mut counts = wire.counts();
        counts.retain(|api, _| !["ec2:DescribeRegions", "sts:GetCallerIdentity"].contains(&api.as_str()));
        counts
    };
    resumed(&[]);
    let calls = resumed(&["--resume", "--read-code"]);
    assert_eq!(calls.get("lambda:GetFunction"), Some(&1));
    assert!(calls.keys().all(|api| api.starts_with("lambda:")), "{calls:?}");
    assert!(packages(&snapshot)["good"]["File"].is_string());
    // What is there stays, whether it is asked for again or not.
    assert_eq!(resumed(&["--resume", "--read-code"]), BTreeMap::new());
    assert_eq!(resumed(&["--resume"]), BTreeMap::new());
    assert!(packages(&snapshot)["good"]["File"].is_string());
    assert_eq!(downloads.lock().unwrap().len(), 1);
}

#[test]
fn code_that_nothing_would_keep_is_not_read() {
    let (lambda, downloads) = functions(&["good"]);
    let wire = Wire::start(vec![lambda]);
    let output = wire.program("audit").arg("--read-code").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("add `--snapshot DIR`"), "{said}");
    assert!(wire.calls().is_empty() && downloads.lock().unwrap().is_empty());
}

#[test]
fn only_who_reads_code_needs_the_permission() {
    let wire = Wire::start(Vec::new());
    let policy = |more: &[&str]| {
        let output = wire.program("audit").arg("--print-policy").args(more).output().unwrap();
        let policy: Json = serde_json::from_slice(&output.stdout).unwrap();
        let actions = policy["Statement"][0]["Action"].as_array().unwrap().clone();
        actions.into_iter().map(|action| action.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (without, mut with) = (policy(&[]), policy(&["--read-code"]));
    assert!(!without.contains(&"lambda:GetFunction".to_owned()));
    with.retain(|action| action != "lambda:GetFunction");
    assert_eq!(with, without);
    assert_ne!(policy(&["--read-code"]), without);
}
