//! File, column and key names that are hostile.
