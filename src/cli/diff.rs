//! `diff`: compare two snapshots, or what is written with what an account has.

use std::io::Write;

use super::arguments::{Diff, DiffFormat, When};
use super::meter::Meter;
use super::{CLEAN, COULD_NOT_CHECK, Error, FINDINGS, Terminal, context, emit, rule_set};
use crate::diff::{self, Side};
use crate::finding::Verdict;
use crate::input::NoteLevel;
use crate::scan::{Progress, Request};

pub(super) fn run(arguments: &Diff, terminal: Terminal, out: &mut dyn Write) -> Result<u8, Error> {
    let [before, after] = arguments.input.paths.as_slice() else { return Ok(COULD_NOT_CHECK) };
    let meter = Meter::new(terminal.progress && !arguments.quiet);
    let read = |path: &std::path::Path| {
        let request = Request {
            paths: vec![path.to_owned()],
            context: context(&arguments.input)?,
            rules: rule_set(&arguments.select)?,
            keep_all: true,
            ..Request::default()
        };
        let side = Side::read(&request, &|progress| match progress {
            Progress::Reading { done, total } => meter.show("reading", done, total),
            Progress::Judging { done, total } => meter.show("judging", done, total),
        });
        usable(&side, path).map(|()| side)
    };
    let sides = read(before).and_then(|before| Ok((before, read(after)?)));
    meter.finish();
    let (before, after) = sides?;
    let found = diff::compare(&before, &after);
    let color = match arguments.color {
        When::Auto => terminal.color && arguments.output.is_none(),
        When::Always => true,
        When::Never => false,
    };
    emit(arguments.output.as_deref(), out, |out| match arguments.format {
        DiffFormat::Terminal => diff::terminal::write(&found, &before, &after, color, out),
        DiffFormat::Json => diff::json::write(&found, &before, &after, out),
    })?;
    let crossed = arguments.fail_on.severity().is_some_and(|gate| found.crosses(gate));
    Ok(if crossed { FINDINGS } else { CLEAN })
}

/// What could not be read or judged cannot be compared.
fn usable(side: &Side, path: &std::path::Path) -> Result<(), Error> {
    let failed = |why: String| Err(Error::Uncomparable(format!("`{}` cannot be compared: {why}", path.display())));
    let broken = side.report.notes.iter().find(|note| note.level == NoteLevel::Error);
    if let Some(note) = broken {
        let place =
            note.span.map(|span| format!("{}:{}: ", side.sources.file(span.file).name, side.sources.position(span)));
        return failed(format!("{}{}", place.unwrap_or_default(), note.message));
    }
    if let Some(finding) = side.report.findings.iter().find(|finding| finding.verdict == Verdict::Error) {
        return failed(format!("rule {}: {}", finding.rule.id, finding.message));
    }
    if side.is_empty() {
        return failed("nothing in it was understood".to_owned());
    }
    Ok(())
}
