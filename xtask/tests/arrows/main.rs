//! The arrows that may not exist, looked for in the sources' own text.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod modules;

use std::path::{Path, PathBuf};

use modules::Module;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The core's modules in reading order: each uses only those before it.
const CORE: [&str; 33] = [
    "error",
    "rounding",
    "decimal",
    "shortest",
    "terms",
    "json",
    "schema",
    "release_policy",
    "statistics",
    "plan",
    "disclosure",
    "column",
    "batch",
    "sink",
    "records",
    "table",
    "solve",
    "student",
    "model",
    "fit",
    "summarizer",
    "audit",
    "entry",
    "forecast",
    "predict",
    "fisher",
    "explain",
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
    "error",
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

/// The stages' modules in reading order; `testing` is for tests only.
const STAGES: [&str; 17] = [
    "code", "error", "limits", "splitmix", "text", "ports", "source", "args", "stage", "testing", "input", "plan", "work", "output",
    "verbs", "cli", "lib",
];

/// What writes to the disk.
const WRITING: [&str; 7] = ["fs::write", "File::create", "fs::rename", "OpenOptions", "persist(", "create_dir", "fs::copy"];

/// The `src` of every crate.
const CRATES: [&str; 15] = [
    "bench/native/src",
    "conformance/src",
    "core-wasm/component/src",
    "core-wasm/kernels/src",
    "core-wasm/src",
    "formats/src",
    "host/src",
    "pipeline/src",
    "render/src",
    "stages/src",
    "text/src",
    "wasi-command/src",
    "web/build/src",
    "web/src",
    "xtask/src",
];

/// The Rust sources below a folder.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "{} has no sources", folder.display());
    found
}

/// The sources below a folder, with their text but for comments and the tests at the end.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n"));
        (path, code.collect())
    };
    paths(&Path::new(ROOT).join(folder)).into_iter().map(read).collect()
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

/// The crate's root for an empty path, else `run::single`.
fn shown(module: &Module) -> String {
    if module.is_empty() { "the root".to_owned() } else { module.join("::") }
}

/// No two modules of a crate use each other, directly or by way of others.
fn assert_no_circle(folder: &str) {
    let circles = modules::circles(&modules::uses(&Path::new(ROOT).join(folder)));
    let lists = circles.iter().map(|circle| circle.iter().map(shown).collect::<Vec<_>>().join(", "));
    assert!(circles.is_empty(), "{folder}: these modules use each other:\n{}", lists.collect::<Vec<_>>().join("\n"));
}

/// The first name of a module's path; of the root, the name of its file.
fn floor(module: &Module) -> &str {
    module.first().map_or("lib", String::as_str)
}

/// Each module of a crate uses only those of its own floor and of floors before it.
fn assert_floors(folder: &str, floors: &[&str]) {
    let place = |module: &Module| {
        let name = floor(module);
        floors.iter().position(|floor| *floor == name).unwrap_or_else(|| panic!("{folder}: {name} is on no floor"))
    };
    for (module, uses) in modules::uses(&Path::new(ROOT).join(folder)) {
        for used in uses {
            assert!(place(&used) <= place(&module), "{folder}: {} uses {}, which is on a floor above", shown(&module), shown(&used));
        }
    }
}

#[test]
fn every_crate_is_looked_at() {
    let manifest = std::fs::read_to_string(format!("{ROOT}/Cargo.toml")).unwrap();
    let members = manifest.lines().find(|line| line.starts_with("members = ")).unwrap();
    let members: Vec<String> = members.split('"').skip(1).step_by(2).map(|member| format!("{member}/src")).collect();
    assert_eq!(members.iter().filter(|member| !CRATES.contains(&member.as_str())).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// In one crate a type name stands once.
fn assert_type_names(folder: &str) {
    let twice = modules::type_names_twice(&Path::new(ROOT).join(folder));
    let line = |(name, modules): (&String, &Vec<Module>)| format!("{name}: {}", modules.iter().map(shown).collect::<Vec<_>>().join(", "));
    assert!(twice.is_empty(), "{folder}: type names that stand more than once:\n{}", twice.iter().map(line).collect::<Vec<_>>().join("\n"));
}

macro_rules! crates {
    ($($name:ident: $folder:literal,)*) => { $(mod $name {
        #[test]
        fn no_two_modules_use_each_other() {
            super::assert_no_circle($folder);
        }

        #[test]
        fn a_type_name_stands_once() {
            super::assert_type_names($folder);
        }
    })* };
}

crates! {
    bench: "bench/native/src",
    conformance: "conformance/src",
    component: "core-wasm/component/src",
    kernels: "core-wasm/kernels/src",
    core_wasm: "core-wasm/src",
    formats: "formats/src",
    host: "host/src",
    pipeline: "pipeline/src",
    render: "render/src",
    stages: "stages/src",
    text: "text/src",
    wasi_command: "wasi-command/src",
    web_build: "web/build/src",
    web: "web/src",
    xtask: "xtask/src",
}

#[test]
fn modules_of_the_core_stand_on_floors() {
    assert_floors("core-wasm/src", &CORE);
}

#[test]
fn modules_of_the_pipeline_runner_stand_on_floors() {
    assert_floors("pipeline/src", &PIPELINE);
}

#[test]
fn modules_of_the_stages_stand_on_floors() {
    assert_floors("stages/src", &STAGES);
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
    assert_none(&holding("stages/src", &["work/threads.rs"], &["std::thread"]), "threads");
}

#[test]
fn the_program_and_the_stages_compute_no_statistic() {
    for manifest in ["host/Cargo.toml", "stages/Cargo.toml", "render/Cargo.toml", "web/Cargo.toml"] {
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
    let shared = ["samefit-formats.", "samefit-text."];
    let own = dependencies.lines().filter(|line| line.starts_with("samefit-") && !shared.iter().any(|name| line.starts_with(name))).count();
    assert_eq!(own, 0, "the pipeline runner depends on what a pipeline runs");
}
