//! Systems as their builders made them have the findings that the catalogue of rules names for them, and no secret that is
//! planted in an account is ever seen again.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use sra_guard::finding::Verdict;
use sra_guard::report::{FORMATS, View};

use super::emulator::{Emulator, account, emulator};
use super::{collected, judged};
use crate::support::{Folder, occasion};

const REGION: &str = "us-east-1";

/// (rule, type of the subject) of each failure; (rule, type) that must pass.
type Golden = (&'static [(&'static str, &'static str)], &'static [(&'static str, &'static str)]);

const BOARD: Golden = (
    &[
        ("SRA-COG-001", "AWS::Cognito::UserPool"),
        ("SRA-COG-002", "AWS::Cognito::UserPoolClient"),
        ("SRA-COG-009", "AWS::Cognito::UserPoolClient"),
        ("SRA-IAM-001", "AWS::IAM::Role"),
        ("SRA-LAM-002", "AWS::Lambda::Permission"),
    ],
    &[("SRA-API-001", "AWS::ApiGatewayV2::Route"), ("SRA-API-003", "AWS::ApiGatewayV2::Authorizer")],
);

const VPN: Golden = (
    &[
        // Who names no TLS policy gets the oldest.
        ("SRA-ALB-002", "AWS::ElasticLoadBalancingV2::Listener"),
        ("SRA-IAM-001", "AWS::IAM::Role"),
    ],
    &[
        ("SRA-ALB-001", "AWS::ElasticLoadBalancingV2::Listener"),
        ("SRA-ALB-013", "AWS::ElasticLoadBalancingV2::TargetGroup"),
        ("SRA-COG-002", "AWS::Cognito::UserPoolClient"),
        ("SRA-COG-009", "AWS::Cognito::UserPoolClient"),
        ("SRA-COG-010", "AWS::ElasticLoadBalancingV2::Listener"),
    ],
);

#[test]
fn a_bulletin_board_has_its_findings() {
    assert_golden("board", BOARD);
}

#[test]
fn a_load_balancer_before_client_vpn_has_its_findings() {
    assert_golden("vpn", VPN);
}

#[test]
fn a_task_that_no_service_keeps_is_a_workload() {
    assert_golden("task", (&[("SRA-NET-001", "AWS::ECS::Task")], &[("SRA-NET-002", "AWS::ECS::Task")]));
}

fn assert_golden(system: &str, (fails, passes): Golden) {
    let (emulator, account) = (emulator(), account());
    emulator.run("seeds.py", &[system, &account], String::new());
    let (report, _) = judged(&collected(emulator, std::slice::from_ref(&account), REGION), &account);
    let of = |verdict: Verdict| -> BTreeSet<(&str, &str)> {
        let found = report.findings.iter().filter(|finding| finding.verdict == verdict);
        found.map(|finding| (finding.rule.id.as_str(), finding.subject.resource_type.as_str())).collect()
    };
    assert_eq!(of(Verdict::Fail), fails.iter().copied().collect());
    assert_eq!(of(Verdict::Unknown), BTreeSet::new());
    let good = of(Verdict::Pass);
    for expected in passes {
        assert!(good.contains(expected), "{expected:?} is not among {good:#?}");
    }
}

#[test]
fn no_planted_secret_is_in_a_snapshot_a_log_or_a_report() {
    let (emulator, account) = (emulator(), account());
    let mut secrets = emulator.run("seeds.py", &["secrets", &account], String::new());
    assert!(secrets.len() >= 8, "{secrets:?}");
    emulator.call(&account, REGION, "securityhub", "POST /accounts", &json!({}));
    let [key, token, external_id] = ["key", "token", "external-id"].map(|what| format!("planted-{what}-5eC8eT"));
    let folder = Folder::new();
    let snapshot = folder.path().join("snapshot");
    let mut places: Vec<(String, Vec<u8>)> = Vec::new();
    let mut run = |what: &str, endpoint: &str, arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sra-guard"))
            .args(arguments)
            .args(["--endpoint-url", endpoint])
            .env("AWS_ACCESS_KEY_ID", format!("EMULATED{account}"))
            .env("AWS_SECRET_ACCESS_KEY", &key)
            .env("AWS_SESSION_TOKEN", &token)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_MAX_ATTEMPTS", "1")
            // As much as whoever looks for a fault lets the program say.
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .output()
            .unwrap();
        let all = [output.stdout, output.stderr].concat();
        assert!(output.status.code().is_some(), "{what}: {}", String::from_utf8_lossy(&all));
        places.push((what.to_owned(), all));
        output.status.code()
    };
    let role = format!("arn:aws:iam::{account}:role/Audit");
    let of = ["--region", REGION, "--assume-role", &role, "--external-id", &external_id];
    let path = snapshot.to_str().unwrap();
    let audit = [&["audit", "--all", "--read-code", "--publish", "security-hub", "--snapshot", path], &of[..]].concat();
    assert!(run("what an audit prints", &emulator.endpoint, &audit) < Some(2));
    assert_eq!(
        run("what publishing prints", &emulator.endpoint, &["publish", "--security-hub", path, "--dry-run"]),
        Some(0)
    );
    // What the services say of failures is said again.
    let proxy = Emulator::start("faults.py", &[&emulator.endpoint]);
    for kind in ["deny", "expire", "break", "garbage"] {
        proxy.ask("POST", "/_faults", &json!([{ "match": ".*", "kind": kind }]).to_string());
        run(&format!("what an audit prints when calls {kind}"), &proxy.endpoint, &[&["audit"], &of[..]].concat());
        proxy.ask("POST", "/_faults", &json!([{ "match": "^(?!sts:|ec2:DescribeRegions)", "kind": kind }]).to_string());
        let broken = folder.path().join(kind);
        let arguments = [&["audit", "--snapshot", broken.to_str().unwrap()], &of[..]].concat();
        run(&format!("what an audit prints when all but roles {kind}"), &proxy.endpoint, &arguments);
    }
    texts(folder.path(), &mut places);
    let held = emulator.call(&account, REGION, "securityhub", "POST /findings", &json!({}));
    assert!(held["Findings"].as_array().is_some_and(|findings| findings.len() > 3), "{held:#}");
    places.push(("Security Hub".to_owned(), held.to_string().into_bytes()));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(places.iter().any(|(_, bytes)| text(bytes).contains("DB_PASSWORD")), "the function was read");
    let (report, sources) = judged(&folder, &account);
    for format in FORMATS {
        let view = View {
            report: &report,
            sources: &sources,
            all: true,
            quiet: false,
            color: false,
            width: 100,
            occasion: occasion(),
        };
        let mut bytes = Vec::new();
        (format.write)(&view, &mut bytes).unwrap();
        places.push((format.name.to_owned(), bytes));
    }
    secrets.extend([key, token, external_id]);
    // Addresses that let anybody who has them in, such as that of a function's code.
    secrets.extend(["X-Amz-Signature", "X-Amz-Security-Token", "awslambda-"].map(str::to_owned));
    for (place, bytes) in &places {
        for secret in &secrets {
            assert!(!text(bytes).contains(secret.as_str()), "`{secret}` is in {place}");
        }
    }
}

/// The files below a folder, as they are read.
fn texts(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, found);
            continue;
        }
        let mut bytes = std::fs::read(&path).unwrap();
        if path.extension().is_some_and(|extension| extension == "gz") {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).unwrap();
            bytes = plain;
        }
        found.push((path.display().to_string(), bytes));
    }
}
