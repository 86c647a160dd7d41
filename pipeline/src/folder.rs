//! Folders that are held open by a descriptor. A program that renames or replaces such a folder, or one above it, does not change which files
//! are read, written or removed.
//!
//! *Invariants*: no operation follows a symbolic link or crosses a mount, except in the path given to [`Folder::open`], which a person
//! chose. Every other name is one component of a path.
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

/// How many times a folder is emptied while another process goes on writing to it.
const CLEAR_ROUNDS_MAX: usize = 100;

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
    /// The path at which it was opened, for messages and for programs.
    path: PathBuf,
}

/// An entry of a folder.
#[derive(Debug)]
pub struct Entry {
    /// The name: one component of a path.
    pub name: OsString,
    /// The type of the entry itself. Links are not followed.
    pub kind: FileType,
}

impl Folder {
    /// Opens a folder at a path that a person chose. Links in the path are followed.
    pub fn open(path: &Path) -> io::Result<Self> {
        let fd = fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// Returns the path at which the folder was opened. Something else may be there now.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns a path to a name in this very folder, even if the folder was moved. It is valid in this process, while the folder is open.
    pub fn path_by_descriptor(&self, name: &str) -> PathBuf {
        if cfg!(target_os = "linux") {
            Path::new("/proc/self/fd").join(self.fd.as_raw_fd().to_string()).join(name)
        } else {
            self.path.join(name)
        }
    }

    /// Opens another descriptor of the same folder.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { fd: self.fd.try_clone()?, path: self.path.clone() })
    }

    /// Opens a folder in this one.
    pub fn folder(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let name = component(name.as_ref())?;
        let fd = open_in(self.fd.as_fd(), name, OFlags::DIRECTORY)?;
        Ok(Self { fd, path: self.path.join(name) })
    }

    /// Opens a folder in this one, and creates it if it does not exist.
    pub fn folder_or_new(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let name = component(name.as_ref())?;
        match fs::mkdirat(&self.fd, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => self.folder(name),
            Err(error) => Err(error.into()),
        }
    }

    /// Creates a folder that only this user can enter. Fails if another user could have replaced the new folder before it was opened.
    pub fn new_folder(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let name = component(name.as_ref())?;
        fs::mkdirat(&self.fd, name, PRIVATE)?;
        let created = self.folder(name)?;
        let found = fs::fstat(&created.fd)?;
        let rights = Mode::from_raw_mode(found.st_mode) & (Mode::RWXU | Mode::RWXG | Mode::RWXO);
        let is_ours = found.st_uid == rustix::process::geteuid().as_raw() && rights == PRIVATE;
        if is_ours && created.entries()?.is_empty() { Ok(created) } else { Err(io::Error::other("another folder replaced the new one")) }
    }

    /// Creates a folder with a mode. Fails if another user could have replaced the new folder before it was opened.
    pub fn new_folder_for(&self, name: impl AsRef<OsStr>, mode: u32) -> io::Result<Self> {
        let created = self.new_folder(name)?;
        created.set_mode(mode)?;
        Ok(created)
    }

    /// Sets the mode of this folder.
    pub fn set_mode(&self, mode: u32) -> io::Result<()> {
        Ok(fs::fchmod(&self.fd, Mode::from_raw_mode(mode))?)
    }

    /// Lets every user write to a socket in this folder. Fails if it is not a socket.
    pub fn allow_all_on_socket(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        let held = open_in(self.fd.as_fd(), component(name.as_ref())?, OFlags::PATH)?;
        if FileType::from_raw_mode(fs::fstat(&held)?.st_mode) != FileType::Socket {
            return Err(io::Error::other("it is not a socket"));
        }
        Ok(fs::chmod(format!("/proc/self/fd/{}", held.as_raw_fd()), Mode::from_raw_mode(0o777))?)
    }

    /// Returns the device and the inode, which identify a folder.
    pub fn identity(&self) -> io::Result<(u64, u64)> {
        let found = fs::fstat(&self.fd)?;
        Ok((found.st_dev, found.st_ino))
    }

    /// Opens a folder below this one, component by component.
    pub fn below(&self, path: &Path) -> io::Result<Self> {
        path.iter().try_fold(self.try_clone()?, |folder, name| folder.folder(name))
    }

    /// Creates a file, for reading and writing. Fails if the name exists.
    pub fn new_file(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(fs::openat(&self.fd, component(name.as_ref())?, flags, Mode::from_raw_mode(0o666))?.into())
    }

    /// Opens a regular file for reading. A pipe or a device is an error and never blocks. A file without read permission gets it, if it has
    /// no other names.
    pub fn file(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        let name = component(name.as_ref())?;
        let fd = match open_in(self.fd.as_fd(), name, OFlags::NONBLOCK) {
            Err(Errno::ACCESS) => self.unlock(name)?,
            other => other?,
        };
        if FileType::from_raw_mode(fs::fstat(&fd)?.st_mode) == FileType::RegularFile {
            return Ok(fd.into());
        }
        Err(io::Error::other("it is not a regular file"))
    }

    /// Opens a file that its owner made unreadable, after giving the owner the right to read. Fails for a file with several names, because
    /// it may belong to something outside.
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

    /// Returns the target of a symbolic link.
    pub fn read_link(&self, name: impl AsRef<OsStr>) -> io::Result<OsString> {
        let target = fs::readlinkat(&self.fd, component(name.as_ref())?, Vec::new())?;
        Ok(OsStr::from_bytes(target.as_bytes()).to_owned())
    }

    /// Returns the type of an entry. Links are not followed.
    pub fn kind(&self, name: impl AsRef<OsStr>) -> io::Result<FileType> {
        Ok(FileType::from_raw_mode(self.stat(component(name.as_ref())?)?.st_mode))
    }

    fn stat(&self, name: &OsStr) -> rustix::io::Result<Stat> {
        fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Returns all entries, sorted by name.
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

    /// Moves an entry to another folder and name. A file of that name is replaced.
    pub fn rename(&self, name: impl AsRef<OsStr>, to: &Self, new: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(fs::renameat(&self.fd, component(name.as_ref())?, &to.fd, component(new.as_ref())?)?)
    }

    /// Removes an entry that is not a folder.
    pub fn unlink(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(fs::unlinkat(&self.fd, component(name.as_ref())?, AtFlags::empty())?)
    }

    /// Removes a file, or a folder with everything in it. The targets of links and mounted file systems stay.
    pub fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        let name = component(name.as_ref())?;
        if self.kind(name)? != FileType::Directory {
            return self.unlink(name);
        }
        let folder = self.folder_to_empty(name)?;
        folder.clear()?;
        self.remove_empty(name, &folder)
    }

    /// Removes everything in this folder, as far as possible. The error is one of those that occurred. Folders are moved up into this one
    /// before they are emptied, so that depth needs neither stack nor descriptors.
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
        Err(io::Error::other("another process keeps writing to this folder"))
    }

    /// Empties a folder in this one and removes it. Returns the folders that were moved up out of it.
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
            // another process writes to it; the next round tries again
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(up),
            other => ignore_missing(other).map(|()| up),
        }
    }

    fn move_up(&self, name: &OsStr, to: &Self, moved: &mut u64) -> io::Result<OsString> {
        // moving a folder changes its entry `..`, which needs the right to write to it
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

    /// Opens a folder in this one and gives this user the right to change it, if that is possible.
    fn folder_to_empty(&self, name: &OsStr) -> io::Result<Self> {
        let folder = match self.folder(name) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let held = open_in(self.fd.as_fd(), name, OFlags::PATH | OFlags::DIRECTORY)?;
                fs::chmod(format!("/proc/self/fd/{}", held.as_raw_fd()), PRIVATE)?;
                self.folder(name)?
            }
            other => other?,
        };
        // if this fails, removing the entries reports it
        let _ = fs::fchmod(&folder.fd, PRIVATE);
        Ok(folder)
    }

    fn remove_empty(&self, name: &OsStr, folder: &Self) -> io::Result<()> {
        if !self.is_named(name, folder)? {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR)?)
    }

    /// Returns whether an entry of this folder is the given open folder.
    pub fn is_named(&self, name: impl AsRef<OsStr>, folder: &Self) -> io::Result<bool> {
        let (named, open) = (self.stat(component(name.as_ref())?)?, fs::fstat(&folder.fd)?);
        Ok((named.st_dev, named.st_ino) == (open.st_dev, open.st_ino))
    }

    /// Returns whether this folder is still at [`Self::path`].
    pub fn is_at_its_path(&self) -> bool {
        let same = |found: Stat| fs::fstat(&self.fd).is_ok_and(|open| (found.st_dev, found.st_ino) == (open.st_dev, open.st_ino));
        fs::stat(&self.path).is_ok_and(same)
    }

    /// Changes the owner and the group of this folder.
    pub fn set_owner(&self, user: Option<u32>, group: Option<u32>) -> io::Result<()> {
        let (user, group) = (user.map(rustix::fs::Uid::from_raw), group.map(rustix::fs::Gid::from_raw));
        Ok(fs::fchown(&self.fd, user, group)?)
    }

    /// Makes the entries of this folder durable.
    pub fn sync(&self) -> io::Result<()> {
        Ok(fs::fsync(&self.fd)?)
    }

    /// Makes everything in this folder's file system durable, if the system has a call for it. Returns whether it has.
    pub fn sync_file_system(&self) -> io::Result<bool> {
        #[cfg(target_os = "linux")]
        fs::syncfs(&self.fd)?;
        Ok(cfg!(target_os = "linux"))
    }

    /// Returns how many bytes this user can still write in this file system.
    pub fn free_bytes(&self) -> io::Result<u64> {
        let found = fs::fstatvfs(&self.fd)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    /// Creates a symbolic link.
    pub fn new_link(&self, name: impl AsRef<OsStr>, target: &Path) -> io::Result<()> {
        Ok(fs::symlinkat(target, &self.fd, component(name.as_ref())?)?)
    }
}

/// Treats an entry that somebody else removed meanwhile as removed.
fn ignore_missing(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn component(name: &OsStr) -> io::Result<&OsStr> {
    let bytes = name.as_bytes();
    let is_one = !bytes.is_empty() && bytes != b"." && bytes != b".." && !bytes.contains(&b'/');
    if is_one { Ok(name) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Opens an entry that is neither a link nor a mount.
fn open_in(folder: BorrowedFd<'_>, name: &OsStr, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::ResolveFlags;
        let strict = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
        match fs::openat2(folder, name, flags, Mode::empty(), strict) {
            // the kernel does not have `openat2`, or a sandbox forbids it
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
        let temporary = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(temporary.path().join("ours")).unwrap();
        std::fs::create_dir_all(temporary.path().join("theirs/deep")).unwrap();
        std::fs::write(temporary.path().join("theirs/deep/letter"), "dear all").unwrap();
        let folder = Folder::open(&temporary.path().join("ours")).unwrap();
        (temporary, folder)
    }

    fn letter(temporary: &tempfile::TempDir) -> String {
        std::fs::read_to_string(temporary.path().join("theirs/deep/letter")).unwrap()
    }

    #[test]
    fn a_name_is_one_component_and_links_are_not_followed() {
        let (temporary, folder) = tree();
        ["", ".", "..", "a/b", "/tmp"].iter().for_each(|name| assert!(folder.folder(name).is_err(), "{name}"));
        symlink(temporary.path().join("theirs"), temporary.path().join("ours/link")).unwrap();
        symlink(temporary.path().join("theirs/deep/letter"), temporary.path().join("ours/letter")).unwrap();
        assert!(folder.folder("link").is_err() && folder.file("letter").is_err() && folder.new_file("letter").is_err());
        assert!(folder.folder_or_new("link").is_err() && folder.below(Path::new("link/deep")).is_err());
    }

    #[test]
    fn the_targets_of_links_survive_removal() {
        let (temporary, folder) = tree();
        std::fs::create_dir_all(temporary.path().join("ours/a/b")).unwrap();
        for name in ["ours/link", "ours/a/link", "ours/a/b/removed-1"] {
            symlink(temporary.path().join("theirs"), temporary.path().join(name)).unwrap();
        }
        folder.clear().unwrap();
        assert!(folder.entries().unwrap().is_empty());
        assert_eq!(letter(&temporary), "dear all");
    }

    #[test]
    fn clearing_follows_the_folder_and_not_its_path() {
        let (temporary, folder) = tree();
        std::fs::write(temporary.path().join("ours/file"), "").unwrap();
        std::fs::rename(temporary.path().join("ours"), temporary.path().join("moved")).unwrap();
        symlink(temporary.path().join("theirs"), temporary.path().join("ours")).unwrap();
        folder.clear().unwrap();
        drop(folder.new_file("new").unwrap());
        assert!(temporary.path().join("moved/new").is_file());
        assert_eq!(letter(&temporary), "dear all");
    }

    #[test]
    fn deep_and_unreadable_folders_are_removed() {
        let (temporary, folder) = tree();
        // deeper than the longest path that the system accepts
        let mut at = folder.try_clone().unwrap();
        for _ in 0..40 {
            at = at.new_folder("d".repeat(200)).unwrap();
            drop(at.new_file("removed-1").unwrap());
        }
        std::fs::create_dir_all(temporary.path().join("ours/closed/inner")).unwrap();
        for name in ["closed/inner", "closed"] {
            std::fs::set_permissions(temporary.path().join("ours").join(name), std::fs::Permissions::from_mode(0o0)).unwrap();
        }
        folder.clear().unwrap();
        assert!(folder.entries().unwrap().is_empty());
    }

    #[test]
    fn a_pipe_is_an_error_and_does_not_block() {
        let (temporary, folder) = tree();
        fs::mkfifoat(&folder.fd, "pipe", Mode::RWXU).unwrap();
        assert_eq!(folder.file("pipe").unwrap_err().to_string(), "it is not a regular file");
        drop(temporary);
    }
}
