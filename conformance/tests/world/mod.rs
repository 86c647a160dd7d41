//! Runs stages in this process: files in memory, reports that nobody reads, one thread.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

use clap::Parser;
use samefit_stages::cli::StageVerb;
use samefit_stages::error::Result;
use samefit_stages::limits::SPLIT_BYTES;
use samefit_stages::ports::engine::Engine;
use samefit_stages::ports::files::{Files, Kind, Output};
use samefit_stages::ports::report::Report;
use samefit_stages::stage::Stage;

#[derive(Parser)]
struct CommandLine {
    #[command(subcommand)]
    verb: StageVerb,
}

/// Runs a command line, without the program's name, over files in memory.
pub(crate) fn run(engine: &dyn Engine, files: &Memory, line: &str) -> Result<()> {
    let command: Vec<String> = std::iter::once("samefit").chain(line.split(' ')).map(str::to_owned).collect();
    let verb = CommandLine::try_parse_from(&command).unwrap().verb;
    in_stage(engine, files, &command, |stage| verb.run(stage))
}

/// Calls `act` with a stage over files in memory. `command` is the command line that it writes into provenance.
pub(crate) fn in_stage(
    engine: &dyn Engine,
    files: &Memory,
    command: &[String],
    act: impl FnOnce(&mut Stage<'_>) -> Result<()>,
) -> Result<()> {
    act(&mut Stage { engine, files, report: &mut Silent, threads: None, split_bytes: SPLIT_BYTES, command })
}

/// Files by path.
pub(crate) struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

impl Memory {
    /// Holds these files.
    pub(crate) fn new(files: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(Mutex::new(files.into_iter().map(|(path, text)| (path.to_owned(), text.into_bytes())).collect()))
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the bytes of a file.
    pub(crate) fn get(&self, path: &str) -> Option<Vec<u8>> {
        self.files().get(path).cloned()
    }

    /// Writes a file.
    pub(crate) fn put(&self, path: &str, bytes: Vec<u8>) {
        self.files().insert(path.to_owned(), bytes);
    }
}

impl Files for Memory {
    fn kind(&self, path: &str) -> io::Result<Kind> {
        let below = format!("{path}/");
        match self.files().keys().find(|file| *file == path || file.starts_with(&below)) {
            Some(file) if file == path => Ok(Kind::File),
            Some(_) => Ok(Kind::Folder),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let below = format!("{folder}/");
        Ok(self.files().keys().filter_map(|path| path.strip_prefix(&below).map(str::to_owned)).collect())
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(Cursor::new(self.get(path).ok_or(io::ErrorKind::NotFound)?)))
    }

    fn identity(&self, path: &str) -> io::Result<String> {
        self.kind(path).map(|_| path.to_owned())
    }

    fn output(&self) -> Box<dyn Output + Send + '_> {
        Box::new(Pending { files: self, new: Vec::new() })
    }
}

struct Pending<'a> {
    files: &'a Memory,
    new: Vec<(String, Vec<u8>)>,
}

impl Output for Pending<'_> {
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
        self.files.files().remove(path);
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<()> {
        self.new.into_iter().for_each(|(path, bytes)| self.files.put(&path, bytes));
        Ok(())
    }
}

struct Silent;

impl Report for Silent {
    fn say(&mut self, _line: &str) {}

    fn note(&mut self, _line: &str) {}

    fn print(&mut self, _text: &str) -> Result<()> {
        Ok(())
    }

    fn document(&mut self, _text: &str) -> Result<()> {
        Ok(())
    }
}
