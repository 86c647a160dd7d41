//! Kills at every system call that writes, renames or syncs.
