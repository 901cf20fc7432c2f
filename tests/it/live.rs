//! Live accounts over real HTTP: an emulated account on loopback, built through the services' own APIs, collected and judged.

mod code;
mod denied;
mod emulator;
mod equal;
mod expired;
mod faults;
mod members;
mod publish;
mod scale;
mod seeds;
mod sessions;
mod stages;
mod terminal;
mod throttled;
mod wire;

use std::sync::Arc;

use sra_guard::account::collect::{Request, collect};
use sra_guard::account::session::{Opened, Session};
use sra_guard::finding::Report;
use sra_guard::scan;
use sra_guard::source::SourceMap;

use self::emulator::Emulator;
use crate::support::{Folder, rules};

/// Collects accounts of the emulator into a folder.
fn collected(emulator: &Emulator, accounts: &[String], region: &str) -> Folder {
    collected_by(|| async {
        let mut sessions = Vec::new();
        for account in accounts {
            sessions.push(emulator.session(account, region).await);
        }
        sessions
    })
}

/// Collects what sessions can read into a folder.
fn collected_by<S: Future<Output = Vec<Session>>>(sessions: impl FnOnce() -> S) -> Folder {
    let folder = Folder::new();
    let request = Request {
        folder: folder.path().join("snapshot"),
        resume: false,
        read_code: false,
        now: "2026-01-01T00:00:00Z".to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let opened = Opened { sessions: sessions().await, closed: Vec::new() };
        collect(&opened, &request, &|_| {}).await.unwrap();
    });
    folder
}

/// Judges one account of a snapshot.
fn judged(folder: &Folder, account: &str) -> (Report, Arc<SourceMap>) {
    let sources = Arc::new(SourceMap::default());
    let request = scan::Request {
        paths: vec![folder.path().join("snapshot").join(account)],
        rules: rules().clone(),
        keep_all: true,
        ..scan::Request::default()
    };
    let report = scan::scan(&request, &sources, &|_| {});
    (report, sources)
}
