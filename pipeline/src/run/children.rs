//! The processes that this one started, so that those that became its children otherwise can be told from them and ended.
//!
//! A program can kill its supervisor. What it started then loses its parent, and this process adopts it, if it said that it will
//! ([`adopt_orphans`]).
//!
//! *Invariants*: while strays are ended, nothing is started; so what is not known is a stray.

use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, WaitOptions, kill_process, waitpid};

use super::supervisor::{END_SECONDS_MAX, LOOK_AGAIN, adopt, children};

/// The numbers of the processes that are started with [`spawn`] and not reaped yet. What runs with [`during`] holds it for reading.
static KNOWN: RwLock<BTreeSet<u32>> = RwLock::new(BTreeSet::new());

/// Whether this process is the parent of whatever loses its own below it.
static ADOPTS: AtomicBool = AtomicBool::new(false);

/// Makes this process the parent of whatever loses its own below it. It must start processes by this module from now on.
pub fn adopt_orphans() {
    adopt();
    ADOPTS.store(true, Ordering::SeqCst);
}

/// Starts a process that [`reap`] will take back.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    let child = command.spawn()?;
    known.insert(child.id());
    Ok(child)
}

/// Waits until a process has ended, but no longer than a limit: one that is traced may not let go.
pub fn reap(child: &mut Child, limit: Duration) {
    let begun = Instant::now();
    loop {
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        match child.try_wait() {
            Ok(None) if begun.elapsed() < limit => {}
            Ok(None) => return,
            _ => {
                known.remove(&child.id());
                return;
            }
        }
        drop(known);
        thread::sleep(LOOK_AGAIN);
    }
}

/// Does something that starts processes and waits for them.
pub fn during<T>(act: impl FnOnce() -> T) -> T {
    let _known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    act()
}

/// Ends every child of this process that it did not start: whether none is left.
pub fn end_strays() -> bool {
    if !ADOPTS.load(Ordering::SeqCst) {
        return true;
    }
    let known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(END_SECONDS_MAX) {
        let mut left = children();
        left.retain(|child| u32::try_from(child.as_raw_nonzero().get()).is_ok_and(|number| !known.contains(&number)));
        if left.is_empty() {
            return true;
        }
        for stray in left {
            let _ = kill_process(stray, Signal::KILL);
            let _ = waitpid(Some(stray), WaitOptions::NOHANG);
        }
        thread::sleep(LOOK_AGAIN);
    }
    false
}
