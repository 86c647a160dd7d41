//! Starts the processes of this program and waits for their end. Ends processes that it adopted from a supervisor that was killed.
//!
//! A program can kill its supervisor. Its processes then lose their parent, and this process adopts them if it called [`adopt_orphans`].
//!
//! *Invariants*: no process starts while adopted ones are being ended. So every child that was not started with [`spawn`] is an adopted one.

use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, WaitOptions, kill_process, waitpid};

use super::subreaper::{self, CHECK_INTERVAL, END_SECONDS_MAX};

/// The numbers of the processes that [`spawn`] started and [`reap`] has not taken back yet. [`while_spawning`] holds it for reading.
static SPAWNED: RwLock<BTreeSet<u32>> = RwLock::new(BTreeSet::new());

/// Whether this process adopts processes that lose their parent below it.
static ADOPTS: AtomicBool = AtomicBool::new(false);

/// Makes this process adopt every process below it that loses its parent. From then on it must start processes only with this module.
pub fn adopt_orphans() {
    subreaper::adopt_descendants();
    ADOPTS.store(true, Ordering::SeqCst);
}

/// Starts a process. [`reap`] has to take it back.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    let mut spawned = SPAWNED.write().unwrap_or_else(PoisonError::into_inner);
    let child = command.spawn()?;
    spawned.insert(child.id());
    Ok(child)
}

/// Waits until a process has ended, but no longer than `limit`: a process that is being traced may never end.
pub fn reap(child: &mut Child, limit: Duration) {
    let begun = Instant::now();
    loop {
        let mut spawned = SPAWNED.write().unwrap_or_else(PoisonError::into_inner);
        match child.try_wait() {
            Ok(None) if begun.elapsed() < limit => {}
            Ok(None) => return,
            _ => {
                spawned.remove(&child.id());
                return;
            }
        }
        drop(spawned);
        thread::sleep(CHECK_INTERVAL);
    }
}

/// Calls a function that starts processes by itself and waits for them.
pub fn while_spawning<T>(act: impl FnOnce() -> T) -> T {
    let _spawned = SPAWNED.read().unwrap_or_else(PoisonError::into_inner);
    act()
}

/// Ends every child that this process adopted. Returns whether none is left.
pub fn end_orphans() -> bool {
    if !ADOPTS.load(Ordering::SeqCst) {
        return true;
    }
    let spawned = SPAWNED.write().unwrap_or_else(PoisonError::into_inner);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(END_SECONDS_MAX) {
        let mut orphans = subreaper::children();
        orphans.retain(|child| u32::try_from(child.as_raw_nonzero().get()).is_ok_and(|number| !spawned.contains(&number)));
        if orphans.is_empty() {
            return true;
        }
        for orphan in orphans {
            let _ = kill_process(orphan, Signal::KILL);
            let _ = waitpid(Some(orphan), WaitOptions::NOHANG);
        }
        thread::sleep(CHECK_INTERVAL);
    }
    false
}
