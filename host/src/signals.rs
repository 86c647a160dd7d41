//! Removes unfinished output when a signal ends the program. The exit code is still the signal's (128 + n).
//!
//! *Invariants*: every staging folder and output folder is created, renamed and removed while holding one lock. The clean-up takes that lock
//! and never releases it, so it knows all folders that exist, and none is created after it began. A commit that has begun finishes before a
//! signal is handled, so either all files of a run are in their places or none is.
//!
//! *Limits*: SIGKILL and a power failure cannot be handled. The next run that writes to the same folder removes what they left
//! (`staging_dir`).

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, mpsc};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

/// What the clean-up has to remove, in order of creation. The list is short: one staging folder for each output folder, and the folders that
/// were created above it.
static CLEANUPS: Mutex<Vec<Cleanup>> = Mutex::new(Vec::new());
static SIGNAL_THREAD: Once = Once::new();

/// The exit code of a program that signal n ended is this plus n, as shells count.
const SIGNAL_EXIT_CODE: i32 = 128;

/// A folder that the clean-up removes.
enum Cleanup {
    /// A staging folder, removed with its contents.
    StagingDir(PathBuf),
    /// A folder created for the output, removed if it is empty.
    OutputDir(PathBuf),
}

impl Cleanup {
    fn path(&self) -> &Path {
        match self {
            Self::StagingDir(path) | Self::OutputDir(path) => path,
        }
    }

    fn run(&self) -> io::Result<()> {
        match self {
            Self::StagingDir(path) => std::fs::remove_dir_all(path),
            Self::OutputDir(path) => std::fs::remove_dir(path),
        }
    }
}

/// Creates a staging folder with `create` and puts it on the clean-up list: a signal removes it with its contents.
pub(crate) fn create_staging_dir<T: AsRef<Path>>(create: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    create_registered(create, |created| Cleanup::StagingDir(created.as_ref().to_owned()))
}

/// Creates the folder `path` with `create` and puts it on the clean-up list: a signal removes it if it is empty.
pub(crate) fn create_output_dir(path: &Path, create: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    create_registered(create, |()| Cleanup::OutputDir(path.to_owned()))
}

fn create_registered<T>(create: impl FnOnce() -> io::Result<T>, cleanup: impl FnOnce(&T) -> Cleanup) -> io::Result<T> {
    SIGNAL_THREAD.call_once(start_signal_thread);
    let mut cleanups = lock_cleanups();
    let created = create()?;
    cleanups.push(cleanup(&created));
    Ok(created)
}

/// Calls `act`, then removes these folders from the clean-up list. No signal is handled in between.
pub(crate) fn unregister(folders: &[&Path], act: impl FnOnce()) {
    let mut cleanups = lock_cleanups();
    act();
    cleanups.retain(|cleanup| !folders.contains(&cleanup.path()));
}

/// Calls `act` and returns its result. A signal that arrives meanwhile is handled afterwards.
pub(crate) fn hold_signals<T>(act: impl FnOnce() -> T) -> T {
    let _held = lock_cleanups();
    act()
}

/// Waits for the end of the program if a signal has begun it. Call this before printing an error: an operation that failed because the
/// clean-up removed its folder should not be reported.
pub(crate) fn wait_for_cleanup() {
    drop(lock_cleanups());
}

/// Turns a file that grows beyond its limit (`ulimit -f`) into a write error. Without this the system ends the program (SIGXFSZ).
pub(crate) fn report_file_limit_as_error() {
    // a handler instead of ignoring the signal: programs that this one starts do not inherit handlers
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// Remembers the first signal, for work that checks for one and stops by itself.
pub(crate) struct StopFlag(Arc<AtomicUsize>);

impl StopFlag {
    /// Installs handlers that set the flag. A second signal ends the program at once.
    pub(crate) fn install() -> Self {
        let flag = Arc::new(AtomicUsize::new(0));
        let is_second = Arc::new(AtomicBool::new(false));
        for signal in handled_signals() {
            // this also ends what the program started: see `supervisor` of the pipeline runner
            let _ = signal_hook::flag::register_conditional_shutdown(signal, SIGNAL_EXIT_CODE + signal, Arc::clone(&is_second));
            let _ = signal_hook::flag::register(signal, Arc::clone(&is_second));
            // if this fails the signal ends the program as usual, which loses nothing
            let _ = signal_hook::flag::register_usize(signal, Arc::clone(&flag), usize::try_from(signal).unwrap_or(0));
        }
        Self(flag)
    }

    /// Returns the signal that arrived, if one did.
    pub(crate) fn signal(&self) -> Option<i32> {
        i32::try_from(self.0.load(Ordering::Relaxed)).ok().filter(|signal| *signal > 0)
    }

    /// Ends the program as the signal would have. Returns the exit code for `main` if the system does not end it.
    pub(crate) fn exit(&self) -> ExitCode {
        let Some(signal) = self.signal() else { return ExitCode::FAILURE };
        let _ = signal_hook::low_level::emulate_default_handler(signal);
        ExitCode::from(u8::try_from(SIGNAL_EXIT_CODE + signal).unwrap_or(1))
    }
}

fn lock_cleanups() -> MutexGuard<'static, Vec<Cleanup>> {
    CLEANUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the thread that waits for signals. Without it the program still runs; a signal then leaves a staging folder, which the next run
/// removes.
fn start_signal_thread() {
    let (ready, started) = mpsc::channel();
    let spawned = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        // installed by the thread that handles them, so that no signal is caught and then handled by nobody
        let signals = Signals::new(handled_signals());
        let _ = ready.send(());
        let Ok(mut signals) = signals else { return };
        if let Some(signal) = signals.forever().next() {
            clean_up_and_exit(signal);
        }
    });
    if spawned.is_ok() {
        let _ = started.recv();
    }
}

fn clean_up_and_exit(signal: i32) -> ! {
    // never released, so that nothing is created or renamed any more
    let cleanups = lock_cleanups();
    cleanups.iter().rev().for_each(|cleanup| drop(cleanup.run()));
    // the default action of a signal, and the abort that signal-hook tries next, do nothing to process 1 of a container
    if std::process::id() != 1 {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    std::process::exit(SIGNAL_EXIT_CODE + signal);
}

/// Returns the signals that end the program. Leaves out those that its parent process set to be ignored (`nohup`, a job in the background).
fn handled_signals() -> impl Iterator<Item = i32> {
    let ignored = ignored_mask(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
    [SIGHUP, SIGINT, SIGTERM].into_iter().filter(move |signal| ignored & (1 << (signal - 1)) == 0)
}

/// Reads the mask of ignored signals from `/proc/self/status`: bit n - 1 is signal n. Zero where the system has no such file.
fn ignored_mask(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_mask() {
        assert_eq!(ignored_mask("Name:\tsamefit\nSigIgn:\t0000000000001001\n"), 1 << (SIGHUP - 1) | 1 << 12);
        assert_eq!(ignored_mask(""), 0);
    }
}
