//! Repos, commits, branches, pipelines and jobs: a folder that is right after a crash at any point.
//!
//! Records stand in a database ([`ledger`]), contents in files named by their SHA-256 ([`objects`]). A listing (the files of a commit, the
//! datums of a job) is a content too, so equal commits share it and a change of it shows. Contents are durable before a record names them.
//!
//! *Invariants*: commits and versions never change; a branch is one record. Ids follow from what the store did before, so the same commands
//! give the same ids. Everything in `tmp` belongs to the process that has the store open.
//!
//! *Not here*: what a run does ([`crate::run`]).

pub mod ledger;
pub mod objects;
pub mod records;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::ledger::{Ledger, Table, Transaction};
use self::objects::{Objects, StagedObjects, hash};
use self::records::{Commit, Job, DatumResult, Repo, JobState, PipelineVersion};
use crate::datums::{Hash, ContentRef, Tree};
use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::paths;

const FORMAT: &str = "samefit-pipeline-store/1";
const LEDGER: &str = "ledger.redb";
const OBJECTS: &str = "objects";
const TMP: &str = "tmp";
const CACHE: &str = "cache";

const METADATA: Table<String> = Table::new("facts");
const SERIAL: Table<u64> = Table::new("serial");
const REPOS: Table<Repo> = Table::new("repos");
/// The id of the commit at its head, by repo and branch.
const BRANCHES: Table<String> = Table::new("branches");
const COMMITS: Table<Commit> = Table::new("commits");
const VERSIONS: Table<PipelineVersion> = Table::new("versions");
const JOBS: Table<Job> = Table::new("jobs");
/// What the running job of a pipeline has done, by pipeline, version and datum hash.
const FINISHED_DATUMS: Table<DatumResult> = Table::new("done");

/// An open store.
pub struct Store {
    folder: Folder,
    tmp: Folder,
    ledger: Ledger,
    /// The contents.
    pub objects: Objects,
    now: fn() -> u64,
}

impl Store {
    /// Opens a store, or makes one in a folder that is empty or not there. `now` gives the seconds since 1970.
    pub fn create(folder: &Path, now: fn() -> u64) -> Result<Self> {
        if folder.join(LEDGER).is_file() {
            return Self::open_existing(folder, now);
        }
        refuse_foreign_folder(folder)?;
        fs::create_dir_all(folder).map_err(Error::at(folder))?;
        Ledger::create(&folder.join(LEDGER))?;
        Self::open_existing(folder, now)
    }

    /// Opens a store that is there.
    pub fn open(folder: &Path, now: fn() -> u64) -> Result<Self> {
        if !folder.join(LEDGER).is_file() {
            refuse_foreign_folder(folder)?;
            let help = "name its folder with --store, or make one: `samefit pipeline put REPO FILE`";
            return Err(Error::invalid(format_args!("{}: there is no pipeline store", samefit_text::path(folder)), help));
        }
        Self::open_existing(folder, now)
    }

    fn open_existing(folder: &Path, now: fn() -> u64) -> Result<Self> {
        let path = fs::canonicalize(folder).map_err(Error::at(folder))?;
        if fs::symlink_metadata(path.join(LEDGER)).is_ok_and(|found| !found.is_file()) {
            return Err(foreign_entry(&path.join(LEDGER)));
        }
        let ledger = Ledger::open(path.join(LEDGER))?;
        check_format(&path, &ledger)?;
        let folder = Folder::open(&path).map_err(Error::at(&path))?;
        let tmp = emptied_subfolder(&folder, TMP)?;
        let objects = subfolder(&folder, OBJECTS)?;
        folder.sync().map_err(Error::at(&path))?;
        let clone = |folder: &Folder| folder.try_clone().map_err(Error::at(&path));
        Ok(Self { objects: Objects::new(clone(&folder)?, objects, clone(&tmp)?), folder, tmp, ledger, now })
    }

    /// The folder for what is being made; gone when the store is opened again.
    pub fn tmp(&self) -> &Folder {
        &self.tmp
    }

    /// A folder of a name for what can be made again.
    pub fn cache(&self, name: &str) -> Result<Folder> {
        let cache = subfolder(&self.folder, CACHE)?;
        subfolder(&cache, name)
    }

    /// Seconds since 1970.
    pub fn now(&self) -> u64 {
        (self.now)()
    }

    /// Changes records, durably, all or none. What they name has to be settled before.
    pub fn write<R>(&self, act: impl FnOnce(&mut StoreChange<'_, '_>) -> Result<R>) -> Result<R> {
        self.ledger.write(|writing| act(&mut StoreChange(writing)))
    }

    /// Every repo, by name.
    pub fn repos(&self) -> Result<Vec<Repo>> {
        self.ledger.list(&REPOS, "")
    }

    /// The repo of a name.
    pub fn repo(&self, name: &str) -> Result<Option<Repo>> {
        self.ledger.get(&REPOS, name)
    }

    /// The commit at the head of a branch.
    pub fn head(&self, repo: &str, branch: &str) -> Result<Option<Commit>> {
        let Some(id) = self.ledger.get(&BRANCHES, &key(repo, branch))? else { return Ok(None) };
        self.commit(repo, &id)
    }

    /// The commit of an id.
    pub fn commit(&self, repo: &str, id: &str) -> Result<Option<Commit>> {
        self.ledger.get(&COMMITS, &key(repo, id))
    }

    /// Every commit of a repo, newest first.
    pub fn commits(&self, repo: &str) -> Result<Vec<Commit>> {
        let mut commits = self.ledger.list(&COMMITS, &key(repo, ""))?;
        commits.sort_by_key(|commit| std::cmp::Reverse(commit.number));
        Ok(commits)
    }

    /// The files of a commit.
    pub fn tree(&self, commit: &Commit) -> Result<Tree> {
        let unreadable = || {
            let error = commit.error.as_deref().unwrap_or("its job failed");
            Error::failed(
                format_args!("commit {} of `{}` cannot be read: {error}", commit.id, commit.repo),
                "see `samefit pipeline list commits` for an older one",
            )
        };
        let listing = commit.tree.ok_or_else(unreadable)?;
        let lost = |failure| if self.objects.contains(&listing) { failure } else { self.missing_listing(commit) };
        let tree: Tree = self.listing(&listing).map_err(lost)?;
        // a store can come from somebody else, and what is at a path is written to it
        match tree.keys().find_map(|path| paths::check(path).err()) {
            None => Ok(tree),
            Some(why) => Err(Error::invalid(
                format_args!("commit {} of `{}`: a path of its files is none: {why}", commit.id, commit.repo),
                "samefit did not write this: do not use the store",
            )),
        }
    }

    fn missing_listing(&self, commit: &Commit) -> Error {
        let Commit { repo, branch, id, .. } = commit;
        let is_output = self.repo(repo).ok().flatten().is_some_and(|repo| repo.output);
        let help = if is_output {
            "run again what made it (`samefit pipeline run --reprocess`)".to_owned()
        } else {
            format!(
                "put all its files again (`samefit pipeline put {repo}@{branch} --replace-all FILES`), or go back to an older commit \
                 (`samefit pipeline rollback`)"
            )
        };
        Error::failed(format_args!("commit {id} of `{repo}`: the list of its files is not in the store any more"), help)
    }

    /// Every version of a pipeline, oldest first.
    pub fn versions(&self, pipeline: &str) -> Result<Vec<PipelineVersion>> {
        self.ledger.list(&VERSIONS, &key(pipeline, ""))
    }

    /// One version of a pipeline.
    pub fn version(&self, pipeline: &str, version: u64) -> Result<Option<PipelineVersion>> {
        self.ledger.get(&VERSIONS, &version_key(pipeline, version))
    }

    /// The newest version of every pipeline, by name.
    pub fn pipelines(&self) -> Result<Vec<PipelineVersion>> {
        let versions: Vec<PipelineVersion> = self.ledger.list(&VERSIONS, "")?;
        let newest: BTreeMap<String, PipelineVersion> = versions.into_iter().map(|version| (version.pipeline.clone(), version)).collect();
        Ok(newest.into_values().collect())
    }

    /// Every job of a pipeline, newest first.
    pub fn jobs(&self, pipeline: &str) -> Result<Vec<Job>> {
        let mut jobs = self.ledger.list(&JOBS, &key(pipeline, ""))?;
        jobs.sort_by_key(|job: &Job| std::cmp::Reverse(job.number));
        Ok(jobs)
    }

    /// The job of an id.
    pub fn job(&self, pipeline: &str, id: &str) -> Result<Option<Job>> {
        self.ledger.get(&JOBS, &key(pipeline, id))
    }

    /// The datums of a job: all if it came to its end, those that are done if it runs, none if something else took its place.
    pub fn datum_results(&self, job: &Job) -> Result<Vec<DatumResult>> {
        match &job.datums {
            Some(listing) => self.listing(listing),
            None if job.state == JobState::Running => self.finished_datums(&job.pipeline, job.version),
            None => Ok(Vec::new()),
        }
    }

    /// What the running job of a pipeline has done.
    pub fn finished_datums(&self, pipeline: &str, version: u64) -> Result<Vec<DatumResult>> {
        self.ledger.list(&FINISHED_DATUMS, &(version_key(pipeline, version) + "/"))
    }

    fn listing<T: DeserializeOwned>(&self, hash: &Hash) -> Result<T> {
        let bytes = self.objects.read(hash)?;
        let other =
            |error| Error::failed(format_args!("the listing {hash} cannot be read ({error})"), "use the version of samefit that made the store");
        serde_json::from_slice(&bytes).map_err(other)
    }
}

/// Changes of records that are not seen yet.
pub struct StoreChange<'a, 'b>(&'a mut Transaction<'b>);

impl StoreChange<'_, '_> {
    /// The next number: how many were given before, to commits, jobs and versions of pipelines.
    pub fn next_number(&mut self) -> Result<u64> {
        let number = self.0.get(&SERIAL, "")?.unwrap_or(0);
        self.0.put(&SERIAL, "", &(number + 1))?;
        Ok(number)
    }

    /// A repo that is there from now on.
    pub fn put_repo(&mut self, repo: &Repo) -> Result<()> {
        self.0.put(&REPOS, &repo.name, repo)
    }

    /// A commit, and the branch that it is the head of.
    pub fn put_commit(&mut self, commit: &Commit) -> Result<()> {
        self.0.put(&COMMITS, &key(&commit.repo, &commit.id), commit)?;
        self.set_branch(&commit.repo, &commit.branch, &commit.id)
    }

    /// Where a branch stands.
    pub fn set_branch(&mut self, repo: &str, branch: &str, commit: &str) -> Result<()> {
        self.0.put(&BRANCHES, &key(repo, branch), &commit.to_owned())
    }

    /// A version of a pipeline.
    pub fn put_version(&mut self, version: &PipelineVersion) -> Result<()> {
        self.0.put(&VERSIONS, &version_key(&version.pipeline, version.version), version)
    }

    /// A job, new or further than before.
    pub fn put_job(&mut self, job: &Job) -> Result<()> {
        self.0.put(&JOBS, &key(&job.pipeline, &job.id), job)
    }

    /// A datum of a running job that succeeded.
    pub fn put_finished_datum(&mut self, pipeline: &str, version: u64, result: &DatumResult) -> Result<()> {
        self.0.put(&FINISHED_DATUMS, &key(&version_key(pipeline, version), &result.hash), result)
    }

    /// The pipeline's job has ended, and its listing holds what it did.
    pub fn clear_finished_datums(&mut self, pipeline: &str) -> Result<()> {
        self.0.remove(&FINISHED_DATUMS, &key(pipeline, ""))
    }
}

/// Takes in a listing.
pub fn stage_listing<T: Serialize>(staged: &mut StagedObjects<'_>, listing: &T) -> Result<ContentRef> {
    let text = serde_json::to_vec(listing).map_err(|error| Error::failed(format_args!("a listing cannot be written ({error})"), "report it"))?;
    staged.add_stream(text.as_slice())
}

/// An id of 32 hexadecimal digits that follows from its parts.
pub fn derived_id(parts: &[&str]) -> String {
    hash(parts.join("\0").as_bytes()).to_string()[..32].to_owned()
}

fn key(first: &str, second: &str) -> String {
    format!("{first}/{second}")
}

fn version_key(pipeline: &str, version: u64) -> String {
    format!("{pipeline}/{version:010}")
}

/// A folder of the store: itself, and nothing that a link leads to.
fn subfolder(store: &Folder, name: &str) -> Result<Folder> {
    let path = store.path().join(name);
    store.folder_or_new(name).map_err(|error| {
        let other = store.kind(name).is_ok_and(|kind| kind != rustix::fs::FileType::Directory);
        if other { foreign_entry(&path) } else { Error::io(&path, &error) }
    })
}

fn foreign_entry(path: &Path) -> Error {
    Error::invalid(
        format_args!("{}: it is a link, or something else that the store did not put there; nothing was done", samefit_text::path(path)),
        "a program may have put it there: see what it is, take it away, and run `samefit pipeline check`",
    )
}

/// A folder of the store, without what a process left that was killed. What is mounted there, or cannot be removed, stays.
fn emptied_subfolder(store: &Folder, name: &str) -> Result<Folder> {
    if store.kind(name).is_ok_and(|kind| kind != rustix::fs::FileType::Directory) {
        let path = store.path().join(name);
        store.unlink(name).map_err(Error::at(&path))?;
    }
    let folder = subfolder(store, name)?;
    let _ = folder.clear();
    Ok(folder)
}

/// A folder with other things in it is none of ours; what a process left that was killed at the very beginning is.
fn refuse_foreign_folder(folder: &Path) -> Result<()> {
    let empty = match fs::read_dir(folder) {
        Ok(entries) => entries.flatten().all(|entry| entry.file_name().to_string_lossy().starts_with(ledger::NEW_LEDGER_PREFIX)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(Error::io(folder, &error)),
    };
    if empty {
        return Ok(());
    }
    Err(Error::invalid(
        format_args!("{}: this folder holds other things and is no pipeline store", samefit_text::path(folder)),
        "give --store a folder that is empty, or not there yet",
    ))
}

/// A new store gets the format's name, an old one has to have it.
fn check_format(folder: &Path, ledger: &Ledger) -> Result<()> {
    match ledger.get(&METADATA, "format")? {
        Some(format) if format == FORMAT => Ok(()),
        Some(other) => Err(Error::invalid(
            format_args!("{}: the store's format is `{other}`; this version of samefit knows `{FORMAT}`", samefit_text::path(folder)),
            "use the version of samefit that made it, or a new store",
        )),
        None => ledger.write(|writing| writing.put(&METADATA, "format", &FORMAT.to_owned())),
    }
}
