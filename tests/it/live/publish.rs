//! Security Hub follows an account: what is wrong in it appears there, changes and goes away as the account does, and nothing else
//! is touched.

use std::process::Command;

use aws_sdk_cognitoidentityprovider as cognito;
use aws_sdk_cognitoidentityprovider::types::{SoftwareTokenMfaConfigType, UserPoolMfaType};
use serde_json::{Value as Json, json};

use super::emulator::{Emulator, account, emulator};
use crate::support::Folder;

const HERE: &str = "eu-central-1";
const THERE: &str = "us-east-1";

/// User pools demand a second factor.
const MFA: &str = "SRA-COG-001";

/// An account, its Security Hubs, and a proxy before them that counts calls.
struct Owner {
    proxy: Emulator,
    account: String,
    runtime: tokio::runtime::Runtime,
}

impl Owner {
    /// With Security Hub enabled in some regions.
    fn new(hubs: &[&str]) -> Self {
        let owner = Self {
            proxy: Emulator::start("faults.py", &[&emulator().endpoint]),
            account: account(),
            runtime: tokio::runtime::Runtime::new().unwrap(),
        };
        for region in hubs {
            owner.hub(region, "POST /accounts", &json!({}));
        }
        owner
    }

    fn hub(&self, region: &str, call: &str, body: &Json) -> Json {
        emulator().call(&self.account, region, "securityhub", call, body)
    }

    async fn users(&self, region: &str) -> cognito::Client {
        cognito::Client::new(&emulator().session(&self.account, region).await.config)
    }

    /// Makes a user pool whose users need no second factor. Returns its id.
    fn pool(&self, region: &str, name: &str) -> String {
        self.runtime.block_on(async {
            let made = self.users(region).await.create_user_pool().pool_name(name).send().await.unwrap();
            made.user_pool.unwrap().id.unwrap()
        })
    }

    /// Users need a second factor from now on.
    fn fix(&self, region: &str, pool: &str) {
        self.runtime.block_on(async {
            let call = self.users(region).await.set_user_pool_mfa_config().user_pool_id(pool);
            let token = SoftwareTokenMfaConfigType::builder().enabled(true).build();
            call.software_token_mfa_configuration(token).mfa_configuration(UserPoolMfaType::On).send().await.unwrap();
        });
    }

    fn delete(&self, region: &str, pool: &str) {
        self.runtime.block_on(async {
            self.users(region).await.delete_user_pool().user_pool_id(pool).send().await.unwrap();
        });
    }

    fn findings(&self, region: &str) -> Vec<Json> {
        let mut found = Vec::new();
        let mut token = Json::Null;
        loop {
            let page = self.hub(region, "POST /findings", &json!({ "NextToken": token }));
            found.extend(page["Findings"].as_array().unwrap().iter().cloned());
            match page.get("NextToken") {
                Some(next) => token = next.clone(),
                None => return found,
            }
        }
    }

    /// The finding about a user pool.
    fn finding(&self, region: &str, pool: &str) -> Json {
        let about = |finding: &Json| text(finding, "/Resources/0/Id").ends_with(pool);
        self.findings(region).into_iter().find(about).unwrap()
    }

    /// (what the finding is about, its status, its state), sorted.
    fn held(&self, region: &str) -> Vec<String> {
        let held = self.findings(region).into_iter().map(|finding| {
            let id = text(&finding, "/Resources/0/Id");
            let subject = id.rsplit('/').next().unwrap();
            format!("{subject} {} {}", text(&finding, "/Compliance/Status"), text(&finding, "/RecordState"))
        });
        sorted(held.collect())
    }

    fn faults(&self, faults: &Json) {
        self.proxy.ask("POST", "/_faults", &faults.to_string());
    }

    /// Calls that wrote to Security Hub since the faults were set.
    fn writes(&self) -> u64 {
        let told: Json = serde_json::from_str(&self.proxy.ask("GET", "/_calls", "")).unwrap();
        let calls = told["calls"].as_object().unwrap();
        let is_write = |call: &str| call.contains("/findings/import") || call.contains("/findings/batchupdate");
        calls.iter().filter(|(call, _)| is_write(call)).map(|(_, number)| number.as_u64().unwrap()).sum()
    }

    /// Audits and publishes. Returns what is said after the report.
    fn publish(&self, more: &[&str], code: i32) -> String {
        let folder = Folder::new();
        let mut arguments = vec!["audit", "--publish", "security-hub", "--fail-on", "never", "--output"];
        let report = folder.path().join("report.txt");
        arguments.extend([report.to_str().unwrap(), "--endpoint-url", &self.proxy.endpoint]);
        if !more.contains(&"--rule") {
            arguments.extend(["--rule", MFA]);
        }
        arguments.extend(more);
        let output = Command::new(env!("CARGO_BIN_EXE_sra-guard"))
            .args(arguments)
            .env("AWS_ACCESS_KEY_ID", format!("EMULATED{}", self.account))
            .env("AWS_SECRET_ACCESS_KEY", "emulated")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        text
    }
}

fn text(finding: &Json, pointer: &str) -> String {
    finding.pointer(pointer).and_then(Json::as_str).unwrap_or_else(|| panic!("no {pointer} in {finding:#}")).to_owned()
}

#[track_caller]
fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

fn sorted(mut held: Vec<String>) -> Vec<String> {
    held.sort();
    held
}

#[test]
fn findings_appear_change_and_go_away_as_the_account_does() {
    let owner = Owner::new(&[HERE]);
    let (kept, gone) = (owner.pool(HERE, "kept"), owner.pool(HERE, "gone"));
    let failed = |pool: &str| format!("{pool} FAILED ACTIVE");
    let resolved = |pool: &str| format!("{pool} PASSED ARCHIVED");
    owner.faults(&json!([]));
    let dry = owner.publish(&["--region", HERE, "--dry-run"], 0);
    assert_says(&dry, &["would create 2, update 0, resolve 0", "\n  create  FAILED  high          SRA-COG-001 "]);
    assert_eq!((owner.writes(), owner.held(HERE).len()), (0, 0), "a dry run writes");
    assert_says(&owner.publish(&["--region", HERE], 0), &[": 2 created, 0 updated, 0 resolved; 0 unchanged"]);
    assert_eq!(owner.held(HERE), sorted(vec![failed(&kept), failed(&gone)]));

    owner.faults(&json!([]));
    let before = owner.findings(HERE);
    assert_says(&owner.publish(&["--region", HERE], 0), &[": 0 created, 0 updated, 0 resolved; 2 unchanged"]);
    assert_eq!((owner.writes(), owner.findings(HERE) == before), (0, true), "publishing again writes");

    // A person takes note of what will be mended.
    let finding = owner.finding(HERE, &kept);
    let note = json!({
        "FindingIdentifiers": [{ "Id": finding["Id"], "ProductArn": finding["ProductArn"] }],
        "Note": { "Text": "ticket 7", "UpdatedBy": "ann" },
        "Workflow": { "Status": "NOTIFIED" },
    });
    owner.hub(HERE, "PATCH /findings/batchupdate", &note);
    owner.fix(HERE, &kept);
    owner.delete(HERE, &gone);
    let new = owner.pool(HERE, "new");
    assert_says(&owner.publish(&["--region", HERE, "--dry-run"], 0), &["would create 1, update 0, resolve 2"]);
    assert_says(&owner.publish(&["--region", HERE], 0), &[": 1 created, 0 updated, 2 resolved; 0 unchanged"]);
    assert_eq!(owner.held(HERE), sorted(vec![resolved(&kept), resolved(&gone), failed(&new)]));
    let (fixed, lost) = (owner.finding(HERE, &kept), owner.finding(HERE, &gone));
    assert_eq!((&fixed["Workflow"]["Status"], &fixed["Note"]["Text"]), (&json!("NOTIFIED"), &json!("ticket 7")));
    assert!(!text(&fixed, "/Description").contains("Resolved:"), "{fixed:#}");
    assert_says(&text(&lost, "/Description"), &["Resolved: the resource was not there any more at "]);

    owner.faults(&json!([]));
    assert_says(&owner.publish(&["--region", HERE], 0), &[": 0 created, 0 updated, 0 resolved; 2 unchanged"]);
    assert_eq!(owner.writes(), 0, "what is resolved is written again");
}

#[test]
fn what_a_run_did_not_look_at_stays_as_it_is() {
    let owner = Owner::new(&[HERE, THERE]);
    let (here, there) = (owner.pool(HERE, "here"), owner.pool(THERE, "there"));
    owner.publish(&["--region", &format!("{HERE},{THERE}")], 0);
    let both = |pool: &str| vec![format!("{pool} FAILED ACTIVE")];
    let unchanged = || assert_eq!((owner.held(HERE), owner.held(THERE)), (both(&here), both(&there)));
    unchanged();
    // Both are mended, and no run below sees both by the rule that found them.
    owner.fix(HERE, &here);
    owner.delete(THERE, &there);
    assert_says(
        &owner.publish(&["--region", HERE, "--rule", "SRA-COG-002"], 0),
        &["1 left as they are: rule SRA-COG-001 did not run"],
    );
    unchanged();
    owner.faults(&json!([{ "match": "cognito-idp:", "kind": "deny" }]));
    let said = owner.publish(&["--region", HERE], 0);
    assert_says(&said, &["1 created, 0 updated, 0 resolved", "1 left as they are: "]);
    let held = owner.held(HERE);
    assert!(held.contains(&both(&here)[0]) && held.iter().any(|held| held.ends_with("WARNING ACTIVE")), "{held:?}");
    owner.faults(&json!([]));
    // The other region is none of this run's business.
    owner.publish(&["--region", HERE], 0);
    assert!(owner.held(HERE).iter().all(|held| held.ends_with("PASSED ARCHIVED")), "{:?}", owner.held(HERE));
    assert_eq!(owner.held(THERE), both(&there));
    owner.publish(&["--region", THERE], 0);
    assert_eq!(owner.held(THERE), [format!("{there} PASSED ARCHIVED")]);
}

#[test]
fn a_region_without_security_hub_is_named_and_the_others_are_served() {
    let owner = Owner::new(&[HERE]);
    let (here, there) = (owner.pool(HERE, "here"), owner.pool(THERE, "there"));
    let both = format!("{HERE},{THERE}");
    let said = owner.publish(&["--region", &both], 2);
    let why =
        format!("1 finding not published: Security Hub is not enabled in account {}, {THERE}: enable", owner.account);
    assert_says(&said, &["1 created", &why, "`--hub-region`"]);
    assert_eq!(owner.held(HERE), [format!("{here} FAILED ACTIVE")]);
    // All of it where it is on.
    let said = owner.publish(&["--region", &both, "--hub-region", HERE], 0);
    assert_says(&said, &["1 created, 0 updated, 0 resolved; 1 unchanged"]);
    assert_eq!(owner.held(HERE), sorted(vec![format!("{here} FAILED ACTIVE"), format!("{there} FAILED ACTIVE")]));
    let said = owner.publish(&["--region", HERE, "--hub-region", "mars-1"], 2);
    assert_says(&said, &["`mars-1` is no region"]);
}

#[test]
fn a_region_that_aggregates_counts_nothing_twice() {
    let owner = Owner::new(&[HERE, THERE]);
    owner.hub(THERE, "POST /findingAggregator/create", &json!({ "RegionLinkingMode": "ALL_REGIONS" }));
    let (here, there) = (owner.pool(HERE, "here"), owner.pool(THERE, "there"));
    let both = ["--region", &format!("{HERE},{THERE}")];
    assert_eq!(owner.publish(&both, 0).matches(": 1 created, 0 updated, 0 resolved; 0 unchanged").count(), 2);
    assert_eq!(owner.held(HERE).len(), 1);
    assert_eq!(owner.held(THERE).len(), 2, "findings of the other region arrive by themselves");
    owner.faults(&json!([]));
    assert_eq!(owner.publish(&both, 0).matches(": 0 created, 0 updated, 0 resolved; 1 unchanged").count(), 2);
    assert_eq!(owner.writes(), 0);
    // In the region that aggregates nothing is known of the other one, and nothing done about it.
    owner.fix(HERE, &here);
    assert_says(&owner.publish(&["--region", THERE], 0), &["0 created, 0 updated, 0 resolved; 1 unchanged"]);
    owner.publish(&both, 0);
    assert_eq!(owner.held(THERE), sorted(vec![format!("{here} PASSED ARCHIVED"), format!("{there} FAILED ACTIVE")]));
}

#[test]
fn many_and_long_findings_keep_to_the_limits() {
    let owner = Owner::new(&[HERE]);
    for index in 0..100 {
        owner.pool(HERE, &format!("pool-{index}"));
    }
    owner.pool(HERE, &"l\u{f6}ng ".repeat(400));
    owner.faults(&json!([]));
    assert_says(&owner.publish(&["--region", HERE], 0), &[": 101 created, 0 updated, 0 resolved"]);
    assert_eq!(owner.writes(), 2, "a hundred findings are a batch");
    let held = owner.findings(HERE);
    assert_eq!(held.len(), 101);
    let cut = held.iter().filter(|finding| text(finding, "/Description").ends_with('\u{2026}')).count();
    assert_eq!(cut, 1);
    assert_says(&owner.publish(&["--region", HERE], 0), &[": 0 created, 0 updated, 0 resolved; 101 unchanged"]);
}

#[test]
fn each_account_gets_its_own_findings() {
    let (first, second, third) = (Owner::new(&[HERE]), Owner::new(&[HERE]), Owner::new(&[]));
    let pools = [&first, &second, &third].map(|owner| owner.pool(HERE, "users"));
    let folder = Folder::new();
    let list = [&first, &second, &third].map(|owner| owner.account.clone()).join("\n");
    let list = folder.write("accounts.txt", &list);
    let arguments = ["--region", HERE, "--accounts", list.to_str().unwrap(), "--assume-role", "Audit"];
    let said = first.publish(&arguments, 2);
    assert_eq!(said.matches("1 created").count(), 2, "{said}");
    assert_says(&said, &[&format!("not enabled in account {}, {HERE}", third.account)]);
    for (owner, pool) in [&first, &second].into_iter().zip(&pools) {
        assert_eq!(owner.held(HERE), [format!("{pool} FAILED ACTIVE")]);
    }
}
