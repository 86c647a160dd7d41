//! Checks which modules and crates may use which, in the text of the sources.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod modules;

use std::path::{Path, PathBuf};

use modules::Module;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The core's modules in reading order: each uses only those before it.
const CORE: &[&str] = &[
    "ordered",
    "hidden",
    "error",
    "rounding",
    "two_part",
    "decimal",
    "notation",
    "cell_format",
    "shortest",
    "level",
    "ratio",
    "functions",
    "splines",
    "factors",
    "terms",
    "model_formula",
    "json",
    "schema",
    "release_policy",
    "statistics",
    "planned_knots",
    "plan",
    "disclosure",
    "column",
    "batch",
    "sink",
    "json_scan",
    "records",
    "json_stream",
    "json_rows",
    "table",
    "solve",
    "student",
    "fisher",
    "model",
    "design",
    "fit",
    "summarizer",
    "audit",
    "entry",
    "forecast",
    "predict",
    "summary",
    "hypotheses",
    "explain",
    "quality",
    "residuals",
    "profile",
    "preview",
    "identity",
    "component",
    "lib",
];

/// The pipeline runner's modules in reading order: each uses only those before it.
const PIPELINE: &[&str] = &[
    "glob",
    "spec",
    "error",
    "report",
    "graph",
    "datums",
    "paths",
    "folder",
    "store",
    "ingest",
    "next_datum",
    "run",
    "reference",
    "trace",
    "commands",
    "cli",
    "lib",
];

/// The modules of `render` in reading order.
const RENDER: &[&str] = &[
    "format",
    "markup",
    "scale",
    "bins",
    "documents",
    "prediction",
    "histogram",
    "heat_map",
    "curve",
    "dot_plot",
    "waterfall",
    "pages",
    "lib",
];

/// The modules of `xtask` in reading order. `lib` stands for `main.rs`.
const XTASK: &[&str] = &["abi", "publish", "encode", "toolchain", "wasm", "web", "reproduce", "sbom", "specs", "lib"];

/// The stages' modules in reading order; `testing` is for tests only.
const STAGES: &[&str] = &[
    "code", "error", "limits", "splitmix", "text", "ports", "source", "args", "stage", "testing", "input", "plan", "work", "output",
    "verbs", "cli", "lib",
];

/// The program's modules in reading order.
const HOST: &[&str] = &[
    "engine_config",
    "system_limits",
    "instance_cache",
    "engine",
    "pfs",
    "file_snapshot",
    "signals",
    "staging_dir",
    "output",
    "columns",
    "files",
    "progress",
    "terminal",
    "pachctl",
    "batch",
    "inspect",
    "page",
    "serve",
    "completions",
    "man",
    "pipeline",
    "conformance",
    "lib",
];

/// The WASI command's modules in reading order.
const WASI_COMMAND: &[&str] = &["preopens", "engine", "disk", "output", "files", "terminal", "command", "lib"];

/// The page's modules in reading order.
const WEB: &[&str] = &[
    "generation",
    "error",
    "texts",
    "fhir",
    "files",
    "preview",
    "state",
    "views",
    "drawing",
    "command",
    "action",
    "update",
    "browser",
    "events",
    "held",
    "worker",
    "runtime",
    "lib",
];

/// Calls that write to the disk.
const WRITING: &[&str] = &["fs::write", "File::create", "fs::rename", "OpenOptions", "persist(", "create_dir", "fs::copy"];

/// The `src` of every crate, in the order of the table in `ARCHITECTURE.md`: a crate uses only crates before it.
const CRATES: &[&str] = &[
    "formats/src",
    "text/src",
    "core-wasm/kernels/src",
    "core-wasm/src",
    "core-wasm/component/src",
    "render/src",
    "stages/src",
    "pipeline/src",
    "wasi-command/src",
    "host/src",
    "web/src",
    "conformance/src",
    "testing/src",
    "xtask/src",
    "bench/native/src",
];

/// Returns the Rust sources below a folder.
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

/// Returns the sources below a folder with their code: without comments and without the tests at the end.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n"));
        (path, code.collect())
    };
    paths(&Path::new(ROOT).join(folder)).into_iter().map(read).collect()
}

/// Returns the files below `folder` whose code has one of the words. Files named in `except` are left out.
fn files_with(folder: &str, except: &[&str], words: &[&str]) -> Vec<String> {
    let other = |path: &Path| !except.iter().any(|name| path.ends_with(name));
    let found = sources(folder).into_iter().filter(|(path, text)| other(path) && words.iter().any(|word| text.contains(word)));
    found.map(|(path, _)| path.display().to_string()).collect()
}

fn assert_none(found: &[String], what: &str) {
    assert!(found.is_empty(), "{what}: {}", found.join(", "));
}

/// Returns the name of a module, for instance `run::single`.
fn shown(module: &Module) -> String {
    if module.is_empty() { "the root".to_owned() } else { module.join("::") }
}

/// Asserts that no two modules of a crate use each other, directly or through other modules.
fn assert_no_circle(folder: &str) {
    let circles = modules::circles(&modules::uses(&Path::new(ROOT).join(folder)));
    let lists = circles.iter().map(|circle| circle.iter().map(shown).collect::<Vec<_>>().join(", "));
    assert!(circles.is_empty(), "{folder}: these modules use each other:\n{}", lists.collect::<Vec<_>>().join("\n"));
}

/// Returns the floor of a module: the first name of its path, or `lib` for the root.
fn floor(module: &Module) -> &str {
    module.first().map_or("lib", String::as_str)
}

/// Asserts that each module uses only modules of its own floor and of floors before it.
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

/// Asserts that a crate declares each type name once.
fn assert_type_names(folder: &str) {
    let twice = modules::type_names_twice(&Path::new(ROOT).join(folder));
    let line = |(name, modules): (&String, &Vec<Module>)| format!("{name}: {}", modules.iter().map(shown).collect::<Vec<_>>().join(", "));
    assert!(
        twice.is_empty(),
        "{folder}: type names that are declared more than once:\n{}",
        twice.iter().map(line).collect::<Vec<_>>().join("\n")
    );
}

/// What tests of a crate use (`dev-dependencies`) does not count.
#[test]
fn a_crate_uses_only_crates_before_it() {
    let manifest = |source: &str| std::fs::read_to_string(format!("{ROOT}/{}/Cargo.toml", source.trim_end_matches("/src"))).unwrap();
    let name =
        |source: &str| manifest(source).lines().find_map(|line| line.strip_prefix("name = ").map(|name| name.trim_matches('"').to_owned()));
    let names: Vec<String> = CRATES.iter().map(|source| name(source).unwrap()).collect();
    for (at, source) in CRATES.iter().enumerate() {
        let manifest = manifest(source);
        let used = manifest.split("[dev-dependencies]").next().unwrap().lines().filter(|line| line.starts_with("samefit-"));
        for line in used {
            let used = line.split(['.', ' ', '=']).next().unwrap();
            assert!(names[..at].iter().any(|name| name == used), "{source} uses {used}, which is not before it");
        }
    }
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
    testing: "testing/src",
    text: "text/src",
    wasi_command: "wasi-command/src",
    web: "web/src",
    xtask: "xtask/src",
}

#[test]
fn modules_of_the_core_stand_on_floors() {
    assert_floors("core-wasm/src", CORE);
}

#[test]
fn modules_of_the_pipeline_runner_stand_on_floors() {
    assert_floors("pipeline/src", PIPELINE);
}

#[test]
fn modules_of_the_stages_stand_on_floors() {
    assert_floors("stages/src", STAGES);
}

#[test]
fn modules_of_the_host_stand_on_floors() {
    assert_floors("host/src", HOST);
}

#[test]
fn modules_of_the_wasi_command_stand_on_floors() {
    assert_floors("wasi-command/src", WASI_COMMAND);
}

#[test]
fn modules_of_render_stand_on_floors() {
    assert_floors("render/src", RENDER);
}

#[test]
fn modules_of_the_build_tasks_stand_on_floors() {
    assert_floors("xtask/src", XTASK);
}

#[test]
fn modules_of_the_page_stand_on_floors() {
    assert_floors("web/src", WEB);
}

/// All other code of the page is tested natively.
#[test]
fn only_five_files_of_the_page_need_a_browser() {
    let may = ["src/browser.rs", "src/events.rs", "src/held.rs", "src/runtime.rs", "src/worker.rs"];
    let words = ["wasm_bindgen", "web_sys", "js_sys", "thread_local", " static ", "\nstatic "];
    assert_none(&files_with("web/src", &may, &words), "the browser, or global state");
}

#[test]
fn the_core_iterates_no_unordered_map() {
    for folder in ["core-wasm/src", "core-wasm/kernels/src"] {
        assert_none(&files_with(folder, &[], &["HashMap", "HashSet"]), "unordered maps");
    }
}

#[test]
fn the_core_knows_no_world() {
    let words = ["std::fs", "std::env::", "std::time", "std::thread", "std::process", "std::net", "println!"];
    for folder in ["core-wasm/src", "core-wasm/kernels/src"] {
        assert_none(&files_with(folder, &[], &words), "the world outside");
    }
}

#[test]
fn only_two_files_know_wit() {
    let words = ["bindgen!(", "wit_bindgen::"];
    for folder in ["core-wasm/src", "stages/src", "host/src"] {
        assert_none(&files_with(folder, &["src/component.rs", "src/engine.rs"], &words), "WIT bindings");
    }
}

#[test]
fn only_one_file_of_the_program_writes() {
    assert_none(&files_with("host/src", &["src/output.rs"], WRITING), "writing to the disk");
    assert_none(&files_with("stages/src", &[], &["std::fs", "std::env", "std::process"]), "the disk in a stage");
}

/// The WASI command has no threads, so only this file starts threads, and it can do without.
#[test]
fn only_one_file_of_the_stages_begins_threads() {
    assert_none(&files_with("stages/src", &["work/threads.rs"], &["std::thread"]), "threads");
}

#[test]
fn the_program_and_the_stages_compute_no_statistic() {
    for manifest in ["host/Cargo.toml", "stages/Cargo.toml", "render/Cargo.toml", "web/Cargo.toml"] {
        let text = std::fs::read_to_string(format!("{ROOT}/{manifest}")).unwrap();
        let dependencies = text.split("[dev-dependencies]").next().unwrap();
        assert!(!dependencies.contains("samefit-core"), "{manifest} depends on the model logic");
    }
}

/// The store writes contents and records, a run writes the files of datums, and two verbs write the files that a person asks for.
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
    let words = [WRITING, &["new_file(", "new_folder"]].concat();
    assert_none(&files_with("pipeline/src", &may, &words), "writing to the disk");
    assert_none(&files_with("pipeline/src", &["store/ledger.rs"], &["redb::"]), "the database");
}

/// A pipeline's program can replace a folder by a link, so the runner removes entries of open folders only. A control group may be removed by
/// its path, because only the system writes there.
#[test]
fn the_pipeline_runner_removes_nothing_by_its_path() {
    let words = ["remove_dir", "remove_file", "canonicalize", "WalkDir", "hard_link", "tempdir"];
    for folder in ["pipeline/src/run", "pipeline/src/store"] {
        assert_none(
            &files_with(folder, &["run/control_group.rs", "run/container.rs", "store/mod.rs"], &words),
            "paths that a program can change",
        );
    }
    let words = ["remove_dir_all", "remove_file", "hard_link"];
    assert_none(&files_with("pipeline/src", &[], &words), "removal by path");
}

/// The runner prints through `Report`. The exception is `pachctl`, which is a program of its own.
#[test]
fn the_pipeline_runner_does_not_touch_the_terminal() {
    let words = ["io::stdout", "io::stderr", "println!"];
    assert_none(&files_with("pipeline/src", &["src/next_datum.rs"], &words), "the terminal");
}

#[test]
fn the_pipeline_runner_knows_nothing_of_models() {
    let text = std::fs::read_to_string(format!("{ROOT}/pipeline/Cargo.toml")).unwrap();
    let dependencies = text.split("[dev-dependencies]").next().unwrap();
    // these two crates know nothing of models
    let shared = ["samefit-formats.", "samefit-text."];
    let own = dependencies.lines().filter(|line| line.starts_with("samefit-") && !shared.iter().any(|name| line.starts_with(name))).count();
    assert_eq!(own, 0, "the pipeline runner depends on model logic");
}
