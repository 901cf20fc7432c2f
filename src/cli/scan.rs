//! `scan`: judge what was given, report it, and say by the exit code whether a gate may open.

use std::io::Write;

use super::arguments::{Format, Judging, Scan, When};
use super::meter::Meter;
use super::{CLEAN, COULD_NOT_CHECK, Error, FINDINGS, Terminal, context, emit, exists, rule_set};
use crate::finding::{Report, RuleCount, Verdict};
use crate::input::NoteLevel;
use crate::report::{FORMATS, Occasion, View};
use crate::rule::raw::GuardFile;
use crate::scan::{Progress, Request, scan};
use crate::source::SourceMap;

pub(super) fn run(arguments: &Scan, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    let context = context(&arguments.input)?;
    let request = Request {
        paths: arguments.input.paths.clone(),
        context,
        changed_only: arguments.changed_only,
        ..request(&arguments.judging)?
    };
    Ok(judge(&request, &arguments.judging, terminal, out)?.code)
}

/// What was judged, and what it means for a gate.
#[cfg_attr(not(feature = "account"), expect(dead_code, reason = "only publishing goes on with a report"))]
pub(super) struct Run {
    pub report: Report,
    pub sources: SourceMap,
    pub code: u8,
}

/// A request without input.
pub(super) fn request(judging: &Judging) -> Result<Request, Error> {
    for file in &judging.guard {
        exists(file)?;
    }
    Ok(Request {
        rules: rule_set(&judging.select)?,
        guard: GuardFile::load_all(&judging.guard).map_err(|error| Error::Guard(error.to_string()))?,
        keep_all: judging.all,
        ..Request::default()
    })
}

/// Scans, reports, and says whether a gate may open.
pub(super) fn judge(
    request: &Request,
    judging: &Judging,
    terminal: Terminal,
    out: &mut dyn Write,
) -> Result<Run, Error> {
    let sources = SourceMap::default();
    let meter = Meter::new(terminal.progress && !judging.quiet);
    let report = scan(request, &sources, &|progress| match progress {
        Progress::Reading { done, total } => meter.show("reading", done, total),
        Progress::Judging { done, total } => meter.show("judging", done, total),
    });
    meter.finish();

    let color = match judging.color {
        When::Auto => terminal.color && judging.output.is_none(),
        When::Always => true,
        When::Never => false,
    };
    let view = View {
        report: &report,
        sources: &sources,
        all: judging.all,
        quiet: judging.quiet,
        color,
        width: terminal.width,
        occasion: Occasion {
            as_of: judging.as_of,
            account: request.context.account.clone(),
            region: request.context.region.clone(),
            partition: Some(request.context.partition().to_owned()),
        },
    };
    let name = match judging.format {
        Format::Terminal => "terminal",
        Format::Json => "json",
        Format::Sarif => "sarif",
        Format::Junit => "junit",
        Format::Asff => "asff",
        Format::Ocsf => "ocsf",
    };
    if let Some(format) = FORMATS.iter().find(|format| format.name == name) {
        if let Some(why) = (format.lacking)(&view) {
            return Err(Error::Lacking(why));
        }
        emit(judging.output.as_deref(), out, |out| (format.write)(&view, out))?;
    }
    let code = exit_code(&report, judging);
    Ok(Run { report, sources, code })
}

fn exit_code(report: &Report, arguments: &Judging) -> u8 {
    let subjects: usize = report.rules.iter().map(RuleCount::subjects).sum();
    let any = |verdict| report.findings.iter().any(|finding| finding.verdict == verdict);
    let unreadable = report.notes.iter().any(|note| note.level == NoteLevel::Error);
    if unreadable || report.nothing_listed() || any(Verdict::Error) || (arguments.strict && subjects == 0) {
        return COULD_NOT_CHECK;
    }
    let gate = arguments.fail_on.severity();
    let failed = gate.is_some_and(|gate| {
        report.findings.iter().any(|finding| finding.verdict == Verdict::Fail && finding.severity >= gate)
    });
    if failed || (arguments.strict && any(Verdict::Unknown)) { FINDINGS } else { CLEAN }
}
