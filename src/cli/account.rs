//! `collect` and `audit`: live accounts.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use super::arguments::{Access, Audit, Collect, Collecting};
use super::meter::Meter;
use super::{CLEAN, COULD_NOT_CHECK, Error, Terminal, scan};
use crate::account::{collect as collecting, policy, session};
use crate::scan::Request;

pub(super) fn collect(arguments: &Collect, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    let progress = terminal.progress && !arguments.quiet;
    let services = snapshot(&arguments.collecting, &arguments.output, progress)?;
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
    let temporary = Temporary::new();
    let folder = arguments.snapshot.as_deref().unwrap_or(&temporary.0);
    snapshot(&arguments.collecting, folder, terminal.progress && !arguments.judging.quiet)?;
    let request = Request { paths: vec![folder.to_owned()], ..request };
    let code = scan::judge(&request, &arguments.judging, terminal, out)?;
    Ok(if code > COULD_NOT_CHECK { COULD_NOT_CHECK } else { code })
}

/// A folder that is gone when the audit is.
struct Temporary(std::path::PathBuf);

impl Temporary {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("sra-guard-{}", std::process::id())))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nothing is there when another folder was asked for.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Collects into a folder. Returns how many services were read.
fn snapshot(arguments: &Collecting, folder: &Path, progress: bool) -> Result<usize, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Account(error.to_string());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| failed(&error))?;
    let request = collecting::Request {
        folder: folder.to_owned(),
        resume: arguments.resume,
        read_code: arguments.read_code,
        now: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    let meter = Meter::new(progress);
    let services = std::sync::atomic::AtomicUsize::new(0);
    let done = runtime.block_on(async {
        let session = access(&arguments.access).open().await.map_err(|error| failed(&error))?;
        let step = |step: collecting::Step<'_>| {
            services.store(step.done, std::sync::atomic::Ordering::Relaxed);
            meter.show(format!("{} {} {}", step.account, step.region, step.service), step.done, step.total);
        };
        collecting::collect(&[session], &request, &step).await.map_err(|error| failed(&error))
    });
    meter.finish();
    done?;
    Ok(services.into_inner())
}

fn access(arguments: &Access) -> session::Access {
    session::Access {
        profile: arguments.profile.clone(),
        regions: arguments.regions.clone(),
        role: arguments.assume_role.clone(),
        external_id: arguments.external_id.clone(),
        endpoint: arguments.endpoint_url.clone(),
        timeout: arguments.timeout.map(Duration::from_secs),
    }
}
