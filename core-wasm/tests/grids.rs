//! Values that are counted one by one, and the ranges that follow from them: laws compared byte by byte with statistics of the same rows
//! read in another way, and counts and ranges compared with those of the values themselves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::decimal::{Decimal, parse};
use samefit_core::error::Code;
use samefit_core::fit::fit;
use samefit_core::plan::Plan;
use samefit_core::predict::Predictor;
use samefit_core::profile::Profiler;
use samefit_core::statistics::{Statistics, Weighting};
use samefit_core::summarizer::{Summarizer, forget};
use samefit_testing::cases;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The columns of the tables: two of numbers, one of words, the target, and weights or counts.
const NAMES: [&str; 5] = ["a", "b", "g", "y", "w"];
/// The decimals and the plausible range of the columns of numbers; `b` has too many values to count them one by one.
const MEASURES: [(&str, u32, &str, &str); 3] = [("a", 1, "-5", "20"), ("b", 4, "0", "1"), ("y", 0, "-0.5", "4095.2")];

fn schema() -> Value {
    let plausible = |(name, decimals, min, max): (&str, u32, &str, &str)| json!({"name": name, "decimals": decimals, "plausible": {"min": min, "max": max}});
    let (_, decimals, min, max) = MEASURES[2];
    let target = json!({"column": "y", "decimals": decimals, "plausible": {"min": min, "max": max}});
    json!({"format": "samefit-schema/1", "target": target, "columns": [plausible(MEASURES[0]), plausible(MEASURES[1])]})
}

fn plan(weighting: Weighting, has_levels: bool) -> Plan {
    let features = if has_levels { json!(["a", "b", "g"]) } else { json!(["a", "b"]) };
    let mut plan = json!({"schema": schema(), "features": features, "categories": if has_levels { json!(["g"]) } else { json!([]) }});
    match weighting {
        Weighting::Weights => plan["weights"] = json!("w"),
        Weighting::Counts => plan["counts"] = json!("w"),
        Weighting::Equal => {}
    }
    Plan::parse(&plan.to_string()).unwrap()
}

fn csv(rows: &[Vec<String>]) -> String {
    rows.iter().fold(NAMES.join(",") + "\n", |text, row| text + &row.join(",") + "\n")
}

fn summarize(plan: &Plan, rows: &[Vec<String>]) -> Statistics {
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    summarizer.push(csv(rows).as_bytes()).unwrap();
    summarizer.finish().unwrap()
}

fn summarize_columns(plan: &Plan, rows: &[Vec<String>]) -> Statistics {
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    for (at, name) in NAMES.iter().enumerate() {
        summarizer.set_text(name, rows.iter().map(|row| row[at].clone() + "\n").collect::<String>().into_bytes());
    }
    summarizer.sum_columns().unwrap();
    summarizer.finish().unwrap()
}

/// Numbers on the grid of `a` or `y`, at their ends, beyond them, between two values, and written in other ways.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => "-?[0-9]{1,2}(\\.[0-9])?",
        6 => "[0-9]{1,4}",
        2 => "-?[0-9]{1,2}\\.[0-9]00",
        2 => "-?[0-9]{1,2}\\.[0-9]{2,3}",
        1 => "[0-9]\\.[0-9]e[0-9]",
        1 => "[0-9]{1,2}\\.[0-9]0{16,40}",
        1 => "[0-9]{1,2}\\.[0-9]{17,40}",
        1 => "-?[0-9]{15,25}(\\.[0-9]{1,9})?",
        1 => prop::sample::select(vec!["-5", "-5.1", "20.0", "20.1", "4095", "4096", "-0", "0e9"]).prop_map(str::to_owned),
    ]
}

fn table() -> impl Strategy<Value = (Weighting, Vec<Vec<String>>)> {
    let weighting = prop::sample::select(vec![Weighting::Equal, Weighting::Weights, Weighting::Counts]);
    weighting.prop_flat_map(|weighting| {
        let weight = if weighting == Weighting::Weights { "[0-3](\\.[0-9])?" } else { "[0-3]" };
        let row = (cell(), cell(), "[m-p]", cell(), weight).prop_map(|(a, b, g, y, w)| vec![a, b, g, y, w]);
        prop::collection::vec(row, 1..30).prop_map(move |rows| (weighting, rows))
    })
}

/// How often the rows have each value of a column that counts.
fn values(weighting: Weighting, rows: &[Vec<String>], column: usize) -> Vec<(Decimal, i64)> {
    let count = |row: &Vec<String>| match weighting {
        Weighting::Equal => 1,
        Weighting::Weights => i64::from(row[4].parse::<f64>().unwrap() > 0.0),
        Weighting::Counts => row[4].parse().unwrap(),
    };
    let all = rows.iter().map(|row| (parse(row[column].as_bytes()).unwrap().normalized(), count(row)));
    all.filter(|(_, count)| *count > 0).collect()
}

/// Returns whether a value is one that a column counts.
fn is_on_grid((_, decimals, min, max): (&str, u32, &str, &str), value: &Decimal) -> bool {
    let end = |text: &str| parse(text.as_bytes()).unwrap();
    value.scale <= decimals && *value >= end(min) && *value <= end(max)
}

fn distribution(statistics: &Statistics, column: &str) -> Value {
    serde_json::from_str::<Value>(&statistics.to_json()).unwrap()["distribution"][column].clone()
}

fn counts(all: &Value) -> BTreeMap<String, i64> {
    all.as_object().into_iter().flatten().map(|(name, count)| (name.clone(), count.as_i64().unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64)))]

    #[test]
    fn parts_merge_and_subtract_in_any_order((weighting, rows) in table(), has_levels in any::<bool>(), shards in prop::collection::vec(0usize..3, 30), order in Just([2usize, 0, 1]).prop_shuffle()) {
        let plan = plan(weighting, has_levels);
        let whole = summarize(&plan, &rows);
        prop_assert_eq!(&Statistics::parse(&whole.to_json()).unwrap(), &whole);
        let reversed: Vec<_> = rows.iter().rev().cloned().collect();
        prop_assert_eq!(&summarize(&plan, &reversed), &whole);
        prop_assert_eq!(&summarize_columns(&plan, &rows), &whole);
        let of_shard = |shard| rows.iter().zip(&shards).filter(|(_, s)| **s == shard).map(|(row, _)| row.clone()).collect::<Vec<_>>();
        let mut states = Summarizer::new(plan.clone()).unwrap();
        states.header((NAMES.join(",") + "\n").as_bytes()).unwrap();
        let mut merged: Option<Statistics> = None;
        for shard in order {
            let part = Statistics::parse(&summarize(&plan, &of_shard(shard)).to_json()).unwrap();
            match &mut merged {
                Some(sum) => sum.merge(&part).unwrap(),
                none => *none = Some(part),
            }
            let mut of_state = Summarizer::new(plan.clone()).unwrap();
            of_state.push(csv(&of_shard(shard)).as_bytes()).unwrap();
            states.merge_state(&of_state.state().unwrap()).unwrap();
        }
        let mut merged = merged.unwrap();
        prop_assert_eq!(&merged, &whole);
        prop_assert_eq!(&states.finish().unwrap(), &whole);
        forget(&mut merged, &summarize(&plan, &of_shard(1))).unwrap();
        let rest = [of_shard(0), of_shard(2)].concat();
        prop_assert_eq!(merged.to_json(), summarize(&plan, &rest).to_json());
    }

    #[test]
    fn each_value_of_a_grid_is_counted_by_itself((weighting, rows) in table(), has_levels in any::<bool>()) {
        let statistics = summarize(&plan(weighting, has_levels), &rows);
        for (measure, column) in MEASURES.into_iter().zip([0, 1, 3]) {
            let (found, values) = (distribution(&statistics, measure.0), values(weighting, &rows, column));
            let at = statistics.column_index(measure.0).unwrap();
            let of_column = &statistics.distribution.as_ref().unwrap()[at];
            prop_assert_eq!(of_column.grid().is_some(), measure.0 != "b");
            let mut want: BTreeMap<String, i64> = BTreeMap::new();
            let on_grid = |value: &Decimal| measure.0 != "b" && is_on_grid(measure, value);
            values.iter().filter(|(value, _)| on_grid(value)).for_each(|(value, count)| *want.entry(value.to_string()).or_default() += count);
            prop_assert_eq!(counts(&found["values"]), want);
            let bins = if measure.0 == "b" { &found } else { &found["bins"] };
            prop_assert_eq!(counts(bins).values().sum::<i64>(), values.iter().filter(|(value, _)| !on_grid(value)).map(|(_, count)| count).sum::<i64>());

            // the range holds all values, and its ends are values if it says so
            let mut sorted: Vec<&Decimal> = values.iter().map(|(value, _)| value).collect();
            sorted.sort();
            let Some(range) = of_column.range() else {
                prop_assert!(sorted.is_empty());
                continue;
            };
            let ends = (sorted[0].to_f64(), sorted[sorted.len() - 1].to_f64());
            prop_assert!(range.min <= ends.0 && ends.1 <= range.max);
            prop_assert!(!range.is_exact || (range.min, range.max) == ends);
            prop_assert!(range.is_exact || !values.iter().all(|(value, _)| on_grid(value)));
        }
    }

    #[test]
    fn groups_count_as_their_rows_do((weighting, rows) in table()) {
        let alone = Plan { features: None, columns: Some(["a", "b", "y"].map(str::to_owned).to_vec()), ..plan(weighting, false) };
        let mut summarizer = Summarizer::new(Plan { by: Some("g".to_owned()), ..alone.clone() }).unwrap();
        summarizer.push(csv(&rows).as_bytes()).unwrap();
        let Ok(mut groups) = summarizer.finish_groups() else {
            // no row counts
            prop_assert!(values(weighting, &rows, 0).is_empty());
            return Ok(());
        };
        let names: Vec<String> = groups.names().into_iter().map(str::to_owned).collect();
        for name in names {
            let of_group: Vec<Vec<String>> = rows.iter().filter(|row| row[2] == name).cloned().collect();
            prop_assert_eq!(groups.take(&name).unwrap().to_json(), summarize(&alone, &of_group).to_json());
        }
    }

    #[test]
    fn quantiles_of_a_grid_are_values((_, rows) in table()) {
        let plan = plan(Weighting::Equal, false);
        let mut profiler = Profiler::new(&plan);
        profiler.push(csv(&rows).as_bytes()).unwrap();
        let profile: Value = serde_json::from_str(&profiler.finish().unwrap()).unwrap();
        let column = &profile["columns"][0];
        let mut sorted = values(Weighting::Equal, &rows, 0);
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        let all_on_grid = sorted.iter().all(|(value, _)| is_on_grid(MEASURES[0], value));
        for quantile in column["quantiles"].as_array().unwrap() {
            let [share, value, error] = ["share", "value", "error"].map(|key| quantile[key].as_f64().unwrap());
            let exact = sorted[(sorted.len() * (share * 100.0).round() as usize).div_ceil(100) - 1].0.to_f64();
            prop_assert!((exact - value).abs() <= error + value.abs() * f64::EPSILON, "{share}: {exact}, not {value} within {error}");
            prop_assert!(error == 0.0 || !all_on_grid);
        }
        let counted: i64 = ["values", "bins"].iter().flat_map(|key| counts(&column["distribution"][key]).into_values()).sum();
        prop_assert_eq!(counted, rows.len() as i64);
    }
}

fn rows(texts: &[&str]) -> Vec<Vec<String>> {
    texts.iter().map(|row| row.split(',').map(str::to_owned).collect()).collect()
}

/// Rows whose values of `a` are 18, 12.5, 3 and 7.2.
fn patients() -> Vec<Vec<String>> {
    rows(&["18,0.25,m,100,1", "12.50,0.5,m,140,1", "3,0.125,n,120,1", "7.2,0.75,n,95,1"])
}

fn predictor(plan: &Plan, rows: &[Vec<String>]) -> Predictor {
    let model = fit(&summarize(plan, rows), plan).unwrap();
    // through the text, as from a file
    Predictor::new(samefit_core::model::Model::parse(&model.to_json()).unwrap()).unwrap()
}

#[test]
fn a_model_says_whether_its_ranges_are_exact() {
    let plan = plan(Weighting::Equal, false);
    let predictor = predictor(&plan, &patients());
    let column = |name: &str| predictor.model().column(name).map(|column| (column.min, column.max, column.range_is_exact));
    assert_eq!(column("a"), Some((Some(3.0), Some(18.0), true)));
    assert_eq!(column("b"), Some((Some(0.125), Some(0.7578125), false)));
    assert_eq!(column("y"), Some((Some(95.0), Some(140.0), true)));

    let document: Value = serde_json::from_str(&predictor.model().to_json()).unwrap();
    assert_eq!(document["columns"][0]["range_is_exact"], json!(true));
    assert_eq!(document["columns"][0]["distribution"], json!({"values": {"3": 1, "7.2": 1, "12.5": 1, "18": 1}, "bins": {}}));
    assert!(document["columns"][1].get("range_is_exact").is_none(), "as in models made before");
    let form = samefit_core::entry::Form::of_model(predictor.model()).fields();
    assert_eq!(form["fields"][0]["training"]["range_is_exact"], json!(true));
    assert_eq!(form["fields"][1]["training"]["range_is_exact"], json!(false));
}

#[test]
fn warnings_say_about_where_a_range_is_not_exact() {
    let predictor = predictor(&plan(Weighting::Equal, false), &patients());
    let explanation = predictor.explain(br#"{"a": 18.1, "b": 0.8}"#).unwrap();
    let warning = |at: usize| explanation["warnings"][at].clone();
    assert_eq!((&warning(0)["code"], &warning(0)["expected"]), (&json!("above-training-range"), &json!("3 to 18")));
    assert_eq!(warning(0)["limits"], json!({"min": "3", "max": "18", "exact": true}));
    assert!(warning(0)["text"].as_str().unwrap().contains("every training value (3 to 18)"));
    assert_eq!(warning(1)["limits"], json!({"min": "0.125", "max": "0.7578125", "exact": false}));
    assert!(warning(1)["text"].as_str().unwrap().contains("every training value (about 0.125 to 0.7578125)"));
    assert_eq!(explanation["outcomes"]["range_is_exact"], json!(true));
    assert_eq!((&explanation["outcomes"]["min"], &explanation["outcomes"]["max"]), (&json!(95.0), &json!(140.0)));
    // counted one by one, so the share has no bounds but itself
    let below = &explanation["outcomes"]["below"];
    assert!(below["low"] == below["share"] && below["high"] == below["share"]);
    // inside by less than the bin of 18 is wide
    let inside = predictor.explain(br#"{"a": 18, "b": 0.5}"#).unwrap();
    assert_eq!(inside["warnings"], json!([]));
    let without = Plan { schema: None, target: Some("y".to_owned()), ..plan(Weighting::Equal, false) };
    let explanation = self::predictor(&without, &patients()).explain(br#"{"a": 18.6, "b": 0.5}"#).unwrap();
    assert_eq!(explanation["warnings"][0]["expected"], json!("about 3 to 18.25"));
    assert_eq!(explanation["outcomes"]["range_is_exact"], json!(false));
}

#[test]
fn statistics_of_other_grids_differ() {
    let all = patients();
    let plan = plan(Weighting::Equal, false);
    let mut wider = schema();
    wider["columns"][0]["plausible"]["max"] = json!("21");
    let wider = Plan { schema: Some(serde_json::from_value(wider).unwrap()), ..plan.clone() };
    let without = Plan { schema: None, target: Some("y".to_owned()), ..plan.clone() };
    for (other, words) in [(wider, "-5 to 21 with 1 decimal"), (without, "none")] {
        let error = summarize(&plan, &all).merge(&summarize(&other, &all)).unwrap_err();
        assert_eq!((error.code, error.column.as_deref(), error.found.as_deref()), (Code::StatisticsDiffer, Some("a"), Some(words)));
        assert_eq!(error.expected.as_deref(), Some("-5 to 20 with 1 decimal"));
    }
    // rows to forget are summed by a plan with the same grids and without a schema
    let document: Value = serde_json::from_str(&summarize(&plan, &all).to_json()).unwrap();
    let grids: Map<String, Value> = document["columns"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|column| Some((column["name"].as_str()?.to_owned(), column.get("grid")?.clone())))
        .collect();
    assert_eq!(
        Value::Object(grids.clone()),
        json!({"a": {"decimals": 1, "min": "-5", "max": "20"}, "y": {"decimals": 0, "min": "0", "max": "4095"}})
    );
    let told = json!({"columns": ["a", "b", "y"], "grids": grids});
    let told = Plan::parse(&told.to_string()).unwrap();
    let mut rest = summarize(&plan, &all);
    forget(&mut rest, &summarize(&told, &all[..1])).unwrap();
    assert_eq!(rest, summarize(&plan, &all[1..]));
    let error = Plan::parse(r#"{"grids": {"a": {"decimals": 1, "min": "0", "max": "1000"}}}"#).unwrap_err();
    assert!(error.code == Code::Plan && error.sentence.contains("at most 4096 values"), "{}", error.sentence);
}

#[test]
fn a_value_that_was_never_there_cannot_be_forgotten() {
    let plan = plan(Weighting::Equal, false);
    let mut statistics = summarize(&plan, &patients());
    // the same sums: 12.5 and 7.2 are not 12.6 and 7.1
    let gone = summarize(&plan, &rows(&["12.6,0.5,m,140,1", "7.1,0.75,n,95,1"]));
    let error = forget(&mut statistics, &gone).unwrap_err();
    assert_eq!(error.code, Code::ImpossibleStatistics);
    let Statistics { distribution, .. } = &statistics;
    assert_eq!(distribution, &summarize(&plan, &patients()).distribution);
}

#[test]
fn forged_grids_are_refused() {
    let text = summarize(&plan(Weighting::Equal, false), &patients()).to_json();
    assert!(Statistics::parse(&text).is_ok());
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut document: Value = serde_json::from_str(&text).unwrap();
        change(&mut document);
        Statistics::parse(&document.to_string()).map(drop).map_err(|error| error.code)
    };
    let forgeries: [&dyn Fn(&mut Value); 9] = [
        &|d| d["columns"][0]["grid"]["max"] = json!("500"),
        &|d| d["columns"][0]["grid"]["max"] = json!("20.0"),
        &|d| d["columns"][0]["grid"]["decimals"] = json!(4_000_000_000u32),
        &|d| drop(d["columns"][0].as_object_mut().unwrap().remove("grid")),
        &|d| d["columns"][1]["grid"] = json!({"decimals": 0, "min": "0", "max": "1"}),
        &|d| drop(d.as_object_mut().unwrap().remove("distribution")),
        &|d| d["distribution"]["a"] = json!({"values": {"3.0": 1, "7.2": 1, "12.5": 1, "18": 1}, "bins": {}}),
        &|d| d["distribution"]["a"] = json!({"values": {"3": 1, "7.2": 1, "12.5": 1, "30": 1}, "bins": {}}),
        &|d| d["distribution"]["a"] = json!({"values": {"3": 1, "7.2": 1, "12.5": 1, "18": 1}, "bins": {}, "more": {}}),
    ];
    for (at, forgery) in forgeries.iter().enumerate() {
        assert_eq!(changed(forgery), Err(Code::Statistics), "forgery {at}");
    }
    assert_eq!(changed(&|d| d["distribution"]["a"]["values"]["3"] = json!(2)), Err(Code::ImpossibleStatistics));

    let mut summarizer = Summarizer::new(plan(Weighting::Equal, false)).unwrap();
    summarizer.push(csv(&patients()).as_bytes()).unwrap();
    let state = String::from_utf8(summarizer.state().unwrap()).unwrap();
    let forged = state.replacen("[30,1]", "[300,1]", 1);
    assert_ne!(forged, state);
    let mut other = Summarizer::new(plan(Weighting::Equal, false)).unwrap();
    other.header((NAMES.join(",") + "\n").as_bytes()).unwrap();
    assert_eq!(other.merge_state(forged.as_bytes()).unwrap_err().code, Code::Part);
}

#[test]
fn shared_statistics_have_no_values() {
    let row = |at: usize| format!("{}.{},{},m,{},1", at % 17, at % 10, at % 2, 100 + at * 7 % 83);
    let texts: Vec<String> = (0..200).map(row).collect();
    let all = rows(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let plan = Plan { features: None, columns: Some(["a", "y"].map(str::to_owned).to_vec()), share: true, ..plan(Weighting::Equal, false) };
    let mut first = Summarizer::new(plan.clone()).unwrap();
    first.push(csv(&all).as_bytes()).unwrap();
    let shared = first.choose_decimals().unwrap();
    let text = summarize(&Plan { shared: Some(shared), ..plan }, &all).to_json();
    assert!(!text.contains("grid") && !text.contains("values") && !text.contains("distribution"), "{text}");
}
