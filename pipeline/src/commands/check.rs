//! `check`: compares every file in the store with its digest.

use std::collections::BTreeSet;

use clap::Args;

use super::table::counted;
use crate::datums::Hash;
use crate::error::{Error, Result};
use crate::report::Report;
use crate::store::Store;
use crate::store::records::{Commit, Job};

/// Arguments of `check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {}

/// Checks every file that a record names. The database itself was checked when it was opened.
pub fn run(_args: &CheckArgs, store: &Store, report: &mut dyn Report) -> Result<()> {
    let mut check = StoreCheck { store, seen: BTreeSet::new(), problems: Vec::new() };
    for repo in store.repos()? {
        store.commits(&repo.name)?.iter().for_each(|commit| check.commit(commit));
        store.jobs(&repo.name)?.iter().for_each(|job| check.job(job));
    }
    let StoreCheck { seen, problems, .. } = check;
    if problems.is_empty() {
        let files = counted(seen.len() as u64, "file");
        report.say(&format!("checked {files} in the store: every digest is right"));
        return Ok(());
    }
    problems.iter().for_each(|problem| report.note(problem));
    let files = counted(problems.len() as u64, "file");
    Err(Error::failed(format_args!("damaged or missing in the store: {files}"), "do what is said above about each"))
}

struct StoreCheck<'a> {
    store: &'a Store,
    seen: BTreeSet<Hash>,
    problems: Vec<String>,
}

impl StoreCheck<'_> {
    /// Checks the files of a commit, and their list.
    fn commit(&mut self, commit: &Commit) {
        let Some(listing) = commit.tree else { return };
        let name = format!("{}@{}={}", commit.repo, commit.branch, commit.id);
        self.object(listing, &name);
        for (path, content) in self.store.tree(commit).unwrap_or_default() {
            self.object(content.sha256, &format!("{name}:{path}"));
        }
    }

    /// Checks the logs of a job's datums, and the list of datums.
    fn job(&mut self, job: &Job) {
        let name = format!("job {} of {}", job.id, job.pipeline);
        job.datums.into_iter().for_each(|listing| self.object(listing, &name));
        for result in self.store.datum_results(job).unwrap_or_default() {
            result.log.into_iter().for_each(|log| self.object(log, &format!("{name}: log of datum {}", result.id)));
        }
    }

    /// Checks one file of the store, unless it was checked before.
    fn object(&mut self, hash: Hash, name: &str) {
        if self.seen.insert(hash)
            && let Err(error) = self.store.objects.open(&hash)
        {
            self.problems.extend(error.messages().iter().map(|message| format!("{name}: {message}")));
        }
    }
}
