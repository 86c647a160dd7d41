//! `train --knots` over the linked engine and files in memory: the same bytes as with the places of the knots, and words for what cannot be.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod command_line;

use samefit_stages::error::Result;
use samefit_stages::limits::SPLIT_BYTES;
use samefit_stages::testing::{MemoryFiles, ReportedLines};
use samefit_wasi_command::engine::LinkedEngine;

/// Runs a command line on so many threads that read splits of so many bytes.
fn run_split(files: &MemoryFiles, line: &[&str], threads: usize, split_bytes: usize) -> (Result<()>, ReportedLines) {
    command_line::run(&LinkedEngine, files, line, threads, split_bytes)
}

fn run(files: &MemoryFiles, line: &[&str]) -> (Result<()>, ReportedLines) {
    run_split(files, line, 1, SPLIT_BYTES)
}

fn error(files: &MemoryFiles, line: &[&str]) -> String {
    run(files, line).0.unwrap_err().to_string()
}

fn text(files: &MemoryFiles, path: &str) -> String {
    String::from_utf8(files.get(path).unwrap()).unwrap()
}

fn trial() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/trial.csv")).unwrap()
}

/// The trial as one file, and as two with the columns in another order, of which the last has patients without an age.
fn files() -> MemoryFiles {
    let trial = trial();
    let rows: Vec<Vec<&str>> = trial.lines().map(|line| line.split(',').collect()).collect();
    let swapped = |rows: &[Vec<&str>]| {
        rows.iter().fold(String::new(), |csv, row| {
            let row: Vec<&str> = row.iter().rev().copied().collect();
            csv + &row.join(",") + "\n"
        })
    };
    let first = rows[..200].iter().fold(String::new(), |csv, row| csv + &row.join(",") + "\n");
    let second = swapped(&rows[..1]) + &swapped(&rows[200..]) + "5,2,1,20,100,25,,never,1,lake\n";
    MemoryFiles::of(&[("trial.csv", trial.as_str()), ("parts/1.csv", &first), ("parts/2.csv", &second)])
}

const MODEL: [&str; 4] = ["--target", "ldl_change", "--features", "age,tg,dose*age"];

#[test]
fn chosen_knots_give_the_files_of_written_ones() {
    let files = files();
    let chosen = [&["train", "--data", "trial.csv"][..], &MODEL, &["--knots", "age=5", "--knots", "tg=3", "--out", "chosen"]].concat();
    let (result, lines) = run(&files, &chosen);
    result.unwrap();
    assert_eq!(
        lines.noted,
        [
            "note: trial.csv: column `age`: restricted cubic spline with knots at 41, 54, 60, 67, 79",
            "note: trial.csv: column `tg`: restricted cubic spline with knots at 72, 125, 205.1",
        ]
    );
    let features = "rcs(age, 41, 54, 60, 67, 79),rcs(tg, 72, 125, 205.1),dose*age";
    let written = ["train", "--data", "trial.csv", "--target", "ldl_change", "--features", features, "--out", "written"];
    run(&files, &written).0.unwrap();
    assert_eq!(text(&files, "chosen/model.json"), text(&files, "written/model.json"));
    let provenance = text(&files, "chosen/provenance.json");
    let knots = serde_json::from_str::<serde_json::Value>(&provenance).unwrap()["knots"].to_string();
    assert_eq!(knots, r#"{"age":["41","54","60","67","79"],"tg":["72","125","205.1"]}"#);
    assert!(!text(&files, "written/provenance.json").contains("knots"));

    // summarize with the places, then fit
    let columns = "age,tg,dose,ldl_change";
    let summarize = ["summarize", "--data", "trial.csv", "--columns", columns, "--terms", features, "--out", "s.json"];
    run(&files, &summarize).0.unwrap();
    run(&files, &["fit", "s.json", "--target", "ldl_change", "--features", features, "--out", "fitted"]).0.unwrap();
    assert_eq!(text(&files, "fitted/model.json"), text(&files, "chosen/model.json"));
}

#[test]
fn files_and_threads_do_not_matter() {
    let files = files();
    let line = |data: &'static str, out: &'static str| {
        [
            &["train", "--data", data, "--columns", "age,tg,dose,ldl_change"][..],
            &MODEL,
            &["--knots", "age=5", "--missing", "drop", "--threads", "3", "--out", out],
        ]
        .concat()
    };
    run(&files, &line("trial.csv", "whole")).0.unwrap();
    for (threads, split_bytes) in [(1, SPLIT_BYTES), (3, 512)] {
        let (result, lines) = run_split(&files, &line("parts", "parted"), threads, split_bytes);
        result.unwrap();
        let knots = "note: parts/1.csv and 1 more: column `age`: restricted cubic spline with knots at 41, 54, 60, 67, 79";
        let dropped = "note: parts/2.csv: left out: 1 row lacks a value (`age` 1)";
        assert_eq!(lines.noted, [knots, dropped], "{threads} threads");
        let model = |path: &str| {
            let model: serde_json::Value = serde_json::from_str(&text(&files, path)).unwrap();
            model["coefficients"].clone()
        };
        assert_eq!(model("parted/model.json"), model("whole/model.json"));
    }
}

#[test]
fn knots_that_cannot_be_chosen_are_errors_in_words() {
    let files = files();
    files.put("/dev/stdin", trial().into_bytes());
    let train = |data: &'static str, knots: &'static str| {
        error(&files, &[&["train", "--data", data][..], &MODEL, &["--knots", knots, "--out", "m"]].concat())
    };
    for (found, want) in [
        (
            train("/dev/stdin", "age=5"),
            "error: /dev/stdin: `--knots` reads the data twice, and a pipe can be read once\nhelp: save it as a file first, or write the places of the knots in the features",
        ),
        (
            train("trial.csv", "dose=5"),
            "error: column `dose`: knots are asked for, and no feature is this column by itself\nhelp: name the column as a feature, or ask for no knots of it",
        ),
        (
            train("trial.csv", "age=2"),
            "error: column `age`: found `2`, expected a number of knots from 3 to 7\nhelp: ask for so many, or write the places of the knots",
        ),
        (
            error(
                &files,
                &["train", "--data", "trial.csv", "--target", "ldl_change", "--features", "sex", "--knots", "sex=3", "--out", "m"],
            ),
            "error: trial.csv: column `sex`: the quantiles at which 3 knots usually stand are not 3 different numbers\nhelp: ask for fewer knots, or write their places",
        ),
        (
            error(&files, &["train", "--data", "trial.csv", "--target", "ldl_change", "--knots", "age=3", "--out", "m"]),
            "error: column `age`: knots are asked for, and the plan names no features\nhelp: name the features, or give a formula or a schema",
        ),
        (
            error(&files, &["summarize", "--data", "trial.csv", "--knots", "age=5", "--out", "s.json"]),
            "error: `summarize` chooses no knots: statistics to merge need the same knots\nhelp: name the knots: `--terms \"rcs(age, 30, 50, 70)\"`",
        ),
    ] {
        assert_eq!(found, want);
    }
    assert!(files.get("m/model.json").is_none());
}
