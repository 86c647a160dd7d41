//! Hidden folders in which files are written before they are put into their places, and what runs that were killed have left of them.
//!
//! A run holds a lock (`flock`) of each folder that it made, and the system takes the lock away when the run ends, however it ends. So a folder
//! without a lock is one that nobody will finish, and the next run that writes beside it removes it.
//!
//! *Invariants*: only a folder is removed that has a name of ours, belongs to the user who runs the program, holds nothing but numbered files,
//! and is locked by nobody. No link is followed.
//!
//! *Limits*: where the file system knows no locks (some network file systems), nothing is swept.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use tempfile::TempDir;

use crate::interrupt;

/// What the names of hidden folders begin with.
const PREFIX: &str = ".samefit-";

/// Random letters and digits after it.
const RANDOM: usize = 6;

/// How often a folder is made that another run sweeps away before it is locked.
const TRIES_MAX: usize = 10;

/// A hidden folder of this run.
pub(crate) struct Hidden {
    folder: TempDir,
    /// The folder itself, locked as long as this is open; none where there are no locks.
    _lock: Option<File>,
}

/// Whether a folder is this run's.
enum Lock {
    Held(File),
    /// The file system knows no locks.
    Unknown,
    /// Another run sweeps the folder away, or has.
    Lost,
}

impl Hidden {
    /// Sweeps what runs before have left in a folder, and makes a new hidden folder in it.
    pub(crate) fn beside(folder: &Path) -> io::Result<Self> {
        sweep(folder);
        // what is not finished is nobody else's to read
        let private = Permissions::from_mode(0o700);
        for _ in 0..TRIES_MAX {
            let name = || tempfile::Builder::new().prefix(PREFIX).rand_bytes(RANDOM).permissions(private.clone()).tempdir_in(folder);
            let made = interrupt::hidden(name)?;
            let lock = match lock(made.path()) {
                Lock::Held(file) => Some(file),
                Lock::Unknown => None,
                Lock::Lost => {
                    Self { folder: made, _lock: None }.remove();
                    continue;
                }
            };
            return Ok(Self { folder: made, _lock: lock });
        }
        Err(io::Error::other("hidden folders in it are removed as soon as they are made"))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Removes it with what is in it. A folder that cannot be removed is hidden, and no reason to fail.
    pub(crate) fn remove(self) {
        let path = self.folder.path().to_owned();
        interrupt::settled(&[&path], || drop(self.folder.close()));
    }
}

/// Locks a folder that stands at a path.
fn lock(path: &Path) -> Lock {
    let Ok(file) = open(path) else { return Lock::Lost };
    match file.try_lock() {
        Ok(()) if is_at(&file, path) => Lock::Held(file),
        Ok(()) | Err(TryLockError::WouldBlock) => Lock::Lost,
        Err(TryLockError::Error(_)) => Lock::Unknown,
    }
}

/// Opens a folder; a link to one is an error.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

/// Whether what was opened still stands at the path.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(opened), Ok(standing)) => (opened.dev(), opened.ino()) == (standing.dev(), standing.ino()),
        _ => false,
    }
}

/// Removes the hidden folders that runs before have left in a folder. What cannot be looked at or removed stays.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| is_ours(entry.file_name().as_bytes())) {
        let path = entry.path();
        let Ok(file) = open(&path) else { continue };
        let is_own = file.metadata().is_ok_and(|found| found.uid() == rustix::process::geteuid().as_raw());
        // the lock is held until the folder is gone
        if is_own && file.try_lock().is_ok() && is_at(&file, &path) && holds_numbered_files(&path) {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Whether a name is one that [`Hidden::beside`] gives.
fn is_ours(name: &[u8]) -> bool {
    name.strip_prefix(PREFIX.as_bytes()).is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric))
}

/// Whether a folder holds nothing but what this program writes there.
fn holds_numbered_files(path: &Path) -> bool {
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
    fn what_a_killed_run_left_goes_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        for left in [".samefit-Left01", ".samefit-Foreign", ".samefit-Other1", ".samefit-Deep01"] {
            fs::create_dir(at(left)).unwrap();
            fs::write(at(left).join("0"), "half").unwrap();
        }
        fs::write(at(".samefit-Other1/notes.txt"), "a person's").unwrap();
        fs::create_dir(at(".samefit-Deep01/1")).unwrap();
        fs::write(at(".samefit-File01"), "").unwrap();
        fs::create_dir(at("kept")).unwrap();
        fs::write(at("kept/0"), "").unwrap();
        std::os::unix::fs::symlink("kept", at(".samefit-Link01")).unwrap();
        let living = Hidden::beside(place.path()).unwrap();
        let name = living.path().file_name().unwrap().to_str().unwrap().to_owned();
        let mut stay = vec![name, "kept".to_owned()];
        stay.extend([".samefit-Deep01", ".samefit-File01", ".samefit-Foreign", ".samefit-Link01", ".samefit-Other1"].map(str::to_owned));
        stay.sort_unstable();
        assert_eq!(names(place.path()), stay);
        assert_eq!(names(&at("kept")), ["0"]);
        // it is locked: another run leaves it alone
        let second = Hidden::beside(place.path()).unwrap();
        assert!(living.path().is_dir() && second.path().is_dir());
        let path = second.path().to_owned();
        second.remove();
        assert!(!path.exists());
        // as a kill does it: the lock goes, the folder stays
        let Hidden { folder, _lock } = living;
        let path = folder.keep();
        drop(_lock);
        fs::write(path.join("17"), "half").unwrap();
        Hidden::beside(place.path()).unwrap().remove();
        assert!(!path.exists());
    }

    #[test]
    fn runs_that_begin_at_once_keep_their_folders() {
        let place = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let hidden = Hidden::beside(place.path()).unwrap();
                        fs::write(hidden.path().join("0"), "").unwrap();
                        hidden.remove();
                    }
                });
            }
        });
        assert_eq!(names(place.path()), [""; 0]);
    }
}
