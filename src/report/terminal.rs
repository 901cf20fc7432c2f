//! For people: excerpts with the proof labelled in order, what to do, and a closing table of what was covered.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};

use super::View;
use crate::facts::Step;
use crate::finding::{Finding, Severity, Verdict};
use crate::input::{Note, NoteLevel, Outcome};
use crate::source::Span;

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    for note in &view.report.notes {
        if note.level == NoteLevel::Error || !view.quiet {
            writeln!(out, "{}\n", render_note(view, note))?;
        }
    }
    for finding in view.findings() {
        writeln!(out, "{}\n", render_finding(view, finding))?;
    }
    if !view.quiet {
        write_table(view, out)?;
        write_coverage(view, out)?;
    }
    Ok(())
}

fn renderer(view: &View<'_>) -> Renderer {
    let renderer = if view.color { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(view.width).decor_style(DecorStyle::Ascii)
}

fn render_finding(view: &View<'_>, finding: &Finding) -> String {
    let (level, word) = level(finding);
    let title = finding.sentence();
    let id = finding.rule.id.as_str();
    let snippets = Excerpts::new(view, finding.subject.span, &finding.evidence);
    let mut group = Group::with_title(level.with_name(Some(word)).primary_title(title).id(id));
    for snippet in snippets.render() {
        group = group.element(snippet);
    }
    for step in finding.evidence.iter().filter(|step| step.span.is_none()) {
        group = group.element(Level::NOTE.message(step.label.clone()));
    }
    if finding.verdict == Verdict::Unknown {
        for reason in &finding.reasons {
            group = group.element(Level::NOTE.with_name(Some("unknown")).message(reason.clone()));
        }
    }
    if matches!(finding.verdict, Verdict::Fail | Verdict::Unknown) {
        group = group.element(Level::NOTE.with_name(Some("why")).message(wrap(&finding.rule.why, view.width)));
    }
    if finding.verdict == Verdict::Fail {
        let snippet = finding.snippet().map(|(_, text)| format!("\n{}", text.trim_end())).unwrap_or_default();
        let help = format!("{}{snippet}", wrap(&finding.rule.remedy, view.width));
        group = group.element(Level::HELP.with_name(Some("fix")).message(help));
    }
    renderer(view).render(&[group])
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

fn render_note(view: &View<'_>, note: &Note) -> String {
    let level = match note.level {
        NoteLevel::Error => Level::ERROR,
        NoteLevel::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(note.message.clone()));
    if let Some(span) = note.span {
        let related: Vec<Step> = note.related.iter().map(|(span, label)| Step::new(label.clone(), *span)).collect();
        for snippet in Excerpts::new(view, span, &related).unnumbered().render() {
            group = group.element(snippet);
        }
    }
    renderer(view).render(&[group])
}

/// Source lines around the subject and the steps of its proof, one excerpt a file.
struct Excerpts {
    files: Vec<Excerpt>,
    /// Steps are numbered when there are several, because lines are shown in file order.
    numbered: bool,
}

struct Excerpt {
    name: String,
    /// The part of the text that is shown, and the line on which it starts.
    text: String,
    line: usize,
    annotations: Vec<(bool, std::ops::Range<usize>, String)>,
}

impl Excerpts {
    fn new(view: &View<'_>, subject: Span, steps: &[Step]) -> Self {
        let numbered = steps.iter().filter(|step| step.span.is_some()).count() > 1;
        let mut places: Vec<(bool, Span, String)> = Vec::new();
        let mut number = 0;
        for step in steps {
            if let Some(span) = step.span {
                number += 1;
                let label = if numbered { format!("{number}. {}", step.label) } else { step.label.clone() };
                match places.iter_mut().find(|(_, known, _)| *known == span) {
                    Some((_, _, known)) => *known = format!("{known}; {label}"),
                    None => places.push((span == subject, span, label)),
                }
            }
        }
        if !places.iter().any(|(primary, ..)| *primary) {
            places.insert(0, (true, subject, String::new()));
        }
        let mut order = Vec::new();
        for (_, span, _) in &places {
            if !order.contains(&span.file) {
                order.push(span.file);
            }
        }
        // The subject's file first: that is where the user goes.
        order.sort_by_key(|file| *file != subject.file);
        let files = order
            .into_iter()
            .map(|file| {
                let mine = places.iter().filter(|(_, span, _)| span.file == file).cloned().collect();
                excerpt(&view.sources.file(file), mine)
            })
            .collect();
        Self { files, numbered }
    }

    fn unnumbered(mut self) -> Self {
        if self.numbered {
            for (_, _, label) in self.files.iter_mut().flat_map(|file| &mut file.annotations) {
                if let Some((_, text)) = label.split_once(". ") {
                    *label = text.to_owned();
                }
            }
        }
        self
    }

    fn render(self) -> Vec<Snippet<'static, annotate_snippets::Annotation<'static>>> {
        self.files
            .into_iter()
            .map(|file| {
                let annotations = file.annotations.into_iter().map(|(primary, range, label)| {
                    let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
                    let label = if label.is_empty() { None } else { Some(label) };
                    kind.span(range).label(label)
                });
                Snippet::source(file.text).path(file.name).line_start(file.line).annotations(annotations)
            })
            .collect()
    }
}

/// Cuts the lines between the first and the last place out of a file, so that a report costs what it shows. A place
/// of several lines is shown by its first one.
fn excerpt(file: &crate::source::SourceFile, places: Vec<(bool, Span, String)>) -> Excerpt {
    let text: &str = &file.text;
    let first = places.iter().map(|(_, span, _)| span.start as usize).min().unwrap_or(0).min(text.len());
    let last = places.iter().map(|(_, span, _)| span.start as usize).max().unwrap_or(0).min(text.len());
    let start = text.get(..first).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
    let end = text.get(last..).and_then(|tail| tail.find('\n')).map_or(text.len(), |at| last + at);
    let line = text.get(..start).map_or(0, |head| head.matches('\n').count()) + 1;
    let annotations = places
        .into_iter()
        .map(|(primary, span, label)| {
            let from = (span.start as usize).clamp(start, end);
            let line_end = text.get(from..end).and_then(|tail| tail.find(['\n', '\r'])).map_or(end, |at| from + at);
            let to = (span.end as usize).clamp(from, line_end);
            (primary, from - start..to - start, label)
        })
        .collect();
    Excerpt { name: file.name.clone(), text: text.get(start..end).unwrap_or_default().to_owned(), line, annotations }
}

/// Breaks prose at spaces so that it fits behind the gutter.
fn wrap(text: &str, width: usize) -> String {
    let limit = width.saturating_sub(14).max(40);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
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
    lines.join("\n")
}

fn write_table(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(view.width).unwrap_or(u16::MAX));
    if view.color {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_header(["rule", "", "subjects", "passed", "failed", "unknown", "n/a"]);
    for count in view.report.rules.iter().filter(|count| count.subjects() > 0) {
        let number = |verdict: Verdict, color: Color| {
            let number = count.of(verdict);
            let cell = Cell::new(if number == 0 { "·".to_owned() } else { number.to_string() })
                .set_alignment(CellAlignment::Right);
            if number > 0 { cell.fg(color).add_attribute(Attribute::Bold) } else { cell }
        };
        table.add_row([
            Cell::new(&count.rule.id),
            Cell::new(&count.rule.title),
            Cell::new(count.subjects()).set_alignment(CellAlignment::Right),
            number(Verdict::Pass, Color::Green),
            number(Verdict::Fail, Color::Red),
            number(Verdict::Unknown, Color::Yellow),
            Cell::new(match count.of(Verdict::NotApplicable) {
                0 => "·".to_owned(),
                number => number.to_string(),
            })
            .set_alignment(CellAlignment::Right),
        ]);
    }
    if table.row_count() > 0 {
        writeln!(out, "{}\n", table.trim_fmt())?;
    }
    Ok(())
}

fn write_coverage(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let report = view.report;
    let read = report.files_read();
    let failed = report.files.iter().filter(|file| file.outcome == Outcome::Failed).count();
    let ignored = report.files.iter().filter(|file| file.outcome == Outcome::Ignored).count();
    let resources: usize = report.resource_types.values().map(|(number, _)| number).sum();
    write!(out, "read {}", plural(read, "template"))?;
    write!(out, " with {}", plural(resources, "resource"))?;
    if failed > 0 {
        write!(out, "; {} could not be read", plural(failed, "file"))?;
    }
    if ignored > 0 {
        write!(out, "; {} of other YAML or JSON ignored", plural(ignored, "file"))?;
    }
    writeln!(out)?;
    let mut blind: Vec<(&String, usize)> = report
        .resource_types
        .iter()
        .filter(|(_, (_, understood))| !understood)
        .map(|(kind, (number, _))| (kind, *number))
        .collect();
    if !blind.is_empty() {
        blind.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let total: usize = blind.iter().map(|(_, number)| number).sum();
        let shown: Vec<String> = blind.iter().take(6).map(|(kind, number)| format!("{kind} ×{number}")).collect();
        let more = if blind.len() > 6 { format!(" and {} more types", blind.len() - 6) } else { String::new() };
        writeln!(out, "no rule looks at {} yet: {}{more}", plural(total, "resource"), shown.join(", "))?;
    }
    let idle = report.rules.iter().filter(|count| count.subjects() == 0).count();
    if idle > 0 {
        writeln!(out, "{} met no subject", plural(idle, "rule"))?;
    }
    let severities = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    let failures: Vec<String> = severities
        .into_iter()
        .filter_map(|severity| match report.failures(severity) {
            0 => None,
            number => Some(format!("{number} {severity}")),
        })
        .collect();
    let unknown: usize = report.rules.iter().map(|count| count.of(Verdict::Unknown)).sum();
    let subjects: usize = report.rules.iter().map(crate::finding::RuleCount::subjects).sum();
    if subjects == 0 {
        writeln!(out, "NOTHING WAS CHECKED: no rule met a subject in what was read")
    } else if failures.is_empty() && unknown == 0 {
        writeln!(out, "no findings")
    } else {
        let failures = if failures.is_empty() { "no failures".to_owned() } else { failures.join(", ") };
        writeln!(out, "{failures}; {unknown} unknown")
    }
}

fn plural(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
