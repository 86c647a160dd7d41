//! Knots that a first pass over the data chooses: those of Hmisc (`data/peers/mixed/splines.R`), of the rows that count, and those that are
//! written in the features.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::error::{Code, Error};
use samefit_core::fit::fit;
use samefit_core::plan::Plan;
use samefit_core::summarizer::Summarizer;
use serde_json::{Value, json};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

fn read(name: &str) -> String {
    std::fs::read_to_string(format!("{DATA}/{name}")).unwrap()
}

fn plan(document: &Value) -> Plan {
    Plan::parse(&document.to_string()).unwrap()
}

/// The error of a pass that chooses knots.
fn knots_error(document: &Value, csv: &str) -> Error {
    choose(document, csv).unwrap_err()
}

/// Chooses knots. Returns them as the second plan needs them.
fn choose(document: &Value, csv: &str) -> Result<Value, Error> {
    let mut summarizer = Summarizer::new(Plan::parse(&document.to_string())?)?;
    summarizer.push(csv.as_bytes())?;
    Ok(serde_json::to_value(summarizer.choose_knots()?).unwrap())
}

/// Sums and fits. Returns the texts of the statistics and the model.
fn train(document: &Value, csv: &str) -> (String, String) {
    let mut summarizer = Summarizer::new(plan(document)).unwrap();
    summarizer.push(csv.as_bytes()).unwrap();
    let statistics = summarizer.finish().unwrap();
    let model = fit(&statistics, &plan(document)).unwrap();
    (statistics.to_json(), model.to_json())
}

/// The plan with the knots of another, chosen in a first pass over the data.
fn with_chosen_knots(document: &Value, csv: &str) -> Value {
    let mut second = document.clone();
    second["knots"] = choose(document, csv).unwrap();
    second
}

#[test]
fn knots_are_those_of_hmisc() {
    let peers: Value = serde_json::from_str(&read("peers/mixed/splines.json")).unwrap();
    let mut compared = 0;
    for entry in peers["default_knots"].as_array().unwrap() {
        let (file, column) = (entry["file"].as_str().unwrap(), entry["column"].as_str().unwrap());
        let target = if file == "trial.csv" { "ldl_change" } else { "y" };
        for (count, want) in entry["knots"].as_object().unwrap() {
            let count: usize = count.parse().unwrap();
            let found = choose(&json!({"target": target, "features": [column], "knots": {column: count}}), &read(file)).unwrap();
            let found: Vec<f64> = found[column].as_array().unwrap().iter().map(|knot| knot.as_str().unwrap().parse().unwrap()).collect();
            let want: Vec<f64> = want.as_array().unwrap().iter().map(|knot| knot.as_f64().unwrap()).collect();
            assert_eq!(found.len(), count);
            // the probabilities of seven knots have six digits here; those of other numbers are the same decimals
            let tolerance = if count == 7 { 1e-5 } else { 1e-13 };
            for (found, want) in found.iter().zip(&want) {
                assert!((found - want).abs() <= tolerance * want.abs(), "{file} {column} {count}: {found} {want}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 6 * (3 + 4 + 5 + 6 + 7));
}

/// The same bytes whether knots are chosen or written; other features, and a column that only products use, stay.
#[test]
fn chosen_knots_give_the_bytes_of_written_ones() {
    let csv = read("trial.csv");
    let spline = "rcs(age, 41, 54, 60, 67, 79)";
    for (asked, written) in [
        (json!({"features": ["age", "bmi"], "knots": {"age": 5}}), json!({"features": [spline, "bmi"]})),
        (
            json!({"features": ["site", "age", "age*site"], "find_categories": true, "collinear": "drop", "knots": {"age": 5}}),
            json!({"features": ["site", spline, "age*site"], "find_categories": true, "collinear": "drop"}),
        ),
        (json!({"features": ["age", "tg"], "knots": {"age": 5, "tg": 3}}), json!({"features": [spline, "rcs(tg, 72, 125, 205.1)"]})),
        (json!({"formula": "ldl_change ~ age + C(sex)", "knots": {"age": 5}}), json!({"features": [spline, "sex"], "categories": ["sex"]})),
        // all but the target; `.` stands for the columns of the data
        (
            json!({"formula": "ldl_change ~ . - site - smoker - sex", "knots": {"age": 5}}),
            json!({"features": [spline, "bmi", "tg", "dose", "weight", "visits"]}),
        ),
        (json!({"features": ["age"], "weights": "weight", "knots": {"age": 5}}), json!({"features": [spline], "weights": "weight"})),
    ] {
        let (mut asked, mut written) = (asked, written);
        if asked.get("formula").is_none() {
            asked["target"] = json!("ldl_change");
        }
        written["target"] = json!("ldl_change");
        let second = with_chosen_knots(&asked, &csv);
        assert_eq!(train(&second, &csv), train(&written, &csv), "{asked}");
    }
}

/// Without features, those of the schema.
#[test]
fn knots_of_a_feature_of_the_schema() {
    let column = |name: &str| json!({"name": name, "kind": "number"});
    let columns = [column("tg"), column("age"), column("weight")];
    let schema = json!({"format": "samefit-schema/1", "target": {"column": "ldl_change"}, "columns": columns});
    let csv = read("trial.csv");
    let asked = json!({"schema": schema, "weights": "weight", "knots": {"age": 3}});
    let written = json!({"schema": schema, "weights": "weight", "features": ["tg", "rcs(age, 45, 60, 74)"]});
    // 12 patients have the weight zero; without them the quantiles are the same
    assert_eq!(train(&with_chosen_knots(&asked, &csv), &csv), train(&written, &csv));
}

#[test]
fn rows_that_training_leaves_out_do_not_count() {
    let rows = |rows: &[(&str, &str, &str)]| rows.iter().fold("x,y,w\n".to_owned(), |csv, (x, y, w)| csv + &format!("{x},{y},{w}\n"));
    let csv =
        rows(&[("1", "2", "2"), ("2.0", "1", "1"), ("3", "5", "3"), ("70", "", "1"), ("", "4", "1"), ("90", "3", "0"), ("80", "3", "")]);
    let of = |keys: Value| {
        let mut document = json!({"target": "y", "features": ["x"], "missing": "drop", "knots": {"x": 3}});
        document.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
        choose(&document, &csv).unwrap()
    };
    // of 1, 2 and 3
    assert_eq!(of(json!({"weights": "w"})), json!({"x": ["1.2", "2", "2.8"]}));
    // of 1, 1, 2, 3, 3 and 3
    let error = knots_error(&json!({"target": "y", "features": ["x"], "missing": "drop", "counts": "w", "knots": {"x": 4}}), &csv);
    assert_eq!((error.code, error.column.as_deref()), (Code::Term, Some("x")));
    assert_eq!(of(json!({"counts": "w"})), json!({"x": ["1", "2.5", "3"]}));
}

#[test]
fn data_without_knots_are_errors() {
    let asked = json!({"target": "y", "features": ["x"], "find_categories": true, "knots": {"x": 3}});
    for (csv, code, sentence) in [
        ("x,y\n1,2\n1,3\n1,4\n", Code::Term, "the quantiles at which 3 knots usually stand are not 3 different numbers"),
        ("x,y\n", Code::NoRows, "there is no row from which to choose knots"),
        ("x,y\na,2\nb,3\n", Code::Term, "it holds words, and a spline is of a number"),
        ("x,y\n1,2\n,3\n2,4\n", Code::MissingValues, "1 row lacks a value (`x` 1), the first of them this one"),
        ("z,y\n1,2\n", Code::MissingColumn, "the data have no such column; they have `z`, `y`"),
    ] {
        let error = knots_error(&asked, csv);
        assert_eq!((error.code, error.sentence.as_str()), (code, sentence), "{csv}");
    }
}

#[test]
fn plans_that_ask_for_no_possible_knots_are_errors() {
    let schema = json!({"format": "samefit-schema/1", "target": {"column": "y"}, "columns": [{"name": "x", "kind": "category"}]});
    for (document, code, sentence) in [
        (json!({"target": "y", "knots": {"x": 3}}), Code::Plan, "knots are asked for, and the plan names no features"),
        (
            json!({"target": "y", "features": ["z", "x*z"], "knots": {"x": 3}}),
            Code::Term,
            "knots are asked for, and no feature is this column by itself",
        ),
        (json!({"target": "y", "features": ["x"], "knots": {"x": 9}}), Code::Term, "found `9`, expected a number of knots from 3 to 7"),
        (
            json!({"target": "y", "features": ["x"], "categories": ["x"], "knots": {"x": 3}}),
            Code::Term,
            "it is a category, and a spline is of a number",
        ),
        (json!({"schema": schema, "knots": {"x": 3}}), Code::Term, "it is a category, and a spline is of a number"),
        (
            json!({"target": "y", "features": ["x"], "share": true, "knots": {"x": 3}}),
            Code::Plan,
            "knots are chosen from values, and the plan rounds the values",
        ),
    ] {
        let error = Plan::parse(&document.to_string()).unwrap_err();
        assert_eq!((error.code, error.sentence.as_str()), (code, sentence), "{document}");
    }
}

/// A pass that chooses has no statistics, and one that sums chooses nothing.
#[test]
fn the_two_passes_are_not_mistaken_for_each_other() {
    let asked = json!({"target": "y", "features": ["x"], "knots": {"x": 3}});
    let csv = "x,y\n1,2\n2,3\n3,5\n4,4\n";
    let mut summarizer = Summarizer::new(plan(&asked)).unwrap();
    summarizer.push(csv.as_bytes()).unwrap();
    assert_eq!(summarizer.finish().unwrap_err().sentence, "its knots are not chosen yet");
    let mut summarizer = Summarizer::new(plan(&json!({"target": "y", "features": ["x"]}))).unwrap();
    summarizer.push(csv.as_bytes()).unwrap();
    assert_eq!(summarizer.choose_knots().unwrap_err().sentence, "the plan does not ask for knots, so none are chosen");
    let mut summarizer = Summarizer::new(plan(&json!({"target": "y", "features": ["x"]}))).unwrap();
    summarizer.push(csv.as_bytes()).unwrap();
    assert_eq!(fit(&summarizer.finish().unwrap(), &plan(&asked)).unwrap_err().sentence, "its knots are not chosen yet");
}

fn rows() -> impl Strategy<Value = Vec<[String; 3]>> {
    let cell = prop_oneof![8 => "-?[0-9]{1,3}(\\.[0-9]{1,3})?", 1 => Just(String::new())];
    prop::collection::vec((cell.clone(), cell, "[0-4]").prop_map(|(x, y, n)| [x, y, n]), 20..60)
}

fn csv(header: &str, rows: &[[String; 3]]) -> String {
    rows.iter().fold(format!("{header}\n"), |csv, row| csv + &row.join(",") + "\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Rows in any order, divided among summarizers in any way, with columns in any order, as bytes or as columns.
    #[test]
    fn knots_depend_on_the_rows_alone(rows in rows(), at in 0usize..20, order in any::<prop::sample::Index>()) {
        let asked = json!({"target": "y", "features": ["x"], "counts": "n", "missing": "drop", "knots": {"x": 4}});
        let whole = choose(&asked, &csv("x,y,n", &rows));

        let mut turned = rows.clone();
        turned.rotate_left(order.index(rows.len()));
        let swapped: Vec<[String; 3]> = turned[at..].iter().map(|[x, y, n]| [n.clone(), y.clone(), x.clone()]).collect();
        let mut first = Summarizer::new(plan(&asked)).unwrap();
        first.push(csv("x,y,n", &turned[..at]).as_bytes()).unwrap();
        let mut second = Summarizer::new(plan(&asked)).unwrap();
        second.push(csv("n,y,x", &swapped).as_bytes()).unwrap();
        let mut all = Summarizer::new(plan(&asked)).unwrap();
        all.merge_state(&second.state().unwrap()).unwrap();
        all.merge_state(&first.finish_state().unwrap()).unwrap();
        let merged = all.choose_knots().map(|knots| serde_json::to_value(knots).unwrap());
        prop_assert_eq!(&merged, &whole);

        let mut columns = Summarizer::new(plan(&asked)).unwrap();
        for (place, name) in ["x", "y", "n"].into_iter().enumerate() {
            columns.set_text(name, rows.iter().map(|row| row[place].clone() + "\n").collect::<String>());
        }
        columns.sum_columns().unwrap();
        prop_assert_eq!(columns.choose_knots().map(|knots| serde_json::to_value(knots).unwrap()), whole.clone());

        // a count stands for as many rows
        let written: Vec<[String; 3]> = rows.iter().flat_map(|row| {
            let [x, y, n] = row;
            std::iter::repeat_n([x.clone(), y.clone(), "1".to_owned()], n.parse().unwrap())
        }).collect();
        if !written.is_empty() {
            prop_assert_eq!(choose(&asked, &csv("x,y,n", &written)), whole);
        }
    }
}
