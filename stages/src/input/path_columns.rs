//! Columns that the folders of a path name, as Hive, Spark and Arrow write tables: `year=2020/site=a/part.parquet`.
//!
//! Every row of such a file has the values of its folders. They are read as columns of the file after its own, if the user names them; a column
//! of the file itself with the same name wins.
//!
//! *Limits*: files of columns and CSV, where the names of CSV stand in a header. JSON has its own keys.

use std::io::{self, Read};

use samefit_formats::csv::{RECORD_END, separator_of_line};

use crate::error::Result;
use crate::input::record_ends::{End, PassedLines, RecordEnds};
use crate::limits::RECORD_BYTES_MAX;
use crate::ports::columns::{Batch, BatchReader, ColumnFile, Field, Partition, ValueForm, Values};
use crate::ports::digest::PendingDigest;
use crate::source::{CsvLayout, PathColumn, Source};

/// How much CSV is read at once.
const READ_BYTES: usize = 1 << 16;
/// The value that stands for a missing one.
const MISSING: &str = "__HIVE_DEFAULT_PARTITION__";

/// Returns the columns that a path names. If a name stands twice, the last one counts.
pub(crate) fn of_path(path: &str) -> Vec<PathColumn> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut columns: Vec<PathColumn> = Vec::new();
    for (name, value) in folder.split('/').filter_map(|part| part.split_once('=')).filter(|(name, _)| !name.is_empty()) {
        let (name, value) = (decoded(name), decoded(value));
        columns.retain(|column| column.name != name);
        let value = if value == MISSING { String::new() } else { value };
        columns.push(PathColumn { name, value });
    }
    columns
}

/// Returns a text without percent encoding; as it is if that is none.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit())).and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// A file of columns, with those of its path.
pub(crate) struct WithPathColumns {
    file: Box<dyn ColumnFile>,
    fields: Vec<Field>,
    /// The columns beyond those of the file.
    added: Vec<PathColumn>,
}

impl WithPathColumns {
    /// Adds columns to a file.
    pub(crate) fn new(file: Box<dyn ColumnFile>, columns: &[PathColumn]) -> Self {
        let mut fields = file.fields().to_vec();
        let is_new = |column: &&PathColumn| !file.fields().iter().any(|field| field.name == column.name);
        let added: Vec<PathColumn> = columns.iter().filter(is_new).cloned().collect();
        fields.extend(added.iter().map(|column| Field { name: column.name.clone(), refused: None, is_index: false }));
        Self { file, fields, added }
    }
}

impl ColumnFile for WithPathColumns {
    fn fields(&self) -> &[Field] {
        &self.fields
    }

    fn parts(&self) -> usize {
        self.file.parts()
    }

    fn rows(&self, part: usize) -> Option<usize> {
        self.file.rows(part)
    }

    fn read(&self, columns: &[(usize, ValueForm)], partition: &Partition) -> Result<Box<dyn BatchReader>> {
        let own = self.file.fields().len();
        let end = columns.partition_point(|(at, _)| *at < own);
        let (columns, added) = columns.split_at(end);
        let added = added.iter().map(|(at, _)| self.added[at - own].clone()).collect();
        Ok(Box::new(AddingReader { batches: self.file.read(columns, partition)?, added }))
    }

    fn begin_digest(&self) -> PendingDigest {
        self.file.begin_digest()
    }
}

struct AddingReader {
    batches: Box<dyn BatchReader>,
    added: Vec<PathColumn>,
}

impl BatchReader for AddingReader {
    fn next(&mut self) -> Result<Option<Batch>> {
        let Some(mut batch) = self.batches.next()? else { return Ok(None) };
        for column in &self.added {
            let cells = format!("{}\n", column.value).repeat(batch.rows);
            batch.columns.push((column.name.clone(), Values::Text(cells.into_bytes())));
        }
        Ok(Some(batch))
    }
}

/// Reads CSV and adds a field for each column to every record.
pub(crate) struct AddingCsv<R> {
    inner: R,
    /// The columns to add.
    columns: Vec<PathColumn>,
    delimiter: u8,
    ends: RecordEnds,
    /// The header, until its end is read.
    header: Option<Vec<u8>>,
    /// Whether the record that is being read has bytes besides its line end.
    has_bytes: bool,
    /// Whether the last byte that was read is a CR that was not passed on: it may belong to the line end.
    holds_return: bool,
    /// What was read, and what is passed on of it.
    chunk: Vec<u8>,
    text: Vec<u8>,
    passed: usize,
    ended: bool,
}

impl<R: Read> AddingCsv<R> {
    /// Reads `inner`, which is the text of `source`, and adds the columns of its path.
    pub(crate) fn new(inner: R, source: &Source) -> Self {
        let CsvLayout { delimiter, skip, comment } = source.layout;
        Self {
            inner,
            columns: source.path_columns.clone(),
            delimiter,
            ends: RecordEnds::new(source.format, PassedLines { skip, comment }),
            header: Some(Vec::new()),
            has_bytes: false,
            holds_return: false,
            chunk: vec![0; READ_BYTES],
            text: Vec::new(),
            passed: 0,
            ended: false,
        }
    }

    /// Returns the reader of the text without the added fields.
    pub(crate) fn inner(&self) -> &R {
        &self.inner
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.passed = 0;
        let length = self.inner.read(&mut self.chunk)?;
        let chunk = std::mem::take(&mut self.chunk);
        let mut rest = &chunk[..length];
        while let Some(end) = self.ends.next(rest) {
            let (line, after) = rest.split_at(end.offset());
            rest = after;
            self.push(&line[..line.len() - 1]);
            self.end(end);
        }
        self.push(rest);
        self.chunk = chunk;
        if length == 0 {
            self.ended = true;
            if !self.ends.is_quoted() {
                self.end_last();
            }
        }
        Ok(())
    }

    /// Adds bytes of a line, without its line feed.
    fn push(&mut self, bytes: &[u8]) {
        let Some((last, before)) = bytes.split_last() else { return };
        if std::mem::take(&mut self.holds_return) {
            self.push_plain(b"\r");
        }
        self.push_plain(before);
        if *last == b'\r' {
            self.holds_return = true;
        } else {
            self.push_plain(&[*last]);
        }
    }

    fn push_plain(&mut self, bytes: &[u8]) {
        self.has_bytes |= !bytes.is_empty();
        self.text.extend_from_slice(bytes);
        if let Some(header) = &mut self.header
            && header.len() <= RECORD_BYTES_MAX
        {
            header.extend_from_slice(bytes);
        }
    }

    /// Ends a line.
    fn end(&mut self, end: End) {
        if matches!(end, End::Record(_)) {
            self.push_fields();
        }
        if std::mem::take(&mut self.holds_return) {
            self.text.push(b'\r');
        }
        self.text.push(RECORD_END);
        self.has_bytes = false;
        if let Some(header) = &mut self.header {
            header.clear();
        }
    }

    /// Ends a last line without a line feed.
    fn end_last(&mut self) {
        if matches!(self.ends.last(0), End::Record(_)) {
            self.push_fields();
        }
        if std::mem::take(&mut self.holds_return) {
            self.text.push(b'\r');
        }
    }

    /// Adds the fields of the record that was just read, unless it is a blank line.
    fn push_fields(&mut self) {
        if !self.has_bytes {
            return;
        }
        let Some(header) = &self.header else {
            return self.columns.iter().for_each(|column| push_field(&mut self.text, self.delimiter, &column.value));
        };
        let header = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header);
        if let Some(delimiter) = separator_of_line(header) {
            self.delimiter = delimiter;
            return;
        }
        let names = names(header, self.delimiter);
        self.columns.retain(|column| !names.contains(&column.name));
        self.columns.iter().for_each(|column| push_field(&mut self.text, self.delimiter, &column.name));
        self.header = None;
    }
}

/// Adds a delimiter and a field, which stands in quotes if it may need them.
fn push_field(text: &mut Vec<u8>, delimiter: u8, field: &str) {
    text.push(delimiter);
    match field.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') && byte != delimiter) {
        true => text.extend_from_slice(field.as_bytes()),
        false => text.extend_from_slice(format!("\"{}\"", field.replace('"', "\"\"")).as_bytes()),
    }
}

/// Returns the names in a header.
fn names(header: &[u8], delimiter: u8) -> Vec<String> {
    let mut quoted = false;
    let fields = header.split(|byte| {
        quoted ^= *byte == b'"';
        *byte == delimiter && !quoted
    });
    let name = |field: &[u8]| {
        let field = String::from_utf8_lossy(field).trim().to_owned();
        let inside = field.strip_prefix('"').and_then(|field| field.strip_suffix('"')).map(|field| field.replace("\"\"", "\""));
        inside.unwrap_or(field).trim().to_owned()
    };
    fields.map(name).collect()
}

impl<R: Read> Read for AddingCsv<R> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        while self.passed == self.text.len() && !self.ended {
            self.refill()?;
        }
        let length = (&self.text[self.passed..]).read(chunk)?;
        self.passed += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::files::Kind;
    use crate::source::Format;

    fn column(name: &str, value: &str) -> PathColumn {
        PathColumn { name: name.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn folders_name_columns() {
        let columns = of_path("data/year=2020/site=C%C3%B4te%20d%27Or/n=__HIVE_DEFAULT_PARTITION__/part-0.parquet");
        assert_eq!(columns, [column("year", "2020"), column("site", "C\u{f4}te d'Or"), column("n", "")]);
        assert_eq!(of_path("a=1/b/a=2/x=y.csv"), [column("a", "2")]);
        assert_eq!(of_path("a=50%/=1/b%ff=%zz/x"), [column("a", "50%"), column("b%ff", "%zz")]);
        assert_eq!(of_path("year=2020.csv"), []);
    }

    fn csv(text: &str, columns: &[PathColumn], passed: PassedLines, size: usize) -> String {
        let layout = CsvLayout { delimiter: b',', skip: passed.skip, comment: passed.comment };
        let source = Source { path_columns: columns.to_vec(), layout, ..Source::new("", "", Format::Csv, Kind::File) };
        let mut reader = AddingCsv::new(text.as_bytes(), &source);
        reader.chunk = vec![0; size];
        let mut all = String::new();
        reader.read_to_string(&mut all).unwrap();
        all
    }

    #[test]
    fn every_record_gets_the_fields() {
        let columns = [column("year", "2020"), column("site", "a,\"b\""), column("n", "")];
        let none = PassedLines::default();
        for size in 1..30 {
            let text = "\u{feff}x,\"y\ny\"\r\n1,2\r\n\r\n\n3,\"4\r\n\"\n5,6";
            let expected = "\u{feff}x,\"y\ny\",year,site,n\r\n1,2,2020,\"a,\"\"b\"\"\",\r\n\r\n\n3,\"4\r\n\",2020,\"a,\"\"b\"\"\",\n5,6,2020,\"a,\"\"b\"\"\",";
            assert_eq!(csv(text, &columns, none, size), expected, "chunks of {size}");
            let passed = PassedLines { skip: 1, comment: Some(b'#') };
            assert_eq!(csv("title\n#a\nx;1\n2;3\n", &columns[..1], passed, size), "title\n#a\nx;1,year\n2;3,2020\n");
            assert_eq!(csv("sep=;\nx\n2\r", &columns[..2], none, size), "sep=;\nx;year;site\n2;2020;\"a,\"\"b\"\"\"\r");
        }
        // a column of the file itself, a quote that is never closed, and nothing
        assert_eq!(csv("\"year\", n\n1,2\n", &columns, none, 7), "\"year\", n,site\n1,2,\"a,\"\"b\"\"\"\n");
        assert_eq!(csv("x\n\"1\n", &columns[..1], none, 7), "x,year\n\"1\n");
        assert_eq!(csv("", &columns, none, 7), "");
    }
}
