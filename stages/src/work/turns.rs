//! Results that come in any order, to one taker in the order of their numbers: whoever brings the one that is next takes it, and those that wait
//! behind it, while the others go on.
//!
//! *Invariants*: a result is taken once every one before it was, by one thread at a time. Nobody who has waited for [`Turns::near`] works at a
//! number more than `ahead` beyond the next, so results wait in bounded memory; whoever holds the lowest number never waits.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Numbered results, from 0 on without a gap.
pub(crate) struct Turns<T> {
    state: Mutex<State<T>>,
    advanced: Condvar,
    ahead: u64,
}

struct State<T> {
    next: u64,
    waiting: BTreeMap<u64, T>,
    /// Whether someone is taking.
    busy: bool,
}

impl<T> Turns<T> {
    /// At most `ahead` results are worked at or wait.
    pub(crate) fn new(ahead: usize) -> Self {
        let state = State { next: 0, waiting: BTreeMap::new(), busy: false };
        Self { state: Mutex::new(state), advanced: Condvar::new(), ahead: ahead.max(1) as u64 }
    }

    /// Waits until this number is near its turn. Every number that is waited for must be brought.
    pub(crate) fn near(&self, number: u64) {
        let mut state = self.lock();
        while number >= state.next + self.ahead {
            state = self.advanced.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until every result before this number was taken.
    pub(crate) fn come(&self, number: u64) {
        let mut state = self.lock();
        while number != state.next {
            state = self.advanced.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Brings a result, and takes what is next if nobody else does.
    pub(crate) fn bring(&self, number: u64, result: T, mut take: impl FnMut(T)) {
        let mut state = self.lock();
        state.waiting.insert(number, result);
        if std::mem::replace(&mut state.busy, true) {
            return;
        }
        while let Some(result) = state.take() {
            drop(state);
            take(result);
            state = self.lock();
            state.next += 1;
            self.advanced.notify_all();
        }
        state.busy = false;
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn take(&mut self) -> Option<T> {
        self.waiting.remove(&self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn results_are_taken_in_their_order_and_none_is_far_ahead() {
        let (turns, numbers) = (Turns::new(3), AtomicU64::new(0));
        let taken = Mutex::new(Vec::new());
        let work = || {
            loop {
                let number = numbers.fetch_add(1, Ordering::Relaxed);
                if number >= 500 {
                    break;
                }
                turns.near(number);
                let before = taken.lock().unwrap().len() as u64;
                assert!(number <= before + 3);
                if number % 7 == 0 {
                    std::thread::yield_now();
                }
                turns.bring(number, number, |result| taken.lock().unwrap().push(result));
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
        assert_eq!(taken.into_inner().unwrap(), (0..500).collect::<Vec<u64>>());
    }
}
