//! Writes what was built into `target/wasm/`, with a list of digests, and says what stands there.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Where it is published, below the workspace.
pub(crate) const FOLDER: &str = "target/wasm";
const DIGESTS: &str = "SHA256SUMS";

/// A published file.
pub(crate) struct Published {
    pub(crate) name: String,
    pub(crate) sha256: String,
}

/// Writes the files and the list of their digests. A file that would not change is not touched, so that what is
/// built from it is not built again.
pub(crate) fn write(root: &Path, files: &[(&str, Vec<u8>)]) -> Result<Vec<Published>> {
    let folder = root.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let mut published = Vec::new();
    for (name, bytes) in files {
        write_if_changed(&folder.join(name), bytes)?;
        published.push(Published { name: (*name).to_owned(), sha256: samefit_formats::hex::encode(Sha256::digest(bytes)) });
    }
    write_if_changed(&folder.join(DIGESTS), digests(&published).as_bytes())?;
    Ok(published)
}

/// What the list of digests says was published.
pub(crate) fn read(root: &Path) -> Result<Vec<Published>> {
    let list = root.join(FOLDER).join(DIGESTS);
    let text = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
    let lines = text.lines().map(|line| line.split_once("  "));
    let files = lines.map(|line| line.map(|(sha256, name)| Published { name: name.to_owned(), sha256: sha256.to_owned() }));
    files.collect::<Option<_>>().with_context(|| format!("{} is no list of digests", list.display()))
}

/// One line a file.
pub(crate) fn report(root: &Path, published: &[Published]) -> Result<()> {
    for file in published {
        let path = Path::new(FOLDER).join(&file.name);
        let size = fs::metadata(root.join(&path)).with_context(|| path.display().to_string())?.len();
        println!("{:<44} {size:>9} bytes  sha256 {}", path.display(), file.sha256);
    }
    Ok(())
}

/// The list in the form that `sha256sum --check` reads.
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
    // a temporary file is its owner's alone; these are for everyone
    #[cfg(unix)]
    fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    file.persist(path).with_context(|| path.display().to_string())?;
    Ok(())
}
