//! Puts files of this machine into an input repo and makes a commit.
//!
//! *Invariants*: no commit is made if nothing changes. Files that the store has already are read but not copied. A file that was lost from
//! the store comes back when it is put again, whether anything else changes or not.

use std::fs::File;
use std::io::{self, Seek};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::datums::{ContentRef, Hash, Tree};
use crate::error::{Error, Result};
use crate::paths;
use crate::store::objects::{Objects, StagedObjects, Stamp, digest};
use crate::store::records::{Commit, Repo};
use crate::store::{self, Store};

/// A change of a branch of an input repo.
#[derive(Debug, Default)]
pub struct PutRequest {
    /// Files or folders of this machine, or `-` for standard input, each with its path in the repo.
    pub sources: Vec<(PathBuf, String)>,
    /// Paths in the repo of files and folders to remove.
    pub deleted: Vec<String>,
    /// Whether to remove every file that is not among the sources.
    pub replace_all: bool,
}

/// The result of a change.
#[derive(Debug)]
pub struct PutOutcome {
    /// The commit at the head of the branch.
    pub commit: Commit,
    /// Whether the commit is new.
    pub changed: bool,
}

/// Changes a branch of a repo. Creates the repo if it does not exist.
pub fn put_files(store: &Store, repo: &str, branch: &str, request: &PutRequest) -> Result<PutOutcome> {
    refuse_output_repo(store, repo)?;
    let head = store.head(repo, branch)?;
    let before = match &head {
        None => Tree::new(),
        // all files are given, so the list of files can be made again if it was lost
        Some(head) if request.replace_all => store.tree(head).unwrap_or_default(),
        Some(head) => store.tree(head)?,
    };
    let mut staged = store.objects.stage();
    let tree = changed_tree(&before, request, &store.objects, &mut staged)?;
    if let Some((file, other)) = paths::conflict(&tree) {
        return Err(Error::invalid(
            format_args!("`{file}` is a file of `{repo}`, so `{other}` cannot be below it"),
            "choose another path, or delete the file first",
        ));
    }
    let listing = store::stage_listing(&mut staged, &tree)?.sha256;
    staged.publish()?;
    match head {
        Some(head) if head.tree == Some(listing) => Ok(PutOutcome { commit: head, changed: false }),
        head => Ok(PutOutcome { commit: commit(store, repo, branch, head.as_ref(), &tree, listing)?, changed: true }),
    }
}

/// Fails if a source does not exist.
pub fn require_source(source: &Path) -> Result<()> {
    if source == Path::new("-") || source.exists() {
        return Ok(());
    }
    Err(Error::invalid(format_args!("{}: there is no such file or folder", samefit_text::path(source)), "check the path"))
}

fn refuse_output_repo(store: &Store, repo: &str) -> Result<()> {
    let written = store.repo(repo)?.is_some_and(|repo| repo.output);
    let help = "put files into the repos that pipelines read; see `samefit pipeline list repos`";
    if written { Err(Error::invalid(format_args!("`{repo}` holds the output of the pipeline `{repo}`"), help)) } else { Ok(()) }
}

/// Returns the files after the change. New contents are added to `staged`.
fn changed_tree(before: &Tree, request: &PutRequest, objects: &Objects, staged: &mut StagedObjects<'_>) -> Result<Tree> {
    let mut tree = if request.replace_all { Tree::new() } else { before.clone() };
    for path in &request.deleted {
        let count = tree.len();
        tree.retain(|file, _| !paths::is_within(path, file));
        if tree.len() == count {
            return Err(Error::invalid(
                format_args!("there is no file at or below `{path}` to delete"),
                "see `samefit pipeline list files`",
            ));
        }
    }
    for (source, path) in &request.sources {
        for (file, path) in files(source, path)? {
            let content = stage_file(&file, before.get(&path).filter(|before| objects.contains(&before.sha256)), staged)?;
            tree.insert(path, content);
        }
    }
    Ok(tree)
}

/// Returns the files of a source, each with its path in the repo.
fn files(source: &Path, path: &str) -> Result<Vec<(PathBuf, String)>> {
    if source == Path::new("-") {
        return Ok(vec![(source.to_owned(), path.to_owned())]);
    }
    require_source(source)?;
    let mut files = Vec::new();
    for entry in WalkDir::new(source).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| walk_error(source, error))?;
        if !entry.file_type().is_dir() {
            refuse_pipe_in_folder(source, entry.path())?;
            let below = entry.path().strip_prefix(source).unwrap_or(entry.path());
            let unfit = |why| Error::invalid(format_args!("{}: {why}", samefit_text::path(entry.path())), "rename it");
            files.push((entry.path().to_owned(), paths::in_repo(path, below).map_err(unfit)?));
        }
    }
    Ok(files)
}

/// Converts an error from walking through the folder `source`. A loop of links is an error too.
pub fn walk_error(source: &Path, error: walkdir::Error) -> Error {
    let path = error.path().unwrap_or(source).to_owned();
    match error.into_io_error() {
        Some(error) => Error::io(&path, &error),
        None => Error::invalid(format_args!("{}: a link leads back to a folder above it", samefit_text::path(path)), "remove the link"),
    }
}

/// Returns the content of a file, and adds it to `staged` if it differs from `before`. Fails if the file changes meanwhile.
fn stage_file(file: &Path, before: Option<&ContentRef>, staged: &mut StagedObjects<'_>) -> Result<ContentRef> {
    if file == Path::new("-") {
        return staged.add_stream(io::stdin().lock());
    }
    refuse_device(file)?;
    let mut open = File::open(file).map_err(Error::at(file))?;
    let metadata = open.metadata().map_err(Error::at(file))?;
    if !metadata.is_file() {
        // a pipe has no state to compare
        return staged.add_stream(&open);
    }
    let stamp = Stamp::of(&open).map_err(Error::at(file))?;
    let content = match before.filter(|before| before.bytes == metadata.len()) {
        Some(before) if digest(&open).map_err(Error::at(file))? == *before => *before,
        Some(_) => open.rewind().map_err(Error::at(file)).and_then(|()| staged.add_stream(&open))?,
        None => staged.add_stream(&open)?,
    };
    // the file is opened again by its name, because another file may have replaced it
    let now = File::open(file).and_then(|again| Ok((Stamp::of(&open)?, Stamp::of(&again)?)));
    if now.ok() == Some((stamp, stamp)) {
        return Ok(content);
    }
    Err(Error::failed(
        format_args!("{}: it changed while it was read; nothing was put", samefit_text::path(file)),
        "put it again when nobody writes to it",
    ))
}

/// Refuses a pipe inside a folder. The person did not name it, and perhaps nobody writes to it.
fn refuse_pipe_in_folder(source: &Path, file: &Path) -> Result<()> {
    if file != source && file.metadata().is_ok_and(|found| found.file_type().is_fifo()) {
        return Err(Error::invalid(
            format_args!("{}: this is a pipe, not a file", samefit_text::path(file)),
            "remove it, or name it on the command line",
        ));
    }
    Ok(())
}

/// Refuses a device or a socket. A device may be endless and would fill the disk. A pipe ends when its writer does.
fn refuse_device(file: &Path) -> Result<()> {
    let kind = file.metadata().map_err(Error::at(file))?.file_type();
    let what = match () {
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () if kind.is_socket() => "a socket",
        () => return Ok(()),
    };
    Err(Error::invalid(format_args!("{}: this is {what}, not a file", samefit_text::path(file)), "name a file, or `-` for standard input"))
}

fn commit(store: &Store, repo: &str, branch: &str, parent: Option<&Commit>, tree: &Tree, listing: Hash) -> Result<Commit> {
    let parent = parent.map(|parent| parent.id.clone());
    store.write(|change| {
        let number = change.next_number()?;
        let commit = Commit {
            id: store::derived_id(&[
                "commit",
                &number.to_string(),
                repo,
                branch,
                parent.as_deref().unwrap_or_default(),
                &listing.to_string(),
            ]),
            repo: repo.to_owned(),
            branch: branch.to_owned(),
            parent,
            tree: Some(listing),
            files: tree.len() as u64,
            bytes: tree.values().map(|content| content.bytes).sum(),
            error: None,
            number,
            made: store.now(),
        };
        change.put_repo(&Repo { name: repo.to_owned(), output: false })?;
        change.put_commit(&commit)?;
        Ok(commit)
    })
}
