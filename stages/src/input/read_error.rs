//! What it means that a path could not be opened or read.

use std::io;

use crate::code::Code;
use crate::error::{Error, InputError, Message};
use crate::ports::files::Changed;

/// Returns the error for a path that could not be opened or read.
pub fn read_error(path: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            InputError::new(Code::NotFound, "there is no such file or folder", "check the path; it counts from the folder you are in")
                .in_file(path)
        }
        io::ErrorKind::PermissionDenied => {
            Error::io(path, Message::new("permission denied", "run as a user who may read it, or change its permissions"))
        }
        _ if error.get_ref().is_some_and(|error| error.is::<Changed>()) => changed_error(path),
        _ => Error::reading(path, error),
    }
}

/// Returns the error for a file that changed while it was read.
pub fn changed_error(path: &str) -> Error {
    Error::io(path, Message::new(Changed.to_string(), "run this again when nothing writes to it"))
}
