//! Tables of predictions: many rows at once give what each row gives by itself, and a record that cannot be predicted stops only those
//! tables that are to stop.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::error::{Code, Error};
use samefit_core::fit::fit;
use samefit_core::plan::{Format, OnError, Only, Plan};
use samefit_core::predict::{Batch, Interval, Predictor, Status, Table};
use samefit_core::summarizer::Summarizer;
use serde_json::{Value, json};

const FEATURES: [&str; 5] = ["a", "b", "a*b", "b^2", "c"];

/// Text of a table with the columns a, b, c and y. `cell`: another cell for `b` in some rows.
fn table(rows: &[(i32, i32, f64, i32)], cell: impl Fn(usize) -> Option<&'static str>) -> String {
    let row = |(at, (a, b, c, y)): (usize, &(i32, i32, f64, i32))| match cell(at) {
        Some(cell) => format!("{a},{cell},{c},{y}\n"),
        None => format!("{a},{}.{:02},{c},{y}\n", b / 100, b % 100),
    };
    "a,b,c,y\n".to_owned() + &rows.iter().enumerate().map(row).collect::<String>()
}

fn trained(text: &str, plan: &Plan) -> Option<Predictor> {
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    summarizer.push(text.as_bytes()).unwrap();
    fit(&summarizer.finish().unwrap(), plan).ok().map(|model| Predictor::new(model).unwrap())
}

fn predictor(text: &str, features: usize, intercept: bool) -> Option<Predictor> {
    let plan = Plan {
        target: Some("y".to_owned()),
        features: Some(FEATURES[..features].iter().map(|name| name.to_string()).collect()),
        intercept,
        ..Plan::default()
    };
    trained(text, &plan)
}

/// The model of the 442 patients, with its schema.
fn diabetes() -> Predictor {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/");
    let read = |name: &str| std::fs::read_to_string(format!("{data}{name}")).unwrap();
    let schema: Value = serde_json::from_str(&read("diabetes_raw.schema.json")).unwrap();
    let plan = Plan::parse(&json!({"schema": schema}).to_string()).unwrap();
    trained(&read("diabetes_raw.csv"), &plan).unwrap()
}

#[test]
fn a_batch_with_an_infinite_value_is_predicted_after_one_of_another_length() {
    let plan = Plan { target: Some("y".to_owned()), ..Plan::default() };
    let mut batch = Batch::new(trained("a,y\n1,2\n2,3\n3,5\n", &plan).unwrap());
    // long integers beside decimals, so that the reader holds wide integers of two rows
    batch.set_f64("a", vec![1e20, 0.1]);
    batch.predict(Interval::default()).unwrap();
    let mut values = vec![2.0; 100];
    values[50] = f64::INFINITY;
    batch.set_f64("a", values);
    let predicted = batch.predict(Interval::default()).unwrap();
    let without = |row: usize| batch.status()[row] == Status::Error as u8;
    assert_eq!((0..100).filter(|&row| without(row)).collect::<Vec<_>>(), [50]);
    assert!(predicted[50].is_nan() && predicted[..50].iter().all(|value| *value == predicted[99]));
}

fn push(table: &mut Table, text: &str, chunk: usize) -> Result<Vec<u8>, Error> {
    text.as_bytes().chunks(chunk).try_fold(Vec::new(), |mut out, chunk| {
        out.extend(table.push(chunk)?);
        Ok(out)
    })
}

fn predicted(predictor: &Predictor, plan: &Plan, text: &str, chunk: usize) -> Result<String, Error> {
    let mut table = Table::new(predictor.clone(), plan).unwrap();
    let mut out = push(&mut table, text, chunk)?;
    out.extend(table.finish()?);
    Ok(String::from_utf8(out).unwrap())
}

/// The predictions of a table, and how many records have which status.
fn continued(predictor: &Predictor, format: Format, text: &str) -> (String, Value) {
    let plan = Plan { format, on_error: OnError::Continue, with_input: true, ..Plan::default() };
    let mut table = Table::new(predictor.clone(), &plan).unwrap();
    let mut out = table.push(text.as_bytes()).unwrap();
    out.extend(table.finish().unwrap());
    (String::from_utf8(out).unwrap(), table.counts().to_json())
}

fn row() -> impl Strategy<Value = (i32, i32, f64, i32)> {
    (0..100, 0..9999, prop_oneof![-1.0..1.0f64, Just(0.5), -1e17..1e17f64], 0..400)
}

fn odd_cell() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("1e2"),
        Just(" 7"),
        Just("x"),
        Just(""),
        Just("1e60"),
        Just("123456789.125"),
        Just("\"1\"\"\""),
        Just("NA"),
        Just("1,2")
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn many_rows_at_once_are_predicted_like_single_rows(
        training in prop::collection::vec(row(), 12..40),
        rows in prop::collection::vec(row(), 1..200),
        features in 1usize..6,
        intercept in any::<bool>(),
        odd in prop_oneof![Just(None), (0usize..200, prop_oneof![Just("1e2"), Just(" 7"), Just("x"), Just(""), Just("1e60"), Just("123456789.125")]).prop_map(Some)],
        only in any::<bool>(),
        with_input in any::<bool>(),
        semicolons in any::<bool>(),
    ) {
        let Some(predictor) = predictor(&table(&training, |_| None), features, intercept) else { return Ok(()) };
        let text = table(&rows, |at| odd.filter(|(row, _)| *row == at).map(|(_, cell)| cell));
        // between semicolons a column that is not used may hold commas
        let text = if semicolons { text.replace(',', ";").replace(";y\n", ";y;d\n").replace('\n', ";1,5\n").replace("d;1,5", "d") } else { text };
        let plan = Plan { only: only.then_some(Only::Predicted), with_input, delimiter: semicolons.then_some(';'), ..Plan::default() };
        let singly = predicted(&predictor, &plan, &text, 1);
        prop_assert_eq!(&predicted(&predictor, &plan, &text, usize::MAX), &singly);
        prop_assert_eq!(&predicted(&predictor, &plan, &text, 997), &singly);
    }

    /// Each row has the prediction that it has alone, or none and the error that it has alone; chunks and parts change nothing.
    #[test]
    fn rows_without_a_prediction_leave_the_others_as_they_are(
        training in prop::collection::vec(row(), 12..40),
        rows in prop::collection::vec(row(), 1..150),
        features in 1usize..6,
        odd in prop::collection::vec((0usize..150, odd_cell()), 0..8),
        with_input in any::<bool>(),
        cut in 0usize..150,
    ) {
        let Some(predictor) = predictor(&table(&training, |_| None), features, true) else { return Ok(()) };
        let text = table(&rows, |at| odd.iter().find(|(row, _)| *row == at).map(|(_, cell)| *cell));
        let plan = Plan { with_input, on_error: OnError::Continue, ..Plan::default() };
        let whole = predicted(&predictor, &plan, &text, usize::MAX).unwrap();
        prop_assert_eq!(&predicted(&predictor, &plan, &text, 1).unwrap(), &whole);
        prop_assert_eq!(&predicted(&predictor, &plan, &text, 997).unwrap(), &whole);

        // one row after another, by tables that stop
        let stop = Plan { with_input, ..Plan::default() };
        let lines: Vec<&str> = text.lines().collect();
        for (line, got) in lines.iter().zip(whole.lines()).skip(1) {
            match predicted(&predictor, &stop, &format!("{}\n{line}\n", lines[0]), usize::MAX) {
                Ok(want) => {
                    let want = want.lines().nth(1).unwrap().to_owned();
                    let status = if want.ends_with(',') { "fine" } else { "out of range" };
                    prop_assert_eq!(got, format!("{want},{status}"));
                }
                Err(error) => {
                    let status = if error.code == Code::MissingValues { "missing" } else { "error" };
                    let problem = format!(",,,{}:{},{status}", error.column.as_deref().unwrap_or("row"), error.code);
                    prop_assert!(got.ends_with(&problem), "{got} {problem}");
                }
            }
        }

        // two tables that share the rows
        let from = 1 + cut.min(rows.len());
        let [first, second] = [&lines[..from], &lines[from..]].map(|lines| lines.iter().map(|line| format!("{line}\n")).collect::<String>());
        let mut parts = [(); 2].map(|()| Table::new(predictor.clone(), &plan).unwrap());
        let mut out = push(&mut parts[0], &first, 4096).unwrap();
        let header = format!("{}\n", lines[0]);
        prop_assert!(parts[1].header(header.as_bytes()).unwrap());
        parts[1].continue_at(from as u64 + 1).unwrap();
        out.extend(push(&mut parts[1], &second, 4096).unwrap());
        out.extend(parts[1].finish().unwrap());
        prop_assert_eq!(String::from_utf8(out).unwrap(), whole);
    }
}

#[test]
fn ragged_rows_keep_the_columns_in_their_places() {
    let predictor = predictor("a,y\n1,2\n2,4.5\n3,6\n", 1, true).unwrap();
    let (out, counts) = continued(&predictor, Format::Csv, "n,a\nx,1\nx\nx,1,2\n\"x\"\"\",NA\n");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "n,a,predicted_y,lower,upper,warnings,status");
    assert_eq!(lines[2..], ["x,,,,,row:ragged-row,error", "x,1,,,,row:ragged-row,error", "\"x\"\"\",NA,,,,a:missing-values,missing"]);
    assert_eq!(counts, json!({"fine": 1, "out of range": 0, "missing": 1, "error": 2}));
}

#[test]
fn what_is_wrong_with_the_table_still_stops_it() {
    let predictor = predictor("a,y\n1,2\n2,4.5\n3,6\n", 1, true).unwrap();
    let plan = Plan { on_error: OnError::Continue, with_input: true, ..Plan::default() };
    for (text, code, row) in [
        ("b\n1\n", Code::MissingFeature, None),
        ("a,status\n1,2\n", Code::DuplicateColumn, Some(1)),
        ("a\n1\n\"2\n", Code::Quote, Some(3)),
        ("a\n1\n2\"\n3\n", Code::Quote, Some(3)),
        ("", Code::NoData, None),
    ] {
        let error = predicted(&predictor, &plan, text, usize::MAX).unwrap_err();
        assert_eq!((error.code, error.row), (code, row), "{text}");
    }
    let error = Plan::parse(r#"{"on_error": "continue", "only": "predicted"}"#).unwrap_err();
    assert_eq!(error.code, Code::Plan);
}

#[test]
fn json_lines_keep_their_text_where_there_is_no_prediction() {
    let predictor = predictor("a,y\n1,2\n2,4.5\n3,6\n", 1, true).unwrap();
    let text = "{\"a\": 1}\n\nno object\n{\"a\": null, \"n\": 1.50}\n{\"b\": [], \"a\": 1}\n{\"b\": 2.0}\n{}\n{\"a\": \"x\", \"status\": 1, \"n\": 1.50}\n{\"a\": 9, \"status\": 1}\n{\"a\": 1, \"a\": 2}\n";
    let (out, counts) = continued(&predictor, Format::Jsonl, text);
    let stop = Plan { format: Format::Jsonl, ..Plan::default() };
    let alone = |line: &str| predicted(&predictor, &stop, line, usize::MAX).unwrap();
    let with =
        |line: &str, status: &str| alone(line).trim_end().strip_suffix('}').unwrap().to_owned() + &format!(",\"status\":\"{status}\"}}");
    let want = [
        with("{\"a\": 1}", "fine"),
        r#"{"record":"no object","problem":"row:json","status":"error"}"#.to_owned(),
        r#"{"a": null, "n": 1.50,"problem":"a:missing-values","status":"missing"}"#.to_owned(),
        // what the model does not use may be anything
        with("{\"b\": [], \"a\": 1}", "fine"),
        r#"{"b": 2.0,"problem":"a:missing-feature","status":"error"}"#.to_owned(),
        r#"{"problem":"a:missing-feature","status":"error"}"#.to_owned(),
        r#"{"a":"x","n":1.50,"problem":"a:not-a-number","status":"error"}"#.to_owned(),
        with("{\"a\": 9}", "out of range"),
        r#"{"record":"{\"a\": 1, \"a\": 2}","problem":"row:duplicate-key","status":"error"}"#.to_owned(),
    ];
    assert_eq!(out.lines().collect::<Vec<_>>(), want);
    assert_eq!(counts, json!({"fine": 2, "out of range": 1, "missing": 1, "error": 5}));
}

#[test]
fn one_json_object_gives_one_with_its_status() {
    let predictor = predictor("a,y\n1,2\n2,4.5\n3,6\n", 1, true).unwrap();
    let (out, _) = continued(&predictor, Format::Json, "{\"a\": 2}");
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value.as_object().unwrap().keys().collect::<Vec<_>>(), ["predicted_y", "interval", "warnings", "a", "status"]);
    let (out, counts) = continued(&predictor, Format::Json, "{\"a\": ");
    assert_eq!(out, "{\"record\": \"{\\\"a\\\":\", \"problem\": \"row:json\", \"status\": \"error\"}\n");
    assert_eq!(counts["error"], 1);
}

/// The first of the 442 patients as a clinic enters him.
const ENTERED: [(&str, &str); 9] = [
    ("age", "59"),
    ("sex", "2"),
    ("bmi", "32.1"),
    ("systolic", "139"),
    ("diastolic", "82"),
    ("tc", "157"),
    ("hdl", "38"),
    ("triglycerides", "129"),
    ("glu", "87"),
];

fn entered(name: &str, text: &str) -> String {
    ENTERED.map(|(known, own)| if known == name { text } else { own }).join(",")
}

#[test]
fn a_table_of_entries_is_predicted_through_the_form() {
    let predictor = diabetes();
    let rows = [
        (entered("", ""), ",fine"),
        (entered("bmi", ""), ",,,,bmi:missing,missing"),
        (entered("tc", "4.06 mmol/L"), ",fine"),
        (entered("triglycerides", "500"), ",ldl:below-training-range ltg:above-training-range ldl:friedewald,out of range"),
        (entered("systolic", "60"), ",,,,diastolic:swapped,error"),
        (entered("hdl", "low"), ",,,,hdl:not-a-number,error"),
        (entered("bmi", "60"), ",bmi:above-training-range,out of range"),
    ];
    let header = ENTERED.map(|(name, _)| name).join(",");
    let text = rows.iter().fold(format!("{header}\n"), |text, (row, _)| format!("{text}{row}\n"));
    let (out, counts) = continued(&predictor, Format::Csv, &text);
    for ((row, end), line) in rows.iter().zip(out.lines().skip(1)) {
        assert!(line.starts_with(row) && line.ends_with(end), "{line}");
    }
    assert_eq!(counts, json!({"fine": 2, "out of range": 2, "missing": 1, "error": 2}));

    // with the columns of the model, it is the same prediction
    let typed: Value = ENTERED.iter().map(|(name, text)| (name.to_string(), Value::from(*text))).collect::<serde_json::Map<_, _>>().into();
    let form = samefit_core::entry::Form::of_model(predictor.model());
    let attributes = form.evaluate(&typed.to_string()).unwrap().to_json()["attributes"].to_string();
    let prediction = predictor.predict_record(attributes.as_bytes()).unwrap();
    let numbers = [&prediction["predicted_diabetes_progression"], &prediction["interval"]["lower"], &prediction["interval"]["upper"]];
    let want = numbers.map(Value::to_string).join(",");
    assert_eq!(out.lines().nth(1).unwrap(), format!("{},{want},,fine", rows[0].0));
}

#[test]
fn json_lines_of_entries_are_predicted_through_the_form() {
    let predictor = diabetes();
    let object = |id: &str, triglycerides: &str| {
        let entries = ENTERED.map(|(name, text)| format!("\"{name}\": {}", if name == "triglycerides" { triglycerides } else { text }));
        format!("{{\"id\": \"{id}\", {}}}", entries.join(", "))
    };
    let text = ["", &object("a-1", "129.0"), &object("a-2", "\"?\""), &object("a-3", "null")].join("\n");
    let (out, counts) = continued(&predictor, Format::Jsonl, &text);
    let lines: Vec<&str> = out.lines().collect();
    let head = "{\"predicted_diabetes_progression\":";
    assert!(
        lines[0].starts_with(head) && lines[0].contains(",\"warnings\":[],\"id\": \"a-1\", ") && lines[0].contains(": 129.0,"),
        "{out}"
    );
    assert!(lines[0].ends_with(",\"status\":\"fine\"}"), "{out}");
    assert!(
        lines[1].starts_with("{\"id\": \"a-2\"") && lines[1].ends_with(",\"problem\":\"triglycerides:not-a-number\",\"status\":\"error\"}"),
        "{out}"
    );
    assert!(lines[2].ends_with(",\"problem\":\"triglycerides:missing\",\"status\":\"missing\"}"), "{out}");
    assert_eq!(counts, json!({"fine": 1, "out of range": 0, "missing": 1, "error": 1}));

    // a table that begins in the middle learns from the first record
    let plan = Plan { format: Format::Jsonl, on_error: OnError::Continue, ..Plan::default() };
    let mut rest = Table::new(predictor, &plan).unwrap();
    assert!(!rest.header(b"\n").unwrap());
    assert!(rest.header(format!("{}\n", object("a-1", "129.0")).as_bytes()).unwrap());
    rest.continue_at(3).unwrap();
    let out = rest.push(format!("{}\n{}\n", object("a-2", "\"?\""), object("a-3", "null")).as_bytes()).unwrap();
    assert_eq!(String::from_utf8(out).unwrap().lines().collect::<Vec<_>>(), lines[1..]);
    assert_eq!((rest.rows(), &rest.counts().to_json()["error"]), (4, &json!(1)));
}
