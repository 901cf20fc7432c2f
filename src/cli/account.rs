//! `collect` and `audit`: live accounts.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::arguments::{Access, Audit, Collect, Collecting, Destination, Format, Publishing};
use super::meter::Meter;
use super::{CLEAN, Error, Terminal, publish, scan};
use crate::account::{collect as collecting, policy, recorded, session};
use crate::input::Context;
use crate::report::{Occasion, View};
use crate::scan::Request;

pub(super) fn collect(arguments: &Collect, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    let (runtime, progress) = (runtime()?, !arguments.quiet);
    let folder = arguments.output.display();
    let judge = format!("judge them with `sra-guard scan {folder}`");
    if let Some(aggregator) = &arguments.from_config {
        let services = recorded_snapshot(&runtime, arguments, aggregator, terminal)?;
        writeln!(out, "{services} services read; {judge}")?;
        return Ok(CLEAN);
    }
    let (read, opened) = snapshot(&runtime, &arguments.collecting, &arguments.output, terminal, progress, GO_ON)?;
    let regions: BTreeSet<&String> = opened.sessions.iter().flat_map(|session| &session.regions).collect();
    let (accounts, regions) = (plural(opened.sessions.len(), "account"), plural(regions.len(), "region"));
    writeln!(out, "{accounts}, {regions}: {} read; {judge}", plural(read.services, "service"))?;
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
        writeln!(out, "{:#}", policy::document())?;
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
    if arguments.collecting.resume && arguments.snapshot.is_none() {
        let why = "`--resume` goes on with a snapshot that was kept; name its folder with `--snapshot`";
        return Err(Error::Account(why.to_owned()));
    }
    let request = scan::request(&arguments.judging)?;
    let temporary = match &arguments.snapshot {
        Some(_) => None,
        None => {
            Some(tempfile::tempdir().map_err(|error| Error::Account(format!("no folder for the snapshot: {error}")))?)
        }
    };
    let folder = temporary.as_ref().map_or_else(|| arguments.snapshot.as_deref(), |folder| Some(folder.path()));
    let folder = folder.unwrap_or(Path::new("."));
    let runtime = runtime()?;
    let hint = if temporary.is_some() { KEEP } else { GO_ON };
    let (_, opened) = snapshot(&runtime, &arguments.collecting, folder, terminal, !arguments.judging.quiet, hint)?;
    // What passes now resolves what failed before.
    let keep_all = request.keep_all || arguments.publish.is_some();
    // Reports do not differ by where it was kept in the meantime.
    let called = temporary.as_ref().map(|folder| (folder.path().to_owned(), "snapshot".to_owned()));
    let context = Context { called, ..request.context };
    let request = Request { paths: vec![folder.to_owned()], keep_all, context, ..request };
    let run = scan::judge(&request, &arguments.judging, terminal, out)?;
    match arguments.publish {
        None => Ok(run.code),
        Some(Destination::SecurityHub) => publish_after(arguments, &run, &opened, &runtime, terminal, out),
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
const KEEP: &str = "Ctrl-C stops, and what was read is lost; with `--snapshot DIR` it is kept, and `--resume` goes on";

/// How much was read.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    services: usize,
    /// Calls that did not end well.
    unread: usize,
}

/// Collects into a folder. Returns how much was read, and by whom.
fn snapshot(
    runtime: &Runtime,
    arguments: &Collecting,
    folder: &Path,
    terminal: Terminal,
    progress: bool,
    hint: &'static str,
) -> Result<(Counted, session::Opened), Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Account(error.to_string());
    let request = request(arguments, folder);
    let meter = Meter::new(terminal.progress && progress).hinting(hint);
    let counted = std::sync::Mutex::new(Counted::default());
    let done: Result<_, Error> = runtime.block_on(async {
        let access = access(&arguments.access, terminal.ask);
        let enter = |done, total| meter.show("entering accounts", done, total);
        let opened = Box::pin(access.open(&enter)).await.map_err(|error| failed(&error))?;
        let step = |step: collecting::Step<'_>| {
            let mut counted = counted.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *counted = Counted { services: step.done, unread: counted.unread + step.unread };
            meter.show(format!("{} {} {}", step.account, step.region, step.service), step.done, step.total);
        };
        collecting::collect(&opened, &request, &step).await.map_err(|error| failed(&error))?;
        Ok(opened)
    });
    meter.finish();
    Ok((counted.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner), done?))
}

fn plural(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn request(arguments: &Collecting, folder: &Path) -> collecting::Request {
    collecting::Request {
        folder: folder.to_owned(),
        resume: arguments.resume,
        read_code: arguments.read_code,
        now: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    }
}

/// Collects what an aggregator of AWS Config records. Returns how many services that is.
fn recorded_snapshot(
    runtime: &Runtime,
    arguments: &Collect,
    aggregator: &str,
    terminal: Terminal,
) -> Result<usize, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Account(error.to_string());
    let meter = Meter::new(terminal.progress && !arguments.quiet);
    let request = request(&arguments.collecting, &arguments.output);
    let done = runtime.block_on(async {
        let access = access(&arguments.collecting.access, terminal.ask);
        let opened = Box::pin(access.open(&|_, _| {})).await.map_err(|error| failed(&error))?;
        let session = opened.sessions.first().ok_or_else(|| Error::Account("no account can be entered".to_owned()))?;
        let region = session.regions.first().map_or_else(|| session.home_region(), String::as_str);
        let step = |kind: &str, done, total| meter.show(kind.to_owned(), done, total);
        let config = session.in_region(region);
        recorded::collect(&config, aggregator, &request, &step).await.map_err(|error| failed(&error))
    });
    meter.finish();
    Ok(done?.1)
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
