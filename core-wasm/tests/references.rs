//! Models against exact results that other programs computed: equal to the last bit.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use samefit_core::decimal::parse;
use samefit_core::fit::fit;
use samefit_core::model::Model;
use samefit_core::plan::Plan;
use samefit_core::ratio::Ratio;
use samefit_core::statistics::exact_decimal;
use samefit_core::summarizer::Summarizer;
use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

fn train(csv: &str, features: &[&str], intercept: bool) -> Model {
    let features = features.iter().map(|name| name.to_string()).collect();
    let plan = Plan { target: Some("y".to_owned()), features: Some(features), intercept, ..Plan::default() };
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    summarizer.push(&std::fs::read(csv).unwrap()).unwrap();
    fit(&summarizer.finish().unwrap(), &plan).unwrap()
}

fn reference(path: &str) -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(format!("{DATA}/{path}")).unwrap();
    let Value::Object(sets) = serde_json::from_str(&text).unwrap() else { panic!("{path} is no object") };
    sets.into_iter().collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// Returns the f64 nearest to a decimal number less another f64.
fn rest_of(digits: &str, value: f64) -> f64 {
    let rest = parse(digits.as_bytes()).unwrap().plus(&exact_decimal(value).negated());
    Ratio::from(&rest).to_f64()
}

/// Asserts that every number of a model is that of the reference, bit by bit.
fn assert_equal(name: &str, model: &Model, want: &Value) {
    let intercept = model.has_intercept.then_some((model.intercept, model.intercept_std_error));
    let got: Vec<(f64, Option<f64>)> =
        intercept.into_iter().chain(model.coefficients.iter().map(|c| (c.coefficient, c.std_error))).collect();
    assert_eq!(got.iter().map(|c| c.0).collect::<Vec<_>>(), numbers(&want["coefficients"]), "{name}: coefficients");
    assert_eq!(got.iter().map(|c| c.1.unwrap()).collect::<Vec<_>>(), numbers(&want["standard_errors"]), "{name}: standard errors");
    let remainders = model.has_intercept.then_some(model.intercept_remainder).into_iter();
    let remainders: Vec<f64> = remainders.chain(model.coefficients.iter().map(|c| c.remainder)).collect();
    let digits = want["coefficients_40_digits"].as_array().unwrap().iter().map(|digits| digits.as_str().unwrap());
    let rest = |(digits, coefficient): (&str, &(f64, Option<f64>))| rest_of(digits, coefficient.0);
    assert_eq!(remainders, digits.zip(&got).map(rest).collect::<Vec<_>>(), "{name}: remainders");
    assert_eq!(model.fit.rss, number(&want["rss"]), "{name}: rss");
    assert_eq!(model.fit.residual_sd, Some(number(&want["residual_sd"])), "{name}: residual sd");
    assert_eq!(model.fit.r_squared, Some(number(&want["r2"])), "{name}: R2");
    assert_eq!(model.fit.rows, want["rows"].as_i64().unwrap(), "{name}: rows");
}

fn terms(want: &Value) -> Vec<&str> {
    want["terms"].as_array().unwrap().iter().filter_map(Value::as_str).filter(|term| *term != "(intercept)").collect()
}

#[test]
fn diabetes_models_are_exact() {
    let sets = reference("reference.json");
    assert_eq!(sets.len(), 6);
    for (name, want) in sets {
        let file = name.split(':').next().unwrap();
        assert_equal(&name, &train(&format!("{DATA}/{file}.csv"), &terms(&want), true), &want);
    }
}

#[test]
fn nist_sets_are_exact() {
    let sets = reference("nist/reference.json");
    assert_eq!(sets.len(), 11);
    for (name, want) in sets {
        let intercept = want["intercept"].as_bool().unwrap();
        assert_equal(&name, &train(&format!("{DATA}/nist/{name}.csv"), &terms(&want), intercept), &want);
    }
}

/// The results of `data/peers/student.json` were computed with mpmath at high precision: see `data/peers`. Ours are f64 and may differ by a
/// relative 1e-12.
#[test]
fn p_values_and_quantiles_agree_with_high_precision_results() {
    let peers: Value = serde_json::from_str(&std::fs::read_to_string(format!("{DATA}/peers/student.json")).unwrap()).unwrap();
    let close = |got: f64, want: f64| ((got - want) / want).abs() < 1e-12;
    let triples = |key: &str| peers[key].as_array().unwrap().iter().map(numbers).collect::<Vec<_>>();
    for row in triples("two_sided_p") {
        let got = samefit_core::student::two_sided_p(row[0], row[1]);
        assert!(close(got, row[2]), "p of t = {} on {}: {got}, want {}", row[0], row[1], row[2]);
    }
    for row in triples("two_sided_quantile") {
        let got = samefit_core::student::two_sided_quantile(row[0], row[1]);
        assert!(close(got, row[2]), "quantile {} on {}: {got}, want {}", row[0], row[1], row[2]);
    }
}
