//! The law of reads: whatever cannot be read of an account, no verdict gets better and nothing fails because of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use rayon::prelude::*;
use serde_json::json;
use sra_guard::account::collect::Request;
use sra_guard::account::services::SERVICES;
use sra_guard::account::session::Opened;
use sra_guard::input::snapshot::format::{Outcome, ReadRecord, Section, Snapshot, UNREAD, VERSION};

use super::collected;
use super::emulator::{account, emulator};
use super::faults::Scene;
use crate::deployed::plain::{REGION, plain};
use crate::deployed::{AROUND, Verdicts, judged, of_account, settled, with_fleet};
use crate::support::{Folder, files, rules};

#[test]
fn a_denied_read_settles_nothing_and_fails_nothing() {
    // They are read in parallel too, which must not begin in the middle of this.
    let _ = rules();
    let emulator = emulator();
    let (board, vpn, good) = (account(), account(), account());
    for system in ["board", "task"] {
        emulator.run("seeds.py", &[system, &board], String::new());
    }
    emulator.run("seeds.py", &["vpn", &vpn], String::new());
    let resources = plain(&with_fleet(), &good);
    emulator.run("deploy.py", &[REGION], json!({ "account": good, "resources": resources }).to_string());

    let mut wrong = Vec::new();
    for (account, region) in [(board, "us-east-1"), (vpn, "us-east-1"), (good, REGION)] {
        let folder = collected(emulator, std::slice::from_ref(&account), region);
        let sections = sections(&folder);
        let before = verdicts(&sections);
        assert!(before.len() > 5, "{before:?}");
        let cases: Vec<_> = lists(&sections).into_iter().chain(details(&sections)).collect();
        assert!(cases.len() > 50, "{}", cases.len());
        let found: Vec<String> = cases
            .par_iter()
            .flat_map(|(what, sections)| {
                let settled = settled(&before, &verdicts(sections));
                settled.into_iter().map(|found| format!("{account} without {what}: {found}")).collect::<Vec<_>>()
            })
            .collect();
        wrong.extend(found);
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The same for the calls themselves: each operation that an audit calls, denied by the service.
#[test]
fn a_denied_call_settles_nothing_and_fails_nothing() {
    let (emulator, account) = (emulator(), account());
    emulator.run("seeds.py", &["board", &account], String::new());
    let scene = Scene::of(&with_fleet(), &account);
    scene.faults(&json!([]));
    let whole = Folder::new();
    collect(&scene, whole.path(), false);
    let calls: BTreeSet<String> = scene.calls().keys().map(|call| operation(call)).collect();
    assert!(calls.len() > 60, "{}", calls.len());
    let before = verdicts(&sections(&whole));
    assert!(before.keys().any(|(rule, _, verdict)| (rule.as_str(), *verdict) == AROUND), "{before:?}");

    let (mut wrong, mut denied) = (Vec::new(), BTreeSet::new());
    for call in calls {
        let folder = Folder::new();
        copy(whole.path(), folder.path());
        let service = call.split(':').next().unwrap();
        forget(&folder.path().join("snapshot"), service);
        scene.faults(&json!([{ "match": format!("^{call}$"), "kind": "deny" }]));
        collect(&scene, folder.path(), true);
        let sections = sections(&folder);
        let reads = sections.iter().flat_map(|section| &section.reads);
        denied.extend(reads.filter(|read| read.outcome == Outcome::Denied).map(|read| read.api.clone()));
        let settled = settled(&before, &verdicts(&sections));
        wrong.extend(settled.into_iter().map(|found| format!("without {call}: {found}")));
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(denied.len() > 60, "{denied:?}");
}

fn collect(scene: &Scene, folder: &Path, resume: bool) {
    let request =
        Request { folder: folder.join("snapshot"), resume, read_code: false, now: "2026-01-01T00:00:00Z".to_owned() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let session = scene.proxy.session(&scene.account, REGION).await;
        sra_guard::account::collect::collect(
            &Opened { sessions: vec![session], closed: Vec::new() },
            &request,
            &|_| {},
        )
        .await
        .unwrap();
    });
}

/// What finds all calls of an operation: in REST style, the words of its path and anything where it names something.
fn operation(call: &str) -> String {
    const WORDS: &[&str] = &[
        "aliases",
        "apimappings",
        "apis",
        "authorizers",
        "basepathmappings",
        "concurrency",
        "config",
        "distribution",
        "domainnames",
        "event-source-mappings",
        "exports",
        "functions",
        "hostedzone",
        "integrations",
        "layers",
        "policy",
        "restapis",
        "routes",
        "rrset",
        "stages",
        "url",
        "urls",
        "v1",
        "v2",
        "versions",
        "vpclinks",
    ];
    let Some((method, path)) = call.split_once(' ') else { return call.to_owned() };
    let dated = |part: &str| part.starts_with("20") && part.contains('-');
    let parts = path.split('/').map(|part| match part {
        "" => String::new(),
        part if WORDS.contains(&part) || dated(part) => part.to_owned(),
        _ => "[^/]+".to_owned(),
    });
    format!("{method} {}", parts.collect::<Vec<_>>().join("/"))
}

/// Removes what was read of a service, by the prefix that its calls have.
fn forget(snapshot: &Path, service: &str) {
    for (name, text) in files(snapshot) {
        let own = format!("\"Api\": \"{service}");
        if text.contains(&own) {
            std::fs::remove_file(snapshot.join(name)).unwrap();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&path, &target);
        } else {
            std::fs::copy(path, target).unwrap();
        }
    }
}

/// Verdicts by the addresses of subjects.
fn verdicts(sections: &[Section]) -> Verdicts {
    let snapshot = Snapshot { sra_guard_snapshot: VERSION, sections: sections.to_vec() };
    let findings = judged(&serde_json::to_string(&snapshot).unwrap());
    let addresses = findings.iter().map(|finding| finding.subject.address.to_string());
    let names: BTreeMap<String, String> = addresses.map(|address| (address.clone(), address)).collect();
    of_account(findings, &names)
}

/// Each list of each section, denied: its resources are gone, and it says so.
fn lists(sections: &[Section]) -> Vec<(String, Vec<Section>)> {
    let mut cases = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let services = SERVICES.iter().filter(|service| service.name == section.service);
        let apis: BTreeSet<&str> = section.reads.iter().map(|read| read.api.as_str()).collect();
        for read in services.flat_map(|service| service.reads).filter(|read| !read.finds.is_empty()) {
            if !apis.contains(read.api) {
                continue;
            }
            let mut changed = sections.to_vec();
            let denied = &mut changed[index];
            denied.resources.retain(|item| !read.finds.contains(&item.kind.as_str()));
            denied.reads.retain(|record| record.api != read.api);
            denied.reads.push(ReadRecord {
                api: read.api.to_owned(),
                outcome: Outcome::Denied,
                calls: 1,
                of: None,
                permission: read.permission().to_owned(),
                error: Some("AccessDenied".to_owned()),
                hides: read.finds.iter().map(|kind| (*kind).to_owned()).collect(),
                finds: Vec::new(),
            });
            cases.push((read.api.to_owned(), changed));
        }
    }
    cases
}

/// Each property of each type, as if the call that tells it had been denied.
fn details(sections: &[Section]) -> Vec<(String, Vec<Section>)> {
    let items = sections.iter().flat_map(|section| &section.resources);
    let properties: BTreeSet<(String, String)> =
        items.flat_map(|item| item.properties.keys().map(|key| (item.kind.clone(), key.clone()))).collect();
    let hidden = |(kind, key): &(String, String)| {
        let mut changed = sections.to_vec();
        for item in changed.iter_mut().flat_map(|section| &mut section.resources) {
            if item.kind == *kind
                && let Some(value) = item.properties.get_mut(key)
            {
                *value = json!({ UNREAD: "service:GetDetail" });
            }
        }
        (format!("{key} of {kind}"), changed)
    };
    properties.iter().map(hidden).collect()
}

fn sections(folder: &Folder) -> Vec<Section> {
    let mut texts = Vec::new();
    read(&folder.path().join("snapshot"), &mut texts);
    let snapshots = texts.iter().filter_map(|text| serde_json::from_str::<Snapshot>(text).ok());
    snapshots.flat_map(|snapshot| snapshot.sections).collect()
}

fn read(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, found);
            continue;
        }
        let mut text = String::new();
        let file = std::fs::File::open(&path).unwrap();
        if path.extension().is_some_and(|extension| extension == "gz") {
            flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
        } else {
            std::io::BufReader::new(file).read_to_string(&mut text).unwrap();
        }
        found.push(text);
    }
}
