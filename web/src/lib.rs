//! The page: predicts, explains, trains and pools in a browser, with the component in a worker.
//!
//! Reading order:
//! 1. [`state`] is everything the page knows; [`files`], [`preview`] and [`fhir`] are what it knows of a person's files and records.
//! 2. [`action`] is everything that can happen, [`command`] everything that the browser does afterwards, and [`update`] goes from one to
//!    the other.
//! 3. [`views`] turn the state into HTML, with the words of [`texts`]; [`drawing`] says which element of the document changes.
//! 4. `runtime` is the loop in the browser. It executes commands with `browser` (the document) and `worker` (the component); `events` makes
//!    actions of what happens to the document, `held` keeps files that the state knows by their handles.
//!
//! *Invariants*:
//! - Nothing is computed here: values, intervals and contributions are the component's answers.
//! - Every text from outside is escaped before it becomes HTML. There is no inline script or style, so a strict policy holds.
//! - What a person enters stays in memory.
//! - There is no global state. Only these five modules need a browser; everything else is tested natively.

pub mod action;
pub mod command;
pub mod drawing;
pub mod error;
pub mod fhir;
pub mod files;
pub mod generation;
pub mod preview;
pub mod state;
pub mod texts;
pub mod update;
pub mod views;

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(target_arch = "wasm32")]
mod events;
#[cfg(target_arch = "wasm32")]
mod held;
#[cfg(target_arch = "wasm32")]
mod runtime;
#[cfg(target_arch = "wasm32")]
mod worker;
