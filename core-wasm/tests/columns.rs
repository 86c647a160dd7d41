//! Columns of numbers or text give the same statistics, notes, predictions and errors as the same data in CSV.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::error::Code;
use samefit_core::error::Error;
use samefit_core::fit::fit;
use samefit_core::plan::{Missing, Plan};
use samefit_core::predict::{PredictedRows, Predictor};
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::Summarizer;
use std::ops::Range;

fn plan() -> Plan {
    Plan { target: Some("y".to_owned()), features: Some(vec!["x".to_owned(), "x^2".to_owned()]), missing: Missing::Drop, ..Plan::default() }
}

fn from_csv(rows: &[(f64, f64)]) -> Statistics {
    let mut csv = "x,y\n".to_owned();
    rows.iter().for_each(|(x, y)| csv += &format!("{x},{y}\n"));
    let mut summarizer = Summarizer::new(plan()).unwrap();
    summarizer.push(csv.as_bytes()).unwrap();
    summarizer.finish().unwrap()
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![4 => -1e6f64..1e6, 2 => (-9999i32..9999).prop_map(|k| f64::from(k) / 100.0), 1 => Just(f64::NAN), 1 => Just(8.2), 1 => -1e-30f64..1e30]
}

proptest! {
    #[test]
    fn columns_give_the_statistics_of_rows(rows in prop::collection::vec((value(), value()), 0..30), cut in 0usize..30) {
        let mut binary = Summarizer::new(plan()).unwrap();
        let mut text = Summarizer::new(plan()).unwrap();
        for part in [&rows[..cut.min(rows.len())], &rows[cut.min(rows.len())..]] {
            for (name, values) in [("x", part.iter().map(|r| r.0).collect::<Vec<f64>>()), ("y", part.iter().map(|r| r.1).collect())] {
                binary.set_f64(name, values.as_slice());
                let lines: String = values.iter().map(|value| format!("{value:e}\n")).collect();
                text.set_text(name, lines);
            }
            binary.sum_columns().unwrap();
            text.sum_columns().unwrap();
        }
        let want = from_csv(&rows).to_json();
        prop_assert_eq!(binary.finish().unwrap().to_json(), want.clone());
        prop_assert_eq!(text.finish().unwrap().to_json(), want);
    }
}

/// Statistics and notes, or the code, row, column and text of the error. Rows count from 1, without a header.
type Outcome = Result<(String, String), (String, Option<u64>, Option<String>, String)>;

fn told(result: samefit_core::error::Result<Summarizer>, header: u64) -> Outcome {
    let mut summarizer = result.map_err(|error| told_error(error, header))?;
    let statistics = summarizer.finish().map_err(|error| told_error(error, header))?;
    Ok((statistics.to_json(), summarizer.notes()))
}

fn told_error(error: Error, header: u64) -> (String, Option<u64>, Option<String>, String) {
    (error.code.name().to_owned(), error.row.map(|row| row - header), error.column.clone(), error.text())
}

const NAMES: [&str; 4] = ["x", "w", "v", "y"];

fn any_plan() -> impl Strategy<Value = Plan> {
    let missing = prop_oneof![Just(Missing::Error), Just(Missing::Drop)];
    let columns = prop_oneof![3 => Just(None), 1 => Just(Some(vec!["x".to_owned(), "y".to_owned()]))];
    let terms = prop_oneof![3 => Just(vec![]), 1 => Just(vec!["x^2".to_owned(), "x*y".to_owned()])];
    (missing, columns, terms, any::<bool>()).prop_map(|(missing, columns, terms, distribution)| Plan {
        missing,
        columns,
        terms,
        distribution,
        ..Plan::default()
    })
}

/// Numbers of one kind, and a few of another kind.
fn column() -> impl Strategy<Value = Vec<f64>> {
    let kind = |value: BoxedStrategy<f64>, others: BoxedStrategy<f64>| {
        let either = prop_oneof![400 => value, 1 => others];
        prop::collection::vec(either, ROWS..=ROWS).boxed()
    };
    let decimal = |places: i32| (-99_999i64..99_999).prop_map(move |k| format!("{k}e-{places}").parse().unwrap()).boxed();
    let any =
        prop_oneof![6 => Just(f64::NAN), 3 => -1e30f64..1e30, 3 => -1e-30f64..1e-30, 6 => -1f64..1., 1 => Just(f64::INFINITY)].boxed();
    prop_oneof![
        2 => kind(decimal(0), any.clone()),
        2 => kind(decimal(2), any.clone()),
        2 => kind((-3.0f64..3.0).boxed(), any.clone()),
        1 => kind((-1e15f64..1e15).boxed(), any.clone()),
        1 => kind(prop_oneof![decimal(0), decimal(11), -1e9f64..1e9].boxed(), any.clone()),
        1 => kind(prop_oneof![decimal(1), Just(f64::NAN)].boxed(), any),
        1 => kind(Just(f64::NAN).boxed(), decimal(1)),
    ]
}

/// Mostly text; in some rows nothing, rarely a number.
fn words() -> impl Strategy<Value = Vec<String>> {
    let word = prop_oneof![300 => Just("low"), 300 => Just("high"), 30 => Just(""), 30 => Just("NA"), 1 => Just("7")];
    prop_oneof![
        3 => prop::collection::vec(word.prop_map(str::to_owned), ROWS..=ROWS),
        1 => prop::collection::vec("-?[0-9]{1,3}(\\.[0-9]{1,2})?", ROWS..=ROWS),
        1 => prop::collection::vec("-?[0-9]{1,30}(\\.[0-9]{1,20})?", ROWS..=ROWS),
    ]
}

const ROWS: usize = 1300;

/// Returns the text that an f64 means. The standard library chooses another text for some ties.
fn written(value: f64) -> String {
    zmij::Buffer::new().format(value).to_owned()
}

/// Sets some rows of `columns` and `words` as a batch and sums it. A bit of `as_text` for each column tells whether its numbers are set as
/// text.
fn add_batch(to: &mut Summarizer, columns: &[Vec<f64>], words: &[String], rows: Range<usize>, as_text: usize) -> Result<(), Error> {
    for (at, name) in NAMES.iter().enumerate() {
        let numbers = columns.get(at.saturating_sub(usize::from(at > 1))).filter(|_| at != 1);
        match numbers {
            None => to.set_text(name, words[rows.clone()].iter().fold(String::new(), |text, word| text + word + "\n")),
            Some(numbers) if as_text >> at & 1 == 1 => {
                to.set_text(name, numbers[rows.clone()].iter().fold(String::new(), |text, number| text + &written(*number) + "\n"));
            }
            Some(numbers) => to.set_f64(name, &numbers[rows.clone()]),
        }
    }
    to.sum_columns()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn batches_give_the_outcome_of_rows_with_any_number_of_workers(
        plan in any_plan(),
        columns in prop::collection::vec(column(), 3..=3),
        words in words(),
        rows in prop_oneof![1 => 0usize..40, 2 => 500usize..=ROWS],
        lengths in prop::collection::vec((prop_oneof![1usize..20, 300usize..900], 0usize..16, 0usize..3), 1..60),
    ) {
        let mut csv = NAMES.join(",") + "\n";
        for row in 0..rows {
            csv += &[&written(columns[0][row]), &words[row], &written(columns[1][row]), &written(columns[2][row])].map(String::as_str).join(",");
            csv += "\n";
        }
        let mut by_rows = Summarizer::new(plan.clone()).unwrap();
        let want = told(by_rows.push(csv.as_bytes()).map(|()| by_rows), 1);

        // by one summarizer, and by three; after the first error no more batches are handed out
        let mut all = Summarizer::new(plan.clone()).unwrap();
        let mut result = add_batch(&mut all, &columns, &words, 0..0, 0);
        let mut workers: Vec<Summarizer> = Vec::new();
        for _ in 0..3 {
            let mut worker = Summarizer::new(plan.clone()).unwrap();
            let _ = add_batch(&mut worker, &columns, &words, 0..0, 0);
            workers.push(worker);
        }
        let mut row = 0;
        for &(length, as_text, worker) in lengths.iter().cycle() {
            if row == rows || result.is_err() {
                break;
            }
            let batch = row..rows.min(row + length);
            result = add_batch(&mut all, &columns, &words, batch.clone(), as_text);
            workers[worker].continue_at(row as u64 + 1).unwrap();
            let _ = add_batch(&mut workers[worker], &columns, &words, batch.clone(), as_text);
            row = batch.end;
        }
        prop_assert_eq!(&told(result.map(|()| all), 0), &want);
        let mut last = workers.pop().unwrap();
        for mut worker in workers {
            let _ = last.merge_state(&worker.state().unwrap());
        }
        prop_assert_eq!(told(Ok(last), 0), want);
    }
}

#[test]
fn batches_that_do_not_fit_are_refused() {
    let mut summarizer = Summarizer::new(plan()).unwrap();
    summarizer.set_f64("x", [1.0, 2.0]);
    summarizer.set_f64("y", [1.0]);
    assert_eq!(summarizer.sum_columns().unwrap_err().code, Code::ColumnLengths);
    summarizer.set_f64("x", [1.0]);
    assert_eq!(summarizer.sum_columns().unwrap_err().code, Code::MissingColumn);
    summarizer.finish().unwrap();
    assert_eq!(summarizer.finish().unwrap_err().code, Code::Spent);
    assert_eq!(summarizer.push(b"x").unwrap_err().code, Code::Spent);
    assert_eq!(summarizer.sum_columns().unwrap_err().code, Code::Spent);
}

#[test]
fn errors_of_values_name_their_row_and_column() {
    let mut summarizer = Summarizer::new(plan()).unwrap();
    summarizer.set_f64("x", [1.0, 2.0]);
    summarizer.set_f64("y", [1.0, f64::INFINITY]);
    let error = summarizer.sum_columns().unwrap_err();
    assert_eq!((error.code, error.row, error.column.as_deref()), (Code::NotAValue, Some(2), Some("y")));
    assert_eq!(summarizer.finish().unwrap_err().code, Code::NotAValue);
    let mut summarizer = Summarizer::new(plan()).unwrap();
    summarizer.set_text("x", "1\n2x\n");
    summarizer.set_f64("y", [1.0, 2.0]);
    assert_eq!(summarizer.sum_columns().unwrap_err().row, Some(2));
}

#[test]
fn predictions_of_columns_are_those_of_records() {
    let rows: Vec<(f64, f64)> = (0..9).map(|i| (f64::from(i) * 1.25, f64::from(i * i % 7))).collect();
    let predictor = Predictor::new(fit(&from_csv(&rows), &plan()).unwrap()).unwrap();
    let got = predictor.predict_columns(&[0.1, 2.0, 7.5], 3).unwrap();
    assert_eq!(got.len(), 9);
    for (at, x) in [0.1, 2.0, 7.5].into_iter().enumerate() {
        let record = predictor.predict_record(format!("{{\"x\": {x}}}").as_bytes()).unwrap();
        let want = [&record["predicted_y"], &record["interval"]["lower"], &record["interval"]["upper"]].map(|v| v.as_f64().unwrap());
        assert_eq!([got[at], got[3 + at], got[6 + at]], want);
    }
    assert_eq!(predictor.predict_columns(&[1.0], 2).unwrap_err().code, Code::ColumnLengths);
    assert_eq!(predictor.predict_columns(&[f64::NAN], 1).unwrap_err().code, Code::MissingValues);
    assert_eq!(predictor.predict_columns(&[f64::INFINITY], 1).unwrap_err().code, Code::NotAValue);
    assert_eq!(predictor.predict_columns(&[1e200], 1).unwrap_err().code, Code::OutOfRange);
}

proptest! {
    /// What was learned from rows before changes no prediction.
    #[test]
    fn predictions_do_not_depend_on_those_before(batches in prop::collection::vec(prop::collection::vec((-99_999i32..99_999, 0i32..9), 1..4), 1..12)) {
        let rows: Vec<(f64, f64)> = (0..9).map(|i| (f64::from(i) * 1.25, f64::from(i * i % 7))).collect();
        let predictor = Predictor::new(fit(&from_csv(&rows), &plan()).unwrap()).unwrap();
        let mut kept = PredictedRows::new(&predictor);
        for batch in batches {
            let values: Vec<f64> = batch.iter().map(|&(mantissa, places)| f64::from(mantissa) / 10f64.powi(places)).collect();
            prop_assert_eq!(kept.predict(&predictor, &values, values.len()), predictor.predict_columns(&values, values.len()));
        }
        prop_assert!(kept.predict(&predictor, &[f64::NAN], 1).is_err());
        prop_assert_eq!(kept.predict(&predictor, &[0.5], 1), predictor.predict_columns(&[0.5], 1));
    }
}

fn sums(summarizer: &mut Summarizer, columns: &[(&str, &[u8])]) -> samefit_core::error::Result<()> {
    columns.iter().for_each(|(name, text)| summarizer.set_text(name, *text));
    summarizer.sum_columns()
}

#[test]
fn columns_keep_their_order_and_text_is_left_out() {
    let mut csv = Summarizer::new(Plan { target: Some("b".to_owned()), ..Plan::default() }).unwrap();
    csv.push(b"z,name,b,a\n1,x,2,5\n3,,4,6\n").unwrap();
    let mut columns = Summarizer::new(Plan { target: Some("b".to_owned()), ..Plan::default() }).unwrap();
    sums(&mut columns, &[("z", b"1\n"), ("name", b"x\n"), ("b", b"2\n"), ("a", b"5\n")]).unwrap();
    sums(&mut columns, &[("a", b"6\n"), ("b", b"4\n"), ("name", b"\n"), ("z", b"3\n")]).unwrap();
    assert_eq!(columns.finish().unwrap().to_json(), csv.finish().unwrap().to_json());
    assert_eq!(columns.notes(), csv.notes());
}

#[test]
fn text_beside_numbers_is_an_error_with_its_row() {
    let mut summarizer = Summarizer::new(Plan::default()).unwrap();
    sums(&mut summarizer, &[("x", b"1\n")]).unwrap();
    let error = sums(&mut summarizer, &[("x", b"2\n2l\n")]).unwrap_err();
    assert_eq!((error.code, error.row, error.column.as_deref()), (Code::NotANumber, Some(3), Some("x")));
}
