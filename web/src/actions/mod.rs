//! Events to calls of the component, and their answers to new state and redrawn parts of the page.
//!
//! Invariants:
//! - No borrow of the state lives across an `await`.
//! - An answer that comes after something newer was asked is thrown away.

mod batch;
mod drawing;
mod events;
mod files;
mod form;
mod models;
mod records;
mod result;
mod starting;
mod training;
mod turns;
mod units;
mod what_if;
mod work;

use std::cell::RefCell;

pub(crate) use drawing::{navigate, resized};
pub(crate) use events::{click, set};
pub(crate) use files::files;
pub(crate) use form::{left, typed};
pub(crate) use result::predict;
pub(crate) use starting::start;
pub(crate) use units::unit;
pub(crate) use what_if::moved;

use crate::state::State;

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::default());
}

fn read<T>(look: impl FnOnce(&State) -> T) -> T {
    STATE.with_borrow(look)
}

fn change<T>(act: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(act)
}
