//! Where a stage says what it did: lines for people, documents for machines.
//!
//! The library never touches the terminal; the program that runs it does, behind this trait.

use crate::engine::Answer;

/// The people and machines that read along.
pub trait Report {
    /// A line of the account of what was done; `--quiet` silences it.
    fn say(&mut self, line: &str);
    /// Something the user should know though nothing failed; never silenced.
    fn note(&mut self, line: &str);
    /// The result itself, to stdout.
    fn print(&mut self, text: &str) -> Answer<()>;
}
