//! Proves that the same sources give the same bytes: builds a copy in another folder with another cargo home, and compares.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::publish::{self, FOLDER, Published};
use crate::wasm;

/// Builds in this folder and in a copy. Returns an error if a published file differs.
pub(crate) fn reproduce(root: &Path) -> Result<()> {
    let here = wasm::publish(root)?;
    let elsewhere = tempfile::Builder::new().prefix("samefit-reproduce-").tempdir()?;
    let copy = elsewhere.path().join("another").join("place");
    copy_sources(root, &copy)?;
    println!("building a copy in {}", copy.display());
    let there = build_apart(&copy, &elsewhere.path().join("cargo-home"))?;
    compare(&here, &there)
}

/// Runs this program's task `wasm` in the copy, with another cargo home.
fn build_apart(copy: &Path, cargo_home: &Path) -> Result<Vec<Published>> {
    link_registry(cargo_home)?;
    let status = Command::new(std::env::current_exe()?)
        .arg("wasm")
        .current_dir(copy)
        .env("CARGO_HOME", cargo_home)
        .env_remove("CARGO_TARGET_DIR")
        .status()
        .context("xtask wasm")?;
    ensure!(status.success(), "the build in {} failed", copy.display());
    publish::read(copy)
}

/// Creates a cargo home that shares the downloads of the present one.
fn link_registry(cargo_home: &Path) -> Result<()> {
    fs::create_dir_all(cargo_home)?;
    let present = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let present = present.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let registry = present.context("there is no home folder")?.join("registry");
    std::os::unix::fs::symlink(&registry, cargo_home.join("registry")).with_context(|| registry.display().to_string())
}

/// Copies the files that git would commit, with their present content.
fn copy_sources(root: &Path, copy: &Path) -> Result<()> {
    for file in sources(root)? {
        let (from, to) = (root.join(&file), copy.join(&file));
        // git also lists a file that was removed but is not committed yet
        if !from.is_file() {
            continue;
        }
        fs::create_dir_all(to.parent().context("a file in a folder")?)?;
        fs::copy(&from, &to).with_context(|| from.display().to_string())?;
    }
    Ok(())
}

/// Returns the project's files, relative to its root. Outside git, these are all files but those of tools and builds.
fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let git = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .stderr(std::process::Stdio::null())
        .output();
    match git {
        Ok(list) if list.status.success() => {
            let names = list.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
            Ok(names.map(|name| PathBuf::from(OsStr::from_bytes(name))).collect())
        }
        _ => {
            let mut files = Vec::new();
            walk(root, Path::new(""), &mut files)?;
            Ok(files)
        }
    }
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        let is_ignored = [".git", ".tools", "target", "workflow"].iter().any(|name| path == Path::new(name));
        match entry.file_type()? {
            kind if kind.is_dir() && !is_ignored => walk(root, &path, files)?,
            kind if kind.is_file() => files.push(path),
            _ => {}
        }
    }
    Ok(())
}

/// Prints one line for each file. Returns an error if the two lists differ.
fn compare(here: &[Published], there: &[Published]) -> Result<()> {
    let mut different = 0;
    for file in here {
        let other = there.iter().find(|other| other.name == file.name).map_or("missing", |other| &other.sha256);
        if other == file.sha256 {
            println!("same       {}  {}", file.sha256, file.name);
        } else {
            println!("DIFFERENT  {}  {}\n           {other}  there", file.sha256, file.name);
            different += 1;
        }
    }
    if different > 0 || here.len() != there.len() {
        bail!("{different} of {} files of {FOLDER} differ between two folders", here.len().max(there.len()));
    }
    println!("{} files of {FOLDER} are the same in both folders", here.len());
    Ok(())
}
