//! Where the files of a verb go, and a guard that none of them replaces an input.

use std::collections::HashSet;
use std::io;

use samefit_text::line;

use crate::error::{Error, Result};
use crate::ports::files::{Files, Kind, Output};
use crate::source::Source;
use crate::text::paths;

/// What stands in an output path for the one data file found.
const PLACEHOLDER: &str = "{input}";

/// `out` with `{input}` replaced by the path, below the path that was named and without its extension, of the one file found.
pub fn place(out: &str, sources: &[Source]) -> Result<String> {
    match sources {
        _ if !out.contains(PLACEHOLDER) => Ok(out.to_owned()),
        [source] => Ok(out.replace(PLACEHOLDER, paths::without_extension(&source.below))),
        more => {
            let help = "name one file, or an --out without `{input}`";
            Err(Error::Usage(format!("`{{input}}` in --out stands for one data file, and {} were found\n{help}", more.len())))
        }
    }
}

/// `out` as the folder that files are put into.
pub fn folder(files: &dyn Files, out: String) -> Result<String> {
    match files.kind(&out) {
        Ok(Kind::File | Kind::Pipe) => {
            Err(Error::Usage(format!("`{}` is a file, and --out takes a folder here\nname another", line(&out))))
        }
        _ => Ok(out),
    }
}

/// `out` as the file itself.
pub fn file(files: &dyn Files, out: String) -> Result<String> {
    match files.kind(&out) {
        Ok(Kind::Folder) => Err(Error::Usage(format!("`{}` is a folder, and a file is to be written here\nname a file in it", line(&out)))),
        _ => Ok(out),
    }
}

/// Files that appear together or not at all, and never in the place of an input.
pub struct Outputs<'a> {
    files: &'a dyn Files,
    output: Box<dyn Output + Send + 'a>,
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
    pub fn create(&mut self, path: &str) -> Result<usize> {
        self.guard(path)?;
        self.created.push(path.to_owned());
        self.output.create(path)
    }

    /// Adds bytes to the file of a handle.
    pub fn write(&mut self, handle: usize, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() { Ok(()) } else { self.output.write(handle, bytes) }
    }

    /// The file of this handle is complete.
    pub fn close(&mut self, handle: usize) -> Result<()> {
        self.output.close(handle)
    }

    /// A whole file at once.
    pub fn put(&mut self, path: &str, bytes: impl AsRef<[u8]>) -> Result<()> {
        let handle = self.create(path)?;
        self.write(handle, bytes.as_ref())?;
        self.close(handle)
    }

    /// What an earlier run left here goes when the new files come.
    pub fn remove(&mut self, path: &str) -> Result<()> {
        self.guard(path)?;
        self.output.remove(path)
    }

    /// Puts every file in its place; returns the paths in the order of their creation.
    pub fn commit(self) -> Result<Vec<String>> {
        self.output.commit()?;
        Ok(self.created)
    }

    fn guard(&self, path: &str) -> Result<()> {
        match self.files.identity(path) {
            Ok(identity) if self.inputs.contains(&identity) => {
                Err(Error::Usage(format!("`{}` is read and would be overwritten\nwrite to another place", line(path))))
            }
            _ => Ok(()),
        }
    }
}

/// What to say of a path that could not be written.
pub fn failed(path: &str, error: &io::Error) -> Error {
    let text = match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full; nothing was written\nfree space, or give --out a place on another disk".to_owned(),
        io::ErrorKind::QuotaExceeded => {
            "your share of the disk is used up; nothing was written\nfree space, or give --out another place".to_owned()
        }
        io::ErrorKind::FileTooLarge => "larger than a file may be here; nothing was written\nraise the limit (`ulimit -f`)".to_owned(),
        io::ErrorKind::PermissionDenied => "permission to write denied\ngive --out a place where you may write".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "this file system is read-only\ngive --out a place where you may write".to_owned(),
        io::ErrorKind::NotADirectory => "a file stands where a folder is needed\ngive --out another place".to_owned(),
        io::ErrorKind::IsADirectory => "a folder stands where the file would\ngive --out another place".to_owned(),
        _ => format!("cannot be written: {error}"),
    };
    Error::Io { path: path.to_owned(), text }
}

/// What to say where some of several files stand in their places and then one could not be put there.
pub fn partly(failure: Error, removed: &[String], written: &[String], unwritten: &[String]) -> Error {
    let Error::Io { path, text } = failure else { return failure };
    if removed.is_empty() && written.is_empty() {
        return Error::Io { path, text };
    }
    let (sentence, help) = text.split_once('\n').unwrap_or((&text, "correct this and run it again"));
    let sentence = sentence.trim_end_matches("; nothing was written");
    let lists = [("written before this", written), ("removed", removed), ("not written", unwritten)];
    let lists = lists.iter().filter(|(_, paths)| !paths.is_empty());
    let lists: String = lists.map(|(what, paths)| format!("; {what}: {}", quoted(paths))).collect();
    Error::Io { path, text: format!("{sentence}{lists}\n{help}") }
}

fn quoted(paths: &[String]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Format;
    use crate::testing::Memory;

    fn source(below: &str) -> Source {
        Source { path: format!("/pfs/data/{below}"), below: below.to_owned(), format: Format::Csv, kind: Kind::File }
    }

    #[test]
    fn input_stands_for_the_path_of_the_one_file() {
        assert_eq!(place("/pfs/out/{input}", &[source("site1/a.csv.gz")]).unwrap(), "/pfs/out/site1/a");
        assert_eq!(place("{input}.json", &[source("a.csv")]).unwrap(), "a.json");
        assert_eq!(place("out", &[source("a.csv"), source("b.csv")]).unwrap(), "out");
        let failure = place("{input}", &[source("a.csv"), source("b.csv")]).unwrap_err();
        assert_eq!((failure.to_string().contains("2 were found"), failure.exit_code()), (true, 2));
    }

    #[test]
    fn an_input_is_never_overwritten() {
        let files = Memory::of(&[("a.json", "in"), ("m/model.json", "in")]);
        let mut outputs = Outputs::new(&files, ["a.json", "m/model.json"]);
        assert_eq!(outputs.create("a.json").unwrap_err().exit_code(), 2);
        assert_eq!(outputs.remove("m/model.json").unwrap_err().exit_code(), 2);
        outputs.put("b.json", "out").unwrap();
        assert_eq!(outputs.commit().unwrap(), ["b.json"]);
        assert_eq!(files.get("a.json").unwrap(), b"in");
        assert_eq!(files.get("b.json").unwrap(), b"out");
    }

    #[test]
    fn what_was_done_before_a_failure_is_said() {
        let failure = |text: &str| Error::Io { path: "b".to_owned(), text: text.to_owned() };
        let [a, b, old] = ["a", "b", "old"].map(|path| [path.to_owned()]);
        let text = partly(failure("the disk is full; nothing was written\nfree space"), &old, &a, &b).to_string();
        let expected = "error: b: the disk is full; written before this: `a`; removed: `old`; not written: `b`\nhelp: free space";
        assert_eq!(text, expected);
        let text = partly(failure("the disk is full; nothing was written\nfree space"), &[], &[], &b).to_string();
        assert_eq!(text, "error: b: the disk is full; nothing was written\nhelp: free space");
    }

    #[test]
    fn a_folder_is_no_file_and_a_file_no_folder() {
        let files = Memory::of(&[("d/a.json", "")]);
        assert_eq!(file(&files, "d".into()).unwrap_err().exit_code(), 2);
        assert_eq!(folder(&files, "d/a.json".into()).unwrap_err().exit_code(), 2);
        assert_eq!(folder(&files, "new".into()).unwrap(), "new");
    }
}
