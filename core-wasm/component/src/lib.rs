//! The component: the model logic with its exports (`samefit_core`'s `component`), linked.
//!
//! There is nothing else here. It is a crate of its own because the whole of what is linked is optimised at the level of the crate that is
//! linked (`[profile.wasm]` in the workspace's `Cargo.toml`).

#[cfg(target_family = "wasm")]
pub use samefit_core as logic;
