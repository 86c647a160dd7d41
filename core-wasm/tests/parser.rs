//! The reader of tables against another one: the `csv` crate for records, decimals of any size for sums. What the bytes mean must not
//! depend on how they are read, many rows at once or byte by byte, or on where a chunk ends.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::decimal::{Decimal, is_missing, parse, trim};
use samefit_core::error::Error;
use samefit_core::plan::{Missing, Plan};
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::Summarizer;

/// Columns of the tables; the text is in nobody's plan.
const HEADER: &str = "a,text,b";

fn plan() -> Plan {
    let names = |names: &[&str]| Some(names.iter().map(|name| name.to_string()).collect());
    Plan { columns: names(&["b", "a"]), missing: Missing::Drop, ..Plan::default() }
}

/// What a summarizer says of a table in chunks.
fn summed<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<Statistics, Error> {
    let mut summarizer = Summarizer::new(plan()).unwrap();
    chunks.into_iter().try_for_each(|chunk| summarizer.push(chunk))?;
    summarizer.finish()
}

/// Rows, dropped rows and sums of products of (1, b, a) by way of the `csv` crate.
fn expected(text: &[u8]) -> (i64, i64, Vec<Decimal>) {
    let mut reader = csv::Reader::from_reader(text);
    let (mut rows, mut dropped, mut sums) = (0, 0, vec![Decimal::ZERO; 6]);
    for record in reader.byte_records() {
        let record = record.unwrap();
        let value = |at: usize| Some(trim(&record[at])).filter(|cell| !is_missing(cell)).map(|cell| parse(cell).unwrap());
        match (value(2), value(0)) {
            (Some(b), Some(a)) => {
                let one = Decimal { mantissa: 1.into(), scale: 0 };
                let all = [one, b, a];
                for i in 0..3 {
                    for j in 0..=i {
                        let at = i * (i + 1) / 2 + j;
                        sums[at] = sums[at].plus(&all[i].times(&all[j]));
                    }
                }
                rows += 1;
            }
            _ => dropped += 1,
        }
    }
    (rows, dropped, sums)
}

/// A number as files write it; most columns hold one kind.
fn number(kind: usize) -> BoxedStrategy<String> {
    match kind {
        0 => "[0-9]{1,4}".boxed(),
        1 => "[0-9]{1,3}(\\.[0-9]{0,2})?".boxed(),
        2 => "-?[0-9]{0,2}\\.[0-9]{1,6}".boxed(),
        3 => "-?0\\.[0-9]{12,15}".boxed(),
        4 => "-?[0-9]{1,3}\\.[0-9]{15,18}".boxed(),
        5 => "-?[1-9](\\.[0-9]{1,12})?[eE][+-]?[1-5]?[0-9]".boxed(),
        6 => "[+-]?[0-9]{1,60}".boxed(),
        _ => prop_oneof![
            Just(String::new()),
            Just("NA".to_owned()),
            Just(" 7".to_owned()),
            Just("\"8.5\"".to_owned()),
            Just("8.5 ".to_owned())
        ]
        .boxed(),
    }
}

fn column() -> BoxedStrategy<Vec<String>> {
    (0usize..7, 0usize..8)
        .prop_flat_map(|(usual, rare)| prop::collection::vec(prop_oneof![30 => number(usual), 1 => number(rare)], 60..61))
        .boxed()
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![
        20 => "[a-z]{0,8}",
        2 => Just("\"x, \"\"y\"\"\"".to_owned()),
        1 => Just("\"two\nlines\"".to_owned()),
        1 => Just("a.b-c".to_owned()),
        1 => Just("é".to_owned()),
    ]
    .boxed()
}

/// A table as text: its columns, the line ends, a byte order mark perhaps, a last line break perhaps.
fn table() -> impl Strategy<Value = String> {
    let texts = prop_oneof![prop::collection::vec("[a-z]{1,5}".boxed(), 60..61), prop::collection::vec(text(), 60..61)];
    (column(), texts, column(), 1usize..60, prop::bool::ANY, prop::bool::ANY, prop::bool::ANY).prop_map(
        |(a, texts, b, rows, crlf, mark, last)| {
            let end = if crlf { "\r\n" } else { "\n" };
            let mut text = format!("{}{HEADER}{end}", if mark { "\u{feff}" } else { "" });
            for row in 0..rows {
                text += &format!("{},{},{}{}", a[row], texts[row], b[row], if row + 1 < rows || last { end } else { "" });
            }
            text
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn tables_mean_what_another_reader_says(text in table(), step in 1usize..13) {
        let bytes = text.as_bytes();
        let whole = summed([bytes]);
        let (rows, dropped, sums) = expected(bytes);
        let statistics = whole.as_ref().unwrap();
        prop_assert_eq!((statistics.rows, statistics.dropped), (rows, dropped));
        prop_assert_eq!(&statistics.moments.0, &sums);
        prop_assert_eq!(&summed(bytes.chunks(1)), &whole);
        for at in (0..bytes.len()).step_by(step) {
            prop_assert_eq!(&summed([&bytes[..at], &bytes[at..]]), &whole, "cut at {}", at);
        }
    }

    #[test]
    fn errors_name_their_row_and_column(text in table(), row in 0usize..60, kind in 0usize..6) {
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        prop_assume!(row > 0 && row < lines.len() && !text.contains("two\nlines"));
        let end: String = lines[row].chars().filter(|c| matches!(c, '\r' | '\n')).collect();
        let (bad, code, column) = [
            ("1x3,t,5", "not-a-number", Some("a")),
            ("1,t,5-5", "not-a-number", Some("b")),
            ("1,t,1.2.3", "not-a-number", Some("b")),
            ("1,t", "ragged-row", None),
            ("1,\"t\"x,2", "quote", None),
            (".,t,2", "not-a-number", Some("a")),
        ][kind];
        lines[row] = format!("{bad}{end}");
        let text = lines.concat();
        let error = summed([text.as_bytes()]).unwrap_err();
        prop_assert_eq!((error.code.name(), error.row, error.column.as_deref()), (code, Some(row as u64 + 1), column));
        prop_assert_eq!(&summed(text.as_bytes().chunks(1)).unwrap_err(), &error);
        for at in (0..text.len()).step_by(7) {
            prop_assert_eq!(&summed([&text.as_bytes()[..at], &text.as_bytes()[at..]]).unwrap_err(), &error);
        }
    }
}
