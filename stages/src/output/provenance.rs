//! Writes `provenance.json`: the command line that made a model, the input files with their digests, and the component.
//!
//! It is a file beside the model, because the model depends on data, plan and schema only, and not on where they were.

use serde_json::{Value, json};

use crate::error::Result;
use crate::ports::digest::InputFile;
use crate::stage::Stage;
use crate::text::json;

/// Returns the text of `provenance.json`. `knots`: the knots of each column, if they were chosen from the data.
pub fn text(stage: &Stage<'_>, inputs: &[InputFile], knots: Option<&Value>) -> Result<String> {
    let mut document = json!({
        "format": "samefit-provenance/1",
        "command": stage.command,
        "inputs": self::inputs(inputs),
        "component_sha256": component_sha256(stage)?,
        "version": env!("CARGO_PKG_VERSION"),
    });
    if let Some(knots) = knots {
        document["knots"] = knots.clone();
    }
    Ok(json::document(&document))
}

/// Returns files with their sizes and digests as JSON.
pub(crate) fn inputs(inputs: &[InputFile]) -> Value {
    inputs.iter().map(|input| json!({"path": input.path, "bytes": input.bytes, "sha256": input.sha256})).collect()
}

/// Returns the digest of the core module that computes, if the engine knows it.
pub(crate) fn component_sha256(stage: &Stage<'_>) -> Result<Option<String>> {
    Ok(Some(stage.engine.identity()?.component_sha256).filter(|sha256| !sha256.is_empty()))
}
