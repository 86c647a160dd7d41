//! Where the files of a verb go, and a guard that none of them replaces an input.

use std::collections::HashSet;

use crate::engine::Answer;
use crate::failure::Failure;
use crate::files::{Files, Kind, Output};
use crate::inputs::Source;
use crate::paths;

/// What stands in an output path for the one data file found.
const PLACEHOLDER: &str = "{input}";

/// `out` with `{input}` replaced by the path, below the path that was named and without its extension, of the one file found.
pub fn place(out: &str, sources: &[Source]) -> Answer<String> {
    match sources {
        _ if !out.contains(PLACEHOLDER) => Ok(out.to_owned()),
        [source] => Ok(out.replace(PLACEHOLDER, paths::without_extension(&source.below))),
        more => {
            let help = "name one file, or an --out without `{input}`";
            Err(Failure::Usage(format!("`{{input}}` in --out stands for one data file, and {} were found\n{help}", more.len())))
        }
    }
}

/// `out` as the folder that files are put into.
pub fn folder(files: &dyn Files, out: String) -> Answer<String> {
    match files.kind(&out) {
        Ok(Kind::File | Kind::Pipe) => Err(Failure::Usage(format!("`{out}` is a file, and --out takes a folder here\nname another"))),
        _ => Ok(out),
    }
}

/// `out` as the file itself.
pub fn file(files: &dyn Files, out: String) -> Answer<String> {
    match files.kind(&out) {
        Ok(Kind::Folder) => Err(Failure::Usage(format!("`{out}` is a folder, and --out takes a file here\nname a file in it"))),
        _ => Ok(out),
    }
}

/// Files that appear together or not at all, and never in the place of an input.
pub struct Outputs<'a> {
    files: &'a dyn Files,
    output: Box<dyn Output + 'a>,
    inputs: HashSet<String>,
    created: Vec<String>,
}

impl<'a> Outputs<'a> {
    /// Begins to write. `inputs`: the paths that were read.
    pub fn new<'p>(files: &'a dyn Files, inputs: impl IntoIterator<Item = &'p str>) -> Self {
        let inputs = inputs.into_iter().filter_map(|path| files.identity(path).ok()).collect();
        Self { files, output: files.output(), inputs, created: Vec::new() }
    }

    /// Begins a file; returns its handle.
    pub fn create(&mut self, path: &str) -> Answer<usize> {
        self.guard(path)?;
        self.created.push(path.to_owned());
        self.output.create(path)
    }

    /// Adds bytes to the file of a handle.
    pub fn write(&mut self, handle: usize, bytes: &[u8]) -> Answer<()> {
        if bytes.is_empty() { Ok(()) } else { self.output.write(handle, bytes) }
    }

    /// The file of this handle is complete.
    pub fn close(&mut self, handle: usize) -> Answer<()> {
        self.output.close(handle)
    }

    /// A whole file at once.
    pub fn put(&mut self, path: &str, bytes: impl AsRef<[u8]>) -> Answer<()> {
        let handle = self.create(path)?;
        self.write(handle, bytes.as_ref())?;
        self.close(handle)
    }

    /// What an earlier run left here goes when the new files come.
    pub fn remove(&mut self, path: &str) -> Answer<()> {
        self.guard(path)?;
        self.output.remove(path)
    }

    /// Puts every file in its place; returns the paths in the order of their creation.
    pub fn commit(self) -> Answer<Vec<String>> {
        self.output.commit()?;
        Ok(self.created)
    }

    fn guard(&self, path: &str) -> Answer<()> {
        match self.files.identity(path) {
            Ok(identity) if self.inputs.contains(&identity) => {
                Err(Failure::Usage(format!("`{path}` is read and would be overwritten\ngive --out another place")))
            }
            _ => Ok(()),
        }
    }
}
