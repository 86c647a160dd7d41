//! A temporary folder with a store and specs, and a way to run `samefit pipeline` on it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use samefit_pipeline::cli::{self, PipelineArgs};
use samefit_pipeline::error::Error;
use samefit_pipeline::report::Report;
use samefit_pipeline::run::context::HostContext;
use serde_json::{Value, json};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: PipelineArgs,
}

/// A folder that is removed when the test ends.
pub(crate) struct Fixture {
    folder: tempfile::TempDir,
    /// Whether runs have to stop.
    pub(crate) stop_requested: AtomicBool,
}

/// The result of a command line.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The lines of reports and notes.
    pub(crate) messages: Vec<String>,
    /// The output for people and machines.
    pub(crate) stdout: String,
    /// The error, if the command failed.
    pub(crate) error: Option<Error>,
}

impl Report for Outcome {
    fn say(&mut self, line: &str) {
        self.messages.extend(line.lines().map(str::to_owned));
    }

    fn note(&mut self, line: &str) {
        self.say(line);
    }

    fn print_text(&mut self, text: &str) -> Result<(), Error> {
        self.print_bytes(samefit_text::lines(text).as_bytes())
    }

    fn print_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stdout += &String::from_utf8_lossy(bytes);
        Ok(())
    }
}

impl Outcome {
    /// Asserts that the command succeeded.
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.error, None, "{:#?}", self.messages);
        self
    }

    /// Asserts that the command failed. Returns all messages and the error.
    #[track_caller]
    pub(crate) fn failed(self) -> String {
        let error = self.error.as_ref().expect("the command succeeded");
        format!("{}\n{error}", self.messages.join("\n"))
    }

    /// Returns how many datums of a pipeline were processed, skipped and failed. None if it had no job.
    pub(crate) fn counts(&self, pipeline: &str) -> Option<(u64, u64, u64)> {
        let prefix = format!("{pipeline}: ");
        let line = self.messages.iter().find(|line| line.starts_with(&prefix) && line.contains(" processed, "))?;
        let numbers: Vec<u64> = line[prefix.len()..].split(", ").filter_map(|part| part.split(' ').next()?.parse().ok()).collect();
        Some((numbers[0], numbers[1], numbers[2]))
    }
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), stop_requested: AtomicBool::new(false) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// Writes a file, and creates the folders above it.
    pub(crate) fn file(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Returns the text of a file. It is empty if there is no such file.
    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Writes a spec that runs a shell script. `$PFS` is the path of `/pfs`. `more` has further fields.
    pub(crate) fn spec(&self, name: &str, input: &Value, script: &str, more: &Value) {
        let mut spec = json!({
            "pipeline": {"name": name},
            "input": input,
            "transform": {"cmd": ["sh", "-c", script, "/pfs"], "env": {"PFS": "/pfs", "LOG": self.path("log")}},
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            match (spec.get_mut(key), value) {
                (Some(Value::Object(there)), Value::Object(more)) => there.extend(more.clone()),
                _ => spec[key] = value.clone(),
            }
        }
        self.file(&format!("specs/{name}.json"), &spec.to_string());
    }

    /// Runs `samefit pipeline` with these arguments.
    pub(crate) fn pipeline(&self, words: &[&str]) -> Outcome {
        let store = self.store();
        let words = ["pipeline", "--store", store.to_str().unwrap()].into_iter().chain(words.iter().copied());
        let cli = Cli::try_parse_from(words).unwrap();
        let stop_requested = || self.stop_requested.load(Ordering::SeqCst);
        let host = HostContext {
            program: env!("CARGO_BIN_EXE_samefit-pipeline-test-program").into(),
            now: || 0,
            stop_requested: &stop_requested,
            cores: 2,
        };
        let mut outcome = Outcome::default();
        outcome.error = cli::run(&cli.args, &host, &mut outcome).err();
        outcome
    }

    /// Replaces the files of a repo.
    pub(crate) fn put(&self, repo: &str, files: &[(&str, &str)]) {
        let folder = format!("put/{repo}");
        let _ = fs::remove_dir_all(self.path(&folder));
        fs::create_dir_all(self.path(&folder)).unwrap();
        files.iter().for_each(|(name, text)| self.file(&format!("{folder}/{name}"), text));
        self.pipeline(&["put", repo, "--replace-all", self.path(&folder).to_str().unwrap()]).succeeded();
    }

    /// Overwrites the object with the content of a repo's first file.
    pub(crate) fn damage(&self, repo: &str, text: &str) {
        let list = self.pipeline(&["list", "files", repo, "--json"]).succeeded().stdout;
        let list: Value = serde_json::from_str(&list).unwrap();
        let hash = list[0]["content"]["sha256"].as_str().unwrap();
        let path = self.store().join("objects").join(&hash[..2]).join(&hash[2..]);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(&path, text).unwrap();
    }

    /// Runs the specs of the fixture.
    pub(crate) fn run(&self, words: &[&str]) -> Outcome {
        let specs = self.path("specs");
        let words: Vec<&str> = ["run", specs.to_str().unwrap()].into_iter().chain(words.iter().copied()).collect();
        self.pipeline(&words)
    }

    /// Returns the text of every file at the head of a repo.
    pub(crate) fn files(&self, reference: &str) -> BTreeMap<String, String> {
        let out = tempfile::tempdir().unwrap();
        self.pipeline(&["get", reference, "--out", out.path().to_str().unwrap()]).succeeded();
        below(out.path(), out.path())
    }

    /// Returns the lines that programs wrote to `$LOG`, sorted, and removes the file.
    pub(crate) fn log(&self) -> Vec<String> {
        let text = self.text("log");
        let _ = fs::remove_file(self.path("log"));
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }
}

/// Waits until a condition holds, and panics after 60 seconds.
pub(crate) fn wait_until(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the condition did not hold within 60 s");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn below(root: &Path, folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(below(root, &path));
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    files
}
