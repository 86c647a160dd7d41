//! Contents to files named by their SHA-256, and back.
//!
//! *Invariants*: a file in `objects` is whole and durable, for contents are written and flushed under another name and only then renamed; so
//! what the ledger refers to is there after a crash at any point. What is read is compared with its name first. A content is a file that this
//! process made: no program ever had it open, and it has one name.
//!
//! *Limits*: up to 16 contents are flushed one by one; more by one flush of the whole file system, which is quicker.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, Permissions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::datums::{Hash, ContentRef};
use crate::error::{Error, Result};
use crate::folder::Folder;

const FLUSHED_SINGLY_MAX: usize = 16;
const CHUNK_BYTES: usize = 1 << 16;
const DAMAGED: &str = "damaged";

/// The contents of a store.
#[derive(Debug)]
pub struct Objects {
    /// The store.
    store: Folder,
    /// `ab/cdef..`, whole and durable.
    folder: Folder,
    /// What is being made.
    tmp: Folder,
    next: AtomicU64,
    /// Contents that were compared with their names by this process, and how their files looked then.
    verified: Mutex<BTreeMap<Hash, Stamp>>,
}

/// What changes when a file is written to, or another takes its place. The time of the last change of any kind cannot be set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// Of an open file.
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
    /// The contents of a store, with a folder for what is being made.
    pub fn new(store: Folder, folder: Folder, tmp: Folder) -> Self {
        Self { store, folder, tmp, next: AtomicU64::new(0), verified: Mutex::default() }
    }

    /// Where a content stands: for messages.
    fn path(&self, hash: &Hash) -> PathBuf {
        let (folder, name) = location(hash);
        self.folder.path().join(folder).join(name)
    }

    /// Whether there is a file for the content.
    pub fn contains(&self, hash: &Hash) -> bool {
        self.find(hash).is_ok()
    }

    fn find(&self, hash: &Hash) -> io::Result<File> {
        let (folder, name) = location(hash);
        self.folder.folder(folder)?.file(name)
    }

    /// The content, compared with its name.
    pub fn read(&self, hash: &Hash) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(hash)?.read_to_end(&mut bytes).map_err(Error::at(&self.path(hash)))?;
        Ok(bytes)
    }

    /// The content as a stream, compared with its name before.
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

    /// Writes the content to a new file: a clone where the file system has them, else a copy. It shares nothing that can be written to.
    pub fn copy_to(&self, hash: &Hash, to: &File) -> Result<()> {
        let from = self.open(hash)?;
        clone_or_copy(from, to).map_err(Error::at(&self.path(hash)))
    }

    /// Puts a damaged content where nothing finds it.
    fn quarantine(&self, hash: &Hash) -> Error {
        let (folder, name) = location(hash);
        let moved = || self.folder.folder(&folder)?.rename(&name, &self.store.folder_or_new(DAMAGED)?, hash.to_string());
        let _ = moved();
        Error::failed(
            format_args!(
                "{}: its content is not that of its name any more; it was moved to {}",
                samefit_text::path(self.path(hash)),
                samefit_text::path(self.store.path().join(DAMAGED))
            ),
            "put the file it came from again (`samefit pipeline put`, or `--input`), or run again what made it (`--reprocess`); nobody but \
             samefit may write to a store",
        )
    }

    fn verified(&self) -> std::sync::MutexGuard<'_, BTreeMap<Hash, Stamp>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to take in contents.
    pub fn stage(&self) -> StagedObjects<'_> {
        StagedObjects { objects: self, unpublished: Vec::new() }
    }
}

/// Contents that are taken in but not yet part of the store: gone if they are dropped.
#[derive(Debug)]
pub struct StagedObjects<'a> {
    objects: &'a Objects,
    /// Names in `tmp`.
    unpublished: Vec<(Hash, String)>,
}

impl StagedObjects<'_> {
    /// Copies a stream.
    pub fn add_stream(&mut self, from: impl Read) -> Result<ContentRef> {
        self.add(|to| copy(from, to))
    }

    /// Takes in a file: a clone where the file system has them, else a copy, so that nobody who has the file open can change what is taken.
    pub fn add_file(&mut self, from: File) -> Result<ContentRef> {
        self.add(|to| match rustix::fs::ioctl_ficlone(&*to, &from) {
            Ok(()) => digest(&*to),
            Err(_) => copy(from, to),
        })
    }

    /// Bytes that can still be taken in.
    pub fn free_bytes(&self) -> Result<u64> {
        let tmp = &self.objects.tmp;
        tmp.free_bytes().map_err(Error::at(tmp.path()))
    }

    /// Makes a content in `tmp`, which then nobody writes to, and everybody may read: a container's user as well.
    fn add(&mut self, write: impl FnOnce(&mut File) -> io::Result<ContentRef>) -> Result<ContentRef> {
        let tmp = &self.objects.tmp;
        let name = format!("content-{}", self.objects.next.fetch_add(1, Ordering::Relaxed));
        let path = tmp.path().join(&name);
        let mut to = tmp.new_file(&name).map_err(Error::at(&path))?;
        let taken = write(&mut to).and_then(|content| to.set_permissions(Permissions::from_mode(0o444)).map(|()| content));
        match taken {
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

    /// Takes over what another has taken in.
    pub fn merge(&mut self, mut other: Self) {
        self.unpublished.append(&mut other.unpublished);
    }

    /// Makes everything durable and gives it its name. A content that is there and sound stays.
    pub fn publish(mut self) -> Result<()> {
        let unpublished = std::mem::take(&mut self.unpublished);
        let Objects { folder, tmp, .. } = self.objects;
        let failed = |error| Error::io(folder.path(), &error);
        flush(tmp, &unpublished.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>()).map_err(failed)?;
        let mut changed = BTreeSet::new();
        for (hash, from) in &unpublished {
            // one that is damaged is put aside by this
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

/// The folder and the name of a content.
fn location(hash: &Hash) -> (String, String) {
    let text = hash.to_string();
    let (folder, name) = text.split_at(2);
    (folder.to_owned(), name.to_owned())
}

/// Writes a file to a new one that shares nothing with it that can be written to.
fn clone_or_copy(mut from: File, mut to: &File) -> io::Result<()> {
    match rustix::fs::ioctl_ficlone(to, &from) {
        Ok(()) => Ok(()),
        Err(_) => io::copy(&mut from, &mut to).map(drop),
    }
}

/// The SHA-256 of some bytes.
pub fn hash(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

/// The digest of a stream, nothing of which is kept.
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
            format_args!("{}: this content of the store is not there any more", samefit_text::path(path)),
            "put the file it came from again, or run again what made it (`samefit pipeline run --reprocess`)",
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
