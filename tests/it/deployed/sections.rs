//! The law of sections: whatever file of a snapshot is lost or damaged, no verdict gets better and nothing fails because
//! of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sra_guard::finding::Report;
use sra_guard::input::NoteLevel;
use sra_guard::input::snapshot::format::{
    Expected, Item, MANIFEST, Manifest, Outcome, ReadRecord, Section, Snapshot, VERSION,
};
use sra_guard::scan::{self, Request};
use sra_guard::source::SourceMap;

use super::plain::{self, ACCOUNT, REGION};
use super::{Verdicts, deployed, difference, judged, of_account, settled, snapshot_of, templates};
use crate::support::{Folder, rules};

const GLOBAL: &str = "global";

/// A snapshot folder of these items, and the files of its sections.
fn written(items: &[Item]) -> (Folder, Vec<PathBuf>) {
    let mut services: BTreeMap<(String, bool), Vec<Item>> = BTreeMap::new();
    for item in items {
        let service = item.kind.split("::").nth(1).unwrap().to_lowercase();
        let global = ["iam", "route53"].contains(&service.as_str());
        services.entry((service, global)).or_default().push(item.clone());
    }
    let (folder, mut files, mut expected) = (Folder::new(), Vec::new(), Vec::new());
    for ((service, global), resources) in services {
        let kinds: BTreeSet<String> = resources.iter().map(|item| item.kind.clone()).collect();
        let types: Vec<String> = kinds.into_iter().collect();
        let region = if global { GLOBAL } else { REGION };
        let read = ReadRecord {
            api: format!("{service}:List"),
            outcome: Outcome::Ok,
            calls: 1,
            of: None,
            permission: format!("{service}:List"),
            error: None,
            hides: Vec::new(),
            finds: types.clone(),
        };
        let section = Section {
            account: ACCOUNT.to_owned(),
            region: region.to_owned(),
            partition: "aws".to_owned(),
            service: service.clone(),
            reads: vec![read],
            resources,
        };
        let snapshot = Snapshot { sra_guard_snapshot: VERSION, sections: vec![section] };
        let text = serde_json::to_string_pretty(&snapshot).unwrap();
        files.push(folder.write(&format!("{ACCOUNT}/{region}/{service}.json"), &text));
        expected.push(Expected { service, global, types });
    }
    let manifest = Manifest {
        sra_guard_manifest: VERSION,
        tool: String::new(),
        collected_at: "2026-01-02T03:04:05Z".to_owned(),
        accounts: [(ACCOUNT.to_owned(), vec![REGION.to_owned()])].into(),
        services: expected,
        complete: true,
    };
    folder.write(MANIFEST, &serde_json::to_string(&manifest).unwrap());
    (folder, files)
}

fn scanned(folder: &Path) -> Report {
    let request =
        Request { paths: vec![folder.to_owned()], rules: rules().clone(), keep_all: true, ..Request::default() };
    scan::scan(&request, &SourceMap::default(), &|_| {})
}

fn verdicts(folder: &Folder, names: &BTreeMap<String, String>) -> Verdicts {
    of_account(scanned(folder.path()).findings, names)
}

#[test]
fn a_lost_section_settles_nothing_and_fails_nothing() {
    // They are read in parallel too, which must not begin in the middle of this.
    let _ = rules();
    let wrong: Vec<String> = templates()
        .par_iter()
        .flat_map(|(flaw, template)| {
            let (items, names) = deployed(&plain::plain(template, ACCOUNT));
            let (folder, files) = written(&items);
            let before = verdicts(&folder, &names);
            let whole = of_account(judged(&snapshot_of(items, Vec::new())), &names);
            let mut wrong: Vec<String> = difference(&whole, &before).into_iter().collect();
            for file in files {
                let text = std::fs::read(&file).unwrap();
                std::fs::remove_file(&file).unwrap();
                let report = scanned(folder.path());
                std::fs::write(&file, text).unwrap();
                let name = file.file_name().unwrap().to_str().unwrap().to_owned();
                let told =
                    report.notes.iter().any(|note| note.level == NoteLevel::Error && note.message.contains(&name));
                wrong.extend((!told).then(|| format!("{flaw}: nothing is said of {name}")));
                let settled = settled(&before, &of_account(report.findings, &names));
                wrong.extend(settled.into_iter().map(|found| format!("{flaw}: without {name}: {found}")));
            }
            wrong
        })
        .collect();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_damaged_section_settles_nothing_and_fails_nothing() {
    let _ = rules();
    let (_, template) = templates().swap_remove(0);
    let (items, names) = deployed(&plain::plain(&template, ACCOUNT));
    let (folder, files) = written(&items);
    let before = verdicts(&folder, &names);
    for file in files {
        let whole = std::fs::read(&file).unwrap();
        let half = whole[..whole.len() / 2].to_vec();
        let few = whole[..20].to_vec();
        let mut packed = vec![0x1f, 0x8b, 8, 0];
        packed.extend(&half);
        let damaged: [Vec<u8>; 6] =
            [half, few, Vec::new(), packed, b"[1, 2]".to_vec(), vec![0xff, 0x00, 0xfe, b'A', b'W', b'S']];
        for bytes in damaged {
            std::fs::write(&file, &bytes).unwrap();
            let report = scanned(folder.path());
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            let names_it = |note: &sra_guard::input::Note| note.message.contains(&name) || note.span.is_some();
            let errors = report.notes.iter().filter(|note| note.level == NoteLevel::Error && names_it(note)).count();
            assert_eq!(errors, 1, "{name} {bytes:?}: {:?}", report.notes);
            let settled = settled(&before, &of_account(report.findings, &names));
            assert!(settled.is_empty(), "{name}: {settled:#?}");
        }
        std::fs::write(&file, whole).unwrap();
    }
}
