//! `samefit.command.wasm`: the stage verbs over the model logic linked in, as a WASI 0.2 command.
pub mod engine;
