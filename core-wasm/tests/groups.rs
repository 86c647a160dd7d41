//! Sums by group, compared byte by byte with sums of the rows of each group alone, however rows are read and divided among summarizers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::error::{Code, Error};
use samefit_core::fit::fit;
use samefit_core::level::{LEVELS_MAX, Level};
use samefit_core::plan::{Format, Missing, Plan};
use samefit_core::statistics::Weighting;
use samefit_core::summarizer::{Groups, Summarizer};
use std::collections::BTreeMap;

/// The columns of the tables, that of the groups not first. `comment` holds text or is empty, and is left out.
const NAMES: [&str; 7] = ["x", "ward", "site", "comment", "y", "w", "z"];
const SITE: usize = 2;

fn names(all: &[&str]) -> Vec<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

/// A plan without groups. `has_features` tells whether it names features, so that some columns are not summed.
fn plan(weighting: Weighting, has_features: bool) -> Plan {
    let column = |wanted: Weighting| (weighting == wanted).then(|| "w".to_owned());
    Plan {
        target: Some("y".to_owned()),
        features: has_features.then(|| names(&["x*ward", "x^2", "z"])),
        categories: if has_features { names(&["ward"]) } else { Vec::new() },
        weights: column(Weighting::Weights),
        counts: column(Weighting::Counts),
        missing: Missing::Drop,
        ..Plan::default()
    }
}

fn by(plan: &Plan, column: &str) -> Plan {
    Plan { by: Some(column.to_owned()), ..plan.clone() }
}

fn record(row: &[String], without: Option<usize>) -> String {
    let cells = row.iter().enumerate().filter(|(at, _)| Some(*at) != without).map(|(_, cell)| cell.as_str());
    cells.collect::<Vec<_>>().join(",") + "\n"
}

fn csv(rows: &[Vec<String>], without: Option<usize>) -> String {
    let header = record(&names(&NAMES), without);
    rows.iter().fold(header, |text, row| text + &record(row, without))
}

/// The statistics of each group as text.
fn texts(groups: &mut Groups) -> BTreeMap<String, String> {
    let names: Vec<String> = groups.names().into_iter().map(str::to_owned).collect();
    let mut statistics = |name: &String| (name.clone(), groups.take(name).unwrap().to_json());
    names.iter().map(&mut statistics).collect()
}

fn by_csv(plan: &Plan, rows: &[Vec<String>]) -> Result<BTreeMap<String, String>, Error> {
    let mut summarizer = Summarizer::new(plan.clone())?;
    for chunk in csv(rows, None).as_bytes().chunks(37) {
        summarizer.push(chunk)?;
    }
    Ok(texts(&mut summarizer.finish_groups()?))
}

fn by_lines(plan: &Plan, rows: &[Vec<String>]) -> Result<BTreeMap<String, String>, Error> {
    let mut summarizer = Summarizer::new(Plan { format: Format::Jsonl, ..plan.clone() })?;
    for row in rows {
        let pairs: Vec<String> = NAMES.iter().zip(row).map(|(name, cell)| format!("\"{name}\":\"{cell}\"")).collect();
        summarizer.push(format!("{{{}}}\n", pairs.join(",")).as_bytes())?;
    }
    Ok(texts(&mut summarizer.finish_groups()?))
}

fn by_columns(plan: &Plan, rows: &[Vec<String>]) -> Result<BTreeMap<String, String>, Error> {
    let mut summarizer = Summarizer::new(plan.clone())?;
    for part in rows.chunks(11) {
        for (at, name) in NAMES.iter().enumerate() {
            let column: String = part.iter().map(|row| row[at].clone() + "\n").collect();
            summarizer.set_text(name, column.into_bytes());
        }
        summarizer.sum_columns()?;
    }
    Ok(texts(&mut summarizer.finish_groups()?))
}

/// Divides the rows among three summarizers, row by row.
fn in_parts(plan: &Plan, rows: &[Vec<String>]) -> Result<BTreeMap<String, String>, Error> {
    let mut summarizers = Vec::new();
    for owner in 0..3 {
        let mut summarizer = Summarizer::new(plan.clone())?;
        summarizer.header(record(&names(&NAMES), None).as_bytes())?;
        for (at, row) in rows.iter().enumerate().filter(|(at, _)| (at * at) % 3 == owner) {
            summarizer.continue_at(at as u64 + 2)?;
            summarizer.push(record(row, None).as_bytes())?;
        }
        summarizers.push(summarizer);
    }
    let mut all = summarizers.pop().unwrap();
    for mut other in summarizers {
        all.merge_state(&other.state()?)?;
    }
    Ok(texts(&mut all.finish_groups()?))
}

/// What summarizers of the rows of each group alone return, from tables without the column of the groups.
fn alone(plan: &Plan, rows: &[Vec<String>]) -> BTreeMap<String, String> {
    let mut groups: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row[SITE].trim().is_empty()) {
        groups.entry(row[SITE].trim().to_owned()).or_default().push(row.clone());
    }
    let summarize = |(group, rows): (String, Vec<Vec<String>>)| {
        let mut summarizer = Summarizer::new(plan.clone()).unwrap();
        summarizer.push(csv(&rows, Some(SITE)).as_bytes()).unwrap();
        let statistics = summarizer.finish().unwrap();
        // a group of nothing but rows of weight zero is as if it were absent
        (statistics.rows + statistics.dropped > 0).then(|| (group, statistics.to_json()))
    };
    groups.into_iter().filter_map(summarize).collect()
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![12 => "-?[0-9]{1,3}(\\.[0-9]{1,3})?", 1 => "-?[0-9]{15,25}\\.[0-9]{1,9}", 1 => Just("NA".to_owned())]
}

fn row() -> impl Strategy<Value = Vec<String>> {
    let site = prop_oneof![16 => prop::sample::select(vec!["north", "2", "10", " 2 ", "2.0", "a group with a long name"]), 1 => Just("")];
    let ward = prop_oneof![16 => prop::sample::select(vec!["a", "b", "1"]), 1 => Just("")];
    let comment = prop::sample::select(vec!["", "fine", "fine"]);
    let weight = prop_oneof![1 => Just("0"), 4 => prop::sample::select(vec!["1", "3"])];
    (number(), ward, site, comment, number(), weight, number()).prop_map(|(x, ward, site, comment, y, weight, z)| {
        vec![x, ward.to_owned(), site.to_owned(), comment.to_owned(), y, weight.to_owned(), z]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn each_group_has_the_statistics_of_its_rows_alone(
        rows in prop::collection::vec(row(), 1..80),
        weighting in prop::sample::select(vec![Weighting::Equal, Weighting::Weights, Weighting::Counts]),
    ) {
        let plan = plan(weighting, true);
        let expected = alone(&plan, &rows);
        let grouped = by(&plan, "site");
        if expected.is_empty() {
            prop_assert_eq!(by_csv(&grouped, &rows).unwrap_err().code, Code::NoRows);
            return Ok(());
        }
        prop_assert_eq!(&by_csv(&grouped, &rows).unwrap(), &expected);
        prop_assert_eq!(&by_lines(&grouped, &rows).unwrap(), &expected);
        prop_assert_eq!(&by_columns(&grouped, &rows).unwrap(), &expected);
        prop_assert_eq!(&in_parts(&grouped, &rows).unwrap(), &expected);
    }

    #[test]
    fn all_rows_decide_which_columns_count(mut rows in prop::collection::vec(row(), 1..60)) {
        // the column of text begins with cells that are empty, so that rows are pending
        rows[0][3].clear();
        rows.iter_mut().for_each(|row| row[1] = "1".to_owned());
        let mut text = rows[0].clone();
        (text[SITE], text[3]) = ("10".to_owned(), "words".to_owned());
        rows.push(text);
        let plan = plan(Weighting::Equal, false);
        let without_text = Plan { columns: Some(names(&["x", "ward", "y", "w", "z"])), ..plan.clone() };
        let expected = alone(&without_text, &rows);
        let grouped = by(&plan, "site");
        prop_assert_eq!(&by_csv(&grouped, &rows).unwrap(), &expected);
        prop_assert_eq!(&by_columns(&grouped, &rows).unwrap(), &expected);
        prop_assert_eq!(&in_parts(&grouped, &rows).unwrap(), &expected);
    }
}

#[test]
fn many_groups_of_many_rows_are_those_of_their_rows_alone() {
    let row = |at: usize| {
        let value = |salt: usize| ((at * 7919 + salt) % 1009).to_string();
        vec![value(1), "a".to_owned(), (at % 400).to_string(), String::new(), value(2), "1".to_owned(), format!("0.{}", value(3))]
    };
    let rows: Vec<Vec<String>> = (0..40_000).map(row).collect();
    let plan = Plan { features: Some(names(&["x", "z", "x*z"])), ..plan(Weighting::Equal, false) };
    assert_eq!(by_csv(&by(&plan, "site"), &rows).unwrap(), alone(&plan, &rows));
}

#[test]
fn groups_are_levels_in_order() {
    let mut summarizer = Summarizer::new(by(&Plan::default(), "site")).unwrap();
    for (values, sites) in [([1.0, 2.0, 3.0], [10.0, 2.0, 10.0]), ([4.0, 5.0, 6.0], [0.1, 2.0, 10.0])] {
        summarizer.set_f64("x", values);
        summarizer.set_f64("site", sites);
        summarizer.sum_columns().unwrap();
    }
    let mut groups = summarizer.finish_groups().unwrap();
    assert_eq!(groups.names(), ["0.1", "2", "10"]);
    let statistics = groups.take("10").unwrap();
    assert_eq!((statistics.rows, statistics.moments.at(1, 0).to_string()), (3, "10".to_owned()));
    assert!(groups.take("10").is_none() && groups.take("11").is_none());
}

#[test]
fn a_formula_and_a_schema_leave_the_column_of_the_groups_out() {
    let rows = "x,site,y,z\n1,a,2,5\n2,a,3,7\n4,a,6,6\n3,a,5,1\n1,b,1,1\n";
    let without = "x,y,z\n1,2,5\n2,3,7\n4,6,6\n3,5,1\n";
    let schema = r#"{"format": "samefit-schema/1", "columns": [{"name": "x"}, {"name": "z"}], "target": {"column": "y"}}"#;
    let with_site = schema.replace(
        r#"{"name": "z"}"#,
        r#"{"name": "site", "kind": "category", "categories": [{"value": "a"}, {"value": "b"}]}, {"name": "z"}"#,
    );
    for (grouped, plan) in [
        (r#"{"formula": "y ~ .", "by": "site"}"#.to_owned(), r#"{"formula": "y ~ ."}"#.to_owned()),
        (format!(r#"{{"schema": {schema}, "by": "site"}}"#), format!(r#"{{"schema": {schema}}}"#)),
    ] {
        let (grouped, plan) = (Plan::parse(&grouped).unwrap(), Plan::parse(&plan).unwrap());
        let mut summarizer = Summarizer::new(grouped.clone()).unwrap();
        summarizer.push(rows.as_bytes()).unwrap();
        let statistics = summarizer.finish_groups().unwrap().take("a").unwrap();
        let mut summarizer = Summarizer::new(plan.clone()).unwrap();
        summarizer.push(without.as_bytes()).unwrap();
        let expected = summarizer.finish().unwrap();
        assert_eq!(statistics.to_json(), expected.to_json());
        assert_eq!(fit(&statistics, &grouped).unwrap().to_json(), fit(&expected, &plan).unwrap().to_json());
    }
    let plan = Plan::parse(&format!(r#"{{"schema": {with_site}, "by": "site"}}"#)).unwrap();
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    summarizer.push(rows.as_bytes()).unwrap();
    let statistics = summarizer.finish_groups().unwrap().take("a").unwrap();
    assert_eq!(statistics.names().collect::<Vec<_>>(), ["x", "z", "y"]);
    assert_eq!(fit(&statistics, &plan).unwrap().features().unwrap().len(), 2);
    let mut summarizer = Summarizer::new(plan).unwrap();
    assert_eq!(summarizer.push(rows.replace(",b,", ",c,").as_bytes()).unwrap_err().code, Code::UnknownLevel);
}

#[test]
fn a_column_of_groups_has_no_other_use() {
    for (plan, role) in [
        (r#""target": "site""#, "the target"),
        (r#""target": "y", "features": ["x", "site"]"#, "in a feature or term"),
        (r#""terms": ["site^2"]"#, "in a feature or term"),
        (r#""formula": "y ~ x + C(site)""#, "a category"),
        (r#""columns": ["x", "site"]"#, "a column to sum"),
        (r#""categories": ["site"]"#, "a category"),
        (r#""weights": "site""#, "the column of the weights or counts"),
    ] {
        let error = Plan::parse(&format!(r#"{{{plan}, "by": "site"}}"#)).and_then(Summarizer::new).err().unwrap();
        assert_eq!(error.code, Code::Plan, "{plan}");
        assert_eq!(error.sentence, format!("`site` divides the rows into groups, and is {role} too"));
    }
    assert_eq!(Plan::parse(r#"{"share": true, "by": "site"}"#).unwrap_err().code, Code::Plan);
}

#[test]
fn a_column_that_does_not_divide_is_refused() {
    let summarize = |text: &str, plan: Plan| {
        let mut summarizer = Summarizer::new(by(&plan, "site"))?;
        summarizer.push(text.as_bytes())?;
        summarizer.finish_groups().map(|groups| groups.names().len())
    };
    let drop = || Plan { missing: Missing::Drop, ..Plan::default() };
    let many: String = (0..=LEVELS_MAX).map(|at| format!("{at},id{at}\n")).collect();
    let error = summarize(&format!("x,site\n{many}"), Plan::default()).unwrap_err();
    assert_eq!((error.code, error.row, error.column.as_deref()), (Code::Capacity, Some(LEVELS_MAX as u64 + 2), Some("site")));
    assert!(error.sentence.ends_with("groups: it looks like an identifier"), "{error}");
    assert_eq!(summarize("x,y\n1,2\n", Plan::default()).unwrap_err().code, Code::MissingColumn);
    assert_eq!(summarize("x,site\n1,\n", Plan::default()).unwrap_err().code, Code::MissingValues);
    assert_eq!(summarize("x,site\n1,\n", drop()).unwrap_err().code, Code::NoRows);
    // rows that lack another value are dropped from their group, which stays
    assert_eq!(summarize("x,site\n1,a\n,b\n", drop()).unwrap(), 2);
    // one that needs `finish_groups` has no `finish`, and the other way round
    assert_eq!(Summarizer::new(by(&Plan::default(), "site")).unwrap().finish().unwrap_err().code, Code::Plan);
    assert_eq!(Summarizer::new(Plan::default()).unwrap().finish_groups().unwrap_err().code, Code::Plan);
    assert_eq!(Level::new(" a "), Level::new("a"));
}
