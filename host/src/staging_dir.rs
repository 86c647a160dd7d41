//! Staging folders: hidden folders in which files are written before they move to their places. Removes those of runs that were killed.
//!
//! A run holds a lock (`flock`) on each staging folder that it created. The system releases the lock when the run ends, however it ends. So a
//! staging folder without a lock belongs to no run, and the next run that writes to the same place removes it.
//!
//! *Invariants*: a folder is removed only if its name is a staging name, it belongs to the user who runs the program, it contains nothing but
//! files whose names are numbers, and no run holds its lock. Links are not followed.
//!
//! *Limits*: nothing is removed where the file system has no locks, as on some network file systems.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use tempfile::TempDir;

use crate::signals;

/// Name prefix of a staging folder.
const PREFIX: &str = ".samefit-";

/// Number of random letters and digits after the prefix.
const RANDOM_CHARACTERS: usize = 6;

/// Most attempts to create a folder that other runs remove before it is locked.
const TRIES_MAX: usize = 10;

/// A staging folder of this run.
pub(crate) struct StagingDir {
    folder: TempDir,
    /// The open folder, which holds the lock; none where the file system has no locks.
    _lock: Option<File>,
}

/// The result of locking a folder.
enum LockOutcome {
    Held(File),
    /// The file system has no locks.
    Unsupported,
    /// Another run removes the folder, or has removed it.
    Lost,
}

impl StagingDir {
    /// Removes the staging folders that earlier runs left in `folder`, and creates a new one there, which only this user can enter.
    pub(crate) fn create_in(folder: &Path) -> io::Result<Self> {
        remove_abandoned(folder);
        let private = Permissions::from_mode(0o700);
        for _ in 0..TRIES_MAX {
            let create =
                || tempfile::Builder::new().prefix(PREFIX).rand_bytes(RANDOM_CHARACTERS).permissions(private.clone()).tempdir_in(folder);
            let created = signals::create_staging_dir(create)?;
            let lock = match lock(created.path()) {
                LockOutcome::Held(file) => Some(file),
                LockOutcome::Unsupported => None,
                LockOutcome::Lost => {
                    Self { folder: created, _lock: None }.remove();
                    continue;
                }
            };
            return Ok(Self { folder: created, _lock: lock });
        }
        Err(io::Error::other("another program removes the hidden folders in it as soon as they are created"))
    }

    /// Returns its path.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Removes it with its contents. A folder that cannot be removed is no error: it is hidden, and a later run removes it.
    pub(crate) fn remove(self) {
        let path = self.folder.path().to_owned();
        signals::unregister(&[&path], || drop(self.folder.close()));
    }
}

/// Locks the folder at `path`.
fn lock(path: &Path) -> LockOutcome {
    let Ok(file) = open_folder(path) else { return LockOutcome::Lost };
    match file.try_lock() {
        Ok(()) if is_at(&file, path) => LockOutcome::Held(file),
        Ok(()) | Err(TryLockError::WouldBlock) => LockOutcome::Lost,
        Err(TryLockError::Error(_)) => LockOutcome::Unsupported,
    }
}

/// Opens a folder. Fails if `path` is a link.
fn open_folder(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

/// Returns whether `path` still leads to the open folder.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(opened), Ok(named)) => (opened.dev(), opened.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Removes the staging folders that earlier runs left in `folder`. Skips what it cannot read or remove.
fn remove_abandoned(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| is_staging_name(entry.file_name().as_bytes())) {
        let path = entry.path();
        let Ok(file) = open_folder(&path) else { continue };
        let is_own = file.metadata().is_ok_and(|found| found.uid() == rustix::process::geteuid().as_raw());
        // the lock is held until the folder is gone
        if is_own && file.try_lock().is_ok() && is_at(&file, &path) && contains_only_numbered_files(&path) {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Returns whether [`StagingDir::create_in`] can have given this name.
fn is_staging_name(name: &[u8]) -> bool {
    let random = name.strip_prefix(PREFIX.as_bytes());
    random.is_some_and(|random| random.len() == RANDOM_CHARACTERS && random.iter().all(u8::is_ascii_alphanumeric))
}

fn contains_only_numbered_files(path: &Path) -> bool {
    let is_numbered = |entry: &fs::DirEntry| {
        entry.file_name().as_bytes().iter().all(u8::is_ascii_digit) && entry.file_type().is_ok_and(|kind| kind.is_file())
    };
    fs::read_dir(path).is_ok_and(|mut entries| entries.all(|entry| entry.is_ok_and(|entry| is_numbered(&entry))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn folders_of_killed_runs_are_removed_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        for left in [".samefit-Left01", ".samefit-Foreign", ".samefit-Other1", ".samefit-Deep01"] {
            fs::create_dir(at(left)).unwrap();
            fs::write(at(left).join("0"), "half").unwrap();
        }
        fs::write(at(".samefit-Other1/notes.txt"), "notes of a person").unwrap();
        fs::create_dir(at(".samefit-Deep01/1")).unwrap();
        fs::write(at(".samefit-File01"), "").unwrap();
        fs::create_dir(at("kept")).unwrap();
        fs::write(at("kept/0"), "").unwrap();
        std::os::unix::fs::symlink("kept", at(".samefit-Link01")).unwrap();
        let running = StagingDir::create_in(parent.path()).unwrap();
        let name = running.path().file_name().unwrap().to_str().unwrap().to_owned();
        let mut stay = vec![name, "kept".to_owned()];
        stay.extend([".samefit-Deep01", ".samefit-File01", ".samefit-Foreign", ".samefit-Link01", ".samefit-Other1"].map(str::to_owned));
        stay.sort_unstable();
        assert_eq!(names(parent.path()), stay);
        assert_eq!(names(&at("kept")), ["0"]);
        // another run does not remove a locked folder
        let second = StagingDir::create_in(parent.path()).unwrap();
        assert!(running.path().is_dir() && second.path().is_dir());
        let path = second.path().to_owned();
        second.remove();
        assert!(!path.exists());
        // a kill releases the lock and leaves the folder
        let StagingDir { folder, _lock } = running;
        let path = folder.keep();
        drop(_lock);
        fs::write(path.join("17"), "half").unwrap();
        StagingDir::create_in(parent.path()).unwrap().remove();
        assert!(!path.exists());
    }

    #[test]
    fn runs_that_start_at_once_keep_their_folders() {
        let parent = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let staging = StagingDir::create_in(parent.path()).unwrap();
                        fs::write(staging.path().join("0"), "").unwrap();
                        staging.remove();
                    }
                });
            }
        });
        assert_eq!(names(parent.path()), [""; 0]);
    }
}
