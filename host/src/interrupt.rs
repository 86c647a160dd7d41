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
    let ignored = ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
    let minded = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
    let Ok(mut signals) = Signals::new(minded) else { return };
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
