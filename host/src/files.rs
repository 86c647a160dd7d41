//! The disk as the file system that the stages ask for: reading, and what stands where. *Not here*: writing (`output`).

use std::fs::{self, File};
use std::io::{self, Read};

use samefit_stages::columns::Columns;
use samefit_stages::engine::Answer;
use samefit_stages::files::{Files, Kind, Output};

use crate::output::Staged;

/// The machine's own file system.
pub(crate) struct Disk;

impl Files for Disk {
    fn kind(&self, path: &str) -> io::Result<Kind> {
        let kind = fs::metadata(path)?.file_type();
        Ok(match () {
            () if kind.is_dir() => Kind::Folder,
            () if kind.is_file() => Kind::File,
            () => Kind::Pipe,
        })
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let name = |entry: io::Result<fs::DirEntry>| entry?.file_name().into_string().map_err(|name| not_utf8(&name));
        fs::read_dir(folder)?.map(name).collect()
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send + '_>> {
        let file = File::open(path)?;
        read_ahead(&file);
        Ok(Box::new(file))
    }

    fn bytes(&self, path: &str) -> Option<u64> {
        fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|found| found.len())
    }

    fn columns(&self, path: &str) -> Answer<Box<dyn Columns>> {
        crate::columns::open(path)
    }

    fn identity(&self, path: &str) -> io::Result<String> {
        // the escapes of Debug keep names apart that are not UTF-8
        fs::canonicalize(path).map(|path| format!("{path:?}"))
    }

    fn output(&self) -> Box<dyn Output + Send + '_> {
        Box::new(Staged::default())
    }
}

/// Tells the system that the file is read from its start to its end. If it will not hear, reading is slower.
#[cfg(target_os = "linux")]
fn read_ahead(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
}

#[cfg(not(target_os = "linux"))]
fn read_ahead(_file: &File) {}

fn not_utf8(name: &std::ffi::OsStr) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("it holds a file whose name is not UTF-8: {name:?}"))
}
