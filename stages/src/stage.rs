//! What every verb is handed: an engine, a file system, someone to report to.

use std::num::NonZeroUsize;

use crate::args::ThreadsArg;
use crate::error::Result;
use crate::ports::engine::Engine;
use crate::ports::files::Files;
use crate::ports::report::{Progress, Report};
use crate::source::Source;

/// The surroundings of one run of a verb.
pub struct Stage<'a> {
    /// The model logic.
    pub engine: &'a dyn Engine,
    /// The disk.
    pub files: &'a dyn Files,
    /// The terminal.
    pub report: &'a mut dyn Report,
    /// How many threads work at once; none where the host cannot begin any.
    pub threads: Option<NonZeroUsize>,
    /// Length of the pieces that threads share a file by: [`crate::limits::PIECE_BYTES`], or less in a test.
    pub piece_bytes: usize,
    /// The command line, program first, for `provenance.json`.
    pub command: &'a [String],
}

impl Stage<'_> {
    /// So many threads may work at once, if the host has threads at all; no more than there is room for.
    pub(crate) fn use_threads(&mut self, args: ThreadsArg) {
        let most = NonZeroUsize::new(self.engine.threads_max()).unwrap_or(NonZeroUsize::MIN);
        self.threads = self.threads.map(|default| args.threads.unwrap_or(default).min(most));
    }

    /// The reading of these files begins. How many bytes they hold is looked up only if someone watches.
    pub(crate) fn begins(&self, sources: &[&Source]) -> Progress {
        let bytes_total = match self.report.watches() {
            true => sources.iter().map(|source| self.files.bytes(&source.path)).sum(),
            false => None,
        };
        Progress { files: sources.len(), bytes_total, ..Progress::default() }
    }

    /// What a person reads as a table and, with `--json`, a machine as a document on stdout.
    pub fn show(&mut self, json: bool, table: &str, document: &str) -> Result<()> {
        if json {
            return self.report.document(document);
        }
        table.lines().for_each(|line| self.report.say(line));
        Ok(())
    }

    /// Says where files went.
    pub fn say_written(&mut self, paths: &[String]) {
        let paths: Vec<_> = paths.iter().map(|path| samefit_text::line(path)).collect();
        match paths.as_slice() {
            [] => {}
            [path] => self.report.say(&format!("wrote {path}")),
            [first @ .., last] => self.report.say(&format!("wrote {} and {last}", first.join(", "))),
        }
    }
}
