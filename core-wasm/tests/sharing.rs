//! Statistics that are released: each rule at its limit, and that the result depends neither on the order of the rows nor on their division.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use samefit_core::decimal::parse;
use samefit_core::error::{Code, Error};
use samefit_core::fit::fit;
use samefit_core::plan::{Missing, Plan};
use samefit_core::release_policy::Shared;
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::{Summarizer, forget};
use std::collections::BTreeMap;

/// The columns of generated tables, and the decimals with which they are measured.
const DECIMALS: [(&str, i32); 4] = [("a", 0), ("b", 1), ("c", 2), ("y", 0)];

fn plan() -> Plan {
    let decimals = DECIMALS.map(|(name, decimals)| (name.to_owned(), decimals));
    let columns = Some(DECIMALS.map(|(name, _)| name.to_owned()).to_vec());
    Plan { columns, target: Some("y".to_owned()), share: true, decimals: Some(decimals.into()), missing: Missing::Drop, ..Plan::default() }
}

fn csv(rows: &[Vec<String>]) -> String {
    DECIMALS.map(|(name, _)| name).join(",") + "\n" + &rows.iter().map(|row| row.join(",") + "\n").collect::<String>()
}

fn fed(plan: &Plan, rows: &[Vec<String>]) -> Result<Summarizer, Error> {
    let mut summarizer = Summarizer::new(plan.clone())?;
    summarizer.push(csv(rows).as_bytes())?;
    Ok(summarizer)
}

/// Shares a table in two passes. Returns the statistics and the notes of both passes.
fn share(plan: &Plan, rows: &[Vec<String>]) -> Result<(Statistics, String), Error> {
    let mut first = fed(plan, rows)?;
    let shared = first.choose_decimals()?;
    let mut second = fed(&Plan { shared: Some(shared), ..plan.clone() }, rows)?;
    let statistics = second.finish()?;
    Ok((statistics, first.notes() + &second.notes()))
}

/// As [`share`], with a summarizer for each shard. With `as_tables`, each shard is a table of its own, else a part of one table.
fn share_in_shards(plan: &Plan, shards: &[Vec<Vec<String>>], as_tables: bool) -> Result<(Statistics, String), Error> {
    let together = |plan: &Plan| -> Result<Summarizer, Error> {
        let mut all = Summarizer::new(plan.clone())?;
        for shard in shards {
            let mut one = fed(plan, shard)?;
            let state = if as_tables { one.finish_state() } else { one.state() }?;
            all.merge_state(&state)?;
        }
        Ok(all)
    };
    let mut first = together(plan)?;
    let shared = first.choose_decimals()?;
    let mut second = together(&Plan { shared: Some(shared), ..plan.clone() })?;
    let statistics = second.finish()?;
    Ok((statistics, first.notes() + &second.notes()))
}

/// A number. Few of them carry a last decimal or differ from the others in another way.
fn cell(decimals: i32) -> BoxedStrategy<String> {
    let fraction = proptest::string::string_regex(&format!("[0-9]{{1,2}}\\.[0-9]{{1,{}}}", decimals.max(0) + 2)).unwrap();
    prop_oneof![
        20 => "[1-9][0-9]?",
        8 => "[0-9][02468]",
        4 => "[0-9]0",
        1 => fraction,
        1 => "-?[0-9]{1,2}\\.5",
        1 => "[1-9]\\.[0-9]e-?1",
        1 => Just(String::new()),
    ]
    .boxed()
}

fn table(rows: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Vec<String>>> {
    let row = DECIMALS.map(|(_, decimals)| cell(decimals)).to_vec();
    prop::collection::vec(row, rows)
}

/// Returns the rows without missing values, rounded as `shared` says.
fn rounded(rows: &[Vec<String>], shared: &Shared) -> Vec<Vec<String>> {
    let complete = rows.iter().filter(|row| row.iter().all(|cell| !cell.is_empty()));
    let cell = |(cell, (name, _)): (&String, &(&str, i32))| parse(cell.as_bytes()).unwrap().rounded(shared.decimals[*name]).to_string();
    complete.map(|row| row.iter().zip(&DECIMALS).map(cell).collect()).collect()
}

/// Returns the number of integers whose remainder is not the most common one.
fn apart(integers: &[i64], step: i64) -> usize {
    let mut counts = BTreeMap::new();
    integers.iter().for_each(|integer| *counts.entry(integer.rem_euclid(step)).or_insert(0) += 1);
    integers.len() - counts.values().max().unwrap_or(&0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn order_and_sharding_of_rows_change_nothing(rows in table(40..160), order in any::<prop::sample::Index>(), owners in prop::collection::vec(0usize..4, 160)) {
        let plan = Plan { terms: vec!["a*b".to_owned()], ..plan() };
        let one = share(&plan, &rows);
        let mut reordered = rows.clone();
        reordered.rotate_left(order.index(rows.len()));
        reordered.reverse();
        prop_assert_eq!(&share(&plan, &reordered), &one);
        let shards: Vec<Vec<Vec<String>>> = (0..4)
            .map(|shard| reordered.iter().zip(&owners).filter(|(_, owner)| **owner == shard).map(|(row, _)| row.clone()).collect())
            .collect();
        prop_assert_eq!(&share_in_shards(&plan, &shards, false), &one);
        let tables = share_in_shards(&plan, &shards, true).map(|(statistics, _)| statistics);
        prop_assert_eq!(&tables, &one.map(|(statistics, _)| statistics));
    }

    #[test]
    fn released_sums_are_of_rounded_rows_and_no_step_singles_out_a_row(rows in table(60..160)) {
        let Ok((statistics, _)) = share(&plan(), &rows) else { return Ok(()) };
        let shared = statistics.shared.clone().unwrap();
        let rounded = rounded(&rows, &shared);
        let plain = Plan { share: false, decimals: None, distribution: false, ..plan() };
        let again = fed(&plain, &rounded).unwrap().finish().unwrap();
        prop_assert_eq!(&statistics.moments, &again.moments);
        prop_assert_eq!(statistics.rows, again.rows);
        for (at, (name, measured)) in DECIMALS.iter().enumerate() {
            let decimals = shared.decimals[*name];
            prop_assert!(decimals <= *measured);
            let unit = 10f64.powi(decimals);
            let integers: Vec<i64> = rounded.iter().map(|row| (row[at].parse::<f64>().unwrap() * unit).round() as i64).collect();
            prop_assert!(integers.iter().filter(|integer| **integer % 10 != 0).count() >= 5);
            for step in 2..256 {
                let apart = apart(&integers, step);
                prop_assert!(apart == 0 || apart >= 5, "{name}: {apart} rows, step {step}");
            }
        }
    }

    #[test]
    fn forgetting_rows_gives_the_statistics_of_the_others(rows in table(120..160), gone in 1usize..20) {
        let Ok((mut all, _)) = share(&plan(), &rows) else { return Ok(()) };
        let same_rounding = Plan { share: false, decimals: None, shared: all.shared.clone(), ..plan() };
        let of = |rows: &[Vec<String>]| fed(&same_rounding, rows).unwrap().finish().unwrap();
        forget(&mut all, &of(&rows[..gone])).unwrap();
        prop_assert_eq!(all.to_json(), of(&rows[gone..]).to_json());
    }
}

/// Whole numbers in which no row stands out.
fn whole(rows: usize) -> Vec<String> {
    (0..rows).map(|row| (20 + (row * row * 7 + row * 3) % 61).to_string()).collect()
}

/// A table of such columns, with these cells in the column `b`.
fn with(cells: impl Fn(usize) -> String, rows: usize) -> Vec<Vec<String>> {
    let (a, c) = (whole(rows), whole(rows + 5));
    (0..rows)
        .map(|row| vec![a[row].clone(), cells(row), format!("{}.{:02}", c[row + 5], row * 37 % 100), a[rows - 1 - row].clone()])
        .collect()
}

/// Returns the decimals that the first pass chooses for the column `b`.
fn decimals_of_b(rows: &[Vec<String>]) -> Result<i32, Error> {
    fed(&plan(), rows)?.choose_decimals().map(|shared| shared.decimals["b"])
}

#[test]
fn four_rows_with_a_decimal_are_rounded_and_five_are_not() {
    let with_tenths = |tenths: usize| with(move |row| format!("{}.{}", whole(60)[row], u8::from(row < tenths)), 60);
    for (tenths, want) in [(0, 0), (1, 0), (4, 0), (5, 1), (60, 1)] {
        assert_eq!(decimals_of_b(&with_tenths(tenths)).unwrap(), want, "{tenths}");
    }
    let (_, notes) = share(&plan(), &with_tenths(4)).unwrap();
    assert!(notes.contains("is shared with 0 decimals instead of 1 decimal: only 4 rows have a last decimal other than 0"), "{notes}");
    assert!(notes.contains("4 of 60 values were rounded to 0 decimals"), "{notes}");
    // of these five, some are odd in another column too
    let error = share(&plan(), &with_tenths(5)).unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), (Code::SingledOut, Some("a*b")));
    assert!(error.text().ends_with("\nleave out `b`, or round coarser: --decimals b=0"), "{}", error.text());
    let rounded = Plan { decimals: plan().decimals.map(|decimals| decimals.into_iter().chain([("b".to_owned(), 0)]).collect()), ..plan() };
    assert!(share(&rounded, &with_tenths(5)).is_ok());
    assert!(share(&plan(), &with_tenths(60)).is_ok());
}

#[test]
fn columns_are_rounded_to_tens_and_hundreds_too() {
    let tens = |others: usize| with(move |row| if row < others { "123".to_owned() } else { (row % 7 * 10).to_string() }, 60);
    assert_eq!(decimals_of_b(&tens(4)).unwrap(), -1);
    assert_eq!(decimals_of_b(&tens(5)).unwrap(), 0);
    let hundreds = with(|row| if row == 0 { "1234.5".to_owned() } else { (row % 7 * 100).to_string() }, 60);
    assert_eq!(decimals_of_b(&hundreds).unwrap(), -2);
    let (statistics, notes) = share(&plan(), &hundreds).unwrap();
    assert!(notes.contains("1 of 60 values was rounded to hundreds"), "{notes}");
    // 1234.5 counts as 1200
    let sum: usize = (1..60).map(|row| row % 7 * 100).sum::<usize>() + 1200;
    assert_eq!(statistics.moments.at(2, 0).to_string(), sum.to_string());
}

#[test]
fn few_rows_between_steps_are_rounded_away() {
    // even tenths, but for some
    let tenths = |odd: usize| with(move |row| format!("{}.{}", whole(60)[row], if row < odd { 7 } else { row % 5 * 2 }), 60);
    assert_eq!(decimals_of_b(&tenths(0)).unwrap(), 1);
    assert_eq!(decimals_of_b(&tenths(1)).unwrap(), 0);
    assert_eq!(decimals_of_b(&tenths(4)).unwrap(), 0);
    assert_eq!(decimals_of_b(&tenths(5)).unwrap(), 1);
    let (_, notes) = share(&plan(), &tenths(1)).unwrap();
    assert!(notes.contains("all but 1 row are whole steps of 0.2 apart"), "{notes}");
}

#[test]
fn all_steps_up_to_256_are_judged() {
    for step in 2..=256 {
        let steps = |odd: usize| with(move |row| ((row % 13 + row / 13) * step + usize::from(row < odd)).to_string(), 60);
        assert_eq!(
            decimals_of_b(&steps(0)).unwrap(),
            if step % 100 == 0 {
                -2
            } else if step % 10 == 0 {
                -1
            } else {
                0
            },
            "{step}"
        );
        // tens or hundreds hide the odd row, or no rounding does
        let one = decimals_of_b(&steps(1));
        assert!(
            one.as_ref().is_ok_and(|decimals| *decimals < 0) || one.as_ref().is_err_and(|error| error.code == Code::SingledOut),
            "{step}: {one:?}"
        );
    }
}

#[test]
fn five_rows_must_differ_from_the_most_common_value() {
    let indicator = |ones: usize| with(move |row| u8::from(row < ones).to_string(), 60);
    assert_eq!(decimals_of_b(&indicator(5)).unwrap(), 0);
    for (ones, words) in
        [(4, "only 4 rows differ from the most common value"), (0, "all rows have the same value"), (56, "only 4 rows differ")]
    {
        let error = decimals_of_b(&indicator(ones)).unwrap_err();
        assert_eq!((error.code, error.column.as_deref()), (Code::SingledOut, Some("b")));
        assert!(error.text().starts_with(words), "{}", error.text());
    }
    // rounding comes first
    let error = decimals_of_b(&with(|row| format!("7.00{row:02}"), 60)).unwrap_err();
    assert!(error.text().starts_with("all rows have the same value"), "{}", error.text());
}

#[test]
fn a_rare_category_cannot_be_rounded_away() {
    let category = |rare: usize| with(move |row| if row < rare { 2 } else { 1 + row % 2 * 2 }.to_string(), 60);
    assert!(decimals_of_b(&category(5)).is_ok());
    let error = decimals_of_b(&category(4)).unwrap_err();
    assert_eq!(error.code, Code::SingledOut);
    assert!(error.text().starts_with("all but 4 rows are whole steps of 2 apart"), "{}", error.text());
}

/// A table of two groups: `b` is 1 in the first hundred rows, `a` is 1 in a hundred and more rows of which `both` are among these.
fn groups(both: usize) -> Vec<Vec<String>> {
    let mut rows = with(|row| u8::from(row < 100).to_string(), 300);
    (0..300).for_each(|row| rows[row][0] = u8::from((100 - both..200).contains(&row)).to_string());
    rows
}

#[test]
fn products_single_out_no_rows_either() {
    // both columns are fit to be shared, but their product differs from zero in few rows
    let plan = Plan { terms: vec!["a*b".to_owned()], ..plan() };
    for both in [0, 40] {
        let error = share(&plan, &groups(both)).map(|_| ());
        assert_eq!(error.is_err(), both == 0, "{error:?}");
    }
    let error = share(&plan, &groups(4)).unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), (Code::SingledOut, Some("a*b")));
    assert!(error.text().starts_with("only 4 rows differ from the most common value"), "{}", error.text());
}

/// The sum of the products of two columns is among the moments even if the plan does not ask for the product as a term.
#[test]
fn moments_single_out_no_rows_either() {
    assert!(share(&plan(), &groups(0)).is_ok());
    assert!(share(&plan(), &groups(40)).is_ok());
    for both in [1, 4] {
        let error = share(&plan(), &groups(both)).unwrap_err();
        assert_eq!((error.code, error.column.as_deref()), (Code::SingledOut, Some("a*b")));
        let told = if both == 1 { "1 row,".to_owned() } else { format!("{both} rows,") };
        assert!(
            error.text().starts_with(&format!("the sums of these two and of their products would single out {told}")),
            "{}",
            error.text()
        );
        assert_eq!(error.found, Some(both.to_string()));
    }
    // last digits: both columns have ten rows with tenths, and three rows have them in both
    let tenths = |first: usize| move |row: usize| format!("{}.{}", whole(60)[row], if (first..first + 10).contains(&row) { 5 } else { 0 });
    let mut rows = with(tenths(0), 60);
    (0..60).for_each(|row| rows[row][0] = tenths(7)(row));
    let mut finer = plan();
    finer.decimals.as_mut().unwrap().insert("a".to_owned(), 1);
    let error = share(&finer, &rows).unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), (Code::SingledOut, Some("a*b")));
}

/// The statistics can be shared after doing what the help says.
#[test]
fn the_help_is_enough() {
    // few rows are in both groups, and the first column has a rare code: 0 or 1 but in two rows
    let mut rows = groups(3);
    rows[250][0] = "57".to_owned();
    rows[251][0] = "57".to_owned();
    let error = share(&plan(), &rows).unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), (Code::SingledOut, Some("a")));
    assert!(error.text().starts_with("its sum and the sum of its squares would single out 2 rows,"), "{}", error.text());
    assert!(error.text().ends_with("\nleave out `a`"), "{}", error.text());
    let without = Plan {
        columns: Some(["b", "c", "y"].map(str::to_owned).to_vec()),
        decimals: plan().decimals.map(|mut decimals| {
            decimals.remove("a");
            decimals
        }),
        ..plan()
    };
    assert!(share(&without, &rows).is_ok());
}

#[test]
fn up_to_256_terms_can_be_shared() {
    let names = |count: usize| (0..count).map(|at| format!("c{at}")).collect::<Vec<String>>();
    let plan = |count: usize| {
        let names = names(count);
        Plan {
            columns: Some(names.clone()),
            share: true,
            decimals: Some(names.into_iter().map(|name| (name, 0)).collect()),
            ..Plan::default()
        }
    };
    assert!(Summarizer::new(plan(256)).is_ok());
    let error = Summarizer::new(plan(257)).err().unwrap();
    assert_eq!(error.code, Code::Capacity);
    // a single column is checked too
    let one = |values: &dyn Fn(usize) -> usize| {
        let text = (0..60).fold("c0\n".to_owned(), |text, row| text + &values(row).to_string() + "\n");
        let fed = |plan: Plan| {
            let mut summarizer = Summarizer::new(plan).unwrap();
            summarizer.push(text.as_bytes()).unwrap();
            summarizer
        };
        let shared = fed(plan(1)).choose_decimals().unwrap();
        fed(Plan { shared: Some(shared), ..plan(1) }).finish()
    };
    assert!(one(&|row| row * row % 61).is_ok());
    assert_eq!(one(&|row| if row < 3 { 1000 + row } else { row % 2 }).unwrap_err().code, Code::SingledOut);
}

#[test]
fn fifty_rows_are_needed_and_ten_for_each_term() {
    let rows = |count: usize| with(|row| whole(60)[row].clone(), count);
    assert_eq!(share(&plan(), &rows(49)).unwrap_err().code, Code::TooFewToShare);
    assert!(share(&plan(), &rows(50)).is_ok());
    let plan = Plan { terms: vec!["a*b".to_owned(), "a^2".to_owned()], ..plan() };
    let error = share(&plan, &rows(59)).unwrap_err();
    assert!(error.text().starts_with("59 rows of 6 columns and terms are too few to be shared; 60 are needed"), "{}", error.text());
    assert!(share(&plan, &rows(60)).is_ok());
    assert_eq!(share(&plan, &[]).unwrap_err().code, Code::TooFewToShare);
}

#[test]
fn forgetting_must_leave_enough_rows() {
    let rows = with(|row| whole(60)[row].clone(), 60);
    let (statistics, _) = share(&plan(), &rows).unwrap();
    let same_rounding = Plan { share: false, decimals: None, shared: statistics.shared.clone(), ..plan() };
    let of = |rows: &[Vec<String>]| fed(&same_rounding, rows).unwrap().finish().unwrap();
    let mut rest = statistics.clone();
    assert_eq!(forget(&mut rest, &of(&rows[..11])).unwrap_err().code, Code::TooFewToShare);
    assert_eq!(rest, statistics);
    forget(&mut rest, &of(&rows[..10])).unwrap();
    // a model of shared statistics needs as many rows
    let to_fit = Plan { share: false, decimals: None, features: Some(vec!["b".to_owned()]), ..plan() };
    assert!(fit(&rest, &to_fit).is_ok());
    assert_eq!(fit(&of(&rows[11..]), &to_fit).unwrap_err().code, Code::TooFewToShare);
}

#[test]
fn statistics_with_different_rounding_do_not_merge() {
    let rows = with(|row| format!("{}.{}", whole(60)[row], row % 10), 60);
    let (mut fine, _) = share(&plan(), &rows).unwrap();
    let mut coarse = plan();
    coarse.decimals.as_mut().unwrap().extend([("b".to_owned(), 0), ("c".to_owned(), 1)]);
    let (mut coarse, _) = share(&coarse, &rows).unwrap();
    let error = fine.merge(&coarse).unwrap_err();
    let want = "the first statistics are rounded to 1 decimal, these to 0 decimals\nsummarise the first again with --decimals b=0,c=1";
    assert_eq!((error.code, error.column.as_deref(), error.text().as_str()), (Code::StatisticsDiffer, Some("b"), want));
    let error = coarse.merge(&fine).unwrap_err();
    assert!(error.text().ends_with("summarise these again with --decimals b=0,c=1"), "{}", error.text());
    let plain = fed(&Plan { share: false, decimals: None, ..plan() }, &rows).unwrap().finish().unwrap();
    let error = fine.merge(&plain).unwrap_err();
    let want = "the first statistics are made to be shared, these are not made to be shared\nsummarise both with --share, or both without";
    assert_eq!(error.text(), want);
    assert_eq!(forget(&mut fine, &plain).unwrap_err().text(), want);
}

#[test]
fn a_pass_that_the_plan_does_not_ask_for_is_an_error() {
    let rows = with(|row| whole(60)[row].clone(), 60);
    assert_eq!(fed(&plan(), &rows).unwrap().finish().unwrap_err().code, Code::Plan);
    let shared = fed(&plan(), &rows).unwrap().choose_decimals().unwrap();
    let release = Plan { shared: Some(shared), ..plan() };
    assert_eq!(fed(&release, &rows).unwrap().choose_decimals().unwrap_err().code, Code::Plan);
    let plain = Plan { share: false, decimals: None, ..plan() };
    assert_eq!(fed(&plain, &rows).unwrap().choose_decimals().unwrap_err().code, Code::Plan);
    // a state of the first pass does not fit a plan without sharing
    let state = fed(&plan(), &rows).unwrap().finish_state().unwrap();
    assert_eq!(Summarizer::new(plain).unwrap().merge_state(&state).unwrap_err().code, Code::Part);
}

/// Finer decimals than the first pass chose are refused if they single out rows.
#[test]
fn the_second_pass_checks_the_decimals_again() {
    let rows = with(|row| format!("{}.{}", whole(60)[row], u8::from(row < 4)), 60);
    let mut shared = fed(&plan(), &rows).unwrap().choose_decimals().unwrap();
    shared.decimals.insert("b".to_owned(), 1);
    let error = fed(&Plan { shared: Some(shared), ..plan() }, &rows).unwrap().finish().unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), (Code::SingledOut, Some("b")));
}

#[test]
fn columns_in_batches_give_the_same_statistics() {
    let rows = with(|row| format!("{}.{}", whole(60)[row], row % 10), 60);
    let in_batches = |plan: &Plan| {
        let mut summarizer = Summarizer::new(plan.clone()).unwrap();
        for batch in rows.chunks(7) {
            for (at, (name, _)) in DECIMALS.iter().enumerate() {
                summarizer.set_f64(name, batch.iter().map(|row| row[at].parse().unwrap()).collect::<Vec<f64>>());
            }
            summarizer.sum_columns().unwrap();
        }
        summarizer
    };
    let shared = in_batches(&plan()).choose_decimals().unwrap();
    let statistics = in_batches(&Plan { shared: Some(shared), ..plan() }).finish().unwrap();
    assert_eq!(statistics, share(&plan(), &rows).unwrap().0);
}
