//! What only a live account tells: whose an id is, and where a name is.

use serde_json::{Value as Json, json};
use sra_guard::finding::{Finding, Verdict};
use sra_guard::graph::{Link, Resources};
use sra_guard::input::Unit;
use sra_guard::input::snapshot::{self, Seen};
use sra_guard::scan;
use sra_guard::source::{Limits, SourceMap, Span, parse};
use sra_guard::value::Value;
use sra_guard::world::World;

use crate::support::rules;

fn unit(resources: &Json) -> Box<dyn Unit> {
    let section = json!({
        "Account": "111122223333", "Region": "eu-central-1", "Partition": "aws", "Service": "lambda", "Reads": [],
        "Resources": resources,
    });
    let text = json!({ "SraGuardSnapshot": 1, "Sections": [section] }).to_string();
    let sources = SourceMap::default();
    let file = sources.add("snapshot.json", text);
    let parsed = parse(&sources, file, Limits::default()).unwrap();
    let Some(Seen::Snapshot(document)) = snapshot::see(&parsed.documents[0]) else { panic!("no snapshot") };
    let origin = snapshot::Origin { name: "snapshot.json".to_owned(), at: None };
    snapshot::units(vec![(origin, file, document)], &sources).remove(0)
}

fn role(account: &str, name: &str) -> Json {
    json!({ "Type": "AWS::IAM::Role", "Id": format!("arn:aws:iam::{account}:role/{name}"), "Properties": { "RoleName": name } })
}

fn function(region: &str) -> Json {
    let arn = format!("arn:aws:lambda:{region}:111122223333:function:same");
    json!({ "Type": "AWS::Lambda::Function", "Id": arn, "Properties": { "FunctionName": "same" } })
}

#[test]
fn an_arn_leads_to_what_is_in_its_account_and_region_only() {
    let functions = [function("eu-central-1"), function("us-east-1"), role("111122223333", "shared")];
    let evaluation = unit(&json!(functions)).evaluate(&World::default());
    let span: Span = evaluation.resources[0].span;
    let resources = Resources::new(evaluation.resources);
    let led = |text: &str, kind: &str| match resources.link(&Value::text_at(span, text), &[kind]) {
        Link::To(resource) => resource.address.to_string(),
        Link::Outside(_) => "outside".to_owned(),
        Link::Unknown(reason) => reason.to_string(),
    };
    let function = "AWS::Lambda::Function";
    let there = "arn:aws:lambda:us-east-1:111122223333:function:same";
    assert_eq!(led(there, function), there);
    assert_eq!(led("arn:aws:lambda:us-east-1:999999999999:function:same", function), "outside");
    assert_eq!(led("arn:aws:iam::999999999999:role/shared", "AWS::IAM::Role"), "outside");
    assert_eq!(led("arn:aws:iam::111122223333:role/shared", "AWS::IAM::Role"), "arn:aws:iam::111122223333:role/shared");
    // A name alone may mean either.
    assert_eq!(led("same", function), "outside");
}

#[test]
fn the_own_account_is_no_other_one() {
    let verdict = |principal: &str| {
        let own = function("eu-central-1");
        let id = format!("{}/policy/grant", own["Id"].as_str().unwrap());
        let permission = json!({
            "Type": "AWS::Lambda::Permission", "Id": id,
            "Properties": { "FunctionName": "same", "Action": "lambda:InvokeFunction", "Principal": principal },
        });
        let findings: Vec<Finding> = scan::judge(unit(&json!([own, permission])).as_ref(), rules(), true).findings;
        findings.into_iter().find(|finding| finding.rule.id == "SRA-LAM-002").unwrap().verdict
    };
    assert_eq!(verdict("111122223333"), verdict("arn:aws:iam::111122223333:root"));
    assert_ne!(verdict("111122223333"), Verdict::Fail);
    assert_eq!(verdict("999999999999"), Verdict::Fail);
}
