//! `put`: files of the machine to a commit of an input repo.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Opening;
use super::table::counted;
use crate::error::{Error, Result};
use crate::intake::{Intake, Taken, is_there, take};
use crate::paths;
use crate::reference::Reference;
use crate::report::Report;

/// Arguments of `put`.
#[derive(Args, Clone, Debug)]
pub struct PutArgs {
    /// REPO, REPO@BRANCH or REPO:/PATH; the repo is made if it is not there
    #[arg(value_name = "REPO")]
    to: Reference,
    /// Files, folders (for the files in them), or `-` for standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Take away a file or folder of the repo
    #[arg(long, value_name = "PATH")]
    delete: Vec<String>,
    /// Take away everything that is not among the files given
    #[arg(long)]
    replace_all: bool,
}

/// Does it.
pub fn run(args: &PutArgs, store: &Opening<'_>, report: &mut dyn Report) -> Result<()> {
    if args.files.is_empty() && args.delete.is_empty() && !args.replace_all {
        return Err(Error::Usage("there is nothing to put\nhelp: name files, or what to --delete".to_owned()));
    }
    let sources = args.files.iter().map(|file| Ok((file.clone(), destination(args, file)?))).collect::<Result<_>>()?;
    args.files.iter().try_for_each(|file| is_there(file))?;
    let deleted = args.delete.iter().map(|path| format!("/{}", path.trim_matches('/'))).collect();
    let taken = take(&store()?, &args.to.repo, args.to.branch(), &Intake { sources, deleted, mirror: args.replace_all })?;
    report.say(&said(&taken));
    Ok(())
}

/// Where a source will stand: a folder's files below the path, a file at it if it is the only one, else by its name below it.
fn destination(args: &PutArgs, file: &Path) -> Result<String> {
    let named = args.to.path.as_deref().filter(|path| args.files.len() == 1 && !path.ends_with('/'));
    if file.is_dir() {
        return Ok(args.to.path().to_owned());
    }
    let usage =
        |why: String| Error::Usage(format!("{}: {why}\nhelp: say where it will stand: {}:/PATH", samefit_text::path(file), args.to.repo));
    match (named, file.file_name()) {
        (Some(path), _) => paths::check(path).map(|()| path.to_owned()).map_err(usage),
        (None, Some(name)) if file != Path::new("-") => paths::of(args.to.path(), Path::new(name)).map_err(usage),
        _ => Err(usage("it has no name".to_owned())),
    }
}

/// What came of it, in words.
pub fn said(taken: &Taken) -> String {
    let Taken { commit, changed } = taken;
    let name = format!("{}@{}", commit.repo, commit.branch);
    match changed {
        true => format!("{name} is commit {} now: {}, {}", commit.id, counted(commit.files, "file"), counted(commit.bytes, "byte")),
        false => format!("{name}: nothing changed, commit {}", commit.id),
    }
}
