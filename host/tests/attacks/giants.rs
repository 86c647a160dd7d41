//! Inputs that are far larger than a limit.
