//! What could not be read of live accounts: a row for each service and each way in which its calls ended, however many accounts,
//! regions and resources that were.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::summary::{BOLD, listed};
use super::{View, fold, paint};
use crate::finding::Report;
use crate::input::collected::{Collected, Failed, GLOBAL};
use crate::input::snapshot::format::{ENTRY, Outcome};
use crate::report::plural;
use crate::source::Span;

/// APIs of a row that are named, rows of one account each, and permissions that are named.
const APIS: usize = 4;
const ACCOUNTS: usize = 8;
const PERMISSIONS: usize = 8;

/// Where snapshots say what could not be read.
pub(super) fn spans(report: &Report) -> BTreeSet<Span> {
    report.collected.iter().flat_map(|part| &part.failed).map(|failed| failed.span).collect()
}

/// `3 accounts, 2 regions`; single ones are named.
pub(super) fn places<'a>(places: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let (accounts, regions): (BTreeSet<&str>, BTreeSet<&str>) = places.unzip();
    let several = |names: &BTreeSet<&str>, noun: &str| match names.first() {
        Some(only) if names.len() == 1 => (*only).to_owned(),
        _ => plural(names.len(), noun),
    };
    let regions: BTreeSet<&str> = regions.into_iter().filter(|region| *region != GLOBAL).collect();
    let accounts = match several(&accounts, "account") {
        only if accounts.len() == 1 => format!("account {only}"),
        many => many,
    };
    if regions.is_empty() { accounts } else { format!("{accounts}, {}", several(&regions, "region")) }
}

/// Calls of one service that ended in the same way.
#[derive(Default)]
struct Row<'a> {
    /// API → how many resources it was about.
    apis: BTreeMap<&'a str, usize>,
    /// Accounts and regions.
    places: BTreeSet<(&'a str, &'a str)>,
    error: Option<&'a str>,
}

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let failed: Vec<(&Collected, &Failed)> =
        view.report.collected.iter().flat_map(|part| part.failed.iter().map(move |failed| (part, failed))).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let mut rows: BTreeMap<(Outcome, &str), Row<'_>> = BTreeMap::new();
    let mut closed: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for (part, failed) in &failed {
        if part.service == ENTRY {
            closed.insert((&part.account, &part.region), failed.error.as_deref().unwrap_or_default());
            continue;
        }
        let service = failed.api.split(':').next().unwrap_or_default();
        let row = rows.entry((failed.outcome, service)).or_default();
        *row.apis.entry(&failed.api).or_default() += usize::from(failed.of.is_some());
        row.places.insert((&part.account, &part.region));
        row.error = row.error.or(failed.error.as_deref());
    }
    writeln!(out, "{}", paint(view, BOLD, "could not be read, so what depends on it is unknown:"))?;
    for ((account, region), why) in closed.iter().take(ACCOUNTS) {
        let place = if *region == GLOBAL { (*account).to_owned() } else { format!("{account}, {region}") };
        line(view, out, "closed", &format!("account {place}: {why}"))?;
    }
    if closed.len() > ACCOUNTS {
        line(view, out, "closed", &format!("and {} more; `--format json` lists them", closed.len() - ACCOUNTS))?;
    }
    for ((outcome, service), row) in &rows {
        line(view, out, outcome.key(), &row.said(service, *outcome))?;
    }
    let permissions: BTreeSet<&str> = failed
        .iter()
        .filter(|(part, failed)| failed.outcome == Outcome::Denied && part.service != ENTRY)
        .map(|(_, failed)| failed.permission.as_str())
        .collect();
    if permissions.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = permissions.iter().take(PERMISSIONS).map(|permission| format!("`{permission}`")).collect();
    let more = match permissions.len().saturating_sub(PERMISSIONS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let text = format!("{}{more}; `sra-guard audit --print-policy` prints the whole policy", named.join(", "));
    listed(view, out, "missing permissions", &text)
}

fn line(view: &View<'_>, out: &mut dyn Write, outcome: &str, text: &str) -> io::Result<()> {
    let lines = fold(text, view.width.saturating_sub(15).max(40)).join("\n               ");
    writeln!(out, "  {outcome:<12} {lines}")
}

impl Row<'_> {
    /// `ec2: DescribeSubnets, DescribeVpcs and 3 more, in 3 accounts and 2 regions`.
    fn said(&self, service: &str, outcome: Outcome) -> String {
        let mut apis: Vec<(&&str, &usize)> = self.apis.iter().collect();
        apis.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let named = apis.iter().take(APIS).map(|(api, of)| {
            let name = api.split_once(':').map_or(**api, |(_, name)| name);
            if **of == 0 { name.to_owned() } else { format!("{name} (of {})", plural(**of, "resource")) }
        });
        let named: Vec<String> = named.collect();
        let more = match apis.len().saturating_sub(APIS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let place = places(self.places.iter().copied());
        let error = self.error.filter(|_| outcome != Outcome::Denied).map(|error| format!(": {error}"));
        format!("{service}: {}{more}, in {place}{}", named.join(", "), error.unwrap_or_default())
    }
}
