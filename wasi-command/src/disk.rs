//! The folders that the runtime opened for the command, and the operations of `wasi:filesystem` in them. Takes paths as the user writes them and
//! returns errors as `std::io` has them, which the stages understand.

use std::io;

use samefit_stages::error::Message;
use samefit_stages::text::paths;
use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntryStream, ErrorCode, MetadataHashValue, OpenFlags, PathFlags,
};

use crate::preopens::locate;

/// Most links that are followed one after another. More of them form a circle.
const LINKS_MAX: usize = 40;

/// The file system as the command sees it.
pub(crate) struct Disk {
    /// The folders that the runtime opened, with their names.
    preopens: Vec<(Descriptor, String)>,
}

impl Disk {
    /// Asks the runtime for the folders that it opened.
    pub(crate) fn from_preopens() -> Self {
        Self { preopens: get_directories() }
    }

    /// Returns the type and size of the file at `path`. Follows links.
    pub(crate) fn stat(&self, path: &str) -> io::Result<DescriptorStat> {
        self.at(path, |folder, below| folder.stat_at(PathFlags::SYMLINK_FOLLOW, below))
    }

    /// Opens or creates the file at `path`, as the flags say. Follows links.
    pub(crate) fn open(&self, path: &str, open: OpenFlags, flags: DescriptorFlags) -> io::Result<Descriptor> {
        self.at(path, |folder, below| folder.open_at(PathFlags::SYMLINK_FOLLOW, below, open, flags))
    }

    /// Returns the names in a folder, in any order.
    pub(crate) fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let folder = self.open(folder, OpenFlags::DIRECTORY, DescriptorFlags::READ)?;
        let entries = folder.read_directory().map_err(io_error)?;
        let next = |entries: &DirectoryEntryStream| entries.read_directory_entry().map_err(entry_error);
        std::iter::from_fn(|| next(&entries).transpose()).map(|entry| Ok(entry?.name)).collect()
    }

    /// Returns a number that identifies the file or folder at `path`: it is equal for all paths that lead to it.
    pub(crate) fn identity_hash(&self, path: &str) -> io::Result<MetadataHashValue> {
        self.at(path, |folder, below| folder.metadata_hash_at(PathFlags::SYMLINK_FOLLOW, below))
    }

    /// Creates a folder.
    pub(crate) fn create_folder(&self, path: &str) -> io::Result<()> {
        self.at(path, |folder, below| folder.create_directory_at(below))
    }

    /// Removes a folder. Fails if it is not empty.
    pub(crate) fn remove_folder(&self, path: &str) -> io::Result<()> {
        self.at(path, |folder, below| folder.remove_directory_at(below))
    }

    /// Removes a file.
    pub(crate) fn remove_file(&self, path: &str) -> io::Result<()> {
        self.at(path, |folder, below| folder.unlink_file_at(below))
    }

    /// Moves a file, and replaces the file at `to` if there is one.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (from_folder, from) = self.locate(from)?;
        self.at(to, |folder, below| from_folder.rename_at(&from, folder, below))
    }

    /// Returns the path of the file that `path` leads to through any number of links, or `path` itself if it is no link. Fails if a link leads
    /// nowhere or in a circle.
    pub(crate) fn follow_links(&self, path: &str) -> io::Result<String> {
        let mut path = path.to_owned();
        for _ in 0..LINKS_MAX {
            match self.at(&path, |folder, below| folder.stat_at(PathFlags::empty(), below)) {
                Ok(found) if found.type_ == DescriptorType::SymbolicLink => {
                    let to = self.at(&path, |folder, below| folder.readlink_at(below))?;
                    path = if to.starts_with('/') { to } else { paths::join(paths::folder(&path), &to) };
                    // fails if the link leads nowhere
                    self.stat(&path)?;
                }
                _ => return Ok(path),
            }
        }
        Err(io_error(ErrorCode::Loop))
    }

    /// Calls `act` with the folder that contains `path`, and the path in that folder.
    fn at<T>(&self, path: &str, act: impl FnOnce(&Descriptor, &str) -> Result<T, ErrorCode>) -> io::Result<T> {
        let (folder, below) = self.locate(path)?;
        act(folder, &below).map_err(io_error)
    }

    fn locate(&self, path: &str) -> io::Result<(&Descriptor, String)> {
        let location = locate(self.preopens.iter().map(|(_, name)| name.as_str()), path).ok_or_else(not_in_preopens)?;
        Ok((&self.preopens[location.preopen].0, location.below))
    }
}

fn not_in_preopens() -> io::Error {
    Message::new("it is in no folder that the runtime gave to this command", "give it the folder, most often by `--dir`").into()
}

/// Returns the error of `std::io` for an error code of `wasi:filesystem`.
pub(crate) fn io_error(code: ErrorCode) -> io::Error {
    use io::ErrorKind as Kind;
    let kind = match code {
        ErrorCode::Access => Kind::PermissionDenied,
        ErrorCode::Exist => Kind::AlreadyExists,
        ErrorCode::NoEntry => Kind::NotFound,
        ErrorCode::NotDirectory => Kind::NotADirectory,
        ErrorCode::IsDirectory => Kind::IsADirectory,
        ErrorCode::InsufficientSpace => Kind::StorageFull,
        ErrorCode::Quota => Kind::QuotaExceeded,
        ErrorCode::FileTooLarge => Kind::FileTooLarge,
        ErrorCode::ReadOnly => Kind::ReadOnlyFilesystem,
        ErrorCode::Unsupported | ErrorCode::BadDescriptor | ErrorCode::Invalid => Kind::Unsupported,
        // the path leads out of the folder through a link, or the folder was opened for reading only
        ErrorCode::NotPermitted => {
            let help = "give this command the folder, with permission to write if it is written to";
            return Message::new("the runtime does not permit it", help).into();
        }
        _ => Kind::Other,
    };
    io::Error::new(kind, code.message())
}

/// The same for reading the names in a folder.
fn entry_error(code: ErrorCode) -> io::Error {
    match code {
        ErrorCode::IllegalByteSequence => io::Error::new(io::ErrorKind::InvalidData, "it contains a file whose name is not UTF-8"),
        other => io_error(other),
    }
}
