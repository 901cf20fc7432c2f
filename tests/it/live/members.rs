//! Several accounts and regions in one run.

use std::process::Command;

use serde_json::{Value as Json, json};

use super::emulator::{account, emulator};
use crate::deployed::plain::plain;
use crate::deployed::templates;
use crate::support::Folder;

const REGIONS: [&str; 2] = ["eu-central-1", "us-east-1"];

/// For the second region: roles exist once an account.
const OPEN: &str = "
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.9.0.0/16}}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: lets everybody in
      VpcId: !Ref Vpc
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}]
";

#[test]
fn one_run_audits_several_accounts_in_several_regions() {
    let emulator = emulator();
    let accounts = [account(), account(), account()];
    let (_, template) = templates().remove(0);
    for (region, template) in REGIONS.into_iter().zip([template.as_str(), OPEN]) {
        let lines = accounts
            .iter()
            .map(|account| json!({ "account": account, "resources": plain(template, account) }).to_string());
        let results = emulator.run("deploy.py", &[region], lines.collect::<Vec<_>>().join("\n"));
        assert!(results.iter().all(|line| !line.contains("\"refused\"")), "{results:?}");
    }
    let folder = Folder::new();
    let listed = folder.write("accounts.txt", &accounts.join("\n"));
    let all = ["--region", &REGIONS.join(","), "--assume-role", "Audit", "--accounts", listed.to_str().unwrap()];
    let audit = |format: &str, which: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_sra-guard"))
            .args(["audit", "--all", "--format", format, "--endpoint-url", &emulator.endpoint])
            .args(which)
            .env("AWS_ACCESS_KEY_ID", format!("EMULATED{}", accounts[0]))
            .env("AWS_SECRET_ACCESS_KEY", "emulated")
            .output()
            .unwrap()
    };
    let output = audit("json", &all);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code < 2), "{errors}");
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let of = |account: &String, region: &str, verdict: &str| {
        let place = format!(":{region}:{account}:");
        let is = |finding: &&Json| {
            finding["subject"]["id"].as_str().unwrap().contains(&place) && finding["verdict"] == verdict
        };
        findings.iter().filter(is).count()
    };
    let counts: Vec<[usize; 3]> = accounts
        .iter()
        .map(|account| {
            [of(account, REGIONS[0], "pass"), of(account, REGIONS[0], "fail"), of(account, REGIONS[1], "fail")]
        })
        .collect();
    assert!(counts[0][0] > 10, "{counts:?}");
    assert!(counts.iter().all(|count| *count == counts[0] && count[1..] == [0, 1]), "{counts:?}");

    // Each resource is named by its ARN, and so is each in which the proof lies.
    for finding in findings.iter().filter(|finding| finding["verdict"] == "fail") {
        let subject = &finding["subject"];
        assert!(subject["arn"].as_str().unwrap().starts_with("arn:aws:"), "{finding:#}");
        assert!(accounts.iter().any(|account| subject["account"] == account.as_str()), "{finding:#}");
        let steps = finding["evidence"].as_array().unwrap();
        assert!(steps.iter().any(|step| step["arn"].is_string()), "{finding:#}");
    }
    // The snapshot was kept nowhere, so nothing tells where, and the same accounts give the same bytes.
    assert_eq!(audit("json", &all).stdout, output.stdout);
    let is_first =
        |finding: &&Json| finding["verdict"] == "fail" && finding["subject"]["account"] == accounts[0].as_str();
    let arn = findings.iter().find(is_first).unwrap()["subject"]["arn"].as_str().unwrap();
    for format in ["terminal", "sarif", "junit", "asff", "ocsf"] {
        let output = audit(format, &["--region", REGIONS[1]]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(arn), "{format} does not name {arn}");
        assert!(!text.contains("/tmp") && !text.contains("file://"), "{format} names a folder of this machine");
        assert!(output.stderr.is_empty(), "nobody sees progress: {}", String::from_utf8_lossy(&output.stderr));
    }
}
