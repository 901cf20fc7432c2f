//! Collects a snapshot: each service of each region of each account, several at once, each written as soon as it is read.
//!
//! So memory holds the services that are being read, never the account, and what was read stays when the rest fails.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;

use super::reader::Reader;
use super::services::{SERVICES, Scope, Service};
use super::session::{Closed, Opened, Session};
use crate::input::snapshot::format::{Manifest, Outcome, ReadRecord, Section, Snapshot, VERSION};

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

/// Texts longer than this are compressed.
const LARGE: usize = 1 << 20;

/// Stands for a service in the section of an account that could not be entered.
const ENTRY: &str = "account";

/// Region of the services that have none.
pub(super) const GLOBAL: &str = "global";

/// Collects all that can be read of the accounts. `progress` is told of each service that is done.
pub async fn collect(
    opened: &Opened,
    request: &Request,
    progress: &(dyn Fn(Step<'_>) + Sync),
) -> Result<Manifest, Error> {
    let mut manifest = prepare(opened, request)?;
    for closed in &opened.closed {
        let region = closed.region.as_deref().unwrap_or(GLOBAL);
        write(&path_of(&request.folder, &closed.account, region, ENTRY), unread(closed))?;
    }
    let mut tasks = Vec::new();
    for session in &opened.sessions {
        // An earlier run may have found it closed.
        for region in session.regions.iter().map(String::as_str).chain([GLOBAL]) {
            remove(&path_of(&request.folder, &session.account, region, ENTRY))?;
        }
        for service in SERVICES {
            match service.scope {
                Scope::Global => tasks.push((session, GLOBAL, service)),
                Scope::Regional => {
                    tasks.extend(session.regions.iter().map(|region| (session, region.as_str(), service)));
                }
            }
        }
    }
    let total = tasks.len();
    let work = tasks.into_iter().map(|(session, region, service)| async move {
        let path = path_of(&request.folder, &session.account, region, service.name);
        let mut unread = 0;
        if !(request.resume && is_complete(&path)) {
            let section = read(session, region, service, request.read_code).await;
            unread = section.reads.iter().filter(|read| read.outcome != Outcome::Ok).count();
            write(&path, section)?;
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

async fn read(session: &Session, region: &str, service: &Service, read_code: bool) -> Section {
    let place = if region == GLOBAL { session.home_region() } else { region };
    let reader = Reader::new(session.in_region(place), &session.account, region, &session.partition, read_code);
    (service.collect)(&reader).await;
    reader.finish(service.name)
}

/// What is known of an account, or a region of it, that could not be entered: that there may be anything in it.
fn unread(closed: &Closed) -> Section {
    let there = |service: &&Service| closed.region.is_none() || service.scope == Scope::Regional;
    let reads = SERVICES.iter().filter(there).flat_map(|service| service.reads);
    let mut hides: Vec<String> = reads.flat_map(|read| read.finds).map(|kind| (*kind).to_owned()).collect();
    hides.sort();
    hides.dedup();
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
        complete: false,
    };
    if request.resume {
        let path = folder.join(MANIFEST);
        let why = |why: &dyn std::fmt::Display| Error::NoSnapshot { path: folder.clone(), why: why.to_string() };
        let text = fs::read_to_string(&path).map_err(|error| why(&error))?;
        let before: Manifest = serde_json::from_str(&text).map_err(|error| why(&error))?;
        if before.sra_guard_manifest != VERSION {
            return Err(why(&"another version wrote it"));
        }
        manifest.collected_at = before.collected_at;
    } else {
        open(folder)?;
    }
    write_manifest(folder, &manifest)?;
    Ok(manifest)
}

/// Makes a folder for a new snapshot.
pub(super) fn open(folder: &Path) -> Result<(), Error> {
    let failed = |source| Error::Write { path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    if fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(Error::NotEmpty(folder.to_owned()));
    }
    Ok(())
}

const MANIFEST: &str = "manifest.json";

pub(super) fn write_manifest(folder: &Path, manifest: &Manifest) -> Result<(), Error> {
    put(&folder.join(MANIFEST), &text(manifest))
}

/// Writes a section where it belongs.
pub(super) fn write_section(folder: &Path, section: Section) -> Result<(), Error> {
    write(&path_of(folder, &section.account, &section.region, &section.service), section)
}

fn path_of(folder: &Path, account: &str, region: &str, service: &str) -> PathBuf {
    folder.join(account).join(region).join(format!("{service}.json"))
}

fn compressed(path: &Path) -> PathBuf {
    path.with_extension("json.gz")
}

/// Whether a section is there of which nothing is worth another try.
fn is_complete(path: &Path) -> bool {
    let text = fs::read(path).or_else(|_| {
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(fs::File::open(compressed(path))?).read_to_end(&mut text)?;
        Ok::<_, io::Error>(text)
    });
    let snapshot: Option<Snapshot> = text.ok().and_then(|text| serde_json::from_slice(&text).ok());
    let reads = snapshot.iter().flat_map(|snapshot| &snapshot.sections).flat_map(|section| &section.reads);
    snapshot.is_some()
        && reads.map(|read| read.outcome).all(|outcome| matches!(outcome, Outcome::Ok | Outcome::Unsupported))
}

fn write(path: &Path, section: Section) -> Result<(), Error> {
    let text = text(&Snapshot { sra_guard_snapshot: VERSION, sections: vec![section] });
    let large = compressed(path);
    if text.len() <= LARGE {
        put(path, &text)?;
        return remove(&large);
    }
    remove(path)?;
    let path = large;
    let failed = |source| Error::Write { path: path.clone(), source };
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&text).map_err(failed)?;
    put(&path, &encoder.finish().map_err(failed)?)
}

/// Values on lines of their own, so that evidence can point at them.
fn text(value: &impl serde::Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).unwrap_or_default();
    text.push(b'\n');
    text
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::Write { path: path.to_owned(), source }),
        _ => Ok(()),
    }
}

/// Writes a file whole or not at all, so that an interrupted run leaves no half of one.
fn put(path: &Path, content: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let draft = path.with_extension("part");
    fs::write(&draft, content).map_err(failed)?;
    fs::rename(&draft, path).map_err(failed)
}
