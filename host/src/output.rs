//! Output files that appear together and complete, or not at all. The only module of the program that writes files.
//!
//! Every file is written in a staging folder beside its destination, on the same file system (`staging_dir`). A commit flushes all files to the
//! disk, removes the files that are to go, renames each new file into its place, and flushes the folders. Without a commit the staging folders
//! are removed, and so are the folders that were created for the output.
//!
//! If the destination is a link, the file that it leads to is replaced, and the link stays. A link that leads nowhere is replaced itself.
//!
//! A destination that is not a regular file (`/dev/stdout`, a named pipe) is written to directly: a rename would replace the device. So is
//! standard output (`-`), whatever it is.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use samefit_stages::error::{Error, Result};
use samefit_stages::output::outputs::{partial_write_error, write_error};
use samefit_stages::ports::files::Output;
use samefit_stages::text::paths::{self, STANDARD};

use crate::pfs::resolve_pfs;
use crate::signals;
use crate::staging_dir::StagingDir;

/// Up to this many files are flushed one by one. For more, flushing the whole file system once is faster.
const FLUSHED_SINGLY_MAX: usize = 16;

/// Files that are written to staging folders until the commit.
#[derive(Default)]
pub(crate) struct StagedOutput {
    /// The staging folder of each folder that is written to.
    staging: BTreeMap<PathBuf, StagingDir>,
    /// Folders that were created for the output, outermost first.
    created_dirs: Vec<PathBuf>,
    files: Vec<StagedFile>,
    /// Files that the commit removes.
    removals: Vec<PathBuf>,
    is_committed: bool,
}

/// A file that is being written.
struct StagedFile {
    /// The path as the user wrote it, for messages.
    shown_path: String,
    /// Where the commit moves it; none for a device or pipe, which is written to directly.
    destination: Option<PathBuf>,
    /// Where it is written.
    written_path: PathBuf,
    /// None once it is closed.
    writer: Option<BufWriter<File>>,
}

impl Output for StagedOutput {
    fn create(&mut self, path: &str) -> Result<usize> {
        let file = self.create_file(path).map_err(|error| write_error(path, &error))?;
        self.files.push(file);
        Ok(self.files.len() - 1)
    }

    fn write(&mut self, handle: usize, bytes: &[u8]) -> Result<()> {
        self.with_writer(handle, |writer| writer.write_all(bytes))
    }

    fn close(&mut self, handle: usize) -> Result<()> {
        self.with_writer(handle, BufWriter::flush)?;
        self.files[handle].writer = None;
        Ok(())
    }

    fn remove(&mut self, path: &str) -> Result<()> {
        self.removals.push(resolve_pfs(path));
        Ok(())
    }

    fn commit(mut self: Box<Self>) -> Result<()> {
        let unclosed: Vec<usize> = (0..self.files.len()).filter(|&handle| self.files[handle].writer.is_some()).collect();
        unclosed.into_iter().try_for_each(|handle| self.close(handle))?;
        self.flush_files()?;
        signals::hold_signals(|| self.move_into_place())?;
        self.is_committed = true;
        self.flush_folders()
    }
}

impl StagedOutput {
    fn create_file(&mut self, path: &str) -> io::Result<StagedFile> {
        if path == STANDARD {
            let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
            let shown_path = paths::written(path).to_owned();
            return Ok(StagedFile { shown_path, destination: None, written_path: path.into(), writer: Some(BufWriter::new(stdout)) });
        }
        let destination = follow_link(&resolve_pfs(path));
        match fs::metadata(&destination) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => {
                let writer = Some(BufWriter::new(OpenOptions::new().write(true).open(&destination)?));
                return Ok(StagedFile { shown_path: path.to_owned(), destination: None, written_path: destination, writer });
            }
            _ => {}
        }
        let written_path = self.staging_for(&destination)?.join(self.files.len().to_string());
        let writer = Some(BufWriter::new(signals::hold_signals(|| File::create_new(&written_path))?));
        Ok(StagedFile { shown_path: path.to_owned(), destination: Some(destination), written_path, writer })
    }

    /// Returns the path of the staging folder beside a destination, and creates the folder if it is missing.
    fn staging_for(&mut self, destination: &Path) -> io::Result<PathBuf> {
        let folder = folder_of(destination);
        if let Some(staging) = self.staging.get(folder) {
            return Ok(staging.path().to_owned());
        }
        self.create_folder(folder)?;
        let staging = StagingDir::create_in(folder)?;
        let path = staging.path().to_owned();
        self.staging.insert(folder.to_owned(), staging);
        Ok(path)
    }

    /// Creates a folder and those above it that are missing, and records them.
    fn create_folder(&mut self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
            self.create_folder(above)?;
        }
        match signals::create_output_dir(folder, || fs::create_dir(folder)) {
            Ok(()) => self.created_dirs.push(folder.to_owned()),
            // another process created it first
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(io::ErrorKind::NotADirectory.into()),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn with_writer(&mut self, handle: usize, act: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
        let StagedFile { shown_path, writer, .. } = &mut self.files[handle];
        writer.as_mut().map_or(Ok(()), act).map_err(|error| write_error(shown_path, &error))
    }

    /// Flushes the contents of the files to the disk.
    fn flush_files(&self) -> Result<()> {
        let staged: Vec<&StagedFile> = self.files.iter().filter(|file| file.destination.is_some()).collect();
        if staged.len() <= FLUSHED_SINGLY_MAX {
            return staged.iter().try_for_each(|file| flush(&file.written_path).map_err(|error| write_error(&file.shown_path, &error)));
        }
        let flush = |(folder, staging): (&PathBuf, &StagingDir)| {
            flush_file_system(staging.path()).map_err(|error| write_error(&shown(folder), &error))
        };
        self.staging.iter().try_for_each(flush)
    }

    /// Removes the files that are to go and moves every new file into its place. An error lists what was done before it.
    fn move_into_place(&self) -> Result<()> {
        // the last first: of numbered files a kill then leaves a sequence without a gap, which the next run can recognise
        let removals: Vec<PathBuf> = self.removals.iter().rev().filter(|path| path.exists()).cloned().collect();
        for (count, path) in removals.iter().enumerate() {
            remove_file(path).map_err(|error| self.with_progress(error, &removals[..count], 0))?;
        }
        for (count, file) in self.files.iter().enumerate() {
            file.move_into_place().map_err(|error| self.with_progress(error, &removals, count))?;
        }
        Ok(())
    }

    /// Adds to the error which files were removed before it, and that the first `placed` new files are in their places.
    fn with_progress(&self, error: Error, removed: &[PathBuf], placed: usize) -> Error {
        let (written, unwritten) = self.files.split_at(placed);
        let [written, unwritten] = [written, unwritten].map(|files| files.iter().map(|file| file.shown_path.clone()).collect::<Vec<_>>());
        let removed: Vec<String> = removed.iter().map(|path| shown(path)).collect();
        partial_write_error(error, &removed, &written, &unwritten)
    }

    /// Flushes the folders in which files or folders were created or removed.
    fn flush_folders(&self) -> Result<()> {
        let of_created = self.created_dirs.iter().map(|created| folder_of(created));
        let of_removed = self.removals.iter().map(|removed| folder_of(removed)).filter(|folder| folder.is_dir());
        let mut folders: Vec<&Path> = self.staging.keys().map(PathBuf::as_path).chain(of_created).chain(of_removed).collect();
        folders.sort_unstable();
        folders.dedup();
        folders.into_iter().try_for_each(|folder| flush(folder).map_err(|error| write_error(&shown(folder), &error)))
    }
}

impl StagedFile {
    fn move_into_place(&self) -> Result<()> {
        let moved = self.destination.as_ref().map_or(Ok(()), |destination| fs::rename(&self.written_path, destination));
        moved.map_err(|error| write_error(&self.shown_path, &error))
    }
}

impl Drop for StagedOutput {
    fn drop(&mut self) {
        std::mem::take(&mut self.staging).into_values().for_each(StagingDir::remove);
        let created: Vec<&Path> = self.created_dirs.iter().map(PathBuf::as_path).collect();
        signals::unregister(&created, || {
            if !self.is_committed {
                // a folder that now contains files of another program stays
                created.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
            }
        });
    }
}

/// Returns where a link leads, so that the file is replaced and not the link. Returns the path itself if it is no link or leads nowhere.
fn follow_link(path: &Path) -> PathBuf {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()),
        _ => path.to_owned(),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(write_error(&shown(path), &error)),
        _ => Ok(()),
    }
}

fn flush(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(target_os = "linux")]
fn flush_file_system(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

#[cfg(not(target_os = "linux"))]
fn flush_file_system(folder: &Path) -> io::Result<()> {
    fs::read_dir(folder)?.try_for_each(|entry| flush(&entry?.path()))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;
    use samefit_stages::error::Message;

    #[test]
    fn an_error_in_the_middle_lists_the_files_that_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        fs::write(at("old"), "old").unwrap();
        let stage = || {
            let mut staged = Box::new(StagedOutput::default());
            staged.remove(&at("old")).unwrap();
            for name in ["a", "b", "c"] {
                let handle = staged.create(&at(name)).unwrap();
                staged.write(handle, b"new").unwrap();
            }
            staged
        };
        let staged = stage();
        fs::create_dir(at("b")).unwrap();
        let text = staged.commit().unwrap_err().to_string();
        let [old, a, b, c] = ["old", "a", "b", "c"].map(at);
        let Error::Io { message: Message { sentence, .. }, .. } = write_error(&b, &io::ErrorKind::IsADirectory.into()) else {
            panic!("not an error of a path")
        };
        let expected = format!("error: {b}: {sentence}; written before this: `{a}`; removed: `{old}`; not written: `{b}`, `{c}`\nhelp: ");
        assert!(text.starts_with(&expected), "{text}");
        assert_eq!((fs::read(at("a")).unwrap(), Path::new(&old).exists(), Path::new(&c).exists()), (b"new".to_vec(), false, false));

        // an error before anything was done lists no files
        fs::remove_dir(at("b")).unwrap();
        let staged = stage();
        fs::remove_file(at("a")).unwrap();
        fs::create_dir(at("a")).unwrap();
        let text = staged.commit().unwrap_err().to_string();
        assert!(text.starts_with(&format!("error: {a}: {sentence}; nothing was written\nhelp: ")), "{text}");
    }
}
