//! What the attacks share: the number of rounds, random numbers, and runs of the program with a limit of time.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long one run of the program may take before the attack counts as a hang.
pub(crate) const RUN_SECONDS_MAX: u64 = 60;

/// Returns the number of rounds: `short`, or `long` if `SAMEFIT_ATTACKS` is `long`.
pub(crate) fn rounds(short: usize, long: usize) -> usize {
    let is_long = std::env::var_os("SAMEFIT_ATTACKS").is_some_and(|value| value == "long");
    if is_long { long } else { short }
}

/// Random numbers (splitmix64, Steele, Lea and Flood 2014). The seed is `SAMEFIT_ATTACK_SEED`, or a fixed one.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// Creates the generator of one attack. `name` makes attacks independent of each other.
    pub(crate) fn new(name: &str) -> Self {
        let seed = std::env::var("SAMEFIT_ATTACK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1_u64);
        Self(name.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// Returns the next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`, which must not be zero.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.bits() % u64::try_from(end).unwrap()).unwrap()
    }

    /// Returns a random item.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Returns the path of a file in the project's `data`.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data").join(name)
}

/// How a run of the program ended.
pub(crate) struct Ran {
    /// The exit code as a shell reports it: 128 + n for signal n.
    pub(crate) code: i32,
    /// The output to stdout.
    pub(crate) stdout: String,
    /// The output to stderr.
    pub(crate) stderr: String,
}

impl Ran {
    /// Asserts that the program ended with one of its exit codes, without a panic or a trap.
    #[track_caller]
    pub(crate) fn assert_orderly(&self, what: &str) {
        let words = ["panicked", "wasm trap", "unreachable", "stack overflow", "report this"];
        let broken = words.iter().any(|word| self.stderr.contains(word));
        assert!((0..=4).contains(&self.code) && !broken, "{what}: exit {}\n{}", self.code, self.stderr);
    }

    /// Asserts that the program refused its input as bad data.
    #[track_caller]
    pub(crate) fn assert_refused(&self, what: &str) {
        self.assert_orderly(what);
        assert_eq!(self.code, 3, "{what}\n{}", self.stderr);
    }
}

/// Runs the program in a folder. Panics if that takes longer than [`RUN_SECONDS_MAX`].
pub(crate) fn samefit(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_samefit"));
    command.args(arguments).current_dir(folder);
    run(command)
}

/// Runs a shell command with `samefit` on its path. Panics if that takes longer than [`RUN_SECONDS_MAX`].
pub(crate) fn shell(folder: &Path, line: &str) -> Ran {
    let mut path = Path::new(env!("CARGO_BIN_EXE_samefit")).parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(folder).env("PATH", path);
    run(command)
}

/// Runs a command to its end, with an empty standard input.
pub(crate) fn run(mut command: Command) -> Ran {
    let child = command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let id = i32::try_from(child.id()).unwrap();
    let (done, ended) = std::sync::mpsc::channel();
    let waiter = std::thread::spawn(move || {
        let output = child.wait_with_output();
        let _ = done.send(());
        output
    });
    let begun = Instant::now();
    let is_late = ended.recv_timeout(Duration::from_secs(RUN_SECONDS_MAX)).is_err();
    if is_late {
        let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
    }
    let output: Output = waiter.join().unwrap().unwrap();
    assert!(!is_late, "`{command:?}` took longer than {:?}", begun.elapsed());
    let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
    Ran {
        code: output.status.code().unwrap_or_else(|| 128 + signal.unwrap_or(0)),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Copies the program by another process. If this one wrote the copy, a child that another test starts could still have it open for
/// writing, and then the system does not run it.
pub(crate) fn copy_program(to: &Path) {
    assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_samefit")).arg(to).status().unwrap().success());
}
