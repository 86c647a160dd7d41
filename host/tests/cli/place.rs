//! A folder of a test's own, and command lines in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The project, and what of it every test has beside it: data and specs.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const BESIDE: [&str; 2] = ["data", "pachyderm"];

/// A folder that goes when the test ends.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    /// A new folder that everyone may enter, with the project's data and specs.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        for name in BESIDE {
            std::os::unix::fs::symlink(Path::new(ROOT).join(name).canonicalize().unwrap(), folder.path().join(name)).unwrap();
        }
        Self(folder)
    }

    /// Runs a line in a shell.
    pub(crate) fn shell(&self, line: &str) -> Ran {
        Ran(self.command(line).output().unwrap())
    }

    /// A line in a shell that has `samefit` on its path and no settings of the person who tests.
    pub(crate) fn command(&self, line: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_samefit"));
        let mut path = program.parent().unwrap().as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(self.0.path()).env("PATH", path).env("LC_ALL", "C").env("COLUMNS", "100");
        command
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Every file and folder below, but for the project's, sorted.
    pub(crate) fn tree(&self) -> Vec<String> {
        let ran = self.shell("find . -mindepth 1 ! -name data ! -name pachyderm | sed 's/^..//' | LC_ALL=C sort");
        ran.stdout().lines().map(str::to_owned).collect()
    }
}

/// What came of a command line.
pub(crate) struct Ran(pub(crate) Output);

impl Ran {
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// As a shell sees it: 128 + n for signal n.
    pub(crate) fn code(&self) -> i32 {
        let signal = std::os::unix::process::ExitStatusExt::signal(&self.0.status);
        self.0.status.code().unwrap_or_else(|| 128 + signal.unwrap_or(0))
    }
}
