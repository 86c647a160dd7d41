//! The folders that the runtime gave, and what `wasi:filesystem` does in them, by paths and errors as the stages know them.

use std::io;

use samefit_stages::error::Message;
use samefit_stages::text::paths;
use wasip2::filesystem::preopens::get_directories;
use wasip2::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntryStream, ErrorCode, MetadataHashValue, OpenFlags, PathFlags,
};

use crate::preopens::locate;

/// Links that are followed one after another: more lead in a circle.
const LINKS_MAX: usize = 40;

/// The file system that the command sees.
pub(crate) struct Disk {
    preopens: Vec<(Descriptor, String)>,
}

impl Disk {
    /// What the runtime gave.
    pub(crate) fn given() -> Self {
        Self { preopens: get_directories() }
    }

    /// Type and size of what stands at `path`; links are followed.
    pub(crate) fn stat(&self, path: &str) -> io::Result<DescriptorStat> {
        self.at(path, |folder, below| folder.stat_at(PathFlags::SYMLINK_FOLLOW, below))
    }

    /// Opens what stands at `path`, or makes it, as the flags say.
    pub(crate) fn open(&self, path: &str, open: OpenFlags, flags: DescriptorFlags) -> io::Result<Descriptor> {
        self.at(path, |folder, below| folder.open_at(PathFlags::SYMLINK_FOLLOW, below, open, flags))
    }

    /// The entries of a folder.
    pub(crate) fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let folder = self.open(folder, OpenFlags::DIRECTORY, DescriptorFlags::READ)?;
        let entries = folder.read_directory().map_err(failed)?;
        let next = |entries: &DirectoryEntryStream| entries.read_directory_entry().map_err(failed_name);
        std::iter::from_fn(|| next(&entries).transpose()).map(|entry| Ok(entry?.name)).collect()
    }

    /// A number that is equal for the same file or folder, by whatever path.
    pub(crate) fn hash(&self, path: &str) -> io::Result<MetadataHashValue> {
        self.at(path, |folder, below| folder.metadata_hash_at(PathFlags::SYMLINK_FOLLOW, below))
    }

    /// Makes a folder.
    pub(crate) fn make_folder(&self, path: &str) -> io::Result<()> {
        self.at(path, |folder, below| folder.create_directory_at(below))
    }

    /// Takes away a folder, which must be empty.
    pub(crate) fn remove_folder(&self, path: &str) -> io::Result<()> {
        self.at(path, |folder, below| folder.remove_directory_at(below))
    }

    /// Takes away a file.
    pub(crate) fn remove_file(&self, path: &str) -> io::Result<()> {
        self.at(path, |folder, below| folder.unlink_file_at(below))
    }

    /// Moves a file to where another may stand, which it replaces.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (from_folder, from) = self.place(from)?;
        self.at(to, |folder, below| from_folder.rename_at(&from, folder, below))
    }

    /// Where `path` leads if it is a link, and a link to a link, so that the file is meant and not the link.
    pub(crate) fn followed(&self, path: &str) -> io::Result<String> {
        let mut path = path.to_owned();
        for _ in 0..LINKS_MAX {
            match self.at(&path, |folder, below| folder.stat_at(PathFlags::empty(), below)) {
                Ok(found) if found.type_ == DescriptorType::SymbolicLink => {
                    let to = self.at(&path, |folder, below| folder.readlink_at(below))?;
                    path = if to.starts_with('/') { to } else { paths::join(paths::folder(&path), &to) };
                    // a link that leads nowhere is no place for a file
                    self.stat(&path)?;
                }
                _ => return Ok(path),
            }
        }
        Err(failed(ErrorCode::Loop))
    }

    fn at<T>(&self, path: &str, act: impl FnOnce(&Descriptor, &str) -> Result<T, ErrorCode>) -> io::Result<T> {
        let (folder, below) = self.place(path)?;
        act(folder, &below).map_err(failed)
    }

    fn place(&self, path: &str) -> io::Result<(&Descriptor, String)> {
        let place = locate(self.preopens.iter().map(|(_, name)| name.as_str()), path).ok_or_else(outside)?;
        Ok((&self.preopens[place.preopen].0, place.below))
    }
}

fn outside() -> io::Error {
    Message::new("it is in no folder that the runtime gave to this command", "give it the folder, most often by `--dir`").into()
}

/// The system's word as the stages know it.
pub(crate) fn failed(code: ErrorCode) -> io::Error {
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
        // a path that leads out by a link, or a folder that was given for reading alone
        ErrorCode::NotPermitted => {
            let help = "give this command the folder, with permission to write if it is written to";
            return Message::new("the runtime does not permit it", help).into();
        }
        _ => Kind::Other,
    };
    io::Error::new(kind, code.message())
}

fn failed_name(code: ErrorCode) -> io::Error {
    match code {
        ErrorCode::IllegalByteSequence => io::Error::new(io::ErrorKind::InvalidData, "it holds a file whose name is not UTF-8"),
        other => failed(other),
    }
}
