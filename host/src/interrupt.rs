//! Unfinished output goes when a signal ends the program, and the exit code is still the signal's (128 + n).
//!
//! *Invariants*: what is made is known from the moment it is made, for both happen under one lock. A commit that has begun comes to its end
//! before a signal is answered, so a set of files is in its place whole or not at all.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
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
        for signal in minded() {
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

/// These are gone, or are to stay.
pub(crate) fn forget(folders: &[&Path]) {
    all().retain(|left| {
        let (Left::Hidden(path) | Left::Made(path)) = left;
        !folders.contains(&path.as_path())
    });
}

/// Does what a signal may not come between.
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
    // without a watch the program still runs, and a signal leaves a hidden folder
    let Ok(mut signals) = Signals::new(minded()) else { return };
    std::thread::spawn(move || {
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
