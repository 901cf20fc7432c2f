//! Findings → bytes. One file a format, all with the same input; no I/O but the given writer.

use std::io::{self, Write};

use crate::finding::Report;
use crate::source::SourceMap;

/// What every format gets.
#[derive(Debug)]
pub struct View<'a> {
    pub report: &'a Report,
    pub sources: &'a SourceMap,
    /// Show passes and not-applicables too.
    pub all: bool,
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

pub const FORMATS: &[Format] = &[];
