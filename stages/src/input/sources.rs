//! Paths from the command line to the data files they mean.
//!
//! A path is a file, whatever its name, or a folder: all its data files, sorted by path. Data files are known by their extension; in a folder
//! hidden files, `provenance.json`, `report.json` and logs of what was shared are passed over in silence, other files that are no data with a note. A file that is named
//! itself and has an unknown extension is read as CSV (`data.txt`, `/dev/stdin`).
//!
//! *Invariants*: no file is found twice, by whatever names or links, so no row counts twice. What this command writes is not read: its `--out` in a folder is passed over.
//! *Limits*: [`FOLDER_DEPTH_MAX`].

use std::collections::HashMap;
use std::io;

use samefit_text::line;

use crate::error::{Error, InputError, Result};
use crate::input::reading;
use crate::ports::files::{Files, Kind};
use crate::ports::report::Report;
use crate::source::{Format, Source};
use crate::stage::Stage;
use crate::text::paths;
use crate::text::paths::Compression;

/// Deepest folder that is looked into: deeper is a loop of links.
pub const FOLDER_DEPTH_MAX: usize = 64;

/// Ends the name of a log of what was shared.
pub const AUDIT_SUFFIX: &str = ".audit.jsonl";

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Tables and records.
    Data,
    /// Documents with statistics.
    Statistics,
}

/// What a name in a folder says of the file.
enum Named {
    File(Format),
    Unsupported(&'static str),
    OfOurs,
    Unknown,
}

/// The files that `paths` mean. `out`: where this command writes.
pub fn find(stage: &mut Stage<'_>, paths: &[String], out: Option<&str>, wanted: Wanted) -> Result<Vec<Source>> {
    let out = out.and_then(|out| Some((out, stage.files.identity(out).ok()?)));
    let mut search = Search { files: stage.files, report: &mut *stage.report, wanted, out, found: Vec::new(), strangers: Vec::new() };
    paths.iter().try_for_each(|path| search.path(path))?;
    let found = search.found;
    refuse_repeats(stage.files, &found)?;
    Ok(found)
}

/// The one file that `paths` mean.
pub fn find_one(stage: &mut Stage<'_>, path: &str, out: Option<&str>) -> Result<Source> {
    let mut found = find(stage, &[path.to_owned()], out, Wanted::Data)?;
    match (found.pop(), found.len()) {
        (Some(source), 0) => Ok(source),
        (_, more) => Err(Error::Usage(format!("`{}` holds {} data files, and this takes one\nname the file", line(path), more + 1))),
    }
}

/// `path`, or the `name` in it if it is a folder.
pub fn document_path(files: &dyn Files, path: &str, name: &str) -> Result<String> {
    if kind(files, path)? != Kind::Folder {
        return Ok(path.to_owned());
    }
    let inside = paths::join(path, name);
    match files.kind(&inside) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(no_document(path, name)),
        _ => Ok(inside),
    }
}

fn no_document(folder: &str, name: &str) -> Error {
    let help = "name the file, or look into `report.json`: a model that quality control refused is not passed on";
    InputError::new("not-found", format!("there is no `{name}` in this folder"), help).in_file(folder)
}

/// What stands at a path that a person named.
fn kind(files: &dyn Files, path: &str) -> Result<Kind> {
    files.kind(path).map_err(|error| reading::failed(path, &error))
}

struct Search<'a> {
    files: &'a dyn Files,
    report: &'a mut dyn Report,
    wanted: Wanted,
    out: Option<(&'a str, String)>,
    found: Vec<Source>,
    strangers: Vec<String>,
}

impl Search<'_> {
    fn path(&mut self, path: &str) -> Result<()> {
        match kind(self.files, path)? {
            Kind::Folder => self.named_folder(path),
            kind => self.named_file(path, kind),
        }
    }

    fn named_file(&mut self, path: &str, kind: Kind) -> Result<()> {
        let format = match (self.wanted, named(path)) {
            (Wanted::Statistics, _) => Format::Json,
            (Wanted::Data, Named::File(format)) => format,
            (Wanted::Data, Named::Unsupported(what)) => return Err(unsupported(path, what)),
            (Wanted::Data, Named::OfOurs | Named::Unknown) => unknown(path),
        };
        self.found.push(Source { path: path.to_owned(), below: paths::name(path).to_owned(), format, kind });
        Ok(())
    }

    fn named_folder(&mut self, folder: &str) -> Result<()> {
        if self.is_out(folder) {
            return Err(Error::Usage(format!("`{}` is read and written at once\ngive --out another folder", line(folder))));
        }
        let before = self.found.len();
        self.strangers.clear();
        self.folder(folder, "", 0)?;
        self.found[before..].sort_by(|a, b| a.below.cmp(&b.below));
        if self.found.len() == before {
            return Err(self.nothing(folder));
        }
        if !self.strangers.is_empty() {
            self.report.note(&format!("note: {}: passed over what by its name is no data: {}", line(folder), some(&self.strangers)));
        }
        Ok(())
    }

    fn folder(&mut self, folder: &str, below: &str, depth: usize) -> Result<()> {
        if depth > FOLDER_DEPTH_MAX {
            let text = format!("folders more than {FOLDER_DEPTH_MAX} deep\nlook for a link that leads back");
            return Err(Error::Io { path: folder.to_owned(), text });
        }
        let mut names = self.files.names(folder).map_err(|error| reading::failed(folder, &error))?;
        names.sort();
        names.iter().filter(|name| !name.starts_with('.')).try_for_each(|name| {
            let path = paths::join(folder, name);
            self.entry(&path, paths::join(below, name), depth)
        })
    }

    fn entry(&mut self, path: &str, below: String, depth: usize) -> Result<()> {
        let kind = kind(self.files, path)?;
        if self.is_out(path) {
            return Ok(());
        }
        if kind == Kind::Folder {
            return self.folder(path, &below, depth + 1);
        }
        match named(path) {
            Named::File(format) if self.wanted == Wanted::Data || format == Format::Json => {
                self.found.push(Source { path: path.to_owned(), below, format, kind });
            }
            Named::Unsupported(what) if self.wanted == Wanted::Data => return Err(unsupported(path, what)),
            Named::OfOurs => {}
            _ => self.strangers.push(below),
        }
        Ok(())
    }

    fn is_out(&self, path: &str) -> bool {
        self.out.as_ref().is_some_and(|(_, out)| self.files.identity(path).is_ok_and(|identity| identity == *out))
    }

    fn nothing(&self, folder: &str) -> Error {
        let (what, kinds) = match self.wanted {
            Wanted::Data => (
                "data",
                "`.csv`, `.json`, `.jsonl` or `.ndjson`, each also with `.gz` or `.zst`, or in `.parquet`, `.arrow`, `.arrows` or `.feather`",
            ),
            Wanted::Statistics => ("statistics", "`.json`"),
        };
        let holds = if self.strangers.is_empty() { String::new() } else { format!("; it holds {}", some(&self.strangers)) };
        InputError::new("no-data-files", format!("no file of {what} in this folder{holds}"), format!("files of {what} end in {kinds}"))
            .in_file(folder)
    }
}

fn named(path: &str) -> Named {
    if matches!(paths::name(path), "provenance.json" | "report.json") || path.ends_with(AUDIT_SUFFIX) {
        return Named::OfOurs;
    }
    if cfg!(not(feature = "zstd")) && paths::compression(path) == Some(Compression::Zstd) {
        return Named::Unsupported("compressed with Zstandard");
    }
    match paths::extension(path).as_str() {
        "csv" => Named::File(Format::Csv),
        "json" => Named::File(Format::Json),
        "jsonl" | "ndjson" => Named::File(Format::JsonLines),
        "parquet" => Named::File(Format::Parquet),
        "arrow" | "arrows" | "feather" => Named::File(Format::Arrow),
        "xlsx" | "xls" | "ods" => Named::Unsupported("a spreadsheet"),
        _ => Named::Unknown,
    }
}

/// How a file that a person named is read though its name does not say.
fn unknown(path: &str) -> Format {
    if paths::extension(path) == "json" { Format::Json } else { Format::Csv }
}

fn unsupported(path: &str, what: &str) -> Error {
    let help = "write it as CSV or JSON Lines, which may be compressed with gzip";
    InputError::new("unsupported-format", format!("this file is {what}, which this version does not read"), help).in_file(path)
}

fn refuse_repeats(files: &dyn Files, found: &[Source]) -> Result<()> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for source in found.iter().filter(|source| source.kind == Kind::File) {
        let id = files.file_id(&source.path).map_err(|error| reading::failed(&source.path, &error))?;
        if let Some(first) = seen.insert(id, &source.path) {
            let (first, path) = (line(first), line(&source.path));
            let (what, help) = match first == path {
                true => (format!("`{path}` is named twice"), "name it once"),
                false => {
                    (format!("`{first}` and `{path}` are one file"), "name it once; if its rows are to count twice, make a copy of it")
                }
            };
            return Err(Error::Usage(format!("{what}: its rows would count twice\n{help}")));
        }
    }
    Ok(())
}

/// A few names, for a message.
fn some(names: &[String]) -> String {
    const SHOWN_MAX: usize = 3;
    let shown: Vec<String> = names.iter().take(SHOWN_MAX).map(|name| format!("`{}`", samefit_text::name(name))).collect();
    match names.len().saturating_sub(SHOWN_MAX) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Memory, in_stage};

    fn found(files: &[(&str, &str)], paths: &[&str], out: Option<&str>, wanted: Wanted) -> (Result<Vec<String>>, Vec<String>) {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let (answer, lines) = in_stage(&Memory::of(files), |stage| find(stage, &paths, out, wanted));
        let shown = |source: &Source| format!("{} {} {}", source.path, source.below, source.format.name());
        (answer.map(|sources| sources.iter().map(shown).collect()), lines.noted)
    }

    fn failure(files: &[(&str, &str)], paths: &[&str], out: Option<&str>) -> (String, u8) {
        let failure = found(files, paths, out, Wanted::Data).0.unwrap_err();
        (failure.to_string(), failure.exit_code())
    }

    #[test]
    fn a_folder_is_all_its_data_files_sorted() {
        let files = [
            ("d/b.csv.gz", ""),
            ("d/a/z.JSONL", ""),
            ("d/a.json", ""),
            ("d/.hidden.csv", ""),
            ("d/.git/x.csv", ""),
            ("d/provenance.json", ""),
            ("d/report.json", ""),
            ("d/statistics.audit.jsonl", ""),
            ("d/README.md", ""),
        ];
        let (answer, notes) = found(&files, &["d"], None, Wanted::Data);
        assert_eq!(answer.unwrap(), ["d/a.json a.json json", "d/a/z.JSONL a/z.JSONL jsonl", "d/b.csv.gz b.csv.gz csv"]);
        assert_eq!(notes, ["note: d: passed over what by its name is no data: `README.md`"]);
    }

    #[test]
    fn statistics_are_json() {
        let files = [("d/a.json", ""), ("d/a.csv", ""), ("s", "")];
        let (answer, notes) = found(&files, &["d", "s"], None, Wanted::Statistics);
        assert_eq!(answer.unwrap(), ["d/a.json a.json json", "s s json"]);
        assert_eq!(notes, ["note: d: passed over what by its name is no data: `a.csv`"]);
    }

    #[test]
    fn a_file_that_is_named_is_read_whatever_its_name() {
        let files = [("x/data.txt", ""), ("/dev/stdin", "")];
        let (answer, _) = found(&files, &["x/data.txt", "/dev/stdin"], None, Wanted::Data);
        assert_eq!(answer.unwrap(), ["x/data.txt data.txt csv", "/dev/stdin stdin csv"]);
    }

    #[test]
    fn what_this_command_writes_is_not_read() {
        let files = [("d/a.csv", ""), ("d/out/1.json", ""), ("d/s.json", "")];
        assert_eq!(found(&files, &["d"], Some("d/out"), Wanted::Data).0.unwrap().len(), 2);
        assert_eq!(found(&files, &["d"], Some("d/s.json"), Wanted::Data).0.unwrap().len(), 2);
        let (text, code) = failure(&files, &["d"], Some("d/"));
        assert_eq!((text.as_str(), code), ("error: `d` is read and written at once\nhelp: give --out another folder", 2));
    }

    #[test]
    fn nothing_is_found_with_words() {
        let (text, code) = failure(&[("d/a.md", "")], &["d"], None);
        let help = "files of data end in `.csv`, `.json`, `.jsonl` or `.ndjson`, each also with `.gz` or `.zst`, or in `.parquet`, `.arrow`, `.arrows` or `.feather`";
        assert_eq!((text, code), (format!("error: d: no file of data in this folder; it holds `a.md`\nhelp: {help}"), 3));
        let (text, code) = failure(&[("d/a.md", "")], &["e.csv"], None);
        let help = "check the path; it counts from the folder you are in";
        assert_eq!((text, code), (format!("error: e.csv: there is no such file or folder\nhelp: {help}"), 3));
    }

    #[test]
    fn formats_of_other_versions_are_not_passed_over() {
        let (text, code) = failure(&[("d/a.csv", ""), ("d/b.xlsx", "")], &["d"], None);
        assert!(text.starts_with("error: d/b.xlsx: this file is a spreadsheet, which this version does not read\n"), "{text}");
        assert_eq!(code, 3);
    }

    #[test]
    fn no_row_counts_twice() {
        let (text, code) = failure(&[("d/a.csv", "")], &["d", "d/a.csv"], None);
        assert_eq!((text.contains("its rows would count twice"), code), (true, 2));
    }

    #[test]
    fn a_folder_stands_for_the_document_in_it() {
        let files = Memory::of(&[("m/model.json", "{}"), ("r/report.json", "{}")]);
        assert_eq!(document_path(&files, "m", "model.json").unwrap(), "m/model.json");
        assert_eq!(document_path(&files, "m/model.json", "model.json").unwrap(), "m/model.json");
        let text = document_path(&files, "r", "model.json").unwrap_err().to_string();
        assert!(text.starts_with("error: r: there is no `model.json` in this folder\nhelp: "), "{text}");
    }
}
