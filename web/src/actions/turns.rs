//! Which answers are late: what was asked of one kind is counted, and what a prediction is of is compared.

use std::cell::Cell;

use super::read;

/// Counts what is asked of one kind, so that an answer that comes after something newer was asked is known.
#[derive(Debug)]
pub(super) struct Turns(Cell<u32>);

impl Turns {
    const fn new() -> Self {
        Self(Cell::new(0))
    }

    /// From here on all answers to what was asked before are late; the number of this turn.
    pub(super) fn next(&self) -> u32 {
        self.0.set(self.0.get().wrapping_add(1));
        self.0.get()
    }

    /// The number of the last turn.
    pub(super) fn now(&self) -> u32 {
        self.0.get()
    }

    /// Whether nothing newer was asked.
    pub(super) fn is(&self, number: u32) -> bool {
        self.0.get() == number
    }
}

thread_local! {
    /// Models.
    pub(super) static OPENED: Turns = const { Turns::new() };
    /// Predictions along a field.
    pub(super) static SWEEP: Turns = const { Turns::new() };
    /// Work with files, and what puts an end to its use.
    pub(super) static WORK: Turns = const { Turns::new() };
    /// Files that were dropped.
    pub(super) static DROPPED: Turns = const { Turns::new() };
    /// Languages.
    pub(super) static WORDS: Turns = const { Turns::new() };
}

/// What a prediction is of: which model, and the entries. An answer to another question is late.
pub(super) fn question() -> (u32, String) {
    (OPENED.with(Turns::now), read(|state| state.patient.entries_json()))
}
