//! A diff for people: what got worse first, then the architecture, then what cannot be told.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::Value;

use super::{Change, Diff, FindingChange, Place, ResourceChange, Side};
use crate::finding::Verdict;

const RED: &str = "1;31";
const YELLOW: &str = "33";
const GREEN: &str = "32";
const BOLD: &str = "1";
const DIM: &str = "2";

/// Resources of one kind of change that are listed; the others are counted.
const LISTED: usize = 40;

/// Longer values are not shown.
const WIDEST: usize = 60;

pub fn write(diff: &Diff, before: &Side, after: &Side, color: bool, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint(color);
    if !diff.findings.is_empty() {
        writeln!(out, "{}", paint.with(BOLD, "findings"))?;
        for change in &diff.findings {
            finding(change, before, after, paint, out)?;
        }
        writeln!(out)?;
    }
    architecture(diff, paint, out)?;
    unclear(diff, paint, out)?;
    let count = |wanted: &[Change]| diff.resources.iter().filter(|change| wanted.contains(&change.change)).count();
    let key = |wanted: &str| diff.findings.iter().filter(|change| change.key() == wanted).count();
    writeln!(
        out,
        "{} {} new, {} changed, {} resolved, {} not comparable",
        paint.with(BOLD, "findings: "),
        key("new"),
        key("changed"),
        key("resolved"),
        diff.uncompared.len()
    )?;
    writeln!(
        out,
        "{} {} added, {} removed, {} changed, {} paired, {} not comparable",
        paint.with(BOLD, "resources:"),
        count(&[Change::Added]),
        count(&[Change::Removed]),
        count(&[Change::Changed]),
        diff.paired,
        count(&[Change::Unpaired, Change::Unread])
    )
}

#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, sgr: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{sgr}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn verdict(verdict: Option<Verdict>, paint: Paint) -> String {
    match verdict {
        None => paint.with(DIM, "nothing"),
        Some(verdict @ (Verdict::Fail | Verdict::Error)) => paint.with(RED, verdict.key()),
        Some(verdict @ Verdict::Unknown) => paint.with(YELLOW, verdict.key()),
        Some(verdict) => paint.with(GREEN, verdict.key()),
    }
}

fn finding(change: &FindingChange, before: &Side, after: &Side, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let world = |side: &Side, other: &str| match (before.is_live(), after.is_live()) {
        (a, b) if a == b => other.to_owned(),
        _ => if side.is_live() { "account says" } else { "template says" }.to_owned(),
    };
    let verdicts = match change.key() {
        "new" => format!("{} {}", paint.with(RED, "new"), verdict(change.after, paint)),
        "resolved" => format!("{} {}", paint.with(GREEN, "resolved"), verdict(change.before, paint)),
        _ => {
            let was = format!("{} {}", world(before, "was"), verdict(change.before, paint));
            format!("{was}, {} {}", world(after, "is"), verdict(change.after, paint))
        }
    };
    let name = change.now.as_ref().or(change.subject.as_ref()).map_or("", |place| place.name.as_str());
    writeln!(out, "  {} {} `{name}`: {verdicts}", change.rule, paint.with(DIM, change.severity.key()))?;
    for (said, place) in [(&change.said_before, &change.subject), (&change.said_after, &change.now)] {
        if let (Some(said), Some(place)) = (said, place) {
            writeln!(out, "    {said}")?;
            writeln!(out, "    {}", paint.with(DIM, &shown(place)))?;
        }
    }
    Ok(())
}

/// The ARN where there is one, and the line.
fn shown(place: &Place) -> String {
    if place.id.starts_with("arn:") { format!("{} ({})", place.id, place.location) } else { place.location.clone() }
}

fn architecture(diff: &Diff, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let kinds = [
        (Change::Removed, "removed", RED, "-"),
        (Change::Added, "added", GREEN, "+"),
        (Change::Changed, "changed", YELLOW, "~"),
    ];
    for (wanted, title, sgr, sign) in kinds {
        let changes: Vec<&ResourceChange> = diff.resources.iter().filter(|change| change.change == wanted).collect();
        if changes.is_empty() {
            continue;
        }
        writeln!(out, "{}", paint.with(BOLD, &format!("resources {title}")))?;
        for change in changes.iter().take(LISTED) {
            let Some(place) = change.after.as_ref().or(change.before.as_ref()) else { continue };
            writeln!(
                out,
                "  {} {} `{}` {}",
                paint.with(sgr, sign),
                change.kind,
                place.name,
                paint.with(DIM, &shown(place))
            )?;
            for property in &change.properties {
                writeln!(
                    out,
                    "      {}: {} → {}",
                    property.path,
                    value(property.before.as_ref()),
                    value(property.after.as_ref())
                )?;
            }
        }
        if let Some(more) = changes.len().checked_sub(LISTED).filter(|more| *more > 0) {
            writeln!(out, "  and {more} more; `--format json` lists them all")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn value(value: Option<&Value>) -> String {
    let text = match value {
        None => return "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    if text.chars().count() > WIDEST { "…".to_owned() } else { text }
}

/// What cannot be told, by the reason.
fn unclear(diff: &Diff, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let mut reasons: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for change in &diff.resources {
        if let Some(why) = &change.why {
            *reasons.entry((why, &change.kind)).or_default() += 1;
        }
    }
    let failed = diff.uncompared.iter().filter(|finding| finding.verdict == Verdict::Fail).count();
    if reasons.is_empty() && diff.uncompared.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.with(BOLD, "not comparable"))?;
    for finding in diff.uncompared.iter().filter(|finding| finding.verdict == Verdict::Fail).take(LISTED) {
        let side = if finding.is_before { "before" } else { "after" };
        writeln!(out, "  {} `{}` {side}: {}", finding.rule, finding.subject.name, finding.why)?;
        writeln!(out, "    {}", paint.with(DIM, &shown(&finding.subject)))?;
    }
    if let Some(more) = diff.uncompared.len().checked_sub(failed.min(LISTED)).filter(|more| *more > 0) {
        writeln!(out, "  {more} more findings; `--format json` lists them all")?;
    }
    for ((why, kind), count) in reasons {
        writeln!(out, "  {count} {kind}: {why}")?;
    }
    writeln!(out)
}
