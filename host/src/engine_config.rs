//! The settings of wasmtime on which the compiler (`build.rs`) and the program that runs its code must agree.
//!
//! *Not here*: the target machine, which only the compiler chooses.

use wasmtime::Config;

/// Returns settings for deterministic computation, without checks inside the component's loops.
///
/// Fuel and epochs stay off, as they are by default. They would make the code slower by a third to a half, and a time limit outside the
/// component costs nothing. wasmtime's threads are left out by its Cargo feature.
pub(crate) fn engine_config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // its results differ between machines
        .wasm_relaxed_simd(false)
        // the component has no asynchronous functions
        .concurrency_support(false)
        // the published modules contain no function names, so an address in the message of a trap would mean nothing
        .generate_address_map(false)
        .wasm_backtrace_max_frames(None);
    config
}
