//! Two inputs beside each other: what is said to differ, and what is not because one side could not see it.

mod account;
mod certainty;

use serde_json::{Value, json};
use sra_guard::cli::{self, Cli, Terminal};

use crate::support::Folder;

const ACCOUNT: &str = "111122223333";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:orders";

/// Writes a file, and gives its path as it is typed.
fn written(folder: &Folder, name: &str, text: &str) -> String {
    folder.write(name, text).to_str().unwrap().to_owned()
}

fn function(name: &str) -> Value {
    let arn = format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{name}");
    json!({
        "Type": "AWS::Lambda::Function", "Id": arn, "Name": name, "Ids": { "Arn": arn },
        "Properties": { "FunctionName": name, "Role": format!("arn:aws:iam::{ACCOUNT}:role/r"), "Timeout": 3,
            "Environment": { "Variables": { "KEY": "****" } } },
    })
}

fn url(auth: &str) -> Value {
    json!({
        "Type": "AWS::Lambda::Url", "Id": format!("{FUNCTION}/url"), "Ids": {},
        "Properties": { "TargetFunctionArn": FUNCTION, "AuthType": auth },
    })
}

fn snapshot_of(reads: &Value, resources: &[Value]) -> String {
    json!({ "SraGuardSnapshot": 1, "Sections": [{
        "Account": ACCOUNT, "Region": "eu-west-1", "Partition": "aws", "Service": "lambda",
        "Reads": reads, "Resources": resources,
    }] })
    .to_string()
}

fn listed() -> Value {
    json!([
        { "Api": "lambda:ListFunctions", "Outcome": "ok", "Calls": 1, "Permission": "lambda:ListFunctions",
          "Finds": ["AWS::Lambda::Function"] },
        { "Api": "lambda:ListFunctionUrlConfigs", "Outcome": "ok", "Calls": 1,
          "Permission": "lambda:ListFunctionUrlConfigs", "Finds": ["AWS::Lambda::Url"] },
    ])
}

fn denied() -> Value {
    json!([
        { "Api": "lambda:ListFunctions", "Outcome": "ok", "Calls": 1, "Permission": "lambda:ListFunctions",
          "Finds": ["AWS::Lambda::Function"] },
        { "Api": "lambda:ListFunctionUrlConfigs", "Outcome": "denied", "Calls": 1,
          "Permission": "lambda:ListFunctionUrlConfigs", "Hides": ["AWS::Lambda::Url"] },
    ])
}

/// Runs `diff` and returns its exit code with what it printed.
fn diff(arguments: &[&str]) -> (Result<u8, String>, String) {
    let cli = <Cli as clap::Parser>::try_parse_from(["sra-guard", "diff"].iter().chain(arguments)).unwrap();
    let terminal = Terminal { color: false, progress: false, width: 100, ask: None };
    let mut out = Vec::new();
    let code = cli::run(&cli, terminal, &mut out).map_err(|error| error.to_string());
    (code, String::from_utf8(out).unwrap())
}

fn document(before: &str, after: &str) -> (u8, Value) {
    let (code, text) = diff(&[before, after, "--format", "json", "--fail-on", "medium"]);
    (code.unwrap(), serde_json::from_str(&text).unwrap())
}

/// (change, type, name) of each resource.
fn resources(document: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let changes = document["resources"].as_array().unwrap();
    changes
        .iter()
        .map(|change| {
            let place = if change["after"].is_null() { &change["before"] } else { &change["after"] };
            (text(&change["change"]), text(&change["type"]), text(&place["name"]))
        })
        .collect()
}

fn changed(document: &Value) -> Vec<(String, Value, Value)> {
    let changes = document["findings"].as_array().unwrap();
    let verdicts = |change: &Value| {
        let kind = change["change"].as_str().unwrap().to_owned();
        (kind, change["before"]["verdict"].clone(), change["after"]["verdict"].clone())
    };
    changes.iter().map(verdicts).collect()
}

#[test]
fn the_same_snapshot_does_not_differ_from_itself() {
    for (reads, resources) in [(listed(), vec![function("orders"), url("NONE")]), (denied(), vec![function("orders")])]
    {
        let folder = Folder::new();
        let text = snapshot_of(&reads, &resources);
        let (a, b) = (written(&folder, "a.json", &text), written(&folder, "b.json", &text));
        let (code, document) = document(&a, &b);
        assert_eq!(code, 0);
        for differences in ["resources", "findings", "uncompared"] {
            assert_eq!(document[differences], json!([]), "{differences}");
        }
        assert_eq!(document["paired"], resources.len());
    }
}

#[test]
fn a_url_that_was_opened_is_a_changed_resource_and_finding() {
    let folder = Folder::new();
    let a = written(&folder, "a.json", &snapshot_of(&listed(), &[function("orders"), url("AWS_IAM")]));
    let b = written(&folder, "b.json", &snapshot_of(&listed(), &[function("orders"), url("NONE")]));
    let (code, found) = document(&a, &b);
    assert_eq!(code, 1);
    assert_eq!(
        found["resources"][0]["properties"],
        json!([{ "path": "AuthType", "before": "AWS_IAM", "after": "NONE" }])
    );
    assert!(changed(&found).contains(&("changed".to_owned(), json!("pass"), json!("fail"))), "{found:#}");
    let (code, text) = diff(&[&a, &b, "--fail-on", "never"]);
    assert_eq!(code, Ok(0));
    assert!(text.contains("was pass, is fail") && text.contains("AuthType: AWS_IAM → NONE"), "{text}");
    assert!(text.contains(&format!("{FUNCTION}/url (")), "{text}");
    assert!(!text.contains('\u{1b}'));
}

#[test]
fn what_was_added_and_removed_is_told_with_its_findings() {
    let folder = Folder::new();
    let a = written(&folder, "a.json", &snapshot_of(&listed(), &[function("orders")]));
    let b = written(&folder, "b.json", &snapshot_of(&listed(), &[function("orders"), url("NONE")]));
    let (code, found) = document(&a, &b);
    assert_eq!(code, 1);
    assert!(resources(&found).iter().any(|(change, kind, _)| change == "added" && kind == "AWS::Lambda::Url"));
    assert!(
        changed(&found)
            .iter()
            .any(|(change, before, after)| { change == "new" && before.is_null() && after == "fail" })
    );
    let (_, back) = document(&b, &a);
    assert!(resources(&back).iter().any(|(change, kind, _)| change == "removed" && kind == "AWS::Lambda::Url"));
    assert!(
        changed(&back)
            .iter()
            .any(|(change, before, after)| { change == "resolved" && before == "fail" && after.is_null() })
    );
}

#[test]
fn what_could_not_be_read_is_neither_removed_nor_resolved() {
    let folder = Folder::new();
    let a = written(&folder, "a.json", &snapshot_of(&listed(), &[function("orders"), url("NONE")]));
    let b = written(&folder, "b.json", &snapshot_of(&denied(), &[function("orders")]));
    for (one, other) in [(&a, &b), (&b, &a)] {
        let (_, found) = document(one, other);
        let told = resources(&found);
        assert!(told.iter().all(|(change, _, _)| change == "unread"), "{told:?}");
        assert!(told.iter().any(|(_, kind, _)| kind == "AWS::Lambda::Url"), "{told:?}");
        let of_url = |place: &Value| place["subject"]["id"].as_str().is_some_and(|id| id.ends_with("/url"));
        let findings = found["findings"].as_array().unwrap();
        let wrong: Vec<&Value> = findings
            .iter()
            .filter(|change| change["change"] != "changed" && (of_url(&change["before"]) || of_url(&change["after"])))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(!found["uncompared"].as_array().unwrap().is_empty());
    }
}

#[test]
fn a_service_that_was_not_collected_is_not_compared() {
    let folder = Folder::new();
    let a = written(&folder, "a.json", &snapshot_of(&listed(), &[function("orders"), url("NONE")]));
    let b = written(&folder, "b.json", &snapshot_of(&json!([]), &[]));
    let (code, found) = document(&a, &b);
    assert_eq!(code, 0);
    assert!(resources(&found).iter().all(|(change, _, _)| change == "unread"));
    assert_eq!(found["findings"], json!([]));
}

const TEMPLATE: &str = "\
Resources:
  Orders:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: orders
      Role: arn:aws:iam::111122223333:role/r
      Timeout: 3
      Handler: index.handler
      Runtime: nodejs22.x
      Code: { S3Bucket: b, S3Key: k }
  Url:
    Type: AWS::Lambda::Url
    Properties:
      TargetFunctionArn: !GetAtt Orders.Arn
      AuthType: AWS_IAM
";

#[test]
fn drift_is_what_the_account_does_otherwise_than_the_template_says() {
    let folder = Folder::new();
    let template = written(&folder, "template.yaml", TEMPLATE);
    let same = written(&folder, "same.json", &snapshot_of(&listed(), &[function("orders"), url("AWS_IAM")]));
    let (code, found) = document(&template, &same);
    assert_eq!((code, resources(&found)), (0, vec![]), "{found:#}");
    let drifted = written(
        &folder,
        "drifted.json",
        &snapshot_of(&listed(), &[function("orders"), url("NONE"), function("other")]),
    );
    let (code, found) = document(&template, &drifted);
    assert_eq!(code, 1);
    let expected =
        [("added", "AWS::Lambda::Function", "other"), ("changed", "AWS::Lambda::Url", "function:orders/url")];
    let expected: Vec<_> =
        expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
    assert_eq!(resources(&found), expected);
    let by: Vec<&Value> = found["resources"].as_array().unwrap().iter().map(|change| &change["paired_by"]).collect();
    assert_eq!(by, [&Value::Null, &json!("position")]);
    let (_, text) = diff(&[&template, &drifted]);
    assert!(text.contains("template says pass, account says fail"), "{text}");
}

#[test]
fn what_may_be_any_of_several_is_not_paired() {
    let folder = Folder::new();
    let template = written(&folder, "template.yaml", &TEMPLATE.replace("      FunctionName: orders\n", ""));
    let account = written(&folder, "account.json", &snapshot_of(&listed(), &[function("one"), function("two")]));
    let (_, found) = document(&template, &account);
    let told = resources(&found);
    assert!(
        told.contains(&("unpaired".to_owned(), "AWS::Lambda::Function".to_owned(), "Orders".to_owned())),
        "{told:?}"
    );
    // No function of the account has a URL at all.
    assert!(told.contains(&("removed".to_owned(), "AWS::Lambda::Url".to_owned(), "Url".to_owned())), "{told:?}");
    let generated = written(
        &folder,
        "generated.json",
        &snapshot_of(&listed(), &[function("shop-Orders-1A2B3C4D5E6F"), function("two")]),
    );
    let (_, found) = document(&template, &generated);
    assert!(!resources(&found).iter().any(|(change, _, name)| change == "unpaired" && name == "Orders"));
}

#[test]
fn versions_of_a_template_are_compared_by_their_logical_ids() {
    let folder = Folder::new();
    let a = written(&folder, "a.yaml", TEMPLATE);
    let b = written(&folder, "b.yaml", &TEMPLATE.replace("Timeout: 3", "Timeout: 9"));
    let (_, found) = document(&a, &b);
    assert_eq!(resources(&found), [("changed".to_owned(), "AWS::Lambda::Function".to_owned(), "Orders".to_owned())]);
    assert_eq!(found["resources"][0]["properties"], json!([{ "path": "Timeout", "before": 3, "after": 9 }]));
}

#[test]
fn what_cannot_be_read_cannot_be_compared() {
    let folder = Folder::new();
    let good = written(&folder, "good.yaml", TEMPLATE);
    let broken = written(&folder, "broken.yaml", "Resources: {A: {Type: AWS::EC2::VPC, Properties: [}}");
    let (code, _) = diff(&[&good, &broken]);
    assert!(code.unwrap_err().contains("cannot be compared"));
    let empty = written(&folder, "empty.json", "{}");
    assert!(diff(&[&empty, &good]).0.unwrap_err().contains("cannot be compared"));
}
