//! `rollback`: moves the branch of an input repo back to an older commit.

use clap::Args;

use crate::error::{Error, Result};
use crate::reference::Reference;
use crate::report::Report;
use crate::store::Store;

/// Arguments of `rollback`.
#[derive(Args, Clone, Debug)]
pub struct RollbackArgs {
    /// REPO or REPO@BRANCH
    #[arg(value_name = "REPO")]
    repo: Reference,
    /// The commit that becomes the head of the branch
    #[arg(long, value_name = "COMMIT")]
    to: String,
}

/// Moves the branch. Later commits stay in the store.
pub fn run(args: &RollbackArgs, store: &Store, report: &mut dyn Report) -> Result<()> {
    let (repo, branch) = (&args.repo.repo, args.repo.branch());
    if store.repo(repo)?.is_some_and(|repo| repo.output) {
        let help =
            "roll back the repos that the pipeline reads, and run; to read older output, use `samefit pipeline get REPO=COMMIT:/PATH`";
        return Err(Error::invalid(format_args!("only the pipeline `{repo}` writes `{repo}`"), help));
    }
    let commit = Reference { repo: repo.clone(), branch_or_commit: Some(args.to.clone()), path: None }.commit(store)?;
    store.write(|change| change.set_branch(repo, branch, &commit.id))?;
    report.say(&format!("{repo}@{branch} is commit {} again; later commits stay in the store", commit.id));
    report.say("the next `samefit pipeline run` processes the datums again that differ from those of the last job");
    Ok(())
}
