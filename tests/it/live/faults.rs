//! What goes wrong on the way: no crash, no verdict that is better than it should be, no failure because of it, and a word about
//! each call that did not end well.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use serde_json::{Value as Json, json};
use sra_guard::account::session::Session;
use sra_guard::account::{policy, services};
use sra_guard::finding::{Finding, Report, Verdict};
use sra_guard::input::snapshot::format::{Outcome, Snapshot};

use super::emulator::{Emulator, account, emulator};
use super::{collected_by, judged};
use crate::deployed::plain::{REGION, plain};
use crate::deployed::templates;
use crate::support::{Folder, files};

/// A proxy before the emulator, and an account behind it.
pub(super) struct Scene {
    pub proxy: Emulator,
    pub account: String,
}

impl Scene {
    /// Deploys the good architecture with a listener that lets anybody in.
    fn new() -> Self {
        let (_, template) = templates().into_iter().find(|(flaw, _)| flaw.contains("authenticat")).unwrap();
        Self::of(&template, &account())
    }

    /// Deploys a template to an account.
    pub(super) fn of(template: &str, account: &str) -> Self {
        let emulator = emulator();
        let account = account.to_owned();
        let deployment = json!({ "account": account, "resources": plain(template, &account) });
        let results = emulator.run("deploy.py", &[REGION], deployment.to_string());
        assert!(!results[0].contains("\"refused\""), "{results:?}");
        let upstream = emulator.endpoint.as_str();
        Self { proxy: Emulator::start("faults.py", &[upstream]), account }
    }

    pub(super) fn faults(&self, faults: &Json) {
        self.ask("POST", "/_faults", &faults.to_string());
    }

    /// How often each call was made since the faults were set.
    pub(super) fn calls(&self) -> BTreeMap<String, u64> {
        let told: Json = serde_json::from_str(&self.ask("GET", "/_calls", "")).unwrap();
        serde_json::from_value(told["calls"].clone()).unwrap()
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        use std::io::{Read as _, Write as _};
        let address = self.proxy.endpoint.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    async fn session(&self, retries: &RetryConfig) -> Session {
        let session = self.proxy.session(&self.account, REGION).await;
        let patience = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(1500)).build();
        let config = session.config.to_builder().retry_config(retries.clone()).timeout_config(patience).build();
        Session { config, ..session }
    }

    fn audited(&self, retries: &RetryConfig) -> (Report, Folder) {
        let folder = collected_by(|| async { vec![self.session(retries).await] });
        let (report, _) = judged(&folder, &self.account);
        (report, folder)
    }
}

type Verdicts = BTreeMap<(String, String), Vec<Verdict>>;

fn verdicts(findings: &[Finding]) -> Verdicts {
    let mut verdicts = Verdicts::new();
    for finding in findings {
        verdicts.entry((finding.rule.id.clone(), finding.subject.id.clone())).or_default().push(finding.verdict);
    }
    verdicts
}

/// What is wrong with verdicts that were made with less knowledge.
fn improvements(known: &Verdicts, found: &Verdicts) -> Vec<String> {
    let open =
        |verdicts: &[Verdict]| verdicts.iter().any(|verdict| matches!(verdict, Verdict::Fail | Verdict::Unknown));
    let failed = |verdicts: &[Verdict]| verdicts.contains(&Verdict::Fail);
    let mut wrong = Vec::new();
    for ((rule, subject), before) in known {
        match found.get(&(rule.clone(), subject.clone())) {
            Some(after) if failed(after) && !failed(before) => wrong.push(format!("{rule} {subject} fails")),
            Some(after) if open(before) && !open(after) => wrong.push(format!("{rule} {subject} is settled")),
            None if open(before) && !found.iter().any(|((other, _), after)| other == rule && open(after)) => {
                wrong.push(format!("{rule} {subject} is gone, and nothing is unknown instead"));
            }
            _ => {}
        }
    }
    for ((rule, subject), after) in found {
        if !known.contains_key(&(rule.clone(), subject.clone())) && failed(after) {
            wrong.push(format!("{rule} {subject} fails, and was not there"));
        }
    }
    wrong
}

#[test]
fn what_fails_on_the_way_settles_nothing_and_fails_nothing() {
    let scene = Scene::new();
    scene.faults(&json!([]));
    let (report, _) = scene.audited(&RetryConfig::disabled());
    let known = verdicts(&report.findings);
    assert!(known.values().flatten().any(|verdict| *verdict == Verdict::Fail));
    assert!(known.values().flatten().filter(|verdict| **verdict == Verdict::Pass).count() > 10);
    every_call_is_one_that_the_policy_allows(&scene);

    let prefixes: BTreeSet<&str> =
        policy::actions(false).into_iter().filter_map(|action| action.split(':').next()).collect();
    assert!(prefixes.len() > 10, "{prefixes:?}");
    let mut wrong = Vec::new();
    let refusals = prefixes.into_iter().map(|prefix| (format!("^{prefix}:"), "deny"));
    let kinds = ["throttle", "break", "page", "reset", "truncate", "garbage", "stall", "expire"];
    for (pattern, kind) in refusals.chain(kinds.map(|kind| (".*".to_owned(), kind))) {
        scene.faults(&json!([{ "match": pattern, "kind": kind, "seconds": 3 }]));
        let (report, folder) = scene.audited(&RetryConfig::disabled());
        let what = format!("{kind} {pattern}");
        let found = verdicts(&report.findings);
        wrong.extend(improvements(&known, &found).into_iter().map(|problem| format!("{what}: {problem}")));
        if scene.calls().keys().any(|call| pattern == ".*" || call.starts_with(pattern.trim_start_matches('^'))) {
            assert!(!report.notes.is_empty(), "{what}: nothing is said");
            let ended = outcomes(&folder, &scene.account);
            let wanted = match kind {
                "deny" => Outcome::Denied,
                "throttle" => Outcome::Throttled,
                _ => Outcome::Failed,
            };
            assert!(ended.contains_key(&wanted), "{what}: {ended:?}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // What passes is tried again, and leaves no trace.
    scene.faults(&json!([
        { "match": "DescribeSubnets", "kind": "throttle", "times": 2 },
        { "match": "DescribeListeners", "kind": "break", "times": 1 },
        { "match": "lambda:", "kind": "reset", "times": 1 },
    ]));
    let retries = RetryConfig::standard().with_max_attempts(4).with_initial_backoff(Duration::from_millis(10));
    assert_eq!(verdicts(&scene.audited(&retries).0.findings), known);
}

/// Lists of what another list has told, and of which the architecture has nothing.
const FOLLOWING: &[&str] = &["ecs:DescribeTasks"];

/// Names of calls in REST style tell no action.
fn every_call_is_one_that_the_policy_allows(scene: &Scene) {
    let allowed = policy::actions(false);
    let calls = scene.calls();
    let unknown: Vec<&String> = calls
        .keys()
        .filter(|call| !call.contains(' ') && !call.starts_with("sts:") && !allowed.contains(call.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let called: BTreeSet<String> = calls.into_keys().filter(|call| !call.contains(' ')).collect();
    // Of the lists that are asked for whatever there is, none is missing; names of calls in REST style are others.
    let lists =
        services::SERVICES.iter().flat_map(|service| service.reads).filter(|read| read.api.contains(":Describe"));
    let lists = lists.filter(|read| !read.finds.is_empty() && !FOLLOWING.contains(&read.api));
    let idle: Vec<&str> = lists.filter(|read| !called.contains(read.api)).map(|read| read.api).collect();
    assert!(idle.is_empty(), "{idle:?}");
}

/// How calls ended, and how many in each way.
fn outcomes(folder: &Folder, account: &str) -> BTreeMap<Outcome, usize> {
    let mut ended = BTreeMap::new();
    for text in files(&folder.path().join("snapshot").join(account)).into_values() {
        let snapshot: Snapshot = serde_json::from_str(&text).unwrap();
        for read in snapshot.sections.iter().flat_map(|section| &section.reads) {
            *ended.entry(read.outcome).or_default() += 1;
        }
    }
    ended
}

#[test]
fn a_run_that_is_killed_and_resumed_leaves_the_same_snapshot() {
    let scene = Scene::new();
    let folder = Folder::new();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    scene.faults(&json!([]));
    assert!(scene.collect(&whole, &[]).wait().unwrap().success());

    scene.faults(&json!([{ "match": ".*", "kind": "slow", "seconds": 0.05 }]));
    let mut killed = scene.collect(&broken, &[]);
    while sections(&broken).is_empty() {
        std::thread::sleep(Duration::from_millis(5));
        assert!(killed.try_wait().unwrap().is_none(), "it ended before it could be killed");
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let before = sections(&broken).len();
    assert!(before < sections(&whole).len());
    assert!(!scene.collect(&broken, &[]).wait().unwrap().success(), "a folder that is not empty is not written to");
    scene.faults(&json!([]));
    assert!(scene.collect(&broken, &["--resume"]).wait().unwrap().success());
    assert_eq!(sections(&broken), sections(&whole));
}

/// The sections of a snapshot by their files.
fn sections(folder: &Path) -> BTreeMap<String, String> {
    if !folder.exists() {
        return BTreeMap::new();
    }
    // Drafts are not done yet.
    let is_section = |name: &str| !["manifest.json", ".part"].iter().any(|ending| name.ends_with(ending));
    files(folder).into_iter().filter(|(name, _)| is_section(name)).collect()
}

impl Scene {
    fn collect(&self, folder: &Path, more: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_sra-guard"))
            .args(["collect", "--quiet", "--region", REGION, "--endpoint-url", &self.proxy.endpoint, "--output"])
            .arg(folder)
            .args(more)
            .env("AWS_ACCESS_KEY_ID", format!("EMULATED{}", self.account))
            .env("AWS_SECRET_ACCESS_KEY", "emulated")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}
