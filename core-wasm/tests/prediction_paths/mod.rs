//! The ways of predicting, compared to the last bit with what they have to predict.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::plan::{IntervalKind, Only, Plan};
use samefit_core::predict::{Batch, Interval, Predictor, Status, Table};
use serde_json::Value;

/// Records that are predicted one by one, at most.
const RECORDS: usize = 5;

/// A prediction, and the lower and the upper end of its interval.
pub(crate) type Expected = [f64; 3];

pub(crate) fn interval() -> impl Strategy<Value = Interval> {
    (prop_oneof![Just(0.95), 0.01f64..0.999], any::<bool>()).prop_map(|(level, of_mean)| Interval { level, of_mean })
}

/// Returns what a table becomes that is read in chunks of so many bytes.
pub(crate) fn table(predictor: &Predictor, plan: &Plan, text: &str, chunk: usize) -> String {
    let mut table = Table::new(predictor.clone(), plan).unwrap();
    let mut out = Vec::new();
    text.as_bytes().chunks(chunk).for_each(|chunk| out.extend(table.push(chunk).unwrap()));
    out.extend(table.finish().unwrap());
    String::from_utf8(out).unwrap()
}

/// Checks what a table becomes, with intervals and without, in one chunk and in chunks of so many bytes.
pub(crate) fn check_table(predictor: &Predictor, text: &str, chunk: usize, want: &[Expected]) -> Result<(), TestCaseError> {
    let Interval { level, of_mean } = predictor.interval();
    let kind = if of_mean { IntervalKind::Confidence } else { IntervalKind::Prediction };
    let plan = Plan { level: Some(level), interval: kind, ..Plan::default() };
    let only = Plan { only: Some(Only::Predicted), ..Plan::default() };
    for chunk in [usize::MAX, chunk] {
        prop_assert_eq!(numbers(&table(predictor, &plan, text, chunk), 3), bits(want, 3), "chunks of {}", chunk);
        prop_assert_eq!(numbers(&table(predictor, &only, text, chunk), 1), bits(want, 1), "one column, chunks of {}", chunk);
    }
    Ok(())
}

/// Checks what a batch becomes whose columns were set.
pub(crate) fn check_batch(batch: &mut Batch, interval: Interval, want: &[Expected]) -> Result<(), TestCaseError> {
    check_columns(&batch.predict(interval).unwrap(), want, "batch")?;
    prop_assert_eq!(batch.status(), vec![Status::Fine as u8; want.len()]);
    Ok(())
}

/// Checks predictions, then all lower and then all upper ends.
pub(crate) fn check_columns(flat: &[f64], want: &[Expected], what: &str) -> Result<(), TestCaseError> {
    let rows = flat.len() / 3;
    let row = |row: usize| (0..3).map(|part| flat[part * rows + row].to_bits()).collect();
    prop_assert_eq!((0..rows).map(row).collect::<Vec<Vec<u64>>>(), bits(want, 3), "{}", what);
    Ok(())
}

/// Checks what the first of some attributes objects become.
pub(crate) fn check_records(predictor: &Predictor, records: impl Iterator<Item = String>, want: &[Expected]) -> Result<(), TestCaseError> {
    for (record, want) in records.zip(want).take(RECORDS) {
        let prediction = predictor.predict_record(record.as_bytes()).unwrap();
        let number = |value: &Value| value.to_string().parse::<f64>().unwrap().to_bits();
        let got = [&prediction["predicted_y"], &prediction["interval"]["lower"], &prediction["interval"]["upper"]].map(number);
        prop_assert_eq!(got, want.map(f64::to_bits), "{}", record);
    }
    Ok(())
}

/// Returns the first `count` numbers of each line after the header, as bits.
fn numbers(text: &str, count: usize) -> Vec<Vec<u64>> {
    let line = |line: &str| line.split(',').take(count).map(|cell| cell.parse::<f64>().unwrap().to_bits()).collect();
    text.lines().skip(1).map(line).collect()
}

fn bits(rows: &[Expected], count: usize) -> Vec<Vec<u64>> {
    rows.iter().map(|row| row[..count].iter().map(|value| value.to_bits()).collect()).collect()
}
