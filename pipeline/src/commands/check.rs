//! `check`: the store to what is damaged in it.

use std::collections::BTreeSet;

use clap::Args;

use crate::datums::Hash;
use crate::disk::broken;
use crate::error::Result;
use crate::report::Report;
use crate::store::Store;
use crate::store::records::{Commit, Job};

/// Arguments of `check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {}

/// Does it. The database was checked when it was opened.
pub fn run(_args: &CheckArgs, store: &Store, report: &mut dyn Report) -> Result<()> {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for repo in store.repos()? {
        for commit in store.commits(&repo.name)? {
            files(store, &commit, &mut seen, &mut wrong);
        }
        for job in store.jobs(&repo.name)? {
            datums(store, &job, &mut seen, &mut wrong);
        }
    }
    if wrong.is_empty() {
        report.say(&format!("{} contents are what their names say", seen.len()));
        return Ok(());
    }
    wrong.iter().for_each(|line| report.note(line));
    Err(broken(format_args!("{} contents are damaged or missing", wrong.len()), "see above what to do about each"))
}

fn files(store: &Store, commit: &Commit, seen: &mut BTreeSet<Hash>, wrong: &mut Vec<String>) {
    let Some(listing) = commit.tree else { return };
    let name = format!("{}@{}={}", commit.repo, commit.branch, commit.id);
    one(store, listing, &name, seen, wrong);
    for (path, leaf) in store.tree(commit).unwrap_or_default() {
        one(store, leaf.sha256, &format!("{name}:{path}"), seen, wrong);
    }
}

fn datums(store: &Store, job: &Job, seen: &mut BTreeSet<Hash>, wrong: &mut Vec<String>) {
    let name = format!("job {} of {}", job.id, job.pipeline);
    job.datums.into_iter().for_each(|listing| one(store, listing, &name, seen, wrong));
    for datum in store.processed(job).unwrap_or_default() {
        datum.log.into_iter().for_each(|log| one(store, log, &format!("{name}: log of datum {}", datum.id), seen, wrong));
    }
}

fn one(store: &Store, hash: Hash, name: &str, seen: &mut BTreeSet<Hash>, wrong: &mut Vec<String>) {
    if seen.insert(hash) {
        wrong.extend(
            store.objects.open(&hash).err().map(|failure| format!("{name}: {}", failure.to_string().trim_start_matches("error: "))),
        );
    }
}
