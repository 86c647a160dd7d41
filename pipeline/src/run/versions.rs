//! Specs to versions of pipelines: new ones are created, changed ones updated as `pachctl update pipeline` would.

use std::path::Path;

use crate::disk::bad;
use crate::error::Result;
use crate::graph::{self, Graph};
use crate::report::Report;
use crate::spec::{self, Spec};
use crate::store::objects::hash;
use crate::store::records::{Repo, Version};
use crate::store::{self, Store};

/// A pipeline as it is now.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Its spec.
    pub spec: Spec,
    /// The record of it.
    pub version: Version,
}

/// The pipelines of a store, each after those whose output it reads.
pub fn known(store: &Store) -> Result<Vec<Pipeline>> {
    let pipelines: Vec<Pipeline> = store.pipelines()?.into_iter().map(pipeline).collect::<Result<_, _>>()?;
    let order = graph::order(pipelines.iter().map(|pipeline| pipeline.spec.clone()).collect())?;
    let version = |spec: &Spec| pipelines.iter().find(|pipeline| pipeline.spec.name == spec.name).cloned();
    Ok(order.pipelines.iter().filter_map(version).collect())
}

/// The pipeline that a record means.
pub fn pipeline(version: Version) -> Result<Pipeline> {
    Ok(Pipeline { spec: spec::of(&version.spec, Path::new(&version.file))?, version })
}

/// Creates or updates pipelines. With `reprocess` all their datums will run again, though they did before.
pub fn adopt(store: &Store, specs: Vec<Spec>, reprocess: bool, report: &mut dyn Report) -> Result<()> {
    check(store, &specs)?;
    let notes = spec::check(&specs);
    for spec in specs {
        let before = store.versions(&spec.name)?.pop();
        if before.as_ref().is_some_and(|before| before.spec == spec.text && !reprocess) {
            continue;
        }
        let version = put(store, &spec, before.as_ref(), reprocess)?;
        say(before.as_ref(), &version, report);
        notes.iter().filter(|note| note.pipeline == spec.name).for_each(|note| report.note(&note.to_string()));
    }
    Ok(())
}

/// Gives every pipeline a new salt.
pub fn reprocess(store: &Store, report: &mut dyn Report) -> Result<()> {
    for Pipeline { spec, version } in known(store)? {
        say(Some(&version), &put(store, &spec, Some(&version), true)?, report);
    }
    Ok(())
}

/// Whether the pipelines can stand together with those that are there.
fn check(store: &Store, specs: &[Spec]) -> Result<()> {
    let other = |pipeline: &Pipeline| !specs.iter().any(|spec| spec.name == pipeline.spec.name);
    let before = store.pipelines()?.into_iter().map(pipeline).collect::<Result<Vec<_>, _>>()?;
    let stay = before.into_iter().filter(other).map(|pipeline| pipeline.spec);
    let Graph { sources, .. } = graph::order(specs.iter().cloned().chain(stay).collect())?;
    for spec in specs {
        if store.repo(&spec.name)?.is_some_and(|repo| !repo.output) {
            let found = format!(
                "{}: the pipeline `{}` would write to a repo of that name, which holds files that were put",
                spec.file.display(),
                spec.name
            );
            return Err(bad(found, "rename the pipeline, or use another store"));
        }
    }
    let mut missing = Vec::new();
    for source in sources {
        if store.repo(&source)?.is_none() {
            missing.push(source);
        }
    }
    match missing.as_slice() {
        [] => Ok(()),
        [first, ..] => Err(bad(
            format_args!("there is no repo `{}` in this store", missing.join("`, no repo `")),
            format_args!("put files into it: `--input {first}=PATH`, or `samefit pipeline put {first} FILES`"),
        )),
    }
}

fn put(store: &Store, spec: &Spec, before: Option<&Version>, reprocess: bool) -> Result<Version> {
    store.write(|change| {
        let number = change.number()?;
        let new_salt = || store::id(&["salt", &number.to_string(), &spec.name]);
        let kept = before.map(|before| before.salt.clone()).or_else(|| spec.salt.clone());
        let version = Version {
            pipeline: spec.name.clone(),
            version: before.map_or(1, |before| before.version + 1),
            spec: spec.text.clone(),
            spec_sha256: hash(spec.text.to_string().as_bytes()),
            file: spec.file.display().to_string(),
            salt: kept.filter(|_| !reprocess).unwrap_or_else(new_salt),
            made: store.now(),
        };
        change.repo(&Repo { name: spec.name.clone(), output: true })?;
        change.version(&version)?;
        Ok(version)
    })
}

/// What was done, and what it means: without a new salt, what the old command made stays.
fn say(before: Option<&Version>, version: &Version, report: &mut dyn Report) {
    let name = &version.pipeline;
    let Some(before) = before else { return report.say(&format!("created pipeline `{name}`")) };
    report.say(&format!("updated pipeline `{name}`: version {}", version.version));
    if before.salt == version.salt && before.spec.get("transform") != version.spec.get("transform") {
        report.note(&format!(
            "note: `{name}` runs another command now, but keeps the output of datums that are unchanged: outputs of both may stand side by \
             side\nhelp: to run all of them again, give --reprocess"
        ));
    }
}
