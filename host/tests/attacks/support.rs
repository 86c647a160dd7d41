//! What the attacks share: rounds, random numbers, and runs of the program with a time limit.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use samefit_stages::error::Error;

pub(crate) use samefit_testing::random::{Random, rounds};

/// Longest time of one run of the program, in seconds. A run that takes longer counts as a hang.
pub(crate) const RUN_SECONDS_MAX: u64 = 60;

/// The exit code with which a test's own command reports that the test cannot run here.
pub(crate) const CANNOT_RUN: i32 = 77;

/// Why a test that needs an unprivileged user cannot run.
pub(crate) const NO_OTHER_USER: &str = "running as root, and setpriv cannot change the user";

/// Returns the path of a file of the project's data.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(name)
}

/// The output and exit code of a run.
pub(crate) struct RunOutput {
    /// The exit code as a shell sees it: 128 + n for signal n.
    pub(crate) code: i32,
    /// Its stdout.
    pub(crate) stdout: String,
    /// Its stderr.
    pub(crate) stderr: String,
}

impl RunOutput {
    /// Asserts that the program ended with one of its own exit codes, without a trap of the component and without a panic in any thread.
    #[track_caller]
    pub(crate) fn assert_orderly(&self, what: &str) {
        let trap = Error::Trap(String::new()).to_string();
        let is_trapped = trap.lines().next_back().is_some_and(|help| self.stderr.contains(help));
        // the exit code does not show a panic of another thread; the standard library prints this for each
        let is_panicked = self.stderr.contains("panicked at");
        assert!((0..=4).contains(&self.code) && !is_trapped && !is_panicked, "{what}: exit {}\n{}", self.code, self.stderr);
    }

    /// Asserts that the program refused its input as bad data.
    #[track_caller]
    pub(crate) fn assert_refused(&self, what: &str) {
        self.assert_orderly(what);
        assert_eq!(self.code, 3, "{what}\n{}", self.stderr);
    }
}

/// Runs the program in a folder. Panics if it takes longer than [`RUN_SECONDS_MAX`].
pub(crate) fn samefit(folder: &Path, arguments: &[&str]) -> RunOutput {
    let mut command = Command::new(env!("CARGO_BIN_EXE_samefit"));
    command.args(arguments).current_dir(folder);
    run(command)
}

/// Runs a command line in a shell that has `samefit` on its path. Panics if it takes longer than [`RUN_SECONDS_MAX`].
pub(crate) fn shell(folder: &Path, line: &str) -> RunOutput {
    let mut path = Path::new(env!("CARGO_BIN_EXE_samefit")).parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(folder).env("PATH", path);
    run(command)
}

/// Runs a command to its end, with an empty stdin. Panics if it takes longer than [`RUN_SECONDS_MAX`].
pub(crate) fn run(mut command: Command) -> RunOutput {
    wait(
        command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(),
        &format!("{command:?}"),
    )
}

/// Waits for the end of a program. Kills it and panics after [`RUN_SECONDS_MAX`].
pub(crate) fn wait(child: Child, what: &str) -> RunOutput {
    let id = child.id();
    let (done, ended) = std::sync::mpsc::channel();
    let waiter = std::thread::spawn(move || {
        let output = child.wait_with_output();
        let _ = done.send(());
        output
    });
    let is_late = ended.recv_timeout(Duration::from_secs(RUN_SECONDS_MAX)).is_err();
    if is_late {
        let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
    }
    let output: Output = waiter.join().unwrap().unwrap();
    assert!(!is_late, "`{what}` took longer than {RUN_SECONDS_MAX} seconds");
    let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
    RunOutput {
        code: output.status.code().unwrap_or_else(|| 128 + signal.unwrap_or(0)),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Copies the program. A process of its own does it: a file that is open for writing in a child of another test cannot be run.
pub(crate) fn copy_program(to: &Path) {
    assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_samefit")).arg(to).status().unwrap().success());
}
