//! Times predictions with native code: `cargo run --release -p samefit-core --example predict_timing -- DATA.csv y [PART OF A LINE]`.
//!
//! The model is trained on the data. Each line has the nanoseconds of processor time for a row: the least of several rounds.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool of developers")]

use samefit_core::decimal::parse;
use samefit_core::fit::fit;
use samefit_core::plan::{Format, Only, Plan};
use samefit_core::predict::{Predictor, Table};
use samefit_core::summarizer::Summarizer;
use std::sync::LazyLock;
use std::time::Instant;

const CHUNK_BYTES: usize = 256 << 10;
const ROUNDS: usize = 7;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let data = std::fs::read(&arguments[1]).unwrap();
    let plan = Plan { target: Some(arguments[2].clone()), ..Plan::default() };
    let mut summarizer = Summarizer::new(plan.clone()).unwrap();
    data.chunks(CHUNK_BYTES).for_each(|chunk| summarizer.push(chunk).unwrap());
    let predictor = Predictor::new(fit(&summarizer.finish().unwrap(), &plan).unwrap()).unwrap();
    let text = std::str::from_utf8(&data).unwrap();
    let rows = text.lines().count() - 1;

    let table = |plan: &Plan, bytes: &[u8]| {
        let mut table = Table::new(predictor.clone(), plan).unwrap();
        let length: usize = bytes.chunks(CHUNK_BYTES).map(|chunk| table.push(chunk).unwrap().len()).sum();
        length + table.finish().unwrap().len()
    };
    let only = Plan { only: Some(Only::Predicted), ..Plan::default() };
    time("CSV to one column", rows, || table(&only, &data));
    time("CSV to predictions, intervals and warnings", rows, || table(&Plan::default(), &data));

    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let places: Vec<usize> = predictor.columns().iter().map(|name| header.iter().position(|other| other == name).unwrap()).collect();
    let mut columns = vec![Vec::new(); places.len()];
    let few = rows.min(100_000);
    let (mut records, mut cells) = (String::new(), Vec::new());
    for line in text.lines().skip(1) {
        let row: Vec<&str> = line.split(',').collect();
        places.iter().zip(&mut columns).for_each(|(&place, column)| column.push(parse(row[place].as_bytes()).unwrap().to_f64()));
        if cells.len() < few {
            let entries: Vec<String> = places.iter().map(|&place| format!("\"{}\":{}", header[place], row[place])).collect();
            records += &format!("{{{}}}\n", entries.join(","));
            cells.push(());
        }
    }
    let flat = columns.concat();
    time("columns of f64, with intervals", rows, || predictor.predict_columns(&flat, rows).unwrap().len());
    let lines = Plan { format: Format::Jsonl, ..Plan::default() };
    time("JSON Lines", few, || table(&lines, records.as_bytes()));
    let lines = Plan { only: Some(Only::Predicted), ..lines };
    time("JSON Lines to predicted values alone", few, || table(&lines, records.as_bytes()));
}

fn time(what: &str, rows: usize, mut run: impl FnMut() -> usize) {
    if std::env::args().nth(3).is_some_and(|asked| !what.contains(&asked)) {
        return;
    }
    let mut least = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = processor_time();
        std::hint::black_box(run());
        least = least.min(processor_time() - start);
    }
    println!("{what}: {:.1} ns", least / rows as f64);
}

/// Returns the nanoseconds that this thread has run; on systems that do not say so, those that have passed.
fn processor_time() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ran = said.and_then(|said| said.split(' ').next()?.parse().ok());
    ran.unwrap_or_else(|| START.elapsed().as_secs_f64() * 1e9)
}
