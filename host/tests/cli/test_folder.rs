//! A folder for one test, and command lines that run in it.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// The project, and the folders of it that every test folder links to.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const LINKED: [&str; 2] = ["data", "pachyderm"];

/// Longest time of one command line. One that takes longer fails its test.
const RUN_TIME_MAX: Duration = Duration::from_secs(600);

/// A folder that is removed when the test ends.
pub(crate) struct TestFolder(tempfile::TempDir);

impl TestFolder {
    /// Creates a folder that every user may enter, with links to the project's data and specs.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in LINKED {
            symlink(Path::new(ROOT).join(name).canonicalize().unwrap(), folder.path().join(name)).unwrap();
        }
        Self(folder)
    }

    /// Runs a command line in a shell, with an empty stdin. Panics if it takes longer than [`RUN_TIME_MAX`].
    pub(crate) fn shell(&self, line: &str) -> RunOutput {
        let mut command = self.command(line);
        wait(command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Returns the command that runs a line in a shell, with `samefit` on its path and with a fixed locale and width.
    pub(crate) fn command(&self, line: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_samefit"));
        let mut path = program.parent().unwrap().as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(self.0.path()).env("PATH", path).env("LC_ALL", "C").env("COLUMNS", "100");
        command.env("FIXTURES", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"));
        command
    }

    /// Returns a path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Returns the path of every file and folder below, sorted, without the links to the project.
    pub(crate) fn tree(&self) -> Vec<String> {
        let found = self.shell("find . -mindepth 1 ! -name data ! -name pachyderm | sed 's/^..//' | LC_ALL=C sort");
        found.stdout().lines().map(str::to_owned).collect()
    }
}

/// Waits for the end of a program and returns its output. After [`RUN_TIME_MAX`], kills the program, and its process group if it leads one, and
/// panics.
pub(crate) fn wait(child: Child) -> RunOutput {
    let id = child.id();
    let (done, ended) = std::sync::mpsc::channel();
    let waiter = std::thread::spawn(move || {
        let output = child.wait_with_output();
        let _ = done.send(());
        output
    });
    if ended.recv_timeout(RUN_TIME_MAX).is_err() {
        for process in [format!("-{id}"), id.to_string()] {
            let _ = Command::new("kill").args(["-9", "--", &process]).stderr(Stdio::null()).status();
        }
        panic!("a program took longer than {RUN_TIME_MAX:?}");
    }
    RunOutput(waiter.join().unwrap().unwrap())
}

/// The output and exit code of a command line.
pub(crate) struct RunOutput(pub(crate) Output);

impl RunOutput {
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// Returns the exit code as a shell sees it: 128 + n if signal n ended the process.
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap_or_else(|| 128 + self.0.status.signal().unwrap_or(0))
    }
}
