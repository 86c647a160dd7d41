//! Finds a compiler for WebAssembly with `scripts/wasm-toolchain`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// A compiler for WebAssembly.
pub(crate) struct Toolchain {
    /// Environment variables that a build needs.
    pub(crate) environment: Vec<(String, OsString)>,
    rustc: OsString,
}

impl Toolchain {
    /// Runs the script. It installs what is missing and explains that on stderr.
    pub(crate) fn find(root: &Path) -> Result<Self> {
        let script = Command::new("sh")
            .arg("scripts/wasm-toolchain")
            .current_dir(root)
            .stderr(Stdio::inherit())
            .output()
            .context("sh scripts/wasm-toolchain")?;
        ensure!(script.status.success(), "this machine cannot build for WebAssembly yet (see above)");
        let text = String::from_utf8(script.stdout).context("scripts/wasm-toolchain")?;
        let environment = text
            .lines()
            .map(|line| line.split_once('=').map(|(name, value)| (name.to_owned(), OsString::from(value))))
            .collect::<Option<Vec<_>>>()
            .context("scripts/wasm-toolchain printed something else than NAME=value")?;
        let rustc = environment.iter().find(|(name, _)| name == "RUSTC").map(|(_, value)| value.clone());
        let rustc = rustc.or_else(|| std::env::var_os("RUSTC")).unwrap_or_else(|| "rustc".into());
        Ok(Self { environment, rustc })
    }

    /// Returns the folders of the standard library's sources, and the name that replaces them in built files.
    ///
    /// The folders need not exist. There are two if the compiler names its folder by a symbolic link: the link and its target.
    pub(crate) fn std_sources(&self, root: &Path) -> Result<(Vec<PathBuf>, String)> {
        let sysroot = self.output(root, &["--print", "sysroot"])?;
        let named = Path::new(sysroot.trim()).join("lib/rustlib/src/rust");
        let version = self.output(root, &["-vV"])?;
        // a standard library that comes compiled already has this name in it
        let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
        let followed = named.canonicalize().ok().filter(|path| *path != named);
        Ok((std::iter::once(named).chain(followed).collect(), format!("/rustc/{commit}")))
    }

    fn output(&self, root: &Path, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.rustc).args(arguments).current_dir(root).output();
        let output = output.with_context(|| format!("{} {}", self.rustc.display(), arguments.join(" ")))?;
        ensure!(output.status.success(), "{} {} failed", self.rustc.display(), arguments.join(" "));
        Ok(String::from_utf8(output.stdout)?)
    }
}
