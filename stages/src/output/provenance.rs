//! What made a model, to `provenance.json`: the command line, the inputs and their digests, the component.
//!
//! It stands beside the model because the model is a pure function of data, plan and schema, and says nothing of where they were.

use serde_json::{Value, json};

use crate::error::Result;
use crate::ports::digest::Input;
use crate::stage::Stage;
use crate::text::json;

/// The text of `provenance.json`.
pub fn text(stage: &Stage<'_>, inputs: &[Input]) -> Result<String> {
    Ok(json::document(&json!({
        "format": "samefit-provenance/1",
        "command": stage.command,
        "inputs": self::inputs(inputs),
        "component_sha256": component_sha256(stage)?,
        "version": env!("CARGO_PKG_VERSION"),
    })))
}

/// Files with their sizes and digests.
pub(crate) fn inputs(inputs: &[Input]) -> Value {
    inputs.iter().map(|input| json!({"path": input.path, "bytes": input.bytes, "sha256": input.sha256})).collect()
}

/// The digest of the core module that computes, if it is known.
pub(crate) fn component_sha256(stage: &Stage<'_>) -> Result<Option<String>> {
    Ok(Some(stage.engine.identity()?.component_sha256).filter(|sha256| !sha256.is_empty()))
}
