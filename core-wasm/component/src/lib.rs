//! Links the model logic with its exports (`samefit_core`'s feature `component`) into the component.
//!
//! It is a crate of its own because the optimisation level of the linked crate holds for everything that is linked (`[profile.wasm]` in the
//! workspace's `Cargo.toml`).

#[cfg(target_family = "wasm")]
pub use samefit_core as logic;
