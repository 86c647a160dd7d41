//! `web/src` to `page.js` and `page_bg.wasm`.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, ensure};
use wasm_bindgen_cli_support::Bindgen;

use crate::done;

const TARGET: &str = "wasm32-unknown-unknown";
/// See `[profile.web]` in the workspace's `Cargo.toml`.
const PROFILE: &str = "web";

/// Compiles the page, binds it, makes it smaller.
pub(crate) fn build(root: &Path, out: &Path) -> Result<()> {
    let folder = root.join("target/web-build");
    let toolchain = toolchain(root)?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .current_dir(root)
        .args(["build", "--locked", "--target", TARGET, "--profile", PROFILE, "--package", "samefit-web", "--target-dir"])
        .arg(&folder)
        .envs(toolchain.iter().map(|(name, value)| (name, value)))
        .env("CARGO_ENCODED_RUSTFLAGS", format!("--remap-path-prefix\u{1f}{}=/samefit", root.display()))
        .env_remove("RUSTFLAGS");
    if has_std_sources(root, &toolchain) {
        build.envs(SMALL);
    }
    done(&mut build)?;
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

/// Where the sources of the standard library are, it is built small as well, and what only words a panic is left out: half of the page's size.
/// A stable compiler does this when it is told that it may.
const SMALL: [(&str, &str); 7] = [
    ("RUSTC_BOOTSTRAP", "1"),
    ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
    ("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size"),
    ("CARGO_UNSTABLE_PANIC_IMMEDIATE_ABORT", "true"),
    ("CARGO_PROFILE_WEB_PANIC", "immediate-abort"),
    ("CARGO_UNSTABLE_PROFILE_RUSTFLAGS", "true"),
    ("CARGO_PROFILE_WEB_RUSTFLAGS", "-Zfmt-debug=none -Zlocation-detail=none -Cllvm-args=-inline-threshold=0"),
];

fn has_std_sources(root: &Path, toolchain: &[(String, String)]) -> bool {
    let named = toolchain.iter().find(|(name, _)| name == "RUSTC").map(|(_, value)| value.into());
    let rustc = named.or_else(|| std::env::var_os("RUSTC")).unwrap_or_else(|| "rustc".into());
    let answer = Command::new(rustc).args(["--print", "sysroot"]).current_dir(root).output();
    let sysroot = answer.map(|answer| String::from_utf8_lossy(&answer.stdout).trim().to_owned()).unwrap_or_default();
    Path::new(&sysroot).join("lib/rustlib/src/rust/library/Cargo.lock").exists()
}

/// What `scripts/wasm-toolchain` says: NAME=value a line.
fn toolchain(root: &Path) -> Result<Vec<(String, String)>> {
    let script = Command::new("sh").arg("scripts/wasm-toolchain").current_dir(root).stderr(Stdio::inherit()).output()?;
    ensure!(script.status.success(), "this machine cannot build for wasm yet (see above)");
    let text = String::from_utf8(script.stdout).context("scripts/wasm-toolchain")?;
    let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.lines().map(pair).collect::<Option<_>>().ok_or_else(|| anyhow!("scripts/wasm-toolchain printed something else than NAME=value"))
}

/// A second optimiser takes a tenth off; it comes with what transpiles the component.
fn shrink(root: &Path, wasm: &Path) -> Result<()> {
    let optimiser = root.join("web/node_modules/.bin/wasm-opt");
    let names = std::env::var_os("SAMEFIT_NAMES").map(|_| "-g");
    done(Command::new(optimiser).arg(wasm).args(["-Oz", "--all-features", "--disable-gc"]).args(names).arg("-o").arg(wasm))
}
