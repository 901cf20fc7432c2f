//! A diff for people: what got worse first, then the architecture, then what cannot be told.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::Value;

use super::{Aspect, Change, Diff, FindingChange, Place, PropertyChange, ResourceChange, Side};
use crate::finding::{Severity, Verdict};

const RED: &str = "1;31";
const YELLOW: &str = "33";
const GREEN: &str = "32";
const BOLD: &str = "1";
const DIM: &str = "2";

/// Resources of one kind of change that are listed; the others are counted.
const LISTED: usize = 40;

/// Longer values are cut off.
const WIDEST: usize = 160;

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
    resources(diff, paint, out)?;
    unclear(diff, paint, out)?;
    let count = |wanted: &[Change]| {
        diff.resources.iter().filter(|change| wanted.contains(&change.change) && !change.is_apart).count()
    };
    let apart = diff.resources.iter().filter(|change| change.is_apart).count();
    let apart = if apart > 0 { format!("; {apart} have nothing to do with what is written") } else { String::new() };
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
        "{} {} added, {} removed, {} changed, {} paired, {} not comparable{apart}",
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
            let of = |severity: Option<Severity>| severity.map(|it| format!(" ({})", it.key())).unwrap_or_default();
            let (one, other) = change.severities.unzip();
            let was = format!("{} {}{}", world(before, "was"), verdict(change.before, paint), of(one));
            format!("{was}, {} {}{}", world(after, "is"), verdict(change.after, paint), of(other))
        }
    };
    let name = change.now.as_ref().or(change.subject.as_ref()).map_or("", |place| place.name.as_str());
    writeln!(out, "  {} {} `{name}`: {verdicts}", change.rule, paint.with(DIM, change.severity.key()))?;
    let mut told = None;
    let sides =
        [(change.before, &change.said_before, &change.subject), (change.after, &change.said_after, &change.now)];
    for (verdict, said, place) in sides {
        // What complies says no more than its verdict.
        let silent = matches!(verdict, None | Some(Verdict::Pass | Verdict::NotApplicable));
        if let (Some(said), Some(place), false) = (said, place, silent) {
            writeln!(out, "    {said}")?;
            if told != Some(&place.id) {
                writeln!(out, "    {}", paint.with(DIM, &shown(place)))?;
            }
            told = Some(&place.id);
        }
    }
    Ok(())
}

/// The ARN where there is one, and the line.
fn shown(place: &Place) -> String {
    if place.id.starts_with("arn:") { format!("{} ({})", place.id, place.location) } else { place.location.clone() }
}

fn architecture(diff: &Diff, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    if diff.architecture.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", paint.with(BOLD, "architecture"))?;
    for change in &diff.architecture {
        let Some(place) = change.now.as_ref().or(change.subject.as_ref()) else { continue };
        let what = match change.aspect {
            Aspect::Subnet => format!("subnet `{}`", place.name),
            Aspect::EntryPath => format!("way in `{}`, {}", place.name, change.part),
        };
        let (sgr, sign, told) = match (&change.before, &change.after) {
            (Some(was), Some(is)) => (YELLOW, "~", format!("was {was}, is {is}")),
            (None, Some(is)) => (RED, "+", is.clone()),
            (was, None) => (GREEN, "-", was.clone().unwrap_or_default()),
        };
        writeln!(out, "  {} {what}: {told} {}", paint.with(sgr, sign), paint.with(DIM, &shown(place)))?;
    }
    writeln!(out)
}

fn resources(diff: &Diff, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let kinds = [
        (Change::Removed, "removed", RED, "-"),
        (Change::Added, "added", GREEN, "+"),
        (Change::Changed, "changed", YELLOW, "~"),
    ];
    for (wanted, title, sgr, sign) in kinds {
        let listed = |change: &&ResourceChange| change.change == wanted && !change.is_apart;
        let changes: Vec<&ResourceChange> = diff.resources.iter().filter(listed).collect();
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
            for change in &change.properties {
                property(change, paint, out)?;
            }
        }
        if let Some(more) = changes.len().checked_sub(LISTED).filter(|more| *more > 0) {
            writeln!(out, "  and {more} more; `--format json` lists them all")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Of lists, only the items that differ.
fn property(change: &PropertyChange, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let items = |value: &Option<Value>| value.as_ref().and_then(Value::as_array).cloned();
    let (Some(was), Some(is)) = (items(&change.before), items(&change.after)) else {
        let (was, is) = (value(change.before.as_ref()), value(change.after.as_ref()));
        return writeln!(out, "      {}: {was} → {is}", change.path);
    };
    writeln!(out, "      {}:", change.path)?;
    let gone = was.iter().filter(|item| !is.contains(item)).map(|item| (GREEN, "-", item));
    let new = is.iter().filter(|item| !was.contains(item)).map(|item| (RED, "+", item));
    for (sgr, sign, item) in gone.chain(new).take(LISTED) {
        writeln!(out, "        {} {}", paint.with(sgr, sign), value(Some(item)))?;
    }
    Ok(())
}

/// On one line, the scalars of an object without their quotes.
fn value(value: Option<&Value>) -> String {
    let text = match value {
        None => return "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(members)) if members.values().all(|member| !member.is_object() && !member.is_array()) => {
            let member = |(key, member): (&String, &Value)| match member {
                Value::String(text) => format!("{key} {text}"),
                other => format!("{key} {other}"),
            };
            members.iter().map(member).collect::<Vec<_>>().join(", ")
        }
        Some(value) => value.to_string(),
    };
    if text.chars().count() > WIDEST { format!("{}…", text.chars().take(WIDEST).collect::<String>()) } else { text }
}

/// What cannot be told, by the reason.
fn unclear(diff: &Diff, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let mut reasons: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for change in &diff.resources {
        if let Some(why) = change.why.as_ref().filter(|_| !change.is_apart) {
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
