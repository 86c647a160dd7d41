//! Predictions in another format than that of the data: CSV to JSON Lines, and JSON to CSV.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::error::{Code, Error};
use samefit_core::plan::{Format, OnError, Only, OutputFormat, Plan};
use samefit_core::predict::{Predictor, Table};
use samefit_core::summarizer::Summarizer;
use serde_json::Value;

const DATA: &str = "x,y\n1,2\n2,4\n3,7\n4,8\n";

fn predictor() -> Predictor {
    let plan = Plan { target: Some("y".to_owned()), ..Plan::default() };
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    summarizer.push(DATA.as_bytes()).unwrap();
    Predictor::new(samefit_core::fit::fit(&summarizer.finish().unwrap(), &plan).unwrap()).unwrap()
}

fn predicted(plan: &Plan, text: &str) -> Result<String, Error> {
    let mut table = Table::new(predictor(), plan)?;
    let mut out = table.push(text.as_bytes())?;
    out.extend(table.finish()?);
    Ok(String::from_utf8(out).unwrap())
}

fn to_jsonl() -> Plan {
    Plan { to: Some(OutputFormat::Jsonl), ..Plan::default() }
}

fn to_csv(format: Format) -> Plan {
    Plan { to: Some(OutputFormat::Csv), format, ..Plan::default() }
}

#[test]
fn rows_of_csv_become_objects() {
    let text = "id,x,note\n007,1.50,\"a, b\"\n8,9,NA\n";
    let alone = predicted(&Plan { only: Some(Only::Predicted), ..to_jsonl() }, text).unwrap();
    assert_eq!(alone, "{\"predicted_y\": 3.15}\n{\"predicted_y\": 18.9}\n");
    let whole = predicted(&Plan { with_input: true, ..to_jsonl() }, text).unwrap();
    let [first, second] = [0, 1].map(|line| serde_json::from_str::<Value>(whole.lines().nth(line).unwrap()).unwrap());
    assert!(whole.starts_with("{\"predicted_y\": 3.15, \"interval\": {\"level\": 0.95, "), "{whole}");
    assert!(whole.lines().next().unwrap().ends_with("\"warnings\": [], \"id\": \"007\", \"x\": 1.50, \"note\": \"a, b\"}"), "{whole}");
    assert_eq!((first["id"].as_str(), second["id"].as_u64(), second["note"].is_null()), (Some("007"), Some(8), true));
    assert_eq!(second["warnings"][0]["code"], "above-training-range");
}

#[test]
fn rows_without_a_prediction_become_objects_too() {
    let plan = Plan { on_error: OnError::Continue, with_input: true, ..to_jsonl() };
    let lines = predicted(&plan, "x,id\n,1\n1\n2,3\n").unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines[0], r#"{"x": null, "id": 1, "problem": "x:missing-values", "status": "missing"}"#);
    assert_eq!(lines[1], r#"{"x": 1, "problem": "row:ragged-row", "status": "error"}"#);
    assert!(lines[2].ends_with(r#""x": 2, "id": 3, "status": "fine"}"#), "{}", lines[2]);
}

#[test]
fn a_column_with_the_name_of_an_entry_is_an_error() {
    let error = predicted(&Plan { with_input: true, ..to_jsonl() }, "x,interval\n1,2\n").unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), (Code::DuplicateColumn, Some("interval")));
}

#[test]
fn objects_become_rows_of_csv() {
    let lines = "{\"id\": 1001, \"x\": 1.50, \"note\": \"a, b\"}\n{\"x\": 2, \"note\": null, \"id\": 2}\n";
    let of_csv = predicted(&Plan::default(), "x\n1.5\n2\n").unwrap();
    assert_eq!(predicted(&to_csv(Format::Jsonl), lines).unwrap(), of_csv);
    let plan = Plan { with_input: true, only: Some(Only::Predicted), ..to_csv(Format::Jsonl) };
    assert_eq!(predicted(&plan, lines).unwrap(), "id,x,note,predicted_y\n1001,1.50,\"a, b\",3.15\n2,2,,4.2\n");
    let one = r#"{"independent_variables": [{"name": "x", "value": 1.5}]}"#;
    assert_eq!(predicted(&to_csv(Format::Json), one).unwrap(), predicted(&Plan::default(), "x\n1.5\n").unwrap());
}

#[test]
fn nothing_of_an_object_is_lost_in_silence() {
    let lines = "{\"x\": 1}\n{\"x\": 2, \"id\": 7}\n";
    assert_eq!(predicted(&to_csv(Format::Jsonl), lines).unwrap().lines().count(), 3);
    let error = predicted(&Plan { with_input: true, ..to_csv(Format::Jsonl) }, lines).unwrap_err();
    assert_eq!((error.code, error.column.as_deref(), error.row), (Code::Record, Some("id"), Some(2)));
}

#[test]
fn objects_without_a_prediction_become_rows_too() {
    let plan = Plan { on_error: OnError::Continue, ..to_csv(Format::Jsonl) };
    let rows = predicted(&plan, "{\"x\": 1}\n{\"x\": null}\n{\"z\": 1}\n").unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(rows[0], "predicted_y,lower,upper,warnings,status");
    assert!(rows[1].ends_with(",,fine"), "{}", rows[1]);
    assert_eq!(rows[2..], [",,,x:missing-values,missing", ",,,x:missing-values,missing"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// CSV to JSON Lines and back is what CSV gives at once.
    #[test]
    fn a_table_of_numbers_survives_both_ways(rows in prop::collection::vec((-999i32..999, 0usize..4), 1..20)) {
        let number = |(value, decimals): &(i32, usize)| format!("{:.decimals$}", f64::from(*value) / 100.0);
        let table: String = std::iter::once("x,id\n".to_owned()).chain(rows.iter().enumerate().map(|(id, row)| format!("{},{id}\n", number(row)))).collect();
        let plan = Plan { with_input: true, only: Some(Only::Predicted), ..Plan::default() };
        let lines = predicted(&Plan { to: Some(OutputFormat::Jsonl), ..plan.clone() }, &table).unwrap();
        let again: String = lines.lines().map(|line| {
            let object: Value = serde_json::from_str(line).unwrap();
            format!("{{\"x\": {}, \"id\": {}}}\n", object["x"], object["id"])
        }).collect();
        let plan = Plan { format: Format::Jsonl, to: Some(OutputFormat::Csv), ..plan };
        prop_assert_eq!(predicted(&plan, &again).unwrap(), predicted(&Plan { format: Format::Csv, ..plan.clone() }, &table).unwrap());
    }
}
