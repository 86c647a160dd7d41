//! Models with categories, of rows with and without weights: against models of explicit columns of zeros and ones, and against R.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod category_table;

use category_table::Table;
use proptest::prelude::*;
use samefit_core::design::Design;
use samefit_core::error::{Code, Result};
use samefit_core::fit::fit;
use samefit_core::hypotheses::{compare, test};
use samefit_core::model::Model;
use samefit_core::plan::{Collinear, Plan};
use samefit_core::quality::judge;
use samefit_core::solve::{NormalEquations, Solution, constant_columns, least_squares};
use samefit_core::summary::summary;
use samefit_core::terms::Term;
use samefit_testing::cases;
use serde_json::Value;
use std::borrow::Cow;

fn plan(features: &[&str], intercept: bool) -> Plan {
    let features = features.iter().map(|name| (*name).to_owned()).collect();
    Plan { target: Some("y".to_owned()), features: Some(features), intercept, ..Plan::default() }
}

/// The table of a complaint: three sites, three doses.
fn sites() -> Table {
    let site = ["1", "1", "1", "2", "2", "2", "3", "3", "3"];
    let y = [102, 119, 141, 31, 50, 68, 80, 101, 119];
    Table::new(1).category("site", &site).number("dose", &[10, 20, 30, 10, 20, 30, 10, 20, 30]).number("y", &y)
}

/// Solves the normal equations of explicit columns: of the terms of a model, in an order of its columns.
fn explicit(table: &Table, terms: &[Term], plan: &Plan, order: &[usize]) -> Result<Solution> {
    let moments = table.explicit(terms, "y");
    let all: Vec<usize> = (usize::from(!plan.intercept)..=terms.len()).collect();
    // the levels of a feature of categories add up to the constant; columns of numbers may do so by chance
    let is_of_categories = |feature: &String| feature.split('*').all(|factor| table.is_category(factor));
    let has_category = plan.features.iter().flatten().any(is_of_categories);
    let places: Vec<usize> = order.iter().map(|&at| all[at]).collect();
    let constant = match plan.intercept {
        true => places.iter().position(|&place| place == 0).map(|at| vec![at]),
        false => constant_columns(&moments, &places).filter(|_| has_category),
    };
    let design = places.iter().map(|&place| (place, if place == 0 { "(intercept)".to_owned() } else { format!("c{place}") })).collect();
    let target = terms.len() + 1;
    least_squares(&NormalEquations {
        moments: Cow::Borrowed(&moments),
        rows: table.rows() as i64,
        design,
        target,
        constant,
        multipliers: Vec::new(),
    })
}

/// Asserts that a model has the numbers of the solution of explicit columns, to the bit.
fn assert_explicit(table: &Table, model: &Model, plan: &Plan) {
    let terms = model.terms().unwrap();
    let count = terms.len() + usize::from(plan.intercept);
    let want = explicit(table, &terms, plan, &(0..count).collect::<Vec<_>>()).unwrap();
    let first = usize::from(plan.intercept);
    if plan.intercept {
        let intercept = &want.coefficients[0];
        let got = (model.intercept, model.intercept_remainder, model.intercept_std_error, model.intercept_t);
        assert_eq!(got, (intercept.value, intercept.remainder, intercept.std_error, intercept.t));
    }
    for (got, want) in model.coefficients.iter().zip(&want.coefficients[first..]) {
        let numbers = (got.coefficient, got.remainder, got.std_error, got.t, got.tolerance);
        assert_eq!(numbers, (want.value, want.remainder, want.std_error, want.t, want.tolerance), "{}", got.name);
    }
    let fit = &model.fit;
    let got = (fit.rss, fit.tss, fit.residual_sd, fit.r_squared, fit.adjusted_r_squared, fit.f, fit.residual_df, model.model_df());
    let want_fit =
        (want.rss, Some(want.tss), want.residual_sd, want.r_squared, want.adjusted_r_squared, want.f, want.residual_df, want.model_df);
    assert_eq!(got, want_fit);
    let order = model.leverage.order.clone().unwrap_or_else(|| (0..count).collect());
    let want = explicit(table, &terms, plan, &order).unwrap();
    assert_eq!((&model.leverage.d, &model.leverage.d_remainder), (&want.d, &want.d_remainder));
    // a factor without categories keeps the zeros at the beginning of its rows
    let is_whole = model.leverage.order.is_none();
    let filled = |rows: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let row = |(at, row): (usize, &Vec<f64>)| [vec![0.0; if is_whole { at - row.len() } else { 0 }], row.clone()].concat();
        rows.iter().enumerate().map(row).collect()
    };
    assert_eq!((&model.leverage.l, &model.leverage.l_remainder), (&filled(&want.l), &filled(&want.l_remainder)));
}

#[test]
fn sites_are_levels_and_not_quantities() {
    let table = sites();
    let plan = plan(&["site", "dose"], true);
    let model = fit(&table.statistics(&[]), &plan).unwrap();
    let names: Vec<&str> = model.coefficients.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["site[2]", "site[3]", "dose"]);
    let rounded = |value: f64| (value * 1e5).round() / 1e5;
    assert_eq!(rounded(model.intercept), 8.23333);
    assert_eq!(model.coefficients.iter().map(|c| rounded(c.coefficient)).collect::<Vec<_>>(), [-7.1, -2.06667, 1.91667]);
    assert_eq!((rounded(model.fit.r_squared.unwrap()), rounded(model.fit.residual_sd.unwrap())), (0.9993, 0.11972));
    assert_eq!(model.leverage.order, Some(vec![1, 2, 0, 3]));
    assert_eq!(model.leverage.l.iter().map(Vec::len).collect::<Vec<_>>(), [0, 0, 2, 3]);
    let site = &model.columns[0];
    assert_eq!(
        site.levels.as_ref().unwrap().iter().map(|level| (level.level.text(), level.rows.unwrap())).collect::<Vec<_>>(),
        [("1", 3), ("2", 3), ("3", 3)]
    );
    assert_eq!(site.reference.as_ref().map(|level| level.text()), Some("1"));
    assert_explicit(&table, &model, &plan);
}

#[test]
fn the_reference_is_chosen() {
    let table = sites();
    let with = |text: &str| Plan { reference: [("site".to_owned(), text.to_owned())].into(), ..plan(&["site"], true) };
    let model = fit(&table.statistics(&[]), &with("3")).unwrap();
    assert_eq!(model.coefficients.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["site[1]", "site[2]"]);
    assert_eq!(model.columns[0].reference.as_ref().map(|level| level.text()), Some("3"));
    let error = fit(&table.statistics(&[]), &with("4")).unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), (Code::Reference, Some("site")));
    let other = Plan { reference: [("dose".to_owned(), "1".to_owned())].into(), ..plan(&["site"], true) };
    assert_eq!(fit(&table.statistics(&[]), &other).unwrap_err().code, Code::Reference);
}

#[test]
fn a_schema_names_the_reference_and_refuses_codes_as_quantities() {
    let schema = r#"{"format": "samefit-schema/1", "target": {"column": "y"}, "columns": [{"name": "site", "kind": "category",
        "categories": [{"value": "9", "title": "Bonn"}, {"value": "2", "title": "Ulm"}, {"value": "1", "title": "Kiel"}]}]}"#;
    let plan = Plan { schema: Some(serde_json::from_str(schema).unwrap()), ..plan(&["site"], true) };
    let model = fit(&sites().statistics(&[]), &plan).unwrap();
    assert_eq!(model.columns[0].reference.as_ref().map(|level| level.text()), Some("2"));
    assert!(model.columns[0].schema.is_some());
    let as_numbers = Table::new(0).number("site", &[1, 2, 3, 1]).number("y", &[1, 2, 5, 7]);
    assert_eq!(fit(&as_numbers.statistics(&[]), &plan).unwrap_err().code, Code::StatisticsDiffer);
}

/// The columns of a design of two categories and a number.
fn columns(features: &[&str], intercept: bool) -> Vec<String> {
    let table = Table::new(0)
        .category("a", &["p", "p", "q", "q", "r", "r"])
        .category("b", &["u", "v", "u", "v", "u", "v"])
        .number("x", &[1, 2, 3, 4, 5, 6])
        .number("y", &[1, 2, 3, 4, 5, 7]);
    Design::new(&table.statistics(&[]), &plan(features, intercept)).unwrap().names()
}

#[test]
fn categories_are_coded_as_patsy_does() {
    let cases: [(&[&str], bool, &[&str]); 7] = [
        (&["a"], true, &["(intercept)", "a[q]", "a[r]"]),
        (&["a"], false, &["a[p]", "a[q]", "a[r]"]),
        (&["a", "b"], false, &["a[p]", "a[q]", "a[r]", "b[v]"]),
        (&["a*x"], true, &["(intercept)", "a[p]*x", "a[q]*x", "a[r]*x"]),
        (&["a*x", "x"], true, &["(intercept)", "a[q]*x", "a[r]*x", "x"]),
        (&["a", "b", "a*b"], true, &["(intercept)", "a[q]", "a[r]", "b[v]", "a[q]*b[v]", "a[r]*b[v]"]),
        (&["a*b"], false, &["a[p]*b[u]", "a[p]*b[v]", "a[q]*b[u]", "a[q]*b[v]", "a[r]*b[u]", "a[r]*b[v]"]),
    ];
    for (features, intercept, want) in cases {
        assert_eq!(columns(features, intercept), want, "{features:?}");
    }
}

#[test]
fn what_levels_cannot_be_used_for_is_refused() {
    let table = Table::new(0)
        .category("a", &["p", "q", "p", "q"])
        .category("b", &["u", "v", "v", "u"])
        .category("c", &["u", "v", "v", "u"])
        .category("one", &["u", "u", "u", "u"])
        .number("x", &[1, 2, 3, 4])
        .number("y", &[1, 2, 3, 5]);
    let statistics = table.statistics(&[]);
    for (features, code) in
        [(vec!["a^2"], Code::Term), (vec!["one"], Code::ConstantColumn), (vec!["z"], Code::MissingTerm), (vec!["a*x^2"], Code::MissingTerm)]
    {
        assert_eq!(fit(&statistics, &plan(&features, true)).unwrap_err().code, code, "{features:?}");
    }
    let target = Plan { target: Some("b".to_owned()), ..plan(&["x"], true) };
    assert_eq!(fit(&statistics, &target).unwrap_err().code, Code::Target);
}

#[test]
fn cells_without_rows_have_no_coefficient() {
    let table = Table::new(0)
        .category("a", &["p", "p", "q", "q", "r", "p", "q", "r"])
        .category("b", &["u", "v", "u", "v", "u", "u", "v", "u"])
        .number("y", &[1, 2, 3, 4, 5, 7, 1, 3]);
    let plan = plan(&["a", "b", "a*b"], true);
    let model = fit(&table.statistics(&[]), &plan).unwrap();
    assert_eq!(model.coefficients.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["a[q]", "a[r]", "b[v]", "a[q]*b[v]"]);
    let notes = model.notes();
    assert_eq!((notes.len(), notes[0].code), (1, Code::EmptyCells));
    assert_eq!(notes[0].sentence, "no row has `a[r]*b[v]`; they have no coefficient and no prediction");
    assert_explicit(&table, &model, &plan);
}

#[test]
fn dependent_columns_are_named_or_left_out() {
    // each ward is of one site
    let table = Table::new(0)
        .category("site", &["m", "m", "m", "n", "n", "n"])
        .category("ward", &["1", "1", "2", "3", "3", "3"])
        .number("y", &[1, 2, 3, 4, 5, 7]);
    let statistics = table.statistics(&[]);
    let refused = plan(&["site", "ward"], true);
    let error = fit(&statistics, &refused).unwrap_err();
    assert_eq!((error.code, error.found.as_deref()), (Code::Collinear, Some("ward[3] = site[n]")));
    let dropped = Plan { collinear: Collinear::Drop, ..refused };
    let model = fit(&statistics, &dropped).unwrap();
    assert_eq!(model.coefficients.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["site[n]", "ward[2]"]);
    assert_eq!(model.notes()[0].sentence, "`ward[3]` is left out: ward[3] = site[n] in every row");
    assert_explicit(&table, &model, &dropped);
}

#[test]
fn hypotheses_know_levels_and_whole_features() {
    let table = sites();
    let statistics = table.statistics(&[]);
    let larger = plan(&["site", "dose"], true);
    let comparison = compare(&statistics, &larger, &plan(&["dose"], true)).unwrap();
    let whole = test(&statistics, &larger, "site = 0").unwrap();
    let levels = test(&statistics, &larger, "site[2] = 0, site[3] = 0").unwrap();
    for key in ["f", "f_df", "f_p", "sum_of_squares"] {
        assert_eq!(comparison[key], whole[key], "{key}");
        assert_eq!(levels[key], whole[key], "{key}");
    }
    assert_eq!(whole["f_df"], serde_json::json!([2, 5]));
    assert_eq!(test(&statistics, &larger, "site = 1").unwrap_err().code, Code::Restriction);
    assert_eq!(test(&statistics, &larger, "site = 0, site[2] = 0").unwrap_err().code, Code::Restriction);
    assert_eq!(comparison["added"], serde_json::json!(["site[2]", "site[3]"]));
    let summary = summary(&fit(&statistics, &larger).unwrap(), 0.95).unwrap();
    assert_eq!(summary["f_df"], serde_json::json!([3, 5]));
}

/// A number within the last bits of another, which arithmetic of two parts reaches.
fn near(got: &Value, want: f64) -> bool {
    got.as_f64().is_some_and(|got| (got / want - 1.0).abs() < 1e-14)
}

#[test]
fn summaries_test_features_together() {
    let table = Table::new(0)
        .category("a", &["p", "p", "q", "q", "r", "r", "p", "q", "r", "r"])
        .category("b", &["u", "v", "u", "v", "v", "u", "u", "v", "v", "v"])
        .number("x", &[1, 2, 3, 4, 5, 7, 2, 6, 1, 9])
        .number("y", &[1, 2, 3, 5, 8, 7, 1, 3, 4, 2]);
    let statistics = table.statistics(&[]);
    for (features, intercept) in [(vec!["x", "a", "b"], true), (vec!["a", "b", "x"], false), (vec!["a", "x", "a*x"], true)] {
        let plan = plan(&features, intercept);
        let summary = summary(&fit(&statistics, &plan).unwrap(), 0.95).unwrap();
        for feature in summary["features"].as_array().unwrap() {
            let want = test(&statistics, &plan, &format!("{} = 0", feature["name"].as_str().unwrap())).unwrap();
            assert_eq!(feature["f_df"], want["f_df"]);
            assert!(near(&feature["f"], want["f"].as_f64().unwrap()), "{feature} {want}");
            assert!((feature["f_p"].as_f64().unwrap() / want["f_p"].as_f64().unwrap() - 1.0).abs() < 1e-12);
        }
    }
    // determinants of the centred Gram matrix in exact fractions, and what car::vif(lm(y ~ x + a + b)) calls GVIF^(1/(2*Df))
    let summary = summary(&fit(&statistics, &plan(&["x", "a", "b"], true)).unwrap(), 0.95).unwrap();
    let vif = |at: usize| (&summary["features"][at]["generalised_vif"], &summary["features"][at]["generalised_vif_root"]);
    for (at, vif_want, root) in [(0, 1.7785714285714285, 1.15482938963812), (1, 1.1523809523809523, 1.0734900802433864)] {
        assert!(near(vif(at).0, vif_want) && near(vif(at).1, root), "{:?}", vif(at));
    }
    // one column: the ordinary factor
    assert!(near(vif(1).0, summary["coefficients"][4]["vif"].as_f64().unwrap()));
}

fn tables() -> impl Strategy<Value = Table> {
    let row = (0usize..4, 0usize..3, -9i64..9, -9i64..9, -99i64..99, 0usize..2, 0usize..3);
    let weights = prop::option::of(prop::collection::vec(prop_oneof![1 => Just(0i64), 5 => 1i64..40], 40));
    (prop::collection::vec(row, 3..40), weights).prop_map(|(rows, weights)| {
        let text = |at: usize, names: &[&'static str]| names[at];
        let a: Vec<&str> = rows.iter().map(|row| text(row.0, &["p", "10", "9", "q"])).collect();
        let b: Vec<&str> = rows.iter().map(|row| text(row.1, &["u", "v", "w"])).collect();
        let c: Vec<&str> = rows.iter().map(|row| text(row.5, &["no", "yes"])).collect();
        let d: Vec<&str> = rows.iter().map(|row| text(row.6, &["1", "2", "3"])).collect();
        let number = |pick: fn(&DrawnRow) -> i64| rows.iter().map(pick).collect::<Vec<_>>();
        Table::new(1)
            .category("a", &a)
            .category("b", &b)
            .category("c", &c)
            .category("d", &d)
            .number("x", &number(|row| row.2))
            .number("z", &number(|row| row.3))
            .number("y", &number(|row| row.4))
            .weights(weights)
    })
}

/// The levels of two categories, three numbers, and the levels of two more categories.
type DrawnRow = (usize, usize, i64, i64, i64, usize, usize);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(96)))]

    #[test]
    fn models_are_those_of_explicit_columns(table in tables(), features in prop::sample::select(FEATURES), intercept: bool, drop: bool) {
        let collinear = if drop { Collinear::Drop } else { Collinear::Error };
        let plan = Plan { collinear, ..plan(features, intercept) };
        let statistics = table.statistics(&["x*z"]);
        match fit(&statistics, &plan) {
            Ok(model) => {
                assert_explicit(&table, &model, &plan);
                let rmse = judge(&model, &statistics, 1e9).unwrap().report.rmse;
                let want = (model.fit.rss / model.total_weight()).sqrt();
                prop_assert!((rmse - want).abs() <= 1e-13 * want.max(1e-6), "{} {}", rmse, want);
                prop_assert_eq!(Model::parse(&model.to_json()).unwrap().to_json(), model.to_json());
            }
            Err(error) => {
                // a category of one level has no explicit column
                let Ok(design) = Design::new(&statistics, &plan) else { return Ok(()) };
                let terms: Vec<Term> = design.columns.iter().map(|column| column.term.clone()).collect();
                let count = terms.len() + usize::from(intercept);
                let want = explicit(&table, &terms, &plan, &(0..count).collect::<Vec<_>>()).unwrap_err();
                prop_assert_eq!(error.code, want.code);
                prop_assert!(error.code == Code::TooFewRows || !drop);
            }
        }
    }
}

const FEATURES: &[&[&str]] = &[
    &["a"],
    &["x", "a"],
    &["a", "x", "a*x"],
    &["a*x"],
    &["a", "b"],
    &["a", "b", "a*b"],
    &["a*b"],
    &["b*a", "a*x", "z"],
    &["a*b*x", "b"],
    &["x*z", "a*x*z", "b"],
    &["x", "z"],
    &["a*b", "c"],
    &["a", "b", "c", "b*c", "a*x"],
    &["a*b*c"],
    &["c", "b", "d*c*b", "x"],
    &["c*d*x", "b*c", "x"],
    &["b*c", "c*d", "a"],
];
