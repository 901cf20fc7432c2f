//! Laws of every scan: the same input gives the same bytes, and whatever a finding points at can be shown.

use std::collections::BTreeSet;
use std::path::PathBuf;

use sra_guard::finding::{Finding, Report};
use sra_guard::report::{FORMATS, View};
use sra_guard::scan::{Request, judge, scan};
use sra_guard::source::{SourceMap, Span};

use crate::support::{occasion, rules};

const ARCHITECTURES: [&str; 4] =
    ["alb-login-lambda", "private-resource-server", "serverless-board", "client-vpn-self-service"];

/// Paths below the package: reports contain them as they are given.
fn paths() -> Vec<PathBuf> {
    ARCHITECTURES.iter().map(|name| PathBuf::from("examples").join(name)).collect()
}

fn report_of(paths: Vec<PathBuf>) -> (Report, SourceMap) {
    let sources = SourceMap::default();
    let request = Request { paths, rules: rules().clone(), keep_all: true, ..Request::default() };
    let report = scan(&request, &sources, &|_| {});
    (report, sources)
}

fn json(paths: Vec<PathBuf>) -> String {
    let (report, sources) = report_of(paths);
    let view = View {
        report: &report,
        sources: &sources,
        all: true,
        quiet: false,
        color: false,
        width: 100,
        occasion: occasion(),
    };
    let format = FORMATS.iter().find(|format| format.name == "json").unwrap();
    let mut bytes = Vec::new();
    (format.write)(&view, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn neither_the_order_of_paths_nor_the_number_of_threads_changes_a_byte() {
    let expected = json(paths());
    assert!(expected.contains("\"fail\""));
    for (threads, turn) in [(1, 0), (1, 3), (2, 1), (7, 2)] {
        let mut shuffled = paths();
        shuffled.rotate_left(turn);
        shuffled.swap(0, 1);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let found = pool.install(|| json(shuffled.clone()));
        assert!(found == expected, "{threads} threads over {shuffled:?} give another report");
    }
}

/// What is wrong with a place that a report would show.
fn flaw(span: Span, sources: &SourceMap) -> Option<&'static str> {
    let file = sources.file(span.file);
    let (start, end) = (span.start as usize, span.end as usize);
    if start > end || end > file.text.len() {
        return Some("lies outside of its file");
    }
    let Some(text) = file.text.get(start..end) else { return Some("cuts a character") };
    if text.lines().next().unwrap_or_default().trim().is_empty() {
        return Some("begins with an empty line");
    }
    None
}

fn flaws(findings: &[Finding], sources: &SourceMap, place: &str, found: &mut BTreeSet<String>) {
    for finding in findings {
        let mut shown = vec![("the subject", finding.subject.span)];
        shown.extend(finding.evidence.iter().filter_map(|step| step.span.map(|span| (step.label.as_str(), span))));
        for (what, span) in shown {
            if let Some(flaw) = flaw(span, sources) {
                found.insert(format!("{} {place}, {}: {what} {flaw}", finding.rule.id, finding.subject.id));
            }
        }
    }
}

#[test]
fn everything_that_a_finding_points_at_can_be_shown() {
    let mut found = BTreeSet::new();
    let (report, sources) = report_of(paths());
    assert!(report.findings.len() > 100);
    flaws(&report.findings, &sources, "examples", &mut found);
    for rule in &rules().rules {
        for example in rule.examples().unwrap() {
            let sources = SourceMap::default();
            let unit = example.unit(&sources).unwrap();
            let judged = judge(unit.as_ref(), rules(), true);
            flaws(&judged.findings, &sources, &format!("{} ({})", rule.info.id, example.name), &mut found);
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}
