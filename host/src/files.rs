//! The machine's file system, as the stages ask for it: reads files and folders. *Not here*: writing (`output`).

use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::Hasher;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use samefit_stages::error::Result;
use samefit_stages::input::reading;
use samefit_stages::limits::CHUNK_BYTES;
use samefit_stages::ports::columns::{ColumnFile, ColumnKind, ColumnWriter, PredictionRows};
use samefit_stages::ports::digest::InputFile;
use samefit_stages::ports::files::{Changed, Files, Kind, Output};
use twox_hash::XxHash3_64;

use crate::columns;
use crate::file_snapshot::{FileChange, FileSnapshot};
use crate::output::StagedOutput;
use crate::pfs::resolve_pfs;

/// The machine's file system.
#[derive(Default)]
pub(crate) struct Disk {
    /// The folder that was canonicalized last, and the result. Of thousands of files in one folder, only the first costs a look at every
    /// folder above it.
    canonical_folder: Mutex<Option<(PathBuf, PathBuf)>>,
}

impl Disk {
    /// Returns the absolute path without links, `.` and `..`. Fails if nothing is there.
    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        match (path.parent(), path.file_name()) {
            // joined again, because a slash at the end of `path` would follow the link
            (Some(folder), Some(name)) if !fs::symlink_metadata(folder.join(name))?.is_symlink() => {
                Ok(self.canonicalize_folder(folder)?.join(name))
            }
            _ => fs::canonicalize(path),
        }
    }

    fn canonicalize_folder(&self, folder: &Path) -> io::Result<PathBuf> {
        // a pair that a panicking thread left is complete
        let mut last = self.canonical_folder.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((asked, canonical)) if asked == folder => Ok(canonical.clone()),
            _ => {
                let canonical = fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?;
                *last = Some((folder.to_owned(), canonical.clone()));
                Ok(canonical)
            }
        }
    }
}

impl Files for Disk {
    fn kind(&self, path: &str) -> io::Result<Kind> {
        let kind = fs::metadata(resolve_pfs(path))?.file_type();
        Ok(match () {
            () if kind.is_dir() => Kind::Folder,
            () if kind.is_file() => Kind::File,
            () => Kind::Pipe,
        })
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let name = |entry: io::Result<fs::DirEntry>| entry?.file_name().into_string().map_err(|name| not_utf8(&name));
        fs::read_dir(resolve_pfs(folder))?.map(name).collect()
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send + '_>> {
        let path = resolve_pfs(path);
        let file = File::open(&path)?;
        advise_sequential(&file);
        if file.metadata()?.is_file() { Ok(Box::new(CheckedReader::new(file, path)?)) } else { Ok(Box::new(file)) }
    }

    fn first_bytes(&self, path: &str, length: usize) -> io::Result<Vec<u8>> {
        let mut first = Vec::with_capacity(length);
        File::open(resolve_pfs(path))?.take(length as u64).read_to_end(&mut first)?;
        Ok(first)
    }

    fn bytes(&self, path: &str) -> Option<u64> {
        fs::metadata(resolve_pfs(path)).ok().filter(fs::Metadata::is_file).map(|found| found.len())
    }

    fn columns(&self, path: &str) -> Result<Box<dyn ColumnFile>> {
        columns::open(path, read_input)
    }

    fn column_writer(&self, to: ColumnKind, rows: PredictionRows, input: Option<&str>) -> Result<Box<dyn ColumnWriter>> {
        columns::writer(to, rows, input)
    }

    fn identity(&self, path: &str) -> io::Result<String> {
        // Debug escapes bytes that are not UTF-8, so different names stay different
        self.canonicalize(&resolve_pfs(path)).map(|path| format!("{path:?}"))
    }

    fn file_id(&self, path: &str) -> io::Result<String> {
        fs::metadata(resolve_pfs(path)).map(|found| format!("{}:{}", found.dev(), found.ino()))
    }

    fn output(&self) -> Box<dyn Output + Send + '_> {
        Box::new(StagedOutput::default())
    }
}

/// Reads a whole file and returns its size and digest.
fn read_input(path: &str) -> Result<InputFile> {
    reading::digest(&Disk::default(), path)
}

/// Reads a file from start to end. The read at the end fails with [`Changed`] if the file changed meanwhile: what was read can be the
/// beginning of one content and the end of another.
struct CheckedReader {
    file: File,
    path: PathBuf,
    before: FileSnapshot,
    /// Digest of the bytes that were read, compared with the file if its metadata do not settle whether it changed. It guards against
    /// accidents, so it need not be cryptographic.
    digest: XxHash3_64,
}

impl CheckedReader {
    fn new(file: File, path: PathBuf) -> io::Result<Self> {
        let before = FileSnapshot::of(&file.metadata()?);
        Ok(Self { file, path, before, digest: XxHash3_64::new() })
    }

    fn check_unchanged(&self) -> io::Result<()> {
        match self.before.compare(&self.file, &self.path)? {
            FileChange::Unchanged => Ok(()),
            FileChange::Possible if self.digest_of_file()? == self.digest.finish() => Ok(()),
            FileChange::Possible | FileChange::Changed => Err(Changed.into()),
        }
    }

    /// Reads the whole file again and returns its digest.
    fn digest_of_file(&self) -> io::Result<u64> {
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

impl Read for CheckedReader {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(chunk)?;
        if length == 0 && !chunk.is_empty() {
            self.check_unchanged()?;
        }
        self.digest.write(&chunk[..length]);
        Ok(length)
    }
}

/// Tells the system that the file is read from start to end. A failure only makes reading slower.
#[cfg(target_os = "linux")]
fn advise_sequential(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
}

#[cfg(not(target_os = "linux"))]
fn advise_sequential(_file: &File) {}

fn not_utf8(name: &OsStr) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("it contains a file whose name is not UTF-8: {name:?}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn paths_are_one_file_exactly_if_the_system_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/one"), "").unwrap();
        fs::write(at("a/b/one"), "").unwrap();
        std::os::unix::fs::symlink(at("a"), at("link")).unwrap();
        std::os::unix::fs::symlink("one", at("a/linked")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("a/broken")).unwrap();
        let disk = Disk::default();
        let paths =
            ["a/one", "a/b/one", "a/b/../one", "link/one", "link/linked", "a/./linked", "a/b/", "a/b/.", "link/", "link/b", "a/..", ""];
        // twice, so that each is asked for after another folder
        for path in paths.iter().chain(&paths) {
            let canonical = fs::canonicalize(at(path)).unwrap();
            assert_eq!(disk.identity(at(path).to_str().unwrap()).unwrap(), format!("{canonical:?}"), "{path}");
        }
        for path in ["a/broken", "a/none", "none/one"] {
            assert_eq!(disk.identity(at(path).to_str().unwrap()).unwrap_err().kind(), io::ErrorKind::NotFound, "{path}");
        }
        assert_eq!(disk.identity("Cargo.toml").unwrap(), format!("{:?}", fs::canonicalize("Cargo.toml").unwrap()));
    }
}
