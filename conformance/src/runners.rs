//! The list of runners, `embed/runners.json`, and what it takes to run one.
//!
//! A runner is either a program that speaks the protocol of `embed/README.md` (`start`), or a command that runs the cases by itself and reports
//! each [`Outcome`] (`checks`).

use crate::outcome::{self, Outcome};
use crate::runner::{Limits, RunnerEngine, check_later_functions, run_to_end, with_later_functions};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The list, relative to the workspace.
const LIST: &str = "embed/runners.json";
/// The table of the contract's functions, relative to the workspace.
const TABLE: &str = "core-wasm/wit/abi.json";
/// The folder of published modules, relative to the workspace.
const MODULES: &str = "target/wasm";
/// The word in a command that stands for the path of the core module.
const CORE: &str = "CORE";
/// A document for the functions of a later contract, relative to the workspace.
const STATISTICS: &str = "data/cases/example-statistics/statistics.json";
/// How long a command may take that builds something or runs the cases by itself.
const COMMAND_LIMIT: Duration = Duration::from_secs(1800);

/// One way to run the contract.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runner {
    /// Its name in the table.
    pub name: String,
    /// Files and programs without which it cannot run here. A name with a slash is a file of the workspace.
    #[serde(default)]
    needs: Vec<String>,
    /// A command that gets what `needs` and `build` need from a package registry. If it fails, the runner cannot run here.
    fetch: Option<Vec<String>>,
    /// A command that builds what `start` starts.
    build: Option<Vec<String>>,
    /// The command that starts it. `CORE` stands for the path of the core module; `abi.json` lies beside it.
    start: Option<Vec<String>>,
    /// The command that runs the cases by itself.
    checks: Option<Vec<String>>,
    /// The module that it runs.
    #[serde(default = "core_with_simd")]
    core: String,
}

fn core_with_simd() -> String {
    "samefit.core.wasm".to_owned()
}

/// What came of a runner.
#[derive(Debug)]
pub enum Report {
    /// It ran the cases, in one engine or several.
    Ran(Vec<Outcome>),
    /// It cannot run here, and why.
    NotRun(String),
    /// It should have run, and why it did not.
    Failed(String),
}

/// Reads the list. `root`: the workspace.
///
/// # Errors
/// If the file cannot be read, or is not such a list.
pub fn runners(root: &Path) -> Result<Vec<Runner>, String> {
    let text = std::fs::read_to_string(root.join(LIST)).map_err(|error| format!("{LIST}: {error}"))?;
    let runners: Vec<Runner> = serde_json::from_str(&text).map_err(|error| format!("{LIST}: {error}"))?;
    match runners.iter().find(|runner| runner.start.is_some() == runner.checks.is_some()) {
        Some(runner) => Err(format!("{LIST}: {} needs either `start` or `checks`", runner.name)),
        None => Ok(runners),
    }
}

/// Returns the SHA-256 of a file in hexadecimal.
///
/// # Errors
/// If the file cannot be read.
pub fn digest(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(samefit_formats::hex::encode(Sha256::digest(bytes)))
}

impl Runner {
    /// Makes everything ready that the runner needs. Returns a report if that is not possible. Runners may share what they fetch and build, so
    /// only one is made ready at a time.
    ///
    /// `root`: the workspace.
    pub fn make_ready(&self, root: &Path) -> Result<(), Report> {
        let missing = |need: &&String| !is_there(root, need);
        let run = |words: &Option<Vec<String>>| match words {
            Some(words) => command(root, words, Path::new(CORE)).and_then(|mut command| run_to_end(&mut command, COMMAND_LIMIT)),
            None => Ok(()),
        };
        if let Some(missing) = self.needs.iter().find(missing) {
            return Err(Report::NotRun(format!("{missing} is not there")));
        }
        run(&self.fetch).map_err(|_| Report::NotRun(format!("`{}` failed", self.fetch.as_deref().unwrap_or_default().join(" "))))?;
        run(&self.build).map_err(Report::Failed)
    }

    /// Runs all cases, after [`make_ready`](Self::make_ready). `root`: the workspace.
    #[must_use]
    pub fn run(&self, root: &Path, limits: Limits) -> Report {
        let outcomes = match (&self.start, &self.checks) {
            (Some(start), _) => self.converse(root, start, limits).map(|outcome| vec![outcome]),
            (None, Some(checks)) => outcomes_of(root, checks),
            (None, None) => Ok(Vec::new()),
        };
        outcomes.map_or_else(Report::Failed, Report::Ran)
    }

    /// Starts a runner that speaks the protocol, and runs the cases over it.
    fn converse(&self, root: &Path, start: &[String], limits: Limits) -> Result<Outcome, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let (core, table) = self.lay_out(root, folder.path())?;
        let engine = RunnerEngine::start(&self.name, &mut command(root, start, &core)?, &table, limits)?;
        let introduction = engine.introduction().clone();
        let expected = digest(&core)?;
        if introduction.digest != expected {
            return Err(format!("it runs the core module {}, and not {expected}", introduction.digest));
        }
        let statistics = std::fs::read_to_string(root.join(STATISTICS)).map_err(|error| format!("{STATISTICS}: {error}"))?;
        check_later_functions(&engine, &statistics)?;
        let outcome = Outcome::of(&engine, introduction, &root.join("data"))?;
        engine.end().map_err(|error| error.to_string())?;
        Ok(outcome)
    }

    /// Writes the core module, and beside it the table of a later contract. Returns the module's path and the table.
    fn lay_out(&self, root: &Path, folder: &Path) -> Result<(PathBuf, String), String> {
        let text = std::fs::read_to_string(root.join(TABLE)).map_err(|error| format!("{TABLE}: {error}"))?;
        let (core, table) = (folder.join(&self.core), with_later_functions(&text)?);
        std::fs::copy(root.join(MODULES).join(&self.core), &core).map_err(|error| format!("{MODULES}/{}: {error}", self.core))?;
        std::fs::write(folder.join("abi.json"), &table).map_err(|error| format!("abi.json: {error}"))?;
        Ok((core, table))
    }
}

/// Runs a command that runs the cases by itself. Returns what it reported.
fn outcomes_of(root: &Path, checks: &[String]) -> Result<Vec<Outcome>, String> {
    let list = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let ended = run_to_end(command(root, checks, Path::new(CORE))?.env(outcome::LIST_VARIABLE, list.path()), COMMAND_LIMIT);
    let text = std::fs::read_to_string(list.path()).map_err(|error| error.to_string())?;
    let outcomes: Vec<Outcome> =
        text.lines().map(serde_json::from_str).collect::<Result<_, _>>().map_err(|error| format!("its report: {error}"))?;
    match ended {
        // a test that failed reported its cases before
        Err(words) if outcomes.iter().all(|outcome| outcome.failures.is_empty()) => Err(words),
        _ if outcomes.is_empty() => Err("it reported nothing".to_owned()),
        _ => Ok(outcomes),
    }
}

/// Returns a command that runs in the workspace.
fn command(root: &Path, words: &[String], core: &Path) -> Result<Command, String> {
    let (program, args) = words.split_first().ok_or_else(|| format!("{LIST}: an empty command"))?;
    // a path is one of the workspace; a name is looked for in PATH
    let program = if program.contains('/') { root.join(program) } else { PathBuf::from(program) };
    let mut command = Command::new(program);
    command.current_dir(root).args(args.iter().map(|arg| if arg == CORE { core.as_os_str() } else { arg.as_ref() }));
    Ok(command)
}

fn is_there(root: &Path, need: &str) -> bool {
    match need.contains('/') {
        true => root.join(need).exists(),
        false => std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(need).is_file())),
    }
}
