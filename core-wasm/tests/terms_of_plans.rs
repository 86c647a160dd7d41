//! What a plan's features, terms and formula mean for data and statistics: the same in every format, and nothing silently.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use samefit_core::error::{Error, Result};
use samefit_core::fit::fit;
use samefit_core::hypotheses::test;
use samefit_core::plan::Plan;
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::{Summarizer, forget};
use serde_json::{Value, json};

const TABLE: &str = "id,site,x,z,y\n1,n,1,2,3\n2,s,2,4,5.5\n3,n,4,3,7\n4,s,5,9,8\n5,n,7,1,11.5\n6,n,3,8,6\n7,s,6,5,12\n";

fn plan(document: Value) -> Plan {
    Plan::parse(&document.to_string()).unwrap()
}

fn summarize(plan: &Plan, text: &str) -> Result<Statistics> {
    let mut summarizer = Summarizer::new(plan.clone())?;
    summarizer.push(text.as_bytes())?;
    summarizer.finish()
}

fn error(document: Value) -> Error {
    let plan = Plan::parse(&document.to_string());
    plan.and_then(|plan| summarize(&plan, TABLE).and_then(|statistics| fit(&statistics, &plan))).unwrap_err()
}

/// Returns the table as JSON Lines.
fn json_lines() -> String {
    let (header, rows) = TABLE.split_once('\n').unwrap();
    let record = |row: &str| {
        let cells = header.split(',').zip(row.split(',')).map(|(name, cell)| match cell.parse::<f64>() {
            Ok(number) => (name.to_owned(), json!(number)),
            Err(_) => (name.to_owned(), json!(cell)),
        });
        format!("{}\n", Value::Object(cells.collect()))
    };
    rows.lines().map(record).collect()
}

#[test]
fn a_dot_stands_for_the_columns_of_the_schema_in_every_format() {
    let schema = json!({
        "format": "samefit-schema/1", "target": {"column": "y"},
        "columns": [{"name": "x"}, {"name": "z"}, {"name": "site", "kind": "category"}],
    });
    let of = |formula: &str, format: &str| plan(json!({"formula": formula, "schema": schema, "format": format}));
    for (formula, features) in [("y ~ .", &["x", "z", "site"][..]), ("y ~ . + ln(id)", &["x", "z", "site", "ln(id)"])] {
        let needed = of(formula, "csv").needed_columns().unwrap().unwrap();
        let csv = summarize(&of(formula, "csv"), TABLE).unwrap();
        assert_eq!(needed.contains(&"id".to_owned()), formula.contains("id"));
        assert_eq!(summarize(&of(formula, "jsonl"), &json_lines()).unwrap().to_json(), csv.to_json(), "{formula}");
        let columns = of(formula, "csv");
        let mut batch = Summarizer::new(columns).unwrap();
        let (header, rows) = TABLE.split_once('\n').unwrap();
        for (at, name) in header.split(',').enumerate().filter(|(_, name)| needed.iter().any(|needed| needed == name)) {
            batch.set_text(name, rows.lines().map(|row| row.split(',').nth(at).unwrap()).collect::<Vec<_>>().join("\n"));
        }
        batch.sum_columns().unwrap();
        assert_eq!(batch.finish().unwrap().to_json(), csv.to_json(), "{formula}");
        let explicit = plan(json!({"target": "y", "features": features, "schema": schema}));
        let model = fit(&csv, &of(formula, "csv")).unwrap();
        let mut names: Vec<&str> = model.coefficients.iter().map(|one| one.name.as_str()).collect();
        let wanted = fit(&summarize(&explicit, TABLE).unwrap(), &explicit).unwrap();
        let mut wanted: Vec<&str> = wanted.coefficients.iter().map(|one| one.name.as_str()).collect();
        names.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(names, wanted);
    }
}

#[test]
fn zero_has_a_root_and_no_logarithm() {
    let table = "x,y\n0,1\n4,2\n9,4\n0.0,3\n";
    let of = |feature: &str| summarize(&plan(json!({"target": "y", "features": [feature]})), table);
    let roots = of("sqrt(x)").unwrap();
    // x, y, and the sum of the roots
    assert_eq!((roots.rows, roots.moments.at(3, 0).to_string()), (4, "5".to_owned()));
    let error = of("ln(x)").unwrap_err();
    assert_eq!((error.code.name(), error.row, error.column.as_deref()), ("undefined", Some(2), Some("x")));
}

#[test]
fn a_function_of_a_category_is_refused() {
    for feature in ["ln(site)", "sqrt(site)*x", "rcs(site, 1, 2, 3)"] {
        let error = error(json!({"target": "y", "features": [feature], "categories": ["site"]}));
        assert_eq!((error.code.name(), error.sentence.starts_with("`site` is a category, and `")), ("term", true), "{error}");
    }
    // also where only the data tell
    let error = error(json!({"target": "y", "features": ["ln(site)"], "find_categories": true}));
    assert_eq!(error.code.name(), "term", "{error}");
}

#[test]
fn a_column_with_the_name_of_a_function_is_not_taken_for_one() {
    for formula in ["y ~ `ln(x)`", "y ~ Q(\"sqrt(x)\")", "y ~ C(`log10(x)`)", "y ~ I(`ln(x)`^2)"] {
        let error = Plan::parse(&json!({"formula": formula}).to_string()).unwrap_err();
        assert_eq!((error.code.name(), error.help.as_str()), ("term", "rename the column"), "{formula}: {error}");
    }
    assert!(Plan::parse(&json!({"formula": "y ~ `weight (kg)`"}).to_string()).is_ok());
}

#[test]
fn a_formula_has_no_more_knots_than_a_feature() {
    let knots = (1..=11).map(|knot| knot.to_string()).collect::<Vec<_>>().join(", ");
    let error = Plan::parse(&json!({"formula": format!("y ~ rcs(x, {knots})")}).to_string()).unwrap_err();
    assert!(error.code.name() == "term" && error.sentence.contains("3 to 10 knots"), "{error}");
}

#[test]
fn rows_are_taken_out_of_statistics_of_a_spline_by_their_terms() {
    let of = |terms: Vec<String>| plan(json!({"columns": ["x", "y"], "terms": terms}));
    let spline = of(vec!["rcs(x, -1, 2, 4)".to_owned()]);
    let (header, rows) = TABLE.split_once('\n').unwrap();
    let part = |rows: &[&str]| format!("{header}\n{}\n", rows.join("\n"));
    let rows: Vec<&str> = rows.lines().collect();
    let mut all = summarize(&spline, TABLE).unwrap();
    // the terms as statistics write them say what is to be summed
    let terms: Vec<String> = all.terms.iter().filter(|term| term.as_column().is_none()).map(ToString::to_string).collect();
    assert_eq!(terms, ["(x+1)+^3", "(x-2)+^3", "(x-4)+^3"]);
    forget(&mut all, &summarize(&of(terms), &part(&rows[5..])).unwrap()).unwrap();
    assert_eq!(all.to_json(), summarize(&spline, &part(&rows[..5])).unwrap().to_json());
    let error = error(json!({"target": "y", "features": ["(x-2)+^3"]}));
    assert_eq!((error.code.name(), error.help.as_str()), ("term", "name the spline: `rcs(age, 30, 50, 70)`"));
}

#[test]
fn a_whole_spline_is_tested_in_any_spelling() {
    let plan = plan(json!({"target": "y", "features": ["z", "rcs(x, 2, 4, 6)"]}));
    let statistics = summarize(&plan, TABLE).unwrap();
    let canonical = test(&statistics, &plan, "`rcs(x,2,4,6)` = 0").unwrap();
    assert_eq!(canonical["f_df"], json!([2, 3]));
    let spaced = test(&statistics, &plan, "`rcs(x, 2.0, 4, 6)` = 0").unwrap();
    assert_eq!(spaced["f"], canonical["f"]);
    let error = test(&statistics, &plan, "`rcs(x, 2, 4, 6)` = z").unwrap_err();
    assert!(error.sentence.ends_with("has several coefficients") && error.help.ends_with("such as `rcs(x,2,4,6)[1]`"), "{error}");
}

#[test]
fn a_feature_that_is_left_out_cannot_be_tested() {
    let plan = plan(json!({"target": "y", "features": ["x", "one"], "categories": ["one"], "collinear": "drop"}));
    let table: String = TABLE.lines().enumerate().map(|(at, row)| format!("{row},{}\n", if at == 0 { "one" } else { "a" })).collect();
    let statistics = summarize(&plan, &table).unwrap();
    assert_eq!(fit(&statistics, &plan).unwrap().left_out[0].relation, "one[a] = 1");
    let error = test(&statistics, &plan, "one = 0").unwrap_err();
    assert_eq!((error.code.name(), error.sentence.contains("a feature without coefficients")), ("restriction", true), "{error}");
}

#[test]
fn tests_refuse_other_weights_than_the_statistics_have() {
    let own = plan(json!({"target": "y", "features": ["x"]}));
    let weighted = plan(json!({"target": "y", "features": ["x"], "weights": "z"}));
    let statistics = summarize(&own, TABLE).unwrap();
    assert_eq!(test(&statistics, &weighted, "x = 0").unwrap_err().code.name(), "statistics-differ");
    assert!(test(&summarize(&weighted, TABLE).unwrap(), &weighted, "x = 0").is_ok());
}

/// Returns the table with three categories more.
fn with_categories() -> String {
    let row = |(at, row): (usize, &str)| match at {
        0 => format!("{row},a,b,c\n"),
        _ => format!("{row},{},{},{}\n", at % 2, at % 3, at / 4),
    };
    TABLE.lines().enumerate().map(row).collect()
}

#[test]
fn statistics_have_the_combinations_that_features_ask_for() {
    let sets = |document: Value| -> Vec<Vec<usize>> {
        let plan = plan(document);
        let statistics = summarize(&plan, &with_categories()).unwrap();
        let again = Statistics::parse(&statistics.to_json()).unwrap();
        assert_eq!(again, statistics);
        statistics.levels.combined().map(<[usize]>::to_vec).collect()
    };
    let of = |features: Value| sets(json!({"target": "y", "features": features, "categories": ["a", "b", "c"]}));
    assert_eq!(of(json!(["a", "b", "c", "a*x", "c*x"])), [[0; 0]; 0]);
    assert_eq!(of(json!(["a*b", "c"])), [[0, 1, 2]]);
    assert_eq!(of(json!(["b*c*x", "a"])), [[0, 1, 2]]);
    assert_eq!(sets(json!({"columns": ["x", "y"], "terms": ["c*a*b"], "categories": ["a", "b", "c"]})), [[0, 1, 2]]);
}

#[test]
fn combinations_that_statistics_lack_are_named() {
    let summed = plan(json!({"target": "y", "features": ["a", "b", "c"], "categories": ["a", "b", "c"]}));
    let statistics = summarize(&summed, &with_categories()).unwrap();
    let error = fit(&statistics, &plan(json!({"target": "y", "features": ["a*b", "c"]}))).unwrap_err();
    assert_eq!((error.code.name(), error.column.as_deref()), ("missing-term", Some("a*b*c")), "{error}");
    assert!(error.help.ends_with("--terms \"a*b*c\""), "{error}");
    // the advice is one that works
    let advised = Plan { terms: vec!["a*b*c".to_owned()], ..summed };
    let statistics = summarize(&advised, &with_categories()).unwrap();
    assert!(fit(&statistics, &plan(json!({"target": "y", "features": ["a*b", "c"]}))).is_ok());
}

#[test]
fn combinations_are_not_shared() {
    let of = |name: &str| json!({"name": name, "kind": "category", "categories": [{"value": "0"}, {"value": "1"}, {"value": "2"}]});
    let columns = [of("a"), of("b"), of("c"), json!({"name": "x", "decimals": 0})];
    let schema = json!({"format": "samefit-schema/1", "target": {"column": "y", "decimals": 1}, "columns": columns});
    let plan = plan(json!({"features": ["a*b", "c", "x"], "share": true, "schema": schema}));
    let error = summarize(&plan, &with_categories()).unwrap_err();
    assert_eq!((error.code.name(), error.sentence.contains("sums of at most two")), ("term", true), "{error}");
}
