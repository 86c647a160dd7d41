//! The system's limits on memory and files: how many threads they allow, and errors that name the limit that was reached.
//!
//! *Limits*: an instance of the component reserves [`INSTANCE_BYTES`] of address space and uses what it needs. A limit on the address space
//! (`ulimit -v`) counts all of it. A limit on used memory (a control group) counts what is used.

use std::io::ErrorKind;

use rustix::process::{Resource, getrlimit};
use samefit_stages::error::Error;

/// Address space that an instance reserves: what 32 bits can address, and wasmtime's guard regions before and after it.
const INSTANCE_BYTES: u64 = (4 << 30) + 2 * (32 << 20);

/// Address space that the first thread needs beside its instance. With less, allocations fail in places that cannot report it.
const FIRST_THREAD_BYTES: u64 = 24 << 20;

/// Address space that each further thread needs beside its instance: its stack, its part of a file, and what the allocator reserves for it.
const THREAD_BYTES: u64 = 192 << 20;

/// Instances beside those of the threads: one finds the ends of records, one merges, one finishes a file.
const OTHER_INSTANCES: u64 = 3;

/// Largest file that the program maps when it starts, rounded up, in KiB.
const OWN_FILE_KIB: u64 = 2048;

/// Returns how many threads can have an instance each. At least one: the first reports an error itself if there is no room for it.
pub(crate) fn threads_max() -> usize {
    threads_in(address_space_left())
}

fn threads_in(left: Option<u64>) -> usize {
    let Some(left) = left else { return usize::MAX };
    let left = left.saturating_sub(OTHER_INSTANCES * INSTANCE_BYTES + FIRST_THREAD_BYTES);
    usize::try_from(left / (INSTANCE_BYTES + THREAD_BYTES)).unwrap_or(usize::MAX).max(1)
}

/// Fails if the limit on the address space leaves no room for an instance.
pub(crate) fn check_room_for_instance() -> Result<(), Error> {
    match address_space_left() {
        Some(left) if left < INSTANCE_BYTES + FIRST_THREAD_BYTES => Err(too_little_address_space(left)),
        _ => Ok(()),
    }
}

/// Returns the error that names the system's limit, if an error of wasmtime was caused by one.
pub(crate) fn limit_error(error: &wasmtime::Error) -> Option<Error> {
    let cause = error.root_cause();
    let kind = cause.downcast_ref().map(std::io::Error::kind);
    let errno = cause.downcast_ref().map(|errno: &rustix::io::Errno| errno.kind());
    match kind.or(errno) {
        Some(ErrorKind::OutOfMemory) => Some(out_of_memory()),
        Some(ErrorKind::FileTooLarge) => Some(file_limit_too_small()),
        _ if cause.is::<wasmtime::OutOfMemory>() => Some(out_of_memory()),
        _ => None,
    }
}

/// Returns the error for memory that the system refused.
pub(crate) fn out_of_memory() -> Error {
    match address_space_left() {
        Some(left) => too_little_address_space(left),
        None => {
            let help = "end other programs, or run on a machine with more memory";
            Error::memory("the system has not enough memory", help)
        }
    }
}

fn too_little_address_space(left: u64) -> Error {
    let (needed, left) = ((INSTANCE_BYTES + FIRST_THREAD_BYTES) >> 20, left >> 20);
    let sentence = format!(
        "not enough address space: an instance of the component reserves {needed} MiB (and uses little of it), and the limit (`ulimit -v`) \
         leaves {left} MiB"
    );
    Error::memory(sentence, "raise the limit (`ulimit -v unlimited`); to limit memory, use a control group, which counts what is used")
}

fn file_limit_too_small() -> Error {
    let limit = getrlimit(Resource::Fsize).current.map_or_else(|| "unlimited".to_owned(), |bytes| format!("{} KiB", bytes >> 10));
    let sentence = format!("the limit on the size of files (`ulimit -f`, now {limit}) is too small for the program's own code in memory");
    Error::memory(sentence, format!("raise it to {OWN_FILE_KIB} KiB or more"))
}

/// Returns how many bytes the limit on the address space leaves; none if there is no limit.
fn address_space_left() -> Option<u64> {
    let limit = getrlimit(Resource::As).current?;
    Some(limit.saturating_sub(address_space_used()))
}

/// Returns the bytes of address space in use; zero where the system does not have `/proc/self/status`.
fn address_space_used() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kib| kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_limited_by_the_address_space() {
        assert_eq!(threads_in(None), usize::MAX);
        assert_eq!(threads_in(Some(0)), 1);
        assert_eq!(threads_in(Some(INSTANCE_BYTES)), 1);
        let one = INSTANCE_BYTES + THREAD_BYTES;
        assert_eq!(threads_in(Some(OTHER_INSTANCES * INSTANCE_BYTES + FIRST_THREAD_BYTES + 3 * one)), 3);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_address_space_in_use_is_known() {
        assert!(address_space_used() > 1 << 20);
    }

    #[test]
    fn the_limit_that_was_reached_is_named() {
        let shown = |error: wasmtime::Error| limit_error(&error).map(|error| (error.exit_code(), error.to_string()));
        let (code, text) = shown(std::io::Error::from_raw_os_error(12).into()).unwrap_or_default();
        assert!(code == 1 && text.contains("memory"), "{text}");
        let (code, text) = shown(wasmtime::Error::from(rustix::io::Errno::FBIG).context("more")).unwrap_or_default();
        assert!(code == 1 && text.contains("ulimit -f"), "{text}");
        assert_eq!(shown(wasmtime::Error::msg("a trap")), None);
    }
}
