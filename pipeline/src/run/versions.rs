//! Creates pipelines from specs, and new versions of pipelines whose specs changed, as `pachctl update pipeline` does.

use std::path::Path;

use crate::error::{Error, Result};
use crate::graph::{self, Graph};
use crate::report::Report;
use crate::spec::{self, Spec};
use crate::store::objects::hash;
use crate::store::records::{PipelineVersion, Repo};
use crate::store::{self, Store};
use samefit_text::message::Message;

/// The current version of a pipeline.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// The spec.
    pub spec: Spec,
    /// The record in the store.
    pub version: PipelineVersion,
}

impl Pipeline {
    /// Reads the spec in a record. The error lists its problems.
    pub fn from_record(version: PipelineVersion) -> Result<Self> {
        Ok(Self { spec: spec::from_document(&version.spec, Path::new(&version.file))?, version })
    }
}

/// Returns the pipelines of a store. Each comes after those whose output it reads.
pub fn current(store: &Store) -> Result<Vec<Pipeline>> {
    let pipelines: Vec<Pipeline> = store.pipelines()?.into_iter().map(Pipeline::from_record).collect::<Result<_, _>>()?;
    let order = graph::order(pipelines.iter().map(|pipeline| pipeline.spec.clone()).collect())?;
    let of_spec = |spec: &Spec| pipelines.iter().find(|pipeline| pipeline.spec.name == spec.name).cloned();
    Ok(order.pipelines.iter().filter_map(of_spec).collect())
}

/// Creates pipelines, and updates those whose spec changed. With `reprocess`, their next jobs run every datum again.
pub fn apply_specs(store: &Store, specs: Vec<Spec>, reprocess: bool, report: &mut dyn Report) -> Result<()> {
    check(store, &specs)?;
    let notes = spec::lint(&specs);
    for spec in specs {
        let before = store.versions(&spec.name)?.pop();
        if before.as_ref().is_some_and(|before| before.spec == spec.text && !reprocess) {
            continue;
        }
        let version = put_version(store, &spec, before.as_ref(), reprocess)?;
        say_version(before.as_ref(), &version, report);
        notes.iter().filter(|note| note.pipeline == spec.name).for_each(|note| report.note(&note.to_string()));
    }
    Ok(())
}

/// Gives every pipeline a new version with a new salt, so that its next job runs every datum again.
pub fn reprocess_all(store: &Store, report: &mut dyn Report) -> Result<()> {
    for Pipeline { spec, version } in current(store)? {
        say_version(Some(&version), &put_version(store, &spec, Some(&version), true)?, report);
    }
    Ok(())
}

/// Checks that the specs and the pipelines of the store form one graph, write only their own repos, and read repos that exist.
fn check(store: &Store, specs: &[Spec]) -> Result<()> {
    let is_replaced = |pipeline: &Pipeline| specs.iter().any(|spec| spec.name == pipeline.spec.name);
    let before = store.pipelines()?.into_iter().map(Pipeline::from_record).collect::<Result<Vec<_>, _>>()?;
    let others = before.into_iter().filter(|pipeline| !is_replaced(pipeline)).map(|pipeline| pipeline.spec);
    let Graph { source_repos, .. } = graph::order(specs.iter().cloned().chain(others).collect())?;
    specs.iter().try_for_each(|spec| check_output_repo(store, spec))?;
    let mut missing = Vec::new();
    for repo in source_repos {
        if store.repo(&repo)?.is_none() {
            missing.push(repo);
        }
    }
    match missing.as_slice() {
        [] => Ok(()),
        [first, ..] => Err(Error::invalid(
            format_args!("there is no repo `{}` in this store", missing.join("`, no repo `")),
            format_args!("put files into it: `--input {first}=PATH`, or `samefit pipeline put {first} FILES`"),
        )),
    }
}

fn check_output_repo(store: &Store, spec: &Spec) -> Result<()> {
    if store.repo(&spec.name)?.is_none_or(|repo| repo.output) {
        return Ok(());
    }
    let sentence = format!(
        "{}: the pipeline `{}` would write to a repo of that name, which holds files that were put",
        spec.file.display(),
        spec.name
    );
    Err(Error::invalid(sentence, "rename the pipeline, or use another store"))
}

fn put_version(store: &Store, spec: &Spec, before: Option<&PipelineVersion>, reprocess: bool) -> Result<PipelineVersion> {
    store.write(|change| {
        let number = change.next_number()?;
        let new_salt = || store::derived_id(&["salt", &number.to_string(), &spec.name]);
        let old_salt = before.map(|before| before.salt.clone()).or_else(|| spec.salt.clone());
        let version = PipelineVersion {
            pipeline: spec.name.clone(),
            version: before.map_or(1, |before| before.version + 1),
            spec: spec.text.clone(),
            spec_sha256: hash(spec.text.to_string().as_bytes()),
            file: spec.file.display().to_string(),
            salt: old_salt.filter(|_| !reprocess).unwrap_or_else(new_salt),
            made: store.now(),
        };
        change.put_repo(&Repo { name: spec.name.clone(), output: true })?;
        change.put_version(&version)?;
        Ok(version)
    })
}

/// Reports a new version, and a changed command that leaves old outputs as they are because the salt is the same.
fn say_version(before: Option<&PipelineVersion>, version: &PipelineVersion, report: &mut dyn Report) {
    let name = &version.pipeline;
    let Some(before) = before else { return report.say(&format!("created pipeline `{name}`")) };
    report.say(&format!("updated pipeline `{name}`: version {}", version.version));
    if before.salt == version.salt && before.spec.get("transform") != version.spec.get("transform") {
        let sentence = format!(
            "note: `{name}` runs another command now, but keeps the output of unchanged datums: outputs of both commands may stand side by side"
        );
        report.note(&Message::new(sentence, "to run all datums again, give --reprocess").to_string());
    }
}
