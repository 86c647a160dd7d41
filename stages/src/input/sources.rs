//! Finds the data files that the paths of a command line mean.
//!
//! A path to a file means that file, whatever its name. A path to a folder means all of its data files, sorted by path; they are known by their
//! extension. In a folder, hidden files, `provenance.json`, `report.json` and audit logs are skipped silently, and other files that are not data
//! with a note. A file that is named and has an unknown extension (`data.txt`, `/dev/stdin`) is read as CSV. A `.json` file is one object, or it is
//! read as JSON Lines if it holds several records. A table whose first bytes are those of Parquet, Arrow or a workbook is read as such, whatever its
//! extension; a pipe is not, because it cannot be looked at. `-` is standard input.
//!
//! *Invariants*: no file is found twice, by whatever names or links, so no row counts twice. The `--out` of this command is skipped in folders.
//! *Limits*: [`FOLDER_DEPTH_MAX`].

use std::collections::HashMap;
use std::io;

use samefit_text::line;

use crate::code::Code;
use crate::error::{Error, InputError, Message, Result};
use crate::input::body;
use crate::input::content::{Content, FIRST_BYTES};
use crate::input::reading;
use crate::input::record_count::holds_several;
use crate::ports::files::{Files, Kind};
use crate::ports::report::Report;
use crate::source::{Format, Source};
use crate::stage::Stage;
use crate::text::numbers::counted;
use crate::text::paths;

/// How deep folders are searched. Deeper folders mean a loop of links.
pub const FOLDER_DEPTH_MAX: usize = 64;

/// Ends the name of an audit log.
pub const AUDIT_SUFFIX: &str = ".audit.jsonl";

/// Which files to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Data: tables and records.
    Data,
    /// Statistics documents.
    Statistics,
}

/// What the name of a file tells.
enum NamedAs {
    /// A data file.
    Data(Format),
    /// A file that samefit writes beside its results.
    OurReport,
    Unknown,
}

/// Returns the files that `paths` mean. `out`: where this command writes.
pub fn find(stage: &mut Stage<'_>, paths: &[String], out: Option<&str>, wanted: Wanted) -> Result<Vec<Source>> {
    let out = out.and_then(|out| Some((out, stage.files.identity(out).ok()?)));
    let mut search = Search { files: stage.files, report: &mut *stage.report, wanted, out, found: Vec::new(), skipped: Vec::new() };
    paths.iter().try_for_each(|path| search.path(paths::to_read(path)))?;
    let mut found = search.found;
    refuse_repeats(stage.files, &found)?;
    found.iter_mut().for_each(|source| source.format = format_of_content(stage.files, source));
    if wanted == Wanted::Data {
        // a pipe can be read once
        let named_as_one = found.iter_mut().filter(|source| source.format == Format::Json && source.kind == Kind::File);
        let several = named_as_one.filter(|source| holds_several(stage.files, &source.path));
        several.for_each(|source| source.format = Format::JsonLines);
    }
    choose_sheets(stage, &mut found)?;
    Ok(found)
}

/// Returns the one file that `path` means. It is an error if a folder holds several.
pub fn find_one(stage: &mut Stage<'_>, path: &str, out: Option<&str>) -> Result<Source> {
    let mut found = find(stage, &[path.to_owned()], out, Wanted::Data)?;
    match (found.pop(), found.len()) {
        (Some(source), 0) => Ok(source),
        (_, more) => Err(Error::usage(format!("`{}` holds {} data files, and this verb takes one", line(path), more + 1), "name the file")),
    }
}

/// Returns `path` if it is a file, or the path of the file `name` in it if it is a folder.
pub fn document_path(files: &dyn Files, path: &str, name: &str) -> Result<String> {
    let path = paths::to_read(path);
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
    let help = "name the file; if `report.json` is there, quality control may have refused the model, which is then not written";
    InputError::new(Code::NotFound, format!("there is no `{name}` in this folder"), help).in_file(folder)
}

/// Returns what is at a path.
fn kind(files: &dyn Files, path: &str) -> Result<Kind> {
    files.kind(path).map_err(|error| reading::read_error(path, &error))
}

/// A search for files.
struct Search<'a> {
    files: &'a dyn Files,
    report: &'a mut dyn Report,
    wanted: Wanted,
    out: Option<(&'a str, String)>,
    found: Vec<Source>,
    /// Files of the folder that are not data.
    skipped: Vec<String>,
}

impl Search<'_> {
    fn path(&mut self, path: &str) -> Result<()> {
        match kind(self.files, path)? {
            Kind::Folder => self.named_folder(path),
            kind => self.named_file(path, kind),
        }
    }

    fn named_file(&mut self, path: &str, kind: Kind) -> Result<()> {
        let format = match (self.wanted, named_as(path)) {
            (Wanted::Statistics, _) => Format::Json,
            (Wanted::Data, NamedAs::Data(format)) => format,
            (Wanted::Data, NamedAs::OurReport | NamedAs::Unknown) => format_of_unknown(path),
        };
        self.found.push(Source::new(path, paths::name(path), format, kind));
        Ok(())
    }

    fn named_folder(&mut self, folder: &str) -> Result<()> {
        if self.is_out(folder) {
            return Err(Error::usage(format!("`{}` is both read and written", line(folder)), "give --out another folder"));
        }
        let before = self.found.len();
        self.skipped.clear();
        self.folder(folder, "", 0)?;
        self.found[before..].sort_by(|a, b| a.below.cmp(&b.below));
        if self.found.len() == before {
            return Err(self.nothing_found(folder));
        }
        if !self.skipped.is_empty() {
            self.report.note(&format!("note: {}: {}", line(folder), self.skipped_in_words()));
        }
        Ok(())
    }

    fn folder(&mut self, folder: &str, below: &str, depth: usize) -> Result<()> {
        if depth > FOLDER_DEPTH_MAX {
            let sentence = format!("folders are more than {FOLDER_DEPTH_MAX} deep");
            return Err(Error::io(folder, Message::new(sentence, "look for a link that leads back to a folder above")));
        }
        let mut names = self.files.names(folder).map_err(|error| reading::read_error(folder, &error))?;
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
        match named_as(path) {
            NamedAs::Data(format) if self.wanted == Wanted::Data || format == Format::Json => {
                self.found.push(Source::new(path, below, format, kind));
            }
            NamedAs::OurReport => {}
            _ => self.skipped.push(below),
        }
        Ok(())
    }

    fn is_out(&self, path: &str) -> bool {
        self.out.as_ref().is_some_and(|(_, out)| self.files.identity(path).is_ok_and(|identity| identity == *out))
    }

    /// Such as "skipped 2 files that are not data files: `a.md`, `b.md`".
    fn skipped_in_words(&self) -> String {
        let kind = if self.wanted == Wanted::Data { "data" } else { "statistics" };
        let are = if self.skipped.len() == 1 { format!("is not a {kind} file") } else { format!("are not {kind} files") };
        format!("skipped {} that {are}: {}", counted(self.skipped.len() as u64, "file"), first_names(&self.skipped))
    }

    fn nothing_found(&self, folder: &str) -> Error {
        let (what, kinds) = match self.wanted {
            Wanted::Data => (
                "data",
                "`.csv`, `.tsv`, `.tab`, `.json`, `.jsonl` or `.ndjson`, each also with `.gz` or `.zst`, or in `.parquet`, `.arrow`, `.arrows`, `.feather` or `.xlsx`",
            ),
            Wanted::Statistics => ("statistics", "`.json`"),
        };
        let holds = if self.skipped.is_empty() { String::new() } else { format!("; it holds {}", first_names(&self.skipped)) };
        InputError::new(
            Code::NoDataFiles,
            format!("there are no {what} files in this folder{holds}"),
            format!("{what} files end in {kinds}"),
        )
        .in_file(folder)
    }
}

fn named_as(path: &str) -> NamedAs {
    if matches!(paths::name(path), "provenance.json" | "report.json") || path.ends_with(AUDIT_SUFFIX) {
        return NamedAs::OurReport;
    }
    match paths::extension(path).as_str() {
        "csv" => NamedAs::Data(Format::Csv),
        "tsv" | "tab" => NamedAs::Data(Format::Tsv),
        "json" => NamedAs::Data(Format::Json),
        "jsonl" | "ndjson" => NamedAs::Data(Format::JsonLines),
        "parquet" => NamedAs::Data(Format::Parquet),
        "arrow" | "arrows" | "feather" => NamedAs::Data(Format::Arrow),
        "xlsx" | "xlsm" | "xls" | "xlsb" | "ods" => NamedAs::Data(Format::Workbook),
        // such as `data.csv.bz2`, which is named as what it is when it is read
        "bz2" | "xz" | "lz4" | "zip" | "7z" if !matches!(named_as(paths::stem(path)), NamedAs::Unknown) => NamedAs::Data(Format::Csv),
        _ => NamedAs::Unknown,
    }
}

/// Returns the format in which a file is read whose name does not tell it.
fn format_of_unknown(path: &str) -> Format {
    if paths::extension(path) == "json" { Format::Json } else { Format::Csv }
}

/// Returns the format of a table by its first bytes. A file that cannot be read keeps the format of its name: reading it is an error.
///
/// Files with one record each are not looked at, because there may be thousands of them.
fn format_of_content(files: &dyn Files, source: &Source) -> Format {
    let named = source.format;
    if source.kind != Kind::File || !named.is_table_of_records() {
        return named;
    }
    match files.first_bytes(&source.path, FIRST_BYTES).map(|first| Content::of(&first)) {
        Ok(Content::Parquet) => Format::Parquet,
        Ok(Content::Arrow) => Format::Arrow,
        Ok(Content::Workbook) => Format::Workbook,
        // such as a table that is called `.xls` so that Excel opens it
        Ok(_) if named == Format::Workbook => Format::Csv,
        _ => named,
    }
}

/// Chooses the sheet of each workbook, and notes which others there are if none is named.
fn choose_sheets(stage: &mut Stage<'_>, found: &mut [Source]) -> Result<()> {
    let mut workbooks = found.iter_mut().filter(|source| source.format == Format::Workbook).peekable();
    if let (Some(sheet), None) = (&stage.sheet, workbooks.peek()) {
        let sentence = format!("--sheet names the sheet `{}`, and the data are no workbook", samefit_text::name(sheet));
        return Err(Error::usage(sentence, "leave out --sheet, or name a workbook (.xlsx)"));
    }
    for source in workbooks {
        source.sheet.clone_from(&stage.sheet);
        if stage.sheet.is_some() || source.kind != Kind::File {
            continue;
        }
        let names = body::sheet_names(stage.files, &source.path)?;
        if let [first, others @ ..] = names.as_slice()
            && !others.is_empty()
        {
            let (path, first, count) = (line(&source.path), samefit_text::name(first), names.len());
            let others = first_names(others);
            stage.report.note(&format!("note: {path}: sheet `{first}` is read, the first of {count}; --sheet reads another: {others}"));
        }
    }
    Ok(())
}

fn refuse_repeats(files: &dyn Files, found: &[Source]) -> Result<()> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for source in found.iter().filter(|source| source.kind == Kind::File) {
        let id = files.file_id(&source.path).map_err(|error| reading::read_error(&source.path, &error))?;
        if let Some(first) = seen.insert(id, &source.path) {
            let (first, path) = (line(first), line(&source.path));
            let (what, help) = match first == path {
                true => (format!("`{path}` is named twice"), "name it once"),
                false => (format!("`{first}` and `{path}` are the same file"), "name it once, or make a copy if its rows must count twice"),
            };
            return Err(Error::usage(format!("{what}, so its rows would count twice"), help));
        }
    }
    Ok(())
}

/// Lists the first few names, for a message.
fn first_names(names: &[String]) -> String {
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
    use crate::testing::{MemoryFiles, in_stage};

    fn found(files: &[(&str, &str)], paths: &[&str], out: Option<&str>, wanted: Wanted) -> (Result<Vec<String>>, Vec<String>) {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let (answer, lines) = in_stage(&MemoryFiles::of(files), |stage| find(stage, &paths, out, wanted));
        let shown = |source: &Source| format!("{} {} {}", source.path, source.below, source.format.name());
        (answer.map(|sources| sources.iter().map(shown).collect()), lines.noted)
    }

    fn failing(files: &[(&str, &str)], paths: &[&str], out: Option<&str>) -> (String, u8) {
        let failure = found(files, paths, out, Wanted::Data).0.unwrap_err();
        (failure.to_string(), failure.exit_code())
    }

    #[test]
    fn a_folder_is_all_its_data_files_sorted() {
        let files = [
            ("d/b.csv.gz", ""),
            ("d/a/z.JSONL", ""),
            ("d/a.json", ""),
            ("d/t.tab.gz", ""),
            ("d/t.TSV", ""),
            ("d/.hidden.csv", ""),
            ("d/.git/x.csv", ""),
            ("d/provenance.json", ""),
            ("d/report.json", ""),
            ("d/statistics.audit.jsonl", ""),
            ("d/README.md", ""),
            ("d/README.zip", ""),
            ("d/c.csv.bz2", ""),
        ];
        let (answer, notes) = found(&files, &["d"], None, Wanted::Data);
        assert_eq!(
            answer.unwrap(),
            [
                "d/a.json a.json json",
                "d/a/z.JSONL a/z.JSONL jsonl",
                "d/b.csv.gz b.csv.gz csv",
                "d/c.csv.bz2 c.csv.bz2 csv",
                "d/t.TSV t.TSV csv",
                "d/t.tab.gz t.tab.gz csv"
            ]
        );
        assert_eq!(notes, ["note: d: skipped 2 files that are not data files: `README.md`, `README.zip`"]);
    }

    #[test]
    fn statistics_are_json() {
        let files = [("d/a.json", ""), ("d/a.csv", ""), ("s", "")];
        let (answer, notes) = found(&files, &["d", "s"], None, Wanted::Statistics);
        assert_eq!(answer.unwrap(), ["d/a.json a.json json", "s s json"]);
        assert_eq!(notes, ["note: d: skipped 1 file that is not a statistics file: `a.csv`"]);
    }

    #[test]
    fn a_file_that_is_named_is_read_whatever_its_name() {
        let files = [("x/data.txt", ""), ("/dev/stdin", "")];
        let (answer, _) = found(&files, &["x/data.txt", "/dev/stdin"], None, Wanted::Data);
        assert_eq!(answer.unwrap(), ["x/data.txt data.txt csv", "/dev/stdin stdin csv"]);
    }

    #[test]
    fn the_output_is_not_read() {
        let files = [("d/a.csv", ""), ("d/out/1.json", ""), ("d/s.json", "")];
        assert_eq!(found(&files, &["d"], Some("d/out"), Wanted::Data).0.unwrap().len(), 2);
        assert_eq!(found(&files, &["d"], Some("d/s.json"), Wanted::Data).0.unwrap().len(), 2);
        let (text, code) = failing(&files, &["d"], Some("d/"));
        assert_eq!((text.as_str(), code), ("error: `d` is both read and written\nhelp: give --out another folder", 2));
    }

    #[test]
    fn a_folder_without_data_is_an_error() {
        let (text, code) = failing(&[("d/a.md", "")], &["d"], None);
        let help = "data files end in `.csv`, `.tsv`, `.tab`, `.json`, `.jsonl` or `.ndjson`, each also with `.gz` or `.zst`, or in `.parquet`, `.arrow`, `.arrows`, `.feather` or `.xlsx`";
        assert_eq!((text, code), (format!("error: d: there are no data files in this folder; it holds `a.md`\nhelp: {help}"), 3));
        let (text, code) = failing(&[("d/a.md", "")], &["e.csv"], None);
        let help = "check the path; it counts from the folder you are in";
        assert_eq!((text, code), (format!("error: e.csv: there is no such file or folder\nhelp: {help}"), 3));
    }

    #[test]
    fn the_first_bytes_of_a_table_decide() {
        let workbook: &[u8] = &[&b"PK\x03\x04"[..], &[0; 26], b"[Content_Types].xml"].concat();
        let parquet: &[u8] = b"PAR1\x15\0";
        let files = MemoryFiles::of(&[
            ("d/a.csv", parquet),
            ("d/b.jsonl", b"ARROW1\0\0"),
            ("d/c.csv", workbook),
            ("d/d.xlsx", workbook),
            ("d/e.xls", b"x,y\n1,2\n"),
            ("d/f.xlsx", b""),
            ("d/g.json", parquet),
            ("d/h.parquet", b"x,y\n1,2\n"),
            ("d/i.csv", b"PAR1,y\n1,2\n"),
            ("/dev/stdin", parquet),
        ]);
        let (found, _) = in_stage(&files, |stage| {
            let mut search = Search {
                files: stage.files,
                report: &mut *stage.report,
                wanted: Wanted::Data,
                out: None,
                found: Vec::new(),
                skipped: Vec::new(),
            };
            ["d", "/dev/stdin"].iter().try_for_each(|path| search.path(path))?;
            Ok(search.found)
        });
        let formats: Vec<Format> = found.unwrap().iter().map(|source| format_of_content(&files, source)).collect();
        use Format::{Arrow, Csv, Json, Parquet, Workbook};
        assert_eq!(formats, [Parquet, Arrow, Workbook, Workbook, Csv, Csv, Json, Parquet, Csv, Csv]);
    }

    #[test]
    fn no_row_counts_twice() {
        let (text, code) = failing(&[("d/a.csv", "")], &["d", "d/a.csv"], None);
        assert_eq!((text.contains("its rows would count twice"), code), (true, 2));
    }

    #[test]
    fn a_folder_means_the_document_in_it() {
        let files = MemoryFiles::of(&[("m/model.json", "{}"), ("r/report.json", "{}")]);
        assert_eq!(document_path(&files, "m", "model.json").unwrap(), "m/model.json");
        assert_eq!(document_path(&files, "m/model.json", "model.json").unwrap(), "m/model.json");
        let text = document_path(&files, "r", "model.json").unwrap_err().to_string();
        assert!(text.starts_with("error: r: there is no `model.json` in this folder\nhelp: "), "{text}");
    }
}
