//! Compiles `web/src` to `page.js` and `page_bg.wasm`.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use wasm_bindgen_cli_support::Bindgen;

use crate::toolchain::Toolchain;
use crate::web::run::run;

const TARGET: &str = "wasm32-unknown-unknown";
/// See `[profile.web]` in the workspace's `Cargo.toml`.
const PROFILE: &str = "web";

/// Compiles the page, binds it to the browser and makes it smaller.
pub(crate) fn build(root: &Path, out: &Path) -> Result<()> {
    let folder = root.join("target/web-build");
    let toolchain = Toolchain::find(root)?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .current_dir(root)
        .args(["build", "--locked", "--target", TARGET, "--profile", PROFILE, "--package", "samefit-web", "--target-dir"])
        .arg(&folder)
        .envs(toolchain.environment.iter().map(|(name, value)| (name, value)))
        .env("CARGO_ENCODED_RUSTFLAGS", format!("--remap-path-prefix\u{1f}{}=/samefit", root.display()))
        .env_remove("RUSTFLAGS");
    let (std_sources, _) = toolchain.std_sources(root)?;
    if std_sources.iter().any(|place| place.join("library/Cargo.lock").exists()) {
        build.envs(SMALL);
    }
    run(&mut build)?;
    let linked = folder.join(TARGET).join(PROFILE).join("samefit_web.wasm");
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(linked)
        .web(true)?
        .typescript(false)
        .remove_name_section(std::env::var_os("SAMEFIT_NAMES").is_none())
        .remove_producers_section(true)
        .out_name("page");
    bindgen.generate(out)?;
    shrink(root, &out.join("page_bg.wasm"))
}

/// The environment of a build with a small standard library, without the texts of panics. It halves the page's size. It needs the sources
/// of the standard library, and RUSTC_BOOTSTRAP so that a stable compiler does it.
const SMALL: [(&str, &str); 7] = [
    ("RUSTC_BOOTSTRAP", "1"),
    ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
    ("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size"),
    ("CARGO_UNSTABLE_PANIC_IMMEDIATE_ABORT", "true"),
    ("CARGO_PROFILE_WEB_PANIC", "immediate-abort"),
    ("CARGO_UNSTABLE_PROFILE_RUSTFLAGS", "true"),
    ("CARGO_PROFILE_WEB_RUSTFLAGS", "-Zfmt-debug=none -Zlocation-detail=none -Cllvm-args=-inline-threshold=0"),
];

/// Runs a second optimiser, which takes off a tenth. `SAMEFIT_NAMES` keeps the names of functions, to see which of them are large.
fn shrink(root: &Path, wasm: &Path) -> Result<()> {
    let optimiser = root.join("web/node_modules/.bin/wasm-opt");
    let names = std::env::var_os("SAMEFIT_NAMES").map(|_| "-g");
    run(Command::new(optimiser).arg(wasm).args(["-Oz", "--all-features", "--disable-gc"]).args(names).arg("-o").arg(wasm))
}
