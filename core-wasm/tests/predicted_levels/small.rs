//! A small model with a category, by hand.

use crate::table;
use samefit_core::decimal::{Decimal, parse};
use samefit_core::entry::Form;
use samefit_core::level::Level;
use samefit_core::model::Model;
use samefit_core::plan::{Format, OnError, Plan};
use samefit_core::predict::{Batch, Interval, Predictor};
use samefit_core::quality::{RecordWriter, judge};
use samefit_core::residuals::Residuals;
use samefit_core::schema::Schema;
use samefit_core::statistics::{CategorySums, LevelSums, Moments, Statistics, SummedColumn};
use samefit_core::summary::summary;
use samefit_core::terms::Term;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The training data: x and the site.
const ROWS: [(i64, &str); 4] = [(1, "a"), (2, "a"), (3, "b"), (6, "c")];

/// Returns the factors L and D of X'X, for columns in the order of `order` among (1, site[b], site[c], x).
fn factors(order: [usize; 4]) -> (Vec<Vec<f64>>, Vec<f64>) {
    let design = |(x, site): (i64, &str)| [1.0, f64::from(u8::from(site == "b")), f64::from(u8::from(site == "c")), x as f64];
    let gram = |i: usize, j: usize| ROWS.iter().map(|row| design(*row)[order[i]] * design(*row)[order[j]]).sum::<f64>();
    let (mut l, mut d): (Vec<Vec<f64>>, Vec<f64>) = (Vec::new(), Vec::new());
    for i in 0..4 {
        let mut row: Vec<f64> = Vec::new();
        for j in 0..i {
            let known: f64 = (0..j).map(|k| row[k] * l[j][k] * d[k]).sum();
            row.push((gram(i, j) - known) / d[j]);
        }
        d.push(gram(i, i) - row.iter().zip(&d).map(|(l, d)| l * l * d).sum::<f64>());
        l.push(row);
    }
    (l, d)
}

/// y = 10 + 2 site[b] - 4 site[c] + x.
pub(super) fn model() -> Value {
    let coefficient = |name: &str, value: f64| json!({"name": name, "coefficient": value, "std_error": 1.0, "t": 1.0, "p": 0.5});
    let mut coefficients = [coefficient("site[b]", 2.0), coefficient("site[c]", -4.0), coefficient("x", 1.0)];
    for (at, level) in [(0, "b"), (1, "c")] {
        coefficients[at]["factors"] = json!([{"column": "site", "level": level}]);
    }
    let column = |name: &str| json!({"name": name, "mean": null, "sd": null, "min": 1.0, "max": 7.0, "distribution": null});
    let mut columns = [column("x"), column("site"), column("y")];
    columns[1] = json!({
        "name": "site", "mean": null, "sd": null, "min": null, "max": null, "distribution": null,
        "levels": [{"level": "a", "rows": 2}, {"level": "b", "rows": 1}, {"level": "c", "rows": 1}], "reference": "a",
    });
    let (l, d) = factors([0, 1, 2, 3]);
    json!({
        "format": "samefit-model/2", "target": {"column": "y"}, "intercept": 10.0, "has_intercept": true, "coefficients": coefficients,
        "intercept_std_error": null, "intercept_t": null, "intercept_p": null,
        "fit": {"rows": 4, "residual_df": 9, "rss": 9.0, "residual_sd": 1.0, "r_squared": 0.5, "r_squared_kind": "centred"},
        "leverage": {"l": l, "d": d}, "columns": columns, "statistics_sha256": "",
    })
}

/// The same with the indicators first in the factors.
fn ordered() -> Value {
    let mut model = model();
    let (l, d) = factors([1, 2, 0, 3]);
    assert_eq!((&l[1], &l[2], &l[3], &d), (&vec![0.0], &vec![1.0, 1.0], &vec![3.0, 6.0, 1.5], &vec![1.0, 1.0, 2.0, 0.5]));
    model["leverage"] = json!({"order": [1, 2, 0, 3], "l": [[], [], l[2], l[3]], "d": d});
    model
}

/// The same with a second category, whose product with the first has no rows at `b` and `yes`.
fn with_empty_cell() -> Value {
    let mut model = model();
    let mut smoker = model["columns"][1].clone();
    (smoker["name"], smoker["reference"]) = (json!("smoker"), json!("no"));
    smoker["levels"] = json!([{"level": "no", "rows": 2}, {"level": "yes", "rows": 2}]);
    model["columns"].as_array_mut().unwrap().insert(2, smoker);
    let (b, yes) = (json!({"column": "site", "level": "b"}), json!({"column": "smoker", "level": "yes"}));
    model["empty_cells"] = json!([[b, yes]]);
    let factor = json!([{"column": "site", "level": "c"}, yes]);
    model["coefficients"][2] =
        json!({"name": "site[c]*smoker[yes]", "factors": factor, "coefficient": 1.0, "std_error": 1.0, "t": 1.0, "p": 0.5});
    model
}

fn predictor(model: &Value) -> Predictor {
    Predictor::new(Model::parse(&model.to_string()).unwrap()).unwrap()
}

#[test]
fn a_category_is_one_line_of_an_explanation() {
    for model in [model(), ordered()] {
        let explained = predictor(&model).explain(br#"{"x": 5, "site": "b"}"#).unwrap();
        assert_eq!((&explained["prediction"], &explained["start"]), (&json!(17.0), &json!({"value": 12.5, "at": "mean"})));
        assert_eq!(
            explained["contributions"],
            json!([
                {"name": "site", "columns": ["site"], "levels": {"site": "b"}, "value": null, "mean": null, "coefficient": 2.0, "contribution": 2.5},
                {"name": "x", "columns": ["x"], "value": 5.0, "mean": 3.0, "coefficient": 1.0, "contribution": 2.0},
            ])
        );
        // n - 1 times the leverage less 1 / n: (1, 1, 0, 5) is 2 from the mean of its level, where x varies by 1/2
        let likeness = &explained["likeness"];
        assert!((likeness["leverage"].as_f64().unwrap() - 9.0).abs() < 1e-12, "{likeness}");
        assert!((likeness["distance_squared"].as_f64().unwrap() - 3.0 * 8.75).abs() < 1e-11, "{likeness}");
        // the reference has no coefficient, and yet it differs from the mean
        let explained = predictor(&model).explain(br#"{"x": 5, "site": "a"}"#).unwrap();
        assert_eq!(
            (&explained["contributions"][0]["coefficient"], &explained["contributions"][0]["contribution"]),
            (&Value::Null, &json!(0.5))
        );
    }
}

#[test]
fn an_unknown_level_has_no_prediction() {
    let predictor = predictor(&model());
    let error = predictor.predict_record(br#"{"x": 5, "site": "north"}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `site`: found `north`, expected a level that the training data have rows of: `a`, `b`, `c`\n\
         correct the value, or use a model of data with such rows"
    );
    assert_eq!(error.code.name(), "unknown-level");
    assert_eq!(predictor.predict_record(br#"{"x": 5, "site": " NA"}"#).unwrap_err().code.name(), "missing-values");
    assert_eq!(predictor.explain(br#"{"x": 5, "site": "B"}"#).unwrap_err().code.name(), "unknown-level");
    let error = predictor.curve(br#"{"x": 5}"#, "site", br#"["a", "d"]"#).unwrap_err();
    assert_eq!((error.code.name(), error.row), ("unknown-level", Some(2)));

    let data = "site,x\na,1\nd,1\n,1\nb,9\n\"c\",2\n";
    let plan = Plan { on_error: OnError::Continue, with_input: true, ..Plan::default() };
    let lines = table(&predictor, &plan, data, usize::MAX);
    let ends: Vec<(&str, &str)> =
        lines.lines().skip(1).map(|line| (line.split(',').nth(2).unwrap(), line.rsplit_once(',').unwrap().1)).collect();
    assert_eq!(ends, [("11.0", "fine"), ("", "error"), ("", "missing"), ("21.0", "out of range"), ("8.0", "fine")]);
    assert!(lines.contains("d,1,,,,site:unknown-level,error"), "{lines}");
    let mut table = samefit_core::predict::Table::new(predictor.clone(), &Plan::default()).unwrap();
    let error = table.push(data.as_bytes()).and_then(|_| table.finish()).unwrap_err();
    assert_eq!((error.code.name(), error.row, error.column.as_deref()), ("unknown-level", Some(3), Some("site")));

    let mut batch = Batch::new(predictor);
    batch.set_f64("x", vec![1.0, 1.0, f64::NAN]);
    batch.set_text("site", "a\nd\nb\n");
    let predicted = batch.predict(Interval::default()).unwrap();
    assert_eq!((predicted[0], predicted[1].is_nan(), batch.status()), (11.0, true, &[0, 3, 2][..]));
    assert_eq!(batch.problems()[0]["code"], "unknown-level");
}

#[test]
fn levels_without_common_rows_have_no_prediction() {
    let predictor = predictor(&with_empty_cell());
    let error = predictor.predict_record(br#"{"x": 5, "site": "b", "smoker": "yes"}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `site*smoker`: the training data have no row with the levels `b`, `yes` together, and the model has a product of them\n\
         correct the values, or use a model of data with such rows"
    );
    assert_eq!(predictor.curve(br#"{"x": 5, "site": "b"}"#, "smoker", br#"["no", "yes"]"#).unwrap_err().row, Some(2));
    let plan = Plan { on_error: OnError::Continue, ..Plan::default() };
    let lines = table(&predictor, &plan, "x,site,smoker\n5,b,yes\n5,b,no\n5,c,yes\n5,c,no\n", usize::MAX);
    let first: Vec<&str> = lines.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(first, ["", "12.0", "7.0", "6.0"]);
    let explained = predictor.explain(br#"{"x": 5, "site": "c", "smoker": "yes"}"#).unwrap();
    assert_eq!(explained["contributions"][1]["levels"], json!({"site": "c", "smoker": "yes"}));
}

#[test]
fn a_form_offers_the_levels_of_the_training_data() {
    let mut model = model();
    let offered = |model: &Value| Form::parse(&model.to_string()).unwrap().fields()["fields"][1]["categories"].clone();
    let plain = |level: &str| json!({"value": level});
    assert_eq!(offered(&model), json!([plain("a"), plain("b"), plain("c")]));
    let listed = ["d", "c", "a", "b"].map(|level| json!({"value": level, "title": format!("Site {}", level.to_uppercase())}));
    model["columns"][1]["schema"] = json!({"name": "site", "title": "Site", "kind": "category", "categories": listed});
    assert_eq!(offered(&model), json!([listed[1], listed[2], listed[3]]));

    let form = Form::parse(&model.to_string()).unwrap();
    let entries = form.evaluate(r#"{"x": "1,5", "site": " c "}"#).unwrap().to_json();
    assert_eq!(entries["attributes"], json!({"x": "1.5", "site": "c"}));
    assert_eq!(entries["fields"][1]["typed"], json!({"value": "c", "unit": null, "text": " c "}));
    let entries = form.evaluate(r#"{"x": "1,5", "site": "d"}"#).unwrap().to_json();
    let problem = &entries["problems"][0];
    assert_eq!((&problem["code"], &problem["text"]), (&json!("category"), &json!("Site must be c (Site C) or a (Site A) or b (Site B)")));
    assert_eq!(entries["attributes"], Value::Null);
}

/// Returns the statistics of rows of x, y and the site.
fn statistics(rows: &[(i64, &str, i64)]) -> Statistics {
    let moments = |site: Option<&str>| {
        let mut sums = vec![0; 6];
        for (x, _, y) in rows.iter().filter(|row| site.is_none_or(|site| row.1 == site)) {
            [1, *x, x * x, *y, x * y, y * y].iter().zip(&mut sums).for_each(|(product, sum)| *sum += product);
        }
        Moments(sums.into_iter().map(Decimal::from).collect())
    };
    let levels: BTreeMap<Level, Moments> = rows.iter().map(|row| (Level::new(row.1), moments(Some(row.1)))).collect();
    let column = |name: &str| SummedColumn { name: name.to_owned(), unit: None };
    Statistics {
        columns: vec![column("x"), column("y")],
        terms: vec![Term::column("x"), Term::column("y")],
        rows: rows.len() as i64,
        weights: None,
        moments: moments(None),
        levels: LevelSums { categories: vec![CategorySums { column: "site".to_owned(), levels }], ..LevelSums::default() },
        distribution: None,
        dropped: 0,
        kept: BTreeMap::new(),
        shared: None,
    }
}

#[test]
fn quality_control_knows_levels() {
    let model = Model::parse(&model().to_string()).unwrap();
    // the residuals are 1, -2, 2 and 0
    let records = [(1, "a", 12), (4, "b", 14), (2, "c", 10), (3, "a", 13)];
    let report = judge(&model, &statistics(&records), 2.0).unwrap().report;
    assert_eq!((report.rmse, report.accepted), (1.5, true));
    let error = judge(&model, &statistics(&[(1, "a", 1), (1, "d", 1)]), 2.0).err().unwrap();
    assert_eq!((error.code.name(), error.found.as_deref(), error.column.as_deref()), ("unknown-level", Some("d"), Some("site")));
    let without = Statistics { levels: LevelSums::default(), ..statistics(&records) };
    assert_eq!(judge(&model, &without, 2.0).err().unwrap().code.name(), "missing-term");

    let plan = model.plan();
    assert_eq!((plan.features, plan.categories), (Some(vec!["site".to_owned(), "x".to_owned()]), vec!["site".to_owned()]));
    let plan = Model::parse(&with_empty_cell().to_string()).unwrap().plan();
    assert_eq!(plan.features.unwrap(), ["site", "site*smoker"]);
    assert_eq!(plan.categories, ["site", "smoker"]);
}

#[test]
fn residuals_are_those_of_the_predictions() {
    let mut residuals = Residuals::new(predictor(&model()), &Plan::default());
    residuals.push(b"y,site,x\n12,a,1\n14,b,4\n10,c,2\n13,\"a\",3\n").unwrap();
    let result: Value = serde_json::from_str(&residuals.finish().unwrap()).unwrap();
    assert_eq!((&result["rows"], &result["residual"]["mean"], &result["residual"]["rmse"]), (&json!(4), &json!(0.25), &json!(1.5)));
}

#[test]
fn the_order_of_the_factors_changes_no_summary() {
    let of = |model: &Value| summary(&Model::parse(&model.to_string()).unwrap(), 0.95).unwrap();
    let numbers = |summary: &Value, key: &str| -> Vec<f64> {
        summary[key].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap()).map(|value| value.as_f64().unwrap()).collect()
    };
    let (plain, ordered) = (of(&model()), of(&ordered()));
    for (one, other) in numbers(&plain, "covariance").iter().zip(numbers(&ordered, "covariance")) {
        assert!((one - other).abs() < 1e-13, "{one} {other}");
    }
    let indices = |summary: &Value| {
        summary["collinearity"]["condition_indices"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>()
    };
    for (one, other) in indices(&plain).iter().zip(indices(&ordered)) {
        assert!((one / other - 1.0).abs() < 1e-12, "{one} {other}");
    }
}

#[test]
fn records_keep_the_text_of_a_level() {
    let schema: Schema = serde_json::from_value(json!({
        "format": "samefit-schema/1", "target": {"column": "y"},
        "columns": [{"name": "site", "kind": "category", "categories": [{"value": "1", "title": "One"}, {"value": "west", "title": "West"}]}],
    }))
    .unwrap();
    let plan = Plan { schema: Some(schema), format: Format::Csv, ..Plan::default() };
    let mut writer = RecordWriter::new(plan).unwrap();
    let mut out = writer.push(b"site,y\n1,5\n01,6\nwest,7.50\n").unwrap();
    out.extend(writer.finish().unwrap());
    let lines: Vec<Value> = String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sites: Vec<&Value> = lines.iter().map(|line| &line["independent_variables"][0]["value"]).collect();
    assert_eq!(sites, [&json!(1), &json!("01"), &json!("west")]);
    assert!(parse(b"7.5").is_ok() && lines[2]["dependent_variable"] == json!(7.5));
}
