//! What every verb works with: an engine, a file system, a report.

use std::num::NonZeroUsize;

use crate::args::{SheetArg, ThreadsArg};
use crate::error::Result;
use crate::ports::engine::Engine;
use crate::ports::files::Files;
use crate::ports::report::{Progress, Report};
use crate::source::Source;

/// What one run of a verb works with.
pub struct Stage<'a> {
    /// The model logic.
    pub engine: &'a dyn Engine,
    /// The file system.
    pub files: &'a dyn Files,
    /// Receives what is reported.
    pub report: &'a mut dyn Report,
    /// The sheet to read of workbooks; none for their first.
    pub sheet: Option<String>,
    /// How many threads may work; none if the host has no threads.
    pub threads: Option<NonZeroUsize>,
    /// Length of the splits in which threads read a file, in bytes: [`crate::limits::SPLIT_BYTES`], or less in a test.
    pub split_bytes: usize,
    /// The command line, program first, for `provenance.json`.
    pub command: &'a [String],
}

impl Stage<'_> {
    /// Sets how many threads work: as many as `--threads` says, or the host's number, but no more than the engine has instances for. A host without
    /// threads stays so.
    pub(crate) fn use_threads(&mut self, args: ThreadsArg) {
        let most = NonZeroUsize::new(self.engine.threads_max()).unwrap_or(NonZeroUsize::MIN);
        self.threads = self.threads.map(|default| args.threads.unwrap_or(default).min(most));
    }

    /// Sets which sheet of workbooks is read.
    pub(crate) fn use_sheet(&mut self, args: &SheetArg) {
        self.sheet.clone_from(&args.sheet);
    }

    /// Returns the progress before these files are read. Their sizes are looked up only if the progress is watched.
    pub(crate) fn begin_progress(&self, sources: &[&Source]) -> Progress {
        let bytes_total = match self.report.watches() {
            true => sources.iter().map(|source| self.files.bytes(&source.path)).sum(),
            false => None,
        };
        Progress { files: sources.len(), bytes_total, ..Progress::default() }
    }

    /// Reports a result: lines for people, or with `--json` a document on stdout.
    pub fn show(&mut self, json: bool, table: &str, document: &str) -> Result<()> {
        if json {
            return self.report.document(document);
        }
        table.lines().for_each(|line| self.report.say(line));
        Ok(())
    }

    /// Reports which files were written.
    pub fn say_written(&mut self, paths: &[String]) {
        let paths: Vec<_> = paths.iter().map(|path| samefit_text::line(path)).collect();
        match paths.as_slice() {
            [] => {}
            [path] => self.report.say(&format!("wrote {path}")),
            [first @ .., last] => self.report.say(&format!("wrote {} and {last}", first.join(", "))),
        }
    }
}
