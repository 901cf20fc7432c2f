//! Collects a snapshot: each service of each region of each account, several at once, each written as soon as it is read.
//!
//! So memory holds the services that are being read, never the account, and what was read stays when the rest fails.

mod folder;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use futures_util::StreamExt as _;

use self::folder::path_of;
pub(super) use self::folder::{open, write_manifest, write_section};
use super::reader::Reader;
use super::services::{SERVICES, Scope, Service};
use super::session::{Closed, Opened, Session};
use crate::input::collected::GLOBAL;
use crate::input::snapshot::format::{ENTRY, Expected, Manifest, Outcome, ReadRecord, Section, VERSION};

/// What to collect, and where to write it.
#[derive(Clone, Debug)]
pub struct Request {
    pub folder: PathBuf,
    /// Go on with what an earlier run has left in the folder: services whose calls all ended well are not read again.
    pub resume: bool,
    /// Download the code of functions.
    pub read_code: bool,
    /// When it began, in UTC.
    pub now: String,
}

/// A service of a region of an account that was read.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub service: &'a str,
    pub done: usize,
    pub total: usize,
    /// Calls of it that did not end well.
    pub unread: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot write `{path}`: {source}", path = path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("`{path}` is not empty; give another folder, or `--resume` to go on with what is there", path = .0.display())]
    NotEmpty(PathBuf),
    #[error("`{path}` holds no snapshot to go on with: {why}", path = path.display())]
    NoSnapshot { path: PathBuf, why: String },
}

/// Services of regions that are read at once.
const AT_ONCE: usize = 12;

/// Collects all that can be read of the accounts. `progress` is told of each service that is done.
pub async fn collect(
    opened: &Opened,
    request: &Request,
    progress: &(dyn Fn(Step<'_>) + Sync),
) -> Result<Manifest, Error> {
    let mut manifest = prepare(opened, request)?;
    for closed in &opened.closed {
        write_section(&request.folder, unread(closed))?;
    }
    let mut tasks = Vec::new();
    for session in &opened.sessions {
        // An earlier run may have found it closed.
        for region in session.regions.iter().map(String::as_str).chain([GLOBAL]) {
            folder::remove(&path_of(&request.folder, &session.account, region, ENTRY))?;
        }
        // Region by region: what is large is large everywhere, and would be in memory of all regions at once.
        for region in std::iter::once(GLOBAL).chain(session.regions.iter().map(String::as_str)) {
            let scope = if region == GLOBAL { Scope::Global } else { Scope::Regional };
            let services = SERVICES.iter().filter(|service| service.scope == scope);
            tasks.extend(services.map(|service| (session, region, service)));
        }
    }
    let total = tasks.len();
    let work = tasks.into_iter().map(|(session, region, service)| async move {
        let path = path_of(&request.folder, &session.account, region, service.name);
        let mut unread = 0;
        let code = service.reads.iter().find(|read| read.for_code && request.read_code).map(|read| read.api);
        if !(request.resume && folder::is_complete(&path, code)) {
            let packages = path.parent().filter(|_| request.read_code).map(PathBuf::from);
            let section = read(session, region, service, packages).await;
            unread = section.reads.iter().filter(|read| read.outcome != Outcome::Ok).count();
            write_section(&request.folder, section)?;
        }
        Ok((session.account.as_str(), region, service.name, unread))
    });
    let mut done = 0;
    let mut running = futures_util::stream::iter(work).buffer_unordered(AT_ONCE);
    while let Some(finished) = running.next().await {
        let (account, region, service, unread) = finished?;
        done += 1;
        progress(Step { account, region, service, done, total, unread });
    }
    manifest.complete = true;
    write_manifest(&request.folder, &manifest)?;
    Ok(manifest)
}

async fn read(session: &Session, region: &str, service: &Service, packages: Option<PathBuf>) -> Section {
    let place = if region == GLOBAL { session.home_region() } else { region };
    let reader = Reader::new(session.in_region(place), &session.account, region, &session.partition, packages);
    (service.collect)(&reader).await;
    reader.finish(service.name)
}

/// The sections that each account has.
fn expected() -> Vec<Expected> {
    let of = |service: &Service| Expected {
        service: service.name.to_owned(),
        global: service.scope == Scope::Global,
        types: found_by(std::iter::once(service)),
    };
    SERVICES.iter().map(of).collect()
}

/// Types of resources that services tell, sorted.
fn found_by<'s>(services: impl Iterator<Item = &'s Service>) -> Vec<String> {
    let reads = services.flat_map(|service| service.reads);
    let mut kinds: Vec<String> = reads.flat_map(|read| read.finds).map(|kind| (*kind).to_owned()).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// What is known of an account, or a region of it, that could not be entered: that there may be anything in it.
fn unread(closed: &Closed) -> Section {
    let there = |service: &&Service| closed.region.is_none() || service.scope == Scope::Regional;
    let hides = found_by(SERVICES.iter().filter(there));
    Section {
        account: closed.account.clone(),
        region: closed.region.as_deref().unwrap_or(GLOBAL).to_owned(),
        partition: closed.partition.clone(),
        service: ENTRY.to_owned(),
        reads: vec![ReadRecord {
            api: closed.api.to_owned(),
            outcome: if closed.denied { Outcome::Denied } else { Outcome::Failed },
            calls: 1,
            of: None,
            permission: closed.api.to_owned(),
            error: Some(closed.why.clone()),
            hides,
            finds: Vec::new(),
        }],
        resources: Vec::new(),
    }
}

/// Makes the folder and says what will be in it.
fn prepare(opened: &Opened, request: &Request) -> Result<Manifest, Error> {
    let folder = &request.folder;
    let failed = |source| Error::Write { path: folder.clone(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    let mut accounts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for session in &opened.sessions {
        accounts.insert(session.account.clone(), session.regions.clone());
    }
    for closed in &opened.closed {
        accounts.entry(closed.account.clone()).or_default().extend(closed.region.clone());
    }
    let mut manifest = Manifest {
        sra_guard_manifest: VERSION,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        collected_at: request.now.clone(),
        accounts,
        services: expected(),
        complete: false,
    };
    if request.resume {
        manifest.collected_at = folder::manifest(folder)?.collected_at;
    } else {
        open(folder)?;
    }
    write_manifest(folder, &manifest)?;
    Ok(manifest)
}
