//! `collect` and `audit`: live accounts.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::arguments::{Access, Audit, Collect, Collecting, Destination, Format, Publishing};
use super::meter::Meter;
use super::scratch::Scratch;
use super::{CLEAN, Error, Terminal, publish, scan};
use crate::account::{collect as collecting, policy, recorded, session};
use crate::input::{Context, Note, NoteLevel};
use crate::report::{Occasion, View, plural};
use crate::scan::Request;

pub(super) fn collect(arguments: &Collect, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    let (runtime, progress) = (runtime()?, !arguments.quiet);
    let read = snapshot(&runtime, &arguments.collecting, &arguments.output, terminal, progress, GO_ON)?;
    for said in &read.said {
        writeln!(out, "{said}")?;
    }
    let folder = arguments.output.display();
    let services = plural(read.services, "service");
    if arguments.collecting.from_config.is_some() {
        writeln!(out, "{services} read; judge them with `sra-guard scan {folder}`")?;
        return Ok(CLEAN);
    }
    let opened = &read.opened;
    let regions: BTreeSet<&String> = opened.sessions.iter().flat_map(|session| &session.regions).collect();
    let (accounts, regions) = (plural(opened.sessions.len(), "account"), plural(regions.len(), "region"));
    writeln!(out, "{accounts}, {regions}: {services} read; judge them with `sra-guard scan {folder}`")?;
    for closed in &opened.closed {
        let region = closed.region.as_deref().map(|region| format!(", {region}")).unwrap_or_default();
        writeln!(out, "not entered: account {}{region}: {}", closed.account, closed.why)?;
    }
    if read.unread > 0 {
        let calls = plural(read.unread, "call");
        writeln!(out, "{calls} did not end well: `sra-guard scan {folder}` says which, `--resume` tries them again")?;
    }
    Ok(CLEAN)
}

pub(super) fn audit(arguments: &Audit, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    if arguments.print_policy {
        let (from_config, code) = (arguments.collecting.from_config.is_some(), arguments.collecting.read_code);
        let policy = if from_config { policy::document_for_aggregator() } else { policy::document(code) };
        writeln!(out, "{policy:#}")?;
        return Ok(CLEAN);
    }
    let Publishing { dry_run, suppress_waived, hub_region } = &arguments.publishing;
    if arguments.publish.is_none() && (*dry_run || *suppress_waived || hub_region.is_some()) {
        let why =
            "`--dry-run`, `--hub-region` and `--suppress-waived` are about publishing; add `--publish security-hub`";
        return Err(Error::Account(why.to_owned()));
    }
    if let Some(region) = hub_region.as_ref().filter(|region| !session::is_region_name(region)) {
        return Err(Error::Account(session::Error::NoRegionName(region.clone()).to_string()));
    }
    if arguments.collecting.read_code && arguments.snapshot.is_none() {
        let why = "`--read-code` stores code in the folder of the snapshot; add `--snapshot DIR`";
        return Err(Error::Account(why.to_owned()));
    }
    if arguments.collecting.resume && arguments.snapshot.is_none() {
        let why = "`--resume` goes on with a snapshot that was kept; name its folder with `--snapshot`";
        return Err(Error::Account(why.to_owned()));
    }
    let request = scan::request(&arguments.judging)?;
    let temporary = match &arguments.snapshot {
        Some(_) => None,
        None => Some(Scratch::new().map_err(|error| Error::Account(format!("no folder for the snapshot: {error}")))?),
    };
    let folder = temporary.as_ref().map_or_else(|| arguments.snapshot.as_deref(), |folder| Some(folder.path()));
    let folder = folder.unwrap_or(Path::new("."));
    let runtime = runtime()?;
    let hint = if temporary.is_some() { KEEP } else { GO_ON };
    let read = snapshot(&runtime, &arguments.collecting, folder, terminal, !arguments.judging.quiet, hint)?;
    // What passes now resolves what failed before.
    let keep_all = request.keep_all || arguments.publish.is_some();
    // Reports do not differ by where it was kept in the meantime.
    let called = temporary.as_ref().map(|folder| (folder.path().to_owned(), "snapshot".to_owned()));
    let context = Context { called, ..request.context };
    let told =
        |message: &String| Note { level: NoteLevel::Warning, message: message.clone(), span: None, related: None };
    let notes = read.said.iter().map(told).collect();
    let request = Request { paths: vec![folder.to_owned()], notes, keep_all, context, ..request };
    let run = scan::judge(&request, &arguments.judging, terminal, out)?;
    match arguments.publish {
        None => Ok(run.code),
        Some(Destination::SecurityHub) => publish_after(arguments, &run, &read.opened, &runtime, terminal, out),
    }
}

/// Publishes what was judged. Nothing may stand behind a report that a program reads.
fn publish_after(
    arguments: &Audit,
    run: &scan::Run,
    opened: &session::Opened,
    runtime: &Runtime,
    terminal: Terminal,
    out: &mut dyn Write,
) -> Result<u8, Error> {
    let judging = &arguments.judging;
    let view = View {
        report: &run.report,
        sources: &run.sources,
        all: true,
        quiet: true,
        color: false,
        width: terminal.width,
        occasion: Occasion { as_of: judging.as_of, ..Occasion::default() },
    };
    let meter = Meter::new(terminal.progress && !judging.quiet);
    let said = publish::published(&view, opened, &arguments.publishing, runtime, &meter);
    meter.finish();
    let said = said?;
    if judging.output.is_some() || judging.format == Format::Terminal {
        write!(out, "{}", said.done)?;
    }
    if said.failed.is_empty() { Ok(run.code) } else { Err(Error::Account(said.failed.trim_end().to_owned())) }
}

/// Below the progress bar, for who interrupts.
const GO_ON: &str = "Ctrl-C stops; the same command with `--resume` goes on";
const KEEP: &str = "Ctrl-C loses what was read; `--snapshot DIR` keeps it, to go on with `--resume`";

/// What was collected into a folder.
struct Collected {
    services: usize,
    /// Calls that did not end well.
    unread: usize,
    opened: session::Opened,
    /// What whoever reads it should know.
    said: Vec<String>,
}

/// Collects into a folder.
fn snapshot(
    runtime: &Runtime,
    arguments: &Collecting,
    folder: &Path,
    terminal: Terminal,
    progress: bool,
    hint: &'static str,
) -> Result<Collected, Error> {
    let meter = Meter::new(terminal.progress && progress).hinting(hint);
    let done = runtime.block_on(async {
        match &arguments.from_config {
            Some(aggregator) => of_aggregator(arguments, aggregator, folder, terminal, &meter).await,
            None => of_accounts(arguments, folder, terminal, &meter).await,
        }
    });
    meter.finish();
    done
}

async fn of_accounts(
    arguments: &Collecting,
    folder: &Path,
    terminal: Terminal,
    meter: &Meter,
) -> Result<Collected, Error> {
    let request = request(arguments, folder);
    let access = access(&arguments.access, terminal.ask);
    let enter = |done, total| meter.show("entering accounts", done, total);
    let opened = Box::pin(access.open(&enter)).await.map_err(|error| failed(&error))?;
    let counted = std::sync::Mutex::new((0, 0));
    let step = |step: collecting::Step<'_>| {
        let mut counted = counted.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *counted = (step.done, counted.1 + step.unread);
        meter.show(format!("{} {} {}", step.account, step.region, step.service), step.done, step.total);
    };
    collecting::collect(&opened, &request, &step).await.map_err(|error| failed(&error))?;
    let (services, unread) = counted.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(Collected { services, unread, opened, said: Vec::new() })
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::Account(error.to_string())
}

fn request(arguments: &Collecting, folder: &Path) -> collecting::Request {
    collecting::Request {
        folder: folder.to_owned(),
        resume: arguments.resume,
        read_code: arguments.read_code,
        now: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    }
}

/// Collects what an aggregator of AWS Config records. `--accounts` and `--region` are a filter here: nothing is entered.
async fn of_aggregator(
    arguments: &Collecting,
    aggregator: &str,
    folder: &Path,
    terminal: Terminal,
    meter: &Meter,
) -> Result<Collected, Error> {
    let accounts = match &arguments.access.accounts {
        Some(file) => session::listed(file).map_err(Error::Account)?.into_iter().map(|entry| entry.account).collect(),
        None => std::collections::BTreeSet::new(),
    };
    let named = arguments.access.regions.iter().filter(|region| *region != "all");
    let wanted = recorded::Wanted { accounts, regions: named.cloned().collect() };
    let request = request(arguments, folder);
    let place = arguments.aggregator_region.as_ref();
    let own = access(&arguments.access, terminal.ask);
    let first = own.regions.first().filter(|region| *region != "all").cloned();
    let own = session::Access {
        accounts: session::Accounts::Own,
        regions: place.cloned().or(first).into_iter().collect(),
        // No account but the aggregator's is asked anything.
        regions_as_named: true,
        ..own
    };
    let opened = Box::pin(own.open(&|_, _| {})).await.map_err(|error| failed(&error))?;
    let session = opened.sessions.first().ok_or_else(|| Error::Account("no account can be entered".to_owned()))?;
    let region = session.regions.first().map_or_else(|| session.home_region(), String::as_str);
    let step = |kind: &str, done, total| meter.show(kind.to_owned(), done, total);
    let config = session.in_region(region);
    let read =
        recorded::collect(&config, aggregator, &wanted, &request, &step).await.map_err(|error| failed(&error))?;
    Ok(Collected { services: read.services, unread: 0, opened, said: read.said })
}

/// What the SDK's calls run on.
pub(super) fn runtime() -> Result<Runtime, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Error::Account(error.to_string()))
}

pub(super) fn access(arguments: &Access, ask: Option<session::Ask>) -> session::Access {
    session::Access {
        profile: arguments.profile.clone(),
        regions: arguments.regions.clone(),
        regions_as_named: false,
        role: arguments.assume_role.clone(),
        external_id: arguments.external_id.clone(),
        mfa_serial: arguments.mfa_serial.clone(),
        endpoint: arguments.endpoint_url.clone(),
        timeout: arguments.timeout.map(Duration::from_secs),
        accounts: match &arguments.accounts {
            Some(file) => session::Accounts::Listed(file.clone()),
            None if arguments.organization => session::Accounts::Organization { units: arguments.units.clone() },
            None => session::Accounts::Own,
        },
        ask,
    }
}
