//! Compares pictures and pages with files in `pictures`, which people can open. `SAMEFIT_BLESS=1` rewrites the files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;

use samefit_render::bins::{Bin, rebin};
use samefit_render::curve::{Curve, CurvePoint};
use samefit_render::documents::Model;
use samefit_render::dot_plot::{Dot, DotPlot};
use samefit_render::format::NumberFormat;
use samefit_render::heat_map::HeatMap;
use samefit_render::histogram::Histogram;
use samefit_render::pages;
use samefit_render::prediction::{Prediction, PredictionPlot};
use samefit_render::waterfall::{Step, Waterfall};

fn check(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pictures").join(name);
    if std::env::var_os("SAMEFIT_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{name} differs: look at it after SAMEFIT_BLESS=1 cargo test -p samefit-render");
    assert_strict(found);
}

/// Asserts that a strict Content-Security-Policy shows everything, and that every picture has a label for screen readers.
fn assert_strict(markup: &str) {
    for forbidden in ["style=", "<script", "onclick", "http-equiv"] {
        assert!(!markup.contains(forbidden), "{forbidden}");
    }
    assert_eq!(markup.matches("<svg").count(), markup.matches("role=\"img\" aria-label=\"").count());
}

fn model() -> Model {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../web/model/model.json")).unwrap();
    Model::new(serde_json::from_str(&text).unwrap())
}

const POINT: NumberFormat = NumberFormat { decimal: '.' };
const COMMA: NumberFormat = NumberFormat { decimal: ',' };

fn prediction(label: &str, value: f64, interval: Option<(f64, f64)>) -> Prediction {
    Prediction { label: label.to_owned(), value, interval }
}

#[test]
fn predictions() {
    let model = model();
    let target = model.target_column().unwrap();
    let bins = rebin(&target.bins(), 18);
    let draw = |width, predictions: &[Prediction]| {
        PredictionPlot {
            width,
            format: POINT,
            digits: 0,
            observed: target.range(),
            bins: &bins,
            predictions,
            axis: "Progression",
            bars_label: "Training",
            label: "One",
        }
        .svg()
        .into_string()
    };
    check("prediction.svg", &draw(700.0, &[prediction("", 200.6, Some((90.4, 310.8)))]));
    check("prediction-two.svg", &draw(340.0, &[prediction("A", 60.2, Some((-50.0, 170.1))), prediction("B", 290.0, Some((180.0, 400.0)))]));
    check("prediction-bare.svg", &draw(340.0, &[prediction("", 100.0, None)]));
}

#[test]
fn waterfalls() {
    let steps = [("Body mass index", "32.1 kg/m²", 30.4), ("Sex <coded>", "Code 2", -12.1), ("Glucose", "87 mg/dL", -0.04)]
        .map(|(label, detail, amount)| Step { label: label.to_owned(), detail: detail.to_owned(), amount });
    let draw = |width| {
        let (start, end) = (("Average", 152.0), ("This", 170.26));
        Waterfall { width, format: COMMA, digits: 0, start, steps: &steps, end, axis: "Prediction", label: "Steps" }.svg().into_string()
    };
    check("waterfall.svg", &draw(700.0));
    check("waterfall-narrow.svg", &draw(330.0));
}

#[test]
fn curves() {
    let point = |at: f64| CurvePoint { at, value: 3.0 * at, interval: Some((3.0 * at - 100.0, 3.0 * at + 100.0)) };
    let points: Vec<CurvePoint> = (18..=45).map(|at| point(f64::from(at))).collect();
    let draw = |points: &[CurvePoint], training_range| {
        let (now, moved) = (Some(point(32.0)), Some(point(40.0)));
        let words = ("BMI (kg/m²)", "Prediction", "training", "A curve");
        Curve {
            width: 600.0,
            format: POINT,
            points,
            training_range,
            now,
            moved,
            x_axis: words.0,
            y_axis: words.1,
            training_label: words.2,
            label: words.3,
        }
        .svg()
        .into_string()
    };
    check("curve.svg", &draw(&points, Some((18.0, 42.5))));
}

#[test]
fn dots() {
    let dot = |label: &str, value: f64, is_own| {
        let interval = Some((value - 45.0, value + 45.0));
        Dot { label: label.to_owned(), value, interval, is_own, is_chosen: label == "North" }
    };
    let all = [dot("North", 152.0, false), dot("South <coded>", 170.3, true), dot("A ward with a title that is long", 88.0, false)];
    let draw = |width| DotPlot { width, format: COMMA, digits: 0, dots: &all, axis: "Prediction", label: "Levels" }.svg().into_string();
    check("dots.svg", &draw(600.0));
    check("dots-narrow.svg", &draw(330.0));
}

#[test]
fn heat_maps_and_histograms() {
    let counts: Vec<f64> = (0..64).map(|at| if at % 9 == 0 { f64::from(1 << (at / 9)) } else { 0.0 }).collect();
    let heat = HeatMap {
        width: 400.0,
        format: POINT,
        counts: &counts,
        columns: 8,
        x: (0.0, 8.0),
        y: (0.0, 8.0),
        line: Some(((0.0, 0.0), (8.0, 8.0))),
        axes: ("Predicted", "Observed"),
        label: "A map",
    };
    check("heat.svg", &heat.svg().into_string());
    let bins: Vec<Bin> = (-3..3).map(|at| Bin { from: f64::from(at), to: f64::from(at + 1), count: f64::from(9 - at * at) }).collect();
    let histogram =
        Histogram { width: 400.0, height: 100.0, format: POINT, bins: &bins, axis: Some("Residual"), mark: Some(0.0), label: "Bars" };
    check("histogram.svg", &histogram.svg().into_string());
}

#[test]
fn whole_pages() {
    check("model.html", &pages::model(model().document));
    let profile = serde_json::json!({"rows": 3, "columns": [
        {"name": "bmi", "mean": 25.3, "sd": 4.29, "min": 21.5, "max": 32.5, "missing": 0, "text": 0, "distribution": {"21.5": 1, "32": 2}},
        {"name": "<note>", "mean": null, "sd": null, "min": null, "max": null, "missing": 1, "text": 2, "distribution": null}]});
    check("profile.html", &pages::profile(&profile, "clinic.csv"));
}

#[test]
fn a_page_says_about_where_a_range_is_not_exact() {
    let exact = serde_json::json!({"name": "age", "mean": 48.5, "sd": 13.1, "min": 19.0, "max": 79.0, "range_is_exact": true,
        "distribution": {"values": {"19": 1, "79": 1}, "bins": {}}});
    let in_bins =
        serde_json::json!({"name": "y", "mean": 152.1, "sd": 77.1, "min": 25.0, "max": 348.0, "distribution": {"25": 1, "346": 1}});
    let page = pages::model(serde_json::json!({"columns": [exact, in_bins], "target": {"column": "y"}}));
    for cell in ["<td>19</td>", "<td>79</td>", "<td>about 25</td>", "<td>about 348</td>"] {
        assert!(page.contains(cell), "{cell} is not in {page}");
    }
}
