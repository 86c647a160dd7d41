//! A store and specs in a folder of a test's own, run through the command line as the program does.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use samefit_pipeline::cli::{self, PipelineArgs};
use samefit_pipeline::error::Error;
use samefit_pipeline::report::Report;
use samefit_pipeline::run::HostContext;
use serde_json::{Value, json};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: PipelineArgs,
}

/// A folder that goes when the test ends.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    /// Whether runs are to stop.
    pub(crate) stopped: AtomicBool,
}

/// What came of a command line.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    /// Lines that were said, and notes.
    pub(crate) said: Vec<String>,
    /// What was printed.
    pub(crate) printed: String,
    /// Why it failed, if it did.
    pub(crate) failure: Option<Error>,
}

impl Report for Ran {
    fn say(&mut self, line: &str) {
        self.said.extend(line.lines().map(str::to_owned));
    }

    fn note(&mut self, line: &str) {
        self.say(line);
    }

    fn text(&mut self, text: &str) -> Result<(), Error> {
        self.print(samefit_text::lines(text).as_bytes())
    }

    fn print(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.printed += &String::from_utf8_lossy(bytes);
        Ok(())
    }
}

impl Ran {
    /// It went well.
    #[track_caller]
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.failure, None, "{:#?}", self.said);
        self
    }

    /// It went badly: all that was said, and why.
    #[track_caller]
    pub(crate) fn bad(self) -> String {
        let failure = self.failure.as_ref().expect("it went well");
        format!("{}\n{failure}", self.said.join("\n"))
    }

    /// Of a pipeline: processed, skipped and failed datums; none if it had no job.
    pub(crate) fn counts(&self, pipeline: &str) -> Option<(u64, u64, u64)> {
        let prefix = format!("{pipeline}: ");
        let line = self.said.iter().find(|line| line.starts_with(&prefix) && line.contains(" processed, "))?;
        let numbers: Vec<u64> = line[prefix.len()..].split(", ").filter_map(|part| part.split(' ').next()?.parse().ok()).collect();
        Some((numbers[0], numbers[1], numbers[2]))
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), stopped: AtomicBool::new(false) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// Writes a file of the test, with the folders above it.
    pub(crate) fn file(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What a file of the test holds.
    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Writes a spec: a pipeline of a shell script that finds `/pfs` in `$PFS`, with more fields.
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

    /// Runs `samefit pipeline` with these words.
    pub(crate) fn pipeline(&self, words: &[&str]) -> Ran {
        let store = self.store();
        let words = ["pipeline", "--store", store.to_str().unwrap()].into_iter().chain(words.iter().copied());
        let cli = Cli::try_parse_from(words).unwrap();
        let stopped = || self.stopped.load(Ordering::SeqCst);
        let world = HostContext { program: env!("CARGO_BIN_EXE_samefit-pipeline-test-program").into(), now: || 0, stopped: &stopped, cores: 2 };
        let mut ran = Ran::default();
        ran.failure = cli::run(&cli.args, &world, &mut ran).err();
        ran
    }

    /// Mirrors a folder of the test into a repo.
    pub(crate) fn put(&self, repo: &str, files: &[(&str, &str)]) {
        let folder = format!("put/{repo}");
        let _ = fs::remove_dir_all(self.path(&folder));
        fs::create_dir_all(self.path(&folder)).unwrap();
        files.iter().for_each(|(name, text)| self.file(&format!("{folder}/{name}"), text));
        self.pipeline(&["put", repo, "--replace-all", self.path(&folder).to_str().unwrap()]).good();
    }

    /// Writes another text over the content of a repo's first file.
    pub(crate) fn damage(&self, repo: &str, text: &str) {
        let list = self.pipeline(&["list", "files", repo, "--json"]).good().printed;
        let list: Value = serde_json::from_str(&list).unwrap();
        let hash = list[0]["content"]["sha256"].as_str().unwrap();
        let path = self.store().join("objects").join(&hash[..2]).join(&hash[2..]);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(&path, text).unwrap();
    }

    /// Runs the specs of the test.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        let specs = self.path("specs");
        let words: Vec<&str> = ["run", specs.to_str().unwrap()].into_iter().chain(words.iter().copied()).collect();
        self.pipeline(&words)
    }

    /// Every file at the head of a repo.
    pub(crate) fn files(&self, reference: &str) -> BTreeMap<String, String> {
        let out = tempfile::tempdir().unwrap();
        self.pipeline(&["get", reference, "--out", out.path().to_str().unwrap()]).good();
        below(out.path(), out.path())
    }

    /// The lines that programs wrote to `$LOG`, sorted; then the file is empty.
    pub(crate) fn log(&self) -> Vec<String> {
        let text = self.text("log");
        let _ = fs::remove_file(self.path("log"));
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
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
