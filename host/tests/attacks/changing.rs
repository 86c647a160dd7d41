//! Files that change while they are read.
