//! What a verb writes into files, and how it describes documents for people.

pub mod audit;
pub(crate) mod comparison;
pub mod describe;
pub mod described_model;
pub mod described_test;
pub mod outputs;
pub(crate) mod prediction_files;
pub mod provenance;
