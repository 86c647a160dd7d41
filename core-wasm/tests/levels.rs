//! Sums by level of categories, compared byte by byte: with sums of the rows of each level alone, between the ways in which rows are read, and
//! between the ways in which they are split, ordered, added and subtracted. Rows count once, or have weights or counts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::decimal::Decimal;
use samefit_core::error::{Code, Error};
use samefit_core::level::Level;
use samefit_core::plan::{Format, Missing, Plan};
use samefit_core::schema::Schema;
use samefit_core::statistics::{Statistics, Weighting, pair_index};
use samefit_core::summarizer::{Summarizer, forget};
use samefit_testing::cases;
use std::collections::BTreeSet;
use std::fmt::Write;

const NAMES: [&str; 6] = ["site", "x", "ward", "smoker", "y", "w"];

fn names(all: &[&str]) -> Vec<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

fn plan(weighting: Weighting) -> Plan {
    let column = |wanted: Weighting| (weighting == wanted).then(|| "w".to_owned());
    Plan {
        target: Some("y".to_owned()),
        features: Some(names(&["site", "x", "x^2*site", "ward*smoker", "ward*x"])),
        categories: names(&["site", "ward", "smoker"]),
        weights: column(Weighting::Weights),
        counts: column(Weighting::Counts),
        missing: Missing::Drop,
        ..Plan::default()
    }
}

/// The plan of the numbers alone.
fn numbers(weighting: Weighting) -> Plan {
    Plan { features: None, columns: Some(names(&["x", "y"])), terms: names(&["x^2"]), categories: Vec::new(), ..plan(weighting) }
}

fn csv(rows: &[Vec<String>]) -> String {
    let mut text = NAMES.join(",") + "\n";
    rows.iter().for_each(|row| text += &(row.join(",") + "\n"));
    text
}

fn summarize(plan: &Plan, text: &str) -> Result<(Statistics, String), Error> {
    let mut summarizer = Summarizer::new(plan.clone())?;
    summarizer.push(text.as_bytes())?;
    let statistics = summarizer.finish()?;
    Ok((statistics, summarizer.notes()))
}

fn of_rows(weighting: Weighting, rows: &[Vec<String>]) -> Statistics {
    summarize(&plan(weighting), &csv(rows)).unwrap().0
}

fn by_lines(weighting: Weighting, rows: &[Vec<String>]) -> Statistics {
    let mut text = String::new();
    for row in rows {
        let pairs: Vec<String> = NAMES.iter().zip(row).map(|(name, cell)| format!("\"{name}\":\"{}\"", cell.trim_matches('"'))).collect();
        writeln!(text, "{{{}}}", pairs.join(",")).unwrap();
    }
    summarize(&Plan { format: Format::Jsonl, ..plan(weighting) }, &text).unwrap().0
}

fn by_columns(weighting: Weighting, rows: &[Vec<String>]) -> Statistics {
    let mut summarizer = Summarizer::new(plan(weighting)).unwrap();
    for part in rows.chunks(7) {
        for (at, name) in NAMES.iter().enumerate() {
            let text: String = part.iter().map(|row| row[at].trim_matches('"').to_owned() + "\n").collect();
            summarizer.set_text(name, text.into_bytes());
        }
        summarizer.sum_columns().unwrap();
    }
    summarizer.finish().unwrap()
}

/// A level: words, codes, quoted, with spaces, and rarely missing.
fn level(levels: usize) -> impl Strategy<Value = String> {
    prop_oneof![
        20 => (0..levels).prop_map(|level| ["north", "2", "10", "\"north\"", " 2 ", "a much longer level, quoted".trim_end_matches(", quoted"), "2.0"][level].to_owned()),
        1 => Just(String::new()),
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![8 => "-?[0-9]{1,3}(\\.[0-9]{1,3})?", 1 => "-?[0-9]{15,25}\\.[0-9]{1,9}", 1 => Just("NA".to_owned())]
}

/// A weight or count, sometimes zero and rarely missing.
fn weight(weighting: Weighting) -> impl Strategy<Value = String> {
    let some = match weighting {
        Weighting::Counts => "[1-4](\\.0)?|[1-3]e0",
        _ => "[1-9](\\.[0-9]{1,3})?|0\\.[1-9]{12,17}|[1-9]\\.[0-9]e-?[1-9]",
    };
    prop_oneof![16 => some, 6 => "0|0\\.00", 1 => Just("NA".to_owned())]
}

fn row(weighting: Weighting) -> impl Strategy<Value = Vec<String>> {
    (level(7), number(), level(4), level(2), number(), weight(weighting))
        .prop_map(|(site, x, ward, smoker, y, w)| vec![site, x, ward, smoker, y, w])
}

fn table() -> impl Strategy<Value = (Weighting, Vec<Vec<String>>)> {
    let weighting = prop_oneof![Just(Weighting::Equal), Just(Weighting::Weights), Just(Weighting::Counts)];
    weighting.prop_flat_map(|weighting| (Just(weighting), prop::collection::vec(row(weighting), 1..60)))
}

/// Whether a row has a weight of zero.
fn is_absent(weighting: Weighting, row: &[String]) -> bool {
    weighting != Weighting::Equal && number_of(&row[5]) == Some(0.0)
}

/// Whether a row lacks a value, its weight included.
fn is_incomplete(weighting: Weighting, row: &[String]) -> bool {
    let width = if weighting == Weighting::Equal { 5 } else { 6 };
    row[..width].iter().any(|cell| cell.is_empty() || cell == "NA")
}

fn number_of(cell: &str) -> Option<f64> {
    cell.parse().ok()
}

/// The number of rows that a row stands for; one if its count is missing.
fn count(weighting: Weighting, row: &[String]) -> usize {
    match weighting {
        Weighting::Counts => number_of(&row[5]).map_or(1, |count| count as usize),
        _ => 1,
    }
}

fn text(cell: &str) -> &str {
    cell.trim_matches('"').trim()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(48)))]

    #[test]
    fn sums_by_level_are_those_of_the_rows_of_the_level((weighting, rows) in table()) {
        let statistics = of_rows(weighting, &rows);
        let there: Vec<Vec<String>> = rows.iter().filter(|row| !is_absent(weighting, row)).cloned().collect();
        let (lacking, complete): (Vec<_>, Vec<_>) = there.into_iter().partition(|row| is_incomplete(weighting, row));
        let of = |wanted: &dyn Fn(&Vec<String>) -> bool| {
            let some: Vec<Vec<String>> = complete.iter().filter(|row| wanted(row)).cloned().collect();
            summarize(&numbers(weighting), &csv(&some)).unwrap().0
        };
        let all = of(&|_| true);
        prop_assert_eq!((&statistics.rows, &statistics.moments, &statistics.distribution), (&all.rows, &all.moments, &all.distribution));
        prop_assert_eq!(&statistics.weights, &all.weights);
        prop_assert_eq!(statistics.dropped as usize, lacking.iter().map(|row| count(weighting, row)).sum::<usize>());
        let columns: Vec<usize> = statistics.levels.columns().map(|name| NAMES.iter().position(|other| *other == name).unwrap()).collect();
        prop_assert_eq!(&columns, &[0, 2, 3]);
        for (second, category) in statistics.levels.categories.iter().enumerate() {
            let found: BTreeSet<&str> = complete.iter().map(|row| text(&row[columns[second]])).collect();
            prop_assert_eq!(category.levels.keys().map(Level::text).collect::<BTreeSet<_>>(), found);
            let total = category.levels.values().fold(Decimal::ZERO, |sum, moments| sum.plus(moments.at(0, 0)));
            prop_assert_eq!(&total, statistics.moments.at(0, 0));
            for (level, moments) in &category.levels {
                prop_assert_eq!(moments, &of(&|row| text(&row[columns[second]]) == level.text()).moments);
            }
            for first in 0..second {
                for ((one, other), moments) in &statistics.levels.pairs[pair_index(first, second)] {
                    let both = of(&|row| text(&row[columns[first]]) == one.text() && text(&row[columns[second]]) == other.text());
                    prop_assert!(both.rows > 0);
                    prop_assert_eq!(moments, &both.moments);
                }
            }
        }
        // `ward*smoker` and `site` together need the combinations of all three
        let [combination] = &statistics.levels.combinations[..] else { panic!("one set of three categories") };
        prop_assert_eq!(&combination.categories, &[0, 1, 2]);
        let total = combination.cells.values().fold(Decimal::ZERO, |sum, moments| sum.plus(moments.at(0, 0)));
        prop_assert_eq!(&total, statistics.moments.at(0, 0));
        for (levels, moments) in &combination.cells {
            let all = of(&|row| columns.iter().zip(levels).all(|(&column, level)| text(&row[column]) == level.text()));
            prop_assert_eq!(moments, &all.moments);
        }
    }

    #[test]
    fn rows_records_columns_and_lines_give_the_same_bytes((weighting, rows) in table()) {
        let want = of_rows(weighting, &rows).to_json();
        prop_assert_eq!(&by_lines(weighting, &rows).to_json(), &want);
        prop_assert_eq!(&by_columns(weighting, &rows).to_json(), &want);
        let mut byte_by_byte = Summarizer::new(plan(weighting)).unwrap();
        csv(&rows).bytes().for_each(|byte| byte_by_byte.push(&[byte]).unwrap());
        prop_assert_eq!(&byte_by_byte.finish().unwrap().to_json(), &want);
        prop_assert_eq!(Statistics::parse(&want).unwrap().to_json(), want);
    }

    #[test]
    fn counted_rows_are_rows_written_out(rows in prop::collection::vec(row(Weighting::Counts), 1..60)) {
        let rows: Vec<Vec<String>> = rows.into_iter().filter(|row| number_of(&row[5]).is_some()).collect();
        let written: Vec<Vec<String>> = rows.iter().flat_map(|row| vec![row.clone(); count(Weighting::Counts, row)]).collect();
        prop_assert_eq!(of_rows(Weighting::Counts, &rows).to_json(), of_rows(Weighting::Equal, &written).to_json());
    }

    #[test]
    fn rows_of_weight_zero_are_as_if_absent((weighting, rows) in table()) {
        let there: Vec<Vec<String>> = rows.iter().filter(|row| !is_absent(weighting, row)).cloned().collect();
        prop_assert_eq!(of_rows(weighting, &rows).to_json(), of_rows(weighting, &there).to_json());
    }

    #[test]
    fn parts_merge_and_subtract((weighting, rows) in table(), shards in prop::collection::vec(0usize..4, 60), order in Just([2usize, 0, 3, 1]).prop_shuffle()) {
        let whole = of_rows(weighting, &rows);
        let parts: Vec<Statistics> = (0..4).map(|shard| {
            let own: Vec<Vec<String>> = rows.iter().zip(&shards).filter(|(_, other)| **other == shard).map(|(row, _)| row.clone()).rev().collect();
            Statistics::parse(&of_rows(weighting, &own).to_json()).unwrap()
        }).collect();
        let mut sum = parts[order[0]].clone();
        order[1..].iter().for_each(|&at| sum.merge(&parts[at]).unwrap());
        prop_assert_eq!(sum.to_json(), whole.to_json());
        // (A - B) + B = A, though A - B is impossible where B has other levels
        let mut difference = parts[0].clone();
        difference.subtract(&parts[1]).unwrap();
        let mut again = Statistics::parse(&difference.to_json()).unwrap();
        again.merge(&parts[1]).unwrap();
        prop_assert_eq!(Statistics { dropped: parts[0].dropped, ..again }.to_json(), parts[0].to_json());
        let mut rest = whole.clone();
        forget(&mut rest, &parts[3]).unwrap();
        let mut without = parts[0].clone();
        [1, 2].iter().for_each(|&at| without.merge(&parts[at]).unwrap());
        prop_assert_eq!(rest.to_json(), without.to_json());
    }

    #[test]
    fn summarizers_merge_their_states((weighting, rows) in table(), owners in prop::collection::vec(0usize..3, 60)) {
        let mut summarizers: Vec<Summarizer> = (0..3).map(|_| Summarizer::new(plan(weighting)).unwrap()).collect();
        let header = NAMES.join(",") + "\n";
        summarizers.iter_mut().for_each(|summarizer| assert!(summarizer.header(header.as_bytes()).unwrap()));
        for (at, (row, &owner)) in rows.iter().zip(&owners).enumerate() {
            summarizers[owner].continue_at(at as u64 + 2).unwrap();
            summarizers[owner].push((row.join(",") + "\n").as_bytes()).unwrap();
        }
        let mut last = summarizers.pop().unwrap();
        for mut other in summarizers {
            last.merge_state(&other.state().unwrap()).unwrap();
        }
        let (statistics, notes) = summarize(&plan(weighting), &csv(&rows)).unwrap();
        prop_assert_eq!(last.finish().unwrap().to_json(), statistics.to_json());
        prop_assert_eq!(last.notes(), notes);
    }
}

/// Finds the categories among the features.
fn finding(features: &[&str]) -> Plan {
    Plan { target: Some("y".to_owned()), features: Some(names(features)), find_categories: true, ..Plan::default() }
}

fn error_of(plan: &Plan, text: &str) -> Error {
    summarize(plan, text).unwrap_err()
}

#[test]
fn words_make_a_category_and_numbers_do_not() {
    let (statistics, notes) =
        summarize(&finding(&["site", "code", "x*site"]), "site,code,x,y\nnorth,1,2,3\nsouth,2,4,5\nimola,3,1,1\nélan,3,1,1\n").unwrap();
    assert_eq!(statistics.levels.columns().collect::<Vec<_>>(), ["site"]);
    assert_eq!(statistics.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["code", "x", "y"]);
    assert_eq!(statistics.terms.len(), 3);
    assert!(notes.contains("\"code\": \"category\"") && notes.contains("holds words: it is taken as a category of 4 levels"), "{notes}");
    // in products of numbers nothing changes
    let (statistics, notes) = summarize(&finding(&["site", "x*site"]), "site,x,y\n1,2,3\n2,4,5\n").unwrap();
    assert_eq!((statistics.terms.len(), statistics.levels.categories.len(), notes.as_str()), (4, 0, "[]"));
}

#[test]
fn a_column_of_words_and_numbers_is_an_error_wherever_its_rows_are() {
    let plan = finding(&["site"]);
    for text in ["site,y\nnorth,1\n2,3\n", "site,y\n2,3\nnorth,1\n"] {
        let error = error_of(&plan, text);
        assert_eq!((error.code, error.column.as_deref(), error.found.as_deref()), (Code::NotANumber, Some("site"), Some("north")));
        assert_eq!(error.help, "correct the cell, or name the column with --categories");
    }
    for cell in ["12a", "-", "$5", "€5"] {
        let error = error_of(&plan, &format!("site,y\nnorth,1\n{cell},3\n"));
        assert_eq!((error.code, error.row, error.help.contains("--categories")), (Code::NotANumber, Some(3), true), "{cell}");
    }
    let part = |text: &str, row: u64| {
        let mut summarizer = Summarizer::new(plan.clone()).unwrap();
        assert!(summarizer.header(b"site,y\n").unwrap());
        summarizer.continue_at(row).unwrap();
        summarizer.push(text.as_bytes()).unwrap();
        summarizer
    };
    let mut first = part("2,3\n", 9);
    let error = first.merge_state(&part("north,1\n", 4).state().unwrap()).unwrap_err();
    assert_eq!((error.row, error.found.as_deref()), (Some(4), Some("north")));
    assert_eq!(first.finish().unwrap_err(), error);
}

#[test]
fn categories_have_no_powers_and_are_no_targets() {
    let of = |features: &[&str], target: &str| {
        let plan = Plan {
            features: Some(names(features)),
            target: Some(target.to_owned()),
            categories: names(&["a", "b", "c"]),
            ..Plan::default()
        };
        Summarizer::new(plan).map(drop).unwrap_err()
    };
    assert_eq!(
        of(&["x*a^2"], "y").to_string(),
        "column `a^2*x`: `a` is a category, and a category has no powers\nname it once in the feature"
    );
    assert_eq!(of(&["x"], "a").code, Code::Target);
    let found = error_of(&finding(&["site^2"]), "site,y\nnorth,1\n");
    assert_eq!((found.code, found.sentence.as_str()), (Code::Term, "`site` is a category, and a category has no powers"));
}

fn schema(categories: &str) -> Plan {
    let text = format!(
        r#"{{"format": "samefit-schema/1", "target": {{"column": "y"}}, "columns": [{{"name": "site", "kind": "category"{categories}}}, {{"name": "x"}}]}}"#
    );
    let schema: Schema = serde_json::from_str(&text).unwrap();
    schema.check().unwrap();
    Plan { schema: Some(schema), ..Plan::default() }
}

#[test]
fn a_schema_lists_the_levels() {
    let listed = schema(r#", "categories": [{"value": "1", "title": "Bonn"}, {"value": "2"}, {"value": "ulm"}]"#);
    let statistics = summarize(&listed, "site,x,y\n1.0,2,3\n 2 ,4,5\nulm,1,1\n1,0,0\n").unwrap().0;
    let levels: Vec<String> = statistics.levels.categories[0].levels.keys().map(ToString::to_string).collect();
    assert_eq!(levels, ["1", "2", "ulm"]);
    let error = error_of(&listed, "site,x,y\n1,2,3\n7,4,5\n");
    assert_eq!(
        error.to_string(),
        "row 3, column `site`: found `7`, expected one of the levels `1`, `2`, `ulm`\ncorrect the cell, or add the level to the schema"
    );
    assert_eq!(error.code, Code::UnknownLevel);
    assert_eq!(summarize(&schema(""), "site,x,y\n7,4,5\n7.0,1,1\n").unwrap().0.levels.categories[0].levels.len(), 2);
}

#[test]
fn typed_values_are_levels_by_their_shortest_text() {
    let plan = Plan { columns: Some(names(&["flag", "site", "y"])), categories: names(&["flag", "site"]), ..Plan::default() };
    let lines = Plan { format: Format::Jsonl, ..plan.clone() };
    let (from_lines, _) = summarize(&lines, "{\"flag\":true,\"site\":1,\"y\":2}\n{\"flag\":false,\"site\":0.5,\"y\":3}\n").unwrap();
    let mut summarizer = Summarizer::new(plan).unwrap();
    summarizer.set_text("flag", b"true\nfalse\n".to_vec());
    summarizer.set_f64("site", vec![1.0, 0.5]);
    summarizer.set_f64("y", vec![2.0, 3.0]);
    summarizer.sum_columns().unwrap();
    assert_eq!(summarizer.finish().unwrap().to_json(), from_lines.to_json());
}

#[test]
fn an_identifier_is_no_category() {
    let plan = Plan { columns: Some(names(&["id", "y"])), categories: names(&["id"]), ..Plan::default() };
    let rows = |range: std::ops::Range<u32>| range.map(|row| format!("p{row},1\n")).collect::<String>();
    let error = error_of(&plan, &("id,y\n".to_owned() + &rows(0..1500)));
    assert_eq!((error.code, error.row, error.column.as_deref()), (Code::Capacity, Some(1002), Some("id")));
    assert_eq!(error.sentence, "the category has more than 1000 levels: it looks like an identifier");
    // half of them in another summarizer
    let part = |text: &str, row: u64| {
        let mut summarizer = Summarizer::new(plan.clone()).unwrap();
        assert!(summarizer.header(b"id,y\n").unwrap());
        summarizer.continue_at(row).unwrap();
        summarizer.push(text.as_bytes()).unwrap();
        summarizer
    };
    let mut first = part(&rows(0..700), 2);
    assert_eq!(first.merge_state(&part(&rows(700..1500), 702).state().unwrap()).unwrap_err(), error);
    assert!(summarize(&plan, &("id,y\n".to_owned() + &rows(0..1000))).is_ok());
}

#[test]
fn impossible_levels_are_refused() {
    let text = "site,x,y\na,1,2\nb,3,5\na,2,2\n";
    let plan = Plan { columns: Some(names(&["site", "x", "y"])), categories: names(&["site"]), ..Plan::default() };
    let (statistics, _) = summarize(&plan, text).unwrap();
    let json = statistics.to_json();
    assert!(json.contains("\"categories\": ["), "{json}");
    let b = json.find("\"b\"").unwrap();
    let more = json[..b].to_owned() + &json[b..].replacen("\"5\"", "\"6\"", 1);
    assert_eq!(Statistics::parse(&more).unwrap_err().code, Code::ImpossibleStatistics);
    // a row of another level
    let (gone, _) = summarize(&plan, "site,x,y\nb,1,2\n").unwrap();
    let mut rest = statistics.clone();
    assert_eq!(forget(&mut rest, &gone).unwrap_err().code, Code::ImpossibleStatistics);
    let (other, _) = summarize(&Plan { categories: Vec::new(), columns: Some(names(&["x", "y"])), ..plan }, text).unwrap();
    assert_eq!(rest.merge(&other).unwrap_err().code, Code::StatisticsDiffer);
}

#[test]
fn weights_may_also_be_summed_or_be_a_category() {
    let rows = "x,w,y\n1,2,3\n2,1,4\n3,2,7\n4,0,1\n";
    let all = Plan { target: Some("y".to_owned()), weights: Some("w".to_owned()), ..Plan::default() };
    let summed = Plan { terms: names(&["w^2"]), ..all.clone() };
    let category = Plan { columns: Some(names(&["x", "y"])), categories: names(&["w"]), ..all };
    for plan in [summed, category] {
        let (statistics, _) = summarize(&plan, rows).unwrap();
        assert_eq!(statistics.moments.at(0, 0).to_string(), "5");
        assert_eq!(Statistics::parse(&statistics.to_json()).unwrap().to_json(), statistics.to_json());
        let mut first = Summarizer::new(plan.clone()).unwrap();
        first.push(b"x,w,y\n3,2,7\n4,0,1\n").unwrap();
        let mut last = Summarizer::new(plan.clone()).unwrap();
        last.merge_state(&first.state().unwrap()).unwrap();
        let mut second = Summarizer::new(plan.clone()).unwrap();
        second.push(b"x,w,y\n1,2,3\n2,1,4\n").unwrap();
        last.merge_state(&second.state().unwrap()).unwrap();
        assert_eq!(last.finish().unwrap().to_json(), statistics.to_json());
    }
}

#[test]
fn weights_of_levels_are_above_zero() {
    let plan =
        Plan { weights: Some("w".to_owned()), columns: Some(names(&["site", "y"])), categories: names(&["site"]), ..Plan::default() };
    let (statistics, _) = summarize(&plan, "site,w,y\na,0.25,1\nb,0.5,2\nc,0,3\n").unwrap();
    assert_eq!(statistics.levels.categories[0].levels.keys().map(Level::text).collect::<Vec<_>>(), ["a", "b"]);
    // the weights of a are subtracted twice
    let (gone, _) = summarize(&plan, "site,w,y\na,0.5,1\n").unwrap();
    let error = forget(&mut statistics.clone(), &gone).unwrap_err();
    assert_eq!(error.code, Code::ImpossibleStatistics);
    assert!(error.sentence.contains("the weights of `a` add up to -0.25"), "{}", error.sentence);
}
