//! `replay`: runs one datum again, alone, in a folder that stays. The program's output goes to the terminal.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use walkdir::WalkDir;

use super::OpenStore;
use super::list::named_job;
use crate::datums::Datum;
use crate::error::{Error, Result};
use crate::ingest::walk_error;
use crate::reference::Reference;
use crate::report::Report;
use crate::run::attempt::cannot_start;
use crate::run::context::HostContext;
use crate::run::datum_dir::DatumDir;
use crate::run::job::datums_of;
use crate::run::process::{StartError, describe_exit};
use crate::run::runtime::{LocalRuntime, Runtime};
use crate::run::variables::{Variables, of_datum};
use crate::run::versions::Pipeline;
use crate::spec::{self, Spec};
use crate::store::records::{DatumResult, Job};
use crate::store::{Store, missing_record};

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
    /// A new folder for the datum
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes the datum to the folder and runs the program. The store is opened only if the files come from it.
pub fn run(args: &ReplayArgs, store: &OpenStore<'_>, host: &HostContext<'_>, report: &mut dyn Report) -> Result<()> {
    if fs::read_dir(&args.out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::invalid(format_args!("{}: this folder is not empty", samefit_text::path(&args.out)), "give --out a new folder"));
    }
    fs::create_dir_all(&args.out).map_err(Error::at(&args.out))?;
    let root = fs::canonicalize(&args.out).map_err(Error::at(&args.out))?;
    let dir = DatumDir::in_folder(&root, &host.program)?;
    let (spec, variables) = match &args.pfs {
        Some(pfs) => from_files(args, pfs, &dir)?,
        None => from_store(args, &store()?, &dir)?,
    };
    write_variables(&dir, &spec, &variables)?;
    if spec.transform.datum_batching {
        return Err(asks_for_datums(&args.out, &spec, &dir));
    }
    let status = LocalRuntime.launch(&dir, &spec, &variables)?.command().status();
    let status = status.map_err(|error| cannot_start(&spec, &StartError::Program(error)))?;
    let shown = samefit_text::path(&args.out);
    report.say(&format!("inputs and output are in {shown}/pfs, the variables in {shown}/env"));
    if spec.transform.accepts(status) {
        return Ok(());
    }
    Err(Error::failed(format_args!("the datum failed: {}", describe_exit(Ok(status))), "see the program's output above"))
}

/// Creates the error for a program that asks for its datums: it would wait for an answer, and there is no worker to give one.
fn asks_for_datums(out: &Path, spec: &Spec, dir: &DatumDir) -> Error {
    let shown = samefit_text::path(out);
    let batch = if spec.transform.cmd.iter().any(|word| word == "--batch") { " and `--batch`" } else { "" };
    Error::invalid(
        format_args!(
            "`{}` asks for its datums (`datumBatching`), and nothing answers it here, so it was not run; the datum is in {shown}/pfs, its \
             variables in {shown}/env",
            spec.name
        ),
        format_args!(
            "replay a copy of the spec without `datumBatching`{batch}: `samefit pipeline replay COPY --pfs {} --out DIR`",
            samefit_text::path(dir.pfs())
        ),
    )
}

/// Writes a datum of the store to the folder. Returns its spec and its variables.
fn from_store(args: &ReplayArgs, store: &Store, dir: &DatumDir) -> Result<(Spec, Variables)> {
    let usage = |expected: String| Error::usage(format_args!("`{}`: {expected}", args.what), "name a pipeline, or PIPELINE@JOB");
    let reference: Reference = args.what.parse().map_err(usage)?;
    let job = named_job(store, &reference)?;
    let missing = || missing_record(format_args!("version {} of `{}`", job.version, job.pipeline));
    let pipeline = Pipeline::from_record(store.version(&job.pipeline, job.version)?.ok_or_else(missing)?)?;
    let datums = datums_of(store, &pipeline, &job)?;
    let datum = select_datum(args, &store.datum_results(&job)?, &datums, &job)?;
    dir.materialize(&store.objects, datum)?;
    Ok((pipeline.spec, of_datum(&job, datum, &dir.pfs())))
}

fn select_datum<'a>(args: &ReplayArgs, results: &[DatumResult], datums: &'a [Datum], job: &Job) -> Result<&'a Datum> {
    let with_id = |id: &str| datums.iter().filter(|datum| datum.id.starts_with(id)).collect::<Vec<_>>();
    let found = match (&args.datum, &args.path) {
        (Some(id), _) => with_id(id),
        (None, Some(path)) => match results.iter().find(|result| result.files.iter().any(|file| file.path == *path)) {
            Some(writer) => with_id(&writer.id),
            None => datums.iter().filter(|datum| datum.inputs.iter().any(|input| input.path == *path)).take(1).collect(),
        },
        (None, None) => datums.iter().collect(),
    };
    match found.as_slice() {
        [datum] => Ok(datum),
        found => Err(Error::invalid(
            format_args!("{} datums of job {} of `{}` match, and one is needed", found.len(), job.id, job.pipeline),
            format_args!("see `samefit pipeline list datums {}@{}`", job.pipeline, job.id),
        )),
    }
}

/// Copies files that a person fetched to the folder. Returns the spec and the variables of its inputs.
fn from_files(args: &ReplayArgs, pfs: &Path, dir: &DatumDir) -> Result<(Spec, Variables)> {
    let mut specs = spec::read(&[PathBuf::from(&args.what)])?;
    let spec = match (specs.pop(), specs.is_empty()) {
        (Some(spec), true) => spec,
        _ => return Err(Error::invalid(format_args!("{}: it holds several pipelines", args.what), "give a file with one pipeline")),
    };
    for entry in WalkDir::new(pfs) {
        let entry = entry.map_err(|error| walk_error(pfs, error))?;
        let below = entry.path().strip_prefix(pfs).unwrap_or(entry.path());
        let to = dir.pfs().join(below);
        let copied = match entry.file_type().is_dir() {
            true => fs::create_dir_all(&to),
            false if below.starts_with("out") => Ok(()),
            false => fs::copy(entry.path(), &to).map(drop),
        };
        copied.map_err(Error::at(entry.path()))?;
    }
    let variables = spec.input.pfs().into_iter().map(|input| input_variable(dir, &input.name)).collect::<Result<_, _>>()?;
    Ok((spec, variables))
}

/// Returns the variable of an input: the path of the only file or folder in the input's folder, or the folder itself if it has several.
fn input_variable(dir: &DatumDir, input: &str) -> Result<(String, String)> {
    let folder = dir.pfs().join(input);
    let missing = |_| {
        let sentence = format!("the folder given with --pfs has no folder `{input}`");
        Error::invalid(sentence, "lay it out as /pfs, with a folder for each input")
    };
    let entries: Vec<PathBuf> = fs::read_dir(&folder).map_err(missing)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let path = if let [only] = entries.as_slice() { only } else { &folder };
    Ok((input.to_owned(), path.display().to_string()))
}

/// Writes the variables to the file `env`, in a form that a shell can read.
fn write_variables(dir: &DatumDir, spec: &Spec, variables: &Variables) -> Result<()> {
    let mut text = String::new();
    for (name, value) in spec.transform.env.iter().chain(variables) {
        let _ = writeln!(text, "{name}='{}'", value.replace('\'', "'\\''"));
    }
    let path = dir.root().path().join("env");
    fs::write(&path, text).map_err(Error::at(&path))
}
