//! Hostile HTTP requests.
