//! `cargo run --package samefit-web-build`: everything that the page is made of, to `target/web/`.
//!
//! | step | makes |
//! |---|---|
//! | `page` | `page.js`, `page_bg.wasm`: `web/src`, compiled and bound to the browser |
//! | `component` | `samefit.js`, `samefit.core*.wasm`: the component of `target/wasm`, transpiled; its core module stays what it is, byte for byte |
//! | `gather` | the other files, the service worker with the list of all, and beside each file its brotli twin |
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a task talks to the person who started it")]

mod component;
mod gather;
mod page;
#[path = "../../../xtask/src/toolchain.rs"]
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

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
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let out = fresh(&root.join("target/web-new"))?;
    page::build(&root, &out)?;
    component::transpile(&root, &out)?;
    gather::gather(&root, &out)?;
    replace(&out, &root.join("target/web"))
}

/// An empty folder.
fn fresh(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    Ok(folder.to_owned())
}

/// The page is whole or not there.
fn replace(new: &Path, place: &Path) -> Result<()> {
    if place.exists() {
        std::fs::remove_dir_all(place)?;
    }
    std::fs::rename(new, place)?;
    println!("the page is in {}", place.display());
    Ok(())
}

/// Runs a command that has to end well.
fn done(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| name.clone())?;
    ensure!(status.success(), "{name} failed");
    Ok(())
}
