//! Control groups (cgroup v2): all processes in one can be ended at once, however fast they fork.
//!
//! *Limits*: `cgroup.kill` needs Linux 5.14. There is no group on systems without cgroup v2, or if this user may not create a group below its own.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io, thread};

/// How often to try to remove a group whose processes were killed. The system refuses until all of them are gone.
const REMOVE_TRIES_MAX: usize = 500;
const REMOVE_INTERVAL: Duration = Duration::from_millis(2);

/// The control group of a supervisor and its programs.
#[derive(Debug)]
pub struct ControlGroup {
    folder: PathBuf,
}

impl ControlGroup {
    /// Returns the group that a child process of this number creates for itself if it can.
    pub fn of_process(process: u32) -> Option<Self> {
        let above = own_group(&fs::read_to_string("/proc/self/mountinfo").ok()?, &fs::read_to_string("/proc/self/cgroup").ok()?)?;
        Some(Self { folder: above.join(format!("samefit-{process}")) })
    }

    /// Creates a group and moves this process into it, so that every process it starts is in the group from the beginning. Returns whether that
    /// worked.
    pub fn create_and_enter() -> bool {
        let Some(group) = Self::of_process(std::process::id()) else { return false };
        group.remove_stale();
        if fs::create_dir(&group.folder).is_err() {
            return false;
        }
        let is_in = group.folder.join("cgroup.kill").exists() && fs::write(group.folder.join("cgroup.procs"), "0").is_ok();
        if !is_in {
            let _ = fs::remove_dir(&group.folder);
        }
        is_in
    }

    /// Removes empty groups of supervisors that are gone.
    fn remove_stale(&self) {
        let above = self.folder.parent().unwrap_or(&self.folder);
        for entry in fs::read_dir(above).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let process = name.to_str().and_then(|name| name.strip_prefix("samefit-")).and_then(|number| number.parse::<u32>().ok());
            if process.is_some_and(|process| process == std::process::id() || !Path::new("/proc").join(process.to_string()).exists()) {
                let _ = fs::remove_dir(entry.path());
            }
        }
    }

    /// Ends every process in the group and removes the group. Returns whether the group existed and all its processes have ended.
    pub fn kill_and_remove(&self) -> bool {
        let mut was_there = fs::write(self.folder.join("cgroup.kill"), "1").is_ok();
        for _ in 0..REMOVE_TRIES_MAX {
            match fs::remove_dir(&self.folder) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => thread::sleep(REMOVE_INTERVAL),
                removed => {
                    was_there &= removed.is_ok();
                    return was_there;
                }
            }
        }
        false
    }
}

/// Returns the folder of this process's own group. `mounts` is the text of `/proc/self/mountinfo`, and `groups` that of `/proc/self/cgroup`.
fn own_group(mounts: &str, groups: &str) -> Option<PathBuf> {
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let is_v2 = |line: &&str| line.split_once(" - ").is_some_and(|(_, of)| of.starts_with("cgroup2 "));
    let mount = mounts.lines().find(is_v2)?;
    let (root, at) = (mount.split(' ').nth(3)?, mount.split(' ').nth(4)?);
    let below = Path::new(group).strip_prefix(root).ok()?;
    Some(Path::new(at).join(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_this_process_is_found_below_the_mount() {
        let mounts = "24 1 0:22 / /proc rw - proc proc rw\n35 24 0:30 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n";
        assert_eq!(own_group(mounts, "1:name=systemd:/\n0::/user.slice/a\n"), Some("/sys/fs/cgroup/user.slice/a".into()));
        let inside = "35 24 0:30 /user.slice /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(own_group(inside, "0::/user.slice/a\n"), Some("/sys/fs/cgroup/a".into()));
        assert_eq!(own_group(inside, "0::/other\n"), None);
        assert_eq!(own_group("24 1 0:22 / /proc rw - proc proc rw\n", "0::/\n"), None);
    }
}
