//! The loops in which samefit spends its time, as functions over slices of bytes and numbers.
//!
//! They are a crate of their own because the component is built for size, so that a page loads quickly, and these are built for speed
//! (`[profile.wasm]` in the workspace's `Cargo.toml`). Reading order: `simd` (vectors of 128 bits), [`scan`] (bytes to the places of cells),
//! [`cells`] (cells to integers), [`digits`] and [`products`] (integers to sums of products), [`counts`] (integers to counts), [`floats`]
//! and [`text`] (columns of f64).
//!
//! *Not here*: what the numbers mean, and any error that a person reads (`samefit-core`).

pub mod cells;
pub mod counts;
pub mod digits;
pub mod floats;
pub mod products;
pub mod scan;
mod simd;
pub mod text;
