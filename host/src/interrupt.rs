//! Hidden folders of unfinished output go when a signal ends the program, and the exit code is still the signal's (128 + n).

use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// What is to be cleared up. Few entries: one a folder that is written to.
static HIDDEN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static WATCH: Once = Once::new();

/// This folder goes if the program is stopped.
pub(crate) fn clear_up(folder: &Path) {
    WATCH.call_once(watch);
    HIDDEN.lock().unwrap_or_else(PoisonError::into_inner).push(folder.to_owned());
}

/// This folder is gone.
pub(crate) fn is_cleared(folder: &Path) {
    HIDDEN.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| other != folder);
}

fn watch() {
    // without a watch the program still runs, and a signal leaves a hidden folder
    let Ok(mut signals) = Signals::new([SIGHUP, SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // held to the end, so that nothing is renamed out of a folder that goes
            let hidden = HIDDEN.lock().unwrap_or_else(PoisonError::into_inner);
            hidden.iter().for_each(|folder| drop(std::fs::remove_dir_all(folder)));
            // ends the program as the signal would have; process 1 of a container, which the system shields, ends by exit
            let _ = signal_hook::low_level::emulate_default_handler(signal);
            std::process::exit(128 + signal);
        }
    });
}
