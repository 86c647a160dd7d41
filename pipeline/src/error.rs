//! Everything that can stop `samefit pipeline`, as a sentence and what to do.
//!
//! **Wording.** As everywhere in samefit: a sentence without a capital or a full stop, then after a line break what to do. Names from the
//! command line and from files stand in backquotes.

use std::fmt;

use crate::spec::Problem;

/// What a verb returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a verb stopped. The program maps the kinds to exit codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Wrong usage of the command line.
    Usage(String),
    /// Specs, names or files that are wrong, or not there.
    Bad(String),
    /// A job that failed, or input and output that did.
    Failed(String),
    /// The run was stopped from outside; what was to be said has been said.
    Stopped,
}

impl From<Vec<Problem>> for Error {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Bad(problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\nerror: "))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Bad(text) | Self::Failed(text) => write!(f, "error: {text}"),
            Self::Stopped => f.write_str("error: stopped"),
        }
    }
}
