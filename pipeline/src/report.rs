//! Where a verb says what it did: lines for people, results for whatever comes next. The program that runs the library stands behind it.

use crate::error::Result;

/// The people and machines that read along.
pub trait Report {
    /// A line of the account of what was done.
    fn say(&mut self, line: &str);
    /// Something a person should know though nothing failed.
    fn note(&mut self, line: &str);
    /// The result as a person reads it, to stdout. It may hold text of any origin: what misleads on a terminal is escaped.
    fn text(&mut self, text: &str) -> Result<()>;
    /// A part of the result as a machine reads it, to stdout, byte for byte.
    fn print(&mut self, bytes: &[u8]) -> Result<()>;
}
