//! Reads bytes as records with positions: CSV (RFC 4180) or JSON, in chunks that may end anywhere.
//!
//! *Invariants*: the records do not depend on where chunks end. In CSV every quote opens or closes a quoted field, or is half of a doubled
//! quote; a quote anywhere else is an error. So a byte is inside a quoted field exactly if an odd number of quotes stand before it, without
//! those in lines that are passed over. Hosts that find the ends of records themselves rely on this.
//!
//! *Limits*: a record of at most [`RECORD_BYTES_MAX`](crate::records::RECORD_BYTES_MAX) bytes; names and their number as in `terms`.
//!
//! Reading order: `header` reads names; `advice` tells what a line looks like that is not what it should be; `opening` takes the header and
//! watches the first rows; `csv` divides bytes into records.
//!
//! *Not here*: the meaning of a cell (`decimal`) and records of JSON (`json_rows`).

mod advice;
mod csv;
mod header;
mod opening;

use crate::error::{Code, Error, Result};
use crate::json_rows::JsonReader;
use crate::plan::{Format, Plan};
use crate::sink::Sink;
use csv::CsvReader;
use opening::{Opening, TableSink};

/// Reads a table in the format of a plan, and gives its header and records to a [`Sink`].
pub struct Reader {
    format: Format,
    csv: CsvReader,
    /// What is known of the beginning of CSV.
    opening: Opening,
    json: JsonReader,
    /// The header that the plan gives, until the sink has received it.
    given_header: Option<Vec<String>>,
    /// The names of the variables of JSON records.
    variables: Option<Vec<String>>,
}

impl Reader {
    /// Returns a reader for the format, the dialect of CSV and the header of a plan.
    pub fn new(plan: &Plan) -> Self {
        Self {
            format: plan.format,
            csv: CsvReader::new(plan),
            opening: Opening::new(plan),
            json: JsonReader::default(),
            given_header: plan.header.clone().filter(|_| plan.format == Format::Csv),
            variables: None,
        }
    }

    /// Returns the number of the last record; the header, blank lines and lines that are passed over count.
    pub fn rows(&self) -> u64 {
        match self.format {
            Format::Csv => self.csv.rows(),
            Format::Jsonl | Format::Json => self.json.rows(),
        }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// The first error in the data, or of the sink.
    pub fn push(&mut self, chunk: &[u8], sink: &mut dyn Sink) -> Result<()> {
        self.give_header(sink)?;
        match self.format {
            Format::Csv => self.push_csv(chunk, sink),
            Format::Jsonl | Format::Json => self.json.push(chunk, &mut self.variables, sink),
        }
    }

    /// Reads the names of the columns from the first records of the data, and nothing else of them. Returns whether the names are known.
    ///
    /// The bytes end with a record or with a line that is passed over. Later bytes are read as those after them.
    pub fn header(&mut self, records: &[u8], sink: &mut dyn Sink) -> Result<bool> {
        self.give_header(sink)?;
        match self.format {
            // the first record is not the header, and belongs to a reader of the beginning
            Format::Csv if self.opening.has_given_header() => self.csv.pass_preamble(records),
            Format::Csv => {
                if self.opening.width().is_none() {
                    self.push_csv(records, sink)?;
                }
                Ok(self.opening.width().is_some())
            }
            Format::Jsonl | Format::Json => {
                if self.variables.is_none() {
                    self.json.header(records, &mut self.variables, sink)?;
                }
                Ok(self.variables.is_some())
            }
        }
    }

    /// Sets the number of the next record.
    pub fn continue_at(&mut self, row: u64) {
        self.csv.continue_at(row);
        self.opening.end();
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
    pub fn finish(&mut self, sink: &mut dyn Sink) -> Result<()> {
        self.give_header(sink)?;
        let is_there = match self.format {
            Format::Csv => {
                let result = self.csv.finish(&mut TableSink::new(&mut self.opening, sink));
                self.opening.settle(result)?;
                self.opening.take_doubt().map_or(Ok(()), Err)?;
                self.opening.width().is_some()
            }
            Format::Jsonl | Format::Json => {
                self.json.finish(&mut self.variables, sink)?;
                self.variables.is_some()
            }
        };
        match is_there {
            true => Ok(()),
            false => Err(Error::new(Code::NoData, "there is no header and no record", "check that this is the right file")),
        }
    }

    fn push_csv(&mut self, bytes: &[u8], sink: &mut dyn Sink) -> Result<()> {
        let result = self.csv.push(bytes, &mut TableSink::new(&mut self.opening, sink));
        self.opening.settle(result)
    }

    fn give_header(&mut self, sink: &mut dyn Sink) -> Result<()> {
        match self.given_header.take() {
            Some(names) => TableSink::new(&mut self.opening, sink).give_header(names),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::Record;
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
        read_as(&Plan::default(), chunks)
    }

    /// Reads data that are written as a plan says.
    fn read_as(plan: &Plan, chunks: &[&[u8]]) -> Result<TextSink> {
        let (mut reader, mut seen) = (Reader::new(plan), TextSink::default());
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
        assert_eq!(rows("a,\"b\n\"\"x\"\"\"\n\"1\n,\",\n"), want(&[(0, &["a", "b \"x\""]), (2, &["1\n,", ""])]));
        assert_eq!(rows("a\n\"\"\n"), want(&[(0, &["a"])]));
        // what is not in the standard, and in files
        assert_eq!(rows("a, \"b\"\n \"1\" ,\t\"2,\"\t\n"), want(&[(0, &["a", "b"]), (2, &["1", "2,"])]));
        assert_eq!(rows("a,b\n1,\" 2 \"\n3,4\u{1a}\u{1a}"), want(&[(0, &["a", "b"]), (2, &["1", "2"]), (3, &["3", "4"])]));
        assert_eq!(rows("a,b\n1,2\n\u{1a}"), want(&[(0, &["a", "b"]), (2, &["1", "2"])]));
        assert_eq!(rows("a,\"b \r\n\t(mm)\"\n1,2\n"), want(&[(0, &["a", "b (mm)"]), (2, &["1", "2"])]));
    }

    #[test]
    fn refuses_what_is_not_rfc_4180() {
        assert_eq!(code(b""), ("no-data", None));
        assert_eq!(code(b"\n\n"), ("no-data", None));
        assert_eq!(code(b"a,b\n1\n"), ("ragged-row", Some(2)));
        assert_eq!(code(b"a,b\n1,2,3\n"), ("ragged-row", Some(2)));
        assert_eq!(code(b"a,b\n1,2\"\n"), ("quote", Some(2)));
        assert_eq!(code(b"a,b\n1,\"2\"x\n"), ("quote", Some(2)));
        assert_eq!(code(b"a,b\n1,\"2\" x\n"), ("quote", Some(2)));
        assert_eq!(code(b"a,b\n1,\"2\" \"3\"\n"), ("quote", Some(2)));
        assert_eq!(code(b"a,b\n1,\"2\n"), ("quote", Some(2)));
        assert_eq!(code(b"a,b\r1,2\r"), ("line-ends", Some(1)));
        assert_eq!(code(b",\n"), ("empty-column-name", Some(1)));
        assert_eq!(code(b"a;b\n"), ("delimiter", Some(1)));
        assert_eq!(code(b"a\tb\n"), ("delimiter", Some(1)));
        assert_eq!(code(b"\"a\";\"b\"\n1;2\n"), ("delimiter", Some(1)));
        assert_eq!(code(b"\xff\xfea\0,\0b\0"), ("not-utf-8", Some(1)));
        assert_eq!(code(b"a,\xe9\n"), ("not-utf-8", Some(1)));
        assert_eq!(code(b"\x00\x01\x02"), ("not-text", Some(1)));
    }

    fn dialect(skip: u64, comment: Option<char>) -> Plan {
        Plan { skip, comment, ..Plan::default() }
    }

    fn rows_as(plan: &Plan, text: &str) -> Vec<(u64, String)> {
        read_as(plan, &[text.as_bytes()]).unwrap().0.into_iter().map(|(row, cells)| (row, cells.join("|"))).collect()
    }

    fn want(rows: &[(u64, &str)]) -> Vec<(u64, String)> {
        rows.iter().map(|(row, cells)| (*row, (*cells).to_owned())).collect()
    }

    #[test]
    fn lines_that_are_no_records_are_passed_over() {
        let text = "\u{feff}a \"title\n\n#x,\"\na,b\n# 1,\"2\n1,\"#2\n#3\"\n#\n3,4\n#";
        assert_eq!(rows_as(&dialect(2, Some('#')), text), want(&[(0, "a|b"), (6, "1|#2\n#3"), (8, "3|4")]));
        let many = |comment: &str| format!("a,b\n{}{comment}{}", "1,2\n".repeat(200), "3,\"4\"\n".repeat(200));
        for comment in ["#,\"\n", "#\n", "#1,2\n", "#\"a\",b\n#\n#,\"\n"] {
            let rows = rows_as(&dialect(0, Some('#')), &many(comment));
            let lines = comment.matches('\n').count() as u64;
            assert_eq!((rows.len(), rows[400].0), (401, 401 + lines), "{comment:?}");
            assert!(rows[1..].iter().all(|(_, cells)| cells == "1|2" || cells == "3|4"), "{comment:?}");
        }
    }

    #[test]
    fn the_first_line_may_name_the_delimiter() {
        assert_eq!(rows_as(&dialect(0, None), "\u{feff}sep=;\r\na;b\r\n1,5;2\r\n"), want(&[(0, "a|b"), (3, "1,5|2")]));
        assert_eq!(rows_as(&dialect(1, None), "x\nsep=|\na|b\n1|2"), want(&[(0, "a|b"), (4, "1|2")]));
        assert_eq!(rows_as(&dialect(0, None), "se,x\n1,2\n"), want(&[(0, "se|x"), (2, "1|2")]));
        // the plan counts more, and the line is passed over all the same
        let plan = Plan { delimiter: Some(','), ..Plan::default() };
        assert_eq!(rows_as(&plan, "sep=;\na,b\n1,2\n"), want(&[(0, "a|b"), (3, "1|2")]));
        let plan = Plan { header: Some(vec!["a".to_owned(), "b".to_owned()]), ..Plan::default() };
        assert_eq!(rows_as(&plan, "sep=;\n1;2\n"), want(&[(0, "a|b"), (2, "1|2")]));
    }

    /// A reader that learns the header and reads on in the middle finds what one reader of everything finds there.
    #[test]
    fn a_later_part_is_read_after_the_header() {
        let begin = ["title \"\n", "# x\n", "sep=;\n", "a;b\n"];
        let given = Plan { header: Some(vec!["a".to_owned(), "b".to_owned()]), ..dialect(2, Some('#')) };
        for (plan, begin) in [(dialect(2, Some('#')), &begin[..]), (given, &begin[..3])] {
            let (mut reader, mut seen) = (Reader::new(&plan), TextSink::default());
            let known: Vec<bool> = begin.iter().map(|line| reader.header(line.as_bytes(), &mut seen).unwrap()).collect();
            assert_eq!(known.iter().position(|known| *known), Some(begin.len() - 1), "{plan:?}");
            reader.continue_at(100);
            reader.push(b"1;2\n#\"\n3;4\n", &mut seen).unwrap();
            reader.finish(&mut seen).unwrap();
            let rows: Vec<(u64, String)> = seen.0.into_iter().map(|(row, cells)| (row, cells.join("|"))).collect();
            assert_eq!(rows, want(&[(0, "a|b"), (100, "1|2"), (102, "3|4")]));
        }
    }

    #[test]
    fn an_error_at_the_beginning_says_what_the_line_looks_like() {
        let help = |plan: &Plan, text: &str| read_as(plan, &[text.as_bytes()]).unwrap_err().help;
        let plan = Plan::default();
        assert_eq!(help(&plan, "Report\n\na,b\n1,2\n"), "line 1 has 1 field and line 3 has 2: if line 1 is a title, give --skip 2");
        assert_eq!(help(&plan, "Report; Q3\na,b\n1,2\n"), "line 1 has 1 field and line 2 has 2: if line 1 is a title, give --skip 1");
        assert_eq!(help(&plan, "a;b\n1,5;2,5\n"), "give --delimiter ';', or save the file with commas");
        assert_eq!(help(&plan, "a,b\n1,2\n# off\n"), "the line looks like a comment: take it out, or give --comment '#'");
        assert_eq!(help(&plan, "% x, y\n% z\na,b\n"), "the line looks like a comment: take it out, or give --comment '%'");
        let trailing = "the row ends with a comma, and the header does not: if all rows do, end the header with one too, or give --skip 1 --header 'a,b,'; if the first column has no name, begin the header with a comma";
        assert_eq!(help(&plan, "a,b\n1,2,\n"), trailing);
        let row_names = "line 1 has 2 fields and line 2 has 3: if the first column has no name, begin the header with a delimiter; if line 1 is a title, give --skip 1";
        assert_eq!(help(&plan, "a,b\nr,1,2\n"), row_names);
        let plan = Plan { header: Some(vec!["a".to_owned()]), ..Plan::default() };
        assert_eq!(help(&plan, "1,2\n"), "give --header as many names as the rows have fields");
    }

    proptest! {
        #[test]
        fn records_do_not_depend_on_chunks(
            text in "(sep=[;,]\n)?[ab1,#\"\n\r \u{feff}é;\u{1a}]{0,40}",
            at in 0usize..60,
            skip in 0u64..3,
            comment in prop::option::of(Just('#')),
        ) {
            let (bytes, plan) = (text.as_bytes(), dialect(skip, comment));
            let at = at.min(bytes.len());
            let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(read_as(&plan, &[bytes]), read_as(&plan, &[&bytes[..at], &bytes[at..]]));
            prop_assert_eq!(read_as(&plan, &[bytes]), read_as(&plan, &bytewise));
        }

        /// Comments and skipped lines are as if they were not there, apart from the numbers of rows.
        #[test]
        fn lines_that_are_passed_over_tell_nothing(
            lines in prop::collection::vec(("[1\",]{0,6}", 1u8..100, prop::sample::select(vec!["2", "\"x\ny\"", "\"#\n#\""])), 1..60),
            comments in prop::collection::vec("[1#a,\"]{0,9}", 0..4),
        ) {
            let rows: Vec<String> = lines.iter().map(|(_, number, cell)| format!("{number},{cell}\n")).collect();
            let with = |comment: &dyn Fn(usize) -> String| {
                let body: String = rows.iter().enumerate().map(|(at, row)| comment(at) + row).collect();
                format!("{}a,b\n{body}", comment(0))
            };
            let comment = |at: usize| comments.get(at % 7).map_or_else(String::new, |comment| format!("#{comment}\n"));
            let cells = |text: &str, skip: u64| -> Vec<String> {
                rows_as(&dialect(skip, Some('#')), text).into_iter().map(|(_, cells)| cells).collect()
            };
            let plain = cells(&with(&|_| String::new()), 0);
            prop_assert_eq!(&cells(&with(&comment), 0), &plain);
            let titles: String = lines.iter().take(3).map(|(title, ..)| format!("{title}\n")).collect();
            let skipped = titles.matches('\n').count() as u64;
            prop_assert_eq!(&cells(&(titles + &with(&comment)), skipped), &plain);
        }
    }
}
