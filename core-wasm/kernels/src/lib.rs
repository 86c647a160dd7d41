//! The loops in which samefit spends its time, as functions over slices of bytes and numbers.
//!
//! They are a crate of their own so that they are always built for speed. The rest of the component is built for size, because a page loads
//! all of it (`[profile.wasm]` in the workspace's `Cargo.toml`). Functions that loop are `inline(never)`: inlined into a caller that is
//! built for size, they would be built for size too.
//!
//! Reading order: [`powers`] (of ten), `simd` (vectors of 128 bits), [`scan`] (bytes to the positions of cells), [`objects`] (those of
//! a JSON object to the places of values), [`object_rows`] (those of many objects to the positions of cells), [`cells`] (cells to
//! integers), [`digits`] and [`products`] (integers to sums of products), [`counts`] (integers to counts), [`integers`], [`floats`] and
//! [`text`] (columns of f64), [`decimals`] (decimal numbers to text), [`texts`] (cells of words to numbers), [`row_cells`] (those to combinations), [`levels`] (integers to exact sums in f64), [`spans`] (points to what polynomials tell of few of them),
//! [`logarithms`] and [`roots`] (decimal numbers to functions of them).
//!
//! *Not here*: what the numbers mean, and any error that a person reads (`samefit-core`).

pub mod cells;
pub mod counts;
pub mod decimals;
pub mod digits;
pub mod floats;
pub mod integers;
pub mod levels;
pub mod logarithms;
pub mod object_rows;
pub mod objects;
pub mod powers;
pub mod products;
pub mod roots;
pub mod row_cells;
pub mod scan;
mod simd;
pub mod spans;
pub mod text;
pub mod texts;
