//! What a verb writes, and what a person reads of it.

pub mod audit;
pub mod describe;
pub mod outputs;
pub mod provenance;
