//! `collect` and `audit`: live accounts.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use super::arguments::{Access, Audit, Collect, Collecting};
use super::meter::Meter;
use super::{CLEAN, Error, Terminal, scan};
use crate::account::{collect as collecting, policy, session};
use crate::scan::Request;

pub(super) fn collect(arguments: &Collect, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    let services = snapshot(&arguments.collecting, &arguments.output, terminal, !arguments.quiet)?;
    let folder = arguments.output.display();
    writeln!(out, "{services} services read; judge them with `sra-guard scan {folder}`")?;
    Ok(CLEAN)
}

pub(super) fn audit(arguments: &Audit, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    if arguments.print_policy {
        writeln!(out, "{:#}", policy::document())?;
        return Ok(CLEAN);
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
    snapshot(&arguments.collecting, folder, terminal, !arguments.judging.quiet)?;
    let request = Request { paths: vec![folder.to_owned()], ..request };
    scan::judge(&request, &arguments.judging, terminal, out)
}

/// Collects into a folder. Returns how many services were read.
fn snapshot(arguments: &Collecting, folder: &Path, terminal: Terminal, progress: bool) -> Result<usize, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Account(error.to_string());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| failed(&error))?;
    let request = collecting::Request {
        folder: folder.to_owned(),
        resume: arguments.resume,
        read_code: arguments.read_code,
        now: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    let meter = Meter::new(terminal.progress && progress);
    let services = std::sync::atomic::AtomicUsize::new(0);
    let done = runtime.block_on(async {
        let opened = access(&arguments.access, terminal.ask).open().await.map_err(|error| failed(&error))?;
        let step = |step: collecting::Step<'_>| {
            services.store(step.done, std::sync::atomic::Ordering::Relaxed);
            meter.show(format!("{} {} {}", step.account, step.region, step.service), step.done, step.total);
        };
        collecting::collect(&opened, &request, &step).await.map_err(|error| failed(&error))
    });
    meter.finish();
    done?;
    Ok(services.into_inner())
}

fn access(arguments: &Access, ask: Option<session::Ask>) -> session::Access {
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
