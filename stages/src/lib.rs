//! The stage verbs over any engine and any file system.
pub mod engine;
pub mod failure;
