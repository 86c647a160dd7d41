//! `cargo xtask TASK`: build tasks that need more than a line of shell.
//!
//! | task | what it does |
//! |---|---|
//! | `wasm` | builds the component and the WASI command, and publishes them in `target/wasm/` |
//! | `reproduce` | builds them again in another folder, and compares every byte |
//! | `abi` | writes the table of the core module's functions to `core-wasm/wit/abi.json` |
//! | `web` | builds the page in `target/web/`; starts itself again with the feature `web`, which it needs |
//! | `specs` | writes the Pachyderm specs that ship to `pachyderm/specs/` |
//! | `sbom FILE` | writes the program's software bill of materials |
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tasks report to the person who started them")]

mod abi;
mod encode;
mod publish;
mod reproduce;
mod sbom;
mod specs;
mod toolchain;
mod wasm;
#[cfg(feature = "web")]
mod web;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};

const USAGE: &str = "usage: cargo xtask wasm | reproduce | abi | web | specs | sbom FILE";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let root = root()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["wasm"] => publish::report(&root, &wasm::publish(&root)?),
        ["reproduce"] => reproduce::reproduce(&root),
        ["abi"] => abi::write(&root),
        ["specs"] => specs::write(&root),
        ["sbom", to] => sbom::write(&root, Path::new(to)),
        ["web"] => build_page(&root),
        _ => bail!(USAGE),
    }
}

#[cfg(feature = "web")]
fn build_page(root: &Path) -> Result<()> {
    web::build(root)
}

/// Starts this task again with the feature `web`. The feature's dependencies are large, and other tasks should not wait for them.
#[cfg(not(feature = "web"))]
fn build_page(root: &Path) -> Result<()> {
    let arguments = ["run", "--locked", "--quiet", "--package", "xtask", "--features", "web", "--", "web"];
    let status = Command::new(wasm::cargo()).args(arguments).current_dir(root).status().context("cargo run")?;
    ensure!(status.success(), "the page could not be built (see above)");
    Ok(())
}

/// Returns the root of the workspace that the current folder belongs to. `reproduce` starts this program in a copy of the workspace.
fn root() -> Result<PathBuf> {
    let output = Command::new(wasm::cargo()).args(["locate-project", "--workspace", "--message-format", "plain"]).output();
    let output = output.context("cargo locate-project")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    let manifest = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    Ok(manifest.parent().context("a manifest in a folder")?.canonicalize()?)
}
