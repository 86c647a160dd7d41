//! Ends a stream: its result, its notes.

use std::fmt;

use serde_json::{Value, json};

use crate::error::{Error, InputError, Result};
use crate::plan::Plan;
use crate::ports::engine::{Stream, Summarizer};

/// Ends a summarizer that has read all of a file. Returns the bytes of its statistics, or those of its groups ([`groups_of`] reads them), or
/// its state where the rows of all files count together.
pub(crate) fn end(plan: &Plan, summarizer: &mut dyn Summarizer) -> Result<Vec<u8>> {
    match () {
        () if plan.has_states() => summarizer.finish_state(),
        () if plan.is_grouped() => {
            let mut groups: Vec<GroupStatistics> = Vec::new();
            summarizer.finish_groups(&mut |group, statistics| {
                groups.push(GroupStatistics { group, statistics });
                Ok(())
            })?;
            serde_json::to_vec(&groups).map_err(|_| Error::Trap("groups that cannot be written".to_owned()))
        }
        () => summarizer.finish(),
    }
}

/// A group of rows, and the text of its `statistics.json`.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
pub(crate) struct GroupStatistics {
    /// The value that the rows have in the column that divides them.
    pub(crate) group: String,
    /// The statistics of these rows.
    pub(crate) statistics: String,
}

/// Reads what [`end`] returns for rows in groups.
pub(crate) fn groups_of(sum: &[u8]) -> Result<Vec<GroupStatistics>> {
    serde_json::from_slice(sum).map_err(|_| Error::Trap("groups that cannot be read".to_owned()))
}

/// Returns the notes on a file that was read. The first of two passes has none, because the second has the same.
pub(crate) fn end_notes(plan: &Plan, summarizer: &mut dyn Summarizer, path: &str) -> Result<Vec<String>> {
    if plan.is_first_pass() { Ok(Vec::new()) } else { Ok(notes(summarizer, path)?.iter().map(FileNote::to_string).collect()) }
}

/// A note of the engine on a file.
pub(crate) struct FileNote {
    path: String,
    note: InputError,
}

/// As a person reads it.
impl fmt::Display for FileNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "note: {}: {}", samefit_text::line(&self.path), self.note)
    }
}

impl FileNote {
    /// Returns the note for [`Engine::audit`](crate::ports::engine::Engine::audit), with names as they are shown.
    pub(crate) fn to_json(&self) -> Value {
        let InputError { row, column, message, .. } = &self.note;
        let column = column.as_deref().map(samefit_text::name);
        json!({"file": samefit_text::line(&self.path), "row": row, "column": column, "text": message.sentence})
    }
}

/// Returns the notes of a finished stream.
pub(crate) fn notes(stream: &mut dyn Stream, path: &str) -> Result<Vec<FileNote>> {
    let notes: Vec<InputError> =
        serde_json::from_str(&stream.notes()?).map_err(|_| Error::Trap("notes that are not as the contract says".to_owned()))?;
    Ok(notes.into_iter().map(|note| FileNote { path: path.to_owned(), note }).collect())
}

/// Converts the bytes of statistics into text.
pub(crate) fn statistics_text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| Error::Trap("statistics that are not UTF-8".to_owned()))
}
