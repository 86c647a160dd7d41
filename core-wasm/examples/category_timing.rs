//! Times fits of models with categories: `cargo run --release --package samefit-core --example category_timing [LEVELS..]`.
//!
//! The data are 30 rows a level of random numbers with two decimals, and a second category of 20 levels. Times are in seconds.

#![allow(clippy::print_stdout, reason = "an example prints its results")]

use dashu_int::IBig;
use samefit_core::decimal::Decimal;
use samefit_core::error::Result;
use samefit_core::fit::fit;
use samefit_core::hypotheses::test;
use samefit_core::level::Level;
use samefit_core::plan::Plan;
use samefit_core::statistics::{CategorySums, LevelSums, Moments, Statistics, SummedColumn};
use samefit_core::summary::summary;
use samefit_core::terms::Term;
use std::collections::BTreeMap;
use std::time::Instant;

/// Rows of each level of the first category.
const ROWS_PER_LEVEL: usize = 30;
/// Levels of the second category.
const WARDS: usize = 20;

fn main() -> Result<()> {
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    for levels in if asked.is_empty() { vec![30, 100, 300] } else { asked } {
        let statistics = statistics(levels);
        for features in [vec!["site"], vec!["site", "x", "z"], vec!["site", "ward", "x"], vec!["site", "x", "site*x"]] {
            println!("{levels} levels, y = {}", features.join(" + "));
            let plan = Plan {
                target: Some("y".to_owned()),
                features: Some(features.iter().map(|name| (*name).to_owned()).collect()),
                ..Plan::default()
            };
            let model = time("fit", || fit(&statistics, &plan))?;
            println!("  {:20} {:8} bytes", "model", model.to_json().len());
            time("summary", || summary(&model, 0.95))?;
            time("test of all levels", || test(&statistics, &plan, "site = 0"))?;
        }
    }
    Ok(())
}

/// Times one step and prints its duration.
fn time<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let done = work();
    println!("  {what:20} {:8.3}", start.elapsed().as_secs_f64());
    done
}

/// Returns the next of a sequence of pseudorandom numbers between 0 and 2^20 (xorshift64, G. Marsaglia, Xorshift RNGs, Journal of
/// Statistical Software 8, 2003).
fn random(state: &mut u64) -> i64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 44) as i64
}

/// Returns statistics of the columns x, z and y and the categories `site` and `ward`.
fn statistics(levels: usize) -> Statistics {
    let mut state = 42;
    let mut sites: BTreeMap<Level, Sums> = BTreeMap::new();
    let mut wards: BTreeMap<Level, Sums> = BTreeMap::new();
    let mut cells: BTreeMap<(Level, Level), Sums> = BTreeMap::new();
    let mut all = Sums::default();
    for row in 0..levels * ROWS_PER_LEVEL {
        let (site, ward) = (row % levels, random(&mut state) as usize % WARDS);
        let (x, z) = (random(&mut state) % 10_000, random(&mut state) % 1000);
        let y = 3 * x + (site as i64 * 37 % 101) * 100 + (ward as i64) * 10 + random(&mut state) % 500;
        let values = [100, x, z, y];
        let (site, ward) = (Level::new(&format!("s{site}")), Level::new(&format!("w{ward}")));
        all.add(values);
        sites.entry(site.clone()).or_default().add(values);
        wards.entry(ward.clone()).or_default().add(values);
        cells.entry((site, ward)).or_default().add(values);
    }
    let by_level = |sums: BTreeMap<Level, Sums>| sums.into_iter().map(|(level, sums)| (level, sums.moments())).collect();
    let names = ["x", "z", "y"];
    Statistics {
        columns: names.iter().map(|name| SummedColumn { name: (*name).to_owned(), unit: None }).collect(),
        terms: names.iter().map(|name| Term::column(name)).collect(),
        rows: (levels * ROWS_PER_LEVEL) as i64,
        weights: None,
        moments: all.moments(),
        levels: LevelSums {
            categories: vec![
                CategorySums { column: "site".to_owned(), levels: by_level(sites) },
                CategorySums { column: "ward".to_owned(), levels: by_level(wards) },
            ],
            pairs: vec![cells.into_iter().map(|(cell, sums)| (cell, sums.moments())).collect()],
            combinations: Vec::new(),
        },
        distribution: None,
        dropped: 0,
        kept: BTreeMap::new(),
        shared: None,
    }
}

/// Sums of products of the columns (1, x, z, y), in units of 10^-4.
#[derive(Default)]
struct Sums([i64; 10]);

impl Sums {
    fn add(&mut self, values: [i64; 4]) {
        let products = (0..4).flat_map(|i| (0..=i).map(move |j| values[i] * values[j]));
        self.0.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
    }

    fn moments(self) -> Moments {
        Moments(self.0.into_iter().map(|sum| Decimal { mantissa: IBig::from(sum), scale: 4 }.normalized()).collect())
    }
}
