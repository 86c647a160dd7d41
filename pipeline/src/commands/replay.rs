//! `replay`: one datum again, alone, in a folder that stays, with its output on the terminal.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use walkdir::WalkDir;

use super::Opening;
use super::list::job;
use crate::datums::Datum;
use crate::disk::{at, bad, broken};
use crate::error::{Error, Result};
use crate::reference::Reference;
use crate::report::Report;
use crate::run::World;
use crate::run::datum_dir::DatumDir;
use crate::run::job::datums_of;
use crate::run::place::{Here, Place};
use crate::run::variables::{Variables, of_datum};
use crate::run::versions;
use crate::spec::{self, Spec};
use crate::store::Store;
use crate::store::records::{Job, Processed};

/// Arguments of `replay`.
#[derive(Args, Clone, Debug)]
pub struct ReplayArgs {
    /// PIPELINE or PIPELINE@JOB; with --pfs a spec file
    #[arg(value_name = "PIPELINE|SPEC")]
    what: String,
    /// The datum: the first digits of its id, from `list datums`
    #[arg(value_name = "DATUM", conflicts_with_all = ["path", "pfs"], required_unless_present_any = ["path", "pfs"])]
    datum: Option<String>,
    /// The datum that wrote this file, or else reads it
    #[arg(long, value_name = "PATH", conflicts_with = "pfs")]
    path: Option<String>,
    /// A folder laid out as /pfs, with a folder for each input: files fetched from a cluster
    #[arg(long, value_name = "DIR")]
    pfs: Option<PathBuf>,
    /// A new folder to lay the datum out in
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Does it. Files that were fetched need no store.
pub fn run(args: &ReplayArgs, store: &Opening<'_>, world: &World<'_>, report: &mut dyn Report) -> Result<()> {
    if fs::read_dir(&args.out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(bad(format_args!("{}: this folder is not empty", samefit_text::path(&args.out)), "give --out a new folder"));
    }
    fs::create_dir_all(&args.out).map_err(at(&args.out))?;
    let root = fs::canonicalize(&args.out).map_err(at(&args.out))?;
    let dir = DatumDir::kept(&root, &world.program)?;
    let (spec, variables) = match &args.pfs {
        Some(pfs) => fetched(args, pfs, &dir)?,
        None => kept(args, &store()?, &dir)?,
    };
    write_variables(&dir, &spec, &variables)?;
    if spec.transform.datum_batching {
        return Err(waits(&args.out, &spec, &dir));
    }
    let status = Here.launch(&dir, &spec, &variables)?.command().status();
    let status = status.map_err(|error| crate::run::single::cannot_start(&spec, &error))?;
    let shown = samefit_text::path(&args.out);
    report.say(&format!("inputs and output are in {shown}/pfs, the variables in {shown}/env"));
    let accepted = status.code().is_some_and(|code| code == 0 || spec.transform.accept_return_code.contains(&code));
    if accepted { Ok(()) } else { Err(broken(format_args!("the datum failed: {status}"), "see above what the program said")) }
}

/// A program that asks for its datums would wait for an answer that nobody gives.
fn waits(out: &Path, spec: &Spec, dir: &DatumDir) -> Error {
    let shown = samefit_text::path(out);
    let batch = if spec.transform.cmd.iter().any(|word| word == "--batch") { " and `--batch`" } else { "" };
    bad(
        format_args!(
            "`{}` asks for its datums (`datumBatching`), and none are handed out here: it was not run; the datum is laid out in {shown}/pfs, \
             its variables in {shown}/env",
            spec.name
        ),
        format_args!(
            "replay a copy of the spec without `datumBatching`{batch}: `samefit pipeline replay COPY --pfs {} --out DIR`",
            samefit_text::path(dir.pfs())
        ),
    )
}

/// Lays out a datum of the store.
fn kept(args: &ReplayArgs, store: &Store, dir: &DatumDir) -> Result<(Spec, Variables)> {
    let reference: Reference = args.what.parse().map_err(Error::Usage)?;
    let job = job(store, &reference)?;
    let lost = || broken(format_args!("version {} of `{}` is not in the store", job.version, job.pipeline), "see `samefit pipeline check`");
    let pipeline = versions::pipeline(store.version(&job.pipeline, job.version)?.ok_or_else(lost)?)?;
    let datums = datums_of(store, &pipeline, &job)?;
    let datum = chosen(args, &store.processed(&job)?, &datums, &job)?;
    dir.materialize(&store.objects, datum)?;
    Ok((pipeline.spec, of_datum(&job, datum, &dir.pfs())))
}

fn chosen<'a>(args: &ReplayArgs, processed: &[Processed], datums: &'a [Datum], job: &Job) -> Result<&'a Datum> {
    let with = |id: &str| datums.iter().filter(|datum| datum.id.starts_with(id)).collect::<Vec<_>>();
    let found = match (&args.datum, &args.path) {
        (Some(id), _) => with(id),
        (None, Some(path)) => match processed.iter().find(|datum| datum.files.iter().any(|file| file.path == *path)) {
            Some(writer) => with(&writer.id),
            None => datums.iter().filter(|datum| datum.pieces.iter().any(|piece| piece.path == *path)).take(1).collect(),
        },
        (None, None) => datums.iter().collect(),
    };
    match found.as_slice() {
        [datum] => Ok(datum),
        found => Err(bad(
            format_args!("{} datums of job {} of `{}` are meant", found.len(), job.id, job.pipeline),
            format_args!("see `samefit pipeline list datums {}@{}`", job.pipeline, job.id),
        )),
    }
}

/// Lays out files that someone fetched.
fn fetched(args: &ReplayArgs, pfs: &Path, dir: &DatumDir) -> Result<(Spec, Variables)> {
    let mut specs = spec::read(&[PathBuf::from(&args.what)])?;
    let spec = match (specs.pop(), specs.is_empty()) {
        (Some(spec), true) => spec,
        _ => return Err(bad(format_args!("{}: it holds several pipelines", args.what), "give a file with the one that is meant")),
    };
    for entry in WalkDir::new(pfs) {
        let entry = entry.map_err(|error| broken(format_args!("{}: {error}", samefit_text::path(pfs)), "see to what the system says"))?;
        let below = entry.path().strip_prefix(pfs).unwrap_or(entry.path());
        let to = dir.pfs().join(below);
        let copied = match entry.file_type().is_dir() {
            true => fs::create_dir_all(&to),
            false if below.starts_with("out") => Ok(()),
            false => fs::copy(entry.path(), &to).map(drop),
        };
        copied.map_err(at(entry.path()))?;
    }
    let variables = spec.input.pfs().into_iter().map(|input| path_of(dir, &input.name)).collect::<Result<_, _>>()?;
    Ok((spec, variables))
}

/// The variable of an input: the file or folder in it if that is the only one, else all of it.
fn path_of(dir: &DatumDir, input: &str) -> Result<(String, String)> {
    let folder = dir.pfs().join(input);
    let missing =
        |_| bad(format_args!("the folder given with --pfs has no folder `{input}`"), "lay it out as /pfs: a folder for each input");
    let entries: Vec<PathBuf> = fs::read_dir(&folder).map_err(missing)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let only = if let [only] = entries.as_slice() { only } else { &folder };
    Ok((input.to_owned(), only.display().to_string()))
}

/// Writes the variables so that a shell can read them.
fn write_variables(dir: &DatumDir, spec: &Spec, variables: &Variables) -> Result<()> {
    let mut text = String::new();
    for (name, value) in spec.transform.env.iter().chain(variables) {
        let _ = writeln!(text, "{name}='{}'", value.replace('\'', "'\\''"));
    }
    let path = dir.root().path().join("env");
    fs::write(&path, text).map_err(at(&path))
}
