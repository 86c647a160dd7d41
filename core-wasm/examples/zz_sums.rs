//! scratch
#![allow(clippy::print_stdout, reason = "scratch")]
use samefit_core::plan::Plan;
use samefit_core::summarizer::Summarizer;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::time::{Duration, Instant};
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state >> 20
}
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (case, rows) = (args[1].as_str(), args[2].parse::<usize>().unwrap());
    let (columns, plan) = match case {
        "numbers" => (10, "{}".to_owned()),
        "cube" => (1, r#"{"target":"y","features":["x0","rcs(x0, 20, 50, 80)"]}"#.to_owned()),
        "plain" => (1, r#"{"target":"y","features":["x0"]}"#.to_owned()),
        "ln" => (1, r#"{"target":"y","features":["x0", "ln(x0)"]}"#.to_owned()),
        "sqrt" => (1, r#"{"target":"y","features":["x0", "sqrt(x0)"]}"#.to_owned()),
        _ => (9, r#"{"categories":["site"]}"#.to_owned()),
    };
    let mut s = Summarizer::new(Plan::parse(&plan).unwrap()).unwrap();
    let (mut state, mut time) = (42u64, Duration::ZERO);
    let mut text = String::from("site,y");
    (0..columns).for_each(|c| write!(text, ",x{c}").unwrap());
    text.push('\n');
    for row in 0..rows {
        let site = match case {
            "few" => random(&mut state) as usize % 5,
            "sorted" => row * 200 / rows,
            "runs" => row / 700 % 1000,
            _ => random(&mut state) as usize % 1000,
        };
        if case.len() == 6 || ["few", "runs"].contains(&case) { write!(text, "s{site}").unwrap(); } else { write!(text, "{site}").unwrap(); }
        for _ in 0..=columns {
            let v = random(&mut state) % 10000 + 1;
            write!(text, ",{}.{:02}", v / 100, v % 100).unwrap();
        }
        text.push('\n');
        if text.len() > 1 << 20 || row + 1 == rows {
            let start = Instant::now();
            s.push(text.as_bytes()).unwrap();
            time += start.elapsed();
            text.clear();
        }
    }
    let start = Instant::now();
    let statistics = s.finish().unwrap();
    time += start.elapsed();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    let start = Instant::now();
    let json = statistics.to_json();
    let write = start.elapsed();
    let start = Instant::now();
    let parsed = samefit_core::statistics::Statistics::parse(&json).unwrap();
    let parse = start.elapsed();
    let start = Instant::now();
    let mut sum = statistics.clone();
    sum.merge(&parsed).unwrap();
    let merge = start.elapsed();
    println!("{case:8} {:.1} ns/row {peak} write {write:?} parse {parse:?} merge {merge:?} {}", time.as_nanos() as f64 / rows as f64, samefit_formats::hex::encode(&Sha256::digest(json.as_bytes())[..6]));
}
