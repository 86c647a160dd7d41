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
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let environment = toolchain(root)?;
    // where the standard library is built as well, it is built small
    let features = environment.iter().any(|(name, _)| name == "CARGO_UNSTABLE_BUILD_STD").then_some("optimize_for_size");
    let mut build = Command::new(cargo);
    build
        .current_dir(root)
        .args(["build", "--locked", "--target", TARGET, "--profile", PROFILE, "--package", "samefit-web", "--target-dir"])
        .arg(&folder)
        .envs(environment)
        .env("CARGO_ENCODED_RUSTFLAGS", format!("--remap-path-prefix\u{1f}{}=/samefit", root.display()))
        .env_remove("RUSTFLAGS");
    if let Some(features) = features {
        build.env("CARGO_UNSTABLE_BUILD_STD_FEATURES", features);
    }
    done(&mut build)?;
    let linked = folder.join(TARGET).join(PROFILE).join("samefit_web.wasm");
    let mut bindgen = Bindgen::new();
    bindgen.input_path(linked).web(true)?.typescript(false).remove_name_section(true).remove_producers_section(true).out_name("page");
    bindgen.generate(out)?;
    shrink(root, &out.join("page_bg.wasm"))
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
    done(Command::new(optimiser).arg(wasm).args(["-Oz", "--all-features", "--disable-gc", "-o"]).arg(wasm))
}
