//! Stores contents as *objects*: files named by the SHA-256 of their bytes.
//!
//! *Invariants*: every file in `objects` is complete and durable, because it is written and flushed under another name before it is
//! renamed. So every object that a record refers to exists after a crash at any point. An object is compared with its digest before it is
//! read. This process creates every object itself and gives it one name, so no program has it open.
//!
//! *Limits*: up to 16 files are flushed one by one. For more, one flush of the whole file system is faster.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::datums::{ContentRef, Hash};
use crate::error::{Error, Result};
use crate::folder::Folder;

const FLUSHED_SINGLY_MAX: usize = 16;
const CHUNK_BYTES: usize = 1 << 16;
const DAMAGED: &str = "damaged";

/// The objects of a store.
#[derive(Debug)]
pub struct Objects {
    /// The folder of the store.
    store: Folder,
    /// The folder of complete objects, named `ab/cdef..`.
    folder: Folder,
    /// The folder for objects that are being written.
    tmp: Folder,
    next: AtomicU64,
    /// Objects that this process has compared with their digests, with the state of their files at that time.
    verified: Mutex<BTreeMap<Hash, Stamp>>,
}

/// The state of a file. It differs after the file was written to or replaced, because nobody can set the time of the last status change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// Returns the state of an open file.
    pub fn of(file: &File) -> io::Result<Self> {
        let found = file.metadata()?;
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
            bytes: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        })
    }
}

impl Objects {
    /// Opens the objects in `folder`. New ones are written in `tmp` first.
    pub fn new(store: Folder, folder: Folder, tmp: Folder) -> Self {
        Self { store, folder, tmp, next: AtomicU64::new(0), verified: Mutex::default() }
    }

    /// Returns the path of an object, for messages.
    fn path(&self, hash: &Hash) -> PathBuf {
        let (folder, name) = location(hash);
        self.folder.path().join(folder).join(name)
    }

    /// Returns whether the file of an object exists. Its content may be damaged.
    pub fn contains(&self, hash: &Hash) -> bool {
        self.find(hash).is_ok()
    }

    fn find(&self, hash: &Hash) -> io::Result<File> {
        let (folder, name) = location(hash);
        self.folder.folder(folder)?.file(name)
    }

    /// Returns the content of an object. Fails if it does not match its digest.
    pub fn read(&self, hash: &Hash) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(hash)?.read_to_end(&mut bytes).map_err(Error::at(&self.path(hash)))?;
        Ok(bytes)
    }

    /// Opens an object for reading. Fails if its content does not match its digest.
    pub fn open(&self, hash: &Hash) -> Result<File> {
        let path = self.path(hash);
        let mut file = self.find(hash).map_err(|error| read_error(&path, &error))?;
        let stamp = Stamp::of(&file).map_err(Error::at(&path))?;
        if self.verified().get(hash) != Some(&stamp) {
            let found = digest(&file).map_err(Error::at(&path))?;
            if found.sha256 != *hash {
                return Err(self.quarantine(hash));
            }
            file.rewind().map_err(Error::at(&path))?;
            self.verified().insert(*hash, stamp);
        }
        Ok(file)
    }

    /// Writes the content of an object to a new file, as a clone if the file system supports it. Later writes to either file do not affect
    /// the other.
    pub fn copy_to(&self, hash: &Hash, to: &File) -> Result<()> {
        let from = self.open(hash)?;
        clone_or_copy(from, to).map_err(Error::at(&self.path(hash)))
    }

    /// Moves a damaged object out of the way, and returns the error about it.
    fn quarantine(&self, hash: &Hash) -> Error {
        let (folder, name) = location(hash);
        let moved = || self.folder.folder(&folder)?.rename(&name, &self.store.folder_or_new(DAMAGED)?, hash.to_string());
        let _ = moved();
        Error::failed(
            format_args!(
                "{}: its content does not match its digest; it was moved to {}",
                samefit_text::path(self.path(hash)),
                samefit_text::path(self.store.path().join(DAMAGED))
            ),
            "put the file that it came from again (`samefit pipeline put`, or `--input`), or run again what made it (`--reprocess`); nobody but \
             samefit may write to a store",
        )
    }

    fn verified(&self) -> std::sync::MutexGuard<'_, BTreeMap<Hash, Stamp>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts adding objects.
    pub fn stage(&self) -> StagedObjects<'_> {
        StagedObjects { objects: self, unpublished: Vec::new() }
    }
}

/// Objects that were added but not published. They are removed when this is dropped.
#[derive(Debug)]
pub struct StagedObjects<'a> {
    objects: &'a Objects,
    /// The digests, and the names in `tmp`.
    unpublished: Vec<(Hash, String)>,
}

impl StagedObjects<'_> {
    /// Adds the bytes of a stream.
    pub fn add_stream(&mut self, from: impl Read) -> Result<ContentRef> {
        self.add(|to| copy(from, to))
    }

    /// Adds a file, as a clone if the file system supports it. The object is a copy in any case, so a process that has the file open cannot
    /// change it.
    pub fn add_file(&mut self, from: File) -> Result<ContentRef> {
        self.add(|to| match rustix::fs::ioctl_ficlone(&*to, &from) {
            Ok(()) => digest(&*to),
            Err(_) => copy(from, to),
        })
    }

    /// Returns how many bytes can still be added.
    pub fn free_bytes(&self) -> Result<u64> {
        let tmp = &self.objects.tmp;
        tmp.free_bytes().map_err(Error::at(tmp.path()))
    }

    /// Creates a file in `tmp` with what `write` writes. Then nobody can write to it, and everybody can read it, also the user of a
    /// container.
    fn add(&mut self, write: impl FnOnce(&mut File) -> io::Result<ContentRef>) -> Result<ContentRef> {
        let tmp = &self.objects.tmp;
        let name = format!("content-{}", self.objects.next.fetch_add(1, Ordering::Relaxed));
        let path = tmp.path().join(&name);
        let mut to = tmp.new_file(&name).map_err(Error::at(&path))?;
        let written = write(&mut to).and_then(|content| to.set_permissions(Permissions::from_mode(0o444)).map(|()| content));
        match written {
            Ok(content) => {
                self.unpublished.push((content.sha256, name));
                Ok(content)
            }
            Err(error) => {
                let _ = tmp.unlink(&name);
                Err(Error::io(&path, &error))
            }
        }
    }

    /// Adds the objects of another one.
    pub fn merge(&mut self, mut other: Self) {
        self.unpublished.append(&mut other.unpublished);
    }

    /// Makes all objects durable and gives them their names. An undamaged object that exists already stays.
    pub fn publish(mut self) -> Result<()> {
        let unpublished = std::mem::take(&mut self.unpublished);
        let Objects { folder, tmp, .. } = self.objects;
        let failed = |error| Error::io(folder.path(), &error);
        flush(tmp, &unpublished.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>()).map_err(failed)?;
        let mut changed = BTreeSet::new();
        for (hash, from) in &unpublished {
            // opening moves a damaged object out of the way
            if self.objects.open(hash).is_ok() {
                tmp.unlink(from).map_err(failed)?;
                continue;
            }
            let (above, name) = location(hash);
            folder.folder_or_new(&above).and_then(|to| tmp.rename(from, &to, name)).map_err(failed)?;
            changed.insert(above);
        }
        if changed.len() > FLUSHED_SINGLY_MAX && folder.sync_file_system().map_err(failed)? {
            return Ok(());
        }
        changed.iter().try_for_each(|above| folder.folder(above)?.sync()).and_then(|()| folder.sync()).map_err(failed)
    }
}

impl Drop for StagedObjects<'_> {
    fn drop(&mut self) {
        self.unpublished.iter().for_each(|(_, name)| drop(self.objects.tmp.unlink(name)));
    }
}

/// Returns the folder and the file name of an object.
fn location(hash: &Hash) -> (String, String) {
    let text = hash.to_string();
    let (folder, name) = text.split_at(2);
    (folder.to_owned(), name.to_owned())
}

/// Copies a file to a new one, as a clone if the file system supports it.
fn clone_or_copy(mut from: File, mut to: &File) -> io::Result<()> {
    match rustix::fs::ioctl_ficlone(to, &from) {
        Ok(()) => Ok(()),
        Err(_) => io::copy(&mut from, &mut to).map(drop),
    }
}

/// Returns the SHA-256 of bytes.
pub fn hash(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

/// Returns the digest and the length of a stream.
pub fn digest(from: impl Read) -> io::Result<ContentRef> {
    copy(from, &mut io::sink())
}

fn copy(mut from: impl Read, to: &mut impl Write) -> io::Result<ContentRef> {
    let (mut sha256, mut bytes, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK_BYTES]);
    loop {
        let count = match from.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        if count == 0 {
            return Ok(ContentRef { sha256: Hash(sha256.finalize().into()), bytes });
        }
        sha256.update(&chunk[..count]);
        to.write_all(&chunk[..count])?;
        bytes += count as u64;
    }
}

fn read_error(path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::failed(
            format_args!("{}: this file of the store is missing", samefit_text::path(path)),
            "put the file that it came from again, or run again what made it (`samefit pipeline run --reprocess`)",
        ),
        _ => Error::io(path, error),
    }
}

/// Makes files in a folder durable.
fn flush(folder: &Folder, names: &[&str]) -> io::Result<()> {
    if names.len() > FLUSHED_SINGLY_MAX && folder.sync_file_system()? {
        return Ok(());
    }
    names.iter().try_for_each(|name| folder.file(name)?.sync_all())
}
