//! Bytes of many JSON objects that are written alike to the positions of their values, as cells of rows.
//!
//! What stands between the values, which is keys and punctuation, is compared with that of one object, and not read. Only the values are read. An
//! object that is written in another way ends the rows; a reader of single objects has to read it.
//!
//! *Invariants*: the bytes of an object in the rows are JSON, with the keys of the one object in their order.
//!
//! *Limits*: positions are offsets of 32 bits.
//!
//! *Not here*: what the keys are, and where an object begins ([`objects`](crate::objects)).

use crate::objects::{FixedBytes, ObjectScanner, ScannedValue, TextCursor, ValueKind};
use crate::scan::{CellLists, MARGIN, Rows};
use crate::simd::V128;

/// Most bytes between two values, and after the last one.
const SEPARATOR_BYTES_MAX: usize = 47;

/// Bytes that must be readable from the start of a value on: the longest separator after a short value, and more than a margin.
const LOOKAHEAD: usize = 2 * MARGIN + SEPARATOR_BYTES_MAX;

/// Longest object that is read, in bytes.
const OBJECT_BYTES_MAX: usize = 1 << 16;

/// Reads rows of objects that are written like one.
#[derive(Default)]
pub struct ObjectRows {
    entries: Vec<Entry>,
    /// What ends an object: its bracket, and what stands before and after it.
    tail: FixedBytes,
    /// Columns that no value belongs to. Their cells are empty.
    unfilled: Vec<usize>,
    width: usize,
    rows_max: usize,
    lists: CellLists,
    /// Reads what is not short.
    scanner: ObjectScanner,
}

/// One value of the objects.
struct Entry {
    /// What stands before it.
    separator: FixedBytes,
    /// The column to which it belongs; `usize::MAX` if it is not read.
    column: usize,
}

/// Why no more rows were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsEnd {
    /// There are as many as are read at once.
    Full,
    /// The bytes may go on as the rows do, but end too soon.
    Edge,
    /// What follows is written in another way.
    Other,
}

impl ObjectRows {
    /// Returns a reader of objects like the one that was scanned to `values` in `text`.
    ///
    /// `before` and `after` stand around the text between two objects: `after` follows one, then `before` comes before the next. `places` gives for
    /// each column the index of its value. At most `rows_max` rows are read at once. None if the objects are too different from others for that.
    pub fn new(
        before: &[u8],
        text: &[u8],
        after: &[u8],
        values: &[ScannedValue],
        places: &[Option<usize>],
        rows_max: usize,
    ) -> Option<Self> {
        let mut columns = vec![usize::MAX; values.len()];
        for (column, place) in places.iter().enumerate() {
            if let Some(at) = *place {
                *columns.get_mut(at)? = column;
            }
        }
        let mut entries = Vec::with_capacity(values.len());
        let mut from = 0;
        for (at, (value, column)) in values.iter().zip(columns).enumerate() {
            let range = value.written();
            let separator = text.get(from..range.start)?;
            let separator = FixedBytes::of(&if at == 0 { [before, separator].concat() } else { separator.to_vec() });
            if separator.len() > SEPARATOR_BYTES_MAX {
                return None;
            }
            entries.push(Entry { separator, column });
            from = range.end;
        }
        let tail = FixedBytes::of(&[text.get(from..)?, after].concat());
        if tail.len() > SEPARATOR_BYTES_MAX || entries.is_empty() || places.is_empty() {
            return None;
        }
        let unfilled = places.iter().enumerate().filter(|(_, place)| place.is_none()).map(|(column, _)| column).collect();
        let (width, lists) = (places.len(), CellLists::new(places.len() * rows_max));
        Some(Self { entries, tail, unfilled, width, rows_max, lists, scanner: ObjectScanner::default() })
    }

    /// Finds rows in `bytes` from the offset `from` on, where what stands before an object begins. There may be none.
    #[inline(never)]
    pub fn scan<'a>(&'a mut self, bytes: &'a [u8], from: usize) -> (Rows<'a>, RowsEnd) {
        let (mut rows, mut at, mut end) = (0, from, RowsEnd::Full);
        if u32::try_from(bytes.len()).is_err() || from < MARGIN {
            end = RowsEnd::Other;
        } else {
            while rows < self.rows_max {
                match self.row(bytes, at, rows * self.width) {
                    Ok(after) => (rows, at) = (rows + 1, after),
                    Err(reason) => {
                        end = reason;
                        break;
                    }
                }
            }
        }
        (Rows::of_lists(bytes, &mut self.lists, rows, self.width, at), end)
    }

    /// Reads an object from `at` on into the cells from `cell` on. Returns the offset after it.
    #[inline(always)]
    fn row(&mut self, bytes: &[u8], mut at: usize, cell: usize) -> Result<usize, RowsEnd> {
        let start = at;
        let Self { entries, tail, unfilled, width, lists, scanner, .. } = self;
        let lists = (&mut lists.befores[cell..][..*width], &mut lists.ends[cell..][..*width], &mut lists.points[cell..][..*width]);
        let (befores, ends, points) = lists;
        for &column in unfilled.iter() {
            (befores[column], ends[column], points[column]) = (at as u32 - 1, at as u32, 0);
        }
        let limit = bytes.len().saturating_sub(LOOKAHEAD);
        for Entry { separator, column } in entries.iter() {
            if at > limit {
                return Err(RowsEnd::Edge);
            }
            if !separator.begin(&bytes[at..]) {
                return Err(RowsEnd::Other);
            }
            at += separator.len();
            let value = match Value::short_number(bytes, at) {
                Some(value) => value,
                None => Value::other(bytes, at, *column == usize::MAX, scanner).ok_or(RowsEnd::Other)?,
            };
            at = value.after;
            if *column < *width {
                (befores[*column], ends[*column], points[*column]) = (value.start as u32 - 1, value.end as u32, value.point as u32);
            }
        }
        if at > limit {
            return Err(RowsEnd::Edge);
        }
        // whoever reads single objects may refuse long ones
        if tail.begin(&bytes[at..]) && at - start < OBJECT_BYTES_MAX { Ok(at + tail.len()) } else { Err(RowsEnd::Other) }
    }
}

/// The positions of a value.
struct Value {
    start: usize,
    end: usize,
    /// Its last decimal point; 0 if it has none.
    point: usize,
    /// What follows it.
    after: usize,
}

impl Value {
    /// Reads a number of less than fifteen characters without an exponent. None if it is not there.
    #[inline(always)]
    fn short_number(bytes: &[u8], at: usize) -> Option<Self> {
        let chunk = V128::load(bytes.get(at..)?.first_chunk()?);
        let is_digit = {
            let digit = chunk.sub_u8(V128::splat(b'0'));
            digit.min_u8(V128::splat(9)).eq_u8(digit)
        };
        let negative = usize::from(bytes[at] == b'-');
        let (digits, points) = (is_digit.bitmask() >> negative, chunk.eq_u8(V128::splat(b'.')).bitmask() >> negative);
        let length = (!(digits | points)).trailing_zeros() as usize;
        let points = points & ((1 << length) - 1);
        // a digit stands first and last, there is at most one point, and no digit follows a leading zero
        let is_number = digits & 1 == 1
            && digits >> (length - 1) & 1 == 1
            && points & points.wrapping_sub(1) == 0
            && (digits & 2 == 0 || bytes[at + negative] != b'0')
            && length + negative < 15
            && bytes[at + negative + length] | 0x20 != b'e';
        let end = at + negative + length;
        let point = if points == 0 { 0 } else { at + negative + points.trailing_zeros() as usize };
        is_number.then_some(Self { start: at, end, point, after: end })
    }

    /// Reads another value. `is_unread`: it may be anything, because nothing reads it.
    #[inline(never)]
    fn other(bytes: &[u8], at: usize, is_unread: bool, scanner: &mut ObjectScanner) -> Option<Self> {
        let mut cursor = TextCursor { text: bytes, at };
        let value = scanner.value(&mut cursor, 1)?;
        let after = cursor.at;
        let range = value.range();
        let (start, end) = match value.kind {
            ValueKind::Plain | ValueKind::Text => (range.start, range.end),
            ValueKind::Null | ValueKind::NotANumber => (at, at),
            _ if is_unread => (at, at),
            // other exponents are rewritten
            ValueKind::Exponent if has_usual_exponent(&bytes[range.clone()]) => (range.start, range.end),
            _ => return None,
        };
        // a reader of cells looks a margin beyond
        if end + MARGIN > bytes.len() {
            return None;
        }
        let point = bytes[start..end].iter().rposition(|&byte| byte == b'.').map_or(0, |point| start + point);
        Some(Self { start, end, point, after })
    }
}

/// Whether the exponent of a number has a small `e` and a sign.
fn has_usual_exponent(number: &[u8]) -> bool {
    number.windows(2).any(|pair| matches!(pair, b"e-" | b"e+"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Marks, RowScanner, WORD};
    use proptest::prelude::*;

    /// The cells of the rows that are read of `text` after an object like its first one, and why there are no more.
    fn cells(first: &str, text: &str, places: &[Option<usize>]) -> (Vec<String>, RowsEnd) {
        let mut scanner = ObjectScanner::default();
        assert!(scanner.scan(first.as_bytes()), "{first}");
        let mut rows = ObjectRows::new(b"", first.as_bytes(), b"\n", scanner.values(), places, 100).unwrap();
        let bytes = [&[b'0'; MARGIN], text.as_bytes(), &[b'0'; LOOKAHEAD + 1]].concat();
        let (rows, end) = rows.scan(&bytes, MARGIN);
        let cell = |at: usize| String::from_utf8_lossy(rows.cell(at / rows.width(), at % rows.width())).into_owned();
        ((0..rows.len() * rows.width()).map(cell).collect(), end)
    }

    #[test]
    fn values_are_cells_in_the_order_of_the_columns() {
        let first = r#"{"a": 1, "bcdefghijklmnopqrs": 2, "c": 3}"#;
        let text = [
            r#"{"a": -0.5, "bcdefghijklmnopqrs": "x, é", "c": {"d": ["}"]}}"#,
            r#"{"a": 12345678901234567.5, "bcdefghijklmnopqrs": null, "c": 1e5}"#,
            r#"{"a": 1.5e-05, "bcdefghijklmnopqrs": 2, "c": 3}"#,
            r#"{"a": true, "bcdefghijklmnopqrs": 0, "c": "\n"}"#,
            r#"{"a": 1, "bcdefghijklmnopqrS": 0, "c": 1}"#,
        ]
        .map(|line| format!("{line}\n"))
        .concat();
        let (found, end) = cells(first, &text, &[Some(1), None, Some(0)]);
        assert_eq!(found, ["x, é", "", "-0.5", "", "", "12345678901234567.5", "2", "", "1.5e-05", "0", "", "true"]);
        assert_eq!(end, RowsEnd::Other);
    }

    #[test]
    fn what_is_no_json_ends_the_rows() {
        for value in [
            "",
            "-",
            ".5",
            "5.",
            "01",
            "-01",
            "1.2.3",
            "1.",
            "--1",
            "1-",
            "+1",
            "1e",
            "1e5",
            "1E-5",
            "tru",
            "nul",
            "\"a",
            "\"\\n\"",
            "\"\n\"",
            "[1]",
            "{}",
            "1 2",
            "12345678901234567e5",
            "12345678901234e5",
            "1234567890123e5",
            "Infinity",
            "\"\u{1}\"",
            "1\"",
            "'1'",
            "00",
            "-.5",
        ] {
            let (found, _) = cells("{\"a\":1,\"b\":2}", &format!("{{\"a\":{value},\"b\":2}}\n{{\"a\":1,\"b\":2}}\n"), &[Some(0), Some(1)]);
            assert!(found.is_empty(), "{value}");
        }
        for value in
            ["0", "-0", "-0.0", "10", "999999999999999", "-99999999999999", "1234567890123456", "1234567890.123456789", "\"\"", "false"]
        {
            let (found, _) = cells("{\"a\":1,\"b\":2}", &format!("{{\"a\":{value},\"b\":2}}\n"), &[Some(0), Some(1)]);
            assert_eq!(found, [value.trim_matches('"'), "2"]);
        }
    }

    #[test]
    fn bytes_that_end_too_soon_end_the_rows() {
        let mut scanner = ObjectScanner::default();
        assert!(scanner.scan(b"{\"a\":1}"));
        let mut rows = ObjectRows::new(b"", b"{\"a\":1}", b"\n", scanner.values(), &[Some(0)], 100).unwrap();
        let text = "{\"a\":1}\n".repeat(50);
        for length in 0..text.len() {
            let (found, end) = rows.scan(&text.as_bytes()[..length], MARGIN);
            assert_eq!(end, RowsEnd::Edge, "{length}");
            assert_eq!(found.end(), MARGIN + found.len() * 8);
            assert!(found.end() <= length.max(MARGIN));
        }
        assert_eq!(rows.scan(text.as_bytes(), MARGIN - 1).1, RowsEnd::Other);
        let more = text.repeat(4);
        let (found, end) = rows.scan(more.as_bytes(), MARGIN);
        assert_eq!((found.len(), end), (100, RowsEnd::Full));
    }

    /// A value as a cell of CSV, and in JSON.
    fn value() -> impl Strategy<Value = (String, String)> {
        let number = prop::sample::select(vec!["0", "-1", "12.5", "-0.25", "123456789.123456789", "-98765432109876543", "1.0"]);
        let word = prop::collection::vec(prop::sample::select(b"0123.ax- ".to_vec()), 1..20);
        prop_oneof![
            3 => number.prop_map(|number| (number.to_owned(), number.to_owned())),
            1 => word.prop_map(|word| { let word = String::from_utf8(word).unwrap(); (word.clone(), format!("\"{word}\"")) }),
            1 => Just((String::new(), "null".to_owned())),
        ]
    }

    proptest! {
        /// A reader of cells finds what it finds in CSV.
        #[test]
        fn cells_are_those_of_csv(values in prop::collection::vec((value(), value()), 1..30)) {
            let csv: String = values.iter().map(|((a, _), (b, _))| format!("{b},{a}\n")).collect();
            let json: String = values.iter().map(|((_, a), (_, b))| format!("{{\"a\": {a}, \"b\": {b}}}\n")).collect();
            let pad = |text: &str| [&[b'0'; MARGIN], text.as_bytes(), &[b'0'; LOOKAHEAD + WORD]].concat();
            let (csv, json) = (pad(&csv), pad(&json));
            let mut row_scanner = RowScanner::new(2, 64);
            let expected = row_scanner.scan(&csv, MARGIN, csv.len() - MARGIN, Marks { delimiter: b',', point: b'.' }).unwrap();
            let mut scanner = ObjectScanner::default();
            let first = b"{\"a\": 1, \"b\": 1}";
            prop_assert!(scanner.scan(first));
            let mut objects = ObjectRows::new(b"", first, b"\n", scanner.values(), &[Some(1), Some(0)], 64).unwrap();
            let (found, _) = objects.scan(&json, MARGIN);
            prop_assert_eq!(found.len(), values.len());
            for column in 0..2 {
                for row in 0..values.len() {
                    prop_assert_eq!(found.cell(row, column), expected.cell(row, column));
                    let [cell] = found.column(column, 0).get::<1>(row);
                    let [other] = expected.column(column, 0).get::<1>(row);
                    prop_assert_eq!(cell.shape, other.shape, "{:?}", found.cell(row, column));
                    // the point stands as far behind the cell's start
                    let before = (cell.shape >> 8).min(15) as usize;
                    if before < 15 {
                        prop_assert_eq!(&cell.bytes_8(before).to_le_bytes()[..before.min(8)], &other.bytes_8(before).to_le_bytes()[..before.min(8)]);
                    }
                }
            }
        }
    }
}
