//! Reads bytes as records with positions: CSV (RFC 4180) or JSON, in chunks that may end anywhere.
//!
//! *Invariants*: the records do not depend on where chunks end. In CSV every quote opens or closes a quoted field, or is half of a doubled
//! quote; a quote anywhere else is an error. So a byte is inside a quoted field exactly if an odd number of quotes stand before it. The
//! functions of [`samefit_formats::csv`] that find the ends of records rely on this.
//!
//! *Limits*: a record of at most [`RECORD_BYTES_MAX`](crate::records::RECORD_BYTES_MAX) bytes; names and their number as in `terms`.
//!
//! *Not here*: the meaning of a cell (`decimal`) and records of JSON (`json_rows`).

use crate::error::{Code, Error, Result};
use crate::json_rows::JsonReader;
use crate::plan::{Format, Plan};
use crate::records::check_length;
use crate::sink::{Record, Sink};
use crate::terms::{check_columns, check_name_length, check_unique};
use samefit_kernels::scan::{Irregular, MARGIN, RowScanner, WORD};

/// Reads a table in the format of a plan, and gives its header and records to a [`Sink`].
pub struct Reader {
    format: Format,
    csv: CsvReader,
    json: JsonReader,
    /// The header that the plan gives, until the sink has received it.
    given_header: Option<Vec<String>>,
    header: Option<Vec<String>>,
}

impl Reader {
    /// Returns a reader for the format, delimiter and header of a plan.
    pub fn new(plan: &Plan) -> Self {
        let given_header = plan.header.clone().filter(|_| plan.format == Format::Csv);
        Self { format: plan.format, csv: CsvReader::new(plan.delimiter as u8), json: JsonReader::default(), given_header, header: None }
    }

    /// Returns the number of the last record; the header and blank lines count.
    pub fn rows(&self) -> u64 {
        match self.format {
            Format::Csv => self.csv.row,
            Format::Jsonl | Format::Json => self.json.rows(),
        }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// The first error in the data, or of the sink.
    pub fn push(&mut self, chunk: &[u8], sink: &mut impl Sink) -> Result<()> {
        self.give_header(sink)?;
        let header = &mut self.header;
        match self.format {
            Format::Csv => self.csv.push(chunk, &mut HeaderSink { header, sink }),
            Format::Jsonl | Format::Json => self.json.push(chunk, header, sink),
        }
    }

    /// Reads the names of the columns from the first records of the data, and nothing else of them. Returns whether the names are known.
    pub fn header(&mut self, records: &[u8], sink: &mut impl Sink) -> Result<bool> {
        self.give_header(sink)?;
        let header = &mut self.header;
        match self.format {
            _ if header.is_some() => {}
            Format::Csv => self.csv.push(records, &mut HeaderSink { header, sink })?,
            Format::Jsonl | Format::Json => self.json.header(records, header, sink)?,
        }
        Ok(self.header.is_some())
    }

    /// Sets the number of the next record.
    pub fn continue_at(&mut self, row: u64) {
        self.csv.row = row.saturating_sub(1);
        self.json.continue_at(row);
    }

    /// Says that the bytes are a part of the data, which may lack their end.
    pub(crate) fn set_part(&mut self) {
        self.json.set_part();
    }

    /// Ends the bytes.
    ///
    /// # Errors
    /// `no-data` if there was no header; what is wrong with the last record.
    pub fn finish(&mut self, sink: &mut impl Sink) -> Result<()> {
        self.give_header(sink)?;
        let header = &mut self.header;
        match self.format {
            Format::Csv => self.csv.finish(&mut HeaderSink { header, sink })?,
            Format::Jsonl | Format::Json => self.json.finish(header, sink)?,
        }
        match self.header {
            Some(_) => Ok(()),
            None => Err(Error::new(Code::NoData, "there is no header and no record", "check that this is the right file")),
        }
    }

    fn give_header(&mut self, sink: &mut impl Sink) -> Result<()> {
        match self.given_header.take() {
            Some(names) => {
                check_header(&names)?;
                HeaderSink { header: &mut self.header, sink }.set(names)
            }
            None => Ok(()),
        }
    }
}

/// The place of the next byte in a CSV record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CsvState {
    /// Before the first byte of a record.
    RecordStart,
    /// Before the first byte of a field.
    FieldStart,
    /// In a field without quotes.
    Plain,
    /// In a field with quotes.
    Quoted,
    /// After a quote in a quoted field: its end, or the first half of a doubled quote.
    QuoteSeen,
    /// After a carriage return that only a line feed may follow.
    Return,
}

/// Reads CSV.
struct CsvReader {
    delimiter: u8,
    state: CsvState,
    /// Bytes of the byte order mark seen so far; [`BOM_DONE`] once it is decided.
    bom: usize,
    /// The cells of the current record, without quotes.
    bytes: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
    /// Number of the last record.
    row: u64,
    /// Finds the cells of many rows at once; `None` before the header.
    scanner: Option<RowScanner>,
    /// A copy of bytes at the edge of a chunk, with margins.
    padded: Vec<u8>,
}

/// Cells that are found at once: as many as fit in the processor's cache.
const GRID_CELLS: usize = 1 << 11;
/// Most rows that are found at once.
const GRID_ROWS_MAX: usize = 128;
/// Bytes that are read one by one after an irregular row, before many rows are tried again.
const IRREGULAR_BYTES: usize = 1 << 13;

/// The byte in margins, which is neither a separator nor a quote.
const PADDING: u8 = b'0';

const BOM: &[u8] = b"\xef\xbb\xbf";
const BOM_DONE: usize = usize::MAX;

impl CsvReader {
    fn new(delimiter: u8) -> Self {
        let (bytes, ends, padded) = (Vec::new(), Vec::new(), Vec::new());
        Self { delimiter, state: CsvState::RecordStart, bom: 0, bytes, ends, row: 0, scanner: None, padded }
    }

    fn push(&mut self, chunk: &[u8], out: &mut HeaderSink<impl Sink>) -> Result<()> {
        let chunk = self.skip_bom(chunk)?;
        let mut at = 0;
        while at < chunk.len() {
            match self.rows(chunk, at, out)? {
                Ok(0) => at += self.records(&chunk[at..], 1, out)?,
                Ok(length) => at += length,
                Err(Irregular) => at += self.records(&chunk[at..], IRREGULAR_BYTES, out)?,
            }
        }
        self.check_length().map_err(|error| error.at_row(self.row + 1))
    }

    /// Refuses a record that is too long. Delimiters count, because a record of nothing but delimiters fills the memory too.
    fn check_length(&self) -> Result<()> {
        check_length(self.bytes.len() + self.ends.len())
    }

    fn finish(&mut self, out: &mut HeaderSink<impl Sink>) -> Result<()> {
        if self.bom != BOM_DONE && self.bom > 0 {
            return Err(utf16_or_other().at_row(1));
        }
        match self.state {
            CsvState::RecordStart => Ok(()),
            CsvState::Quoted => {
                Err(Error::new(Code::Quote, "a quoted field is never closed", "close the quote, or copy the file again if it was cut off")
                    .at_row(self.row + 1))
            }
            _ => self.end_record(out),
        }
    }

    /// Returns the chunk without the byte order mark that the data may begin with.
    fn skip_bom<'a>(&mut self, chunk: &'a [u8]) -> Result<&'a [u8]> {
        let mut rest = chunk;
        while self.bom < BOM.len() {
            let [first, more @ ..] = rest else { return Ok(rest) };
            match (*first == BOM[self.bom], self.bom) {
                (true, _) => (self.bom, rest) = (self.bom + 1, more),
                (false, 0) if matches!(first, 0xfe | 0xff) => return Err(utf16_or_other().at_row(1)),
                (false, 0) => break,
                (false, _) => return Err(utf16_or_other().at_row(1)),
            }
        }
        self.bom = BOM_DONE;
        Ok(rest)
    }

    /// Gives the sink many rows at once, from the offset `at` on, and returns their length in bytes.
    fn rows(&mut self, chunk: &[u8], at: usize, out: &mut HeaderSink<impl Sink>) -> Result<std::result::Result<usize, Irregular>> {
        let Some(width) = out.header.as_ref().map(Vec::len).filter(|_| self.state == CsvState::RecordStart && out.sink.takes_rows()) else {
            return Ok(Ok(0));
        };
        let scanner = self.scanner.get_or_insert_with(|| RowScanner::new(width, (GRID_CELLS / width).clamp(1, GRID_ROWS_MAX)));
        let in_place = at >= MARGIN && at + WORD + MARGIN <= chunk.len();
        if in_place {
            match scanner.scan(chunk, at, chunk.len() - MARGIN, self.delimiter) {
                Ok(rows) if !rows.is_empty() => {
                    out.sink.rows(&rows, self.row + 1)?;
                    self.row += rows.len() as u64;
                    return Ok(Ok(rows.end() - at));
                }
                Ok(_) => {}
                Err(Irregular) => return Ok(Err(Irregular)),
            }
        }
        // the edges of a chunk have no margins
        let edge = match at < MARGIN {
            true => chunk.iter().skip(MARGIN).position(|&byte| byte == b'\n').map_or(chunk, |newline| &chunk[..MARGIN + newline + 1]),
            false => chunk,
        };
        self.padded.clear();
        self.padded.resize(MARGIN, PADDING);
        self.padded.extend_from_slice(&edge[at..]);
        self.padded.resize(self.padded.len() + WORD + MARGIN, PADDING);
        match scanner.scan(&self.padded, MARGIN, self.padded.len() - MARGIN, self.delimiter) {
            Ok(rows) => {
                if !rows.is_empty() {
                    out.sink.rows(&rows, self.row + 1)?;
                }
                self.row += rows.len() as u64;
                Ok(Ok(rows.end() - MARGIN))
            }
            Err(Irregular) => Ok(Err(Irregular)),
        }
    }

    /// Reads at least `least` bytes one by one, to the end of a record, and returns their number.
    fn records(&mut self, bytes: &[u8], least: usize, out: &mut HeaderSink<impl Sink>) -> Result<usize> {
        for (at, &byte) in bytes.iter().enumerate() {
            self.step(byte, out)?;
            if self.state == CsvState::RecordStart && at + 1 >= least {
                return Ok(at + 1);
            }
        }
        Ok(bytes.len())
    }

    #[inline]
    fn step(&mut self, byte: u8, out: &mut HeaderSink<impl Sink>) -> Result<()> {
        match (self.state, byte) {
            (CsvState::Quoted, b'"') => self.state = CsvState::QuoteSeen,
            (CsvState::Quoted, _) => self.bytes.push(byte),
            (CsvState::QuoteSeen, b'"') => {
                self.bytes.push(b'"');
                self.state = CsvState::Quoted;
            }
            (CsvState::Return, b'\n') => return self.end_record(out),
            (CsvState::Return, _) => return Err(bare_return(self.row + 1)),
            (CsvState::RecordStart, b'\n') => self.row += 1,
            (_, b'\n') => return self.end_record(out),
            (_, b'\r') => self.state = CsvState::Return,
            (_, byte) if byte == self.delimiter => {
                self.ends.push(self.bytes.len());
                self.state = CsvState::FieldStart;
            }
            (CsvState::RecordStart | CsvState::FieldStart, b'"') => self.state = CsvState::Quoted,
            (CsvState::QuoteSeen, _) => return Err(quote_error(self.row + 1, "text stands after a closing quote")),
            (CsvState::Plain, b'"') => {
                return Err(quote_error(self.row + 1, "a quote stands in the middle of a field that does not begin with one"));
            }
            (_, _) => {
                self.bytes.push(byte);
                self.state = CsvState::Plain;
            }
        }
        Ok(())
    }

    fn end_record(&mut self, out: &mut HeaderSink<impl Sink>) -> Result<()> {
        self.row += 1;
        self.state = CsvState::RecordStart;
        self.check_length().map_err(|error| error.at_row(self.row))?;
        self.ends.push(self.bytes.len());
        let blank = self.ends.len() == 1 && self.bytes.is_empty();
        let result = if blank { Ok(()) } else { out.record(&Record::new(self.row, &self.bytes, &self.ends), self.delimiter) };
        self.bytes.clear();
        self.ends.clear();
        result
    }
}

/// Takes the first record as the header, and gives all others to a sink.
struct HeaderSink<'a, S: Sink> {
    header: &'a mut Option<Vec<String>>,
    sink: &'a mut S,
}

impl<S: Sink> HeaderSink<'_, S> {
    fn record(&mut self, record: &Record, delimiter: u8) -> Result<()> {
        match self.header {
            None => {
                let names = read_header(record, delimiter).map_err(|error| error.at_row(record.row))?;
                self.set(names)
            }
            Some(names) if names.len() == record.len() => self.sink.record(record).map_err(|error| error.at_row(record.row)),
            Some(names) => {
                let error = ragged(record.len(), names.len()).at_row(record.row);
                self.sink.ragged(record, error)
            }
        }
    }

    fn set(&mut self, names: Vec<String>) -> Result<()> {
        self.sink.header(&names)?;
        *self.header = Some(names);
        Ok(())
    }
}

fn read_header(record: &Record, delimiter: u8) -> Result<Vec<String>> {
    check_columns(record.len(), "columns")?;
    let cells = (0..record.len()).map(|column| record.cell(column));
    let names = cells.map(header_name).collect::<Result<Vec<String>>>()?;
    if let [name] = names.as_slice() {
        check_delimiter(name, delimiter)?;
    }
    if let Some(at) = names.iter().position(String::is_empty) {
        return Err(Error::new(
            Code::EmptyColumnName,
            format!("column {} of {} has no name", at + 1, names.len()),
            "give every column a name in the header",
        ));
    }
    check_header(&names)?;
    Ok(names)
}

fn check_header(names: &[String]) -> Result<()> {
    check_columns(names.len(), "columns")?;
    names.iter().try_for_each(|name| check_name_length(name))?;
    check_unique(names, "column")
}

fn header_name(cell: &[u8]) -> Result<String> {
    let Ok(name) = std::str::from_utf8(cell) else {
        return Err(Error::found(Code::NotUtf8, &String::from_utf8_lossy(cell), "UTF-8 text", "save the file as UTF-8"));
    };
    if name.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        return Err(Error::found(Code::NotText, name, "a header of column names", "check that this is a CSV file"));
    }
    Ok(name.to_owned())
}

/// Refuses a header of one name that has another delimiter in it: the file is most likely not of one column.
fn check_delimiter(name: &str, delimiter: u8) -> Result<()> {
    let candidates = [('\t', "tabs"), (';', "semicolons"), ('|', "bars"), (',', "commas")];
    let other = candidates.iter().find(|(c, _)| *c as u32 != u32::from(delimiter) && name.contains(*c));
    let Some((other, plural)) = other else { return Ok(()) };
    let expected = match delimiter {
        b',' => "commas".to_owned(),
        b'\t' => "tabs".to_owned(),
        b';' => "semicolons".to_owned(),
        other => format!("`{}`", char::from(other)),
    };
    let sentence = format!("the header has {plural} where {expected} are expected between the names");
    let flag = if *other == '\t' { "tab".to_owned() } else { format!("'{other}'") };
    let mut error = Error::new(Code::Delimiter, sentence, format!("give --delimiter {flag}, or save the file with commas"));
    error.found = Some(crate::error::shorten(name));
    error.expected = Some(expected);
    Err(error)
}

fn ragged(found: usize, expected: usize) -> Error {
    let fields = |n: usize| if n == 1 { "1 field".to_owned() } else { format!("{n} fields") };
    let sentence = format!("found {}, expected {} as in the header", fields(found), fields(expected));
    let mut error =
        Error::new(Code::RaggedRow, sentence, "give the row as many fields as the header has; quote a field that holds the delimiter");
    (error.found, error.expected) = (Some(found.to_string()), Some(expected.to_string()));
    error
}

fn quote_error(row: u64, sentence: &str) -> Error {
    Error::new(Code::Quote, sentence, "put the whole field in quotes and double each quote inside it").at_row(row)
}

fn bare_return(row: u64) -> Error {
    Error::new(
        Code::LineEnds,
        "a carriage return stands without a line feed",
        "save the file with LF or CRLF line ends, or quote the field",
    )
    .at_row(row)
}

fn utf16_or_other() -> Error {
    Error::new(Code::NotUtf8, "the bytes are not UTF-8 text; they look like UTF-16", "save the file as UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Keeps every record as text; the header has the number 0.
    #[derive(Default, Debug, PartialEq)]
    struct TextSink(Vec<(u64, Vec<String>)>);

    impl Sink for TextSink {
        fn header(&mut self, names: &[String]) -> Result<()> {
            self.0.push((0, names.to_vec()));
            Ok(())
        }
        fn record(&mut self, record: &Record) -> Result<()> {
            self.0.push((record.row, (0..record.len()).map(|i| String::from_utf8_lossy(record.cell(i)).into_owned()).collect()));
            Ok(())
        }
    }

    fn read(chunks: &[&[u8]]) -> Result<TextSink> {
        let (mut reader, mut seen) = (Reader::new(&Plan::default()), TextSink::default());
        for chunk in chunks {
            reader.push(chunk, &mut seen)?;
        }
        reader.finish(&mut seen)?;
        Ok(seen)
    }

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        read(&[text.as_bytes()]).unwrap().0
    }

    fn code(text: &[u8]) -> (&'static str, Option<u64>) {
        let error = read(&[text]).unwrap_err();
        (error.code.name(), error.row)
    }

    #[test]
    fn reads_rfc_4180() {
        let want = |rows: &[(u64, &[&str])]| {
            rows.iter().map(|(row, cells)| (*row, cells.iter().map(|c| c.to_string()).collect())).collect::<Vec<_>>()
        };
        assert_eq!(rows("a,b\n1,2\n"), want(&[(0, &["a", "b"]), (2, &["1", "2"])]));
        assert_eq!(rows("\u{feff}a,b\r\n 1 ,\"2\"\r\n\r\n\n3,4"), want(&[(0, &["a", "b"]), (2, &["1", "2"]), (5, &["3", "4"])]));
        assert_eq!(rows("a,\"b\n\"\"x\"\"\"\n\"1\n,\",\n"), want(&[(0, &["a", "b\n\"x\""]), (2, &["1\n,", ""])]));
        assert_eq!(rows("a\n\"\"\n"), want(&[(0, &["a"])]));
    }

    #[test]
    fn refuses_what_is_not_rfc_4180() {
        assert_eq!(code(b""), ("no-data", None));
        assert_eq!(code(b"\n\n"), ("no-data", None));
        assert_eq!(code(b"a,b\n1\n"), ("ragged-row", Some(2)));
        assert_eq!(code(b"a,b\n1,2,3\n"), ("ragged-row", Some(2)));
        assert_eq!(code(b"a,b\n1,2\"\n"), ("quote", Some(2)));
        assert_eq!(code(b"a,b\n1,\"2\"x\n"), ("quote", Some(2)));
        assert_eq!(code(b"a,b\n1,\"2\n"), ("quote", Some(2)));
        assert_eq!(code(b"a,b\r1,2\r"), ("line-ends", Some(1)));
        assert_eq!(code(b"a,a\n"), ("duplicate-column", Some(1)));
        assert_eq!(code(b"a,,b\n"), ("empty-column-name", Some(1)));
        assert_eq!(code(b"a;b\n"), ("delimiter", Some(1)));
        assert_eq!(code(b"a\tb\n"), ("delimiter", Some(1)));
        assert_eq!(code(b"\xff\xfea\0,\0b\0"), ("not-utf-8", Some(1)));
        assert_eq!(code(b"a,\xe9\n"), ("not-utf-8", Some(1)));
        assert_eq!(code(b"\x00\x01\x02"), ("not-text", Some(1)));
    }

    proptest! {
        #[test]
        fn records_do_not_depend_on_chunks(text in "[ab1,\"\n\r \u{feff}é;]{0,40}", at in 0usize..60) {
            let bytes = text.as_bytes();
            let at = at.min(bytes.len());
            let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(read(&[bytes]), read(&[&bytes[..at], &bytes[at..]]));
            prop_assert_eq!(read(&[bytes]), read(&bytewise));
        }
    }
}
