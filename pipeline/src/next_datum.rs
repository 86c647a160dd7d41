//! `pachctl next datum`, as the program of a pipeline with `datumBatching` runs it: asks the worker for the next datum and waits for it.
//!
//! A question is one line: `null`, or as a JSON string why the datum at hand failed. The answer is one line as well.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

/// Where the worker listens.
pub const WORKER_VARIABLE: &str = "PIPELINE_WORKER";

/// The name of the worker's socket, beside `pachctl`.
pub const SOCKET: &str = "worker.sock";

/// What the worker says when the next datum is laid out.
pub const READY: &str = "ready\n";

/// How much of the reason for a failure a worker is told.
const ERROR_BYTES_MAX: usize = 8 << 10;

const USAGE: &str = "usage: pachctl next datum [--error TEXT]\nthis is the `pachctl` of a local run: it knows nothing else";

/// Does what the arguments, without the program's name, say.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<String> = arguments.map(|argument| argument.to_string_lossy().into_owned()).collect();
    let said = match parse_arguments(&arguments) {
        Some(error) => request_next(error).map_err(|error| format!("the pipeline's worker cannot be asked: {error}")),
        None => Err(USAGE.to_owned()),
    };
    match said {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            let _ = writeln!(io::stderr(), "error: {}", samefit_text::lines(&text));
            ExitCode::FAILURE
        }
    }
}

/// What the arguments say of the datum at hand: nothing, or why it failed.
fn parse_arguments(arguments: &[String]) -> Option<Option<&str>> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["next", "datum"] => Some(None),
        ["next", "datum", "--error", error] => Some(Some(*error)),
        ["next", "datum", error] => error.strip_prefix("--error=").map(Some),
        _ => None,
    }
}

fn request_next(error: Option<&str>) -> io::Result<()> {
    let path = std::env::var_os(WORKER_VARIABLE).ok_or_else(|| io::Error::other(format!("{WORKER_VARIABLE} is not set")))?;
    let mut stream = UnixStream::connect(path)?;
    // a worker reads no more than 64 KiB; escapes take up to six times as much as what they stand for
    let error = error.map(|error| &error[..error.floor_char_boundary(ERROR_BYTES_MAX)]);
    stream.write_all(format!("{}\n", serde_json::json!(error)).as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer == READY { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_as_pachctl_takes_them() {
        let ask = |line: &str| {
            let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            parse_arguments(&arguments).map(|error| error.map(str::to_owned))
        };
        assert_eq!(ask("next datum"), Some(None));
        assert_eq!(ask("next datum --error broken"), Some(Some("broken".into())));
        assert_eq!(ask("next datum --error=broken"), Some(Some("broken".into())));
        assert_eq!(ask("list job"), None);
    }
}
