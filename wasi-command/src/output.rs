//! Files that appear together, whole, or not at all, over `wasi:filesystem`. The only file of the command that writes files.
//!
//! Every file is written in a hidden folder beside its destination, on the same file system, and made durable when it is closed. A commit takes
//! away what is to go, renames each file into its place and makes the names durable. Without a commit the hidden folders go, and the folders
//! that were made on the way.

use std::collections::BTreeMap;
use std::io;

use samefit_stages::error::{Message, Result};
use samefit_stages::output::outputs::write_error;
use samefit_stages::ports::files::Output;
use samefit_stages::text::paths;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, DescriptorType, OpenFlags};

use crate::disk::{self, Disk};

/// How the hidden folders are called; a number follows.
const PREFIX: &str = ".samefit-";

/// Hidden folders beside each other, of commands that run at the same time or were killed, before something is wrong.
const HIDDEN_MAX: usize = 1000;

/// Files that are written but not yet seen.
pub(crate) struct Staged<'a> {
    disk: &'a Disk,
    /// Folder of destinations to the hidden folder in it.
    hidden: BTreeMap<String, String>,
    /// Folders that were made, outermost first.
    made: Vec<String>,
    files: Vec<Pending>,
    gone: Vec<String>,
    committed: bool,
}

/// A file that is being written.
struct Pending {
    /// As the person wrote it, for messages.
    path: String,
    /// Where it will stand.
    to: String,
    /// Where it stands now.
    at: String,
    /// Until it is closed.
    open: Option<Writing>,
}

struct Writing {
    file: Descriptor,
    offset: u64,
}

impl Output for Staged<'_> {
    fn create(&mut self, path: &str) -> Result<usize> {
        let pending = self.begin(path).map_err(|error| write_error(path, &error))?;
        self.files.push(pending);
        Ok(self.files.len() - 1)
    }

    fn write(&mut self, handle: usize, bytes: &[u8]) -> Result<()> {
        let Pending { path, open, .. } = &mut self.files[handle];
        open.as_mut().map_or(Ok(()), |open| open.write(bytes)).map_err(|error| write_error(path, &error))
    }

    fn close(&mut self, handle: usize) -> Result<()> {
        let Pending { path, open, .. } = &mut self.files[handle];
        open.take().map_or(Ok(()), |open| open.file.sync().map_err(disk::failed)).map_err(|error| write_error(path, &error))
    }

    fn remove(&mut self, path: &str) -> Result<()> {
        self.gone.push(path.to_owned());
        Ok(())
    }

    fn commit(mut self: Box<Self>) -> Result<()> {
        (0..self.files.len()).try_for_each(|handle| self.close(handle))?;
        self.gone.iter().try_for_each(|path| self.take_away(path))?;
        self.files.iter().try_for_each(|file| self.disk.rename(&file.at, &file.to).map_err(|error| write_error(&file.path, &error)))?;
        self.committed = true;
        self.flush_names()
    }
}

impl<'a> Staged<'a> {
    /// Nothing yet.
    pub(crate) fn new(disk: &'a Disk) -> Self {
        Self { disk, hidden: BTreeMap::new(), made: Vec::new(), files: Vec::new(), gone: Vec::new(), committed: false }
    }

    fn begin(&mut self, path: &str) -> io::Result<Pending> {
        let to = self.disk.followed(path)?;
        match self.disk.stat(&to).map(|found| found.type_) {
            Ok(DescriptorType::Directory) => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(DescriptorType::RegularFile) | Err(_) => {}
            // a rename would replace it
            Ok(_) => return Err(Message::new("it is a device or a pipe", "name a file").into()),
        }
        let at = paths::join(&self.hidden_beside(&to)?, &self.files.len().to_string());
        let file = self.disk.open(&at, OpenFlags::CREATE | OpenFlags::EXCLUSIVE, DescriptorFlags::WRITE)?;
        Ok(Pending { path: path.to_owned(), to, at, open: Some(Writing { file, offset: 0 }) })
    }

    /// The hidden folder beside a destination, made if it is not there yet.
    fn hidden_beside(&mut self, to: &str) -> io::Result<String> {
        let folder = paths::folder(to);
        if let Some(hidden) = self.hidden.get(folder) {
            return Ok(hidden.clone());
        }
        self.make(folder)?;
        let hidden = self.make_hidden(folder)?;
        self.hidden.insert(folder.to_owned(), hidden.clone());
        Ok(hidden)
    }

    /// The first name that is free, for there is no randomness to draw one from; who makes the folder owns it.
    fn make_hidden(&self, folder: &str) -> io::Result<String> {
        for number in 0..HIDDEN_MAX {
            let hidden = paths::join(folder, &format!("{PREFIX}{number}"));
            match self.disk.make_folder(&hidden) {
                Ok(()) => return Ok(hidden),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        let sentence = format!("there are {HIDDEN_MAX} folders `{PREFIX}..` of unfinished output");
        Err(Message::new(sentence, "remove those that no running command uses").into())
    }

    /// Makes a folder and those above it, and remembers which were missing.
    fn make(&mut self, folder: &str) -> io::Result<()> {
        if self.is_folder(folder) {
            return Ok(());
        }
        let above = paths::folder(folder);
        if !above.is_empty() && above != folder {
            self.make(above)?;
        }
        match self.disk.make_folder(folder) {
            Ok(()) => self.made.push(folder.to_owned()),
            // another worker was quicker
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.is_folder(folder) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(io::ErrorKind::NotADirectory.into()),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn is_folder(&self, path: &str) -> bool {
        self.disk.stat(path).is_ok_and(|found| found.type_ == DescriptorType::Directory)
    }

    fn take_away(&self, path: &str) -> Result<()> {
        match self.disk.remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(write_error(path, &error)),
            _ => Ok(()),
        }
    }

    /// Makes the names durable: of the files, and of the folders that were made.
    fn flush_names(&self) -> Result<()> {
        let above_made = self.made.iter().map(|made| paths::folder(made));
        let gone = self.gone.iter().map(|gone| paths::folder(gone)).filter(|folder| self.is_folder(folder));
        let mut folders: Vec<&str> = self.hidden.keys().map(String::as_str).chain(above_made).chain(gone).collect();
        folders.sort_unstable();
        folders.dedup();
        folders.into_iter().try_for_each(|folder| self.flush(folder).map_err(|error| write_error(folder, &error)))
    }

    fn flush(&self, folder: &str) -> io::Result<()> {
        let opened = self.disk.open(folder, OpenFlags::DIRECTORY, DescriptorFlags::READ)?;
        match opened.sync().map_err(disk::failed) {
            // not every system can do this with a folder
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
            other => other,
        }
    }
}

impl Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = self.file.write(rest, self.offset).map_err(disk::failed)?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.offset += written;
            // it fits, being at most the length of what was handed over
            rest = rest.get(written as usize..).unwrap_or_default();
        }
        Ok(())
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        // what cannot be removed is hidden, and no reason to fail
        for file in std::mem::take(&mut self.files) {
            drop(file.open);
            if !self.committed {
                let _ = self.disk.remove_file(&file.at);
            }
        }
        self.hidden.values().for_each(|hidden| drop(self.disk.remove_folder(hidden)));
        if !self.committed {
            // one that someone else has put files into stays
            self.made.iter().rev().for_each(|made| drop(self.disk.remove_folder(made)));
        }
    }
}
