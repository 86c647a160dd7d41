//! Reports to stderr, results to stdout.
//!
//! *Invariants*: everything that people read goes through [`samefit_text`] here, whoever wrote it. Documents for machines go to stdout as
//! they are.

use std::io::{self, IsTerminal, Write};

use samefit_stages::error::{Error, Result};
use samefit_stages::ports::report::{Progress, Report};

use crate::progress::{ERASE, Line};

/// The terminal, or whatever stdout and stderr are.
pub(crate) struct Terminal {
    /// Nothing but notes and errors.
    quiet: bool,
    /// If a person watches.
    line: Option<Line>,
}

impl Terminal {
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, line: (!quiet && io::stderr().is_terminal()).then(Line::new) }
    }

    /// Writes text for a person to stdout.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        self.bytes(samefit_text::lines(text).as_bytes())
    }

    /// Writes bytes to stdout as they are. Who closes it (`samefit inspect model.json | head`) has read enough.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.erase();
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes room for what is said.
    fn erase(&mut self) {
        if self.line.as_mut().is_some_and(Line::erased) {
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

    fn note(&mut self, line: &str) {
        self.erase();
        complain(&format!("{line}\n"));
    }

    fn watches(&self) -> bool {
        self.line.is_some()
    }

    fn progress(&mut self, progress: &Progress) {
        if let Some(text) = self.line.as_mut().and_then(|line| line.draw(progress)) {
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

/// Writes text for a person to stderr. Who closes stderr does not want to hear.
pub(crate) fn complain(text: &str) {
    let _ = io::stderr().write_all(samefit_text::lines(text).as_bytes());
}
