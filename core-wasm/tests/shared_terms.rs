//! Statistics with functions and splines that are released: what is rounded, each rule at its limit, and what a model of them knows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use samefit_core::error::{Code, Error};
use samefit_core::fit::fit;
use samefit_core::functions::Function;
use samefit_core::plan::Plan;
use samefit_core::predict::Predictor;
use samefit_core::release_policy::RoundedFunction;
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::{Summarizer, forget};
use samefit_testing::random::Random;

/// Columns with the decimals of their cells.
const DECIMALS: [(&str, i32); 3] = [("a", 1), ("b", 0), ("y", 0)];

/// Rows in which none stands out: `a` has tenths, from 1 to 100.
fn table(rows: usize, random: &mut Random) -> Vec<[String; 3]> {
    let row = |_| {
        let tenths = random.between(10, 1000);
        [format!("{}.{}", tenths / 10, tenths % 10), random.between(1, 400).to_string(), random.between(1, 300).to_string()]
    };
    (0..rows).map(row).collect()
}

fn plan(terms: &[&str]) -> Plan {
    Plan {
        columns: Some(DECIMALS.map(|(name, _)| name.to_owned()).to_vec()),
        terms: terms.iter().map(|term| (*term).to_owned()).collect(),
        target: Some("y".to_owned()),
        share: true,
        decimals: Some(DECIMALS.map(|(name, decimals)| (name.to_owned(), decimals)).into()),
        distribution: false,
        ..Plan::default()
    }
}

/// The plan with other decimals of some columns and functions.
fn with_decimals(plan: Plan, decimals: &[(&str, i32)]) -> Plan {
    let more = decimals.iter().map(|(name, decimals)| ((*name).to_owned(), *decimals));
    Plan { decimals: plan.decimals.clone().map(|all| all.into_iter().chain(more).collect()), ..plan }
}

fn fed(plan: &Plan, rows: &[[String; 3]]) -> Result<Summarizer, Error> {
    let mut summarizer = Summarizer::new(plan.clone())?;
    let lines = rows.iter().map(|row| row.join(",") + "\n").collect::<String>();
    summarizer.push(("a,b,y\n".to_owned() + &lines).as_bytes())?;
    Ok(summarizer)
}

/// Returns the statistics of two passes over parts whose states are merged.
fn share_in_parts(plan: &Plan, parts: &[&[[String; 3]]]) -> Result<Statistics, Error> {
    let together = |plan: &Plan| -> Result<Summarizer, Error> {
        let mut all = Summarizer::new(plan.clone())?;
        parts.iter().try_for_each(|part| all.merge_state(&fed(plan, part)?.state()?))?;
        Ok(all)
    };
    let shared = together(plan)?.choose_decimals()?;
    together(&Plan { shared: Some(shared), ..plan.clone() })?.finish()
}

fn share(plan: &Plan, rows: &[[String; 3]]) -> Result<Statistics, Error> {
    let shared = fed(plan, rows)?.choose_decimals()?;
    fed(&Plan { shared: Some(shared), ..plan.clone() }, rows)?.finish()
}

/// The plan that sums as `statistics` are rounded, and shares nothing.
fn again(plan: &Plan, statistics: &Statistics) -> Plan {
    Plan { share: false, decimals: None, shared: statistics.shared.clone(), ..plan.clone() }
}

#[test]
fn functions_are_of_rounded_values_and_rounded_again() {
    let rows = table(300, &mut Random::new("functions"));
    let plan = with_decimals(plan(&["ln(a)", "b*sqrt(a)"]), &[("a", 0), ("sqrt( a )", 2)]);
    let statistics = share(&plan, &rows).unwrap();
    let rounded = |function, decimals| RoundedFunction { column: "a".to_owned(), function, decimals };
    assert_eq!(statistics.shared.as_ref().unwrap().functions, [rounded(Function::Ln, 4), rounded(Function::Sqrt, 2)]);
    // the sums of the same numbers, computed here
    let (mut ln, mut product) = (0, 0);
    for [a, b, _] in &rows {
        let a = a.parse::<f64>().unwrap().round_ties_even();
        ln += (a.ln() * 1e4).round_ties_even() as i64;
        product += b.parse::<i64>().unwrap() * (a.sqrt() * 1e2).round_ties_even() as i64;
    }
    let sum = |term: &str| {
        let at = statistics.terms.iter().position(|own| own.to_string() == term).unwrap() + 1;
        statistics.moments.at(at, 0).to_f64()
    };
    assert_eq!((sum("ln(a)"), sum("sqrt(a)*b")), (ln as f64 / 1e4, product as f64 / 1e2));
    assert_eq!(Statistics::parse(&statistics.to_json()).unwrap(), statistics);
    let (first, second) = rows.split_at(97);
    assert_eq!(share_in_parts(&plan, &[second, first]).unwrap(), statistics);
    assert_eq!(fed(&again(&plan, &statistics), &rows).unwrap().finish().unwrap(), statistics);
}

#[test]
fn splines_are_exact_combinations_of_cubes_of_rounded_values() {
    let rows = table(400, &mut Random::new("splines"));
    let plan = with_decimals(plan(&["rcs(a,20,50.5,80)"]), &[("a", 0)]);
    let statistics = share(&plan, &rows).unwrap();
    let whole = |row: &[String; 3]| [row[0].parse::<f64>().unwrap().round_ties_even().to_string(), row[1].clone(), row[2].clone()];
    let rounded: Vec<[String; 3]> = rows.iter().map(whole).collect();
    let plain = Plan { share: false, decimals: None, ..plan.clone() };
    let same = fed(&plain, &rounded).unwrap().finish().unwrap();
    assert_eq!((&statistics.moments, &statistics.terms), (&same.moments, &same.terms));
    assert!(statistics.shared.as_ref().unwrap().functions.is_empty());
    let features =
        |plan: &Plan| Plan { features: Some(vec!["rcs(a,20,50.5,80)".to_owned()]), columns: None, terms: Vec::new(), ..plan.clone() };
    let coefficients = |statistics: &Statistics| {
        fit(statistics, &features(&plain)).unwrap().coefficients.iter().map(|c| c.coefficient).collect::<Vec<_>>()
    };
    assert_eq!(coefficients(&statistics), coefficients(&same));
}

#[test]
fn models_keep_the_rounding_of_their_functions_and_predict_by_the_function_itself() {
    let rows = table(300, &mut Random::new("model"));
    let plan = plan(&["ln(a)", "log10(b)"]);
    let statistics = share(&plan, &rows).unwrap();
    let to_fit =
        Plan { features: Some(vec!["ln(a)".to_owned()]), columns: None, terms: Vec::new(), share: false, decimals: None, ..plan.clone() };
    let model = fit(&statistics, &to_fit).unwrap();
    let shared = model.shared.clone().unwrap();
    assert_eq!(shared.functions, [RoundedFunction { column: "a".to_owned(), function: Function::Ln, decimals: 4 }]);
    assert_eq!(shared.decimals.keys().collect::<Vec<_>>(), ["a", "y"]);
    // trained again as the model says
    let same = fit(&fed(&Plan { shared: Some(shared), ..to_fit.clone() }, &rows).unwrap().finish().unwrap(), &to_fit).unwrap();
    assert_eq!(same.to_json(), model.to_json());
    let (slope, intercept) = (model.coefficients[0].coefficient, model.intercept);
    let prediction = Predictor::new(model).unwrap().predict_record(br#"{"a": 2.345678}"#).unwrap();
    let predicted = prediction["predicted_y"].as_f64().unwrap();
    assert!((predicted - (intercept + slope * 2.345678_f64.ln())).abs() < 1e-9 * predicted.abs().max(1.0));
    // rows are forgotten as they were rounded
    let mut rest = statistics.clone();
    forget(&mut rest, &fed(&again(&plan, &statistics), &rows[..20]).unwrap().finish().unwrap()).unwrap();
    assert_eq!(rest, fed(&again(&plan, &statistics), &rows[20..]).unwrap().finish().unwrap());
}

#[test]
fn functions_rounded_in_different_ways_do_not_merge() {
    let rows = table(300, &mut Random::new("merge"));
    let mut fine = share(&plan(&["ln(a)"]), &rows).unwrap();
    let coarse = share(&with_decimals(plan(&["ln(a)"]), &[("ln(a)", 3)]), &rows).unwrap();
    let error = fine.merge(&coarse).unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), (Code::StatisticsDiffer, Some("ln(a)")));
    assert_eq!(error.help, "summarise the first again with --decimals ln(a)=3");
}

#[test]
fn the_last_decimal_of_a_function_is_judged() {
    // the root is a whole number in all rows but three
    let mut rows = table(300, &mut Random::new("roots"));
    for (at, row) in rows.iter_mut().enumerate() {
        row[0] = if at < 3 { 30 + at } else { (1 + at % 9) * (1 + at % 9) }.to_string();
    }
    let roots = with_decimals(plan(&["sqrt(a)"]), &[("a", 0)]);
    let error = share(&roots, &rows).unwrap_err();
    assert_eq!((error.code, error.column.as_deref()), (Code::SingledOut, Some("sqrt(a)")));
    assert_eq!(error.sentence, "only 3 rows have a last decimal other than 0, and the sums would single them out");
    assert_eq!(error.help, "leave the function out, or round it coarser: --decimals sqrt(a)=3");
    assert!(share(&with_decimals(roots, &[("sqrt(a)", 0)]), &rows[3..]).is_ok());
}

#[test]
fn functions_must_be_defined_for_rounded_values() {
    let mut rows = table(300, &mut Random::new("defined"));
    rows[7][0] = "0.4".to_owned();
    let plan = with_decimals(plan(&["ln(a)"]), &[("a", 0)]);
    let error = share(&plan, &rows).unwrap_err();
    assert_eq!((error.code, error.row, error.column.as_deref()), (Code::Undefined, Some(9), Some("a")));
    assert_eq!(error.help, "leave the row or the function out: 0.4 is rounded to 0 before it is shared");
}

#[test]
fn decimals_are_of_summed_columns_and_functions() {
    let code = |plan: Plan| Summarizer::new(plan).err().map(|error| error.code);
    assert_eq!(code(with_decimals(plan(&["ln(a)"]), &[("ln(a)", 2)])), None);
    assert_eq!(code(with_decimals(plan(&["ln(a)"]), &[("ln(b)", 2)])), Some(Code::Decimals));
    // the rounding of the second pass lacks the function
    let shared = fed(&plan(&[]), &table(60, &mut Random::new("lacks"))).unwrap().choose_decimals().unwrap();
    assert_eq!(code(Plan { shared: Some(shared), ..plan(&["ln(a)"]) }), Some(Code::Decimals));
}

#[test]
fn knots_need_as_many_rows_above_them_as_a_level() {
    let with_rows = |above: usize| {
        let mut rows = table(300, &mut Random::new("knots"));
        for (at, row) in rows.iter_mut().enumerate() {
            row[0] = if at < above { format!("{}.{}", 60 + at % 13, at % 10) } else { format!("{}.{}", 1 + at % 50, at % 10) };
        }
        rows
    };
    // three columns and one cube
    let plan = plan(&["(a-59.5)+^3"]);
    assert!(share(&plan, &with_rows(40)).is_ok());
    for above in [1, 4, 39] {
        let error = share(&plan, &with_rows(above)).unwrap_err();
        assert_eq!((error.code, error.column.as_deref()), (Code::TooFewToShare, Some("(a-59.5)+^3")));
        assert_eq!(error.found, Some(above.to_string()));
    }
}
