//! What the system says of a file, to a [`Error`] with a remedy.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::path::Path;

use samefit_text::line;

use crate::error::Error;

/// Input or output that failed at a path.
pub fn failed(path: &Path, error: &io::Error) -> Error {
    let (what, help) = match error.kind() {
        ErrorKind::NotFound => ("there is no such file or folder".to_owned(), "check the path"),
        ErrorKind::PermissionDenied => ("permission denied".to_owned(), "run as a user who may use it, or change its permissions"),
        ErrorKind::StorageFull => ("the disk is full".to_owned(), "free space and run the command again: what was done is kept"),
        ErrorKind::ReadOnlyFilesystem => ("the file system is read-only".to_owned(), "choose a place that may be written"),
        _ => (error.to_string(), "see to what the system says and run the command again"),
    };
    Error::Failed(format!("{}: {}\nhelp: {help}", samefit_text::path(path), line(&what)))
}

/// The same for use after `map_err`.
pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
    move |error| failed(path, &error)
}

/// Names or files that are wrong, and what to do.
pub fn bad(sentence: impl Display, help: impl Display) -> Error {
    Error::Bad(with_help(sentence, help))
}

/// Something that failed though nothing was wrong with what was asked, and what to do.
pub fn broken(sentence: impl Display, help: impl Display) -> Error {
    Error::Failed(with_help(sentence, help))
}

/// Two lines, whatever names stand in them.
fn with_help(sentence: impl Display, help: impl Display) -> String {
    format!("{}\nhelp: {}", line(&sentence.to_string()), line(&help.to_string()))
}
