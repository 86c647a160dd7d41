//! The WASI command.
