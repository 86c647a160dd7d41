//! `run`: specs and files in, every pipeline up to date.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::Opening;
use super::put::said;
use super::table::counted;
use crate::disk::bad;
use crate::error::Result;
use crate::intake::{Intake, is_there, take};
use crate::reference::Reference;
use crate::report::Report;
use crate::run::container::Containers;
use crate::run::place::{Here, Place};
use crate::run::{Options, Run, World, run as bring_up_to_date, versions};
use crate::spec;
use crate::store::Store;

/// Arguments of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// Spec files, or folders of them; none runs the pipelines that the store knows
    #[arg(value_name = "SPEC")]
    specs: Vec<PathBuf>,
    /// First make the repo hold this file, or the files of this folder, and nothing else
    #[arg(long = "input", value_name = "REPO=PATH")]
    inputs: Vec<Input>,
    /// Run every datum again, even if it did not change
    #[arg(long)]
    reprocess: bool,
    /// Give jobs that failed another try, even if nothing changed
    #[arg(long)]
    retry: bool,
    /// Datums at a time (default: what the spec says, at most the machine's cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    workers: Option<u16>,
    /// Run programs in containers, without network, with runc
    #[arg(long, requires = "image")]
    container: bool,
    /// Image for them: a folder with an OCI image layout, and maybe `:TAG`
    #[arg(long, value_name = "LAYOUT", requires = "container")]
    image: Option<String>,
}

/// A repo and what it is to hold.
#[derive(Clone, Debug)]
struct Input {
    to: Reference,
    path: PathBuf,
}

impl FromStr for Input {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (repo, path) = text.split_once('=').filter(|(_, path)| !path.is_empty()).ok_or("expected REPO=PATH")?;
        Ok(Self { to: repo.parse()?, path: path.into() })
    }
}

/// Does it.
pub fn run(args: &RunArgs, store: &Opening<'_>, world: &World<'_>, report: &mut dyn Report) -> Result<()> {
    let specs = if args.specs.is_empty() { Vec::new() } else { spec::read(&args.specs)? };
    args.inputs.iter().try_for_each(|input| is_there(&input.path))?;
    let store = &store()?;
    for Input { to, path } in &args.inputs {
        let at = if path.is_dir() { "/".to_owned() } else { format!("/{}", name(path)?) };
        let intake = Intake { sources: vec![(path.clone(), at)], deleted: Vec::new(), mirror: true };
        report.say(&said(&take(store, &to.repo, to.branch(), &intake)?));
    }
    if specs.is_empty() && args.reprocess {
        versions::reprocess(store, report)?;
    }
    versions::adopt(store, specs, args.reprocess, report)?;
    let place: Box<dyn Place> = match &args.image {
        Some(image) => Box::new(Containers::of(store, image)?),
        None => Box::new(Here),
    };
    let options = Options { workers: args.workers.map(usize::from), retry: args.retry, place: place.as_ref() };
    bring_up_to_date(&Run { store, world, options: &options }, report)?;
    say_outputs(store, report)
}

fn name(path: &Path) -> Result<&str> {
    path.file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| bad(format_args!("{}: it has no name", samefit_text::path(path)), "name a file or a folder"))
}

/// Where the results are, and how to see them.
fn say_outputs(store: &Store, report: &mut dyn Report) -> Result<()> {
    let pipelines = versions::known(store)?;
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
