//! Categories of which some levels are kept: all others are summed, fitted and predicted as one level.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use samefit_core::error::{Code, Error};
use samefit_core::fit::fit;
use samefit_core::level::KeptLevels;
use samefit_core::model::Model;
use samefit_core::plan::Plan;
use samefit_core::predict::{Batch, Interval, Predictor};
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::{Summarizer, forget};
use samefit_testing::random::Random;
use serde_json::json;

const HEADER: &str = "site,x,y\n";

/// A plan that keeps these levels of `site`.
fn plan(kept: &[&str]) -> Plan {
    Plan {
        target: Some("y".to_owned()),
        features: Some(["site", "x"].map(str::to_owned).to_vec()),
        categories: vec!["site".to_owned()],
        other: [("site".to_owned(), KeptLevels::new(kept.iter().copied()))].into(),
        ..Plan::default()
    }
}

/// As many rows of each level as it says.
fn rows(levels: &[(&str, usize)], random: &mut Random) -> Vec<String> {
    let row = |site: &str, random: &mut Random| format!("{site},{},{}\n", random.between(1, 999), random.between(1, 499));
    levels.iter().flat_map(|(site, count)| (0..*count).map(|_| row(site, random)).collect::<Vec<_>>()).collect()
}

fn fed(plan: &Plan, rows: &[String]) -> Result<Summarizer, Error> {
    let mut summarizer = Summarizer::new(plan.clone())?;
    summarizer.push((HEADER.to_owned() + &rows.concat()).as_bytes())?;
    Ok(summarizer)
}

fn summarize(plan: &Plan, rows: &[String]) -> Result<Statistics, Error> {
    fed(plan, rows)?.finish()
}

fn share(plan: &Plan, rows: &[String]) -> Result<Statistics, Error> {
    let shared = fed(plan, rows)?.choose_decimals()?;
    summarize(&Plan { shared: Some(shared), ..plan.clone() }, rows)
}

fn levels(statistics: &Statistics) -> Vec<&str> {
    statistics.levels.categories[0].levels.keys().map(|level| level.text()).collect()
}

#[test]
fn sums_are_those_of_data_in_which_the_levels_are_written_as_other() {
    let mut random = Random::new("kept");
    let rows = rows(&[("north", 9), ("south", 8), ("ulm", 2), ("17", 1), ("other", 3)], &mut random);
    let statistics = summarize(&plan(&["south", "north"]), &rows).unwrap();
    assert_eq!(levels(&statistics), ["north", "other", "south"]);
    let written_as_other = |row: &String| {
        let rest = row.strip_prefix("ulm,").or_else(|| row.strip_prefix("17,"));
        rest.map_or_else(|| row.clone(), |rest| format!("other,{rest}"))
    };
    let written: Vec<String> = rows.iter().map(written_as_other).collect();
    let all = summarize(&Plan { other: [].into(), ..plan(&[]) }, &written).unwrap();
    assert_eq!((&statistics.moments, &statistics.levels), (&all.moments, &all.levels));
    assert_eq!(Statistics::parse(&statistics.to_json()).unwrap(), statistics);
    assert!(!statistics.to_json().contains("ulm"));
    // a plan that is read needs no `categories` besides
    let read = r#"{"target": "y", "features": ["site", "x"], "other": {"site": ["south", "north"]}}"#;
    assert_eq!(summarize(&Plan::parse(read).unwrap(), &rows).unwrap(), statistics);
}

#[test]
fn shards_merge_and_rows_are_forgotten() {
    let rows = rows(&[("north", 20), ("ulm", 2), ("south", 15), ("york", 3)], &mut Random::new("shards"));
    let plan = plan(&["north", "south"]);
    let whole = summarize(&plan, &rows).unwrap();
    let (first, second) = rows.split_at(21);
    let mut merged = summarize(&plan, second).unwrap();
    merged.merge(&summarize(&plan, first).unwrap()).unwrap();
    assert_eq!(merged.to_json(), whole.to_json());
    let mut state = Summarizer::new(plan.clone()).unwrap();
    [second, first].iter().for_each(|part| state.merge_state(&fed(&plan, part).unwrap().state().unwrap()).unwrap());
    assert_eq!(state.finish().unwrap(), whole);
    forget(&mut merged, &summarize(&plan, second).unwrap()).unwrap();
    assert_eq!(merged.to_json(), summarize(&plan, first).unwrap().to_json());
    for other in [Plan { other: [].into(), ..plan.clone() }, self::plan(&["north"])] {
        let error = merged.clone().merge(&summarize(&other, second).unwrap()).unwrap_err();
        assert_eq!((error.code, error.column.as_deref()), (Code::StatisticsDiffer, Some("site")));
        assert_eq!(error.help, "summarise both with the same --other");
    }
}

#[test]
fn records_of_merged_levels_are_predicted_as_other() {
    let rows = rows(&[("north", 20), ("2", 12), ("ulm", 5), ("york", 6)], &mut Random::new("predicted"));
    let statistics = summarize(&plan(&["north", "2", "empty"]), &rows).unwrap();
    let model = fit(&statistics, &plan(&["north", "2", "empty"])).unwrap();
    let model = Model::parse(&model.to_json()).unwrap();
    assert_eq!(summarize(&model.plan(), &rows).unwrap(), statistics);
    let predictor = Predictor::new(model).unwrap();
    let predict = |site: &str| predictor.predict_record(format!(r#"{{"site": {site}, "x": 3}}"#).as_bytes());
    let of_other = predict(r#""other""#).unwrap();
    for site in [r#""ulm""#, r#""york ""#, r#""never seen""#, "17", "2.5"] {
        assert_eq!(predict(site).unwrap()["predicted_y"], of_other["predicted_y"], "{site}");
    }
    assert_ne!(predict("2").unwrap()["predicted_y"], of_other["predicted_y"]);
    // a level that is kept, and of which training had no row, is not `other`
    assert_eq!(predict(r#""empty""#).unwrap_err().code, Code::UnknownLevel);
    // columns of text and of numbers
    let mut batch = Batch::new(predictor.clone());
    batch.set_text("site", b"ulm\nnorth\n17".to_vec());
    batch.set_f64("x", vec![3.0; 3]);
    let of_text = batch.predict(Interval::default()).unwrap();
    assert_eq!((Some(of_text[0]), Some(of_text[2])), (of_other["predicted_y"].as_f64(), of_other["predicted_y"].as_f64()));
    batch.set_f64("site", vec![2.0, 17.0, 0.5]);
    batch.set_f64("x", vec![3.0; 3]);
    let of_numbers = batch.predict(Interval::default()).unwrap();
    assert_eq!((Some(of_numbers[1]), of_numbers[2]), (of_other["predicted_y"].as_f64(), of_numbers[1]));
    assert_ne!(of_numbers[0], of_numbers[1]);
}

#[test]
fn a_schema_lists_the_levels_that_may_be_merged() {
    let schema = json!({
        "format": "samefit-schema/1",
        "target": {"column": "y"},
        "columns": [{"name": "site", "kind": "category", "categories": [{"value": "1"}, {"value": "2"}, {"value": "3"}]}, {"name": "x"}],
    });
    let listed =
        |kept: &[&str]| Plan { categories: Vec::new(), schema: Some(serde_json::from_value(schema.clone()).unwrap()), ..plan(kept) };
    let mut random = Random::new("listed");
    let rows = rows(&[("1", 8), ("2.0", 7), ("3", 9)], &mut random);
    let statistics = summarize(&listed(&["1.0", "2"]), &rows).unwrap();
    assert_eq!(levels(&statistics), ["1", "2", "other"]);
    let unlisted = [rows.clone(), vec!["4,1,1\n".to_owned()]].concat();
    assert_eq!(summarize(&listed(&["1"]), &unlisted).unwrap_err().code, Code::UnknownLevel);
    let predictor = Predictor::new(fit(&statistics, &listed(&["1.0", "2"])).unwrap()).unwrap();
    let predict = |site: &str| predictor.predict_record(format!(r#"{{"site": {site}, "x": 3}}"#).as_bytes());
    assert_eq!(predict("3").unwrap()["predicted_y"], predict("3.0").unwrap()["predicted_y"]);
    assert_eq!(predict("4").unwrap_err().code, Code::UnknownLevel);
    assert_eq!(Summarizer::new(listed(&["1", "4"])).err().unwrap().code, Code::Plan);
}

#[test]
fn lists_that_mean_nothing_are_refused() {
    let refusal = |plan: Plan| Summarizer::new(plan).err().map(|error| (error.code, error.column.unwrap_or_default()));
    let wrong = Some((Code::Plan, "site".to_owned()));
    assert_eq!(refusal(plan(&["north"])), None);
    assert_eq!(refusal(plan(&[])), wrong);
    assert_eq!(refusal(plan(&["north", "other"])), wrong);
    assert_eq!(refusal(Plan { categories: Vec::new(), ..plan(&["north"]) }), wrong);
}

/// The help of a refusal names the flag with which the data can be shared.
#[test]
fn rare_levels_are_merged_as_the_error_says() {
    let mut random = Random::new("rare");
    let rows = rows(&[("north", 150), ("south", 120), ("ulm", 3), ("york", 4), ("west", 60)], &mut random);
    let to_share = |kept: &[&str]| Plan { share: true, decimals: Some([("x".to_owned(), 0), ("y".to_owned(), 0)].into()), ..plan(kept) };
    let unknown = share(&Plan { other: [].into(), ..to_share(&[]) }, &rows).unwrap_err();
    assert_eq!(unknown.code, Code::Plan);
    assert!(unknown.help.contains("--other site=LEVEL,LEVEL"), "{unknown}");
    // `york` and `ulm` together are too few, so the smallest of the others is merged with them
    let error = share(&to_share(&["north", "south", "ulm", "west"]), &rows).unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), (Code::SingledOut, Some("site")));
    assert_eq!(error.help, "keep the other levels and merge the rest: --other site=north,south, or leave out `site`");
    let statistics = share(&to_share(&["north", "south"]), &rows).unwrap();
    assert_eq!(levels(&statistics), ["north", "other", "south"]);
    assert_eq!(Statistics::parse(&statistics.to_json()).unwrap(), statistics);
}
