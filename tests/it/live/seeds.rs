//! Systems as their builders made them have the findings that the catalogue of rules names for them, and no secret that is
//! planted in an account is ever seen again.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use sra_guard::finding::Verdict;
use sra_guard::report::{FORMATS, View};

use super::emulator::{account, emulator};
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
    let secrets = emulator.run("seeds.py", &["secrets", &account], String::new());
    assert!(secrets.len() >= 8, "{secrets:?}");
    let folder = Folder::new();
    let output = Command::new(env!("CARGO_BIN_EXE_sra-guard"))
        .args(["audit", "--region", REGION, "--endpoint-url", &emulator.endpoint, "--snapshot"])
        .arg(folder.path().join("snapshot"))
        .env("AWS_ACCESS_KEY_ID", format!("EMULATED{account}"))
        .env("AWS_SECRET_ACCESS_KEY", "emulated")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("RUST_LOG", "trace")
        .output()
        .unwrap();
    let mut places = vec![("what it prints".to_owned(), [output.stdout, output.stderr].concat())];
    assert_ne!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&places[0].1));
    texts(&folder.path().join("snapshot"), &mut places);
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
