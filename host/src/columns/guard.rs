//! A call that may panic to an answer that may be bad data.
//!
//! The decoders check what they read, but not everything: a damaged file can still make them panic. Such a panic is caught here, said as what
//! it is (the file is damaged) and not printed. What was being decoded is dropped afterwards, so nothing half-done is seen.

use samefit_stages::error::Result;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a decoder.
pub(super) fn guarded<T>(decode: impl FnOnce() -> T) -> Result<T> {
    silence();
    GUARDED.set(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    GUARDED.set(false);
    decoded.map_err(|_| super::damaged("its parts contradict each other").into())
}

/// Panics outside a guard are printed as ever.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                print(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn a_panic_is_bad_data() {
        assert_eq!(guarded(|| 1).unwrap(), 1);
        let failure = guarded(|| -> usize { Vec::<usize>::new()[std::hint::black_box(3)] }).unwrap_err();
        assert_eq!(failure.exit_code(), 3);
    }
}
