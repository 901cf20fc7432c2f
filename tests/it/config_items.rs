//! Files that AWS Config delivers to S3, from the disk to the verdicts.

#[cfg(feature = "account")]
mod aggregator;
mod equal;

use std::io::Write as _;

use serde_json::{Value, json};
use sra_guard::finding::{Report, Verdict};
use sra_guard::input::config_items::told;
use sra_guard::input::{NoteLevel, Outcome};
use sra_guard::scan::{Request, scan};
use sra_guard::source::SourceMap;

use crate::support::{Folder, root, rules};

fn item(kind: &str, id: &str, arn: &str, configuration: &Value) -> Value {
    json!({
        "relatedEvents": [], "relationships": [], "tags": {}, "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": "2026-01-02T03:04:05.000Z", "awsAccountId": "111122223333",
        "configurationItemStatus": "ResourceDiscovered", "resourceType": kind, "resourceId": id, "ARN": arn,
        "awsRegion": "eu-west-1", "configuration": configuration, "supplementaryConfiguration": {},
    })
}

const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/0123456789abcdef";

fn items() -> Vec<Value> {
    let listener = format!("{}/fedcba9876543210", BALANCER.replace(":loadbalancer/", ":listener/"));
    let group = "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1";
    vec![
        item(
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            BALANCER,
            BALANCER,
            &json!({ "loadBalancerArn": BALANCER, "loadBalancerName": "web", "type": "application",
                "scheme": "internet-facing", "vpcId": "vpc-1", "state": { "code": "active" },
                "availabilityZones": [{ "zoneName": "eu-west-1a", "subnetId": "subnet-1" }], "securityGroups": ["sg-1"] }),
        ),
        item(
            "AWS::ElasticLoadBalancingV2::Listener",
            &listener,
            &listener,
            &json!({ "ListenerArn": listener, "LoadBalancerArn": BALANCER, "Port": 80, "Protocol": "HTTP",
                "DefaultActions": [{ "Type": "forward", "TargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/t/1" }] }),
        ),
        item(
            "AWS::EC2::SecurityGroup",
            "sg-1",
            group,
            &json!({ "groupName": "web", "description": "web", "vpcId": "vpc-1", "ipPermissionsEgress": [],
                "ipPermissions": [{ "ipProtocol": "-1", "ipv4Ranges": [{ "cidrIp": "0.0.0.0/0" }] }] }),
        ),
    ]
}

fn judged(name: &str, bytes: &[u8]) -> Report {
    let folder = Folder::new();
    let file = folder.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    let rules = rules().clone();
    let request = Request { paths: vec![file], rules, keep_all: true, ..Request::default() };
    scan(&request, &SourceMap::default(), &|_| {})
}

fn snapshot(items: &[Value]) -> String {
    json!({ "fileVersion": "1.0", "configSnapshotId": "00000000-0000-0000-0000-000000000000", "configurationItems": items }).to_string()
}

#[test]
fn a_compressed_snapshot_is_judged_by_what_it_tells() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(snapshot(&items()).as_bytes()).unwrap();
    let report = judged("ConfigSnapshot.json.gz", &encoder.finish().unwrap());
    assert!(report.notes.iter().all(|note| note.level != NoteLevel::Error), "{:?}", report.notes);
    assert!(report.files.iter().all(|file| matches!(file.outcome, Outcome::Read(_))));
    assert_eq!(report.resource_types["AWS::ElasticLoadBalancingV2::Listener"].0, 1);
    let verdicts = |kind: &str| -> Vec<(String, Verdict)> {
        let about = |finding: &&sra_guard::finding::Finding| {
            finding.subject.resource_type == kind && finding.subject.address.is_arn()
        };
        report.findings.iter().filter(about).map(|finding| (finding.rule.id.clone(), finding.verdict)).collect()
    };
    assert!(verdicts("AWS::ElasticLoadBalancingV2::Listener").iter().any(|(_, verdict)| *verdict == Verdict::Fail));
    // The rules of a listener are not recorded, so nothing proves that it signs anybody in.
    assert!(report.collected.iter().any(|part| {
        part.failed
            .iter()
            .any(|failed| failed.hides.iter().any(|kind| kind == "AWS::ElasticLoadBalancingV2::ListenerRule"))
    }));
    assert!(report.notes.iter().any(|note| note.message.contains("AWS Config does not tell it")), "{:?}", report.notes);
}

/// What AWS Config leaves out must not make anything look better than it is with all of it known.
#[test]
fn a_history_file_proves_no_absence() {
    let history = json!({ "fileVersion": "1.0", "configurationItems": items() }).to_string();
    let report = judged("ConfigHistory.json", history.as_bytes());
    assert!(report.collected.iter().all(|part| part.listed.is_empty()));
}

#[test]
fn other_documents_are_none_of_config() {
    let report = judged("other.json", br#"{"configurationItems": [], "kind": "AWS::Other"}"#);
    assert!(report.collected.is_empty());
}

#[test]
fn what_stands_beside_an_item_is_not_in_the_source_that_excerpts_are_taken_of() {
    let folder = Folder::new();
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    let configuration = json!({ "functionName": "f", "environment": { "variables": { "TOKEN": "planted-secret" } } });
    let path = folder.path().join("ConfigSnapshot.json");
    std::fs::write(&path, snapshot(&[item("AWS::Lambda::Function", "f", function, &configuration)])).unwrap();
    let sources = SourceMap::default();
    let request = Request { paths: vec![path], rules: rules().clone(), keep_all: true, ..Request::default() };
    let report = scan(&request, &sources, &|_| {});
    let file = report.findings[0].subject.span.file;
    let text = &sources.file(file).text;
    assert!(text.contains("\"resourceId\":\"f\""), "{text}");
    assert!(!text.contains("planted"), "{text}");
}

/// What becomes of each type that the graph reads is decided, so that none is taken for absent because nobody thought of it.
#[test]
fn each_type_that_the_graph_reads_is_made_of_items_or_has_a_reason_not_to_be() {
    let text = std::fs::read_to_string(root("src/graph/kinds.rs")).unwrap();
    let list = text.split("= &[").nth(1).unwrap().split("];").next().unwrap();
    let kinds: Vec<&str> = list.split('"').filter(|part| part.starts_with("AWS::")).collect();
    assert!(kinds.len() > 80);
    let undecided: Vec<&&str> = kinds.iter().filter(|kind| told(kind).is_none()).collect();
    assert!(undecided.is_empty(), "{undecided:?}");
    assert!(kinds.iter().filter(|kind| told(kind) == Some(Ok(()))).count() > 45);
}
