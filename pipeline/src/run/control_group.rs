//! A control group (cgroup v2) for a program, where the system lets this user make one: all that is in it can be ended at once, however fast
//! it forks.
//!
//! *Limits*: `cgroup.kill` needs Linux 5.14. Without version 2, or without the right to make a group below one's own, there is none.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io, thread};

/// What was ended in a group is gone soon, and then the group can be removed.
const REMOVED_AGAIN_MAX: usize = 500;
const REMOVED_AGAIN: Duration = Duration::from_millis(2);

/// The group of a supervisor and its programs.
#[derive(Debug)]
pub struct ControlGroup {
    folder: PathBuf,
}

impl ControlGroup {
    /// The group that a process of this number, a child of this one, makes if it can.
    pub fn of(process: u32) -> Option<Self> {
        let above = own(&fs::read_to_string("/proc/self/mountinfo").ok()?, &fs::read_to_string("/proc/self/cgroup").ok()?)?;
        Some(Self { folder: above.join(format!("samefit-{process}")) })
    }

    /// Makes a group and moves this process into it, so that what it starts is in it from the beginning: whether it is.
    pub fn enter() -> bool {
        let Some(group) = Self::of(std::process::id()) else { return false };
        group.sweep();
        if fs::create_dir(&group.folder).is_err() {
            return false;
        }
        let is_in = group.folder.join("cgroup.kill").exists() && fs::write(group.folder.join("cgroup.procs"), "0").is_ok();
        if !is_in {
            let _ = fs::remove_dir(&group.folder);
        }
        is_in
    }

    /// Removes groups of supervisors that are gone, as far as they are empty.
    fn sweep(&self) {
        let above = self.folder.parent().unwrap_or(&self.folder);
        for entry in fs::read_dir(above).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let process = name.to_str().and_then(|name| name.strip_prefix("samefit-")).and_then(|number| number.parse::<u32>().ok());
            if process.is_some_and(|process| process == std::process::id() || !Path::new("/proc").join(process.to_string()).exists()) {
                let _ = fs::remove_dir(entry.path());
            }
        }
    }

    /// Ends everything in the group, and removes it: whether it was there, and all has ended.
    pub fn end(&self) -> bool {
        let mut was_there = fs::write(self.folder.join("cgroup.kill"), "1").is_ok();
        for _ in 0..REMOVED_AGAIN_MAX {
            match fs::remove_dir(&self.folder) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => thread::sleep(REMOVED_AGAIN),
                removed => {
                    was_there &= removed.is_ok();
                    return was_there;
                }
            }
        }
        false
    }
}

/// The folder of this process's own group, of what `/proc/self/mountinfo` and `/proc/self/cgroup` say.
fn own(mounts: &str, groups: &str) -> Option<PathBuf> {
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
    fn the_own_group_is_found_below_the_mount() {
        let mounts = "24 1 0:22 / /proc rw - proc proc rw\n35 24 0:30 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n";
        assert_eq!(own(mounts, "1:name=systemd:/\n0::/user.slice/a\n"), Some("/sys/fs/cgroup/user.slice/a".into()));
        let inside = "35 24 0:30 /user.slice /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(own(inside, "0::/user.slice/a\n"), Some("/sys/fs/cgroup/a".into()));
        assert_eq!(own(inside, "0::/other\n"), None);
        assert_eq!(own("24 1 0:22 / /proc rw - proc proc rw\n", "0::/\n"), None);
    }
}
