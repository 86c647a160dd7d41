//! Objects of JSON to the header and the rows of a table, for a sink.
//!
//! A record is scanned into the places of its values, and those that the sink reads are written as a row of CSV. Many such rows are given to the
//! sink at once, as those of CSV are. Records that the scan does not take, and those whose variables stand in a list, are read as trees.
//!
//! Records that are written like the one before, which is usual, are not even copied: their values are given to the sink where they stand.
//!
//! *Invariants*: what the sink receives does not depend on the way in which a record is read.

use crate::error::{Code, Error, Result, list};
use crate::json_scan::{ObjectScan, cell};
use crate::json_stream::{JsonStream, RecordText, columns_instead};
use crate::records::{VARIABLES, cells, parse_object};
use crate::sink::{ColumnUse, Record, Sink};
use crate::terms::{check_columns, check_name_length, check_unique, places};
use samefit_formats::csv::{RECORD_END, push_field};
use samefit_kernels::object_rows::{ObjectRows, RowsEnd};
use samefit_kernels::objects::{ValueKind, append_cells};
use samefit_kernels::scan::{MARGIN, Marks, RowScanner, WORD};
use serde_json::Value;

/// Cells that are given to a sink at once: as many as fit in the processor's cache.
const BATCH_CELLS: usize = 1 << 11;
/// Most rows that are given to a sink at once.
const BATCH_ROWS_MAX: usize = 128;
/// Bytes of rows after which they are given to the sink.
const BATCH_BYTES: usize = 1 << 16;
/// Records in a row that are written alike, if it is to be worth while to read them so.
const ALIKE_MIN: u64 = 16;
/// Records that are read one by one where fewer are written alike.
const UNLIKE_RECORDS: usize = 64;
/// The byte in margins, which is neither a separator nor a quote.
const PADDING: u8 = b'0';

/// Reads the records of JSON that comes in chunks, and gives them to a sink.
#[derive(Default)]
pub(crate) struct JsonReader {
    stream: JsonStream,
    rows: JsonRows,
}

impl JsonReader {
    /// Returns the number of the last record or line.
    pub(crate) fn rows(&self) -> u64 {
        self.stream.rows()
    }

    /// Sets the number of the next record or line.
    pub(crate) fn continue_at(&mut self, row: u64) {
        self.stream.continue_at(row);
    }

    /// Says that the bytes are a part of the data.
    pub(crate) fn set_part(&mut self) {
        self.stream.set_part();
    }

    /// Reads the next bytes. `header`: the names of the columns, once a record was read.
    pub(crate) fn push(&mut self, chunk: &[u8], header: &mut Option<Vec<String>>, sink: &mut dyn Sink) -> Result<()> {
        let Self { stream, rows } = self;
        let mut at = 0;
        loop {
            if stream.is_between_records() {
                let (bytes, records) = rows.alike(chunk, at, stream.rows() + 1, sink)?;
                stream.pass(records);
                at += bytes;
            }
            let rest = stream
                .next(&chunk[at..], &mut |record| rows.record(record, header, sink))
                .or_else(|error| rows.fail(error, sink).map(|()| None))?;
            let Some(rest) = rest else { return rows.flush(sink) };
            at = chunk.len() - rest.len();
        }
    }

    /// Reads the names of the columns from the first record.
    pub(crate) fn header(&mut self, records: &[u8], header: &mut Option<Vec<String>>, sink: &mut dyn Sink) -> Result<()> {
        let Self { stream, rows } = self;
        stream.push(records, &mut |record| if header.is_none() { rows.names_of(record.text, header, sink) } else { Ok(()) })
    }

    /// Ends the bytes.
    pub(crate) fn finish(&mut self, header: &mut Option<Vec<String>>, sink: &mut dyn Sink) -> Result<()> {
        let Self { stream, rows } = self;
        stream.finish(&mut |record| rows.record(record, header, sink)).or_else(|error| rows.fail(error, sink))?;
        rows.flush(sink)
    }
}

/// Makes rows of records.
#[derive(Default)]
struct JsonRows {
    scan: ObjectScan,
    /// What the sink reads of each column.
    uses: Vec<ColumnUse>,
    /// The shape of the records to which `places` and the two values after it belong; none before the first record.
    shape: Option<u64>,
    /// For each column, the index of its value in a record; none if the record lacks it, or the sink does not read it.
    places: Vec<Option<usize>>,
    /// Whether the variables of such records stand in a list.
    has_list: bool,
    /// The first variable of such records that the header does not have.
    unknown: Option<String>,
    /// Rows of CSV that the sink has not received, after a margin.
    text: Vec<u8>,
    /// Where the last whole row ends.
    end: usize,
    /// Their number, and the number of the record that is the first of them.
    waiting: usize,
    first: u64,
    scanner: Option<RowScanner>,
    /// Reads records that are written like the last one; none if that is not to be tried.
    alike: Option<ObjectRows>,
    /// After how many more records it is tried again.
    until_alike: usize,
}

impl JsonRows {
    /// Takes a record.
    fn record(&mut self, record: RecordText<'_>, header: &mut Option<Vec<String>>, sink: &mut dyn Sink) -> Result<()> {
        let RecordText { row, text, .. } = record;
        if !self.scan.scan(text) {
            return self.tree(row, text, header, sink);
        }
        if self.shape != Some(self.scan.shape()) {
            self.learn_shape(header, sink)?;
        }
        if self.has_list {
            return self.tree(row, text, header, sink);
        }
        if let Some(name) = self.unknown.as_ref().filter(|_| !sink.skips_unknown()) {
            return Err(unknown_variable(name, header.as_deref().unwrap_or_default()));
        }
        self.begin_row(row, sink)?;
        let (scan, mut at) = (&self.scan, 0);
        loop {
            at = append_cells(text, scan.values(), &self.places, at, &mut self.text);
            let Some(value) = self.places.get(at).copied().flatten().and_then(|place| scan.values().get(place)) else { break };
            if value.kind == ValueKind::Nested && self.uses.get(at) == Some(&ColumnUse::Scalar) {
                let name = header.as_ref().and_then(|names| names.get(at)).map_or("", String::as_str);
                return Err(nested_value(&String::from_utf8_lossy(value.raw(text)), name));
            }
            push_field(&mut self.text, &cell(value, text));
            self.text.push(b',');
            at += 1;
        }
        // the line break takes the place of the last comma
        self.text.truncate(self.text.len() - usize::from(!self.places.is_empty()));
        self.end_row(sink)?;
        match self.until_alike.checked_sub(1) {
            Some(records) => self.until_alike = records,
            None => {
                let ([before, after], rows_max) = (record.around, rows_at_once(self.places.len()));
                self.alike = match record.is_followed && sink.takes_rows() {
                    true => ObjectRows::new(before, text, after, self.scan.values(), &self.places, rows_max),
                    false => None,
                };
            }
        }
        Ok(())
    }

    /// Takes records from the offset `at` of a chunk on, as long as they are written like the last one. The first of them has the number `first`.
    /// Returns how many bytes and records were taken.
    fn alike(&mut self, chunk: &[u8], at: usize, first: u64, sink: &mut dyn Sink) -> Result<(usize, u64)> {
        let Some(mut alike) = self.alike.take() else { return Ok((0, 0)) };
        self.flush(sink)?;
        let (mut end, mut records) = (at, 0);
        while sink.takes_rows() {
            let (rows, reason) = alike.scan(chunk, end);
            if !rows.is_empty() {
                sink.rows(&rows, first + records)?;
                (end, records) = (rows.end(), records + rows.len() as u64);
            }
            match reason {
                RowsEnd::Full => {}
                RowsEnd::Edge => {
                    self.alike = Some(alike);
                    break;
                }
                // a new attempt costs as much as some records
                RowsEnd::Other => {
                    self.until_alike = if records < ALIKE_MIN { UNLIKE_RECORDS } else { 0 };
                    break;
                }
            }
        }
        Ok((end - at, records))
    }

    /// Takes the names of a record alone, as the header.
    fn names_of(&mut self, text: &[u8], header: &mut Option<Vec<String>>, sink: &mut dyn Sink) -> Result<()> {
        if !self.scan.scan(text) || self.scan.names().iter().any(|name| name == VARIABLES) {
            let cells = cells(&parse_object(text)?, sink.target())?;
            return self.begin(cells.pairs.iter().map(|(name, _)| name.as_str()), header, sink);
        }
        self.learn_shape(header, sink)
    }

    /// Finds the columns of records with the keys of the last one. Makes them the header, if there is none.
    #[cold]
    fn learn_shape(&mut self, header: &mut Option<Vec<String>>, sink: &mut dyn Sink) -> Result<()> {
        self.shape = None;
        let names = self.scan.names();
        self.has_list = names.iter().any(|name| name == VARIABLES);
        if !self.has_list {
            check_variables(&names)?;
            if header.is_none() {
                if !self.scan.values().is_empty() && self.scan.values().iter().all(|value| value.kind == ValueKind::Nested) {
                    return Err(columns_instead());
                }
                self.begin(names.iter().map(String::as_str), header, sink)?;
            }
            let columns = places(header.as_deref().unwrap_or_default());
            self.places = vec![None; self.uses.len()];
            self.unknown = None;
            for (at, name) in names.iter().enumerate() {
                match columns.get(name.trim()) {
                    Some(&column) if self.uses[column] == ColumnUse::Unread => {}
                    Some(&column) if self.places[column].is_some() => return Err(variable_twice(name.trim())),
                    Some(&column) => self.places[column] = Some(at),
                    None => self.unknown = self.unknown.take().or_else(|| Some(name.clone())),
                }
            }
        }
        self.shape = Some(self.scan.shape());
        Ok(())
    }

    /// Gives the sink its header: the names of the first record, and then the others that the sink needs.
    fn begin<'n>(&mut self, names: impl Iterator<Item = &'n str>, header: &mut Option<Vec<String>>, sink: &mut dyn Sink) -> Result<()> {
        let mut names: Vec<String> = names.map(|name| name.trim().to_owned()).collect();
        check_unique(&names, "variable of the record")?;
        let known = places(&names);
        let wanted: Vec<String> = sink.wants().into_iter().filter(|name| !known.contains_key(name.as_str())).collect();
        names.extend(wanted);
        if names.iter().any(String::is_empty) && !sink.skips_unknown() {
            return Err(Error::new(
                Code::EmptyColumnName,
                "a variable has no name",
                "give every variable a name, or name the columns to use",
            ));
        }
        sink.header(&names)?;
        self.uses = sink.uses(names.len());
        *header = Some(names);
        Ok(())
    }

    /// Takes a record that the scan does not take, or whose variables stand in a list.
    #[cold]
    fn tree(&mut self, row: u64, text: &[u8], header: &mut Option<Vec<String>>, sink: &mut dyn Sink) -> Result<()> {
        let object = parse_object(text)?;
        let has_list = object.contains_key(VARIABLES);
        let is_nested = |value: &Value| value.is_array() || value.is_object();
        let nested: Vec<bool> = if has_list {
            let variables = object.get(VARIABLES).and_then(Value::as_array).into_iter().flatten();
            variables.map(|variable| variable.get("value").is_some_and(is_nested)).chain([false]).collect()
        } else {
            object.values().map(is_nested).collect()
        };
        if header.is_none() && !has_list && !nested.is_empty() && nested.iter().all(|nested| *nested) {
            return Err(columns_instead());
        }
        let cells = cells(&object, sink.target())?;
        if header.is_none() {
            self.begin(cells.pairs.iter().map(|(name, _)| name.as_str()), header, sink)?;
        }
        let names = header.as_deref().unwrap_or_default();
        let columns = places(names);
        let mut found = vec![None; names.len()];
        for (at, (name, _)) in cells.pairs.iter().enumerate() {
            match columns.get(name.trim()) {
                Some(&column) => found[column] = Some(at),
                None if sink.skips_unknown() => {}
                None => return Err(unknown_variable(name, names)),
            }
        }
        self.begin_row(row, sink)?;
        for (column, at) in found.into_iter().enumerate() {
            if column > 0 {
                self.text.push(b',');
            }
            let Some((_, cell)) = at.map(|at| &cells.pairs[at]).filter(|_| self.uses[column] != ColumnUse::Unread) else { continue };
            if self.uses[column] == ColumnUse::Scalar && at.is_some_and(|at| nested.get(at) == Some(&true)) {
                return Err(nested_value(cell, &names[column]));
            }
            push_field(&mut self.text, cell.as_bytes());
        }
        self.end_row(sink)
    }

    /// Begins the row of a record. Gives the rows before to the sink, if the new one does not follow them.
    fn begin_row(&mut self, row: u64, sink: &mut dyn Sink) -> Result<()> {
        if self.waiting > 0 && self.first + self.waiting as u64 != row {
            self.flush(sink)?;
        }
        if self.waiting == 0 {
            self.first = row;
            self.text.clear();
            self.text.resize(MARGIN, PADDING);
        }
        Ok(())
    }

    /// Ends the row of a record. Gives the rows to the sink, if there are enough of them.
    fn end_row(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.text.push(RECORD_END);
        self.end = self.text.len();
        self.waiting += 1;
        let is_full = self.waiting == rows_at_once(self.uses.len()) || self.end >= BATCH_BYTES;
        // a sink that takes rows at once goes on doing so
        if is_full || self.waiting == 1 && !sink.takes_rows() { self.flush(sink) } else { Ok(()) }
    }

    /// Gives all rows to the sink.
    fn flush(&mut self, sink: &mut dyn Sink) -> Result<()> {
        if std::mem::take(&mut self.waiting) == 0 {
            return Ok(());
        }
        let width = self.uses.len();
        if width > 0 && sink.takes_rows() {
            self.text.truncate(self.end);
            self.text.resize(self.end + WORD + MARGIN, PADDING);
            let scanner = self.scanner.get_or_insert_with(|| RowScanner::new(width, rows_at_once(width)));
            // rows with carriage returns, and empty ones of one cell, are irregular
            if let Ok(rows) = scanner.scan(&self.text, MARGIN, self.text.len() - MARGIN, Marks { delimiter: b',', point: b'.' })
                && rows.end() == self.end
            {
                return sink.rows(&rows, self.first);
            }
        }
        self.each_row(sink)
    }

    /// Gives the rows to the sink one by one.
    fn each_row(&self, sink: &mut dyn Sink) -> Result<()> {
        let (mut bytes, mut ends, mut row) = (Vec::new(), Vec::new(), self.first);
        let (mut quoted, mut behind_quote) = (false, false);
        for &byte in &self.text[MARGIN..self.end] {
            let is_doubled = std::mem::take(&mut behind_quote);
            match byte {
                b'"' if quoted => (quoted, behind_quote) = (false, true),
                b'"' => {
                    quoted = true;
                    bytes.extend(is_doubled.then_some(byte));
                }
                b',' if !quoted => ends.push(bytes.len()),
                RECORD_END if !quoted => {
                    ends.push(bytes.len());
                    ends.truncate(self.uses.len());
                    sink.record(&Record::new(row, &bytes, &ends)).map_err(|error| error.at_row(row))?;
                    bytes.clear();
                    ends.clear();
                    row += 1;
                }
                byte => bytes.push(byte),
            }
        }
        Ok(())
    }

    /// Returns the error of the rows before a record, if there is one, else that of the record.
    fn fail(&mut self, error: Error, sink: &mut dyn Sink) -> Result<()> {
        self.flush(sink).and(Err(error))
    }
}

/// Returns how many rows of some width are given to a sink at once.
fn rows_at_once(width: usize) -> usize {
    (BATCH_CELLS / width.max(1)).clamp(1, BATCH_ROWS_MAX)
}

/// Refuses too many variables, and long names.
fn check_variables(names: &[String]) -> Result<()> {
    check_columns(names.len(), "variables of a record")?;
    names.iter().try_for_each(|name| check_name_length(name))
}

fn unknown_variable(name: &str, names: &[String]) -> Error {
    let sentence = format!("the first record has no such variable; it has {}", list(names));
    Error::new(Code::Record, sentence, "name the columns to use, or give every record the same variables").in_column(name)
}

fn variable_twice(name: &str) -> Error {
    let sentence = format!("more than one variable of the record is called {} without the spaces around the name", list([name]));
    Error::new(Code::DuplicateColumn, sentence, "name each once").in_column(name)
}

/// The error of a list or an object where a level is needed.
fn nested_value(found: &str, name: &str) -> Error {
    Error::found(Code::NotANumber, found, "a number or a text", "correct the value, or use another variable").in_column(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use samefit_kernels::scan::Rows;

    /// Keeps every record as text; the header has the number 0.
    struct RowTexts {
        rows: Vec<(u64, Vec<String>)>,
        takes_rows: bool,
        skips_unknown: bool,
        wants: &'static [&'static str],
        uses: fn(usize) -> ColumnUse,
    }

    impl Sink for RowTexts {
        fn header(&mut self, names: &[String]) -> Result<()> {
            self.rows.push((0, names.to_vec()));
            Ok(())
        }
        fn record(&mut self, record: &Record) -> Result<()> {
            let cell = |column| String::from_utf8_lossy(record.whole_cell(column)).into_owned();
            self.rows.push((record.row, (0..record.len()).map(cell).collect()));
            Ok(())
        }
        fn rows(&mut self, rows: &Rows<'_>, first: u64) -> Result<()> {
            assert!(self.takes_rows);
            crate::sink::each_record(self, rows, first)
        }
        fn takes_rows(&self) -> bool {
            self.takes_rows
        }
        fn skips_unknown(&self) -> bool {
            self.skips_unknown
        }
        fn wants(&self) -> Vec<String> {
            self.wants.iter().map(|name| (*name).to_owned()).collect()
        }
        fn uses(&self, columns: usize) -> Vec<ColumnUse> {
            (0..columns).map(self.uses).collect()
        }
    }

    fn sink(takes_rows: bool) -> RowTexts {
        RowTexts { rows: Vec::new(), takes_rows, skips_unknown: true, wants: &["a"], uses: |_| ColumnUse::Any }
    }

    fn read(text: &[u8], size: usize, mut sink: RowTexts) -> Result<Vec<(u64, Vec<String>)>> {
        let (mut reader, mut header) = (JsonReader::default(), None);
        text.chunks(size.max(1)).try_for_each(|chunk| reader.push(chunk, &mut header, &mut sink))?;
        reader.finish(&mut header, &mut sink)?;
        Ok(sink.rows)
    }

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        read(text.as_bytes(), 1 << 20, sink(true)).unwrap()
    }

    fn want(rows: &[(u64, &[&str])]) -> Vec<(u64, Vec<String>)> {
        rows.iter().map(|(row, cells)| (*row, cells.iter().map(|cell| (*cell).to_owned()).collect())).collect()
    }

    #[test]
    fn records_are_rows_of_the_first_ones_names_and_the_needed_ones() {
        let text = "{\"x\":1,\" b \":\"p,q\"}\n\n{\"b\":[1, \"r\"],\"x\":null,\"new\":{}}\n{\"a\":\"\\\"\\r\",\"x\":1E5}\n";
        let expected = want(&[(0, &["x", "b", "a"]), (1, &["1", "p,q", ""]), (3, &["", "[1, \"r\"]", ""]), (4, &["1e+5", "", "\"\r"])]);
        assert_eq!(rows(text), expected);
        // in a table of one column, a row without a value is a row
        assert_eq!(rows("{\"a\":1}{\"a\":null}{}"), want(&[(0, &["a"]), (1, &["1"]), (2, &[""]), (3, &[""])]));
        let without_columns = read(b"{}\n{\"b\":1}\n", 100, RowTexts { wants: &[], ..sink(true) });
        assert_eq!(without_columns, Ok(want(&[(0, &[]), (1, &[]), (2, &[])])));
        let listed = "{\"independent_variables\":[{\"name\":\"x\",\"value\":[1]}],\"dependent_variable\":2}";
        assert_eq!(rows(listed), want(&[(0, &["x", "dependent_variable", "a"]), (1, &["[1]", "2", ""])]));
    }

    #[test]
    fn columns_that_are_not_read_are_empty() {
        let sink = RowTexts { uses: |at| if at == 1 { ColumnUse::Scalar } else { ColumnUse::Unread }, ..sink(true) };
        let text = "{\"a\":{\"z\":[]},\"b\":1}\n{\"a\":NaN,\"b\":NaN}\n";
        assert_eq!(read(text.as_bytes(), 9, sink), Ok(want(&[(0, &["a", "b"]), (1, &["", "1"]), (2, &["", ""])])));
    }

    #[test]
    fn what_is_no_record_is_an_error_after_the_rows_before_it() {
        for (text, code, row, words) in [
            ("{\"a\":{\"0\":1},\"b\":{\"0\":2}}", Code::Record, 1, "columns, and not the values of a record"),
            ("{\"a\":[1],\"b\":[2]}\n", Code::Record, 1, "columns, and not the values of a record"),
            ("{\"a\":1}\n{\"a\":1,\"a\":1}\n", Code::DuplicateKey, 2, "names the key `a` twice"),
            ("{\"a\":1}\n{\"a\":01}\n", Code::Json, 2, "this is not JSON: unexpected `1}`"),
            ("{\"a\":1}\n{\"a\":1,\" a\":1}\n", Code::DuplicateColumn, 2, "without the spaces"),
            ("{\"a\":1}\n{\"a\":1\n{\"a\":2}\n", Code::Json, 2, "the line ends inside of an object"),
            ("{\"a\":1}\n{\"a\":1", Code::Json, 2, "the JSON is cut off after 6 characters"),
            ("[{\"a\":1},[2]]", Code::Record, 2, "found `[2]`, expected an object"),
        ] {
            for size in [1, 5, 100] {
                let error = read(text.as_bytes(), size, sink(true)).unwrap_err();
                assert_eq!((error.code, error.row), (code, Some(row)), "{text}: {error:?}");
                assert!(error.sentence.contains(words), "{text}: {}", error.sentence);
            }
        }
        let strict = RowTexts { skips_unknown: false, ..sink(true) };
        let error = read(b"{\"a\":1}\n{\"a\":1,\"b\":1}\n", 100, strict).unwrap_err();
        assert!(error.sentence.contains("the first record has no such variable"), "{}", error.sentence);
        let scalar = RowTexts { uses: |_| ColumnUse::Scalar, ..sink(true) };
        let error = read(b"{\"a\":1}\n{\"a\":[1]}\n", 100, scalar).unwrap_err();
        assert_eq!((error.code, error.row, error.column.as_deref()), (Code::NotANumber, Some(2), Some("a")));
    }

    /// Records with a few keys in changing order, some of them with their variables in a list.
    fn record() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec!["a", "b", "c", " c"]);
        let value =
            prop::sample::select(vec!["1", "-2.5e3", "\"x,y\"", "\"\\\"\"", "\"\\r\\n\"", "null", "true", "[1,\"k\"]", "{}", "NaN", "1,"]);
        let drawn = prop::collection::btree_map(key, value, 0..4);
        (drawn, 0u8..8).prop_map(|(entries, form)| {
            let mut entries: Vec<String> = match form {
                0 => entries.iter().map(|(key, value)| format!("{{\"name\":\"{key}\",\"value\":{value}}}")).collect(),
                _ => entries.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect(),
            };
            if form == 1 {
                entries.reverse();
            }
            let entries = entries.join(",");
            if form == 0 { format!("{{\"independent_variables\":[{entries}]}}") } else { format!("{{{entries}}}") }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        /// Chunks, rows at once and the layout change nothing but the numbers of records.
        #[test]
        fn rows_do_not_depend_on_how_they_are_read(mut records in prop::collection::vec(record(), 1..8), size in 1usize..60) {
            records.insert(0, "{\"a\":1,\"b\":2}".to_owned());
            let lines = records.join("\n");
            let by_one = read(lines.as_bytes(), 1 << 20, sink(false));
            prop_assert_eq!(&read(lines.as_bytes(), size, sink(true)), &by_one);
            // a record by itself, after one with the same header
            let mut each = vec![by_one.as_ref().map_or_else(|_| Vec::new(), |rows| rows[0].1.clone())];
            for record in &records[1..] {
                let rows = read(format!("{}\n{record}", records[0]).as_bytes(), 1 << 20, sink(true));
                each.extend(rows.ok().and_then(|mut rows| rows.pop()).map(|(_, cells)| cells));
            }
            if let Ok(rows) = &by_one {
                let cells: Vec<&Vec<String>> = rows.iter().enumerate().filter(|(at, _)| *at != 1).map(|(_, (_, cells))| cells).collect();
                prop_assert_eq!(cells, each.iter().collect::<Vec<_>>());
                let array = format!("[{}]", records.join(",\n"));
                prop_assert_eq!(read(array.as_bytes(), size, sink(true)), by_one.clone());
                let broken = records.join(" \n").replacen('{', "{\n", 1);
                prop_assert_eq!(read(broken.as_bytes(), size, sink(true)), by_one);
            }
        }

        /// Records that are written alike are read as others, whatever stands between them, and wherever chunks end.
        #[test]
        fn records_that_are_written_alike_are_records(
            values in prop::collection::vec(0usize..40, 1..300),
            layout in prop::sample::select(vec![["", "\n", ""], ["", " \r\n", ""], ["", ",\n", ",\n"], ["\u{1e}", "\n\u{1e}", "\n"], ["", "\n,", ""], ["[", ",\n ", "]"], ["{\n}", "\n", ""], ["\n\n\u{feff}", "\n", "\n"]]),
            space in prop::sample::select(vec!["", " ", "  "]),
            size in 1usize..4000,
        ) {
            // most of the values are usual
            let value = |at: usize| ["1e5", "\"x\\n\"", "[1]", "01", "-2.5", "null", "\"é, \"", "3e-7", "true"].get(at).copied().unwrap_or("4711.25");
            let record = |(at, value_at): (usize, &usize)| match value_at {
                39 => "{\"b\": 1}\n".to_owned(),
                38 => "{\"a\":1,\"b\":1,\"c\":1}".to_owned(),
                value_at => format!("{{\"b\":{space}{},{space}\"a\":{at}}}", value(*value_at)),
            };
            let [open, between, close] = layout;
            let text = format!("{open}{}{close}", values.iter().enumerate().map(record).collect::<Vec<_>>().join(between));
            for uses in [|_| ColumnUse::Any, |at| if at == 0 { ColumnUse::Unread } else { ColumnUse::Scalar }, |_| ColumnUse::Scalar] {
                let by_one = read(text.as_bytes(), 1 << 20, RowTexts { uses, ..sink(false) });
                prop_assert_eq!(read(text.as_bytes(), size, RowTexts { uses, ..sink(true) }), by_one);
            }
        }
    }
}
