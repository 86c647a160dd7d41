//! The children of this process, among them processes that it adopts from others (a *subreaper*, prctl(2)).

use std::fs;
use std::time::Duration;

use rustix::process::{Pid, getpid};

/// How many seconds to go on ending processes that a program left, before it counts as a failure.
pub const END_SECONDS_MAX: u64 = 10;

/// How often to check whether processes have ended.
pub(super) const CHECK_INTERVAL: Duration = Duration::from_millis(2);

/// Makes this process the parent of every process below it that loses its own parent, if the system can do that.
pub(super) fn adopt_descendants() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(getpid()));
}

/// Returns the children of this process, read from `/proc`.
pub(super) fn children() -> Vec<Pid> {
    let own = getpid();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(|number| parent(*number) == Some(own)).filter_map(pid).collect()
}

/// Returns the parent of a process: the second field after the name in `/proc/PID/stat`. The name stands in parentheses and may contain any
/// character (proc(5)).
fn parent(process: u32) -> Option<Pid> {
    let stat = fs::read(format!("/proc/{process}/stat")).ok()?;
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let text = std::str::from_utf8(&stat[name_end + 1..]).ok()?;
    pid(text.split_whitespace().nth(1)?.parse().ok()?)
}

/// Converts a process number. None if it is not a valid one.
pub(super) fn pid(number: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(number).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_of_a_process_is_found() {
        let parent_of_this = std::os::unix::process::parent_id();
        assert_eq!(parent(std::process::id()), pid(parent_of_this));
    }
}
