//! `cargo xtask VERB`: the tasks that need more than a line of shell.
//!
//! | verb | what it does |
//! |---|---|
//! | `wasm` | builds the component and its kin and publishes them in `target/wasm/` |
//! | `reproduce` | builds them again, elsewhere, and compares every byte |
//! | `licences` | checks that every dependency's licence is one of those agreed on |
//! | `specs` | writes the Pachyderm specs that ship, in `pachyderm/specs/` |
//! | `sbom FILE` | writes what the program is made of, as a software bill of materials |
//! | `web` | builds the page in `target/web/`; needs the feature `web`, with which it starts itself again |
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a task talks to the person who started it")]

mod encode;
mod licences;
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

const USAGE: &str = "usage: cargo xtask wasm | reproduce | licences | specs | sbom FILE | web";

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
    let verbs: Vec<String> = std::env::args().skip(1).collect();
    match verbs.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["wasm"] => publish::report(&root, &wasm::publish(&root)?),
        ["reproduce"] => reproduce::reproduce(&root),
        ["licences"] => licences::check(&root),
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

/// Starts this task again with the feature `web`. Its dependencies are large, and no other task waits for them to be compiled.
#[cfg(not(feature = "web"))]
fn build_page(root: &Path) -> Result<()> {
    let words = ["run", "--locked", "--quiet", "--package", "xtask", "--features", "web", "--", "web"];
    let status = Command::new(wasm::cargo()).args(words).current_dir(root).status().context("cargo run")?;
    ensure!(status.success(), "the page could not be built (see above)");
    Ok(())
}

/// The folder of the workspace in which this was started: `reproduce` starts it in a copy.
fn root() -> Result<PathBuf> {
    let answer = Command::new(wasm::cargo()).args(["locate-project", "--workspace", "--message-format", "plain"]).output();
    let answer = answer.context("cargo locate-project")?;
    ensure!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr).trim());
    let manifest = PathBuf::from(String::from_utf8(answer.stdout)?.trim());
    Ok(manifest.parent().context("a manifest in a folder")?.canonicalize()?)
}
