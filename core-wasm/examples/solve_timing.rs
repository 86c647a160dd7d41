//! Times the steps whose duration grows with the number of features:
//! `cargo run --release --package samefit-core --example solve_timing [FEATURES..]`.
//!
//! The data are 10,000 rows of random, correlated numbers with four decimals. Times are in seconds.

#![allow(clippy::print_stdout, reason = "an example prints its results")]

use dashu_int::IBig;
use samefit_core::decimal::Decimal;
use samefit_core::error::Result;
use samefit_core::fit::fit;
use samefit_core::model::Model;
use samefit_core::plan::Plan;
use samefit_core::solve::plausible;
use samefit_core::statistics::{LevelSums, Moments, Statistics, SummedColumn};
use samefit_core::terms::Term;
use std::time::Instant;

const ROWS: usize = 10_000;

fn main() -> Result<()> {
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    for features in if asked.is_empty() { vec![10, 30, 100, 300] } else { asked } {
        println!("{features} features");
        let statistics = statistics(features, mixture);
        time_all(&statistics)?;
        println!("{features} features, a perfect fit");
        let perfect =
            self::statistics(features, |rng, before| if before.len() == features { before.iter().sum() } else { mixture(rng, before) });
        time("fit", || fit(&perfect, &plan()))?;
        println!("{features} features, the last of them 1.8 times the first but for rounding");
        let near = self::statistics(features, |rng, before| {
            let coarse: Vec<i64> = before.iter().map(|value| value / 100_000).collect();
            let value = 100_000 * mixture(rng, &coarse);
            if before.len() + 1 == features { before[0] * 9 / 5 + value % 3 / 2 } else { value + 7 }
        });
        time("fit", || fit(&near, &plan()))?;
    }
    Ok(())
}

/// Times each step from statistics to a model.
fn time_all(statistics: &Statistics) -> Result<()> {
    let text = time("statistics to text", || Ok(statistics.to_json()))?;
    time("text to statistics", || Statistics::parse(&text))?;
    time("plausible", || plausible::check(statistics))?;
    let model = time("fit", || fit(statistics, &plan()))?;
    let text = time("model to text", || Ok(model.to_json()))?;
    time("text to model", || Model::parse(&text)).map(drop)
}

/// Times one step and prints its duration.
fn time<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let done = work();
    println!("  {what:20} {:8.3}", start.elapsed().as_secs_f64());
    done
}

fn plan() -> Plan {
    Plan { target: Some("y".to_owned()), ..Plan::default() }
}

/// Returns the next of a sequence of pseudorandom numbers between -2^19 and 2^19, so that every run times the same data (xorshift64, G.
/// Marsaglia, Xorshift RNGs, Journal of Statistical Software 8, 2003).
fn random(state: &mut u64) -> i64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 44) as i64 - (1 << 19)
}

/// Returns the next value of a row: half of it is new, the rest comes from two columns before.
fn mixture(state: &mut u64, before: &[i64]) -> i64 {
    let one_before = |back: usize| before.len().checked_sub(back).map_or(0, |at| before[at]);
    random(state) / 2 + one_before(1) / 2 - one_before(3) / 4
}

/// Returns the statistics of the columns x0, x1, .., y. `next` computes each value of a row from those before it, in units of 10^-4.
fn statistics(features: usize, next: impl Fn(&mut u64, &[i64]) -> i64) -> Statistics {
    let mut state = 42;
    let mut columns = vec![vec![10_000; ROWS]; features + 2];
    for row in 0..ROWS {
        let mut values = Vec::new();
        for column in &mut columns[1..] {
            let value = next(&mut state, &values);
            values.push(value);
            column[row] = value;
        }
    }
    let sum = |i: usize, j: usize| columns[i].iter().zip(&columns[j]).map(|(&a, &b)| i128::from(a) * i128::from(b)).sum::<i128>();
    let moments = (0..columns.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
    let moments = moments.map(|(i, j)| Decimal { mantissa: IBig::from(sum(i, j)), scale: 8 }.normalized()).collect();
    let names: Vec<String> = (0..features).map(|k| format!("x{k}")).chain(["y".to_owned()]).collect();
    Statistics {
        terms: names.iter().map(|name| Term::column(name)).collect(),
        columns: names.into_iter().map(|name| SummedColumn { name, unit: None }).collect(),
        rows: ROWS as i64,
        weights: None,
        moments: Moments(moments),
        levels: LevelSums::default(),
        distribution: None,
        dropped: 0,
        kept: std::collections::BTreeMap::new(),
        shared: None,
    }
}
