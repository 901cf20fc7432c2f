//! Files that AWS Config delivers to S3, from the disk to the verdicts.

use std::io::Write as _;

use serde_json::{Value, json};
use sra_guard::finding::{Report, Verdict};
use sra_guard::input::{NoteLevel, Outcome};
use sra_guard::scan::{Request, scan};
use sra_guard::source::SourceMap;

use crate::support::{Folder, rules};

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

/// AWS Config and STS on loopback: answers of the documented shape, one item a page.
#[cfg(feature = "account")]
mod aggregator {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::process::{Command, Output, Stdio};

    use serde_json::{Value, json};

    use super::items;
    use crate::support::{Folder, root};

    const IDENTITY: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
        <GetCallerIdentityResult><Arn>arn:aws:iam::999988887777:user/u</Arn><UserId>u</UserId>\
        <Account>999988887777</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId>\
        </ResponseMetadata></GetCallerIdentityResponse>";

    fn serve(mut stream: TcpStream, denied: bool) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut length, mut line) = (0, String::new());
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim().split_once(':') else {
                if line.trim().is_empty() {
                    break;
                }
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let (status, answer) = match serde_json::from_slice::<Value>(&body) {
            Err(_) => ("200 OK", IDENTITY.to_owned()),
            Ok(_) if denied => {
                ("400 Bad Request", json!({ "__type": "AccessDeniedException", "message": "no" }).to_string())
            }
            Ok(query) => ("200 OK", page(&query).to_string()),
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(answer.as_bytes()));
    }

    fn page(query: &Value) -> Value {
        assert_eq!(query["ConfigurationAggregatorName"], "all");
        let expression = query["Expression"].as_str().unwrap();
        let kind = expression.split('\'').nth(1).unwrap();
        let found: Vec<Value> = items().into_iter().filter(|item| item["resourceType"] == kind).map(queried).collect();
        let second: Vec<Value> = found
            .iter()
            .map(|item| {
                let mut other = item.clone();
                other["accountId"] = json!("444455556666");
                other["arn"] = json!(item["arn"].as_str().unwrap().replace("111122223333", "444455556666"));
                other
            })
            .collect();
        let first = query.get("NextToken").is_none();
        let page: Vec<String> = if first { &found } else { &second }.iter().map(Value::to_string).collect();
        let token = (first && !found.is_empty()).then_some("second");
        json!({ "Results": page, "QueryInfo": { "SelectFields": [] }, "NextToken": token })
    }

    /// An item as a query returns it.
    fn queried(mut item: Value) -> Value {
        let object = item.as_object_mut().unwrap();
        for (from, to) in [("awsAccountId", "accountId"), ("ARN", "arn")] {
            let value = object.remove(from).unwrap();
            object.insert(to.to_owned(), value);
        }
        object.insert("tags".to_owned(), json!([{ "key": "Name", "value": "n", "tag": "Name=n" }]));
        item
    }

    fn run(denied: bool, folder: &Folder) -> Output {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        std::thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap(), denied)));
        let output = folder.path().join("snapshot");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sra-guard"));
        command.args(["collect", "--from-config", "all", "--region", "eu-west-1", "--endpoint-url", &url, "--output"]);
        command.arg(output).current_dir(root("")).env_clear().stdin(Stdio::null());
        command
            .env("AWS_ACCESS_KEY_ID", "a")
            .env("AWS_SECRET_ACCESS_KEY", "b")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command.output().unwrap()
    }

    #[test]
    fn an_aggregator_gives_a_snapshot_of_each_of_its_accounts() {
        let folder = Folder::new();
        let output = run(false, &folder);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for account in ["111122223333", "444455556666"] {
            let file = folder.path().join(format!("snapshot/{account}/eu-west-1/elasticloadbalancingv2.json"));
            let snapshot: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
            let section = &snapshot["Sections"][0];
            assert_eq!(section["Account"], account);
            let kinds: Vec<&Value> =
                section["Resources"].as_array().unwrap().iter().map(|item| &item["Type"]).collect();
            assert_eq!(kinds, ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::LoadBalancer"]);
            assert_eq!(section["Resources"][0]["Name"], "n");
            assert!(section["Reads"].to_string().contains("ListenerRule"));
        }
        assert!(folder.path().join("snapshot/manifest.json").is_file());
    }

    #[test]
    fn a_query_that_fails_leaves_no_snapshot_that_looks_whole() {
        let folder = Folder::new();
        let output = run(true, &folder);
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains("config:SelectAggregateResourceConfig") && error.contains("AccessDenied"), "{error}");
        assert!(!folder.path().join("snapshot/manifest.json").exists());
    }
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
