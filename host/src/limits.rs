//! What the system grants this program, and what it means that it grants no more: a limit, as a failure that names it.
//!
//! *Limits*: an instance of the component reserves [`INSTANCE_BYTES`] of addresses, of which it uses what it needs. A limit of the address
//! space (`ulimit -v`) counts all of them; a limit of the memory that is used (a control group) counts those that are used.

use std::io::ErrorKind;

use rustix::process::{Resource, getrlimit};
use samefit_stages::error::Error;

/// Addresses that an instance reserves: what 32 bits reach, and wasmtime's guards before and after it.
const INSTANCE_BYTES: u64 = (4 << 30) + 2 * (32 << 20);

/// Addresses that the first thread needs beside its instance: without them something fails that cannot say why.
const FIRST_BYTES: u64 = 24 << 20;

/// Addresses that each further thread needs beside its instance: its stack, pieces of files, and what the allocator reserves for it.
const THREAD_BYTES: u64 = 192 << 20;

/// Instances beside those of threads: one that finds borders, one that adds up, one that ends a file.
const OTHER_INSTANCES: u64 = 3;

/// Size of a file that the program maps to begin with, in KiB, and room.
const OWN_FILE_KIB: u64 = 2048;

/// How many threads can each have an instance; at least one, which says itself if there is no room for it.
pub(crate) fn threads_max() -> usize {
    threads_in(addresses_left())
}

fn threads_in(left: Option<u64>) -> usize {
    let Some(left) = left else { return usize::MAX };
    let left = left.saturating_sub(OTHER_INSTANCES * INSTANCE_BYTES + FIRST_BYTES);
    usize::try_from(left / (INSTANCE_BYTES + THREAD_BYTES)).unwrap_or(usize::MAX).max(1)
}

/// Refuses to begin an instance where there is no room for it.
pub(crate) fn room_for_an_instance() -> Result<(), Error> {
    match addresses_left() {
        Some(left) if left < INSTANCE_BYTES + FIRST_BYTES => Err(addresses(left)),
        _ => Ok(()),
    }
}

/// What an error of the system means, if it means that there is too little of something.
pub(crate) fn exhausted(error: &wasmtime::Error) -> Option<Error> {
    let cause = error.root_cause();
    let kind = cause.downcast_ref().map(std::io::Error::kind);
    let errno = cause.downcast_ref().map(|errno: &rustix::io::Errno| errno.kind());
    match kind.or(errno) {
        Some(ErrorKind::OutOfMemory) => Some(out_of_memory()),
        Some(ErrorKind::FileTooLarge) => Some(file_limit()),
        _ if cause.is::<wasmtime::OutOfMemory>() => Some(out_of_memory()),
        _ => None,
    }
}

/// The system gives no more memory.
pub(crate) fn out_of_memory() -> Error {
    match addresses_left() {
        Some(left) => addresses(left),
        None => {
            let help = "end other programs, or run on a machine with more memory";
            Error::memory("the system has not enough memory", help)
        }
    }
}

fn addresses(left: u64) -> Error {
    let (needed, left) = ((INSTANCE_BYTES + FIRST_BYTES) >> 20, left >> 20);
    let sentence = format!(
        "not enough address space: {needed} MiB must be reserved for an instance of the component (most of it is never used), and the limit \
         (`ulimit -v`) leaves {left} MiB"
    );
    Error::memory(sentence, "raise the limit (`ulimit -v unlimited`); to limit memory, use a control group, which counts what is used")
}

fn file_limit() -> Error {
    let limit = getrlimit(Resource::Fsize).current.map_or_else(|| "unlimited".to_owned(), |bytes| format!("{} KiB", bytes >> 10));
    let sentence = format!("the limit on the size of files (`ulimit -f`, now {limit}) is too small for the program's own code in memory");
    Error::memory(sentence, format!("raise it to {OWN_FILE_KIB} KiB or more"))
}

/// Addresses that the limit of the address space leaves; none if there is no limit.
fn addresses_left() -> Option<u64> {
    let limit = getrlimit(Resource::As).current?;
    Some(limit.saturating_sub(addresses_used()))
}

/// Addresses in use; zero where the system does not say it this way.
fn addresses_used() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kib| kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_get_no_more_than_there_is_room_for() {
        assert_eq!(threads_in(None), usize::MAX);
        assert_eq!(threads_in(Some(0)), 1);
        assert_eq!(threads_in(Some(INSTANCE_BYTES)), 1);
        let one = INSTANCE_BYTES + THREAD_BYTES;
        assert_eq!(threads_in(Some(OTHER_INSTANCES * INSTANCE_BYTES + FIRST_BYTES + 3 * one)), 3);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn addresses_in_use_are_known() {
        assert!(addresses_used() > 1 << 20);
    }

    #[test]
    fn what_the_system_lacks_is_named() {
        let said = |error: wasmtime::Error| exhausted(&error).map(|failure| (failure.exit_code(), failure.to_string()));
        let (code, text) = said(std::io::Error::from_raw_os_error(12).into()).unwrap_or_default();
        assert!(code == 1 && text.contains("memory"), "{text}");
        let (code, text) = said(wasmtime::Error::from(rustix::io::Errno::FBIG).context("more")).unwrap_or_default();
        assert!(code == 1 && text.contains("ulimit -f"), "{text}");
        assert_eq!(said(wasmtime::Error::msg("a trap")), None);
    }
}
