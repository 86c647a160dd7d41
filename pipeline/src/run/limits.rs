//! Limits of time on a program, and the request to stop.

use std::fmt;
use std::time::{Duration, Instant};

/// How often a waiting thread checks its limits.
pub const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// Why a program was ended before it ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// The try of the datum took longer than `datumTimeout`.
    DatumTimeout,
    /// The job took longer than `jobTimeout`.
    JobTimeout,
    /// The run has to stop.
    Stopped,
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DatumTimeout => "it took longer than `datumTimeout`",
            Self::JobTimeout => "the job took longer than `jobTimeout`",
            Self::Stopped => "the run was stopped",
        })
    }
}

/// When a program has to end.
#[derive(Clone, Copy)]
pub struct Limits<'a> {
    /// The deadline of the try.
    pub datum: Option<Instant>,
    /// The deadline of the job.
    pub job: Option<Instant>,
    /// Returns whether the run has to stop.
    pub stop_requested: &'a (dyn Fn() -> bool + Sync),
}

impl Limits<'_> {
    /// Returns why a program has to end now, if it has to.
    pub fn exceeded(&self) -> Option<Interruption> {
        let is_over = |deadline: Option<Instant>| deadline.is_some_and(|deadline| Instant::now() >= deadline);
        match () {
            () if (self.stop_requested)() => Some(Interruption::Stopped),
            () if is_over(self.job) => Some(Interruption::JobTimeout),
            () if is_over(self.datum) => Some(Interruption::DatumTimeout),
            () => None,
        }
    }
}
