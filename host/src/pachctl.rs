//! Asks Pachyderm's worker for one datum after another by running `pachctl next datum`.
//!
//! This relies on how Pachyderm 2.x works, as its source shows:
//!
//! - The worker starts the program once for each set of datums, even an empty one, and waits for the first `next datum`
//!   (`handleDatumSetBatching`). A program that ends before its first call fails the whole set. One that ends later fails the current datum.
//! - A call reports that the current datum succeeded and returns when the next one is in `/pfs`. `--error TEXT` reports that it failed; the text
//!   must not be empty, because `NextDatum` takes an empty one for success. After a failure the worker kills the program and starts it again
//!   for the next try.
//! - The program never learns that the set is done: the worker sends SIGKILL while a call waits. It kills the process group, so `pachctl` must
//!   stay in the program's own.
//! - A call that failed must not be repeated. The worker may have counted it and be about to hand out the datum; a second call would report
//!   that datum as done, or wait forever. The program must end instead: the worker counts a failed try and starts it again.
//! - `pachctl` is mounted at `/pach-bin`, which the worker appends to the path (`worker_rc.go`, `worker/main.go`).

use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use samefit_stages::error::{Error, Message, Result};

/// Where a worker mounts `pachctl`.
const MOUNTED: &str = "/pach-bin/pachctl";
const NAME: &str = "pachctl";

/// Most bytes of an error that is passed to `pachctl`: a command line has room for little more than a hundred kilobytes.
const ERROR_BYTES_MAX: usize = 8 << 10;

/// Hands out datums.
pub(crate) trait DatumSource {
    /// Reports that the current datum, if there is one, succeeded or failed with an error. Returns when the next datum is ready.
    fn next(&mut self, error: Option<&str>) -> Result<()>;
}

/// The worker behind `pachctl`.
pub(crate) struct Pachctl {
    program: &'static str,
}

impl Pachctl {
    /// Finds the mounted `pachctl`, or else the one on the path.
    pub(crate) fn find() -> Self {
        Self { program: if Path::new(MOUNTED).exists() { MOUNTED } else { NAME } }
    }
}

impl DatumSource for Pachctl {
    fn next(&mut self, error: Option<&str>) -> Result<()> {
        let mut command = Command::new(self.program);
        command.args(["next", "datum"]).stdin(Stdio::null());
        if let Some(error) = error {
            command.args(["--error", &error_argument(error)]);
        }
        match command.output() {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(call_failed(self.program, &output)),
            Err(error) => Err(cannot_run(self.program, &error)),
        }
    }
}

/// Returns the value of `--error`. It begins with a word, so it is neither empty nor taken for a flag; it is limited, and free of control
/// characters.
fn error_argument(error: &str) -> String {
    let text = format!("samefit: {}", samefit_text::lines(error.strip_prefix("error: ").unwrap_or(error)));
    text[..text.floor_char_boundary(ERROR_BYTES_MAX)].to_owned()
}

fn call_failed(program: &str, output: &Output) -> Error {
    let stderr = samefit_text::bytes(&output.stderr);
    let stderr = stderr.trim().lines().collect::<Vec<_>>().join("; ");
    let reason = if stderr.is_empty() { "without an error message" } else { &stderr };
    // `pachctl` has one exit status for every failure and its messages are not an interface, so the help covers both causes
    let help = "--batch needs `\"datumBatching\": true` in the transform of the pipeline's spec; if it is there, see the worker's log";
    Error::io(program, Message::new(format!("`next datum` failed ({}): {reason}", output.status), help))
}

fn cannot_run(program: &str, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound {
        let what = format!("--batch asks for datums with `{NAME}`, which is neither at `{MOUNTED}` nor on the path");
        return Error::usage(what, "run without --batch here: it is for pipelines with `\"datumBatching\": true`");
    }
    Error::io(program, Message::without_help(format!("cannot be run: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_argument_begins_with_a_word_and_is_limited() {
        assert_eq!(error_argument("error: a.csv: bad\nhelp: correct it"), "samefit: a.csv: bad\nhelp: correct it");
        assert_eq!(error_argument("-\0"), "samefit: -\\u{0}");
        let long = error_argument(&"ä ".repeat(ERROR_BYTES_MAX));
        assert!(long.len() <= ERROR_BYTES_MAX && long.len() > ERROR_BYTES_MAX - 2);
    }
}
