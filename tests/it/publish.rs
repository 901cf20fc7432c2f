//! Publishing to Security Hub: the program over HTTP against one that takes and keeps findings as the service does.

mod hub;

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::{Folder, root};
use hub::Hub;

const ACCOUNT: &str = "111122223333";

/// User pools of a region by name, with their `MfaConfiguration`; `None` where the list was denied.
type Pools<'a> = Option<&'a [(&'a str, &'a str)]>;

/// A snapshot of the user pools of some regions.
struct Snapshot<'a> {
    at: &'a str,
    regions: &'a [(&'a str, Pools<'a>)],
}

impl Snapshot<'_> {
    fn write(&self) -> Folder {
        let folder = Folder::new();
        let manifest = json!({
            "SraGuardManifest": 1, "Tool": "0.1.0", "CollectedAt": self.at, "Accounts": {}, "Services": [],
            "Complete": true,
        });
        folder.write("manifest.json", &manifest.to_string());
        for (region, pools) in self.regions {
            let section = section(region, *pools);
            let file = format!("{ACCOUNT}/{region}/cognito-idp.json");
            folder.write(&file, &json!({ "SraGuardSnapshot": 1, "Sections": [section] }).to_string());
        }
        folder
    }
}

fn section(region: &str, pools: Pools<'_>) -> Value {
    let api = "cognito-idp:ListUserPools";
    let kinds = ["AWS::Cognito::UserPool"];
    let read = match pools {
        Some(_) => json!({ "Api": api, "Outcome": "ok", "Calls": 1, "Permission": api, "Finds": kinds }),
        None => json!({ "Api": api, "Outcome": "denied", "Calls": 1, "Permission": api, "Hides": kinds }),
    };
    let pool = |(name, mfa): &(&str, &str)| {
        json!({
            "Type": kinds[0],
            "Id": format!("arn:aws:cognito-idp:{region}:{ACCOUNT}:userpool/{region}_{name}"),
            "Name": name,
            "Properties": { "UserPoolName": name, "MfaConfiguration": mfa },
        })
    };
    json!({
        "Account": ACCOUNT,
        "Region": region,
        "Partition": "aws",
        "Service": "cognito-idp",
        "Reads": [read],
        "Resources": pools.unwrap_or_default().iter().map(pool).collect::<Vec<_>>(),
    })
}

fn run(hub: &Hub, folder: &Folder, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sra-guard"));
    command.args(["publish", "--security-hub", folder.path().to_str().unwrap(), "--endpoint-url", &hub.url()]);
    if !more.contains(&"--rule") {
        command.args(["--rule", MFA]);
    }
    command.args(more).current_dir(root("")).env_clear();
    command.envs([("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_EC2_METADATA_DISABLED", "true")]);
    command.output().unwrap()
}

/// User pools demand a second factor.
const MFA: &str = "SRA-COG-001";

/// What it says, when it ends with this code.
fn publish(hub: &Hub, folder: &Folder, more: &[&str], code: i32) -> String {
    let output = run(hub, folder, more);
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

const HERE: &str = "eu-west-1";

fn pools<'a>(at: &'a str, regions: &'a [(&'a str, Pools<'a>)]) -> Folder {
    Snapshot { at, regions }.write()
}

/// (name, `Compliance.Status`, `RecordState`) of the findings that a hub holds.
fn held(hub: &Hub, region: &str) -> Vec<(String, String, String)> {
    let text = |finding: &Value, pointer: &str| finding.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let mut held: Vec<_> = hub
        .findings(region)
        .iter()
        .map(|finding| {
            let id = text(finding, "/Resources/0/Id");
            let name = id.rsplit('_').next().unwrap().to_owned();
            (name, text(finding, "/Compliance/Status"), text(finding, "/RecordState"))
        })
        .collect();
    held.sort();
    held
}

fn expected(findings: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    findings.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect()
}

const DAY_1: &str = "2026-01-01T00:00:00Z";
const DAY_2: &str = "2026-01-02T00:00:00Z";
const DAY_3: &str = "2026-01-03T00:00:00Z";

#[test]
fn publishing_twice_writes_once() {
    let hub = Hub::start();
    let folder = pools(DAY_1, &[(HERE, Some(&[("a", "OFF"), ("b", "ON")]))]);
    let said = publish(&hub, &folder, &[], 0);
    assert_eq!(said, format!("account {ACCOUNT}, {HERE}: 1 created, 0 updated, 0 resolved; 0 unchanged\n"));
    assert_eq!(held(&hub, HERE), expected(&[("a", "FAILED", "ACTIVE")]));
    let (imported, before) = (hub.imported(), hub.findings(HERE));
    let said = publish(&hub, &folder, &[], 0);
    assert_eq!(said, format!("account {ACCOUNT}, {HERE}: 0 created, 0 updated, 0 resolved; 1 unchanged\n"));
    // The same again a day later: it says nothing new.
    let later = pools(DAY_2, &[(HERE, Some(&[("a", "OFF"), ("b", "ON")]))]);
    publish(&hub, &later, &[], 0);
    assert_eq!((hub.imported(), hub.findings(HERE)), (imported, before));
}

#[test]
fn findings_are_resolved_created_and_reopened() {
    let hub = Hub::start();
    publish(&hub, &pools(DAY_1, &[(HERE, Some(&[("fixed", "OFF"), ("gone", "OFF")]))]), &[], 0);
    let second = pools(DAY_2, &[(HERE, Some(&[("fixed", "ON"), ("new", "OFF")]))]);
    let dry = publish(&hub, &second, &["--dry-run"], 0);
    assert!(dry.contains("would create 1, update 0, resolve 2; 0 unchanged"), "{dry}");
    assert!(dry.contains("\n  create  FAILED  high") && dry.contains("\n  resolve PASSED "), "{dry}");
    assert_eq!(held(&hub, HERE).len(), 2, "a dry run writes");
    publish(&hub, &second, &[], 0);
    let after =
        expected(&[("fixed", "PASSED", "ARCHIVED"), ("gone", "PASSED", "ARCHIVED"), ("new", "FAILED", "ACTIVE")]);
    assert_eq!(held(&hub, HERE), after);
    let description = |name: &str| {
        let finding =
            hub.findings(HERE).into_iter().find(|f| f["Resources"][0]["Id"].as_str().unwrap().ends_with(name));
        finding.unwrap()["Description"].as_str().unwrap().to_owned()
    };
    assert!(description("_gone").starts_with("Resolved: the resource was not there any more at 2026-01-02"));
    assert!(description("_fixed").contains("complies"));
    let again = publish(&hub, &second, &[], 0);
    assert!(again.contains("0 created, 0 updated, 0 resolved"), "{again}");
    publish(&hub, &pools(DAY_3, &[(HERE, Some(&[("fixed", "OFF"), ("gone", "OFF"), ("new", "OFF")]))]), &[], 0);
    assert!(held(&hub, HERE).iter().all(|(_, status, state)| status == "FAILED" && state == "ACTIVE"));
    let created: Vec<Value> = hub.findings(HERE).iter().map(|finding| finding["CreatedAt"].clone()).collect();
    assert_eq!(created.iter().filter(|at| **at == "2026-01-01T00:00:00.000Z").count(), 2, "{created:?}");
}

#[test]
fn a_partial_run_resolves_nothing_that_it_did_not_look_at() {
    let hub = Hub::start();
    let there = "us-west-2";
    let both = pools(DAY_1, &[(HERE, Some(&[("a", "OFF")])), (there, Some(&[("b", "OFF")]))]);
    publish(&hub, &both, &[], 0);
    let all = || (held(&hub, HERE), held(&hub, there));
    let before = all();
    // The other region is not in this snapshot.
    publish(&hub, &pools(DAY_2, &[(there, Some(&[("b", "OFF")]))]), &[], 0);
    assert_eq!(all(), before);
    // The rule is not selected, and nothing is there any more.
    let empty = pools(DAY_2, &[(HERE, Some(&[])), (there, Some(&[]))]);
    let said = publish(&hub, &empty, &["--rule", "SRA-COG-002"], 0);
    assert!(said.contains(&format!("1 left as they are: rule {MFA} did not run")), "{said}");
    assert_eq!(all(), before);
    // Both regions in one hub: either run knows nothing of the other's region.
    let central = Hub::start();
    publish(&central, &pools(DAY_1, &[(HERE, Some(&[("a", "OFF")]))]), &["--hub-region", there], 0);
    let said = publish(&central, &pools(DAY_2, &[(there, Some(&[("b", "OFF")]))]), &["--hub-region", there], 0);
    assert!(said.contains("1 created") && said.contains("was not read"), "{said}");
    assert_eq!(held(&central, there), expected(&[("a", "FAILED", "ACTIVE"), ("b", "FAILED", "ACTIVE")]));
    assert!(held(&central, HERE).is_empty());
}

#[test]
fn a_denied_read_resolves_nothing_and_is_a_warning() {
    let hub = Hub::start();
    publish(&hub, &pools(DAY_1, &[(HERE, Some(&[("a", "OFF")]))]), &[], 0);
    let said = publish(&hub, &pools(DAY_2, &[(HERE, None)]), &[], 0);
    assert!(said.contains("1 created") && said.contains("1 left as they are"), "{said}");
    let states: Vec<(String, String)> =
        held(&hub, HERE).into_iter().map(|(_, status, state)| (status, state)).collect();
    assert_eq!(states.iter().filter(|state| *state == &("FAILED".to_owned(), "ACTIVE".to_owned())).count(), 1);
    assert_eq!(states.iter().filter(|state| *state == &("WARNING".to_owned(), "ACTIVE".to_owned())).count(), 1);
    // Once it can be read, what was not known is gone.
    publish(&hub, &pools(DAY_3, &[(HERE, Some(&[("a", "OFF")]))]), &[], 0);
    let active = held(&hub, HERE).into_iter().filter(|(_, _, state)| state == "ACTIVE").count();
    assert_eq!(active, 1);
}

#[test]
fn what_people_did_with_a_finding_stays() {
    let hub = Hub::start();
    publish(&hub, &pools(DAY_1, &[(HERE, Some(&[("a", "OFF")]))]), &[], 0);
    hub.edit(HERE, |finding| {
        finding["Workflow"] = json!({ "Status": "NOTIFIED" });
        finding["Note"] = json!({ "Text": "ours", "UpdatedBy": "ann", "UpdatedAt": DAY_1 });
        finding["UserDefinedFields"] = json!({ "ticket": "7" });
        finding["Severity"]["Label"] = json!("CRITICAL");
    });
    publish(&hub, &pools(DAY_2, &[(HERE, Some(&[("a", "OPTIONAL")]))]), &[], 0);
    let finding = &hub.findings(HERE)[0];
    assert_eq!(finding["UpdatedAt"], "2026-01-02T00:00:00.000Z");
    assert_eq!(finding["Workflow"]["Status"], "NOTIFIED");
    assert_eq!(finding["Note"]["Text"], "ours");
    assert_eq!(finding["UserDefinedFields"]["ticket"], "7");
    assert_eq!(finding["Severity"]["Label"], "CRITICAL");
    assert!(finding["FindingProviderFields"]["Severity"]["Label"] != "CRITICAL");
    publish(&hub, &pools(DAY_3, &[(HERE, Some(&[]))]), &[], 0);
    let finding = &hub.findings(HERE)[0];
    assert_eq!((&finding["RecordState"], &finding["Workflow"]["Status"]), (&json!("ARCHIVED"), &json!("NOTIFIED")));
    assert_eq!(finding["Severity"]["Label"], "CRITICAL");
    assert_eq!(hub.updates(), 0, "nobody asked to suppress anything");
}

#[test]
fn an_older_snapshot_overwrites_nothing() {
    let hub = Hub::start();
    publish(&hub, &pools(DAY_2, &[(HERE, Some(&[("a", "OFF"), ("b", "OFF")]))]), &[], 0);
    let said = publish(&hub, &pools(DAY_1, &[(HERE, Some(&[("a", "ON")]))]), &[], 0);
    assert!(said.contains("2 left as they are: a later snapshot was published already"), "{said}");
    assert!(held(&hub, HERE).iter().all(|(_, status, state)| status == "FAILED" && state == "ACTIVE"));
}

#[test]
fn what_would_be_forgotten_is_written_again() {
    let hub = Hub::start();
    publish(&hub, &pools(DAY_1, &[(HERE, Some(&[("a", "OFF")]))]), &[], 0);
    let late = publish(&hub, &pools("2026-02-15T00:00:00Z", &[(HERE, Some(&[("a", "OFF")]))]), &[], 0);
    assert!(late.contains("0 created, 1 updated"), "{late}");
    assert_eq!(hub.findings(HERE)[0]["CreatedAt"], "2026-01-01T00:00:00.000Z");
}

#[test]
fn more_than_a_batch_is_written_in_batches() {
    let hub = Hub::start();
    let names: Vec<String> = (0..201).map(|index| format!("p{index}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "OFF")).collect();
    let folder = pools(DAY_1, &[(HERE, Some(&many))]);
    assert!(publish(&hub, &folder, &[], 0).contains("201 created"));
    assert_eq!(hub.batches(), [100, 100, 1]);
    // Read back over several pages.
    assert!(publish(&hub, &folder, &[], 0).contains("0 created, 0 updated, 0 resolved; 201 unchanged"));
}

#[test]
fn refused_findings_are_sent_again_or_reported() {
    let hub = Hub::start();
    let folder = pools(DAY_1, &[(HERE, Some(&[("a", "OFF"), ("b", "OFF")]))]);
    hub.refuse("InternalFailure", 1);
    assert!(publish(&hub, &folder, &[], 0).contains("2 created"));
    assert_eq!(hub.batches(), [2, 1]);

    let hub = Hub::start();
    hub.refuse("InvalidInput", 1);
    let said = publish(&hub, &folder, &[], 2);
    assert!(said.contains("1 refused") && said.contains("InvalidInput: no"), "{said}");
    assert_eq!(hub.batches(), [2]);
    assert_eq!(held(&hub, HERE).len(), 1);
}

#[test]
fn a_security_hub_that_is_off_is_named_and_the_others_are_served() {
    let hub = Hub::start();
    let (off, empty) = ("us-west-2", "eu-north-1");
    hub.disable(&[off, empty]);
    let folder =
        pools(DAY_1, &[(HERE, Some(&[("a", "OFF")])), (off, Some(&[("b", "OFF")])), (empty, Some(&[("c", "ON")]))]);
    let said = publish(&hub, &folder, &[], 2);
    assert!(said.contains(&format!("{HERE}: 1 created")), "{said}");
    let words =
        format!("{off}: 1 finding not published: Security Hub is not enabled in account {ACCOUNT}, {off}: enable");
    assert!(said.contains(&words), "{said}");
    assert!(said.contains(&format!("{empty}: nothing to publish, and Security Hub is not enabled")), "{said}");
    // All of it where it is on.
    let said = publish(&hub, &folder, &["--hub-region", HERE], 0);
    assert!(said.contains("1 created, 0 updated, 0 resolved; 1 unchanged"), "{said}");
    let product = |finding: &Value| finding["ProductArn"].as_str().unwrap().contains(&format!(":{HERE}:"));
    assert!(hub.findings(HERE).iter().all(product));
}

#[test]
fn what_cannot_be_published_is_said_before_anything_is_written() {
    let hub = Hub::start();
    let template = Folder::new();
    template.write("pool.yaml", "Resources:\n  Pool: {Type: AWS::Cognito::UserPool}\n");
    assert!(publish(&hub, &template, &[], 2).contains("is no snapshot"));
    assert!(publish(&hub, &Folder::new(), &[], 2).contains("sra-guard collect"));
    let lone = Folder::new();
    let section = section(HERE, Some(&[("a", "OFF")]));
    lone.write("lone.json", &json!({ "SraGuardSnapshot": 1, "Sections": [section] }).to_string());
    assert!(publish(&hub, &lone, &[], 2).contains("give `--as-of`"));
    assert!(publish(&hub, &lone, &["--as-of", "2026-01-01"], 0).contains("1 created"));
    let foreign = pools(DAY_1, &[(HERE, Some(&[("a", "OFF")]))]);
    hub.sign_in("444455556666");
    assert!(publish(&hub, &foreign, &[], 2).contains(&format!("account {ACCOUNT}: not published")));
    assert!(publish(&hub, &foreign, &["--region", HERE], 2).contains("--hub-region"));
}

#[test]
fn over_long_texts_are_cut() {
    let hub = Hub::start();
    let long = "n\u{e4}me ".repeat(600);
    publish(&hub, &pools(DAY_1, &[(HERE, Some(&[(&long, "OFF")]))]), &[], 0);
    let finding = &hub.findings(HERE)[0];
    let length = |pointer: &str| finding.pointer(pointer).unwrap().as_str().unwrap().chars().count();
    assert!((900..=1024).contains(&length("/Description")), "{}", length("/Description"));
    assert!(finding["Description"].as_str().unwrap().ends_with('\u{2026}'));
    assert!((2040..=2048).contains(&length("/ProductFields/sra-guard~1subject")));
    assert!(publish(&hub, &pools(DAY_2, &[(HERE, Some(&[(&long, "OFF")]))]), &[], 0).contains("1 unchanged"));
    // That it is gone cannot be told by an id that is cut; that it passes can.
    assert!(publish(&hub, &pools(DAY_2, &[(HERE, Some(&[]))]), &[], 0).contains("too long to be kept"));
    publish(&hub, &pools(DAY_3, &[(HERE, Some(&[(&long, "ON")]))]), &[], 0);
    assert_eq!(hub.findings(HERE)[0]["RecordState"], "ARCHIVED");
}

#[test]
fn what_cannot_be_read_beside_a_snapshot_is_named() {
    let hub = Hub::start();
    let folder = pools(DAY_1, &[(HERE, Some(&[("a", "OFF")]))]);
    let manifest = folder.path().join("manifest.json");
    let said = publish(&hub, &folder, &[manifest.to_str().unwrap()], 2);
    assert!(said.contains(&format!("error: {}:1:1: is the manifest", manifest.display())), "{said}");
    assert!(said.contains("1 created"), "the rest is published: {said}");
}
