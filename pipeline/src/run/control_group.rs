//! A control group (cgroup v2) for a program, where the system lets this user make one: all that is in it can be ended at once, however fast
//! it forks.
//!
//! *Limits*: `cgroup.kill` needs Linux 5.14. Without version 2, or without the right to make a group below one's own, there is none.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io, thread};

/// A group can be removed when everything in it has ended.
const REMOVED_AGAIN_MAX: usize = 50;
const REMOVED_AGAIN: Duration = Duration::from_millis(2);

/// A group below this process's own.
#[derive(Debug)]
pub struct ControlGroup {
    /// This process's own.
    above: PathBuf,
    folder: PathBuf,
}

impl ControlGroup {
    /// The group that a process of this number made, or would make.
    pub fn of(process: u32) -> Option<Self> {
        let above = own(&fs::read_to_string("/proc/self/mountinfo").ok()?, &fs::read_to_string("/proc/self/cgroup").ok()?)?;
        let folder = above.join(format!("samefit-{process}"));
        Some(Self { above, folder })
    }

    /// Makes a group and moves this process into it, so that what it starts is in it from the beginning.
    pub fn enter() -> Option<Self> {
        let group = Self::of(std::process::id())?;
        fs::create_dir(&group.folder).ok()?;
        let is_whole = group.folder.join("cgroup.kill").exists() && fs::write(group.folder.join("cgroup.procs"), "0").is_ok();
        is_whole.then_some(group)
    }

    /// Moves this process back to where it was: whether it is out.
    pub fn leave(&self) -> bool {
        fs::write(self.above.join("cgroup.procs"), "0").is_ok()
    }

    /// Ends everything in the group.
    pub fn kill(&self) {
        let _ = fs::write(self.folder.join("cgroup.kill"), "1");
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        // what was ended is gone soon
        for _ in 0..REMOVED_AGAIN_MAX {
            match fs::remove_dir(&self.folder) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => thread::sleep(REMOVED_AGAIN),
                _ => return,
            }
        }
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
