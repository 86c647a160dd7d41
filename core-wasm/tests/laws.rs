//! Laws of exact statistics, compared byte by byte: the way in which rows are split, ordered, added and subtracted changes neither
//! statistics nor models.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::error::Code;
use samefit_core::fit::fit;
use samefit_core::plan::Plan;
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::{Summarizer, forget};
use samefit_testing::cases;

/// Names of the columns of a generated table.
const NAMES: [&str; 4] = ["a", "b", "c", "y"];

fn plan() -> Plan {
    let text = |names: &[&str]| Some(names.iter().map(|name| name.to_string()).collect());
    Plan { target: Some("y".to_owned()), features: text(&["b", "a*c", "c^2"]), columns: text(&NAMES), ..Plan::default() }
}

fn summarize(plan: &Plan, header: &[&str], rows: &[Vec<String>]) -> Statistics {
    let mut csv = header.join(",") + "\n";
    rows.iter().for_each(|row| csv += &(row.join(",") + "\n"));
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    summarizer.push(csv.as_bytes()).unwrap();
    summarizer.finish().unwrap()
}

/// Returns the text of the model, or of the error.
fn model(statistics: &Statistics) -> String {
    fit(statistics, &plan()).map_or_else(|error| error.to_string(), |model| model.to_json())
}

/// Numbers as in files: integers, decimals, exponents, many digits, equal numbers written differently.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "-?[0-9]{1,3}(\\.[0-9]{1,4})?",
        2 => "-?0\\.0[0-9]{10,13}",
        1 => "-?[1-9]\\.[0-9]{1,3}e-?[0-9]",
        1 => "-?[0-9]{15,25}\\.[0-9]{1,9}",
        1 => Just("0".to_owned()),
        1 => Just("-1.50".to_owned()),
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    prop::collection::vec(prop::collection::vec(cell(), NAMES.len()), 1..40)
}

#[test]
fn statistics_of_the_first_format_mean_the_same() {
    let rows = |range: std::ops::Range<i64>| -> Vec<Vec<String>> {
        range.map(|row| [row, row * row % 7, row * 3 % 5, row * row % 11].iter().map(i64::to_string).collect()).collect()
    };
    let (mut first, second, whole) =
        (summarize(&plan(), &NAMES, &rows(0..9)), summarize(&plan(), &NAMES, &rows(9..20)), summarize(&plan(), &NAMES, &rows(0..20)));
    let old = second.to_json().replacen("samefit-statistics/2", "samefit-statistics/1", 1);
    assert_ne!(old, second.to_json());
    let read = Statistics::parse(&old).unwrap();
    assert_eq!(read.to_json(), second.to_json());
    first.merge(&read).unwrap();
    assert_eq!((first.to_json(), model(&first)), (whole.to_json(), model(&whole)));
    assert!(Statistics::parse(&old.replacen("samefit-statistics/1", "samefit-statistics/3", 1)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64)))]

    #[test]
    fn parts_in_any_order_merge_to_the_whole(rows in table(), shards in prop::collection::vec(0usize..5, 40), order in Just([3usize, 0, 4, 1, 2]).prop_shuffle()) {
        let whole = summarize(&plan(), &NAMES, &rows);
        let of_shard = |shard: usize| rows.iter().zip(&shards).filter(|(_, s)| **s == shard).map(|(row, _)| row.clone()).rev().collect::<Vec<_>>();
        let mut merged: Option<Statistics> = None;
        for shard in order {
            let part = summarize(&plan(), &NAMES, &of_shard(shard));
            // through the canonical text, as between workers
            let part = Statistics::parse(&part.to_json()).unwrap();
            match &mut merged {
                Some(sum) => sum.merge(&part).unwrap(),
                none => *none = Some(part),
            }
        }
        let merged = merged.unwrap();
        prop_assert_eq!(merged.to_json(), whole.to_json());
        prop_assert_eq!(model(&merged), model(&whole));
    }

    #[test]
    fn forgetting_rows_equals_never_adding_them(rows in table(), gone in prop::collection::vec(any::<bool>(), 40)) {
        let keep = |wanted: bool| rows.iter().zip(&gone).filter(|(_, g)| **g == wanted).map(|(row, _)| row.clone()).collect::<Vec<_>>();
        let mut rest = summarize(&plan(), &NAMES, &rows);
        forget(&mut rest, &summarize(&plan(), &NAMES, &keep(true))).unwrap();
        let never = summarize(&plan(), &NAMES, &keep(false));
        prop_assert_eq!(rest.to_json(), never.to_json());
        prop_assert_eq!(model(&rest), model(&never));
    }

    #[test]
    fn models_do_not_depend_on_the_order_of_columns(rows in table(), order in Just([0usize, 1, 2, 3]).prop_shuffle()) {
        let header = order.map(|at| NAMES[at]);
        let moved: Vec<Vec<String>> = rows.iter().map(|row| order.iter().map(|&at| row[at].clone()).collect()).collect();
        prop_assert_eq!(summarize(&plan(), &header, &moved).to_json(), summarize(&plan(), &NAMES, &rows).to_json());
        // unless they are named, columns keep the order of the header: the statistics differ, the model does not
        let unordered = Plan { columns: None, ..plan() };
        prop_assert_eq!(model(&summarize(&unordered, &header, &moved)), model(&summarize(&unordered, &NAMES, &rows)));
    }

    #[test]
    fn parts_with_columns_in_other_orders_merge_to_the_whole(
        rows in prop::collection::vec((prop::collection::vec(cell(), 3), prop::collection::vec("[uvw]", 4)), 1..30),
        orders in prop::collection::vec(Just([0usize, 1, 2, 3, 4, 5, 6]).prop_shuffle(), 3),
    ) {
        const HEADER: [&str; 7] = ["a", "p", "b", "q", "r", "y", "s"];
        let text = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
        let plan = Plan {
            target: Some("y".to_owned()), categories: text(&["p", "q", "r", "s"]), terms: text(&["a*b", "p*q*r", "r*s*p*b"]), ..Plan::default()
        };
        let row = |(numbers, levels): &(Vec<String>, Vec<String>)| {
            [&numbers[0], &levels[0], &numbers[1], &levels[1], &levels[2], &numbers[2], &levels[3]].map(String::clone).to_vec()
        };
        let whole = summarize(&plan, &HEADER, &rows.iter().map(row).collect::<Vec<_>>());
        let part = |shard: usize, order: &[usize; 7]| {
            let of_shard = rows.iter().skip(shard).step_by(4).map(row);
            let moved: Vec<Vec<String>> = of_shard.map(|row| order.iter().map(|&at| row[at].clone()).collect()).collect();
            let part = summarize(&plan, &order.map(|at| HEADER[at]), &moved);
            Statistics::parse(&part.to_json()).unwrap()
        };
        let mut merged = part(0, &[0, 1, 2, 3, 4, 5, 6]);
        let parts: Vec<Statistics> = orders.iter().enumerate().map(|(at, order)| part(at + 1, order)).collect();
        parts.iter().for_each(|part| merged.merge(part).unwrap());
        prop_assert_eq!(merged.to_json(), whole.to_json());
        // and they are subtracted again
        parts.iter().for_each(|part| merged.subtract(part).unwrap());
        prop_assert_eq!(merged.to_json(), part(0, &[0, 1, 2, 3, 4, 5, 6]).to_json());
    }

    #[test]
    fn models_do_not_depend_on_unused_columns(rows in table()) {
        let all = Plan { features: None, terms: vec!["a*c".to_owned(), "c^2".to_owned(), "a*b".to_owned()], columns: None, ..plan() };
        prop_assert_eq!(model(&summarize(&all, &NAMES, &rows)), model(&summarize(&plan(), &NAMES, &rows)));
    }

    #[test]
    fn statistics_are_read_back_from_their_text(rows in table()) {
        let statistics = summarize(&plan(), &NAMES, &rows);
        prop_assert_eq!(&Statistics::parse(&statistics.to_json()).unwrap(), &statistics);
    }

    #[test]
    fn rows_that_were_not_added_cannot_be_forgotten(row in prop::collection::vec(cell(), NAMES.len()), other in prop::collection::vec(cell(), NAMES.len())) {
        let number = |cell: &String| cell.parse::<f64>().unwrap();
        prop_assume!(row.iter().map(number).ne(other.iter().map(number)));
        let mut statistics = summarize(&plan(), &NAMES, &[row]);
        let before = statistics.to_json();
        // the statistics of many rows do not always show that a row was not among them; those of one row do
        prop_assert_eq!(forget(&mut statistics, &summarize(&plan(), &NAMES, &[other])).unwrap_err().code, Code::ImpossibleStatistics);
        prop_assert_eq!(statistics.to_json(), before);
    }
}

/// The statistics of a table without rows are the zero of addition.
#[test]
fn merging_no_rows_changes_nothing() {
    let rows = vec![vec!["1".to_owned(), "2".to_owned(), "3.5".to_owned(), "4".to_owned()]];
    let mut sum = summarize(&plan(), &NAMES, &[]);
    let one = summarize(&plan(), &NAMES, &rows);
    sum.merge(&one).unwrap();
    assert_eq!(sum, one);
}
