//! The verbs: each module has the flags of one verb, and what it does.

mod by_group;
pub mod compare;
pub mod fit;
pub mod forget;
pub mod infer;
pub mod inspect;
pub mod merge;
pub mod profile;
pub mod qc;
pub mod qc_pre_process;
pub mod split;
pub mod summarize;
pub mod train;
pub mod verify;
