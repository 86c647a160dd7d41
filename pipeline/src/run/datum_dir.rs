//! The folder of a datum: input files below `pfs`, and output files in `pfs/out`.
//!
//! Input files are clones or copies of objects, and output files are cloned or copied into the store. So a program never shares a file with
//! the store, whatever it keeps open and however long it lives.
//!
//! *Invariants*: every start of a program gets a new folder with an unpredictable name. The folder is held open. A program that renames it
//! or puts links in its place does not change where files are written, read or removed. `pfs` and `pfs/out` are created once and stay, so
//! they can be mounted.
//!
//! *Limits*: output is at most 256 folders deep. A link reaches its file by way of at most 40 others.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::FileType;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::datums::{ContentRef, Datum};
use crate::error::{Error, Result};
use crate::folder::{Entry, Folder};
use crate::paths;
use crate::store::objects::{Objects, StagedObjects};
use crate::store::records::OutputFile;

const PFS: &str = "pfs";
const OUT: &str = "out";
const DEPTH_MAX: usize = 256;
const LINKS_MAX: usize = 40;
/// The mode of folders that only their owner can change. The program in a container can be another user, who has to enter and read them.
const READABLE_BY_ALL: u32 = 0o755;
const PRIVATE: u32 = 0o700;
const READ_ONLY: u32 = 0o444;

/// The folder of one started program. Its datums are written there one after another.
#[derive(Debug)]
pub struct DatumDir {
    root: Folder,
    pfs: Folder,
    out: Folder,
    bin: Folder,
    program: PathBuf,
    /// The folder that contains this one, and the name of this one there, if it is removed in the end. None if it stays. Then inputs can be
    /// changed.
    removed_from: Option<(Folder, String)>,
}

/// Folders created for a datum: their paths below `pfs`, and their identities.
type CreatedFolders = BTreeMap<PathBuf, (u64, u64)>;

/// Why output could not be collected.
#[derive(Debug)]
pub enum CollectError {
    /// The program wrote something that a repo cannot hold.
    Output(String),
    /// The machine failed.
    Machine(Error),
}

impl From<Error> for CollectError {
    fn from(error: Error) -> Self {
        Self::Machine(error)
    }
}

impl DatumDir {
    /// Creates a folder in `tmp` that is removed when this is dropped. `program` is the executable that runs as `samefit` and as `pachctl`.
    pub fn new(tmp: &Folder, program: &Path) -> Result<Self> {
        let failed = Error::at(tmp.path());
        let create = || {
            let name = unguessable_name()?;
            Ok((tmp.new_folder(&name)?, tmp.try_clone()?, name))
        };
        let (root, tmp, name) = create().map_err(failed)?;
        let dir = Self::populate(root, program, Some((tmp, name)))?;
        if dir.root.is_at_its_path() {
            return Ok(dir);
        }
        Err(Error::failed(
            format_args!("{}: this folder, in which programs run, was moved", samefit_text::path(dir.root.path())),
            "a program of a pipeline may have moved the store, or put a link into it: look at what is there now, and run again",
        ))
    }

    /// Uses an existing empty folder, which stays. A person may change its inputs.
    pub fn in_folder(root: &Path, program: &Path) -> Result<Self> {
        Self::populate(Folder::open(root).map_err(Error::at(root))?, program, None)
    }

    fn populate(root: Folder, program: &Path, removed_from: Option<(Folder, String)>) -> Result<Self> {
        let create = || -> io::Result<_> {
            let (pfs, bin) = (root.new_folder_for(PFS, READABLE_BY_ALL)?, root.new_folder_for("bin", READABLE_BY_ALL)?);
            let out = pfs.new_folder_for(OUT, READABLE_BY_ALL)?;
            drop(root.new_folder_for("home", PRIVATE)?);
            ["samefit", "pachctl"].into_iter().try_for_each(|name| bin.new_link(name, program))?;
            Ok((pfs, out, bin))
        };
        let (pfs, out, bin) = create().map_err(Error::at(root.path()))?;
        Ok(Self { root, pfs, out, bin, program: program.to_owned(), removed_from })
    }

    /// Returns the folder itself.
    pub fn root(&self) -> &Folder {
        &self.root
    }

    /// Returns the path of the folder that stands for `/pfs`.
    pub fn pfs(&self) -> PathBuf {
        self.pfs.path().to_owned()
    }

    /// Returns the folder that stands for `/pfs/out`.
    pub fn out(&self) -> &Folder {
        &self.out
    }

    /// Returns the home folder of the program.
    pub fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// Returns the folder of `samefit` and `pachctl`, which is first in the program's `PATH`.
    pub fn bin(&self) -> &Folder {
        &self.bin
    }

    /// Returns the executable that runs as `samefit`.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Writes the inputs of a datum, after removing everything that the datum before it left.
    pub fn materialize(&self, objects: &Objects, datum: &Datum) -> Result<()> {
        self.clear().and_then(|()| self.pfs.folder_or_new(OUT)).map_err(Error::at(self.pfs.path()))?;
        let mut created = CreatedFolders::new();
        for input in &datum.inputs {
            // the folder exists even if the input has no files
            let folder = Path::new(&input.name);
            self.subfolder(folder, &mut created).map_err(Error::at(self.pfs.path()))?;
            for (path, content) in &input.files {
                self.write_input(objects, content, input.empty_files, &folder.join(path.trim_start_matches('/')), &mut created)?;
            }
        }
        Ok(())
    }

    fn write_input(&self, objects: &Objects, content: &ContentRef, empty: bool, path: &Path, created: &mut CreatedFolders) -> Result<()> {
        let shown = self.pfs.path().join(path);
        let above = path.parent().unwrap_or(Path::new(""));
        let file = self
            .subfolder(above, created)
            .and_then(|above| above.new_file(path.file_name().unwrap_or_default()))
            .map_err(Error::at(&shown))?;
        if !empty {
            objects.copy_to(&content.sha256, &file)?;
        }
        if self.removed_from.is_some() {
            file.set_permissions(std::fs::Permissions::from_mode(READ_ONLY)).map_err(Error::at(&shown))?;
        }
        Ok(())
    }

    /// Opens a folder below `pfs`, and creates it if this datum has not created it yet. Fails if another folder replaced one that was
    /// created.
    fn subfolder(&self, path: &Path, created: &mut CreatedFolders) -> io::Result<Folder> {
        let (mut folder, mut below) = (self.pfs.try_clone()?, PathBuf::new());
        for name in path {
            below.push(name);
            folder = match created.get(&below) {
                Some(known) => {
                    let again = folder.folder(name)?;
                    if again.identity()? != *known {
                        return Err(io::Error::other("another folder replaced one that was created"));
                    }
                    again
                }
                None => {
                    let new = folder.new_folder_for(name, READABLE_BY_ALL)?;
                    created.insert(below.clone(), new.identity()?);
                    new
                }
            };
        }
        Ok(folder)
    }

    /// Writes a small file below `pfs`.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let written = self.pfs.new_file(name).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(Error::at(&self.pfs.path().join(name)))
    }

    /// Removes everything below `pfs`, except `out` itself.
    fn clear(&self) -> io::Result<()> {
        for entry in self.pfs.entries()? {
            if entry.name == OUT && self.pfs.is_named(OUT, &self.out)? {
                self.out.clear()?;
            } else {
                self.pfs.remove(&entry.name)?;
            }
        }
        Ok(())
    }

    /// Opens `pfs/out`. Fails if the program replaced or removed it.
    fn output_folder(&self) -> Result<Folder, CollectError> {
        if !self.root.is_named(PFS, &self.pfs).unwrap_or(false) {
            return Err(CollectError::Output("the program replaced /pfs, which must stay where it is".to_owned()));
        }
        let replaced = |_| {
            CollectError::Output("the program replaced or removed /pfs/out; write files below it and leave the folder itself".to_owned())
        };
        self.pfs.folder(OUT).map_err(replaced)
    }

    /// Adds the output files to the store. Returns them sorted by path.
    pub fn collect(&self, staged: &mut StagedObjects<'_>) -> Result<Vec<OutputFile>, CollectError> {
        let out = self.output_folder()?;
        let mut files = Vec::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(below) = folders.pop() {
            let unreadable =
                |error| CollectError::Output(format!("/pfs/out/{} cannot be read: {error}", samefit_text::path(below.join(""))));
            let folder = out.below(&below).map_err(unreadable)?;
            for entry in folder.entries().map_err(unreadable)? {
                let path = below.join(&entry.name);
                match entry.kind {
                    FileType::Directory if path.iter().count() > DEPTH_MAX => {
                        return Err(unfit(&path, format_args!("it is more than {DEPTH_MAX} folders deep")));
                    }
                    FileType::Directory => folders.push(path),
                    _ => files.push(self.collect_entry(&folder, &entry, &path, staged)?),
                }
            }
        }
        files.sort_by(|one, other| Path::new(&one.path).cmp(Path::new(&other.path)));
        Ok(files)
    }

    /// Adds one output file to the store. `path` is its path below `pfs/out`.
    fn collect_entry(
        &self,
        folder: &Folder,
        entry: &Entry,
        path: &Path,
        staged: &mut StagedObjects<'_>,
    ) -> Result<OutputFile, CollectError> {
        let unreadable = |error: io::Error| unfit(path, error);
        let file = match entry.kind {
            FileType::RegularFile => folder.file(&entry.name).map_err(unreadable)?,
            FileType::Symlink => self.open_linked(&Path::new(OUT).join(path)).map_err(unreadable)?,
            _ => return Err(unfit(path, "it is neither a file nor a folder")),
        };
        let repo_path = paths::in_repo("/", path).map_err(|why| unfit(path, why))?;
        if file.metadata().map_err(unreadable)?.len() > staged.free_bytes()? {
            return Err(unfit(path, "it is larger than the free space on the disk of the store"));
        }
        Ok(OutputFile { path: repo_path, content: staged.add_file(file)? })
    }

    /// Opens the file that a path below `pfs` leads to, through links that stay below `pfs`.
    fn open_linked(&self, path: &Path) -> io::Result<File> {
        let no_file = || io::Error::other("this link leads to no file below /pfs; write a file instead");
        let (mut links, mut reached) = (0, PathBuf::new());
        let mut left: Vec<OsString> = components(path);
        while let Some(name) = left.pop() {
            if name == ".." {
                reached = reached.parent().map(Path::to_owned).ok_or_else(no_file)?;
                continue;
            }
            let folder = self.pfs.below(&reached).map_err(|_| no_file())?;
            match folder.kind(&name).map_err(|_| no_file())? {
                FileType::Directory => reached.push(name),
                FileType::RegularFile if left.is_empty() => return folder.file(name),
                FileType::Symlink if links < LINKS_MAX => {
                    links += 1;
                    let target = PathBuf::from(folder.read_link(name)?);
                    if target.is_absolute() {
                        let below = self.below_pfs(&target).ok_or_else(no_file)?;
                        reached = PathBuf::new();
                        left.extend(components(&below));
                    } else {
                        left.extend(components(&target));
                    }
                }
                _ => return Err(no_file()),
            }
        }
        Err(no_file())
    }

    /// Returns the part below `/pfs` of a path, which can begin with `/pfs` or with the folder that stands for it.
    fn below_pfs(&self, path: &Path) -> Option<PathBuf> {
        path.strip_prefix("/pfs").or_else(|_| path.strip_prefix(self.pfs.path())).ok().map(Path::to_owned)
    }

    /// Replaces `/pfs` at the beginning of a path by the folder that stands for it. None if the path is not at or below `/pfs`.
    pub fn local_path(&self, path: &str) -> Option<String> {
        let below = path.strip_prefix("/pfs").filter(|below| below.is_empty() || below.starts_with('/'))?;
        below.split('/').all(|name| name != "..").then(|| format!("{}{below}", self.pfs.path().display()))
    }

    /// Replaces the path of the folder by `/pfs` in a program's output.
    pub fn with_pfs_paths(&self, text: &str) -> String {
        text.replace(&self.pfs.path().display().to_string(), "/pfs")
    }
}

impl Drop for DatumDir {
    fn drop(&mut self) {
        let Some((above, name)) = &self.removed_from else { return };
        // this very folder is emptied, whatever its name leads to now; what cannot be removed is removed when the store is opened again
        let _ = self.root.clear();
        if above.is_named(name, &self.root).unwrap_or(false) {
            let _ = above.remove(name);
        }
    }
}

/// Creates the error for an entry of `pfs/out` that cannot be stored.
fn unfit(path: &Path, why: impl fmt::Display) -> CollectError {
    CollectError::Output(format!("/pfs/out/{}: {why}", samefit_text::path(path)))
}

/// Returns the components of a path in reverse order, without `.`.
fn components(path: &Path) -> Vec<OsString> {
    let name = |component: Component<'_>| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsStr::from_bytes(b"..").to_owned()),
        _ => None,
    };
    path.components().rev().filter_map(name).collect()
}

/// Returns a name that a program cannot know before the folder exists.
fn unguessable_name() -> io::Result<String> {
    let mut bytes = [0; 8];
    getrandom(&mut bytes, GetRandomFlags::empty())?;
    Ok(format!("d{:016x}", u64::from_le_bytes(bytes)))
}
