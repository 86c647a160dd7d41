//! The audit log of released statistics: a file of JSON Lines beside them. `north.json` has the log `north.audit.jsonl`.
//!
//! A line records the digest of the statistics, their input files, their number of rows, how values were rounded, and what was changed for that. The
//! log stays with the data. It shows what was released before, above all when a second release would differ from the first by a few rows.
//!
//! *Invariants*: lines are added and never lost. The same statistics from the same files are recorded once. There is no clock in a line, so equal
//! runs write equal lines.

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
    let mut log = log_so_far(stage.files, &path)?;
    if !log.lines().any(|logged| logged == line) {
        log.push_str(&line);
        log.push('\n');
    }
    outputs.put(&path, log)
}

/// Refuses an output that is not a regular file, because a log must be beside it.
pub fn check(files: &dyn Files, out: &str) -> Result<()> {
    if matches!(files.kind(out), Ok(Kind::Pipe)) || out.starts_with("/dev/") {
        let sentence =
            format!("`{}` is not a regular file, and `--share` writes an audit log beside its statistics", samefit_text::line(out));
        return Err(Error::usage(sentence, "give --out a regular file"));
    }
    Ok(())
}

/// Returns the log so far, in whole lines.
fn log_so_far(files: &dyn Files, path: &str) -> Result<String> {
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
