//! The executable that tests run as `samefit`. By the name of a supervisor or of `pachctl` it acts as that; otherwise it does nothing.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use samefit_pipeline::next_datum;
use samefit_pipeline::run::supervisor;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_default();
    match Path::new(&program).file_name().and_then(OsStr::to_str) {
        Some(supervisor::NAME) => supervisor::main(),
        Some("pachctl") => next_datum::main(arguments),
        _ => ExitCode::SUCCESS,
    }
}
