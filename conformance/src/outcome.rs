//! How an engine did on all cases.

use crate::cases;
use crate::runner::Introduction;
use samefit_stages::ports::engine::Engine;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

/// Environment variable that names the file to which [`Outcome::report`] appends.
pub const LIST_VARIABLE: &str = "SAMEFIT_OUTCOMES";
/// Fewer cases than this mean that the folder of cases was not found.
const CASES_MIN: usize = 100;

/// How an engine did on all cases.
#[derive(Debug, serde::Deserialize, serde::Serialize)]
pub struct Outcome {
    /// The engine. Its digest is empty if it runs no module.
    pub engine: Introduction,
    /// The number of cases that gave their bytes.
    pub passed: usize,
    /// What the other cases gave.
    pub failures: Vec<String>,
    /// How long all of them took.
    pub seconds: f64,
}

impl Outcome {
    /// Runs all cases below the folder `data`.
    ///
    /// # Errors
    /// If there are too few cases.
    pub fn of(engine: &dyn Engine, introduction: Introduction, data: &Path) -> Result<Self, String> {
        let cases = cases(data)?;
        if cases.len() < CASES_MIN {
            return Err(format!("there are only {} cases", cases.len()));
        }
        let begun = Instant::now();
        let failures: Vec<String> = cases.iter().filter_map(|case| case.check(engine, false).err()).collect();
        Ok(Self { engine: introduction, passed: cases.len() - failures.len(), failures, seconds: begun.elapsed().as_secs_f64() })
    }

    /// Appends the outcome to the file that [`LIST_VARIABLE`] names, as one line of JSON. Without the variable, nobody wants it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn report(&self) -> std::io::Result<()> {
        let Some(path) = std::env::var_os(LIST_VARIABLE) else { return Ok(()) };
        let line = serde_json::to_string(self)? + "\n";
        OpenOptions::new().append(true).create(true).open(path)?.write_all(line.as_bytes())
    }
}
