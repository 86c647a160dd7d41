//! Threads that help with a work. No other file of the stages begins any.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, Scope};

/// Work that any number of threads do.
pub(crate) trait Parallel: Sync {
    /// Does what there is to do, and begins another helper, once, if there is more.
    fn help(&self, begin_another: &mut dyn FnMut());
}

/// Has the work done by so many threads at most, this one among them, which does `first`.
pub(crate) fn by_many(work: &impl Parallel, threads: usize, first: impl FnOnce(&mut dyn FnMut())) {
    std::thread::scope(|scope| first(&mut || begin(work, scope, threads - 1)));
}

/// Begins one more thread, which begins the next when it finds that there is more to do. Without it, the others do its work.
fn begin<'scope>(work: &'scope impl Parallel, scope: &'scope Scope<'scope, '_>, left: usize) {
    if left > 0 {
        let _ = Builder::new().spawn_scoped(scope, move || work.help(&mut || begin(work, scope, left - 1)));
    }
}

pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
