//! `publish`, and what `audit --publish` does after the report.

use std::fmt::Write as _;
use std::io::Write;

use serde_json::Value;
use tokio::runtime::Runtime;

use super::account::{access, runtime};
use super::arguments::{Publish, Publishing};
use super::meter::Meter;
use super::{CLEAN, COULD_NOT_CHECK, Error, Terminal, exists, rule_set};
use crate::account::publish::hub::Error as HubError;
use crate::account::publish::plan::{Change, Step};
use crate::account::publish::{Published, Request, publish, without_session};
use crate::account::session::Opened;
use crate::input::collected::home_region;
use crate::input::{Format, NoteLevel, Outcome};
use crate::report::asff::lacking;
use crate::report::{Occasion, View};
use crate::rule::raw::GuardFile;
use crate::scan::{Progress, scan};
use crate::source::SourceMap;

pub(super) fn run(arguments: &Publish, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    if !arguments.access.regions.is_empty() {
        let why =
            "`--region` is for collecting; findings go to the region of their resources, or to that of `--hub-region`";
        return Err(Error::Account(why.to_owned()));
    }
    for file in arguments.paths.iter().chain(&arguments.guard) {
        exists(file)?;
    }
    let request = crate::scan::Request {
        paths: arguments.paths.clone(),
        rules: rule_set(&arguments.select)?,
        guard: GuardFile::load_all(&arguments.guard).map_err(|error| Error::Guard(error.to_string()))?,
        // What passes now resolves what failed before.
        keep_all: true,
        ..crate::scan::Request::default()
    };
    let sources = SourceMap::default();
    let meter = Meter::new(terminal.progress && !arguments.quiet);
    let report = scan(&request, &sources, &|progress| match progress {
        Progress::Reading { done, total } => meter.show("reading", done, total),
        Progress::Judging { done, total } => meter.show("judging", done, total),
    });
    let other =
        report.files.iter().find(|file| !matches!(file.outcome, Outcome::Read(Format::Account) | Outcome::Ignored));
    if let Some(file) = other.filter(|file| file.outcome != Outcome::Failed) {
        let why = format!("`{}` is no snapshot; only findings about live accounts can be published", file.name);
        return Err(Error::Account(why));
    }
    let Some(first) = report.collected.first() else {
        let why = "no snapshot of a live account was given; make one with `sra-guard collect`";
        return Err(Error::Account(why.to_owned()));
    };
    let view = View {
        report: &report,
        sources: &sources,
        all: true,
        quiet: true,
        color: false,
        width: terminal.width,
        occasion: Occasion { as_of: arguments.as_of, ..Occasion::default() },
    };
    let mut session = access(&arguments.access, terminal.ask);
    session.regions_as_named = true;
    // Credentials are asked whose they are in some region.
    session.regions = vec![arguments.publishing.hub_region.clone().unwrap_or_else(|| match first.region.as_str() {
        crate::input::collected::GLOBAL => home_region(&first.partition).to_owned(),
        region => region.to_owned(),
    })];
    let runtime = runtime()?;
    let opened = runtime.block_on(session.open(&|_, _| {})).map_err(|error| Error::Account(error.to_string()))?;
    let said = published(&view, &opened, &arguments.publishing, &runtime, &meter);
    meter.finish();
    let said = said?;
    let unread = report.notes.iter().filter(|note| note.level == NoteLevel::Error);
    for note in unread {
        let place = note.span.map(|span| format!("{}:{}: ", sources.file(span.file).name, sources.position(span)));
        let place = place.unwrap_or_default();
        writeln!(out, "error: {place}{}", note.message)?;
    }
    write!(out, "{}{}", said.done, said.failed)?;
    let complete = said.failed.is_empty() && report.notes.iter().all(|note| note.level != NoteLevel::Error);
    Ok(if complete { CLEAN } else { COULD_NOT_CHECK })
}

/// What is to be said about publishing.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// A line for each Security Hub, with what was or would be written there.
    pub done: String,
    /// What should be there and is not; empty when all is well.
    pub failed: String,
}

/// Publishes the findings of a report about accounts.
pub(super) fn published(
    view: &View<'_>,
    opened: &Opened,
    publishing: &Publishing,
    runtime: &Runtime,
    meter: &Meter,
) -> Result<Said, Error> {
    if let Some(why) = lacking(view) {
        return Err(Error::Lacking(why));
    }
    let request = Request {
        hub_region: publishing.hub_region.clone(),
        suppress_waived: publishing.suppress_waived,
        dry_run: publishing.dry_run,
    };
    let done = std::sync::atomic::AtomicUsize::new(0);
    let step = |published: &Published| {
        let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        meter.show(format!("publishing {} {}", published.account, published.region), done, done);
    };
    let all = runtime.block_on(publish(view, &opened.sessions, &request, &step));
    let mut said = Said::default();
    for published in &all {
        let text = if published.is_complete() { &mut said.done } else { &mut said.failed };
        text.push_str(&lines(published, publishing.dry_run));
    }
    for account in without_session(view, &opened.sessions) {
        let closed = opened.closed.iter().find(|closed| closed.account == account);
        let why = closed.map_or(
            "Security Hub takes findings only from their own account; use its credentials, or `--accounts`",
            |closed| closed.why.as_str(),
        );
        let _ = writeln!(said.failed, "account {account}: not published: {why}");
    }
    Ok(said)
}

fn lines(published: &Published, dry_run: bool) -> String {
    let Published { account, region, outcome, refused, findings } = published;
    let plan = match outcome {
        Ok(plan) => plan,
        Err(HubError::Disabled { .. }) if *findings == 0 => {
            return format!("account {account}, {region}: nothing to publish, and Security Hub is not enabled\n");
        }
        Err(error) => {
            let noun = if *findings == 1 { "finding" } else { "findings" };
            return format!("account {account}, {region}: {findings} {noun} not published: {error}\n");
        }
    };
    let count = |step| published.count(step);
    let (created, updated, resolved) = (count(Step::Create), count(Step::Update), count(Step::Resolve));
    let mut text = if dry_run {
        format!("account {account}, {region}: would create {created}, update {updated}, resolve {resolved}")
    } else {
        let failed = if refused.is_empty() { String::new() } else { format!(", {} refused", refused.len()) };
        format!("account {account}, {region}: {created} created, {updated} updated, {resolved} resolved{failed}")
    };
    let _ = writeln!(text, "; {} unchanged", plan.unchanged);
    if plan.newer > 0 {
        let _ = writeln!(text, "  {} left as they are: a later snapshot was published already", plan.newer);
    }
    for (why, number) in &plan.left {
        let _ = writeln!(text, "  {number} left as they are: {why}");
    }
    if dry_run {
        plan.changes.iter().for_each(|change| text.push_str(&line(change)));
    }
    for refused in refused {
        let _ = writeln!(text, "  refused `{}`: {}", refused.id, refused.why);
    }
    text
}

fn line(Change { step, finding }: &Change) -> String {
    let text = |pointer: &str| finding.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let step = match step {
        Step::Create => "create",
        Step::Update => "update",
        Step::Resolve => "resolve",
    };
    let severity = text("/FindingProviderFields/Severity/Label").to_lowercase();
    let (status, rule) = (text("/Compliance/Status"), text("/ProductFields/sra-guard~1rule"));
    let subject = text("/ProductFields/sra-guard~1subject");
    format!("  {step:<7} {status:<7} {severity:<13} {rule} {subject}\n")
}
