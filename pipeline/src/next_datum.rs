//! Acts as `pachctl next datum` for a program with `datumBatching`: asks the worker for the next datum, and waits for the answer.
//!
//! A request is one line of JSON: `null`, or a string with the reason why the current datum failed. The answer is one line too.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use samefit_text::message::Message;

/// The variable with the path of the worker's socket.
pub const WORKER_VARIABLE: &str = "PIPELINE_WORKER";

/// The name of the worker's socket. It is in the folder of `pachctl`.
pub const SOCKET: &str = "worker.sock";

/// The worker's answer when the next datum is in its folder.
pub const READY: &str = "ready\n";

/// How many bytes of a reason are sent to the worker.
const ERROR_BYTES_MAX: usize = 8 << 10;

const USAGE: &str = "usage: pachctl next datum [--error TEXT]";

/// Runs the command. `arguments` do not contain the program's name.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<String> = arguments.map(|argument| argument.to_string_lossy().into_owned()).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(io::stderr(), "error: {}", samefit_text::lines(&message.to_string()));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Message> {
    let usage = || Message::new(USAGE, "this `pachctl` belongs to a local run and has no other commands");
    let error = parse_arguments(arguments).ok_or_else(usage)?;
    request_next(error).map_err(|error| Message::without_help(format_args!("the pipeline's worker does not answer: {error}")))
}

/// Returns the reason of a failure, if the arguments give one. None if they are not valid.
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
    // the worker reads at most 64 KiB, and escapes take up to six times the bytes of what they stand for
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
    fn arguments_are_those_of_pachctl() {
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
