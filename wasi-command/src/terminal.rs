//! Reports to `wasi:cli/stderr`, results to `wasi:cli/stdout`.

use samefit_stages::error::{Error, Message, Result};
use samefit_stages::ports::report::Report;
use wasip2::cli::{stderr::get_stderr, stdout::get_stdout};
use wasip2::io::streams::{OutputStream, StreamError};

/// Bytes that a stream takes at once and waits for, by its contract.
const WRITE_BYTES_MAX: usize = 4096;

/// What the runtime shows to whoever started it.
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
        complain(&format!("{line}\n"));
    }

    fn print(&mut self, text: &str) -> Result<()> {
        self.document(&samefit_text::lines(text))
    }

    fn document(&mut self, text: &str) -> Result<()> {
        match write(&get_stdout(), text) {
            // who closes the pipe has read enough
            Ok(()) | Err(StreamError::Closed) => Ok(()),
            Err(StreamError::LastOperationFailed(error)) => {
                Err(Error::io("stdout", Message::without_help(format!("cannot be written: {}", error.to_debug_string()))))
            }
        }
    }
}

/// Text for a person to stderr; who closes it does not want to hear.
pub(crate) fn complain(text: &str) {
    drop(write(&get_stderr(), &samefit_text::lines(text)));
}

fn write(stream: &OutputStream, text: &str) -> Result<(), StreamError> {
    text.as_bytes().chunks(WRITE_BYTES_MAX).try_for_each(|piece| stream.blocking_write_and_flush(piece))
}
