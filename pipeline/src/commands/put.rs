//! `put`: puts files of this machine into an input repo.

use std::path::{Path, PathBuf};

use clap::Args;

use super::OpenStore;
use super::table::counted;
use crate::error::{Error, Result};
use crate::ingest::{PutOutcome, PutRequest, put_files, require_source};
use crate::paths;
use crate::reference::Reference;
use crate::report::Report;

/// Arguments of `put`.
#[derive(Args, Clone, Debug)]
pub struct PutArgs {
    /// REPO, REPO@BRANCH or REPO:/PATH; a new repo is created
    #[arg(value_name = "REPO")]
    to: Reference,
    /// Files, folders (for the files in them), or `-` for standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Remove a file or folder of the repo
    #[arg(long, value_name = "PATH")]
    delete: Vec<String>,
    /// Remove every file of the repo that is not among the files given
    #[arg(long)]
    replace_all: bool,
}

/// Makes a commit with the changed files.
pub fn run(args: &PutArgs, store: &OpenStore<'_>, report: &mut dyn Report) -> Result<()> {
    if args.files.is_empty() && args.delete.is_empty() && !args.replace_all {
        return Err(Error::usage("there is nothing to put", "name files, or what to --delete"));
    }
    let sources = args.files.iter().map(|file| Ok((file.clone(), destination(args, file)?))).collect::<Result<_>>()?;
    args.files.iter().try_for_each(|file| require_source(file))?;
    let deleted = args.delete.iter().map(|path| format!("/{}", path.trim_matches('/'))).collect();
    let request = PutRequest { sources, deleted, replace_all: args.replace_all };
    report.say(&describe(&put_files(&store()?, &args.to.repo, args.to.branch(), &request)?));
    Ok(())
}

/// Returns the path in the repo. The files of a folder go below the path on the command line. A single file gets that path, unless it ends in a
/// slash; otherwise a file goes below it by its name.
fn destination(args: &PutArgs, file: &Path) -> Result<String> {
    let named = args.to.path.as_deref().filter(|path| args.files.len() == 1 && !path.ends_with('/'));
    if file.is_dir() {
        return Ok(args.to.path().to_owned());
    }
    let usage = |why: String| {
        let help = format!("give its path in the repo: {}:/PATH", args.to.repo);
        Error::usage(format_args!("{}: {why}", samefit_text::path(file)), help)
    };
    match (named, file.file_name()) {
        (Some(path), _) => paths::check(path).map(|()| path.to_owned()).map_err(usage),
        (None, Some(name)) if file != Path::new("-") => paths::in_repo(args.to.path(), Path::new(name)).map_err(usage),
        _ => Err(usage("it has no name".to_owned())),
    }
}

/// Describes the commit that was made, or that nothing changed.
pub fn describe(outcome: &PutOutcome) -> String {
    let PutOutcome { commit, changed } = outcome;
    let name = format!("{}@{}", commit.repo, commit.branch);
    match changed {
        true => format!("{name} is now commit {}: {}, {}", commit.id, counted(commit.files, "file"), counted(commit.bytes, "byte")),
        false => format!("{name}: nothing changed, commit {}", commit.id),
    }
}
