//! The folder of a datum: its inputs laid out below `pfs`, and what its program left in `pfs/out`.
//!
//! Inputs are second names of the store's own files, so that no bytes move. They are read-only; a program that writes to one all the same (as
//! root can) is found out before its output counts.
//!
//! *Invariants*: `pfs`, `pfs/out` and the inputs' folders are made once and stay, so that they can be mounted.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::datums::{Datum, Hash, Leaf};
use crate::disk::at;
use crate::failure::Failure;
use crate::paths;
use crate::store::objects::{Objects, Staged};
use crate::store::records::Written;

/// Where a worker's datums stand, one after another.
#[derive(Debug)]
pub struct Desk {
    root: PathBuf,
    /// Whether inputs are copies, which a person may change.
    copies: bool,
    /// What the store would lose if a program wrote to its inputs.
    linked: BTreeSet<Hash>,
}

/// Why there is no output.
#[derive(Debug)]
pub enum Unusable {
    /// The program wrote what a repo cannot hold.
    Output(String),
    /// The machine failed.
    Machine(Failure),
}

impl From<Failure> for Unusable {
    fn from(failure: Failure) -> Self {
        Self::Machine(failure)
    }
}

impl Desk {
    /// A folder with `samefit` and `pachctl` in `bin`.
    pub fn new(root: PathBuf, program: &Path, copies: bool) -> Result<Self, Failure> {
        let desk = Self { root, copies, linked: BTreeSet::new() };
        for folder in [desk.out(), desk.home(), desk.bin()] {
            fs::create_dir_all(&folder).map_err(at(&folder))?;
        }
        for name in ["samefit", "pachctl"] {
            symlink(program, desk.bin().join(name)).map_err(at(&desk.root))?;
        }
        Ok(desk)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What stands for `/pfs`.
    pub fn pfs(&self) -> PathBuf {
        self.root.join("pfs")
    }

    /// What stands for `/pfs/out`.
    pub fn out(&self) -> PathBuf {
        self.root.join("pfs/out")
    }

    /// The home folder of the program.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// First on the program's path.
    pub fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// Lays out a datum in the place of what was there.
    pub fn lay(&mut self, objects: &Objects, datum: &Datum) -> Result<(), Failure> {
        // a program that took the folders away spoils its own datum and no other
        fs::create_dir_all(self.pfs()).map_err(at(&self.root))?;
        self.clear()?;
        fs::create_dir_all(self.out()).map_err(at(&self.root))?;
        for piece in &datum.pieces {
            let folder = self.pfs().join(&piece.input);
            fs::create_dir_all(&folder).map_err(at(&folder))?;
            for (path, leaf) in &piece.files {
                let to = folder.join(path.trim_start_matches('/'));
                let above = to.parent().unwrap_or(&folder);
                fs::create_dir_all(above).map_err(at(above))?;
                self.show(objects, leaf, piece.empty_files, &to)?;
            }
        }
        Ok(())
    }

    fn show(&mut self, objects: &Objects, leaf: &Leaf, empty: bool, to: &Path) -> Result<(), Failure> {
        if empty {
            return File::create(to).map(drop).map_err(at(to));
        }
        if self.copies {
            let copied = objects.open(&leaf.sha256).map(|mut from| File::create(to).and_then(|mut to| io::copy(&mut from, &mut to)));
            return copied?.map(drop).map_err(at(to));
        }
        match self.linked.insert(leaf.sha256) {
            true => objects.link(&leaf.sha256, to),
            // two names of one file would be taken for one file
            false => objects.copy(&leaf.sha256, to),
        }
    }

    fn clear(&mut self) -> Result<(), Failure> {
        self.linked.clear();
        for entry in entries(&self.pfs())? {
            if is_folder(&entry) {
                entries(&entry)?.iter().try_for_each(|below| remove(below))?;
            } else {
                remove(&entry)?;
            }
        }
        Ok(())
    }

    /// Takes in what the program wrote.
    pub fn collect(&self, objects: &Objects, staged: &mut Staged<'_>) -> Result<Vec<Written>, Unusable> {
        self.linked.iter().try_for_each(|hash| objects.untouched(hash))?;
        if !is_folder(&self.out()) {
            return Err(Unusable::Output("/pfs/out is no folder any more; write below it and leave it where it is".to_owned()));
        }
        let entries: Result<Vec<_>, _> = WalkDir::new(self.out()).follow_root_links(false).sort_by_file_name().into_iter().collect();
        let mut entries = entries.map_err(|error| Unusable::Output(format!("its output cannot be read: {error}")))?;
        // first what links lead to, for files are taken away
        entries.sort_by_key(|entry| !entry.path_is_symlink());
        let mut files = Vec::new();
        for entry in entries {
            let below = entry.path().strip_prefix(self.out()).unwrap_or(entry.path());
            let unfit = |why: &str| Unusable::Output(format!("/pfs/out/{}: {why}", below.display()));
            let path = || paths::of("/", below).map_err(|why| unfit(&why));
            let leaf = match entry.file_type() {
                kind if kind.is_dir() => continue,
                kind if kind.is_file() => staged.file(entry.path())?,
                kind if kind.is_symlink() => self.followed(entry.path(), staged).map_err(|why| unfit(&why))?,
                _ => return Err(unfit("it is neither a file nor a folder")),
            };
            files.push(Written { path: path()?, leaf });
        }
        files.sort_by(|one, other| Path::new(&one.path).cmp(Path::new(&other.path)));
        Ok(files)
    }

    /// What a link in the output leads to, if that is a file of an input or of the output.
    fn followed(&self, link: &Path, staged: &mut Staged<'_>) -> Result<Leaf, String> {
        let target = fs::read_link(link).map_err(|error| error.to_string())?;
        let target =
            target.to_str().and_then(|target| self.seen(target)).map_or_else(|| link.parent().unwrap_or(link).join(&target), PathBuf::from);
        let inside = |path: &PathBuf| fs::canonicalize(self.pfs()).is_ok_and(|pfs| path.starts_with(pfs)) && path.is_file();
        let file = fs::canonicalize(&target).ok().filter(inside);
        let file = file.ok_or("this link leads to no file below /pfs; write a file instead")?;
        File::open(&file).map_err(|error| error.to_string()).and_then(|file| staged.stream(file).map_err(|error| error.to_string()))
    }

    /// Where a path at or below `/pfs`, as the program names it, stands.
    pub fn seen(&self, path: &str) -> Option<String> {
        let below = path.strip_prefix("/pfs").filter(|below| below.is_empty() || below.starts_with('/'))?;
        below.split('/').all(|name| name != "..").then(|| format!("{}{below}", self.pfs().display()))
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    entries.map_err(at(folder))
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

fn remove(path: &Path) -> Result<(), Failure> {
    let removed: io::Result<()> = if is_folder(path) { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(at(path))
}
