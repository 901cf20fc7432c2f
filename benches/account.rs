//! How long the snapshot of an account takes to judge, and to compare with a template, by the number of its functions:
//! `cargo bench --bench account`.
//!
//! The account is the worst that quotas allow: all functions share a role, every second one has a public URL, and all
//! interfaces use the same security group. For each function there is a network of the range that the template declares.

#![expect(clippy::expect_used, reason = "a benchmark without its input has nothing to measure")]

use std::path::PathBuf;

use divan::Bencher;
use serde_json::{Value as Json, json};
use sra_guard::diff::{Side, compare};
use sra_guard::input::snapshot::{self, Origin, Seen};
use sra_guard::rule::RuleSet;
use sra_guard::scan::{Request, judge};
use sra_guard::source::{Limits, SourceMap, parse};

fn main() {
    divan::main();
}

const ACCOUNT: &str = "111122223333";

const ROLE: &str = "arn:aws:iam::111122223333:role/shared";

fn function(number: usize) -> Vec<Json> {
    let name = format!("function-{number}");
    let arn = format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}");
    let group = "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-0";
    let interface = format!("arn:aws:ec2:eu-west-1:{ACCOUNT}:network-interface/eni-{number}");
    let authentication = if number.is_multiple_of(4) { "NONE" } else { "AWS_IAM" };
    let mut resources = vec![
        json!({ "Type": "AWS::Lambda::Function", "Id": arn, "Name": name, "Ids": { "Ref": name, "Arn": arn },
            "Properties": { "FunctionName": name, "Role": ROLE, "Runtime": "python3.13", "Handler": "index.handler" } }),
        json!({ "Type": "AWS::EC2::NetworkInterface", "Id": interface, "Properties": { "GroupSet": [group] } }),
    ];
    let (network, subnet) = (format!("vpc-{number}"), format!("subnet-{number}"));
    resources.extend([
        json!({ "Type": "AWS::EC2::VPC", "Id": format!("arn:aws:ec2:eu-west-1:{ACCOUNT}:vpc/{network}"),
            "Ids": { "Ref": network }, "Properties": { "CidrBlock": "10.0.0.0/16" } }),
        json!({ "Type": "AWS::EC2::Subnet", "Id": format!("arn:aws:ec2:eu-west-1:{ACCOUNT}:subnet/{subnet}"),
            "Ids": { "Ref": subnet }, "Properties": { "CidrBlock": "10.0.1.0/24", "VpcId": network } }),
    ]);
    if number.is_multiple_of(2) {
        resources.push(json!({ "Type": "AWS::Lambda::Url", "Id": format!("{arn}/url"),
            "Properties": { "TargetFunctionArn": arn, "AuthType": authentication } }));
    }
    resources
}

/// The text of a snapshot.
fn account(functions: usize) -> String {
    let trust = json!({ "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": "lambda.amazonaws.com" } }] });
    let mut resources = vec![
        json!({ "Type": "AWS::IAM::Role", "Id": ROLE, "Name": "shared", "Ids": { "Ref": "shared", "Arn": ROLE },
            "Properties": { "RoleName": "shared", "AssumeRolePolicyDocument": trust } }),
        json!({ "Type": "AWS::EC2::SecurityGroup", "Id": "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-0",
            "Ids": { "Ref": "sg-0" }, "Properties": { "GroupDescription": "all", "SecurityGroupIngress": [
                { "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0" }] } }),
    ];
    resources.extend((0..functions).flat_map(function));
    let section = json!({ "Account": ACCOUNT, "Region": "eu-west-1", "Service": "lambda", "Reads": [],
        "Resources": resources });
    json!({ "SraGuardSnapshot": 1, "Sections": [section] }).to_string()
}

#[divan::bench(args = [1000, 2000, 4000], sample_count = 20)]
fn judge_snapshot(bencher: Bencher<'_, '_>, functions: usize) {
    let text = account(functions);
    let rules = RuleSet::builtin().unwrap_or_default();
    bencher.bench_local(|| {
        let sources = SourceMap::default();
        let file = sources.add("snapshot.json", text.clone());
        let parsed = parse(&sources, file, Limits::default()).expect("the snapshot is JSON");
        let seen = parsed.documents.first().and_then(snapshot::see);
        let Some(Seen::Snapshot(document)) = seen else { return 0 };
        let origin = Origin { name: "snapshot.json".to_owned(), at: None };
        let units = snapshot::units(vec![(origin, file, document)], &sources);
        units.iter().map(|unit| judge(unit.as_ref(), &rules, false).findings.len()).sum()
    });
}

#[divan::bench(args = [1000, 2000, 4000], sample_count = 20)]
fn compare_with_template(bencher: Bencher<'_, '_>, functions: usize) {
    let folder = tempfile::tempdir().expect("there is room for a snapshot");
    let snapshot = folder.path().join("snapshot.json");
    std::fs::write(&snapshot, account(functions)).expect("the snapshot is written");
    let template = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/alb-login-lambda/template.yaml");
    let read = |path: &PathBuf| {
        let rules = RuleSet::builtin().unwrap_or_default();
        Side::read(&Request { paths: vec![path.clone()], rules, keep_all: true, ..Request::default() }, &|_| {})
    };
    let (written, live) = (read(&template), read(&snapshot));
    bencher.bench_local(|| compare(&written, &live).resources.len());
}
