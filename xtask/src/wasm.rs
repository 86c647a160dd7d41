//! Builds the component, with and without SIMD, and the WASI command, so that the same sources give the same bytes.
//!
//! Invariants:
//! - No path of the machine is in the bytes: the workspace, the registry and the standard library are renamed.
//! - The published core module is the component's inner one, byte for byte.
//! - Native builds are not disturbed: wasm has a target folder of its own.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;

use crate::encode::{Encoded, encode};
use crate::publish::{self, Published};
use crate::toolchain::Toolchain;

const TARGET: &str = "wasm32-unknown-unknown";
/// See `[profile.wasm]` in the workspace's `Cargo.toml`.
const PROFILE: &str = "wasm";
const BUILD_FOLDER: &str = "target/wasm-build";

const CORE: Package = Package { name: "samefit-component", features: &[], artifact: "samefit_component.wasm" };
const COMMAND: Package = Package { name: "samefit-wasi-command", features: &["wasi"], artifact: "samefit_wasi_command.wasm" };

struct Package {
    name: &'static str,
    features: &'static [&'static str],
    artifact: &'static str,
}

/// Builds everything and publishes it in `target/wasm/` of the workspace at `root`.
pub(crate) fn publish(root: &Path) -> Result<Vec<Published>> {
    let builder = Builder::new(root)?;
    // most of the time goes into linking, which uses one processor: two builds side by side take little longer
    let (simd, plain) = std::thread::scope(|scope| {
        let plain = scope.spawn(|| builder.component(&CORE, Simd::Without));
        (builder.component(&CORE, Simd::With), plain.join())
    });
    let simd = simd?;
    let plain = plain.map_err(|_| anyhow!("the build without SIMD panicked"))??;
    let files = [
        ("samefit.component.wasm", simd.component),
        ("samefit.core.wasm", simd.core),
        ("samefit.component-nosimd.wasm", plain.component),
        ("samefit.core-nosimd.wasm", plain.core),
        ("samefit.command.wasm", builder.component(&COMMAND, Simd::With)?.component),
    ];
    publish::write(root, &files)
}

/// Whether the code may use vectors of 128 bits. Relaxed SIMD is no choice: its results differ between machines.
#[derive(Clone, Copy)]
enum Simd {
    With,
    Without,
}

impl Simd {
    fn flag(self) -> &'static str {
        match self {
            Self::With => "target-feature=+simd128",
            Self::Without => "target-feature=-simd128",
        }
    }

    /// Cargo keeps one build of a dependency a folder, so each choice has its own.
    fn folder(self) -> &'static str {
        match self {
            Self::With => "simd",
            Self::Without => "nosimd",
        }
    }
}

/// What the builds of one run have in common.
struct Builder<'a> {
    root: &'a Path,
    toolchain: Toolchain,
    renamed: Vec<String>,
    /// Two runs at a time would take each other's results for their own.
    _alone: File,
}

impl<'a> Builder<'a> {
    fn new(root: &'a Path) -> Result<Self> {
        let toolchain = Toolchain::find(root)?;
        let renamed = renamed(root, &toolchain, &metadata(root)?)?;
        let folder = root.join(BUILD_FOLDER);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let alone = File::create(folder.join("xtask.lock"))?;
        alone.lock()?;
        Ok(Self { root, toolchain, renamed, _alone: alone })
    }

    /// Compiles and encodes a package.
    fn component(&self, package: &Package, simd: Simd) -> Result<Encoded> {
        let linked = self.compile(package, simd)?;
        encode(&linked).with_context(|| format!("encoding {} as a component", package.name))
    }

    /// What the linker makes of a package.
    fn compile(&self, package: &Package, simd: Simd) -> Result<Vec<u8>> {
        let target_folder = self.root.join(BUILD_FOLDER).join(simd.folder());
        let status = Command::new(cargo())
            .current_dir(self.root)
            // `rustc`, for its --crate-type: named in the manifest, a library for the linker would be made of every dependency as well,
            // and under one name whatever the features
            .args(["rustc", "--crate-type", "cdylib"])
            .args(["--locked", "--target", TARGET, "--profile", PROFILE, "--package", package.name])
            .args(["--features", &package.features.join(",")])
            .arg("--target-dir")
            .arg(&target_folder)
            .envs(self.toolchain.environment.iter().map(|(name, value)| (name, value)))
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags(simd).join("\u{1f}"))
            // what someone has set for native builds is not meant for these
            .env_remove("RUSTFLAGS")
            .status()
            .context("cargo build")?;
        ensure!(status.success(), "cargo build of {} for {TARGET} failed", package.name);
        let linked = target_folder.join(TARGET).join(PROFILE).join(package.artifact);
        fs::read(&linked).with_context(|| linked.display().to_string())
    }

    fn flags(&self, simd: Simd) -> Vec<String> {
        [&["-C".to_owned(), simd.flag().to_owned()], self.renamed.as_slice()].concat()
    }
}

/// The cargo that started this program.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// All packages of the workspace at `root` and their dependencies, which are downloaded if need be.
pub(crate) fn metadata(root: &Path) -> Result<Value> {
    let answer = Command::new(cargo())
        .args(["metadata", "--locked", "--all-features", "--format-version", "1"])
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cargo metadata")?;
    ensure!(answer.status.success(), "cargo metadata failed");
    Ok(serde_json::from_slice(&answer.stdout)?)
}

/// Flags that give every folder with sources a name that is the same on all machines.
fn renamed(root: &Path, toolchain: &Toolchain, metadata: &Value) -> Result<Vec<String>> {
    let (std_sources, std_name) = toolchain.std_sources(root)?;
    let mut flags = Vec::new();
    // the last flag that fits wins, and the registry may be below the workspace
    rename(&mut flags, root, "/samefit");
    for folder in registry_folders(metadata)? {
        rename(&mut flags, &folder, "/registry");
    }
    for folder in std_sources {
        rename(&mut flags, &folder, &std_name);
    }
    Ok(flags)
}

fn rename(flags: &mut Vec<String>, folder: &Path, name: &str) {
    flags.push("--remap-path-prefix".to_owned());
    flags.push(format!("{}={name}", folder.display()));
}

/// The folders that hold the unpacked dependencies.
fn registry_folders(metadata: &Value) -> Result<BTreeSet<PathBuf>> {
    let packages = metadata["packages"].as_array().context("cargo metadata")?;
    let manifests = packages.iter().filter(|package| !package["source"].is_null()).filter_map(|package| package["manifest_path"].as_str());
    Ok(manifests.filter_map(|manifest| Path::new(manifest).ancestors().nth(2)).map(Path::to_owned).collect())
}
