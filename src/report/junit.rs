//! `JUnit` XML: a test suite a rule, a test case a subject, so that merge-request views list them as tests.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::View;
use super::origin::Origins;
use crate::finding::{Finding, Verdict};
use crate::input::NoteLevel;

pub(super) fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let origins = Origins::of(view);
    let mut report = Report::new("sra-guard");
    for count in &view.report.rules {
        let mut suite = TestSuite::new(format!("{} {}", count.rule.id, count.rule.title));
        for finding in view.findings().filter(|finding| finding.rule.id == count.rule.id) {
            suite.add_test_case(test_case(view, &origins, finding));
        }
        // Without `--all` passes are no findings, but their number is still said.
        let shown = suite.test_cases.len();
        if count.subjects() > shown {
            suite.add_property(("subjects-without-finding", (count.subjects() - shown).to_string().as_str()));
        }
        report.add_test_suite(suite);
    }
    let mut input = TestSuite::new("input");
    for note in view.report.notes.iter().filter(|note| note.level == NoteLevel::Error) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(note.message.as_str());
        input.add_test_case(TestCase::new(
            note.span.map_or_else(|| "input".to_owned(), |span| view.place(span)),
            status,
        ));
    }
    report.add_test_suite(input);
    // Written at once, so that an error of the output keeps its kind: a closed pipe is no failure.
    out.write_all(report.to_string().map_err(io::Error::other)?.as_bytes())
}

fn test_case(view: &View<'_>, origins: &Origins<'_>, finding: &Finding) -> TestCase {
    let mut status = match finding.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::NotApplicable | Verdict::Waived => TestCaseStatus::skipped(),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Unknown | Verdict::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if finding.verdict != Verdict::Pass {
        status.set_message(finding.sentence());
        status.set_type(format!("{}:{}", finding.verdict, finding.severity));
        let steps = finding.evidence.iter().enumerate().map(|(index, step)| {
            let place = step.span.map(|span| format!(" ({})", origins.place(view, span))).unwrap_or_default();
            format!("{}. {}{place}", index + 1, step.label)
        });
        let reasons = finding.reasons.iter().map(|reason| format!("unknown: {reason}"));
        let lines: Vec<String> = steps.chain(reasons).chain([format!("fix: {}", finding.rule.remedy)]).collect();
        status.set_description(lines.join("\n"));
    }
    let mut case = TestCase::new(finding.subject.id.as_str(), status);
    case.set_classname(finding.rule.id.as_str());
    case
}
