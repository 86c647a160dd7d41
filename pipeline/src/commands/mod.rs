//! The verbs of the command line, a file each: arguments to what the modules above do, and that to words.

use crate::error::Result;
use crate::store::Store;

/// Opens the store once the arguments are known to be right, so that a mistake makes no new one.
pub type Opening<'a> = dyn Fn() -> Result<Store> + 'a;

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
