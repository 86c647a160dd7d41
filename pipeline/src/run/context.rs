//! What a run works with: the store, the host program and the options of the command line.

use std::path::PathBuf;

use super::runtime::Runtime;
use crate::store::Store;

/// What the program that uses this library supplies.
pub struct HostContext<'a> {
    /// The executable that acts as `samefit`, as `pachctl` and as [`supervisor`](super::supervisor::NAME), depending on the name it is run by.
    pub program: PathBuf,
    /// Returns the time in seconds since 1970.
    pub now: fn() -> u64,
    /// Returns whether the run has to stop.
    pub stop_requested: &'a (dyn Fn() -> bool + Sync),
    /// How many threads the machine runs at once.
    pub cores: usize,
}

/// Options of a run.
pub struct RunOptions<'a> {
    /// The number of workers, whatever the specs and the machine say.
    pub workers: Option<usize>,
    /// Whether a pipeline whose last job failed gets a new job even if nothing changed.
    pub retry: bool,
    /// Where programs run.
    pub runtime: &'a dyn Runtime,
}

/// A run over a store.
pub struct Run<'a> {
    /// The store.
    pub store: &'a Store,
    /// What the host program supplies.
    pub host: &'a HostContext<'a>,
    /// The options.
    pub options: &'a RunOptions<'a>,
}
