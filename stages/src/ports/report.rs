//! Where a stage says what it did: lines for people, documents for machines.
//!
//! What is for people may hold text of any origin: whoever implements [`Report`] escapes it.
//!
//! The library never touches the terminal; the program that runs it does, behind this trait.

use crate::error::Result;

/// How far the reading of data has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// The file that is read, from 1.
    pub file: usize,
    /// How many there are.
    pub files: usize,
    /// Bytes read, as stored.
    pub bytes: u64,
    /// Bytes of all files, as stored, if that is known.
    pub bytes_total: Option<u64>,
}

/// The people and machines that read along.
pub trait Report {
    /// A line of the account of what was done; `--quiet` silences it.
    fn say(&mut self, line: &str);
    /// Something the user should know though nothing failed; never silenced.
    fn note(&mut self, line: &str);
    /// Whether anyone watches how the work goes on.
    fn watches(&self) -> bool {
        false
    }
    /// How far it has come; called often.
    fn progress(&mut self, _progress: &Progress) {}
    /// The result as a person reads it, to stdout: what misleads on a terminal is escaped ([`samefit_text::lines`]).
    fn print(&mut self, text: &str) -> Result<()>;
    /// The result as a machine reads it, to stdout, byte for byte.
    fn document(&mut self, text: &str) -> Result<()>;
}
