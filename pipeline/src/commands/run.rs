//! `run`: puts files into repos, creates or updates pipelines, and brings all pipelines up to date.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::OpenStore;
use super::put::describe;
use super::table::counted;
use crate::error::{Error, Result};
use crate::ingest::{PutRequest, put_files, require_source};
use crate::reference::Reference;
use crate::report::Report;
use crate::run::container::ContainerRuntime;
use crate::run::context::{HostContext, Run, RunOptions};
use crate::run::runtime::{LocalRuntime, Runtime};
use crate::run::{scheduler, versions};
use crate::spec;
use crate::store::Store;

/// Arguments of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// Spec files, or folders of them (default: run the pipelines in the store)
    #[arg(value_name = "SPEC")]
    specs: Vec<PathBuf>,
    /// First replace the files of the repo with this file, or with the files of this folder
    #[arg(long = "input", value_name = "REPO=PATH")]
    inputs: Vec<InputArg>,
    /// Run every datum again, even if it did not change
    #[arg(long)]
    reprocess: bool,
    /// Give jobs that failed another try, even if nothing changed
    #[arg(long)]
    retry: bool,
    /// Datums at a time (default: as the spec says, at most the machine's cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    workers: Option<u16>,
    /// Run programs in containers without network, by runc
    #[arg(long, requires = "image")]
    container: bool,
    /// Image for --container: a folder with an OCI image layout, and `:TAG` if it holds several
    #[arg(long, value_name = "LAYOUT", requires = "container")]
    image: Option<String>,
}

/// The value of `--input`: a repo, and the path of its new files.
#[derive(Clone, Debug)]
struct InputArg {
    repo: Reference,
    path: PathBuf,
}

impl FromStr for InputArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (repo, path) = text.split_once('=').filter(|(_, path)| !path.is_empty()).ok_or("expected REPO=PATH")?;
        Ok(Self { repo: repo.parse()?, path: path.into() })
    }
}

/// Runs everything that changed. Arguments and specs are checked before the store is touched.
pub fn run(args: &RunArgs, store: &OpenStore<'_>, host: &HostContext<'_>, report: &mut dyn Report) -> Result<()> {
    let specs = if args.specs.is_empty() { Vec::new() } else { spec::read(&args.specs)? };
    args.inputs.iter().try_for_each(|input| require_source(&input.path))?;
    let store = &store()?;
    args.inputs.iter().try_for_each(|input| put_input(store, input, report))?;
    if specs.is_empty() && args.reprocess {
        versions::reprocess_all(store, report)?;
    }
    versions::apply_specs(store, specs, args.reprocess, report)?;
    let runtime: Box<dyn Runtime> = match &args.image {
        Some(image) => Box::new(ContainerRuntime::from_image(store, image)?),
        None => Box::new(LocalRuntime),
    };
    let options = RunOptions { workers: args.workers.map(usize::from), retry: args.retry, runtime: runtime.as_ref() };
    scheduler::run(&Run { store, host, options: &options }, report)?;
    say_outputs(store, report)
}

fn put_input(store: &Store, InputArg { repo, path }: &InputArg, report: &mut dyn Report) -> Result<()> {
    let destination = if path.is_dir() { "/".to_owned() } else { format!("/{}", file_name(path)?) };
    let request = PutRequest { sources: vec![(path.clone(), destination)], deleted: Vec::new(), replace_all: true };
    report.say(&describe(&put_files(store, &repo.repo, repo.branch(), &request)?));
    Ok(())
}

fn file_name(path: &Path) -> Result<&str> {
    let unnamed = || Error::invalid(format_args!("{}: it has no name", samefit_text::path(path)), "name a file or a folder");
    path.file_name().and_then(|name| name.to_str()).ok_or_else(unnamed)
}

/// Reports the output of every pipeline, and the commands that show it.
fn say_outputs(store: &Store, report: &mut dyn Report) -> Result<()> {
    let pipelines = versions::current(store)?;
    let mut names = Vec::new();
    for pipeline in &pipelines {
        let (name, branch) = (&pipeline.spec.name, &pipeline.spec.output_branch);
        let files = store.head(name, branch)?.map_or(0, |commit| commit.files);
        names.push(format!("{name} ({})", counted(files, "file")));
    }
    report.say(&format!("up to date: {}", names.join(", ")));
    let last = pipelines.last().map(|pipeline| pipeline.spec.name.as_str()).unwrap_or_default();
    report.say(&format!("see `samefit pipeline list files {last}`, `get {last}:/PATH`, and what made it: `inspect {last}:/PATH`"));
    Ok(())
}
