//! Models with categories: every way of predicting is exact, and what cannot be predicted is refused in words.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod forged;
#[path = "../prediction_paths/mod.rs"]
mod prediction_paths;
mod problem;
mod small;

use prediction_paths::{check_batch, check_columns, check_records, check_table, interval, table};
use problem::{COLUMNS, Factor, Problem, problem};
use proptest::prelude::*;
use samefit_core::decimal::parse;
use samefit_core::model::Model;
use samefit_core::plan::Plan;
use samefit_core::predict::{Batch, Interval, Predictor};
use serde_json::{Value, json};

fn csv(rows: &[[String; 4]], quotes: bool) -> String {
    let cell = |cell: &String| if quotes { format!("\"{cell}\"") } else { format!(" {cell}") };
    let line = |row: &[String; 4]| row.iter().map(cell).collect::<Vec<_>>().join(",") + "\n";
    format!("{}\n{}", COLUMNS.join(","), rows.iter().map(line).collect::<String>())
}

fn record(row: &[String; 4]) -> String {
    let entries = COLUMNS.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), json!(cell)));
    Value::Object(entries.collect()).to_string()
}

fn check_paths(problem: &Problem, interval: Interval, chunk: usize, quotes: bool) -> Result<(), TestCaseError> {
    let predictor = Predictor::new(problem.model()).unwrap().with_interval(interval).unwrap();
    let want: Vec<[f64; 3]> = problem.rows.iter().map(|row| problem.expected(row, interval)).collect();
    let text = csv(&problem.rows, quotes);
    check_table(&predictor, &text, chunk, &want)?;
    let mut batch = Batch::new(predictor.clone());
    for (at, name) in COLUMNS.iter().enumerate() {
        batch.set_text(name, problem.rows.iter().map(|row| row[at].clone() + "\n").collect::<String>().into_bytes());
    }
    check_batch(&mut batch, interval, &want)?;
    check_records(&predictor, problem.rows.iter().map(record), &want)?;
    // the other columns as in the first row
    let sites: Vec<&String> = problem.rows.iter().map(|row| &row[1]).take(8).collect();
    let with = |site: &&String| [problem.rows[0][0].clone(), (*site).clone(), problem.rows[0][2].clone(), problem.rows[0][3].clone()];
    let points: Vec<[f64; 3]> = sites.iter().map(|site| problem.expected(&with(site), interval)).collect();
    let curve = predictor.curve(record(&problem.rows[0]).as_bytes(), "site", json!(sites).to_string().as_bytes()).unwrap();
    check_columns(&curve, &points, "curve")
}

/// Returns the model whose indicators are columns of zeros and ones, and its rows.
fn with_numbers(problem: &Problem) -> (Model, String) {
    let mut model = problem.json();
    let mut indicators: Vec<Factor> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (at, (term, _)) in problem.terms.iter().enumerate() {
        let mut texts = Vec::new();
        for factor in *term {
            texts.push(match factor {
                Factor::Power(column, power) => format!("{}^{power}", COLUMNS[*column]),
                Factor::Level(column, level) => {
                    let name = format!("{}_{}", COLUMNS[*column], level.replace(' ', "_"));
                    if !names.contains(&name) {
                        names.push(name.clone());
                        indicators.push(*factor);
                    }
                    name
                }
            });
        }
        model["coefficients"][at]["name"] = json!(texts.join("*"));
        model["coefficients"][at].as_object_mut().unwrap().remove("factors");
    }
    let columns = ["a", "b"].map(str::to_owned).into_iter().chain(names.iter().cloned()).chain(["y".to_owned()]);
    model["columns"] = columns.map(|name| problem::number_column(&name)).collect();
    let line = |row: &[String; 4]| {
        let ones = indicators.iter().map(|factor| problem.value(*factor, row).to_string());
        [row[0].clone(), row[2].clone()].into_iter().chain(ones).collect::<Vec<_>>().join(",") + "\n"
    };
    let header = ["a", "b"].into_iter().chain(names.iter().map(String::as_str)).collect::<Vec<_>>().join(",");
    (Model::parse(&model.to_string()).unwrap(), format!("{header}\n{}", problem.rows.iter().map(line).collect::<String>()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_path_rounds_the_exact_prediction(problem in problem(), interval in interval(), chunk in prop_oneof![1usize..9, 500usize..5000], quotes: bool) {
        check_paths(&problem, interval, chunk, quotes)?;
    }

    #[test]
    fn levels_predict_as_columns_of_zeros_and_ones(problem in problem()) {
        let (numbers, data) = with_numbers(&problem);
        let others = table(&Predictor::new(numbers).unwrap(), &Plan::default(), &data, usize::MAX);
        prop_assert_eq!(table(&Predictor::new(problem.model()).unwrap(), &Plan::default(), &csv(&problem.rows, false), usize::MAX), others);
    }

    #[test]
    fn contributions_add_up(problem in problem()) {
        let predictor = Predictor::new(problem.model()).unwrap();
        let explained = predictor.explain(record(&problem.rows[0]).as_bytes()).unwrap();
        let number = |value: &Value| value.as_f64().unwrap();
        let parts: Vec<f64> = explained["contributions"].as_array().unwrap().iter().map(|one| number(&one["contribution"])).collect();
        let start = number(&explained["start"]["value"]);
        let (sum, size) = parts.iter().fold((start, start.abs()), |(sum, size), part| (sum + part, size + part.abs()));
        prop_assert!((sum - number(&explained["prediction"])).abs() <= 1e-14 * size, "{}", explained);
        let names: Vec<&str> = explained["contributions"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        prop_assert!(names.iter().all(|name| !name.contains('[')), "{:?}", names);
    }
}

#[test]
fn a_number_is_the_level_of_its_shortest_text() {
    let mut model = small::model();
    model["columns"][1]["levels"] = json!([{"level": "1", "rows": 2}, {"level": "2.5", "rows": 1}, {"level": "1e3", "rows": 1}]);
    model["columns"][1]["reference"] = json!("1");
    for (at, level) in [(0, "2.5"), (1, "1e3")] {
        model["coefficients"][at]["name"] = json!(format!("site[{level}]"));
        model["coefficients"][at]["factors"][0]["level"] = json!(level);
    }
    let predictor = Predictor::new(Model::parse(&model.to_string()).unwrap()).unwrap();
    let flat = predictor.predict_columns(&[1.0, 1.0, 1.0, 2.5], 2).unwrap();
    let alone = |site: &str| {
        predictor.predict_record(json!({"x": 1, "site": site}).to_string().as_bytes()).unwrap()["predicted_y"].as_f64().unwrap()
    };
    assert_eq!(flat[..2], [alone("1"), alone("2.5")]);
    // the text of a thousand is not that of the level
    let error = predictor.predict_columns(&[1.0, 1000.0], 1).unwrap_err();
    assert_eq!((error.code.name(), error.found.as_deref()), ("unknown-level", Some("1000")));
    assert!(parse(b"1e3").is_ok() && predictor.predict_columns(&[1.0, f64::NAN], 1).unwrap_err().code.name() == "missing-values");
}

#[test]
fn a_doubled_quote_is_one_quote_of_a_level() {
    let mut model = small::model();
    for (at, level) in [(0, "a\"b"), (1, "a\"\"b")] {
        model["columns"][1]["levels"][at + 1]["level"] = json!(level);
        model["coefficients"][at]["name"] = json!(format!("site[{level}]"));
        model["coefficients"][at]["factors"][0]["level"] = json!(level);
    }
    let predictor = Predictor::new(Model::parse(&model.to_string()).unwrap()).unwrap();
    let lines = table(&predictor, &Plan::default(), "x,site\n1,\"a\"\"b\"\n1,\"a\"\"\"\"b\"\n", usize::MAX);
    let first: Vec<&str> = lines.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(first, ["13.0", "7.0"]);
}
