//! Models, statistics, schemas and specs with bytes changed.
