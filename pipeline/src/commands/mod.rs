//! The verbs of the command line, a file each: arguments to what the modules above do, and that to words.

pub mod check;
pub mod get;
pub mod inspect;
pub mod list;
pub mod put;
pub mod replay;
pub mod rollback;
pub mod run;
pub mod table;
pub mod update;
pub mod validate;
