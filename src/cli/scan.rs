//! `scan`: judge what was given, report it, and say by the exit code whether a gate may open.

use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::{FailOn, Format, Scan, When};
use super::{CLEAN, COULD_NOT_CHECK, Error, FINDINGS, Terminal, context, emit, exists, rule_set};
use crate::finding::{Report, RuleCount, Severity, Verdict};
use crate::input::NoteLevel;
use crate::report::{FORMATS, View};
use crate::rule::raw::GuardFile;
use crate::scan::{Progress, Request, scan};
use crate::source::SourceMap;

pub(super) fn run(arguments: &Scan, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    for file in &arguments.guard {
        exists(file)?;
    }
    let request = Request {
        paths: arguments.input.paths.clone(),
        context: context(&arguments.input)?,
        rules: rule_set(&arguments.select)?,
        guard: GuardFile::load_all(&arguments.guard).map_err(|error| Error::Guard(error.to_string()))?,
        keep_all: arguments.all,
        changed_only: arguments.changed_only,
    };
    let sources = SourceMap::default();
    let meter = Meter::new(terminal.progress && !arguments.quiet);
    let report = scan(&request, &sources, &|progress| meter.show(progress));
    meter.finish();

    let color = match arguments.color {
        When::Auto => terminal.color && arguments.output.is_none(),
        When::Always => true,
        When::Never => false,
    };
    let view = View {
        report: &report,
        sources: &sources,
        all: arguments.all,
        quiet: arguments.quiet,
        color,
        width: terminal.width,
    };
    let name = match arguments.format {
        Format::Terminal => "terminal",
        Format::Json => "json",
        Format::Sarif => "sarif",
        Format::Junit => "junit",
    };
    if let Some(format) = FORMATS.iter().find(|format| format.name == name) {
        emit(arguments.output.as_deref(), out, |out| (format.write)(&view, out))?;
    }
    Ok(exit_code(&report, arguments))
}

fn exit_code(report: &Report, arguments: &Scan) -> u8 {
    let subjects: usize = report.rules.iter().map(RuleCount::subjects).sum();
    let any = |verdict| report.findings.iter().any(|finding| finding.verdict == verdict);
    let unreadable = report.notes.iter().any(|note| note.level == NoteLevel::Error);
    if unreadable || any(Verdict::Error) || (arguments.strict && subjects == 0) {
        return COULD_NOT_CHECK;
    }
    let gate = match arguments.fail_on {
        FailOn::Critical => Some(Severity::Critical),
        FailOn::High => Some(Severity::High),
        FailOn::Medium => Some(Severity::Medium),
        FailOn::Low => Some(Severity::Low),
        FailOn::Info => Some(Severity::Info),
        FailOn::Never => None,
    };
    let failed = gate.is_some_and(|gate| {
        report.findings.iter().any(|finding| finding.verdict == Verdict::Fail && finding.severity >= gate)
    });
    if failed || (arguments.strict && any(Verdict::Unknown)) { FINDINGS } else { CLEAN }
}

/// A progress bar that only appears when the work takes longer than half a second.
struct Meter {
    started: Instant,
    bar: Mutex<Option<ProgressBar>>,
    wanted: bool,
}

const PATIENCE: Duration = Duration::from_millis(500);

impl Meter {
    fn new(wanted: bool) -> Self {
        Self { started: Instant::now(), bar: Mutex::new(None), wanted }
    }

    fn show(&self, progress: Progress) {
        if !self.wanted || self.started.elapsed() < PATIENCE {
            return;
        }
        let (what, done, total) = match progress {
            Progress::Reading { done, total } => ("reading", done, total),
            Progress::Judging { done, total } => ("judging", done, total),
        };
        let mut bar = self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        bar.set_message(what);
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    }

    fn finish(&self) {
        let bar = self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(bar) = bar.as_ref() {
            bar.finish_and_clear();
        }
    }
}
