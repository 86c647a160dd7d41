//! Checks the specs that ship: Pachyderm's schema and the rules here accept them, without notes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use samefit_pipeline::graph::{self, Graph};
use samefit_pipeline::spec::{self, Spec};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pachyderm")
}

/// Returns the folders below `specs`. Each holds the specs of one variant of the workshop's pipeline.
fn variants() -> Vec<PathBuf> {
    let mut variants: Vec<PathBuf> = fs::read_dir(folder().join("specs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    variants.sort();
    assert!(variants.len() >= 4, "{variants:?}");
    variants
}

fn read(variant: &Path) -> Vec<Spec> {
    let problems = |problems: Vec<spec::Problem>| problems.iter().map(|problem| format!("{problem}\n")).collect::<String>();
    spec::read(&[variant.to_owned()]).map_err(problems).unwrap()
}

fn graph(variant: &Path) -> Graph {
    graph::order(read(variant)).unwrap()
}

#[test]
fn pachyderms_schema_accepts_every_spec() {
    let schema = fs::read_to_string(folder().join("CreatePipelineRequest.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    for spec in variants().iter().flat_map(|variant| read(variant)) {
        let faults: Vec<String> = validator.iter_errors(&spec.text).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", spec.file.display());
    }
}

#[test]
fn every_spec_is_accepted_without_notes() {
    for variant in variants() {
        let notes: Vec<String> = spec::lint(&read(&variant)).iter().map(ToString::to_string).collect();
        assert_eq!(notes, [] as [&str; 0]);
    }
}

#[test]
fn each_file_has_the_name_of_its_pipeline() {
    for spec in variants().iter().flat_map(|variant| read(variant)) {
        assert_eq!(spec.file.file_stem().unwrap().to_str().unwrap(), spec.name);
    }
}

#[test]
fn every_variant_reads_the_same_three_repos() {
    for variant in variants() {
        assert_eq!(graph(&variant).source_repos, ["attributes", "qc_data", "training_data"], "{}", variant.display());
    }
}

#[test]
fn pipelines_run_after_those_that_they_read() {
    let names =
        |variant: &str| graph(&folder().join("specs").join(variant)).pipelines.into_iter().map(|spec| spec.name).collect::<Vec<_>>();
    assert_eq!(names("multiple"), ["model", "qc_pre_process", "qc_report", "qcontrol", "infer"]);
    assert_eq!(names("scalable"), ["qc_pre_process", "summarize", "merge_fit", "qc_report", "qcontrol", "infer"]);
}

/// With a strict gate, a refused model leaves the last predictions. An input with only the model's file runs nothing if the model is equal.
#[test]
fn the_gate_is_strict_and_inputs_with_a_model_have_no_other_file() {
    for variant in variants() {
        let specs = read(&variant);
        let one = |name: &str| specs.iter().find(|spec| spec.name == name).unwrap();
        let has = |name: &str, flag: &str| one(name).transform.cmd.iter().any(|word| word == flag);
        assert!(has("qcontrol", "--strict") && one("qcontrol").datum_tries == 1);
        assert!(has("qc_report", "--report-only") && !has("qc_report", "--strict"));
        let models = ["model", "merge_fit", "qcontrol"];
        for input in specs.iter().flat_map(|spec| spec.input.pfs()).filter(|input| models.contains(&input.repo.as_str())) {
            assert_eq!(input.glob.text(), "/model.json", "{}", input.repo);
        }
    }
}

#[test]
fn every_folder_that_a_command_reads_is_an_input() {
    for spec in variants().iter().flat_map(|variant| read(variant)) {
        let read: BTreeSet<String> =
            spec.transform.cmd.iter().filter_map(|word| word.strip_prefix("/pfs/")?.split('/').next().map(str::to_owned)).collect();
        let inputs = spec.input.pfs().into_iter().map(|input| input.name.clone());
        assert_eq!(read, inputs.chain(["out".to_owned()]).collect(), "{}", spec.file.display());
    }
}
