//! Findings → bytes. One file a format, all with the same input; no I/O but the given writer.

pub mod architecture;
pub mod asff;
pub mod json;
pub mod junit;
pub mod ocsf;
mod origin;
pub mod sarif;
pub mod secret;
pub mod terminal;

use std::io::{self, Write};

use crate::finding::{Finding, Report, Verdict};
use crate::source::{SourceMap, Span};
pub use origin::Occasion;

/// What every format gets.
#[derive(Debug)]
pub struct View<'a> {
    pub report: &'a Report,
    pub sources: &'a SourceMap,
    /// Show passes and not-applicables too.
    pub all: bool,
    /// Only findings and errors, no closing table.
    pub quiet: bool,
    pub color: bool,
    /// Terminal columns, for wrapping; 100 in a pipe.
    pub width: usize,
    /// For formats that say when, and whose a finding is.
    pub occasion: Occasion,
}

/// A report format: its name on the command line and its writer.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    pub name: &'static str,
    pub write: fn(&View<'_>, &mut dyn Write) -> io::Result<()>,
    /// What the format says that is not known, in words for who can give it.
    pub lacking: fn(&View<'_>) -> Option<String>,
}

pub const FORMATS: &[Format] = &[
    Format { name: "terminal", write: terminal::write, lacking: nothing },
    Format { name: "json", write: json::write, lacking: nothing },
    Format { name: "sarif", write: sarif::write, lacking: nothing },
    Format { name: "junit", write: junit::write, lacking: nothing },
    Format { name: "asff", write: asff::write, lacking: asff::lacking },
    Format { name: "ocsf", write: ocsf::write, lacking: ocsf::lacking },
];

fn nothing(_: &View<'_>) -> Option<String> {
    None
}

impl<'a> View<'a> {
    fn findings(&self) -> impl Iterator<Item = &'a Finding> {
        let all = self.all;
        let shown = move |finding: &&Finding| all || !matches!(finding.verdict, Verdict::Pass | Verdict::NotApplicable);
        self.report.findings.iter().filter(shown)
    }

    /// `file:line:column`.
    fn place(&self, span: Span) -> String {
        let position = self.sources.position(span);
        format!("{}:{position}", self.sources.file(span.file).name)
    }
}

/// `1 account`, `2 accounts`.
pub(crate) fn plural(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
