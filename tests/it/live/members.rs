//! Several accounts and regions in one run.

use std::process::Command;

use serde_json::{Value as Json, json};

use super::emulator::emulator;
use crate::deployed::plain::plain;
use crate::deployed::templates;
use crate::support::Folder;

const REGIONS: [&str; 2] = ["eu-central-1", "us-east-1"];

#[test]
fn one_run_audits_several_accounts_in_several_regions() {
    let emulator = emulator();
    let accounts = [emulator.account(), emulator.account(), emulator.account()];
    let (_, template) = templates().remove(0);
    for region in REGIONS {
        let lines = accounts
            .iter()
            .map(|account| json!({ "account": account, "resources": plain(&template, account) }).to_string());
        let results = emulator.run("deploy.py", &[region], lines.collect::<Vec<_>>().join("\n"));
        assert!(results.iter().all(|line| !line.contains("\"refused\"")), "{results:?}");
    }
    let folder = Folder::new();
    let listed = folder.write("accounts.txt", &accounts.join("\n"));
    let output = Command::new(env!("CARGO_BIN_EXE_sra-guard"))
        .args(["audit", "--all", "--format", "json", "--endpoint-url", &emulator.endpoint])
        .args(["--region", &REGIONS.join(","), "--assume-role", "Audit", "--accounts"])
        .arg(listed)
        .env("AWS_ACCESS_KEY_ID", format!("EMULATED{}", accounts[0]))
        .env("AWS_SECRET_ACCESS_KEY", "emulated")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code < 2), "{errors}");
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let of = |account: &str, region: &str| {
        let subject = |finding: &&Json| {
            let id = finding["subject"]["id"].as_str().unwrap();
            id.contains(account) && id.contains(region)
        };
        findings.iter().filter(subject).count()
    };
    let counts: Vec<usize> =
        accounts.iter().flat_map(|account| REGIONS.map(|region| of(account, region))).collect();
    assert!(counts.iter().all(|count| *count > 20 && *count == counts[0]), "{counts:?}");
}
