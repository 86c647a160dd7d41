//! The disk as the file system that the stages ask for: reading, and what stands where. *Not here*: writing (`output`).
//!
//! A datum that `samefit pipeline` runs without a container has its `/pfs` in a folder that the variable `SAMEFIT_PFS` names. Only here is that
//! known: everything else sees `/pfs`, so what a stage says and writes is what it says and writes in a container.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::hash::Hasher;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use samefit_stages::error::Result;
use samefit_stages::limits::CHUNK_BYTES;
use samefit_stages::ports::columns::Columns;
use samefit_stages::ports::files::{Changed, Files, Kind, Output};
use twox_hash::XxHash3_64;

use crate::output::Staged;
use crate::stamp::{Change, Stamp};

/// The machine's own file system.
#[derive(Default)]
pub(crate) struct Disk {
    /// The folder asked about last, and where it really is: of thousands of files in one folder only the first costs a look at every
    /// folder above.
    folder: Mutex<Option<(PathBuf, PathBuf)>>,
}

impl Disk {
    /// A path without links, `.` and `..`.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        match (path.parent(), path.file_name()) {
            // not of the path as it is written: a slash at its end would follow the link
            (Some(folder), Some(name)) if !fs::symlink_metadata(folder.join(name))?.is_symlink() => {
                Ok(self.canonical_folder(folder)?.join(name))
            }
            _ => fs::canonicalize(path),
        }
    }

    fn canonical_folder(&self, folder: &Path) -> io::Result<PathBuf> {
        // what a thread that panicked left here is whole
        let mut known = self.folder.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &*known {
            Some((asked, canonical)) if asked == folder => Ok(canonical.clone()),
            _ => {
                let canonical = fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?;
                *known = Some((folder.to_owned(), canonical.clone()));
                Ok(canonical)
            }
        }
    }
}

impl Files for Disk {
    fn kind(&self, path: &str) -> io::Result<Kind> {
        let kind = fs::metadata(stands(path))?.file_type();
        Ok(match () {
            () if kind.is_dir() => Kind::Folder,
            () if kind.is_file() => Kind::File,
            () => Kind::Pipe,
        })
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let name = |entry: io::Result<fs::DirEntry>| entry?.file_name().into_string().map_err(|name| not_utf8(&name));
        fs::read_dir(stands(folder))?.map(name).collect()
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send + '_>> {
        let path = stands(path);
        let file = File::open(&path)?;
        read_ahead(&file);
        if file.metadata()?.is_file() { Ok(Box::new(Watched::new(file, path)?)) } else { Ok(Box::new(file)) }
    }

    fn bytes(&self, path: &str) -> Option<u64> {
        fs::metadata(stands(path)).ok().filter(fs::Metadata::is_file).map(|found| found.len())
    }

    fn columns(&self, path: &str) -> Result<Box<dyn Columns>> {
        crate::columns::open(path)
    }

    fn identity(&self, path: &str) -> io::Result<String> {
        // the escapes of Debug keep names apart that are not UTF-8
        self.canonical(&stands(path)).map(|path| format!("{path:?}"))
    }

    fn file_id(&self, path: &str) -> io::Result<String> {
        fs::metadata(stands(path)).map(|found| format!("{}:{}", found.dev(), found.ino()))
    }

    fn output(&self) -> Box<dyn Output + Send + '_> {
        Box::new(Staged::default())
    }
}

/// A file that is read from its start to its end, and an error at the end if it changed meanwhile: what was read may be the beginning of one
/// content and the end of another.
struct Watched {
    file: File,
    path: PathBuf,
    before: Stamp,
    /// Digest of what was read, to compare with the file if its stamp does not say whether it changed. Against accidents, so it need only be fast.
    digest: XxHash3_64,
}

impl Watched {
    fn new(file: File, path: PathBuf) -> io::Result<Self> {
        let before = Stamp::of(&file.metadata()?);
        Ok(Self { file, path, before, digest: XxHash3_64::new() })
    }

    fn check(&self) -> io::Result<()> {
        match self.before.change(&self.file, &self.path)? {
            Change::No => Ok(()),
            Change::Perhaps if self.digest_again()? == self.digest.finish() => Ok(()),
            Change::Perhaps | Change::Yes => Err(Changed.into()),
        }
    }

    /// The digest of the file as it is now.
    fn digest_again(&self) -> io::Result<u64> {
        let (mut digest, mut chunk, mut offset) = (XxHash3_64::new(), vec![0; CHUNK_BYTES], 0);
        loop {
            match self.file.read_at(&mut chunk, offset) {
                Ok(0) => return Ok(digest.finish()),
                Ok(length) => {
                    digest.write(&chunk[..length]);
                    offset += length as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Read for Watched {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(chunk)?;
        if length == 0 && !chunk.is_empty() {
            self.check()?;
        }
        self.digest.write(&chunk[..length]);
        Ok(length)
    }
}

/// The folder that stands for `/pfs`.
static PFS: LazyLock<Option<OsString>> = LazyLock::new(|| std::env::var_os("SAMEFIT_PFS"));

/// Where a path stands.
pub(crate) fn stands(path: &str) -> PathBuf {
    moved(path, PFS.as_deref())
}

fn moved(path: &str, pfs: Option<&OsStr>) -> PathBuf {
    let below = path.strip_prefix("/pfs").filter(|below| below.is_empty() || below.starts_with('/'));
    match (pfs, below) {
        (Some(pfs), Some(below)) => {
            let mut at = pfs.to_owned();
            at.push(below);
            at.into()
        }
        _ => path.into(),
    }
}

/// Tells the system that the file is read from its start to its end. If it will not hear, reading is slower.
#[cfg(target_os = "linux")]
fn read_ahead(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
}

#[cfg(not(target_os = "linux"))]
fn read_ahead(_file: &File) {}

fn not_utf8(name: &std::ffi::OsStr) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("it holds a file whose name is not UTF-8: {name:?}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[cfg(unix)]
    #[test]
    fn paths_are_one_file_exactly_if_the_system_says_so() {
        let place = tempfile::tempdir().unwrap();
        let at = |path: &str| place.path().join(path);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/one"), "").unwrap();
        fs::write(at("a/b/one"), "").unwrap();
        std::os::unix::fs::symlink(at("a"), at("link")).unwrap();
        std::os::unix::fs::symlink("one", at("a/linked")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("a/broken")).unwrap();
        let disk = Disk::default();
        let paths =
            ["a/one", "a/b/one", "a/b/../one", "link/one", "link/linked", "a/./linked", "a/b/", "a/b/.", "link/", "link/b", "a/..", ""];
        // twice, so that each follows a folder that is known
        for path in paths.iter().chain(&paths) {
            let canonical = fs::canonicalize(at(path)).unwrap();
            assert_eq!(disk.identity(at(path).to_str().unwrap()).unwrap(), format!("{canonical:?}"), "{path}");
        }
        for path in ["a/broken", "a/none", "none/one"] {
            assert_eq!(disk.identity(at(path).to_str().unwrap()).unwrap_err().kind(), io::ErrorKind::NotFound, "{path}");
        }
        assert_eq!(disk.identity("Cargo.toml").unwrap(), format!("{:?}", fs::canonicalize("Cargo.toml").unwrap()));
    }

    #[test]
    fn pfs_stands_where_the_variable_says() {
        let at = |path: &str| moved(path, Some(OsStr::new("/tmp/d")));
        assert_eq!(at("/pfs/out/1.json"), PathBuf::from("/tmp/d/out/1.json"));
        assert_eq!(at("/pfs"), PathBuf::from("/tmp/d"));
        assert_eq!(at("/pfsx"), PathBuf::from("/pfsx"));
        assert_eq!(at("pfs/out"), PathBuf::from("pfs/out"));
        assert_eq!(moved("/pfs/out", None), PathBuf::from("/pfs/out"));
    }
}
