//! Begins threads that help with some work. No other file of the stages begins threads.
//!
//! *Invariants*: a thread begins only when another thread has found that there is more work than it does itself.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};

/// Work that any number of threads can do.
pub(crate) trait ParallelWork: Sync {
    /// What each helping thread owns, such as the sending end of a channel.
    type Handle: Clone + Send;

    /// Does what there is to do. Calls `begin_helper` if there is more to do than this thread is doing.
    fn help(&self, handle: &Self::Handle, begin_helper: BeginHelper<'_>);
}

/// Begins one more thread.
pub(crate) type BeginHelper<'a> = Box<dyn FnOnce() + 'a>;

/// Runs `first` on this thread, with a way to begin helping threads: `threads` in all, this one included. Waits for all of them.
///
/// `first` owns the way to begin a helper, and `handle` with it. When both are dropped, only helping threads have handles.
pub(crate) fn with_helpers<W: ParallelWork>(work: &W, threads: usize, handle: W::Handle, first: impl FnOnce(BeginHelper<'_>)) {
    std::thread::scope(|scope| first(Box::new(move || begin(work, scope, threads - 1, handle))));
}

/// Begins a thread, which can begin the next. If the system refuses, the threads that there are do its work.
fn begin<'scope, W: ParallelWork>(work: &'scope W, scope: &'scope Scope<'scope, '_>, left: usize, handle: W::Handle)
where
    W::Handle: 'scope,
{
    if left > 0 {
        let help = move || {
            let next = handle.clone();
            work.help(&handle, Box::new(move || begin(work, scope, left - 1, next)));
        };
        let _ = Builder::new().spawn_scoped(scope, help);
    }
}

/// Locks a mutex, also after another thread has panicked: that panic ends the work anyway.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
