//! What was shared, to a line of the log that stands beside it: `north.json` is told of by `north.audit.jsonl`.
//!
//! A line says which statistics were written (their digest), of which files, how many rows they are the sums of, how the values were rounded
//! and what was changed for it. The log stays where the data are: it is there to find out what was given away before, above all when a
//! second release is about to differ from a first by a few rows.
//!
//! *Invariants*: a line is added, and none is lost; what was shared before, to the byte and from the same files, is not told of again. No clock:
//! equal runs write equal lines.

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::input::reading;
use crate::input::sources::AUDIT_SUFFIX;
use crate::output::outputs::Outputs;
use crate::output::provenance;
use crate::ports::files::{Files, Kind};
use crate::stage::Stage;
use crate::text::json;
use crate::text::paths::without_extension;
use crate::work::finish::FileNote;
use crate::work::summing::Sum;

/// Adds a line about the statistics that are written to `out`.
pub fn put(stage: &Stage<'_>, outputs: &mut Outputs<'_>, sum: &Sum, out: &str) -> Result<()> {
    let path = format!("{}{AUDIT_SUFFIX}", without_extension(out));
    let line = json::line(&entry(stage, sum)?);
    let mut log = before(stage.files, &path)?;
    if !log.lines().any(|told| told == line) {
        log.push_str(&line);
        log.push('\n');
    }
    outputs.put(&path, log)
}

/// Refuses a place beside which no log can stand.
pub fn check(files: &dyn Files, out: &str) -> Result<()> {
    if matches!(files.kind(out), Ok(Kind::Pipe)) || out.starts_with("/dev/") {
        let help = "give --out a file: a log of what was shared is written beside it";
        return Err(Error::Usage(format!("`{}` is no file, and what is shared goes to one\n{help}", samefit_text::line(out))));
    }
    Ok(())
}

/// The log so far, whole lines.
fn before(files: &dyn Files, path: &str) -> Result<String> {
    if files.kind(path).is_err() {
        return Ok(String::new());
    }
    let (mut log, _) = reading::text(files, path)?;
    if !log.is_empty() && !log.ends_with('\n') {
        log.push('\n');
    }
    Ok(log)
}

fn entry(stage: &Stage<'_>, sum: &Sum) -> Result<Value> {
    let notes: Vec<Value> = sum.notes.iter().map(FileNote::to_json).collect();
    let mut entry = json::parse_ours(&stage.engine.audit(&sum.statistics, &json::line(&notes.into()))?)?;
    entry["command"] = json!(stage.command);
    entry["inputs"] = json!(provenance::inputs(&sum.inputs));
    entry["component_sha256"] = json!(provenance::component_sha256(stage)?);
    entry["version"] = json!(env!("CARGO_PKG_VERSION"));
    Ok(entry)
}
