//! `rollback`: the branch of an input repo back to an older commit.

use clap::Args;

use crate::disk::bad;
use crate::error::Result;
use crate::reference::Reference;
use crate::report::Report;
use crate::store::Store;

/// Arguments of `rollback`.
#[derive(Args, Clone, Debug)]
pub struct RollbackArgs {
    /// REPO or REPO@BRANCH
    #[arg(value_name = "REPO")]
    repo: Reference,
    /// The commit that the branch will stand at
    #[arg(long, value_name = "COMMIT")]
    to: String,
}

/// Does it.
pub fn run(args: &RollbackArgs, store: &Store, report: &mut dyn Report) -> Result<()> {
    let (repo, branch) = (&args.repo.repo, args.repo.branch());
    if store.repo(repo)?.is_some_and(|repo| repo.output) {
        let help = "roll back the repos that the pipeline reads, and run; older output can be read as it is: `samefit pipeline get REPO=COMMIT:/PATH`";
        return Err(bad(format_args!("`{repo}` is written by the pipeline `{repo}` alone"), help));
    }
    let commit = Reference { repo: repo.clone(), at: Some(args.to.clone()), path: None }.commit(store)?;
    store.write(|change| change.branch(repo, branch, &commit.id))?;
    report.say(&format!("{repo}@{branch} is commit {} again; later commits stay in the store", commit.id));
    report.say("the next `samefit pipeline run` processes the datums that differ from those of the last job again");
    Ok(())
}
