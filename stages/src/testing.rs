//! What tests run stages on: files in memory, a report that keeps what it gets, an engine that always fails, and compressed bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::ports::engine::{Engine, Form, Identity, Merger, Model, Stream, Summarizer, Verdict};
use crate::ports::files::{Files, Kind, Output};
use crate::ports::report::Report;
use crate::stage::Stage;

/// Files by path. A path is a folder if other paths are below it.
#[derive(Default)]
pub struct MemoryFiles(Mutex<BTreeMap<String, Vec<u8>>>);

impl MemoryFiles {
    /// Holds these files, by path.
    pub fn of<B: AsRef<[u8]>>(files: &[(&str, B)]) -> Self {
        Self(Mutex::new(files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.as_ref().to_vec())).collect()))
    }

    /// Returns the bytes of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Vec<u8>> {
        self.files().get(path).cloned()
    }

    /// Writes a file.
    pub fn put(&self, path: &str, bytes: Vec<u8>) {
        self.files().insert(path.to_owned(), bytes);
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_folder(&self, path: &str) -> bool {
        let below = format!("{}/", path.trim_end_matches('/'));
        self.files().keys().any(|other| other.starts_with(&below))
    }
}

impl Files for MemoryFiles {
    fn kind(&self, path: &str) -> io::Result<Kind> {
        match () {
            () if self.get(path).is_some() => Ok(if path.starts_with("/dev/") { Kind::Pipe } else { Kind::File }),
            () if self.is_folder(path) => Ok(Kind::Folder),
            () => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let below = format!("{}/", folder.trim_end_matches('/'));
        let files = self.files();
        let rest = files.keys().filter_map(|path| path.strip_prefix(&below)?.split('/').next());
        let mut names: Vec<String> = rest.map(str::to_owned).collect();
        names.dedup();
        names.reverse();
        Ok(names)
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send + '_>> {
        let bytes = self.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(io::Cursor::new(bytes)))
    }

    fn identity(&self, path: &str) -> io::Result<String> {
        self.kind(path).map(|_| path.trim_end_matches('/').to_owned())
    }

    fn output(&self) -> Box<dyn Output + Send + '_> {
        Box::new(MemoryOutput { files: self, new: Vec::new(), removed: Vec::new() })
    }
}

struct MemoryOutput<'a> {
    files: &'a MemoryFiles,
    new: Vec<(String, Vec<u8>)>,
    removed: Vec<String>,
}

impl Output for MemoryOutput<'_> {
    fn create(&mut self, path: &str) -> Result<usize> {
        self.new.push((path.to_owned(), Vec::new()));
        Ok(self.new.len() - 1)
    }

    fn write(&mut self, handle: usize, bytes: &[u8]) -> Result<()> {
        self.new[handle].1.extend_from_slice(bytes);
        Ok(())
    }

    fn close(&mut self, _handle: usize) -> Result<()> {
        Ok(())
    }

    fn remove(&mut self, path: &str) -> Result<()> {
        self.removed.push(path.to_owned());
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<()> {
        let mut files = self.files.files();
        files.retain(|path, _| !self.removed.contains(path));
        files.extend(self.new);
        Ok(())
    }
}

/// Keeps what is reported.
#[derive(Default)]
pub struct ReportedLines {
    /// Lines that `--quiet` silences.
    pub said: Vec<String>,
    /// Notes.
    pub noted: Vec<String>,
    /// What goes to stdout.
    pub printed: String,
}

impl Report for ReportedLines {
    fn say(&mut self, line: &str) {
        self.said.push(line.to_owned());
    }

    fn note(&mut self, line: &str) {
        self.noted.push(line.to_owned());
    }

    fn print(&mut self, text: &str) -> Result<()> {
        self.printed.push_str(&samefit_text::lines(text));
        Ok(())
    }

    fn document(&mut self, text: &str) -> Result<()> {
        self.printed.push_str(text);
        Ok(())
    }
}

/// Runs something in a stage over `files`, without an engine. Returns its result and what was reported.
#[cfg(test)]
pub(crate) fn in_stage<T>(files: &MemoryFiles, act: impl FnOnce(&mut Stage<'_>) -> Result<T>) -> (Result<T>, ReportedLines) {
    in_stage_with(&NoEngine, files, crate::limits::SPLIT_BYTES, &[], act)
}

/// Runs something in a stage over an engine and `files`, on one thread. `command` is the command line that the stage writes into
/// provenance. Returns the result and what was reported.
pub fn in_stage_with<T>(
    engine: &dyn Engine,
    files: &MemoryFiles,
    split_bytes: usize,
    command: &[String],
    act: impl FnOnce(&mut Stage<'_>) -> Result<T>,
) -> (Result<T>, ReportedLines) {
    let mut lines = ReportedLines::default();
    let result = act(&mut Stage { engine, files, report: &mut lines, sheet: None, threads: None, split_bytes, command });
    (result, lines)
}

/// Compresses with gzip.
#[cfg(test)]
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use flate2::{Compression, write::GzEncoder};
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

/// An engine for tests that need none: every function fails.
pub struct NoEngine;

fn no_engine<T>() -> Result<T> {
    Err(Error::Trap("there is no engine in this test".to_owned()))
}

impl Engine for NoEngine {
    fn order_levels(&self, _: &[String]) -> Result<Vec<String>> {
        no_engine()
    }

    fn summarizer(&self, _: &str) -> Result<Box<dyn Summarizer + '_>> {
        no_engine()
    }

    fn record_writer(&self, _: &str) -> Result<Box<dyn Stream + '_>> {
        no_engine()
    }

    fn profiler(&self, _: &str) -> Result<Box<dyn Stream + '_>> {
        no_engine()
    }

    fn preview(&self, _: &[u8], _: &str) -> Result<String> {
        no_engine()
    }

    fn merger(&self) -> Result<Box<dyn Merger + Send + '_>> {
        no_engine()
    }

    fn subtract(&self, _: &str, _: &str) -> Result<String> {
        no_engine()
    }

    fn audit(&self, _: &str, _: &str) -> Result<String> {
        no_engine()
    }

    fn fit(&self, _: &str, _: &str) -> Result<String> {
        no_engine()
    }

    fn needed_columns(&self, _: &str) -> Result<Option<BTreeSet<String>>> {
        no_engine()
    }

    fn compare(&self, _: &str, _: &str, _: &str) -> Result<String> {
        no_engine()
    }

    fn test(&self, _: &str, _: &str, _: &str) -> Result<String> {
        no_engine()
    }

    fn model(&self, _: &str) -> Result<Box<dyn Model + '_>> {
        no_engine()
    }

    fn judge(&self, _: &str, _: &str, _: f64) -> Result<Verdict> {
        no_engine()
    }

    fn first_difference(&self, _: &str, _: &str) -> Result<Option<String>> {
        no_engine()
    }

    fn residuals(&self, _: &str, _: &str) -> Result<Box<dyn Stream + '_>> {
        no_engine()
    }

    fn form(&self, _: &str) -> Result<Box<dyn Form + '_>> {
        no_engine()
    }

    fn identity(&self) -> Result<Identity> {
        no_engine()
    }
}
