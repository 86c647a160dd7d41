//! Output folders and disks that refuse: full, read-only, occupied.
