//! Several summarizers that read parts of one table give what one summarizer of the whole table gives, to the byte: statistics, notes and
//! errors.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::error::{Code, Error};
use samefit_core::plan::{Format, Missing, Plan};
use samefit_core::summarizer::Summarizer;
use std::fmt::Write;

/// The statistics and the notes of a table, or its error.
type Outcome = Result<(String, String), Error>;

fn outcome(mut summarizer: Summarizer) -> Outcome {
    let statistics = summarizer.finish()?;
    Ok((statistics.to_json(), summarizer.notes()))
}

fn one_pass(plan: &Plan, header: &str, rows: &[String]) -> Outcome {
    let mut summarizer = Summarizer::new(plan.clone())?;
    summarizer.push(header.as_bytes())?;
    rows.iter().try_for_each(|row| summarizer.push(row.as_bytes()))?;
    outcome(summarizer)
}

/// Gives each row to the summarizer with the index in `owners`, and merges the summarizers in this order.
///
/// Each row is a part of its own, with its row number. As in a host, a summarizer reads no further part after one that fails.
fn in_parts(plan: &Plan, header: &str, rows: &[String], owners: &[usize], order: &[usize]) -> Outcome {
    let header_rows = u64::from(plan.format == Format::Csv);
    let mut summarizers: Vec<Option<Summarizer>> = order.iter().map(|_| None).collect();
    let mut stopped: Vec<bool> = vec![false; order.len()];
    for (part, (row, &owner)) in rows.iter().zip(owners).enumerate() {
        if summarizers[owner].is_none() {
            let mut new = Summarizer::new(plan.clone())?;
            new.header(if header.is_empty() { &rows[0] } else { header }.as_bytes())?;
            summarizers[owner] = Some(new);
        }
        let summarizer = summarizers[owner].as_mut().unwrap();
        if !stopped[owner] {
            summarizer.continue_at(part as u64 + 1 + header_rows).unwrap();
            stopped[owner] = summarizer.push(row.as_bytes()).is_err();
        }
    }
    let mut ordered = order.iter().filter_map(|&owner| summarizers[owner].take());
    let Some(mut first) = ordered.next() else {
        return one_pass(plan, header, rows);
    };
    for mut other in ordered {
        // a later state may show an earlier error, so `finish` has the final one
        let _ = first.merge_state(&other.state().unwrap());
    }
    outcome(first)
}

fn plan() -> impl Strategy<Value = Plan> {
    let missing = prop_oneof![Just(Missing::Error), Just(Missing::Drop)];
    let target = prop_oneof![3 => Just(None), 1 => Just(Some("y".to_owned()))];
    let terms = prop_oneof![3 => Just(vec![]), 1 => Just(vec!["x^2".to_owned(), "x*y".to_owned()])];
    let texts = |all: &[&str]| Just(Some(all.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>()));
    let features = prop_oneof![3 => Just(None), 2 => texts(&["w", "w*x"]), 1 => texts(&["v", "w", "w*x"])];
    (missing, target, terms, features, any::<bool>(), any::<bool>()).prop_map(|(missing, target, terms, features, distribution, lines)| {
        Plan {
            missing,
            // features need a target; their columns of words are categories
            target: target.or_else(|| features.as_ref().map(|_| "y".to_owned())),
            find_categories: features.is_some(),
            features,
            terms,
            distribution,
            format: if lines { Format::Jsonl } else { Format::Csv },
            ..Plan::default()
        }
    })
}

/// A cell: mostly a number, sometimes empty or text. The parameters are weights.
fn cell(numbers: u32, text: u32) -> impl Strategy<Value = String> {
    prop_oneof![
        numbers => "-?[0-9]{1,3}(\\.[0-9]{1,3})?",
        3 => Just(String::new()),
        text => prop_oneof![Just("low".to_owned()), Just("high".to_owned())],
    ]
}

/// A row of four columns: numbers, text, a column that is often empty, the target. Few rows have an error.
fn row() -> impl Strategy<Value = Vec<String>> {
    let whole =
        (cell(60, 0), cell(1, 40), prop_oneof![3 => cell(0, 1), 1 => cell(1, 0)], cell(60, 0)).prop_map(|(x, w, v, y)| vec![x, w, v, y]);
    prop_oneof![
        60 => whole,
        1 => Just(vec!["1".to_owned(), "low".to_owned(), String::new(), "2x".to_owned()]),
        1 => Just(vec!["1".to_owned(), "low".to_owned(), "9".repeat(61), "2".to_owned()]),
        1 => Just(vec!["1".to_owned(), "2".to_owned()]),
    ]
}

const NAMES: [&str; 4] = ["x", "w", "v", "y"];

fn written(format: Format, row: &[String]) -> String {
    if format == Format::Csv {
        return row.join(",") + "\n";
    }
    let mut line = String::from("{");
    for (name, cell) in NAMES.iter().zip(row) {
        let comma = if line.len() > 1 { "," } else { "" };
        write!(line, "{comma}\"{name}\":\"{cell}\"").unwrap();
    }
    line + "}\n"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_division_of_the_rows_gives_the_result_of_one_pass(
        plan in plan(),
        rows in prop::collection::vec(row(), 0..30),
        owners in prop::collection::vec(0usize..4, 30),
        order in Just([3usize, 0, 2, 1]).prop_shuffle(),
    ) {
        let header = if plan.format == Format::Csv { NAMES.join(",") + "\n" } else { String::new() };
        let rows: Vec<String> = rows.iter().map(|row| written(plan.format, row)).collect();
        prop_assert_eq!(in_parts(&plan, &header, &rows, &owners, &order), one_pass(&plan, &header, &rows));
    }
}

fn fed(plan: &Plan, text: &str, row: u64) -> Summarizer {
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    assert!(summarizer.header(b"x,y\n").unwrap());
    summarizer.continue_at(row).unwrap();
    let _ = summarizer.push(text.as_bytes());
    summarizer
}

#[test]
fn text_and_a_number_in_two_states_are_an_error_at_the_text() {
    let plan = Plan::default();
    let mut first = fed(&plan, "1,2\n", 1 << 40);
    let state = fed(&plan, "low,2\n", 1 << 41).state().unwrap();
    let error = first.merge_state(&state).unwrap_err();
    assert_eq!((error.code, error.row, error.column.as_deref()), (Code::NotANumber, Some(1 << 41), Some("x")));
    assert_eq!(first.finish().unwrap_err(), error);
}

#[test]
fn the_earliest_error_is_the_error_of_the_table() {
    let plan = Plan::default();
    let mut late = fed(&plan, "1,2\n1,2,3\n", 10);
    let mut early = fed(&plan, "1,2\n1\n", 5);
    assert_eq!(late.merge_state(&early.state().unwrap()).unwrap_err().row, Some(6));
    assert_eq!(late.finish().unwrap_err().row, Some(6));
    // a quote that the end of a part leaves open
    let open = fed(&plan, "1,\"2\n", 3).state().unwrap();
    assert_eq!(fed(&plan, "1,2\n", 9).merge_state(&open).unwrap_err().row, Some(3));
}

#[test]
fn a_summarizer_is_spent_and_states_of_other_tables_are_refused() {
    let plan = Plan::default();
    let mut summarizer = fed(&plan, "1,2\n", 2);
    let state = summarizer.state().unwrap();
    assert_eq!(summarizer.state().unwrap_err().code, Code::Spent);
    assert_eq!(summarizer.push(b"1,2\n").unwrap_err().code, Code::Spent);
    assert_eq!(summarizer.continue_at(7).unwrap_err().code, Code::Spent);
    let mut other = Summarizer::new(plan.clone()).unwrap();
    other.push(b"x,z\n1,2\n").unwrap();
    assert_eq!(other.merge_state(&state).unwrap_err().code, Code::Part);
    let text = String::from_utf8(state.clone()).unwrap();
    for wrong in
        ["", "{}", "[]", &text.replace("samefit-state/", "samefit-state/0"), &text.replace("\"moments\":\"1 ", "\"moments\":\"one ")]
    {
        assert!(matches!(fed(&plan, "1,2\n", 2).merge_state(wrong.as_bytes()).unwrap_err().code, Code::Part | Code::Json), "{wrong}");
    }
    assert_eq!(fed(&plan, "1,2\n", 2).merge_state(b"\xff").unwrap_err().code, Code::Part);
    let without = Plan { distribution: false, ..Plan::default() };
    assert_eq!(fed(&without, "1,2\n", 2).merge_state(&state).unwrap_err().code, Code::Part);
}

#[test]
fn the_header_may_come_after_blank_lines() {
    let mut summarizer = Summarizer::new(Plan::default()).unwrap();
    assert!(!summarizer.header(b"\n").unwrap());
    assert!(!summarizer.header(b"\"\"\r\n").unwrap());
    assert!(summarizer.header(b"x,y\n").unwrap());
    assert!(summarizer.header(b"1,2\n").unwrap());
    summarizer.continue_at(7).unwrap();
    summarizer.push(b"3,4\n").unwrap();
    assert_eq!(summarizer.rows(), 7);
    assert_eq!(summarizer.finish().unwrap().rows, 1);
}
