//! The end of a stream to what it gives: statistics, a state, notes.

use crate::error::{Error, InputError, Result};
use crate::plan::Plan;
use crate::ports::engine::{Stream, Summarizer};

/// What a file gives at its end, for others to be added to: statistics, or a part of what counts together.
pub(crate) fn end(plan: &Plan, summarizer: &mut dyn Summarizer) -> Result<String> {
    if plan.shares() { summarizer.finish_state() } else { text(summarizer.finish()?) }
}

/// What is to be said of a file at its end. The second of two passes says it again.
pub(crate) fn end_notes(plan: &Plan, summarizer: &mut dyn Summarizer, path: &str) -> Result<Vec<String>> {
    if plan.surveys() { Ok(Vec::new()) } else { notes(summarizer, path) }
}

/// What the engine wants the user to know, as lines.
pub(crate) fn notes(stream: &mut dyn Stream, path: &str) -> Result<Vec<String>> {
    let notes: Vec<InputError> =
        serde_json::from_str(&stream.notes()?).map_err(|error| Error::Trap(format!("notes that are not in the contract: {error}")))?;
    Ok(notes.iter().map(|fault| format!("note: {}: {fault}", samefit_text::line(path))).collect())
}

/// The text of statistics.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| Error::Trap("statistics that are not UTF-8".to_owned()))
}
