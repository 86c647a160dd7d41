//! Writes built files to `target/wasm/` with a list of their digests, and reads and prints that list.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The folder of published files, relative to the workspace.
pub(crate) const FOLDER: &str = "target/wasm";
const DIGESTS: &str = "SHA256SUMS";
/// The folder of the page, and the file that the page has in common with the published files.
const PAGE_FOLDER: &str = "target/web";
const CORE: &str = "samefit.core.wasm";

/// A published file.
pub(crate) struct Published {
    pub(crate) name: String,
    pub(crate) sha256: String,
}

/// Writes the files and the list of their digests. A file whose content is the same keeps its time, so that cargo does not build what
/// depends on it again.
pub(crate) fn write(root: &Path, files: &[(&str, Vec<u8>)]) -> Result<Vec<Published>> {
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let mut published = Vec::new();
    for (name, bytes) in files {
        write_if_changed(&folder.join(name), bytes)?;
        published.push(Published { name: (*name).to_owned(), sha256: samefit_formats::hex::encode(Sha256::digest(bytes)) });
    }
    write_if_changed(&folder.join(DIGESTS), digests(&published).as_bytes())?;
    remove_page_of_other_core(root)?;
    Ok(published)
}

/// Removes the page if it was built around another core module. The program would carry it, and the page would not compute what the program
/// computes.
fn remove_page_of_other_core(root: &Path) -> Result<()> {
    let page = root.join(PAGE_FOLDER);
    let Ok(core) = fs::read(page.join(CORE)) else { return Ok(()) };
    if fs::read(root.join(FOLDER).join(CORE)).is_ok_and(|published| published == core) {
        return Ok(());
    }
    println!("removed {PAGE_FOLDER}: it has another core module; `sh scripts/just web` builds it again");
    fs::remove_dir_all(&page).with_context(|| page.display().to_string())
}

/// Reads the list of digests.
pub(crate) fn read(root: &Path) -> Result<Vec<Published>> {
    let list = root.join(FOLDER).join(DIGESTS);
    let text = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
    let lines = text.lines().map(|line| line.split_once("  "));
    let files = lines.map(|line| line.map(|(sha256, name)| Published { name: name.to_owned(), sha256: sha256.to_owned() }));
    files.collect::<Option<_>>().with_context(|| format!("{} is not a list of digests", list.display()))
}

/// Prints one line for each file.
pub(crate) fn report(root: &Path, published: &[Published]) -> Result<()> {
    for file in published {
        let path = Path::new(FOLDER).join(&file.name);
        let size = fs::metadata(root.join(&path)).with_context(|| path.display().to_string())?.len();
        println!("{:<44} {size:>9} bytes  sha256 {}", path.display(), file.sha256);
    }
    Ok(())
}

/// Returns the list in the format of `sha256sum --check`.
fn digests(published: &[Published]) -> String {
    published.iter().fold(String::new(), |mut text, file| {
        let _ = writeln!(text, "{}  {}", file.sha256, file.name);
        text
    })
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let folder = path.parent().context("a file in a folder")?;
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(|| folder.display().to_string())?;
    file.write_all(bytes).with_context(|| path.display().to_string())?;
    // only the owner may read a temporary file, but everybody may read a published one
    #[cfg(unix)]
    fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    file.persist(path).with_context(|| path.display().to_string())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn a_page_of_another_core_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let page = root.path().join(PAGE_FOLDER);
        fs::create_dir_all(&page).unwrap();
        write(root.path(), &[(CORE, b"one".to_vec())]).unwrap();
        assert!(page.exists(), "a folder without a core module is no page");
        fs::write(page.join(CORE), "one").unwrap();
        write(root.path(), &[(CORE, b"one".to_vec())]).unwrap();
        assert!(page.exists());
        write(root.path(), &[(CORE, b"two".to_vec())]).unwrap();
        assert!(!page.exists());
    }
}
