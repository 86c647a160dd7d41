//! Pachyderm's worker, asked for datum after datum by running `pachctl next datum`.
//!
//! What is relied on, in the words of Pachyderm's source (2.x):
//!
//! - The worker starts the program once a set of datums, an empty set too, and waits for the first `next datum`
//!   (`handleDatumSetBatching`). A program that ends before it asked fails the whole set; one that ends later fails the datum at hand.
//! - A call says that the current datum is done (`--error TEXT`: that it failed; the text must not be empty, `NextDatum` takes an empty one
//!   for success) and returns when `/pfs` holds the next. After a failure the worker kills the program, and starts it again for the next try.
//! - There is no end but SIGKILL, while a call waits. The worker kills the process group, so the child must stay in ours.
//! - A call that fails is not to be made again: the worker may have counted it and be waiting to hand out the datum, and a second one would
//!   say that this one is done, or wait forever. To end is right: the worker counts it as a failed try and starts the program again.
//! - `pachctl` is mounted at `/pach-bin`, which the worker puts at the end of the path (`worker_rc.go`, `worker/main.go`).

use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use samefit_stages::error::{Error, Message, Result};

/// Where a worker mounts it.
const MOUNTED: &str = "/pach-bin/pachctl";
const NAME: &str = "pachctl";

/// Longest text of an error that is handed on: a command line has room for little more than a hundred kilobytes.
const REASON_BYTES_MAX: usize = 8 << 10;

/// Whoever hands out datums.
pub(crate) trait Worker {
    /// The current datum, if there is one, is done or has failed for a reason. Returns when the next one stands ready.
    fn next(&mut self, failed: Option<&str>) -> Result<()>;
}

/// The worker behind `pachctl`.
pub(crate) struct Pachctl {
    program: &'static str,
}

impl Pachctl {
    /// The one that is mounted, or the one on the path.
    pub(crate) fn find() -> Self {
        Self { program: if Path::new(MOUNTED).exists() { MOUNTED } else { NAME } }
    }
}

impl Worker for Pachctl {
    fn next(&mut self, failed: Option<&str>) -> Result<()> {
        let mut command = Command::new(self.program);
        command.args(["next", "datum"]).stdin(Stdio::null());
        if let Some(reason) = failed {
            command.args(["--error", &reason_argument(reason)]);
        }
        match command.output() {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(refused(self.program, &output)),
            Err(error) => Err(cannot_run(self.program, &error)),
        }
    }
}

/// Begins with a word, so that it is neither empty nor taken for a flag; short, and without what no argument may hold.
fn reason_argument(reason: &str) -> String {
    let text = format!("samefit: {}", samefit_text::lines(reason.strip_prefix("error: ").unwrap_or(reason)));
    text[..text.floor_char_boundary(REASON_BYTES_MAX)].to_owned()
}

fn refused(program: &str, output: &Output) -> Error {
    let said = samefit_text::bytes(&output.stderr);
    let said = if said.trim().is_empty() { "and it says nothing" } else { said.trim() };
    let help = match said.contains("datum batching not enabled") {
        true => "set `\"datumBatching\": true` in the transform of the pipeline's spec, or run without --batch",
        false => "the worker starts the program again; if this repeats itself, look into the worker's own log",
    };
    // one line, so that the help stands on the next
    let said = said.lines().collect::<Vec<_>>().join("; ");
    Error::io(program, Message::new(format!("`next datum` failed ({}): {said}", output.status), help))
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
    fn a_reason_is_a_word_first_and_short() {
        assert_eq!(reason_argument("error: a.csv: bad\nhelp: correct it"), "samefit: a.csv: bad\nhelp: correct it");
        assert_eq!(reason_argument("-\0"), "samefit: -\\u{0}");
        let long = reason_argument(&"ä ".repeat(REASON_BYTES_MAX));
        assert!(long.len() <= REASON_BYTES_MAX && long.len() > REASON_BYTES_MAX - 2);
    }
}
