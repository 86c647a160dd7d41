//! Prints reports to stderr and results to stdout.
//!
//! *Invariants*: all text for people is escaped here by [`samefit_text`], whatever its origin. Documents for machines go to stdout unchanged.

use std::io::{self, IsTerminal, Write};

use samefit_stages::error::{Error, Result};
use samefit_stages::ports::report::{Progress, Report};

use crate::progress::{ERASE, ProgressLine};

/// Stdout and stderr, whether they are a terminal or not.
pub(crate) struct Terminal {
    /// Whether to print nothing but notes and errors.
    quiet: bool,
    /// The progress line; none if stderr is not a terminal.
    progress: Option<ProgressLine>,
}

impl Terminal {
    /// Creates the report of a run. Shows progress if stderr is a terminal and `quiet` is false.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, progress: (!quiet && io::stderr().is_terminal()).then(ProgressLine::new) }
    }

    /// Writes text for people to stdout.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        self.bytes(samefit_text::lines(text).as_bytes())
    }

    /// Writes bytes to stdout unchanged. A closed pipe is no error: its reader wants no more (`samefit inspect model.json | head`).
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.erase();
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    /// Erases the progress line before something else is printed.
    fn erase(&mut self) {
        if self.progress.as_mut().is_some_and(ProgressLine::clear) {
            let _ = write!(io::stderr(), "{ERASE}");
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.erase();
    }
}

impl Report for Terminal {
    fn say(&mut self, line: &str) {
        if !self.quiet {
            self.note(line);
        }
    }

    fn is_quiet(&self) -> bool {
        self.quiet
    }

    fn note(&mut self, line: &str) {
        self.erase();
        print_error(&format!("{line}\n"));
    }

    fn watches(&self) -> bool {
        self.progress.is_some()
    }

    fn progress(&mut self, progress: &Progress) {
        if let Some(text) = self.progress.as_mut().and_then(|line| line.draw(progress)) {
            let _ = write!(io::stderr(), "{text}");
        }
    }

    fn print(&mut self, text: &str) -> Result<()> {
        self.text(text).map_err(unwritten)
    }

    fn document(&mut self, text: &str) -> Result<()> {
        self.bytes(text.as_bytes()).map_err(unwritten)
    }
}

fn unwritten(error: io::Error) -> Error {
    Error::writing("stdout", &error)
}

/// Writes text for people to stderr. A failure is ignored: there is no other place to report it.
pub(crate) fn print_error(text: &str) {
    let _ = io::stderr().write_all(samefit_text::lines(text).as_bytes());
}
