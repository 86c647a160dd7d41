//! What the system says of a file before and after it is read, to whether it changed meanwhile.
//!
//! A program that changes a file can set the time of its last change to what it was (`touch -d`); nothing but the system sets the time of the
//! last change of the file's state. That time moves also when a link to the file is made or its permissions change, so it alone says no
//! more than *perhaps*. A file that was changed just before it was opened may be changed once more at what is the same time to the system, so of
//! that, too, no more can be said.
//!
//! *Limits*: a file system that keeps times in steps longer than [`CLOCK_STEP`] may hide a change of equal length.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Longest step of the clock by which Linux sets times of files.
const CLOCK_STEP: Duration = Duration::from_millis(10);

/// What the system says of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    content: Content,
    /// Seconds and nanoseconds of the last change of the file's state.
    state_changed: (i64, i64),
    /// Whether any later change has another time.
    is_settled: bool,
}

/// What is different if the file is another, or was changed by a program that does not hide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Content {
    device: u64,
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

/// Whether a file changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It did not.
    No,
    /// Its state changed, and perhaps its content: compare that.
    Perhaps,
    /// It did, or its name leads to another file now.
    Yes,
}

impl Stamp {
    /// What the system says now.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let changed = (metadata.mtime(), metadata.mtime_nsec());
        let content = Content { device: metadata.dev(), inode: metadata.ino(), bytes: metadata.len(), changed };
        Self { content, state_changed: (metadata.ctime(), metadata.ctime_nsec()), is_settled: is_settled(metadata) }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.content == other.content && self.state_changed == other.state_changed
    }

    /// Whether the file, or what its path leads to, is not what it was.
    pub(crate) fn change(&self, file: &File, path: &Path) -> io::Result<Change> {
        let now = Self::of(&file.metadata()?);
        let named = fs::metadata(path).map(|metadata| Self::of(&metadata));
        Ok(match named {
            Ok(named) if self.is_settled && now.is_same(self) && named.is_same(self) => Change::No,
            Ok(named) if now.content == self.content && named.content == self.content => Change::Perhaps,
            _ => Change::Yes,
        })
    }
}

/// Whether the last change was longer ago than a step of the clock. Of a time in the future, which a server's clock may give, nothing is known.
fn is_settled(metadata: &Metadata) -> bool {
    let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(metadata.ctime()), u32::try_from(metadata.ctime_nsec())) else { return false };
    let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    SystemTime::now().duration_since(changed).is_ok_and(|since| since > CLOCK_STEP)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    fn settled(file: &File) -> Stamp {
        std::thread::sleep(2 * CLOCK_STEP);
        Stamp::of(&file.metadata().unwrap())
    }

    #[test]
    fn changes_are_told_from_links_and_from_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "one").unwrap();
        let file = File::open(&path).unwrap();
        // it was written just now
        assert_eq!(Stamp { is_settled: false, ..settled(&file) }.change(&file, &path).unwrap(), Change::Perhaps);
        let stamp = settled(&file);
        assert_eq!(stamp.change(&file, &path).unwrap(), Change::No);
        fs::hard_link(&path, folder.path().join("b")).unwrap();
        assert_eq!(stamp.change(&file, &path).unwrap(), Change::Perhaps);

        // the same length, and the time of the last change as it was
        let stamp = settled(&file);
        let modified = file.metadata().unwrap().modified().unwrap();
        fs::write(&path, "two").unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        assert_eq!(stamp.change(&file, &path).unwrap(), Change::Perhaps);
        fs::write(&path, "longer").unwrap();
        assert_eq!(stamp.change(&file, &path).unwrap(), Change::Yes);

        let stamp = settled(&file);
        fs::rename(&path, folder.path().join("c")).unwrap();
        assert_eq!(stamp.change(&file, &path).unwrap(), Change::Yes);
    }
}
