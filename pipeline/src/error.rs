//! The errors that stop a verb of `samefit pipeline`.
//!
//! **Wording.** As everywhere in samefit, a sentence has no capital at its beginning and no full stop at its end. Every error says what to do.
//! Names from the command line and from files stand in backquotes.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::spec::Problem;
use samefit_text::message::Message;

/// The result of a verb, or of a step of it.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a verb stopped. The program maps the variants to exit codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The command line is wrong.
    Usage(Message),
    /// A name or a file is wrong or missing.
    Invalid(Message),
    /// Specs are wrong.
    Specs(Vec<Problem>),
    /// A job, the machine, or reading or writing failed.
    Failed(Message),
    /// A person stopped the run. The run has already reported what it did.
    Stopped,
}

impl Error {
    /// Creates an error about the command line.
    pub fn usage(sentence: impl fmt::Display, help: impl fmt::Display) -> Self {
        Self::Usage(Message::new(sentence, help))
    }

    /// Creates an error about a name or a file that is wrong or missing.
    pub fn invalid(sentence: impl fmt::Display, help: impl fmt::Display) -> Self {
        Self::Invalid(Message::new(sentence, help))
    }

    /// Creates an error about a job or a machine that failed, though the request was right.
    pub fn failed(sentence: impl fmt::Display, help: impl fmt::Display) -> Self {
        Self::Failed(Message::new(sentence, help))
    }

    /// Creates an error about reading or writing at a path.
    pub fn io(path: &Path, error: &io::Error) -> Self {
        let (what, help) = match error.kind() {
            ErrorKind::NotFound => ("there is no such file or folder".to_owned(), "check the path"),
            ErrorKind::PermissionDenied => ("permission denied".to_owned(), "run as a user who may use it, or change its permissions"),
            ErrorKind::StorageFull => ("the disk is full".to_owned(), "free space and run the command again: finished work is kept"),
            ErrorKind::ReadOnlyFilesystem => ("the file system is read-only".to_owned(), "choose a folder that can be written to"),
            _ => (error.to_string(), "correct what the system reports and run the command again"),
        };
        Self::failed(format_args!("{}: {what}", samefit_text::path(path)), help)
    }

    /// Returns [`Error::io`] for one path, for use with `map_err`.
    pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| Self::io(path, &error)
    }

    /// Returns what a person should read, one message for each problem.
    pub fn messages(&self) -> Vec<Message> {
        match self {
            Self::Usage(message) | Self::Invalid(message) | Self::Failed(message) => vec![message.clone()],
            Self::Specs(problems) => problems.iter().map(Problem::message).collect(),
            Self::Stopped => vec![Message::without_help("stopped")],
        }
    }
}

impl From<Vec<Problem>> for Error {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Specs(problems)
    }
}

/// Writes `error: ` before each message.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages: Vec<String> = self.messages().iter().map(|message| format!("error: {message}")).collect();
        f.write_str(&messages.join("\n"))
    }
}
