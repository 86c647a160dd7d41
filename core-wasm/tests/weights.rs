//! Rows with weights and counts: against rows written out, against rows that are scaled instead, and against R (`data/peers/weights.R`).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::error::{Code, Error};
use samefit_core::fit::fit;
use samefit_core::model::Model;
use samefit_core::plan::{Missing, Plan};
use samefit_core::predict::Predictor;
use samefit_core::quality::judge;
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::{Summarizer, forget};
use samefit_core::summary::summary;
use samefit_testing::cases;
use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

fn texts(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

fn weighted() -> Plan {
    Plan { target: Some("y".to_owned()), features: texts(&["a", "a*b"]), weights: Some("w".to_owned()), ..Plan::default() }
}

fn counted() -> Plan {
    Plan { weights: None, counts: Some("w".to_owned()), ..weighted() }
}

fn csv(rows: &[Vec<String>]) -> String {
    let header = "a,b,w,y\n".to_owned();
    rows.iter().fold(header, |csv, row| csv + &row.join(",") + "\n")
}

fn try_summarize(plan: &Plan, csv: &str) -> Result<Statistics, Error> {
    let mut summarizer = Summarizer::new(plan.clone())?;
    summarizer.push(csv.as_bytes())?;
    summarizer.finish()
}

fn summarize(plan: &Plan, csv: &str) -> Statistics {
    try_summarize(plan, csv).unwrap()
}

/// Columns of text and of numbers, as a host sets them.
fn summarize_columns(plan: &Plan, rows: &[Vec<String>]) -> Statistics {
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    for (at, name) in ["a", "b", "w", "y"].into_iter().enumerate() {
        let cells: Vec<&str> = rows.iter().map(|row| row[at].as_str()).collect();
        match cells.iter().map(|cell| cell.parse::<f64>().ok().filter(|_| cell.len() < 15)).collect::<Option<Vec<f64>>>() {
            Some(numbers) => summarizer.set_f64(name, numbers),
            None => summarizer.set_text(name, cells.join("\n") + "\n"),
        }
    }
    summarizer.sum_columns().unwrap();
    summarizer.finish().unwrap()
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "-?[0-9]{1,3}(\\.[0-9]{1,4})?",
        1 => "-?0\\.0[0-9]{10,13}",
        1 => "-?[1-9]\\.[0-9]{1,3}e-?[0-9]",
        1 => "-?[0-9]{15,25}\\.[0-9]{1,9}",
    ]
}

fn weight() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[0-9](\\.[0-9]{1,3})?", 1 => "0\\.[0-9]{12,17}", 1 => "[1-9]\\.[0-9]e-?[1-9]", 1 => Just("0".to_owned()), 1 => Just("0.00".to_owned())]
}

fn table(weight: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<Vec<String>>> {
    let row = (cell(), cell(), weight, cell()).prop_map(|(a, b, w, y)| vec![a, b, w, y]);
    prop::collection::vec(row, 1..40)
}

/// The rows with counts written out, each with the count 1.
fn written_out(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let count = |row: &Vec<String>| row[2].parse::<f64>().unwrap() as usize;
    let one = |row: &Vec<String>| vec![row[0].clone(), row[1].clone(), "1".to_owned(), row[3].clone()];
    rows.iter().flat_map(|row| vec![one(row); count(row)]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(32)))]

    #[test]
    fn counted_rows_are_rows_written_out(rows in table("[0-4](\\.0)?|[1-3]e0"), lacking in prop::collection::vec(0usize..160, 0..3), all in any::<bool>()) {
        let mut rows = rows;
        // a count that is missing stands for no rows to write out
        for at in lacking.into_iter().filter(|at| at % 4 != 2) {
            if let Some(row) = rows.get_mut(at / 4) {
                row[at % 4] = String::new();
            }
        }
        // without a row that counts, a column that is not named may hold text
        let counts = |row: &Vec<String>| !row.contains(&String::new()) && row[2].parse::<f64>().unwrap() > 0.0;
        let all = all && rows.iter().any(counts);
        let features = if all { None } else { counted().features };
        let plan = Plan { missing: Missing::Drop, features, ..counted() };
        let without = Plan { counts: None, columns: texts(&["a", "b", "y"]), ..plan.clone() };
        // the order of the columns is that of the file
        let without = Plan { columns: if all { without.columns } else { None }, ..without };
        let want = summarize(&without, &csv(&written_out(&rows)));
        prop_assert_eq!(summarize(&plan, &csv(&rows)).to_json(), want.to_json());
        prop_assert_eq!(summarize_columns(&plan, &rows).to_json(), want.to_json());
    }

    #[test]
    fn weighted_statistics_are_a_group(rows in table(weight()), cut in 0usize..40) {
        let cut = cut.min(rows.len());
        let whole = summarize(&weighted(), &csv(&rows));
        prop_assert_eq!(Statistics::parse(&whole.to_json()).unwrap().to_json(), whole.to_json());
        let reversed: Vec<Vec<String>> = rows.iter().rev().cloned().collect();
        prop_assert_eq!(summarize(&weighted(), &csv(&reversed)).to_json(), whole.to_json());
        prop_assert_eq!(summarize_columns(&weighted(), &rows).to_json(), whole.to_json());
        let there: Vec<Vec<String>> = rows.iter().filter(|row| row[2].parse::<f64>().unwrap() > 0.0).cloned().collect();
        prop_assert_eq!(summarize(&weighted(), &csv(&there)).to_json(), whole.to_json());

        let (first, second) = (summarize(&weighted(), &csv(&rows[..cut])), summarize(&weighted(), &csv(&rows[cut..])));
        let mut sum = first.clone();
        sum.merge(&second).unwrap();
        prop_assert_eq!(sum.to_json(), whole.to_json());
        forget(&mut sum, &second).unwrap();
        prop_assert_eq!(sum.to_json(), first.to_json());

        let mut parts = Summarizer::new(weighted()).unwrap();
        for rows in [&rows[cut..], &rows[..cut]] {
            let mut part = Summarizer::new(weighted()).unwrap();
            part.push(csv(rows).as_bytes()).unwrap();
            parts.merge_state(&part.state().unwrap()).unwrap();
        }
        prop_assert_eq!(parts.finish().unwrap().to_json(), whole.to_json());
    }

    /// The weights are squares, so the same sums come from rows that are multiplied by their roots, the constant among them.
    #[test]
    fn weighted_fits_are_fits_of_scaled_rows(rows in prop::collection::vec((-99i64..99, -99i64..99, 1i64..9), 4..20)) {
        let of_weights: String = rows.iter().map(|(a, y, root)| format!("{a},0,{},{y}\n", root * root)).collect();
        let scaled: String = rows.iter().map(|(a, y, root)| format!("{root},{},{}\n", a * root, y * root)).collect();
        let plan = Plan { features: texts(&["a"]), ..weighted() };
        let model = fit(&summarize(&plan, &format!("a,b,w,y\n{of_weights}")), &plan);
        let plan = Plan { target: Some("y".to_owned()), features: texts(&["one", "a"]), intercept: false, ..Plan::default() };
        let want = fit(&summarize(&plan, &format!("one,a,y\n{scaled}")), &plan);
        let (Ok(model), Ok(want)) = (model, want) else { return Ok(()) };
        let [one, a] = &want.coefficients[..] else { panic!("two coefficients") };
        prop_assert_eq!((model.intercept, model.intercept_remainder, model.intercept_std_error), (one.coefficient, one.remainder, one.std_error));
        let got = &model.coefficients[0];
        prop_assert_eq!((got.coefficient, got.remainder, got.std_error, got.t, got.p), (a.coefficient, a.remainder, a.std_error, a.t, a.p));
        prop_assert_eq!((model.fit.rss, model.fit.residual_sd, model.fit.residual_df), (want.fit.rss, want.fit.residual_sd, want.fit.residual_df));
    }
}

/// The patients of `weights.R` with their weights.
fn patients() -> String {
    let csv = std::fs::read_to_string(format!("{DATA}/diabetes_raw.csv")).unwrap();
    let weights = ["0", "0.25", "1", "2.5", "0.1", "3", "1.75"];
    let rows = csv.lines().skip(1).take(60).zip(weights.iter().cycle()).map(|(line, weight)| format!("{line},{weight}\n"));
    format!("{},w\n", csv.lines().next().unwrap()) + &rows.collect::<String>()
}

fn model_of_patients(features: &[&str], intercept: bool) -> Model {
    let plan = Plan { features: texts(features), intercept, ..weighted() };
    fit(&summarize(&plan, &patients()), &plan).unwrap()
}

fn assert_close(what: &str, got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-11 * want.abs().max(1e-3), "{what}: {got} and {want}");
}

/// R computes in floats, by a QR factorisation of the rows: 11 digits agree.
#[test]
fn weighted_fits_are_those_of_r() {
    let peers: Value = serde_json::from_str(&std::fs::read_to_string(format!("{DATA}/peers/weights_R.json")).unwrap()).unwrap();
    for peer in peers["models"].as_array().unwrap() {
        let formula = peer["formula"].as_str().unwrap();
        let features: Vec<&str> = formula.trim_start_matches("y ~ ").split(" + ").filter(|name| *name != "0").collect();
        let model = model_of_patients(&features, !formula.contains("0 +"));
        let summary = summary(&model, 0.95).unwrap();
        for (at, coefficient) in summary["coefficients"].as_array().unwrap().iter().enumerate() {
            for (key, of_r) in [("coefficient", "coefficients"), ("std_error", "std_errors")] {
                assert_close(formula, coefficient[key].as_f64().unwrap(), peer[of_r][at].as_f64().unwrap());
            }
        }
        let keys = ["residual_sd", "residual_df", "rss", "r_squared", "adjusted_r_squared", "f", "log_likelihood", "aic", "bic"];
        for key in keys {
            assert_close(key, summary[key].as_f64().unwrap(), peer[key][0].as_f64().unwrap());
        }
        let csv = patients();
        let (names, rows) = csv.split_once('\n').unwrap();
        let predictor = Predictor::new(model).unwrap();
        for (at, row) in rows.lines().take(3).enumerate() {
            let record: Vec<String> = names.split(',').zip(row.split(',')).map(|(name, value)| format!("\"{name}\": {value}")).collect();
            let prediction = predictor.predict_record(format!("{{{}}}", record.join(", ")).as_bytes()).unwrap();
            let prediction = serde_json::to_value(&prediction).unwrap();
            let close = |got: &Value, of_r: &str| assert_close(of_r, got.as_f64().unwrap(), peer[of_r][at].as_f64().unwrap());
            close(&prediction["predicted_y"], "predicted");
            close(&prediction["interval"]["lower"], "prediction_lower");
            close(&prediction["interval"]["upper"], "prediction_upper");
        }
    }
}

#[test]
fn means_and_quality_are_weighted() {
    let plan = Plan { features: texts(&["a"]), ..weighted() };
    let statistics = summarize(&plan, "a,b,w,y\n1,0,1,2\n3,0,3,4\n5,0,0,1000\n7,0,4,5\n");
    let model = fit(&statistics, &plan).unwrap();
    let column = |name: &str| model.columns.iter().find(|column| column.name == name).unwrap();
    // (1 + 9 + 28) / 8; the squares about it are 14.0625 + 9.1875 + 20.25, over 8 times 3 / 2
    assert_eq!((column("a").mean, column("a").sd), (Some(4.75), Some((43.5f64 / 8.0 * 1.5).sqrt())));
    assert_eq!((model.fit.rows, column("a").max), (3, Some(7.0625)));
    let weights = model.weights.clone().unwrap();
    assert_eq!((weights.column.as_str(), weights.sum), ("w", 8.0));
    assert_eq!(model.to_json(), Model::parse(&model.to_json()).unwrap().to_json());

    // residuals of the training data: rss over the sum of the weights
    let verdict = judge(&model, &statistics, 100.0).unwrap();
    assert!((verdict.report.rmse - (model.fit.rss / 8.0).sqrt()).abs() < 1e-15);
    let unweighted = summarize(&Plan { weights: None, columns: texts(&["a", "y"]), ..plan.clone() }, "a,y\n1,2\n");
    assert_eq!(judge(&model, &unweighted, 1.0).err().unwrap().code, Code::StatisticsDiffer);
    // the model's own plan weights the records
    assert_eq!(summarize(&model.plan(), "a,w,y\n1,1,2\n").weights.unwrap().column, "w");

    let explained = Predictor::new(model.clone()).unwrap().explain(br#"{"a": 7}"#).unwrap();
    let sum = explained["start"]["value"].as_f64().unwrap() + explained["contributions"][0]["contribution"].as_f64().unwrap();
    assert!((sum - explained["prediction"].as_f64().unwrap()).abs() < 1e-14);
    assert_eq!(explained["contributions"][0]["mean"], 4.75);
}

/// Weights that are multiplied by a number change no estimate, and the likelihood only by R's convention.
#[test]
fn the_scale_of_weights_matters_only_where_it_must() {
    let plan = Plan { features: texts(&["a"]), ..weighted() };
    let of = |weights: [&str; 4]| {
        let rows = ["1,0,", "3,0,", "5,0,", "8,0,"].iter().zip(weights).zip([2, 3, 7, 8]).map(|((row, w), y)| format!("{row}{w},{y}\n"));
        fit(&summarize(&plan, &format!("a,b,w,y\n{}", rows.collect::<String>())), &plan).unwrap()
    };
    let (small, large) = (of(["0.5", "1", "2", "0.25"]), of(["2", "4", "8", "1"]));
    assert_eq!(small.coefficients[0].coefficient, large.coefficients[0].coefficient);
    assert_eq!(small.coefficients[0].std_error, large.coefficients[0].std_error);
    assert_eq!((small.columns[0].mean, small.columns[0].sd), (large.columns[0].mean, large.columns[0].sd));
    assert_eq!(small.fit.r_squared, large.fit.r_squared);
    assert_eq!(2.0 * small.fit.residual_sd.unwrap(), large.fit.residual_sd.unwrap());
}

#[test]
fn wrong_weights_are_refused_where_they_stand() {
    let rows = |weight: &str| (0..40).map(|row| format!("{row},1,{},{row}\n", if row == 20 { weight } else { "2" })).collect::<String>();
    for (plan, weight, code) in [
        (weighted(), "-0.5", Code::Weight),
        (weighted(), "heavy", Code::NotANumber),
        (weighted(), "", Code::MissingValues),
        (counted(), "1.5", Code::Weight),
        (counted(), "-1", Code::Weight),
        (counted(), "9223372036854775808", Code::Capacity),
    ] {
        let error = try_summarize(&plan, &format!("a,b,w,y\n{}", rows(weight))).unwrap_err();
        assert_eq!(error.code, code, "{weight}");
        if code == Code::Weight || code == Code::NotANumber {
            assert_eq!((error.row, error.column.as_deref(), error.found.as_deref()), (Some(22), Some("w"), Some(weight)));
        }
    }
    // a row of weight zero may lack values
    assert_eq!(summarize(&weighted(), "a,b,w,y\n1,2,0.5,3\n,,0,\n").rows, 1);
    let none = summarize(&weighted(), "a,b,w,y\n1,2,0,3\n");
    assert_eq!(fit(&none, &weighted()).unwrap_err().code, Code::NoRows);
    assert_eq!(try_summarize(&weighted(), "a,b,y\n1,2,3\n").unwrap_err().code, Code::MissingColumn);
}

#[test]
fn plans_with_weights_are_checked() {
    let code = |plan: &str| Plan::parse(plan).err().map(|error| error.code);
    assert_eq!(code(r#"{"weights": "w", "counts": "n"}"#), Some(Code::Plan));
    assert_eq!(code(r#"{"weights": "w", "target": "w"}"#), Some(Code::Target));
    assert_eq!(code(r#"{"counts": "n", "share": true}"#), Some(Code::Plan));
    assert_eq!(code(r#"{"counts": "n", "target": "y"}"#), None);

    // summed only if it is named
    let all = Plan { target: Some("y".to_owned()), weights: Some("w".to_owned()), ..Plan::default() };
    let names = |plan: &Plan| -> Vec<String> { summarize(plan, "a,w,y\n1,2,3\n2,1,4\n").columns.into_iter().map(|c| c.name).collect() };
    assert_eq!(names(&all), ["a", "y"]);
    assert_eq!(names(&Plan { features: texts(&["w"]), ..all.clone() }), ["w", "y"]);

    let (first, mut second) =
        (summarize(&all, "a,w,y\n1,2,3\n"), summarize(&Plan { weights: None, columns: texts(&["a", "y"]), ..all.clone() }, "a,y\n1,3\n"));
    assert_eq!(second.merge(&first).unwrap_err().code, Code::StatisticsDiffer);
    assert_eq!(fit(&second, &all).unwrap_err().code, Code::StatisticsDiffer);
    // fitted with the weights that the statistics have
    let data = "a,w,y\n1,2,3\n2,1,4\n3,2,7\n";
    assert!(fit(&summarize(&all, data), &Plan { weights: None, ..all.clone() }).unwrap().weights.is_some());
}

#[test]
fn statistics_without_the_weights_they_claim_are_impossible() {
    let text = summarize(&Plan { distribution: false, ..weighted() }, "a,b,w,y\n1,2,0.5,3\n4,7,2,3\n5,1,1,1\n").to_json();
    let forged = text.replacen("\"rows\": \"3\"", "\"rows\": \"0\"", 1);
    assert_ne!(forged, text);
    let error = fit(&Statistics::parse(&forged).unwrap_or_else(|error| panic!("{error}")), &weighted()).unwrap_err();
    assert_eq!(error.code, Code::ImpossibleStatistics);
}
