//! The arrows that may not exist, looked for in the sources' own text.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The core's modules in reading order: each uses only those before it.
const CORE: [&str; 31] = [
    "error",
    "rounding",
    "decimal",
    "shortest",
    "terms",
    "json",
    "schema",
    "shared",
    "statistics",
    "plan",
    "column",
    "batch",
    "sink",
    "records",
    "table",
    "solve",
    "student",
    "model",
    "fit",
    "train",
    "forecast",
    "predict",
    "fisher",
    "explain",
    "entry",
    "quality",
    "residuals",
    "profile",
    "identity",
    "component",
    "lib",
];

/// The pipeline runner's modules in reading order.
const PIPELINE: [&str; 18] = [
    "glob",
    "spec",
    "failure",
    "disk",
    "folder",
    "report",
    "graph",
    "datums",
    "paths",
    "store",
    "intake",
    "next_datum",
    "run",
    "reference",
    "trace",
    "commands",
    "cli",
    "lib",
];

/// What writes to the disk.
const WRITING: [&str; 7] = ["fs::write", "File::create", "fs::rename", "OpenOptions", "persist(", "create_dir", "fs::copy"];

/// Rust sources below a folder, with their text but for comments and the tests at the end.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
                let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n"));
                found.push((path, code.collect()));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} is empty");
    found
}

/// Files of `folder`, but those named, that hold one of the words.
fn holding(folder: &str, but: &[&str], words: &[&str]) -> Vec<String> {
    let other = |path: &Path| !but.iter().any(|name| path.ends_with(name));
    let found = sources(folder).into_iter().filter(|(path, text)| other(path) && words.iter().any(|word| text.contains(word)));
    found.map(|(path, _)| path.display().to_string()).collect()
}

fn assert_none(found: &[String], what: &str) {
    assert!(found.is_empty(), "{what}: {}", found.join(", "));
}

/// Each module of a crate uses only those before it.
fn assert_order(folder: &str, order: &[&str]) {
    let root = Path::new(ROOT).join(folder);
    for (path, text) in sources(folder) {
        let below = path.strip_prefix(&root).unwrap();
        let module = below.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        let place = order.iter().position(|name| *name == module).unwrap_or_else(|| panic!("{module} has no place in the order"));
        for used in text.split("crate::").skip(1) {
            let names = used.trim_start_matches('{').split(['}', ';']).next().unwrap_or_default();
            let first = names.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            if let Some(at) = order.iter().position(|name| *name == first) {
                assert!(at <= place, "{} uses `{first}`, which comes after it", path.display());
            }
        }
    }
}

#[test]
fn modules_use_those_before_them() {
    assert_order("core-wasm/src", &CORE);
    assert_order("pipeline/src", &PIPELINE);
}

#[test]
fn the_core_iterates_no_unordered_map() {
    for folder in ["core-wasm/src", "core-wasm/kernels/src"] {
        assert_none(&holding(folder, &[], &["HashMap", "HashSet"]), "unordered maps");
    }
}

#[test]
fn the_core_knows_no_world() {
    let words = ["std::fs", "std::env::", "std::time", "std::thread", "std::process", "std::net", "println!"];
    for folder in ["core-wasm/src", "core-wasm/kernels/src"] {
        assert_none(&holding(folder, &[], &words), "the world outside");
    }
}

#[test]
fn only_two_files_know_wit() {
    let words = ["bindgen!(", "wit_bindgen::"];
    for folder in ["core-wasm/src", "stages/src", "host/src"] {
        assert_none(&holding(folder, &["src/component.rs", "src/engine.rs"], &words), "WIT bindings");
    }
}

#[test]
fn only_one_file_of_the_program_writes() {
    assert_none(&holding("host/src", &["src/output.rs"], &WRITING), "writing to the disk");
    assert_none(&holding("stages/src", &[], &["std::fs", "std::env", "std::process"]), "the disk in a stage");
}

/// The WASI command has no threads, and asks for one: what begins more stands where that is minded.
#[test]
fn only_one_file_of_the_stages_begins_threads() {
    assert_none(&holding("stages/src", &["src/parallel.rs"], &["std::thread"]), "threads");
}

#[test]
fn the_program_and_the_stages_compute_no_statistic() {
    for manifest in ["host/Cargo.toml", "stages/Cargo.toml", "report/Cargo.toml", "web/Cargo.toml"] {
        let text = std::fs::read_to_string(format!("{ROOT}/{manifest}")).unwrap();
        let dependencies = text.split("[dev-dependencies]").next().unwrap();
        assert!(!dependencies.contains("samefit-core"), "{manifest} depends on the model logic");
    }
}

/// Its store writes contents and records, a run lays out datums, and two verbs write what a person asks for.
#[test]
fn few_files_of_the_pipeline_runner_write() {
    let may = [
        "store/mod.rs",
        "store/objects.rs",
        "src/folder.rs",
        "run/datum_dir.rs",
        "run/control_group.rs",
        "run/container.rs",
        "commands/get.rs",
        "commands/replay.rs",
        "spec/tests.rs",
    ];
    let words = [WRITING.as_slice(), &["new_file(", "new_folder"]].concat();
    assert_none(&holding("pipeline/src", &may, &words), "writing to the disk");
    assert_none(&holding("pipeline/src", &["store/ledger.rs"], &["redb::"]), "the database");
}

/// A program could have put a link where a path leads. What is removed is removed from an open folder; of a control group only the system's
/// own files are in it.
#[test]
fn the_pipeline_runner_removes_nothing_by_its_path() {
    let words = ["remove_dir", "remove_file", "canonicalize", "WalkDir", "hard_link", "tempdir"];
    for folder in ["pipeline/src/run", "pipeline/src/store"] {
        assert_none(
            &holding(folder, &["run/control_group.rs", "run/container.rs", "store/mod.rs"], &words),
            "paths that a program can change",
        );
    }
    let words = ["remove_dir_all", "remove_file", "hard_link"];
    assert_none(&holding("pipeline/src", &[], &words), "removal by path");
}

/// Its words go through `Report`; but for `pachctl`, which is a program of its own.
#[test]
fn the_pipeline_runner_does_not_touch_the_terminal() {
    let words = ["io::stdout", "io::stderr", "println!"];
    assert_none(&holding("pipeline/src", &["src/next_datum.rs"], &words), "the terminal");
}

#[test]
fn the_pipeline_runner_knows_nothing_of_models() {
    let text = std::fs::read_to_string(format!("{ROOT}/pipeline/Cargo.toml")).unwrap();
    let dependencies = text.split("[dev-dependencies]").next().unwrap();
    // what everybody refuses of JSON, and how text is shown, is nobody's in particular
    let shared = ["samefit-json.", "samefit-text."];
    let own = dependencies.lines().filter(|line| line.starts_with("samefit-") && !shared.iter().any(|name| line.starts_with(name))).count();
    assert_eq!(own, 0, "the pipeline runner depends on what a pipeline runs");
}
