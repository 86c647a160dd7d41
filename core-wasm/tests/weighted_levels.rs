//! Models with categories of rows with weights and counts: against the exact numbers of `data/peers/mixed`, and what is said of records.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use samefit_core::error::Code;
use samefit_core::fit::fit;
use samefit_core::model::Model;
use samefit_core::plan::Plan;
use samefit_core::predict::Predictor;
use samefit_core::quality::judge;
use samefit_core::schema::Schema;
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::Summarizer;
use samefit_core::summary::summary;
use serde_json::{Value, json};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{DATA}/{path}")).unwrap()
}

fn parsed(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap()
}

/// The plan of an entry of `tables.json` or `trial.json`.
fn plan(entry: &Value) -> Plan {
    let mut plan = json!({"target": "y"});
    for key in ["target", "features", "intercept", "categories", "reference", "weights", "counts"] {
        if !entry[key].is_null() {
            plan[key] = entry[key].clone();
        }
    }
    Plan::parse(&plan.to_string()).unwrap()
}

fn summarize(plan: &Plan, csv: &str) -> Statistics {
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    summarizer.push(csv.as_bytes()).unwrap();
    summarizer.finish().unwrap()
}

fn assert_near(what: &str, got: &Value, want: &Value) {
    let (got, want) = (got.as_f64().unwrap(), want.as_f64().unwrap());
    assert!((got - want).abs() <= 1e-12 * want.abs().max(1e-3), "{what}: {got} and {want}");
}

/// Asserts that a model has the exact numbers: correctly rounded where they are.
fn assert_exact(name: &str, model: &Model, want: &Value) {
    let names: Vec<&str> =
        model.has_intercept.then_some("intercept").into_iter().chain(model.coefficients.iter().map(|c| c.name.as_str())).collect();
    assert_eq!(json!(names), want["columns"], "{name}");
    let of = |key: &str| names.iter().map(|name| want[key][name].as_f64().unwrap()).collect::<Vec<_>>();
    let all = |intercept: f64, others: Vec<f64>| model.has_intercept.then_some(intercept).into_iter().chain(others).collect::<Vec<_>>();
    let coefficients = &model.coefficients;
    assert_eq!(all(model.intercept, coefficients.iter().map(|c| c.coefficient).collect()), of("coefficients"), "{name}");
    assert_eq!(all(model.intercept_remainder, coefficients.iter().map(|c| c.remainder).collect()), of("remainders"), "{name}");
    let std_errors = coefficients.iter().map(|c| c.std_error.unwrap()).collect();
    assert_eq!(all(model.intercept_std_error.unwrap_or_default(), std_errors), of("std_errors"), "{name}");
    let fit = serde_json::to_value(&model.fit).unwrap();
    for key in ["rows", "residual_df", "rss", "tss", "residual_sd", "r_squared", "adjusted_r_squared", "f"] {
        assert_eq!(fit[key].as_f64(), want[key].as_f64(), "{name}: {key}");
    }
    let summary = summary(model, 0.95).unwrap();
    for key in ["log_likelihood", "aic", "bic", "f_p"] {
        assert_near(&format!("{name}: {key}"), &summary[key], &want[key]);
    }
    for feature in summary["features"].as_array().unwrap() {
        let term = &want["terms"][feature["name"].as_str().unwrap()];
        assert_near(name, &feature["f"], &term["f"]);
        assert_eq!(feature["f_df"], term["df"], "{name}");
    }
}

fn assert_predictions(name: &str, model: Model, entry: &Value, want: &Value) {
    let weighted = model.weights.is_some();
    let predicted = format!("predicted_{}", model.target_name());
    let predictor = Predictor::new(model).unwrap();
    for (record, want) in entry["records"].as_array().unwrap().iter().zip(want["predictions"].as_array().unwrap()) {
        let record = record.to_string();
        let got = serde_json::to_value(predictor.predict_record(record.as_bytes()).unwrap()).unwrap();
        assert_eq!(got[&predicted], want["predicted"], "{name}");
        assert_near(name, &got["interval"]["lower"], &want["prediction"][0]);
        assert_near(name, &got["interval"]["upper"], &want["prediction"][1]);
        let explained = predictor.explain(record.as_bytes()).unwrap();
        let parts = explained["contributions"].as_array().unwrap().iter().map(|part| part["contribution"].as_f64().unwrap());
        let sum = parts.fold(explained["start"]["value"].as_f64().unwrap(), |sum, part| sum + part);
        assert_near(name, &json!(sum), &want["predicted"]);
        assert_eq!(explained["likeness"]["rule"], json!(if weighted { "3 p / W" } else { "3 p / n" }));
    }
    for record in entry["unknown"].as_array().into_iter().flatten() {
        assert_eq!(predictor.predict_record(record.to_string().as_bytes()).unwrap_err().code, Code::UnknownLevel, "{name}");
    }
}

/// Whether a model has no functions and splines, of which other tests are.
fn is_plain(entry: &&Value) -> bool {
    entry["features"].as_array().unwrap().iter().all(|feature| !feature.as_str().unwrap().contains('('))
}

#[test]
fn weighted_models_with_categories_are_exact() {
    let (tables, exact) = (parsed("peers/mixed/tables.json"), parsed("peers/mixed/exact.json"));
    let weighted = tables.as_array().unwrap().iter().filter(|entry| !entry["weights"].is_null());
    let entries: Vec<&Value> = weighted.filter(is_plain).collect();
    assert!(entries.len() >= 5, "{}", entries.len());
    for entry in entries {
        let name = entry["name"].as_str().unwrap();
        let plan = plan(entry);
        let statistics = summarize(&plan, entry["table"].as_str().unwrap());
        let model = fit(&statistics, &plan).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_exact(name, &model, &exact[name]);
        let rmse = judge(&model, &statistics, 1e9).unwrap().report.rmse;
        assert_near(name, &json!(rmse), &json!((model.fit.rss / model.total_weight()).sqrt()));
        assert_predictions(name, Model::parse(&model.to_json()).unwrap(), entry, &exact[name]);
    }
}

#[test]
fn models_of_the_trial_with_weights_and_counts_are_exact() {
    let (models, exact) = (parsed("peers/mixed/trial.json"), parsed("peers/mixed/trial_exact.json"));
    let is_weighted = |entry: &&Value| !entry["weights"].is_null() || !entry["counts"].is_null();
    let entries: Vec<&Value> = models.as_array().unwrap().iter().filter(is_weighted).filter(is_plain).collect();
    assert_eq!(entries.len(), 1);
    for entry in entries {
        let name = entry["name"].as_str().unwrap();
        let schema: Schema = serde_json::from_str(&read("trial.schema.json")).unwrap();
        let plan = Plan { schema: Some(schema), ..plan(entry) };
        let model = fit(&summarize(&plan, &read("trial.csv")), &plan).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(model.weights.is_some(), !entry["weights"].is_null());
        assert_exact(name, &model, &exact[name]);
        assert_predictions(name, model, entry, &exact[name]);
    }
}

/// The levels of a model say how much weight their rows have, or how many rows there are.
#[test]
fn levels_have_weights_or_rows() {
    let csv = "site,x,w,y\na,1,0.5,3\na,2,1,4\nb,3,2,7\nb,5,0.25,9\nc,1,0,0\n";
    let plan = Plan {
        target: Some("y".to_owned()),
        features: Some(vec!["site".to_owned(), "x".to_owned()]),
        categories: vec!["site".to_owned()],
        weights: Some("w".to_owned()),
        ..Plan::default()
    };
    let levels = |plan: &Plan, csv: &str| {
        let model: Value = serde_json::from_str(&fit(&summarize(plan, csv), plan).unwrap().to_json()).unwrap();
        model["columns"][0]["levels"].clone()
    };
    assert_eq!(levels(&plan, csv), json!([{"level": "a", "weight": 1.5}, {"level": "b", "weight": 2.25}]));
    let counted = Plan { weights: None, counts: Some("w".to_owned()), ..plan.clone() };
    let whole = csv.replace("0.5", "3").replace("0.25", "1");
    assert_eq!(levels(&counted, &whole), json!([{"level": "a", "rows": 4}, {"level": "b", "rows": 3}]));

    let model = fit(&summarize(&plan, csv), &plan).unwrap();
    // the plan of the model finds the weights and the levels again
    assert_eq!(summarize(&model.plan(), csv).to_json(), summarize(&plan, csv).to_json());
    assert_eq!(plan.needed_columns().unwrap().unwrap(), ["site", "x", "y", "w"]);
    let forged = model.to_json().replace("\"weight\": 1.5", "\"rows\": 2");
    assert_eq!(Model::parse(&forged).unwrap_err().code, Code::Model);
    // a record of another level
    let error = judge(&model, &summarize(&plan, "site,x,w,y\nd,1,1,3\n"), 10.0).err().unwrap();
    assert_eq!(error.code, Code::UnknownLevel);
    assert!(judge(&model, &summarize(&plan, "site,x,w,y\nd,1,0,3\na,1,2,3\n"), 10.0).is_ok());
}
