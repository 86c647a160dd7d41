//! Ends a stream: its result, its notes.

use crate::error::{Error, InputError, Result};
use crate::plan::Plan;
use crate::ports::engine::{Stream, Summarizer};

/// Ends a summarizer that has read all of a file. Returns its statistics, or its state where the rows of all files count together.
pub(crate) fn end(plan: &Plan, summarizer: &mut dyn Summarizer) -> Result<String> {
    if plan.is_for_release() { summarizer.finish_state() } else { statistics_text(summarizer.finish()?) }
}

/// Returns the notes on a file that was read. The first of two passes has none, because the second has the same.
pub(crate) fn end_notes(plan: &Plan, summarizer: &mut dyn Summarizer, path: &str) -> Result<Vec<String>> {
    if plan.is_first_pass() { Ok(Vec::new()) } else { notes(summarizer, path) }
}

/// Returns the notes of a finished stream as lines.
pub(crate) fn notes(stream: &mut dyn Stream, path: &str) -> Result<Vec<String>> {
    let notes: Vec<InputError> =
        serde_json::from_str(&stream.notes()?).map_err(|_| Error::Trap("notes that are not as the contract says".to_owned()))?;
    Ok(notes.iter().map(|note| format!("note: {}: {note}", samefit_text::line(path))).collect())
}

/// Converts the bytes of statistics into text.
pub(crate) fn statistics_text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| Error::Trap("statistics that are not UTF-8".to_owned()))
}
