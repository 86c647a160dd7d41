//! Prints reports to `wasi:cli/stderr` and results to `wasi:cli/stdout`.

use samefit_stages::error::{Error, Message, Result};
use samefit_stages::ports::report::Report;
use wasip2::cli::{stderr::get_stderr, stdout::get_stdout};
use wasip2::io::streams::{OutputStream, StreamError};

/// Most bytes of one blocking write, by the contract of `wasi:io/streams`.
const WRITE_BYTES_MAX: usize = 4096;

/// Stdout and stderr of the runtime.
pub(crate) struct Terminal {
    /// Whether to print nothing but notes and errors.
    pub(crate) quiet: bool,
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
        print_error(&format!("{line}\n"));
    }

    fn print(&mut self, text: &str) -> Result<()> {
        self.document(&samefit_text::lines(text))
    }

    fn document(&mut self, text: &str) -> Result<()> {
        match write(&get_stdout(), text) {
            // a closed pipe is no error: its reader wants no more
            Ok(()) | Err(StreamError::Closed) => Ok(()),
            Err(StreamError::LastOperationFailed(error)) => {
                Err(Error::io("stdout", Message::without_help(format!("cannot be written: {}", error.to_debug_string()))))
            }
        }
    }
}

/// Writes text for people to stderr. A failure is ignored: there is no other place to report it.
pub(crate) fn print_error(text: &str) {
    drop(write(&get_stderr(), &samefit_text::lines(text)));
}

fn write(stream: &OutputStream, text: &str) -> Result<(), StreamError> {
    text.as_bytes().chunks(WRITE_BYTES_MAX).try_for_each(|piece| stream.blocking_write_and_flush(piece))
}
