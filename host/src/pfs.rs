//! Where `/pfs` is.
//!
//! In a container a datum's files are in `/pfs`. A datum that `samefit pipeline` runs without a container has them in a folder that the
//! environment variable `SAMEFIT_PFS` names. Only this module knows that folder: everything else reads, shows and records paths below `/pfs`,
//! so a stage prints and writes the same in both cases.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::LazyLock;

const VARIABLE: &str = "SAMEFIT_PFS";
const PFS: &str = "/pfs";

/// The folder that stands for `/pfs`, if there is one.
static FOLDER: LazyLock<Option<OsString>> = LazyLock::new(|| std::env::var_os(VARIABLE));

/// Returns the path to open for `path`: below the folder that stands for `/pfs` if `path` is in `/pfs`, otherwise `path` itself.
pub(crate) fn resolve_pfs(path: &str) -> PathBuf {
    resolve_in(path, FOLDER.as_deref())
}

fn resolve_in(path: &str, folder: Option<&OsStr>) -> PathBuf {
    let below = path.strip_prefix(PFS).filter(|below| below.is_empty() || below.starts_with('/'));
    match (folder, below) {
        (Some(folder), Some(below)) => {
            let mut resolved = folder.to_owned();
            resolved.push(below);
            resolved.into()
        }
        _ => path.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_in_pfs_are_resolved() {
        let resolve = |path: &str| resolve_in(path, Some(OsStr::new("/tmp/d")));
        assert_eq!(resolve("/pfs/out/1.json"), PathBuf::from("/tmp/d/out/1.json"));
        assert_eq!(resolve("/pfs"), PathBuf::from("/tmp/d"));
        assert_eq!(resolve("/pfsx"), PathBuf::from("/pfsx"));
        assert_eq!(resolve("pfs/out"), PathBuf::from("pfs/out"));
        assert_eq!(resolve_in("/pfs/out", None), PathBuf::from("/pfs/out"));
    }
}
