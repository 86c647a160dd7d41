//! Files that appear together, whole, or not at all. The only file of the program that writes files.
//!
//! Every file is written in a hidden folder beside its destination, on the same file system (`hidden`). A commit makes all of them durable,
//! takes away what is to go, renames each into its place and makes the names durable. Without a commit the hidden folders go, and the folders
//! that were made on the way.
//!
//! A link at the destination is followed: the file that it leads to is replaced, and the link stays. A link that leads nowhere is replaced.
//!
//! A destination that is no regular file (`/dev/stdout`, a named pipe) is written to as it is: a rename would replace the device.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use samefit_stages::error::{Error, Result};
use samefit_stages::output::outputs::{partial_write_error, write_error};
use samefit_stages::ports::files::Output;

use crate::files::stands;
use crate::hidden::Hidden;
use crate::interrupt;

/// Up to this many files each is flushed to disk by itself; beyond, the whole file system at once is quicker.
const FLUSHED_SINGLY_MAX: usize = 16;

/// Files that are written but not yet seen.
#[derive(Default)]
pub(crate) struct Staged {
    /// Folder of destinations to the hidden folder in it.
    hidden: BTreeMap<PathBuf, Hidden>,
    /// Folders that were made, outermost first.
    made: Vec<PathBuf>,
    files: Vec<Pending>,
    gone: Vec<PathBuf>,
    committed: bool,
}

/// A file that is being written.
struct Pending {
    /// As the person wrote it, for messages.
    path: String,
    /// Where it will stand; none if it stands there already, being a device.
    to: Option<PathBuf>,
    /// Where it stands now.
    at: PathBuf,
    /// Until it is closed.
    open: Option<BufWriter<File>>,
}

impl Output for Staged {
    fn create(&mut self, path: &str) -> Result<usize> {
        let pending = self.begin(path).map_err(|error| write_error(path, &error))?;
        self.files.push(pending);
        Ok(self.files.len() - 1)
    }

    fn write(&mut self, handle: usize, bytes: &[u8]) -> Result<()> {
        self.with(handle, |file| file.write_all(bytes))
    }

    fn close(&mut self, handle: usize) -> Result<()> {
        self.with(handle, BufWriter::flush)?;
        self.files[handle].open = None;
        Ok(())
    }

    fn remove(&mut self, path: &str) -> Result<()> {
        self.gone.push(stands(path));
        Ok(())
    }

    fn commit(mut self: Box<Self>) -> Result<()> {
        let unclosed: Vec<usize> = (0..self.files.len()).filter(|&handle| self.files[handle].open.is_some()).collect();
        unclosed.into_iter().try_for_each(|handle| self.close(handle))?;
        self.flush()?;
        interrupt::undisturbed(|| self.place())?;
        self.committed = true;
        self.flush_names()
    }
}

impl Staged {
    fn begin(&mut self, path: &str) -> io::Result<Pending> {
        let to = followed(&stands(path));
        match fs::metadata(&to) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => {
                let open = Some(BufWriter::new(OpenOptions::new().write(true).open(&to)?));
                return Ok(Pending { path: path.to_owned(), to: None, at: to, open });
            }
            _ => {}
        }
        let at = self.hidden_beside(&to)?.join(self.files.len().to_string());
        let open = Some(BufWriter::new(interrupt::undisturbed(|| File::create_new(&at))?));
        Ok(Pending { path: path.to_owned(), to: Some(to), at, open })
    }

    /// The hidden folder beside a destination, made if it is not there yet.
    fn hidden_beside(&mut self, to: &Path) -> io::Result<PathBuf> {
        let folder = folder(to);
        if let Some(hidden) = self.hidden.get(folder) {
            return Ok(hidden.path().to_owned());
        }
        self.make(folder)?;
        let hidden = Hidden::beside(folder)?;
        let path = hidden.path().to_owned();
        self.hidden.insert(folder.to_owned(), hidden);
        Ok(path)
    }

    /// Makes a folder and those above it, and remembers which were missing.
    fn make(&mut self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
            self.make(above)?;
        }
        match interrupt::folder(folder, || fs::create_dir(folder)) {
            Ok(()) => self.made.push(folder.to_owned()),
            // another worker was quicker
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(io::ErrorKind::NotADirectory.into()),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn with(&mut self, handle: usize, act: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
        let Pending { path, open, .. } = &mut self.files[handle];
        open.as_mut().map_or(Ok(()), act).map_err(|error| write_error(path, &error))
    }

    /// Makes the bytes durable.
    fn flush(&self) -> Result<()> {
        let staged: Vec<&Pending> = self.files.iter().filter(|file| file.to.is_some()).collect();
        if staged.len() <= FLUSHED_SINGLY_MAX {
            return staged.iter().try_for_each(|file| flush(&file.at).map_err(|error| write_error(&file.path, &error)));
        }
        self.hidden.iter().try_for_each(|(folder, hidden)| flush_system(hidden.path()).map_err(|error| write_error(&name(folder), &error)))
    }

    /// Takes away what is to go and puts every file in its place. An error says how far that went.
    fn place(&self) -> Result<()> {
        // the last first: of numbered files a kill leaves those without a gap, so that the next run finds them all
        let gone: Vec<PathBuf> = self.gone.iter().rev().filter(|path| path.exists()).cloned().collect();
        for (at, path) in gone.iter().enumerate() {
            remove(path).map_err(|failure| self.partly(failure, &gone[..at], 0))?;
        }
        for (at, file) in self.files.iter().enumerate() {
            file.place().map_err(|failure| self.partly(failure, &gone, at))?;
        }
        Ok(())
    }

    /// The failure with what was done before it: these files removed, and so many of the new ones in their places.
    fn partly(&self, failure: Error, removed: &[PathBuf], placed: usize) -> Error {
        let (written, unwritten) = self.files.split_at(placed);
        let [written, unwritten] = [written, unwritten].map(|files| files.iter().map(|file| file.path.clone()).collect::<Vec<_>>());
        let removed: Vec<String> = removed.iter().map(|path| name(path)).collect();
        partial_write_error(failure, &removed, &written, &unwritten)
    }

    /// Makes the names durable: of the files, and of the folders that were made.
    fn flush_names(&self) -> Result<()> {
        let above_made = self.made.iter().map(|made| folder(made));
        let gone = self.gone.iter().map(|gone| folder(gone)).filter(|folder| folder.is_dir());
        let mut folders: Vec<&Path> = self.hidden.keys().map(PathBuf::as_path).chain(above_made).chain(gone).collect();
        folders.sort_unstable();
        folders.dedup();
        folders.into_iter().try_for_each(|folder| flush(folder).map_err(|error| write_error(&name(folder), &error)))
    }
}

impl Pending {
    fn place(&self) -> Result<()> {
        self.to.as_ref().map_or(Ok(()), |to| fs::rename(&self.at, to)).map_err(|error| write_error(&self.path, &error))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        std::mem::take(&mut self.hidden).into_values().for_each(Hidden::remove);
        let made: Vec<&Path> = self.made.iter().map(PathBuf::as_path).collect();
        interrupt::settled(&made, || {
            if !self.committed {
                // one that someone else has put files into stays
                made.iter().rev().for_each(|made| drop(fs::remove_dir(made)));
            }
        });
    }
}

/// Where a link leads, so that the file is replaced and not the link. What leads nowhere, or to a pipe, is left as it is.
fn followed(path: &Path) -> PathBuf {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()),
        _ => path.to_owned(),
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(write_error(&name(path), &error)),
        _ => Ok(()),
    }
}

fn flush(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(target_os = "linux")]
fn flush_system(folder: &Path) -> io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

#[cfg(not(target_os = "linux"))]
fn flush_system(folder: &Path) -> io::Result<()> {
    fs::read_dir(folder)?.try_for_each(|entry| flush(&entry?.path()))
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn a_failure_in_the_middle_says_which_files_were_written() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name).display().to_string();
        fs::write(at("old"), "old").unwrap();
        let begun = || {
            let mut staged = Box::new(Staged::default());
            staged.remove(&at("old")).unwrap();
            for name in ["a", "b", "c"] {
                let handle = staged.create(&at(name)).unwrap();
                staged.write(handle, b"new").unwrap();
            }
            staged
        };
        let staged = begun();
        fs::create_dir(at("b")).unwrap();
        let text = staged.commit().unwrap_err().to_string();
        let [old, a, b, c] = ["old", "a", "b", "c"].map(at);
        let expected = format!(
            "error: {b}: a file is to be written, and a folder is there; written before this: `{a}`; removed: `{old}`; not written: `{b}`, `{c}`\nhelp: "
        );
        assert!(text.starts_with(&expected), "{text}");
        assert_eq!((fs::read(at("a")).unwrap(), Path::new(&old).exists(), Path::new(&c).exists()), (b"new".to_vec(), false, false));

        // where nothing was done before it, there is nothing to say
        fs::remove_dir(at("b")).unwrap();
        let staged = begun();
        fs::remove_file(at("a")).unwrap();
        fs::create_dir(at("a")).unwrap();
        let text = staged.commit().unwrap_err().to_string();
        assert!(
            text.starts_with(&format!("error: {a}: a file is to be written, and a folder is there; nothing was written\nhelp: ")),
            "{text}"
        );
    }
}
