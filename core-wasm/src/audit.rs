//! Statistics that are shared, and the notes on them, to the part of an audit line that follows from them (Audit in `docs/formats.md`).
//!
//! *Not here*: inputs, digests of files, command line and versions. The host knows those and adds them.

use crate::error::{Code, Result};
use crate::json;
use crate::ordered::IntoOrdered;
use crate::statistics::Statistics;
use crate::terms::Term;
use samefit_formats::hex;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The format's name.
pub const FORMAT: &str = "samefit-audit/1";

/// A note of a summarizer, with the table that it is about.
#[derive(Deserialize)]
struct FileNote {
    file: String,
    #[serde(default)]
    row: Option<u64>,
    #[serde(default)]
    column: Option<String>,
    text: String,
}

impl FileNote {
    /// Returns the note as the program prints it: `note: FILE: row 17, column `bmi`: SENTENCE`.
    fn line(&self) -> String {
        let place = match (self.row, &self.column) {
            (Some(row), Some(column)) => format!("row {row}, column `{column}`: "),
            (Some(row), None) => format!("row {row}: "),
            (None, Some(column)) => format!("column `{column}`: "),
            (None, None) => String::new(),
        };
        format!("note: {}: {place}{}", self.file, self.text)
    }
}

/// Returns the entries of an audit line that follow from statistics and notes: format, digest, rows, terms, decimals and changes.
///
/// `notes`: a JSON array of error records as summarizers return them, each with `file`, the name of its table.
///
/// # Errors
/// `json`, and `record` for notes of another shape.
pub fn audit(statistics: &Statistics, notes: &str) -> Result<Value> {
    let notes: Vec<FileNote> = json::parse(notes, Code::Record, "an array of notes with their files")?;
    let digest = Sha256::digest(statistics.to_json().as_bytes());
    Ok(json!({
        "format": FORMAT,
        "statistics_sha256": hex::encode(digest),
        "rows": statistics.rows.to_string(),
        "dropped": statistics.dropped.to_string(),
        "terms": statistics.terms.iter().map(Term::to_string).collect::<Vec<_>>(),
        "decimals": statistics.shared.as_ref().map(|shared| shared.named().into_map()),
        "changes": notes.iter().map(FileNote::line).collect::<Vec<_>>(),
    }))
}
