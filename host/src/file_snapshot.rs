//! Detects whether a file changed while it was read, from its metadata before and after.
//!
//! A program that changes a file can set its modification time back (`touch -d`). Only the system sets the time of the last status change
//! (ctime). That time also moves when a link to the file is made or its permissions change, so a new ctime alone means only that the content
//! *may* have changed. The same holds for a file that was changed just before it was opened: a second change within one clock step gets the
//! same time.
//!
//! *Limits*: on a file system whose clock steps are longer than [`CLOCK_STEP`], a change of equal length can stay hidden.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Longest step of the clock from which Linux takes the times of files.
const CLOCK_STEP: Duration = Duration::from_millis(10);

/// The metadata of a file at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileSnapshot {
    content: ContentMetadata,
    /// ctime, in seconds and nanoseconds.
    status_changed: (i64, i64),
    /// Whether every later change gets another ctime.
    is_settled: bool,
}

/// The metadata that differ if the file is another one, or if an ordinary program changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ContentMetadata {
    device: u64,
    inode: u64,
    bytes: u64,
    /// mtime, in seconds and nanoseconds.
    modified: (i64, i64),
}

/// Whether a file changed since a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileChange {
    /// It did not change.
    Unchanged,
    /// Its status changed, and its content may have: compare the content.
    Possible,
    /// It changed, or its path leads to another file now.
    Changed,
}

impl FileSnapshot {
    /// Takes a snapshot from metadata that were just read.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        let content = ContentMetadata { device: metadata.dev(), inode: metadata.ino(), bytes: metadata.len(), modified };
        Self { content, status_changed: (metadata.ctime(), metadata.ctime_nsec()), is_settled: is_settled(metadata) }
    }

    /// Compares this snapshot with the open file and with the file that `path` leads to now. Fails if the file's metadata cannot be read.
    pub(crate) fn compare(&self, file: &File, path: &Path) -> io::Result<FileChange> {
        let now = Self::of(&file.metadata()?);
        let named = fs::metadata(path).map(|metadata| Self::of(&metadata));
        Ok(match named {
            Ok(named) if self.is_settled && now.is_same(self) && named.is_same(self) => FileChange::Unchanged,
            Ok(named) if now.content == self.content && named.content == self.content => FileChange::Possible,
            _ => FileChange::Changed,
        })
    }

    fn is_same(&self, other: &Self) -> bool {
        self.content == other.content && self.status_changed == other.status_changed
    }
}

/// Returns whether the last status change is longer ago than a step of the clock. A time in the future, which a file server's clock can give,
/// is never settled.
fn is_settled(metadata: &Metadata) -> bool {
    let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(metadata.ctime()), u32::try_from(metadata.ctime_nsec())) else { return false };
    let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    SystemTime::now().duration_since(changed).is_ok_and(|since| since > CLOCK_STEP)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    fn settled(file: &File) -> FileSnapshot {
        std::thread::sleep(2 * CLOCK_STEP);
        FileSnapshot::of(&file.metadata().unwrap())
    }

    #[test]
    fn changes_are_told_from_links_and_from_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "one").unwrap();
        let file = File::open(&path).unwrap();
        // a file that was written just now
        let unsettled = FileSnapshot { is_settled: false, ..settled(&file) };
        assert_eq!(unsettled.compare(&file, &path).unwrap(), FileChange::Possible);
        let snapshot = settled(&file);
        assert_eq!(snapshot.compare(&file, &path).unwrap(), FileChange::Unchanged);
        fs::hard_link(&path, folder.path().join("b")).unwrap();
        assert_eq!(snapshot.compare(&file, &path).unwrap(), FileChange::Possible);

        // another content of the same length, with the modification time set back
        let snapshot = settled(&file);
        let modified = file.metadata().unwrap().modified().unwrap();
        fs::write(&path, "two").unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        assert_eq!(snapshot.compare(&file, &path).unwrap(), FileChange::Possible);
        fs::write(&path, "longer").unwrap();
        assert_eq!(snapshot.compare(&file, &path).unwrap(), FileChange::Changed);

        let snapshot = settled(&file);
        fs::rename(&path, folder.path().join("c")).unwrap();
        assert_eq!(snapshot.compare(&file, &path).unwrap(), FileChange::Changed);
    }
}
