//! A folder that is held open, so that what a program does to its name or to the folders above it changes nothing.
//!
//! *Invariants*: no operation follows a symbolic link and none crosses a mount, but for the path given to [`Folder::open`], which a person
//! chose. Every other name is one component.
//!
//! *Limits*: without `openat2` (Linux before 5.6, other systems) a bind mount of the same file system is not recognised as a mount.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

const PRIVATE: Mode = Mode::RWXU;

/// How often a folder is emptied again that somebody still writes to.
const CLEAR_ROUNDS_MAX: usize = 100;

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
    /// Where it stood when it was opened: for messages, and for programs.
    path: PathBuf,
}

/// A name in a folder, and what it is the name of.
#[derive(Debug)]
pub struct Entry {
    /// One component.
    pub name: OsString,
    /// Of the name itself: links are not followed.
    pub kind: FileType,
}

impl Folder {
    /// Opens a folder at a path that a person chose.
    pub fn open(path: &Path) -> io::Result<Self> {
        let fd = fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// Where it stood when it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path to a name in this very folder, wherever that is by now. It is good in this process only, while the folder is open.
    pub fn path_by_descriptor(&self, name: &str) -> PathBuf {
        if cfg!(target_os = "linux") {
            Path::new("/proc/self/fd").join(self.fd.as_raw_fd().to_string()).join(name)
        } else {
            self.path.join(name)
        }
    }

    /// Another descriptor of the same folder.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { fd: self.fd.try_clone()?, path: self.path.clone() })
    }

    /// A folder in this one.
    pub fn folder(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let name = component(name.as_ref())?;
        let fd = open_in(self.fd.as_fd(), name, OFlags::DIRECTORY)?;
        Ok(Self { fd, path: self.path.join(name) })
    }

    /// A folder in this one, which is made if it is not there.
    pub fn folder_or_new(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let name = component(name.as_ref())?;
        match fs::mkdirat(&self.fd, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => self.folder(name),
            Err(error) => Err(error.into()),
        }
    }

    /// A folder that is made here, for this user alone. It is an error if somebody else's could have taken its place meanwhile.
    pub fn new_folder(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let name = component(name.as_ref())?;
        fs::mkdirat(&self.fd, name, PRIVATE)?;
        let made = self.folder(name)?;
        let found = fs::fstat(&made.fd)?;
        let rights = Mode::from_raw_mode(found.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO);
        let is_ours = found.st_uid == rustix::process::geteuid().as_raw() && rights == PRIVATE;
        if is_ours && made.entries()?.is_empty() { Ok(made) } else { Err(io::Error::other("another folder took the place of a new one")) }
    }

    /// A folder that is made here for those whom a mode lets in. It is an error if another could have taken its place meanwhile.
    pub fn new_folder_for(&self, name: impl AsRef<OsStr>, mode: u32) -> io::Result<Self> {
        let made = self.new_folder(name)?;
        made.set_mode(mode)?;
        Ok(made)
    }

    /// Lets others do with this folder what a mode says.
    pub fn set_mode(&self, mode: u32) -> io::Result<()> {
        Ok(fs::fchmod(&self.fd, Mode::from_raw_mode(mode))?)
    }

    /// Lets everybody write to a socket in this folder.
    pub fn allow_all_on_socket(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        let held = open_in(self.fd.as_fd(), component(name.as_ref())?, OFlags::PATH)?;
        if FileType::from_raw_mode(fs::fstat(&held)?.st_mode) != FileType::Socket {
            return Err(io::Error::other("it is no socket"));
        }
        Ok(fs::chmod(format!("/proc/self/fd/{}", held.as_raw_fd()), Mode::from_raw_mode(0o777))?)
    }

    /// What tells this folder from every other: its device and its number there.
    pub fn identity(&self) -> io::Result<(u64, u64)> {
        let found = fs::fstat(&self.fd)?;
        Ok((found.st_dev, found.st_ino))
    }

    /// A folder below this one: every part of the path is a name in the one before.
    pub fn below(&self, path: &Path) -> io::Result<Self> {
        path.iter().try_fold(self.try_clone()?, |folder, name| folder.folder(name))
    }

    /// A file that is made here, for reading and writing.
    pub fn new_file(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(fs::openat(&self.fd, component(name.as_ref())?, flags, Mode::from_raw_mode(0o666))?.into())
    }

    /// A regular file in this folder, for reading. A pipe or a device is an error, and is not waited for.
    pub fn file(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        let name = component(name.as_ref())?;
        let fd = match open_in(self.fd.as_fd(), name, OFlags::NONBLOCK) {
            Err(Errno::ACCESS) => self.unlock(name)?,
            other => other?,
        };
        if FileType::from_raw_mode(fs::fstat(&fd)?.st_mode) == FileType::RegularFile {
            return Ok(fd.into());
        }
        Err(io::Error::other("it is no regular file"))
    }

    /// Opens a file that its owner took the right to read from. One that has other names may be somebody's who lives elsewhere.
    fn unlock(&self, name: &OsStr) -> rustix::io::Result<OwnedFd> {
        let held = open_in(self.fd.as_fd(), name, OFlags::PATH)?;
        let found = fs::fstat(&held)?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile || found.st_nlink != 1 {
            return Err(Errno::ACCESS);
        }
        let same = format!("/proc/self/fd/{}", held.as_raw_fd());
        fs::chmod(&same, Mode::RUSR)?;
        fs::open(&same, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())
    }

    /// What the name of a link says.
    pub fn read_link(&self, name: impl AsRef<OsStr>) -> io::Result<OsString> {
        let target = fs::readlinkat(&self.fd, component(name.as_ref())?, Vec::new())?;
        Ok(OsStr::from_bytes(target.as_bytes()).to_owned())
    }

    /// What a name in this folder is the name of.
    pub fn kind(&self, name: impl AsRef<OsStr>) -> io::Result<FileType> {
        Ok(FileType::from_raw_mode(self.stat(component(name.as_ref())?)?.st_mode))
    }

    fn stat(&self, name: &OsStr) -> rustix::io::Result<Stat> {
        fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// All names, sorted.
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in Dir::read_from(&self.fd)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => self.kind(name)?,
                known => known,
            };
            entries.push(Entry { name: name.to_owned(), kind });
        }
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    /// Gives a file or a folder another name in another folder, in the place of a file that has it.
    pub fn rename(&self, name: impl AsRef<OsStr>, to: &Self, new: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(fs::renameat(&self.fd, component(name.as_ref())?, &to.fd, component(new.as_ref())?)?)
    }

    /// Takes a name away that is no folder's.
    pub fn unlink(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(fs::unlinkat(&self.fd, component(name.as_ref())?, AtFlags::empty())?)
    }

    /// Removes a file, or a folder with all that is in it. What a link leads to stays, and so does what is mounted.
    pub fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        let name = component(name.as_ref())?;
        if self.kind(name)? != FileType::Directory {
            return self.unlink(name);
        }
        let folder = self.folder_to_empty(name)?;
        folder.clear()?;
        self.remove_empty(name, &folder)
    }

    /// Removes everything in this folder that can be removed: an error if something cannot. Folders below are moved up into this one first,
    /// so that depth costs neither stack nor descriptors.
    pub fn clear(&self) -> io::Result<()> {
        let (mut moved, mut failure) = (0, None);
        for _ in 0..CLEAR_ROUNDS_MAX {
            let mut left = self.entries()?;
            if left.is_empty() {
                return Ok(());
            }
            while let Some(Entry { name, kind }) = left.pop() {
                match if kind == FileType::Directory {
                    self.empty(&name, &mut moved)
                } else {
                    ignore_missing(self.unlink(&name)).map(|()| Vec::new())
                } {
                    Ok(up) => left.extend(up),
                    Err(error) => failure = Some(error),
                }
            }
            if let Some(failure) = failure {
                return Err(failure);
            }
        }
        Err(io::Error::other("somebody goes on writing to this folder"))
    }

    /// Empties a folder in this one and removes it: what was moved out of it.
    fn empty(&self, name: &OsStr, moved: &mut u64) -> io::Result<Vec<Entry>> {
        let folder = match self.folder_to_empty(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        let mut up = Vec::new();
        for Entry { name, kind } in folder.entries()? {
            if kind == FileType::Directory {
                up.push(Entry { name: folder.move_up(&name, self, moved)?, kind });
            } else {
                ignore_missing(folder.unlink(&name))?;
            }
        }
        match self.remove_empty(name, &folder) {
            // somebody writes to it; the next round finds it again
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(up),
            other => ignore_missing(other).map(|()| up),
        }
    }

    fn move_up(&self, name: &OsStr, to: &Self, moved: &mut u64) -> io::Result<OsString> {
        // without the right to write to a folder its parent cannot be changed
        drop(self.folder_to_empty(name)?);
        loop {
            *moved += 1;
            let new = OsString::from(format!("removed-{moved}"));
            match self.rename(name, to, &new) {
                Ok(()) => return Ok(new),
                Err(error) if matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotADirectory) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A folder in this one, with the right to change it, if it is this user's.
    fn folder_to_empty(&self, name: &OsStr) -> io::Result<Self> {
        let folder = match self.folder(name) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let held = open_in(self.fd.as_fd(), name, OFlags::PATH | OFlags::DIRECTORY)?;
                fs::chmod(format!("/proc/self/fd/{}", held.as_raw_fd()), PRIVATE)?;
                self.folder(name)?
            }
            other => other?,
        };
        // what cannot be changed shows when something is to be removed
        let _ = fs::fchmod(&folder.fd, PRIVATE);
        Ok(folder)
    }

    fn remove_empty(&self, name: &OsStr, folder: &Self) -> io::Result<()> {
        if !self.is_named(name, folder)? {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR)?)
    }

    /// Whether a name in this folder is that of another open one.
    pub fn is_named(&self, name: impl AsRef<OsStr>, folder: &Self) -> io::Result<bool> {
        let (named, open) = (self.stat(component(name.as_ref())?)?, fs::fstat(&folder.fd)?);
        Ok((named.st_dev, named.st_ino) == (open.st_dev, open.st_ino))
    }

    /// Whether this very folder is found at [`Self::path`].
    pub fn is_at_its_path(&self) -> bool {
        let same = |found: Stat| fs::fstat(&self.fd).is_ok_and(|open| (found.st_dev, found.st_ino) == (open.st_dev, open.st_ino));
        fs::stat(&self.path).is_ok_and(same)
    }

    /// Gives this folder to a user and a group.
    pub fn set_owner(&self, user: Option<u32>, group: Option<u32>) -> io::Result<()> {
        let (user, group) = (user.map(rustix::fs::Uid::from_raw), group.map(rustix::fs::Gid::from_raw));
        Ok(fs::fchown(&self.fd, user, group)?)
    }

    /// Makes the names in this folder durable.
    pub fn sync(&self) -> io::Result<()> {
        Ok(fs::fsync(&self.fd)?)
    }

    /// Makes everything durable in the file system of this folder, if the system can. Whether it can.
    pub fn sync_file_system(&self) -> io::Result<bool> {
        #[cfg(target_os = "linux")]
        fs::syncfs(&self.fd)?;
        Ok(cfg!(target_os = "linux"))
    }

    /// Bytes that this user may still write here.
    pub fn free_bytes(&self) -> io::Result<u64> {
        let found = fs::fstatvfs(&self.fd)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    /// A link here that says a path.
    pub fn new_link(&self, name: impl AsRef<OsStr>, target: &Path) -> io::Result<()> {
        Ok(fs::symlinkat(target, &self.fd, component(name.as_ref())?)?)
    }
}

/// What somebody else removed meanwhile is as good as removed.
fn ignore_missing(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn component(name: &OsStr) -> io::Result<&OsStr> {
    let bytes = name.as_bytes();
    let is_one = !bytes.is_empty() && bytes != b"." && bytes != b".." && !bytes.contains(&b'/');
    if is_one { Ok(name) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Opens what a name is the name of, if it is no link and nothing is mounted there.
fn open_in(folder: BorrowedFd<'_>, name: &OsStr, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::ResolveFlags;
        let strict = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
        match fs::openat2(folder, name, flags, Mode::empty(), strict) {
            // a kernel without it, or a sandbox that does not know it
            Err(Errno::NOSYS | Errno::PERM) => {}
            other => return other,
        }
    }
    let opened = fs::openat(folder, name, flags, Mode::empty())?;
    if fs::fstat(folder)?.st_dev == fs::fstat(&opened)?.st_dev { Ok(opened) } else { Err(Errno::XDEV) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn tree() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(place.path().join("ours")).unwrap();
        std::fs::create_dir_all(place.path().join("theirs/deep")).unwrap();
        std::fs::write(place.path().join("theirs/deep/letter"), "dear all").unwrap();
        let folder = Folder::open(&place.path().join("ours")).unwrap();
        (place, folder)
    }

    fn letter(place: &tempfile::TempDir) -> String {
        std::fs::read_to_string(place.path().join("theirs/deep/letter")).unwrap()
    }

    #[test]
    fn names_are_single_and_links_are_not_followed() {
        let (place, folder) = tree();
        ["", ".", "..", "a/b", "/tmp"].iter().for_each(|name| assert!(folder.folder(name).is_err(), "{name}"));
        symlink(place.path().join("theirs"), place.path().join("ours/link")).unwrap();
        symlink(place.path().join("theirs/deep/letter"), place.path().join("ours/letter")).unwrap();
        assert!(folder.folder("link").is_err() && folder.file("letter").is_err() && folder.new_file("letter").is_err());
        assert!(folder.folder_or_new("link").is_err() && folder.below(Path::new("link/deep")).is_err());
    }

    #[test]
    fn what_links_lead_to_survives_removal() {
        let (place, folder) = tree();
        std::fs::create_dir_all(place.path().join("ours/a/b")).unwrap();
        for name in ["ours/link", "ours/a/link", "ours/a/b/removed-1"] {
            symlink(place.path().join("theirs"), place.path().join(name)).unwrap();
        }
        folder.clear().unwrap();
        assert!(folder.entries().unwrap().is_empty());
        assert_eq!(letter(&place), "dear all");
    }

    #[test]
    fn a_folder_that_was_moved_is_the_one_that_is_cleared() {
        let (place, folder) = tree();
        std::fs::write(place.path().join("ours/file"), "").unwrap();
        std::fs::rename(place.path().join("ours"), place.path().join("moved")).unwrap();
        symlink(place.path().join("theirs"), place.path().join("ours")).unwrap();
        folder.clear().unwrap();
        drop(folder.new_file("new").unwrap());
        assert!(place.path().join("moved/new").is_file());
        assert_eq!(letter(&place), "dear all");
    }

    #[test]
    fn depth_and_missing_rights_do_not_stop_removal() {
        let (place, folder) = tree();
        // deeper than a path can be
        let mut at = folder.try_clone().unwrap();
        for _ in 0..40 {
            at = at.new_folder("d".repeat(200)).unwrap();
            drop(at.new_file("removed-1").unwrap());
        }
        std::fs::create_dir_all(place.path().join("ours/closed/inner")).unwrap();
        for name in ["closed/inner", "closed"] {
            std::fs::set_permissions(place.path().join("ours").join(name), std::fs::Permissions::from_mode(0o0)).unwrap();
        }
        folder.clear().unwrap();
        assert!(folder.entries().unwrap().is_empty());
    }

    #[test]
    fn pipes_are_not_waited_for() {
        let (place, folder) = tree();
        fs::mkfifoat(&folder.fd, "pipe", Mode::RWXU).unwrap();
        assert_eq!(folder.file("pipe").unwrap_err().to_string(), "it is no regular file");
        drop(place);
    }
}
