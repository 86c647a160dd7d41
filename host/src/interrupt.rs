//! Unfinished output goes when a signal ends the program, and the exit code is still the signal's (128 + n).
//!
//! *Invariants*: files and folders are made, renamed and removed under one lock, and the clean-up takes that lock and never gives it back. So
//! it knows all that is there, and nothing is made after it has begun. A commit that has begun comes to its end before a signal is answered,
//! so a set of files is in its place whole or not at all.
//!
//! *Limits*: SIGKILL and a fault of the machine cannot be answered. What they leave is swept away by the next run that writes to the same
//! folder (`output`).

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, mpsc};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

/// What is to be cleared up, in the order in which it was made. Few entries: a folder that is written to, and those made above it.
static LEFT: Mutex<Vec<Left>> = Mutex::new(Vec::new());
static WATCH: Once = Once::new();

enum Left {
    /// A hidden folder: it goes with what is in it.
    Hidden(PathBuf),
    /// A folder on the way to the output: it goes if nothing is in it.
    Made(PathBuf),
}

/// Makes a hidden folder that goes if the program is stopped.
pub(crate) fn hidden<T: AsRef<Path>>(make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    made(make, |made| Left::Hidden(made.as_ref().to_owned()))
}

/// Makes a folder that goes if the program is stopped and nothing is in it.
pub(crate) fn folder(path: &Path, make: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    made(make, |()| Left::Made(path.to_owned()))
}

/// A signal that is waited for by asking: what runs comes to a good end by itself.
pub(crate) struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// From now on signals are noted.
    pub(crate) fn watch() -> Self {
        let noted = Arc::new(AtomicUsize::new(0));
        let is_second = Arc::new(AtomicBool::new(false));
        for signal in minded() {
            // a second one ends the program at once, and with it what it started: see `supervisor` of the pipeline runner
            let _ = signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&is_second));
            let _ = signal_hook::flag::register(signal, Arc::clone(&is_second));
            // without it the signal ends the program as ever, which loses nothing either
            let _ = signal_hook::flag::register_usize(signal, Arc::clone(&noted), usize::try_from(signal).unwrap_or(0));
        }
        Self(noted)
    }

    /// The signal that came.
    pub(crate) fn signal(&self) -> Option<i32> {
        i32::try_from(self.0.load(Ordering::Relaxed)).ok().filter(|signal| *signal > 0)
    }

    /// Ends the program as the signal would have.
    pub(crate) fn end(&self) -> ExitCode {
        let Some(signal) = self.signal() else { return ExitCode::FAILURE };
        let _ = signal_hook::low_level::emulate_default_handler(signal);
        ExitCode::from(u8::try_from(128 + signal).unwrap_or(1))
    }
}

fn made<T>(make: impl FnOnce() -> io::Result<T>, left: impl FnOnce(&T) -> Left) -> io::Result<T> {
    WATCH.call_once(watch);
    let mut all = all();
    let made = make()?;
    all.push(left(&made));
    Ok(made)
}

/// Removes folders with `act`, or decides that they stay: from then on a signal leaves them alone.
pub(crate) fn settled(folders: &[&Path], act: impl FnOnce()) {
    let mut all = all();
    act();
    all.retain(|left| {
        let (Left::Hidden(path) | Left::Made(path)) = left;
        !folders.contains(&path.as_path())
    });
}

/// From now on a file that grows beyond its limit (`ulimit -f`) is an error of the write, and not the end of the program (SIGXFSZ).
pub(crate) fn report_file_limit() {
    // a handler and not to ignore it: programs that this one starts do not inherit a handler
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// Does what a signal may not come between: makes a file in a hidden folder, or puts files into their places.
pub(crate) fn undisturbed<T>(act: impl FnOnce() -> T) -> T {
    let _held = all();
    act()
}

/// Waits for the end if a signal has begun it: what failed because its folder is gone is not what should be said.
pub(crate) fn settle() {
    drop(all());
}

fn all() -> MutexGuard<'static, Vec<Left>> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch() {
    let (ready, begun) = mpsc::channel();
    let spawned = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        // asked for in the thread that answers, so that a signal is never taken that nobody answers
        let signals = Signals::new(minded());
        let _ = ready.send(());
        let Ok(mut signals) = signals else { return };
        if let Some(signal) = signals.forever().next() {
            // held to the end, so that nothing is made or renamed any more
            let all = all();
            all.iter().rev().for_each(|left| {
                let _ = match left {
                    Left::Hidden(path) => std::fs::remove_dir_all(path),
                    Left::Made(path) => std::fs::remove_dir(path),
                };
            });
            // ends the program as the signal would have; process 1 of a container is shielded from that, and from being aborted, which is
            // what is tried next
            if std::process::id() != 1 {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
            std::process::exit(128 + signal);
        }
    });
    // without a watch the program still runs, and a signal leaves a hidden folder, which the next run sweeps away
    if spawned.is_ok() {
        let _ = begun.recv();
    }
}

/// The signals that end the program.
fn minded() -> impl Iterator<Item = i32> {
    let ignored = ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
    [SIGHUP, SIGINT, SIGTERM].into_iter().filter(move |signal| ignored & (1 << (signal - 1)) == 0)
}

/// The signals that whoever started the program had it ignore (`nohup`, a job in the background), bit n - 1 for signal n.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_mask() {
        assert_eq!(ignored("Name:\tsamefit\nSigIgn:\t0000000000001001\n"), 1 << (SIGHUP - 1) | 1 << 12);
        assert_eq!(ignored(""), 0);
    }
}
