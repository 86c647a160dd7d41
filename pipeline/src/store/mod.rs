//! The store: repos, commits, branches, pipelines and jobs in one folder, which is consistent after a crash at any point.
//!
//! Records are in a database ([`ledger`]), and contents in files named by their SHA-256 ([`objects`]). A *listing* (the files of a commit,
//! or the datum results of a job) is an object too. So equal commits share their listing, and damage to it is found. Objects are durable
//! before a record refers to them.
//!
//! *Invariants*: commits and versions never change. Each branch is one record. Ids depend only on what was done before, so the same
//! commands give the same ids. Everything in the folder `tmp` belongs to the process that has the store open.
//!
//! *Not here*: running jobs ([`crate::run`]).

pub mod ledger;
pub mod objects;
pub mod records;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::ledger::{Ledger, Table, Transaction};
use self::objects::{Objects, StagedObjects, hash};
use self::records::{Commit, DatumResult, Job, JobState, PipelineVersion, Repo};
use crate::datums::{ContentRef, Hash, Tree};
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
/// The id of the commit at a branch's head, by repo and branch.
const BRANCHES: Table<String> = Table::new("branches");
const COMMITS: Table<Commit> = Table::new("commits");
const VERSIONS: Table<PipelineVersion> = Table::new("versions");
const JOBS: Table<Job> = Table::new("jobs");
/// The datums that the running job of a pipeline has finished, by pipeline, version and datum hash.
const FINISHED_DATUMS: Table<DatumResult> = Table::new("done");

/// An open store.
pub struct Store {
    folder: Folder,
    tmp: Folder,
    ledger: Ledger,
    /// The contents of files and listings.
    pub objects: Objects,
    now: fn() -> u64,
}

impl Store {
    /// Opens a store, or creates one if the folder is empty or does not exist. `now` returns the seconds since 1970.
    pub fn create(folder: &Path, now: fn() -> u64) -> Result<Self> {
        if folder.join(LEDGER).is_file() {
            return Self::open_existing(folder, now);
        }
        refuse_foreign_folder(folder)?;
        fs::create_dir_all(folder).map_err(Error::at(folder))?;
        Ledger::create(&folder.join(LEDGER))?;
        Self::open_existing(folder, now)
    }

    /// Opens an existing store. `now` returns the seconds since 1970.
    pub fn open(folder: &Path, now: fn() -> u64) -> Result<Self> {
        if !folder.join(LEDGER).is_file() {
            refuse_foreign_folder(folder)?;
            let help = "name its folder with --store, or create one: `samefit pipeline put REPO FILE`";
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

    /// Returns the folder for temporary files. It is emptied when the store is opened.
    pub fn tmp(&self) -> &Folder {
        &self.tmp
    }

    /// Opens a folder for files that can be made again.
    pub fn cache(&self, name: &str) -> Result<Folder> {
        let cache = subfolder(&self.folder, CACHE)?;
        subfolder(&cache, name)
    }

    /// Returns the seconds since 1970.
    pub fn now(&self) -> u64 {
        (self.now)()
    }

    /// Changes records in one transaction. Objects that the records refer to must be published before.
    pub fn write<R>(&self, act: impl FnOnce(&mut StoreChange<'_, '_>) -> Result<R>) -> Result<R> {
        self.ledger.write(|transaction| act(&mut StoreChange(transaction)))
    }

    /// Returns all repos, sorted by name.
    pub fn repos(&self) -> Result<Vec<Repo>> {
        self.ledger.list(&REPOS, "")
    }

    /// Returns the repo of a name.
    pub fn repo(&self, name: &str) -> Result<Option<Repo>> {
        self.ledger.get(&REPOS, name)
    }

    /// Returns the commit at the head of a branch.
    pub fn head(&self, repo: &str, branch: &str) -> Result<Option<Commit>> {
        let Some(id) = self.ledger.get(&BRANCHES, &key(repo, branch))? else { return Ok(None) };
        self.commit(repo, &id)
    }

    /// Returns the commit with an id.
    pub fn commit(&self, repo: &str, id: &str) -> Result<Option<Commit>> {
        self.ledger.get(&COMMITS, &key(repo, id))
    }

    /// Returns all commits of a repo, newest first.
    pub fn commits(&self, repo: &str) -> Result<Vec<Commit>> {
        let mut commits = self.ledger.list(&COMMITS, &key(repo, ""))?;
        commits.sort_by_key(|commit| std::cmp::Reverse(commit.number));
        Ok(commits)
    }

    /// Returns the files of a commit.
    pub fn tree(&self, commit: &Commit) -> Result<Tree> {
        let unreadable = || {
            let error = commit.error.as_deref().unwrap_or("its job failed");
            Error::failed(
                format_args!("commit {} of `{}` cannot be read: {error}", commit.id, commit.repo),
                "see `samefit pipeline list commits` for an older one",
            )
        };
        let listing = commit.tree.ok_or_else(unreadable)?;
        let explain = |error| if self.objects.contains(&listing) { error } else { self.missing_listing(commit) };
        let tree: Tree = self.listing(&listing).map_err(explain)?;
        // a store can come from somebody else, and `get` and `run` write files at these paths
        match tree.keys().find_map(|path| paths::check(path).err()) {
            None => Ok(tree),
            Some(why) => Err(Error::invalid(
                format_args!("commit {} of `{}`: one of its files has no valid path: {why}", commit.id, commit.repo),
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
        Error::failed(format_args!("commit {id} of `{repo}`: the list of its files is no longer in the store"), help)
    }

    /// Returns all versions of a pipeline, oldest first.
    pub fn versions(&self, pipeline: &str) -> Result<Vec<PipelineVersion>> {
        self.ledger.list(&VERSIONS, &key(pipeline, ""))
    }

    /// Returns one version of a pipeline.
    pub fn version(&self, pipeline: &str, version: u64) -> Result<Option<PipelineVersion>> {
        self.ledger.get(&VERSIONS, &version_key(pipeline, version))
    }

    /// Returns the newest version of every pipeline, sorted by name.
    pub fn pipelines(&self) -> Result<Vec<PipelineVersion>> {
        let versions: Vec<PipelineVersion> = self.ledger.list(&VERSIONS, "")?;
        let newest: BTreeMap<String, PipelineVersion> = versions.into_iter().map(|version| (version.pipeline.clone(), version)).collect();
        Ok(newest.into_values().collect())
    }

    /// Returns all jobs of a pipeline, newest first.
    pub fn jobs(&self, pipeline: &str) -> Result<Vec<Job>> {
        let mut jobs = self.ledger.list(&JOBS, &key(pipeline, ""))?;
        jobs.sort_by_key(|job: &Job| std::cmp::Reverse(job.number));
        Ok(jobs)
    }

    /// Returns the job with an id.
    pub fn job(&self, pipeline: &str, id: &str) -> Result<Option<Job>> {
        self.ledger.get(&JOBS, &key(pipeline, id))
    }

    /// Returns the datum results of a job: all of them if the job has ended, the finished ones if it runs, and none if another job replaced
    /// it.
    pub fn datum_results(&self, job: &Job) -> Result<Vec<DatumResult>> {
        match &job.datums {
            Some(listing) => self.listing(listing),
            None if job.state == JobState::Running => self.finished_datums(&job.pipeline, job.version),
            None => Ok(Vec::new()),
        }
    }

    /// Returns the datums that the running job of a pipeline version has finished.
    pub fn finished_datums(&self, pipeline: &str, version: u64) -> Result<Vec<DatumResult>> {
        self.ledger.list(&FINISHED_DATUMS, &(version_key(pipeline, version) + "/"))
    }

    fn listing<T: DeserializeOwned>(&self, hash: &Hash) -> Result<T> {
        let bytes = self.objects.read(hash)?;
        let unreadable = |error| {
            Error::failed(format_args!("the listing {hash} cannot be read ({error})"), "use the version of samefit that made the store")
        };
        serde_json::from_slice(&bytes).map_err(unreadable)
    }
}

/// A transaction on the records of the store.
pub struct StoreChange<'a, 'b>(&'a mut Transaction<'b>);

impl StoreChange<'_, '_> {
    /// Returns the next serial number. Commits, jobs and versions of pipelines take their numbers from one series.
    pub fn next_number(&mut self) -> Result<u64> {
        let number = self.0.get(&SERIAL, "")?.unwrap_or(0);
        self.0.put(&SERIAL, "", &(number + 1))?;
        Ok(number)
    }

    /// Adds a repo.
    pub fn put_repo(&mut self, repo: &Repo) -> Result<()> {
        self.0.put(&REPOS, &repo.name, repo)
    }

    /// Adds a commit, and makes it the head of its branch.
    pub fn put_commit(&mut self, commit: &Commit) -> Result<()> {
        self.0.put(&COMMITS, &key(&commit.repo, &commit.id), commit)?;
        self.set_branch(&commit.repo, &commit.branch, &commit.id)
    }

    /// Sets the head of a branch.
    pub fn set_branch(&mut self, repo: &str, branch: &str, commit: &str) -> Result<()> {
        self.0.put(&BRANCHES, &key(repo, branch), &commit.to_owned())
    }

    /// Adds a version of a pipeline.
    pub fn put_version(&mut self, version: &PipelineVersion) -> Result<()> {
        self.0.put(&VERSIONS, &version_key(&version.pipeline, version.version), version)
    }

    /// Adds a job, or updates it.
    pub fn put_job(&mut self, job: &Job) -> Result<()> {
        self.0.put(&JOBS, &key(&job.pipeline, &job.id), job)
    }

    /// Adds a datum that the running job of a pipeline has finished.
    pub fn put_finished_datum(&mut self, pipeline: &str, version: u64, result: &DatumResult) -> Result<()> {
        self.0.put(&FINISHED_DATUMS, &key(&version_key(pipeline, version), &result.hash), result)
    }

    /// Removes the finished datums of a pipeline whose job has ended. The job's listing has them.
    pub fn clear_finished_datums(&mut self, pipeline: &str) -> Result<()> {
        self.0.remove(&FINISHED_DATUMS, &key(pipeline, ""))
    }
}

/// Adds a listing to staged objects.
pub fn stage_listing<T: Serialize>(staged: &mut StagedObjects<'_>, listing: &T) -> Result<ContentRef> {
    let text = serde_json::to_vec(listing)
        .map_err(|error| Error::failed(format_args!("a listing cannot be written ({error})"), "report this error"))?;
    staged.add_stream(text.as_slice())
}

/// Creates the error for a record that should be in the store.
pub fn missing_record(what: impl fmt::Display) -> Error {
    Error::failed(format_args!("{what} is not in the store"), "see `samefit pipeline check`")
}

/// Derives an id of 32 hexadecimal digits from texts.
pub fn derived_id(parts: &[&str]) -> String {
    hash(parts.join("\0").as_bytes()).to_string()[..32].to_owned()
}

fn key(first: &str, second: &str) -> String {
    format!("{first}/{second}")
}

fn version_key(pipeline: &str, version: u64) -> String {
    format!("{pipeline}/{version:010}")
}

/// Opens a folder of the store, and creates it if it does not exist. Fails if its name is that of a link or a file.
fn subfolder(store: &Folder, name: &str) -> Result<Folder> {
    let path = store.path().join(name);
    store.folder_or_new(name).map_err(|error| {
        let is_foreign = store.kind(name).is_ok_and(|kind| kind != rustix::fs::FileType::Directory);
        if is_foreign { foreign_entry(&path) } else { Error::io(&path, &error) }
    })
}

fn foreign_entry(path: &Path) -> Error {
    Error::invalid(
        format_args!("{}: it is a link or another file that the store did not create; nothing was done", samefit_text::path(path)),
        "a program may have put it there: look at it, remove it, and run `samefit pipeline check`",
    )
}

/// Opens a folder of the store and empties it, because a killed process may have left files. Mounts in it and files that cannot be removed
/// stay.
fn emptied_subfolder(store: &Folder, name: &str) -> Result<Folder> {
    if store.kind(name).is_ok_and(|kind| kind != rustix::fs::FileType::Directory) {
        let path = store.path().join(name);
        store.unlink(name).map_err(Error::at(&path))?;
    }
    let folder = subfolder(store, name)?;
    let _ = folder.clear();
    Ok(folder)
}

/// Fails if a folder without a database holds other files. A database that a killed process did not complete is allowed.
fn refuse_foreign_folder(folder: &Path) -> Result<()> {
    let is_free = match fs::read_dir(folder) {
        Ok(entries) => entries.flatten().all(|entry| entry.file_name().to_string_lossy().starts_with(ledger::NEW_LEDGER_PREFIX)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(Error::io(folder, &error)),
    };
    if is_free {
        return Ok(());
    }
    Err(Error::invalid(
        format_args!("{}: this folder contains other files and is not a pipeline store", samefit_text::path(folder)),
        "give --store a folder that is empty or does not exist",
    ))
}

/// Writes the name of the format to a new store, and fails if an existing store has another format.
fn check_format(folder: &Path, ledger: &Ledger) -> Result<()> {
    match ledger.get(&METADATA, "format")? {
        Some(format) if format == FORMAT => Ok(()),
        Some(other) => Err(Error::invalid(
            format_args!("{}: the store's format is `{other}`; this version of samefit knows `{FORMAT}`", samefit_text::path(folder)),
            "use the version of samefit that made it, or a new store",
        )),
        None => ledger.write(|transaction| transaction.put(&METADATA, "format", &FORMAT.to_owned())),
    }
}
