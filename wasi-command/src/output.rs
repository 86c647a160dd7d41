//! Output files that appear together and complete, or not at all, over `wasi:filesystem`. The only module of the command that writes files.
//!
//! Every file is written in a staging folder, a hidden one beside its destination on the same file system, and flushed when it is closed. A
//! commit removes the files that are to go, renames each new file into its place, and flushes the folders. Without a commit the staging folders
//! are removed, and so are the folders that were created for the output.

use std::collections::BTreeMap;
use std::io;

use samefit_stages::error::{Message, Result};
use samefit_stages::output::outputs::write_error;
use samefit_stages::ports::files::Output;
use samefit_stages::text::paths;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, DescriptorType, OpenFlags};

use crate::disk::{Disk, io_error};

/// Name prefix of a staging folder; a number follows.
const PREFIX: &str = ".samefit-";

/// Most staging folders in one folder, of commands that run at the same time or were killed.
const STAGING_DIRS_MAX: usize = 1000;

/// Files that are written to staging folders until the commit.
pub(crate) struct StagedOutput<'a> {
    disk: &'a Disk,
    /// The staging folder of each folder that is written to.
    staging: BTreeMap<String, String>,
    /// Folders that were created for the output, outermost first.
    created_dirs: Vec<String>,
    files: Vec<StagedFile>,
    /// Files that the commit removes.
    removals: Vec<String>,
    is_committed: bool,
}

/// A file that is being written.
struct StagedFile {
    /// The path as the user wrote it, for messages.
    shown_path: String,
    /// Where the commit moves it.
    destination: String,
    /// Where it is written.
    written_path: String,
    /// None once it is closed.
    writer: Option<DescriptorWriter>,
}

/// Writes a file from start to end.
struct DescriptorWriter {
    file: Descriptor,
    offset: u64,
}

impl Output for StagedOutput<'_> {
    fn create(&mut self, path: &str) -> Result<usize> {
        let file = self.create_file(path).map_err(|error| write_error(path, &error))?;
        self.files.push(file);
        Ok(self.files.len() - 1)
    }

    fn write(&mut self, handle: usize, bytes: &[u8]) -> Result<()> {
        let StagedFile { shown_path, writer, .. } = &mut self.files[handle];
        writer.as_mut().map_or(Ok(()), |writer| writer.write(bytes)).map_err(|error| write_error(shown_path, &error))
    }

    fn close(&mut self, handle: usize) -> Result<()> {
        let StagedFile { shown_path, writer, .. } = &mut self.files[handle];
        writer.take().map_or(Ok(()), |writer| writer.file.sync().map_err(io_error)).map_err(|error| write_error(shown_path, &error))
    }

    fn remove(&mut self, path: &str) -> Result<()> {
        self.removals.push(path.to_owned());
        Ok(())
    }

    fn commit(mut self: Box<Self>) -> Result<()> {
        (0..self.files.len()).try_for_each(|handle| self.close(handle))?;
        self.removals.iter().try_for_each(|path| self.remove_file(path))?;
        self.files.iter().try_for_each(|file| self.move_into_place(file))?;
        self.is_committed = true;
        self.flush_folders()
    }
}

impl<'a> StagedOutput<'a> {
    /// Creates an output without files.
    pub(crate) fn new(disk: &'a Disk) -> Self {
        Self { disk, staging: BTreeMap::new(), created_dirs: Vec::new(), files: Vec::new(), removals: Vec::new(), is_committed: false }
    }

    fn create_file(&mut self, path: &str) -> io::Result<StagedFile> {
        let destination = self.disk.follow_links(path)?;
        match self.disk.stat(&destination).map(|found| found.type_) {
            Ok(DescriptorType::Directory) => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(DescriptorType::RegularFile) | Err(_) => {}
            // a rename would replace the device
            Ok(_) => return Err(Message::new("it is a device or a pipe", "name a file").into()),
        }
        let written_path = paths::join(&self.staging_for(&destination)?, &self.files.len().to_string());
        let file = self.disk.open(&written_path, OpenFlags::CREATE | OpenFlags::EXCLUSIVE, DescriptorFlags::WRITE)?;
        let writer = Some(DescriptorWriter { file, offset: 0 });
        Ok(StagedFile { shown_path: path.to_owned(), destination, written_path, writer })
    }

    /// Returns the path of the staging folder beside a destination, and creates the folder if it is missing.
    fn staging_for(&mut self, destination: &str) -> io::Result<String> {
        let folder = paths::folder(destination);
        if let Some(staging) = self.staging.get(folder) {
            return Ok(staging.clone());
        }
        self.create_folder(folder)?;
        let staging = self.create_staging_dir(folder)?;
        self.staging.insert(folder.to_owned(), staging.clone());
        Ok(staging)
    }

    /// Creates a staging folder with the first free number: the command has no random numbers. The command that creates a folder owns it.
    fn create_staging_dir(&self, folder: &str) -> io::Result<String> {
        for number in 0..STAGING_DIRS_MAX {
            let staging = paths::join(folder, &format!("{PREFIX}{number}"));
            match self.disk.create_folder(&staging) {
                Ok(()) => return Ok(staging),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        let sentence = format!("there are {STAGING_DIRS_MAX} folders `{PREFIX}..` of unfinished output");
        Err(Message::new(sentence, "remove those that no running command uses").into())
    }

    /// Creates a folder and those above it that are missing, and records them.
    fn create_folder(&mut self, folder: &str) -> io::Result<()> {
        if self.is_folder(folder) {
            return Ok(());
        }
        let above = paths::folder(folder);
        if !above.is_empty() && above != folder {
            self.create_folder(above)?;
        }
        match self.disk.create_folder(folder) {
            Ok(()) => self.created_dirs.push(folder.to_owned()),
            // another process created it first
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.is_folder(folder) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(io::ErrorKind::NotADirectory.into()),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn is_folder(&self, path: &str) -> bool {
        self.disk.stat(path).is_ok_and(|found| found.type_ == DescriptorType::Directory)
    }

    fn move_into_place(&self, file: &StagedFile) -> Result<()> {
        self.disk.rename(&file.written_path, &file.destination).map_err(|error| write_error(&file.shown_path, &error))
    }

    fn remove_file(&self, path: &str) -> Result<()> {
        match self.disk.remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(write_error(path, &error)),
            _ => Ok(()),
        }
    }

    /// Flushes the folders in which files or folders were created or removed.
    fn flush_folders(&self) -> Result<()> {
        let of_created = self.created_dirs.iter().map(|created| paths::folder(created));
        let of_removed = self.removals.iter().map(|removed| paths::folder(removed)).filter(|folder| self.is_folder(folder));
        let mut folders: Vec<&str> = self.staging.keys().map(String::as_str).chain(of_created).chain(of_removed).collect();
        folders.sort_unstable();
        folders.dedup();
        folders.into_iter().try_for_each(|folder| self.flush(folder).map_err(|error| write_error(folder, &error)))
    }

    fn flush(&self, folder: &str) -> io::Result<()> {
        let opened = self.disk.open(folder, OpenFlags::DIRECTORY, DescriptorFlags::READ)?;
        match opened.sync().map_err(io_error) {
            // not every system can flush a folder
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
            other => other,
        }
    }
}

impl DescriptorWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = self.file.write(rest, self.offset).map_err(io_error)?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.offset += written;
            // at most the length of `rest`, so it fits in a usize
            rest = rest.get(written as usize..).unwrap_or_default();
        }
        Ok(())
    }
}

impl Drop for StagedOutput<'_> {
    fn drop(&mut self) {
        // a staging folder that cannot be removed is hidden, and no reason to fail
        for file in std::mem::take(&mut self.files) {
            drop(file.writer);
            if !self.is_committed {
                let _ = self.disk.remove_file(&file.written_path);
            }
        }
        self.staging.values().for_each(|staging| drop(self.disk.remove_folder(staging)));
        if !self.is_committed {
            // a folder that now contains files of another program stays
            self.created_dirs.iter().rev().for_each(|folder| drop(self.disk.remove_folder(folder)));
        }
    }
}
