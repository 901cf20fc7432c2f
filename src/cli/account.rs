//! `collect` and `audit`: live accounts.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::arguments::{Access, Audit, Collect, Collecting, Destination, Format, Publishing};
use super::meter::Meter;
use super::{CLEAN, Error, Terminal, publish, scan};
use crate::account::{collect as collecting, policy, recorded, session};
use crate::report::{Occasion, View};
use crate::scan::Request;

pub(super) fn collect(arguments: &Collect, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    let (runtime, progress) = (runtime()?, !arguments.quiet);
    let services = match &arguments.from_config {
        Some(aggregator) => recorded_snapshot(&runtime, arguments, aggregator, terminal)?,
        None => snapshot(&runtime, &arguments.collecting, &arguments.output, terminal, progress)?.0,
    };
    let folder = arguments.output.display();
    writeln!(out, "{services} services read; judge them with `sra-guard scan {folder}`")?;
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
    let (_, opened) = snapshot(&runtime, &arguments.collecting, folder, terminal, !arguments.judging.quiet)?;
    // What passes now resolves what failed before.
    let keep_all = request.keep_all || arguments.publish.is_some();
    let request = Request { paths: vec![folder.to_owned()], keep_all, ..request };
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

/// Collects into a folder. Returns how many services were read, and by whom.
fn snapshot(
    runtime: &Runtime,
    arguments: &Collecting,
    folder: &Path,
    terminal: Terminal,
    progress: bool,
) -> Result<(usize, session::Opened), Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Account(error.to_string());
    let request = request(arguments, folder);
    let meter = Meter::new(terminal.progress && progress);
    let services = std::sync::atomic::AtomicUsize::new(0);
    let done: Result<_, Error> = runtime.block_on(async {
        let opened = access(&arguments.access, terminal.ask).open().await.map_err(|error| failed(&error))?;
        let step = |step: collecting::Step<'_>| {
            services.store(step.done, std::sync::atomic::Ordering::Relaxed);
            meter.show(format!("{} {} {}", step.account, step.region, step.service), step.done, step.total);
        };
        collecting::collect(&opened, &request, &step).await.map_err(|error| failed(&error))?;
        Ok(opened)
    });
    meter.finish();
    Ok((services.into_inner(), done?))
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
        let opened = access(&arguments.collecting.access, terminal.ask).open().await.map_err(|error| failed(&error))?;
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
