//! Data that come as columns of numbers give what the same data give as CSV.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::fit::fit;
use samefit_core::plan::{Missing, Plan};
use samefit_core::predict::Predictor;
use samefit_core::statistics::Statistics;
use samefit_core::train::Summarizer;

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
    fn columns_are_rows(rows in prop::collection::vec((value(), value()), 0..30), cut in 0usize..30) {
        let mut binary = Summarizer::new(plan()).unwrap();
        let mut text = Summarizer::new(plan()).unwrap();
        for part in [&rows[..cut.min(rows.len())], &rows[cut.min(rows.len())..]] {
            for (name, values) in [("x", part.iter().map(|r| r.0).collect::<Vec<f64>>()), ("y", part.iter().map(|r| r.1).collect())] {
                binary.set_f64(name, &values).unwrap();
                let lines: String = values.iter().map(|value| format!("{value:e}\n")).collect();
                text.set_text(name, lines.as_bytes()).unwrap();
            }
            binary.sum_columns().unwrap();
            text.sum_columns().unwrap();
        }
        let want = from_csv(&rows).to_json();
        prop_assert_eq!(binary.finish().unwrap().to_json(), want.clone());
        prop_assert_eq!(text.finish().unwrap().to_json(), want);
    }
}

#[test]
fn batches_that_do_not_fit_are_refused() {
    let mut summarizer = Summarizer::new(plan()).unwrap();
    assert_eq!(summarizer.set_f64("x", &[1.0, f64::INFINITY]).unwrap_err().code, "not-a-value");
    summarizer.set_f64("x", &[1.0, 2.0]).unwrap();
    summarizer.set_f64("y", &[1.0]).unwrap();
    assert_eq!(summarizer.sum_columns().unwrap_err().code, "column-lengths");
    summarizer.set_f64("x", &[1.0]).unwrap();
    assert_eq!(summarizer.sum_columns().unwrap_err().code, "missing-column");
    assert_eq!(summarizer.set_text("x", b"1\n2x\n").unwrap_err().row, Some(2));
    summarizer.finish().unwrap();
    assert_eq!(summarizer.finish().unwrap_err().code, "spent");
    assert_eq!(summarizer.push(b"x").unwrap_err().code, "spent");
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
    assert_eq!(predictor.predict_columns(&[1.0], 2).unwrap_err().code, "column-lengths");
    assert_eq!(predictor.predict_columns(&[f64::NAN], 1).unwrap_err().code, "missing-values");
    assert_eq!(predictor.predict_columns(&[f64::INFINITY], 1).unwrap_err().code, "not-a-value");
    assert_eq!(predictor.predict_columns(&[1e200], 1).unwrap_err().code, "out-of-range");
}

fn sums(summarizer: &mut Summarizer, columns: &[(&str, &[u8])]) -> samefit_core::error::Result<()> {
    columns.iter().try_for_each(|(name, text)| summarizer.set_text(name, text))?;
    summarizer.sum_columns()
}

#[test]
fn columns_keep_the_order_of_the_data_and_text_is_left_out() {
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
    assert_eq!((error.code, error.row, error.column.as_deref()), ("not-a-number", Some(3), Some("x")));
}
