//! `get`: writes files of a commit to standard output or to this machine.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use super::table::counted;
use crate::datums::ContentRef;
use crate::error::{Error, Result};
use crate::paths;
use crate::reference::Reference;
use crate::report::Report;
use crate::store::Store;
use crate::store::records::{Commit, JobState};

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

/// Writes one file, or all files below a folder.
pub fn run(args: &GetArgs, store: &Store, report: &mut dyn Report) -> Result<()> {
    let commit = args.from.commit(store)?;
    let tree = store.tree(&commit)?;
    warn(store, &commit, report)?;
    let path = args.from.path();
    let files: Vec<(&String, &ContentRef)> = tree.iter().filter(|(file, _)| paths::is_within(path, file)).collect();
    let is_the_path = |file: &str| file == path.trim_end_matches('/');
    match (files.as_slice(), &args.out) {
        ([], _) if path != "/" => Err(Error::invalid(
            format_args!("`{}` has no file `{path}` in commit {}", commit.repo, commit.id),
            format_args!("see `samefit pipeline list files {}`", commit.repo),
        )),
        ([(file, content)], None) if is_the_path(file) => print(store, content, report),
        ([(file, content)], Some(out)) if is_the_path(file) => {
            let name = file.rsplit('/').next().unwrap_or_default();
            write(store, content, &if out.is_dir() { out.join(name) } else { out.clone() })
        }
        (_, None) => Err(Error::usage(format_args!("`{path}` is a folder"), "give a folder for its files: --out DIR")),
        (files, Some(out)) => {
            let below = |file: &str| out.join(file[path.trim_end_matches('/').len()..].trim_start_matches('/'));
            files.iter().try_for_each(|(file, content)| write(store, content, &below(file)))?;
            report.say(&format!("wrote {} to {}", counted(files.len() as u64, "file"), samefit_text::path(out)));
            Ok(())
        }
    }
}

fn print(store: &Store, content: &ContentRef, report: &mut dyn Report) -> Result<()> {
    let mut file = store.objects.open(&content.sha256)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk).map_err(Error::at(Path::new("the store")))? {
            0 => return Ok(()),
            count => report.print_bytes(&chunk[..count])?,
        }
    }
}

/// Writes a file as a whole or not at all. If `to` is a device or a pipe, the bytes are written to it.
fn write(store: &Store, content: &ContentRef, to: &Path) -> Result<()> {
    let mut from = store.objects.open(&content.sha256)?;
    if to.exists() && !to.is_file() && !to.is_dir() {
        return io::copy(&mut from, &mut File::options().write(true).open(to).map_err(Error::at(to))?).map(drop).map_err(Error::at(to));
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::at(folder))?;
    let mut temporary = tempfile::Builder::new().permissions(default_permissions()).tempfile_in(folder).map_err(Error::at(folder))?;
    io::copy(&mut from, &mut temporary).map_err(Error::at(to))?;
    temporary.as_file().sync_all().map_err(Error::at(to))?;
    temporary.persist(to).map(drop).map_err(|error| Error::io(to, &error.error))
}

/// Returns the permissions that any new file gets. The system removes those in the user's mask.
fn default_permissions() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

/// Notes that a commit is the output of a failed job, or that the output is older than the last job.
fn warn(store: &Store, commit: &Commit, report: &mut dyn Report) -> Result<()> {
    let repo = &commit.repo;
    if let Some(error) = &commit.error {
        report.note(&format!("note: commit {} of `{repo}` is the output of a failed job, without its failed datums: {error}", commit.id));
    }
    let last = store.jobs(repo)?.into_iter().next().filter(|job| job.state == JobState::Unrunnable);
    if let Some(error) = last.and_then(|job| job.error) {
        report.note(&format!("note: `{repo}` shows old output: {error}"));
    }
    Ok(())
}
