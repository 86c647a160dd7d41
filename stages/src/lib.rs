//! The stage verbs over any engine and any file system.
//!
//! Command lines become plans, files become chunks, answers become files. The model logic is behind [`engine::Engine`], the disk behind
//! [`files::Files`], the terminal behind [`report::Report`].
//!
//! *Invariants*: nothing here opens a file, prints, reads the clock or the environment; nothing here computes a statistic.
pub mod engine;
pub mod failure;
pub mod files;
