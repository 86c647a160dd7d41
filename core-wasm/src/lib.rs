//! Exact linear regression.
