//! Models of mixed tables (categories, functions, splines, products) against exact fractions, which `data/peers/mixed` holds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use samefit_core::fit::fit;
use samefit_core::model::{Model, ModelCoefficient};
use samefit_core::plan::Plan;
use samefit_core::predict::{Interval, Predictor};
use samefit_core::summarizer::Summarizer;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn read(name: &str) -> Value {
    let path = format!("{}/../data/peers/mixed/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn plan(entry: &Value, model: &[(&str, Value)]) -> Plan {
    let mut plan = json!({"categories": entry["categories"], "reference": {}, "collinear": "drop"});
    for (key, value) in model {
        plan[*key] = value.clone();
    }
    if entry["weights"].is_string() {
        plan["weights"] = entry["weights"].clone();
    }
    Plan::parse(&plan.to_string()).unwrap()
}

fn model(entry: &Value, plan: &Plan) -> Model {
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    summarizer.push(entry["table"].as_str().unwrap().as_bytes()).unwrap();
    fit(&summarizer.finish().unwrap(), plan).unwrap()
}

fn assert_bits(name: &str, what: &str, got: f64, want: &Value) {
    let want = want.as_f64().unwrap_or_else(|| panic!("{name}: no exact {what}"));
    assert_eq!(got.to_bits(), want.to_bits(), "{name}: {what} {got:e} for {want:e}");
}

/// Each coefficient, remainder and standard error is the f64 nearest to the exact one.
fn check_coefficients(name: &str, model: &Model, exact: &Value) {
    let columns: Vec<&str> = exact["columns"].as_array().unwrap().iter().map(|column| column.as_str().unwrap()).collect();
    assert_eq!(model.coefficients.len() + usize::from(model.has_intercept), columns.len(), "{name}: {columns:?}");
    if model.has_intercept {
        assert_bits(name, "intercept", model.intercept, &exact["coefficients"]["intercept"]);
        assert_bits(name, "intercept's remainder", model.intercept_remainder, &exact["remainders"]["intercept"]);
    }
    for coefficient in &model.coefficients {
        let own = &coefficient.name;
        assert!(columns.contains(&own.as_str()), "{name}: {own} is not among {columns:?}");
        assert_bits(name, own, coefficient.coefficient, &exact["coefficients"][own]);
        assert_bits(name, own, coefficient.remainder, &exact["remainders"][own]);
        assert_bits(name, own, coefficient.std_error.unwrap(), &exact["std_errors"][own]);
    }
}

fn check_fit(name: &str, model: &Model, exact: &Value) {
    let fit = &model.fit;
    assert_eq!((fit.rows, fit.residual_df), (exact["rows"].as_i64().unwrap(), exact["residual_df"].as_i64().unwrap()), "{name}");
    let numbers = [
        ("rss", Some(fit.rss)),
        ("tss", fit.tss),
        ("r_squared", fit.r_squared),
        ("adjusted_r_squared", fit.adjusted_r_squared),
        ("residual_sd", fit.residual_sd),
        ("f", fit.f),
    ];
    for (what, number) in numbers {
        assert_bits(name, what, number.unwrap(), &exact[what]);
    }
}

/// Each prediction is the f64 nearest to the exact sum of both parts of the coefficients, and the ends of intervals have ten digits of the
/// width.
fn check_predictions(name: &str, model: &Model, entry: &Value, exact: &Value) {
    for (kind, of_mean) in [("prediction", false), ("confidence", true)] {
        let predictor = Predictor::new(model.clone()).unwrap().with_interval(Interval { level: 0.95, of_mean }).unwrap();
        for (record, want) in entry["records"].as_array().unwrap().iter().zip(exact["predictions"].as_array().unwrap()) {
            let got = predictor.predict_record(record.to_string().as_bytes()).unwrap();
            let number = |value: &Value| value.as_f64().unwrap();
            let predicted = number(&want["predicted"]);
            // the exact sum is of unrounded coefficients, and that of both parts may be the next f64
            assert!((number(&got["predicted_y"]) - predicted).abs() <= predicted.abs() * f64::EPSILON, "{name}: {got} for {want}");
            let half = (number(&want[kind][1]) - number(&want[kind][0])) / 2.0;
            for (end, at) in [("lower", 0), ("upper", 1)] {
                let (got, want) = (number(&got["interval"][end]), number(&want[kind][at]));
                assert!((got - want).abs() <= half * 1e-9 + want.abs() * f64::EPSILON, "{name}: {end} {got} for {want}");
            }
        }
    }
    let predictor = Predictor::new(model.clone()).unwrap();
    for record in entry["unknown"].as_array().unwrap() {
        let error = predictor.predict_record(record.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.code.name(), "unknown-level", "{name}: {record}");
    }
}

/// Returns the estimates by name: a formula orders terms by their degree.
fn estimates(model: &Model) -> BTreeMap<String, [u64; 3]> {
    let bits = |c: &ModelCoefficient| [c.coefficient, c.remainder, c.std_error.unwrap_or(f64::NAN)].map(f64::to_bits);
    let intercept = ("intercept".to_owned(), [model.intercept.to_bits(), model.intercept_remainder.to_bits(), 0]);
    model.coefficients.iter().map(|c| (c.name.clone(), bits(c))).chain([intercept]).collect()
}

fn check(tables: &str, answers: &str) {
    let (entries, answers) = (read(tables), read(answers));
    for entry in entries.as_array().unwrap() {
        let name = entry["name"].as_str().unwrap();
        let exact = &answers[name];
        let features = [("target", json!("y")), ("features", entry["features"].clone()), ("intercept", entry["intercept"].clone())];
        let own = plan(entry, &[&features[..], &[("reference", entry["reference"].clone())]].concat());
        let fitted = model(entry, &own);
        if exact["full_rank"] == true {
            check_coefficients(name, &fitted, exact);
            check_predictions(name, &fitted, entry, exact);
        } else {
            assert_eq!(fitted.left_out.len(), exact["left_out"].as_array().unwrap().len(), "{name}");
        }
        check_fit(name, &fitted, exact);
        // a model is what its text says
        assert!(Model::parse(&fitted.to_json()).unwrap().to_json() == fitted.to_json(), "{name}");
        let by_formula = plan(entry, &[("formula", entry["formula"].clone()), ("reference", entry["reference"].clone())]);
        assert!(estimates(&model(entry, &by_formula)) == estimates(&fitted), "{name}: {}", entry["formula"]);
    }
}

#[test]
fn mixed_tables_are_fitted_and_predicted_exactly() {
    check("tables.json", "exact.json");
}
