//! Builds the component, with and without SIMD, and the WASI command, so that the same sources give the same bytes.
//!
//! *Invariants*:
//! - The bytes hold no path of the machine: the workspace, the registry and the standard library get fixed names.
//! - The published core module is the component's inner module, byte for byte.
//! - Builds for WebAssembly have a target folder of their own, so they do not disturb native builds.

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

const CORE: WasmPackage = WasmPackage { name: "samefit-component", features: &[], artifact: "samefit_component.wasm" };
const COMMAND: WasmPackage = WasmPackage { name: "samefit-wasi-command", features: &["wasi"], artifact: "samefit_wasi_command.wasm" };

struct WasmPackage {
    name: &'static str,
    features: &'static [&'static str],
    artifact: &'static str,
}

/// Builds everything and publishes it in `target/wasm/` of the workspace at `root`.
pub(crate) fn publish(root: &Path) -> Result<Vec<Published>> {
    let builder = Builder::new(root)?;
    // linking takes most of the time and uses one processor, so two builds at once take little longer than one
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

/// Whether the code may use vectors of 128 bits. Relaxed SIMD is never used: its results differ between machines.
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

    /// Returns the name of the target folder. Each choice has its own, because cargo keeps one build of a dependency in a folder.
    fn folder(self) -> &'static str {
        match self {
            Self::With => "simd",
            Self::Without => "nosimd",
        }
    }
}

/// What all builds of one run share.
struct Builder<'a> {
    root: &'a Path,
    toolchain: Toolchain,
    /// Flags that give the machine's folders fixed names.
    path_flags: Vec<String>,
    /// Held while the builds run: two runs at once would read each other's files.
    _lock: File,
}

impl<'a> Builder<'a> {
    fn new(root: &'a Path) -> Result<Self> {
        let toolchain = Toolchain::find(root)?;
        let path_flags = path_flags(root, &toolchain, &metadata(root)?)?;
        let folder = root.join(BUILD_FOLDER);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let lock = File::create(folder.join("xtask.lock"))?;
        lock.lock()?;
        Ok(Self { root, toolchain, path_flags, _lock: lock })
    }

    /// Compiles a package and encodes it as a component.
    fn component(&self, package: &WasmPackage, simd: Simd) -> Result<Encoded> {
        let linked = self.compile(package, simd)?;
        encode(&linked).with_context(|| format!("encoding {} as a component", package.name))
    }

    /// Compiles and links a package, and returns the core module.
    fn compile(&self, package: &WasmPackage, simd: Simd) -> Result<Vec<u8>> {
        let target_folder = self.root.join(BUILD_FOLDER).join(simd.folder());
        let status = Command::new(cargo())
            .current_dir(self.root)
            // `cargo rustc` takes the crate type here. In the manifest, it would apply to native builds as well.
            .args(["rustc", "--crate-type", "cdylib"])
            .args(["--locked", "--target", TARGET, "--profile", PROFILE, "--package", package.name])
            .args(["--features", &package.features.join(",")])
            .arg("--target-dir")
            .arg(&target_folder)
            .envs(self.toolchain.environment.iter().map(|(name, value)| (name, value)))
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags(simd).join("\u{1f}"))
            // flags for native builds do not apply
            .env_remove("RUSTFLAGS")
            .status()
            .context("cargo build")?;
        ensure!(status.success(), "cargo build of {} for {TARGET} failed", package.name);
        let linked = target_folder.join(TARGET).join(PROFILE).join(package.artifact);
        fs::read(&linked).with_context(|| linked.display().to_string())
    }

    fn flags(&self, simd: Simd) -> Vec<String> {
        [&["-C".to_owned(), simd.flag().to_owned()], self.path_flags.as_slice()].concat()
    }
}

/// Returns the cargo that started this program.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Returns the output of `cargo metadata`: all packages of the workspace and their dependencies. Cargo downloads what is missing.
pub(crate) fn metadata(root: &Path) -> Result<Value> {
    let output = Command::new(cargo())
        .args(["metadata", "--locked", "--all-features", "--format-version", "1"])
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Returns flags that give every folder with sources a name that is the same on all machines.
fn path_flags(root: &Path, toolchain: &Toolchain, metadata: &Value) -> Result<Vec<String>> {
    let (std_sources, std_name) = toolchain.std_sources(root)?;
    let mut flags = Vec::new();
    // the last flag that matches wins, and the registry may lie below the workspace
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

/// Returns the folders that hold the unpacked dependencies.
fn registry_folders(metadata: &Value) -> Result<BTreeSet<PathBuf>> {
    let packages = metadata["packages"].as_array().context("cargo metadata")?;
    let manifests = packages.iter().filter(|package| !package["source"].is_null()).filter_map(|package| package["manifest_path"].as_str());
    Ok(manifests.filter_map(|manifest| Path::new(manifest).ancestors().nth(2)).map(Path::to_owned).collect())
}
