//! `wasi:filesystem` as the file system that the stages ask for: reading, and what stands where. *Not here*: writing (`output`).

use std::io::{self, Read};

use samefit_stages::ports::files::{Files, Kind, Output};
use samefit_stages::text::paths;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, DescriptorType, OpenFlags};

use crate::disk::{Disk, failed};
use crate::output::Staged;

/// Bytes that are asked for at once, for the runtime puts them into a list of its own first.
const READ_BYTES_MAX: usize = 1 << 16;

impl Files for Disk {
    fn kind(&self, path: &str) -> io::Result<Kind> {
        Ok(match self.stat(path)?.type_ {
            DescriptorType::Directory => Kind::Folder,
            DescriptorType::RegularFile => Kind::File,
            _ => Kind::Pipe,
        })
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        self.names(folder)
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send + '_>> {
        let file = self.open(path, OpenFlags::empty(), DescriptorFlags::READ)?;
        Ok(Box::new(Reading { file, offset: 0 }))
    }

    /// A folder is the same by its hash. A file is the same by its folder and its name there.
    fn identity(&self, path: &str) -> io::Result<String> {
        let path = self.followed(path)?;
        let is_folder = self.stat(&path)?.type_ == DescriptorType::Directory;
        let (folder, name) = if is_folder { (path.as_str(), "") } else { (paths::folder(&path), paths::name(&path)) };
        let hash = self.hash(folder)?;
        Ok(format!("{:016x}{:016x}/{name}", hash.upper, hash.lower))
    }

    fn file_id(&self, path: &str) -> io::Result<String> {
        let hash = self.hash(path)?;
        Ok(format!("{:016x}{:016x}", hash.upper, hash.lower))
    }

    fn output(&self) -> Box<dyn Output + Send + '_> {
        Box::new(Staged::new(self))
    }
}

/// A file that is read from its start to its end.
struct Reading {
    file: Descriptor,
    offset: u64,
}

impl Read for Reading {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        let wanted = chunk.len().min(READ_BYTES_MAX);
        let (bytes, _) = self.file.read(wanted as u64, self.offset).map_err(failed)?;
        let got = bytes.len().min(wanted);
        chunk[..got].copy_from_slice(&bytes[..got]);
        self.offset += got as u64;
        Ok(got)
    }
}
