//! Turns what `scripts/wasm-toolchain` says into the environment of a wasm build.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The compiler for wasm on this machine.
pub(crate) struct Toolchain {
    /// What the build needs in its environment.
    pub(crate) environment: Vec<(String, OsString)>,
    rustc: OsString,
}

impl Toolchain {
    /// Asks the script, which installs what is missing and explains it on stderr.
    pub(crate) fn find(root: &Path) -> Result<Self> {
        let script = Command::new("sh")
            .arg("scripts/wasm-toolchain")
            .current_dir(root)
            .stderr(Stdio::inherit())
            .output()
            .context("sh scripts/wasm-toolchain")?;
        ensure!(script.status.success(), "this machine cannot build for wasm yet (see above)");
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

    /// Where the compiler keeps the sources of the standard library (also if they are not installed), first as it
    /// names the place, then as the place is called once links are followed; with what to write instead.
    pub(crate) fn std_sources(&self, root: &Path) -> Result<(Vec<PathBuf>, String)> {
        let sysroot = self.ask(root, &["--print", "sysroot"])?;
        let named = Path::new(sysroot.trim()).join("lib/rustlib/src/rust");
        let version = self.ask(root, &["-vV"])?;
        // the names that a standard library which comes compiled has in it already
        let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
        let followed = named.canonicalize().ok().filter(|path| *path != named);
        Ok((std::iter::once(named).chain(followed).collect(), format!("/rustc/{commit}")))
    }

    fn ask(&self, root: &Path, arguments: &[&str]) -> Result<String> {
        let answer = Command::new(&self.rustc).args(arguments).current_dir(root).output();
        let answer = answer.with_context(|| format!("{} {}", self.rustc.display(), arguments.join(" ")))?;
        ensure!(answer.status.success(), "{} {} failed", self.rustc.display(), arguments.join(" "));
        Ok(String::from_utf8(answer.stdout)?)
    }
}
