//! Models with functions of columns, splines, and products of these and categories: every way of predicting is exact, and an explanation has
//! one part for each feature.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod prediction_paths;

use prediction_paths::{Expected, check_batch, check_columns, check_records, check_table, interval};
use proptest::prelude::*;
use samefit_core::decimal::{Decimal, parse};
use samefit_core::fit::fit;
use samefit_core::model::Model;
use samefit_core::plan::Plan;
use samefit_core::predict::{Batch, Interval, Predictor};
use samefit_core::quality::judge;
use samefit_core::ratio::Ratio;
use samefit_core::statistics::{Statistics, exact_decimal};
use samefit_core::summarizer::Summarizer;
use samefit_core::terms::Variable;
use serde_json::{Value, json};

const COLUMNS: [&str; 3] = ["x", "site", "z"];

/// Returns rows of the columns, and the outcome.
fn rows() -> Vec<[String; 4]> {
    let row = |at: i64| {
        let (x, z) = (at * 37 % 101, at * 53 % 89 + 1);
        let site = ["north", "south", "west"][(at * 7 % 3) as usize];
        let y = x * x / 10 + z + at * 29 % 17 + if site == "south" { 3 * x } else { 0 };
        [format!("{}.{}", x / 10, x % 10), site.to_owned(), format!("{z}e-1"), y.to_string()]
    };
    (1..=60).map(row).collect()
}

fn statistics(plan: &Plan) -> Statistics {
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    let lines: String = rows().iter().map(|row| row.join(",") + "\n").collect();
    summarizer.push(format!("x,site,z,y\n{lines}").as_bytes()).unwrap();
    summarizer.finish().unwrap()
}

fn plan(features: &[&str]) -> Plan {
    Plan::parse(&json!({"target": "y", "features": features, "categories": ["site"]}).to_string()).unwrap()
}

fn model(features: &[&str]) -> Model {
    fit(&statistics(&plan(features)), &plan(features)).unwrap()
}

fn record(row: &[String; 4]) -> String {
    let entries = COLUMNS.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), json!(cell)));
    Value::Object(entries.collect()).to_string()
}

/// Returns the exact prediction for a row.
fn exact(model: &Model, row: &[String; 4]) -> Ratio {
    let whole = |value: f64, remainder: f64| Ratio::from(&exact_decimal(value).plus(&exact_decimal(remainder)));
    let number = |column: &str| parse(row[COLUMNS.iter().position(|name| *name == column).unwrap()].as_bytes()).unwrap();
    let value = |variable: &Variable| match variable {
        Variable::Column(column) => Ratio::from(&number(column)),
        Variable::Function { function, column } => Ratio::from(&function.value(&number(column)).unwrap()),
        Variable::Spline { column, knots, basis } => knots.value(basis.unwrap(), &number(column)),
        Variable::Level { level, .. } => Ratio::from(&Decimal::from(i64::from(level.text() == row[1]))),
        Variable::Cube { .. } => panic!("a model has no cubes"),
    };
    let mut sum = whole(model.intercept, model.intercept_remainder);
    for one in &model.coefficients {
        let factors = one.term().unwrap().factors;
        let powers = factors.iter().flat_map(|(variable, power)| std::iter::repeat_n(value(variable), *power as usize));
        sum = sum.plus(&powers.fold(whole(one.coefficient, one.remainder), |product, factor| product.times(&factor)));
    }
    sum
}

/// Returns the exact prediction, rounded, and the ends of the interval of a record that is predicted alone.
fn expected(predictor: &Predictor, row: &[String; 4]) -> Expected {
    let prediction = predictor.predict_record(record(row).as_bytes()).unwrap();
    let end = |name: &str| prediction["interval"][name].to_string().parse().unwrap();
    [exact(predictor.model(), row).to_f64(), end("lower"), end("upper")]
}

fn check_paths(features: &[&str], interval: Interval) -> Result<(), TestCaseError> {
    let (predictor, rows) = (Predictor::new(model(features)).unwrap().with_interval(interval).unwrap(), rows());
    let want: Vec<Expected> = rows.iter().map(|row| expected(&predictor, row)).collect();
    let text: String = rows.iter().map(|row| row[..3].join(",") + "\n").collect();
    check_table(&predictor, &format!("x,site,z\n{text}"), 7, &want)?;
    check_records(&predictor, rows.iter().map(record), &want)?;
    let mut batch = Batch::new(predictor.clone());
    for (at, name) in COLUMNS.iter().enumerate() {
        batch.set_text(name, rows.iter().map(|row| row[at].clone() + "\n").collect::<String>().into_bytes());
    }
    check_batch(&mut batch, interval, &want)?;
    // the other columns as in one row
    let with = |x: &&str| [(*x).to_owned(), rows[4][1].clone(), rows[4][2].clone(), String::new()];
    let points: Vec<Expected> = ["9.25", "1", "3.00", "-2"].iter().map(|x| expected(&predictor, &with(x))).collect();
    let curve = predictor.curve(record(&rows[4]).as_bytes(), "x", br#"["9.25", "1", "3.00", "-2"]"#).unwrap();
    check_columns(&curve, &points, "curve")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn every_path_rounds_the_exact_prediction(interval in interval()) {
        check_paths(&["x", "ln(z)", "site"], interval)?;
        check_paths(&["rcs(x,1,3,6.5,8)", "z"], interval)?;
        check_paths(&["site", "rcs(x,1,3,6.5,8)", "site*rcs(x,1,3,6.5,8)", "ln(z)", "z^2"], interval)?;
        check_paths(&["rcs(x,1,3,6.5,8)*rcs(z,0.7,3,8.1)", "sqrt(z)*x"], interval)?;
    }
}

#[test]
fn quality_control_squares_the_exact_residuals() {
    for features in [&["rcs(x,1,3,6.5,8)", "z"][..], &["site", "rcs(x,1,3,6.5,8)", "site*rcs(x,1,3,6.5,8)", "ln(z)"]] {
        let model = model(features);
        let report = judge(&model, &statistics(&model.plan()), 1e9).unwrap().report;
        let residuals = rows().into_iter().map(|row| Ratio::from(&parse(row[3].as_bytes()).unwrap()).minus(&exact(&model, &row)));
        let squares = residuals.map(|one| one.times(&one)).reduce(|sum, square| sum.plus(&square)).unwrap();
        assert_eq!(report.rmse, squares.over(60).sqrt_to_f64(), "{features:?}");
    }
}

#[test]
fn a_spline_of_each_level_is_one_part_of_an_explanation() {
    let model = model(&["site", "rcs(x,1,3,6.5)", "site*rcs(x,1,3,6.5)", "site*ln(z)"]);
    let predictor = Predictor::new(model.clone()).unwrap();
    for row in rows() {
        let explained = predictor.explain(record(&row).as_bytes()).unwrap();
        let parts = explained["contributions"].as_array().unwrap();
        let names: Vec<&str> = parts.iter().map(|part| part["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["site", "rcs(x,1,3,6.5)", "site*rcs(x,1,3,6.5)", "site*ln(z)"]);
        let number = |value: &Value| value.to_string().parse::<f64>().unwrap();
        let numbers: Vec<f64> =
            parts.iter().map(|part| number(&part["contribution"])).chain([number(&explained["start"]["value"])]).collect();
        let sum = numbers.iter().fold(exact(&model, &row), |sum, &part| sum.minus(&Ratio::from(&exact_decimal(part))));
        let ulps: f64 = numbers.iter().map(|part| part.abs().next_up() - part.abs()).sum();
        // the stored remainders round the exact means and coefficients once more
        assert!(sum.to_f64().abs() <= 0.51 * ulps, "{explained}");

        let x = Ratio::from(&parse(row[0].as_bytes()).unwrap()).to_f64();
        assert_eq!((&parts[1]["value"], &parts[1]["coefficient"], parts[1].get("levels")), (&json!(x), &Value::Null, None));
        assert_eq!((&parts[2]["columns"], &parts[2]["levels"]), (&json!(["site", "x"]), &json!({"site": row[1]})));
        // the reference has no coefficients, the others have one for each basis function
        let value = if row[1] == model.columns.iter().find(|column| column.name == "site").unwrap().reference.as_ref().unwrap().text() {
            Value::Null
        } else {
            json!(x)
        };
        assert_eq!((&parts[2]["value"], &parts[2]["coefficient"], &parts[2]["mean"]), (&value, &Value::Null, &Value::Null));
        // each level has its own slope of ln(z)
        let name = format!("site[{}]*ln(z)", row[1]);
        let slope = model.coefficients.iter().find(|one| one.name == name).unwrap();
        assert_eq!(parts[3]["coefficient"], json!(slope.coefficient));
    }
}

#[test]
fn a_missing_spline_is_named_as_the_plan_spells_it() {
    let statistics = statistics(&plan(&["x", "z", "site"]));
    let error = fit(&statistics, &plan(&["z", "rcs( x, 1, 3, 6.50 )*site"])).unwrap_err();
    assert_eq!(
        (error.code.name(), error.column.as_deref(), error.help.as_str()),
        ("missing-term", Some("rcs( x, 1, 3, 6.50 )*site"), "summarise with --terms \"rcs( x, 1, 3, 6.50 )*site\"")
    );
    let error = judge(&model(&["rcs(x,1,3,6.5)", "z"]), &statistics, 1.0).err().unwrap();
    assert_eq!((error.code.name(), error.column.as_deref()), ("missing-term", Some("rcs(x,1,3,6.5)")));
}
