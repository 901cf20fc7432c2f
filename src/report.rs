//! Findings → bytes. One file a format, all with the same input; no I/O but the given writer.

pub mod architecture;
pub mod json;
pub mod junit;
pub mod sarif;
pub mod secret;
pub mod terminal;

use std::io::{self, Write};

use crate::finding::{Finding, Report, Verdict};
use crate::source::{SourceMap, Span};

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
}

/// A report format: its name on the command line and its writer.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    pub name: &'static str,
    pub write: fn(&View<'_>, &mut dyn Write) -> io::Result<()>,
}

pub const FORMATS: &[Format] = &[
    Format { name: "terminal", write: terminal::write },
    Format { name: "json", write: json::write },
    Format { name: "sarif", write: sarif::write },
    Format { name: "junit", write: junit::write },
];

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
