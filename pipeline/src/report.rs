//! The output of a verb: progress and notes for people, and results. The program that uses this library implements it.

use crate::error::Result;

/// Receives everything that a verb tells people and machines.
pub trait Report {
    /// Reports what was done. A program that was told to be quiet drops it.
    fn say(&mut self, text: &str);
    /// Reports something that a person should know though it is not an error.
    fn note(&mut self, text: &str);
    /// Writes a result for people to stdout. The text can come from anywhere, so characters that mislead on a terminal are escaped.
    fn print_text(&mut self, text: &str) -> Result<()>;
    /// Writes a part of a result for machines to stdout, byte for byte.
    fn print_bytes(&mut self, bytes: &[u8]) -> Result<()>;
}
