//! Copies the core module of `target/wasm`, with the table by which the page calls it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::publish::FOLDER;

const CORE: &str = "samefit.core.wasm";
const TABLE: &str = "core-wasm/wit/abi.json";

/// Copies the core module as it is, and the table without spaces.
pub(crate) fn copy(root: &Path, out: &Path) -> Result<()> {
    let core = root.join(FOLDER).join(CORE);
    fs::copy(&core, out.join(CORE)).with_context(|| format!("{} is missing: run `sh scripts/just wasm` first", core.display()))?;
    let table: serde_json::Value = serde_json::from_slice(&fs::read(root.join(TABLE)).context(TABLE)?)?;
    fs::write(out.join("abi.json"), table.to_string())?;
    Ok(())
}
