//! Transpiles the component for a browser: its core module as it is, and JavaScript that calls it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::web::run::run;

const CORE: &str = "samefit.core.wasm";

/// Transpiles `target/wasm/samefit.component.wasm`, and checks that the core module keeps its bytes.
pub(crate) fn transpile(root: &Path, out: &Path) -> Result<()> {
    let published = root.join("target/wasm");
    let component = published.join("samefit.component.wasm");
    ensure!(component.exists(), "{} is missing: run `sh scripts/just wasm` first", component.display());
    run(Command::new(root.join("web/node_modules/.bin/jco"))
        .arg("transpile")
        .arg(&component)
        .args(["--quiet", "--name", "samefit", "--instantiation", "async", "--strict", "--base64-cutoff", "0"])
        .args(["--no-namespaced-exports", "--no-typescript", "--minify", "--out-dir"])
        .arg(out))?;
    let same = fs::read(published.join(CORE)).context(CORE)? == fs::read(out.join(CORE)).context(CORE)?;
    ensure!(same, "the page's {CORE} is not the one of target/wasm");
    Ok(())
}
