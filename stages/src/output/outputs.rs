//! Where a verb writes its files, and a guard against overwriting an input.

use std::collections::HashSet;
use std::io;

use samefit_text::line;

use crate::args::JsonArg;
use crate::error::{Error, Message, Result};
use crate::ports::files::{Files, Kind, Output};
use crate::source::Source;
use crate::text::paths;
use crate::text::paths::STANDARD;

/// Means the path of the data file in an output path.
const PLACEHOLDER: &str = "{input}";

/// Replaces `{input}` in `out` by the path of the data file, below the folder that the command line names and without its extension.
///
/// # Errors
/// A usage error if `out` has the placeholder and there is not exactly one source.
pub fn expand(out: &str, sources: &[Source]) -> Result<String> {
    match sources {
        _ if !out.contains(PLACEHOLDER) => Ok(out.to_owned()),
        [source] => Ok(out.replace(PLACEHOLDER, paths::without_extension(&source.below))),
        more => {
            let sentence = format!("`{{input}}` in --out means one data file, and {} were found", more.len());
            Err(Error::usage(sentence, "name one file, or an --out without `{input}`"))
        }
    }
}

/// Returns `out`, unless it is a file or standard output: a folder is needed.
pub fn folder(files: &dyn Files, out: String) -> Result<String> {
    if out == STANDARD {
        return Err(Error::usage("`-` is standard output, and several files are written here", "name a folder"));
    }
    match files.kind(&out) {
        Ok(Kind::File | Kind::Pipe) => {
            Err(Error::usage(format!("`{}` is a file, and --out must be a folder here", line(&out)), "name a folder"))
        }
        _ => Ok(out),
    }
}

/// Returns `out`, unless it is a folder: a file is needed.
pub fn file(files: &dyn Files, out: String) -> Result<String> {
    match files.kind(&out) {
        Ok(Kind::Folder) => {
            Err(Error::usage(format!("`{}` is a folder, and a file must be written here", line(&out)), "name a file in it"))
        }
        _ => Ok(out),
    }
}

/// Files that appear together or not at all, and never replace an input.
pub struct Outputs<'a> {
    files: &'a dyn Files,
    output: Box<dyn Output + Send + 'a>,
    inputs: HashSet<String>,
    created: Vec<String>,
}

impl<'a> Outputs<'a> {
    /// Begins to write. `inputs`: the paths of all files that were read.
    pub fn new<'p>(files: &'a dyn Files, inputs: impl IntoIterator<Item = &'p str>) -> Self {
        let inputs = inputs.into_iter().filter_map(|path| files.identity(path).ok()).collect();
        Self { files, output: files.output(), inputs, created: Vec::new() }
    }

    /// Begins a file. Returns its handle. For [`STANDARD`] the bytes go to standard output as they come.
    pub fn create(&mut self, path: &str) -> Result<usize> {
        self.refuse_input(path)?;
        if path != STANDARD {
            self.created.push(path.to_owned());
        }
        self.output.create(path).map_err(nothing_written)
    }

    /// Adds bytes to the file of a handle.
    pub fn write(&mut self, handle: usize, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() { Ok(()) } else { self.output.write(handle, bytes).map_err(nothing_written) }
    }

    /// Ends the file of a handle.
    pub fn close(&mut self, handle: usize) -> Result<()> {
        self.output.close(handle).map_err(nothing_written)
    }

    /// Writes a whole file.
    pub fn put(&mut self, path: &str, bytes: impl AsRef<[u8]>) -> Result<()> {
        let handle = self.create(path)?;
        self.write(handle, bytes.as_ref())?;
        self.close(handle)
    }

    /// Removes a file of an earlier run when the new files appear.
    pub fn remove(&mut self, path: &str) -> Result<()> {
        self.refuse_input(path)?;
        self.output.remove(path)
    }

    /// Puts every file in its place. Returns their paths in the order of creation, without standard output.
    pub fn commit(self) -> Result<Vec<String>> {
        self.output.commit()?;
        Ok(self.created)
    }

    fn refuse_input(&self, path: &str) -> Result<()> {
        match self.files.identity(path) {
            Ok(identity) if self.inputs.contains(&identity) => {
                Err(Error::usage(format!("`{}` is an input and would be overwritten", line(path)), "write to another path"))
            }
            _ => Ok(()),
        }
    }
}

/// Refuses an output to standard output beside another that goes there too.
///
/// # Errors
/// A usage error if `out` is standard output and `json` asks for a document there.
pub fn refuse_two_on_stdout(out: &str, json: JsonArg) -> Result<()> {
    match out == STANDARD && json.json {
        true => Err(Error::usage("--out - and --json both write to standard output", "leave out one of the two")),
        false => Ok(()),
    }
}

/// Returns the error for a path that could not be written.
pub fn write_error(path: &str, error: &io::Error) -> Error {
    const WRITABLE: &str = "give --out a folder where you may write";
    let message = match error.kind() {
        io::ErrorKind::StorageFull => Message::new("the disk is full", "free space, or give --out a path on another disk"),
        io::ErrorKind::QuotaExceeded => Message::new("your quota of the disk is used up", "free space, or give --out another path"),
        io::ErrorKind::FileTooLarge => Message::new("larger than a file may be here", "raise the limit (`ulimit -f`)"),
        io::ErrorKind::PermissionDenied => Message::new("permission to write denied", WRITABLE),
        io::ErrorKind::ReadOnlyFilesystem => Message::new("this file system is read-only", WRITABLE),
        io::ErrorKind::NotADirectory => Message::new("a folder is needed, and a file is there", "give --out another path"),
        io::ErrorKind::IsADirectory => Message::new("a file is to be written, and a folder is there", "give --out another path"),
        _ => return Error::writing(path, error),
    };
    Error::io(path, message)
}

/// Adds to an error what was done before it: which files were removed and written, and which were not written.
pub fn partial_write_error(error: Error, removed: &[String], written: &[String], unwritten: &[String]) -> Error {
    if removed.is_empty() && written.is_empty() {
        return nothing_written(error);
    }
    let Error::Io { path, message: Message { sentence, help } } = error else { return error };
    let lists = [("written before this", written), ("removed", removed), ("not written", unwritten)];
    let lists = lists.iter().filter(|(_, paths)| !paths.is_empty());
    let lists: String = lists.map(|(what, paths)| format!("; {what}: {}", quoted(paths))).collect();
    let help = help.unwrap_or_else(|| "correct this and run it again".to_owned());
    Error::io(path, Message::new(format!("{sentence}{lists}"), help))
}

/// Adds to a write error that no file has appeared.
fn nothing_written(error: Error) -> Error {
    match error {
        Error::Io { path, message: Message { sentence, help } } => {
            Error::io(path, Message { sentence: format!("{sentence}; nothing was written"), help })
        }
        other => other,
    }
}

fn quoted(paths: &[String]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Format;
    use crate::testing::MemoryFiles;

    fn source(below: &str) -> Source {
        Source::new(format!("/pfs/data/{below}"), below, Format::Csv, Kind::File)
    }

    #[test]
    fn the_placeholder_becomes_the_path_of_the_data_file() {
        assert_eq!(expand("/pfs/out/{input}", &[source("site1/a.csv.gz")]).unwrap(), "/pfs/out/site1/a");
        assert_eq!(expand("{input}.json", &[source("a.csv")]).unwrap(), "a.json");
        assert_eq!(expand("out", &[source("a.csv"), source("b.csv")]).unwrap(), "out");
        let error = expand("{input}", &[source("a.csv"), source("b.csv")]).unwrap_err();
        assert_eq!((error.to_string().contains("2 were found"), error.exit_code()), (true, 2));
    }

    #[test]
    fn an_input_is_not_overwritten() {
        let files = MemoryFiles::of(&[("a.json", "in"), ("m/model.json", "in")]);
        let mut outputs = Outputs::new(&files, ["a.json", "m/model.json"]);
        assert_eq!(outputs.create("a.json").unwrap_err().exit_code(), 2);
        assert_eq!(outputs.remove("m/model.json").unwrap_err().exit_code(), 2);
        outputs.put("b.json", "out").unwrap();
        assert_eq!(outputs.commit().unwrap(), ["b.json"]);
        assert_eq!(files.get("a.json").unwrap(), b"in");
        assert_eq!(files.get("b.json").unwrap(), b"out");
    }

    #[test]
    fn an_error_tells_what_was_done_before_it() {
        let full = || write_error("b", &io::ErrorKind::StorageFull.into());
        let [a, b, old] = ["a", "b", "old"].map(|path| [path.to_owned()]);
        let help = "help: free space, or give --out a path on another disk";
        let text = partial_write_error(full(), &old, &a, &b).to_string();
        assert_eq!(text, format!("error: b: the disk is full; written before this: `a`; removed: `old`; not written: `b`\n{help}"));
        let text = partial_write_error(full(), &[], &[], &b).to_string();
        assert_eq!(text, format!("error: b: the disk is full; nothing was written\n{help}"));
    }

    #[test]
    fn a_file_is_not_taken_for_a_folder_nor_a_folder_for_a_file() {
        let files = MemoryFiles::of(&[("d/a.json", "")]);
        assert_eq!(file(&files, "d".into()).unwrap_err().exit_code(), 2);
        assert_eq!(folder(&files, "d/a.json".into()).unwrap_err().exit_code(), 2);
        assert_eq!(folder(&files, "new".into()).unwrap(), "new");
    }
}
