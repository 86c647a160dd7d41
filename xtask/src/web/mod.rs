//! Builds the page, with everything it consists of, in `target/web/`.
//!
//! | file | makes |
//! |---|---|
//! | `page` | `page.js` and `page_bg.wasm`: `web/src`, compiled and bound to the browser |
//! | `component` | `samefit.core.wasm`: the core module of `target/wasm`; `abi.json`: its functions |
//! | `files` | all other files, the service worker with the list of files, and a brotli copy of each file |
//!
//! *Invariant*: `target/web` holds a whole page or nothing.

mod component;
mod files;
mod page;
mod run;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;

/// Builds the page of the workspace at `root`.
pub(crate) fn build(root: &Path) -> Result<()> {
    let out = empty_folder(&root.join("target/web-new"))?;
    page::build(root, &out)?;
    component::copy(root, &out)?;
    files::complete(root, &out)?;
    replace(&out, &root.join("target/web"))
}

fn empty_folder(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    Ok(folder.to_owned())
}

/// Moves the new page to its place. A page with the same files stays: the program carries it, and would be built again for newer times.
fn replace(new: &Path, place: &Path) -> Result<()> {
    if place.exists() && contents(new)? == contents(place)? {
        std::fs::remove_dir_all(new)?;
    } else {
        if place.exists() {
            std::fs::remove_dir_all(place)?;
        }
        std::fs::rename(new, place)?;
    }
    println!("the page is in {}", place.display());
    Ok(())
}

/// Returns the bytes of every file of a folder, by name.
fn contents(folder: &Path) -> Result<BTreeMap<OsString, Vec<u8>>> {
    std::fs::read_dir(folder)?
        .map(|entry| entry.and_then(|entry| Ok((entry.file_name(), std::fs::read(entry.path())?))))
        .collect::<std::io::Result<_>>()
        .map_err(Into::into)
}
