//! For people: excerpts with the proof labelled in order, what to do, and a closing summary of what was covered.

mod excerpt;
mod mask;
mod summary;
mod unread;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use annotate_snippets::{
    Element, Group, Level, Message, Origin, Renderer, normalize_untrusted_str, renderer::DecorStyle,
};

use super::View;
use super::origin::Origins;
use crate::finding::{Finding, Severity, Verdict};
use crate::input::{Note, NoteLevel};
use crate::source::Span;
use excerpt::excerpts;
use mask::Secrets;

/// Reasons of one unknown that are shown; the other formats list them all.
const REASONS: usize = 3;

/// Subjects of one unknown that are shown.
const SUBJECTS: usize = 12;

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (secrets, origins) = (Secrets::default(), Origins::of(view));
    // What could not be read of accounts is a table of its own.
    let reads: BTreeSet<Span> = unread::spans(view.report);
    for note in &view.report.notes {
        let is_read = note.span.is_some_and(|span| reads.contains(&span));
        if note.level == NoteLevel::Error || !(view.quiet || is_read) {
            write_group(view, note_group(view, &secrets, note), out)?;
        }
    }
    // Long runs stay readable when each rule is explained once.
    let mut explained = BTreeSet::new();
    let mut alike = alike(view);
    for finding in view.findings() {
        let group = match finding.verdict {
            Verdict::Fail => failure(view, &secrets, &origins, finding, explained.insert(finding.rule.id.as_str())),
            Verdict::Unknown => match alike.remove(&Question::of(finding)) {
                Some(findings) => unknown(view, &origins, &findings),
                None => continue,
            },
            _ => proven(view, &secrets, &origins, finding),
        };
        write_group(view, group, out)?;
    }
    summary::write(view, out)
}

/// What an unknown asks. The same answer resolves all that ask the same, so they are shown as one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Question<'a> {
    rule: &'a str,
    message: String,
    reasons: &'a [String],
}

impl<'a> Question<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self { rule: &finding.rule.id, message: asked(finding, "?"), reasons: &finding.reasons }
    }
}

/// The message with something else in place of the subject's name.
fn asked(finding: &Finding, subject: &str) -> String {
    finding.message.replace(&format!("`{}`", finding.subject.name), subject)
}

fn alike<'a>(view: &View<'a>) -> BTreeMap<Question<'a>, Vec<&'a Finding>> {
    let mut alike: BTreeMap<Question<'a>, Vec<&'a Finding>> = BTreeMap::new();
    for finding in view.findings().filter(|finding| finding.verdict == Verdict::Unknown) {
        alike.entry(Question::of(finding)).or_default().push(finding);
    }
    alike
}

fn write_group(view: &View<'_>, group: Group<'_>, out: &mut dyn Write) -> io::Result<()> {
    let renderer = if view.color { Renderer::styled() } else { Renderer::plain() };
    let text = renderer.term_width(view.width).decor_style(DecorStyle::Ascii).render(&[group]);
    for line in text.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    writeln!(out)
}

fn title(finding: &Finding) -> Group<'static> {
    let (level, word) = level(finding);
    Group::with_title(level.with_name(Some(word)).primary_title(finding.sentence()).id(finding.rule.id.clone()))
}

/// The verdict with its proof. Steps are numbered in reading order, because excerpts show lines in file order.
fn proven(view: &View<'_>, secrets: &Secrets, origins: &Origins<'_>, finding: &Finding) -> Group<'static> {
    if let Some(owner) = origins.owner(finding.subject.span) {
        return live(view, origins, finding, &owner);
    }
    let several = finding.evidence.len() > 1;
    let label =
        |(index, label): (usize, &str)| if several { format!("{}. {label}", index + 1) } else { label.to_owned() };
    let steps = || finding.evidence.iter().enumerate().map(|(index, step)| (step.span, label((index, &step.label))));
    let placed = steps().filter_map(|(span, label)| Some((span?, label)));
    // Who uses a module changes its call.
    let call = finding.subject.calls.first().map(|call| (*call, "the module is called here".to_owned()));
    let group = title(finding).elements(excerpts(view, secrets, finding.subject.span, placed.chain(call)));
    let group = group.elements(construct(view, finding));
    let unplaced = steps().filter(|(span, _)| span.is_none());
    group.elements(unplaced.map(|(_, label)| Level::NOTE.no_name().message(wrap(view, 3, &label))))
}

/// The verdict on what is in an account: its owner knows it by the ARN, and a line of a snapshot says nothing to them.
fn live(view: &View<'_>, origins: &Origins<'_>, finding: &Finding, owner: &str) -> Group<'static> {
    let several = finding.evidence.len() > 1;
    let steps = finding.evidence.iter().enumerate().map(|(index, step)| {
        let number = if several { format!("{}. ", index + 1) } else { String::new() };
        let place = step.span.and_then(|span| origins.owner(span)).filter(|place| *place != owner);
        let place = place.map(|place| format!(" [{place}]")).unwrap_or_default();
        wrap(view, 3, &format!("{number}{}{place}", step.label))
    });
    let steps: Vec<Element<'static>> = steps.map(|step| Level::NOTE.no_name().message(step).into()).collect();
    title(finding).element(Origin::path(normalize_untrusted_str(owner))).elements(steps)
}

fn failure(
    view: &View<'_>,
    secrets: &Secrets,
    origins: &Origins<'_>,
    finding: &Finding,
    first: bool,
) -> Group<'static> {
    let group = proven(view, secrets, origins, finding);
    if !first {
        return group.element(
            Level::HELP
                .with_name(Some("fix"))
                .message(format!("see above, or `sra-guard explain {}`", finding.rule.id)),
        );
    }
    let why = Level::NOTE.with_name(Some("why")).message(wrap(view, 8, &finding.rule.why));
    let mut fix = wrap(view, 8, &finding.rule.remedy);
    if let Some((_, snippet)) = finding.snippet() {
        fix.push('\n');
        for line in snippet.trim_end().lines() {
            fix.push_str("\n    ");
            fix.push_str(&paint(view, "36", line));
        }
    }
    group.element(why).element(Level::HELP.with_name(Some("fix")).message(fix))
}

/// An unknown asks for one thing only: what would resolve it.
fn unknown(view: &View<'_>, origins: &Origins<'_>, findings: &[&Finding]) -> Group<'static> {
    let [first, others @ ..] = findings else { return Group::with_level(Level::WARNING) };
    let mut group = if others.is_empty() {
        let called = called(view, first).map(|called| Level::NOTE.no_name().message(called));
        title(first)
            .element(origin(view, origins, first.subject.span))
            .elements(called)
            .elements(construct(view, first))
    } else {
        let subjects = format!("{} subjects", findings.len());
        let named = asked(first, &subjects);
        let sentence = if named == first.message { format!("{named} ({subjects})") } else { named };
        Group::with_title(level(first).0.with_name(Some("unknown")).primary_title(sentence).id(first.rule.id.clone()))
    };
    for reason in first.reasons.iter().take(REASONS) {
        group = group.element(Level::NOTE.with_name(Some("not known")).message(wrap(view, 14, reason)));
    }
    if first.reasons.len() > REASONS {
        let more = format!("and {} more reasons; `--format json` lists them", first.reasons.len() - REASONS);
        group = group.element(Level::NOTE.no_name().message(more));
    }
    if !others.is_empty() {
        // Where whole lists are missing, the accounts and regions say it; what is missing is told at the end of the report.
        let (unread, seen): (Vec<&Finding>, Vec<&Finding>) =
            findings.iter().partition(|finding| origins.unread(finding.subject.span).is_some());
        if !unread.is_empty() {
            let places = unread.iter().filter_map(|finding| origins.unread(finding.subject.span));
            let text = unread::places(places);
            group = group.element(Level::NOTE.with_name(Some("at")).message(wrap(view, 5, &text)));
        }
        let findings = seen;
        for finding in findings.iter().take(SUBJECTS) {
            let branch = finding.branch().map(|branch| format!(" {branch}")).unwrap_or_default();
            let called = called(view, finding).map(|called| format!(", {called}")).unwrap_or_default();
            let construct = finding.subject.construct.as_ref();
            let construct = construct.map(|construct| format!(", {construct}")).unwrap_or_default();
            let name = &finding.subject.name;
            let place = origins.place(view, finding.subject.span);
            let place = format!("{place} `{name}`{construct}{branch}{called}");
            group = group.element(Level::NOTE.with_name(Some("at")).message(normalize_untrusted_str(&place)));
        }
        if findings.len() > SUBJECTS {
            let more = format!("and {} more; `--format json` lists them", findings.len() - SUBJECTS);
            group = group.element(Level::NOTE.no_name().message(more));
        }
    }
    group
}

/// "called at main.tf:4:8", for what is in a module.
fn called(view: &View<'_>, finding: &Finding) -> Option<String> {
    finding.subject.calls.first().map(|call| format!("called at {}", view.place(*call)))
}

/// What created the subject in a CDK app.
fn construct(view: &View<'_>, finding: &Finding) -> Option<Message<'static>> {
    let construct = finding.subject.construct.as_ref()?;
    Some(Level::NOTE.with_name(Some("construct")).message(wrap(view, 14, &construct.to_string())))
}

fn origin(view: &View<'_>, origins: &Origins<'_>, span: Span) -> Origin<'static> {
    if let Some(owner) = origins.owner(span) {
        return Origin::path(normalize_untrusted_str(&owner));
    }
    let at = view.sources.position(span);
    let file = view.sources.file(span.file).name.clone();
    Origin::path(file).line(at.line as usize).char_column(at.column as usize)
}

fn note_group(view: &View<'_>, secrets: &Secrets, note: &Note) -> Group<'static> {
    let level = match note.level {
        NoteLevel::Error => Level::ERROR,
        NoteLevel::Warning => Level::WARNING,
    };
    let group = Group::with_title(level.primary_title(note.message.clone()));
    match note.span {
        Some(span) => group.elements(excerpts(view, secrets, span, note.related.clone())),
        None => group,
    }
}

fn level(finding: &Finding) -> (Level<'static>, &'static str) {
    match (finding.verdict, finding.severity) {
        (Verdict::Fail, Severity::Critical) => (Level::ERROR, "critical"),
        (Verdict::Fail, Severity::High) => (Level::ERROR, "high"),
        (Verdict::Fail, Severity::Medium) => (Level::WARNING, "medium"),
        (Verdict::Fail, Severity::Low) => (Level::WARNING, "low"),
        (Verdict::Fail, Severity::Info) => (Level::INFO, "info"),
        (Verdict::Error, _) => (Level::ERROR, "error"),
        (Verdict::Unknown, _) => (Level::WARNING, "unknown"),
        (Verdict::Waived, _) => (Level::NOTE, "waived"),
        (Verdict::Pass, _) => (Level::NOTE, "pass"),
        (Verdict::NotApplicable, _) => (Level::NOTE, "not applicable"),
    }
}

/// Breaks prose at spaces so that it fits behind the gutter and a name of `name` columns. Control characters of a
/// template must not reach the terminal.
fn wrap(view: &View<'_>, name: usize, text: &str) -> String {
    fold(&normalize_untrusted_str(text), view.width.saturating_sub(name + 8).max(40)).join("\n")
}

/// The lines of a text that is broken at spaces to at most `limit` characters; longer words stay whole.
pub fn fold(text: &str, limit: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    // A no-break space is no place to break.
    for word in text.split_ascii_whitespace() {
        let needed = lines.last().map_or(0, |line| line.chars().count() + 1 + word.chars().count());
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if needed <= limit => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Text in a colour of the terminal's own palette (an SGR parameter), when colours are wanted.
fn paint(view: &View<'_>, sgr: &str, text: &str) -> String {
    if view.color && !text.is_empty() { format!("\u{1b}[{sgr}m{text}\u{1b}[0m") } else { text.to_owned() }
}
