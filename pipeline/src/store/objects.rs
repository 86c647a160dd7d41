//! Contents to files named by their SHA-256, and back.
//!
//! *Invariants*: a file in `objects` is whole and durable, for contents are written and flushed under another name and only then renamed; so
//! what the ledger refers to is there after a crash at any point. What is read is compared with its name first.
//!
//! *Limits*: up to 16 contents are flushed one by one; more by one flush of the whole file system, which is quicker.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::datums::{Hash, Leaf};
use crate::disk::{at, broken};
use crate::failure::Failure;

const FLUSHED_SINGLY_MAX: usize = 16;
const CHUNK_BYTES: usize = 1 << 16;

/// The contents of a store.
#[derive(Debug)]
pub struct Objects {
    /// `ab/cdef..`, whole and durable.
    folder: PathBuf,
    /// What is being made.
    tmp: PathBuf,
    next: AtomicU64,
    /// Contents that were compared with their names by this process, and how their files looked then.
    verified: Mutex<BTreeMap<Hash, Stamp>>,
}

/// What changes when a file is written to.
type Stamp = (u64, i64, i64);

impl Objects {
    /// The contents in a folder, with another for what is being made.
    pub fn new(folder: PathBuf, tmp: PathBuf) -> Self {
        Self { folder, tmp, next: AtomicU64::new(0), verified: Mutex::default() }
    }

    /// Where a content stands.
    pub fn path(&self, hash: &Hash) -> PathBuf {
        let name = hash.to_string();
        self.folder.join(&name[..2]).join(&name[2..])
    }

    /// Whether there is a file for the content.
    pub fn has(&self, hash: &Hash) -> bool {
        self.path(hash).is_file()
    }

    /// The content, compared with its name.
    pub fn bytes(&self, hash: &Hash) -> Result<Vec<u8>, Failure> {
        let path = self.verify(hash)?;
        fs::read(&path).map_err(at(&path))
    }

    /// The content as a stream, compared with its name before.
    pub fn open(&self, hash: &Hash) -> Result<File, Failure> {
        let path = self.verify(hash)?;
        File::open(&path).map_err(at(&path))
    }

    /// Shows the content at another path: the same file under a second name, or a copy where the file system has none.
    pub fn link(&self, hash: &Hash, to: &Path) -> Result<(), Failure> {
        let path = self.verify(hash)?;
        fs::hard_link(&path, to).or_else(|_| fs::copy(&path, to).map(drop)).map_err(at(to))
    }

    /// Where a content stands, once it was compared with its name.
    fn verify(&self, hash: &Hash) -> Result<PathBuf, Failure> {
        let path = self.path(hash);
        let stamp = stamp(&path).map_err(|error| missing(&path, &error))?;
        if self.verified().get(hash) != Some(&stamp) {
            let file = File::open(&path).map_err(at(&path))?;
            if copy(file, &mut io::sink()).map_err(at(&path))?.sha256 != *hash {
                return Err(self.put_aside(&path));
            }
            self.verified().insert(*hash, stamp);
        }
        Ok(path)
    }

    /// An error if a content that was linked has been written to since.
    pub fn untouched(&self, hash: &Hash) -> Result<(), Failure> {
        let known = self.verified().get(hash).copied();
        let path = self.path(hash);
        match stamp(&path) {
            Ok(now) if Some(now) == known => Ok(()),
            _ => Err(self.put_aside(&path)),
        }
    }

    /// Puts a damaged content where nothing finds it.
    fn put_aside(&self, path: &Path) -> Failure {
        let aside = self.folder.with_file_name("damaged");
        let name = path.strip_prefix(&self.folder).unwrap_or(path).display().to_string().replace('/', "");
        let _ = fs::create_dir_all(&aside).and_then(|()| fs::rename(path, aside.join(&name)));
        broken(
            format_args!(
                "{}: its content is not that of its name any more; it was moved to {}",
                samefit_text::path(path),
                samefit_text::path(&aside)
            ),
            "put the file it came from again (`samefit pipeline put`, or `--input`), or run again what made it (`--reprocess`); a program of a \
             pipeline must not write to its inputs",
        )
    }

    fn verified(&self) -> std::sync::MutexGuard<'_, BTreeMap<Hash, Stamp>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to take in contents.
    pub fn stage(&self) -> Staged<'_> {
        Staged { objects: self, waiting: Vec::new() }
    }
}

/// Contents that are taken in but not yet part of the store: gone if they are dropped.
#[derive(Debug)]
pub struct Staged<'a> {
    objects: &'a Objects,
    waiting: Vec<(Hash, PathBuf)>,
}

impl Staged<'_> {
    /// Copies a stream.
    pub fn stream(&mut self, from: impl Read) -> Result<Leaf, Failure> {
        let path = self.place();
        let mut to = File::create_new(&path).map_err(at(&path))?;
        let leaf = copy(from, &mut to).map_err(at(&path))?;
        protect(&path)?;
        self.waiting.push((leaf.sha256, path));
        Ok(leaf)
    }

    /// Takes a file away from where it stands, if nobody else has a name for it; else copies it.
    pub fn file(&mut self, from: &Path) -> Result<Leaf, Failure> {
        let only = fs::symlink_metadata(from).map_err(at(from))?.nlink() == 1;
        let open = || File::open(from).map_err(at(from));
        if !only {
            return self.stream(open()?);
        }
        protect(from)?;
        let leaf = copy(open()?, &mut io::sink()).map_err(at(from))?;
        let path = self.place();
        fs::rename(from, &path).map_err(at(from))?;
        self.waiting.push((leaf.sha256, path));
        Ok(leaf)
    }

    fn place(&self) -> PathBuf {
        self.objects.tmp.join(format!("content-{}", self.objects.next.fetch_add(1, Ordering::Relaxed)))
    }

    /// Takes over what another has taken in.
    pub fn absorb(&mut self, mut other: Self) {
        self.waiting.append(&mut other.waiting);
    }

    /// Makes everything durable and gives it its name. A content that is there and sound stays: a program that runs may have it as an input,
    /// and would seem to have written to it.
    pub fn settle(mut self) -> Result<(), Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        flush(&waiting.iter().map(|(_, path)| path.as_path()).collect::<Vec<_>>())?;
        let mut folders = BTreeSet::from([self.objects.folder.clone()]);
        for (hash, from) in &waiting {
            let to = self.objects.path(hash);
            let folder = to.parent().unwrap_or(&self.objects.folder).to_owned();
            fs::create_dir_all(&folder).map_err(at(&folder))?;
            folders.insert(folder);
            // one that is damaged is put aside by this
            if self.objects.verify(hash).is_ok() {
                fs::remove_file(from).map_err(at(from))?;
                continue;
            }
            fs::rename(from, &to).map_err(at(&to))?;
        }
        flush(&folders.iter().map(PathBuf::as_path).collect::<Vec<_>>())
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        self.waiting.iter().for_each(|(_, path)| drop(fs::remove_file(path)));
    }
}

/// Nobody writes to contents, and everybody may read them: a container's user as well.
fn protect(path: &Path) -> Result<(), Failure> {
    fs::set_permissions(path, Permissions::from_mode(0o444)).map_err(at(path))
}

/// The SHA-256 of some bytes.
pub fn hash(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

/// The digest of a stream, nothing of which is kept.
pub fn digest(from: impl Read) -> io::Result<Leaf> {
    copy(from, &mut io::sink())
}

fn copy(mut from: impl Read, to: &mut impl Write) -> io::Result<Leaf> {
    let (mut sha256, mut bytes, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK_BYTES]);
    loop {
        let count = match from.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if count == 0 {
            return Ok(Leaf { sha256: Hash(sha256.finalize().into()), bytes });
        }
        sha256.update(&chunk[..count]);
        to.write_all(&chunk[..count])?;
        bytes += count as u64;
    }
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let found = fs::metadata(path)?;
    Ok((found.len(), found.mtime(), found.mtime_nsec()))
}

fn missing(path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound => broken(
            format_args!("{}: this content of the store is not there any more", samefit_text::path(path)),
            "put the file it came from again, or run again what made it (`samefit pipeline run --reprocess`)",
        ),
        _ => crate::disk::failed(path, error),
    }
}

/// Makes files, or the names in folders, durable.
fn flush(paths: &[&Path]) -> Result<(), Failure> {
    match paths {
        [] => Ok(()),
        [first, ..] if paths.len() > FLUSHED_SINGLY_MAX => flush_system(first, paths),
        _ => paths.iter().try_for_each(|path| flush_one(path)),
    }
}

fn flush_one(path: &Path) -> Result<(), Failure> {
    File::open(path).and_then(|file| file.sync_all()).map_err(at(path))
}

#[cfg(target_os = "linux")]
fn flush_system(first: &Path, _all: &[&Path]) -> Result<(), Failure> {
    File::open(first).and_then(|file| Ok(rustix::fs::syncfs(file)?)).map_err(at(first))
}

#[cfg(not(target_os = "linux"))]
fn flush_system(_first: &Path, all: &[&Path]) -> Result<(), Failure> {
    all.iter().try_for_each(|path| flush_one(path))
}
