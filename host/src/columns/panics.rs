//! Turns a panic of a decoder into an error about the file.
//!
//! The decoders check most of what they read, but a damaged file can still make them panic. The panic is caught here, reported as damage to the
//! file, and not printed. What was being decoded is dropped, so no half-decoded value is used.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use samefit_stages::error::Result;

use super::errors::damaged;

thread_local! {
    static IS_DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Calls a decoder and returns its result, or the error for a damaged file if it panics.
pub(super) fn catch_panic<T>(decode: impl FnOnce() -> T) -> Result<T> {
    silence_decoders();
    IS_DECODING.set(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    IS_DECODING.set(false);
    decoded.map_err(|_| damaged("its parts contradict each other").into())
}

/// Installs a panic hook that prints nothing for panics in [`catch_panic`], and all others as before.
fn silence_decoders() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_DECODING.get() {
                print(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::catch_panic;

    #[test]
    fn a_panic_is_bad_data() {
        assert_eq!(catch_panic(|| 1).unwrap(), 1);
        let error = catch_panic(|| -> usize { Vec::<usize>::new()[std::hint::black_box(3)] }).unwrap_err();
        assert_eq!(error.exit_code(), 3);
    }
}
