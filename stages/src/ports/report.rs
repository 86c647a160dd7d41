//! Where a stage reports what it did: lines for people, documents for machines.
//!
//! A stage never touches the terminal. Text for people may come from anywhere (data, file names), so implementations of [`Report`] escape it.

use crate::error::Result;

/// How much of the data was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Number of the file that is being read, from 1.
    pub file: usize,
    /// Number of files.
    pub files: usize,
    /// Bytes read so far, as stored.
    pub bytes: u64,
    /// Bytes of all files as stored, if that is known.
    pub bytes_total: Option<u64>,
}

/// Receives what a stage reports.
pub trait Report {
    /// Reports a line of what was done. `--quiet` silences it.
    fn say(&mut self, line: &str);
    /// Whether nobody sees what is said: then it need not be computed.
    fn is_quiet(&self) -> bool {
        false
    }
    /// Reports something the user should know although nothing failed. It is never silenced.
    fn note(&mut self, line: &str);
    /// Whether anyone watches the progress.
    fn watches(&self) -> bool {
        false
    }
    /// Reports progress. It is called often.
    fn progress(&mut self, _progress: &Progress) {}
    /// Prints a result for people on stdout. Characters that mislead on a terminal are escaped ([`samefit_text::lines`]).
    fn print(&mut self, text: &str) -> Result<()>;
    /// Prints a result for machines on stdout, byte for byte.
    fn document(&mut self, text: &str) -> Result<()>;
}
