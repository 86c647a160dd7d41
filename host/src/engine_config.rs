//! The settings of wasmtime that the compiler (`build.rs`) and the program that runs its code must agree on.
//!
//! Not here: the target machine, which only the compiler chooses.

use wasmtime::Config;

/// Settings for pure computation: deterministic, and no check that code pays for in its loops.
///
/// Fuel and epochs stay off, as they are by default: they would cost a third to the double, and a watchdog outside
/// the guest costs nothing. Threads are left out with wasmtime's feature of that name.
pub(crate) fn engine_config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // its results differ between machines
        .wasm_relaxed_simd(false)
        // nothing in the component waits, so nothing needs to be ready for it
        .concurrency_support(false)
        // the published modules carry no names, so a place in them would tell a reader of a trap nothing
        .generate_address_map(false)
        .wasm_backtrace_max_frames(None);
    config
}
