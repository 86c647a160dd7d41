//! Puts results that threads finish in any order back into the order of their numbers.
//!
//! A thread submits its result. If the result is the next in order, the thread consumes it, and then those that wait behind it; the other threads
//! go on.
//!
//! *Invariants*: results are consumed in order, by one thread at a time. A thread that has waited for a slot works at most `slots - 1` numbers ahead
//! of the next result, so the results that wait are bounded. The thread with the lowest number never waits.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Numbered results, from 0 without a gap.
pub(crate) struct ReorderBuffer<T> {
    state: Mutex<ReorderState<T>>,
    advanced: Condvar,
    slots: u64,
}

struct ReorderState<T> {
    /// Number of the next result to consume.
    next: u64,
    waiting: BTreeMap<u64, T>,
    /// Whether a thread is consuming.
    busy: bool,
}

impl<T> ReorderBuffer<T> {
    /// A buffer for at most `slots` results that are being computed or wait, at least 1.
    pub(crate) fn new(slots: usize) -> Self {
        let state = ReorderState { next: 0, waiting: BTreeMap::new(), busy: false };
        Self { state: Mutex::new(state), advanced: Condvar::new(), slots: slots.max(1) as u64 }
    }

    /// Waits until there is a slot for this number. Each number that waits for a slot must be submitted, or later ones wait for ever.
    pub(crate) fn wait_slot(&self, number: u64) {
        let mut state = self.lock();
        while number >= state.next + self.slots {
            state = self.advanced.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until every result before this number is consumed.
    pub(crate) fn wait_turn(&self, number: u64) {
        let mut state = self.lock();
        while number != state.next {
            state = self.advanced.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Adds a result. Then passes the results that are next in order to `consume`, unless another thread is doing so.
    pub(crate) fn submit(&self, number: u64, result: T, mut consume: impl FnMut(T)) {
        let mut state = self.lock();
        state.waiting.insert(number, result);
        if std::mem::replace(&mut state.busy, true) {
            return;
        }
        while let Some(result) = state.take_next() {
            drop(state);
            consume(result);
            state = self.lock();
            state.next += 1;
            self.advanced.notify_all();
        }
        state.busy = false;
    }

    fn lock(&self) -> MutexGuard<'_, ReorderState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> ReorderState<T> {
    fn take_next(&mut self) -> Option<T> {
        self.waiting.remove(&self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn results_are_consumed_in_order_and_none_is_far_ahead() {
        let (buffer, numbers) = (ReorderBuffer::new(3), AtomicU64::new(0));
        let consumed = Mutex::new(Vec::new());
        let work = || {
            loop {
                let number = numbers.fetch_add(1, Ordering::Relaxed);
                if number >= 500 {
                    break;
                }
                buffer.wait_slot(number);
                let before = consumed.lock().unwrap().len() as u64;
                assert!(number <= before + 3);
                if number % 7 == 0 {
                    std::thread::yield_now();
                }
                buffer.submit(number, number, |result| consumed.lock().unwrap().push(result));
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
        assert_eq!(consumed.into_inner().unwrap(), (0..500).collect::<Vec<u64>>());
    }
}
