//! Runs the conformance cases over every language and engine of `embed/runners.json`, and prints a table of what each gave.
//!
//! `engines [WORD]...` runs the runners whose names have one of the words; without words, all. Ends with 1 if a case or a runner failed.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it reports to the person who started it")]

use samefit_conformance::outcome::Outcome;
use samefit_conformance::runner::Limits;
use samefit_conformance::runners::{Report, Runner, digest, runners};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The published module that most runners run.
const CORE: &str = "target/wasm/samefit.core.wasm";
/// Failures of an engine that are shown whole.
const FAILURES_SHOWN_MAX: usize = 3;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(words) => {
            eprintln!("error: {words}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, String> {
    let root = Path::new(ROOT).canonicalize().map_err(|error| error.to_string())?;
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut runners = runners(&root)?;
    runners.retain(|runner| words.is_empty() || words.iter().any(|word| runner.name.contains(word)));
    println!("{CORE}: sha256 {}\n", digest(&root.join(CORE)).map_err(|words| format!("{words}; run `sh scripts/just wasm` first"))?);
    let reports = run_all(&root, &runners);
    print_table(&runners, &reports);
    Ok(print_problems(&runners, &reports))
}

/// Runs as many runners at a time as there are processors. Returns their reports in the order of the list.
fn run_all(root: &Path, runners: &[Runner]) -> Vec<Report> {
    let ready = |runner: &Runner| runner.make_ready(root).map_or_else(OnceLock::from, |()| OnceLock::new());
    let reports: Vec<OnceLock<Report>> = runners.iter().map(ready).collect();
    let waiting = Mutex::new(runners.iter().zip(&reports));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some((runner, report)) = next() {
            report.get_or_init(|| runner.run(root, Limits::default()));
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    let stopped = || Report::Failed("its thread stopped".to_owned());
    reports.into_iter().map(|report| report.into_inner().unwrap_or_else(stopped)).collect()
}

const HEADER: [&str; 6] = ["runner", "language", "engine", "passed", "failed", "seconds"];

/// Prints a line for each engine.
fn print_table(runners: &[Runner], reports: &[Report]) {
    let mut lines = vec![HEADER.map(str::to_owned)];
    for (runner, report) in runners.iter().zip(reports) {
        let line = |language: &str, engine: &str, [passed, failed, seconds]: [String; 3]| {
            [runner.name.clone(), language.to_owned(), engine.to_owned(), passed, failed, seconds]
        };
        match report {
            Report::Ran(outcomes) => lines.extend(outcomes.iter().map(|Outcome { engine, passed, failures, seconds }| {
                line(&engine.language, &engine.engine, [passed.to_string(), failures.len().to_string(), format!("{seconds:.1}")])
            })),
            Report::NotRun(_) => lines.push(line("", "not run", Default::default())),
            Report::Failed(_) => lines.push(line("", "FAILED", Default::default())),
        }
    }
    let widths: Vec<usize> = (0..HEADER.len()).map(|at| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0)).collect();
    for line in &lines {
        let cells = line.iter().zip(&widths).enumerate();
        let cells = cells.map(|(at, (cell, &width))| if at < 3 { format!("{cell:<width$}") } else { format!("{cell:>width$}") });
        println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    println!();
}

/// Prints what failed, what did not run, and a line of totals. Returns whether nothing failed.
fn print_problems(runners: &[Runner], reports: &[Report]) -> bool {
    let (mut passed, mut failed) = (0, 0);
    for (runner, report) in runners.iter().zip(reports) {
        match report {
            Report::Ran(outcomes) => {
                for Outcome { engine, passed: some, failures, .. } in outcomes {
                    passed += some;
                    failed += failures.len();
                    failures
                        .iter()
                        .take(FAILURES_SHOWN_MAX)
                        .for_each(|failure| println!("{}, {}: {failure}\n", runner.name, engine.engine));
                }
            }
            Report::NotRun(why) => println!("not run: the conformance cases in {} ({why})", runner.name),
            Report::Failed(words) => {
                failed += 1;
                println!("{}: {words}\n", runner.name);
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    failed == 0
}
