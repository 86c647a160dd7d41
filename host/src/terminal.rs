//! Reports to stderr, results to stdout.

use std::io::{self, Write};

use samefit_stages::engine::Answer;
use samefit_stages::failure::Failure;
use samefit_stages::report::Report;

/// The terminal, or whatever stdout and stderr are.
pub(crate) struct Terminal {
    /// Nothing but notes and errors.
    pub(crate) quiet: bool,
}

impl Report for Terminal {
    fn say(&mut self, line: &str) {
        if !self.quiet {
            self.note(line);
        }
    }

    fn note(&mut self, line: &str) {
        // who closes stderr does not want to hear
        let _ = writeln!(io::stderr(), "{line}");
    }

    fn print(&mut self, text: &str) -> Answer<()> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            // `samefit inspect model.json | head` has read enough
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Failure::Io { path: "stdout".to_owned(), text: format!("cannot be written: {error}") }),
            Ok(()) => Ok(()),
        }
    }
}
