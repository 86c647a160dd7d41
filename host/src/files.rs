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

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(File::open(path)?))
    }

    fn columns(&self, path: &str) -> Answer<Box<dyn Columns>> {
        crate::columns::open(path)
    }

    fn identity(&self, path: &str) -> io::Result<String> {
        // the escapes of Debug keep names apart that are not UTF-8
        fs::canonicalize(path).map(|path| format!("{path:?}"))
    }

    fn output(&self) -> Box<dyn Output + '_> {
        Box::new(Staged::default())
    }
}

fn not_utf8(name: &std::ffi::OsStr) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("it holds a file whose name is not UTF-8: {name:?}"))
}
