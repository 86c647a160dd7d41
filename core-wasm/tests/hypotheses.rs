//! Tests of hypotheses against R and statsmodels, against models that are fitted one by one, and against each other.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::fit::fit;
use samefit_core::hypotheses::{compare, test};
use samefit_core::plan::Plan;
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::Summarizer;
use serde_json::{Value, json};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

fn plan(features: &[&str], intercept: bool) -> Plan {
    let features = features.iter().map(|name| (*name).to_owned()).collect();
    Plan { target: Some("y".to_owned()), features: Some(features), intercept, ..Plan::default() }
}

fn summarize(csv: &[u8], terms: &[&str]) -> Statistics {
    let terms = terms.iter().map(|term| (*term).to_owned()).collect();
    let mut summarizer = Summarizer::new(Plan { terms, ..Plan::default() }).unwrap();
    summarizer.push(csv).unwrap();
    summarizer.finish().unwrap()
}

fn diabetes() -> Statistics {
    summarize(&std::fs::read(format!("{DATA}/diabetes.csv")).unwrap(), &["bmi^2", "age*bmi"])
}

fn number(value: &Value) -> f64 {
    value.as_str().map_or_else(|| value.as_f64(), |text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no number"))
}

fn names(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

fn assert_close(what: &str, got: &Value, want: &Value, within: f64) {
    let (got, want) = (number(got), number(want));
    assert!((got - want).abs() <= within * want.abs(), "{what}: {got}, want {want}");
}

/// `data/peers/hypotheses.py` computes in exact fractions, and p with 60 digits.
#[test]
fn tests_are_those_of_exact_fractions() {
    let text = std::fs::read_to_string(format!("{DATA}/peers/hypotheses.json")).unwrap();
    let peers: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(peers.len() > 10);
    for peer in peers {
        let features = names(&peer["features"]);
        let terms: Vec<&str> = features.iter().copied().filter(|name| name.contains(['^', '*'])).collect();
        let statistics = summarize(&std::fs::read(format!("{DATA}/{}", peer["file"].as_str().unwrap())).unwrap(), &terms);
        let restrictions = peer["restrictions"].as_str().unwrap();
        let got = test(&statistics, &plan(&features, peer["intercept"] == true), restrictions).unwrap();
        for (got, key) in [
            (&got["f"], "f"),
            (&got["model"]["rss"], "rss"),
            (&got["restricted"]["rss"], "restricted_rss"),
            (&got["sum_of_squares"], "sum_of_squares"),
        ] {
            // the fractions are given by 30 digits, and ours are rounded once
            assert_eq!(number(got), number(&peer[key]), "{restrictions} on {}: {key}", peer["file"]);
        }
        assert_eq!(got["f_df"], peer["f_df"], "{restrictions}");
        assert_close(restrictions, &got["f_p"], &peer["f_p"], 1e-12);
    }
}

/// `data/peers/anova.R` is R's `anova` of two models; R computes in floats.
#[test]
fn comparisons_are_those_of_r() {
    let peers: Value = serde_json::from_str(&std::fs::read_to_string(format!("{DATA}/peers/anova.json")).unwrap()).unwrap();
    let statistics = diabetes();
    let peers = peers["comparisons"].as_array().unwrap();
    assert!(peers.len() >= 4);
    for peer in peers {
        let (smaller, larger) = (names(&peer["smaller"]), names(&peer["larger"]));
        let got = compare(&statistics, &plan(&smaller, true), &plan(&larger, true)).unwrap();
        let what = format!("{smaller:?} in {larger:?}");
        assert_close(&what, &got["f"], &peer["f"], 1e-9);
        assert_close(&what, &got["smaller"]["rss"], &peer["smaller_rss"], 1e-12);
        assert_close(&what, &got["larger"]["rss"], &peer["larger_rss"], 1e-12);
        assert_eq!(got["f_df"], peer["f_df"], "{what}");
        assert_close(&what, &got["f_p"], &peer["f_p"], 1e-8);
    }
}

#[test]
fn a_comparison_with_the_mean_is_the_f_of_the_model() {
    let statistics = diabetes();
    let larger = plan(&["bmi", "ltg", "age*bmi"], true);
    let (model, got) = (fit(&statistics, &larger).unwrap(), compare(&statistics, &larger, &plan(&[], true)).unwrap());
    assert_eq!((got["f"].as_f64(), got["f_p"].as_f64()), (model.fit.f, model.fit.f_p));
    assert_eq!((got["smaller"]["rss"].as_f64(), got["larger"]["rss"].as_f64()), (model.fit.tss, Some(model.fit.rss)));
    assert_eq!(names(&got["added"]), ["bmi", "ltg", "age*bmi"]);
    assert_eq!(got["larger"], json!({"features": ["bmi", "ltg", "age*bmi"], "intercept": true, "residual_df": 438, "rss": model.fit.rss}));
}

#[test]
fn the_order_of_terms_and_of_models_does_not_matter() {
    let statistics = diabetes();
    let (a, b) = (plan(&["bmi"], true), plan(&["ltg", "age*bmi", "bmi"], true));
    let (one, two) = (compare(&statistics, &a, &b).unwrap(), compare(&statistics, &b, &a).unwrap());
    assert_eq!(one, two);
    let turned = compare(&statistics, &a, &plan(&["bmi", "bmi*age", "ltg"], true)).unwrap();
    assert_eq!((&one["f"], &one["f_p"]), (&turned["f"], &turned["f_p"]));
}

#[test]
fn the_intercept_is_a_term_like_others() {
    let statistics = diabetes();
    let compared = compare(&statistics, &plan(&["bmi"], true), &plan(&["bmi"], false)).unwrap();
    assert_eq!(names(&compared["added"]), ["(intercept)"]);
    assert_eq!(compared["f"], test(&statistics, &plan(&["bmi"], true), "intercept = 0").unwrap()["f"]);
    let error = compare(&statistics, &plan(&["bmi", "ltg"], false), &plan(&["bmi"], true)).unwrap_err();
    assert_eq!((error.code.name(), error.column.as_deref()), ("not-nested", Some("ltg")));
}

#[test]
fn models_that_are_not_nested_are_refused() {
    let statistics = diabetes();
    let error = |a: &[&str], b: &[&str]| compare(&statistics, &plan(a, true), &plan(b, true)).unwrap_err();
    let crossed = error(&["bmi", "age"], &["bmi", "ltg"]);
    assert_eq!(crossed.code.name(), "not-nested");
    assert_eq!(crossed.sentence, "only one model has `age`, and only the other `ltg`");
    assert_eq!(error(&["bmi", "age"], &["age", "bmi"]).sentence, "both models have the same terms");
    let other = Plan { target: Some("age".to_owned()), ..plan(&["bmi"], true) };
    let error = compare(&statistics, &plan(&["bmi", "ltg"], true), &other).unwrap_err();
    assert_eq!(error.sentence, "one model predicts `y`, the other `age`");
}

#[test]
fn what_cannot_be_fitted_cannot_be_tested() {
    let statistics = summarize(b"a,b,y\n1,2,1\n2,4,3\n3,6,4\n4,8,9\n", &[]);
    assert_eq!(compare(&statistics, &plan(&["a"], true), &plan(&["a", "b"], true)).unwrap_err().code.name(), "collinear");
    assert_eq!(test(&statistics, &plan(&["a", "b"], true), "a = b").unwrap_err().code.name(), "collinear");
    assert_eq!(test(&statistics, &plan(&["c"], true), "c = 1").unwrap_err().code.name(), "missing-term");
    assert_eq!(test(&statistics, &plan(&["a"], true), "b = 1").unwrap_err().code.name(), "missing-term");
    // the restricted model may be saturated, the model may not
    let saturated = test(&statistics, &plan(&["a"], true), "a = 2, intercept = 0").unwrap();
    assert_eq!(saturated["f_df"], json!([2, 2]));
}

#[test]
fn tails_beyond_the_smallest_number_are_zero() {
    let rows: String = (0..400).map(|row| format!("{row},{}\n", 1000 * row + row % 2)).collect();
    let got = test(&summarize(format!("x,y\n{rows}").as_bytes(), &[]), &plan(&["x"], true), "x = 0").unwrap();
    assert_eq!((number(&got["f_p"]), number(&got["f"]) > 1e6), (0.0, true));
}

proptest! {
    /// That terms are left out is the restriction that their coefficients are zero.
    #[test]
    fn comparisons_are_tests_of_zeros(
        table in prop::collection::vec(prop::collection::vec(-999i64..999, 5), 8..20), left_out in prop::sample::subsequence(vec![0usize, 1, 2, 3], 1..4),
    ) {
        let rows: String = table.iter().map(|row| format!("{}.5,{},0.{:03},{},{}\n", row[0], row[1], row[2].abs(), row[3], row[4])).collect();
        let statistics = summarize(format!("a,b,c,d,y\n{rows}").as_bytes(), &[]);
        let all = ["a", "b", "c", "d"];
        let kept: Vec<&str> = all.into_iter().enumerate().filter(|(at, _)| !left_out.contains(at)).map(|(_, name)| name).collect();
        let restrictions: Vec<String> = left_out.iter().map(|&at| format!("{} = 0", all[at])).collect();
        let compared = compare(&statistics, &plan(&kept, true), &plan(&all, true));
        let tested = test(&statistics, &plan(&all, true), &restrictions.join(", "));
        prop_assert_eq!(compared.is_ok(), tested.is_ok());
        let (Ok(compared), Ok(tested)) = (compared, tested) else { return Ok(()) };
        for key in ["f", "f_df", "f_p", "sum_of_squares", "rows"] {
            prop_assert_eq!(&compared[key], &tested[key], "{}", key);
        }
        // each sum of squares is that of the model alone
        for (features, got) in [(&kept[..], &compared["smaller"]), (&all[..], &compared["larger"])] {
            let model = fit(&statistics, &plan(features, true)).unwrap();
            prop_assert_eq!(got["rss"].as_f64(), Some(model.fit.rss));
            prop_assert_eq!(got["residual_df"].as_i64(), Some(model.fit.residual_df));
        }
        prop_assert_eq!(&tested["restricted"]["rss"], &compared["smaller"]["rss"]);
    }
}
