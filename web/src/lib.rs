//! The page: its state to HTML, and what a person does to calls of the component.
//!
//! Reading order: [`state`] is all there is to know; [`views`] are functions from it to HTML; [`actions`] turn events into calls and new state;
//! [`browser`] is the only module that touches the document, [`component`] the only one that asks the worker. [`texts`] words everything,
//! [`fhir`] reads records, [`record`] writes the text that is copied.
//!
//! Invariants:
//! - Nothing is computed here: values, intervals and contributions are what the component answered.
//! - Every text from outside is escaped before it becomes HTML. No inline script or style, so that a strict policy holds.
//! - What a person enters is in memory only.

pub mod fhir;
pub mod files;
pub mod record;
pub mod state;
pub mod texts;
pub mod views;

#[cfg(target_arch = "wasm32")]
mod actions;
#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(target_arch = "wasm32")]
mod component;
