//! Summaries of models against results of other programs: `data/peers/summary.py` in exact fractions and 120 digits, R and statsmodels.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use samefit_core::fit::fit;
use samefit_core::model::Model;
use samefit_core::plan::Plan;
use samefit_core::summarizer::Summarizer;
use samefit_core::summary::summary;
use serde_json::{Value, json};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

fn train(csv: &[u8], features: Option<Vec<String>>, intercept: bool) -> Model {
    let plan = Plan { target: Some("y".to_owned()), features, intercept, ..Plan::default() };
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    summarizer.push(csv).unwrap();
    fit(&summarizer.finish().unwrap(), &plan).unwrap()
}

fn peers(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(format!("{DATA}/peers/{name}.json")).unwrap()).unwrap()
}

fn peer_model(peer: &Value) -> Model {
    let csv = match peer["file"].as_str() {
        Some(file) => std::fs::read(format!("{DATA}/{file}")).unwrap(),
        None => peer["csv"].as_str().unwrap().as_bytes().to_vec(),
    };
    let features = peer["features"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    train(&csv, Some(features), peer["intercept"] == true)
}

/// Forgets what a model of format 1 does not have.
fn format_1(model: &Model) -> Model {
    let mut document: Value = serde_json::from_str(&model.to_json()).unwrap();
    document["format"] = json!("samefit-model/1");
    for key in ["tss", "adjusted_r_squared", "f", "f_p"] {
        document["fit"].as_object_mut().unwrap().remove(key);
    }
    for key in ["l_remainder", "d_remainder"] {
        document["leverage"].as_object_mut().unwrap().remove(key);
    }
    for key in ["intercept_remainder", "near_collinear"] {
        document.as_object_mut().unwrap().remove(key);
    }
    for coefficient in document["coefficients"].as_array_mut().unwrap() {
        coefficient.as_object_mut().unwrap().remove("remainder");
        coefficient.as_object_mut().unwrap().remove("tolerance");
    }
    Model::parse(&document.to_string()).unwrap()
}

/// Returns a number, which may be a text.
fn number(value: &Value) -> f64 {
    value.as_str().map_or_else(|| value.as_f64(), |text| text.parse().ok()).unwrap_or_else(|| panic!("{value} is no number"))
}

fn assert_close(what: &str, got: &Value, want: &Value, within: f64) {
    let (got, want) = (number(got), number(want));
    assert!((got - want).abs() <= within * want.abs(), "{what}: {got}, want {want}: {:e}", (got - want) / want);
}

/// Asserts that entries of two matrices differ by at most `within` times the root of the product of the diagonal entries.
fn assert_covariances_close(what: &str, got: &Value, want: &Value, within: f64) {
    let size = want.as_array().unwrap().len();
    for i in 0..size {
        for j in 0..size {
            let scale = (number(&want[i][i]) * number(&want[j][j])).sqrt();
            let error = (number(&got[i][j]) - number(&want[i][j])).abs() / scale;
            assert!(error <= within, "{what}: covariance ({i}, {j}): {error:e}");
        }
    }
}

/// Asserts that no number of a document is missing or not finite, apart from the named keys.
fn assert_numbers(what: &str, value: &Value, may_be_null: &[&str]) {
    match value {
        Value::Object(map) => map.iter().filter(|(key, _)| !may_be_null.contains(&key.as_str())).for_each(|(key, value)| {
            assert_numbers(&format!("{what}.{key}"), value, may_be_null);
        }),
        Value::Array(items) => items.iter().for_each(|item| assert_numbers(what, item, may_be_null)),
        Value::Null => panic!("{what} is null"),
        Value::Number(number) => assert!(number.as_f64().unwrap().is_finite(), "{what}: {number}"),
        _ => {}
    }
}

/// Compares a summary of level 0.95 with a peer. Sums of a few terms are rounded each, hence the first tolerance; `ill` is that of numbers
/// which follow from the inverse of X'X.
fn assert_summary(peer: &Value, model: &Model, ill: f64) {
    let name = format!("{} on {}", peer["name"], peer["features"]);
    let got = summary(model, 0.95).unwrap();
    let few = 1e-12;
    for key in ["rss", "tss", "adjusted_r_squared", "f", "f_p", "log_likelihood", "aic", "bic"] {
        assert_close(&format!("{name}: {key}"), &got[key], &peer[key], few);
    }
    let first = usize::from(model.has_intercept);
    let rows = got["coefficients"].as_array().unwrap();
    assert_eq!(rows.len(), model.coefficients.len() + first);
    for (i, row) in rows.iter().enumerate() {
        let what = format!("{name}: {}", row["name"]);
        assert_close(&what, &row["t"], &peer["t"][i], few);
        assert_close(&what, &row["p"], &peer["p"][i], few);
        // rounding is relative to the larger of the coefficient and its margin
        let scale = number(&row["coefficient"]).abs().max(number(&row["std_error"]));
        for (end, key) in ["lower", "upper"].into_iter().enumerate() {
            let error = (number(&row[key]) - number(&peer["bounds"]["0.95"][i][end])).abs() / scale;
            assert!(error <= few, "{what}: {key}: {error:e}");
        }
        if i >= first {
            assert_close(&what, &row["tolerance"], &peer["tolerance"][i - first], ill);
            assert_close(&what, &json!(1.0 / number(&row["vif"])), &peer["tolerance"][i - first], ill);
        } else {
            assert!(row["tolerance"].is_null() && row["vif"].is_null());
        }
        let variance = number(&row["std_error"]).powi(2);
        assert_close(&what, &got["covariance"][i][i], &json!(variance), ill);
    }
    assert_covariances_close(&name, &got["covariance"], &peer["covariance"], ill);
    let collinearity = &got["collinearity"];
    for (k, want) in peer["condition_indices"].as_array().unwrap().iter().enumerate() {
        assert_close(&format!("{name}: condition index {k}"), &collinearity["condition_indices"][k], want, ill.max(1e-11));
        for (i, want) in peer["variance_proportions"][k].as_array().unwrap().iter().enumerate() {
            let error = (number(&collinearity["variance_proportions"][k][i]) - number(want)).abs();
            assert!(error <= ill.max(1e-11), "{name}: proportion ({k}, {i}): {error:e}");
        }
    }
    assert_numbers(&name, &got, &["target", "tolerance", "vif", "relation", "within"]);
}

#[test]
fn summaries_are_those_of_exact_fractions() {
    let peers = peers("summary");
    assert_eq!(peers.as_array().unwrap().len(), 10);
    for peer in peers.as_array().unwrap() {
        let model = peer_model(peer);
        let has_remainders = !model.leverage.l_remainder.is_empty();
        let ill = !has_remainders && ["filip", "weather", "longley"].contains(&peer["name"].as_str().unwrap());
        if !ill {
            assert_summary(peer, &model, 1e-12);
        }
    }
}

#[test]
fn models_of_format_1_lose_only_the_digits_that_they_lack() {
    for peer in peers("summary").as_array().unwrap() {
        let name = peer["name"].as_str().unwrap();
        let model = format_1(&peer_model(peer));
        match name {
            "filip" | "weather" => {
                let got = summary(&model, 0.95).unwrap();
                assert_numbers(name, &got, &["target", "tolerance", "vif"]);
            }
            // L and D have 53 bits, of which the condition takes some
            "longley" => assert_summary(peer, &model, 1e-9),
            _ => assert_summary(peer, &model, 1e-11),
        }
    }
}

#[test]
fn levels_other_than_95_percent() {
    for peer in peers("summary").as_array().unwrap() {
        let model = peer_model(peer);
        for level in ["0.9", "0.5"] {
            let got = summary(&model, level.parse().unwrap()).unwrap();
            assert_eq!(got["level"], json!(level.parse::<f64>().unwrap()));
            for (i, row) in got["coefficients"].as_array().unwrap().iter().enumerate() {
                let scale = number(&row["coefficient"]).abs().max(number(&row["std_error"]));
                let error = (number(&row["lower"]) - number(&peer["bounds"][level][i][0])).abs() / scale;
                assert!(error < 1e-12, "{}: {level}: {error:e}", row["name"]);
            }
        }
    }
    let model = train(b"x,y\n1,1\n2,3\n3,4\n", None, true);
    for level in [0.0, 1.0, -0.5, 1.5, 95.0, f64::NAN, f64::INFINITY] {
        assert_eq!(summary(&model, level).unwrap_err().code.name(), "level");
    }
    assert_eq!(summary(&model, 95.0).unwrap_err().text(), "found `95`, expected a level between 0 and 1\nwrite 95 % as 0.95");
}

#[test]
fn r_and_statsmodels_say_the_same() {
    let peers = peers("summary_r_statsmodels");
    let csv = std::fs::read(format!("{DATA}/diabetes.csv")).unwrap();
    let got = summary(&train(&csv, None, true), 0.95).unwrap();
    for (key, parameters) in [("aic", 2.0), ("bic", 442f64.ln())] {
        assert_close(key, &got[key], &peers["r"][key], 1e-13);
        // statsmodels does not count the variance as a parameter
        assert_close(key, &json!(number(&got[key]) - parameters), &peers["statsmodels"][key], 1e-13);
    }
    for (at, row) in got["coefficients"].as_array().unwrap()[1..].iter().enumerate() {
        // both work in floats; R's are captured with 15 digits
        assert_close("vif", &row["vif"], &peers["r"]["vif"][at], 1e-12);
        assert_close("vif", &row["vif"], &peers["statsmodels"]["vif"][at], 1e-12);
    }
    for (k, want) in peers["statsmodels"]["condition_indices"].as_array().unwrap().iter().enumerate() {
        assert_close("condition index", &got["collinearity"]["condition_indices"][k], want, 1e-12);
    }
}

#[test]
fn a_saturated_model_has_no_intervals_and_no_tests() {
    let got = summary(&train(b"x,y\n1,1\n2,3\n", None, true), 0.95).unwrap();
    assert_eq!(got["residual_df"], 0);
    for key in ["residual_sd", "adjusted_r_squared", "f", "f_df", "f_p", "log_likelihood", "aic", "bic", "covariance"] {
        assert!(got[key].is_null(), "{key}: {}", got[key]);
    }
    for row in got["coefficients"].as_array().unwrap() {
        assert!(row["std_error"].is_null() && row["lower"].is_null() && row["upper"].is_null());
    }
    assert_close("VIF of one feature", &got["coefficients"][1]["vif"], &json!(1.0), 1e-15);
    assert_numbers("collinearity", &got["collinearity"], &[]);
}

#[test]
fn a_perfect_fit_has_no_likelihood_and_no_f() {
    let got = summary(&train(b"x,y\n1,1\n2,3\n3,5\n", None, true), 0.95).unwrap();
    for key in ["f", "f_p", "log_likelihood", "aic", "bic"] {
        assert!(got[key].is_null(), "{key}: {}", got[key]);
    }
    assert_eq!((&got["f_df"], &got["r_squared"], &got["rss"]), (&json!([1, 1]), &json!(1.0), &json!(0.0)));
    let slope = &got["coefficients"][1];
    assert_eq!((&slope["lower"], &slope["upper"], &got["covariance"]), (&json!(2.0), &json!(2.0), &json!([[0.0, 0.0], [0.0, 0.0]])));
}

#[test]
fn a_constant_target_and_a_model_of_the_mean() {
    let constant = summary(&train(b"x,y\n1,4\n2,4\n3,4\n", None, true), 0.95).unwrap();
    assert!(constant["r_squared"].is_null() && constant["f"].is_null() && constant["adjusted_r_squared"].is_null());
    let mean = summary(&train(b"y\n1\n2\n6\n", Some(Vec::new()), true), 0.95).unwrap();
    assert_eq!((&mean["f_df"], mean["coefficients"].as_array().unwrap().len()), (&Value::Null, 1));
    assert!(mean["f"].is_null() && mean["f_p"].is_null());
    assert_eq!(mean["collinearity"], json!({"condition_indices": [1.0], "variance_proportions": [[1.0]]}));
}

/// Columns of numbers near the ends of what can be read have finite summaries.
#[test]
fn numbers_of_any_size_are_finite_or_null() {
    for exponent in [-58, -30, 30, 57] {
        let csv = format!(
            "a,b,y\n1e{exponent},3e{exponent},1\n2e{exponent},1e{exponent},3\n4e{exponent},1e{exponent},4\n7e{exponent},2e{exponent},9\n"
        );
        let got = summary(&train(csv.as_bytes(), None, true), 0.95).unwrap();
        assert_numbers("summary", &got, &["target", "tolerance", "vif"]);
        let unscaled = summary(&train(b"a,b,y\n1,3,1\n2,1,3\n4,1,4\n7,2,9\n", None, true), 0.95).unwrap();
        for (row, want) in got["coefficients"].as_array().unwrap()[1..].iter().zip(&unscaled["coefficients"].as_array().unwrap()[1..]) {
            assert_close("tolerance", &row["tolerance"], &want["tolerance"], 1e-14);
        }
    }
}
