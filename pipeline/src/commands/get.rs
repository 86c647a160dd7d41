//! `get`: files of a commit to standard output or to the machine.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use super::table::counted;
use crate::datums::Leaf;
use crate::disk::{at, bad};
use crate::error::{Error, Result};
use crate::paths;
use crate::reference::Reference;
use crate::report::Report;
use crate::store::Store;
use crate::store::records::{Commit, State};

const CHUNK_BYTES: usize = 1 << 16;

/// Arguments of `get`.
#[derive(Args, Clone, Debug)]
pub struct GetArgs {
    /// REPO:/PATH, REPO@BRANCH:/PATH or REPO=COMMIT:/PATH
    #[arg(value_name = "REPO:/PATH")]
    from: Reference,
    /// A file to write, or a folder for the files of a folder (default: a file goes to standard output)
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
}

/// Does it.
pub fn run(args: &GetArgs, store: &Store, report: &mut dyn Report) -> Result<()> {
    let commit = args.from.commit(store)?;
    let tree = store.tree(&commit)?;
    warn(store, &commit, report)?;
    let path = args.from.path();
    let files: Vec<(&String, &Leaf)> = tree.iter().filter(|(file, _)| paths::within(path, file)).collect();
    let whole = |file: &str| file == path.trim_end_matches('/');
    match (files.as_slice(), &args.out) {
        ([], _) if path != "/" => Err(bad(
            format_args!("`{}` has no file `{path}` in commit {}", commit.repo, commit.id),
            format_args!("see `samefit pipeline list files {}`", commit.repo),
        )),
        ([(file, leaf)], None) if whole(file) => print(store, leaf, report),
        ([(file, leaf)], Some(out)) if whole(file) => {
            let name = file.rsplit('/').next().unwrap_or_default();
            write(store, leaf, &if out.is_dir() { out.join(name) } else { out.clone() })
        }
        (_, None) => Err(Error::Usage(format!("`{path}` is a folder\nhelp: give a folder for its files: --out DIR"))),
        (files, Some(out)) => {
            let below = |file: &str| out.join(file[path.trim_end_matches('/').len()..].trim_start_matches('/'));
            files.iter().try_for_each(|(file, leaf)| write(store, leaf, &below(file)))?;
            report.say(&format!("wrote {} to {}", counted(files.len() as u64, "file"), samefit_text::path(out)));
            Ok(())
        }
    }
}

fn print(store: &Store, leaf: &Leaf, report: &mut dyn Report) -> Result<()> {
    let mut file = store.objects.open(&leaf.sha256)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk).map_err(at(Path::new("the store")))? {
            0 => return Ok(()),
            count => report.print(&chunk[..count])?,
        }
    }
}

/// Writes a file whole or not at all.
fn write(store: &Store, leaf: &Leaf, to: &Path) -> Result<()> {
    let mut from = store.objects.open(&leaf.sha256)?;
    if to.exists() && !to.is_file() && !to.is_dir() {
        return io::copy(&mut from, &mut File::options().write(true).open(to).map_err(at(to))?).map(drop).map_err(at(to));
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(at(folder))?;
    let mut made = tempfile::Builder::new().permissions(readable()).tempfile_in(folder).map_err(at(folder))?;
    io::copy(&mut from, &mut made).map_err(at(to))?;
    made.as_file().sync_all().map_err(at(to))?;
    made.persist(to).map(drop).map_err(|error| crate::disk::failed(to, &error.error))
}

/// As any file that a program makes; the system takes away what the user's mask says.
fn readable() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

/// What a person would not expect of what is read.
fn warn(store: &Store, commit: &Commit, report: &mut dyn Report) -> Result<()> {
    let repo = &commit.repo;
    if let Some(error) = &commit.error {
        report.note(&format!(
            "note: commit {} of `{repo}` is the output of a job that failed, without the datums that did: {error}",
            commit.id
        ));
    }
    let last = store.jobs(repo)?.into_iter().next().filter(|job| job.state == State::Unrunnable);
    if let Some(error) = last.and_then(|job| job.error) {
        report.note(&format!("note: `{repo}` shows old output: {error}"));
    }
    Ok(())
}
