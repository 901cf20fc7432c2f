//! AWS Config and STS on loopback: answers of the documented shape, one item a page.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{item, items};
use crate::support::{Folder, root};

const IDENTITY: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
    <GetCallerIdentityResult><Arn>arn:aws:iam::999988887777:user/u</Arn><UserId>u</UserId>\
    <Account>999988887777</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId>\
    </ResponseMetadata></GetCallerIdentityResponse>";

/// How an aggregator answers.
#[derive(Clone, Debug, Default)]
struct Aggregator {
    /// The operation that is denied.
    denied: Option<&'static str>,
    /// Further sources: account, region, status.
    sources: Vec<(&'static str, &'static str, &'static str)>,
    filters: Option<Value>,
    /// It has no such aggregator.
    unknown: bool,
    /// Resources are recorded once a day.
    daily: bool,
}

type Seen = Arc<Mutex<Vec<(String, Value)>>>;

fn serve(mut stream: TcpStream, aggregator: &Aggregator, seen: &Seen) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut length, mut operation, mut line) = (0, String::new(), String::new());
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
        if name.eq_ignore_ascii_case("x-amz-target") {
            value.trim().rsplit('.').next().unwrap_or_default().clone_into(&mut operation);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let (status, answer) = match serde_json::from_slice::<Value>(&body) {
        Err(_) => ("200 OK", IDENTITY.to_owned()),
        Ok(query) => {
            seen.lock().unwrap().push((operation.clone(), query.clone()));
            if aggregator.denied == Some(operation.as_str()) {
                ("400 Bad Request", json!({ "__type": "AccessDeniedException", "message": "no" }).to_string())
            } else {
                let error = json!({ "__type": "NoSuchConfigurationAggregatorException", "message": "no" });
                let answer = aggregator.answer(&operation, &query);
                answer.map_or_else(|| ("400 Bad Request", error.to_string()), |answer| ("200 OK", answer.to_string()))
            }
        }
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(answer.as_bytes()));
}

impl Aggregator {
    fn answer(&self, operation: &str, query: &Value) -> Option<Value> {
        if self.unknown {
            return None;
        }
        Some(match operation {
            "DescribeConfigurationAggregators" => {
                assert_eq!(query["ConfigurationAggregatorNames"], json!(["all"]));
                json!({ "ConfigurationAggregators": [{
                    "ConfigurationAggregatorName": "all",
                    "ConfigurationAggregatorArn": "arn:aws:config:eu-west-1:999988887777:config-aggregator/config-aggregator-1",
                    "OrganizationAggregationSource": { "RoleArn": "arn:aws:iam::999988887777:role/r", "AllAwsRegions": true },
                    "AggregatorFilters": self.filters,
                }] })
            }
            "DescribeConfigurationAggregatorSourcesStatus" => self.sources(query),
            "SelectAggregateResourceConfig" => page(query, self.daily),
            other => panic!("{other}"),
        })
    }

    /// Two pages: those that have items, and the further ones.
    fn sources(&self, query: &Value) -> Value {
        assert_eq!(query["ConfigurationAggregatorName"], "all");
        let source = |account: &str, region: &str, status: &str| {
            json!({ "SourceId": account, "SourceType": "ACCOUNT", "AwsRegion": region, "LastUpdateStatus": status,
                "LastErrorCode": (status == "FAILED").then_some("InternalFailure") })
        };
        if query.get("NextToken").is_none() {
            let list =
                [source("111122223333", "eu-west-1", "SUCCEEDED"), source("444455556666", "eu-west-1", "SUCCEEDED")];
            return json!({ "AggregatedSourceStatusList": list, "NextToken": "second" });
        }
        let list: Vec<Value> =
            self.sources.iter().map(|(account, region, status)| source(account, region, status)).collect();
        json!({ "AggregatedSourceStatusList": list })
    }
}

/// The account that is told on the second page.
fn page(query: &Value, daily: bool) -> Value {
    assert_eq!(query["ConfigurationAggregatorName"], "all");
    let expression = query["Expression"].as_str().unwrap();
    assert!(expression.len() <= 4096, "{}", expression.len());
    let kind = expression.split('\'').nth(1).unwrap();
    let wanted = |item: &Value| {
        let account = item["accountId"].as_str().unwrap();
        !expression.contains("accountId IN") || expression.contains(&format!("'{account}'"))
    };
    let recorder = item(
        "AWS::Config::ConfigurationRecorder",
        "default",
        "arn:aws:config:eu-west-1:111122223333:configuration-recorder/default",
        &json!({
            "name": "default", "recordingGroup": { "allSupported": true, "includeGlobalResourceTypes": true },
            "recordingMode": { "recordingFrequency": "DAILY" },
        }),
    );
    let all = items().into_iter().chain(daily.then_some(recorder));
    let found: Vec<Value> = all.filter(|item| item["resourceType"] == kind).map(queried).collect();
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
    let of = if first { &found } else { &second };
    let page: Vec<String> = of.iter().filter(|item| wanted(item)).map(Value::to_string).collect();
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

struct Run {
    output: Output,
    folder: Folder,
    /// Operation and request.
    asked: Vec<(String, Value)>,
}

impl Run {
    fn of(aggregator: Aggregator, arguments: &[&str]) -> Self {
        Self::command(aggregator, ["collect", "--output"], arguments)
    }

    /// `called` is the command and its option for the folder of the snapshot.
    fn command(aggregator: Aggregator, called: [&str; 2], arguments: &[&str]) -> Self {
        let folder = Folder::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let seen = Seen::default();
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap(), &aggregator, &shared)));
        let mut command = Command::new(env!("CARGO_BIN_EXE_sra-guard"));
        let [name, output] = called;
        command.args([name, "--from-config", "all", "--endpoint-url", &url, output]);
        command.arg(folder.path().join("snapshot")).args(arguments);
        command.current_dir(root("")).env_clear().stdin(Stdio::null());
        command
            .env("AWS_ACCESS_KEY_ID", "a")
            .env("AWS_SECRET_ACCESS_KEY", "b")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let output = command.output().unwrap();
        let asked = seen.lock().unwrap().clone();
        Self { output, folder, asked }
    }

    fn succeeded(self) -> Self {
        assert!(self.output.status.success(), "{}", String::from_utf8_lossy(&self.output.stderr));
        self
    }

    fn section(&self, place: &str) -> Value {
        let text = std::fs::read(self.folder.path().join("snapshot").join(place)).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["Sections"][0].clone()
    }

    fn manifest(&self) -> Value {
        let text = std::fs::read(self.folder.path().join("snapshot/manifest.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    fn expressions(&self) -> Vec<&str> {
        let queries = self.asked.iter().filter(|(operation, _)| operation == "SelectAggregateResourceConfig");
        queries.map(|(_, query)| query["Expression"].as_str().unwrap()).collect()
    }
}

const IN: [&str; 2] = ["--region", "eu-west-1"];

#[test]
fn an_aggregator_gives_a_snapshot_of_each_of_its_accounts() {
    let run = Run::of(Aggregator::default(), &IN).succeeded();
    for account in ["111122223333", "444455556666"] {
        let section = run.section(&format!("{account}/eu-west-1/elasticloadbalancingv2.json"));
        assert_eq!(section["Account"], account);
        let kinds: Vec<&Value> = section["Resources"].as_array().unwrap().iter().map(|item| &item["Type"]).collect();
        assert_eq!(kinds, ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::LoadBalancer"]);
        assert_eq!(section["Resources"][0]["Name"], "n");
        assert!(section["Reads"].to_string().contains("ListenerRule"));
    }
    let manifest = run.manifest();
    let expected = manifest["Services"].as_array().unwrap();
    for place in ["111122223333/global", "444455556666/eu-west-1"] {
        let folder = run.folder.path().join("snapshot").join(place);
        let files = std::fs::read_dir(folder).unwrap().count();
        let global = place.ends_with("global");
        assert_eq!(files, expected.iter().filter(|service| service["Global"] == global).count(), "{place}");
    }
}

#[test]
fn a_query_that_fails_leaves_no_snapshot_that_looks_whole() {
    for operation in [
        "SelectAggregateResourceConfig",
        "DescribeConfigurationAggregators",
        "DescribeConfigurationAggregatorSourcesStatus",
    ] {
        let run = Run::of(Aggregator { denied: Some(operation), ..Aggregator::default() }, &IN);
        assert_eq!(run.output.status.code(), Some(2));
        let error = String::from_utf8_lossy(&run.output.stderr).into_owned();
        assert!(error.contains(&format!("`config:{operation}`")) && error.contains("AccessDenied"), "{error}");
        assert!(!run.folder.path().join("snapshot/manifest.json").exists());
    }
    let run = Run::of(Aggregator { unknown: true, ..Aggregator::default() }, &IN);
    let error = String::from_utf8_lossy(&run.output.stderr).into_owned();
    assert!(error.contains("`all`") && error.contains("NoSuchConfigurationAggregator"), "{error}");
}

#[test]
fn the_printed_policy_permits_the_calls_that_are_made_and_no_others() {
    let run = Run::of(Aggregator::default(), &IN).succeeded();
    let made: BTreeSet<String> = run.asked.iter().map(|(operation, _)| format!("config:{operation}")).collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sra-guard"));
    let printed = command.args(["audit", "--print-policy", "--from-config", "all"]).output().unwrap();
    let policy: Value = serde_json::from_slice(&printed.stdout).unwrap();
    let permitted = policy["Statement"][0]["Action"].as_array().unwrap().iter();
    let permitted: BTreeSet<String> = permitted.map(|action| action.as_str().unwrap().to_owned()).collect();
    assert_eq!(permitted, made);
}

#[test]
fn what_an_aggregator_could_not_collect_is_said_and_unknown() {
    let sources = vec![
        ("444455556666", "eu-west-1", "FAILED"),
        ("111122223333", "us-east-1", "OUTDATED"),
        ("777788889999", "eu-west-1", "SUCCEEDED"),
    ];
    let run = Run::of(Aggregator { sources, ..Aggregator::default() }, &[]);
    assert_eq!(run.output.status.code(), Some(2), "without a region nobody can be asked");
    let sources = vec![
        ("444455556666", "eu-west-1", "FAILED"),
        ("111122223333", "us-east-1", "OUTDATED"),
        ("777788889999", "eu-west-1", "SUCCEEDED"),
    ];
    let run =
        Run::of(Aggregator { sources, ..Aggregator::default() }, &["--aggregator-region", "eu-west-1"]).succeeded();
    let said = String::from_utf8_lossy(&run.output.stdout).into_owned();
    assert!(
        said.contains("444455556666, eu-west-1: the aggregator could not collect from there (InternalFailure)"),
        "{said}"
    );
    assert!(said.contains("111122223333, us-east-1: what the aggregator has is out of date"), "{said}");
    // What came from there earlier is of the past.
    let failed = run.section("444455556666/eu-west-1/elasticloadbalancingv2.json");
    assert_eq!(failed["Resources"], json!([]));
    assert!(failed["Reads"][0]["Error"].as_str().unwrap().contains("InternalFailure"));
    for (place, why) in
        [("111122223333/us-east-1/ec2.json", "out of date"), ("777788889999/eu-west-1/ec2.json", "no item")]
    {
        let section = run.section(place);
        let reads = section["Reads"].as_array().unwrap();
        assert!(reads.iter().all(|read| read["Outcome"] == "unrecorded"), "{place}");
        assert!(reads[0]["Error"].as_str().unwrap().contains(why), "{place}");
    }
    assert_eq!(run.manifest()["Accounts"]["777788889999"], json!(["eu-west-1"]));
}

#[test]
fn only_the_accounts_and_regions_that_are_wanted_are_asked_for() {
    let file = Folder::new();
    let list = file.write("accounts", "444455556666 # one of them\n");
    let arguments = ["--region", "eu-west-1", "--accounts", list.to_str().unwrap()];
    let sources = vec![("777788889999", "eu-west-1", "FAILED"), ("444455556666", "us-east-1", "FAILED")];
    let run = Run::of(Aggregator { sources, ..Aggregator::default() }, &arguments).succeeded();
    assert_eq!(run.manifest()["Accounts"], json!({ "444455556666": ["eu-west-1"] }));
    for expression in run.expressions() {
        assert!(expression.contains("accountId IN ('444455556666')"), "{expression}");
        let anywhere =
            ["AWS::IAM::", "AWS::CloudFront::", "AWS::Config::"].iter().any(|part| expression.contains(part));
        assert_ne!(anywhere, expression.contains("awsRegion IN ('eu-west-1')"), "{expression}");
    }
    let many: Vec<String> = (0..400).map(|number| format!("{number:012}")).collect();
    let list = file.write("many", &many.join("\n"));
    let run = Run::of(Aggregator::default(), &["--region", "eu-west-1", "--accounts", list.to_str().unwrap()]);
    let vpcs = run.expressions().into_iter().filter(|expression| expression.contains("'AWS::EC2::VPC'")).count();
    assert_eq!(vpcs, 3, "so many accounts need several queries");
    let error = String::from_utf8_lossy(&run.output.stderr).into_owned();
    assert!(error.contains("none of the accounts and regions"), "{error}");
}

#[test]
fn a_type_that_the_aggregator_leaves_out_is_unknown() {
    let filters = json!({ "ResourceType": { "Type": "INCLUDE", "Value": ["AWS::EC2::SecurityGroup"] } });
    let run = Run::of(Aggregator { filters: Some(filters), ..Aggregator::default() }, &IN).succeeded();
    let balancers = run.section("111122223333/eu-west-1/elasticloadbalancingv2.json");
    assert_eq!(balancers["Resources"], json!([]));
    assert!(balancers["Reads"].to_string().contains("the aggregator does not collect this type"));
    let groups = run.section("111122223333/eu-west-1/ec2.json");
    assert_eq!(groups["Resources"].as_array().unwrap().len(), 1);
}

#[test]
fn what_an_aggregator_tells_is_judged_with_what_it_does_not_tell_unknown() {
    let run = Run::of(Aggregator::default(), &IN).succeeded();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sra-guard"));
    let scanned = command.args(["scan", "--format", "json"]).arg(run.folder.path().join("snapshot")).output().unwrap();
    let report: Value = serde_json::from_slice(&scanned.stdout).unwrap();
    let verdicts: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().map(|finding| &finding["verdict"]).collect();
    assert!(verdicts.iter().any(|verdict| *verdict == "fail"), "{verdicts:?}");
    assert!(verdicts.iter().any(|verdict| *verdict == "unknown"));
}

#[test]
fn what_is_recorded_once_a_day_is_said_wherever_an_aggregator_is_read() {
    let day = |daily| Aggregator { daily, ..Aggregator::default() };
    let text = |run: Run| String::from_utf8(run.output.stdout).unwrap();
    let collected = text(Run::of(day(true), &IN).succeeded());
    assert!(collected.contains("2 regions of accounts are recorded once a day only"), "{collected}");

    let audited = |daily, further: &[&str]| {
        let run = Run::command(day(daily), ["audit", "--snapshot"], &[&IN, further].concat());
        assert_eq!(run.output.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.output.stderr));
        text(run)
    };
    let shown = audited(true, &[]);
    assert!(shown.contains("warning: 2 regions of accounts are recorded once a day only"), "{shown}");
    assert!(!audited(true, &["--quiet"]).contains("once a day"));
    assert!(!audited(false, &[]).contains("once a day"));
    // A program reads it beside what else is noted.
    let report: Value = serde_json::from_str(&audited(true, &["--format", "json"])).unwrap();
    let notes = report["notes"].as_array().unwrap().iter();
    let said = notes.filter(|note| note["message"].as_str().unwrap().contains("once a day")).count();
    assert_eq!(said, 1);
}
